//! Definitions of APIs (Swagger, OpenAPI) that are put together from events: what the transform's editors do to them.
//!
//! Each step copies what the transform copies, because the ids of deployments depend on it ([`super::python`]).

use std::sync::Arc;

use super::python::{Map, Node};
use super::{list, object, reference, sub, text};
use crate::source::Span;
use crate::value::Value;

pub(super) const INTEGRATION: &str = "x-amazon-apigateway-integration";
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
const POLICY: &str = "x-amazon-apigateway-policy";
const SECURITY: &str = "securityDefinitions";
const RESPONSES: &str = "x-amazon-apigateway-gateway-responses";
const VALIDATORS: &str = "x-amazon-apigateway-request-validators";
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const CORS: &str = "x-amazon-apigateway-cors";
const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";

/// A definition that is being changed.
pub(super) struct Editor {
    doc: Map,
    security: Map,
    responses: Map,
    policy: Map,
    models: Map,
    tags: Vec<Node>,
    info: Map,
    is_http: bool,
    place: Span,
}

/// A definition with nothing in it.
pub(super) fn skeleton(is_http: bool, place: Span) -> Map {
    let mut doc = Map::new(place);
    match is_http {
        true => doc.set_text("openapi", "3.0.1"),
        false => doc.set_text("swagger", "2.0"),
    }
    let mut info = Map::new(place);
    info.set_text("version", "1.0");
    info.set("title", Node::made(&reference("AWS::StackName", place)));
    doc.set("info", Node::Map(info));
    doc.set("paths", Node::Map(Map::new(place)));
    doc
}

/// Whether something is a definition that can be changed.
pub(super) fn is_definition(doc: &Map) -> bool {
    doc.map("paths").is_some()
        && (doc.truthy("swagger").is_some() || doc.get("openapi").is_some_and(is_third))
}

/// Whether a version of OpenAPI is `3`, `3.0`, `3.0.1`.
pub(super) fn is_third(version: &Node) -> bool {
    let text = match version.as_str() {
        Some(text) => Some(text.to_owned()),
        None => version.printed(),
    };
    let Some(rest) = text.as_deref().and_then(|text| text.strip_prefix('3')) else {
        return false;
    };
    let is_part = |part: &str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    rest.is_empty()
        || rest.strip_prefix('.').is_some_and(|rest| {
            let parts: Vec<&str> = rest.split('.').collect();
            parts.len() <= 2 && parts.into_iter().all(is_part)
        })
}

/// What a method is called in a definition.
pub(super) fn method_name(method: &str) -> String {
    match method.to_lowercase().as_str() {
        "any" => ANY_METHOD.to_owned(),
        method => method.to_owned(),
    }
}

/// A path with its variables as stars, as in the ARN of a method.
pub(super) fn with_stars(path: &str, is_http: bool) -> String {
    let is_name = |name: &str| {
        let name = match is_http && name != "proxy+" {
            true => name,
            false => name.strip_suffix('+').unwrap_or(name),
        };
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        !name.is_empty() && name.chars().all(is_part)
    };
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, after)) if is_name(name) => {
                out.push('*');
                rest = after;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `Fn::If` of the transform: this under a condition, else nothing.
fn conditional(condition: &Node, node: Node, place: Span) -> Node {
    let mut map = Map::plain(place);
    let nothing = Node::made(&reference("AWS::NoValue", place));
    let parts = vec![condition.clone(), node, nothing];
    map.set("Fn::If", Node::List(parts, place));
    Node::Map(map)
}

/// The mappings that something may be: itself, or what conditions choose from.
fn contents(node: &Node) -> Vec<&Map> {
    let Node::Map(map) = node else {
        return Vec::new();
    };
    match map.get("Fn::If") {
        Some(choice) => {
            let parts = choice.items().iter().skip(1);
            let parts = parts.filter_map(Node::as_map);
            parts.filter(|part| part.get("Ref").is_none()).collect()
        }
        None => vec![map],
    }
}

fn contents_mut(node: &mut Node) -> Vec<&mut Map> {
    let is_choice = node.as_map().is_some_and(|map| map.has("Fn::If"));
    let Node::Map(map) = node else {
        return Vec::new();
    };
    if !is_choice {
        return vec![map];
    }
    match map.get_mut("Fn::If") {
        Some(Node::List(parts, _)) => {
            let parts = parts.iter_mut().skip(1).filter_map(Node::as_map_mut);
            parts.filter(|part| part.get("Ref").is_none()).collect()
        }
        _ => Vec::new(),
    }
}

fn empty_list(place: Span) -> Node {
    Node::List(Vec::new(), place)
}

/// `[{name: scopes}]`, one part of what `security` lists.
fn requirement(name: &Node, scopes: Node, is_plain: bool) -> Node {
    let place = name.place();
    let mut map = match is_plain {
        true => Map::plain(place),
        false => Map::new(place),
    };
    let written = name.as_str().unwrap_or_default();
    match name.is_of_template() {
        true => map.set_of_template(written, place, scopes),
        false => map.set(written, scopes),
    }
    Node::Map(map)
}

/// Who authorizes callers of an API.
pub(super) struct Authorizer {
    pub(super) name: Arc<str>,
    /// Where it is named, and whether the template names it.
    pub(super) key: (Span, bool),
    pub(super) is_iam: bool,
    pub(super) settings: Map,
}

impl Authorizer {
    fn scopes(&self) -> Node {
        let scopes = self.settings.get("AuthorizationScopes");
        let scopes = scopes.filter(|scopes| scopes.printed().is_none_or(|text| text != "None"));
        scopes.cloned().unwrap_or_else(|| empty_list(self.key.0))
    }

    fn is_of_users(&self) -> bool {
        self.settings.truthy("UserPoolArn").is_some()
    }

    /// The security scheme of a REST API.
    fn swagger(&self, partition: &str) -> Map {
        let place = self.key.0;
        let identity = self.settings.map("Identity");
        let is_request = self
            .settings
            .truthy("FunctionPayloadType")
            .and_then(Node::as_str)
            == Some("REQUEST");
        let is_lambda = !self.is_iam && !self.is_of_users();
        let mut scheme = Map::new(place);
        scheme.set_text("type", "apiKey");
        let header = identity.and_then(|identity| identity.truthy("Header"));
        let name = match header {
            _ if is_lambda && is_request => Node::text("Unused", place),
            Some(header) => header.clone(),
            None => Node::text("Authorization", place),
        };
        scheme.set("name", name);
        scheme.set_text("in", "header");
        let kind = match (self.is_iam, is_lambda) {
            (true, _) => "awsSigv4",
            (_, false) => "cognito_user_pools",
            _ => "custom",
        };
        scheme.set_text("x-amazon-apigateway-authtype", kind);
        if self.is_iam {
            return scheme;
        }
        let mut settings = Map::new(place);
        if is_lambda {
            settings.set_text("type", if is_request { "request" } else { "token" });
            settings.set("authorizerUri", self.uri(partition));
            if let Some(every) = identity.and_then(|identity| identity.get("ReauthorizeEvery")) {
                settings.set("authorizerResultTtlInSeconds", every.clone());
            }
            self.set_role(&mut settings);
            if is_request && let Some(source) = self.joined_source() {
                settings.set("identitySource", source);
            }
        } else {
            settings.set_text("type", "cognito_user_pools");
            let pools = match self.settings.get("UserPoolArn") {
                Some(Node::List(items, place)) => Node::List(items.clone(), *place),
                Some(one) => Node::List(vec![one.clone()], one.place()),
                None => empty_list(place),
            };
            settings.set("providerARNs", pools);
        }
        let expression = identity.and_then(|identity| identity.truthy("ValidationExpression"));
        if let Some(expression) = expression.filter(|_| !is_lambda || !is_request) {
            settings.set("identityValidationExpression", expression.clone());
        }
        scheme.set(AUTHORIZER, Node::Map(settings));
        scheme
    }

    /// The security scheme of an HTTP API.
    fn openapi(&self, partition: &str) -> Map {
        let place = self.key.0;
        let mut scheme = Map::plain(place);
        if self.is_iam {
            scheme.set_text("type", "apiKey");
            scheme.set_text("name", "Authorization");
            scheme.set_text("in", "header");
            scheme.set_text("x-amazon-apigateway-authtype", "awsSigv4");
            return scheme;
        }
        let mut settings = Map::plain(place);
        if let Some(jwt) = self
            .settings
            .map("JwtConfiguration")
            .filter(|jwt| !jwt.is_empty())
        {
            scheme.set_text("type", "oauth2");
            let mut lower = Map::plain(jwt.place);
            for name in jwt.names() {
                if let Some(value) = jwt.get(&name) {
                    lower.set(&name.to_lowercase(), value.clone());
                }
            }
            settings.set("jwtConfiguration", Node::Map(lower));
            if let Some(source) = self.settings.get("IdentitySource") {
                settings.set("identitySource", source.clone());
            }
            settings.set_text("type", "jwt");
            scheme.set(AUTHORIZER, Node::Map(settings));
            return scheme;
        }
        scheme.set_text("type", "apiKey");
        scheme.set_text("name", "Unused");
        scheme.set_text("in", "header");
        settings.set_text("type", "request");
        settings.set("authorizerUri", self.uri(partition));
        self.set_role(&mut settings);
        if let Some(identity) = self.settings.map("Identity").filter(|map| !map.is_empty()) {
            if let Some(every) = identity.get("ReauthorizeEvery") {
                settings.set("authorizerResultTtlInSeconds", every.clone());
            }
            let source = self.sources(&[
                ("$request.header.", "Headers"),
                ("$request.querystring.", "QueryStrings"),
                ("$stageVariables.", "StageVariables"),
                ("$context.", "Context"),
            ]);
            settings.set("identitySource", Node::List(source, identity.place));
        }
        for (from, to) in [
            (
                "AuthorizerPayloadFormatVersion",
                "authorizerPayloadFormatVersion",
            ),
            ("EnableSimpleResponses", "enableSimpleResponses"),
        ] {
            if let Some(value) = self.settings.truthy(from) {
                settings.set(to, value.clone());
            }
        }
        scheme.set(AUTHORIZER, Node::Map(settings));
        scheme
    }

    fn uri(&self, partition: &str) -> Node {
        let pattern = format!(
            "arn:{partition}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{__FunctionArn__}}/invocations"
        );
        let place = self.key.0;
        let function = self.settings.get("FunctionArn").cloned();
        let function = function.unwrap_or_else(|| Node::Leaf(Value::null(place), false));
        let mut variables = Map::plain(place);
        variables.set("__FunctionArn__", function);
        let parts = vec![Node::text(&pattern, place), Node::Map(variables)];
        let mut map = Map::plain(place);
        map.set("Fn::Sub", Node::List(parts, place));
        Node::Map(map)
    }

    fn set_role(&self, settings: &mut Map) {
        let role = self.settings.truthy("FunctionInvokeRole");
        if let Some(role) = role.filter(|role| role.as_str() != Some("NONE")) {
            settings.set("authorizerCredentials", role.clone());
        }
    }

    fn sources(&self, prefixes: &[(&str, &str)]) -> Vec<Node> {
        let identity = self.settings.map("Identity");
        let mut sources = Vec::new();
        for (prefix, name) in prefixes {
            let parts = identity.and_then(|identity| identity.get(name));
            for part in parts.map_or(&[][..], Node::items) {
                let text = format!("{prefix}{}", part.as_str().unwrap_or_default());
                sources.push(Node::template_text(&text, part.place()));
            }
        }
        sources
    }

    fn joined_source(&self) -> Option<Node> {
        let sources = self.sources(&[
            ("method.request.header.", "Headers"),
            ("method.request.querystring.", "QueryStrings"),
            ("stageVariables.", "StageVariables"),
            ("context.", "Context"),
        ]);
        let place = sources.first()?.place();
        let sources: Vec<&str> = sources.iter().filter_map(Node::as_str).collect();
        Some(Node::template_text(&sources.join(", "), place))
    }
}

impl Editor {
    /// Takes a definition to change; `place` is what asks for the change.
    pub(super) fn new(doc: &Map, is_http: bool, place: Span) -> Editor {
        let doc = match Node::Map(doc.clone()).copied() {
            Node::Map(map) => map,
            _ => Map::new(place),
        };
        let own = |name: &str| match doc.truthy(name) {
            Some(Node::Map(map)) => map.clone(),
            _ => Map::new(place),
        };
        let schemes = doc
            .map("components")
            .and_then(|components| components.truthy("securitySchemes")?.as_map().cloned());
        let security = match is_http {
            true => schemes.unwrap_or_else(|| Map::new(place)),
            false => own(SECURITY),
        };
        Editor {
            security,
            responses: own(RESPONSES),
            policy: own(POLICY),
            models: own("definitions"),
            tags: doc
                .get("tags")
                .map_or(Vec::new(), |tags| tags.items().to_vec()),
            info: own("info"),
            doc,
            is_http,
            place,
        }
    }

    /// The definition as it is now.
    pub(super) fn definition(mut self) -> Map {
        let set = |doc: &mut Map, name: &str, map: Map| {
            if !map.is_empty() {
                doc.set(name, Node::Map(map));
            }
        };
        if self.is_http {
            if !self.tags.is_empty() {
                self.doc.set("tags", Node::List(self.tags, self.place));
            }
            if !self.security.is_empty() {
                if self.doc.truthy("components").is_none() {
                    self.doc.set("components", Node::Map(Map::new(self.place)));
                }
                if let Some(Node::Map(components)) = self.doc.get_mut("components") {
                    components.set("securitySchemes", Node::Map(self.security));
                }
            }
            set(&mut self.doc, "info", self.info);
        } else {
            set(&mut self.doc, SECURITY, self.security);
            set(&mut self.doc, RESPONSES, self.responses);
            set(&mut self.doc, "definitions", self.models);
        }
        match Node::Map(self.doc).copied() {
            Node::Map(map) => map,
            _ => Map::new(self.place),
        }
    }

    fn paths(&self) -> Option<&Map> {
        self.doc.map("paths")
    }

    fn path_mut(&mut self, path: &str) -> Option<&mut Node> {
        self.doc.get_mut("paths")?.as_map_mut()?.get_mut(path)
    }

    /// The paths in their order.
    pub(super) fn path_names(&self) -> Vec<Arc<str>> {
        self.paths().map_or_else(Vec::new, Map::names)
    }

    /// Puts a path under a condition.
    pub(super) fn make_conditional(&mut self, path: &str, condition: &Node) {
        let place = self.place;
        if let Some(node) = self.path_mut(path) {
            *node = conditional(condition, node.clone(), place);
        }
    }

    pub(super) fn add_path(&mut self, path: &Node, method: &Node) {
        let (path_place, method_place) = (path.place(), method.place());
        let is_of_template = path.is_of_template();
        let Some(path) = path.as_str() else { return };
        let name = method_name(method.as_str().unwrap_or_default());
        let Some(Node::Map(paths)) = self.doc.get_mut("paths") else {
            return;
        };
        let item = paths.or_map(path, path_place, is_of_template);
        for item in contents_mut(item) {
            let is_of_template = method.is_of_template() && name != ANY_METHOD;
            item.or_map(&name, method_place, is_of_template);
        }
    }

    /// Whether a method of a path calls something already.
    pub(super) fn has_integration(&self, path: &str, method: &str) -> bool {
        let method = method_name(method);
        let Some(item) = self.paths().and_then(|paths| paths.get(path)) else {
            return false;
        };
        let contents = contents(item);
        !contents.is_empty()
            && contents.into_iter().all(|item| {
                item.get(&method).is_some_and(|method| {
                    let mut forms = self::contents(method).into_iter();
                    forms.any(|form| form.truthy(INTEGRATION).is_some())
                })
            })
    }

    /// The integration that a path calls by any method, as text.
    pub(super) fn calls(&self, path: &str, function: &str) -> bool {
        if !self.has_integration(path, ANY_METHOD) {
            return false;
        }
        let item = self.paths().and_then(|paths| paths.get(path));
        let methods = item.into_iter().flat_map(contents);
        let methods = methods
            .filter_map(|item| item.get(ANY_METHOD))
            .flat_map(contents);
        let uris = methods.filter_map(|method| method.map(INTEGRATION)?.get("uri"));
        let mut forms = uris.flat_map(contents).peekable();
        let wanted = format!("{{{function}.Arn}}");
        forms.peek().is_some()
            && forms.all(|form| {
                let pattern = form.get("Fn::Sub").and_then(Node::as_str);
                pattern.is_some_and(|pattern| pattern.contains(&wanted))
            })
    }

    /// Lets `write` make each form of a method of a path. A condition is put around it.
    pub(super) fn integrate(
        &mut self,
        path: &Node,
        method: &Node,
        condition: Option<&Node>,
        write: &mut dyn FnMut(&mut Map),
    ) {
        self.add_path(path, method);
        let place = self.place;
        let name = method_name(method.as_str().unwrap_or_default());
        let Some(item) = path.as_str().and_then(|path| self.path_mut(path)) else {
            return;
        };
        for item in contents_mut(item) {
            let Some(method) = item.get_mut(&name) else {
                continue;
            };
            if !matches!(method, Node::Map(_)) {
                *method = Node::Map(Map::new(place));
            }
            if let Node::Map(map) = method {
                write(map);
            }
            if let Some(condition) = condition {
                *method = conditional(condition, method.clone(), place);
            }
        }
    }

    /// The forms of a method that call something, to be changed.
    fn method_forms(&mut self, path: &str, method: &str) -> Vec<&mut Map> {
        let name = method_name(method);
        let Some(item) = self.path_mut(path) else {
            return Vec::new();
        };
        let items = contents_mut(item).into_iter();
        let methods = items.filter_map(|item| item.get_mut(&name));
        let forms = methods.flat_map(contents_mut);
        forms
            .filter(|form| form.truthy(INTEGRATION).is_some())
            .collect()
    }

    /// Names of all methods of a path that call something.
    fn methods(&self, path: &str) -> Vec<Arc<str>> {
        let item = self.paths().and_then(|paths| paths.get(path));
        let mut names = Vec::new();
        for item in item.into_iter().flat_map(contents) {
            for name in item.names() {
                if !names.contains(&name)
                    && !matches!(&*name, "summary" | "description" | "parameters")
                {
                    names.push(name);
                }
            }
        }
        names
    }

    pub(super) fn set_timeout(&mut self, path: &str, method: &str, timeout: &Node) {
        self.set_in_integration(path, method, "timeoutInMillis", timeout);
    }

    pub(super) fn set_in_integration(
        &mut self,
        path: &str,
        method: &str,
        name: &str,
        value: &Node,
    ) {
        for form in self.method_forms(path, method) {
            if let Some(Node::Map(integration)) = form.get_mut(INTEGRATION) {
                integration.set(name, value.clone());
            }
        }
    }

    /// Parts of the path that are variables, as parameters of a method.
    pub(super) fn add_path_parameters(&mut self, path: &Node, method: &str) {
        let place = path.place();
        let Some(path) = path.as_str() else { return };
        let mut names = Vec::new();
        for part in path.split('{').skip(1) {
            names.extend(part.split_once('}').map(|(name, _)| name));
        }
        if names.is_empty() {
            return;
        }
        for form in self.method_forms(path, method) {
            let mut all = match form.get("parameters") {
                Some(Node::List(items, _)) => items.clone(),
                _ => Vec::new(),
            };
            for name in &names {
                let known = all.iter_mut().find_map(|parameter| {
                    let map = parameter.as_map_mut()?;
                    (map.get("name")?.as_str() == Some(*name)).then_some(map)
                });
                let required = Node::Leaf(Value::bool(true, place), false);
                match known {
                    Some(map) => {
                        map.set_text("in", "path");
                        map.set("required", required);
                    }
                    None => {
                        let mut map = Map::new(place);
                        map.set("name", Node::template_text(name, place));
                        map.set_text("in", "path");
                        map.set("required", required);
                        all.push(Node::Map(map));
                    }
                }
            }
            form.set("parameters", Node::List(all, place));
        }
    }

    /// Parameters of requests: name, whether it is required, whether it is part of the cache's key.
    pub(super) fn add_parameters(
        &mut self,
        path: &str,
        method: &str,
        parameters: &[(Node, Node, bool)],
    ) {
        for form in self.method_forms(path, method) {
            let mut all = match form.get("parameters") {
                Some(Node::List(items, _)) => items.clone(),
                _ => Vec::new(),
            };
            for (written, required, is_cached) in parameters {
                let place = written.place();
                let whole = written.as_str().unwrap_or_default();
                let rest = whole.replace("method.request.", "");
                let (location, name) = rest.split_once('.').unwrap_or((&rest, ""));
                let location = if location == "querystring" {
                    Node::text("query", place)
                } else {
                    Node::template_text(location, place)
                };
                let mut parameter = Map::new(place);
                parameter.set("in", location);
                parameter.set("name", Node::template_text(name, place));
                parameter.set("required", required.clone());
                parameter.set_text("type", "string");
                all.push(Node::Map(parameter));
                if let Some(Node::Map(integration)) =
                    form.get_mut(INTEGRATION).filter(|_| *is_cached)
                {
                    let mut keys = match integration.get("cacheKeyParameters") {
                        Some(Node::List(items, _)) => items.clone(),
                        _ => Vec::new(),
                    };
                    keys.push(written.clone());
                    integration.set("cacheKeyParameters", Node::List(keys, place));
                }
            }
            form.set("parameters", Node::List(all, self::Span::NONE));
        }
    }

    /// The model that a request must follow, and what is made sure of it.
    pub(super) fn add_request_model(&mut self, path: &str, method: &str, request: &Map) {
        let Some(model) = request.truthy("Model") else {
            return;
        };
        let place = model.place();
        let name = model.as_str().unwrap_or_default().to_lowercase();
        let required = request.get("Required").cloned();
        let is_swagger = self.doc.get("swagger").is_some();
        let is_third = self.doc.get("openapi").is_some_and(is_third);
        for form in self.method_forms(path, method) {
            if is_swagger {
                let mut all = match form.get("parameters") {
                    Some(Node::List(items, _)) => items.clone(),
                    _ => Vec::new(),
                };
                let mut parameter = Map::new(place);
                parameter.set_text("in", "body");
                parameter.set("name", Node::template_text(&name, place));
                let schema = object(
                    vec![("$ref", text(format!("#/definitions/{name}"), place))],
                    place,
                );
                parameter.set("schema", Node::made(&schema));
                if let Some(required) = &required {
                    parameter.set("required", required.clone());
                }
                all.push(Node::Map(parameter));
                form.set("parameters", Node::List(all, place));
            } else if is_third {
                let schema = format!("#/components/schemas/{name}");
                let schema = object(vec![("$ref", text(schema, place))], place);
                let json = object(vec![("schema", schema)], place);
                let content = object(vec![("application/json", json)], place);
                let mut body = match Node::made(&object(vec![("content", content)], place)) {
                    Node::Map(map) => map,
                    _ => Map::plain(place),
                };
                if let Some(required) = &required {
                    body.set("required", required.clone());
                }
                form.set("requestBody", Node::Map(body));
            }
        }
        let flag = |name: &str| request.get(name).and_then(Node::as_bool);
        let (of_body, of_parameters) = (flag("ValidateBody"), flag("ValidateParameters"));
        if of_body.is_none() && of_parameters.is_none() {
            return;
        }
        let (of_body, of_parameters) = (of_body == Some(true), of_parameters == Some(true));
        let validator = match (of_body, of_parameters) {
            (true, true) => "body-and-params",
            (true, false) => "body-only",
            (false, true) => "params-only",
            (false, false) => "no-validation",
        };
        let mut settings = Map::new(place);
        let bool = |truth| Node::Leaf(Value::bool(truth, place), false);
        settings.set("validateRequestBody", bool(of_body));
        settings.set("validateRequestParameters", bool(of_parameters));
        let mut definition = Map::new(place);
        definition.set(validator, Node::Map(settings));
        if self.doc.truthy(VALIDATORS).is_none() {
            self.doc.set(VALIDATORS, Node::Map(Map::new(place)));
        }
        if let Some(Node::Map(validators)) = self.doc.get_mut(VALIDATORS)
            && validators.truthy(validator).is_none()
        {
            validators.update(&definition);
        }
        let mut one = Map::new(place);
        one.set_text("x-amazon-apigateway-request-validator", validator);
        for form in self.method_forms(path, method) {
            form.update(&one);
        }
    }

    /// Answers to the browser's question whether other origins may call a path.
    pub(super) fn add_cors(&mut self, path: &str, cors: &Map) {
        let place = cors.place;
        let Some(item) = self.path_mut(path) else {
            return;
        };
        let mut methods = cors.truthy("AllowMethods").cloned();
        for item in contents_mut(item) {
            if item.has("options") {
                continue;
            }
            let allowed = methods.get_or_insert_with(|| {
                let names = item.names();
                let all = if names.iter().any(|name| &**name == ANY_METHOD) {
                    "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT".to_owned()
                } else {
                    let mut names: Vec<String> =
                        names.iter().map(|name| name.to_uppercase()).collect();
                    names.push("OPTIONS".to_owned());
                    names.sort();
                    names.dedup();
                    names.join(",")
                };
                Node::text(&format!("'{all}'"), place)
            });
            let options = options_method(cors, allowed);
            item.set("options", Node::Map(options));
        }
    }

    /// What browsers may do, for an HTTP API.
    pub(super) fn add_http_cors(&mut self, cors: &Map) {
        let mut configuration = match self.doc.map(CORS) {
            Some(known) => known.clone(),
            None => Map::plain(cors.place),
        };
        for (from, to) in [
            ("AllowOrigins", "allowOrigins"),
            ("AllowHeaders", "allowHeaders"),
            ("AllowMethods", "allowMethods"),
            ("ExposeHeaders", "exposeHeaders"),
            ("MaxAge", "maxAge"),
            ("AllowCredentials", "allowCredentials"),
        ] {
            let value = match from {
                "MaxAge" => cors.get(from),
                "AllowCredentials" => cors.get(from).filter(|flag| flag.as_bool() == Some(true)),
                _ => cors.truthy(from),
            };
            if let Some(value) = value {
                configuration.set(to, value.clone());
            }
        }
        self.doc.set(CORS, Node::Map(configuration));
    }

    /// What browsers may do, as a function of the template gives it.
    pub(super) fn set_http_cors(&mut self, cors: Node) {
        self.doc.set(CORS, cors);
    }

    pub(super) fn add_tags(&mut self, tags: &[(Arc<str>, Node)]) {
        const VALUE: &str = "x-amazon-apigateway-tag-value";
        for (name, value) in tags {
            let known = self.tags.iter_mut().find_map(|tag| {
                let map = tag.as_map_mut()?;
                (map.get("name")?.as_str() == Some(name)).then_some(map)
            });
            match known {
                Some(tag) => tag.set(VALUE, value.clone()),
                None => {
                    let mut tag = Map::new(value.place());
                    tag.set_text("name", name);
                    tag.set(VALUE, value.clone());
                    self.tags.push(Node::Map(tag));
                }
            }
        }
    }

    /// Sets the title or the description if the definition has none of its own.
    pub(super) fn set_info(&mut self, name: &str, value: &Node) {
        let known = self.info.get(name);
        let is_own = match name {
            "title" => known.is_none_or(|title| {
                let stack = title.as_map().and_then(|title| title.get("Ref"));
                stack.and_then(Node::as_str) != Some("AWS::StackName")
            }),
            _ => known.is_some_and(Node::is_truthy),
        };
        if !is_own {
            self.info.set(name, value.clone());
        }
    }

    /// Switches the endpoint off that AWS names.
    pub(super) fn set_endpoint(&mut self, value: &Node) {
        const FLAG: &str = "disableExecuteApiEndpoint";
        let place = value.place();
        let set = |map: &mut Map| {
            if let Node::Map(endpoint) = map.or_map(ENDPOINT, place, false) {
                endpoint.set(FLAG, value.clone());
            }
        };
        if self.is_http || self.doc.truthy("openapi").is_some_and(is_third) {
            let mut servers = match self.doc.get("servers") {
                Some(Node::List(servers, _)) => servers.clone(),
                _ => vec![Node::Map(Map::new(place))],
            };
            servers
                .iter_mut()
                .filter_map(Node::as_map_mut)
                .for_each(set);
            self.doc.set("servers", Node::List(servers, place));
        } else {
            set(&mut self.doc);
        }
    }

    pub(super) fn set_media_types(&mut self, types: &Node) {
        fn replaced(node: &Node) -> Node {
            match node {
                Node::Map(map) => {
                    let mut new = Map::new(map.place);
                    for name in map.names() {
                        if let Some(part) = map.get(&name) {
                            let key = map.key(&name).0;
                            new.set_of_template(&name.replace("~1", "/"), key, replaced(part));
                        }
                    }
                    Node::Map(new)
                }
                Node::List(items, place) => {
                    Node::List(items.iter().map(replaced).collect(), *place)
                }
                leaf => match leaf.as_str() {
                    Some(text) => Node::template_text(&text.replace("~1", "/"), leaf.place()),
                    None => leaf.clone(),
                },
            }
        }
        self.doc
            .set("x-amazon-apigateway-binary-media-types", replaced(types));
    }

    pub(super) fn add_responses(&mut self, responses: &Map) {
        for name in responses.names() {
            let Some(response) = responses.map(&name) else {
                continue;
            };
            let mut parameters = Map::new(response.place);
            for (kind, prefix) in [
                ("Headers", "header"),
                ("Paths", "path"),
                ("QueryStrings", "querystring"),
            ] {
                let given = response.map("ResponseParameters");
                let Some(given) = given.and_then(|given| given.map(kind)) else {
                    continue;
                };
                for name in given.names() {
                    if let Some(value) = given.get(&name) {
                        let key = given.key(&name).0;
                        let name = format!("gatewayresponse.{prefix}.{name}");
                        parameters.set_of_template(&name, key, value.clone());
                    }
                }
            }
            let templates = match response.truthy("ResponseTemplates") {
                Some(templates) => templates.clone(),
                None => Node::Map(Map::new(response.place)),
            };
            let mut made = Map::new(response.place);
            made.set("responseParameters", Node::Map(parameters));
            made.set("responseTemplates", templates);
            let code = response.get("StatusCode");
            if let Some(code) = code.filter(|code| code.is_truthy()) {
                let text = match code.as_str() {
                    Some(text) => text.to_owned(),
                    None => code.printed().unwrap_or_default(),
                };
                let code = Node::text(&text, code.place());
                made.set("statusCode", code);
            }
            let key = responses.key(&name).0;
            self.responses.set_of_template(&name, key, Node::Map(made));
        }
    }

    pub(super) fn add_models(&mut self, models: &Map) {
        for name in models.names() {
            if let Some(schema) = models.get(&name) {
                let key = models.key(&name).0;
                self.models
                    .set_of_template(&name.to_lowercase(), key, schema.clone());
            }
        }
    }

    pub(super) fn add_authorizers(&mut self, authorizers: &[Authorizer], partition: &str) {
        for authorizer in authorizers {
            let scheme = match self.is_http {
                true => authorizer.openapi(partition),
                false => authorizer.swagger(partition),
            };
            match authorizer.key {
                (key, true) => {
                    self.security
                        .set_of_template(&authorizer.name, key, Node::Map(scheme));
                }
                _ => self.security.set(&authorizer.name, Node::Map(scheme)),
            }
        }
    }

    fn add_iam_scheme(&mut self) {
        let mut scheme = Map::new(self.place);
        scheme.set_text("x-amazon-apigateway-authtype", "awsSigv4");
        scheme.set_text("type", "apiKey");
        scheme.set_text("name", "Authorization");
        scheme.set_text("in", "header");
        self.add_scheme("AWS_IAM", scheme);
    }

    pub(super) fn add_key_scheme(&mut self) {
        let mut scheme = Map::new(self.place);
        scheme.set_text("type", "apiKey");
        scheme.set_text("name", "x-api-key");
        scheme.set_text("in", "header");
        self.add_scheme("api_key", scheme);
    }

    fn add_scheme(&mut self, name: &str, scheme: Map) {
        if !self.security.has(name) {
            let mut one = Map::new(self.place);
            one.set(name, Node::Map(scheme));
            self.security.update(&one);
        }
    }

    /// The authorizer of all methods that name none.
    pub(super) fn set_default_authorizer(
        &mut self,
        path: &str,
        default: &Node,
        authorizers: &[Authorizer],
        is_for_preflight: bool,
    ) {
        let place = default.place();
        let known = |name: &str| authorizers.iter().find(|known| *known.name == *name);
        let scopes = known(default.as_str().unwrap_or_default());
        let scopes = scopes.map_or_else(|| empty_list(place), Authorizer::scopes);
        let is_authorizer = |name: &str| name == "AWS_IAM" || known(name).is_some();
        let mut needs_iam = false;
        let is_http = self.is_http;
        for method in self.methods(path) {
            let is_options = method_name(&method) == "options";
            if is_options && (is_http || !is_for_preflight) {
                continue;
            }
            for form in self.method_forms(path, &method) {
                let existing = form
                    .get("security")
                    .map_or(Vec::new(), |s| s.items().to_vec());
                if is_http {
                    if existing.is_empty() {
                        let one = requirement(default, scopes.clone(), true);
                        form.set("security", Node::List(vec![one], place));
                    }
                    continue;
                }
                let names = |part: &Node| part.as_map().map_or(Vec::new(), Map::names);
                let (own, mut other): (Vec<Node>, Vec<Node>) = existing
                    .into_iter()
                    .partition(|part| names(part).iter().any(|name| is_authorizer(name)));
                let none = other
                    .iter()
                    .position(|part| names(part).iter().any(|name| &**name == "NONE"));
                match none {
                    Some(index) => {
                        other.remove(index);
                    }
                    None if !own.is_empty() => other.extend(own),
                    None => other.push(requirement(default, scopes.clone(), false)),
                }
                needs_iam |= other
                    .first()
                    .is_some_and(|first| names(first).iter().any(|name| &**name == "AWS_IAM"));
                if !other.is_empty() {
                    form.set("security", Node::List(other, place));
                }
            }
        }
        if needs_iam {
            self.add_iam_scheme();
        }
    }

    /// Demands a key of all methods that do not say otherwise.
    pub(super) fn set_default_key(&mut self, path: &str, is_for_preflight: bool) {
        let place = self.place;
        for method in self.methods(path) {
            let is_options = method_name(&method) == "options";
            for form in self.method_forms(path, &method) {
                let existing = form
                    .get("security")
                    .map_or(Vec::new(), |s| s.items().to_vec());
                let count = existing.len();
                let has = |part: &Node, name: &str| part.as_map().is_some_and(|map| map.has(name));
                let (keys, mut other): (Vec<Node>, Vec<Node>) = existing
                    .into_iter()
                    .partition(|part| has(part, "api_key") || has(part, "api_key_false"));
                let is_switched_off = keys.iter().any(|part| has(part, "api_key_false"));
                let is_same =
                    other.len() == count && (is_switched_off || is_options && !is_for_preflight);
                if !is_switched_off && (!is_options || is_for_preflight) {
                    let name = Node::text("api_key", place);
                    other.push(requirement(&name, empty_list(place), false));
                }
                if !is_same {
                    form.set("security", Node::List(other, place));
                }
            }
        }
    }

    /// The authorizer that an event names.
    pub(super) fn set_authorizer(
        &mut self,
        path: &str,
        method: &str,
        name: &Node,
        authorizers: Option<&Map>,
        scopes: Option<&Node>,
    ) {
        let written = name.as_str().unwrap_or_default();
        let known = authorizers.and_then(|all| all.map(written));
        let own = known.and_then(|known| known.get("AuthorizationScopes"));
        let scopes = match self.is_http {
            true => scopes
                .filter(|scopes| scopes.is_truthy())
                .or(own.filter(|own| own.is_truthy())),
            false => scopes.or(own),
        };
        let scopes = scopes.filter(|_| {
            known.is_some() && written != "NONE" && (!self.is_http || written != "AWS_IAM")
        });
        let scopes = scopes.cloned().unwrap_or_else(|| empty_list(name.place()));
        let is_http = self.is_http;
        self.add_requirement(path, method, requirement(name, scopes, is_http));
    }

    /// Whether an event demands a key.
    pub(super) fn set_key(&mut self, path: &str, method: &str, is_required: bool, place: Span) {
        if is_required {
            self.add_key_scheme();
        }
        let name = if is_required {
            "api_key"
        } else {
            "api_key_false"
        };
        let one = requirement(&Node::text(name, place), empty_list(place), false);
        self.add_requirement(path, method, one);
    }

    fn add_requirement(&mut self, path: &str, method: &str, one: Node) {
        let mut needs_iam = false;
        for form in self.method_forms(path, method) {
            let mut all = form
                .get("security")
                .map_or(Vec::new(), |s| s.items().to_vec());
            all.push(one.clone());
            needs_iam |= all
                .first()
                .and_then(Node::as_map)
                .is_some_and(|first| first.has("AWS_IAM"));
            form.set("security", Node::List(all, one.place()));
        }
        if needs_iam && !self.is_http {
            self.add_iam_scheme();
        }
    }

    /// Who may call the methods of a path, and from where.
    pub(super) fn add_policy(&mut self, policy: &Map, path: &str, stage: &Node) {
        let resources = self.method_uris(path, stage);
        for (name, effect) in [
            ("AwsAccountWhitelist", "Allow"),
            ("AwsAccountBlacklist", "Deny"),
        ] {
            let Some(accounts) = policy.truthy(name) else {
                continue;
            };
            let place = accounts.place();
            let accounts = match accounts {
                Node::List(..) => accounts.clone(),
                one => Node::List(vec![one.clone()], place),
            };
            self.set_policy_version();
            let mut statement = Map::new(place);
            statement.set_text("Effect", effect);
            statement.set_text("Action", "execute-api:Invoke");
            statement.set("Resource", resources.clone());
            let mut principal = Map::new(place);
            principal.set("AWS", accounts);
            statement.set("Principal", Node::Map(principal));
            let statement = Node::Map(statement);
            let all = match self.policy.get("Statement") {
                None => statement,
                Some(known) => {
                    let mut all = listed(known);
                    all.push(statement);
                    Node::List(all, place)
                }
            };
            self.policy.set("Statement", all);
        }
        for (name, test) in [
            ("IpRangeWhitelist", "NotIpAddress"),
            ("IpRangeBlacklist", "IpAddress"),
        ] {
            if let Some(ranges) = policy.truthy(name) {
                let place = ranges.place();
                let mut condition = Map::plain(place);
                condition.set("aws:SourceIp", Node::List(listed(ranges), place));
                self.allow_but(test, Node::Map(condition), &resources);
            }
        }
        for (kind, test) in [
            ("Blacklist", "StringEquals"),
            ("Whitelist", "StringNotEquals"),
        ] {
            let mut condition = Map::new(policy.place);
            let mut put = |name: &str, items: Vec<Node>| {
                if items.is_empty() {
                    return;
                }
                let mut all = match condition.get(name) {
                    Some(Node::List(known, _)) => known.clone(),
                    _ => Vec::new(),
                };
                all.extend(items);
                condition.set(name, Node::List(all, policy.place));
            };
            let written = |name: &str| {
                let given = policy.get(&format!("{name}{kind}"));
                given.map_or(Vec::new(), |given| given.items().to_vec())
            };
            let of = |prefix: &str| {
                let mut all = written("SourceVpc");
                all.retain(|one| one.as_str().is_some_and(|one| one.starts_with(prefix)));
                all
            };
            put("aws:SourceVpc", of("vpc-"));
            put("aws:SourceVpce", of("vpce-"));
            put("aws:SourceVpc", written("IntrinsicVpc"));
            put("aws:SourceVpce", written("IntrinsicVpce"));
            if !condition.is_empty() {
                self.allow_but(test, Node::Map(condition), &resources);
            }
        }
        self.doc.set(POLICY, Node::Map(self.policy.clone()));
    }

    /// Statements that the template writes itself.
    pub(super) fn add_statements(&mut self, statements: &Node) {
        self.set_policy_version();
        let all = match self.policy.get("Statement") {
            None => statements.clone(),
            Some(known) => {
                let mut all = listed(known);
                for one in listed(statements) {
                    add_once(&mut all, one);
                }
                Node::List(all, statements.place())
            }
        };
        self.policy.set("Statement", all);
        self.doc.set(POLICY, Node::Map(self.policy.clone()));
    }

    fn set_policy_version(&mut self) {
        self.policy.set_text("Version", "2012-10-17");
    }

    fn allow_but(&mut self, test: &str, condition: Node, resources: &Node) {
        let place = condition.place();
        self.set_policy_version();
        let statement = |effect: &str| {
            let mut statement = Map::new(place);
            statement.set_text("Effect", effect);
            statement.set_text("Action", "execute-api:Invoke");
            statement.set("Resource", resources.clone());
            statement.set_text("Principal", "*");
            statement
        };
        let allow = statement("Allow");
        let mut deny = statement("Deny");
        let mut tested = Map::plain(place);
        tested.set(test, condition);
        deny.set("Condition", Node::Map(tested));
        let mut all = self.policy.get("Statement").map_or(Vec::new(), listed);
        add_once(&mut all, Node::Map(allow));
        add_once(&mut all, Node::Map(deny));
        self.policy.set("Statement", Node::List(all, place));
    }

    fn method_uris(&self, path: &str, stage: &Node) -> Node {
        let item = self.paths().and_then(|paths| paths.get(path));
        let place = stage.place();
        let is_path_of_template = self.paths().is_some_and(|paths| paths.key(path).1);
        let mut all = Vec::new();
        for item in item.into_iter().flat_map(contents) {
            for name in item.names() {
                let method = match name.to_lowercase().as_str() {
                    ANY_METHOD | "any" => "*".to_owned(),
                    _ => name.to_uppercase(),
                };
                let stars = with_stars(path, false);
                let pattern = format!("execute-api:/${{__Stage__}}/{method}{stars}");
                let is_of_template = is_path_of_template || method != "*" && item.key(&name).1;
                let pattern = match is_of_template {
                    true => Node::template_text(&pattern, place),
                    false => Node::text(&pattern, place),
                };
                let mut variables = Map::plain(place);
                variables.set("__Stage__", stage.clone());
                let mut function = Map::plain(place);
                let parts = vec![pattern, Node::Map(variables)];
                function.set("Fn::Sub", Node::List(parts, place));
                all.push(Node::Map(function));
            }
        }
        Node::List(all, place)
    }
}

fn listed(node: &Node) -> Vec<Node> {
    match node {
        Node::List(items, _) => items.clone(),
        one => vec![one.clone()],
    }
}

fn add_once(all: &mut Vec<Node>, one: Node) {
    let value = one.value();
    if !all.iter().any(|known| known.value().is_same(&value)) {
        all.push(one);
    }
}

/// The method that answers browsers.
fn options_method(cors: &Map, methods: &Node) -> Map {
    let place = cors.place;
    let string = || Node::made(&object(vec![("type", text("string", place))], place));
    let mut parameters = Map::new(place);
    let mut headers = Map::new(place);
    let mut add = |header: &str, value: Node, kind: Node| {
        parameters.set(&format!("method.response.header.{header}"), value);
        headers.set(header, kind);
    };
    let origin = cors.get("AllowOrigin").cloned();
    let origin = origin.unwrap_or_else(|| Node::text("'*'", place));
    add("Access-Control-Allow-Origin", origin, string());
    if let Some(allowed) = cors.truthy("AllowHeaders") {
        add("Access-Control-Allow-Headers", allowed.clone(), string());
    }
    if methods.is_truthy() {
        add("Access-Control-Allow-Methods", methods.clone(), string());
    }
    if let Some(age) = cors.get("MaxAge") {
        let kind = Node::made(&object(vec![("type", text("integer", place))], place));
        add("Access-Control-Max-Age", age.clone(), kind);
    }
    if cors.get("AllowCredentials").and_then(Node::as_bool) == Some(true) {
        let value = Node::text("'true'", place);
        add("Access-Control-Allow-Credentials", value, string());
    }
    let json = || Node::made(&list(vec![text("application/json", place)], place));
    let template = |body: &str| {
        Node::made(&object(
            vec![("application/json", text(body, place))],
            place,
        ))
    };
    let mut method = Map::new(place);
    method.set_text("summary", "CORS support");
    method.set("consumes", json());
    method.set("produces", json());
    let mut answer = Map::new(place);
    answer.set_text("statusCode", "200");
    answer.set("responseParameters", Node::Map(parameters));
    answer.set("responseTemplates", template("{}\n"));
    let mut answers = Map::new(place);
    answers.set("default", Node::Map(answer));
    let mut integration = Map::new(place);
    integration.set_text("type", "mock");
    integration.set(
        "requestTemplates",
        template("{\n  \"statusCode\" : 200\n}\n"),
    );
    integration.set("responses", Node::Map(answers));
    method.set(INTEGRATION, Node::Map(integration));
    let mut fine = Map::new(place);
    fine.set_text("description", "Default response for CORS method");
    fine.set("headers", Node::Map(headers));
    let mut responses = Map::new(place);
    responses.set("200", Node::Map(fine));
    method.set("responses", Node::Map(responses));
    method
}

/// Makes a definition one of OpenAPI 3 if its version says so.
pub(super) fn third(doc: &mut Map, version: Option<&Node>) {
    if doc.get("swagger").is_some() {
        return;
    }
    let version = match (doc.get("openapi"), version) {
        (Some(own), None) => Some(own.clone()),
        (_, given) => given.cloned(),
    };
    if !version
        .as_ref()
        .is_some_and(|version| version.is_truthy() && is_third(version))
    {
        return;
    }
    for (from, to) in [(SECURITY, "securitySchemes"), ("definitions", "schemas")] {
        let Some(moved) = doc.truthy(from).cloned() else {
            continue;
        };
        let mut components = match doc.truthy("components") {
            Some(Node::Map(map)) => map.clone(),
            _ => Map::new(doc.place),
        };
        components.set(to, moved);
        doc.set("components", Node::Map(components));
        doc.remove(from);
    }
    let Some(Node::Map(paths)) = doc.get_mut("paths") else {
        return;
    };
    for path in paths.names() {
        let item = paths.get_mut(&path).and_then(Node::as_map_mut);
        let Some(Node::Map(options)) = item.and_then(|item| item.get_mut("options")) else {
            continue;
        };
        for field in options.names() {
            if matches!(&*field, "produces" | "consumes") {
                options.remove(&field);
            }
        }
        let headers = options
            .get_mut("responses")
            .and_then(Node::as_map_mut)
            .and_then(|responses| responses.get_mut("200"))
            .and_then(Node::as_map_mut)
            .and_then(|fine| fine.get_mut("headers"))
            .and_then(Node::as_map_mut);
        let Some(headers) = headers else { continue };
        for name in headers.names() {
            if let Some(header) = headers.get_mut(&name) {
                let mut schema = Map::new(header.place());
                schema.set("schema", header.clone());
                *header = Node::Map(schema);
            }
        }
    }
}

/// The URI by which an API calls a function.
pub(super) fn function_uri(
    partition: &str,
    target: &Value,
    is_streamed: bool,
    place: Span,
) -> Node {
    let (version, path) = match is_streamed {
        true => ("2021-11-15", "response-streaming-invocations"),
        false => ("2015-03-31", "invocations"),
    };
    // An alias by its reference, a function by its ARN.
    let (what, is_of_template) = match target.member("Ref") {
        Some(alias) => (alias.as_str().unwrap_or_default().to_owned(), false),
        None => {
            let parts = target.member("Fn::GetAtt");
            let name = parts.and_then(|parts| parts.elements().next());
            let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
            (format!("{name}.Arn"), true)
        }
    };
    let arn = format!(
        "arn:{partition}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/${{{what}}}/{path}"
    );
    let mut function = Map::new(place);
    match is_of_template {
        true => function.set("Fn::Sub", Node::template_text(&arn, place)),
        false => function.set("Fn::Sub", Node::text(&arn, place)),
    }
    Node::Map(function)
}

/// The ARN under which an API or one of its methods calls.
pub(super) fn api_arn(partition: &str, api: Value, rest: &str, place: Span) -> Value {
    let pattern = format!(
        "arn:{partition}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/{rest}"
    );
    sub(&pattern, vec![("__ApiId__", api)], place)
}

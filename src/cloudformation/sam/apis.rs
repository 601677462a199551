//! Serverless APIs: what events and properties say of an API in, its definition and the resources around it out.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::definition::{
    self, Authorizer, Editor, INTEGRATION, api_arn, function_uri, is_definition, skeleton,
};
use super::domains;
use super::events::{self, Event};
use super::functions::Target;
use super::python::{Map, Node, digest, is_truthy, suffix};
use super::{
    Expansion, Given, Properties, Source, any_condition, choice, is_nothing, list, location,
    object, packaged, reference, sub, tag_list, text,
};
use crate::source::Span;
use crate::value::{Member, Members, Value};

/// The API of events that name none.
pub(super) const IMPLICIT_REST: &str = "ServerlessRestApi";
/// The HTTP API of events that name none.
pub(super) const IMPLICIT_HTTP: &str = "ServerlessHttpApi";

/// An API while its definition is being put together.
pub(super) struct Api {
    is_http: bool,
    place: Span,
    /// Its properties, those of the globals under them.
    properties: Map,
    definition: Option<Map>,
    /// Whether the definition is made of events alone.
    is_managed: bool,
    /// The conditions of the functions that methods of each path call.
    conditions: IndexMap<Arc<str>, IndexMap<String, Option<Value>, FxBuildHasher>, FxBuildHasher>,
    /// Condition of the API itself, if events decide it.
    condition: Option<Value>,
    /// Names of the functions that its events call; none if one is not known.
    function_names: Option<String>,
    /// Settings of routes, as events give them.
    route_settings: Members,
    /// Tags of functions that put theirs on it.
    tags: Members,
}

/// What a usage plan for several APIs is for.
#[derive(Default)]
pub(super) struct SharedPlan {
    stages: Vec<Value>,
    keys: Vec<Value>,
    conditions: Vec<Value>,
    is_without_condition: bool,
}

/// An event of a function that an API calls.
pub(super) struct Call<'e> {
    pub(super) event: &'e Event,
    pub(super) path: Node,
    pub(super) method: Node,
    pub(super) target: &'e Target,
}

fn is_serverless_api(service: &str) -> bool {
    matches!(service, "Api" | "HttpApi")
}

/// Finds the APIs of a template, those that events imply among them, with the paths that events add.
pub(super) fn prepare(
    serverless: &mut [(usize, &str, Source<'_>)],
    globals: Option<&Value>,
    expansion: &mut Expansion,
) {
    for (_, service, source) in serverless.iter() {
        if is_serverless_api(service) {
            let own = source.resource.member("Properties");
            let mut api = Api::new(*service == "HttpApi", source.key, own.as_ref());
            let is_plain = source.given.is_plain;
            if let Node::Map(all) = Node::Map(api.properties).with_floats(is_plain) {
                api.definition = match (all.truthy("DefinitionBody"), api.definition) {
                    (Some(Node::Map(body)), Some(_)) => Some(body.clone()),
                    (_, made) => made,
                };
                api.properties = all;
            } else {
                continue;
            }
            expansion.apis.insert(source.name.clone(), api);
        }
    }
    for (is_http, name) in [(false, IMPLICIT_REST), (true, IMPLICIT_HTTP)] {
        let kind = if is_http { "HttpApi" } else { "Api" };
        if !expansion.apis.contains_key(name) {
            let api = Api::new(is_http, Span::NONE, None);
            expansion.apis.insert(name.into(), api);
        }
        reorder(serverless, expansion, &mut |order| order.set_text(name, ""));
        for (_, service, source) in serverless.iter() {
            if !matches!(*service, "Function" | "StateMachine") {
                continue;
            }
            let mut all: IndexMap<Arc<str>, Event, FxBuildHasher> = IndexMap::default();
            let mut order = match &expansion.order {
                Some(_) => Map::new(Span::NONE),
                None => Map::plain(Span::NONE),
            };
            for event in events::events(source) {
                order.set_text(&event.name, "");
                all.insert(event.name.clone(), event);
            }
            // First all events are walked over, then those of this kind.
            let mut own = Map::new(Span::NONE);
            for event in order.names() {
                if all.get(&event).is_some_and(|event| event.kind == kind) {
                    own.set_text(&event, "");
                }
            }
            for event in own.names() {
                if let Some(event) = all.get(&event) {
                    announce(source, event, expansion);
                }
            }
        }
        add_conditions(is_http, expansion);
        let implicit = expansion.apis.get(name);
        let is_needed = implicit.is_some_and(|api| {
            api.place != Span::NONE && !api.conditions.is_empty()
                || serverless
                    .iter()
                    .any(|(_, _, source)| *source.name == *name)
        });
        if !is_needed {
            expansion.apis.shift_remove(name);
            reorder(serverless, expansion, &mut |order| {
                order.remove(name);
            });
        }
    }
    for (name, api) in &mut expansion.apis {
        let kind = if api.is_http { "HttpApi" } else { "Api" };
        let resource = serverless
            .iter()
            .find(|(_, _, source)| source.name == *name);
        let global = match resource {
            Some((_, _, source)) => super::global_properties(globals, kind, source.resource),
            None => globals.and_then(|globals| globals.member(kind)),
        };
        if let Some(global) = global {
            let global = Node::of_template(&global);
            let own = Node::Map(api.properties.clone());
            if let Node::Map(all) = Node::merged(&global, &own) {
                api.properties = all;
            }
        }
        // A definition that is made here is of the version that is asked for.
        let version = api.properties.get("OpenApiVersion").cloned();
        if let (Some(version), Some(doc), true) = (version, &mut api.definition, api.is_managed)
            && definition::is_third(&version)
        {
            let version = match version.as_str() {
                Some(_) => version,
                None => {
                    let text = version.printed().unwrap_or_default();
                    let text = Node::text(&text, version.place());
                    api.properties.set("OpenApiVersion", text.clone());
                    text
                }
            };
            doc.set("openapi", version);
            if doc.truthy("swagger").is_some() {
                doc.remove("swagger");
            }
        }
    }
}

/// Adds or removes a resource, after which all may stand in another order.
fn reorder(
    serverless: &mut [(usize, &str, Source<'_>)],
    expansion: &mut Expansion,
    change: &mut dyn FnMut(&mut Map),
) {
    let Some(order) = &mut expansion.order else {
        return;
    };
    change(order);
    let names = order.names();
    let place = |name: &Arc<str>| names.iter().position(|known| known == name);
    serverless.sort_by_key(|(_, _, source)| place(&source.name));
    expansion.apis.sort_by_cached_key(|name, _| place(name));
}

/// Tells an API of an event that it will call for.
fn announce(source: &Source<'_>, event: &Event, expansion: &mut Expansion) {
    if event.kind == "Api" && event.properties.entries().next().is_none() {
        return;
    }
    let Some((path, method)) = event.route() else {
        return;
    };
    let Some(id) = event.api().1 else { return };
    let Some(api) = expansion.apis.get_mut(&*id) else {
        return;
    };
    if api.is_http != (event.kind == "HttpApi") {
        return;
    }
    let is_implicit = matches!(&*id, IMPLICIT_REST | IMPLICIT_HTTP);
    if is_implicit && api.place == Span::NONE {
        api.place = event.key;
    }
    let names_none = event
        .get(if api.is_http { "ApiId" } else { "RestApiId" })
        .is_none();
    if is_implicit && names_none && source.is("PropagateTags") {
        let tags = source.truthy("Tags").map(|tags| tags.value);
        let tags = tags.as_ref().and_then(Value::as_object);
        api.tags
            .extend(tags.into_iter().flat_map(|tags| tags.members().clone()));
    }
    let condition = source.condition();
    let known = api
        .conditions
        .entry(path.as_str().unwrap_or_default().into());
    let method_name = method.as_str().unwrap_or_default().to_owned();
    known.or_default().insert(method_name, condition.clone());
    let names = source.get("FunctionName");
    if let Some(name) = names.filter(|_| event.kind == "Api").filter(is_truthy) {
        let name = Node::of_template(&source.given.resolved(&name));
        let name = match name.as_str() {
            Some(name) => Some(name.to_owned()),
            None => name.printed(),
        };
        api.function_names = api.function_names.take().and_then(|all| Some(all + &name?));
    }
    if let Some(settings) = event.get("RouteSettings").filter(|_| api.is_http) {
        let written = method.as_str().unwrap_or_default();
        let path = path.as_str().unwrap_or_default();
        let route = match written {
            "x-amazon-apigateway-any-method" => path.to_owned(),
            method => format!("{} {path}", method.to_uppercase()),
        };
        let settings = match condition {
            Some(condition) => {
                let nothing = reference("AWS::NoValue", event.key);
                choice(condition, settings, nothing, event.key)
            }
            None => settings,
        };
        let key = event.key;
        let value = settings;
        api.route_settings
            .insert(route.into(), Member { key, value });
    }
    if let Some(doc) = api.definition.as_ref().filter(|_| api.is_managed) {
        let mut editor = Editor::new(doc, api.is_http, event.key);
        editor.add_path(&path, &method);
        api.definition = Some(editor.definition());
    }
}

/// Puts paths, and APIs that are implied, under the conditions of all the functions that they call.
fn add_conditions(is_http: bool, expansion: &mut Expansion) {
    let names: Vec<Arc<str>> = expansion.apis.keys().cloned().collect();
    for name in names {
        let Some(api) = expansion.apis.get(&name) else {
            continue;
        };
        if api.is_http != is_http {
            continue;
        }
        let place = api.place;
        let together = |all: &mut dyn Iterator<Item = &Option<Value>>| {
            let mut found: Vec<Value> = Vec::new();
            for condition in all {
                let condition = condition.as_ref()?;
                if !found.iter().any(|known| known.is_same(condition)) {
                    found.push(condition.clone());
                }
            }
            found.sort_by_key(|condition| condition.as_str().map(str::to_owned));
            (!found.is_empty()).then_some(found)
        };
        let of_paths: Vec<(Arc<str>, Vec<Value>)> = api
            .conditions
            .iter()
            .filter_map(|(path, methods)| Some((path.clone(), together(&mut methods.values())?)))
            .collect();
        let all = together(&mut api.conditions.values().flat_map(IndexMap::values));
        if let Some(all) = all.filter(|_| matches!(&*name, IMPLICIT_REST | IMPLICIT_HTTP)) {
            let condition = any_condition(&format!("{name}Condition"), all, place, expansion);
            if let Some(api) = expansion.apis.get_mut(&name) {
                api.condition = Some(condition);
            }
        }
        let mut conditions = Vec::new();
        for (path, all) in of_paths {
            let in_id = path
                .replace('/', "SLASH")
                .replace('{', "OB")
                .replace('}', "CB");
            let id = format!("{name}{in_id}PathCondition");
            let is_one = all.len() == 1;
            let condition = any_condition(&id, all, place, expansion);
            let condition = match is_one {
                true => Node::of_template(&condition),
                false => Node::text(&id, place),
            };
            conditions.push((path, condition));
        }
        let Some(api) = expansion.apis.get_mut(&name) else {
            continue;
        };
        if let Some(doc) = api.definition.as_ref().filter(|_| api.is_managed) {
            let mut editor = Editor::new(doc, is_http, place);
            for path in editor.path_names() {
                if let Some((_, condition)) = conditions.iter().find(|(known, _)| *known == path) {
                    editor.make_conditional(&path, condition);
                }
            }
            api.definition = Some(editor.definition());
        }
    }
}

impl Api {
    fn new(is_http: bool, place: Span, own: Option<&Value>) -> Api {
        let mut properties = match own.map(Node::of_template) {
            Some(Node::Map(map)) => map,
            _ => Map::new(place),
        };
        if place == Span::NONE && !is_http {
            properties.set_text("StageName", "Prod");
        }
        let written = properties.truthy("DefinitionBody").cloned();
        let is_managed = written.is_none() && properties.truthy("DefinitionUri").is_none();
        let definition = match written {
            Some(Node::Map(map)) => Some(map),
            Some(_) => None,
            None => is_managed.then(|| skeleton(is_http, place)),
        };
        Api {
            is_http,
            place,
            properties,
            definition,
            is_managed,
            conditions: IndexMap::default(),
            condition: None,
            function_names: Some(String::new()),
            route_settings: Members::default(),
            tags: Members::default(),
        }
    }
}

/// The stage that an event's permission is named after.
pub(super) fn stage_in_permission(
    id: Option<&str>,
    written: &Value,
    expansion: &Expansion,
) -> Node {
    let text = |text: &str| Node::text(text, written.span());
    let api = id.and_then(|id| expansion.apis.get(id));
    match (api, written.member("Ref")) {
        (Some(api), _) => {
            let stage = api.properties.get("StageName");
            let stage = stage.filter(|stage| stage.as_str().is_some());
            stage.cloned().unwrap_or_else(|| text("Stage"))
        }
        (None, Some(_)) => text("Stage"),
        (None, None) if written.as_str().is_some() => text("Stage"),
        (None, None) => text("AllStages"),
    }
}

/// Whether an event of an HTTP API needs a permission of its own: not if all routes call its function anyway.
pub(super) fn is_permitted(call: &Call<'_>, id: Option<&str>, expansion: &Expansion) -> bool {
    let path = call.path.as_str().unwrap_or_default();
    let api = id.and_then(|id| expansion.apis.get(id));
    let doc = api.and_then(|api| api.definition.as_ref());
    let Some(doc) = doc.filter(|_| path != "$default") else {
        return true;
    };
    let editor = Editor::new(doc, true, call.event.key);
    !editor.calls("$default", &call.target.function)
}

/// Puts an event of a function into its API's definition.
pub(super) fn add_function(
    source: &Source<'_>,
    call: &Call<'_>,
    id: Option<&str>,
    stage: &Node,
    expansion: &mut Expansion,
) {
    let Some(api) = id.and_then(|id| expansion.apis.get_mut(id)) else {
        return;
    };
    match api.is_http {
        true => add_http_function(source, call, api),
        false => add_rest_function(source, call, stage, api),
    }
}

fn add_rest_function(source: &Source<'_>, call: &Call<'_>, stage: &Node, api: &mut Api) {
    let place = call.event.key;
    let part = |name: &str| {
        let value = call.event.get(name)?;
        Some(Node::of_template(&value))
    };
    let auth = part("Auth");
    let auth = auth.as_ref().and_then(Node::as_map);
    let (path, method) = (
        call.path.as_str().unwrap_or_default(),
        call.method.as_str().unwrap_or_default(),
    );
    let api_auth = api.properties.map("Auth").cloned();
    let is_merged = api.properties.truthy("MergeDefinitions").is_some();
    if (api.is_managed || is_merged)
        && let Some(doc) = &api.definition
    {
        let doc = match is_merged {
            true => skeleton(false, place),
            false => doc.clone(),
        };
        let mut editor = Editor::new(&doc, false, place);
        let streamed = part("ResponseTransferMode");
        let is_streamed = streamed.as_ref().and_then(Node::as_str) == Some("RESPONSE_STREAM");
        let arn = &call.target.arn;
        let uri = function_uri(source.given.partition(), arn, is_streamed, place);
        let condition = source
            .condition()
            .map(|condition| Node::of_template(&condition));
        let uri = under(condition.as_ref(), uri, place);
        let credentials = credentials(auth, api_auth.as_ref(), source.given.partition(), place);
        let lower = lower(&call.method);
        editor.integrate(&call.path, &lower, condition.as_ref(), &mut |method| {
            let mut integration = Map::new(place);
            integration.set_text("type", "aws_proxy");
            integration.set_text("httpMethod", "POST");
            integration.set("uri", uri.clone());
            if is_streamed {
                integration.set_text("responseTransferMode", "STREAM");
            }
            if let Some(credentials) = &credentials {
                integration.set("credentials", credentials.clone());
            }
            method.set(INTEGRATION, Node::Map(integration));
            method.or_map("responses", place, false);
        });
        if let Some(auth) = auth.filter(|auth| !auth.is_empty()) {
            add_auth(
                source.given,
                auth,
                api_auth.as_ref(),
                path,
                method,
                stage,
                &mut editor,
            );
        }
        if let Some(timeout) = part("TimeoutInMillis").filter(Node::is_truthy) {
            editor.set_timeout(path, method, &timeout);
        }
        if let Some(Node::Map(model)) = part("RequestModel") {
            editor.add_request_model(path, method, &model);
        }
        if let Some(parameters) = part("RequestParameters").filter(Node::is_truthy) {
            let parameters: Vec<(Node, Node, bool)> =
                parameters.items().iter().filter_map(parameter).collect();
            editor.add_parameters(path, method, &parameters);
        }
        let made = editor.definition();
        match is_merged {
            true => merge_method(api, &made, &call.path, method),
            false => api.definition = Some(made),
        }
    }
    // A definition of the template's own is changed where an event says so.
    let overrides = auth.filter(|auth| auth.truthy("OverrideApiAuth").is_some());
    if let (Some(auth), Some(doc)) = (overrides, &api.definition) {
        let mut editor = Editor::new(doc, false, place);
        add_auth(
            source.given,
            auth,
            api_auth.as_ref(),
            path,
            method,
            stage,
            &mut editor,
        );
        api.definition = Some(editor.definition());
    }
}

/// Puts a method that was made into a definition of the template's own: of what both say, what was made counts.
fn merge_method(api: &mut Api, made: &Map, path: &Node, method: &str) {
    let written = path.as_str().unwrap_or_default();
    let (place, method) = (path.place(), method.to_lowercase());
    let Some(doc) = &mut api.definition else {
        return;
    };
    let own = made
        .map("paths")
        .and_then(|paths| paths.map(written))
        .and_then(|item| item.map(&definition::method_name(&method)));
    let Some(own) = own else { return };
    // Nothing is put into a definition without paths.
    let Some(Node::Map(paths)) = doc.get_mut("paths") else {
        return;
    };
    if paths.is_empty() {
        return;
    }
    let Node::Map(item) = paths.or_map(written, place, true) else {
        return;
    };
    let mut merged = Map::plain(place);
    if let Some(known) = item.map(&method) {
        merged.update(known);
    }
    merged.update(own);
    item.set_of_template(&method, place, Node::Map(merged));
}

/// A parameter of a request: its name, whether it is required, whether it is part of the cache's key.
fn parameter(written: &Node) -> Option<(Node, Node, bool)> {
    let no = |place: Span| Node::Leaf(Value::bool(false, place), false);
    match written {
        Node::Map(map) => {
            let name = map.names().into_iter().next()?;
            let place = map.key(&name).0;
            let settings = map.map(&name)?;
            let required = settings.get("Required").cloned();
            let required = required.unwrap_or_else(|| no(place));
            let is_cached = settings.truthy("Caching").is_some();
            Some((Node::template_text(&name, place), required, is_cached))
        }
        _ => {
            written.as_str()?;
            Some((written.clone(), no(written.place()), false))
        }
    }
}

fn lower(method: &Node) -> Node {
    let text = method.as_str().unwrap_or_default().to_lowercase();
    match method.is_of_template() {
        true => Node::template_text(&text, method.place()),
        false => Node::text(&text, method.place()),
    }
}

fn under(condition: Option<&Node>, node: Node, place: Span) -> Node {
    let Some(condition) = condition else {
        return node;
    };
    let mut map = Map::plain(place);
    let nothing = Node::made(&reference("AWS::NoValue", place));
    map.set(
        "Fn::If",
        Node::List(vec![condition.clone(), node, nothing], place),
    );
    Node::Map(map)
}

/// Under whose name a method calls its function, where callers are users of IAM.
fn credentials(
    auth: Option<&Map>,
    api: Option<&Map>,
    partition: &str,
    place: Span,
) -> Option<Node> {
    let is_iam = |auth: &Map, name: &str| auth.get(name).and_then(Node::as_str) == Some("AWS_IAM");
    let own = auth.filter(|auth| !auth.is_empty());
    let is_asked = own.is_some_and(|auth| is_iam(auth, "Authorizer"))
        || own.is_none() && api.is_some_and(|api| is_iam(api, "DefaultAuthorizer"));
    if !is_asked {
        return None;
    }
    let role = |auth: Option<&Map>| {
        let role = auth?.get("InvokeRole")?;
        Some(match role.is_truthy() {
            true => role.clone(),
            false => Node::text("NONE", role.place()),
        })
    };
    let role = role(auth).or_else(|| role(api));
    match role {
        Some(role) if role.as_str() == Some("NONE") => None,
        Some(role) if role.as_str() != Some("CALLER_CREDENTIALS") => Some(role),
        _ => Some(Node::text(&format!("arn:{partition}:iam::*:user/*"), place)),
    }
}

/// What an event says of who may call its method.
fn add_auth(
    given: &Given<'_>,
    auth: &Map,
    api: Option<&Map>,
    path: &str,
    method: &str,
    stage: &Node,
    editor: &mut Editor,
) {
    let api = api.map(|api| resolved(&Node::Map(api.clone()), given));
    let authorizers = api.as_ref().and_then(Node::as_map);
    let authorizers = authorizers.and_then(|api| api.map("Authorizers"));
    if let Some(name) = auth.truthy("Authorizer") {
        let scopes = auth.get("AuthorizationScopes");
        editor.set_authorizer(path, method, name, authorizers, scopes);
    }
    if let Some(required) = auth.get("ApiKeyRequired") {
        editor.set_key(path, method, required.is_truthy(), required.place());
    }
    if let Some(Node::Map(policy)) = auth.truthy("ResourcePolicy") {
        editor.add_policy(policy, path, stage);
        if let Some(statements) = policy.truthy("CustomStatements") {
            editor.add_statements(statements);
        }
    }
}

fn add_http_function(source: &Source<'_>, call: &Call<'_>, api: &mut Api) {
    let Some(doc) = &api.definition else { return };
    if !is_definition(doc) {
        return;
    }
    let place = call.event.key;
    let (path, method) = (
        call.path.as_str().unwrap_or_default(),
        call.method.as_str().unwrap_or_default(),
    );
    let uri = function_uri("${AWS::Partition}", &call.target.arn, false, place);
    let condition = source
        .condition()
        .map(|condition| Node::of_template(&condition));
    let uri = under(condition.as_ref(), uri, place);
    let mut editor = Editor::new(doc, true, place);
    if !editor.has_integration(path, method) {
        let lower = lower(&call.method);
        let is_default =
            path == "$default" && lower.as_str() == Some("x-amazon-apigateway-any-method");
        editor.integrate(&call.path, &lower, condition.as_ref(), &mut |method| {
            let mut integration = Map::new(place);
            integration.set_text("type", "aws_proxy");
            integration.set_text("httpMethod", "POST");
            integration.set_text("payloadFormatVersion", "2.0");
            integration.set("uri", uri.clone());
            method.set(INTEGRATION, Node::Map(integration));
            if is_default {
                let yes = Node::Leaf(Value::bool(true, place), false);
                method.set("isDefaultRoute", yes);
            }
            method.or_map("responses", place, false);
        });
    }
    let part = |name: &str| {
        let value = call.event.get(name)?;
        Some(Node::of_template(&value)).filter(Node::is_truthy)
    };
    if let Some(Node::Map(auth)) = part("Auth") {
        let api_auth = api.properties.map("Auth");
        let default = api_auth.and_then(|auth| auth.truthy("DefaultAuthorizer"));
        let authorizers = api_auth.and_then(|auth| auth.map("Authorizers"));
        if let Some(name) = auth.truthy("Authorizer").or(default) {
            let scopes = auth.get("AuthorizationScopes");
            editor.set_authorizer(path, method, name, authorizers, scopes);
        }
    }
    if let Some(timeout) = part("TimeoutInMillis") {
        editor.set_timeout(path, method, &timeout);
    }
    editor.add_path_parameters(&call.path, method);
    if let Some(version) = part("PayloadFormatVersion") {
        editor.set_in_integration(path, method, "payloadFormatVersion", &version);
    }
    api.definition = Some(editor.definition());
}

/// Puts an event of a state machine into its API's definition.
pub(super) fn add_state_machine(
    source: &Source<'_>,
    event: &Event,
    (path, method): (Node, Node),
    id: Option<&str>,
    machine: &str,
    role: Value,
    expansion: &mut Expansion,
) {
    let Some(api) = id.and_then(|id| expansion.apis.get_mut(id)) else {
        return;
    };
    let Some(doc) = api.definition.as_ref().filter(|_| api.is_managed) else {
        return;
    };
    let place = event.key;
    let mut editor = Editor::new(doc, false, place);
    let condition = source
        .condition()
        .map(|condition| Node::of_template(&condition));
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution";
    let uri = Node::made(&sub(uri, Vec::new(), place));
    let uri = under(condition.as_ref(), uri, place);
    let is_unescaped = event
        .get("UnescapeMappingTemplate")
        .is_some_and(|flag| is_truthy(&flag));
    let input = match is_unescaped {
        true => r#"$util.escapeJavaScript($input.json('$')).replaceAll("\\'","'")"#,
        false => "$util.escapeJavaScript($input.json('$'))",
    };
    let template = format!(r#"{{"input": "{input}", "stateMachineArn": "${{{machine}}}"}}"#);
    let template = sub(&template, Vec::new(), place);
    let templates = object(vec![("application/json", template)], place);
    let codes = |text: &str, name: &str| {
        let one = |code: &str, text: &str| {
            let mut map = Map::new(place);
            let text = if text.is_empty() { code } else { text };
            map.set_text(name, text);
            Node::Map(map)
        };
        let (fine, bad) = text.split_once('/').unwrap_or_default();
        let mut map = Map::new(place);
        map.set("200", one("200", fine));
        map.set("400", one("400", bad));
        Node::Map(map)
    };
    let lower = lower(&method);
    editor.integrate(&path, &lower, condition.as_ref(), &mut |method| {
        let mut integration = Map::new(place);
        integration.set_text("type", "aws");
        integration.set_text("httpMethod", "POST");
        integration.set("uri", uri.clone());
        integration.set("responses", codes("", "statusCode"));
        integration.set("credentials", Node::made(&role));
        if !method.has("responses") {
            method.set(INTEGRATION, Node::Map(integration.clone()));
            method.set("responses", codes("OK/Bad Request", "description"));
        }
        integration.set("requestTemplates", Node::made(&templates));
        method.set(INTEGRATION, Node::Map(integration));
    });
    let auth = event.get("Auth").map(|auth| Node::of_template(&auth));
    if let Some(Node::Map(auth)) = auth.filter(Node::is_truthy) {
        let api_auth = api.properties.map("Auth").cloned();
        let (path, method) = (
            path.as_str().unwrap_or_default(),
            method.as_str().unwrap_or_default(),
        );
        add_auth(
            source.given,
            &auth,
            api_auth.as_ref(),
            path,
            method,
            &Node::Leaf(Value::null(place), false),
            &mut editor,
        );
    }
    api.definition = Some(editor.definition());
}

/// A part of a definition with the values of parameters put in.
fn resolved(node: &Node, given: &Given<'_>) -> Node {
    node.with(&|part| {
        let map = part.as_map()?;
        let is_one = map.names().len() == 1 && (map.has("Ref") || map.has("Fn::Sub"));
        is_one.then(|| Node::of_template(&given.resolved(&map.value())))
    })
}

/// Expands an API that the template has.
pub(super) fn api(source: &Source<'_>, expansion: &mut Expansion) {
    if let Some(api) = expansion.apis.shift_remove(&source.name) {
        expand(source, api, expansion);
    }
}

fn expand(source: &Source<'_>, api: Api, expansion: &mut Expansion) {
    if api.is_http {
        http(source, api, expansion);
        return;
    }
    let mut properties = match source.properties.as_object() {
        Some(object) => object.members().clone(),
        None => Members::default(),
    };
    // Tags are listed in the order of their hash table.
    if let (Some(written), Some(member)) = (api.properties.map("Tags"), properties.get_mut("Tags"))
    {
        let tags = written.names().into_iter().filter_map(|name| {
            let value = written.get(&name)?.value();
            let key = written.key(&name).0;
            Some((name, Member { key, value }))
        });
        member.value = Value::object(tags.collect(), written.place);
    }
    let source = Source {
        name: source.name.clone(),
        properties: Value::object(properties, source.properties.span()),
        ..*source
    };
    let since = expansion.resources.len();
    rest(&source, api, expansion);
    expansion.propagate_tags(&source, since);
}

/// Expands the APIs that events imply.
pub(super) fn implicit(given: &Given<'_>, expansion: &mut Expansion) {
    let names: Vec<Arc<str>> = expansion.apis.keys().cloned().collect();
    for name in names {
        let Some(mut api) = expansion.apis.shift_remove(&name) else {
            continue;
        };
        let place = api.place;
        if let Some(Node::Map(tags)) =
            (!api.tags.is_empty()).then(|| Node::made(&Value::object(api.tags.clone(), place)))
        {
            let mut all = match api.properties.map("Tags") {
                Some(known) => known.clone(),
                None => Map::plain(place),
            };
            all.update(&tags);
            api.properties.set("Tags", Node::Map(all));
            let yes = Node::Leaf(Value::bool(true, place), false);
            api.properties.set("PropagateTags", yes);
        }
        let mut resource = vec![("Type", text("", place))];
        resource.extend(
            api.condition
                .clone()
                .map(|condition| ("Condition", condition)),
        );
        let resource = object(resource, place);
        let source = Source {
            name: name.clone(),
            key: place,
            resource: &resource,
            properties: api.properties.value(),
            given,
        };
        expand(&source, api, expansion);
    }
}

fn rest(source: &Source<'_>, mut api: Api, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    if let Some(types) = source.resolved("BinaryMediaTypes") {
        properties.set("BinaryMediaTypes", types.span(), types);
    }
    properties.take(source, "MinimumCompressionSize", "MinimumCompressionSize");
    properties.take_truthy(
        source,
        &[
            "Name",
            "Description",
            "Mode",
            "ApiKeySourceType",
            "Policy",
            "SecurityPolicy",
            "EndpointAccessMode",
            "FailOnWarnings",
        ],
    );
    if let Some(endpoint) = source.truthy("EndpointConfiguration") {
        configure_endpoint(&endpoint, &mut properties);
    }
    let auth = api
        .properties
        .get("Auth")
        .map(|auth| resolved(auth, source.given));
    let auth = auth.as_ref().and_then(Node::as_map).cloned();
    let auth = auth.filter(|auth| !auth.is_empty());
    let version = api.properties.get("OpenApiVersion").cloned();
    define(source, &mut api, auth.as_ref(), version.as_ref());
    let body = source.truthy("DefinitionBody");
    let printed = if let Some(uri) = source.truthy("DefinitionUri") {
        let parts = ["Bucket", "Key", "Version"];
        let location = location(&uri.value, parts, "the packaged definition");
        properties.set("BodyS3Location", uri.key, location.clone());
        let mut parts = Map::new(uri.key);
        for (name, part) in location.entries() {
            parts.set(name, Node::of_template(&part));
        }
        let is_known = location.as_object().is_some();
        is_known.then(|| Node::Map(parts).printed()).flatten()
    } else if let Some(mut doc) = api.definition.take() {
        definition::third(&mut doc, version.as_ref());
        let place = body.as_ref().map_or(key, |body| body.key);
        properties.set("Body", place, doc.value());
        Node::Map(doc).printed()
    } else {
        let body = body.unwrap_or_else(|| {
            let value = packaged("what the functions' events define", key);
            Member { key, value }
        });
        let printed = Node::of_template(&body.value).printed();
        properties.set("Body", body.key, body.value);
        printed
    };
    let kind = "AWS::ApiGateway::RestApi";
    expansion.add(name.to_owned(), kind, key, source, properties);

    let domain = api
        .properties
        .get("Domain")
        .map(|domain| resolved(domain, source.given));
    let domain = domain.and_then(|domain| domain.as_map().cloned());
    let domain = domain.map(|domain| domains::of_rest(source, domain, expansion));

    // What the deployment's id is made of.
    let mut parts = vec![printed];
    if let Some(version) = version.as_ref().filter(|version| version.is_truthy()) {
        parts.push(match version.as_str() {
            Some(version) => Some(version.to_owned()),
            None => version.printed(),
        });
    }
    if let Some(domain) = domain {
        parts.push(Node::Map(domain).as_json());
    }
    if api.function_names.as_deref() != Some("") {
        parts.push(api.function_names.clone());
    }
    let parts: Option<Vec<String>> = parts.into_iter().collect();
    let is_always = source.is("AlwaysDeploy");
    let digest = parts
        .filter(|_| !is_always)
        .map(|parts| digest(&parts.join("||")));
    let short = digest.as_deref().map_or("", |digest| &digest[..10]);
    let deployment = format!("{name}Deployment{short}");
    let mut properties = Properties::default();
    properties.set("RestApiId", key, reference(name, key));
    let description = match &digest {
        Some(digest) => text(format!("RestApi deployment id: {digest}"), key),
        None => packaged("the API's definition", key),
    };
    properties.set("Description", key, description);
    if version.is_none_or(|version| !version.is_truthy()) {
        properties.set("StageName", key, text("Stage", key));
    }
    let kind = "AWS::ApiGateway::Deployment";
    expansion.add(deployment.clone(), kind, key, source, properties);

    let stage = source.get("StageName");
    let stage = stage.as_ref().and_then(Value::as_str).unwrap_or_default();
    let stage_id = match !stage.is_empty() && stage.chars().all(char::is_alphanumeric) {
        true => format!("{name}{stage}Stage"),
        false => format!("{name}Stage{}", suffix(stage)),
    };
    let mut properties = Properties::default();
    properties.set("RestApiId", key, reference(name, key));
    properties.set("DeploymentId", key, reference(&deployment, key));
    properties.take_all(
        source,
        &[
            "StageName",
            "AccessLogSetting",
            "CacheClusterEnabled",
            "CacheClusterSize",
            "CanarySetting",
            "MethodSettings",
            "TracingEnabled",
            "Variables",
        ],
    );
    if let Some(tags) = source.member("Tags") {
        properties.set("Tags", tags.key, tag_list(&tags.value));
    }
    let kind = "AWS::ApiGateway::Stage";
    expansion.add(stage_id.clone(), kind, key, source, properties);
    expansion.alias(name, "Stage", &stage_id);
    expansion.alias(name, "Deployment", &deployment);
    if let Some(auth) = &auth {
        permit_authorizers(source, auth, false, expansion);
        plan(source, auth, &stage_id, expansion);
    }
}

fn configure_endpoint(endpoint: &Member, properties: &mut Properties) {
    let place = endpoint.value.span();
    // A word, or a mapping with one.
    let kind = endpoint.value.member("Type").filter(is_truthy);
    let mut parts = Vec::new();
    match &kind {
        Some(kind) => {
            parts.push(("Types", list(vec![kind.clone()], place)));
            let networks = endpoint.value.member("VPCEndpointIds");
            let networks = networks.or_else(|| endpoint.value.member("VpcEndpointIds"));
            parts.extend(networks.map(|networks| ("VpcEndpointIds", networks)));
            let address = endpoint.value.member("IpAddressType");
            parts.extend(address.map(|address| ("IpAddressType", address)));
        }
        None => parts.push(("Types", list(vec![endpoint.value.clone()], place))),
    }
    let configuration = object(parts, place);
    properties.set("EndpointConfiguration", endpoint.key, configuration);
    let kind = kind.unwrap_or_else(|| endpoint.value.clone());
    let parameters = object(vec![("endpointConfigurationTypes", kind)], place);
    properties.set("Parameters", endpoint.key, parameters);
}

/// Puts what an API's properties say into its definition.
fn define(source: &Source<'_>, api: &mut Api, auth: Option<&Map>, version: Option<&Node>) {
    let Some(mut doc) = api.definition.take() else {
        return;
    };
    let key = source.key;
    let property = |name: &str| api.properties.truthy(name).cloned();
    let is_valid = is_definition(&doc);
    if let Some(cors) = property("Cors").filter(|_| is_valid) {
        let place = cors.place();
        let is_function = cors.as_map().is_some_and(|cors| {
            cors.names().len() == 1
                && cors
                    .names()
                    .iter()
                    .all(|name| super::python::is_function_name(name))
        });
        let cors = match cors {
            Node::Map(map) if !is_function => map,
            origin => {
                let mut map = Map::new(place);
                map.set("AllowOrigin", origin);
                map
            }
        };
        let mut editor = Editor::new(&doc, false, place);
        let mut done: Vec<String> = Vec::new();
        for path in editor.path_names() {
            let normal = match &*path {
                "/" => "/".to_owned(),
                path => path.trim_end_matches('/').to_owned(),
            };
            if !done.contains(&normal) {
                editor.add_cors(&path, &cors);
                done.push(normal);
            }
        }
        doc = editor.definition();
    }
    if let Some(auth) = auth.filter(|_| is_valid) {
        let place = auth.place;
        let mut editor = Editor::new(&doc, false, place);
        let default = auth.truthy("DefaultAuthorizer");
        let authorizers = authorizers(auth, default, place);
        let is_on = |name: &str| auth.get(name).is_none_or(Node::is_truthy);
        if !authorizers.is_empty() {
            editor.add_authorizers(&authorizers, source.given.partition());
            if let Some(default) = default {
                let is_for_preflight = is_on("AddDefaultAuthorizerToCorsPreflight");
                for path in editor.path_names() {
                    editor.set_default_authorizer(&path, default, &authorizers, is_for_preflight);
                }
            }
        }
        if auth.truthy("ApiKeyRequired").is_some() {
            editor.add_key_scheme();
            let is_for_preflight = is_on("AddApiKeyRequiredToCorsPreflight");
            for path in editor.path_names() {
                editor.set_default_key(&path, is_for_preflight);
            }
        }
        if let Some(Node::Map(policy)) = auth.truthy("ResourcePolicy") {
            let stage = api.properties.get("StageName").cloned();
            let stage = stage.unwrap_or_else(|| Node::text("", key));
            for path in editor.path_names() {
                editor.add_policy(policy, &path, &stage);
            }
            if let Some(statements) = policy.truthy("CustomStatements") {
                editor.add_statements(statements);
            }
        }
        doc = editor.definition();
        definition::third(&mut doc, version);
    }
    if let Some(Node::Map(responses)) = property("GatewayResponses").filter(|_| is_valid) {
        let mut ordered = Map::new(responses.place);
        for name in responses.names() {
            if let Some(response) = responses.get(&name) {
                ordered.set_of_template(&name, responses.key(&name).0, response.clone());
            }
        }
        let mut editor = Editor::new(&doc, false, responses.place);
        editor.add_responses(&ordered);
        doc = editor.definition();
    }
    if let Some(types) = property("BinaryMediaTypes").filter(|_| doc.map("paths").is_some()) {
        let mut editor = Editor::new(&doc, false, types.place());
        editor.set_media_types(&resolved(&types, source.given));
        doc = editor.definition();
    }
    if let Some(Node::Map(models)) = property("Models").filter(|_| is_valid) {
        let mut editor = Editor::new(&doc, false, models.place);
        editor.add_models(&models);
        doc = editor.definition();
        definition::third(&mut doc, version);
    }
    if let Some(flag) = api.properties.get("DisableExecuteApiEndpoint")
        && doc.map("paths").is_some()
    {
        let mut editor = Editor::new(&doc, false, flag.place());
        editor.set_endpoint(flag);
        doc = editor.definition();
    }
    api.definition = Some(doc);
}

/// The authorizers of an API in their order.
fn authorizers(auth: &Map, default: Option<&Node>, place: Span) -> Vec<Authorizer> {
    let mut settings = Map::new(place);
    let iam = default.filter(|default| default.as_str() == Some("AWS_IAM"));
    if let Some(iam) = iam {
        settings.set_of_template("AWS_IAM", iam.place(), Node::Map(Map::new(place)));
    }
    if let Some(Node::Map(written)) = auth.truthy("Authorizers") {
        for name in written.names() {
            if let Some(Node::Map(one)) = written.get(&name) {
                settings.set_of_template(&name, written.key(&name).0, Node::Map(one.clone()));
            }
        }
    }
    let names = settings.names().into_iter();
    names
        .filter_map(|name| {
            Some(Authorizer {
                key: settings.key(&name),
                is_iam: &*name == "AWS_IAM" && iam.is_some() && settings.map(&name)?.is_empty(),
                settings: settings.map(&name)?.clone(),
                name,
            })
        })
        .collect()
}

/// What lets an API ask the functions that authorize its callers. The two kinds of API differ in what they do by default:
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-lambdatokenauthorizer.html>,
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-lambdaauthorizer.html>
fn permit_authorizers(source: &Source<'_>, auth: &Map, is_http: bool, expansion: &mut Expansion) {
    for authorizer in authorizers(auth, None, source.key) {
        let Some(function) = authorizer.settings.truthy("FunctionArn") else {
            continue;
        };
        let flag = |name: &str| authorizer.settings.truthy(name).is_some();
        let is_wanted = match is_http {
            true => flag("EnableFunctionDefaultPermissions"),
            false => !flag("DisableFunctionDefaultPermissions"),
        };
        if !is_wanted {
            continue;
        }
        let place = function.place();
        let partition = match is_http {
            true => "${AWS::Partition}",
            false => source.given.partition(),
        };
        let api = reference(&source.name, place);
        let arn = api_arn(partition, api, "authorizers/*", place);
        let mut properties = Properties::default();
        properties.set("Action", place, text("lambda:InvokeFunction", place));
        properties.set("FunctionName", place, function.value());
        properties.set("Principal", place, text("apigateway.amazonaws.com", place));
        properties.set("SourceArn", place, arn);
        let id = format!("{}{}AuthorizerPermission", source.name, authorizer.name);
        expansion.add(id, "AWS::Lambda::Permission", place, source, properties);
    }
}

/// The usage plan of an API, its key and what joins them.
fn plan(source: &Source<'_>, auth: &Map, stage: &str, expansion: &mut Expansion) {
    let Some(Node::Map(written)) = auth.get("UsagePlan") else {
        return;
    };
    let place = written.place;
    let name = &*source.name;
    let kind = written.get("CreateUsagePlan").and_then(Node::as_str);
    let is_shared = kind == Some("SHARED");
    if !is_shared && kind != Some("PER_API") {
        return;
    }
    let prefix = if is_shared { "Serverless" } else { name };
    let stage_of = |api: &str, stage_name: &str| {
        object(
            vec![
                (api, reference(name, place)),
                (stage_name, reference(stage, place)),
            ],
            place,
        )
    };
    let (mut stages, mut keys) = (
        vec![stage_of("ApiId", "Stage")],
        vec![stage_of("RestApiId", "StageName")],
    );
    let mut condition = source.condition();
    if is_shared {
        let shared = &mut expansion.shared_plan;
        shared.stages.append(&mut stages);
        shared.keys.append(&mut keys);
        (stages, keys) = (shared.stages.clone(), shared.keys.clone());
        match condition {
            None => shared.is_without_condition = true,
            Some(condition) => {
                if !shared
                    .conditions
                    .iter()
                    .any(|known| known.is_same(&condition))
                {
                    shared.conditions.push(condition);
                }
            }
        }
        condition = None;
        if !shared.is_without_condition {
            let all = shared.conditions.clone();
            let one = any_condition("SharedUsagePlanCondition", all, place, expansion);
            condition = Some(one);
        }
    }
    let plan = format!("{prefix}UsagePlan");
    let mut properties = Properties::default();
    properties.set("ApiStages", place, list(stages, place));
    for part in ["UsagePlanName", "Description", "Quota", "Tags", "Throttle"] {
        if let Some(value) = written.truthy(part) {
            properties.set(part, written.key(part).0, value.value());
        }
    }
    let mut add = |id: &str, kind: &str, properties: Properties| {
        let condition = condition.clone();
        expansion.add_if(id.to_owned(), kind, place, source, properties, condition);
    };
    add(&plan, "AWS::ApiGateway::UsagePlan", properties);
    let api_key = format!("{prefix}ApiKey");
    let mut properties = Properties::default();
    properties.set("Enabled", place, Value::bool(true, place));
    properties.set("StageKeys", place, list(keys, place));
    add(&api_key, "AWS::ApiGateway::ApiKey", properties);
    let joint = format!("{prefix}UsagePlanKey");
    let mut properties = Properties::default();
    properties.set("KeyId", place, reference(&api_key, place));
    properties.set("KeyType", place, text("API_KEY", place));
    properties.set("UsagePlanId", place, reference(&plan, place));
    add(&joint, "AWS::ApiGateway::UsagePlanKey", properties);
    for (what, id) in [
        ("UsagePlan", plan),
        ("ApiKey", api_key),
        ("UsagePlanKey", joint),
    ] {
        expansion.alias(name, what, &id);
    }
}

fn http(source: &Source<'_>, mut api: Api, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    properties.take_truthy(source, &["FailOnWarnings"]);
    let place = source.member("DefinitionBody").map_or(key, |body| body.key);
    let auth = api.properties.get("Auth").and_then(Node::as_map).cloned();
    let auth = auth.filter(|auth| !auth.is_empty());
    let is_made = api.definition.is_some();
    // Only what the resource itself says is kept in the order of hash tables.
    let own = source
        .resource
        .member("Properties")
        .and_then(|own| own.member("Tags"));
    let is_ordered = expansion.order.is_some()
        && own
            .zip(source.get("Tags"))
            .is_some_and(|(own, all)| own.is_same(&all));
    let tags = define_http(source, &mut api, auth.as_ref(), is_ordered);
    if let Some(uri) = source.truthy("DefinitionUri") {
        let parts = ["Bucket", "Key", "Version"];
        let location = location(&uri.value, parts, "the packaged definition");
        properties.set("BodyS3Location", uri.key, location);
    } else if let Some(doc) = &api.definition {
        properties.set("Body", place, doc.value());
    } else if let Some(body) = source.member("DefinitionBody") {
        properties.set("Body", body.key, body.value);
    }
    let kind = "AWS::ApiGatewayV2::Api";
    expansion.add(name.to_owned(), kind, key, source, properties);
    if let Some(auth) = &auth {
        permit_authorizers(source, auth, true, expansion);
    }
    let domain = source.resolved("Domain");
    if let Some(domain) = domain.filter(|domain| domain.as_object().is_some()) {
        let tags = tags.as_ref().filter(|_| is_made);
        domains::of_http(source, &domain, "httpapi:createdBy", tags, expansion);
    }
    let stage = source.truthy("StageName");
    let written = stage
        .as_ref()
        .map(|stage| stage.value.as_str().unwrap_or_default());
    let stage_id = match written {
        None | Some("$default") => format!("{name}ApiGatewayDefaultStage"),
        Some(stage) if !stage.is_empty() && stage.chars().all(char::is_alphanumeric) => {
            format!("{name}{stage}Stage")
        }
        Some(stage) => format!("{name}Stage{}", suffix(stage)),
    };
    let mut properties = Properties::default();
    properties.set("ApiId", key, reference(name, key));
    match stage {
        Some(stage) => properties.set("StageName", stage.key, stage.value),
        None => properties.set("StageName", key, text("$default", key)),
    }
    properties.set("AutoDeploy", key, Value::bool(true, key));
    properties.take_all(
        source,
        &[
            "AccessLogSettings",
            "DefaultRouteSettings",
            "RouteSettings",
            "StageVariables",
        ],
    );
    if !api.route_settings.is_empty() {
        let known = properties.0.get("RouteSettings");
        let known = known.and_then(|known| known.value.as_object());
        let mut all = known
            .map(|known| known.members().clone())
            .unwrap_or_default();
        for (route, settings) in api.route_settings {
            let value = match all.get(&route) {
                Some(known) => super::merged(&known.value, &settings.value, ""),
                None => settings.value,
            };
            let key = settings.key;
            all.insert(route, Member { key, value });
        }
        properties.set("RouteSettings", key, Value::object(all, key));
    }
    if let Some(tags) = tags {
        properties.set("Tags", tags.span(), tags);
    }
    let kind = "AWS::ApiGatewayV2::Stage";
    expansion.add(stage_id.clone(), kind, key, source, properties);
    expansion.alias(name, "Stage", &stage_id);
}

/// Puts what an HTTP API's properties say into its definition; its tags, with the transform's own.
fn define_http(
    source: &Source<'_>,
    api: &mut Api,
    auth: Option<&Map>,
    is_ordered: bool,
) -> Option<Value> {
    let own = source.truthy("Tags");
    let own_tags = own.as_ref().map(|own| own.value.clone());
    let Some(mut doc) = api.definition.take() else {
        return own_tags;
    };
    if !is_definition(&doc) {
        api.definition = Some(doc);
        return own_tags;
    }
    let cors = api.properties.truthy("CorsConfiguration");
    if let Some(cors) = cors.map(|cors| resolved(cors, source.given)) {
        let place = cors.place();
        let mut editor = Editor::new(&doc, true, place);
        match &cors {
            Node::Map(map)
                if map
                    .names()
                    .iter()
                    .any(|name| super::python::is_function_name(name)) =>
            {
                editor.set_http_cors(in_small(&cors));
            }
            Node::Map(map) => editor.add_http_cors(map),
            _ => {
                let mut map = Map::new(place);
                let all = vec![Node::text("*", place)];
                map.set("AllowOrigins", Node::List(all, place));
                editor.add_http_cors(&map);
            }
        }
        doc = editor.definition();
    }
    if let Some(auth) = auth {
        let place = auth.place;
        let mut editor = Editor::new(&doc, true, place);
        let mut all = authorizers(auth, None, place);
        let is_iam = auth.get("EnableIamAuthorizer").and_then(Node::as_bool) == Some(true);
        if is_iam && !all.iter().any(|one| &*one.name == "AWS_IAM") {
            let iam = Authorizer {
                name: "AWS_IAM".into(),
                key: (place, false),
                is_iam: true,
                settings: Map::new(place),
            };
            all.insert(0, iam);
        }
        editor.add_authorizers(&all, source.given.partition());
        let default = auth.truthy("DefaultAuthorizer");
        if let Some(default) = default.filter(|default| !is_nothing(&default.value())) {
            for path in editor.path_names() {
                editor.set_default_authorizer(&path, default, &all, true);
            }
        }
        doc = editor.definition();
    }
    let mut tags = own_tags
        .as_ref()
        .and_then(Value::as_object)
        .map(|tags| tags.members().clone())
        .unwrap_or_default();
    let place = own.as_ref().map_or(source.key, |own| own.value.span());
    tags.insert("httpapi:createdBy".into(), text("SAM", place).into());
    let tags = Value::object(tags, place);
    let mut editor = Editor::new(&doc, true, source.key);
    let mut nodes: Vec<(Arc<str>, Node)> = tags
        .entries()
        .map(|(name, value)| (name.clone(), Node::of_template(&value)))
        .collect();
    if is_ordered && own_tags.is_some() {
        let mut order = Map::new(place);
        for (name, _) in &nodes {
            order.set_text(name, "");
        }
        let names = order.names();
        nodes.sort_by_key(|(name, _)| names.iter().position(|known| known == name));
    }
    editor.add_tags(&nodes);
    if let Some(flag) = api.properties.get("DisableExecuteApiEndpoint") {
        editor.set_endpoint(flag);
    }
    for (from, to) in [("Name", "title"), ("Description", "description")] {
        if let Some(value) = api.properties.truthy(from) {
            editor.set_info(to, value);
        }
    }
    let mut doc = editor.definition();
    // The importer takes only paths that start with a slash when it is strict.
    if source.truthy("FailOnWarnings").is_some()
        && let Some(Node::Map(paths)) = doc.get_mut("paths")
        && let Some(default) = paths.remove("$default")
    {
        paths.set("/$default", default);
    }
    api.definition = Some(doc);
    Some(tags)
}

/// Settings for browsers with the names that OpenAPI has for them.
fn in_small(node: &Node) -> Node {
    match node {
        Node::Map(map) => {
            let mut new = Map::plain(map.place);
            for name in map.names() {
                let small = match &*name {
                    "AllowOrigins" => "allowOrigins",
                    "AllowHeaders" => "allowHeaders",
                    "AllowMethods" => "allowMethods",
                    "ExposeHeaders" => "exposeHeaders",
                    "MaxAge" => "maxAge",
                    "AllowCredentials" => "allowCredentials",
                    name => name,
                };
                if let Some(part) = map.get(&name) {
                    new.set(small, in_small(part));
                }
            }
            Node::Map(new)
        }
        Node::List(items, place) => Node::List(items.iter().map(in_small).collect(), *place),
        leaf => leaf.clone(),
    }
}

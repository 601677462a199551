//! The serverless transform: `AWS::Serverless::*` resources in, the resources that AWS makes of them out.
//!
//! Everything is made of the values that the user wrote, so that each property keeps its place; what the transform adds of
//! itself (a role's trust, a permission's principal) stands at the name of the resource or event that asks for it.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html>

mod apis;
mod connectors;
mod definition;
mod deployments;
mod domains;
mod events;
mod functions;
mod graphs;
mod others;
mod policies;
mod python;

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::source::Span;
use crate::value::{Data, Member, Members, Reason, Value};

/// The transform's name in a template.
pub(super) const NAME: &str = "AWS::Serverless-2016-10-31";

/// What the transform makes of a template's resources.
#[derive(Default)]
pub(super) struct Expansion {
    /// The resources.
    pub(super) resources: Members,
    /// Conditions that it adds.
    pub(super) conditions: Members,
    /// What references such as `Function.Alias` mean: ids of resources that were made.
    pub(super) aliases: FxHashMap<Arc<str>, Arc<str>>,
    /// Serverless resources that are left as they are: name and type.
    pub(super) left: Vec<(Span, String)>,
    /// APIs, of which events make the definitions.
    apis: IndexMap<Arc<str>, apis::Api, FxBuildHasher>,
    /// Functions that are deployed bit by bit.
    deployments: Vec<deployments::Deployment>,
    /// What the usage plan of all APIs is for.
    shared_plan: apis::SharedPlan,
    /// Where in the template the resources come from.
    positions: FxHashMap<Arc<str>, usize>,
    /// Where what is being expanded stands in the template.
    position: usize,
    /// The names of all resources as the transform's dictionary orders them; none if it keeps the template's order.
    order: Option<python::Map>,
    /// Resources of the template that what is being expanded changed.
    changed: Vec<Arc<str>>,
    /// Layers that make functions publish a version when they change, with their properties.
    publishing_layers: FxHashMap<Arc<str>, Value>,
}

/// What the transform knows when it runs.
pub(super) struct Given<'g> {
    /// The value of a parameter.
    pub(super) parameter: &'g dyn Fn(&str) -> Option<Value>,
    /// What a function is worth, for the few properties in which the transform looks maps up.
    pub(super) evaluate: &'g dyn Fn(&Value) -> Value,
    /// Whether something is written without quotation marks.
    pub(super) is_plain: &'g dyn Fn(Span) -> bool,
    /// The region that is deployed to.
    pub(super) region: Option<&'g str>,
}

impl Given<'_> {
    /// A value with the values of parameters put in, in references and patterns.
    fn resolved(&self, value: &Value) -> Value {
        let place = value.span();
        match &value.data {
            Data::Object(object) => {
                if let [(name, member)] = object.members().iter().collect::<Vec<_>>()[..] {
                    let argument = value.seen(&member.value);
                    match &**name {
                        "Ref" => {
                            let given = argument.as_str().and_then(|name| self.value_of(name));
                            return given.map_or_else(|| value.clone(), |v| v.moved_to(place));
                        }
                        "Fn::Sub" => {
                            let argument = self.filled(&argument);
                            return self::object(vec![("Fn::Sub", argument)], place);
                        }
                        _ => {}
                    }
                }
                let members = object.members().iter().map(|(name, member)| {
                    let value = self.resolved(&value.seen(&member.value));
                    let key = member.key;
                    (name.clone(), Member { key, value })
                });
                Value::object(members.collect(), place)
            }
            Data::List(_) => {
                let items = value.elements().map(|item| self.resolved(&item));
                Value::list(items.collect(), place)
            }
            _ => value.clone(),
        }
    }

    fn value_of(&self, name: &str) -> Option<Value> {
        match name {
            "AWS::Region" => Some(Value::text(self.region?, Span::NONE)),
            "AWS::Partition" => {
                self.region?;
                Some(Value::text(self.partition(), Span::NONE))
            }
            _ => (self.parameter)(name),
        }
    }

    /// The pattern of `Fn::Sub` with parameters put in.
    fn filled(&self, argument: &Value) -> Value {
        if let Some(pattern) = argument.as_str() {
            let mut out = String::new();
            let mut rest = pattern;
            while let Some((before, after)) = rest.split_once("${") {
                out.push_str(before);
                let (name, after) = after.split_once('}').unwrap_or((after, ""));
                let given = self.value_of(name);
                match given.as_ref().and_then(super::parameters::scalar_text) {
                    Some(text) => out.push_str(&text),
                    None => {
                        out.push_str("${");
                        out.push_str(name);
                        out.push('}');
                    }
                }
                rest = after;
            }
            out.push_str(rest);
            return Value::text(out, argument.span());
        }
        let mut parts = argument.elements();
        let Some(pattern) = parts.next() else {
            return argument.clone();
        };
        let mut all = vec![self.filled(&pattern)];
        all.extend(parts.map(|part| self.resolved(&part)));
        Value::list(all, argument.span())
    }

    /// The partition of the region: the usual one if none is known.
    fn partition(&self) -> &'static str {
        let region = self.region.unwrap_or_default();
        let known = [
            ("cn-", "aws-cn"),
            ("us-iso-", "aws-iso"),
            ("us-isob", "aws-iso-b"),
            ("us-gov", "aws-us-gov"),
            ("eu-isoe", "aws-iso-e"),
            ("us-isof", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        let known = known
            .into_iter()
            .find(|(start, _)| region.starts_with(start));
        known.map_or("aws", |(_, partition)| partition)
    }
}

/// Carries out the transform.
pub(super) fn expand(resources: &Members, globals: Option<&Value>, given: &Given<'_>) -> Expansion {
    let mut expansion = Expansion::default();
    let mut serverless: Vec<(usize, &str, Source<'_>)> = Vec::new();
    // Connectors need to know both their ends.
    let mut ends: Vec<(usize, String, Span, Value, Value)> = Vec::new();
    for (position, (name, member)) in resources.iter().enumerate() {
        let Data::Object(object) = &member.value.data else {
            expansion.resources.insert(name.clone(), member.clone());
            continue;
        };
        for (id, resource, properties) in connectors::embedded(name, &member.value, member.key) {
            ends.push((position, id, properties.span(), resource, properties));
        }
        let kind = object.get("Type").and_then(Value::as_str);
        let Some(service) = kind.and_then(|kind| kind.strip_prefix("AWS::Serverless::")) else {
            expansion.positions.insert(name.clone(), position);
            expansion.resources.insert(name.clone(), member.clone());
            continue;
        };
        let properties = object.get("Properties").cloned();
        let properties = properties.filter(|properties| properties.as_object().is_some());
        let properties =
            properties.unwrap_or_else(|| Value::object(Members::default(), member.key));
        let global = global_properties(globals, service, &member.value);
        let properties = match &global {
            Some(global) => merged(global, &properties, service),
            None => properties,
        };
        let source = Source {
            name: name.clone(),
            key: member.key,
            resource: &member.value,
            properties,
            given,
        };
        serverless.push((position, service, source));
    }
    if has_rest_api(&serverless, globals) {
        // The transform walks over its resources as its dictionaries are ordered.
        let mut order = python::Map::new(Span::NONE);
        for name in resources.keys() {
            order.set_text(name, "");
        }
        let names = order.names();
        serverless.sort_by_key(|(_, _, source)| names.iter().position(|name| *name == source.name));
        expansion.order = Some(order);
    }
    apis::prepare(&mut serverless, globals, &mut expansion);
    for (_, service, source) in &serverless {
        if *service == "LayerVersion"
            && source
                .get("PublishLambdaVersion")
                .is_some_and(|flag| python::is_truthy(&flag))
        {
            let properties = source.properties.clone();
            expansion
                .publishing_layers
                .insert(source.name.clone(), properties);
        }
    }
    // Events make the definitions of APIs: these come after what has events.
    let step = |service: &str| match service {
        "Function" => 0,
        "StateMachine" => 1,
        "Api" | "HttpApi" | "WebSocketApi" => 2,
        _ => 3,
    };
    serverless.sort_by_key(|(_, service, _)| step(service));
    for (position, service, source) in &serverless {
        expansion.position = *position;
        expansion.changed.clear();
        match *service {
            "Function" => functions::function(source, &mut expansion),
            "StateMachine" => functions::state_machine(source, &mut expansion),
            "LayerVersion" => functions::layer(source, &mut expansion),
            "Api" | "HttpApi" => apis::api(source, &mut expansion),
            "SimpleTable" => others::table(source, &mut expansion),
            "Application" => others::application(source, &mut expansion),
            "GraphQLApi" => graphs::graph(source, &mut expansion),
            "WebSocketApi" => others::web_socket(source, &mut expansion),
            "CapacityProvider" => others::capacity_provider(source, &mut expansion),
            "Connector" => {
                let properties = source.properties.clone();
                let name = source.name.to_string();
                let resource = source.resource.clone();
                ends.push((*position, name, source.key, resource, properties));
            }
            _ => {
                let kind = format!("AWS::Serverless::{service}");
                expansion.left.push((source.key, kind));
                let name = source.name.clone();
                expansion.positions.insert(name.clone(), *position);
                expansion.resources.extend(
                    resources
                        .get_key_value(&name)
                        .map(|(name, member)| (name.clone(), member.clone())),
                );
            }
        }
    }
    expansion.position = resources.len();
    apis::implicit(given, &mut expansion);
    deployments::finish(given, &mut expansion);
    for (position, name, key, resource, properties) in ends {
        expansion.position = position;
        let source = Source {
            name: name.into(),
            key,
            resource: &resource,
            properties,
            given,
        };
        if !connectors::connector(&source, &mut expansion) {
            let kind = "AWS::Serverless::Connector".to_owned();
            expansion.left.push((key, kind));
        }
    }
    let positions = std::mem::take(&mut expansion.positions);
    expansion
        .resources
        .sort_by_cached_key(|name, _| positions.get(name).copied().unwrap_or(usize::MAX));
    expansion
}

/// Whether the transform keeps the template as it did when it was written in Python 2.7: where APIs are that it names
/// deployments of, or that have a default authorizer.
fn has_rest_api(serverless: &[(usize, &str, Source<'_>)], globals: Option<&Value>) -> bool {
    let has_default = |properties: Option<Value>| {
        let auth = properties.and_then(|properties| properties.member("Auth"));
        let default = auth.and_then(|auth| auth.member("DefaultAuthorizer"));
        default.is_some_and(|default| python::is_truthy(&default))
    };
    let is_global = has_default(globals.and_then(|globals| globals.member("HttpApi")));
    serverless
        .iter()
        .any(|(_, service, source)| match *service {
            "Api" => true,
            "HttpApi" => is_global || has_default(source.resource.member("Properties")),
            "Function" | "StateMachine" => events::events(source).iter().any(|event| {
                event.kind == "Api"
                    || is_global && *service == "Function" && event.kind == "HttpApi"
            }),
            _ => false,
        })
}

/// The global properties for a resource, without those that it does not want.
fn global_properties(globals: Option<&Value>, service: &str, resource: &Value) -> Option<Value> {
    let global = globals?.member(service)?;
    let Some(ignored) = resource.member("IgnoreGlobals") else {
        return Some(global);
    };
    if ignored.as_str() == Some("*") {
        return None;
    }
    let ignored: Vec<String> = ignored
        .elements()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let mut members = global.as_object()?.members().clone();
    members.retain(|name, _| !ignored.iter().any(|ignored| **ignored == **name));
    Some(Value::object(members, global.span()))
}

/// A serverless resource, globals taken in.
struct Source<'v> {
    name: Arc<str>,
    key: Span,
    resource: &'v Value,
    properties: Value,
    given: &'v Given<'v>,
}

impl Source<'_> {
    /// A property with the place of its name.
    fn member(&self, name: &str) -> Option<Member> {
        let member = self.properties.as_object()?.members().get(name)?;
        let value = self.properties.seen(&member.value);
        let key = member.key;
        (!value.is_null()).then_some(Member { key, value })
    }

    fn get(&self, name: &str) -> Option<Value> {
        self.member(name).map(|member| member.value)
    }

    /// A property that Python takes for true.
    fn truthy(&self, name: &str) -> Option<Member> {
        self.member(name)
            .filter(|member| python::is_truthy(&member.value))
    }

    /// A property with the values of parameters put in.
    fn resolved(&self, name: &str) -> Option<Value> {
        self.get(name).map(|value| self.given.resolved(&value))
    }

    fn text(&self, name: &str) -> Option<String> {
        super::parameters::scalar_text(&self.resolved(name)?)
    }

    fn is(&self, name: &str) -> bool {
        self.resolved(name)
            .is_some_and(|value| python::is_truthy(&value))
    }

    /// The condition of the resource.
    fn condition(&self) -> Option<Value> {
        self.resource.member("Condition")
    }
}

/// Properties that are being put together.
#[derive(Clone, Default)]
struct Properties(Members);

impl Properties {
    fn set(&mut self, name: &str, key: Span, value: Value) {
        self.0.insert(name.into(), Member { key, value });
    }

    /// Takes a property over, under the same name or another.
    fn take(&mut self, source: &Source<'_>, from: &str, to: &str) {
        if let Some(member) = source.member(from) {
            self.0.insert(to.into(), member);
        }
    }

    fn take_all(&mut self, source: &Source<'_>, names: &[&str]) {
        for name in names {
            self.take(source, name, name);
        }
    }

    /// Takes over what Python takes for true.
    fn take_truthy(&mut self, source: &Source<'_>, names: &[&str]) {
        for name in names {
            if let Some(member) = source.truthy(name) {
                self.0.insert((*name).into(), member);
            }
        }
    }
}

impl Expansion {
    /// Adds a resource made from `source`: it exists when that does.
    fn add(
        &mut self,
        id: String,
        kind: &str,
        key: Span,
        source: &Source<'_>,
        properties: Properties,
    ) {
        self.add_if(id, kind, key, source, properties, source.condition());
    }

    /// Adds a resource made from `source` that exists when a condition holds.
    fn add_if(
        &mut self,
        id: String,
        kind: &str,
        key: Span,
        source: &Source<'_>,
        properties: Properties,
        condition: Option<Value>,
    ) {
        let mut members = Members::default();
        let member = |value: Value| Member { key, value };
        members.insert("Type".into(), member(Value::text(kind, key)));
        if let Some(condition) = condition {
            members.insert("Condition".into(), member(condition));
        }
        for attribute in [
            "DependsOn",
            "DeletionPolicy",
            "UpdateReplacePolicy",
            "Metadata",
        ] {
            let written = source.resource.as_object().filter(|_| *id == *source.name);
            if let Some(written) = written.and_then(|object| object.members().get(attribute)) {
                members.insert(attribute.into(), written.clone());
            }
        }
        let properties = Value::object(properties.0, key);
        members.insert("Properties".into(), member(properties));
        // The main resource stands for the whole block.
        let place = if *id == *source.name {
            source.resource.span()
        } else {
            key
        };
        let value = Value::object(members, place);
        let id: Arc<str> = id.into();
        self.positions.entry(id.clone()).or_insert(self.position);
        self.resources.insert(id, Member { key, value });
    }

    /// What `Name.What` means.
    fn alias(&mut self, name: &str, what: &str, id: &str) {
        self.aliases
            .insert(format!("{name}.{what}").into(), id.into());
    }

    /// Lets `change` change a property of a resource that is there.
    fn change(&mut self, id: &str, name: &str, change: &mut dyn FnMut(Option<&Value>) -> Value) {
        self.changed.push(id.into());
        let Some(resource) = self.resources.get_mut(id) else {
            return;
        };
        let Some(object) = resource.value.as_object() else {
            return;
        };
        let mut members = object.members().clone();
        let own = object.get("Properties").and_then(Value::as_object);
        let mut properties = own.map(|own| own.members().clone()).unwrap_or_default();
        let known = properties.get(name);
        let key = known.map_or(resource.key, |known| known.key);
        let value = change(known.map(|known| &known.value));
        properties.insert(name.into(), Member { key, value });
        let (key, place) = match object.members().get("Properties") {
            Some(known) => (known.key, known.value.span()),
            None => (resource.key, resource.key),
        };
        let value = Value::object(properties, place);
        members.insert("Properties".into(), Member { key, value });
        resource.value = Value::object(members, resource.value.span());
    }

    /// Puts the source's tags on all that was made from it, if it says so.
    fn propagate_tags(&mut self, source: &Source<'_>, since: usize) {
        let Some(own) = source.truthy("Tags").filter(|_| source.is("PropagateTags")) else {
            return;
        };
        let list = tag_list(&own.value);
        let changed = std::mem::take(&mut self.changed);
        let made: Vec<(Arc<str>, bool)> = self
            .resources
            .iter()
            .enumerate()
            .filter(|(index, (name, _))| *index >= since || changed.contains(name))
            .filter_map(|(_, (name, member))| {
                let kind = member.value.member("Type")?;
                let is_map = match kind.as_str()? {
                    "AWS::S3::Bucket"
                    | "AWS::Lambda::Function"
                    | "AWS::IAM::Role"
                    | "AWS::SQS::Queue"
                    | "AWS::SNS::Topic"
                    | "AWS::IoT::TopicRule"
                    | "AWS::StepFunctions::StateMachine"
                    | "AWS::ApiGateway::RestApi"
                    | "AWS::ApiGateway::Stage"
                    | "AWS::ApiGateway::DomainName"
                    | "AWS::ApiGateway::DomainNameV2"
                    | "AWS::ApiGateway::DomainNameAccessAssociation"
                    | "AWS::ApiGateway::UsagePlan"
                    | "AWS::ApiGateway::ApiKey" => false,
                    "AWS::ApiGatewayV2::Stage" | "AWS::ApiGatewayV2::DomainName" => true,
                    _ => return None,
                };
                Some((name.clone(), is_map))
            })
            .collect();
        for (name, is_map) in made {
            self.change(&name, "Tags", &mut |_| match is_map {
                true => own.value.clone(),
                false => list.clone(),
            });
        }
    }
}

fn text(text: impl Into<Arc<str>>, place: Span) -> Value {
    Value::text(text, place)
}

fn object(members: Vec<(&str, Value)>, place: Span) -> Value {
    let members = members.into_iter().map(|(name, value)| {
        let member = Member { key: place, value };
        (Arc::from(name), member)
    });
    Value::object(members.collect(), place)
}

fn list(items: Vec<Value>, place: Span) -> Value {
    Value::list(items, place)
}

fn reference(name: &str, place: Span) -> Value {
    object(vec![("Ref", text(name, place))], place)
}

fn attribute(name: &str, attribute: &str, place: Span) -> Value {
    let parts = list(vec![text(name, place), text(attribute, place)], place);
    object(vec![("Fn::GetAtt", parts)], place)
}

fn sub(pattern: &str, variables: Vec<(&str, Value)>, place: Span) -> Value {
    let pattern = text(pattern, place);
    let argument = if variables.is_empty() {
        pattern
    } else {
        list(vec![pattern, object(variables, place)], place)
    };
    object(vec![("Fn::Sub", argument)], place)
}

/// One value under a condition, else another.
fn choice(condition: Value, then: Value, other: Value, place: Span) -> Value {
    let parts = list(vec![condition, then, other], place);
    object(vec![("Fn::If", parts)], place)
}

/// Whether a value is `AWS::NoValue`.
fn is_nothing(value: &Value) -> bool {
    let name = value.member("Ref");
    name.as_ref().and_then(Value::as_str) == Some("AWS::NoValue")
}

/// The parts of `Fn::If`: condition, then, else.
fn branches(value: &Value) -> Option<(Value, Value, Value)> {
    let parts = value.member("Fn::If")?;
    let mut parts = parts.elements();
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// The id in `Ref: id` or `Fn::GetAtt: [id, …]`.
fn id_in(value: &Value) -> Option<Arc<str>> {
    if let Some(name) = value.member("Ref") {
        return name.as_str().map(Into::into);
    }
    let got = value.member("Fn::GetAtt")?;
    match got.as_str() {
        Some(text) => text.split('.').next().map(Into::into),
        None => got.elements().next()?.as_str().map(Into::into),
    }
}

/// Whether a value is a function.
fn is_function(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        let mut names = object.members().keys();
        object.members().len() == 1 && names.all(|name| python::is_function_name(name))
    })
}

/// Conditions of which one must hold, ten in each part as AWS allows; the name of the whole.
fn any_condition(
    name: &str,
    mut conditions: Vec<Value>,
    place: Span,
    expansion: &mut Expansion,
) -> Value {
    if conditions.len() == 1 {
        return conditions.remove(0);
    }
    let mut number = (conditions.len() - 1).div_ceil(9).saturating_sub(1);
    let mut whole = text(name, place);
    while conditions.len() > 1 {
        let rest = conditions.split_off(conditions.len().min(10));
        let id = if number > 0 {
            format!("{name}{number}")
        } else {
            name.to_owned()
        };
        number = number.saturating_sub(1);
        let parts = conditions
            .into_iter()
            .map(|condition| object(vec![("Condition", condition)], place));
        let value = object(vec![("Fn::Or", list(parts.collect(), place))], place);
        whole = text(id.as_str(), place);
        expansion
            .conditions
            .insert(id.into(), Member { key: place, value });
        conditions = rest;
        conditions.push(whole.clone());
    }
    whole
}

/// A value that only packaging or the transform itself would give.
fn packaged(what: &str, place: Span) -> Value {
    Value::unknown(Reason::Depends(what.into()), place)
}

/// An object of S3 by the names that a resource has for its parts; a mapping or a URI is written.
fn location(uri: &Value, names: [&str; 3], what: &str) -> Value {
    let place = uri.span();
    if let Some(path) = uri.as_str() {
        let path = path
            .strip_prefix("s3://")
            .and_then(|path| path.split_once('/'));
        let Some((bucket, key)) =
            path.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
        else {
            return packaged(what, place);
        };
        let (key, query) = key.split_once('?').unwrap_or((key, ""));
        let mut parts = vec![
            (names[0], text(bucket, place)),
            (names[1], text(key.trim_start_matches('/'), place)),
        ];
        let version = query
            .split('&')
            .find_map(|part| part.strip_prefix("versionId="));
        if let Some(version) = version {
            parts.push((names[2], text(version, place)));
        }
        return object(parts, place);
    }
    let parts: Vec<(&str, Value)> = ["Bucket", "Key", "Version"]
        .into_iter()
        .zip(names)
        .filter_map(|(from, to)| Some((to, uri.member(from)?)))
        .collect();
    if parts.is_empty() {
        packaged(what, place)
    } else {
        object(parts, place)
    }
}

/// Global properties under a resource's own: maps are joined, lists added, everything else is replaced.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
fn merged(global: &Value, own: &Value, service: &str) -> Value {
    match (&global.data, &own.data) {
        _ if is_function(global) || is_function(own) => own.clone(),
        (Data::Object(under), Data::Object(over)) => {
            let mut members = under.members().clone();
            for (name, member) in over.members() {
                let is_replaced = service == "Function" && &**name == "Architectures";
                let value = match under.members().get(name).filter(|_| !is_replaced) {
                    Some(known) => merged(&known.value, &member.value, ""),
                    None => member.value.clone(),
                };
                let key = member.key;
                members.insert(name.clone(), Member { key, value });
            }
            Value::object(members, own.span())
        }
        (Data::List(_), Data::List(_)) => list(
            global.elements().chain(own.elements()).collect(),
            own.span(),
        ),
        _ => own.clone(),
    }
}

/// Tags as a list of keys and values.
fn tag_list(tags: &Value) -> Value {
    let all = tags.entries().map(|(name, value)| {
        let place = value.span();
        let value = if value.is_null() {
            text("", place)
        } else {
            value
        };
        object(
            vec![("Key", text(name.clone(), place)), ("Value", value)],
            place,
        )
    });
    list(all.collect(), tags.span())
}

/// The source's tags with the one that the transform adds.
fn tags(source: &Source<'_>, mark: &str) -> Value {
    let own = source.member("Tags");
    let place = own.as_ref().map_or(source.key, |member| member.key);
    let mut all = vec![object(
        vec![("Key", text(mark, place)), ("Value", text("SAM", place))],
        place,
    )];
    all.extend(own.iter().flat_map(|own| {
        let list = tag_list(&own.value);
        list.elements().collect::<Vec<Value>>()
    }));
    list(all, place)
}

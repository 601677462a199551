//! The serverless transform: `AWS::Serverless::*` resources in, the resources that AWS makes of them out.
//!
//! Everything is made of the values that the user wrote, so that each property keeps its place; what the transform adds of
//! itself (a role's trust, a permission's principal) stands at the name of the resource or event that asks for it.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html>

mod apis;
mod connectors;
mod events;
mod functions;
mod policies;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::source::Span;
use crate::value::{Data, Member, Members, Reason, Value};

/// The transform's name in a template.
pub(super) const NAME: &str = "AWS::Serverless-2016-10-31";

/// What the transform makes of a template's resources.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    /// The resources.
    pub(super) resources: Members,
    /// What references such as `Function.Alias` mean: ids of resources that were made.
    pub(super) aliases: FxHashMap<Arc<str>, Arc<str>>,
    /// Serverless resources that are left as they are: name and type.
    pub(super) left: Vec<(Span, String)>,
    /// APIs that functions' events ask for and the template does not name.
    implicit_apis: Vec<ImplicitApi>,
    /// The stage of each API of the template, as ids of resources have it.
    stages: FxHashMap<Arc<str>, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ImplicitApi {
    is_http: bool,
    place: Span,
}

/// What a value is, as far as parameters decide it: the transform sees their values.
pub(super) type Resolve<'r> = &'r dyn Fn(&Value) -> Option<String>;

/// Carries out the transform.
pub(super) fn expand(
    resources: &Members,
    globals: Option<&Value>,
    resolve: Resolve<'_>,
) -> Expansion {
    let mut expansion = Expansion::default();
    for (name, member) in resources {
        let kind = member.value.member("Type");
        if kind.as_ref().and_then(Value::as_str) == Some("AWS::Serverless::Api") {
            let own = member.value.member("Properties");
            let own = own.and_then(|properties| properties.member("StageName"));
            let global = || globals?.member("Api")?.member("StageName");
            let stage = own.or_else(global).and_then(|stage| resolve(&stage));
            let stage = stage.map_or_else(|| "Stage".to_owned(), |stage| in_id(&stage));
            expansion.stages.insert(name.clone(), stage);
        }
    }
    // Connectors need to know both their ends.
    let mut ends: Vec<(String, Span, &Value, Value)> = Vec::new();
    for (name, member) in resources {
        let kind = member.value.member("Type");
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
        for (id, place, properties) in connectors::embedded(name, &member.value, member.key) {
            ends.push((id, place, &member.value, properties));
        }
        let Some(service) = kind.strip_prefix("AWS::Serverless::") else {
            expansion.resources.insert(name.clone(), member.clone());
            continue;
        };
        let properties = member.value.member("Properties");
        let global = globals.and_then(|globals| globals.member(service));
        let properties = match (properties, global) {
            (Some(own), Some(global)) => merged(&global, &own),
            (Some(own), None) => own,
            (None, Some(global)) => global,
            (None, None) => Value::object(Members::default(), member.key),
        };
        let source = Source {
            name: name.clone(),
            key: member.key,
            resource: &member.value,
            properties,
            resolve,
        };
        match service {
            "Function" => functions::function(&source, &mut expansion),
            "StateMachine" => functions::state_machine(&source, &mut expansion),
            "LayerVersion" => functions::layer(&source, &mut expansion),
            "Api" => apis::rest(&source, &mut expansion),
            "HttpApi" => apis::http(&source, &mut expansion),
            "SimpleTable" => apis::table(&source, &mut expansion),
            "Connector" => {
                let properties = source.properties.clone();
                ends.push((name.to_string(), member.key, &member.value, properties));
            }
            "Application" => apis::application(&source, &mut expansion),
            _ => {
                expansion.left.push((member.key, kind.to_owned()));
                expansion.resources.insert(name.clone(), member.clone());
            }
        }
    }
    for api in std::mem::take(&mut expansion.implicit_apis) {
        apis::implicit(api, globals, resolve, &mut expansion);
    }
    for (name, key, resource, properties) in ends {
        let source = Source {
            name: name.into(),
            key,
            resource,
            properties,
            resolve,
        };
        if !connectors::connector(&source, &mut expansion) {
            let kind = "AWS::Serverless::Connector".to_owned();
            expansion.left.push((key, kind));
        }
    }
    expansion
}

/// A serverless resource, globals taken in.
struct Source<'v> {
    name: Arc<str>,
    key: Span,
    resource: &'v Value,
    properties: Value,
    resolve: Resolve<'v>,
}

impl Source<'_> {
    /// A property with the place of its name.
    fn member(&self, name: &str) -> Option<Member> {
        let member = self.properties.as_object()?.members().get(name)?;
        Some(Member {
            key: member.key,
            value: self.properties.seen(&member.value),
        })
    }

    fn get(&self, name: &str) -> Option<Value> {
        self.member(name).map(|member| member.value)
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.resolve)(&self.get(name)?)
    }
}

/// A name as a part of an id, which has letters and digits only.
fn in_id(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Properties that are being put together.
#[derive(Default)]
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
        let mut members = Members::default();
        let member = |value: Value| Member { key, value };
        members.insert("Type".into(), member(Value::text(kind, key)));
        for attribute in [
            "Condition",
            "DependsOn",
            "DeletionPolicy",
            "UpdateReplacePolicy",
            "Metadata",
        ] {
            let is_own = *id == *source.name || attribute == "Condition";
            let written = source.resource.as_object().filter(|_| is_own);
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
        self.resources.insert(id.into(), Member { key, value });
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

/// A value that only packaging or the transform itself would give.
fn packaged(what: &str, place: Span) -> Value {
    Value::unknown(Reason::Depends(what.into()), place)
}

/// Global properties under a resource's own: maps are joined, lists added, everything else is replaced.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
fn merged(global: &Value, own: &Value) -> Value {
    let is_function = |value: &Value| {
        value.as_object().is_some_and(|object| {
            object.members().len() == 1
                && object
                    .members()
                    .keys()
                    .all(|name| &**name == "Ref" || name.starts_with("Fn::"))
        })
    };
    match (&global.data, &own.data) {
        _ if is_function(global) || is_function(own) => own.clone(),
        (Data::Object(under), Data::Object(over)) => {
            let mut members = under.members().clone();
            for (name, member) in over.members() {
                let value = match under.members().get(name) {
                    Some(known) => merged(&known.value, &member.value),
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

/// Tags as a list of keys and values, with the one that the transform adds.
fn tags(source: &Source<'_>, mark: &str) -> Value {
    let place = source
        .member("Tags")
        .map_or(source.key, |member| member.key);
    let mut all = vec![object(
        vec![("Key", text(mark, place)), ("Value", text("SAM", place))],
        place,
    )];
    if let Some(own) = source.get("Tags") {
        for (name, value) in own.entries() {
            all.push(object(
                vec![
                    ("Key", text(name.clone(), value.span())),
                    ("Value", value.clone()),
                ],
                value.span(),
            ));
        }
    }
    list(all, place)
}

//! Models written as YAML, for the tests of facts: resources in canonical words with their links.
//!
//! `!Unknown x` is an input without value, `!Ref a.id` an attribute of another resource, `!If [C, a, b]` a choice by the
//! opaque condition `C`, `<x>` inside of a text a hole.

use std::sync::Arc;

use jiff::civil::Date;

use super::Facts;
use crate::declared::Language;
use crate::model::{Derive, Link, LinkTarget, Links, Model, Resource, ResourceId, Vocabulary};
use crate::source::{SourceMap, Span};
use crate::value::{
    Alternative, Atom, Data, Guard, List, ListKind, Member, Object, ObjectKind, Reason, Segment,
    Subject, Text, Unknown, Value, World,
};

/// The condition called so.
pub(super) fn condition(name: &str) -> Guard {
    Guard::Is(Atom {
        subject: Arc::new(Subject::opaque("", name)),
        equals: None,
    })
}

/// The world in which a condition holds, or does not if its name starts with `!`.
pub(super) fn when(name: &str) -> World {
    let guard = match name.strip_prefix('!') {
        Some(name) => !condition(name),
        None => condition(name),
    };
    World::new().assuming(&guard).expect("possible")
}

fn real(value: &Value) -> Value {
    let data = match &value.data {
        Data::Object(object) => {
            if let Some(name) = object.get("Fn::Unknown") {
                let name = name.as_str().unwrap_or("x");
                return Value::unknown(Reason::NoValue(name.into()), value.span());
            }
            if let Some(target) = object.get("Ref").and_then(Value::as_str) {
                let (address, attribute) = target.rsplit_once('.').expect("address.attribute");
                let unknown = Unknown::attribute(address.into(), attribute.into());
                return Value::new(Data::Unknown(Arc::new(unknown)), value.span());
            }
            if object.get("Fn::If").is_some() {
                let choice = value.member("Fn::If").expect("a list");
                let parts: Vec<Value> = choice.elements().collect();
                let guard = condition(parts[0].as_str().expect("a name"));
                let arms = vec![
                    Alternative {
                        guard: guard.clone(),
                        value: real(&parts[1]),
                    },
                    Alternative {
                        guard: !guard,
                        value: real(&parts[2]),
                    },
                ];
                return Value::choice(arms, value.span());
            }
            let members = object.members().iter().map(|(name, member)| {
                let value = real(&member.value);
                (
                    name.clone(),
                    Member {
                        key: member.key,
                        value,
                    },
                )
            });
            Data::Object(Object::new(ObjectKind::Object, members.collect()))
        }
        Data::List(list) => {
            let items: Vec<Value> = list.items().iter().map(real).collect();
            let is_mark = |item: &Value| item.as_str() == Some("...");
            match items.iter().position(is_mark) {
                Some(at) => {
                    let why = Arc::new(Unknown::because(Reason::Instances));
                    let items = [&items[..at], &items[at + 1..]].concat();
                    Data::List(List::open(ListKind::Tuple, items, why))
                }
                None => Data::List(List::new(ListKind::Tuple, items)),
            }
        }
        Data::Text(text) if text.as_str().is_some_and(|text| text.contains('<')) => {
            let mut segments = Vec::new();
            for part in text.as_str().expect("known").split_inclusive('>') {
                let Some((before, name)) = part.split_once('<') else {
                    segments.push(Segment::Literal(part.into()));
                    continue;
                };
                segments.push(Segment::Literal(before.into()));
                let name: Arc<str> = name.trim_end_matches('>').into();
                let unknown = match name.rsplit_once('.') {
                    Some((address, attribute)) => {
                        Unknown::attribute(address.into(), attribute.into())
                    }
                    None => Unknown::because(Reason::NoValue(name)),
                };
                segments.push(Segment::Hole(Arc::new(unknown)));
            }
            Data::Text(Text::from_segments(segments))
        }
        data => data.clone(),
    };
    Value {
        data,
        origin: value.origin.clone(),
        is_sensitive: false,
    }
}

/// A model of the resources written in `text`: a map from address to kind, properties, links, exists.
pub(super) struct Case {
    pub(super) model: Model,
    pub(super) facts: Facts,
    sources: SourceMap,
}

impl Case {
    pub(super) fn new(text: &str) -> Case {
        let sources = SourceMap::new();
        let file = sources.add("test.yaml", text);
        let (document, diagnostics) = crate::yaml::parse(&file);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let document = document.expect("a document");
        let addresses: Vec<Arc<str>> = document.entries().map(|(name, _)| name.clone()).collect();
        let id_of = |address: &str| {
            let at = addresses.iter().position(|known| &**known == address);
            at.map(|at| ResourceId(at as u32))
        };
        let resources = document
            .entries()
            .enumerate()
            .map(|(index, (address, body))| {
                let text = |name: &str| {
                    body.member(name)
                        .and_then(|v| v.as_str().map(str::to_owned))
                };
                let kind: Arc<str> = text("kind").expect("a kind").into();
                let empty = || Value::object(Default::default(), body.span());
                let properties = body.member("properties").map_or_else(empty, |v| real(&v));
                let language = match text("language").as_deref() {
                    Some("terraform") => Language::Terraform,
                    _ => Language::CloudFormation,
                };
                let links = body.member("links").unwrap_or_else(empty);
                let links = links.entries().map(|(name, targets)| {
                    let mut found = Links::default();
                    for target in targets.elements() {
                        let address = target.as_str().expect("an address");
                        if address == "..." {
                            found.more = Some(Arc::new(Unknown::because(Reason::Instances)));
                            continue;
                        }
                        let target = match id_of(address) {
                            Some(id) => LinkTarget::Resource(id),
                            None => LinkTarget::Ghost(address.into()),
                        };
                        found.targets.push(Link {
                            target,
                            via: Value::null(Span::NONE),
                            guard: Guard::Always,
                            is_possible: false,
                        });
                    }
                    (name.clone(), found)
                });
                Resource {
                    id: ResourceId(index as u32),
                    address: address.clone(),
                    native_kind: text("native_kind").map_or_else(|| kind.clone(), Into::into),
                    kind,
                    language,
                    module: "".into(),
                    native: body
                        .member("native")
                        .map_or_else(|| properties.clone(), |v| real(&v)),
                    properties,
                    header: body.span(),
                    block: body.span(),
                    exists: text("exists").map_or(Guard::Always, |name| condition(&name)),
                    is_symbolic: false,
                    links: links.collect(),
                }
            });
        let resources: Vec<Resource> = resources.collect();
        let model = Model::new(
            Language::CloudFormation,
            "test.yaml".into(),
            Arc::new(Vocabulary::default()),
            Vec::new(),
            resources,
        );
        Case {
            model,
            facts: Facts::new(Date::constant(2026, 11, 22)),
            sources,
        }
    }

    /// A fact of the resource at an address.
    pub(super) fn fact(&self, address: &str, name: &str, world: &World) -> Value {
        let id = self.model.at_address(address)[0];
        let fact = self.facts.fact(&self.model, id, name, world);
        fact.unwrap_or_else(|| panic!("no fact {name}"))
    }

    /// The source text at a value's place.
    pub(super) fn written(&self, value: &Value) -> String {
        let span = value.span();
        match self.sources.get(span.source) {
            Some(file) => file.slice(span).trim().to_owned(),
            None => String::new(),
        }
    }
}

/// One line: `?` for what is unknown, `?a|b` for one of a few, `[…, ...]` for open lists, `when c: x` for choices.
pub(super) fn show(value: &Value) -> String {
    match &value.data {
        Data::Null(_) => "-".to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => text.to_string(),
        Data::Unknown(unknown) => {
            let allowed: Vec<String> = unknown.allowed.iter().map(show).collect();
            format!("?{}", allowed.join("|"))
        }
        Data::List(list) => {
            let mut items: Vec<String> = value.elements().map(|item| show(&item)).collect();
            if list.more().is_some() {
                items.push("...".to_owned());
            }
            format!("[{}]", items.join(", "))
        }
        Data::Object(object) => {
            let mut members: Vec<String> = value
                .entries()
                .map(|(name, value)| format!("{name}: {}", show(&value)))
                .collect();
            if object.more().is_some() {
                members.push("...".to_owned());
            }
            format!("{{{}}}", members.join(", "))
        }
        Data::Choice(alternatives) => {
            let arms = alternatives
                .iter()
                .map(|arm| format!("when {}: {}", arm.guard, show(&arm.value)));
            arms.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Some members of the elements of a list, one element a line.
pub(super) fn table(list: &Value, columns: &[&str]) -> Vec<String> {
    let row = |item: &Value| {
        let cells = columns.iter().map(|name| match item.member(name) {
            Some(value) => show(&value),
            None => "-".to_owned(),
        });
        cells.collect::<Vec<_>>().join(" ")
    };
    let mut rows = Vec::new();
    for item in list.elements() {
        match &item.data {
            Data::Choice(alternatives) => {
                for arm in alternatives.iter() {
                    if !arm.value.is_null() {
                        rows.push(format!("when {}: {}", arm.guard, row(&arm.value)));
                    }
                }
            }
            _ => rows.push(row(&item)),
        }
    }
    if list.as_list().is_some_and(|list| list.more().is_some()) {
        rows.push("...".to_owned());
    }
    rows
}

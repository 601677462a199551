//! Terraform's types: what a value is, conversion to a declared type, unification of several.
//!
//! The rules are those of cty, observed on Terraform 1.11: conversions are exact or refused, `==` converts nothing, the
//! arms of a conditional are unified.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::syntax::{Expr, Expression, ObjectKey};
use crate::source::Span;
use crate::value::{
    Alternative, Certainty, Data, List, ListKind, Member, Members, Number, Object, ObjectKind,
    Text, Value,
};

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Anything; also the type of null and of unknown values.
    Any,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// Elements of one type.
    List(Box<Type>),
    /// Distinct elements of one type.
    Set(Box<Type>),
    /// Values of one type under any keys.
    Map(Box<Type>),
    /// Elements of these types.
    Tuple(Vec<Type>),
    /// These attributes.
    Object(IndexMap<Arc<str>, Attribute, FxBuildHasher>),
}

/// An attribute of an object type.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its type.
    pub of: Type,
    /// Whether it may be missing.
    pub is_optional: bool,
    /// What it then is.
    pub default: Option<Value>,
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Attribute) -> bool {
        self.of == other.of && self.is_optional == other.is_optional
    }
}

impl Type {
    /// As Terraform spells it, for messages.
    pub fn describe(&self) -> String {
        match self {
            Type::Any => "any".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Number => "number".to_owned(),
            Type::String => "string".to_owned(),
            Type::List(of) => format!("list({})", of.describe()),
            Type::Set(of) => format!("set({})", of.describe()),
            Type::Map(of) => format!("map({})", of.describe()),
            Type::Tuple(_) => "tuple".to_owned(),
            Type::Object(_) => "object".to_owned(),
        }
    }

    /// Whether values of it are given as plain text from outside, without being read as expressions.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Type::Any | Type::Bool | Type::Number | Type::String)
    }
}

/// Reads a type expression, `list(object({ a = optional(string, "x") }))`. Defaults are evaluated by `evaluate`.
///
/// # Errors
/// What is wrong with it.
pub fn parse(
    expression: &Expression,
    evaluate: &mut dyn FnMut(&Expression) -> Result<Value, String>,
) -> Result<Type, String> {
    match &expression.kind {
        Expr::Name(name) => match &**name {
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "any" => Ok(Type::Any),
            "list" => Ok(Type::List(Box::new(Type::Any))),
            "set" => Ok(Type::Set(Box::new(Type::Any))),
            "map" => Ok(Type::Map(Box::new(Type::Any))),
            other => Err(format!("there is no type `{other}`")),
        },
        // Before 0.12 and in JSON, types are quoted.
        Expr::Text(text, _) => {
            let inner = super::syntax::parse_expression_at(text, expression.span)?;
            match inner.kind {
                Expr::Text(..) => Err("this is no type".to_owned()),
                _ => parse(&inner, evaluate),
            }
        }
        Expr::Call(call) => {
            let argument = |position: usize| {
                call.arguments
                    .get(position)
                    .ok_or_else(|| format!("`{}` needs a type in parentheses", call.name))
            };
            match &*call.name {
                "list" => Ok(Type::List(Box::new(parse(argument(0)?, evaluate)?))),
                "set" => Ok(Type::Set(Box::new(parse(argument(0)?, evaluate)?))),
                "map" => Ok(Type::Map(Box::new(parse(argument(0)?, evaluate)?))),
                "optional" => parse(argument(0)?, evaluate),
                "tuple" => match &argument(0)?.kind {
                    Expr::List(items) => {
                        let items: Result<_, _> =
                            items.iter().map(|item| parse(item, evaluate)).collect();
                        Ok(Type::Tuple(items?))
                    }
                    _ => Err("`tuple` takes a list of types".to_owned()),
                },
                "object" => match &argument(0)?.kind {
                    Expr::Object(items) => {
                        let mut attributes = IndexMap::default();
                        for item in items {
                            let ObjectKey::Name(name) = &item.key else {
                                return Err(
                                    "attribute names of an object type are plain words".to_owned()
                                );
                            };
                            attributes.insert(name.clone(), attribute(&item.value, evaluate)?);
                        }
                        Ok(Type::Object(attributes))
                    }
                    _ => Err("`object` takes attributes in braces".to_owned()),
                },
                other => Err(format!("there is no type `{other}(…)`")),
            }
        }
        _ => Err("this is no type".to_owned()),
    }
}

fn attribute(
    expression: &Expression,
    evaluate: &mut dyn FnMut(&Expression) -> Result<Value, String>,
) -> Result<Attribute, String> {
    let (is_optional, default) = match &expression.kind {
        Expr::Call(call) if &*call.name == "optional" => {
            let default = call.arguments.get(1).map(&mut *evaluate).transpose()?;
            (true, default.filter(|default| !default.is_null()))
        }
        _ => (false, None),
    };
    Ok(Attribute {
        of: parse(expression, evaluate)?,
        is_optional,
        default,
    })
}

/// The type of a value. Unknown values and choices are `Any`.
pub fn type_of(value: &Value) -> Type {
    match &value.data {
        Data::Null | Data::Unknown(_) | Data::Choice(_) => Type::Any,
        Data::Bool(_) => Type::Bool,
        Data::Number(_) => Type::Number,
        Data::Text(_) => Type::String,
        Data::List(list) => match list.kind() {
            ListKind::Tuple => Type::Tuple(list.items().iter().map(type_of).collect()),
            ListKind::List => Type::List(Box::new(list.items().first().map_or(Type::Any, type_of))),
            ListKind::Set => Type::Set(Box::new(list.items().first().map_or(Type::Any, type_of))),
        },
        Data::Object(object) => match object.kind() {
            ObjectKind::Map => Type::Map(Box::new(
                object
                    .members()
                    .values()
                    .next()
                    .map_or(Type::Any, |m| type_of(&m.value)),
            )),
            ObjectKind::Object | ObjectKind::Block => {
                let attributes = object.members().iter().map(|(name, member)| {
                    let of = type_of(&member.value);
                    (
                        name.clone(),
                        Attribute {
                            of,
                            is_optional: false,
                            default: None,
                        },
                    )
                });
                Type::Object(attributes.collect())
            }
        },
    }
}

/// The type that values of all these types can be converted to; none if there is none.
pub fn unify(types: &[Type]) -> Option<Type> {
    let mut unified = Type::Any;
    for of in types {
        unified = unify_two(unified, of.clone())?;
    }
    Some(unified)
}

fn unify_two(a: Type, b: Type) -> Option<Type> {
    let all = |types: &[Type]| unify(types).map(Box::new);
    Some(match (a, b) {
        (Type::Any, other) | (other, Type::Any) => other,
        (a, b) if a == b => a,
        (Type::Bool | Type::Number | Type::String, Type::Bool | Type::Number | Type::String) => {
            Type::String
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            let items: Option<Vec<Type>> =
                a.into_iter().zip(b).map(|(a, b)| unify_two(a, b)).collect();
            Type::Tuple(items?)
        }
        (Type::Tuple(a), Type::Tuple(b)) => Type::List(all(&[a, b].concat())?),
        (Type::Tuple(items), Type::List(of)) | (Type::List(of), Type::Tuple(items)) => {
            Type::List(all(&[items, vec![*of]].concat())?)
        }
        (Type::Tuple(items), Type::Set(of)) | (Type::Set(of), Type::Tuple(items)) => {
            Type::Set(all(&[items, vec![*of]].concat())?)
        }
        (Type::List(a), Type::List(b)) => Type::List(Box::new(unify_two(*a, *b)?)),
        (Type::Set(a), Type::Set(b) | Type::List(b)) | (Type::List(a), Type::Set(b)) => {
            Type::Set(Box::new(unify_two(*a, *b)?))
        }
        (Type::Map(a), Type::Map(b)) => Type::Map(Box::new(unify_two(*a, *b)?)),
        (Type::Object(a), Type::Object(b)) => {
            let is_same = a.len() == b.len() && a.keys().all(|name| b.contains_key(name));
            if is_same {
                let mut attributes = IndexMap::default();
                for (name, attribute) in a {
                    let of = unify_two(attribute.of, b[&name].of.clone())?;
                    attributes.insert(
                        name,
                        Attribute {
                            of,
                            is_optional: false,
                            default: None,
                        },
                    );
                }
                Type::Object(attributes)
            } else {
                let all_of: Vec<Type> = a
                    .into_values()
                    .chain(b.into_values())
                    .map(|attribute| attribute.of)
                    .collect();
                Type::Map(all(&all_of)?)
            }
        }
        (Type::Object(attributes), Type::Map(of)) | (Type::Map(of), Type::Object(attributes)) => {
            let mut all_of: Vec<Type> = attributes
                .into_values()
                .map(|attribute| attribute.of)
                .collect();
            all_of.push(*of);
            Type::Map(all(&all_of)?)
        }
        _ => return None,
    })
}

/// A value as it is after unification with another one (the other arm of a conditional). Where no type fits both, or
/// where unifying would only lose what onus knows (places, attributes), the value stays as it is.
pub fn unify_value(value: &Value, other: &Value) -> Value {
    let primitive =
        |value: &Value| matches!(value.data, Data::Bool(_) | Data::Number(_) | Data::Text(_));
    if !primitive(value) || !primitive(other) {
        return value.clone();
    }
    match unify_two(type_of(value), type_of(other)) {
        Some(of) => convert(value, &of, value.span()).unwrap_or_else(|_| value.clone()),
        None => value.clone(),
    }
}

/// Fills in the defaults of optional attributes, all the way down; done before conversion. A null attribute takes its
/// default; unknown values stay unknown.
pub fn with_defaults(value: &Value, of: &Type) -> Value {
    if !has_defaults(of) {
        return value.clone();
    }
    let data = match (&value.data, of) {
        (Data::Object(object), Type::Object(attributes)) => {
            let mut members = object.members().clone();
            for (name, attribute) in attributes {
                let written = members.get(name).filter(|member| !member.value.is_null());
                let member = match (written, &attribute.default) {
                    (Some(member), _) => Member {
                        key: member.key,
                        value: with_defaults(&member.value, &attribute.of),
                    },
                    (None, Some(default)) => with_defaults(default, &attribute.of).into(),
                    (None, None) => continue,
                };
                members.insert(name.clone(), member);
            }
            Data::Object(rebuilt(object, members))
        }
        (Data::Object(object), Type::Map(of)) => {
            let members = object.members().iter().map(|(name, member)| {
                (
                    name.clone(),
                    Member {
                        key: member.key,
                        value: with_defaults(&member.value, of),
                    },
                )
            });
            Data::Object(rebuilt(object, members.collect()))
        }
        (Data::List(list), Type::List(of) | Type::Set(of)) => {
            let items = list
                .items()
                .iter()
                .map(|item| with_defaults(item, of))
                .collect();
            Data::List(relisted(list, list.kind(), items))
        }
        (Data::List(list), Type::Tuple(types)) if types.len() == list.items().len() => {
            let items = list
                .items()
                .iter()
                .zip(types)
                .map(|(item, of)| with_defaults(item, of))
                .collect();
            Data::List(relisted(list, list.kind(), items))
        }
        (Data::Choice(alternatives), of) => {
            let alternatives = alternatives.iter().map(|a| Alternative {
                guard: a.guard.clone(),
                value: with_defaults(&a.value, of),
            });
            Data::Choice(alternatives.collect())
        }
        (data, _) => data.clone(),
    };
    Value {
        data,
        ..value.clone()
    }
}

fn has_defaults(of: &Type) -> bool {
    match of {
        Type::Any | Type::Bool | Type::Number | Type::String => false,
        Type::List(of) | Type::Set(of) | Type::Map(of) => has_defaults(of),
        Type::Tuple(types) => types.iter().any(has_defaults),
        Type::Object(attributes) => attributes
            .values()
            .any(|a| a.default.is_some() || has_defaults(&a.of)),
    }
}

fn rebuilt(object: &Object, members: Members) -> Object {
    match object.more() {
        Some(why) => Object::open(object.kind(), members, why.clone()),
        None => Object::new(object.kind(), members),
    }
}

fn relisted(list: &List, kind: ListKind, items: Vec<Value>) -> List {
    match list.more() {
        Some(why) => List::open(kind, items, why.clone()),
        None => List::new(kind, items),
    }
}

/// A value converted to a type, as Terraform does for variables and function arguments. Elements keep their places.
///
/// # Errors
/// Why it cannot be converted.
pub fn convert(value: &Value, of: &Type, site: Span) -> Result<Value, String> {
    let refuse = || {
        Err(format!(
            "{} is needed, but this is {}",
            of.describe(),
            noun(value)
        ))
    };
    let scalar = |data: Data| {
        Ok(Value {
            data,
            ..value.clone()
        })
    };
    if let Data::Choice(alternatives) = &value.data {
        let converted: Result<Vec<Alternative>, String> = alternatives
            .iter()
            .map(|a| {
                Ok(Alternative {
                    guard: a.guard.clone(),
                    value: convert(&a.value, of, site)?,
                })
            })
            .collect();
        return Ok(Value {
            data: Data::Choice(converted?.into()),
            ..value.clone()
        });
    }
    match (of, &value.data) {
        (Type::Any, _) | (_, Data::Null | Data::Unknown(_)) => Ok(value.clone()),
        (Type::String, Data::Text(_))
        | (Type::Bool, Data::Bool(_))
        | (Type::Number, Data::Number(_)) => Ok(value.clone()),
        (Type::String, Data::Bool(_) | Data::Number(_)) => scalar(Data::Text(to_text(value)?)),
        (Type::Bool | Type::Number, Data::Text(text)) if text.has_holes() => {
            let hole = text.holes().next().cloned();
            Ok(hole.map_or_else(
                || value.clone(),
                |hole| Value {
                    data: Data::Unknown(hole),
                    ..value.clone()
                },
            ))
        }
        (Type::Bool, _) => to_bool(value).map_or_else(refuse, |truth| scalar(Data::Bool(truth))),
        (Type::Number, Data::Text(_)) => match to_number(value) {
            Some(number) => scalar(Data::Number(number)),
            None => refuse(),
        },
        (Type::List(of), Data::List(list)) => {
            let items = items_of(value, list, of, site)?;
            scalar(Data::List(relisted(list, ListKind::List, items)))
        }
        (Type::Set(of), Data::List(list)) => {
            let items = items_of(value, list, of, site)?;
            scalar(Data::List(relisted(list, ListKind::Set, set_of(items))))
        }
        (Type::Tuple(types), Data::List(list)) if types.len() == list.items().len() => {
            let items: Result<Vec<Value>, String> = list
                .items()
                .iter()
                .zip(types)
                .map(|(item, of)| convert(item, of, site))
                .collect();
            scalar(Data::List(relisted(list, ListKind::Tuple, items?)))
        }
        (Type::Map(of), Data::Object(object)) => {
            let of = element_type(of, object.members().values().map(|member| &member.value))?;
            let mut members = Members::default();
            for (name, member) in object.members() {
                let converted = convert(&member.value, &of, site)
                    .map_err(|why| format!("\"{name}\": {why}"))?;
                members.insert(
                    name.clone(),
                    Member {
                        key: member.key,
                        value: converted,
                    },
                );
            }
            let object = match object.more() {
                Some(why) => Object::open(ObjectKind::Map, members, why.clone()),
                None => Object::new(ObjectKind::Map, members),
            };
            scalar(Data::Object(object))
        }
        (Type::Object(attributes), Data::Object(object)) => {
            let mut members = Members::default();
            for (name, attribute) in attributes {
                match object.members().get(name) {
                    Some(member) => {
                        let converted = convert(&member.value, &attribute.of, site)
                            .map_err(|why| format!("attribute `{name}`: {why}"))?;
                        members.insert(
                            name.clone(),
                            Member {
                                key: member.key,
                                value: converted,
                            },
                        );
                    }
                    None if object.more().is_some() => {}
                    None if attribute.is_optional => {
                        members.insert(name.clone(), Value::null(value.span()).into());
                    }
                    None => return Err(format!("attribute `{name}` is missing")),
                }
            }
            let object = match object.more() {
                Some(why) => Object::open(ObjectKind::Object, members, why.clone()),
                None => Object::new(ObjectKind::Object, members),
            };
            scalar(Data::Object(object))
        }
        _ => refuse(),
    }
}

fn items_of(value: &Value, list: &List, of: &Type, site: Span) -> Result<Vec<Value>, String> {
    let of = element_type(of, list.items().iter())?;
    value
        .elements()
        .enumerate()
        .map(|(index, item)| {
            convert(&item, &of, site).map_err(|why| format!("element {index}: {why}"))
        })
        .collect()
}

/// The element type: as declared, or for `any` the one that all elements can have. Elements that have no type in common
/// (objects of different shapes) stay as they are, which loses nothing.
fn element_type<'v>(
    declared: &Type,
    values: impl Iterator<Item = &'v Value>,
) -> Result<Type, String> {
    if *declared != Type::Any {
        return Ok(declared.clone());
    }
    let mut unified = Type::Any;
    for value in values {
        match unify_two(unified, type_of(value)) {
            Some(of) => unified = of,
            None => return Ok(Type::Any),
        }
    }
    let is_primitive = matches!(unified, Type::Bool | Type::Number | Type::String);
    Ok(if is_primitive { unified } else { Type::Any })
}

/// Distinct elements in the order in which Terraform iterates over sets: strings bytewise, numbers ascending.
pub fn set_of(items: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<Value> = Vec::with_capacity(items.len());
    let mut seen = rustc_hash::FxHashSet::default();
    for item in items {
        let is_new = match (&item.data, item.as_str()) {
            (_, Some(text)) => seen.insert(text.to_owned()),
            _ => !distinct.iter().any(|known| equal(known, &item).is_yes()),
        };
        if is_new {
            distinct.push(item);
        }
    }
    if distinct.iter().all(|item| item.as_str().is_some()) {
        distinct.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    } else if distinct.iter().all(|item| item.as_number().is_some()) {
        distinct.sort_by(|a, b| a.as_number().cmp(&b.as_number()));
    } else if distinct.iter().all(|item| item.as_bool().is_some()) {
        distinct.sort_by_key(Value::as_bool);
    }
    distinct
}

/// What a value is, for messages.
pub fn noun(value: &Value) -> &'static str {
    match &value.data {
        Data::Null => "null",
        Data::Bool(_) => "a bool",
        Data::Number(_) => "a number",
        Data::Text(_) => "a string",
        Data::List(list) if list.kind() == ListKind::Set => "a set",
        Data::List(_) => "a list",
        Data::Object(_) => "an object",
        Data::Unknown(_) | Data::Choice(_) => "unknown",
    }
}

/// A value as a string: strings as they are, numbers and truth values spelled out.
///
/// # Errors
/// Why there is no string for it; also for unknown values, whose text is not known.
pub fn to_text(value: &Value) -> Result<Text, String> {
    match &value.data {
        Data::Text(text) => Ok(text.clone()),
        Data::Number(number) => Ok(number.to_string().into()),
        Data::Bool(truth) => Ok(if *truth { "true" } else { "false" }.into()),
        _ => Err(format!("a string is needed, but this is {}", noun(value))),
    }
}

/// A known value as true or false, `"true"` and `"false"` included.
pub fn to_bool(value: &Value) -> Option<bool> {
    match &value.data {
        Data::Bool(truth) => Some(*truth),
        Data::Text(text) => match text.as_str()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A known value as a number, numeric strings included.
pub fn to_number(value: &Value) -> Option<Number> {
    match &value.data {
        Data::Number(number) => Some(number.clone()),
        Data::Text(text) => Number::parse(text.as_str()?),
        _ => None,
    }
}

/// Terraform's `==`: nothing is converted, types must agree; unsure where something unknown decides.
pub fn equal(a: &Value, b: &Value) -> Certainty {
    match (&a.data, &b.data) {
        (Data::Unknown(unknown), Data::Null) | (Data::Null, Data::Unknown(unknown))
            if unknown.is_never_null =>
        {
            Certainty::No
        }
        (Data::Unknown(a), Data::Unknown(b)) => match (&a.reference, &b.reference) {
            (Some(a), Some(b)) if a == b && !a.address.ends_with("[*]") => Certainty::Yes,
            _ => Certainty::Unsure,
        },
        (Data::Unknown(_) | Data::Choice(_), _) | (_, Data::Unknown(_) | Data::Choice(_)) => {
            Certainty::Unsure
        }
        (Data::Null, Data::Null) => Certainty::Yes,
        (Data::Bool(a), Data::Bool(b)) => (a == b).into(),
        (Data::Number(a), Data::Number(b)) => (a == b).into(),
        (Data::Text(a), Data::Text(b)) => a.equals_text(b),
        (Data::List(a), Data::List(b)) => {
            let is_open = a.more().is_some() || b.more().is_some();
            if a.kind() != b.kind() {
                // `tolist(["a"]) == ["a"]` is false in Terraform, whatever is in them.
                return Certainty::No;
            }
            if a.items().len() != b.items().len() {
                return if is_open {
                    Certainty::Unsure
                } else {
                    Certainty::No
                };
            }
            let all = a
                .items()
                .iter()
                .zip(b.items())
                .map(|(a, b)| equal(a, b))
                .fold(Certainty::Yes, Certainty::and);
            if is_open {
                all.and(Certainty::Unsure)
            } else {
                all
            }
        }
        (Data::Object(a), Data::Object(b)) => {
            let is_open = a.more().is_some() || b.more().is_some();
            let same_names = a.members().len() == b.members().len()
                && a.members().keys().all(|name| b.get(name).is_some());
            if !same_names {
                return if is_open {
                    Certainty::Unsure
                } else {
                    Certainty::No
                };
            }
            let all = a
                .members()
                .iter()
                .map(|(name, member)| {
                    b.get(name)
                        .map_or(Certainty::No, |other| equal(&member.value, other))
                })
                .fold(Certainty::Yes, Certainty::and);
            if is_open {
                all.and(Certainty::Unsure)
            } else {
                all
            }
        }
        _ => Certainty::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(json: serde_json::Value) -> Value {
        Value::from_json(&json)
    }

    fn of(text: &str) -> Type {
        let expression =
            super::super::syntax::parse_expression_at(text, Span::NONE).expect("a type");
        parse(&expression, &mut |default| match &default.kind {
            Expr::Text(text, _) => Ok(Value::text(text.clone(), Span::NONE)),
            Expr::Bool(truth) => Ok(Value::bool(*truth, Span::NONE)),
            _ => Ok(Value::null(Span::NONE)),
        })
        .expect("a type")
    }

    #[test]
    fn conversions_are_exact_or_refused() {
        for (input, to, expected) in [
            (json!("5"), "number", Some(json!(5))),
            (json!(5), "string", Some(json!("5"))),
            (json!(true), "string", Some(json!("true"))),
            (json!("yes"), "bool", None),
            (
                json!(["b", "a", "b"]),
                "set(string)",
                Some(json!(["a", "b"])),
            ),
            (json!([1, "x"]), "list(any)", Some(json!(["1", "x"]))),
            (
                json!({"a": 1, "b": 2}),
                "object({ a = string })",
                Some(json!({"a": "1"})),
            ),
            (json!({}), "object({ a = string })", None),
            (
                json!({}),
                "object({ a = optional(string, \"x\") })",
                Some(json!({"a": "x"})),
            ),
            (
                json!({"a": null}),
                "object({ a = optional(string, \"x\") })",
                Some(json!({"a": "x"})),
            ),
            (
                json!({"k": {}}),
                "map(object({ a = optional(bool, true) }))",
                Some(json!({"k": {"a": true}})),
            ),
        ] {
            let of = of(to);
            let converted = convert(&with_defaults(&value(input.clone()), &of), &of, Span::NONE);
            match expected {
                Some(expected) => {
                    let converted = converted.expect("convertible");
                    let expected = convert(&value(expected), &of, Span::NONE).expect("convertible");
                    assert!(
                        equal(&converted, &expected).is_yes(),
                        "{input} to {to}: {converted:?}"
                    );
                }
                None => assert!(converted.is_err(), "{input} to {to}"),
            }
        }
    }

    #[test]
    fn equality_converts_nothing() {
        assert!(equal(&value(json!(1)), &value(json!("1"))).is_no());
        assert!(equal(&value(json!(null)), &value(json!(null))).is_yes());
        assert!(equal(&value(json!({"a": [1]})), &value(json!({"a": [1]}))).is_yes());
    }
}

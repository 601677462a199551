//! Terraform's types: what a value is, conversion to a declared type, unification of several.
//!
//! The rules are those of cty, observed on Terraform 1.11: conversions are exact or refused, `==` converts nothing, the
//! arms of a conditional are unified.

use std::sync::Arc;

use super::syntax::{Expr, Expression, ObjectKey};
use crate::source::Span;
use crate::value::{
    Alternative, Attributes, Certainty, Data, List, ListKind, Member, Members, Number, Object,
    ObjectKind, Reason, Text, Value,
};
pub use crate::value::{Attribute, Type};

/// What an ephemeral value depends on. It exists while Terraform runs, and never in what it plans.
/// <https://developer.hashicorp.com/terraform/language/values/variables#exclude-values-from-state>
pub(super) const EPHEMERAL: &str = "an ephemeral value";

/// What a number is that is none: `1 / 0`. Terraform counts on with it, but cannot write it down.
pub(super) const INFINITE: &str = "a number that is infinite";

/// Whether any part of a value is unknown for a reason.
fn has_reason(value: &Value, is_it: &dyn Fn(&Reason) -> bool) -> bool {
    match &value.data {
        Data::Unknown(unknown) => is_it(&unknown.reason),
        Data::Text(text) => text.holes().any(|hole| is_it(&hole.reason)),
        Data::List(list) => list.items().iter().any(|item| has_reason(item, is_it)),
        Data::Object(object) => {
            let mut members = object.members().values();
            members.any(|member| has_reason(&member.value, is_it))
        }
        _ => false,
    }
}

/// Whether any part of a value is ephemeral.
pub(super) fn is_ephemeral(value: &Value) -> bool {
    has_reason(
        value,
        &|reason| matches!(reason, Reason::Depends(what) if **what == *EPHEMERAL),
    )
}

/// Whether any part of a value is an infinite number.
pub(super) fn is_infinite(value: &Value) -> bool {
    has_reason(
        value,
        &|reason| matches!(reason, Reason::Invalid(what) if **what == *INFINITE),
    )
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
                        let mut attributes = Attributes::default();
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

/// The type of a value. Unknown values are `Any`; choices have the type of their alternatives, if it is one.
pub fn type_of(value: &Value) -> Type {
    match &value.data {
        Data::Null(_) | Data::Unknown(_) => Type::Any,
        Data::Choice(alternatives) => {
            let types: Vec<Type> = alternatives.iter().map(|a| type_of(&a.value)).collect();
            unify(&types).unwrap_or(Type::Any)
        }
        Data::Bool(_) => Type::Bool,
        Data::Number(_) => Type::Number,
        Data::Text(_) => Type::String,
        Data::List(list) => match list.kind() {
            ListKind::Tuple => Type::Tuple(list.items().iter().map(type_of).collect()),
            ListKind::List => Type::List(Box::new(common(list.items().iter()))),
            ListKind::Set => Type::Set(Box::new(common(list.items().iter()))),
        },
        Data::Object(object) => {
            let values = object.members().values().map(|member| &member.value);
            match object.kind() {
                ObjectKind::Map => Type::Map(Box::new(common(values))),
                ObjectKind::Object | ObjectKind::Block => {
                    let names = object.members().keys().cloned();
                    let plain = |of| Attribute {
                        of,
                        is_optional: false,
                        default: None,
                    };
                    Type::Object(names.zip(values.map(type_of).map(plain)).collect())
                }
            }
        }
    }
}

/// The type of the elements of a typed collection: that of the first element which tells it wholly.
fn common<'v>(values: impl Iterator<Item = &'v Value>) -> Type {
    let mut known = Type::Any;
    for value in values {
        known = match unify(&[known, type_of(value)]) {
            Some(of) => of,
            None => return Type::Any,
        };
        if known.is_concrete() {
            break;
        }
    }
    known
}

/// The type that values of all these types can be converted to; none if there is none. As cty does it
/// (`convert.UnifyUnsafe`): `Any` fits everything, objects of different attributes become maps, tuples of different
/// lengths lists, and primitive types strings if one of them is a string.
pub fn unify(types: &[Type]) -> Option<Type> {
    let known: Vec<&Type> = types.iter().filter(|of| **of != Type::Any).collect();
    let Some((&first, rest)) = known.split_first() else {
        return Some(Type::Any);
    };
    if rest.iter().all(|of| *of == first) {
        return Some(first.clone());
    }
    let has = |test: fn(&Type) -> bool| known.iter().any(|of| test(of));
    let only = |test: fn(&Type) -> bool| known.iter().all(|of| test(of));
    if only(Type::is_scalar) {
        return has(|of| *of == Type::String).then_some(Type::String);
    }
    if only(|of| matches!(of, Type::Map(_) | Type::Object(_))) {
        if !has(|of| matches!(of, Type::Map(_))) && same_names(&known) {
            return unify_attributes(&known);
        }
        return unify(&parts(&known)).map(|of| Type::Map(Box::new(of)));
    }
    if only(|of| matches!(of, Type::List(_) | Type::Set(_) | Type::Tuple(_))) {
        if let Type::Tuple(first) = first
            && known
                .iter()
                .all(|of| matches!(of, Type::Tuple(items) if items.len() == first.len()))
        {
            let column = |at: usize| -> Vec<Type> {
                let items = known.iter().filter_map(|of| match of {
                    Type::Tuple(items) => items.get(at).cloned(),
                    _ => None,
                });
                items.collect()
            };
            let items: Option<Vec<Type>> = (0..first.len()).map(|at| unify(&column(at))).collect();
            return items.map(Type::Tuple);
        }
        let of = Box::new(unify(&parts(&known))?);
        return Some(if has(|of| matches!(of, Type::Set(_))) {
            Type::Set(of)
        } else {
            Type::List(of)
        });
    }
    None
}

/// The types of all elements and attributes.
fn parts(types: &[&Type]) -> Vec<Type> {
    let mut all = Vec::new();
    for of in types {
        match of {
            Type::List(of) | Type::Set(of) | Type::Map(of) => all.push((**of).clone()),
            Type::Tuple(items) => all.extend(items.iter().cloned()),
            Type::Object(attributes) => {
                all.extend(attributes.values().map(|attribute| attribute.of.clone()));
            }
            Type::Any | Type::Bool | Type::Number | Type::String => {}
        }
    }
    all
}

fn same_names(types: &[&Type]) -> bool {
    let mut objects = types.iter().filter_map(|of| match of {
        Type::Object(attributes) => Some(attributes),
        _ => None,
    });
    let Some(first) = objects.next() else {
        return true;
    };
    objects.all(|other| {
        other.len() == first.len() && first.keys().all(|name| other.contains_key(name))
    })
}

/// Objects of the same attributes: each attribute unified.
fn unify_attributes(types: &[&Type]) -> Option<Type> {
    let Some(Type::Object(first)) = types.first() else {
        return None;
    };
    let mut attributes = Attributes::default();
    for name in first.keys() {
        let column: Vec<Type> = types
            .iter()
            .filter_map(|of| match of {
                Type::Object(attributes) => attributes.get(name).map(|a| a.of.clone()),
                _ => None,
            })
            .collect();
        attributes.insert(
            name.clone(),
            Attribute {
                of: unify(&column)?,
                is_optional: false,
                default: None,
            },
        );
    }
    Some(Type::Object(attributes))
}

/// A value as it is after unification with another one (the other arm of a conditional).
///
/// # Errors
/// Where no type fits both: Terraform refuses such a conditional.
pub fn unify_value(value: &Value, other: &Value) -> Result<Value, String> {
    // Resources and blocks lose attributes that are not written when they are converted: they stay as they are.
    let is_block = |value: &Value| {
        value
            .as_object()
            .is_some_and(|object| object.kind() == ObjectKind::Block || object.more().is_some())
    };
    if is_block(value) || is_block(other) {
        return Ok(value.clone());
    }
    let (a, b) = (type_of(value), type_of(other));
    if a == b {
        return Ok(value.clone());
    }
    let Some(of) = unify(&[a, b]) else {
        return Err(format!(
            "the two results have no type in common: one is {}, the other {}",
            noun(value),
            noun(other)
        ));
    };
    Ok(convert(value, &of, value.span()).unwrap_or_else(|_| value.clone()))
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
        (Type::Any, _) | (_, Data::Null(_) | Data::Unknown(_)) => Ok(value.clone()),
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

/// The element type: as declared, or for `any` the one that all elements can have.
fn element_type<'v>(
    declared: &Type,
    values: impl Iterator<Item = &'v Value>,
) -> Result<Type, String> {
    if *declared != Type::Any {
        return Ok(declared.clone());
    }
    // Alike elements need not be looked at twice: most collections hold one primitive type.
    let mut types: Vec<Type> = Vec::new();
    for value in values {
        let of = type_of(value);
        if types.last() != Some(&of) && !(of.is_scalar() && types.contains(&of)) {
            types.push(of);
        }
    }
    unify(&types).ok_or_else(|| "its elements have no type in common".to_owned())
}

/// Distinct elements in the order in which Terraform iterates over sets: strings bytewise, numbers ascending, truth
/// values false first, others by the bytes that cty hashes (set/rules, `makeSetHashBytes`).
pub fn set_of(items: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<(Vec<u8>, Value)> = Vec::with_capacity(items.len());
    let mut seen = rustc_hash::FxHashSet::default();
    let mut is_ordered = true;
    for item in items {
        let mut key = Vec::new();
        if !hash_bytes(&item, &mut key) {
            // What is not known may be equal to another element, or to none.
            is_ordered = false;
        } else if !seen.insert(key.clone()) {
            continue;
        }
        distinct.push((key, item));
    }
    if distinct.iter().all(|(_, item)| item.as_number().is_some()) {
        distinct.sort_by(|a, b| a.1.as_number().cmp(&b.1.as_number()));
    } else if distinct.iter().all(|(_, item)| item.as_str().is_some()) {
        distinct.sort_by(|a, b| a.1.as_str().cmp(&b.1.as_str()));
    } else if distinct.iter().all(|(_, item)| item.as_bool().is_some()) {
        distinct.sort_by_key(|(_, item)| item.as_bool());
    } else if is_ordered {
        distinct.sort_by(|a, b| a.0.cmp(&b.0));
    }
    distinct.into_iter().map(|(_, item)| item).collect()
}

/// What cty makes of a value to hash it: equal for equal values of one type. False if something in it is not known.
pub(super) fn hash_bytes(value: &Value, into: &mut Vec<u8>) -> bool {
    match &value.data {
        Data::Null(_) => into.push(b'~'),
        Data::Bool(truth) => into.push(if *truth { b'T' } else { b'F' }),
        Data::Number(number) => into.extend(number.to_string().bytes()),
        Data::Text(text) => match text.as_str() {
            Some(text) => into.extend(format!("{text:?}").bytes()),
            None => return false,
        },
        Data::List(list) => {
            if list.more().is_some() {
                return false;
            }
            let (open, close) = match list.kind() {
                ListKind::Tuple => (b'<', b'>'),
                ListKind::List | ListKind::Set => (b'[', b']'),
            };
            into.push(open);
            for item in list.items() {
                if !hash_bytes(item, into) {
                    return false;
                }
                into.push(b';');
            }
            into.push(close);
        }
        Data::Object(object) => {
            if object.more().is_some() {
                return false;
            }
            let is_map = object.kind() == ObjectKind::Map;
            let mut names: Vec<&Arc<str>> = object.members().keys().collect();
            names.sort();
            into.push(if is_map { b'{' } else { b'<' });
            for name in names {
                // Objects of one type have the same names, so cty leaves them out; here they tell types apart.
                into.extend(format!("{name:?}:").bytes());
                match object.get(name) {
                    Some(value) if !hash_bytes(value, into) => return false,
                    _ => into.push(b';'),
                }
            }
            into.push(if is_map { b'}' } else { b'>' });
        }
        Data::Unknown(_) | Data::Choice(_) => return false,
    }
    true
}

/// What a value is, for messages.
pub fn noun(value: &Value) -> &'static str {
    match &value.data {
        Data::Null(_) => "null",
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
        Data::Text(text) => number_in(text.as_str()?),
        _ => None,
    }
}

/// A number as conversion from a string reads it, which takes a little more than expressions do: `+5`, `.5`.
pub(super) fn number_in(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { "-" } else { "" };
    if unsigned.starts_with('.') {
        return Number::parse(&format!("{sign}0{unsigned}"));
    }
    if unsigned.len() < text.len() && sign.is_empty() {
        return Number::parse(unsigned)
            .filter(|_| unsigned.starts_with(|c: char| c.is_ascii_digit()));
    }
    Number::parse(text)
}

/// Unicode's composed form, in which Terraform keeps all strings (`"é" == "e\u0301"`).
pub(super) fn normal(text: &str) -> std::borrow::Cow<'_, str> {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        text.into()
    } else {
        text.nfc().collect::<String>().into()
    }
}

/// Terraform's `==`: nothing is converted, types must agree; unsure where something unknown decides.
pub fn equal(a: &Value, b: &Value) -> Certainty {
    match (&a.data, &b.data) {
        (Data::Unknown(unknown), Data::Null(_)) | (Data::Null(_), Data::Unknown(unknown))
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
        (Data::Null(_), Data::Null(_)) => Certainty::Yes,
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
            if (a.kind() == ObjectKind::Map) != (b.kind() == ObjectKind::Map) {
                return Certainty::No;
            }
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

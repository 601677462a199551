//! What a call gives whose arguments are not wholly known: a type and refinements, as Terraform's functions state them.
//! <https://github.com/zclconf/go-cty/blob/v1.16.0/docs/functions.md>

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Call, Outcome, passed, reason_of};
use crate::source::Span;
use crate::terraform::foreseen;
use crate::terraform::types::{self, Attribute, Type};
use crate::value::{Attributes, Data, List, ListKind, Object, ObjectKind, Range, Unknown, Value};

/// Functions that give numbers.
const NUMBERS: &[&str] = &[
    "abs", "ceil", "floor", "index", "length", "log", "max", "min", "parseint", "pow", "signum",
    "sum", "timecmp", "tonumber",
];
/// Functions that give truth values.
const TRUTHS: &[&str] = &[
    "alltrue",
    "anytrue",
    "can",
    "contains",
    "endswith",
    "fileexists",
    "issensitive",
    "startswith",
    "strcontains",
    "tobool",
];
/// Functions whose result has the type of their first argument.
const ALIKE: &[&str] = &[
    "distinct",
    "ephemeralasnull",
    "matchkeys",
    "nonsensitive",
    "sensitive",
];
/// Functions that look at arguments even if those are not known.
const LOOKING: &[&str] = &[
    "coalesce",
    "coalescelist",
    "ephemeralasnull",
    "format",
    "formatlist",
    "issensitive",
    "jsonencode",
    "keys",
    "length",
    "lookup",
    "nonsensitive",
    "sensitive",
    "setproduct",
    "sort",
    "startswith",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
];
/// Functions whose arguments may be of a type that is not known.
const TAKING_ANY: &[&str] = &[
    "coalesce",
    "coalescelist",
    "ephemeralasnull",
    "issensitive",
    "jsonencode",
    "length",
    "merge",
    "nonsensitive",
    "sensitive",
    "setintersection",
    "setsubtract",
    "setunion",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
    "yamlencode",
];
/// Functions whose results may be null.
const NULLABLE: &[&str] = &[
    "bcrypt",
    "csvdecode",
    "element",
    "ephemeralasnull",
    "issensitive",
    "jsondecode",
    "lookup",
    "nonsensitive",
    "one",
    "plantimestamp",
    "sensitive",
    "strcontains",
    "timestamp",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
    "uuid",
    "yamldecode",
];

/// Whether a function has no result to speak of if one of its arguments is unknown.
pub(super) fn needs_known(name: &str) -> bool {
    !LOOKING.contains(&name)
}

/// Whether a function does not look at the types of its arguments as long as they are not known.
pub(super) fn is_unseen(name: &str, arguments: &[Value]) -> bool {
    match name {
        "coalescelist" | "contains" | "index" | "sum" => arguments
            .iter()
            .any(|argument| argument.as_unknown().is_some()),
        "flatten" => !arguments.iter().all(Value::is_wholly_known),
        _ => false,
    }
}

/// Whether the type of the result is open as long as that of an argument is.
pub(super) fn is_open(name: &str, arguments: &[Value]) -> bool {
    let is_default = |at: usize| name == "lookup" && at == 2;
    !TAKING_ANY.contains(&name)
        && arguments.iter().enumerate().any(|(at, argument)| {
            // Null is refused by those that do not take it.
            let is_unknown = argument.as_unknown().is_some() || argument.is_null();
            is_unknown && !is_default(at) && types::type_of(argument) == Type::Any
        })
}

/// An unknown result.
pub(super) fn unknown(name: &str, of: Type, arguments: &[Value], site: Span) -> Value {
    let first = arguments
        .iter()
        .find(|argument| !argument.is_wholly_known());
    let reason = first.map_or(crate::value::Reason::Function(name.into()), reason_of);
    let unknown = Unknown {
        is_never_null: of != Type::Any && !NULLABLE.contains(&name),
        ..Unknown::of_type(reason, of)
    };
    Value::new(Data::Unknown(Arc::new(unknown)), site)
}

fn list(of: Type) -> Type {
    Type::List(Box::new(of))
}

/// The type of the result, whether it is known or not.
///
/// # Errors
/// A sentence for the user when the types of the arguments do not fit.
pub(super) fn type_of(name: &str, arguments: &[Value]) -> Result<Type, String> {
    let of = |at: usize| arguments.get(at).map_or(Type::Any, types::type_of);
    if NUMBERS.contains(&name) {
        return check(name, arguments).map(|()| Type::Number);
    }
    if TRUTHS.contains(&name) {
        return check(name, arguments).map(|()| Type::Bool);
    }
    if ALIKE.contains(&name) {
        return Ok(of(0));
    }
    Ok(match name {
        "compact" | "cidrsubnets" | "formatlist" | "sort" | "split" => list(Type::String),
        "fileset" => Type::Set(Box::new(Type::String)),
        "range" => list(Type::Number),
        "transpose" => Type::Map(Box::new(list(Type::String))),
        "tolist" | "toset" | "tomap" => match name {
            "tolist" => list(Type::Any),
            "toset" => Type::Set(Box::new(Type::Any)),
            _ => Type::Map(Box::new(Type::Any)),
        },
        "csvdecode" | "jsondecode" | "yamldecode" | "flatten" => Type::Any,
        "regex" | "regexall" if arguments[0].as_unknown().is_some() => match name {
            "regex" => Type::Any,
            _ => list(Type::Any),
        },
        "regex" | "regexall" => {
            let of = super::patterns::type_of_match(&arguments[0])?;
            if name == "regex" { of } else { list(of) }
        }
        "chunklist" => list(of(0)),
        "coalesce" => {
            let all: Vec<Type> = arguments.iter().map(types::type_of).collect();
            types::unify(&all).ok_or("the arguments have no type in common")?
        }
        "coalescelist" => coalesced_list(arguments)?,
        "concat" => concatenated(arguments)?,
        "element" => element(arguments)?,
        "keys" => match of(0) {
            Type::Map(_) => list(Type::String),
            Type::Object(attributes) => Type::Tuple(vec![Type::String; attributes.len()]),
            of => return needs("a map", &of),
        },
        "values" => match of(0) {
            Type::Map(of) => Type::List(of),
            Type::Object(attributes) => {
                let mut names: Vec<&Arc<str>> = attributes.keys().collect();
                names.sort();
                Type::Tuple(
                    names
                        .iter()
                        .map(|name| attributes[*name].of.clone())
                        .collect(),
                )
            }
            of => return needs("a map", &of),
        },
        "lookup" => looked_up(arguments)?,
        "merge" => merged(arguments)?,
        "one" => match of(0) {
            Type::List(of) | Type::Set(of) => *of,
            Type::Tuple(items) => match items.as_slice() {
                [] => Type::Any,
                [only] => only.clone(),
                _ => return Err("the list has more than one element".to_owned()),
            },
            of => return needs("a list", &of),
        },
        "reverse" => match of(0) {
            Type::Tuple(items) => Type::Tuple(items.into_iter().rev().collect()),
            Type::List(of) | Type::Set(of) => Type::List(of),
            of => return needs("a list", &of),
        },
        "setintersection" | "setsubtract" | "setunion" => {
            let is_empty =
                |value: &Value| value.as_list().is_some_and(|list| list.items().is_empty());
            let elements = arguments.iter().filter_map(|argument| {
                let of = types::type_of(argument).element().cloned()?;
                (!(of == Type::Any && is_empty(argument))).then_some(of)
            });
            let elements: Vec<Type> = elements.collect();
            let of = types::unify(&elements).ok_or("the elements have no type in common")?;
            Type::Set(Box::new(of))
        }
        "setproduct" => product(arguments)?,
        "slice" => sliced(arguments)?,
        "zipmap" => zipped(arguments)?,
        _ => Type::String,
    })
}

fn needs(what: &str, of: &Type) -> Result<Type, String> {
    match of {
        Type::Any => Ok(Type::Any),
        of => Err(format!("{what} is needed, but this is a {}", of.describe())),
    }
}

/// What functions with a result of one type ask of their arguments.
fn check(name: &str, arguments: &[Value]) -> Result<(), String> {
    let of = arguments.first().map_or(Type::Any, types::type_of);
    match (name, &of) {
        ("length", Type::Number | Type::Bool) => needs("a collection or string", &of).map(|_| ()),
        ("parseint", of) if *of != Type::String => needs("a string", of).map(|_| ()),
        ("tonumber" | "tobool", of) => {
            let to = if name == "tonumber" {
                Type::Number
            } else {
                Type::Bool
            };
            match types::is_convertible(of, &to) {
                true => Ok(()),
                false => needs(&to.describe(), of).map(|_| ()),
            }
        }
        _ => Ok(()),
    }
}

fn coalesced_list(arguments: &[Value]) -> Result<Type, String> {
    let mut all = Vec::new();
    for argument in arguments {
        if argument.as_unknown().is_some() {
            return Ok(Type::Any);
        }
        match types::type_of(argument) {
            of @ (Type::List(_) | Type::Tuple(_)) => all.push(of),
            _ => return Err("lists are needed".to_owned()),
        }
    }
    let first = all.first().cloned().unwrap_or(Type::Any);
    Ok(if all.iter().all(|of| *of == first) {
        first
    } else {
        Type::Any
    })
}

fn concatenated(arguments: &[Value]) -> Result<Type, String> {
    let all: Vec<Type> = arguments.iter().map(types::type_of).collect();
    if all.iter().all(|of| matches!(of, Type::List(_)))
        && let Some(of) = types::unify(&all)
    {
        return Ok(of);
    }
    let mut items = Vec::new();
    for (argument, of) in arguments.iter().zip(all) {
        match (of, argument.as_list()) {
            (Type::Tuple(all), _) => items.extend(all),
            (Type::List(of), Some(list)) => items.extend(vec![*of; list.items().len()]),
            (Type::List(_) | Type::Any, _) => return Ok(Type::Any),
            _ => return Err("lists are needed".to_owned()),
        }
    }
    Ok(Type::Tuple(items))
}

fn element(arguments: &[Value]) -> Result<Type, String> {
    match types::type_of(&arguments[0]) {
        Type::List(of) => Ok(*of),
        Type::Tuple(items) => match arguments[1].as_int() {
            _ if arguments[1].as_unknown().is_some() => Ok(Type::Any),
            Some(at) if !items.is_empty() => {
                let at = at.rem_euclid(items.len() as i64) as usize;
                Ok(items[at].clone())
            }
            Some(_) => Err("the list is empty".to_owned()),
            None => Err("a whole number is needed".to_owned()),
        },
        of => needs("a list", &of),
    }
}

fn looked_up(arguments: &[Value]) -> Result<Type, String> {
    match types::type_of(&arguments[0]) {
        Type::Object(attributes) => match arguments[1].as_str() {
            Some(key) => match (attributes.get(key), arguments.get(2)) {
                (Some(attribute), _) => Ok(attribute.of.clone()),
                (None, Some(default)) => Ok(types::type_of(default)),
                (None, None) => Err(format!(
                    "there is no key \"{key}\", and no default is given"
                )),
            },
            None => Ok(Type::Any),
        },
        Type::Map(of) => match arguments.get(2) {
            Some(default) => types::convert(default, &of, Span::NONE).map(|_| *of),
            None => Ok(*of),
        },
        of => needs("a map", &of),
    }
}

fn merged(arguments: &[Value]) -> Result<Type, String> {
    let mut attributes = Attributes::default();
    let mut is_known = true;
    let mut all = Vec::new();
    for argument in arguments {
        let of = types::type_of(argument);
        match (&of, argument.as_object()) {
            (Type::Any, _) => return Ok(Type::Any),
            (Type::Object(more), _) if !argument.is_null() => attributes.extend(more.clone()),
            (Type::Map(of), Some(object)) => {
                let names = object.members().keys().cloned();
                attributes.extend(names.map(|name| (name, Attribute::required((**of).clone()))));
            }
            (Type::Map(_), None) => is_known &= argument.is_null(),
            (Type::Object(_), _) => {}
            _ => return needs("a map", &of),
        }
        all.push(of);
    }
    let first = all
        .first()
        .cloned()
        .unwrap_or(Type::Object(Attributes::default()));
    Ok(match all.iter().all(|of| *of == first) {
        true => first,
        false if !is_known => Type::Any,
        false => Type::Object(attributes),
    })
}

fn product(arguments: &[Value]) -> Result<Type, String> {
    let mut items = Vec::new();
    let mut is_set = false;
    for argument in arguments {
        items.push(match types::type_of(argument) {
            Type::Set(of) => {
                is_set = true;
                *of
            }
            Type::List(of) => *of,
            Type::Tuple(all) => {
                types::unify(&all).ok_or("the elements of one list have no type in common")?
            }
            of => return needs("a list", &of),
        });
    }
    let row = Box::new(Type::Tuple(items));
    Ok(if is_set {
        Type::Set(row)
    } else {
        Type::List(row)
    })
}

fn sliced(arguments: &[Value]) -> Result<Type, String> {
    let of = types::type_of(&arguments[0]);
    let bound = |value: &Value| match value.as_number() {
        Some(number) => number
            .as_i64()
            .and_then(|bound| usize::try_from(bound).ok())
            .map(Some)
            .ok_or("an index is no whole number above zero"),
        None => Ok(None),
    };
    let (from, to) = (bound(&arguments[1])?, bound(&arguments[2])?);
    let length = match &of {
        Type::Tuple(items) => Some(items.len()),
        _ => types::length(&arguments[0]),
    };
    let is_within =
        |bound: Option<usize>| bound.zip(length).is_none_or(|(at, length)| at <= length);
    if !is_within(from) || !is_within(to) || from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err("the indices do not lie in the list".to_owned());
    }
    match (of, from, to) {
        (of @ Type::List(_), ..) => Ok(of),
        (Type::Tuple(items), Some(from), Some(to)) => Ok(Type::Tuple(items[from..to].to_vec())),
        (Type::Tuple(_), ..) => Ok(Type::Any),
        (of, ..) => needs("a list", &of),
    }
}

fn zipped(arguments: &[Value]) -> Result<Type, String> {
    match types::type_of(&arguments[1]) {
        Type::List(of) => Ok(Type::Map(of)),
        Type::Tuple(items) => {
            let names: Option<Vec<Arc<str>>> = arguments[0]
                .elements()
                .map(|name| name.as_str().map(Arc::from))
                .collect();
            let (Some(names), true) = (names, arguments[0].is_wholly_known()) else {
                return Ok(Type::Any);
            };
            if names.len() != items.len() {
                return Err("the lists differ in length".to_owned());
            }
            let items = items.into_iter().map(Attribute::required);
            Ok(Type::Object(names.into_iter().zip(items).collect()))
        }
        of => needs("a list", &of),
    }
}

/// The result where Terraform knows more than its type, or less than what the function itself would make of arguments
/// that are known in part. None: what the function makes of them.
pub(super) fn planned(name: &str, arguments: &[Value], call: Call<'_>) -> Option<Outcome> {
    if arguments.iter().all(Value::is_wholly_known) {
        return None;
    }
    let refined = |range: Range| {
        let of = type_of(name, arguments).unwrap_or(Type::Any);
        let unknown = Unknown {
            range,
            ..(**unknown(name, of, arguments, call.site).as_unknown()?).clone()
        };
        Some(Ok(types::refined(unknown, call.site)))
    };
    let open = || refined(Range::Any);
    match name {
        "length" => match (
            types::type_of(&arguments[0]),
            types::range_of(&arguments[0]).1,
        ) {
            (Type::Tuple(items), _) => Some(Ok(Value::int(items.len() as i64, call.site))),
            (Type::Object(members), _) => Some(Ok(Value::int(members.len() as i64, call.site))),
            (Type::String, range) => {
                let start = match &range {
                    Range::Prefix(start) => start.graphemes(true).count(),
                    _ => 0,
                };
                refined(Range::Between(bound(start), None))
            }
            (_, Range::Length(least, most)) => {
                let most = if most == usize::MAX {
                    None
                } else {
                    bound(most)
                };
                refined(Range::Between(bound(least), most))
            }
            // The elements of a set that are not known may be others of it.
            (Type::Set(_), _) if arguments[0].as_list().is_some() => {
                let most = arguments[0].elements().len();
                refined(Range::Between(bound(1), bound(most)))
            }
            (of, _) if of.is_collection() => refined(Range::Between(bound(0), None)),
            _ => open(),
        },
        "keys" => match types::type_of(&arguments[0]) {
            Type::Object(attributes) => {
                let mut names: Vec<&Arc<str>> = attributes.keys().collect();
                names.sort();
                let names = names
                    .into_iter()
                    .map(|name| Value::text(name.clone(), call.site));
                Some(Ok(Value::list(names.collect(), call.site)))
            }
            _ if arguments[0].as_unknown().is_some() => open(),
            _ => None,
        },
        "alltrue" => {
            // One after the other: what comes after the first that is not known is not looked at.
            let first = arguments[0]
                .elements()
                .find(|item| types::to_bool(item) != Some(true));
            match first {
                Some(item) if item.as_unknown().is_some() => open(),
                _ => None,
            }
        }
        "format" => {
            if arguments[0].as_unknown().is_some() {
                return open();
            }
            let start = arguments[0].as_str().and_then(|text| text.split_once('%'));
            match start {
                Some((start, _)) => refined(foreseen::prefix(start)),
                None => open(),
            }
        }
        "jsonencode" => {
            let (is_never_null, _) = types::range_of(&arguments[0]);
            refined(match types::type_of(&arguments[0]) {
                _ if !is_never_null => Range::Any,
                Type::String => Range::Prefix("\"".into()),
                Type::Object(_) | Type::Map(_) => Range::Prefix("{".into()),
                Type::Tuple(_) | Type::List(_) | Type::Set(_) => Range::Prefix("[".into()),
                _ => Range::Any,
            })
        }
        "jsondecode" => {
            let Range::Prefix(start) = types::range_of(&arguments[0]).1 else {
                return open();
            };
            let of = match start.trim().chars().next() {
                None | Some('{' | '[' | 'n') => Type::Any,
                Some('"') => Type::String,
                Some('t' | 'f') => Type::Bool,
                Some('-' | '.' | '0'..='9') => Type::Number,
                Some(other) => {
                    return Some(Err(format!("a JSON document cannot begin with `{other}`")));
                }
            };
            Some(Ok(unknown(name, of, arguments, call.site)))
        }
        "startswith" => {
            let wanted = arguments[1].as_str()?;
            let Range::Prefix(start) = types::range_of(&arguments[0]).1 else {
                return match wanted.is_empty() {
                    true => Some(Ok(Value::bool(true, call.site))),
                    false => open(),
                };
            };
            match (start.starts_with(wanted), start.len() >= wanted.len()) {
                (true, _) => Some(Ok(Value::bool(true, call.site))),
                (false, true) => Some(Ok(Value::bool(false, call.site))),
                (false, false) => open(),
            }
        }
        "sort" => refined(match types::range_of(&arguments[0]).1 {
            range @ Range::Length(..) => range,
            _ => Range::Any,
        }),
        "lookup" => {
            let is_known = |at: usize| arguments[at].as_unknown().is_none();
            match is_known(0) && is_known(1) && arguments[0].as_object().is_some() {
                true => None,
                false => open(),
            }
        }
        "coalesce" => Some(coalesced(arguments, call)),
        "coalescelist" => {
            let first = arguments.iter().find(|argument| {
                let is_empty = argument
                    .as_list()
                    .is_some_and(|list| list.items().is_empty());
                !argument.is_null() && !is_empty
            });
            match first {
                Some(argument) if argument.as_unknown().is_some() => open(),
                _ => None,
            }
        }
        "setproduct" => {
            let lengths = arguments
                .iter()
                .map(|argument| match types::type_of(argument) {
                    Type::Tuple(items) => (argument.as_list().is_some(), items.len()),
                    _ => match (types::length(argument), types::range_of(argument).1) {
                        (Some(length), _) => (true, length),
                        (None, Range::Length(_, most)) => (false, most),
                        _ => (false, usize::MAX),
                    },
                });
            let lengths: Vec<(bool, usize)> = lengths.collect();
            if lengths.iter().all(|(is_known, _)| *is_known) {
                return None;
            }
            let mut most = 1_usize;
            for (_, length) in lengths {
                most = most.saturating_mul(length);
                if length > 1_024 || most > 2_048 {
                    return open();
                }
            }
            refined(Range::Length(most.min(1), most))
        }
        "tolist" | "tomap" | "toset" | "tostring" | "tonumber" | "tobool" => {
            arguments[0].as_unknown()?;
            let of = type_of(name, arguments).unwrap_or(Type::Any);
            Some(
                match types::is_convertible(&types::type_of(&arguments[0]), &of) {
                    true => Ok(unknown(name, of, arguments, call.site)),
                    false => Err(format!("a {} is needed", of.describe())),
                },
            )
        }
        "compact" | "distinct" | "join" | "matchkeys" | "transpose" => open(),
        _ => None,
    }
}

fn bound(number: usize) -> Option<(crate::value::Number, bool)> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    Some((number.into(), true))
}

fn coalesced(arguments: &[Value], call: Call<'_>) -> Outcome {
    let of = type_of("coalesce", arguments)?;
    for argument in arguments {
        let given = types::convert(argument, &of, call.site)?;
        match &given.data {
            Data::Unknown(_) => return Ok(unknown("coalesce", of, arguments, call.site)),
            Data::Null(_) => {}
            Data::Text(text) if text.as_str() == Some("") => {}
            _ => return Ok(passed(given, call)),
        }
    }
    Err("all arguments are null or empty".to_owned())
}

/// An empty collection that a function made, with the type that its result has.
pub(super) fn typed(value: Value, name: &str, arguments: &[Value]) -> Value {
    let is_empty = match &value.data {
        Data::List(list) => {
            list.kind() != ListKind::Tuple && list.items().is_empty() && list.of().is_none()
        }
        Data::Object(object) => {
            object.kind() == ObjectKind::Map && object.members().is_empty() && object.of().is_none()
        }
        Data::Null(None) => matches!(name, "one" | "lookup" | "element"),
        _ => false,
    };
    if !is_empty {
        return value;
    }
    let Ok(of) = type_of(name, arguments) else {
        return value;
    };
    let data = match (&value.data, of.element()) {
        (Data::List(list), Some(element)) if list.more().is_none() => Data::List(List::typed(
            list.kind(),
            Arc::new(element.clone()),
            Vec::new(),
        )),
        (Data::Object(object), Some(element)) if object.more().is_none() => Data::Object(
            Object::map_of(Arc::new(element.clone()), object.members().clone()),
        ),
        (Data::Null(None), _) if of != Type::Any => Data::Null(Some(Arc::new(of))),
        _ => return value,
    };
    Value { data, ..value }
}

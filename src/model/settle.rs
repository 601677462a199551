//! Settling: values under canonical names in; decoded, typed and completed with defaults out. The same for both
//! languages.

use std::sync::Arc;

use base64::Engine as _;

use super::normalize::{each_alternative, first_of};
use super::vocabulary::{Encoding, Properties, Property, Row, Type};
use crate::declared::Language;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::value::{
    Alternative, Certainty, Data, Guard, List, ListKind, Member, Members, Number, Object,
    ObjectKind, Origin, Reason, Segment, Text, Unknown, Value,
};
use crate::yaml;

/// Base64 shorter than this is taken for a plain word.
const SHORTEST_BASE64: usize = 8;

/// A value under a condition, another otherwise.
pub(super) fn guarded(guard: &Guard, value: Value, otherwise: Value) -> Value {
    match guard {
        Guard::Always => value,
        Guard::Never => otherwise,
        guard => {
            let span = value.span();
            let alternatives = vec![
                Alternative {
                    guard: guard.clone(),
                    value,
                },
                Alternative {
                    guard: !guard.clone(),
                    value: otherwise,
                },
            ];
            Value::choice(alternatives, span)
        }
    }
}

/// A default inside the thing at `place`.
pub(super) fn default_value(raw: &Value, place: Span) -> Value {
    let data = match &raw.data {
        Data::List(list) => {
            let items = list.items().iter().map(|item| default_value(item, place));
            Data::List(List::new(list.kind(), items.collect()))
        }
        Data::Object(object) => {
            let members = object.members().iter().map(|(name, member)| {
                let value = default_value(&member.value, place);
                (name.clone(), Member::from(value))
            });
            Data::Object(Object::new(ObjectKind::Object, members.collect()))
        }
        data => data.clone(),
    };
    Value {
        data,
        origin: Origin::default_in(place),
        is_sensitive: false,
    }
}

/// A mapped value with its type settled and, where that can be done without a word, decoded.
pub(super) fn settled(value: Value, row: &Row) -> Option<Value> {
    let value = match row.decode {
        Some(encoding @ (Encoding::Json | Encoding::Yaml)) => match decoded(&value, encoding) {
            Some(Ok(decoded)) => decoded,
            _ => value,
        },
        _ => value,
    };
    let value = if row.is_pascal {
        pascal(&value, &row.members)
    } else {
        value
    };
    Some(match row.kind {
        Some(kind) => typed(value, kind),
        None if row.is_plain() => plain(value),
        None => value,
    })
}

/// What is text unless something else is said: `1.31` is `"1.31"`.
fn plain(value: Value) -> Value {
    match &value.data {
        Data::Number(_) | Data::Bool(_) => typed(value, Type::String),
        _ => value,
    }
}

/// An object (or each object of a list) with all its members settled and defaults filled in.
pub(super) fn complete(
    value: Value,
    properties: &Properties,
    language: Language,
    diagnostics: &mut Vec<Diagnostic>,
) -> Value {
    match &value.data {
        Data::Object(object) => {
            let data = complete_object(object, &value, properties, language, diagnostics);
            Value { data, ..value }
        }
        Data::List(list) => {
            let items = list
                .items()
                .iter()
                .map(|item| complete(item.clone(), properties, language, diagnostics));
            let items = items.collect();
            let list = match list.more() {
                Some(why) => List::open(list.kind(), items, why.clone()),
                None => List::new(list.kind(), items),
            };
            Value {
                data: Data::List(list),
                ..value
            }
        }
        Data::Choice(_) => {
            let completed = each_alternative(&value, &mut |value| {
                (!value.is_null())
                    .then(|| complete(value.clone(), properties, language, diagnostics))
            });
            completed.unwrap_or(value)
        }
        _ => value,
    }
}

fn complete_object(
    object: &Object,
    value: &Value,
    properties: &Properties,
    language: Language,
    diagnostics: &mut Vec<Diagnostic>,
) -> Data {
    let mut members: Members = object.members().clone();
    for (name, property) in properties {
        let present = members.get(name).cloned();
        let is_present = present.is_some();
        let absent = |diagnostics: &mut Vec<Diagnostic>| {
            if object.more().is_some() {
                return None;
            }
            absent(property, value.span(), language, diagnostics)
        };
        let key = present.as_ref().map_or(Span::NONE, |member| member.key);
        let schema = property.schema();
        let completed = match present {
            None => absent(diagnostics),
            Some(member) if matches!(member.value.data, Data::Choice(_)) => {
                let mut is_absent = false;
                let settled = each_alternative(&member.value, &mut |value| {
                    let settled = settle(value.clone(), schema, language, diagnostics);
                    is_absent |= settled.is_none();
                    settled
                });
                match settled {
                    None => absent(diagnostics),
                    Some(settled) if is_absent => match absent(diagnostics) {
                        None => Some(settled),
                        Some(default) => each_alternative(&settled, &mut |value| {
                            Some(if value.is_null() {
                                default.clone()
                            } else {
                                value.clone()
                            })
                        }),
                    },
                    settled => settled,
                }
            }
            Some(member) => match settle(member.value, schema, language, diagnostics) {
                None => absent(diagnostics),
                settled => settled,
            },
        };
        let told = completed.map(|value| told_entries(value, property, language));
        match told {
            Some(value) => {
                members.insert(name.clone(), Member { key, value });
            }
            None if is_present => {
                members.shift_remove(name);
            }
            None => {}
        }
    }
    Data::Object(match object.more() {
        Some(why) => Object::open(object.kind(), members, why.clone()),
        None => Object::new(object.kind(), members),
    })
}

/// What a property is that is not written inside the thing at `place`.
fn absent(
    property: &Property,
    place: Span,
    language: Language,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let schema = property.schema();
    if let Some(raw) = schema.default.of(language) {
        let value = default_value(raw, place);
        return Some(complete(value, &schema.members, language, diagnostics));
    }
    let has_told = property
        .rows
        .iter()
        .any(|row| default_entry(row, place, language).is_some());
    has_told.then(|| Value {
        data: Data::List(List::new(ListKind::Tuple, Vec::new())),
        origin: Origin::default_in(place),
        is_sensitive: false,
    })
}

/// The entry that a row tells by a constant, if it has defaults.
fn default_entry(row: &Row, place: Span, language: Language) -> Option<Value> {
    row.constants().next()?;
    let mut members = Members::default();
    let mut has_default = false;
    for (name, property) in &row.members {
        let own = property.rows.first()?;
        let raw = match (&own.value, own.default.of(language)) {
            (Some(constant), _) => constant,
            (None, Some(default)) => {
                has_default = true;
                default
            }
            (None, None) => continue,
        };
        members.insert(name.clone(), default_value(raw, place).into());
    }
    has_default.then(|| Value {
        data: Data::Object(Object::new(ObjectKind::Object, members)),
        origin: Origin::default_in(place),
        is_sensitive: false,
    })
}

/// A list with the default entries that it does not hold itself.
fn told_entries(value: Value, property: &Property, language: Language) -> Value {
    if property.rows.len() < 2
        && !property
            .rows
            .iter()
            .any(|row| row.constants().next().is_some())
    {
        return value;
    }
    match &value.data {
        Data::Choice(_) => each_alternative(&value, &mut |value| {
            (!value.is_null()).then(|| told_entries(value.clone(), property, language))
        })
        .unwrap_or(value),
        Data::List(list) if list.more().is_none() => {
            let place = value.span();
            let mut items = list.items().to_vec();
            for row in &property.rows {
                let Some(entry) = default_entry(row, place, language) else {
                    continue;
                };
                let Some(held) = holds_entry(list, row) else {
                    continue;
                };
                let item = guarded(&!held, entry, Value::null(place));
                if !item.is_null() {
                    items.push(item);
                }
            }
            Value {
                data: Data::List(List::new(list.kind(), items)),
                ..value
            }
        }
        _ => value,
    }
}

/// When a list holds an entry with a row's constants; none if that cannot be told.
fn holds_entry(list: &List, row: &Row) -> Option<Guard> {
    let has = |item: &Value| {
        let Data::Object(object) = &item.data else {
            return match &item.data {
                Data::Unknown(_) => Certainty::Unsure,
                _ => Certainty::No,
            };
        };
        row.constants()
            .map(|(name, constant)| match object.get(name) {
                Some(value) => is_same(value, constant),
                None => object.more().map_or(Certainty::No, |_| Certainty::Unsure),
            })
            .fold(Certainty::Yes, Certainty::and)
    };
    let mut held = Guard::Never;
    for item in list.items() {
        let alternatives: Vec<(Guard, &Value)> = match &item.data {
            Data::Choice(alternatives) => alternatives
                .iter()
                .map(|a| (a.guard.clone(), &a.value))
                .collect(),
            _ => vec![(Guard::Always, item)],
        };
        for (guard, item) in alternatives {
            match has(item) {
                Certainty::Yes => held = held.or(guard),
                Certainty::No => {}
                Certainty::Unsure => return None,
            }
        }
    }
    Some(held)
}

fn is_same(value: &Value, constant: &Value) -> Certainty {
    match (&value.data, &constant.data) {
        (Data::Text(text), Data::Text(wanted)) => text.equals_text(wanted),
        (Data::Number(a), Data::Number(b)) => (a == b).into(),
        (Data::Text(text), Data::Number(number)) => text.equals(&number.to_string()),
        (Data::Bool(a), Data::Bool(b)) => (a == b).into(),
        (Data::Unknown(_) | Data::Choice(_), _) => Certainty::Unsure,
        _ => Certainty::No,
    }
}

/// A written value, settled; none if it counts as not written.
fn settle(
    value: Value,
    row: &Row,
    language: Language,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Value> {
    match &value.data {
        Data::Null(_) => return None,
        Data::Unknown(_) => {
            return Some(match row.kind {
                Some(kind) => typed(value, kind),
                None => value,
            });
        }
        Data::Choice(_) => {
            return each_alternative(&value, &mut |value| {
                settle(value.clone(), row, language, diagnostics)
            });
        }
        _ => {}
    }
    let mut value = value;
    if row.kind == Some(Type::Object) && value.as_list().is_some() {
        // Terraform keeps a block that can stand only once as a list.
        let first = first_of(&value)?;
        return each_alternative(&first, &mut |value| {
            settle(value.clone(), row, language, diagnostics)
        });
    }
    if let Some(encoding) = row.decode {
        match decoded(&value, encoding) {
            None => {}
            Some(Ok(decoded)) => value = decoded,
            Some(Err((message, place))) => {
                diagnostics.push(
                    Diagnostic::warning("not_decoded", place, message.clone())
                        .hint("what it says is taken as not known"),
                );
                let reason = Reason::Invalid(message.into());
                return Some(Value {
                    data: Data::Unknown(Arc::new(Unknown::because(reason))),
                    ..value
                });
            }
        }
        if value.is_null() {
            return None;
        }
        if matches!(value.data, Data::Unknown(_)) {
            return Some(value);
        }
    }
    if row.is_pascal {
        value = pascal(&value, &row.members);
    }
    if let Some(kind) = row.kind {
        value = typed(value, kind);
    } else if row.is_plain() {
        value = plain(value);
    }
    if row.is_default_when_empty
        && value
            .as_list()
            .is_some_and(|list| list.items().is_empty() && list.more().is_none())
    {
        return None;
    }
    if row.members.is_empty() {
        return Some(value);
    }
    Some(complete(value, &row.members, language, diagnostics))
}

type Decoded = Result<Value, (String, Span)>;

/// What text encodes; none if it is no text, or plain text where base64 is not needed.
fn decoded(value: &Value, encoding: Encoding) -> Option<Decoded> {
    let text = value.as_text()?;
    // What is known to be written somewhere else (a policy document's block, a line of a string that a local holds) is
    // shown there: that is where it is mended.
    let is_placed = text.encodes().is_some() || !text.pieces().is_empty();
    let as_part = |part: Value| {
        let seen = if is_placed { part } else { value.seen(&part) };
        Value {
            is_sensitive: value.is_sensitive || seen.is_sensitive,
            ..seen
        }
    };
    match encoding {
        Encoding::Text => Some(Ok(as_part(plain_text(value, text)?))),
        Encoding::Json => Some(match yaml::json::decode(text, value.span()) {
            Ok(decoded) => Ok(as_part(decoded)),
            Err(error) if text.has_holes() => {
                let why = text.holes().next().map(|hole| hole.reason.clone());
                let reason = why.unwrap_or(Reason::Depends(error.message.into()));
                Ok(Value {
                    data: Data::Unknown(Arc::new(Unknown::because(reason))),
                    ..value.clone()
                })
            }
            Err(error) => Err((
                format!(
                    "this is not the JSON that is expected here: {}",
                    error.message
                ),
                error.span,
            )),
        }),
        Encoding::Yaml => {
            if let Ok(decoded) = yaml::json::decode(text, value.span()) {
                return Some(Ok(as_part(decoded)));
            }
            let Some(known) = text.as_str() else {
                let why = text.holes().next().map(|hole| hole.reason.clone());
                let reason = why.unwrap_or(Reason::Depends("text with unknown parts".into()));
                return Some(Ok(Value {
                    data: Data::Unknown(Arc::new(Unknown::because(reason))),
                    ..value.clone()
                }));
            };
            Some(match yaml::decode(known, value.span()) {
                Ok(Some(decoded)) => Ok(as_part(decoded)),
                Ok(None) => Ok(Value {
                    data: Data::Null(None),
                    ..value.clone()
                }),
                Err(message) => Err((
                    format!("this is not the YAML that is expected here: {message}"),
                    value.span(),
                )),
            })
        }
    }
}

/// The text behind base64; none if it is plain already. What only looks like base64 (no text behind it) is left alone.
fn plain_text(value: &Value, text: &Text) -> Option<Value> {
    if let Some(inner) = text.encodes() {
        return inner.as_text().map(|_| inner.clone());
    }
    let written: String = text.as_str()?.split_ascii_whitespace().collect();
    let is_base64 = written.len() >= SHORTEST_BASE64
        && written.len().is_multiple_of(4)
        && written
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    if !is_base64 {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(written.as_bytes())
        .ok()?;
    let plain = String::from_utf8(bytes).ok()?;
    let is_text = plain
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    is_text.then(|| Value {
        data: Data::Text(plain.into()),
        ..value.clone()
    })
}

/// Keys with a capital, all the way down, but for members that are maps of the user's.
fn pascal(value: &Value, members: &Properties) -> Value {
    let data = match &value.data {
        Data::List(list) => {
            let items = list
                .items()
                .iter()
                .map(|item| pascal(item, members))
                .collect();
            Data::List(match list.more() {
                Some(why) => List::open(list.kind(), items, why.clone()),
                None => List::new(list.kind(), items),
            })
        }
        Data::Object(object) => {
            let none = Properties::default();
            let renamed = object.members().iter().map(|(name, member)| {
                let name = capital(name);
                let schema = members.get(&name).map(Property::schema);
                let is_map =
                    schema.is_some_and(|row| matches!(row.kind, Some(Type::Map | Type::Entries)));
                let value = if is_map {
                    member.value.clone()
                } else {
                    pascal(&member.value, schema.map_or(&none, |row| &row.members))
                };
                let key = member.key;
                (name, Member { key, value })
            });
            let renamed = renamed.collect();
            Data::Object(match object.more() {
                Some(why) => Object::open(object.kind(), renamed, why.clone()),
                None => Object::new(object.kind(), renamed),
            })
        }
        Data::Choice(alternatives) => {
            let alternatives = alternatives.iter().map(|alternative| Alternative {
                guard: alternative.guard.clone(),
                value: pascal(&alternative.value, members),
            });
            Data::Choice(alternatives.collect())
        }
        _ => return value.clone(),
    };
    Value {
        data,
        ..value.clone()
    }
}

fn capital(name: &Arc<str>) -> Arc<str> {
    match name.chars().next() {
        Some(first) if first.is_ascii_lowercase() => {
            let rest = &name[first.len_utf8()..];
            format!("{}{rest}", first.to_ascii_uppercase()).into()
        }
        _ => name.clone(),
    }
}

/// A known value as one of its type, where that can be told; others stay as they are.
pub(super) fn typed(value: Value, kind: Type) -> Value {
    match (&value.data, kind) {
        (Data::Unknown(unknown), _) if !unknown.allowed.is_empty() => {
            let allowed = unknown.allowed.iter().cloned();
            let unknown = Unknown {
                allowed: allowed.map(|allowed| typed(allowed, kind)).collect(),
                ..(**unknown).clone()
            };
            Value {
                data: Data::Unknown(Arc::new(unknown)),
                ..value
            }
        }
        // The id or ARN of something is one text, so the list is one of it.
        (Data::Unknown(unknown), Type::List | Type::Set)
            if unknown.is_never_null && unknown.reference.is_some() =>
        {
            Value::list(vec![value.clone()], value.span())
        }
        (Data::Null(_) | Data::Unknown(_), _) => value,
        (Data::Choice(_), _) => {
            let typed = each_alternative(&value, &mut |value| {
                (!value.is_null()).then(|| typed(value.clone(), kind))
            });
            typed.unwrap_or(value)
        }
        (Data::Text(text), Type::Bool) => {
            let truth = match text.as_str() {
                Some(text) if text.eq_ignore_ascii_case("true") => true,
                Some(text) if text.eq_ignore_ascii_case("false") => false,
                _ => return value,
            };
            Value {
                data: Data::Bool(truth),
                ..value
            }
        }
        (Data::Text(text), Type::Int | Type::Number) => {
            match text.as_str().and_then(|text| Number::parse(text.trim())) {
                Some(number) => Value {
                    data: Data::Number(number),
                    ..value
                },
                None => value,
            }
        }
        (Data::Bool(truth), Type::String | Type::Upper | Type::Lower) => Value {
            data: Data::Text(Text::new(if *truth { "true" } else { "false" })),
            ..value
        },
        (Data::Number(number), Type::String | Type::Upper | Type::Lower) => Value {
            data: Data::Text(number.to_string().into()),
            ..value
        },
        (Data::Text(text), Type::Upper | Type::Lower) => {
            let cased = |text: &str| match kind {
                Type::Upper => text.to_uppercase(),
                _ => text.to_lowercase(),
            };
            let segments: Vec<Segment> = text
                .segments()
                .iter()
                .map(|segment| match segment {
                    Segment::Literal(text) => Segment::Literal(cased(text).into()),
                    hole => hole.clone(),
                })
                .collect();
            Value {
                data: Data::Text(Text::from_segments(segments)),
                ..value
            }
        }
        (Data::List(list), kind)
            if kind.is_scalar() && list.items().len() == 1 && list.more().is_none() =>
        {
            let only = value.elements().next();
            only.map_or(value, |only| typed(only, kind))
        }
        (Data::List(list), Type::Set) if list.kind() != ListKind::Set => {
            let items = list.items().to_vec();
            let list = match list.more() {
                Some(why) => List::open(ListKind::Set, items, why.clone()),
                None => List::new(ListKind::Set, items),
            };
            Value {
                data: Data::List(list),
                ..value
            }
        }
        (Data::List(_), _) => value,
        (Data::Object(object), Type::Entries) => {
            let site = value.span();
            let entries = object.members().iter().map(|(name, member)| {
                let at = if member.key.is_written() {
                    member.key
                } else {
                    site
                };
                let entry: Members = [
                    ("Key".into(), Member::from(Value::text(name.clone(), at))),
                    ("Value".into(), member.value.clone().into()),
                ]
                .into_iter()
                .collect();
                Value::object(entry, at)
            });
            let entries = entries.collect();
            let list = match object.more() {
                Some(why) => List::open(ListKind::Tuple, entries, why.clone()),
                None => List::new(ListKind::Tuple, entries),
            };
            Value {
                data: Data::List(list),
                ..value
            }
        }
        (_, Type::List | Type::Set) => {
            let order = match kind {
                Type::Set => ListKind::Set,
                _ => ListKind::Tuple,
            };
            let list = List::new(order, vec![value.clone()]);
            Value {
                data: Data::List(list),
                ..value
            }
        }
        _ => value,
    }
}

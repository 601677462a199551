//! Intrinsic functions in, values out.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use std::sync::Arc;

use base64::Engine as _;
use ipnet::IpNet;

use super::Template;
use super::parameters::scalar_text;
use crate::diagnostic::did_you_mean;
use crate::source::Span;
use crate::value::{
    Alternative, Data, List, ListKind, Member, Members, Object, ObjectKind, Reason, Segment, Step,
    Subject, Text, Unknown, Value,
};

/// Nested values that are followed.
const DEEPEST: usize = 250;

type Intrinsic = fn(&Template<'_>, &Value, Span) -> Value;

/// Every function, under its long name.
const TABLE: &[(&str, Intrinsic)] = &[
    ("Ref", reference),
    ("Fn::GetAtt", get_attribute),
    ("Fn::Sub", substitute),
    ("Fn::Join", join),
    ("Fn::Select", select),
    ("Fn::Split", split),
    ("Fn::FindInMap", find_in_map),
    ("Fn::Base64", base64),
    ("Fn::If", choose),
    ("Fn::Cidr", cidr),
    ("Fn::GetAZs", |_, _, place| {
        environment("availability zones", place)
    }),
    ("Fn::ImportValue", import),
    ("Fn::Transform", |_, _, place| {
        Value::unknown(Reason::Function("Fn::Transform".into()), place)
    }),
    ("Fn::Length", length),
    ("Fn::ToJsonString", to_json),
    ("Fn::Equals", condition_value),
    ("Fn::And", condition_value),
    ("Fn::Or", condition_value),
    ("Fn::Not", condition_value),
];

impl Template<'_> {
    /// A value with all functions in it evaluated.
    pub(super) fn evaluate(&self, value: &Value) -> Value {
        let depth = self.depth.get();
        if depth > DEEPEST {
            return Value::unknown(Reason::Limit("nesting of values"), value.span());
        }
        self.depth.set(depth + 1);
        let result = match &value.data {
            Data::List(list) => {
                // `AWS::NoValue` as an element removes the element.
                let items: Vec<Value> = list
                    .items()
                    .iter()
                    .map(|item| self.evaluate(item))
                    .filter(|item| !item.is_null())
                    .collect();
                Value::new(Data::List(List::new(ListKind::Tuple, items)), value.span())
            }
            Data::Object(object) => match self.function(object) {
                Some((function, argument)) => function(self, argument, value.span()),
                None => self.members(value, object),
            },
            _ => value.clone(),
        };
        self.depth.set(depth);
        result
    }

    /// The function that an object of one member stands for.
    fn function<'v>(&self, object: &'v Object) -> Option<(Intrinsic, &'v Value)> {
        let (name, member) = object
            .members()
            .first()
            .filter(|_| object.members().len() == 1)?;
        if let Some((_, function)) = TABLE.iter().find(|(known, _)| **known == **name) {
            return Some((*function, &member.value));
        }
        if name.starts_with("Fn::") {
            let hint = did_you_mean(name, TABLE.iter().map(|(known, _)| *known));
            self.invalid(member.key, format!("there is no function `{name}`"), hint);
            return Some((
                |_, _, place| Value::unknown(Reason::Function("of this name".into()), place),
                &member.value,
            ));
        }
        // `{Condition: X}` is a function inside conditions only; elsewhere it is a property like any other.
        None
    }

    fn members(&self, value: &Value, object: &Object) -> Value {
        let members: Members = object
            .members()
            .iter()
            .map(|(name, member)| {
                (
                    name.clone(),
                    Member {
                        key: member.key,
                        value: self.evaluate(&member.value),
                    },
                )
            })
            .filter(|(_, member)| !member.value.is_null())
            .collect();
        Value::new(
            Data::Object(Object::new(ObjectKind::Object, members)),
            value.span(),
        )
    }

    /// The value of `name` as `Ref` gives it.
    fn referred(&self, name: &str, place: Span) -> Value {
        if let Some((name, _)) = self.parameters.get_key_value(name)
            && let Some(value) = self.parameter(name)
        {
            return read(&value, place, self.parameter_step(name));
        }
        if self.resources.contains_key(name) {
            return Value::new(
                Data::Unknown(Arc::new(Unknown::attribute(name.into(), "Ref".into()))),
                place,
            );
        }
        match name {
            "AWS::NoValue" => Value::null(place),
            "AWS::URLSuffix" => Value::text("amazonaws.com", place),
            "AWS::Region" => match &self.inputs.region {
                Some(region) => Value::text(region.as_str(), place),
                None => environment(name, place),
            },
            _ if name.starts_with("AWS::") => environment(name, place),
            _ => self.invalid(
                place,
                format!("`{name}` is neither a parameter nor a resource of this template"),
                self.suggestion(name),
            ),
        }
    }

    fn attribute(&self, name: &str, attribute: &str, place: Span) -> Value {
        if !self.resources.contains_key(name) {
            let hint = did_you_mean(name, self.resources.keys().map(|known| &**known));
            return self.invalid(
                place,
                format!("no resource `{name}` is in this template"),
                hint,
            );
        }
        let mut unknown = Unknown::attribute(name.into(), attribute.into());
        unknown.is_never_null = true;
        Value::new(Data::Unknown(Arc::new(unknown)), place)
    }

    fn wrong(&self, place: Span, function: &str, wants: &str) -> Value {
        self.invalid(place, format!("`{function}` takes {wants}"), None)
    }
}

/// A value read through a reference written at `place`; what nobody wrote simply stands there.
fn read(value: &Value, place: Span, step: Step) -> Value {
    if value.span().is_written() && step != Step::Written {
        value.read_at(place, step)
    } else {
        value.clone().moved_to(place)
    }
}

/// Something that only a deployment knows. Conditions that ask about it agree.
fn environment(name: &str, place: Span) -> Value {
    let unknown = Unknown {
        subject: Some(Arc::new(Subject::opaque("", name))),
        is_never_null: true,
        ..Unknown::because(Reason::Environment(name.into()))
    };
    Value::new(Data::Unknown(Arc::new(unknown)), place)
}

/// A value as a part of a string: its text, or a hole.
fn segments(value: &Value) -> Option<Vec<Segment>> {
    match &value.data {
        Data::Unknown(unknown) => Some(vec![Segment::Hole(unknown.clone())]),
        Data::Text(text) => Some(text.segments().into_owned()),
        _ => scalar_text(value).map(|text| vec![Segment::Literal(text.into())]),
    }
}

fn unknown_like(value: &Value, place: Span) -> Value {
    match &value.data {
        Data::Unknown(unknown) => Value::unknown(unknown.reason.clone(), place),
        _ => Value::unknown(Reason::Depends("something unknown".into()), place),
    }
}

fn reference(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    match argument.as_str() {
        Some(name) => template.referred(name, place),
        None => template.wrong(place, "Ref", "the name of a parameter or resource"),
    }
}

fn get_attribute(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let parts: Vec<Value> = match &argument.data {
        Data::List(_) => argument.elements().collect(),
        Data::Text(_) => match argument.as_str().and_then(|text| text.split_once('.')) {
            Some((name, attribute)) => {
                vec![Value::text(name, place), Value::text(attribute, place)]
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    match (parts.first().and_then(Value::as_str), parts.get(1)) {
        (Some(name), Some(attribute)) => {
            let rest: Vec<String> = parts[2..]
                .iter()
                .filter_map(|part| part.as_str().map(str::to_owned))
                .collect();
            match template.evaluate(attribute).as_str() {
                Some(attribute) => {
                    let attribute = [&[attribute.to_owned()], rest.as_slice()]
                        .concat()
                        .join(".");
                    template.attribute(name, &attribute, place)
                }
                None => Value::unknown(
                    Reason::Depends("an attribute that is not known".into()),
                    place,
                ),
            }
        }
        _ => template.wrong(place, "Fn::GetAtt", "a resource and one of its attributes"),
    }
}

fn substitute(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let (text, own) = match &argument.data {
        Data::List(_) => {
            let mut parts = argument.elements();
            let text = parts.next();
            let own = parts.next().map(|own| template.evaluate(&own));
            match (text, own) {
                (Some(text), own) => (text, own),
                (None, _) => {
                    return template.wrong(place, "Fn::Sub", "a string, or a string and a mapping");
                }
            }
        }
        _ => (argument.clone(), None),
    };
    let Some(pattern) = text.as_str().map(str::to_owned) else {
        return template.wrong(place, "Fn::Sub", "a string, or a string and a mapping");
    };
    // The parts in order; values are lifted below so that alternatives become alternative strings.
    let mut literals: Vec<String> = vec![String::new()];
    let mut values: Vec<Value> = Vec::new();
    let mut rest = pattern.as_str();
    while let Some(at) = rest.find("${") {
        let last = literals.len() - 1;
        literals[last].push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else {
            literals[last].push_str(&rest[at..]);
            rest = "";
            break;
        };
        let name = &rest[at + 2..at + end];
        rest = &rest[at + end + 1..];
        if let Some(literal) = name.strip_prefix('!') {
            literals[last].push_str(&format!("${{{literal}}}"));
            continue;
        }
        let name = name.trim();
        let value = match own.as_ref().and_then(|own| own.member(name)) {
            Some(value) => value,
            None if name.is_empty() => template.wrong(place, "Fn::Sub", "a name in each `${}`"),
            None => match name.split_once('.') {
                Some((resource, attribute)) if !name.starts_with("AWS::") => {
                    template.attribute(resource, attribute, place)
                }
                _ => template.referred(name, place),
            },
        };
        values.push(value);
        literals.push(String::new());
    }
    let last = literals.len() - 1;
    literals[last].push_str(rest);
    if values.is_empty() {
        return Value {
            data: Data::Text(literals.concat().into()),
            ..text.moved_to(place)
        };
    }
    let is_sensitive = values.iter().any(|value| value.is_sensitive);
    let result = Value::lift(&values, place, &mut |values| {
        let mut parts = vec![Segment::Literal(literals[0].as_str().into())];
        for (value, literal) in values.iter().zip(&literals[1..]) {
            match segments(value) {
                Some(segments) => parts.extend(segments),
                None => {
                    return template.invalid(
                        place,
                        "only text and numbers can stand in `Fn::Sub`",
                        None,
                    );
                }
            }
            parts.push(Segment::Literal(literal.as_str().into()));
        }
        let text = Value::new(Data::Text(Text::from_segments(parts)), place);
        // A string that is just one value keeps the way that the value came.
        match values {
            [only] if literals.iter().all(String::is_empty) => Value {
                origin: only.origin.clone(),
                ..text
            },
            _ => text,
        }
    });
    result.sensitive_if(is_sensitive)
}

fn join(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let (Some(separator), Some(list)) =
        (arguments.first().and_then(Value::as_str), arguments.get(1))
    else {
        return template.wrong(place, "Fn::Join", "a separator and a list");
    };
    let list = template.evaluate(list);
    Value::lift(std::slice::from_ref(&list), place, &mut |list| {
        let list = &list[0];
        if list.as_list().is_none() {
            return match &list.data {
                Data::Unknown(unknown) => Value::new(
                    Data::Text(Text::from_segments(vec![Segment::Hole(unknown.clone())])),
                    place,
                ),
                _ => template.wrong(place, "Fn::Join", "a separator and a list"),
            };
        }
        let mut parts = Vec::new();
        for (index, item) in list.elements().filter(|item| !item.is_null()).enumerate() {
            if index > 0 {
                parts.push(Segment::Literal(separator.into()));
            }
            match segments(&item) {
                Some(segments) => parts.extend(segments),
                None => {
                    return template.invalid(
                        place,
                        "only text and numbers can stand in `Fn::Join`",
                        None,
                    );
                }
            }
        }
        Value::new(Data::Text(Text::from_segments(parts)), place)
    })
    .sensitive_if(list.elements().any(|item| item.is_sensitive))
}

fn select(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let [index, list] = arguments.as_slice() else {
        return template.wrong(place, "Fn::Select", "a position and a list");
    };
    let arguments = [template.evaluate(index), template.evaluate(list)];
    Value::lift(&arguments, place, &mut |arguments| {
        let position = scalar_text(&arguments[0]).and_then(|text| text.parse::<usize>().ok());
        match (position, arguments[1].as_list()) {
            (Some(at), Some(list)) => match list.items().get(at) {
                Some(_) => {
                    let item = arguments[1].elements().nth(at);
                    item.unwrap_or_else(|| Value::null(place))
                }
                None => template.invalid(place, format!("the list has no position {at}"), None),
            },
            (None, _) if arguments[0].is_wholly_known() => {
                template.wrong(place, "Fn::Select", "a position that is a whole number")
            }
            _ => unknown_like(&arguments[1], place),
        }
    })
}

fn split(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let (Some(separator), Some(text)) =
        (arguments.first().and_then(Value::as_str), arguments.get(1))
    else {
        return template.wrong(place, "Fn::Split", "a separator and a string");
    };
    let text = template.evaluate(text);
    Value::lift(
        std::slice::from_ref(&text),
        place,
        &mut |text| match text[0].as_str() {
            Some(known) if !separator.is_empty() => Value::list(
                known
                    .split(separator)
                    .map(|part| Value::text(part, place))
                    .collect(),
                place,
            ),
            _ => unknown_like(&text[0], place),
        },
    )
}

fn find_in_map(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    if arguments.len() < 3 {
        return template.wrong(place, "Fn::FindInMap", "a map, a key and a second key");
    }
    let keys: Vec<Value> = arguments[..3]
        .iter()
        .map(|argument| template.evaluate(argument))
        .collect();
    let default = arguments
        .get(3)
        .and_then(|options| options.member("DefaultValue"));
    Value::lift(&keys, place, &mut |keys| {
        let texts: Vec<Option<String>> = keys.iter().map(scalar_text).collect();
        let [Some(map), Some(first), Some(second)] = texts.as_slice() else {
            let unknown = keys
                .iter()
                .find(|key| !key.is_wholly_known())
                .unwrap_or(&keys[0]);
            return unknown_like(unknown, place);
        };
        let found = template
            .mappings
            .get(map.as_str())
            .and_then(|map| map.value.member(first))
            .and_then(|inner| inner.member(second));
        match (found, &default) {
            (Some(value), _) => value.read_at(place, Step::Mapping(map.as_str().into())),
            (None, Some(default)) => template.evaluate(default),
            (None, None) => {
                let hint = did_you_mean(map, template.mappings.keys().map(|known| &**known));
                template.invalid(
                    place,
                    format!("mapping `{map}` has no entry `{first}` / `{second}`"),
                    hint,
                )
            }
        }
    })
}

fn base64(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    // Readers decode it again; what is encoded is kept so that holes and places survive.
    let value = template.evaluate(argument);
    Value::lift(
        std::slice::from_ref(&value),
        place,
        &mut |value| match &value[0].data {
            Data::Text(text) => match text.as_str() {
                Some(known) => {
                    let encoded = base64::engine::general_purpose::STANDARD.encode(known);
                    let text = Text::build(
                        vec![Segment::Literal(encoded.into())],
                        Some(value[0].clone()),
                        Vec::new(),
                    );
                    Value::new(Data::Text(text), place)
                }
                None => {
                    let holes = text
                        .holes()
                        .next()
                        .cloned()
                        .into_iter()
                        .map(Segment::Hole)
                        .collect();
                    Value::new(
                        Data::Text(Text::build(holes, Some(value[0].clone()), Vec::new())),
                        place,
                    )
                }
            },
            _ => unknown_like(&value[0], place),
        },
    )
}

fn choose(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let (Some(name), Some(then), Some(other)) = (
        arguments.first().and_then(Value::as_str),
        arguments.get(1),
        arguments.get(2),
    ) else {
        return template.wrong(place, "Fn::If", "the name of a condition and two values");
    };
    let guard = template.condition(name, arguments[0].span());
    let alternatives = [(guard.clone(), then), (!guard, other)];
    let alternatives = alternatives.map(|(guard, value)| Alternative {
        guard,
        value: template.evaluate(value),
    });
    Value::choice(alternatives.into(), place)
}

fn condition_value(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    // A condition function outside `Conditions` (in `Rules`, or by mistake) is a truth value.
    let _ = (template, argument);
    Value::unknown(Reason::Depends("a condition".into()), place)
}

fn import(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let name = template.evaluate(argument);
    let name = name
        .as_text()
        .map_or_else(|| "Fn::ImportValue".to_owned(), ToString::to_string);
    let unknown = Unknown {
        subject: Some(Arc::new(Subject::opaque("", format!("import {name}")))),
        is_never_null: true,
        ..Unknown::because(Reason::Import(name.into()))
    };
    Value::new(Data::Unknown(Arc::new(unknown)), place)
}

fn length(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let list = template.evaluate(argument);
    Value::lift(
        std::slice::from_ref(&list),
        place,
        &mut |list| match list[0].as_list() {
            Some(list) if list.more().is_none() => Value::int(list.items().len() as i64, place),
            _ => unknown_like(&list[0], place),
        },
    )
}

/// The string keeps the structure that it encodes.
fn to_json(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let value = template.evaluate(argument);
    let why = Arc::new(Unknown::because(Reason::Depends(
        "the spelling of `Fn::ToJsonString`".into(),
    )));
    Value::new(
        Data::Text(Text::build(
            vec![Segment::Hole(why)],
            Some(value),
            Vec::new(),
        )),
        place,
    )
}

fn cidr(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument
        .elements()
        .map(|argument| template.evaluate(&argument))
        .collect();
    Value::lift(&arguments, place, &mut |arguments| {
        let number = |at: usize| {
            arguments
                .get(at)
                .and_then(scalar_text)
                .and_then(|text| text.parse::<u32>().ok())
        };
        let block = arguments
            .first()
            .and_then(scalar_text)
            .and_then(|text| text.parse::<IpNet>().ok());
        let (Some(block), Some(count)) = (block, number(1)) else {
            return Value::unknown(Reason::Depends("a block that is not known".into()), place);
        };
        let bits = number(2).unwrap_or(8);
        let length = u32::from(block.max_prefix_len())
            .checked_sub(bits)
            .and_then(|length| u8::try_from(length).ok());
        let blocks = length.and_then(|length| block.subnets(length).ok());
        match blocks {
            Some(blocks) if count <= 256 => {
                let blocks = blocks
                    .take(count as usize)
                    .map(|block| Value::text(block.to_string(), place));
                Value::list(blocks.collect(), place)
            }
            _ => template.wrong(
                place,
                "Fn::Cidr",
                "a block, a count up to 256 and the bits of each",
            ),
        }
    })
}

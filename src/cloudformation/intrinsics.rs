//! Intrinsic functions in, values out.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use std::sync::Arc;

use base64::Engine as _;
use ipnet::IpNet;

use super::Template;
use super::exports::foreign;
use super::parameters::scalar_text;
use super::schema::resource_type;
use crate::diagnostic::did_you_mean;
use crate::source::Span;
use crate::value::{
    Alternative, Data, Guard, List, ListKind, Member, Members, Object, ObjectKind, Origin, Piece,
    Reason, Segment, Step, Subject, Text, Trail, Unknown, Value,
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
    ("Fn::GetAZs", zones),
    ("Fn::ImportValue", import),
    ("Fn::GetStackOutput", stack_output),
    ("Fn::Transform", |_, _, place| {
        Value::unknown(Reason::Function("Fn::Transform".into()), place)
    }),
    ("Fn::Length", length),
    ("Fn::ToJsonString", to_json),
    ("Fn::Equals", |template, argument, place| {
        truth(template, "Fn::Equals", argument, place)
    }),
    ("Fn::And", |template, argument, place| {
        truth(template, "Fn::And", argument, place)
    }),
    ("Fn::Or", |template, argument, place| {
        truth(template, "Fn::Or", argument, place)
    }),
    ("Fn::Not", |template, argument, place| {
        truth(template, "Fn::Not", argument, place)
    }),
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
        // What Rain puts in before it deploys: <https://github.com/aws-cloudformation/rain>.
        if name.starts_with("Fn::Rain::") {
            return Some((
                |_, _, place| Value::unknown(Reason::Function("of Rain".into()), place),
                &member.value,
            ));
        }
        if name.starts_with("Fn::") {
            let hint = did_you_mean(name, TABLE.iter().map(|(known, _)| *known));
            if !self.has_macros {
                self.invalid(member.key, format!("there is no function `{name}`"), hint);
            }
            return Some((
                |_, _, place| Value::unknown(Reason::Function("of this name".into()), place),
                &member.value,
            ));
        }
        // `{Condition: X}` is a function inside conditions only; elsewhere it is a property like any other.
        None
    }

    fn members(&self, value: &Value, object: &Object) -> Value {
        let mut members = Members::default();
        let mut more = object.more().cloned();
        for (name, member) in object.members() {
            if &**name == "Fn::Transform" {
                // A macro beside other members adds members of its own.
                let macro_name = member.value.member("Name");
                let macro_name = macro_name.as_ref().and_then(Value::as_str);
                let name = format!("Fn::Transform {}", macro_name.unwrap_or_default());
                more = Some(Arc::new(Unknown::because(Reason::Function(name.into()))));
                continue;
            }
            let evaluated = self.evaluate(&member.value);
            if !evaluated.is_null() {
                members.insert(
                    name.clone(),
                    Member {
                        key: member.key,
                        value: evaluated,
                    },
                );
            }
        }
        let object = match more {
            Some(why) => Object::open(ObjectKind::Object, members, why),
            None => Object::new(ObjectKind::Object, members),
        };
        Value::new(Data::Object(object), value.span())
    }

    /// The value of `name` as `Ref` gives it.
    fn referred(&self, name: &str, place: Span) -> Value {
        if let Some((name, _)) = self.parameters.get_key_value(name)
            && let Some(value) = self.parameter(name)
        {
            return read(&value, place, self.parameter_step(name));
        }
        if let Some(made) = self.made_aliases.get(name).cloned() {
            return self.referred(&made, place);
        }
        if self.resources.contains_key(name) {
            let unknown = Unknown {
                kind: self.kind_of(name),
                ..Unknown::attribute(self.address(name), "Ref".into())
            };
            return Value::new(Data::Unknown(Arc::new(unknown)), place);
        }
        let region = self.context.inputs.region.as_deref();
        match name {
            "AWS::NoValue" => Value::null(place),
            "AWS::URLSuffix" if region.is_some_and(|region| region.starts_with("cn-")) => {
                Value::text("amazonaws.com.cn", place)
            }
            "AWS::URLSuffix" => Value::text("amazonaws.com", place),
            "AWS::Region" => match region {
                Some(region) => Value::text(region, place),
                None => environment(name, place),
            },
            // <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
            "AWS::Partition" => match region {
                Some(region) if region.starts_with("cn-") => Value::text("aws-cn", place),
                Some(region) if region.starts_with("us-gov-") => Value::text("aws-us-gov", place),
                Some(_) => Value::text("aws", place),
                None => environment(name, place),
            },
            _ if name.starts_with("AWS::") => environment(name, place),
            _ if self.symbolic.borrow().contains(name) => {
                Value::unknown(Reason::Depends("the loop's collection".into()), place)
            }
            _ if self.has_macros => self.made_by_macro(place),
            _ => self.invalid(
                place,
                format!("`{name}` is neither a parameter nor a resource of this template"),
                self.suggestion(name),
            ),
        }
    }

    fn attribute(&self, name: &str, attribute: &str, place: Span) -> Value {
        // `Function.Alias` stands for the resource that the serverless transform made.
        let whole = match attribute.split_once('.') {
            Some((part, rest)) => (format!("{name}.{part}"), rest),
            None => (String::new(), attribute),
        };
        if let Some(made) = self.made_aliases.get(whole.0.as_str()) {
            return self.attribute(made, whole.1, place);
        }
        if let Some(made) = self.made_aliases.get(name).filter(|made| ***made != *name) {
            return self.attribute(made, attribute, place);
        }
        if let Some(output) = attribute.strip_prefix("Outputs.")
            && let Some(value) = self.nested_output(name, output, place)
        {
            return value;
        }
        if !self.resources.contains_key(name) && self.has_macros {
            return self.made_by_macro(place);
        }
        if !self.resources.contains_key(name) {
            let hint = did_you_mean(name, self.resources.keys().map(|known| &**known));
            return self.invalid(
                place,
                format!("no resource `{name}` is in this template"),
                hint,
            );
        }
        let kind = self.kind_of(name);
        if let Some(kind) = &kind
            && let Some(resource_type) = resource_type(kind)
            && !resource_type.has_attribute(attribute)
            && !self.has_macros
        {
            let message = format!("`{kind}` has no attribute `{attribute}` to get");
            let names = resource_type
                .attributes()
                .filter(|name| !name.contains('*'));
            let hint = did_you_mean(attribute, names);
            return self.invalid(place, message, hint);
        }
        let unknown = Unknown {
            kind,
            is_never_null: true,
            ..Unknown::attribute(self.address(name), attribute.into())
        };
        Value::new(Data::Unknown(Arc::new(unknown)), place)
    }

    /// The type of a resource of the template.
    fn kind_of(&self, name: &str) -> Option<Arc<str>> {
        let body = self.resources.get(name)?.value.as_object()?;
        Some(body.get("Type")?.as_str()?.into())
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

/// Any number of elements of a list, with separators between them: not what one of them may be.
/// With commas it is the text of the parameter.
fn joined(elements: &Arc<Unknown>, separator: &str) -> Arc<Unknown> {
    Arc::new(Unknown {
        allowed: Vec::new(),
        bytes: None,
        subject: elements.subject.clone().filter(|_| separator == ","),
        ..(**elements).clone()
    })
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

/// A string that is put together, with the places of its parts.
#[derive(Default)]
struct Assembly {
    segments: Vec<Segment>,
    pieces: Vec<Piece>,
    /// Known characters so far, in bytes.
    length: usize,
    /// How the first known value in it came there.
    trail: Trail,
}

impl Assembly {
    /// Adds characters written at `pieces`, whose offsets count from the start of `whole`, of which `text` begins at
    /// byte `from`.
    fn push_part(&mut self, text: &str, from: usize, pieces: &[Piece]) {
        if text.is_empty() {
            return;
        }
        let until = from + text.len();
        for (index, piece) in pieces.iter().enumerate() {
            let start = piece.offset as usize;
            let end = pieces
                .get(index + 1)
                .map_or(usize::MAX, |next| next.offset as usize);
            if end <= from || start >= until {
                continue;
            }
            let skipped = from.saturating_sub(start);
            let mut span = piece.span;
            if piece.is_exact {
                span.start = (span.start + skipped as u32).min(span.end);
            }
            self.pieces.push(Piece {
                offset: (self.length + start.max(from) - from) as u32,
                span,
                is_exact: piece.is_exact,
            });
        }
        self.segments.push(Segment::Literal(text.into()));
        self.length += text.len();
    }

    /// Adds characters that are not written as such.
    fn push_literal(&mut self, text: &str, place: Span) {
        let piece = Piece {
            offset: 0,
            span: place,
            is_exact: false,
        };
        self.push_part(text, 0, &[piece]);
    }

    /// Adds a value: its text, or a hole. Tells whether that could be done.
    fn push_value(&mut self, value: &Value, place: Span) -> bool {
        if self.trail.is_empty() && value.as_unknown().is_none() {
            self.trail = value.origin.trail.clone();
        }
        match &value.data {
            Data::Unknown(unknown) => self.segments.push(Segment::Hole(unknown.clone())),
            Data::Text(text) => {
                let pieces = pieces_of(value);
                let mut from = 0;
                for segment in text.segments().iter() {
                    match segment {
                        Segment::Literal(text) => {
                            self.push_part(text, from, &pieces);
                            from += text.len();
                        }
                        Segment::Hole(hole) => self.segments.push(Segment::Hole(hole.clone())),
                    }
                }
            }
            _ => match scalar_text(value) {
                Some(text) => self.push_literal(&text, place),
                None => return false,
            },
        }
        true
    }

    fn finish(self, place: Span) -> Value {
        // Places that are those of the whole need not be kept.
        let is_located = self
            .pieces
            .iter()
            .any(|piece| piece.is_exact || piece.span != place);
        let pieces = if is_located { self.pieces } else { Vec::new() };
        let text = Text::build(self.segments, None, pieces);
        let origin = Origin {
            trail: match text.is_plain_line() {
                true => self.trail,
                false => Trail::default(),
            },
            ..Origin::at(place)
        };
        Value {
            origin,
            ..Value::new(Data::Text(text), place)
        }
    }
}

/// Where the characters of a text value are written. A text that nothing more is said of is written at its site if that
/// is as long as the text, quotes aside; otherwise only the site is known.
fn pieces_of(value: &Value) -> Vec<Piece> {
    let Some(text) = value.as_text() else {
        return Vec::new();
    };
    if !text.pieces().is_empty() {
        return text.pieces().to_vec();
    }
    let span = value.span();
    let written = (span.end - span.start) as usize;
    let length = text.as_str().map_or(0, str::len);
    let inside = match written.checked_sub(length) {
        _ if !value.origin.trail.is_empty() || length == 0 => None,
        Some(0) => Some(span),
        Some(2) => Some(Span {
            start: span.start + 1,
            end: span.end - 1,
            ..span
        }),
        _ => None,
    };
    vec![Piece {
        offset: 0,
        span: inside.unwrap_or(span),
        is_exact: inside.is_some(),
    }]
}

fn unknown_like(value: &Value, place: Span) -> Value {
    match &value.data {
        Data::Unknown(unknown) => Value::unknown(unknown.reason.clone(), place),
        Data::Text(text) => match text.holes().next() {
            Some(hole) => Value::unknown(hole.reason.clone(), place),
            None => Value::unknown(Reason::Depends("something unknown".into()), place),
        },
        _ => Value::unknown(Reason::Depends("something unknown".into()), place),
    }
}

fn reference(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    match &argument.data {
        // With AWS::LanguageExtensions a function may give the name.
        Data::Object(_) => {
            let name = template.evaluate(argument);
            match name.as_str() {
                Some(name) => template.referred(name, place),
                None => unknown_like(&name, place),
            }
        }
        _ => match argument.as_str() {
            Some(name) => template.referred(name, place),
            None => template.wrong(place, "Ref", "the name of a parameter or resource"),
        },
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
    let name = parts.first().map(|name| template.evaluate(name));
    match (name.as_ref().and_then(Value::as_str), parts.get(1)) {
        (None, Some(_)) if name.as_ref().is_some_and(|name| !name.is_wholly_known()) => {
            Value::unknown(
                Reason::Depends("a resource that is not known".into()),
                place,
            )
        }
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
        // A macro or module gives the string.
        let text = template.evaluate(&text);
        if text.as_unknown().is_some() {
            return unknown_like(&text, place);
        }
        if template.has_macros {
            return template.made_by_macro(place);
        }
        return template.wrong(place, "Fn::Sub", "a string, or a string and a mapping");
    };
    let pieces = pieces_of(&text);
    // Literal parts with their offsets, and the values between them; values are lifted below so that alternatives
    // become alternative strings.
    let mut literals: Vec<Vec<(usize, &str)>> = vec![Vec::new()];
    let mut values: Vec<Value> = Vec::new();
    let mut at = 0;
    while let Some(found) = pattern[at..].find("${") {
        let opening = at + found;
        let Some(length) = pattern[opening..].find('}') else {
            break;
        };
        let name = &pattern[opening + 2..opening + length];
        let last = literals.len() - 1;
        literals[last].push((at, &pattern[at..opening]));
        at = opening + length + 1;
        if let Some(literal) = name.strip_prefix('!') {
            literals[last].push((opening, "${"));
            literals[last].push((opening + 3, literal));
            literals[last].push((at - 1, "}"));
            continue;
        }
        let name = name.trim();
        let value = match own.as_ref().and_then(|own| own.member(name)) {
            Some(value) => value,
            None if name.is_empty() => template.wrong(place, "Fn::Sub", "a name in each `${}`"),
            None => match name.split_once('.') {
                Some((resource, attribute))
                    if !name.starts_with("AWS::") && !template.made_aliases.contains_key(name) =>
                {
                    template.attribute(resource, attribute, place)
                }
                _ => template.referred(name, place),
            },
        };
        values.push(value);
        literals.push(Vec::new());
    }
    let last = literals.len() - 1;
    literals[last].push((at, &pattern[at..]));
    let is_sensitive = values.iter().any(|value| value.is_sensitive);
    let result = Value::lift(&values, place, &mut |values| {
        // A string that is just one value keeps the way that the value came.
        if let [only] = values
            && literals.iter().flatten().all(|(_, text)| text.is_empty())
            && matches!(only.data, Data::Text(_) | Data::Unknown(_))
        {
            return only.clone();
        }
        let mut assembly = Assembly::default();
        for (index, parts) in literals.iter().enumerate() {
            if let Some(value) = index.checked_sub(1).and_then(|index| values.get(index))
                && !assembly.push_value(value, place)
            {
                return template.invalid(
                    place,
                    "only text and numbers can stand in `Fn::Sub`",
                    None,
                );
            }
            for (from, text) in parts {
                assembly.push_part(text, *from, &pieces);
            }
        }
        assembly.finish(place)
    });
    result.sensitive_if(is_sensitive)
}

fn join(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let [separator, list] = arguments.as_slice() else {
        return template.wrong(place, "Fn::Join", "a separator and a list");
    };
    let Some(separator) = scalar_text(separator) else {
        return template.wrong(place, "Fn::Join", "a separator and a list");
    };
    let list = template.evaluate(list);
    let is_sensitive = list.is_sensitive || list.elements().any(|item| item.is_sensitive);
    Value::lift(std::slice::from_ref(&list), place, &mut |list| {
        let list = &list[0];
        let mut assembly = Assembly::default();
        match &list.data {
            Data::List(_) => {
                for (index, item) in list.elements().filter(|item| !item.is_null()).enumerate() {
                    if index > 0 {
                        assembly.push_literal(&separator, place);
                    }
                    if !assembly.push_value(&item, item.span()) {
                        return template.invalid(
                            place,
                            "only text and numbers can stand in `Fn::Join`",
                            None,
                        );
                    }
                }
                if let Some(more) = list.as_list().and_then(List::more) {
                    assembly.segments.push(Segment::Hole(joined(more, "")));
                }
            }
            Data::Unknown(unknown) => assembly
                .segments
                .push(Segment::Hole(joined(unknown, &separator))),
            // A string where a list belongs is taken as a list of one, as CloudFormation does.
            _ if scalar_text(list).is_some() || list.as_text().is_some() => {
                assembly.push_value(list, list.span());
            }
            _ => return template.wrong(place, "Fn::Join", "a separator and a list"),
        }
        assembly.finish(place)
    })
    .sensitive_if(is_sensitive)
}

fn select(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let [index, list] = arguments.as_slice() else {
        return template.wrong(place, "Fn::Select", "a position and a list");
    };
    let arguments = [template.evaluate(index), template.evaluate(list)];
    let in_condition = template.is_in_condition();
    Value::lift(&arguments, place, &mut |arguments| {
        let position = scalar_text(&arguments[0]).and_then(|text| text.parse::<usize>().ok());
        match (position, arguments[1].as_list()) {
            (Some(at), Some(list)) => match (list.items().get(at), list.more()) {
                (Some(_), _) => {
                    let item = arguments[1].elements().nth(at);
                    item.unwrap_or_else(|| Value::null(place))
                }
                (None, Some(more)) => Value::unknown(part_of(&more.reason, at), place),
                // Asked of a default value that another deployment would not have.
                (None, None) if in_condition || !arguments[1].origin.trail.is_empty() => {
                    let reason = format!("the list has no position {at}");
                    Value::unknown(Reason::Invalid(reason.into()), place)
                }
                (None, None) => {
                    template.invalid(place, format!("the list has no position {at}"), None)
                }
            },
            (None, _) if arguments[0].is_wholly_known() => {
                template.wrong(place, "Fn::Select", "a position that is a whole number")
            }
            (Some(_), None) if arguments[1].is_wholly_known() => {
                template.wrong(place, "Fn::Select", "a position and a list")
            }
            (Some(at), None) => match &arguments[1].data {
                Data::Unknown(list) => Value::unknown(part_of(&list.reason, at), place),
                _ => unknown_like(&arguments[1], place),
            },
            _ if arguments[0].is_wholly_known() => unknown_like(&arguments[1], place),
            _ => unknown_like(&arguments[0], place),
        }
    })
}

/// Why an element of an unknown list is not known: a zone is told from the other zones by its position.
fn part_of(list: &Reason, position: usize) -> Reason {
    match list {
        Reason::Environment(what) if what.ends_with('s') => {
            Reason::Environment(format!("{what}[{position}]").into())
        }
        other => other.clone(),
    }
}

fn split(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let (Some(separator), Some(text)) = (arguments.first().and_then(scalar_text), arguments.get(1))
    else {
        return template.wrong(place, "Fn::Split", "a separator and a string");
    };
    let text = template.evaluate(text);
    Value::lift(std::slice::from_ref(&text), place, &mut |text| {
        let parts = |known: &str| -> Vec<Value> {
            let parts = known.split(separator.as_str());
            parts
                .map(|part| Value::text(part, place).sensitive_if(text[0].is_sensitive))
                .collect()
        };
        if separator.is_empty() {
            return template.wrong(place, "Fn::Split", "a separator that is not empty");
        }
        match (scalar_text(&text[0]), text[0].as_text()) {
            (Some(known), _) => {
                // What a default value is split into is of that default too.
                let mut list = Value::list(parts(&known), place);
                list.origin.trail = text[0].origin.trail.clone();
                list
            }
            // What stands before the first hole is certain but for its last part, which the hole may go on with.
            (None, Some(pattern)) => match &*pattern.segments() {
                [Segment::Literal(known), Segment::Hole(hole), ..] => {
                    let mut parts = parts(known);
                    parts.pop();
                    let list = List::open(ListKind::Tuple, parts, hole.clone());
                    Value::new(Data::List(list), place)
                }
                _ => unknown_like(&text[0], place),
            },
            (None, None) => unknown_like(&text[0], place),
        }
    })
}

fn find_in_map(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    if arguments.len() < 3 || arguments.len() > 4 {
        return template.wrong(place, "Fn::FindInMap", "a map, a key and a second key");
    }
    let mut keys: Vec<Value> = arguments[..3]
        .iter()
        .map(|argument| template.evaluate(argument))
        .collect();
    if template.is_in_condition()
        && let Some(map) = scalar_text(&keys[0]).and_then(|map| template.mappings.get(&*map))
    {
        // Inside conditions parameters are not told apart yet: the keys of the map do it here.
        let has_default = arguments.len() > 3;
        keys[1] = told_apart(template, &keys[1], &map.value, has_default);
        let inner = map.value.entries().next();
        if let Some((_, inner)) = inner {
            keys[2] = told_apart(template, &keys[2], &inner, has_default);
        }
    }
    let default = arguments
        .get(3)
        .and_then(|options| options.member("DefaultValue"));
    let is_hypothetical = keys.iter().any(Value::has_choices) || template.is_in_condition();
    Value::lift(&keys, place, &mut |keys| {
        let texts: Vec<Option<String>> = keys.iter().map(scalar_text).collect();
        let [Some(map), Some(first), Some(second)] = texts.as_slice() else {
            return one_of_the_map(template, keys, &texts, place);
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
                let message = format!("mapping `{map}` has no entry `{first}` / `{second}`");
                if is_hypothetical || template.has_macros {
                    // A deployment with that value fails; nobody has to be told of each.
                    return Value::unknown(Reason::Invalid(message.into()), place);
                }
                let hint = match template.mappings.get(map.as_str()) {
                    None => did_you_mean(map, template.mappings.keys().map(|known| &**known)),
                    Some(entries) => {
                        let inner = entries.value.member(first);
                        let (word, keys) = match &inner {
                            Some(inner) => (second, inner),
                            None => (first, &entries.value),
                        };
                        did_you_mean(word, keys.entries().map(|(known, _)| &**known))
                    }
                };
                template.invalid(place, message, hint)
            }
        }
    })
}

/// A key that is not known as alternatives: one for each key of the map, if conditions can ask for it. It can be
/// something else only if the look-up has a default: conditions are always evaluated, and no deployment survives a
/// look-up that fails.
fn told_apart(template: &Template<'_>, key: &Value, map: &Value, has_default: bool) -> Value {
    let Some(subject) = key
        .as_unknown()
        .and_then(|unknown| unknown.subject.as_ref())
    else {
        return key.clone();
    };
    let mut alternatives = Vec::new();
    let mut otherwise = Guard::Always;
    for (name, _) in map.entries() {
        let guard = template.asks(subject, name);
        otherwise = otherwise.and(!guard.clone());
        alternatives.push(Alternative {
            guard,
            value: Value::text(name.clone(), key.span()),
        });
    }
    if has_default || alternatives.is_empty() {
        alternatives.push(Alternative {
            guard: otherwise,
            value: key.clone(),
        });
    }
    // A single alternative stays one: that the key is this is still a condition.
    Value::new(Data::Choice(alternatives.into()), key.span())
}

/// The value of a look-up whose keys are not all known: unknown, but one of what the map has there.
fn one_of_the_map(
    template: &Template<'_>,
    keys: &[Value],
    texts: &[Option<String>],
    place: Span,
) -> Value {
    let open = keys
        .iter()
        .find(|key| !key.is_wholly_known())
        .unwrap_or(&keys[0]);
    let unknown = unknown_like(open, place);
    let Some(map) = texts[0]
        .as_ref()
        .and_then(|map| template.mappings.get(&**map))
    else {
        return unknown;
    };
    let mut found: Vec<Value> = Vec::new();
    for (first, inner) in map.value.entries() {
        if texts[1].as_deref().is_none_or(|text| text == &**first) {
            for (second, value) in inner.entries() {
                if texts[2].as_deref().is_none_or(|text| text == &**second) {
                    let is_new = scalar_text(&value).is_some_and(|text| {
                        found
                            .iter()
                            .all(|known| scalar_text(known).as_ref() != Some(&text))
                    });
                    let is_scalar = scalar_text(&value).is_some();
                    if is_new || !is_scalar {
                        found.push(value);
                    }
                }
            }
        }
    }
    let is_whole = texts[0].is_some() && found.iter().all(|value| scalar_text(value).is_some());
    match (found.as_slice(), is_whole) {
        ([], _) | (_, false) => unknown,
        ([only], true) => only.read_at(
            place,
            Step::Mapping(texts[0].clone().unwrap_or_default().into()),
        ),
        (_, true) => {
            let reason = match unknown.as_unknown() {
                Some(unknown) => unknown.reason.clone(),
                None => Reason::Depends("a key that is not known".into()),
            };
            let unknown = Unknown {
                allowed: found,
                is_never_null: true,
                ..Unknown::because(reason)
            };
            Value::new(Data::Unknown(Arc::new(unknown)), place)
        }
    }
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
            Data::Unknown(unknown) => Value::new(
                Data::Text(Text::build(
                    vec![Segment::Hole(unknown.clone())],
                    Some(value[0].clone()),
                    Vec::new(),
                )),
                place,
            ),
            _ => match scalar_text(&value[0]) {
                Some(text) => Value::text(
                    base64::engine::general_purpose::STANDARD.encode(text),
                    place,
                ),
                None => template.wrong(place, "Fn::Base64", "a string"),
            },
        },
    )
}

fn choose(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let arguments: Vec<Value> = argument.elements().collect();
    let [condition, then, other] = arguments.as_slice() else {
        return template.wrong(place, "Fn::If", "the name of a condition and two values");
    };
    let guard = match (&condition.data, condition.as_str()) {
        (_, Some(name)) => template.condition(name, condition.span()),
        // Not documented, but written: the condition itself in place of its name.
        (Data::Object(_), _) => template.formula(condition, "Fn::If", 0),
        _ => return template.wrong(place, "Fn::If", "the name of a condition and two values"),
    };
    let mut alternatives = Vec::with_capacity(2);
    for (guard, value) in [(guard.clone(), then), (!guard, other)] {
        // A branch that no deployment takes is not looked at: what is wrong in it does not matter.
        if template.can_be(&guard) {
            let value = template.evaluate(value);
            alternatives.push(Alternative { guard, value });
        }
    }
    Value::choice(alternatives, place)
}

/// A condition function outside `Conditions` is a truth value.
fn truth(template: &Template<'_>, function: &str, argument: &Value, place: Span) -> Value {
    let member = Member {
        key: place,
        value: argument.clone(),
    };
    let written = Value::object([(function.into(), member)].into_iter().collect(), place);
    let guard = template.formula(&written, function, 0);
    let alternatives = [(guard.clone(), true), (!guard, false)];
    let alternatives = alternatives.map(|(guard, truth)| Alternative {
        guard,
        value: Value::bool(truth, place),
    });
    Value::choice(alternatives.into(), place)
}

fn zones(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let _ = template.evaluate(argument);
    environment("availability zones", place)
}

fn import(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let name = template.evaluate(argument);
    Value::lift(std::slice::from_ref(&name), place, &mut |name| {
        let name = &name[0];
        template.exported(name, place).unwrap_or_else(|| {
            let name = name.as_text();
            let name = name.map_or_else(|| "Fn::ImportValue".to_owned(), ToString::to_string);
            imported(&name, place)
        })
    })
}

fn imported(name: &str, place: Span) -> Value {
    Value::new(Data::Unknown(Arc::new(foreign(name))), place)
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html>
fn stack_output(template: &Template<'_>, argument: &Value, place: Span) -> Value {
    let part = |name: &str| {
        let part = argument.member(name).map(|part| template.evaluate(&part));
        part.and_then(|part| part.as_text().map(ToString::to_string))
    };
    let (Some(stack), Some(output)) = (part("StackName"), part("OutputName")) else {
        let is_given = |name: &str| argument.member(name).is_some();
        if is_given("StackName") && is_given("OutputName") {
            return imported("Fn::GetStackOutput", place);
        }
        return template.wrong(place, "Fn::GetStackOutput", "a StackName and an OutputName");
    };
    imported(&format!("{stack}.{output}"), place)
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
    let encoded = |value: &Value| encoded(value, place);
    match Value::lift(std::slice::from_ref(&value), place, &mut |value| {
        encoded(&value[0])
    }) {
        // More conditions than can be told apart: the structure tells them.
        lifted if lifted.as_unknown().is_some() => encoded(&value),
        lifted => lifted,
    }
}

fn encoded(value: &Value, place: Span) -> Value {
    let segment = match (value.is_wholly_known(), json_text(value)) {
        (true, Some(text)) => Segment::Literal(text.into()),
        _ => Segment::Hole(Arc::new(Unknown::because(Reason::Depends(
            "a part of `Fn::ToJsonString`".into(),
        )))),
    };
    let text = Text::build(vec![segment], Some(value.clone()), Vec::new());
    Value::new(Data::Text(text), place)
}

/// A known value as JSON without blanks.
fn json_text(value: &Value) -> Option<String> {
    Some(match &value.data {
        Data::Null(_) => "null".to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => serde_json::Value::from(text.as_str()?).to_string(),
        Data::List(list) => {
            let items = list.items().iter().filter(|item| !item.is_null());
            let items: Option<Vec<String>> = items.map(json_text).collect();
            format!("[{}]", items?.join(","))
        }
        Data::Object(object) => {
            let members: Option<Vec<String>> = object
                .members()
                .iter()
                .filter(|(_, member)| !member.value.is_null())
                .map(|(name, member)| {
                    let name = serde_json::Value::from(&**name);
                    Some(format!("{name}:{}", json_text(&member.value)?))
                })
                .collect();
            format!("{{{}}}", members?.join(","))
        }
        Data::Unknown(_) | Data::Choice(_) => return None,
    })
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
        if arguments.len() < 2 || arguments.len() > 3 {
            return template.wrong(place, "Fn::Cidr", "a block, a count and the bits of each");
        }
        if let Some(open) = arguments.iter().find(|part| !part.is_wholly_known()) {
            return unknown_like(open, place);
        }
        let bits = if arguments.len() == 3 {
            number(2)
        } else {
            Some(8)
        };
        let (Some(block), Some(count), Some(bits)) = (block, number(1), bits) else {
            return template.wrong(place, "Fn::Cidr", "a block, a count and the bits of each");
        };
        let length = u32::from(block.max_prefix_len())
            .checked_sub(bits)
            .and_then(|length| u8::try_from(length).ok());
        let blocks = length.and_then(|length| block.subnets(length).ok());
        match blocks {
            Some(blocks) if count <= 256 => {
                let blocks: Vec<Value> = blocks
                    .take(count as usize)
                    .map(|block| Value::text(block.to_string(), place))
                    .collect();
                if blocks.len() < count as usize {
                    return template.invalid(
                        place,
                        format!("{block} does not hold {count} blocks of {bits} bits"),
                        None,
                    );
                }
                Value::list(blocks, place)
            }
            _ => template.wrong(
                place,
                "Fn::Cidr",
                "a block, a count up to 256 and the bits of each",
            ),
        }
    })
}

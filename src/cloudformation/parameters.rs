//! What `Ref` to a parameter is worth: given, default or unknown, in agreement with the conditions that ask about it.

use std::sync::Arc;

use regex::Regex;
use rustc_hash::FxHashMap;

use super::Template;
use crate::source::Span;
use crate::value::{
    Alternative, Bytes, Data, Guard, List, ListKind, Members, Number, Origin, Reason, Step,
    Subject, Unknown, Value,
};

/// Something of each parameter.
type ByName<T> = FxHashMap<Arc<str>, T>;

/// Values of one parameter more than these do not make worlds of their own.
const MOST_VALUES: usize = 12;

/// A value from outside the template, and how it comes.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// The value.
    pub(super) value: Value,
    /// A word for the trail.
    pub(super) step: Step,
}

/// What a parameter is taken for while an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Taking {
    /// One alternative for each of its values that conditions tell apart: in properties.
    Alternatives,
    /// Something that is asked about: in conditions.
    Question,
    /// In conditions too: one alternative for each value that it may have, if those are known.
    EachValue,
    /// What it is unless somebody says otherwise.
    Default,
}

/// How parameters are used in a template.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Keys of the maps that are searched by each parameter.
    keys: FxHashMap<Arc<str>, Vec<Arc<str>>>,
    /// Texts that conditions compare each parameter with.
    texts: FxHashMap<Arc<str>, Vec<Arc<str>>>,
}

impl Template<'_> {
    /// The value of a parameter, at its own place.
    pub(super) fn parameter(&self, name: &Arc<str>) -> Option<Value> {
        let taking = self.taking.get();
        if let Some(value) = self.values.borrow().get(&(name.clone(), taking)) {
            return Some(value.clone());
        }
        let member = self.parameters.get(name)?;
        let kind = self.kind(name);
        let is_looked_up = is_looked_up(&kind);
        let value = match self.given.get(name) {
            // What is given for a looked-up one is the name under which it is looked up.
            Some(given) if !is_looked_up => {
                let value = typed_value(&kind, &given.value);
                match &value.data {
                    Data::Unknown(unknown) if unknown.subject.is_none() => Value {
                        data: Data::Unknown(Arc::new(Unknown {
                            subject: Some(self.subject(name)),
                            ..(**unknown).clone()
                        })),
                        ..value
                    },
                    _ => value,
                }
            }
            _ if is_looked_up => self.unknown_parameter(name, &kind, &[]),
            _ => match taking {
                Taking::Alternatives => self.open_parameter(name, &kind, member.key),
                Taking::Question => self.unknown_parameter(name, &kind, &[]),
                Taking::EachValue => self.each_value(name, &kind, member.key),
                Taking::Default => match self.field(name, "Default") {
                    Some(default) => by_default(&kind, default),
                    None => self.unknown_parameter(name, &kind, &[]),
                },
            },
        };
        let value = value.sensitive_if(self.is_hidden(name));
        self.values
            .borrow_mut()
            .insert((name.clone(), taking), value.clone());
        Some(value)
    }

    /// A parameter as somebody who deploys sees it: given, its default, or open.
    pub(super) fn input(&self, name: &Arc<str>) -> Value {
        let kind = self.kind(name);
        let default = self.field(name, "Default");
        let value = match (self.given.contains_key(name), default) {
            (true, _) => self.parameter(name),
            (false, Some(default)) if !is_looked_up(&kind) => Some(by_default(&kind, default)),
            _ => None,
        };
        value
            .unwrap_or_else(|| self.unknown_parameter(name, &kind, &[]))
            .sensitive_if(self.is_hidden(name))
    }

    /// The value of a parameter as a transform is told it: as it is given or written, without its type.
    pub(super) fn transform_value(&self, name: &str) -> Option<Value> {
        if is_looked_up(&self.kind(name)) {
            return None;
        }
        let given = self.given.get(name).map(|given| &given.value);
        let value = given.or_else(|| self.field(name, "Default"))?;
        value.is_wholly_known().then(|| value.clone())
    }

    fn is_hidden(&self, name: &str) -> bool {
        self.field(name, "NoEcho").is_some_and(|flag| {
            scalar_text(flag).is_some_and(|text| text.eq_ignore_ascii_case("true"))
        })
    }

    /// What the trail says of a parameter's value.
    pub(super) fn parameter_step(&self, name: &Arc<str>) -> Step {
        match (self.given.get(name), self.field(name, "Default")) {
            (Some(given), _) => given.step.clone(),
            (None, Some(_)) => Step::Default(name.clone()),
            (None, None) => Step::Written,
        }
    }

    fn field(&self, name: &str, field: &str) -> Option<&Value> {
        self.parameters.get(name)?.value.as_object()?.get(field)
    }

    fn kind(&self, name: &str) -> String {
        let kind = self.field(name, "Type").and_then(Value::as_str);
        kind.unwrap_or("String").to_owned()
    }

    /// What conditions call a parameter.
    pub(super) fn subject(&self, name: &Arc<str>) -> Arc<Subject> {
        if let Some(subject) = self.subjects.borrow().get(name) {
            return subject.clone();
        }
        let kind = self.kind(name);
        // Of what is looked up, allowed values and default are names.
        let is_looked_up = is_looked_up(&kind);
        let written = self.field(name, "AllowedValues");
        let written = written.filter(|_| !is_looked_up);
        let mut allowed: Vec<Arc<str>> = written.map_or_else(Vec::new, |values| {
            let texts = values.elements().filter_map(|value| scalar_text(&value));
            texts.map(|text| whole(&kind, text).into()).collect()
        });
        allowed.retain(|text| self.may_be(name, text));
        if allowed.is_empty() && !is_list(&kind) {
            // No deployment succeeds with a value that is no key of the map that it is looked up in. Unless a condition
            // knows of other values: then the look-up is probably made under that condition only.
            let none = Vec::new();
            let keys = self.uses.keys.get(name).unwrap_or(&none);
            let texts = self.uses.texts.get(name).unwrap_or(&none);
            if texts.iter().all(|text| keys.contains(text)) {
                allowed.clone_from(keys);
            }
        }
        // What is given, though not known, is not the default.
        let written = self.field(name, "Default");
        let written = written.filter(|_| !self.given.contains_key(name));
        let default = written.filter(|_| !is_looked_up).and_then(scalar_text);
        let default = default.map(|text| whole(&kind, text));
        if let Some(default) = default.as_deref()
            && !allowed.is_empty()
            && !allowed.iter().any(|text| **text == *default)
        {
            allowed.push(default.into());
        }
        let subject = Arc::new(Subject {
            name: name.clone(),
            scope: self.scope.clone(),
            default: default.map(Into::into),
            default_at: written.map_or(Span::NONE, Value::span),
            allowed,
        });
        self.subjects
            .borrow_mut()
            .insert(name.clone(), subject.clone());
        subject
    }

    /// Whether the parameter's own constraints (`AllowedPattern`, lengths, bounds) admit a text. Its default is admitted.
    pub(super) fn may_be(&self, name: &str, text: &str) -> bool {
        if self.field(name, "Default").and_then(scalar_text).as_deref() == Some(text) {
            return true;
        }
        let number = |field: &str| self.field(name, field).and_then(number_of);
        let length = text.chars().count() as f64;
        if number("MinLength").is_some_and(|least| length < least)
            || number("MaxLength").is_some_and(|most| length > most)
        {
            return false;
        }
        if self.kind(name) == "Number" {
            let Ok(value) = text.trim().parse::<f64>() else {
                return false;
            };
            if number("MinValue").is_some_and(|least| value < least)
                || number("MaxValue").is_some_and(|most| value > most)
            {
                return false;
            }
        }
        let pattern = self.field(name, "AllowedPattern").and_then(Value::as_str);
        // Java's patterns and ours differ in what is rarely used; what cannot be read forbids nothing.
        pattern
            .and_then(|pattern| Regex::new(&format!("^(?:{pattern})$")).ok())
            .is_none_or(|pattern| pattern.is_match(text))
    }

    /// The name under which a parameter's value is looked up: given, or its default.
    fn looked_up(&self, name: &Arc<str>) -> Option<Arc<str>> {
        let given = self.given.get(name).map(|given| &given.value);
        let path = given.or_else(|| self.field(name, "Default"))?;
        scalar_text(path).map(Into::into)
    }

    /// A parameter of which nothing is known but that it is none of `excluded`.
    fn unknown_parameter(&self, name: &Arc<str>, kind: &str, excluded: &[Arc<str>]) -> Value {
        let place = self.parameters.get(name).map_or(Span::NONE, |m| m.key);
        let is_looked_up = is_looked_up(kind);
        let reason = if is_looked_up {
            Reason::Import(self.looked_up(name).unwrap_or_else(|| name.clone()))
        } else {
            Reason::NoValue(name.clone())
        };
        // The values that a looked-up one may have are names too.
        let allowed = self.field(name, "AllowedValues").filter(|_| !is_looked_up);
        let allowed = allowed.map_or_else(Vec::new, |values| {
            values
                .elements()
                .filter(|value| {
                    let text = scalar_text(value);
                    !excluded
                        .iter()
                        .any(|known| text.as_deref() == Some(&**known))
                })
                .collect()
        });
        let unknown = Unknown {
            subject: Some(self.subject(name)),
            allowed,
            is_never_null: true,
            bytes: self.bytes_of(name, kind),
            ..Unknown::because(reason)
        };
        Value::new(Data::Unknown(Arc::new(unknown)), place)
    }

    /// What the texts of a parameter are made of, as far as its type or pattern tells.
    fn bytes_of(&self, name: &str, kind: &str) -> Option<Bytes> {
        // A list that is joined holds more than its elements.
        if is_list(kind) {
            return None;
        }
        // Of what is looked up, the type tells the value, but the pattern tells the name.
        if is_looked_up(kind) {
            let inner = kind.strip_prefix("AWS::SSM::Parameter::Value<")?;
            return bytes_of_type(inner.strip_suffix('>')?);
        }
        let pattern = self.field(name, "AllowedPattern").and_then(Value::as_str);
        pattern
            .and_then(Bytes::of_matches)
            .or_else(|| bytes_of_type(kind))
    }

    /// A parameter as one alternative for each of the values that it may have.
    fn each_value(&self, name: &Arc<str>, kind: &str, place: Span) -> Value {
        let subject = self.subject(name);
        if is_list(kind) || subject.allowed.is_empty() || subject.allowed.len() > MOST_VALUES {
            return self.unknown_parameter(name, kind, &[]);
        }
        let alternatives = subject.allowed.iter().map(|text| Alternative {
            guard: self.asks(&subject, text),
            value: typed(kind, text, place),
        });
        Value::choice(alternatives.collect(), place)
    }

    /// A parameter that is not given: one alternative for each value that something in the template tells apart, and
    /// what it is otherwise, which is its default if it has one.
    fn open_parameter(&self, name: &Arc<str>, kind: &str, place: Span) -> Value {
        let default = self.field(name, "Default");
        let subject = self.subject(name);
        let mut compared = self.compared.get(name).cloned().unwrap_or_default();
        if is_list(kind) || compared.len() > MOST_VALUES {
            compared.clear();
        }
        let answers = self.answers.get(name).cloned().unwrap_or(Guard::Always);
        if compared.is_empty() && (default.is_none() || answers.is_always()) {
            if let Some(default) = default {
                return by_default(kind, default);
            }
            return match subject.allowed.as_slice() {
                [only] => typed(kind, only, self.written_at(name, only).unwrap_or(place)),
                _ => self.unknown_parameter(name, kind, &[]),
            };
        }
        let mut alternatives = Vec::new();
        let mut otherwise = Guard::Always;
        for text in &compared {
            let guard = self.asks(&subject, text);
            alternatives.push(Alternative {
                guard: guard.clone(),
                value: typed(kind, text, self.written_at(name, text).unwrap_or(place)),
            });
            otherwise = otherwise.and(!guard);
        }
        let default_text = default.and_then(scalar_text);
        let is_compared = |text: &str| compared.iter().any(|known| **known == *text);
        let left: Vec<&Arc<str>> = subject
            .allowed
            .iter()
            .filter(|text| !is_compared(text))
            .collect();
        // In every other world it is something else, which nothing says.
        let other = || self.unknown_parameter(name, kind, &compared);
        let rest = match (default, default_text, left.as_slice()) {
            (_, _, [only]) => typed(kind, only, self.written_at(name, only).unwrap_or(place)),
            (Some(default), Some(text), _) if !is_compared(&text) => {
                // The default where questions are answered as it answers them.
                alternatives.push(Alternative {
                    guard: otherwise.clone().and(!answers.clone()),
                    value: other(),
                });
                otherwise = otherwise.and(answers);
                by_default(kind, default)
            }
            _ => other(),
        };
        alternatives.push(Alternative {
            guard: otherwise,
            value: rest,
        });
        alternatives.retain(|alternative| self.can_be(&alternative.guard));
        Value::choice(alternatives, place)
    }

    /// Where a value of a parameter is written: as its default, or among those it may have.
    fn written_at(&self, name: &str, text: &str) -> Option<Span> {
        let default = self.field(name, "Default").cloned();
        let allowed = self.field(name, "AllowedValues").into_iter();
        default
            .into_iter()
            .chain(allowed.flat_map(Value::elements))
            .find(|value| scalar_text(value).as_deref() == Some(text))
            .map(|value| value.span())
    }

    /// What parameters are compared with in the template's conditions and what maps are searched by them.
    pub(super) fn find_uses(&self, rules: &Members) -> Uses {
        let mut uses = Uses::default();
        for section in [&self.conditions, rules, &self.resources, &self.outputs] {
            for member in section.values() {
                self.uses_in(&member.value, &mut uses, 0);
            }
        }
        uses
    }

    fn uses_in(&self, value: &Value, uses: &mut Uses, depth: usize) {
        if depth > 250 {
            return;
        }
        match &value.data {
            Data::List(list) => list
                .items()
                .iter()
                .for_each(|item| self.uses_in(item, uses, depth + 1)),
            Data::Object(object) => {
                for (name, member) in object.members() {
                    match &**name {
                        "Fn::Equals" => self.note_comparison(&member.value, uses),
                        "Fn::FindInMap" => self.note_search(&member.value, uses),
                        _ => {}
                    }
                    self.uses_in(&member.value, uses, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// The parameter that a written value is a plain `Ref` to.
    fn referred_parameter(&self, value: &Value) -> Option<&Arc<str>> {
        let object = value
            .as_object()
            .filter(|object| object.members().len() == 1)?;
        let name = object.get("Ref")?.as_str()?;
        self.parameters.get_key_value(name).map(|(name, _)| name)
    }

    fn note_comparison(&self, operands: &Value, uses: &mut Uses) {
        let operands: Vec<Value> = operands.elements().collect();
        let [a, b] = operands.as_slice() else {
            return;
        };
        for (subject, other) in [(a, b), (b, a)] {
            if let (Some(parameter), Some(text)) =
                (self.referred_parameter(subject), scalar_text(other))
            {
                let texts = uses.texts.entry(parameter.clone()).or_default();
                if !texts.iter().any(|known| **known == *text) {
                    texts.push(text.into());
                }
            }
        }
    }

    fn note_search(&self, arguments: &Value, uses: &mut Uses) {
        let arguments: Vec<Value> = arguments.elements().collect();
        let [map, first, second, rest @ ..] = arguments.as_slice() else {
            return;
        };
        let Some(map) = map.as_str().and_then(|name| self.mappings.get(name)) else {
            return;
        };
        // With a default value every key does.
        if !rest.is_empty() {
            return;
        }
        let outer = map.value.as_object();
        let inner = outer
            .and_then(|object| object.members().values().next())
            .and_then(|member| member.value.as_object());
        for (key, object) in [(first, outer), (second, inner)] {
            if let (Some(parameter), Some(object)) = (self.referred_parameter(key), object) {
                let keys = uses.keys.entry(parameter.clone()).or_default();
                for key in object.members().keys() {
                    if !keys.contains(key) {
                        keys.push(key.clone());
                    }
                }
            }
        }
    }

    /// The texts that tell the worlds of each parameter apart: those that conditions ask about, and keys of maps. And
    /// how the default of each parameter answers the other questions about it.
    pub(super) fn told_apart(&self) -> (ByName<Vec<Arc<str>>>, ByName<Guard>) {
        let mut texts: FxHashMap<Arc<str>, Vec<Arc<str>>> = FxHashMap::default();
        let mut add = |name: &Arc<str>, text: &Arc<str>| {
            let known = texts.entry(name.clone()).or_default();
            if !known.contains(text) {
                known.push(text.clone());
            }
        };
        let names: Vec<Arc<str>> = self.conditions.keys().cloned().collect();
        for name in names {
            let place = self.conditions.get(&name).map_or(Span::NONE, |m| m.key);
            self.condition(&name, place).atoms(&mut |atom| {
                if atom.subject.scope == self.scope
                    && let Some((name, _)) = self.parameters.get_key_value(&*atom.subject.name)
                    && let Some(text) = &atom.equals
                {
                    add(name, text);
                }
            });
        }
        for (name, keys) in &self.uses.keys {
            if keys.len() <= MOST_VALUES {
                keys.iter().for_each(|key| add(name, key));
            }
        }
        let mut answers: FxHashMap<Arc<str>, Guard> = FxHashMap::default();
        for (atom, names) in self.questions.borrow().iter() {
            let Some(truth) = atom.by_default() else {
                continue;
            };
            let asked = Guard::Is(atom.clone());
            for name in names {
                let answer = if truth { asked.clone() } else { !asked.clone() };
                let before = answers.remove(name).unwrap_or(Guard::Always);
                answers.insert(name.clone(), before.and(answer));
            }
        }
        (texts, answers)
    }

    /// The parameters that a written expression refers to.
    pub(super) fn mentioned(&self, value: &Value, names: &mut Vec<Arc<str>>, depth: usize) {
        let note = |name: &str, names: &mut Vec<Arc<str>>| {
            if let Some((name, _)) = self.parameters.get_key_value(name)
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        };
        match &value.data {
            _ if depth > 250 => {}
            Data::Text(text) => {
                let variables = text.as_str().unwrap_or_default().split("${").skip(1);
                for variable in variables {
                    let name = variable.split('}').next().unwrap_or_default();
                    note(name.trim(), names);
                }
            }
            Data::List(list) => {
                for item in list.items() {
                    self.mentioned(item, names, depth + 1);
                }
            }
            Data::Object(object) => {
                for (name, member) in object.members() {
                    match member.value.as_str() {
                        Some(target) if &**name == "Ref" => note(target, names),
                        _ => self.mentioned(&member.value, names, depth + 1),
                    }
                }
            }
            _ => {}
        }
    }
}

/// What values of a type are made of. CloudFormation asks for numbers, and for names and identifiers that the account has:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html>
fn bytes_of_type(kind: &str) -> Option<Bytes> {
    match kind {
        "Number" => Some(Bytes::of_numbers()),
        "AWS::EC2::AvailabilityZone::Name" | "AWS::Route53::HostedZone::Id" => {
            Some(Bytes::of_identifiers())
        }
        // Names of key pairs and groups may hold blanks.
        kind if kind.starts_with("AWS::EC2::") && kind.ends_with("::Id") => {
            Some(Bytes::of_identifiers())
        }
        _ => None,
    }
}

/// A scalar as the text that CloudFormation compares.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match &value.data {
        Data::Text(text) => text.as_str().map(str::to_owned),
        Data::Number(number) => Some(number.to_string()),
        Data::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<f64> {
    scalar_text(value)?.parse().ok()
}

/// Whether the value is the name of a parameter of Systems Manager, whose value the stack gets.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html>
fn is_looked_up(kind: &str) -> bool {
    kind.starts_with("AWS::SSM::Parameter::Value")
}

fn by_default(kind: &str, default: &Value) -> Value {
    match scalar_text(default) {
        Some(text) => typed(kind, &text, default.span()),
        None => default.clone(),
    }
}

/// The text of a parameter as `Fn::Join` with commas gives it: elements of lists are trimmed.
fn whole(kind: &str, text: String) -> String {
    if !is_list(kind) {
        return text;
    }
    let items: Vec<&str> = text.split(',').map(str::trim).collect();
    items.join(",")
}

fn is_list(kind: &str) -> bool {
    kind.starts_with("List<") || kind == "CommaDelimitedList"
}

/// The text of a parameter as its type has it.
fn typed(kind: &str, text: &str, place: Span) -> Value {
    if is_list(kind) {
        // An empty text is a list of one empty text: `!Equals [!Select [0, !Ref List], ""]` is how templates ask for it.
        let element = if kind == "List<Number>" { "Number" } else { "" };
        let items = text
            .split(',')
            .map(|item| typed(element, item.trim(), place))
            .collect();
        let data = Data::List(List::new(ListKind::Tuple, items));
        return Value {
            data,
            origin: Origin::at(place),
            is_sensitive: false,
        };
    }
    if kind == "Number"
        && let Some(number) = Number::parse(text)
        && number.to_string() == text
    {
        return Value::new(Data::Number(number), place);
    }
    Value::text(text, place)
}

/// A given value as its parameter's type has it.
fn typed_value(kind: &str, value: &Value) -> Value {
    Value::lift(
        std::slice::from_ref(value),
        value.span(),
        &mut |value| match (scalar_text(&value[0]), &value[0].data) {
            (Some(text), Data::Text(_)) => Value {
                origin: value[0].origin.clone(),
                ..typed(kind, &text, value[0].span())
            }
            .sensitive_if(value[0].is_sensitive),
            _ => value[0].clone(),
        },
    )
}

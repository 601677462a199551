//! What `Ref` to a parameter is worth: given, default or unknown, in agreement with the conditions that ask about it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Template;
use crate::source::Span;
use crate::value::{
    Alternative, Atom, Data, Guard, List, ListKind, Origin, Reason, Step, Subject, Unknown, Value,
};

impl Template<'_> {
    /// The value of a parameter, at its own place.
    pub(super) fn parameter(&self, name: &Arc<str>) -> Option<Value> {
        if let Some(value) = self.values.borrow().get(name) {
            return Some(value.clone());
        }
        let member = self.parameters.get(name)?;
        let declared = &member.value;
        let field = |field: &str| {
            declared
                .as_object()
                .and_then(|object| object.get(field))
                .cloned()
        };
        let kind = field("Type")
            .and_then(|kind| kind.as_str().map(str::to_owned))
            .unwrap_or_default();
        let is_hidden = field("NoEcho").is_some_and(|flag| {
            flag.as_bool().unwrap_or_else(|| {
                flag.as_str()
                    .is_some_and(|text| text.eq_ignore_ascii_case("true"))
            })
        });
        let value = match (
            self.given(name),
            self.decided(name, &kind, field("Default")),
        ) {
            (Some(text), _) if !kind.starts_with("AWS::SSM::Parameter::Value") => {
                typed(&kind, &text, member.key)
            }
            (_, Some(default)) => {
                let text = default
                    .as_str()
                    .map(str::to_owned)
                    .or_else(|| scalar_text(&default));
                match text {
                    Some(text) => typed(&kind, &text, default.span()),
                    None => default,
                }
            }
            _ => self.open_parameter(name, &kind, field("Default"), member.key),
        };
        let value = value.sensitive_if(is_hidden);
        self.values.borrow_mut().insert(name.clone(), value.clone());
        Some(value)
    }

    /// What the trail says of a parameter's value.
    pub(super) fn parameter_step(&self, name: &Arc<str>) -> Step {
        let has_default = self
            .parameters
            .get(name)
            .and_then(|member| member.value.as_object())
            .is_some_and(|object| object.get("Default").is_some());
        match (self.given(name), has_default) {
            (Some(_), _) => Step::Given(name.clone()),
            (None, true) => Step::Default(name.clone()),
            (None, false) => Step::Written,
        }
    }

    fn given(&self, name: &str) -> Option<String> {
        self.inputs
            .variables
            .iter()
            .rev()
            .find(|(given, _)| given == name)
            .map(|(_, text)| text.clone())
    }

    /// The default, if nothing in the template asks what the parameter is: then it is simply that.
    fn decided(&self, name: &str, kind: &str, default: Option<Value>) -> Option<Value> {
        let is_asked = self.compared.contains_key(name);
        default.filter(|_| !is_asked && !kind.starts_with("AWS::SSM::Parameter::Value"))
    }

    /// What conditions call a parameter.
    pub(super) fn subject(&self, name: &Arc<str>) -> Arc<Subject> {
        let object = self
            .parameters
            .get(name)
            .and_then(|member| member.value.as_object());
        let field = |field: &str| object.and_then(|object| object.get(field));
        let allowed = field("AllowedValues").map_or_else(Vec::new, |values| {
            values
                .elements()
                .filter_map(|value| scalar_text(&value))
                .map(Into::into)
                .collect()
        });
        Arc::new(Subject {
            name: name.clone(),
            scope: "".into(),
            default: field("Default").and_then(scalar_text).map(Into::into),
            allowed,
        })
    }

    /// A parameter whose value conditions ask about, or that has none: one alternative for each value that it is
    /// compared with, and what it is otherwise.
    fn open_parameter(
        &self,
        name: &Arc<str>,
        kind: &str,
        default: Option<Value>,
        place: Span,
    ) -> Value {
        let subject = self.subject(name);
        let allowed: Vec<Value> = self
            .parameters
            .get(name)
            .and_then(|member| member.value.member("AllowedValues"))
            .map_or_else(Vec::new, |values| values.elements().collect());
        let unknown = || {
            let is_imported = kind.starts_with("AWS::SSM::Parameter::Value");
            let reason = if is_imported {
                Reason::Import(name.clone())
            } else {
                Reason::NoValue(name.clone())
            };
            let unknown = Unknown {
                subject: Some(subject.clone()),
                allowed: allowed.clone(),
                is_never_null: true,
                ..Unknown::because(reason)
            };
            Value::new(Data::Unknown(Arc::new(unknown)), place)
        };
        let is_list = kind.starts_with("List<") || kind == "CommaDelimitedList";
        let compared = self.compared.get(name).filter(|_| !is_list);
        let Some(compared) = compared else {
            if is_list && default.is_none() {
                return unknown();
            }
            return default
                .and_then(|default| {
                    scalar_text(&default).map(|text| typed(kind, &text, default.span()))
                })
                .unwrap_or_else(unknown);
        };
        let mut alternatives = Vec::new();
        let mut otherwise = Guard::Always;
        for text in compared {
            let guard = Guard::Is(Atom {
                subject: subject.clone(),
                equals: Some(text.clone()),
            });
            let written = allowed
                .iter()
                .chain(&default)
                .find(|value| scalar_text(value).as_deref() == Some(text));
            let place = written.map_or(place, Value::span);
            alternatives.push(Alternative {
                guard: guard.clone(),
                value: typed(kind, text, place),
            });
            otherwise = otherwise.and(!guard);
        }
        let default_text = default.as_ref().and_then(scalar_text);
        let is_compared_default = default_text
            .as_ref()
            .is_some_and(|text| compared.iter().any(|c| **c == **text));
        let rest = match (default, default_text) {
            (Some(default), Some(text)) if !is_compared_default => {
                typed(kind, &text, default.span())
            }
            // In every other world it is something else, which nothing says.
            _ => unknown(),
        };
        alternatives.push(Alternative {
            guard: otherwise,
            value: rest,
        });
        Value::choice(alternatives, place)
    }

    /// What each parameter is compared with in the template's conditions, directly or through a map.
    pub(super) fn comparisons(&self) -> FxHashMap<Arc<str>, Vec<Arc<str>>> {
        let mut compared = FxHashMap::default();
        for member in self.conditions.values() {
            self.comparisons_in(&member.value, &mut compared, 0);
        }
        compared
    }

    fn comparisons_in(
        &self,
        value: &Value,
        compared: &mut FxHashMap<Arc<str>, Vec<Arc<str>>>,
        depth: usize,
    ) {
        if depth > 64 {
            return;
        }
        if let Some(operands) = value
            .as_object()
            .and_then(|object| object.get("Fn::Equals"))
            && let [a, b] = operands.elements().collect::<Vec<_>>().as_slice()
        {
            for (subject, other) in [(a, b), (b, a)] {
                let parameter = subject
                    .as_object()
                    .filter(|object| object.members().len() == 1)
                    .and_then(|object| object.get("Ref"))
                    .and_then(Value::as_str)
                    .and_then(|name| self.parameters.get_key_value(name))
                    .map(|(name, _)| name.clone());
                if let Some(parameter) = parameter {
                    let texts = compared.entry(parameter).or_default();
                    if let Some(text) = scalar_text(other)
                        && !texts.iter().any(|known| **known == *text)
                    {
                        texts.push(text.into());
                    }
                } else {
                    // Through a map: every key is a value that tells worlds apart.
                    self.mapped_parameters(subject, compared);
                }
            }
        }
        match &value.data {
            Data::List(list) => list
                .items()
                .iter()
                .for_each(|item| self.comparisons_in(item, compared, depth + 1)),
            Data::Object(object) => {
                object
                    .members()
                    .values()
                    .for_each(|m| self.comparisons_in(&m.value, compared, depth + 1));
            }
            _ => {}
        }
    }

    fn mapped_parameters(&self, value: &Value, compared: &mut FxHashMap<Arc<str>, Vec<Arc<str>>>) {
        let Some(arguments) = value
            .as_object()
            .and_then(|object| object.get("Fn::FindInMap"))
        else {
            return;
        };
        let arguments: Vec<Value> = arguments.elements().collect();
        let Some(map) = arguments
            .first()
            .and_then(Value::as_str)
            .and_then(|name| self.mappings.get(name))
        else {
            return;
        };
        let parameter = arguments
            .get(1)
            .and_then(|key| key.as_object())
            .and_then(|object| object.get("Ref"))
            .and_then(Value::as_str)
            .and_then(|name| self.parameters.get_key_value(name));
        if let Some((parameter, _)) = parameter {
            let texts = compared.entry(parameter.clone()).or_default();
            for key in map
                .value
                .as_object()
                .into_iter()
                .flat_map(|object| object.members().keys())
            {
                if !texts.contains(key) && texts.len() < 8 {
                    texts.push(key.clone());
                }
            }
        }
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

/// The text of a parameter as its type has it.
fn typed(kind: &str, text: &str, place: Span) -> Value {
    let is_list = kind.starts_with("List<") || kind == "CommaDelimitedList";
    if is_list {
        let items = text
            .split(',')
            .map(|item| Value::text(item.trim(), place))
            .collect();
        let data = Data::List(List::new(ListKind::Tuple, items));
        return Value {
            data,
            origin: Origin::at(place),
            is_sensitive: false,
        };
    }
    Value::text(text, place)
}

//! The template's conditions as formulas over its parameters.

use std::sync::Arc;

use super::Template;
use super::parameters::scalar_text;
use crate::diagnostic::did_you_mean;
use crate::source::Span;
use crate::value::{Atom, Certainty, Data, Guard, Subject, Value};

impl Template<'_> {
    /// The formula of the condition called `name`.
    pub(super) fn condition(&self, name: &str, place: Span) -> Guard {
        let Some((key, member)) = self.conditions.get_key_value(name) else {
            let hint = did_you_mean(name, self.conditions.keys().map(|known| &**known));
            self.invalid(place, format!("no condition `{name}` is defined"), hint);
            return opaque(name);
        };
        if let Some(state) = self.guards.borrow().get(key) {
            return match state {
                Some(guard) => guard.clone(),
                None => {
                    self.invalid(place, format!("condition `{name}` depends on itself"), None);
                    opaque(name)
                }
            };
        }
        self.guards.borrow_mut().insert(key.clone(), None);
        let guard = self.formula(&member.value, name, 0);
        self.guards
            .borrow_mut()
            .insert(key.clone(), Some(guard.clone()));
        guard
    }

    /// The formula of a condition function. What cannot be followed is an opaque condition of the name it stands under.
    pub(super) fn formula(&self, value: &Value, name: &str, depth: usize) -> Guard {
        if depth > 64 {
            return opaque(name);
        }
        if let Some(truth) = value.as_bool() {
            return if truth { Guard::Always } else { Guard::Never };
        }
        let Some((function, argument)) = value
            .as_object()
            .and_then(|object| object.members().first())
        else {
            return opaque(name);
        };
        let argument = value.seen(&argument.value);
        let operands = || {
            argument
                .elements()
                .map(|operand| self.formula(&operand, name, depth + 1))
        };
        match &**function {
            "Condition" => match argument.as_str() {
                Some(other) => self.condition(other, argument.span()),
                None => opaque(name),
            },
            "Fn::And" => operands().fold(Guard::Always, Guard::and),
            "Fn::Or" => operands().fold(Guard::Never, Guard::or),
            "Fn::Not" => !operands().next().unwrap_or_else(|| opaque(name)),
            "Fn::Equals" => match argument.elements().collect::<Vec<_>>().as_slice() {
                [a, b] => self.equality(&self.evaluate(a), &self.evaluate(b), name),
                _ => {
                    self.invalid(argument.span(), "`Fn::Equals` takes two values", None);
                    opaque(name)
                }
            },
            _ => opaque(name),
        }
    }

    fn equality(&self, a: &Value, b: &Value, name: &str) -> Guard {
        if let Data::Choice(alternatives) = &a.data {
            return alternatives
                .iter()
                .map(|part| part.guard.clone().and(self.equality(&part.value, b, name)))
                .fold(Guard::Never, Guard::or);
        }
        if matches!(b.data, Data::Choice(_)) {
            return self.equality(b, a, name);
        }
        if let (Some(a), Some(b)) = (scalar_text(a), scalar_text(b)) {
            return if a == b { Guard::Always } else { Guard::Never };
        }
        if let (Data::Text(a), Data::Text(b)) = (&a.data, &b.data)
            && a.equals_text(b) == Certainty::No
        {
            return Guard::Never;
        }
        for (unknown, other) in [(a, b), (b, a)] {
            if let (Some(unknown), Some(text)) = (unknown.as_unknown(), scalar_text(other))
                && let Some(subject) = &unknown.subject
            {
                return Guard::Is(Atom {
                    subject: subject.clone(),
                    equals: Some(text.into()),
                });
            }
        }
        opaque(name)
    }
}

/// A condition of which nothing but the name is known.
fn opaque(name: &str) -> Guard {
    Guard::Is(Atom {
        subject: Arc::new(Subject::opaque("", name)),
        equals: None,
    })
}

//! The template's conditions as formulas over its parameters.

use std::sync::Arc;

use super::Template;
use super::parameters::scalar_text;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;
use crate::value::{Atom, Certainty, Data, Guard, Segment, Subject, Text, Unknown, Value};

/// Parts that the formula of one condition may have, those that are shared counted once.
const MOST_PARTS: usize = 2_000;

impl Template<'_> {
    /// The formula of the condition called `name`.
    pub(super) fn condition(&self, name: &str, place: Span) -> Guard {
        let Some((key, member)) = self.conditions.get_key_value(name) else {
            if !self.has_macros {
                let hint = did_you_mean(name, self.conditions.keys().map(|known| &**known));
                self.invalid(place, format!("no condition `{name}` is defined"), hint);
            }
            return self.opaque(name);
        };
        if let Some(state) = self.guards.borrow().get(key) {
            return match state {
                Some(guard) => guard.clone(),
                None => {
                    self.invalid(place, format!("condition `{name}` depends on itself"), None);
                    self.opaque(name)
                }
            };
        }
        let fixed = self.context.inputs.conditions.iter().rev();
        let fixed = fixed
            .filter(|_| self.scope.is_empty())
            .find(|(fixed, _)| *fixed == **key);
        let guard = match fixed {
            Some((_, true)) => Guard::Always,
            Some((_, false)) => Guard::Never,
            None => {
                self.guards.borrow_mut().insert(key.clone(), None);
                let guard = self.formula(&member.value, name, 0);
                self.bounded(guard, name, member.key)
            }
        };
        self.guards
            .borrow_mut()
            .insert(key.clone(), Some(guard.clone()));
        guard
    }

    /// A formula that is not larger than it must be. One that stays too large is a question of its own.
    fn bounded(&self, guard: Guard, name: &str, place: Span) -> Guard {
        if guard.size(MOST_PARTS) < MOST_PARTS || guard.distinct() < MOST_PARTS {
            return guard;
        }
        match guard.compact() {
            Some(compact) if compact.distinct() < MOST_PARTS => compact,
            _ => {
                self.say(
                    Diagnostic::warning(
                        "limit",
                        place,
                        format!("condition `{name}` is too intricate to be followed"),
                    )
                    .hint("it is taken to be true or false whatever the other conditions are")
                    .incomplete(),
                );
                self.opaque(name)
            }
        }
    }

    /// The formula of a condition function. What cannot be followed is a question of its own.
    pub(super) fn formula(&self, value: &Value, name: &str, depth: usize) -> Guard {
        if depth > 64 {
            return self.opaque(name);
        }
        if let Some(truth) = value.as_bool() {
            return if truth { Guard::Always } else { Guard::Never };
        }
        let function = value
            .as_object()
            .and_then(|object| object.members().first());
        let Some((function, argument)) = function else {
            return match value.as_str() {
                Some("true") => Guard::Always,
                Some("false") => Guard::Never,
                _ => {
                    self.invalid(
                        value.span(),
                        format!("condition `{name}` is not a condition function"),
                        Some(
                            "use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition here".to_owned(),
                        ),
                    );
                    self.opaque(name)
                }
            };
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
                None => self.opaque(name),
            },
            "Fn::And" | "Fn::Or" if operands().next().is_none() => {
                let message = format!("`{function}` takes a list of two to ten conditions");
                self.invalid(argument.span(), message, None);
                self.opaque(name)
            }
            "Fn::And" => operands().fold(Guard::Always, Guard::and),
            "Fn::Or" => operands().fold(Guard::Never, Guard::or),
            "Fn::Not" => match operands().next() {
                Some(operand) => !operand,
                None if argument.as_object().is_some() => !self.formula(&argument, name, depth + 1),
                None => {
                    self.invalid(
                        argument.span(),
                        "`Fn::Not` takes a list of one condition",
                        None,
                    );
                    self.opaque(name)
                }
            },
            "Fn::Equals" => match argument.elements().collect::<Vec<_>>().as_slice() {
                [a, b] => self.equal(a, b),
                _ => {
                    self.invalid(argument.span(), "`Fn::Equals` takes two values", None);
                    self.opaque(name)
                }
            },
            // In `Rules` only.
            "Fn::Contains" => match argument.elements().collect::<Vec<_>>().as_slice() {
                [list, one] if list.as_list().is_some() => list
                    .elements()
                    .map(|item| self.equal(&item, one))
                    .fold(Guard::Never, Guard::or),
                _ => self.question(&describe(value)),
            },
            _ => self.question(&describe(value)),
        }
    }

    /// When two written values are equal.
    fn equal(&self, a: &Value, b: &Value) -> Guard {
        let evaluated = |value: &Value| {
            let before = self.in_condition.replace(true);
            let result = self.evaluate(value);
            self.in_condition.set(before);
            result
        };
        let words = [describe(a), describe(b)];
        self.equality(&evaluated(a), &evaluated(b), &words)
    }

    fn equality(&self, a: &Value, b: &Value, words: &[String; 2]) -> Guard {
        if let Data::Choice(alternatives) = &a.data {
            return alternatives
                .iter()
                .map(|part| {
                    let equality = self.equality(&part.value, b, words);
                    part.guard.clone().and(equality)
                })
                .fold(Guard::Never, Guard::or);
        }
        if matches!(b.data, Data::Choice(_)) {
            let [first, second] = words.clone();
            return self.equality(b, a, &[second, first]);
        }
        if let (Some(a), Some(b)) = (comparable(a), comparable(b)) {
            return if a == b { Guard::Always } else { Guard::Never };
        }
        if let (Data::Text(a), Data::Text(b)) = (&a.data, &b.data)
            && a.equals_text(b) == Certainty::No
        {
            return Guard::Never;
        }
        for (open, other, word) in [(a, b, &words[0]), (b, a, &words[1])] {
            let Some(text) = comparable(other) else {
                continue;
            };
            let asked = match &open.data {
                Data::Unknown(unknown) => Some((unknown.clone(), text.clone())),
                Data::Text(pattern) => filling(pattern, &text),
                _ => None,
            };
            if let Some((unknown, text)) = asked
                && let Some(subject) = &unknown.subject
            {
                return self.asks(subject, &text);
            }
            return Guard::Is(Atom {
                subject: Arc::new(Subject::opaque(self.scope.clone(), word.as_str())),
                equals: Some(text.into()),
            });
        }
        if let (Some(a), Some(b)) = (a.as_unknown(), b.as_unknown())
            && a.subject.is_some()
            && a.subject == b.subject
        {
            return Guard::Always;
        }
        let mut words = words.clone();
        words.sort();
        self.question(&words.join(" = "))
    }

    /// Whether a subject is `text`; never, if nothing that it may be is.
    pub(super) fn asks(&self, subject: &Arc<Subject>, text: &str) -> Guard {
        let is_allowed =
            subject.allowed.is_empty() || subject.allowed.iter().any(|known| **known == *text);
        if !is_allowed || (subject.scope == self.scope && !self.may_be(&subject.name, text)) {
            return Guard::Never;
        }
        Guard::Is(Atom {
            subject: subject.clone(),
            equals: Some(text.into()),
        })
    }

    /// Whether a condition can hold, given the template's `Rules`.
    pub(super) fn can_be(&self, guard: &Guard) -> bool {
        if self.constraint.is_always() {
            return guard.is_possible();
        }
        guard.clone().and(self.constraint.clone()).is_possible()
    }

    /// What the template's `Rules` demand of its parameters.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>
    pub(super) fn assertions(&self, rules: &crate::value::Members) -> Guard {
        let mut all = Guard::Always;
        for (name, rule) in rules {
            let when = match rule.value.member("RuleCondition") {
                Some(condition) => self.formula(&condition, name, 0),
                None => Guard::Always,
            };
            let assertions = rule.value.member("Assertions");
            for assertion in assertions.iter().flat_map(Value::elements) {
                if let Some(assert) = assertion.member("Assert") {
                    let holds = self.formula(&assert, name, 0);
                    all = all.and((!when.clone()).or(holds));
                }
            }
        }
        if all.size(MOST_PARTS) < MOST_PARTS {
            return all;
        }
        // Demands too intricate to be followed exclude nothing.
        all.compact()
            .filter(|compact| compact.distinct() < MOST_PARTS)
            .unwrap_or(Guard::Always)
    }

    /// A condition of which nothing but the name is known.
    fn opaque(&self, name: &str) -> Guard {
        self.question(name)
    }

    fn question(&self, words: &str) -> Guard {
        Guard::Is(Atom {
            subject: Arc::new(Subject::opaque(self.scope.clone(), words)),
            equals: None,
        })
    }
}

/// A known value as the text that `Fn::Equals` compares. Lists are compared element by element.
fn comparable(value: &Value) -> Option<String> {
    match &value.data {
        Data::List(list) if list.more().is_none() => {
            let items: Option<Vec<String>> =
                value.elements().map(|item| comparable(&item)).collect();
            items.map(|items| format!("[{}]", items.join(", ")))
        }
        _ => scalar_text(value),
    }
}

/// What the only hole of a string must be for the string to be `text`.
fn filling(pattern: &Text, text: &str) -> Option<(Arc<Unknown>, String)> {
    let segments = pattern.segments();
    let (before, hole, after) = match &*segments {
        [Segment::Hole(hole)] => ("", hole, ""),
        [Segment::Literal(before), Segment::Hole(hole)] => (&**before, hole, ""),
        [Segment::Hole(hole), Segment::Literal(after)] => ("", hole, &**after),
        [
            Segment::Literal(before),
            Segment::Hole(hole),
            Segment::Literal(after),
        ] => (&**before, hole, &**after),
        _ => return None,
    };
    let filling = text.strip_prefix(before)?.strip_suffix(after)?;
    Some((hole.clone(), filling.to_owned()))
}

/// An expression in a few words. The same expression is always described by the same words, and others by others, so
/// that conditions that ask the same agree.
fn describe(value: &Value) -> String {
    match &value.data {
        Data::Object(object) => {
            let parts: Vec<String> = object
                .members()
                .iter()
                .map(|(name, member)| match (&**name, member.value.as_str()) {
                    ("Ref", Some(target)) => target.to_owned(),
                    (name, _) => {
                        let name = name.strip_prefix("Fn::").unwrap_or(name);
                        format!("{name}({})", describe(&member.value))
                    }
                })
                .collect();
            parts.join(", ")
        }
        Data::List(_) => {
            let parts: Vec<String> = value.elements().map(|item| describe(&item)).collect();
            parts.join(", ")
        }
        _ => scalar_text(value).map_or_else(|| "?".to_owned(), |text| format!("\"{text}\"")),
    }
}

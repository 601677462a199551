//! The template's conditions as formulas over its parameters.

use std::sync::Arc;

use super::Template;
use super::parameters::{Taking, scalar_text};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;
use crate::value::{Atom, Certainty, Data, Guard, Member, Segment, Subject, Text, Unknown, Value};

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
            "Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn" => {
                match argument.elements().collect::<Vec<_>>().as_slice() {
                    [list, other] => self.membership(function, list, other, value),
                    _ => {
                        let message = format!("`{function}` takes two values");
                        self.invalid(argument.span(), message, None);
                        self.opaque(name)
                    }
                }
            }
            _ => self.opaque(&describe(value)),
        }
    }

    /// What the functions on lists of `Rules` ask.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html>
    fn membership(&self, function: &str, list: &Value, other: &Value, whole: &Value) -> Guard {
        let others = match function {
            "Fn::EachMemberIn" => self.members_of(other, 0),
            _ => Some(vec![other.clone()]),
        };
        let (Some(members), Some(others)) = (self.members_of(list, 0), others) else {
            return self.opaque(&describe(whole));
        };
        let is_among = |member: &Value| {
            let equal = others.iter().map(|other| self.equal(member, other));
            equal.fold(Guard::Never, Guard::or)
        };
        let found = members.iter().map(is_among);
        match function {
            "Fn::Contains" => found.fold(Guard::Never, Guard::or),
            _ => found.fold(Guard::Always, Guard::and),
        }
    }

    /// The members of a list in `Rules`, as they are written; none if they are not known one by one.
    fn members_of(&self, list: &Value, depth: usize) -> Option<Vec<Value>> {
        if let Data::List(_) = &list.data {
            return Some(list.elements().collect());
        }
        let all = list.as_object().and_then(|object| object.get("Fn::RefAll"));
        let Some(kind) = all.and_then(Value::as_str).filter(|_| depth == 0) else {
            let known = self.taken(list, Taking::Question);
            let is_known = known.as_list().is_some_and(|list| list.more().is_none());
            return is_known.then(|| known.elements().collect());
        };
        let list_kind = format!("List<{kind}>");
        let mut members = Vec::new();
        for (name, parameter) in &self.parameters {
            let own = parameter.value.member("Type");
            let own = own.as_ref().and_then(Value::as_str).unwrap_or_default();
            if own != kind && own != list_kind {
                continue;
            }
            let target = Member {
                key: list.span(),
                value: Value::text(name.clone(), list.span()),
            };
            let reference = [("Ref".into(), target)].into_iter().collect();
            let reference = Value::object(reference, list.span());
            match own == kind {
                true => members.push(reference),
                false => members.extend(self.members_of(&reference, depth + 1)?),
            }
        }
        Some(members)
    }

    /// Whether operands of a condition are being evaluated.
    pub(super) fn is_in_condition(&self) -> bool {
        self.taking.get() != Taking::Alternatives
    }

    /// A written value with parameters taken for something.
    fn taken(&self, value: &Value, taking: Taking) -> Value {
        let before = self.taking.replace(taking);
        let result = self.evaluate(value);
        self.taking.set(before);
        result
    }

    /// When two written values are equal.
    fn equal(&self, a: &Value, b: &Value) -> Guard {
        let values = |taking: Taking| (self.taken(a, taking), self.taken(b, taking));
        let (left, right) = values(Taking::Question);
        if let Some(guard) = self.equality(&left, &right, None) {
            return guard;
        }
        // What is put together of several parameters is decided where the values that they may have are known.
        let (left, right) = values(Taking::EachValue);
        if let Some(guard) = self.equality(&left, &right, None) {
            return guard;
        }
        let (left_default, right_default) = values(Taking::Default);
        let mut parameters = Vec::new();
        for operand in [a, b] {
            self.mentioned(operand, &mut parameters, 0);
        }
        let asked = Asked {
            words: [describe(a), describe(b)],
            defaults: [comparable(&left_default), comparable(&right_default)],
            parameters,
        };
        self.equality(&left, &right, Some(&asked))
            .unwrap_or(Guard::Never)
    }

    /// None, unless `asked` says what to ask then: it cannot be told by questions about parameters alone.
    fn equality(&self, a: &Value, b: &Value, asked: Option<&Asked>) -> Option<Guard> {
        if let Data::Choice(alternatives) = &a.data {
            return alternatives.iter().try_fold(Guard::Never, |all, part| {
                let equality = self.equality(&part.value, b, asked)?;
                Some(all.or(part.guard.clone().and(equality)))
            });
        }
        if matches!(b.data, Data::Choice(_)) {
            let turned = asked.map(Asked::turned);
            return self.equality(b, a, turned.as_ref());
        }
        if let (Some(a), Some(b)) = (comparable(a), comparable(b)) {
            return Some(if a == b { Guard::Always } else { Guard::Never });
        }
        if let (Data::Text(a), Data::Text(b)) = (&a.data, &b.data)
            && a.equals_text(b) == Certainty::No
        {
            return Some(Guard::Never);
        }
        for (open, other, side) in [(a, b, 0), (b, a, 1)] {
            let Some(text) = comparable(other) else {
                continue;
            };
            let subject = match &open.data {
                Data::Unknown(unknown) => Some((unknown.clone(), text.clone())),
                Data::Text(pattern) => filling(pattern, &text),
                _ => None,
            };
            if let Some((unknown, text)) = subject
                && let Some(subject) = &unknown.subject
            {
                return Some(self.asks(subject, &text));
            }
            let asked = asked?;
            let subject = Subject {
                default: asked.defaults[side].as_deref().map(Into::into),
                ..Subject::opaque(self.scope.clone(), asked.words[side].as_str())
            };
            return Some(self.question(subject, Some(text.into()), &asked.parameters));
        }
        if let (Some(a), Some(b)) = (a.as_unknown(), b.as_unknown())
            && a.subject.is_some()
            && a.subject == b.subject
        {
            return Some(Guard::Always);
        }
        let asked = asked?;
        let default = match &asked.defaults {
            [Some(a), Some(b)] => Some(a == b),
            _ => None,
        };
        let mut words = asked.words.clone();
        words.sort();
        let subject = Subject {
            default: default.map(|truth| truth.to_string().into()),
            ..Subject::opaque(self.scope.clone(), words.join(" = "))
        };
        Some(self.question(subject, None, &asked.parameters))
    }

    /// A question that is no comparison of one parameter with a text.
    fn question(
        &self,
        subject: Subject,
        equals: Option<Arc<str>>,
        parameters: &[Arc<str>],
    ) -> Guard {
        let atom = Atom {
            subject: Arc::new(subject),
            equals,
        };
        let mut questions = self.questions.borrow_mut();
        if !questions.iter().any(|(known, _)| *known == atom) {
            questions.push((atom.clone(), parameters.to_vec()));
        }
        Guard::Is(atom)
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
        Guard::Is(Atom {
            subject: Arc::new(Subject::opaque(self.scope.clone(), name)),
            equals: None,
        })
    }
}

/// What to ask where parameters alone do not tell whether two operands are equal.
struct Asked {
    /// Each operand in words.
    words: [String; 2],
    /// What each is by default.
    defaults: [Option<String>; 2],
    /// The parameters that they are made of.
    parameters: Vec<Arc<str>>,
}

impl Asked {
    /// The same with the operands in the other order.
    fn turned(&self) -> Asked {
        let [first, second] = &self.words;
        let [first_default, second_default] = &self.defaults;
        Asked {
            words: [second.clone(), first.clone()],
            defaults: [second_default.clone(), first_default.clone()],
            parameters: self.parameters.clone(),
        }
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

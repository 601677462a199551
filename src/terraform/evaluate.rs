//! Expressions in, values out.
//!
//! An error in an expression is a [`Fault`] until somebody who can live with it takes it (`try`, `can`, an arm that is
//! not chosen) or a node of the graph turns it into a diagnostic and an unknown value.

use std::sync::Arc;

use super::foreseen;
use super::functions;
use super::graph::{Evaluator, Scope};
use super::syntax::{
    Access, Binary, Expr, Expression, For, ObjectKey, Operator, Part, TemplateFor, Unary,
};
use super::types::{self, Type};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::value::{
    Alternative, Atom, Certainty, Data, Guard, List, ListKind, Member, Members, Number, Object,
    ObjectKind, Origin, Piece, Range, Reason, Reference, Segment, Step, Subject, Text, Trail,
    Unknown, Value, World,
};

/// Nested evaluations that are followed; each costs some kilobytes of stack.
const DEEPEST: usize = 1_500;
/// Evaluations in one stack before onus gives up.
const MOST_STEPS: u64 = 50_000_000;
/// Evaluations for one value (a local, an argument) before onus gives it up.
const MOST_STEPS_OF_ONE: u64 = 1_000_000;
/// Parts that a value may have, shared ones counted each time: what is larger cannot be written out.
const LARGEST_VALUE: u32 = 2_000_000;
/// Places that a string remembers; with more it remembers none.
const MOST_PIECES: usize = 10_000;
/// Characters that a template may grow to.
const LONGEST_TEXT: usize = 16 << 20;

/// Why an expression has no value: Terraform would stop here.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// A sentence for the user.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do.
    pub hint: Option<String>,
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Fault {
        Fault {
            message: message.into(),
            span,
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: Option<String>) -> Fault {
        self.hint = hint;
        self
    }
}

pub(super) type Evaluated = Result<Value, Fault>;

/// Functions that pass elements through without looking into them: conditions inside their arguments stay inside.
const PASSING: &[&str] = &[
    "chunklist",
    "coalesce",
    "concat",
    "element",
    "jsonencode",
    "keys",
    "length",
    "lookup",
    "merge",
    "one",
    "reverse",
    "slice",
    "tolist",
    "tomap",
    "values",
    "yamlencode",
    "zipmap",
    "sensitive",
    "nonsensitive",
];

impl Evaluator<'_> {
    /// The value of an expression.
    pub(super) fn evaluate(&self, expression: &Expression, scope: &Scope<'_>) -> Evaluated {
        let span = expression.span;
        let depth = self.depth.get();
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        let limit = if depth >= DEEPEST {
            Some("nesting of expressions")
        } else if steps > MOST_STEPS {
            Some("evaluation steps")
        } else if steps - self.started.get() > MOST_STEPS_OF_ONE {
            Some("evaluation steps for one value")
        } else {
            None
        };
        if let Some(limit) = limit {
            self.limit(span, limit);
            return Ok(Value::unknown(Reason::Limit(limit), span));
        }
        self.depth.set(depth + 1);
        let value = self.evaluate_kind(expression, span, scope);
        self.depth.set(depth);
        if let Ok(value) = &value
            && value.size() > LARGEST_VALUE
        {
            self.limit(span, "size of one value");
            return Ok(Value::unknown(Reason::Limit("size of one value"), span));
        }
        match self.inputs.as_planned {
            true => value.map(foreseen::planned),
            false => value,
        }
    }

    fn evaluate_kind(&self, expression: &Expression, span: Span, scope: &Scope<'_>) -> Evaluated {
        match &expression.kind {
            Expr::Null => Ok(Value::null(span)),
            Expr::Bool(truth) => Ok(Value::bool(*truth, span)),
            Expr::Number(Some(number)) => Ok(Value::new(Data::Number(number.clone()), span)),
            Expr::Number(None) => Err(Fault::new(
                span,
                "this number is beyond what Terraform can hold",
            )),
            Expr::Text(text, is_exact) => Ok(literal(text, *is_exact, span)),
            Expr::Template(template) => self.template(&template.parts, span, scope),
            Expr::List(items) => {
                let mut items: Vec<Value> = items
                    .iter()
                    .map(|item| self.evaluate(item, scope))
                    .collect::<Result<_, _>>()?;
                let guard = covered(&items);
                if !guard.is_always() {
                    items.iter_mut().for_each(filled);
                }
                Ok(only_where(Value::list(items, span), guard, span))
            }
            Expr::Object(items) => self.object(items, span, scope),
            Expr::Name(_) => self.traverse(expression, &[], span, scope),
            Expr::Traversal(base, operators) => self.traverse(base, operators, span, scope),
            Expr::Call(call) => {
                self.call(&call.name, &call.arguments, call.expands_last, span, scope)
            }
            Expr::Unary(operator, operand) => {
                let operand = self.evaluate(operand, scope)?;
                let is_sensitive = operand.is_sensitive;
                over(&[operand], span, &mut |operands| {
                    unary(*operator, &operands[0], span)
                })
                .map(|value| value.sensitive_if(is_sensitive))
            }
            Expr::Binary(left, operator, right) => self.binary(left, *operator, right, span, scope),
            Expr::Conditional(parts) => self.conditional(parts, span, scope),
            Expr::For(parts) => {
                let collection = self.evaluate(&parts.collection, scope)?;
                over(&[collection], span, &mut |collection| {
                    self.for_over(parts, &collection[0], span, scope)
                })
            }
            Expr::Broken(why) => Ok(Value::unknown(Reason::Invalid((*why).into()), span)),
        }
    }

    fn object(
        &self,
        items: &[super::syntax::ObjectItem],
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        let mut members = Members::default();
        let mut more = None;
        let mut is_sensitive = false;
        let mut exists = Guard::Always;
        for item in items {
            let key = match &item.key {
                ObjectKey::Name(name) => name.clone(),
                ObjectKey::Computed(expression) => {
                    let key = self.evaluate(expression, scope)?;
                    is_sensitive |= key.is_sensitive;
                    match types::to_text(&key) {
                        Ok(text) => match text.as_str() {
                            Some(text) => text.into(),
                            None => {
                                more = Some(depends(&key, "an object key that is not known"));
                                continue;
                            }
                        },
                        Err(_)
                            if !key.is_wholly_known()
                                && types::is_convertible(&types::type_of(&key), &Type::String) =>
                        {
                            more = Some(depends(&key, "an object key that is not known"));
                            continue;
                        }
                        Err(why) => return Err(Fault::new(item.key_span, why)),
                    }
                }
            };
            let mut value = self.evaluate(&item.value, scope)?;
            let guard = covered(std::slice::from_ref(&value));
            if !guard.is_always() {
                filled(&mut value);
                exists = exists.and(guard);
            }
            members.insert(
                key,
                Member {
                    key: item.key_span,
                    value,
                },
            );
        }
        let object = match more {
            Some(why) => Object::open(ObjectKind::Object, members, why),
            None => Object::new(ObjectKind::Object, members),
        };
        let value = Value::new(Data::Object(object), span).sensitive_if(is_sensitive);
        Ok(only_where(value, exists, span))
    }

    /// `name.a[b]…`: the longest head that names something, then step by step.
    fn traverse(
        &self,
        base: &Expression,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        let (value, used) = match &base.kind {
            Expr::Name(name) => self.reference(name, operators, span, scope)?,
            _ => (self.evaluate(base, scope)?, 0),
        };
        self.walk(value, &operators[used..], span, scope)
    }

    /// Applies traversal steps to a value.
    fn walk(
        &self,
        value: Value,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        let Some((first, rest)) = operators.split_first() else {
            return Ok(value);
        };
        let splat = |until: usize| -> Evaluated {
            let (inner, after) = rest.split_at(until);
            let list = over(std::slice::from_ref(&value), span, &mut |value| {
                self.splat(&value[0], inner, span, scope)
            })?;
            self.walk(list, after, span, scope)
        };
        let next = match &first.kind {
            Access::FullSplat => return splat(rest.len()),
            Access::AttributeSplat => {
                let until = rest
                    .iter()
                    .take_while(|o| matches!(o.kind, Access::Attribute(_) | Access::LegacyIndex(_)))
                    .count();
                if let Some(Operator {
                    kind: Access::AttributeSplat,
                    span,
                    ..
                }) = rest.get(until)
                {
                    return Err(Fault::new(*span, "`.*` cannot stand behind another `.*`"));
                }
                return splat(until);
            }
            Access::Attribute(name) => over(&[value], span, &mut |value| {
                attribute(&value[0], name, span)
            }),
            Access::LegacyIndex(index) => {
                let key = Value::int(*index as i64, first.span);
                over(&[value], span, &mut |value| {
                    index_value(&value[0], &key, span)
                })
            }
            Access::Index(index) => {
                let key = self.evaluate(index, scope)?;
                let is_sensitive = key.is_sensitive;
                over(&[value, key], span, &mut |operands| {
                    index_value(&operands[0], &operands[1], span)
                })
                .map(|value| value.sensitive_if(is_sensitive))
            }
        }?;
        self.walk(next, rest, span, scope)
    }

    fn splat(
        &self,
        value: &Value,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        match &value.data {
            Data::Null(Some(of)) if of.is_sequence() => Err(Fault::new(
                span,
                "`[*]` stands behind null in the place of a list",
            )),
            Data::Null(_) => Ok(Value::list(Vec::new(), span)),
            Data::List(list) => {
                let items: Result<Vec<_>, _> = value
                    .elements()
                    .map(|item| self.walk(item, operators, span, scope))
                    .collect();
                let (items, more) = (items?, list.more().cloned());
                // Elements of one type give results of one type.
                match (list.kind(), list.of(), more) {
                    (ListKind::Tuple, _, more) => Ok(sequence(ListKind::Tuple, items, more, span)),
                    (_, Some(of), None) if items.is_empty() => {
                        let of = self.type_behind(of, value, operators, span, scope)?;
                        let list = List::typed(ListKind::List, Arc::new(of), items);
                        Ok(Value::new(Data::List(list), span))
                    }
                    (_, _, more) => Ok(sequence(ListKind::List, items, more, span)),
                }
                .map(|list| list.sensitive_if(value.is_sensitive))
            }
            Data::Unknown(unknown) if unknown.of.is_some() => {
                self.splat_of_unknown(unknown, value, operators, span, scope)
            }
            Data::Unknown(_) => {
                // An unknown list of instances: each of its elements' attributes, of unknown number.
                let inner = self.walk(value.clone(), operators, span, scope)?;
                let why = match &inner.data {
                    Data::Unknown(unknown) => unknown.clone(),
                    _ => depends(value, "a list that is not known"),
                };
                Ok(sequence(ListKind::Tuple, Vec::new(), Some(why), span))
            }
            _ => Ok(Value::list(
                vec![self.walk(value.clone(), operators, span, scope)?],
                span,
            )),
        }
    }

    /// The type of what stands behind `[*]` for an element of a type.
    fn type_behind(
        &self,
        of: &Type,
        value: &Value,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<Type, Fault> {
        let reason = depends(value, "a list that is not known").reason.clone();
        let element = Unknown::of_type(reason, of.clone());
        let element = Value::new(Data::Unknown(Arc::new(element)), span);
        let value = self.walk(element, operators, span, scope)?;
        Ok(types::type_of(&value))
    }

    /// `[*]` of what is known by its type only: a list of as many elements, or the value itself as the only one unless it
    /// may be null.
    fn splat_of_unknown(
        &self,
        unknown: &Unknown,
        value: &Value,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        let behind = |of: &Type| self.type_behind(of, value, operators, span, scope);
        let (of, range) = match unknown.value_type() {
            Type::List(of) | Type::Set(of) => {
                (Type::List(Box::new(behind(of)?)), unknown.range.clone())
            }
            Type::Tuple(items) => {
                let items: Result<Vec<Type>, Fault> = items.iter().map(behind).collect();
                (Type::Tuple(items?), Range::Any)
            }
            _ => {
                let item = self.walk(value.clone(), operators, span, scope)?;
                return Ok(match unknown.is_never_null {
                    true => Value::list(vec![item], span),
                    false => Value::unknown(unknown.reason.clone(), span),
                });
            }
        };
        let list = Unknown {
            is_never_null: true,
            range,
            ..Unknown::of_type(unknown.reason.clone(), of)
        };
        Ok(types::refined(list, span).sensitive_if(value.is_sensitive))
    }

    fn for_over(
        &self,
        parts: &For,
        collection: &Value,
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        let what = "a collection that is not known";
        let is_iterable = |of: &Type| *of == Type::Any || !of.is_scalar();
        if let (Some(condition), true) = (&parts.condition, !collection.is_null()) {
            self.check_filter(parts, condition, span, scope)?;
        }
        let (entries, mut more) = match iterated(collection) {
            Some(entries) => entries,
            None => {
                return match &collection.data {
                    Data::Unknown(unknown) if !is_iterable(unknown.value_type()) => {
                        Err(Fault::new(
                            parts.collection.span,
                            "cannot iterate over this: it is no collection",
                        ))
                    }
                    Data::Unknown(unknown) => {
                        let why = part_of(unknown, None);
                        Ok(match parts.key {
                            Some(_) => Value::new(
                                Data::Object(Object::open(
                                    ObjectKind::Object,
                                    Members::default(),
                                    why,
                                )),
                                span,
                            ),
                            None => sequence(ListKind::Tuple, Vec::new(), Some(why), span),
                        })
                    }
                    Data::Null(_) => Err(Fault::new(
                        parts.collection.span,
                        "cannot iterate over null",
                    )),
                    _ => Err(Fault::new(
                        parts.collection.span,
                        "cannot iterate over this: it is no collection",
                    )),
                };
            }
        };
        let mut list = Vec::new();
        let mut members = Members::default();
        let mut is_sensitive = collection.is_sensitive;
        for (key, value) in entries {
            let mut names = vec![(parts.value_name.clone(), value)];
            if let Some(name) = &parts.key_name {
                names.push((name.clone(), key));
            }
            let inner = scope.with(&names);
            if let Some(condition) = &parts.condition {
                let kept = self.evaluate(condition, &inner)?;
                is_sensitive |= kept.is_sensitive;
                match kept.as_bool().or_else(|| types::to_bool(&kept)) {
                    Some(true) => {}
                    Some(false) => continue,
                    None if kept.is_null() => {
                        return Err(Fault::new(condition.span, "the condition is null"));
                    }
                    None if kept.is_wholly_known() || !is_truth(&kept) => {
                        return Err(Fault::new(
                            condition.span,
                            "the condition is neither true nor false",
                        ));
                    }
                    None => {
                        more.get_or_insert_with(|| depends(&kept, "a filter that is not decided"));
                        continue;
                    }
                }
            }
            let Some(key_expression) = &parts.key else {
                list.push(self.evaluate(&parts.value, &inner)?);
                continue;
            };
            let key = self.evaluate(key_expression, &inner)?;
            is_sensitive |= key.is_sensitive;
            let Some(name) = types::to_text(&key)
                .ok()
                .and_then(|text| text.as_str().map(Arc::<str>::from))
            else {
                if key.is_wholly_known() {
                    return Err(Fault::new(key_expression.span, "a key must be a string"));
                }
                more.get_or_insert_with(|| depends(&key, what));
                continue;
            };
            let value = self.evaluate(&parts.value, &inner)?;
            if parts.is_grouping {
                let mut group = match members.get(&name) {
                    Some(Member {
                        value:
                            Value {
                                data: Data::List(list),
                                ..
                            },
                        ..
                    }) => list.items().to_vec(),
                    _ => Vec::new(),
                };
                group.push(value);
                members.insert(name, Value::list(group, span).into());
            } else if members.contains_key(&name) {
                let fault = Fault::new(
                    key_expression.span,
                    format!("two elements have the key \"{name}\""),
                );
                return Err(fault.hint(Some("add `...` after the value to group them".to_owned())));
            } else {
                members.insert(
                    name,
                    Member {
                        key: key.span(),
                        value,
                    },
                );
            }
        }
        if parts.key.is_none() {
            return Ok(sequence(ListKind::Tuple, list, more, span).sensitive_if(is_sensitive));
        }
        let object = match more {
            Some(why) => Object::open(ObjectKind::Object, members, why),
            None => Object::new(ObjectKind::Object, members),
        };
        Ok(Value::new(Data::Object(object), span).sensitive_if(is_sensitive))
    }

    /// A filter that is wrong whatever the elements are is wrong also where there are none.
    fn check_filter(
        &self,
        parts: &For,
        condition: &Expression,
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<(), Fault> {
        let any = || Value::unknown(Reason::Depends("an element".into()), span);
        let mut names = vec![(parts.value_name.clone(), any())];
        names.extend(parts.key_name.iter().map(|name| (name.clone(), any())));
        let kept = self.quietly(|| self.evaluate(condition, &scope.with(&names)))?;
        if kept.is_null() {
            return Err(Fault::new(condition.span, "the condition is null"));
        }
        match is_truth(&kept) {
            true => Ok(()),
            false => Err(Fault::new(
                condition.span,
                "the condition is neither true nor false",
            )),
        }
    }

    fn conditional(&self, parts: &[Expression; 3], span: Span, scope: &Scope<'_>) -> Evaluated {
        let [condition, then, other] = parts;
        let decided = self.evaluate(condition, scope)?;
        if decided.is_null() {
            return Err(Fault::new(condition.span, "the condition is null"));
        }
        if let Some(truth) = decided.as_bool().or_else(|| types::to_bool(&decided)) {
            let (chosen, spared) = if truth { (then, other) } else { (other, then) };
            let chosen = self.evaluate(chosen, scope)?;
            // The other arm only says what type the result has; its errors are nobody's concern.
            let spared = self.quietly(|| self.evaluate(spared, scope)).ok();
            let Some(spared) = spared else {
                return Ok(chosen.sensitive_if(decided.is_sensitive));
            };
            let is_sensitive = decided.is_sensitive || chosen.is_sensitive || spared.is_sensitive;
            return types::unify_value(&chosen, &spared)
                .map(|value| value.sensitive_if(is_sensitive))
                .map_err(|why| Fault::new(span, why));
        }
        if self.inputs.as_planned && decided.as_unknown().is_some() {
            // Terraform does not look at what the condition is made of, nor at errors in the arms.
            let arm = |arm: &Expression| {
                let value = self.quietly(|| self.evaluate(arm, scope));
                value.unwrap_or_else(|why| {
                    Value::unknown(Reason::Invalid(why.message.as_str().into()), arm.span)
                })
            };
            let (then, other) = (arm(then), arm(other));
            let is_sensitive = decided.is_sensitive || then.is_sensitive || other.is_sensitive;
            let reason = depends(&decided, "a condition that is not decided")
                .reason
                .clone();
            return foreseen::either(&then, &other, reason, span)
                .map(|value| value.sensitive_if(is_sensitive))
                .ok_or_else(|| Fault::new(span, "the two results have no type in common"));
        }
        let guard = match is_truth(&decided) {
            true => self.guard_of(&decided, condition, scope),
            false => None,
        };
        let Some(guard) = guard else {
            return Err(Fault::new(
                condition.span,
                "the condition is neither true nor false",
            ));
        };
        let arms = [
            (guard.clone(), self.evaluate(then, scope)),
            (!guard, self.evaluate(other, scope)),
        ];
        let mut alternatives = Vec::new();
        let mut fault = None;
        for (guard, arm) in arms {
            match arm {
                Ok(value) => alternatives.push(Alternative { guard, value }),
                Err(why) => fault = Some(why),
            }
        }
        let is_sensitive =
            decided.is_sensitive || alternatives.iter().any(|a| a.value.is_sensitive);
        if let [first, second] = alternatives.as_slice() {
            let unified = [
                types::unify_value(&first.value, &second.value),
                types::unify_value(&second.value, &first.value),
            ];
            for (alternative, value) in alternatives.iter_mut().zip(unified) {
                alternative.value = value.map_err(|why| Fault::new(span, why))?;
            }
        }
        match (alternatives.is_empty(), fault) {
            (true, Some(fault)) => Err(fault),
            _ => Ok(Value::choice(alternatives, span).sensitive_if(is_sensitive)),
        }
    }

    /// The formula behind an undecided condition; none if the value is no condition at all.
    pub(super) fn guard_of(
        &self,
        value: &Value,
        expression: &Expression,
        scope: &Scope<'_>,
    ) -> Option<Guard> {
        match &value.data {
            Data::Bool(true) => Some(Guard::Always),
            Data::Bool(false) => Some(Guard::Never),
            Data::Choice(alternatives) => {
                let mut guard = Guard::Never;
                for alternative in alternatives.iter() {
                    let inner = self.guard_of(&alternative.value, expression, scope)?;
                    guard = guard.or(alternative.guard.clone().and(inner));
                }
                Some(guard)
            }
            Data::Unknown(unknown) => Some(match (&unknown.truth, &unknown.subject) {
                (Some(truth), _) => truth.clone(),
                (None, Some(subject)) => Guard::Is(Atom {
                    subject: subject.clone(),
                    equals: None,
                }),
                (None, None) => Guard::Is(Atom {
                    subject: self.opaque(expression, scope),
                    equals: None,
                }),
            }),
            Data::Text(_) => {
                types::to_bool(value).map(|truth| if truth { Guard::Always } else { Guard::Never })
            }
            _ => None,
        }
    }

    /// A subject for an undecided expression that has no better name than its text. The same text in the same module
    /// instance (and the same iteration) has the same truth.
    pub(super) fn opaque(&self, expression: &Expression, scope: &Scope<'_>) -> Arc<Subject> {
        let text = self
            .sources
            .get(expression.span.source)
            .map_or_else(String::new, |file| {
                file.slice(expression.span)
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            });
        let mut text: String = text;
        if text.chars().count() > 60 {
            text = text.chars().take(57).collect::<String>() + "...";
            text.push_str(&format!(" ({})", self.sources.describe(expression.span)));
        }
        Arc::new(Subject::opaque(scope.key(), text))
    }

    fn binary(
        &self,
        left: &Expression,
        operator: Binary,
        right: &Expression,
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        let a = self.evaluate(left, scope)?;
        // From 1.12 on, Terraform does not look at the right side if the left one decides.
        if matches!(operator, Binary::And | Binary::Or)
            && let Some(truth) = a.as_bool().or_else(|| types::to_bool(&a))
            && truth == (operator == Binary::Or)
        {
            return Ok(Value::bool(truth, span).sensitive_if(a.is_sensitive));
        }
        let b = self.evaluate(right, scope)?;
        let is_sensitive = a.has_sensitive() || b.has_sensitive();
        over(&[a, b], span, &mut |operands| {
            let [a, b] = operands else {
                return Err(Fault::new(span, "two operands are needed"));
            };
            match operator {
                Binary::Equal | Binary::NotEqual => {
                    Ok(self.equality(a, b, operator == Binary::Equal, span))
                }
                Binary::And | Binary::Or => {
                    let truth = |value: &Value, expression: &Expression| {
                        if value.is_null() {
                            return Err(Fault::new(
                                expression.span,
                                "null is neither true nor false",
                            ));
                        }
                        let guard = match is_truth(value) {
                            true => self.guard_of(value, expression, scope),
                            false => None,
                        };
                        guard.ok_or_else(|| {
                            Fault::new(expression.span, "this is neither true nor false")
                        })
                    };
                    let (p, q) = (truth(a, left)?, truth(b, right)?);
                    let both = if operator == Binary::And {
                        p.and(q)
                    } else {
                        p.or(q)
                    };
                    let origin = if a.as_unknown().is_some() { a } else { b };
                    Ok(undecided(both, origin, span))
                }
                _ => arithmetic(operator, a, b, span),
            }
        })
        .map(|value| value.sensitive_if(is_sensitive))
    }

    fn equality(&self, a: &Value, b: &Value, wanted: bool, span: Span) -> Value {
        // Terraform does not know that what stands for the same attribute is the same.
        let is_same = |a: &Unknown, b: &Unknown| match (&a.reference, &b.reference) {
            (Some(a), Some(b)) => a == b && !a.address.ends_with("[*]"),
            _ => false,
        };
        if let (Data::Unknown(a), Data::Unknown(b), false) =
            (&a.data, &b.data, self.inputs.as_planned)
            && is_same(a, b)
        {
            return Value::bool(wanted, span);
        }
        match types::equal(a, b) {
            Certainty::Yes => Value::bool(wanted, span),
            Certainty::No => Value::bool(!wanted, span),
            Certainty::Unsure => {
                let (unknown, known) = if a.as_unknown().is_some() {
                    (a, b)
                } else {
                    (b, a)
                };
                let text: Option<Arc<str>> = match &known.data {
                    Data::Null(_) => Some(Arc::from("null")),
                    Data::Text(text) => text.as_str().map(Arc::from),
                    Data::Number(number) => Some(number.to_string().into()),
                    Data::Bool(truth) => Some(truth.to_string().into()),
                    _ => None,
                };
                let subject = unknown
                    .as_unknown()
                    .and_then(|unknown| unknown.subject.clone());
                let truth = match (subject, text) {
                    (Some(subject), Some(text)) => {
                        let boolean = &*text == "true" || &*text == "false";
                        let atom = Atom {
                            subject,
                            equals: (!boolean).then(|| text.clone()),
                        };
                        let guard = Guard::Is(atom);
                        Some(if &*text == "false" { !guard } else { guard })
                    }
                    _ => None,
                };
                let truth = truth.map(|guard| if wanted { guard } else { !guard });
                let why = depends(unknown, "a comparison with something unknown");
                let mut result = Unknown {
                    reference: None,
                    subject: None,
                    allowed: Vec::new(),
                    of: Some(Arc::new(Type::Bool)),
                    range: Range::Any,
                    ..(*why).clone()
                };
                result.truth = truth;
                result.is_never_null = true;
                Value::new(Data::Unknown(Arc::new(result)), span)
            }
        }
    }

    fn template(&self, parts: &[Part], span: Span, scope: &Scope<'_>) -> Evaluated {
        if let [Part::Interpolation(expression)] = parts {
            // "${x}" alone is x, whatever its type.
            return self
                .evaluate(expression, scope)
                .map(|value| through(value, span));
        }
        let mut build = Build::default();
        self.template_parts(parts, scope, &mut build)?;
        let values = build.choices;
        if values.is_empty() {
            return Ok(build.text.finish(span).sensitive_if(build.is_sensitive));
        }
        // Interpolated alternatives: one text for each world.
        let pieces = build.pieces;
        let result = Value::lift(&values, span, &mut |settled| {
            let mut text = TextBuild::default();
            let mut next = settled.iter();
            for piece in &pieces {
                let pushed = match piece {
                    Placed::Literal(literal, place, is_exact) => {
                        text.push(literal, *place, *is_exact);
                        Ok(())
                    }
                    Placed::Value(value) => text.push_value(value),
                    Placed::Choice => next.next().map_or(Ok(()), |value| text.push_value(value)),
                };
                if pushed.is_err() {
                    return Value::unknown(
                        Reason::Invalid("this cannot stand in a template".into()),
                        span,
                    );
                }
            }
            text.finish(span)
        });
        let result = only_where(result, covered(&values), span);
        Ok(result.sensitive_if(build.is_sensitive))
    }

    fn template_parts(
        &self,
        parts: &[Part],
        scope: &Scope<'_>,
        build: &mut Build,
    ) -> Result<(), Fault> {
        for part in parts {
            match part {
                Part::Literal(text, span, is_exact) => build.literal(text, *span, *is_exact),
                Part::Interpolation(expression) => {
                    let value = self.evaluate(expression, scope)?;
                    build.value(value, expression.span)?;
                }
                Part::If(condition, then, other) => {
                    let decided = self.evaluate(condition, scope)?;
                    match decided.as_bool().or_else(|| types::to_bool(&decided)) {
                        Some(true) => self.template_parts(then, scope, build)?,
                        Some(false) => self.template_parts(other, scope, build)?,
                        None if decided.is_null() => {
                            return Err(Fault::new(condition.span, "the condition is null"));
                        }
                        None if self.inputs.as_planned && decided.as_unknown().is_some() => {
                            let why = depends(&decided, "a condition that is not decided");
                            let text = Value::new(Data::Unknown(why), condition.span);
                            build.value(text.sensitive_if(decided.is_sensitive), condition.span)?;
                        }
                        None => match self.guard_of(&decided, condition, scope) {
                            Some(guard) => {
                                let then = self.template(then, condition.span, scope)?;
                                let other = self.template(other, condition.span, scope)?;
                                let either = Value::choice(
                                    vec![
                                        Alternative {
                                            guard: guard.clone(),
                                            value: then,
                                        },
                                        Alternative {
                                            guard: !guard,
                                            value: other,
                                        },
                                    ],
                                    condition.span,
                                );
                                build.value(either, condition.span)?;
                            }
                            None => {
                                return Err(Fault::new(
                                    condition.span,
                                    "the condition is not true or false",
                                ));
                            }
                        },
                    }
                }
                Part::For(head, body) => self.template_for(head, body, scope, build)?,
            }
            if build.text.length > LONGEST_TEXT {
                self.limit(scope.span(), "length of one text");
                return Err(Fault::new(scope.span(), "the text grows beyond 16 MiB"));
            }
        }
        Ok(())
    }

    fn template_for(
        &self,
        head: &TemplateFor,
        body: &[Part],
        scope: &Scope<'_>,
        build: &mut Build,
    ) -> Result<(), Fault> {
        let collection = self.evaluate(&head.collection, scope)?;
        let Some((entries, more)) = iterated(&collection) else {
            let of = types::type_of(&collection);
            if collection.is_wholly_known() || of.is_scalar() {
                return Err(Fault::new(head.collection.span, "cannot iterate over this"));
            }
            let why = depends(&collection, "a collection that is not known");
            return build.value(
                Value::new(Data::Unknown(why), head.collection.span),
                head.collection.span,
            );
        };
        for (key, value) in entries {
            let mut names = vec![(head.value_name.clone(), value)];
            if let Some(name) = &head.key_name {
                names.push((name.clone(), key));
            }
            self.template_parts(body, &scope.with(&names), build)?;
        }
        if let Some(why) = more {
            build.value(
                Value::new(Data::Unknown(why), head.collection.span),
                head.collection.span,
            )?;
        }
        Ok(())
    }

    /// A template whose text came from a file, over given names only.
    pub(super) fn foreign_template(
        &self,
        parts: &[Part],
        names: &Value,
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        if names.as_unknown().is_some() || matches!(names.data, Data::Choice(_)) {
            let why = depends(names, "the values given to a template");
            return Ok(Value::new(Data::Unknown(why), span));
        }
        if names.as_object().is_none() {
            return Err(Fault::new(
                span,
                format!(
                    "a template takes an object, but this is {}",
                    types::noun(names)
                ),
            ));
        }
        let names: Vec<(Arc<str>, Value)> = names
            .entries()
            .map(|(name, value)| (name.clone(), value))
            .collect();
        let is_name = |name: &Arc<str>| {
            name.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        if let Some((name, _)) = names.iter().find(|(name, _)| !is_name(name)) {
            return Err(Fault::new(
                span,
                format!("\"{name}\" is no name for a template"),
            ));
        }
        let depth = self.templates.get();
        if depth > 0 {
            return Err(Fault::new(span, "a template may not call `templatefile`"));
        }
        self.templates.set(depth + 1);
        let result = self.template(parts, span, &scope.only(&names));
        self.templates.set(depth);
        result
    }

    fn call(
        &self,
        name: &str,
        arguments: &[Expression],
        expands_last: bool,
        span: Span,
        scope: &Scope<'_>,
    ) -> Evaluated {
        match name {
            "try" => return self.try_each(arguments, span, scope),
            "can" => return self.can(arguments, span, scope),
            _ => {}
        }
        let mut values: Vec<Value> = arguments
            .iter()
            .map(|argument| self.evaluate(argument, scope))
            .collect::<Result<_, _>>()?;
        if expands_last && let Some(last) = values.pop() {
            match &last.data {
                Data::List(list) if list.more().is_none() => values.extend(last.elements()),
                Data::List(list) => {
                    // More arguments than are known: those that are known still count for functions that collect.
                    let why = list.more().cloned();
                    values.extend(last.elements());
                    let result = self.apply(name, &values, span)?;
                    return Ok(opened(result, why, span));
                }
                Data::Unknown(unknown) => {
                    let of = unknown.value_type();
                    if *of != Type::Any && !of.is_sequence() {
                        return Err(Fault::new(span, "`...` spreads a list; this is none"));
                    }
                    return Ok(Value::unknown(unknown.reason.clone(), span));
                }
                Data::Choice(_) => {
                    let head = values;
                    return over(&[last], span, &mut |last| {
                        let mut values = head.clone();
                        values.extend(last[0].elements());
                        self.apply(name, &values, span)
                    });
                }
                _ => return Err(Fault::new(span, "`...` spreads a list; this is none")),
            }
        }
        let wanted = match name {
            "templatefile" | "templatestring" => 2,
            "provider::terraform::decode_tfvars" => 1,
            _ => values.len(),
        };
        if values.len() != wanted {
            let message = format!("`{name}` takes {wanted} argument(s), not {}", values.len());
            return Err(Fault::new(span, message));
        }
        match name {
            "templatefile" => self.templatefile(&values, span, scope),
            "templatestring"
                if !matches!(
                    arguments.first().map(|argument| &argument.kind),
                    Some(Expr::Traversal(..) | Expr::Name(_))
                ) =>
            {
                Err(Fault::new(
                    span,
                    "`templatestring` takes a reference, not a template itself",
                ))
            }
            "templatestring" => match (values.first().and_then(Value::as_str), values.get(1)) {
                (Some(text), Some(names)) => match super::syntax::parse_template_at(text, span) {
                    Ok(template) => self.foreign_template(&template.parts, names, span, scope),
                    Err(why) => Err(Fault::new(span, format!("cannot read the template: {why}"))),
                },
                _ => Ok(Value::unknown(
                    Reason::Depends("a template that is not known".into()),
                    span,
                )),
            },
            "provider::terraform::decode_tfvars" => {
                let text = text_given(values.first(), span)?;
                let Some(text) = text.as_ref().and_then(Text::as_str) else {
                    return Ok(Value::unknown(
                        Reason::Depends("a text that is not known".into()),
                        span,
                    ));
                };
                // The attributes of a file are written as the members of an object are.
                let object = format!("{{\n{text}\n}}");
                let object = super::syntax::parse_expression_at(&object, span)
                    .map_err(|why| Fault::new(span, format!("cannot read this: {why}")))?;
                self.evaluate(&object, &scope.only(&[]))
            }
            _ => self.apply(name, &values, span),
        }
    }

    fn apply(&self, name: &str, values: &[Value], span: Span) -> Evaluated {
        let call = self.function_call(span);
        let run = |values: &[Value]| match functions::call(name, values, call) {
            Some(Ok(value)) => {
                match value.as_unknown().map(|unknown| &unknown.reason) {
                    // Said once, where it is hit.
                    Some(Reason::Limit(limit))
                        if !values.iter().any(|value| value.as_unknown().is_some()) =>
                    {
                        self.limit(span, limit);
                    }
                    Some(Reason::File(path)) => self.say(
                        Diagnostic::warning(
                            "unread_file",
                            span,
                            format!("`{path}` is not read: it lies outside of the code"),
                        )
                        .hint("`--root` names the folder that holds all files of the code"),
                    ),
                    _ => {}
                }
                Ok(value)
            }
            Some(Err(why)) => Err(Fault::new(span, format!("`{name}`: {why}"))),
            None if name.contains("::") => Ok(Value::unknown(Reason::Function(name.into()), span)),
            None => Err(Fault::new(span, format!("there is no function `{name}`"))
                .hint(crate::terraform::nearest(name, functions::names()))),
        };
        if PASSING.contains(&name) {
            return over(values, span, &mut |values| run(values));
        }
        if !values.iter().any(Value::has_choices) {
            return run(values);
        }
        let mut fault = None;
        let mut worked = false;
        let result = Value::lift(values, span, &mut |settled| match run(settled) {
            Ok(value) => {
                worked = true;
                value
            }
            Err(why) => {
                let invalid = Reason::Invalid(why.message.as_str().into());
                fault = Some(why);
                Value::unknown(invalid, span)
            }
        });
        match fault {
            Some(fault) if !worked => Err(fault),
            _ => Ok(only_where(result, covered(values), span)),
        }
    }

    fn templatefile(&self, values: &[Value], span: Span, scope: &Scope<'_>) -> Evaluated {
        let (Some(path), Some(names)) = (values.first(), values.get(1)) else {
            return Err(Fault::new(
                span,
                "`templatefile` takes a path and an object",
            ));
        };
        let call = self.function_call(span);
        let text = text_given(Some(path), span)?;
        let Some(shown) = text.as_ref().and_then(Text::as_str) else {
            return Ok(Value::unknown(
                Reason::Depends("a path that is not known".into()),
                span,
            ));
        };
        match functions::call("file", std::slice::from_ref(path), call) {
            Some(Ok(text)) => match text.as_str() {
                Some(text) => {
                    let path = crate::source::files::join(&self.root, shown);
                    let file = self.sources.add(&path, text);
                    match super::syntax::parse_template(&file) {
                        Ok(template) => self.foreign_template(&template.parts, names, span, scope),
                        Err(diagnostic) => {
                            let message = format!(
                                "cannot read the template `{shown}`: {}",
                                diagnostic.message
                            );
                            Err(Fault::new(diagnostic.span.unwrap_or(span), message))
                        }
                    }
                }
                None => Ok(text),
            },
            Some(Err(why)) => Err(Fault::new(span, format!("`templatefile`: {why}"))),
            None => Ok(Value::unknown(
                Reason::Function("templatefile".into()),
                span,
            )),
        }
    }

    /// The first argument that is no error. An argument that is one only in some worlds gives its value in the others.
    fn try_each(&self, arguments: &[Expression], span: Span, scope: &Scope<'_>) -> Evaluated {
        let mut alternatives: Vec<Alternative> = Vec::new();
        let mut open = Guard::Always;
        let mut fault = Fault::new(span, "`try` needs an argument");
        for argument in arguments {
            match self.partially(|| self.evaluate(argument, scope)) {
                Ok(value) => {
                    let covered = match &value.data {
                        Data::Choice(parts) => parts
                            .iter()
                            .map(|part| part.guard.clone())
                            .fold(Guard::Never, Guard::or),
                        _ => Guard::Always,
                    };
                    let is_total =
                        covered.is_always() || World::new().assuming(&!covered.clone()).is_none();
                    if self.inputs.as_planned && !value.is_wholly_known() {
                        // What becomes of it may be an error yet.
                        let reason = depends(&value, "something unknown").reason.clone();
                        let unknown = Value::unknown(reason, span);
                        return Ok(unknown.sensitive_if(value.has_sensitive()));
                    }
                    let value = through(value, span);
                    if is_total && alternatives.is_empty() {
                        return Ok(value);
                    }
                    alternatives.push(Alternative {
                        guard: open.clone(),
                        value,
                    });
                    if is_total {
                        break;
                    }
                    open = open.and(!covered);
                }
                Err(why) => fault = why,
            }
        }
        if alternatives.is_empty() {
            return Err(fault);
        }
        Ok(Value::choice(alternatives, span))
    }

    fn can(&self, arguments: &[Expression], span: Span, scope: &Scope<'_>) -> Evaluated {
        let [argument] = arguments else {
            return Err(Fault::new(span, "`can` takes one argument"));
        };
        Ok(match self.quietly(|| self.evaluate(argument, scope)) {
            Err(_) => Value::bool(false, span),
            Ok(value)
                if value.as_unknown().is_some()
                    || (self.inputs.as_planned && !value.is_wholly_known()) =>
            {
                let reason = depends(&value, "something unknown").reason.clone();
                let truth = Unknown::of_type(reason, Type::Bool);
                Value::new(Data::Unknown(Arc::new(truth)), span)
            }
            Ok(_) => Value::bool(true, span),
        })
    }
}

/// An argument as a string; none if it is not known.
fn text_given(value: Option<&Value>, span: Span) -> Result<Option<Text>, Fault> {
    match value {
        Some(value) if value.as_unknown().is_none() && !matches!(value.data, Data::Choice(_)) => {
            let text = types::to_text(value).map_err(|why| Fault::new(span, why))?;
            Ok(Some(text))
        }
        _ => Ok(None),
    }
}

/// A string literal. One that may be a document remembers where its characters are.
fn literal(text: &Arc<str>, is_exact: bool, span: Span) -> Value {
    let may_be_document = text.starts_with(['{', '[']);
    if is_exact && may_be_document {
        let inside = Span {
            start: span.start + 1,
            end: span.end.saturating_sub(1),
            ..span
        };
        let piece = Piece {
            offset: 0,
            span: inside,
            is_exact,
        };
        let text = Text::build(vec![Segment::Literal(text.clone())], None, vec![piece]);
        return Value::new(Data::Text(text), span);
    }
    Value::text(text.clone(), span)
}

/// A value that an expression at `span` passes on: it keeps its place if that is inside the expression.
pub(super) fn through(value: Value, span: Span) -> Value {
    if span.contains(value.span()) || !span.is_written() {
        return value;
    }
    if value.span().is_written() {
        value.read_at(span, Step::Written)
    } else {
        value.moved_to(span)
    }
}

/// Applies a function to values whose outermost form may be a choice; faults in some worlds leave those worlds out.
pub(super) fn over(
    values: &[Value],
    span: Span,
    function: &mut dyn FnMut(&[Value]) -> Evaluated,
) -> Evaluated {
    let Some(at) = values
        .iter()
        .position(|value| matches!(value.data, Data::Choice(_)))
    else {
        return function(values);
    };
    let Data::Choice(alternatives) = &values[at].data else {
        return function(values);
    };
    let mut results = Vec::new();
    let mut fault = None;
    for alternative in alternatives.iter() {
        let mut settled = values.to_vec();
        settled[at] = values[at].seen(&alternative.value);
        // What this alternative implies decides the other arguments, too.
        if let Some(world) = World::new().assuming(&alternative.guard) {
            for (index, value) in settled.iter_mut().enumerate() {
                if index != at && matches!(value.data, Data::Choice(_)) {
                    let mut possible = value.settle(&world);
                    if let (Some(only), true) = (possible.pop(), possible.is_empty()) {
                        *value = only;
                    }
                }
            }
        }
        match over(&settled, span, function) {
            Ok(value) => results.push(Alternative {
                guard: alternative.guard.clone(),
                value,
            }),
            Err(why) => fault = Some(why),
        }
    }
    match fault {
        Some(fault) if results.is_empty() => Err(fault),
        // The other worlds are errors: `try` must still see that.
        Some(_) => Ok(Value::partial(results, span)),
        None => Ok(only_where(
            Value::choice(results, span),
            covered(values),
            span,
        )),
    }
}

/// Where values exist at all: a choice whose alternatives leave out some worlds has no value in those.
fn covered(values: &[Value]) -> Guard {
    values
        .iter()
        .filter_map(|value| match &value.data {
            Data::Choice(alternatives) => Some(alternatives),
            _ => None,
        })
        .map(|alternatives| {
            let guards = alternatives.iter().map(|part| part.guard.clone());
            let covered = guards.fold(Guard::Never, Guard::or);
            match (!covered.clone()).is_possible() {
                true => covered,
                false => Guard::Always,
            }
        })
        .fold(Guard::Always, Guard::and)
}

/// A value that exists only where `guard` holds; choices made from such values say so themselves.
fn only_where(value: Value, guard: Guard, span: Span) -> Value {
    if guard.is_always() || matches!(value.data, Data::Choice(_)) {
        return value;
    }
    Value::partial(vec![Alternative { guard, value }], span)
}

/// A part of a collection that has no value in some worlds: there the collection has none.
fn filled(value: &mut Value) {
    if let Data::Choice(alternatives) = &value.data
        && let [only] = &**alternatives
    {
        *value = value.seen(&only.value);
    }
}

/// Keys and values in the order in which Terraform iterates, and why there may be more; none for what has no elements.
#[expect(
    clippy::type_complexity,
    reason = "a pair of iteration and its openness, used twice"
)]
pub(super) fn iterated(collection: &Value) -> Option<(Vec<(Value, Value)>, Option<Arc<Unknown>>)> {
    match &collection.data {
        Data::List(list) => {
            let is_set = list.kind() == ListKind::Set;
            let entries = collection.elements().enumerate().map(|(index, value)| {
                let key = if is_set {
                    value.clone()
                } else {
                    Value::int(index as i64, value.span())
                };
                (key, value)
            });
            Some((entries.collect(), list.more().cloned()))
        }
        Data::Object(object) => {
            let mut entries: Vec<(Value, Value)> = collection
                .entries()
                .filter(|(_, value)| !(object.kind() == ObjectKind::Block && value.is_null()))
                .map(|(name, value)| (Value::text(name.clone(), value.span()), value))
                .collect();
            entries.sort_by(|a, b| a.0.as_str().cmp(&b.0.as_str()));
            Some((entries, object.more().cloned()))
        }
        _ => None,
    }
}

/// A list, open if `more` says why.
pub(super) fn sequence(
    kind: ListKind,
    items: Vec<Value>,
    more: Option<Arc<Unknown>>,
    span: Span,
) -> Value {
    let list = match more {
        Some(why) => List::open(kind, items, why),
        None => List::new(kind, items),
    };
    Value::new(Data::List(list), span)
}

/// A collection that may hold more than was computed; other values become unknown.
fn opened(value: Value, why: Option<Arc<Unknown>>, span: Span) -> Value {
    let why = why.unwrap_or_else(|| Arc::new(Unknown::because(Reason::Instances)));
    let data = match &value.data {
        Data::List(list) => Data::List(List::open(list.kind(), list.items().to_vec(), why)),
        Data::Object(object) => {
            Data::Object(Object::open(object.kind(), object.members().clone(), why))
        }
        _ => Data::Unknown(why),
    };
    Value {
        data,
        origin: Origin::at(span),
        is_sensitive: value.is_sensitive,
    }
}

/// The unknown behind a value that is not wholly known, without what made it special.
pub(super) fn depends(value: &Value, what: &str) -> Arc<Unknown> {
    let reason = match &value.data {
        Data::Unknown(unknown) => unknown.reason.clone(),
        Data::Text(text) => match text.holes().next() {
            Some(hole) => hole.reason.clone(),
            None => Reason::Depends(what.into()),
        },
        Data::List(list) => match list.more() {
            Some(why) => why.reason.clone(),
            None => Reason::Depends(what.into()),
        },
        _ => Reason::Depends(what.into()),
    };
    Arc::new(Unknown::because(reason))
}

/// What is known of a part of an unknown value: the attribute `name`, or some element.
pub(super) fn part_of(unknown: &Unknown, name: Option<&str>) -> Arc<Unknown> {
    let reference = unknown.reference.as_ref().map(|reference| Reference {
        address: reference.address.clone(),
        attribute: match name {
            Some(name) if reference.attribute.is_empty() => name.into(),
            Some(name) => format!("{}.{name}", reference.attribute).into(),
            None => reference.attribute.clone(),
        },
    });
    let subject = unknown.subject.as_ref().map(|subject| match name {
        Some(name) => Arc::new(Subject::opaque(
            subject.scope.clone(),
            format!("{}.{name}", subject.name),
        )),
        None => subject.clone(),
    });
    let reason = match (&unknown.reason, &reference) {
        (Reason::Computed(..), Some(reference)) => {
            Reason::Computed(reference.address.clone(), reference.attribute.clone())
        }
        (reason, _) => reason.clone(),
    };
    let is_never_null = reference
        .as_ref()
        .is_some_and(|r| matches!(&*r.attribute, "id" | "arn"));
    let of = match (unknown.value_type(), name) {
        (Type::Object(attributes), Some(name)) => attributes.get(name).map(|a| a.of.clone()),
        (of, _) => of.element().cloned(),
    };
    let subject = if name.is_some() { subject } else { None };
    Arc::new(Unknown {
        reference,
        subject,
        is_never_null,
        ..Unknown::of_type(reason, of.unwrap_or(Type::Any))
    })
}

/// What is known of an element of an unknown list or map. One of what is looked up is told from the others by its
/// position: the first zone of a region is not the second.
fn element_of(unknown: &Unknown, key: &Value) -> Arc<Unknown> {
    let mut element = part_of(unknown, None);
    if let (Reason::Data(_), Some(position)) = (&unknown.reason, key.as_int())
        && let Some(reference) = &mut Arc::make_mut(&mut element).reference
        && !reference.attribute.is_empty()
    {
        reference.attribute = format!("{}[{position}]", reference.attribute).into();
    }
    element
}

/// `value.name`
pub(super) fn attribute(value: &Value, name: &str, span: Span) -> Evaluated {
    let fault = |message: String, hint| Err(Fault::new(span, message).hint(hint));
    match &value.data {
        Data::Object(object) => {
            let reference = object.more().and_then(|why| why.reference.as_ref());
            let is_resource = reference.is_some_and(|reference| reference.attribute.is_empty());
            // Null stands for what the provider decides, except where it never does.
            let is_kept_null = |name: &str| {
                let reference = reference.filter(|_| is_resource);
                reference.is_some_and(|reference| {
                    name == "tags" || reference.address.contains("terraform_data.")
                })
            };
            match (value.member(name), object.more()) {
                (Some(member), _)
                    if !member.is_null() || object.more().is_none() || is_kept_null(name) =>
                {
                    Ok(match reference {
                        Some(reference) if is_resource => {
                            member.read_at(span, Step::Attribute(reference.address.clone()))
                        }
                        _ => member,
                    })
                }
                (_, Some(why)) => Ok(Value::new(Data::Unknown(part_of(why, Some(name))), span)),
                (None, None) if object.kind() == ObjectKind::Block => {
                    // A nested block's argument that was not written: the provider may fill it in.
                    Ok(Value::unknown(
                        Reason::Depends(format!("`{name}`, which the provider decides").into()),
                        span,
                    ))
                }
                _ => fault(
                    format!("there is no attribute `{name}` here"),
                    super::nearest(name, object.members().keys().map(|key| &**key)),
                ),
            }
        }
        Data::Unknown(unknown) => match unknown.value_type() {
            Type::Object(attributes) if !attributes.contains_key(name) => fault(
                format!("there is no attribute `{name}` here"),
                super::nearest(name, attributes.keys().map(|key| &**key)),
            ),
            Type::Any | Type::Object(_) | Type::Map(_) => Ok(Value::new(
                Data::Unknown(part_of(unknown, Some(name))),
                span,
            )),
            of => fault(
                format!("`{name}` is asked of a {}", of.describe()),
                of.is_sequence()
                    .then(|| "say which element, as in `[0]`, or `[*]` for all".to_owned()),
            ),
        },
        // A block that can stand only once is an object in some providers' schemas.
        Data::List(list)
            if list.items().len() == 1
                && list.items()[0]
                    .as_object()
                    .is_some_and(|o| o.kind() == ObjectKind::Block) =>
        {
            match value.elements().next() {
                Some(block) => attribute(&block, name, span),
                None => fault(format!("there is no attribute `{name}` here"), None),
            }
        }
        Data::Null(_) => fault(format!("`{name}` is asked of null"), None),
        Data::List(_) => fault(
            format!("`{name}` is asked of a list"),
            Some("say which element, as in `[0]`, or `[*]` for all".to_owned()),
        ),
        _ => fault(
            format!("`{name}` is asked of something that has no attributes"),
            None,
        ),
    }
}

/// The address of the resource instance that an object stands for.
fn owner(object: &Object) -> Option<&Arc<str>> {
    if let Some(reference) = object.more().and_then(|why| why.reference.as_ref()) {
        return reference.attribute.is_empty().then_some(&reference.address);
    }
    // With a schema all attributes are there, and what identifies the resource is among them.
    let identity = |name: &&str| {
        let reference = object.get(name)?.as_unknown()?.reference.as_ref()?;
        (*reference.attribute == **name).then_some(&reference.address)
    };
    ["id", "arn"].iter().find_map(identity)
}

/// `value[key]`
fn index_value(value: &Value, key: &Value, span: Span) -> Evaluated {
    let unknown_part = |value: &Value| {
        // Some instance of a resource: which one is not known, but whose attribute it is.
        let instance = value
            .elements()
            .next()
            .or_else(|| value.entries().next().map(|(_, v)| v));
        let reference = instance.and_then(|first| {
            let base = owner(first.as_object()?)?.rsplit_once('[')?.0.to_owned();
            Some(format!("{base}[*]"))
        });
        match reference {
            Some(address) => {
                let unknown = Unknown::attribute(address.into(), "".into());
                Value::new(Data::Unknown(Arc::new(unknown)), span)
            }
            None => {
                let reason = depends(key, "an index that is not known").reason.clone();
                let of = match types::type_of(key) {
                    Type::Any => None,
                    _ => types::type_of(value).element().cloned(),
                };
                let unknown = Unknown::of_type(reason, of.unwrap_or(Type::Any));
                Value::new(Data::Unknown(Arc::new(unknown)), span)
            }
        }
    };
    let may_be = |of: &Type| match &key.data {
        Data::Unknown(unknown) => types::is_convertible(unknown.value_type(), of),
        _ => true,
    };
    match &value.data {
        _ if value.is_null() => Err(Fault::new(span, "null has no elements")),
        _ if key.is_null() => Err(Fault::new(span, "the index is null")),
        Data::Unknown(unknown) => index_unknown(unknown, key, span),
        // What the index turns out to be may be an error of its own.
        Data::List(list) if list.kind() == ListKind::Set && types::type_of(key) == Type::Any => {
            Ok(unknown_part(value))
        }
        Data::List(list) if list.kind() == ListKind::Set => {
            Err(
                Fault::new(span, "the elements of a set cannot be indexed").hint(Some(
                    "convert it with `tolist(…)`, or use `one(…)`".to_owned(),
                )),
            )
        }
        Data::List(list) => {
            let position = key
                .as_int()
                .or_else(|| Number::parse(key.as_str()?)?.as_i64());
            match position {
                Some(position) => match usize::try_from(position)
                    .ok()
                    .filter(|at| *at < list.items().len())
                {
                    Some(at) => Ok(value.seen(&list.items()[at])),
                    None => match list.more() {
                        Some(why) => Ok(Value::new(Data::Unknown(part_of(why, None)), span)),
                        None => Err(Fault::new(
                            span,
                            format!(
                                "there is no element {position}; the list has {}",
                                list.items().len()
                            ),
                        )),
                    },
                },
                None if !key.is_wholly_known() && may_be(&Type::Number) => Ok(unknown_part(value)),
                None => Err(Fault::new(span, "a list is indexed by whole numbers")),
            }
        }
        Data::Object(object) => match types::to_text(key) {
            Ok(text) => match text.as_str() {
                Some(name) if object.get(name).is_some() || object.more().is_some() => {
                    attribute(value, name, span)
                }
                Some(name) => Err(Fault::new(span, format!("there is no key \"{name}\" here"))
                    .hint(super::nearest(
                        name,
                        object.members().keys().map(|key| &**key),
                    ))),
                None => Ok(unknown_part(value)),
            },
            Err(_) if !key.is_wholly_known() && may_be(&Type::String) => Ok(unknown_part(value)),
            Err(why) => Err(Fault::new(span, why)),
        },
        _ => Err(Fault::new(span, "this has no elements")),
    }
}

/// `value[key]` of a value that is known by its type at most.
fn index_unknown(unknown: &Unknown, key: &Value, span: Span) -> Evaluated {
    let element = || {
        let element = element_of(unknown, key);
        Ok(Value::new(Data::Unknown(element), span))
    };
    let any = || Ok(Value::unknown(unknown.reason.clone(), span));
    let of = unknown.value_type();
    if *of == Type::Any {
        return element();
    }
    let of_key = types::type_of(key);
    if of_key == Type::Any {
        return any();
    }
    let wanted = match of {
        Type::List(_) | Type::Tuple(_) => Type::Number,
        _ => Type::String,
    };
    let key = types::convert(key, &wanted, span).map_err(|why| Fault::new(span, why))?;
    match of {
        Type::List(_) | Type::Map(_) => element(),
        Type::Tuple(items) if key.as_number().is_some() => {
            let at = key.as_int().and_then(|at| usize::try_from(at).ok());
            match at.and_then(|at| items.get(at)) {
                Some(item) => {
                    let item = Unknown::of_type(unknown.reason.clone(), item.clone());
                    Ok(Value::new(Data::Unknown(Arc::new(item)), span))
                }
                None => Err(Fault::new(
                    span,
                    format!("there is no such element; the tuple has {}", items.len()),
                )),
            }
        }
        Type::Tuple(_) | Type::Object(_) => any(),
        Type::Set(_) => Err(Fault::new(span, "the elements of a set cannot be indexed")),
        _ => Err(Fault::new(span, "this has no elements")),
    }
}

fn unary(operator: Unary, operand: &Value, span: Span) -> Evaluated {
    if operand.is_null() {
        return Err(Fault::new(span, "null cannot be calculated with"));
    }
    let wanted = match operator {
        Unary::Not => Type::Bool,
        Unary::Negate => Type::Number,
    };
    match (operator, &operand.data) {
        (_, Data::Unknown(unknown)) if !types::is_convertible(unknown.value_type(), &wanted) => {
            Err(Fault::new(
                span,
                format!("this needs a {}", wanted.describe()),
            ))
        }
        (Unary::Not, Data::Unknown(unknown)) => {
            let truth = match (&unknown.truth, &unknown.subject) {
                (Some(truth), _) => Some(!truth.clone()),
                (None, Some(subject)) => Some(!Guard::Is(Atom {
                    subject: subject.clone(),
                    equals: None,
                })),
                (None, None) => None,
            };
            let negated = Unknown {
                truth,
                is_never_null: true,
                ..Unknown::of_type(unknown.reason.clone(), Type::Bool)
            };
            Ok(Value::new(Data::Unknown(Arc::new(negated)), span))
        }
        (Unary::Negate, Data::Unknown(unknown)) => Ok(unknown_number(unknown, span)),
        (Unary::Not, _) => match operand.as_bool().or_else(|| types::to_bool(operand)) {
            Some(truth) => Ok(Value::bool(!truth, span)),
            None => Err(Fault::new(span, "`!` needs true or false")),
        },
        (Unary::Negate, _) => match types::to_number(operand) {
            Some(number) => Ok(Value::new(Data::Number(number.neg()), span)),
            None => Err(Fault::new(span, "`-` needs a number")),
        },
    }
}

/// The truth of a formula, as a value.
fn undecided(guard: Guard, origin: &Value, span: Span) -> Value {
    match guard {
        Guard::Always => Value::bool(true, span),
        Guard::Never => Value::bool(false, span),
        guard => {
            let why = depends(origin, "a condition that is not decided");
            let unknown = Unknown {
                truth: Some(guard),
                is_never_null: true,
                ..Unknown::of_type(why.reason.clone(), Type::Bool)
            };
            Value::new(Data::Unknown(Arc::new(unknown)), span)
        }
    }
}

/// What a calculation with something unknown gives.
fn unknown_number(unknown: &Unknown, span: Span) -> Value {
    let number = Unknown {
        is_never_null: true,
        ..Unknown::of_type(unknown.reason.clone(), Type::Number)
    };
    Value::new(Data::Unknown(Arc::new(number)), span)
}

/// Whether a value is true or false, or may be.
fn is_truth(value: &Value) -> bool {
    match &value.data {
        Data::Unknown(unknown) => types::is_convertible(unknown.value_type(), &Type::Bool),
        Data::Text(text) if text.has_holes() => true,
        Data::Choice(_) => true,
        _ => types::to_bool(value).is_some(),
    }
}

/// A comparison of numbers of which one is known at most by its bounds. Terraform takes no heed of whether a number may be
/// the bound itself.
fn compared(operator: Binary, a: &Value, b: &Value) -> Certainty {
    let bounds = |value: &Value| match types::range_of(value).1 {
        Range::Between(least, most) => (least.map(|bound| bound.0), most.map(|bound| bound.0)),
        _ => match types::to_number(value) {
            Some(number) => (Some(number.clone()), Some(number)),
            None => (None, None),
        },
    };
    let ((a_least, a_most), (b_least, b_most)) = (bounds(a), bounds(b));
    let is_below = |most: &Option<Number>, least: &Option<Number>| {
        most.as_ref()
            .zip(least.as_ref())
            .is_some_and(|(most, least)| most < least)
    };
    let strictly = |certain: bool, impossible: bool| match (certain, impossible) {
        (true, _) => Certainty::Yes,
        (_, true) => Certainty::No,
        _ => Certainty::Unsure,
    };
    let (below, above) = (is_below(&a_most, &b_least), is_below(&b_most, &a_least));
    match operator {
        Binary::Less => strictly(below, above),
        Binary::Greater => strictly(above, below),
        Binary::LessEqual => strictly(below, above).or(types::equal(a, b)),
        _ => strictly(above, below).or(types::equal(a, b)),
    }
}

fn arithmetic(operator: Binary, a: &Value, b: &Value, span: Span) -> Evaluated {
    if a.is_null() || b.is_null() {
        return Err(Fault::new(span, "null cannot be calculated with"));
    }
    let is_number = |operand: &Value| match &operand.data {
        Data::Unknown(unknown) => types::is_convertible(unknown.value_type(), &Type::Number),
        Data::Text(text) if text.has_holes() => true,
        _ => types::to_number(operand).is_some(),
    };
    if !is_number(a) || !is_number(b) {
        return Err(Fault::new(span, "this needs numbers"));
    }
    let is_comparison = matches!(
        operator,
        Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual
    );
    for operand in [a, b] {
        let reason = match &operand.data {
            // What is compared with it can be written down.
            Data::Unknown(_) if is_comparison && types::is_infinite(operand) => {
                Reason::Depends(types::INFINITE.into())
            }
            Data::Unknown(unknown) => unknown.reason.clone(),
            Data::Text(text) if text.has_holes() => depends(operand, "a string that is not known")
                .reason
                .clone(),
            _ => continue,
        };
        if !is_comparison {
            return Ok(unknown_number(&Unknown::because(reason), span));
        }
        return Ok(match compared(operator, a, b) {
            Certainty::Yes => Value::bool(true, span),
            Certainty::No => Value::bool(false, span),
            Certainty::Unsure => {
                let truth = Unknown {
                    is_never_null: true,
                    ..Unknown::of_type(reason, Type::Bool)
                };
                Value::new(Data::Unknown(Arc::new(truth)), span)
            }
        });
    }
    let (Some(x), Some(y)) = (types::to_number(a), types::to_number(b)) else {
        return Err(Fault::new(span, "this needs numbers"));
    };
    let number = |result: Option<Number>| match result {
        Some(number) => Ok(Value::new(Data::Number(number), span)),
        None => Err(Fault::new(
            span,
            "division by zero, or a number beyond what Terraform can hold",
        )),
    };
    let is_zero = |number: &Number| *number == Number::from(0_i64);
    if matches!(operator, Binary::Divide) && is_zero(&y) && !is_zero(&x) {
        return Ok(Value::unknown(
            Reason::Invalid(types::INFINITE.into()),
            span,
        ));
    }
    match operator {
        Binary::Less => Ok(Value::bool(x < y, span)),
        Binary::LessEqual => Ok(Value::bool(x <= y, span)),
        Binary::Greater => Ok(Value::bool(x > y, span)),
        Binary::GreaterEqual => Ok(Value::bool(x >= y, span)),
        Binary::Add => number(x.add(&y)),
        Binary::Subtract => number(x.sub(&y)),
        Binary::Multiply => number(x.mul(&y)),
        Binary::Divide => number(x.div(&y)),
        Binary::Modulo => number(x.rem(&y)),
        Binary::Equal | Binary::NotEqual | Binary::And | Binary::Or => {
            Err(Fault::new(span, "this needs numbers"))
        }
    }
}

/// A string in the making.
#[derive(Default)]
struct TextBuild {
    /// How the first known value in it came there.
    trail: Trail,
    segments: Vec<Segment>,
    pieces: Vec<Piece>,
    length: usize,
}

impl TextBuild {
    fn push(&mut self, text: &str, span: Span, is_exact: bool) {
        let normal = types::normal(text);
        let is_exact = is_exact && *normal == *text;
        let text = &*normal;
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece {
            offset: self.length as u32,
            span,
            is_exact,
        });
        self.length += text.len();
        self.segments.push(Segment::Literal(text.into()));
    }

    /// Adds a settled value as Terraform converts it to a string.
    fn push_value(&mut self, value: &Value) -> Result<(), String> {
        if self.trail.is_empty() && value.as_unknown().is_none() {
            self.trail = value.origin.trail.clone();
        }
        match &value.data {
            Data::Unknown(unknown) => self.segments.push(Segment::Hole(unknown.clone())),
            Data::Choice(_) => self.segments.push(Segment::Hole(depends(
                value,
                "a value that conditions decide",
            ))),
            Data::Text(text) => {
                let pieces = text.pieces();
                let base = self.length;
                for segment in text.segments().iter() {
                    match segment {
                        Segment::Literal(text) if pieces.is_empty() => {
                            self.push(text, value.span(), false)
                        }
                        Segment::Literal(text) => {
                            self.length += text.len();
                            self.segments.push(Segment::Literal(text.clone()));
                        }
                        Segment::Hole(hole) => self.segments.push(Segment::Hole(hole.clone())),
                    }
                }
                let is_room = self.pieces.len() <= MOST_PIECES;
                let pieces = pieces.iter().filter(|_| is_room);
                self.pieces.extend(pieces.map(|piece| Piece {
                    offset: piece.offset + base as u32,
                    ..*piece
                }));
            }
            _ => match types::to_text(value)?.as_str() {
                Some(text) => self.push(text, value.span(), false),
                None => self
                    .segments
                    .push(Segment::Hole(depends(value, "something unknown"))),
            },
        }
        Ok(())
    }

    fn finish(self, span: Span) -> Value {
        // Only what may be a document needs to know where its characters are.
        let head = self.segments.iter().find_map(|segment| match segment {
            Segment::Literal(text) if !text.trim_start().is_empty() => {
                Some(text.trim_start().chars().next())
            }
            Segment::Literal(_) => None,
            Segment::Hole(_) => Some(None),
        });
        let is_long = self.segments.len() > 1 || self.length > 80;
        let keeps_pieces = matches!(head, Some(Some('{' | '['))) || is_long;
        let pieces = if keeps_pieces && self.pieces.len() <= MOST_PIECES {
            self.pieces
        } else {
            Vec::new()
        };
        let text = Text::build(self.segments, None, pieces);
        let origin = Origin {
            trail: match text.is_plain_line() {
                true => self.trail,
                false => Trail::default(),
            },
            ..Origin::at(span)
        };
        Value {
            origin,
            ..Value::new(Data::Text(text), span)
        }
    }
}

/// A template in the making: the text so far, and the parts again if some of them are choices.
#[derive(Default)]
struct Build {
    text: TextBuild,
    /// Every part in order.
    pieces: Vec<Placed>,
    choices: Vec<Value>,
    is_sensitive: bool,
}

impl Build {
    fn literal(&mut self, text: &Arc<str>, span: Span, is_exact: bool) {
        self.text.push(text, span, is_exact);
        self.pieces
            .push(Placed::Literal(text.clone(), span, is_exact));
    }

    fn value(&mut self, value: Value, span: Span) -> Result<(), Fault> {
        self.is_sensitive |= value.is_sensitive;
        if value.is_null() {
            return Err(Fault::new(span, "null cannot stand in a template"));
        }
        if value.has_choices() {
            self.choices.push(value);
            self.pieces.push(Placed::Choice);
            return Ok(());
        }
        self.text
            .push_value(&value)
            .map_err(|why| Fault::new(span, why))?;
        self.pieces.push(Placed::Value(value));
        Ok(())
    }
}

/// A part of a template in the making.
enum Placed {
    Literal(Arc<str>, Span, bool),
    Value(Value),
    /// The next of the choices.
    Choice,
}

//! What an expression refers to, without evaluating it: names of the configuration and functions, also in arms that are
//! never taken.

use std::sync::Arc;

use super::syntax::{Access, Block, Body, Expr, Expression, ObjectKey, Operator, Part};
use crate::source::Span;

/// Something that an expression uses.
pub(super) enum Use<'e> {
    /// A name that the expression does not bind itself, with what follows it.
    Name(&'e Arc<str>, &'e [Operator]),
    /// A function.
    Function,
}

/// Arguments that hold names of other kinds, or what only a run can tell.
const NO_EXPRESSIONS: &[&str] = &["provider", "providers", "ignore_changes", "iterator"];
const NO_CONFIGURATION: &[&str] = &["provisioner", "connection"];

/// Names that are bound where something is looked at.
type Bound<'b> = &'b [Arc<str>];

/// Calls `see` for everything that the arguments of a body use, nested blocks included.
pub(super) fn of_body<'e>(body: &'e Body, see: &mut dyn FnMut(Use<'e>, Span)) {
    in_body(body, &[], see);
}

/// Calls `see` for everything that an expression uses.
pub(super) fn of<'e>(expression: &'e Expression, see: &mut dyn FnMut(Use<'e>, Span)) {
    within(expression, &[], see);
}

fn in_body<'e>(body: &'e Body, bound: Bound<'_>, see: &mut dyn FnMut(Use<'e>, Span)) {
    for attribute in &body.attributes {
        if !NO_EXPRESSIONS.contains(&&*attribute.name) {
            within(&attribute.value, bound, see);
        }
    }
    for block in &body.blocks {
        if &*block.keyword == "dynamic" {
            in_dynamic(block, bound, see);
        } else if !NO_CONFIGURATION.contains(&&*block.keyword) {
            in_body(&block.body, bound, see);
        }
    }
}

fn in_dynamic<'e>(block: &'e Block, bound: Bound<'_>, see: &mut dyn FnMut(Use<'e>, Span)) {
    let iterator = match block.body.attribute("iterator").map(|a| &a.value.kind) {
        Some(Expr::Name(name)) => name.clone(),
        _ => block.label(0),
    };
    let inner = [bound, &[iterator]].concat();
    for attribute in &block.body.attributes {
        match &*attribute.name {
            "iterator" => {}
            "labels" => within(&attribute.value, &inner, see),
            _ => within(&attribute.value, bound, see),
        }
    }
    for content in &block.body.blocks {
        in_body(&content.body, &inner, see);
    }
}

fn within<'e>(expression: &'e Expression, bound: Bound<'_>, see: &mut dyn FnMut(Use<'e>, Span)) {
    let span = expression.span;
    match &expression.kind {
        Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Text(..) | Expr::Broken(_) => {}
        Expr::Name(name) => {
            if !bound.contains(name) {
                see(Use::Name(name, &[]), span);
            }
        }
        Expr::Template(template) => in_template(&template.parts, bound, see),
        Expr::List(items) => items.iter().for_each(|item| within(item, bound, see)),
        Expr::Object(items) => {
            for item in items {
                if let ObjectKey::Computed(key) = &item.key {
                    within(key, bound, see);
                }
                within(&item.value, bound, see);
            }
        }
        Expr::Traversal(base, operators) => {
            match &base.kind {
                Expr::Name(name) if bound.contains(name) => {}
                Expr::Name(name) => see(Use::Name(name, operators), span),
                _ => within(base, bound, see),
            }
            for operator in operators {
                if let Access::Index(index) = &operator.kind {
                    within(index, bound, see);
                }
            }
        }
        Expr::Call(call) => {
            see(Use::Function, span);
            let arguments = call.arguments.iter();
            arguments.for_each(|argument| within(argument, bound, see));
        }
        Expr::Unary(_, operand) => within(operand, bound, see),
        Expr::Binary(left, _, right) => {
            within(left, bound, see);
            within(right, bound, see);
        }
        Expr::Conditional(parts) => parts.iter().for_each(|part| within(part, bound, see)),
        Expr::For(parts) => {
            within(&parts.collection, bound, see);
            let inner = with(bound, &parts.key_name, &parts.value_name);
            let made = parts.key.iter().chain(&parts.condition);
            made.chain([&parts.value])
                .for_each(|part| within(part, &inner, see));
        }
    }
}

fn in_template<'e>(parts: &'e [Part], bound: Bound<'_>, see: &mut dyn FnMut(Use<'e>, Span)) {
    for part in parts {
        match part {
            Part::Literal(..) => {}
            Part::Interpolation(expression) => within(expression, bound, see),
            Part::If(condition, yes, no) => {
                within(condition, bound, see);
                in_template(yes, bound, see);
                in_template(no, bound, see);
            }
            Part::For(head, parts) => {
                within(&head.collection, bound, see);
                let inner = with(bound, &head.key_name, &head.value_name);
                in_template(parts, &inner, see);
            }
        }
    }
}

/// The bound names and those of a `for`.
fn with(bound: Bound<'_>, key: &Option<Arc<str>>, value: &Arc<str>) -> Vec<Arc<str>> {
    let own = key.iter().chain([value]);
    bound.iter().chain(own).cloned().collect()
}

//! A module in, its references to what is not declared out, also where nothing evaluates them: Terraform refuses
//! `try(local.nope, 1)` and `false ? var.nope : 1` before it plans.

use std::sync::Arc;

use super::module::Module;
use super::syntax::{Access, Block, Body, Expr, Expression, ObjectKey, Operator, Part};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;

/// Nested blocks in which names stand that are no references, or references to what only they know.
const PASSED_OVER: &[&str] = &["lifecycle", "provisioner", "connection"];
/// Arguments of blocks that are not expressions.
const PLAIN: &[&str] = &["provider", "providers", "depends_on", "type"];
/// First names of references to what need not be declared, or is no part of a module's declarations.
const GIVEN: &[&str] = &[
    "each",
    "count",
    "self",
    "path",
    "terraform",
    "tofu",
    "ephemeral",
    "action",
    "list",
];

/// What a module refers to and does not declare.
pub(super) fn undeclared(module: &Module) -> Vec<Diagnostic> {
    let mut search = Search {
        module,
        bound: Vec::new(),
        found: Vec::new(),
    };
    for local in module.locals.values() {
        search.expression(&local.value);
    }
    let blocks = module.outputs.values().chain(module.resources.values());
    for block in blocks.chain(module.calls.values()) {
        search.body(&block.body);
    }
    search.found
}

struct Search<'m> {
    module: &'m Module,
    /// Names that `for` and `dynamic` have bound around here.
    bound: Vec<Arc<str>>,
    found: Vec<Diagnostic>,
}

impl Search<'_> {
    fn body(&mut self, body: &Body) {
        for attribute in &body.attributes {
            if !PLAIN.contains(&&*attribute.name) || matches!(attribute.value.kind, Expr::Call(_)) {
                self.expression(&attribute.value);
            }
        }
        for block in &body.blocks {
            match &*block.keyword {
                "dynamic" => self.dynamic(block),
                keyword if PASSED_OVER.contains(&keyword) => {}
                _ => self.body(&block.body),
            }
        }
    }

    fn dynamic(&mut self, block: &Block) {
        let name = match block.body.attribute("iterator").map(|a| &a.value.kind) {
            Some(Expr::Name(name)) => name.clone(),
            _ => block.label(0),
        };
        if let Some(attribute) = block.body.attribute("for_each") {
            self.expression(&attribute.value);
        }
        self.bound.push(name);
        if let Some(attribute) = block.body.attribute("labels") {
            self.expression(&attribute.value);
        }
        for content in block.body.blocks_named("content") {
            self.body(&content.body);
        }
        self.bound.pop();
    }

    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Text(..) | Expr::Broken(_) => {}
            Expr::Template(template) => self.parts(&template.parts),
            Expr::List(items) => items.iter().for_each(|item| self.expression(item)),
            Expr::Object(items) => {
                for item in items {
                    if let ObjectKey::Computed(key) = &item.key {
                        self.expression(key);
                    }
                    self.expression(&item.value);
                }
            }
            Expr::Name(name) => self.reference(name, &[], expression.span),
            Expr::Traversal(base, operators) => {
                match &base.kind {
                    Expr::Name(name) => self.reference(name, operators, expression.span),
                    _ => self.expression(base),
                }
                for operator in operators {
                    if let Access::Index(index) = &operator.kind {
                        self.expression(index);
                    }
                }
            }
            Expr::Call(call) => call.arguments.iter().for_each(|a| self.expression(a)),
            Expr::Unary(_, operand) => self.expression(operand),
            Expr::Binary(left, _, right) => {
                self.expression(left);
                self.expression(right);
            }
            Expr::Conditional(parts) => parts.iter().for_each(|part| self.expression(part)),
            Expr::For(parts) => {
                self.expression(&parts.collection);
                let names = [Some(&parts.value_name), parts.key_name.as_ref()];
                self.with(names, &mut |search| {
                    let inner = [parts.key.as_ref(), parts.condition.as_ref()];
                    search.expression(&parts.value);
                    inner
                        .into_iter()
                        .flatten()
                        .for_each(|part| search.expression(part));
                });
            }
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Literal(..) => {}
                Part::Interpolation(expression) => self.expression(expression),
                Part::If(condition, then, other) => {
                    self.expression(condition);
                    self.parts(then);
                    self.parts(other);
                }
                Part::For(head, body) => {
                    self.expression(&head.collection);
                    let names = [Some(&head.value_name), head.key_name.as_ref()];
                    self.with(names, &mut |search| search.parts(body));
                }
            }
        }
    }

    fn with(&mut self, names: [Option<&Arc<str>>; 2], inside: &mut dyn FnMut(&mut Self)) {
        let before = self.bound.len();
        self.bound.extend(names.into_iter().flatten().cloned());
        inside(self);
        self.bound.truncate(before);
    }

    fn reference(&mut self, name: &Arc<str>, operators: &[Operator], span: Span) {
        if GIVEN.contains(&&**name) || self.bound.contains(name) {
            return;
        }
        let attribute = |position: usize| match operators.get(position).map(|o| &o.kind) {
            Some(Access::Attribute(name)) => Some(&**name),
            _ => None,
        };
        let (first, second) = (attribute(0), attribute(1));
        let module = self.module;
        let near = |name: &str, known: &mut dyn Iterator<Item = &Arc<str>>| {
            did_you_mean(name, known.map(|known| &**known))
        };
        let resource = |key: String| match module.resources.contains_key(&*key) {
            true => None,
            false => {
                let hint = near(&key, &mut module.resources.keys());
                Some((format!("no `{key}` is declared in this module"), hint))
            }
        };
        // The words are those that evaluating it finds, so that it is said once.
        let fault = match (&**name, first, second) {
            ("var", Some(variable), _) if !module.variables.contains_key(variable) => Some((
                format!("no variable `{variable}` is declared"),
                near(variable, &mut module.variables.keys()),
            )),
            ("local", Some(local), _) if !module.locals.contains_key(local) => Some((
                format!("no local `{local}` is declared"),
                near(local, &mut module.locals.keys()),
            )),
            ("module", Some(call), _) if !module.calls.contains_key(call) => Some((
                format!("no module `{call}` is called here"),
                near(call, &mut module.calls.keys()),
            )),
            ("data", Some(kind), Some(label)) => resource(format!("data.{kind}.{label}")),
            ("resource", Some(kind), Some(label)) => resource(format!("{kind}.{label}")),
            ("var" | "local" | "module" | "data" | "resource", ..) => None,
            (kind, Some(label), _) => resource(format!("{kind}.{label}")),
            (name, None, _) => {
                let starts = "references start with `var.`, `local.`, `module.`, `data.` or a type";
                Some((
                    format!("`{name}` is not known here"),
                    Some(starts.to_owned()),
                ))
            }
        };
        if let Some((message, hint)) = fault {
            let mut diagnostic = Diagnostic::error("invalid_expression", span, message);
            diagnostic.hint = hint;
            self.found.push(diagnostic);
        }
    }
}

//! A module in, what Terraform refuses of it before it evaluates anything out: names that are not there, wherever they
//! stand, also where no value is ever asked for (an unused local, the arm that is not chosen, inside of `try`).

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::functions;
use super::module::Module;
use super::syntax::{Access, Attribute, Block, Body, Expr, Expression, ObjectKey, Operator, Part};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;

/// Names that variables cannot have, since calls have arguments of these names.
/// <https://developer.hashicorp.com/terraform/language/values/variables#declaring-an-input-variable>
const RESERVED: &[&str] = &[
    "source",
    "version",
    "provider",
    "providers",
    "count",
    "for_each",
    "lifecycle",
    "depends_on",
    "locals",
];
/// Arguments that hold addresses, types or names instead of expressions.
const NO_EXPRESSIONS: &[&str] = &[
    "depends_on",
    "ignore_changes",
    "replace_triggered_by",
    "provider",
    "providers",
    "iterator",
    // Of provisioners.
    "when",
    "on_failure",
];
/// Arguments and blocks of `variable`, `output` and `lifecycle`.
const IN_VARIABLES: &[&str] = &[
    "type",
    "default",
    "description",
    "sensitive",
    "nullable",
    "ephemeral",
    "validation",
    // OpenTofu's.
    "deprecated",
];
const IN_OUTPUTS: &[&str] = &[
    "value",
    "description",
    "sensitive",
    "ephemeral",
    "depends_on",
    "precondition",
    "deprecated",
];
const IN_LIFECYCLES: &[&str] = &[
    "create_before_destroy",
    "prevent_destroy",
    "ignore_changes",
    "replace_triggered_by",
    "precondition",
    "postcondition",
    // OpenTofu's.
    "enabled",
    "destroy",
];
const IN_CONDITIONS: &[&str] = &["condition", "error_message"];

/// What is wrong with a module, but for what its values make of it.
pub(super) fn faults(module: &Module) -> Vec<Diagnostic> {
    let mut check = Check {
        module,
        functions: functions::names()
            .chain(["try", "can", "templatefile", "templatestring"])
            .collect(),
        bound: Vec::new(),
        around: Around::default(),
        diagnostics: Vec::new(),
    };
    check.module();
    check.diagnostics
}

/// What the block around an expression gives it.
#[derive(Clone, Copy, Default)]
struct Around {
    has_count: bool,
    has_for_each: bool,
    is_self: bool,
}

struct Check<'m> {
    module: &'m Module,
    functions: FxHashSet<&'static str>,
    /// Names of `for` and `dynamic`.
    bound: Vec<Arc<str>>,
    around: Around,
    diagnostics: Vec<Diagnostic>,
}

impl Check<'_> {
    fn module(&mut self) {
        let module = self.module;
        for attribute in module.locals.values() {
            self.name(&attribute.name, attribute.name_span, "local value");
            self.expression(&attribute.value);
        }
        for (name, block) in &module.variables {
            self.name(name, block.header, "variable");
            if RESERVED.contains(&&**name) {
                let message = format!("no variable can be called `{name}`");
                let hint = "calls of modules have an argument of that name; choose another";
                self.fault(block.header, message, Some(hint.to_owned()));
            }
            self.only(block, IN_VARIABLES);
            self.conditions(block, &["validation"]);
        }
        for (name, block) in &module.outputs {
            self.name(name, block.header, "output");
            self.only(block, IN_OUTPUTS);
            if block.body.attribute("value").is_none() {
                self.fault(
                    block.header,
                    format!("output `{name}` has no `value`"),
                    None,
                );
            }
            if let Some(attribute) = block.body.attribute("value") {
                self.expression(&attribute.value);
            }
            self.conditions(block, &["precondition"]);
        }
        for block in module.resources.values().chain(module.calls.values()) {
            self.instances(block);
        }
        for block in module.providers.values() {
            self.body(&block.body);
        }
        for block in &module.checks {
            self.name(&block.label(0), block.header, "check");
            self.conditions(block, &["assert"]);
            if block.body.blocks_named("assert").next().is_none() {
                let message = "a `check` needs an `assert` block";
                self.fault(block.header, message.to_owned(), None);
            }
        }
    }

    fn fault(&mut self, span: Span, message: String, hint: Option<String>) {
        let mut diagnostic = Diagnostic::error("invalid_expression", span, message);
        diagnostic.hint = hint;
        self.diagnostics.push(diagnostic);
    }

    /// Whether a declared name is one that HCL allows.
    fn name(&mut self, name: &str, span: Span, what: &str) {
        let mut characters = name.chars();
        let starts = characters
            .next()
            .is_some_and(|first| first.is_alphabetic() || first == '_');
        if !starts || !characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
            let hint = "names have letters, digits, `_` and `-`, and start with a letter or `_`";
            let message = format!("no {what} can be called \"{name}\"");
            self.fault(span, message, Some(hint.to_owned()));
        }
    }

    /// Whether a block has nothing else in it.
    fn only(&mut self, block: &Block, known: &'static [&'static str]) {
        let attributes = block.body.attributes.iter().map(|a| (&a.name, a.name_span));
        let blocks = block.body.blocks.iter().map(|b| (&b.keyword, b.header));
        for (name, span) in attributes.chain(blocks) {
            if !known.contains(&&**name) {
                let message = format!("`{}` blocks have no `{name}`", block.keyword);
                self.fault(span, message, did_you_mean(name, known.iter().copied()));
            }
        }
    }

    fn conditions(&mut self, block: &Block, keywords: &[&str]) {
        for inner in &block.body.blocks {
            if !keywords.contains(&&*inner.keyword) {
                continue;
            }
            self.only(inner, IN_CONDITIONS);
            for needed in IN_CONDITIONS {
                if inner.body.attribute(needed).is_none() {
                    let message = format!("`{}` needs `{needed}`", inner.keyword);
                    self.fault(inner.header, message, None);
                }
            }
            let around = self.around;
            self.around.is_self |= &*inner.keyword == "postcondition";
            for attribute in &inner.body.attributes {
                self.expression(&attribute.value);
            }
            self.around = around;
        }
    }

    /// A resource, data source or call: what makes its instances does not know them.
    fn instances(&mut self, block: &Block) {
        let has = |name: &str| block.body.attribute(name);
        for name in ["count", "for_each"] {
            if let Some(attribute) = has(name) {
                self.expression(&attribute.value);
            }
        }
        self.around = Around {
            has_count: has("count").is_some(),
            has_for_each: has("for_each").is_some(),
            is_self: false,
        };
        for (position, what) in ["resource type", "name"].iter().enumerate() {
            if let Some((label, span)) = block.labels.get(position) {
                self.name(label, *span, what);
            }
        }
        for attribute in &block.body.attributes {
            if !matches!(&*attribute.name, "count" | "for_each") {
                self.attribute(attribute);
            }
        }
        for inner in &block.body.blocks {
            match &*inner.keyword {
                "lifecycle" => {
                    self.only(inner, IN_LIFECYCLES);
                    self.conditions(inner, &["precondition", "postcondition"]);
                }
                "provisioner" | "connection" => {
                    self.around.is_self = true;
                    self.body(&inner.body);
                    self.around.is_self = false;
                }
                _ => self.block(inner),
            }
        }
        self.around = Around::default();
    }

    fn body(&mut self, body: &Body) {
        for attribute in &body.attributes {
            self.attribute(attribute);
        }
        for block in &body.blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        if &*block.keyword != "dynamic" {
            return self.body(&block.body);
        }
        for attribute in &block.body.attributes {
            self.attribute(attribute);
        }
        let iterator = match block.body.attribute("iterator").map(|a| &a.value.kind) {
            Some(Expr::Name(name)) => name.clone(),
            _ => block.label(0),
        };
        self.bound.push(iterator);
        for content in &block.body.blocks {
            self.body(&content.body);
        }
        self.bound.pop();
    }

    fn attribute(&mut self, attribute: &Attribute) {
        if !NO_EXPRESSIONS.contains(&&*attribute.name) {
            self.expression(&attribute.value);
        }
    }

    fn expressions<'e>(&mut self, all: impl IntoIterator<Item = &'e Expression>) {
        for expression in all {
            self.expression(expression);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Text(..) | Expr::Broken(_) => {}
            Expr::Template(template) => self.parts(&template.parts),
            Expr::List(items) => self.expressions(items),
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
            Expr::Call(call) => {
                let is_of_provider = call.name.starts_with("provider::");
                if !is_of_provider && !self.functions.contains(&*call.name) {
                    let hint = did_you_mean(&call.name, self.functions.iter().copied());
                    let message = format!("there is no function `{}`", call.name);
                    self.fault(expression.span, message, hint);
                }
                self.expressions(&call.arguments);
            }
            Expr::Unary(_, operand) => self.expression(operand),
            Expr::Binary(left, _, right) => self.expressions([&**left, &**right]),
            Expr::Conditional(parts) => self.expressions(parts.iter()),
            Expr::For(parts) => {
                self.expression(&parts.collection);
                let before = self.bound.len();
                self.bound.push(parts.value_name.clone());
                self.bound.extend(parts.key_name.clone());
                self.expressions(parts.key.iter().chain(&parts.condition));
                self.expression(&parts.value);
                self.bound.truncate(before);
            }
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Literal(..) => {}
                Part::Interpolation(expression) => self.expression(expression),
                Part::If(condition, yes, no) => {
                    self.expression(condition);
                    self.parts(yes);
                    self.parts(no);
                }
                Part::For(head, inner) => {
                    self.expression(&head.collection);
                    let before = self.bound.len();
                    self.bound.push(head.value_name.clone());
                    self.bound.extend(head.key_name.clone());
                    self.parts(inner);
                    self.bound.truncate(before);
                }
            }
        }
    }

    fn reference(&mut self, name: &str, operators: &[Operator], span: Span) {
        if self.bound.iter().any(|bound| **bound == *name) {
            return;
        }
        let step = |position: usize| match operators.get(position).map(|o| &o.kind) {
            Some(Access::Attribute(name)) => Some(&**name),
            _ => None,
        };
        let module = self.module;
        let Some(second) = step(0) else {
            if name != "self" || !self.around.is_self {
                let hint = "references start with `var.`, `local.`, `module.`, `data.` or a type";
                let message = format!("`{name}` means nothing here");
                self.fault(span, message, Some(hint.to_owned()));
            }
            return;
        };
        let around = self.around;
        match name {
            "var" => self.declared(
                module.variables.get(second).is_some(),
                "variable",
                second,
                span,
            ),
            "local" => self.declared(module.locals.get(second).is_some(), "local", second, span),
            "module" => {
                self.declared(module.calls.get(second).is_some(), "module", second, span);
                // The instances by key are an object, whose members are asked for like attributes.
                let counted = |block: &&Arc<Block>| block.body.attribute("count").is_some();
                if let Some(block) = module.calls.get(second).filter(counted) {
                    self.instance_of(block, &format!("module.{second}"), step(1), span);
                }
            }
            "each" if around.has_for_each && matches!(second, "key" | "value") => {}
            "count" if around.has_count && second == "index" => {}
            "each" | "count" => {
                let hint = "it needs `for_each` or `count` on the block around it";
                let message = format!("`{name}.{second}` means nothing here");
                self.fault(span, message, Some(hint.to_owned()));
            }
            "self" if around.is_self => {}
            "path" if matches!(second, "cwd" | "module" | "root") => {}
            "terraform" if matches!(second, "workspace" | "applying") => {}
            "tofu" if second == "workspace" => {}
            "self" | "path" | "terraform" | "tofu" => {
                self.fault(span, format!("`{name}.{second}` means nothing here"), None);
            }
            "ephemeral" => {}
            "data" | "resource" => match step(1) {
                Some(label) => {
                    let key = match name {
                        "data" => format!("data.{second}.{label}"),
                        _ => format!("{second}.{label}"),
                    };
                    self.resource(&key, step(2), span);
                }
                None => {
                    let message = format!("`{name}.{second}` needs a name after it");
                    self.fault(span, message, None);
                }
            },
            _ => self.resource(&format!("{name}.{second}"), step(1), span),
        }
    }

    fn resource(&mut self, key: &str, after: Option<&str>, span: Span) {
        let module = self.module;
        match module.resources.get(key) {
            Some(block) => self.instance_of(block, key, after, span),
            None => {
                let known = module.resources.keys().map(|known| &**known);
                let hint = did_you_mean(key, known);
                self.fault(span, format!("no `{key}` is declared in this module"), hint);
            }
        }
    }

    fn declared(&mut self, is_declared: bool, what: &str, name: &str, span: Span) {
        if is_declared {
            return;
        }
        let module = self.module;
        let hint = match what {
            "variable" => did_you_mean(name, module.variables.keys().map(|known| &**known)),
            "local" => did_you_mean(name, module.locals.keys().map(|known| &**known)),
            _ => did_you_mean(name, module.calls.keys().map(|known| &**known)),
        };
        let message = match what {
            "module" => format!("no module `{name}` is called here"),
            _ => format!("no {what} `{name}` is declared"),
        };
        self.fault(span, message, hint);
    }

    /// An attribute is asked of one instance, not of all.
    fn instance_of(&mut self, block: &Block, key: &str, after: Option<&str>, span: Span) {
        let Some(counted) = ["count", "for_each"]
            .into_iter()
            .find(|name| block.body.attribute(name).is_some())
        else {
            return;
        };
        if let Some(attribute) = after {
            let message = format!("`{attribute}` is asked of `{key}`, which has `{counted}`");
            let hint = format!("say which instance, as in `{key}[…].{attribute}`");
            self.fault(span, message, Some(hint));
        }
    }
}

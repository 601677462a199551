//! Conditions that a configuration puts on itself, and what it refers to though it is not there: what Terraform refuses
//! beside the values of arguments and outputs.

use std::rc::Rc;
use std::sync::Arc;

use super::declarations;
use super::evaluate::Fault;
use super::graph::{Evaluator, Instance, Scope};
use super::syntax::{Block, Expression};
use super::{schema, types};
use crate::diagnostic::{Diagnostic, Level};
use crate::value::Value;

/// The version that configurations are evaluated as.
const TERRAFORM: schema::Version = [1, 11, 4];

impl Evaluator<'_> {
    /// Names of what is not declared, also where no value needs them: Terraform looks at all references first. (What a
    /// file that could not be read declares is not known.)
    pub(super) fn check_uses(&self, instance: &Rc<Instance>) {
        let module = &instance.module;
        if !module.is_whole || !self.first_seen(module) {
            return;
        }
        declarations::uses(module, &mut |name, operators, span, around| {
            let wrong = declarations::misused(module, name, operators, around);
            if let Some((message, hint)) = wrong {
                self.say_fault(Fault::new(span, message).hint(hint));
            }
        });
    }

    /// Says what Terraform refuses of a module instance though no other value needs it.
    pub(super) fn refuse(&self, instance: &Rc<Instance>) {
        let module = &instance.module;
        for (wanted, span) in &module.required_versions {
            if !schema::meets(TERRAFORM, wanted) {
                let [major, minor, patch] = TERRAFORM;
                let message =
                    format!("Terraform is to be `{wanted}`, and {major}.{minor}.{patch} is not");
                self.say(
                    Diagnostic::error("required_version", *span, message)
                        .hint("onus evaluates as that version does; widen the constraint"),
                );
            }
        }
        // What is wrong with them is said where they are computed.
        for (name, block) in &module.variables {
            let _ = self.variable(instance, name, block.header);
        }
        for (name, local) in &module.locals {
            let _ = self.local(instance, name, local.value.span);
        }
        for (name, block) in &module.outputs {
            self.output(instance, name, block);
        }
    }

    /// Values that the conditions of their variables refuse.
    /// <https://developer.hashicorp.com/terraform/language/validate>
    pub(super) fn check_values(&self, instance: &Rc<Instance>) {
        for (name, block) in &instance.module.variables {
            for validation in block.body.blocks_named("validation") {
                let scope = self.scope(instance, None, block.header);
                let Some((condition, wrong)) = self.broken(validation, &scope) else {
                    continue;
                };
                let Ok((value, _)) = self.variable(instance, name, block.header) else {
                    continue;
                };
                let place = match value.span().is_written() {
                    true => value.span(),
                    false => block.header,
                };
                let message = match wrong {
                    "does not hold" => {
                        format!("the value of `{name}` does not meet its variable's condition")
                    }
                    _ => format!("the condition for the value of `{name}` {wrong}"),
                };
                let diagnostic = Diagnostic::error("invalid_value", place, message)
                    .label(condition.span, "this must hold");
                self.say_broken(diagnostic, validation, &scope);
            }
        }
    }

    /// Conditions of resources, outputs and checks that are known not to hold.
    pub(super) fn check_conditions(&self, instance: &Rc<Instance>) {
        for (name, block) in &instance.module.resources {
            for lifecycle in block.body.blocks_named("lifecycle") {
                for condition in &lifecycle.body.blocks {
                    let is_after = match &*condition.keyword {
                        "precondition" => false,
                        "postcondition" => true,
                        _ => continue,
                    };
                    self.each_item(instance, name, block, &mut |item| {
                        let scope = self.scope(instance, Some(&item.each), block.header);
                        let names: Vec<(Arc<str>, Value)> = match is_after {
                            true => vec![("self".into(), self.object_of(instance, block, item))],
                            false => Vec::new(),
                        };
                        self.must_hold(condition, &scope.with(&names), &item.address, Level::Error);
                    });
                }
            }
        }
        for (name, block) in &instance.module.outputs {
            for condition in block.body.blocks_named("precondition") {
                let scope = self.scope(instance, None, block.header);
                self.must_hold(condition, &scope, &format!("output `{name}`"), Level::Error);
            }
        }
        for (name, block) in &instance.module.checks {
            for condition in block.body.blocks_named("assert") {
                let scope = self.scope(instance, None, block.header);
                self.must_hold(
                    condition,
                    &scope,
                    &format!("check `{name}`"),
                    Level::Warning,
                );
            }
        }
    }

    fn must_hold(&self, block: &Block, scope: &Scope<'_>, of: &str, level: Level) {
        let Some((condition, wrong)) = self.broken(block, scope) else {
            return;
        };
        let message = format!("this {} of {of} {wrong}", block.keyword);
        let diagnostic = Diagnostic::new(level, "failed_condition", message).at(condition.span);
        self.say_broken(diagnostic, block, scope);
    }

    /// The condition of a block and what is wrong with it, if it is known not to hold.
    fn broken<'b>(
        &self,
        block: &'b Block,
        scope: &Scope<'_>,
    ) -> Option<(&'b Expression, &'static str)> {
        let condition = &block.body.attribute("condition")?.value;
        let truth = self.settle(self.evaluate(condition, scope), condition.span);
        match types::to_bool(&truth) {
            Some(true) => None,
            Some(false) => Some((condition, "does not hold")),
            None if truth.is_null() => Some((condition, "is null")),
            None if truth.is_wholly_known() => Some((condition, "is neither true nor false")),
            None => None,
        }
    }

    /// Says it, with what the block says of it.
    fn say_broken(&self, mut diagnostic: Diagnostic, block: &Block, scope: &Scope<'_>) {
        let said = block
            .body
            .attribute("error_message")
            .map(|attribute| self.quietly(|| self.evaluate(&attribute.value, scope)));
        if let Some(Ok(said)) = said
            && !said.has_sensitive()
        {
            diagnostic.hint = said.as_str().map(str::to_owned);
        }
        self.say(diagnostic);
    }
}

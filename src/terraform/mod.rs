//! Terraform: a root module's files in, [`Declared`] out.

mod arguments;
mod conditions;
mod declarations;
mod evaluate;
mod foreseen;
pub mod functions;
mod graph;
mod json_syntax;
mod module;
mod normal;
mod plan;
mod planned;
mod policy_document;
mod references;
mod schema;
pub mod syntax;
pub mod types;
mod variables;

use crate::declared::{Declared, Language};
use crate::project::{Inputs, Stack};
use crate::source::{Files, SourceMap};

pub use module::Modules;

pub(crate) use crate::diagnostic::did_you_mean as nearest;

/// Stack of the thread that evaluates: chains of references are followed by recursion, up to a fixed depth.
const STACK_BYTES: usize = 256 << 20;

/// Evaluates a root module with all that it calls.
pub fn load(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Declared {
    load_with(files, sources, stack, inputs, &Modules::default())
}

/// The same with modules that were read before, or will be needed again.
pub fn load_with(
    files: &dyn Files,
    sources: &SourceMap,
    stack: &Stack,
    inputs: &Inputs,
    modules: &Modules,
) -> Declared {
    let evaluate = || {
        let mut declared = Declared::new(Language::Terraform, stack.path.clone());
        let path = inputs.plan.as_deref();
        let plan =
            path.and_then(|path| plan::Plan::read(files, sources, path, &mut declared.diagnostics));
        let planned = plan.as_ref().map_or(&[][..], |plan| &plan.variables);
        graph::Evaluator::new(files, sources, &stack.path, inputs, planned, modules)
            .run(&mut declared);
        if let Some(plan) = &plan {
            plan.join(&mut declared);
        }
        declared
    };
    std::thread::scope(|threads| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(threads, evaluate);
        match thread.map(|thread| thread.join()) {
            Ok(Ok(declared)) => declared,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            // No thread can be had: evaluate here.
            Err(_) => evaluate(),
        }
    })
}

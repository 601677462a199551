//! Terraform: a root module's files in, [`Declared`] out.

pub mod functions;
pub mod types;

use crate::declared::{Declared, Language};
use crate::project::{Inputs, Stack};
use crate::source::{Files, SourceMap};

/// Evaluates a root module with all that it calls.
pub fn load(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Declared {
    let _ = (files, sources, inputs);
    Declared::new(Language::Terraform, stack.path.clone())
}

//! CloudFormation: a template in, [`Declared`] out.

use crate::declared::{Declared, Language};
use crate::project::{Inputs, Stack};
use crate::source::{Files, SourceMap};

/// Evaluates a template.
pub fn load(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Declared {
    let _ = (files, sources, inputs);
    Declared::new(Language::CloudFormation, stack.path.clone())
}

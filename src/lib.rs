//! onus: finds what the customer got wrong under AWS's shared responsibility model, in Terraform and CloudFormation.

#![forbid(unsafe_code)]

pub mod cli;
pub mod cloudformation;
pub mod declared;
pub mod diagnostic;
pub mod facts;
pub mod jsonpath;
pub mod model;
pub mod output;
pub mod project;
pub mod report;
pub mod rules;
pub mod source;
pub mod terraform;
pub mod value;
pub mod yaml;

use declared::{Declared, Language};
use project::{Inputs, Stack};
use source::{Files, SourceMap};

/// Evaluates a stack in its language. Never fails: broken input gives fewer resources and more diagnostics.
pub fn load(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Declared {
    match stack.language {
        Language::Terraform => terraform::load(files, sources, stack, inputs),
        Language::CloudFormation => cloudformation::load(files, sources, stack, inputs),
    }
}

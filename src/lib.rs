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

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use declared::{Declared, Language};
use diagnostic::{Diagnostic, Level};
use model::Vocabulary;
use project::{Inputs, Stack};
use report::{Report, StackReport};
use rules::RuleSet;
use source::{Files, SourceId, SourceMap};

/// Evaluates a stack in its language. Never fails: broken input gives fewer resources and more diagnostics.
pub fn load(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Declared {
    match stack.language {
        Language::Terraform => terraform::load(files, sources, stack, inputs),
        Language::CloudFormation => cloudformation::load(files, sources, stack, inputs),
    }
}

/// What to analyse, and with what.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Where text comes from.
    pub files: &'a dyn Files,
    /// Where it is kept.
    pub sources: &'a SourceMap,
    /// The stacks to analyse; see [`project::discover`].
    pub stacks: &'a [Stack],
    /// Values given from outside.
    pub inputs: &'a Inputs,
    /// The rules to apply.
    pub rules: &'a RuleSet,
    /// Words beside the built-in ones: those of users' packs.
    pub vocabulary: Option<&'a Arc<Vocabulary>>,
    /// The day that calendars are asked for.
    pub today: jiff::civil::Date,
}

/// Analyses stacks: evaluate, normalize, derive, check, triage. Pure: no clock, no environment, no terminal. `before`
/// are diagnostics of what went before (the walk), which become part of the report.
pub fn analyze(request: &Request<'_>, before: Vec<Diagnostic>) -> Report {
    // What is in the map already are rule files.
    let first_input = request.sources.count();
    let exports = cloudformation::exports(
        request.files,
        request.sources,
        request.stacks,
        request.inputs,
    );
    let inputs = Inputs {
        exports: exports.into(),
        ..request.inputs.clone()
    };
    let request = &Request {
        inputs: &inputs,
        ..*request
    };
    let mut stacks: Vec<StackReport> = request
        .stacks
        .par_iter()
        .map(|stack| {
            // A fault of onus in one stack must not cost the findings of the others.
            let analysed = catch_unwind(AssertUnwindSafe(|| analyze_stack(request, stack)));
            analysed.unwrap_or_else(|_| StackReport {
                path: stack.path.clone(),
                language: stack.language,
                resources: 0,
                findings: Vec::new(),
                diagnostics: vec![
                    Diagnostic::new(
                        Level::Error,
                        "internal_error",
                        "onus failed on this and left it out",
                    )
                    .in_file(&*stack.path)
                    .hint("this is a fault of onus, not of your code: please report it")
                    .incomplete(),
                ],
            })
        })
        .collect();
    let files: Vec<SourceId> = (first_input..request.sources.count())
        .map(|number| SourceId(number as u32))
        .collect();
    let applied = request.rules.infos();
    let mut diagnostics = before;
    let (directives, mut found) =
        report::suppress::collect(&files, request.sources, || request.rules.known());
    diagnostics.append(&mut found);
    let is_applied = |name: &str| applied.iter().any(|rule| &*rule.name == name);
    let mut found = report::suppress::apply(
        &mut stacks,
        &directives,
        &is_applied,
        request.today,
        request.sources,
    );
    diagnostics.append(&mut found);
    Report::new(stacks, files, applied, diagnostics, request.sources)
}

fn analyze_stack(request: &Request<'_>, stack: &Stack) -> StackReport {
    let mut declared = load(request.files, request.sources, stack, request.inputs);
    let mut diagnostics = std::mem::take(&mut declared.diagnostics);
    let kinds = declared
        .resources
        .iter()
        .map(|resource| &*resource.native_kind);
    let vocabulary = match request.vocabulary {
        // Packs may describe the built-in kinds anew.
        Some(vocabulary) => vocabulary.clone(),
        None => Vocabulary::builtin_for(kinds),
    };
    let (model, mut found) = model::normalize(declared, vocabulary);
    diagnostics.append(&mut found);
    let facts = facts::Facts::new(request.today);
    let outcomes = rules::check(&model, &facts, request.rules);
    StackReport {
        path: stack.path.clone(),
        language: stack.language,
        resources: model
            .resources()
            .iter()
            .filter(|one| one.is_managed())
            .count(),
        findings: report::findings(&model, outcomes, request.sources),
        diagnostics,
    }
}

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
use rustc_hash::FxHashMap;

use declared::{Declared, Language};
use diagnostic::{Diagnostic, Level};
use model::Vocabulary;
use project::{Environment, Export, Inputs, Stack};
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
    /// Values given from outside, and the environments to look at.
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
    let exports = Exports::of(request);
    let analysed: Vec<Vec<StackReport>> = request
        .stacks
        .par_iter()
        .map(|stack| {
            let modules = Arc::default();
            let all = request.inputs.of(stack, request.files);
            all.into_par_iter()
                .map(|inputs| {
                    let exports = exports.within(inputs.within.as_ref());
                    let inputs = Inputs {
                        exports,
                        ..inputs.into_owned()
                    };
                    // A fault of onus in one stack must not cost the findings of the others.
                    let analyse = || analyze_stack(request, stack, &inputs, Arc::clone(&modules));
                    let analysed = catch_unwind(AssertUnwindSafe(analyse));
                    analysed.unwrap_or_else(|_| failed(stack, inputs.within.clone()))
                })
                .collect()
        })
        .collect();
    let mut stacks: Vec<StackReport> = analysed.into_iter().flatten().collect();
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

/// What templates export to each other, by environment.
struct Exports(FxHashMap<Option<Arc<str>>, Arc<[Export]>>);

impl Exports {
    fn of(request: &Request<'_>) -> Exports {
        let within = |environment: Option<&Environment>| {
            let inputs = |stack: &Stack| match environment {
                Some(environment) if environment.has(stack, request.files) => {
                    environment.inputs(stack, request.inputs)
                }
                _ => request.inputs.clone(),
            };
            let exports =
                cloudformation::exports(request.files, request.sources, request.stacks, &inputs);
            (environment.map(|one| one.name.clone()), exports.into())
        };
        let environments = request.inputs.environments.iter();
        let environments = environments.filter(|one| one.speaks_of(Language::CloudFormation));
        let all = environments.map(Some).chain([None]);
        Exports(all.map(within).collect())
    }

    fn within(&self, environment: Option<&Arc<str>>) -> Arc<[Export]> {
        let found = self.0.get(&environment.cloned());
        found.cloned().unwrap_or_default()
    }
}

/// The report on a stack at which onus itself failed.
fn failed(stack: &Stack, environment: Option<Arc<str>>) -> StackReport {
    StackReport {
        path: stack.path.clone(),
        language: stack.language,
        environment,
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
    }
}

fn analyze_stack(
    request: &Request<'_>,
    stack: &Stack,
    inputs: &Inputs,
    modules: Arc<terraform::Modules>,
) -> StackReport {
    let (files, sources) = (request.files, request.sources);
    let mut declared = match stack.language {
        Language::Terraform => terraform::load_with(files, sources, stack, inputs, &modules),
        Language::CloudFormation => cloudformation::load(files, sources, stack, inputs),
    };
    // The last one to need the parsed code frees it.
    drop(modules);
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
    let facts = || facts::Facts::new(request.today);
    let outcomes = rules::check(&model, facts, request.rules);
    StackReport {
        path: stack.path.clone(),
        language: stack.language,
        environment: inputs.within.clone(),
        resources: model
            .resources()
            .iter()
            .filter(|one| one.is_managed())
            .count(),
        findings: report::findings(&model, outcomes, request.sources),
        diagnostics,
    }
}

//! `onus inspect`: one root module or template in, what onus makes of it out – all of it, one resource, or what a query
//! selects.

use std::io::Write;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::configuration::{self, Configuration};
use super::disk::Disk;
use super::inputs::InputArguments;
use super::stack;
use crate::declared::Language;
use crate::diagnostic::Level;
use crate::facts::{self, Facts};
use crate::jsonpath::Query;
use crate::output::inspect::document::{self, Subject};
use crate::output::inspect::overview::{self, Knowledge};
use crate::output::inspect::{self, Options};
use crate::project::{Inputs, Stack};
use crate::source::{Files, SourceMap, Span};
use crate::value::{Member, Value};

/// Show what onus makes of a Terraform root module or a template: values, and what is not known.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 evaluated; 1 evaluated with errors; 2 wrong call.

Examples:
  onus inspect infra                                       its resources, and what is not known
  onus inspect infra aws_eks_cluster.main                  one of them as rules see it
  onus inspect infra aws_security_group.web '$.facts.network.ingress[*]'
  onus inspect . --unknowns                                why values are not known, over all stacks")]
pub(super) struct Inspect {
    /// Folder of the root module, or the template.
    #[arg(value_name = "DIR|TEMPLATE", default_value = ".")]
    path: String,

    /// Resource to show as rules see it: properties, links, facts. Without its index: all instances.
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,

    /// RFC 9535 query: show what it selects in the resource. Put it between single quotes.
    #[arg(value_name = "QUERY")]
    query: Option<String>,

    /// Count why values are not known, in all stacks below the path.
    #[arg(long, conflicts_with = "address")]
    unknowns: bool,

    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Day to take for today where facts ask the calendar.
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<jiff::civil::Date>,

    /// Plan of Terraform as JSON (`terraform show -json FILE`) for the root module in DIR.
    #[arg(long, value_name = "FILE", conflicts_with = "unknowns")]
    plan: Option<String>,

    #[command(flatten)]
    inputs: InputArguments,

    /// Environment of `onus.yaml` to evaluate the code in.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Inspect {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match (&self.address, self.unknowns, self.format) {
            (None, false, Format::Json) => self.declared(),
            (None, false, Format::Text) => self.overview(),
            (None, true, _) => self.unknowns(),
            (Some(address), ..) => self.resource(address),
        }
    }

    fn stack(&self) -> anyhow::Result<Stack> {
        match self.plan {
            // Its folder may be empty.
            Some(_) => stack::at(&self.path),
            None => stack::found_at(&self.path),
        }
    }

    /// What is given from outside, but for what the environment gives.
    fn inputs(&self) -> anyhow::Result<Inputs> {
        let mut inputs = self.inputs.read()?;
        inputs.plan = stack::plan(self.plan.as_deref())?;
        Ok(inputs)
    }

    fn inputs_of(&self, stack: &Stack, configuration: &Configuration) -> anyhow::Result<Inputs> {
        let environment = configuration.environment(self.environment.as_ref())?;
        stack::within(environment.as_ref(), stack, self.inputs()?)
    }

    /// What the evaluator makes of the stack, in native words.
    fn declared(&self) -> anyhow::Result<ExitCode> {
        let stack = stack::at(&self.path)?;
        let sources = SourceMap::new();
        let mut inputs = match &self.environment {
            Some(_) => self.inputs_of(&stack, &configuration::tolerant(&sources)?)?,
            None => self.inputs()?,
        };
        if stack.language == Language::Terraform {
            inputs.as_planned = true;
            inputs.working_folder = Some(Disk.resolve(&stack.path));
        }
        let declared = crate::load(&Disk, &sources, &stack, &inputs);
        let mut out = super::standard_output();
        let written = inspect::write(&declared, &sources, Options::default(), &mut out);
        super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
        Ok(ExitCode::from(u8::from(inspect::has_errors(&declared))))
    }

    fn overview(&self) -> anyhow::Result<ExitCode> {
        let stack = self.stack()?;
        let sources = SourceMap::new();
        let configuration = configuration::tolerant(&sources)?;
        let inputs = self.inputs_of(&stack, &configuration)?;
        let vocabulary = configuration.vocabulary.as_ref();
        let looked = stack::look(&stack, &inputs, vocabulary, &sources);
        let mut out = super::standard_output();
        let written = overview::write(&looked.model, &looked.words, &sources, &mut out);
        super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
        drop(out);
        super::say(&looked.diagnostics, &sources)?;
        let has_errors = looked.diagnostics.iter().any(|d| d.level == Level::Error);
        Ok(ExitCode::from(u8::from(has_errors)))
    }

    fn unknowns(&self) -> anyhow::Result<ExitCode> {
        let stacks = stack::below(&self.path)?;
        let inputs = self.inputs()?;
        let sources = SourceMap::new();
        let configuration = configuration::tolerant(&sources)?;
        let vocabulary = configuration.vocabulary.as_ref();
        let environment = configuration.environment(self.environment.as_ref())?;
        let mut knowledge = Knowledge::default();
        let mut has_errors = false;
        for stack in &stacks {
            let own = match &environment {
                Some(environment) if environment.has(stack, &Disk) => {
                    &environment.inputs(stack, &inputs)
                }
                _ => &inputs,
            };
            let looked = stack::look(stack, own, vocabulary, &sources);
            knowledge.add(&looked.model);
            has_errors |= looked.diagnostics.iter().any(|d| d.level == Level::Error);
        }
        let mut out = super::standard_output();
        let written = match self.format {
            Format::Text => overview::write_unknowns(&knowledge, stacks.len(), &mut out),
            Format::Json => {
                let paths: Vec<&str> = stacks.iter().map(|stack| &*stack.path).collect();
                overview::write_unknowns_json(&knowledge, &paths, &mut out)
            }
        };
        super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
        Ok(ExitCode::from(u8::from(has_errors)))
    }

    fn resource(&self, address: &str) -> anyhow::Result<ExitCode> {
        let query = self.query.as_deref().map(parsed).transpose()?;
        let stack = self.stack()?;
        let sources = SourceMap::new();
        let configuration = configuration::tolerant(&sources)?;
        let inputs = self.inputs_of(&stack, &configuration)?;
        let vocabulary = configuration.vocabulary.as_ref();
        let looked = stack::look(&stack, &inputs, vocabulary, &sources);
        let errors: Vec<_> = looked
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.level == Level::Error)
            .cloned()
            .collect();
        super::say(&errors, &sources)?;
        let ids = stack::resources(&looked.model, address)?;
        let facts = Facts::new(super::today(self.today));
        let asks_options = query.as_ref().is_some_and(|q| q.text.contains("options"));
        let options = if asks_options {
            let declared = configuration.rules.options().into_iter();
            let members = declared.map(|option| (option.name, Member::from(option.default)));
            Value::object(members.collect(), Span::NONE)
        } else {
            Value::object(Default::default(), Span::NONE)
        };
        let subject = Subject {
            model: &looked.model,
            derive: &facts,
            facts: &|kind| facts::of_kind(kind).map(|fact| fact.name).collect(),
            options: &options,
            words: &looked.words,
            sources: &sources,
        };
        let mut out = super::standard_output();
        let written = match (&query, self.format) {
            (None, Format::Text) => document::write(&subject, &ids, &mut out),
            (None, Format::Json) => document::write_json(&subject, &ids, &mut out),
            (Some(query), Format::Text) => {
                document::write_selected(&subject, &ids, query, &mut out)
            }
            (Some(query), Format::Json) => {
                document::write_selected_json(&subject, &ids, query, &mut out)
            }
        };
        super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
        Ok(ExitCode::from(u8::from(!errors.is_empty())))
    }
}

/// A query, or what is wrong with it, drawn below it.
fn parsed(text: &str) -> anyhow::Result<Query> {
    if !text.starts_with('$') {
        return Err(anyhow!(
            "a query starts with `$`: put it between single quotes, or the shell takes `$` for itself"
        ));
    }
    Query::parse(text).map_err(|error| {
        let (start, end) = error.range;
        let column = text.get(..start).map_or(0, |before| before.chars().count());
        let width = text.get(start..end).map_or(1, |part| part.chars().count());
        let mut said = format!(
            "{}\n  {text}\n  {:column$}{}",
            error.message,
            "",
            "^".repeat(width.max(1))
        );
        if let Some(hint) = &error.hint {
            said.push_str(&format!("\n{hint}"));
        }
        anyhow!(said)
    })
}

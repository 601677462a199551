//! `onus explain`: a rule's name, or a peer's id for it, in; what it says out – with an address, why it says so there.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::configuration::{self, Configuration};
use super::inputs::InputArguments;
use super::stack;
use crate::diagnostic::{Level, did_you_mean};
use crate::facts::Facts;
use crate::output::explain::{self, Options};
use crate::report::suppress::canonical;
use crate::rules::{self, Rule, RuleInfo, samples};
use crate::source::SourceMap;

/// Say what a rule looks for, why, and what to do about it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  onus explain eks-public-endpoint-open-to-world
  onus explain CKV_AWS_39                                   by the id of another tool
  onus explain eks-secrets-not-encrypted infra aws_eks_cluster.main
                                                            why it says there what it says, test by test")]
pub(super) struct Explain {
    /// Name of a rule, or an id that Checkov, Trivy, KICS, Guard or another tool has for the same.
    #[arg(value_name = "RULE")]
    rule: String,

    /// Folder of a root module, or a template.
    #[arg(value_name = "DIR|TEMPLATE", requires = "address")]
    path: Option<String>,

    /// Resource in it. Without its index: all instances.
    #[arg(value_name = "ADDRESS")]
    address: Option<String>,

    /// Show all samples.
    #[arg(long, conflicts_with = "path")]
    samples: bool,

    /// Folder with rules of your own, beside the built-in ones. May be given several times.
    #[arg(long = "rules", value_name = "DIR")]
    packs: Vec<PathBuf>,

    /// Settings file instead of the nearest `onus.yaml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Day to take for today where facts ask the calendar.
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<jiff::civil::Date>,

    #[command(flatten)]
    inputs: InputArguments,

    /// Environment of `onus.yaml` to evaluate the code in.
    #[arg(long, value_name = "NAME", requires = "address")]
    environment: Option<String>,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let sources = SourceMap::new();
        let configuration =
            configuration::read(self.config.as_deref(), &self.packs, None, &sources)?;
        if configuration.is_refused(&sources)? {
            return Ok(ExitCode::from(super::USAGE));
        }
        let known = configuration.rules.known();
        let named = named(&self.rule, &known)?;
        match (&self.path, &self.address) {
            (Some(path), Some(address)) => {
                self.on_resources(path, address, &named, &configuration, &sources)
            }
            _ => self.rules(&named, &configuration, &sources),
        }
    }

    fn rules(
        &self,
        named: &[Arc<RuleInfo>],
        configuration: &Configuration,
        sources: &SourceMap,
    ) -> anyhow::Result<ExitCode> {
        let mut out = super::standard_output();
        for (index, info) in named.iter().enumerate() {
            if index > 0 {
                super::ignoring_closed_pipe(writeln!(out, "\n{}\n", "─".repeat(40)))?;
            }
            let rule = whole(info, configuration, sources)?;
            let (samples, _) = samples::read(&rule);
            let options = Options {
                width: super::terminal_width(),
                all_samples: self.samples,
                idle: configuration.why_idle(info),
            };
            let written = explain::write_rule(&rule, &samples, sources, &options, &mut out);
            super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn on_resources(
        &self,
        path: &str,
        address: &str,
        named: &[Arc<RuleInfo>],
        configuration: &Configuration,
        sources: &SourceMap,
    ) -> anyhow::Result<ExitCode> {
        let stack = stack::found_at(path)?;
        let environment = configuration.environment(self.environment.as_ref())?;
        let inputs = stack::within(environment.as_ref(), &stack, self.inputs.read()?)?;
        let looked = stack::look(&stack, &inputs, configuration.vocabulary.as_ref(), sources);
        let model = &looked.model;
        let mut diagnostics = looked.diagnostics;
        diagnostics.retain(|diagnostic| diagnostic.level == Level::Error);
        super::say(&diagnostics, sources)?;
        let ids = stack::resources(model, address)?;
        let facts = Facts::new(super::today(self.today));
        let mut out = super::standard_output();
        let mut is_first = true;
        for info in named {
            let Some(rule) = configuration.rules.named(&info.name) else {
                continue;
            };
            for id in &ids {
                let resource = model.resource(*id);
                if !info.kinds.contains(&resource.kind) {
                    continue;
                }
                if !is_first {
                    super::ignoring_closed_pipe(writeln!(out))?;
                }
                is_first = false;
                let explanation =
                    rules::explain::explain(model, &facts, &rule, &configuration.rules, *id);
                let address = |id| model.resource(id).address.to_string();
                let written = explain::write_explanation(
                    &rule,
                    resource,
                    &explanation,
                    &address,
                    sources,
                    &mut out,
                );
                super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
            }
        }
        if is_first {
            let mut kinds: Vec<&str> = ids.iter().map(|id| &*model.resource(*id).kind).collect();
            kinds.dedup();
            let all = named.iter().flat_map(|info| &info.kinds);
            let mut concerned: Vec<&str> = all.map(|kind| &**kind).collect();
            concerned.sort_unstable();
            concerned.dedup();
            bail!(
                "`{address}` is {}, and `{}` looks at {}",
                kinds.join(" and "),
                self.rule,
                concerned.join(", ")
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A rule with its samples, which are not read with built-in rules.
fn whole(
    info: &RuleInfo,
    configuration: &Configuration,
    sources: &SourceMap,
) -> anyhow::Result<Rule> {
    let rule = configuration.rules.named(&info.name);
    let rule = rule.with_context(|| format!("rule `{}` cannot be read", info.name))?;
    let mut rule = (*rule).clone();
    let file = sources.get(info.file.source);
    if let Some(envelope) = file.and_then(|file| crate::yaml::parse(&file).0) {
        rule.envelope = envelope;
    }
    Ok(rule)
}

/// Rules named where several may be meant.
const MOST_NAMED: usize = 10;

/// The rules that a name or an id of another tool stands for.
fn named(word: &str, known: &[Arc<RuleInfo>]) -> anyhow::Result<Vec<Arc<RuleInfo>>> {
    if let Some(rule) = known.iter().find(|rule| &*rule.name == word) {
        return Ok(vec![rule.clone()]);
    }
    let id = canonical(word);
    let found: Vec<Arc<RuleInfo>> = known
        .iter()
        .filter(|rule| {
            let mut ids = rule.aliases.iter().flat_map(|(_, ids)| ids);
            ids.any(|other| canonical(other) == id)
        })
        .cloned()
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names = || known.iter().map(|rule| &*rule.name);
    let similar: Vec<&str> = names().filter(|name| name.contains(word)).collect();
    if !similar.is_empty() && similar.len() <= MOST_NAMED && !word.is_empty() {
        bail!(
            "there is no rule `{word}`; there are:\n  {}",
            similar.join("\n  ")
        );
    }
    let ids = known
        .iter()
        .flat_map(|rule| rule.aliases.iter().flat_map(|(_, ids)| ids))
        .map(String::as_str);
    match did_you_mean(word, names().chain(ids)) {
        Some(hint) => bail!("there is no rule `{word}`; {hint}"),
        None => bail!("there is no rule `{word}`; `onus rules list` names all"),
    }
}

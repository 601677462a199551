//! The report: outcomes of rules on each stack in, findings with an identity, merged and sorted over all stacks, out.

mod comments;
pub mod fingerprint;
pub mod suppress;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::declared::{Construct, Language};
use crate::diagnostic::Diagnostic;
use crate::model::{Model, Resource};
use crate::rules::{Outcome, Source};
use crate::source::{Columns, SourceId, SourceMap, Span};

pub use crate::rules::{Condition, Confidence, RuleInfo, Severity, Verdict};
pub use fingerprint::Fingerprints;

/// Instances of one finding that are listed; the rest is counted.
const MOST_INSTANCES: usize = 50;

/// Kinds of what makes the resources of another file its own.
const MODULES: [&str; 2] = ["Code::Module", "AWS::CloudFormation::Stack"];

/// A fault, at one place, of one or more resources.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: Arc<RuleInfo>,
    /// Certainly, or perhaps.
    pub verdict: Verdict,
    /// How bad.
    pub severity: Severity,
    /// How often such a finding is right: the rule's, one step lower if it depends on a condition.
    pub confidence: Confidence,
    /// What is wrong, in one sentence without full stop.
    pub message: String,
    /// Where to look: the offending expression, or the nearest written thing around it. In code that was downloaded
    /// the nearest place of the trail in the user's own code, if there is one.
    pub place: Span,
    /// What stands at the place, if that is not the value itself: it was moved out of downloaded code.
    pub moved: Option<String>,
    /// The offending value for people.
    pub value: String,
    /// Canonical path of the offending value in its resource.
    pub path: String,
    /// The same path in the words of the resource's own language, as far as there are such words.
    pub argument: String,
    /// Whether AWS supplies the value because nothing is written.
    pub is_default: bool,
    /// How the value came to its place, nearest first.
    pub trail: Vec<Place>,
    /// Other places that belong to it.
    pub related: Vec<Place>,
    /// When it holds, if it does not always.
    pub condition: Option<Condition>,
    /// Address of the resource that the place belongs to; differs from the instance's across links.
    pub owner: Arc<str>,
    /// For an unsure finding: what is not known.
    pub reasons: Vec<String>,
    /// The clause, in the rule file.
    pub clause: Span,
    /// Its identity between runs.
    pub fingerprints: Fingerprints,
    /// Whether it counts.
    pub status: Status,
    /// The resources it was found on, at least one, at most 50.
    pub instances: Vec<Instance>,
    /// How many there are.
    pub instance_count: usize,
    /// Environments in which alone it holds; none if it holds in all that have its stacks.
    pub environments: Vec<Arc<str>>,
    /// The place before it was moved out of downloaded code.
    written: Span,
    /// Where its value comes from, if that tells it from others at its place.
    source: Option<Source>,
    /// Headers and calls above the place: a directive at one of them covers the finding.
    above: Vec<Span>,
}

/// A place and a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// A resource that a finding was found on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Folder of the root module, or path of the template.
    pub stack: Arc<str>,
    /// The language it is written in.
    pub language: Language,
    /// Address as its user writes it.
    pub address: Arc<str>,
    /// Canonical kind.
    pub kind: Arc<str>,
    /// Native type.
    pub native_kind: Arc<str>,
    /// Address of its module instance, empty in the root.
    pub module: Arc<str>,
    /// The CDK construct that made it, if one did.
    pub construct: Option<Construct>,
    /// Identity of the fault on this instance, its key included.
    pub fingerprint: String,
    /// Environments in which alone it was found; none if in all that have its stack.
    pub environments: Vec<Arc<str>>,
}

/// Whether a finding counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Open,
    /// Somebody said that it shall not.
    Suppressed(Suppression),
}

/// Who said that a finding shall not count, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Where it is said.
    pub place: Span,
    /// Whether that is in the code itself, not in settings.
    pub is_in_source: bool,
    /// The reason given.
    pub reason: Option<String>,
    /// The last day on which it holds.
    pub until: Option<jiff::civil::Date>,
}

impl Finding {
    /// The resource it was found on; of several the first.
    pub fn resource(&self) -> &Instance {
        &self.instances[0]
    }

    /// Whether it counts.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// Whether it certainly holds and nobody suppressed it.
    pub fn is_failure(&self) -> bool {
        self.verdict == Verdict::Fail && self.is_open()
    }

    /// Whether it holds only under a condition that is not the default case.
    pub fn is_conditional(&self) -> bool {
        self.condition
            .as_ref()
            .is_some_and(|condition| !condition.is_default_case)
    }

    /// In which environments alone it holds, in words, if not in all.
    pub fn only_in(&self) -> Option<String> {
        only_in(&self.environments)
    }

    /// Whether the offending value must not be shown; its places hold it in full.
    pub fn is_hidden(&self) -> bool {
        self.value.contains("(hidden)")
    }

    /// All places of which a directive may speak: the value's own, its trail, the headers above.
    pub fn places(&self) -> impl Iterator<Item = Span> + '_ {
        [self.place, self.written]
            .into_iter()
            .chain(self.trail.iter().map(|place| place.span))
            .chain(self.above.iter().copied())
            .filter(|span| span.is_written())
    }
}

/// "Only in prod and staging" for environments that are named; nothing for all.
pub fn only_in(environments: &[Arc<str>]) -> Option<String> {
    let (last, others) = environments.split_last()?;
    let others: Vec<&str> = others.iter().map(|name| &**name).collect();
    Some(match others.as_slice() {
        [] => format!("only in environment {last}"),
        _ => format!("only in environments {} and {last}", others.join(", ")),
    })
}

/// The findings of one stack, one for each outcome, in order of the outcomes.
pub fn findings(model: &Model, outcomes: Vec<Outcome>, sources: &SourceMap) -> Vec<Finding> {
    let mut calls: FxHashMap<&str, Vec<Span>> = FxHashMap::default();
    outcomes
        .into_iter()
        .map(|outcome| {
            let resource = model.resource(outcome.resource);
            let owner = model.resource(outcome.offender.owner);
            let mut above = Vec::new();
            for part in [owner, resource] {
                if !above.contains(&part.header) {
                    above.push(part.header);
                }
                let calls = calls
                    .entry(&part.module)
                    .or_insert_with(|| module_calls(model, &part.module));
                for call in calls.iter() {
                    if !above.contains(call) {
                        above.push(*call);
                    }
                }
            }
            finding(model, outcome, resource, owner, above, sources)
        })
        .collect()
}

fn finding(
    model: &Model,
    outcome: Outcome,
    resource: &Resource,
    owner: &Resource,
    above: Vec<Span>,
    sources: &SourceMap,
) -> Finding {
    let offender = outcome.offender;
    let source = offender.source();
    let written = [offender.place, owner.header, resource.header]
        .into_iter()
        .find(|span| span.is_written())
        .unwrap_or(Span::NONE);
    let mut trail: Vec<Place> = offender
        .origin
        .trail
        .iter()
        .filter(|(span, _)| span.is_written())
        .map(|(span, step)| Place {
            span,
            text: step.describe(),
        })
        .collect();

    // Nobody can edit downloaded code, and code scanning refuses places outside the repository.
    let mut place = written;
    let mut moved = None;
    if is_downloaded(written, sources) {
        let calls = above.iter().map(|span| (*span, "called here"));
        let own = trail
            .iter()
            .map(|place| (place.span, place.text.as_str()))
            .chain(calls)
            .find(|(span, _)| span.is_written() && !is_downloaded(*span, sources));
        if let Some((span, text)) = own {
            place = span;
            moved = Some(text.to_owned());
            let text = format!("{} in `{}`", offender.text, owner.address);
            let span = written;
            trail.insert(0, Place { span, text });
        }
    }
    let mut seen = FxHashSet::from_iter([place]);
    trail.retain(|step| seen.insert(step.span));

    let mut related: Vec<Place> = outcome
        .related
        .into_iter()
        .map(|(span, text)| Place { span, text })
        .collect();
    if owner.id != resource.id {
        related.push(Place {
            span: resource.header,
            text: format!("`{}` uses it", resource.address),
        });
    }
    related.retain(|other| other.span.is_written() && seen.insert(other.span));

    let instance = Instance {
        stack: model.root.clone(),
        language: resource.language,
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        native_kind: resource.native_kind.clone(),
        module: resource.module.clone(),
        construct: model.constructs.get(&resource.address).cloned(),
        fingerprint: fingerprint::semantic(
            &outcome.rule.name,
            &fingerprint::without_positions(&resource.address),
            &offender.stable_path,
            &offender.class,
        ),
        environments: Vec::new(),
    };
    let semantic = fingerprint::semantic(
        &outcome.rule.name,
        &fingerprint::without_keys(&resource.address),
        &offender.stable_path,
        &offender.class,
    );
    let confidence = match (&outcome.condition, outcome.rule.confidence) {
        (None, confidence) => confidence,
        (Some(_), Confidence::High) => Confidence::Medium,
        (Some(_), _) => Confidence::Low,
    };
    Finding {
        verdict: outcome.verdict,
        severity: outcome.severity,
        confidence,
        message: outcome.message,
        place,
        moved,
        value: offender.text,
        argument: in_own_words(model, owner, &offender.path),
        path: offender.path,
        is_default: offender.origin.is_default,
        trail,
        related,
        condition: outcome.condition,
        owner: owner.address.clone(),
        reasons: outcome.reasons,
        clause: outcome.clause,
        fingerprints: Fingerprints {
            semantic,
            line: String::new(),
        },
        status: Status::Open,
        instances: vec![instance],
        instance_count: 1,
        environments: Vec::new(),
        written,
        source,
        above,
        rule: outcome.rule,
    }
}

/// A canonical path as the owner's language says it: `vpc_config.endpoint_public_access`.
fn in_own_words(model: &Model, owner: &Resource, path: &str) -> String {
    let names: Vec<&str> = path
        .split('.')
        .map(|step| step.split('[').next().unwrap_or(step))
        .collect();
    let native = match owner.language {
        Language::Terraform => model.vocabulary.entry(&owner.kind),
        Language::CloudFormation => None,
    };
    match native.and_then(|entry| entry.native_path(&names)) {
        Some(native) if !native.is_empty() => native.join("."),
        _ => path.to_owned(),
    }
}

/// The calls (or stack resources) that lead to a module instance (or nested stack), innermost first.
fn module_calls(model: &Model, module: &str) -> Vec<Span> {
    let mut calls = Vec::new();
    let mut address = module;
    while !address.is_empty() {
        let call = model
            .at_address(address)
            .iter()
            .map(|id| model.resource(*id))
            .find(|resource| MODULES.contains(&&*resource.kind));
        let Some(call) = call else {
            break;
        };
        calls.push(call.header);
        // A call is written outside of what it makes.
        if call.module.len() >= address.len() {
            break;
        }
        address = &call.module;
    }
    calls
}

/// Whether a span lies in code that Terraform fetched, not in the user's own.
fn is_downloaded(span: Span, sources: &SourceMap) -> bool {
    sources
        .get(span.source)
        .is_some_and(|file| is_downloaded_path(&file.path))
}

/// Whether a path leads into the folder where Terraform keeps what it fetched.
pub fn is_downloaded_path(path: &str) -> bool {
    path.split('/').any(|part| part == ".terraform")
}

/// What came of one stack.
#[derive(Clone, Debug)]
pub struct StackReport {
    /// Folder of the root module, or path of the template.
    pub path: Arc<str>,
    /// Its language.
    pub language: Language,
    /// The environment in which it was evaluated, if settings name any.
    pub environment: Option<Arc<str>>,
    /// How many resources it declares.
    pub resources: usize,
    /// What was found, unmerged: the result of [`findings`].
    pub findings: Vec<Finding>,
    /// What was wrong with its input.
    pub diagnostics: Vec<Diagnostic>,
}

/// A stack that was analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analysed {
    /// Folder of the root module, or path of the template.
    pub path: Arc<str>,
    /// Its language.
    pub language: Language,
    /// How many resources it declares; in the environment that has most.
    pub resources: usize,
    /// The environments in which it was evaluated, if settings name any.
    pub environments: Vec<Arc<str>>,
}

/// Everything that came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Findings by file, line, column, rule and address; suppressed and unsure ones too.
    pub findings: Vec<Finding>,
    /// What was wrong with the input, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The stacks, by path.
    pub stacks: Vec<Analysed>,
    /// The input files, by path.
    pub files: Vec<SourceId>,
    /// The rules that were applied, by name.
    pub rules: Vec<Arc<RuleInfo>>,
    /// Sums over the findings.
    pub counts: Counts,
}

/// Sums over the findings of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open failures by severity, those that hold only under a condition included.
    pub by_severity: BTreeMap<Severity, usize>,
    /// Open failures that hold only under a condition which is not the default case.
    pub conditional: usize,
    /// Open unsure findings.
    pub unsure: usize,
    /// What is not known, with the number of unsure findings it is behind; most frequent first.
    pub unsure_reasons: Vec<(String, usize)>,
    /// Suppressed findings.
    pub suppressed: usize,
    /// Diagnostics that say that input was left out.
    pub incomplete: usize,
}

impl Counts {
    /// Open failures of all severities.
    pub fn failures(&self) -> usize {
        self.by_severity.values().sum()
    }
}

impl Report {
    /// The report over all stacks. `files` are the input files (not the rules'); `diagnostics` those that belong to no
    /// stack.
    pub fn new(
        stacks: Vec<StackReport>,
        files: Vec<SourceId>,
        rules: Vec<Arc<RuleInfo>>,
        diagnostics: Vec<Diagnostic>,
        sources: &SourceMap,
    ) -> Report {
        let mut all = Vec::new();
        let mut said = Said::default();
        let mut analysed: Vec<Analysed> = Vec::with_capacity(stacks.len());
        for stack in stacks {
            let environments: Vec<Arc<str>> = stack.environment.into_iter().collect();
            all.extend(stack.findings.into_iter().map(|mut finding| {
                for instance in &mut finding.instances {
                    instance.environments.clone_from(&environments);
                }
                finding
            }));
            // The environments of a stack follow each other.
            match analysed.last_mut() {
                Some(last) if last.path == stack.path && last.language == stack.language => {
                    last.resources = last.resources.max(stack.resources);
                    last.environments.extend(environments.iter().cloned());
                }
                _ => analysed.push(Analysed {
                    path: stack.path,
                    language: stack.language,
                    resources: stack.resources,
                    environments: environments.clone(),
                }),
            }
            for diagnostic in stack.diagnostics {
                said.add(analysed.len(), diagnostic, &environments);
            }
        }
        let mut diagnostics = diagnostics;
        diagnostics.append(&mut said.in_words_of(&analysed));
        let environments = Environments::of(&analysed);
        let mut findings = merged(all, &environments);
        for finding in &mut findings {
            environments.shorten(finding);
        }
        analysed.sort_by(|a, b| (&a.path, a.language).cmp(&(&b.path, b.language)));
        let mut report = Report {
            findings,
            diagnostics,
            stacks: analysed,
            files,
            rules,
            counts: Counts::default(),
        };
        report.arrange(sources);
        report
    }

    /// Names of the environments in which stacks were evaluated, in the order of settings.
    pub fn environments(&self) -> Vec<Arc<str>> {
        Environments::of(&self.stacks).order
    }

    /// How many resources were analysed.
    pub fn resources(&self) -> usize {
        self.stacks.iter().map(|stack| stack.resources).sum()
    }

    /// Drops the findings that `keep` refuses: milder than wanted, or outside the files asked for.
    pub fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.findings.retain(keep);
        self.count();
    }

    /// Sorts everything, names findings, counts.
    fn arrange(&mut self, sources: &SourceMap) {
        let path_of = |id: SourceId| -> Arc<str> {
            sources
                .get(id)
                .map_or_else(|| Arc::from(""), |file| file.path.clone())
        };
        self.rules.sort_by(|a, b| a.name.cmp(&b.name));
        self.rules.dedup_by(|a, b| a.name == b.name);
        self.files.sort_by_cached_key(|id| path_of(*id));
        self.files.dedup();

        let place_of = |span: Span| match sources.get(span.source) {
            Some(file) => {
                let at = file.position(span.start, Columns::Utf16);
                (file.path.clone(), at.line, at.column)
            }
            None => (Arc::from(""), 0, 0),
        };
        self.findings.sort_by_cached_key(|finding| {
            let resource = finding.resource();
            (
                place_of(finding.place),
                finding.rule.name.clone(),
                resource.address.clone(),
                resource.stack.clone(),
                finding.place.end,
                finding.verdict,
                !finding.is_open(),
                finding.written,
            )
        });
        self.diagnostics.sort_by_cached_key(|diagnostic| {
            let place = match (diagnostic.span, &diagnostic.path) {
                (Some(span), _) => place_of(span),
                (None, Some(path)) => (Arc::from(path.as_str()), 0, 0),
                (None, None) => (Arc::from(""), 0, 0),
            };
            (
                place,
                diagnostic.level,
                diagnostic.code,
                diagnostic.message.clone(),
            )
        });
        self.diagnostics.dedup();

        let mut hashes: FxHashMap<SourceId, Vec<String>> = FxHashMap::default();
        let mut times: FxHashMap<String, usize> = FxHashMap::default();
        for finding in &mut self.findings {
            let count = times
                .entry(finding.fingerprints.semantic.clone())
                .or_insert(0);
            *count += 1;
            finding.fingerprints.semantic.push_str(&format!(":{count}"));
            let Some(file) = sources.get(finding.place.source) else {
                continue;
            };
            let hashes = hashes
                .entry(file.id)
                .or_insert_with(|| fingerprint::line_hashes(&file.text_as_stored()));
            let line = file.line(finding.place.start);
            if let Some(hash) = hashes.get(line - 1) {
                finding.fingerprints.line = hash.clone();
            }
        }
        self.count();
    }

    fn count(&mut self) {
        let mut counts = Counts {
            incomplete: self.diagnostics.iter().filter(|d| d.incomplete).count(),
            ..Counts::default()
        };
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &self.findings {
            if !finding.is_open() {
                counts.suppressed += 1;
            } else if finding.verdict == Verdict::Fail {
                *counts.by_severity.entry(finding.severity).or_insert(0) += 1;
                counts.conditional += usize::from(finding.is_conditional());
            } else {
                counts.unsure += 1;
                let own: FxHashSet<&String> = finding.reasons.iter().collect();
                for reason in own {
                    *reasons.entry(reason).or_insert(0) += 1;
                }
            }
        }
        counts.unsure_reasons = reasons
            .into_iter()
            .map(|(reason, count)| (reason.to_owned(), count))
            .collect();
        counts
            .unsure_reasons
            .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        self.counts = counts;
    }
}

/// Places beside a finding's own that are named when findings are merged.
const MOST_RELATED: usize = 20;

/// Makes one finding of those with the same rule and place and the same value, wherever that came from: a module that
/// five callers give one value is at fault once. Two values at one place (`each.value`) are two findings. Of failures
/// and unsure ones at the same place only the failures stay, in each environment. What is one fault with different values
/// in different environments is one finding.
fn merged(findings: Vec<Finding>, environments: &Environments) -> Vec<Finding> {
    let mut groups: FxHashMap<(Arc<str>, Span, bool), usize> = FxHashMap::default();
    let mut grouped: Vec<Vec<Finding>> = Vec::new();
    for finding in findings {
        let key = (
            finding.rule.name.clone(),
            finding.written,
            finding.is_open(),
        );
        let index = *groups.entry(key).or_insert_with(|| {
            grouped.push(Vec::new());
            grouped.len() - 1
        });
        grouped[index].push(finding);
    }
    let by_source = grouped.into_iter().flat_map(|mut group| {
        if !group.iter().any(|one| one.verdict == Verdict::Fail) {
            return vec![group];
        }
        let failing: Vec<Vec<Arc<str>>> = group
            .iter()
            .filter(|one| one.verdict == Verdict::Fail)
            .map(|one| one.resource().environments.clone())
            .collect();
        group.retain(|one| {
            one.verdict == Verdict::Fail || !failing.contains(&one.resource().environments)
        });
        let mut parts: Vec<Vec<Finding>> = Vec::new();
        for finding in group {
            match parts.iter_mut().find(|part| {
                part[0].place == finding.place
                    && part[0].verdict == finding.verdict
                    && (part[0].source == finding.source
                        || part[0].value == finding.value
                        || part.iter().any(|other| is_elsewhere(other, &finding)))
            }) {
                Some(part) => part.push(finding),
                None => parts.push(vec![finding]),
            }
        }
        parts
    });
    by_source
        .filter_map(|group| one_of(group, environments))
        .collect()
}

/// Whether two findings are one fault of one resource in two environments.
fn is_elsewhere(one: &Finding, other: &Finding) -> bool {
    let (a, b) = (one.resource(), other.resource());
    a.environments != b.environments
        && (&a.stack, &a.address, &a.fingerprint) == (&b.stack, &b.address, &b.fingerprint)
        && one.severity == other.severity
}

/// The environments of a run.
struct Environments {
    /// All of them, in the order of settings.
    order: Vec<Arc<str>>,
    of_stack: FxHashMap<(Arc<str>, Language), Vec<Arc<str>>>,
}

impl Environments {
    fn of(stacks: &[Analysed]) -> Environments {
        let mut order: Vec<Arc<str>> = Vec::new();
        let mut of_stack = FxHashMap::default();
        // Each stack has them in the order of settings, perhaps not all.
        for stack in stacks.iter().filter(|stack| !stack.environments.is_empty()) {
            let mut at = 0;
            for name in &stack.environments {
                match order.iter().position(|known| known == name) {
                    Some(known) => at = known + 1,
                    None => {
                        order.insert(at, name.clone());
                        at += 1;
                    }
                }
            }
            of_stack.insert(
                (stack.path.clone(), stack.language),
                stack.environments.clone(),
            );
        }
        Environments { order, of_stack }
    }

    fn sort(&self, names: &mut Vec<Arc<str>>) {
        names.sort_by_key(|name| self.order.iter().position(|known| known == name));
        names.dedup();
    }

    fn all(&self, instance: &Instance) -> &[Arc<str>] {
        let key = (instance.stack.clone(), instance.language);
        self.of_stack.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Names environments only where a finding does not hold in all of them.
    fn shorten(&self, finding: &mut Finding) {
        let mut is_in_all = true;
        let mut names = Vec::new();
        for instance in &mut finding.instances {
            names.extend(instance.environments.iter().cloned());
            let all = self.all(instance);
            if instance.environments.len() == all.len() {
                instance.environments.clear();
            } else {
                is_in_all = false;
            }
        }
        if !is_in_all {
            self.sort(&mut names);
            finding.environments = names;
        }
    }
}

/// Diagnostics, those of one stack that are the same in several environments once.
#[derive(Default)]
struct Said {
    all: Vec<(usize, Diagnostic)>,
    by_place: FxHashMap<(usize, Option<Span>, &'static str), Vec<usize>>,
}

impl Said {
    fn add(&mut self, stack: usize, diagnostic: Diagnostic, environments: &[Arc<str>]) {
        if environments.is_empty() {
            self.all.push((stack, diagnostic));
            return;
        }
        let key = (stack, diagnostic.span, diagnostic.code);
        let alike = self.by_place.entry(key).or_default();
        let known = alike.iter().find(|index| {
            let (_, known) = &self.all[**index];
            let environments = known.environments.clone();
            *known
                == Diagnostic {
                    environments,
                    ..diagnostic.clone()
                }
        });
        match known {
            Some(index) => {
                let (_, known) = &mut self.all[*index];
                known.environments.extend_from_slice(environments);
                known.environments.dedup();
            }
            None => {
                alike.push(self.all.len());
                let environments = environments.to_vec();
                self.all.push((
                    stack,
                    Diagnostic {
                        environments,
                        ..diagnostic
                    },
                ));
            }
        }
    }

    /// Environments are named only where something is not said in all of its stack's.
    fn in_words_of(self, stacks: &[Analysed]) -> Vec<Diagnostic> {
        let shortened = |(stack, mut diagnostic): (usize, Diagnostic)| {
            let all = stacks
                .get(stack - 1)
                .map_or(0, |stack| stack.environments.len());
            if diagnostic.environments.len() == all {
                diagnostic.environments.clear();
            }
            diagnostic
        };
        self.all.into_iter().map(shortened).collect()
    }
}

fn one_of(mut group: Vec<Finding>, environments: &Environments) -> Option<Finding> {
    if group.len() == 1 {
        return group.pop();
    }
    let order = |a: &Instance, b: &Instance| -> Ordering {
        (&a.stack, &a.address, &a.fingerprint).cmp(&(&b.stack, &b.address, &b.fingerprint))
    };
    group.sort_by(|a, b| {
        (a.verdict.cmp(&b.verdict))
            .then(a.is_conditional().cmp(&b.is_conditional()))
            .then(b.severity.cmp(&a.severity))
            .then(a.condition.is_some().cmp(&b.condition.is_some()))
            .then_with(|| order(a.resource(), b.resource()))
            .then_with(|| a.message.cmp(&b.message))
    });
    let mut group = group.into_iter();
    let mut head = group.next()?;
    let mut others: Vec<Instance> = Vec::new();
    for other in group.filter(|other| other.verdict == head.verdict) {
        for &span in &other.above {
            if !head.above.contains(&span) {
                head.above.push(span);
            }
        }
        for reason in other.reasons {
            if !head.reasons.contains(&reason) {
                head.reasons.push(reason);
            }
        }
        let known: FxHashSet<Span> = [head.place, head.written]
            .into_iter()
            .chain(head.trail.iter().chain(&head.related).map(|p| p.span))
            .collect();
        // The other instances are named; their headers need not be shown.
        let related = other.related.into_iter();
        head.related
            .extend(related.filter(|place| {
                !known.contains(&place.span) && !other.above.contains(&place.span)
            }));
        if let Some(end) = other.trail.last()
            && !known.contains(&end.span)
            && head.related.len() < MOST_RELATED
        {
            head.related.push(Place {
                span: end.span,
                text: format!("another {}", end.text),
            });
        }
        others.extend(other.instances);
    }
    // The head's own instance stays in front: the message is about it.
    let mut first = head.instances.remove(0);
    let is_same = |a: &Instance, b: &Instance| (&a.stack, &a.address) == (&b.stack, &b.address);
    others.retain_mut(|other| {
        let is_first = is_same(other, &first);
        if is_first {
            first.environments.append(&mut other.environments);
        }
        !is_first
    });
    others.sort_by(order);
    others.dedup_by(|next, kept| {
        let is_same = is_same(next, kept);
        if is_same {
            kept.environments.append(&mut next.environments);
        }
        is_same
    });
    for instance in others.iter_mut().chain([&mut first]) {
        environments.sort(&mut instance.environments);
    }
    head.instances = vec![first];
    head.instance_count = 1 + others.len();
    others.truncate(MOST_INSTANCES - 1);
    head.instances.extend(others);
    head.related.truncate(MOST_INSTANCES);
    Some(head)
}

/// What decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitPolicy {
    /// Findings at or above this fail; none: no finding does.
    pub fail_on: Option<Severity>,
    /// Whether findings that hold only under a condition which is not the default case count.
    pub fail_on_conditional: bool,
    /// Whether unsure findings count.
    pub fail_on_unsure: bool,
    /// Whether input that was left out is fine.
    pub allow_incomplete: bool,
    /// Whether malformed and expired suppressions are errors.
    pub enforce_suppressions: bool,
    /// Report only: always 0.
    pub exit_zero: bool,
}

impl Default for ExitPolicy {
    fn default() -> ExitPolicy {
        ExitPolicy {
            fail_on: Some(Severity::High),
            fail_on_conditional: false,
            fail_on_unsure: false,
            allow_incomplete: false,
            enforce_suppressions: false,
            exit_zero: false,
        }
    }
}

/// Diagnostic codes of suppressions that `enforce_suppressions` makes errors.
const BROKEN_SUPPRESSIONS: [&str; 2] = ["suppression_malformed", "suppression_expired"];

/// The exit code of a finished run: 1 for findings that count, else 2 for suppressions that are enforced and wrong, else
/// 3 for input that was left out, else 0. (Errors of usage and settings are 2 before anything is analysed.)
pub fn exit_code(report: &Report, policy: &ExitPolicy) -> u8 {
    if policy.exit_zero {
        return 0;
    }
    let counts = |finding: &Finding| {
        finding.is_open()
            && policy
                .fail_on
                .is_some_and(|least| finding.severity >= least)
            && (policy.fail_on_conditional || !finding.is_conditional())
            && (policy.fail_on_unsure || finding.verdict == Verdict::Fail)
    };
    if report.findings.iter().any(counts) {
        return 1;
    }
    let is_broken = |d: &Diagnostic| BROKEN_SUPPRESSIONS.contains(&d.code);
    if policy.enforce_suppressions && report.diagnostics.iter().any(is_broken) {
        return 2;
    }
    if report.counts.incomplete > 0 && !policy.allow_incomplete {
        return 3;
    }
    0
}

#[cfg(test)]
pub(crate) mod tests;

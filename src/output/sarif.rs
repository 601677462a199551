//! SARIF 2.1.0: a report in, one log with one run out, in the form that GitHub code scanning reads best.
//!
//! The types are serde-sarif's, but for the log, the run and the list of results: those are written here one by one,
//! because a `Result` of serde-sarif takes two kilobytes and a report may have tens of thousands. Its version and
//! schema address are out of date, and some of its enumerations are bare JSON values; both are completed here.
//!
//! What GitHub reads: <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use serde_sarif::sarif;
use sha2::{Digest, Sha256};

use super::{OnOneLine, Paths, Secrets, name_of, shortened};
use crate::declared::Language;
use crate::diagnostic::{Diagnostic, Level};
use crate::report::{
    Confidence, Finding, Instance, Report, RuleInfo, Severity, Status, Verdict, is_downloaded_path,
    only_in,
};
use crate::source::{Columns, SourceFile, SourceId, SourceMap, Span};

/// For whom the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Code scanning: it takes every result for an open alert, so only failures that count are written.
    GitHub,
    /// Viewers and archives: unsure and suppressed findings too, and snippets.
    Full,
}

/// What the log shall hold.
#[derive(Clone, Debug)]
pub struct Options {
    /// For whom.
    pub profile: Profile,
    /// What tells this analysis from others of the same commit; the log's id is `onus/<category>/`.
    pub category: String,
    /// Where paths lie in the repository.
    pub paths: Paths,
    /// The exit code of the run, where it is known already.
    pub exit_code: Option<u8>,
    /// Results beyond these are cut, mildest first. GitHub keeps 5,000 of a run.
    pub most_results: usize,
    /// Only rules that have results, instead of all that were applied.
    pub matched_rules_only: bool,
    /// Line breaks and indentation for people.
    pub pretty: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            profile: Profile::GitHub,
            category: "default".to_owned(),
            paths: Paths::default(),
            exit_code: None,
            most_results: 5000,
            matched_rules_only: false,
            pretty: false,
        }
    }
}

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Names the repository's root, to which all addresses are relative.
const ROOT: &str = "%SRCROOT%";
/// Characters of short descriptions and names that GitHub takes.
const LONGEST_DESCRIPTION: usize = 1024;
/// Tags of a rule that GitHub keeps.
const MOST_TAGS: usize = 10;
/// Lines around the place that go into a snippet.
const CONTEXT_LINES: usize = 2;
/// Bytes of a snippet; longer ones are left out.
const LONGEST_SNIPPET: usize = 4000;

/// Writes the log, with a line end at its end.
///
/// # Errors
/// Those of `out`.
pub fn write(
    report: &Report,
    sources: &SourceMap,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let writer = Writer::new(report, sources, options);
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [writer.run()],
    };
    if options.pretty {
        serde_json::to_writer_pretty(&mut *out, &log)?;
    } else {
        serde_json::to_writer(&mut *out, &log)?;
    }
    writeln!(out)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

/// A run in the order of keys that reads best: what was run, how it went, what was found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: sarif::Tool,
    automation_details: sarif::RunAutomationDetails,
    column_kind: &'static str,
    default_encoding: &'static str,
    newline_sequences: [&'static str; 3],
    original_uri_base_ids: BTreeMap<&'static str, sarif::ArtifactLocation>,
    invocations: [sarif::Invocation; 1],
    artifacts: Vec<sarif::Artifact>,
    results: Results<'a>,
    properties: Value,
}

/// The results, each made when it is written.
struct Results<'a> {
    writer: Writer<'a>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.writer.chosen.len()))?;
        for finding in &self.writer.chosen {
            let result = self
                .writer
                .result(finding)
                .ok_or_else(|| S::Error::custom("a chosen finding has no place"))?;
            list.serialize_element(&result)?;
        }
        list.end()
    }
}

struct Writer<'a> {
    report: &'a Report,
    sources: &'a SourceMap,
    options: &'a Options,
    secrets: Secrets,
    rules: Vec<Arc<RuleInfo>>,
    rule_index: FxHashMap<Arc<str>, i64>,
    /// The findings that become results, in order.
    chosen: Vec<&'a Finding>,
    /// Findings left out because they are too many, and because they lie outside the repository.
    cut: usize,
    outside: usize,
    /// Address and index of every file that is named.
    artifacts: FxHashMap<SourceId, (String, i64)>,
    listed: Vec<Arc<SourceFile>>,
}

impl<'a> Writer<'a> {
    fn new(report: &'a Report, sources: &'a SourceMap, options: &'a Options) -> Writer<'a> {
        let mut writer = Writer {
            report,
            sources,
            options,
            secrets: Secrets::of(report, sources),
            rules: Vec::new(),
            rule_index: FxHashMap::default(),
            chosen: Vec::new(),
            cut: 0,
            outside: 0,
            artifacts: FxHashMap::default(),
            listed: Vec::new(),
        };
        writer.choose();
        writer.list_rules();
        writer.list_artifacts();
        writer
    }

    fn is_full(&self) -> bool {
        self.options.profile == Profile::Full
    }

    fn choose(&mut self) {
        let is_full = self.is_full();
        let wanted: Vec<&Finding> = self
            .report
            .findings
            .iter()
            .filter(|finding| is_full || finding.is_failure())
            .collect();
        let all = wanted.len();
        let mut inside: FxHashMap<SourceId, bool> = FxHashMap::default();
        let mut chosen: Vec<(usize, &Finding)> = wanted
            .into_iter()
            .filter(|finding| {
                let id = finding.place.source;
                let known = inside.entry(id);
                *known.or_insert_with(|| self.address_of(id).is_some())
            })
            .enumerate()
            .collect();
        self.outside = all - chosen.len();
        let most = self.options.most_results;
        if chosen.len() > most {
            self.cut = chosen.len() - most;
            let weight = |finding: &Finding| {
                (
                    !finding.is_failure(),
                    finding.is_conditional(),
                    std::cmp::Reverse(finding.severity),
                )
            };
            chosen.sort_by_key(|(_, finding)| weight(finding));
            chosen.truncate(most);
            chosen.sort_by_key(|(order, _)| *order);
        }
        self.chosen = chosen.into_iter().map(|(_, finding)| finding).collect();
    }

    fn list_rules(&mut self) {
        let matched: FxHashSet<&Arc<str>> = self.chosen.iter().map(|f| &f.rule.name).collect();
        let mut rules: Vec<Arc<RuleInfo>> = self
            .report
            .rules
            .iter()
            .filter(|rule| !self.options.matched_rules_only || matched.contains(&rule.name))
            .cloned()
            .collect();
        rules.extend(self.chosen.iter().map(|finding| finding.rule.clone()));
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        rules.dedup_by(|a, b| a.name == b.name);
        self.rule_index = rules
            .iter()
            .zip(0..)
            .map(|(rule, index)| (rule.name.clone(), index))
            .collect();
        self.rules = rules;
    }

    /// Files that results or diagnostics name; in full all that were read.
    fn list_artifacts(&mut self) {
        let mut ids: FxHashSet<SourceId> = FxHashSet::default();
        for finding in &self.chosen {
            ids.insert(finding.place.source);
            let others = finding.trail.iter().chain(&finding.related);
            ids.extend(others.map(|place| place.span.source));
            if let Status::Suppressed(suppression) = &finding.status {
                ids.insert(suppression.place.source);
            }
        }
        ids.extend(
            self.report
                .diagnostics
                .iter()
                .filter_map(|d| Some(d.span?.source)),
        );
        if self.is_full() {
            ids.extend(self.report.files.iter().copied());
        }
        let mut files: Vec<(String, Arc<SourceFile>)> = ids
            .into_iter()
            .filter_map(|id| Some((self.address_of(id)?, self.sources.get(id)?)))
            .collect();
        files.sort_by(|a, b| a.0.cmp(&b.0));
        for ((address, file), index) in files.into_iter().zip(0..) {
            self.artifacts.insert(file.id, (address, index));
            self.listed.push(file);
        }
    }

    /// The percent-encoded address of a file in the repository; none for downloaded ones, which are not part of it.
    fn address_of(&self, id: SourceId) -> Option<String> {
        let file = self.sources.get(id)?;
        if is_downloaded_path(&file.path) {
            return None;
        }
        Some(encoded(&self.options.paths.in_repository(&file.path)?))
    }

    fn run(self) -> Run<'a> {
        let driver = self.driver();
        let details = sarif::RunAutomationDetails::builder()
            .id(format!("onus/{}/", self.options.category.trim_matches('/')))
            .build();
        let root = sarif::ArtifactLocation::builder()
            .description(message("The root of the repository.".to_owned()))
            .build();
        let counts = &self.report.counts;
        let by_severity: BTreeMap<&str, usize> = counts
            .by_severity
            .iter()
            .map(|(severity, count)| (severity.as_str(), *count))
            .collect();
        let mut properties = json!({
            "counts": by_severity,
            "conditional": counts.conditional,
            "unsure": counts.unsure,
            "suppressed": counts.suppressed,
            "resources": self.report.resources(),
            "stacks": self.report.stacks.iter().map(|stack| &*stack.path).collect::<Vec<_>>(),
        });
        let environments = names(&self.report.environments());
        if !environments.is_empty() {
            properties["environments"] = environments.into();
        }
        Run {
            tool: sarif::Tool::builder().driver(driver).build(),
            automation_details: details,
            column_kind: "utf16CodeUnits",
            default_encoding: "utf-8",
            newline_sequences: ["\r\n", "\n", "\r"],
            original_uri_base_ids: BTreeMap::from([(ROOT, root)]),
            invocations: [self.invocation()],
            artifacts: self.listed.iter().map(|file| self.artifact(file)).collect(),
            properties,
            results: Results { writer: self },
        }
    }

    fn driver(&self) -> sarif::ToolComponent {
        let rules: Vec<sarif::ReportingDescriptor> = self
            .rules
            .iter()
            .map(|rule| self.descriptor(rule))
            .collect();
        let mut codes: Vec<&str> = self.report.diagnostics.iter().map(|d| d.code).collect();
        codes.extend(self.cuts().iter().map(|(code, _)| *code));
        codes.sort_unstable();
        codes.dedup();
        let notifications: Vec<sarif::ReportingDescriptor> =
            codes.into_iter().map(notification_descriptor).collect();
        let mut driver = sarif::ToolComponent::builder()
            .name("onus")
            .organization("onus")
            .semantic_version(env!("CARGO_PKG_VERSION"))
            .information_uri(env!("CARGO_PKG_REPOSITORY"))
            .language("en-US")
            .rules(rules)
            .build();
        if !notifications.is_empty() {
            driver.notifications = Some(notifications);
        }
        driver
    }

    fn descriptor(&self, rule: &RuleInfo) -> sarif::ReportingDescriptor {
        let title = shortened(&rule.title, LONGEST_DESCRIPTION);
        let why = if rule.why.is_empty() {
            &rule.title
        } else {
            &rule.why
        };
        let mut tags = vec![
            "security".to_owned(),
            "aws".to_owned(),
            "iac".to_owned(),
            rule.category.clone(),
            rule.topic.clone(),
        ];
        // The form that DefectDojo, Sonar and others read weaknesses from.
        for (framework, ids) in &rule.controls {
            if framework.eq_ignore_ascii_case("cwe") {
                tags.extend(ids.iter().map(|id| {
                    let number = id.trim_start_matches(|c: char| !c.is_ascii_digit());
                    format!("external/cwe/cwe-{number}")
                }));
            }
        }
        let mut seen = FxHashSet::default();
        tags.retain(|tag| !tag.is_empty() && seen.insert(tag.clone()));
        tags.truncate(MOST_TAGS);

        let mut properties: BTreeMap<String, Value> = BTreeMap::new();
        let mut set = |name: &str, value: Value| properties.insert(name.to_owned(), value);
        set("precision", confidence(rule.confidence).into());
        set("security-severity", security_severity(rule.severity).into());
        set("problem.severity", problem_severity(rule.severity).into());
        set("severity", rule.severity.as_str().into());
        set("profile", rule.profile.as_str().into());
        if !rule.responsibilities.is_empty() {
            set("responsibilities", json!(rule.responsibilities));
        }
        set("languages", json!(rule.languages));
        set(
            "kinds",
            rule.kinds.iter().map(|kind| Value::from(&**kind)).collect(),
        );
        if !rule.aliases.is_empty() {
            set("aliases", by_name(&rule.aliases));
        }
        if !rule.controls.is_empty() {
            set("controls", by_name(&rule.controls));
        }
        let configuration = sarif::ReportingConfiguration::builder()
            .level(Value::from(level(rule.severity)))
            .build();
        let help = sarif::MultiformatMessageString::builder()
            .text(help_text(rule))
            .markdown(help_markdown(rule))
            .build();
        let mut descriptor = sarif::ReportingDescriptor::builder()
            .id(rule.name.to_string())
            .name(pascal_case(&rule.name))
            .short_description(multiformat(title))
            .full_description(multiformat(shortened(why, LONGEST_DESCRIPTION)))
            .default_configuration(configuration)
            .help(help)
            .properties(
                sarif::PropertyBag::builder()
                    .tags(tags)
                    .additional_properties(properties)
                    .build(),
            )
            .build();
        descriptor.help_uri = self.help_address(rule);
        descriptor
    }

    /// The rule's own file at the tag of this version; for rules of other packs their first link.
    fn help_address(&self, rule: &RuleInfo) -> Option<String> {
        let file = self.sources.get(rule.file.source);
        match file.filter(|file| file.path.starts_with("rulesets/aws/")) {
            Some(file) => Some(format!(
                "{}/blob/v{}/{}",
                env!("CARGO_PKG_REPOSITORY"),
                env!("CARGO_PKG_VERSION"),
                encoded(&file.path)
            )),
            None => rule
                .links
                .iter()
                .find(|link| link.starts_with("https://"))
                .cloned(),
        }
    }

    /// Codes and texts of what this log leaves out.
    fn cuts(&self) -> Vec<(&'static str, String)> {
        let mut cuts = Vec::new();
        if self.cut > 0 {
            let text = format!(
                "{} of {} results were left out, the mildest ones.",
                self.cut,
                self.cut + self.chosen.len()
            );
            cuts.push(("results_cut", text));
        }
        if self.outside > 0 {
            let text = format!(
                "{} results were left out because they lie outside the repository.",
                self.outside
            );
            cuts.push(("results_outside", text));
        }
        cuts
    }

    fn invocation(&self) -> sarif::Invocation {
        let mut execution = Vec::new();
        let mut configuration = Vec::new();
        for diagnostic in &self.report.diagnostics {
            let notification = self.notification(diagnostic);
            if diagnostic.code.starts_with("suppression") {
                configuration.push(notification);
            } else {
                execution.push(notification);
            }
        }
        for (code, text) in self.cuts() {
            let notification = sarif::Notification::builder()
                .descriptor(descriptor_reference(code))
                .level(Value::from("warning"))
                .message(message(text))
                .build();
            execution.push(notification);
        }
        let mut invocation = sarif::Invocation::builder()
            .execution_successful(self.report.counts.incomplete == 0)
            .build();
        invocation.exit_code = self.options.exit_code.map(i64::from);
        if !execution.is_empty() {
            invocation.tool_execution_notifications = Some(execution);
        }
        if !configuration.is_empty() {
            invocation.tool_configuration_notifications = Some(configuration);
        }
        invocation
    }

    fn notification(&self, diagnostic: &Diagnostic) -> sarif::Notification {
        let mut text = sentence(&diagnostic.message);
        if let Some(only) = only_in(&diagnostic.environments) {
            text.push(' ');
            text.push_str(&sentence(&only));
        }
        let location = diagnostic.span.and_then(|span| self.location(span));
        if let (None, Some(path)) = (&location, &diagnostic.path) {
            text.push_str(&format!(" ({path})"));
        }
        if let Some(hint) = &diagnostic.hint {
            text.push(' ');
            text.push_str(&sentence(hint));
        }
        let level = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let mut notification = sarif::Notification::builder()
            .descriptor(descriptor_reference(diagnostic.code))
            .level(Value::from(level))
            .message(message(text))
            .build();
        notification.locations = location.map(|location| vec![location]);
        notification
    }

    fn artifact(&self, file: &SourceFile) -> sarif::Artifact {
        let text = file.text_as_stored();
        let hash = Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        let mut artifact = sarif::Artifact::builder()
            .hashes(BTreeMap::from([("sha-256".to_owned(), hash)]))
            .length(text.len() as i64)
            .build();
        artifact.location = self.artifact_location(file.id);
        artifact.source_language = source_language(&file.path).map(str::to_owned);
        artifact
    }

    fn artifact_location(&self, id: SourceId) -> Option<sarif::ArtifactLocation> {
        let (address, index) = self.artifacts.get(&id)?;
        Some(
            sarif::ArtifactLocation::builder()
                .uri(address.clone())
                .uri_base_id(ROOT)
                .index(*index)
                .build(),
        )
    }

    /// A place as a location; none outside the repository.
    fn location(&self, span: Span) -> Option<sarif::Location> {
        let artifact = self.artifact_location(span.source)?;
        let file = self.sources.get(span.source)?;
        let physical = sarif::PhysicalLocation::builder()
            .artifact_location(artifact)
            .region(region(&file, span))
            .build();
        Some(
            sarif::Location::builder()
                .physical_location(physical)
                .build(),
        )
    }

    fn result(&self, finding: &Finding) -> Option<sarif::Result> {
        let mut primary = self.location(finding.place)?;
        let mut logical_locations = vec![logical(finding.resource(), &finding.owner)];
        logical_locations.extend(
            finding
                .resource()
                .construct
                .as_ref()
                .map(|made| construct(&made.path)),
        );
        primary.logical_locations = Some(logical_locations);
        if self.is_full()
            && let Some(physical) = &mut primary.physical_location
        {
            physical.context_region = self.context(finding.place);
            if let Some(region) = &mut physical.region {
                region.snippet = self.snippet(finding.place);
            }
        }
        let (text, related) = self.explained(finding);
        let properties = sarif::PropertyBag::builder()
            .additional_properties(self.properties(finding))
            .build();
        let fingerprints = BTreeMap::from([
            (
                "onusSemantic/v1".to_owned(),
                finding.fingerprints.semantic.clone(),
            ),
            (
                "primaryLocationLineHash".to_owned(),
                finding.fingerprints.line.clone(),
            ),
        ]);
        let mut result = sarif::Result::builder()
            .rule_id(finding.rule.name.to_string())
            .level(result_level(finding))
            .message(message(text))
            .locations(vec![primary])
            .partial_fingerprints(fingerprints)
            .properties(properties)
            .build();
        result.rule_index = self.rule_index.get(&finding.rule.name).copied();
        if finding.verdict == Verdict::Unsure {
            result.kind = Some(sarif::ResultKind::Open);
        }
        if !related.is_empty() {
            result.related_locations = Some(related);
        }
        result.code_flows = self.code_flow(finding).map(|flow| vec![flow]);
        if let (true, Status::Suppressed(suppression)) = (self.is_full(), &finding.status) {
            let kind = if suppression.is_in_source {
                "inSource"
            } else {
                "external"
            };
            let mut written = sarif::Suppression::builder()
                .kind(Value::from(kind))
                .status(Value::from("accepted"))
                .build();
            written.justification = suppression.reason.clone();
            written.location = self.location(suppression.place);
            if let Some(until) = suppression.until {
                let expires = BTreeMap::from([("expires".to_owned(), until.to_string().into())]);
                let bag = sarif::PropertyBag::builder().additional_properties(expires);
                written.properties = Some(bag.build());
            }
            result.suppressions = Some(vec![written]);
        }
        Some(result)
    }

    /// The message, whose first sentence stands alone and whose next ones link to the places it speaks of, and these.
    fn explained(&self, finding: &Finding) -> (String, Vec<sarif::Location>) {
        let mut text = sentence(&finding.message);
        let mut related = Vec::new();
        if let Some(value) = value_sentence(finding) {
            text.push(' ');
            text.push_str(&value);
        }
        if let Some(condition) = &finding.condition {
            let only = if condition.is_default_case {
                "Holds"
            } else {
                "Holds only"
            };
            text.push_str(&format!(" {only} when {}", condition.text));
            text.push_str(if condition.is_default_case {
                "."
            } else {
                ", which is not the default."
            });
        }
        if let Some(only) = finding.only_in() {
            let verb = match finding.verdict {
                Verdict::Fail => "Holds",
                Verdict::Unsure => "Cannot be told",
            };
            text.push_str(&format!(" {verb} {only}."));
        }
        if !finding.reasons.is_empty() {
            text.push_str(&format!(" Not known: {}.", finding.reasons.join("; ")));
        }
        for (lead, places) in [
            ("The value comes from", &finding.trail),
            ("See also", &finding.related),
        ] {
            if places.is_empty() {
                continue;
            }
            let mut named = Vec::with_capacity(places.len());
            for place in places {
                match self.location(place.span) {
                    Some(mut location) => {
                        let id = related.len() as i64 + 1;
                        location.id = Some(id);
                        location.message = Some(message(place.text.clone()));
                        related.push(location);
                        named.push(format!("[{}]({id})", escaped(&place.text)));
                    }
                    None => {
                        named.push(format!(
                            "{} (in {})",
                            place.text,
                            self.sources.describe(place.span)
                        ));
                    }
                }
            }
            text.push_str(&format!(" {lead}: {}.", named.join(", ")));
        }
        if finding.instance_count > 1 {
            text.push_str(&format!(
                " The same holds for {} more of its instances.",
                finding.instance_count - 1
            ));
        }
        (text, related)
    }

    /// From where the value is written to where it is read.
    fn code_flow(&self, finding: &Finding) -> Option<sarif::CodeFlow> {
        let step = |span: Span, text: &str| {
            let mut location = self.location(span)?;
            location.message = Some(message(text.to_owned()));
            Some(
                sarif::ThreadFlowLocation::builder()
                    .location(location)
                    .build(),
            )
        };
        let mut steps: Vec<sarif::ThreadFlowLocation> = finding
            .trail
            .iter()
            .rev()
            .filter_map(|place| step(place.span, &place.text))
            .collect();
        if steps.is_empty() {
            return None;
        }
        steps.push(step(finding.place, &finding.message)?);
        let flow = sarif::ThreadFlow::builder().locations(steps).build();
        Some(sarif::CodeFlow::builder().thread_flows(vec![flow]).build())
    }

    fn properties(&self, finding: &Finding) -> BTreeMap<String, Value> {
        let resource = finding.resource();
        let mut properties = BTreeMap::new();
        let mut set = |name: &str, value: Value| properties.insert(name.to_owned(), value);
        set(
            "resource",
            json!({
                "address": &*resource.address,
                "kind": &*resource.kind,
                "nativeKind": &*resource.native_kind,
                "module": &*resource.module,
                "stack": &*resource.stack,
            }),
        );
        set("severity", finding.severity.as_str().into());
        set("confidence", confidence(finding.confidence).into());
        set("path", finding.path.clone().into());
        set("argument", finding.argument.clone().into());
        set("value", shortened(&finding.value, 200).into());
        if let Some(condition) = &finding.condition {
            set(
                "condition",
                json!({ "text": condition.text, "isDefaultCase": condition.is_default_case }),
            );
        }
        if !finding.environments.is_empty() {
            set("environments", names(&finding.environments).into());
        }
        if finding.instance_count > 1 {
            let instances: Vec<Value> = finding
                .instances
                .iter()
                .map(|i| json!({ "address": &*i.address, "stack": &*i.stack, "fingerprint": i.fingerprint }))
                .collect();
            set("instances", instances.into());
            set("instanceCount", finding.instance_count.into());
        }
        if !finding.reasons.is_empty() {
            set("reasons", json!(finding.reasons));
        }
        properties
    }

    /// The text of a place as far as it stands on its first line, hidden text masked.
    fn snippet(&self, span: Span) -> Option<sarif::ArtifactContent> {
        let file = self.sources.get(span.source)?;
        let rest = file.text.get(span.start as usize..span.end as usize)?;
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        if line.is_empty() || line.len() > LONGEST_SNIPPET {
            return None;
        }
        let start = span.start as usize;
        let text = self.secrets.mask(&file, start, start + line.len());
        Some(sarif::ArtifactContent::builder().text(text).build())
    }

    /// A few lines around a place, hidden text masked.
    fn context(&self, span: Span) -> Option<sarif::Region> {
        let file = self.sources.get(span.source)?;
        let line = file.line(span.start);
        let lines = file.line_starts().len();
        let first = line.saturating_sub(CONTEXT_LINES).max(1);
        let last = (line + CONTEXT_LINES).min(lines);
        let start = *file.line_starts().get(first - 1)? as usize;
        let end = *file.line_starts().get(last - 1)? as usize + file.line_text(last).len();
        if end - start > LONGEST_SNIPPET || start == end {
            return None;
        }
        let snippet = sarif::ArtifactContent::builder()
            .text(self.secrets.mask(&file, start, end))
            .build();
        let whole = Span::new(file.id, start, end);
        let end = file.position(whole.end, Columns::Utf16);
        Some(
            sarif::Region::builder()
                .start_line(first as i64)
                .start_column(1)
                .end_line(end.line as i64)
                .end_column(end.column as i64)
                .snippet(snippet)
                .build(),
        )
    }
}

/// A span as a region of one line: GitHub shows an alert in a pull request only if all lines of its region are new.
fn region(file: &SourceFile, span: Span) -> sarif::Region {
    let at = OnOneLine::of(file, span, Columns::Utf16);
    let line = at.line as i64;
    let mut region = sarif::Region::builder().start_line(line).build();
    // An empty region would be an insertion point, which viewers do not mark: the whole line then.
    if at.end_column > at.column {
        region.start_column = Some(at.column as i64);
        region.end_line = Some(line);
        region.end_column = Some(at.end_column as i64);
    }
    region
}

fn logical(resource: &Instance, owner: &str) -> sarif::LogicalLocation {
    let qualified = match resource.language {
        Language::Terraform => owner.to_owned(),
        Language::CloudFormation => {
            let file = resource.stack.rsplit('/').next().unwrap_or_default();
            let stem = file.split('.').next().unwrap_or_default();
            format!("{stem}/{owner}")
        }
    };
    sarif::LogicalLocation::builder()
        .name(owner.rsplit('.').next().unwrap_or(owner))
        .fully_qualified_name(qualified)
        .kind("resource")
        .build()
}

/// The construct that made a resource: what people who write CDK know it by.
fn construct(path: &str) -> sarif::LogicalLocation {
    let parts = path.strip_suffix("/Resource").unwrap_or(path);
    sarif::LogicalLocation::builder()
        .name(parts.rsplit('/').next().unwrap_or(parts))
        .fully_qualified_name(path)
        .kind("construct")
        .build()
}

fn names(names: &[Arc<str>]) -> Vec<Value> {
    names.iter().map(|name| Value::from(&**name)).collect()
}

fn message(text: String) -> sarif::Message {
    sarif::Message::builder().text(text).build()
}

fn multiformat(text: String) -> sarif::MultiformatMessageString {
    sarif::MultiformatMessageString::builder()
        .text(text)
        .build()
}

/// What a kind of notification is; GitHub's validator wants the same of it as of a rule.
fn notification_descriptor(code: &str) -> sarif::ReportingDescriptor {
    let words = code.replace('_', " ");
    let about = "What onus has to say about its input, not about the resources in it.";
    sarif::ReportingDescriptor::builder()
        .id(code)
        .short_description(multiformat(sentence(&words)))
        .full_description(multiformat(format!("{} {about}", sentence(&words))))
        .help(multiformat(
            "Each notification says what to do about it.".to_owned(),
        ))
        .build()
}

fn descriptor_reference(code: &str) -> sarif::ReportingDescriptorReference {
    sarif::ReportingDescriptorReference::builder()
        .id(code)
        .build()
}

/// A message as a sentence: it begins with a capital unless it begins with a name, and ends with a stop.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_word = first.chars().all(|c| c.is_ascii_lowercase());
    let mut sentence = String::with_capacity(text.len() + 1);
    match text.chars().next() {
        Some(letter) if is_word => {
            sentence.push(letter.to_ascii_uppercase());
            sentence.push_str(&text[letter.len_utf8()..]);
        }
        _ => sentence.push_str(text),
    }
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// What is there instead of what should be.
fn value_sentence(finding: &Finding) -> Option<String> {
    let name = name_of(finding)?;
    let value = shortened(&finding.value, 200);
    // A whole object says less than the code it was written in.
    if value.starts_with(['{', '[']) {
        return None;
    }
    Some(if finding.is_default {
        let assumed = value.strip_suffix(" (default)").unwrap_or(&value);
        format!("`{name}` is not set: AWS assumes `{assumed}`.")
    } else if value == "not set" {
        format!("`{name}` is not set.")
    } else {
        format!("`{name}` is `{value}`.")
    })
}

/// The text of a link in a message: brackets would end it.
/// See <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317468>.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A path as a relative reference: everything but unreserved characters and slashes percent-encoded, also colons, which
/// would make the first part a scheme.
fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// `eks-public-endpoint` is `EksPublicEndpoint`.
fn pascal_case(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect::<String>()
            })
        })
        .collect()
}

fn source_language(path: &str) -> Option<&'static str> {
    let ending = path.rsplit('.').next()?;
    Some(match ending {
        "tf" | "tofu" | "tfvars" | "hcl" => "terraform",
        "yaml" | "yml" | "template" => "yaml",
        "json" => "json",
        _ => return None,
    })
}

fn by_name(lists: &[(String, Vec<String>)]) -> Value {
    let map: serde_json::Map<String, Value> = lists
        .iter()
        .map(|(name, ids)| (name.clone(), json!(ids)))
        .collect();
    map.into()
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

/// GitHub's scale: over 9.0 critical, from 7.0 high, from 4.0 medium, above 0.0 low.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.5",
    }
}

fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The level of a result: one step lower if it holds only in a case that is not the default; none if it is unsure, as
/// the standard demands of kind `open`.
fn result_level(finding: &Finding) -> sarif::ResultLevel {
    if finding.verdict == Verdict::Unsure {
        return sarif::ResultLevel::None;
    }
    match (level(finding.severity), finding.is_conditional()) {
        ("error", false) => sarif::ResultLevel::Error,
        ("error", true) | ("warning", false) => sarif::ResultLevel::Warning,
        _ => sarif::ResultLevel::Note,
    }
}

/// The help of a rule: nothing in it depends on the run, or GitHub would take the rule for changed.
fn help_text(rule: &RuleInfo) -> String {
    let mut parts = vec![sentence(&rule.title)];
    if !rule.why.is_empty() {
        parts.push(rule.why.trim().to_owned());
    }
    if !rule.remedy.is_empty() {
        parts.push(format!("What to do: {}", rule.remedy.trim()));
    }
    if !rule.links.is_empty() {
        parts.push(format!("See {}", rule.links.join(" and ")));
    }
    parts.push(format!(
        "To accept it: # onus:ignore[{}] the reason",
        rule.name
    ));
    parts.join("\n\n")
}

fn help_markdown(rule: &RuleInfo) -> String {
    let mut text = format!("## {}\n", rule.title);
    if !rule.why.is_empty() {
        text.push_str(&format!("\n{}\n", rule.why.trim()));
    }
    if !rule.rationale.is_empty() {
        text.push_str(&format!(
            "\n### Why {}\n\n{}\n",
            rule.severity,
            rule.rationale.trim()
        ));
    }
    if !rule.remedy.is_empty() {
        text.push_str(&format!("\n### What to do\n\n{}\n", rule.remedy.trim()));
    }
    if !rule.links.is_empty() {
        text.push_str("\n### Further reading\n\n");
        for link in &rule.links {
            text.push_str(&format!("- <{link}>\n"));
        }
    }
    for (title, lists) in [
        ("The same check elsewhere", &rule.aliases),
        ("Controls", &rule.controls),
    ] {
        if lists.is_empty() {
            continue;
        }
        text.push_str(&format!("\n### {title}\n\n"));
        for (name, ids) in lists {
            text.push_str(&format!("- {name}: `{}`\n", ids.join("`, `")));
        }
    }
    text.push_str(&format!(
        "\nTo accept it, write `# onus:ignore[{}] the reason` on the line or above its block.\n",
        rule.name
    ));
    text
}

#[cfg(test)]
mod tests;

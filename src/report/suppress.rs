//! Suppression: directives in comments, template metadata and settings in, findings marked with who silenced them and why
//! out; and what is wrong with the directives.

use std::sync::Arc;

use base64::Engine as _;
use glob::Pattern;
use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::comments::{Comment, comments};
use super::{Finding, RuleInfo, StackReport, Status, Suppression};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::source::{SourceFile, SourceId, SourceMap, Span};
use crate::value::Value;
use crate::yaml;

/// Who reads a directive besides us. Ids of other tools are looked up among the rules' aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Ours.
    Onus,
    /// `checkov:skip=…` and `Metadata.checkov.skip`.
    Checkov,
    /// `trivy:ignore:…` and `tfsec:ignore:…`.
    Trivy,
    /// `kics-scan …`.
    Kics,
    /// `Metadata.guard.SuppressedRules`.
    Guard,
    /// `Metadata.cfn_nag.rules_to_suppress`.
    CfnNag,
    /// `Metadata.cdk_nag.rules_to_suppress`.
    CdkNag,
    /// `Metadata.cfn-lint.config.ignore_checks`.
    CfnLint,
}

impl Tool {
    /// What rule files call it.
    fn alias(self) -> &'static str {
        match self {
            Tool::Onus => "onus",
            Tool::Checkov => "checkov",
            Tool::Trivy => "trivy",
            Tool::Kics => "kics",
            Tool::Guard => "guard",
            Tool::CfnNag => "cfn_nag",
            Tool::CdkNag => "cdk_nag",
            Tool::CfnLint => "cfn_lint",
        }
    }
}

/// The findings that a directive speaks of.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    /// Those with a place in this range.
    Range(Span),
    /// Those whose file and resource match these patterns; none matches all.
    Matching {
        /// Of the path of the file.
        path: Option<Pattern>,
        /// Of the address of a resource.
        address: Option<Pattern>,
    },
}

/// Somebody's wish that findings shall not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    /// For whom it was written.
    pub tool: Tool,
    /// What it names; none: all rules, which only other tools allow.
    pub rules: Option<Vec<Named>>,
    /// Where it is written.
    pub place: Span,
    /// What it covers.
    pub scope: Scope,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// An id that a directive names.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// As it is written.
    pub id: String,
    /// The rules of ours that it stands for.
    pub rules: Vec<Arc<str>>,
}

/// Names under which rules are known: their own and, by tool, those of others.
struct Names<'a> {
    rules: FxHashMap<&'a str, Arc<str>>,
    aliases: FxHashMap<(&'a str, String), Vec<Arc<str>>>,
}

impl<'a> Names<'a> {
    fn of(known: &'a [Arc<RuleInfo>]) -> Names<'a> {
        let mut names = Names {
            rules: FxHashMap::default(),
            aliases: FxHashMap::default(),
        };
        for rule in known {
            names.rules.insert(&rule.name, rule.name.clone());
            for (tool, ids) in &rule.aliases {
                for id in ids {
                    let key = (tool.as_str(), canonical(id));
                    names
                        .aliases
                        .entry(key)
                        .or_default()
                        .push(rule.name.clone());
                }
            }
        }
        names
    }

    /// Our rules that an id of a tool stands for. Our own directives may name rules by anybody's id.
    fn resolve(&self, tool: Tool, id: &str) -> Vec<Arc<str>> {
        if tool == Tool::Onus {
            if let Some(name) = self.rules.get(id) {
                return vec![name.clone()];
            }
            let id = canonical(id);
            let mut found: Vec<Arc<str>> = self
                .aliases
                .iter()
                .filter(|((_, alias), _)| *alias == id)
                .flat_map(|(_, names)| names.iter().cloned())
                .collect();
            found.sort();
            found.dedup();
            return found;
        }
        let key = (tool.alias(), canonical(id));
        self.aliases.get(&key).cloned().unwrap_or_default()
    }

    /// Our rules that a pattern with `*` of a tool stands for.
    fn resolve_pattern(&self, tool: Tool, pattern: &str) -> Vec<Arc<str>> {
        let Ok(pattern) = Pattern::new(&canonical(pattern)) else {
            return Vec::new();
        };
        let mut found: Vec<Arc<str>> = self
            .aliases
            .iter()
            .filter(|((of, alias), _)| *of == tool.alias() && pattern.matches(alias))
            .flat_map(|(_, names)| names.iter().cloned())
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// Ids compare without case, and `AVD-AWS-0040` is `AWS-0040`.
pub fn canonical(id: &str) -> String {
    let id = id.trim().to_ascii_uppercase();
    id.strip_prefix("AVD-").map(str::to_owned).unwrap_or(id)
}

/// Words that files with directives contain: most files contain none and are not looked at further.
const COMMENT_WORDS: [&str; 6] = [
    "onus:",
    "checkov:skip",
    "bridgecrew:skip",
    "trivy:ignore",
    "tfsec:ignore",
    "kics-scan",
];
const METADATA_WORDS: [&str; 5] = [
    "onus",
    "checkov",
    "SuppressedRules",
    "rules_to_suppress",
    "ignore_checks",
];

/// The directives in input files, in order of their places, and what is wrong with ours. `known` gives all rules there
/// are, switched off ones included; it is asked only if some file may hold a directive.
pub fn collect(
    files: &[SourceId],
    sources: &SourceMap,
    known: impl FnOnce() -> Vec<Arc<RuleInfo>>,
) -> (Vec<Directive>, Vec<Diagnostic>) {
    let files: Vec<Arc<SourceFile>> = files
        .iter()
        .filter_map(|id| sources.get(*id))
        .filter(|file| may_hold_comments(file) || may_hold_metadata(file))
        .collect();
    if files.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let known = known();
    let mut collector = Collector {
        names: Names::of(&known),
        known: &known,
        directives: Vec::new(),
        diagnostics: Vec::new(),
    };
    for file in &files {
        if may_hold_comments(file) {
            for comment in comments(file) {
                collector.comment(file, comment);
            }
        }
        if may_hold_metadata(file) {
            collector.template(file);
        }
    }
    collector
        .directives
        .sort_by_key(|directive| directive.place);
    (collector.directives, collector.diagnostics)
}

fn may_hold_comments(file: &SourceFile) -> bool {
    COMMENT_WORDS.iter().any(|word| file.text.contains(word))
}

fn may_hold_metadata(file: &SourceFile) -> bool {
    let is_template = [".yaml", ".yml", ".json", ".template", ".cfn", ".config"]
        .iter()
        .any(|ending| file.path.ends_with(ending));
    is_template
        && file.text.contains("Metadata")
        && METADATA_WORDS.iter().any(|word| file.text.contains(word))
}

struct Collector<'a> {
    names: Names<'a>,
    known: &'a [Arc<RuleInfo>],
    directives: Vec<Directive>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Collector<'a> {
    fn comment(&mut self, file: &SourceFile, comment: Comment) {
        for (text, place) in comment.lines(file) {
            if let Some(rest) = text.strip_prefix("onus:") {
                self.ours(rest, place, comment.construct);
            } else {
                self.theirs(file, text, place, comment);
            }
        }
    }

    fn malformed(&mut self, place: Span, message: String) {
        self.diagnostics.push(
            Diagnostic::warning("suppression_malformed", place, message).hint(
                "write `onus:ignore[rule-name] reason until=2027-01-31`; the date may be left out",
            ),
        );
    }

    /// `ignore[rule, rule] reason until=date`, after `onus:`.
    fn ours(&mut self, text: &str, place: Span, scope: Span) {
        let Some(rest) = text.strip_prefix("ignore") else {
            let word: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
            self.malformed(place, format!("`onus:{word}` is no directive"));
            return;
        };
        let listed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((listed, rest)) = listed else {
            self.malformed(place, "the directive does not name its rules".to_owned());
            return;
        };
        let mut until = None;
        let mut words = Vec::new();
        for word in rest.split_whitespace() {
            match word.strip_prefix("until=") {
                Some(date) => until = Some(date),
                None => words.push(word),
            }
        }
        let ids: Vec<&str> = listed
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .collect();
        let reason = words.join(" ");
        let reason = reason.trim_start_matches([':', '-', ' ']);
        self.own(&ids, Some(reason), until, place, Scope::Range(scope));
    }

    fn own(
        &mut self,
        ids: &[&str],
        reason: Option<&str>,
        until: Option<&str>,
        place: Span,
        scope: Scope,
    ) {
        if ids.is_empty() {
            self.malformed(place, "the directive does not name its rules".to_owned());
            return;
        }
        let until = match until.map(|date| (date, date.parse::<Date>())) {
            None => None,
            Some((_, Ok(date))) => Some(date),
            // A date that cannot be read must not mean "for ever".
            Some((date, Err(_))) => {
                self.malformed(
                    place,
                    format!("`{date}` is not a date, so nothing is suppressed"),
                );
                return;
            }
        };
        let mut rules = Vec::new();
        for id in ids {
            let found = self.names.resolve(Tool::Onus, id);
            if found.is_empty() {
                let mut diagnostic = Diagnostic::warning(
                    "suppression_unknown_rule",
                    place,
                    format!("no rule is called `{id}`"),
                );
                diagnostic.hint = did_you_mean(id, self.known.iter().map(|rule| &*rule.name));
                self.diagnostics.push(diagnostic);
            }
            rules.push(Named {
                id: (*id).to_owned(),
                rules: found,
            });
        }
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_none() {
            self.diagnostics.push(
                Diagnostic::new(
                    Level::Note,
                    "suppression_without_reason",
                    "the directive gives no reason",
                )
                .at(place)
                .hint("say behind the brackets why this is fine here"),
            );
        }
        self.directives.push(Directive {
            tool: Tool::Onus,
            rules: Some(rules),
            place,
            scope,
            reason: reason.map(str::to_owned),
            until,
        });
    }

    /// Directives of other tools. What is wrong with them is theirs to tell.
    fn theirs(&mut self, file: &SourceFile, text: &str, place: Span, comment: Comment) {
        for mark in ["checkov:skip=", "bridgecrew:skip="] {
            if let Some((_, rest)) = text.split_once(mark) {
                let (id, reason) = rest.split_once(':').unwrap_or((rest, ""));
                let id = id.split_whitespace().next().unwrap_or_default();
                // Checkov wants it somewhere in the block.
                let scope = comment.enclosing.unwrap_or(comment.construct);
                self.push(Tool::Checkov, &[id], reason, None, place, scope);
            }
        }
        // `trivy:ignore:AVD-AWS-0040:exp:2027-01-31 tfsec:ignore:…`, several in one comment.
        for word in text.split_whitespace() {
            let listed = word
                .strip_prefix("trivy:ignore:")
                .or_else(|| word.strip_prefix("tfsec:ignore:"));
            if let Some(listed) = listed {
                self.trivy(listed, place, comment.construct);
            }
        }
        if let Some(rest) = text.strip_prefix("kics-scan ") {
            self.kics(file, rest.trim(), place, comment);
        }
    }

    fn trivy(&mut self, text: &str, place: Span, scope: Span) {
        let mut parts = text.split(':');
        let id = parts.next().unwrap_or_default();
        let mut until = None;
        while let Some(part) = parts.next() {
            let value = parts.next().unwrap_or_default();
            match (part, value.parse::<Date>()) {
                ("exp", Ok(date)) => until = Some(date),
                // A date that cannot be read, or a workspace we know nothing of: not applied, rather than too often.
                _ => return,
            }
        }
        // `id[port=3306]` holds for some values only; which ones is Trivy's business.
        if id.contains('[') {
            return;
        }
        if id.contains('*') {
            let rules = self.names.resolve_pattern(Tool::Trivy, id);
            let id = id.to_owned();
            let named = vec![Named { id, rules }];
            self.add(Tool::Trivy, Some(named), "", until, place, scope);
        } else {
            self.push(Tool::Trivy, &[id], "", until, place, scope);
        }
    }

    fn kics(&mut self, file: &SourceFile, text: &str, place: Span, comment: Comment) {
        let whole = Span::new(file.id, 0, file.text.len());
        let construct = comment.construct;
        let line_end = file.line_starts().get(file.line(construct.start)).copied();
        let line = Span {
            end: construct.end.min(line_end.unwrap_or(construct.end)),
            ..construct
        };
        if let Some(ids) = text.strip_prefix("disable=") {
            if comment.is_at_head {
                let ids: Vec<&str> = ids.split(',').map(str::trim).collect();
                self.push(Tool::Kics, &ids, "", None, place, whole);
            }
            return;
        }
        let scope = match text {
            "ignore" if comment.is_at_head => whole,
            "ignore-line" => line,
            "ignore-block" => construct,
            _ => return,
        };
        self.add(Tool::Kics, None, "", None, place, scope);
    }

    fn push(
        &mut self,
        tool: Tool,
        ids: &[&str],
        reason: &str,
        until: Option<Date>,
        place: Span,
        scope: Span,
    ) {
        let rules = ids.iter().map(|id| Named {
            id: (*id).to_owned(),
            rules: self.names.resolve(tool, id),
        });
        let rules = rules.collect();
        self.add(tool, Some(rules), reason, until, place, scope);
    }

    fn add(
        &mut self,
        tool: Tool,
        rules: Option<Vec<Named>>,
        reason: &str,
        until: Option<Date>,
        place: Span,
        scope: Span,
    ) {
        // Ids of other tools that are none of our rules concern us no more.
        if rules.iter().flatten().all(|named| named.rules.is_empty()) && rules.is_some() {
            return;
        }
        let reason = reason.trim();
        self.directives.push(Directive {
            tool,
            rules,
            place,
            scope: Scope::Range(scope),
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            until,
        });
    }

    /// Metadata of the template and of its resources.
    fn template(&mut self, file: &SourceFile) {
        // Faults of the template were told when it was loaded.
        let (Some(root), _) = yaml::parse(file) else {
            return;
        };
        let whole = Span::new(file.id, 0, file.text.len());
        if let Some(metadata) = root.member("Metadata") {
            self.metadata(&metadata, whole);
        }
        let Some(resources) = root.member("Resources") else {
            return;
        };
        let Some(object) = resources.as_object() else {
            return;
        };
        for member in object.members().values() {
            if let Some(metadata) = member.value.member("Metadata") {
                let scope = if member.key.is_written() {
                    member.key.to(member.value.span())
                } else {
                    member.value.span()
                };
                self.metadata(&metadata, scope);
            }
        }
    }

    fn metadata(&mut self, metadata: &Value, scope: Span) {
        let items = |path: [&str; 2]| -> Vec<Value> {
            let found = metadata
                .member(path[0])
                .and_then(|tool| tool.member(path[1]));
            match found {
                Some(list) if list.as_list().is_some() => list.elements().collect(),
                Some(one) => vec![one],
                None => Vec::new(),
            }
        };
        let text = |item: &Value, name: &str| {
            item.member(name)
                .and_then(|value| Some(value.as_str()?.to_owned()))
        };
        for item in items(["onus", "ignore"]) {
            let (listed, reason, until) = match item.as_str() {
                Some(name) => (vec![name.to_owned()], None, None),
                None => {
                    let listed = match item.member("rule").or_else(|| item.member("rules")) {
                        Some(list) if list.as_list().is_some() => list
                            .elements()
                            .filter_map(|name| Some(name.as_str()?.to_owned()))
                            .collect(),
                        Some(name) => name.as_str().map(str::to_owned).into_iter().collect(),
                        None => Vec::new(),
                    };
                    (listed, text(&item, "reason"), text(&item, "until"))
                }
            };
            let ids: Vec<&str> = listed.iter().map(String::as_str).collect();
            self.own(
                &ids,
                reason.as_deref(),
                until.as_deref(),
                item.span(),
                Scope::Range(scope),
            );
        }
        for (path, tool, id, why) in [
            (["checkov", "skip"], Tool::Checkov, "id", "comment"),
            (
                ["cfn_nag", "rules_to_suppress"],
                Tool::CfnNag,
                "id",
                "reason",
            ),
            (["guard", "SuppressedRules"], Tool::Guard, "rule", "reason"),
        ] {
            for item in items(path) {
                let named = match item.as_str() {
                    Some(name) => Some(name.to_owned()),
                    None => text(&item, id),
                };
                if let Some(named) = named {
                    let reason = text(&item, why).unwrap_or_default();
                    self.push(tool, &[&named], &reason, None, item.span(), scope);
                }
            }
        }
        for item in items(["cdk_nag", "rules_to_suppress"]) {
            // `applies_to` names some of what the rule found; which ones is cdk-nag's business.
            if let Some(named) = text(&item, "id").filter(|_| item.member("applies_to").is_none()) {
                let reason = text(&item, "reason").unwrap_or_default();
                let reason = match item.member("is_reason_encoded").and_then(|is| is.as_bool()) {
                    Some(true) => decoded(&reason),
                    _ => reason,
                };
                self.push(Tool::CdkNag, &[&named], &reason, None, item.span(), scope);
            }
        }
        let lint = metadata.member("cfn-lint");
        let lint = lint.and_then(|lint| lint.member("config")?.member("ignore_checks"));
        for item in lint.iter().flat_map(Value::elements) {
            if let Some(named) = item.as_str() {
                self.push(Tool::CfnLint, &[named], "", None, item.span(), scope);
            }
        }
    }
}

/// A reason that cdk-nag wrote in Base64, because it has characters that templates may not hold.
fn decoded(reason: &str) -> String {
    let bytes = base64::engine::general_purpose::STANDARD.decode(reason);
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.unwrap_or_else(|| reason.to_owned())
}

/// Marks the findings that directives cover. Tells of directives that have expired, and of ours that cover nothing
/// although their rule was applied and their file was wholly understood.
pub fn apply(
    stacks: &mut [StackReport],
    directives: &[Directive],
    is_applied: &dyn Fn(&str) -> bool,
    today: Date,
    sources: &SourceMap,
) -> Vec<Diagnostic> {
    let mut by_rule: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    let mut of_all: Vec<usize> = Vec::new();
    for (index, directive) in directives.iter().enumerate() {
        match &directive.rules {
            Some(named) => {
                for rule in named.iter().flat_map(|named| &named.rules) {
                    by_rule.entry(rule).or_default().push(index);
                }
            }
            None => of_all.push(index),
        }
    }
    // Which rules each directive covered something of.
    let mut used: Vec<FxHashSet<Arc<str>>> = vec![FxHashSet::default(); directives.len()];
    let mut expired: Vec<Option<Span>> = vec![None; directives.len()];
    for finding in stacks.iter_mut().flat_map(|stack| &mut stack.findings) {
        let named = by_rule.get(&*finding.rule.name).into_iter().flatten();
        let mut chosen: Option<&Directive> = None;
        for &index in named.chain(&of_all) {
            let directive = &directives[index];
            if !covers(directive, finding, sources) {
                continue;
            }
            used[index].insert(finding.rule.name.clone());
            if directive.until.is_some_and(|until| until < today) {
                expired[index].get_or_insert(finding.place);
            } else if chosen.is_none_or(|chosen| is_better(directive, chosen)) {
                chosen = Some(directive);
            }
        }
        if let Some(directive) = chosen {
            finding.status = Status::Suppressed(Suppression {
                place: directive.place,
                is_in_source: matches!(directive.scope, Scope::Range(_)),
                reason: directive.reason.clone(),
                until: directive.until,
            });
        }
    }

    let half_read: FxHashSet<SourceId> = stacks
        .iter()
        .flat_map(|stack| &stack.diagnostics)
        .filter(|diagnostic| diagnostic.incomplete)
        .filter_map(|diagnostic| Some(diagnostic.span?.source))
        .collect();
    let mut diagnostics = Vec::new();
    for ((directive, used), expired) in directives.iter().zip(&used).zip(&expired) {
        if let (Some(place), Some(until)) = (expired, directive.until) {
            let message = format!("this suppression expired on {until}");
            diagnostics.push(
                Diagnostic::warning("suppression_expired", directive.place, message)
                    .label(*place, "counts again"),
            );
        }
        if directive.tool != Tool::Onus || half_read.contains(&directive.place.source) {
            continue;
        }
        for named in directive.rules.iter().flatten() {
            let is_used = named.rules.iter().any(|rule| used.contains(rule));
            if is_used || !named.rules.iter().any(|rule| is_applied(rule)) {
                continue;
            }
            let message = format!("nothing to suppress: `{}` has no finding here", named.id);
            diagnostics.push(
                Diagnostic::warning("suppression_unused", directive.place, message)
                    .hint("delete the directive, or move it to the line or block it is about"),
            );
        }
    }
    diagnostics
}

/// Of two directives that cover the same finding, ours and those with a reason are told.
fn is_better(directive: &Directive, other: &Directive) -> bool {
    let rank = |d: &Directive| (d.tool != Tool::Onus, d.reason.is_none());
    rank(directive) < rank(other)
}

fn covers(directive: &Directive, finding: &Finding, sources: &SourceMap) -> bool {
    match &directive.scope {
        Scope::Range(range) => finding.places().any(|place| touches(*range, place)),
        Scope::Matching { path, address } => {
            let path_fits = path.as_ref().is_none_or(|pattern| {
                sources
                    .get(finding.place.source)
                    .is_some_and(|file| pattern.matches(&file.path))
            });
            let address_fits = address.as_ref().is_none_or(|pattern| {
                let own = finding.instances.iter().map(|instance| &instance.address);
                own.chain([&finding.owner])
                    .any(|address| pattern.matches(address))
            });
            path_fits && address_fits
        }
    }
}

/// Whether a place begins in a range: a block that ends there but begins above is another thing.
fn touches(range: Span, place: Span) -> bool {
    range.source == place.source && range.start <= place.start && place.start < range.end
}

#[cfg(test)]
mod tests;

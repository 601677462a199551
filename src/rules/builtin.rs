//! The rules that come with the program: an index that build.rs made of `rulesets/` in, rules by kind out. A rule is
//! parsed when a kind that it applies to is there.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::load::{self, OptionDeclaration, Rule, Surroundings};
use super::{Confidence, RuleInfo, Severity};
use crate::diagnostic::Diagnostic;
use crate::model::{Kind, Vocabulary};
use crate::source::{SourceFile, SourceMap, Span};
use crate::value::{Data, List, ListKind, Member, Value};

/// A built-in rule.
struct Embedded {
    /// Path of its file.
    path: &'static str,
    /// Its file.
    text: &'static str,
    /// Where its samples begin.
    end: usize,
    /// The kinds it applies to, groups expanded.
    kinds: &'static [&'static str],
    /// The languages in which some of those can be written.
    languages: &'static [&'static str],
    title: &'static str,
    severity: &'static str,
    confidence: &'static str,
    category: &'static str,
    profile: &'static str,
    topic: &'static str,
    rationale: &'static str,
    why: &'static str,
    remedy: &'static str,
    aliases: Lists,
    controls: Lists,
    links: &'static [&'static str],
    responsibilities: &'static [&'static str],
}

/// A map of lists.
type Lists = &'static [(&'static str, &'static [&'static str])];

impl Embedded {
    /// What the file says besides clauses, found without reading it.
    fn info(&self, file: &SourceFile) -> RuleInfo {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let lists = |lists: Lists| {
            lists
                .iter()
                .map(|(name, ids)| ((*name).to_owned(), owned(ids)))
                .collect()
        };
        RuleInfo {
            name: load::name_of(self.path).into(),
            title: self.title.to_owned(),
            severity: Severity::parse(self.severity).unwrap_or(Severity::Medium),
            confidence: match self.confidence {
                "low" => Confidence::Low,
                "medium" => Confidence::Medium,
                _ => Confidence::High,
            },
            category: self.category.to_owned(),
            kinds: self.kinds.iter().map(|kind| Kind::from(*kind)).collect(),
            aliases: lists(self.aliases),
            controls: lists(self.controls),
            languages: self.languages.to_vec(),
            why: self.why.to_owned(),
            remedy: self.remedy.to_owned(),
            links: owned(self.links),
            file: Span::new(file.id, 0, file.text.len()),
            profile: self.profile.to_owned(),
            topic: self.topic.to_owned(),
            responsibilities: owned(self.responsibilities),
            rationale: self.rationale.to_owned(),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Rules to apply. The built-in ones are parsed when they are needed.
pub struct RuleSet {
    slots: Vec<Slot>,
    by_kind: FxHashMap<Kind, Vec<usize>>,
    by_name: FxHashMap<Arc<str>, usize>,
    /// Options of the built-in folders, once a rule needs them.
    shared: OnceLock<Vec<(String, Vec<OptionDeclaration>)>>,
    option_files: Vec<Arc<SourceFile>>,
    settings: Vec<Setting>,
    overrides: FxHashMap<Arc<str>, Override>,
}

/// A rule and how far it is known.
struct Slot {
    name: Arc<str>,
    file: Arc<SourceFile>,
    embedded: Option<&'static Embedded>,
    info: OnceLock<Arc<RuleInfo>>,
    rule: OnceLock<Option<Arc<Rule>>>,
}

/// A value that somebody gave an option.
#[derive(Clone, Debug)]
struct Setting {
    rule: Option<Arc<str>>,
    name: Arc<str>,
    adds: bool,
    value: Value,
}

/// What settings say of one rule.
#[derive(Clone, Copy, Debug, Default)]
struct Override {
    is_disabled: bool,
    severity: Option<Severity>,
}

impl RuleSet {
    /// The built-in rules. Their files become part of `sources`.
    pub fn builtin(sources: &SourceMap) -> RuleSet {
        let slots: Vec<Slot> = RULES
            .iter()
            .map(|embedded| Slot {
                name: load::name_of(embedded.path).into(),
                file: sources.add_embedded(embedded.path, embedded.text),
                embedded: Some(embedded),
                info: OnceLock::new(),
                rule: OnceLock::new(),
            })
            .collect();
        let mut by_kind: FxHashMap<Kind, Vec<usize>> = FxHashMap::default();
        for (index, embedded) in RULES.iter().enumerate() {
            for kind in embedded.kinds {
                match by_kind.get_mut(*kind) {
                    Some(rules) => rules.push(index),
                    None => {
                        by_kind.insert((*kind).into(), vec![index]);
                    }
                }
            }
        }
        let option_files = OPTIONS
            .iter()
            .map(|(path, text)| sources.add_embedded(path, text))
            .collect();
        RuleSet::of(slots, by_kind, option_files)
    }

    /// No rules.
    pub fn empty() -> RuleSet {
        RuleSet::of(Vec::new(), FxHashMap::default(), Vec::new())
    }

    fn of(
        slots: Vec<Slot>,
        by_kind: FxHashMap<Kind, Vec<usize>>,
        option_files: Vec<Arc<SourceFile>>,
    ) -> RuleSet {
        let by_name = slots
            .iter()
            .enumerate()
            .map(|(index, slot)| (slot.name.clone(), index))
            .collect();
        RuleSet {
            slots,
            by_kind,
            by_name,
            shared: OnceLock::new(),
            option_files,
            settings: Vec::new(),
            overrides: FxHashMap::default(),
        }
    }

    /// Reads the rule files of a pack, given with its `_options.yaml` files, in any order; other files whose names begin
    /// with `_` are no rules. A rule that is not understood is left out and said.
    pub fn read(files: &[Arc<SourceFile>], vocabulary: &Vocabulary) -> (RuleSet, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let option_files: Vec<Arc<SourceFile>> = files
            .iter()
            .filter(|file| load::name_of(&file.path) == "_options")
            .cloned()
            .collect();
        let shared: Vec<(String, Vec<OptionDeclaration>)> = option_files
            .iter()
            .map(|file| {
                let (declared, mut found) = load::options(file);
                diagnostics.append(&mut found);
                (folder(&file.path).to_owned(), declared)
            })
            .collect();
        let mut slots = Vec::new();
        let mut by_kind: FxHashMap<Kind, Vec<usize>> = FxHashMap::default();
        let mut names: FxHashMap<Arc<str>, Span> = FxHashMap::default();
        for file in files {
            let name = load::name_of(&file.path);
            if name.starts_with('_') {
                continue;
            }
            let options = visible(&shared, &file.path);
            let around = Surroundings {
                vocabulary,
                options: &options,
            };
            let (rule, mut found) = load::rule(file, &around);
            diagnostics.append(&mut found);
            let Some(rule) = rule else { continue };
            if let Some(first) = names.insert(rule.info.name.clone(), rule.info.file) {
                diagnostics.push(
                    Diagnostic::error(
                        "V37",
                        rule.info.file,
                        format!("there are two rules called `{name}`"),
                    )
                    .label(first, "the other one")
                    .hint("rename one of them"),
                );
                continue;
            }
            for kind in &rule.info.kinds {
                by_kind.entry(kind.clone()).or_default().push(slots.len());
            }
            slots.push(Slot {
                name: rule.info.name.clone(),
                file: file.clone(),
                embedded: None,
                info: OnceLock::from(rule.info.clone()),
                rule: OnceLock::from(Some(Arc::new(rule))),
            });
        }
        let set = RuleSet::of(slots, by_kind, option_files);
        let _ = set.shared.set(shared);
        (set, diagnostics)
    }

    /// These rules and others. A rule of a name that is known already is left out and said.
    #[must_use]
    pub fn and(mut self, other: RuleSet) -> (RuleSet, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let offset: Vec<Option<usize>> = other
            .slots
            .iter()
            .scan(self.slots.len(), |next, slot| {
                let is_known = self.by_name.contains_key(&slot.name);
                let index = (!is_known).then(|| {
                    *next += 1;
                    *next - 1
                });
                Some(index)
            })
            .collect();
        for slot in other
            .slots
            .iter()
            .filter(|slot| self.by_name.contains_key(&slot.name))
        {
            let known = &self.slots[self.by_name[&slot.name]];
            let whole = |file: &SourceFile| Span::new(file.id, 0, file.line_text(1).len());
            diagnostics.push(
                Diagnostic::error(
                    "V37",
                    whole(&slot.file),
                    format!("there are two rules called `{}`", slot.name),
                )
                .label(whole(&known.file), "the other one")
                .hint("rename one of them"),
            );
        }
        for (kind, rules) in other.by_kind {
            let rules = rules.into_iter().filter_map(|index| offset[index]);
            self.by_kind.entry(kind).or_default().extend(rules);
        }
        for (slot, index) in other.slots.into_iter().zip(offset) {
            if let Some(index) = index {
                self.by_name.insert(slot.name.clone(), index);
                self.slots.push(slot);
            }
        }
        // Rules of both keep their options: those of the other are read already.
        self.settings.extend(other.settings);
        self.overrides.extend(other.overrides);
        (self, diagnostics)
    }

    /// The names of all rules, switched off ones included, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().map(|slot| &*slot.name)
    }

    /// Switches a rule off or on. False if there is none of this name.
    pub fn enable(&mut self, name: &str, is_enabled: bool) -> bool {
        let is_known = self.by_name.contains_key(name);
        if is_known {
            self.overrides.entry(name.into()).or_default().is_disabled = !is_enabled;
        }
        is_known
    }

    /// Gives all findings of a rule this severity. False if there is none of this name.
    pub fn set_severity(&mut self, name: &str, severity: Severity) -> bool {
        let is_known = self.by_name.contains_key(name);
        if is_known {
            self.overrides.entry(name.into()).or_default().severity = Some(severity);
        }
        is_known
    }

    /// Sets an option, of one rule or of all that see it; `adds` puts the value behind the default list.
    pub fn set_option(&mut self, rule: Option<&str>, name: &str, adds: bool, value: Value) {
        self.settings.push(Setting {
            rule: rule.map(Into::into),
            name: name.into(),
            adds,
            value,
        });
    }

    /// The options that some rule can see, with their declarations: for checking settings.
    pub fn options(&self) -> Vec<OptionDeclaration> {
        let mut all: Vec<OptionDeclaration> = self
            .shared()
            .iter()
            .flat_map(|(_, declared)| declared.iter().cloned())
            .collect();
        for index in 0..self.slots.len() {
            if let Some(rule) = self.parsed(index) {
                all.extend(rule.declared.iter().cloned());
            }
        }
        all
    }

    /// Numbers of the rules that apply to a kind, switched off ones left out.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<usize> {
        let rules = self.by_kind.get(kind).map_or(&[][..], Vec::as_slice);
        rules
            .iter()
            .copied()
            .filter(|index| !self.is_disabled(*index))
            .collect()
    }

    fn is_disabled(&self, index: usize) -> bool {
        self.overrides
            .get(&self.slots[index].name)
            .is_some_and(|said| said.is_disabled)
    }

    /// A rule by its number, with what settings say of it.
    pub(super) fn rule(&self, index: usize) -> Option<Arc<Rule>> {
        self.parsed(index).map(|rule| {
            let severity = self
                .overrides
                .get(&rule.info.name)
                .and_then(|said| said.severity);
            let settings = || {
                self.settings.iter().filter(|setting| {
                    setting
                        .rule
                        .as_ref()
                        .is_none_or(|name| *name == rule.info.name)
                })
            };
            if severity.is_none() && settings().next().is_none() {
                return rule;
            }
            let mut changed = (*rule).clone();
            changed.fixed_severity = severity;
            // What is said of the rule itself counts more than what is said of all.
            for is_own in [false, true] {
                for setting in settings().filter(|setting| setting.rule.is_some() == is_own) {
                    changed.options = set(&changed.options, setting);
                }
            }
            Arc::new(changed)
        })
    }

    fn parsed(&self, index: usize) -> Option<Arc<Rule>> {
        let slot = &self.slots[index];
        slot.rule
            .get_or_init(|| {
                let embedded = slot.embedded?;
                let options = if embedded.text[..embedded.end].contains("$.options") {
                    visible(self.shared(), embedded.path)
                } else {
                    Vec::new()
                };
                let kinds = embedded
                    .kinds
                    .iter()
                    .map(|kind| Kind::from(*kind))
                    .collect();
                let rule = load::builtin(
                    &slot.file,
                    embedded.end,
                    embedded.languages,
                    kinds,
                    &options,
                )?;
                // One allocation of what the file says, whoever asks.
                Some(Arc::new(Rule {
                    info: self.info(index)?,
                    ..rule
                }))
            })
            .clone()
    }

    /// What the file of a rule says besides clauses.
    fn info(&self, index: usize) -> Option<Arc<RuleInfo>> {
        let slot = &self.slots[index];
        let of = || Some(Arc::new(slot.embedded?.info(&slot.file)));
        match slot.info.get() {
            Some(info) => Some(info.clone()),
            None => of().map(|info| slot.info.get_or_init(|| info).clone()),
        }
    }

    /// The options declared in `_options.yaml` files.
    pub(super) fn shared_options(&self) -> Vec<OptionDeclaration> {
        let declared = self.shared().iter().flat_map(|(_, declared)| declared);
        declared.cloned().collect()
    }

    fn shared(&self) -> &[(String, Vec<OptionDeclaration>)] {
        self.shared.get_or_init(|| {
            self.option_files
                .iter()
                .map(|file| (folder(&file.path).to_owned(), load::options(file).0))
                .collect()
        })
    }

    /// A rule by its name, switched off or not.
    pub fn named(&self, name: &str) -> Option<Arc<Rule>> {
        self.rule(*self.by_name.get(name)?)
    }

    /// What the files of all enabled rules say besides clauses, in order.
    pub fn infos(&self) -> Vec<Arc<RuleInfo>> {
        (0..self.slots.len())
            .into_par_iter()
            .filter(|index| !self.is_disabled(*index))
            .filter_map(|index| self.info(index))
            .collect()
    }

    /// What the files of all rules say besides clauses, switched off ones included, in order.
    pub fn known(&self) -> Vec<Arc<RuleInfo>> {
        (0..self.slots.len())
            .into_par_iter()
            .filter_map(|index| self.info(index))
            .collect()
    }

    /// The rules to which one leaves the word.
    pub(super) fn yields_to(&self, name: &str) -> Vec<Arc<str>> {
        let rule = self.by_name.get(name).and_then(|index| self.parsed(*index));
        let names = rule.iter().flat_map(|rule| &rule.yields_to);
        names
            .map(|(name, _)| name.clone())
            .filter(|name| {
                self.by_name
                    .get(name)
                    .is_some_and(|index| !self.is_disabled(*index))
            })
            .collect()
    }
}

/// Options with one of them set.
fn set(options: &Value, setting: &Setting) -> Value {
    let Some(object) = options.as_object() else {
        return options.clone();
    };
    let mut members = object.members().clone();
    if let Some(member) = members.get_mut(&setting.name) {
        let value = if setting.adds {
            let items: Vec<Value> = member
                .value
                .elements()
                .chain(setting.value.elements())
                .collect();
            Value::new(
                Data::List(List::new(ListKind::Tuple, items)),
                setting.value.span(),
            )
        } else {
            setting.value.clone()
        };
        *member = Member {
            key: member.key,
            value,
        };
    }
    Value::object(members, options.span())
}

/// The folder of a path.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The options that a file sees: of its own folder and of those above, nearest last.
fn visible(shared: &[(String, Vec<OptionDeclaration>)], path: &str) -> Vec<OptionDeclaration> {
    let own = folder(path);
    let mut above: Vec<&(String, Vec<OptionDeclaration>)> = shared
        .iter()
        .filter(|(folder, _)| {
            own == folder
                || folder.is_empty()
                || own
                    .strip_prefix(folder.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
        .collect();
    above.sort_by_key(|(folder, _)| folder.len());
    let mut names: FxHashSet<&Arc<str>> = FxHashSet::default();
    let mut options: Vec<OptionDeclaration> = Vec::new();
    for option in above.iter().rev().flat_map(|(_, declared)| declared) {
        if names.insert(&option.name) {
            options.push(option.clone());
        }
    }
    options.reverse();
    options
}

/// The embedded rule files: path and text.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES
        .iter()
        .map(|embedded| (embedded.path, embedded.text))
        .chain(OPTIONS.iter().copied())
}

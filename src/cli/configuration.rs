//! `onus.yaml` and packs of rules: files on the disk in, settings and the rules to apply out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;

use super::disk::{self, Disk};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::model::Vocabulary;
use crate::project::settings::{self, OptionSetting, Pack, Profile, Settings};
use crate::project::{self, Environment};
use crate::rules::{RuleInfo, RuleSet, Severity};
use crate::source::{EntryKind, Files, SourceFile, SourceMap};

/// What rules to apply, and what they may say.
pub(super) struct Configuration {
    /// The settings file's words, or nothing but defaults.
    pub settings: Settings,
    /// The rules.
    pub rules: RuleSet,
    /// Words that users' packs add to the built-in ones.
    pub vocabulary: Option<Arc<Vocabulary>>,
    /// What is wrong with settings and packs.
    pub diagnostics: Vec<Diagnostic>,
}

impl Configuration {
    /// Says what is wrong with settings and packs; true if something in them could not be used.
    pub fn is_refused(&self, sources: &SourceMap) -> anyhow::Result<bool> {
        super::say(&self.diagnostics, sources)?;
        let mut levels = self.diagnostics.iter().map(|found| found.level);
        Ok(levels.any(|level| level == Level::Error))
    }

    /// The environments of these names, in the order of settings; all if none is named.
    pub fn environments(&self, names: &[String]) -> anyhow::Result<Vec<Environment>> {
        let all = &self.settings.environments;
        for name in names {
            if all.iter().any(|known| *known.name == **name) {
                continue;
            }
            let known: Vec<&str> = all.iter().map(|known| &*known.name).collect();
            if known.is_empty() {
                bail!("there is no environment `{name}`: settings name none");
            }
            let hint = did_you_mean(name, known.iter().copied());
            let hint = hint.unwrap_or_else(|| format!("there are: {}", known.join(", ")));
            bail!("there is no environment `{name}`; {hint}");
        }
        let is_named = |environment: &&Environment| {
            names.is_empty() || names.iter().any(|name| **name == *environment.name)
        };
        Ok(all.iter().filter(is_named).cloned().collect())
    }

    /// The environment of this name, if one is named.
    pub fn environment(&self, name: Option<&String>) -> anyhow::Result<Option<Environment>> {
        let found = name.map(|name| self.environments(std::slice::from_ref(name)));
        Ok(found.transpose()?.into_iter().flatten().next())
    }

    /// Why a rule is switched off, if settings do so.
    pub fn why_off(&self, rule: &RuleInfo) -> Option<&'static str> {
        let said = self.settings.rules.iter().rev();
        let is_off = said
            .filter(|said| *said.name == *rule.name)
            .find_map(|said| said.enabled)
            == Some(false);
        is_off.then_some("switched off by the settings")
    }

    /// Why a rule does not run, if it does not.
    pub fn why_idle(&self, rule: &RuleInfo) -> Option<&'static str> {
        let is_wanted = self.settings.profile == Some(Profile::All)
            || rule.profile == "recommended"
            || self
                .settings
                .rules
                .iter()
                .any(|said| *said.name == *rule.name && said.enabled == Some(true));
        self.why_off(rule)
            .or_else(|| (!is_wanted).then_some("runs only with `--profile all`, or switched on"))
    }
}

/// Reads the settings file (`given`, or the nearest `onus.yaml` from here up to the repository's root) and all packs, those
/// of `folders` included.
pub(super) fn read(
    given: Option<&Path>,
    folders: &[PathBuf],
    profile: Option<Profile>,
    sources: &SourceMap,
) -> anyhow::Result<Configuration> {
    let (settings, mut diagnostics) = match given.map(Path::to_path_buf).or_else(nearest) {
        Some(path) => {
            let path = disk::shown(&path);
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let text = match Disk.read(&path).map(String::from_utf8) {
                Ok(Ok(text)) => text,
                Ok(Err(_)) => bail!("`{path}` is not UTF-8 text"),
                Err(error) => bail!("cannot read `{path}`: {error}"),
            };
            settings::read(&sources.add(&path, &text), folder)
        }
        None => (Settings::default(), Vec::new()),
    };
    let mut settings = settings;
    find_files(&mut settings.environments, &mut diagnostics);
    let has_built_in = settings.packs.is_empty() || settings.packs.contains(&Pack::BuiltIn);
    let mut rules = if has_built_in {
        RuleSet::builtin(sources)
    } else {
        RuleSet::empty()
    };
    let mut vocabulary = None;
    let named = settings.packs.iter().filter_map(|pack| match pack {
        Pack::BuiltIn => None,
        Pack::Folder(folder, _) => Some(folder.clone()),
    });
    for folder in named.chain(folders.iter().map(|folder| disk::shown(folder))) {
        let known = match vocabulary.take() {
            Some(known) => known,
            None => Vocabulary::builtin().as_ref().clone(),
        };
        let mut pack = pack(&folder, sources, &known);
        diagnostics.append(&mut pack.diagnostics);
        let (all, mut found) = rules.and(pack.rules);
        diagnostics.append(&mut found);
        rules = all;
        vocabulary = Some(pack.vocabulary);
    }
    let profile = profile.or(settings.profile).unwrap_or_default();
    apply(&settings, profile, &mut rules, &mut diagnostics);
    Ok(Configuration {
        settings,
        rules,
        vocabulary: vocabulary.map(Arc::new),
        diagnostics,
    })
}

/// Reads the nearest settings for looking around: what is wrong with them is said and does not stop it.
pub(super) fn tolerant(sources: &SourceMap) -> anyhow::Result<Configuration> {
    let configuration = read(None, &[], Some(Profile::All), sources)?;
    super::say(&configuration.diagnostics, sources)?;
    Ok(configuration)
}

/// A user's pack.
pub(super) struct UsersPack {
    /// Its rules.
    pub rules: RuleSet,
    /// The words that were known before and its own.
    pub vocabulary: Vocabulary,
    /// What is wrong with its files.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the pack in a folder, whose rules may use the words `known` and its own.
pub(super) fn pack(folder: &str, sources: &SourceMap, known: &Vocabulary) -> UsersPack {
    let mut diagnostics = Vec::new();
    let mut files = Vec::new();
    collect(folder, sources, &mut files, &mut diagnostics, 0);
    let (words, rest): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|file| file.path.rsplit('/').next() == Some("_resources.yaml"));
    let vocabulary = if words.is_empty() {
        known.clone()
    } else {
        let (more, mut found) = Vocabulary::read(words.iter().map(|file| &**file));
        diagnostics.append(&mut found);
        known.and(&more)
    };
    let (rules, mut found) = RuleSet::read(&rest, &vocabulary);
    diagnostics.append(&mut found);
    UsersPack {
        rules,
        vocabulary,
        diagnostics,
    }
}

/// The nearest `onus.yaml` from here upwards; the repository's root is the last folder that is looked at.
fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    for folder in here.ancestors() {
        let path = folder.join("onus.yaml");
        if path.is_file() {
            return Some(path);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// Says which files of environments are not there, and names the others as files are named elsewhere.
fn find_files(environments: &mut [Environment], diagnostics: &mut Vec<Diagnostic>) {
    for environment in environments {
        let parts = [&mut environment.variables, &mut environment.parameters];
        let files = parts.into_iter().flat_map(|part| &mut part.files);
        for file in files.filter(|file| !file.path.starts_with(project::ROOT)) {
            if Disk.kind(&file.path) != Some(EntryKind::File) {
                let message = format!("`{}` is not a file", file.path);
                let hint = format!(
                    "paths are relative to `onus.yaml`; `{}prod.tfvars` is a file beside each root module",
                    project::ROOT
                );
                let diagnostic = Diagnostic::error("invalid_settings", file.place, message);
                diagnostics.push(diagnostic.hint(hint));
            }
            file.path = disk::shown(Path::new(&file.path));
        }
    }
}

/// Folders below a pack that are looked into.
const DEEPEST_PACK: usize = 16;

fn collect(
    folder: &str,
    sources: &SourceMap,
    into: &mut Vec<Arc<SourceFile>>,
    diagnostics: &mut Vec<Diagnostic>,
    depth: usize,
) {
    let unreadable = |path: &str, why: String| {
        Diagnostic::new(
            Level::Error,
            "unreadable_file",
            format!("cannot read this: {why}"),
        )
        .in_file(path)
        .hint("a pack is a folder of rule files")
    };
    let entries = match Disk.list(folder) {
        Ok(entries) => entries,
        Err(error) => {
            diagnostics.push(unreadable(folder, error.to_string()));
            return;
        }
    };
    for entry in entries {
        let path = crate::source::files::join(folder, &entry.name);
        match entry.kind {
            EntryKind::Directory if depth < DEEPEST_PACK && !entry.name.starts_with('.') => {
                collect(&path, sources, into, diagnostics, depth + 1);
            }
            EntryKind::File if entry.name.ends_with(".yaml") && entry.name != "onus.yaml" => {
                match Disk.read(&path).map(String::from_utf8) {
                    Ok(Ok(text)) => into.push(sources.add(&path, &text)),
                    Ok(Err(_)) => {
                        diagnostics.push(unreadable(&path, "it is not UTF-8 text".to_owned()));
                    }
                    Err(error) => diagnostics.push(unreadable(&path, error.to_string())),
                }
            }
            _ => {}
        }
    }
}

/// Switches, severities and options, as settings say.
fn apply(
    settings: &Settings,
    profile: Profile,
    rules: &mut RuleSet,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if profile == Profile::Recommended {
        for info in rules.infos() {
            if info.profile != "recommended" {
                rules.enable(&info.name, false);
            }
        }
    }
    if settings.rules.is_empty() && settings.options.is_empty() {
        return;
    }
    let names: Vec<String> = rules.names().map(str::to_owned).collect();
    for said in &settings.rules {
        let mut is_known = names.iter().any(|name| **name == *said.name);
        if let Some(is_enabled) = said.enabled {
            is_known = rules.enable(&said.name, is_enabled);
        }
        if let Some(severity) = said.severity.as_deref().and_then(Severity::parse) {
            is_known = rules.set_severity(&said.name, severity);
        }
        if !is_known {
            let mut diagnostic = Diagnostic::error(
                "unknown_rule",
                said.place,
                format!("there is no rule `{}`", said.name),
            );
            diagnostic.hint = did_you_mean(&said.name, names.iter().map(String::as_str));
            diagnostics.push(diagnostic);
        }
    }
    let known = rules.options();
    let mut set = |rule: Option<&str>, option: &OptionSetting| {
        if !known.iter().any(|known| known.name == option.name) {
            let mut diagnostic = Diagnostic::error(
                "unknown_option",
                option.place,
                format!("no rule has an option `{}`", option.name),
            );
            diagnostic.hint = did_you_mean(&option.name, known.iter().map(|known| &*known.name));
            diagnostics.push(diagnostic);
            return;
        }
        let kinds = || {
            known
                .iter()
                .filter(|known| known.name == option.name)
                .map(|known| known.kind)
        };
        if !kinds().any(|kind| kind.fits(&option.value)) {
            let words: Vec<&str> = kinds().map(|kind| kind.as_str()).collect();
            diagnostics.push(Diagnostic::error(
                "invalid_option",
                option.value.span(),
                format!("option `{}` is of type {}", option.name, words.join(" or ")),
            ));
            return;
        }
        rules.set_option(rule, &option.name, option.adds, option.value.clone());
    };
    for option in &settings.options {
        set(None, option);
    }
    for said in &settings.rules {
        for option in &said.options {
            set(Some(&said.name), option);
        }
    }
}

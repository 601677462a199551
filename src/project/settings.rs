//! `onus.yaml`: its text in, settings and what is wrong with them out.
//!
//! ```yaml
//! packs: [aws, ./policies]        # `aws` is the built-in pack; the rest are folders of rule files
//! profile: recommended            # or `all`
//! exclude: ["examples/**"]        # globs over paths, relative to this file
//! options: { own_accounts: ["111122223333"] }
//! environments:                   # each stack is evaluated in every environment that has it
//!   prod: { paths: [infra], var_files: ["$root/prod.tfvars"], workspace: prod, variables: { stage: prod } }
//! rules:
//!   log-group-short-retention: { severity: low, options: { minimum_days: 90 } }
//!   eks-private-endpoint-disabled: { enabled: false }
//! ```

use std::sync::Arc;

use super::environment::{Environment, Glob, ROOT, SettingsFile, ValueSettings};
use crate::declared::Language;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::files::join;
use crate::source::{SourceFile, Span};
use crate::value::Value;

/// Everything that `onus.yaml` says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Packs of rules to run, in order; empty: the built-in one.
    pub packs: Vec<Pack>,
    /// Which rules run by default.
    pub profile: Option<Profile>,
    /// Globs of paths whose files are not looked for, relative to where the program was started.
    pub exclude: Vec<Glob>,
    /// Values of options for all rules that declare them.
    pub options: Vec<OptionSetting>,
    /// What is said of single rules.
    pub rules: Vec<RuleSetting>,
    /// What the code is deployed to.
    pub environments: Vec<Environment>,
}

/// A pack of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pack {
    /// The built-in pack, `aws`.
    BuiltIn,
    /// A folder of rule files, relative to where the program was started.
    Folder(String, Span),
}

/// Which rules run unless somebody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Profile {
    /// Rules that nearly everybody wants.
    #[default]
    Recommended,
    /// Every rule, opinions and hardening included.
    All,
}

/// A value for an option.
#[derive(Clone, Debug)]
pub struct OptionSetting {
    /// The option.
    pub name: Arc<str>,
    /// Whether the value is added to the default list (`name+`) instead of replacing it.
    pub adds: bool,
    /// The value.
    pub value: Value,
    /// Where the name is written.
    pub place: Span,
}

/// What is said of one rule.
#[derive(Clone, Debug)]
pub struct RuleSetting {
    /// The rule, as written; whether it exists is known only where rules are.
    pub name: Arc<str>,
    /// Where the name is written.
    pub place: Span,
    /// Whether it runs.
    pub enabled: Option<bool>,
    /// How bad it is: `critical`, `high`, `medium`, `low` or `info`.
    pub severity: Option<Arc<str>>,
    /// Values of its options.
    pub options: Vec<OptionSetting>,
}

/// The keys of `onus.yaml`.
pub const KEYS: [&str; 6] = [
    "packs",
    "profile",
    "exclude",
    "options",
    "rules",
    "environments",
];
/// The keys of what is said of one rule.
pub const RULE_KEYS: [&str; 3] = ["severity", "enabled", "options"];
/// The keys of what is said of one environment.
pub const ENVIRONMENT_KEYS: [&str; 7] = [
    "paths",
    "var_files",
    "variables",
    "workspace",
    "parameter_files",
    "parameters",
    "region",
];
const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

/// Reads a settings file; `folder` is where it lies, relative to where the program was started.
pub fn read(file: &SourceFile, folder: &str) -> (Settings, Vec<Diagnostic>) {
    let (root, mut diagnostics) = crate::yaml::parse(file);
    let mut settings = Settings::default();
    let Some(root) = root.filter(|root| !root.is_null()) else {
        return (settings, diagnostics);
    };
    let mut reader = Reader {
        diagnostics: &mut diagnostics,
    };
    for (key, value, place) in reader.entries(&root, "`onus.yaml` is a mapping") {
        match &*key {
            "packs" => {
                for item in reader.list(&value) {
                    match item.as_str() {
                        Some("aws") => settings.packs.push(Pack::BuiltIn),
                        Some(path) => settings
                            .packs
                            .push(Pack::Folder(join(folder, path), item.span())),
                        None => reader.refuse(item.span(), "a pack is `aws` or a folder", None),
                    }
                }
            }
            "profile" => match value.as_str() {
                Some("recommended") => settings.profile = Some(Profile::Recommended),
                Some("all") => settings.profile = Some(Profile::All),
                _ => reader.refuse(value.span(), "profiles are `recommended` and `all`", None),
            },
            "exclude" => settings.exclude = reader.globs(&value, folder),
            "options" => settings.options = reader.options(&value),
            "rules" => {
                for (name, said, place) in reader.entries(&value, "`rules` maps names to settings")
                {
                    let rule = reader.rule(name, place, &said);
                    settings.rules.push(rule);
                }
            }
            "environments" => {
                let what =
                    "`environments` maps names to `{ var_files: [prod.tfvars] }` and the like";
                for (name, said, place) in reader.entries(&value, what) {
                    let environment = reader.environment(name, place, &said, folder);
                    settings.environments.push(environment);
                }
            }
            other => reader.unknown_key(other, place, &KEYS),
        }
    }
    (settings, diagnostics)
}

struct Reader<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn refuse(&mut self, place: Span, message: &str, hint: Option<String>) {
        let mut diagnostic = Diagnostic::error("invalid_settings", place, message);
        diagnostic.hint = hint;
        self.diagnostics.push(diagnostic);
    }

    fn unknown_key(&mut self, key: &str, place: Span, known: &[&str]) {
        let hint = did_you_mean(key, known.iter().copied())
            .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
        self.refuse(place, &format!("`{key}` is not known here"), Some(hint));
    }

    fn entries(&mut self, value: &Value, what: &str) -> Vec<(Arc<str>, Value, Span)> {
        match value.as_object() {
            Some(object) => object
                .members()
                .iter()
                .map(|(name, member)| (name.clone(), value.seen(&member.value), member.key))
                .collect(),
            None if value.is_null() => Vec::new(),
            None => {
                self.refuse(value.span(), what, None);
                Vec::new()
            }
        }
    }

    /// One value is a list of one.
    fn list(&mut self, value: &Value) -> Vec<Value> {
        match value.as_list() {
            Some(_) => value.elements().collect(),
            None if value.is_null() => Vec::new(),
            None => vec![value.clone()],
        }
    }

    fn globs(&mut self, value: &Value, folder: &str) -> Vec<Glob> {
        let mut globs = Vec::new();
        for item in self.list(value) {
            let pattern = item
                .as_str()
                .map(|text| glob::Pattern::new(&join(folder, text)));
            match pattern {
                Some(Ok(pattern)) => globs.push(Glob(pattern)),
                Some(Err(error)) => {
                    self.refuse(item.span(), &format!("not a valid glob: {error}"), None);
                }
                None => self.refuse(item.span(), "a glob is a text", None),
            }
        }
        globs
    }

    fn environment(
        &mut self,
        name: Arc<str>,
        place: Span,
        said: &Value,
        folder: &str,
    ) -> Environment {
        let mut environment = Environment {
            name,
            place,
            paths: Vec::new(),
            workspace: None,
            region: None,
            variables: ValueSettings::default(),
            parameters: ValueSettings::default(),
        };
        let before = self.diagnostics.len();
        let form = "write `{ var_files: [prod.tfvars] }` and the like";
        for (key, value, place) in self.entries(said, form) {
            match &*key {
                "paths" => environment.paths = self.globs(&value, folder),
                "var_files" => environment.variables.files = self.files(&value, folder),
                "variables" => environment.variables.values = self.values(&key, &value),
                "workspace" => environment.workspace = self.word(&key, &value),
                "parameter_files" => environment.parameters.files = self.files(&value, folder),
                "parameters" => environment.parameters.values = self.values(&key, &value),
                "region" => environment.region = self.word(&key, &value),
                other => self.unknown_key(other, place, &ENVIRONMENT_KEYS),
            }
        }
        let languages = [Language::Terraform, Language::CloudFormation];
        let is_empty = !languages.iter().any(|one| environment.speaks_of(*one));
        if is_empty && self.diagnostics.len() == before {
            let message = format!("nothing is said of environment `{}`", environment.name);
            let hint = "give it `var_files`, `variables` or `workspace`; for templates `parameter_files`, `parameters` or `region`";
            self.refuse(place, &message, Some(hint.to_owned()));
        }
        environment
    }

    fn files(&mut self, value: &Value, folder: &str) -> Vec<SettingsFile> {
        let mut files = Vec::new();
        for item in self.list(value) {
            match item.as_str() {
                Some(path) => files.push(SettingsFile {
                    path: if path.starts_with(ROOT) {
                        path.to_owned()
                    } else {
                        join(folder, path)
                    },
                    place: item.span(),
                }),
                None => self.refuse(item.span(), "a file is named by its path", None),
            }
        }
        files
    }

    fn values(&mut self, key: &str, value: &Value) -> Vec<(Arc<str>, Value)> {
        self.entries(value, &format!("`{key}` maps names to values"))
            .into_iter()
            .map(|(name, value, _)| (name, value))
            .collect()
    }

    fn word(&mut self, key: &str, value: &Value) -> Option<String> {
        let word = value.as_str().filter(|word| !word.is_empty());
        if word.is_none() {
            self.refuse(value.span(), &format!("`{key}` is a name"), None);
        }
        word.map(str::to_owned)
    }

    fn options(&mut self, value: &Value) -> Vec<OptionSetting> {
        self.entries(value, "`options` maps names to values")
            .into_iter()
            .map(|(name, value, place)| {
                let added = name.strip_suffix('+').map(Arc::from);
                OptionSetting {
                    adds: added.is_some(),
                    name: added.unwrap_or(name),
                    value,
                    place,
                }
            })
            .collect()
    }

    fn rule(&mut self, name: Arc<str>, place: Span, said: &Value) -> RuleSetting {
        let mut rule = RuleSetting {
            name,
            place,
            enabled: None,
            severity: None,
            options: Vec::new(),
        };
        for (key, value, place) in self.entries(said, "write `{ enabled: false }` and the like") {
            match &*key {
                "enabled" => match value.as_bool() {
                    Some(enabled) => rule.enabled = Some(enabled),
                    None => self.refuse(value.span(), "`enabled` is true or false", None),
                },
                "severity" => match value.as_str().filter(|word| SEVERITIES.contains(word)) {
                    Some(word) => rule.severity = Some(word.into()),
                    None => {
                        let hint = value
                            .as_str()
                            .and_then(|word| did_you_mean(word, SEVERITIES));
                        let message = "severities are critical, high, medium, low, info";
                        self.refuse(value.span(), message, hint);
                    }
                },
                "options" => rule.options = self.options(&value),
                other => self.unknown_key(other, place, &RULE_KEYS),
            }
        }
        rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn read_text(text: &str) -> (Settings, Vec<String>) {
        let sources = SourceMap::new();
        let file = sources.add("conf/onus.yaml", text);
        let (settings, diagnostics) = read(&file, "conf");
        let said = diagnostics
            .iter()
            .map(|d| {
                let place = d.span.map_or("?", |span| file.slice(span));
                format!(
                    "{}: {} {}",
                    place,
                    d.message,
                    d.hint.as_deref().unwrap_or("")
                )
            })
            .collect();
        (settings, said)
    }

    #[test]
    fn everything_is_read() {
        let (settings, said) = read_text(
            "packs: [aws, ./policies]\nprofile: all\nexclude: ['examples/**']\n\
             options: { own_accounts+: ['111122223333'] }\n\
             rules:\n  a-rule: { severity: low, options: { days: 90 } }\n  b-rule: { enabled: false }\n\
             environments:\n  prod: { paths: infra, var_files: [a.tfvars, $root/b.tfvars], workspace: p, variables: { n: 2 } }\n\
             \x20 dev: { parameter_files: dev.json, parameters: { Stage: dev }, region: eu-central-1 }\n",
        );
        assert!(said.is_empty(), "{said:?}");
        assert_eq!(settings.packs.len(), 2);
        assert!(matches!(&settings.packs[1], Pack::Folder(path, _) if path == "conf/policies"));
        assert_eq!(settings.profile, Some(Profile::All));
        let files = crate::source::MemoryFiles::default();
        assert!(settings.exclude[0].matches("conf/examples/x/main.tf", &files));
        assert!(settings.options[0].adds && &*settings.options[0].name == "own_accounts");
        assert_eq!(settings.rules[0].severity.as_deref(), Some("low"));
        assert_eq!(settings.rules[0].options[0].value.as_int(), Some(90));
        assert_eq!(settings.rules[1].enabled, Some(false));
        let [prod, dev] = settings.environments.as_slice() else {
            panic!("two environments");
        };
        let paths = |settings: &ValueSettings| -> Vec<String> {
            settings
                .files
                .iter()
                .map(|file| file.path.clone())
                .collect()
        };
        assert_eq!(paths(&prod.variables), ["conf/a.tfvars", "$root/b.tfvars"]);
        assert_eq!(prod.workspace.as_deref(), Some("p"));
        assert_eq!(prod.variables.values[0].1.as_int(), Some(2));
        assert!(!prod.speaks_of(Language::CloudFormation));
        assert_eq!(paths(&dev.parameters), ["conf/dev.json"]);
        assert_eq!(dev.region.as_deref(), Some("eu-central-1"));
        assert_eq!(&*dev.parameters.values[0].0, "Stage");
    }

    #[test]
    fn mistakes_are_placed_and_answered() {
        for (text, expected) in [
            (
                "pakcs: [aws]",
                "pakcs: `pakcs` is not known here did you mean `packs`?",
            ),
            (
                "profile: strict",
                "strict: profiles are `recommended` and `all` ",
            ),
            (
                "rules: { x: { severity: hihg } }",
                "hihg: severities are critical, high, medium, low, info did you mean `high`?",
            ),
            (
                "rules: { x: { enabled: maybe } }",
                "maybe: `enabled` is true or false ",
            ),
            ("exclude: ['a[']", "'a[': not a valid glob"),
            (
                "environments: { prod: { var_file: x } }",
                "var_file: `var_file` is not known here did you mean `var_files`?",
            ),
            (
                "environments: { prod: { paths: infra } }",
                "prod: nothing is said of environment `prod` give it `var_files`",
            ),
            (
                "environments: { prod: { var_files: [{}] } }",
                "{}: a file is named by its path",
            ),
            (
                "environments: { prod: { workspace: [a] } }",
                "[a]: `workspace` is a name",
            ),
            (
                "environments: [prod]",
                "[prod]: `environments` maps names to",
            ),
        ] {
            let (_, said) = read_text(text);
            assert_eq!(said.len(), 1, "{text}: {said:?}");
            assert!(said[0].starts_with(expected), "{text}: {said:?}");
        }
    }
}

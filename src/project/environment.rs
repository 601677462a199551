//! Environments: what `onus.yaml` says of them and a stack in, the inputs under which the stack is evaluated out.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Given, Inputs, Stack};
use crate::declared::Language;
use crate::source::files::join;
use crate::source::{EntryKind, Files, Span};
use crate::value::Value;

/// Stands at the front of a path for the folder of each root module or template.
pub const ROOT: &str = "$root/";

/// One of the environments that the same code is deployed to.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name is written.
    pub place: Span,
    /// Root modules and templates that are deployed to it, or folders above them; empty: all.
    pub paths: Vec<Glob>,
    /// Terraform's workspace.
    pub workspace: Option<String>,
    /// Region that templates are deployed to.
    pub region: Option<String>,
    /// What is given for variables of root modules.
    pub variables: ValueSettings,
    /// What is given for parameters of templates.
    pub parameters: ValueSettings,
}

/// Values for variables or parameters.
#[derive(Clone, Debug, Default)]
pub struct ValueSettings {
    /// Files of values, the later ones counting more.
    pub files: Vec<SettingsFile>,
    /// Single values, which count more than those of files.
    pub values: Vec<(Arc<str>, Value)>,
}

/// A file of values.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    /// Its path: relative to where the program was started, or with [`ROOT`] in front.
    pub path: String,
    /// Where the path is written.
    pub place: Span,
}

/// A glob over paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(pub glob::Pattern);

impl Glob {
    /// Whether a path fits. Where the glob is absolute (settings of a folder above), so is the path made.
    pub fn matches(&self, path: &str, files: &dyn Files) -> bool {
        if self.0.as_str().starts_with('/') {
            self.0.matches(&files.resolve(path))
        } else {
            self.0.matches(path)
        }
    }

    /// Whether a path fits, or a folder above it.
    fn covers(&self, path: &str, files: &dyn Files) -> bool {
        let path = match self.0.as_str().starts_with('/') {
            true => Cow::Owned(files.resolve(path)),
            false => Cow::Borrowed(path),
        };
        let is_all = self.0.as_str() == "." && !path.starts_with("..") && !path.starts_with('/');
        let mut path = Some(&*path);
        while let Some(here) = path {
            if self.0.matches(here) {
                return true;
            }
            path = here.rsplit_once('/').map(|(above, _)| above);
        }
        is_all
    }
}

impl ValueSettings {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.values.is_empty()
    }

    fn given(&self, folder: &str) -> impl Iterator<Item = Given> {
        let files = self.files.iter();
        let files = files.map(move |file| Given::File(located(&file.path, folder)));
        let values = self.values.iter();
        files.chain(values.map(|(name, value)| Given::Setting(name.clone(), value.clone())))
    }
}

fn located(path: &str, folder: &str) -> String {
    match path.strip_prefix(ROOT) {
        Some(below) => join(folder, below),
        None => path.to_owned(),
    }
}

/// The folder that [`ROOT`] stands for.
fn folder_of(stack: &Stack) -> &str {
    match stack.language {
        Language::Terraform => &stack.path,
        Language::CloudFormation => stack.path.rsplit_once('/').map_or(".", |(above, _)| above),
    }
}

impl Environment {
    /// Whether it says anything for stacks of a language.
    pub fn speaks_of(&self, language: Language) -> bool {
        match language {
            Language::Terraform => self.workspace.is_some() || !self.variables.is_empty(),
            Language::CloudFormation => self.region.is_some() || !self.parameters.is_empty(),
        }
    }

    /// Files of values that the language of a stack takes.
    pub fn settings(&self, language: Language) -> &ValueSettings {
        match language {
            Language::Terraform => &self.variables,
            Language::CloudFormation => &self.parameters,
        }
    }

    /// Whether a stack is deployed to it. A stack that lacks one of the files which each is to have is not.
    pub fn has(&self, stack: &Stack, files: &dyn Files) -> bool {
        self.covers(stack, files) && self.missing_in(stack, files).is_none()
    }

    /// Whether it is about stacks of this language and at this path.
    pub fn covers(&self, stack: &Stack, files: &dyn Files) -> bool {
        let mut paths = self.paths.iter();
        self.speaks_of(stack.language)
            && (self.paths.is_empty() || paths.any(|glob| glob.covers(&stack.path, files)))
    }

    /// A file that each stack is to have and this one has not.
    pub fn missing_in(&self, stack: &Stack, files: &dyn Files) -> Option<&SettingsFile> {
        let folder = folder_of(stack);
        let mut own = self.settings(stack.language).files.iter();
        own.find(|file| {
            file.path.starts_with(ROOT)
                && files.kind(&located(&file.path, folder)) != Some(EntryKind::File)
        })
    }

    /// Inputs of a stack in it: what is given from outside besides counts more.
    pub fn inputs(&self, stack: &Stack, besides: &Inputs) -> Inputs {
        let given = self
            .settings(stack.language)
            .given(folder_of(stack))
            .chain(besides.given.iter().cloned());
        let workspace = besides.workspace.clone();
        let region = besides.region.clone();
        Inputs {
            given: given.collect(),
            workspace: workspace.or_else(|| self.workspace.clone()),
            region: region.or_else(|| self.region.clone()),
            environments: Arc::default(),
            within: Some(self.name.clone()),
            ..besides.clone()
        }
    }
}

impl Inputs {
    /// What a stack is evaluated with: once for each environment that has it, else with these inputs themselves.
    pub fn of<'i>(&'i self, stack: &Stack, files: &dyn Files) -> Vec<Cow<'i, Inputs>> {
        let having = self.environments.iter().filter(|one| one.has(stack, files));
        let mut all: Vec<Cow<'i, Inputs>> = having
            .map(|environment| Cow::Owned(environment.inputs(stack, self)))
            .collect();
        if all.is_empty() {
            all.push(Cow::Borrowed(self));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryFiles;

    #[test]
    fn an_environment_has_the_stacks_that_its_paths_cover_and_that_have_its_files() {
        let files = MemoryFiles::new([("infra/net/prod.tfvars", ""), ("infra/app/main.tf", "")]);
        let check = |paths: &[&str], file: &str, path: &str, expected: bool| {
            let globs = paths.iter().map(|path| glob::Pattern::new(path));
            let environment = Environment {
                name: "prod".into(),
                place: Span::NONE,
                paths: globs.map(|glob| Glob(glob.expect("a glob"))).collect(),
                workspace: Some("prod".to_owned()),
                region: None,
                variables: ValueSettings {
                    files: vec![SettingsFile {
                        path: file.to_owned(),
                        place: Span::NONE,
                    }],
                    values: Vec::new(),
                },
                parameters: ValueSettings::default(),
            };
            let stack = Stack {
                language: Language::Terraform,
                path: path.into(),
            };
            let has = environment.has(&stack, &files);
            assert_eq!(has, expected, "{paths:?} {file} {path}");
        };
        check(&[], "$root/prod.tfvars", "infra/net", true);
        check(&[], "$root/prod.tfvars", "infra/app", false);
        check(&[], "gone.tfvars", "infra/app", true);
        check(&["infra"], "x", "infra/net", true);
        check(&["."], "x", "infra/net", true);
        check(&["infra/n*"], "x", "infra/net/deeper", true);
        check(&["infra/n*"], "x", "infra/app", false);
        check(&["in"], "x", "infra/net", false);
    }
}

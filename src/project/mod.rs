//! A project: the stacks to analyse. Paths of candidate files in, Terraform root modules and templates out.

mod bundle;
mod discover;
mod environment;
pub mod settings;

use std::sync::Arc;

use crate::declared::Language;
use crate::source::Span;
use crate::value::Value;

pub use bundle::{BundlePart, CLI_FOLDER, EXTENSIONS, MANIFEST, application_of};
pub use discover::{Candidates, Recognition, discover, is_terraform, may_be_template};
pub use environment::{Environment, Glob, ROOT, SettingsFile, ValueSettings};

/// One unit of analysis: a Terraform root module or one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The language.
    pub language: Language,
    /// Folder of the root module, path of the template, or what stands for a source bundle: its `.ebextensions`, its
    /// `.elasticbeanstalk` if it has none, or its `env.yaml`.
    pub path: Arc<str>,
}

/// What is given from outside the code: variables and parameters.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Values of variables and parameters, in command-line order.
    pub given: Vec<Given>,
    /// `TF_VAR_name` values of the environment, by name.
    pub environment: Vec<(String, String)>,
    /// Terraform's workspace, as the command line says. If none: the environment's, the one that `selected` names, the one
    /// selected in the folder of the root module, else `default`.
    pub workspace: Option<String>,
    /// The workspace that `TF_WORKSPACE` names.
    pub selected: Option<String>,
    /// Whether values are wanted as a plan shows them: arguments with what the provider makes of them, and unknown as a
    /// whole what conditions decide, collections of which a part is known and strings with holes. Rules see more than that.
    pub as_planned: bool,
    /// Absolute folder from which Terraform would be started, where it is known: for `path.cwd`.
    pub working_folder: Option<String>,
    /// Absolute folder outside of which functions read no file. If none, or if the stack is not below it: the work tree
    /// around the stack, else the stack's folder.
    pub outermost: Option<String>,
    /// Conditions of a template that are taken to hold or not, whatever its parameters say: `--condition` pairs.
    pub conditions: Vec<(String, bool)>,
    /// The region deployed to, where it is known.
    pub region: Option<String>,
    /// Path of a plan of Terraform as JSON, whose values go before what the code alone tells.
    pub plan: Option<String>,
    /// What other templates of the run export.
    pub exports: Arc<[Export]>,
    /// Environments to evaluate each stack in, in order.
    pub environments: Arc<[Environment]>,
    /// Name of the environment that these inputs are those of, if they are one's.
    pub within: Option<Arc<str>>,
}

/// A value given on the command line or in settings, or a file of them.
#[derive(Clone, Debug)]
pub enum Given {
    /// Name and text: `--var`, `--parameters`.
    Value(String, String),
    /// Path of a file: `--var-file`, `--parameters-file`.
    File(String),
    /// Name and value, as settings say them.
    Setting(Arc<str>, Value),
}

/// A value that one template gives to all others of its account and region.
#[derive(Clone, Debug)]
pub struct Export {
    /// The name that importing templates use; what differs between regions and accounts is written `${AWS::Region}`.
    pub name: Arc<str>,
    /// The value, without anything that only its own template means something to.
    pub value: Value,
    /// Path of the template.
    pub template: Arc<str>,
    /// Its name in the section of outputs.
    pub output: Arc<str>,
    /// Where the output is declared.
    pub header: Span,
}

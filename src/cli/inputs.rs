//! What is given to the code from outside: the arguments that scanning and inspecting share.

use std::path::PathBuf;

use anyhow::bail;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::disk::{self, Disk};
use crate::project::{Given, Inputs};
use crate::source::{EntryKind, Files};

/// Values for variables and parameters, as written.
#[derive(Debug, Args)]
struct Written {
    /// Value of a Terraform input variable, as for `terraform plan`.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,

    /// File with values of Terraform input variables or template parameters.
    #[arg(
        long = "var-file",
        visible_alias = "parameters-file",
        value_name = "FILE"
    )]
    variable_files: Vec<String>,

    /// Value of a template parameter, or a file of them.
    #[arg(long, value_name = "NAME=VALUE|FILE")]
    parameters: Vec<String>,
}

/// Values for variables and parameters, in command-line order across the arguments: the last one counts.
#[derive(Debug)]
struct InOrder(Vec<Argument>);

#[derive(Clone, Copy, Debug)]
enum Form {
    Value,
    File,
    Either,
}

#[derive(Debug)]
struct Argument {
    name: &'static str,
    form: Form,
    text: String,
}

impl FromArgMatches for InOrder {
    fn from_arg_matches(matches: &ArgMatches) -> Result<InOrder, clap::Error> {
        let written = Written::from_arg_matches(matches)?;
        let mut all = Vec::new();
        for (id, name, form, texts) in [
            ("variables", "--var", Form::Value, written.variables),
            (
                "variable_files",
                "--var-file",
                Form::File,
                written.variable_files,
            ),
            (
                "parameters",
                "--parameters",
                Form::Either,
                written.parameters,
            ),
        ] {
            let places = matches.indices_of(id).into_iter().flatten();
            for (place, text) in places.zip(texts) {
                all.push((place, Argument { name, form, text }));
            }
        }
        all.sort_by_key(|(place, _)| *place);
        Ok(InOrder(all.into_iter().map(|(_, one)| one).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = InOrder::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for InOrder {
    fn augment_args(command: Command) -> Command {
        Written::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Written::augment_args_for_update(command)
    }
}

/// What is given from outside.
#[derive(Debug, Args)]
pub(super) struct InputArguments {
    #[command(flatten)]
    given: InOrder,

    /// Condition of a template that is taken to hold or not, whatever its parameters say.
    #[arg(long = "condition", value_name = "NAME=true|false")]
    conditions: Vec<String>,

    /// Terraform workspace that `terraform.workspace` names.
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,

    /// Region deployed to, for `AWS::Region` and the like.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Folder outside of which Terraform's functions read no file, instead of the work tree around the code.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl InputArguments {
    pub(super) fn read(&self) -> anyhow::Result<Inputs> {
        let mut inputs = Inputs {
            workspace: self.workspace.clone(),
            region: self.region.clone(),
            ..Inputs::default()
        };
        for Argument { name, form, text } in &self.given.0 {
            let given = match (form, text.split_once('=')) {
                (Form::Value | Form::Either, Some((name, value))) => {
                    Given::Value(name.trim().to_owned(), value.to_owned())
                }
                (Form::Value, None) => bail!("`{name} {text}`: write NAME=VALUE"),
                (Form::File, _) | (Form::Either, None) => Given::File(text.clone()),
            };
            match &given {
                Given::File(file) if Disk.kind(file) != Some(EntryKind::File) => {
                    bail!("`{file}` is not a file");
                }
                _ => inputs.given.push(given),
            }
        }
        if let Some(root) = &self.root {
            let resolved = root.canonicalize().ok().filter(|folder| folder.is_dir());
            let Some(resolved) = resolved else {
                bail!("`--root {}` is not a folder", root.display());
            };
            inputs.outermost = Some(disk::slashed(&resolved));
        }
        for text in &self.conditions {
            let pair = text
                .split_once('=')
                .and_then(|(name, truth)| Some((name.to_owned(), truth.parse().ok()?)));
            match pair {
                Some(pair) => inputs.conditions.push(pair),
                None => bail!("`--condition {text}`: write NAME=true or NAME=false"),
            }
        }
        // The only things that are read from the environment, as Terraform does
        // (<https://developer.hashicorp.com/terraform/cli/config/environment-variables>).
        inputs.environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                let name = name.strip_prefix("TF_VAR_")?.to_owned();
                Some((name, value.into_string().ok()?))
            })
            .collect();
        inputs.environment.sort();
        inputs.selected = std::env::var("TF_WORKSPACE")
            .ok()
            .filter(|name| !name.is_empty());
        Ok(inputs)
    }
}

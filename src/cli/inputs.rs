//! What is given to the code from outside: the arguments that scanning and inspecting share.

use anyhow::{anyhow, bail};
use clap::Args;

use super::disk::Disk;
use crate::project::Inputs;
use crate::source::{EntryKind, Files};

/// Values for variables and parameters.
#[derive(Debug, Args)]
pub(super) struct InputArguments {
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

    /// Condition of a template that is taken to hold or not, whatever its parameters say.
    #[arg(long = "condition", value_name = "NAME=true|false")]
    conditions: Vec<String>,

    /// Terraform workspace that `terraform.workspace` names.
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,

    /// Region deployed to, for `AWS::Region` and the like.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

impl InputArguments {
    pub(super) fn read(&self) -> anyhow::Result<Inputs> {
        let mut inputs = Inputs {
            variable_files: self.variable_files.clone(),
            workspace: self.workspace.clone(),
            region: self.region.clone(),
            ..Inputs::default()
        };
        for text in &self.variables {
            let (name, value) = text
                .split_once('=')
                .ok_or_else(|| anyhow!("`--var {text}`: write NAME=VALUE"))?;
            inputs
                .variables
                .push((name.trim().to_owned(), value.to_owned()));
        }
        for text in &self.parameters {
            match text.split_once('=') {
                Some((name, value)) => inputs.variables.push((name.to_owned(), value.to_owned())),
                None => inputs.variable_files.push(text.clone()),
            }
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
        for file in &inputs.variable_files {
            if Disk.kind(file) != Some(EntryKind::File) {
                bail!("`{file}` is not a file");
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
        if inputs.workspace.is_none() {
            inputs.workspace = std::env::var("TF_WORKSPACE")
                .ok()
                .filter(|name| !name.is_empty());
        }
        Ok(inputs)
    }
}

//! `onus inspect`: one root module or template in, what the evaluator makes of it out.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::disk::{self, Disk};
use super::inputs::InputArguments;
use crate::declared::Language;
use crate::output;
use crate::project::{Stack, is_terraform};
use crate::source::SourceMap;

/// Show what onus makes of a Terraform root module or a template: values, and what is not known.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 evaluated; 1 evaluated with errors; 2 wrong call.")]
pub(super) struct Inspect {
    /// Folder of the root module, or the template.
    #[arg(value_name = "DIR|TEMPLATE", default_value = ".")]
    path: String,

    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,

    #[command(flatten)]
    inputs: InputArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
}

impl Inspect {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let inputs = self.inputs.read()?;
        let path = Path::new(&self.path);
        let stack = if path.is_dir() {
            Stack {
                language: Language::Terraform,
                path: disk::shown(path).into(),
            }
        } else if path.is_file() && !is_terraform(&self.path) {
            Stack {
                language: Language::CloudFormation,
                path: disk::shown(path).into(),
            }
        } else {
            bail!("`{}` is neither a folder nor a template", self.path);
        };
        let sources = SourceMap::new();
        let declared = crate::load(&Disk, &sources, &stack, &inputs);
        let mut out = super::standard_output();
        let written = match self.format {
            Format::Json => {
                let options = output::inspect::Options::default();
                output::inspect::write(&declared, &sources, options, &mut out)
            }
        };
        super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
        Ok(ExitCode::from(u8::from(output::inspect::has_errors(
            &declared,
        ))))
    }
}

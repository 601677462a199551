//! The command line: arguments in, exit code out. The only place with IO, clocks and terminals.

mod configuration;
mod disk;
mod explain;
mod inputs;
mod inspect;
mod rules;
mod scan;
mod stack;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::diagnostic::Diagnostic;
use crate::output;
use crate::source::SourceMap;

/// Finds what you got wrong on your side of AWS's shared responsibility model, in Terraform and CloudFormation.
#[derive(Debug, Parser)]
#[command(
    name = "onus",
    version,
    max_term_width = 110,
    subcommand_required = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Scan(scan::Scan),
    Inspect(inspect::Inspect),
    Explain(explain::Explain),
    Rules(rules::Rules),
    /// Print what a shell needs to complete commands and options.
    #[command(
        after_help = "For bash: onus completions bash > ~/.local/share/bash-completion/completions/onus"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Exit code of a wrong call or configuration.
const USAGE: u8 = 2;

/// Runs the command that these arguments ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is nobody's mistake.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let result = match arguments.command {
        Command::Scan(scan) => scan.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Explain(explain) => explain.run(),
        Command::Rules(rules) => rules.run(),
        Command::Completions { shell } => completions(shell),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(USAGE)
    })
}

/// Writes a shell's completion script.
fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    // Into memory first: the generator knows no closed pipes.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "onus", &mut script);
    let mut out = standard_output();
    ignoring_closed_pipe(out.write_all(&script).and_then(|()| out.flush()))?;
    Ok(ExitCode::SUCCESS)
}

/// Standard output, buffered.
fn standard_output() -> impl Write {
    BufWriter::new(io::stdout().lock())
}

/// A reader that goes away (`onus … | head`) is no failure.
fn ignoring_closed_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes diagnostics to standard error.
fn say(diagnostics: &[Diagnostic], sources: &SourceMap) -> io::Result<()> {
    let options = output::text::Options {
        color: is_colored(io::stderr().is_terminal()),
        width: terminal_width(),
        ..output::text::Options::default()
    };
    output::text::write_diagnostics(diagnostics, sources, &options, &mut io::stderr().lock())
}

/// Whether colours are wanted unless an option says so.
fn is_colored(to_terminal: bool) -> bool {
    // https://no-color.org
    to_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Columns that text may take.
fn terminal_width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| (40..=400).contains(columns))
        .unwrap_or(120)
}

/// The day that calendars are asked for.
fn today(given: Option<jiff::civil::Date>) -> jiff::civil::Date {
    given.unwrap_or_else(|| jiff::Zoned::now().date())
}

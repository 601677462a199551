//! The command line: arguments in, exit code out. The only place with IO, clocks and terminals.

mod configuration;
mod disk;
mod inputs;
mod inspect;
mod scan;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(USAGE)
    })
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

//! `onus scan`: paths and globs in, reports out.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::configuration::{self, Configuration};
use super::disk::{self, Disk};
use super::inputs::InputArguments;
use crate::Request;
use crate::cloudformation;
use crate::declared::Language;
use crate::diagnostic::{Diagnostic, Level};
use crate::output;
use crate::project::settings;
use crate::project::{self, Candidates, Inputs, Stack};
use crate::report::{self, ExitPolicy, Report};
use crate::rules::Severity;
use crate::source::SourceMap;

/// Check Terraform and CloudFormation code.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing at or above --fail-on; 1 findings at or above it; 2 wrong call or configuration;
3 some file could not be read or parsed, or a limit was hit, and there were no such findings.

Examples:
  onus scan                                    everything below this folder
  onus scan 'envs/*/main.tf' -o sarif=onus.sarif -o text
  onus scan template.yaml --parameters Env=prod
  onus scan infra --plan plan.json             values of a plan, places of the code")]
pub(super) struct Scan {
    /// Folders, files or globs. A Terraform file stands for its module; the report then names only what is in the files
    /// given.
    #[arg(value_name = "PATH|GLOB", default_value = ".")]
    paths: Vec<String>,

    /// Report to write: `text`, `sarif`, `json`, `github`, `markdown`, each with `=FILE` for a file instead of standard
    /// output. May be given several times.
    #[arg(
        short,
        long = "output",
        value_name = "FORMAT[=FILE]",
        default_value = "text"
    )]
    outputs: Vec<Target>,

    /// Lowest severity that makes the exit code 1 (`never` for none).
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    fail_on: Threshold,

    /// Count for --fail-on also findings that hold only where a condition differs from its default.
    #[arg(long)]
    fail_on_conditional: bool,

    /// Lowest severity that is reported, in every output.
    #[arg(long, value_name = "SEVERITY", default_value = "low")]
    report_level: Threshold,

    /// Which rules run: `recommended` unless settings say otherwise.
    #[arg(long, value_enum)]
    profile: Option<Profile>,

    /// Folder with rules of your own, beside the built-in ones. May be given several times.
    #[arg(long = "rules", value_name = "DIR")]
    packs: Vec<PathBuf>,

    /// Settings file instead of the nearest `onus.yaml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Show also what could not be decided, with the reason.
    #[arg(long)]
    unsure: bool,

    /// Exit with 0 instead of 3 when some input could not be analysed.
    #[arg(long)]
    allow_incomplete: bool,

    /// Exit with 0 whatever was found.
    #[arg(long)]
    exit_zero: bool,

    /// Plan of Terraform as JSON (`terraform show -json FILE`) for the root module in PATH: values come from it, places
    /// and suppressions from the code; without code, all from the plan.
    #[arg(long, value_name = "FILE")]
    plan: Option<String>,

    #[command(flatten)]
    inputs: InputArguments,

    /// Environment of `onus.yaml` to evaluate the code in; may be given several times. By default all of them.
    #[arg(long = "environment", value_name = "NAME")]
    environments: Vec<String>,

    /// Category of the analysis in SARIF: results of the same category replace each other.
    #[arg(long, value_name = "NAME")]
    category: Option<String>,

    /// What the SARIF is for: `github` leaves out what GitHub would turn into alerts (suppressed and undecided results);
    /// `full` keeps everything.
    #[arg(long, value_enum, default_value_t = SarifProfile::Github)]
    sarif_profile: SarifProfile,

    /// One line per finding in the text report.
    #[arg(long)]
    short: bool,

    /// Show also what was suppressed, in the text report.
    #[arg(long)]
    show_suppressed: bool,

    /// Show with each finding the clause of the rule that fails, in the text report.
    #[arg(long)]
    explain: bool,

    /// When to colour the text report.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,

    /// Date to take as today, for dates of support and the expiry of suppressions.
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<jiff::civil::Date>,
}

/// A severity, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Threshold(Option<Severity>);

impl FromStr for Threshold {
    type Err = String;

    fn from_str(word: &str) -> Result<Threshold, String> {
        match word {
            "never" => Ok(Threshold(None)),
            _ => Severity::parse(word)
                .map(|severity| Threshold(Some(severity)))
                .ok_or_else(|| {
                    "severities are critical, high, medium, low, info; `never` for none".to_owned()
                }),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// Rules that nearly everybody wants.
    Recommended,
    /// Every rule, opinions and hardening included.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SarifProfile {
    Github,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Sarif,
    Json,
    Github,
    Markdown,
}

/// A report and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    format: Format,
    file: Option<PathBuf>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file name is expected after `=`".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match format {
            "text" => Format::Text,
            "sarif" => Format::Sarif,
            "json" => Format::Json,
            "github" => Format::Github,
            "markdown" => Format::Markdown,
            _ => return Err("formats are text, sarif, json, github, markdown".to_owned()),
        };
        Ok(Target { format, file })
    }
}

impl Scan {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut on_stdout = self.outputs.iter().filter(|target| target.file.is_none());
        if let (Some(_), Some(_)) = (on_stdout.next(), on_stdout.next()) {
            bail!(
                "only one report can go to standard output; give the others a file: `-o sarif=onus.sarif`"
            );
        }
        let mut inputs = self.inputs.read()?;
        inputs.plan = super::stack::plan(self.plan.as_deref())?;
        let (mut candidates, cdk_outputs, diagnostics) = self.candidates()?;
        let sources = SourceMap::new();
        let profile = self.profile.map(|profile| match profile {
            Profile::Recommended => settings::Profile::Recommended,
            Profile::All => settings::Profile::All,
        });
        let configuration =
            configuration::read(self.config.as_deref(), &self.packs, profile, &sources)?;
        if !configuration.diagnostics.is_empty() {
            let text = output::text::Options {
                color: self.is_colored(io::stderr().is_terminal()),
                width: super::terminal_width(),
                ..output::text::Options::default()
            };
            let found = &configuration.diagnostics;
            output::text::write_diagnostics(found, &sources, &text, &mut io::stderr().lock())?;
            if found
                .iter()
                .any(|diagnostic| diagnostic.level == Level::Error)
            {
                return Ok(ExitCode::from(super::USAGE));
            }
        }
        let exclude = &configuration.settings.exclude;
        let is_kept = |path: &String| !exclude.iter().any(|glob| glob.matches(path, &Disk));
        candidates.found.retain(is_kept);
        let mut stacks = project::discover(&Disk, &candidates, &cloudformation::RECOGNITION);
        if self.plan.is_some() {
            let [path] = self.paths.as_slice() else {
                bail!("a plan belongs to one root module: name one folder besides `--plan`");
            };
            let stack = super::stack::at(path)?;
            if stack.language != Language::Terraform {
                bail!(
                    "`{path}` is a template; `--plan` goes with the folder of a Terraform root module"
                );
            }
            stacks = vec![stack];
        }
        if stacks.is_empty() && !cdk_outputs.is_empty() {
            // Synthesized templates are read when they are the only thing there.
            for folder in &cdk_outputs {
                candidates.found.extend(disk::walk(folder).candidates);
            }
            candidates.found.retain(is_kept);
            stacks = project::discover(&Disk, &candidates, &cloudformation::RECOGNITION);
        }
        if stacks.is_empty() {
            eprintln!(
                "warning: no Terraform and no CloudFormation template in {}",
                self.paths.join(", ")
            );
        }
        let mut diagnostics = diagnostics;
        self.set_environments(&configuration, &stacks, &mut inputs, &mut diagnostics)?;
        let today = super::today(self.today);
        let request = Request {
            files: &Disk,
            sources: &sources,
            stacks: &stacks,
            inputs: &inputs,
            rules: &configuration.rules,
            vocabulary: configuration.vocabulary.as_ref(),
            today,
        };
        let mut report = crate::analyze(&request, diagnostics);
        self.filter(&mut report, &candidates, &sources);
        let policy = ExitPolicy {
            fail_on: self.fail_on.0,
            fail_on_conditional: self.fail_on_conditional,
            allow_incomplete: self.allow_incomplete,
            exit_zero: self.exit_zero,
            ..ExitPolicy::default()
        };
        let code = report::exit_code(&report, &policy);
        for target in &self.outputs {
            self.write(target, &report, &sources, code)?;
        }
        Ok(ExitCode::from(code))
    }

    /// Decides in which environments stacks are evaluated.
    fn set_environments(
        &self,
        configuration: &Configuration,
        stacks: &[Stack],
        inputs: &mut Inputs,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> anyhow::Result<()> {
        let mut environments = configuration.environments(&self.environments)?;
        if self.plan.is_some() {
            // A plan is one environment's already.
            match self.environments.len() {
                0 => environments.clear(),
                1 => {}
                _ => bail!("a plan is made for one environment: name one, or none"),
            }
        }
        for environment in &environments {
            if stacks.iter().any(|stack| environment.has(stack, &Disk)) {
                continue;
            }
            let mut covered = stacks
                .iter()
                .filter(|stack| environment.covers(stack, &Disk));
            let missing = covered.find_map(|stack| environment.missing_in(stack, &Disk));
            let name = &environment.name;
            if !self.environments.is_empty() {
                let why = missing.map_or_else(
                    || "its `paths` lead elsewhere, or it is about the other language".to_owned(),
                    |file| format!("none has `{}`", file.path),
                );
                let paths = self.paths.join(", ");
                bail!("environment `{name}` has none of the stacks in {paths}: {why}");
            }
            if let Some(file) = missing {
                let message = format!("environment `{name}` has none of these stacks");
                let note = Diagnostic::new(Level::Note, "unused_environment", message);
                diagnostics.push(note.at(file.place).hint("no stack has this file"));
            }
        }
        inputs.environments = environments.into();
        Ok(())
    }

    /// Leaves out what is too mild, and, if files were named, what lies in other files.
    fn filter(&self, report: &mut Report, candidates: &Candidates, sources: &SourceMap) {
        let named: Vec<_> = candidates
            .named
            .iter()
            .filter_map(|path| sources.by_path(path).map(|file| file.id))
            .collect();
        let by_files = candidates.found.is_empty() && !candidates.named.is_empty();
        let level = self.report_level.0;
        report.retain(|finding| {
            let is_severe = level.is_some_and(|level| finding.severity >= level);
            let is_asked_for =
                !by_files || finding.places().any(|place| named.contains(&place.source));
            is_severe && is_asked_for
        });
    }

    fn write(
        &self,
        target: &Target,
        report: &Report,
        sources: &SourceMap,
        code: u8,
    ) -> anyhow::Result<()> {
        let to_terminal = target.file.is_none() && io::stdout().is_terminal();
        let mut out: Box<dyn Write> = match &target.file {
            None => Box::new(super::standard_output()),
            Some(path) => {
                let file = std::fs::File::create(path)
                    .with_context(|| format!("cannot write `{}`", path.display()))?;
                Box::new(io::BufWriter::new(file))
            }
        };
        let written = match target.format {
            Format::Text => {
                let options = output::text::Options {
                    color: self.is_colored(to_terminal),
                    width: super::terminal_width(),
                    unsure: self.unsure,
                    suppressed: self.show_suppressed,
                    short: self.short,
                    explain: self.explain,
                };
                output::text::write(report, sources, &options, &mut out)
            }
            Format::Sarif => {
                let options = output::sarif::Options {
                    profile: match self.sarif_profile {
                        SarifProfile::Github => output::sarif::Profile::GitHub,
                        SarifProfile::Full => output::sarif::Profile::Full,
                    },
                    paths: repository(),
                    exit_code: Some(code),
                    ..output::sarif::Options::default()
                };
                let options = match &self.category {
                    Some(category) => output::sarif::Options {
                        category: category.clone(),
                        ..options
                    },
                    None => options,
                };
                output::sarif::write(report, sources, &options, &mut out)
            }
            Format::Json => output::json::write(report, sources, &mut out),
            Format::Github => output::github::write(report, sources, &repository(), &mut out),
            Format::Markdown => output::markdown::write(report, sources, &mut out),
        };
        let written = written.and_then(|()| out.flush());
        super::ignoring_closed_pipe(written).with_context(|| match &target.file {
            Some(path) => format!("cannot write `{}`", path.display()),
            None => "cannot write to standard output".to_owned(),
        })
    }

    fn is_colored(&self, to_terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => super::is_colored(to_terminal),
        }
    }

    /// Candidate files of the paths and globs given, and what could not be walked.
    fn candidates(&self) -> anyhow::Result<(Candidates, Vec<PathBuf>, Vec<Diagnostic>)> {
        let mut candidates = Candidates::default();
        let mut cdk_outputs = Vec::new();
        let mut diagnostics = Vec::new();
        for text in &self.paths {
            let mut add = |path: &Path, is_pattern: bool| {
                if path.is_dir() {
                    let walk = disk::walk(path);
                    candidates.found.extend(walk.candidates);
                    cdk_outputs.extend(walk.cdk_outputs);
                    for (folder, why) in walk.failures {
                        let problem = Diagnostic::new(
                            Level::Error,
                            "unreadable_file",
                            format!("cannot be walked: {why}"),
                        );
                        diagnostics.push(problem.in_file(folder).incomplete());
                    }
                } else if is_pattern {
                    let path = disk::shown(path);
                    if crate::project::is_terraform(&path) || crate::project::may_be_template(&path)
                    {
                        candidates.found.push(path);
                    }
                } else {
                    candidates.named.push(disk::shown(path));
                }
            };
            let path = Path::new(text);
            if path.exists() {
                add(path, false);
                continue;
            }
            if !text.contains(['*', '?', '[']) {
                bail!("`{text}` does not exist");
            }
            let matches =
                glob::glob(text).with_context(|| format!("`{text}` is not a valid glob"))?;
            let mut matched = false;
            for path in matches.flatten() {
                matched = true;
                add(&path, true);
            }
            if !matched {
                bail!("`{text}` matches nothing");
            }
        }
        Ok((candidates, cdk_outputs, diagnostics))
    }
}

/// Where the repository's root is: the nearest folder above with `.git` in it.
fn repository() -> output::Paths {
    let Ok(here) = std::env::current_dir() else {
        return output::Paths::default();
    };
    let Some(root) = here.ancestors().find(|folder| folder.join(".git").exists()) else {
        return output::Paths {
            root: Some(disk::slashed(&here)),
            start: String::new(),
        };
    };
    output::Paths {
        root: Some(disk::slashed(root)),
        start: here
            .strip_prefix(root)
            .map(disk::slashed)
            .unwrap_or_default(),
    }
}

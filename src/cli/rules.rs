//! `onus rules`: the list of rules, new ones, and the tests of those that there are.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::configuration;
use super::disk;
use crate::declared::Language;
use crate::diagnostic::{Diagnostic, Level};
use crate::facts::{FACTS, Shape};
use crate::model::Vocabulary;
use crate::output;
use crate::output::catalogue::{self, Entry};
use crate::project::{Inputs, Stack};
use crate::rules::{RuleSet, builtin_files, load, samples, vet};
use crate::source::{Files, SourceFile, SourceMap, Span};

/// List, write and test rules.
#[derive(Debug, Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the rules that there are.
    List {
        /// How to print it.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,

        /// Folder with rules of your own, beside the built-in ones. May be given several times.
        #[arg(long = "rules", value_name = "DIR")]
        packs: Vec<PathBuf>,

        /// Settings file instead of the nearest `onus.yaml`.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Write the file of a new rule, to be filled in.
    New {
        /// Its name: the fault, in lower-case words joined by `-`.
        name: String,

        /// Folder to write it to.
        #[arg(long = "in", value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
    /// Look for mistakes in a pack and run the samples of its rules; the built-in pack if none is given.
    #[command(after_help = "Exit codes: 0 all is well; 1 mistakes; 2 wrong call.")]
    Test {
        /// Folder with rules.
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Look for mistakes in a pack without running its samples.
    #[command(after_help = "Exit codes: 0 all is well; 1 mistakes; 2 wrong call.")]
    Vet {
        /// Folder with rules.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// List the facts that rules can read under `$.facts`, with the kinds they are about and their members.
    Facts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

impl Rules {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::List {
                format,
                packs,
                config,
            } => list(format, &packs, config.as_deref()),
            Command::New { name, folder } => new(&name, &folder),
            Command::Test { folder } => tested(folder.as_deref()),
            Command::Vet { folder } => vetted(&folder),
            Command::Facts => {
                let mut out = super::standard_output();
                let written = facts(&mut out).and_then(|()| out.flush());
                super::ignoring_closed_pipe(written)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn list(format: Format, packs: &[PathBuf], config: Option<&Path>) -> anyhow::Result<ExitCode> {
    let sources = SourceMap::new();
    let configuration = configuration::read(config, packs, None, &sources)?;
    if configuration.is_refused(&sources)? {
        return Ok(ExitCode::from(super::USAGE));
    }
    let mut known = configuration.rules.known();
    known.sort_by(|a, b| (&a.category, &a.name).cmp(&(&b.category, &b.name)));
    let rules: Vec<Entry<'_>> = known
        .iter()
        .map(|rule| Entry {
            rule,
            is_off: configuration.why_off(rule).is_some(),
        })
        .collect();
    let mut out = super::standard_output();
    let written = match format {
        Format::Text => catalogue::write(&rules, &mut out),
        Format::Json => catalogue::write_json(&rules, &mut out),
        Format::Markdown => catalogue::write_markdown(&rules, &mut out),
    };
    super::ignoring_closed_pipe(written.and_then(|()| out.flush()))?;
    Ok(ExitCode::SUCCESS)
}

/// A rule file to be filled in. It is a rule already, so that testing it says what is left to do.
fn skeleton(name: &str) -> String {
    format!(
        "\
# {name}: test it with `onus rules test`; see what `$` shows with `onus inspect DIR ADDRESS`.
title: EC2 instance does what it should not      # the fault in one line
severity: medium                                 # critical, high (you would wake somebody), medium, low, info
rationale: Why it is as bad as that, in a sentence.
applies_to: [AWS::EC2::Instance]                 # CloudFormation's name of the kind, for both languages
check: |
  # what must hold; `onus rules facts` lists what else can be asked
  $.Monitoring == true
  << {{resource}} does what it should not >>
why: >-
  What can happen, and to whom.
remedy: >-
  What to write instead, in Terraform and in CloudFormation.
links:
  - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/
samples:
  bad:
    # `# finding` stands on the line where the finding must be
    - terraform: |
        resource \"aws_instance\" \"web\" {{
          ami           = \"ami-0abcdef1234567890\"
          instance_type = \"t3.micro\"
          monitoring    = false # finding
        }}
"
    )
}

fn new(name: &str, folder: &Path) -> anyhow::Result<ExitCode> {
    if !load::is_name(name) {
        bail!(
            "`{name}` is no name of a rule: name it by the fault, in lower-case words joined by `-`, as `eks-public-endpoint-enabled`"
        );
    }
    if RuleSet::builtin(&SourceMap::new()).named(name).is_some() {
        bail!("there is a built-in rule `{name}` already");
    }
    let path = folder.join(format!("{name}.yaml"));
    let shown = disk::shown(&path);
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path);
    let mut file = match file {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("`{shown}` is there already")
        }
        Err(error) => bail!("cannot write `{shown}`: {error}"),
    };
    file.write_all(skeleton(name).as_bytes())
        .with_context(|| format!("cannot write `{shown}`"))?;
    let mut out = super::standard_output();
    let folder = disk::shown(folder);
    let said = writeln!(
        out,
        "{shown}: fill it in; `onus rules test {folder}` says what is left to do"
    );
    super::ignoring_closed_pipe(said.and_then(|()| out.flush()))?;
    Ok(ExitCode::SUCCESS)
}

/// A pack to look for mistakes in.
struct Pack {
    /// Its own rules, by name.
    names: Vec<String>,
    /// Those and the ones that they may yield to.
    rules: RuleSet,
    vocabulary: Arc<Vocabulary>,
    diagnostics: Vec<Diagnostic>,
}

fn built_in(sources: &SourceMap) -> Pack {
    let vocabulary = Vocabulary::builtin();
    let files: Vec<Arc<SourceFile>> = builtin_files()
        .map(|(path, text)| sources.add(path, text))
        .collect();
    let (rules, mut diagnostics) = RuleSet::read(&files, &vocabulary);
    diagnostics.append(&mut vet::vet(&rules, &vocabulary, sources));
    Pack {
        names: rules.names().map(str::to_owned).collect(),
        rules,
        vocabulary,
        diagnostics,
    }
}

fn in_folder(folder: &Path, sources: &SourceMap) -> anyhow::Result<Pack> {
    if !folder.is_dir() {
        bail!("`{}` is not a folder", folder.display());
    }
    let known = Vocabulary::builtin();
    // Before the built-in rules: who works on those tests the files on the disk.
    let pack = configuration::pack(&disk::shown(folder), sources, &known);
    let names: Vec<String> = pack.rules.names().map(str::to_owned).collect();
    let mut diagnostics = pack.diagnostics;
    if names.is_empty() && diagnostics.is_empty() {
        bail!("there are no rules in `{}`", folder.display());
    }
    let mut own: FxHashSet<Arc<str>> = FxHashSet::default();
    for rule in names.iter().filter_map(|name| pack.rules.named(name)) {
        let Some(file) = sources.get(rule.info.file.source) else {
            continue;
        };
        own.insert(file.path.clone());
        let mut others = builtin_files().map(|(path, _)| path);
        if others.any(|path| load::name_of(path) == &*rule.info.name && path != &*file.path) {
            let place = Span::new(file.id, 0, file.line_text(1).len());
            let message = format!("there is a built-in rule called `{}`", rule.info.name);
            diagnostics.push(Diagnostic::error("V37", place, message).hint("rename this one"));
        }
    }
    let (rules, _) = pack.rules.and(RuleSet::builtin(sources));
    let mut found = vet::vet(&rules, &pack.vocabulary, sources);
    found.retain(|diagnostic| {
        let file = diagnostic.span.and_then(|span| sources.get(span.source));
        file.is_none_or(|file| {
            own.contains(&file.path) || builtin_files().all(|(path, _)| path != &*file.path)
        })
    });
    diagnostics.append(&mut found);
    Ok(Pack {
        names,
        rules,
        vocabulary: Arc::new(pack.vocabulary),
        diagnostics,
    })
}

fn vetted(folder: &Path) -> anyhow::Result<ExitCode> {
    let sources = SourceMap::new();
    let pack = in_folder(folder, &sources)?;
    let count = counted(pack.names.len(), "rule");
    verdict(
        &pack.diagnostics,
        &format!("{count}: no mistakes"),
        &sources,
    )
}

fn tested(folder: Option<&Path>) -> anyhow::Result<ExitCode> {
    let sources = SourceMap::new();
    let mut pack = match folder {
        Some(folder) => in_folder(folder, &sources)?,
        None => built_in(&sources),
    };
    let load = |files: &dyn Files, sources: &SourceMap, language: Language, path: &str| {
        let stack = Stack {
            language,
            path: path.into(),
        };
        crate::load(files, sources, &stack, &Inputs::default())
    };
    let tested: Vec<(usize, Vec<Diagnostic>)> = pack
        .names
        .par_iter()
        .filter_map(|name| pack.rules.named(name))
        .map(|rule| {
            let count = samples::read(&rule).0.len();
            let load: &samples::Load<'_> = &load;
            (
                count,
                samples::run(&rule, &pack.rules, &pack.vocabulary, load),
            )
        })
        .collect();
    let mut count = 0;
    for (of_rule, mut found) in tested {
        count += of_rule;
        pack.diagnostics.append(&mut found);
    }
    let done = format!(
        "{}, {}: all as marked",
        counted(pack.names.len(), "rule"),
        counted(count, "sample")
    );
    verdict(&pack.diagnostics, &done, &sources)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Writes mistakes, or that there are none.
fn verdict(found: &[Diagnostic], done: &str, sources: &SourceMap) -> anyhow::Result<ExitCode> {
    let options = output::text::Options {
        color: super::is_colored(io::stdout().is_terminal()),
        width: super::terminal_width(),
        ..output::text::Options::default()
    };
    let mistakes = found
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .count();
    let mut out = super::standard_output();
    let written = output::text::write_diagnostics(found, sources, &options, &mut out)
        .and_then(|()| match mistakes {
            0 => writeln!(out, "{done}"),
            count => writeln!(out, "{}", counted(count, "mistake")),
        })
        .and_then(|()| out.flush());
    super::ignoring_closed_pipe(written)?;
    Ok(ExitCode::from(u8::from(mistakes > 0)))
}

/// All facts, with what is in them.
fn facts(out: &mut dyn Write) -> io::Result<()> {
    for (index, fact) in FACTS.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "$.facts.{}: {}", fact.name, form(fact.shape))?;
        writeln!(out, "  of {}", fact.kinds.join(", "))?;
        members(fact.shape, 2, out)?;
    }
    Ok(())
}

fn form(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "bool",
        Shape::Number => "number",
        Shape::Text => "text",
        Shape::Source => "as written",
        Shape::List(Shape::Object(_)) => "list of objects",
        Shape::List(Shape::Text) => "list of texts",
        Shape::List(_) => "list",
        Shape::Object(_) => "object",
        Shape::Map(_) => "object with any names",
    }
}

fn members(shape: &Shape, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    match shape {
        Shape::List(inner) | Shape::Map(inner) => members(inner, indent, out),
        Shape::Object(fields) => {
            let heads: Vec<String> = fields
                .iter()
                .map(|field| {
                    let perhaps = if field.is_always { "" } else { "?" };
                    format!("{}{perhaps}: {}", field.name, form(&field.shape))
                })
                .collect();
            let widest = heads.iter().map(String::len).max().unwrap_or(0);
            for (field, head) in fields.iter().zip(&heads) {
                writeln!(out, "{:indent$}{head:widest$}  {}", "", field.about)?;
                members(&field.shape, indent + 2, out)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

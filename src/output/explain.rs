//! Rules for people: a rule in, what it says and why out; what it makes of one resource in, each test with what it
//! looked at out.

use std::io::{self, Write};

use super::inspect::tree::{self, Line};
use super::{counted, shortened};
use crate::model::Resource;
use crate::rules::explain::{Explanation, InWorld, Judged, Tested, Thing};
use crate::rules::samples::{Expectation, Sample};
use crate::rules::{Confidence, Outcome, Rule, Verdict};
use crate::source::{SourceMap, Span};
use crate::value::Certainty;

/// How to write a rule.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// Columns that text may take.
    pub width: usize,
    /// Whether all samples are shown, instead of one of each sort.
    pub all_samples: bool,
    /// Why the rule does not run at present, if it does not.
    pub idle: Option<&'o str>,
}

/// Columns of the names of sections.
const MARGIN: usize = 10;
/// Columns of prose.
const WIDEST: usize = 100;

/// Writes what a rule says.
///
/// # Errors
/// Those of `out`.
pub fn write_rule(
    rule: &Rule,
    samples: &[Sample],
    sources: &SourceMap,
    options: &Options<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let info = &rule.info;
    writeln!(out, "{}  {}", info.name, info.severity)?;
    writeln!(out, "{}\n", info.title)?;
    let prose = |out: &mut dyn Write, name: &str, text: &str| section(out, name, text, options);
    if let Some(idle) = options.idle {
        prose(out, "idle", idle)?;
    }
    prose(out, "why", &info.why)?;
    if !info.rationale.is_empty() {
        prose(
            out,
            "severity",
            &format!("{}: {}", info.severity, info.rationale),
        )?;
    }
    if info.confidence != Confidence::High {
        let word = match info.confidence {
            Confidence::Low => "low: it depends on things outside the code",
            _ => "medium: usually right",
        };
        prose(out, "confidence", word)?;
    }
    let kinds: Vec<&str> = rule.applies_to.iter().map(|(kind, _)| &**kind).collect();
    let languages: Vec<&str> = info
        .languages
        .iter()
        .map(|language| match *language {
            "terraform" => "Terraform",
            "cloudformation" => "CloudFormation",
            other => other,
        })
        .collect();
    let concerns = format!("{} in {}", kinds.join(", "), languages.join(" and "));
    prose(out, "concerns", &concerns)?;
    for key in ["when", "check"] {
        let block = rule.envelope.member(key);
        if let Some(text) = block.as_ref().and_then(|block| block.as_str()) {
            verbatim(out, key, text)?;
        }
    }
    prose(out, "remedy", &info.remedy)?;
    let used = |name: &str| {
        let asked = format!("$.options.{name}");
        ["when", "check"].iter().any(|key| {
            let block = rule.envelope.member(key);
            block.is_some_and(|block| block.as_str().is_some_and(|text| text.contains(&asked)))
        })
    };
    for (index, (name, value)) in rule
        .options
        .entries()
        .filter(|(name, _)| used(name))
        .enumerate()
    {
        let about = rule.declared.iter().find(|option| option.name == *name);
        let about = about.map(|option| format!(": {}", option.about));
        let shown = listed(&value);
        let text = format!("{name} = {shown}{}", about.unwrap_or_default());
        prose(out, if index == 0 { "options" } else { "" }, &text)?;
    }
    for (name, table) in [("elsewhere", &info.aliases), ("controls", &info.controls)] {
        for (index, (whose, ids)) in table.iter().enumerate() {
            let text = format!("{whose} {}", ids.join(", "));
            prose(out, if index == 0 { name } else { "" }, &text)?;
        }
    }
    for (index, link) in info.links.iter().enumerate() {
        prose(out, if index == 0 { "reading" } else { "" }, link)?;
    }
    let path = sources.get(info.file.source).map(|file| file.path.clone());
    prose(out, "file", path.as_deref().unwrap_or_default())?;
    write_samples(samples, options, out)
}

fn write_samples(samples: &[Sample], options: &Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (expectation, title) in [
        (Expectation::Bad, "bad"),
        (Expectation::Good, "good"),
        (Expectation::Unsure, "cannot be told"),
    ] {
        let of_sort: Vec<&Sample> = samples
            .iter()
            .filter(|sample| sample.expectation == expectation)
            .collect();
        let shown = if options.all_samples {
            of_sort.len()
        } else {
            usize::from(expectation != Expectation::Unsure)
        };
        for (index, sample) in of_sort.iter().take(shown).enumerate() {
            let count = if of_sort.len() > 1 {
                format!(" {} of {}", index + 1, of_sort.len())
            } else {
                String::new()
            };
            writeln!(out, "\n{title}{count}, {}:", sample.language)?;
            for (number, (name, text)) in sample.files.iter().enumerate() {
                if number > 0 {
                    writeln!(out, "  --- {name}")?;
                }
                for line in text.lines() {
                    writeln!(out, "{}", format!("  {line}").trim_end())?;
                }
            }
        }
    }
    let shown = ["bad", "good"].len().min(samples.len());
    if !options.all_samples && samples.len() > shown {
        writeln!(
            out,
            "\n{} in all: --samples shows them",
            counted(samples.len(), "sample")
        )?;
    }
    Ok(())
}

/// A value of an option, on one line.
fn listed(value: &crate::value::Value) -> String {
    match value.as_list() {
        Some(_) => {
            let items: Vec<String> = value.elements().map(|item| tree::shown(&item)).collect();
            shortened(&format!("[{}]", items.join(", ")), 200)
        }
        None => tree::shown(value),
    }
}

/// Prose behind the name of its section.
fn section(out: &mut dyn Write, name: &str, text: &str, options: &Options<'_>) -> io::Result<()> {
    let most = options.width.clamp(40, WIDEST) - MARGIN - 2;
    let mut line = String::new();
    let mut name = name;
    let mut flush = |line: &mut String, out: &mut dyn Write| {
        let written = writeln!(out, "{name:MARGIN$}  {line}");
        name = "";
        line.clear();
        written
    };
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > most {
            flush(&mut line, out)?;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.is_empty() {
        return Ok(());
    }
    flush(&mut line, out)
}

/// A block of clauses as it is written.
fn verbatim(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    for (index, line) in text.trim_end().lines().enumerate() {
        let name = if index == 0 { name } else { "" };
        writeln!(out, "{}", format!("{name:MARGIN$}  {line}").trim_end())?;
    }
    Ok(())
}

/// Writes what a rule makes of a resource.
///
/// # Errors
/// Those of `out`.
pub fn write_explanation(
    rule: &Rule,
    resource: &Resource,
    explanation: &Explanation,
    address: &dyn Fn(crate::model::ResourceId) -> String,
    sources: &SourceMap,
    out: &mut dyn Write,
) -> io::Result<()> {
    let writer = Explaining {
        resource,
        address,
        sources,
    };
    let place = tree::line_of(resource.header, sources).unwrap_or_default();
    writeln!(out, "{} on {}  {place}", rule.info.name, resource.address)?;
    if explanation.worlds.is_empty() {
        writeln!(out, "the resource never exists")?;
    }
    for world in &explanation.worlds {
        writeln!(out)?;
        writer.world(rule, world, out)?;
    }
    writeln!(out)?;
    for outcome in &explanation.outcomes {
        writer.outcome(outcome, out)?;
    }
    for outcome in &explanation.yielded {
        let names: Vec<&str> = rule.yields_to.iter().map(|(name, _)| &**name).collect();
        writeln!(
            out,
            "left to {}: {}",
            names.join(" or "),
            shortened(&outcome.message, 200)
        )?;
    }
    if explanation.outcomes.is_empty() && explanation.yielded.is_empty() {
        writeln!(out, "no finding")?;
    }
    Ok(())
}

struct Explaining<'a> {
    resource: &'a Resource,
    address: &'a dyn Fn(crate::model::ResourceId) -> String,
    sources: &'a SourceMap,
}

impl Explaining<'_> {
    fn world(&self, rule: &Rule, world: &InWorld, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = Vec::new();
        let mut indent = 0;
        if !world.condition.is_empty() {
            lines.push(Line {
                text: format!("if {}", world.condition),
                place: String::new(),
            });
            indent = 2;
        }
        if !world.when.is_empty() {
            let said = match world.concerned {
                Certainty::Yes => "the rule concerns it",
                Certainty::Unsure => "it cannot be told whether the rule concerns it",
                Certainty::No => "the rule does not concern it",
            };
            self.push_head(indent, said, None, &mut lines);
            for group in &world.when {
                self.judged(indent + 2, group, &mut lines);
            }
        }
        if !world.concerned.is_no() {
            for (index, clause) in world.clauses.iter().enumerate() {
                let holds = match clause.truth {
                    Certainty::Yes => "holds",
                    Certainty::Unsure => "cannot be told",
                    Certainty::No => "does not hold",
                };
                let said = if world.clauses.len() > 1 {
                    format!("clause {} of {} {holds}", index + 1, world.clauses.len())
                } else {
                    format!("the clause {holds}")
                };
                let span = rule.check.get(index).map(|clause| clause.span);
                self.push_head(indent, &said, span, &mut lines);
                self.judged(indent + 2, clause, &mut lines);
            }
        }
        write!(out, "{}", tree::aligned(&lines))
    }

    fn push_head(&self, indent: usize, said: &str, span: Option<Span>, lines: &mut Vec<Line>) {
        let place = span.and_then(|span| tree::line_of(span, self.sources));
        lines.push(Line {
            text: format!("{:indent$}{said}", ""),
            place: place.unwrap_or_default(),
        });
    }

    fn judged(&self, indent: usize, judged: &Judged, lines: &mut Vec<Line>) {
        for (index, test) in judged.tests.iter().enumerate() {
            let joint = if index > 0 { "or " } else { "" };
            self.test(indent, joint, test, lines);
        }
        for (index, test) in judged.unless.iter().enumerate() {
            let joint = if index > 0 { "or " } else { "unless " };
            self.test(indent, joint, test, lines);
        }
    }

    fn test(&self, indent: usize, joint: &str, test: &Tested, lines: &mut Vec<Line>) {
        let written = self.sources.get(test.span.source);
        let written = written.map(|file| shortened(file.slice(test.span), 200));
        let text = written.unwrap_or_default();
        lines.push(Line {
            text: format!("{:indent$}{:6}  {joint}{text}", "", verdict(test.truth)),
            place: String::new(),
        });
        let indent = indent + 8;
        for thing in &test.things {
            lines.push(self.thing(indent, thing));
        }
        let nothing = if test.things.is_empty() && !test.is_open {
            Some("it selects nothing".to_owned())
        } else {
            None
        };
        let open = test.is_open.then(|| match test.things.is_empty() {
            true => "it selects nothing that is known; there may be something".to_owned(),
            false => "there may be more".to_owned(),
        });
        let reasons = test
            .reasons
            .iter()
            .map(|reason| format!("because {reason}"));
        for text in nothing.into_iter().chain(open).chain(reasons) {
            lines.push(Line {
                text: format!("{:indent$}{text}", ""),
                place: String::new(),
            });
        }
    }

    fn thing(&self, indent: usize, thing: &Thing) -> Line {
        let what = &thing.what;
        // A whole resource is its address already.
        let owner = if what.owner == self.resource.id || what.path.is_empty() {
            String::new()
        } else {
            format!("{} ", (self.address)(what.owner))
        };
        let there = if thing.there.is_yes() { "" } else { "perhaps " };
        let path = if what.path.is_empty() {
            String::new()
        } else {
            format!("{} is ", what.path)
        };
        let mut place = tree::line_of(what.place, self.sources).unwrap_or_default();
        if !what.origin.is_default {
            for (span, step) in what.origin.trail.iter() {
                if let Some(line) = tree::line_of(span, self.sources) {
                    place.push_str(&format!(" ← {line} {}", step.describe()));
                }
            }
        }
        let text = shortened(&what.text, 100);
        Line {
            text: format!(
                "{:indent$}{:6}  {there}{owner}{path}{text}",
                "",
                word(thing.truth)
            ),
            place,
        }
    }

    fn outcome(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        let word = match outcome.verdict {
            Verdict::Fail => outcome.severity.as_str(),
            Verdict::Unsure => "unsure",
        };
        let place = self.sources.describe(outcome.offender.place);
        writeln!(out, "{word}: {}", shortened(&outcome.message, 400))?;
        writeln!(out, "  at {place}")?;
        if let Some(condition) = &outcome.condition {
            writeln!(out, "  only if {}", condition.text)?;
        }
        Ok(())
    }
}

/// What became of a test.
fn verdict(truth: Certainty) -> &'static str {
    match truth {
        Certainty::Yes => "holds",
        Certainty::Unsure => "unsure",
        Certainty::No => "fails",
    }
}

/// Whether something is as a test asks.
fn word(truth: Certainty) -> &'static str {
    match truth {
        Certainty::Yes => "yes",
        Certainty::Unsure => "unsure",
        Certainty::No => "no",
    }
}

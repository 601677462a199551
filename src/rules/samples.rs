//! Samples of rules: code that a rule file shows as bad, good or undecidable in, what the rule says differently out.
//!
//! `# finding`, `# finding low` and `# unsure` stand on the line where the place of a finding begins; where no comment
//! can stand, `findings: [{ line: 5 }]` lists the places.

use std::sync::Arc;

use jiff::civil::Date;

use super::check::check_named;
use super::{Outcome, Rule, RuleSet, Severity, Verdict};
use crate::declared::{Declared, Language};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::facts::Facts;
use crate::model::{self, Vocabulary};
use crate::source::{Columns, Files, MemoryFiles, SourceMap, Span};
use crate::value::Value;

/// Evaluates the stack at a path in a language: what the front ends do, which stand beside the rules.
pub type Load<'l> = dyn Fn(&dyn Files, &SourceMap, Language, &str) -> Declared + 'l;

/// The day for which calendars are read where a sample does not say.
const TODAY: Date = jiff::civil::date(2026, 1, 1);

/// What a sample shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// At least one finding, and nothing that is not marked.
    Bad,
    /// Silence.
    Good,
    /// Only what cannot be decided.
    Unsure,
}

/// Code that shows what a rule says.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it shows.
    pub expectation: Expectation,
    /// The language it is written in.
    pub language: Language,
    /// Its files by name, its own first; placeholders filled.
    pub files: Vec<(String, String)>,
    /// The day for which calendars are read.
    pub today: Date,
    /// Values of options.
    pub options: Vec<(Arc<str>, Value)>,
    /// What is expected where.
    marks: Vec<Mark>,
    /// Its code, in the rule file.
    text: Value,
}

/// Something expected at a place.
#[derive(Clone, Debug)]
struct Mark {
    file: String,
    line: usize,
    column: Option<usize>,
    severity: Option<Severity>,
    is_unsure: bool,
}

/// The keys of a sample.
pub const KEYS: [&str; 6] = [
    "terraform",
    "cloudformation",
    "today",
    "options",
    "files",
    "findings",
];

/// The samples in a rule's file, and what is wrong with how they are written.
pub fn read(rule: &Rule) -> (Vec<Sample>, Vec<Diagnostic>) {
    let mut samples = Vec::new();
    let mut diagnostics = Vec::new();
    let Some(written) = rule.envelope.member("samples") else {
        return (samples, diagnostics);
    };
    for (key, list) in written.entries() {
        let expectation = match &**key {
            "bad" => Expectation::Bad,
            "good" => Expectation::Good,
            "unsure" => Expectation::Unsure,
            _ => {
                diagnostics.push(unknown_key(key, list.span(), &["bad", "good", "unsure"]));
                continue;
            }
        };
        for item in list.elements() {
            match sample(&item, expectation, &mut diagnostics) {
                Ok(sample) => samples.push(sample),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
    }
    (samples, diagnostics)
}

fn unknown_key(key: &str, span: Span, known: &[&str]) -> Diagnostic {
    let hint = did_you_mean(key, known.iter().copied())
        .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
    Diagnostic::error("V36", span, format!("`{key}` is not known here")).hint(hint)
}

fn sample(
    item: &Value,
    expectation: Expectation,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Sample, Box<Diagnostic>> {
    let wrong = |span: Span, message: &str, hint: &str| {
        Box::new(Diagnostic::error("syntax", span, message).hint(hint))
    };
    for (key, value) in item.entries() {
        if !KEYS.contains(&&**key) {
            diagnostics.push(unknown_key(key, value.span(), &KEYS));
        }
    }
    let (language, text) = match (item.member("terraform"), item.member("cloudformation")) {
        (Some(text), None) => (Language::Terraform, text),
        (None, Some(text)) => (Language::CloudFormation, text),
        _ => {
            return Err(wrong(
                item.span(),
                "a sample is code in one language",
                "write `terraform: |` or `cloudformation: |` and the code indented below",
            ));
        }
    };
    let Some(code) = text.as_str() else {
        return Err(wrong(
            text.span(),
            "the code of a sample is a text",
            "write `|` behind the language",
        ));
    };
    let name = match language {
        Language::Terraform => "main.tf",
        Language::CloudFormation if code.trim_start().starts_with('{') => "template.json",
        Language::CloudFormation => "template.yaml",
    };
    let mut files = vec![(name.to_owned(), filled(code))];
    if let Some(more) = item.member("files") {
        for (name, value) in more.entries() {
            if let Some(code) = value.as_str() {
                files.push((name.to_string(), filled(code)));
            }
        }
    }
    let today = match item.member("today") {
        None => TODAY,
        Some(day) => day
            .as_str()
            .and_then(|day| day.parse().ok())
            .ok_or_else(|| wrong(day.span(), "`today` is no date", "as in `2026-11-22`"))?,
    };
    let options = item
        .member("options")
        .map(|options| {
            options
                .entries()
                .map(|(name, value)| (name.clone(), value))
                .collect()
        })
        .unwrap_or_default();
    let mut marks: Vec<Mark> = files
        .iter()
        .flat_map(|(name, code)| marks(name, code))
        .collect();
    if let Some(listed) = item.member("findings") {
        for one in listed.elements() {
            let number = |key: &str| {
                one.member(key)
                    .and_then(|value| usize::try_from(value.as_int()?).ok())
            };
            let Some(line) = number("line") else {
                return Err(wrong(
                    one.span(),
                    "a finding has a line",
                    "as in `findings: [{ line: 5 }]`",
                ));
            };
            let file = one
                .member("file")
                .and_then(|file| file.as_str().map(str::to_owned));
            marks.push(Mark {
                file: file.unwrap_or_else(|| name.to_owned()),
                line,
                column: number("column"),
                severity: one
                    .member("severity")
                    .and_then(|word| Severity::parse(word.as_str()?)),
                is_unsure: one.member("unsure").and_then(|unsure| unsure.as_bool()) == Some(true),
            });
        }
    }
    Ok(Sample {
        expectation,
        language,
        files,
        today,
        options,
        marks,
        text,
    })
}

/// The marks in comments.
fn marks(file: &str, code: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let comments = line
            .match_indices("# ")
            .chain(line.match_indices("// "))
            .map(|(at, sign)| line[at + sign.len()..].trim());
        for comment in comments {
            let mut words = comment.split_whitespace();
            let (first, second) = (words.next(), words.next());
            let severity = second.and_then(Severity::parse);
            let is_whole = second.is_none() || (severity.is_some() && words.next().is_none());
            let is_unsure = first == Some("unsure");
            if is_whole && (is_unsure || first == Some("finding")) {
                marks.push(Mark {
                    file: file.to_owned(),
                    line: index + 1,
                    column: None,
                    severity,
                    is_unsure,
                });
            }
        }
    }
    marks
}

/// Text with `{B32:16}`, `{HEX:40}` and `{B64:40}` replaced by that many characters that look random, so that rule
/// files hold nothing that looks like a credential.
fn filled(text: &str) -> String {
    const ALPHABETS: [(&str, &[u8]); 3] = [
        ("{B32:", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        ("{HEX:", b"0123456789abcdef"),
        (
            "{B64:",
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        ),
    ];
    let mut text = text.to_owned();
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for (start, alphabet) in ALPHABETS {
        while let Some(at) = text.find(start) {
            let Some(end) = text[at..].find('}').map(|end| at + end) else {
                break;
            };
            let Ok(length) = text[at + start.len()..end].parse::<usize>() else {
                break;
            };
            let random: String = (0..length.min(4096))
                .map(|_| {
                    // xorshift64*: the same in every run.
                    state ^= state >> 12;
                    state ^= state << 25;
                    state ^= state >> 27;
                    let drawn = state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
                    char::from(alphabet[drawn as usize % alphabet.len()])
                })
                .collect();
            text.replace_range(at..=end, &random);
        }
    }
    text
}

/// Runs the samples of a rule.
pub fn run(
    rule: &Rule,
    rules: &RuleSet,
    vocabulary: &Arc<Vocabulary>,
    load: &Load<'_>,
) -> Vec<Diagnostic> {
    let (samples, mut diagnostics) = read(rule);
    for sample in &samples {
        diagnostics.extend(run_one(rule, sample, rules, vocabulary, load));
    }
    for language in &rule.info.languages {
        for (expectation, word) in [(Expectation::Bad, "bad"), (Expectation::Good, "good")] {
            let is_shown = samples.iter().any(|sample| {
                sample.expectation == expectation && sample.language.to_string() == *language
            });
            if !is_shown {
                diagnostics.push(
                    Diagnostic::error(
                        "V34",
                        first_line(rule),
                        format!(
                            "there is no {word} sample in {language}, though the rule concerns it"
                        ),
                    )
                    .hint(format!("add one under `samples: {word}:`")),
                );
            }
        }
    }
    diagnostics
}

fn first_line(rule: &Rule) -> Span {
    let file = rule.info.file;
    let title = rule.envelope.member("title").map(|title| title.span());
    title.unwrap_or(Span {
        end: file.start,
        ..file
    })
}

/// Runs one sample.
pub fn run_one(
    rule: &Rule,
    sample: &Sample,
    rules: &RuleSet,
    vocabulary: &Arc<Vocabulary>,
    load: &Load<'_>,
) -> Vec<Diagnostic> {
    let sources = SourceMap::new();
    let files = MemoryFiles::new(
        sample
            .files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str())),
    );
    let root = match sample.language {
        Language::Terraform => ".",
        Language::CloudFormation => sample.files[0].0.as_str(),
    };
    let declared = load(&files, &sources, sample.language, root);
    let mut wrong = Vec::new();
    for diagnostic in &declared.diagnostics {
        if diagnostic.level == Level::Error {
            let line = diagnostic
                .span
                .and_then(|span| Some(sources.get(span.source)?.line(span.start)))
                .unwrap_or(1);
            wrong.push(sample.says(
                line,
                format!("this sample is not understood: {}", diagnostic.message),
                "mend its code",
            ));
        }
    }
    let (model, _) = model::normalize(declared, vocabulary.clone());
    let facts = Facts::new(sample.today);
    let mut ruled = rule.clone();
    ruled.options = sample
        .options
        .iter()
        .fold(ruled.options, |options, (name, value)| {
            let mut members = options
                .as_object()
                .map(|object| object.members().clone())
                .unwrap_or_default();
            members.insert(name.clone(), value.clone().into());
            Value::object(members, options.span())
        });
    let outcomes = check_named(&model, &facts, &ruled, rules);
    let has_mark = sample.marks.iter().any(|mark| !mark.is_unsure);
    match sample.expectation {
        Expectation::Bad if !has_mark => {
            wrong.push(sample.error(
                "V33",
                1,
                "this bad sample has no mark",
                "write `# finding` on the line where the place begins",
            ));
        }
        Expectation::Good if !sample.marks.is_empty() => {
            wrong.push(sample.error(
                "V33",
                sample.marks[0].line,
                "this good sample has a mark",
                "a good sample is silent",
            ));
        }
        Expectation::Unsure if has_mark => {
            wrong.push(sample.error(
                "V33",
                sample.marks[0].line,
                "this sample is to be unsure, but marks a finding",
                "move it to `bad`",
            ));
        }
        Expectation::Unsure if sample.marks.is_empty() => {
            wrong.push(sample.error(
                "V33",
                1,
                "this unsure sample has no mark",
                "write `# unsure` on the line where the place begins",
            ));
        }
        _ => {}
    }
    sample.compare(&outcomes, &sources, &mut wrong);
    if outcomes.is_empty() && has_mark {
        let spoken = super::check::check_rule(&model, &facts, &ruled);
        if !spoken.is_empty() {
            wrong.push(sample.error(
                "V35",
                1,
                "the rule is silent on its own bad sample, because it yields to another rule there",
                "drop `yields_to` or change the sample",
            ));
        }
    }
    wrong
}

impl Sample {
    /// A mistake at a line of the sample's own file.
    fn error(
        &self,
        code: &'static str,
        line: usize,
        message: impl Into<String>,
        hint: &str,
    ) -> Diagnostic {
        Diagnostic::error(code, self.place(line), message).hint(hint)
    }

    fn says(&self, line: usize, message: String, hint: &str) -> Diagnostic {
        self.error("V32", line, message, hint)
    }

    /// Where a line of its code stands in the rule file.
    fn place(&self, line: usize) -> Span {
        let code = self.text.as_str().unwrap_or_default();
        let start: usize = code
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let length = code
            .get(start..)
            .and_then(|rest| rest.lines().next())
            .map_or(0, str::len);
        let located = self
            .text
            .as_text()
            .and_then(|text| text.locate(start, start + length));
        located.unwrap_or(self.text.span())
    }

    fn compare(&self, outcomes: &[Outcome], sources: &SourceMap, wrong: &mut Vec<Diagnostic>) {
        let own = &self.files[0].0;
        let places: Vec<(String, usize, usize)> = outcomes
            .iter()
            .map(|outcome| match sources.get(outcome.offender.place.source) {
                Some(file) => {
                    let at = file.position(outcome.offender.place.start, Columns::Characters);
                    (file.path.to_string(), at.line, at.column)
                }
                None => (String::new(), 0, 0),
            })
            .collect();
        let is_at = |mark: &Mark, (file, line, column): &(String, usize, usize)| {
            mark.file == *file
                && mark.line == *line
                && mark.column.is_none_or(|wanted| wanted == *column)
        };
        for (outcome, place) in outcomes.iter().zip(&places) {
            let is_unsure = outcome.verdict == Verdict::Unsure;
            let word = if is_unsure { "unsure" } else { "a finding" };
            let at = self
                .marks
                .iter()
                .filter(|mark| is_at(mark, place))
                .collect::<Vec<_>>();
            let line = if place.0 == *own { place.1 } else { 1 };
            let said = format!(
                "{} ({}:{}, `{}` is {})",
                outcome.message, place.0, place.1, outcome.offender.path, outcome.offender.text
            );
            if at.is_empty() {
                let why = if is_unsure {
                    format!("; {}", outcome.reasons.join("; "))
                } else {
                    String::new()
                };
                wrong.push(self.says(
                    line,
                    format!("{word} without mark: {said}{why}"),
                    "mark it or change the rule",
                ));
            } else if !at.iter().any(|mark| mark.is_unsure == is_unsure) {
                wrong.push(self.says(
                    line,
                    format!("{word} where something else is marked: {said}"),
                    "change the mark or the rule",
                ));
            } else if !at.iter().any(|mark| {
                mark.is_unsure == is_unsure
                    && mark
                        .severity
                        .is_none_or(|severity| severity == outcome.severity)
            }) {
                wrong.push(self.says(
                    line,
                    format!("severity is {}: {said}", outcome.severity),
                    "change the mark or the rule",
                ));
            }
        }
        for mark in &self.marks {
            let is_met = places.iter().zip(outcomes).any(|(place, outcome)| {
                is_at(mark, place) && mark.is_unsure == (outcome.verdict == Verdict::Unsure)
            });
            if !is_met {
                let word = if mark.is_unsure {
                    "unsure"
                } else {
                    "a finding"
                };
                let line = if mark.file == *own { mark.line } else { 1 };
                wrong.push(self.says(
                    line,
                    format!(
                        "{word} is expected at {}:{}, but nothing like it came",
                        mark.file, mark.line
                    ),
                    "move the mark or change the rule",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_comments_of_one_or_two_words() {
        let code =
            "a = 1 # finding\nb = 2 # finding low\n# unsure\nc # finding of no use\nd // finding\n";
        let found: Vec<_> = marks("main.tf", code)
            .iter()
            .map(|mark| (mark.line, mark.severity, mark.is_unsure))
            .collect();
        let low = Some(Severity::Low);
        assert_eq!(
            found,
            [
                (1, None, false),
                (2, low, false),
                (3, None, true),
                (5, None, false)
            ]
        );
    }

    #[test]
    fn placeholders_become_the_same_characters_each_time() {
        let text = filled("AKIA{B32:16} {HEX:8} {B64:4} {B32:x}");
        assert_eq!(text, filled("AKIA{B32:16} {HEX:8} {B64:4} {B32:x}"));
        assert_eq!(
            text.len(),
            "AKIA".len() + 16 + 1 + 8 + 1 + 4 + " {B32:x}".len()
        );
    }
}

//! Text for people: a report in, excerpts in the manner of rustc out, one summary at the end.

use std::io;
use std::sync::Arc;

use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Secrets, counted, name_of, shortened};
use crate::diagnostic::{self, Diagnostic};
use crate::report::{self, Finding, Report, Severity, Status, Verdict};
use crate::source::{Columns, SourceFile, SourceId, SourceMap, Span};

/// How the text shall look.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether terminal colours and links are wanted.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether unsure findings are shown, with what is not known.
    pub unsure: bool,
    /// Whether suppressed findings are shown.
    pub suppressed: bool,
    /// One line per finding instead of excerpts.
    pub short: bool,
    /// Whether the clause that failed is shown.
    pub explain: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            color: false,
            width: 120,
            unsure: false,
            suppressed: false,
            short: false,
            explain: false,
        }
    }
}

/// Lines between two places of one file up to which they share an excerpt.
const NEAR: usize = 12;
/// Bytes of an excerpt's text; longer lines are cut around the place.
const LONGEST: usize = 2000;
/// Bytes kept on either side of a place in a line that is cut.
const AROUND: usize = 120;
/// Characters of a value.
const LONGEST_VALUE: usize = 80;
/// Diagnostics of one code that are written out.
const MOST_ALIKE: usize = 10;
/// Columns of notes: longer lines are hard to read.
const WIDEST_NOTE: usize = 100;
/// Columns before the text of a note.
const NOTE_INDENT: usize = 14;
/// Instances named beneath a finding.
const MOST_NAMED: usize = 5;
/// Related places drawn; a template that fifty node groups use need not be seen fifty times.
const MOST_RELATED: usize = 4;

/// Writes findings, then diagnostics, then the summary.
///
/// # Errors
/// Those of `out`.
pub fn write(
    report: &Report,
    sources: &SourceMap,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let secrets = Secrets::of(report, sources);
    let renderer = if options.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let writer = Writer {
        sources,
        options,
        secrets,
        renderer: renderer.term_width(options.width.max(40)),
    };
    let mut advised: FxHashSet<(SourceId, Arc<str>)> = FxHashSet::default();
    for finding in &report.findings {
        let is_wanted = match (&finding.status, finding.verdict) {
            (Status::Suppressed(_), _) => options.suppressed,
            (Status::Open, Verdict::Unsure) => options.unsure,
            (Status::Open, Verdict::Fail) => true,
        };
        if !is_wanted {
            continue;
        }
        if options.short {
            writer.finding_line(finding, out)?;
            continue;
        }
        // The same advice under each finding of a file is noise.
        let advises = advised.insert((finding.place.source, finding.rule.name.clone()));
        writer.finding(finding, advises, out)?;
    }
    if options.short && !report.findings.is_empty() && !report.diagnostics.is_empty() {
        writeln!(out)?;
    }
    writer.diagnostics(&report.diagnostics, out)?;
    summary(report, options, out)
}

/// Writes diagnostics alone: those of settings and rule files, before there is a report.
///
/// # Errors
/// Those of `out`.
pub fn write_diagnostics(
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let renderer = if options.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let writer = Writer {
        sources,
        options,
        secrets: Secrets { spans: Vec::new() },
        renderer: renderer.term_width(options.width.max(40)),
    };
    writer.diagnostics(diagnostics, out)
}

struct Writer<'a> {
    sources: &'a SourceMap,
    options: &'a Options,
    secrets: Secrets,
    renderer: Renderer,
}

/// A place with its label, before it is drawn.
struct Mark {
    span: Span,
    kind: AnnotationKind,
    label: String,
}

/// Marks whose lines are drawn together.
struct Chunk {
    file: Arc<SourceFile>,
    first: usize,
    last: usize,
    marks: Vec<Mark>,
}

impl Writer<'_> {
    fn finding(&self, finding: &Finding, advises: bool, out: &mut dyn io::Write) -> io::Result<()> {
        let level = level_of(finding.severity);
        let level = match finding.verdict {
            Verdict::Fail => level.with_name(finding.severity.as_str()),
            Verdict::Unsure => Level::NOTE.with_name("unsure"),
        };
        let message = sentence(&finding.message);
        let title = level.primary_title(message).id(finding.rule.name.as_ref());

        let mut marks = vec![Mark {
            span: finding.place,
            kind: AnnotationKind::Primary,
            label: self.value_label(finding),
        }];
        let related = finding.related.iter().take(MOST_RELATED);
        for place in finding.trail.iter().chain(related) {
            marks.push(Mark {
                span: place.span,
                kind: AnnotationKind::Context,
                label: place.text.clone(),
            });
        }
        let mut group = title.elements(self.excerpts(marks));
        for (level, text) in notes(finding, advises) {
            group = group.element(level.message(self.wrapped(&text)));
        }
        if self.options.explain
            && let Some(file) = self.sources.get(finding.clause.source)
        {
            let clause = shortened(file.slice(finding.clause), 200);
            let text = format!("{}   {clause}", self.sources.describe(finding.clause));
            group = group.element(
                Level::NOTE
                    .with_name("rule")
                    .message(normalize_untrusted_str(&text)),
            );
        }
        writeln!(out, "{}\n", self.renderer.render(&[group]))
    }

    fn finding_line(&self, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
        let severity = finding.severity;
        let unsure = match finding.verdict {
            Verdict::Fail => "",
            Verdict::Unsure => "unsure, ",
        };
        let when = match &finding.condition {
            Some(condition) if condition.is_default_case => format!("(when {})", condition.text),
            Some(condition) => format!("(only when {})", condition.text),
            None => String::new(),
        };
        let when = match (finding.only_in(), when.is_empty()) {
            (Some(only), true) => format!("({only})"),
            (Some(only), false) => format!("{when} ({only})"),
            (None, _) => when,
        };
        let blank = if when.is_empty() { "" } else { " " };
        writeln!(
            out,
            "{}: {unsure}{severity}: {}{blank}{} [{}]",
            self.sources.describe(finding.place),
            normalize_untrusted_str(&shortened(&finding.message, 400)),
            normalize_untrusted_str(&shortened(&when, 200)),
            finding.rule.name,
        )
    }

    /// What stands under the place: nothing if the value can be read right above.
    fn value_label(&self, finding: &Finding) -> String {
        if let Some(text) = &finding.moved {
            return text.clone();
        }
        let value = shortened(&finding.value, LONGEST_VALUE);
        let name = name_of(finding).map(|name| format!("`{name}` is "));
        if finding.is_default {
            let assumed = value.strip_suffix(" (default)").unwrap_or(&value);
            return format!("{}not set: AWS assumes {assumed}", name.unwrap_or_default());
        }
        if finding.value == "not set" {
            return name.map_or_else(String::new, |name| format!("{name}not set"));
        }
        // A whole object says less than the code it was written in; a word of ours says nothing to its reader.
        let is_structure = value.starts_with(['{', '[']);
        let is_word_of_ours = finding.path.starts_with("facts")
            && value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let source = self.sources.get(finding.place.source);
        let is_legible = source.is_some_and(|file| {
            file.slice(finding.place).trim_matches(['"', '\'']) == finding.value
        });
        if is_structure || is_word_of_ours || is_legible {
            String::new()
        } else {
            value
        }
    }

    /// Text of a note in lines that fit the terminal.
    fn wrapped(&self, text: &str) -> String {
        let most = self.options.width.clamp(40, WIDEST_NOTE) - NOTE_INDENT;
        let mut wrapped = String::with_capacity(text.len());
        let mut column = 0;
        for word in text.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > most {
                wrapped.push('\n');
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(&normalize_untrusted_str(word));
            column += length;
        }
        wrapped
    }

    /// Excerpts around places, the first one in front, the others in order; places of one file that are near each
    /// other share an excerpt.
    fn excerpts(&self, marks: Vec<Mark>) -> Vec<Element<'static>> {
        let mut chunks: Vec<Chunk> = Vec::new();
        for mark in marks {
            let Some(file) = self.sources.get(mark.span.source) else {
                continue;
            };
            let line = file.line(mark.span.start);
            let near = chunks.iter_mut().find(|chunk| {
                chunk.file.id == file.id
                    && line + NEAR >= chunk.first
                    && line <= chunk.last + NEAR
                    && bytes_of_lines(&file, chunk.first.min(line), chunk.last.max(line)).len()
                        <= LONGEST
            });
            match near {
                Some(chunk) => {
                    chunk.first = chunk.first.min(line);
                    chunk.last = chunk.last.max(line);
                    chunk.marks.push(mark);
                }
                None => chunks.push(Chunk {
                    file,
                    first: line,
                    last: line,
                    marks: vec![mark],
                }),
            }
        }
        chunks
            .into_iter()
            .flat_map(|chunk| self.excerpt(chunk))
            .collect()
    }

    fn excerpt(&self, chunk: Chunk) -> Vec<Element<'static>> {
        let file = &chunk.file;
        let lines = bytes_of_lines(file, chunk.first, chunk.last);
        let mut elements = Vec::new();
        let mut window = lines.clone();
        let is_cut = lines.len() > LONGEST;
        if is_cut && let Some(mark) = chunk.marks.first() {
            let start = (mark.span.start as usize).saturating_sub(AROUND);
            let end = (mark.span.end as usize).min(mark.span.start as usize + AROUND) + AROUND;
            window = boundary(&file.text, start.max(lines.start))
                ..boundary(&file.text, end.min(lines.end));
            let at = file.position(mark.span.start, Columns::Characters);
            let origin = Origin::path(file.path.to_string())
                .line(at.line)
                .char_column(at.column);
            elements.push(origin.into());
        }
        let mut text = self.secrets.mask(file, window.start, window.end);
        let mut shift = 0;
        if is_cut && window.start > lines.start {
            text.insert(0, '…');
            shift = '…'.len_utf8();
        }
        if is_cut && window.end < lines.end {
            text.push('…');
        }
        let mut snippet = Snippet::source(text).line_start(chunk.first);
        if !is_cut {
            snippet = snippet.path(file.path.to_string());
        }
        for mark in chunk.marks {
            let line_end = bytes_of_lines(file, file.line(mark.span.start), 0).end;
            let start = boundary(&file.text, mark.span.start as usize);
            // A place of several lines is drawn where it starts.
            let end = boundary(&file.text, (mark.span.end as usize).min(line_end));
            let start = start.clamp(window.start, window.end) - window.start + shift;
            let end = end.clamp(window.start, window.end) - window.start + shift;
            let mut annotation = mark.kind.span(start..end.max(start));
            if !mark.label.is_empty() {
                let label = shortened(&mark.label, LONGEST_VALUE * 2);
                annotation = annotation.label(normalize_untrusted_str(&label));
            }
            snippet = snippet.annotation(annotation);
        }
        elements.push(snippet.into());
        elements
    }

    fn diagnostics(&self, diagnostics: &[Diagnostic], out: &mut dyn io::Write) -> io::Result<()> {
        let mut of_code: FxHashMap<&str, usize> = FxHashMap::default();
        for diagnostic in diagnostics {
            let count = of_code.entry(diagnostic.code).or_insert(0);
            *count += 1;
            if *count <= MOST_ALIKE {
                self.diagnostic(diagnostic, out)?;
            }
        }
        let mut cut: Vec<(&str, usize)> = of_code
            .into_iter()
            .filter(|(_, count)| *count > MOST_ALIKE)
            .collect();
        cut.sort_unstable();
        for (code, count) in cut {
            writeln!(out, "… and {} more of `{code}`\n", count - MOST_ALIKE)?;
        }
        Ok(())
    }

    fn diagnostic(&self, diagnostic: &Diagnostic, out: &mut dyn io::Write) -> io::Result<()> {
        let level = match diagnostic.level {
            diagnostic::Level::Error => Level::ERROR,
            diagnostic::Level::Warning => Level::WARNING,
            diagnostic::Level::Note => Level::NOTE,
        };
        let title = level
            .primary_title(sentence(&diagnostic.message))
            .id(diagnostic.code);
        let mut group = Group::with_title(title);
        if let (None, Some(path)) = (diagnostic.span, &diagnostic.path) {
            group = group.element(Origin::path(path.clone()));
        }
        let mut marks = Vec::new();
        if let Some(span) = diagnostic.span {
            marks.push(Mark {
                span,
                kind: AnnotationKind::Primary,
                label: String::new(),
            });
        }
        for (span, text) in &diagnostic.labels {
            marks.push(Mark {
                span: *span,
                kind: AnnotationKind::Context,
                label: text.clone(),
            });
        }
        group = group.elements(self.excerpts(marks));
        if let Some(only) = report::only_in(&diagnostic.environments) {
            group = group.element(Level::NOTE.message(self.wrapped(&only)));
        }
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(self.wrapped(hint)));
        }
        writeln!(out, "{}\n", self.renderer.render(&[group]))
    }
}

/// How a severity looks: the words are ours, the colours those of compilers.
fn level_of(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
        Severity::Info => Level::NOTE,
    }
}

/// What is said beneath the excerpts.
fn notes(finding: &Finding, advises: bool) -> Vec<(Level<'static>, String)> {
    let mut notes = Vec::new();
    if let Some(condition) = &finding.condition {
        let text = if condition.is_default_case {
            format!("holds when {}", condition.text)
        } else {
            format!(
                "holds only when {}, which is not the default",
                condition.text
            )
        };
        notes.push((Level::NOTE, text));
    }
    if let Some(only) = finding.only_in() {
        let verb = match finding.verdict {
            Verdict::Fail => "holds",
            Verdict::Unsure => "cannot be told",
        };
        notes.push((Level::NOTE, format!("{verb} {only}")));
    }
    if !finding.reasons.is_empty() {
        let reasons = finding.reasons.join("; ");
        notes.push((
            Level::NOTE,
            format!("not known: {}", shortened(&reasons, 300)),
        ));
    }
    if finding.related.len() > MOST_RELATED {
        let more = finding.related.len() - MOST_RELATED;
        notes.push((Level::NOTE, counted(more, "further related place")));
    }
    if finding.instance_count > 1 {
        let named: Vec<String> = finding
            .instances
            .iter()
            .skip(1)
            .take(MOST_NAMED)
            .map(|instance| {
                if instance.stack == finding.resource().stack {
                    instance.address.to_string()
                } else {
                    format!("{} (in {})", instance.address, instance.stack)
                }
            })
            .collect();
        let mut text = format!("also {}", named.join(", "));
        let more = finding.instance_count - 1 - named.len();
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        notes.push((Level::NOTE, text));
    }
    if let Some(construct) = &finding.resource().construct {
        let mut text = format!("made by construct `{}`", construct.path);
        if let Some(code) = &construct.code {
            text.push_str(&format!(" at {code}"));
        }
        notes.push((Level::NOTE, text));
    }
    if let Status::Suppressed(suppression) = &finding.status {
        let reason = suppression.reason.as_deref().unwrap_or("no reason given");
        notes.push((Level::NOTE, format!("suppressed: {reason}")));
    }
    if advises && finding.verdict == Verdict::Fail && !finding.rule.remedy.is_empty() {
        notes.push((Level::HELP, shortened(&finding.rule.remedy, 400)));
    }
    notes
}

/// Bytes of the lines `first..=last` without the last line end; of `first` alone if `last` is smaller.
fn bytes_of_lines(file: &SourceFile, first: usize, last: usize) -> std::ops::Range<usize> {
    let starts = file.line_starts();
    let start = starts
        .get(first.saturating_sub(1))
        .map_or(file.text.len(), |&start| start as usize);
    let last = last.max(first);
    let last_start = starts
        .get(last.saturating_sub(1))
        .map_or(file.text.len(), |&start| start as usize);
    start..last_start + file.line_text(last).len()
}

/// The nearest character boundary at or before an offset.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn sentence(message: &str) -> String {
    shortened(message, 600)
}

/// The last lines: how much of what, and what stayed unsure or was left out.
fn summary(report: &Report, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let counts = &report.counts;
    let environments = match report.environments().len() {
        0 => String::new(),
        count => format!(" in {}", counted(count, "environment")),
    };
    let scope = format!(
        "{} of {}{environments} checked with {}",
        counted(report.resources(), "resource"),
        counted(report.stacks.len(), "stack"),
        counted(report.rules.len(), "rule"),
    );
    let mut parts = Vec::new();
    let failures = counts.failures();
    if failures == 0 {
        parts.push("no findings".to_owned());
    } else {
        let severities: Vec<String> = counts
            .by_severity
            .iter()
            .rev()
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        let mut text = format!(
            "{}: {}",
            counted(failures, "finding"),
            severities.join(", ")
        );
        if counts.conditional > 0 {
            text.push_str(&format!(
                " [{} only under conditions that are not the default]",
                counts.conditional
            ));
        }
        parts.push(text);
    }
    if counts.unsure > 0 {
        let how = if options.unsure {
            ""
        } else {
            " (--unsure shows them)"
        };
        parts.push(format!("{} unsure{how}", counts.unsure));
    }
    if counts.suppressed > 0 {
        parts.push(format!("{} suppressed", counts.suppressed));
    }
    writeln!(out, "{} ({scope})", parts.join("; "))?;
    if !counts.unsure_reasons.is_empty() {
        const MOST_REASONS: usize = 3;
        let shown: Vec<String> = counts
            .unsure_reasons
            .iter()
            .take(MOST_REASONS)
            .map(|(reason, count)| {
                let reason = normalize_untrusted_str(&shortened(reason, LONGEST_VALUE));
                format!("{reason} ({count})")
            })
            .collect();
        let more = counts.unsure_reasons.len() - shown.len();
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        writeln!(out, "unsure because {}{more}", shown.join(", "))?;
    }
    if counts.incomplete > 0 {
        let files: FxHashSet<String> = report
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.incomplete)
            .map(|diagnostic| match (&diagnostic.path, diagnostic.span) {
                (Some(path), _) => path.clone(),
                (None, Some(span)) => format!("#{}", span.source.0),
                (None, None) => diagnostic.message.clone(),
            })
            .collect();
        let were = if files.len() == 1 { "was" } else { "were" };
        writeln!(
            out,
            "incomplete: {} {were} not (wholly) analysed, see above",
            counted(files.len(), "input"),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{CLUSTER, Estate, origin, passed_in, report_of, rule};
    use crate::report::{Condition, Report};
    use crate::value::Step;

    fn text_with(report: &Report, sources: &SourceMap, options: Options) -> String {
        let mut out = Vec::new();
        write(report, sources, &options, &mut out).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    fn text(estate: Estate) -> String {
        let (sources, report) = estate.report();
        text_with(&report, &sources, Options::default())
    }

    const HEADER: &str = "resource \"aws_eks_cluster\" \"main\"";

    fn cluster(files: &[(&str, &str)]) -> Estate {
        let mut estate = Estate::new(".", files);
        estate.resource(
            "aws_eks_cluster.main",
            "AWS::EKS::Cluster",
            files[0].0,
            HEADER,
        );
        estate
    }

    #[test]
    fn a_value_that_was_passed_in_is_shown_where_it_is_read_and_where_it_came_from() {
        insta::assert_snapshot!(text(passed_in()), @r#"
        high[eks-public-endpoint-open-to-world]: anyone on the internet can reach the API of module.eks.aws_eks_cluster.main
         --> modules/eks/main.tf:4:30
          |
        4 |     endpoint_public_access = var.public
          |                              ^^^^^^^^^^ true
          |
         ::: prod/main.tf:3:12
          |
        3 |   public = local.open
          |            ---------- passed in as `public`
          |
          = help: Turn the public endpoint off, or list the networks that need it.

        1 finding: 1 high (1 resource of 1 stack checked with 1 rule)
        "#);
    }

    #[test]
    fn what_is_not_set_is_shown_at_the_block_around_it() {
        let mut estate = cluster(&[("main.tf", CLUSTER)]);
        let place = estate.span("main.tf", "vpc_config");
        let rule = rule("eks-public-endpoint-open-to-world", Severity::Critical);
        let outcome = estate.fails(&rule, "aws_eks_cluster.main", place);
        outcome.offender.origin = crate::value::Origin::default_in(place);
        outcome.offender.text = "true (default)".to_owned();
        outcome.condition = Some(Condition {
            text: "IsProd is false".to_owned(),
            is_default_case: false,
            guard: crate::value::Guard::Always,
        });
        insta::assert_snapshot!(text(estate), @r#"
        critical[eks-public-endpoint-open-to-world]: anyone on the internet can reach the API of aws_eks_cluster.main
         --> main.tf:3:3
          |
        3 |   vpc_config {
          |   ^^^^^^^^^^ `EndpointPublicAccess` is not set: AWS assumes true
          |
          = note: holds only when IsProd is false, which is not the default
          = help: Turn the public endpoint off, or list the networks that need it.

        1 finding: 1 critical [1 only under conditions that are not the default] (1 resource of 1 stack checked with 1 rule)
        "#);
    }

    #[test]
    fn near_places_share_an_excerpt() {
        let text_of_file = "locals {\n  open = true\n}\n\nresource \"aws_eks_cluster\" \"main\" {\n  public = local.open\n}\n";
        let mut estate = cluster(&[("main.tf", text_of_file)]);
        let place = estate.span("main.tf", "local.open");
        let literal = estate.span("main.tf", "true");
        let rule = rule("r", Severity::Low);
        estate
            .fails(&rule, "aws_eks_cluster.main", place)
            .offender
            .origin = origin(place, &[(literal, Step::Local("open".into()))]);
        insta::assert_snapshot!(text(estate), @r#"
        low[r]: anyone on the internet can reach the API of aws_eks_cluster.main
         --> main.tf:6:12
          |
        2 |   open = true
          |          ---- local `open`
        ...
        6 |   public = local.open
          |            ^^^^^^^^^^ true
          |
          = help: Turn the public endpoint off, or list the networks that need it.

        1 finding: 1 low (1 resource of 1 stack checked with 1 rule)
        "#);
    }

    #[test]
    fn unsure_findings_are_shown_when_asked_for_and_counted_always() {
        let mut estate = cluster(&[("main.tf", CLUSTER)]);
        let place = estate.span("main.tf", "var.public");
        let outcome = estate.fails(&rule("r", Severity::High), "aws_eks_cluster.main", place);
        outcome.verdict = Verdict::Unsure;
        outcome.offender.text = "?".to_owned();
        outcome.reasons = vec!["`var.public` has no value".to_owned()];
        let (sources, report) = estate.report();
        insta::assert_snapshot!(text_with(&report, &sources, Options::default()), @r#"
        no findings; 1 unsure (--unsure shows them) (1 resource of 1 stack checked with 1 rule)
        unsure because `var.public` has no value (1)
        "#);
        let shown = Options {
            unsure: true,
            ..Options::default()
        };
        insta::assert_snapshot!(text_with(&report, &sources, shown), @r#"
        unsure[r]: anyone on the internet can reach the API of aws_eks_cluster.main
         --> main.tf:4:30
          |
        4 |     endpoint_public_access = var.public
          |                              ^^^^^^^^^^ ?
          |
          = note: not known: `var.public` has no value

        no findings; 1 unsure (1 resource of 1 stack checked with 1 rule)
        unsure because `var.public` has no value (1)
        "#);
    }

    #[test]
    fn further_instances_are_named() {
        let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
        let rule = rule("r", Severity::Medium);
        for index in 0..9 {
            let address = format!("aws_eks_cluster.main[{index}]");
            estate.resource(&address, "AWS::EKS::Cluster", "main.tf", HEADER);
            let place = estate.span("main.tf", "var.public");
            estate.fails(&rule, &address, place);
        }
        let text = text(estate);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = "also aws_eks_cluster.main[1], aws_eks_cluster.main[2], aws_eks_cluster.main[3], aws_eks_cluster.main[4], aws_eks_cluster.main[5] and 3 more";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}\"bad\"{}", "é,".repeat(100_000), ", 1".repeat(100_000));
        let source = format!("{CLUSTER}\n{line}\n");
        let mut estate = cluster(&[("main.tf", &source)]);
        let place = estate.span("main.tf", "\"bad\"");
        estate.fails(&rule("r", Severity::High), "aws_eks_cluster.main", place);
        let text = text(estate);
        assert!(text.len() < 1500, "{} bytes", text.len());
        assert!(text.contains("main.tf:8:200001"), "{text}");
        assert!(text.contains("\"bad\""), "{text}");
    }

    #[test]
    fn hidden_values_are_not_printed_wherever_they_are_written() {
        let source = "variable \"password\" { default = \"hunter2\" }\nresource \"aws_eks_cluster\" \"main\" { x = var.password, y = coalesce(null, \"hunter3\") }\n";
        let mut estate = cluster(&[("main.tf", source)]);
        let (site, literal) = (
            estate.span("main.tf", "var.password"),
            estate.span("main.tf", "\"hunter2\""),
        );
        let second = estate.span("main.tf", "coalesce(null, \"hunter3\")");
        let rule = rule("r", Severity::High);
        let outcome = estate.fails(&rule, "aws_eks_cluster.main", site);
        outcome.offender.origin = origin(site, &[(literal, Step::Default("password".into()))]);
        outcome.offender.text = "(hidden)".to_owned();
        let outcome = estate.fails(&rule, "aws_eks_cluster.main", second);
        outcome.offender.text = "(hidden)".to_owned();
        // Another finding on the same line must not show them either.
        let header = estate.span("main.tf", HEADER);
        estate.fails(&rule, "aws_eks_cluster.main", header);
        let text = text(estate);
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("var.password"), "{text}");
        assert!(text.contains("(hidden)"), "{text}");
    }

    #[test]
    fn control_characters_of_the_input_do_not_reach_the_terminal() {
        let source = "resource \"aws_eks_cluster\" \"main\" { x = \"\u{1b}[31mred\" }\n";
        let mut estate = cluster(&[("main.tf", source)]);
        let place = estate.span("main.tf", "\"\u{1b}[31mred\"");
        let outcome = estate.fails(&rule("r", Severity::High), "aws_eks_cluster.main", place);
        outcome.message = "bad \u{1b}[31m".to_owned();
        outcome.offender.text = "\u{1b}[31mred!".to_owned();
        outcome.reasons = vec!["\u{1b}[31m".to_owned()];
        let text = text(estate);
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn diagnostics_look_like_findings_and_say_that_something_is_missing() {
        let estate = Estate::new(".", &[("main.tf", "resource \"a\" {\n")]);
        let span = estate.span("main.tf", "{");
        let (sources, stack) = estate.stack();
        let mut report = report_of(vec![stack], &sources);
        report.diagnostics = vec![
            Diagnostic::error("syntax", span, "this block is not closed")
                .hint("add `}`")
                .incomplete(),
            Diagnostic::new(
                diagnostic::Level::Error,
                "unreadable_file",
                "cannot be read: permission denied",
            )
            .in_file("secret.tf")
            .incomplete(),
        ];
        report.retain(|_| true);
        insta::assert_snapshot!(text_with(&report, &sources, Options::default()), @r#"
        error[syntax]: this block is not closed
         --> main.tf:1:14
          |
        1 | resource "a" {
          |              ^
          |
          = help: add `}`

        error[unreadable_file]: cannot be read: permission denied
        --> secret.tf

        no findings (0 resources of 1 stack checked with 0 rules)
        incomplete: 2 inputs were not (wholly) analysed, see above
        "#);
    }

    #[test]
    fn short_form_is_one_line_for_each() {
        let (sources, report) = passed_in().report();
        let options = Options {
            short: true,
            ..Options::default()
        };
        insta::assert_snapshot!(text_with(&report, &sources, options), @r#"
        modules/eks/main.tf:4:30: high: anyone on the internet can reach the API of module.eks.aws_eks_cluster.main [eks-public-endpoint-open-to-world]
        1 finding: 1 high (1 resource of 1 stack checked with 1 rule)
        "#);
    }

    #[test]
    fn places_at_the_ends_of_odd_files_are_drawn() {
        for source in ["", "\u{feff}", "x", "é", "\r\n", "x\r", "a\tb\n"] {
            let sources = SourceMap::new();
            let file = sources.add("main.tf", source);
            for start in 0..=source.len() + 1 {
                let diagnostic =
                    Diagnostic::error("syntax", Span::new(file.id, start, start + 1), "odd");
                let mut out = Vec::new();
                write_diagnostics(&[diagnostic], &sources, &Options::default(), &mut out)
                    .expect("memory takes all");
                let text = String::from_utf8(out).expect("text");
                assert!(text.contains("main.tf:"), "{text}");
            }
        }
    }
}

//! Workflow commands of GitHub Actions: a report in, annotations on the lines of a pull request out. They need no
//! permission, so they also work where code scanning does not: in pull requests from forks.
//!
//! See <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use std::io;

use super::{OnOneLine, Paths, counted, shortened};
use crate::diagnostic::{Diagnostic, Level};
use crate::report::{Finding, Report, Severity, only_in};
use crate::source::{Columns, SourceMap, Span};

/// Annotations of one level that GitHub shows of a step; it drops further ones silently.
const MOST_OF_A_LEVEL: usize = 10;

/// Writes an annotation for each open failure and each diagnostic, the most severe first, as many as GitHub shows, and
/// a line that says how many there are besides.
///
/// # Errors
/// Those of `out`.
pub fn write(
    report: &Report,
    sources: &SourceMap,
    paths: &Paths,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|f| f.is_failure()).collect();
    findings.sort_by_key(|finding| {
        (
            std::cmp::Reverse(finding.severity),
            finding.is_conditional(),
        )
    });
    let mut lines: Vec<(Command, String)> = Vec::new();
    for finding in findings {
        lines.push(of_finding(finding, sources, paths));
    }
    for diagnostic in report.diagnostics.iter().filter(|d| d.level != Level::Note) {
        lines.push(of_diagnostic(diagnostic, sources, paths));
    }
    let mut written = [0; 3];
    let mut left_out = 0;
    for (command, line) in lines {
        let count = &mut written[command as usize];
        if *count == MOST_OF_A_LEVEL {
            left_out += 1;
            continue;
        }
        *count += 1;
        writeln!(out, "{line}")?;
    }
    if left_out > 0 {
        writeln!(
            out,
            "{} not shown: GitHub takes {MOST_OF_A_LEVEL} of each level from a step",
            counted(left_out, "further annotation")
        )?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Command {
    Error,
    Warning,
    Notice,
}

impl Command {
    fn of(severity: Severity) -> Command {
        match severity {
            Severity::Critical | Severity::High => Command::Error,
            Severity::Medium => Command::Warning,
            Severity::Low | Severity::Info => Command::Notice,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Command::Error => "error",
            Command::Warning => "warning",
            Command::Notice => "notice",
        }
    }
}

fn of_finding(finding: &Finding, sources: &SourceMap, paths: &Paths) -> (Command, String) {
    let mut text = finding.message.clone();
    if let Some(condition) = &finding.condition {
        text.push_str(&format!(" (when {})", condition.text));
    }
    if let Some(only) = finding.only_in() {
        text.push_str(&format!(" ({only})"));
    }
    if finding.instance_count > 1 {
        text.push_str(&format!(" (and {} more)", finding.instance_count - 1));
    }
    if !finding.rule.remedy.is_empty() {
        text.push('\n');
        text.push_str(&shortened(&finding.rule.remedy, 400));
    }
    let title = format!("{}: {}", finding.severity, finding.rule.name);
    let command = match (Command::of(finding.severity), finding.is_conditional()) {
        (Command::Error, true) => Command::Warning,
        (Command::Warning, true) => Command::Notice,
        (command, _) => command,
    };
    let line = annotation(
        command,
        Some(finding.place),
        None,
        &title,
        &text,
        sources,
        paths,
    );
    (command, line)
}

fn of_diagnostic(diagnostic: &Diagnostic, sources: &SourceMap, paths: &Paths) -> (Command, String) {
    let mut text = diagnostic.message.clone();
    if let Some(only) = only_in(&diagnostic.environments) {
        text.push_str(&format!(" ({only})"));
    }
    if let Some(hint) = &diagnostic.hint {
        text.push('\n');
        text.push_str(hint);
    }
    // What was not analysed is a gap in the check, not a fault of the code: never more than a warning.
    let command = Command::Warning;
    let path = diagnostic.path.as_deref();
    let line = annotation(
        command,
        diagnostic.span,
        path,
        diagnostic.code,
        &text,
        sources,
        paths,
    );
    (command, line)
}

fn annotation(
    command: Command,
    span: Option<Span>,
    path: Option<&str>,
    title: &str,
    text: &str,
    sources: &SourceMap,
    paths: &Paths,
) -> String {
    let mut properties = Vec::new();
    let file = span.and_then(|span| Some((span, sources.get(span.source)?)));
    let shown = match (&file, path) {
        (Some((_, file)), _) => paths.in_repository(&file.path),
        (None, Some(path)) => paths.in_repository(path),
        (None, None) => None,
    };
    if let Some(shown) = shown {
        properties.push(format!("file={}", property(&shown)));
        if let Some((span, file)) = file {
            let at = OnOneLine::of(&file, span, Columns::Characters);
            properties.push(format!("line={0},endLine={0}", at.line));
            if at.end_column > at.column {
                properties.push(format!("col={},endColumn={}", at.column, at.end_column));
            }
        }
    }
    properties.push(format!("title={}", property(title)));
    format!(
        "::{} {}::{}",
        command.word(),
        properties.join(","),
        data(text)
    )
}

/// Text behind the last `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property, which also ends at colons and commas.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{CLUSTER, Estate, passed_in, rule};

    fn text(report: &Report, sources: &SourceMap) -> String {
        let mut out = Vec::new();
        write(report, sources, &Paths::default(), &mut out).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn findings_are_annotations_on_one_line() {
        let (sources, report) = passed_in().report();
        assert_eq!(
            text(&report, &sources),
            "::error file=modules/eks/main.tf,line=4,endLine=4,col=30,endColumn=40,\
             title=high%3A eks-public-endpoint-open-to-world::\
             anyone on the internet can reach the API of module.eks.aws_eks_cluster.main%0A\
             Turn the public endpoint off, or list the networks that need it.\n"
        );
    }

    #[test]
    fn text_of_the_input_cannot_start_another_command() {
        let path = "a,b:c%.tf";
        let mut estate = Estate::new(".", &[(path, CLUSTER)]);
        estate.resource("aws_eks_cluster.main", "K", path, "resource");
        let place = estate.span(path, "vpc_config");
        let outcome = estate.fails(&rule("r", Severity::Low), "aws_eks_cluster.main", place);
        outcome.message = "100%\r\n::add-mask::x".to_owned();
        let (sources, report) = estate.report();
        let text = text(&report, &sources);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            text.starts_with("::notice file=a%2Cb%3Ac%25.tf,line=3,"),
            "{text}"
        );
        assert!(text.contains("::100%25%0D%0A::add-mask::x"), "{text}");
    }

    #[test]
    fn the_most_severe_are_shown_and_the_rest_is_counted() {
        let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
        estate.resource("aws_eks_cluster.main", "K", "main.tf", "resource");
        for number in 0..14 {
            let severity = if number < 11 {
                Severity::High
            } else {
                Severity::Critical
            };
            let place = estate.span("main.tf", &CLUSTER[number..=number]);
            estate.fails(
                &rule(&format!("r{number:02}"), severity),
                "aws_eks_cluster.main",
                place,
            );
        }
        let (sources, report) = estate.report();
        let text = text(&report, &sources);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 11);
        assert!(
            lines[..3].iter().all(|line| line.contains("critical")),
            "{text}"
        );
        assert!(
            lines[10].starts_with("4 further annotations not shown"),
            "{text}"
        );
    }

    #[test]
    fn diagnostics_without_place_name_their_file() {
        let (sources, mut report) = passed_in().report();
        report.findings.clear();
        report.diagnostics = vec![
            Diagnostic::new(Level::Error, "unreadable_file", "cannot be read").in_file("./x.tf"),
        ];
        assert_eq!(
            text(&report, &sources),
            "::warning file=x.tf,title=unreadable_file::cannot be read\n"
        );
    }
}

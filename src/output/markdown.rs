//! Markdown for job summaries and comments: a report in, a table by severity out.

use std::io;

use super::{counted, shortened};
use crate::report::{Finding, Report, Verdict, only_in};
use crate::source::{Columns, SourceMap};

/// Rows of a table; GitHub refuses summaries of more than a mebibyte.
const MOST_ROWS: usize = 200;
/// Characters of one cell.
const LONGEST_CELL: usize = 300;

/// Writes the summary: counts, a table of what fails, what is unsure and what was left out folded away.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, sources: &SourceMap, out: &mut dyn io::Write) -> io::Result<()> {
    let counts = &report.counts;
    let failures = counts.failures();
    let title = if failures == 0 {
        "no findings".to_owned()
    } else {
        counted(failures, "finding")
    };
    writeln!(out, "## onus: {title}\n")?;
    let mut parts: Vec<String> = counts
        .by_severity
        .iter()
        .rev()
        .map(|(severity, count)| format!("**{count} {severity}**"))
        .collect();
    if counts.unsure > 0 {
        parts.push(format!("{} unsure", counts.unsure));
    }
    if counts.suppressed > 0 {
        parts.push(format!("{} suppressed", counts.suppressed));
    }
    parts.push(format!(
        "{} of {} checked with {}",
        counted(report.resources(), "resource"),
        counted(report.stacks.len(), "stack"),
        counted(report.rules.len(), "rule"),
    ));
    writeln!(out, "{}\n", parts.join(" · "))?;

    let mut failing: Vec<&Finding> = report.findings.iter().filter(|f| f.is_failure()).collect();
    failing.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if !failing.is_empty() {
        writeln!(out, "| Severity | Where | What | Rule |\n|---|---|---|---|")?;
        for finding in failing.iter().take(MOST_ROWS) {
            row(finding, sources, out)?;
        }
        more(failing.len(), out)?;
    }

    let unsure: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.is_open() && finding.verdict == Verdict::Unsure)
        .collect();
    if !unsure.is_empty() {
        writeln!(
            out,
            "<details><summary>{} could not be decided</summary>\n\n| Where | What | Not known | Rule |\n|---|---|---|---|",
            counted(unsure.len(), "check")
        )?;
        for finding in unsure.iter().take(MOST_ROWS) {
            writeln!(
                out,
                "| {} | {} | {} | {} |",
                code(&sources_place(finding, sources)),
                match finding.only_in() {
                    Some(only) => cell(&format!("{} ({only})", finding.message)),
                    None => cell(&finding.message),
                },
                cell(&finding.reasons.join("; ")),
                code(&finding.rule.name),
            )?;
        }
        more(unsure.len(), out)?;
        writeln!(out, "</details>\n")?;
    }

    if !report.diagnostics.is_empty() {
        let about = if counts.incomplete > 0 {
            "Some input was not analysed"
        } else {
            "Notes on the input"
        };
        writeln!(out, "<details><summary>{about}</summary>\n")?;
        for diagnostic in report.diagnostics.iter().take(MOST_ROWS) {
            let place = match (diagnostic.span, &diagnostic.path) {
                (Some(span), _) => format!(" {}", code(&sources.describe(span))),
                (None, Some(path)) => format!(" {}", code(path)),
                (None, None) => String::new(),
            };
            writeln!(
                out,
                "- {}:{place} {}",
                diagnostic.code,
                match only_in(&diagnostic.environments) {
                    Some(only) => cell(&format!("{} ({only})", diagnostic.message)),
                    None => cell(&diagnostic.message),
                }
            )?;
        }
        more(report.diagnostics.len(), out)?;
        writeln!(out, "</details>\n")?;
    }
    Ok(())
}

fn row(finding: &Finding, sources: &SourceMap, out: &mut dyn io::Write) -> io::Result<()> {
    let mut what = cell(&finding.message);
    if let Some(condition) = &finding.condition {
        what.push_str(&format!(" (when {})", cell(&condition.text)));
    }
    if let Some(only) = finding.only_in() {
        what.push_str(&format!(" ({})", cell(&only)));
    }
    if finding.instance_count > 1 {
        what.push_str(&format!(" (and {} more)", finding.instance_count - 1));
    }
    writeln!(
        out,
        "| {} | {} | {what} | {} |",
        finding.severity,
        code(&sources_place(finding, sources)),
        code(&finding.rule.name),
    )
}

fn more(all: usize, out: &mut dyn io::Write) -> io::Result<()> {
    if all > MOST_ROWS {
        writeln!(out, "\n… and {} more", all - MOST_ROWS)?;
    }
    writeln!(out)
}

fn sources_place(finding: &Finding, sources: &SourceMap) -> String {
    match sources.get(finding.place.source) {
        Some(file) => {
            let at = file.position(finding.place.start, Columns::Characters);
            format!("{}:{}", file.path, at.line)
        }
        None => finding.owner.to_string(),
    }
}

/// Text of the input in a table: nothing in it is markup.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for character in shortened(text, LONGEST_CELL).chars() {
        match character {
            '&' => cell.push_str("&amp;"),
            '<' => cell.push_str("&lt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' | '@' => {
                cell.push('\\');
                cell.push(character);
            }
            _ => cell.push(character),
        }
    }
    cell
}

/// Text in code style. A backtick would end it, and a bar the cell.
fn code(text: &str) -> String {
    format!(
        "`{}`",
        shortened(text, LONGEST_CELL)
            .replace('`', "'")
            .replace('|', "\\|")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::report::Severity;
    use crate::report::tests::{CLUSTER, Estate, rule};

    #[test]
    fn findings_are_rows_and_the_rest_is_folded() {
        let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
        estate.resource("aws_eks_cluster.main", "K", "main.tf", "resource");
        let place = estate.span("main.tf", "var.public");
        estate.fails(
            &rule("low-rule", Severity::Low),
            "aws_eks_cluster.main",
            place,
        );
        let outcome = estate.fails(
            &rule("high-rule", Severity::High),
            "aws_eks_cluster.main",
            place,
        );
        outcome.message = "a | <b> `c`\nd".to_owned();
        let outcome = estate.fails(
            &rule("unsure-rule", Severity::High),
            "aws_eks_cluster.main",
            place,
        );
        outcome.verdict = Verdict::Unsure;
        outcome.reasons = vec!["`var.public` has no value".to_owned()];
        let (sources, mut report) = estate.report();
        report.diagnostics = vec![Diagnostic::error("syntax", place, "odd").incomplete()];
        report.retain(|_| true);
        let mut out = Vec::new();
        write(&report, &sources, &mut out).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r#"
        ## onus: 2 findings

        **1 high** · **1 low** · 1 unsure · 1 resource of 1 stack checked with 3 rules

        | Severity | Where | What | Rule |
        |---|---|---|---|
        | high | `main.tf:4` | a \| &lt;b> \`c\` d | `high-rule` |
        | low | `main.tf:4` | anyone on the internet can reach the API of aws\_eks\_cluster.main | `low-rule` |

        <details><summary>1 check could not be decided</summary>

        | Where | What | Not known | Rule |
        |---|---|---|---|
        | `main.tf:4` | anyone on the internet can reach the API of aws\_eks\_cluster.main | \`var.public\` has no value | `unsure-rule` |

        </details>

        <details><summary>Some input was not analysed</summary>

        - syntax: `main.tf:4:30` odd

        </details>
        "#);
    }

    #[test]
    fn long_tables_are_cut() {
        let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
        estate.resource("aws_eks_cluster.main", "K", "main.tf", "resource");
        let place = estate.span("main.tf", "var.public");
        for number in 0..250 {
            estate.fails(
                &rule(&format!("r{number}"), Severity::Low),
                "aws_eks_cluster.main",
                place,
            );
        }
        let (sources, report) = estate.report();
        let mut out = Vec::new();
        write(&report, &sources, &mut out).expect("memory takes all");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text.matches("| low |").count(), 200);
        assert!(text.contains("… and 50 more"));
    }
}

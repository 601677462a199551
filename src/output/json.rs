//! JSON for scripts: a report in, one document with a stable schema out.
//!
//! `version` is 1. Within a version keys are added, never renamed, removed or given another meaning; a reader ignores keys
//! that it does not know. Keys whose value would be empty or false are left out, except those marked *always*.
//!
//! ```text
//! version      1, always
//! tool         {name, version}, always
//! summary      always
//!   findings   {critical, high, medium, low, info}: open failures, always
//!   conditional      how many of them hold only in a case that is not the default, always
//!   unsure, suppressed, incomplete   counts, always
//!   unsure_reasons   [{reason, count}], most frequent first
//! findings     always; by file, line, column, rule, address
//!   rule, severity, confidence, message      always
//!   verdict    fail | unsure, always
//!   status     open | suppressed, always
//!   place      {file, range: {start: {line, column}, end: {line, column}}}, always but for what nobody wrote;
//!              lines and columns from 1, columns in characters, the end behind the last character
//!   property   canonical path of the offending value
//!   argument   the same path in the words of the resource's language
//!   value      the value for people; (hidden) instead of secrets
//!   default    true if AWS supplies the value because nothing is written
//!   trail      [{place, text}]: how the value came to its place, nearest first
//!   related    [{place, text}]
//!   condition  {text, default_case}
//!   environments     names of those in which alone it holds; left out if it holds in all that have its stacks
//!   owner      address of the resource that the place belongs to
//!   unknown    [text]: what is not known, of unsure findings
//!   instances  [{address, kind, native_kind, module, construct, construct_code (CDK), stack, language, fingerprint, environments}], at most 50,
//!              always; environments are left out as above
//!   instance_count   always
//!   fingerprint      identity between runs, unique within one, always
//!   line_hash        GitHub's primaryLocationLineHash
//!   suppression      {place, in_source, reason, until}
//! diagnostics  always
//!   level      error | warning | note, always
//!   code, message    always
//!   place, or file if there is no place; hint; labels [{place, text}]
//!   incomplete true if input was left out because of it
//!   environments     names of those in which alone it holds
//! stacks       [{path, language, resources, environments}], always; environments: those it was evaluated in; resources: in
//!              the one that has most
//! rules        [{name, title, severity}]: those that were applied, always
//! ```

use std::io;
use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::diagnostic::{self, Diagnostic};
use crate::report::{Confidence, Finding, Place, Report, Severity, Status, Verdict};
use crate::source::{Columns, SourceMap, Span};

/// Writes the document, indented, with a line end at its end.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, sources: &SourceMap, out: &mut dyn io::Write) -> io::Result<()> {
    let counts = &report.counts;
    let of = |severity| counts.by_severity.get(&severity).copied().unwrap_or(0);
    let document = Document {
        version: 1,
        tool: Tool {
            name: "onus",
            version: env!("CARGO_PKG_VERSION"),
        },
        summary: Summary {
            findings: BySeverity {
                critical: of(Severity::Critical),
                high: of(Severity::High),
                medium: of(Severity::Medium),
                low: of(Severity::Low),
                info: of(Severity::Info),
            },
            conditional: counts.conditional,
            unsure: counts.unsure,
            suppressed: counts.suppressed,
            incomplete: counts.incomplete,
            unsure_reasons: counts
                .unsure_reasons
                .iter()
                .map(|(reason, count)| Reason {
                    reason,
                    count: *count,
                })
                .collect(),
        },
        findings: Each(report.findings.as_slice(), |finding| {
            shown(finding, sources)
        }),
        diagnostics: Each(report.diagnostics.as_slice(), |diagnostic| {
            told(diagnostic, sources)
        }),
        stacks: report
            .stacks
            .iter()
            .map(|stack| Stack {
                path: &stack.path,
                language: stack.language.to_string(),
                resources: stack.resources,
                environments: names(&stack.environments),
            })
            .collect(),
        rules: report
            .rules
            .iter()
            .map(|rule| Rule {
                name: &rule.name,
                title: &rule.title,
                severity: rule.severity.as_str(),
            })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// Items that are made when they are written, one by one.
struct Each<'a, T, F>(&'a [T], F);

impl<'a, T, S: Serialize, F: Fn(&'a T) -> S> Serialize for Each<'a, T, F> {
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            list.serialize_element(&self.1(item))?;
        }
        list.end()
    }
}

#[derive(Serialize)]
struct Document<'a, F, D> {
    version: u32,
    tool: Tool,
    summary: Summary<'a>,
    findings: F,
    diagnostics: D,
    stacks: Vec<Stack<'a>>,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary<'a> {
    findings: BySeverity,
    conditional: usize,
    unsure: usize,
    suppressed: usize,
    incomplete: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unsure_reasons: Vec<Reason<'a>>,
}

#[derive(Serialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
}

#[derive(Serialize)]
struct Reason<'a> {
    reason: &'a str,
    count: usize,
}

#[derive(Serialize)]
struct Shown<'a> {
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    verdict: &'static str,
    status: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<At>,
    #[serde(skip_serializing_if = "str::is_empty")]
    property: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    argument: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    value: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    default: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trail: Vec<Labelled<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Labelled<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Condition<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    environments: Vec<&'a str>,
    owner: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unknown: &'a [String],
    instances: Vec<Instance<'a>>,
    instance_count: usize,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    line_hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<Suppression<'a>>,
}

#[derive(Serialize)]
struct At {
    file: String,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Labelled<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<At>,
    text: &'a str,
}

#[derive(Serialize)]
struct Condition<'a> {
    text: &'a str,
    default_case: bool,
}

#[derive(Serialize)]
struct Instance<'a> {
    address: &'a str,
    kind: &'a str,
    native_kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    module: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    construct: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    construct_code: Option<&'a str>,
    stack: &'a str,
    language: String,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    environments: Vec<&'a str>,
}

#[derive(Serialize)]
struct Suppression<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<At>,
    in_source: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize)]
struct Told<'a> {
    level: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<Labelled<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    incomplete: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    environments: Vec<&'a str>,
}

#[derive(Serialize)]
struct Stack<'a> {
    path: &'a str,
    language: String,
    resources: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    environments: Vec<&'a str>,
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'a str,
    title: &'a str,
    severity: &'static str,
}

fn names(names: &[Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

fn at(span: Span, sources: &SourceMap) -> Option<At> {
    let file = sources.get(span.source)?;
    let point = |offset| {
        let at = file.position(offset, Columns::Characters);
        Point {
            line: at.line,
            column: at.column,
        }
    };
    Some(At {
        file: file.path.to_string(),
        range: Range {
            start: point(span.start),
            end: point(span.end),
        },
    })
}

fn labelled<'a>(places: &'a [Place], sources: &SourceMap) -> Vec<Labelled<'a>> {
    places
        .iter()
        .map(|place| Labelled {
            place: at(place.span, sources),
            text: &place.text,
        })
        .collect()
}

fn shown<'a>(finding: &'a Finding, sources: &SourceMap) -> Shown<'a> {
    let suppression = match &finding.status {
        Status::Open => None,
        Status::Suppressed(suppression) => Some(Suppression {
            place: at(suppression.place, sources),
            in_source: suppression.is_in_source,
            reason: suppression.reason.as_deref(),
            until: suppression.until.map(|date| date.to_string()),
        }),
    };
    Shown {
        rule: &finding.rule.name,
        severity: finding.severity.as_str(),
        confidence: match finding.confidence {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        },
        verdict: match finding.verdict {
            Verdict::Fail => "fail",
            Verdict::Unsure => "unsure",
        },
        status: if finding.is_open() {
            "open"
        } else {
            "suppressed"
        },
        message: &finding.message,
        place: at(finding.place, sources),
        property: &finding.path,
        argument: &finding.argument,
        value: &finding.value,
        default: finding.is_default,
        trail: labelled(&finding.trail, sources),
        related: labelled(&finding.related, sources),
        condition: finding.condition.as_ref().map(|condition| Condition {
            text: &condition.text,
            default_case: condition.is_default_case,
        }),
        environments: names(&finding.environments),
        owner: &finding.owner,
        unknown: &finding.reasons,
        instances: finding
            .instances
            .iter()
            .map(|instance| Instance {
                address: &instance.address,
                kind: &instance.kind,
                native_kind: &instance.native_kind,
                module: &instance.module,
                construct: instance.construct.as_ref().map(|made| &*made.path),
                construct_code: instance
                    .construct
                    .as_ref()
                    .and_then(|made| made.code.as_deref()),
                stack: &instance.stack,
                language: instance.language.to_string(),
                fingerprint: &instance.fingerprint,
                environments: names(&instance.environments),
            })
            .collect(),
        instance_count: finding.instance_count,
        fingerprint: &finding.fingerprints.semantic,
        line_hash: &finding.fingerprints.line,
        suppression,
    }
}

fn told<'a>(diagnostic: &'a Diagnostic, sources: &SourceMap) -> Told<'a> {
    Told {
        level: match diagnostic.level {
            diagnostic::Level::Error => "error",
            diagnostic::Level::Warning => "warning",
            diagnostic::Level::Note => "note",
        },
        code: diagnostic.code,
        message: &diagnostic.message,
        place: diagnostic.span.and_then(|span| at(span, sources)),
        file: diagnostic.path.as_deref(),
        hint: diagnostic.hint.as_deref(),
        labels: diagnostic
            .labels
            .iter()
            .map(|(span, text)| Labelled {
                place: at(*span, sources),
                text,
            })
            .collect(),
        incomplete: diagnostic.incomplete,
        environments: names(&diagnostic.environments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::passed_in;

    #[test]
    fn the_document_is_as_documented() {
        let (sources, mut report) = passed_in().report();
        let span = report.findings[0].place;
        report.diagnostics = vec![Diagnostic::error("syntax", span, "odd").incomplete()];
        report.retain(|_| true);
        let mut out = Vec::new();
        write(&report, &sources, &mut out).expect("memory takes all");
        let text = String::from_utf8(out).expect("text");
        let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!(text, @r#"
        {
          "version": 1,
          "tool": {
            "name": "onus",
            "version": "VERSION"
          },
          "summary": {
            "findings": {
              "critical": 0,
              "high": 1,
              "medium": 0,
              "low": 0,
              "info": 0
            },
            "conditional": 0,
            "unsure": 0,
            "suppressed": 0,
            "incomplete": 1
          },
          "findings": [
            {
              "rule": "eks-public-endpoint-open-to-world",
              "severity": "high",
              "confidence": "high",
              "verdict": "fail",
              "status": "open",
              "message": "anyone on the internet can reach the API of module.eks.aws_eks_cluster.main",
              "place": {
                "file": "modules/eks/main.tf",
                "range": {
                  "start": {
                    "line": 4,
                    "column": 30
                  },
                  "end": {
                    "line": 4,
                    "column": 40
                  }
                }
              },
              "property": "ResourcesVpcConfig.EndpointPublicAccess",
              "argument": "ResourcesVpcConfig.EndpointPublicAccess",
              "value": "true",
              "trail": [
                {
                  "place": {
                    "file": "prod/main.tf",
                    "range": {
                      "start": {
                        "line": 3,
                        "column": 12
                      },
                      "end": {
                        "line": 3,
                        "column": 22
                      }
                    }
                  },
                  "text": "passed in as `public`"
                }
              ],
              "owner": "module.eks.aws_eks_cluster.main",
              "instances": [
                {
                  "address": "module.eks.aws_eks_cluster.main",
                  "kind": "AWS::EKS::Cluster",
                  "native_kind": "aws_eks_cluster",
                  "module": "module.eks",
                  "stack": "prod",
                  "language": "terraform",
                  "fingerprint": "d6e120d0199d7d35e03dc0bcdd2ef71c"
                }
              ],
              "instance_count": 1,
              "fingerprint": "d6e120d0199d7d35e03dc0bcdd2ef71c:1",
              "line_hash": "68a81dffc5e50ea6:1"
            }
          ],
          "diagnostics": [
            {
              "level": "error",
              "code": "syntax",
              "message": "odd",
              "place": {
                "file": "modules/eks/main.tf",
                "range": {
                  "start": {
                    "line": 4,
                    "column": 30
                  },
                  "end": {
                    "line": 4,
                    "column": 40
                  }
                }
              },
              "incomplete": true
            }
          ],
          "stacks": [
            {
              "path": "prod",
              "language": "terraform",
              "resources": 1
            }
          ],
          "rules": [
            {
              "name": "eks-public-endpoint-open-to-world",
              "title": "EKS API endpoint answers to the whole internet",
              "severity": "high"
            }
          ]
        }
        "#);
    }
}

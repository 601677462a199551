//! Writers: a finished report in, text for people and documents for machines out. Nothing is computed here that another
//! writer would have to compute again.

pub mod catalogue;
pub mod explain;
pub mod github;
pub mod inspect;
pub mod json;
pub mod markdown;
pub mod sarif;
pub mod text;

use crate::report::{Finding, Report};
use crate::source::files::{join, normalise};
use crate::source::{Columns, SourceFile, SourceMap, Span};

/// How paths as users see them (relative to where the program was started, or absolute) lie in their repository: what
/// machines that look at the whole repository must be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Absolute path of the repository's root, with `/` between the parts; none if it is not known.
    pub root: Option<String>,
    /// The folder the program was started in, seen from the root; empty for the root itself.
    pub start: String,
}

impl Paths {
    /// A path relative to the repository's root, without `.` and `..`; none for files outside of it.
    pub fn in_repository(&self, path: &str) -> Option<String> {
        let path = if path.starts_with('/') {
            let root = normalise(self.root.as_deref()?);
            let path = normalise(path);
            let below = path.strip_prefix(root.trim_end_matches('/'))?;
            below.strip_prefix('/')?.to_owned()
        } else {
            join(&self.start, path)
        };
        let is_outside = path == "." || path == ".." || path.starts_with("../");
        (!is_outside && !path.is_empty()).then_some(path)
    }
}

/// Text that must not be shown: what hidden values were read from, in all findings of a report.
pub(crate) struct Secrets {
    spans: Vec<Span>,
}

impl Secrets {
    /// The places of the hidden values of a report.
    pub(crate) fn of(report: &Report, sources: &SourceMap) -> Secrets {
        let mut spans = Vec::new();
        for finding in report.findings.iter().filter(|finding| finding.is_hidden()) {
            collect(finding, sources, &mut spans);
        }
        spans.sort_unstable();
        spans.dedup();
        Secrets { spans }
    }

    /// Bytes `start..end` of a file, with every byte of hidden text replaced by `*`: offsets stay valid.
    pub(crate) fn mask(&self, file: &SourceFile, start: usize, end: usize) -> String {
        let text = file.text.get(start..end).unwrap_or("");
        let mine: Vec<&Span> = self
            .spans
            .iter()
            .filter(|span| span.source == file.id)
            .filter(|span| (span.start as usize) < end && start < span.end as usize)
            .collect();
        if mine.is_empty() {
            return text.to_owned();
        }
        let mut masked = String::with_capacity(text.len());
        for (at, character) in text.char_indices() {
            let at = start + at;
            let is_hidden = mine
                .iter()
                .any(|span| (span.start as usize..span.end as usize).contains(&at));
            if is_hidden && !matches!(character, '\n' | '\r') {
                masked.extend(std::iter::repeat_n('*', character.len_utf8()));
            } else {
                masked.push(character);
            }
        }
        masked
    }
}

/// The value itself is written where its trail ends; the places before refer to it, and of them only quoted text is
/// hidden, so that `var.password` can still be read.
fn collect(finding: &Finding, sources: &SourceMap, spans: &mut Vec<Span>) {
    if finding.is_default {
        return;
    }
    let places: Vec<Span> = std::iter::once(finding.place)
        .chain(finding.trail.iter().map(|place| place.span))
        .collect();
    let last = places.len() - 1;
    for (index, span) in places.into_iter().enumerate() {
        if index == last {
            spans.push(span);
            continue;
        }
        let Some(file) = sources.get(span.source) else {
            continue;
        };
        let text = file.slice(span);
        let quotes: Vec<usize> = text.match_indices(['"', '\'']).map(|(at, _)| at).collect();
        if let (Some(first), Some(last)) = (quotes.first(), quotes.last()) {
            let start = span.start as usize;
            spans.push(Span::new(span.source, start + first, start + last + 1));
        }
    }
}

/// Lines and columns (in characters) of a place that begins and ends in one file, the end cut to the first line.
pub(crate) struct OnOneLine {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_column: usize,
}

impl OnOneLine {
    pub(crate) fn of(file: &SourceFile, span: Span, columns: Columns) -> OnOneLine {
        let start = file.position(span.start, columns);
        let line_start = file
            .line_starts()
            .get(start.line - 1)
            .map_or(0, |&start| start as usize);
        let line_end = line_start + file.line_text(start.line).len();
        let end = file.position((span.end as usize).min(line_end) as u32, columns);
        OnOneLine {
            line: start.line,
            column: start.column,
            end_column: if end.line == start.line {
                end.column.max(start.column)
            } else {
                start.column
            },
        }
    }
}

/// What the offending value is called in the words of its language; none for what is not an argument of its own.
pub(crate) fn name_of(finding: &Finding) -> Option<&str> {
    let is_computed = ["facts", "links", "views", "meta", "options"]
        .iter()
        .any(|member| finding.path.split('.').next() == Some(member));
    let name = finding.argument.rsplit('.').next()?;
    // The value of a key-value pair is called what its key says.
    let is_of_pair = name == "Value" || finding.path.ends_with("].Value");
    (!is_computed && !is_of_pair && !name.is_empty()).then_some(name)
}

/// At most `most` characters of a text on one line, with `…` for what was cut.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= most {
        return one_line;
    }
    let mut short: String = one_line.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// `1 resource`, `2 resources`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_root_of_the_repository() {
        let check = |root: Option<&str>, start: &str, path: &str, expected: Option<&str>| {
            let paths = Paths {
                root: root.map(str::to_owned),
                start: start.to_owned(),
            };
            assert_eq!(paths.in_repository(path).as_deref(), expected, "{path}");
        };
        check(None, "", "./a/b.tf", Some("a/b.tf"));
        check(
            None,
            "infra/prod",
            "../modules/m.tf",
            Some("infra/modules/m.tf"),
        );
        check(None, "infra", "../../other/m.tf", None);
        check(None, "", "/srv/repo/a.tf", None);
        check(Some("/srv/repo"), "x", "/srv/repo/a.tf", Some("a.tf"));
        check(Some("/srv/repo/"), "x", "/srv/repo2/a.tf", None);
        check(Some("/"), "", "/a.tf", Some("a.tf"));
        check(None, "", ".", None);
    }

    #[test]
    fn texts_are_cut_by_characters() {
        assert_eq!(shortened("ää  \n öö", 10), "ää öö");
        assert_eq!(shortened("äääää", 3), "ää…");
    }
}

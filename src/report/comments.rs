//! Comments and what they stand at: the text of one input file in, for each comment the ranges it may speak of out.

use crate::source::{SourceFile, Span};
use crate::yaml;

/// A comment and the code it may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// The comment, marks included.
    pub(super) span: Span,
    /// What it stands at: behind code the construct that begins on its line, else the one that begins on the next line
    /// of code. A block with all that is in it, an attribute with its whole value.
    pub(super) construct: Span,
    /// The outermost block around it (in templates: the resource), if there is one.
    pub(super) enclosing: Option<Span>,
    /// Whether no code stands before it in the file.
    pub(super) is_at_head: bool,
}

impl Comment {
    /// Its text without marks, line by line, each with its place.
    pub(super) fn lines(self, file: &SourceFile) -> Vec<(&str, Span)> {
        let whole = file.slice(self.span);
        let inner = match whole.strip_prefix("/*") {
            Some(inner) => inner.strip_suffix("*/").unwrap_or(inner),
            None => whole,
        };
        let base = self.span.start as usize + (inner.as_ptr() as usize - whole.as_ptr() as usize);
        let mut at = base;
        let mut lines = Vec::new();
        for line in inner.split('\n') {
            let text = line.trim().trim_start_matches(['#', '/', '*']).trim();
            if !text.is_empty() {
                let start = at + (text.as_ptr() as usize - line.as_ptr() as usize);
                lines.push((text, Span::new(file.id, start, start + text.len())));
            }
            at += line.len() + 1;
        }
        lines
    }
}

/// The comments of a Terraform or YAML file, in order.
pub(super) fn comments(file: &SourceFile) -> Vec<Comment> {
    let ending = file.path.rsplit('.').next().unwrap_or_default();
    if matches!(ending, "tf" | "tofu" | "tfvars" | "hcl") {
        let structure = Structure::of_hcl(&file.text);
        structure.comments(file)
    } else if ending == "json" {
        Vec::new()
    } else {
        of_yaml(file)
    }
}

/// Where comments and brackets of an HCL file are.
#[derive(Debug, Default)]
struct Structure {
    comments: Vec<(usize, usize)>,
    /// Brackets (and heredocs) from the first to one past the last byte, by first byte.
    brackets: Vec<(usize, usize)>,
    /// First byte of code on each line that has any, in order.
    code: Vec<usize>,
}

/// What the lexer is inside of.
enum Inside {
    /// A bracket that was opened as this entry of the list.
    Bracket(usize),
    /// A quoted string.
    Quote,
    /// `${` or `%{` in a string.
    Template,
}

impl Structure {
    /// A light lexer: it knows comments, brackets, strings with templates, and heredocs, which is all that is needed.
    fn of_hcl(text: &str) -> Structure {
        let bytes = text.as_bytes();
        let mut found = Structure::default();
        let mut inside: Vec<Inside> = Vec::new();
        let mut line_has_code = false;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let next = bytes.get(at + 1).copied();
            if matches!(inside.last(), Some(Inside::Quote)) {
                match (byte, next) {
                    (b'\\', Some(_)) => at += 1,
                    (b'$', Some(b'$')) | (b'%', Some(b'%')) => at += 1,
                    (b'$' | b'%', Some(b'{')) => {
                        inside.push(Inside::Template);
                        at += 1;
                    }
                    (b'"', _) => drop(inside.pop()),
                    // A string does not go over lines: it was not closed.
                    (b'\n', _) => {
                        inside.pop();
                        line_has_code = false;
                    }
                    _ => {}
                }
                at += 1;
                continue;
            }
            let is_comment =
                byte == b'#' || (byte == b'/' && matches!(next, Some(b'/') | Some(b'*')));
            if is_comment {
                let end = if next == Some(b'*') && byte == b'/' {
                    text[at + 2..]
                        .find("*/")
                        .map_or(bytes.len(), |end| at + 2 + end + 2)
                } else {
                    let end = text[at..].find(['\n', '\r']);
                    end.map_or(bytes.len(), |end| at + end)
                };
                found.comments.push((at, end));
                at = end;
                continue;
            }
            if !byte.is_ascii_whitespace() && !line_has_code {
                line_has_code = true;
                found.code.push(at);
            }
            match byte {
                b'\n' => line_has_code = false,
                b'"' => inside.push(Inside::Quote),
                b'{' | b'[' | b'(' => {
                    inside.push(Inside::Bracket(found.brackets.len()));
                    found.brackets.push((at, bytes.len()));
                }
                b'}' | b']' | b')' => match inside.pop() {
                    Some(Inside::Bracket(index)) => found.brackets[index].1 = at + 1,
                    // The end of `${…}` leads back into its string.
                    Some(Inside::Template) | Some(Inside::Quote) | None => {}
                },
                b'<' if next == Some(b'<') => {
                    if let Some(end) = heredoc_end(text, at) {
                        found.brackets.push((at, end));
                        line_has_code = false;
                        at = end;
                        continue;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        found
    }

    fn comments(&self, file: &SourceFile) -> Vec<Comment> {
        let line_end = |offset: usize| {
            let rest = file.text.get(offset..).unwrap_or_default();
            rest.find('\n').map_or(file.text.len(), |end| offset + end)
        };
        let line_start = |offset: usize| {
            let before = file.text.get(..offset).unwrap_or_default();
            before.rfind('\n').map_or(0, |end| end + 1)
        };
        self.comments
            .iter()
            .map(|&(start, end)| {
                // The last line of code that begins before the comment, if it is the comment's own line.
                let before = self.code.partition_point(|&code| code < start);
                let own = before
                    .checked_sub(1)
                    .map(|index| self.code[index])
                    .filter(|&code| code >= line_start(start));
                let first = own.or_else(|| self.code.get(before).copied());
                let construct = match first {
                    Some(first) => (first, self.end_of_construct(first, line_end(first))),
                    None => (end, end),
                };
                let enclosing = self
                    .brackets
                    .iter()
                    .find(|(open, close)| (open + 1..*close).contains(&start))
                    .map(|&(open, close)| {
                        let header = self.code.partition_point(|&code| code <= open);
                        let header = header.checked_sub(1).map_or(open, |index| self.code[index]);
                        Span::new(file.id, header, close)
                    });
                Comment {
                    span: Span::new(file.id, start, end),
                    construct: Span::new(file.id, construct.0, construct.1),
                    enclosing,
                    is_at_head: before == 0,
                }
            })
            .collect()
    }

    /// The end of the line on which a construct begins, or of the last bracket that is opened on it and left open.
    fn end_of_construct(&self, first: usize, line_end: usize) -> usize {
        let from = self.brackets.partition_point(|(open, _)| *open < first);
        self.brackets[from..]
            .iter()
            .take_while(|(open, _)| *open < line_end)
            .map(|(_, close)| *close)
            .fold(line_end, usize::max)
    }
}

/// One past the line with the end mark of the heredoc that begins at `at`; none if it is not one.
fn heredoc_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at + 2..];
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let line = rest.split('\n').next().unwrap_or_default();
    let mark = line.trim_end();
    let is_name = !mark.is_empty()
        && mark
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if !is_name {
        return None;
    }
    let mut offset = text.len() - rest.len() + line.len() + 1;
    for line in text.get(offset..)?.split('\n') {
        offset += line.len();
        if line.trim() == mark {
            return Some(offset.min(text.len()));
        }
        offset += 1;
    }
    Some(text.len())
}

/// YAML has no brackets to go by but its indentation says the same.
fn of_yaml(file: &SourceFile) -> Vec<Comment> {
    let spans = yaml::comments(file);
    if spans.is_empty() {
        return Vec::new();
    }
    let count = file.line_starts().len();
    // Indentation of each line of content, none for empty lines and comments.
    let mut indents: Vec<Option<usize>> = (1..=count)
        .map(|line| {
            let text = file.line_text(line);
            let content = text.trim_start_matches(' ');
            (!content.trim().is_empty()).then_some(text.len() - content.len())
        })
        .collect();
    for span in &spans {
        let line = file.line(span.start);
        let start = file.line_starts()[line - 1] as usize;
        let before = &file.text[start..span.start as usize];
        if before.trim().is_empty() {
            indents[line - 1] = None;
        }
    }
    let first_content = indents.iter().position(Option::is_some).unwrap_or(count);
    let construct_at = |line: usize| -> Span {
        let Some(indent) = indents[line - 1] else {
            return Span::new(file.id, 0, 0);
        };
        let is_item = |line: usize| file.line_text(line).trim_start().starts_with('-');
        let mut last = line;
        for next in line + 1..=count {
            match indents[next - 1] {
                None => {}
                Some(deeper) if deeper > indent => last = next,
                // A list may stand as far left as the key it belongs to.
                Some(same) if same == indent && is_item(next) && !is_item(line) => last = next,
                Some(_) => break,
            }
        }
        let start = file.line_starts()[line - 1] as usize + indent;
        let end = file.line_starts()[last - 1] as usize + file.line_text(last).len();
        Span::new(file.id, start, end)
    };
    spans
        .into_iter()
        .map(|span| {
            let line = file.line(span.start);
            let construct = (line..=count)
                .find(|line| indents[line - 1].is_some())
                .map_or(
                    Span::new(file.id, span.end as usize, span.end as usize),
                    construct_at,
                );
            let column = (span.start - file.line_starts()[line - 1]) as usize;
            let inner = indents[line - 1].unwrap_or(column);
            Comment {
                span,
                construct,
                enclosing: enclosing_resource(file, &indents, line, inner).map(construct_at),
                is_at_head: line <= first_content,
            }
        })
        .collect()
}

/// The line of the logical id below `Resources:` under which a line with this indentation stands.
fn enclosing_resource(
    file: &SourceFile,
    indents: &[Option<usize>],
    line: usize,
    indent: usize,
) -> Option<usize> {
    let mut path = Vec::new();
    let mut least = indent;
    if indents[line - 1] == Some(indent) {
        path.push(line);
    }
    for above in (1..line).rev() {
        if let Some(depth) = indents[above - 1]
            && depth < least
        {
            least = depth;
            path.push(above);
        }
    }
    let root = path.pop()?;
    let is_resources = file.line_text(root).trim_start().starts_with("Resources:");
    if is_resources { path.pop() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    /// A comment: its first line, the construct's first and last line, the enclosing block's lines.
    type Seen<'a> = (&'a str, usize, usize, Option<(usize, usize)>);

    fn check(path: &str, text: &str, expected: &[Seen]) {
        let sources = SourceMap::new();
        let file = sources.add(path, text);
        let lines = |span: Span| (file.line(span.start), file.line(span.end.max(1) - 1));
        let found: Vec<Seen> = comments(&file)
            .into_iter()
            .map(|comment| {
                let text = comment.lines(&file).first().map_or("", |(text, _)| text);
                let (first, last) = lines(comment.construct);
                (text, first, last, comment.enclosing.map(lines))
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn comments_of_terraform_stand_at_lines_and_blocks() {
        let text = "\
# a
resource \"x\" \"y\" { // b
  /* c
   */
  list = [
    1, # d
    2
  ]
  z = 1 # e

  # f
  nested {
    q = \"${upper(\"#no\")} # no $${ # no\"
  }
}
# g
";
        let block = Some((2, 15));
        let expected = [
            ("a", 2, 15, None),
            ("b", 2, 15, block),
            ("c", 5, 8, block),
            ("d", 6, 6, block),
            ("e", 9, 9, block),
            ("f", 12, 14, block),
            ("g", 16, 16, None),
        ];
        check("main.tf", text, &expected);
    }

    #[test]
    fn heredocs_hold_no_comments_and_belong_to_their_attribute() {
        let text = "# a\nx = <<-EOT\n  # no {\n  EOT\ny = 1 # b\nz = 1 << 2 # c\n";
        check(
            "main.tf",
            text,
            &[("a", 2, 4, None), ("b", 5, 5, None), ("c", 6, 6, None)],
        );
    }

    #[test]
    fn broken_terraform_is_read_as_far_as_it_goes() {
        for text in [
            "x = \"",
            "x = {",
            "x = <<EOT\nabc",
            "}}]",
            "/* a",
            "\"${",
            "x = <<EOT",
            "é# b\u{1F600}",
        ] {
            let sources = SourceMap::new();
            let file = sources.add("main.tf", text);
            for comment in comments(&file) {
                assert!(comment.construct.end as usize <= text.len(), "{text}");
                comment.lines(&file);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn ranges_lie_within_any_text(text in "([#/*\"${}\\[\\]<EOT\n\r :\\-|é]|onus:ignore|x = ){0,40}") {
            let sources = SourceMap::new();
            for path in ["a.tf", "a.yaml"] {
                let file = sources.add(path, &text);
                for comment in comments(&file) {
                    for span in [Some(comment.span), Some(comment.construct), comment.enclosing] {
                        let inside = span.is_none_or(|s| s.start <= s.end && s.end as usize <= text.len());
                        proptest::prop_assert!(inside, "{:?}", span);
                    }
                    for (line, span) in comment.lines(&file) {
                        proptest::prop_assert_eq!(file.slice(span), line);
                    }
                }
            }
        }
    }

    #[test]
    fn comments_of_templates_stand_at_keys_and_items() {
        let text = "\
# a
Resources:
  # b
  Main:
    Type: T # c
    Properties:
      # d
      List:
      - one # e
      - two
      Text: |
        # no
      Other: '# no'
  Next:
    Type: T
";
        let main = Some((4, 13));
        let expected = [
            ("a", 2, 15, None),
            ("b", 4, 13, None),
            ("c", 5, 5, main),
            ("d", 8, 10, main),
            ("e", 9, 9, main),
        ];
        check("t.yaml", text, &expected);
    }
}

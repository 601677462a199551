//! Strings that may have unknown holes and may remember what they encode and where their parts were written.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use regex::Regex;

use super::{Certainty, Unknown, Value};
use crate::source::Span;

/// Parts more than these are not kept apart.
const MOST_SEGMENTS: usize = 10_000;

/// A string. Most are plain; one built around unknown parts keeps them as holes, so `== "*"` can be *no* all the same.
#[derive(Clone, Debug)]
pub struct Text(Form);

#[derive(Clone, Debug)]
enum Form {
    Plain(Arc<str>),
    Rich(Arc<Rich>),
}

#[derive(Debug)]
struct Rich {
    segments: Vec<Segment>,
    encodes: Option<Value>,
    pieces: Vec<Piece>,
}

/// A part of a string.
#[derive(Clone, Debug)]
pub enum Segment {
    /// Known characters.
    Literal(Arc<str>),
    /// Any string, also the empty one.
    Hole(Arc<Unknown>),
}

/// Says where known characters of a string were written. Offsets count known characters' bytes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Byte offset in the known characters at which this piece starts.
    pub offset: u32,
    /// Where it is written.
    pub span: Span,
    /// Whether the bytes of the span are the bytes of the string (no escapes), so that parts can be located in it.
    pub is_exact: bool,
}

impl Text {
    /// A known string.
    pub fn new(text: impl Into<Arc<str>>) -> Text {
        Text(Form::Plain(text.into()))
    }

    /// A string from parts; neighbouring known parts are joined.
    pub fn from_segments(segments: Vec<Segment>) -> Text {
        Text::build(segments, None, Vec::new())
    }

    /// A string from parts that encodes a structured value (`jsonencode`), or knows where its pieces were written.
    pub fn build(segments: Vec<Segment>, encodes: Option<Value>, pieces: Vec<Piece>) -> Text {
        let mut joined: Vec<Segment> = Vec::with_capacity(segments.len());
        // Known characters that are not yet a segment: one literal as it is, or several put together.
        let mut run: Option<Arc<str>> = None;
        let mut longer = String::new();
        let close =
            |run: &mut Option<Arc<str>>, longer: &mut String, all: &mut Vec<Segment>| match run
                .take()
            {
                Some(_) if !longer.is_empty() => {
                    all.push(Segment::Literal(std::mem::take(longer).into()));
                }
                Some(text) => all.push(Segment::Literal(text)),
                None => {}
            };
        for segment in segments {
            match segment {
                Segment::Literal(text) if text.is_empty() => {}
                Segment::Literal(text) => match &run {
                    None => run = Some(text),
                    Some(first) => {
                        if longer.is_empty() {
                            longer.push_str(first);
                        }
                        longer.push_str(&text);
                    }
                },
                hole => {
                    close(&mut run, &mut longer, &mut joined);
                    joined.push(hole);
                }
            }
        }
        close(&mut run, &mut longer, &mut joined);
        if joined.len() > MOST_SEGMENTS {
            // Who asks about so many holes learns no more than from one.
            joined.retain(|segment| matches!(segment, Segment::Hole(_)));
            joined.truncate(1);
            return Text(Form::Rich(Arc::new(Rich {
                segments: joined,
                encodes,
                pieces: Vec::new(),
            })));
        }
        if encodes.is_none() && pieces.is_empty() {
            match joined.as_slice() {
                [] => return Text::new(""),
                [Segment::Literal(text)] => return Text::new(text.clone()),
                _ => {}
            }
        }
        Text(Form::Rich(Arc::new(Rich {
            segments: joined,
            encodes,
            pieces,
        })))
    }

    /// The whole string, if it is known.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Form::Plain(text) => Some(text),
            Form::Rich(rich) => match rich.segments.as_slice() {
                [] => Some(""),
                [Segment::Literal(text)] => Some(text),
                _ => None,
            },
        }
    }

    /// The parts in order.
    pub fn segments(&self) -> Cow<'_, [Segment]> {
        match &self.0 {
            Form::Plain(text) => Cow::Owned(vec![Segment::Literal(text.clone())]),
            Form::Rich(rich) => Cow::Borrowed(&rich.segments),
        }
    }

    /// Bytes of its known characters.
    pub fn length(&self) -> usize {
        match &self.0 {
            Form::Plain(text) => text.len(),
            Form::Rich(rich) => rich
                .segments
                .iter()
                .map(|segment| match segment {
                    Segment::Literal(text) => text.len(),
                    Segment::Hole(_) => 0,
                })
                .sum(),
        }
    }

    /// Whether some part is unknown.
    pub fn has_holes(&self) -> bool {
        self.as_str().is_none()
    }

    /// The unknown parts.
    pub fn holes(&self) -> impl Iterator<Item = &Arc<Unknown>> {
        let segments = match &self.0 {
            Form::Plain(_) => &[],
            Form::Rich(rich) => rich.segments.as_slice(),
        };
        segments.iter().filter_map(|segment| match segment {
            Segment::Hole(unknown) => Some(unknown),
            Segment::Literal(_) => None,
        })
    }

    /// The structured value this string is the JSON (or YAML) of, if it was made from one.
    pub fn encodes(&self) -> Option<&Value> {
        match &self.0 {
            Form::Plain(_) => None,
            Form::Rich(rich) => rich.encodes.as_ref(),
        }
    }

    /// Where the known characters were written; empty if that is just the value's own place.
    pub fn pieces(&self) -> &[Piece] {
        match &self.0 {
            Form::Plain(_) => &[],
            Form::Rich(rich) => &rich.pieces,
        }
    }

    /// Where bytes `start..end` of a known string are written; none if that is not known more closely than the value's
    /// own place.
    pub fn locate(&self, start: usize, end: usize) -> Option<Span> {
        let at = |offset: usize| {
            let index = self
                .pieces()
                .partition_point(|piece| piece.offset as usize <= offset)
                .checked_sub(1)?;
            let piece = self.pieces()[index];
            let start = piece.span.start as usize + (offset - piece.offset as usize);
            piece.is_exact.then(|| {
                Span::new(
                    piece.span.source,
                    start.min(piece.span.end as usize),
                    start + 1,
                )
            })
        };
        let first = at(start)?;
        let last = at(end.max(start + 1) - 1)?;
        Some(first.to(last))
    }

    /// Whether this string is `other`.
    pub fn equals(&self, other: &str) -> Certainty {
        match self.as_str() {
            Some(text) => (text == other).into(),
            None if self.can_be(other) => Certainty::Unsure,
            None => Certainty::No,
        }
    }

    /// Whether two strings are the same.
    pub fn equals_text(&self, other: &Text) -> Certainty {
        match (self.as_str(), other.as_str()) {
            (_, Some(known)) => self.equals(known),
            (Some(known), _) => other.equals(known),
            (None, None) => {
                let (mine, theirs) = (self.segments(), other.segments());
                let prefix = |segments: &[Segment]| match segments.first() {
                    Some(Segment::Literal(text)) => text.clone(),
                    _ => Arc::from(""),
                };
                let suffix = |segments: &[Segment]| match segments.last() {
                    Some(Segment::Literal(text)) => text.clone(),
                    _ => Arc::from(""),
                };
                let (a, b) = (prefix(&mine), prefix(&theirs));
                let (y, z) = (suffix(&mine), suffix(&theirs));
                let agree = (a.starts_with(&*b) || b.starts_with(&*a))
                    && (y.ends_with(&*z) || z.ends_with(&*y));
                if agree {
                    Certainty::Unsure
                } else {
                    Certainty::No
                }
            }
        }
    }

    /// Whether some filling of the holes gives `target`.
    fn can_be(&self, target: &str) -> bool {
        let segments = self.segments();
        let mut rest = target;
        let mut after_hole = false;
        let last = segments.len().saturating_sub(1);
        for (index, segment) in segments.iter().enumerate() {
            match segment {
                Segment::Hole(_) => after_hole = true,
                Segment::Literal(text) if index == last => {
                    return if after_hole {
                        rest.ends_with(&**text)
                    } else {
                        rest == &**text
                    };
                }
                Segment::Literal(text) if after_hole => match rest.find(&**text) {
                    Some(at) => {
                        rest = &rest[at + text.len()..];
                        after_hole = false;
                    }
                    None => return false,
                },
                Segment::Literal(text) => match rest.strip_prefix(&**text) {
                    Some(after) => rest = after,
                    None => return false,
                },
            }
        }
        after_hole || rest.is_empty()
    }

    /// Whether a pattern is found. With holes: yes if a match lies in known text and would remain whatever the holes
    /// are, no if no filling of the holes makes one, else unsure.
    pub fn matches(&self, pattern: &Regex) -> Certainty {
        if let Some(text) = self.as_str() {
            return pattern.is_match(text).into();
        }
        let segments = self.shaped();
        // A private-use character stands for each hole: a match that touches none of them does not depend on it. The
        // ends of the text count as ends only where known text stands there, which they do by construction.
        let marked = marked(&segments, HOLE);
        let found = pattern.find_iter(&marked).any(|found| {
            let touches = found.as_str().contains(HOLE);
            // An empty match beside a hole could vanish with its filling (`^`, `\b`).
            !touches && !found.is_empty()
        });
        if found {
            Certainty::Yes
        } else if super::filling::can_match(&segments, pattern.as_str()) {
            Certainty::Unsure
        } else {
            Certainty::No
        }
    }

    /// The parts, those of ARNs whose shape is known in place of a hole for the whole.
    fn shaped(&self) -> Cow<'_, [Segment]> {
        let shape = |segment: &Segment| match segment {
            Segment::Hole(unknown) => unknown.shape(),
            Segment::Literal(_) => None,
        };
        let segments = self.segments();
        if segments.iter().all(|segment| shape(segment).is_none()) {
            return segments;
        }
        let shaped = segments.iter().flat_map(|segment| match shape(segment) {
            Some(shape) => shape.to_vec(),
            None => vec![segment.clone()],
        });
        Cow::Owned(shaped.collect())
    }

    /// Whether the string starts with `prefix`.
    pub fn starts_with(&self, prefix: &str) -> Certainty {
        match self.segments().first() {
            Some(Segment::Literal(text)) if text.starts_with(prefix) => Certainty::Yes,
            Some(Segment::Literal(text)) if self.has_holes() && prefix.starts_with(&**text) => {
                Certainty::Unsure
            }
            Some(Segment::Literal(_)) => Certainty::No,
            Some(Segment::Hole(_)) => Certainty::Unsure,
            None => prefix.is_empty().into(),
        }
    }

    /// Whether the string ends with `suffix`.
    pub fn ends_with(&self, suffix: &str) -> Certainty {
        match self.segments().last() {
            Some(Segment::Literal(text)) if text.ends_with(suffix) => Certainty::Yes,
            Some(Segment::Literal(text)) if self.has_holes() && suffix.ends_with(&**text) => {
                Certainty::Unsure
            }
            Some(Segment::Literal(_)) => Certainty::No,
            Some(Segment::Hole(_)) => Certainty::Unsure,
            None => suffix.is_empty().into(),
        }
    }

    /// Whether it is one line that no structured value is written in: it came from where its parts came from.
    pub fn is_plain_line(&self) -> bool {
        let segments = self.segments();
        let first = segments.iter().find_map(|segment| match segment {
            Segment::Literal(text) => text.trim_start().chars().next(),
            Segment::Hole(_) => None,
        });
        let is_line = |segment: &Segment| match segment {
            Segment::Literal(text) => !text.contains('\n'),
            Segment::Hole(_) => true,
        };
        self.encodes().is_none()
            && !matches!(first, Some('{' | '['))
            && segments.iter().all(is_line)
    }

    /// The string with `mark` in place of each hole.
    pub fn flattened(&self, mark: char) -> String {
        marked(&self.segments(), mark)
    }
}

fn marked(segments: &[Segment], mark: char) -> String {
    segments.iter().fold(String::new(), |mut all, segment| {
        match segment {
            Segment::Literal(text) => all.push_str(text),
            Segment::Hole(_) => all.push(mark),
        }
        all
    })
}

/// Stands for a hole where a plain string is needed; from the private use area, so hardly ever written by people.
pub const HOLE: char = '\u{f8ff}';

/// As users are shown it: `?` for what is not known.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) => f.write_str(text),
            None => f.write_str(&self.flattened('?')),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Reason;

    /// `?` in the pattern is a hole.
    fn text(pattern: &str) -> Text {
        let hole = || Segment::Hole(Arc::new(Unknown::because(Reason::Outside)));
        let mut segments = Vec::new();
        for (index, part) in pattern.split('?').enumerate() {
            if index > 0 {
                segments.push(hole());
            }
            segments.push(Segment::Literal(part.into()));
        }
        Text::from_segments(segments)
    }

    #[test]
    fn equality_with_holes_excludes_what_no_filling_gives() {
        for (pattern, target, expected) in [
            ("arn:aws:s3:::?/*", "*", Certainty::No),
            ("arn:aws:s3:::?/*", "arn:aws:s3:::b/*", Certainty::Unsure),
            ("?", "", Certainty::Unsure),
            ("a?b?c", "axbyc", Certainty::Unsure),
            ("a?b?c", "axyc", Certainty::No),
            ("abc", "abc", Certainty::Yes),
            ("a?a", "a", Certainty::No),
            ("?/0", "0.0.0.0/0", Certainty::Unsure),
            ("?/32", "0.0.0.0/0", Certainty::No),
        ] {
            assert_eq!(
                text(pattern).equals(target),
                expected,
                "{pattern} == {target}"
            );
        }
    }

    #[test]
    fn patterns_are_found_in_known_text_only() {
        let check =
            |pattern: &str, regex: &str| text(pattern).matches(&Regex::new(regex).expect("valid"));
        assert_eq!(check("?/0", "/0$"), Certainty::Yes);
        assert_eq!(check("?", "/0$"), Certainty::Unsure);
        assert_eq!(check("http://?", "^http:"), Certainty::Yes);
        assert_eq!(check("10.0.0.0/8", "/0$"), Certainty::No);
    }

    #[test]
    fn two_texts_with_holes_differ_by_their_ends() {
        assert_eq!(text("a-?").equals_text(&text("b-?")), Certainty::No);
        assert_eq!(text("a-?").equals_text(&text("a-b?")), Certainty::Unsure);
    }
}

//! YAML or JSON text in, values with byte spans out: for templates, rule files and settings.
//!
//! granit-parser gives events with byte spans; the tree is ours, because no YAML crate keeps the places of keys and
//! values, CloudFormation's tags, duplicate keys and a budget for aliases all at once.

pub mod json;

use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, Tag};
use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, SourceId, Span};
use crate::value::{Data, Member, Members, Number, Piece, Segment, Text, Value};

/// Nodes that aliases may add to a document, counted each time they are used: two documents of the largest size that
/// CloudFormation takes.
const MOST_ALIASED: usize = 200_000;
/// Keys given twice that are named in one file; the rest is no news.
const MOST_DUPLICATES: usize = 50;
/// Dashes that stand as scalars where YAML 1.2 does not allow them; each costs another reading.
const MOST_DASHES: usize = 50;
/// Nested collections that are read.
const DEEPEST: usize = 200;

/// Reads one YAML (or JSON) document. A tag such as `!Ref x` becomes `{Ref: x}`, other `!Name x` `{Fn::Name: x}`.
/// Broken text gives none, and a diagnostic.
pub fn parse(file: &SourceFile) -> (Option<Value>, Vec<Diagnostic>) {
    if file.text.trim_start().starts_with(['{', '[']) {
        // JSON is YAML, but the JSON reader is faster and knows no limit on the length of keys.
        let (value, diagnostics) = json::parse(file);
        if value.is_some() {
            return (value, diagnostics);
        }
        let (value, found) = parse_yaml(file);
        // Of two complaints, that of the language it is written in.
        let is_json = file.path.ends_with(".json")
            || file.text.trim_start()[1..]
                .trim_start()
                .starts_with(['"', '{', '}']);
        return if value.is_some() || !is_json {
            (value, found)
        } else {
            (None, diagnostics)
        };
    }
    parse_yaml(file)
}

/// Reads only the beginning of a file, up to byte `end`: for those who know that what they need stands there.
pub fn parse_beginning(file: &SourceFile, end: usize) -> (Option<Value>, Vec<Diagnostic>) {
    let text = file.text.get(..end).unwrap_or(&file.text);
    let mut builder = Builder::new(text, Some(file.id), Span::NONE);
    match builder.document() {
        Ok(value) => (value, builder.diagnostics),
        Err((message, span)) => {
            let diagnostic =
                Diagnostic::error("syntax", span, format!("this is not valid YAML: {message}"));
            (None, vec![diagnostic])
        }
    }
}

fn parse_yaml(file: &SourceFile) -> (Option<Value>, Vec<Diagnostic>) {
    parse_scanned(file, &file.text, 0)
}

/// Reads a file of which the scanner sees `scanned`: its text but for the dashes that YAML 1.1 takes for scalars and the
/// scanner does not (`[-, a]`).
fn parse_scanned(
    file: &SourceFile,
    scanned: &str,
    dashes: usize,
) -> (Option<Value>, Vec<Diagnostic>) {
    let mut builder = Builder::new(&file.text, Some(file.id), Span::NONE);
    builder.events = Parser::new_from_str_with_options(scanned, options(false));
    let value = match builder.document() {
        Ok(value) => value,
        Err((message, span)) => {
            if let Some(dash) = builder.dash.filter(|_| dashes < MOST_DASHES) {
                let mut scanned = scanned.to_owned();
                scanned.replace_range(dash..=dash, "_");
                return parse_scanned(file, &scanned, dashes + 1);
            }
            let hint = match message.contains("tab") {
                true => "the file was left out; YAML is indented with blanks, not with tabs",
                false => {
                    "the file was left out; check indentation and quotes here and in the line above"
                }
            };
            builder.diagnostics.push(
                Diagnostic::error("syntax", span, format!("this is not valid YAML: {message}"))
                    .hint(hint)
                    .incomplete(),
            );
            None
        }
    };
    (value, builder.diagnostics)
}

/// The comments of a YAML document, marks included, in order; up to the first fault in broken text.
pub fn comments(file: &SourceFile) -> Vec<Span> {
    let mut builder = Builder::new(&file.text, Some(file.id), Span::NONE);
    builder.events = Parser::new_from_str_with_options(&file.text, options(true));
    let mut comments = Vec::new();
    while let Ok(Some((event, at))) = builder.next() {
        if matches!(event, Event::Comment(..)) {
            let (start, end) = bounds(&at);
            comments.push(Span::new(file.id, start, end));
        }
    }
    comments
}

/// Reads YAML that is not a file; every node has the place of what it was made from.
///
/// # Errors
/// What is wrong with it.
pub fn decode(text: &str, place: Span) -> Result<Option<Value>, String> {
    Builder::new(text, None, place)
        .document()
        .map_err(|(message, _)| message)
}

fn options(comments: bool) -> Options {
    let mut options = Options::default();
    options.set_emit_comments(comments);
    if comments {
        options.max_buffered_comment_events = usize::MAX;
    }
    options.block_scalar_eof_without_line_feed = true;
    options.simple_key_max_lookahead = 1 << 16;
    options.flow_nesting_limit = DEEPEST + 8;
    options.block_nesting_limit = DEEPEST + 8;
    options
}

type Fault = (String, Span);

struct Builder<'a> {
    text: &'a str,
    source: Option<SourceId>,
    place: Span,
    events: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: FxHashMap<usize, Value>,
    /// Nodes that aliases have added.
    aliased: usize,
    duplicates: usize,
    /// The dash that the scanner stopped at.
    dash: Option<usize>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, source: Option<SourceId>, place: Span) -> Builder<'a> {
        Builder {
            text,
            source,
            place,
            events: Parser::new_from_str_with_options(text, options(false)),
            anchors: FxHashMap::default(),
            aliased: 0,
            duplicates: 0,
            dash: None,
            diagnostics: Vec::new(),
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        match self.source {
            Some(source) => Span::new(source, start, end),
            None => self.place,
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, granit_parser::Span)>, Fault> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, span))),
            Some(Err(error)) => {
                let at = error
                    .marker()
                    .byte_offset()
                    .unwrap_or(0)
                    .min(self.text.len());
                let is_dash = *error.kind() == ErrorKind::PlainScalarStartsWithDashFlowIndicator;
                self.dash = is_dash.then_some(at);
                let end = self.text[at..]
                    .chars()
                    .next()
                    .map_or(at, |c| at + c.len_utf8());
                Err((error.info(), self.span(at, end)))
            }
        }
    }

    /// The first document; none if there is none or it is empty.
    fn document(&mut self) -> Result<Option<Value>, Fault> {
        let mut root = None;
        while let Some((event, at)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    let span = bounds(&at);
                    let span = self.span(span.0, span.1);
                    self.diagnostics.push(
                        Diagnostic::warning(
                            "several_documents",
                            span,
                            "only the first document of this file is read",
                        )
                        .hint("put each document into a file of its own"),
                    );
                    break;
                }
                event => root = Some(self.node(event, &at, 0)?),
            }
        }
        Ok(root)
    }

    fn node(
        &mut self,
        event: Event<'a>,
        at: &granit_parser::Span,
        depth: usize,
    ) -> Result<Value, Fault> {
        let (start, end) = bounds(at);
        if depth > DEEPEST {
            return Err((
                "it is nested more than 200 levels deep".to_owned(),
                self.span(start, end),
            ));
        }
        let tag_start = at
            .tag_start
            .and_then(|mark| mark.byte_offset())
            .unwrap_or(start);
        let (value, anchor, tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, start, end), anchor, tag)
            }
            Event::SequenceStart(_, anchor, tag) => {
                let mut items = Vec::new();
                let mut last = end;
                loop {
                    let (event, at) = self.expected(start)?;
                    if matches!(event, Event::SequenceEnd) {
                        last = last.max(self.closing(&at, b']'));
                        break;
                    }
                    let item = self.node(event, &at, depth + 1)?;
                    last = self.end_of(&item, last);
                    items.push(item);
                }
                (Value::list(items, self.span(start, last)), anchor, tag)
            }
            Event::MappingStart(_, anchor, tag) => {
                let mut members = Members::default();
                let mut merged: Vec<Value> = Vec::new();
                let mut last = end;
                loop {
                    let (event, at) = self.expected(start)?;
                    if matches!(event, Event::MappingEnd) {
                        last = last.max(self.closing(&at, b'}'));
                        break;
                    }
                    let (name, key) = self.key(event, &at, depth + 1)?;
                    let (event, at) = self.expected(start)?;
                    let value = self.node(event, &at, depth + 1)?;
                    last = self.end_of(&value, last);
                    if Some(key.source) == self.source {
                        last = last.max(key.end as usize);
                    }
                    match name {
                        Some(name) => self.entry(&name, key, value, &mut members, &mut merged),
                        None => self.diagnostics.push(
                            Diagnostic::error("syntax", key, "a key must be plain text here")
                                .hint("this entry is left out"),
                        ),
                    }
                }
                for source in merged {
                    for (name, value) in source.entries() {
                        if !members.contains_key(name) {
                            members.insert(name.clone(), value.into());
                        }
                    }
                }
                (Value::object(members, self.span(start, last)), anchor, tag)
            }
            Event::Alias(anchor) => {
                let Some(value) = self.anchors.get(&anchor).cloned() else {
                    return Err((
                        "an alias stands inside what it names".to_owned(),
                        self.span(start, end),
                    ));
                };
                self.aliased += size_of(&value, MOST_ALIASED);
                if self.aliased > MOST_ALIASED {
                    return Err((
                        "its aliases stand for more than 200,000 parts".to_owned(),
                        self.span(start, end),
                    ));
                }
                return Ok(value);
            }
            _ => {
                return Err((
                    "this is not expected here".to_owned(),
                    self.span(start, end),
                ));
            }
        };
        let value = match tag {
            Some(tag) => self.tagged(&tag, value, tag_start),
            None => value,
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn expected(&mut self, start: usize) -> Result<(Event<'a>, granit_parser::Span), Fault> {
        let place = self.span(start, start);
        self.next()?
            .ok_or_else(|| ("the text ends inside this".to_owned(), place))
    }

    /// Where a flow collection ends; block collections end where their last part does.
    fn closing(&self, at: &granit_parser::Span, bracket: u8) -> usize {
        let (start, end) = bounds(at);
        let closes = end > start && self.text.as_bytes().get(end - 1) == Some(&bracket);
        if closes { end } else { 0 }
    }

    fn end_of(&self, value: &Value, last: usize) -> usize {
        let span = value.span();
        if Some(span.source) == self.source {
            last.max(span.end as usize)
        } else {
            last
        }
    }

    /// A key as it is written: `on`, `012345678901` and `1.10` are names here, not values. None if it is no scalar.
    fn key(
        &mut self,
        event: Event<'a>,
        at: &granit_parser::Span,
        depth: usize,
    ) -> Result<(Option<Arc<str>>, Span), Fault> {
        let (start, end) = bounds(at);
        let value = match event {
            Event::Scalar(text, style, anchor, _) => {
                let raw = self.text.get(start..end).unwrap_or("");
                // An empty plain scalar is delivered as `~` with an empty span.
                let is_empty = style == ScalarStyle::Plain && raw.is_empty();
                let text: Arc<str> = if is_empty { "".into() } else { (&*text).into() };
                let span = self.span(start, start + raw.trim_end().len());
                if anchor != 0 {
                    self.anchors.insert(anchor, Value::text(text.clone(), span));
                }
                return Ok((Some(text), span));
            }
            event => self.node(event, at, depth)?,
        };
        // An alias of a scalar, or a collection.
        let name = match &value.data {
            Data::Text(text) => text.as_str().map(Into::into),
            Data::Number(number) => Some(number.to_string().into()),
            Data::Bool(truth) => Some(truth.to_string().into()),
            _ => None,
        };
        Ok((name, self.span(start, end)))
    }

    fn entry(
        &mut self,
        name: &Arc<str>,
        place: Span,
        value: Value,
        members: &mut Members,
        merged: &mut Vec<Value>,
    ) {
        if &**name == "<<" {
            match &value.data {
                Data::List(_) => merged.extend(value.elements()),
                _ => merged.push(value),
            }
            return;
        }
        if let Some(first) = members.insert(name.clone(), Member { key: place, value }) {
            self.duplicates += 1;
            if self.duplicates > MOST_DUPLICATES {
                return;
            }
            self.diagnostics.push(
                Diagnostic::warning(
                    "duplicate_key",
                    place,
                    format!("`{name}` is given twice; this one counts"),
                )
                .label(first.key, "first given here")
                .hint("remove one of them"),
            );
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, start: usize, end: usize) -> Value {
        let raw = self.text.get(start..end).unwrap_or("");
        // Block scalars end with the line break; the place is what is written.
        let end = start + raw.trim_end().len();
        let span = self.span(start, end);
        let data = match style {
            // An empty plain scalar is delivered as `~` with an empty span.
            ScalarStyle::Plain if raw.is_empty() => Data::Null(None),
            ScalarStyle::Plain if raw == "-" => Data::Text(raw.into()),
            ScalarStyle::Plain => plain(text),
            ScalarStyle::Literal | ScalarStyle::Folded if self.source.is_some() => {
                let pieces = self.lines(text, style, start, end);
                Data::Text(Text::build(
                    vec![Segment::Literal(text.into())],
                    None,
                    pieces,
                ))
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted
                if self.source.is_some() && is_worth_locating(text) =>
            {
                let inside = raw.get(1..raw.trim_end().len().saturating_sub(1));
                let pieces = inside
                    .and_then(|inside| {
                        let doubled = style == ScalarStyle::SingleQuoted;
                        escaped_pieces(inside, text, self.span(start + 1, end), doubled)
                    })
                    .unwrap_or_default();
                Data::Text(Text::build(
                    vec![Segment::Literal(text.into())],
                    None,
                    pieces,
                ))
            }
            _ => Data::Text(text.into()),
        };
        Value::new(data, span)
    }

    /// Where the lines of a block scalar are written.
    fn lines(&self, text: &str, style: ScalarStyle, start: usize, end: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        // The span may begin at the header (`|-`) or at the content.
        let head = self.text[start..]
            .split_inclusive('\n')
            .next()
            .unwrap_or("");
        let is_header = head.trim_start().starts_with(['|', '>']);
        let mut at = if is_header {
            start + head.len()
        } else {
            self.text[..start].rfind('\n').map_or(0, |n| n + 1)
        };
        let first = text
            .split('\n')
            .find(|line| !line.trim().is_empty())
            .unwrap_or("");
        let indent = self.text[at..]
            .split('\n')
            .find(|line| !line.trim().is_empty())
            .map_or(0, |line| {
                line.trim_end_matches('\r')
                    .len()
                    .saturating_sub(first.len())
            });
        let mut offset = 0;
        if style == ScalarStyle::Folded {
            // Line breaks have become blanks or vanished; each line itself stands unchanged in the text.
            // An empty block ends before its first line would begin.
            let written = self.text.get(at..end).unwrap_or_default();
            for line in written.split_inclusive('\n') {
                let content = line.trim();
                let place = at + line.find(content).unwrap_or(0);
                if !content.is_empty()
                    && let Some(found) = text[offset..].find(content)
                {
                    offset += found;
                    pieces.push(Piece {
                        offset: offset as u32,
                        span: self.span(place, place + content.len()),
                        is_exact: true,
                    });
                    offset += content.len();
                }
                at += line.len();
            }
            return pieces;
        }
        for line in text.split_inclusive('\n') {
            let length = self.text[at..]
                .split_inclusive('\n')
                .next()
                .map_or(0, str::len);
            let content = at + indent.min(length);
            let is_exact = self
                .text
                .get(content..)
                .is_some_and(|rest| rest.starts_with(line.trim_end_matches('\n')));
            let written = self.span(content, content + line.trim_end_matches('\n').len());
            pieces.push(Piece {
                offset: offset as u32,
                span: written,
                is_exact,
            });
            offset += line.len();
            at += length;
        }
        pieces
    }

    /// `!Ref x` is `{Ref: x}`; `!GetAtt a.b` is `{Fn::GetAtt: [a, b]}`.
    fn tagged(&self, tag: &Tag, value: Value, start: usize) -> Value {
        let written = tag.original();
        let name = written
            .strip_prefix('!')
            .filter(|name| !name.is_empty() && !name.starts_with('!'));
        let is_text = name.is_some() || written == "!" || tag.core_suffix() == Some("str");
        let value = match &value.data {
            // What is tagged is text as it is written: `!Ref on`, `!!str 012`.
            Data::Null(_) | Data::Bool(_) | Data::Number(_) if is_text => {
                let span = value.span();
                let raw = self
                    .text
                    .get(span.start as usize..span.end as usize)
                    .unwrap_or("");
                Value::text(raw, span)
            }
            // And the reverse: `!!int "12"`.
            Data::Text(text)
                if matches!(tag.core_suffix(), Some("int" | "float" | "bool" | "null")) =>
            {
                Value::new(plain(text.as_str().unwrap_or_default()), value.span())
            }
            _ => value,
        };
        let Some(name) = name else {
            return value;
        };
        let span = match self.source {
            Some(source) => Span::new(
                source,
                start,
                value.span().end.max(start as u32 + written.len() as u32) as usize,
            ),
            None => self.place,
        };
        let (function, argument): (String, Value) = match name {
            "Ref" | "Condition" => (name.to_owned(), value),
            "GetAtt" => {
                let parts = value.as_str().and_then(|text| text.split_once('.')).map(
                    |(resource, attribute)| {
                        let place = value.span();
                        vec![Value::text(resource, place), Value::text(attribute, place)]
                    },
                );
                let argument =
                    parts.map_or_else(|| value.clone(), |parts| Value::list(parts, value.span()));
                ("Fn::GetAtt".to_owned(), argument)
            }
            name => (format!("Fn::{name}"), value),
        };
        let member = Member {
            key: Span {
                end: start as u32 + written.len() as u32,
                ..span
            },
            value: argument,
        };
        Value::object([(function.into(), member)].into_iter().collect(), span)
    }
}

fn bounds(at: &granit_parser::Span) -> (usize, usize) {
    let start = at.start.byte_offset().unwrap_or(0);
    (start, at.end.byte_offset().unwrap_or(start).max(start))
}

/// Whether somebody will ask for the place of a part of this string: it may be a document, or hold many words.
fn is_worth_locating(text: &str) -> bool {
    text.len() > 80 || text.trim_start().starts_with(['{', '['])
}

/// The pieces of a quoted string: runs that are written as they read, and escapes between them. `inside` is what stands
/// between the quotes, at the start of `place`. None if the string is broken over lines, where blanks are folded.
fn escaped_pieces(inside: &str, text: &str, place: Span, doubled: bool) -> Option<Vec<Piece>> {
    if inside.contains(['\n', '\r']) {
        return None;
    }
    let at = |start: usize, end: usize| {
        let offset = place.start as usize;
        Span::new(place.source, offset + start, offset + end)
    };
    let mut pieces = Vec::new();
    let (mut written, mut read) = (0, 0);
    while written < inside.len() {
        let rest = &inside[written..];
        let escape = if doubled { "''" } else { "\\" };
        let run = rest.find(escape).unwrap_or(rest.len());
        if run > 0 {
            pieces.push(Piece {
                offset: read as u32,
                span: at(written, written + run),
                is_exact: true,
            });
            written += run;
            read += run;
            continue;
        }
        let length = if doubled {
            2
        } else {
            match rest.as_bytes().get(1)? {
                b'x' => 4,
                b'u' if text.get(read..)?.starts_with(|c: char| c as u32 > 0xffff) => 12,
                b'u' => 6,
                b'U' => 10,
                _ => 2,
            }
        };
        let decoded = text.get(read..)?.chars().next()?;
        pieces.push(Piece {
            offset: read as u32,
            span: at(written, (written + length).min(inside.len())),
            is_exact: true,
        });
        written += length;
        read += decoded.len_utf8();
    }
    // Anything else than what was counted is not to be trusted.
    (read == text.len()).then_some(pieces)
}

/// Nodes of a value, counted no further than `most`.
fn size_of(value: &Value, most: usize) -> usize {
    let mut count = 1;
    let mut add = |value: &Value| {
        if count < most {
            count += size_of(value, most - count);
        }
    };
    match &value.data {
        Data::List(list) => list.items().iter().for_each(&mut add),
        Data::Object(object) => object
            .members()
            .values()
            .for_each(|member| add(&member.value)),
        _ => {}
    }
    count
}

/// A plain scalar as CloudFormation reads it: YAML 1.1's truth values, decimal numbers; everything that would lose its
/// spelling (leading zeros, underscores, dates, sexagesimals) stays text.
fn plain(text: &str) -> Data {
    match text {
        "~" | "null" | "Null" | "NULL" => Data::Null(None),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Data::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            Data::Bool(false)
        }
        _ => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let has_leading_zero =
                digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
            let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
                && digits
                    .chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
                && !has_leading_zero
                && !text.starts_with('+')
                && !text.ends_with('.');
            match Number::parse(text).filter(|_| is_number) {
                // What prints differently was meant as text: versions like 1.10.
                Some(number) if number.to_string() == text => Data::Number(number),
                _ => Data::Text(text.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn read(text: &str) -> (Option<Value>, Vec<String>, Arc<SourceFile>) {
        let sources = SourceMap::new();
        let file = sources.add("a.yaml", text);
        let (value, diagnostics) = parse(&file);
        let messages = diagnostics
            .iter()
            .map(|d| format!("{} {}", sources.describe(d.span.expect("place")), d.code))
            .collect();
        (value, messages, file)
    }

    fn shown(value: &Value) -> String {
        match &value.data {
            Data::Null(_) => "null".to_owned(),
            Data::Bool(truth) => truth.to_string(),
            Data::Number(number) => number.to_string(),
            Data::Text(text) => format!("{:?}", text.to_string()),
            Data::List(_) => format!(
                "[{}]",
                value
                    .elements()
                    .map(|v| shown(&v))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            Data::Object(_) => {
                let members: Vec<String> = value
                    .entries()
                    .map(|(name, v)| format!("{name}:{}", shown(&v)))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
            _ => "?".to_owned(),
        }
    }

    fn check(text: &str, expected: &str) {
        let (value, messages, _) = read(text);
        assert_eq!(messages, Vec::<String>::new(), "{text}");
        assert_eq!(
            value.as_ref().map(shown).as_deref(),
            Some(expected),
            "{text}"
        );
    }

    #[test]
    fn scalars_are_typed_as_cloudformation_reads_them() {
        check(
            "[a, 1, 1.5, 012, 1.10, 2012-10-17, true, yes, 'true', ~, '', 1_000, 190:20, 123456789012]",
            "[\"a\",1,1.5,\"012\",\"1.10\",\"2012-10-17\",true,true,\"true\",null,\"\",\"1_000\",\"190:20\",123456789012]",
        );
        check("a:\nb: |\n  x\n   y\n", "{a:null,b:\"x\\n y\\n\"}");
        check("b: |\n  x\n  y", "{b:\"x\\ny\"}");
        check("b: >\n  x\n  y", "{b:\"x y\"}");
        check("b: |+\n", "{b:\"\"}");
        check("b: >+\n\n\n", "{b:\"\\n\\n\"}");
        // YAML 1.1's dash.
        check(
            "[-, a, [-], {b: -}, '-']\n",
            "[\"-\",\"a\",[\"-\"],{b:\"-\"},\"-\"]",
        );
        check(
            "- !Join [-, [a, -,]]\n- '_'\n",
            "[{Fn::Join:[\"-\",[\"a\",\"-\"]]},\"_\"]",
        );
    }

    #[test]
    fn tags_are_functions() {
        check("a: !Ref X", "{a:{Ref:\"X\"}}");
        check("a: !GetAtt X.Y.Z", "{a:{Fn::GetAtt:[\"X\",\"Y.Z\"]}}");
        check(
            "a: !If [C, !Ref D, !Sub 'x-${E}']",
            "{a:{Fn::If:[\"C\",{Ref:\"D\"},{Fn::Sub:\"x-${E}\"}]}}",
        );
        check(
            "a: !Sub\n  - x\n  - {b: 1}\n",
            "{a:{Fn::Sub:[\"x\",{b:1}]}}",
        );
        check("a: !Condition C", "{a:{Condition:\"C\"}}");
        check(
            "[!Ref on, !Sub 1.0, !Sub '', !Base64 true, !Ref]",
            "[{Ref:\"on\"},{Fn::Sub:\"1.0\"},{Fn::Sub:\"\"},{Fn::Base64:\"true\"},{Ref:\"\"}]",
        );
        check(
            "[!!str 012, !!str yes, ! 1, ! [a], !!int '12', !!bool \"yes\", !!map {a: 1}]",
            "[\"012\",\"yes\",\"1\",[\"a\"],12,true,{a:1}]",
        );
    }

    #[test]
    fn anchors_merge_and_do_not_explode() {
        check(
            "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n",
            "{a:{k:1,l:2},b:{l:3,k:1}}",
        );
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..24 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(",");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        let (value, messages, _) = read(&bomb);
        assert!(value.is_none());
        assert_eq!(messages.len(), 1);
    }

    #[test]
    fn keys_are_names_as_written() {
        check(
            "{on: 1, 012: 2, 1.10: 3, yes: 4, ~: 5}",
            "{on:1,012:2,1.10:3,yes:4,~:5}",
        );
        check("'': 1\n", "{:1}");
        check("&k a: *k\n", "{a:\"a\"}");
    }

    #[test]
    fn places_inside_strings_are_those_of_the_written_characters() {
        for (yaml, part) in [
            ("a: '{\"k\": \"it''s\", \"z\": 1}'\n", "\"z\": 1"),
            ("a: \"{\\\"k\\\": 1, \\u00e4: [zz]}\"\n", "[zz]"),
            ("a: |\n  {\n    k: [zz]\n  }\n", "[zz]"),
            ("a: >-\n  {\n  k: 1,\n  l: [zz]\n  }\n", "[zz]"),
            ("a: |\r\n  {\r\n  [zz]\r\n", "[zz]"),
        ] {
            let (value, messages, file) = read(yaml);
            assert_eq!(messages, Vec::<String>::new(), "{yaml}");
            let value = value.and_then(|value| value.member("a")).expect("member");
            let text = value.as_text().expect("text");
            let known = text.as_str().expect("known");
            let start = known.find(part).expect("part");
            let place = text.locate(start, start + part.len());
            assert_eq!(place.map(|span| file.slice(span)), Some(part), "{yaml}");
        }
    }

    #[test]
    fn faults_are_named_with_their_places() {
        for (text, expected) in [
            ("a: 1\na: 2\n", vec!["a.yaml:2:1 duplicate_key"]),
            ("a: 1\n---\nb: 2\n", vec!["a.yaml:3:1 several_documents"]),
        ] {
            assert_eq!(read(text).1, expected, "{text}");
        }
        for text in ["a: [1, 2", "a: b: c", "a: *nope", &"[".repeat(10_000)] {
            assert_eq!(read(text).1.len(), 1, "{}", &text[..text.len().min(20)]);
        }
    }

    #[test]
    fn spans_are_those_of_what_is_written() {
        let (value, _, file) = read("Key:\n  - !Ref X\n  - \"y z\"\nOther: |\n  ab\n  cd\n");
        let value = value.expect("valid");
        let items: Vec<Value> = value.member("Key").expect("member").elements().collect();
        assert_eq!(file.slice(items[0].span()), "!Ref X");
        assert_eq!(file.slice(items[1].span()), "\"y z\"");
        let block = value.member("Other").expect("member");
        let text = block.as_text().expect("text");
        assert_eq!(
            text.locate(3, 5).map(|span| file.slice(span).to_owned()),
            Some("cd".to_owned())
        );
    }
}

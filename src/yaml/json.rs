//! JSON text in, values with byte spans out; also JSON inside strings that have holes.
//!
//! serde_json (the card's) knows no places, keeps the last of duplicate keys without a word and rounds large numbers, so
//! it serves for output, and input documents are read here: strict RFC 8259, every node with its span.

use std::sync::Arc;

use super::{MOST_DUPLICATES, escaped_pieces, is_worth_locating};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, SourceId, Span};
use crate::value::{
    Data, HOLE, List, ListKind, Member, Members, Number, Object, ObjectKind, Piece, Segment, Text,
    Unknown, Value,
};

/// Nested arrays and objects that are read.
const DEEPEST: usize = 200;

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// A short sentence.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Reads a JSON file. Broken text gives none and a diagnostic.
pub fn parse(file: &SourceFile) -> (Option<Value>, Vec<Diagnostic>) {
    let places = Places::File(file.id);
    let mut parser = Parser::new(&file.text, &places, &[]);
    match parser.document() {
        Ok(value) => {
            let duplicates =
                parser
                    .duplicates
                    .iter()
                    .take(MOST_DUPLICATES)
                    .map(|(name, span, first)| {
                        Diagnostic::warning(
                            "duplicate_key",
                            *span,
                            format!("`{name}` is given twice; this one counts"),
                        )
                        .label(*first, "first given here")
                        .hint("remove one of them")
                    });
            (Some(value), duplicates.collect())
        }
        Err(error) => {
            let diagnostic = Diagnostic::error(
                "syntax",
                error.span,
                format!("this is not valid JSON: {}", error.message),
            )
            .hint("the file was left out")
            .incomplete();
            (None, vec![diagnostic])
        }
    }
}

/// Reads the JSON that a string holds. Holes inside JSON strings stay holes; one that stands for a whole value is an
/// unknown value; one that stands for raw text makes the collection around it open. Text made by `jsonencode` gives the
/// value it was made from. Places are those of the string's pieces where these are exact, else the string's own.
///
/// # Errors
/// What is wrong, and where.
pub fn decode(text: &Text, site: Span) -> Result<Value, JsonError> {
    if let Some(value) = text.encodes() {
        return Ok(value.clone());
    }
    let holes: Vec<Arc<Unknown>> = text.holes().cloned().collect();
    let flat = text.flattened(HOLE);
    if text
        .segments()
        .iter()
        .any(|s| matches!(s, Segment::Literal(literal) if literal.contains(HOLE)))
    {
        return Err(JsonError {
            message: "a character of the private use area stands in it".to_owned(),
            span: site,
        });
    }
    let places = Places::Pieces {
        pieces: text.pieces(),
        site,
    };
    Parser::new(&flat, &places, &holes).document()
}

/// Bytes of a text, half open.
pub type Bytes = std::ops::Range<usize>;

/// One level of a document, what is deeper left unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// Names and where their values are.
    Object(Vec<(String, Bytes)>),
    /// Where the elements are.
    List(Vec<Bytes>),
    /// No collection.
    Scalar,
}

/// Reads one level of a large text, for documents of which only parts are wanted. What is skipped is not validated.
/// Returns also where the value is.
///
/// # Errors
/// What is wrong, and where.
pub fn level(text: &str, at: usize, source: SourceId) -> Result<(Level, Bytes), JsonError> {
    let places = Places::File(source);
    let mut parser = Parser::new(text, &places, &[]);
    parser.at = at;
    parser.blanks();
    let start = parser.at;
    let opening = parser.bytes.get(parser.at).copied();
    if !matches!(opening, Some(b'{' | b'[')) {
        parser.skip()?;
        return Ok((Level::Scalar, start..parser.at));
    }
    let is_object = opening == Some(b'{');
    let closing = if is_object { b'}' } else { b']' };
    parser.at += 1;
    let (mut members, mut items) = (Vec::new(), Vec::new());
    parser.blanks();
    if parser.bytes.get(parser.at) == Some(&closing) {
        parser.at += 1;
    } else {
        loop {
            parser.blanks();
            let mut name = None;
            if is_object {
                if parser.bytes.get(parser.at) != Some(&b'"') {
                    return Err(parser.error("a name in quotes is expected here"));
                }
                name = parser.string()?.as_str().map(str::to_owned);
                parser.blanks();
                if parser.bytes.get(parser.at) != Some(&b':') {
                    return Err(parser.error("`:` is expected here"));
                }
                parser.at += 1;
                parser.blanks();
            }
            let from = parser.at;
            parser.skip()?;
            match name {
                Some(name) => members.push((name, from..parser.at)),
                None => items.push(from..parser.at),
            }
            parser.blanks();
            match parser.bytes.get(parser.at) {
                Some(b',') => parser.at += 1,
                Some(byte) if *byte == closing => break,
                _ => return Err(parser.error("the text ends or breaks off here")),
            }
        }
        parser.at += 1;
    }
    let level = if is_object {
        Level::Object(members)
    } else {
        Level::List(items)
    };
    Ok((level, start..parser.at))
}

/// Reads the value that starts at a byte of a text, with its places in it.
///
/// # Errors
/// What is wrong, and where.
pub fn value_at(text: &str, at: usize, source: SourceId) -> Result<Value, JsonError> {
    let places = Places::File(source);
    let mut parser = Parser::new(text, &places, &[]);
    parser.at = at;
    parser.value()
}

/// Where bytes of the text are in a file.
enum Places<'a> {
    File(SourceId),
    Pieces { pieces: &'a [Piece], site: Span },
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    depth: usize,
    places: &'a Places<'a>,
    holes: &'a [Arc<Unknown>],
    next_hole: usize,
    duplicates: Vec<(Arc<str>, Span, Span)>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, places: &'a Places<'a>, holes: &'a [Arc<Unknown>]) -> Parser<'a> {
        Parser {
            bytes: text.as_bytes(),
            text,
            at: 0,
            depth: 0,
            places,
            holes,
            next_hole: 0,
            duplicates: Vec::new(),
        }
    }

    fn document(&mut self) -> Result<Value, JsonError> {
        let value = self.value()?;
        self.blanks();
        if self.at < self.bytes.len() {
            return Err(self.error("something follows the end of the document"));
        }
        Ok(value)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        match self.places {
            Places::File(source) => Span::new(*source, start, end),
            Places::Pieces { pieces, site } => self.in_pieces(pieces, *site, start, end),
        }
    }

    /// A span of the string as a span of the file. Offsets of pieces count known characters only, so the marks of holes
    /// before the place are taken off.
    fn in_pieces(&self, pieces: &[Piece], site: Span, start: usize, end: usize) -> Span {
        let marks = |until: usize| -> usize {
            if self.holes.is_empty() {
                return 0;
            }
            self.text
                .get(..until)
                .map_or(0, |text| text.matches(HOLE).count() * HOLE.len_utf8())
        };
        let locate = |offset: usize| {
            let offset = offset - marks(offset);
            let index = pieces
                .partition_point(|piece| piece.offset as usize <= offset)
                .checked_sub(1)?;
            let piece = &pieces[index];
            if !piece.is_exact {
                return Some(piece.span);
            }
            let at = piece.span.start as usize + (offset - piece.offset as usize);
            Some(Span::new(
                piece.span.source,
                at.min(piece.span.end as usize),
                at.min(piece.span.end as usize),
            ))
        };
        match (locate(start), locate(end.saturating_sub(1))) {
            (Some(first), Some(last)) if first.source == last.source => {
                let end = if last.start == last.end {
                    last.end + 1
                } else {
                    last.end
                };
                Span {
                    source: first.source,
                    start: first.start,
                    end: end.max(first.start),
                }
            }
            _ => site,
        }
    }

    fn error(&self, message: &str) -> JsonError {
        let end = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(self.at, |c| self.at + c.len_utf8());
        let is_comment = matches!(self.bytes.get(self.at..self.at + 2), Some(b"//" | b"/*"));
        let message = match is_comment {
            true => "it has no comments",
            false => message,
        };
        JsonError {
            message: message.to_owned(),
            span: self.span(self.at, end),
        }
    }

    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A hole that stands here, outside of strings.
    fn hole(&mut self) -> Option<Arc<Unknown>> {
        if self.holes.is_empty() || !self.text.get(self.at..)?.starts_with(HOLE) {
            return None;
        }
        let hole = self.holes.get(self.next_hole)?.clone();
        self.next_hole += 1;
        self.at += HOLE.len_utf8();
        Some(hole)
    }

    /// Goes past a value without reading it.
    fn skip(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.bytes.get(self.at) {
                None => return Err(self.error("the text ends in the middle")),
                Some(b'"') => {
                    self.at += 1;
                    loop {
                        match self.bytes.get(self.at) {
                            None => return Err(self.error("the string has no end")),
                            Some(b'"') => break,
                            Some(b'\\') => self.at += 2,
                            Some(_) => self.at += 1,
                        }
                    }
                    self.at += 1;
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r') if depth == 0 => {
                    if self.at == start {
                        return Err(self.error("a value is expected here"));
                    }
                    return Ok(());
                }
                Some(_) => {
                    self.at += 1;
                    // A number or word at the end of the text.
                    if depth == 0 && self.at == self.bytes.len() {
                        return Ok(());
                    }
                    continue;
                }
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        self.blanks();
        let start = self.at;
        if let Some(hole) = self.hole() {
            return Ok(Value::new(Data::Unknown(hole), self.span(start, self.at)));
        }
        let data = match self.bytes.get(self.at) {
            Some(b'{') => return self.nested(Parser::object),
            Some(b'[') => return self.nested(Parser::array),
            Some(b'"') => Data::Text(self.string()?),
            Some(b't') => self.word("true", Data::Bool(true))?,
            Some(b'f') => self.word("false", Data::Bool(false))?,
            Some(b'n') => self.word("null", Data::Null(None))?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return Err(self.error("a value is expected here")),
            None => return Err(self.error("the text ends where a value is expected")),
        };
        Ok(Value::new(data, self.span(start, self.at)))
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Value, JsonError>,
    ) -> Result<Value, JsonError> {
        if self.depth >= DEEPEST {
            return Err(self.error("it is nested more than 200 levels deep"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self, word: &str, data: Data) -> Result<Data, JsonError> {
        if self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            self.at += word.len();
            return Ok(data);
        }
        Err(self.error("a value is expected here"))
    }

    fn number(&mut self) -> Result<Data, JsonError> {
        let start = self.at;
        let digits = |parser: &mut Self| {
            let from = parser.at;
            while matches!(parser.bytes.get(parser.at), Some(b'0'..=b'9')) {
                parser.at += 1;
            }
            parser.at > from
        };
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let has_leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let whole = self.at;
        if !digits(self) || (has_leading_zero && self.at > whole + 1) {
            return Err(self.error("this is no number"));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !digits(self) {
                return Err(self.error("digits are expected after the point"));
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !digits(self) {
                return Err(self.error("digits are expected in the exponent"));
            }
        }
        let text = &self.text[start..self.at];
        Number::parse(text)
            .map(Data::Number)
            .ok_or_else(|| self.error("this number is out of range"))
    }

    /// A string of a file with the places of its parts, if somebody will ask for them.
    fn located(&self, text: String, start: usize, end: usize) -> Text {
        let Places::File(source) = self.places else {
            return Text::new(text);
        };
        if !is_worth_locating(&text) {
            return Text::new(text);
        }
        let place = Span::new(*source, start, end);
        let pieces = escaped_pieces(&self.text[start..end], &text, place, false);
        Text::build(
            vec![Segment::Literal(text.into())],
            None,
            pieces.unwrap_or_default(),
        )
    }

    fn string(&mut self) -> Result<Text, JsonError> {
        self.at += 1;
        let opening = self.at;
        let mut segments: Vec<Segment> = Vec::new();
        let mut literal = String::new();
        let mut from = self.at;
        loop {
            match self.bytes.get(self.at) {
                None => return Err(self.error("the string has no end")),
                Some(b'"') => {
                    literal.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    if segments.is_empty() {
                        return Ok(self.located(literal, opening, self.at - 1));
                    }
                    segments.push(Segment::Literal(literal.into()));
                    return Ok(Text::from_segments(segments));
                }
                Some(b'\\') => {
                    literal.push_str(&self.text[from..self.at]);
                    literal.push(self.escape()?);
                    from = self.at;
                }
                Some(byte)
                    if *byte < 0x20
                        && self.holes.is_empty()
                        && matches!(self.places, Places::File(_)) =>
                {
                    return Err(
                        self.error("a line break or control character must be escaped in a string")
                    );
                }
                Some(0xef) if !self.holes.is_empty() && self.text[self.at..].starts_with(HOLE) => {
                    literal.push_str(&self.text[from..self.at]);
                    if let Some(hole) = self.hole() {
                        segments.push(Segment::Literal(std::mem::take(&mut literal).into()));
                        segments.push(Segment::Hole(hole));
                    }
                    from = self.at;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let escaped = self.bytes.get(self.at + 1).copied();
        let plain = match escaped {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = |parser: &Self, at: usize| {
                    let digits = parser.text.get(at..at + 4)?;
                    u16::from_str_radix(digits, 16)
                        .ok()
                        .filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()))
                };
                let first = unit(self, self.at + 2)
                    .ok_or_else(|| self.error("four hexadecimal digits are expected"))?;
                let mut units = vec![first];
                self.at += 6;
                if (0xd800..0xdc00).contains(&first)
                    && self.text[self.at..].starts_with("\\u")
                    && let Some(second) = unit(self, self.at + 2)
                {
                    units.push(second);
                    self.at += 6;
                }
                let decoded = char::decode_utf16(units).next();
                return Ok(decoded
                    .and_then(Result::ok)
                    .unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return Err(self.error("there is no such escape")),
        };
        self.at += 2;
        Ok(plain)
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        let mut more = None;
        self.blanks();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Value::list(items, self.span(start, self.at)));
        }
        loop {
            let item = self.value()?;
            self.blanks();
            // `[${a}${b}]`: raw text that may be any number of elements.
            if item.as_unknown().is_some() && self.hole().is_some() {
                more = item.as_unknown().cloned();
                self.blanks();
            } else {
                items.push(item);
            }
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.error("`,` or `]` is expected here")),
            }
        }
        self.at += 1;
        let list = match more {
            Some(why) => List::open(ListKind::Tuple, items, why),
            None => List::new(ListKind::Tuple, items),
        };
        Ok(Value::new(Data::List(list), self.span(start, self.at)))
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut members = Members::default();
        let mut more: Option<Arc<Unknown>> = None;
        self.blanks();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(Value::object(members, self.span(start, self.at)));
        }
        loop {
            self.blanks();
            if let Some(hole) = self.hole() {
                more = Some(hole);
                self.blanks();
            } else {
                let key_start = self.at;
                if self.bytes.get(self.at) != Some(&b'"') {
                    return Err(self.error("a name in quotes is expected here"));
                }
                let name = self.string()?;
                let key = self.span(key_start, self.at);
                self.blanks();
                if self.bytes.get(self.at) != Some(&b':') {
                    return Err(self.error("`:` is expected here"));
                }
                self.at += 1;
                let value = self.value()?;
                match (name.as_str(), name.holes().next()) {
                    (Some(name), _) => {
                        let name: Arc<str> = name.into();
                        if let Some(first) = members.insert(name.clone(), Member { key, value }) {
                            self.duplicates.push((name, key, first.key));
                        }
                    }
                    (None, Some(hole)) => more = Some(hole.clone()),
                    (None, None) => {}
                }
            }
            self.blanks();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ if self.hole().is_some() => {
                    return Err(self.error("`,` or `}` is expected here"));
                }
                _ => return Err(self.error("`,` or `}` is expected here")),
            }
        }
        self.at += 1;
        let object = match more {
            Some(why) => Object::open(ObjectKind::Object, members, why),
            None => Object::new(ObjectKind::Object, members),
        };
        Ok(Value::new(Data::Object(object), self.span(start, self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;
    use crate::value::Reason;

    fn read(text: &str) -> Result<Value, String> {
        let sources = SourceMap::new();
        let (value, diagnostics) = parse(&sources.add("a.json", text));
        value.ok_or_else(|| sources.describe(diagnostics[0].span.expect("place")))
    }

    #[test]
    fn valid_texts_are_read_and_others_refused_at_the_fault() {
        for text in [
            "{}",
            "[1, -0.5e3, \"\\ud83d\\ude00\", null, true]",
            " {\"a\": {\"b\": []}} ",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        for (text, place) in [
            ("[01]", "a.json:1:4"),
            ("{\"a\" 1}", "a.json:1:6"),
            ("[1,]", "a.json:1:4"),
            ("{'a': 1}", "a.json:1:2"),
            ("[1] x", "a.json:1:5"),
            ("", "a.json:1:1"),
        ] {
            assert_eq!(read(text).map(|_| ()), Err(place.to_owned()), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn spans_are_those_of_the_nodes() {
        let value = read("{\"a\": [10, \"x\"]}").expect("valid");
        let list = value.member("a").expect("member");
        assert_eq!((list.span().start, list.span().end), (6, 15));
        let item = list.elements().nth(1).expect("element");
        assert_eq!((item.span().start, item.span().end), (11, 14));
    }

    #[test]
    fn holes_become_unknown_values_parts_of_strings_or_openness() {
        let hole = || Segment::Hole(Arc::new(Unknown::because(Reason::Outside)));
        let literal = |text: &str| Segment::Literal(text.into());
        let text = Text::from_segments(vec![
            literal("{\"a\": "),
            hole(),
            literal(", \"b\": \"x-"),
            hole(),
            literal("\", "),
            hole(),
            literal("}"),
        ]);
        let value = decode(&text, Span::NONE).expect("valid");
        assert!(value.member("a").is_some_and(|a| a.as_unknown().is_some()));
        assert_eq!(
            value
                .member("b")
                .map(|b| b.as_text().map(ToString::to_string)),
            Some(Some("x-?".to_owned()))
        );
        assert!(
            value
                .as_object()
                .is_some_and(|object| object.more().is_some())
        );
    }

    #[test]
    fn places_inside_a_string_are_those_of_its_exact_pieces() {
        let sources = SourceMap::new();
        let file = sources.add("a.tf", "xxxx{\"k\": 12}yyyy");
        let piece = Piece {
            offset: 0,
            span: Span::new(file.id, 4, 13),
            is_exact: true,
        };
        let text = Text::build(
            vec![Segment::Literal("{\"k\": 12}".into())],
            None,
            vec![piece],
        );
        let value = decode(&text, Span::NONE).expect("valid");
        let k = value.member("k").expect("member");
        assert_eq!(file.slice(k.span()), "12");
    }
}

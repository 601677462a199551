//! `yamldecode` and `yamlencode` as Terraform has them (go-cty-yaml).
//!
//! Decoding has readers of its own for scalars, since Terraform's truth values and numbers are neither those of YAML 1.2
//! nor CloudFormation's. <https://developer.hashicorp.com/terraform/language/functions/yamldecode>

use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};
use rustc_hash::FxHashMap;

use super::Takes::{Anything, Text as Str};
use super::{Call, Function, Needs, Outcome, gives, row, text_of, unknown_like};
use crate::terraform::types;
use crate::value::{Data, Members, Number, Text, Value};

/// Nodes that one document may have, aliases counted each time.
const MOST_NODES: usize = 200_000;
/// Nested collections that are read.
const DEEPEST: usize = 200;
/// Columns after which double-quoted strings are folded.
const WIDTH: usize = 80;

pub(super) const TABLE: &[Function] = &[
    row("yamldecode", &[Str], Needs::Nothing, yamldecode),
    row("yamlencode", &[Anything], Needs::Nothing, yamlencode).giving(gives::text),
];

fn yamldecode(arguments: &[Value], call: Call<'_>) -> Outcome {
    if let Some(value) = arguments[0].as_text().and_then(Text::encodes) {
        return Ok(super::passed(value.clone(), call));
    }
    if !arguments[0].is_wholly_known() {
        return Ok(unknown_like(&arguments[0], call.site));
    }
    let text = text_of(&arguments[0])?;
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.simple_key_max_lookahead = 1 << 16;
    options.flow_nesting_limit = DEEPEST + 8;
    options.block_nesting_limit = DEEPEST + 8;
    let mut decoder = Decoder {
        events: Parser::new_from_str_with_options(&text, options),
        anchors: FxHashMap::default(),
        nodes: 0,
        call,
    };
    decoder
        .document()
        .map_err(|why| format!("this is not YAML: {why}"))
}

struct Decoder<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: FxHashMap<usize, Value>,
    nodes: usize,
    call: Call<'a>,
}

impl<'a> Decoder<'a> {
    fn next(&mut self) -> Result<Option<Event<'a>>, String> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok((event, _))) => Ok(Some(event)),
            Some(Err(error)) => Err(error.info()),
        }
    }

    fn document(&mut self) -> Outcome {
        let mut root = None;
        while let Some(event) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => return Err("there is more than one document".to_owned()),
                event => root = Some(self.node(event, 0)?),
            }
        }
        root.ok_or_else(|| "there is no document".to_owned())
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Outcome {
        self.nodes += 1;
        if self.nodes > MOST_NODES || depth > DEEPEST {
            return Err("it is too large or too deeply nested".to_owned());
        }
        let site = self.call.site;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let data = scalar(&text, style, tag.as_deref())?;
                (Value::new(data, site), anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.expected()? {
                        Event::SequenceEnd => break,
                        event => items.push(self.node(event, depth + 1)?),
                    }
                }
                (Value::list(items, site), anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let mut members = Members::default();
                loop {
                    let key = match self.expected()? {
                        Event::MappingEnd => break,
                        event => self.node(event, depth + 1)?,
                    };
                    let event = self.expected()?;
                    let value = self.node(event, depth + 1)?;
                    self.entry(&key, value, &mut members)?;
                }
                (Value::object(members, site), anchor)
            }
            Event::Alias(anchor) => {
                let value = self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| "an alias stands inside what it names".to_owned())?;
                self.nodes += size_of(&value, MOST_NODES);
                return Ok(value);
            }
            _ => return Err("something is out of place".to_owned()),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn expected(&mut self) -> Result<Event<'a>, String> {
        self.next()?
            .ok_or_else(|| "the text ends too early".to_owned())
    }

    fn entry(&self, key: &Value, value: Value, members: &mut Members) -> Result<(), String> {
        if key.as_str() == Some("<<") {
            // Terraform merges a mapping, not a list of them.
            if value.as_object().is_none() {
                return Err(format!("{} cannot be merged", types::noun(&value)));
            }
            for (name, value) in value.entries() {
                if !members.contains_key(name) {
                    members.insert(name.clone(), value.into());
                }
            }
            return Ok(());
        }
        if key.is_null() {
            return Err("a key is null".to_owned());
        }
        let name = types::to_text(key).map_err(|_| "a key is no string".to_owned())?;
        members.insert(name.to_string().into(), value.into());
        Ok(())
    }
}

fn size_of(value: &Value, most: usize) -> usize {
    let inside = value
        .elements()
        .chain(value.entries().map(|(_, value)| value));
    inside.fold(1, |size, part| {
        if size >= most {
            size
        } else {
            size + size_of(&part, most - size)
        }
    })
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Data, String> {
    let as_text = || Ok(Data::Text(types::normal(text).into_owned().into()));
    match tag {
        None if style != ScalarStyle::Plain => as_text(),
        None => plain(text),
        Some(tag) => match tag.original().as_str() {
            "!!str" | "!!binary" => as_text(),
            "!!bool" | "!!int" | "!!float" | "!!null" if style == ScalarStyle::Plain => plain(text),
            "!!bool" | "!!int" | "!!float" | "!!null" => as_text(),
            name => Err(format!("the tag `{name}` is not supported")),
        },
    }
}

/// What an unquoted scalar means.
fn plain(text: &str) -> Result<Data, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null(None),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Data::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Data::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "-.inf" | "-.Inf" | "-.INF"
        | "+.inf" | "+.Inf" | "+.INF" => return Err("a number has no finite value".to_owned()),
        _ => match (number(text), timestamp(text)) {
            (Some(number), _) => Data::Number(number),
            (None, Some(at)) => Data::Text(at.into()),
            (None, None) => Data::Text(types::normal(text).into_owned().into()),
        },
    })
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // With a sign these are strings.
    let radix = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix)?;
        Some(Number::from(i64::from_str_radix(digits, radix).ok()?))
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number);
    }
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let is_number = starts
        && unsigned.bytes().any(|b| b.is_ascii_digit())
        && unsigned
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_number {
        return None;
    }
    let text = match text.strip_suffix('.') {
        Some(whole) => whole,
        None => text,
    };
    types::number_in(text)
}

/// A date alone becomes a timestamp at midnight.
fn timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_date = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let parts: Vec<i16> = text
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        [year, month, day] if is_date => {
            jiff::civil::Date::new(*year, *month as i8, *day as i8).ok()?;
            Some(format!("{text}T00:00:00Z"))
        }
        _ => None,
    }
}

/// The text keeps the value that it encodes. One with unknown parts has the holes of its JSON, which is YAML too.
fn yamlencode(arguments: &[Value], call: Call<'_>) -> Outcome {
    let value = &arguments[0];
    if !value.is_wholly_known() {
        return super::encoding::jsonencode(arguments, call);
    }
    let mut emitter = Emitter {
        out: String::new(),
        column: 0,
    };
    emitter.node(value, 0, Place::Root);
    let is_open_ended = matches!(value.data, Data::Null(_) | Data::Bool(_) | Data::Number(_));
    let mut text = emitter.out;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if is_open_ended {
        text.push_str("...\n");
    }
    let text = Text::build(
        vec![crate::value::Segment::Literal(text.into())],
        Some(value.clone()),
        Vec::new(),
    );
    Ok(Value::new(Data::Text(text), call.site))
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// Behind `- `.
    Item,
    /// Behind `key:`.
    Member,
}

/// libyaml's block style with double-quoted strings, which is what Terraform writes.
struct Emitter {
    out: String,
    column: usize,
}

impl Emitter {
    fn push(&mut self, text: &str) {
        self.column = match text.rfind('\n') {
            Some(at) => text[at + 1..].chars().count(),
            None => self.column + text.chars().count(),
        };
        self.out.push_str(text);
    }

    fn new_line(&mut self, indent: usize) {
        self.push("\n");
        self.push(&" ".repeat(indent));
    }

    fn node(&mut self, value: &Value, indent: usize, place: Place) {
        match &value.data {
            Data::List(list) if !list.items().is_empty() => {
                // A list in a mapping stands at the mapping's own indentation.
                let indent = match place {
                    Place::Member => indent.saturating_sub(2),
                    _ => indent,
                };
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 || place == Place::Member {
                        self.new_line(indent);
                    }
                    self.push("- ");
                    self.node(item, indent + 2, Place::Item);
                }
            }
            Data::Object(object) if !object.members().is_empty() => {
                let mut names: Vec<&Arc<str>> = object.members().keys().collect();
                names.sort();
                for (index, name) in names.into_iter().enumerate() {
                    if index > 0 || place == Place::Member {
                        self.new_line(indent);
                    }
                    self.quoted(name, indent, false);
                    self.push(":");
                    let Some(value) = object.get(name) else {
                        continue;
                    };
                    let is_nested = match &value.data {
                        Data::List(list) => !list.items().is_empty(),
                        Data::Object(object) => !object.members().is_empty(),
                        _ => false,
                    };
                    if !is_nested {
                        self.push(" ");
                    }
                    self.node(value, indent + 2, Place::Member);
                }
            }
            Data::List(_) => self.push("[]"),
            Data::Object(_) => self.push("{}"),
            Data::Text(text) => match text.as_str() {
                Some(text) if text.contains('\n') && is_printable(text) => {
                    self.literal(text, indent, place)
                }
                Some(text) => self.quoted(text, indent, true),
                None => {}
            },
            Data::Null(_) => self.push("null"),
            Data::Bool(truth) => self.push(if *truth { "true" } else { "false" }),
            Data::Number(number) => self.push(&number.to_string()),
            Data::Unknown(_) | Data::Choice(_) => {}
        }
    }

    /// `|` and the lines.
    fn literal(&mut self, text: &str, indent: usize, place: Place) {
        let indent = match place {
            Place::Root => 2,
            _ => indent,
        };
        let body = text.trim_end_matches('\n');
        let ends = text.len() - body.len();
        self.push("|");
        if text.starts_with([' ', '\n']) {
            self.push("2");
        }
        self.push(match ends {
            0 => "-",
            1 => "",
            _ => "+",
        });
        for line in body.split('\n') {
            match line {
                "" => self.push("\n"),
                line => {
                    self.new_line(indent);
                    self.push(line);
                }
            }
        }
        self.push(&"\n".repeat(ends.saturating_sub(1)));
    }

    fn quoted(&mut self, text: &str, indent: usize, folds: bool) {
        self.push("\"");
        let mut was_space = false;
        let mut characters = text.chars().enumerate().peekable();
        let count = text.chars().count();
        while let Some((at, c)) = characters.next() {
            let escaped = match c {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\0' => "\\0".to_owned(),
                '\u{7}' => "\\a".to_owned(),
                '\u{8}' => "\\b".to_owned(),
                '\t' => "\\t".to_owned(),
                '\n' => "\\n".to_owned(),
                '\u{b}' => "\\v".to_owned(),
                '\u{c}' => "\\f".to_owned(),
                '\r' => "\\r".to_owned(),
                '\u{1b}' => "\\e".to_owned(),
                '\u{85}' => "\\N".to_owned(),
                '\u{2028}' => "\\L".to_owned(),
                '\u{2029}' => "\\P".to_owned(),
                '\u{feff}' => "\\uFEFF".to_owned(),
                // The encoder prints nothing beyond the basic plane as it is.
                c if (c as u32) > 0xffff => format!("\\U{:08X}", c as u32),
                c if (c as u32) < 0x20 || (0x7f..0xa0).contains(&(c as u32)) => {
                    format!("\\x{:02X}", c as u32)
                }
                ' ' if folds && !was_space && self.column > WIDTH && at > 0 && at + 1 < count => {
                    self.new_line(indent);
                    if characters.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.push("\\");
                    }
                    was_space = true;
                    continue;
                }
                c => c.to_string(),
            };
            was_space = c == ' ';
            self.push(&escaped);
        }
        self.push("\"");
    }
}

/// Whether a text can stand in a literal block.
fn is_printable(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, '\n' | ' '..='~' | '\u{a1}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{10000}'..)
    })
}

//! Functions that encode, decode and hash.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use md5::Digest as _;

use super::Takes::{Anything, Text as Str};
use super::{Call, Function, Needs, Outcome, gives, row, sequence, text, text_of, unknown_like};
use crate::source::Span;
use crate::terraform::types;
use crate::value::{
    Data, List, ListKind, Member, Object, ObjectKind, Reason, Segment, Text, Unknown, Value,
};
use crate::yaml;

pub(super) const TABLE: &[Function] = &[
    row("base64encode", &[Str], Needs::Known, |a, c| {
        Ok(Value::text(STANDARD.encode(text_of(&a[0])?), c.site))
    })
    .giving(gives::text),
    row("base64decode", &[Str], Needs::Known, |a, c| {
        let bytes = from_base64(&text_of(&a[0])?)?;
        let decoded =
            String::from_utf8(bytes).map_err(|_| "what is decoded is not UTF-8".to_owned())?;
        text(&decoded, c)
    })
    .giving(gives::text),
    row("jsonencode", &[Anything], Needs::Nothing, jsonencode).giving(gives::text),
    row("jsondecode", &[Str], Needs::Nothing, jsondecode),
    row("csvdecode", &[Str], Needs::Known, csvdecode),
    row("urlencode", &[Str], Needs::Known, |a, c| {
        let mut encoded = String::new();
        for byte in text_of(&a[0])?.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    encoded.push(byte as char)
                }
                b' ' => encoded.push('+'),
                _ => encoded.push_str(&format!("%{byte:02X}")),
            }
        }
        Ok(Value::text(encoded, c.site))
    })
    .giving(gives::text),
    row("textencodebase64", &[Str, Str], Needs::Known, |a, c| {
        let (text, name) = (text_of(&a[0])?, text_of(&a[1])?);
        match Encoding::named(&name)? {
            Some(encoding) => Ok(Value::text(
                STANDARD.encode(encoding.encode(&text)?),
                c.site,
            )),
            None => Ok(Value::unknown(
                Reason::Function(format!("textencodebase64 with {name}").into()),
                c.site,
            )),
        }
    })
    .giving(gives::text),
    row("textdecodebase64", &[Str, Str], Needs::Known, |a, c| {
        let name = text_of(&a[1])?;
        let encoding = Encoding::named(&name)?;
        let bytes = from_base64(&text_of(&a[0])?)?;
        match encoding {
            Some(encoding) => text(&encoding.decode(&bytes)?, c),
            None => Ok(Value::unknown(
                Reason::Function(format!("textdecodebase64 with {name}").into()),
                c.site,
            )),
        }
    })
    .giving(gives::text),
    row("md5", &[Str], Needs::Known, |a, c| {
        hashed::<md5::Md5>(&text_of(&a[0])?, c)
    })
    .giving(gives::text),
    row("sha1", &[Str], Needs::Known, |a, c| {
        hashed::<sha1::Sha1>(&text_of(&a[0])?, c)
    })
    .giving(gives::text),
    row("sha256", &[Str], Needs::Known, |a, c| {
        hashed::<sha2::Sha256>(&text_of(&a[0])?, c)
    })
    .giving(gives::text),
    row("sha512", &[Str], Needs::Known, |a, c| {
        hashed::<sha2::Sha512>(&text_of(&a[0])?, c)
    })
    .giving(gives::text),
    row("base64sha256", &[Str], Needs::Known, |a, c| {
        Ok(Value::text(
            STANDARD.encode(sha2::Sha256::digest(text_of(&a[0])?)),
            c.site,
        ))
    })
    .giving(gives::text),
    row("base64sha512", &[Str], Needs::Known, |a, c| {
        Ok(Value::text(
            STANDARD.encode(sha2::Sha512::digest(text_of(&a[0])?)),
            c.site,
        ))
    })
    .giving(gives::text),
    row("uuidv5", &[Str, Str], Needs::Known, |a, c| {
        let space = match text_of(&a[0])?.as_str() {
            "dns" => uuid::Uuid::NAMESPACE_DNS,
            "url" => uuid::Uuid::NAMESPACE_URL,
            "oid" => uuid::Uuid::NAMESPACE_OID,
            "x500" => uuid::Uuid::NAMESPACE_X500,
            other => {
                uuid::Uuid::parse_str(other).map_err(|_| "the namespace is no UUID".to_owned())?
            }
        };
        Ok(Value::text(
            uuid::Uuid::new_v5(&space, text_of(&a[1])?.as_bytes()).to_string(),
            c.site,
        ))
    })
    .giving(gives::text),
];

/// Bytes of base64 as Go reads it: line ends do not count, nor do the bits that the last digit has too many.
fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    LENIENT
        .decode(text.replace(['\r', '\n'], ""))
        .map_err(|_| "this is not base64".to_owned())
}

pub(super) fn hashed<D: md5::Digest>(text: &str, call: Call<'_>) -> Outcome {
    Ok(Value::text(digits::<D>(text), call.site))
}

/// The digest of a text in hexadecimal digits.
pub(super) fn digits<D: md5::Digest>(text: &str) -> String {
    let digest = D::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// JSON text of a known value, as Terraform writes it.
pub(super) fn json_text(value: &Value) -> String {
    let mut parts = Parts::default();
    parts.json(value);
    parts.finish().flattened('?')
}

/// JSON text with members as they stand and, if wanted, one value a line.
pub(super) fn json_in_order(value: &Value, indent: Option<usize>) -> Text {
    let mut parts = Parts {
        order: Order::Written,
        indent,
        ..Parts::default()
    };
    parts.json(value);
    parts.finish()
}

/// The text keeps the value that it encodes, so that readers need not decode it again.
pub(super) fn jsonencode(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut parts = Parts::default();
    parts.json(&arguments[0]);
    let text = Text::build(
        parts.finish().segments().into_owned(),
        Some(arguments[0].clone()),
        Vec::new(),
    );
    Ok(Value::new(Data::Text(text), call.site))
}

fn jsondecode(arguments: &[Value], call: Call<'_>) -> Outcome {
    let argument = &arguments[0];
    let Data::Text(text) = &argument.data else {
        return match &argument.data {
            Data::Unknown(_) | Data::Choice(_) => Ok(unknown_like(argument, call.site)),
            _ => Err("a string is needed".to_owned()),
        };
    };
    if text.as_str().is_some_and(has_raw_control) {
        return Err("this is not JSON: a string has a control character in it".to_owned());
    }
    match yaml::json::decode(text, argument.span()) {
        Ok(value) => Ok(super::passed(decoded(value), call)),
        Err(_) if text.has_holes() => Ok(unknown_like(argument, call.site)),
        Err(error) => Err(format!("this is not JSON: {}", error.message)),
    }
}

/// Whether a control character stands in a JSON string as it is, which the reader of files would forgive.
fn has_raw_control(text: &str) -> bool {
    let (mut is_inside, mut is_escaped) = (false, false);
    text.bytes().any(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_inside,
            b'"' => is_inside = !is_inside,
            _ => {}
        }
        is_inside && byte < 0x20
    })
}

/// A value that was encoded, as it is decoded: JSON has tuples and objects, and null has no type in it.
fn decoded(value: Value) -> Value {
    let data = match &value.data {
        Data::Null(_) => Data::Null(None),
        Data::List(list) => {
            let items = list.items().iter().cloned().map(decoded).collect();
            Data::List(match list.more() {
                Some(why) => List::open(ListKind::Tuple, items, why.clone()),
                None => List::new(ListKind::Tuple, items),
            })
        }
        Data::Object(object) => {
            let members = object.members().iter().map(|(name, member)| {
                let value = decoded(member.value.clone());
                let key = member.key;
                (name.clone(), Member { key, value })
            });
            let members = members.collect();
            Data::Object(match object.more() {
                Some(why) => Object::open(ObjectKind::Object, members, why.clone()),
                None => Object::new(ObjectKind::Object, members),
            })
        }
        _ => return value,
    };
    Value { data, ..value }
}

/// A character encoding by its IANA name.
enum Encoding {
    Utf8,
    Utf16 {
        is_big: bool,
        has_mark: bool,
    },
    /// One byte a character: Latin-1, and the characters that stand in place of some of its own.
    Latin {
        least: u8,
        changed: &'static [(u8, char)],
    },
}

/// <https://www.iana.org/assignments/charset-reg/windows-1252>
const WINDOWS_1252: &[(u8, char)] = &[
    (0x80, '€'),
    (0x82, '‚'),
    (0x83, 'ƒ'),
    (0x84, '„'),
    (0x85, '…'),
    (0x86, '†'),
    (0x87, '‡'),
    (0x88, 'ˆ'),
    (0x89, '‰'),
    (0x8a, 'Š'),
    (0x8b, '‹'),
    (0x8c, 'Œ'),
    (0x8e, 'Ž'),
    (0x91, '‘'),
    (0x92, '’'),
    (0x93, '“'),
    (0x94, '”'),
    (0x95, '•'),
    (0x96, '–'),
    (0x97, '—'),
    (0x98, '˜'),
    (0x99, '™'),
    (0x9a, 'š'),
    (0x9b, '›'),
    (0x9c, 'œ'),
    (0x9e, 'ž'),
    (0x9f, 'Ÿ'),
];
const LATIN_9: &[(u8, char)] = &[
    (0xa4, '€'),
    (0xa6, 'Š'),
    (0xa8, 'š'),
    (0xb4, 'Ž'),
    (0xb8, 'ž'),
    (0xbc, 'Œ'),
    (0xbd, 'œ'),
    (0xbe, 'Ÿ'),
];
/// Encodings that Terraform knows and onus does not compute: East Asian ones and code pages.
const UNCOMPUTED: &[&str] = &[
    "BIG5",
    "EUC-JP",
    "EUC-KR",
    "GB18030",
    "GBK",
    "HZ-GB-2312",
    "ISO-2022-JP",
    "SHIFT_JIS",
    "IBM037",
    "IBM437",
    "IBM850",
    "IBM852",
    "IBM855",
    "IBM00858",
    "IBM860",
    "IBM862",
    "IBM863",
    "IBM865",
    "IBM866",
    "IBM01140",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "ISO-8859-9",
    "ISO-8859-10",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-16",
    "KOI8-R",
    "KOI8-U",
    "MACINTOSH",
    "WINDOWS-874",
    "WINDOWS-1250",
    "WINDOWS-1251",
    "WINDOWS-1253",
    "WINDOWS-1254",
    "WINDOWS-1255",
    "WINDOWS-1256",
    "WINDOWS-1257",
    "WINDOWS-1258",
];

impl Encoding {
    /// The encoding, or none if Terraform knows it and onus does not.
    fn named(name: &str) -> Result<Option<Encoding>, String> {
        let utf16 = |is_big, has_mark| Some(Encoding::Utf16 { is_big, has_mark });
        Ok(match name.to_ascii_uppercase().as_str() {
            "UTF-8" => Some(Encoding::Utf8),
            "UTF-16" => utf16(true, true),
            "UTF-16LE" => utf16(false, false),
            "UTF-16BE" => utf16(true, false),
            "ISO-8859-1" | "ISO_8859-1" | "LATIN1" | "L1" => Some(Encoding::Latin {
                least: 0,
                changed: &[],
            }),
            "ISO-8859-15" | "LATIN-9" => Some(Encoding::Latin {
                least: 0,
                changed: LATIN_9,
            }),
            "WINDOWS-1252" => Some(Encoding::Latin {
                least: 0x80,
                changed: WINDOWS_1252,
            }),
            known if UNCOMPUTED.contains(&known) => None,
            _ => return Err(format!("there is no encoding \"{name}\"")),
        })
    }

    fn encode(&self, text: &str) -> Result<Vec<u8>, String> {
        match self {
            Encoding::Utf8 => Ok(text.as_bytes().to_vec()),
            Encoding::Utf16 { is_big, has_mark } => {
                let mark = has_mark.then_some(0xfeff);
                let bytes = |unit: u16| match is_big {
                    true => unit.to_be_bytes(),
                    false => unit.to_le_bytes(),
                };
                Ok(mark
                    .into_iter()
                    .chain(text.encode_utf16())
                    .flat_map(bytes)
                    .collect())
            }
            Encoding::Latin { least, changed } => text
                .chars()
                .map(|c| {
                    if let Some((byte, _)) = changed.iter().find(|(_, other)| *other == c) {
                        return Ok(*byte);
                    }
                    let is_own = |byte: &u8| {
                        !changed.iter().any(|(other, _)| other == byte)
                            && !(*least..0xa0).contains(byte) | (*least == 0)
                    };
                    u8::try_from(c as u32)
                        .ok()
                        .filter(is_own)
                        .ok_or_else(|| format!("`{c}` cannot be written in this encoding"))
                })
                .collect(),
        }
    }

    fn decode(&self, bytes: &[u8]) -> Result<String, String> {
        match self {
            Encoding::Utf8 => String::from_utf8(bytes.to_vec())
                .map_err(|_| "what is decoded is not UTF-8".to_owned()),
            Encoding::Utf16 { .. } if bytes.len() % 2 == 1 => {
                Err("half a character is left over".to_owned())
            }
            Encoding::Utf16 { is_big, .. } => {
                let units: Vec<u16> = bytes
                    .chunks_exact(2)
                    .map(|pair| {
                        let pair = [pair[0], pair[1]];
                        match is_big {
                            true => u16::from_be_bytes(pair),
                            false => u16::from_le_bytes(pair),
                        }
                    })
                    .collect();
                Ok(String::from_utf16_lossy(&units)
                    .trim_start_matches('\u{feff}')
                    .to_owned())
            }
            Encoding::Latin { least, changed } => bytes
                .iter()
                .map(
                    |byte| match changed.iter().find(|(other, _)| other == byte) {
                        Some((_, c)) => Ok(*c),
                        None if *least > 0 && (*least..0xa0).contains(byte) => {
                            Err("a byte stands for no character".to_owned())
                        }
                        None => Ok(char::from(*byte)),
                    },
                )
                .collect(),
        }
    }
}

/// The first line names the columns. As strict as Go's reader: quotes only around whole fields, lines of one length.
fn csvdecode(arguments: &[Value], call: Call<'_>) -> Outcome {
    let source = text_of(&arguments[0])?;
    let mut rows = csv_rows(&source)?.into_iter();
    let names = rows
        .next()
        .ok_or_else(|| "the header line is missing".to_owned())?;
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            return Err(format!("the column \"{name}\" is named twice"));
        }
    }
    let mut items = Vec::new();
    for row in rows {
        if row.len() != names.len() {
            return Err("a line has another number of fields than the first".to_owned());
        }
        let members = names.iter().zip(row).map(|(name, field)| {
            let field = types::normal(&field).into_owned();
            (name.as_str().into(), Value::text(field, call.site).into())
        });
        items.push(Value::object(members.collect(), call.site));
    }
    Ok(sequence(ListKind::List, items, None, call))
}

fn csv_rows(source: &str) -> Result<Vec<Vec<String>>, String> {
    let source = source.replace("\r\n", "\n");
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = source.as_str();
    while !rest.is_empty() {
        if row.is_empty() && rest.starts_with('\n') {
            rest = &rest[1..];
            continue;
        }
        let field;
        if let Some(quoted) = rest.strip_prefix('"') {
            (field, rest) = csv_quoted(quoted)?;
        } else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            if rest[..end].contains('"') {
                return Err("a quote stands inside a field without quotes".to_owned());
            }
            field = rest[..end].to_owned();
            rest = &rest[end..];
        }
        row.push(field);
        match rest.chars().next() {
            Some(',') if rest.len() == 1 => {
                row.push(String::new());
                rest = "";
            }
            Some(',') => {
                rest = &rest[1..];
                if rest.starts_with('\n') {
                    row.push(String::new());
                    rows.push(std::mem::take(&mut row));
                    rest = &rest[1..];
                }
            }
            Some(_) => {
                rows.push(std::mem::take(&mut row));
                rest = &rest[1..];
            }
            None => {}
        }
    }
    if !row.is_empty() {
        rows.push(row);
    }
    Ok(rows)
}

/// The rest of a quoted field, and what follows it.
fn csv_quoted(text: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let end = rest
            .find('"')
            .ok_or_else(|| "a quote is not closed".to_owned())?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.chars().next() {
            Some('"') => {
                field.push('"');
                rest = &rest[1..];
            }
            None | Some(',' | '\n') => return Ok((field, rest)),
            Some(_) => return Err("something follows the quote that ends a field".to_owned()),
        }
    }
}

/// In which order members are written.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    /// By name, as Terraform does.
    #[default]
    ByName,
    /// As they stand.
    Written,
}

/// A text in the making whose unknown parts are holes.
#[derive(Default)]
struct Parts {
    segments: Vec<Segment>,
    literal: String,
    order: Order,
    /// Blanks for each level; none for one line.
    indent: Option<usize>,
    level: usize,
}

impl Parts {
    fn hole(&mut self, why: Arc<Unknown>) {
        let literal = std::mem::take(&mut self.literal);
        self.segments.push(Segment::Literal(literal.into()));
        self.segments.push(Segment::Hole(why));
    }

    fn finish(mut self) -> Text {
        self.segments.push(Segment::Literal(self.literal.into()));
        Text::from_segments(self.segments)
    }

    /// A line break before a part of a collection, if lines are wanted.
    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.literal.push('\n');
            self.literal.push_str(&" ".repeat(indent * self.level));
        }
    }

    fn json(&mut self, value: &Value) {
        match &value.data {
            Data::Null(_) => self.literal.push_str("null"),
            Data::Bool(truth) => self.literal.push_str(if *truth { "true" } else { "false" }),
            Data::Number(number) => self.literal.push_str(&number.to_string()),
            Data::Text(text) => {
                self.literal.push('"');
                for segment in text.segments().iter() {
                    match segment {
                        Segment::Literal(text) => escape(text, &mut self.literal),
                        Segment::Hole(hole) => self.hole(hole.clone()),
                    }
                }
                self.literal.push('"');
            }
            Data::List(list) => {
                self.literal.push('[');
                self.level += 1;
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        self.literal.push(',');
                    }
                    self.line();
                    self.json(item);
                }
                if let Some(why) = list.more() {
                    self.hole(why.clone());
                }
                self.level -= 1;
                if !list.items().is_empty() {
                    self.line();
                }
                self.literal.push(']');
            }
            Data::Object(object) => self.object(object),
            Data::Unknown(unknown) => self.hole(unknown.clone()),
            Data::Choice(_) => {
                if let Some(why) = unknown_like(value, Span::NONE).as_unknown() {
                    self.hole(why.clone());
                }
            }
        }
    }

    fn object(&mut self, object: &Object) {
        self.literal.push('{');
        let mut names: Vec<&Arc<str>> = object.members().keys().collect();
        if self.order == Order::ByName {
            names.sort();
        }
        self.level += 1;
        let has_members = !names.is_empty();
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                self.literal.push(',');
            }
            self.line();
            self.literal.push('"');
            escape(name, &mut self.literal);
            self.literal.push_str(match self.indent {
                Some(_) => "\": ",
                None => "\":",
            });
            if let Some(value) = object.get(name) {
                self.json(value);
            }
        }
        if let Some(why) = object.more() {
            self.hole(why.clone());
        }
        self.level -= 1;
        if has_members {
            self.line();
        }
        self.literal.push('}');
    }
}

/// Go's escapes, HTML's special characters included.
fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                into.push_str(&format!("\\u{:04x}", c as u32))
            }
            c if (c as u32) < 0x20 => into.push_str(&format!("\\u{:04x}", c as u32)),
            c => into.push(c),
        }
    }
}

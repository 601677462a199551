//! Functions that encode, decode and hash.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Digest as _;

use super::{Call, Function, Needs, Outcome, row, text_of, unknown_like};
use crate::source::Span;
use crate::terraform::types;
use crate::value::{Data, ListKind, Object, Segment, Text, Unknown, Value};
use crate::yaml;

pub(super) const TABLE: &[Function] = &[
    row("base64encode", (1, 1), Needs::Known, |a, c| {
        Ok(Value::text(STANDARD.encode(text_of(&a[0])?), c.site))
    }),
    row("base64decode", (1, 1), Needs::Known, |a, c| {
        let bytes = STANDARD
            .decode(text_of(&a[0])?.trim())
            .map_err(|_| "this is not base64".to_owned())?;
        let text =
            String::from_utf8(bytes).map_err(|_| "what is decoded is not UTF-8".to_owned())?;
        Ok(Value::text(text, c.site))
    }),
    row("jsonencode", (1, 1), Needs::Nothing, jsonencode),
    row("jsondecode", (1, 1), Needs::Nothing, jsondecode),
    row("yamldecode", (1, 1), Needs::Known, yamldecode),
    row("yamlencode", (1, 1), Needs::Nothing, yamlencode),
    row("urlencode", (1, 1), Needs::Known, |a, c| {
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
    }),
    row("textencodebase64", (2, 2), Needs::Known, |a, c| {
        let (text, name) = (text_of(&a[0])?, text_of(&a[1])?);
        let units = || text.encode_utf16();
        let bytes: Vec<u8> = match name.to_ascii_uppercase().as_str() {
            "UTF-8" => text.into_bytes(),
            "UTF-16LE" => units().flat_map(u16::to_le_bytes).collect(),
            "UTF-16BE" => units().flat_map(u16::to_be_bytes).collect(),
            _ => {
                return Ok(Value::unknown(
                    crate::value::Reason::Function("textencodebase64".into()),
                    c.site,
                ));
            }
        };
        Ok(Value::text(STANDARD.encode(bytes), c.site))
    }),
    row("md5", (1, 1), Needs::Known, |a, c| {
        hashed::<md5::Md5>(&text_of(&a[0])?, c)
    }),
    row("sha1", (1, 1), Needs::Known, |a, c| {
        hashed::<sha1::Sha1>(&text_of(&a[0])?, c)
    }),
    row("sha256", (1, 1), Needs::Known, |a, c| {
        hashed::<sha2::Sha256>(&text_of(&a[0])?, c)
    }),
    row("sha512", (1, 1), Needs::Known, |a, c| {
        hashed::<sha2::Sha512>(&text_of(&a[0])?, c)
    }),
    row("base64sha256", (1, 1), Needs::Known, |a, c| {
        Ok(Value::text(
            STANDARD.encode(sha2::Sha256::digest(text_of(&a[0])?)),
            c.site,
        ))
    }),
    row("base64sha512", (1, 1), Needs::Known, |a, c| {
        Ok(Value::text(
            STANDARD.encode(sha2::Sha512::digest(text_of(&a[0])?)),
            c.site,
        ))
    }),
    row("uuidv5", (2, 2), Needs::Known, |a, c| {
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
    }),
];

pub(super) fn hashed<D: md5::Digest>(text: &str, call: Call<'_>) -> Outcome {
    let digest: String = D::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(Value::text(digest, call.site))
}

/// JSON text of a known value, as Terraform writes it.
pub(super) fn json_text(value: &Value) -> String {
    let mut parts = Parts::default();
    parts.json(value);
    parts.finish().flattened('?')
}

/// The text keeps the value that it encodes, so that readers need not decode it again.
fn jsonencode(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut parts = Parts::default();
    parts.json(&arguments[0]);
    let text = Text::build(
        parts.finish().segments().into_owned(),
        Some(arguments[0].clone()),
        Vec::new(),
    );
    Ok(Value::new(Data::Text(text), call.site))
}

/// The same for YAML, whose text matters to nobody; its parts are those of JSON, which is YAML too.
fn yamlencode(arguments: &[Value], call: Call<'_>) -> Outcome {
    jsonencode(arguments, call)
}

fn jsondecode(arguments: &[Value], call: Call<'_>) -> Outcome {
    let argument = &arguments[0];
    let Data::Text(text) = &argument.data else {
        return match &argument.data {
            Data::Unknown(_) | Data::Choice(_) => Ok(unknown_like(argument, call.site)),
            _ => Err("a string is needed".to_owned()),
        };
    };
    match yaml::json::decode(text, argument.span()) {
        Ok(value) => Ok(super::passed(value, call)),
        Err(_) if text.has_holes() => Ok(unknown_like(argument, call.site)),
        Err(error) => Err(format!("this is not JSON: {}", error.message)),
    }
}

fn yamldecode(arguments: &[Value], call: Call<'_>) -> Outcome {
    if let Some(value) = arguments[0].as_text().and_then(Text::encodes) {
        return Ok(super::passed(value.clone(), call));
    }
    let text = text_of(&arguments[0])?;
    let value = yaml::decode(&text, call.site).map_err(|why| format!("this is not YAML: {why}"))?;
    Ok(value.unwrap_or_else(|| Value::null(call.site)))
}

/// A text in the making whose unknown parts are holes.
#[derive(Default)]
struct Parts {
    segments: Vec<Segment>,
    literal: String,
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

    fn json(&mut self, value: &Value) {
        match &value.data {
            Data::Null => self.literal.push_str("null"),
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
                let items: Vec<&Value> = list.items().iter().collect();
                let items = if list.kind() == ListKind::Set {
                    types::set_of(items.into_iter().cloned().collect())
                } else {
                    items.into_iter().cloned().collect()
                };
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.literal.push(',');
                    }
                    self.json(item);
                }
                if let Some(why) = list.more() {
                    self.hole(why.clone());
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
        names.sort();
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                self.literal.push(',');
            }
            self.literal.push('"');
            escape(name, &mut self.literal);
            self.literal.push_str("\":");
            if let Some(value) = object.get(name) {
                self.json(value);
            }
        }
        if let Some(why) = object.more() {
            self.hole(why.clone());
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

//! Functions of the provider that is built into Terraform: values in, HCL text out.
//! <https://developer.hashicorp.com/terraform/language/functions/terraform-encode_tfvars>

use std::fmt::Write as _;

use super::Takes::Some as Something;
use super::{Function, Needs, gives, row, text};
use crate::value::{Data, Value};

/// Values within values.
const DEEPEST: usize = 200;

pub(super) const TABLE: &[Function] = &[
    row(
        "provider::terraform::encode_expr",
        &[Something],
        Needs::Known,
        |a, c| text(&indented(&expression(&a[0], 0)?), c),
    )
    .giving(gives::text),
    row(
        "provider::terraform::encode_tfvars",
        &[Something],
        Needs::Known,
        |a, c| {
            if a[0].as_object().is_none() {
                return Err("it takes an object".to_owned());
            }
            let names = a[0].entries().map(|(name, _)| name.to_string());
            if let Some(name) = names.into_iter().find(|name| !is_identifier(name)) {
                return Err(format!("\"{name}\" is no name of a variable"));
            }
            text(&indented(&attributes(&a[0], 0)?), c)
        },
    )
    .giving(gives::text),
];

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn expression(value: &Value, depth: usize) -> Result<String, String> {
    if depth > DEEPEST {
        return Err("the value is nested too deeply".to_owned());
    }
    Ok(match &value.data {
        Data::Null(_) => "null".to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => quoted(&text.to_string()),
        Data::List(_) => {
            let items: Result<Vec<String>, String> = value
                .elements()
                .map(|item| expression(&item, depth + 1))
                .collect();
            format!("[{}]", items?.join(", "))
        }
        Data::Object(object) if object.members().is_empty() => "{}".to_owned(),
        Data::Object(_) => format!("{{\n{}}}", attributes(value, depth + 1)?),
        _ => return Err("the value is not known".to_owned()),
    })
}

/// One line for each member, the equals signs of neighbouring lines below each other.
fn attributes(value: &Value, depth: usize) -> Result<String, String> {
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, member) in value.entries() {
        members.push((name.to_string(), expression(&member, depth)?));
    }
    members.sort();
    for (name, _) in &mut members {
        if !is_identifier(name) {
            *name = quoted(name);
        }
    }
    let mut lines = String::new();
    let is_long = |(_, text): &(String, String)| text.contains('\n');
    for group in members.chunk_by(|a, b| !is_long(a) && !is_long(b)) {
        let widths = group.iter().map(|(name, _)| name.chars().count());
        let width = widths.max().unwrap_or(0);
        for (name, text) in group {
            let _ = writeln!(lines, "{name:width$} = {text}");
        }
    }
    Ok(lines)
}

/// Two blanks before a line for each earlier line that opened more brackets than it closed, as Terraform formats.
fn indented(text: &str) -> String {
    let mut opened: Vec<usize> = Vec::new();
    let mut lines = String::new();
    for line in text.split_inclusive('\n') {
        let (mut opens, mut closes) = (0_usize, 0_usize);
        let (mut is_inside, mut is_escaped) = (false, false);
        for byte in line.bytes() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = is_inside,
                b'"' => is_inside = !is_inside,
                b'[' | b'{' if !is_inside => opens += 1,
                b']' | b'}' if !is_inside => closes += 1,
                _ => {}
            }
        }
        let mut margin = opened.len();
        if opens > closes {
            opened.push(opens - closes);
        } else {
            let mut closes = closes - opens;
            while closes > 0
                && let Some(last) = opened.pop()
            {
                if closes < last {
                    opened.push(last - closes);
                }
                closes = closes.saturating_sub(last);
            }
            margin = opened.len();
        }
        lines.push_str(&"  ".repeat(margin));
        lines.push_str(line);
    }
    lines
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '$' | '%' if characters.peek() == Some(&'{') => quoted.extend([c, c]),
            c if !is_printable(c) => {
                let _ = match u32::from(c) {
                    code @ 0..0x1_0000 => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether Go prints a character as it is: letters, marks, digits, punctuation, symbols and the blank.
fn is_printable(c: char) -> bool {
    // Rust escapes marks only where they begin a text.
    c == ' ' || (!c.is_whitespace() && !format!("{:?}", format!("a{c}")).contains("\\u"))
}

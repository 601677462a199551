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
        |a, c| text(&expression(&a[0], 0)?, c),
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
            text(&attributes(&a[0], 0, 0)?, c)
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

fn expression(value: &Value, indent: usize) -> Result<String, String> {
    if indent > DEEPEST {
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
                .map(|item| expression(&item, indent))
                .collect();
            format!("[{}]", items?.join(", "))
        }
        Data::Object(object) if object.members().is_empty() => "{}".to_owned(),
        Data::Object(_) => format!(
            "{{\n{}{:width$}}}",
            attributes(value, indent + 1, (indent + 1) * 2)?,
            "",
            width = indent * 2
        ),
        _ => return Err("the value is not known".to_owned()),
    })
}

/// One line for each member, the equals signs of neighbouring lines below each other.
fn attributes(value: &Value, indent: usize, margin: usize) -> Result<String, String> {
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, member) in value.entries() {
        members.push((name.to_string(), expression(&member, indent)?));
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
            let _ = writeln!(lines, "{:margin$}{name:width$} = {text}", "");
        }
    }
    Ok(lines)
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
            c if c.is_control() || (c.is_whitespace() && c != ' ') => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

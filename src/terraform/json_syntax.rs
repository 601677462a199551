//! Terraform's JSON syntax in, the same tree as for HCL out.
//!
//! Every string is a template; a string that is one interpolation keeps its type; keys of objects are templates too.
//! <https://developer.hashicorp.com/terraform/language/syntax/json>

use std::sync::Arc;

use super::syntax::{self, Attribute, Block, Body, Expr, Expression, ObjectItem, ObjectKey, Part};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};
use crate::value::{Data, Value};
use crate::yaml::json;

/// Labels of the blocks whose bodies have a meaning of their own; other nested objects stay expressions.
const TOP_LEVEL: &[(&str, usize)] = &[
    ("resource", 2),
    ("data", 2),
    ("module", 1),
    ("variable", 1),
    ("output", 1),
    ("provider", 1),
    ("locals", 0),
    ("terraform", 0),
];

/// Reads a `.tf.json` file.
pub(super) fn parse(file: &SourceFile) -> (Body, Vec<Diagnostic>) {
    let (root, mut diagnostics) = json::parse(file);
    let mut body = Body::default();
    // The root may be an array of objects, too.
    let parts: Vec<Value> = match &root {
        Some(root) if root.as_list().is_some() => root.elements().collect(),
        Some(root) => vec![root.clone()],
        None => Vec::new(),
    };
    for (keyword, value) in parts.iter().flat_map(|part| part.entries()) {
        if &**keyword == "//" {
            continue;
        }
        match TOP_LEVEL.iter().find(|(name, _)| name == &&**keyword) {
            Some((_, labels)) => blocks(
                keyword,
                *labels,
                &value,
                &mut Vec::new(),
                &mut body,
                &mut diagnostics,
            ),
            None => body.attributes.push(Attribute {
                name: keyword.clone(),
                name_span: value.span(),
                value: expression(&value, &mut diagnostics),
            }),
        }
    }
    (body, diagnostics)
}

fn blocks(
    keyword: &Arc<str>,
    labels: usize,
    value: &Value,
    named: &mut Vec<(Arc<str>, Span)>,
    body: &mut Body,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match &value.data {
        Data::List(list) => {
            for item in list.items() {
                blocks(keyword, labels, item, named, body, diagnostics);
            }
        }
        Data::Object(object) if named.len() < labels => {
            for (name, member) in object.members() {
                if &**name == "//" {
                    continue;
                }
                named.push((name.clone(), member.key));
                blocks(keyword, labels, &member.value, named, body, diagnostics);
                named.pop();
            }
        }
        Data::Object(object) => {
            let mut inner = Body::default();
            for (name, member) in object.members() {
                match &**name {
                    "//" => {}
                    "dynamic" => dynamic(&member.value, &mut inner, diagnostics),
                    // What describes a variable is taken as it is written: `${` means nothing there.
                    "default" | "type" | "description" if &**keyword == "variable" => {
                        inner.attributes.push(Attribute {
                            name: name.clone(),
                            name_span: member.key,
                            value: literal(&member.value),
                        });
                    }
                    _ => inner.attributes.push(Attribute {
                        name: name.clone(),
                        name_span: member.key,
                        value: expression(&member.value, diagnostics),
                    }),
                }
            }
            let header = named.last().map_or(value.span(), |(_, span)| *span);
            body.blocks.push(Block {
                keyword: keyword.clone(),
                labels: named.clone(),
                header,
                span: value.span(),
                body: inner,
            });
        }
        _ => diagnostics.push(
            Diagnostic::error(
                "syntax",
                value.span(),
                format!("`{keyword}` must be an object here"),
            )
            .hint("see Terraform's JSON configuration syntax"),
        ),
    }
}

/// `"dynamic": {"name": {"for_each": …, "content": {…}}}`
fn dynamic(value: &Value, body: &mut Body, diagnostics: &mut Vec<Diagnostic>) {
    for (name, inner) in value.entries() {
        let entries: Vec<Value> = match &inner.data {
            Data::List(list) => list.items().to_vec(),
            _ => vec![inner.clone()],
        };
        for entry in entries {
            let mut block = Body::default();
            for (key, part) in entry.entries() {
                if &**key == "content" {
                    blocks(key, 0, &part, &mut Vec::new(), &mut block, diagnostics);
                } else {
                    block.attributes.push(Attribute {
                        name: key.clone(),
                        name_span: part.span(),
                        value: expression(&part, diagnostics),
                    });
                }
            }
            body.blocks.push(Block {
                keyword: "dynamic".into(),
                labels: vec![(name.clone(), entry.span())],
                header: entry.span(),
                span: entry.span(),
                body: block,
            });
        }
    }
}

/// A value whose strings are no templates.
fn literal(value: &Value) -> Expression {
    let kind = match &value.data {
        Data::Bool(truth) => Expr::Bool(*truth),
        Data::Number(number) => Expr::Number(Some(number.clone())),
        Data::Text(text) => Expr::Text(
            super::types::normal(&text.to_string()).into_owned().into(),
            false,
        ),
        Data::List(list) => Expr::List(list.items().iter().map(literal).collect()),
        Data::Object(object) => {
            let items = object.members().iter().map(|(name, member)| ObjectItem {
                key: ObjectKey::Name(name.clone()),
                key_span: member.key,
                value: literal(&member.value),
            });
            Expr::Object(items.collect())
        }
        _ => Expr::Null,
    };
    Expression {
        kind,
        span: value.span(),
    }
}

fn expression(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Expression {
    let span = value.span();
    let kind = match &value.data {
        Data::Bool(truth) => Expr::Bool(*truth),
        Data::Number(number) => Expr::Number(Some(number.clone())),
        Data::Text(text) => return string(&text.to_string(), span, diagnostics),
        Data::List(list) => Expr::List(
            list.items()
                .iter()
                .map(|item| expression(item, diagnostics))
                .collect(),
        ),
        Data::Object(object) => {
            let items = object
                .members()
                .iter()
                .filter(|(name, _)| &***name != "//")
                .map(|(name, member)| {
                    let key = match string(name, member.key, diagnostics) {
                        Expression {
                            kind: Expr::Text(text, _),
                            ..
                        } => ObjectKey::Name(text),
                        computed => ObjectKey::Computed(computed),
                    };
                    ObjectItem {
                        key,
                        key_span: member.key,
                        value: expression(&member.value, diagnostics),
                    }
                });
            Expr::Object(items.collect())
        }
        _ => Expr::Null,
    };
    Expression { kind, span }
}

/// A string of the file as a template. Places inside it are those of the whole string, since escapes may stand
/// before them.
fn string(text: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> Expression {
    let is_template = text.contains("${") || text.contains("%{");
    if !is_template {
        return Expression {
            kind: Expr::Text(super::types::normal(text).into_owned().into(), false),
            span,
        };
    }
    match syntax::parse_template_at(text, span) {
        Ok(mut template) => {
            if let [Part::Interpolation(_)] = template.parts.as_slice()
                && let Some(Part::Interpolation(expression)) = template.parts.pop()
            {
                return expression;
            }
            Expression {
                kind: Expr::Template(Box::new(template)),
                span,
            }
        }
        Err(error) => {
            let message = format!("cannot read this template: {error}");
            let hint = "`$${` stands for a literal `${`";
            diagnostics.push(
                Diagnostic::error("syntax", span, message)
                    .hint(hint)
                    .incomplete(),
            );
            Expression {
                kind: Expr::Broken("the template cannot be read"),
                span,
            }
        }
    }
}

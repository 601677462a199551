//! Values given for root variables, lowest to highest: environment, `terraform.tfvars`, `*.auto.tfvars`, command line,
//! a plan.
//! <https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence>

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::module::{self, Module};
use super::syntax::{self, Body, Expression};
use super::types::Type;
use crate::diagnostic::Diagnostic;
use crate::project::{self, Inputs};
use crate::source::files::join;
use crate::source::{EntryKind, Files, SourceMap, Span};
use crate::value::Value;

/// The values given, by variable.
#[derive(Debug, Default)]
pub(super) struct Given(IndexMap<Arc<str>, Source, FxBuildHasher>);

/// What is wrong with a value, and where.
type Misplaced = (String, Span);

#[derive(Debug)]
enum Source {
    /// An attribute of a `.tfvars` file.
    Expression(Expression),
    /// A member of a `.tfvars.json` file: strings are literal.
    Value(Value),
    /// The same in settings.
    Setting(Value),
    /// Text from the environment or the command line.
    Text(String),
}

impl Given {
    /// Reads everything that gives values to the variables of the module in `root`.
    pub(super) fn read(
        files: &dyn Files,
        sources: &SourceMap,
        root: &str,
        inputs: &Inputs,
        planned: impl IntoIterator<Item = (Arc<str>, Value)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Given {
        let mut given = Given::default();
        for (name, text) in &inputs.environment {
            given
                .0
                .insert(name.as_str().into(), Source::Text(text.clone()));
        }
        let mut automatic: Vec<String> = files
            .list(root)
            .unwrap_or_default()
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::File)
            .map(|entry| entry.name)
            .filter(|name| name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json"))
            .collect();
        automatic.sort();
        let named = [
            "terraform.tfvars".to_owned(),
            "terraform.tfvars.json".to_owned(),
        ];
        for name in named.into_iter().chain(automatic) {
            let path = join(root, &name);
            if files.kind(&path) == Some(EntryKind::File) {
                given.add_file(files, sources, &path, diagnostics);
            }
        }
        for one in &inputs.given {
            match one {
                project::Given::File(path) => given.add_file(files, sources, path, diagnostics),
                project::Given::Value(name, text) => {
                    let text = Source::Text(text.clone());
                    given.0.insert(name.as_str().into(), text);
                }
                project::Given::Setting(name, value) => {
                    let value = Source::Setting(value.clone());
                    given.0.insert(name.clone(), value);
                }
            }
        }
        for (name, value) in planned {
            given.0.insert(name, Source::Value(value));
        }
        given
    }

    fn add_file(
        &mut self,
        files: &dyn Files,
        sources: &SourceMap,
        path: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if path.ends_with(".json") {
            let text = files
                .read(path)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            let Some(text) = text else { return };
            let (value, mut found) = crate::yaml::json::parse(&sources.add(path, &text));
            diagnostics.append(&mut found);
            if let Some(value) = value.as_ref().filter(|value| value.as_object().is_none()) {
                diagnostics.push(
                    Diagnostic::error(
                        "syntax",
                        value.span(),
                        "a file of variable values is an object of names and values",
                    )
                    .hint("nothing of this file is used"),
                );
            }
            for (name, value) in value.iter().flat_map(|value| value.entries()) {
                self.0.insert(name.clone(), Source::Value(value));
            }
            return;
        }
        if let Some(Body { attributes, blocks }) = module::read(files, sources, path, diagnostics) {
            for block in blocks {
                let message = "a file of variable values has no blocks";
                diagnostics.push(
                    Diagnostic::error("syntax", block.header, message)
                        .hint("write `name = value`; the block is left out"),
                );
            }
            let mut names: FxHashSet<Arc<str>> = FxHashSet::default();
            for attribute in attributes {
                if !names.insert(attribute.name.clone()) {
                    let message = format!("`{}` is given twice in this file", attribute.name);
                    diagnostics.push(
                        Diagnostic::error("duplicate", attribute.name_span, message)
                            .hint("this one counts; remove one of them"),
                    );
                }
                self.0
                    .insert(attribute.name, Source::Expression(attribute.value));
            }
        }
    }

    /// Names given in files that the module does not declare, with their places.
    pub(super) fn undeclared(&self, module: &Module) -> Vec<(Arc<str>, Span)> {
        self.0
            .iter()
            .filter(|(name, _)| !module.variables.contains_key(*name))
            .filter_map(|(name, source)| match source {
                Source::Expression(expression) => Some((name.clone(), expression.span)),
                Source::Value(value) => Some((name.clone(), value.span())),
                // Environments, settings and command lines serve many modules.
                Source::Text(_) | Source::Setting(_) => None,
            })
            .collect()
    }

    /// What is given for a variable whose declaration says this type, if it says one. Text is taken as it is for
    /// primitive types and where none is declared, and read as an expression otherwise. The value of an expression is
    /// found by `evaluate`.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub(super) fn value(
        &self,
        name: &str,
        declared: Option<&Type>,
        evaluate: &dyn Fn(&Expression) -> Result<Value, Misplaced>,
    ) -> Option<Result<Value, Diagnostic>> {
        let invalid = |(why, span): Misplaced| {
            Diagnostic::error(
                "invalid_value",
                span,
                format!("the value given for `{name}` cannot be read: {why}"),
            )
            .hint("it must not refer to anything")
        };
        Some(match self.0.get(name)? {
            Source::Value(value) | Source::Setting(value) => Ok(value.clone()),
            Source::Expression(expression) => evaluate(expression).map_err(invalid),
            Source::Text(text) if declared.is_none_or(Type::is_scalar) => {
                Ok(Value::text(text.as_str(), Span::NONE))
            }
            Source::Text(text) => syntax::parse_expression_at(text, Span::NONE)
                .map_err(|why| (why, Span::NONE))
                .and_then(|expression| evaluate(&expression))
                .map_err(invalid),
        })
    }
}

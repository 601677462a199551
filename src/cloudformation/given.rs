//! Parameter files in, values for parameters out: all the forms that AWS's own tools read.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Context;
use super::parameters::{Given, scalar_text};
use super::samconfig;
use crate::diagnostic::{Diagnostic, Level};
use crate::project;
use crate::source::Span;
use crate::value::{Data, Step, Value};

/// What is given for the parameters of the root template: files and settings in order, then single values; the last one counts.
pub(super) fn given(context: &Context<'_>) -> FxHashMap<Arc<str>, Given> {
    let mut all = FxHashMap::default();
    for given in &context.inputs.given {
        match given {
            // Terraform's own files may stand beside those for templates.
            project::Given::File(path)
                if !path.ends_with(".tfvars") && !path.ends_with(".tfvars.json") =>
            {
                read(context, path, &mut all);
            }
            project::Given::Setting(name, value) => add(&mut all, Some(name), value),
            _ => {}
        }
    }
    for given in &context.inputs.given {
        if let project::Given::Value(name, text) = given {
            insert(&mut all, name, Value::text(text.as_str(), Span::NONE));
        }
    }
    all
}

fn insert(all: &mut FxHashMap<Arc<str>, Given>, name: &str, value: Value) {
    let name: Arc<str> = name.into();
    let step = Step::Given(name.clone());
    all.insert(name, Given { value, step });
}

fn read(context: &Context<'_>, path: &str, all: &mut FxHashMap<Arc<str>, Given>) {
    if path.ends_with(".toml") {
        read_samconfig(context, path, all);
        return;
    }
    let Some(root) = context.parsed(path) else {
        return;
    };
    match &root.data {
        // `[{"ParameterKey": …, "ParameterValue": …}]`, or `["Name=value"]`.
        Data::List(_) => {
            for entry in root.elements() {
                if let Some((name, value)) = entry.as_str().and_then(|text| text.split_once('=')) {
                    insert(all, name, Value::text(value, entry.span()));
                    continue;
                }
                match (entry.member("ParameterKey"), entry.member("ParameterValue")) {
                    (Some(name), Some(value)) => add(all, name.as_str(), &value),
                    // `UsePreviousValue`: what the stack has now, which only AWS knows.
                    (Some(_), None) => {}
                    _ => wrong(context, path, entry.span()),
                }
            }
        }
        // CodePipeline's `{"Parameters": {…}}`, the `parameters` of a deployment file of Git sync
        // (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/git-sync-concepts-terms.html>), else simply
        // names and values.
        Data::Object(_) => {
            let deployment = root.member("template-file-path").map(|_| "parameters");
            let parameters = root
                .member(deployment.unwrap_or("Parameters"))
                .filter(|parameters| parameters.as_object().is_some())
                .unwrap_or(root);
            for (name, value) in parameters.entries() {
                add(all, Some(name), &value);
            }
        }
        _ => wrong(context, path, root.span()),
    }
}

fn read_samconfig(context: &Context<'_>, path: &str, all: &mut FxHashMap<Arc<str>, Given>) {
    let text = match context.files.read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            let message = format!("cannot read this file: {error}");
            let diagnostic = Diagnostic::new(Level::Error, "unreadable_file", message);
            let hint = "check that it exists and that you may read it";
            context.say(diagnostic.in_file(path).hint(hint).incomplete());
            return;
        }
    };
    let file = context.sources.add(path, &text);
    for (name, value, place) in samconfig::overrides(&file.text) {
        let place = Span::new(file.id, place.start, place.end);
        insert(all, &name, Value::text(value, place));
    }
}

fn add(all: &mut FxHashMap<Arc<str>, Given>, name: Option<&str>, value: &Value) {
    let Some(name) = name else { return };
    let text = match &value.data {
        Data::List(_) => {
            let items: Option<Vec<String>> =
                value.elements().map(|item| scalar_text(&item)).collect();
            items.map(|items| items.join(","))
        }
        _ => scalar_text(value),
    };
    if let Some(text) = text {
        insert(all, name, Value::text(text, value.span()));
    }
}

fn wrong(context: &Context<'_>, path: &str, place: Span) {
    let diagnostic = Diagnostic::new(
        Level::Error,
        "invalid_parameters",
        format!("`{path}` is not a file of parameter values"),
    );
    context.say(diagnostic.at(place).hint(
        "write [{\"ParameterKey\": …, \"ParameterValue\": …}], or an object of names and values",
    ));
}

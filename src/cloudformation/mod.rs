//! CloudFormation: a template in, [`Declared`] out.

mod conditions;
mod intrinsics;
mod parameters;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::declared::{
    Declared, DeclaredCondition, DeclaredInput, DeclaredOutput, DeclaredResource, Language,
};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::project::{Inputs, Stack};
use crate::source::{Files, SourceMap, Span};
use crate::value::{Data, Guard, Members, Reason, Value, World};

/// Whether a text may be a template: cheap, and generous with broken ones so that their faults are reported.
pub fn is_template(text: &str) -> bool {
    let has_type = || {
        text.match_indices("Type").any(|(at, _)| {
            let rest = text[at + 4..].trim_start_matches(['"', '\'', ' ', '\t']);
            let value = rest
                .strip_prefix(':')
                .map(|rest| rest.trim_start_matches(['"', '\'', ' ', '\t', '\n', '\r']));
            value.is_some_and(|value| {
                let word: String = value
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == ':')
                    .collect();
                word.contains("::") && word.starts_with(|c: char| c.is_ascii_uppercase())
            })
        })
    };
    if !text.contains("Resources") {
        return false;
    }
    text.contains("AWSTemplateFormatVersion") || has_type()
}

/// Evaluates a template.
pub fn load(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Declared {
    let mut declared = Declared::new(Language::CloudFormation, stack.path.clone());
    let unreadable = |why: String, hint: &str| {
        Diagnostic::new(
            Level::Error,
            "unreadable_file",
            format!("cannot read this file: {why}"),
        )
        .in_file(&*stack.path)
        .hint(hint.to_owned())
        .incomplete()
    };
    let text = match files.read(&stack.path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            declared.diagnostics.push(unreadable(
                "it is not UTF-8 text".to_owned(),
                "templates are UTF-8; convert it",
            ));
            return declared;
        }
        Err(error) => {
            declared.diagnostics.push(unreadable(
                error.to_string(),
                "check that it exists and that you may read it",
            ));
            return declared;
        }
    };
    let file = sources.add(&stack.path, &text);
    let (root, mut diagnostics) = crate::yaml::parse(&file);
    declared.diagnostics.append(&mut diagnostics);
    let Some(root) = root else { return declared };
    Template::new(&root, inputs).run(&mut declared);
    declared
}

/// The state of one evaluation.
struct Template<'a> {
    inputs: &'a Inputs,
    parameters: Members,
    mappings: Members,
    conditions: Members,
    resources: Members,
    outputs: Members,
    /// What `Ref` of each parameter is; made once.
    values: RefCell<FxHashMap<Arc<str>, Value>>,
    /// The formula of each condition; none while it is being made.
    guards: RefCell<FxHashMap<Arc<str>, Option<Guard>>>,
    /// What each parameter is compared with in conditions.
    compared: FxHashMap<Arc<str>, Vec<Arc<str>>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    said: RefCell<FxHashSet<(Span, String)>>,
    depth: Cell<usize>,
}

impl<'a> Template<'a> {
    fn new(root: &Value, inputs: &'a Inputs) -> Template<'a> {
        let mut template = Template {
            inputs,
            parameters: Members::default(),
            mappings: Members::default(),
            conditions: Members::default(),
            resources: Members::default(),
            outputs: Members::default(),
            values: RefCell::default(),
            guards: RefCell::default(),
            compared: FxHashMap::default(),
            diagnostics: RefCell::default(),
            said: RefCell::default(),
            depth: Cell::new(0),
        };
        let Some(object) = root.as_object() else {
            template.say(
                Diagnostic::error(
                    "invalid_template",
                    root.span(),
                    "a template is a mapping at the top",
                )
                .hint("sections such as `Resources:` start at the left margin")
                .incomplete(),
            );
            return template;
        };
        let section = |name: &str| match object.members().get(name) {
            None => Members::default(),
            Some(member) => match &member.value.data {
                Data::Object(object) => object.members().clone(),
                Data::Null => Members::default(),
                _ => {
                    let message = format!("`{name}` must be a mapping of names");
                    template.say(
                        Diagnostic::error("invalid_template", member.key, message)
                            .hint("this section is left out")
                            .incomplete(),
                    );
                    Members::default()
                }
            },
        };
        let parameters = section("Parameters");
        let mappings = section("Mappings");
        let conditions = section("Conditions");
        let mut resources = section("Resources");
        let outputs = section("Outputs");
        for section in [&parameters, &conditions, &resources, &outputs] {
            for (name, member) in section {
                if name.starts_with("Fn::ForEach") {
                    template.say(
                        Diagnostic::warning(
                            "not_analysed",
                            member.key,
                            "`Fn::ForEach` is not expanded",
                        )
                        .hint("what it makes is not analysed"),
                    );
                }
            }
        }
        resources.retain(|name, _| !name.starts_with("Fn::"));
        if let Some(transform) = object.members().get("Transform") {
            let names: Vec<String> = match &transform.value.data {
                Data::List(_) => transform
                    .value
                    .elements()
                    .filter_map(|v| v.as_str().map(str::to_owned))
                    .collect(),
                _ => transform
                    .value
                    .as_str()
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
            };
            for name in names
                .iter()
                .filter(|name| !name.starts_with("AWS::LanguageExtensions"))
            {
                template.say(
                    Diagnostic::warning(
                        "not_analysed",
                        transform.key,
                        format!("transform `{name}` is not carried out"),
                    )
                    .hint("resources that it makes are not analysed; those written here are"),
                );
            }
        }
        (template.parameters, template.mappings, template.conditions) =
            (parameters, mappings, conditions);
        (template.resources, template.outputs) = (resources, outputs);
        template.compared = template.comparisons();
        template
    }

    fn run(self, declared: &mut Declared) {
        for (name, member) in &self.resources {
            if let Some(resource) = self.resource(name, member.key, &member.value) {
                declared.resources.push(resource);
            }
        }
        for (name, member) in &self.outputs {
            let exists = self.existence(&member.value);
            let value = match member
                .value
                .as_object()
                .and_then(|object| object.members().get("Value"))
            {
                Some(value) => self.evaluate(&value.value),
                None => Value::null(member.key),
            };
            if World::new().assuming(&exists).is_some() {
                declared.outputs.push(DeclaredOutput {
                    name: name.clone(),
                    value,
                    header: member.key,
                    exists,
                    is_sensitive: false,
                });
            }
        }
        for (name, member) in &self.parameters {
            if let Some(value) = self.parameter(name) {
                declared.inputs.push(DeclaredInput {
                    name: name.clone(),
                    value,
                    header: member.key,
                });
            }
        }
        for (name, member) in &self.conditions {
            declared.conditions.push(DeclaredCondition {
                name: name.clone(),
                guard: self.condition(name, member.key),
                header: member.key,
            });
        }
        declared
            .diagnostics
            .append(&mut self.diagnostics.borrow_mut());
    }

    fn resource(&self, name: &Arc<str>, key: Span, value: &Value) -> Option<DeclaredResource> {
        let invalid = |place: Span, message: String| {
            self.say(
                Diagnostic::error("invalid_template", place, message)
                    .hint("this resource is left out; give it `Type: AWS::Service::Kind`")
                    .incomplete(),
            );
        };
        let Some(object) = value.as_object() else {
            invalid(key, format!("resource `{name}` must be a mapping"));
            return None;
        };
        let Some(kind) = object.get("Type").and_then(Value::as_str) else {
            invalid(key, format!("resource `{name}` has no `Type`"));
            return None;
        };
        let exists = self.existence(value);
        World::new().assuming(&exists)?;
        let properties = match object.members().get("Properties") {
            None => Value::object(Members::default(), key),
            Some(member) => {
                let evaluated = self.evaluate(&member.value);
                match &evaluated.data {
                    Data::Object(_) => Value {
                        origin: crate::value::Origin::at(key),
                        ..evaluated
                    },
                    Data::Null => Value::object(Members::default(), key),
                    Data::Unknown(_) | Data::Choice(_) => evaluated,
                    _ => {
                        invalid(
                            member.key,
                            format!("`Properties` of `{name}` must be a mapping"),
                        );
                        return None;
                    }
                }
            }
        };
        Some(DeclaredResource {
            address: name.clone(),
            native_kind: kind.into(),
            module: "".into(),
            body: properties,
            header: key,
            block: key.to(value.span()),
            exists,
            is_symbolic: false,
        })
    }

    /// The condition of a resource or output.
    fn existence(&self, value: &Value) -> Guard {
        let Some(condition) = value
            .as_object()
            .and_then(|object| object.members().get("Condition"))
        else {
            return Guard::Always;
        };
        match condition.value.as_str() {
            Some(name) => self.condition(name, condition.value.span()),
            None => Guard::Always,
        }
    }

    /// Notes a diagnostic once.
    fn say(&self, diagnostic: Diagnostic) {
        let key = (
            diagnostic.span.unwrap_or(Span::NONE),
            diagnostic.message.clone(),
        );
        if self.said.borrow_mut().insert(key) {
            self.diagnostics.borrow_mut().push(diagnostic);
        }
    }

    /// An error in an expression: unknown, and said.
    fn invalid(&self, place: Span, message: impl Into<String>, hint: Option<String>) -> Value {
        let message = message.into();
        let reason = Reason::Invalid(message.as_str().into());
        let mut diagnostic = Diagnostic::error("invalid_expression", place, message);
        diagnostic.hint = hint;
        self.say(diagnostic);
        Value::unknown(reason, place)
    }

    /// What is meant by a name that nothing has.
    fn suggestion(&self, name: &str) -> Option<String> {
        did_you_mean(
            name,
            self.parameters
                .keys()
                .chain(self.resources.keys())
                .map(|known| &**known),
        )
    }
}

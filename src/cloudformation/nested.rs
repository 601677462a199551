//! Nested stacks: the template that a stack resource names, evaluated with the parameters that it passes.

use std::rc::Rc;
use std::sync::Arc;

use super::Template;
use super::parameters::Given;
use super::recognise::asset;
use crate::declared::DeclaredResource;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::value::{Guard, Reason, Step, Value};

/// Stacks within each other.
const DEEPEST: usize = 8;

/// What a nested stack comes to.
#[derive(Debug)]
pub(super) struct Nested {
    /// Its resources, under addresses seen from the root.
    pub(super) resources: Vec<DeclaredResource>,
    /// What its rules demand where it exists.
    constraint: Guard,
    outputs: Vec<(Arc<str>, Value)>,
}

impl Template<'_> {
    /// The nested stack that the resource `name` makes; none if it is no such resource or its template is not here.
    pub(super) fn nested(&self, name: &Arc<str>) -> Option<Rc<Nested>> {
        if let Some(known) = self.nested.borrow().get(name) {
            return known.clone();
        }
        // While it is evaluated it counts as not there: its parameters cannot depend on its own outputs.
        self.nested.borrow_mut().insert(name.clone(), None);
        let nested = self.evaluate_nested(name).map(Rc::new);
        self.nested
            .borrow_mut()
            .insert(name.clone(), nested.clone());
        nested
    }

    /// An output of a nested stack, read at `place`.
    pub(super) fn nested_output(&self, name: &str, output: &str, place: Span) -> Option<Value> {
        let (name, _) = self.resources.get_key_value(name)?;
        let nested = self.nested(name)?;
        let found = nested.outputs.iter().find(|(known, _)| **known == *output);
        match found {
            Some((_, value)) if value.span().is_written() => {
                Some(value.read_at(place, Step::Output(output.into())))
            }
            Some((_, value)) => Some(value.clone().moved_to(place)),
            None => {
                let message = format!("the template of `{name}` has no output `{output}`");
                let names = nested.outputs.iter().map(|(known, _)| &**known);
                let hint = crate::diagnostic::did_you_mean(output, names);
                Some(self.invalid(place, message, hint))
            }
        }
    }

    fn evaluate_nested(&self, name: &Arc<str>) -> Option<Nested> {
        let resource = &self.resources.get(name)?.value;
        if resource.member("Type")?.as_str()? != "AWS::CloudFormation::Stack" {
            return None;
        }
        let properties = resource.member("Properties")?;
        let location = match asset(resource) {
            Some(asset) => asset,
            None => self.evaluate(&properties.member("TemplateURL")?),
        };
        let path = self.local_path(location.as_str()?)?;
        if self.context.files.kind(&path).is_none() {
            self.say(
                Diagnostic::warning(
                    "missing_file",
                    location.span(),
                    format!("the template `{path}` is not there"),
                )
                .hint("the resources of this nested stack are not analysed"),
            );
            return None;
        }
        if self.chain.len() >= DEEPEST || self.chain.contains(&path) {
            self.say(
                Diagnostic::error(
                    "limit",
                    location.span(),
                    format!("`{path}` is nested in itself or too deep"),
                )
                .hint("this nested stack is not analysed")
                .incomplete(),
            );
            return None;
        }
        let root = self.context.parsed(&path)?;
        let parameters = properties.member("Parameters").map(|p| self.evaluate(&p));
        let given = parameters
            .iter()
            .flat_map(Value::entries)
            .map(|(name, value)| {
                let step = Step::Argument(name.clone());
                (name.clone(), Given { value, step })
            })
            .collect();
        let mut chain = self.chain.clone();
        chain.push(path.clone());
        let scope = self.address(name);
        let template = Template::new(self.context, &root, path.into(), scope, given, chain)?;
        template.note_exports();
        let exists = self.existence(resource);
        let (mut resources, _) = template.declared_resources();
        for resource in &mut resources {
            resource.exists = exists.clone().and(resource.exists.clone());
        }
        resources.retain(|resource| resource.exists.is_possible());
        let outputs = template
            .outputs
            .iter()
            .map(|(name, member)| (name.clone(), template.output_value(member)))
            .collect();
        Some(Nested {
            resources,
            constraint: (!exists).or(template.demands()),
            outputs,
        })
    }

    /// What holds in every deployment: what the rules of this template demand, and those of the stacks in it.
    pub(super) fn demands(&self) -> Guard {
        let nested = self.nested.borrow();
        let nested = nested.values().flatten();
        nested.fold(self.constraint.clone(), |all, nested| {
            all.and(nested.constraint.clone())
        })
    }

    /// The address of a resource of this template, seen from the root.
    pub(super) fn address(&self, name: &str) -> Arc<str> {
        if self.scope.is_empty() {
            name.into()
        } else {
            format!("{}/{name}", self.scope).into()
        }
    }

    /// A value that a macro would make.
    pub(super) fn made_by_macro(&self, place: Span) -> Value {
        Value::unknown(
            Reason::Depends("what the template's macros make".into()),
            place,
        )
    }
}

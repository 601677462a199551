//! What templates export to each other: a first pass over those that export, and the names that imports are looked up by.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html>

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use super::{Context, Template, on_large_stack};
use crate::declared::Language;
use crate::diagnostic::Diagnostic;
use crate::project::{Export, Inputs, Stack};
use crate::source::{Files, SourceMap, Span};
use crate::value::{Data, Reason, Segment, Step, Subject, Text, Unknown, Value};

/// What is the same for all stacks that can import from each other: exports belong to an account and a region.
const SHARED: [&str; 4] = [
    "AWS::Region",
    "AWS::AccountId",
    "AWS::Partition",
    "AWS::URLSuffix",
];

/// What the templates among `stacks` export under their `inputs`, in order of the stacks; nothing if none of them imports. What is wrong with
/// them is left to be said by [`super::load`].
pub fn exports(
    files: &dyn Files,
    sources: &SourceMap,
    stacks: &[Stack],
    inputs: &(dyn Fn(&Stack) -> Inputs + Sync),
) -> Vec<Export> {
    let texts: Vec<(&Stack, String)> = stacks
        .par_iter()
        .filter(|stack| stack.language == Language::CloudFormation)
        .filter_map(|stack| {
            let bytes = files.read(&stack.path).ok()?;
            Some((stack, String::from_utf8_lossy(&bytes).into_owned()))
        })
        .collect();
    // Templates that are nested or included may be those that import.
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let nesting = [
        "TemplateURL",
        "AWS::Serverless::Application",
        "AWS::Include",
    ];
    let may_import = |text: &str| text.contains("ImportValue") || has(text, &nesting);
    if !texts.iter().any(|(_, text)| may_import(text)) {
        return Vec::new();
    }
    let found: Vec<Vec<Export>> = texts
        .par_iter()
        .filter(|(_, text)| text.contains("Export") || has(text, &nesting))
        .map(|(stack, _)| {
            // A fault of ours is told when the stack is loaded.
            let found = AssertUnwindSafe(|| of_stack(files, sources, stack, &inputs(stack)));
            catch_unwind(found).unwrap_or_default()
        })
        .collect();
    found.into_iter().flatten().collect()
}

fn of_stack(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Vec<Export> {
    on_large_stack(|| {
        let context = Context::new(files, sources, inputs);
        if let Some(template) = context.root_template(stack) {
            template.note_exports();
            for name in template.resources.keys() {
                template.nested(name);
            }
        }
        context.exports.into_inner()
    })
}

impl Template<'_> {
    /// Notes what the template exports. Names that only a deployment knows are left out.
    pub(super) fn note_exports(&self) {
        for (output, member) in &self.outputs {
            let name = member.value.member("Export").and_then(|e| e.member("Name"));
            let Some(name) = name.and_then(|name| name_of(&self.evaluate(&name))) else {
                continue;
            };
            if !self.can_be(&self.existence(&member.value)) {
                continue;
            }
            let value = public(&self.output_value(member), &name);
            self.context.exports.borrow_mut().push(Export {
                name: name.into(),
                value,
                template: self.path.clone(),
                output: output.clone(),
                header: member.key,
            });
        }
    }

    /// The value that is exported under a name, read at `place`.
    pub(super) fn exported(&self, name: &Value, place: Span) -> Option<Value> {
        let exports = &self.context.inputs.exports;
        if exports.is_empty() {
            return None;
        }
        let name = name_of(name)?;
        let mut found = exports.iter().filter(|export| *export.name == *name);
        let first = found.next()?;
        let others: Vec<&Export> = found.collect();
        if let Some(other) = others.iter().find(|one| one.template != first.template) {
            self.say(
                Diagnostic::warning(
                    "ambiguous_import",
                    place,
                    format!("`{name}` is exported by more than one template"),
                )
                .label(first.header, "by this one")
                .label(other.header, "and by this one")
                .hint("its value is unknown; scan only templates that are deployed together"),
            );
            return None;
        }
        // Under conditions one template may export one name in several ways.
        if others.iter().any(|one| !one.value.is_same(&first.value)) {
            return None;
        }
        Some(match first.value.span().is_written() {
            true => first
                .value
                .read_at(place, Step::Output(first.output.clone())),
            false => first.value.clone().moved_to(place),
        })
    }
}

/// A name as importing templates write it, if no more than the region and the account are left open in it.
fn name_of(name: &Value) -> Option<String> {
    let mut written = String::new();
    for segment in name.as_text()?.segments().iter() {
        match segment {
            Segment::Literal(text) => written.push_str(text),
            Segment::Hole(hole) => written.push_str(&format!("${{{}}}", shared(hole)?)),
        }
    }
    Some(written)
}

fn shared(unknown: &Unknown) -> Option<&str> {
    match &unknown.reason {
        Reason::Environment(name) => SHARED.contains(&&**name).then_some(name),
        _ => None,
    }
}

/// A value as others see it: references and conditions mean nothing outside their own template.
fn public(value: &Value, name: &str) -> Value {
    let hidden = || Value {
        data: Data::Unknown(Arc::new(foreign(name))),
        ..value.clone()
    };
    match &value.data {
        Data::Unknown(unknown) if shared(unknown).is_some() => value.clone(),
        Data::Text(text) if text.has_holes() => {
            let segments = text.segments();
            let segments = segments.iter().map(|segment| match segment {
                Segment::Hole(hole) if shared(hole).is_none() => {
                    Segment::Hole(Arc::new(Unknown::because(Reason::Import(name.into()))))
                }
                segment => segment.clone(),
            });
            let pieces = text.pieces().to_vec();
            Value {
                data: Data::Text(Text::build(segments.collect(), None, pieces)),
                ..value.clone()
            }
        }
        Data::Text(_) | Data::Bool(_) | Data::Number(_) => value.clone(),
        _ => hidden(),
    }
}

/// A value of another stack. Two imports of one name agree.
pub(super) fn foreign(name: &str) -> Unknown {
    Unknown {
        subject: Some(Arc::new(Subject::opaque("", format!("import {name}")))),
        is_never_null: true,
        ..Unknown::because(Reason::Import(name.into()))
    }
}

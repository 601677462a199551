//! What a block may hold, by the schema of its type, and what is wrong with what it holds.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::normal::Change;
use super::schema::{self, Mode, Nesting};
use super::syntax::{self, Attribute};
use super::types::{self, Type};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;
use crate::value::{Attributes, Data, List, Members, Reason, Text, Value};
use crate::yaml::json;

/// A block whose arguments are evaluated.
#[derive(Clone, Copy)]
pub(super) struct Place<'s> {
    /// What it may hold.
    pub shape: Shape<'s>,
    /// Whether the schema is that of the provider that is meant: what it does not have is then a fault.
    pub is_exact: bool,
    /// Whether it is a resource itself, which has arguments of Terraform's.
    pub is_top: bool,
    /// What names it.
    pub header: Span,
}

/// What may stand in a block.
#[derive(Clone, Copy)]
pub(super) enum Shape<'s> {
    /// Anything: its type is not known.
    Any,
    /// What a type or a nested block may have.
    Body(&'s schema::Body),
    /// The attributes of an object, written as a block.
    Object(&'s Attributes),
}

impl<'s> Place<'s> {
    /// A block of which nothing is known.
    pub(super) fn unknown(header: Span, is_top: bool) -> Place<'s> {
        Place {
            shape: Shape::Any,
            is_exact: false,
            is_top,
            header,
        }
    }

    /// A block in this one.
    pub(super) fn inner(&self, keyword: &str, header: Span) -> Place<'s> {
        let shape = match self.shape {
            Shape::Any => Shape::Any,
            Shape::Body(body) => match (body.blocks.get(keyword), body.attributes.get(keyword)) {
                (Some(nested), _) => Shape::Body(&nested.body),
                (None, Some(attribute)) => objects(&attribute.of),
                (None, None) => Shape::Any,
            },
            Shape::Object(attributes) => match attributes.get(keyword) {
                Some(attribute) => objects(&attribute.of),
                None => Shape::Any,
            },
        };
        Place {
            shape,
            is_top: false,
            header,
            ..*self
        }
    }

    /// The value of an argument as its type has it; what is wrong with it is given to `say`.
    pub(super) fn argument(
        &self,
        attribute: &Attribute,
        value: Value,
        say: &mut dyn FnMut(Diagnostic),
    ) -> Value {
        let name = &*attribute.name;
        let (of, mode) = match self.shape {
            Shape::Any => return value,
            Shape::Body(body) => match (body.attributes.get(name), body.blocks.get(name)) {
                (Some(argument), _) => (&argument.of, argument.mode),
                (None, nested) => {
                    if self.is_exact {
                        let mut diagnostic = Diagnostic::error(
                            "unsupported_argument",
                            attribute.name_span,
                            format!("there is no argument `{name}` here"),
                        );
                        diagnostic.hint = match nested {
                            Some(_) => Some(format!("write it as a block: `{name} {{ … }}`")),
                            None => did_you_mean(name, arguments(body)),
                        };
                        say(diagnostic);
                    }
                    return value;
                }
            },
            Shape::Object(attributes) => match attributes.get(name) {
                Some(argument) => (&argument.of, Mode::Optional),
                None => {
                    if self.is_exact {
                        let mut diagnostic = Diagnostic::error(
                            "unsupported_argument",
                            attribute.name_span,
                            format!("there is no argument `{name}` here"),
                        );
                        diagnostic.hint =
                            did_you_mean(name, attributes.keys().map(|known| &**known));
                        say(diagnostic);
                    }
                    return value;
                }
            },
        };
        // The older framework has no way to say that the identity cannot be set.
        let is_identity = name == "id"
            && self.is_top
            && matches!(self.shape, Shape::Body(body) if body.is_legacy);
        if mode == Mode::Computed || is_identity {
            if self.is_exact {
                let message = format!("`{name}` cannot be set: the provider decides it");
                say(
                    Diagnostic::error("unsupported_argument", attribute.name_span, message)
                        .hint("remove it"),
                );
            }
            return value;
        }
        if let Some(wrong) = self.refused(name, of, &value) {
            let span = attribute.value.span;
            say(Diagnostic::error("invalid_value", span, wrong));
        }
        match types::convert(&value, of, attribute.value.span) {
            Ok(value) => value,
            Err(why) if self.is_exact => {
                let span = attribute.value.span;
                let message = format!("this does not fit `{name}`: {why}");
                say(Diagnostic::error("invalid_value", span, message));
                Value::unknown(Reason::Invalid(why.into()), span)
            }
            Err(_) => value,
        }
    }

    /// What the provider has against a value beyond its type.
    fn refused(&self, name: &str, of: &Type, value: &Value) -> Option<String> {
        if !self.is_exact {
            return None;
        }
        let Shape::Body(body) = self.shape else {
            return None;
        };
        let argument = body.attributes.get(name)?;
        if let (Some(Change::Document | Change::Policy), Some(text)) =
            (argument.change, value.as_str())
            && (name == "policy" || name.ends_with("_policy"))
            && !text.is_empty()
        {
            let document = json::decode(&Text::new(text), value.span());
            let is_object = document.is_ok_and(|document| document.as_object().is_some());
            return (!is_object).then(|| format!("`{name}` must be a JSON object"));
        }
        // Written as blocks, objects may lack attributes; written as objects, they may not.
        let (Type::List(objects) | Type::Set(objects)) = of else {
            return None;
        };
        let Type::Object(attributes) = &**objects else {
            return None;
        };
        let list = value.as_list()?;
        let complete = list.items().iter().filter_map(Value::as_object);
        let mut missing = complete
            .filter(|object| object.more().is_none())
            .filter_map(|object| {
                let mut names = attributes.keys();
                names.find(|name| object.get(name).is_none())
            });
        missing
            .next()
            .map(|missing| format!("`{missing}` is missing in an element of `{name}`"))
    }

    /// Says what is wrong with the names in a block that is not evaluated: there are no instances of it.
    pub(super) fn check_names(
        &self,
        body: &syntax::Body,
        is_meta: &dyn Fn(&str) -> bool,
        say: &mut dyn FnMut(Diagnostic),
    ) {
        let mut written = Members::default();
        for attribute in &body.attributes {
            if !(self.is_top && is_meta(&attribute.name)) {
                let unknown = Value::unknown(Reason::Instances, attribute.value.span);
                self.argument(attribute, unknown.clone(), say);
                written.insert(attribute.name.clone(), unknown.into());
            }
        }
        for block in &body.blocks {
            let is_dynamic = &*block.keyword == "dynamic";
            let keyword = match is_dynamic {
                true => block.label(0),
                false => block.keyword.clone(),
            };
            if self.is_top && is_meta(&keyword) {
                continue;
            }
            let unknown = Value::unknown(Reason::Instances, block.header);
            self.blocks(&keyword, unknown.clone(), say);
            written.insert(keyword.clone(), unknown.into());
            let inner = self.inner(&keyword, block.header);
            if is_dynamic {
                for content in block.body.blocks_named("content") {
                    inner.check_names(&content.body, is_meta, say);
                }
            } else {
                inner.check_names(&block.body, is_meta, say);
            }
        }
        self.check_complete(&written, say);
    }

    /// The blocks of one keyword, each once if they are a set; what is wrong with them is given to `say`.
    pub(super) fn blocks(
        &self,
        keyword: &str,
        value: Value,
        say: &mut dyn FnMut(Diagnostic),
    ) -> Value {
        let refused = match self.shape {
            Shape::Any => return value,
            Shape::Body(body) => match (body.blocks.get(keyword), body.attributes.get(keyword)) {
                (Some(nested), _) => {
                    self.count(keyword, nested, &value, say);
                    return match nested.nesting {
                        Nesting::Set => distinct(value),
                        Nesting::List | Nesting::Single => value,
                    };
                }
                (None, Some(attribute)) if attribute.as_blocks().is_some() => {
                    return match attribute.of {
                        Type::Set(_) => distinct(value),
                        _ => value,
                    };
                }
                (None, Some(_)) => Some(format!("write it as an argument: `{keyword} = …`")),
                (None, None) => did_you_mean(keyword, body.blocks.keys().map(|known| &**known)),
            },
            Shape::Object(attributes) => match attributes.get(keyword) {
                Some(_) => return value,
                None => did_you_mean(keyword, attributes.keys().map(|known| &**known)),
            },
        };
        if self.is_exact {
            let message = format!("there are no blocks `{keyword}` here");
            let mut diagnostic = Diagnostic::error("unsupported_block", value.span(), message);
            diagnostic.hint = refused;
            say(diagnostic);
        }
        value
    }

    fn count(
        &self,
        keyword: &str,
        nested: &schema::Nested,
        blocks: &Value,
        say: &mut dyn FnMut(Diagnostic),
    ) {
        let Some(list) = blocks.as_list() else {
            return;
        };
        let is_certain = |block: &&Value| !matches!(block.data, Data::Choice(_));
        let certain = list.items().iter().filter(is_certain).count();
        let is_all = list.more().is_none() && certain == list.items().len();
        let most = match nested.nesting {
            Nesting::Single => Some(1),
            Nesting::List | Nesting::Set => nested.most,
        };
        let wrong = match most {
            Some(most) if certain > most => format!("at most {most}"),
            _ if is_all && certain < nested.least => format!("at least {}", nested.least),
            _ => return,
        };
        if self.is_exact {
            let message =
                format!("there must be {wrong} `{keyword}` here, and there are {certain}");
            say(Diagnostic::error("block_count", blocks.span(), message));
        }
    }

    /// Says which arguments and blocks are missing.
    pub(super) fn check_complete(&self, members: &Members, say: &mut dyn FnMut(Diagnostic)) {
        let Shape::Body(body) = self.shape else {
            return;
        };
        if !self.is_exact {
            return;
        }
        for (name, attribute) in &body.attributes {
            let is_set = members
                .get(name)
                .is_some_and(|member| !member.value.is_null());
            if attribute.mode == Mode::Required && !is_set {
                say(Diagnostic::error(
                    "missing_argument",
                    self.header,
                    format!("`{name}` must be set here"),
                ));
            }
        }
        for (keyword, nested) in &body.blocks {
            if nested.least > 0 && !members.contains_key(keyword) {
                say(Diagnostic::error(
                    "missing_block",
                    self.header,
                    format!("there must be a block `{keyword}` here"),
                ));
            }
        }
    }
}

/// Arguments that may be set.
fn arguments(body: &schema::Body) -> impl Iterator<Item = &str> {
    let settable =
        |(_, attribute): &(&Arc<str>, &schema::Attribute)| attribute.mode != Mode::Computed;
    let arguments = body.attributes.iter().filter(settable);
    arguments.map(|(name, _)| &**name)
}

fn objects(of: &Type) -> Shape<'_> {
    match of {
        Type::List(of) | Type::Set(of) => match &**of {
            Type::Object(attributes) => Shape::Object(attributes),
            _ => Shape::Any,
        },
        _ => Shape::Any,
    }
}

/// Blocks of a set: those that are the same are one.
fn distinct(blocks: Value) -> Value {
    let Some(list) = blocks.as_list().filter(|list| list.items().len() > 1) else {
        return blocks;
    };
    let mut seen = FxHashSet::default();
    let items: Vec<Value> = list
        .items()
        .iter()
        .filter(|block| {
            let mut bytes = Vec::new();
            !types::hash_bytes(block, &mut bytes) || seen.insert(bytes)
        })
        .cloned()
        .collect();
    let list = match list.more() {
        Some(why) => List::open(list.kind(), items, why.clone()),
        None => List::new(list.kind(), items),
    };
    Value {
        data: Data::List(list),
        ..blocks
    }
}

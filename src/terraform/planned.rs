//! A resource as expressions see it: its arguments and its type in, any of its attributes out.
//!
//! What is not set is what the provider plans for it: nothing, a default, or unknown until it is applied.

use std::sync::Arc;

use super::evaluate::part_of;
use super::schema::{Attribute, Body, Mode, Nested, Nesting, Unset};
use super::types::{self, Type};
use crate::source::Span;
use crate::value::{
    Alternative, Attributes, Data, List, ListKind, Member, Members, Object, ObjectKind, Unknown,
    Value,
};

/// How to look at a resource instance.
pub(super) struct View<'v> {
    /// Its type.
    pub schema: &'v Body,
    /// What stands for all of it that is not known.
    pub unknown: &'v Unknown,
    /// Whether it is looked up: what is not set may then be found.
    pub is_data: bool,
    /// Where it is declared.
    pub place: Span,
}

impl View<'_> {
    /// One attribute or the nested blocks of one keyword; none if the type has no such thing.
    pub(super) fn attribute(&self, members: &Members, name: &str) -> Option<Value> {
        self.part(self.schema, members, name, name)
    }

    /// All of it.
    pub(super) fn object(&self, members: &Members) -> Value {
        Value::object(self.members(self.schema, members, ""), self.place)
    }

    fn members(&self, body: &Body, members: &Members, path: &str) -> Members {
        let names = body.attributes.keys().chain(body.blocks.keys());
        let parts = names.filter_map(|name| {
            let value = self.part(body, members, name, &format!("{path}{name}"))?;
            let key = members.get(name).map_or(Span::NONE, |member| member.key);
            Some((name.clone(), Member { key, value }))
        });
        parts.collect()
    }

    fn part(&self, body: &Body, members: &Members, name: &str, path: &str) -> Option<Value> {
        let written = members.get(name).map(|member| &member.value);
        // Where the provider has no default tags, those of the resource are all.
        let written = match (written, path) {
            (None, "tags_all") => members.get("tags").map(|tags| &tags.value),
            _ => written,
        };
        let written = written.filter(|value| !value.is_null());
        if let Some(attribute) = body.attributes.get(name) {
            let value = match written {
                Some(value) => completed(value, &attribute.of),
                None => self.unset(attribute, path),
            };
            return Some(value.sensitive_if(attribute.is_sensitive));
        }
        let nested = body.blocks.get(name)?;
        Some(match written {
            Some(blocks) => self.blocks(nested, blocks, path),
            None if nested.is_computed => self.decided(path, nested.value_type()),
            None => {
                let of = nested.body.value_type().clone();
                match nested.list_kind() {
                    Some(kind) => {
                        let none = List::typed(kind, of, Vec::new());
                        Value::new(Data::List(none), self.place)
                    }
                    None => Value::null_of(of, self.place),
                }
            }
        })
    }

    /// What the provider decides.
    fn decided(&self, path: &str, of: Type) -> Value {
        let mut part = part_of(self.unknown, Some(path));
        Arc::make_mut(&mut part).of = Some(Arc::new(of));
        Value::new(Data::Unknown(part), self.place)
    }

    fn unset(&self, attribute: &Attribute, path: &str) -> Value {
        let of = || attribute.of.of_values();
        match &attribute.unset {
            Unset::Null if self.is_data && attribute.mode == Mode::Optional => {
                self.decided(path, of())
            }
            Unset::Null => Value::null_of(Arc::new(of()), self.place),
            Unset::Unknown => self.decided(path, of()),
            Unset::Default(value) => value.clone().moved_to(self.place),
        }
    }

    fn blocks(&self, nested: &Nested, blocks: &Value, path: &str) -> Value {
        let Data::List(list) = &blocks.data else {
            return blocks.clone();
        };
        let items: Vec<Value> = blocks
            .elements()
            .enumerate()
            .map(|(index, block)| match nested.nesting {
                Nesting::Single => self.block(nested, &block, path),
                _ => self.block(nested, &block, &format!("{path}[{index}]")),
            })
            .collect();
        match nested.nesting {
            Nesting::Single => items.into_iter().next().unwrap_or_else(|| blocks.clone()),
            Nesting::List => relisted(blocks, list, ListKind::List, items),
            Nesting::Set => relisted(blocks, list, ListKind::Set, types::set_of(items)),
        }
    }

    fn block(&self, nested: &Nested, block: &Value, path: &str) -> Value {
        let data = match &block.data {
            Data::Object(object) => {
                let members = self.members(&nested.body, object.members(), &format!("{path}."));
                Data::Object(Object::new(ObjectKind::Object, members))
            }
            // Whether there is such a block depends on conditions.
            Data::Choice(alternatives) => {
                let alternatives = alternatives.iter().map(|part| Alternative {
                    guard: part.guard.clone(),
                    value: self.block(nested, &part.value, path),
                });
                Data::Choice(alternatives.collect())
            }
            data => data.clone(),
        };
        Value {
            data,
            ..block.clone()
        }
    }
}

fn relisted(value: &Value, list: &List, kind: ListKind, items: Vec<Value>) -> Value {
    let list = match list.more() {
        Some(why) => List::open(kind, items, why.clone()),
        None => List::new(kind, items),
    };
    Value {
        data: Data::List(list),
        ..value.clone()
    }
}

/// The value of an argument with all that its type has: objects that were written as blocks may lack attributes.
fn completed(value: &Value, of: &Type) -> Value {
    let (kind, attributes) = match of {
        Type::List(of) => (ListKind::List, &**of),
        Type::Set(of) => (ListKind::Set, &**of),
        _ => return value.clone(),
    };
    let (Type::Object(attributes), Data::List(list)) = (attributes, &value.data) else {
        return value.clone();
    };
    let items = value.elements().map(|item| complete(&item, attributes));
    let items = match kind {
        ListKind::Set => types::set_of(items.collect()),
        _ => items.collect(),
    };
    relisted(value, list, kind, items)
}

fn complete(item: &Value, attributes: &Attributes) -> Value {
    let data = match &item.data {
        Data::Object(object) => {
            let members = attributes.iter().map(|(name, attribute)| {
                let written = object.members().get(name);
                let written = written.filter(|member| !member.value.is_null());
                let key = written.map_or(Span::NONE, |member| member.key);
                let value = match (written, &attribute.default) {
                    (Some(member), _) => completed(&item.seen(&member.value), &attribute.of),
                    (None, Some(default)) => default.clone().moved_to(item.span()),
                    (None, None) => Value::null_of(Arc::new(attribute.of.of_values()), item.span()),
                };
                (name.clone(), Member { key, value })
            });
            Data::Object(Object::new(ObjectKind::Object, members.collect()))
        }
        Data::Choice(alternatives) => {
            let alternatives = alternatives.iter().map(|part| Alternative {
                guard: part.guard.clone(),
                value: complete(&part.value, attributes),
            });
            Data::Choice(alternatives.collect())
        }
        data => data.clone(),
    };
    Value {
        data,
        ..item.clone()
    }
}

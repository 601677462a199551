//! Messages: parts with holes and what is to blame in, one line for people out.

use std::sync::Arc;

use super::clause::{Hole, Message, Part};
use super::judge::{Case, Fault};
use super::place;
use crate::jsonpath::{Key, Query};
use crate::model::Resource;
use crate::value::{Data, Reason, Value};

/// Characters of a value that are shown.
const LONGEST_VALUE: usize = 80;

/// Shown for what is not there.
pub(super) const NOT_SET: &str = "not set";

/// Shown for what is not known and has no name.
const UNKNOWN: &str = "?";

/// What the holes of a message are filled from.
pub(super) struct Filling<'f, 'd, 'w> {
    /// The document.
    pub case: &'f Case<'d, 'w>,
    /// The resource that it is of.
    pub resource: &'f Resource,
    /// The resource that the fault is written in.
    pub owner: &'f Resource,
    /// What is wrong.
    pub fault: &'f Fault,
    /// Its path in the words of its language.
    pub path: &'f str,
    /// The properties of the resource that the fault's trace leads to.
    pub properties: &'f Value,
}

/// A message as far as its holes could be filled.
pub(super) struct Filled {
    pub text: String,
    /// Whether every hole says something: none is missing or wholly unknown.
    pub is_complete: bool,
}

/// Fills a message.
pub(super) fn fill(message: &Message, from: &Filling<'_, '_, '_>) -> Filled {
    let mut text = String::new();
    let mut is_complete = true;
    let is_own = from.owner.id == from.resource.id;
    for part in &message.parts {
        match part {
            Part::Text(known) => text.push_str(known),
            Part::Hole(hole, _) => {
                let hole = from.hole(hole);
                // A resource that is to blame for itself is one whose link leads out of the code.
                let is_itself = matches!(part, Part::Hole(Hole::Owner, _)) && is_own;
                is_complete &= hole != UNKNOWN && hole != NOT_SET && !is_itself;
                text.push_str(&hole);
            }
        }
    }
    Filled { text, is_complete }
}

impl Filling<'_, '_, '_> {
    fn hole(&self, hole: &Hole) -> String {
        match hole {
            Hole::Resource => self.resource.address.to_string(),
            Hole::Owner => self.owner.address.to_string(),
            Hole::Path => self.path.to_owned(),
            Hole::Value(names) if names.is_empty() => text_of(self.fault, self.owner),
            Hole::Value(names) => {
                let value = if self.fault.is_resource() {
                    Some(self.properties)
                } else {
                    self.fault.value.as_ref()
                };
                self.member(value, names)
            }
            Hole::Parent(names) => self.member(self.parent().as_ref(), names),
            Hole::Query(query) => self.queried(query),
        }
    }

    fn queried(&self, query: &Query) -> String {
        self.case
            .value(query)
            .map_or_else(|| NOT_SET.to_owned(), |value| shown(&value))
    }

    fn member(&self, value: Option<&Value>, names: &[Arc<str>]) -> String {
        let Some(value) = value else {
            return NOT_SET.to_owned();
        };
        let mut at = value.in_world(self.case.world);
        for name in names {
            at = match (at.member(name), &at.data) {
                (Some(member), _) => member.in_world(self.case.world),
                (None, Data::Unknown(_)) => at,
                // What may be there beside the known elements.
                (None, Data::List(list)) if list.more().is_some() => return UNKNOWN.to_owned(),
                (None, _) => return NOT_SET.to_owned(),
            };
        }
        shown(&at)
    }

    /// The object that the fault sits in.
    fn parent(&self) -> Option<Value> {
        let fault = self.fault;
        let mut at = if fault.rest.is_empty() {
            fault.trace.parent.clone()?
        } else {
            fault.trace.clone()
        };
        loop {
            if at.key == Key::Root {
                return Some(self.properties.clone());
            }
            match &at.value {
                Some(value) if value.as_list().is_none() => return Some(value.clone()),
                _ => at = at.parent.clone()?,
            }
        }
    }
}

/// What is wrong, for people.
pub(super) fn text_of(fault: &Fault, owner: &Resource) -> String {
    if fault.is_resource() {
        return owner.address.to_string();
    }
    match &fault.value {
        None => NOT_SET.to_owned(),
        Some(value) if place::is_secret(value) => {
            // The fact that finds secrets says what may be shown of them.
            value
                .member("masked")
                .map_or_else(|| "(hidden)".to_owned(), |masked| shown(&masked))
        }
        Some(value) if value.origin.is_default => format!("{} (default)", shown(value)),
        Some(value) if place::is_fact(fault) => shown(decisive(value).as_ref().unwrap_or(value)),
        Some(value) => shown(value),
    }
}

/// The member of a fact's entry for which it was made: what somebody wrote.
fn decisive(entry: &Value) -> Option<Value> {
    ["source", "arn", "value", "actions", "destination"]
        .iter()
        .find_map(|name| entry.member(name))
}

/// A value on one line, secrets hidden; several as people list them; what is not known by the name of what it depends on,
/// else as `?`.
pub(super) fn shown(value: &Value) -> String {
    let mut text = String::new();
    match value.as_list() {
        Some(list) if !value.is_sensitive && !list.items().is_empty() => {
            for (index, item) in list.items().iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write(item, false, &mut text);
            }
            if list.more().is_some() {
                text.push_str(", ?");
            }
        }
        _ => write(value, false, &mut text),
    }
    let mut characters = text.char_indices();
    match characters.nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn write(value: &Value, is_inside: bool, into: &mut String) {
    // Enough for what is shown at most.
    if into.len() > 8 * LONGEST_VALUE {
        return;
    }
    if value.is_sensitive {
        into.push_str("(hidden)");
        return;
    }
    match &value.data {
        Data::Null(_) => into.push_str(NOT_SET),
        Data::Bool(truth) => into.push_str(if *truth { "true" } else { "false" }),
        Data::Number(number) => into.push_str(&number.to_string()),
        Data::Text(text) => {
            let text = text.to_string();
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if is_inside || line.is_empty() {
                into.push('"');
                into.push_str(&line);
                into.push('"');
            } else {
                into.push_str(&line);
            }
        }
        Data::List(list) => {
            into.push('[');
            for (index, item) in list.items().iter().enumerate() {
                if index > 0 {
                    into.push_str(", ");
                }
                write(item, true, into);
            }
            if list.more().is_some() {
                into.push_str(if list.items().is_empty() { "?" } else { ", ?" });
            }
            into.push(']');
        }
        Data::Object(object) => {
            into.push('{');
            for (index, (name, member)) in object.members().iter().enumerate() {
                into.push_str(if index > 0 { ", " } else { " " });
                into.push_str(name);
                into.push_str(": ");
                write(&member.value, true, into);
            }
            into.push_str(if object.members().is_empty() {
                "}"
            } else {
                " }"
            });
        }
        Data::Unknown(unknown) => match (&unknown.reference, &unknown.reason) {
            (Some(reference), _) if !is_inside => {
                into.push_str(&reference.address);
                into.push('.');
                into.push_str(&reference.attribute);
            }
            (None, Reason::NoValue(name) | Reason::Data(name) | Reason::Import(name))
                if !is_inside =>
            {
                into.push_str(name);
            }
            (None, Reason::Computed(address, attribute)) if !is_inside => {
                into.push_str(address);
                into.push('.');
                into.push_str(attribute);
            }
            _ => into.push_str(UNKNOWN),
        },
        Data::Choice(alternatives) => {
            for (index, alternative) in alternatives.iter().enumerate() {
                if index > 0 {
                    into.push_str(" or ");
                }
                write(&alternative.value, is_inside, into);
            }
        }
    }
}

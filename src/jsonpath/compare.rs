//! Comparing values of which something may not be known.

use crate::value::{Certainty, Data, Unknown, Value, World};

/// Whether two values are equal: same type, deep, unsure where something unknown decides.
pub fn equals(a: &Value, b: &Value, world: &World) -> Certainty {
    match (&a.data, &b.data) {
        (Data::Choice(_), _) => agreed(a.settle(world).iter().map(|a| equals(a, b, world))),
        (_, Data::Choice(_)) => equals(b, a, world),
        (Data::Unknown(x), Data::Unknown(y)) => match (&x.reference, &y.reference) {
            (Some(x), Some(y)) if x.address.ends_with("[*]") || y.address.ends_with("[*]") => {
                Certainty::Unsure
            }
            (Some(x), Some(y)) if x == y => Certainty::Yes,
            (Some(x), Some(y)) if x.address != y.address && identifies(x) && identifies(y) => {
                Certainty::No
            }
            _ => Certainty::Unsure,
        },
        (Data::Unknown(unknown), _) => unknown_equals(unknown, b, world),
        (_, Data::Unknown(unknown)) => unknown_equals(unknown, a, world),
        (Data::Null(_), Data::Null(_)) => Certainty::Yes,
        (Data::Bool(a), Data::Bool(b)) => (a == b).into(),
        (Data::Number(a), Data::Number(b)) => (a == b).into(),
        (Data::Text(a), Data::Text(b)) => a.equals_text(b),
        (Data::List(x), Data::List(y)) => {
            let is_open = x.more().is_some() || y.more().is_some();
            if x.items().len() != y.items().len() && !is_open {
                return Certainty::No;
            }
            let all = x
                .items()
                .iter()
                .zip(y.items())
                .map(|(a, b)| equals(a, b, world))
                .fold(Certainty::Yes, Certainty::and);
            if is_open {
                all.and(Certainty::Unsure)
            } else {
                all
            }
        }
        (Data::Object(x), Data::Object(y)) => {
            let is_open = x.more().is_some() || y.more().is_some();
            let same = x.members().len() == y.members().len()
                && x.members().keys().all(|name| y.get(name).is_some());
            if !same && !is_open {
                return Certainty::No;
            }
            let all = x
                .members()
                .iter()
                .filter_map(|(name, member)| Some(equals(&member.value, y.get(name)?, world)))
                .fold(Certainty::Yes, Certainty::and);
            if is_open {
                all.and(Certainty::Unsure)
            } else {
                all
            }
        }
        _ => Certainty::No,
    }
}

fn identifies(reference: &crate::value::Reference) -> bool {
    matches!(&*reference.attribute, "id" | "arn" | "Ref" | "Arn")
}

/// A value of a known small set: what all of its members agree on.
fn unknown_equals(unknown: &Unknown, other: &Value, world: &World) -> Certainty {
    if unknown.allowed.is_empty() {
        return match (unknown.as_text(), &other.data) {
            (Some(own), Data::Text(text)) => own.equals_text(text),
            _ => Certainty::Unsure,
        };
    }
    agreed(
        unknown
            .allowed
            .iter()
            .map(|allowed| equals(allowed, other, world)),
    )
}

/// What all answers agree on, else unsure.
pub(super) fn agreed(mut answers: impl Iterator<Item = Certainty>) -> Certainty {
    let Some(first) = answers.next() else {
        return Certainty::Unsure;
    };
    if answers.all(|answer| answer == first) {
        first
    } else {
        Certainty::Unsure
    }
}

/// Whether `a < b`. Numbers and strings are ordered; anything else is not what its schema says, so unsure.
pub fn less(a: &Value, b: &Value, world: &World) -> Certainty {
    match (&a.data, &b.data) {
        (Data::Choice(_), _) => agreed(a.settle(world).iter().map(|a| less(a, b, world))),
        (_, Data::Choice(_)) => agreed(b.settle(world).iter().map(|b| less(a, b, world))),
        (Data::Number(a), Data::Number(b)) => (a < b).into(),
        (Data::Text(a), Data::Text(b)) => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => (a < b).into(),
            _ => Certainty::Unsure,
        },
        _ => Certainty::Unsure,
    }
}

/// Whether a list holds a value; *no* for an empty one, even if the value is unknown.
pub fn list_holds(list: &Value, value: &Value, world: &World) -> Certainty {
    match &list.data {
        Data::Choice(_) => agreed(
            list.settle(world)
                .iter()
                .map(|list| list_holds(list, value, world)),
        ),
        Data::List(items) => {
            let held = items
                .items()
                .iter()
                .map(|item| equals(item, value, world))
                .fold(Certainty::No, Certainty::or);
            if items.more().is_some() {
                held.or(Certainty::Unsure)
            } else {
                held
            }
        }
        Data::Unknown(_) => Certainty::Unsure,
        _ => Certainty::No,
    }
}

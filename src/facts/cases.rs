//! Reading what conditions decide, and building what facts show: cases with their guards, records, lists.

use std::sync::Arc;

use crate::source::Span;
use crate::value::{
    Alternative, Atom, Certainty, Data, Guard, List, ListKind, Member, Members, Number, Object,
    ObjectKind, Origin, Reason, Unknown, Value, World,
};

/// Undecided atoms in one value beyond which its cases are not told apart.
const MOST_ATOMS: usize = 4;

/// A value that holds under a condition which the world leaves open; [`Guard::Always`] if it is decided.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) guard: Guard,
    pub(super) value: Value,
}

/// The values that a value may be in `world`, choices inside of it decided. Null is left out.
pub(super) fn cases(value: &Value, world: &World) -> Vec<Case> {
    let value = value.in_world(world);
    if value.is_null() {
        return Vec::new();
    }
    let mut atoms: Vec<Atom> = Vec::new();
    value.atoms(&mut |atom| {
        let is_open = world.truth(&Guard::Is(atom.clone())).is_unsure();
        if is_open && !atoms.contains(atom) {
            atoms.push(atom.clone());
        }
    });
    if atoms.is_empty() {
        return vec![Case {
            guard: Guard::Always,
            value,
        }];
    }
    if atoms.len() > MOST_ATOMS {
        let why = Arc::new(Unknown::because(Reason::Limit(
            "conditions that decide one value",
        )));
        return vec![Case {
            guard: Guard::Always,
            value: unknown(&why, &value.origin),
        }];
    }
    let mut worlds = vec![world.clone()];
    for atom in &atoms {
        worlds = worlds
            .iter()
            .flat_map(|world| [world.with(atom, true), world.with(atom, false)])
            .flatten()
            .collect();
    }
    let of_atoms = |world: &World| {
        atoms.iter().fold(Guard::Always, |guard, atom| {
            let is = Guard::Is(atom.clone());
            match world.truth(&is) {
                Certainty::Yes => guard.and(is),
                Certainty::No => guard.and(!is),
                Certainty::Unsure => guard,
            }
        })
    };
    worlds
        .iter()
        .map(|world| Case {
            guard: of_atoms(world),
            value: value.in_world(world),
        })
        .filter(|case| !case.value.is_null())
        .collect()
}

fn alternatives(value: &Value, world: &World, guard: &Guard, into: &mut Vec<Case>) {
    match &value.data {
        Data::Choice(choices) => {
            for choice in choices.iter() {
                let inner = match world.truth(&choice.guard) {
                    Certainty::Yes => guard.clone(),
                    Certainty::Unsure => guard.clone().and(choice.guard.clone()),
                    Certainty::No => continue,
                };
                alternatives(&value.seen(&choice.value), world, &inner, into);
            }
        }
        Data::Null(_) => {}
        _ => into.push(Case {
            guard: guard.clone(),
            value: value.clone(),
        }),
    }
}

/// The alternatives of a value that `world` leaves open, choices inside of them untouched. Null is left out.
pub(super) fn possible(value: &Value, world: &World) -> Vec<Case> {
    let mut found = Vec::new();
    alternatives(value, world, &Guard::Always, &mut found);
    found
}

/// The elements of a value that is read as a list, and why there may be more.
#[derive(Clone, Debug, Default)]
pub(super) struct Elements {
    pub(super) items: Vec<Case>,
    pub(super) more: Option<Arc<Unknown>>,
}

/// The elements of a value that AWS reads as a list: one value counts as a list of one; so does an unknown one that names
/// something. Any other unknown value may be any list.
pub(super) fn elements(value: &Value, world: &World) -> Elements {
    elements_with(value, world, &cases)
}

/// The same, choices inside of the elements untouched.
pub(super) fn elements_as_written(value: &Value, world: &World) -> Elements {
    elements_with(value, world, &possible)
}

fn elements_with(
    value: &Value,
    world: &World,
    decide: &dyn Fn(&Value, &World) -> Vec<Case>,
) -> Elements {
    let mut found = Elements::default();
    for list in possible(value, world) {
        match &list.value.data {
            Data::Unknown(why) if !names_something(why) => {
                Unknown::keep(&mut found.more, why);
            }
            Data::List(items) => {
                if let Some(why) = items.more() {
                    Unknown::keep(&mut found.more, why);
                }
                for element in list.value.elements() {
                    found.add(&list.guard, decide(&element, world));
                }
            }
            _ => found.add(&list.guard, decide(&list.value, world)),
        }
    }
    found
}

/// Whether an unknown value is at least known to be one text: a name, an id, an ARN, an account, a region.
pub(super) fn names_something(unknown: &Arc<Unknown>) -> bool {
    if let Reason::Environment(what) = &unknown.reason {
        return !is_list(what);
    }
    unknown.reference.as_ref().is_some_and(|reference| {
        let attribute = reference.attribute.to_ascii_lowercase();
        let last = attribute.rsplit('.').next().unwrap_or(&attribute);
        ["arn", "id", "ref", "name", "url", "partition", "region"]
            .iter()
            .any(|word| last.ends_with(word))
    })
}

/// Whether what only a deployment knows is a list: all zones of a region, the topics that are told of a stack's events.
fn is_list(environment: &str) -> bool {
    matches!(environment, "availability zones" | "AWS::NotificationARNs")
}

impl Elements {
    fn add(&mut self, guard: &Guard, element: Vec<Case>) {
        for case in element {
            let guard = guard.clone().and(case.guard);
            self.items.push(Case {
                guard,
                value: case.value,
            });
        }
    }
}

/// An unknown value for a reason that was found elsewhere, at the place of what could not be read.
pub(super) fn unknown(why: &Arc<Unknown>, origin: &Origin) -> Value {
    let part = Unknown {
        allowed: Vec::new(),
        truth: None,
        reference: None,
        is_never_null: false,
        ..(**why).clone()
    };
    Value {
        data: Data::Unknown(Arc::new(part)),
        origin: origin.clone(),
        is_sensitive: false,
    }
}

/// Unknown because of what a value is.
pub(super) fn depends(on: &str, origin: &Origin) -> Value {
    let why = Arc::new(Unknown::because(Reason::Depends(on.into())));
    unknown(&why, origin)
}

/// A truth value; unknown for the given reason if it is unsure.
pub(super) fn truth(truth: Certainty, why: Option<&Arc<Unknown>>, origin: &Origin) -> Value {
    let data = match truth {
        Certainty::Yes => Data::Bool(true),
        Certainty::No => Data::Bool(false),
        Certainty::Unsure => {
            return match why {
                Some(why) => unknown(why, origin),
                None => depends("something that is not known", origin),
            };
        }
    };
    made(data, origin)
}

/// A value that was computed from what stands at `origin`.
pub(super) fn made(data: Data, origin: &Origin) -> Value {
    Value {
        data,
        origin: origin.clone(),
        is_sensitive: false,
    }
}

/// A text computed from what stands at `origin`.
pub(super) fn text(text: &str, origin: &Origin) -> Value {
    made(Data::Text(text.into()), origin)
}

/// A number computed from what stands at `origin`.
pub(super) fn number(number: i64, origin: &Origin) -> Value {
    made(Data::Number(number.into()), origin)
}

/// A list with the place of what it was computed from. Elements that exist in no world are left out.
pub(super) fn list(mut items: Vec<Value>, more: Option<Arc<Unknown>>, origin: &Origin) -> Value {
    items.retain(|item| !item.is_null());
    let list = match more {
        Some(why) => List::open(ListKind::Tuple, items, why),
        None => List::new(ListKind::Tuple, items),
    };
    made(Data::List(list), origin)
}

/// A value that is there only under a condition: a choice between it and null.
pub(super) fn under(guard: &Guard, value: Value) -> Value {
    if guard.is_always() {
        return value;
    }
    let site = value.span();
    let absent = Value::null(site);
    Value::choice(
        vec![
            Alternative {
                guard: guard.clone(),
                value,
            },
            Alternative {
                guard: !guard.clone(),
                value: absent,
            },
        ],
        site,
    )
}

/// An object under construction.
#[derive(Default)]
pub(super) struct Record(Members);

impl Record {
    pub(super) fn new() -> Record {
        Record::default()
    }

    /// Adds a member; null ones are left out.
    pub(super) fn put(&mut self, name: &str, value: Value) -> &mut Record {
        if !value.is_null() {
            self.0.insert(name.into(), Member::from(value));
        }
        self
    }

    pub(super) fn done(&mut self, origin: &Origin) -> Value {
        let object = Object::new(ObjectKind::Object, std::mem::take(&mut self.0));
        made(Data::Object(object), origin)
    }
}

/// The member of an object, null if it is absent; unknown if the object is or may have it.
pub(super) fn member(value: &Value, name: &str) -> Value {
    match &value.data {
        Data::Object(object) => match (value.member(name), object.more()) {
            (Some(member), _) => member,
            (None, Some(why)) => unknown(why, &value.origin),
            (None, None) => Value::null(value.span()),
        },
        Data::Unknown(why) => unknown(why, &value.origin),
        _ => Value::null(Span::NONE),
    }
}

/// A setting that holds under a condition, and what was set before where it does not.
pub(super) fn otherwise(guard: &Guard, setting: Value, earlier: Option<Value>) -> Value {
    if guard.is_always() {
        return setting;
    }
    let site = setting.span();
    let earlier = earlier.unwrap_or_else(|| Value::null(site));
    Value::choice(
        vec![
            Alternative {
                guard: guard.clone(),
                value: setting,
            },
            Alternative {
                guard: !guard.clone(),
                value: earlier,
            },
        ],
        site,
    )
}

/// A text that spells a truth value or a whole number as that: for services that take texts only.
pub(super) fn typed(value: &Value) -> Value {
    let text = match &value.data {
        Data::Text(text) => text.as_str(),
        Data::Unknown(unknown) if !unknown.allowed.is_empty() => {
            let typed = Unknown {
                allowed: unknown.allowed.iter().map(typed).collect(),
                ..(**unknown).clone()
            };
            return Value {
                data: Data::Unknown(Arc::new(typed)),
                ..value.clone()
            };
        }
        Data::Choice(alternatives) => {
            let typed = alternatives.iter().map(|alternative| Alternative {
                guard: alternative.guard.clone(),
                value: typed(&value.seen(&alternative.value)),
            });
            return Value::choice(typed.collect(), value.span());
        }
        _ => None,
    };
    let Some(text) = text else {
        return value.clone();
    };
    let is_number = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    let data = match text.to_ascii_lowercase().as_str() {
        "true" => Data::Bool(true),
        "false" => Data::Bool(false),
        digits if is_number => match Number::parse(digits) {
            Some(number) => Data::Number(number),
            None => return value.clone(),
        },
        _ => return value.clone(),
    };
    Value {
        data,
        ..value.clone()
    }
}

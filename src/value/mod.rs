//! Values: what an expression of either language is worth, where it was written, and what of it is not known.

mod certainty;
mod filling;
mod guard;
mod number;
mod origin;
mod shapes;
mod text;
mod types;
mod unknown;

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::source::Span;

pub use certainty::Certainty;
pub use filling::Bytes;
pub use guard::{Atom, Guard, Subject, World};
pub use number::Number;
pub use origin::{Origin, Site, Step, Trail};
pub use text::{HOLE, Piece, Segment, Text};
pub use types::{Attribute, Attributes, Type};
pub use unknown::{Range, Reason, Reference, Unknown};

/// Alternatives more than these are not kept apart; the value is then unknown.
const MOST_ALTERNATIVES: usize = 32;

/// A value with its place. Cloning is cheap: everything large is shared.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is worth.
    pub data: Data,
    /// Where it was written and how it came.
    pub origin: Origin,
    /// Marked as sensitive (`sensitive = true`, `NoEcho`): never printed.
    pub is_sensitive: bool,
}

/// What a value is worth.
#[derive(Clone, Debug)]
pub enum Data {
    /// No value: Terraform's `null`, JSON's `null`, `AWS::NoValue`; with its type, where one is known.
    Null(Option<Arc<Type>>),
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Text),
    /// A list, set or tuple.
    List(List),
    /// An object, map or block.
    Object(Object),
    /// Not known.
    Unknown(Arc<Unknown>),
    /// One of several values, decided by conditions. Guards exclude each other and together cover every world.
    Choice(Arc<[Alternative]>),
}

/// A value that holds under a condition.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// When.
    pub guard: Guard,
    /// What.
    pub value: Value,
}

/// A list of values. Shared.
#[derive(Clone, Debug)]
pub struct List(Arc<ListData>);

#[derive(Debug)]
struct ListData {
    items: Vec<Value>,
    kind: ListKind,
    of: Option<Arc<Type>>,
    open: Option<Arc<Unknown>>,
    contains: Contains,
}

/// Which of Terraform's sequences a list is. CloudFormation's and JSON's are tuples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Elements of any types.
    Tuple,
    /// Elements of one type.
    List,
    /// Distinct elements without order; kept in the order in which Terraform iterates.
    Set,
}

/// An object. Shared.
#[derive(Clone, Debug)]
pub struct Object(Arc<ObjectData>);

#[derive(Debug)]
struct ObjectData {
    members: Members,
    kind: ObjectKind,
    of: Option<Arc<Type>>,
    open: Option<Arc<Unknown>>,
    contains: Contains,
}

/// Members by name, in order.
pub type Members = IndexMap<Arc<str>, Member, FxBuildHasher>;

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where the name is written; [`Span::NONE`] if it is not.
    pub key: Span,
    /// The value.
    pub value: Value,
}

/// Which of Terraform's keyed collections an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// Attributes of any types: objects, JSON objects, properties.
    Object,
    /// Values of one type under any keys.
    Map,
    /// The body of a block or resource.
    Block,
}

/// What a value has somewhere inside; found once, when a collection is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Contains {
    unknown: bool,
    choice: bool,
    sensitive: bool,
    /// Values inside, shared ones counted each time, and characters of strings by the score.
    size: u32,
}

impl Contains {
    fn and(self, other: Contains) -> Contains {
        Contains {
            unknown: self.unknown || other.unknown,
            choice: self.choice || other.choice,
            sensitive: self.sensitive || other.sensitive,
            size: self.size.saturating_add(other.size),
        }
    }
}

impl List {
    /// A list of known length.
    pub fn new(kind: ListKind, items: Vec<Value>) -> List {
        List::with(kind, None, items, None)
    }

    /// A list or set of known length whose elements are of a type, also if there are none.
    pub fn typed(kind: ListKind, of: Arc<Type>, items: Vec<Value>) -> List {
        List::with(kind, Some(of), items, None)
    }

    /// A list that may hold more than `items`, and why.
    pub fn open(kind: ListKind, items: Vec<Value>, why: Arc<Unknown>) -> List {
        List::with(kind, None, items, Some(why))
    }

    fn with(
        kind: ListKind,
        of: Option<Arc<Type>>,
        items: Vec<Value>,
        open: Option<Arc<Unknown>>,
    ) -> List {
        let inside = items
            .iter()
            .map(Value::contains)
            .fold(Contains::default(), Contains::and);
        let contains = Contains {
            unknown: inside.unknown || open.is_some(),
            ..inside
        };
        List(Arc::new(ListData {
            items,
            kind,
            of,
            open,
            contains,
        }))
    }

    /// The known elements as they are stored. To read one *as part of* a value, use [`Value::elements`], which keeps
    /// track of where it is seen.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }

    /// Which sequence it is.
    pub fn kind(&self) -> ListKind {
        self.0.kind
    }

    /// The type of its elements, if it was made with one.
    pub fn of(&self) -> Option<&Arc<Type>> {
        self.0.of.as_ref()
    }

    /// A list like this one with other elements of the same types.
    #[must_use]
    pub fn with_items(&self, items: Vec<Value>) -> List {
        List::with(self.kind(), self.of().cloned(), items, self.more().cloned())
    }

    /// Why there may be more elements; none for a list of known length.
    pub fn more(&self) -> Option<&Arc<Unknown>> {
        self.0.open.as_ref()
    }
}

impl Object {
    /// An object whose member names are all known.
    pub fn new(kind: ObjectKind, members: Members) -> Object {
        Object::with(kind, None, members, None)
    }

    /// A map whose values are of a type, also if there are none.
    pub fn map_of(of: Arc<Type>, members: Members) -> Object {
        Object::with(ObjectKind::Map, Some(of), members, None)
    }

    /// An object that may have more members, and why.
    pub fn open(kind: ObjectKind, members: Members, why: Arc<Unknown>) -> Object {
        Object::with(kind, None, members, Some(why))
    }

    fn with(
        kind: ObjectKind,
        of: Option<Arc<Type>>,
        members: Members,
        open: Option<Arc<Unknown>>,
    ) -> Object {
        let inside = members
            .values()
            .map(|m| m.value.contains())
            .fold(Contains::default(), Contains::and);
        let contains = Contains {
            unknown: inside.unknown || open.is_some(),
            ..inside
        };
        Object(Arc::new(ObjectData {
            members,
            kind,
            of,
            open,
            contains,
        }))
    }

    /// The known members as they are stored; see [`Value::member`] for reading one as part of a value.
    pub fn members(&self) -> &Members {
        &self.0.members
    }

    /// The stored value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.members.get(name).map(|member| &member.value)
    }

    /// Which collection it is.
    pub fn kind(&self) -> ObjectKind {
        self.0.kind
    }

    /// The type of the values of a map, if it was made with one.
    pub fn of(&self) -> Option<&Arc<Type>> {
        self.0.of.as_ref()
    }

    /// An object like this one with other members.
    #[must_use]
    pub fn with_members(&self, members: Members) -> Object {
        let more = self.more().cloned();
        Object::with(self.kind(), self.of().cloned(), members, more)
    }

    /// Why there may be more members.
    pub fn more(&self) -> Option<&Arc<Unknown>> {
        self.0.open.as_ref()
    }
}

impl Value {
    /// A value written at `site`.
    pub fn new(data: Data, site: Span) -> Value {
        Value {
            data,
            origin: Origin::at(site),
            is_sensitive: false,
        }
    }

    /// Null.
    pub fn null(site: Span) -> Value {
        Value::new(Data::Null(None), site)
    }

    /// Null in the place of a value of a type.
    pub fn null_of(of: Arc<Type>, site: Span) -> Value {
        Value::new(Data::Null(Some(of)), site)
    }

    /// A truth value.
    pub fn bool(truth: bool, site: Span) -> Value {
        Value::new(Data::Bool(truth), site)
    }

    /// An integer.
    pub fn int(number: i64, site: Span) -> Value {
        Value::new(Data::Number(number.into()), site)
    }

    /// A known string.
    pub fn text(text: impl Into<Arc<str>>, site: Span) -> Value {
        Value::new(Data::Text(Text::new(text)), site)
    }

    /// A tuple of known length.
    pub fn list(items: Vec<Value>, site: Span) -> Value {
        Value::new(Data::List(List::new(ListKind::Tuple, items)), site)
    }

    /// An object whose member names are all known.
    pub fn object(members: Members, site: Span) -> Value {
        Value::new(Data::Object(Object::new(ObjectKind::Object, members)), site)
    }

    /// An unknown value.
    pub fn unknown(reason: Reason, site: Span) -> Value {
        Value::new(Data::Unknown(Arc::new(Unknown::because(reason))), site)
    }

    /// Alternatives as one value. Guards must exclude each other and cover every world. Alternatives that are
    /// themselves choices are folded in; impossible ones dropped; a single one left stands alone.
    pub fn choice(alternatives: Vec<Alternative>, site: Span) -> Value {
        let mut flat = flattened(alternatives);
        if flat.len() == 1
            && let Some(only) = flat.pop()
        {
            return only.value;
        }
        // What is the same in every world is not a choice.
        if let Some((first, rest)) = flat.split_first()
            && rest.iter().all(|other| first.value.is_same(&other.value))
        {
            let is_sensitive = flat
                .iter()
                .any(|alternative| alternative.value.is_sensitive);
            return first.value.clone().sensitive_if(is_sensitive);
        }
        Value::kept(flat, site)
    }

    /// Alternatives that leave out some worlds: in those there is no value, which is an error that only some callers
    /// can live with. Unlike [`Value::choice`] even a single alternative remains one.
    pub fn partial(alternatives: Vec<Alternative>, site: Span) -> Value {
        Value::kept(flattened(alternatives), site)
    }

    fn kept(flat: Vec<Alternative>, site: Span) -> Value {
        if !flat.is_empty() && flat.len() <= MOST_ALTERNATIVES {
            return Value::new(Data::Choice(flat.into()), site);
        }
        let mut unknown = Unknown::because(Reason::Limit("alternatives of one value"));
        let is_scalar = |data: &Data| match data {
            Data::Bool(_) | Data::Number(_) => true,
            Data::Text(text) => !text.has_holes(),
            _ => false,
        };
        // All that it may be is still known, though not when.
        if flat.iter().all(|part| is_scalar(&part.value.data)) {
            unknown.is_never_null = true;
            unknown.allowed = flat.into_iter().map(|part| part.value).collect();
        }
        Value::new(Data::Unknown(Arc::new(unknown)), site)
    }

    /// The value of a JSON document that the program itself wrote: it has no place.
    pub fn from_json(json: &serde_json::Value) -> Value {
        use serde_json::Value as Json;
        let data = match json {
            Json::Null => Data::Null(None),
            Json::Bool(truth) => Data::Bool(*truth),
            Json::Number(number) => match Number::parse(&number.to_string()) {
                Some(number) => Data::Number(number),
                None => Data::Null(None),
            },
            Json::String(text) => Data::Text(text.as_str().into()),
            Json::Array(items) => Data::List(List::new(
                ListKind::Tuple,
                items.iter().map(Value::from_json).collect(),
            )),
            Json::Object(members) => {
                let members = members.iter().map(|(name, value)| {
                    let value = Value::from_json(value);
                    (
                        Arc::from(name.as_str()),
                        Member {
                            key: Span::NONE,
                            value,
                        },
                    )
                });
                Data::Object(Object::new(ObjectKind::Object, members.collect()))
            }
        };
        Value::new(data, Span::NONE)
    }

    /// The same value, marked as sensitive if `sensitive`.
    #[must_use]
    pub fn sensitive_if(mut self, sensitive: bool) -> Value {
        self.is_sensitive |= sensitive;
        self
    }

    /// The same value read through a reference written at `site`; `step` says what stands at its present place.
    #[must_use]
    pub fn read_at(&self, site: Span, step: Step) -> Value {
        Value {
            data: self.data.clone(),
            origin: self.origin.read_at(site, step),
            is_sensitive: self.is_sensitive,
        }
    }

    /// The same value at another place, its trail kept.
    #[must_use]
    pub fn moved_to(mut self, site: Span) -> Value {
        self.origin.site = Site(site);
        self
    }

    /// Where it is, as the reader sees it.
    pub fn span(&self) -> Span {
        self.origin.span()
    }

    /// A stored part of this value, as seen through it.
    pub fn seen(&self, part: &Value) -> Value {
        Value {
            data: part.data.clone(),
            origin: self.origin.of_part(&part.origin),
            is_sensitive: self.is_sensitive || part.is_sensitive,
        }
    }

    /// The member `name` of an object, as seen through it. None for other values and for absent members; ask
    /// [`Value::as_object`] whether it may have more.
    pub fn member(&self, name: &str) -> Option<Value> {
        Some(self.seen(self.as_object()?.get(name)?))
    }

    /// The known elements of a list, as seen through it; empty for other values.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = Value> + '_ {
        let items = match &self.data {
            Data::List(list) => list.items(),
            _ => &[],
        };
        items.iter().map(|item| self.seen(item))
    }

    /// The known members of an object with their names, as seen through it; empty for other values.
    pub fn entries(&self) -> impl Iterator<Item = (&Arc<str>, Value)> + '_ {
        self.as_object()
            .into_iter()
            .flat_map(|object| object.members())
            .map(|(name, member)| (name, self.seen(&member.value)))
    }

    /// As a list.
    pub fn as_list(&self) -> Option<&List> {
        match &self.data {
            Data::List(list) => Some(list),
            _ => None,
        }
    }

    /// As an object.
    pub fn as_object(&self) -> Option<&Object> {
        match &self.data {
            Data::Object(object) => Some(object),
            _ => None,
        }
    }

    /// As a string that may have holes.
    pub fn as_text(&self) -> Option<&Text> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As a wholly known string.
    pub fn as_str(&self) -> Option<&str> {
        self.as_text()?.as_str()
    }

    /// As a known truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// As a known number.
    pub fn as_number(&self) -> Option<&Number> {
        match &self.data {
            Data::Number(number) => Some(number),
            _ => None,
        }
    }

    /// As a known integer.
    pub fn as_int(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// As an unknown value.
    pub fn as_unknown(&self) -> Option<&Arc<Unknown>> {
        match &self.data {
            Data::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null(_))
    }

    fn contains(&self) -> Contains {
        let inside = match &self.data {
            Data::Null(_) | Data::Bool(_) | Data::Number(_) => Contains::default(),
            Data::Text(text) => Contains {
                unknown: text.has_holes(),
                size: u32::try_from(text.length() / 20).unwrap_or(u32::MAX),
                ..Contains::default()
            },
            Data::List(list) => list.0.contains,
            Data::Object(object) => object.0.contains,
            Data::Unknown(_) => Contains {
                unknown: true,
                ..Contains::default()
            },
            Data::Choice(alternatives) => Contains {
                choice: true,
                ..alternatives
                    .iter()
                    .map(|a| a.value.contains())
                    .fold(Contains::default(), Contains::and)
            },
        };
        Contains {
            sensitive: inside.sensitive || self.is_sensitive,
            size: inside.size.saturating_add(1),
            ..inside
        }
    }

    /// Whether everything in it is known and decided.
    pub fn is_wholly_known(&self) -> bool {
        let inside = self.contains();
        !inside.unknown && !inside.choice
    }

    /// How large it is when written out: the values in it, each as often as it stands there, and some for long strings.
    /// Values that share parts may be much larger than the memory that they take.
    pub fn size(&self) -> u32 {
        self.contains().size
    }

    /// Whether it or something in it is marked as sensitive.
    pub fn has_sensitive(&self) -> bool {
        self.contains().sensitive
    }

    /// Whether two known values are the same whatever their places; false where something is not known.
    pub fn is_same(&self, other: &Value) -> bool {
        match (&self.data, &other.data) {
            (Data::Null(_), Data::Null(_)) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Number(a), Data::Number(b)) => a == b,
            (Data::Text(a), Data::Text(b)) => a.as_str().is_some() && a.as_str() == b.as_str(),
            (Data::List(a), Data::List(b)) => {
                let (a, b) = (&a.0, &b.0);
                a.kind == b.kind
                    && a.open.is_none()
                    && b.open.is_none()
                    && a.items.len() == b.items.len()
                    && a.items.iter().zip(&b.items).all(|(a, b)| a.is_same(b))
            }
            (Data::Object(a), Data::Object(b)) => {
                let (a, b) = (&a.0, &b.0);
                a.kind == b.kind
                    && a.open.is_none()
                    && b.open.is_none()
                    && a.members.len() == b.members.len()
                    && a.members.iter().all(|(name, member)| {
                        b.members
                            .get(name)
                            .is_some_and(|other| member.value.is_same(&other.value))
                    })
            }
            _ => false,
        }
    }

    /// Whether something in it is decided by conditions.
    pub fn has_choices(&self) -> bool {
        self.contains().choice
    }

    /// Calls `visit` with every atom that decides something in this value.
    pub fn atoms(&self, visit: &mut dyn FnMut(&Atom)) {
        if !self.has_choices() {
            return;
        }
        match &self.data {
            Data::List(list) => list.items().iter().for_each(|item| item.atoms(visit)),
            Data::Object(object) => object
                .members()
                .values()
                .for_each(|member| member.value.atoms(visit)),
            Data::Choice(alternatives) => {
                for alternative in alternatives.iter() {
                    alternative.guard.atoms(visit);
                    alternative.value.atoms(visit);
                }
            }
            _ => {}
        }
    }

    /// What this value may be in `world`: itself unless it is a choice. Undecided atoms are noted as met.
    pub fn settle(&self, world: &World) -> Vec<Value> {
        let Data::Choice(alternatives) = &self.data else {
            return vec![self.clone()];
        };
        let mut possible = Vec::new();
        for alternative in alternatives.iter() {
            match world.truth(&alternative.guard) {
                Certainty::Yes => return self.seen(&alternative.value).settle(world),
                Certainty::Unsure => possible.push(self.seen(&alternative.value)),
                Certainty::No => {}
            }
        }
        possible
    }

    /// This value with every choice in it made that `world` decides, all the way down.
    #[must_use]
    pub fn in_world(&self, world: &World) -> Value {
        if !self.has_choices() {
            return self.clone();
        }
        match &self.data {
            Data::Choice(_) => {
                let mut settled = self.settle(world);
                // What is the same in all that are left is no choice any more.
                match settled.pop() {
                    Some(last) if settled.iter().all(|other| last.is_same(other)) => {
                        last.in_world(world)
                    }
                    _ => self.clone(),
                }
            }
            _ => self.with_parts(&mut |part| part.in_world(world)),
        }
    }

    /// Applies a function of settled values to values that may hold choices: it is applied to each combination of
    /// alternatives that can occur together, and the results are the alternatives. Without choices it is simply called.
    pub fn lift(
        arguments: &[Value],
        site: Span,
        function: &mut dyn FnMut(&[Value]) -> Value,
    ) -> Value {
        if !arguments.iter().any(Value::has_choices) {
            return function(arguments);
        }
        let mut alternatives = Vec::new();
        let mut waiting = vec![(World::new(), Guard::Always, arguments.to_vec())];
        while let Some((world, guard, arguments)) = waiting.pop() {
            if alternatives.len() + waiting.len() > MOST_ALTERNATIVES {
                return Value::unknown(Reason::Limit("conditions that decide one value"), site);
            }
            let Some(choice) = arguments.iter().find_map(Value::first_choice) else {
                let value = function(&arguments);
                alternatives.push(Alternative { guard, value });
                continue;
            };
            // Last in, first out: alternatives come out in their order.
            for (index, part) in choice.iter().enumerate().rev() {
                let Some(world) = world.assuming(&part.guard) else {
                    continue;
                };
                let settled = arguments
                    .iter()
                    .map(|argument| argument.choosing(&choice, index).in_world(&world))
                    .collect();
                waiting.push((world, guard.clone().and(part.guard.clone()), settled));
            }
        }
        Value::choice(alternatives, site)
    }

    /// A choice that stands in this value.
    fn first_choice(&self) -> Option<Arc<[Alternative]>> {
        if !self.has_choices() {
            return None;
        }
        match &self.data {
            Data::Choice(alternatives) => Some(alternatives.clone()),
            Data::List(list) => list.items().iter().find_map(Value::first_choice),
            Data::Object(object) => object
                .members()
                .values()
                .find_map(|member| member.value.first_choice()),
            _ => None,
        }
    }

    /// This value with one alternative taken wherever that very choice stands.
    fn choosing(&self, choice: &Arc<[Alternative]>, index: usize) -> Value {
        if !self.has_choices() {
            return self.clone();
        }
        match &self.data {
            Data::Choice(alternatives) if Arc::ptr_eq(alternatives, choice) => {
                self.seen(&alternatives[index].value)
            }
            _ => self.with_parts(&mut |part| part.choosing(choice, index)),
        }
    }

    /// This value with its elements or members replaced.
    fn with_parts(&self, replace: &mut dyn FnMut(&Value) -> Value) -> Value {
        let data = match &self.data {
            Data::List(list) => Data::List(List::with(
                list.kind(),
                list.of().cloned(),
                list.items().iter().map(replace).collect(),
                list.more().cloned(),
            )),
            Data::Object(object) => {
                let members = object.members().iter().map(|(name, member)| {
                    let value = replace(&member.value);
                    (
                        name.clone(),
                        Member {
                            key: member.key,
                            value,
                        },
                    )
                });
                Data::Object(Object::with(
                    object.kind(),
                    object.of().cloned(),
                    members.collect(),
                    object.more().cloned(),
                ))
            }
            data => data.clone(),
        };
        Value {
            data,
            origin: self.origin.clone(),
            is_sensitive: self.is_sensitive,
        }
    }
}

/// Alternatives without choices among them and without impossible ones.
fn flattened(alternatives: Vec<Alternative>) -> Vec<Alternative> {
    let mut flat: Vec<Alternative> = Vec::with_capacity(alternatives.len());
    for Alternative { guard, value } in alternatives {
        match &value.data {
            Data::Choice(inner) => {
                for alternative in inner.iter() {
                    let guard = guard.clone().and(alternative.guard.clone());
                    let value = value.seen(&alternative.value);
                    flat.push(Alternative { guard, value });
                }
            }
            _ => flat.push(Alternative { guard, value }),
        }
    }
    flat.retain(|alternative| alternative.guard.is_possible());
    flat
}

/// A member without a written name.
impl From<Value> for Member {
    fn from(value: Value) -> Member {
        Member {
            key: Span::NONE,
            value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on() -> Guard {
        Guard::Is(Atom {
            subject: Arc::new(Subject::opaque("", "var.on")),
            equals: None,
        })
    }

    fn either(a: Value, b: Value) -> Value {
        Value::choice(
            vec![
                Alternative {
                    guard: on(),
                    value: a,
                },
                Alternative {
                    guard: !on(),
                    value: b,
                },
            ],
            Span::NONE,
        )
    }

    #[test]
    fn functions_are_applied_in_each_world() {
        let number = either(Value::int(1, Span::NONE), Value::int(2, Span::NONE));
        let list = Value::list(vec![number.clone(), number], Span::NONE);
        let sum = Value::lift(&[list], Span::NONE, &mut |arguments| {
            let sum = arguments[0]
                .elements()
                .filter_map(|item| item.as_int())
                .sum();
            Value::int(sum, Span::NONE)
        });
        let world = World::new().assuming(&on()).expect("possible");
        assert_eq!(sum.in_world(&world).as_int(), Some(2));
        let world = World::new().assuming(&!on()).expect("possible");
        assert_eq!(sum.in_world(&world).as_int(), Some(4));
    }

    #[test]
    fn a_subject_of_many_texts_is_one_choice() {
        let is = |text: &str| {
            Guard::Is(Atom {
                subject: Arc::new(Subject::opaque("", "Env")),
                equals: Some(text.into()),
            })
        };
        let mut alternatives = Vec::new();
        let mut otherwise = Guard::Always;
        for text in ["a", "b", "c", "d", "e", "f"] {
            alternatives.push(Alternative {
                guard: is(text),
                value: Value::text(text, Span::NONE),
            });
            otherwise = otherwise.and(!is(text));
        }
        alternatives.push(Alternative {
            guard: otherwise,
            value: Value::text("z", Span::NONE),
        });
        let value = Value::choice(alternatives, Span::NONE);
        let twice = Value::lift(&[value.clone(), value], Span::NONE, &mut |both| {
            let texts: Vec<&str> = both.iter().filter_map(Value::as_str).collect();
            Value::text(texts.concat(), Span::NONE)
        });
        let Data::Choice(alternatives) = &twice.data else {
            panic!("no choice")
        };
        let texts: Vec<&str> = alternatives
            .iter()
            .filter_map(|part| part.value.as_str())
            .collect();
        assert_eq!(texts, ["aa", "bb", "cc", "dd", "ee", "ff", "zz"]);
    }

    #[test]
    fn nested_choices_on_one_condition_collapse() {
        let inner = either(Value::int(1, Span::NONE), Value::int(2, Span::NONE));
        let outer = either(inner, Value::int(3, Span::NONE));
        let Data::Choice(alternatives) = &outer.data else {
            panic!("no choice")
        };
        assert_eq!(alternatives.len(), 2);
    }

    #[test]
    fn settling_notes_what_was_asked() {
        let value = either(Value::int(1, Span::NONE), Value::int(2, Span::NONE));
        let world = World::new();
        assert_eq!(value.settle(&world).len(), 2);
        assert_eq!(world.take_met().len(), 1);
    }
}

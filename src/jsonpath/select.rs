//! Walking a document along a query.

use std::rc::Rc;
use std::sync::Arc;

use super::compare::{agreed, equals, less, list_holds};
use super::query::{Comparable, Filter, Operator, Query, Relative, Segment, Selector};
use crate::source::Span;
use crate::value::{Certainty, Data, ListKind, ObjectKind, Unknown, Value, World};

/// Nodes that one query may select.
const MOST_NODES: usize = 200_000;
/// Depth to which `..` goes.
const DEEPEST: usize = 256;

/// A part of a document that is more than a value: a resource with its facts and links, or one of the reserved members.
/// `*` and `..` never look inside.
pub trait Branch<'d> {
    /// What stands under a name.
    fn member(&self, name: &str, world: &World) -> Found<'d>;
    /// The value behind it, if it has one: the properties of a resource.
    fn value(&self) -> Option<&Value>;
}

/// What stands under a name of a [`Branch`].
pub enum Found<'d> {
    /// Nothing.
    Nothing,
    /// A value and the place of its name.
    Value(Value, Span),
    /// A further branch.
    Branch(Rc<dyn Branch<'d> + 'd>),
    /// Resources, and why there may be more.
    Targets(Vec<Target<'d>>, Option<Arc<Unknown>>),
    /// The same as the value under these names of the branch's own value.
    Alias(Vec<Arc<str>>),
}

/// A resource reached through a link.
#[derive(Clone)]
pub struct Target<'d> {
    /// Its document.
    pub branch: Rc<dyn Branch<'d> + 'd>,
    /// Whether it is there.
    pub certainty: Certainty,
    /// Number of the resource, for places.
    pub owner: u32,
    /// Its header.
    pub place: Span,
}

/// What a node is.
#[derive(Clone)]
pub enum Item<'d> {
    /// A value.
    Value(Value),
    /// More than a value.
    Branch(Rc<dyn Branch<'d> + 'd>),
    /// A list of resources.
    Targets(Rc<(Vec<Target<'d>>, Option<Arc<Unknown>>)>),
}

/// The way from the document's root to a node.
#[derive(Debug)]
pub struct Trace {
    /// The node above; none at a document's root.
    pub parent: Option<Rc<Trace>>,
    /// The last step.
    pub key: Key,
    /// The narrowest written place: of the node, or of the nearest written node above.
    pub place: Span,
    /// The node's value, for messages.
    pub value: Option<Value>,
    /// Number of the resource it is written in.
    pub owner: u32,
}

/// A step of a [`Trace`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The root of a document.
    Root,
    /// A member.
    Name(Arc<str>),
    /// An element.
    Index(usize),
}

impl Trace {
    /// The root of the document of resource number `owner`.
    pub fn root(owner: u32, place: Span) -> Rc<Trace> {
        Rc::new(Trace {
            parent: None,
            key: Key::Root,
            place,
            value: None,
            owner,
        })
    }

    /// The keys from the root of the resource that the node is written in.
    pub fn keys(&self) -> Vec<&Key> {
        let mut keys = Vec::new();
        let mut at = Some(self);
        while let Some(trace) = at {
            if trace.key == Key::Root {
                break;
            }
            keys.push(&trace.key);
            at = trace.parent.as_deref();
        }
        keys.reverse();
        keys
    }
}

/// A selected node.
#[derive(Clone)]
pub struct Node<'d> {
    /// What it is.
    pub item: Item<'d>,
    /// Whether it is there: yes or unsure.
    pub certainty: Certainty,
    /// How it was reached.
    pub trace: Rc<Trace>,
}

impl<'d> Node<'d> {
    /// The root node of a document.
    pub fn root(branch: Rc<dyn Branch<'d> + 'd>, owner: u32, place: Span) -> Node<'d> {
        Node {
            item: Item::Branch(branch),
            certainty: Certainty::Yes,
            trace: Trace::root(owner, place),
        }
    }

    /// The value, if it is one (or has one).
    pub fn value(&self) -> Option<&Value> {
        match &self.item {
            Item::Value(value) => Some(value),
            Item::Branch(branch) => branch.value(),
            Item::Targets(_) => None,
        }
    }

    fn child(&self, key: Key, value: Value, name: Span, certainty: Certainty) -> Node<'d> {
        let place = place_of(&value, name, self.trace.place);
        let trace = Trace {
            parent: Some(self.trace.clone()),
            key,
            place,
            value: Some(value.clone()),
            owner: self.trace.owner,
        };
        Node {
            item: Item::Value(value),
            certainty: self.certainty.and(certainty),
            trace: Rc::new(trace),
        }
    }
}

/// Where a value is, for people: its own place if it is written; the place of its name for a container that stands
/// behind one; else where the thing around it is.
fn place_of(value: &Value, name: Span, around: Span) -> Span {
    let span = value.span();
    if value.origin.is_default || !span.is_written() {
        return around;
    }
    let is_block = value
        .as_object()
        .is_some_and(|object| object.kind() == ObjectKind::Block);
    let is_container = matches!(value.data, Data::Object(_) | Data::List(_));
    if is_container
        && !is_block
        && name.is_written()
        && name.source == span.source
        && value.origin.trail.is_empty()
    {
        return name;
    }
    span
}

/// What a query selected.
pub struct Selection<'d> {
    /// The nodes.
    pub nodes: Vec<Node<'d>>,
    /// Where something unknown may hold further nodes.
    pub open: Option<Rc<Trace>>,
}

/// What stands where a tail of names leads from a selected node: one alternative if that is decided.
pub struct Candidate<'d> {
    /// The node that the tail starts at.
    pub from: Node<'d>,
    /// The nodes that may stand there; `Err` for nothing, with the deepest thing that is there and the rest of the path.
    pub alternatives: Vec<Result<Node<'d>, Missing>>,
}

/// Something expected that is not there.
#[derive(Clone)]
pub struct Missing {
    /// The deepest node that is there.
    pub above: Rc<Trace>,
    /// The names that are missing below it.
    pub rest: Vec<Arc<str>>,
}

/// The nodes that the selecting part of a query selects.
pub fn select<'d>(query: &Query, root: &Node<'d>, world: &World) -> Selection<'d> {
    run(&query.segments[..query.selecting], root, root, world)
}

/// What stands at the end of the query's plain tail, from a node that its selecting part selected.
pub fn expect<'d>(query: &Query, from: &Node<'d>, world: &World) -> Candidate<'d> {
    let mut alternatives = Vec::new();
    follow(
        &query.segments[query.selecting..],
        from,
        world,
        &mut alternatives,
    );
    Candidate {
        from: from.clone(),
        alternatives,
    }
}

/// Whether a value is there: an unknown one is if it is known not to be null.
pub fn exists(node: &Node<'_>, world: &World) -> Certainty {
    match &node.item {
        Item::Branch(_) => Certainty::Yes,
        Item::Targets(targets) => (!targets.0.is_empty() || targets.1.is_some()).into(),
        Item::Value(value) => match &value.data {
            Data::Null(_) => Certainty::No,
            Data::Unknown(unknown) if unknown.is_never_null || unknown.reference.is_some() => {
                Certainty::Yes
            }
            Data::Unknown(_) => Certainty::Unsure,
            Data::Choice(_) => agreed(value.settle(world).into_iter().map(|value| {
                exists(
                    &Node {
                        item: Item::Value(value),
                        ..node.clone()
                    },
                    world,
                )
            })),
            _ => Certainty::Yes,
        },
    }
}

fn run<'d>(segments: &[Segment], from: &Node<'d>, root: &Node<'d>, world: &World) -> Selection<'d> {
    let mut selection = Selection {
        nodes: vec![from.clone()],
        open: None,
    };
    for segment in segments {
        let mut next = Selection {
            nodes: Vec::new(),
            open: selection.open.take(),
        };
        for node in &selection.nodes {
            if segment.is_descendant {
                descend(segment, node, root, world, &mut next, 0);
            } else {
                for selector in &segment.selectors {
                    pick(selector, node, root, world, &mut next);
                }
            }
        }
        next.nodes.truncate(MOST_NODES);
        selection = next;
    }
    selection
}

fn descend<'d>(
    segment: &Segment,
    node: &Node<'d>,
    root: &Node<'d>,
    world: &World,
    into: &mut Selection<'d>,
    depth: usize,
) {
    if depth > DEEPEST || into.nodes.len() > MOST_NODES {
        return;
    }
    for selector in &segment.selectors {
        pick(selector, node, root, world, into);
    }
    let mut below = Selection {
        nodes: Vec::new(),
        open: into.open.take(),
    };
    pick(&Selector::Wildcard, node, root, world, &mut below);
    into.open = below.open;
    for child in below.nodes {
        descend(segment, &child, root, world, into, depth + 1);
    }
}

/// The values that a node may be: several while a condition on it is undecided.
fn settled<'d>(node: &Node<'d>, world: &World) -> Vec<Node<'d>> {
    let Item::Value(
        value @ Value {
            data: Data::Choice(_),
            ..
        },
    ) = &node.item
    else {
        return vec![node.clone()];
    };
    let values = value.settle(world);
    let certainty = if values.len() == 1 {
        node.certainty
    } else {
        Certainty::Unsure
    };
    values
        .into_iter()
        .filter(|value| !value.is_null())
        .map(|value| {
            let place = place_of(&value, Span::NONE, node.trace.place);
            let trace = Trace {
                parent: node.trace.parent.clone(),
                key: node.trace.key.clone(),
                place,
                value: Some(value.clone()),
                owner: node.trace.owner,
            };
            Node {
                item: Item::Value(value),
                certainty,
                trace: Rc::new(trace),
            }
        })
        .collect()
}

fn pick<'d>(
    selector: &Selector,
    node: &Node<'d>,
    root: &Node<'d>,
    world: &World,
    into: &mut Selection<'d>,
) {
    for node in settled(node, world) {
        match &node.item {
            Item::Branch(branch) => pick_from_branch(selector, &node, branch, root, world, into),
            Item::Targets(targets) => {
                for (index, target) in targets.0.iter().enumerate() {
                    let is_wanted = match selector {
                        Selector::Wildcard => Certainty::Yes,
                        Selector::Index(wanted) => {
                            (usize::try_from(*wanted).ok() == Some(index)).into()
                        }
                        Selector::Filter(filter) => {
                            holds(filter, &target_node(target, &node), root, world)
                        }
                        _ => Certainty::No,
                    };
                    if !is_wanted.is_no() {
                        let mut target = target_node(target, &node);
                        target.certainty = target.certainty.and(is_wanted);
                        into.nodes.push(target);
                    }
                }
                if targets.1.is_some() {
                    into.open.get_or_insert_with(|| node.trace.clone());
                }
            }
            Item::Value(value) => pick_from_value(selector, &node, value, root, world, into),
        }
    }
}

fn target_node<'d>(target: &Target<'d>, from: &Node<'d>) -> Node<'d> {
    Node {
        item: Item::Branch(target.branch.clone()),
        certainty: from.certainty.and(target.certainty),
        trace: Trace::root(target.owner, target.place),
    }
}

fn pick_from_branch<'d>(
    selector: &Selector,
    node: &Node<'d>,
    branch: &Rc<dyn Branch<'d> + 'd>,
    root: &Node<'d>,
    world: &World,
    into: &mut Selection<'d>,
) {
    if let Selector::Name(name) = selector {
        match step_into(branch, name, node, world) {
            Some(child) => into.nodes.extend(child),
            None => {
                if let Some(value) = branch.value() {
                    pick_from_value(selector, node, value, root, world, into);
                }
            }
        }
    } else if let Some(value) = branch.value() {
        pick_from_value(selector, node, value, root, world, into);
    }
}

/// What a name of a branch leads to; none if it is a name of the value behind it.
fn step_into<'d>(
    branch: &Rc<dyn Branch<'d> + 'd>,
    name: &Arc<str>,
    node: &Node<'d>,
    world: &World,
) -> Option<Option<Node<'d>>> {
    let under = |item: Item<'d>| {
        let trace = Trace {
            parent: Some(node.trace.clone()),
            key: Key::Name(name.clone()),
            place: node.trace.place,
            value: None,
            owner: node.trace.owner,
        };
        Some(Node {
            item,
            certainty: node.certainty,
            trace: Rc::new(trace),
        })
    };
    match branch.member(name, world) {
        Found::Nothing => None,
        Found::Value(value, key) => Some(Some(node.child(
            Key::Name(name.clone()),
            value,
            key,
            Certainty::Yes,
        ))),
        Found::Branch(inner) => Some(under(Item::Branch(inner))),
        Found::Targets(targets, more) => Some(under(Item::Targets(Rc::new((targets, more))))),
        Found::Alias(path) => {
            // What is seen under another name keeps its own place and path.
            let mut at = Node {
                trace: node
                    .trace
                    .parent
                    .clone()
                    .unwrap_or_else(|| node.trace.clone()),
                ..node.clone()
            };
            for name in &path {
                match named(&at, name, world).into_iter().next() {
                    Some(next) => at = next,
                    None => return Some(None),
                }
            }
            Some(Some(at))
        }
    }
}

/// The member of this name of a node that holds a value.
fn named<'d>(node: &Node<'d>, name: &Arc<str>, world: &World) -> Vec<Node<'d>> {
    let mut selection = Selection {
        nodes: Vec::new(),
        open: None,
    };
    for node in settled(node, world) {
        if let Some(value) = node.value() {
            pick_from_value(
                &Selector::Name(name.clone()),
                &node,
                value,
                &node,
                world,
                &mut selection,
            );
        }
    }
    selection.nodes
}

fn unknown_node<'d>(node: &Node<'d>, key: Key, why: &Arc<Unknown>) -> Node<'d> {
    let value = Value {
        data: Data::Unknown(why.clone()),
        origin: origin_of(node),
        is_sensitive: false,
    };
    node.child(key, value, Span::NONE, Certainty::Unsure)
}

fn origin_of(node: &Node<'_>) -> crate::value::Origin {
    node.value().map_or_else(
        || crate::value::Origin::at(node.trace.place),
        |value| value.origin.clone(),
    )
}

fn pick_from_value<'d>(
    selector: &Selector,
    node: &Node<'d>,
    value: &Value,
    root: &Node<'d>,
    world: &World,
    into: &mut Selection<'d>,
) {
    let mut offer = |key: Key, child: Value, name: Span, filter: Option<&Filter>| {
        if child.is_null() {
            return;
        }
        for child in settled(&node.child(key, child, name, Certainty::Yes), world) {
            let kept = filter.map_or(Certainty::Yes, |filter| holds(filter, &child, root, world));
            if !kept.is_no() {
                let certainty = child.certainty.and(kept);
                into.nodes.push(Node { certainty, ..child });
            }
        }
    };
    match (&value.data, selector) {
        (Data::Object(object), Selector::Name(name)) => {
            match object
                .members()
                .get(name)
                .filter(|member| !member.value.is_null())
            {
                Some(member) => {
                    let child = value.seen(&member.value);
                    // A choice stays one here, so that a tail can see whether all of its alternatives agree.
                    into.nodes.push(node.child(
                        Key::Name(name.clone()),
                        child,
                        member.key,
                        Certainty::Yes,
                    ));
                }
                None => {
                    if let Some(why) = object.more() {
                        into.nodes
                            .push(unknown_node(node, Key::Name(name.clone()), why));
                    }
                }
            }
        }
        (Data::Object(object), Selector::Wildcard | Selector::Filter(_)) => {
            let filter = as_filter(selector);
            for (name, member) in object.members() {
                offer(
                    Key::Name(name.clone()),
                    value.seen(&member.value),
                    member.key,
                    filter,
                );
            }
            if object.more().is_some() {
                into.open.get_or_insert_with(|| node.trace.clone());
            }
        }
        (Data::List(list), Selector::Wildcard | Selector::Filter(_)) => {
            let filter = as_filter(selector);
            for (index, item) in value.elements().enumerate() {
                offer(Key::Index(index), item, Span::NONE, filter);
            }
            if list.more().is_some() {
                into.open.get_or_insert_with(|| node.trace.clone());
            }
        }
        (Data::List(list), Selector::Index(index)) => {
            let length = list.items().len() as i64;
            let at = if *index < 0 { length + index } else { *index };
            match usize::try_from(at)
                .ok()
                .and_then(|at| Some((at, value.elements().nth(at)?)))
            {
                // The order of a set means nothing.
                Some((at, item)) if list.kind() != ListKind::Set || length == 1 => {
                    offer(Key::Index(at), item, Span::NONE, None);
                }
                Some((at, item)) => {
                    into.nodes.push(node.child(
                        Key::Index(at),
                        item,
                        Span::NONE,
                        Certainty::Unsure,
                    ));
                }
                None => {
                    if let (Some(why), Ok(at)) = (list.more(), usize::try_from(at)) {
                        into.nodes.push(unknown_node(node, Key::Index(at), why));
                    }
                }
            }
        }
        (Data::List(list), Selector::Slice(start, end, step)) => {
            for at in slice(list.items().len() as i64, *start, *end, *step) {
                if let Some(item) = value.elements().nth(at) {
                    offer(Key::Index(at), item, Span::NONE, None);
                }
            }
            if list.more().is_some() {
                into.open.get_or_insert_with(|| node.trace.clone());
            }
        }
        (Data::Unknown(why), Selector::Name(name)) => {
            into.nodes
                .push(unknown_node(node, Key::Name(name.clone()), &part(why)));
        }
        (Data::Unknown(why), Selector::Index(index)) => {
            into.nodes.push(unknown_node(
                node,
                Key::Index(usize::try_from(*index).unwrap_or(0)),
                &part(why),
            ));
        }
        (Data::Unknown(_), _) => {
            into.open.get_or_insert_with(|| node.trace.clone());
        }
        _ => {}
    }
}

fn as_filter(selector: &Selector) -> Option<&Filter> {
    match selector {
        Selector::Filter(filter) => Some(filter),
        _ => None,
    }
}

/// A part of something unknown is unknown for the same reason, and may be null.
fn part(why: &Arc<Unknown>) -> Arc<Unknown> {
    Arc::new(Unknown {
        is_never_null: false,
        ..Unknown::because(why.reason.clone())
    })
}

/// The positions of a slice, as RFC 9535, 2.3.4.2 has them.
fn slice(length: i64, start: Option<i64>, end: Option<i64>, step: Option<i64>) -> Vec<usize> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Vec::new();
    }
    let normal = |n: i64| if n >= 0 { n } else { length + n };
    let (lower, upper) = if step > 0 {
        (
            start.map_or(0, normal).clamp(0, length),
            end.map_or(length, normal).clamp(0, length),
        )
    } else {
        (
            end.map_or(-1, normal).clamp(-1, length - 1),
            start.map_or(length - 1, normal).clamp(-1, length - 1),
        )
    };
    let mut positions = Vec::new();
    let mut at = if step > 0 { lower } else { upper };
    while if step > 0 { at < upper } else { at > lower } {
        positions.push(at as usize);
        at += step;
    }
    positions
}

/// Follows plain names and positions from a node, keeping what may stand there apart.
fn follow<'d>(
    segments: &[Segment],
    from: &Node<'d>,
    world: &World,
    into: &mut Vec<Result<Node<'d>, Missing>>,
) {
    let Some((segment, rest)) = segments.split_first() else {
        match &from.item {
            Item::Value(
                value @ Value {
                    data: Data::Choice(_),
                    ..
                },
            ) => {
                for value in value.settle(world) {
                    if value.is_null() {
                        into.push(Err(missing(from, segments)));
                    } else {
                        let mut nodes = settled(
                            &Node {
                                item: Item::Value(value),
                                ..from.clone()
                            },
                            world,
                        );
                        into.extend(nodes.drain(..).map(|node| {
                            let place = node.value().map_or(node.trace.place, |v| {
                                place_of(v, Span::NONE, node.trace.place)
                            });
                            let trace = Trace {
                                parent: node.trace.parent.clone(),
                                key: node.trace.key.clone(),
                                place,
                                value: node.value().cloned(),
                                owner: node.trace.owner,
                            };
                            Ok(Node {
                                trace: Rc::new(trace),
                                ..node
                            })
                        }));
                    }
                }
            }
            Item::Value(value) if value.is_null() => into.push(Err(missing(from, segments))),
            _ => into.push(Ok(from.clone())),
        }
        return;
    };
    let Some(selector) = segment.selectors.first() else {
        return;
    };
    let nodes = match &from.item {
        Item::Value(
            value @ Value {
                data: Data::Choice(_),
                ..
            },
        ) => {
            let mut nodes = Vec::new();
            for value in value.settle(world) {
                if value.is_null() {
                    into.push(Err(missing(from, segments)));
                } else {
                    nodes.push(Node {
                        item: Item::Value(value),
                        ..from.clone()
                    });
                }
            }
            nodes
        }
        _ => vec![from.clone()],
    };
    for node in nodes {
        let mut selection = Selection {
            nodes: Vec::new(),
            open: None,
        };
        pick(selector, &node, &node, world, &mut selection);
        if selection.nodes.is_empty() {
            into.push(Err(missing(&node, segments)));
        }
        for next in selection.nodes {
            follow(rest, &next, world, into);
        }
    }
}

fn missing(from: &Node<'_>, segments: &[Segment]) -> Missing {
    let rest = segments
        .iter()
        .map(|segment| match segment.selectors.first() {
            Some(Selector::Name(name)) => name.clone(),
            Some(Selector::Index(index)) => format!("[{index}]").into(),
            _ => "?".into(),
        });
    Missing {
        above: from.trace.clone(),
        rest: rest.collect(),
    }
}

/// Whether a filter keeps a node.
fn holds<'d>(filter: &Filter, node: &Node<'d>, root: &Node<'d>, world: &World) -> Certainty {
    match filter {
        Filter::Or(parts) => parts
            .iter()
            .map(|p| holds(p, node, root, world))
            .fold(Certainty::No, Certainty::or),
        Filter::And(parts) => parts
            .iter()
            .map(|p| holds(p, node, root, world))
            .fold(Certainty::Yes, Certainty::and),
        Filter::Not(inner) => !holds(inner, node, root, world),
        Filter::Exists(query) => {
            let selection = relative(query, node, root, world);
            let found = selection.nodes.iter().map(|node| {
                // A possible node that is surely not null is still only possible.
                exists(node, world).and(if node.certainty.is_yes() {
                    Certainty::Yes
                } else {
                    uncertain(node)
                })
            });
            let found = found.fold(Certainty::No, Certainty::or);
            if selection.open.is_some() {
                found.or(Certainty::Unsure)
            } else {
                found
            }
        }
        Filter::Compare(a, operator, b) => {
            let (a, b) = (operand(a, node, root, world), operand(b, node, root, world));
            compared(&a, *operator, &b, world)
        }
        Filter::In(value, list) => {
            let (value, list) = (
                operand(value, node, root, world),
                operand(list, node, root, world),
            );
            match (value.as_slice(), list.as_slice()) {
                ([], _) | (_, []) => Certainty::No,
                (values, lists) => agreed(values.iter().flat_map(|value| {
                    lists.iter().map(move |list| match (value, list) {
                        (Some(value), Some(list)) => list_holds(list, value, world),
                        _ => Certainty::No,
                    })
                })),
            }
        }
        Filter::Search(value, pattern) => {
            let values = operand(value, node, root, world);
            if values.is_empty() {
                return Certainty::No;
            }
            agreed(
                values
                    .iter()
                    .map(|value| match value.as_ref().map(|value| &value.data) {
                        Some(Data::Text(text)) => text.matches(pattern),
                        Some(Data::Unknown(unknown)) => match unknown.as_text() {
                            Some(text) => text.matches(pattern),
                            None => Certainty::Unsure,
                        },
                        _ => Certainty::No,
                    }),
            )
        }
    }
}

fn uncertain(node: &Node<'_>) -> Certainty {
    node.certainty
}

fn relative<'d>(
    query: &Relative,
    node: &Node<'d>,
    root: &Node<'d>,
    world: &World,
) -> Selection<'d> {
    run(
        &query.segments,
        if query.is_absolute { root } else { node },
        root,
        world,
    )
}

/// The values that a side of a comparison may have; none inside for *Nothing*.
fn operand<'d>(
    side: &Comparable,
    node: &Node<'d>,
    root: &Node<'d>,
    world: &World,
) -> Vec<Option<Value>> {
    match side {
        Comparable::Literal(value) => vec![Some(value.clone())],
        Comparable::Query(query) => {
            let from = if query.is_absolute { root } else { node };
            let mut found = Vec::new();
            follow(&query.segments, from, world, &mut found);
            found
                .into_iter()
                .map(|found| found.ok().and_then(|node| node.value().cloned()))
                .collect()
        }
        Comparable::Length(inner) => operand(inner, node, root, world)
            .into_iter()
            .map(|value| {
                let value = value?;
                let length = match &value.data {
                    Data::Text(text) => text.as_str().map(|text| text.chars().count()),
                    Data::List(list) if list.more().is_none() => Some(list.items().len()),
                    Data::Object(object) if object.more().is_none() => Some(object.members().len()),
                    Data::Bool(_) | Data::Number(_) | Data::Null(_) => return None,
                    _ => None,
                };
                Some(match length {
                    Some(length) => Value::int(length as i64, Span::NONE),
                    None => Value::unknown(
                        crate::value::Reason::Depends("its length".into()),
                        Span::NONE,
                    ),
                })
            })
            .collect(),
        Comparable::Count(query) => {
            let selection = relative(query, node, root, world);
            let is_certain = selection.open.is_none()
                && selection.nodes.iter().all(|node| node.certainty.is_yes());
            vec![Some(if is_certain {
                Value::int(selection.nodes.len() as i64, Span::NONE)
            } else {
                Value::unknown(
                    crate::value::Reason::Depends("how many there are".into()),
                    Span::NONE,
                )
            })]
        }
    }
}

fn compared(
    a: &[Option<Value>],
    operator: Operator,
    b: &[Option<Value>],
    world: &World,
) -> Certainty {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    agreed(pairs.map(|(a, b)| {
        let equal = || match (a, b) {
            (None, None) => Certainty::Yes,
            (Some(a), Some(b)) => equals(a, b, world),
            // What is unknown may be nothing.
            (Some(one), None) | (None, Some(one)) => match &one.data {
                Data::Unknown(unknown) if !unknown.is_never_null && unknown.reference.is_none() => {
                    Certainty::Unsure
                }
                _ => Certainty::No,
            },
        };
        let before = |a: &Option<Value>, b: &Option<Value>| match (a, b) {
            (Some(a), Some(b)) => match (&a.data, &b.data) {
                // RFC 9535: values of other types are not ordered.
                (Data::Bool(_) | Data::Null(_) | Data::List(_) | Data::Object(_), _)
                | (_, Data::Bool(_) | Data::Null(_) | Data::List(_) | Data::Object(_))
                | (Data::Number(_), Data::Text(_))
                | (Data::Text(_), Data::Number(_)) => Certainty::No,
                _ => less(a, b, world),
            },
            _ => Certainty::No,
        };
        match operator {
            Operator::Equal => equal(),
            Operator::NotEqual => !equal(),
            Operator::Less => before(a, b),
            Operator::LessEqual => before(a, b).or(equal()),
            Operator::Greater => before(b, a),
            Operator::GreaterEqual => before(b, a).or(equal()),
        }
    }))
}

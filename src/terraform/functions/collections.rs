//! Functions over lists, sets, maps and objects.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::Takes::{
    Anything, Keyed, KeyedOrNull, List as ListOf, Measured, Number, Ordered, OrderedOrNull,
    Sequence, Set, Some as NotNull, Text, Texts, TextsByName, Truths,
};
use super::{
    Call, Function, Needs, Outcome, gives, int_of, list_of, number_of, passed, row, sequence,
    text_of, unknown_like,
};
use crate::terraform::types::{self, Type};
use crate::value::{
    Certainty, Data, List, ListKind, Member, Members, Object, ObjectKind, Reason, Segment, Unknown,
    Value,
};

/// Elements that a result may have.
const MOST_ELEMENTS: usize = 100_000;
/// Numbers that `range` may give, as in Terraform.
const LONGEST_RANGE: usize = 1_024;

pub(super) const TABLE: &[Function] = &[
    row("alltrue", &[Truths], Needs::Shape, |a, c| {
        truths(&a[0], c, Certainty::Yes, Certainty::and)
    })
    .giving(gives::truth),
    row("anytrue", &[Truths], Needs::Shape, |a, c| {
        truths(&a[0], c, Certainty::No, Certainty::or)
    })
    .giving(gives::truth),
    row("chunklist", &[ListOf, Number], Needs::Shape, chunklist)
        .giving(gives::chunks)
        .marking_parts(),
    row("coalesce", &[], Needs::Nothing, coalesce)
        .giving(gives::unified)
        .and_more(Anything)
        .marking_parts(),
    row("coalescelist", &[], Needs::Nothing, coalescelist)
        .giving(gives::alike)
        .and_more(OrderedOrNull)
        .marking_parts(),
    row("compact", &[Texts], Needs::Shape, compact).giving(gives::texts),
    row("concat", &[Ordered], Needs::Nothing, concat)
        .and_more(Ordered)
        .marking_parts(),
    row("contains", &[Sequence, NotNull], Needs::Nothing, contains).giving(gives::truth),
    row("distinct", &[ListOf], Needs::Shape, distinct).giving(gives::same),
    row("element", &[Ordered, Number], Needs::Shape, element).marking_parts(),
    row("flatten", &[Sequence], Needs::Shape, flatten).marking_parts(),
    row("index", &[Ordered, NotNull], Needs::Shape, index).giving(gives::number),
    row("keys", &[Keyed], Needs::Shape, keys)
        .giving(gives::keys)
        .marking_parts(),
    row("length", &[Measured], Needs::Shape, length)
        .giving(gives::number)
        .marking_parts(),
    row("lookup", &[Keyed, Text], Needs::Nothing, lookup)
        .and_more(Anything)
        .marking_parts(),
    row(
        "matchkeys",
        &[ListOf, ListOf, ListOf],
        Needs::Shape,
        matchkeys,
    )
    .giving(gives::same),
    row("merge", &[], Needs::Nothing, merge)
        .giving(gives::alike)
        .and_more(KeyedOrNull)
        .marking_parts(),
    row("one", &[Sequence], Needs::Shape, one).marking_parts(),
    row("range", &[], Needs::Known, range)
        .giving(gives::numbers)
        .and_more(Number),
    row("reverse", &[Sequence], Needs::Shape, reverse)
        .giving(gives::listed)
        .marking_parts(),
    row("setintersection", &[Set], Needs::Known, |a, c| {
        sets(a, c, |x, y| x && y)
    })
    .giving(gives::alike)
    .and_more(Set),
    row(
        "setproduct",
        &[Sequence, Sequence],
        Needs::Shape,
        setproduct,
    )
    .and_more(Sequence),
    row("setsubtract", &[Set, Set], Needs::Known, |a, c| {
        sets(a, c, |x, y| x && !y)
    })
    .giving(gives::alike),
    row("setunion", &[Set], Needs::Shape, setunion)
        .giving(gives::alike)
        .and_more(Set),
    row("slice", &[Ordered, Number, Number], Needs::Shape, slice)
        .giving(gives::same)
        .marking_parts(),
    row("sort", &[Texts], Needs::Shape, sort).giving(gives::texts),
    row("sum", &[Sequence], Needs::Known, sum).giving(gives::number),
    row("tolist", &[Anything], Needs::Nothing, |a, c| {
        convert(&a[0], &Type::List(Box::new(Type::Any)), c)
    })
    .marking_parts(),
    row("tomap", &[Anything], Needs::Nothing, |a, c| {
        convert(&a[0], &Type::Map(Box::new(Type::Any)), c)
    })
    .marking_parts(),
    row("toset", &[Anything], Needs::Nothing, |a, c| {
        convert(&a[0], &Type::Set(Box::new(Type::Any)), c)
    }),
    row("tostring", &[Anything], Needs::Nothing, |a, c| {
        convert(&a[0], &Type::String, c)
    }),
    row("tonumber", &[Anything], Needs::Nothing, |a, c| {
        convert(&a[0], &Type::Number, c)
    }),
    row("tobool", &[Anything], Needs::Nothing, |a, c| {
        convert(&a[0], &Type::Bool, c)
    }),
    row("transpose", &[TextsByName], Needs::Known, transpose).giving(gives::texts_by_name),
    row("values", &[Keyed], Needs::Shape, values)
        .giving(gives::values)
        .marking_parts(),
    row("zipmap", &[Texts, Ordered], Needs::Shape, zipmap)
        .giving(gives::zipped)
        .marking_parts(),
    row("sensitive", &[Anything], Needs::Nothing, |a, c| {
        Ok(passed(a[0].clone(), c).sensitive_if(true))
    }),
    row("nonsensitive", &[Anything], Needs::Nothing, |a, c| {
        Ok(Value {
            is_sensitive: false,
            ..passed(a[0].clone(), c)
        })
    })
    .marking_parts(),
    row(
        "issensitive",
        &[Anything],
        Needs::Nothing,
        |a, c| match &a[0].data {
            Data::Unknown(_) if !a[0].is_sensitive => Ok(unknown_like(&a[0], c.site)),
            _ => Ok(Value::bool(a[0].is_sensitive, c.site)),
        },
    )
    .giving(gives::truth)
    .marking_parts(),
    row("ephemeralasnull", &[Anything], Needs::Nothing, |a, c| {
        Ok(passed(without_ephemeral(&a[0]), c))
    })
    .marking_parts(),
];

/// The value with null for what is ephemeral in it.
fn without_ephemeral(value: &Value) -> Value {
    let data = match &value.data {
        Data::Unknown(_) | Data::Text(_) if types::is_ephemeral(value) => Data::Null(None),
        Data::List(list) => {
            let items = list.items().iter().map(without_ephemeral).collect();
            Data::List(match list.more() {
                Some(why) => List::open(list.kind(), items, why.clone()),
                None => List::new(list.kind(), items),
            })
        }
        Data::Object(object) => {
            let members = object.members().iter().map(|(name, member)| {
                let value = without_ephemeral(&member.value);
                (
                    name.clone(),
                    Member {
                        value,
                        ..member.clone()
                    },
                )
            });
            let members = members.collect();
            Data::Object(match object.more() {
                Some(why) => Object::open(object.kind(), members, why.clone()),
                None => Object::new(object.kind(), members),
            })
        }
        _ => return value.clone(),
    };
    Value {
        data,
        ..value.clone()
    }
}

fn convert(value: &Value, of: &Type, call: Call<'_>) -> Outcome {
    types::convert(value, of, call.site).map(|value| passed(value, call))
}

fn more_of(value: &Value) -> Option<Arc<Unknown>> {
    value.as_list().and_then(List::more).cloned()
}

/// Why a collection may hold more than it shows.
fn unknown_more(value: &Value, call: Call<'_>) -> Option<Arc<Unknown>> {
    match &value.data {
        Data::List(list) => list.more().cloned(),
        Data::Object(object) => object.more().cloned(),
        Data::Unknown(unknown) => Some(unknown.clone()),
        Data::Choice(_) => unknown_like(value, call.site).as_unknown().cloned(),
        _ => None,
    }
}

/// The elements of a list or tuple, for functions that refuse sets because these have no order.
fn ordered(value: &Value) -> Result<Vec<Value>, String> {
    match value.as_list() {
        Some(list) if list.kind() == ListKind::Set => {
            Err("the elements of a set have no order: convert it with `tolist`".to_owned())
        }
        _ => list_of(value),
    }
}

/// What a part of a typed list is part of again, a part of a tuple of a tuple.
fn kind_of(value: &Value) -> ListKind {
    match value.as_list().map(List::kind) {
        None | Some(ListKind::Tuple) => ListKind::Tuple,
        Some(ListKind::List | ListKind::Set) => ListKind::List,
    }
}

fn truths(
    list: &Value,
    call: Call<'_>,
    start: Certainty,
    join: fn(Certainty, Certainty) -> Certainty,
) -> Outcome {
    let mut all = start;
    for item in list_of(list)? {
        let truth = match types::to_bool(&item) {
            Some(truth) => truth.into(),
            None if item.is_null() => Certainty::No,
            None => Certainty::Unsure,
        };
        all = join(all, truth);
    }
    if more_of(list).is_some() {
        all = join(all, Certainty::Unsure);
    }
    Ok(truth_value(all, list, call))
}

/// A truth that is unknown for the reason for which something in `from` is.
fn truth_value(truth: Certainty, from: &Value, call: Call<'_>) -> Value {
    match truth {
        Certainty::Yes => Value::bool(true, call.site),
        Certainty::No => Value::bool(false, call.site),
        Certainty::Unsure => unknown_like(from, call.site),
    }
}

fn chunklist(arguments: &[Value], call: Call<'_>) -> Outcome {
    let size =
        usize::try_from(int_of(&arguments[1])?).map_err(|_| "the size is negative".to_owned())?;
    let items = list_of(&arguments[0])?;
    let size = if size == 0 { items.len().max(1) } else { size };
    let chunks = items
        .chunks(size)
        .map(|chunk| sequence(ListKind::List, chunk.to_vec(), None, call));
    Ok(sequence(
        ListKind::List,
        chunks.collect(),
        more_of(&arguments[0]),
        call,
    ))
}

fn coalesce(arguments: &[Value], call: Call<'_>) -> Outcome {
    let types: Vec<Type> = arguments.iter().map(types::type_of).collect();
    let of =
        types::unify(&types).ok_or_else(|| "the arguments have no type in common".to_owned())?;
    let given = |value: &Value| convert(value, &of, call);
    for argument in arguments {
        match &argument.data {
            Data::Null(_) => {}
            Data::Text(text) if text.as_str() == Some("") => {}
            Data::Unknown(unknown) if !unknown.is_never_null => {
                return Ok(unknown_like(argument, call.site));
            }
            Data::Text(text) if text.has_holes() => {
                let is_filled = text
                    .segments()
                    .iter()
                    .any(|segment| matches!(segment, Segment::Literal(_)));
                return if is_filled {
                    given(argument)
                } else {
                    Ok(unknown_like(argument, call.site))
                };
            }
            _ => return given(argument),
        }
    }
    Err("all arguments are null or empty".to_owned())
}

fn coalescelist(arguments: &[Value], call: Call<'_>) -> Outcome {
    for argument in arguments {
        match &argument.data {
            Data::Null(Some(of)) if matches!(**of, Type::List(_) | Type::Tuple(_)) => {}
            Data::List(list) if list.kind() == ListKind::Set => {
                return Err("lists are needed, but one is a set".to_owned());
            }
            Data::List(list) if list.items().is_empty() && list.more().is_none() => {}
            Data::List(list) if list.items().is_empty() => {
                return Ok(unknown_like(argument, call.site));
            }
            Data::List(_) => return Ok(passed(argument.clone(), call)),
            Data::Unknown(_) => return Ok(unknown_like(argument, call.site)),
            _ => {
                return Err(format!(
                    "lists are needed, but one is {}",
                    types::noun(argument)
                ));
            }
        }
    }
    Err("all lists are empty".to_owned())
}

fn compact(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut more = more_of(&arguments[0]);
    let mut kept = Vec::new();
    for item in list_of(&arguments[0])? {
        match &item.data {
            Data::Null(_) => {}
            Data::Text(text) if text.as_str() == Some("") => {}
            Data::Unknown(unknown) => {
                // It may be empty and vanish: the list may have this element.
                more.get_or_insert_with(|| unknown.clone());
            }
            _ => kept.push(item),
        }
    }
    Ok(sequence(ListKind::List, kept, more, call))
}

fn concat(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut items = Vec::new();
    let mut more = None;
    let mut is_typed = true;
    for argument in arguments {
        if let Some(why) = unknown_more(argument, call) {
            more.get_or_insert(why);
        }
        match &argument.data {
            Data::List(list) if list.kind() != ListKind::Set => {
                is_typed &= list.kind() == ListKind::List;
                items.extend(argument.elements());
            }
            Data::Unknown(_) | Data::Choice(_) => is_typed = false,
            _ => {
                return Err(format!(
                    "lists are needed, but one is {}",
                    types::noun(argument)
                ));
            }
        }
        if items.len() > MOST_ELEMENTS {
            return Ok(too_many(call));
        }
    }
    let all = sequence(ListKind::Tuple, items, more, call);
    // Lists of types that have nothing in common are joined as a tuple.
    match types::convert(&all, &Type::List(Box::new(Type::Any)), call.site) {
        Ok(list) if is_typed => Ok(list),
        _ => Ok(all),
    }
}

fn too_many(call: Call<'_>) -> Value {
    Value::unknown(Reason::Limit("100,000 elements of a list"), call.site)
}

fn contains(arguments: &[Value], call: Call<'_>) -> Outcome {
    if arguments[0].as_unknown().is_some() {
        return Ok(unknown_like(&arguments[0], call.site));
    }
    let mut found = list_of(&arguments[0])?
        .iter()
        .map(|item| types::equal(item, &arguments[1]))
        .fold(Certainty::No, Certainty::or);
    if more_of(&arguments[0]).is_some() {
        found = found.or(Certainty::Unsure);
    }
    let open = match arguments[1].is_wholly_known() {
        true => &arguments[0],
        false => &arguments[1],
    };
    Ok(truth_value(found, open, call))
}

fn distinct(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    let mut seen = FxHashSet::default();
    for item in list_of(&arguments[0])? {
        let mut key = Vec::new();
        let is_known = types::hash_bytes(&item, &mut key);
        if !is_known {
            // Whether it repeats another element is not known, so neither is how many there are.
            return Ok(sequence(
                ListKind::List,
                Vec::new(),
                unknown_like(&item, call.site).as_unknown().cloned(),
                call,
            ));
        }
        if seen.insert(key) {
            kept.push(item);
        }
    }
    Ok(sequence(ListKind::List, kept, more_of(&arguments[0]), call))
}

fn element(arguments: &[Value], call: Call<'_>) -> Outcome {
    let items = ordered(&arguments[0])?;
    let position = int_of(&arguments[1])?;
    let is_open = more_of(&arguments[0]).is_some();
    let is_inside = usize::try_from(position).is_ok_and(|at| at < items.len());
    if is_open && !is_inside {
        return Ok(unknown_like(&arguments[0], call.site));
    }
    if items.is_empty() {
        return Err("the list is empty".to_owned());
    }
    let at = position.rem_euclid(items.len() as i64) as usize;
    Ok(passed(items[at].clone(), call))
}

fn flatten(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut flat = Flat::default();
    match &arguments[0].data {
        // As long as something in it is not known, Terraform does not look at what it is.
        Data::Object(_) if call.as_planned && !arguments[0].is_wholly_known() => {
            let values = sorted_entries(&arguments[0]).into_iter();
            let values = values.map(|(_, value)| value).collect();
            flat.add(&Value::list(values, call.site), 0)?;
        }
        _ => flat.add(&arguments[0], 0)?,
    }
    if flat.items.len() > MOST_ELEMENTS {
        return Ok(too_many(call));
    }
    let list = sequence(ListKind::Tuple, flat.items, flat.more, call);
    Ok(list.sensitive_if(flat.is_sensitive))
}

#[derive(Default)]
struct Flat {
    items: Vec<Value>,
    more: Option<Arc<Unknown>>,
    is_sensitive: bool,
}

impl Flat {
    fn add(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        if let Some(why) = more_of(value) {
            self.more.get_or_insert(why);
        }
        self.is_sensitive |= value.is_sensitive;
        for item in list_of(value)? {
            match &item.data {
                Data::List(_) if depth < 64 => self.add(&item, depth + 1)?,
                Data::Unknown(why) if is_name(why) || is_no_list(why.value_type()) => {
                    self.items.push(item);
                }
                // It may be a list: how many elements it adds is not known.
                Data::Unknown(why) => {
                    self.more.get_or_insert_with(|| why.clone());
                }
                _ => self.items.push(item),
            }
            if self.items.len() > MOST_ELEMENTS {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn is_no_list(of: &Type) -> bool {
    *of != Type::Any && !of.is_sequence()
}

/// Whether a value that is not known is what a resource is called by: a string whatever the provider makes of it.
fn is_name(unknown: &Unknown) -> bool {
    let reference = unknown.reference.as_ref();
    reference.is_some_and(|reference| matches!(&*reference.attribute, "id" | "arn" | "name"))
}

fn index(arguments: &[Value], call: Call<'_>) -> Outcome {
    for (at, item) in ordered(&arguments[0])?.iter().enumerate() {
        match types::equal(item, &arguments[1]) {
            Certainty::Yes => return Ok(Value::int(at as i64, call.site)),
            Certainty::Unsure => return Ok(unknown_like(item, call.site)),
            Certainty::No => {}
        }
    }
    match more_of(&arguments[0]) {
        Some(_) => Ok(unknown_like(&arguments[0], call.site)),
        None => Err("the list does not hold this value".to_owned()),
    }
}

fn object_of(value: &Value) -> Result<&Object, String> {
    value
        .as_object()
        .ok_or_else(|| format!("a map is needed, but this is {}", types::noun(value)))
}

fn sorted_entries(value: &Value) -> Vec<(Arc<str>, Value)> {
    let mut entries: Vec<(Arc<str>, Value)> = value
        .entries()
        .map(|(name, value)| (name.clone(), value))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
}

/// Keys and values of a map make lists, those of an object tuples.
fn listed_as(object: &Object) -> ListKind {
    match object.kind() {
        ObjectKind::Map => ListKind::List,
        ObjectKind::Object | ObjectKind::Block => ListKind::Tuple,
    }
}

fn keys(arguments: &[Value], call: Call<'_>) -> Outcome {
    let object = object_of(&arguments[0])?;
    let keys = sorted_entries(&arguments[0])
        .into_iter()
        .map(|(name, value)| Value::text(name, value.span()))
        .collect();
    Ok(sequence(
        listed_as(object),
        keys,
        object.more().cloned(),
        call,
    ))
}

fn values(arguments: &[Value], call: Call<'_>) -> Outcome {
    let object = object_of(&arguments[0])?;
    let values = sorted_entries(&arguments[0])
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    Ok(sequence(
        listed_as(object),
        values,
        object.more().cloned(),
        call,
    ))
}

fn length(arguments: &[Value], call: Call<'_>) -> Outcome {
    if unknown_more(&arguments[0], call).is_some() {
        return Ok(unknown_like(&arguments[0], call.site));
    }
    let count = match &arguments[0].data {
        Data::List(list)
            if list.kind() == ListKind::Set
                && list.items().len() > 1
                && !arguments[0].is_wholly_known() =>
        {
            return Ok(unknown_like(&arguments[0], call.site));
        }
        Data::List(list) => list.items().len(),
        Data::Object(object) => object.members().len(),
        Data::Text(text) => match text.as_str() {
            Some(text) => unicode_segmentation::UnicodeSegmentation::graphemes(text, true).count(),
            None => return Ok(unknown_like(&arguments[0], call.site)),
        },
        _ => {
            return Err(format!(
                "a collection or string is needed, but this is {}",
                types::noun(&arguments[0])
            ));
        }
    };
    Ok(Value::int(count as i64, call.site))
}

fn lookup(arguments: &[Value], call: Call<'_>) -> Outcome {
    if arguments.len() > 3 {
        return Err("it takes a map, a key and a default".to_owned());
    }
    if let Some(unknown) = arguments[..2].iter().find(|a| a.as_unknown().is_some()) {
        return Ok(unknown_like(unknown, call.site));
    }
    let object = object_of(&arguments[0])?;
    if !arguments[1].is_wholly_known() {
        return Ok(unknown_like(&arguments[1], call.site));
    }
    let key = text_of(&arguments[1])?;
    match (arguments[0].member(&key), object.more(), arguments.get(2)) {
        (Some(value), None, _) => Ok(passed(value, call)),
        (Some(value), Some(_), _) if !value.is_null() => Ok(passed(value, call)),
        (_, Some(_), _) => Ok(unknown_like(&arguments[0], call.site)),
        (None, None, Some(default)) => match types::type_of(&arguments[0]) {
            // The default of a map's elements has their type.
            Type::Map(of) => convert(default, &of, call),
            _ => Ok(passed(default.clone(), call)),
        },
        (None, None, None) => Err(format!(
            "there is no key \"{key}\", and no default is given"
        )),
    }
}

/// Collections of one kind converted so that their elements have one type.
fn unified(collections: &[Value], call: Call<'_>) -> Result<Vec<Value>, String> {
    let types: Vec<Type> = collections.iter().map(types::type_of).collect();
    match types::unify(&types) {
        Some(of) => collections
            .iter()
            .map(|value| types::convert(value, &of, call.site))
            .collect(),
        None => Err("the elements have no type in common".to_owned()),
    }
}

fn matchkeys(arguments: &[Value], call: Call<'_>) -> Outcome {
    let compared = unified(&arguments[1..], call)?;
    let values = list_of(&arguments[0])?;
    let (keys, wanted) = (list_of(&compared[0])?, list_of(&compared[1])?);
    if let Some(unknown) = arguments.iter().find(|a| more_of(a).is_some()) {
        return Ok(unknown_like(unknown, call.site));
    }
    if values.len() != keys.len() {
        return Err("the first two lists differ in length".to_owned());
    }
    let mut kept = Vec::new();
    for (value, key) in values.into_iter().zip(keys) {
        let found = wanted
            .iter()
            .map(|wanted| types::equal(wanted, &key))
            .fold(Certainty::No, Certainty::or);
        match found {
            Certainty::Yes => kept.push(value),
            Certainty::No => {}
            Certainty::Unsure => return Ok(unknown_like(&key, call.site)),
        }
    }
    Ok(sequence(ListKind::List, kept, None, call))
}

fn merge(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut members = Members::default();
    let mut more: Option<Arc<Unknown>> = None;
    let mut map_type = Some(Type::Any);
    for argument in arguments {
        match &argument.data {
            Data::Null(of) => match of.as_deref() {
                None | Some(Type::Map(_) | Type::Object(_)) => {}
                Some(of) => return Err(format!("maps are needed, but one is a {}", of.describe())),
            },
            Data::Object(object) => {
                map_type = match (map_type, types::type_of(argument)) {
                    (Some(Type::Any), Type::Map(of)) => Some(*of),
                    (Some(known), Type::Map(of)) if *of == known || *of == Type::Any => Some(known),
                    _ => None,
                };
                if let Some(why) = object.more() {
                    // What may be in it may replace what came before.
                    replaced(&mut members, &unknown_like(argument, call.site));
                    more.get_or_insert_with(|| why.clone());
                }
                for (name, member) in object.members() {
                    let member = Member {
                        key: member.key,
                        value: argument.seen(&member.value),
                    };
                    members.insert(name.clone(), member);
                }
            }
            Data::Unknown(_) | Data::Choice(_) => {
                map_type = None;
                replaced(&mut members, &unknown_like(argument, call.site));
                more = more.or(unknown_more(argument, call));
            }
            _ => {
                return Err(format!(
                    "maps are needed, but one is {}",
                    types::noun(argument)
                ));
            }
        }
    }
    let has_map = arguments.iter().any(|argument| {
        argument
            .as_object()
            .is_some_and(|object| object.kind() == ObjectKind::Map)
    });
    let kind = match map_type {
        Some(_) if has_map => ObjectKind::Map,
        _ => ObjectKind::Object,
    };
    let object = match more {
        Some(why) => Object::open(kind, members, without_reference(&why)),
        None => Object::new(kind, members),
    };
    Ok(Value::new(Data::Object(object), call.site))
}

/// Every member may have been replaced by something unknown.
fn replaced(members: &mut Members, unknown: &Value) {
    for member in members.values_mut() {
        member.value = unknown.clone();
    }
}

/// The reason alone: a merged map is no longer the resource that it was made from.
fn without_reference(why: &Unknown) -> Arc<Unknown> {
    Arc::new(Unknown::because(why.reason.clone()))
}

fn one(arguments: &[Value], call: Call<'_>) -> Outcome {
    let items = match &arguments[0].data {
        Data::List(list) if list.more().is_some() => {
            // Each element that there may be is the one.
            let why = list.more().filter(|_| list.items().is_empty());
            return Ok(match why {
                Some(why) => Value::new(Data::Unknown(why.clone()), call.site),
                None => unknown_like(&arguments[0], call.site),
            });
        }
        _ => list_of(&arguments[0])?,
    };
    match items.as_slice() {
        [] => Ok(Value::null(call.site)),
        [only] => Ok(passed(only.clone(), call)),
        _ => Err("the list has more than one element".to_owned()),
    }
}

fn range(arguments: &[Value], call: Call<'_>) -> Outcome {
    let numbers = arguments
        .iter()
        .map(number_of)
        .collect::<Result<Vec<_>, _>>()?;
    let zero = crate::value::Number::from(0);
    let (start, end) = match numbers.as_slice() {
        [end] => (zero.clone(), end.clone()),
        [start, end] | [start, end, _] => (start.clone(), end.clone()),
        _ => return Err("it takes one to three numbers".to_owned()),
    };
    let step = match numbers.get(2) {
        Some(step) if *step == zero => return Err("the step is zero".to_owned()),
        Some(step) if (*step > zero) != (end > start) && end != start => {
            return Err("the step leads away from the end".to_owned());
        }
        Some(step) => step.clone(),
        None if end < start => crate::value::Number::from(-1),
        None => crate::value::Number::from(1),
    };
    let (mut at, mut items) = (start, Vec::new());
    while (step > zero && at < end) || (step < zero && at > end) {
        if items.len() >= LONGEST_RANGE {
            return Err("more than 1,024 numbers".to_owned());
        }
        items.push(Value::new(Data::Number(at.clone()), call.site));
        at = at
            .add(&step)
            .ok_or_else(|| "the numbers are out of range".to_owned())?;
    }
    Ok(sequence(ListKind::List, items, None, call))
}

fn reverse(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut items = list_of(&arguments[0])?;
    items.reverse();
    Ok(sequence(
        kind_of(&arguments[0]),
        items,
        more_of(&arguments[0]),
        call,
    ))
}

fn set_value(items: Vec<Value>, more: Option<Arc<Unknown>>, call: Call<'_>) -> Value {
    sequence(ListKind::Set, types::set_of(items), more, call)
}

fn sets(arguments: &[Value], call: Call<'_>, keep: fn(bool, bool) -> bool) -> Outcome {
    let all = unified(arguments, call)?;
    let mut kept = list_of(&all[0])?;
    for other in &all[1..] {
        let other = list_of(other)?;
        kept.retain(|item| keep(true, other.iter().any(|o| types::equal(o, item).is_yes())));
    }
    Ok(set_value(kept, None, call))
}

fn setunion(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut all = Vec::new();
    let mut more = None;
    for argument in unified(arguments, call)? {
        all.extend(list_of(&argument)?);
        more = more.or_else(|| more_of(&argument));
    }
    Ok(set_value(all, more, call))
}

fn setproduct(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    let mut more = None;
    let mut is_set = false;
    for argument in arguments {
        let (is_this_set, of) = match argument.as_list().map(List::kind) {
            Some(ListKind::Set) => (true, Type::Set(Box::new(Type::Any))),
            _ => (false, Type::List(Box::new(Type::Any))),
        };
        is_set |= is_this_set;
        more = more.or_else(|| more_of(argument));
        let items = list_of(&types::convert(argument, &of, call.site)?)?;
        if rows.len().saturating_mul(items.len()) > MOST_ELEMENTS {
            return Ok(too_many(call));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items
                    .iter()
                    .map(move |item| [row.as_slice(), std::slice::from_ref(item)].concat())
            })
            .collect();
    }
    let rows = rows
        .into_iter()
        .map(|row| Value::list(row, call.site))
        .collect();
    Ok(match is_set {
        true => set_value(rows, more, call),
        false => sequence(ListKind::List, rows, more, call),
    })
}

fn slice(arguments: &[Value], call: Call<'_>) -> Outcome {
    let items = ordered(&arguments[0])?;
    let bound = |value: &Value| {
        usize::try_from(int_of(value)?).map_err(|_| "an index is negative".to_owned())
    };
    let (from, to) = (bound(&arguments[1])?, bound(&arguments[2])?);
    match items.get(from..to) {
        Some(part) => Ok(sequence(kind_of(&arguments[0]), part.to_vec(), None, call)),
        None if more_of(&arguments[0]).is_some() => Ok(unknown_like(&arguments[0], call.site)),
        None => Err(format!(
            "the list has {} elements, not {from} to {to}",
            items.len()
        )),
    }
}

fn sort(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut items = list_of(&arguments[0])?;
    if items.iter().any(Value::is_null) {
        return Err("an element is null".to_owned());
    }
    if let Some(unknown) = items.iter().find(|item| item.as_str().is_none()).cloned() {
        // As many elements, but which is where is not known.
        items.fill(unknown_like(&unknown, call.site));
    } else {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    Ok(sequence(
        ListKind::List,
        items,
        more_of(&arguments[0]),
        call,
    ))
}

fn sum(arguments: &[Value], call: Call<'_>) -> Outcome {
    let items = list_of(&arguments[0])?;
    if items.is_empty() {
        return Err("the list is empty".to_owned());
    }
    let mut total = crate::value::Number::from(0);
    for item in &items {
        total = total
            .add(&number_of(item)?)
            .ok_or_else(|| "the sum is out of range".to_owned())?;
    }
    Ok(Value::new(Data::Number(total), call.site))
}

fn transpose(arguments: &[Value], call: Call<'_>) -> Outcome {
    object_of(&arguments[0])?;
    let mut turned: indexmap::IndexMap<Arc<str>, Vec<Value>> = indexmap::IndexMap::new();
    for (name, list) in sorted_entries(&arguments[0]) {
        for item in list_of(&list)? {
            if item.is_null() {
                return Err("an element is null".to_owned());
            }
            let name = Value::text(name.clone(), item.span());
            turned.entry(text_of(&item)?.into()).or_default().push(name);
        }
    }
    let members = turned
        .into_iter()
        .map(|(key, names)| (key, sequence(ListKind::List, names, None, call).into()));
    let object = Object::new(ObjectKind::Map, members.collect());
    Ok(Value::new(Data::Object(object), call.site))
}

fn zipmap(arguments: &[Value], call: Call<'_>) -> Outcome {
    let (names, values) = (list_of(&arguments[0])?, ordered(&arguments[1])?);
    let mut more = more_of(&arguments[0]).or_else(|| more_of(&arguments[1]));
    if names.len() != values.len() && more.is_none() {
        return Err("the lists differ in length".to_owned());
    }
    let is_sensitive = names.iter().any(|name| name.is_sensitive);
    let mut members = Members::default();
    for (name, value) in names.into_iter().zip(values) {
        if name.is_null() {
            return Err("a key is null".to_owned());
        }
        match name.as_str() {
            Some(text) => {
                let key = name.span();
                members.insert(text.into(), Member { key, value });
            }
            None => {
                more = more.or_else(|| unknown_like(&name, call.site).as_unknown().cloned());
            }
        }
    }
    let kind = match kind_of(&arguments[1]) {
        ListKind::Tuple => ObjectKind::Object,
        ListKind::List | ListKind::Set => ObjectKind::Map,
    };
    let object = match more {
        Some(why) => Object::open(kind, members, without_reference(&why)),
        None => Object::new(kind, members),
    };
    Ok(Value::new(Data::Object(object), call.site).sensitive_if(is_sensitive))
}

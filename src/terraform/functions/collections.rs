//! Functions over lists, sets, maps and objects.

use std::sync::Arc;

use super::{
    Call, Function, MANY, Needs, Outcome, int_of, list_of, number_of, passed, row, text_of,
    unknown_like,
};
use crate::terraform::types::{self, Type};
use crate::value::{
    Certainty, Data, List, ListKind, Member, Members, Object, ObjectKind, Reason, Unknown, Value,
};

/// Elements that a result may have.
const MOST_ELEMENTS: usize = 100_000;

pub(super) const TABLE: &[Function] = &[
    row("alltrue", (1, 1), Needs::Shape, |a, c| {
        truths(&a[0], c, Certainty::Yes, Certainty::and)
    }),
    row("anytrue", (1, 1), Needs::Shape, |a, c| {
        truths(&a[0], c, Certainty::No, Certainty::or)
    }),
    row("chunklist", (2, 2), Needs::Shape, chunklist),
    row("coalesce", (1, MANY), Needs::Nothing, coalesce),
    row("coalescelist", (1, MANY), Needs::Nothing, coalescelist),
    row("compact", (1, 1), Needs::Shape, compact),
    row("concat", (0, MANY), Needs::Nothing, concat),
    row("contains", (2, 2), Needs::Shape, contains),
    row("distinct", (1, 1), Needs::Shape, distinct),
    row("element", (2, 2), Needs::Shape, element),
    row("flatten", (1, 1), Needs::Shape, flatten),
    row("index", (2, 2), Needs::Known, index),
    row("keys", (1, 1), Needs::Shape, keys),
    row("length", (1, 1), Needs::Shape, length),
    row("lookup", (2, 3), Needs::Shape, lookup),
    row("matchkeys", (3, 3), Needs::Known, matchkeys),
    row("merge", (0, MANY), Needs::Nothing, merge),
    row("one", (1, 1), Needs::Shape, one),
    row("range", (1, 3), Needs::Known, range),
    row("reverse", (1, 1), Needs::Shape, |a, c| {
        let mut items = list_of(&a[0])?;
        items.reverse();
        Ok(list_like(&a[0], items, c))
    }),
    row("setintersection", (1, MANY), Needs::Known, |a, c| {
        sets(a, c, |x, y| x && y)
    }),
    row("setproduct", (1, MANY), Needs::Shape, setproduct),
    row("setsubtract", (2, 2), Needs::Known, |a, c| {
        sets(a, c, |x, y| x && !y)
    }),
    row("setunion", (1, MANY), Needs::Shape, setunion),
    row("slice", (3, 3), Needs::Shape, slice),
    row("sort", (1, 1), Needs::Known, sort),
    row("sum", (1, 1), Needs::Known, sum),
    row("tolist", (1, 1), Needs::Shape, |a, c| {
        convert(&a[0], &Type::List(Box::new(Type::Any)), c)
    }),
    row("tomap", (1, 1), Needs::Shape, |a, c| {
        convert(&a[0], &Type::Map(Box::new(Type::Any)), c)
    }),
    row("toset", (1, 1), Needs::Shape, |a, c| {
        convert(&a[0], &Type::Set(Box::new(Type::Any)), c)
    }),
    row("tostring", (1, 1), Needs::Nothing, |a, c| {
        convert(&a[0], &Type::String, c)
    }),
    row("tonumber", (1, 1), Needs::Nothing, |a, c| {
        convert(&a[0], &Type::Number, c)
    }),
    row("tobool", (1, 1), Needs::Nothing, |a, c| {
        convert(&a[0], &Type::Bool, c)
    }),
    row("transpose", (1, 1), Needs::Known, transpose),
    row("values", (1, 1), Needs::Shape, values),
    row("zipmap", (2, 2), Needs::Shape, zipmap),
    row("sensitive", (1, 1), Needs::Nothing, |a, c| {
        Ok(passed(a[0].clone(), c).sensitive_if(true))
    }),
    row("nonsensitive", (1, 1), Needs::Nothing, |a, c| {
        Ok(Value {
            is_sensitive: false,
            ..passed(a[0].clone(), c)
        })
    }),
    row("issensitive", (1, 1), Needs::Nothing, |a, c| {
        Ok(Value::bool(a[0].is_sensitive, c.site))
    }),
    row("ephemeralasnull", (1, 1), Needs::Nothing, |a, c| {
        Ok(passed(a[0].clone(), c))
    }),
];

fn convert(value: &Value, of: &Type, call: Call<'_>) -> Outcome {
    types::convert(value, of, call.site).map(|value| passed(value, call))
}

/// A list made by a function: open if the one it was made from is.
fn list_like(from: &Value, items: Vec<Value>, call: Call<'_>) -> Value {
    listed(items, from.as_list().and_then(List::more).cloned(), call)
}

fn listed(items: Vec<Value>, more: Option<Arc<Unknown>>, call: Call<'_>) -> Value {
    let list = match more {
        Some(why) => List::open(ListKind::Tuple, items, why),
        None => List::new(ListKind::Tuple, items),
    };
    Value::new(Data::List(list), call.site)
}

fn unknown_more(value: &Value, call: Call<'_>) -> Option<Arc<Unknown>> {
    match &value.data {
        Data::List(list) => list.more().cloned(),
        Data::Object(object) => object.more().cloned(),
        Data::Unknown(unknown) => Some(unknown.clone()),
        Data::Choice(_) => unknown_like(value, call.site).as_unknown().cloned(),
        _ => None,
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
            None if !item.is_wholly_known() => Certainty::Unsure,
            None => return Err("the elements must be true or false".to_owned()),
        };
        all = join(all, truth);
    }
    if list.as_list().is_some_and(|list| list.more().is_some()) {
        all = join(all, Certainty::Unsure);
    }
    Ok(match all {
        Certainty::Yes => Value::bool(true, call.site),
        Certainty::No => Value::bool(false, call.site),
        Certainty::Unsure => unknown_like(list, call.site),
    })
}

fn chunklist(arguments: &[Value], call: Call<'_>) -> Outcome {
    let size =
        usize::try_from(int_of(&arguments[1])?).map_err(|_| "the size is negative".to_owned())?;
    let items = list_of(&arguments[0])?;
    let chunks = items
        .chunks(size.max(1))
        .map(|chunk| Value::list(chunk.to_vec(), call.site));
    let chunks = if size == 0 {
        vec![Value::list(items.clone(), call.site)]
    } else {
        chunks.collect()
    };
    Ok(list_like(&arguments[0], chunks, call))
}

fn coalesce(arguments: &[Value], call: Call<'_>) -> Outcome {
    for argument in arguments {
        match &argument.data {
            Data::Null => {}
            Data::Text(text) if text.as_str() == Some("") => {}
            Data::Unknown(unknown) if !unknown.is_never_null => {
                return Ok(unknown_like(argument, call.site));
            }
            Data::Text(text) if text.has_holes() && text.as_str().is_none() => {
                let is_some = text
                    .segments()
                    .iter()
                    .any(|s| matches!(s, crate::value::Segment::Literal(_)));
                if is_some {
                    return Ok(passed(argument.clone(), call));
                }
                return Ok(unknown_like(argument, call.site));
            }
            _ => return Ok(passed(argument.clone(), call)),
        }
    }
    Err("all arguments are null or empty".to_owned())
}

fn coalescelist(arguments: &[Value], call: Call<'_>) -> Outcome {
    for argument in arguments {
        match &argument.data {
            Data::Null => {}
            Data::List(list) if list.items().is_empty() && list.more().is_none() => {}
            Data::List(list) if list.items().is_empty() => {
                return Ok(unknown_like(argument, call.site));
            }
            Data::Unknown(_) => return Ok(unknown_like(argument, call.site)),
            _ => return Ok(passed(argument.clone(), call)),
        }
    }
    Err("all lists are empty".to_owned())
}

fn compact(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut more = unknown_more(&arguments[0], call);
    let mut kept = Vec::new();
    for item in list_of(&arguments[0])? {
        match &item.data {
            Data::Null => {}
            Data::Text(text) if text.as_str() == Some("") => {}
            Data::Unknown(unknown) if !unknown.is_never_null => {
                // It may be empty and vanish: the list may have this element.
                more.get_or_insert_with(|| unknown.clone());
            }
            _ => kept.push(item),
        }
    }
    Ok(listed(kept, more, call))
}

fn concat(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut items = Vec::new();
    let mut more = None;
    for argument in arguments {
        if let Some(why) = unknown_more(argument, call) {
            more.get_or_insert(why);
        }
        match &argument.data {
            Data::List(_) => items.extend(argument.elements()),
            Data::Unknown(_) | Data::Choice(_) => {}
            _ => {
                return Err(format!(
                    "lists are needed, but one is {}",
                    types::noun(argument)
                ));
            }
        }
        if items.len() > MOST_ELEMENTS {
            return Ok(Value::unknown(
                Reason::Limit("elements of a list"),
                call.site,
            ));
        }
    }
    Ok(listed(items, more, call))
}

fn contains(arguments: &[Value], call: Call<'_>) -> Outcome {
    let items = list_of(&arguments[0])?;
    let mut found = items
        .iter()
        .map(|item| loosely_equal(item, &arguments[1]))
        .fold(Certainty::No, Certainty::or);
    if unknown_more(&arguments[0], call).is_some() {
        found = found.or(Certainty::Unsure);
    }
    Ok(match found {
        Certainty::Yes => Value::bool(true, call.site),
        Certainty::No => Value::bool(false, call.site),
        Certainty::Unsure => {
            let unknown = if arguments[1].is_wholly_known() {
                &arguments[0]
            } else {
                &arguments[1]
            };
            unknown_like(unknown, call.site)
        }
    })
}

/// Equality after the conversion to the list's element type that Terraform makes for literal lists of primitives.
fn loosely_equal(a: &Value, b: &Value) -> Certainty {
    let primitive =
        |value: &Value| matches!(value.data, Data::Bool(_) | Data::Number(_) | Data::Text(_));
    match (
        primitive(a) && primitive(b),
        types::to_text(a),
        types::to_text(b),
    ) {
        (true, Ok(a), Ok(b)) => a.equals_text(&b),
        _ => types::equal(a, b),
    }
}

fn distinct(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    let mut seen = rustc_hash::FxHashSet::default();
    for item in list_of(&arguments[0])? {
        let is_new = match item.as_str() {
            Some(text) => seen.insert(text.to_owned()),
            None => !kept.iter().any(|known| types::equal(known, &item).is_yes()),
        };
        if is_new {
            kept.push(item);
        }
    }
    Ok(list_like(&arguments[0], kept, call))
}

fn element(arguments: &[Value], call: Call<'_>) -> Outcome {
    if !arguments[1].is_wholly_known() {
        return Ok(unknown_like(&arguments[1], call.site));
    }
    let items = list_of(&arguments[0])?;
    let position = int_of(&arguments[1])?;
    let is_open = unknown_more(&arguments[0], call).is_some();
    if is_open && usize::try_from(position).is_ok_and(|at| at >= items.len()) {
        return Ok(unknown_like(&arguments[0], call.site));
    }
    if items.is_empty() {
        return if is_open {
            Ok(unknown_like(&arguments[0], call.site))
        } else {
            Err("the list is empty".to_owned())
        };
    }
    let at = position.rem_euclid(items.len() as i64) as usize;
    Ok(passed(items[at].clone(), call))
}

fn flatten(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut items = Vec::new();
    let mut more = None;
    flatten_into(&arguments[0], &mut items, &mut more, 0)?;
    Ok(listed(items, more, call))
}

fn flatten_into(
    value: &Value,
    items: &mut Vec<Value>,
    more: &mut Option<Arc<Unknown>>,
    depth: usize,
) -> Result<(), String> {
    if let Some(why) = value.as_list().and_then(List::more) {
        more.get_or_insert_with(|| why.clone());
    }
    for item in list_of(value)? {
        match &item.data {
            Data::List(_) if depth < 64 => flatten_into(&item, items, more, depth + 1)?,
            // It may be a list: how many elements it adds is not known.
            Data::Unknown(why) => {
                more.get_or_insert_with(|| why.clone());
            }
            _ => items.push(item),
        }
        if items.len() > MOST_ELEMENTS {
            return Err("the list grows beyond 100,000 elements".to_owned());
        }
    }
    Ok(())
}

fn index(arguments: &[Value], call: Call<'_>) -> Outcome {
    let items = list_of(&arguments[0])?;
    let at = items
        .iter()
        .position(|item| loosely_equal(item, &arguments[1]).is_yes());
    at.map(|at| Value::int(at as i64, call.site))
        .ok_or_else(|| "the list does not hold this value".to_owned())
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

fn keys(arguments: &[Value], call: Call<'_>) -> Outcome {
    let object = object_of(&arguments[0])?;
    let keys = sorted_entries(&arguments[0])
        .into_iter()
        .map(|(name, value)| Value::text(name, value.span()));
    Ok(listed(keys.collect(), object.more().cloned(), call))
}

fn values(arguments: &[Value], call: Call<'_>) -> Outcome {
    let object = object_of(&arguments[0])?;
    let values = sorted_entries(&arguments[0])
        .into_iter()
        .map(|(_, value)| value);
    Ok(listed(values.collect(), object.more().cloned(), call))
}

fn length(arguments: &[Value], call: Call<'_>) -> Outcome {
    if unknown_more(&arguments[0], call).is_some() {
        return Ok(unknown_like(&arguments[0], call.site));
    }
    let count = match &arguments[0].data {
        Data::List(list) if list.kind() == ListKind::Set && !arguments[0].is_wholly_known() => {
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
    let object = object_of(&arguments[0])?;
    if !arguments[1].is_wholly_known() {
        return Ok(unknown_like(&arguments[1], call.site));
    }
    let key = text_of(&arguments[1])?;
    match (arguments[0].member(&key), object.more(), arguments.get(2)) {
        (Some(value), None, _) => Ok(passed(value, call)),
        (Some(value), Some(_), _) if !value.is_null() => Ok(passed(value, call)),
        (_, Some(_), _) => Ok(unknown_like(&arguments[0], call.site)),
        (None, None, Some(default)) => Ok(passed(default.clone(), call)),
        (None, None, None) => Err(format!(
            "there is no key \"{key}\", and no default is given"
        )),
    }
}

fn matchkeys(arguments: &[Value], call: Call<'_>) -> Outcome {
    let (values, keys, wanted) = (
        list_of(&arguments[0])?,
        list_of(&arguments[1])?,
        list_of(&arguments[2])?,
    );
    if values.len() != keys.len() {
        return Err("the first two lists differ in length".to_owned());
    }
    let kept = values
        .into_iter()
        .zip(keys)
        .filter(|(_, key)| wanted.iter().any(|w| types::equal(w, key).is_yes()));
    Ok(listed(kept.map(|(value, _)| value).collect(), None, call))
}

fn merge(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut members = Members::default();
    let mut more: Option<Arc<Unknown>> = None;
    for argument in arguments {
        match &argument.data {
            Data::Null => {}
            Data::Object(object) => {
                for (name, member) in object.members() {
                    let member = Member {
                        key: member.key,
                        value: argument.seen(&member.value),
                    };
                    members.insert(name.clone(), member);
                }
                if let Some(why) = object.more() {
                    more.get_or_insert_with(|| why.clone());
                }
            }
            Data::Unknown(_) | Data::Choice(_) => {
                // It may replace any member that came before.
                let why = unknown_more(argument, call);
                for member in members.values_mut() {
                    member.value = unknown_like(argument, call.site);
                }
                more = more.or(why);
            }
            _ => {
                return Err(format!(
                    "maps are needed, but one is {}",
                    types::noun(argument)
                ));
            }
        }
    }
    let object = match more {
        Some(why) => Object::open(ObjectKind::Object, members, without_reference(&why)),
        None => Object::new(ObjectKind::Object, members),
    };
    Ok(Value::new(Data::Object(object), call.site))
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
        [start, end, ..] => (start.clone(), end.clone()),
        [] => return Err("a number is needed".to_owned()),
    };
    let step = match numbers.get(2) {
        Some(step) => step.clone(),
        None if end < start => crate::value::Number::from(-1),
        None => crate::value::Number::from(1),
    };
    if step == zero {
        return Err("the step is zero".to_owned());
    }
    let (mut at, mut items) = (start, Vec::new());
    while (step > zero && at < end) || (step < zero && at > end) {
        if items.len() >= 1024 {
            return Err("more than 1,024 numbers".to_owned());
        }
        items.push(Value::new(Data::Number(at.clone()), call.site));
        at = at
            .add(&step)
            .ok_or_else(|| "the numbers are out of range".to_owned())?;
    }
    Ok(listed(items, None, call))
}

fn set_value(items: Vec<Value>, more: Option<Arc<Unknown>>, call: Call<'_>) -> Value {
    let items = types::set_of(items);
    let list = match more {
        Some(why) => List::open(ListKind::Set, items, why),
        None => List::new(ListKind::Set, items),
    };
    Value::new(Data::List(list), call.site)
}

fn sets(arguments: &[Value], call: Call<'_>, keep: fn(bool, bool) -> bool) -> Outcome {
    let mut kept = list_of(&arguments[0])?;
    for other in &arguments[1..] {
        let other = list_of(other)?;
        kept.retain(|item| keep(true, other.iter().any(|o| loosely_equal(o, item).is_yes())));
    }
    Ok(set_value(kept, None, call))
}

fn setunion(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut all = Vec::new();
    let mut more = None;
    for argument in arguments {
        all.extend(list_of(argument)?);
        more = more.or_else(|| unknown_more(argument, call));
    }
    Ok(set_value(all, more, call))
}

fn setproduct(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    let mut more = None;
    for argument in arguments {
        more = more.or_else(|| unknown_more(argument, call));
        let items = list_of(argument)?;
        if rows.len().saturating_mul(items.len()) > MOST_ELEMENTS {
            return Ok(Value::unknown(
                Reason::Limit("elements of a list"),
                call.site,
            ));
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
    Ok(listed(rows, more, call))
}

fn slice(arguments: &[Value], call: Call<'_>) -> Outcome {
    let items = list_of(&arguments[0])?;
    if let Some(unknown) = arguments[1..]
        .iter()
        .find(|argument| !argument.is_wholly_known())
    {
        return Ok(unknown_like(unknown, call.site));
    }
    let bound = |value: &Value| {
        usize::try_from(int_of(value)?).map_err(|_| "an index is negative".to_owned())
    };
    let (from, to) = (bound(&arguments[1])?, bound(&arguments[2])?);
    match items.get(from..to) {
        Some(part) => Ok(listed(part.to_vec(), None, call)),
        None if unknown_more(&arguments[0], call).is_some() => {
            Ok(unknown_like(&arguments[0], call.site))
        }
        None => Err(format!(
            "the list has {} elements, not {from} to {to}",
            items.len()
        )),
    }
}

fn sort(arguments: &[Value], call: Call<'_>) -> Outcome {
    let mut items = Vec::new();
    for item in list_of(&arguments[0])? {
        items.push((text_of(&item)?, item));
    }
    items.sort_by(|a, b| a.0.cmp(&b.0));
    let items = items
        .into_iter()
        .map(|(_, item)| types::convert(&item, &Type::String, call.site));
    Ok(listed(items.collect::<Result<_, _>>()?, None, call))
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
    let mut turned: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, list) in sorted_entries(&arguments[0]) {
        for item in list_of(&list)? {
            let key = text_of(&item)?;
            let name = Value::text(name.clone(), item.span());
            match turned.iter_mut().find(|(known, _)| *known == key) {
                Some((_, names)) => names.push(name),
                None => turned.push((key, vec![name])),
            }
        }
    }
    let members = turned
        .into_iter()
        .map(|(key, names)| (key.into(), Value::list(names, call.site).into()));
    Ok(Value::object(members.collect(), call.site))
}

fn zipmap(arguments: &[Value], call: Call<'_>) -> Outcome {
    let (names, values) = (list_of(&arguments[0])?, list_of(&arguments[1])?);
    let more = unknown_more(&arguments[0], call).or_else(|| unknown_more(&arguments[1], call));
    if names.len() != values.len() && more.is_none() {
        return Err("the lists differ in length".to_owned());
    }
    let mut members = Members::default();
    let mut open = more;
    for (name, value) in names.into_iter().zip(values) {
        if name.is_wholly_known() {
            members.insert(
                text_of(&name)?.into(),
                Member {
                    key: name.span(),
                    value,
                },
            );
        } else {
            open = open.or_else(|| unknown_like(&name, call.site).as_unknown().cloned());
        }
    }
    let object = match open {
        Some(why) => Object::open(ObjectKind::Object, members, without_reference(&why)),
        None => Object::new(ObjectKind::Object, members),
    };
    Ok(Value::new(Data::Object(object), call.site))
}

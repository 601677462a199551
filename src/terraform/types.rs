//! Terraform's types: what a value is, conversion to a declared type, unification of several.
//!
//! The rules are those of cty, observed on Terraform 1.11: conversions are exact or refused, `==` converts nothing, the
//! arms of a conditional are unified.

use std::cmp::Ordering;
use std::sync::Arc;

use super::syntax::{Expr, Expression, ObjectKey};
use crate::source::Span;
use crate::value::{
    Alternative, Attributes, Certainty, Data, List, ListKind, Member, Members, Number, Object,
    ObjectKind, Range, Reason, Segment, Text, Unknown, Value,
};
pub use crate::value::{Attribute, Type};

/// What an ephemeral value depends on. It exists while Terraform runs, and never in what it plans.
/// <https://developer.hashicorp.com/terraform/language/values/variables#exclude-values-from-state>
pub(super) const EPHEMERAL: &str = "an ephemeral value";

/// What a number is that is none: `1 / 0`. Terraform counts on with it, but cannot write it down.
pub(super) const INFINITE: &str = "a number that is infinite";

/// Whether any part of a value is unknown for a reason.
fn has_reason(value: &Value, is_it: &dyn Fn(&Reason) -> bool) -> bool {
    match &value.data {
        Data::Unknown(unknown) => is_it(&unknown.reason),
        Data::Text(text) => text.holes().any(|hole| is_it(&hole.reason)),
        Data::List(list) => list.items().iter().any(|item| has_reason(item, is_it)),
        Data::Object(object) => {
            let mut members = object.members().values();
            members.any(|member| has_reason(&member.value, is_it))
        }
        _ => false,
    }
}

/// Whether any part of a value is ephemeral.
pub(super) fn is_ephemeral(value: &Value) -> bool {
    has_reason(
        value,
        &|reason| matches!(reason, Reason::Depends(what) if **what == *EPHEMERAL),
    )
}

/// Whether any part of a value is an infinite number.
pub(super) fn is_infinite(value: &Value) -> bool {
    has_reason(
        value,
        &|reason| matches!(reason, Reason::Invalid(what) if **what == *INFINITE),
    )
}

/// Reads a type expression, `list(object({ a = optional(string, "x") }))`. Defaults are evaluated by `evaluate`.
///
/// # Errors
/// What is wrong with it.
pub fn parse(
    expression: &Expression,
    evaluate: &mut dyn FnMut(&Expression) -> Result<Value, String>,
) -> Result<Type, String> {
    match &expression.kind {
        Expr::Name(name) => match &**name {
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "any" => Ok(Type::Any),
            "list" => Ok(Type::List(Box::new(Type::Any))),
            "set" => Ok(Type::Set(Box::new(Type::Any))),
            "map" => Ok(Type::Map(Box::new(Type::Any))),
            other => Err(format!("there is no type `{other}`")),
        },
        // Before 0.12 and in JSON, types are quoted.
        Expr::Text(text, _) => {
            let inner = super::syntax::parse_expression_at(text, expression.span)?;
            match inner.kind {
                Expr::Text(..) => Err("this is no type".to_owned()),
                _ => parse(&inner, evaluate),
            }
        }
        Expr::Call(call) => {
            let argument = |position: usize| {
                call.arguments
                    .get(position)
                    .ok_or_else(|| format!("`{}` needs a type in parentheses", call.name))
            };
            match &*call.name {
                "list" => Ok(Type::List(Box::new(parse(argument(0)?, evaluate)?))),
                "set" => Ok(Type::Set(Box::new(parse(argument(0)?, evaluate)?))),
                "map" => Ok(Type::Map(Box::new(parse(argument(0)?, evaluate)?))),
                "optional" => parse(argument(0)?, evaluate),
                "tuple" => match &argument(0)?.kind {
                    Expr::List(items) => {
                        let items: Result<_, _> =
                            items.iter().map(|item| parse(item, evaluate)).collect();
                        Ok(Type::Tuple(items?))
                    }
                    _ => Err("`tuple` takes a list of types".to_owned()),
                },
                "object" => match &argument(0)?.kind {
                    Expr::Object(items) => {
                        let mut attributes = Attributes::default();
                        for item in items {
                            let ObjectKey::Name(name) = &item.key else {
                                return Err(
                                    "attribute names of an object type are plain words".to_owned()
                                );
                            };
                            attributes.insert(name.clone(), attribute(&item.value, evaluate)?);
                        }
                        Ok(Type::Object(attributes))
                    }
                    _ => Err("`object` takes attributes in braces".to_owned()),
                },
                other => Err(format!("there is no type `{other}(…)`")),
            }
        }
        _ => Err("this is no type".to_owned()),
    }
}

fn attribute(
    expression: &Expression,
    evaluate: &mut dyn FnMut(&Expression) -> Result<Value, String>,
) -> Result<Attribute, String> {
    let (is_optional, default) = match &expression.kind {
        Expr::Call(call) if &*call.name == "optional" => {
            let default = call.arguments.get(1).map(&mut *evaluate).transpose()?;
            (true, default.filter(|default| !default.is_null()))
        }
        _ => (false, None),
    };
    Ok(Attribute {
        of: parse(expression, evaluate)?,
        is_optional,
        default,
    })
}

/// The type of a value, as Terraform knows it. What is open on the side of onus (blocks that a provider completes,
/// collections of which only a part is known) may be anything unless its kind says more.
pub fn type_of(value: &Value) -> Type {
    match &value.data {
        Data::Null(of) => of.as_deref().unwrap_or(&Type::Any).clone(),
        Data::Unknown(unknown) => unknown.value_type().clone(),
        Data::Choice(alternatives) => {
            let types: Vec<Type> = alternatives.iter().map(|a| type_of(&a.value)).collect();
            unify(&types).unwrap_or(Type::Any)
        }
        Data::Bool(_) => Type::Bool,
        Data::Number(_) => Type::Number,
        Data::Text(_) => Type::String,
        Data::List(list) => {
            let element = || match list.of() {
                Some(of) => Box::new((**of).clone()),
                None => Box::new(common(list.items().iter())),
            };
            match list.kind() {
                ListKind::Tuple if list.more().is_some() => Type::Any,
                ListKind::Tuple => Type::Tuple(list.items().iter().map(type_of).collect()),
                ListKind::List => Type::List(element()),
                ListKind::Set => Type::Set(element()),
            }
        }
        Data::Object(object) => match object.kind() {
            ObjectKind::Map => Type::Map(match object.of() {
                Some(of) => Box::new((**of).clone()),
                None => {
                    let values = object.members().values();
                    Box::new(common(values.map(|member| &member.value)))
                }
            }),
            ObjectKind::Object if object.more().is_none() => {
                let members = object.members().iter();
                let attribute = |member: &Member| Attribute::required(type_of(&member.value));
                Type::Object(
                    members
                        .map(|(name, m)| (name.clone(), attribute(m)))
                        .collect(),
                )
            }
            ObjectKind::Object | ObjectKind::Block => Type::Any,
        },
    }
}

/// The type of the elements of a typed collection: that of the first element which tells it wholly.
fn common<'v>(values: impl Iterator<Item = &'v Value>) -> Type {
    let mut known = Type::Any;
    for value in values {
        let of = type_of(value);
        known = match (&known, &of) {
            (Type::Any, _) => of,
            (_, Type::Any) => known,
            _ => match unify(&[known, of]) {
                Some(of) => of,
                None => return Type::Any,
            },
        };
        if known.is_concrete() {
            break;
        }
    }
    known
}

/// Whether values of a type can be converted to another. Some of them may be refused all the same: not every string is
/// a number.
pub fn is_convertible(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Any) | (Type::Any, _) => true,
        (Type::Object(from), Type::Object(to)) => {
            to.iter().all(|(name, attribute)| match from.get(name) {
                Some(given) => is_convertible(&given.of, &attribute.of),
                None => attribute.is_optional,
            })
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|(a, b)| is_convertible(a, b))
        }
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => is_convertible(from, to),
        (Type::Tuple(items), Type::List(of) | Type::Set(of)) => {
            let found = match **of {
                Type::Any => unify(items),
                _ => Some((**of).clone()),
            };
            found.is_some_and(|of| {
                // Nothing but values of any type is a list of those.
                (of != Type::Any || items.iter().all(|item| *item == Type::Any))
                    && items.iter().all(|item| is_convertible(item, &of))
            })
        }
        (Type::Object(attributes), Type::Map(of)) => {
            let types: Vec<Type> = attributes.values().map(|a| a.of.clone()).collect();
            let found = match **of {
                Type::Any => unify(&types),
                _ => Some((**of).clone()),
            };
            found.is_some_and(|of| types.iter().all(|item| is_convertible(item, &of)))
        }
        (Type::Map(of), Type::Object(attributes)) => attributes
            .values()
            .all(|attribute| attribute.is_optional || is_convertible(of, &attribute.of)),
        (from, to) if from.is_scalar() && to.is_scalar() => {
            from == to || *from == Type::String || *to == Type::String
        }
        _ => false,
    }
}

/// The type of a value that is converted to `to` without being known: what `to` leaves open is as it was before.
fn converted_type(from: &Type, to: &Type) -> Type {
    let inside = |types: Vec<Type>, to: &Type| {
        let from = unify(&types).unwrap_or(Type::Any);
        Box::new(converted_type(&from, to))
    };
    match (from, to) {
        (Type::Any, to) => to.clone(),
        (from, Type::Any) => from.clone(),
        (Type::Map(from), Type::Map(to)) => Type::Map(Box::new(converted_type(from, to))),
        (Type::Object(from), Type::Map(to)) => {
            Type::Map(inside(from.values().map(|a| a.of.clone()).collect(), to))
        }
        (Type::Map(from), Type::Object(to)) => {
            let of =
                |attribute: &Attribute| Attribute::required(converted_type(from, &attribute.of));
            Type::Object(to.iter().map(|(name, a)| (name.clone(), of(a))).collect())
        }
        (Type::Object(from), Type::Object(to)) => {
            let of = |name: &Arc<str>, attribute: &Attribute| {
                Attribute::required(match from.get(name) {
                    Some(given) => converted_type(&given.of, &attribute.of),
                    None => attribute.of.clone(),
                })
            };
            Type::Object(
                to.iter()
                    .map(|(name, a)| (name.clone(), of(name, a)))
                    .collect(),
            )
        }
        (Type::List(from) | Type::Set(from), Type::List(to)) => {
            Type::List(Box::new(converted_type(from, to)))
        }
        (Type::List(from) | Type::Set(from), Type::Set(to)) => {
            Type::Set(Box::new(converted_type(from, to)))
        }
        (Type::Tuple(from), Type::List(to)) => Type::List(inside(from.clone(), to)),
        (Type::Tuple(from), Type::Set(to)) => Type::Set(inside(from.clone(), to)),
        (Type::Tuple(from), Type::Tuple(to)) => Type::Tuple(
            from.iter()
                .zip(to)
                .map(|(from, to)| converted_type(from, to))
                .collect(),
        ),
        (_, to) => to.clone(),
    }
}

/// The type that values of all these types can be converted to; none if there is none. As cty does it
/// (`convert.UnifyUnsafe`): objects of different attributes become maps, tuples of different lengths lists, otherwise one
/// of the types must do for all. What is not known of one of several collections leaves the whole open.
pub fn unify(types: &[Type]) -> Option<Type> {
    let mut distinct: Vec<&Type> = Vec::new();
    for of in types {
        if !distinct.contains(&of) {
            distinct.push(of);
        }
    }
    if distinct.len() < 2 {
        return Some(distinct.first().map_or(Type::Any, |of| (*of).clone()));
    }
    let count = |is_it: fn(&Type) -> bool| distinct.iter().filter(|of| is_it(of)).count();
    let all = distinct.len();
    let open = count(|of| *of == Type::Any);
    let maps = count(|of| matches!(of, Type::Map(_)));
    let lists = count(|of| matches!(of, Type::List(_)));
    let sets = count(|of| matches!(of, Type::Set(_)));
    let objects = count(|of| matches!(of, Type::Object(_)));
    let tuples = count(|of| matches!(of, Type::Tuple(_)));
    let elements = || -> Option<Box<Type>> {
        let elements: Vec<Type> = distinct
            .iter()
            .filter_map(|of| of.element().cloned())
            .collect();
        unify(&elements).map(Box::new)
    };
    if open > 0 && [maps, lists, sets, objects, tuples].contains(&(all - open)) && all > open {
        return Some(Type::Any);
    }
    if maps == all {
        return elements().map(Type::Map);
    }
    if lists == all {
        return elements().map(Type::List);
    }
    if sets == all {
        return elements().map(Type::Set);
    }
    if objects == all {
        return unify_objects(&distinct);
    }
    if tuples == all {
        return unify_tuples(&distinct);
    }
    if maps > 0
        && maps + objects + open == all
        && let Some(of @ Type::Map(_)) =
            unify_among(&distinct, as_map, |of| matches!(of, Type::Object(_)))
    {
        return Some(of);
    }
    if lists > 0
        && lists + tuples + open == all
        && let Some(of @ Type::List(_)) =
            unify_among(&distinct, as_list, |of| matches!(of, Type::Tuple(_)))
    {
        return Some(of);
    }
    if objects > 0 && tuples > 0 {
        return None;
    }
    preferred(&distinct)
        .into_iter()
        .find(|wanted| distinct.iter().all(|of| is_convertible(of, wanted)))
        .cloned()
}

/// Unification where some of the types are first made one, of another kind.
fn unify_among(
    types: &[&Type],
    make: fn(&[&Type]) -> Option<Type>,
    is_some_of_them: fn(&Type) -> bool,
) -> Option<Type> {
    let (some, others): (Vec<&Type>, Vec<&Type>) =
        types.iter().copied().partition(|of| is_some_of_them(of));
    let mut all = vec![make(&some)?];
    all.extend(others.into_iter().cloned());
    unify(&all)
}

/// Objects of the same attributes: each attribute unified. Others become maps.
fn unify_objects(types: &[&Type]) -> Option<Type> {
    let objects: Vec<&Attributes> = types
        .iter()
        .filter_map(|of| match of {
            Type::Object(attributes) => Some(attributes),
            _ => None,
        })
        .collect();
    let (first, rest) = objects.split_first()?;
    let has_same_names = rest.iter().all(|other| {
        other.len() == first.len() && first.keys().all(|name| other.contains_key(name))
    });
    if !has_same_names {
        return as_map(types);
    }
    let mut attributes = Attributes::default();
    for name in first.keys() {
        let column: Vec<Type> = objects
            .iter()
            .map(|object| object[name].of.clone())
            .collect();
        attributes.insert(name.clone(), Attribute::required(unify(&column)?));
    }
    let unified = Type::Object(attributes);
    match types.iter().all(|of| is_convertible(of, &unified)) {
        true => Some(unified),
        false => as_map(types),
    }
}

/// Tuples of the same length: each element unified. Others become lists.
fn unify_tuples(types: &[&Type]) -> Option<Type> {
    let tuples: Vec<&Vec<Type>> = types
        .iter()
        .filter_map(|of| match of {
            Type::Tuple(items) => Some(items),
            _ => None,
        })
        .collect();
    let (first, rest) = tuples.split_first()?;
    if rest.iter().any(|other| other.len() != first.len()) {
        return as_list(types);
    }
    let column =
        |at: usize| -> Vec<Type> { tuples.iter().map(|items| items[at].clone()).collect() };
    let items: Option<Vec<Type>> = (0..first.len()).map(|at| unify(&column(at))).collect();
    let unified = Type::Tuple(items?);
    match types.iter().all(|of| is_convertible(of, &unified)) {
        true => Some(unified),
        false => as_list(types),
    }
}

fn as_map(objects: &[&Type]) -> Option<Type> {
    let of = Type::Map(Box::new(unify(&parts(objects))?));
    objects
        .iter()
        .all(|object| is_convertible(object, &of))
        .then_some(of)
}

fn as_list(tuples: &[&Type]) -> Option<Type> {
    let of = Type::List(Box::new(unify(&parts(tuples))?));
    tuples
        .iter()
        .all(|tuple| is_convertible(tuple, &of))
        .then_some(of)
}

/// The types of all elements and attributes.
fn parts(types: &[&Type]) -> Vec<Type> {
    let mut all = Vec::new();
    for of in types {
        match of {
            Type::Tuple(items) => all.extend(items.iter().cloned()),
            Type::Object(attributes) => {
                all.extend(attributes.values().map(|attribute| attribute.of.clone()));
            }
            _ => {}
        }
    }
    all
}

/// The types ordered so that those come first which more others can be converted to, others as they stand.
fn preferred<'t>(types: &[&'t Type]) -> Vec<&'t Type> {
    let mut left: Vec<&Type> = types.to_vec();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_behind = |of: &Type| {
            left.iter()
                .any(|other| preference(other, of) == Ordering::Less)
        };
        let next = left.iter().position(|of| !is_behind(of)).unwrap_or(0);
        ordered.push(left.remove(next));
    }
    ordered
}

/// Which of two types is rather what both are converted to: the lesser one. Most are not related.
fn preference(a: &Type, b: &Type) -> Ordering {
    // One of several types: the better one if it is better for all that differ.
    let all = |parts: Vec<Ordering>| match (
        parts.contains(&Ordering::Less),
        parts.contains(&Ordering::Greater),
    ) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => Ordering::Equal,
    };
    match (a, b) {
        (a, b) if a == b => Ordering::Equal,
        (_, Type::Any) => Ordering::Less,
        (Type::Any, _) => Ordering::Greater,
        (Type::String, b) if b.is_scalar() => Ordering::Less,
        (a, Type::String) if a.is_scalar() => Ordering::Greater,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => preference(a, b),
        (Type::Tuple(_) | Type::List(_), Type::Set(_))
        | (Type::List(_), Type::Tuple(_))
        | (Type::Map(_), Type::Object(_)) => Ordering::Less,
        (Type::Set(_), Type::Tuple(_) | Type::List(_))
        | (Type::Tuple(_), Type::List(_))
        | (Type::Object(_), Type::Map(_)) => Ordering::Greater,
        (Type::Object(a), Type::Object(b)) if a.len() == b.len() => {
            let both: Option<Vec<Ordering>> = a
                .iter()
                .map(|(name, attribute)| Some(preference(&attribute.of, &b.get(name)?.of)))
                .collect();
            both.map_or(Ordering::Equal, all)
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            all(a.iter().zip(b).map(|(a, b)| preference(a, b)).collect())
        }
        _ => Ordering::Equal,
    }
}

/// The type of a conditional's result, from those of its arms; none where Terraform refuses the conditional. If one is
/// not known, neither is converted.
pub fn of_either(a: &Value, b: &Value) -> Option<Type> {
    let is_plain_null = |value: &Value| matches!(value.data, Data::Null(None));
    let (of_a, of_b) = (type_of(a), type_of(b));
    match () {
        () if is_plain_null(a) => Some(of_b),
        () if is_plain_null(b) => Some(of_a),
        () if of_a == Type::Any || of_b == Type::Any => Some(Type::Any),
        () => unify(&[of_a, of_b]),
    }
}

/// A value as it is after unification with another one (the other arm of a conditional).
///
/// # Errors
/// Where no type fits both: Terraform refuses such a conditional.
pub fn unify_value(value: &Value, other: &Value) -> Result<Value, String> {
    let Some(of) = of_either(value, other) else {
        return Err(format!(
            "the two results have no type in common: one is {}, the other {}",
            noun(value),
            noun(other)
        ));
    };
    match of {
        Type::Any => Ok(value.clone()),
        of if type_of(value) == of => Ok(value.clone()),
        of => convert(value, &of, value.span()),
    }
}

/// What is known of a value as it is refined: whether it is never null, and its range.
pub fn range_of(value: &Value) -> (bool, Range) {
    let bound = |number: &Number| Some((number.clone(), true));
    match &value.data {
        Data::Null(_) => (false, Range::Any),
        Data::Unknown(unknown) => (unknown.is_never_null, unknown.range.clone()),
        Data::Number(number) => (true, Range::Between(bound(number), bound(number))),
        Data::Text(text) => {
            let prefix = match text.segments().first() {
                Some(Segment::Literal(text)) => Some(text.clone()),
                _ => None,
            };
            (true, prefix.map_or(Range::Any, Range::Prefix))
        }
        Data::List(list) if list.kind() != ListKind::Tuple => match length(value) {
            Some(length) => (true, Range::Length(length, length)),
            None => (true, Range::Any),
        },
        Data::Object(object) if object.kind() == ObjectKind::Map && object.more().is_none() => {
            let length = object.members().len();
            (true, Range::Length(length, length))
        }
        Data::Choice(_) => (false, Range::Any),
        Data::Bool(_) | Data::List(_) | Data::Object(_) => (true, Range::Any),
    }
}

/// How many elements a list, tuple or set has, where that is known: what is not known in a set may be one of the others.
pub fn length(value: &Value) -> Option<usize> {
    let list = value.as_list().filter(|list| list.more().is_none())?;
    let is_certain =
        list.kind() != ListKind::Set || list.items().len() < 2 || value.is_wholly_known();
    is_certain.then_some(list.items().len())
}

/// An unknown value of a type, refined. What is then known is no longer unknown: a number between two equal bounds, a
/// list of so many elements.
pub fn refined(unknown: Unknown, site: Span) -> Value {
    let Unknown {
        is_never_null: true,
        range,
        of: Some(of),
        ..
    } = &unknown
    else {
        return Value::new(Data::Unknown(Arc::new(unknown)), site);
    };
    let some = |of: &Type| {
        let element = Unknown::of_type(unknown.reason.clone(), of.clone());
        Value::new(Data::Unknown(Arc::new(element)), site)
    };
    let data = match (range, &**of) {
        (Range::Between(Some((least, true)), Some((most, true))), Type::Number)
            if least == most =>
        {
            Data::Number(least.clone())
        }
        (Range::Length(0, 0), Type::Map(of)) => {
            Data::Object(Object::map_of(Arc::new((**of).clone()), Members::default()))
        }
        (Range::Length(least, most), Type::List(of))
            if least == most && *most <= LONGEST_REFINED =>
        {
            let of = Arc::new((**of).clone());
            let items = vec![some(&of); *most];
            Data::List(List::typed(ListKind::List, of, items))
        }
        (Range::Length(least, most), Type::Set(of)) if least == most && *most < 2 => {
            let of = Arc::new((**of).clone());
            let items = vec![some(&of); *most];
            Data::List(List::typed(ListKind::Set, of, items))
        }
        _ => Data::Unknown(Arc::new(unknown)),
    };
    Value::new(data, site)
}

/// Elements of a list of known length that are written down though none of them is known.
const LONGEST_REFINED: usize = 10_000;

/// Fills in the defaults of optional attributes, all the way down; done before conversion. A null attribute takes its
/// default; unknown values stay unknown.
pub fn with_defaults(value: &Value, of: &Type) -> Value {
    if !has_defaults(of) {
        return value.clone();
    }
    let data = match (&value.data, of) {
        (Data::Object(object), Type::Object(attributes)) => {
            let mut members = object.members().clone();
            for (name, attribute) in attributes {
                let written = members.get(name).filter(|member| !member.value.is_null());
                let member = match (written, &attribute.default) {
                    (Some(member), _) => Member {
                        key: member.key,
                        value: with_defaults(&member.value, &attribute.of),
                    },
                    (None, Some(default)) => with_defaults(default, &attribute.of).into(),
                    (None, None) => continue,
                };
                members.insert(name.clone(), member);
            }
            Data::Object(object.with_members(members))
        }
        (Data::Object(object), Type::Map(of)) => {
            let members = object.members().iter().map(|(name, member)| {
                (
                    name.clone(),
                    Member {
                        key: member.key,
                        value: with_defaults(&member.value, of),
                    },
                )
            });
            Data::Object(object.with_members(members.collect()))
        }
        (Data::List(list), Type::List(of) | Type::Set(of)) => {
            let items = list
                .items()
                .iter()
                .map(|item| with_defaults(item, of))
                .collect();
            Data::List(list.with_items(items))
        }
        (Data::List(list), Type::Tuple(types)) if types.len() == list.items().len() => {
            let items = list
                .items()
                .iter()
                .zip(types)
                .map(|(item, of)| with_defaults(item, of))
                .collect();
            Data::List(list.with_items(items))
        }
        (Data::Choice(alternatives), of) => {
            let alternatives = alternatives.iter().map(|a| Alternative {
                guard: a.guard.clone(),
                value: with_defaults(&a.value, of),
            });
            Data::Choice(alternatives.collect())
        }
        (data, _) => data.clone(),
    };
    Value {
        data,
        ..value.clone()
    }
}

fn has_defaults(of: &Type) -> bool {
    match of {
        Type::Any | Type::Bool | Type::Number | Type::String => false,
        Type::List(of) | Type::Set(of) | Type::Map(of) => has_defaults(of),
        Type::Tuple(types) => types.iter().any(has_defaults),
        Type::Object(attributes) => attributes
            .values()
            .any(|a| a.default.is_some() || has_defaults(&a.of)),
    }
}

fn relisted(list: &List, kind: ListKind, of: Type, items: Vec<Value>) -> List {
    match list.more() {
        Some(why) => List::open(kind, items, why.clone()),
        None => List::typed(kind, Arc::new(of.of_values()), items),
    }
}

/// A value converted to a type, as Terraform does for variables and function arguments. Elements keep their places.
///
/// # Errors
/// Why it cannot be converted.
pub fn convert(value: &Value, of: &Type, site: Span) -> Result<Value, String> {
    let refuse = || {
        Err(format!(
            "{} is needed, but this is {}",
            of.describe(),
            noun(value)
        ))
    };
    let with = |data: Data| {
        Ok(Value {
            data,
            ..value.clone()
        })
    };
    match (of, &value.data) {
        (Type::Any, _) => Ok(value.clone()),
        (_, Data::Choice(alternatives)) => {
            let converted: Result<Vec<Alternative>, String> = alternatives
                .iter()
                .map(|a| {
                    Ok(Alternative {
                        guard: a.guard.clone(),
                        value: convert(&a.value, of, site)?,
                    })
                })
                .collect();
            with(Data::Choice(converted?.into()))
        }
        (_, Data::Null(_) | Data::Unknown(_)) => {
            let from = type_of(value);
            let to = of.of_values();
            if !is_convertible(&from, of) {
                return refuse();
            }
            let to = converted_type(&from, &to);
            match &value.data {
                Data::Unknown(unknown) if from == to => with(Data::Unknown(unknown.clone())),
                Data::Unknown(unknown) => Ok(Value {
                    origin: value.origin.clone(),
                    is_sensitive: value.is_sensitive,
                    ..refined(converted_unknown(unknown, &from, to), site)
                }),
                _ => with(Data::Null(Some(Arc::new(to)))),
            }
        }
        (Type::String, Data::Text(_))
        | (Type::Bool, Data::Bool(_))
        | (Type::Number, Data::Number(_)) => Ok(value.clone()),
        (Type::String, Data::Bool(_) | Data::Number(_)) => with(Data::Text(to_text(value)?)),
        (Type::Bool | Type::Number, Data::Text(text)) if text.has_holes() => {
            let reason = text.holes().next().map(|hole| hole.reason.clone());
            let unknown = Unknown {
                is_never_null: true,
                ..Unknown::of_type(reason.unwrap_or(Reason::Instances), of.clone())
            };
            with(Data::Unknown(Arc::new(unknown)))
        }
        (Type::Bool, _) => to_bool(value).map_or_else(refuse, |truth| with(Data::Bool(truth))),
        (Type::Number, Data::Text(_)) => match to_number(value) {
            Some(number) => with(Data::Number(number)),
            None => refuse(),
        },
        (Type::List(of), Data::List(list)) => {
            // How many elements a set has is not known as long as some of them are not, so neither is where they stand.
            if list.kind() == ListKind::Set && list.more().is_none() && length(value).is_none() {
                let of = Type::List(Box::new(element_type(of, list)?));
                let reason = list.items().iter().find_map(Value::as_unknown);
                let reason = reason.map_or(Reason::Instances, |unknown| unknown.reason.clone());
                return with(Data::Unknown(Arc::new(Unknown::of_type(reason, of))));
            }
            let (of, items) = items_of(value, list, of, site)?;
            with(Data::List(relisted(list, ListKind::List, of, items)))
        }
        (Type::Set(of), Data::List(list)) => {
            let (of, items) = items_of(value, list, of, site)?;
            with(Data::List(relisted(list, ListKind::Set, of, set_of(items))))
        }
        (Type::Tuple(types), Data::List(list))
            if list.kind() == ListKind::Tuple && types.len() == list.items().len() =>
        {
            let items: Result<Vec<Value>, String> = list
                .items()
                .iter()
                .zip(types)
                .map(|(item, of)| convert(item, of, site))
                .collect();
            with(Data::List(match list.more() {
                Some(why) => List::open(ListKind::Tuple, items?, why.clone()),
                None => List::new(ListKind::Tuple, items?),
            }))
        }
        (Type::Map(of), Data::Object(object)) => {
            let values = object.members().values().map(|member| &member.value);
            let of = match (&**of, object.of()) {
                (Type::Any, Some(of)) => (**of).clone(),
                (of, _) => common_type(of, values)?,
            };
            let mut members = Members::default();
            for (name, member) in object.members() {
                let converted = convert(&member.value, &of, site)
                    .map_err(|why| format!("\"{name}\": {why}"))?;
                members.insert(
                    name.clone(),
                    Member {
                        key: member.key,
                        value: converted,
                    },
                );
            }
            with(Data::Object(match object.more() {
                Some(why) => Object::open(ObjectKind::Map, members, why.clone()),
                None => Object::map_of(Arc::new(of.of_values()), members),
            }))
        }
        (Type::Object(attributes), Data::Object(object)) => {
            let mut members = Members::default();
            for (name, attribute) in attributes {
                match object.members().get(name) {
                    Some(member) => {
                        let converted = convert(&member.value, &attribute.of, site)
                            .map_err(|why| format!("attribute `{name}`: {why}"))?;
                        members.insert(
                            name.clone(),
                            Member {
                                key: member.key,
                                value: converted,
                            },
                        );
                    }
                    None if object.more().is_some() => {}
                    None if attribute.is_optional => {
                        let of = Arc::new(attribute.of.of_values());
                        members.insert(name.clone(), Value::null_of(of, value.span()).into());
                    }
                    None => return Err(format!("attribute `{name}` is missing")),
                }
            }
            let object = match object.more() {
                Some(why) => Object::open(ObjectKind::Object, members, why.clone()),
                None => Object::new(ObjectKind::Object, members),
            };
            with(Data::Object(object))
        }
        _ => refuse(),
    }
}

/// What is known of an unknown value of the type `from` once it is converted to `to`.
fn converted_unknown(unknown: &Unknown, from: &Type, to: Type) -> Unknown {
    let range = match (from, &to, &unknown.range) {
        (Type::Object(attributes), Type::Map(_), _) => {
            Range::Length(attributes.len(), attributes.len())
        }
        (Type::Tuple(items), Type::List(_), _) => Range::Length(items.len(), items.len()),
        (Type::Tuple(items), Type::Set(_), _) => Range::Length(items.len().min(1), items.len()),
        (from, Type::Set(_), Range::Length(least, most)) if from.is_collection() => {
            Range::Length(*least.min(&1), *most)
        }
        (from, to, range @ Range::Length(..)) if from.is_collection() && to.is_collection() => {
            range.clone()
        }
        _ => Range::Any,
    };
    // Between primitive types the value may be another one.
    Unknown {
        of: Some(Arc::new(to)),
        range,
        ..unknown.clone()
    }
}

fn items_of(
    value: &Value,
    list: &List,
    of: &Type,
    site: Span,
) -> Result<(Type, Vec<Value>), String> {
    let of = element_type(of, list)?;
    let items: Result<Vec<Value>, String> = value
        .elements()
        .enumerate()
        .map(|(index, item)| {
            convert(&item, &of, site).map_err(|why| format!("element {index}: {why}"))
        })
        .collect();
    Ok((of, items?))
}

/// The type of a list's elements once it is converted: as declared, or for `any` the one that it has.
fn element_type(declared: &Type, list: &List) -> Result<Type, String> {
    match (declared, list.of()) {
        (Type::Any, Some(of)) => Ok((**of).clone()),
        _ => common_type(declared, list.items().iter()),
    }
}

/// The element type: as declared, or for `any` the one that all elements can have.
fn common_type<'v>(
    declared: &Type,
    values: impl Iterator<Item = &'v Value>,
) -> Result<Type, String> {
    if *declared != Type::Any {
        return Ok(declared.clone());
    }
    // Alike elements need not be looked at twice: most collections hold one primitive type.
    let mut types: Vec<Type> = Vec::new();
    for value in values {
        let of = type_of(value);
        if types.last() != Some(&of) && !(of.is_scalar() && types.contains(&of)) {
            types.push(of);
        }
    }
    unify(&types).ok_or_else(|| "its elements have no type in common".to_owned())
}

/// Distinct elements in the order in which Terraform iterates over sets: strings bytewise, numbers ascending, truth
/// values false first, others by the bytes that cty hashes (set/rules, `makeSetHashBytes`).
pub fn set_of(items: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<(Vec<u8>, Value)> = Vec::with_capacity(items.len());
    let mut seen = rustc_hash::FxHashSet::default();
    let mut is_ordered = true;
    for item in items {
        let mut key = Vec::new();
        if !hash_bytes(&item, &mut key) {
            // What is not known may be equal to another element, or to none.
            is_ordered = false;
        } else if !seen.insert(key.clone()) {
            continue;
        }
        distinct.push((key, item));
    }
    let all = |test: fn(&Value) -> bool| {
        distinct
            .iter()
            .all(|(_, item)| item.is_null() || test(item))
    };
    // Null stands last.
    if all(|item| item.as_number().is_some()) {
        distinct.sort_by(|(_, a), (_, b)| {
            (a.is_null(), a.as_number()).cmp(&(b.is_null(), b.as_number()))
        });
    } else if all(|item| item.as_str().is_some()) {
        distinct
            .sort_by(|(_, a), (_, b)| (a.is_null(), a.as_str()).cmp(&(b.is_null(), b.as_str())));
    } else if all(|item| item.as_bool().is_some()) {
        distinct.sort_by_key(|(_, item)| (item.is_null(), item.as_bool()));
    } else if is_ordered {
        distinct.sort_by(|a, b| a.0.cmp(&b.0));
    }
    distinct.into_iter().map(|(_, item)| item).collect()
}

/// What cty makes of a value to hash it: equal for equal values of one type. False if something in it is not known.
pub(super) fn hash_bytes(value: &Value, into: &mut Vec<u8>) -> bool {
    match &value.data {
        Data::Null(_) => into.push(b'~'),
        Data::Bool(truth) => into.push(if *truth { b'T' } else { b'F' }),
        Data::Number(number) => into.extend(number.to_string().bytes()),
        Data::Text(text) => match text.as_str() {
            Some(text) => into.extend(format!("{text:?}").bytes()),
            None => return false,
        },
        Data::List(list) => {
            if list.more().is_some() {
                return false;
            }
            let (open, close) = match list.kind() {
                ListKind::Tuple => (b'<', b'>'),
                ListKind::List | ListKind::Set => (b'[', b']'),
            };
            into.push(open);
            for item in list.items() {
                if !hash_bytes(item, into) {
                    return false;
                }
                into.push(b';');
            }
            into.push(close);
        }
        Data::Object(object) => {
            if object.more().is_some() {
                return false;
            }
            let is_map = object.kind() == ObjectKind::Map;
            let mut names: Vec<&Arc<str>> = object.members().keys().collect();
            names.sort();
            into.push(if is_map { b'{' } else { b'<' });
            for name in names {
                // Objects of one type have the same names, so cty leaves them out; here they tell types apart.
                into.extend(format!("{name:?}:").bytes());
                match object.get(name) {
                    Some(value) if !hash_bytes(value, into) => return false,
                    _ => into.push(b';'),
                }
            }
            into.push(if is_map { b'}' } else { b'>' });
        }
        Data::Unknown(_) | Data::Choice(_) => return false,
    }
    true
}

/// What a value is, for messages.
pub fn noun(value: &Value) -> &'static str {
    match &value.data {
        Data::Null(_) => "null",
        Data::Bool(_) => "a bool",
        Data::Number(_) => "a number",
        Data::Text(_) => "a string",
        Data::List(list) if list.kind() == ListKind::Set => "a set",
        Data::List(_) => "a list",
        Data::Object(_) => "an object",
        Data::Unknown(_) | Data::Choice(_) => "unknown",
    }
}

/// A value as a string: strings as they are, numbers and truth values spelled out.
///
/// # Errors
/// Why there is no string for it; also for unknown values, whose text is not known.
pub fn to_text(value: &Value) -> Result<Text, String> {
    match &value.data {
        Data::Text(text) => Ok(text.clone()),
        Data::Number(number) => Ok(number.to_string().into()),
        Data::Bool(truth) => Ok(if *truth { "true" } else { "false" }.into()),
        _ => Err(format!("a string is needed, but this is {}", noun(value))),
    }
}

/// A known value as true or false, `"true"`, `"false"`, `"1"` and `"0"` included.
pub fn to_bool(value: &Value) -> Option<bool> {
    match &value.data {
        Data::Bool(truth) => Some(*truth),
        Data::Text(text) => match text.as_str()? {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A known value as a number, numeric strings included.
pub fn to_number(value: &Value) -> Option<Number> {
    match &value.data {
        Data::Number(number) => Some(number.clone()),
        Data::Text(text) => number_in(text.as_str()?),
        _ => None,
    }
}

/// A number as conversion from a string reads it, which takes a little more than expressions do: `+5`, `.5`.
pub(super) fn number_in(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { "-" } else { "" };
    if unsigned.starts_with('.') && unsigned.len() > 1 {
        return Number::parse(&format!("{sign}0{unsigned}"));
    }
    if unsigned.len() < text.len() && sign.is_empty() {
        return Number::parse(unsigned)
            .filter(|_| unsigned.starts_with(|c: char| c.is_ascii_digit()));
    }
    Number::parse(text)
}

/// Unicode's composed form, in which Terraform keeps all strings (`"é" == "e\u0301"`).
pub(super) fn normal(text: &str) -> std::borrow::Cow<'_, str> {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        text.into()
    } else {
        text.nfc().collect::<String>().into()
    }
}

/// Terraform's `==`: nothing is converted, types must agree; unsure where something unknown decides.
pub fn equal(a: &Value, b: &Value) -> Certainty {
    match (&a.data, &b.data) {
        (Data::Null(_), Data::Null(_)) => Certainty::Yes,
        (Data::Null(_), _) | (_, Data::Null(_)) => {
            let other = if a.is_null() { b } else { a };
            match range_of(other).0 {
                true => Certainty::No,
                false => Certainty::Unsure,
            }
        }
        (Data::Choice(_), _) | (_, Data::Choice(_)) => Certainty::Unsure,
        (Data::Unknown(_), Data::Unknown(_)) => Certainty::Unsure,
        (Data::Unknown(unknown), _) => may_be(unknown, b),
        (_, Data::Unknown(unknown)) => may_be(unknown, a),
        (Data::Bool(a), Data::Bool(b)) => (a == b).into(),
        (Data::Number(a), Data::Number(b)) => (a == b).into(),
        (Data::Text(a), Data::Text(b)) => a.equals_text(b),
        (Data::List(x), Data::List(y)) => {
            if x.kind() != y.kind() {
                // `tolist(["a"]) == ["a"]` is false in Terraform, whatever is in them.
                return Certainty::No;
            }
            let is_open = x.more().is_some() || y.more().is_some();
            if x.items().len() != y.items().len() && x.kind() != ListKind::Set {
                return if is_open {
                    Certainty::Unsure
                } else {
                    Certainty::No
                };
            }
            if is_open {
                return Certainty::Unsure;
            }
            types_agree(a, b).unwrap_or_else(|| {
                if x.kind() == ListKind::Set {
                    return sets_equal(x, y);
                }
                in_order(x.items().iter().zip(y.items()))
            })
        }
        (Data::Object(x), Data::Object(y)) => {
            let is_open = x.more().is_some() || y.more().is_some();
            if (x.kind() == ObjectKind::Map) != (y.kind() == ObjectKind::Map) {
                return Certainty::No;
            }
            let same_names = x.members().len() == y.members().len()
                && x.members().keys().all(|name| y.get(name).is_some());
            if is_open {
                return Certainty::Unsure;
            }
            if !same_names {
                return Certainty::No;
            }
            types_agree(a, b).unwrap_or_else(|| {
                let members = x.members().iter();
                in_order(members.filter_map(|(name, m)| Some((&m.value, y.get(name)?))))
            })
        }
        _ => Certainty::No,
    }
}

/// The answer where the types of two known values decide; none where their elements do.
fn types_agree(a: &Value, b: &Value) -> Option<Certainty> {
    let (of_a, of_b) = (type_of(a), type_of(b));
    if has_open_type(a) || has_open_type(b) {
        return Some(match conforms(&of_a, &of_b) || conforms(&of_b, &of_a) {
            true => Certainty::Unsure,
            false => Certainty::No,
        });
    }
    (of_a != of_b).then_some(Certainty::No)
}

/// Whether something in a value may be of any type.
fn has_open_type(value: &Value) -> bool {
    if value.is_wholly_known() {
        return false;
    }
    match &value.data {
        Data::Unknown(unknown) => !unknown.value_type().is_concrete(),
        Data::List(list) => list.items().iter().any(has_open_type),
        Data::Object(object) => {
            let mut members = object.members().values();
            members.any(|member| has_open_type(&member.value))
        }
        _ => false,
    }
}

/// Whether a type is the other one or says more than it.
fn conforms(of: &Type, to: &Type) -> bool {
    match (of, to) {
        (_, Type::Any) => true,
        (Type::List(of), Type::List(to))
        | (Type::Set(of), Type::Set(to))
        | (Type::Map(of), Type::Map(to)) => conforms(of, to),
        (Type::Tuple(of), Type::Tuple(to)) => {
            of.len() == to.len() && of.iter().zip(to).all(|(of, to)| conforms(of, to))
        }
        (Type::Object(of), Type::Object(to)) => {
            of.len() == to.len()
                && of.iter().all(|(name, attribute)| {
                    to.get(name)
                        .is_some_and(|to| conforms(&attribute.of, &to.of))
                })
        }
        (of, to) => of == to,
    }
}

/// Whether an unknown value may turn out to be this one.
fn may_be(unknown: &Unknown, value: &Value) -> Certainty {
    let (of, known) = (unknown.value_type(), type_of(value));
    if known == Type::Any {
        return Certainty::Unsure;
    }
    let within = match (&unknown.range, &value.data) {
        (Range::Prefix(prefix), Data::Text(text)) => match text.segments().first() {
            Some(Segment::Literal(start)) if text.has_holes() => {
                start.starts_with(&**prefix) || prefix.starts_with(&**start)
            }
            _ => text.as_str().is_none_or(|text| text.starts_with(&**prefix)),
        },
        (Range::Between(least, most), Data::Number(number)) => {
            least
                .as_ref()
                .is_none_or(|(bound, or_equal)| number > bound || (*or_equal && number == bound))
                && most.as_ref().is_none_or(|(bound, or_equal)| {
                    number < bound || (*or_equal && number == bound)
                })
        }
        (Range::Length(least, most), _) => match range_of(value).1 {
            Range::Length(at_least, at_most) => at_most >= *least && at_least <= *most,
            _ => true,
        },
        _ => true,
    };
    let is_possible = within && conforms(&known, of) && (!of.is_concrete() || known == *of);
    match is_possible {
        true => Certainty::Unsure,
        false => Certainty::No,
    }
}

/// Whether all pairs are equal, looking at one after the other: the first that is not, or is not known to be, decides.
fn in_order<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Certainty {
    for (a, b) in pairs {
        let equal = equal(a, b);
        if !equal.is_yes() {
            return equal;
        }
    }
    Certainty::Yes
}

fn sets_equal(a: &List, b: &List) -> Certainty {
    let keys = |list: &List| -> Option<rustc_hash::FxHashSet<Vec<u8>>> {
        let key = |item| {
            let mut key = Vec::new();
            hash_bytes(item, &mut key).then_some(key)
        };
        list.items().iter().map(key).collect()
    };
    match (keys(a), keys(b)) {
        (Some(a), Some(b)) => (a == b).into(),
        _ => Certainty::Unsure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(json: serde_json::Value) -> Value {
        Value::from_json(&json)
    }

    fn of(text: &str) -> Type {
        let expression =
            super::super::syntax::parse_expression_at(text, Span::NONE).expect("a type");
        parse(&expression, &mut |default| match &default.kind {
            Expr::Text(text, _) => Ok(Value::text(text.clone(), Span::NONE)),
            Expr::Bool(truth) => Ok(Value::bool(*truth, Span::NONE)),
            _ => Ok(Value::null(Span::NONE)),
        })
        .expect("a type")
    }

    #[test]
    fn conversions_are_exact_or_refused() {
        for (input, to, expected) in [
            (json!("5"), "number", Some(json!(5))),
            (json!(5), "string", Some(json!("5"))),
            (json!(true), "string", Some(json!("true"))),
            (json!("yes"), "bool", None),
            (
                json!(["b", "a", "b"]),
                "set(string)",
                Some(json!(["a", "b"])),
            ),
            (json!([1, "x"]), "list(any)", Some(json!(["1", "x"]))),
            (
                json!({"a": 1, "b": 2}),
                "object({ a = string })",
                Some(json!({"a": "1"})),
            ),
            (json!({}), "object({ a = string })", None),
            (
                json!({}),
                "object({ a = optional(string, \"x\") })",
                Some(json!({"a": "x"})),
            ),
            (
                json!({"a": null}),
                "object({ a = optional(string, \"x\") })",
                Some(json!({"a": "x"})),
            ),
            (
                json!({"k": {}}),
                "map(object({ a = optional(bool, true) }))",
                Some(json!({"k": {"a": true}})),
            ),
        ] {
            let of = of(to);
            let converted = convert(&with_defaults(&value(input.clone()), &of), &of, Span::NONE);
            match expected {
                Some(expected) => {
                    let converted = converted.expect("convertible");
                    let expected = convert(&value(expected), &of, Span::NONE).expect("convertible");
                    assert!(
                        equal(&converted, &expected).is_yes(),
                        "{input} to {to}: {converted:?}"
                    );
                }
                None => assert!(converted.is_err(), "{input} to {to}"),
            }
        }
    }

    #[test]
    fn equality_converts_nothing() {
        assert!(equal(&value(json!(1)), &value(json!("1"))).is_no());
        assert!(equal(&value(json!(null)), &value(json!(null))).is_yes());
        assert!(equal(&value(json!({"a": [1]})), &value(json!({"a": [1]}))).is_yes());
    }
}

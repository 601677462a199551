//! What Terraform says of values when it plans: what onus knows parts or possibilities of in, known or unknown values
//! with types and refinements out.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation as _;

use super::evaluate::depends;
use super::types::{self, Type};
use crate::source::Span;
use crate::value::{Data, ObjectKind, Range, Reason, Segment, Text, Unknown, Value};

/// Bytes of a template's known start that Terraform keeps.
const LONGEST_PREFIX: usize = 128;

/// The value as Terraform has it: what conditions decide, collections of which a part is known and strings with holes are
/// not known. Only the value itself is looked at; its parts have been seen to where they were made.
pub(super) fn planned(value: Value) -> Value {
    let is_partial = match &value.data {
        Data::Choice(_) => true,
        Data::Text(text) => text.has_holes(),
        Data::List(list) => list.more().is_some() && !list.items().iter().any(is_block),
        Data::Object(object) => object.more().is_some() && object.kind() != ObjectKind::Block,
        _ => false,
    };
    if !is_partial {
        return value;
    }
    let of = types::type_of(&value);
    as_unknown(&value, of)
}

/// The same, with all that is in it.
pub(super) fn wholly_planned(value: Value) -> Value {
    let value = planned(value);
    if value.is_wholly_known() || is_block(&value) {
        return value;
    }
    let data = match &value.data {
        Data::List(list) => {
            let items = list.items().iter().cloned().map(wholly_planned);
            Data::List(list.with_items(items.collect()))
        }
        Data::Object(object) => {
            let members = object.members().iter().map(|(name, member)| {
                let mut member = member.clone();
                member.value = wholly_planned(member.value);
                (name.clone(), member)
            });
            Data::Object(object.with_members(members.collect()))
        }
        _ => return value,
    };
    Value { data, ..value }
}

/// An unknown value of a type in the place of one of which more is known.
pub(super) fn as_unknown(value: &Value, of: Type) -> Value {
    let (is_never_null, range) = match &value.data {
        Data::Text(text) => (true, prefix_of(text)),
        Data::Choice(alternatives) => {
            let mut all = alternatives.iter();
            (all.all(|part| types::range_of(&part.value).0), Range::Any)
        }
        Data::Unknown(unknown) => (unknown.is_never_null, unknown.range.clone()),
        _ => (true, Range::Any),
    };
    let reason = depends(value, "a value that is known in part")
        .reason
        .clone();
    let unknown = Unknown {
        is_never_null: is_never_null && of != Type::Any,
        range,
        ..Unknown::of_type(reason, of)
    };
    Value {
        data: Data::Unknown(Arc::new(unknown)),
        ..value.clone()
    }
}

/// What is known of a template with holes: the characters before the first, but for those that may still change by what
/// follows them.
fn prefix_of(text: &Text) -> Range {
    match text.segments().first() {
        Some(Segment::Literal(start)) => {
            let mut end = start.len().min(LONGEST_PREFIX);
            while !start.is_char_boundary(end) {
                end -= 1;
            }
            prefix(&start[..end])
        }
        _ => Range::Any,
    }
}

/// A known start of a string as a refinement: without its last character if what follows may combine with that.
pub(super) fn prefix(start: &str) -> Range {
    const ENDING: &str = "-_:;/\\,.(){}[]|?!~ \t@#$%^&*+\"'";
    let last = start.graphemes(true).next_back().unwrap_or_default();
    let is_certain = last.chars().count() == 1 && ENDING.contains(last);
    let kept = match is_certain {
        true => start,
        false => &start[..start.len() - last.len()],
    };
    match kept.is_empty() {
        true => Range::Any,
        false => Range::Prefix(kept.into()),
    }
}

/// The result of a conditional whose condition is not known: of the type of both arms, and whatever refinement holds for
/// both. None where their types have nothing in common.
pub(super) fn either(then: &Value, other: &Value, reason: Reason, site: Span) -> Option<Value> {
    let of = types::of_either(then, other)?;
    if then.is_null() && other.is_null() {
        return Some(Value::null_of(Arc::new(of), site));
    }
    let (of_then, of_other) = (types::type_of(then), types::type_of(other));
    let ((then_never, then_range), (other_never, other_range)) =
        (types::range_of(then), types::range_of(other));
    let range = match (then_range, other_range) {
        (Range::Between(least_a, most_a), Range::Between(least_b, most_b)) => Range::Between(
            least_a.zip(least_b).map(|(a, b)| wider(a, b, true)),
            most_a.zip(most_b).map(|(a, b)| wider(a, b, false)),
        ),
        (Range::Length(least_a, most_a), Range::Length(least_b, most_b))
            if of_then == of_other && of_then.is_collection() =>
        {
            Range::Length(least_a.min(least_b), most_a.max(most_b))
        }
        _ => Range::Any,
    };
    let unknown = Unknown {
        is_never_null: then_never && other_never && of != Type::Any,
        range,
        ..Unknown::of_type(reason, of)
    };
    Some(types::refined(unknown, site))
}

type Bound = (crate::value::Number, bool);

/// The bound of two that leaves more room.
fn wider(a: Bound, b: Bound, is_lower: bool) -> Bound {
    match a.0.cmp(&b.0) {
        std::cmp::Ordering::Equal => (a.0, a.1 || b.1),
        order if order.is_lt() == is_lower => a,
        _ => b,
    }
}

fn is_block(value: &Value) -> bool {
    let kind = value.as_object().map(crate::value::Object::kind);
    kind == Some(ObjectKind::Block)
}

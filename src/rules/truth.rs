//! The truth of one comparison: a value that may be missing, unknown or partly known, an operator and an operand in, a
//! certainty out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use regex::Regex;

use super::clause::Operator;
use crate::jsonpath::{equals, less, list_holds};
use crate::value::{Certainty, Data, Segment, Text, Value, World};

/// What stands behind an operator, ready to compare with.
pub(super) enum Operand<'o> {
    /// One value.
    Value(&'o Value),
    /// A pattern.
    Pattern(&'o Regex),
    /// A query that selects nothing.
    Missing,
}

/// Whether `value` (none: missing) stands to the operand as the operator says.
///
/// A missing value equals nothing, matches nothing, is in nothing and is neither smaller nor larger than anything.
pub(super) fn compare(
    value: Option<&Value>,
    operator: Operator,
    operand: &Operand<'_>,
    world: &World,
) -> Certainty {
    if operator == Operator::NotEqual {
        return !compare(value, Operator::Equal, operand, world);
    }
    let Some(value) = value else {
        return Certainty::No;
    };
    // What a value may be, where that is a known small set: the answer that all of them agree on.
    match &value.data {
        Data::Null(_) => return Certainty::No,
        Data::Choice(_) => {
            let settled = value.settle(world);
            return agreed(
                settled
                    .iter()
                    .map(|value| compare(Some(value), operator, operand, world)),
            );
        }
        Data::Unknown(unknown) if !unknown.allowed.is_empty() => {
            return agreed(
                unknown
                    .allowed
                    .iter()
                    .map(|value| compare(Some(value), operator, operand, world)),
            );
        }
        _ => {}
    }
    match operand {
        Operand::Missing => Certainty::No,
        Operand::Pattern(pattern) => match operator {
            Operator::Matches => matches(value, pattern),
            _ => Certainty::Unsure,
        },
        Operand::Value(operand) => {
            match &operand.data {
                Data::Null(_) => Certainty::No,
                Data::Choice(_) => {
                    let settled = operand.settle(world);
                    agreed(settled.iter().map(|operand| {
                        compare(Some(value), operator, &Operand::Value(operand), world)
                    }))
                }
                _ => match operator {
                    Operator::Equal => equals(value, operand, world),
                    Operator::NotEqual => !equals(value, operand, world),
                    Operator::Less => less(value, operand, world),
                    Operator::LessEqual => !less(operand, value, world),
                    Operator::Greater => less(operand, value, world),
                    Operator::GreaterEqual => !less(value, operand, world),
                    Operator::In => list_holds(operand, value, world),
                    Operator::Within => within(value, operand, world),
                    Operator::Matches => Certainty::Unsure,
                },
            }
        }
    }
}

/// What all answers agree on, else unsure.
pub(super) fn agreed(mut answers: impl Iterator<Item = Certainty>) -> Certainty {
    match answers.next() {
        Some(first) if answers.all(|answer| answer == first) => first,
        _ => Certainty::Unsure,
    }
}

/// Numbers and truths are matched as the text they are written as.
fn matches(value: &Value, pattern: &Regex) -> Certainty {
    match &value.data {
        Data::Text(text) => text.matches(pattern),
        Data::Number(number) => pattern.is_match(&number.to_string()).into(),
        Data::Bool(truth) => pattern
            .is_match(if *truth { "true" } else { "false" })
            .into(),
        Data::Unknown(unknown) => match unknown.as_text() {
            Some(text) => text.matches(pattern),
            None => Certainty::Unsure,
        },
        Data::Null(_) | Data::List(_) | Data::Object(_) | Data::Choice(_) => Certainty::No,
    }
}

/// Whether all addresses of a block lie in one of the operand's blocks. What is no address block lies in none.
fn within(value: &Value, operand: &Value, world: &World) -> Certainty {
    let (blocks, is_open): (Vec<Value>, bool) = match &operand.data {
        Data::List(list) => (
            operand
                .elements()
                .flat_map(|item| item.settle(world))
                .collect(),
            list.more().is_some(),
        ),
        Data::Text(_) => (vec![(*operand).clone()], false),
        Data::Unknown(_) => (Vec::new(), true),
        _ => (Vec::new(), false),
    };
    let inside = blocks
        .iter()
        .map(|block| match (&value.data, &block.data) {
            (Data::Text(text), Data::Text(block)) => match block.as_str() {
                Some(block) => block_of(block).map_or(Certainty::No, |block| lies_in(text, block)),
                None if block_of_text(text).is_some() || text.has_holes() => Certainty::Unsure,
                None => Certainty::No,
            },
            (Data::Unknown(_), _) | (Data::Text(_), Data::Unknown(_)) => Certainty::Unsure,
            _ => Certainty::No,
        })
        .fold(Certainty::No, Certainty::or);
    if is_open {
        inside.or(Certainty::Unsure)
    } else {
        inside
    }
}

/// An address block, or a single address as a block of one.
fn block_of(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        .map(|block| block.trunc())
}

fn block_of_text(text: &Text) -> Option<IpNet> {
    block_of(text.as_str()?)
}

fn lies_in(text: &Text, block: IpNet) -> Certainty {
    if !text.has_holes() {
        return block_of_text(text)
            .is_some_and(|own| block.contains(&own))
            .into();
    }
    let known = Known::of(text);
    let (length, bits, address) = match block {
        IpNet::V4(block) => (
            block.prefix_len(),
            32,
            u128::from(block.network().to_bits()) << 96,
        ),
        IpNet::V6(block) => (block.prefix_len(), 128, block.network().to_bits()),
    };
    // The family, where something tells it.
    match (known.is_v4, block) {
        (Some(true), IpNet::V6(_)) | (Some(false), IpNet::V4(_)) => return Certainty::No,
        _ => {}
    }
    let compared = known.bits.min(length);
    let mask = if compared == 0 {
        0
    } else {
        u128::MAX << (128 - u32::from(compared))
    };
    if (known.address & mask) != (address & mask) {
        return Certainty::No;
    }
    match known.length {
        // A larger block than the other lies in none of its kind.
        Some(own) if own < length || own > bits => Certainty::No,
        Some(_) if known.bits >= length && known.is_v4.is_some() => Certainty::Yes,
        _ => Certainty::Unsure,
    }
}

/// What the known parts of an address block with holes tell.
struct Known {
    /// Whether it is IPv4.
    is_v4: Option<bool>,
    /// The leading bits that are known, at the top.
    address: u128,
    /// How many those are.
    bits: u8,
    /// The length of the prefix.
    length: Option<u8>,
}

impl Known {
    fn of(text: &Text) -> Known {
        let segments = text.segments();
        let literal = |segment: Option<&Segment>| match segment {
            Some(Segment::Literal(text)) => text.to_string(),
            _ => String::new(),
        };
        let (head, tail) = (literal(segments.first()), literal(segments.last()));
        let length = tail
            .rsplit_once('/')
            .and_then(|(_, length)| length.parse::<u8>().ok());
        let mut known = Known {
            is_v4: None,
            address: 0,
            bits: 0,
            length,
        };
        if let Some((whole, _)) = head.rsplit_once('.') {
            let octets: Vec<u8> = whole
                .split('.')
                .map_while(|octet| octet.parse().ok())
                .collect();
            if octets.len() == whole.split('.').count() && octets.len() <= 4 {
                known.is_v4 = Some(true);
                known.bits = 8 * octets.len() as u8;
                let mut address = [0u8; 4];
                address[..octets.len()].copy_from_slice(&octets);
                known.address = u128::from(Ipv4Addr::from(address).to_bits()) << 96;
            }
        } else if let Some(address) = head.strip_suffix('/') {
            match address.parse::<IpAddr>() {
                Ok(IpAddr::V4(address)) => {
                    known.is_v4 = Some(true);
                    known.bits = 32;
                    known.address = u128::from(address.to_bits()) << 96;
                }
                Ok(IpAddr::V6(address)) => known.set_v6(address),
                Err(_) => {}
            }
        } else if head.contains(':') || tail.split('/').next().is_some_and(|end| end.contains(':'))
        {
            known.is_v4 = Some(false);
        }
        if known.bits == 32
            && let Some((address, _)) = head.split_once('/')
            && let Ok(address) = address.parse::<Ipv4Addr>()
        {
            known.address = u128::from(address.to_bits()) << 96;
        }
        // Prefixes longer than 32 exist in IPv6 only.
        if length.is_some_and(|length| length > 32) && known.is_v4.is_none() {
            known.is_v4 = Some(false);
        }
        known
    }

    fn set_v6(&mut self, address: Ipv6Addr) {
        self.is_v4 = Some(false);
        self.bits = 128;
        self.address = address.to_bits();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::clause;
    use crate::source::Span;
    use crate::value::{Reason, Unknown};
    use std::sync::Arc;

    fn unknown() -> Unknown {
        Unknown::because(Reason::NoValue("x".into()))
    }

    fn value_of(unknown: Unknown) -> Value {
        Value::new(Data::Unknown(Arc::new(unknown)), Span::NONE)
    }

    /// `u` is unknown, `-` missing, `id:a` the id of resource a, `arn:a` its arn, `one of 1 2` a known small set, other
    /// words JSON; `?` in a text is a hole.
    fn value(text: &str) -> Option<Value> {
        if let Some((attribute, address)) = text.split_once(':')
            && matches!(attribute, "id" | "arn" | "dns")
        {
            return Some(value_of(Unknown::attribute(
                address.into(),
                attribute.into(),
            )));
        }
        if let Some(set) = text.strip_prefix("one of ") {
            let allowed = set.split(' ').filter_map(value).collect();
            return Some(value_of(Unknown {
                allowed,
                ..unknown()
            }));
        }
        match text {
            "-" => None,
            "u" => Some(value_of(unknown())),
            _ => {
                let json: serde_json::Value = serde_json::from_str(text).expect(text);
                match json.as_str() {
                    Some(text) if text.contains('?') => {
                        let mut segments = Vec::new();
                        for (index, part) in text.split('?').enumerate() {
                            if index > 0 {
                                segments.push(Segment::Hole(Arc::new(unknown())));
                            }
                            segments.push(Segment::Literal(part.into()));
                        }
                        Some(Value::new(
                            Data::Text(Text::from_segments(segments)),
                            Span::NONE,
                        ))
                    }
                    _ => Some(Value::from_json(&json)),
                }
            }
        }
    }

    fn check(text: &str, test: &str, expected: Certainty) {
        let (clauses, mistakes) = clause::check(&Value::text(format!("$.X {test}"), Span::NONE));
        assert!(mistakes.is_empty(), "{test}: {mistakes:?}");
        let comparison = clauses[0].tests[0].comparison.as_ref().expect("compared");
        let operand = match &comparison.operand {
            clause::Operand::Constant(value) => Operand::Value(value),
            clause::Operand::Pattern(pattern) => Operand::Pattern(pattern),
            clause::Operand::Query(_) => Operand::Missing,
        };
        let truth = compare(
            value(text).as_ref(),
            comparison.operator,
            &operand,
            &World::new(),
        );
        let truth = if comparison.is_negated { !truth } else { truth };
        assert_eq!(truth, expected, "{text} {test}");
    }

    use Certainty::{No, Unsure, Yes};

    /// The table of the language, row by row.
    #[test]
    fn one_value_is_compared_as_the_language_says() {
        for (text, test, expected) in [
            ("-", "== 1", No),
            ("1", "== 1", Yes),
            ("1", "== \"1\"", No),
            ("u", "== 1", Unsure),
            ("\"a?\"", "== \"ab\"", Unsure),
            ("\"a?\"", "== \"b\"", No),
            ("-", "!= 1", Yes),
            ("2", "!= 1", Yes),
            ("1", "!= 1", No),
            ("u", "!= 1", Unsure),
            ("\"a?\"", "!= \"b\"", Yes),
            ("-", "< 1", No),
            ("-", ">= 1", No),
            ("0", "< 1", Yes),
            ("1", "<= 1", Yes),
            ("1", "> 1", No),
            ("\"a\"", "< \"b\"", Yes),
            ("\"a\"", "< 1", Unsure),
            ("true", ">= 1", Unsure),
            ("u", "> 1", Unsure),
            ("-", "in [1]", No),
            ("1", "in [1, 2]", Yes),
            ("3", "in [1, 2]", No),
            ("u", "in [1, 2]", Unsure),
            ("u", "in []", No),
            ("\"a?\"", "in [\"b\", \"c\"]", No),
            ("\"a?\"", "in [\"b\", \"ac\"]", Unsure),
            ("-", "not in [1]", Yes),
            ("u", "not in []", Yes),
            ("-", "matches /a/", No),
            ("\"bab\"", "matches /a/", Yes),
            ("22", "matches /^22$/", Yes),
            ("true", "matches /^true$/", Yes),
            ("[\"a\"]", "matches /a/", No),
            ("u", "matches /a/", Unsure),
            ("\"a?\"", "matches /^a/", Yes),
            ("\"?a\"", "matches /b/", Unsure),
            ("-", "not matches /a/", Yes),
            ("-", "within [\"10.0.0.0/8\"]", No),
            (
                "\"10.1.0.0/16\"",
                "within [\"192.168.0.0/16\", \"10.0.0.0/8\"]",
                Yes,
            ),
            ("\"0.0.0.0/0\"", "within [\"10.0.0.0/8\"]", No),
            ("\"10.0.0.7\"", "within [\"10.0.0.0/8\"]", Yes),
            ("\"office\"", "within [\"10.0.0.0/8\"]", No),
            ("7", "within [\"10.0.0.0/8\"]", No),
            ("u", "within [\"10.0.0.0/8\"]", Unsure),
            ("u", "within []", No),
            ("\"2001:db8::/48\"", "within [\"2001:db8::/32\"]", Yes),
            ("\"2001:db8::/48\"", "within [\"0.0.0.0/0\"]", No),
            ("\"10.0.?.0/24\"", "within [\"10.0.0.0/16\"]", Yes),
            ("\"10.0.?.0/24\"", "within [\"10.0.0.0/8\"]", Yes),
            ("\"10.?/24\"", "within [\"10.0.0.0/16\"]", Unsure),
            ("\"10.?/8\"", "within [\"10.0.0.0/16\"]", No),
            ("\"11.?/24\"", "within [\"10.0.0.0/8\"]", No),
            ("\"?/32\"", "within [\"10.0.0.0/8\"]", Unsure),
            ("\"?/0\"", "within [\"10.0.0.0/8\"]", No),
            ("\"?/64\"", "within [\"10.0.0.0/8\"]", No),
            ("\"10.0.0.0/?\"", "within [\"10.0.0.0/8\"]", Unsure),
            ("\"11.0.0.0/?\"", "within [\"10.0.0.0/8\"]", No),
            ("\"?\"", "within [\"10.0.0.0/8\"]", Unsure),
            ("\"10.1?\"", "within [\"10.0.0.0/8\"]", Unsure),
            ("one of 1 2", "in [1, 2, 3]", Yes),
            ("one of 1 2", "in [3]", No),
            ("one of 1 2", "in [1, 3]", Unsure),
            ("one of 1 2", "< 3", Yes),
            ("one of \"a\" \"b\"", "not matches /c/", Yes),
            ("[1, {\"a\": 2}]", "!= 1", Yes),
        ] {
            check(text, test, expected);
        }
    }

    #[test]
    fn references_are_equal_to_themselves_and_identifiers_of_two_resources_differ() {
        for (a, b, expected) in [
            ("id:a", "id:a", Yes),
            ("dns:a", "dns:a", Yes),
            ("id:a", "id:b", No),
            ("arn:a", "id:b", No),
            ("dns:a", "dns:b", Unsure),
            ("id:a", "arn:a", Unsure),
            ("id:a[*]", "id:a[*]", Unsure),
            ("id:a", "u", Unsure),
            ("[1, \"x\"]", "[1, \"x\"]", Yes),
            ("{\"a\": [1]}", "{\"a\": [2]}", No),
            ("-", "id:a", No),
            ("id:a", "-", No),
        ] {
            let (a_value, b_value) = (value(a), value(b));
            let operand = b_value.as_ref().map_or(Operand::Missing, Operand::Value);
            let truth = compare(a_value.as_ref(), Operator::Equal, &operand, &World::new());
            assert_eq!(truth, expected, "{a} == {b}");
        }
    }
}

//! IAM's patterns: `*` and `?` over actions and ARNs, some of whose characters may not be known.

use crate::facts::cases::names_something;
use crate::value::{Certainty, Data, Segment, Text, Value};

/// Stands for characters that occur in no pattern: only a star can match a run of them.
pub(super) const FRESH: &str = "\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}";
/// Stands for a hole that is known to hold a name, an id or an ARN: characters that are no star.
const NAME: char = '\u{2}';
/// The partitions of AWS.
const PARTITIONS: &[&str] = &["aws", "aws-cn", "aws-us-gov"];

/// Whether a pattern matches a text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if pattern.is_ascii() && text.is_ascii() {
        return matches_each(pattern.as_bytes(), text.as_bytes(), b'*', b'?');
    }
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    matches_each(&pattern, &text, '*', '?')
}

fn matches_each<C: Copy + PartialEq>(pattern: &[C], text: &[C], any: C, one: C) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(c) if *c == any => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == one || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((after, from)) => {
                    p = after;
                    t = from + 1;
                    star = Some((after, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == any)
}

/// Whether an action pattern covers every action of every service.
pub(super) fn is_every_action(pattern: &str) -> bool {
    matches(pattern, &format!("{FRESH}:{FRESH}"))
}

/// Whether a resource pattern covers every resource of a partition.
pub(super) fn is_every_resource(pattern: &str) -> bool {
    PARTITIONS.iter().any(|partition| {
        // Most patterns name something else.
        pattern.starts_with(['*', '?', 'a'])
            && matches(
                pattern,
                &format!("arn:{partition}:{FRESH}:{FRESH}:{FRESH}:{FRESH}"),
            )
    })
}

/// Whether a resource pattern covers every role of some account.
pub(super) fn is_every_role(pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, service, _, _, resource] => {
            matches(service, "iam") && matches(resource, &format!("role/{FRESH}"))
        }
        _ => is_every_resource(pattern),
    }
}

/// Whether a pattern matches all that another one does: stars of the other can only be met by stars.
pub(super) fn includes(pattern: &str, other: &str) -> bool {
    let fresh = other.replace('*', FRESH).replace('?', "\u{1}");
    matches(&pattern.to_ascii_lowercase(), &fresh.to_ascii_lowercase())
}

/// The service whose every action a pattern covers, `s3` for `s3:*`.
pub(super) fn full_service(pattern: &str) -> Option<String> {
    let (service, action) = pattern.split_once(':')?;
    let is_one = !service.is_empty() && !service.contains(['*', '?']);
    (is_one && matches(action, FRESH)).then(|| service.to_ascii_lowercase())
}

/// Whether a pattern that may hold unknown parts answers a question. An unknown part is text, not a star, where it
/// stands for a name, an id or an ARN; else it may be anything.
pub(super) fn answers(value: &Value, question: &dyn Fn(&str) -> bool) -> Certainty {
    match &value.data {
        Data::Text(text) => match text.as_str() {
            Some(known) => question(known).into(),
            None if question(&filled(text)) => {
                // What holds of a name that is not known holds of every name.
                if text.holes().all(names_something) {
                    Certainty::Yes
                } else {
                    Certainty::Unsure
                }
            }
            None => Certainty::No,
        },
        Data::Unknown(unknown) if !unknown.allowed.is_empty() => {
            let mut answers = unknown.allowed.iter().map(|value| answers(value, question));
            let first = answers.next().unwrap_or(Certainty::Unsure);
            if answers.all(|answer| answer == first) {
                first
            } else {
                Certainty::Unsure
            }
        }
        Data::Unknown(unknown) if names_something(unknown) => Certainty::No,
        Data::Unknown(_) => Certainty::Unsure,
        _ => Certainty::No,
    }
}

/// The text with a star for every hole that may be one.
fn filled(text: &Text) -> String {
    let mut all = String::new();
    for segment in text.segments().iter() {
        match segment {
            Segment::Literal(text) => all.push_str(text),
            Segment::Hole(unknown) if names_something(unknown) => all.push(NAME),
            Segment::Hole(_) => all.push('*'),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:Get*", "s3:PutObject", false),
            ("iam:*Role*", "iam:PassRole", true),
            ("iam:PassRol?", "iam:PassRole", true),
            ("a?c", "ac", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b", "aXbX", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn every_role_is_that_of_one_account_too() {
        for (pattern, expected) in [
            ("*", true),
            ("arn:aws:iam::*:role/*", true),
            ("arn:aws:iam::111122223333:role/*", true),
            ("arn:*:*:*:*:*", true),
            ("arn:aws:iam::111122223333:role/ecs/*", false),
            ("arn:aws:iam::111122223333:user/*", false),
            ("arn:aws:s3:::role/*", false),
        ] {
            assert_eq!(is_every_role(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn everything_is_told_by_what_only_stars_match() {
        for (pattern, expected) in [
            ("*", true),
            ("*:*", true),
            ("**", true),
            ("s3:*", false),
            ("*:Get*", false),
            ("iam:PassRole", false),
        ] {
            assert_eq!(is_every_action(pattern), expected, "{pattern}");
        }
        for (pattern, expected) in [
            ("*", true),
            ("**", true),
            ("arn:*", true),
            ("arn:aws:*", true),
            ("arn:aws:*:*:*:*", true),
            ("arn:aws-cn:*", true),
            ("*/*", false),
            ("arn:aws:s3:::*", false),
            ("arn:aws:iam::*:role/*", false),
            ("arn:aws:s3:::bucket/*", false),
        ] {
            assert_eq!(is_every_resource(pattern), expected, "{pattern}");
        }
        for (pattern, other, expected) in [
            ("iam:*", "iam:PassRole", true),
            ("IAM:*", "iam:*Role*", true),
            ("iam:*Role*", "iam:*", false),
            ("*", "iam:*", true),
            ("iam:?*", "iam:*", true),
            ("s3:*", "iam:*", false),
        ] {
            assert_eq!(includes(pattern, other), expected, "{pattern} {other}");
        }
        assert_eq!(full_service("S3:*").as_deref(), Some("s3"));
        assert_eq!(full_service("s3:Get*"), None);
        assert_eq!(full_service("ec*:*"), None);
    }
}

//! Strings with holes against patterns: whether some filling of the holes makes a match.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex};

use regex_automata::Anchored;
use regex_automata::dfa::dense::{Builder, Config, DFA};
use regex_automata::dfa::{Automaton, StartKind};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use rustc_hash::FxHashMap;

use super::text::Segment;
use super::{Data, Reason, Unknown};

/// Bytes that the automaton of one pattern may take; patterns with larger ones are taken to match anything.
const LARGEST_AUTOMATON: usize = 4 << 20;
/// States that are looked at for one string.
const MOST_STEPS: usize = 1 << 22;

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes([u64; 4]);

impl Bytes {
    /// Those of numbers.
    pub fn of_numbers() -> Bytes {
        Bytes::that(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
    }

    /// Those of identifiers that AWS makes up, and of names of zones.
    pub fn of_identifiers() -> Bytes {
        Bytes::that(may_name_a_deployment)
    }

    /// Those that texts are made of which match a pattern as a whole. None where it cannot be told.
    pub fn of_matches(pattern: &str) -> Option<Bytes> {
        let dfa = built(&format!("^(?:{pattern})$"), StartKind::Anchored)?;
        let input = regex_automata::Input::new("").anchored(Anchored::Yes);
        let start = dfa.start_state_forward(&input).ok()?;
        let mut seen = BTreeSet::from([start]);
        let mut waiting = vec![start];
        let mut found = [0; 4];
        while let Some(state) = waiting.pop() {
            for byte in 0..=u8::MAX {
                let next = dfa.next_state(state, byte);
                if dfa.is_quit_state(next) {
                    return None;
                }
                if !dfa.is_dead_state(next) {
                    found[usize::from(byte / 64)] |= 1 << (byte % 64);
                    if seen.insert(next) {
                        waiting.push(next);
                    }
                }
            }
        }
        Some(Bytes(found))
    }

    fn that(holds: impl Fn(u8) -> bool) -> Bytes {
        let mut found = [0; 4];
        for byte in (0..=u8::MAX).filter(|byte| holds(*byte)) {
            found[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        Bytes(found)
    }

    fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte / 64)] & (1 << (byte % 64)) != 0
    }
}

type Automata = FxHashMap<String, Option<Arc<DFA<Vec<u32>>>>>;

/// Built once per pattern: there are as many as rules have patterns.
static AUTOMATA: LazyLock<Mutex<Automata>> = LazyLock::new(Mutex::default);

fn automaton(pattern: &str) -> Option<Arc<DFA<Vec<u32>>>> {
    let mut automata = AUTOMATA.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(known) = automata.get(pattern) {
        return known.clone();
    }
    let built = built(pattern, StartKind::Unanchored).map(Arc::new);
    automata.insert(pattern.to_owned(), built.clone());
    built
}

fn built(pattern: &str, start: StartKind) -> Option<DFA<Vec<u32>>> {
    Builder::new()
        .configure(
            Config::new()
                .start_kind(start)
                .dfa_size_limit(Some(LARGEST_AUTOMATON))
                .determinize_size_limit(Some(LARGEST_AUTOMATON)),
        )
        .thompson(thompson::Config::new().nfa_size_limit(Some(LARGEST_AUTOMATON)))
        .build(pattern)
        .ok()
}

/// Whether some filling of the holes makes the pattern match somewhere. Yes where it cannot be told.
///
/// The automaton is followed in all states at once: known text moves each of them, a hole adds every state that can be
/// reached from them over any text that may stand there.
pub(super) fn can_match(segments: &[Segment], pattern: &str) -> bool {
    let Some(dfa) = automaton(pattern) else {
        return true;
    };
    let Ok(start) = dfa.universal_start_state(Anchored::No).map_or_else(
        || dfa.start_state_forward(&regex_automata::Input::new("")),
        Ok,
    ) else {
        return true;
    };
    let classes = *dfa.byte_classes();
    let every: Vec<u8> = classes
        .representatives(0..=255)
        .filter_map(|unit| unit.as_u8())
        .collect();
    // A class is left out only if none of its bytes may stand there.
    let those = |may_stand: &dyn Fn(u8) -> bool| -> Vec<u8> {
        let mut seen = BTreeSet::new();
        (0..=u8::MAX)
            .filter(|byte| may_stand(*byte) && seen.insert(classes.get(*byte)))
            .collect()
    };
    let identifying = those(&may_identify);
    let deploying = those(&may_name_a_deployment);
    // None of them begins like an option of a command.
    let deploying_first = those(&|byte| byte != b'-' && may_name_a_deployment(byte));
    let naming = those(&may_name);
    let digits = those(&|byte: u8| byte.is_ascii_digit());
    let mut states: BTreeSet<StateID> = BTreeSet::from([start]);
    let mut steps = 0;
    // None where a match is found, or where it takes too long to tell.
    let after = |states: &BTreeSet<StateID>, text: &str, steps: &mut usize| {
        let mut states = states.clone();
        for byte in text.bytes() {
            let mut next = BTreeSet::new();
            for state in &states {
                let state = dfa.next_state(*state, byte);
                *steps += 1;
                if dfa.is_match_state(state) || dfa.is_quit_state(state) || *steps > MOST_STEPS {
                    return None;
                }
                if !dfa.is_dead_state(state) {
                    next.insert(state);
                }
            }
            states = next;
        }
        Some(states)
    };
    for segment in segments {
        match segment {
            Segment::Literal(text) => match after(&states, text, &mut steps) {
                Some(next) => states = next,
                None => return true,
            },
            Segment::Hole(unknown) if !unknown.allowed.is_empty() => {
                let mut reached = BTreeSet::new();
                for allowed in &unknown.allowed {
                    let next = match &allowed.data {
                        Data::Text(text) => {
                            text.as_str().map(|text| after(&states, text, &mut steps))
                        }
                        Data::Number(number) => {
                            Some(after(&states, &number.to_string(), &mut steps))
                        }
                        Data::Bool(truth) => Some(after(&states, &truth.to_string(), &mut steps)),
                        _ => None,
                    };
                    match next.flatten() {
                        Some(next) => reached.extend(next),
                        None => return true,
                    }
                }
                states = reached;
            }
            Segment::Hole(unknown) => {
                let limited: Vec<u8>;
                let bytes = match (&unknown.reason, unknown.bytes) {
                    (_, Some(set)) => {
                        limited = those(&|byte| set.contains(byte));
                        &limited
                    }
                    _ if is_account(unknown) => &digits,
                    (Reason::Computed(_, attribute), _) if &**attribute == "name" => &naming,
                    (Reason::Environment(_), _) => &deploying,
                    _ if is_identifier(unknown) => &identifying,
                    _ => &every,
                };
                let first = match &unknown.reason {
                    Reason::Environment(_) => &deploying_first,
                    _ => bytes,
                };
                let mut reached = BTreeSet::new();
                let mut waiting: Vec<(StateID, &Vec<u8>)> =
                    states.iter().map(|state| (*state, first)).collect();
                while let Some((state, may_follow)) = waiting.pop() {
                    for byte in may_follow {
                        let next = dfa.next_state(state, *byte);
                        steps += 1;
                        if dfa.is_match_state(next) || dfa.is_quit_state(next) || steps > MOST_STEPS
                        {
                            return true;
                        }
                        if !dfa.is_dead_state(next) && reached.insert(next) {
                            waiting.push((next, bytes));
                        }
                    }
                }
                states.extend(reached);
            }
        }
    }
    states.iter().any(|state| {
        let end = dfa.next_eoi_state(*state);
        dfa.is_match_state(end) || dfa.is_quit_state(end)
    })
}

/// Whether a byte may stand in what AWS gives things as identifier, name or address: no white space, no quotes, nothing
/// that a shell or JSON would take for its own.
fn may_identify(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_./:+=,@~".contains(&byte) || byte >= 0x80
}

/// Whether a byte may stand in the name of a region, partition, account, workspace or stack. No wildcards:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
fn may_name_a_deployment(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte) || byte >= 0x80
}

/// Whether a byte may stand in a name, paths before it included.
fn may_name(byte: u8) -> bool {
    byte != b':' && may_identify(byte)
}

/// Whether an unknown value is the number of an account.
fn is_account(unknown: &Unknown) -> bool {
    match (&unknown.reason, &unknown.reference) {
        (Reason::Environment(what), _) => &**what == "AWS::AccountId",
        (_, Some(reference)) => &*reference.attribute == "account_id",
        _ => false,
    }
}

/// Whether an unknown value is an identifier that AWS gives to a resource.
fn is_identifier(unknown: &Unknown) -> bool {
    match &unknown.reason {
        Reason::Computed(_, attribute) => {
            let last = attribute.rsplit('.').next().unwrap_or(attribute);
            let word = last.split('[').next().unwrap_or(last).to_ascii_lowercase();
            word == "ref"
                || [
                    "id", "arn", "name", "endpoint", "address", "url", "region", "ip", "port",
                    "version",
                ]
                .iter()
                .any(|ending| word.ends_with(ending))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;
    use crate::value::{Certainty, Text, Value};
    use regex::Regex;

    /// `?` in the text is a hole of which nothing is known, `!` one that holds an identifier.
    fn text(pattern: &str) -> Text {
        let hole = |reason| Segment::Hole(Arc::new(Unknown::because(reason)));
        let mut segments = Vec::new();
        let mut literal = String::new();
        for character in pattern.chars() {
            match character {
                '?' | '!' => {
                    segments.push(Segment::Literal(std::mem::take(&mut literal).into()));
                    segments.push(hole(match character {
                        '?' => Reason::Outside,
                        _ => Reason::Environment("AWS::Region".into()),
                    }));
                }
                other => literal.push(other),
            }
        }
        segments.push(Segment::Literal(literal.into()));
        Text::from_segments(segments)
    }

    #[test]
    fn what_no_filling_can_match_is_a_no() {
        for (holed, pattern, expected) in [
            (
                "arn:?:iam::aws:policy/ReadOnlyAccess",
                "/AdministratorAccess$",
                Certainty::No,
            ),
            (
                "arn:?:iam::aws:policy/AdministratorAccess",
                "/AdministratorAccess$",
                Certainty::Yes,
            ),
            ("?/ReadOnlyAccess", "/AdministratorAccess$", Certainty::No),
            (
                "arn:aws:iam::aws:policy/?",
                "/AdministratorAccess$",
                Certainty::Unsure,
            ),
            ("?", "^http:", Certainty::Unsure),
            ("https://?", "^http:", Certainty::No),
            ("ht?", "^http:", Certainty::Unsure),
            ("x?y", "(?i)^XZ*Y$", Certainty::Unsure),
            ("x?y", "^x[0-9]+z$", Certainty::No),
            ("?/32", "/0$", Certainty::No),
            ("", "^$", Certainty::Yes),
        ] {
            let regex = Regex::new(pattern).expect("valid");
            assert_eq!(text(holed).matches(&regex), expected, "{holed} ~ {pattern}");
        }
    }

    #[test]
    fn patterns_say_what_their_texts_are_made_of() {
        for (pattern, inside, outside) in [
            ("[a-z]+", "az", "A0 |"),
            ("^[a-zA-Z][a-zA-Z0-9-]*$", "aZ0-", " ;|\n"),
            ("(\\d{1,3})\\.(\\d{1,3})/\\d+", "09./", "a- "),
            (".+", "a |;", "\n"),
            ("(a|bc)?", "abc", "d"),
        ] {
            let bytes = Bytes::of_matches(pattern).expect("small");
            assert!(inside.bytes().all(|byte| bytes.contains(byte)), "{pattern}");
            assert!(
                !outside.bytes().any(|byte| bytes.contains(byte)),
                "{pattern}"
            );
        }
        assert_eq!(Bytes::of_matches("(?=a)"), None);
    }

    #[test]
    fn inputs_hold_what_their_type_admits() {
        let regex = Regex::new("systemctl stop[ \t]+(auditd|ufw)|x 4 y").expect("valid");
        let with = |unknown: Unknown| {
            let hole = Segment::Hole(Arc::new(unknown));
            let around = |text: &str| Segment::Literal(text.into());
            Text::from_segments(vec![around("x "), hole, around(" y")]).matches(&regex)
        };
        let open = || Unknown::because(Reason::NoValue("Name".into()));
        let one_of = |texts: &[&str]| Unknown {
            allowed: texts
                .iter()
                .map(|text| Value::text(*text, Span::NONE))
                .collect(),
            ..open()
        };
        let of = |bytes: Bytes| Unknown {
            bytes: Some(bytes),
            ..open()
        };
        assert_eq!(with(open()), Certainty::Unsure);
        assert_eq!(with(of(Bytes::of_numbers())), Certainty::Unsure);
        assert_eq!(
            with(of(Bytes::of_matches("[a-z]+").expect("small"))),
            Certainty::No
        );
        assert_eq!(with(one_of(&["1", "2"])), Certainty::No);
        assert_eq!(with(one_of(&["1", "4"])), Certainty::Unsure);
    }

    #[test]
    fn identifiers_hold_no_commands() {
        let regex = Regex::new(r"curl\s[^\n]*\|\s*(ba)?sh").expect("valid");
        let script = |hole: &str| {
            text(&format!(
                "yum install -y httpd\ncfn-signal --region {hole}\n"
            ))
        };
        assert_eq!(script("!").matches(&regex), Certainty::No);
        assert_eq!(script("?").matches(&regex), Certainty::Unsure);
        let option = Regex::new(r"(curl|aws) ([^\n]* )?-k ").expect("valid");
        assert_eq!(text("aws ! x").matches(&option), Certainty::No);
        assert_eq!(text("aws x! x").matches(&option), Certainty::No);
        let inside = Regex::new("curl [^ ]*-k ").expect("valid");
        assert_eq!(text("curl ! x").matches(&inside), Certainty::Unsure);
        assert_eq!(text("aws ? x").matches(&option), Certainty::Unsure);
        assert_eq!(text("aws -! x").matches(&option), Certainty::Unsure);
        assert_eq!(text("curl !/x | sh").matches(&regex), Certainty::Unsure);
    }
}

//! Conditions of findings: the worlds in which something holds in, the shortest condition that says so out.

use super::Condition;
use crate::declared::DeclaredCondition;
use crate::source::Span;
use crate::value::{Atom, Certainty, Guard, World};

/// The formula of what holds in the worlds `holds` of all that were looked at; each world is the list of choices by
/// which it was reached. `exists` is the condition of the resource itself.
pub(super) fn formula(
    holds: &[&[(Atom, bool)]],
    fails: &[&[(Atom, bool)]],
    exists: &Guard,
    all: &World,
) -> Guard {
    let guard = exists.clone().and(shortest(holds, fails, all));
    if all.truth(&guard).is_yes() {
        return Guard::Always;
    }
    guard
}

/// A formula in words, those of the template where it has a name for it. None if it always holds.
pub(super) fn condition(guard: &Guard, named: &[DeclaredCondition]) -> Option<Condition> {
    if guard.is_always() {
        return None;
    }
    let is_default_case = !by_default(guard).is_no();
    let mut text = match name_of(guard, named) {
        Some((condition, truth)) => format!("{} is {truth}", condition.name),
        None => guard.to_string(),
    };
    if !is_default_case {
        if let Some((_, truth)) = name_of(guard, named) {
            text.push_str(&format!(" (by default it is {})", !truth));
        } else {
            let mut subjects = Vec::new();
            guard.atoms(&mut |atom| {
                if let Some(truth) = atom.by_default()
                    && !subjects
                        .iter()
                        .any(|(known, _): &(Atom, bool)| known.subject == atom.subject)
                {
                    subjects.push((atom.clone(), truth));
                }
            });
            text.push_str(&described(&subjects));
        }
    }
    Some(Condition {
        text,
        is_default_case,
        guard: guard.clone(),
    })
}

/// The condition of the template that a formula is, or is the opposite of.
fn name_of<'c>(
    guard: &Guard,
    named: &'c [DeclaredCondition],
) -> Option<(&'c DeclaredCondition, bool)> {
    let opposite = !guard.clone();
    named.iter().find_map(|condition| {
        (condition.guard == *guard)
            .then_some((condition, true))
            .or_else(|| (condition.guard == opposite).then_some((condition, false)))
    })
}

/// Where a formula is decided: the condition that the template has for it, and the defaults of what it asks about.
pub(super) fn places(guard: &Guard, named: &[DeclaredCondition]) -> Vec<(Span, String)> {
    let mut places = Vec::new();
    if let Some((condition, _)) = name_of(guard, named) {
        places.push((condition.header, format!("condition `{}`", condition.name)));
    }
    guard.atoms(&mut |atom| {
        let place = atom.subject.default_at;
        if place.is_written() && !places.iter().any(|(known, _)| *known == place) {
            places.push((place, format!("default of `{}`", atom.subject.name)));
        }
    });
    places
}

/// ` (by default it is true)`
fn described(subjects: &[(Atom, bool)]) -> String {
    let of = |atom: &Atom, truth: bool| match (&atom.equals, &atom.subject.default) {
        (Some(_), Some(default)) => format!("\"{default}\""),
        _ => truth.to_string(),
    };
    match subjects {
        [] => String::new(),
        [(atom, truth)] => format!(" (by default it is {})", of(atom, *truth)),
        several => {
            let all: Vec<String> = several
                .iter()
                .map(|(atom, truth)| format!("{} is {}", atom.subject.name, of(atom, *truth)))
                .collect();
            format!(" (by default {})", all.join(" and "))
        }
    }
}

/// Whether a condition holds when every subject has its default.
fn by_default(guard: &Guard) -> Certainty {
    match guard {
        Guard::Always => Certainty::Yes,
        Guard::Never => Certainty::No,
        Guard::Is(atom) => atom.by_default().map_or(Certainty::Unsure, Certainty::from),
        Guard::Not(inner) => !by_default(inner),
        Guard::All(guards) => guards
            .iter()
            .map(by_default)
            .fold(Certainty::Yes, Certainty::and),
        Guard::Any(guards) => guards
            .iter()
            .map(by_default)
            .fold(Certainty::No, Certainty::or),
    }
}

/// A disjunction of choices, as short as dropping single choices makes it, that covers all of `holds` and meets none
/// of `fails`.
fn shortest(holds: &[&[(Atom, bool)]], fails: &[&[(Atom, bool)]], all: &World) -> Guard {
    if fails.is_empty() {
        return Guard::Always;
    }
    let mut kept: Vec<Vec<(Atom, bool)>> = Vec::new();
    for choices in holds {
        let mut choices = choices.to_vec();
        // The last choices were made because of the first; so the first to go.
        for index in (0..choices.len()).rev() {
            let mut fewer = choices.clone();
            fewer.remove(index);
            if !fails
                .iter()
                .any(|failing| go_together(&fewer, failing, all))
            {
                choices = fewer;
            }
        }
        if !kept.contains(&choices) {
            kept.push(choices);
        }
    }
    // What the others cover already goes too.
    let mut index = 0;
    while index < kept.len() {
        let is_covered = holds.iter().all(|world| {
            kept.iter().enumerate().any(|(at, choices)| {
                at != index && choices.iter().all(|choice| follows(world, choice, all))
            })
        });
        if is_covered {
            kept.remove(index);
        } else {
            index += 1;
        }
    }
    kept.iter()
        .map(|choices| {
            choices
                .iter()
                .map(|(atom, truth)| {
                    let guard = Guard::Is(atom.clone());
                    if *truth { guard } else { !guard }
                })
                .fold(Guard::Always, Guard::and)
        })
        .fold(Guard::Never, Guard::or)
}

/// Whether a choice follows from those of a world.
fn follows(world: &[(Atom, bool)], (atom, truth): &(Atom, bool), all: &World) -> bool {
    world
        .iter()
        .try_fold(all.clone(), |world, (atom, truth)| world.with(atom, *truth))
        .is_some_and(|world| world.with(atom, !truth).is_none())
}

/// Whether two lists of choices can hold at once.
fn go_together(a: &[(Atom, bool)], b: &[(Atom, bool)], all: &World) -> bool {
    a.iter()
        .chain(b)
        .try_fold(all.clone(), |world, (atom, truth)| world.with(atom, *truth))
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;
    use crate::value::Subject;
    use std::sync::Arc;

    /// `A` chooses A, `!A` its opposite; `E=prod` a text. Capital letters have the default `true`, small ones none.
    fn choice(text: &str) -> (Atom, bool) {
        let (text, truth) = match text.strip_prefix('!') {
            Some(text) => (text, false),
            None => (text, true),
        };
        let (name, equals) = match text.split_once('=') {
            Some((name, equals)) => (name, Some(Arc::from(equals))),
            None => (text, None),
        };
        let default = match &equals {
            Some(_) => Some("dev".into()),
            None => name.starts_with(char::is_uppercase).then(|| "true".into()),
        };
        let subject = Subject {
            default,
            ..Subject::opaque("", name)
        };
        let subject = Arc::new(subject);
        (Atom { subject, equals }, truth)
    }

    fn check(holds: &[&str], fails: &[&str], expected: Option<(&str, bool)>) {
        let worlds = |all: &[&str]| -> Vec<Vec<(Atom, bool)>> {
            all.iter()
                .map(|world| world.split_whitespace().map(choice).collect())
                .collect()
        };
        let (holds_in, fails_in) = (worlds(holds), worlds(fails));
        let holds_in: Vec<&[(Atom, bool)]> = holds_in.iter().map(Vec::as_slice).collect();
        let fails_in: Vec<&[(Atom, bool)]> = fails_in.iter().map(Vec::as_slice).collect();
        let found = condition(
            &formula(&holds_in, &fails_in, &Guard::Always, &World::new()),
            &[],
        );
        let found = found.as_ref().map(|c| (c.text.as_str(), c.is_default_case));
        assert_eq!(found, expected, "{holds:?} but not {fails:?}");
    }

    #[test]
    fn conditions_are_as_short_as_possible() {
        check(&["A", "!A"], &[], None);
        check(&["A"], &["!A"], Some(("A is true", true)));
        check(
            &["!A"],
            &["A"],
            Some(("A is false (by default it is true)", false)),
        );
        check(&["a"], &["!a"], Some(("a is true", true)));
        check(
            &["A B", "!A B"],
            &["A !B", "!A !B"],
            Some(("B is true", true)),
        );
        check(
            &["A B"],
            &["A !B", "!A"],
            Some(("A is true and B is true", true)),
        );
        check(
            &["A B", "A !B", "!A B"],
            &["!A !B"],
            Some(("A is true or B is true", true)),
        );
        check(
            &["E=prod"],
            &["!E=prod"],
            Some(("E is \"prod\" (by default it is \"dev\")", false)),
        );
        check(
            &["!A !B"],
            &["A", "!A B"],
            Some((
                "A is false and B is false (by default A is true and B is true)",
                false,
            )),
        );
        check(
            &["E=test", "!E=test E=prod"],
            &["!E=test !E=prod"],
            Some((
                "E is \"test\" or E is \"prod\" (by default it is \"dev\")",
                false,
            )),
        );
    }

    #[test]
    fn the_condition_of_the_resource_is_part_of_it() {
        let (atom, _) = choice("A");
        let exists = !Guard::Is(atom);
        let world: &[(Atom, bool)] = &[];
        let found =
            condition(&formula(&[world], &[], &exists, &World::new()), &[]).expect("a condition");
        assert_eq!(found.text, "A is false (by default it is true)");
        assert!(!found.is_default_case);
    }

    #[test]
    fn what_the_template_has_a_name_for_is_called_so() {
        let scans = |equals: &str| {
            let subject = Subject {
                default: Some("no".into()),
                default_at: Span::new(SourceId(0), 5, 9),
                ..Subject::opaque("", "ScanImages")
            };
            Guard::Is(Atom {
                subject: Arc::new(subject),
                equals: Some(equals.into()),
            })
        };
        let header = Span::new(SourceId(0), 20, 25);
        let named = [DeclaredCondition {
            name: "Scans".into(),
            guard: scans("yes"),
            header,
        }];
        for (guard, expected, is_default_case) in [
            (!scans("yes"), "Scans is false", true),
            (
                scans("yes"),
                "Scans is true (by default it is false)",
                false,
            ),
            (scans("no"), "ScanImages is \"no\"", true),
        ] {
            let found = condition(&guard, &named).expect("a condition");
            assert_eq!(
                (&*found.text, found.is_default_case),
                (expected, is_default_case)
            );
        }
        let places = places(&!scans("yes"), &named);
        let places: Vec<(Span, &str)> = places.iter().map(|(at, text)| (*at, &**text)).collect();
        assert_eq!(
            places,
            [
                (header, "condition `Scans`"),
                (Span::new(SourceId(0), 5, 9), "default of `ScanImages`")
            ]
        );
    }
}

//! Which sensitive actions a statement grants on everything that they act on.

use std::sync::LazyLock;

use super::pattern;
use super::statement::Statement;
use crate::facts::cases::{self, names_something};
use crate::value::{Certainty, Data, Origin, Value};

/// Stands for what a hole may be that is no star.
const NAME: char = '\u{2}';

/// An action with what it is feared for and what it acts on.
struct Action {
    name: &'static str,
    lower: String,
    classes: Vec<&'static str>,
    /// Forms of ARNs, and whether each must be meant.
    forms: Vec<(&'static str, bool)>,
}

static ACTIONS: LazyLock<Vec<Action>> = LazyLock::new(|| {
    crate::facts::rows(include_str!("sensitive_actions.tsv"))
        .filter_map(|row| {
            let name = row.first().copied()?;
            let forms = row.get(2).copied().unwrap_or_default().split_whitespace();
            Some(Action {
                name,
                lower: name.to_ascii_lowercase(),
                classes: row.get(1).copied()?.split(',').collect(),
                forms: forms
                    .map(|form| match form.strip_prefix('!') {
                        Some(form) => (form, true),
                        None => (form, false),
                    })
                    .collect(),
            })
        })
        .collect()
});

/// Words for classes of actions that take something out.
const EXFILTRATES: &[(&str, &str)] = &[
    ("exfil-secret", "secret"),
    ("exfil-data", "data"),
    ("exfil-snapshot", "data"),
    ("credentials", "credentials"),
];

/// `covers` and `exfiltrates` of a statement.
pub(super) fn show(statement: &Statement) -> (Value, Value) {
    let at = &statement.body.origin;
    let actions = &statement.actions;
    let mut covered: Vec<Value> = Vec::new();
    let mut taken: Vec<&str> = Vec::new();
    let mut is_doubtful = false;
    // Most statements name a few actions of a few services: only those are looked at.
    let reaches_nothing = statement.resources.named.items.is_empty()
        && statement.resources.named.more.is_none()
        && statement.resources.is_except.is_no();
    // What known patterns start with; none if something else may be meant too.
    let starts: Option<Vec<String>> = match (actions.is_except, &actions.named.more) {
        (Certainty::No, None) => {
            let items = actions.named.items.iter();
            items.map(|item| start(&item.value)).collect()
        }
        _ => None,
    };
    let may_be_meant = |action: &&Action| match &starts {
        _ if reaches_nothing => false,
        Some(starts) => starts
            .iter()
            .any(|start| action.lower.starts_with(start.as_str())),
        None => true,
    };
    let whole = statement
        .resources
        .is_everything(&pattern::is_every_resource);
    for action in ACTIONS.iter().filter(may_be_meant) {
        let granted = match actions.is_except {
            Certainty::Unsure => Certainty::Unsure,
            Certainty::No => actions.is_everything(&|text| means(text, action)),
            // Everything but what is named.
            Certainty::Yes => {
                let open = if actions.named.more.is_some() {
                    Certainty::Unsure
                } else {
                    Certainty::No
                };
                let named = actions.named.items.iter();
                !named
                    .map(|item| pattern::answers(&item.value, &|text| means(text, action)))
                    .fold(open, Certainty::or)
            }
        };
        if granted.is_no() {
            continue;
        }
        match granted.and(on_everything(statement, whole, action)) {
            Certainty::Yes => {
                covered.push(cases::text(action.name, at));
                for (class, word) in EXFILTRATES {
                    if action.classes.contains(class) && !taken.contains(word) {
                        taken.push(word);
                    }
                }
            }
            Certainty::Unsure => is_doubtful = true,
            Certainty::No => {}
        }
    }
    let more = || {
        let why = statement.resources.why().or(actions.why());
        match (is_doubtful, why) {
            (false, _) => None,
            (true, Some(why)) => Some(why.clone()),
            (true, None) => cases::depends("a statement that is not wholly known", at)
                .as_unknown()
                .cloned(),
        }
    };
    let taken = taken.into_iter().map(|word| cases::text(word, at));
    (
        cases::list(covered, more(), at),
        cases::list(taken.collect(), more(), at),
    )
}

/// What a known pattern starts with, before its first star, in lower case.
fn start(pattern: &Value) -> Option<String> {
    let text = pattern.as_str()?;
    let fixed = text.split(['*', '?']).next().unwrap_or(text);
    Some(fixed.to_ascii_lowercase())
}

fn means(pattern: &str, action: &Action) -> bool {
    pattern::matches(&pattern.to_ascii_lowercase(), &action.lower)
}

/// Whether the resources of a statement hold everything that an action acts on: all forms that it needs, else one.
fn on_everything(statement: &Statement, whole: Certainty, action: &Action) -> Certainty {
    let resources = &statement.resources;
    if whole.is_yes() || action.forms.is_empty() {
        return whole;
    }
    if !resources.is_except.is_no() {
        // All but some is not everything.
        return if resources.is_except.is_yes() {
            Certainty::No
        } else {
            Certainty::Unsure
        };
    }
    let held = |form: &str| {
        let open = if resources.named.more.is_some() {
            Certainty::Unsure
        } else {
            Certainty::No
        };
        resources
            .named
            .items
            .iter()
            .map(|item| {
                let exists = if item.guard.is_always() {
                    Certainty::Yes
                } else {
                    Certainty::Unsure
                };
                holds(&item.value, form).and(exists)
            })
            .fold(open, Certainty::or)
    };
    let needed: Vec<&str> = action
        .forms
        .iter()
        .filter(|(_, is_needed)| *is_needed)
        .map(|(form, _)| *form)
        .collect();
    let by_form = if needed.is_empty() {
        let forms = action.forms.iter().map(|(form, _)| held(form));
        forms.fold(Certainty::No, Certainty::or)
    } else {
        needed
            .iter()
            .map(|form| held(form))
            .fold(Certainty::Yes, Certainty::and)
    };
    whole.or(by_form)
}

/// Whether a resource pattern holds every resource of a form of ARNs in the account deployed to. An account or partition
/// that is written out, or a hole in its place, is taken for one's own.
fn holds(pattern: &Value, form: &str) -> Certainty {
    match &pattern.data {
        // A hole is some text, never a star, unless there is nothing else.
        Data::Text(text) if text.has_holes() => {
            let known = text.flattened(NAME);
            if holds_text(&known, form) {
                Certainty::Yes
            } else if known.chars().all(|c| c == NAME || c == '*') {
                if text.holes().all(names_something) {
                    Certainty::No
                } else {
                    Certainty::Unsure
                }
            } else {
                Certainty::No
            }
        }
        _ => pattern::answers(pattern, &|text| holds_text(text, form)),
    }
}

fn holds_text(pattern: &str, form: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let own = |index: usize, otherwise: &'static str| match parts.get(index) {
        Some(part) if parts.len() == 6 && !part.is_empty() && !part.contains(['*', '?']) => *part,
        _ => otherwise,
    };
    let arn = form
        .replace('*', pattern::FRESH)
        .replace("{p}", own(1, "aws"))
        .replace("{r}", pattern::FRESH)
        .replace("{a}", own(4, pattern::FRESH));
    pattern::matches(pattern, &arn)
}

/// Services of which a statement grants every action on every resource: `s3` for `s3:*` on `arn:aws:s3:::*`.
pub(super) fn whole_services(statement: &Statement, full: &[Value]) -> Vec<Value> {
    let whole = |service: &Value| {
        let name = service.as_str()?.to_owned();
        let covers = |text: &str| {
            let parts: Vec<&str> = text.splitn(6, ':').collect();
            pattern::is_every_resource(text)
                || matches!(parts.as_slice(), [_, _, of, region, _, rest]
                    if *of == name
                        && (region.is_empty() || is_stars(region))
                        && is_stars(rest))
        };
        let holds = statement.resources.is_everything(&covers);
        let origin: &Origin = &service.origin;
        match holds {
            Certainty::Yes => Some(service.clone()),
            Certainty::Unsure => Some(cases::depends("the resources of a statement", origin)),
            Certainty::No => None,
        }
    };
    full.iter().filter_map(whole).collect()
}

fn is_stars(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_forms_that_only_stars_could_be() {
        let role = "arn:{p}:iam::{a}:role/*";
        let object = "arn:{p}:s3:::*/*";
        for (pattern, form, expected) in [
            ("*", role, true),
            ("arn:aws:iam::*:role/*", role, true),
            ("arn:aws:iam::111122223333:role/*", role, true),
            ("arn:\u{2}:iam::\u{2}:role/*", role, true),
            ("arn:aws:iam::*:role/app-*", role, false),
            ("arn:aws:iam::*:*", role, true),
            ("arn:aws:s3:::*/*", object, true),
            ("arn:aws:s3:::*", object, true),
            ("arn:aws:s3:::bucket/*", object, false),
            ("arn:aws:s3:::*", role, false),
        ] {
            assert_eq!(holds_text(pattern, form), expected, "{pattern} on {form}");
        }
    }

    #[test]
    fn every_action_of_the_table_is_read() {
        assert!(ACTIONS.len() > 150, "{}", ACTIONS.len());
        let pass = ACTIONS.iter().find(|action| action.name == "iam:PassRole");
        let pass = pass.expect("it is in the table");
        assert_eq!(pass.forms, [("arn:{p}:iam::{a}:role/*", true)]);
    }
}

//! Whether an identity may do everything: over all of its policies, minus denials, within its boundary.

use std::sync::Arc;

use super::attached::{self, Attached};
use super::pattern;
use super::statement::{Chosen, Statement, Statements};
use super::{collect_all, of_identity, targets};
use crate::facts::Scope;
use crate::facts::cases;
use crate::value::{Certainty, Origin, Reason, Unknown, Value};

/// The one policy of AWS that allows everything.
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html>
const ADMINISTRATOR: &str = "AdministratorAccess";

/// `iam.admin`
pub(crate) fn admin(scope: &Scope<'_>) -> Value {
    let statements = of_identity(scope);
    let attached = attached::all(scope);
    let granted = grants_all(&statements, scope).or(by_managed(&attached, scope));
    let answer = if granted.is_no() {
        granted
    } else {
        granted
            .and(!denied(&statements))
            .and(within_boundary(scope))
    };
    let place = statements
        .all
        .iter()
        .find(|statement| !allows_everything(statement, scope).is_no())
        .map(|statement| statement.body.origin.clone())
        .or_else(|| {
            let administrator = attached
                .items
                .iter()
                .find(|policy| policy.is_named(ADMINISTRATOR).is_yes());
            administrator.map(|policy| policy.arn.origin.clone())
        })
        .unwrap_or_else(|| Origin::at(scope.place()));
    let outside = Arc::new(Unknown::because(Reason::Depends(
        "what a policy outside the code says".into(),
    )));
    let why = statements.more.as_ref().or(attached.more.as_ref());
    cases::truth(answer, why.or(Some(&outside)), &place)
}

/// Whether the policies outside the code that are attached allow everything.
fn by_managed(attached: &attached::AllAttached, scope: &Scope<'_>) -> Certainty {
    let open = if attached.more.is_some() {
        Certainty::Unsure
    } else {
        Certainty::No
    };
    attached
        .items
        .iter()
        .map(|policy| managed_is_admin(policy, scope))
        .fold(open, Certainty::or)
}

fn managed_is_admin(policy: &Attached, scope: &Scope<'_>) -> Certainty {
    let exists = if policy.guard.is_always() {
        Certainty::Yes
    } else {
        Certainty::Unsure
    };
    let is_admin = match policy.is_of_aws {
        // What it says is known from the policy itself.
        _ if policy.is_in_code(scope) => Certainty::No,
        Certainty::Yes => policy.is_named(ADMINISTRATOR),
        // A policy of the account that the code does not show.
        Certainty::No => Certainty::Unsure,
        Certainty::Unsure => Certainty::Unsure,
    };
    exists.and(is_admin)
}

/// Whether what is written allows everything: in one statement, or in several of which each allows what another excepts.
fn grants_all(statements: &Statements, scope: &Scope<'_>) -> Certainty {
    let mut answer = if statements.more.is_some() {
        Certainty::Unsure
    } else {
        Certainty::No
    };
    for statement in &statements.all {
        answer = answer.or(allows_everything(statement, scope));
        if answer.is_yes() {
            return answer;
        }
    }
    for statement in &statements.all {
        if statement.actions.is_except.is_yes() {
            let rest = allows_broadly(statement, scope);
            let excepted =
                statement
                    .actions
                    .named
                    .items
                    .iter()
                    .map(|item| match item.value.as_str() {
                        Some(pattern) => is_allowed(pattern, statements, scope),
                        None => Certainty::Unsure,
                    });
            answer = answer.or(excepted.fold(rest, Certainty::and));
        }
    }
    answer
}

/// Whether it is an allowance on everything whose conditions, if any, narrow nothing.
fn allows_broadly(statement: &Statement, scope: &Scope<'_>) -> Certainty {
    let allows = match statement.effect.as_text() {
        Some(effect) => effect.equals("Allow"),
        None => Certainty::Unsure,
    };
    let exists = if statement.guard.is_always() {
        Certainty::Yes
    } else {
        Certainty::Unsure
    };
    allows
        .and(
            statement
                .resources
                .is_everything(&pattern::is_every_resource),
        )
        .and(!statement.conditions.narrow(scope))
        .and(exists)
}

fn allows_everything(statement: &Statement, scope: &Scope<'_>) -> Certainty {
    statement
        .actions
        .is_everything(&pattern::is_every_action)
        .and(allows_broadly(statement, scope))
}

/// Whether all that an action pattern means is allowed on everything.
fn is_allowed(wanted: &str, statements: &Statements, scope: &Scope<'_>) -> Certainty {
    statements
        .all
        .iter()
        .filter(|statement| statement.actions.is_except.is_no())
        .map(|statement| {
            let covers = |given: &str| pattern::includes(given, wanted);
            statement
                .actions
                .is_everything(&covers)
                .and(allows_broadly(statement, scope))
        })
        .fold(Certainty::No, Certainty::or)
}

/// Whether all of IAM is denied without condition, which is what administrators cannot do without. Denying less leaves
/// enough to undo the denial.
fn denied(statements: &Statements) -> Certainty {
    statements
        .all
        .iter()
        .map(|statement| {
            let denies = match statement.effect.as_text() {
                Some(effect) => effect.equals("Deny"),
                None => Certainty::Unsure,
            };
            let conditions = &statement.conditions;
            let always = match (conditions.tests.is_empty(), conditions.more.is_some()) {
                (true, false) => Certainty::Yes,
                (true, true) => Certainty::Unsure,
                (false, _) => Certainty::No,
            };
            let exists = if statement.guard.is_always() {
                Certainty::Yes
            } else {
                Certainty::Unsure
            };
            denies
                .and(always)
                .and(all_of_iam(&statement.actions))
                .and(
                    statement
                        .resources
                        .is_everything(&pattern::is_every_resource),
                )
                .and(exists)
        })
        .fold(Certainty::No, Certainty::or)
}

fn all_of_iam(actions: &Chosen) -> Certainty {
    match actions.is_except {
        Certainty::Yes => {
            let touches = actions.named.items.iter().map(|item| {
                pattern::answers(&item.value, &|text| {
                    pattern::includes(text, "iam:*")
                        || text.to_ascii_lowercase().starts_with("iam:")
                })
            });
            let open = if actions.named.more.is_some() {
                Certainty::Unsure
            } else {
                Certainty::No
            };
            !touches.fold(open, Certainty::or)
        }
        _ => actions.is_everything(&|text| pattern::includes(text, "iam:*")),
    }
}

/// Whether the permissions boundary, if there is one, lets everything through.
fn within_boundary(scope: &Scope<'_>) -> Certainty {
    let written = cases::member(&scope.resource.properties, "PermissionsBoundary");
    let cases = cases::possible(&written, scope.world);
    if cases.is_empty() || cases.iter().all(|case| case.value.as_str() == Some("")) {
        return Certainty::Yes;
    }
    let mut boundaries = targets(scope, "boundary").into_iter();
    if let Some((id, open)) = boundaries.next() {
        let mut statements = Statements::default();
        collect_all(&scope.about(id), &open, &mut statements);
        let allowed = grants_all(&statements, scope).and(!denied(&statements));
        // Under a condition there may be no boundary at all.
        return if open.is_always() && cases.iter().all(|case| case.guard.is_always()) {
            allowed
        } else {
            allowed.or(Certainty::Unsure)
        };
    }
    match cases.as_slice() {
        [case] if case.guard.is_always() => {
            let policy = Attached::read(&case.value, &case.guard, scope);
            match policy.is_of_aws {
                Certainty::Yes => policy.is_named(ADMINISTRATOR),
                _ => Certainty::Unsure,
            }
        }
        _ => Certainty::Unsure,
    }
}

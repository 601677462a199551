//! Why a rule says what it says of one resource: the same check, clause by clause, with all that each test looked at.

use super::check::{check_named, check_rule, worlds};
use super::clause::{Clause, Test};
use super::judge::Case;
use super::{Offender, Outcome, Rule, RuleSet, place};
use crate::model::document::{self, Context};
use crate::model::{Derive, Model, ResourceId};
use crate::source::Span;
use crate::value::{Certainty, Guard};

/// What a rule makes of a resource.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The worlds that its queries tell apart; one if they meet no conditions.
    pub worlds: Vec<InWorld>,
    /// What it says.
    pub outcomes: Vec<Outcome>,
    /// What it leaves to rules that say the same better.
    pub yielded: Vec<Outcome>,
}

/// What a rule makes of a resource in one world.
#[derive(Clone, Debug)]
pub struct InWorld {
    /// What is taken to hold, in words; empty if nothing is.
    pub condition: String,
    /// Whether the rule concerns the resource.
    pub concerned: Certainty,
    /// The groups of its `when` block.
    pub when: Vec<Judged>,
    /// Its clauses.
    pub clauses: Vec<Judged>,
}

/// Whether a clause or a group holds, and why.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its place in the rule file.
    pub span: Span,
    /// Whether it holds.
    pub truth: Certainty,
    /// Its tests, of which one must hold.
    pub tests: Vec<Tested>,
    /// Its exceptions.
    pub unless: Vec<Tested>,
}

/// Whether a test holds, and what it looked at.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Its place in the rule file.
    pub span: Span,
    /// Whether it holds.
    pub truth: Certainty,
    /// What it looked at.
    pub things: Vec<Thing>,
    /// Whether there may be more that is not known.
    pub is_open: bool,
    /// Why it is unsure, in people's words.
    pub reasons: Vec<String>,
}

/// Something that a test looked at.
#[derive(Clone, Debug)]
pub struct Thing {
    /// What and where it is; for something missing, the nearest thing around it.
    pub what: Offender,
    /// Whether it is there.
    pub there: Certainty,
    /// Whether it is as the test asks, its quantifier aside.
    pub truth: Certainty,
}

/// Explains what a rule makes of a resource of one of its kinds.
pub fn explain(
    model: &Model,
    derive: &dyn Derive,
    rule: &Rule,
    rules: &RuleSet,
    resource: ResourceId,
) -> Explanation {
    let context = Context {
        model,
        derive,
        options: &rule.options,
    };
    let worlds = worlds(&context, model.resource(resource), rule)
        .into_iter()
        .map(|(choices, world)| {
            let condition = choices
                .iter()
                .map(|(atom, truth)| {
                    let guard = Guard::Is(atom.clone());
                    if *truth { guard } else { !guard }
                })
                .fold(Guard::Always, Guard::and);
            let case = Case {
                root: document::root(&context, resource),
                world: &world,
            };
            let concerned = case.concerns(&rule.when);
            let judged = |span, truth, tests: &[Test], unless: &[Test]| Judged {
                span,
                truth,
                tests: tested(&case, model, resource, tests),
                unless: tested(&case, model, resource, unless),
            };
            let when = rule.when.iter();
            let when =
                when.map(|group| judged(group.span, case.any(&group.tests), &group.tests, &[]));
            let of_clause = |clause: &Clause| {
                judged(
                    clause.span,
                    case.holds(clause),
                    &clause.tests,
                    &clause.unless,
                )
            };
            InWorld {
                condition: match choices.is_empty() {
                    true => String::new(),
                    false => condition.to_string(),
                },
                concerned,
                when: when.collect(),
                clauses: rule.check.iter().map(of_clause).collect(),
            }
        })
        .collect();
    let of_resource = |mut outcomes: Vec<Outcome>| {
        outcomes.retain(|outcome| outcome.resource == resource);
        outcomes
    };
    let outcomes = of_resource(check_named(model, derive, rule, rules));
    let mut yielded = of_resource(check_rule(model, derive, rule));
    yielded.retain(|outcome| {
        let is_said = |said: &Outcome| {
            said.clause == outcome.clause && said.offender.path == outcome.offender.path
        };
        !outcomes.iter().any(is_said)
    });
    Explanation {
        worlds,
        outcomes,
        yielded,
    }
}

fn tested(case: &Case<'_, '_>, model: &Model, resource: ResourceId, tests: &[Test]) -> Vec<Tested> {
    let of = |test: &Test| {
        let truth = case.any(std::slice::from_ref(test));
        let (things, is_open) = case.looked_at(test);
        let things = things.into_iter().map(|(fault, there, truth)| Thing {
            what: place::offender(model, resource, &fault),
            there,
            truth,
        });
        Tested {
            span: test.span,
            truth,
            things: things.collect(),
            is_open,
            reasons: case.reasons([test]),
        }
    };
    tests.iter().map(of).collect()
}

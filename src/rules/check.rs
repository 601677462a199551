//! The check: a model and rules in, outcomes out. Each rule is evaluated on each resource of its kinds, once in every
//! world that the conditions it meets tell apart.

use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::clause::Clause;
use super::condition::{condition, formula, places};
use super::judge::{Case, Fault, Judged};
use super::message::{self, Filling};
use super::{Condition, Offender, Outcome, Rule, RuleSet, Severity, Verdict, place};
use crate::jsonpath::Key;
use crate::model::document::{self, Context};
use crate::model::{Derive, Kind, Model, Resource, ResourceId};
use crate::source::Span;
use crate::value::{Atom, Certainty, Guard, Reason, World};

/// Worlds that are told apart for one rule and resource. What is still undecided then is unsure where it matters.
const MOST_WORLDS: usize = 8;

/// Resources that are checked together, with facts that are remembered for as long.
const CHUNK: usize = 500;

/// Applies rules to the resources of a model. Outcomes come in order of rules, then of resources; passing is not recorded.
/// Facts are made anew for every few resources, which bounds what is remembered of them and lets threads share the work.
pub fn check<D: Derive>(
    model: &Model,
    facts: impl Fn() -> D + Sync,
    rules: &RuleSet,
) -> Vec<Outcome> {
    let mut of_kind: FxHashMap<&Kind, Vec<(usize, Arc<Rule>)>> = FxHashMap::default();
    for resource in model.resources() {
        of_kind.entry(&resource.kind).or_insert_with(|| {
            let mut wanted: Vec<usize> = rules.of_kind(&resource.kind).into_iter().collect();
            wanted.sort_unstable();
            wanted.dedup();
            let wanted = wanted.into_iter();
            wanted
                .filter_map(|index| Some((index, rules.rule(index)?)))
                .collect()
        });
    }
    let chunks: Vec<Vec<(usize, Outcome)>> = model
        .resources()
        .par_chunks(CHUNK)
        .map(|resources| {
            let facts = facts();
            let mut outcomes = Vec::new();
            for resource in resources {
                for (index, rule) in of_kind.get(&resource.kind).into_iter().flatten() {
                    let found = check_resource(model, &facts, rule, resource);
                    outcomes.extend(found.into_iter().map(|outcome| (*index, outcome)));
                }
            }
            outcomes
        })
        .collect();
    let mut outcomes: Vec<(usize, Outcome)> = chunks.into_iter().flatten().collect();
    outcomes.sort_by_key(|(rule, outcome)| (*rule, outcome.resource));
    let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    yielded(outcomes, rules)
}

/// Applies one rule, silent where those that it yields to have a finding.
pub(super) fn check_named(
    model: &Model,
    derive: &dyn Derive,
    rule: &Rule,
    rules: &RuleSet,
) -> Vec<Outcome> {
    let mut outcomes = check_rule(model, derive, rule);
    for name in rules.yields_to(&rule.info.name) {
        if let Some(other) = rules.named(&name) {
            outcomes.extend(check_rule(model, derive, &other));
        }
    }
    let mut outcomes = yielded(outcomes, rules);
    outcomes.retain(|outcome| outcome.rule.name == rule.info.name);
    outcomes
}

/// Applies one rule to the resources of its kinds.
pub fn check_rule(model: &Model, derive: &dyn Derive, rule: &Rule) -> Vec<Outcome> {
    let mut resources: Vec<ResourceId> = rule
        .info
        .kinds
        .iter()
        .flat_map(|kind| model.of_kind(kind))
        .copied()
        .collect();
    resources.sort_unstable();
    resources.dedup();
    let resources = resources.into_iter();
    resources
        .flat_map(|id| check_resource(model, derive, rule, model.resource(id)))
        .collect()
}

/// Applies one rule to one resource.
fn check_resource(
    model: &Model,
    derive: &dyn Derive,
    rule: &Rule,
    resource: &Resource,
) -> Vec<Outcome> {
    let Some(world) = model.world().assuming(&resource.exists) else {
        return Vec::new();
    };
    let context = Context {
        model,
        derive,
        options: &rule.options,
    };
    let examined = Examined {
        context: &context,
        resource,
        rule,
    };
    let mut outcomes = examined.outcomes(world);
    // Of what is outside, nothing is known: that goes without saying.
    outcomes.retain(|outcome| {
        outcome.verdict != Verdict::Unsure || !resource.is_part_of_outside() || {
            let outside = Reason::Outside.to_string();
            outcome.reasons.iter().any(|reason| *reason != outside)
        }
    });
    outcomes
}

/// The choices that lead to each world that a rule is looked at in on a resource, and that world.
pub(super) fn worlds<'d>(
    context: &'d Context<'d>,
    resource: &Resource,
    rule: &Rule,
) -> Vec<(Vec<(Atom, bool)>, World)> {
    let Some(base) = context.model.world().assuming(&resource.exists) else {
        return Vec::new();
    };
    let examined = Examined {
        context,
        resource,
        rule,
    };
    let leaves = examined.leaves(base.clone()).into_iter();
    leaves
        .map(|leaf| {
            let world = leaf.choices.iter().fold(base.clone(), |world, choice| {
                world.with(&choice.0, choice.1).unwrap_or(world)
            });
            (leaf.choices, world)
        })
        .collect()
}

/// A rule on a resource.
struct Examined<'e, 'd> {
    context: &'d Context<'d>,
    resource: &'e Resource,
    rule: &'e Rule,
}

/// What was found in one world.
struct Found {
    clause: usize,
    outcome: Outcome,
    keys: Vec<Key>,
}

/// A world that was looked at: the choices that led to it, beyond the existence of the resource, and what was found.
struct Leaf {
    choices: Vec<(Atom, bool)>,
    found: Vec<Found>,
}

impl<'d> Examined<'_, 'd> {
    fn outcomes(&self, base: World) -> Vec<Outcome> {
        let leaves = self.leaves(base);
        if leaves.iter().all(|leaf| leaf.found.is_empty()) {
            return Vec::new();
        }
        self.joined(leaves)
    }

    /// Splits worlds by the conditions that are met in them, until nothing is found or nothing is left to decide.
    fn leaves(&self, base: World) -> Vec<Leaf> {
        let mut waiting = VecDeque::from([(base, Vec::new())]);
        let mut leaves = Vec::new();
        while let Some((world, choices)) = waiting.pop_front() {
            world.take_met();
            let case = Case {
                root: document::root(self.context, self.resource.id),
                world: &world,
            };
            if self.passes(&case) {
                leaves.push(Leaf {
                    choices,
                    found: Vec::new(),
                });
                continue;
            }
            let met = world.take_met();
            let is_room = leaves.len() + waiting.len() + 2 <= MOST_WORLDS;
            if let (true, Some(atom)) = (is_room, met.first()) {
                for truth in [true, false] {
                    if let Some(world) = world.with(atom, truth) {
                        let mut choices: Vec<(Atom, bool)> = choices.clone();
                        choices.push((atom.clone(), truth));
                        waiting.push_back((world, choices));
                    }
                }
                continue;
            }
            let found = self.found(&case);
            leaves.push(Leaf { choices, found });
        }
        leaves
    }

    /// Whether nothing can be wrong in a world, whatever is not decided in it.
    fn passes(&self, case: &Case<'d, '_>) -> bool {
        if case.concerns(&self.rule.when).is_no() {
            return true;
        }
        // All clauses are asked, so that every condition they depend on is met.
        self.rule
            .check
            .iter()
            .map(|clause| case.holds(clause))
            .fold(Certainty::Yes, Certainty::and)
            .is_yes()
    }

    /// What is wrong in a world, said once for each place: failing clauses first, in their order.
    fn found(&self, case: &Case<'d, '_>) -> Vec<Found> {
        let concerned = case.concerns(&self.rule.when);
        if concerned.is_no() {
            return Vec::new();
        }
        let verdicts: Vec<Option<Verdict>> = self
            .rule
            .check
            .iter()
            .map(|clause| match case.holds(clause) {
                Certainty::Yes => None,
                Certainty::No if concerned.is_yes() => Some(Verdict::Fail),
                _ => Some(Verdict::Unsure),
            })
            .collect();
        let mut found: Vec<Found> = Vec::new();
        for wanted in [Verdict::Fail, Verdict::Unsure] {
            for (index, clause) in self.rule.check.iter().enumerate() {
                if verdicts[index] != Some(wanted) {
                    continue;
                }
                let before = found.len();
                for one in self.of_clause(case, index, clause, wanted, concerned) {
                    let is_said = found.iter().enumerate().any(|(at, said)| {
                        let is_same_place = said.outcome.offender.place
                            == one.outcome.offender.place
                            && (said.outcome.verdict != wanted
                                || wanted == Verdict::Unsure
                                || said
                                    .outcome
                                    .offender
                                    .may_share_source(&one.outcome.offender));
                        let is_related = said.outcome.offender.owner == one.outcome.offender.owner
                            && is_above_or_below(&said.keys, &one.keys);
                        is_same_place || (at < before && is_related)
                    });
                    if !is_said {
                        found.push(one);
                    }
                }
            }
        }
        found
    }

    /// The offenders of one clause.
    fn of_clause(
        &self,
        case: &Case<'d, '_>,
        index: usize,
        clause: &Clause,
        verdict: Verdict,
        concerned: Certainty,
    ) -> Vec<Found> {
        let judged: Vec<Judged> = clause.tests.iter().map(|test| case.blame(test)).collect();
        let is_written = |judged: &Judged| judged.faults.iter().any(Fault::is_written);
        let main = judged.iter().position(is_written).unwrap_or(0);
        let model = self.context.model;
        let id = self.resource.id;
        let related: Vec<(Span, String)> = judged
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != main)
            .flat_map(|(_, judged)| &judged.faults)
            .map(|fault| {
                let owner = model.resource(place::offender(model, id, fault).owner);
                let path = place::native_path(model, owner, fault);
                let text = message::text_of(fault, owner);
                let said = if path.is_empty() || fault.is_resource() {
                    text
                } else {
                    format!("`{path}` is {text}")
                };
                (place::place(fault), said)
            })
            .collect();
        let reasons = if verdict == Verdict::Unsure {
            let mut reasons = case.reasons(clause.all_tests());
            if concerned.is_unsure() {
                let groups = self.rule.when.iter().flat_map(|group| &group.tests);
                for reason in case.reasons(groups) {
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                }
            }
            if reasons.is_empty() {
                reasons.push("it depends on something that is not known".to_owned());
            }
            reasons
        } else {
            Vec::new()
        };
        let Some(judged) = judged.get(main) else {
            return Vec::new();
        };
        judged
            .faults
            .iter()
            .map(|fault| {
                let offender = place::offender(model, id, fault);
                let mut related = related.clone();
                related.retain(|(span, _)| *span != offender.place && span.is_written());
                related.dedup();
                let outcome = Outcome {
                    rule: self.rule.info.clone(),
                    resource: id,
                    verdict,
                    severity: self.severity(clause),
                    message: self.message(case, clause, fault, &offender, verdict),
                    clause: clause.span,
                    offender,
                    related,
                    condition: None,
                    reasons: reasons.clone(),
                };
                Found {
                    clause: index,
                    outcome,
                    keys: place::keys(fault),
                }
            })
            .collect()
    }

    fn severity(&self, clause: &Clause) -> Severity {
        // Settings that change a rule's severity change all of its ladder.
        self.rule
            .fixed_severity
            .or(clause.severity)
            .unwrap_or(self.rule.info.severity)
    }

    fn message(
        &self,
        case: &Case<'d, '_>,
        clause: &Clause,
        fault: &Fault,
        offender: &Offender,
        verdict: Verdict,
    ) -> String {
        let Some(message) = &clause.message else {
            return self.rule.info.title.clone();
        };
        let model = self.context.model;
        let owner = model.resource(offender.owner);
        let traced = model
            .resources()
            .get(fault.trace.owner as usize)
            .unwrap_or(self.resource);
        let path = place::native_path(model, owner, fault);
        let filled = message::fill(
            message,
            &Filling {
                case,
                resource: self.resource,
                owner,
                fault,
                path: &path,
                properties: &traced.properties,
            },
        );
        // What is not even known to be there is better not talked about as if it were.
        if verdict == Verdict::Unsure && !filled.is_complete {
            return format!("{} ({})", self.rule.info.title, self.resource.address);
        }
        filled.text
    }

    /// What was found in all worlds, each place once, with the condition under which it is wrong.
    fn joined(&self, leaves: Vec<Leaf>) -> Vec<Outcome> {
        type Place = (ResourceId, String, Span);
        let choices: Vec<Vec<(Atom, bool)>> =
            leaves.iter().map(|leaf| leaf.choices.clone()).collect();
        let mut order: Vec<Place> = Vec::new();
        let mut by_place: FxHashMap<Place, Vec<(usize, Found)>> = FxHashMap::default();
        for (number, leaf) in leaves.into_iter().enumerate() {
            for found in leaf.found {
                let offender = &found.outcome.offender;
                let place = (offender.owner, offender.path.clone(), offender.place);
                if !by_place.contains_key(&place) {
                    order.push(place.clone());
                }
                by_place.entry(place).or_default().push((number, found));
            }
        }
        let mut outcomes = Vec::new();
        let all_worlds = self.context.model.world();
        for place in order {
            let mut all = by_place.remove(&place).unwrap_or_default();
            // A finding beats what is unsure.
            if all
                .iter()
                .any(|(_, found)| found.outcome.verdict == Verdict::Fail)
            {
                all.retain(|(_, found)| found.outcome.verdict == Verdict::Fail);
            }
            let mut clauses: Vec<usize> = all.iter().map(|(_, found)| found.clause).collect();
            clauses.sort_unstable();
            clauses.dedup();
            // Of several clauses the first that speaks in the default case.
            let named = &self.context.model.conditions;
            let mut chosen: Option<(usize, Guard, Option<Condition>)> = None;
            for clause in clauses {
                let holds_in = |number: usize| {
                    all.iter()
                        .any(|(at, found)| *at == number && found.clause == clause)
                };
                let (holds, fails): (Vec<usize>, Vec<usize>) =
                    (0..choices.len()).partition(|number| holds_in(*number));
                let of = |numbers: &[usize]| -> Vec<&[(Atom, bool)]> {
                    numbers
                        .iter()
                        .map(|number| choices[*number].as_slice())
                        .collect()
                };
                let guard = formula(&of(&holds), &of(&fails), &self.resource.exists, &all_worlds);
                let condition = condition(&guard, named);
                let is_default = condition
                    .as_ref()
                    .is_none_or(|condition| condition.is_default_case);
                if chosen.is_none() || is_default {
                    let is_final = is_default;
                    chosen = Some((clause, guard, condition));
                    if is_final {
                        break;
                    }
                }
            }
            let Some((clause, guard, condition)) = chosen else {
                continue;
            };
            if let Some((_, found)) = all.into_iter().find(|(_, found)| found.clause == clause) {
                let mut outcome = found.outcome;
                for (span, text) in places(&guard, named) {
                    let known = outcome.offender.origin.trail.iter();
                    if !known.into_iter().any(|(place, _)| place == span) {
                        outcome.related.push((span, text));
                    }
                }
                outcomes.push(Outcome {
                    condition,
                    ..outcome
                });
            }
        }
        // A list that may be longer in one world is nothing new where an element of it is named in another.
        let named: Vec<(ResourceId, String)> = outcomes
            .iter()
            .map(|outcome| (outcome.offender.owner, outcome.offender.path.clone()))
            .collect();
        outcomes.retain(|outcome| {
            let own = &outcome.offender;
            let is_named = named.iter().any(|(owner, path)| {
                *owner == own.owner
                    && path
                        .strip_prefix(own.path.as_str())
                        .is_some_and(|rest| rest.starts_with('['))
            });
            outcome.verdict == Verdict::Fail || own.class != "list" || !is_named
        });
        outcomes
    }
}

/// Whether one path leads through the other.
fn is_above_or_below(a: &[Key], b: &[Key]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// Leaves out what other rules say already at the same place, above or below it.
fn yielded(outcomes: Vec<Outcome>, rules: &RuleSet) -> Vec<Outcome> {
    let mut before: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (index, outcome) in outcomes.iter().enumerate() {
        if outcome.verdict == Verdict::Fail {
            before
                .entry(outcome.rule.name.to_string())
                .or_default()
                .push(index);
        }
    }
    let is_silent: Vec<bool> = outcomes
        .iter()
        .map(|outcome| {
            rules.yields_to(&outcome.rule.name).iter().any(|name| {
                before.get(&**name).into_iter().flatten().any(|index| {
                    let other = &outcomes[*index];
                    let covers = other.condition.is_none() || other.condition == outcome.condition;
                    covers && is_at_one_place(&outcome.offender, &other.offender)
                })
            })
        })
        .collect();
    outcomes
        .into_iter()
        .zip(is_silent)
        .filter(|(_, is_silent)| !is_silent)
        .map(|(outcome, _)| outcome)
        .collect()
}

fn is_at_one_place(a: &Offender, b: &Offender) -> bool {
    // A list is at fault for what it lacks, which says nothing of the elements that it has.
    let is_through = |above: &Offender, below: &Offender| {
        above.class != "list"
            && below
                .path
                .strip_prefix(above.path.as_str())
                .is_some_and(|rest| {
                    rest.is_empty() || above.path.is_empty() || rest.starts_with(['.', '['])
                })
    };
    let is_same = a.path == b.path || is_through(a, b) || is_through(b, a);
    a.place == b.place || (a.owner == b.owner && is_same)
}

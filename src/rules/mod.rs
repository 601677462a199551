//! Rules: YAML files of clauses in, outcomes on a model out.

mod builtin;
mod check;
pub mod clause;
mod condition;
pub mod explain;
mod judge;
pub mod load;
mod message;
mod place;
pub mod samples;
#[cfg(test)]
mod tests;
mod truth;
pub mod vet;

use std::fmt;
use std::sync::Arc;

use crate::model::{Kind, ResourceId};
use crate::source::Span;
use crate::value::{Guard, Origin};

pub use builtin::{RuleSet, files as builtin_files};
pub use check::{check, check_rule};
pub use load::{Fix, OptionDeclaration, Rule};

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Hardening.
    Low,
    /// A weakness that needs another fault to hurt.
    Medium,
    /// You would wake somebody.
    High,
    /// You would wake everybody.
    Critical,
}

impl Severity {
    /// All, mildest first.
    pub const ALL: [Severity; 5] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// The word used in rule files, options and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The severity called `word`.
    pub fn parse(word: &str) -> Option<Severity> {
        Severity::ALL
            .into_iter()
            .find(|severity| severity.as_str() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often a finding of a rule is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Depends on things outside the code.
    Low,
    /// Usually right.
    Medium,
    /// Practically always right.
    High,
}

/// What rule files say of a rule besides its clauses.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// Its only identity: the file stem.
    pub name: Arc<str>,
    /// The fault in one line, without full stop.
    pub title: String,
    /// Severity of clauses that name none.
    pub severity: Severity,
    /// How often it is right.
    pub confidence: Confidence,
    /// The service folder it is filed under.
    pub category: String,
    /// The canonical kinds it concerns, groups expanded.
    pub kinds: Vec<Kind>,
    /// Ids of the same check in other tools: tool and ids, in order of writing.
    pub aliases: Vec<(String, Vec<String>)>,
    /// Controls of compliance frameworks: framework and ids.
    pub controls: Vec<(String, Vec<String>)>,
    /// Languages in which some of its kinds can be written: `terraform`, `cloudformation`.
    pub languages: Vec<&'static str>,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// Further reading.
    pub links: Vec<String>,
    /// The whole rule file.
    pub file: Span,
    /// The profile that it runs in: `recommended`, or only `all`.
    pub profile: String,
    /// What it is about, across services; empty if its file does not say.
    pub topic: String,
    /// Ids of the duties, under the shared responsibility model, that it checks.
    pub responsibilities: Vec<String>,
    /// Why it is as bad as it says; empty if its file does not say.
    pub rationale: String,
}

/// Whether a clause certainly fails or only may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// What must hold does not.
    Fail,
    /// It depends on something that is not known.
    Unsure,
}

/// A rule's verdict at one place of one resource. Passing is not recorded.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The rule.
    pub rule: Arc<RuleInfo>,
    /// The resource it was evaluated on.
    pub resource: ResourceId,
    /// Certainly, or perhaps.
    pub verdict: Verdict,
    /// How bad: of the clause that failed, else of the rule.
    pub severity: Severity,
    /// The message, holes filled.
    pub message: String,
    /// The clause, in the rule file.
    pub clause: Span,
    /// What is wrong.
    pub offender: Offender,
    /// Other places that belong to it, with a word each: offenders of other tests, other resources with the same place.
    pub related: Vec<(Span, String)>,
    /// The condition under which it holds, when it does not hold in every world.
    pub condition: Option<Condition>,
    /// For an unsure outcome: what is not known, in people's words.
    pub reasons: Vec<String>,
}

/// When an outcome holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The condition in words: `IsProd is false`.
    pub text: String,
    /// Whether it holds in the default case, or there is none: then it counts like any other finding.
    pub is_default_case: bool,
    /// The condition itself.
    pub guard: Guard,
}

/// The value (or the lack of one) that a clause fails on.
#[derive(Clone, Debug)]
pub struct Offender {
    /// Where it is written. Missing or supplied as a default: the header of the nearest enclosing written thing.
    pub place: Span,
    /// The trail that led to its value, when it is written.
    pub origin: Origin,
    /// Canonical path from the resource: `ResourcesVpcConfig.PublicAccessCidrs[1]`.
    pub path: String,
    /// The same path with each list element keyed by what identifies it, without positions where possible.
    pub stable_path: String,
    /// The resource it is written in; differs from the outcome's resource across links.
    pub owner: ResourceId,
    /// The value for people, secrets hidden: `0.0.0.0/0`, `not set`, `true (default)`.
    pub text: String,
    /// A coarse word for what is wrong with it, for fingerprints: `missing`, `default`, `true`, `text`, …. No secrets.
    pub class: String,
}

impl Offender {
    /// Where its value comes from in the end, by which two values at one place (`each.value`) are told apart: the last
    /// place of its trail, or without one what it is. None if nothing tells.
    pub fn source(&self) -> Option<Source> {
        match self.origin.trail.source() {
            Some((place, _)) if place.is_written() => Some(Source::Place(place)),
            _ if matches!(&*self.class, "text" | "number") => {
                Some(Source::Value(self.text.clone()))
            }
            _ => None,
        }
    }

    /// Whether two values at one place may have come from one.
    fn may_share_source(&self, other: &Offender) -> bool {
        match (self.source(), other.source()) {
            (Some(Source::Place(own)), Some(Source::Place(others))) => own == others,
            (Some(Source::Value(own)), Some(Source::Value(others))) => own == others,
            _ => true,
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// From here.
    Place(Span),
    /// From no other place than its own, where it is this, as people are shown it.
    Value(String),
}

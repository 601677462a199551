//! Conditions of policy statements: what they test, and whether that narrows anything.

use std::sync::Arc;

use super::pattern;
use crate::facts::cases::{self, Elements, Record};
use crate::facts::{Scope, network};
use crate::value::{Certainty, Data, Origin, Unknown, Value};

/// All tests of one statement; every one of them must hold.
pub(super) struct Conditions {
    pub(super) tests: Vec<Test>,
    /// Why there may be more.
    pub(super) more: Option<Arc<Unknown>>,
}

/// One key compared with values, any of which suffices.
pub(super) struct Test {
    /// The operator as written.
    operator: Value,
    /// Its name in lower case without set word and `IfExists`.
    base: String,
    set: Option<Set>,
    /// Whether it also holds where the key is absent.
    if_exists: bool,
    /// The key in lower case.
    pub(super) key: String,
    key_origin: Origin,
    pub(super) values: Elements,
    values_origin: Origin,
}

/// The set word of an operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    /// Holds also where there is no value at all.
    All,
    Any,
}

/// Keys that say nothing about who asks for what: everybody can meet them.
const WEAK: &[&str] = &[
    "aws:securetransport",
    "aws:requestedregion",
    "aws:currenttime",
    "aws:epochtime",
    "aws:useragent",
    "aws:referer",
    "aws:tokenissuetime",
    "aws:resourceaccount",
    "sts:rolesessionname",
    "iam:fido-certification",
    "ec2:region",
    "s3:signatureversion",
    "s3:authtype",
    "s3:signatureage",
];

/// Keys that every request of the actions concerned carries, so that `IfExists` and `ForAllValues` change nothing.
const ALWAYS_PRESENT: &[&str] = &[
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalisawsservice",
    "aws:userid",
    "aws:viaawsservice",
    "aws:resourceorgid",
    "iam:passedtoservice",
    "iam:policyarn",
    "iam:awsservicename",
    "kms:calleraccount",
];

/// Keys whose values are ARNs that only mean somebody in particular where the account is fixed.
const ARN_KEYS: &[&str] = &["aws:principalarn", "aws:sourcearn"];

impl Conditions {
    /// The tests of a `Condition` member.
    pub(super) fn read(condition: &Value, scope: &Scope<'_>) -> Conditions {
        let mut all = Conditions {
            tests: Vec::new(),
            more: None,
        };
        let Some(operators) = all.object(condition) else {
            return all;
        };
        for (operator, tests) in operators {
            let Some(keys) = all.object(&tests) else {
                continue;
            };
            for (key, values) in keys {
                all.tests
                    .push(Test::read(&operator, &tests, &key, &values, scope));
            }
        }
        all
    }

    fn object(&mut self, value: &Value) -> Option<Vec<(Arc<str>, Value)>> {
        match &value.data {
            Data::Object(object) => {
                if let Some(why) = object.more() {
                    self.more.get_or_insert_with(|| why.clone());
                }
                let entries = value.entries();
                Some(entries.map(|(name, value)| (name.clone(), value)).collect())
            }
            Data::Unknown(why) => {
                self.more.get_or_insert_with(|| why.clone());
                None
            }
            _ => None,
        }
    }

    /// Whether some test narrows what the statement says.
    pub(super) fn narrow(&self, scope: &Scope<'_>) -> Certainty {
        let narrowed = self
            .tests
            .iter()
            .map(|test| self.narrows(test, scope))
            .fold(Certainty::No, Certainty::or);
        if self.more.is_some() {
            narrowed.or(Certainty::Unsure)
        } else {
            narrowed
        }
    }

    /// Whether one test narrows what the statement says: not by its presence, but by what it admits.
    pub(super) fn narrows(&self, test: &Test, scope: &Scope<'_>) -> Certainty {
        let key = test.key.as_str();
        let is_weak = WEAK.contains(&key) || key.starts_with("s3:x-amz-");
        if is_weak || test.base == "null" || test.base.contains("not") {
            return Certainty::No;
        }
        let holds_without_key = test.if_exists || test.set == Some(Set::All);
        if holds_without_key && !ALWAYS_PRESENT.contains(&key) && !self.requires(key) {
            return Certainty::No;
        }
        let compares_patterns =
            test.is_pattern() || matches!(test.base.as_str(), "ipaddress" | "bool");
        if test.values.more.is_some() && compares_patterns {
            return Certainty::Unsure;
        }
        let values = || test.values.items.iter().map(|item| &item.value);
        let admits_all = match test.base.as_str() {
            "ipaddress" => network::is_world(values(), scope.model),
            "bool" if matches!(key, "aws:viaawsservice" | "aws:multifactorauthpresent") => values()
                .map(|value| answers_text(value, &|text| text.eq_ignore_ascii_case("false")))
                .fold(Certainty::No, Certainty::or),
            "stringlike" | "arnlike" | "arnequals" => values()
                .map(|value| {
                    let is_open = |text: &str| {
                        let is_all = !text.is_empty() && text.chars().all(|c| c == '*');
                        is_all || ARN_KEYS.contains(&key) && has_any_account(text)
                    };
                    pattern::answers(value, &is_open)
                })
                .fold(Certainty::No, Certainty::or),
            _ => Certainty::No,
        };
        !admits_all
    }

    /// Whether another test demands that the key is there.
    fn requires(&self, key: &str) -> bool {
        self.tests.iter().any(|test| {
            let is_false = |value: &Value| {
                answers_text(value, &|text| text.eq_ignore_ascii_case("false")).is_yes()
            };
            test.key == key
                && test.base == "null"
                && test.values.items.iter().any(|item| is_false(&item.value))
        })
    }

    /// `condition_keys` and `conditions`.
    pub(super) fn show(&self, origin: &Origin) -> (Value, Value) {
        let mut keys: Vec<Value> = Vec::new();
        for test in &self.tests {
            if !keys.iter().any(|key| key.as_str() == Some(&test.key)) {
                keys.push(cases::text(&test.key, &test.key_origin));
            }
        }
        let tests = self.tests.iter().map(|test| {
            let values = test
                .values
                .items
                .iter()
                .map(|item| cases::under(&item.guard, item.value.clone()));
            let values = cases::list(
                values.collect(),
                test.values.more.clone(),
                &test.values_origin,
            );
            Record::new()
                .put("operator", test.operator.clone())
                .put("key", cases::text(&test.key, &test.key_origin))
                .put("values", values)
                .done(&test.values_origin)
        });
        let tests = cases::list(tests.collect(), self.more.clone(), origin);
        (cases::list(keys, self.more.clone(), origin), tests)
    }
}

impl Test {
    /// Whether values are patterns.
    pub(super) fn is_pattern(&self) -> bool {
        self.base.ends_with("like") || self.base == "arnequals"
    }

    /// Whether it holds exactly for requests over plain HTTP.
    pub(super) fn is_plain_http(&self) -> bool {
        self.key == "aws:securetransport"
            && self.base == "bool"
            && !self.values.items.is_empty()
            && self.values.items.iter().all(|item| {
                answers_text(&item.value, &|text| text.eq_ignore_ascii_case("false")).is_yes()
            })
    }

    fn read(operator: &str, tests: &Value, key: &str, values: &Value, scope: &Scope<'_>) -> Test {
        let lower = operator.trim().to_ascii_lowercase();
        let (set, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Set::All), rest),
            Some(("foranyvalue", rest)) => (Some(Set::Any), rest),
            _ => (None, lower.as_str()),
        };
        let (base, if_exists) = match rest.strip_suffix("ifexists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        Test {
            operator: cases::text(operator, &tests.origin),
            base: base.to_owned(),
            set,
            if_exists,
            key: key.to_ascii_lowercase(),
            key_origin: values.origin.clone(),
            values: cases::elements(values, scope.world),
            values_origin: values.origin.clone(),
        }
    }
}

/// Whether an ARN pattern leaves the account open.
fn has_any_account(arn: &str) -> bool {
    let account = arn.split(':').nth(4);
    match account {
        Some(account) => account.contains(['*', '?']),
        // Fewer parts: a star took the account with it.
        None => arn.contains('*'),
    }
}

/// Whether a text, or what a truth value or number is written as, answers a question.
fn answers_text(value: &Value, question: &dyn Fn(&str) -> bool) -> Certainty {
    match &value.data {
        Data::Bool(truth) => question(if *truth { "true" } else { "false" }).into(),
        _ => pattern::answers(value, question),
    }
}

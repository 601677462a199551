//! Managed policies attached to an identity, by name.

use std::sync::{Arc, LazyLock};

use super::targets;
use crate::facts::cases::{self, Record};
use crate::facts::{Field, Scope, Shape};
use crate::value::{Certainty, Data, Guard, Origin, Segment, Unknown, Value};

/// `iam.attached`
pub(crate) const ATTACHED: Shape = Shape::List(&Shape::Object(&[
    Field::new("name", Shape::Text, "the policy's name"),
    Field::new("aws", Shape::Bool, "whether AWS manages it"),
    Field::new("arn", Shape::Source, "the ARN as written"),
    Field::new(
        "deprecated",
        Shape::Bool,
        "whether it is one of AWS's that are withdrawn",
    ),
]));

static DEPRECATED: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    include_str!("deprecated_policies.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect()
});

/// A policy that is attached.
pub(super) struct Attached {
    /// What the world leaves open about its being attached.
    pub(super) guard: Guard,
    pub(super) arn: Value,
    /// Its name: a text, or unknown.
    name: Value,
    pub(super) is_of_aws: Certainty,
}

/// All attached policies, and why there may be more.
pub(super) struct AllAttached {
    pub(super) items: Vec<Attached>,
    pub(super) more: Option<Arc<Unknown>>,
}

/// `iam.attached`
pub(crate) fn attached(scope: &Scope<'_>) -> Value {
    let all = all(scope);
    let items = all.items.iter().map(|policy| {
        let at = &policy.arn.origin;
        let why = policy.name.as_unknown();
        let deprecated = match policy.name.as_str() {
            Some(name) if policy.is_of_aws.is_yes() => DEPRECATED.contains(&name).into(),
            Some(name) if !DEPRECATED.contains(&name) => Certainty::No,
            _ => policy.is_of_aws.and(Certainty::Unsure),
        };
        let value = Record::new()
            .put("name", policy.name.clone())
            .put("aws", cases::truth(policy.is_of_aws, why, at))
            .put("arn", policy.arn.clone())
            .put("deprecated", cases::truth(deprecated, why, at))
            .done(at);
        cases::under(&policy.guard, value)
    });
    let origin = Origin::at(scope.place());
    cases::list(items.collect(), all.more.clone(), &origin)
}

/// What is attached by the identity's own list, and by policies that name the identity.
pub(super) fn all(scope: &Scope<'_>) -> AllAttached {
    let written = cases::member(&scope.resource.properties, "ManagedPolicyArns");
    let elements = cases::elements(&written, scope.world);
    let mut all = AllAttached {
        items: elements
            .items
            .iter()
            .filter(|item| item.value.as_str() != Some(""))
            .map(|item| Attached::read(&item.value, &item.guard, scope))
            .collect(),
        more: elements.more,
    };
    // An unknown list shows one member, so that what is said of it is said where the list is written.
    if all.items.is_empty() && written.as_unknown().is_some() {
        all.items
            .push(Attached::read(&written, &Guard::Always, scope));
    }
    for (id, guard) in targets(scope, "policies") {
        let policy = scope.model.resource(id);
        let name = cases::member(&policy.properties, "ManagedPolicyName");
        all.items.push(Attached {
            guard,
            arn: cases::depends("an ARN that AWS makes", &Origin::at(policy.header)),
            name: if name.is_null() {
                cases::depends("a name that AWS makes", &Origin::at(policy.header))
            } else {
                name
            },
            is_of_aws: Certainty::No,
        });
    }
    if let Some(links) = scope.resource.links.get("policies")
        && let Some(why) = &links.more
    {
        all.more.get_or_insert_with(|| why.clone());
    }
    all
}

impl Attached {
    pub(super) fn read(arn: &Value, guard: &Guard, scope: &Scope<'_>) -> Attached {
        let (name, is_of_aws) = match &arn.data {
            Data::Text(text) => {
                let segments = text.segments();
                let last = match segments.last() {
                    Some(Segment::Literal(text)) => text.rsplit_once('/').map(|(_, name)| name),
                    _ => None,
                };
                // Some properties take the bare name of a policy of AWS.
                let name = last.or_else(|| text.as_str().filter(|text| !text.contains(':')));
                let is_aws = |text: &str| text.contains(":iam::aws:policy/");
                let is_of_aws = segments
                    .iter()
                    .any(|s| matches!(s, Segment::Literal(text) if is_aws(text)));
                let is_of_aws = match (is_of_aws, text.as_str()) {
                    (true, _) => Certainty::Yes,
                    (false, Some(known)) => (!known.contains(':')).into(),
                    (false, None) => Certainty::Unsure,
                };
                let name = match name {
                    Some(name) => cases::text(name, &arn.origin),
                    None => cases::depends("the name of a policy", &arn.origin),
                };
                (name, is_of_aws)
            }
            Data::Unknown(why) => named_by_resource(arn, why, scope),
            _ => (
                cases::depends("the name of a policy", &arn.origin),
                Certainty::Unsure,
            ),
        };
        Attached {
            guard: guard.clone(),
            arn: arn.clone(),
            name,
            is_of_aws,
        }
    }

    /// Whether it has this name.
    pub(super) fn is_named(&self, name: &str) -> Certainty {
        match self.name.as_text() {
            Some(text) => text.equals(name),
            None => Certainty::Unsure,
        }
    }

    /// Whether the code shows what it says.
    pub(super) fn is_in_code(&self, scope: &Scope<'_>) -> bool {
        let Some(unknown) = self.arn.as_unknown() else {
            return false;
        };
        let Some(reference) = &unknown.reference else {
            // An ARN of a policy that names the identity itself.
            return self.is_of_aws.is_no();
        };
        let mut at = scope.model.at_address(&reference.address).iter();
        at.any(|id| &*scope.model.resource(*id).kind == "AWS::IAM::ManagedPolicy")
    }
}

/// The name of a policy that is referred to: of the code, or looked up by name or ARN.
fn named_by_resource(arn: &Value, why: &Arc<Unknown>, scope: &Scope<'_>) -> (Value, Certainty) {
    let is_of_aws = match why.kind() {
        // Whichever instance it is, it is a policy that the code makes.
        Some("aws_iam_policy" | "AWS::IAM::ManagedPolicy")
            if why
                .reference
                .as_ref()
                .is_some_and(|to| !to.address.contains("data.")) =>
        {
            Certainty::No
        }
        _ => Certainty::Unsure,
    };
    let unknown = (cases::unknown(why, &arn.origin), is_of_aws);
    let Some(reference) = &why.reference else {
        return unknown;
    };
    let Some(id) = scope.model.at_address(&reference.address).first() else {
        return unknown;
    };
    let resource = scope.model.resource(*id);
    if &*resource.kind == "AWS::IAM::ManagedPolicy" {
        let name = cases::member(&resource.properties, "ManagedPolicyName");
        let name = if name.is_null() {
            cases::unknown(why, &arn.origin)
        } else {
            name
        };
        return (name, Certainty::No);
    }
    if &*resource.native_kind == "data.aws_iam_policy" {
        let looked_up = cases::member(&resource.native, "arn");
        if looked_up.as_text().is_some() {
            let found = Attached::read(&looked_up, &Guard::Always, scope);
            return (found.name, found.is_of_aws);
        }
        let name = cases::member(&resource.native, "name");
        if name.as_text().is_some() {
            return (name, Certainty::Unsure);
        }
    }
    unknown
}

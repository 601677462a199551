//! IAM facts: what identities may do, who may become them, and what policies of resources admit.

mod admin;
mod attached;
mod condition;
mod coverage;
mod pattern;
mod policy;
mod principal;
mod statement;

use super::cases;
use super::{Field, Scope, Shape};
use crate::model::{LinkTarget, ResourceId};
use crate::value::{Certainty, Guard, Origin, Value};
use principal::Principals;
use statement::Statements;

pub(super) use admin::admin;
pub(super) use attached::{ATTACHED, attached};
pub(super) use policy::{POLICY, RESOURCES as POLICY_HOLDERS, policy};

/// Identities that policies are attached to.
pub(super) const HOLDERS: &[&str] = &["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"];

/// `iam.admin`
pub(super) const ADMIN: Shape = Shape::Bool;

/// What is trusted to become somebody else.
pub(super) const ROLES: &[&str] = &["AWS::IAM::Role"];

/// Identities, and the policies that are put on them.
pub(super) const IDENTITIES: &[&str] = &[
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::Group",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
];

/// `iam.statements`: of an identity, all that is written in the code for it: its own inline policies, policies that are
/// resources of their own, managed policies of the code, for a user those of its groups. Policies outside the code are in
/// `iam.attached`.
pub(super) const STATEMENTS: Shape = Shape::List(&Shape::Object(&[
    EFFECT,
    ACTIONS,
    EXCEPT_ACTIONS,
    RESOURCES,
    EXCEPT_RESOURCES,
    EVERY_ACTION,
    EVERY_RESOURCE,
    EVERY_ROLE,
    NOT_ACTION,
    NOT_RESOURCE,
    SERVICES_FULL,
    SERVICES_WHOLE,
    COVERS,
    EXFILTRATES,
    CONDITIONAL,
    CONDITION_KEYS,
    CONDITIONS,
    SID,
]));

const EFFECT: Field = Field::new("effect", Shape::Text, "Allow or Deny");
const ACTIONS: Field = Field::new(
    "actions",
    Shape::List(&Shape::Text),
    "the patterns under Action, in lower case",
);
const EXCEPT_ACTIONS: Field = Field::new(
    "except_actions",
    Shape::List(&Shape::Text),
    "the patterns under NotAction, in lower case",
);
const RESOURCES: Field = Field::new(
    "resources",
    Shape::List(&Shape::Source),
    "the patterns under Resource",
);
const EXCEPT_RESOURCES: Field = Field::new(
    "except_resources",
    Shape::List(&Shape::Source),
    "the patterns under NotResource",
);
const EVERY_ACTION: Field = Field::new(
    "every_action",
    Shape::Bool,
    "whether Action covers every action of every service; no for NotAction",
);
const EVERY_RESOURCE: Field = Field::new(
    "every_resource",
    Shape::Bool,
    "whether Resource covers everything; no for NotResource",
);
const EVERY_ROLE: Field = Field::new(
    "every_role",
    Shape::Bool,
    "whether Resource covers every role of an account, as role/* does; no for NotResource",
);
const NOT_ACTION: Field = Field::new("not_action", Shape::Bool, "whether NotAction is used");
const NOT_RESOURCE: Field = Field::new("not_resource", Shape::Bool, "whether NotResource is used");
const SERVICES_FULL: Field = Field::new(
    "services_full",
    Shape::List(&Shape::Text),
    "services named with all their actions: s3 for s3:*",
);
const SERVICES_WHOLE: Field = Field::new(
    "services_whole",
    Shape::List(&Shape::Text),
    "those of services_full of which it also names every resource: s3 for arn:aws:s3:::*",
);
const COVERS: Field = Field::new(
    "covers",
    Shape::List(&Shape::Text),
    "sensitive actions, spelled as AWS does, that it means on everything they act on: iam:PassRole on every role",
);
const EXFILTRATES: Field = Field::new(
    "exfiltrates",
    Shape::List(&Shape::Text),
    "what such actions take out: secret, data, credentials",
);
const CONDITIONAL: Field = Field::new(
    "conditional",
    Shape::Bool,
    "whether a condition narrows it; one that everybody meets does not",
);
const CONDITION_KEYS: Field = Field::new(
    "condition_keys",
    Shape::List(&Shape::Text),
    "the keys that conditions test, in lower case",
);
const CONDITIONS: Field = Field::new(
    "conditions",
    Shape::List(&Shape::Object(&[
        Field::new("operator", Shape::Text, "as written"),
        Field::new("key", Shape::Text, "in lower case"),
        Field::new("values", Shape::List(&Shape::Source), "as written"),
    ])),
    "the tests, all of which must hold",
);
const SID: Field = Field::maybe("sid", Shape::Source, "the statement's name");

const PRINCIPALS: Field = Field::new(
    "principals",
    Shape::List(&Shape::Object(&[
        Field::new(
            "type",
            Shape::Text,
            "AWS, Service, Federated, CanonicalUser, or *",
        ),
        Field::new("id", Shape::Source, "as written"),
        Field::maybe("account", Shape::Text, "the account of an AWS principal"),
        Field::maybe(
            "own",
            Shape::Bool,
            "true where the code says that it is the account deployed to; absent where an account is written out",
        ),
        Field::new("issuer", Shape::Text, "eks, github, gitlab, other, none"),
    ])),
    "who is meant",
);
const NOT_PRINCIPAL: Field =
    Field::new("not_principal", Shape::Bool, "whether NotPrincipal is used");
const ANYBODY: Field = Field::new("anybody", Shape::Bool, "whether every AWS account is meant");
const PUBLIC: Field = Field::new(
    "public",
    Shape::Bool,
    "whether it allows anybody, with no condition that binds them to somebody, an account or a network",
);
const NARROW_BY: Field = Field::new(
    "narrow_by",
    Shape::List(&Shape::Text),
    "the keys, in lower case, of conditions that narrow or may",
);

/// `iam.trust`
pub(super) const TRUST: Shape = Shape::List(&Shape::Object(&[
    EFFECT,
    ACTIONS,
    EXCEPT_ACTIONS,
    RESOURCES,
    EXCEPT_RESOURCES,
    EVERY_ACTION,
    EVERY_RESOURCE,
    EVERY_ROLE,
    NOT_ACTION,
    NOT_RESOURCE,
    SERVICES_FULL,
    SERVICES_WHOLE,
    COVERS,
    EXFILTRATES,
    CONDITIONAL,
    CONDITION_KEYS,
    CONDITIONS,
    SID,
    PRINCIPALS,
    NOT_PRINCIPAL,
    ANYBODY,
    PUBLIC,
    NARROW_BY,
    Field::new(
        "has_subject",
        Shape::Bool,
        "whether a condition narrows the issuer's subjects",
    ),
    Field::maybe(
        "subject_scope",
        Shape::Text,
        "exact, namespace (one owner's), any: the widest that a condition on the subject admits",
    ),
    Field::new(
        "has_audience",
        Shape::Bool,
        "whether a condition narrows the issuer's audience",
    ),
    Field::new(
        "source_guard",
        Shape::Bool,
        "whether a condition ties a service to a source resource, account or organisation",
    ),
]));

/// Links from an identity to policies that are resources of their own.
const POLICY_LINKS: &[&str] = &[
    "role_policies",
    "user_policies",
    "group_policies",
    "inline_policies",
    "policies",
    "managed_policies",
];

/// `iam.statements`
pub(super) fn statements(scope: &Scope<'_>) -> Value {
    let statements = of_identity(scope);
    let items = statements.all.iter().map(|statement| {
        let value = statement.record(scope).done(&statement.body.origin);
        cases::under(&statement.guard, value)
    });
    let origin = Origin::at(scope.place());
    cases::list(items.collect(), statements.more.clone(), &origin)
}

/// `iam.trust`
pub(super) fn trust(scope: &Scope<'_>) -> Value {
    let mut statements = Statements::default();
    let written = cases::member(&scope.resource.properties, "AssumeRolePolicyDocument");
    statements.read(&written, &Guard::Always, scope);
    let items = statements.all.iter().map(|statement| {
        let mut record = statement.record(scope);
        let principals = Principals::read(statement, scope);
        principals.show(statement, scope, &mut record);
        principals.show_trust(statement, scope, &mut record);
        cases::under(&statement.guard, record.done(&statement.body.origin))
    });
    let origin = Origin::at(scope.place());
    cases::list(items.collect(), statements.more.clone(), &origin)
}

/// The statements of an identity or a policy.
fn of_identity(scope: &Scope<'_>) -> Statements {
    let mut statements = Statements::default();
    collect_all(scope, &Guard::Always, &mut statements);
    statements
}

fn collect_all(scope: &Scope<'_>, guard: &Guard, statements: &mut Statements) {
    collect(scope, guard, statements, &mut Vec::new());
}

fn collect(
    scope: &Scope<'_>,
    guard: &Guard,
    statements: &mut Statements,
    seen: &mut Vec<ResourceId>,
) {
    let resource = scope.resource;
    if seen.contains(&resource.id) {
        return;
    }
    seen.push(resource.id);
    let written = cases::member(&resource.properties, "PolicyDocument");
    statements.read(&written, guard, scope);
    let inline = cases::elements_as_written(
        &cases::member(&resource.properties, "Policies"),
        scope.world,
    );
    if let Some(why) = inline.more {
        statements.more.get_or_insert(why);
    }
    for policy in inline.items {
        let guard = guard.clone().and(policy.guard);
        let document = cases::member(&policy.value, "PolicyDocument");
        statements.read(&document, &guard, scope);
    }
    if !HOLDERS.contains(&&*resource.kind) {
        return;
    }
    for name in POLICY_LINKS {
        for (id, open) in targets(scope, name) {
            collect(&scope.about(id), &guard.clone().and(open), statements, seen);
        }
    }
    for (id, open) in targets(scope, "groups") {
        collect(&scope.about(id), &guard.clone().and(open), statements, seen);
    }
    for (addition, open) in targets(scope, "group_additions") {
        for (id, further) in targets(&scope.about(addition), "group") {
            let guard = guard.clone().and(open.clone()).and(further);
            collect(&scope.about(id), &guard, statements, seen);
        }
    }
}

/// The resources that a link certainly means if they exist, with what the world leaves open about that.
fn targets(scope: &Scope<'_>, link: &str) -> Vec<(ResourceId, Guard)> {
    let mut found = Vec::new();
    for link in scope
        .resource
        .links
        .get(link)
        .into_iter()
        .flat_map(|links| &links.targets)
    {
        let LinkTarget::Resource(id) = link.target else {
            continue;
        };
        if link.is_possible {
            continue;
        }
        let exists = scope
            .model
            .resource(id)
            .exists
            .clone()
            .and(link.guard.clone());
        match scope.world.truth(&exists) {
            Certainty::No => {}
            Certainty::Yes => found.push((id, Guard::Always)),
            Certainty::Unsure => found.push((id, exists)),
        }
    }
    found
}

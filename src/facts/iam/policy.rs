//! Policies of resources: who may do what with a key, a repository, a bucket, a queue, an endpoint.

use std::sync::Arc;

use super::pattern;
use super::principal::Principals;
use super::statement::{Statement, Statements};
use super::targets;
use crate::facts::cases::{self, Record};
use crate::facts::{Field, Scope, Shape};
use crate::value::{Certainty, Data, Guard, Origin, Unknown, Value};

/// Where the policy of a kind is written.
struct Home {
    kind: &'static str,
    /// The property that holds it; empty if none does.
    property: &'static str,
    /// The link to resources that hold it; empty if none do.
    link: &'static str,
}

const fn own(kind: &'static str, property: &'static str) -> Home {
    Home {
        kind,
        property,
        link: "",
    }
}

const fn linked(kind: &'static str, link: &'static str) -> Home {
    Home {
        kind,
        property: "",
        link,
    }
}

const HOMES: &[Home] = &[
    own("AWS::EC2::VPCEndpoint", "PolicyDocument"),
    own("AWS::ECR::Repository", "RepositoryPolicyText"),
    own("AWS::EFS::FileSystem", "FileSystemPolicy"),
    own("AWS::KMS::Key", "KeyPolicy"),
    own("AWS::KMS::ReplicaKey", "KeyPolicy"),
    own("AWS::Logs::Destination", "DestinationPolicy"),
    own("AWS::Logs::LogGroup", "ResourcePolicyDocument"),
    own("AWS::Logs::ResourcePolicy", "PolicyDocument"),
    own("AWS::S3::BucketPolicy", "PolicyDocument"),
    own("AWS::SNS::TopicPolicy", "PolicyDocument"),
    own("AWS::SQS::QueuePolicy", "PolicyDocument"),
    own("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
    linked("AWS::S3::Bucket", "policies"),
    linked("AWS::SNS::Topic", "policies"),
    linked("AWS::SQS::Queue", "policies"),
    linked("AWS::SecretsManager::Secret", "resource_policies"),
];

/// Kinds that have a policy of their own.
pub(crate) const RESOURCES: &[&str] = &{
    let mut kinds = [""; HOMES.len()];
    let mut index = 0;
    while index < HOMES.len() {
        kinds[index] = HOMES[index].kind;
        index += 1;
    }
    kinds
};

/// `policy`
pub(crate) const POLICY: Shape = Shape::Object(&[
    Field::new("present", Shape::Bool, "whether there is one in the code"),
    Field::new("statements", STATEMENTS, "what it says"),
    Field::new(
        "denies_plain_http",
        Shape::Bool,
        "whether a statement denies everything to everybody over plain HTTP",
    ),
]);

const STATEMENTS: Shape = Shape::List(&Shape::Object(&[
    super::EFFECT,
    super::ACTIONS,
    super::EXCEPT_ACTIONS,
    super::RESOURCES,
    super::EXCEPT_RESOURCES,
    super::EVERY_ACTION,
    super::EVERY_RESOURCE,
    super::EVERY_ROLE,
    super::NOT_ACTION,
    super::NOT_RESOURCE,
    super::SERVICES_FULL,
    super::SERVICES_WHOLE,
    super::COVERS,
    super::EXFILTRATES,
    super::CONDITIONAL,
    super::CONDITION_KEYS,
    super::CONDITIONS,
    super::SID,
    super::PRINCIPALS,
    super::NOT_PRINCIPAL,
    super::ANYBODY,
    super::PUBLIC,
    super::NARROW_BY,
    Field::new(
        "admin",
        Shape::Bool,
        "whether every action of the service, or of all, is meant",
    ),
]));

/// `policy`
pub(crate) fn policy(scope: &Scope<'_>) -> Value {
    let (statements, present, why) = read(scope);
    let at = Origin::at(scope.place());
    let shown = statements.all.iter().map(|statement| {
        let mut record = statement.record(scope);
        let principals = Principals::read(statement, scope);
        principals.show(statement, scope, &mut record);
        let admin = has_everything(statement);
        record.put(
            "admin",
            cases::truth(admin, statement.actions.why(), &statement.body.origin),
        );
        cases::under(&statement.guard, record.done(&statement.body.origin))
    });
    let shown: Vec<Value> = shown.collect();
    let denies = statements
        .all
        .iter()
        .map(|statement| denies_plain_http(statement, scope))
        .fold(
            if statements.more.is_some() {
                Certainty::Unsure
            } else {
                Certainty::No
            },
            Certainty::or,
        );
    Record::new()
        .put("present", cases::truth(present, why.as_ref(), &at))
        .put(
            "denies_plain_http",
            cases::truth(denies, statements.more.as_ref(), &at),
        )
        .put("statements", cases::list(shown, statements.more, &at))
        .done(&at)
}

/// The statements of a resource's policy, whether it has one, and why that is not known.
fn read(scope: &Scope<'_>) -> (Statements, Certainty, Option<Arc<Unknown>>) {
    let mut statements = Statements::default();
    let mut present = Certainty::No;
    let mut why = None;
    let resource = scope.resource;
    for home in HOMES.iter().filter(|home| home.kind == &*resource.kind) {
        if !home.property.is_empty() {
            let written = cases::member(&resource.properties, home.property);
            for case in cases::possible(&written, scope.world) {
                let certain = match &case.value.data {
                    Data::Text(text) if text.as_str() == Some("") => Certainty::No,
                    Data::Unknown(unknown)
                        if !unknown.is_never_null && unknown.reference.is_none() =>
                    {
                        why.get_or_insert_with(|| unknown.clone());
                        Certainty::Unsure
                    }
                    _ if case.guard.is_always() => Certainty::Yes,
                    _ => Certainty::Unsure,
                };
                present = present.or(certain);
            }
            statements.read(&written, &Guard::Always, scope);
        }
        for (id, open) in targets(scope, home.link) {
            let (theirs, found, doubt) = read(&scope.about(id));
            let is_certain = open.is_always();
            present = present.or(if is_certain {
                found
            } else {
                found.and(Certainty::Unsure)
            });
            statements
                .all
                .extend(theirs.all.into_iter().map(|statement| Statement {
                    guard: open.clone().and(statement.guard),
                    ..statement
                }));
            if let Some(more) = theirs.more {
                statements.more.get_or_insert(more);
            }
            why = why.or(doubt);
        }
        let links = resource.links.get(home.link);
        if let Some(more) = links.and_then(|links| links.more.as_ref()) {
            present = present.or(Certainty::Unsure);
            statements.more.get_or_insert_with(|| more.clone());
            why.get_or_insert_with(|| more.clone());
        }
    }
    (statements, present, why)
}

/// Whether a statement is about all that its service can do.
fn has_everything(statement: &Statement) -> Certainty {
    statement.actions.is_everything(&|text| {
        pattern::is_every_action(text) || pattern::full_service(text).is_some()
    })
}

/// Whether a statement denies everything, or what the data of the service is used by, to everybody over plain HTTP.
fn denies_plain_http(statement: &Statement, scope: &Scope<'_>) -> Certainty {
    let is_deny = match statement.effect.as_text() {
        Some(effect) => effect.equals("Deny"),
        None => Certainty::Unsure,
    };
    let conditions = &statement.conditions;
    let is_alone = match conditions.tests.as_slice() {
        [test] => test.is_plain_http(),
        _ => false,
    };
    // AWS's own examples for topics and file systems deny these alone.
    let actions = statement.actions.is_everything(&|text| {
        let lower = text.to_ascii_lowercase();
        pattern::is_every_action(text)
            || pattern::full_service(text).is_some()
            || matches!(
                lower.as_str(),
                "sns:publish" | "elasticfilesystem:clientmount" | "elasticfilesystem:client*"
            )
    });
    let is_certain = if statement.guard.is_always() {
        Certainty::Yes
    } else {
        Certainty::Unsure
    };
    let unknown_condition = conditions.tests.is_empty() && conditions.more.is_some();
    let over_http = if unknown_condition {
        Certainty::Unsure
    } else {
        is_alone.into()
    };
    is_deny
        .and(over_http)
        .and(actions)
        .and(Principals::read(statement, scope).anybody())
        .and(is_certain)
}

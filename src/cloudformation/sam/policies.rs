//! Roles of serverless functions and state machines: `Policies` in all their forms in, a role out.
//!
//! `policy_templates.json` is derived from aws-sam-translator's `policy_templates.json` (Apache-2.0), with each
//! intrinsic written as `${Parameter}`; `managed_policies.txt` lists AWS's managed policies.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::events::Parts;
use super::{Expansion, Properties, Source, list, object, sub, text};
use crate::source::Span;
use crate::value::{Data, Member, Value};

static TEMPLATES: LazyLock<serde_json::Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("policy_templates.json")).unwrap_or_default()
});

/// AWS's managed policies by name: the path, if any, and the name.
static PATHS: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("managed_policies.txt").lines();
    lines
        .map(|line| (line.rsplit('/').next().unwrap_or(line), line))
        .collect()
});

/// Who assumes a role, and what it may do whatever its function says.
pub(super) struct Role<'a> {
    /// Who assumes it, if the template says nothing of it.
    pub(super) trust: Value,
    /// Managed policies that it has anyway: path and name.
    pub(super) managed: Vec<(&'a str, Span)>,
    /// Policies that it has anyway.
    pub(super) inline: Vec<Value>,
    /// Tag that says who made it.
    pub(super) mark: &'a str,
    /// When it exists.
    pub(super) condition: Option<Value>,
    /// What comes after the policies of the template.
    pub(super) later: Parts,
}

/// Adds the role `NameRole` of a function or state machine.
pub(super) fn role(source: &Source<'_>, role: Role<'_>, expansion: &mut Expansion) {
    let id = format!("{}Role", source.name);
    let key = source
        .member("Policies")
        .map_or(source.key, |member| member.key);
    let partition = source.given.partition();
    let mut properties = Properties::default();
    match source.member("AssumeRolePolicyDocument") {
        Some(member) => {
            properties.set("AssumeRolePolicyDocument", member.key, member.value);
        }
        None => properties.set("AssumeRolePolicyDocument", source.key, role.trust),
    }
    let of_aws = |(name, place): &(&str, Span)| {
        text(format!("arn:{partition}:iam::aws:policy/{name}"), *place)
    };
    let mut managed: Vec<Value> = role.managed.iter().map(of_aws).collect();
    let mut inline = role.inline;
    let policies = source.get("Policies").filter(super::python::is_truthy);
    let all: Vec<Value> = match &policies {
        None => Vec::new(),
        Some(policies) => match &policies.data {
            Data::List(_) => policies.elements().collect(),
            _ => vec![policies.clone()],
        },
    };
    for (index, policy) in all.into_iter().enumerate() {
        let name = format!("{id}Policy{index}");
        match sorted(&policy, partition) {
            Policy::Managed(arn) => add_once(&mut managed, arn),
            Policy::Inline(document) => inline.push(named(&name, document)),
            Policy::Either(condition, then, other) => {
                // Each kind in its own list: what is of the other kind is no value there.
                let nothing = || super::reference("AWS::NoValue", key);
                let choose = |arm: &dyn Fn(&Policy) -> Option<Value>| {
                    let (then, other) = (arm(&then), arm(&other));
                    let is_any = then.is_some() || other.is_some();
                    let [then, other] = [then, other].map(|arm| arm.unwrap_or_else(nothing));
                    is_any.then(|| super::choice(condition.clone(), then, other, policy.span()))
                };
                inline.extend(choose(&|policy| match policy {
                    Policy::Inline(document) => Some(named(&name, document.clone())),
                    _ => None,
                }));
                let choice = choose(&|policy| match policy {
                    Policy::Managed(arn) => Some(arn.clone()),
                    _ => None,
                });
                if let Some(choice) = choice {
                    add_once(&mut managed, choice);
                }
            }
            Policy::None => {}
        }
    }
    for part in &role.later.managed {
        add_once(&mut managed, of_aws(part));
    }
    for policy in role.later.inline {
        let document = policy.member("PolicyDocument");
        let is_known = inline.iter().any(|known| {
            let known = known.member("PolicyDocument");
            known
                .zip(document.as_ref())
                .is_some_and(|(a, b)| a.is_same(b))
        });
        if !is_known {
            inline.push(policy);
        }
    }
    properties.set("ManagedPolicyArns", key, list(managed, key));
    if !inline.is_empty() {
        properties.set("Policies", key, list(inline, key));
    }
    properties.take(source, "PermissionsBoundary", "PermissionsBoundary");
    properties.take(source, "RolePath", "Path");
    properties.set("Tags", source.key, super::tags(source, role.mark));
    let kind = "AWS::IAM::Role";
    expansion.add_if(id, kind, source.key, source, properties, role.condition);
}

fn add_once(all: &mut Vec<Value>, one: Value) {
    if !all.iter().any(|known| known.is_same(&one)) {
        all.push(one);
    }
}

/// The managed policy that lets a resource send traces.
pub(super) fn tracing(source: &Source<'_>) -> &'static str {
    match source.given.partition() {
        "aws" => "AWSXrayWriteOnlyAccess",
        _ => "AWSXRayDaemonWriteAccess",
    }
}

/// A policy of a role.
pub(super) fn named(name: &str, document: Value) -> Value {
    let place = document.span();
    object(
        vec![
            ("PolicyDocument", document),
            ("PolicyName", text(name, place)),
        ],
        place,
    )
}

/// A policy document that lets a service assume the role.
pub(super) fn assumed_by(service: &str, place: Span) -> Value {
    let principal = object(
        vec![("Service", list(vec![text(service, place)], place))],
        place,
    );
    let statement = object(
        vec![
            ("Action", list(vec![text("sts:AssumeRole", place)], place)),
            ("Effect", text("Allow", place)),
            ("Principal", principal),
        ],
        place,
    );
    document(vec![statement], place)
}

/// A policy document without a version, as the transform writes some.
pub(super) fn statement_document(statements: Vec<Value>, place: Span) -> Value {
    object(vec![("Statement", list(statements, place))], place)
}

/// A policy document.
pub(super) fn document(statements: Vec<Value>, place: Span) -> Value {
    object(
        vec![
            ("Version", text("2012-10-17", place)),
            ("Statement", list(statements, place)),
        ],
        place,
    )
}

/// A statement that allows actions on a resource.
pub(super) fn allow(actions: &[&str], resource: Value, place: Span) -> Value {
    // One is not put into a list.
    let actions = match actions {
        [one] => text(*one, place),
        all => list(
            all.iter().map(|action| text(*action, place)).collect(),
            place,
        ),
    };
    object(
        vec![
            ("Effect", text("Allow", place)),
            ("Action", actions),
            ("Resource", resource),
        ],
        place,
    )
}

enum Policy {
    /// ARN of a managed policy.
    Managed(Value),
    /// A policy document.
    Inline(Value),
    /// One or the other, by a condition.
    Either(Value, Box<Policy>, Box<Policy>),
    /// Nothing.
    None,
}

fn is_template(name: &str) -> bool {
    TEMPLATES.get(name).is_some()
}

fn sorted(policy: &Value, partition: &str) -> Policy {
    if let Some(name) = policy.as_str() {
        let arn = match PATHS.get(name) {
            Some(path) => text(
                format!("arn:{partition}:iam::aws:policy/{path}"),
                policy.span(),
            ),
            None => policy.clone(),
        };
        return Policy::Managed(arn);
    }
    let Some(object) = policy.as_object() else {
        return Policy::None;
    };
    if object.get("Statement").is_some() {
        return Policy::Inline(policy.clone());
    }
    let Some((name, member)) = object.members().first() else {
        return Policy::None;
    };
    match &**name {
        "Fn::If" => {
            let parts: Vec<Value> = member.value.elements().collect();
            match parts.as_slice() {
                [condition, then, other] => Policy::Either(
                    condition.clone(),
                    Box::new(sorted(then, partition)),
                    Box::new(sorted(other, partition)),
                ),
                _ => Policy::None,
            }
        }
        "Ref" if member.value.as_str() == Some("AWS::NoValue") => Policy::None,
        name if is_template(name) => Policy::Inline(filled(name, member)),
        _ => Policy::Managed(policy.clone()),
    }
}

/// The policy document of a policy template with these parameters.
fn filled(name: &str, written: &Member) -> Value {
    let place = if written.key.is_written() {
        written.key
    } else {
        written.value.span()
    };
    let statements = TEMPLATES
        .get(name)
        .and_then(|template| template.get("statements"));
    let statements = statements.and_then(serde_json::Value::as_array);
    let statements = statements.into_iter().flatten();
    let statements = statements.map(|statement| put_in(statement, &written.value, place));
    statement_document(statements.collect(), place)
}

/// A part of a policy template with its parameters put in.
pub(super) fn put_in(part: &serde_json::Value, parameters: &Value, place: Span) -> Value {
    match part {
        serde_json::Value::String(pattern) if pattern.contains("${") => {
            let mut variables = Vec::new();
            for name in pattern
                .split("${")
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
            {
                let name = name.0;
                let given = parameters
                    .entries()
                    .find(|(given, _)| given.eq_ignore_ascii_case(name));
                if let Some((_, value)) = given
                    && !variables.iter().any(|(known, _)| *known == name)
                {
                    variables.push((name, value));
                }
            }
            // A parameter that is not given is left open, not an error of ours.
            let is_whole = pattern.split("${").skip(1).all(|rest| {
                rest.starts_with("AWS::")
                    || variables
                        .iter()
                        .any(|(name, _)| rest.starts_with(&format!("{name}}}")))
            });
            if is_whole {
                sub(pattern, variables, place)
            } else {
                super::packaged("a parameter of this policy template", place)
            }
        }
        serde_json::Value::String(pattern) => text(pattern.as_str(), place),
        serde_json::Value::Array(items) => list(
            items
                .iter()
                .map(|item| put_in(item, parameters, place))
                .collect(),
            place,
        ),
        serde_json::Value::Object(members) => {
            let members = members.iter();
            let members =
                members.map(|(name, value)| (name.as_str(), put_in(value, parameters, place)));
            object(members.collect(), place)
        }
        other => Value::from_json(other).moved_to(place),
    }
}

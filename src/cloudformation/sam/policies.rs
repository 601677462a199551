//! Roles of serverless functions and state machines: `Policies` in all their forms in, a role out.
//!
//! `policy_templates.json` is derived from aws-sam-translator's `policy_templates.json` (Apache-2.0), with each
//! intrinsic written as `${Parameter}`; `managed_policies.txt` lists AWS's managed policies that have a path.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Expansion, Properties, Source, list, object, sub, text};
use crate::source::Span;
use crate::value::{Data, Member, Value};

static TEMPLATES: LazyLock<serde_json::Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("policy_templates.json")).unwrap_or_default()
});

/// Managed policies that stand under a path, by name.
static PATHS: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("managed_policies.txt").lines();
    lines
        .filter_map(|line| Some((line.rsplit_once('/')?.1, line)))
        .collect()
});

/// Who assumes a role, and what it may do whatever its function says.
pub(super) struct Role<'a> {
    /// Service that assumes it.
    pub(super) service: &'a str,
    /// Managed policies that it has anyway: path and name.
    pub(super) managed: Vec<(&'a str, Span)>,
    /// Statements that it has anyway, as policy documents.
    pub(super) inline: Vec<Value>,
    /// Tag that says who made it.
    pub(super) mark: &'a str,
}

/// Adds the role `NameRole` of a function or state machine.
pub(super) fn role(source: &Source<'_>, role: Role<'_>, expansion: &mut Expansion) {
    let id = format!("{}Role", source.name);
    let key = source
        .member("Policies")
        .map_or(source.key, |member| member.key);
    let mut properties = Properties::default();
    match source.member("AssumeRolePolicyDocument") {
        Some(member) => {
            properties.set("AssumeRolePolicyDocument", member.key, member.value);
        }
        None => {
            let document = trust(role.service, source.key);
            properties.set("AssumeRolePolicyDocument", source.key, document);
        }
    }
    let mut managed: Vec<Value> = role
        .managed
        .iter()
        .map(|(name, place)| text(format!("arn:aws:iam::aws:policy/{name}"), *place))
        .collect();
    let mut inline: Vec<Value> = Vec::new();
    let named = |index: usize, document: Value| {
        let name = text(format!("{id}Policy{index}"), document.span());
        let place = document.span();
        object(
            vec![("PolicyDocument", document), ("PolicyName", name)],
            place,
        )
    };
    if let Some(policies) = source.get("Policies") {
        let all: Vec<Value> = match &policies.data {
            Data::List(_) => policies.elements().collect(),
            // Several templates may stand in one mapping.
            Data::Object(object) if object.members().keys().all(|name| is_template(name)) => {
                policies
                    .entries()
                    .map(|(name, value)| super::object(vec![(name, value.clone())], value.span()))
                    .collect()
            }
            _ => vec![policies.clone()],
        };
        for (index, policy) in all.into_iter().enumerate() {
            match sorted(&policy) {
                Policy::Managed(arn) => {
                    if !managed
                        .iter()
                        .any(|known| known.as_str().is_some() && known.as_str() == arn.as_str())
                    {
                        managed.push(arn);
                    }
                }
                Policy::Inline(document) => inline.push(named(index, document)),
                Policy::Either(condition, then, other) => {
                    let value = |policy: &Policy, index: usize| match policy {
                        Policy::Managed(arn) => arn.clone(),
                        Policy::Inline(document) => named(index, document.clone()),
                        _ => super::reference("AWS::NoValue", source.key),
                    };
                    let is_inline = |policy: &Policy| matches!(policy, Policy::Inline(_));
                    // Each kind in its own list: what is of the other kind is no value here.
                    for wants_inline in [false, true] {
                        let arm = |policy: &Policy| {
                            let fits = is_inline(policy) == wants_inline
                                && !matches!(policy, Policy::None);
                            if fits {
                                value(policy, index)
                            } else {
                                value(&Policy::None, index)
                            }
                        };
                        let fits = |policy: &Policy| {
                            !matches!(policy, Policy::None) && is_inline(policy) == wants_inline
                        };
                        if fits(&then) || fits(&other) {
                            let place = policy.span();
                            let parts = vec![condition.clone(), arm(&then), arm(&other)];
                            let choice = object(vec![("Fn::If", list(parts, place))], place);
                            if wants_inline {
                                inline.push(choice);
                            } else {
                                managed.push(choice);
                            }
                        }
                    }
                }
                Policy::None => {}
            }
        }
    }
    let first = inline.len();
    for (index, document) in role.inline.into_iter().enumerate() {
        inline.push(named(first + index, document));
    }
    properties.set("ManagedPolicyArns", key, list(managed, key));
    if !inline.is_empty() {
        properties.set("Policies", key, list(inline, key));
    }
    properties.take(source, "PermissionsBoundary", "PermissionsBoundary");
    properties.take(source, "RolePath", "Path");
    properties.set("Tags", source.key, super::tags(source, role.mark));
    expansion.add(id, "AWS::IAM::Role", source.key, source, properties);
}

/// A policy document that lets a service assume the role.
pub(super) fn trust(service: &str, place: Span) -> Value {
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
    let actions = actions.iter().map(|action| text(*action, place)).collect();
    object(
        vec![
            ("Effect", text("Allow", place)),
            ("Action", list(actions, place)),
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

fn sorted(policy: &Value) -> Policy {
    if let Some(name) = policy.as_str() {
        let is_name = !name.starts_with("arn:") && !name.contains(['/', ':', '{']);
        if !is_name {
            return Policy::Managed(policy.clone());
        }
        let path = PATHS.get(name).copied().unwrap_or(name);
        return Policy::Managed(text(
            format!("arn:aws:iam::aws:policy/{path}"),
            policy.span(),
        ));
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
                    Box::new(sorted(then)),
                    Box::new(sorted(other)),
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
    document(statements.collect(), place)
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

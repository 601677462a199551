//! Places: what a test fails on in, where that is written and what identifies it out.

use std::fmt::Write as _;
use std::sync::Arc;

use super::judge::Fault;
use super::{Offender, message};
use crate::declared::Language;
use crate::jsonpath::{Key, Trace};
use crate::model::{Model, Resource, ResourceId};
use crate::source::Span;
use crate::value::{Data, Origin, Step, Value};

/// Members that tell an element of a list from its neighbours: the first of these groups of which something is there.
const IDENTIFYING: &[&[&str]] = &[
    &["Namespace", "OptionName", "ResourceName"],
    &["Name"],
    &["name"],
    &["Key"],
    &["Sid"],
    &["sid"],
    &["DeviceName"],
    &["ContainerPort", "HostPort"],
    &["SourceVolume", "ContainerPath"],
    &[
        "IpProtocol",
        "FromPort",
        "ToPort",
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "SourcePrefixListId",
        "DestinationSecurityGroupId",
        "DestinationPrefixListId",
    ],
    &["protocol", "from_port", "to_port", "source"],
    &["slot", "kind", "name"],
    &["container", "repository"],
    &["effect", "actions", "resources"],
    &[
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
    ],
    &["arn"],
    &["Id"],
    &["Type"],
    &["Protocol", "Port"],
];

/// What is wrong, as outcomes say it.
pub(super) fn offender(model: &Model, resource: ResourceId, fault: &Fault) -> Offender {
    let place = place(fault);
    let owner = owner(model, resource, fault, place);
    let origin = match &fault.value {
        Some(value) if fault.rest.is_empty() => value.origin.clone(),
        _ => Origin::at(place),
    };
    Offender {
        place,
        origin,
        path: path(fault),
        stable_path: stable_path(fault),
        owner,
        text: message::text_of(fault, model.resource(owner)),
        class: class(fault).to_owned(),
    }
}

/// Where a fault is. What a fact says of a policy document that stands elsewhere in the code is written there, and
/// there it is mended.
pub(super) fn place(fault: &Fault) -> Span {
    let document = fault
        .value
        .as_ref()
        .filter(|_| is_fact(fault))
        .and_then(|value| {
            let mut trail = value
                .origin
                .trail
                .iter()
                .skip_while(|(_, step)| match step {
                    Step::Attribute(address) => !address.contains("data.aws_iam_policy_document."),
                    _ => true,
                });
            let (document, _) = trail.next()?;
            match trail.next() {
                // The statement in it.
                Some((part, Step::Written)) => Some(part),
                _ => Some(document),
            }
        });
    document
        .filter(|span| span.is_written())
        .unwrap_or_else(|| fault.place())
}

pub(super) fn is_fact(fault: &Fault) -> bool {
    matches!(fault.trace.keys().first(), Some(Key::Name(name)) if &**name == "facts")
}

/// The resource that a fault is written in. Facts bring together what several resources say, so theirs is found by
/// the place.
fn owner(model: &Model, resource: ResourceId, fault: &Fault, place: Span) -> ResourceId {
    let owner = ResourceId(fault.trace.owner);
    if model.resources().get(owner.0 as usize).is_none() {
        return resource;
    }
    let own = model.resource(owner);
    if !is_fact(fault) || own.block.contains(place) || own.header.contains(place) {
        return owner;
    }
    let holders = model
        .resources()
        .iter()
        .filter(|candidate| candidate.block.contains(place));
    // Instances of a module share their text: the one in the same module.
    holders
        .min_by_key(|candidate| {
            (
                candidate.module != own.module,
                candidate.block.end - candidate.block.start,
            )
        })
        .map_or(owner, |candidate| candidate.id)
}

/// The keys from the root, those that are missing included.
pub(super) fn keys(fault: &Fault) -> Vec<Key> {
    let mut keys: Vec<Key> = fault.trace.keys().into_iter().cloned().collect();
    keys.extend(fault.rest.iter().map(|name| {
        let index = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        match index.and_then(|index| index.parse().ok()) {
            Some(index) => Key::Index(index),
            None => Key::Name(name.clone()),
        }
    }));
    keys
}

/// `A.B[1].C`
fn path(fault: &Fault) -> String {
    written(&keys(fault))
}

fn written(keys: &[Key]) -> String {
    let mut path = String::new();
    for key in keys {
        match key {
            Key::Root => {}
            Key::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
            Key::Name(name) => push_name(&mut path, name),
        }
    }
    path
}

fn push_name(path: &mut String, name: &str) {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_plain {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    } else {
        let _ = write!(path, "['{name}']");
    }
}

/// The path with each element keyed by what identifies it.
fn stable_path(fault: &Fault) -> String {
    let mut traces: Vec<&Trace> = Vec::new();
    let mut at = Some(&*fault.trace);
    while let Some(trace) = at {
        if trace.key == Key::Root {
            break;
        }
        traces.push(trace);
        at = trace.parent.as_deref();
    }
    let mut path = String::new();
    for trace in traces.into_iter().rev() {
        match &trace.key {
            Key::Root => {}
            Key::Name(name) => push_name(&mut path, name),
            Key::Index(index) => match trace.value.as_ref().and_then(identity) {
                Some(identity) => {
                    let _ = write!(path, "[{identity}]");
                }
                None => {
                    let _ = write!(path, "[{index}]");
                }
            },
        }
    }
    for name in &fault.rest {
        if name.starts_with('[') {
            path.push_str(name);
        } else {
            push_name(&mut path, name);
        }
    }
    path
}

/// What identifies an element: itself, or those members that tell it from others.
fn identity(value: &Value) -> Option<String> {
    match &value.data {
        Data::Object(object) => IDENTIFYING.iter().find_map(|names| {
            let parts: Vec<String> = names
                .iter()
                .filter_map(|name| Some(format!("{name}={}", identifying(object.get(name)?)?)))
                .collect();
            (!parts.is_empty()).then(|| parts.join(","))
        }),
        _ => identifying(value),
    }
}

fn identifying(value: &Value) -> Option<String> {
    if value.is_sensitive {
        return None;
    }
    match &value.data {
        Data::Text(text) => Some(text.to_string()),
        Data::Number(number) => Some(number.to_string()),
        Data::Bool(truth) => Some(truth.to_string()),
        Data::List(list) if list.more().is_none() => {
            let items: Option<Vec<String>> = list.items().iter().map(identifying).collect();
            items.map(|items| items.join("+"))
        }
        Data::Unknown(unknown) => unknown
            .reference
            .as_ref()
            .map(|reference| format!("{}.{}", reference.address, reference.attribute)),
        _ => None,
    }
}

/// A coarse word for what is wrong.
fn class(fault: &Fault) -> &'static str {
    if fault.is_resource() {
        return "resource";
    }
    let Some(value) = &fault.value else {
        return "missing";
    };
    if value.origin.is_default {
        return "default";
    }
    match &value.data {
        Data::Null(_) => "missing",
        Data::Bool(true) => "true",
        Data::Bool(false) => "false",
        Data::Number(_) => "number",
        Data::Text(_) => "text",
        Data::List(list) if list.items().is_empty() && list.more().is_none() => "empty",
        Data::List(_) => "list",
        Data::Object(_) => "object",
        Data::Unknown(_) => "unknown",
        Data::Choice(_) => "choice",
    }
}

/// Whether a value must not be shown: it is marked, or found to be a secret.
pub(super) fn is_secret(value: &Value) -> bool {
    value.is_sensitive
        || value
            .as_object()
            .is_some_and(|object| object.get("masked").is_some())
}

/// The path in the words of the language that the owner is written in.
pub(super) fn native_path(model: &Model, owner: &Resource, fault: &Fault) -> String {
    let keys = keys(fault);
    if owner.language == Language::CloudFormation {
        return written(&keys);
    }
    let names: Vec<&str> = keys
        .iter()
        .filter_map(|key| match key {
            Key::Name(name) => Some(&**name),
            _ => None,
        })
        .collect();
    let path = model
        .vocabulary
        .entry(&owner.kind)
        .and_then(|entry| entry.native_path(&names));
    match path {
        Some(path) if !path.is_empty() => {
            let path: Vec<&str> = path.iter().map(|step: &Arc<str>| &**step).collect();
            path.join(".")
        }
        _ => written(&keys),
    }
}

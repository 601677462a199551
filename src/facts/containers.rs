//! What containers of a task see of their host: volumes joined with the mount points that use them.

use super::cases::{self, Case, Elements, Record};
use super::{Field, Scope, Shape};
use crate::value::{Certainty, Data, Origin, Value};

/// Kinds that mount paths of their host.
pub(super) const KINDS: &[&str] = &["AWS::ECS::TaskDefinition"];

/// `mounts[*]`: paths of the host, one entry for each volume that has one.
pub(super) const MOUNTS: Shape = Shape::List(&Shape::Object(&[
    Field::new("host_path", Shape::Source, "the path on the host"),
    Field::maybe("volume", Shape::Source, "the volume's name"),
    Field::new("containers", Shape::List(&Shape::Text), "who mounts it"),
    Field::new(
        "read_only_everywhere",
        Shape::Bool,
        "whether no container may write to it",
    ),
    Field::new(
        "socket",
        Shape::Bool,
        "whether it is the socket of a container engine, or a folder that holds it",
    ),
]));

/// Sockets of container engines and the folders above them.
const SOCKETS: &[&str] = &[
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/var/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/var/run/crio/crio.sock",
];

/// Whether a path of the host gives access to a container engine.
fn is_socket(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    SOCKETS.iter().any(|socket| {
        socket
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// `mounts`
pub(super) fn mounts(scope: &Scope<'_>) -> Value {
    let list = |name: &str| {
        let written = cases::member(&scope.resource.properties, name);
        cases::elements(&written, scope.world)
    };
    let (volumes, containers) = (list("Volumes"), list("ContainerDefinitions"));
    let mut items = Vec::new();
    let mut more = volumes.more;
    for Case { guard, value } in &volumes.items {
        if let Some(why) = value.as_unknown() {
            more.get_or_insert_with(|| why.clone());
            continue;
        }
        let host = cases::member(value, "Host");
        let path = cases::member(&host, "SourcePath");
        if !path.is_null() && path.as_str() != Some("") {
            items.push(cases::under(guard, entry(value, path, &containers, scope)));
        }
    }
    cases::list(items, more, &Origin::at(scope.place()))
}

fn entry(volume: &Value, path: Value, containers: &Elements, scope: &Scope<'_>) -> Value {
    let at = path.origin.clone();
    let name = cases::member(volume, "Name");
    let mut users = Vec::new();
    let mut more = containers.more.clone();
    let mut read_only = if more.is_some() {
        Certainty::Unsure
    } else {
        Certainty::Yes
    };
    for container in &containers.items {
        let points = cases::member(&container.value, "MountPoints");
        let points = cases::elements(&points, scope.world);
        if let Some(why) = points.more {
            more.get_or_insert(why);
            read_only = read_only.and(Certainty::Unsure);
        }
        for point in points.items {
            let source = cases::member(&point.value, "SourceVolume");
            let is_it = crate::jsonpath::equals(&source, &name, scope.world);
            if is_it.is_no() {
                continue;
            }
            let is_certain = container.guard.is_always() && point.guard.is_always();
            let holds = is_it.and(if is_certain {
                Certainty::Yes
            } else {
                Certainty::Unsure
            });
            let is_read_only = match cases::member(&point.value, "ReadOnly").data {
                Data::Bool(truth) => truth.into(),
                Data::Null(_) => Certainty::No,
                _ => Certainty::Unsure,
            };
            read_only = read_only.and(is_read_only.or(!holds));
            let guard = container.guard.clone().and(point.guard.clone());
            users.push(cases::under(
                &guard,
                cases::member(&container.value, "Name"),
            ));
        }
    }
    let socket = match path.as_text() {
        Some(text) => match text.as_str() {
            Some(known) => is_socket(known).into(),
            None => Certainty::Unsure,
        },
        None => Certainty::Unsure,
    };
    let why = more.clone();
    Record::new()
        .put("host_path", path)
        .put("volume", name)
        .put("containers", cases::list(users, more, &at))
        .put(
            "read_only_everywhere",
            cases::truth(read_only, why.as_ref(), &at),
        )
        .put("socket", cases::truth(socket, None, &at))
        .done(&at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_hold_the_sockets_below_them() {
        for (path, expected) in [
            ("/var/run/docker.sock", true),
            ("/var/run/", true),
            ("/", true),
            ("/var/ru", false),
            ("/var/lib/docker", false),
            ("/run/containerd", true),
        ] {
            assert_eq!(is_socket(path), expected, "{path}");
        }
    }
}

//! Container images: registry, repository, tag and digest of what task definitions and pods run.

use std::sync::Arc;

use super::cases::{self, Case, Record};
use super::{Field, Scope, Shape};
use crate::value::{Certainty, Data, HOLE, Origin, Segment, Text, Unknown, Value};

/// Kinds that run containers.
pub(super) const KINDS: &[&str] = &["AWS::ECS::TaskDefinition"];

/// `images[*]`
pub(super) const IMAGES: Shape = Shape::List(&Shape::Object(&[
    Field::maybe("container", Shape::Source, "the container's name"),
    Field::new("value", Shape::Source, "the image as written"),
    Field::new("registry", Shape::Text, "docker.io if none is written"),
    Field::new("repository", Shape::Text, "the path in the registry"),
    Field::maybe("tag", Shape::Text, "as written"),
    Field::maybe("digest", Shape::Text, "as written"),
    Field::new(
        "mutable",
        Shape::Bool,
        "whether what it means may change: no digest",
    ),
    Field::new(
        "public_hub",
        Shape::Bool,
        "whether the registry is open to everybody's images",
    ),
]));

/// Registries to which anybody may push.
const HUBS: &[&str] = &[
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "public.ecr.aws",
    "registry.gitlab.com",
    "registry.k8s.io",
    "k8s.gcr.io",
    "mcr.microsoft.com",
    "nvcr.io",
];

/// `images`
pub(super) fn images(scope: &Scope<'_>) -> Value {
    let containers = cases::member(&scope.resource.properties, "ContainerDefinitions");
    let containers = cases::elements(&containers, scope.world);
    let mut items = Vec::new();
    let mut more = containers.more;
    for Case { guard, value } in containers.items {
        if let Some(why) = value.as_unknown() {
            more.get_or_insert_with(|| why.clone());
            continue;
        }
        let image = cases::member(&value, "Image");
        if !image.is_null() {
            let name = cases::member(&value, "Name");
            items.push(cases::under(&guard, entry(name, image)));
        }
    }
    cases::list(items, more, &Origin::at(scope.place()))
}

/// An image taken apart. Parts that a hole reaches into are not known.
#[derive(Debug, Default, PartialEq, Eq)]
struct Image {
    registry: Part,
    repository: Part,
    tag: Part,
    digest: Part,
}

/// A part of an image's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Absent,
    Known(String),
    Unknown,
}

impl Part {
    fn of(text: &str) -> Part {
        if text.contains(HOLE) {
            Part::Unknown
        } else {
            Part::Known(text.to_owned())
        }
    }
}

/// Takes a name apart as container engines do: <https://github.com/distribution/reference>.
fn parse(name: &str) -> Image {
    let mut image = Image::default();
    let starts_unknown = name.starts_with(HOLE);
    let (rest, digest) = match name.split_once('@') {
        Some((rest, digest)) => (rest, Part::of(digest)),
        None => (name, Part::Absent),
    };
    image.digest = digest;
    let (path, tag) = match rest.rsplit_once(':') {
        // A colon before a slash stands before a port.
        Some((path, tag)) if !tag.contains('/') => (path, Part::of(tag)),
        _ => (rest, Part::Absent),
    };
    image.tag = tag;
    if image.tag == Part::Absent && image.digest == Part::Absent && rest.ends_with(HOLE) {
        // The hole may bring its own tag or digest.
        image.tag = Part::Unknown;
        image.digest = Part::Unknown;
    }
    let (registry, repository) = match path.split_once('/') {
        Some((host, repository)) if host.contains(['.', ':', HOLE]) || host == "localhost" => {
            (Part::of(host), Part::of(repository))
        }
        _ if starts_unknown => (Part::Unknown, Part::Unknown),
        _ => {
            let repository = if path.contains('/') {
                path.to_owned()
            } else {
                format!("library/{path}")
            };
            (Part::Known("docker.io".to_owned()), Part::of(&repository))
        }
    };
    image.registry = registry;
    image.repository = repository;
    image
}

fn entry(name: Value, image: Value) -> Value {
    let at = image.origin.clone();
    let mut record = Record::new();
    record.put("container", name).put("value", image.clone());
    let Some(text) = image.as_text() else {
        let why = match &image.data {
            Data::Unknown(why) => why.clone(),
            _ => Arc::new(Unknown::because(crate::value::Reason::Depends(
                "an image that is no text".into(),
            ))),
        };
        let is_private = is_repository(&why);
        let hub = if is_private {
            Certainty::No
        } else {
            Certainty::Unsure
        };
        for name in ["registry", "repository", "tag", "digest", "mutable"] {
            record.put(name, cases::unknown(&why, &at));
        }
        return record
            .put("public_hub", cases::truth(hub, Some(&why), &at))
            .done(&at);
    };
    let why = text.holes().next().cloned();
    let parsed = parse(text.flattened(HOLE).trim());
    let part = |part: &Part| match part {
        Part::Absent => Value::null(at.span()),
        Part::Known(text) => cases::text(text, &at),
        Part::Unknown => match &why {
            Some(why) => cases::unknown(why, &at),
            None => cases::depends("the name of an image", &at),
        },
    };
    let mutable = match &parsed.digest {
        Part::Absent => Certainty::Yes,
        Part::Known(_) => Certainty::No,
        Part::Unknown => Certainty::Unsure,
    };
    let hub = match &parsed.registry {
        Part::Known(registry) => HUBS.contains(&registry.as_str()).into(),
        _ if is_own_registry(text) => Certainty::No,
        _ => Certainty::Unsure,
    };
    record
        .put("registry", part(&parsed.registry))
        .put("repository", part(&parsed.repository))
        .put("tag", part(&parsed.tag))
        .put("digest", part(&parsed.digest))
        .put("mutable", cases::truth(mutable, why.as_ref(), &at))
        .put("public_hub", cases::truth(hub, why.as_ref(), &at))
        .done(&at)
}

/// Whether a text with holes names a private registry of ECR all the same.
fn is_own_registry(text: &Text) -> bool {
    let segments = text.segments();
    match segments.first() {
        Some(Segment::Hole(why)) if is_repository(why) => true,
        _ => segments
            .iter()
            .any(|s| matches!(s, Segment::Literal(text) if text.contains(".dkr.ecr."))),
    }
}

/// Whether an unknown is the address of a repository of ECR.
fn is_repository(unknown: &Unknown) -> bool {
    unknown.reference.as_ref().is_some_and(|reference| {
        matches!(&*reference.attribute, "repository_url" | "RepositoryUri")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let known = |text: &str| Part::Known(text.to_owned());
        for (name, registry, repository, tag, digest) in [
            (
                "nginx",
                known("docker.io"),
                known("library/nginx"),
                Part::Absent,
                Part::Absent,
            ),
            (
                "nginx:1.27",
                known("docker.io"),
                known("library/nginx"),
                known("1.27"),
                Part::Absent,
            ),
            (
                "acme/app:latest",
                known("docker.io"),
                known("acme/app"),
                known("latest"),
                Part::Absent,
            ),
            (
                "localhost:5000/app",
                known("localhost:5000"),
                known("app"),
                Part::Absent,
                Part::Absent,
            ),
            (
                "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app@sha256:0a",
                known("111122223333.dkr.ecr.eu-west-1.amazonaws.com"),
                known("team/app"),
                Part::Absent,
                known("sha256:0a"),
            ),
            (
                "\u{f8ff}:latest",
                Part::Unknown,
                Part::Unknown,
                known("latest"),
                Part::Absent,
            ),
            (
                "\u{f8ff}",
                Part::Unknown,
                Part::Unknown,
                Part::Unknown,
                Part::Unknown,
            ),
            (
                "nginx:\u{f8ff}",
                known("docker.io"),
                known("library/nginx"),
                Part::Unknown,
                Part::Absent,
            ),
            (
                "\u{f8ff}/app:1",
                Part::Unknown,
                known("app"),
                known("1"),
                Part::Absent,
            ),
        ] {
            let expected = Image {
                registry,
                repository,
                tag,
                digest,
            };
            assert_eq!(parse(name), expected, "{name}");
        }
    }
}

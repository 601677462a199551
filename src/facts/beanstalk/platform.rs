//! The platform that an Elastic Beanstalk environment runs on, read from solution stack names and platform ARNs.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::facts::cases::{self, Record};
use crate::facts::{Field, Scope, Shape, rows};
use crate::value::{Certainty, Data, Segment, Value};

/// `platform`
pub(crate) const PLATFORM: Shape = Shape::Object(&[
    Field::new(
        "generation",
        Shape::Text,
        "al1, al2, al2023, windows, other",
    ),
    Field::maybe(
        "runtime",
        Shape::Text,
        "what runs on it: Python 3.11, Docker",
    ),
    Field::maybe("version", Shape::Text, "version of the platform"),
    Field::new("pinned", Shape::Bool, "whether a version is written down"),
    Field::new(
        "retired",
        Shape::Bool,
        "whether it is without support today",
    ),
]);

/// A row of the table of retired platforms.
struct Retirement {
    generation: &'static str,
    runtime: &'static str,
    from: Date,
}

static RETIREMENTS: LazyLock<Vec<Retirement>> = LazyLock::new(|| {
    rows(include_str!("platforms.tsv"))
        .filter_map(|row| {
            Some(Retirement {
                generation: row.first()?,
                runtime: row.get(1)?,
                from: row.get(2)?.parse().ok()?,
            })
        })
        .collect()
});

/// The system and, behind it, version and runtime: `64bit Amazon Linux 2023 v4.3.0 running Python 3.11`; in ARNs the
/// runtime comes first and the version last: `Python 3.11 running on 64bit Amazon Linux 2023/4.3.0`.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:arn:[^/]*platform/(?P<first>.+) running on )?",
        r"(?:32|64)bit (?P<system>Amazon Linux 2023|Amazon Linux 2|Amazon Linux \d{4}\.\d\d|Windows Server(?: (?:Core|\d{4}|R\d|SP\d))*)",
        r"(?:/(?P<tail>\d+(?:\.\d+)*))?",
        r"(?: v(?P<version>\d+(?:\.\d+)*))?",
        r"(?P<loose> .*?)??",
        r"(?: running (?P<last>.+))?$",
    ))
    .ok()
});

/// What a name says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Platform {
    generation: &'static str,
    runtime: Option<String>,
    version: Option<String>,
    is_known: bool,
}

impl Platform {
    fn parse(name: &str) -> Platform {
        let captures = NAME.as_ref().and_then(|pattern| pattern.captures(name));
        let Some(captures) = captures else {
            return Platform {
                generation: "other",
                is_known: true,
                ..Platform::default()
            };
        };
        let group = |name: &str| captures.name(name).map(|found| found.as_str().to_owned());
        let system = group("system").unwrap_or_default();
        let generation = match system.as_str() {
            "Amazon Linux 2023" => "al2023",
            "Amazon Linux 2" => "al2",
            system if system.starts_with("Windows") => "windows",
            _ => "al1",
        };
        Platform {
            generation,
            runtime: group("first").or_else(|| group("last")),
            version: group("tail").or_else(|| group("version")),
            is_known: true,
        }
    }

    /// Whether it is retired on a day; unsure if the runtime decides and is not known.
    fn is_retired(&self, name: &str, today: Date) -> Certainty {
        let mut answer = Certainty::No;
        for row in RETIREMENTS
            .iter()
            .filter(|row| row.generation == self.generation)
        {
            if row.from > today {
                continue;
            }
            let is_meant = match &self.runtime {
                _ if row.runtime.is_empty() => Certainty::Yes,
                _ if self.generation == "windows" => name.contains(row.runtime).into(),
                Some(runtime) => is_version(runtime, row.runtime).into(),
                None => Certainty::Unsure,
            };
            answer = answer.or(is_meant);
        }
        answer
    }
}

/// Whether a runtime is of a version: `Python 3.9` is not `Python 3.90`.
fn is_version(runtime: &str, version: &str) -> bool {
    runtime
        .strip_prefix(version)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `platform`
pub(crate) fn platform(scope: &Scope<'_>) -> Value {
    let (name, is_looked_up) = name(scope);
    let (text, is_whole) = match &name.data {
        Data::Null(_) => return name,
        Data::Text(text) => match (text.as_str(), text.segments().first()) {
            (Some(known), _) => (known.to_owned(), true),
            (None, Some(Segment::Literal(start))) => (start.to_string(), false),
            _ => return cases::depends("the name of the platform", &name.origin),
        },
        Data::Unknown(why) => return cases::unknown(why, &name.origin),
        _ => return cases::depends("the name of the platform", &name.origin),
    };
    let at = &name.origin;
    let mut platform = Platform::parse(text.trim_end());
    if !is_whole {
        // The known start tells the system only if something stands behind it: `Amazon Linux 2` may go on.
        platform.runtime = None;
        platform.version = None;
        if platform.generation == "other" || !text.ends_with([' ', 'v']) {
            return cases::depends("the name of the platform", at);
        }
    }
    let retired = platform.is_retired(&text, scope.today);
    let unknown = || cases::depends("the name of the platform", at);
    let part = |part: &Option<String>| match part {
        Some(part) => cases::text(part, at),
        None if is_whole => Value::null(at.span()),
        None => unknown(),
    };
    let pinned = match (&platform.version, is_whole) {
        (Some(_), _) => Certainty::from(!is_looked_up),
        (None, true) => Certainty::No,
        (None, false) => Certainty::Unsure,
    };
    Record::new()
        .put("generation", cases::text(platform.generation, at))
        .put("runtime", part(&platform.runtime))
        .put("version", part(&platform.version))
        .put("pinned", cases::truth(pinned, None, at))
        .put("retired", cases::truth(retired, None, at))
        .done(at)
}

/// Whether an environment surely runs on Amazon Linux 2023.
pub(super) fn is_al2023(scope: &Scope<'_>) -> Certainty {
    let platform = platform(scope);
    let generation = cases::member(&platform, "generation");
    match generation.as_str() {
        Some(generation) => (generation == "al2023").into(),
        None => Certainty::Unsure,
    }
}

/// The name of the platform as written here or in the saved configuration, and whether it was looked up by a pattern.
fn name(scope: &Scope<'_>) -> (Value, bool) {
    for property in ["SolutionStackName", "PlatformArn"] {
        let written = cases::member(&scope.resource.properties, property).in_world(scope.world);
        if written.is_null() || written.as_str() == Some("") {
            continue;
        }
        if let Some(looked_up) = looked_up(&written, scope) {
            return (looked_up, true);
        }
        return (written, false);
    }
    let template = cases::member(&scope.resource.properties, "TemplateName");
    if template.is_null() {
        return (Value::null(scope.place()), false);
    }
    match super::saved_configuration(scope) {
        Some(saved) => name(&scope.about(saved.id)),
        None => (
            cases::depends("a saved configuration outside the code", &template.origin),
            false,
        ),
    }
}

/// The pattern by which a data source looks a solution stack up, as far as it reads like a name.
fn looked_up(value: &Value, scope: &Scope<'_>) -> Option<Value> {
    let reference = value.as_unknown()?.reference.as_ref()?;
    let resources = scope.model.at_address(&reference.address);
    let resource = scope.model.resource(*resources.first()?);
    if &*resource.native_kind != "data.aws_elastic_beanstalk_solution_stack" {
        return None;
    }
    let pattern = cases::member(&resource.native, "name_regex");
    let plain = pattern.as_str()?.trim_matches(['^', '$']).replace('\\', "");
    Some(cases::text(&plain, &value.origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns_tell_system_runtime_and_version() {
        for (name, generation, runtime, version) in [
            (
                "64bit Amazon Linux 2023 v4.3.0 running Python 3.11",
                "al2023",
                Some("Python 3.11"),
                Some("4.3.0"),
            ),
            (
                "64bit Amazon Linux 2 v3.6.1 running Docker",
                "al2",
                Some("Docker"),
                Some("3.6.1"),
            ),
            (
                "64bit Amazon Linux 2018.03 v2.9.2 running Ruby 2.6",
                "al1",
                Some("Ruby 2.6"),
                Some("2.9.2"),
            ),
            (
                "64bit Windows Server 2019 v2.11.3 running IIS 10.0",
                "windows",
                Some("IIS 10.0"),
                Some("2.11.3"),
            ),
            (
                "64bit Windows Server Core 2016 v2.5.6 running IIS 10.0",
                "windows",
                Some("IIS 10.0"),
                Some("2.5.6"),
            ),
            (
                "arn:aws:elasticbeanstalk:eu-west-1::platform/Python 3.11 running on 64bit Amazon Linux 2023/4.0.1",
                "al2023",
                Some("Python 3.11"),
                Some("4.0.1"),
            ),
            (
                "64bit Amazon Linux 2023 (.*) running Docker",
                "al2023",
                Some("Docker"),
                None,
            ),
            ("my own platform", "other", None, None),
        ] {
            let found = Platform::parse(name);
            assert_eq!(found.generation, generation, "{name}");
            assert_eq!(found.runtime.as_deref(), runtime, "{name}");
            assert_eq!(found.version.as_deref(), version, "{name}");
        }
    }

    #[test]
    fn platforms_retire_on_a_day() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        for (name, today, expected) in [
            (
                "64bit Amazon Linux 2 v3.6.1 running Docker",
                "2026-06-29",
                Certainty::No,
            ),
            (
                "64bit Amazon Linux 2 v3.6.1 running Docker",
                "2026-06-30",
                Certainty::Yes,
            ),
            (
                "64bit Amazon Linux 2018.03 v2.9.2 running Go 1",
                "2024-01-01",
                Certainty::Yes,
            ),
            (
                "64bit Amazon Linux 2023 v4.3.0 running Node.js 18",
                "2025-08-11",
                Certainty::Yes,
            ),
            (
                "64bit Amazon Linux 2023 v4.3.0 running Node.js 22",
                "2026-11-22",
                Certainty::No,
            ),
            (
                "64bit Amazon Linux 2023 v4.3.0",
                "2026-11-22",
                Certainty::Unsure,
            ),
            (
                "64bit Windows Server 2012 v1.2.0 running IIS 8",
                "2023-01-01",
                Certainty::Yes,
            ),
            (
                "64bit Windows Server 2012 R2 v2.2.0 running IIS 8.5",
                "2023-01-01",
                Certainty::No,
            ),
        ] {
            assert_eq!(
                Platform::parse(name).is_retired(name, day(today)),
                expected,
                "{name}"
            );
        }
    }
}

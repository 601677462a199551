//! EKS: which support a Kubernetes version has on a day.

use std::sync::LazyLock;

use jiff::civil::Date;

use super::cases::{self, Record};
use super::{Field, Scope, Shape, network};
use crate::model::LinkTarget;
use crate::value::{Certainty, Data, Origin, Value};

/// Kinds that have a Kubernetes version.
pub(super) const KINDS: &[&str] = &["AWS::EKS::Cluster", "AWS::EKS::Nodegroup"];

/// `eks.version`; absent where no version is written, since AWS then takes the newest of the day.
pub(super) const VERSION: Shape = Shape::Object(&[
    Field::new("minor", Shape::Number, "29 for 1.29"),
    Field::new("support", Shape::Text, "standard, extended, ended"),
    Field::maybe(
        "until",
        Shape::Text,
        "the last day of that support; of extended support if it has ended",
    ),
]);

/// Kinds that have an endpoint.
pub(super) const CLUSTERS: &[&str] = &["AWS::EKS::Cluster"];

/// `eks.public_access`
pub(super) const PUBLIC_ACCESS: Shape = Shape::Object(&[
    Field::new("on", Shape::Bool, "whether the public endpoint is on"),
    Field::new(
        "reach",
        Shape::Text,
        "world, near_world, broad, scoped, private: of all its ranges together",
    ),
    Field::new("cidrs", Shape::List(&Shape::Source), "the ranges"),
]);

/// `eks.public_access`; the vocabulary has filled in what AWS assumes.
pub(super) fn public_access(scope: &Scope<'_>) -> Value {
    let network = cases::member(&scope.resource.properties, "ResourcesVpcConfig");
    let network = network.in_world(scope.world);
    let origin = if network.is_null() {
        Origin::at(scope.place())
    } else {
        network.origin.clone()
    };
    let on = cases::member(&network, "EndpointPublicAccess");
    let written = cases::member(&network, "PublicAccessCidrs");
    let elements = cases::elements(&written, scope.world);
    let shown = elements
        .items
        .iter()
        .map(|item| cases::under(&item.guard, item.value.clone()));
    let cidrs = cases::list(shown.collect(), elements.more.clone(), &written.origin);
    let is_decided = elements.items.iter().all(|item| item.guard.is_always());
    let values: Vec<Value> = elements.items.into_iter().map(|item| item.value).collect();
    let reach = if is_decided {
        network::reach(
            &values,
            elements.more.as_ref(),
            scope.model,
            &written.origin,
        )
    } else {
        cases::depends("conditions on ranges", &written.origin)
    };
    let on = match &on.data {
        Data::Null(_) => cases::truth(Certainty::Unsure, None, &origin),
        _ => on,
    };
    Record::new()
        .put("on", on)
        .put("reach", reach)
        .put("cidrs", cidrs)
        .done(&origin)
}

/// A row of the calendar.
struct Support {
    minor: i64,
    standard: Date,
    extended: Option<Date>,
}

static CALENDAR: LazyLock<Vec<Support>> = LazyLock::new(|| {
    super::rows(include_str!("versions.tsv"))
        .filter_map(|row| {
            Some(Support {
                minor: row.first()?.parse().ok()?,
                standard: row.get(1)?.parse().ok()?,
                extended: row.get(2).and_then(|date| date.parse().ok()),
            })
        })
        .collect()
});

/// The support of a version on a day, and until when.
fn support(minor: i64, today: Date) -> (&'static str, Option<Date>) {
    let Some(row) = CALENDAR.iter().find(|row| row.minor == minor) else {
        let first = CALENDAR.iter().map(|row| row.minor).min();
        // What the calendar does not know yet is newer than it.
        let is_older = first.is_some_and(|first| minor < first);
        return (if is_older { "ended" } else { "standard" }, None);
    };
    let last = row.extended.unwrap_or(row.standard);
    if today <= row.standard {
        ("standard", Some(row.standard))
    } else if today <= last {
        ("extended", Some(last))
    } else {
        ("ended", Some(last))
    }
}

/// `eks.version`
pub(super) fn version(scope: &Scope<'_>) -> Value {
    let written = written(scope).in_world(scope.world);
    let at = &written.origin;
    let text = match &written.data {
        Data::Null(_) => return written,
        Data::Text(text) => text.as_str().map(str::to_owned),
        Data::Number(number) => Some(number.to_string()),
        Data::Unknown(why) => return cases::unknown(why, at),
        _ => None,
    };
    let minor = text.as_deref().and_then(minor);
    let Some(minor) = minor else {
        return cases::depends("the version of Kubernetes", at);
    };
    let (support, until) = support(minor, scope.today);
    Record::new()
        .put("minor", cases::number(minor, at))
        .put("support", cases::text(support, at))
        .put(
            "until",
            match until {
                Some(day) => cases::text(&day.to_string(), at),
                None => Value::null(at.span()),
            },
        )
        .done(at)
}

/// The version of the cluster, or of a node group, which without one of its own takes the cluster's.
fn written(scope: &Scope<'_>) -> Value {
    let own = cases::member(&scope.resource.properties, "Version");
    if !own.is_null() {
        return own;
    }
    let links = scope.resource.links.get("cluster");
    let Some(link) = links.and_then(|links| links.targets.first()) else {
        return own;
    };
    match link.target {
        LinkTarget::Resource(id) if !link.is_possible => {
            cases::member(&scope.model.resource(id).properties, "Version")
        }
        _ => cases::depends("the version of the cluster", &link.via.origin),
    }
}

/// The minor version of `1.29` or `1.29-eks-1`.
fn minor(version: &str) -> Option<i64> {
    let rest = version.trim().trim_start_matches('v').strip_prefix("1.")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_runs_out_by_the_calendar() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        for (minor, today, expected, until) in [
            (31, "2025-11-26", "standard", Some("2025-11-26")),
            (31, "2025-11-27", "extended", Some("2026-11-26")),
            (31, "2026-11-27", "ended", Some("2026-11-26")),
            (19, "2026-11-22", "ended", Some("2022-08-01")),
            (12, "2026-11-22", "ended", None),
            (34, "2026-11-22", "standard", Some("2026-12-02")),
            (99, "2026-11-22", "standard", None),
        ] {
            let found = support(minor, day(today));
            assert_eq!(found, (expected, until.map(day)), "1.{minor} on {today}");
        }
    }

    #[test]
    fn versions_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1.29", Some(29)),
            ("v1.30", Some(30)),
            ("1.31-eks-1-31-latest", Some(31)),
            ("latest", None),
            ("2.1", None),
        ] {
            assert_eq!(minor(text), expected, "{text}");
        }
    }
}

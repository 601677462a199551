//! Functions of the AWS provider: ARNs in, their parts out, and the other way round.
//! <https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/functions/arn_parse>

use super::Takes::Text as Str;
use super::{Function, Needs, gives, row, text, text_of};
use crate::source::Span;
use crate::value::{Member, Members, Value};

/// The parts of an ARN as `arn_parse` names them.
const PARTS: [&str; 5] = ["partition", "service", "region", "account_id", "resource"];

pub(super) const TABLE: &[Function] = &[
    row("provider::aws::arn_parse", &[Str], Needs::Known, |a, c| {
        let arn = text_of(&a[0])?;
        let parts = PARTS.iter().zip(parsed(&arn)?);
        let members: Members = parts
            .map(|(name, part)| ((*name).into(), Member::from(Value::text(part, c.site))))
            .collect();
        Ok(Value::object(members, c.site))
    }),
    row(
        "provider::aws::arn_build",
        &[Str, Str, Str, Str, Str],
        Needs::Known,
        |a, c| {
            let parts: Result<Vec<String>, String> = a.iter().map(text_of).collect();
            text(&format!("arn:{}", parts?.join(":")), c)
        },
    )
    .giving(gives::text),
    row(
        "provider::aws::trim_iam_role_path",
        &[Str],
        Needs::Known,
        |a, c| {
            let arn = text_of(&a[0])?;
            let [partition, service, region, account, resource] = parsed(&arn)?;
            if service != "iam" {
                return Err(format!("\"{arn}\" is no ARN of IAM"));
            }
            if !region.is_empty() {
                return Err(format!("\"{arn}\" has a region, which roles do not have"));
            }
            let Some(path) = resource.strip_prefix("role/") else {
                return Err(format!("\"{arn}\" is no ARN of a role"));
            };
            let name = path.rsplit('/').next().unwrap_or(path);
            text(&format!("arn:{partition}:iam::{account}:role/{name}"), c)
        },
    )
    .giving(gives::text),
];

/// Partition, service, region, account and resource of an ARN.
pub(super) fn parsed(arn: &str) -> Result<[&str; 5], String> {
    let mut parts = arn.splitn(6, ':');
    if parts.next() != Some("arn") {
        return Err(format!(
            "\"{arn}\" is no ARN: it does not start with `arn:`"
        ));
    }
    let mut part = || {
        parts
            .next()
            .ok_or_else(|| format!("\"{arn}\" is no ARN: it is too short"))
    };
    Ok([part()?, part()?, part()?, part()?, part()?])
}

/// What `data "aws_arn"` makes of an ARN: its attributes.
pub(in crate::terraform) fn attributes(arn: &str, place: Span) -> Option<Members> {
    let [partition, service, region, account, resource] = parsed(arn).ok()?;
    let members = [
        ("id", arn),
        ("partition", partition),
        ("service", service),
        ("region", region),
        ("account", account),
        ("resource", resource),
    ];
    let member = |(name, part): (&str, &str)| (name.into(), Value::text(part, place).into());
    Some(members.into_iter().map(member).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Call, call};
    use super::*;

    fn result(name: &str, arguments: &[&str]) -> Option<String> {
        let arguments: Vec<Value> = arguments
            .iter()
            .map(|a| Value::text(*a, Span::NONE))
            .collect();
        let files = crate::source::MemoryFiles::new([]);
        let site = Call {
            site: Span::NONE,
            files: &files,
            folder: ".",
            outermost: None,
            working_folder: None,
            as_planned: false,
        };
        let value = call(&format!("provider::aws::{name}"), &arguments, site)?.ok()?;
        Some(match value.member("resource") {
            Some(resource) => resource.as_str()?.to_owned(),
            None => value.as_str()?.to_owned(),
        })
    }

    /// Observed on version 5.100.0.
    #[test]
    fn arns_are_taken_apart_and_put_together() {
        for (name, arguments, expected) in [
            (
                "arn_parse",
                &["arn:aws:rds:eu-west-1:123456789012:db:mysql-db"][..],
                Some("db:mysql-db"),
            ),
            ("arn_parse", &["nope"], None),
            (
                "arn_build",
                &["aws", "iam", "", "123456789012", "role/example"],
                Some("arn:aws:iam::123456789012:role/example"),
            ),
            (
                "trim_iam_role_path",
                &["arn:aws:iam::123456789012:role/with/path/example"],
                Some("arn:aws:iam::123456789012:role/example"),
            ),
            (
                "trim_iam_role_path",
                &["arn:aws:iam::123456789012:user/example"],
                None,
            ),
        ] {
            assert_eq!(
                result(name, arguments).as_deref(),
                expected,
                "{name} {arguments:?}"
            );
        }
    }
}

//! What the ARNs of known kinds look like before they exist: texts with holes.

use std::sync::Arc;

use super::{Reason, Segment, Text, Unknown};

/// Kinds, the attributes that are their ARN, its service and what stands before the name. IAM is global, and its ARNs
/// name no region: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
const ARNS: &[(&[&str], &[&str], &str, &str)] = &[
    (
        &["aws_iam_role", "AWS::IAM::Role"],
        &["arn", "Arn"],
        "iam",
        "role/",
    ),
    (
        &["aws_iam_policy", "AWS::IAM::ManagedPolicy"],
        &["arn", "id", "Ref", "PolicyArn"],
        "iam",
        "policy/",
    ),
    (
        &["aws_iam_user", "AWS::IAM::User"],
        &["arn", "Arn"],
        "iam",
        "user/",
    ),
    (
        &["aws_iam_group", "AWS::IAM::Group"],
        &["arn", "Arn"],
        "iam",
        "group/",
    ),
    (
        &["aws_iam_instance_profile", "AWS::IAM::InstanceProfile"],
        &["arn", "Arn"],
        "iam",
        "instance-profile/",
    ),
    (
        &["aws_kms_key", "AWS::KMS::Key"],
        &["arn", "Arn"],
        "kms",
        "key/",
    ),
    (&["aws_kms_alias"], &["arn"], "kms", "alias/"),
    (
        &["aws_s3_bucket", "AWS::S3::Bucket"],
        &["arn", "Arn"],
        "s3",
        "",
    ),
];

impl Unknown {
    /// The native type of the resource that it refers to: of look-ups too, without `data.`.
    pub fn kind(&self) -> Option<&str> {
        if let Some(kind) = &self.kind {
            return Some(kind);
        }
        let address = &*self.reference.as_ref()?.address;
        // The words between dots, but for the dots in keys.
        let (mut depth, mut is_quoted) = (0, false);
        let mut words = address.split(|c| {
            match c {
                '"' => is_quoted = !is_quoted,
                '[' if !is_quoted => depth += 1,
                ']' if !is_quoted => depth -= 1,
                _ => {}
            }
            c == '.' && depth == 0 && !is_quoted
        });
        let mut last = words.next()?;
        let mut kind = None;
        for word in words {
            kind = Some(std::mem::replace(&mut last, word));
        }
        kind.filter(|kind| kind.contains('_'))
    }

    /// What is known of its text: the ARN of a role is `arn:?:iam::?:role/?` before there is a role.
    pub fn as_text(&self) -> Option<Text> {
        self.shape()
            .map(|shape| Text::from_segments(shape.to_vec()))
    }

    /// The parts of that.
    pub(super) fn shape(&self) -> Option<[Segment; 6]> {
        let attribute = &*self.reference.as_ref()?.attribute;
        let kind = self.kind()?;
        let (_, _, service, before) = ARNS.iter().find(|(kinds, attributes, ..)| {
            kinds.contains(&kind) && attributes.contains(&attribute)
        })?;
        let literal = |text: String| Segment::Literal(text.into());
        let hole = |reason| Segment::Hole(Arc::new(Unknown::because(reason)));
        let environment = |what: &str| hole(Reason::Environment(what.into()));
        let address = self.reference.as_ref()?.address.clone();
        let name = hole(Reason::Computed(address, "name".into()));
        let partition = environment("AWS::Partition");
        Some(match *service {
            "iam" => [
                literal("arn:".to_owned()),
                partition,
                literal(":iam::".to_owned()),
                environment("AWS::AccountId"),
                literal(format!(":{before}")),
                name,
            ],
            "s3" => [
                literal("arn:".to_owned()),
                partition,
                literal(":s3:::".to_owned()),
                name,
                literal(String::new()),
                literal(String::new()),
            ],
            _ => [
                literal("arn:".to_owned()),
                partition,
                literal(format!(":{service}:")),
                environment("AWS::Region and AWS::AccountId"),
                literal(format!(":{before}")),
                name,
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Certainty;
    use regex::Regex;

    fn check(address: &str, attribute: &str, pattern: &str, expected: Certainty) {
        let unknown = Unknown::attribute(address.into(), attribute.into());
        let regex = Regex::new(pattern).expect("valid");
        let text = Text::from_segments(vec![Segment::Hole(Arc::new(unknown))]);
        assert_eq!(
            text.matches(&regex),
            expected,
            "{address}.{attribute} ~ {pattern}"
        );
    }

    #[test]
    fn arns_have_their_shape_before_there_is_what_they_name() {
        use Certainty::{No, Unsure, Yes};
        let admin = ":aws:policy/AdministratorAccess$";
        for (address, attribute, pattern, expected) in [
            ("aws_iam_role.x", "arn", r":root$|\*", No),
            ("aws_iam_role.x", "arn", ":role/", Yes),
            ("aws_iam_role.x", "arn", ":role/admin$", Unsure),
            ("aws_iam_role.x", "unique_id", ":root$", Unsure),
            ("aws_iam_policy.x", "arn", admin, No),
            (
                r#"module.a["b.c"].aws_iam_policy.x["d.e[0]"]"#,
                "arn",
                admin,
                No,
            ),
            ("data.aws_iam_policy.x", "arn", ":policy/", Yes),
            ("aws_s3_bucket.x", "arn", ":s3:::", Yes),
            ("aws_kms_key.x", "arn", ":key/", Yes),
            ("aws_other.x", "arn", ":root$", Unsure),
            ("module.x", "arn", ":root$", Unsure),
        ] {
            check(address, attribute, pattern, expected);
        }
    }
}

//! From files to findings: which are told apart, how their values came, when they hold.

use onus::declared::Language;
use onus::project::{Inputs, Stack};
use onus::report::{Place, Report, Verdict};
use onus::rules::RuleSet;
use onus::source::{Columns, MemoryFiles, SourceMap, Span};
use onus::{Request, analyze};

fn scan(language: Language, text: &str) -> (Report, SourceMap) {
    let sources = SourceMap::new();
    let (path, stack) = match language {
        Language::Terraform => ("main.tf", "."),
        Language::CloudFormation => ("template.yaml", "template.yaml"),
    };
    let rules = RuleSet::builtin(&sources);
    let request = Request {
        files: &MemoryFiles::new([(path, text)]),
        sources: &sources,
        stacks: &[Stack {
            language,
            path: stack.into(),
        }],
        inputs: &Inputs::default(),
        rules: &rules,
        vocabulary: None,
        today: "2026-11-25".parse().expect("a day"),
    };
    (analyze(&request, Vec::new()), sources)
}

/// What a rule finds: `line value [when …] <- line what, …`, the places of its trail and those that belong to it; `?` in
/// front if unsure.
fn check(language: Language, rule: &str, text: &str, expected: &[&str]) {
    let (report, sources) = scan(language, text);
    let line = |span: Span| {
        let file = sources.get(span.source).expect("a file");
        file.position(span.start, Columns::Utf16).line
    };
    let of_rule = report.findings.iter().filter(|f| &*f.rule.name == rule);
    let found: Vec<String> = of_rule
        .map(|finding| {
            let unsure = match finding.verdict {
                Verdict::Unsure => "?",
                Verdict::Fail => "",
            };
            let mut said = format!("{unsure}{} {}", line(finding.place), finding.value);
            if let Some(condition) = &finding.condition {
                said.push_str(&format!(" [when {}]", condition.text));
            }
            let places = finding.trail.iter().chain(&finding.related);
            let place = |place: &Place| format!("{} {}", line(place.span), place.text);
            let places: Vec<String> = places.map(place).collect();
            if !places.is_empty() {
                said.push_str(&format!(" <- {}", places.join(", ")));
            }
            said
        })
        .collect();
    assert_eq!(found, expected, "{rule}\n{text}");
}

/// What is found in files: rule and value.
fn found(path: &str, text: &str) -> Vec<String> {
    let sources = SourceMap::new();
    let rules = RuleSet::builtin(&sources);
    let request = Request {
        files: &MemoryFiles::new([(path, text)]),
        sources: &sources,
        stacks: &[Stack {
            language: Language::Terraform,
            path: ".".into(),
        }],
        inputs: &Inputs::default(),
        rules: &rules,
        vocabulary: None,
        today: "2026-11-25".parse().expect("a day"),
    };
    let report = analyze(&request, Vec::new());
    let findings = report.findings.iter();
    let mut all: Vec<String> = findings
        .map(|finding| {
            format!(
                "{} {:?} {}",
                finding.rule.name, finding.verdict, finding.value
            )
        })
        .collect();
    all.sort();
    all
}

#[test]
fn blocks_are_found_in_json_as_they_are_in_hcl() {
    for (hcl, json, rule) in [
        (
            r#"
resource "aws_security_group" "open" {
  name = "open"
  lifecycle {
    create_before_destroy = true
  }
  ingress {
    description = "SSH"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"#,
            r#"{"resource": {"aws_security_group": {"open": {
  "name": "open",
  "lifecycle": {"create_before_destroy": true},
  "ingress": {
    "description": "SSH",
    "from_port": 22, "to_port": 22, "protocol": "tcp",
    "cidr_blocks": ["0.0.0.0/0"]
  }
}}}}"#,
            "sg-ssh-open-to-world",
        ),
        (
            r#"
resource "aws_eks_cluster" "main" {
  name     = "main"
  role_arn = "arn:aws:iam::123456789012:role/eks"
  tags     = { Team = "a" }
  vpc_config {
    subnet_ids             = ["subnet-1", "subnet-2"]
    endpoint_public_access = true
    public_access_cidrs    = ["0.0.0.0/0"]
  }
  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1"
    }
  }
}
"#,
            r#"{"resource": {"aws_eks_cluster": {"main": {
  "name": "main",
  "role_arn": "arn:aws:iam::123456789012:role/eks",
  "tags": {"Team": "a"},
  "vpc_config": {
    "subnet_ids": ["subnet-1", "subnet-2"],
    "endpoint_public_access": true,
    "public_access_cidrs": ["0.0.0.0/0"]
  },
  "encryption_config": [{
    "resources": ["secrets"],
    "provider": {"key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1"}
  }]
}}}}"#,
            "eks",
        ),
    ] {
        let in_hcl = found("main.tf", hcl);
        assert!(in_hcl.iter().any(|one| one.contains(rule)), "{in_hcl:?}");
        assert_eq!(found("main.tf.json", json), in_hcl);
    }
}

fn terraform(rule: &str, text: &str, expected: &[&str]) {
    check(Language::Terraform, rule, text, expected);
}

fn cloudformation(rule: &str, text: &str, expected: &[&str]) {
    check(Language::CloudFormation, rule, text, expected);
}

#[test]
fn values_at_one_place_are_told_apart_by_where_they_come_from() {
    terraform(
        "iam-elevated-managed-policy-attached",
        r#"
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = "{}"
}
resource "aws_iam_role_policy_attachment" "app" {
  for_each = toset([
    "arn:aws:iam::aws:policy/AmazonS3FullAccess",
    "arn:aws:iam::aws:policy/AmazonSSMFullAccess",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
  ])
  role       = aws_iam_role.app.name
  policy_arn = each.value
}
"#,
        &[
            "13 arn:aws:iam::aws:policy/AmazonS3FullAccess <- 8 element iterated over, 2 `aws_iam_role.app` uses it",
            "13 arn:aws:iam::aws:policy/AmazonSSMFullAccess <- 9 element iterated over, 2 `aws_iam_role.app` uses it",
        ],
    );
    // One source, many instances: one finding.
    terraform(
        "iam-elevated-managed-policy-attached",
        r#"
variable "policy" {
  default = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
}
resource "aws_iam_role" "app" {
  count               = 3
  assume_role_policy  = "{}"
  managed_policy_arns = [var.policy]
}
"#,
        &["8 arn:aws:iam::aws:policy/AmazonS3FullAccess <- 3 default of `policy`"],
    );
}

#[test]
fn what_is_interpolated_keeps_the_way_it_came() {
    terraform(
        "iam-elevated-managed-policy-attached",
        r#"
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = "{}"
}
resource "aws_iam_role_policy_attachment" "app" {
  for_each   = toset(["AmazonS3FullAccess", "ReadOnlyAccess"])
  role       = aws_iam_role.app.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}
"#,
        &[
            "9 arn:aws:iam::aws:policy/AmazonS3FullAccess <- 7 element iterated over, 2 `aws_iam_role.app` uses it",
        ],
    );
    cloudformation(
        "iam-elevated-managed-policy-attached",
        r#"
Parameters:
  Policy:
    Type: String
    Default: AmazonS3FullAccess
Resources:
  App:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns:
        - !Sub "arn:${AWS::Partition}:iam::aws:policy/${Policy}"
        - !Join ["/", ["arn:aws:iam::aws:policy", !Ref Policy]]
"#,
        &[
            "12 arn:?:iam::aws:policy/AmazonS3FullAccess <- 5 default of `Policy`",
            "13 arn:aws:iam::aws:policy/AmazonS3FullAccess <- 5 default of `Policy`",
        ],
    );
}

#[test]
fn a_finding_under_a_condition_names_it_and_where_it_is_decided() {
    let template = |default: &str| {
        format!(
            r#"
Parameters:
  ScanImages:
    Type: String
    Default: "{default}"
Conditions:
  Scans: !Equals [!Ref ScanImages, "yes"]
Resources:
  Images:
    Type: AWS::ECR::Repository
    Properties:
      ImageTagMutability: IMMUTABLE
      ImageScanningConfiguration:
        ScanOnPush: !If [Scans, true, false]
"#
        )
    };
    cloudformation(
        "ecr-scan-on-push-disabled",
        &template("no"),
        &["14 false [when Scans is false] <- 7 condition `Scans`, 5 default of `ScanImages`"],
    );
    cloudformation(
        "ecr-scan-on-push-disabled",
        &template("yes"),
        &[
            "14 false [when Scans is false (by default it is true)] <- 7 condition `Scans`, 5 default of `ScanImages`",
        ],
    );
}

#[test]
fn policies_and_roles_of_the_code_are_known_for_what_they_are() {
    let terraform_code = r#"
resource "aws_iam_policy" "own" {
  for_each = toset(["a.b", "c[0]"])
  policy   = "{}"
}
resource "aws_iam_policy" "other" {
  name   = "other"
  policy = "{}"
}
resource "aws_iam_role" "app" {
  assume_role_policy = "{}"
}
resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.app.name
  policy_arn = aws_iam_policy.other.arn
}
resource "aws_iam_role_policy_attachment" "each" {
  for_each   = toset(["a.b", "c[0]"])
  role       = aws_iam_role.app.name
  policy_arn = aws_iam_policy.own[each.key].arn
}
resource "aws_eks_access_entry" "app" {
  cluster_name  = "main"
  principal_arn = aws_iam_role.app.arn
}
"#;
    let template = r#"
Resources:
  Own:
    Type: AWS::IAM::ManagedPolicy
    Properties: { PolicyDocument: {} }
  App:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: [!Ref Own, !GetAtt Own.PolicyArn, !Sub "${Own}"]
  Entry:
    Type: AWS::EKS::AccessEntry
    Properties:
      ClusterName: main
      PrincipalArn: !GetAtt App.Arn
"#;
    for rule in [
        "iam-administrator-access-attached",
        "iam-deprecated-managed-policy",
        "iam-elevated-managed-policy-attached",
        "eks-access-entry-account-root",
    ] {
        terraform(rule, terraform_code, &[]);
        cloudformation(rule, template, &[]);
    }
}

#[test]
fn agents_may_call_the_services_that_are_there_for_them() {
    let policy = |action: &str| {
        format!(
            r#"
resource "aws_iam_policy" "agent" {{
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
      {{ Effect = "Allow", Action = [{action}], Resource = "*" }},
    ]
  }})
}}
"#
        )
    };
    for (action, is_found) in [
        (r#""ec2messages:*", "ssmmessages:*""#, false),
        (r#""ec2messages:*", "logs:*""#, true),
        (r#""ssm:*""#, true),
    ] {
        let (report, _) = scan(Language::Terraform, &policy(action));
        let mut names = report.findings.iter().map(|finding| &*finding.rule.name);
        let found = names.any(|name| name == "iam-policy-service-full-access");
        assert_eq!(found, is_found, "{action}");
    }
}

#[test]
fn zones_that_are_not_known_are_counted_all_the_same() {
    for (zones, expected) in [
        (r#"AvailabilityZones: !GetAZs """#, &[][..]),
        (r#"VPCZoneIdentifier: [!Ref A, !Ref B]"#, &[]),
        (r#"AvailabilityZones: [!Select [0, !GetAZs ""]]"#, &["12 ?"]),
        (r#"VPCZoneIdentifier: [!Ref A]"#, &["12 ?"]),
        (r#"AvailabilityZones: !Ref Zones"#, &["?12 [?]"]),
    ] {
        let template = format!(
            r#"
Parameters:
  Zones:
    Type: List<AWS::EC2::AvailabilityZone::Name>
Resources:
  A:
    Type: AWS::EC2::Subnet
    Properties: {{ VpcId: vpc-1, AvailabilityZone: !Select [0, !GetAZs ""] }}
  B:
    Type: AWS::EC2::Subnet
    Properties: {{ VpcId: vpc-1, AvailabilityZone: !Select [1, !GetAZs ""] }}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      {zones}
"#
        );
        cloudformation("asg-single-az", &template, expected);
    }
    let group = |zones: &str| {
        format!(
            r#"
variable "first" {{
  type = number
}}
variable "second" {{
  type = number
}}
data "aws_availability_zones" "all" {{}}
resource "aws_subnet" "each" {{
  count             = 2
  vpc_id            = "vpc-1"
  availability_zone = data.aws_availability_zones.all.names[count.index]
}}
resource "aws_subnet" "one" {{
  count             = 2
  vpc_id            = "vpc-1"
  availability_zone = data.aws_availability_zones.all.names[0]
}}
resource "aws_autoscaling_group" "x" {{
  {zones}
}}
"#
        )
    };
    let names = "data.aws_availability_zones.all.names";
    for (zones, expected) in [
        (
            format!("availability_zones = [{names}[0], {names}[1]]"),
            &[][..],
        ),
        (
            format!("availability_zones = [{names}[0], {names}[0]]"),
            &["19"],
        ),
        (
            format!("availability_zones = [{names}[var.first], {names}[var.second]]"),
            &["?19"],
        ),
        (
            "vpc_zone_identifier = aws_subnet.each[*].id".to_owned(),
            &[],
        ),
        (
            "vpc_zone_identifier = aws_subnet.one[*].id".to_owned(),
            &["19"],
        ),
    ] {
        let (report, sources) = scan(Language::Terraform, &group(&zones));
        let of_rule = report.findings.iter();
        let of_rule = of_rule.filter(|finding| &*finding.rule.name == "asg-single-az");
        let found: Vec<String> = of_rule
            .map(|finding| {
                let file = sources.get(finding.place.source).expect("a file");
                let line = file.position(finding.place.start, Columns::Utf16).line;
                match finding.verdict {
                    Verdict::Unsure => format!("?{line}"),
                    Verdict::Fail => line.to_string(),
                }
            })
            .collect();
        assert_eq!(found, expected, "{zones}");
    }
}

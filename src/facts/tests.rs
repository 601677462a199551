//! Facts of models written in canonical words.

use super::testing::{Case, condition, show, table, when};
use super::{FACTS, Place, at};
use crate::value::World;

/// The ingress of a group whose inline rules are `rules`: source, reach, protocol, ports and whether the world gets in.
fn ingress(rules: &str) -> Vec<String> {
    ingress_with(rules, "")
}

fn ingress_with(rules: &str, others: &str) -> Vec<String> {
    let text = format!(
        "g:\n  kind: AWS::EC2::SecurityGroup\n  properties: {{ SecurityGroupIngress: [{rules}] }}\n{others}"
    );
    let case = Case::new(&text);
    let list = case.fact("g", "network.ingress", &World::new());
    table(
        &list,
        &[
            "source",
            "reach",
            "protocol",
            "from_port",
            "to_port",
            "from_world",
        ],
    )
}

#[test]
fn each_source_is_an_entry() {
    for (rules, expected) in [
        (
            "{ IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0 }",
            &["0.0.0.0/0 world tcp 22 22 true"][..],
        ),
        (
            "{ IpProtocol: TCP, FromPort: '22', ToPort: 22, CidrIpv6: '::/0' }",
            &["::/0 world tcp 22 22 true"],
        ),
        // Ports mean nothing under -1, nor for protocols without ports.
        (
            "{ IpProtocol: -1, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0 }",
            &["0.0.0.0/0 world all 0 65535 true"],
        ),
        (
            "{ IpProtocol: '-1', CidrIp: 0.0.0.0/0 }",
            &["0.0.0.0/0 world all 0 65535 true"],
        ),
        (
            "{ IpProtocol: icmp, FromPort: 8, ToPort: 0, CidrIp: 0.0.0.0/0 }",
            &["0.0.0.0/0 world icmp 0 65535 true"],
        ),
        (
            "{ IpProtocol: sctp, FromPort: 80, ToPort: 80, CidrIp: 8.8.8.0/24 }",
            &["8.8.8.0/24 scoped 132 0 65535 false"],
        ),
        (
            "{ IpProtocol: '6', FromPort: 20, ToPort: 25, CidrIp: 10.0.0.0/8 }",
            &["10.0.0.0/8 private tcp 20 25 false"],
        ),
        (
            "{ IpProtocol: tcp, FromPort: 1, ToPort: 2, CidrIp: 64.0.0.0/2, CidrIpv6: '2600::/28' }",
            &[
                "64.0.0.0/2 near_world tcp 1 2 false",
                "2600::/28 broad tcp 1 2 false",
            ],
        ),
        // Nobody: EC2 refuses it.
        ("{ IpProtocol: tcp, FromPort: 1, ToPort: 2 }", &[]),
        (
            "{ IpProtocol: tcp, FromPort: 1, ToPort: 2, SourceSecurityGroupId: sg-1 }",
            &["sg-1 group tcp 1 2 false"],
        ),
    ] {
        assert_eq!(ingress(rules), expected, "{rules}");
    }
}

#[test]
fn parts_of_the_internet_add_up_port_by_port() {
    let half = |from: i64, to: i64, cidr: &str| {
        format!("{{ IpProtocol: tcp, FromPort: {from}, ToPort: {to}, CidrIp: {cidr} }}")
    };
    let (low, high) = ("0.0.0.0/1", "128.0.0.0/1");
    let both = |a: String, b: String| ingress(&format!("{a}, {b}"));
    assert_eq!(
        both(half(22, 22, low), half(22, 22, high)),
        [
            "0.0.0.0/1 near_world tcp 22 22 true",
            "128.0.0.0/1 near_world tcp 22 22 true"
        ]
    );
    assert_eq!(
        both(half(22, 22, low), half(443, 443, high)),
        [
            "0.0.0.0/1 near_world tcp 22 22 false",
            "128.0.0.0/1 near_world tcp 443 443 false"
        ]
    );
    // On the overlap only.
    assert_eq!(
        both(half(20, 30, low), half(22, 80, high)),
        [
            "0.0.0.0/1 near_world tcp 20 21 false",
            "0.0.0.0/1 near_world tcp 22 30 true",
            "128.0.0.0/1 near_world tcp 22 30 true",
            "128.0.0.0/1 near_world tcp 31 80 false"
        ]
    );
    // One address beside them is not what opens the group.
    assert_eq!(
        ingress(
            &[
                half(22, 22, low),
                half(22, 22, high),
                half(22, 22, "8.8.8.8/32")
            ]
            .join(", ")
        ),
        [
            "0.0.0.0/1 near_world tcp 22 22 true",
            "128.0.0.0/1 near_world tcp 22 22 true",
            "8.8.8.8/32 scoped tcp 22 22 false"
        ]
    );
    // The other half comes under every protocol.
    let all = "{ IpProtocol: -1, CidrIp: 128.0.0.0/1 }".to_owned();
    assert_eq!(
        both(half(22, 22, low), all),
        [
            "0.0.0.0/1 near_world tcp 22 22 true",
            "128.0.0.0/1 near_world all 0 65535 false"
        ]
    );
}

#[test]
fn unknown_sources_are_unknown_within_bounds() {
    let with = |source: &str| {
        let rule = format!("{{ IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: {source} }}");
        ingress(&rule).join("; ")
    };
    for (source, expected) in [
        (
            "!Unknown var.cidr",
            "? ?private|scoped|broad|near_world|world tcp 22 22 ?",
        ),
        ("'<ip>/32'", "?/32 ?private|scoped tcp 22 22 false"),
        ("'<ip>/24'", "?/24 ?private|scoped tcp 22 22 false"),
        ("'<ip>/0'", "?/0 world tcp 22 22 true"),
        (
            "'<ip>/1'",
            "?/1 ?private|scoped|broad|near_world tcp 22 22 false",
        ),
        ("'10.<n>.0.0/16'", "10.?.0.0/16 private tcp 22 22 false"),
        (
            "'52.<n>.0.0/16'",
            "52.?.0.0/16 ?private|scoped tcp 22 22 false",
        ),
        (
            "nonsense",
            "nonsense ?private|scoped|broad|near_world|world tcp 22 22 ?",
        ),
    ] {
        assert_eq!(with(source), expected, "{source}");
    }
    // A half beside something unknown may be made whole by it; one address may not.
    let half = "{ IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/1 }";
    let one = "{ IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 8.8.8.8/32 }";
    let some = "{ IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Unknown x }";
    let found = ingress(&format!("{half}, {one}, {some}"));
    assert_eq!(found[0], "0.0.0.0/1 near_world tcp 22 22 ?");
    assert_eq!(found[1], "8.8.8.8/32 scoped tcp 22 22 false");
    let found = ingress(&format!("{half}, {one}, '...'"));
    assert_eq!(found[0], "0.0.0.0/1 near_world tcp 22 22 ?");
    assert_eq!(found[2], "...");
    // Unknown ports do not hide the internet.
    assert_eq!(
        ingress("{ IpProtocol: tcp, FromPort: !Unknown p, ToPort: 22, CidrIp: 0.0.0.0/0 }"),
        ["0.0.0.0/0 world tcp ? 22 true"]
    );
}

#[test]
fn references_tell_networks_groups_and_prefix_lists() {
    let others = "
v: { kind: AWS::EC2::VPC, properties: { CidrBlock: 8.0.0.0/16 } }
open: { kind: AWS::EC2::PrefixList, properties: { Entries: [{ Cidr: 0.0.0.0/1 }, { Cidr: 128.0.0.0/1 }] } }
narrow: { kind: AWS::EC2::PrefixList, properties: { Entries: [{ Cidr: 8.8.8.8/32 }] } }
unclear: { kind: AWS::EC2::PrefixList, properties: { Entries: [{ Cidr: !Unknown x }] } }
cdn: { kind: data.aws_ec2_managed_prefix_list, properties: { name: com.amazonaws.global.cloudfront.origin-facing } }
";
    let row = |source: &str| {
        let rule = format!("{{ IpProtocol: tcp, FromPort: 22, ToPort: 22, {source} }}");
        let text = format!(
            "g:\n  kind: AWS::EC2::SecurityGroup\n  properties: {{ SecurityGroupIngress: [{rule}] }}{others}"
        );
        let list = Case::new(&text).fact("g", "network.ingress", &World::new());
        table(&list, &["source_kind", "reach", "from_world"]).join("; ")
    };
    for (source, expected) in [
        ("CidrIp: !Ref v.CidrBlock", "cidr private false"),
        ("CidrIp: 8.0.1.0/24", "cidr private false"),
        ("CidrIp: 8.1.1.0/24", "cidr scoped false"),
        ("SourceSecurityGroupId: !Ref g.id", "self group false"),
        ("SourceSecurityGroupId: !Ref h.id", "group group false"),
        ("SourceSecurityGroupId: !Unknown sg", "group group false"),
        ("SourcePrefixListId: !Ref open.id", "prefix_list world true"),
        (
            "SourcePrefixListId: !Ref narrow.id",
            "prefix_list scoped false",
        ),
        (
            "SourcePrefixListId: !Ref unclear.id",
            "prefix_list ?private|scoped|broad|near_world|world ?",
        ),
        (
            "SourcePrefixListId: !Ref cdn.id",
            "prefix_list scoped false",
        ),
        (
            "SourcePrefixListId: pl-0123456789abcdef0",
            "prefix_list ?private|scoped|broad|near_world|world ?",
        ),
    ] {
        assert_eq!(row(source), expected, "{source}");
    }
}

#[test]
fn rules_of_their_own_join_the_group_s() {
    let text = "
g:
  kind: AWS::EC2::SecurityGroup
  properties: { SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/1 }] }
  links: { ingress_rules: [r, s] }
r: { kind: AWS::EC2::SecurityGroupIngress, properties: { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 128.0.0.0/1, Description: other half } }
s: { kind: AWS::EC2::SecurityGroupIngress, exists: Debug, properties: { IpProtocol: tcp, FromPort: 3389, ToPort: 3389, CidrIp: 0.0.0.0/0 } }
";
    let case = Case::new(text);
    let rows = |world: &World| {
        let list = case.fact("g", "network.ingress", world);
        table(
            &list,
            &["source", "from_port", "from_world", "inline", "description"],
        )
    };
    let certain = [
        "0.0.0.0/1 22 true true -".to_owned(),
        "128.0.0.0/1 22 true false other half".to_owned(),
    ];
    assert_eq!(rows(&when("!Debug")), certain);
    assert_eq!(rows(&when("Debug"))[2], "0.0.0.0/0 3389 true false -");
    let open = World::new();
    assert_eq!(
        rows(&open)[2],
        "when Debug is true: 0.0.0.0/0 3389 true false -"
    );
    assert_eq!(open.take_met().len(), 1);
    let list = case.fact("g", "network.ingress", &when("Debug"));
    let places: Vec<String> = list.elements().map(|item| case.written(&item)).collect();
    assert_eq!(places, ["0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0"]);
}

#[test]
fn a_rule_of_its_own_answers_for_itself() {
    let text = "
r: { kind: AWS::EC2::SecurityGroupIngress, properties: { GroupId: !Unknown g, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0 } }
e: { kind: AWS::EC2::SecurityGroupEgress, properties: { IpProtocol: '-1', CidrIp: 10.0.0.0/8 } }
";
    let case = Case::new(text);
    for (rule, fact, expected) in [
        ("r", "network.ingress", "0.0.0.0/0 world 22 true false"),
        ("e", "network.egress", "10.0.0.0/8 private 0 false false"),
    ] {
        let list = case.fact(rule, fact, &World::new());
        let members = ["source", "reach", "from_port", "from_world", "inline"];
        assert_eq!(table(&list, &members), [expected], "{rule}");
    }
}

#[test]
fn default_groups_are_read_in_terraform_s_words() {
    let text = "
d:
  kind: aws_default_security_group
  language: terraform
  properties:
    ingress:
      - { protocol: '-1', from_port: 0, to_port: 0, self: true, cidr_blocks: [] }
      - { protocol: tcp, from_port: 5432, to_port: 5432, cidr_blocks: [0.0.0.0/0, 10.0.0.0/8], description: '' }
      - { protocol: tcp, from_port: 80, to_port: 80, cidr_blocks: !Unknown x }
  links: { ingress_rules: [r] }
r: { kind: AWS::EC2::SecurityGroupIngress, properties: { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0, Description: own } }
";
    let list = Case::new(text).fact("d", "network.ingress", &World::new());
    assert_eq!(
        table(
            &list,
            &[
                "source_kind",
                "width",
                "ports",
                "classes",
                "from_world",
                "description"
            ]
        ),
        [
            "self 65536 all ports [admin, kubelet, database, file, mail, amplifier, web, internal] false -",
            "cidr 1 port 5432 [database] true -",
            "cidr 1 port 5432 [database] false -",
            "cidr 1 port 80 [web] ? -",
            "cidr 1 port 22 [admin] true own",
        ]
    );
}

#[test]
fn aws_adds_egress_where_cloudformation_writes_none() {
    let rows = |head: &str| {
        let case = Case::new(&format!("g: {{ kind: AWS::EC2::SecurityGroup, {head} }}"));
        let list = case.fact("g", "network.egress", &World::new());
        let is_default = list.elements().all(|item| item.origin.is_default);
        (
            table(&list, &["source", "protocol", "from_world"]),
            is_default,
        )
    };
    assert_eq!(
        rows("language: cloudformation"),
        (vec!["0.0.0.0/0 all true".to_owned()], true)
    );
    assert_eq!(rows("language: terraform"), (Vec::new(), true));
    let written = "properties: { SecurityGroupEgress: [{ IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8 }] }";
    assert_eq!(
        rows(written),
        (vec!["10.0.0.0/8 tcp false".to_owned()], false)
    );
}

#[test]
fn halves_under_conditions_are_exact_in_each_world() {
    let text = "
g:
  kind: AWS::EC2::SecurityGroup
  properties:
    SecurityGroupIngress:
      - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/1 }
      - !If [Prod, { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 128.0.0.0/1 }, { IpProtocol: tcp, FromPort: !If [Test, 22, 443], ToPort: 443, CidrIp: 10.0.0.0/8 }]
";
    let case = Case::new(text);
    let rows = |world: &World| {
        let list = case.fact("g", "network.ingress", world);
        table(&list, &["source", "from_port", "from_world"])
    };
    assert_eq!(
        rows(&when("Prod")),
        ["0.0.0.0/1 22 true", "128.0.0.0/1 22 true"]
    );
    assert_eq!(
        rows(
            &when("!Prod")
                .assuming(&condition("Test"))
                .expect("possible")
        ),
        ["0.0.0.0/1 22 false", "10.0.0.0/8 22 false"]
    );
    let open = World::new();
    assert_eq!(rows(&open)[0], "0.0.0.0/1 22 ?");
    assert_eq!(open.take_met().len(), 2);
    // Remembered results note again what they met; what a world decides is not met.
    let world = when("Prod");
    rows(&world);
    assert!(world.take_met().is_empty());
    rows(&open);
    assert_eq!(open.take_met().len(), 2);
}

fn statements(document: &str, columns: &[&str]) -> Vec<String> {
    let text = format!(
        "p:\n  kind: AWS::IAM::ManagedPolicy\n  properties:\n    PolicyDocument: {document}\n"
    );
    let list = Case::new(&text).fact("p", "iam.statements", &World::new());
    table(&list, columns)
}

#[test]
fn statements_are_read_in_every_form() {
    let columns = [
        "effect",
        "actions",
        "every_action",
        "every_resource",
        "not_action",
        "services_full",
    ];
    for (document, expected) in [
        (
            "{ Statement: { Effect: Allow, Action: '*', Resource: '*' } }",
            &["Allow [*] true true false []"][..],
        ),
        (
            "{ Statement: [{ Effect: Allow, Action: ['S3:*', iam:PassRole], Resource: 'arn:aws:s3:::b/*' }] }",
            &["Allow [s3:*, iam:passrole] false false false [s3]"],
        ),
        (
            r#"'{"Statement":[{"Effect":"Allow","Action":"*:*","Resource":["**"]}]}'"#,
            &["Allow [*:*] true true false []"],
        ),
        (
            "{ Statement: { Effect: Allow, NotAction: 'iam:*', Resource: '*' } }",
            &["Allow [] false true true []"],
        ),
        (
            "{ Statement: { Effect: Deny, Action: 's3:*', NotResource: 'arn:aws:s3:::b' } }",
            &["Deny [s3:*] false false false [s3]"],
        ),
        (
            "{ Statement: { Effect: Allow, Action: !Unknown a, Resource: !Unknown r } }",
            &["Allow [...] ? ? false [...]"],
        ),
        (
            "{ Statement: { Effect: Allow, Action: '*', Resource: 'arn:aws:s3:::<b>/*' } }",
            &["Allow [*] true false false []"],
        ),
        (
            "{ Statement: { Effect: Allow, Action: '*', Resource: !Ref bucket.arn } }",
            &["Allow [*] true false false []"],
        ),
        (
            "{ Statement: { Effect: Allow, Action: ['s3:Get*', !Unknown a], Resource: ['<x>*'] } }",
            &["Allow [s3:get*, ?] ? ? false [...]"],
        ),
        ("!Unknown policy", &["..."]),
        ("'no json'", &["..."]),
        ("''", &[]),
        (
            "{ Statement: [!If [C, { Effect: Allow, Action: '*', Resource: '*' }, !Ref AWS.NoValue]] }",
            &["when C is true: Allow [*] true true false []", "..."],
        ),
    ] {
        assert_eq!(statements(document, &columns), expected, "{document}");
    }
}

/// What is granted on everything, whichever way actions and resources are spelled.
#[test]
fn sensitive_actions_are_covered_where_all_their_resources_are() {
    let columns = ["covers", "exfiltrates", "services_whole"];
    for (statement, expected) in [
        (
            "Action: 'iam:PassRole', Resource: '*'",
            "[iam:PassRole] [] []",
        ),
        (
            "Action: 'iam:PassRol?', Resource: 'arn:aws:iam::111122223333:role/*'",
            "[iam:PassRole] [] []",
        ),
        (
            "Action: 'iam:PassRole', Resource: 'arn:<p>:iam::<a>:role/*'",
            "[iam:PassRole] [] []",
        ),
        (
            "Action: 'iam:PassRole', Resource: 'arn:aws:iam::*:role/app-*'",
            "[] [] []",
        ),
        (
            "Action: 'iam:PassRole', Resource: !Ref role.arn",
            "[] [] []",
        ),
        (
            "Action: 'iam:PassRole', Resource: !Unknown r",
            "[...] [...] []",
        ),
        (
            "Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::*/*'",
            "[s3:GetObject] [data] []",
        ),
        (
            "Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::<b>/*'",
            "[] [] []",
        ),
        (
            "Action: 'secretsmanager:Get*', Resource: '*'",
            "[secretsmanager:GetSecretValue] [secret] []",
        ),
        (
            "Action: 'kms:Decrypt', NotResource: 'arn:aws:kms:*:*:key/k'",
            "[] [] []",
        ),
        // Commands need every document, and not only every instance.
        (
            "Action: 'ssm:SendCommand', Resource: ['arn:aws:ec2:*:*:instance/*', 'arn:aws:ssm:*:*:document/D']",
            "[] [] []",
        ),
        (
            "Action: 'sqs:ReceiveMessage', Resource: 'arn:aws:sqs:*:*:*'",
            "[sqs:ReceiveMessage] [data] []",
        ),
        (
            "Action: 'dlm:*', Resource: 'arn:aws:dlm:*:*:*'",
            "[] [] [dlm]",
        ),
        (
            "Action: 'dlm:*', Resource: 'arn:aws:dlm:*:*:policy/p'",
            "[] [] []",
        ),
    ] {
        let document = format!("{{ Statement: {{ Effect: Allow, {statement} }} }}");
        assert_eq!(statements(&document, &columns), [expected], "{statement}");
    }
    let all = statements(
        "{ Statement: { Effect: Allow, NotAction: 'iam:*', Resource: '*' } }",
        &["covers"],
    );
    assert!(all[0].contains("kms:Decrypt") && !all[0].contains("iam:PassRole"));
}

#[test]
fn conditions_count_where_they_narrow() {
    for (condition, expected) in [
        ("{}", "false"),
        ("{ Bool: { aws:SecureTransport: 'true' } }", "false"),
        ("{ StringEquals: { aws:PrincipalOrgID: o-1 } }", "true"),
        ("{ StringLike: { aws:PrincipalOrgID: '*' } }", "false"),
        ("{ StringNotEquals: { aws:PrincipalOrgID: o-1 } }", "false"),
        (
            "{ IpAddress: { aws:SourceIp: [0.0.0.0/1, 128.0.0.0/1] } }",
            "false",
        ),
        ("{ IpAddress: { aws:SourceIp: 203.0.113.0/24 } }", "true"),
        ("{ IpAddress: { aws:SourceIp: !Unknown x } }", "?"),
        (
            "{ 'ForAllValues:StringEquals': { aws:TagKeys: [team] } }",
            "false",
        ),
        (
            "{ 'ForAllValues:StringEquals': { aws:TagKeys: [team] }, 'Null': { aws:TagKeys: 'false' } }",
            "true",
        ),
        (
            "{ 'ForAnyValue:StringEquals': { aws:TagKeys: [team] } }",
            "true",
        ),
        (
            "{ StringEqualsIfExists: { iam:PassedToService: ecs-tasks.amazonaws.com } }",
            "true",
        ),
        (
            "{ StringEqualsIfExists: { aws:SourceVpce: vpce-1 } }",
            "false",
        ),
        (
            "{ ArnLike: { aws:PrincipalArn: 'arn:aws:iam::*:role/deploy' } }",
            "false",
        ),
        (
            "{ ArnLike: { aws:PrincipalArn: 'arn:aws:iam::111122223333:role/*' } }",
            "true",
        ),
        ("{ Bool: { aws:MultiFactorAuthPresent: true } }", "true"),
        ("{ Bool: { aws:MultiFactorAuthPresent: 'false' } }", "false"),
        ("{ StringEquals: { aws:SourceVpc: !Unknown v } }", "true"),
        ("{ StringLike: { aws:SourceVpc: !Unknown v } }", "?"),
        ("!Unknown c", "?"),
        (
            "{ Bool: { aws:SecureTransport: 'true' }, StringEquals: { aws:SourceVpc: vpc-1 } }",
            "true",
        ),
    ] {
        let document = format!(
            "{{ Statement: {{ Effect: Allow, Action: '*', Resource: '*', Condition: {condition} }} }}"
        );
        assert_eq!(
            statements(&document, &["conditional"]),
            [expected],
            "{condition}"
        );
    }
    let document = "{ Statement: { Effect: Deny, Action: '*', Resource: '*', Condition: { BoolIfExists: { aws:MultiFactorAuthPresent: 'false' } } } }";
    assert_eq!(
        statements(document, &["condition_keys", "conditions"]),
        [
            "[aws:multifactorauthpresent] [{operator: BoolIfExists, key: aws:multifactorauthpresent, values: [false]}]"
        ]
    );
}

#[test]
fn an_identity_has_the_statements_of_all_its_policies() {
    let policy = |action: &str| {
        format!("{{ Statement: [{{ Effect: Allow, Action: '{action}', Resource: '*' }}] }}")
    };
    let text = format!(
        "
u:
  kind: AWS::IAM::User
  properties: {{ Policies: [{{ PolicyName: a, PolicyDocument: {} }}] }}
  links: {{ managed_policies: [m, AWS::IAM::ManagedPolicy], inline_policies: [i], groups: [g] }}
m: {{ kind: AWS::IAM::ManagedPolicy, properties: {{ PolicyDocument: {} }} }}
i: {{ kind: AWS::IAM::Policy, exists: Debug, properties: {{ PolicyDocument: {} }} }}
g:
  kind: AWS::IAM::Group
  properties: {{ Policies: [{{ PolicyDocument: {} }}] }}
  links: {{ policies: [m] }}
",
        policy("a:b"),
        policy("m:m"),
        policy("i:i"),
        policy("g:g")
    );
    let case = Case::new(&text);
    let rows = |world: &World| table(&case.fact("u", "iam.statements", world), &["actions"]);
    assert_eq!(rows(&when("Debug")), ["[a:b]", "[i:i]", "[m:m]", "[g:g]"]);
    assert_eq!(rows(&when("!Debug")), ["[a:b]", "[m:m]", "[g:g]"]);
}

#[test]
fn settings_of_a_known_set_have_types_too() {
    use crate::value::{Data, Unknown, Value};
    let place = crate::source::Span::NONE;
    let spelled = Unknown {
        allowed: ["true", "false", "7"]
            .map(|text| Value::text(text, place))
            .to_vec(),
        ..Unknown::because(crate::value::Reason::Outside)
    };
    let typed = super::cases::typed(&Value::new(Data::Unknown(spelled.into()), place));
    let unknown = typed.as_unknown().expect("still unknown");
    let allowed: Vec<&Data> = unknown.allowed.iter().map(|value| &value.data).collect();
    assert!(
        matches!(
            allowed[..],
            [Data::Bool(true), Data::Bool(false), Data::Number(_)]
        ),
        "{allowed:?}"
    );
}

#[test]
fn settings_have_types_and_defaults_and_later_ones_win() {
    let text = "
e:
  kind: AWS::ElasticBeanstalk::Environment
  properties:
    SolutionStackName: 64bit Amazon Linux 2023 v4.3.0 running Python 3.11
    OptionSettings:
      - { Namespace: 'aws:elasticbeanstalk:cloudwatch:logs', OptionName: RetentionInDays, Value: '30' }
      - { Namespace: 'aws:elasticbeanstalk:cloudwatch:logs', OptionName: StreamLogs, Value: 'True' }
      - { Namespace: 'aws:elasticbeanstalk:cloudwatch:logs', OptionName: RetentionInDays, Value: '90' }
      - { Namespace: 'aws:elbv2:listener:443', OptionName: SSLPolicy, Value: p }
      - { Namespace: 'aws:elasticbeanstalk:application:environment', OptionName: DEBUG, Value: 'true' }
      - !If [Prod, { Namespace: 'aws:autoscaling:asg', OptionName: MinSize, Value: '2' }, !Unknown x]
";
    let case = Case::new(text);
    let setting = |world: &World, namespace: &str, option: &str| {
        let settings = case.fact("e", "settings", world);
        let namespace = settings.member(namespace);
        namespace
            .and_then(|n| n.member(option))
            .map(|v| (show(&v), v.origin.is_default))
    };
    let set = |text: &str| Some((text.to_owned(), false));
    let default = |text: &str| Some((text.to_owned(), true));
    let prod = when("Prod");
    let logs = "aws:elasticbeanstalk:cloudwatch:logs";
    for (namespace, option, expected) in [
        (logs, "RetentionInDays", set("90")),
        (logs, "StreamLogs", set("true")),
        (logs, "DeleteOnTerminate", default("false")),
        ("aws:elbv2:listener:443", "Protocol", default("HTTP")),
        ("aws:elbv2:listener:443", "SSLPolicy", set("p")),
        ("aws:autoscaling:asg", "MinSize", set("2")),
        (
            "aws:autoscaling:launchconfiguration",
            "DisableIMDSv1",
            default("true"),
        ),
        ("aws:autoscaling:launchconfiguration", "EC2KeyName", None),
        (
            "aws:elasticbeanstalk:environment",
            "LoadBalancerType",
            default("classic"),
        ),
    ] {
        assert_eq!(
            setting(&prod, namespace, option),
            expected,
            "{namespace} {option}"
        );
    }
    let settings = case.fact("e", "settings", &prod);
    let own = settings.member("aws:elasticbeanstalk:application:environment");
    let debug = own.and_then(|own| own.member("DEBUG")).expect("set");
    assert_eq!(debug.as_str(), Some("true"));
    assert_eq!(case.written(&debug), "'true'");
    // An unknown setting may be any: nothing is filled in.
    let doubtful = case.fact("e", "settings", &when("!Prod"));
    assert!(doubtful.as_object().is_some_and(|all| all.more().is_some()));
    assert!(
        doubtful
            .member("aws:autoscaling:launchconfiguration")
            .is_none()
    );
}

#[test]
fn what_a_saved_configuration_may_supply_is_unknown_or_read_from_it() {
    let text = "
outside: { kind: AWS::ElasticBeanstalk::Environment, properties: { TemplateName: t } }
inside:
  kind: AWS::ElasticBeanstalk::Environment
  properties:
    TemplateName: !Ref t.name
    OptionSettings: [{ Namespace: 'aws:ec2:vpc', OptionName: ELBScheme, Value: internal }]
  links: { template: [t] }
t:
  kind: AWS::ElasticBeanstalk::ConfigurationTemplate
  properties:
    SolutionStackName: 64bit Amazon Linux 2 v3.6.1 running Docker
    OptionSettings:
      - { Namespace: 'aws:ec2:vpc', OptionName: ELBScheme, Value: public }
      - { Namespace: 'aws:ec2:vpc', OptionName: VPCId, Value: vpc-1 }
      - { Namespace: 'aws:elasticbeanstalk:environment', OptionName: EnvironmentType, Value: SingleInstance }
single:
  kind: AWS::ElasticBeanstalk::Environment
  properties:
    OptionSettings: [{ Namespace: 'aws:elasticbeanstalk:environment', OptionName: EnvironmentType, Value: SingleInstance }]
";
    let case = Case::new(text);
    let world = World::new();
    assert_eq!(show(&case.fact("outside", "settings", &world)), "{...}");
    let inside = case.fact("inside", "settings", &world);
    let vpc = inside.member("aws:ec2:vpc").expect("set");
    assert_eq!(show(&vpc), "{ELBScheme: internal, VPCId: vpc-1}");
    let platform = |address: &str| show(&case.fact(address, "platform", &world));
    assert_eq!(
        platform("inside"),
        "{generation: al2, runtime: Docker, version: 3.6.1, pinned: true, retired: true}"
    );
    assert_eq!(platform("outside"), "?");
    assert_eq!(platform("single"), "-");
    let single = case.fact("single", "settings", &world);
    assert!(single.member("aws:ec2:vpc").is_none());
    let launch = single
        .member("aws:autoscaling:launchconfiguration")
        .expect("defaults");
    assert_eq!(show(&launch.member("DisableIMDSv1").expect("unknown")), "?");
    let saved = case.fact("t", "settings", &world);
    assert!(saved.as_object().is_some_and(|all| all.more().is_some()));
}

#[test]
fn facts_are_found_by_their_paths() {
    let kind = "AWS::EC2::SecurityGroup";
    assert!(matches!(at(kind, &["network"]), Ok(Place::Group)));
    assert!(matches!(
        at(kind, &["network", "ingress"]),
        Ok(Place::Value(_))
    ));
    let (depth, known) = at(kind, &["network", "ingres"]).expect_err("unknown");
    assert_eq!((depth, known), (1, vec!["ingress", "egress"]));
    let (depth, known) = at("AWS::S3::Nothing", &["settings"]).expect_err("unknown");
    assert_eq!((depth, known.len()), (0, 0));
    let beanstalk = "AWS::ElasticBeanstalk::Environment";
    let path = ["settings", "aws:ec2:vpc", "ELBScheme"];
    assert!(matches!(at(beanstalk, &path), Ok(Place::Value(_))));
    let (depth, known) = at(beanstalk, &["platform", "generatio"]).expect_err("unknown");
    assert_eq!((depth, known[0]), (1, "generation"));
}

#[test]
fn no_fact_is_called_like_a_reserved_member() {
    for fact in FACTS {
        for word in ["facts", "links", "views", "options", "meta"] {
            assert!(
                !fact.name.split('.').any(|name| name == word),
                "{}",
                fact.name
            );
        }
    }
}

/// The vectors of identities and trust: the verdict in words stands beside each.
#[test]
fn iam_vectors_have_their_facts() {
    let text = include_str!("../../tests/vectors/iam.json");
    let vectors: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let rows_of = |vector: &serde_json::Value| -> Vec<String> {
        serde_json::from_value(vector["statements"].clone()).expect("texts")
    };
    let all = |name: &str| vectors[name].as_array().expect("a list").clone();
    let world = World::new();
    for vector in all("identity") {
        let policies: Vec<String> = vector["policies"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|policy| format!("{{ PolicyDocument: {policy} }}"))
            .collect();
        let (boundary, is_bounded) = match &vector["boundary"] {
            serde_json::Value::Null => (String::new(), ""),
            policy => (
                format!(
                    "  links: {{ boundary: [b] }}\nb: {{ kind: AWS::IAM::ManagedPolicy, properties: {{ PolicyDocument: {policy} }} }}\n"
                ),
                "PermissionsBoundary: !Ref b.arn, ",
            ),
        };
        let policies = policies.join(", ");
        let case = Case::new(&format!(
            "r:\n  kind: AWS::IAM::Role\n  properties: {{ {is_bounded}Policies: [{policies}] }}\n{boundary}"
        ));
        let found = table(
            &case.fact("r", "iam.statements", &world),
            &[
                "effect",
                "every_action",
                "every_resource",
                "conditional",
                "services_full",
                "not_action",
                "not_resource",
            ],
        );
        assert_eq!(found, rows_of(&vector), "{}", vector["id"]);
        let admin = show(&case.fact("r", "iam.admin", &world));
        assert_eq!(
            vector["admin"], admin,
            "{}: {}",
            vector["id"], vector["verdict"]
        );
    }
    for vector in all("trust") {
        let policy = &vector["policy"];
        let case = Case::new(&format!(
            "r: {{ kind: AWS::IAM::Role, properties: {{ AssumeRolePolicyDocument: {policy} }} }}"
        ));
        let found = table(
            &case.fact("r", "iam.trust", &world),
            &[
                "anybody",
                "public",
                "not_principal",
                "has_subject",
                "subject_scope",
                "has_audience",
                "source_guard",
                "conditional",
            ],
        );
        assert_eq!(
            found,
            rows_of(&vector),
            "{}: {}",
            vector["id"],
            vector["verdict"]
        );
    }
}

#[test]
fn principals_tell_account_and_issuer() {
    let others = "
github: { kind: AWS::IAM::OIDCProvider, properties: { Url: 'https://token.actions.githubusercontent.com' } }
cluster: { kind: AWS::IAM::OIDCProvider, properties: { Url: !Ref 'c.identity[0].oidc[0].issuer' } }
other: { kind: AWS::IAM::Role, properties: {} }
";
    let principal = |principal: &str| {
        let text = format!(
            "r: {{ kind: AWS::IAM::Role, properties: {{ AssumeRolePolicyDocument: {{ Statement: {{ Effect: Allow, Principal: {principal}, Action: 'sts:AssumeRole' }} }} }} }}{others}"
        );
        let list = Case::new(&text).fact("r", "iam.trust", &World::new());
        let first = list.elements().next().expect("a statement");
        table(
            &first.member("principals").expect("principals"),
            &["account", "own", "issuer"],
        )
        .join("; ")
    };
    for (written, expected) in [
        ("{ AWS: '111122223333' }", "111122223333 - none"),
        ("{ AWS: !Ref other.arn }", "? true none"),
        ("{ AWS: !Unknown arn }", "..."),
        ("{ AWS: 'arn:aws:iam::<account>:root' }", "? ? none"),
        (
            "{ AWS: 'arn:aws:iam::<data.aws_caller_identity.me.account_id>:root' }",
            "? true none",
        ),
        ("{ Federated: !Ref github.arn }", "- - github"),
        ("{ Federated: !Ref cluster.arn }", "- - eks"),
        ("{ Federated: !Ref elsewhere.arn }", "- - ?"),
        ("{ Service: ec2.amazonaws.com }", "- - none"),
    ] {
        assert_eq!(principal(written), expected, "{written}");
    }
}

#[test]
fn administrators_are_told_over_all_policies() {
    let admin = |properties: &str| {
        let text = format!("r:\n  kind: AWS::IAM::Role\n  properties: {{ {properties} }}\n");
        show(&Case::new(&text).fact("r", "iam.admin", &World::new()))
    };
    let all = "Policies: [{ PolicyDocument: { Statement: { Effect: Allow, Action: '*', Resource: '*' } } }]";
    for (properties, expected) in [
        (
            "ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']",
            "true",
        ),
        (
            "ManagedPolicyArns: ['arn:<p>:iam::aws:policy/AdministratorAccess']",
            "true",
        ),
        (
            "ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess']",
            "false",
        ),
        (
            "ManagedPolicyArns: ['arn:aws:iam::111122223333:policy/own']",
            "?",
        ),
        ("ManagedPolicyArns: !Unknown arns", "?"),
        ("", "false"),
        ("Policies: [{ PolicyDocument: !Unknown p }]", "?"),
        (
            &format!("{all}, PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess'"),
            "false",
        ),
        (
            &format!("{all}, PermissionsBoundary: 'arn:aws:iam::111122223333:policy/limit'"),
            "?",
        ),
        (
            &format!("{all}, PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess'"),
            "true",
        ),
        (all, "true"),
    ] {
        assert_eq!(admin(properties), expected, "{properties}");
    }
}

#[test]
fn attached_policies_have_names() {
    let text = "
r:
  kind: AWS::IAM::Role
  properties:
    ManagedPolicyArns:
      - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
      - arn:<p>:iam::aws:policy/AmazonEKSServicePolicy
      - arn:aws:iam::111122223333:policy/own
      - !Ref m.arn
      - !Ref d.arn
  links: { policies: [n] }
m: { kind: AWS::IAM::ManagedPolicy, properties: { ManagedPolicyName: written } }
n: { kind: AWS::IAM::ManagedPolicy, properties: { ManagedPolicyName: naming } }
d: { kind: data.aws_iam_policy, native_kind: data.aws_iam_policy, properties: { name: ViewOnlyAccess } }
";
    let list = Case::new(text).fact("r", "iam.attached", &World::new());
    assert_eq!(
        table(&list, &["name", "aws", "deprecated"]),
        [
            "AWSLambdaBasicExecutionRole true false",
            "AmazonEKSServicePolicy true true",
            "own false false",
            "written false false",
            "ViewOnlyAccess ? false",
            "naming false false",
        ]
    );
}

#[test]
fn resource_policies_are_public_unless_somebody_is_meant() {
    let policy = |statement: &str| {
        let text = format!(
            "r: {{ kind: AWS::ECR::Repository, properties: {{ RepositoryPolicyText: {{ Statement: {statement} }} }} }}"
        );
        let fact = Case::new(&text).fact("r", "policy", &World::new());
        let statements = fact.member("statements").expect("statements");
        table(&statements, &["anybody", "public", "narrow_by", "admin"]).join("; ")
    };
    for (statement, expected) in [
        (
            "{ Effect: Allow, Principal: '*', Action: 'ecr:*' }",
            "true true [] true",
        ),
        (
            "{ Effect: Allow, Principal: { AWS: ['*'] }, Action: 'ecr:BatchGetImage' }",
            "true true [] false",
        ),
        (
            "{ Effect: Deny, Principal: '*', Action: '*' }",
            "true false [] true",
        ),
        (
            "{ Effect: Allow, Principal: '*', Action: '*', Condition: { StringEquals: { aws:PrincipalOrgID: o-1 } } }",
            "true false [aws:principalorgid] true",
        ),
        (
            "{ Effect: Allow, Principal: '*', Action: '*', Condition: { Bool: { aws:SecureTransport: 'true' } } }",
            "true true [] true",
        ),
        (
            "{ Effect: Allow, Principal: { AWS: !Ref r.arn }, Action: '*' }",
            "false false [] true",
        ),
        (
            "{ Effect: Allow, Principal: !Unknown p, Action: '*' }",
            "? ? [] true",
        ),
        (
            "{ Effect: Allow, Principal: '*', Action: '*', Condition: !Unknown c }",
            "true ? [...] true",
        ),
    ] {
        assert_eq!(policy(statement), expected, "{statement}");
    }
}

#[test]
fn a_policy_is_present_where_it_or_its_resource_is() {
    let text = "
none: { kind: AWS::S3::Bucket, properties: {}, links: { policies: [] } }
some: { kind: AWS::S3::Bucket, properties: {}, links: { policies: [p] } }
perhaps: { kind: AWS::S3::Bucket, properties: {}, links: { policies: ['...'] } }
key: { kind: AWS::KMS::Key, properties: { KeyPolicy: !Unknown k } }
p:
  kind: AWS::S3::BucketPolicy
  exists: Strict
  properties: { PolicyDocument: { Statement: { Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: { Bool: { aws:SecureTransport: 'false' } } } } }
";
    let case = Case::new(text);
    let row = |address: &str, world: &World| {
        let fact = case.fact(address, "policy", world);
        let show = |name: &str| show(&fact.member(name).expect("always there"));
        format!("{} {}", show("present"), show("denies_plain_http"))
    };
    let open = World::new();
    assert_eq!(row("none", &open), "false false");
    assert_eq!(row("some", &when("Strict")), "true true");
    assert_eq!(row("some", &when("!Strict")), "false false");
    assert_eq!(row("some", &open), "? ?");
    assert_eq!(row("perhaps", &open), "? ?");
    assert_eq!(row("key", &open), "? ?");
    assert_eq!(row("p", &open), "true true");
}

#[test]
fn node_groups_take_the_version_of_their_cluster() {
    let text = "
c: { kind: AWS::EKS::Cluster, properties: { Version: '1.32' } }
n: { kind: AWS::EKS::Nodegroup, properties: {}, links: { cluster: [c] } }
u: { kind: AWS::EKS::Cluster, properties: { Version: !Unknown v } }
d: { kind: AWS::EKS::Cluster, properties: {} }
";
    let case = Case::new(text);
    let version = |address: &str| show(&case.fact(address, "eks.version", &World::new()));
    let expected = "{minor: 32, support: extended, until: 2027-03-23}";
    assert_eq!(version("c"), expected);
    assert_eq!(version("n"), expected);
    assert_eq!(version("u"), "?");
    assert_eq!(version("d"), "-");
}

#[test]
fn task_definitions_show_images_and_host_paths() {
    let text = "
t:
  kind: AWS::ECS::TaskDefinition
  properties:
    Volumes: [{ Name: docker, Host: { SourcePath: /var/run/docker.sock } }, { Name: tmp, Host: {} }, { Name: logs, Host: { SourcePath: /var/log } }]
    ContainerDefinitions:
      - { Name: web, Image: nginx, MountPoints: [{ SourceVolume: docker, ReadOnly: true }, { SourceVolume: logs }] }
      - { Name: app, Image: '<repo.repository_url>:1', MountPoints: [{ SourceVolume: docker, ReadOnly: true }] }
      - !If [Debug, { Name: spy, Image: !Unknown image, MountPoints: [{ SourceVolume: docker }] }, !Ref AWS.NoValue]
";
    let case = Case::new(text);
    let columns = ["container", "registry", "tag", "mutable", "public_hub"];
    let world = when("Debug");
    assert_eq!(
        table(&case.fact("t", "images", &world), &columns),
        [
            "web docker.io - true true",
            "app ? 1 true false",
            "spy ? ? ? ?"
        ]
    );
    let columns = ["host_path", "containers", "read_only_everywhere", "socket"];
    assert_eq!(
        table(&case.fact("t", "mounts", &world), &columns),
        [
            "/var/run/docker.sock [web, app, spy] false true",
            "/var/log [web] false false"
        ]
    );
}

#[test]
fn attributes_are_an_object_with_types() {
    let text = "
l:
  kind: AWS::ElasticLoadBalancingV2::LoadBalancer
  properties:
    LoadBalancerAttributes:
      - { Key: deletion_protection.enabled, Value: 'true' }
      - { Key: idle_timeout.timeout_seconds, Value: '60' }
      - { Key: access_logs.s3.bucket, Value: !Unknown bucket }
";
    let fact = Case::new(text).fact("l", "attributes", &World::new());
    assert_eq!(
        show(&fact),
        "{deletion_protection.enabled: true, idle_timeout.timeout_seconds: 60, access_logs.s3.bucket: ?}"
    );
}

#[test]
fn what_depends_on_the_deployment_is_one_text_unless_it_is_zones() {
    use crate::value::{Reason, Unknown};
    for (what, expected) in [
        ("AWS::Region", true),
        ("path.module", true),
        ("availability zones", false),
    ] {
        let unknown = Unknown::because(Reason::Environment(what.into())).into();
        assert_eq!(super::cases::names_something(&unknown), expected, "{what}");
    }
}

#[test]
fn zones_are_distinct_and_open_for_subnets_outside() {
    let text = "
a: { kind: AWS::EC2::Subnet, properties: { AvailabilityZone: eu-west-1a } }
b: { kind: AWS::EC2::Subnet, properties: { AvailabilityZone: eu-west-1a } }
c: { kind: AWS::EC2::Subnet, exists: Large, properties: { AvailabilityZone: eu-west-1c } }
d: { kind: AWS::EC2::Subnet, properties: { AvailabilityZone: !Ref 'data.z.names[0]' } }
e: { kind: AWS::EC2::Subnet, properties: { AvailabilityZone: !Ref 'data.z.names[1]' } }
one: { kind: AWS::EKS::Cluster, links: { subnets: [a, b] } }
two: { kind: AWS::EKS::Cluster, links: { subnets: [a, b, c] } }
looked: { kind: AWS::EKS::Cluster, links: { subnets: [d, e, d] } }
outside: { kind: AWS::EKS::Cluster, links: { subnets: [a, AWS::EC2::Subnet] } }
named: { kind: AWS::AutoScaling::AutoScalingGroup, properties: { AvailabilityZones: [eu-west-1a, eu-west-1b] } }
";
    let case = Case::new(text);
    let zones = |address: &str, world: &World| show(&case.fact(address, "zones", world));
    let open = World::new();
    assert_eq!(zones("one", &open), "[eu-west-1a]");
    assert_eq!(zones("two", &when("Large")), "[eu-west-1a, eu-west-1c]");
    assert_eq!(zones("two", &when("!Large")), "[eu-west-1a]");
    assert_eq!(zones("looked", &open), "[?, ?]");
    assert_eq!(zones("outside", &open), "[eu-west-1a, ...]");
    assert_eq!(zones("named", &open), "[eu-west-1a, eu-west-1b]");
}

#[test]
fn default_acls_are_read_in_terraform_s_words() {
    let text = "
n:
  kind: aws_default_network_acl
  properties:
    ingress:
      - { rule_no: 100, action: deny, protocol: tcp, from_port: 22, to_port: 22, cidr_block: 0.0.0.0/0 }
      - { rule_no: 100, action: allow, protocol: all, cidr_block: 0.0.0.0/0 }
      - { rule_no: !Unknown n, action: deny, protocol: tcp, from_port: 22, to_port: 22, cidr_block: 10.0.0.0/8 }
";
    let list = Case::new(text).fact("n", "network.acl", &World::new());
    assert_eq!(
        table(
            &list,
            &["number", "allow", "from_port", "shadowed_by", "duplicate"]
        ),
        ["100 false 22 - true", "100 true 0 - true", "? false 22 ? ?",]
    );
}

#[test]
fn ssh_restrictions_are_taken_apart() {
    for (written, expected) in [
        (
            "'tcp,22,22,0.0.0.0/0'",
            "{source: 0.0.0.0/0, reach: world, from_port: 22, to_port: 22}",
        ),
        (
            "'tcp, 22, 22, <office>/32'",
            "{source: ?/32, reach: ?private|scoped, from_port: 22, to_port: 22}",
        ),
        (
            "'tcp,22,22,sg-1'",
            "{source: sg-1, reach: group, from_port: 22, to_port: 22}",
        ),
        ("!Unknown x", "?"),
        ("nonsense", "?"),
        ("''", "-"),
    ] {
        let text = format!(
            "e: {{ kind: AWS::ElasticBeanstalk::Environment, properties: {{ OptionSettings: [{{ Namespace: 'aws:autoscaling:launchconfiguration', OptionName: SSHSourceRestriction, Value: {written} }}] }} }}"
        );
        let fact = Case::new(&text).fact("e", "ssh_source", &World::new());
        assert_eq!(show(&fact), expected, "{written}");
    }
}

#[test]
fn settings_from_a_small_set_of_texts_have_types() {
    let text = "
e:
  kind: AWS::ElasticBeanstalk::Environment
  properties:
    OptionSettings: [{ Namespace: 'aws:ec2:vpc', OptionName: AssociatePublicIpAddress, Value: !If [Public, 'true', 'false'] }]
";
    let settings = Case::new(text).fact("e", "settings", &when("Public"));
    let vpc = settings.member("aws:ec2:vpc").expect("set");
    let public = vpc.member("AssociatePublicIpAddress").expect("set");
    assert_eq!(public.as_bool(), Some(true));
}

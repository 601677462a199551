//! The vocabulary at work: stacks of either language in, canonical documents out.

use onus::declared::Language;
use onus::diagnostic::Level;
use onus::jsonpath::{Item, Node, Query, select};
use onus::model::document::{Context, root};
use onus::model::{Derive, LinkTarget, Model, ResourceId, Vocabulary, normalize};
use onus::project::{Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Certainty, Data, Members, Value, World};
use onus::{cloudformation, terraform};

struct NoFacts;

impl Derive for NoFacts {
    fn fact(&self, _: &Model, _: ResourceId, _: &str, _: &World) -> Option<Value> {
        None
    }
}

fn load(language: Language, text: &str) -> (Model, SourceMap, Vec<String>) {
    let sources = SourceMap::new();
    let (path, stack) = match language {
        Language::Terraform => ("main.tf", "."),
        Language::CloudFormation => ("template.yaml", "template.yaml"),
    };
    let files = MemoryFiles::new([(path, text)]);
    let stack = Stack {
        language,
        path: stack.into(),
    };
    let declared = match language {
        Language::Terraform => terraform::load(&files, &sources, &stack, &Inputs::default()),
        Language::CloudFormation => {
            cloudformation::load(&files, &sources, &stack, &Inputs::default())
        }
    };
    // Examples leave out what the provider needs and rules do not.
    let is_left_out = |code: &str| matches!(code, "missing_argument" | "missing_block");
    let wrong: Vec<_> = declared
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level != Level::Note && !is_left_out(diagnostic.code))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let types: Vec<_> = declared
        .resources
        .iter()
        .map(|resource| resource.native_kind.clone())
        .collect();
    let vocabulary = Vocabulary::builtin_for(types.iter().map(|name| &**name));
    let (model, diagnostics) = normalize(declared, vocabulary);
    let said = diagnostics.into_iter().map(|d| d.message).collect();
    (model, sources, said)
}

fn hcl(text: &str) -> Model {
    load(Language::Terraform, text).0
}

fn yaml(text: &str) -> Model {
    load(Language::CloudFormation, text).0
}

/// A value in a line: `?` for what is unknown, `~` before defaults, `a|b` for alternatives, `…` where more may follow.
fn show(value: &Value) -> String {
    let mark = if value.origin.is_default { "~" } else { "" };
    match &value.data {
        Data::Null(_) => "null".to_owned(),
        Data::Bool(truth) => format!("{mark}{truth}"),
        Data::Number(number) => format!("{mark}{number}"),
        Data::Text(text) => format!("{mark}{:?}", text.to_string()),
        Data::List(list) => {
            let mut items: Vec<String> = list.items().iter().map(show).collect();
            items.extend(list.more().map(|_| "…".to_owned()));
            format!("{mark}[{}]", items.join(", "))
        }
        Data::Object(object) => {
            let mut members: Vec<String> = object
                .members()
                .iter()
                .map(|(name, member)| format!("{name}: {}", show(&member.value)))
                .collect();
            members.extend(object.more().map(|_| "…".to_owned()));
            format!("{mark}{{{}}}", members.join(", "))
        }
        Data::Unknown(unknown) => match &unknown.reference {
            Some(reference) => format!("?{}.{}", reference.address, reference.attribute),
            None => "?".to_owned(),
        },
        Data::Choice(alternatives) => {
            let alternatives: Vec<String> = alternatives.iter().map(|a| show(&a.value)).collect();
            alternatives.join("|")
        }
    }
}

fn document<T>(model: &Model, id: ResourceId, read: impl FnOnce(&Node<'_>) -> T) -> T {
    let options = Value::object(Members::default(), onus::source::Span::NONE);
    let context = Context {
        model,
        derive: &NoFacts,
        options: &options,
    };
    read(&root(&context, id))
}

/// What a query selects on the resource of a kind (the first one), in a world.
fn ask_in(model: &Model, kind: &str, query: &str, world: &World) -> String {
    let Some(&id) = model.of_kind(kind).first() else {
        return format!("no {kind}");
    };
    let query = Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error:?}"));
    document(model, id, |root| {
        let selection = select(&query, root, world);
        let mut found: Vec<String> = Vec::new();
        for node in &selection.nodes {
            // The tail after the last list is walked as rules walk it.
            for alternative in onus::jsonpath::expect(&query, node, world).alternatives {
                let (shown, certainty) = match alternative {
                    Ok(node) => (
                        match &node.item {
                            Item::Value(value) => show(value),
                            Item::Branch(branch) => branch.value().map_or("-".into(), show),
                            Item::Targets(_) => "targets".to_owned(),
                        },
                        node.certainty,
                    ),
                    Err(_) => ("nothing".to_owned(), node.certainty),
                };
                let mark = if certainty == Certainty::Unsure {
                    "?:"
                } else {
                    ""
                };
                found.push(format!("{mark}{shown}"));
            }
        }
        found.extend(selection.open.map(|_| "…".to_owned()));
        found.join(" ")
    })
}

fn ask(model: &Model, kind: &str, query: &str) -> String {
    ask_in(model, kind, query, &World::new())
}

/// Where a link leads, by address; ghosts in brackets, possible ones with a question mark.
fn linked(model: &Model, address: &str, name: &str) -> String {
    let id = *model
        .at_address(address)
        .first()
        .unwrap_or_else(|| panic!("nothing at {address}"));
    let Some(links) = model.resource(id).links.get(name) else {
        return "none".to_owned();
    };
    let mut shown: Vec<String> = links
        .targets
        .iter()
        .map(|link| {
            let target = match &link.target {
                LinkTarget::Resource(id) => model.resource(*id).address.to_string(),
                LinkTarget::Ghost(kind) => format!("[{kind}]"),
            };
            let mark = if link.is_possible { "?" } else { "" };
            format!("{target}{mark}")
        })
        .collect();
    shown.extend(links.more.as_ref().map(|_| "…".to_owned()));
    shown.join(" ")
}

const CLUSTER_HCL: &str = r#"
resource "aws_iam_role" "r" {
  name               = "eks"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_eks_cluster" "c" {
  name     = "prod"
  version  = 1.31
  role_arn = aws_iam_role.r.arn
  enabled_cluster_log_types = ["api", "audit"]
  encryption_config {
    resources = ["secrets"]
    provider { key_arn = "arn:aws:kms:eu-central-1:111122223333:key/k" }
  }
  vpc_config {
    endpoint_public_access = "true"
    public_access_cidrs    = []
    subnet_ids             = ["subnet-1", "subnet-2"]
  }
  tags = { Team = "a" }
}
"#;

const CLUSTER_YAML: &str = r#"
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: eks
      AssumeRolePolicyDocument: { Version: "2012-10-17", Statement: [] }
  C:
    Type: AWS::EKS::Cluster
    Properties:
      Name: prod
      Version: 1.31
      RoleArn: !GetAtt R.Arn
      Logging: { ClusterLogging: { EnabledTypes: [ { Type: api }, { Type: audit } ] } }
      EncryptionConfig:
        - Resources: [secrets]
          Provider: { KeyArn: "arn:aws:kms:eu-central-1:111122223333:key/k" }
      ResourcesVpcConfig:
        EndpointPublicAccess: "true"
        PublicAccessCidrs: []
        SubnetIds: [subnet-1, subnet-2]
      Tags: [ { Key: Team, Value: a } ]
"#;

#[test]
fn default_tags_of_the_provider_are_tags_of_its_resources() {
    let model = hcl(r#"
        provider "aws" {
          region = "eu-west-1"
          default_tags {
            tags = { Team = "a", Env = "dev" }
          }
        }
        resource "aws_vpc" "own" {
          cidr_block = "10.0.0.0/16"
          tags       = { Env = "prod" }
        }
        resource "aws_vpc" "none" {
          cidr_block = "10.1.0.0/16"
        }
    "#);
    for (address, expected) in [
        (
            "aws_vpc.own",
            r#"[{Key: "Team", Value: "a"}, {Key: "Env", Value: "prod"}]"#,
        ),
        (
            "aws_vpc.none",
            r#"[{Key: "Team", Value: "a"}, {Key: "Env", Value: "dev"}]"#,
        ),
        ("provider.aws", r#""eu-west-1""#),
    ] {
        let resource = model.resources().iter().find(|r| &*r.address == address);
        let resource = resource.expect("it is declared");
        let member = match address {
            "provider.aws" => {
                assert_eq!(&*resource.kind, "Code::AwsProvider");
                "Region"
            }
            _ => "Tags",
        };
        let value = resource.properties.member(member).expect("it is known");
        assert_eq!(show(&value), expected, "{address}");
    }
}

#[test]
fn one_cluster_is_the_same_in_both_languages() {
    let (terraform, cloudformation) = (hcl(CLUSTER_HCL), yaml(CLUSTER_YAML));
    let kind = "AWS::EKS::Cluster";
    for (query, expected) in [
        ("$.Name", r#""prod""#),
        ("$.Version", r#""1.31""#),
        ("$.ResourcesVpcConfig.EndpointPublicAccess", "true"),
        ("$.ResourcesVpcConfig.EndpointPrivateAccess", "~false"),
        (
            "$.ResourcesVpcConfig.PublicAccessCidrs",
            r#"~[~"0.0.0.0/0"]"#,
        ),
        (
            "$.ResourcesVpcConfig.SubnetIds[*]",
            r#""subnet-1" "subnet-2""#,
        ),
        (
            "$.Logging.ClusterLogging.EnabledTypes[*].Type",
            r#""api" "audit""#,
        ),
        (
            "$.EncryptionConfig[*].Provider.KeyArn",
            r#""arn:aws:kms:eu-central-1:111122223333:key/k""#,
        ),
        ("$.EncryptionConfig[*].Resources[*]", r#""secrets""#),
        ("$.AccessConfig.AuthenticationMode", r#"~"CONFIG_MAP""#),
        ("$.UpgradePolicy.SupportType", r#"~"EXTENDED""#),
        ("$.OutpostConfig", "nothing"),
        ("$.Tags[*]", r#"{Key: "Team", Value: "a"}"#),
        ("$.links.role[*].RoleName", r#""eks""#),
        ("$.links.role[*].links.eks_clusters[*].Name", r#""prod""#),
        ("$.links.subnets[*].MapPublicIpOnLaunch", "?:? ?:?"),
        ("$.meta.kind", r#""AWS::EKS::Cluster""#),
    ] {
        assert_eq!(ask(&terraform, kind, query), expected, "terraform {query}");
        assert_eq!(
            ask(&cloudformation, kind, query),
            expected,
            "cloudformation {query}"
        );
    }
}

#[test]
fn directives_in_terraform() {
    for (text, kind, query, expected) in [
        // Absent blocks: no defaults inside, unless the object itself has one.
        (
            r#"resource "aws_ecs_task_definition" "t" {
                 family = "f"
                 container_definitions = "[]"
                 volume {
                   name = "v"
                 }
                 volume {
                   name = "e"
                   efs_volume_configuration { file_system_id = "fs-1" }
                 }
               }"#,
            "AWS::ECS::TaskDefinition",
            "$.Volumes[*].EFSVolumeConfiguration.TransitEncryption",
            r#"nothing ~"DISABLED""#,
        ),
        // `values`: Terraform's truth is CloudFormation's word.
        (
            r#"resource "aws_lb" "l" { internal = true }"#,
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "$.Scheme",
            r#""internal""#,
        ),
        (
            r#"resource "aws_lb" "l" {}"#,
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "$.Scheme",
            r#"~"internet-facing""#,
        ),
        // Constants: entries keyed by a name, with and without a written value.
        (
            r#"resource "aws_lb" "l" { enable_deletion_protection = true }"#,
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "$.LoadBalancerAttributes[?@.Key == 'deletion_protection.enabled' || @.Key == 'waf.fail_open.enabled'].Value",
            r#""true" ~"false""#,
        ),
        // JSON in a string, keys with a capital, but not those of maps.
        (
            r#"resource "aws_ecs_task_definition" "t" {
                 family = "f"
                 container_definitions = <<-JSON
                   [{ "name": "web", "privileged": "true", "cpu": "10",
                      "dockerLabels": { "a": "b" }, "logConfiguration": { "options": { "awslogs-group": "g" } } }]
                 JSON
               }"#,
            "AWS::ECS::TaskDefinition",
            "$.ContainerDefinitions[*]['Name','Privileged','Cpu','DockerLabels','LogConfiguration','ReadonlyRootFilesystem']",
            r#""web" true 10 {a: "b"} {Options: {awslogs-group: "g"}} ~false"#,
        ),
        (
            r#"resource "aws_ecs_task_definition" "t" {
                 family = "f"
                 container_definitions = jsonencode([{ name = "web", memory = 5 }])
               }"#,
            "AWS::ECS::TaskDefinition",
            "$.ContainerDefinitions[*]['Name','Memory']",
            r#""web" 5"#,
        ),
        // Base64 or plain text.
        (
            r#"resource "aws_instance" "i" { user_data_base64 = "IyEvYmluL3NoCmVjaG8gaGkK" }"#,
            "AWS::EC2::Instance",
            "$.UserData",
            r##""#!/bin/sh\necho hi\n""##,
        ),
        (
            r##"resource "aws_instance" "i" { user_data = "#!/bin/sh" }"##,
            "AWS::EC2::Instance",
            "$.views.machine.UserData",
            r##""#!/bin/sh""##,
        ),
        // The first path that is written; empty strings are not.
        (
            r#"resource "aws_flow_log" "f" {
                 subnet_id = "subnet-1"
                 vpc_id    = ""
               }"#,
            "AWS::EC2::FlowLog",
            "$.ResourceId",
            r#""subnet-1""#,
        ),
        // `upper` and `lower`.
        (
            r#"resource "aws_flow_log" "f" {
                 vpc_id       = "vpc-1"
                 traffic_type = "all"
               }"#,
            "AWS::EC2::FlowLog",
            "$.TrafficType",
            r#""ALL""#,
        ),
        // `spread`: an element for each source, and one for the group itself.
        (
            r#"resource "aws_security_group" "g" {
                 ingress {
                   protocol         = "TCP"
                   from_port        = "22"
                   to_port          = 22
                   cidr_blocks      = ["10.0.0.0/8", "0.0.0.0/0"]
                   ipv6_cidr_blocks = ["::/0"]
                   self             = true
                 }
               }"#,
            "AWS::EC2::SecurityGroup",
            "$.SecurityGroupIngress[*]",
            concat!(
                r#"{IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIp: "10.0.0.0/8"} "#,
                r#"{IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIp: "0.0.0.0/0"} "#,
                r#"{IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIpv6: "::/0"} "#,
                r#"{IpProtocol: "tcp", FromPort: 22, ToPort: 22, SourceSecurityGroupId: ?aws_security_group.g.id}"#,
            ),
        ),
        // An unknown list: perhaps one, perhaps more.
        (
            r#"variable "cidrs" { type = list(string) }
               resource "aws_security_group" "g" {
                 ingress {
                   protocol    = "tcp"
                   from_port   = 22
                   to_port     = 22
                   cidr_blocks = var.cidrs
                 }
               }"#,
            "AWS::EC2::SecurityGroup",
            "$.SecurityGroupIngress[*].CidrIp",
            "?:? …",
        ),
        // One value where Terraform keeps a set.
        (
            r#"resource "aws_network_interface" "n" {
                 subnet_id   = "subnet-1"
                 private_ips = ["10.0.0.5"]
               }"#,
            "AWS::EC2::NetworkInterface",
            "$.PrivateIpAddress",
            r#""10.0.0.5""#,
        ),
        // A list of one.
        (
            r#"resource "aws_iam_instance_profile" "p" { role = "app" }"#,
            "AWS::IAM::InstanceProfile",
            "$.Roles[*]",
            r#""app""#,
        ),
        // Unknown stays unknown, also where there is a default.
        (
            r#"variable "open" {}
               resource "aws_eks_cluster" "c" {
                 role_arn = "r"
                 vpc_config { endpoint_public_access = var.open }
               }"#,
            "AWS::EKS::Cluster",
            "$.ResourcesVpcConfig.EndpointPublicAccess",
            "?",
        ),
        // null is as if not written.
        (
            r#"resource "aws_eks_cluster" "c" {
                 role_arn = "r"
                 vpc_config { endpoint_public_access = null }
               }"#,
            "AWS::EKS::Cluster",
            "$.ResourcesVpcConfig.EndpointPublicAccess",
            "~true",
        ),
        // What only Terraform can say.
        (
            r#"resource "aws_instance" "i" {}"#,
            "AWS::EC2::Instance",
            "$.native.get_password_data",
            "~false",
        ),
        // A type without an entry keeps its words.
        (
            r#"resource "aws_made_up" "m" {
                 some_list { a = 1 }
               }"#,
            "aws_made_up",
            "$.some_list[*].a",
            "1",
        ),
    ] {
        assert_eq!(ask(&hcl(text), kind, query), expected, "{query} of {text}");
    }
}

#[test]
fn directives_in_cloudformation() {
    for (properties, kind, query, expected) in [
        (
            r#"{ AllocationId: x, Scheme: internal }"#,
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "$.LoadBalancerAttributes[?@.Key == 'idle_timeout.timeout_seconds'].Value",
            r#"~"60""#,
        ),
        (
            r#"{ LoadBalancerAttributes: [ { Key: idle_timeout.timeout_seconds, Value: 5 } ] }"#,
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "$.LoadBalancerAttributes[?@.Key == 'idle_timeout.timeout_seconds'].Value",
            r#""5""#,
        ),
        (
            r#"{ UserData: !Base64 "echo hi" }"#,
            "AWS::EC2::Instance",
            "$.UserData",
            r#""echo hi""#,
        ),
        (
            r#"{ PolicyDocument: '{"Statement": [{"Effect": "Allow"}]}' }"#,
            "AWS::IAM::Policy",
            "$.PolicyDocument.Statement[*].Effect",
            r#""Allow""#,
        ),
        (
            r#"{ BlockDeviceMappings: [ { DeviceName: a, Ebs: { Encrypted: "false", VolumeSize: "8" } } ] }"#,
            "AWS::EC2::Instance",
            "$.BlockDeviceMappings[*].Ebs['Encrypted','VolumeSize','DeleteOnTermination']",
            "false 8",
        ),
        (
            r#"{ ContainerDefinitions: [ { Name: a, Essential: "no such" } ] }"#,
            "AWS::ECS::TaskDefinition",
            "$.ContainerDefinitions[*]['Essential','Privileged']",
            r#""no such" ~false"#,
        ),
        (
            r#"{ MapPublicIpOnLaunch: !Ref AWS::NoValue }"#,
            "AWS::EC2::Subnet",
            "$.MapPublicIpOnLaunch",
            "~false",
        ),
        (
            r#"{ TrafficType: Reject, MadeUp: 1 }"#,
            "AWS::EC2::FlowLog",
            "$['TrafficType','MadeUp']",
            r#""REJECT" 1"#,
        ),
    ] {
        let text = format!("Resources:\n  X:\n    Type: {kind}\n    Properties: {properties}\n");
        assert_eq!(
            ask(&yaml(&text), kind, query),
            expected,
            "{query} of {properties}"
        );
    }
}

#[test]
fn conditions_stay_together_through_worlds() {
    let model = yaml(
        r#"
Parameters: { Open: { Type: String, AllowedValues: ["yes", "no"] } }
Conditions: { IsOpen: !Equals [ !Ref Open, "yes" ] }
Resources:
  C:
    Type: AWS::EKS::Cluster
    Properties:
      ResourcesVpcConfig:
        EndpointPublicAccess: !If [ IsOpen, "false", !Ref AWS::NoValue ]
        PublicAccessCidrs: !If [ IsOpen, [ 10.0.0.0/8 ], [] ]
"#,
    );
    let kind = "AWS::EKS::Cluster";
    let world = World::new();
    ask_in(
        &model,
        kind,
        "$.ResourcesVpcConfig.PublicAccessCidrs[*]",
        &world,
    );
    let met = world.take_met();
    assert_eq!(met.len(), 1, "{met:?}");
    for (truth, access, cidrs) in [
        (true, "false", r#""10.0.0.0/8""#),
        (false, "~true", r#"~"0.0.0.0/0""#),
    ] {
        let world = World::new().with(&met[0], truth).expect("possible");
        let asked = |query: &str| ask_in(&model, kind, query, &world);
        assert_eq!(asked("$.ResourcesVpcConfig.EndpointPublicAccess"), access);
        assert_eq!(asked("$.ResourcesVpcConfig.PublicAccessCidrs[*]"), cidrs);
    }
}

#[test]
fn satellites_fill_their_owners() {
    let model = hcl(r#"
resource "aws_iam_role" "r" {
  name                = "app"
  managed_policy_arns = ["arn:aws:iam::aws:policy/A"]
  assume_role_policy  = "{}"
}
resource "aws_iam_role_policy_attachment" "by_reference" {
  role       = aws_iam_role.r.name
  policy_arn = "arn:aws:iam::aws:policy/B"
}
resource "aws_iam_role_policy_attachment" "by_name" {
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/C"
}
resource "aws_iam_policy" "own" { policy = "{}" }
resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.r.id
  policy_arn = aws_iam_policy.own.arn
}
resource "aws_iam_role_policy_attachment" "elsewhere" {
  role       = "other"
  policy_arn = "arn:aws:iam::aws:policy/D"
}
resource "aws_efs_file_system" "f" {}
resource "aws_efs_backup_policy" "b" {
  file_system_id = aws_efs_file_system.f.id
  backup_policy { status = "ENABLED" }
}
"#);
    let role = "AWS::IAM::Role";
    assert_eq!(
        ask(&model, role, "$.ManagedPolicyArns[*]"),
        r#""arn:aws:iam::aws:policy/A" "arn:aws:iam::aws:policy/B" "arn:aws:iam::aws:policy/C" ?aws_iam_policy.own.arn"#
    );
    assert_eq!(
        ask(&model, "AWS::EFS::FileSystem", "$.BackupPolicy.Status"),
        r#""ENABLED""#
    );
    let outside = model.at_address("aws_iam_role_policy_attachment.elsewhere");
    let shown: Vec<String> = outside
        .iter()
        .map(|id| model.resource(*id))
        .filter(|resource| &*resource.kind == role)
        .map(|resource| show(&resource.properties))
        .collect();
    assert_eq!(
        shown,
        [r#"{ManagedPolicyArns: ["arn:aws:iam::aws:policy/D"], …}"#]
    );
}

#[test]
fn each_value_keeps_its_place() {
    let text = r#"resource "aws_efs_file_system" "f" {}
resource "aws_efs_backup_policy" "b" {
  file_system_id = aws_efs_file_system.f.id
  backup_policy { status = "DISABLED" }
}
resource "aws_ecs_task_definition" "t" {
  family = "f"
  container_definitions = <<JSON
[ { "name": "web",
    "privileged": true } ]
JSON
}
"#;
    let (model, sources, _) = load(Language::Terraform, text);
    for (kind, query, place) in [
        (
            "AWS::EFS::FileSystem",
            "$.BackupPolicy.Status",
            "main.tf:4:28",
        ),
        ("AWS::EFS::FileSystem", "$.Encrypted", "main.tf:1:1"),
        (
            "AWS::ECS::TaskDefinition",
            "$.ContainerDefinitions[0].Privileged",
            "main.tf:10:19",
        ),
    ] {
        let id = model.of_kind(kind)[0];
        let query = Query::parse(query).expect("a query");
        let found = document(&model, id, |root| {
            let world = World::new();
            let selection = select(&query, root, &world);
            let node = onus::jsonpath::expect(&query, &selection.nodes[0], &world)
                .alternatives
                .remove(0);
            node.map(|node| node.trace.place).ok()
        });
        assert_eq!(
            sources.describe(found.expect("it is there")),
            place,
            "{kind}"
        );
    }
}

#[test]
fn links_lead_both_ways() {
    let model = hcl(r#"
variable "cluster" {}
data "aws_eks_cluster" "d" { name = "x" }
resource "aws_eks_cluster" "c" {
  name     = "prod"
  role_arn = "arn:aws:iam::111122223333:role/outside"
  vpc_config { subnet_ids = aws_subnet.s[*].id }
}
resource "aws_subnet" "s" {
  count  = 2
  vpc_id = aws_vpc.v.id
}
resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
resource "aws_eks_node_group" "by_name" {
  cluster_name  = "prod"
  node_role_arn = "${aws_iam_role.r.arn}"
  subnet_ids    = [aws_subnet.s[0].id]
}
resource "aws_eks_node_group" "by_reference" {
  cluster_name  = aws_eks_cluster.c.name
  node_role_arn = "arn:aws:iam::111122223333:role/path/app"
  subnet_ids    = []
}
resource "aws_eks_node_group" "looked_up" {
  cluster_name  = data.aws_eks_cluster.d.name
  node_role_arn = ""
  subnet_ids    = []
}
resource "aws_iam_role" "r" {
  name               = "app"
  assume_role_policy = "{}"
}
resource "aws_eks_addon" "a" {
  cluster_name = var.cluster
  addon_name   = "vpc-cni"
}
output "vpc" { value = aws_vpc.v.id }
resource "aws_flow_log" "f" { vpc_id = aws_vpc.v.id }
resource "aws_flow_log" "g" { subnet_id = "subnet-0123" }
"#);
    for (address, name, expected) in [
        ("aws_eks_cluster.c", "role", "[AWS::IAM::Role]"),
        (
            "aws_eks_cluster.c",
            "subnets",
            "aws_subnet.s[0] aws_subnet.s[1]",
        ),
        (
            "aws_eks_cluster.c",
            "node_groups",
            "aws_eks_node_group.by_name aws_eks_node_group.by_reference",
        ),
        // A variable without value may name any cluster.
        ("aws_eks_cluster.c", "addons", "…"),
        ("aws_eks_addon.a", "cluster", "[AWS::EKS::Cluster]?"),
        (
            "aws_eks_node_group.looked_up",
            "cluster",
            "[AWS::EKS::Cluster]",
        ),
        ("aws_eks_node_group.looked_up", "role", "none"),
        ("aws_eks_node_group.by_reference", "role", "aws_iam_role.r"),
        (
            "aws_iam_role.r",
            "eks_node_groups",
            "aws_eks_node_group.by_name aws_eks_node_group.by_reference",
        ),
        ("aws_vpc.v", "subnets", "aws_subnet.s[0] aws_subnet.s[1]"),
        (
            "aws_vpc.v",
            "referrers",
            "aws_subnet.s[0] aws_subnet.s[1] aws_flow_log.f output.vpc",
        ),
        ("aws_vpc.v", "flow_logs", "aws_flow_log.f"),
        // One property, several kinds: what is another kind's is not looked for outside.
        ("aws_flow_log.f", "vpc", "aws_vpc.v"),
        ("aws_flow_log.f", "subnet", "none"),
        ("aws_flow_log.g", "vpc", "none"),
        ("aws_flow_log.g", "subnet", "[AWS::EC2::Subnet]"),
        ("aws_subnet.s[0]", "flow_logs", "none"),
    ] {
        assert_eq!(linked(&model, address, name), expected, "{address} {name}");
    }
    assert_eq!(ask(&model, "AWS::EC2::Subnet", "$.links.flow_logs[*]"), "");
    // Everything about what is outside is unknown.
    let cluster = "AWS::EKS::Cluster";
    for query in [
        "$.links.role[*].MaxSessionDuration",
        "$.links.role[*].facts.iam.admin",
        "$.links.role[*].native.x",
    ] {
        assert_eq!(ask(&model, cluster, query), "?:?", "{query}");
    }
    assert_eq!(
        ask(&model, cluster, "$.links.role[*].links.eks_clusters[*]"),
        "…"
    );
}

#[test]
fn one_block_makes_several_resources() {
    let model = hcl(r#"
resource "aws_security_group" "g" { name = "g" }
resource "aws_security_group_rule" "r" {
  type              = "ingress"
  security_group_id = aws_security_group.g.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = ["10.0.0.0/8", "0.0.0.0/0"]
}
resource "aws_route_table" "t" {
  vpc_id = "vpc-1"
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.i.id
  }
}
resource "aws_internet_gateway" "i" { vpc_id = "vpc-1" }
"#);
    assert_eq!(model.of_kind("AWS::EC2::SecurityGroupIngress").len(), 2);
    assert_eq!(model.of_kind("AWS::EC2::SecurityGroupEgress").len(), 0);
    for (kind, query, expected) in [
        (
            "AWS::EC2::SecurityGroup",
            "$.links.ingress_rules[*].CidrIp",
            r#""10.0.0.0/8" "0.0.0.0/0""#,
        ),
        (
            "AWS::EC2::RouteTable",
            "$.links.routes[*].DestinationCidrBlock",
            r#""0.0.0.0/0""#,
        ),
        (
            "AWS::EC2::Route",
            "$.meta.address",
            r#""aws_route_table.t.route[0]""#,
        ),
        (
            "AWS::EC2::Route",
            "$.links.internet_gateway[*].links.attachments[*].VpcId",
            r#""vpc-1""#,
        ),
    ] {
        assert_eq!(ask(&model, kind, query), expected, "{query}");
    }
}

#[test]
fn account_wide_settings_are_found_anywhere() {
    let model = hcl(r#"
resource "aws_ebs_volume" "v" {
  availability_zone = "eu-central-1a"
  size              = 8
}
resource "aws_ebs_encryption_by_default" "e" {}
"#);
    assert_eq!(
        ask(
            &model,
            "AWS::EC2::Volume",
            "$.links.default_encryption[*].enabled"
        ),
        "~true"
    );
}

#[test]
fn kubernetes_objects_are_one_kind_however_they_are_written() {
    let plain = r#"
resource "kubernetes_deployment_v1" "d" {
  metadata { name = "web" }
  spec {
    template {
      spec {
        host_pid = "true"
        container {
          name  = "app"
          image = "nginx"
          security_context {
            privileged = true
            capabilities { drop = ["ALL"] }
          }
        }
        volume {
          name = "v"
          host_path { path = "/" }
        }
      }
    }
  }
}
"#;
    let manifest = r#"
resource "kubernetes_manifest" "d" {
  manifest = yamldecode(<<-YAML
    apiVersion: apps/v1
    kind: Deployment
    metadata: { name: web, labels: { app: x } }
    spec:
      template:
        spec:
          hostPID: true
          containers:
            - name: app
              image: nginx
              securityContext: { privileged: true, capabilities: { drop: [ALL] } }
          volumes: [ { name: v, hostPath: { path: / } } ]
  YAML
  )
}
"#;
    for text in [plain, manifest] {
        let model = hcl(text);
        for (query, expected) in [
            ("$.Metadata.Name", r#""web""#),
            ("$.views.pod.HostPID", "true"),
            ("$.views.pod.AutomountServiceAccountToken", "~true"),
            ("$.views.pod.Containers[*].Image", r#""nginx""#),
            (
                "$.views.pod['Containers','InitContainers'][*].SecurityContext.Privileged",
                "true",
            ),
            (
                "$.views.pod.Containers[*].SecurityContext.Capabilities.Drop[*]",
                r#""ALL""#,
            ),
            ("$.views.pod.Volumes[*].HostPath.Path", r#""/""#),
        ] {
            assert_eq!(
                ask(&model, "Kubernetes::Deployment", query),
                expected,
                "{query} of {text}"
            );
        }
    }
    // The user's own keys keep their spelling.
    let labels = ask(
        &hcl(manifest),
        "Kubernetes::Deployment",
        "$.Metadata.Labels",
    );
    assert_eq!(labels, r#"{app: "x"}"#);
}

#[test]
fn whose_satellite_it_is_is_not_guessed() {
    let model = hcl(r#"
variable "role" {}
resource "aws_iam_role" "a" {
  name               = "a"
  assume_role_policy = "{}"
}
resource "aws_iam_role_policy_attachment" "x" {
  role       = var.role
  policy_arn = "arn:aws:iam::aws:policy/X"
}
"#);
    let found: Vec<String> = model
        .of_kind("AWS::IAM::Role")
        .iter()
        .map(|id| show(&model.resource(*id).properties))
        .filter(|shown| shown.contains("policy/X"))
        .collect();
    assert_eq!(
        found,
        [r#"{ManagedPolicyArns: ["arn:aws:iam::aws:policy/X"], …}"#]
    );
    // The role of the code may be the one that is meant: what is attached to it is not wholly known.
    assert_eq!(ask(&model, "AWS::IAM::Role", "$.ManagedPolicyArns[*]"), "…");
}

#[test]
fn conditional_satellites_fill_conditionally() {
    let model = hcl(r#"
variable "backup" { type = bool }
resource "aws_efs_file_system" "f" {}
resource "aws_efs_backup_policy" "b" {
  count          = var.backup ? 1 : 0
  file_system_id = aws_efs_file_system.f.id
  backup_policy { status = "ENABLED" }
}
"#);
    let world = World::new();
    let kind = "AWS::EFS::FileSystem";
    ask_in(&model, kind, "$.BackupPolicy.Status", &world);
    let met = world.take_met();
    assert_eq!(met.len(), 1, "{met:?}");
    for (truth, expected) in [(true, r#""ENABLED""#), (false, r#"~"DISABLED""#)] {
        let world = World::new().with(&met[0], truth).expect("possible");
        assert_eq!(
            ask_in(&model, kind, "$.BackupPolicy.Status", &world),
            expected
        );
    }
}

#[test]
fn two_writers_of_one_property_are_named() {
    let (_, _, said) = load(
        Language::Terraform,
        r#"
resource "aws_kms_key" "k" { policy = "{}" }
resource "aws_kms_key_policy" "p" {
  key_id = aws_kms_key.k.id
  policy = "{}"
}
"#,
    );
    assert_eq!(
        said,
        ["`aws_kms_key.k` and `aws_kms_key_policy.p` both set `KeyPolicy`; the former counts here"]
    );
}

#[test]
fn names_with_the_same_unknown_part_agree() {
    let model = hcl(r#"
variable "name" {}
resource "aws_eks_cluster" "c" {
  name     = "${var.name}-cluster"
  role_arn = "r"
  vpc_config { subnet_ids = [] }
}
resource "aws_eks_addon" "a" {
  cluster_name = "${var.name}-cluster"
  addon_name   = "vpc-cni"
}
resource "aws_eks_addon" "b" {
  cluster_name = "${var.name}-other"
  addon_name   = "vpc-cni"
}
"#);
    assert_eq!(
        linked(&model, "aws_eks_addon.a", "cluster"),
        "aws_eks_cluster.c"
    );
    assert_eq!(
        linked(&model, "aws_eks_addon.b", "cluster"),
        "[AWS::EKS::Cluster]"
    );
    assert_eq!(
        linked(&model, "aws_eks_cluster.c", "addons"),
        "aws_eks_addon.a"
    );
}

#[test]
fn aliases_of_keys_and_names_of_images_are_followed() {
    let model = hcl(r#"
resource "aws_kms_key" "k" {}
resource "aws_kms_alias" "a" {
  name          = "alias/app"
  target_key_id = aws_kms_key.k.key_id
}
resource "aws_ebs_volume" "by_reference" {
  availability_zone = "a"
  kms_key_id        = aws_kms_alias.a.arn
}
resource "aws_ebs_volume" "by_name" {
  availability_zone = "a"
  kms_key_id        = "alias/app"
}
resource "aws_ecr_repository" "r" { name = "team/app" }
resource "aws_ecs_task_definition" "t" {
  family = "f"
  container_definitions = jsonencode([
    { name = "a", image = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/team/app:1" },
    { name = "b", image = "nginx:latest" },
  ])
}
"#);
    for (address, name, expected) in [
        ("aws_ebs_volume.by_reference", "key", "aws_kms_key.k"),
        ("aws_ebs_volume.by_name", "key", "aws_kms_key.k"),
        (
            "aws_ecs_task_definition.t",
            "repositories",
            "aws_ecr_repository.r",
        ),
    ] {
        assert_eq!(linked(&model, address, name), expected, "{address} {name}");
    }
}

#[test]
fn inputs_and_outputs_are_kinds_too() {
    let model = hcl(r#"
variable "size" { default = 5 }
output "size" {
  value     = var.size
  sensitive = true
}
"#);
    assert_eq!(
        ask(&model, "Code::Input", "$['Name','Value']"),
        r#""size" 5"#
    );
    assert_eq!(
        ask(&model, "Code::Output", "$['Value','Sensitive']"),
        "5 true"
    );
}

#[test]
fn values_of_a_known_set_are_settled_too() {
    let model = yaml(
        r#"
Parameters: { Private: { Type: String, AllowedValues: ["true", "True"] } }
Resources:
  C:
    Type: AWS::EKS::Cluster
    Properties:
      ResourcesVpcConfig: { EndpointPrivateAccess: !Ref Private }
"#,
    );
    let cluster = model.resource(model.of_kind("AWS::EKS::Cluster")[0]);
    let access = cluster
        .properties
        .member("ResourcesVpcConfig")
        .and_then(|config| config.member("EndpointPrivateAccess"))
        .expect("it is there");
    let truth = Value::bool(true, onus::source::Span::NONE);
    let answer = onus::jsonpath::equals(&access, &truth, &World::new());
    assert_eq!(answer, Certainty::Yes);
}

#[test]
fn positions_in_sets_say_nothing() {
    let template = yaml(
        "Resources:
  G:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: d
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8 }
        - { IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8 }
  C:
    Type: AWS::EKS::Cluster
    Properties:
      ResourcesVpcConfig: { SubnetIds: [a, b], SecurityGroupIds: [only] }
",
    );
    let module = hcl(r#"
resource "aws_security_group" "g" {
  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["10.0.0.0/8"]
  }
  ingress {
    protocol    = "tcp"
    from_port   = 80
    to_port     = 80
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_eks_cluster" "c" {
  name     = "c"
  role_arn = "arn:aws:iam::111122223333:role/r"
  vpc_config {
    subnet_ids         = ["a", "b"]
    security_group_ids = ["only"]
  }
}
"#);
    for (kind, query, expected) in [
        (
            "AWS::EC2::SecurityGroup",
            "$.SecurityGroupIngress[0].FromPort",
            "?:22",
        ),
        (
            "AWS::EKS::Cluster",
            "$.ResourcesVpcConfig.SubnetIds[0]",
            "?:\"a\"",
        ),
        (
            "AWS::EKS::Cluster",
            "$.ResourcesVpcConfig.SubnetIds[*]",
            "\"a\" \"b\"",
        ),
        (
            "AWS::EKS::Cluster",
            "$.ResourcesVpcConfig.SecurityGroupIds[0]",
            "\"only\"",
        ),
    ] {
        for (language, model) in [("CloudFormation", &template), ("Terraform", &module)] {
            assert_eq!(ask(model, kind, query), expected, "{query} in {language}");
        }
    }
}

//! Facts of real code: vectors in either language, and what rules see of them.

use onus::declared::Language;
use onus::facts::{Facts, Shape, of_kind};
use onus::model::{Derive, Model, Vocabulary, normalize};
use onus::project::{Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Data, Value, World};
use onus::{cloudformation, terraform, yaml};

fn load(language: Language, text: &str) -> (Model, SourceMap) {
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
    let (model, _) = normalize(declared, Vocabulary::builtin());
    (model, sources)
}

fn facts() -> Facts {
    Facts::new("2026-11-22".parse().expect("a day"))
}

/// A value in one line: `?` for what is not known, `-` for null, `...` in lists that may be longer.
fn show(value: &Value) -> String {
    match &value.data {
        Data::Null(_) => "-".to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => text.to_string(),
        Data::Unknown(unknown) => {
            let allowed: Vec<String> = unknown.allowed.iter().map(show).collect();
            format!("?{}", allowed.join("|"))
        }
        Data::List(list) => {
            let mut items: Vec<String> = value.elements().map(|item| show(&item)).collect();
            if list.more().is_some() {
                items.push("...".to_owned());
            }
            format!("[{}]", items.join(", "))
        }
        Data::Object(_) => {
            let members = value.entries();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{name}: {}", show(&value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Data::Choice(arms) => {
            let arms = arms
                .iter()
                .map(|arm| format!("when {}: {}", arm.guard, show(&arm.value)));
            arms.collect::<Vec<_>>().join("; ")
        }
    }
}

/// The columns that vectors of the network show.
const RULE: [&str; 8] = [
    "source_kind",
    "source",
    "protocol",
    "from_port",
    "to_port",
    "reach",
    "from_world",
    "classes",
];

fn rows(list: &Value) -> Vec<String> {
    table(list, &RULE)
}

/// Some members of the elements of a list, one element a line.
fn table(list: &Value, columns: &[&str]) -> Vec<String> {
    let mut rows: Vec<String> = list
        .elements()
        .map(|item| {
            let row = |item: &Value| {
                let cell = |name: &&str| item.member(name).map_or("-".to_owned(), |v| show(&v));
                columns.iter().map(cell).collect::<Vec<_>>().join(" ")
            };
            match &item.data {
                // There or not.
                Data::Choice(arms) => {
                    let there = arms.iter().filter(|arm| !arm.value.is_null());
                    there
                        .map(|arm| format!("when {}: {}", arm.guard, row(&arm.value)))
                        .collect()
                }
                _ => row(&item),
            }
        })
        .collect();
    if list.as_list().is_some_and(|list| list.more().is_some()) {
        rows.push("...".to_owned());
    }
    rows
}

#[test]
fn network_vectors_have_their_facts() {
    let sources = SourceMap::new();
    let file = sources.add("network.yaml", include_str!("vectors/network.yaml"));
    let (vectors, diagnostics) = yaml::parse(&file);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let vectors = vectors.expect("a list");
    let mut checked = 0;
    for vector in vectors.elements() {
        let text = |name: &str| {
            vector
                .member(name)
                .and_then(|v| v.as_str().map(str::to_owned))
        };
        let id = text("id").expect("an id");
        let (model, _) = match (text("terraform"), text("cloudformation")) {
            (Some(code), _) => load(Language::Terraform, &code),
            (_, Some(code)) => load(Language::CloudFormation, &code),
            _ => panic!("{id} has no code"),
        };
        let facts = facts();
        let expected = vector.member("facts").expect("facts");
        for (name, expected) in expected.entries() {
            let words: Vec<&str> = name.split(' ').collect();
            let [address, fact, members @ ..] = words.as_slice() else {
                panic!("{id}: {name}");
            };
            let resource = model.at_address(address)[0];
            let mut value = facts
                .fact(&model, resource, fact, &World::new())
                .unwrap_or_else(|| panic!("{id}: no fact {fact}"));
            for member in members {
                value = value
                    .member(member)
                    .unwrap_or_else(|| panic!("{id}: {name}"));
            }
            let found = match value.as_list() {
                Some(_) => rows(&value),
                None => vec![show(&value)],
            };
            let expected: Vec<String> = expected.elements().map(|row| show(&row)).collect();
            assert_eq!(found, expected, "{id}: {name}");
            checked += 1;
        }
    }
    assert!(checked >= 46, "{checked} facts");
}

/// Rewriting a group without changing its meaning changes no fact.
#[test]
fn the_same_group_in_other_words_has_the_same_facts() {
    let forms = [
        (
            Language::Terraform,
            r#"
            resource "aws_security_group" "g" {
              ingress {
                protocol    = "tcp"
                from_port   = 22
                to_port     = 22
                cidr_blocks = ["0.0.0.0/1", "128.0.0.0/1"]
              }
            }
            "#,
        ),
        (
            Language::Terraform,
            r#"
            resource "aws_security_group" "g" {}
            resource "aws_security_group_rule" "r" {
              type              = "ingress"
              security_group_id = aws_security_group.g.id
              protocol          = "6"
              from_port         = 22
              to_port           = 22
              cidr_blocks       = ["0.0.0.0/1", "128.0.0.0/1"]
            }
            "#,
        ),
        (
            Language::Terraform,
            r#"
            resource "aws_security_group" "g" {}
            resource "aws_vpc_security_group_ingress_rule" "r" {
              for_each          = toset(["0.0.0.0/1", "128.0.0.0/1"])
              security_group_id = aws_security_group.g.id
              ip_protocol       = "TCP"
              from_port         = 22
              to_port           = 22
              cidr_ipv4         = each.value
            }
            "#,
        ),
        (
            Language::CloudFormation,
            r#"
Resources:
  G:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: "22", ToPort: 22, CidrIp: 0.0.0.0/1 }
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 128.0.0.0/1 }
"#,
        ),
        (
            Language::CloudFormation,
            r#"
Resources:
  G:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: g }
  A:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: { GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/1 }
  B:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: { GroupId: !Ref G, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 128.0.0.0/1 }
"#,
        ),
    ];
    for (language, text) in forms {
        let (model, _) = load(language, text);
        let group = model.of_kind("AWS::EC2::SecurityGroup")[0];
        let list = facts()
            .fact(&model, group, "network.ingress", &World::new())
            .expect("a fact");
        assert_eq!(
            rows(&list),
            [
                "cidr 0.0.0.0/1 tcp 22 22 near_world true [admin]",
                "cidr 128.0.0.0/1 tcp 22 22 near_world true [admin]"
            ],
            "{text}"
        );
    }
}

/// Facts of the network that both languages can say, with what they say.
#[test]
fn routes_and_acls_are_the_same_in_both_languages() {
    let terraform = r#"
resource "aws_vpc" "v" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "g" {
  vpc_id = aws_vpc.v.id
}
resource "aws_subnet" "s" {
  vpc_id     = aws_vpc.v.id
  cidr_block = "10.0.1.0/24"
}
resource "aws_nat_gateway" "n" {
  subnet_id     = aws_subnet.s.id
  allocation_id = "eipalloc-0a1b2c3d4e5f60718"
}
resource "aws_route_table" "r" {
  vpc_id = aws_vpc.v.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.g.id
  }
}
resource "aws_route" "peer" {
  route_table_id            = aws_route_table.r.id
  destination_cidr_block    = "10.0.0.0/8"
  vpc_peering_connection_id = "pcx-0a1b2c3d4e5f60718"
}
resource "aws_route_table_association" "a" {
  route_table_id = aws_route_table.r.id
  subnet_id      = aws_subnet.s.id
}
resource "aws_network_acl" "n" {
  vpc_id = aws_vpc.v.id
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}
resource "aws_network_acl_rule" "late" {
  network_acl_id = aws_network_acl.n.id
  rule_number    = 200
  rule_action    = "deny"
  protocol       = "tcp"
  from_port      = 22
  to_port        = 22
  cidr_block     = "0.0.0.0/0"
}
resource "aws_network_acl_rule" "out" {
  network_acl_id = aws_network_acl.n.id
  egress         = true
  rule_number    = 200
  rule_action    = "allow"
  protocol       = "6"
  from_port      = 443
  to_port        = 443
  cidr_block     = "10.0.0.0/8"
}
resource "aws_ec2_managed_prefix_list" "p" {
  name           = "p"
  address_family = "IPv4"
  max_entries    = 2
  entry {
    cidr = "0.0.0.0/1"
  }
  entry {
    cidr = "128.0.0.0/1"
  }
}
"#;
    let cloudformation = r#"
Resources:
  V: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  G: { Type: AWS::EC2::InternetGateway }
  S: { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref V, CidrBlock: 10.0.1.0/24 } }
  N: { Type: AWS::EC2::NatGateway, Properties: { SubnetId: !Ref S, AllocationId: eipalloc-0a1b2c3d4e5f60718 } }
  R: { Type: AWS::EC2::RouteTable, Properties: { VpcId: !Ref V } }
  Out: { Type: AWS::EC2::Route, Properties: { RouteTableId: !Ref R, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref G } }
  Peer: { Type: AWS::EC2::Route, Properties: { RouteTableId: !Ref R, DestinationCidrBlock: 10.0.0.0/8, VpcPeeringConnectionId: pcx-0a1b2c3d4e5f60718 } }
  A: { Type: AWS::EC2::SubnetRouteTableAssociation, Properties: { RouteTableId: !Ref R, SubnetId: !Ref S } }
  Acl: { Type: AWS::EC2::NetworkAcl, Properties: { VpcId: !Ref V } }
  First: { Type: AWS::EC2::NetworkAclEntry, Properties: { NetworkAclId: !Ref Acl, RuleNumber: 100, RuleAction: allow, Protocol: -1, CidrBlock: 0.0.0.0/0 } }
  Late: { Type: AWS::EC2::NetworkAclEntry, Properties: { NetworkAclId: !Ref Acl, RuleNumber: 200, RuleAction: deny, Protocol: 6, CidrBlock: 0.0.0.0/0, PortRange: { From: 22, To: 22 } } }
  Egress: { Type: AWS::EC2::NetworkAclEntry, Properties: { NetworkAclId: !Ref Acl, Egress: true, RuleNumber: 200, RuleAction: allow, Protocol: 6, CidrBlock: 10.0.0.0/8, PortRange: { From: 443, To: 443 } } }
  P:
    Type: AWS::EC2::PrefixList
    Properties:
      PrefixListName: p
      AddressFamily: IPv4
      MaxEntries: 2
      Entries: [{ Cidr: 0.0.0.0/1 }, { Cidr: 128.0.0.0/1 }]
"#;
    for (language, text) in [
        (Language::Terraform, terraform),
        (Language::CloudFormation, cloudformation),
    ] {
        let (model, _) = load(language, text);
        let facts = facts();
        let fact = |kind: &str, name: &str| {
            let id = model.of_kind(kind)[0];
            facts
                .fact(&model, id, name, &World::new())
                .unwrap_or_else(|| panic!("no fact {name} of {kind}"))
        };
        let sorted = |mut rows: Vec<String>| {
            rows.sort();
            rows
        };
        let routes = fact("AWS::EC2::RouteTable", "network.routes");
        assert_eq!(
            sorted(table(&routes, &["destination", "reach", "target"])),
            [
                "0.0.0.0/0 world internet_gateway",
                "10.0.0.0/8 private peering"
            ],
            "{language}"
        );
        for route in routes.elements() {
            let subnets = route.member("subnets").expect("subnets");
            assert_eq!(subnets.elements().count(), 1, "{language}");
        }
        let acl = fact("AWS::EC2::NetworkAcl", "network.acl");
        let columns = [
            "direction",
            "number",
            "allow",
            "reach",
            "protocol",
            "from_port",
            "to_port",
            "shadowed_by",
            "duplicate",
        ];
        assert_eq!(
            sorted(table(&acl, &columns)),
            [
                "egress 200 true private tcp 443 443 - false",
                "ingress 100 true world all 0 65535 - false",
                "ingress 200 false world tcp 22 22 100 false",
            ],
            "{language}"
        );
        let mut shadowed = 0;
        for &id in model.of_kind("AWS::EC2::NetworkAclEntry") {
            let entry = facts.fact(&model, id, "network.acl", &World::new());
            let entry = entry.expect("a fact");
            assert_eq!(entry.elements().count(), 1, "{language}");
            shadowed += table(&entry, &["shadowed_by"])
                .iter()
                .filter(|s| *s == "100")
                .count();
        }
        assert_eq!(shadowed, 1, "{language}");
        assert_eq!(show(&fact("AWS::EC2::VPC", "network.has_nat")), "true");
        assert_eq!(show(&fact("AWS::EC2::Subnet", "network.public")), "true");
        assert_eq!(
            show(&fact("AWS::EC2::PrefixList", "network.prefix_list")),
            "{reach: world}"
        );
    }
}

/// Whether a value looks as its shape says; what does not, with the path to it.
fn misfit(value: &Value, shape: &Shape, path: &str) -> Option<String> {
    if let Data::Choice(arms) = &value.data {
        return arms.iter().find_map(|arm| misfit(&arm.value, shape, path));
    }
    if matches!(value.data, Data::Unknown(_) | Data::Null(_)) {
        return None;
    }
    let fits = match shape {
        Shape::Source => true,
        Shape::Bool => value.as_bool().is_some(),
        Shape::Number => value.as_number().is_some(),
        Shape::Text => value.as_text().is_some(),
        Shape::List(_) => value.as_list().is_some(),
        Shape::Object(_) | Shape::Map(_) => value.as_object().is_some(),
    };
    if !fits {
        return Some(format!("{path} is not {shape:?}: {}", show(value)));
    }
    match shape {
        Shape::List(element) => value
            .elements()
            .find_map(|item| misfit(&item, element, &format!("{path}[*]"))),
        Shape::Map(member) => value
            .entries()
            .find_map(|(name, item)| misfit(&item, member, &format!("{path}.{name}"))),
        Shape::Object(fields) => {
            let is_open = value
                .as_object()
                .is_some_and(|object| object.more().is_some());
            let missing = fields
                .iter()
                .find(|field| field.is_always && !is_open && value.member(field.name).is_none());
            if let Some(field) = missing {
                return Some(format!("{path}.{} is missing", field.name));
            }
            value.entries().find_map(|(name, item)| {
                let path = format!("{path}.{name}");
                match fields.iter().find(|field| *field.name == **name) {
                    Some(field) => misfit(&item, &field.shape, &path),
                    None => Some(format!("{path} is not in the shape")),
                }
            })
        }
        _ => None,
    }
}

/// Reads a folder of the repository.
fn folder(path: &str) -> Vec<(String, Vec<u8>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let (Ok(name), Ok(bytes)) = (path.strip_prefix(&root), std::fs::read(&path)) {
                found.push((name.to_string_lossy().replace('\\', "/"), bytes));
            }
        }
    }
    found.sort();
    found
}

/// Rules are checked against the shapes, so what facts show must look like them: over the estates under `samples`.
#[test]
fn facts_look_as_their_shapes_say() {
    let files = folder("samples");
    let mut memory = MemoryFiles::new([]);
    let mut stacks = Vec::new();
    for (path, bytes) in &files {
        memory.insert(path, bytes);
        let text = String::from_utf8_lossy(bytes);
        if path.ends_with(".tf") {
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            stacks.push((Language::Terraform, folder.to_owned()));
        } else if cloudformation::is_template(&text) {
            stacks.push((Language::CloudFormation, path.clone()));
        }
    }
    stacks.dedup();
    let mut seen: Vec<&str> = Vec::new();
    for (language, path) in stacks {
        let sources = SourceMap::new();
        let stack = Stack {
            language,
            path: path.as_str().into(),
        };
        let declared = match language {
            Language::Terraform => terraform::load(&memory, &sources, &stack, &Inputs::default()),
            Language::CloudFormation => {
                cloudformation::load(&memory, &sources, &stack, &Inputs::default())
            }
        };
        let (model, _) = normalize(declared, Vocabulary::builtin());
        let facts = facts();
        for resource in model.resources() {
            for fact in of_kind(&resource.kind) {
                let value = facts
                    .fact(&model, resource.id, fact.name, &World::new())
                    .expect("a fact");
                let place = format!("{path} {} {}", resource.address, fact.name);
                assert_eq!(misfit(&value, fact.shape, &place), None);
                if !seen.contains(&fact.name) {
                    seen.push(fact.name);
                }
            }
        }
    }
    assert!(seen.len() > 10, "only {seen:?} occur");
}

#[test]
fn a_list_that_is_not_known_may_be_any_list() {
    let template = r#"
Parameters:
  Zones: { Type: "List<AWS::EC2::AvailabilityZone::Name>" }
  Names: { Type: CommaDelimitedList }
  Stored: { Type: "AWS::SSM::Parameter::Value<List<String>>", Default: /zones }
Resources:
  A: { Type: AWS::EC2::Subnet, Properties: { VpcId: vpc-1, AvailabilityZone: !Select [0, !GetAZs ""] } }
  B: { Type: AWS::EC2::Subnet, Properties: { VpcId: vpc-1, AvailabilityZone: !Select [1, !GetAZs ""] } }
  C: { Type: AWS::EC2::Subnet, Properties: { VpcId: vpc-1, AvailabilityZone: !Select [1, !Ref Zones] } }
  G: { Type: AWS::AutoScaling::AutoScalingGroup, Properties: { EXPECTED } }
"#;
    for (properties, expected) in [
        (r#"AvailabilityZones: !GetAZs """#, "[?, ?, ...]"),
        (
            r#"AvailabilityZones: !GetAZs { Ref: "AWS::Region" }"#,
            "[?, ?, ...]",
        ),
        ("AvailabilityZones: !Ref Zones", "[...]"),
        ("AvailabilityZones: !Ref Names", "[...]"),
        ("AvailabilityZones: !Ref Stored", "[...]"),
        (
            r#"AvailabilityZones: !Ref "AWS::NotificationARNs""#,
            "[...]",
        ),
        ("AvailabilityZones: !ImportValue zones", "[...]"),
        (
            "AvailabilityZones: !Split [',', !ImportValue zones]",
            "[...]",
        ),
        (r#"AvailabilityZones: [!Select [0, !GetAZs ""]]"#, "[?]"),
        ("VPCZoneIdentifier: [!Ref A, !Ref A]", "[?]"),
        ("VPCZoneIdentifier: [!Ref A, !Ref B]", "[?, ?]"),
        ("VPCZoneIdentifier: [!Ref A, !Ref C]", "[?, ...]"),
    ] {
        let template = template.replace("EXPECTED", properties);
        let (model, _) = load(Language::CloudFormation, &template);
        let group = model.at_address("G")[0];
        let zones = facts().fact(&model, group, "zones", &World::new());
        assert_eq!(
            zones.as_ref().map(show).as_deref(),
            Some(expected),
            "{properties}"
        );
    }
}

#[test]
fn images_are_known_by_their_names_and_the_paths_of_parameters() {
    let code = r#"
variable "name" {
  type = string
}
variable "image" {
  type = string
}
data "aws_ami" "x" {
  owners = OWNERS
  filter {
    name   = "name"
    values = VALUES
  }
  filter {
    name   = "architecture"
    values = ["al2023-ami-"]
  }
}
data "aws_ami" "regex" {
  owners     = ["amazon"]
  name_regex = "^al2023-ami-2023"
}
data "aws_ssm_parameter" "x" {
  name = VALUES[0]
}
resource "aws_ami" "own" {
  name         = "own"
  imds_support = "v2.0"
}
resource "aws_ami_copy" "own" {
  name              = "copy"
  source_ami_id     = aws_ami.own.id
  source_ami_region = "eu-west-1"
}
resource "aws_instance" "x" {
  ami = IMAGE
}
"#;
    let found = "data.aws_ami.x.id";
    let stored = "data.aws_ssm_parameter.x.value";
    let amazon = r#"["amazon"]"#;
    for (image, owners, values, expected) in [
        (
            found,
            amazon,
            r#"["al2023-ami-2023.*-x86_64"]"#,
            "amazon-linux-2023 - 2029-06-30 false true",
        ),
        (
            found,
            amazon,
            r#"["al2023-ami-ecs-hvm-*"]"#,
            "amazon-linux-2023 ecs 2029-06-30 false true",
        ),
        // Whoever else builds on it may register it otherwise.
        (
            found,
            r#"["self"]"#,
            r#"["al2023-ami-2023.*-x86_64"]"#,
            "amazon-linux-2023 - 2029-06-30 false ?",
        ),
        (
            found,
            amazon,
            r#"["amzn2-ami-hvm-*-x86_64-gp2"]"#,
            "amazon-linux-2 - 2026-06-30 true false",
        ),
        (
            found,
            amazon,
            r#"["amzn2-ami-*", "al2023-ami-*"]"#,
            "? - - ? ?",
        ),
        (
            found,
            amazon,
            r#"["*ubuntu-focal-20.04-amd64-server-*"]"#,
            "ubuntu-20.04 - 2025-05-31 true false",
        ),
        (
            found,
            amazon,
            r#"["amazon-eks-node-1.30-v*"]"#,
            "amazon-linux-2 eks 2025-11-26 true false",
        ),
        (
            found,
            amazon,
            r#"["amazon-eks-node-al2023-x86_64-standard-1.30-v*"]"#,
            "amazon-linux-2023 eks 2029-06-30 false true",
        ),
        (
            found,
            amazon,
            r#"["bottlerocket-aws-k8s-1.30-*"]"#,
            "bottlerocket - - false ?",
        ),
        (found, amazon, r#"["golden-*"]"#, "- - - - false"),
        (found, amazon, r#"[var.name]"#, "- - - - false"),
        (
            "data.aws_ami.regex.id",
            amazon,
            "[]",
            "amazon-linux-2023 - 2029-06-30 false true",
        ),
        (
            stored,
            amazon,
            r#"["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"]"#,
            "amazon-linux-2023 - 2029-06-30 false true",
        ),
        (
            stored,
            amazon,
            r#"["/aws/service/ami-amazon-linux-latest/${var.name}"]"#,
            "? - - ? ?",
        ),
        (
            stored,
            amazon,
            r#"["/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id"]"#,
            "amazon-linux-2 ecs 2026-06-30 true false",
        ),
        (
            "jsondecode(data.aws_ssm_parameter.x.value).image_id",
            amazon,
            r#"["/aws/service/ecs/optimized-ami/amazon-linux-2/recommended"]"#,
            "amazon-linux-2 ecs 2026-06-30 true false",
        ),
        (
            r#""resolve:ssm:/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended/image_id""#,
            amazon,
            "[]",
            "amazon-linux-2023 eks 2029-06-30 false true",
        ),
        (r#""ami-0a1b2c3d4e5f60718""#, amazon, "[]", "- - - - false"),
        ("var.image", amazon, "[]", "- - - - false"),
        ("aws_ami.own.id", amazon, "[]", "- - - - true"),
        ("aws_ami_copy.own.id", amazon, "[]", "- - - - true"),
    ] {
        let values = if values == "[]" { r#"["x"]"# } else { values };
        let code = code
            .replace("OWNERS", owners)
            .replace("VALUES", values)
            .replace("IMAGE", image);
        let (model, _) = load(Language::Terraform, &code);
        let machine = model.at_address("aws_instance.x")[0];
        let fact = facts()
            .fact(&model, machine, "ami", &World::new())
            .expect("a fact");
        let members = ["family", "made_for", "end_of_support", "ended", "imdsv2"];
        let members = members.map(|name| fact.member(name).map_or("-".to_owned(), |v| show(&v)));
        assert_eq!(members.join(" "), expected, "{image} of {values}");
    }
}

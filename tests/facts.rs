//! Facts of real code: vectors in either language, and what rules see of them.

use onus::declared::Language;
use onus::facts::Facts;
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
        Data::Null => "-".to_owned(),
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
    let mut rows: Vec<String> = list
        .elements()
        .map(|item| {
            let row = |item: &Value| {
                let cell = |name: &&str| item.member(name).map_or("-".to_owned(), |v| show(&v));
                RULE.iter().map(cell).collect::<Vec<_>>().join(" ")
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

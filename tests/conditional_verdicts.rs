//! Findings with their conditions against brute force: the same template scanned once as it is, and once in each
//! deployment that its parameters allow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use onus::cloudformation::load;
use onus::declared::{Declared, Language};
use onus::facts::Facts;
use onus::model::{Model, Vocabulary, normalize};
use onus::project::{Given, Inputs, Stack};
use onus::rules::{Outcome, RuleSet, Verdict, check};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Guard, World};
use rayon::prelude::*;

/// Sections before `Resources`, with conditions `A` and `B`, and the values of each parameter (or of `AWS::Region`) that
/// stand for all that it may have.
struct Setting {
    name: &'static str,
    sections: &'static str,
    values: &'static [(&'static str, &'static [&'static str])],
}

const ENV: &[&str] = &["dev", "test", "prod"];
const SWITCH: &[&str] = &["yes", "no"];

const SETTINGS: &[Setting] = &[
    Setting {
        name: "one value or its opposite",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod], Default: dev}
Conditions:
  A: !Equals [!Ref Env, prod]
  B: !Not [!Condition A]
"#,
        values: &[("Env", ENV)],
    },
    Setting {
        name: "two values that exclude each other, without default",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod]}
Conditions:
  A: !Equals [!Ref Env, prod]
  B: !Equals [dev, !Ref Env]
"#,
        values: &[("Env", ENV)],
    },
    Setting {
        name: "a text that may be empty",
        sections: r#"
Parameters:
  Name: {Type: String, Default: ""}
Conditions:
  A: !Not [!Equals [!Ref Name, ""]]
  B: !Equals [!Ref Name, special]
"#,
        values: &[("Name", &["", "special", "other"])],
    },
    Setting {
        name: "two switches",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod], Default: prod}
  Open: {Type: String, AllowedValues: ["yes", "no"]}
Conditions:
  A: !Equals [!Ref Env, prod]
  B: !Equals [!Ref Open, "yes"]
"#,
        values: &[("Env", ENV), ("Open", SWITCH)],
    },
    Setting {
        name: "conditions made of conditions",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod], Default: dev}
  Open: {Type: String, AllowedValues: ["yes", "no"], Default: "no"}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsOpen: !Equals [!Ref Open, "yes"]
  A: !And [!Not [!Condition IsProd], !Condition IsOpen]
  B: !Or [!Condition IsProd, !Not [!Condition IsOpen], !Equals [!Ref Env, test]]
"#,
        values: &[("Env", ENV), ("Open", SWITCH)],
    },
    Setting {
        name: "a map by environment",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod], Default: test}
Mappings:
  By:
    dev: {Open: "true", Size: small}
    test: {Open: "false", Size: small}
    prod: {Open: "false", Size: large}
Conditions:
  A: !Equals [!FindInMap [By, !Ref Env, Open], "true"]
  B: !Equals [!FindInMap [By, !Ref Env, Size], small]
"#,
        values: &[("Env", ENV)],
    },
    Setting {
        name: "the region",
        sections: r#"
Conditions:
  A: !Equals [!Ref AWS::Region, eu-west-1]
  B: !Or [!Equals [!Ref AWS::Region, us-east-1], !Condition A]
"#,
        values: &[("AWS::Region", &["eu-west-1", "us-east-1", "ap-south-1"])],
    },
    Setting {
        name: "the partition, and a switch",
        sections: r#"
Parameters:
  Open: {Type: String, AllowedValues: ["yes", "no"], Default: "yes"}
Conditions:
  A: !Equals [!Ref AWS::Partition, aws-cn]
  B: !Equals [!Ref Open, "yes"]
"#,
        values: &[
            ("AWS::Region", &["cn-north-1", "us-east-1"]),
            ("Open", SWITCH),
        ],
    },
    Setting {
        name: "rules that exclude open production",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod]}
  Open: {Type: String, AllowedValues: ["yes", "no"]}
Rules:
  Production:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions: [{Assert: !Equals [!Ref Open, "no"]}]
Conditions:
  A: !Equals [!Ref Open, "yes"]
  B: !Equals [!Ref Env, prod]
"#,
        values: &[("Env", ENV), ("Open", SWITCH)],
    },
    Setting {
        name: "rules that leave one value",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod], Default: prod}
  Open: {Type: String, AllowedValues: ["yes", "no"]}
Rules:
  Known: {Assertions: [{Assert: {"Fn::Contains": [[prod, test], !Ref Env]}}]}
  Shut: {Assertions: [{Assert: {"Fn::EachMemberEquals": [[!Ref Open], "no"]}}]}
Conditions:
  A: !Equals [!Ref Open, "yes"]
  B: !Equals [!Ref Env, dev]
"#,
        values: &[("Env", ENV), ("Open", SWITCH)],
    },
    Setting {
        name: "a condition that cannot hold and one that always does",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod]}
Conditions:
  A: !And [!Equals [!Ref Env, prod], !Equals [!Ref Env, dev]]
  B: !Or [!Equals [!Ref Env, prod], !Not [!Equals [!Ref Env, prod]]]
"#,
        values: &[("Env", ENV)],
    },
    Setting {
        name: "a text put together of two",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod], Default: dev}
  Open: {Type: String, AllowedValues: ["yes", "no"], Default: "yes"}
Conditions:
  A: !Equals [!Sub "${Env}-${Open}", prod-yes]
  B: !Equals [!Join ["/", [!Ref Open, !Ref Env]], yes/dev]
"#,
        values: &[("Env", ENV), ("Open", SWITCH)],
    },
    Setting {
        name: "two that are the same",
        sections: r#"
Parameters:
  Here: {Type: String, AllowedValues: [dev, test, prod], Default: dev}
  There: {Type: String, AllowedValues: [dev, prod]}
Conditions:
  A: !Equals [!Ref Here, !Ref There]
  B: !Equals [!Ref Here, test]
"#,
        values: &[("Here", ENV), ("There", &["dev", "prod"])],
    },
    Setting {
        name: "lists",
        sections: r#"
Parameters:
  Zones: {Type: CommaDelimitedList, Default: "a,b"}
Conditions:
  A: !Equals [!Select [0, !Ref Zones], a]
  B: !Equals [!Join ["", !Ref Zones], ""]
"#,
        values: &[("Zones", &["a,b", "", "x,y"])],
    },
    Setting {
        name: "numbers",
        sections: r#"
Parameters:
  Count: {Type: Number, Default: 1, MinValue: 0, MaxValue: 9}
Conditions:
  A: !Equals [!Ref Count, 0]
  B: !Equals [!Ref Count, "12"]
"#,
        values: &[("Count", &["0", "1", "5"])],
    },
    Setting {
        name: "a pattern that excludes a value",
        sections: r#"
Parameters:
  Env: {Type: String, AllowedPattern: "(dev|test).*"}
Conditions:
  A: !Equals [!Ref Env, prod]
  B: !Equals [!Ref Env, dev]
"#,
        values: &[("Env", &["dev", "test", "devil"])],
    },
    Setting {
        name: "a part of a text",
        sections: r#"
Parameters:
  Name: {Type: String, AllowedValues: [a-dev, b-prod, c-prod]}
Conditions:
  A: !Equals [!Select [1, !Split ["-", !Ref Name]], prod]
  B: !Equals [!Select [0, !Split ["-", !Ref Name]], b]
"#,
        values: &[("Name", &["a-dev", "b-prod", "c-prod"])],
    },
];

/// `Resources`, with conditions `A` and `B`.
const FAULTS: &[(&str, &str)] = &[
    (
        "a resource",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Condition: A
    Properties:
      GroupDescription: g
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]
"#,
    ),
    (
        "a property",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !If [A, 0.0.0.0/0, 10.0.0.0/8]}
"#,
    ),
    (
        "an element",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}
        - !If [A, {IpProtocol: tcp, FromPort: 3389, ToPort: 3389, CidrIp: 0.0.0.0/0}, !Ref AWS::NoValue]
        - !If [B, !Ref AWS::NoValue, {IpProtocol: tcp, FromPort: 3306, ToPort: 3306, CidrIp: 0.0.0.0/0}]
"#,
    ),
    (
        "a list",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Condition: B
    Properties:
      GroupDescription: g
      SecurityGroupIngress: !If
        - A
        - [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]
        - !Ref AWS::NoValue
"#,
    ),
    (
        "a branch within a branch",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: !If [A, !If [B, 0.0.0.0/0, 10.0.0.0/8], !If [B, 192.168.0.0/16, 0.0.0.0/0]]
"#,
    ),
    (
        "a default of AWS",
        r#"
  Disk:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: a
      Size: 1
      Encrypted: !If [A, true, !Ref AWS::NoValue]
  Base:
    Type: AWS::RDS::DBInstance
    Condition: B
    Properties:
      DBInstanceClass: db.t3.micro
      Engine: mysql
      PubliclyAccessible: !If [A, true, !Ref AWS::NoValue]
      StorageEncrypted: !If [A, !Ref AWS::NoValue, true]
"#,
    ),
    (
        "a bucket's block of public access",
        r#"
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: !If [B, PublicRead, !Ref AWS::NoValue]
      PublicAccessBlockConfiguration: !If
        - A
        - {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
        - !Ref AWS::NoValue
"#,
    ),
    (
        "a rule of its own",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: g}
  Ingress:
    Type: AWS::EC2::SecurityGroupIngress
    Condition: A
    Properties: {GroupId: !GetAtt Group.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !If [B, 10.0.0.0/8, 0.0.0.0/0]}
"#,
    ),
    (
        "a machine where its group is open, and one where it is not",
        r#"
  Open:
    Type: AWS::EC2::SecurityGroup
    Condition: A
    Properties:
      GroupDescription: g
      SecurityGroupIngress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]
  Shut:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: g, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8}]}
  Machine:
    Type: AWS::EC2::Instance
    Condition: B
    Properties:
      ImageId: ami-0123456789abcdef0
      SecurityGroupIds: [!If [A, !GetAtt Open.GroupId, !GetAtt Shut.GroupId]]
"#,
    ),
    (
        "a statement",
        r#"
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: !If [B, {AWS: "*"}, {Service: ec2.amazonaws.com}]
            Action: sts:AssumeRole
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: !If [A, "*", "s3:GetObject"]
                Resource: "*"
"#,
    ),
    (
        "a statement with or without its condition",
        r#"
  Bucket: {Type: AWS::S3::Bucket}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: !If [B, Allow, Deny]
            Principal: "*"
            Action: s3:GetObject
            Resource: !Sub "${Bucket.Arn}/*"
            Condition: !If [A, {StringEquals: {"aws:PrincipalOrgID": o-a1b2c3d4e5}}, !Ref AWS::NoValue]
"#,
    ),
    (
        "a group or the world",
        r#"
  Other: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: o}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 5432
          ToPort: 5432
          CidrIp: !If [A, 0.0.0.0/0, !Ref AWS::NoValue]
          SourceSecurityGroupId: !If [A, !Ref AWS::NoValue, !GetAtt Other.GroupId]
"#,
    ),
    (
        "a port and a source that go together",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: !If [A, 22, 443]
          ToPort: !If [A, 22, 443]
          CidrIp: !If [A, 10.0.0.0/8, 0.0.0.0/0]
        - IpProtocol: tcp
          FromPort: !If [A, 22, 443]
          ToPort: !If [A, 22, 443]
          CidrIp: !If [B, 10.0.0.0/8, 0.0.0.0/0]
"#,
    ),
    (
        "a source put together",
        r#"
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: !Join ["/", [!If [A, 0.0.0.0, 10.0.0.0], !If [B, "0", "8"]]]
"#,
    ),
    (
        "an endpoint and who may reach it",
        r#"
  Cluster:
    Type: AWS::EKS::Cluster
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/r
      ResourcesVpcConfig:
        SubnetIds: [subnet-1, subnet-2]
        EndpointPublicAccess: !If [A, true, false]
        EndpointPrivateAccess: true
        PublicAccessCidrs: !If [B, [10.0.0.0/8], !Ref AWS::NoValue]
"#,
    ),
    (
        "a queue's key and its policy",
        r#"
  Queue:
    Type: AWS::SQS::Queue
    Condition: B
    Properties:
      SqsManagedSseEnabled: !If [A, false, true]
  Policy:
    Type: AWS::SQS::QueuePolicy
    Condition: A
    Properties:
      Queues: [queue]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: "*", Action: "sqs:*", Resource: "*"}]
"#,
    ),
];

struct Looked {
    declared: Declared,
    model: Model,
    outcomes: Vec<Outcome>,
}

fn look(text: &str, inputs: &Inputs, rules: &RuleSet, vocabulary: &Arc<Vocabulary>) -> Looked {
    let files = MemoryFiles::new([("template.yaml", text)]);
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    let declared = load(&files, &SourceMap::new(), &stack, inputs);
    let errors: Vec<_> = declared.diagnostics.iter().collect();
    assert!(errors.is_empty(), "{errors:?} in {text}");
    let (model, _) = normalize(declared.clone(), vocabulary.clone());
    let facts = || Facts::new("2026-11-25".parse().expect("a day"));
    let outcomes = check(&model, facts, rules);
    Looked {
        declared,
        model,
        outcomes,
    }
}

type Pair = (String, String);

fn pair(looked: &Looked, outcome: &Outcome) -> Pair {
    let resource = looked.model.resource(outcome.resource);
    (outcome.rule.name.to_string(), resource.address.to_string())
}

fn pairs(looked: &Looked, verdict: Verdict) -> BTreeSet<Pair> {
    let outcomes = looked.outcomes.iter();
    let outcomes = outcomes.filter(|outcome| outcome.verdict == verdict);
    outcomes.map(|outcome| pair(looked, outcome)).collect()
}

/// Every choice of one value for each parameter.
fn deployments(setting: &Setting) -> Vec<BTreeMap<&'static str, &'static str>> {
    let mut all = vec![BTreeMap::new()];
    for (name, values) in setting.values {
        let with = |before: &BTreeMap<&'static str, &'static str>| -> Vec<_> {
            let with_value = |value: &&'static str| {
                let mut more = before.clone();
                more.insert(*name, *value);
                more
            };
            values.iter().map(with_value).collect()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}

/// The world of the open template that a deployment is.
fn world_of(
    open: &Looked,
    decided: &Looked,
    given: &BTreeMap<&'static str, &'static str>,
) -> Option<World> {
    let mut world = open.declared.world();
    for condition in &decided.declared.conditions {
        let same = open.declared.conditions.iter();
        let same = same.clone().find(|other| other.name == condition.name)?;
        let guard = match condition.guard {
            Guard::Always => same.guard.clone(),
            Guard::Never => !same.guard.clone(),
            _ => panic!("{} is not decided by {given:?}", condition.name),
        };
        world = world.assuming(&guard)?;
    }
    let mut atoms = Vec::new();
    for outcome in &open.outcomes {
        if let Some(condition) = &outcome.condition {
            condition.guard.atoms(&mut |atom| atoms.push(atom.clone()));
        }
    }
    for atom in atoms {
        if let (Some(value), Some(text)) = (given.get(&*atom.subject.name), &atom.equals) {
            world = world.with(&atom, **value == **text)?;
        }
    }
    Some(world)
}

/// What the open template says otherwise than its deployments.
fn differences(
    text: &str,
    setting: &Setting,
    rules: &RuleSet,
    vocabulary: &Arc<Vocabulary>,
    compared: &AtomicUsize,
) -> Vec<String> {
    let open = look(text, &Inputs::default(), rules, vocabulary);
    let mut said = Vec::new();
    let mut unsure_somewhere: BTreeSet<Pair> = BTreeSet::new();
    let mut count = 0;
    for given in deployments(setting) {
        let values = given.iter().filter(|(name, _)| !name.starts_with("AWS::"));
        let inputs = Inputs {
            given: values
                .map(|(name, value)| Given::Value((*name).to_owned(), (*value).to_owned()))
                .collect(),
            region: given.get("AWS::Region").map(|region| (*region).to_owned()),
            ..Inputs::default()
        };
        let decided = look(text, &inputs, rules, vocabulary);
        if decided.declared.constraint == Guard::Never {
            // Rules refuse it.
            continue;
        }
        count += 1;
        let Some(world) = world_of(&open, &decided, &given) else {
            said.push(format!("{given:?} is no world of the open template"));
            continue;
        };
        unsure_somewhere.extend(pairs(&decided, Verdict::Unsure));
        let expected = pairs(&decided, Verdict::Fail);
        compared.fetch_add(expected.len(), Ordering::Relaxed);
        let mut found: BTreeSet<Pair> = BTreeSet::new();
        for outcome in &open.outcomes {
            if outcome.verdict != Verdict::Fail {
                continue;
            }
            let truth = match &outcome.condition {
                Some(condition) => world.truth(&condition.guard),
                None => true.into(),
            };
            let words = outcome.condition.as_ref().map(|condition| &condition.text);
            if truth.is_unsure() {
                said.push(format!(
                    "{:?} when {words:?} in {given:?}?",
                    pair(&open, outcome)
                ));
            }
            if truth.is_yes() {
                found.insert(pair(&open, outcome));
                if !expected.contains(&pair(&open, outcome)) {
                    said.push(format!(
                        "{:?} when {words:?} is wrong in {given:?}",
                        pair(&open, outcome)
                    ));
                }
            }
        }
        for missing in expected.difference(&found) {
            let own = open.outcomes.iter();
            let own = own.filter(|outcome| pair(&open, outcome) == *missing);
            let own: Vec<String> = own
                .map(|outcome| {
                    let words = outcome.condition.as_ref().map(|condition| &condition.text);
                    format!("{:?} when {words:?} {:?}", outcome.verdict, outcome.reasons)
                })
                .collect();
            said.push(format!("{missing:?} is missing in {given:?}: {own:?}"));
        }
    }
    assert!(count > 0, "no deployment of {text}");
    let failing = pairs(&open, Verdict::Fail);
    for needless in pairs(&open, Verdict::Unsure).difference(&unsure_somewhere) {
        if !failing.contains(needless) {
            said.push(format!("{needless:?} is needlessly unsure"));
        }
    }
    said
}

#[test]
fn conditions_of_findings_are_those_of_the_deployments_that_have_them() {
    let sources = SourceMap::new();
    let rules = RuleSet::builtin(&sources);
    let vocabulary = Vocabulary::builtin();
    let all: Vec<(&Setting, &(&str, &str))> = SETTINGS
        .iter()
        .flat_map(|setting| FAULTS.iter().map(move |fault| (setting, fault)))
        .collect();
    assert!(all.len() > 200);
    let compared = AtomicUsize::new(0);
    let wrong: Vec<String> = all
        .par_iter()
        .flat_map(|(setting, (name, resources))| {
            let text = format!("{}Resources:{resources}", setting.sections);
            let said = differences(&text, setting, &rules, &vocabulary, &compared);
            said.into_iter()
                .map(|said| format!("{name} under {}: {said}", setting.name))
                .collect::<Vec<String>>()
        })
        .collect();
    let compared = compared.into_inner();
    assert!(compared > 500, "{compared} findings");
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

//! What templates come to: a template in, resources, outputs and diagnostics in a short notation out.
//!
//! Notation: `name: {Property: value}` for a resource, `name when condition: …` for a conditional one, `-name` for one
//! that certainly does not exist, `output name: …`, `! line:column code: message` for a diagnostic. `?` is what is not
//! known (also inside strings), `(condition => value | …)` what conditions decide, `"text" ~ value` a string and what it
//! encodes.

use onus::cloudformation::{exports, load};
use onus::declared::{Declared, Language};
use onus::project::{Given, Inputs, Stack};
use onus::source::{Columns, MemoryFiles, SourceMap};
use onus::value::{Data, Value};

fn shown(value: &Value) -> String {
    match &value.data {
        Data::Null(_) => "null".to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => {
            let written = format!("{:?}", text.to_string());
            match text.encodes() {
                Some(encoded) => format!("{written} ~ {}", shown(encoded)),
                None => written,
            }
        }
        Data::List(list) => {
            let mut items: Vec<String> = list.items().iter().map(shown).collect();
            items.extend(list.more().map(|_| "…".to_owned()));
            format!("[{}]", items.join(", "))
        }
        Data::Object(object) => {
            let members = object.members().iter();
            let mut members: Vec<String> = members
                .map(|(name, member)| format!("{name}: {}", shown(&member.value)))
                .collect();
            members.extend(object.more().map(|_| "…".to_owned()));
            format!("{{{}}}", members.join(", "))
        }
        Data::Unknown(unknown) => match (&unknown.reference, unknown.allowed.as_slice()) {
            (Some(reference), _) => format!("?{}.{}", reference.address, reference.attribute),
            (None, []) => "?".to_owned(),
            (None, allowed) => {
                let allowed: Vec<String> = allowed.iter().map(shown).collect();
                format!("?[{}]", allowed.join(", "))
            }
        },
        Data::Choice(alternatives) => {
            let parts: Vec<String> = alternatives
                .iter()
                .map(|part| format!("{} => {}", part.guard, shown(&part.value)))
                .collect();
            format!("({})", parts.join(" | "))
        }
    }
}

fn described(declared: &Declared, sources: &SourceMap) -> String {
    let mut lines = Vec::new();
    for resource in &declared.resources {
        let when = match resource.exists.is_always() {
            true => String::new(),
            false => format!(" when {}", resource.exists),
        };
        lines.push(format!(
            "{}{when}: {}",
            resource.address,
            shown(&resource.body)
        ));
    }
    for resource in &declared.absent {
        lines.push(format!("-{}", resource.address));
    }
    for output in &declared.outputs {
        let when = match output.exists.is_always() {
            true => String::new(),
            false => format!(" when {}", output.exists),
        };
        lines.push(format!(
            "output {}{when}: {}",
            output.name,
            shown(&output.value)
        ));
    }
    for diagnostic in &declared.diagnostics {
        let place = diagnostic.span.and_then(|span| {
            let file = sources.get(span.source)?;
            let at = file.position(span.start, Columns::Characters);
            let name = match &*file.path {
                "template.yaml" => String::new(),
                path => format!("{path}:"),
            };
            Some(format!("{name}{}:{} ", at.line, at.column))
        });
        lines.push(format!(
            "! {}{}: {}",
            place.unwrap_or_default(),
            diagnostic.code,
            diagnostic.message
        ));
    }
    lines.join("\n")
}

fn check_files(files: &[(&str, &str)], inputs: &Inputs, expected: &str) {
    let memory = MemoryFiles::new(files.iter().copied());
    let sources = SourceMap::new();
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    let declared = load(&memory, &sources, &stack, inputs);
    let lines: Vec<&str> = expected.lines().map(str::trim).collect();
    let expected = lines.join("\n");
    assert_eq!(
        described(&declared, &sources),
        expected.trim(),
        "{}",
        files[0].1
    );
}

fn check_given(template: &str, given: &[(&str, &str)], expected: &str) {
    let pairs = given.iter();
    let inputs = Inputs {
        given: pairs
            .map(|(name, text)| Given::Value((*name).to_owned(), (*text).to_owned()))
            .collect(),
        ..Inputs::default()
    };
    check_files(&[("template.yaml", template)], &inputs, expected);
}

fn check(template: &str, expected: &str) {
    check_given(template, &[], expected);
}

/// One resource `R` whose property `P` is `expression`, beside `sections`.
fn check_value_with(sections: &str, expression: &str, expected: &str) {
    let template = format!(
        "{sections}\nResources:\n  R:\n    Type: A::B::C\n    Properties:\n      P: {expression}\n"
    );
    check(&template, &format!("R: {{P: {expected}}}"));
}

fn check_value(expression: &str, expected: &str) {
    check_value_with("", expression, expected);
}

#[test]
fn text_functions() {
    for (expression, expected) in [
        ("!Sub 'a-${AWS::URLSuffix}'", "\"a-amazonaws.com\""),
        ("!Sub '${!Literal}-${AWS::Region}'", "\"${Literal}-?\""),
        ("!Sub ['${A}-${B}', {A: 1, B: !Ref R}]", "\"1-?\""),
        ("{'Fn::Sub': 'x'}", "\"x\""),
        ("!Sub 'open ${'", "\"open ${\""),
        ("!Join ['-', [a, 1, true, !Ref R]]", "\"a-1-true-?\""),
        ("!Join ['', []]", "\"\""),
        ("!Join [',', !Split ['|', 'a|b']]", "\"a,b\""),
        ("!Select [1, [a, b]]", "\"b\""),
        ("!Select ['1', !Split [',', 'a,b']]", "\"b\""),
        ("!Select [0, !GetAZs '']", "?"),
        ("!Split ['-', 'a-b-']", "[\"a\", \"b\", \"\"]"),
        (
            "!Split [':', !Sub 'arn:aws:s3:${AWS::Region}:x']",
            "[\"arn\", \"aws\", \"s3\", …]",
        ),
        (
            "!Select [1, !Split [':', !Sub 'arn:aws:${R}:x']]",
            "\"aws\"",
        ),
        ("!Base64 abc", "\"YWJj\" ~ \"abc\""),
        ("{'Fn::Base64': !Sub 'a${R}b'}", "\"?\" ~ \"a?b\""),
        (
            "!Cidr ['10.0.0.0/16', 2, 8]",
            "[\"10.0.0.0/24\", \"10.0.1.0/24\"]",
        ),
        (
            "!Cidr ['2001:db8::/56', 2, 64]",
            "[\"2001:db8::/64\", \"2001:db8:0:1::/64\"]",
        ),
        ("!Select [0, !Cidr [!GetAtt R.CidrBlock, 2, 8]]", "?"),
        ("!ImportValue x", "?"),
        ("!GetAtt R.Arn", "?R.Arn"),
        ("!GetAtt [R, A.B]", "?R.A.B"),
        ("'{{resolve:ssm:x:1}}'", "\"{{resolve:ssm:x:1}}\""),
        ("[a, !Ref AWS::NoValue, b]", "[\"a\", \"b\"]"),
        ("{A: !Ref AWS::NoValue, B: 1}", "{B: 1}"),
        ("{'Fn::Length': [a, b, !Ref R]}", "3"),
        (
            "{'Fn::ToJsonString': {a: [1, 'x\"'], b: true}}",
            "\"{\\\"a\\\":[1,\\\"x\\\\\\\"\\\"],\\\"b\\\":true}\" ~ {a: [1, \"x\\\"\"], b: true}",
        ),
        ("{'Fn::ToJsonString': {a: !Ref R}}", "\"?\" ~ {a: ?R.Ref}"),
        ("!Transform {Name: Mine, Parameters: {}}", "?"),
        ("{A: 1, 'Fn::Transform': {Name: Mine}}", "{A: 1, …}"),
        ("!Ref R", "?R.Ref"),
        ("!Ref AWS::AccountId", "?"),
    ] {
        check_value(expression, expected);
    }
}

#[test]
fn faulty_functions_are_named_with_their_places() {
    for (expression, expected) in [
        (
            "!Ref Nope",
            "! 6:10 invalid_expression: `Nope` is neither a parameter nor a resource of this template",
        ),
        (
            "!GetAtt Nope.Arn",
            "! 6:10 invalid_expression: no resource `Nope` is in this template",
        ),
        (
            "!Sub '${Nope}'",
            "! 6:10 invalid_expression: `Nope` is neither a parameter nor a resource of this template",
        ),
        (
            "!Select [2, [a, b]]",
            "! 6:10 invalid_expression: the list has no position 2",
        ),
        (
            "!Join [a]",
            "! 6:10 invalid_expression: `Fn::Join` takes a separator and a list",
        ),
        (
            "!If [Nope, a, b]",
            "! 6:15 invalid_expression: no condition `Nope` is defined",
        ),
        (
            "!FindInMap [M, a, b]",
            "! 6:10 invalid_expression: mapping `M` has no entry `a` / `b`",
        ),
        (
            "!Nope x",
            "! 6:10 invalid_expression: there is no function `Fn::Nope`",
        ),
        (
            "!Cidr ['10.0.0.0/24', 3, 7]",
            "! 6:10 invalid_expression: 10.0.0.0/24 does not hold 3 blocks of 7 bits",
        ),
    ] {
        let template = format!(
            "\nResources:\n  R:\n    Type: A::B::C\n    Properties:\n      P: {expression}\n"
        );
        let memory = MemoryFiles::new([("template.yaml", template.as_str())]);
        let sources = SourceMap::new();
        let stack = Stack {
            language: Language::CloudFormation,
            path: "template.yaml".into(),
        };
        let declared = load(&memory, &sources, &stack, &Inputs::default());
        let described = described(&declared, &sources);
        assert!(
            described.lines().any(|line| line == expected),
            "{expression}: {described}"
        );
    }
}

#[test]
fn values_and_attributes_are_those_of_the_resource_types() {
    check(
        "Parameters:
  Port: {Type: String, Default: '22'}
  Size: {Type: Number}
  Tag: {Type: String, Default: ''}
Conditions:
  HasTag: !Not [!Equals [!Ref Tag, '']]
Resources:
  G:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: 080
      SecurityGroupIngress: [{FromPort: !Ref Port, ToPort: !Sub '${Port}2', IpProtocol: -1, Description: 1.10}]
      Tags: [!If [HasTag, {Key: on, Value: !Select [1, !Split ['=', !Ref Tag]]}, {Key: 1, Value: 2012-10-17}]]
  V:
    Type: AWS::EC2::Volume
    Properties: {Encrypted: 'true', Size: !Ref Size, Iops: !GetAtt G.Nothing, AvailabilityZone: !GetAtt G.VpcId}
  C: {Type: 'Custom::Any', Properties: {Port: '22', On: 'true', To: !GetAtt C.what.ever}}
  R: {Type: AWS::IAM::Role, Properties: {RoleName: !GetAtt G.GroupIds, Path: !GetAtt R.Path}}
",
        "G: {GroupDescription: \"080\", SecurityGroupIngress: [{FromPort: 22, ToPort: 222, IpProtocol: \"-1\", Description: \"1.10\"}], \
            Tags: [(Tag is not \"\" => {Key: \"true\", Value: (Tag is \"\" => ? | Tag is not \"\" => ?)} | Tag is \"\" => {Key: \"1\", Value: \"2012-10-17\"})]}
        V: {Encrypted: true, Size: ?, Iops: ?, AvailabilityZone: ?G.VpcId}
        C: {Port: \"22\", On: \"true\", To: ?C.what.ever}
        R: {RoleName: ?, Path: ?}
        ! 16:60 invalid_expression: `AWS::EC2::SecurityGroup` has no attribute `Nothing` to get
        ! 18:52 invalid_expression: `AWS::EC2::SecurityGroup` has no attribute `GroupIds` to get
        ! 18:78 invalid_expression: `AWS::IAM::Role` has no attribute `Path` to get",
    );
}

#[test]
fn parameters_have_their_given_value_or_their_default() {
    let template = "
        Parameters:
          Port: {Type: Number, Default: 80}
          Names: {Type: CommaDelimitedList, Default: 'a, b'}
          Key: {Type: String}
          One: {Type: String, AllowedValues: [x]}
          Ami: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /aws/ami}
        Resources:
          R:
            Type: A::B::C
            Properties: {A: !Ref Port, B: !Ref Names, C: !Ref Key, D: !Ref One, E: !Ref Ami, F: !Sub '${Port}', G: !Select [1, !Ref Names]}
        ";
    check(
        template,
        "R: {A: 80, B: [\"a\", \"b\"], C: ?, D: \"x\", E: ?, F: \"80\", G: \"b\"}",
    );
    check_given(
        template,
        &[("Port", "22"), ("Names", "c"), ("Key", "k"), ("Key", "l")],
        "R: {A: 22, B: [\"c\"], C: \"l\", D: \"x\", E: ?, F: \"22\", G: ?}
        ! 11:116 invalid_expression: the list has no position 1",
    );
}

#[test]
fn parameter_files_of_every_form_are_read() {
    let template = "
        Parameters:
          A: {Type: String}
          B: {Type: CommaDelimitedList}
        Resources:
          R: {Type: A::B::C, Properties: {A: !Ref A, B: !Ref B}}
        ";
    for file in [
        "[{\"ParameterKey\": \"A\", \"ParameterValue\": \"x\"}, {\"ParameterKey\": \"B\", \"ParameterValue\": \"y,z\"}]",
        "[\"A=x\", \"B=y,z\"]",
        "{\"Parameters\": {\"A\": \"x\", \"B\": \"y,z\"}, \"Tags\": {}}",
        "A: x\nB: [y, z]\n",
        "template-file-path: template.yaml\nparameters:\n  A: x\n  B: 'y,z'\ntags: {}\n",
        "[default.deploy.parameters]\nparameter_overrides = \"A=x B=y,z\"\n",
    ] {
        let name = match file.starts_with("[default") {
            true => "samconfig.toml",
            false => "given",
        };
        let inputs = Inputs {
            given: vec![Given::File(name.to_owned())],
            ..Inputs::default()
        };
        check_files(
            &[("template.yaml", template), (name, file)],
            &inputs,
            "R: {A: \"x\", B: [\"y\", \"z\"]}",
        );
    }
}

#[test]
fn a_default_decides_the_default_case_only() {
    check(
        "
        Parameters:
          Env: {Type: String, Default: dev}
        Conditions:
          IsProd: !Equals [!Ref Env, prod]
        Resources:
          R: {Type: A::B::C, Condition: IsProd, Properties: {A: !Ref Env}}
          S: {Type: A::B::C, Properties: {A: !If [IsProd, 1, !Ref AWS::NoValue], B: !Sub 'x-${Env}'}}
        Outputs:
          O: {Condition: IsProd, Value: !GetAtt R.Arn}
        ",
        "R when Env is \"prod\": {A: (Env is \"prod\" => \"prod\" | Env is not \"prod\" => \"dev\")}
        S: {A: (Env is \"prod\" => 1 | Env is not \"prod\" => null), B: (Env is \"prod\" => \"x-prod\" | Env is not \"prod\" => \"x-dev\")}
        output O when Env is \"prod\": ?R.Arn",
    );
}

#[test]
fn given_values_decide_conditions() {
    let template = "
        Parameters:
          Env: {Type: String, Default: dev}
        Conditions:
          IsProd: !Equals [!Ref Env, prod]
          IsNot: !Not [!Condition IsProd]
        Resources:
          R: {Type: A::B::C, Condition: IsProd}
          S: {Type: A::B::C, Condition: IsNot, Properties: {A: !If [IsProd, 1, 2]}}
        ";
    check_given(template, &[("Env", "prod")], "R: {}\n-S");
    check_given(template, &[("Env", "x")], "S: {A: 2}\n-R");
    let inputs = Inputs {
        conditions: vec![("IsProd".to_owned(), true)],
        ..Inputs::default()
    };
    check_files(&[("template.yaml", template)], &inputs, "R: {}\n-S");
}

#[test]
fn allowed_values_and_constraints_prune() {
    check(
        "
        Parameters:
          Env: {Type: String, AllowedValues: [dev, prod]}
          Name: {Type: String, MinLength: 1}
          Size: {Type: String, AllowedPattern: '[a-z]+', Default: ''}
        Conditions:
          IsDev: !Equals [!Ref Env, dev]
          IsProd: !Equals [!Ref Env, prod]
          IsTest: !Equals [!Ref Env, test]
          NoName: !Equals [!Ref Name, '']
          NoSize: !Equals [!Ref Size, '']
          Odd: !Equals [!Ref Size, '1']
        Resources:
          R: {Type: A::B::C, Properties: {A: !If [IsDev, 1, !If [IsProd, 2, 3]], B: !If [IsTest, 1, 2], C: !If [NoName, 1, 2], D: !If [Odd, 1, 2]}}
          T: {Type: A::B::C, Condition: IsTest}
        ",
        "R: {A: (Env is \"dev\" => 1 | Env is not \"dev\" and Env is \"prod\" => 2), B: 2, C: 2, D: 2}
        -T",
    );
}

#[test]
fn conditions_follow_operands_of_every_form() {
    let condition = |expression: &str, expected: &str| {
        check(
            &format!(
                "
Parameters:
  A: {{Type: String}}
  B: {{Type: String}}
  L: {{Type: CommaDelimitedList}}
Mappings:
  M: {{x: {{k: on1}}, y: {{k: off1}}}}
Conditions:
  Z: !Equals [!Ref A, z]
  C: {expression}
Resources:
  R: {{Type: A::B::C, Condition: C}}
"
            ),
            expected,
        );
    };
    for (expression, expected) in [
        ("!Equals [!Ref A, x]", "R when A is \"x\": {}"),
        ("!Equals [!Sub 'p-${A}-s', p-x-s]", "R when A is \"x\": {}"),
        (
            "!Equals [!Join ['-', [p, !Ref A]], p-x]",
            "R when A is \"x\": {}",
        ),
        ("!Equals [!Sub 'p-${A}', q-x]", "-R"),
        ("!Equals [!Ref A, !Ref A]", "R: {}"),
        ("!Equals [!Ref A, !Ref B]", "R when A = B is true: {}"),
        (
            "!Not [!Equals [!Ref B, !Ref A]]",
            "R when A = B is false: {}",
        ),
        ("!Equals [1, '1']", "R: {}"),
        ("!Equals [true, 'true']", "R: {}"),
        (
            "!Equals [!FindInMap [M, !Ref A, k], on1]",
            "R when A is \"x\": {}",
        ),
        (
            "!Equals [!Select [0, !Ref L], '']",
            "R when Select(\"0\", L) is \"\": {}",
        ),
        ("!And [!Condition Z, !Equals [!Ref A, x]]", "-R"),
        ("!Or [!Condition Z, !Not [!Condition Z]]", "R: {}"),
        (
            "!And [!Equals [!Ref A, x], !Equals [!Ref B, y]]",
            "R when A is \"x\" and B is \"y\": {}",
        ),
        (
            "!Equals [!Ref AWS::Region, us-east-1]",
            "R when AWS::Region is \"us-east-1\": {}",
        ),
    ] {
        condition(expression, expected);
    }
}

#[test]
fn maps_agree_with_conditions_on_their_key() {
    check(
        "
        Parameters:
          Env: {Type: String, Default: dev}
        Mappings:
          M: {dev: {Cidr: 10.0.0.0/8}, prod: {Cidr: 0.0.0.0/0}}
        Conditions:
          IsProd: !Equals [!Ref Env, prod]
        Resources:
          R: {Type: A::B::C, Properties: {A: !FindInMap [M, !Ref Env, Cidr], B: !If [IsProd, 1, 2]}}
        ",
        "R: {A: (Env is \"prod\" => \"0.0.0.0/0\" | Env is \"dev\" => \"10.0.0.0/8\"), B: (Env is \"prod\" => 1 | Env is not \"prod\" => 2)}",
    );
    let region = "Mappings: {M: {us-east-1: {A: x, B: same}, eu-west-1: {A: y, B: same}}}";
    check_value_with(
        region,
        "!FindInMap [M, !Ref AWS::Region, A]",
        "?[\"x\", \"y\"]",
    );
    check_value_with(region, "!FindInMap [M, !Ref AWS::Region, B]", "\"same\"");
    check_value_with(region, "!FindInMap [M, us-east-1, A]", "\"x\"");
    check_value_with(
        region,
        "!FindInMap [M, nope, A, {DefaultValue: !Join ['', [d, e]]}]",
        "\"de\"",
    );
}

#[test]
fn rules_exclude_worlds() {
    check(
        "
        Parameters:
          Env: {Type: String}
          Open: {Type: String}
        Rules:
          NotOpen:
            RuleCondition: !Equals [!Ref Env, prod]
            Assertions:
              - Assert: {'Fn::Contains': [['false', 'no'], !Ref Open]}
        Conditions:
          IsProd: !Equals [!Ref Env, prod]
          IsOpen: !Equals [!Ref Open, 'true']
          Both: !And [!Condition IsProd, !Condition IsOpen]
        Resources:
          R: {Type: A::B::C, Properties: {A: !If [Both, 1, 2]}}
          S: {Type: A::B::C, Condition: Both}
        ",
        "R: {A: 2}\n-S",
    );
}

#[test]
fn loops_are_run() {
    check(
        "
        Transform: AWS::LanguageExtensions
        Parameters:
          Names: {Type: CommaDelimitedList, Default: 'a-1,b'}
          Open: {Type: CommaDelimitedList}
        Resources:
          'Fn::ForEach::Buckets':
            - Name
            - !Ref Names
            - 'Bucket&{Name}':
                Type: A::B::C
                Properties: {Name: !Sub '${Name}-${AWS::Region}', N: !Ref Name, M: 'x${Name}', O: {'Fn::ForEach::P': [Q, [c, d], {'${Name}${Q}': !Ref Q}]}}
          'Fn::ForEach::Unknown':
            - Id
            - !Ref Open
            - 'Topic${Id}': {Type: A::B::D, Properties: {A: !Ref Id, B: !Sub 'x-${Id}'}}
        ",
        "Bucketa1: {Name: \"a-1-?\", N: \"a-1\", M: \"xa-1\", O: {a-1c: \"c\", a-1d: \"d\"}}
        Bucketb: {Name: \"b-?\", N: \"b\", M: \"xb\", O: {bc: \"c\", bd: \"d\"}}
        Topic*: {A: ?, B: \"x-*\"}",
    );
}

#[test]
fn local_files_are_included() {
    check_files(
        &[
            (
                "template.yaml",
                "
Resources:
  R:
    Type: A::B::C
    Properties:
      A: 1
      'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: parts/p.yaml}}
  'Fn::Transform':
    Name: AWS::Include
    Parameters: {Location: ./parts/r.json}
",
            ),
            ("parts/p.yaml", "B: !Ref R\n"),
            ("parts/r.json", "{\"S\": {\"Type\": \"A::B::C\"}}"),
        ],
        &Inputs::default(),
        "R: {A: 1, B: ?R.Ref}\nS: {}",
    );
}

#[test]
fn nested_stacks_are_followed() {
    check_files(
        &[
            (
                "template.yaml",
                "
Parameters:
  Env: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Net:
    Type: AWS::CloudFormation::Stack
    Condition: IsProd
    Properties:
      TemplateURL: ./net/net.yaml
      Parameters: {Cidr: 10.0.0.0/8, Env: !Ref Env, Key: !GetAtt K.Arn}
  K: {Type: A::B::K}
  R: {Type: A::B::C, Properties: {A: !GetAtt Net.Outputs.Vpc, B: !GetAtt Net.Outputs.Cidr, C: !GetAtt Net.Outputs.Nope}}
  Far:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: 'https://s3.amazonaws.com/b/x.yaml'}
  F: {Type: A::B::C, Properties: {A: !GetAtt Far.Outputs.X}}
",
            ),
            (
                "net/net.yaml",
                "
Parameters:
  Cidr: {Type: String}
  Env: {Type: String}
  Key: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Vpc: {Type: A::B::V, Properties: {Cidr: !Ref Cidr, Key: !Ref Key, P: !If [IsProd, 1, 2]}}
Outputs:
  Vpc: {Value: !Ref Vpc}
  Cidr: {Value: !Ref Cidr}
",
            ),
        ],
        &Inputs::default(),
        "Net when Env is \"prod\": {TemplateURL: \"./net/net.yaml\", Parameters: {Cidr: \"10.0.0.0/8\", Env: (Env is \"prod\" => \"prod\" | Env is not \"prod\" => \"dev\"), Key: ?K.Arn}}
        Net/Vpc when Env is \"prod\": {Cidr: \"10.0.0.0/8\", Key: ?K.Arn, P: (Env is \"prod\" => 1 | Env is not \"prod\" => 2)}
        K: {}
        R: {A: ?Net/Vpc.Ref, B: \"10.0.0.0/8\", C: ?}
        Far: {TemplateURL: \"https://s3.amazonaws.com/b/x.yaml\"}
        F: {A: ?Far.Outputs.X}
        ! 14:95 invalid_expression: the template of `Net` has no output `Nope`",
    );
}

#[test]
fn a_stack_within_itself_ends() {
    let template = "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: template.yaml}\n";
    check(
        template,
        "S: {TemplateURL: \"template.yaml\"}
        ! 4:31 limit: `template.yaml` is nested in itself or too deep",
    );
}

#[test]
fn what_is_no_template_is_said() {
    for (text, expected) in [
        (
            "- a\n",
            "! 1:1 invalid_template: a template is a mapping at the top",
        ),
        ("", "! empty_file: this file is empty"),
        (
            "Resources:\n  - A\n",
            "! 1:1 invalid_template: `Resources` must be a mapping of names",
        ),
        (
            "Resources:\n  A: {Type: A::B::C}\n  B: {Properties: {}}\n",
            "A: {}\n! 3:3 invalid_template: resource `B` has no `Type`",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn places_survive_functions() {
    let template = "
Parameters:
  Cidr: {Type: String, Default: 0.0.0.0/0}
Resources:
  R:
    Type: A::B::C
    Properties:
      Policy: !Sub |
        {\"Action\": \"s3:*\",
         \"Resource\": \"${R.Arn}\", \"Effect\": \"Allow\"}
      Data:
        Fn::Base64: !Join
          - \"\\n\"
          - - '#!/bin/bash'
            - !Sub 'export TOKEN=${Cidr} secret=abc'
      Cidr: !Ref Cidr
";
    let memory = MemoryFiles::new([("template.yaml", template)]);
    let sources = SourceMap::new();
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    let declared = load(&memory, &sources, &stack, &Inputs::default());
    let file = sources.by_path("template.yaml").expect("read");
    let body = &declared.resources[0].body;
    let policy = body.member("Policy").expect("member");
    let text = policy.as_text().expect("text");
    let decoded = onus::yaml::json::decode(text, policy.span()).expect("JSON");
    let effect = decoded.member("Effect").expect("member");
    assert_eq!(file.slice(effect.span()), "\"Allow\"");
    let data = body.member("Data").expect("member");
    let script = data
        .as_text()
        .and_then(|text| text.encodes())
        .expect("kept");
    let script = script.as_text().expect("text");
    let known = script.as_str().expect("known");
    let secret = known.find("secret=abc").expect("there");
    let place = script.locate(secret, secret + 10).expect("located");
    assert_eq!(file.slice(place), "secret=abc");
    let cidr = body.member("Cidr").expect("member");
    assert_eq!(file.slice(cidr.span()), "!Ref Cidr");
    let source = cidr.origin.trail.source().expect("trail");
    assert_eq!(file.slice(source.0), "0.0.0.0/0");
    assert_eq!(source.1.describe(), "default of `Cidr`");
}

fn load_template(template: &str) -> (Declared, SourceMap) {
    let memory = MemoryFiles::new([("template.yaml", template)]);
    let sources = SourceMap::new();
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    let declared = load(&memory, &sources, &stack, &Inputs::default());
    (declared, sources)
}

#[test]
fn serverless_functions_become_functions_roles_and_permissions() {
    check(
        "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Timeout: 3, Tags: {a: b}, VpcConfig: {SubnetIds: [s-1], SecurityGroupIds: [sg-1]}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: h
      CodeUri: ./src
      Timeout: 9
      Policies:
        - AWSLambdaRole
        - !Ref Managed
        - Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]
        - SQSPollerPolicy: {QueueName: !GetAtt Q.QueueName}
      Events:
        Poll: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn, BatchSize: 1}}
        Get: {Type: Api, Properties: {Path: '/a/{id}', Method: get}}
  G:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: x, Role: !GetAtt R.Arn, VpcConfig: !Ref AWS::NoValue, FunctionUrlConfig: {AuthType: NONE}}
  Q: {Type: AWS::SQS::Queue}
Outputs:
  Url: {Value: !Sub 'https://${ServerlessRestApi}.execute-api'}
",
        "F: {Handler: \"h\", Timeout: 9, VpcConfig: {SubnetIds: [\"s-1\"], SecurityGroupIds: [\"sg-1\"]}, Code: ?, Tags: [{Key: \"lambda:createdBy\", Value: \"SAM\"}, {Key: \"a\", Value: \"b\"}], Role: ?FRole.Arn}
        FRole: {AssumeRolePolicyDocument: {Version: \"2012-10-17\", Statement: [{Action: [\"sts:AssumeRole\"], Effect: \"Allow\", Principal: {Service: [\"lambda.amazonaws.com\"]}}]}, ManagedPolicyArns: [\"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole\", \"arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole\", \"arn:aws:iam::aws:policy/service-role/AWSLambdaRole\", ?, \"arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole\"], Policies: [{PolicyDocument: {Statement: [{Effect: \"Allow\", Action: \"s3:*\", Resource: \"*\"}]}, PolicyName: \"FRolePolicy2\"}, {PolicyDocument: {Statement: [{Action: [\"sqs:ChangeMessageVisibility\", \"sqs:ChangeMessageVisibilityBatch\", \"sqs:DeleteMessage\", \"sqs:DeleteMessageBatch\", \"sqs:GetQueueAttributes\", \"sqs:ReceiveMessage\"], Effect: \"Allow\", Resource: \"arn:?:sqs:?:?:?\"}]}, PolicyName: \"FRolePolicy3\"}], Tags: [{Key: \"lambda:createdBy\", Value: \"SAM\"}, {Key: \"a\", Value: \"b\"}]}
        FGetPermissionProd: {Action: \"lambda:InvokeFunction\", FunctionName: ?F.Ref, Principal: \"apigateway.amazonaws.com\", SourceArn: \"arn:aws:execute-api:?:?:?/*/GET/a/*\"}
        FPoll: {FunctionName: ?F.Ref, EventSourceArn: ?Q.Arn, BatchSize: 1}
        G: {Timeout: 3, Role: ?, Code: {ZipFile: \"x\"}, Tags: [{Key: \"lambda:createdBy\", Value: \"SAM\"}, {Key: \"a\", Value: \"b\"}]}
        GUrl: {TargetFunctionArn: ?G.Ref, AuthType: \"NONE\"}
        GUrlPublicPermissions: {Action: \"lambda:InvokeFunctionUrl\", FunctionName: ?G.Ref, Principal: \"*\", FunctionUrlAuthType: \"NONE\"}
        GURLInvokeAllowPublicAccess: {Action: \"lambda:InvokeFunction\", FunctionName: ?G.Ref, Principal: \"*\", InvokedViaFunctionUrl: true}
        Q: {}
        ServerlessRestApi: {Body: {swagger: \"2.0\", info: {version: \"1.0\", title: ?}, paths: {/a/{id}: {get: {x-amazon-apigateway-integration: {type: \"aws_proxy\", httpMethod: \"POST\", uri: \"arn:aws:apigateway:?:lambda:path/2015-03-31/functions/?/invocations\"}, responses: {}}}}}}
        ServerlessRestApiDeployment5439023ba8: {RestApiId: ?ServerlessRestApi.Ref, Description: \"RestApi deployment id: 5439023ba8a792dc20edaf818e54641981882fa5\", StageName: \"Stage\"}
        ServerlessRestApiProdStage: {RestApiId: ?ServerlessRestApi.Ref, DeploymentId: ?ServerlessRestApiDeployment5439023ba8.Ref, StageName: \"Prod\"}
        output Url: \"https://?.execute-api\"
        ! 14:11 invalid_expression: `Managed` is neither a parameter nor a resource of this template
        ! 22:39 invalid_expression: no resource `R` is in this template",
    );
}

#[test]
fn what_the_transform_makes_points_at_what_asked_for_it() {
    let (declared, sources) = load_template(
        "Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - S3CrudPolicy: {BucketName: b}
        - Fn::If: [C, {DynamoDBCrudPolicy: {TableName: t}}, AWSLambdaRole]
      FunctionUrlConfig: {AuthType: NONE}
Conditions:
  C: !Equals [!Ref AWS::Region, us-east-1]
",
    );
    let file = sources.by_path("template.yaml").expect("read");
    let find = |address: &str| {
        let found = declared.resources.iter().find(|r| &*r.address == address);
        found.expect("made")
    };
    let role = find("FRole");
    assert_eq!(file.slice(role.header), "F");
    let policies = role.body.member("Policies").expect("inline");
    let crud = policies.elements().next().expect("first");
    assert_eq!(file.slice(crud.span()), "S3CrudPolicy");
    let choice = policies.elements().nth(1).expect("second");
    assert!(shown(&choice).ends_with("| AWS::Region is not \"us-east-1\" => null)"));
    let managed = role.body.member("ManagedPolicyArns").expect("managed");
    assert!(shown(&managed).contains(
        "AWS::Region is not \"us-east-1\" => \"arn:aws:iam::aws:policy/service-role/AWSLambdaRole\""
    ));
    let permission = find("FUrlPublicPermissions");
    assert_eq!(file.slice(permission.header), "AuthType");
    assert_eq!(declared.diagnostics, []);
}

#[test]
fn state_machines_tables_and_apis_of_the_transform() {
    check(
        "
Transform: [AWS::Serverless-2016-10-31]
Resources:
  M:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A}
      Logging: {Level: ALL}
      Policies: [{LambdaInvokePolicy: {FunctionName: f}}]
  T:
    Type: AWS::Serverless::SimpleTable
    Properties: {SSESpecification: {SSEEnabled: true}}
  A:
    Type: AWS::Serverless::Api
    Properties: {StageName: v1, EndpointConfiguration: PRIVATE, DefinitionBody: {swagger: 2}, TracingEnabled: true}
  H:
    Type: AWS::Serverless::HttpApi
    Properties: {AccessLogSettings: {DestinationArn: d}}
Outputs:
  S: {Value: !Ref A.Stage}
",
        "M: {DefinitionString: \"{\\n    \\\"StartAt\\\": \\\"A\\\"\\n}\" ~ {StartAt: \"A\"}, LoggingConfiguration: {Level: \"ALL\"}, RoleArn: ?MRole.Arn, Tags: [{Key: \"stateMachine:createdBy\", Value: \"SAM\"}]}
        MRole: {AssumeRolePolicyDocument: {Version: \"2012-10-17\", Statement: [{Action: [\"sts:AssumeRole\"], Effect: \"Allow\", Principal: {Service: [\"states.amazonaws.com\"]}}]}, ManagedPolicyArns: [], Policies: [{PolicyDocument: {Statement: [{Action: [\"lambda:InvokeFunction\"], Effect: \"Allow\", Resource: \"arn:?:lambda:?:?:function:f*\"}]}, PolicyName: \"MRolePolicy0\"}], Tags: [{Key: \"stateMachine:createdBy\", Value: \"SAM\"}]}
        T: {AttributeDefinitions: [{AttributeName: \"id\", AttributeType: \"S\"}], KeySchema: [{AttributeName: \"id\", KeyType: \"HASH\"}], BillingMode: \"PAY_PER_REQUEST\", SSESpecification: {SSEEnabled: true}}
        A: {EndpointConfiguration: {Types: [\"PRIVATE\"]}, Parameters: {endpointConfigurationTypes: \"PRIVATE\"}, Body: {swagger: 2}}
        ADeployment6534ba64db: {RestApiId: ?A.Ref, Description: \"RestApi deployment id: 6534ba64db37c9c05ee836014d235c32ee42b4ca\", StageName: \"Stage\"}
        Av1Stage: {RestApiId: ?A.Ref, DeploymentId: ?ADeployment6534ba64db.Ref, StageName: \"v1\", TracingEnabled: true}
        H: {Body: {openapi: \"3.0.1\", info: {version: \"1.0\", title: ?}, paths: {}, tags: [{name: \"httpapi:createdBy\", x-amazon-apigateway-tag-value: \"SAM\"}]}}
        HApiGatewayDefaultStage: {ApiId: ?H.Ref, StageName: \"$default\", AutoDeploy: true, AccessLogSettings: {DestinationArn: \"d\"}, Tags: {httpapi:createdBy: \"SAM\"}}
        output S: ?Av1Stage.Ref",
    );
}

/// A template of one resource for each of thirty conditions, `condition` making the one of a number.
fn with_conditions(condition: impl Fn(usize) -> String) -> String {
    let mut template = "Parameters:\n".to_owned();
    for number in 0..20 {
        template.push_str(&format!("  P{number}: {{Type: String, Default: d}}\n"));
    }
    template.push_str("Conditions:\n  C0: !Equals [!Ref P0, x]\n");
    for number in 1..30 {
        template.push_str(&format!("  C{number}: {}\n", condition(number)));
    }
    template.push_str("Resources:\n");
    for number in 0..30 {
        template.push_str(&format!(
            "  R{number}: {{Type: A::B::C, Condition: C{number}, Properties: {{A: !If [C10, !If [C29, 1, 2], 3]}}}}\n"
        ));
    }
    template
}

#[test]
fn conditions_that_build_on_each_other_do_not_blow_up() {
    for template in [
        // Chains of *and* and *or*.
        with_conditions(|n| {
            format!(
                "!And [!Condition C{}, !Or [!Equals [!Ref P{}, x], !Condition C{}]]",
                n - 1,
                n % 20,
                n / 2
            )
        }),
        // Each asks for the one before twice: written out, the last has a billion parts.
        with_conditions(|n| {
            format!(
                "!Or [!And [!Condition C{0}, !Equals [!Ref P{1}, z]], !And [!Not [!Condition C{0}], !Equals [!Ref P{2}, w]]]",
                n - 1,
                n % 20,
                (n + 1) % 20
            )
        }),
        with_conditions(|n| {
            format!(
                "!Or [!And [!Condition C{0}, !Condition C{1}], !Not [!Condition C{0}]]",
                n - 1,
                n.saturating_sub(2)
            )
        }),
    ] {
        let (declared, _) = load_template(&template);
        assert_eq!(declared.diagnostics, []);
        assert_eq!(declared.conditions.len(), 30);
        assert!(
            declared
                .conditions
                .iter()
                .all(|condition| condition.guard.distinct() < 2_000)
        );
    }
}

#[test]
fn branches_that_no_deployment_takes_are_not_there() {
    // C29 needs every condition before it, so nothing is left of the branch for C10 being false.
    let template = with_conditions(|n| {
        format!(
            "!And [!Condition C{}, !Equals [!Ref P{}, x]]",
            n - 1,
            n % 20
        )
    });
    let (declared, _) = load_template(&template);
    let last = declared
        .resources
        .iter()
        .find(|resource| &*resource.address == "R29")
        .expect("declared");
    let world = onus::value::World::new()
        .assuming(&last.exists)
        .expect("possible");
    assert_eq!(shown(&last.body.in_world(&world)), "{A: 1}");
}

#[test]
fn hostile_files_end_in_diagnostics() {
    let lines =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (0..count).map(line).collect() };
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let long = "x".repeat(10_000_000);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("alias bomb", bomb.into_bytes(), "syntax"),
        (
            "deep flow",
            format!("Resources: {}", "[".repeat(100_000)).into_bytes(),
            "syntax",
        ),
        (
            "deep JSON",
            format!("{{\"Resources\": {}", "{\"a\":".repeat(100_000)).into_bytes(),
            "syntax",
        ),
        (
            "deep blocks",
            lines(1_000, &|n| format!("{}a:\n", " ".repeat(n))).into_bytes(),
            "syntax",
        ),
        (
            "long line",
            format!("Resources: {{R: {{Type: A::B::C, Properties: {{A: {long}}}}}}}").into_bytes(),
            "unreadable_file",
        ),
        (
            "unclosed quote",
            format!("Resources: \"{}", "a\n".repeat(100_000)).into_bytes(),
            "syntax",
        ),
        (
            "cut off",
            b"Resources:\n  R: {Type: A::B::C, Properties: {A: [1, ".to_vec(),
            "syntax",
        ),
        (
            "cut off JSON",
            b"{\"Resources\": {\"R\": {\"Type\"".to_vec(),
            "syntax",
        ),
        ("UTF-16", b"\xff\xfeR\0e\0s\0".to_vec(), "unreadable_file"),
        (
            "Latin-1",
            b"Description: caf\xe9\nResources: {}\n".to_vec(),
            "unreadable_file",
        ),
        (
            "binary",
            (0..100_000u32)
                .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
                .collect(),
            "unreadable_file",
        ),
        (
            "control character",
            b"Resources:\n  R: {Type: \x00}\n".to_vec(),
            "syntax",
        ),
    ];
    for (name, bytes, code) in cases {
        let mut memory = MemoryFiles::default();
        memory.insert("template.yaml", &bytes);
        let sources = SourceMap::new();
        let stack = Stack {
            language: Language::CloudFormation,
            path: "template.yaml".into(),
        };
        let declared = load(&memory, &sources, &stack, &Inputs::default());
        let codes: Vec<&str> = declared.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [code], "{name}");
        let diagnostic = &declared.diagnostics[0];
        assert!(diagnostic.incomplete && diagnostic.hint.is_some(), "{name}");
        assert!(
            diagnostic.span.is_some() || diagnostic.path.is_some(),
            "{name}"
        );
    }
}

#[test]
fn deep_but_sane_values_are_evaluated() {
    let depth = 60;
    let template = format!(
        "Resources:\n  R:\n    Type: A::B::C\n    Properties:\n      P: {}a{}\n",
        "!Join ['', [b, ".repeat(depth),
        "]]".repeat(depth)
    );
    check(&template, &format!("R: {{P: \"{}a\"}}", "b".repeat(depth)));
}

#[test]
fn modules_are_said_to_be_missing_once() {
    for kind in [
        "!Rain::Module ./vpc.yml",
        "{'Rain::Module': ./vpc.yml}",
        "Mine::Net::Vpc::MODULE",
    ] {
        check(
            &format!(
                "Resources:\n  Net:\n    Type: {kind}\n  R:\n    Type: A::B::C\n    Properties: {{A: !Ref NetVpc, B: !GetAtt NetSubnet.Id}}\n"
            ),
            "R: {A: ?, B: ?}\n! 2:3 not_analysed: module `Net` is not put in",
        );
    }
}

/// Evaluates the template with what the other files export.
fn check_imports(files: &[(&str, &str)], expected: &str) {
    let memory = MemoryFiles::new(files.iter().copied());
    let stacks: Vec<Stack> = files
        .iter()
        .map(|(path, _)| Stack {
            language: Language::CloudFormation,
            path: (*path).into(),
        })
        .collect();
    let inputs = Inputs {
        exports: exports(&memory, &SourceMap::new(), &stacks, &|_| Inputs::default()).into(),
        ..Inputs::default()
    };
    check_files(files, &inputs, expected);
}

#[test]
fn imports_are_what_other_templates_export() {
    check_imports(
        &[
            (
                "template.yaml",
                "
Parameters:
  Net: {Type: String, Default: net}
Resources:
  A:
    Type: T::T::T
    Properties:
      Plain: !ImportValue net-cidr
      Named: !ImportValue {'Fn::Sub': '${Net}-cidr'}
      Regional: !ImportValue {'Fn::Sub': '${AWS::Region}-zone'}
      Partly: !ImportValue net-bucket
      Resource: !ImportValue net-vpc
      OfParameter: !ImportValue net-open
      Absent: !ImportValue gone
      OfDeployment: !ImportValue {'Fn::Sub': '${AWS::StackName}-cidr'}
      Deep: !ImportValue deep
      Hidden: !ImportValue never
",
            ),
            (
                "net.yaml",
                "
Parameters:
  Cidr: {Type: String, Default: 10.0.0.0/16}
  Open: {Type: String, AllowedValues: ['a', 'b']}
Conditions:
  Never: !Equals [a, b]
  A: !Equals [!Ref Open, a]
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Cidr}}
  In: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: in.yaml, Parameters: {Name: deep}}}
Outputs:
  Cidr: {Value: !Ref Cidr, Export: {Name: net-cidr}}
  Own: {Value: x, Export: {Name: !Sub '${AWS::StackName}-cidr'}}
  Zone: {Value: !Sub '${AWS::Region}a', Export: {Name: !Sub '${AWS::Region}-zone'}}
  Bucket: {Value: !Sub 'b-${Vpc}', Export: {Name: net-bucket}}
  Vpc: {Value: !Ref Vpc, Export: {Name: net-vpc}}
  Open: {Value: !If [A, x, y], Export: {Name: net-open}}
  Not: {Condition: Never, Value: x, Export: {Name: never}}
",
            ),
            (
                "in.yaml",
                "
Parameters: {Name: {Type: String}}
Resources: {}
Outputs:
  X: {Value: inner, Export: {Name: !Ref Name}}
",
            ),
        ],
        r#"
A: {Plain: "10.0.0.0/16", Named: "10.0.0.0/16", Regional: "?a", Partly: "b-?", Resource: ?, OfParameter: ?, Absent: ?, OfDeployment: ?, Deep: "inner", Hidden: ?}
"#,
    );
}

#[test]
fn a_name_that_two_templates_export_is_unknown() {
    let export = "
Resources: {}
Outputs:
  X: {Value: x, Export: {Name: both}}
";
    check_imports(
        &[
            (
                "template.yaml",
                "
Resources:
  A: {Type: T::T::T, Properties: {P: !ImportValue both}}
",
            ),
            ("one.yaml", export),
            ("two.yaml", export),
        ],
        "
A: {P: ?}
! 3:38 ambiguous_import: `both` is exported by more than one template
",
    );
}

#[test]
fn connectors_are_the_policies_that_they_attach() {
    check_files(
        &[(
            "template.yaml",
            "
Transform: AWS::Serverless-2016-10-31
Resources:
  R: {Type: AWS::IAM::Role}
  L:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt R.Arn}
    Connectors:
      M: {Properties: {Destination: [{Id: Q}, {Id: S}], Permissions: [Write]}}
  S: {Type: AWS::SNS::Topic}
  Q: {Type: AWS::SQS::Queue}
  D: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: S}, Destination: {Id: L}, Permissions: [Read, Write]}}
  E:
    Type: AWS::Serverless::Connector
    Properties:
      Source: {Type: AWS::AppSync::DataSource, RoleName: r}
      Destination: {Type: AWS::Events::EventBus, Arn: 'arn:aws:events:eu-west-1:123456789012:event-bus/b'}
      Permissions: [Write]
  G: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: S}, Destination: {Id: Q}, Permissions: [Write]}}
  X: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Q}, Destination: {Id: S}, Permissions: [Write]}}
",
        )],
        &Inputs::default(),
        r#"
R: {}
L: {Role: ?R.Arn}
LMPolicyDestination0: {PolicyDocument: {Version: "2012-10-17", Statement: [{Action: ["sqs:DeleteMessage", "sqs:SendMessage", "sqs:ChangeMessageVisibility", "sqs:PurgeQueue"], Effect: "Allow", Resource: [?Q.Arn]}]}, Roles: [?R.Ref]}
LMPolicyDestination1: {PolicyDocument: {Version: "2012-10-17", Statement: [{Action: ["sns:Publish"], Effect: "Allow", Resource: [?S.Ref]}]}, Roles: [?R.Ref]}
S: {}
Q: {}
DWriteLambdaPermission: {Action: "lambda:InvokeFunction", Principal: "sns.amazonaws.com", SourceArn: ?S.Ref, FunctionName: ?L.Arn}
EPolicy: {PolicyDocument: {Version: "2012-10-17", Statement: [{Action: ["events:PutEvents"], Effect: "Allow", Resource: ["arn:aws:events:eu-west-1:123456789012:event-bus/b"]}]}, Roles: ["r"]}
GQueuePolicy: {PolicyDocument: {Version: "2012-10-17", Statement: [{Action: "sqs:SendMessage", Condition: {ArnEquals: {aws:SourceArn: ?S.Ref}}, Effect: "Allow", Principal: {Service: "sns.amazonaws.com"}, Resource: ?Q.Arn}]}, Queues: [?Q.Ref]}
! 20:3 not_analysed: `AWS::Serverless::Connector` is not expanded
"#,
    );
}

#[test]
fn functions_that_authorize_are_called_by_their_api() {
    let permission = |api: &str| {
        format!(
            "{api}AAuthorizerPermission: {{Action: \"lambda:InvokeFunction\", FunctionName: ?F.Arn"
        )
    };
    let template = "
Transform: AWS::Serverless-2016-10-31
Resources:
  F: {Type: AWS::Lambda::Function}
  Rest: {Type: AWS::Serverless::Api, Properties: {StageName: p, Auth: {Authorizers: {A: {FunctionArn: !GetAtt F.Arn}}}}}
  Off:
    Type: AWS::Serverless::Api
    Properties: {StageName: p, Auth: {Authorizers: {A: {FunctionArn: !GetAtt F.Arn, DisableFunctionDefaultPermissions: true}}}}
  Http: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {Authorizers: {A: {FunctionArn: !GetAtt F.Arn}}}}}
  On:
    Type: AWS::Serverless::HttpApi
    Properties: {Auth: {Authorizers: {A: {FunctionArn: !GetAtt F.Arn, EnableFunctionDefaultPermissions: true}}}}
";
    let memory = MemoryFiles::new([("template.yaml", template)]);
    let sources = SourceMap::new();
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    let declared = load(&memory, &sources, &stack, &Inputs::default());
    let text = described(&declared, &sources);
    for (api, expected) in [
        ("Rest", true),
        ("Off", false),
        ("Http", false),
        ("On", true),
    ] {
        assert_eq!(text.contains(&permission(api)), expected, "{api}: {text}");
    }
}

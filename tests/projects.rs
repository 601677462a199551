//! From folders to findings, as generators and deployment tools lay them out: files in, `rule path:line` of findings out.

use onus::project::{Candidates, Inputs, discover};
use onus::report::{Report, Verdict};
use onus::rules::RuleSet;
use onus::source::{MemoryFiles, SourceMap};
use onus::{Request, analyze, cloudformation};

fn analysed(files: &[(&str, &str)]) -> (Report, SourceMap) {
    let memory = MemoryFiles::new(files.iter().copied());
    let candidates = Candidates {
        found: memory.paths().map(str::to_owned).collect(),
        named: Vec::new(),
    };
    let stacks = discover(&memory, &candidates, &cloudformation::RECOGNITION);
    let sources = SourceMap::new();
    let request = Request {
        files: &memory,
        sources: &sources,
        stacks: &stacks,
        inputs: &Inputs::default(),
        rules: &RuleSet::builtin(&sources),
        vocabulary: None,
        today: jiff::civil::date(2026, 1, 1),
    };
    let report = analyze(&request, Vec::new());
    (report, sources)
}

/// Findings of Elastic Beanstalk's rules and of security groups; those that are not sure start with `?`.
fn found(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let (report, sources) = analysed(files);
    let findings = report.findings.iter();
    let mut lines: Vec<String> = findings
        .map(|finding| {
            let at = sources.describe(finding.place);
            let place = at.rsplit_once(':').map_or(&*at, |(place, _)| place);
            let mark = match finding.verdict {
                Verdict::Unsure => "?",
                _ => "",
            };
            format!("{mark}{} {place}", finding.rule.name)
        })
        .collect();
    lines.sort();
    let diagnostics = report.diagnostics.iter();
    let diagnostics = diagnostics.map(|one| format!("{}: {}", one.code, one.message));
    (lines, diagnostics.collect())
}

fn check(files: &[(&str, &str)], certain: &[&str], unsure: &[&str]) {
    let (lines, diagnostics) = found(files);
    assert_eq!(diagnostics, Vec::<String>::new());
    let sure: Vec<&String> = lines.iter().filter(|line| !line.starts_with('?')).collect();
    assert_eq!(sure, certain, "{lines:#?}");
    for line in unsure {
        assert!(
            lines
                .iter()
                .any(|known| known.strip_prefix('?') == Some(line)),
            "{line} in {lines:#?}"
        );
    }
}

#[test]
fn what_is_written_fires_and_what_is_not_stays_unknown() {
    check(
        &[(
            "web/.ebextensions/network.config",
            "option_settings:
  aws:autoscaling:launchconfiguration:
    SSHSourceRestriction: tcp, 22, 22, 0.0.0.0/0
    DisableIMDSv1: false
  aws:elasticbeanstalk:managedactions:
    ManagedActionsEnabled: true
",
        )],
        &[
            "eb-imdsv1-enabled web/.ebextensions/network.config:4",
            "eb-ssh-open-to-world web/.ebextensions/network.config:3",
        ],
        &["eb-logs-not-streamed web/.ebextensions/network.config:1"],
    );
}

#[test]
fn the_last_file_and_then_the_default_configuration_count() {
    let open = "{\"option_settings\": [
      {\"namespace\": \"aws:autoscaling:launchconfiguration\", \"option_name\": \"SSHSourceRestriction\", \"value\": \"tcp,22,22,0.0.0.0/0\"},
      {\"namespace\": \"aws:autoscaling:launchconfiguration\", \"option_name\": \"DisableIMDSv1\", \"value\": false}]}";
    let closed = "option_settings:
  - namespace: aws:autoscaling:launchconfiguration
    option_name: SSHSourceRestriction
    value: tcp,22,22,10.0.0.0/8
";
    let saved = "AWSConfigurationTemplateVersion: 1.1.0.0
OptionSettings:
  aws:autoscaling:launchconfiguration:
    DisableIMDSv1: 'true'
";
    check(
        &[
            (".ebextensions/01.config", open),
            (".ebextensions/02.config", closed),
        ],
        &["eb-imdsv1-enabled .ebextensions/01.config:3"],
        &[],
    );
    check(
        &[
            (".ebextensions/01.config", closed),
            (".ebextensions/02.config", open),
            (".elasticbeanstalk/saved_configs/default.cfg.yml", saved),
        ],
        &["eb-ssh-open-to-world .ebextensions/02.config:2"],
        &[],
    );
    check(
        &[
            (".ebextensions/01.config", open),
            (".ebextensions/02.config", closed),
            ("env.yaml", saved),
        ],
        &[],
        &[],
    );
}

#[test]
fn saved_configurations_are_configurations_of_their_own() {
    check(
        &[
            (
                "app/.elasticbeanstalk/saved_configs/prod.cfg.yml",
                "EnvironmentConfigurationMetadata: {DateCreated: '1700000000000'}
AWSConfigurationTemplateVersion: 1.1.0.0
EnvironmentTier: {Name: WebServer, Type: Standard}
Platform:
  PlatformArn: arn:aws:elasticbeanstalk:eu-west-1::platform/Python 3.11 running on 64bit Amazon Linux 2023/4.3.0
OptionSettings:
  aws:autoscaling:launchconfiguration:
    SSHSourceRestriction: tcp,22,22,0.0.0.0/0
  AWSEBAutoScalingScaleUpPolicy.aws:autoscaling:trigger:
    UpperBreachScaleIncrement: '2'
",
            ),
            (
                "app/.ebextensions/01.config",
                "option_settings:\n  aws:autoscaling:launchconfiguration:\n    SSHSourceRestriction: tcp,22,22,10.0.0.0/8\n",
            ),
        ],
        &["eb-ssh-open-to-world app/.elasticbeanstalk/saved_configs/prod.cfg.yml:8"],
        &[],
    );
}

#[test]
fn resources_may_ask_for_options_of_the_bundle() {
    let resources = "Resources:
  Own:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: {'Fn::GetOptionSetting': {OptionName: Where, DefaultValue: nowhere}}
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 22
          ToPort: 22
          CidrIp: {'Fn::GetOptionSetting': {Namespace: 'aws:elasticbeanstalk:customoption', OptionName: From}}
        - IpProtocol: tcp
          FromPort: 3389
          ToPort: 3389
          CidrIp: {'Fn::GetOptionSetting': {OptionName: Other, DefaultValue: 10.0.0.0/8}}
";
    let options = "option_settings:
  aws:elasticbeanstalk:customoption:
    From: 0.0.0.0/0
";
    check(
        &[
            (".ebextensions/01-resources.config", resources),
            (".ebextensions/02-options.config", options),
        ],
        &["sg-ssh-open-to-world .ebextensions/02-options.config:3"],
        // Whether the default holds is decided where the environment is made.
        &["sg-rdp-open-to-world .ebextensions/01-resources.config:14"],
    );
}

#[test]
fn resources_are_a_fragment_of_a_template() {
    let (lines, diagnostics) = found(&[(
        ".ebextensions/ssh.config",
        "Resources:
  Port:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: {'Fn::GetAtt': [AWSEBSecurityGroup, GroupId]}
      IpProtocol: tcp
      FromPort: 22
      ToPort: 22
      CidrIp: 0.0.0.0/0
  Topic:
    Type: AWS::SNS::Topic
  AWSEBAutoScalingGroup:
    Metadata: {}
option_settings:
  aws:elasticbeanstalk:application:environment:
    TOPIC: '`{\"Ref\": \"Topic\"}`'
    REGION: '`{\"Ref\": \"AWS::Region\"}`'
",
    )]);
    assert_eq!(diagnostics, Vec::<String>::new());
    assert!(
        lines.iter().any(|line| line.ends_with("ssh.config:9")),
        "{lines:#?}"
    );
}

#[test]
fn findings_can_be_suppressed_where_they_are() {
    let (report, _) = analysed(&[(
        ".ebextensions/ssh.config",
        "option_settings:
  aws:autoscaling:launchconfiguration:
    # onus:ignore[eb-ssh-open-to-world] nobody has the key
    SSHSourceRestriction: tcp,22,22,0.0.0.0/0
",
    )]);
    let of_rule = |finding: &&onus::report::Finding| &*finding.rule.name == "eb-ssh-open-to-world";
    let finding = report.findings.iter().find(of_rule).expect("a finding");
    assert!(
        matches!(&finding.status, onus::report::Status::Suppressed(by) if by.reason.as_deref() == Some("nobody has the key"))
    );
}

#[test]
fn broken_files_are_told_and_cost_only_themselves() {
    let (lines, diagnostics) = found(&[
        (".ebextensions/01.config", "option_settings: [\n"),
        (".ebextensions/02.config", "- a\n"),
        (".ebextensions/03.config", "option_settings: 3\n"),
        (
            ".ebextensions/04.config",
            "option_settings:\n  - {option_name: X}\n  - {namespace: 'aws:autoscaling:launchconfiguration', option_name: DisableIMDSv1, value: 'false'}\n",
        ),
    ]);
    let codes: Vec<&str> = diagnostics
        .iter()
        .filter_map(|said| said.split(':').next())
        .collect();
    assert_eq!(
        codes,
        [
            "syntax",
            "invalid_template",
            "invalid_template",
            "invalid_template"
        ]
    );
    let line = "eb-imdsv1-enabled .ebextensions/04.config:3";
    assert!(lines.iter().any(|known| known == line), "{lines:#?}");
}

/// A synthesized application: a stack with a nested one, and a template of a stack that is gone.
fn assembly() -> [(&'static str, &'static str); 4] {
    [
        (
            "cdk.out/manifest.json",
            r#"{"version": "36.0.0", "artifacts": {
                "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
                "App": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "App.template.json"}}}}"#,
        ),
        (
            "cdk.out/App.template.json",
            r#"{"Resources": {
 "NetNestedStackNetNestedStackResource1B2C3D4E": {
  "Type": "AWS::CloudFormation::Stack",
  "Properties": {
   "Parameters": {"From": "0.0.0.0/0"},
   "TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, ".amazonaws.com/assets/1f.json"]]}},
  "Metadata": {"aws:cdk:path": "App/Net.NestedStack/Net.NestedStackResource",
   "aws:asset:path": "AppNet.nested.template.json", "aws:asset:property": "TemplateURL"}},
 "Key6AB29FA6": {
  "Type": "AWS::KMS::Key",
  "Properties": {"KeyPolicy": {"Statement": [], "Version": "2012-10-17"}},
  "Metadata": {"aws:cdk:path": "App/Key/Resource",
   "cdk_nag": {"rules_to_suppress": [{"id": "AwsSolutions-KMS5", "reason": "the data is public"}]}}}}}"#,
        ),
        (
            "cdk.out/AppNet.nested.template.json",
            r#"{"Parameters": {"From": {"Type": "String"}}, "Resources": {"WebE2C2A3C5": {
  "Type": "AWS::EC2::SecurityGroup",
  "Properties": {"GroupDescription": "web", "VpcId": "vpc-0a1b2c3d4e5f60718", "SecurityGroupIngress": [
   {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": {"Ref": "From"}}]},
  "Metadata": {"aws:cdk:path": "App/Net/Web/Resource"}}}}"#,
        ),
        (
            "cdk.out/Gone.template.json",
            r#"{"Resources": {"Old": {"Type": "AWS::KMS::Key", "Properties": {}}}}"#,
        ),
    ]
}

#[test]
fn an_assembly_is_read_by_its_manifest_and_findings_name_the_constructs() {
    let (report, sources) = analysed(&assembly());
    let stacks: Vec<&str> = report.stacks.iter().map(|stack| &*stack.path).collect();
    assert_eq!(stacks, ["cdk.out/App.template.json"]);
    let finding = report
        .findings
        .iter()
        .find(|finding| {
            let is_nested = finding.resource().address.ends_with("/WebE2C2A3C5");
            is_nested && finding.verdict == Verdict::Fail
        })
        .expect("a finding on the group of the nested stack");
    assert_eq!(
        finding
            .resource()
            .construct
            .as_ref()
            .map(|made| &*made.path),
        Some("App/Net/Web/Resource")
    );

    let mut text = Vec::new();
    let options = onus::output::text::Options::default();
    onus::output::text::write(&report, &sources, &options, &mut text).expect("text");
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(text.contains("construct `App/Net/Web/Resource`"), "{text}");

    let mut sarif = Vec::new();
    let options = onus::output::sarif::Options::default();
    onus::output::sarif::write(&report, &sources, &options, &mut sarif).expect("SARIF");
    let sarif: serde_json::Value = serde_json::from_slice(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let named = results.iter().any(|result| {
        let locations = result["locations"][0]["logicalLocations"].as_array();
        locations.is_some_and(|locations| {
            locations.iter().any(|one| {
                one["fullyQualifiedName"] == "App/Net/Web/Resource" && one["name"] == "Web"
            })
        })
    });
    assert!(named, "{sarif:#}");
}

#[test]
fn what_cdk_nag_was_told_counts() {
    let (report, _) = analysed(&assembly());
    let finding = report
        .findings
        .iter()
        .find(|finding| &*finding.rule.name == "kms-key-rotation-disabled")
        .expect("a finding on the key");
    assert!(
        matches!(&finding.status, onus::report::Status::Suppressed(by) if by.reason.as_deref() == Some("the data is public"))
    );
}

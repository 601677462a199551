//! From files of either language to reports: real places and trails, outcomes made by hand.

use std::sync::Arc;

use onus::declared::Language;
use onus::model::{Model, Vocabulary, normalize};
use onus::output::{sarif, text};
use onus::project::{Inputs, Stack};
use onus::report::suppress;
use onus::report::{Confidence, Report, RuleInfo, Severity, StackReport, Verdict, findings};
use onus::rules::{Offender, Outcome};
use onus::source::{MemoryFiles, SourceId, SourceMap, Span};
use onus::value::Value;
use onus::{cloudformation, terraform};

fn rule() -> Arc<RuleInfo> {
    Arc::new(RuleInfo {
        name: "eks-public-endpoint-open-to-world".into(),
        title: "EKS API endpoint answers to the whole internet".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        category: "eks".to_owned(),
        kinds: vec!["AWS::EKS::Cluster".into()],
        aliases: Vec::new(),
        controls: Vec::new(),
        languages: vec!["terraform", "cloudformation"],
        why: String::new(),
        remedy: String::new(),
        links: Vec::new(),
        file: Span::NONE,
        profile: "recommended".to_owned(),
        topic: String::new(),
        responsibilities: Vec::new(),
        rationale: String::new(),
    })
}

/// A report in which the public endpoint of every cluster is a fault.
fn report(language: Language, stack: &str, files: &[(&str, &str)]) -> (Report, SourceMap) {
    let sources = SourceMap::new();
    let memory = MemoryFiles::new(files.iter().copied());
    let stack = Stack {
        language,
        path: stack.into(),
    };
    let inputs = Inputs::default();
    let declared = match language {
        Language::Terraform => terraform::load(&memory, &sources, &stack, &inputs),
        Language::CloudFormation => cloudformation::load(&memory, &sources, &stack, &inputs),
    };
    // The clusters leave out what the provider needs and the rule does not.
    let is_left_out = |code: &str| matches!(code, "missing_argument" | "missing_block");
    let mut said = declared.diagnostics.iter();
    assert_eq!(said.find(|diagnostic| !is_left_out(diagnostic.code)), None);
    let vocabulary = Vocabulary::builtin_for(["aws_eks_cluster", "AWS::EKS::Cluster"]);
    let (model, diagnostics) = normalize(declared, vocabulary);
    let rule = rule();
    let outcomes = outcomes(&model, &rule);
    let mut stacks = vec![StackReport {
        path: stack.path,
        environment: None,
        language,
        resources: outcomes.len(),
        findings: findings(&model, outcomes, &sources),
        diagnostics,
    }];
    let files: Vec<SourceId> = (0..)
        .map_while(|id| sources.get(SourceId(id)))
        .map(|file| file.id)
        .collect();
    let rules = vec![rule];
    let (directives, mut diagnostics) = suppress::collect(&files, &sources, || rules.clone());
    let today = jiff::civil::date(2026, 11, 25);
    diagnostics.extend(suppress::apply(
        &mut stacks,
        &directives,
        &|_| true,
        today,
        &sources,
    ));
    let report = Report::new(stacks, files, rules, diagnostics, &sources);
    (report, sources)
}

fn outcomes(model: &Model, rule: &Arc<RuleInfo>) -> Vec<Outcome> {
    let path = ["ResourcesVpcConfig", "EndpointPublicAccess"];
    model
        .of_kind("AWS::EKS::Cluster")
        .iter()
        .map(|id| {
            let resource = model.resource(*id);
            let value: Value = path
                .iter()
                .try_fold(resource.properties.clone(), |value, name| {
                    value.member(name)
                })
                .expect("every cluster here has the property");
            Outcome {
                rule: rule.clone(),
                resource: *id,
                verdict: Verdict::Fail,
                severity: rule.severity,
                message: format!(
                    "anyone on the internet can reach the API of {}",
                    resource.address
                ),
                clause: Span::NONE,
                offender: Offender {
                    place: value.span(),
                    text: "true".to_owned(),
                    class: "true".to_owned(),
                    path: path.join("."),
                    stable_path: path.join("."),
                    owner: *id,
                    origin: value.origin,
                },
                related: Vec::new(),
                condition: None,
                reasons: Vec::new(),
            }
        })
        .collect()
}

fn shown(report: &Report, sources: &SourceMap) -> String {
    let mut out = Vec::new();
    text::write(report, sources, &text::Options::default(), &mut out).expect("memory takes all");
    String::from_utf8(out).expect("text")
}

const CLUSTER: &str = "\
variable \"public\" {
  type    = bool
  default = true
}

resource \"aws_eks_cluster\" \"main\" {
  name = \"main\"
  vpc_config {
    endpoint_public_access = var.public
  }
}
";

#[test]
fn values_are_followed_through_module_calls() {
    let root = "\
locals {
  open = true
}

module \"eks\" {
  source   = \"./eks\"
  for_each = toset([\"a\", \"b\"])
  public   = local.open
}
";
    let files = [("prod/main.tf", root), ("prod/eks/main.tf", CLUSTER)];
    let (report, sources) = report(Language::Terraform, "prod", &files);
    insta::assert_snapshot!(shown(&report, &sources), @r#"
    high[eks-public-endpoint-open-to-world]: anyone on the internet can reach the API of module.eks["a"].aws_eks_cluster.main
     --> prod/eks/main.tf:9:30
      |
    9 |     endpoint_public_access = var.public
      |                              ^^^^^^^^^^ true
      |
     ::: prod/main.tf:2:10
      |
    2 |   open = true
      |          ---- local `open`
    ...
    8 |   public   = local.open
      |              ---------- passed in as `public`
      |
      = note: also module.eks["b"].aws_eks_cluster.main

    1 finding: 1 high (2 resources of 1 stack checked with 1 rule)
    "#);
}

#[test]
fn findings_of_downloaded_modules_are_placed_at_their_calls() {
    let root = "module \"eks\" {\n  source  = \"terraform-aws-modules/eks/aws\"\n  version = \"20.0.0\"\n}\n";
    let installed = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"eks","Source":"registry.terraform.io/terraform-aws-modules/eks/aws","Version":"20.0.0","Dir":".terraform/modules/eks"}]}"#;
    let files = [
        ("main.tf", root),
        (".terraform/modules/modules.json", installed),
        (".terraform/modules/eks/main.tf", CLUSTER),
    ];
    let (report, sources) = report(Language::Terraform, ".", &files);
    insta::assert_snapshot!(shown(&report, &sources), @r#"
    high[eks-public-endpoint-open-to-world]: anyone on the internet can reach the API of module.eks.aws_eks_cluster.main
     --> main.tf:1:1
      |
    1 | module "eks" {
      | ^^^^^^^^^^^^ called here
      |
     ::: .terraform/modules/eks/main.tf:3:13
      |
    3 |   default = true
      |             ---- default of `public`
    ...
    9 |     endpoint_public_access = var.public
      |                              ---------- true in `module.eks.aws_eks_cluster.main`

    1 finding: 1 high (1 resource of 1 stack checked with 1 rule)
    "#);
    let mut out = Vec::new();
    sarif::write(&report, &sources, &sarif::Options::default(), &mut out)
        .expect("memory takes all");
    let log: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "main.tf");
    assert_eq!(location["region"]["startLine"], 1);
}

#[test]
fn a_directive_at_a_call_silences_what_it_calls() {
    let root = "# onus:ignore[eks-public-endpoint-open-to-world] behind a VPN\nmodule \"eks\" {\n  source = \"./eks\"\n}\n";
    let files = [("main.tf", root), ("eks/main.tf", CLUSTER)];
    let (report, _) = report(Language::Terraform, ".", &files);
    assert_eq!(report.counts.suppressed, 1);
    assert_eq!(report.counts.failures(), 0);
    assert_eq!(report.diagnostics, []);
}

#[test]
fn templates_point_at_parameters_and_obey_comments() {
    let template = "\
Parameters:
  Public:
    Type: String
    Default: \"true\"
Resources:
  Main:
    Type: AWS::EKS::Cluster
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/eks
      ResourcesVpcConfig:
        SubnetIds: [subnet-1, subnet-2]
        EndpointPublicAccess: !Ref Public
  Other:
    Type: AWS::EKS::Cluster
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/eks
      ResourcesVpcConfig:
        SubnetIds: [subnet-1, subnet-2]
        EndpointPublicAccess: true # onus:ignore[eks-public-endpoint-open-to-world] a demo
";
    let files = [("eks.yaml", template)];
    let (report, sources) = report(Language::CloudFormation, "eks.yaml", &files);
    insta::assert_snapshot!(shown(&report, &sources), @r#"
    high[eks-public-endpoint-open-to-world]: anyone on the internet can reach the API of Main
      --> eks.yaml:12:31
       |
     4 |     Default: "true"
       |              ------ default of `Public`
    ...
    12 |         EndpointPublicAccess: !Ref Public
       |                               ^^^^^^^^^^^ true

    1 finding: 1 high; 1 suppressed (2 resources of 1 stack checked with 1 rule)
    "#);
}

#[test]
fn a_directive_at_a_nested_stack_silences_its_resources() {
    let outer = "\
Resources:
  # onus:ignore[eks-public-endpoint-open-to-world] a demo
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./inner.yaml
";
    let inner = "\
Resources:
  Main:
    Type: AWS::EKS::Cluster
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/eks
      ResourcesVpcConfig:
        SubnetIds: [subnet-1, subnet-2]
        EndpointPublicAccess: true
";
    let files = [("outer.yaml", outer), ("inner.yaml", inner)];
    let (report, _) = report(Language::CloudFormation, "outer.yaml", &files);
    assert_eq!(report.counts.suppressed, 1, "{:?}", report.findings);
    assert_eq!(report.diagnostics, []);
}

#[test]
fn what_is_not_written_is_named_in_the_words_of_its_language() {
    let cluster = CLUSTER.replace("    endpoint_public_access = var.public\n", "");
    let (report, sources) = report(Language::Terraform, ".", &[("main.tf", &cluster)]);
    insta::assert_snapshot!(shown(&report, &sources), @r#"
    high[eks-public-endpoint-open-to-world]: anyone on the internet can reach the API of aws_eks_cluster.main
     --> main.tf:8:3
      |
    8 |   vpc_config {
      |   ^^^^^^^^^^ `endpoint_public_access` is not set: AWS assumes true

    1 finding: 1 high (1 resource of 1 stack checked with 1 rule)
    "#);
}

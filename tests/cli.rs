//! The command line as its users meet it: the program is started, and what it prints, writes and answers is held.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder with files, the root of its own repository.
struct Estate {
    folder: PathBuf,
}

/// What a run left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Estate {
    fn new(name: &str, files: &[(&str, &str)]) -> Estate {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("cli")
            .join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join(".git")).expect("a folder for the test");
        let estate = Estate { folder };
        for (path, text) in files {
            estate.write(path, text);
        }
        estate
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder for the test");
        fs::write(path, text).expect("a file for the test");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_onus"))
            .args(arguments)
            .current_dir(&self.folder)
            .env("COLUMNS", "120")
            .env_remove("TF_WORKSPACE")
            .env_remove("TF_VAR_cidr")
            .output()
            .expect("the program starts");
        Ran {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Runs it and compares the exit code.
    fn exits(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(
            ran.code, code,
            "onus {arguments:?}\n{}\n{}",
            ran.out, ran.err
        );
        ran
    }
}

impl Ran {
    #[track_caller]
    fn says(&self, wanted: &[&str]) -> &Ran {
        for text in wanted {
            assert!(self.out.contains(text), "no `{text}` in\n{}", self.out);
        }
        self
    }

    #[track_caller]
    fn is_silent_about(&self, unwanted: &[&str]) -> &Ran {
        for text in unwanted {
            assert!(!self.out.contains(text), "`{text}` in\n{}", self.out);
        }
        self
    }

    #[track_caller]
    fn warns(&self, wanted: &[&str]) -> &Ran {
        for text in wanted {
            assert!(self.err.contains(text), "no `{text}` in\n{}", self.err);
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in\n{}", self.out))
    }
}

/// Open to the world: high.
const CLUSTER: &str = r#"
resource "aws_eks_cluster" "main" {
  name     = "main"
  role_arn = "arn:aws:iam::111122223333:role/eks-cluster"
  vpc_config {
    subnet_ids = ["subnet-0a1b2c3d4e5f60718", "subnet-1a2b3c4d5e6f70819"]
  }
}
"#;
const OPEN: &str = "eks-public-endpoint-open-to-world";

/// Without flow log: medium.
const NETWORK: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
"#;
const UNLOGGED: &str = "vpc-flow-logs-missing";

const BROKEN: &str = "resource \"aws_vpc\" \"broken\" {\n  cidr_block = \n";

/// A rule of a user's own.
const WIDE: &str = r#"
title: VPC takes a whole class A
severity: high
applies_to: [AWS::EC2::VPC]
options:
  widest:
    type: string
    about: The block that is too much
    default: 10.0.0.0/8
check: |
  $.CidrBlock != $.options.widest
  << {resource} takes all of {value} >>
why: Nothing is left for others.
remedy: Take less.
samples:
  bad:
    - terraform: |
        resource "aws_vpc" "main" {
          cidr_block = "10.0.0.0/8" # finding
        }
    - cloudformation: |
        Resources:
          Main:
            Type: AWS::EC2::VPC
            Properties:
              CidrBlock: 10.0.0.0/8 # finding
  good:
    - terraform: |
        resource "aws_vpc" "main" {
          cidr_block = "10.0.0.0/16"
        }
    - cloudformation: |
        Resources:
          Main:
            Type: AWS::EC2::VPC
            Properties: { CidrBlock: 10.0.0.0/16 }
"#;

#[test]
fn scan_answers_by_exit_code() {
    let estate = Estate::new(
        "codes",
        &[
            ("high/main.tf", CLUSTER),
            ("medium/main.tf", NETWORK),
            ("broken/main.tf", BROKEN),
            ("nothing/README.md", "Nothing to see.\n"),
        ],
    );
    for (code, arguments) in [
        (1, &["high"][..]),
        (0, &["high", "--exit-zero"]),
        (0, &["high", "--fail-on", "critical"]),
        (0, &["high", "--fail-on", "never"]),
        (0, &["medium"]),
        (1, &["medium", "--fail-on", "medium"]),
        (
            0,
            &["medium", "--fail-on", "medium", "--report-level", "high"],
        ),
        (3, &["broken"]),
        (0, &["broken", "--allow-incomplete"]),
        (3, &["medium", "broken"]),
        (1, &["high", "broken"]),
        (0, &["nothing"]),
    ] {
        let arguments: Vec<&str> = ["scan"].iter().chain(arguments).copied().collect();
        estate.exits(code, &arguments);
    }
    estate
        .exits(0, &["scan", "nothing"])
        .warns(&["no Terraform and no CloudFormation template in nothing"]);
}

#[test]
fn wrong_calls_exit_with_2_and_say_what_is_wrong() {
    let estate = Estate::new(
        "wrong",
        &[
            ("main.tf", NETWORK),
            ("sub/a.tf", NETWORK),
            ("b/b.tf", NETWORK),
        ],
    );
    for (arguments, said) in [
        (&["scan", "missing"][..], "`missing` does not exist"),
        (&["scan", "*.xyz"], "`*.xyz` matches nothing"),
        (&["scan", "--fail-on", "awful"], "severities are critical"),
        (&["scan", "-o", "yaml"], "formats are text, sarif"),
        (&["scan", "-o", "sarif="], "a file name is expected"),
        (
            &["scan", "-o", "text", "-o", "sarif"],
            "only one report can go to standard output",
        ),
        (&["scan", "--var", "x"], "write NAME=VALUE"),
        (&["scan", "--condition", "x=perhaps"], "write NAME=true or"),
        (&["scan", "--var-file", "none"], "`none` is not a file"),
        (
            &["scan", "--config", "none.yaml"],
            "cannot read `none.yaml`",
        ),
        (&["scan", "--today", "soon"], "invalid value 'soon'"),
        (
            &["scan", "-o", "text=no/such/folder"],
            "cannot write `no/such",
        ),
        (&["scam"], "scan"),
        (&[], "Usage"),
        (&["inspect", "missing"], "neither a folder nor a template"),
        (
            &["inspect", ".", "aws_vpc.mian"],
            "there is no resource `aws_vpc.mian` in `.`; did you mean `aws_vpc.main`?",
        ),
        (&["inspect", ".", "x"], "`onus inspect .` lists those"),
        (
            &["inspect", ".", "aws_vpc.main", ".facts"],
            "put it between single quotes",
        ),
        (
            &["inspect", ".", "aws_vpc.main", "$.a[?@.b =="],
            "\n  $.a[?@.b ==\n",
        ),
        (
            &["inspect", "--unknowns", ".", "aws_vpc.main"],
            "--unknowns",
        ),
        (&["explain"], "<RULE>"),
        (&["explain", UNLOGGED, "."], "<ADDRESS>"),
        (
            &["explain", "vpc-flow-log-missing"],
            "did you mean `vpc-flow-logs-missing`?",
        ),
        (&["explain", "public-endpoint"], OPEN),
        (&["explain", "zzz"], "`onus rules list` names all"),
        (
            &["explain", OPEN, ".", "aws_vpc.main"],
            "`aws_vpc.main` is AWS::EC2::VPC",
        ),
        (&["rules", "new", "Not_a_name"], "is no name of a rule"),
        (&["rules", "new", UNLOGGED], "there is a built-in rule"),
        (&["rules", "vet", "missing"], "`missing` is not a folder"),
        (&["rules", "test", "sub"], "there are no rules in `sub`"),
        (&["completions", "cmd"], "possible values"),
    ] {
        let ran = estate.exits(2, arguments);
        assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn one_run_writes_several_reports() {
    let estate = Estate::new("several", &[("main.tf", CLUSTER)]);
    let ran = estate.exits(
        1,
        &[
            "scan",
            "-o",
            "text",
            "-o",
            "sarif=onus.sarif",
            "-o",
            "json=onus.json",
            "-o",
            "github=onus.github",
            "-o",
            "markdown=onus.md",
        ],
    );
    ran.says(&[OPEN, "main.tf:5:3"]);
    let sarif: Value = serde_json::from_str(&estate.read("onus.sarif")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let result = results.iter().find(|result| result["ruleId"] == OPEN);
    let place = &result.expect("the finding")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "main.tf");
    assert_eq!(place["region"]["startLine"], 5);
    serde_json::from_str::<Value>(&estate.read("onus.json")).expect("JSON");
    assert!(estate.read("onus.json").contains(OPEN));
    assert!(estate.read("onus.github").contains("file=main.tf,line=5"));
    assert!(estate.read("onus.md").contains(OPEN));
}

#[test]
fn the_same_code_gives_the_same_bytes() {
    let estate = Estate::new(
        "same",
        &[
            ("a/main.tf", CLUSTER),
            ("b/main.tf", NETWORK),
            ("c/main.tf", BROKEN),
            (
                "d.yaml",
                "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties: { CidrBlock: 10.0.0.0/16 }\n",
            ),
        ],
    );
    let calls: Vec<Vec<&str>> = ["text", "sarif", "json", "github", "markdown"]
        .iter()
        .map(|format| vec!["scan", "--unsure", "--profile", "all", "-o", format])
        .chain([
            vec!["inspect", "a", "aws_eks_cluster.main"],
            vec!["inspect", "--unknowns"],
            vec!["rules", "list", "--format", "json"],
        ])
        .collect();
    for call in calls {
        let first = estate.run(&call);
        let second = estate.run(&call);
        assert!(!first.out.is_empty(), "{call:?}: {}", first.err);
        assert_eq!(first.out, second.out, "{call:?}");
        assert_eq!(first.err, second.err, "{call:?}");
    }
}

#[test]
fn a_named_file_stands_for_its_module_and_reports_itself_only() {
    let estate = Estate::new("named", &[("cluster.tf", CLUSTER), ("network.tf", NETWORK)]);
    estate
        .exits(1, &["scan", "--short", "cluster.tf"])
        .says(&[OPEN])
        .is_silent_about(&["network.tf", UNLOGGED]);
    estate
        .exits(0, &["scan", "--short", "network.tf"])
        .says(&[UNLOGGED])
        .is_silent_about(&["cluster.tf", OPEN]);
    estate
        .exits(1, &["scan", "--short"])
        .says(&[OPEN, UNLOGGED]);
}

#[test]
fn globs_choose_stacks() {
    let estate = Estate::new(
        "globs",
        &[
            ("envs/dev/main.tf", NETWORK),
            ("envs/prod/main.tf", CLUSTER),
            ("other/main.tf", CLUSTER),
        ],
    );
    estate
        .exits(1, &["scan", "--short", "envs/*/main.tf"])
        .says(&["envs/dev/main.tf", "envs/prod/main.tf"])
        .is_silent_about(&["other/main.tf"]);
    estate
        .exits(0, &["scan", "--short", "envs/d*"])
        .says(&["envs/dev/main.tf"])
        .is_silent_about(&["envs/prod/main.tf"]);
}

#[test]
fn a_broken_file_costs_no_finding_of_its_neighbours() {
    let estate = Estate::new(
        "broken",
        &[
            ("main.tf", CLUSTER),
            ("broken.tf", BROKEN),
            ("other/template.yaml", "Resources: [\n"),
            ("network/main.tf", NETWORK),
        ],
    );
    estate
        .exits(1, &["scan", ".", "other/template.yaml"])
        .says(&[OPEN, UNLOGGED, "broken.tf:2", "incomplete: "]);
}

#[test]
fn settings_choose_packs_rules_options_and_paths() {
    let estate = Estate::new(
        "settings",
        &[
            ("main.tf", &NETWORK.replace("/16", "/8")),
            ("examples/main.tf", CLUSTER),
            (
                "addon/main.tf",
                "resource \"aws_eks_addon\" \"a\" {\n  cluster_name = \"main\"\n  addon_name   = \"mine\"\n}\n",
            ),
            ("policies/vpc-wide.yaml", WIDE),
        ],
    );
    let scan = |settings: &str| {
        estate.write("onus.yaml", settings);
        estate.run(&["scan", "--short"])
    };
    scan("exclude: [\"examples/**\"]\n").is_silent_about(&["examples", "vpc-wide"]);
    // Only the user's own pack.
    let ran = scan("packs: [./policies]\n");
    ran.says(&["aws_vpc.main takes all of 10.0.0.0/8 [vpc-wide]"])
        .is_silent_about(&[OPEN, UNLOGGED]);
    assert_eq!(ran.code, 1);
    // Both.
    scan("packs: [aws, ./policies]\n").says(&["vpc-wide", OPEN, UNLOGGED]);
    let ran = scan("packs: [./policies]\nrules:\n  vpc-wide: { severity: low }\n");
    ran.says(&["low: aws_vpc.main takes"]);
    assert_eq!(ran.code, 0);
    scan("rules:\n  vpc-flow-logs-missing: { enabled: false }\n")
        .says(&[OPEN])
        .is_silent_about(&[UNLOGGED]);
    scan("packs: [./policies]\noptions: { widest: 10.0.0.0/9 }\n").is_silent_about(&["vpc-wide"]);
    scan("rules:\n  eks-addon-uses-node-role: { options: { addons_with_roles+: [mine] } }\n")
        .says(&["[eks-addon-uses-node-role]"]);
    scan("").is_silent_about(&["[eks-addon-uses-node-role]"]);
    // A pack given by hand, and settings found from a folder below.
    estate
        .exits(1, &["scan", "--short", "--rules", "policies"])
        .says(&["vpc-wide", UNLOGGED]);
}

#[test]
fn the_profile_chooses_rules() {
    let opinion = WIDE.replace("severity: high", "severity: high\nprofile: all");
    let estate = Estate::new(
        "profile",
        &[
            ("main.tf", &NETWORK.replace("/16", "/8")),
            ("policies/vpc-wide.yaml", &opinion),
            ("onus.yaml", "packs: [./policies]\n"),
        ],
    );
    estate.exits(0, &["scan", "--short"]);
    estate.exits(1, &["scan", "--short", "--profile", "all"]);
    estate
        .exits(0, &["explain", "vpc-wide"])
        .says(&["idle", "--profile all"]);
    estate
        .exits(0, &["rules", "list"])
        .says(&["(profile all)", "1 rule\n"]);
    estate.write("onus.yaml", "packs: [./policies]\nprofile: all\n");
    estate.exits(1, &["scan", "--short"]);
    estate.exits(0, &["scan", "--short", "--profile", "recommended"]);
}

#[test]
fn mistakes_in_settings_and_packs_exit_with_2_and_a_caret() {
    let estate = Estate::new("mistakes", &[("main.tf", NETWORK)]);
    for (settings, said, caret) in [
        ("profil: all\n", "did you mean `profile`?", "onus.yaml:1:1"),
        (
            "rules:\n  vpc-flow-log-missing: { enabled: false }\n",
            "did you mean `vpc-flow-logs-missing`?",
            "onus.yaml:2:3",
        ),
        (
            "rules:\n  vpc-flow-logs-missing: { severity: awful }\n",
            "awful",
            "onus.yaml:2:38",
        ),
        (
            "options: { own_acounts: [] }\n",
            "no rule has an option `own_acounts`",
            "onus.yaml:1:12",
        ),
        (
            "options: { root_device_names: { of: us } }\n",
            "option `root_device_names` is of type list",
            "onus.yaml:1:31",
        ),
        ("packs: [./missing]\n", "cannot read this", "missing"),
        ("rules: [\n", "onus.yaml", "onus.yaml"),
    ] {
        estate.write("onus.yaml", settings);
        let ran = estate.exits(2, &["scan"]);
        ran.warns(&[said, caret]);
        assert!(ran.out.is_empty(), "{}", ran.out);
        if caret.contains(':') {
            ran.warns(&["^"]);
        }
        estate.exits(2, &["explain", UNLOGGED]);
        // Looking at code needs no settings.
        estate.exits(0, &["inspect", ".", "aws_vpc.main"]);
    }
    estate.write("onus.yaml", "packs: [./policies]\n");
    let wrong = WIDE.replace("$.CidrBlock !=", "$.CidrBlock not ==");
    estate.write("policies/vpc-wide.yaml", &wrong);
    estate
        .exits(2, &["scan"])
        .warns(&["policies/vpc-wide.yaml:11", "^"]);
}

#[test]
fn suppressed_and_unsure_findings_are_shown_when_asked_for() {
    let estate = Estate::new(
        "shown",
        &[
            (
                "main.tf",
                &CLUSTER.replace(
                    "  vpc_config",
                    "  # onus:ignore[eks-public-endpoint-open-to-world] partners\n  vpc_config",
                ),
            ),
            (
                "unsure/main.tf",
                &CLUSTER
                    .replace(
                        "    subnet_ids",
                        "    public_access_cidrs = [var.cidr]\n    subnet_ids",
                    )
                    .replace("\nresource", "variable \"cidr\" {}\nresource"),
            ),
        ],
    );
    estate
        .exits(0, &["scan", "--short"])
        .is_silent_about(&[OPEN]);
    estate
        .exits(0, &["scan", "--show-suppressed", "."])
        .says(&[OPEN, "partners"]);
    estate.exits(0, &["scan", "--unsure", "unsure"]).says(&[
        "unsure[eks-public-endpoint-open-to-world]",
        "`var.cidr` has no value",
    ]);
    estate
        .exits(1, &["scan", "--short", "unsure", "--var", "cidr=0.0.0.0/0"])
        .says(&[OPEN]);
}

/// A module that is called, a value that comes a long way, one that is hidden, one that is not known.
fn estate_to_look_into(name: &str) -> Estate {
    Estate::new(
        name,
        &[
            (
                "main.tf",
                r#"variable "cidr" {}

variable "token" {
  default   = "correct horse"
  sensitive = true
}

module "cluster" {
  source = "./cluster"
  cidrs  = ["0.0.0.0/0", var.cidr]
  tags   = { Token = var.token }
}
"#,
            ),
            (
                "cluster/main.tf",
                r#"variable "cidrs" {}
variable "tags" {}

resource "aws_eks_cluster" "main" {
  count    = 1
  name     = "main"
  role_arn = "arn:aws:iam::111122223333:role/eks-cluster"
  tags     = var.tags
  vpc_config {
    subnet_ids          = ["subnet-0a1b2c3d4e5f60718"]
    public_access_cidrs = var.cidrs
  }
}
"#,
            ),
        ],
    )
}

const ADDRESS: &str = "module.cluster.aws_eks_cluster.main[0]";

#[test]
fn inspect_lists_what_there_is_and_what_is_not_known() {
    let estate = estate_to_look_into("overview");
    estate.exits(0, &["inspect"]).says(&[
        "Terraform root module .: 1 resource\n",
        "module.cluster.aws_eks_cluster.main[0]  AWS::EKS::Cluster  cluster/main.tf:4\n",
        "5 of 6 values known (83 %)\nnot known:\n  1  inputs without value",
        "       var.cidr\n",
    ]);
    estate
        .exits(0, &["inspect", "--var", "cidr=10.0.0.0/8"])
        .says(&["6 of 6 values known (100 %)\n"])
        .is_silent_about(&["not known"]);
    estate.write("other/main.tf", NETWORK);
    estate
        .exits(0, &["inspect", "--unknowns"])
        .says(&["2 stacks: 6 of 7 values known (86 %)"]);
    let histogram = estate
        .exits(0, &["inspect", "--unknowns", "--format", "json"])
        .json();
    assert_eq!(histogram["stacks"], serde_json::json!([".", "other"]));
    assert_eq!(histogram["values"]["unknown"], 1);
    assert_eq!(histogram["reasons"][0]["code"], "no_value");
    assert_eq!(histogram["reasons"][0]["about"][0]["text"], "var.cidr");
    estate.write("other/main.tf", BROKEN);
    estate
        .exits(1, &["inspect", "other"])
        .warns(&["other/main.tf:2"]);
}

#[test]
fn values_of_the_command_line_count_in_its_order() {
    let code = "variable \"a\" {\n  type = string\n}\noutput \"a\" {\n  value = var.a\n}\n";
    let estate = Estate::new(
        "given",
        &[
            ("main.tf", code),
            ("terraform.tfvars", "a = \"automatic\"\n"),
            ("one.tfvars", "a = \"one\"\n"),
            ("two.tfvars.json", "{\"a\": \"two\"}"),
        ],
    );
    let (one, two) = ("--var-file=one.tfvars", "--var-file=two.tfvars.json");
    for (arguments, expected) in [
        (vec![], "automatic"),
        (vec!["--var=a=x", one], "one"),
        (vec![one, "--var=a=x"], "x"),
        (vec![one, two, "--var", "a=x", one], "one"),
        (vec![one, "--var=a=x", two], "two"),
        (vec!["--var=a=x", "--var=a=y=z"], "y=z"),
    ] {
        let mut all = vec!["inspect", "--format", "json"];
        all.extend(&arguments);
        let outputs = estate.exits(0, &all).json()["outputs"].clone();
        assert_eq!(outputs["a"]["value"], expected, "{arguments:?}");
    }
    estate.exits(2, &["inspect", "--var", "a"]);
    estate.exits(2, &["inspect", "--var-file", "missing.tfvars"]);
    estate.exits(2, &["inspect", "--root", "missing"]);
}

#[test]
fn inspect_knows_where_it_is_and_reads_nothing_outside_of_its_bounds() {
    let code = r#"
        output "cwd" { value = path.cwd }
        output "absolute" { value = abspath("${path.module}/x") }
        output "inside" { value = file("../inside.txt") }
        output "outside" { value = file("../../outside.txt") }
        output "device" { value = fileexists("/etc/hosts") }
        output "workspace" { value = terraform.workspace }
    "#;
    let estate = Estate::new(
        "bounds",
        &[
            ("code/a/main.tf", code),
            ("code/inside.txt", "in"),
            ("outside.txt", "out"),
            ("code/a/.terraform/environment", "selected"),
        ],
    );
    let inspect = |more: &[&str]| {
        let arguments = [&["inspect", "--format", "json", "code/a"], more].concat();
        estate.exits(0, &arguments).json()
    };
    let folder = estate.folder.canonicalize().expect("it exists");
    let folder = folder.to_str().expect("UTF-8");
    let found = inspect(&[]);
    let outputs = &found["outputs"];
    assert_eq!(outputs["cwd"]["value"], format!("{folder}/code/a"));
    assert_eq!(outputs["absolute"]["value"], format!("{folder}/code/a/x"));
    assert_eq!(outputs["inside"]["value"], "in");
    assert_eq!(outputs["outside"]["value"], "out");
    assert_eq!(outputs["device"]["unknown"], true);
    assert_eq!(outputs["workspace"]["value"], "selected");
    assert_eq!(found["diagnostics"][0]["code"], "unread_file");
    let found = inspect(&["--root", "code", "--workspace", "given"]);
    assert_eq!(found["outputs"]["inside"]["value"], "in");
    assert_eq!(found["outputs"]["outside"]["unknown"], true);
    assert_eq!(found["outputs"]["workspace"]["value"], "given");
}

#[test]
fn inspect_shows_a_resource_as_rules_see_it() {
    let estate = estate_to_look_into("document");
    for address in [ADDRESS, "module.cluster.aws_eks_cluster.main"] {
        estate
            .exits(0, &["inspect", ".", address])
            .says(&[
                "AWS::EKS::Cluster (aws_eks_cluster)  cluster/main.tf:4\n",
                "  ResourcesVpcConfig (vpc_config):",
                "[0]: \"0.0.0.0/0\"",
                "cluster/main.tf:11 ← main.tf:10 passed in as `cidrs`",
                "? (`var.cidr` has no value)",
                "EndpointPublicAccess: true",
                "  default\n",
                "(hidden)",
                "facts\n  eks.public_access:",
                "reach: \"world\"",
            ])
            .is_silent_about(&["horse"]);
    }
    estate
        .exits(2, &["inspect", ".", "aws_eks_cluster.main[0]"])
        .warns(&["did you mean `module.cluster.aws_eks_cluster.main[0]`?"]);
    let ran = estate.exits(0, &["inspect", ".", ADDRESS, "--format", "json"]);
    ran.is_silent_about(&["horse"]);
    let cluster = &ran.json()["resources"][0];
    assert_eq!(cluster["kind"], "AWS::EKS::Cluster");
    let network = &cluster["properties"]["ResourcesVpcConfig"];
    assert_eq!(network["native"], "vpc_config");
    let cidrs = &network["members"]["PublicAccessCidrs"]["items"];
    assert_eq!(cidrs[0]["value"], "0.0.0.0/0");
    assert_eq!(cidrs[0]["place"]["line"], 11);
    assert_eq!(cidrs[0]["trail"][0]["step"], "passed in as `cidrs`");
    assert_eq!(cidrs[1]["unknown"]["code"], "no_value");
    assert_eq!(network["members"]["EndpointPublicAccess"]["default"], true);
    assert_eq!(
        cluster["facts"]["eks.public_access"]["members"]["reach"]["value"],
        "world"
    );
}

#[test]
fn inspect_answers_queries() {
    let estate = estate_to_look_into("query");
    let ask = |query: &str| estate.exits(0, &["inspect", ".", ADDRESS, query]);
    ask("$.ResourcesVpcConfig.PublicAccessCidrs[*]").says(&[
        "ResourcesVpcConfig.PublicAccessCidrs[0]: \"0.0.0.0/0\"",
        "ResourcesVpcConfig.PublicAccessCidrs[1]: ? (`var.cidr` has no value)",
    ]);
    ask("$.ResourcesVpcConfig.PublicAccessCidrs[?@ == \"10.0.0.0/8\"]")
        .says(&["perhaps ResourcesVpcConfig.PublicAccessCidrs[1]"])
        .is_silent_about(&["[0]"]);
    ask("$.facts.eks.public_access.reach").says(&["facts.eks.public_access.reach: \"world\""]);
    ask("$.facts.eks").says(&["facts.eks: version, public_access"]);
    ask("$.links.role[*]").says(&["outside of the code: AWS::IAM::Role"]);
    ask("$.Tags[*].Value").says(&["(hidden)"]);
    ask("$.Nmae").says(&["Nmae: not set (did you mean `Name`?)"]);
    ask("$.EncryptionConfig[*]").says(&["nothing"]);
    let answer = estate
        .exits(
            0,
            &[
                "inspect",
                ".",
                ADDRESS,
                "$.ResourcesVpcConfig.PublicAccessCidrs[?@ != \"x\"]",
                "--format",
                "json",
            ],
        )
        .json();
    let nodes = &answer["resources"][0]["nodes"];
    assert_eq!(nodes[0]["certain"], true);
    assert_eq!(nodes[0]["value"], "0.0.0.0/0");
    assert_eq!(nodes[1]["certain"], false);
    assert_eq!(nodes[1]["path"], "ResourcesVpcConfig.PublicAccessCidrs[1]");
}

#[test]
fn inspect_keeps_its_contract_for_developers() {
    let estate = estate_to_look_into("contract");
    // Terraform refuses a root module whose variable has no value; the rest is evaluated all the same.
    let ran = estate.exits(1, &["inspect", "--format", "json", "."]);
    assert_eq!(ran.json()["diagnostics"][0]["code"], "missing_variable");
    let given = [
        "inspect",
        "--format",
        "json",
        "--var",
        "cidr=10.0.0.0/8",
        ".",
    ];
    let ran = estate.exits(0, &given);
    ran.is_silent_about(&["horse"]);
    let cluster = &ran.json()["resources"][0];
    assert_eq!(cluster["address"], ADDRESS);
    assert_eq!(cluster["type"], "aws_eks_cluster");
    assert_eq!(cluster["index"], 0);
    assert_eq!(cluster["file"], "cluster/main.tf");
    estate.write("main.tf", BROKEN);
    let ran = estate.exits(1, &["inspect", "--format", "json", "."]);
    assert!(ran.json()["diagnostics"][0]["severity"] == "error");
}

#[test]
fn inspect_finds_the_only_stack_and_names_several() {
    let estate = Estate::new("below", &[("a/b/main.tf", NETWORK)]);
    estate
        .exits(0, &["inspect", "a"])
        .says(&["Terraform root module a/b: 1 resource"]);
    estate.exits(0, &["inspect", "a/b/main.tf"]);
    estate.write(
        "a/template.yaml",
        "Resources:\n  V: { Type: AWS::EC2::VPC }\n",
    );
    estate
        .exits(2, &["inspect", "a"])
        .warns(&["`a` holds 2 stacks; name one of them:\n  a/b\n  a/template.yaml"]);
}

#[test]
fn explain_knows_the_ids_of_other_tools() {
    let estate = Estate::new("peers", &[]);
    for (id, rules) in [
        (
            "eks-public-endpoint-enabled",
            &["eks-public-endpoint-enabled"][..],
        ),
        ("CKV_AWS_39", &["eks-public-endpoint-enabled"]),
        ("ckv_aws_39", &["eks-public-endpoint-enabled"]),
        ("AVD-AWS-0040", &["eks-public-endpoint-enabled"]),
        ("AWS-0040", &["eks-public-endpoint-enabled"]),
        (
            "EKS_ENDPOINT_NO_PUBLIC_ACCESS",
            &["eks-public-endpoint-enabled", OPEN],
        ),
    ] {
        let ran = estate.exits(0, &["explain", id]);
        for rule in rules {
            ran.says(&[
                &format!("{rule}  "),
                &format!("rulesets/aws/eks/{rule}.yaml"),
            ]);
        }
    }
    estate.exits(0, &["explain", OPEN]).says(&[
        "why ",
        "concerns    AWS::EKS::Cluster in Terraform and CloudFormation",
        "check ",
        "remedy ",
        "elsewhere   checkov CKV_AWS_38\n",
        "controls ",
        "reading     https://docs.aws.amazon.com/",
        "bad 1 of ",
        "good 1 of ",
        "--samples shows them",
    ]);
    let ran = estate.exits(0, &["explain", OPEN, "--samples"]);
    ran.says(&["cannot be told 1 of 2, terraform:", "cloudformation:"]);
}

#[test]
fn explain_says_test_by_test_why_a_rule_speaks() {
    let estate = estate_to_look_into("why");
    estate.exits(0, &["explain", OPEN, ".", ADDRESS]).says(&[
        "the clause does not hold",
        "  fails   $.ResourcesVpcConfig.PublicAccessCidrs[*] not matches /\\/[0-4]$/\n",
        "          no      ResourcesVpcConfig.PublicAccessCidrs[0] is 0.0.0.0/0",
        "          unsure  ResourcesVpcConfig.PublicAccessCidrs[1] is ",
        "  fails   or $.ResourcesVpcConfig.EndpointPublicAccess == false\n",
        "is true (default)",
        "high: anyone on the internet can reach",
        "at cluster/main.tf:11:27",
    ]);
    estate.write(
        "template.yaml",
        r#"
Parameters:
  Stage: { Type: String, Default: test }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Main:
    Type: AWS::EKS::Cluster
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/eks-cluster
      ResourcesVpcConfig:
        SubnetIds: [subnet-0a1b2c3d4e5f60718]
        PublicAccessCidrs: [!If [IsProd, "::/0", 10.0.0.0/8]]
"#,
    );
    estate
        .exits(0, &["explain", OPEN, "template.yaml", "Main"])
        .says(&[
            "if Stage is \"prod\"\n  the clause does not hold",
            "if Stage is not \"prod\"\n  the clause holds",
            "  only if IsProd is true (by default it is false)",
        ]);
    estate
        .exits(
            0,
            &[
                "explain",
                OPEN,
                "template.yaml",
                "Main",
                "--parameters",
                "Stage=test",
            ],
        )
        .says(&["the clause holds", "no finding"])
        .is_silent_about(&["prod"]);
}

#[test]
fn rules_are_listed_for_people_and_machines() {
    let estate = Estate::new(
        "list",
        &[(
            "onus.yaml",
            "rules:\n  vpc-flow-logs-missing: { enabled: false }\n",
        )],
    );
    let text = estate.exits(0, &["rules", "list"]);
    let line = text.out.lines().find(|line| line.contains(UNLOGGED));
    let line = line.expect("a line of the rule");
    assert!(line.starts_with("medium "), "{line}");
    assert!(line.ends_with("(switched off)"), "{line}");
    let rules = estate
        .exits(0, &["rules", "list", "--format", "json"])
        .json();
    let rules = rules.as_array().expect("a list");
    assert_eq!(text.out.lines().count(), rules.len() + 1);
    let open = rules.iter().find(|rule| rule["name"] == OPEN).expect(OPEN);
    assert_eq!(open["severity"], "high");
    assert_eq!(open["kinds"], serde_json::json!(["AWS::EKS::Cluster"]));
    assert_eq!(open["aliases"]["checkov"][0], "CKV_AWS_38");
    assert_eq!(open["enabled"], true);
    for key in ["title", "languages", "controls", "profile", "confidence"] {
        assert!(!open[key].is_null(), "{key}");
    }
    estate
        .exits(0, &["rules", "list", "--format", "markdown"])
        .says(&["## eks\n", &format!("| `{OPEN}` | high | ")]);
}

#[test]
fn rules_are_written_vetted_and_tested() {
    let estate = Estate::new("new", &[("policies/vpc-wide.yaml", WIDE)]);
    estate
        .exits(0, &["rules", "vet", "policies"])
        .says(&["1 rule: no mistakes\n"]);
    estate
        .exits(0, &["rules", "test", "policies"])
        .says(&["1 rule, 4 samples: all as marked\n"]);
    estate
        .exits(0, &["rules", "new", "my-first-rule", "--in", "mine"])
        .says(&["mine/my-first-rule.yaml", "onus rules test mine"]);
    estate
        .exits(2, &["rules", "new", "my-first-rule", "--in", "mine"])
        .warns(&["is there already"]);
    estate.exits(0, &["rules", "vet", "mine"]);
    // Its one sample is as marked; what is missing is said.
    estate
        .exits(1, &["rules", "test", "mine"])
        .says(&["V34", "no good sample in terraform", "3 mistakes\n"])
        .is_silent_about(&["V32"]);
    let wrong = WIDE.replace(
        "cidr_block = \"10.0.0.0/16\"",
        "cidr_block = \"10.0.0.0/8\"",
    );
    estate.write("policies/vpc-wide.yaml", &wrong);
    estate.exits(1, &["rules", "test", "policies"]).says(&[
        "V32",
        "policies/vpc-wide.yaml:30",
        "1 mistake\n",
    ]);
    estate.write(
        "policies/vpc-wide.yaml",
        &WIDE.replace("$.CidrBlock !=", "$.CidrBlock"),
    );
    estate
        .exits(1, &["rules", "vet", "policies"])
        .says(&["policies/vpc-wide.yaml:11"]);
}

#[test]
fn vetting_knows_the_vocabulary_and_the_built_in_rules() {
    let estate = Estate::new(
        "vet",
        &[
            (
                "a/vpc-wide.yaml",
                &WIDE.replace("CidrBlock !=", "CidrBlok !="),
            ),
            ("b/vpc-flow-logs-missing.yaml", WIDE),
            (
                "c/vpc-wide.yaml",
                &WIDE.replace("check:", "yields_to: [vpc-flow-log-missing]\ncheck:"),
            ),
        ],
    );
    for (folder, said) in [
        ("a", &["V01", "a/vpc-wide.yaml:11:3", "CidrBlock"][..]),
        ("b", &["V37", "there is a built-in rule called"]),
        ("c", &["V27", "did you mean `vpc-flow-logs-missing`?"]),
    ] {
        estate
            .exits(1, &["rules", "vet", folder])
            .says(said)
            .says(&["1 mistake\n"])
            .is_silent_about(&["rulesets/"]);
    }
    // A built-in rule under work is tested as it is on the disk.
    let path = "rulesets/aws/vpc/vpc-flow-logs-missing.yaml";
    estate.write(path, WIDE);
    estate
        .exits(0, &["rules", "test", "rulesets"])
        .says(&["1 rule, 4 samples: all as marked\n"]);
}

#[test]
fn the_built_in_rules_test_themselves() {
    Estate::new("built-in", &[])
        .exits(0, &["rules", "test"])
        .says(&[": all as marked\n"]);
}

#[test]
fn facts_are_listed_with_their_members() {
    Estate::new("facts", &[])
        .exits(0, &["rules", "facts"])
        .says(&[
            "$.facts.network.ingress: list of objects\n  of AWS::EC2::SecurityGroup",
            "  from_world: bool ",
            "$.facts.eks.version: ",
        ]);
}

#[test]
fn shells_learn_the_commands() {
    let estate = Estate::new("shells", &[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        estate
            .exits(0, &["completions", shell])
            .says(&["onus", "inspect", "explain"]);
    }
}

/// What only a disk can hold: links in circles, pipes, folders named like files, names that are no text.
#[cfg(unix)]
#[test]
fn what_is_odd_on_the_disk_costs_nothing_else() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    let estate = Estate::new(
        "odd-disk",
        &[
            ("good/main.tf", CLUSTER),
            (
                "folder/main.tf/inner.txt",
                "a folder with the name of a file",
            ),
            (
                "caller/main.tf",
                "module \"round\" {\n  source = \"../circle/again\"\n}\n",
            ),
            ("with space/ma in.tf", "locals {\n  a = 1\n}\n"),
            ("locked/main.tf", "locals {}\n"),
        ],
    );
    let at = |path: &str| estate.folder.join(path);
    fs::create_dir_all(at("circle")).expect("a folder");
    symlink("../circle", at("circle/again")).expect("a link");
    symlink("loop-b.tf", at("good/loop-a.tf")).expect("a link");
    symlink("loop-a.tf", at("good/loop-b.tf")).expect("a link");
    symlink("/nowhere/at/all.tf", at("good/dangling.tf")).expect("a link");
    let pipe = at("good/pipe.tf");
    let made = Command::new("mkfifo").arg(&pipe).status();
    let has_pipe = made.is_ok_and(|status| status.success());
    // Some file systems refuse names that are no text; then there is nothing to survive.
    let _ = fs::write(
        at("good").join(OsStr::from_bytes(b"\xff\xfe.tf")),
        "locals {}\n",
    );
    fs::set_permissions(at("locked/main.tf"), fs::Permissions::from_mode(0o000))
        .expect("permissions");
    let is_locked = fs::read(at("locked/main.tf")).is_err();

    let ran = estate.exits(1, &["scan", "--short"]);
    ran.says(&["good/main.tf", "[eks-public-endpoint-open-to-world]"]);
    if is_locked {
        ran.says(&["locked/main.tf", "cannot read"]);
    }
    if has_pipe {
        // Named, it must be refused rather than waited for.
        let ran = estate.run(&["scan", "good/pipe.tf"]);
        assert!(ran.code <= 3, "{}\n{}", ran.out, ran.err);
    }
    estate.exits(1, &["scan", "good", "folder", "with space", "caller"]);
}

const GATE: &str = r#"variable "cidr" {
  type = string
}
variable "days" {
  type    = number
  default = 365
}
resource "aws_security_group" "gate" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = [var.cidr]
  }
}
resource "aws_security_group" "desk" {
  ingress {
    from_port   = 3389
    to_port     = 3389
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"#;

const ENVIRONMENTS: &str = "environments:
  prod: { var_files: [$root/prod.tfvars], workspace: live }
  staging: { var_files: [$root/staging.tfvars] }
  dev: { variables: { cidr: 10.0.0.0/8 } }
";

/// Two root modules; only one of them is deployed to each environment.
fn environments(name: &str) -> Estate {
    Estate::new(
        name,
        &[
            ("onus.yaml", ENVIRONMENTS),
            ("infra/net/main.tf", GATE),
            ("infra/net/prod.tfvars", "cidr = \"0.0.0.0/0\"\n"),
            ("infra/net/staging.tfvars", "\ncidr = \"0.0.0.0/0\"\n"),
            ("infra/lab/main.tf", GATE),
        ],
    )
}

/// `rule file:line environments` of the findings in a JSON report; `?` before what is unsure, `-` before what is suppressed.
fn told(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let findings = report["findings"].as_array().expect("findings");
    let told = |finding: &Value| {
        let place = &finding["place"];
        let names: Vec<&str> = finding["environments"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mark = match (finding["verdict"].as_str(), finding["status"].as_str()) {
            (Some("unsure"), _) => "?",
            (_, Some("suppressed")) => "-",
            _ => "",
        };
        format!(
            "{mark}{} {}:{} {}",
            finding["rule"].as_str().unwrap_or_default(),
            place["file"].as_str().unwrap_or_default(),
            place["range"]["start"]["line"],
            names.join("+"),
        )
    };
    findings.iter().map(told).collect()
}

#[test]
fn one_run_evaluates_all_environments_and_says_where_what_holds() {
    let estate = environments("environments");
    let ran = estate.run(&["scan"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    ran.says(&[
        "note: holds only in environments prod and staging",
        "::: infra/net/prod.tfvars:1:8",
        "4 resources of 2 stacks in 3 environments",
    ]);
    let ran = estate.run(&["scan", "-o", "json"]);
    let expected = [
        "sg-rdp-open-to-world infra/lab/main.tf:21 ",
        "sg-ssh-open-to-world infra/net/main.tf:13 prod+staging",
        "sg-rdp-open-to-world infra/net/main.tf:21 ",
    ];
    assert_eq!(told(&ran), expected);
    // The other value is shown as well.
    ran.says(&["infra/net/staging.tfvars"]);
    let report = ran.json();
    let stacks = report["stacks"].as_array().expect("stacks");
    let of = |path: &str| {
        let stack = stacks.iter().find(|stack| stack["path"] == path);
        stack.map(|stack| stack["environments"].to_string())
    };
    assert_eq!(of("infra/lab").as_deref(), Some("[\"dev\"]"));
    assert_eq!(
        of("infra/net").as_deref(),
        Some("[\"prod\",\"staging\",\"dev\"]")
    );
    let short = estate.run(&["scan", "--short", "infra/net"]).out;
    let line = "through aws_security_group.gate (only in environments prod and staging) [sg-ssh-open-to-world]";
    assert!(short.contains(line), "{short}");
}

#[test]
fn a_finding_of_two_environments_is_one_result_with_the_fingerprint_that_it_has_in_one() {
    let estate = environments("environments-sarif");
    let results = |arguments: &[&str]| -> Vec<Value> {
        let mut all = vec!["scan", "-o", "sarif"];
        all.extend(arguments);
        let log: Value = serde_json::from_str(&estate.run(&all).out).expect("JSON");
        let results = log["runs"][0]["results"].as_array().cloned();
        results
            .expect("results")
            .into_iter()
            .filter(|result| result["ruleId"] == "sg-ssh-open-to-world")
            .collect()
    };
    let all = results(&[]);
    let alone = results(&["--environment", "staging"]);
    let without = {
        estate.write("onus.yaml", "");
        results(&["infra/net", "--var-file", "infra/net/prod.tfvars"])
    };
    assert_eq!((all.len(), alone.len(), without.len()), (1, 1, 1));
    for other in [&alone[0], &without[0]] {
        assert_eq!(all[0]["partialFingerprints"], other["partialFingerprints"]);
        assert_eq!(other["properties"]["environments"], Value::Null);
    }
    let names = &all[0]["properties"]["environments"];
    assert_eq!(names, &serde_json::json!(["prod", "staging"]));
    let text = all[0]["message"]["text"].as_str().expect("a text");
    assert!(
        text.contains(" Holds only in environments prod and staging."),
        "{text}"
    );
}

#[test]
fn one_fault_with_several_values_is_one_finding() {
    let estate = Estate::new(
        "environments-values",
        &[
            (
                "onus.yaml",
                "profile: all\nenvironments: { prod: { variables: { hops: 9 } }, dev: { variables: { hops: 4 } }, lab: { variables: { hops: 1 } } }\n",
            ),
            (
                "main.tf",
                "variable \"hops\" {}\nresource \"aws_instance\" \"x\" {\n  ami = \"ami-12345678\"\n  instance_type = \"t3.micro\"\n  metadata_options {\n    http_tokens                 = \"required\"\n    http_put_response_hop_limit = var.hops\n  }\n}\n",
            ),
        ],
    );
    let ran = estate.run(&["scan", "-o", "json"]);
    let told = told(&ran);
    let expected = "ec2-imds-hop-limit-too-high main.tf:7 prod+dev";
    assert!(told.iter().any(|line| line == expected), "{told:?}");
    // Values that settings give are shown there.
    ran.says(&["\"file\": \"onus.yaml\""]);
}

#[test]
fn what_is_not_known_in_one_environment_is_said_of_that_one() {
    let estate = Estate::new(
        "environments-unsure",
        &[
            (
                "onus.yaml",
                "environments: { prod: { variables: { cidr: 0.0.0.0/0 } }, dev: { workspace: dev } }\n",
            ),
            ("main.tf", GATE),
        ],
    );
    let ran = estate.run(&["scan", "-o", "json"]);
    let told = told(&ran);
    for expected in [
        "sg-ssh-open-to-world main.tf:13 prod",
        "?sg-ssh-open-to-world main.tf:13 dev",
    ] {
        assert!(told.iter().any(|line| line == expected), "{told:?}");
    }
    let report = ran.json();
    let missing = report["diagnostics"].as_array().expect("diagnostics");
    let missing: Vec<&Value> = missing
        .iter()
        .filter(|diagnostic| diagnostic["code"] == "missing_variable")
        .map(|diagnostic| &diagnostic["environments"])
        .collect();
    assert_eq!(missing, [&serde_json::json!(["dev"])]);
}

#[test]
fn a_comment_at_the_value_of_one_environment_suppresses_what_is_found_in_that_one() {
    let estate = environments("environments-suppressed");
    estate.write(
        "infra/net/staging.tfvars",
        "# onus:ignore[sg-ssh-open-to-world] a lab\ncidr = \"0.0.0.0/0\"\n",
    );
    let ran = estate.run(&["scan", "infra/net", "-o", "json"]);
    let expected = [
        "sg-ssh-open-to-world infra/net/main.tf:13 prod",
        "-sg-ssh-open-to-world infra/net/main.tf:13 staging",
        "sg-rdp-open-to-world infra/net/main.tf:21 ",
    ];
    assert_eq!(told(&ran), expected);
    assert_eq!(ran.json()["diagnostics"], serde_json::json!([]));
}

#[test]
fn templates_have_environments_too() {
    let estate = Estate::new(
        "environments-templates",
        &[
            (
                "onus.yaml",
                "environments:\n  prod: { parameter_files: [$root/prod.json] }\n  dev: { parameters: { Cidr: 10.0.0.0/8 }, region: eu-central-1 }\n",
            ),
            (
                "web/prod.json",
                "[{\"ParameterKey\": \"Cidr\", \"ParameterValue\": \"0.0.0.0/0\"}]",
            ),
            (
                "web/template.yaml",
                "Parameters:\n  Cidr: { Type: String }\nResources:\n  Gate:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: g\n      SecurityGroupIngress:\n        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref Cidr }\n",
            ),
        ],
    );
    let ran = estate.run(&["scan", "-o", "json"]);
    assert_eq!(
        told(&ran),
        ["sg-ssh-open-to-world web/template.yaml:9 prod"]
    );
}

#[test]
fn single_environments_are_chosen_by_name() {
    let estate = environments("environments-chosen");
    for (names, expected) in [
        (&["dev"][..], &[][..]),
        (&["staging", "dev"], &["staging"]),
        (&["prod"], &[""]),
    ] {
        let mut arguments = vec!["scan", "infra/net", "-o", "json"];
        for name in names {
            arguments.extend(["--environment", *name]);
        }
        let told = told(&estate.run(&arguments));
        let ssh: Vec<&str> = told
            .iter()
            .filter_map(|line| line.strip_prefix("sg-ssh-open-to-world infra/net/main.tf:13 "))
            .collect();
        assert_eq!(ssh, expected, "{names:?}");
    }
    let arguments = ["inspect", "infra/net", "--environment", "prod"];
    let shown = |more: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(more);
        estate.run(&all).out
    };
    assert!(shown(&["--format", "json"]).contains("\"0.0.0.0/0\""));
    assert!(
        shown(&["--unknowns"]).contains("100"),
        "{}",
        shown(&["--unknowns"])
    );
    let explained = estate.run(&[
        "explain",
        "sg-ssh-open-to-world",
        "infra/net",
        "aws_security_group.gate",
        "--environment",
        "staging",
    ]);
    assert!(
        explained.out.contains("0.0.0.0/0"),
        "{}{}",
        explained.out,
        explained.err
    );
    // What the command line gives counts more.
    let ran = estate.run(&["scan", "infra/lab", "--short", "--var", "cidr=0.0.0.0/0"]);
    assert!(ran.out.contains("sg-ssh-open-to-world"), "{}", ran.out);
}

#[test]
fn mistakes_about_environments_are_said_with_their_place() {
    let estate = environments("environments-wrong");
    for (arguments, expected) in [
        (
            &["scan", "--environment", "pord"][..],
            "there is no environment `pord`; did you mean `prod`?",
        ),
        (
            &["inspect", "infra/lab", "--environment", "prod"],
            "environment `prod` does not have `infra/lab`: it has no `$root/prod.tfvars`",
        ),
        (
            &["scan", "infra/lab", "--environment", "prod"],
            "none has `$root/prod.tfvars`",
        ),
    ] {
        let ran = estate.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
    estate.write(
        "onus.yaml",
        "environments:\n  prod:\n    var_files: [envs/gone.tfvars]\n",
    );
    let ran = estate.run(&["scan"]);
    assert_eq!(ran.code, 2);
    for expected in ["`envs/gone.tfvars` is not a file", "onus.yaml:3:17"] {
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    estate.write(
        "onus.yaml",
        "environments: { prod: { var_files: [$root/prd.tfvars] } }\n",
    );
    let ran = estate.run(&["scan", "--exit-zero"]);
    assert!(
        ran.out
            .contains("environment `prod` has none of these stacks"),
        "{}",
        ran.out
    );
    estate.write("onus.yaml", "");
    let ran = estate.run(&["scan", "--environment", "prod"]);
    assert!(ran.err.contains("settings name none"), "{}", ran.err);
}

#[test]
fn settings_of_a_folder_above_are_about_the_same_files() {
    let estate = environments("environments-below");
    let settings = format!("exclude: [infra/lab]\n{ENVIRONMENTS}")
        .replace("dev: {", "dev: { paths: [infra/net],");
    estate.write(
        "onus.yaml",
        &settings.replace("exclude: [infra/lab]", "exclude: [\"infra/lab/**\"]"),
    );
    let below = Estate {
        folder: estate.folder.join("infra"),
    };
    let ran = below.run(&["scan", "-o", "json"]);
    let expected = [
        "sg-ssh-open-to-world net/main.tf:13 prod+staging",
        "sg-rdp-open-to-world net/main.tf:21 ",
    ];
    assert_eq!(told(&ran), expected);
}

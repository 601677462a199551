//! Plans beside code: which values count, where findings are, what is never shown.

use onus::declared::Language;
use onus::output;
use onus::project::{Inputs, Stack};
use onus::report::Report;
use onus::rules::RuleSet;
use onus::source::{Columns, MemoryFiles, SourceMap};
use onus::{Request, analyze};

const CODE: &str = r#"variable "cidr" {
  type = string
}
variable "password" {
  type      = string
  sensitive = true
}
data "aws_arn" "doors" {
  arn = "arn:aws:doors:::front=0.0.0.0/0,back=10.0.0.0/8"
}
locals {
  doors = { for door in split(",", data.aws_arn.doors.resource) : split("=", door)[0] => split("=", door)[1] }
}
resource "aws_security_group" "web" {
  name = "web"
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = [var.cidr]
  }
}
module "door" {
  source   = "./door"
  for_each = local.doors
  cidr     = each.value
  group    = aws_security_group.web.id
}
resource "aws_elastic_beanstalk_application" "app" {
  name = "app"
}
resource "aws_elastic_beanstalk_environment" "app" {
  name        = "app"
  application = aws_elastic_beanstalk_application.app.name
  setting {
    namespace = "aws:elasticbeanstalk:application:environment"
    name      = "DB_PASSWORD"
    value     = var.password
  }
}
"#;

const DOOR: &str = r#"variable "cidr" {
  type = string
}
variable "group" {
  type = string
}
resource "aws_vpc_security_group_ingress_rule" "rdp" {
  security_group_id = var.group
  from_port         = 3389
  to_port           = 3389
  ip_protocol       = "tcp"
  cidr_ipv4         = var.cidr
}
"#;

/// What Terraform 1.11.4 with version 5.100.0 of the AWS provider makes of it for `-var cidr=0.0.0.0/0 -var password=not-to-be-seen`, without
/// `planned_values` and what else is not read.
const PLAN: &str = r#"{
  "format_version": "1.2",
  "terraform_version": "1.11.4",
  "variables": {"cidr": {"value": "0.0.0.0/0"}, "password": {"value": "not-to-be-seen"}},
  "resource_changes": [
    {
      "address": "aws_elastic_beanstalk_application.app",
      "mode": "managed",
      "type": "aws_elastic_beanstalk_application",
      "name": "app",
      "change": {
        "actions": ["create"],
        "before": null,
        "after": {"appversion_lifecycle": [], "description": null, "name": "app", "tags": null},
        "after_unknown": {"appversion_lifecycle": [], "arn": true, "id": true, "tags_all": true},
        "before_sensitive": false,
        "after_sensitive": {"appversion_lifecycle": [], "tags_all": {}}
      }
    },
    {
      "address": "aws_elastic_beanstalk_environment.app",
      "mode": "managed",
      "type": "aws_elastic_beanstalk_environment",
      "name": "app",
      "change": {
        "actions": ["create"],
        "before": null,
        "after": {
          "application": "app",
          "description": null,
          "name": "app",
          "poll_interval": null,
          "setting": [
            {
              "name": "DB_PASSWORD",
              "namespace": "aws:elasticbeanstalk:application:environment",
              "resource": "",
              "value": "not-to-be-seen"
            }
          ],
          "tags": null,
          "template_name": null,
          "tier": "WebServer",
          "wait_for_ready_timeout": "20m"
        },
        "after_unknown": {
          "all_settings": true,
          "arn": true,
          "autoscaling_groups": true,
          "cname": true,
          "cname_prefix": true,
          "endpoint_url": true,
          "id": true,
          "instances": true,
          "launch_configurations": true,
          "load_balancers": true,
          "platform_arn": true,
          "queues": true,
          "setting": [{}],
          "solution_stack_name": true,
          "tags_all": true,
          "triggers": true,
          "version_label": true
        },
        "before_sensitive": false,
        "after_sensitive": {
          "all_settings": [],
          "autoscaling_groups": [],
          "instances": [],
          "launch_configurations": [],
          "load_balancers": [],
          "queues": [],
          "setting": true,
          "tags_all": {},
          "triggers": []
        }
      }
    },
    {
      "address": "aws_security_group.web",
      "mode": "managed",
      "type": "aws_security_group",
      "name": "web",
      "change": {
        "actions": ["create"],
        "before": null,
        "after": {
          "description": "Managed by Terraform",
          "ingress": [
            {
              "cidr_blocks": ["0.0.0.0/0"],
              "description": "",
              "from_port": 22,
              "ipv6_cidr_blocks": [],
              "prefix_list_ids": [],
              "protocol": "tcp",
              "security_groups": [],
              "self": false,
              "to_port": 22
            }
          ],
          "name": "web",
          "revoke_rules_on_delete": false,
          "tags": null,
          "timeouts": null
        },
        "after_unknown": {
          "arn": true,
          "egress": true,
          "id": true,
          "ingress": [{"cidr_blocks": [false], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": []}],
          "name_prefix": true,
          "owner_id": true,
          "tags_all": true,
          "vpc_id": true
        },
        "before_sensitive": false,
        "after_sensitive": {
          "egress": [],
          "ingress": [{"cidr_blocks": [false], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": []}],
          "tags_all": {}
        }
      }
    },
    {
      "address": "module.door[\"back\"].aws_vpc_security_group_ingress_rule.rdp",
      "module_address": "module.door[\"back\"]",
      "mode": "managed",
      "type": "aws_vpc_security_group_ingress_rule",
      "name": "rdp",
      "change": {
        "actions": ["create"],
        "before": null,
        "after": {
          "cidr_ipv4": "10.0.0.0/8",
          "cidr_ipv6": null,
          "description": null,
          "from_port": 3389,
          "ip_protocol": "tcp",
          "prefix_list_id": null,
          "referenced_security_group_id": null,
          "tags": null,
          "tags_all": {},
          "to_port": 3389
        },
        "after_unknown": {"arn": true, "id": true, "security_group_id": true, "security_group_rule_id": true, "tags_all": {}},
        "before_sensitive": false,
        "after_sensitive": {"tags_all": {}}
      }
    },
    {
      "address": "module.door[\"front\"].aws_vpc_security_group_ingress_rule.rdp",
      "module_address": "module.door[\"front\"]",
      "mode": "managed",
      "type": "aws_vpc_security_group_ingress_rule",
      "name": "rdp",
      "change": {
        "actions": ["create"],
        "before": null,
        "after": {
          "cidr_ipv4": "0.0.0.0/0",
          "cidr_ipv6": null,
          "description": null,
          "from_port": 3389,
          "ip_protocol": "tcp",
          "prefix_list_id": null,
          "referenced_security_group_id": null,
          "tags": null,
          "tags_all": {},
          "to_port": 3389
        },
        "after_unknown": {"arn": true, "id": true, "security_group_id": true, "security_group_rule_id": true, "tags_all": {}},
        "before_sensitive": false,
        "after_sensitive": {"tags_all": {}}
      }
    }
  ],
  "prior_state": {
    "format_version": "1.0",
    "terraform_version": "1.11.4",
    "values": {
      "root_module": {
        "resources": [
          {
            "address": "data.aws_arn.doors",
            "mode": "data",
            "type": "aws_arn",
            "name": "doors",
            "values": {
              "account": "",
              "arn": "arn:aws:doors:::front=0.0.0.0/0,back=10.0.0.0/8",
              "id": "arn:aws:doors:::front=0.0.0.0/0,back=10.0.0.0/8",
              "partition": "aws",
              "region": "",
              "resource": "front=0.0.0.0/0,back=10.0.0.0/8",
              "service": "doors"
            },
            "sensitive_values": {}
          }
        ]
      }
    }
  },
  "configuration": {
    "root_module": {
      "resources": [
        {
          "address": "aws_elastic_beanstalk_application.app",
          "mode": "managed",
          "type": "aws_elastic_beanstalk_application",
          "name": "app",
          "expressions": {"name": {"constant_value": "app"}}
        },
        {
          "address": "aws_elastic_beanstalk_environment.app",
          "mode": "managed",
          "type": "aws_elastic_beanstalk_environment",
          "name": "app",
          "expressions": {
            "application": {
              "references": ["aws_elastic_beanstalk_application.app.name", "aws_elastic_beanstalk_application.app"]
            },
            "name": {"constant_value": "app"},
            "setting": [
              {
                "name": {"constant_value": "DB_PASSWORD"},
                "namespace": {"constant_value": "aws:elasticbeanstalk:application:environment"},
                "value": {"references": ["var.password"]}
              }
            ]
          }
        },
        {
          "address": "aws_security_group.web",
          "mode": "managed",
          "type": "aws_security_group",
          "name": "web",
          "expressions": {"ingress": {"references": ["var.cidr"]}, "name": {"constant_value": "web"}}
        },
        {
          "address": "data.aws_arn.doors",
          "mode": "data",
          "type": "aws_arn",
          "name": "doors",
          "expressions": {"arn": {"constant_value": "arn:aws:doors:::front=0.0.0.0/0,back=10.0.0.0/8"}}
        }
      ],
      "module_calls": {
        "door": {
          "source": "./door",
          "expressions": {
            "cidr": {"references": ["each.value"]},
            "group": {"references": ["aws_security_group.web.id", "aws_security_group.web"]}
          },
          "for_each_expression": {"references": ["local.doors"]},
          "module": {
            "resources": [
              {
                "address": "aws_vpc_security_group_ingress_rule.rdp",
                "mode": "managed",
                "type": "aws_vpc_security_group_ingress_rule",
                "name": "rdp",
                "expressions": {
                  "cidr_ipv4": {"references": ["var.cidr"]},
                  "from_port": {"constant_value": 3389},
                  "ip_protocol": {"constant_value": "tcp"},
                  "security_group_id": {"references": ["var.group"]},
                  "to_port": {"constant_value": 3389}
                }
              }
            ],
            "variables": {"cidr": {}, "group": {}}
          }
        }
      },
      "variables": {"cidr": {}, "password": {"sensitive": true}}
    }
  },
  "errored": false
}
"#;

fn scan(files: &[(&str, &str)]) -> (Report, SourceMap) {
    let sources = SourceMap::new();
    let rules = RuleSet::builtin(&sources);
    let inputs = Inputs {
        plan: Some("plan.json".to_owned()),
        ..Inputs::default()
    };
    let request = Request {
        files: &MemoryFiles::new(files.iter().copied()),
        sources: &sources,
        stacks: &[Stack {
            language: Language::Terraform,
            path: ".".into(),
        }],
        inputs: &inputs,
        rules: &rules,
        vocabulary: None,
        today: "2026-11-25".parse().expect("a day"),
    };
    (analyze(&request, Vec::new()), sources)
}

/// The findings of rules about security groups: `place rule value <- what, …`.
fn found(report: &Report, sources: &SourceMap) -> Vec<String> {
    let findings = report.findings.iter();
    let findings =
        findings.filter(|finding| finding.rule.name.starts_with("sg-") && finding.is_open());
    findings
        .map(|finding| {
            let file = sources.get(finding.place.source).expect("a file");
            let line = file.position(finding.place.start, Columns::Characters).line;
            let rule = &finding.rule.name;
            let mut said = format!("{}:{line} {rule} {}", file.path, finding.value);
            if let Some(place) = finding.trail.last() {
                said.push_str(&format!(" <- {}", place.text));
            }
            said
        })
        .collect()
}

fn check(files: &[(&str, &str)], expected: &[&str]) {
    let (report, sources) = scan(files);
    assert_eq!(found(&report, &sources), expected);
}

#[test]
fn values_come_from_the_plan_and_places_from_the_code() {
    check(
        &[
            ("main.tf", CODE),
            ("door/main.tf", DOOR),
            ("plan.json", PLAN),
        ],
        &[
            "door/main.tf:12 sg-rdp-open-to-world 0.0.0.0/0 <- local `doors`",
            "main.tf:20 sg-ssh-open-to-world 0.0.0.0/0 <- value given for `cidr`",
        ],
    );
}

#[test]
fn instances_are_those_of_the_plan() {
    let all = [
        ("main.tf", CODE),
        ("door/main.tf", DOOR),
        ("plan.json", PLAN),
    ];
    let (report, _) = scan(&all);
    // The rule behind the one door is twice there, and once without its plan.
    assert_eq!(report.stacks[0].resources, 5);
    let without_back = PLAN.replace(
        "\"address\": \"module.door[\\\"back\\\"].aws_vpc_security_group_ingress_rule.rdp\"",
        "\"deposed\": \"12345678\", \"address\": \"module.door[\\\"back\\\"].aws_vpc_security_group_ingress_rule.rdp\"",
    );
    let files = [
        ("main.tf", CODE),
        ("door/main.tf", DOOR),
        ("plan.json", &without_back),
    ];
    let (report, _) = scan(&files);
    assert_eq!(report.stacks[0].resources, 4);
    // What is destroyed is not judged.
    let (kept, gone) = PLAN
        .split_once("\"address\": \"aws_security_group.web\"")
        .expect("the group");
    let (_, gone) = gone.split_once("\"after\": {").expect("what it will be");
    let (_, rest) = gone.split_once("\"after_unknown\"").expect("and the rest");
    let destroyed = format!(
        "{kept}\"address\": \"aws_security_group.web\", \"mode\": \"managed\", \"type\": \"aws_security_group\", \"change\": {{ \"actions\": [\"delete\"], \"after\": null, \"after_unknown\"{rest}"
    );
    check(
        &[("plan.json", &destroyed)],
        &["plan.json:134 sg-rdp-open-to-world 0.0.0.0/0"],
    );
}

#[test]
fn without_code_places_are_in_the_plan() {
    check(
        &[("plan.json", PLAN)],
        &[
            "plan.json:91 sg-ssh-open-to-world 0.0.0.0/0",
            "plan.json:161 sg-rdp-open-to-world 0.0.0.0/0",
        ],
    );
}

#[test]
fn what_is_in_a_module_that_is_not_there_is_placed_at_its_call() {
    check(
        &[("main.tf", CODE), ("plan.json", PLAN)],
        &[
            "main.tf:20 sg-ssh-open-to-world 0.0.0.0/0 <- value given for `cidr`",
            "main.tf:23 sg-rdp-open-to-world 0.0.0.0/0 <- value in the plan",
        ],
    );
}

#[test]
fn comments_in_the_code_suppress_what_the_plan_tells() {
    let excused = DOOR.replace(
        "  cidr_ipv4 ",
        "  # onus:ignore[sg-rdp-open-to-world] a jump host of the exercise\n  cidr_ipv4 ",
    );
    check(
        &[
            ("main.tf", CODE),
            ("door/main.tf", &excused),
            ("plan.json", PLAN),
        ],
        &["main.tf:20 sg-ssh-open-to-world 0.0.0.0/0 <- value given for `cidr`"],
    );
}

#[test]
fn sensitive_values_are_shown_nowhere() {
    let secret = "not-to-be-seen";
    assert!(PLAN.contains(secret));
    let code = [
        ("main.tf", CODE),
        ("door/main.tf", DOOR),
        ("plan.json", PLAN),
    ];
    // Providers give copies of what they are given, and do not mark them.
    let copied = PLAN.replace("\"0.0.0.0/0\"]", "\"0.0.0.0/0\", \"not-to-be-seen\"]");
    let copies = [
        ("main.tf", CODE),
        ("door/main.tf", DOOR),
        ("plan.json", &*copied),
    ];
    for files in [&code[..], &code[2..], &copies[..], &copies[2..]] {
        let (report, sources) = scan(files);
        let beanstalk = report.findings.iter();
        assert!(beanstalk.filter(|f| f.rule.name.starts_with("eb-")).count() > 2);
        let mut out = Vec::new();
        let text = output::text::Options {
            unsure: true,
            suppressed: true,
            explain: true,
            ..output::text::Options::default()
        };
        output::text::write(&report, &sources, &text, &mut out).expect("memory");
        output::json::write(&report, &sources, &mut out).expect("memory");
        output::sarif::write(
            &report,
            &sources,
            &output::sarif::Options::default(),
            &mut out,
        )
        .expect("memory");
        assert!(!String::from_utf8_lossy(&out).contains(secret));
        // Whatever quotes the plan quotes this.
        let plan = sources.by_path("plan.json").expect("the plan");
        let (_, written) = files[files.len() - 1];
        assert_eq!(plan.text.len(), written.len());
        assert!(!plan.text.contains(secret));
    }
}

#[test]
fn what_is_no_plan_is_said_and_the_code_is_analysed_alone() {
    for (plan, expected) in [
        (
            "PK\u{3}\u{4}",
            "this is a plan in Terraform's own format, not JSON",
        ),
        (
            r#"{"version": 4, "lineage": "x", "resources": []}"#,
            "this is a state, not a plan",
        ),
        (
            r#"{"format_version": "1.0", "values": {"root_module": {}}}"#,
            "this is a state, not a plan",
        ),
        ("[]", "this is not a plan"),
        ("{}", "this is not a plan: it has no `resource_changes`"),
        (&PLAN[..PLAN.len() / 2], "this is not valid JSON"),
        (
            "{\"resource_changes\": []} x",
            "this is not one JSON document",
        ),
        (
            r#"{"format_version": "2.0", "resource_changes": []}"#,
            "the plan has format 2.0; onus knows 1.x",
        ),
    ] {
        let (report, _) = scan(&[("main.tf", CODE), ("plan.json", plan)]);
        let said: Vec<&str> = report
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.code.ends_with("_plan"))
            .map(|diagnostic| &*diagnostic.message)
            .collect();
        assert!(
            said.len() == 1 && said[0].starts_with(expected),
            "{expected}: {said:?}"
        );
    }
}

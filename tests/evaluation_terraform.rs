//! Expressions and small configurations evaluated, compared with what Terraform 1.11.4 made of them.
//!
//! The results were recorded from plans; the tests need no Terraform.

mod recorded;

use onus::declared::Language;
use onus::project::{Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Data, Value};

use recorded::{EXPRESSIONS, POLICIES, Worth, configurations, load, recorded};

/// A value as the recordings write it.
fn shown(value: &Value) -> String {
    Worth::of(value).to_string()
}

#[test]
fn expressions_are_worth_what_terraform_makes_of_them() {
    let cases = recorded(EXPRESSIONS);
    let expressions: Vec<String> = cases.iter().map(|(text, _)| text.clone()).collect();
    let found = recorded::evaluated(&expressions, &recorded::files(), None);
    let wrong: Vec<String> = cases
        .iter()
        .zip(found)
        .filter_map(|((expression, expected), found)| {
            let found = found.worth.to_string();
            (found != *expected).then(|| format!("{expression}\n  is {found}\n  not {expected}"))
        })
        .collect();
    assert!(cases.len() > 1_000, "the recordings are there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn configurations_are_worth_what_terraform_makes_of_them() {
    let all = configurations();
    assert!(all.len() > 50, "the recordings are there");
    let mut wrong = Vec::new();
    for configuration in all {
        let (found, errors) = recorded::made_of(&configuration);
        let mut expected = configuration.expected.clone();
        expected.sort();
        if found != expected {
            wrong.push(format!(
                "{}:\n  is  {}\n  not {}\n  {}",
                configuration.name,
                found.join("; "),
                expected.join("; "),
                errors.join("; ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn policy_documents_are_written_as_the_provider_writes_them() {
    let cases = recorded(POLICIES);
    let mut configuration = String::new();
    for (number, (arguments, _)) in cases.iter().enumerate() {
        configuration.push_str(&format!(
            "data \"aws_iam_policy_document\" \"d{number}\" {{\n{arguments}\n}}\n\
             output \"c{number}\" {{\n  value = data.aws_iam_policy_document.d{number}.minified_json\n}}\n"
        ));
    }
    let files = MemoryFiles::new([("main.tf", configuration.as_str())]);
    let declared = load(&files, &Inputs::default());
    assert!(cases.len() > 20, "the recordings are there");
    for (output, (arguments, expected)) in declared.outputs.iter().zip(&cases) {
        assert_eq!(output.value.as_str(), Some(*expected), "{arguments}");
    }
}

/// Trails of the values at `path` (members and positions) of a resource: `file:line:column`, site first.
fn trail(files: &[(&str, &str)], address: &str, path: &[&str]) -> Vec<String> {
    let sources = SourceMap::new();
    let stack = Stack {
        language: Language::Terraform,
        path: ".".into(),
    };
    let files = MemoryFiles::new(files.iter().copied());
    let declared = onus::terraform::load(&files, &sources, &stack, &Inputs::default());
    let resource = declared
        .resources
        .iter()
        .find(|resource| &*resource.address == address)
        .expect("the resource is declared");
    let value = path
        .iter()
        .fold(resource.body.clone(), |value, step| match step.parse() {
            Ok::<usize, _>(at) => value.elements().nth(at).expect("an element"),
            Err(_) => value.member(step).expect("a member"),
        });
    std::iter::once(sources.describe(value.span()))
        .chain(
            value
                .origin
                .trail
                .iter()
                .map(|(place, step)| format!("{} {}", sources.describe(place), step.describe())),
        )
        .collect()
}

#[test]
fn a_value_is_seen_in_the_resource_and_leads_to_where_it_was_written() {
    let root = r#"
variable "open" {
  default = ["0.0.0.0/0"]
}
locals {
  rules = { ssh = { port = 22 } }
}
module "m" {
  source = "./m"
  cidrs  = concat(var.open, ["192.0.2.0/24"])
}
resource "aws_x" "each" {
  for_each = local.rules
  port     = each.value.port
}
resource "aws_x" "back" {
  first = module.m.first
}
"#;
    let module = r#"
variable "cidrs" {}
resource "aws_x" "y" {
  cidrs = var.cidrs
}
output "first" {
  value = var.cidrs[0]
}
"#;
    let files = [("main.tf", root), ("m/main.tf", module)];
    for (address, path, expected) in [
        (
            "module.m.aws_x.y",
            &["cidrs", "0"][..],
            &[
                "m/main.tf:4:11",
                "main.tf:10:19 passed in as `cidrs`",
                "main.tf:3:14 default of `open`",
            ][..],
        ),
        (
            "module.m.aws_x.y",
            &["cidrs", "1"],
            &["m/main.tf:4:11", "main.tf:10:30 passed in as `cidrs`"],
        ),
        (
            "aws_x.each[\"ssh\"]",
            &["port"],
            &[
                "main.tf:14:14",
                "main.tf:13:14 element iterated over",
                "main.tf:6:28 local `rules`",
            ],
        ),
        (
            "aws_x.back",
            &["first"],
            &[
                "main.tf:17:11",
                "m/main.tf:7:11 output `first`",
                "main.tf:10:19 passed in as `cidrs`",
                "main.tf:3:14 default of `open`",
            ],
        ),
    ] {
        assert_eq!(trail(&files, address, path), expected, "{address}");
    }
}

#[test]
fn conditions_on_what_has_no_value_guard_what_they_decide() {
    let files = MemoryFiles::new([(
        "main.tf",
        r#"
variable "create" {}
variable "wide" { default = false }
resource "aws_x" "y" {
  count = var.create ? 1 : 0
  cidr  = var.wide ? "0.0.0.0/0" : "192.0.2.0/24"
}
resource "aws_x" "z" {
  count = var.wide ? 1 : 0
}
output "id" {
  value = try(aws_x.y[0].cidr, "none")
}
output "more" {
  value = try(["<${upper(aws_x.y[0].cidr)}>"], [])[*]
}
"#,
    )]);
    let declared = load(&files, &Inputs::default());
    let resources: Vec<(&str, String)> = declared
        .resources
        .iter()
        .map(|resource| (&*resource.address, resource.exists.to_string()))
        .collect();
    assert_eq!(resources, [("aws_x.y[0]", "var.create is true".to_owned())]);
    let cidr = declared.resources[0].body.member("cidr").expect("written");
    assert_eq!(cidr.as_str(), Some("192.0.2.0/24"));
    for (output, expected) in declared.outputs.iter().zip([
        ["\"192.0.2.0/24\"", "\"none\""],
        ["[\"<192.0.2.0/24>\"]", "[]"],
    ]) {
        let Data::Choice(alternatives) = &output.value.data else {
            panic!("it depends on whether there is an instance");
        };
        let alternatives: Vec<(String, String)> = alternatives
            .iter()
            .map(|part| (part.guard.to_string(), shown(&part.value)))
            .collect();
        let [there, not_there] = expected.map(str::to_owned);
        let expected = [
            ("var.create is true".to_owned(), there),
            ("var.create is false".to_owned(), not_there),
        ];
        assert_eq!(alternatives, expected, "{}", output.name);
    }
}

/// The codes of what is said of a configuration; evaluating it must end.
fn said(text: &str) -> Vec<&'static str> {
    let files = MemoryFiles::new([("main.tf", text)]);
    let declared = load(&files, &Inputs::default());
    declared.diagnostics.iter().map(|d| d.code).collect()
}

#[test]
fn limits_are_named_and_nothing_hangs() {
    let nested = |open: &str, close: &str| {
        format!(
            "a = {}1{}\nlocals {{\n  b = 1\n}}\n",
            open.repeat(50_000),
            close.repeat(50_000)
        )
    };
    let grown = |step: &str, first: &str| {
        let mut text = format!("locals {{\n  a0 = {first}\n");
        for number in 0..25 {
            let step = step.replace('#', &format!("local.a{number}"));
            text.push_str(&format!("  a{} = {step}\n", number + 1));
        }
        text + "}\noutput \"o\" {\n  value = local.a25\n}\n"
    };
    for (text, expected) in [
        (
            "resource \"aws_x\" \"y\" {\n  count = 1000000000\n}\n".to_owned(),
            "limit",
        ),
        (nested("(", ")"), "limit"),
        (nested("[", "]"), "limit"),
        (nested("!", ""), "limit"),
        (nested("1 + ", ""), "limit"),
        (
            "locals {\n  a = local.b\n  b = local.a\n}\noutput \"o\" {\n  value = local.a\n}\n"
                .to_owned(),
            "invalid_expression",
        ),
        (
            "module \"m\" {\n  source = \"./\"\n}\n".to_owned(),
            "module_cycle",
        ),
        (grown("[#, #, #, #]", "[1]"), "limit"),
        (grown("concat(#, #, #)", "range(1000)"), "limit"),
        (grown("\"${#}${#}${#}\"", "\"xxxxxxxxxx\""), "limit"),
        (grown("replace(#, \"x\", #)", "\"xxxxxxxxxx\""), "limit"),
    ] {
        let start: String = text.chars().take(60).collect();
        assert!(
            said(&text).contains(&expected),
            "{start}: {:?}",
            said(&text)
        );
    }
}

#[test]
fn what_is_not_known_is_no_fault() {
    for text in [
        // The empty list is a set, as the other arm is.
        "variable \"on\" {}\nvariable \"names\" {}\nresource \"aws_x\" \"y\" {\n  for_each = var.on ? var.names : []\n}\n",
        "variable \"names\" {}\nresource \"aws_x\" \"y\" {\n  for_each = false ? var.names : []\n}\n",
        "variable \"a\" {}\noutput \"o\" {\n  value = var.a ? { x = 1 } : var.a\n}\n",
        "variable \"a\" {}\noutput \"o\" {\n  value = [for x in var.a : x.y.z if x.w > 3]\n}\n",
        "module \"m\" {\n  source = \"acme/x/aws\"\n}\noutput \"o\" {\n  value = [module.m.a[0].b, module.m.c[*].d, \"${module.m.e}\" == \"x\"]\n}\n",
        "data \"aws_x\" \"d\" {}\nresource \"aws_x\" \"y\" {\n  count = length(data.aws_x.d.ids)\n  id    = data.aws_x.d.ids[count.index]\n}\noutput \"o\" {\n  value = aws_x.y[*].arn\n}\n",
    ] {
        let allowed = ["missing_variable", "module_not_fetched"];
        let said: Vec<_> = said(text)
            .into_iter()
            .filter(|code| !allowed.contains(code))
            .collect();
        assert!(said.is_empty(), "{said:?}: {text}");
    }
}

#[test]
fn data_sources_that_only_read_the_code_are_read() {
    let files = MemoryFiles::new([
        (
            "main.tf",
            r#"
data "template_file" "user_data" {
  template = file("${path.module}/init.sh")
  vars = {
    port = 8080
    who  = "me"
  }
}
data "local_file" "notes" {
  filename = "notes.txt"
}
resource "aws_instance" "i" {
  user_data = data.template_file.user_data.rendered
  notes     = data.local_file.notes.content
}
"#,
        ),
        ("init.sh", "run --port ${port} --as ${who}\n"),
        ("notes.txt", "hello"),
    ]);
    let declared = load(&files, &Inputs::default());
    let instance = declared
        .resources
        .iter()
        .find(|resource| &*resource.address == "aws_instance.i")
        .expect("it is declared");
    let text = |name: &str| instance.body.member(name).map(|value| shown(&value));
    assert_eq!(
        text("user_data").as_deref(),
        Some("\"run --port 8080 --as me\\n\"")
    );
    assert_eq!(text("notes").as_deref(), Some("\"hello\""));
}

/// Observed on version 5.100.0 of the AWS provider.
#[test]
fn attributes_that_are_not_set_are_what_the_provider_plans() {
    let resources = r#"
resource "aws_s3_bucket" "a" {
  bucket = "x-y"
}
resource "aws_s3_bucket" "b" {
  count         = 2
  bucket        = "x-y${count.index}"
  force_destroy = "true"
  tags          = { a = 1, b = true }
}
resource "aws_s3_bucket" "c" {
  tags = { a = 1, c = aws_s3_bucket.a.id }
}
resource "aws_security_group" "g" {
  ingress {
    from_port   = "20"
    to_port     = 20
    protocol    = 6
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_instance" "i" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  user_data     = "x"
  root_block_device {
    volume_size = "10"
  }
  ebs_block_device {
    device_name = "/dev/sdb"
  }
}
resource "aws_lb" "n" {
  load_balancer_type = "network"
  idle_timeout       = 30
}
resource "aws_acm_certificate" "c" {
  domain_name               = "example.com"
  subject_alternative_names = ["*.example.com"]
  validation_method         = "DNS"
}
"#;
    let cases = [
        ("aws_s3_bucket.a.force_destroy", "false"),
        ("aws_s3_bucket.a.bucket", "\"x-y\""),
        ("aws_s3_bucket.a.tags == null", "true"),
        ("can(aws_s3_bucket.c.tags[\"a\"])", "unknown"),
        ("aws_s3_bucket.b[*].force_destroy", "[true,true]"),
        (
            "aws_s3_bucket.b[0].tags_all",
            "map{\"a\":\"1\",\"b\":\"true\"}",
        ),
        (
            "aws_security_group.g.description",
            "\"Managed by Terraform\"",
        ),
        ("one(aws_security_group.g.ingress).protocol", "\"tcp\""),
        ("one(aws_security_group.g.ingress).description", "\"\""),
        (
            "aws_instance.i.user_data",
            "\"11f6ad8ec52a2984abaafd7c3b516503785c2072\"",
        ),
        ("aws_instance.i.root_block_device[0].volume_size", "10"),
        (
            "aws_instance.i.root_block_device[0].delete_on_termination",
            "true",
        ),
        ("aws_instance.i.source_dest_check", "true"),
        ("aws_lb.n.idle_timeout == null", "true"),
        ("aws_lb.n.enable_cross_zone_load_balancing", "false"),
        (
            "[for o in aws_acm_certificate.c.domain_validation_options : o.domain_name]",
            "[\"*.example.com\",\"example.com\"]",
        ),
    ];
    let mut text = resources.to_owned();
    for (number, (expression, _)) in cases.iter().enumerate() {
        text.push_str(&format!(
            "output \"c{number:02}\" {{\n  value = {expression}\n}}\n"
        ));
    }
    let files = MemoryFiles::new([("main.tf", text.as_str())]);
    let declared = load(&files, &Inputs::default());
    for ((expression, expected), output) in cases.iter().zip(&declared.outputs) {
        assert_eq!(shown(&output.value), *expected, "{expression}");
    }
}

/// Observed on Terraform 1.11.4 with version 5.100.0 of the AWS provider.
#[test]
fn what_the_schema_refuses_is_a_fault() {
    let vpc = "resource \"aws_vpc\" \"a\" {\n  cidr_block = \"10.0.0.0/16\"\n  #\n}\n";
    let instance = "resource \"aws_instance\" \"a\" {\n  ami           = \"a\"\n  instance_type = \"t\"\n  #\n}\n";
    for (text, expected) in [
        (vpc.replace('#', "nope = 1"), "unsupported_argument"),
        (vpc.replace('#', "arn = \"x\""), "unsupported_argument"),
        (
            vpc.replace('#', "count = 0\n  nope = 1"),
            "unsupported_argument",
        ),
        (vpc.replace('#', "nope {}"), "unsupported_block"),
        (vpc.replace('#', "tags = \"x\""), "invalid_value"),
        (
            instance.replace('#', "ebs_block_device {}"),
            "missing_argument",
        ),
        (
            instance.replace('#', "root_block_device {}\n  root_block_device {}"),
            "block_count",
        ),
        (
            vpc.to_owned() + "output \"o\" {\n  value = try(aws_vpc.a.nope, 1)\n}\n",
            "invalid_expression",
        ),
        (
            instance.to_owned()
                + "output \"o\" {\n  value = try(aws_instance.a.ebs_block_device[0].iops, 1)\n}\n",
            "invalid_expression",
        ),
        (
            "resource \"aws_iam_role\" \"a\" {\n  count = 0\n}\n".to_owned(),
            "missing_argument",
        ),
    ] {
        let found = said(&text);
        let newer =
            "terraform {\n  required_providers {\n    aws = { version = \"~> 6.0\" }\n  }\n}\n";
        assert!(found.contains(&expected), "{found:?}: {text}");
        assert_eq!(
            said(&format!("{newer}{text}")),
            Vec::<&str>::new(),
            "{text}"
        );
    }
}

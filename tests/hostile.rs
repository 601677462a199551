//! Broken and malicious input: every case ends in a diagnostic, a named reason or a right answer, and what stands beside it
//! is analysed all the same. Nothing here measures time: a hang or an overflow of the stack would end the suite.

use std::fmt::Write as _;
use std::io;

use onus::output::{github, json, markdown, sarif, text};
use onus::project::{Candidates, Inputs, Stack, discover};
use onus::report::Report;
use onus::rules::RuleSet;
use onus::source::{MemoryFiles, SourceMap};
use onus::{Request, analyze, cloudformation};

const RULE: &str = "sg-ssh-open-to-world";

/// A group that lets everybody in, in Terraform.
fn open_group(name: &str, cidrs: &str) -> String {
    format!(
        r#"resource "aws_security_group" "{name}" {{
  name        = "{name}"
  description = "d"
  ingress {{
    description = "i"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = {cidrs}
  }}
}}
"#
    )
}

/// The same in a template, the address as YAML.
fn open_template(cidr: &str) -> String {
    format!(
        "AWSTemplateFormatVersion: '2010-09-09'\n\
         Resources:\n\
         \x20 Open:\n\
         \x20   Type: AWS::EC2::SecurityGroup\n\
         \x20   Properties:\n\
         \x20     GroupDescription: d\n\
         \x20     SecurityGroupIngress:\n\
         \x20       - {{Description: i, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: {cidr}}}\n"
    )
}

/// What came of a run, as one text: diagnostics, findings, reasons.
struct Told {
    text: String,
    report: Report,
}

fn run(files: &MemoryFiles, inputs: &Inputs) -> Told {
    let sources = SourceMap::new();
    let rules = RuleSet::builtin(&sources);
    let found: Vec<String> = files
        .paths()
        .filter(|path| onus::project::is_terraform(path) || onus::project::may_be_template(path))
        .map(str::to_owned)
        .collect();
    let candidates = Candidates {
        found,
        named: Vec::new(),
    };
    let stacks: Vec<Stack> = discover(files, &candidates, &cloudformation::RECOGNITION);
    let request = Request {
        files,
        sources: &sources,
        stacks: &stacks,
        inputs,
        rules: &rules,
        vocabulary: None,
        today: jiff::civil::date(2026, 11, 25),
    };
    let report = analyze(&request, Vec::new());
    let mut all = String::new();
    for diagnostic in &report.diagnostics {
        let place = diagnostic.span.map(|span| sources.describe(span));
        let _ = writeln!(
            all,
            "{:?} {} {} {}",
            diagnostic.code,
            place.or(diagnostic.path.clone()).unwrap_or_default(),
            diagnostic.message,
            diagnostic.hint.as_deref().unwrap_or_default()
        );
    }
    for finding in &report.findings {
        let _ = writeln!(
            all,
            "{:?} {} {} {} of {}: {}",
            finding.verdict,
            finding.rule.name,
            sources.describe(finding.place),
            finding.message.chars().take(300).collect::<String>(),
            finding.instance_count,
            finding.reasons.join("; ")
        );
    }
    // What is found must also be fit to print.
    let mut out = io::sink();
    let paths = github_paths();
    text::write(&report, &sources, &text::Options::default(), &mut out).expect("a sink takes all");
    sarif::write(&report, &sources, &sarif::Options::default(), &mut out)
        .expect("a sink takes all");
    json::write(&report, &sources, &mut out).expect("a sink takes all");
    markdown::write(&report, &sources, &mut out).expect("a sink takes all");
    github::write(&report, &sources, &paths, &mut out).expect("a sink takes all");
    assert!(
        !all.contains("internal_error"),
        "onus failed on its input: {all}"
    );
    Told { text: all, report }
}

fn github_paths() -> onus::output::Paths {
    onus::output::Paths::default()
}

/// Runs files beside good ones of both languages; those must have their findings, and each of `expected` must be said.
fn check<'a>(
    files: impl IntoIterator<Item = (&'a str, impl AsRef<[u8]>)>,
    expected: &[&str],
) -> Told {
    let mut memory = MemoryFiles::default();
    for (path, bytes) in files {
        memory.insert(path, bytes.as_ref());
    }
    check_files(memory, expected)
}

fn check_files(mut memory: MemoryFiles, expected: &[&str]) -> Told {
    memory.insert(
        "beside.tf",
        open_group("beside", r#"["0.0.0.0/0"]"#).as_bytes(),
    );
    memory.insert("beside.yaml", open_template("0.0.0.0/0").as_bytes());
    let told = run(&memory, &Inputs::default());
    for good in ["beside.tf:9:20", "beside.yaml:8:79"] {
        let wanted = format!("Fail {RULE} {good}");
        assert!(
            told.text.contains(&wanted),
            "no {wanted} in:\n{}",
            told.short()
        );
    }
    for wanted in expected {
        assert!(
            told.text.contains(wanted),
            "no {wanted:?} in:\n{}",
            told.short()
        );
    }
    told
}

impl Told {
    fn short(&self) -> String {
        self.text.chars().take(6_000).collect()
    }
}

/// A file `main.tf` beside the good ones.
fn terraform(text: impl AsRef<[u8]>, expected: &[&str]) -> Told {
    check([("main.tf", text)], expected)
}

/// An address list that is an expression, with what stands around it; the group is asked for it.
fn addresses(around: &str, expression: &str, expected: &[&str]) -> Told {
    let text = format!("{around}\n{}", open_group("asked", expression));
    terraform(text, expected)
}

/// A template beside the good files.
fn template(text: impl AsRef<[u8]>, expected: &[&str]) -> Told {
    check([("main.yaml", text)], expected)
}

/// A template whose only address is this YAML, with more sections.
fn address(value: &str, sections: &str, expected: &[&str]) -> Told {
    template(open_template(value) + sections, expected)
}

const UNSURE: &str = "Unsure sg-ssh-open-to-world";

// Bytes ------------------------------------------------------------------------------------------------------------------

#[test]
fn bytes_that_are_no_text() {
    let text = open_group("g", r#"["0.0.0.0/0"]"#);
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let binary: Vec<u8> = (0..4096u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let latin = b"# caf\xe9\nlocals { a = 1 }\n".to_vec();
    for bytes in [utf16, binary, latin] {
        check([("main.tf", &bytes)], &["main.tf", "UTF-8"]);
    }
    let latin = b"Resources:\n  A:\n    Type: AWS::S3::Bucket\n    # caf\xe9\n";
    check([("main.yaml", latin)], &["main.yaml", "UTF-8"]);
    check(
        [("terraform.tfvars", b"a = \"\xff\"")],
        &["terraform.tfvars", "UTF-8"],
    );
}

#[test]
fn marks_and_line_ends_of_other_systems() {
    let text = open_group("g", r#"["0.0.0.0/0"]"#);
    let marked = format!("\u{feff}{text}");
    terraform(marked, &["Fail sg-ssh-open-to-world main.tf:9:20"]);
    terraform(
        text.replace('\n', "\r\n"),
        &["Fail sg-ssh-open-to-world main.tf:9:20"],
    );
    // Terraform takes no lone CR for a line end.
    terraform(text.replace('\n', "\r"), &["\"syntax\" main.tf"]);
    let template_text = open_template("0.0.0.0/0");
    for text in [
        format!("\u{feff}{template_text}"),
        template_text.replace('\n', "\r\n"),
        template_text.replace('\n', "\r"),
    ] {
        template(text, &["Fail sg-ssh-open-to-world main.yaml:8:"]);
    }
}

#[test]
fn zero_bytes() {
    let text = open_group("g", "[\"0.0.0.0/0\0\"]");
    terraform(text, &["main.tf"]);
    terraform("locals {\n  a = \0\n}\n", &["\"syntax\" main.tf"]);
    terraform(vec![0; 10_000], &["\"syntax\" main.tf"]);
    template(
        "Resources:\n  A:\n    Type: \"AWS::S3\0::Bucket\"\n",
        &["main.yaml"],
    );
}

#[test]
fn ten_megabytes_on_one_line() {
    let long = "x".repeat(10 << 20);
    let told = terraform(
        format!(
            "locals {{ a = \"{long}\" }}\n{}",
            open_group("g", r#"["0.0.0.0/0"]"#)
        ),
        &["Fail sg-ssh-open-to-world main.tf"],
    );
    assert!(told.text.len() < 10_000);
    terraform("x".repeat(1 << 20) + " x", &["\"syntax\" main.tf"]);
    // Found by walking, a template of this size is none: CloudFormation takes 1 MB.
    let told = template(format!("Description: {long}\nResources: {{}}\n"), &[]);
    assert_eq!(told.report.stacks.len(), 2);
}

#[test]
fn nothing_at_all() {
    for text in ["", "\n\n", "# nothing\n", "\u{feff}", " \t"] {
        terraform(text, &[]);
    }
    check([("main.tf.json", "")], &["main.tf.json"]);
    check([("main.tf.json", "{}")], &[]);
    template("", &[]);
    template("Resources:\n", &[]);
    template(
        "Resources: {}\nAWSTemplateFormatVersion: '2010-09-09'\n",
        &[],
    );
}

// Cut off ----------------------------------------------------------------------------------------------------------------

#[test]
fn hcl_that_ends_anywhere() {
    let text = format!(
        "locals {{\n  a = {{ for k, v in {{ x = \"${{1 + 2}}\" }} : k => upper(v) if true }}\n  b = <<-EOT\n    é %{{ if true }}x%{{ endif }}\n  EOT\n}}\n{}",
        open_group("g", r#"["0.0.0.0/0"]"#)
    );
    let ends: Vec<usize> = (1..text.len())
        .filter(|at| text.is_char_boundary(*at))
        .step_by(7)
        .collect();
    for end in ends {
        let cut = &text[..end];
        let is_whole = cut.trim_end().ends_with("\n}") || !cut.contains('{');
        let expected: &[&str] = if is_whole { &[] } else { &["main.tf"] };
        terraform(cut, expected);
    }
}

#[test]
fn templates_that_end_anywhere() {
    let json = r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Open": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": {"Fn::Sub": "${AWS::Region} é"}, "SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0"}]}}}}"#;
    for end in (60..json.len())
        .filter(|at| json.is_char_boundary(*at))
        .step_by(11)
    {
        check([("main.json", &json[..end])], &["main.json"]);
    }
    let yaml = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Open:\n    Type: AWS::EC2::SecurityGroup\n    Properties: {GroupDescription: \"a ${b}\", SecurityGroupIngress: [{CidrIp: !Sub '${AWS::Region}'}, !If [a, b, c]]}\n";
    for end in (40..yaml.len()).step_by(9) {
        template(&yaml[..end], &[]);
    }
    template(&yaml[..yaml.len() - 4], &["main.yaml"]);
}

// Depth ------------------------------------------------------------------------------------------------------------------

const DEEP: usize = 100_000;

#[test]
fn hcl_that_is_nested_without_end() {
    let nested = |open: &str, inner: &str, close: &str| {
        format!(
            "{}{inner}{}",
            open.repeat(DEEP / 10),
            close.repeat(DEEP / 10)
        )
    };
    for value in [
        nested("[", "1", "]"),
        nested("(", "1", ")"),
        nested("{ a = ", "1", " }"),
        nested("upper(", "1", ")"),
        nested("\"${", "1", "}\""),
        nested("!", "true", ""),
        nested("- ", "1", ""),
        nested("[for x in ", "[]", " : x]"),
        nested("true ? ", "1", " : 2"),
        nested("\"%{ if true }", "1", "%{ endif }\""),
        format!("1{}", " + 1".repeat(DEEP / 10)),
        format!("{}1", "true ? 1 : ".repeat(DEEP / 10)),
        "[".repeat(DEEP / 10),
        "\"${".repeat(DEEP / 10),
    ] {
        terraform(format!("locals {{\n  a = {value}\n}}\n"), &["main.tf:"]);
    }
    terraform(nested("a {\n", "", "}\n"), &["main.tf:"]);
    terraform("a {\n".repeat(DEEP / 10), &["main.tf:"]);
}

#[test]
fn json_and_yaml_that_are_nested_without_end() {
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(DEEP), close.repeat(DEEP))
    };
    for value in [
        nested("[", "1", "]"),
        nested("{\"a\": ", "1", "}"),
        nested("{\"Fn::Join\": [\"\", [", "\"a\"", "]]}"),
        "[".repeat(DEEP),
    ] {
        let resources = format!(
            r#"{{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {{"A": {{"Type": "AWS::S3::Bucket", "Properties": {{"BucketName": {value}}}}}}}}}"#
        );
        check([("main.json", &resources)], &["main.json"]);
        check([("main.yaml", &resources)], &["main.yaml"]);
        check(
            [("main.tf.json", format!(r#"{{"locals": {{"a": {value}}}}}"#))],
            &["main.tf.json"],
        );
    }
    let around = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName:\n";
    template(
        format!("{around}        {}x\n", "- ".repeat(DEEP)),
        &["main.yaml"],
    );
    template(
        format!("{around}        {}x\n", "? ".repeat(DEEP)),
        &["main.yaml"],
    );
    let mut stairs = String::from(around);
    for depth in 0..1_500 {
        let _ = writeln!(stairs, "{}a:", " ".repeat(8 + depth));
    }
    template(stairs, &["main.yaml"]);
    template(
        format!("{around}        {}x\n", "!Sub ".repeat(1_000)),
        &["main.yaml"],
    );
}

#[test]
fn functions_that_decode_what_is_nested_without_end() {
    for call in ["jsondecode", "yamldecode"] {
        let deep = "[".repeat(DEEP) + &"]".repeat(DEEP);
        addresses("", &format!("{call}(\"{deep}\")"), &[UNSURE]);
    }
    // A document in a string.
    let deep = "[".repeat(DEEP) + &"]".repeat(DEEP);
    let policy = format!(
        "resource \"aws_iam_policy\" \"p\" {{\n  name = \"p\"\n  policy = \"{deep}\"\n}}\n"
    );
    terraform(policy, &["main.tf:3"]);
}

// YAML -------------------------------------------------------------------------------------------------------------------

#[test]
fn aliases_that_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{items}]");
    }
    let text = format!(
        "Metadata:\n{}{}",
        indented(&bomb),
        open_template("!Join ['', *a11]")
    );
    template(text, &["aliases stand for more than"]);
    let decoded = format!("yamldecode(<<EOT\n{bomb}EOT\n)[\"a11\"]");
    addresses("", &decoded, &[UNSURE]);
    let merged = "a: &a {x: 1, <<: *a}\n";
    template(
        format!(
            "Metadata:\n{}{}",
            indented(merged),
            open_template("0.0.0.0/0")
        ),
        &["main.yaml:2"],
    );
    let inside = "a: &a [*a]\n";
    template(
        format!(
            "Metadata:\n{}{}",
            indented(inside),
            open_template("0.0.0.0/0")
        ),
        &["main.yaml:2"],
    );
    template(
        format!("Metadata: *nothing\n{}", open_template("0.0.0.0/0")),
        &["main.yaml:1"],
    );
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "  {line}");
        all
    })
}

#[test]
fn keys_that_are_there_twice() {
    let twice = open_template("0.0.0.0/0")
        .replace("  Open:\n", "  Open: {Type: AWS::S3::Bucket}\n  Open:\n");
    template(twice, &["duplicate_key"]);
    check(
        [(
            "main.json",
            r#"{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Type": "AWS::S3::Bucket"}}, "AWSTemplateFormatVersion": "2010-09-09"}"#,
        )],
        &["duplicate_key"],
    );
    let group = open_group("beside", r#"["0.0.0.0/0"]"#);
    terraform(group, &["duplicate"]);
    let many: String = (0..2_000).map(|_| "  a: 1\n").collect();
    template(
        format!("Metadata:\n{many}{}", open_template("0.0.0.0/0")),
        &["duplicate_key"],
    );
}

// Circles ----------------------------------------------------------------------------------------------------------------

#[test]
fn modules_that_call_themselves_and_each_other() {
    check(
        [(
            "itself/main.tf",
            "module \"m\" {\n  source = \"../itself\"\n}\n",
        )],
        &["module_cycle"],
    );
    check(
        [(
            "itself/main.tf",
            "module \"m\" {\n  source = \"./\"\n  count = 100\n}\n",
        )],
        &["module_cycle"],
    );
    check(
        [
            ("a/main.tf", "module \"m\" {\n  source = \"../b\"\n}\n"),
            ("b/main.tf", "module \"m\" {\n  source = \"../c\"\n}\n"),
            ("c/main.tf", "module \"m\" {\n  source = \"../a\"\n}\n"),
        ],
        &["module_cycle"],
    );
    // No circle, and yet 2^40 modules.
    let levels: Vec<(String, String)> = (0..40)
        .map(|level| {
            let calls = format!(
                "module \"a\" {{\n  source = \"../m{0}\"\n}}\nmodule \"b\" {{\n  source = \"../m{0}\"\n}}\n",
                level + 1
            );
            (format!("m{level}/main.tf"), calls)
        })
        .collect();
    check(
        levels.iter().map(|(path, text)| (path.as_str(), text)),
        &["\"limit\""],
    );
}

#[test]
fn values_that_need_themselves() {
    addresses("locals {\n  a = [local.a[0]]\n}", "local.a", &[UNSURE]);
    addresses(
        "locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}",
        "local.a",
        &[UNSURE],
    );
    addresses(
        "resource \"aws_eip\" \"a\" {\n  instance = aws_eip.a.id\n}",
        "[aws_eip.a.instance]",
        &[UNSURE],
    );
    let chain: String = (0..5_000)
        .map(|n| format!("  a{n} = local.a{}\n", n + 1))
        .collect();
    addresses(
        &format!("locals {{\n{chain}  a5000 = [\"0.0.0.0/0\"]\n}}"),
        "local.a0",
        &["sg-ssh-open-to-world main.tf"],
    );
    // Variables and outputs through modules.
    let files = [
        (
            "main.tf",
            format!(
                "module \"m\" {{\n  source = \"./m\"\n  a = module.m.a\n}}\n{}",
                open_group("g", "module.m.a")
            ),
        ),
        (
            "m/main.tf",
            "variable \"a\" {}\noutput \"a\" {\n  value = var.a\n}\n".to_owned(),
        ),
    ];
    check(files, &[UNSURE]);
    let files = [
        (
            "main.tf",
            format!(
                "module \"m\" {{\n  source = \"./m\"\n  a = module.n.a\n}}\nmodule \"n\" {{\n  source = \"./m\"\n  a = module.m.a\n}}\n{}",
                open_group("g", "module.m.a")
            ),
        ),
        ("m/main.tf", "variable \"a\" {\n  validation {\n    condition = var.a == output.a\n    error_message = \"\"\n  }\n}\noutput \"a\" {\n  value = var.a\n}\n".to_owned()),
    ];
    check(files, &[UNSURE]);
}

#[test]
fn templates_that_need_themselves() {
    let sections = "Conditions:\n  A: !Condition B\n  B: !Not [!Condition A]\n";
    address("!If [A, 0.0.0.0/0, 10.0.0.0/8]", sections, &["main.yaml"]);
    address("!Ref Open", "", &[UNSURE]);
    let stack = "Resources:\n  Me:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: main.yaml\n";
    template(
        format!("AWSTemplateFormatVersion: '2010-09-09'\n{stack}"),
        &["main.yaml"],
    );
}

// Numbers of things ------------------------------------------------------------------------------------------------------

#[test]
fn counts_beyond_reason() {
    for count in ["1000000000", "1e300", "-1", "1.5", "\"many\"", "null", "[]"] {
        let text = open_group("g", r#"["0.0.0.0/0"]"#)
            .replace("  name ", &format!("  count = {count}\n  name "));
        terraform(text, &["main.tf:2"]);
    }
    for every in [
        "toset([for n in range(1000000) : tostring(n)])",
        "toset([for p in setproduct(range(1000), range(1000)) : join(\"-\", p)])",
        "{ for n in range(100000) : n => n }",
        "[1]",
        "null",
        "\"x\"",
    ] {
        let text = open_group("g", r#"["0.0.0.0/0"]"#)
            .replace("  name ", &format!("  for_each = {every}\n  name "));
        terraform(text, &["main.tf:2"]);
    }
    let nested =
        "  dynamic \"egress\" {\n    for_each = range(1000000000)\n    content {\n    }\n  }\n}\n";
    let text = open_group("g", r#"["0.0.0.0/0"]"#);
    terraform(
        format!("{}{nested}", text.trim_end().trim_end_matches('}')),
        &["main.tf"],
    );
}

#[test]
fn expressions_that_grow_without_end() {
    for expression in [
        "[join(\"\", range(1000000000))]",
        "[tostring(length(range(0, 1e18)))]",
        "range(1, 0, 0)",
        "[format(\"%1000000000d\", 1)]",
        "[format(\"%.1000000000f\", 1.5)]",
        "[format(\"%*d\", 1000000000, 1)]",
        "[tostring(pow(10, 1000000000))]",
        "[tostring(pow(1e300, 1e300))]",
        "[tostring(1e999999)]",
        "[tostring(1e999999999999999999999)]",
        "[tostring(factorial(100000))]",
        "[join(\"\", [for n in range(100000) : join(\",\", range(100000))])]",
        "[join(\"\", flatten(setproduct(range(10000), range(10000), range(10000))))]",
        "[replace(join(\"\", [for n in range(10000) : \"a\"]), \"/(a*)*b/\", \"x\")]",
        "[replace(join(\"\", [for n in range(10000) : \"a\"]), \"a\", join(\"\", [for n in range(10000) : \"aaaaaaaaaa\"]))]",
        "[regex(\"((((a{1000}){1000}){1000}){1000})\", \"a\")]",
        "[regex(\"(\", \"a\")]",
        "[regex(\"(?P<a>x)(?P<a>y)\", \"a\")]",
        "[substr(\"x\", -1000000000000, 1000000000000000)]",
        "cidrsubnets(\"10.0.0.0/8\", [for n in range(100000) : 24]...)",
        "[cidrhost(\"0.0.0.0/0\", 1e30)]",
        "[cidrsubnet(\"::/0\", 1000, 1e50)]",
        "chunklist(range(10), 0)[0]",
        "[parseint(join(\"\", [for n in range(100000) : \"9\"]), 62)]",
        "[tostring(1 / 0)]",
        "[tostring(5 % 0)]",
        "[element([], 0)]",
        "[timeadd(\"2020-01-01T00:00:00Z\", \"99999999999999h\")]",
        "[templatestring(\"$${x}\", {})]",
        "[base64gunzip(\"AAAA\")]",
        "[indent(1000000000, \"a\\nb\")]",
        "[title(1)...]",
        "[file(\"/dev/zero\")]",
        "[file(\"main.tf\")]",
        "[templatefile(\"main.tf\", {})]",
    ] {
        addresses("", expression, &["main.tf:"]);
    }
}

#[test]
fn strings_that_double() {
    let doubled: String = (1..64)
        .map(|n| format!("  s{n} = \"${{local.s{0}}}${{local.s{0}}}\"\n", n - 1))
        .collect();
    addresses(
        &format!("locals {{\n  s0 = \"laugh\"\n{doubled}}}"),
        "[local.s63]",
        &[UNSURE],
    );
    let tenfold: String = (1..20)
        .map(|n| {
            let items = vec![format!("local.l{}", n - 1); 10].join(", ");
            format!("  l{n} = [{items}]\n")
        })
        .collect();
    addresses(
        &format!("locals {{\n  l0 = \"laugh\"\n{tenfold}}}"),
        "flatten(local.l19)",
        &[UNSURE],
    );
    let text = format!(
        "locals {{\n  l0 = \"laugh\"\n{tenfold}}}\nresource \"aws_s3_bucket\" \"b\" {{\n  bucket = jsonencode(local.l19)\n  tags = {{ a = local.l19 }}\n}}\n"
    );
    terraform(text, &[]);
    let unknown = tenfold.replace("local.l0", "var.x");
    addresses(
        &format!("variable \"x\" {{}}\nlocals {{\n{unknown}}}"),
        "flatten(local.l19)",
        &[UNSURE],
    );
}

// Conditions -------------------------------------------------------------------------------------------------------------

#[test]
fn conditions_within_conditions() {
    let parameters: String = (0..100)
        .map(|n| format!("  P{n}: {{Type: String}}\n"))
        .collect();
    let conditions: String = (0..100)
        .map(|n| format!("  C{n}: !Equals [!Ref P{n}, a]\n"))
        .collect();
    let sections = format!("Parameters:\n{parameters}Conditions:\n{conditions}");
    let mut value = String::from("10.0.0.0/8");
    for n in 0..100 {
        value = format!("{{'Fn::If': [C{n}, 0.0.0.0/0, {value}]}}");
        if n == 89 {
            address(&value, &sections, &["sg-ssh-open-to-world main.yaml"]);
        }
    }
    address(&value, &sections, &["nested more than 200 levels deep"]);
    let mut text = String::new();
    let mut value = String::from("[\"10.0.0.0/8\"]");
    for n in 0..60 {
        let _ = writeln!(text, "variable \"v{n}\" {{\n  type = bool\n}}");
        value = format!("var.v{n} ? [\"0.0.0.0/0\"] : {value}");
    }
    addresses(&text, &value, &["sg-ssh-open-to-world main.tf"]);
}

#[test]
fn hundreds_of_conditions() {
    let parameters: String = (0..300)
        .map(|n| format!("  P{n}: {{Type: String}}\n"))
        .collect();
    let mut conditions = String::from("  C0: !Equals [!Ref P0, a]\n");
    for n in 1..300 {
        let _ = writeln!(
            conditions,
            "  C{n}: !Or [!Condition C{}, !Equals [!Ref P{n}, a]]",
            n - 1
        );
    }
    let sections = format!("Parameters:\n{parameters}Conditions:\n{conditions}");
    address(
        "!If [C299, 0.0.0.0/0, 10.0.0.0/8]",
        &sections,
        &["sg-ssh-open-to-world main.yaml"],
    );
    // A formula whose normal form has 2^n parts.
    let both: Vec<String> = (0..20)
        .map(|n| {
            format!(
                "!And [!Equals [!Ref P{}, a], !Equals [!Ref P{}, a]]",
                2 * n,
                2 * n + 1
            )
        })
        .collect();
    let mut formula = both[0].clone();
    for part in &both[1..] {
        formula = format!("!Or [{formula}, !Not [{part}]]");
    }
    let sections = format!("Parameters:\n{parameters}Conditions:\n  C: {formula}\n");
    address(
        "!If [C, 0.0.0.0/0, 10.0.0.0/8]",
        &sections,
        &["sg-ssh-open-to-world main.yaml"],
    );
}

#[test]
fn many_conditions_meet_at_one_resource() {
    let mut rules = String::new();
    let mut variables = String::new();
    for n in 0..64 {
        let _ = writeln!(variables, "variable \"v{n}\" {{\n  type = bool\n}}");
        let _ = writeln!(
            rules,
            "resource \"aws_security_group_rule\" \"r{n}\" {{\n  count = var.v{n} ? 1 : 0\n  type = \"ingress\"\n  security_group_id = aws_security_group.g.id\n  from_port = 22\n  to_port = 22\n  protocol = \"tcp\"\n  cidr_blocks = var.v{n} ? [\"0.0.0.0/0\"] : [\"10.0.0.0/8\"]\n}}"
        );
    }
    let group = "resource \"aws_security_group\" \"g\" {\n  name = \"g\"\n}\nresource \"aws_instance\" \"i\" {\n  ami = \"ami-0123456789abcdef0\"\n  instance_type = \"t3.micro\"\n  vpc_security_group_ids = [aws_security_group.g.id]\n}\n";
    terraform(
        format!("{variables}{group}{rules}"),
        &["sg-ssh-open-to-world main.tf"],
    );
    let parameters: String = (0..64)
        .map(|n| format!("  P{n}: {{Type: String}}\n"))
        .collect();
    let conditions: String = (0..64)
        .map(|n| format!("  C{n}: !Equals [!Ref P{n}, a]\n"))
        .collect();
    let items: String = (0..64)
        .map(|n| format!("        - !If [C{n}, {{Description: i, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}, !Ref AWS::NoValue]\n"))
        .collect();
    template(
        format!(
            "{}{items}Parameters:\n{parameters}Conditions:\n{conditions}",
            open_template("10.0.0.0/8")
        ),
        &["sg-ssh-open-to-world main.yaml"],
    );
}

// Size -------------------------------------------------------------------------------------------------------------------

#[test]
fn very_many_addresses_and_rules() {
    let cidrs: Vec<String> = (0..20_000u32)
        .map(|n| format!("\"10.{}.{}.0/24\"", n / 256 % 256, n % 256))
        .collect();
    addresses(
        "",
        &format!("[{}, \"0.0.0.0/0\"]", cidrs.join(", ")),
        &["Fail sg-ssh-open-to-world main.tf"],
    );
    let mut text = open_group("g", r#"["0.0.0.0/0"]"#);
    let open = "  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n";
    text = format!(
        "{}{}}}\n",
        text.trim_end().trim_end_matches('}'),
        open.repeat(1_000)
    );
    terraform(text, &["Fail sg-ssh-open-to-world main.tf:9"]);
    let apart = "resource \"aws_security_group\" \"g\" {\n  name = \"g\"\n}\nresource \"aws_security_group_rule\" \"r\" {\n  count = 1000\n  type = \"ingress\"\n  security_group_id = aws_security_group.g.id\n  from_port = 22\n  to_port = 22\n  protocol = \"tcp\"\n  cidr_blocks = [\"10.0.${count.index % 256}.0/24\", \"0.0.0.0/0\"]\n}\n";
    terraform(apart, &["Fail sg-ssh-open-to-world main.tf"]);
}

#[test]
fn policies_of_hundreds_of_statements() {
    let statement = r#"{"Effect":"Allow","Action":["s3:*","iam:PassRole","*"],"Resource":"*"}"#;
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
        vec![statement; 300].join(",")
    );
    let text = format!(
        "resource \"aws_iam_role\" \"r\" {{\n  name = \"r\"\n  assume_role_policy = \"{{}}\"\n}}\nresource \"aws_iam_role_policy\" \"p\" {{\n  role = aws_iam_role.r.id\n  policy = <<EOT\n{policy}\nEOT\n}}\n"
    );
    terraform(text, &["Fail iam-"]);
    let listed = "data \"aws_iam_policy_document\" \"d\" {\n  dynamic \"statement\" {\n    for_each = range(300)\n    content {\n      actions = [\"*\"]\n      resources = [\"*\"]\n    }\n  }\n}\nresource \"aws_iam_policy\" \"p\" {\n  name = \"p\"\n  policy = data.aws_iam_policy_document.d.json\n}\n";
    terraform(listed, &["Fail iam-"]);
}

#[test]
fn templates_of_five_thousand_resources() {
    let mut text = String::from("AWSTemplateFormatVersion: '2010-09-09'\nResources:\n");
    for n in 0..5_000 {
        let _ = writeln!(
            text,
            "  G{n}:\n    Type: AWS::EC2::SecurityGroup\n    Properties: {{GroupDescription: d, SecurityGroupIngress: [{{SourceSecurityGroupId: !Ref G{}, IpProtocol: tcp, FromPort: 22, ToPort: 22}}]}}",
            (n + 1) % 5_000
        );
    }
    let told = template(text, &[]);
    assert_eq!(told.report.resources(), 5_002);
}

// Shapes -----------------------------------------------------------------------------------------------------------------

#[test]
fn json_syntax_of_wrong_shape() {
    for text in [
        "[]",
        "1",
        "null",
        "\"x\"",
        "{\"resource\": 1}",
        "{\"resource\": {\"aws_instance\": 1}}",
        "{\"resource\": {\"aws_instance\": {\"a\": 1}}}",
        "{\"resource\": [[[]]]}",
        "{\"variable\": \"x\"}",
        "{\"locals\": [1, 2]}",
        "{\"module\": {\"m\": []}}",
        "{\"module\": {\"m\": {\"source\": [\"x\"]}}}",
        "{\"provider\": null, \"resource\": {\"aws_instance\": {\"a\": null}}, \"nonsense\": {}}",
        "{\"resource\": {\"aws_instance\": {\"a\": {\"ami\": \"${\"}}}}",
        "{\"resource\": {\"aws_security_group\": {\"a\": {\"ingress\": \"x\"}}}}",
        "{\"a\": 1,}",
        "// {}",
    ] {
        check([("main.tf.json", text)], &[]);
    }
    check([("main.tf.json", "{\"resource\": 1}")], &["main.tf.json"]);
    check(
        [(
            "main.tf.json",
            "{\"resource\": {\"aws_instance\": {\"a\": {\"ami\": \"${\"}}}}",
        )],
        &["main.tf.json"],
    );
}

#[test]
fn blocks_of_wrong_shape() {
    for text in [
        "resource {\n}\n",
        "resource \"a\" {\n}\n",
        "resource \"a\" \"b\" \"c\" {\n}\n",
        "resource aws_instance web {\n}\n",
        "variable {\n}\n",
        "variable \"a\" {\n  type = nonsense(1)\n}\n",
        "variable \"a\" {\n  type = object({ a = optional(string, 1, 2) })\n}\n",
        "module \"m\" {\n}\n",
        "module \"m\" {\n  source = var.x\n}\n",
        "module \"m\" {\n  source = \"./nothing-here\"\n}\n",
        "module \"m\" {\n  source = 1\n}\n",
        "module \"m\" {\n  source = \"../../../../../../../../etc\"\n}\n",
        "nonsense \"x\" {\n}\n",
        "locals {\n  a = nonsense(1)\n}\n",
        "locals {\n  a = var.nothing\n}\n",
        "provider {\n}\n",
        "output \"a\" {\n  value = self.x\n}\n",
        "locals {\n  a = each.key\n  b = count.index\n  c = path.nonsense\n}\n",
        "moved {\n}\nimport {\n}\nremoved {\n}\ncheck {\n}\nterraform {\n  backend {\n  }\n}\n",
        "resource \"aws_security_group\" \"a\" {\n  ingress = 5\n}\n",
        "resource \"aws_security_group\" \"a\" {\n  ingress {\n    cidr_blocks = { a = { b = [] } }\n    from_port = \"x\"\n    to_port = []\n    protocol = {}\n  }\n}\n",
        "resource \"aws_ecs_task_definition\" \"a\" {\n  container_definitions = \"[{,\"\n}\n",
        "resource \"aws_ecs_task_definition\" \"a\" {\n  container_definitions = jsonencode({ a = 1 })\n}\n",
        "resource \"aws_iam_policy\" \"a\" {\n  policy = \"{\\\"Statement\\\": 1}\"\n}\n",
        "resource \"aws_iam_policy\" \"a\" {\n  policy = jsonencode({ Statement = [[[]], 1, { Effect = [], Action = {}, Resource = 5, Condition = \"x\", Principal = [1] }] })\n}\n",
    ] {
        let told = terraform(text, &[]);
        let is_said = told.text.contains("main.tf");
        let is_fine = text.starts_with("locals {\n  a = each")
            || text.starts_with("output")
            || text.starts_with("moved")
            || text.starts_with("locals {\n  a = nonsense")
            || text.starts_with("locals {\n  a = var")
            // Whether an argument's value has the type that the provider wants is `terraform validate`'s to say.
            || text.starts_with("resource \"aws_");
        assert!(is_said || is_fine, "nothing is said of {text}");
    }
}

#[test]
fn templates_of_wrong_shape() {
    for sections in [
        "Resources: []\n",
        "Resources: x\n",
        "Resources: {A: 1}\n",
        "Resources: {A: {}}\n",
        "Resources: {A: {Type: 1}}\n",
        "Resources: {A: {Type: [AWS::S3::Bucket]}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket, Properties: 1}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket, Properties: [1]}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket, Condition: Nothing}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket, Condition: [1]}}\n",
        "Resources: {1: {Type: AWS::S3::Bucket, Properties: {? [a] : b}}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nParameters: x\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nParameters: {P: 1}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nParameters: {P: {Default: 1}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nParameters: {P: {Type: String, AllowedValues: 1}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nParameters: {P: {Type: Number, Default: x}}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nConditions: [a]\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nConditions: {C: 1}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nConditions: {C: !Equals [a]}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nConditions: {C: !And []}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nMappings: 5\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nMappings: {M: [a]}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nTransform: {Name: 1}\n",
        "Resources: {A: {Type: AWS::S3::Bucket}}\nTransform: [AWS::LanguageExtensions, [x]]\n",
        "Resources: {A: {Type: AWS::S3::Bucket}, 'Fn::ForEach::L': 1}\nTransform: AWS::LanguageExtensions\n",
        "Resources: {A: {Type: AWS::S3::Bucket}, 'Fn::ForEach::L': [x, [1, 2], {'A${x}': 1}]}\nTransform: AWS::LanguageExtensions\n",
    ] {
        template(
            format!("AWSTemplateFormatVersion: '2010-09-09'\n{sections}"),
            &["main.yaml:"],
        );
    }
    template(
        "AWSTemplateFormatVersion: '2010-09-09'\nResources: {A: {Type: AWS::S3::Bucket}}\n---\nResources: {}\n",
        &["several_documents"],
    );
}

#[test]
fn functions_of_templates_with_wrong_arguments() {
    for value in [
        "!Ref [a]",
        "!Ref Nothing",
        "!GetAtt x",
        "!GetAtt [Open, 1, 2]",
        "!Sub '${'",
        "!Sub '${Open'",
        "!Sub '${}'",
        "!Sub '${!Literal}${A.B.C}'",
        "!Sub [a]",
        "!Sub ['${a}', {a: !Ref Nothing}, x]",
        "!Sub ['${a}', x]",
        "!Join [a]",
        "!Join [1, 2, 3]",
        "!Join ['', x]",
        "!Select [a, b]",
        "!Select [99999999999999999999, [a]]",
        "!Select [-1, [a]]",
        "!Split ['', 'a']",
        "!Split [1]",
        "!If [Nothing, a, b]",
        "!If [a]",
        "!If x",
        "!FindInMap [a, b]",
        "!FindInMap [Nothing, a, b]",
        "!Cidr [10.0.0.0/8, 1000000000, 8]",
        "!Cidr [x, y, z]",
        "!Cidr ['::/0', 256, 200]",
        "!Base64 [a]",
        "!GetAZs [a]",
        "!ImportValue []",
        "!Transform x",
        "!Nonsense x",
        "{'Fn::Nonsense': x}",
        "{'Fn::Sub': a, 'Fn::Join': b}",
        "{'Fn::Length': 1}",
        "{'Fn::ToJsonString': !Ref Nothing}",
        "!!binary 'x'",
        "!!float x",
        "!<tag:nonsense> x",
    ] {
        address(value, "", &["main.yaml:"]);
    }
}

// Files ------------------------------------------------------------------------------------------------------------------

#[test]
fn files_that_cannot_be_read() {
    let mut files = MemoryFiles::new([
        ("main.tf", "locals {\n}\n"),
        ("closed/main.tf", "locals {\n}\n"),
        ("gone.yaml", "Resources: {}\n"),
        ("terraform.tfvars", "a = 1\n"),
        (
            "calls/main.tf",
            "module \"m\" {\n  source = \"../closed\"\n}\n",
        ),
        ("calls/.terraform/modules/modules.json", "{\"Modules\": 1}"),
        ("other/.terraform/modules/modules.json", "{,"),
        ("other/main.tf", "module \"m\" {\n  source = \"x/y/z\"\n}\n"),
    ]);
    files.deny("main.tf", io::ErrorKind::PermissionDenied);
    files.deny("closed/main.tf", io::ErrorKind::PermissionDenied);
    files.deny("terraform.tfvars", io::ErrorKind::InvalidInput);
    files.deny("gone.yaml", io::ErrorKind::NotFound);
    let told = check_files(
        files,
        &[
            "\"unreadable_file\" main.tf",
            "\"unreadable_file\" closed/main.tf",
            "terraform.tfvars",
            "other/main.tf:",
        ],
    );
    assert!(told.report.counts.incomplete >= 3);
}

#[test]
fn names_of_files_that_surprise() {
    let text = open_group("g", r#"["0.0.0.0/0"]"#);
    for name in [
        "with space.tf",
        "new\nline.tf",
        "\u{202e}ft.niam.tf",
        "日本語/é.tf",
        "-rf.tf",
        "a:b?*[x]/main.tf",
        "%2e%2e/main.tf",
    ] {
        check([(name, &text)], &[&format!("Fail {RULE} {name}:9:20")]);
    }
    // A folder that is called like a file.
    check(
        [("main.tf/main.tf", &text)],
        &["Fail sg-ssh-open-to-world main.tf/main.tf:9:20"],
    );
    check(
        [("x.yaml/main.tf", &text)],
        &["Fail sg-ssh-open-to-world x.yaml/main.tf:9:20"],
    );
}

#[test]
fn values_of_variables_that_are_wrong() {
    let text = format!(
        "variable \"cidrs\" {{\n  type = list(string)\n}}\n{}",
        open_group("g", "var.cidrs")
    );
    for values in [
        "cidrs = ",
        "cidrs = [",
        "cidrs = var.x",
        "cidrs = file(\"x\")",
        "cidrs = 5",
        "cidrs = { a = 1 }",
        "block {\n}\n",
        "cidrs = [[[]]]",
        "cidrs = [\"0.0.0.0/0\"]\ncidrs = []\n",
        "other = 1",
        "]",
    ] {
        check(
            [("main.tf", text.as_str()), ("terraform.tfvars", values)],
            &["terraform.tfvars"],
        );
    }
    for values in ["", "[]", "{\"cidrs\": }", "{\"cidrs\": {\"a\": 1}}", "5"] {
        check(
            [("main.tf", text.as_str()), ("x.auto.tfvars.json", values)],
            &["x.auto.tfvars.json"],
        );
    }
}

#[test]
fn directives_that_are_wrong() {
    for directive in [
        "# onus:ignore",
        "# onus:ignore[",
        "# onus:ignore[]",
        "# onus:ignore[no-such-rule] why",
        "# onus:ignore[sg-ssh-open-to-world] why until=yesterday",
        "# onus:ignore[sg-ssh-open-to-world] why until=2020-01-01",
        "# onus:ignore[sg-ssh-open-to-world",
        "# onus:ignore[*] \u{202e}",
        "# onus:nonsense",
    ] {
        let text = open_group("g", r#"["0.0.0.0/0"]"#);
        terraform(format!("{directive}\n{text}"), &["main.tf:1"]);
    }
    let many = "# onus:ignore[sg-ssh-open-to-world] why\n".repeat(5_000);
    terraform(many, &["main.tf:1"]);
    let one = format!(
        "# onus:ignore[{}] why\n",
        vec!["sg-ssh-open-to-world"; 20_000].join(",")
    );
    terraform(one, &["main.tf:1"]);
}

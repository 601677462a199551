//! Directives in the forms people write them, on small files whose every `bad` is a finding.

use jiff::civil::date;

use super::*;
use crate::report::tests::{Estate, rule};
use crate::report::{Report, Severity, Verdict};

const TODAY: Date = date(2026, 11, 25);

/// The file with a finding of `bad-word` at each `bad` of it, on the resource above; after suppression.
fn run(path: &str, text: &str) -> (Report, SourceMap, Vec<Diagnostic>) {
    let mut bad = rule("bad-word", Severity::High).as_ref().clone();
    bad.aliases = vec![
        ("checkov".to_owned(), vec!["CKV_AWS_39".to_owned()]),
        ("trivy".to_owned(), vec!["AVD-AWS-0040".to_owned()]),
        (
            "kics".to_owned(),
            vec!["5a2486aa-facf-477d-a5c1-b010789459ce".to_owned()],
        ),
        ("guard".to_owned(), vec!["NO_BAD_WORD".to_owned()]),
        ("cfn_nag".to_owned(), vec!["W9".to_owned()]),
        ("cdk_nag".to_owned(), vec!["AwsSolutions-BAD1".to_owned()]),
        ("cfn_lint".to_owned(), vec!["W3005".to_owned()]),
    ];
    let bad = Arc::new(bad);
    let known = [
        bad.clone(),
        rule("other", Severity::Low),
        rule("off", Severity::Low),
    ];
    let mut estate = Estate::new(".", &[(path, text)]);
    let mut header = "";
    for (number, line) in text.lines().enumerate() {
        let is_header = line.starts_with("resource ") || line.starts_with("module ");
        let is_id = line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
        if is_header || is_id {
            header = line.split(" {").next().unwrap_or(line).trim();
            estate.resource(header, "AWS::EKS::Cluster", path, header);
        }
        let code = line.split(" #").next().unwrap_or(line);
        if let Some(at) = code
            .find("bad")
            .filter(|_| !code.trim_start().starts_with(['#', '-']))
        {
            let start: usize = text.lines().take(number).map(|line| line.len() + 1).sum();
            let source = estate.sources.by_path(path).expect("the file").id;
            estate.fails(&bad, header, Span::new(source, start + at, start + at + 3));
        }
    }
    let (sources, stack) = estate.stack();
    let file = sources.by_path(path).expect("the file").id;
    let (directives, mut diagnostics) = collect(&[file], &sources, || known.to_vec());
    let mut stacks = vec![stack];
    diagnostics.extend(apply(
        &mut stacks,
        &directives,
        &|name| name != "off",
        TODAY,
        &sources,
    ));
    let report = Report::new(
        stacks,
        vec![file],
        known[..2].to_vec(),
        Vec::new(),
        &sources,
    );
    (report, sources, diagnostics)
}

/// Lines whose findings are suppressed, and codes of diagnostics.
fn check(path: &str, text: &str, suppressed: &[usize], codes: &[&str]) {
    let (report, sources, diagnostics) = run(path, text);
    let lines: Vec<usize> = report
        .findings
        .iter()
        .filter(|finding| !finding.is_open())
        .map(|finding| {
            sources
                .get(finding.place.source)
                .expect("the file")
                .line(finding.place.start)
        })
        .collect();
    assert_eq!(lines, suppressed, "{text}\n{diagnostics:?}");
    let found: Vec<&str> = diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(found, codes, "{text}");
}

#[test]
fn a_directive_covers_its_line_or_the_block_below() {
    let text = "\
resource \"a\" \"b\" {
  x = bad # onus:ignore[bad-word] tested elsewhere
  y = bad
  // onus:ignore[bad-word] nested
  z {
    q = bad
  }
  /* onus:ignore[bad-word] starred */
  w = [
    bad
  ]
}
# onus:ignore[bad-word] all of it
resource \"a\" \"c\" {
  x = bad
  y = bad
}
resource \"a\" \"d\" { # onus:ignore[bad-word] header
  x = bad
}
";
    check("main.tf", text, &[2, 6, 10, 15, 16, 19], &[]);
}

#[test]
fn a_directive_above_a_module_call_covers_what_the_call_makes() {
    let call = "# onus:ignore[bad-word] theirs\nmodule \"m\" {\n  source = \"./m\"\n}\n";
    let inside = "resource \"a\" \"b\" {\n  x = bad\n}\n";
    let bad = rule("bad-word", Severity::High);
    let mut estate = Estate::new(".", &[("main.tf", call), ("m/main.tf", inside)]);
    estate.resource("module.m[0]", "Code::Module", "main.tf", "module \"m\"");
    estate.resource(
        "module.m[0].aws_a.b",
        "A",
        "m/main.tf",
        "resource \"a\" \"b\"",
    );
    let place = estate.span("m/main.tf", "bad");
    estate.fails(&bad, "module.m[0].aws_a.b", place);
    let (sources, stack) = estate.stack();
    let known = [bad];
    let files: Vec<SourceId> = (0..2).map(SourceId).collect();
    let (directives, _) = collect(&files, &sources, || known.to_vec());
    let mut stacks = [stack];
    let diagnostics = apply(&mut stacks, &directives, &|_| true, TODAY, &sources);
    assert_eq!(diagnostics, []);
    assert!(!stacks[0].findings[0].is_open());
}

#[test]
fn reasons_and_dates_are_kept() {
    let text = "resource \"a\" \"b\" {\n  x = bad # onus:ignore[bad-word] see the runbook until=2026-11-25\n}\n";
    let (report, _, diagnostics) = run("main.tf", text);
    assert_eq!(diagnostics, []);
    let Status::Suppressed(suppression) = &report.findings[0].status else {
        panic!("not suppressed")
    };
    assert_eq!(suppression.reason.as_deref(), Some("see the runbook"));
    assert_eq!(suppression.until, Some(TODAY));
    assert!(suppression.is_in_source);
    assert_eq!(report.counts.suppressed, 1);
    assert_eq!(report.counts.failures(), 0);
}

#[test]
fn what_is_wrong_with_a_directive_is_said() {
    let line = |directive: &str| {
        format!("resource \"a\" \"b\" {{\n  x = bad # {directive}\n  y = 1\n}}\n")
    };
    for (directive, suppressed, codes) in [
        (
            "onus:ignore[bad-word] r until=2026-11-24",
            vec![],
            vec!["suppression_expired"],
        ),
        (
            "onus:ignore[bad-word] r until=tomorrow",
            vec![],
            vec!["suppression_malformed"],
        ),
        (
            "onus:ignore bad-word",
            vec![],
            vec!["suppression_malformed"],
        ),
        ("onus:ignore[] r", vec![], vec!["suppression_malformed"]),
        (
            "onus:ignore[bad-word r",
            vec![],
            vec!["suppression_malformed"],
        ),
        (
            "onus:skip[bad-word] r",
            vec![],
            vec!["suppression_malformed"],
        ),
        (
            "onus:ignore[bad-wort] r",
            vec![],
            vec!["suppression_unknown_rule"],
        ),
        (
            "onus:ignore[bad-word]",
            vec![2],
            vec!["suppression_without_reason"],
        ),
        ("onus:ignore[other] r", vec![], vec!["suppression_unused"]),
        (
            "onus:ignore[other, bad-word] r",
            vec![2],
            vec!["suppression_unused"],
        ),
        // A rule that is switched off has no findings that could be suppressed.
        ("onus:ignore[off] r", vec![], vec![]),
        ("see onus:ignore[bad-word]", vec![], vec![]),
        ("onus is fine", vec![], vec![]),
    ] {
        check("main.tf", &line(directive), &suppressed, &codes);
    }
}

#[test]
fn a_mistyped_rule_is_guessed() {
    let text = "resource \"a\" \"b\" {\n  x = bad # onus:ignore[bad-wort] r\n}\n";
    let (_, _, diagnostics) = run("main.tf", text);
    assert_eq!(
        diagnostics[0].hint.as_deref(),
        Some("did you mean `bad-word`?")
    );
}

#[test]
fn directives_of_other_tools_are_understood_and_never_complained_about() {
    let line =
        |comment: &str| format!("resource \"a\" \"b\" {{\n  x = bad {comment}\n  y = bad\n}}\n");
    for (comment, suppressed) in [
        ("#checkov:skip=CKV_AWS_39:we know", vec![2, 3]),
        ("# checkov:skip=CKV_AWS_1:we know", vec![]),
        ("#trivy:ignore:AVD-AWS-0040", vec![2]),
        ("#trivy:ignore:aws-0040", vec![2]),
        ("#tfsec:ignore:AWS-0040 tfsec:ignore:other", vec![2]),
        ("#trivy:ignore:AVD-AWS-*", vec![2]),
        ("#trivy:ignore:AVD-AWS-0040:exp:2027-01-01", vec![2]),
        ("#trivy:ignore:AVD-AWS-0040:exp:soon", vec![]),
        ("#trivy:ignore:AVD-AWS-0040[x=1]", vec![]),
        ("#trivy:ignore:AVD-AWS-0040:ws:dev", vec![]),
        ("# kics-scan ignore-line", vec![2]),
        ("# onus:ignore[CKV_AWS_39] by its other name", vec![2]),
    ] {
        check("main.tf", &line(comment), &suppressed, &[]);
    }
    let expired = line("#trivy:ignore:AVD-AWS-0040:exp:2026-01-01");
    check("main.tf", &expired, &[], &["suppression_expired"]);
    let block = "resource \"a\" \"b\" {\n  x = bad\n}\n";
    let other = "resource \"a\" \"c\" {\n  x = bad\n}\n";
    check(
        "main.tf",
        &format!("# kics-scan ignore-block\n{block}{other}"),
        &[3],
        &[],
    );
    check(
        "main.tf",
        &format!("# kics-scan ignore\n{block}"),
        &[3],
        &[],
    );
    check(
        "main.tf",
        &format!("{block}# kics-scan ignore\n{other}"),
        &[],
        &[],
    );
    let ids = "# kics-scan disable=5A2486AA-facf-477d-a5c1-b010789459ce,x\n";
    check("main.tf", &format!("{ids}{block}"), &[3], &[]);
}

#[test]
fn comments_and_metadata_of_templates_are_read() {
    let text = "\
Resources:
  A:
    Properties:
      X: bad # onus:ignore[bad-word] here
      Y: bad
  # onus:ignore[bad-word] whole
  B:
    Properties:
      X: bad
  C:
    # checkov:skip=CKV_AWS_39:whole
    Properties:
      X: bad
  D:
    Metadata:
      onus:
        ignore:
          - rule: bad-word
            reason: known
            until: 2027-01-31
    Properties:
      X: bad
  E:
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_39
            comment: known
    Properties:
      X: bad
  F:
    Metadata:
      guard:
        SuppressedRules:
          - NO_BAD_WORD
    Properties:
      X: bad
  G:
    Metadata:
      cfn_nag:
        rules_to_suppress:
          - id: W9
            reason: known
    Properties:
      X: bad
  H:
    Properties:
      X: bad
";
    check("t.yaml", text, &[4, 9, 13, 22, 30, 37, 45], &[]);
    let whole = format!(
        "Metadata:\n  onus:\n    ignore: {{ rule: CKV_AWS_39, reason: r }}\n{}",
        "Resources:\n  A:\n    X: bad\n"
    );
    check("t.yaml", &whole, &[6], &[]);
}

#[test]
fn metadata_of_generators_and_linters_suppresses() {
    let text = "Resources:
  A:
    Metadata:
      cdk_nag:
        rules_to_suppress:
          - {id: AwsSolutions-BAD1, reason: dGhlIOKAnmdvb2TigJw=, is_reason_encoded: true}
    X: bad
  B:
    Metadata:
      cdk_nag:
        rules_to_suppress:
          - {id: AwsSolutions-BAD1, reason: some, applies_to: ['Resource::*']}
    X: bad
  C:
    Metadata: {cfn-lint: {config: {ignore_checks: [W3005]}}}
    X: bad
";
    check("t.yaml", text, &[7, 16], &[]);
    let (report, ..) = run("t.yaml", text);
    let reasons: Vec<_> = report
        .findings
        .iter()
        .filter_map(|finding| match &finding.status {
            Status::Suppressed(suppression) => Some(suppression.reason.as_deref()),
            Status::Open => None,
        })
        .collect();
    assert_eq!(reasons, [Some("the „good“"), None]);
}

#[test]
fn settings_suppress_by_path_and_address() {
    let text = "resource \"a\" \"b\" {\n  x = bad\n}\nresource \"a\" \"c\" {\n  x = bad\n}\n";
    let pattern = |text: &str| Some(Pattern::new(text).expect("a pattern"));
    for (path, address, expected) in [
        (pattern("*.tf"), None, 2),
        (pattern("other/*"), None, 0),
        (None, pattern("*\"c\""), 1),
        (pattern("main.tf"), pattern("*\"d\""), 0),
    ] {
        let (mut report, sources, _) = run("main.tf", text);
        let findings = std::mem::take(&mut report.findings);
        let rule = findings[0].rule.clone();
        let mut stacks = [StackReport {
            path: ".".into(),
            environment: None,
            language: crate::declared::Language::Terraform,
            resources: 2,
            findings,
            diagnostics: Vec::new(),
        }];
        let directive = Directive {
            tool: Tool::Onus,
            rules: Some(vec![Named {
                id: "bad-word".to_owned(),
                rules: vec![rule.name.clone()],
            }]),
            place: Span::NONE,
            scope: Scope::Matching { path, address },
            reason: None,
            until: None,
        };
        let diagnostics = apply(&mut stacks, &[directive], &|_| true, TODAY, &sources);
        let suppressed = stacks[0]
            .findings
            .iter()
            .filter(|finding| !finding.is_open())
            .count();
        assert_eq!(suppressed, expected);
        assert_eq!(diagnostics.len(), usize::from(expected == 0));
    }
}

#[test]
fn only_the_instances_below_a_call_with_a_directive_are_suppressed() {
    let calls = "# onus:ignore[bad-word] r\nmodule \"one\" {\n}\nmodule \"two\" {\n}\n";
    let inside = "resource \"a\" \"b\" {\n  x = bad\n}\n";
    let bad = rule("bad-word", Severity::High);
    let mut estate = Estate::new(".", &[("main.tf", calls), ("m/main.tf", inside)]);
    for name in ["one", "two"] {
        estate.resource(
            &format!("module.{name}"),
            "Code::Module",
            "main.tf",
            &format!("module \"{name}\""),
        );
        let address = format!("module.{name}.aws_a.b");
        estate.resource(&address, "A", "m/main.tf", "resource \"a\" \"b\"");
        let place = estate.span("m/main.tf", "bad");
        estate.fails(&bad, &address, place);
    }
    let (sources, stack) = estate.stack();
    let known = [bad];
    let files: Vec<SourceId> = (0..2).map(SourceId).collect();
    let (directives, _) = collect(&files, &sources, || known.to_vec());
    let mut stacks = vec![stack];
    apply(&mut stacks, &directives, &|_| true, TODAY, &sources);
    let report = Report::new(stacks, files, known.to_vec(), Vec::new(), &sources);
    let found: Vec<(&str, bool, Verdict)> = report
        .findings
        .iter()
        .map(|finding| {
            (
                &*finding.resource().address,
                finding.is_open(),
                finding.verdict,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("module.one.aws_a.b", false, Verdict::Fail),
            ("module.two.aws_a.b", true, Verdict::Fail),
        ]
    );
}

#[test]
fn directives_in_files_that_were_not_wholly_read_are_not_called_unused() {
    let text = "x = { # onus:ignore[bad-word] r\n";
    let bad = [rule("bad-word", Severity::High)];
    let estate = Estate::new(".", &[("main.tf", text)]);
    let span = estate.span("main.tf", "{");
    let (sources, stack) = estate.stack();
    let (directives, _) = collect(&[span.source], &sources, || bad.to_vec());
    let mut stacks = [stack];
    let unused = apply(&mut stacks, &directives, &|_| true, TODAY, &sources);
    assert_eq!(unused.len(), 1);
    stacks[0].diagnostics = vec![Diagnostic::error("syntax", span, "not closed").incomplete()];
    assert_eq!(
        apply(&mut stacks, &directives, &|_| true, TODAY, &sources),
        []
    );
}

//! What a log must be: valid, pointing into the files it names, the same on each run, and fit for GitHub.

use super::*;
use crate::report::tests::{CLUSTER, Estate, origin, passed_in, report_of, rule};
use crate::report::{Condition, Suppression};
use crate::value::{Origin, Step};

const HEADER: &str = "resource \"aws_eks_cluster\" \"main\"";

fn log_text(report: &Report, sources: &SourceMap, options: &Options) -> String {
    let mut out = Vec::new();
    write(report, sources, options, &mut out).expect("memory takes all");
    String::from_utf8(out).expect("text")
}

fn log(report: &Report, sources: &SourceMap, options: &Options) -> Value {
    serde_json::from_str(&log_text(report, sources, options)).expect("JSON")
}

fn full() -> Options {
    Options {
        profile: Profile::Full,
        exit_code: Some(1),
        ..Options::default()
    }
}

/// Every kind of finding and diagnostic at once, in files with every kind of character.
fn everything() -> (SourceMap, Report) {
    let odd = "\u{feff}resource \"aws_eks_cluster\" \"main\" {\r\n\tname = \"😀é\" /* ü */ + \"b😀d\"\r\n  x = <<EOT\r\none\r\ntwo\r\nEOT\r\n}\r";
    let mut estate = Estate::new(
        "prod",
        &[
            ("prod/a b/ü.tf", odd),
            ("prod/main.tf", CLUSTER),
            (".terraform/modules/eks/main.tf", CLUSTER),
            ("prod/unused.tf", ""),
        ],
    );
    let bad = rule("eks-public-endpoint-open-to-world", Severity::Critical);
    let mild = rule("eks-name", Severity::Low);
    let address = "module.eks[\"a\"].aws_eks_cluster.main";
    estate.resource(address, "AWS::EKS::Cluster", "prod/a b/ü.tf", HEADER);
    estate.resource(
        "aws_eks_cluster.main",
        "AWS::EKS::Cluster",
        "prod/main.tf",
        HEADER,
    );
    let emoji = estate.span("prod/a b/ü.tf", "\"b😀d\"");
    let inside = estate.span(".terraform/modules/eks/main.tf", "var.public");
    let public = estate.span("prod/main.tf", "var.public");
    let name = estate.span("prod/main.tf", "\"main\"\n");
    let outcome = estate.fails(&bad, address, emoji);
    outcome.offender.origin = origin(
        emoji,
        &[
            (public, Step::Argument("list[0]".into())),
            (inside, Step::Default("x".into())),
        ],
    );
    outcome.related = vec![(name, "the name".to_owned())];
    let heredoc = estate.span("prod/a b/ü.tf", "<<EOT\r\none\r\ntwo\r\nEOT");
    let outcome = estate.fails(&mild, address, heredoc);
    outcome.offender.text = "(hidden)".to_owned();
    outcome.condition = Some(Condition {
        text: "IsProd is false".to_owned(),
        is_default_case: false,
        guard: crate::value::Guard::Always,
    });
    let block = estate.span("prod/main.tf", "vpc_config");
    let outcome = estate.fails(&bad, "aws_eks_cluster.main", block);
    outcome.offender.origin = Origin::default_in(block);
    outcome.offender.text = "true (default)".to_owned();
    let outcome = estate.fails(&mild, "aws_eks_cluster.main", public);
    outcome.verdict = Verdict::Unsure;
    outcome.reasons = vec!["`var.public` has no value".to_owned()];
    estate.fails(&mild, "aws_eks_cluster.main", name);
    let (sources, mut stack) = estate.stack();
    let suppressed = stack.findings.last_mut().expect("five findings");
    suppressed.status = Status::Suppressed(Suppression {
        place: public,
        is_in_source: true,
        reason: Some("known".to_owned()),
        until: Some(jiff::civil::date(2027, 1, 31)),
    });
    stack.diagnostics = vec![
        Diagnostic::error("syntax", emoji, "this is odd")
            .hint("mend it")
            .incomplete(),
        Diagnostic::new(Level::Warning, "unreadable_file", "cannot be read").in_file("x.tf"),
        Diagnostic::warning("suppression_unused", public, "nothing to suppress"),
    ];
    let report = report_of(vec![stack], &sources);
    (sources, report)
}

#[test]
fn logs_are_valid() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../tests/sarif-2.1.0.schema.json")).expect("JSON");
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema");
    assert!(!schema.is_valid(&json!({ "version": "2.1.0", "runs": [{ "results": [] }] })));
    let empty = (SourceMap::new(), Report::default());
    for (sources, report) in [everything(), empty, passed_in().report()] {
        for options in [Options::default(), full()] {
            let log = log(&report, &sources, &options);
            let errors: Vec<String> = schema
                .iter_errors(&log)
                .map(|error| format!("{}: {error}", error.instance_path))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
    }
}

/// Calls `visit` with every object in a document.
fn objects(value: &Value, visit: &mut dyn FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| objects(item, visit)),
        Value::Object(members) => {
            visit(members);
            members.values().for_each(|member| objects(member, visit));
        }
        _ => {}
    }
}

#[test]
fn addresses_are_relative_to_the_repository_and_indices_agree() {
    let (sources, report) = everything();
    for options in [Options::default(), full()] {
        let log = log(&report, &sources, &options);
        let run = &log["runs"][0];
        let mut addresses = 0;
        objects(&log, &mut |object| {
            let Some(uri) = object.get("uri").and_then(Value::as_str) else {
                return;
            };
            addresses += 1;
            for wrong in ["./", "/", "..", "file:"] {
                assert!(!uri.starts_with(wrong), "{uri}");
            }
            assert!(!uri.is_empty() && !uri.contains(".terraform"), "{uri}");
            assert!(uri.is_ascii() && !uri.contains([' ', '\\']), "{uri}");
            assert_eq!(object["uriBaseId"], ROOT);
            let index = object["index"].as_u64().expect("an index") as usize;
            assert_eq!(run["artifacts"][index]["location"]["uri"], uri);
        });
        assert!(addresses > 5, "{addresses}");
        for result in run["results"].as_array().expect("results") {
            let index = result["ruleIndex"].as_u64().expect("an index") as usize;
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
            let text = result["message"]["text"].as_str().expect("text");
            for related in result["relatedLocations"].as_array().into_iter().flatten() {
                assert!(text.contains(&format!("]({})", related["id"])), "{text}");
            }
        }
    }
}

#[test]
fn regions_lie_within_their_files_on_one_line_and_count_utf16_units() {
    let (sources, report) = everything();
    let log = log(&report, &sources, &full());
    let mut found = Vec::new();
    objects(&log, &mut |object| {
        let (Some(region), Some(location)) = (object.get("region"), object.get("artifactLocation"))
        else {
            return;
        };
        let uri = location["uri"].as_str().expect("an address");
        let file = (0..)
            .map_while(|id| sources.get(SourceId(id)))
            .find(|file| encoded(&file.path) == uri)
            .expect("a file of the run");
        let line = region["startLine"].as_u64().expect("a line") as usize;
        assert!((1..=file.line_starts().len()).contains(&line));
        let units: Vec<u16> = file.line_text(line).encode_utf16().collect();
        if let Some(start) = region.get("startColumn").and_then(Value::as_u64) {
            let end = region["endColumn"].as_u64().expect("an end");
            assert_eq!(region["endLine"], region["startLine"]);
            assert!(1 <= start && start < end && end as usize <= units.len() + 1);
            let text = String::from_utf16(&units[start as usize - 1..end as usize - 1]);
            found.push(text.expect("whole characters"));
        }
    });
    for expected in ["\"b😀d\"", "<<EOT", "vpc_config", "var.public"] {
        assert!(found.iter().any(|text| text == expected), "{found:?}");
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for options in [Options::default(), full()] {
        let (sources, report) = everything();
        let first = log_text(&report, &sources, &options);
        let (sources, report) = everything();
        assert_eq!(first, log_text(&report, &sources, &options));
    }
}

#[test]
fn github_is_told_of_open_failures_only() {
    let (sources, report) = everything();
    let results = |options: &Options| {
        log(&report, &sources, options)["runs"][0]["results"]
            .as_array()
            .expect("results")
            .clone()
    };
    assert_eq!(results(&full()).len(), 5);
    let results = results(&Options::default());
    assert_eq!(results.len(), 3);
    for result in &results {
        for absent in ["kind", "suppressions"] {
            assert!(result.get(absent).is_none(), "{result}");
        }
        assert!(
            result["locations"][0]["physicalLocation"]
                .get("contextRegion")
                .is_none()
        );
    }
}

#[test]
fn unsure_results_are_open_and_suppressed_ones_say_why() {
    let (sources, report) = everything();
    let log = log(&report, &sources, &full());
    let results = log["runs"][0]["results"].as_array().expect("results");
    let unsure = results
        .iter()
        .find(|r| r["kind"] == "open")
        .expect("an unsure one");
    assert_eq!(unsure["level"], "none");
    let suppressed: Vec<&Value> = results
        .iter()
        .filter_map(|r| r.get("suppressions"))
        .collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0][0]["kind"], "inSource");
    assert_eq!(suppressed[0][0]["justification"], "known");
    assert_eq!(suppressed[0][0]["properties"]["expires"], "2027-01-31");
}

#[test]
fn messages_stand_alone_and_link_to_where_the_value_comes_from() {
    let (sources, report) = everything();
    let log = log(&report, &sources, &Options::default());
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        result["message"]["text"],
        "Anyone on the internet can reach the API of module.eks[\"a\"].aws_eks_cluster.main. \
         `EndpointPublicAccess` is `true`. \
         The value comes from: [passed in as `list\\[0\\]`](1), default of `x` (in .terraform/modules/eks/main.tf:4:30). \
         See also: [the name](2)."
    );
    let steps = &result["codeFlows"][0]["threadFlows"][0]["locations"];
    let lines: Vec<&Value> = steps
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| &step["location"]["physicalLocation"]["region"]["startLine"])
        .collect();
    assert_eq!(lines, [4, 2]);
}

#[test]
fn findings_of_cases_that_are_not_the_default_are_one_level_lower() {
    for (severity, expected) in [
        (Severity::Critical, "warning"),
        (Severity::Medium, "note"),
        (Severity::Low, "note"),
    ] {
        let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
        estate.resource(
            "aws_eks_cluster.main",
            "AWS::EKS::Cluster",
            "main.tf",
            HEADER,
        );
        let place = estate.span("main.tf", "var.public");
        let outcome = estate.fails(&rule("r", severity), "aws_eks_cluster.main", place);
        outcome.condition = Some(Condition {
            text: "IsProd is false".to_owned(),
            is_default_case: false,
            guard: crate::value::Guard::Always,
        });
        let (sources, report) = estate.report();
        let log = log(&report, &sources, &Options::default());
        assert_eq!(log["runs"][0]["results"][0]["level"], expected);
    }
}

#[test]
fn rules_say_everything_and_nothing_of_the_run() {
    let rules = |(sources, report): (SourceMap, Report)| {
        log(&report, &sources, &Options::default())["runs"][0]["tool"]["driver"]["rules"].clone()
    };
    let found = rules(everything());
    let (sources, mut empty) = everything();
    empty.retain(|_| false);
    assert_eq!(found, rules((sources, empty)));
    let rule = &found[1];
    assert_eq!(rule["id"], "eks-public-endpoint-open-to-world");
    assert_eq!(rule["name"], "EksPublicEndpointOpenToWorld");
    assert_eq!(rule["defaultConfiguration"]["level"], "error");
    let properties = &rule["properties"];
    assert_eq!(properties["security-severity"], "9.5");
    assert_eq!(properties["precision"], "high");
    assert_eq!(
        properties["aliases"]["checkov"],
        json!(["CKV_AWS_38", "CKV_AWS_39"])
    );
    assert_eq!(properties["controls"]["fsbp"], json!(["EKS.1"]));
    assert_eq!(
        properties["languages"],
        json!(["terraform", "cloudformation"])
    );
    assert_eq!(properties["tags"], json!(["security", "aws", "iac", "eks"]));
    for text in [&rule["help"]["text"], &rule["help"]["markdown"]] {
        let text = text.as_str().expect("help");
        for part in [
            "one leaked token",
            "Turn the public endpoint off",
            "onus:ignore[",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn too_many_results_are_cut_mildest_first_and_that_is_said() {
    let (sources, report) = everything();
    let options = Options {
        most_results: 2,
        ..Options::default()
    };
    let log = log(&report, &sources, &options);
    let run = &log["runs"][0];
    let levels: Vec<&Value> = run["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| &result["level"])
        .collect();
    assert_eq!(levels, ["error", "error"]);
    let notifications = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(
        notifications.contains("1 of 3 results were left out"),
        "{notifications}"
    );
}

#[test]
fn what_was_not_analysed_is_a_notification() {
    let (sources, report) = everything();
    let log = log(&report, &sources, &full());
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], 1);
    let codes = |list: &str| -> Vec<String> {
        invocation[list]
            .as_array()
            .expect("notifications")
            .iter()
            .map(|n| n["descriptor"]["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(
        codes("toolExecutionNotifications"),
        ["syntax", "unreadable_file"]
    );
    assert_eq!(
        codes("toolConfigurationNotifications"),
        ["suppression_unused"]
    );
}

#[test]
fn files_outside_the_repository_give_no_results_and_that_is_said() {
    let mut estate = Estate::new(".", &[("../../x.tf", CLUSTER)]);
    estate.resource(
        "aws_eks_cluster.main",
        "AWS::EKS::Cluster",
        "../../x.tf",
        HEADER,
    );
    let place = estate.span("../../x.tf", "var.public");
    estate.fails(&rule("r", Severity::High), "aws_eks_cluster.main", place);
    let (sources, report) = estate.report();
    let outside = log(&report, &sources, &Options::default());
    assert_eq!(outside["runs"][0]["results"], json!([]));
    let notifications = &outside["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notifications[0]["descriptor"]["id"], "results_outside");
    let inside = Options {
        paths: Paths {
            root: None,
            start: "infra/prod".to_owned(),
        },
        ..Options::default()
    };
    let inside = log(&report, &sources, &inside);
    let location = &inside["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "x.tf");
}

#[test]
fn hidden_text_is_in_no_snippet() {
    let (sources, report) = everything();
    let text = log_text(&report, &sources, &full());
    assert!(
        text.contains("\"snippet\":{\"text\":\"vpc_config\"}"),
        "{text}"
    );
    assert!(text.contains("\"snippet\":{\"text\":\"*****\"}"), "{text}");
    assert!(!text.contains("one\\r\\ntwo"), "{text}");
}

#[test]
fn artifacts_have_the_hash_and_length_of_the_file_on_disk() {
    let sources = SourceMap::new();
    let file = sources.add("main.tf", "\u{feff}abc");
    let report = Report {
        files: vec![file.id],
        ..Report::default()
    };
    let log = log(&report, &sources, &full());
    let artifact = &log["runs"][0]["artifacts"][0];
    assert_eq!(artifact["length"], 6);
    // printf '\xef\xbb\xbfabc' | sha256sum
    assert_eq!(
        artifact["hashes"]["sha-256"],
        "1c28dc3f1f804a1ad9c9b4b4cf5e2658d16ad4ed08e3020d04a8d2865018947c"
    );
    assert_eq!(artifact["sourceLanguage"], "terraform");
}

#[test]
fn cloudformation_resources_are_named_with_their_template() {
    let text = "Resources:\n  Main:\n    Type: AWS::EKS::Cluster\n";
    let mut estate = Estate::new("infra/network.yaml", &[("infra/network.yaml", text)]);
    estate.resource("Main", "AWS::EKS::Cluster", "infra/network.yaml", "Main");
    let place = estate.span("infra/network.yaml", "Main");
    estate.fails(&rule("r", Severity::High), "Main", place);
    let (sources, report) = estate.report();
    let log = log(&report, &sources, &Options::default());
    let logical = &log["runs"][0]["results"][0]["locations"][0]["logicalLocations"][0];
    assert_eq!(logical["fullyQualifiedName"], "network/Main");
}

//! Reports made by hand: a small estate whose findings the tests here and of the writers share.

use super::*;
use crate::model::{ResourceId, Vocabulary};
use crate::rules::Offender;
use crate::value::{Guard, Origin, Step, Trail, Value};

/// A stack that is put together by pointing into texts.
pub(crate) struct Estate {
    pub(crate) sources: SourceMap,
    root: Arc<str>,
    language: Language,
    resources: Vec<Resource>,
    outcomes: Vec<Outcome>,
}

impl Estate {
    pub(crate) fn new(root: &str, files: &[(&str, &str)]) -> Estate {
        let sources = SourceMap::new();
        for (path, text) in files {
            sources.add(path, text);
        }
        let is_terraform = files.iter().any(|(path, _)| path.ends_with(".tf"));
        Estate {
            sources,
            root: root.into(),
            language: if is_terraform {
                Language::Terraform
            } else {
                Language::CloudFormation
            },
            resources: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// Another stack over the same files.
    pub(crate) fn sibling(self, root: &str) -> (Estate, StackReport) {
        let next = Estate {
            sources: SourceMap::new(),
            root: root.into(),
            language: self.language,
            resources: Vec::new(),
            outcomes: Vec::new(),
        };
        let (sources, stack) = self.stack();
        (Estate { sources, ..next }, stack)
    }

    /// The first place of a text in a file.
    pub(crate) fn span(&self, path: &str, text: &str) -> Span {
        let file = self.sources.by_path(path).expect("a file of the estate");
        let start = file.text.find(text).expect("text of that file");
        Span::new(file.id, start, start + text.len())
    }

    pub(crate) fn resource(&mut self, address: &str, kind: &str, path: &str, header: &str) {
        let module = address
            .rsplit_once(".aws_")
            .map_or("", |(module, _)| module);
        let header = self.span(path, header);
        self.resources.push(Resource {
            id: ResourceId(self.resources.len() as u32),
            address: address.into(),
            kind: kind.into(),
            native_kind: "aws_eks_cluster".into(),
            language: self.language,
            module: module.into(),
            properties: Value::object(Default::default(), header),
            native: Value::object(Default::default(), header),
            header,
            block: header,
            exists: Guard::Always,
            is_symbolic: false,
            links: Default::default(),
        });
    }

    /// A failure of a rule on a resource, at a place.
    pub(crate) fn fails(
        &mut self,
        rule: &Arc<RuleInfo>,
        address: &str,
        place: Span,
    ) -> &mut Outcome {
        let resource = self
            .resources
            .iter()
            .find(|resource| &*resource.address == address)
            .expect("a resource of the estate")
            .id;
        self.outcomes.push(Outcome {
            rule: rule.clone(),
            resource,
            verdict: Verdict::Fail,
            severity: rule.severity,
            message: format!("anyone on the internet can reach the API of {address}"),
            clause: Span::NONE,
            offender: Offender {
                place,
                origin: Origin::at(place),
                path: "ResourcesVpcConfig.EndpointPublicAccess".to_owned(),
                stable_path: "ResourcesVpcConfig.EndpointPublicAccess".to_owned(),
                owner: resource,
                text: "true".to_owned(),
                class: "true".to_owned(),
            },
            related: Vec::new(),
            condition: None,
            reasons: Vec::new(),
        });
        self.outcomes.last_mut().expect("just pushed")
    }

    pub(crate) fn stack(self) -> (SourceMap, StackReport) {
        let count = self.resources.len();
        let model = Model::new(
            self.language,
            self.root.clone(),
            Arc::new(Vocabulary::default()),
            Vec::new(),
            self.resources,
        );
        let findings = findings(&model, self.outcomes, &self.sources);
        let stack = StackReport {
            path: self.root,
            environment: None,
            language: self.language,
            resources: count,
            findings,
            diagnostics: Vec::new(),
        };
        (self.sources, stack)
    }

    pub(crate) fn report(self) -> (SourceMap, Report) {
        let (sources, stack) = self.stack();
        let report = report_of(vec![stack], &sources);
        (sources, report)
    }
}

/// The report over stacks, all files of the map and the rules that found something.
pub(crate) fn report_of(stacks: Vec<StackReport>, sources: &SourceMap) -> Report {
    let rules = stacks
        .iter()
        .flat_map(|stack| &stack.findings)
        .map(|finding| finding.rule.clone())
        .collect();
    let files = (0..)
        .map_while(|id| sources.get(SourceId(id)))
        .map(|file| file.id);
    Report::new(stacks, files.collect(), rules, Vec::new(), sources)
}

pub(crate) fn rule(name: &str, severity: Severity) -> Arc<RuleInfo> {
    Arc::new(RuleInfo {
        name: name.into(),
        title: "EKS API endpoint answers to the whole internet".to_owned(),
        severity,
        confidence: Confidence::High,
        category: "eks".to_owned(),
        kinds: vec!["AWS::EKS::Cluster".into()],
        aliases: vec![
            (
                "checkov".to_owned(),
                vec!["CKV_AWS_38".to_owned(), "CKV_AWS_39".to_owned()],
            ),
            ("trivy".to_owned(), vec!["AVD-AWS-0040".to_owned()]),
        ],
        controls: vec![("fsbp".to_owned(), vec!["EKS.1".to_owned()])],
        languages: vec!["terraform", "cloudformation"],
        why: "The API server is one leaked token away from everybody.".to_owned(),
        remedy: "Turn the public endpoint off, or list the networks that need it.".to_owned(),
        links: vec![
            "https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html".to_owned(),
        ],
        file: Span::NONE,
        profile: "recommended".to_owned(),
        topic: String::new(),
        responsibilities: Vec::new(),
        rationale: String::new(),
    })
}

/// An origin seen at `site`, with earlier places nearest first.
pub(crate) fn origin(site: Span, steps: &[(Span, Step)]) -> Origin {
    let mut trail = Trail::default();
    for (span, step) in steps.iter().rev() {
        trail = Trail::through(*span, step.clone(), trail);
    }
    Origin {
        trail,
        ..Origin::at(site)
    }
}

pub(crate) const CLUSTER: &str = "resource \"aws_eks_cluster\" \"main\" {
  name = \"main\"
  vpc_config {
    endpoint_public_access = var.public
  }
}
";

pub(crate) const VARIABLES: &str = "variable \"public\" {
  type    = bool
  default = true
}
";

pub(crate) const CALL: &str = "module \"eks\" {
  source = \"../modules/eks\"
  public = local.open
}
";

/// One finding in a module, its value passed in from the root.
pub(crate) fn passed_in() -> Estate {
    let mut estate = Estate::new(
        "prod",
        &[
            ("modules/eks/main.tf", CLUSTER),
            ("modules/eks/variables.tf", VARIABLES),
            ("prod/main.tf", CALL),
        ],
    );
    let header = "resource \"aws_eks_cluster\" \"main\"";
    estate.resource(
        "module.eks.aws_eks_cluster.main",
        "AWS::EKS::Cluster",
        "modules/eks/main.tf",
        header,
    );
    let place = estate.span("modules/eks/main.tf", "var.public");
    let passed = estate.span("prod/main.tf", "local.open");
    let rule = rule("eks-public-endpoint-open-to-world", Severity::High);
    let outcome = estate.fails(&rule, "module.eks.aws_eks_cluster.main", place);
    outcome.offender.origin = origin(place, &[(passed, Step::Argument("public".into()))]);
    estate
}

#[test]
fn one_rule_at_one_place_through_several_instances_and_stacks_is_one_finding() {
    let rule = rule("r", Severity::High);
    let fill = |estate: &mut Estate| {
        for key in ["[\"b\"]", "[\"a\"]"] {
            let address = format!("module.eks{key}.aws_eks_cluster.main");
            estate.resource(
                &address,
                "AWS::EKS::Cluster",
                "m/main.tf",
                "resource \"aws_eks_cluster\" \"main\"",
            );
            let place = estate.span("m/main.tf", "var.public");
            estate.fails(&rule, &address, place);
        }
    };
    let mut prod = Estate::new("prod", &[("m/main.tf", CLUSTER)]);
    fill(&mut prod);
    let (mut test, prod) = prod.sibling("test");
    fill(&mut test);
    let (sources, test) = test.stack();
    let report = report_of(vec![test, prod], &sources);
    let [finding] = report.findings.as_slice() else {
        panic!("not one finding: {:?}", report.findings)
    };
    assert_eq!(finding.instance_count, 4);
    let instances: Vec<(&str, &str)> = finding
        .instances
        .iter()
        .map(|instance| (&*instance.stack, &*instance.address))
        .collect();
    let (a, b) = (
        "module.eks[\"a\"].aws_eks_cluster.main",
        "module.eks[\"b\"].aws_eks_cluster.main",
    );
    assert_eq!(
        instances,
        [("prod", a), ("prod", b), ("test", a), ("test", b)]
    );
    assert_ne!(
        finding.instances[0].fingerprint,
        finding.instances[1].fingerprint
    );
    assert_eq!(
        finding.instances[0].fingerprint,
        finding.instances[2].fingerprint
    );
    assert_eq!(
        report.counts.by_severity,
        BTreeMap::from([(Severity::High, 1)])
    );
}

#[test]
fn instances_beyond_fifty_are_counted() {
    let rule = rule("r", Severity::Low);
    let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
    for index in 0..60 {
        let address = format!("aws_eks_cluster.main[{index}]");
        estate.resource(
            &address,
            "AWS::EKS::Cluster",
            "main.tf",
            "resource \"aws_eks_cluster\" \"main\"",
        );
        let place = estate.span("main.tf", "var.public");
        estate.fails(&rule, &address, place);
    }
    let (_, report) = estate.report();
    assert_eq!(report.findings[0].instance_count, 60);
    assert_eq!(report.findings[0].instances.len(), 50);
}

#[test]
fn a_failure_beats_an_unsure_finding_at_its_place() {
    let rule = rule("r", Severity::Low);
    let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
    for (index, verdict) in [Verdict::Unsure, Verdict::Fail].into_iter().enumerate() {
        let address = format!("aws_eks_cluster.main[{index}]");
        estate.resource(
            &address,
            "AWS::EKS::Cluster",
            "main.tf",
            "resource \"aws_eks_cluster\" \"main\"",
        );
        let place = estate.span("main.tf", "var.public");
        estate.fails(&rule, &address, place).verdict = verdict;
    }
    let (_, report) = estate.report();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].verdict, Verdict::Fail);
    assert_eq!(
        &*report.findings[0].resource().address,
        "aws_eks_cluster.main[1]"
    );
    assert_eq!(report.counts.unsure, 0);
}

#[test]
fn findings_are_sorted_by_place_then_rule() {
    let (early, late) = (rule("a", Severity::Low), rule("z", Severity::High));
    let mut estate = Estate::new(".", &[("b.tf", CLUSTER), ("a.tf", CLUSTER)]);
    estate.resource(
        "aws_eks_cluster.main",
        "AWS::EKS::Cluster",
        "b.tf",
        "resource \"aws_eks_cluster\" \"main\"",
    );
    for (path, text, rule) in [
        ("b.tf", "var.public", &late),
        ("b.tf", "var.public", &early),
        ("b.tf", "name", &late),
        ("a.tf", "var.public", &late),
    ] {
        let place = estate.span(path, text);
        estate.fails(rule, "aws_eks_cluster.main", place);
    }
    let (sources, report) = estate.report();
    let order: Vec<String> = report
        .findings
        .iter()
        .map(|finding| format!("{} {}", sources.describe(finding.place), finding.rule.name))
        .collect();
    assert_eq!(
        order,
        ["a.tf:4:30 z", "b.tf:2:3 z", "b.tf:4:30 a", "b.tf:4:30 z"]
    );
}

#[test]
fn findings_in_downloaded_modules_are_placed_at_the_users_own_code() {
    let rule = rule("r", Severity::High);
    let inside = ".terraform/modules/eks/main.tf";
    let mut estate = Estate::new("prod", &[(inside, CLUSTER), ("prod/main.tf", CALL)]);
    estate.resource(
        "module.eks",
        "Code::Module",
        "prod/main.tf",
        "module \"eks\"",
    );
    let address = "module.eks.aws_eks_cluster.main";
    estate.resource(
        address,
        "AWS::EKS::Cluster",
        inside,
        "resource \"aws_eks_cluster\" \"main\"",
    );
    // The value is an argument of the call.
    let place = estate.span(inside, "var.public");
    let passed = estate.span("prod/main.tf", "local.open");
    estate.fails(&rule, address, place).offender.origin =
        origin(place, &[(passed, Step::Argument("public".into()))]);
    // The value is the module's own.
    let name = estate.span(inside, "\"main\"\n");
    estate.fails(&rule, address, name);
    let (sources, report) = estate.report();
    let places: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{} < {}",
                sources.describe(finding.place),
                sources.describe(finding.trail[0].span)
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            "prod/main.tf:1:1 < .terraform/modules/eks/main.tf:2:10",
            "prod/main.tf:3:12 < .terraform/modules/eks/main.tf:4:30",
        ]
    );
}

#[test]
fn equal_identities_are_told_apart_by_a_counter_and_lines_have_githubs_hash() {
    let rule = rule("r", Severity::High);
    let mut estate = Estate::new(".", &[("a.tf", CLUSTER), ("b.tf", CLUSTER)]);
    let header = "resource \"aws_eks_cluster\" \"main\"";
    for path in ["a.tf", "b.tf"] {
        estate.resource("aws_eks_cluster.main", "AWS::EKS::Cluster", path, header);
        let place = estate.span(path, "var.public");
        estate.fails(&rule, "aws_eks_cluster.main", place);
    }
    let (_, report) = estate.report();
    let [first, second] = report.findings.as_slice() else {
        panic!("not two findings")
    };
    let (same, counter) = first
        .fingerprints
        .semantic
        .split_once(':')
        .expect("a counter");
    assert_eq!(counter, "1");
    assert_eq!(second.fingerprints.semantic, format!("{same}:2"));
    assert_eq!(
        first.fingerprints.line,
        fingerprint::line_hashes(CLUSTER)[3]
    );
}

#[test]
fn exit_codes_put_findings_before_incomplete_input() {
    let check = |change: &dyn Fn(&mut Outcome), incomplete: bool, policy: ExitPolicy, code: u8| {
        let mut estate = passed_in();
        change(estate.outcomes.last_mut().expect("one outcome"));
        let (_, mut report) = estate.report();
        report.counts.incomplete = usize::from(incomplete);
        assert_eq!(exit_code(&report, &policy), code, "{policy:?}");
    };
    let default = ExitPolicy::default();
    check(&|_| {}, true, default, 1);
    check(&|o| o.severity = Severity::Medium, false, default, 0);
    check(&|o| o.severity = Severity::Medium, true, default, 3);
    let allowed = ExitPolicy {
        allow_incomplete: true,
        ..default
    };
    check(&|o| o.severity = Severity::Medium, true, allowed, 0);
    check(
        &|_| {},
        true,
        ExitPolicy {
            exit_zero: true,
            ..default
        },
        0,
    );
    check(
        &|_| {},
        false,
        ExitPolicy {
            fail_on: None,
            ..default
        },
        0,
    );
    let elsewhere = |o: &mut Outcome| {
        o.condition = Some(Condition {
            text: "IsProd is false".to_owned(),
            is_default_case: false,
            guard: crate::value::Guard::Always,
        });
    };
    check(&elsewhere, false, default, 0);
    check(
        &elsewhere,
        false,
        ExitPolicy {
            fail_on_conditional: true,
            ..default
        },
        1,
    );
    check(&|o| o.verdict = Verdict::Unsure, false, default, 0);
    check(
        &|o| o.verdict = Verdict::Unsure,
        false,
        ExitPolicy {
            fail_on_unsure: true,
            ..default
        },
        1,
    );
}

#[test]
fn unsure_findings_are_counted_by_what_is_not_known() {
    let rule = rule("r", Severity::High);
    let mut estate = Estate::new(".", &[("main.tf", CLUSTER)]);
    estate.resource(
        "aws_eks_cluster.main",
        "AWS::EKS::Cluster",
        "main.tf",
        "resource \"aws_eks_cluster\" \"main\"",
    );
    for (text, reasons) in [
        ("var.public", vec!["`x` has no value", "y"]),
        ("name", vec!["`x` has no value"]),
    ] {
        let place = estate.span("main.tf", text);
        let outcome = estate.fails(&rule, "aws_eks_cluster.main", place);
        outcome.verdict = Verdict::Unsure;
        outcome.reasons = reasons.into_iter().map(str::to_owned).collect();
    }
    let (_, report) = estate.report();
    assert_eq!(report.counts.unsure, 2);
    assert_eq!(report.counts.failures(), 0);
    let expected = [("`x` has no value".to_owned(), 2), ("y".to_owned(), 1)];
    assert_eq!(report.counts.unsure_reasons, expected);
}

//! The tables of the rule language, on documents written as YAML.

use std::rc::Rc;
use std::sync::Arc;

use super::judge::Case;
use super::*;
use crate::declared::Language;
use crate::diagnostic::Diagnostic;
use crate::jsonpath::{Branch, Found, Node};
use crate::model::{Derive, Link, LinkTarget, Links, Model, Resource, Vocabulary};
use crate::source::{SourceFile, SourceMap};
use crate::value::{
    Alternative, Atom, Certainty, Data, Guard, List, ListKind, Member, Object, ObjectKind, Reason,
    Subject, Unknown, Value, World,
};

/// Conditions of the tests: `Prod` and `Test` have defaults (false, true), others none.
fn condition(name: &str) -> Guard {
    if let Some(name) = name.strip_prefix('!') {
        return !condition(name);
    }
    let default = match name {
        "Prod" => Some("false".into()),
        "Test" => Some("true".into()),
        _ => None,
    };
    Guard::Is(Atom {
        subject: Arc::new(Subject {
            default,
            ..Subject::opaque("", name)
        }),
        equals: None,
    })
}

/// The value that YAML stands for: `!Unknown x` has no value, `!If [C, a, b]` depends, `!More [a]` may have more
/// elements, `!Default x` is supplied by AWS.
fn real(value: &Value) -> Value {
    let site = value.span();
    let unknown = || Arc::new(Unknown::because(Reason::NoValue("var.x".into())));
    let data = match &value.data {
        Data::Object(object) => {
            if object.get("Fn::Unknown").is_some() {
                return Value::new(Data::Unknown(unknown()), site);
            }
            if let Some(list) = value.member("Fn::More") {
                let items = list.elements().map(|item| real(&item)).collect();
                return Value::new(
                    Data::List(List::open(ListKind::Tuple, items, unknown())),
                    site,
                );
            }
            if let Some(supplied) = value.member("Fn::Default") {
                let mut supplied = real(&supplied);
                supplied.origin = Origin::default_in(site);
                return supplied;
            }
            if let Some(choice) = value.member("Fn::If") {
                let parts: Vec<Value> = choice.elements().collect();
                let guard = condition(parts[0].as_str().expect("a name"));
                let arms = vec![
                    Alternative {
                        guard: guard.clone(),
                        value: real(&parts[1]),
                    },
                    Alternative {
                        guard: !guard,
                        value: real(&parts[2]),
                    },
                ];
                return Value::choice(arms, site);
            }
            let members = object.members().iter().map(|(name, member)| {
                let member = Member {
                    key: member.key,
                    value: real(&member.value),
                };
                (name.clone(), member)
            });
            Data::Object(Object::new(ObjectKind::Object, members.collect()))
        }
        Data::List(_) => Data::List(List::new(
            ListKind::Tuple,
            value.elements().map(|item| real(&item)).collect(),
        )),
        data => data.clone(),
    };
    Value {
        data,
        ..value.clone()
    }
}

fn parsed(path: &str, text: &str) -> (Arc<SourceFile>, Value) {
    let sources = SourceMap::new();
    let file = sources.add(path, text);
    let (value, diagnostics) = crate::yaml::parse(&file);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let value = value.map_or_else(
        || Value::object(Default::default(), Span::NONE),
        |v| real(&v),
    );
    (file, value)
}

struct Plain(Value);

impl<'d> Branch<'d> for Plain {
    fn member(&self, _: &str, _: &World) -> Found<'d> {
        Found::Nothing
    }

    fn value(&self) -> Option<&Value> {
        Some(&self.0)
    }
}

fn truth(document: &str, clause: &str) -> Certainty {
    let (_, value) = parsed("document.yaml", document);
    let (clauses, mistakes) = clause::check(&Value::text(clause, Span::NONE));
    assert!(mistakes.is_empty(), "{clause}: {mistakes:?}");
    let case = Case {
        root: Node::root(Rc::new(Plain(value)), 0, Span::NONE),
        world: &World::new(),
    };
    case.holds(&clauses[0])
}

use Certainty::{No, Unsure, Yes};

/// "Checked by the prototype", row by row.
#[test]
fn quantifiers_select_as_the_language_says() {
    let documents = [
        "G: [a]",
        "G: [b]",
        "G: []",
        "X: 1",
        "G: [!Unknown u]",
        "G: [a, !Unknown u]",
        "G: [b, !Unknown u]",
        "G: !Unknown u",
        "G: !More [b]",
    ];
    for (clause, expected) in [
        (
            "$.G[*] == \"a\"",
            [Yes, No, Yes, Yes, Unsure, Unsure, No, Unsure, No],
        ),
        (
            "some $.G[*] == \"a\"",
            [Yes, No, No, No, Unsure, Yes, Unsure, Unsure, Unsure],
        ),
        (
            "no $.G[*] == \"a\"",
            [No, Yes, Yes, Yes, Unsure, No, Unsure, Unsure, Unsure],
        ),
        (
            "count $.G[*] >= 2",
            [No, No, No, No, No, Unsure, Unsure, Unsure, Unsure],
        ),
        (
            "count $.G[*] < 2",
            [Yes, Yes, Yes, Yes, Yes, Unsure, Unsure, Unsure, Unsure],
        ),
        (
            "count $.G[*] == 0",
            [No, No, Yes, Yes, Unsure, No, No, Unsure, No],
        ),
        ("some $.G", [Yes, Yes, Yes, No, Yes, Yes, Yes, Unsure, Yes]),
        ("no $.G", [No, No, No, Yes, No, No, No, Unsure, No]),
    ] {
        for (document, expected) in documents.iter().zip(expected) {
            assert_eq!(truth(document, clause), expected, "{document}: {clause}");
        }
    }
}

#[test]
fn selecting_and_tails() {
    for (document, clause, expected) in [
        // What is missing at the end of a tail is compared as missing.
        ("L: [{ Y: 1 }, {}]", "$.L[*].Y == 1", No),
        ("L: [{ Y: 1 }, {}]", "$.L[*].Y != 2", Yes),
        ("L: [{ Y: 1 }, {}]", "some $.L[*].Y == 1", Yes),
        (
            "L: [{ S: a, Y: 1 }, { S: b }]",
            "$.L[?@.S == 'a'].Y == 1",
            Yes,
        ),
        ("L: [{ S: a }, { S: b }]", "$.L[?@.S == 'a'].Y == 1", No),
        // A filter that cannot be decided makes its node possible.
        ("L: [{ S: !Unknown u }]", "$.L[?@.S == 'a'].Y == 1", Unsure),
        (
            "L: [{ S: !Unknown u, Y: 1 }]",
            "$.L[?@.S == 'a'].Y == 1",
            Yes,
        ),
        (
            "L: [{ S: !Unknown u, Y: 2 }]",
            "no $.L[?@.S == 'a'].Y == 2",
            Unsure,
        ),
        ("L: [{ S: !Unknown u }]", "some $.L[?@.S == 'a']", Unsure),
        ("L: !Unknown u", "$.L[0].Y == 1", Unsure),
        ("L: !More [{ Y: 1 }]", "$.L[1].Y == 1", Unsure),
        ("L: [1]", "$.L[1] == 1", No),
        // Exceptions and alternatives.
        ("A: 1", "$.B == 1 or $.A == 1", Yes),
        ("A: 1", "$.B == 1 unless some $.A", Yes),
        ("A: !Unknown u", "$.B == 1 unless $.A == 1", Unsure),
        ("A: 1", "$.A == $.B", No),
        ("A: 1", "$.A != $.B", Yes),
        ("{ A: 1, B: [1, 2] }", "$.A in $.B", Yes),
        ("{ A: !Unknown u, B: [] }", "$.A in $.B", No),
        ("{ A: 1, B: !Unknown u }", "$.A in $.B", Unsure),
        ("{ L: [1, 2], N: 2 }", "count $.L[*] >= $.N", Yes),
        ("{ A: x, B: !If [C, x, y] }", "$.A == $.B", Unsure),
        ("A: !If [C, x, x]", "$.A == \"x\"", Yes),
        ("A: !If [C, { B: 1 }, {}]", "$.A.B == 1", Unsure),
        ("A: !If [C, { B: 1 }, {}]", "$.A.B != 2", Yes),
    ] {
        assert_eq!(truth(document, clause), expected, "{document}: {clause}");
    }
}

struct NoFacts;

impl Derive for NoFacts {
    fn fact(&self, _: &Model, _: ResourceId, _: &str, _: &World) -> Option<Value> {
        None
    }

    fn is_group(&self, _: &str) -> bool {
        false
    }
}

/// A model of resources written as a map of address to `Kind`, `Properties`, `Condition`, `Links`.
fn model(text: &str) -> (Arc<SourceFile>, Model) {
    let (file, value) = parsed("estate.yaml", text);
    let written: Vec<(Arc<str>, Span, Value)> = value
        .as_object()
        .expect("a map")
        .members()
        .iter()
        .map(|(name, member)| (name.clone(), member.key, member.value.clone()))
        .collect();
    let number = |address: &str| {
        let at = written.iter().position(|(name, ..)| &**name == address);
        ResourceId(at.expect(address) as u32)
    };
    let resources = written
        .iter()
        .enumerate()
        .map(|(index, (address, header, value))| {
            let links = value
                .member("Links")
                .map_or_else(Default::default, |links| {
                    links
                        .entries()
                        .map(|(name, targets)| {
                            let targets = targets.elements().map(|target| Link {
                                target: LinkTarget::Resource(number(
                                    target.as_str().expect("an address"),
                                )),
                                via: target.clone(),
                                guard: Guard::Always,
                                is_possible: false,
                            });
                            let links = Links {
                                targets: targets.collect(),
                                more: None,
                            };
                            (name.clone(), links)
                        })
                        .collect()
                });
            let kind: Arc<str> = match value.member("Kind") {
                Some(kind) => kind.as_str().expect("a word").into(),
                None => "Thing".into(),
            };
            Resource {
                id: ResourceId(index as u32),
                address: address.clone(),
                kind: kind.clone(),
                native_kind: kind,
                language: Language::CloudFormation,
                module: "".into(),
                properties: value
                    .member("Properties")
                    .unwrap_or_else(|| Value::object(Default::default(), *header)),
                native: Value::null(*header),
                header: *header,
                block: header.to(value.span()),
                exists: value.member("Condition").map_or(Guard::Always, |name| {
                    condition(name.as_str().expect("a name"))
                }),
                is_symbolic: false,
                links,
            }
        })
        .collect();
    let model = Model::new(
        Language::CloudFormation,
        "estate.yaml".into(),
        Arc::new(Vocabulary::default()),
        Vec::new(),
        resources,
    );
    (file, model)
}

/// Rules of one pack, by name and body; what every rule needs is added.
fn rules(bodies: &[(&str, &str)]) -> (RuleSet, Vec<Diagnostic>) {
    let sources = SourceMap::new();
    let files: Vec<_> = bodies
        .iter()
        .map(|(name, body)| {
            let mut text = String::new();
            for (key, line) in [
                ("title", "title: It is wrong"),
                ("severity", "severity: high"),
                ("applies_to", "applies_to: [Thing]"),
                ("why", "why: Because"),
                ("remedy", "remedy: Mend it"),
            ] {
                if !body.lines().any(|own| own.starts_with(&format!("{key}:"))) {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            sources.add(&format!("pack/{name}.yaml"), &format!("{text}{body}"))
        })
        .collect();
    RuleSet::read(&files, &Vocabulary::default())
}

/// Outcomes as `severity message @ text of the place [condition]`, with `?` in front if unsure.
fn outcomes(bodies: &[(&str, &str)], estate: &str) -> Vec<String> {
    let (rules, mistakes) = rules(bodies);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let (file, model) = model(estate);
    let mut shown: Vec<String> = check(&model, || NoFacts, &rules)
        .iter()
        .map(|outcome| {
            let line = file.line(outcome.offender.place.start);
            let unsure = match outcome.verdict {
                Verdict::Unsure => "?",
                Verdict::Fail => "",
            };
            let condition = match &outcome.condition {
                Some(condition) if condition.is_default_case => format!(" [{}]", condition.text),
                Some(condition) => format!(" [not by default: {}]", condition.text),
                None => String::new(),
            };
            format!(
                "{unsure}{} {} @{line} {}{condition}",
                outcome.severity, outcome.message, outcome.offender.path
            )
        })
        .collect();
    shown.sort();
    shown
}

fn check_one(check: &str, estate: &str, expected: &[&str]) {
    let indented: String = check.lines().map(|line| format!("  {line}\n")).collect();
    let body = format!("check: |\n{indented}");
    assert_eq!(
        outcomes(&[("a-rule", &body)], estate),
        expected,
        "{check}\n{estate}"
    );
}

#[test]
fn offenders_are_placed_at_what_is_written() {
    let thing = |properties: &str| {
        format!(
            "A:\n  Properties:\n    {}\n",
            properties.replace('\n', "\n    ")
        )
    };
    for (check, properties, expected) in [
        // A value, where it is written.
        (
            "$.X == true << {path} is {value} >>",
            "Y: 1\nX: false",
            &["high X is false @4 X"][..],
        ),
        // Missing: the nearest thing around it.
        ("$.X == true << {value} >>", "Y: 1", &["high not set @1 X"]),
        (
            "$.B.X == true << {value} >>",
            "B:\n  Y: 1",
            &["high not set @3 B.X"],
        ),
        // Supplied by AWS: the nearest thing around it.
        (
            "$.B.X != 1 << {value} >>",
            "B:\n  X: {Fn::Default: 1}",
            &["high 1 (default) @3 B.X"],
        ),
        // Every bad element of a list; for `no` the element, else the end of the tail.
        (
            "$.L[*] not in [\"a\"] << {value} >>",
            "L:\n  - a\n  - b\n  - a",
            &["high a @4 L[0]", "high a @6 L[2]"],
        ),
        (
            "no $.L[?@.X == 1] << {value.N} >>",
            "L:\n  - { N: n, X: 1 }",
            &["high n @4 L[0]"],
        ),
        (
            "$.L[*].X != 1 << {parent.N} >>",
            "L:\n  - N: n\n    X: 1",
            &["high n @5 L[0].X"],
        ),
        // `some`: the container, or the one value that was expected.
        (
            "some $.L[*] == 1 << {value} >>",
            "L: [2, 3]",
            &["high 2, 3 @3 L"],
        ),
        (
            "some $.L[*] == 1 << {value} >>",
            "K: 1",
            &["high not set @1 L"],
        ),
        (
            "some $.L[?@.N == 'n'].V == 1 << {value} >>",
            "L:\n  - N: m\n    V: 7\n  - N: n\n    V: 2",
            &["high 2 @7 L[1].V"],
        ),
        (
            "count $.L[*] >= 2 << {value} >>",
            "L:\n  - 1",
            &["high 1 @3 L"],
        ),
        // What is unknown stops the search.
        (
            "some $.B.L[*] == 1",
            "B: !Unknown u",
            &["?high It is wrong @3 B.L"],
        ),
        (
            "$.L[*] == 1",
            "L:\n  - 1\n  - !Unknown u",
            &["?high It is wrong @5 L[1]"],
        ),
        ("$.L[*] == 1", "L: !More [1]", &["?high It is wrong @3 L"]),
        // Alternatives: the first that is written; exceptions never.
        (
            "$.X == 1 or $.Y == 1 << {path} >>",
            "Y: 2",
            &["high Y @3 Y"],
        ),
        (
            "$.X == 1 or $.Y == 1 << {path} >>",
            "Y: 2\nX: 2",
            &["high X @4 X"],
        ),
        (
            "$.X == 1 unless $.Y == 1 << {path} >>",
            "Y: 2",
            &["high X @1 X"],
        ),
        (
            "$.X == 1 << {resource} {owner} {$.Y} {$.Z} {{}} >>",
            "Y: 2",
            &["high A A 2 not set {} @1 X"],
        ),
    ] {
        check_one(check, &thing(properties), expected);
    }
}

#[test]
fn a_rule_speaks_once_for_each_place() {
    // The ladder: the first clause that fails decides; what is above or below it is silent.
    check_one(
        "$.X != 1\n  unless some $.Y\ncritical << worst >>\n\n$.X != 1\nlow << bad >>",
        "A:\n  Properties:\n    X: 1\nB:\n  Properties:\n    X: 1\n    Y: 2\n",
        &["critical worst @3 X", "low bad @6 X"],
    );
    check_one(
        "$.B.X == 1 << inner >>\n\nno $.B << outer >>",
        "A:\n  Properties:\n    B: { X: 2 }\n",
        &["high inner @3 B.X"],
    );
    // A finding beats what is unsure, though that clause comes first.
    check_one(
        "$.X != 1 unless $.Y == 2\n<< first >>\n\n$.X != 1\nlow << second >>",
        "A:\n  Properties:\n    X: 1\n    Y: !Unknown u\n",
        &["low second @3 X"],
    );
    // Two things missing in one place are one finding.
    check_one(
        "some $.X << x >>\n\nsome $.Y << y >>",
        "A: {}\n",
        &["high x @1 X"],
    );
    check_one(
        "$.B.X == 1 << x >>\n\n$.C.X == 1 << c >>",
        "A:\n  Properties:\n    B: { X: 2 }\n    C: { X: 2 }\n",
        &["high c @4 C.X", "high x @3 B.X"],
    );
}

#[test]
fn other_rules_are_yielded_to_by_place() {
    let first = ("first", "check: |\n  $.B.X == 1 << first >>\n");
    let second = (
        "second",
        "yields_to: [first]\ncheck: |\n  $.B.Y == 1 << y >>\n\n  no $.B << b >>\n\n  $.C == 1 << c >>\n",
    );
    let estate = "A:\n  Properties:\n    B: { X: 2, Y: 2 }\n    C: 2\n";
    assert_eq!(
        outcomes(&[first, second], estate),
        ["high c @4 C", "high first @3 B.X", "high y @3 B.Y"]
    );
    let passing = "A:\n  Properties:\n    B: { X: 1, Y: 1 }\n    C: 1\n";
    assert_eq!(outcomes(&[first, second], passing), ["high b @3 B"]);
}

#[test]
fn conditions_make_worlds() {
    let thing = |properties: &str| {
        format!(
            "A:\n  Properties:\n    {}\n",
            properties.replace('\n', "\n    ")
        )
    };
    let open = "$.Cidrs[*] != \"world\"\n  or $.Public == false\n<< open >>";
    for (check, properties, expected) in [
        // Correlation is exact.
        (
            open,
            "Public: !If [C, true, false]\nCidrs: !If [C, [office], [world]]",
            &[][..],
        ),
        (
            open,
            "Public: !If [C, true, false]\nCidrs: !If [C, [world], [office]]",
            &["high open @4 Cidrs[0] [C is true]"],
        ),
        // A finding that holds by default is a plain one that names its condition.
        (
            "$.X == true << x >>",
            "X: !If [Prod, true, false]",
            &["high x @3 X [Prod is false]"],
        ),
        (
            "$.X == true << x >>",
            "X: !If [Prod, false, true]",
            &["high x @3 X [not by default: Prod is true (by default it is false)]"],
        ),
        // Wrong either way: each arm is a place of its own.
        (
            "$.X == true << x >>",
            "X: !If [C, false, 1]",
            &["high x @3 X [C is false]", "high x @3 X [C is true]"],
        ),
        // Wrong at one place whatever the condition.
        (
            "$.X == $.Y << x >>",
            "X: 3\nY: !If [C, 1, 2]",
            &["high x @3 X"],
        ),
        // Conditions that do not matter are not named.
        (
            "$.X == true unless $.Y == 1\n<< x >>",
            "Y: !If [D, 2, 3]\nX: !If [C, true, false]",
            &["high x @4 X [C is false]"],
        ),
        (
            "$.X == true unless $.Y == 1\n<< x >>",
            "Y: !If [D, 1, 3]\nX: !If [C, true, false]",
            &["high x @4 X [C is false and D is false]"],
        ),
        // What is unknown beside a condition.
        (
            "$.X == true << x >>",
            "X: !If [C, true, !Unknown u]",
            &["?high x @3 X [C is false]"],
        ),
        // An element that is there only under a condition.
        (
            "no $.L[?@.P == 22] << ssh >>",
            "L:\n  - P: 80\n  - !If [C, { P: 22 }, { P: 81 }]",
            &["high ssh @5 L[1] [C is true]"],
        ),
    ] {
        check_one(check, &thing(properties), expected);
    }
}

#[test]
fn more_conditions_than_are_told_apart_are_unsure() {
    let many: String = (0..10)
        .map(|n| format!("    - !If [C{n}, 1, 2]\n"))
        .collect();
    let estate = format!("A:\n  Properties:\n    L:\n{many}");
    let found = outcomes(
        &[("a-rule", "check: |\n  some $.L[*] == 1 << none >>\n")],
        &estate,
    );
    // In the worlds that were looked at some element is 1, but in the last.
    assert!(!found.is_empty());
    assert!(
        found
            .iter()
            .all(|outcome| outcome.starts_with("?high none")),
        "{found:?}"
    );
}

#[test]
fn conditional_resources_are_asked_where_they_exist() {
    let rule = "$.X == true << x >>";
    check_one(
        rule,
        "A:\n  Condition: Prod\n  Properties: { X: false }\n",
        &["high x @3 X [not by default: Prod is true (by default it is false)]"],
    );
    check_one(
        rule,
        "A:\n  Condition: Prod\n  Properties:\n    X: !If [Prod, true, false]\n",
        &[],
    );
    check_one(
        rule,
        "A:\n  Condition: \"!Prod\"\n  Properties:\n    X: !If [Prod, true, false]\n",
        &["high x @4 X [Prod is false]"],
    );
    check_one(
        rule,
        "A:\n  Condition: C\n  Properties:\n    X: !If [D, true, false]\n",
        &["high x @4 X [C is true and D is false]"],
    );
}

#[test]
fn links_lead_to_other_resources() {
    let estate = "A:\n  Links: { parts: [B, C] }\nB:\n  Kind: Part\n  Properties: { X: 2 }\nC:\n  Kind: Part\n  Condition: Prod\n  Properties: { X: 1 }\n";
    check_one(
        "$.links.parts[*].X == 1 << {owner} of {resource} >>",
        estate,
        &["high B of A @5 X"],
    );
    check_one(
        "no $.links.parts[?@.X == 2] << {value} is {value.X} >>",
        estate,
        &["high B is 2 @3 "],
    );
    check_one(
        "some $.links.parts[?@.X == 1] << none >>",
        estate,
        &["high none @1 links.parts [Prod is false]"],
    );
    check_one(
        "count $.links.parts[*] >= 3 << few >>",
        estate,
        &["high few @1 links.parts"],
    );
}

#[test]
fn rules_apply_when_everything_in_when_holds() {
    let body = "when: |\n  $.Z == 1\n  some $.Y or $.W == 2\ncheck: |\n  $.X == 1 << x >>\n";
    for (properties, expected) in [
        ("{ Z: 1, Y: 1 }", &["high x @1 X"][..]),
        ("{ Z: 1 }", &[]),
        ("{ Z: 2, Y: 1 }", &[]),
        ("{ Z: 1, W: 2, X: 1 }", &[]),
        ("{ Z: !Unknown u, W: 2 }", &["?high x @1 X"]),
    ] {
        let estate = format!("A:\n  Properties: {properties}\n");
        assert_eq!(
            outcomes(&[("a-rule", body)], &estate),
            expected,
            "{properties}"
        );
    }
}

#[test]
fn unsure_outcomes_say_why() {
    let (rules, _) = rules(&[("a-rule", "check: |\n  $.X == 1\n")]);
    let (_, model) = model("A:\n  Properties: { X: !Unknown u }\n");
    let outcomes = check(&model, || NoFacts, &rules);
    assert_eq!(outcomes[0].reasons, ["`var.x` has no value"]);
    assert_eq!(outcomes[0].offender.class, "unknown");
}

#[test]
fn elements_keep_their_identity_when_they_move() {
    let (rules, _) = rules(&[("a-rule", "check: |\n  $.L[*].X == 1\n\n  $.M[*] != \"b\"\n")]);
    for estate in [
        "A:\n  Properties:\n    L: [{ Name: n, X: 2 }]\n    M: [b]\n",
        "A:\n  Properties:\n    L: [{ Name: m, X: 1 }, { Name: n, X: 2 }]\n    M: [a, b]\n",
    ] {
        let (_, model) = model(estate);
        let outcomes = check(&model, || NoFacts, &rules);
        let paths: Vec<&str> = outcomes
            .iter()
            .map(|o| o.offender.stable_path.as_str())
            .collect();
        assert_eq!(paths, ["L[Name=n].X", "M[b]"]);
    }
}

#[test]
fn settings_change_options_severities_and_what_runs() {
    let body = "options:\n  bad: { type: list, default: [a] }\ncheck: |\n  $.X not in $.options.bad << bad >>\n";
    let (_, model) = model("A:\n  Properties: { X: b }\nB:\n  Properties: { X: a }\n");
    let count = |rules: &RuleSet| check(&model, || NoFacts, rules).len();
    let list = |text: &str| Value::list(vec![Value::text(text, Span::NONE)], Span::NONE);
    let (mut set, mistakes) = rules(&[("a-rule", body)]);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert_eq!(count(&set), 1);
    set.set_option(None, "bad", true, list("b"));
    assert_eq!(count(&set), 2);
    set.set_option(Some("a-rule"), "bad", false, list("z"));
    assert_eq!(count(&set), 0);
    set.set_option(Some("a-rule"), "bad", false, list("a"));
    assert!(set.set_severity("a-rule", Severity::Low));
    assert_eq!(check(&model, || NoFacts, &set)[0].severity, Severity::Low);
    assert!(set.enable("a-rule", false));
    assert_eq!(count(&set), 0);
    assert!(!set.enable("no-rule", false));
}

#[test]
fn mistakes_in_envelopes_are_said() {
    for (name, body, code) in [
        ("a-rule", "chek: |\n  some $.X\n", "V36"),
        ("a_rule", "check: |\n  some $.X\n", "V37"),
        ("a-rule", "severity: bad\ncheck: |\n  some $.X\n", "V38"),
        (
            "a-rule",
            "options:\n  n: { type: int, default: x }\ncheck: |\n  $.X == $.options.n\n",
            "V25",
        ),
        ("a-rule", "why: 1\ncheck: |\n  some $.X\n", "syntax"),
        ("a-rule", "links: [here]\ncheck: |\n  some $.X\n", "syntax"),
        (
            "a-rule",
            "fix: { safety: perhaps, edit: \"remove @\" }\ncheck: |\n  some $.X\n",
            "syntax",
        ),
    ] {
        let (_, mistakes) = rules(&[(name, body)]);
        assert!(
            mistakes
                .iter()
                .any(|d| d.code == code && d.span.is_some() && d.hint.is_some()),
            "{body}: {mistakes:?}"
        );
    }
    // A rule that is not wholly understood is left out.
    let (set, _) = rules(&[("a-rule", "check: |\n  some $.X\n\n  $.Y\n")]);
    assert_eq!(set.names().count(), 0);
}

#[test]
fn the_built_in_index_agrees_with_the_files() {
    let sources = SourceMap::new();
    let indexed = RuleSet::builtin(&sources);
    let files: Vec<_> = builtin_files()
        .map(|(path, text)| sources.add(path, text))
        .collect();
    let (read, mistakes) = RuleSet::read(&files, &Vocabulary::builtin());
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert!(indexed.names().eq(read.names()));
    for (indexed, read) in indexed.infos().iter().zip(read.infos()) {
        assert_eq!(format!("{indexed:?}"), format!("{read:?}"));
    }
}

#[test]
fn what_is_not_known_to_be_there_is_not_named() {
    let check_one = |check: &str, estate: &str, expected: &str| {
        let body = format!("check: |\n  {check}\n");
        let (rules, mistakes) = rules(&[("a-rule", &body)]);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let (_, model) = model(estate);
        let messages: Vec<String> = super::check(&model, || NoFacts, &rules)
            .into_iter()
            .map(|outcome| outcome.message)
            .collect();
        assert_eq!(messages, [expected], "{check}");
    };
    let title = rules(&[("a-rule", "check: |\n  $.X == 1\n")])
        .0
        .named("a-rule")
        .expect("read")
        .info
        .title
        .clone();
    let no_list = "no $.L[?@.X == 1] << {value.N} of {resource} is wrong >>";
    check_one(
        no_list,
        "A:\n  Properties: { L: !Unknown u }\n",
        "var.x of A is wrong",
    );
    check_one(
        "no $.L[?@.X == 1] << {value.N} of {resource} is wrong >>",
        "A:\n  Properties: { L: [{ X: !Unknown u }] }\n",
        &format!("{title} (A)"),
    );
}

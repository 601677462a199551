//! The same template under many parameters: conditions and outputs as another implementation evaluates them.

use onus::cloudformation::load;
use onus::declared::Language;
use onus::project::{Given, Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Certainty, Data, Value, World};
use serde_json::{Value as Json, json};

const RECORDED: &str = include_str!("recorded/cloudformation.json");

fn as_json(value: &Value) -> Json {
    match &value.data {
        Data::Null(_) => Json::Null,
        Data::Bool(truth) => json!(truth),
        Data::Number(number) => serde_json::from_str(&number.to_string()).expect("a number"),
        Data::Text(text) => json!(text.as_str().expect("a known string")),
        Data::List(list) => Json::Array(list.items().iter().map(as_json).collect()),
        Data::Object(object) => {
            let members = object.members().iter();
            let members = members.map(|(name, member)| (name.to_string(), as_json(&member.value)));
            Json::Object(members.collect())
        }
        Data::Unknown(unknown) => panic!("not known: {}", unknown.reason),
        Data::Choice(_) => panic!("not decided"),
    }
}

#[test]
fn given_parameters_decide_everything_as_recorded() {
    let recorded: Json = serde_json::from_str(RECORDED).expect("JSON");
    let lines = recorded["template"].as_array().expect("lines").iter();
    let lines: Vec<&str> = lines.filter_map(Json::as_str).collect();
    let files = MemoryFiles::new([("template.yaml", lines.join("\n").as_str())]);
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    let mut compared = 0;
    for case in recorded["cases"].as_array().expect("cases") {
        let parameters = case["parameters"].as_object().expect("names and texts");
        let text = |value: &Json| value.as_str().expect("a text").to_owned();
        let inputs = Inputs {
            given: parameters
                .iter()
                .map(|(name, value)| Given::Value(name.clone(), text(value)))
                .collect(),
            region: Some("us-east-1".to_owned()),
            ..Inputs::default()
        };
        let declared = load(&files, &SourceMap::new(), &stack, &inputs);
        assert_eq!(declared.diagnostics, []);
        for condition in &declared.conditions {
            let expected = case["conditions"][&*condition.name].as_bool();
            let truth = World::new().truth(&condition.guard);
            let truth = (truth != Certainty::Unsure).then(|| truth.is_yes());
            assert_eq!(truth, expected, "{} {parameters:?}", condition.name);
            compared += 1;
        }
        for output in &declared.outputs {
            let expected = &case["outputs"][&*output.name];
            assert_eq!(
                &as_json(&output.value),
                expected,
                "{} {parameters:?}",
                output.name
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 600);
}

#[test]
fn worlds_of_the_open_template_agree_with_what_is_recorded() {
    let recorded: Json = serde_json::from_str(RECORDED).expect("JSON");
    let lines = recorded["template"].as_array().expect("lines").iter();
    let lines: Vec<&str> = lines.filter_map(Json::as_str).collect();
    let files = MemoryFiles::new([("template.yaml", lines.join("\n").as_str())]);
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    // No parameter is given: every case is one world of the same evaluation.
    let inputs = Inputs {
        region: Some("us-east-1".to_owned()),
        ..Inputs::default()
    };
    let declared = load(&files, &SourceMap::new(), &stack, &inputs);
    let mut compared = 0;
    for case in recorded["cases"].as_array().expect("cases") {
        let parameters = &case["parameters"];
        if parameters["Zones"] != "a,b" {
            // No condition tells lists apart: the default stands for all.
            continue;
        }
        let mut atoms = Vec::new();
        for condition in &declared.conditions {
            condition.guard.atoms(&mut |atom| atoms.push(atom.clone()));
        }
        for output in &declared.outputs {
            output.value.atoms(&mut |atom| atoms.push(atom.clone()));
        }
        let mut world = World::new();
        for atom in atoms {
            if let (Some(value), Some(text)) = (
                parameters[&*atom.subject.name].as_str(),
                atom.equals.as_deref(),
            ) {
                world = world.with(&atom, value == text).expect("consistent");
            }
        }
        for condition in &declared.conditions {
            let expected = case["conditions"][&*condition.name].as_bool();
            let truth = world.truth(&condition.guard);
            // Lists are asked for by questions of their own.
            if truth != Certainty::Unsure {
                assert_eq!(
                    Some(truth.is_yes()),
                    expected,
                    "{} {parameters}",
                    condition.name
                );
                compared += 1;
            }
        }
        for output in &declared.outputs {
            let value = output.value.in_world(&world);
            if value.is_wholly_known() && !value.has_choices() {
                let expected = &case["outputs"][&*output.name];
                let got = without_nulls(as_json(&value));
                assert_eq!(&got, expected, "{} {parameters}", output.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 250, "{compared}");
}

/// What a condition removes is null until its world is known.
fn without_nulls(value: Json) -> Json {
    match value {
        Json::Array(items) => {
            let items = items.into_iter().filter(|item| !item.is_null());
            Json::Array(items.map(without_nulls).collect())
        }
        Json::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(
                members
                    .map(|(name, value)| (name, without_nulls(value)))
                    .collect(),
            )
        }
        value => value,
    }
}

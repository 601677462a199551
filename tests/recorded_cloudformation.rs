//! Many templates under many parameters: conditions, outputs and properties as other implementations evaluate them.

use onus::cloudformation::load;
use onus::declared::{Declared, Language};
use onus::output::inspect;
use onus::project::{Given, Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Data, Value, World};
use serde_json::{Map, Value as Json, json};

const RECORDED: &str = include_str!("recorded/cloudformation.json");

/// What the oracle writes for a value that only a deployment knows.
const UNKNOWN: &str = "(only a deployment knows)";

struct Recorded {
    text: String,
    cases: Vec<Json>,
}

fn recorded() -> Vec<Recorded> {
    let recorded: Json = serde_json::from_str(RECORDED).expect("JSON");
    assert_eq!(recorded["region"], "us-east-1");
    let templates = recorded["templates"].as_array().expect("templates").iter();
    let read = |template: &Json| Recorded {
        text: template["template"].as_str().expect("a text").to_owned(),
        cases: template["cases"].as_array().expect("cases").clone(),
    };
    templates.map(read).collect()
}

fn evaluated(text: &str, given: Option<&Json>) -> (Declared, SourceMap) {
    let files = MemoryFiles::new([("template.yaml", text)]);
    let stack = Stack {
        language: Language::CloudFormation,
        path: "template.yaml".into(),
    };
    let given = given.and_then(Json::as_object).into_iter().flatten();
    let given = given.map(|(name, value)| {
        Given::Value(name.clone(), value.as_str().expect("a text").to_owned())
    });
    let inputs = Inputs {
        given: given.collect(),
        region: Some("us-east-1".to_owned()),
        ..Inputs::default()
    };
    let sources = SourceMap::new();
    let declared = load(&files, &sources, &stack, &inputs);
    (declared, sources)
}

/// A value with what is unknown put in, from the value and the mirror of what is unknown that `inspect` prints.
fn joined(value: Option<&Json>, unknown: Option<&Json>) -> Json {
    match (value, unknown) {
        (_, Some(Json::Bool(true))) => json!(UNKNOWN),
        (value, None | Some(Json::Bool(false) | Json::Null)) => value.cloned().unwrap_or_default(),
        (Some(Json::Object(members)), Some(Json::Object(mirror))) => {
            let names = members.keys().chain(mirror.keys());
            let member = |name: &String| joined(members.get(name), mirror.get(name));
            names.map(|name| (name.clone(), member(name))).collect()
        }
        (Some(Json::Array(items)), Some(Json::Array(mirror))) => {
            let pairs = items.iter().zip(mirror);
            pairs
                .map(|(item, mirror)| joined(Some(item), Some(mirror)))
                .collect()
        }
        (value, mirror) => panic!("{value:?} has the mirror {mirror:?}"),
    }
}

fn has_unknown(value: &Json) -> bool {
    match value {
        Json::Object(members) => members.values().any(has_unknown),
        Json::Array(items) => items.iter().any(has_unknown),
        value => value == UNKNOWN,
    }
}

/// Whether values agree. How much of a value is unknown may be said with more or less detail.
fn agree(expected: &Json, got: &Json) -> bool {
    match (expected, got) {
        (Json::Object(expected), Json::Object(got)) => {
            expected.len() == got.len()
                && expected
                    .iter()
                    .all(|(name, value)| got.get(name).is_some_and(|other| agree(value, other)))
        }
        (Json::Array(expected), Json::Array(got)) if expected.len() == got.len() => expected
            .iter()
            .zip(got)
            .all(|(value, other)| agree(value, other)),
        _ => {
            expected == got
                || (expected == UNKNOWN && has_unknown(got))
                || (got == UNKNOWN && has_unknown(expected))
        }
    }
}

/// What `inspect` prints, in the form of what is recorded.
fn inspected(declared: &Declared, sources: &SourceMap) -> Json {
    let mut out = Vec::new();
    inspect::write(declared, sources, inspect::Options::default(), &mut out).expect("memory");
    let document: Json = serde_json::from_slice(&out).expect("JSON");
    let mut conditions = document["conditions"].clone();
    for truth in conditions.as_object_mut().expect("conditions").values_mut() {
        if truth.is_null() {
            *truth = json!(UNKNOWN);
        }
    }
    let mut outputs = Map::new();
    for (name, output) in document["outputs"].as_object().expect("outputs") {
        let value = joined(output.get("value"), output.get("unknown"));
        match output["exists"].as_bool() {
            Some(true) => outputs.insert(name.clone(), value),
            Some(false) => None,
            None => outputs.insert(name.clone(), json!(UNKNOWN)),
        };
    }
    let mut resources = Map::new();
    for resource in document["resources"].as_array().expect("resources") {
        let name = resource["address"].as_str().expect("a text").to_owned();
        let value = match resource["exists"].as_bool() {
            Some(true) => joined(resource.get("values"), resource.get("unknown")),
            Some(false) => Json::Null,
            None => json!(UNKNOWN),
        };
        resources.insert(name, value);
    }
    json!({"conditions": conditions, "outputs": outputs, "resources": resources})
}

#[test]
fn given_parameters_decide_everything_as_recorded() {
    let (mut templates, mut pairs) = (0, 0);
    for recorded in recorded() {
        templates += 1;
        for case in &recorded.cases {
            let (declared, sources) = evaluated(&recorded.text, Some(&case["parameters"]));
            assert_eq!(declared.diagnostics, [], "{}", recorded.text);
            let got = inspected(&declared, &sources);
            for part in ["conditions", "outputs", "resources"] {
                let (expected, got) = (&case[part], &got[part]);
                let (parameters, text) = (&case["parameters"], &recorded.text);
                assert!(
                    agree(expected, got),
                    "{parameters}: {part} are {got}, not {expected}, in\n{text}"
                );
            }
            pairs += 1;
        }
    }
    assert!(templates >= 100 && pairs >= 200, "{templates}, {pairs}");
}

/// A known value; what a condition removes is null in it.
fn as_json(value: &Value) -> Json {
    match &value.data {
        Data::Bool(truth) => json!(truth),
        Data::Number(number) => serde_json::from_str(&number.to_string()).expect("a number"),
        Data::Text(text) => json!(text.as_str().unwrap_or(UNKNOWN)),
        Data::List(list) if list.more().is_none() => {
            let items = list.items().iter().filter(|item| !item.is_null());
            Json::Array(items.map(as_json).collect())
        }
        Data::Object(object) if object.more().is_none() => {
            let members = object.members().iter();
            let members = members.filter(|(_, member)| !member.value.is_null());
            let members = members.map(|(name, member)| (name.to_string(), as_json(&member.value)));
            Json::Object(members.collect())
        }
        Data::Null(_) => Json::Null,
        _ => json!(UNKNOWN),
    }
}

#[test]
fn worlds_of_the_open_template_agree_with_what_is_recorded() {
    let (mut decided, mut undecided) = (0, 0);
    for recorded in recorded() {
        // No parameter is given: every case is one world of the same evaluation.
        let (declared, _) = evaluated(&recorded.text, None);
        let mut atoms = Vec::new();
        let mut note = |atom: &onus::value::Atom| atoms.push(atom.clone());
        for condition in &declared.conditions {
            condition.guard.atoms(&mut note);
        }
        for output in &declared.outputs {
            output.value.atoms(&mut note);
        }
        for resource in &declared.resources {
            resource.body.atoms(&mut note);
        }
        let mut compare = |expected: &Json, got: &Json, about: &str| {
            if has_unknown(got) {
                undecided += 1;
            } else {
                assert!(agree(expected, got), "{about}: {got}, not {expected}");
                decided += 1;
            }
        };
        for case in &recorded.cases {
            let parameters = &case["parameters"];
            let about = |name: &str| format!("{name} {parameters} in\n{}", recorded.text);
            let mut world = World::new();
            for atom in &atoms {
                if let (Some(value), Some(text)) = (
                    parameters[&*atom.subject.name].as_str(),
                    atom.equals.as_deref(),
                ) {
                    // Elements of lists are trimmed.
                    let truth = value.replace(", ", ",") == text;
                    let chosen = world.with(atom, truth);
                    world = chosen.unwrap_or_else(|| panic!("{atom}: {}", about("world")));
                }
            }
            for condition in &declared.conditions {
                let truth = world.truth(&condition.guard);
                let got = match truth.is_unsure() {
                    true => json!(UNKNOWN),
                    false => json!(truth.is_yes()),
                };
                let expected = &case["conditions"][&*condition.name];
                compare(expected, &got, &about(&condition.name));
            }
            // A parameter that conditions do not tell apart has its default.
            let is_told_apart = |name: &String, value: &Json| {
                let given = value.as_str().unwrap_or_default();
                let own = atoms.iter().filter(|atom| *atom.subject.name == **name);
                own.into_iter()
                    .any(|atom| atom.equals.as_deref() == Some(given))
                    || declared.inputs.iter().any(|input| {
                        *input.name == **name
                            && input.value.as_str().is_some_and(|text| text == given)
                    })
            };
            let parameters = parameters.as_object().expect("parameters");
            if !parameters
                .iter()
                .all(|(name, value)| is_told_apart(name, value))
            {
                continue;
            }
            for output in &declared.outputs {
                if world.truth(&output.exists).is_yes() {
                    let got = as_json(&output.value.in_world(&world));
                    let expected = &case["outputs"][&*output.name];
                    compare(expected, &got, &about(&output.name));
                }
            }
            for resource in &declared.resources {
                if world.truth(&resource.exists).is_yes() {
                    let got = as_json(&resource.body.in_world(&world));
                    let expected = &case["resources"][&*resource.address];
                    compare(expected, &got, &about(&resource.address));
                }
            }
        }
    }
    assert!(decided > 500, "{decided} decided, {undecided} not");
    eprintln!("{decided} decided, {undecided} not");
}

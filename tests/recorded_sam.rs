//! Serverless templates as AWS's own translator expands them: what it makes, evaluated, is what the serverless templates
//! themselves evaluate to.
//!
//! `tests/oracle/sam/record.py` records. `ONUS_SAM_RECORDED=<file>` compares with another recording and prints every
//! difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use onus::cloudformation::load;
use onus::declared::Language;
use onus::project::{Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Data, Segment, Text, Unknown, Value};
use serde_json::{Value as Json, json};

const RECORDED: &str = include_str!("recorded/sam.json");

fn hole(unknown: &Unknown) -> String {
    match &unknown.reference {
        Some(reference) => format!("${{{}.{}}}", reference.address, reference.attribute),
        None => format!("${{{}}}", unknown.reason),
    }
}

fn text(text: &Text) -> String {
    let mut out = String::new();
    for segment in text.segments().iter() {
        match segment {
            Segment::Literal(text) => out.push_str(text),
            Segment::Hole(unknown) => out.push_str(&hole(unknown)),
        }
    }
    out
}

/// A value with what is not known in words.
fn rendered(value: &Value) -> Json {
    match &value.data {
        Data::Null(_) => Json::Null,
        Data::Bool(truth) => json!(truth),
        Data::Number(number) => serde_json::from_str(&number.to_string()).expect("a number"),
        Data::Text(known) => json!(text(known)),
        Data::List(list) => Json::Array(list.items().iter().map(rendered).collect()),
        Data::Object(object) => {
            let members = object.members().iter();
            let members = members.map(|(name, member)| (name.to_string(), rendered(&member.value)));
            Json::Object(members.collect())
        }
        Data::Unknown(unknown) => json!(hole(unknown)),
        Data::Choice(alternatives) => {
            let parts = alternatives
                .iter()
                .map(|part| json!([part.guard.to_string(), rendered(&part.value)]));
            json!({ "choice": parts.collect::<Vec<Json>>() })
        }
    }
}

/// The resources of a template by address: type, existence and properties.
fn resources(name: &str, template: &str) -> BTreeMap<String, (String, String, Json)> {
    let files = MemoryFiles::new([(name, template)]);
    let stack = Stack {
        language: Language::CloudFormation,
        path: name.into(),
    };
    let inputs = Inputs {
        region: Some("us-east-1".to_owned()),
        ..Inputs::default()
    };
    let declared = load(&files, &SourceMap::new(), &stack, &inputs);
    declared
        .resources
        .iter()
        .map(|resource| {
            (
                resource.address.to_string(),
                (
                    resource.native_kind.to_string(),
                    resource.exists.to_string(),
                    rendered(&resource.body),
                ),
            )
        })
        .collect()
}

/// The leaves of a value by path.
fn leaves(path: &str, value: &Json, out: &mut BTreeMap<String, String>) {
    match value {
        Json::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                leaves(&format!("{path}/{name}"), value, out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                leaves(&format!("{path}/{index}"), value, out);
            }
        }
        leaf => {
            out.insert(path.to_owned(), leaf.to_string());
        }
    }
}

#[derive(Default)]
struct Count {
    ids: usize,
    right_ids: usize,
    leaves: usize,
    right_leaves: usize,
    differences: String,
}

fn compare(case: &Json, count: &mut Count) {
    let name = case["name"].as_str().expect("a name");
    let ours = resources(
        "template.yaml",
        case["template"].as_str().expect("a template"),
    );
    let theirs = resources("translated.json", &case["translated"].to_string());
    let mut say = |what: String| {
        writeln!(count.differences, "{name}: {what}").expect("memory");
    };
    for (id, (kind, exists, body)) in &theirs {
        count.ids += 1;
        let Some((our_kind, our_exists, our_body)) = ours.get(id) else {
            say(format!("missing {id} ({kind})"));
            continue;
        };
        if kind != our_kind || exists != our_exists {
            say(format!(
                "{id} is {our_kind} if {our_exists}, should be {kind} if {exists}"
            ));
            continue;
        }
        count.right_ids += 1;
        let (mut expected, mut got) = (BTreeMap::new(), BTreeMap::new());
        leaves("", body, &mut expected);
        leaves("", our_body, &mut got);
        for (path, value) in &expected {
            count.leaves += 1;
            match got.get(path) {
                Some(known) if known == value => count.right_leaves += 1,
                Some(known) => say(format!("{id}{path} ({kind}) is {known}, should be {value}")),
                None => say(format!("{id}{path} ({kind}) is missing, should be {value}")),
            }
        }
        for (path, value) in &got {
            if !expected.contains_key(path) {
                count.leaves += 1;
                say(format!("{id}{path} ({kind}) is {value}, should not be"));
            }
        }
    }
    for (id, (kind, ..)) in &ours {
        if !theirs.contains_key(id) {
            count.ids += 1;
            say(format!("extra {id} ({kind})"));
        }
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "differences from another recording are for people"
)]
fn serverless_templates_become_what_the_translator_makes_of_them() {
    let other = std::env::var("ONUS_SAM_RECORDED").ok();
    let recorded = match &other {
        Some(path) => std::fs::read_to_string(path).expect("a recording"),
        None => RECORDED.to_owned(),
    };
    let recorded: Json = serde_json::from_str(&recorded).expect("JSON");
    let mut count = Count::default();
    let mut wholly = 0;
    let cases = recorded["cases"].as_array().expect("cases");
    for case in cases {
        let before = count.differences.len();
        compare(case, &mut count);
        wholly += usize::from(count.differences.len() == before);
    }
    if other.is_some() {
        println!("{}", count.differences);
        println!(
            "{wholly} of {} templates wholly; ids {}/{}; leaves {}/{}",
            cases.len(),
            count.right_ids,
            count.ids,
            count.right_leaves,
            count.leaves
        );
        return;
    }
    assert!(cases.len() >= 60);
    assert_eq!(count.differences, "");
}

//! What Terraform made of recorded expressions and configurations: the recordings read, values written as they write
//! them.
//!
//! A value is JSON with the kind of its collections before them (`list[…]`, `set[…]`, `map{…}`; none for tuples and
//! objects); `unknown` stands for what is known after apply, `error` for what Terraform refuses.

#![allow(
    dead_code,
    reason = "each test program that includes this uses its own part of it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use onus::declared::{Declared, Language};
use onus::diagnostic::Level;
use onus::project::{Given, Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Data, ListKind, ObjectKind, Reason, Value};

/// Variables, resources and locals that the recorded expressions refer to.
pub const SURROUNDINGS: &str = include_str!("terraform/surroundings.tf");
/// Expressions, each with what it is worth.
pub const EXPRESSIONS: &str = include_str!("terraform/expressions.txt");
/// Configurations, each with the values of its outputs and its instances.
pub const CONFIGURATIONS: &str = include_str!("terraform/configurations.txt");
/// Arguments of `aws_iam_policy_document` and its `minified_json`, of version 5.100.0 of the AWS provider.
pub const POLICIES: &str = include_str!("terraform/policies.txt");

/// The folder of the recordings.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/terraform")
}

/// The files that recorded expressions read, by path.
pub fn files() -> Vec<(String, Vec<u8>)> {
    fn collect(folder: &Path, below: &Path, into: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).expect("a folder of recordings") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                collect(&path, below, into);
            } else {
                let name = path.strip_prefix(below).expect("below it");
                let name = name.to_string_lossy().into_owned();
                into.push((name, fs::read(&path).expect("a readable file")));
            }
        }
    }
    let mut all = Vec::new();
    let below = folder().join("files");
    collect(&below, &below, &mut all);
    all.sort();
    all
}

/// Evaluates a root module.
pub fn load(files: &MemoryFiles, inputs: &Inputs) -> Declared {
    let stack = Stack {
        language: Language::Terraform,
        path: ".".into(),
    };
    onus::terraform::load(files, &SourceMap::new(), &stack, inputs)
}

/// A value as the recordings have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Terraform refuses the expression.
    Error,
    /// Known after apply.
    Unknown,
    /// A scalar or null, as JSON.
    Scalar(String),
    /// Elements.
    List(Sequence, Vec<Worth>),
    /// Members; whether it is a map, where that is told.
    Object(Option<bool>, BTreeMap<String, Worth>),
}

/// Which sequence it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sequence {
    /// Elements of any types.
    Tuple,
    /// Elements of one type.
    List,
    /// Distinct elements.
    Set,
    /// A plan does not say the type of what is known in part.
    Untold,
}

impl Worth {
    /// A string.
    pub fn text(text: &str) -> Worth {
        Worth::Scalar(serde_json::Value::from(text).to_string())
    }

    /// What onus makes of a value.
    pub fn of(value: &Value) -> Worth {
        match &value.data {
            Data::Null(_) => Worth::Scalar("null".to_owned()),
            Data::Bool(truth) => Worth::Scalar(truth.to_string()),
            Data::Number(number) => Worth::Scalar(number.to_planned()),
            Data::Text(text) => text.as_str().map_or(Worth::Unknown, Worth::text),
            Data::List(list) if list.more().is_some() => Worth::Unknown,
            Data::List(list) => {
                let kind = match list.kind() {
                    ListKind::Tuple => Sequence::Tuple,
                    ListKind::List => Sequence::List,
                    ListKind::Set => Sequence::Set,
                };
                let elements = value.elements();
                Worth::List(kind, elements.map(|item| Worth::of(&item)).collect())
            }
            Data::Object(object) if object.more().is_some() => Worth::Unknown,
            Data::Object(object) => {
                let members = value.entries();
                Worth::Object(
                    Some(object.kind() == ObjectKind::Map),
                    members
                        .map(|(name, member)| (name.to_string(), Worth::of(&member)))
                        .collect(),
                )
            }
            Data::Unknown(unknown) if matches!(unknown.reason, Reason::Invalid(_)) => Worth::Error,
            Data::Unknown(_) | Data::Choice(_) => Worth::Unknown,
        }
    }

    /// Whether something in it is known after apply only.
    pub fn has_unknown(&self) -> bool {
        match self {
            Worth::Error | Worth::Scalar(_) => false,
            Worth::Unknown => true,
            Worth::List(_, items) => items.iter().any(Worth::has_unknown),
            Worth::Object(_, members) => members.values().any(Worth::has_unknown),
        }
    }

    /// Whether both are the same value: kinds count where both are told, the order of sets does not.
    pub fn is_same(&self, other: &Worth) -> bool {
        match (self, other) {
            (Worth::List(a, x), Worth::List(b, y)) => {
                let is_untold = [a, b].contains(&&Sequence::Untold);
                if x.len() != y.len() || !(a == b || is_untold) {
                    return false;
                }
                if x.iter().zip(y).all(|(x, y)| x.is_same(y)) {
                    return true;
                }
                let mut left: Vec<&Worth> = y.iter().collect();
                [a, b].contains(&&Sequence::Set)
                    && x.iter().all(|x| {
                        let found = left.iter().position(|y| x.is_same(y));
                        found.map(|at| left.swap_remove(at)).is_some()
                    })
            }
            (Worth::Object(a, x), Worth::Object(b, y)) => {
                let is_untold = a.is_none() || b.is_none();
                let mut pairs = x.iter().zip(y);
                (a == b || is_untold)
                    && x.len() == y.len()
                    && pairs.all(|((m, x), (n, y))| m == n && x.is_same(y))
            }
            _ => self == other,
        }
    }
}

impl fmt::Display for Worth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Worth::Error => f.write_str("error"),
            Worth::Unknown => f.write_str("unknown"),
            Worth::Scalar(text) => f.write_str(text),
            Worth::List(kind, items) => {
                f.write_str(match kind {
                    Sequence::Tuple | Sequence::Untold => "[",
                    Sequence::List => "list[",
                    Sequence::Set => "set[",
                })?;
                for (at, item) in items.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Worth::Object(is_map, members) => {
                f.write_str(if *is_map == Some(true) { "map{" } else { "{" })?;
                for (at, (name, member)) in members.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    let name = serde_json::Value::from(name.as_str());
                    write!(f, "{comma}{name}:{member}")?;
                }
                f.write_str("}")
            }
        }
    }
}

/// An output that may be sensitive.
pub fn output(name: &str, expression: &str) -> String {
    format!("output \"{name}\" {{\n  sensitive = true\n  value = {expression}\n}}\n")
}

/// What onus makes of one expression.
pub struct Evaluated {
    /// What it is worth.
    pub worth: Worth,
    /// What onus says where it finds a fault.
    pub said: Option<String>,
    /// Whether onus did not read a file because of where it is.
    pub reads_outside: bool,
}

/// Evaluates expressions among the surroundings and files, each in a file of its own.
pub fn evaluated(
    expressions: &[String],
    files: &[(String, Vec<u8>)],
    folder: Option<String>,
) -> Vec<Evaluated> {
    let mut all: Vec<Option<Evaluated>> = expressions.iter().map(|_| None).collect();
    // Where something cannot be read, onus does not say what is not declared: once more without it.
    for _ in 0..2 {
        let asked: Vec<usize> = match all.iter().flatten().count() {
            0 => (0..all.len()).collect(),
            _ => (0..all.len())
                .filter(|at| {
                    all[*at]
                        .as_ref()
                        .is_some_and(|one| one.worth != Worth::Error)
                })
                .collect(),
        };
        let mut memory = MemoryFiles::new([("main.tf", SURROUNDINGS)]);
        for (path, bytes) in files {
            memory.insert(path, bytes);
        }
        for number in &asked {
            let text = output(&format!("c{number}"), &expressions[*number]);
            memory.insert(&format!("c{number}.tf"), text.as_bytes());
        }
        let inputs = Inputs {
            working_folder: folder.clone(),
            as_planned: true,
            ..Inputs::default()
        };
        let sources = SourceMap::new();
        let stack = Stack {
            language: Language::Terraform,
            path: ".".into(),
        };
        let declared = onus::terraform::load(&memory, &sources, &stack, &inputs);
        let outputs: BTreeMap<&str, &Value> = declared
            .outputs
            .iter()
            .map(|output| (&*output.name, &output.value))
            .collect();
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        let mut outside: BTreeSet<String> = BTreeSet::new();
        for diagnostic in &declared.diagnostics {
            let Some(file) = diagnostic.span.and_then(|span| sources.get(span.source)) else {
                continue;
            };
            let path = file.path.to_string();
            if diagnostic.level == Level::Error {
                said.entry(path).or_insert(diagnostic.message.clone());
            } else if diagnostic.code == "unread_file" {
                outside.insert(path);
            }
        }
        for number in asked {
            let path = format!("c{number}.tf");
            let value = outputs.get(format!("c{number}").as_str());
            let said = said.get(&path).cloned();
            let worth = match value {
                Some(value) if said.is_none() => Worth::of(value),
                // What cannot be read has no output.
                _ => Worth::Error,
            };
            all[number] = Some(Evaluated {
                worth,
                said,
                reads_outside: outside.contains(&path),
            });
        }
    }
    all.into_iter().flatten().collect()
}

/// Texts on one line or several, each with its result behind `=> `.
pub fn recorded(text: &str) -> Vec<(String, &str)> {
    let mut cases: Vec<(String, &str)> = Vec::new();
    let mut subject = String::new();
    for line in text.lines() {
        match line.strip_prefix("=> ") {
            Some(expected) => cases.push((std::mem::take(&mut subject), expected)),
            None if subject.is_empty() => subject.push_str(line),
            None => {
                subject.push('\n');
                subject.push_str(line);
            }
        }
    }
    cases
}

/// A recorded configuration.
#[derive(Default)]
pub struct Configuration<'t> {
    /// Its name.
    pub name: &'t str,
    /// Its files by path.
    pub files: Vec<(&'t str, String)>,
    /// Variables given from outside.
    pub inputs: Inputs,
    /// `name = value` is an output, `+ address` a resource, `error` a configuration that Terraform refuses.
    pub expected: Vec<&'t str>,
}

/// All recorded configurations.
pub fn configurations() -> Vec<Configuration<'static>> {
    configurations_in(CONFIGURATIONS)
}

/// The configurations of a text.
pub fn configurations_in(text: &str) -> Vec<Configuration<'_>> {
    let mut all: Vec<Configuration<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            all.push(Configuration {
                name,
                files: vec![("main.tf", String::new())],
                ..Configuration::default()
            });
            continue;
        }
        let Some(current) = all.last_mut() else {
            continue;
        };
        let pair = |text: &str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.to_owned(), value.to_owned())
        };
        if let Some(path) = line.strip_prefix("--- ") {
            current.files.push((path, String::new()));
        } else if let Some(variable) = line.strip_prefix("+++ -var ") {
            let (name, text) = pair(variable);
            current.inputs.given.push(Given::Value(name, text));
        } else if let Some(file) = line.strip_prefix("+++ -var-file ") {
            current.inputs.given.push(Given::File(file.to_owned()));
        } else if let Some(variable) = line.strip_prefix("+++ -env ") {
            current.inputs.environment.push(pair(variable));
        } else if let Some(expected) = line.strip_prefix("=> ") {
            current.expected.push(expected);
        } else if let Some((_, text)) = current.files.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    all
}

/// What onus makes of a configuration as `inspect` looks at it, and what it refuses.
pub fn made_of(configuration: &Configuration<'_>) -> (Vec<String>, Vec<String>) {
    let files = configuration.files.iter();
    let files = MemoryFiles::new(files.map(|(path, text)| (*path, text.as_str())));
    let inputs = Inputs {
        as_planned: true,
        working_folder: Some("/where/it/is/run".to_owned()),
        ..configuration.inputs.clone()
    };
    let declared = load(&files, &inputs);
    let is_error = |diagnostic: &&onus::diagnostic::Diagnostic| diagnostic.level == Level::Error;
    let errors = declared.diagnostics.iter().filter(is_error);
    let errors: Vec<String> = errors.map(|error| error.message.clone()).collect();
    let found = match errors.is_empty() {
        true => found(&declared),
        false => vec!["error".to_owned()],
    };
    (found, errors)
}

/// What onus makes of a configuration, as the recordings have it and in their order.
pub fn found(declared: &Declared) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for output in &declared.outputs {
        found.push(format!("{} = {}", output.name, Worth::of(&output.value)));
    }
    for resource in &declared.resources {
        found.push(format!("+ {}", resource.address));
    }
    found.sort();
    found
}

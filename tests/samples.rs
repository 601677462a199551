//! The estates in `samples/`: each fault that a comment names is found there, in both languages, and what is done right
//! is left alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The day on which the samples are judged: calendars move on, the estates do not.
const TODAY: &str = "2026-11-25";

const SERVICES: [&str; 4] = ["eks", "ecs", "ec2", "elasticbeanstalk"];
const LANGUAGES: [&str; 2] = ["terraform", "cloudformation"];

/// Faults that no rule looks for yet; each that a rule finds is struck off here.
const AWAITED: &[&str] = &[
    "reads every secret and every object of the account.",
    "every pod that reaches the node's role can rewire the network.",
    "the password stands in the task definition, for everybody who may describe it.",
    "a password in user data can be read by whoever may describe the instance.",
    "a password as a default, not even marked as sensitive.",
    "a password as a default, not even NoEcho.",
    "the password of the database stands in the configuration of the environment.",
    "the password of the database stands in the state and in the configuration of the environment.",
    "a token that everybody reads who may describe the environment.",
    "a shell in every container for whoever may call ecs:ExecuteCommand.",
    "tasks of any account could be made to use this role (no condition on the source).",
    "a worker that hangs but answers pings is never replaced.",
    "one instance, so every fault of it is an outage.",
    "a deployment stops the whole site.",
    "one zone fails, the database fails.",
];

/// Scans an estate with every rule.
fn scan(estate: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_onus"))
        .args(["scan", &format!("samples/{estate}"), "-o", "json"])
        .args(["--profile", "all", "--report-level", "info"])
        .args(["--today", TODAY, "--exit-zero"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("TF_WORKSPACE")
        .output()
        .expect("onus runs");
    assert!(
        output.status.success(),
        "{estate}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("a JSON report")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn failures(report: &Value) -> impl Iterator<Item = &Value> {
    let findings = list(report, "findings").iter();
    findings.filter(|finding| text(finding, "verdict") == "fail")
}

/// File and first line of a place.
fn line_of(place: &Value) -> Option<(String, usize)> {
    let line = place["range"]["start"]["line"].as_u64()?;
    Some((text(place, "file").to_owned(), line as usize))
}

/// Every line that a finding points at: its own, those on its value's way, those that belong to it.
fn lines_of(finding: &Value) -> Vec<(String, usize)> {
    let around = ["trail", "related"].map(|key| list(finding, key).iter());
    let places = around.into_iter().flatten().map(|step| &step["place"]);
    let places = std::iter::once(&finding["place"]).chain(places);
    places.filter_map(line_of).collect()
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the samples") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// The lines that comments call faults: where the comment stands, the line that it is about, what it says.
fn faults(estate: &str) -> Vec<(String, usize, usize, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("samples").join(estate), &mut paths);
    paths.sort();
    let mut faults = Vec::new();
    for path in paths {
        let content = fs::read_to_string(&path).expect("a text");
        let name = path.strip_prefix(root).expect("below the root");
        let name = name.to_str().expect("a plain name").to_owned();
        let lines: Vec<&str> = content.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some((before, words)) = line.split_once("# Fault: ") else {
                continue;
            };
            let mut about = index;
            if before.trim().is_empty() {
                about += 1;
                while lines[about].trim_start().starts_with('#') {
                    about += 1;
                }
            }
            faults.push((name.clone(), index + 1, about + 1, words.to_owned()));
        }
    }
    faults
}

#[test]
fn every_fault_is_found_where_it_is() {
    let mut missed = Vec::new();
    for service in SERVICES {
        for language in LANGUAGES {
            let estate = format!("{service}/{language}/vulnerable");
            let report = scan(&estate);
            let found: BTreeSet<(String, usize)> = failures(&report).flat_map(lines_of).collect();
            let faults = faults(&estate);
            assert!(faults.len() >= 15, "{estate} has few faults");
            for (file, comment, about, words) in faults {
                // A list of options is one place for people and several lines for the parser.
                if !AWAITED.contains(&words.as_str())
                    && !(about..=about + 2).any(|line| found.contains(&(file.clone(), line)))
                {
                    missed.push(format!("{file}:{comment}: {words}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}

#[test]
fn what_is_done_right_is_left_alone() {
    let mut spoken = Vec::new();
    for service in SERVICES {
        for language in LANGUAGES {
            let report = scan(&format!("{service}/{language}/hardened"));
            for finding in failures(&report) {
                let (file, line) = line_of(&finding["place"]).unwrap_or_default();
                let (rule, message) = (text(finding, "rule"), text(finding, "message"));
                spoken.push(format!("{file}:{line}: {rule}: {message}"));
            }
        }
    }
    assert!(spoken.is_empty(), "findings:\n{}", spoken.join("\n"));
}

#[test]
fn twins_have_the_same_faults() {
    let mut apart = Vec::new();
    for service in SERVICES {
        let [terraform, cloudformation] = LANGUAGES.map(|language| {
            let report = scan(&format!("{service}/{language}/vulnerable"));
            failures(&report)
                .map(|finding| text(finding, "rule").to_owned())
                .collect::<BTreeSet<_>>()
        });
        for rule in terraform.symmetric_difference(&cloudformation) {
            let language = LANGUAGES[usize::from(cloudformation.contains(rule))];
            apart.push(format!("{service}: {rule} in {language} only"));
        }
    }
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}

#[test]
fn all_of_every_estate_is_understood() {
    for service in SERVICES {
        for language in LANGUAGES {
            for version in ["vulnerable", "hardened"] {
                let estate = format!("{service}/{language}/{version}");
                let report = scan(&estate);
                assert_eq!(report["diagnostics"], Value::Array(Vec::new()), "{estate}");
                assert_eq!(list(&report, "stacks").len(), 1, "{estate}");
                assert!(
                    report["stacks"][0]["resources"].as_u64() >= Some(15),
                    "{estate}"
                );
            }
        }
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("README.md");
    let (_, shown) = readme.split_once("```text\n").expect("an example");
    let (shown, _) = shown.split_once("```").expect("the end of the example");
    let command = readme
        .lines()
        .find_map(|line| line.strip_prefix("cargo run --release -- "));
    let sarif = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onus.sarif");
    let arguments = command.expect("the first command").split(' ').map(|word| {
        let word = word.split('#').next().unwrap_or_default();
        word.replace("onus.sarif", sarif.to_str().expect("a plain path"))
    });
    let output = Command::new(env!("CARGO_BIN_EXE_onus"))
        .args(arguments)
        .args(["--color", "never", "--today", TODAY])
        .current_dir(root)
        .output()
        .expect("onus runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let written = fs::read_to_string(&sarif).expect("the SARIF file");
    let written: Value = serde_json::from_str(&written).expect("JSON");

    assert_eq!(output.status.code(), Some(0), "it is told to exit with 0");
    assert!(printed.contains(shown), "not printed any more:\n{shown}");
    assert_eq!(written["version"], "2.1.0");
    assert!(!list(&written["runs"][0], "results").is_empty());
}

//! The GitHub action: its script run in an imitated workflow, and what its definition must not contain.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A group that lets everybody in by SSH.
const OPEN_GROUP: &str = r#"
resource "aws_security_group" "web" {
  name        = "web"
  description = "Web servers"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"

  ingress {
    description = "Administrators"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"] /*
::error::this line is code, not a command
*/
  }
}
"#;

/// What a workflow gives to the action, and where the action leaves its answers.
struct Workflow {
    folder: PathBuf,
    inputs: Vec<(&'static str, String)>,
}

/// What came of it.
struct Answer {
    process: Output,
    outputs: String,
    summary: String,
}

impl Workflow {
    fn new(name: &str, files: &[(&str, &str)]) -> Workflow {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("action")
            .join(name);
        let _ = fs::remove_dir_all(&folder);
        // A checkout: paths in reports are relative to it.
        fs::create_dir_all(folder.join("workspace/.git")).expect("a folder for the workspace");
        for (path, text) in files {
            fs::write(folder.join("workspace").join(path), text).expect("a file of the workspace");
        }
        let binary = env!("CARGO_BIN_EXE_onus").to_owned();
        Workflow {
            folder,
            inputs: vec![("ONUS_BINARY_PATH", binary)],
        }
    }

    fn input(mut self, name: &'static str, value: &str) -> Workflow {
        self.inputs.push((name, value.to_owned()));
        self
    }

    fn run(self) -> Answer {
        let outputs = self.folder.join("outputs");
        let summary = self.folder.join("summary");
        let process = Command::new("bash")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("action/run.sh"))
            .env("GITHUB_WORKSPACE", self.folder.join("workspace"))
            .env("GITHUB_OUTPUT", &outputs)
            .env("GITHUB_STEP_SUMMARY", &summary)
            .envs(self.inputs.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .output()
            .expect("bash runs");
        Answer {
            process,
            outputs: fs::read_to_string(outputs).unwrap_or_default(),
            summary: fs::read_to_string(summary).unwrap_or_default(),
        }
    }
}

impl Answer {
    fn code(&self) -> Option<i32> {
        self.process.status.code()
    }

    fn log(&self) -> String {
        let streams = [&self.process.stdout[..], &self.process.stderr[..]];
        streams.map(String::from_utf8_lossy).concat()
    }

    fn output(&self, name: &str) -> &str {
        let mut values = self
            .outputs
            .lines()
            .filter_map(|line| line.split_once('='))
            .filter(|(key, _)| *key == name);
        let value = values.next().unwrap_or_else(|| {
            panic!("no output `{name}`: {:?}\n{}", self.outputs, self.log());
        });
        assert_eq!(values.next(), None, "`{name}` is given twice");
        value.1
    }
}

#[test]
fn findings_fail_the_step_and_are_handed_over() {
    let workflow = Workflow::new("findings", &[("main.tf", OPEN_GROUP)]);
    let folder = workflow.folder.join("workspace");
    let answer = workflow.run();

    assert_eq!(answer.code(), Some(1), "{}", answer.log());
    assert_eq!(answer.output("exit-code"), "1");
    assert_eq!(answer.output("highest-severity"), "high");
    assert_eq!(answer.output("unknowns"), "0");
    assert_eq!(answer.output("sarif-file"), "onus.sarif");

    let sarif = fs::read_to_string(folder.join("onus.sarif")).expect("a SARIF file");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("SARIF is JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(answer.output("findings"), results.len().to_string());
    let uri = "/locations/0/physicalLocation/artifactLocation/uri";
    assert_eq!(
        results[0].pointer(uri).and_then(|uri| uri.as_str()),
        Some("main.tf"),
        "relative to the repository"
    );

    let log = answer.log();
    let annotation = log
        .lines()
        .find(|line| line.starts_with("::error ") && line.contains("file=main.tf"));
    assert!(annotation.is_some(), "{log}");
    assert!(
        answer.summary.contains("sg-ssh-open-to-world"),
        "{}",
        answer.summary
    );
}

#[test]
fn nothing_that_the_report_quotes_is_a_command() {
    let answer = Workflow::new("quotes", &[("main.tf", OPEN_GROUP)]).run();
    let log = answer.log();
    let (before, after) = log
        .split_once("::stop-commands::")
        .expect("commands are stopped");
    let (token, rest) = after.split_once('\n').expect("a token");
    let resumed = format!("\n::{token}::\n");
    let (quoted, commands) = rest.split_once(&resumed).expect("commands are resumed");

    assert!(token.len() >= 32 && token.chars().all(|c| c.is_ascii_hexdigit()));
    assert!(quoted.contains("main.tf"), "the report stands in between");
    for outside in [before, commands] {
        assert!(!outside.contains("::error::this line"), "{outside}");
    }
}

#[test]
fn a_clean_repository_passes() {
    let files = [("main.tf", "variable \"name\" {\n  type = string\n}\n")];
    let answer = Workflow::new("clean", &files).run();

    assert_eq!(answer.code(), Some(0), "{}", answer.log());
    assert_eq!(answer.output("exit-code"), "0");
    assert_eq!(answer.output("findings"), "0");
    assert_eq!(answer.output("highest-severity"), "");
}

#[test]
fn inputs_choose_what_is_scanned_and_what_is_written() {
    let files = [("main.tf", OPEN_GROUP), ("empty.tf", "")];
    let workflow = Workflow::new("inputs", &files)
        .input("ONUS_PATHS", "main.tf\r\nempty.tf\n")
        .input("ONUS_FAIL_ON", "never")
        .input("ONUS_SARIF_FILE", "my report.sarif")
        .input("ONUS_ANNOTATIONS", "false")
        .input("ONUS_SUMMARY", "false")
        .input("ONUS_ARGS", "--today\n2026-11-25\n");
    let written = workflow.folder.join("workspace/my report.sarif");
    let answer = workflow.run();

    assert_eq!(answer.code(), Some(0), "{}", answer.log());
    assert_eq!(answer.output("highest-severity"), "high");
    assert_eq!(answer.output("sarif-file"), "my report.sarif");
    assert!(written.is_file());
    assert_eq!(answer.summary, "");
    assert!(!answer.log().contains("::error "), "{}", answer.log());
}

#[test]
fn a_wrong_call_is_told_from_findings() {
    let answer = Workflow::new("wrong-call", &[])
        .input("ONUS_PATHS", "nowhere")
        .run();

    assert_eq!(answer.code(), Some(2), "{}", answer.log());
    assert_eq!(answer.output("exit-code"), "2");
    assert_eq!(answer.output("findings"), "");
}

#[test]
fn a_missing_program_is_an_error_of_its_own() {
    let answer = Workflow::new("missing-program", &[])
        .input("ONUS_BINARY_PATH", "/nowhere/onus")
        .run();

    assert_eq!(answer.code(), Some(2));
    assert!(answer.log().contains("no program at /nowhere/onus"));
}

#[test]
fn inputs_are_never_code() {
    for (name, value) in [
        ("ONUS_PATHS", "$(touch evil)\n`touch evil`\n; touch evil"),
        ("ONUS_FAIL_ON", "high; touch evil"),
        ("ONUS_SARIF_FILE", "a\nexit-code=0"),
        ("ONUS_ARGS", "--category\n$(touch evil)"),
    ] {
        let workflow = Workflow::new("injection", &[("main.tf", OPEN_GROUP)]).input(name, value);
        let folder = workflow.folder.clone();
        let answer = workflow.run();

        for place in ["evil", "workspace/evil"] {
            assert!(!folder.join(place).exists(), "{name} was executed");
        }
        assert_ne!(answer.code(), Some(0), "{name}: {}", answer.log());
        assert!(!answer.outputs.contains("exit-code=0"), "{name}");
    }
}

#[test]
fn the_definition_trusts_nobody_and_interpolates_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    let text = fs::read_to_string(path).expect("action.yml");
    let written: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let (_, steps) = text.split_once("\nruns:\n").expect("the steps");
    let (_, inputs) = text.split_once("\ninputs:\n").expect("the inputs");
    let (inputs, _) = inputs.split_once("\noutputs:\n").expect("the outputs");

    assert!(!written.iter().any(|line| line.contains("uses:")));
    for line in steps.lines().filter(|line| line.contains("${{")) {
        let (name, value) = line.trim().split_once(": ").expect("a variable");
        assert!(name.starts_with("ONUS_"), "`{line}` is not a variable");
        assert!(value.starts_with("${{ inputs."), "`{line}`");
    }
    let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let mut count = 0;
    for line in inputs.lines().filter(is_name) {
        let name = line.trim().trim_end_matches(':');
        let variable = format!("ONUS_{}", name.replace('-', "_").to_uppercase());
        let passed = format!("{variable}: ${{{{ inputs.{name} }}}}");
        assert!(
            steps.contains(&passed),
            "`{name}` does not reach the script"
        );
        count += 1;
    }
    assert!(count >= 9);
}

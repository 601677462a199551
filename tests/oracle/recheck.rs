//! Every recording, asked again of the real Terraform.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};

use onus::project::Given;

use super::compare::Bench;
use super::json::Json;
use super::recorded::{self, Configuration, POLICIES};
use super::say;
use super::terraform::Terraform;

/// Asks all of it. Gives the number of recordings that Terraform does not bear out.
pub fn all() -> io::Result<usize> {
    let wrong = [expressions()?, configurations()?, policies()?];
    Ok(wrong.iter().sum())
}

fn expressions() -> io::Result<usize> {
    let cases = recorded::recorded(recorded::EXPRESSIONS);
    let texts: Vec<String> = cases.iter().map(|(text, _)| text.clone()).collect();
    let mut bench = Bench::new("recheck-expressions")?;
    let mut wrong = 0;
    for (texts, cases) in texts.chunks(1_000).zip(cases.chunks(1_000)) {
        for (answer, (text, expected)) in bench.terraform(texts)?.iter().zip(cases) {
            let found = match answer {
                Ok(planned) => planned.worth.to_string(),
                Err(_) => "error".to_owned(),
            };
            if found != *expected {
                wrong += 1;
                say(&format!(
                    "{text}\n  is recorded as {expected}\n  Terraform says {found}"
                ));
            }
        }
    }
    say(&format!(
        "{} expressions, {wrong} recorded wrongly",
        cases.len()
    ));
    Ok(wrong)
}

/// What Terraform makes of a configuration, as the recordings have it.
pub fn planned(
    terraform: &mut Terraform,
    configuration: &Configuration<'_>,
) -> io::Result<Vec<String>> {
    let files = configuration.files.iter();
    terraform.write(files.map(|(path, text)| (*path, text.as_bytes())))?;
    let refused = || Ok(vec!["error".to_owned()]);
    if terraform.init()?.is_err() {
        return refused();
    }
    let given: Vec<String> = configuration
        .inputs
        .given
        .iter()
        .filter_map(|given| match given {
            Given::Value(name, text) => Some(format!("-var={name}={text}")),
            Given::File(path) => Some(format!("-var-file={path}")),
            // Settings of onus, of which Terraform knows nothing.
            Given::Setting(..) => None,
        })
        .collect();
    let Ok(plan) = terraform.plan(&given, &configuration.inputs.environment)? else {
        return refused();
    };
    let outputs = plan.outputs.iter();
    let mut found: Vec<String> = outputs
        .map(|(name, planned)| format!("{name} = {}", planned.worth))
        .collect();
    for change in plan.document.get("resource_changes").items() {
        if let Some(address) = change.get("address").text() {
            found.push(format!("+ {address}"));
        }
    }
    found.sort();
    Ok(found)
}

/// Compares configurations that somebody wrote, in the form of the recordings; `--record` appends those on which Terraform
/// and onus agree. Gives the number of disagreements.
pub fn ask(path: &str, flags: &[&str]) -> io::Result<usize> {
    let text = fs::read_to_string(path)?;
    let known = recorded::configurations();
    let known: BTreeSet<&str> = known.iter().map(|one| one.name).collect();
    let mut recordings = String::new();
    let mut different = 0;
    let all = recorded::configurations_in(&text);
    for configuration in &all {
        let mut terraform = Terraform::new("configurations")?;
        let expected = planned(&mut terraform, configuration)?;
        let (found, errors) = recorded::made_of(configuration);
        if found != expected {
            different += 1;
            say(&format!(
                "{}\n  Terraform: {}\n  onus: {} {}",
                configuration.name,
                expected.join("; "),
                found.join("; "),
                errors.join("; ")
            ));
        } else if flags.contains(&"--record") && !known.contains(configuration.name) {
            let written = text.split("=== ").find(|part| {
                let name = part.lines().next();
                name == Some(configuration.name)
            });
            let written = written.unwrap_or_default().lines();
            let written = written.filter(|line| !line.starts_with("=> "));
            recordings.push_str("=== ");
            for line in written {
                recordings.push_str(line);
                recordings.push('\n');
            }
            for line in &expected {
                recordings.push_str(&format!("=> {line}\n"));
            }
        }
    }
    let path = recorded::folder().join("configurations.txt");
    let mut file = fs::OpenOptions::new().append(true).open(path)?;
    file.write_all(recordings.as_bytes())?;
    say(&format!("{} configurations, {different} differ", all.len()));
    Ok(different)
}

fn configurations() -> io::Result<usize> {
    let all = recorded::configurations();
    let mut wrong = 0;
    for configuration in &all {
        let mut terraform = Terraform::new("recheck-configurations")?;
        let found: BTreeSet<String> = planned(&mut terraform, configuration)?
            .into_iter()
            .collect();
        let expected: BTreeSet<String> = configuration
            .expected
            .iter()
            .map(|line| (*line).to_owned())
            .collect();
        if found != expected {
            wrong += 1;
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                a.difference(b).cloned().collect::<Vec<_>>().join("; ")
            };
            say(&format!(
                "{}\n  recorded: {}\n  Terraform: {}",
                configuration.name,
                only(&expected, &found),
                only(&found, &expected)
            ));
        }
    }
    say(&format!(
        "{} configurations, {wrong} recorded wrongly",
        all.len()
    ));
    Ok(wrong)
}

fn policies() -> io::Result<usize> {
    let cases = recorded::recorded(POLICIES);
    let mut text = String::from(
        "provider \"aws\" {\n  region = \"eu-central-1\"\n  access_key = \"AKIAIOSFODNN7EXAMPLE\"\n  secret_key = \"x\"\n  \
         skip_credentials_validation = true\n  skip_requesting_account_id = true\n  skip_metadata_api_check = true\n}\n",
    );
    for (number, (arguments, _)) in cases.iter().enumerate() {
        text.push_str(&format!(
            "data \"aws_iam_policy_document\" \"d{number}\" {{\n{arguments}\n}}\n\
             output \"c{number}\" {{\n  value = data.aws_iam_policy_document.d{number}.minified_json\n}}\n"
        ));
    }
    let mut terraform = Terraform::new("recheck-policies")?;
    terraform.write([("main.tf", text.as_bytes())])?;
    if terraform.init()?.is_err() {
        say("policies: no AWS provider here (ORACLE_PLUGINS names a folder of providers)");
        return Ok(0);
    }
    let plan = match terraform.plan(&[], &[])? {
        Ok(plan) => plan,
        Err(refusals) => {
            let first = refusals.first().map(|refusal| refusal.message.clone());
            return Err(io::Error::other(first.unwrap_or_default()));
        }
    };
    let mut wrong = 0;
    for (number, (arguments, expected)) in cases.iter().enumerate() {
        let change = plan
            .document
            .get("output_changes")
            .get(&format!("c{number}"));
        let found = match change.get("after") {
            Json::Text(text) => text.as_str(),
            _ => "",
        };
        if found != *expected {
            wrong += 1;
            say(&format!(
                "{arguments}\n  is recorded as {expected}\n  Terraform says {found}"
            ));
        }
    }
    say(&format!(
        "{} policies, {wrong} recorded wrongly",
        cases.len()
    ));
    Ok(wrong)
}

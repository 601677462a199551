//! The real Terraform: files in, what it plans or refuses out.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::json::Json;
use super::recorded::{Sequence, Worth, output};

/// A folder that holds one root module and its plans.
pub struct Terraform {
    folder: PathBuf,
    /// Where providers are, for configurations that need more than Terraform's own.
    plugins: Option<String>,
    files: Vec<PathBuf>,
}

/// What a plan says.
pub struct Plan {
    /// Outputs by name.
    pub outputs: BTreeMap<String, Planned>,
    /// The whole of `terraform show -json`.
    pub document: Json,
}

/// An output of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What it is worth.
    pub worth: Worth,
    /// Its type as Terraform's JSON writes types.
    pub of: Json,
}

/// An error that Terraform reports.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The file in which it is, where it has a place.
    pub file: Option<String>,
    /// What it says.
    pub message: String,
}

impl Terraform {
    /// Empties the folder `name` among the oracle's.
    pub fn new(name: &str) -> io::Result<Terraform> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("oracle")
            .join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Terraform {
            folder,
            plugins: std::env::var("ORACLE_PLUGINS").ok(),
            files: Vec::new(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the files that were written before; `.terraform` stays.
    pub fn write<'f>(
        &mut self,
        files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
    ) -> io::Result<()> {
        for file in self.files.drain(..) {
            fs::remove_file(file)?;
        }
        for (path, bytes) in files {
            let path = self.folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, bytes)?;
            self.files.push(path);
        }
        Ok(())
    }

    fn run(&self, arguments: &[&str], environment: &[(String, String)]) -> io::Result<Output> {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(&self.folder);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TF_")) {
            command.env_remove(name);
        }
        command.env("CHECKPOINT_DISABLE", "1");
        command.env("TF_IN_AUTOMATION", "1");
        for (name, value) in environment {
            command.env(format!("TF_VAR_{name}"), value);
        }
        command.output()
    }

    /// Initialises: providers and modules of the files that are there.
    pub fn init(&self) -> io::Result<Result<(), String>> {
        let mut arguments = vec!["init", "-input=false", "-no-color"];
        let plugins = self
            .plugins
            .as_ref()
            .map(|folder| format!("-plugin-dir={folder}"));
        arguments.extend(plugins.as_deref());
        let output = self.run(&arguments, &[])?;
        Ok(match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        })
    }

    /// Plans. `environment` are variables; `more` further arguments, for example `-var=…`.
    pub fn plan(
        &self,
        more: &[String],
        environment: &[(String, String)],
    ) -> io::Result<Result<Plan, Vec<Refusal>>> {
        let mut arguments = vec![
            "plan",
            "-input=false",
            "-refresh=false",
            "-json",
            "-out=plan",
        ];
        arguments.extend(more.iter().map(String::as_str));
        let output = self.run(&arguments, environment)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout);
            let mut refusals: Vec<Refusal> = said.lines().filter_map(refusal).collect();
            if refusals.is_empty() {
                refusals.push(Refusal {
                    file: None,
                    message: String::from_utf8_lossy(&output.stderr).into_owned(),
                });
            }
            return Ok(Err(refusals));
        }
        let shown = self.run(&["show", "-json", "plan"], &[])?;
        let document = Json::parse(&String::from_utf8_lossy(&shown.stdout))
            .ok_or_else(|| io::Error::other("`terraform show` prints no JSON"))?;
        let mut outputs = BTreeMap::new();
        for (name, change) in document.get("output_changes").members() {
            let of = document
                .get("planned_values")
                .get("outputs")
                .get(name)
                .get("type");
            let planned = Planned {
                worth: worth(of, change.get("after"), change.get("after_unknown")),
                of: of.clone(),
            };
            outputs.insert(name.to_owned(), planned);
        }
        Ok(Ok(Plan { outputs, document }))
    }

    /// What each expression is worth among `surroundings`. One that Terraform refuses does not spoil the others: it is
    /// taken out, and the rest is planned again.
    pub fn evaluate(
        &mut self,
        surroundings: &str,
        files: &[(String, Vec<u8>)],
        expressions: &[String],
    ) -> io::Result<Vec<Result<Planned, String>>> {
        if !self.folder.join(".terraform").exists() {
            self.write([("main.tf", surroundings.as_bytes())])?;
            if let Err(why) = self.init()? {
                return Err(io::Error::other(why));
            }
        }
        let mut results: Vec<Option<Result<Planned, String>>> = vec![None; expressions.len()];
        let mut groups: Vec<Vec<usize>> = vec![(0..expressions.len()).collect()];
        while let Some(group) = groups.pop() {
            if group.is_empty() {
                continue;
            }
            // Each in a file of its own: faults of syntax stay in it.
            let outputs: Vec<(String, String)> = group
                .iter()
                .map(|number| {
                    let text = output(&format!("c{number}"), &expressions[*number]);
                    (format!("c{number}.tf"), text)
                })
                .collect();
            let surroundings = [("main.tf", surroundings.as_bytes())];
            let files = files
                .iter()
                .map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
            let outputs = outputs
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_bytes()));
            self.write(surroundings.into_iter().chain(files).chain(outputs))?;
            match self.plan(&[], &[])? {
                Ok(plan) => {
                    for number in group {
                        let planned = plan.outputs.get(&format!("c{number}"));
                        results[number] = Some(planned.cloned().ok_or_else(|| "no output".into()));
                    }
                }
                Err(refusals) => {
                    let numbered = |refusal: &Refusal| -> Option<usize> {
                        let file = refusal.file.as_deref()?;
                        file.strip_prefix('c')?.strip_suffix(".tf")?.parse().ok()
                    };
                    let mut is_placed = false;
                    for refusal in &refusals {
                        if let Some(number) = numbered(refusal) {
                            results[number] = Some(Err(refusal.message.clone()));
                            is_placed = true;
                        }
                    }
                    match (is_placed, group.as_slice()) {
                        (true, _) => {
                            let left = group.into_iter();
                            groups.push(left.filter(|number| results[*number].is_none()).collect());
                        }
                        (false, [only]) => {
                            let message = refusals.first().map(|first| first.message.clone());
                            results[*only] = Some(Err(message.unwrap_or_default()));
                        }
                        (false, all) => {
                            let (first, second) = all.split_at(all.len() / 2);
                            groups.push(first.to_vec());
                            groups.push(second.to_vec());
                        }
                    }
                }
            }
        }
        Ok(results
            .into_iter()
            .map(|result| result.unwrap_or_else(|| Err("not asked".to_owned())))
            .collect())
    }
}

/// The error in one line of what `terraform plan -json` says.
fn refusal(line: &str) -> Option<Refusal> {
    let said = Json::parse(line)?;
    let diagnostic = said.get("diagnostic");
    (diagnostic.get("severity").text() == Some("error")).then(|| {
        let range = diagnostic.get("range");
        let part = |name: &str| diagnostic.get(name).text().unwrap_or("").to_owned();
        Refusal {
            file: range.get("filename").text().map(str::to_owned),
            message: format!("{}: {}", part("summary"), part("detail")),
        }
    })
}

/// A value of a plan with its type and the mirror of what is not known.
pub fn worth(of: &Json, value: &Json, unknown: &Json) -> Worth {
    if unknown.is_true() {
        return Worth::Unknown;
    }
    let kind = of.text().or_else(|| of.at(0).text()).unwrap_or("dynamic");
    match value {
        Json::Null if *unknown == Json::Null || *unknown == Json::Bool(false) => {
            Worth::Scalar("null".to_owned())
        }
        Json::Bool(truth) => Worth::Scalar(truth.to_string()),
        Json::Number(digits) => Worth::Scalar(plain(digits)),
        Json::Text(text) => Worth::text(text),
        Json::List(items) => {
            let sequence = match kind {
                "list" => Sequence::List,
                "set" => Sequence::Set,
                "tuple" => Sequence::Tuple,
                _ => Sequence::Untold,
            };
            let items = items.iter().enumerate().map(|(at, item)| {
                let of = match kind {
                    "tuple" => of.at(1).at(at),
                    _ => of.at(1),
                };
                worth(of, item, unknown.at(at))
            });
            Worth::List(sequence, items.collect())
        }
        Json::Object(_) | Json::Null => {
            let mut members = BTreeMap::new();
            let names = value.members().chain(unknown.members());
            for (name, _) in names {
                let of = match kind {
                    "object" => of.at(1).get(name),
                    _ => of.at(1),
                };
                let member = worth(of, value.get(name), unknown.get(name));
                members.insert(name.to_owned(), member);
            }
            let is_map = match kind {
                "map" => Some(true),
                "object" => Some(false),
                _ => None,
            };
            Worth::Object(is_map, members)
        }
    }
}

/// A number without exponent and needless zeros.
fn plain(digits: &str) -> String {
    match digits.contains('.') && !digits.contains(['e', 'E']) {
        true => digits
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        false => digits.to_owned(),
    }
}

//! Which stacks there are: paths of candidate files in, Terraform root modules and templates out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Stack;
use crate::declared::Language;
use crate::source::Files;
use crate::source::files::{join, normalise};

/// Templates longer than this are refused by CloudFormation (1 MB from S3,
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>); the rest is room for
/// comments. Only files that were found by walking are held to it.
const LONGEST_TEMPLATE: usize = 4 << 20;

/// Candidate files, as the walk over the named paths found them.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// Files found by walking folders.
    pub found: Vec<String>,
    /// Files that the user named (by path or by glob): taken for what their name says, whatever is in them.
    pub named: Vec<String>,
}

/// Chooses the stacks: a folder with Terraform files is a root module unless another candidate folder calls it as a
/// module (then it is analysed through its callers); folders that only call each other in circles are roots too.
/// Templates are recognised by `is_template`. Sorted by path, so that reports do not depend on the walk.
///
/// A Terraform file that was named chooses its whole folder: one file of a module means nothing without the others.
pub fn discover(
    files: &dyn Files,
    candidates: &Candidates,
    is_template: &dyn Fn(&str) -> bool,
) -> Vec<Stack> {
    let mut modules: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut named_modules: BTreeSet<String> = BTreeSet::new();
    let mut templates: BTreeSet<&str> = BTreeSet::new();
    let both = [(&candidates.named, true), (&candidates.found, false)];
    for (path, is_named) in both
        .into_iter()
        .flat_map(|(paths, is_named)| paths.iter().map(move |path| (path.as_str(), is_named)))
    {
        if is_terraform(path) {
            let folder = folder_of(path);
            if is_named {
                named_modules.insert(folder.clone());
            }
            modules.entry(folder).or_default().push(path);
        } else if may_be_template(path) && !templates.contains(path) {
            let looks_right = || {
                let Ok(bytes) = files.read(path) else {
                    // Reported when it is loaded, if somebody asked for it.
                    return is_named;
                };
                (is_named || bytes.len() <= LONGEST_TEMPLATE)
                    && is_template(&String::from_utf8_lossy(&bytes))
            };
            if looks_right() {
                templates.insert(path);
            }
        }
    }
    let mut stacks: Vec<Stack> = roots(files, &modules, &named_modules)
        .into_iter()
        .map(|folder| Stack {
            language: Language::Terraform,
            path: Arc::from(folder),
        })
        .chain(templates.into_iter().map(|path| Stack {
            language: Language::CloudFormation,
            path: Arc::from(path),
        }))
        .collect();
    stacks.sort_by(|a, b| a.path.cmp(&b.path));
    stacks
}

/// The folders that nobody calls, those that were named, and one of each circle of folders that only call each other.
fn roots<'m>(
    files: &dyn Files,
    modules: &'m BTreeMap<String, Vec<&str>>,
    named: &BTreeSet<String>,
) -> Vec<&'m str> {
    // Two spellings of one folder (a symbolic link) are one module.
    let resolved: BTreeMap<String, &'m str> = modules
        .keys()
        .map(|folder| (files.resolve(folder), folder.as_str()))
        .collect();
    let calls: BTreeMap<&'m str, BTreeSet<&'m str>> = modules
        .iter()
        .map(|(folder, paths)| {
            let called = paths
                .iter()
                .filter_map(|path| files.read(path).ok())
                .flat_map(|bytes| local_sources(&String::from_utf8_lossy(&bytes)))
                .filter_map(|source| {
                    let target = join(folder, &source);
                    match modules.get_key_value(target.as_str()) {
                        Some((folder, _)) => Some(folder.as_str()),
                        None => resolved.get(&files.resolve(&target)).copied(),
                    }
                })
                .filter(|called| *called != folder.as_str())
                .collect();
            (folder.as_str(), called)
        })
        .collect();
    let called: BTreeSet<&str> = calls.values().flatten().copied().collect();
    let mut roots: BTreeSet<&'m str> = modules
        .keys()
        .map(String::as_str)
        .filter(|folder| !called.contains(folder) || named.contains(*folder))
        .collect();
    let mut reached: BTreeSet<&'m str> = BTreeSet::new();
    let reach = |reached: &mut BTreeSet<&'m str>, from: &'m str| {
        let mut waiting = vec![from];
        while let Some(folder) = waiting.pop() {
            if reached.insert(folder) {
                waiting.extend(calls.get(folder).into_iter().flatten());
            }
        }
    };
    for root in &roots {
        reach(&mut reached, root);
    }
    for folder in modules.keys() {
        if !reached.contains(folder.as_str()) {
            roots.insert(folder);
            reach(&mut reached, folder);
        }
    }
    roots.into_iter().collect()
}

fn folder_of(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => ".".to_owned(),
    }
}

/// Whether Terraform or OpenTofu would load a file of this name.
pub fn is_terraform(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_ignored = name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'));
    !is_ignored
        && [".tf", ".tofu", ".tf.json", ".tofu.json"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

/// Whether a template may hide in a file of this name.
pub fn may_be_template(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_lock = matches!(
        name.as_str(),
        "package-lock.json" | "package.json" | "tsconfig.json"
    ) || name.ends_with(".tfvars.json")
        || name.ends_with(".tf.json")
        || name.ends_with(".tofu.json");
    !is_lock
        && [".yaml", ".yml", ".json", ".template", ".cfn"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

/// The local `source` arguments (`./x`, `../x`, `.`) in a Terraform file, comments left out. Reading text instead of a
/// tree costs a tenth of parsing, and every file of a root is parsed later anyway; what it can get wrong (a `source`
/// in a here-document) only moves a module from the roots to the called ones, and circles bring it back.
fn local_sources(text: &str) -> Vec<String> {
    let mut sources = Vec::new();
    let mut in_comment = false;
    for line in text.lines() {
        if in_comment {
            in_comment = !line.contains("*/");
            continue;
        }
        let code = line.trim_start();
        if code.starts_with('#') || code.starts_with("//") {
            continue;
        }
        if code.starts_with("/*") {
            in_comment = !code.contains("*/");
            continue;
        }
        let mut rest = code;
        while let Some(at) = rest.find("source") {
            let starts_word = rest[..at]
                .chars()
                .next_back()
                .is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '-'));
            rest = rest[at + "source".len()..]
                .trim_start_matches('"')
                .trim_start();
            let Some(value) = rest.strip_prefix(['=', ':']).filter(|_| starts_word) else {
                continue;
            };
            let value = value.trim_start();
            if let Some((source, after)) = value
                .strip_prefix('"')
                .and_then(|value| value.split_once('"'))
            {
                if source == "."
                    || source == ".."
                    || source.starts_with("./")
                    || source.starts_with("../")
                {
                    sources.push(normalise(source));
                }
                rest = after;
            }
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryFiles;

    fn check(files: &[(&str, &str)], named: &[&str], expected: &[&str]) {
        let memory = MemoryFiles::new(files.iter().copied());
        let candidates = Candidates {
            found: memory.paths().map(str::to_owned).collect(),
            named: named.iter().map(|path| (*path).to_owned()).collect(),
        };
        let stacks = discover(&memory, &candidates, &|text| text.contains("AWSTemplate"));
        let paths: Vec<&str> = stacks.iter().map(|stack| &*stack.path).collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn called_modules_are_no_roots() {
        check(
            &[
                ("main.tf", "module \"a\" { source = \"./modules/a\" }"),
                (
                    "modules/a/main.tf",
                    "module \"b\" {\n  source = \"../b\"\n}",
                ),
                ("modules/b/main.tf", ""),
                (
                    "examples/x/main.tf",
                    "module \"top\" {\n  source  = \"../..\"\n}",
                ),
            ],
            &[],
            &["examples/x"],
        );
    }

    #[test]
    fn circles_and_commented_calls_lose_nothing() {
        check(
            &[
                ("a/main.tf", "module \"b\" { source = \"../b\" }"),
                ("b/main.tf", "module \"a\" { source = \"../a\" }"),
                (
                    "c/main.tf",
                    "# source = \"../d\"\n/*\n source = \"../d\"\n*/\nmodule \"c\" { source = \"./\" }",
                ),
                (
                    "d/main.tf.json",
                    "{\"module\": {\"e\": {\"source\": \"../e\"}}}",
                ),
                ("e/main.tofu", ""),
            ],
            &[],
            &["a", "c", "d"],
        );
    }

    #[test]
    fn what_is_named_is_taken() {
        check(
            &[
                ("main.tf", "module \"a\" { source = \"./a\" }"),
                ("a/main.tf", ""),
                ("t.yaml", "AWSTemplate"),
                ("other.yaml", "apiVersion: v1"),
                ("README.md", "AWSTemplate"),
            ],
            &["a/main.tf"],
            &[".", "a", "t.yaml"],
        );
    }
}

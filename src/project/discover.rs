//! Which stacks there are: paths of candidate files in, Terraform root modules and templates out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Stack;
use super::bundle::{BundlePart, Bundles};
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

/// What the front end of templates tells of a text.
#[derive(Clone, Copy, Debug)]
pub struct Recognition {
    /// Whether it may be a template.
    pub is_template: fn(&str) -> bool,
    /// The local templates that a template nests, as paths relative to its folder.
    pub nested_templates: fn(&str) -> Vec<String>,
}

/// Chooses the stacks: a folder with Terraform files is a root module unless another candidate folder calls it as a
/// module (then it is analysed through its callers); folders that only call each other in circles are roots too. The
/// same holds for templates and those that they nest. The files of an Elastic Beanstalk source bundle are one stack.
/// Sorted by path, so that reports do not depend on the walk.
///
/// A Terraform file that was named chooses its whole folder: one file of a module means nothing without the others.
pub fn discover(
    files: &dyn Files,
    candidates: &Candidates,
    recognition: &Recognition,
) -> Vec<Stack> {
    let mut modules: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut named_modules: BTreeSet<String> = BTreeSet::new();
    let mut named_templates: BTreeSet<String> = BTreeSet::new();
    let mut bundles = Bundles::default();
    // What each template nests, as written.
    let mut templates: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let both = [(&candidates.named, true), (&candidates.found, false)];
    let mut assemblies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
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
        } else if let Some((application, part)) = BundlePart::of(path)
            && files.read(path).map_or(is_named, |bytes| {
                part.is_held_by(&String::from_utf8_lossy(&bytes))
            })
        {
            bundles.add(application, part);
        } else if may_be_template(path) && !templates.contains_key(path) {
            let nested = match files.read(path) {
                // Reported when it is loaded, if somebody asked for it.
                Err(_) => is_named.then(Vec::new),
                Ok(bytes) if !is_named && bytes.len() > LONGEST_TEMPLATE => None,
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    if let Some(listed) = assembly(path, &text) {
                        assemblies.insert(folder_of(path), listed);
                    }
                    (recognition.is_template)(&text).then(|| (recognition.nested_templates)(&text))
                }
            };
            if let Some(nested) = nested {
                templates.insert(path.to_owned(), nested);
                if is_named {
                    named_templates.insert(path.to_owned());
                }
            }
        }
    }
    // What was synthesized earlier and is no stack any more stays in the folder.
    templates.retain(|path, _| {
        let is_synthesized =
            path.ends_with(".template.json") && !path.ends_with(".nested.template.json");
        let listed = assemblies.get(&folder_of(path));
        !is_synthesized
            || named_templates.contains(path)
            || listed.is_none_or(|listed| listed.contains(path))
    });
    let mut stacks: Vec<Stack> = roots(files, &modules, &named_modules)
        .into_iter()
        .map(|folder| Stack {
            language: Language::Terraform,
            path: Arc::from(folder),
        })
        .chain(
            root_templates(files, &templates, &named_templates)
                .into_iter()
                .map(|path| Stack {
                    language: Language::CloudFormation,
                    path: Arc::from(path),
                }),
        )
        .chain(bundles.stacks().map(|path| Stack {
            language: Language::CloudFormation,
            path: path.into(),
        }))
        .collect();
    stacks.sort_by(|a, b| a.path.cmp(&b.path));
    stacks
}

/// The templates of the stacks that the manifest of a cloud assembly (`cdk.out`) lists; none if it is no such manifest.
/// <https://docs.aws.amazon.com/cdk/v2/guide/deploy-synth-templates.html>
fn assembly(path: &str, text: &str) -> Option<BTreeSet<String>> {
    let is_manifest = path == "manifest.json" || path.ends_with("/manifest.json");
    if !is_manifest || !text.contains("\"artifacts\"") {
        return None;
    }
    let manifest: serde_json::Value = serde_json::from_str(text).ok()?;
    let artifacts = manifest.get("artifacts")?.as_object()?;
    let template = |artifact: &serde_json::Value| {
        let kind = artifact.get("type")?.as_str()?;
        let file = artifact.get("properties")?.get("templateFile")?.as_str()?;
        (kind == "aws:cloudformation:stack").then(|| join(&folder_of(path), file))
    };
    Some(artifacts.values().filter_map(template).collect())
}

/// The root modules among folders with Terraform files.
fn roots<'m>(
    files: &dyn Files,
    modules: &'m BTreeMap<String, Vec<&str>>,
    named: &BTreeSet<String>,
) -> Vec<&'m str> {
    let resolved = resolved(files, modules);
    let called = |folder: &str, paths: &Vec<&str>| {
        paths
            .iter()
            .filter_map(|path| files.read(path).ok())
            .flat_map(|bytes| local_sources(&String::from_utf8_lossy(&bytes)))
            .filter_map(|source| known(files, modules, &resolved, &join(folder, &source)))
            .collect()
    };
    let calls = modules
        .iter()
        .map(|(folder, paths)| (folder.as_str(), called(folder, paths)))
        .collect();
    uncalled(&calls, named)
}

/// The templates that none of the others nests.
fn root_templates<'t>(
    files: &dyn Files,
    templates: &'t BTreeMap<String, Vec<String>>,
    named: &BTreeSet<String>,
) -> Vec<&'t str> {
    if templates.values().all(Vec::is_empty) {
        return templates.keys().map(String::as_str).collect();
    }
    let resolved = resolved(files, templates);
    let nested = |path: &str, written: &Vec<String>| {
        written
            .iter()
            .filter_map(|nested| {
                let target = join(&folder_of(path), nested);
                known(files, templates, &resolved, &target)
            })
            .collect()
    };
    let calls = templates
        .iter()
        .map(|(path, written)| (path.as_str(), nested(path, written)))
        .collect();
    uncalled(&calls, named)
}

/// Two spellings of one path (a symbolic link) are one.
fn resolved<'m, T>(files: &dyn Files, all: &'m BTreeMap<String, T>) -> BTreeMap<String, &'m str> {
    all.keys()
        .map(|path| (files.resolve(path), path.as_str()))
        .collect()
}

fn known<'m, T>(
    files: &dyn Files,
    all: &'m BTreeMap<String, T>,
    resolved: &BTreeMap<String, &'m str>,
    target: &str,
) -> Option<&'m str> {
    match all.get_key_value(target) {
        Some((path, _)) => Some(path.as_str()),
        None => resolved.get(&files.resolve(target)).copied(),
    }
}

/// Those that nobody else calls, those that were named, and one of each circle of some that only call each other.
fn uncalled<'m>(
    calls: &BTreeMap<&'m str, BTreeSet<&'m str>>,
    named: &BTreeSet<String>,
) -> Vec<&'m str> {
    let called: BTreeSet<&str> = calls
        .iter()
        .flat_map(|(caller, called)| called.iter().filter(move |one| *one != caller))
        .copied()
        .collect();
    let mut roots: BTreeSet<&'m str> = calls
        .keys()
        .copied()
        .filter(|one| !called.contains(one) || named.contains(*one))
        .collect();
    let mut reached: BTreeSet<&'m str> = BTreeSet::new();
    let reach = |reached: &mut BTreeSet<&'m str>, from: &'m str| {
        let mut waiting = vec![from];
        while let Some(one) = waiting.pop() {
            if reached.insert(one) {
                waiting.extend(calls.get(one).into_iter().flatten());
            }
        }
    };
    for root in &roots {
        reach(&mut reached, root);
    }
    for one in calls.keys() {
        if !reached.contains(one) {
            roots.insert(one);
            reach(&mut reached, one);
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

/// Whether a template may hide in a file of this name, or a part of an Elastic Beanstalk source bundle.
pub fn may_be_template(path: &str) -> bool {
    if BundlePart::of(path).is_some() {
        return true;
    }
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
        let recognition = Recognition {
            is_template: |text| text.contains("AWSTemplate"),
            nested_templates: |text| {
                let lines = text.lines().filter_map(|line| line.strip_prefix("nests "));
                lines.map(str::to_owned).collect()
            },
        };
        let stacks = discover(&memory, &candidates, &recognition);
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

    #[test]
    fn nested_templates_are_no_stacks_of_their_own() {
        let files = [
            (
                "a/main.yaml",
                "AWSTemplate\nnests ./net/vpc.yaml\nnests ../gone.yaml",
            ),
            ("a/net/vpc.yaml", "AWSTemplate\nnests ../../b.json"),
            ("b.json", "AWSTemplate"),
            ("circle/x.yaml", "AWSTemplate\nnests y.yaml"),
            ("circle/y.yaml", "AWSTemplate\nnests x.yaml"),
            ("self.yaml", "AWSTemplate\nnests self.yaml"),
            ("other.yaml", "nests b.json"),
        ];
        check(&files, &[], &["a/main.yaml", "circle/x.yaml", "self.yaml"]);
        check(
            &files,
            &["b.json", "circle/y.yaml"],
            &["a/main.yaml", "b.json", "circle/y.yaml", "self.yaml"],
        );
    }

    #[test]
    fn a_source_bundle_is_one_stack() {
        let saved = "AWSConfigurationTemplateVersion: 1.1.0.0";
        check(
            &[
                ("web/.ebextensions/01.config", "option_settings: {}"),
                ("web/.ebextensions/02.config", "{}"),
                ("web/.elasticbeanstalk/saved_configs/prod.cfg.yml", saved),
                ("web/env.yaml", saved),
                ("jobs/.elasticbeanstalk/saved_configs/prod.cfg.yml", saved),
                ("one/env.yaml", saved),
                ("two/env.yaml", "name: conda"),
                ("three/env.yaml", "AWSTemplate"),
                ("web.config", "<xml/>"),
            ],
            &[],
            &[
                "jobs/.elasticbeanstalk",
                "one/env.yaml",
                "three/env.yaml",
                "web/.ebextensions",
            ],
        );
    }

    #[test]
    fn the_manifest_of_an_assembly_tells_what_is_a_stack() {
        let manifest = r#"{"version": "36.0.0", "artifacts": {
            "Net.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Net.assets.json"}},
            "Net": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Net.template.json"}}}}"#;
        check(
            &[
                ("cdk.out/manifest.json", manifest),
                (
                    "cdk.out/Net.template.json",
                    "AWSTemplate\nnests NetA.nested.template.json",
                ),
                ("cdk.out/NetA.nested.template.json", "AWSTemplate"),
                ("cdk.out/Gone.template.json", "AWSTemplate"),
                ("other/manifest.json", "{}"),
                ("other/a.template.json", "AWSTemplate"),
            ],
            &[],
            &["cdk.out/Net.template.json", "other/a.template.json"],
        );
    }
}

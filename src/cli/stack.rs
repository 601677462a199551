//! One stack to look into: a path in, its model and the resources that an address means out.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;

use super::disk::{self, Disk};
use crate::cloudformation;
use crate::declared::{Declared, Language};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{self, Model, ResourceId, Vocabulary};
use crate::output::inspect::document;
use crate::project::{
    self, BundlePart, CLI_FOLDER, Candidates, EXTENSIONS, Environment, Inputs, Stack, is_terraform,
};
use crate::source::SourceMap;

/// Stacks named where a folder holds several.
const MOST_NAMED: usize = 8;

/// The stack at a path: a folder is a Terraform root module or a source bundle, a file of those stands for its folder,
/// another file is a template.
pub(super) fn at(path: &str) -> anyhow::Result<Stack> {
    let on_disk = Path::new(path);
    let of = |language, path: &Path| Stack {
        language,
        path: disk::shown(path).into(),
    };
    let part = BundlePart::of(path).filter(|(_, part)| *part != BundlePart::Manifest);
    if on_disk.is_file()
        && let Some(folder) = on_disk.ancestors().find(|folder| is_bundle_folder(folder))
        && part.is_some()
    {
        return Ok(of(Language::CloudFormation, folder));
    }
    if on_disk.is_dir() && is_bundle_folder(on_disk) {
        return Ok(of(Language::CloudFormation, on_disk));
    }
    let extensions = on_disk.join(EXTENSIONS);
    if extensions.is_dir() && !is_root(path) {
        return Ok(of(Language::CloudFormation, &extensions));
    }
    if on_disk.is_dir() {
        return Ok(of(Language::Terraform, on_disk));
    }
    if on_disk.is_file() && is_terraform(path) {
        let folder = on_disk.parent().filter(|folder| *folder != Path::new(""));
        return Ok(of(Language::Terraform, folder.unwrap_or(Path::new("."))));
    }
    if on_disk.is_file() {
        return Ok(of(Language::CloudFormation, on_disk));
    }
    bail!("`{path}` is neither a folder nor a template");
}

/// Whether a folder holds Terraform.
fn is_root(folder: &str) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        let mut names = entries.flatten().map(|entry| entry.file_name());
        names.any(|name| is_terraform(&name.to_string_lossy()))
    })
}

/// Whether a folder stands for an Elastic Beanstalk source bundle.
fn is_bundle_folder(folder: &Path) -> bool {
    let name = folder.file_name();
    name.is_some_and(|name| name == EXTENSIONS || name == CLI_FOLDER)
}

/// The path of a plan, if one is given and there.
pub(super) fn plan(path: Option<&str>) -> anyhow::Result<Option<String>> {
    let Some(path) = path else { return Ok(None) };
    if !Path::new(path).is_file() {
        bail!("`{path}` is not a file");
    }
    Ok(Some(disk::shown(Path::new(path))))
}

/// The inputs of a stack in an environment, if one is chosen.
pub(super) fn within(
    environment: Option<&Environment>,
    stack: &Stack,
    inputs: Inputs,
) -> anyhow::Result<Inputs> {
    let Some(environment) = environment else {
        return Ok(inputs);
    };
    if !environment.has(stack, &Disk) {
        let why = match environment.missing_in(stack, &Disk) {
            Some(file) => format!("it has no `{}`", file.path),
            None => "its `paths` lead elsewhere, or it is about the other language".to_owned(),
        };
        bail!(
            "environment `{}` does not have `{}`: {why}",
            environment.name,
            stack.path
        );
    }
    Ok(environment.inputs(stack, &inputs))
}

/// The stack at a path; the only one below a folder which is no root module itself.
pub(super) fn found_at(path: &str) -> anyhow::Result<Stack> {
    let stack = at(path)?;
    let is_folder = Path::new(path).is_dir();
    if !is_folder || is_root(path) || stack.language == Language::CloudFormation {
        return Ok(stack);
    }
    let mut below = below(path)?;
    match below.len() {
        0 => bail!("no Terraform and no CloudFormation template in `{path}`"),
        1 => Ok(below.remove(0)),
        count => {
            let named: Vec<String> = below
                .iter()
                .take(MOST_NAMED)
                .map(|stack| format!("\n  {}", stack.path))
                .collect();
            let rest = match count.saturating_sub(MOST_NAMED) {
                0 => String::new(),
                rest => format!("\n  … {rest} more"),
            };
            bail!(
                "`{path}` holds {count} stacks; name one of them:{}{rest}",
                named.concat()
            )
        }
    }
}

/// All stacks in a folder; the one of a file.
pub(super) fn below(path: &str) -> anyhow::Result<Vec<Stack>> {
    if !Path::new(path).is_dir() {
        return Ok(vec![at(path)?]);
    }
    let candidates = Candidates {
        found: disk::walk(Path::new(path)).candidates,
        named: Vec::new(),
    };
    let stacks = project::discover(&Disk, &candidates, &cloudformation::RECOGNITION);
    Ok(stacks)
}

/// A stack, evaluated and in canonical words.
pub(super) struct Looked {
    /// Its resources.
    pub model: Model,
    /// What it calls its conditions.
    pub words: Declared,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Evaluates a stack.
pub(super) fn look(
    stack: &Stack,
    inputs: &Inputs,
    vocabulary: Option<&Arc<Vocabulary>>,
    sources: &SourceMap,
) -> Looked {
    let mut declared = crate::load(&Disk, sources, stack, inputs);
    let mut diagnostics = std::mem::take(&mut declared.diagnostics);
    let words = Declared {
        conditions: declared.conditions.clone(),
        ..Declared::new(declared.language, declared.root.clone())
    };
    let kinds = declared.resources.iter().map(|one| &*one.native_kind);
    let vocabulary = match vocabulary {
        Some(vocabulary) => vocabulary.clone(),
        None => Vocabulary::builtin_for(kinds),
    };
    let (model, mut found) = model::normalize(declared, vocabulary);
    diagnostics.append(&mut found);
    Looked {
        model,
        words,
        diagnostics,
    }
}

/// The resources that an address means.
pub(super) fn resources(model: &Model, address: &str) -> anyhow::Result<Vec<ResourceId>> {
    let found = document::at_address(model, address);
    if !found.is_empty() {
        return Ok(found);
    }
    let addresses = || model.resources().iter().map(|resource| &*resource.address);
    let tail = format!(".{address}");
    let hint = addresses()
        .find(|known| known.ends_with(&tail))
        .map(|known| format!("did you mean `{known}`?"))
        .or_else(|| did_you_mean(address, addresses()));
    match hint {
        Some(hint) => bail!(
            "there is no resource `{address}` in `{}`; {hint}",
            model.root
        ),
        None => bail!(
            "there is no resource `{address}` in `{0}`; `onus inspect {0}` lists those that are",
            model.root
        ),
    }
}

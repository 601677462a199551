//! Embeds what `rulesets/` holds: walks its folders and writes tables of texts, so that nobody registers a file by hand
//! and the program parses only what a run needs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=rulesets");
    let root =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rulesets");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let files = yaml_files(&root)?;
    fs::write(out.join("vocabulary.rs"), vocabulary(&root, &files)?)?;
    fs::write(out.join("rules.rs"), rules(&root, &files)?)?;
    Ok(())
}

/// All YAML files below a folder, sorted.
fn yaml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            // A folder is watched as a whole only for what it holds directly.
            println!("cargo::rerun-if-changed={}", path.display());
            found.extend(yaml_files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            println!("cargo::rerun-if-changed={}", path.display());
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Path of a file as the program shows it.
fn shown(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    format!("rulesets/{}", parts.join("/"))
}

/// The texts of all `_resources.yaml`, and where in them each kind is described.
fn vocabulary(root: &Path, files: &[PathBuf]) -> io::Result<String> {
    let mut texts = String::from("pub(super) static FILES: &[(&str, &str)] = &[\n");
    let mut chunks = String::from("pub(super) static CHUNKS: &[Chunk] = &[\n");
    let resources = files.iter().filter(|path| {
        path.file_name()
            .is_some_and(|name| name == "_resources.yaml")
    });
    for (number, path) in resources.enumerate() {
        let text = fs::read_to_string(path)?;
        // `include_str!` keeps compiler messages short and the tables readable.
        writeln!(
            texts,
            "    ({:?}, include_str!({:?})),",
            shown(root, path),
            path
        )
        .map_err(io::Error::other)?;
        for (key, start, end) in sections(&text) {
            let native = terraform_types(&text[start..end]);
            writeln!(
                chunks,
                "    Chunk {{ file: {number}, start: {start}, end: {end}, key: {key:?}, native: &{native:?} }},"
            )
            .map_err(io::Error::other)?;
        }
    }
    Ok(format!("{texts}];\n{chunks}];\n"))
}

/// The top-level keys of a YAML mapping and the bytes of each with its value.
fn sections(text: &str) -> Vec<(&str, usize, usize)> {
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            // Kinds hold colons; the key ends at the colon before a blank.
            let content = line.trim_end();
            let end = content.find(": ").unwrap_or(content.len());
            let key = content[..end].trim_end_matches(':');
            if let Some(last) = found.last_mut() {
                last.2 = at;
            }
            found.push((key, at, text.len()));
        }
        at += line.len();
    }
    found
}

/// The Terraform types that a kind's description names: after `terraform:`, and as keys of `also` and `parts`.
fn terraform_types(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let mut add = |word| {
        let is_type = |word: &&str| {
            word.contains(['_', '.']) && word.starts_with(|c: char| c.is_ascii_lowercase())
        };
        if Some(word).filter(is_type).is_some() && !found.contains(&word) {
            found.push(word);
        }
    };
    let mut is_spellings = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        if indent == 2 {
            is_spellings = matches!(content, "also:" | "parts:");
        } else if indent == 4 && is_spellings {
            add(content.split(':').next().unwrap_or_default());
        }
        if let Some((_, rest)) = line.split_once("terraform:") {
            let list = rest.trim_start();
            let end = match list.strip_prefix('[') {
                Some(_) => list.find(']'),
                None => list.find([',', ' ', '}']),
            };
            let list = &list[..end.unwrap_or(list.len())];
            list.split(['[', ']', ',', ' ']).for_each(&mut add);
        }
    }
    found
}

/// All rule files with what is needed to find the right ones without parsing: kinds, languages, where samples begin.
fn rules(root: &Path, files: &[PathBuf]) -> io::Result<String> {
    let mut kinds_in_terraform: Vec<String> = Vec::new();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for path in files
        .iter()
        .filter(|path| is_named(path, "_resources.yaml"))
    {
        let text = fs::read_to_string(path)?;
        for (key, start, end) in sections(&text) {
            if key == "groups" {
                for line in text[start..end]
                    .lines()
                    .filter(|line| line.starts_with("  "))
                {
                    if let Some((name, kinds)) = line.trim().split_once(": ")
                        && !name.starts_with('#')
                    {
                        groups.push((name.to_owned(), words(kinds)));
                    }
                }
            } else if !terraform_types(&text[start..end]).is_empty() {
                kinds_in_terraform.push(key.to_owned());
            }
        }
    }
    let mut rules = String::from("static RULES: &[Embedded] = &[\n");
    let mut options = String::from("static OPTIONS: &[(&str, &str)] = &[\n");
    for path in files {
        if is_named(path, "_options.yaml") {
            writeln!(
                options,
                "    ({:?}, include_str!({path:?})),",
                shown(root, path)
            )
            .map_err(io::Error::other)?;
            continue;
        }
        let is_hidden = path
            .file_name()
            .is_none_or(|name| name.to_string_lossy().starts_with('_'));
        if is_hidden {
            continue;
        }
        let text = fs::read_to_string(path)?;
        let parts = sections(&text);
        let part = |wanted: &str| parts.iter().find(|(key, _, _)| *key == wanted);
        let end = match (part("samples"), parts.last()) {
            // Samples come last, or the whole file is read.
            (Some((_, start, _)), Some(("samples", ..))) => *start,
            _ => text.len(),
        };
        let applies_to = part("applies_to").map_or("", |(_, start, end)| &text[*start..*end]);
        let applies_to = applies_to.split_once(':').map_or("", |(_, list)| list);
        let mut kinds: Vec<String> = Vec::new();
        for name in words(applies_to) {
            let group = groups.iter().find(|(group, _)| *group == name);
            let expanded = group.map_or(vec![name], |(_, kinds)| kinds.clone());
            for kind in expanded {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        let mut languages = Vec::new();
        let is_native = |kind: &String| kind.contains('_') && !kind.contains("::");
        if kinds
            .iter()
            .any(|kind| is_native(kind) || kinds_in_terraform.contains(kind))
        {
            languages.push("terraform");
        }
        if kinds.iter().any(|kind| kind.starts_with("AWS::")) {
            languages.push("cloudformation");
        }
        writeln!(
            rules,
            "    Embedded {{ path: {:?}, text: include_str!({path:?}), end: {end}, kinds: &{kinds:?}, languages: &{languages:?} }},",
            shown(root, path)
        )
        .map_err(io::Error::other)?;
    }
    Ok(format!("{rules}];\n{options}];\n"))
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|own| own == name)
}

/// The words of a YAML list, in brackets or one a line, comments left out.
fn words(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in list.lines() {
        let line = line.split(" #").next().unwrap_or_default();
        let line = line.trim().trim_start_matches("- ");
        for word in line.split(['[', ']', ',', ' ']) {
            let word = word.trim_matches(['"', '\'']);
            if !word.is_empty() && word != "-" {
                found.push(word.to_owned());
            }
        }
    }
    found
}

//! Embeds what `rulesets/` holds: walks its folders and writes tables of texts, so that nobody registers a file by hand
//! and the program parses only what a run needs. Embeds also the tables of CloudFormation's resource types.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::DeflateEncoder;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=rulesets");
    let root =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rulesets");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let files = yaml_files(&root)?;
    fs::write(out.join("vocabulary.rs"), vocabulary(&root, &files)?)?;
    fs::write(out.join("rules.rs"), rules(&root, &files)?)?;
    let types = "src/cloudformation/schema/types.txt";
    println!("cargo::rerun-if-changed={types}");
    let (bytes, table) = resource_types(&fs::read_to_string(types)?)?;
    fs::write(out.join("resource_types.bin"), bytes)?;
    fs::write(out.join("resource_types.rs"), table)?;
    let schema = root.with_file_name("src/terraform/schema/aws.txt");
    println!("cargo::rerun-if-changed={}", schema.display());
    let (packed, index) = schema_sections(&fs::read_to_string(schema)?)?;
    fs::write(out.join("schema.bin"), packed)?;
    fs::write(out.join("schema.rs"), index)?;
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

/// The blocks of a table of resource types, deflated one by one so that only those of the services in use are inflated;
/// and the table of them: the service, and the bytes of its block.
fn resource_types(text: &str) -> io::Result<(Vec<u8>, String)> {
    let mut bytes = Vec::new();
    let mut table = String::from("static SERVICES: &[(&str, usize, usize)] = &[\n");
    for block in text.split("\n%").skip(1) {
        let (service, lines) = block.split_once('\n').unwrap_or((block, ""));
        let start = bytes.len();
        let mut encoder = flate2::write::DeflateEncoder::new(bytes, flate2::Compression::best());
        encoder.write_all(lines.trim_end().as_bytes())?;
        bytes = encoder.finish()?;
        let end = bytes.len();
        writeln!(table, "    ({service:?}, {start}, {end}),").map_err(io::Error::other)?;
    }
    Ok((bytes, format!("{table}];\n")))
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

/// The sections of the table of the provider's schema, each packed for itself, and the first type of each.
fn schema_sections(text: &str) -> io::Result<(Vec<u8>, String)> {
    let mut packed = Vec::new();
    let mut index = String::from(
        "static PACKED: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/schema.bin\"));\n\
         static SECTIONS: &[(&str, usize, usize)] = &[\n",
    );
    for section in text.split("\n\n").filter(|part| !part.starts_with('#')) {
        let mut types = section.lines().filter(|line| line.contains(" aws_"));
        let Some(first) = types.next().and_then(|line| line.split(' ').nth(1)) else {
            continue;
        };
        let start = packed.len();
        let mut encoder = DeflateEncoder::new(&mut packed, Compression::best());
        encoder.write_all(section.as_bytes())?;
        encoder.finish()?;
        writeln!(index, "    ({first:?}, {start}, {}),", packed.len()).map_err(io::Error::other)?;
    }
    index.push_str("];\n");
    Ok((packed, index))
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
        let of = |key: &str| {
            part(key).map_or(Yaml::Text(String::new()), |(_, start, end)| {
                let section = &text[*start..*end];
                Yaml::read(section.split_once(':').map_or("", |(_, rest)| rest))
            })
        };
        let mut kinds: Vec<String> = Vec::new();
        for name in of("applies_to").texts() {
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
        if let Yaml::Text(when) = of("when") {
            for line in when.lines() {
                if let Some(only) = line.trim().strip_prefix("$.meta.language == ") {
                    languages.retain(|known| *known == only.trim_matches('"'));
                }
            }
        }
        let word = |key: &str, default: &str| match of(key) {
            Yaml::Text(text) if !text.is_empty() => text,
            _ => default.to_owned(),
        };
        let service = path
            .parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut fields = String::new();
        for (name, key, default) in [
            ("title", "title", ""),
            ("severity", "severity", ""),
            ("confidence", "confidence", "high"),
            ("category", "category", service.as_str()),
            ("profile", "profile", "recommended"),
            ("topic", "topic", ""),
            ("rationale", "rationale", ""),
            ("why", "why", ""),
            ("remedy", "remedy", ""),
        ] {
            write!(fields, "{name}: {:?}, ", word(key, default)).map_err(io::Error::other)?;
        }
        for name in ["aliases", "controls"] {
            let mut lists = String::new();
            for (tool, ids) in of(name).lists() {
                write!(lists, "({tool:?}, &{ids:?}), ").map_err(io::Error::other)?;
            }
            write!(fields, "{name}: &[{lists}], ").map_err(io::Error::other)?;
        }
        for name in ["links", "responsibilities"] {
            write!(fields, "{name}: &{:?}, ", of(name).texts()).map_err(io::Error::other)?;
        }
        writeln!(
            rules,
            "    Embedded {{ path: {:?}, text: include_str!({path:?}), end: {end}, kinds: &{kinds:?}, \
             languages: &{languages:?}, {fields} }},",
            shown(root, path)
        )
        .map_err(io::Error::other)?;
    }
    Ok(format!("{rules}];\n{options}];\n"))
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|own| own == name)
}

/// The words of a YAML list in brackets.
fn words(list: &str) -> Vec<String> {
    Yaml::read(list).texts()
}

/// As much of YAML as the envelopes of built-in rules use. That it reads them as the program's own reader does is tested.
enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// Reads what stands behind the colon of a key.
    fn read(text: &str) -> Yaml {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let first = without_comment(first).trim();
        if first.starts_with(['[', '{']) {
            let lines: Vec<&str> = text.lines().map(without_comment).collect();
            return flow(&mut lines.join(" ").as_str());
        }
        if first.starts_with(['>', '|']) {
            let lines: Vec<&str> = rest.lines().collect();
            let indent = lines
                .iter()
                .filter(|line| !line.trim().is_empty())
                .map(|line| indent_of(line))
                .min();
            let lines: Vec<&str> = lines
                .iter()
                .map(|line| line.get(indent.unwrap_or(0)..).unwrap_or(""))
                .collect();
            let mut folded = String::new();
            for line in lines {
                let joint = match (
                    first.starts_with('>'),
                    line.trim().is_empty(),
                    folded.is_empty(),
                ) {
                    (_, _, true) => "",
                    (true, false, false) if !folded.ends_with('\n') => " ",
                    (true, false, false) => "",
                    _ => "\n",
                };
                folded.push_str(joint);
                folded.push_str(line.trim_end());
            }
            return Yaml::Text(folded.trim().to_owned());
        }
        if !first.is_empty() {
            // A text that may go on in the next lines.
            let lines: Vec<&str> = std::iter::once(first)
                .chain(
                    rest.lines()
                        .filter(|line| !line.trim_start().starts_with('#'))
                        .map(str::trim),
                )
                .filter(|line| !line.is_empty())
                .collect();
            return Yaml::Text(unquoted(&lines.join(" ")));
        }
        let lines: Vec<&str> = rest
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
            .collect();
        let Some(indent) = lines.first().map(|line| indent_of(line)) else {
            return Yaml::Text(String::new());
        };
        // Entries begin at the indent of the first.
        let mut entries: Vec<String> = Vec::new();
        for line in lines {
            match entries.last_mut() {
                Some(entry) if indent_of(line) > indent => {
                    entry.push('\n');
                    entry.push_str(line);
                }
                _ => entries.push(line.trim_start().to_owned()),
            }
        }
        if entries[0].starts_with("- ") {
            return Yaml::List(
                entries
                    .iter()
                    .map(|entry| Yaml::read(&entry[2..]))
                    .collect(),
            );
        }
        Yaml::Map(
            entries
                .iter()
                .filter_map(|entry| entry.split_once(':'))
                .map(|(key, value)| (unquoted(key), Yaml::read(value)))
                .collect(),
        )
    }

    /// A list of texts; one text is a list of one.
    fn texts(self) -> Vec<String> {
        match self {
            Yaml::Text(text) if text.is_empty() => Vec::new(),
            Yaml::Text(text) => vec![text],
            Yaml::List(items) => items.into_iter().flat_map(Yaml::texts).collect(),
            Yaml::Map(_) => Vec::new(),
        }
    }

    /// A map of lists of texts.
    fn lists(self) -> Vec<(String, Vec<String>)> {
        match self {
            Yaml::Map(entries) => entries
                .into_iter()
                .map(|(key, value)| (key, value.texts()))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// A value in brackets, or a text up to the next comma or bracket.
fn flow(text: &mut &str) -> Yaml {
    *text = text.trim_start();
    if let Some(rest) = text.strip_prefix('[') {
        *text = rest;
        let mut items = Vec::new();
        while !close(text, ']') {
            items.push(flow(text));
        }
        return Yaml::List(items);
    }
    if let Some(rest) = text.strip_prefix('{') {
        *text = rest;
        let mut entries = Vec::new();
        while !close(text, '}') {
            let Some((key, rest)) = text.split_once(':') else {
                break;
            };
            let key = unquoted(key);
            *text = rest;
            entries.push((key, flow(text)));
        }
        return Yaml::Map(entries);
    }
    let end = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].find(quote).map_or(text.len(), |at| at + 2),
        _ => text.find([',', ']', '}']).unwrap_or(text.len()),
    };
    let (found, rest) = text.split_at(end);
    *text = rest;
    Yaml::Text(unquoted(found))
}

/// Whether a collection ends here; commas are passed over.
fn close(text: &mut &str, bracket: char) -> bool {
    *text = text.trim_start_matches([' ', ',', '\n']);
    match text.strip_prefix(bracket) {
        Some(rest) => {
            *text = rest;
            true
        }
        None => text.is_empty(),
    }
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = |quote: char| {
        text.strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote))
    };
    match (inner('"'), inner('\'')) {
        (Some(text), _) => text.replace("\\\"", "\"").replace("\\\\", "\\"),
        (_, Some(text)) => text.replace("''", "'"),
        _ => text.to_owned(),
    }
}

fn without_comment(line: &str) -> &str {
    let line = if line.trim_start().starts_with('#') {
        ""
    } else {
        line
    };
    line.split(" #").next().unwrap_or_default()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

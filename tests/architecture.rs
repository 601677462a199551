//! The layers of the architecture: imports point down, every file says what it is for, library code does no IO.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules by layer, lowest first; a module may use its own layer's modules only where listed in `PEERS`.
const LAYERS: &[&[&str]] = &[
    &["source", "diagnostic"],
    &["value", "yaml"],
    &["jsonpath"],
    &["project", "declared"],
    &["terraform", "cloudformation"],
    &["model"],
    &["facts"],
    &["rules"],
    &["report"],
    &["output"],
    &["cli"],
];

/// Uses between modules of one layer.
const PEERS: &[(&str, &str)] = &[
    ("diagnostic", "source"),
    ("yaml", "value"),
    ("project", "declared"),
];

/// Uses that the layers would allow and the architecture does not.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "jsonpath",
        &["project", "declared", "terraform", "cloudformation"],
    ),
    ("model", &["terraform", "cloudformation", "project"]),
    ("facts", &["terraform", "cloudformation", "project"]),
    ("rules", &["terraform", "cloudformation", "project"]),
    (
        "output",
        &["terraform", "cloudformation", "project", "facts"],
    ),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder of the package") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a readable source file");
                into.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    collect(&root, &mut all);
    for (path, _) in &mut all {
        *path = path.strip_prefix(&root).expect("below src").to_path_buf();
    }
    all.sort();
    all
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The top-level modules that a file names after `crate::`, its tests left out: they may use what they like.
fn uses(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for (at, _) in line.match_indices("crate::") {
            let word: String = line[at + "crate::".len()..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if !word.is_empty() {
                found.push(word);
            }
        }
    }
    found
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let first = path
            .components()
            .next()
            .and_then(|part| part.as_os_str().to_str())
            .unwrap_or_default()
            .trim_end_matches(".rs");
        if first == "lib" || first == "main" || path.file_name().is_some_and(|n| n == "tests.rs") {
            continue;
        }
        let Some(own) = layer(first) else {
            wrong.push(format!(
                "{}: module `{first}` is in no layer",
                path.display()
            ));
            continue;
        };
        for used in uses(&text) {
            let Some(theirs) = layer(&used) else {
                // Items of lib.rs itself: only the command line stands above it.
                if first != "cli" {
                    wrong.push(format!("{}: uses crate::{used}", path.display()));
                }
                continue;
            };
            let is_peer = own == theirs && PEERS.contains(&(first, used.as_str()));
            let is_forbidden = FORBIDDEN
                .iter()
                .any(|(module, not)| *module == first && not.contains(&used.as_str()));
            let is_fine = used == first || ((theirs < own || is_peer) && !is_forbidden);
            if !is_fine {
                wrong.push(format!("{}: {first} uses {used}", path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports that point up:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| {
            let is_tests = path.file_name().is_some_and(|name| name == "tests.rs");
            !is_tests && !text.starts_with("//!")
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        silent.is_empty(),
        "files without a first sentence: {silent:?}"
    );
}

/// Files, clocks, terminals and the environment belong to the command line.
#[test]
fn the_library_does_no_io() {
    const DOORS: &[&str] = &[
        "std::fs",
        "std::env",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "std::process",
        "SystemTime",
        "Instant::now",
        "Zoned::now",
        "Timestamp::now",
        "println!",
        "eprintln!",
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if path.starts_with("cli") || path == Path::new("main.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for door in DOORS {
                if line.contains(door) {
                    wrong.push(format!("{}:{}: {door}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "IO outside the command line:\n{}",
        wrong.join("\n")
    );
}

/// `crate::{a, b}` would hide from the check above.
#[test]
fn crate_imports_are_written_one_by_one() {
    let grouped: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| text.contains("crate::{"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        grouped.is_empty(),
        "write `use crate::x` for each module: {grouped:?}"
    );
}

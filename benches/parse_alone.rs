//! Parses every Terraform file below a folder with hcl-edit alone: the yardstick that a scan is measured against.
//!
//! `cargo bench --bench parse_alone -- FOLDER`, or run the built binary directly to time it as a whole process.

use std::path::{Path, PathBuf};

/// The same allocator as the product's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            collect(&path, into);
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "tf") {
            into.push(path);
        }
    }
}

#[allow(clippy::print_stdout, reason = "it is a program")]
fn main() {
    let folder = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let folder = folder.unwrap_or_else(|| "samples".to_owned());
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    let (mut bytes, mut parsed, mut refused) = (0, 0, 0);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else {
            continue;
        };
        bytes += text.len();
        match hcl_edit::parser::parse_body(&text) {
            Ok(body) => {
                parsed += 1;
                std::hint::black_box(body);
            }
            Err(error) => {
                refused += 1;
                std::hint::black_box(error);
            }
        }
    }
    println!(
        "{} files, {bytes} bytes, {parsed} parsed, {refused} refused",
        files.len()
    );
}

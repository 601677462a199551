//! The disk as [`Files`], and the walk that finds candidate files on it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::WalkBuilder;

use crate::project::{is_terraform, may_be_template};
use crate::source::files::normalise;
use crate::source::{EntryKind, FileEntry, Files};

/// Files longer than this are refused: nothing that people write is, and plan files are read in another way.
const LONGEST_FILE: u64 = 256 << 20;

/// Folders that hold other people's code or generated output; never walked into unless named.
const SKIPPED_FOLDERS: [&str; 2] = ["node_modules", "__pycache__"];

/// Hidden folders in which Elastic Beanstalk keeps what it deploys
/// (<https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions.html>).
const WALKED_HIDDEN: [&str; 3] = [".ebextensions", ".elasticbeanstalk", ".platform"];

/// The disk, seen from the folder in which the program was started.
#[derive(Clone, Debug, Default)]
pub struct Disk;

fn on_disk(path: &str) -> &Path {
    Path::new(if path.is_empty() { "." } else { path })
}

impl Files for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = on_disk(path);
        // Asked before opening: opening a FIFO waits for a writer.
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        if metadata.len() > LONGEST_FILE {
            return Err(io::Error::other(format!(
                "it is longer than {} MiB",
                LONGEST_FILE >> 20
            )));
        }
        let mut bytes = Vec::with_capacity(metadata.len() as usize);
        fs::File::open(path)?
            .take(LONGEST_FILE)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<FileEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(on_disk(folder))? {
            let entry = entry?;
            // A name that is not UTF-8 cannot be shown nor referred to; Terraform refuses it too.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()).map(|m| m.file_type()),
                other => other,
            };
            let kind = match kind {
                Ok(kind) if kind.is_file() => EntryKind::File,
                Ok(kind) if kind.is_dir() => EntryKind::Directory,
                _ => EntryKind::Other,
            };
            entries.push(FileEntry { name, kind });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        let metadata = fs::metadata(on_disk(path)).ok()?;
        Some(if metadata.is_file() {
            EntryKind::File
        } else if metadata.is_dir() {
            EntryKind::Directory
        } else {
            EntryKind::Other
        })
    }

    fn resolve(&self, path: &str) -> String {
        match fs::canonicalize(on_disk(path)) {
            Ok(resolved) => resolved.to_string_lossy().into_owned(),
            Err(_) => normalise(path),
        }
    }
}

/// A path as users are shown it: relative to where the program was started if it lies below, `/` between the parts.
pub fn shown(path: &Path) -> String {
    let relative = std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).map(Path::to_path_buf).ok());
    normalise(&slashed(relative.as_deref().unwrap_or(path)))
}

/// A path with `/` between its parts.
pub fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '\\' {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walk {
    /// Files that may be Terraform or templates.
    pub candidates: Vec<String>,
    /// Output folders of CDK that were passed over.
    pub cdk_outputs: Vec<PathBuf>,
    /// What could not be read, and why.
    pub failures: Vec<(String, String)>,
}

/// Whether a folder is one that CDK copies to upload it: code, and whatever is in it.
fn is_asset(name: &str) -> bool {
    name.strip_prefix("asset.")
        .is_some_and(|hash| hash.len() >= 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Walks a folder. Ignore files (`.gitignore` in repositories, `.ignore`, `.onusignore`) choose what is looked at, never
/// which files of a module are read once it was chosen. Links to folders are not followed, so there are no circles.
pub fn walk(folder: &Path) -> Walk {
    let mut walk = Walk::default();
    let passed_over = Arc::new(Mutex::new(Vec::new()));
    let cdk_outputs = passed_over.clone();
    let entries = WalkBuilder::new(folder)
        .hidden(false)
        .git_global(false)
        .add_custom_ignore_filename(".onusignore")
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .filter_entry(move |entry| {
            if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return true;
            }
            let name = entry.file_name().to_string_lossy();
            if name == "cdk.out" {
                let mut cdk_outputs = cdk_outputs.lock().unwrap_or_else(|e| e.into_inner());
                cdk_outputs.push(entry.path().to_path_buf());
                return false;
            }
            let is_hidden = name.starts_with('.') && !WALKED_HIDDEN.contains(&&*name);
            !is_hidden && !is_asset(&name) && !SKIPPED_FOLDERS.contains(&&*name)
        })
        .build();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                walk.failures.push((shown(folder), error.to_string()));
                continue;
            }
        };
        let is_file = match entry.file_type() {
            Some(kind) if kind.is_symlink() => entry.path().is_file(),
            Some(kind) => kind.is_file(),
            None => false,
        };
        let path = shown(entry.path());
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if is_file && (is_terraform(&path) || (may_be_template(&path) && !is_hidden)) {
            walk.candidates.push(path);
        }
    }
    walk.cdk_outputs = std::mem::take(&mut *passed_over.lock().unwrap_or_else(|e| e.into_inner()));
    walk
}

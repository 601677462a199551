//! `Files`: the only door through which the library reads. The disk, an editor's overlay and tests stand behind it alike.

use std::collections::BTreeMap;
use std::io;

/// What a path leads to, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A FIFO, socket or device: never opened.
    Other,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// The name, without its folder.
    pub name: String,
    /// What it is, links followed.
    pub kind: EntryKind,
}

/// Reads files and folders. Paths use `/`; `""` or `"."` is the starting folder; `a/../b` is not normalised by the caller.
pub trait Files: Send + Sync {
    /// The bytes of a regular file.
    ///
    /// # Errors
    /// As the operating system says; also for anything that is not a regular file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// The names in a folder, sorted bytewise.
    ///
    /// # Errors
    /// As the operating system says.
    fn list(&self, folder: &str) -> io::Result<Vec<FileEntry>>;

    /// What a path leads to; none if nothing is there.
    fn kind(&self, path: &str) -> Option<EntryKind>;

    /// The path with links resolved, for telling two spellings of one folder; the path itself where that means nothing.
    fn resolve(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// Files held in memory: for tests, rule samples and editors.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Vec<u8>>,
    unreadable: BTreeMap<String, io::ErrorKind>,
}

impl MemoryFiles {
    /// Files from pairs of path and text.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> MemoryFiles {
        let mut memory = MemoryFiles::default();
        for (path, text) in files {
            memory.insert(path, text.as_bytes());
        }
        memory
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, bytes: &[u8]) {
        self.files.insert(normalise(path), bytes.to_vec());
    }

    /// Makes reading this path fail, as a file without permission does.
    pub fn deny(&mut self, path: &str, kind: io::ErrorKind) {
        self.unreadable.insert(normalise(path), kind);
    }

    /// All paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

/// Folds `.` and `..` and doubled slashes: `a/./b/../c` is `a/c`. Leading `..` stay; the empty path is `.`.
pub fn normalise(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if absolute => {}
                _ => parts.push(".."),
            },
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Joins a folder and a path below it (or an absolute path, which stands alone) and normalises.
pub fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') || folder.is_empty() || folder == "." {
        normalise(path)
    } else {
        normalise(&format!("{folder}/{path}"))
    }
}

/// Whether a normalised path is a folder or lies below it.
pub fn is_below(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = normalise(path);
        if let Some(kind) = self.unreadable.get(&path) {
            return Err((*kind).into());
        }
        self.files
            .get(&path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<FileEntry>> {
        let folder = normalise(folder);
        let prefix = if folder == "." {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut entries: BTreeMap<String, EntryKind> = BTreeMap::new();
        for path in self.files.keys() {
            if let Some(rest) = path.strip_prefix(&prefix) {
                match rest.split_once('/') {
                    Some((name, _)) => entries.insert(name.to_owned(), EntryKind::Directory),
                    None => entries.insert(rest.to_owned(), EntryKind::File),
                };
            }
        }
        if entries.is_empty() && !prefix.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(entries
            .into_iter()
            .map(|(name, kind)| FileEntry { name, kind })
            .collect())
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        let path = normalise(path);
        if self.files.contains_key(&path) {
            return Some(EntryKind::File);
        }
        let is_folder = path == "."
            || self
                .files
                .keys()
                .any(|p| p.starts_with(&format!("{path}/")));
        is_folder.then_some(EntryKind::Directory)
    }

    fn resolve(&self, path: &str) -> String {
        normalise(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fold() {
        assert_eq!(normalise("a/./b//../c"), "a/c");
        assert_eq!(normalise("../x/.."), "..");
        assert_eq!(normalise("/../a"), "/a");
        assert_eq!(normalise(""), ".");
        assert_eq!(join("modules/a", "../b"), "modules/b");
        assert_eq!(join(".", "./b"), "b");
    }

    #[test]
    fn memory_lists_folders_and_denies() {
        let mut files = MemoryFiles::new([("a/b.tf", "x"), ("a/c/d.tf", "y")]);
        let names: Vec<_> = files
            .list("a")
            .expect("folder")
            .into_iter()
            .map(|e| (e.name, e.kind))
            .collect();
        assert_eq!(
            names,
            [
                ("b.tf".to_owned(), EntryKind::File),
                ("c".to_owned(), EntryKind::Directory)
            ]
        );
        files.deny("a/b.tf", io::ErrorKind::PermissionDenied);
        assert!(files.read("a/b.tf").is_err());
        assert_eq!(files.kind("a/c"), Some(EntryKind::Directory));
    }
}

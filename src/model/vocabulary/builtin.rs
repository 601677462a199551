//! The vocabulary that comes with the program: native types in, the kinds they concern out. The texts are embedded and
//! indexed by build.rs, so that a small stack parses only the few descriptions that it needs.

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::{Entry, Vocabulary};
use crate::model::Kind;

/// One kind's text.
pub(super) struct Chunk {
    /// Number of its file in `FILES`.
    pub file: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The kind; `groups` and `shapes` for those sections.
    pub key: &'static str,
    /// The Terraform types that spell it.
    pub native: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/vocabulary.rs"));

type Groups = IndexMap<Arc<str>, Vec<Kind>, FxBuildHasher>;

/// The entry of each chunk, once somebody asked for it.
static PARSED: OnceLock<Vec<OnceLock<Option<Arc<Entry>>>>> = OnceLock::new();

fn text(chunk: &Chunk) -> &'static str {
    FILES[chunk.file]
        .1
        .get(chunk.start..chunk.end)
        .unwrap_or_default()
}

/// The embedded files: path and text.
#[cfg(test)]
pub(super) fn files() -> &'static [(&'static str, &'static str)] {
    FILES
}

pub(super) fn groups() -> &'static Groups {
    static GROUPS: OnceLock<Groups> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let mut groups = Groups::default();
        for chunk in CHUNKS.iter().filter(|chunk| chunk.key == "groups") {
            groups.extend(Vocabulary::read_chunk(chunk.key, text(chunk)).groups);
        }
        groups
    })
}

fn entry(index: usize) -> Option<Arc<Entry>> {
    let parsed = PARSED.get_or_init(|| CHUNKS.iter().map(|_| OnceLock::new()).collect());
    let chunk = &CHUNKS[index];
    parsed[index]
        .get_or_init(|| {
            let own = text(chunk);
            let shapes = CHUNKS
                .iter()
                .filter(|other| other.file == chunk.file && other.key == "shapes");
            let vocabulary = if own.contains("shape:") {
                let shapes: String = shapes.map(text).collect();
                Vocabulary::read_chunk(chunk.key, &format!("{shapes}{own}"))
            } else {
                Vocabulary::read_chunk(chunk.key, own)
            };
            vocabulary.entries.get(chunk.key).cloned()
        })
        .clone()
}

fn of_chunks(chunks: impl Iterator<Item = usize>) -> Vocabulary {
    let mut entries = IndexMap::default();
    for entry in chunks.filter_map(entry) {
        entries.insert(entry.kind.clone(), entry);
    }
    Vocabulary::of(entries, groups().clone())
}

fn is_kind(chunk: &Chunk) -> bool {
    !matches!(chunk.key, "groups" | "shapes")
}

pub(super) fn all() -> Arc<Vocabulary> {
    static ALL: OnceLock<Arc<Vocabulary>> = OnceLock::new();
    ALL.get_or_init(|| {
        let chunks = (0..CHUNKS.len()).filter(|index| is_kind(&CHUNKS[*index]));
        Arc::new(of_chunks(chunks))
    })
    .clone()
}

pub(super) fn concerning<'a>(types: impl IntoIterator<Item = &'a str>) -> Arc<Vocabulary> {
    static INDEX: OnceLock<FxHashMap<&'static str, Vec<usize>>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index: FxHashMap<&'static str, Vec<usize>> = FxHashMap::default();
        for (number, chunk) in CHUNKS
            .iter()
            .enumerate()
            .filter(|(_, chunk)| is_kind(chunk))
        {
            for name in chunk.native.iter().chain([&chunk.key]) {
                index.entry(name).or_default().push(number);
            }
        }
        index
    });
    let mut wanted: FxHashSet<usize> = FxHashSet::default();
    for name in types {
        wanted.extend(index.get(name).into_iter().flatten());
    }
    let mut wanted: Vec<usize> = wanted.into_iter().collect();
    wanted.sort_unstable();
    Arc::new(of_chunks(wanted.into_iter()))
}

//! Text and where it is: file paths and bytes in, files with spans that everything later points into out.

pub mod files;
pub mod position;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock, RwLock};

use rustc_hash::FxHashMap;

pub use files::{EntryKind, FileEntry, Files, MemoryFiles};
pub use position::{Columns, Position};

/// Names one file in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

impl SourceId {
    /// No file at all: the place of values that nobody wrote (constants of the program).
    pub const NONE: SourceId = SourceId(u32::MAX);
}

/// A range of bytes, half open, in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of what nobody wrote.
    pub const NONE: Span = Span {
        source: SourceId::NONE,
        start: 0,
        end: 0,
    };

    /// A span of the bytes `start..end` of `source`. Files of more than 4 GiB are refused when they are read.
    pub fn new(source: SourceId, start: usize, end: usize) -> Span {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span {
            source,
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// Whether somebody wrote it.
    pub fn is_written(self) -> bool {
        self.source != SourceId::NONE
    }

    /// Whether `other` lies wholly within this span.
    pub fn contains(self, other: Span) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }

    /// From the start of this span to the end of `other`, which must be of the same file.
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span {
            source: self.source,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// The byte order mark.
const MARK: char = '\u{feff}';

/// One file's text. A byte order mark is cut off when the file is added, so offset 0 is the first visible character.
#[derive(Debug)]
pub struct SourceFile {
    /// Its name in the map.
    pub id: SourceId,
    /// Path as shown to users: `/` between the parts, relative to where the program was started unless given absolute.
    pub path: Arc<str>,
    /// The text.
    pub text: Cow<'static, str>,
    /// Whether the file on disk starts with a byte order mark, which is not part of `text`.
    pub has_mark: bool,
    lines: OnceLock<position::Lines>,
}

impl SourceFile {
    /// Byte offset at which each line starts; a line ends with LF, CRLF or a lone CR, which is part of it.
    pub fn line_starts(&self) -> &[u32] {
        &self.lines().starts
    }

    fn lines(&self) -> &position::Lines {
        self.lines.get_or_init(|| position::Lines::of(&self.text))
    }

    /// Line and column of a byte offset, both from 1.
    pub fn position(&self, offset: u32, columns: Columns) -> Position {
        self.lines().position(&self.text, offset, columns)
    }

    /// Number of the line (from 1) that holds a byte offset.
    pub fn line(&self, offset: u32) -> usize {
        self.line_starts().partition_point(|&start| start <= offset)
    }

    /// Bytes of line `number` (from 1) without its line end; empty past the end.
    pub fn line_text(&self, number: usize) -> &str {
        let starts = self.line_starts();
        let Some(&start) = number.checked_sub(1).and_then(|index| starts.get(index)) else {
            return "";
        };
        let end = starts.get(number).map_or(self.text.len(), |&e| e as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// The text as it is on disk, byte order mark included: what others hash.
    pub fn text_as_stored(&self) -> Cow<'_, str> {
        if self.has_mark {
            Cow::Owned(format!("{MARK}{}", self.text))
        } else {
            Cow::Borrowed(&self.text)
        }
    }

    /// The text of a span of this file; empty when the span is not of this file or cuts a character.
    pub fn slice(&self, span: Span) -> &str {
        if span.source != self.id {
            return "";
        }
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }
}

/// All files read in a run, input and rule files alike. Append only; shared between threads.
#[derive(Debug, Default)]
pub struct SourceMap {
    inner: RwLock<Sources>,
}

#[derive(Debug, Default)]
struct Sources {
    files: Vec<Arc<SourceFile>>,
    by_path: FxHashMap<Arc<str>, SourceId>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file, or returns the one already added under this path.
    pub fn add(&self, path: &str, text: &str) -> Arc<SourceFile> {
        let visible = text.strip_prefix(MARK).unwrap_or(text);
        self.put(path, text.starts_with(MARK), || {
            Cow::Owned(visible.to_owned())
        })
    }

    /// Adds a file, as [`SourceMap::add`] does, without copying its text. A byte order mark must be off already.
    pub fn add_owned(&self, path: &str, text: String) -> Arc<SourceFile> {
        self.put(path, false, || Cow::Owned(text))
    }

    /// Adds a file that is part of the program, as [`SourceMap::add`] does, without copying its text.
    pub fn add_embedded(&self, path: &str, text: &'static str) -> Arc<SourceFile> {
        self.put(path, false, || Cow::Borrowed(text))
    }

    fn put(
        &self,
        path: &str,
        has_mark: bool,
        text: impl FnOnce() -> Cow<'static, str>,
    ) -> Arc<SourceFile> {
        let mut inner = self.inner.write().unwrap_or_else(|e| e.into_inner());
        if let Some(id) = inner.by_path.get(path) {
            return inner.files[id.0 as usize].clone();
        }
        let id = SourceId(inner.files.len() as u32);
        let path: Arc<str> = path.into();
        let file = Arc::new(SourceFile {
            id,
            path: path.clone(),
            text: text(),
            has_mark,
            lines: OnceLock::new(),
        });
        inner.files.push(file.clone());
        inner.by_path.insert(path, id);
        file
    }

    /// How many files were added; their ids are the numbers below.
    pub fn count(&self) -> usize {
        let inner = self.inner.read().unwrap_or_else(|e| e.into_inner());
        inner.files.len()
    }

    /// The file named by an id of this map.
    pub fn get(&self, id: SourceId) -> Option<Arc<SourceFile>> {
        let inner = self.inner.read().unwrap_or_else(|e| e.into_inner());
        inner.files.get(id.0 as usize).cloned()
    }

    /// The file under this path, if it was added.
    pub fn by_path(&self, path: &str) -> Option<Arc<SourceFile>> {
        let inner = self.inner.read().unwrap_or_else(|e| e.into_inner());
        let id = *inner.by_path.get(path)?;
        inner.files.get(id.0 as usize).cloned()
    }

    /// `path:line:column` of where a span starts, columns in characters; `?` for what nobody wrote.
    pub fn describe(&self, span: Span) -> String {
        match self.get(span.source) {
            Some(file) => {
                let at = file.position(span.start, Columns::Characters);
                format!("{}:{}:{}", file.path, at.line, at.column)
            }
            None => "?".to_owned(),
        }
    }
}

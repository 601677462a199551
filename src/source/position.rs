//! Byte offsets to lines and columns: the only place where lines and columns exist.

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Unicode scalar values, as people and terminals count.
    Characters,
    /// UTF-16 code units, as SARIF viewers and editors count.
    Utf16,
}

/// A place as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// Bytes between two milestones.
const MILE: usize = 4096;

/// Where lines start, and how many characters stand before each milestone: a plan file is one line of many megabytes,
/// which must not be counted through for each place in it.
#[derive(Debug)]
pub(super) struct Lines {
    /// Byte offsets at which lines start.
    pub starts: Vec<u32>,
    /// Characters and UTF-16 code units before every so many bytes.
    milestones: Vec<(u32, u32)>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (index, &byte) in bytes.iter().enumerate() {
            let ends_line =
                byte == b'\n' || (byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'));
            if ends_line {
                starts.push((index + 1) as u32);
            }
        }
        let mut milestones = vec![(0, 0)];
        let (mut at, mut characters, mut units) = (0, 0, 0);
        while at + MILE <= text.len() {
            let next = boundary(text, milestones.len() * MILE);
            let (more, more_units) = counts(&text[at..next]);
            (at, characters, units) = (next, characters + more, units + more_units);
            milestones.push((characters as u32, units as u32));
        }
        Lines { starts, milestones }
    }

    /// Characters and UTF-16 code units before a byte offset at a character's start.
    fn before(&self, text: &str, offset: usize) -> (usize, usize) {
        let mile = (offset / MILE).min(self.milestones.len() - 1);
        let from = boundary(text, mile * MILE).min(offset);
        let (characters, units) = counts(&text[from..offset]);
        let (known, known_units) = self.milestones[mile];
        (known as usize + characters, known_units as usize + units)
    }

    /// Line and column of `offset`; an offset past the end is the end, one inside a character is that character.
    pub(super) fn position(&self, text: &str, offset: u32, columns: Columns) -> Position {
        let offset = boundary(text, offset as usize);
        let line = self
            .starts
            .partition_point(|&start| start as usize <= offset);
        let start = self
            .starts
            .get(line.saturating_sub(1))
            .map_or(0, |&s| s as usize);
        let (characters, units) = if offset - start < MILE {
            counts(&text[start..offset])
        } else {
            let (to, from) = (self.before(text, offset), self.before(text, start));
            (to.0 - from.0, to.1 - from.1)
        };
        let column = match columns {
            Columns::Characters => characters,
            Columns::Utf16 => units,
        };
        Position {
            line,
            column: column + 1,
        }
    }
}

/// The nearest start of a character at or before an offset.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Characters and UTF-16 code units.
fn counts(text: &str) -> (usize, usize) {
    if text.is_ascii() {
        return (text.len(), text.len());
    }
    text.chars()
        .fold((0, 0), |(n, units), c| (n + 1, units + c.len_utf16()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, offset: u32, characters: (usize, usize), utf16: (usize, usize)) {
        let lines = Lines::of(text);
        let at = |columns| {
            let p = lines.position(text, offset, columns);
            (p.line, p.column)
        };
        assert_eq!(at(Columns::Characters), characters);
        assert_eq!(at(Columns::Utf16), utf16);
    }

    #[test]
    fn lines_end_in_lf_crlf_or_cr() {
        assert_eq!(Lines::of("a\nb\r\nc\rd").starts, [0, 2, 5, 7]);
    }

    #[test]
    fn columns_count_characters_or_utf16_units() {
        check("x = \"😀\" # b", 9, (1, 7), (1, 8));
        check("é\n\ty", 4, (2, 2), (2, 2));
    }

    #[test]
    fn offsets_out_of_range_or_inside_a_character_are_clamped() {
        check("é", 1, (1, 1), (1, 1));
        check("ab", 99, (1, 3), (1, 3));
    }

    #[test]
    fn long_lines_are_counted_from_milestones() {
        let text = format!("x\n{}", "aé😀b".repeat(5_000));
        let lines = Lines::of(&text);
        for times in [0, 1, 1_000, 4_999] {
            let offset = 2 + times * "aé😀b".len() + "aé".len();
            let at = |columns| lines.position(&text, offset as u32, columns);
            assert_eq!(
                at(Columns::Characters),
                Position {
                    line: 2,
                    column: times * 4 + 3
                }
            );
            assert_eq!(
                at(Columns::Utf16),
                Position {
                    line: 2,
                    column: times * 5 + 3
                }
            );
        }
    }
}

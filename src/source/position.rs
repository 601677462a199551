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

/// Byte offsets at which lines start.
pub(super) fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (index, &byte) in bytes.iter().enumerate() {
        let ends_line = byte == b'\n' || (byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'));
        if ends_line {
            starts.push((index + 1) as u32);
        }
    }
    starts
}

/// Line and column of `offset`; an offset past the end is the end, one inside a character is that character.
pub(super) fn position(text: &str, starts: &[u32], offset: u32, columns: Columns) -> Position {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let line = starts.partition_point(|&start| start as usize <= offset);
    let start = starts
        .get(line.saturating_sub(1))
        .map_or(0, |&s| s as usize);
    let before = &text[start..offset];
    let column = match columns {
        Columns::Characters => before.chars().count(),
        Columns::Utf16 => before.chars().map(char::len_utf16).sum(),
    };
    Position {
        line,
        column: column + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, offset: u32, characters: (usize, usize), utf16: (usize, usize)) {
        let starts = line_starts(text);
        let at = |columns| {
            let p = position(text, &starts, offset, columns);
            (p.line, p.column)
        };
        assert_eq!(at(Columns::Characters), characters);
        assert_eq!(at(Columns::Utf16), utf16);
    }

    #[test]
    fn lines_end_in_lf_crlf_or_cr() {
        assert_eq!(line_starts("a\nb\r\nc\rd"), [0, 2, 5, 7]);
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
}

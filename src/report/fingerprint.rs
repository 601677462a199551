//! Identity of findings between runs: a finding's rule, place and text in, strings that survive edits elsewhere out.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

/// What tells a finding from others and knows it again in the next run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprints {
    /// `onusSemantic/v1`: rule, address without instance keys, path, class of the value; then `:` and a counter for
    /// findings that agree in all of these. Survives moved lines, renamed files and further instances.
    pub semantic: String,
    /// `primaryLocationLineHash` as GitHub computes it from the text of the line and the characters that follow.
    pub line: String,
}

/// The semantic identity of one instance of a finding. The address must already be without what should not count.
pub fn semantic(rule: &str, address: &str, stable_path: &str, class: &str) -> String {
    let mut hash = Sha256::new();
    for part in [rule, address, stable_path, class] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..16]
        .iter()
        .fold(String::with_capacity(32), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// An address without positions: `a.b[0]` and `a.b[*]` are `a.b`, `a.b["key"]` stays. Inserting an element moves all
/// positions after it; a key stays with what it names.
pub fn without_positions(address: &str) -> String {
    without_indices(address, |index| {
        index == "*" || index.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// An address without positions and keys: the block as it is written.
pub fn without_keys(address: &str) -> String {
    without_indices(address, |_| true)
}

fn without_indices(address: &str, is_dropped: impl Fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(address.len());
    let mut rest = address;
    while let Some(open) = rest.find('[') {
        kept.push_str(&rest[..open]);
        let index = &rest[open + 1..];
        let Some(length) = index_length(index) else {
            kept.push_str(&rest[open..]);
            return kept;
        };
        if !is_dropped(&index[..length]) {
            kept.push_str(&rest[open..open + length + 2]);
        }
        rest = &index[length + 1..];
    }
    kept.push_str(rest);
    kept
}

/// Bytes before the `]` that ends an index; one inside a quoted key does not.
fn index_length(index: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in index.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Units that a line's hash covers.
const WINDOW: usize = 100;
/// Base of the rolling hash.
const BASE: u64 = 37;
/// Stands for the end of the file.
const END: u16 = u16::MAX;

/// The `primaryLocationLineHash` of every line of a text, in order. The algorithm is GitHub's: a 64-bit rolling hash
/// over the 100 UTF-16 units without blanks that start at the line's first one, and a counter for equal hashes.
/// See <https://github.com/github/codeql-action/blob/main/src/fingerprints.ts>; `upload-sarif` warns per result when
/// a file brings another value than its own.
pub fn line_hashes(text: &str) -> Vec<String> {
    let first_power = (0..WINDOW).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut window = [0u16; WINDOW];
    let mut oldest = 0;
    let mut hash = 0u64;
    // For each slot of the window: whether the unit in it starts a line, whose hash is due when it is about to leave.
    let mut starts_line = [false; WINDOW];
    let mut hashes: Vec<String> = Vec::new();
    let mut seen: FxHashMap<u64, u32> = FxHashMap::default();
    let mut at_line_start = true;
    let mut after_return = false;

    let mut push = |unit: u16, starts: bool| {
        if starts_line[oldest] {
            let count = seen.entry(hash).or_insert(0);
            *count += 1;
            hashes.push(format!("{hash:x}:{count}"));
        }
        let leaving = u64::from(window[oldest]);
        hash = BASE
            .wrapping_mul(hash)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(first_power.wrapping_mul(leaving));
        window[oldest] = unit;
        starts_line[oldest] = starts;
        oldest = (oldest + 1) % WINDOW;
    };

    for unit in text.encode_utf16() {
        let unit = match unit {
            // Space and tab do not count.
            0x20 | 0x09 => {
                after_return = false;
                continue;
            }
            0x0a if after_return => {
                after_return = false;
                continue;
            }
            0x0d => {
                after_return = true;
                0x0a
            }
            other => {
                after_return = false;
                other
            }
        };
        push(unit, at_line_start);
        at_line_start = unit == 0x0a;
    }
    push(END, at_line_start);
    for _ in 0..WINDOW {
        push(0, false);
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(line_hashes(text), expected, "{text:?}");
    }

    #[test]
    fn line_hashes_are_those_of_github() {
        check("", &["c129715d7a2bc9a3:1"]);
        let abcd = [
            "271789c17abda88f:1",
            "54703d4cd895b18:1",
            "180aee12dab6264:1",
            "a23a3dc5e078b07b:1",
        ];
        check(" a\nb\n  \t\tc\n d", &abcd);
        let lorem = [
            "a7f2ff13bc495cf2:1",
            "a7f2ff13bc495cf2:2",
            "a7f2ff13bc495cf2:3",
            "a7f2ff13bc495cf2:4",
            "a7f2ff13bc495cf2:5",
            "a7f2ff13bc495cf2:6",
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ];
        check(&"Lorem ipsum dolor sit amet.\n".repeat(10), &lorem);
    }

    #[test]
    fn line_ends_are_all_alike() {
        let expected = line_hashes("a\nb\n\nc\n");
        for text in ["a\r\nb\r\n\r\nc\r\n", "a\rb\r\rc\r", "a\nb\r\n\rc\r\n"] {
            assert_eq!(line_hashes(text), expected, "{text:?}");
        }
        assert_eq!(expected.len(), 5);
    }

    #[test]
    fn units_outside_the_basic_plane_count_twice() {
        // Two surrogates, the line end and the end of the file.
        let units = [0xd83d_u64, 0xde00, 0x0a, 0xffff];
        let hash = (0..WINDOW).fold(0u64, |hash, index| {
            let unit = units.get(index).copied().unwrap_or(0);
            hash.wrapping_mul(BASE).wrapping_add(unit)
        });
        assert_eq!(line_hashes("😀\n")[0], format!("{hash:x}:1"));
    }

    #[test]
    fn positions_leave_an_address_and_keys_stay() {
        let address = r#"module.a["x[0]"].aws_b.c[12]"#;
        assert_eq!(without_positions(address), r#"module.a["x[0]"].aws_b.c"#);
        assert_eq!(without_keys(address), "module.a.aws_b.c");
        assert_eq!(without_positions("a.b[*]"), "a.b");
        assert_eq!(without_keys("a.b[unclosed"), "a.b[unclosed");
    }

    #[test]
    fn parts_of_the_semantic_identity_do_not_run_together() {
        assert_ne!(semantic("a", "bc", "", ""), semantic("ab", "c", "", ""));
        assert_eq!(semantic("r", "a", "p", "true").len(), 32);
    }
}

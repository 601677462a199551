//! Differences that are meant to be: as narrow as they can be said, each with its reason.

use super::compare::Verdict;
use super::recorded::Worth;

/// Functions whose results onus leaves open, and why.
const LEFT_OPEN: &[(&str, &str)] = &[
    (
        "base64gzip(",
        "`base64gzip`: the bytes of Go's compressor are not imitated",
    ),
    ("rsadecrypt(", "`rsadecrypt`: onus handles no private keys"),
    (
        "bcrypt(",
        "`bcrypt`: its result differs each time; onus does not check the costs it takes",
    ),
];

/// Why a difference is no fault; none if it is one.
pub fn excuse(text: &str, verdict: &Verdict) -> Option<&'static str> {
    let expected = verdict.expected();
    if verdict.onus.has_unknown() && expected != Worth::Unknown {
        let called = LEFT_OPEN.iter().find(|(call, _)| text.contains(call));
        if let Some((_, reason)) = called {
            return Some(reason);
        }
        if verdict.reads_outside {
            return Some("onus reads no files outside of the root");
        }
    }
    if matches!(&expected, Worth::List(_, items) if items.contains(&Worth::text("main.tf"))) {
        return Some("`fileset` finds the files of the oracle itself");
    }
    if expected.to_string().contains("-0")
        && without_signed_zeros(&expected) == without_signed_zeros(&verdict.onus)
    {
        return Some("zeros have no sign in onus: `-0` is written `0`");
    }
    if expected.to_string().contains("Inf")
        && verdict
            .said
            .as_ref()
            .is_some_and(|said| said.contains("infinite"))
    {
        return Some("onus writes no infinite number into a text");
    }
    let is_charset = text.contains("textdecodebase64(") || text.contains("textencodebase64(");
    let is_unnamed = |said: &String| said.contains("there is no encoding");
    let is_left_open = verdict.onus.has_unknown() || verdict.said.as_ref().is_some_and(is_unnamed);
    (is_charset && is_left_open)
        .then_some("character sets beside Unicode's and Latin-1's kin are left open")
}

fn without_signed_zeros(worth: &Worth) -> String {
    worth.to_string().replace("-0", "0")
}

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
    let is_left_open = verdict.onus.has_unknown() && verdict.expected() != Worth::Unknown;
    let called = LEFT_OPEN.iter().find(|(call, _)| text.contains(call));
    called.filter(|_| is_left_open).map(|(_, reason)| *reason)
}

//! Numbers as Terraform has them: exact integers, otherwise 512-bit binary floats that never pass through `f64`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A number.
#[derive(Clone, Debug)]
pub struct Number(f64);

impl Number {
    /// Reads decimal text, also with exponent; none if it is no number or its exponent is absurd.
    pub fn parse(text: &str) -> Option<Number> {
        let digits = text.trim_start_matches('-');
        digits
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| text.parse().ok().map(Number))?
    }

    /// The number as a machine integer, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        (self.0.fract() == 0.0 && self.0.abs() < 9.0e18).then_some(self.0 as i64)
    }

    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        self.0
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number(value as f64)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.0 == other.0
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

//! Numbers as Terraform has them: exact integers, otherwise 512-bit binary floats that never pass through `f64`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use dashu_float::{Context, DBig, FBig, round::mode::HalfEven};
use dashu_int::IBig;

/// Bits of precision, as in Terraform (cty uses big.Float with 512).
const PRECISION: usize = 512;
/// Bits of precision of what Terraform computes in 64-bit floats (`pow`, `log`).
const MACHINE_PRECISION: usize = 53;
/// Decimal digits that tell any two numbers of that precision apart.
const MOST_DIGITS: usize = 156;
/// Decimal exponents beyond this are refused: nobody writes them and their digits would fill memory.
const LARGEST_EXPONENT: i64 = 4_000;

type Float = FBig<HalfEven, 2>;

/// A number.
#[derive(Clone)]
pub struct Number(Form);

#[derive(Clone)]
enum Form {
    Int(i64),
    /// Anything else; never an integer that fits the other form.
    Float(Arc<Float>),
}

/// Without a limit of precision: a result is rounded once, as Terraform does, when it is there in full.
fn exact(float: Float) -> Float {
    float.with_precision(0).value()
}

impl Number {
    /// Reads decimal text, also with fraction and exponent; none if it is no number or its exponent is absurd.
    pub fn parse(text: &str) -> Option<Number> {
        let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(is_plain) {
            return None;
        }
        if let Ok(int) = text.parse::<i64>() {
            return Some(Number(Form::Int(int)));
        }
        if let Some((_, exponent)) = text.split_once(['e', 'E'])
            && exponent.parse::<i64>().ok()?.abs() > LARGEST_EXPONENT
        {
            return None;
        }
        if text.len() > LARGEST_EXPONENT as usize {
            return None;
        }
        let decimal = DBig::from_str(text).ok()?;
        Some(Number::from_decimal(decimal))
    }

    fn from_decimal(decimal: DBig) -> Number {
        let precise = decimal.with_precision(0).value();
        let float = precise
            .with_rounding::<HalfEven>()
            .with_base_and_precision::<2>(PRECISION)
            .value();
        Number::from_float(float)
    }

    fn from_float(float: Float) -> Number {
        let is_small = float.clone().into_repr().exponent() < 64;
        if is_small
            && float.fract() == Float::ZERO
            && let Ok(int) = i64::try_from(float.to_int().value())
        {
            return Number(Form::Int(int));
        }
        Number(Form::Float(Arc::new(float)))
    }

    fn float(&self) -> Float {
        match &self.0 {
            Form::Int(int) => Context::<HalfEven>::new(PRECISION)
                .convert_int::<2>(IBig::from(*int))
                .value(),
            Form::Float(float) => (**float).clone(),
        }
    }

    /// The number as a machine integer, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Int(int) => Some(*int),
            Form::Float(_) => None,
        }
    }

    /// As it stands in a plan of Terraform, which keeps fractions in 64 bits where that loses nothing, and prints no more
    /// digits than those need.
    pub fn to_planned(&self) -> String {
        let float = self.to_f64();
        match !self.is_integer() && Number::from_f64(float).as_ref() == Some(self) {
            true => float.to_string(),
            false => self.to_string(),
        }
    }

    /// All digits of the binary fraction, which are more than tell it from others.
    pub fn to_exact(&self) -> String {
        match &self.0 {
            Form::Int(int) => int.to_string(),
            Form::Float(float) => {
                let repr = float.repr();
                let (significand, exponent) = (repr.significand().clone(), repr.exponent());
                let places = exponent.min(0).unsigned_abs();
                let digits = match exponent < 0 {
                    true => significand * IBig::from(5).pow(places),
                    false => significand << exponent.unsigned_abs(),
                };
                placed(&digits.to_string(), places)
            }
        }
    }

    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Form::Int(int) => *int as f64,
            Form::Float(float) => float.to_f64().value(),
        }
    }

    /// A finite `f64`, of whose precision the number is until it is calculated with; none for infinities and NaN.
    pub fn from_f64(value: f64) -> Option<Number> {
        Float::try_from(value)
            .ok()
            .filter(|_| value.is_finite())
            .map(|float| Number::from_float(float.with_precision(MACHINE_PRECISION).value()))
    }

    /// Whether it is a whole number.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Form::Int(_) => true,
            Form::Float(float) => float.fract() == Float::ZERO,
        }
    }

    /// `self + other`; none if the result is out of range.
    pub fn add(&self, other: &Number) -> Option<Number> {
        self.combine(other, i64::checked_add, |a, b| exact(a) + exact(b))
    }

    /// `self - other`; none if the result is out of range.
    pub fn sub(&self, other: &Number) -> Option<Number> {
        self.combine(other, i64::checked_sub, |a, b| exact(a) - exact(b))
    }

    /// `self * other`; none if the result is out of range.
    pub fn mul(&self, other: &Number) -> Option<Number> {
        self.combine(other, i64::checked_mul, |a, b| exact(a) * exact(b))
    }

    /// `self / other`; none for a division by zero.
    pub fn div(&self, other: &Number) -> Option<Number> {
        if *other == Number::from(0) {
            return None;
        }
        let exact = |a: i64, b: i64| {
            (a.checked_rem(b) == Some(0))
                .then(|| a.checked_div(b))
                .flatten()
        };
        self.combine(other, exact, |a, b| a / b)
    }

    /// The remainder with the sign of `self`, as Terraform has it; `self` if `other` is zero.
    pub fn rem(&self, other: &Number) -> Option<Number> {
        if *other == Number::from(0) {
            return Some(self.clone());
        }
        let quotient = self.div(other)?;
        let whole = if quotient < Number::from(0) {
            quotient.ceil()
        } else {
            quotient.floor()
        };
        self.sub(&whole.mul(other)?)
    }

    fn combine(
        &self,
        other: &Number,
        int: impl Fn(i64, i64) -> Option<i64>,
        float: impl Fn(Float, Float) -> Float,
    ) -> Option<Number> {
        if let (Form::Int(a), Form::Int(b)) = (&self.0, &other.0)
            && let Some(result) = int(*a, *b)
        {
            return Some(Number(Form::Int(result)));
        }
        let result = float(self.float(), other.float());
        let result = result.with_precision(PRECISION).value();
        let size = result.repr().exponent().unsigned_abs();
        (size < 4 * LARGEST_EXPONENT as usize).then(|| Number::from_float(result))
    }

    /// `-self`
    #[must_use]
    pub fn neg(&self) -> Number {
        match &self.0 {
            Form::Int(int) if *int != i64::MIN => Number(Form::Int(-int)),
            _ => Number::from_float(-self.float()),
        }
    }

    /// The largest whole number that is not larger.
    #[must_use]
    pub fn floor(&self) -> Number {
        match &self.0 {
            Form::Int(_) => self.clone(),
            Form::Float(float) => Number::from_float(float.floor()),
        }
    }

    /// The smallest whole number that is not smaller.
    #[must_use]
    pub fn ceil(&self) -> Number {
        match &self.0 {
            Form::Int(_) => self.clone(),
            Form::Float(float) => Number::from_float(float.ceil()),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number(Form::Int(value))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other).is_eq()
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
        match (&self.0, &other.0) {
            (Form::Int(a), Form::Int(b)) => a.cmp(b),
            _ => self.float().cmp(&other.float()),
        }
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_string().hash(state);
    }
}

/// All digits, without exponent: the shortest text that reads back as the same number.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = match &self.0 {
            Form::Int(int) => return write!(f, "{int}"),
            Form::Float(float) => float,
        };
        let with_digits = |digits: usize| {
            (**float)
                .clone()
                .with_base_and_precision::<10>(digits)
                .value()
        };
        let precision = match float.precision() {
            0 => PRECISION,
            bits => bits.min(PRECISION),
        };
        let reads_back = |digits: usize| {
            let decimal = with_digits(digits).with_precision(0).value();
            decimal.with_base_and_precision::<2>(precision).value() == **float
        };
        let (mut low, mut high) = (1, MOST_DIGITS);
        while low < high {
            let middle = (low + high) / 2;
            if reads_back(middle) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        let decimal = with_digits(low);
        let repr = decimal.into_repr();
        let (significand, exponent) = (repr.significand().to_string(), repr.exponent());
        match exponent >= 0 {
            true => write!(f, "{significand}{}", "0".repeat(exponent.unsigned_abs())),
            false => f.write_str(&placed(&significand, exponent.unsigned_abs())),
        }
    }
}

/// Digits with the point before the last `places` of them, without needless zeros.
fn placed(digits: &str, places: usize) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    #[test]
    fn text_reads_back_as_terraform_prints_it() {
        for (text, printed) in [
            ("1.0", "1"),
            ("0.1", "0.1"),
            ("-1.50", "-1.5"),
            ("1e21", "1000000000000000000000"),
            ("1e-3", "0.001"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("9223372036854775808", "9223372036854775808"),
        ] {
            assert_eq!(number(text).to_string(), printed, "{text}");
        }
        for text in ["", "-", "abc", "1e999999", "0x10", "Infinity", "1_000"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact_where_binary_floats_of_64_bits_are_not() {
        assert_eq!(number("0.1").add(&number("0.2")), Some(number("0.3")));
        assert_eq!(
            number("1")
                .div(&number("7"))
                .and_then(|n| n.mul(&number("7"))),
            Some(number("1"))
        );
        for (a, b, difference) in [
            ("1.5", "0.2", "1.3"),
            ("1", "0.3333333333333333", "0.6666666666666667"),
            ("0.1", "0.4", "-0.3"),
        ] {
            let printed = number(a).sub(&number(b)).map(|n| n.to_string());
            assert_eq!(printed.as_deref(), Some(difference), "{a} - {b}");
        }
        assert_eq!(number("-7").rem(&number("3")), Some(number("-1")));
        assert_eq!(number("5").rem(&number("0")), Some(number("5")));
        assert_eq!(number("5").div(&number("0")), None);
        assert_eq!(
            number("9223372036854775807").add(&number("1")),
            Some(number("9223372036854775808"))
        );
        assert!(number("0.5") < number("1"));
        assert_eq!(number("2.5").floor(), number("2"));
        assert_eq!(number("-2.5").ceil(), number("-2"));
    }
}

//! Functions over numbers.

use super::Takes::{Number as Num, OnlyText};
use super::{Call, Function, Needs, Outcome, gives, int_of, number_of, row};
use crate::value::{Data, Number, Value};

/// Digits that `parseint` reads.
const MOST_DIGITS: usize = 700;

pub(super) const TABLE: &[Function] = &[
    row("abs", &[Num], Needs::Known, |a, c| {
        let number = number_of(&a[0])?;
        let size = if number < Number::from(0) {
            number.neg()
        } else {
            number
        };
        number_value(Some(size), c)
    })
    .giving(gives::number),
    row("ceil", &[Num], Needs::Known, |a, c| {
        number_value(Some(number_of(&a[0])?.ceil()), c)
    })
    .giving(gives::number),
    row("floor", &[Num], Needs::Known, |a, c| {
        number_value(Some(number_of(&a[0])?.floor()), c)
    })
    .giving(gives::number),
    row("max", &[Num], Needs::Known, |a, c| {
        extreme(a, c, |x, y| x > y)
    })
    .giving(gives::number)
    .and_more(Num),
    row("min", &[Num], Needs::Known, |a, c| {
        extreme(a, c, |x, y| x < y)
    })
    .giving(gives::number)
    .and_more(Num),
    // Terraform itself computes these two in 64-bit floats.
    row("log", &[Num, Num], Needs::Known, |a, c| {
        let (x, base) = (number_of(&a[0])?.to_f64(), number_of(&a[1])?.to_f64());
        number_value(Number::from_f64(logarithm(x) / logarithm(base)), c)
    })
    .giving(gives::number),
    row("pow", &[Num, Num], Needs::Known, |a, c| {
        let (x, exponent) = (number_of(&a[0])?.to_f64(), number_of(&a[1])?.to_f64());
        number_value(Number::from_f64(power(x, exponent)), c)
    })
    .giving(gives::number),
    row("signum", &[Num], Needs::Known, |a, c| {
        Ok(Value::int(int_of(&a[0])?.signum(), c.site))
    })
    .giving(gives::number),
    row("parseint", &[OnlyText, Num], Needs::Known, parseint).giving(gives::number),
];

/// `x` to the `y`, by the steps that Go's `math.Pow` takes: other libraries round other last digits.
/// <https://cs.opensource.google/go/go/+/refs/tags/go1.23.0:src/math/pow.go>
fn power(x: f64, y: f64) -> f64 {
    let largest = 2_f64.powi(63);
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if y == 1.0 {
        return x;
    }
    if y == 0.5 {
        return x.sqrt();
    }
    if y == -0.5 {
        return 1.0 / x.sqrt();
    }
    if x == 0.0 || !x.is_finite() || !y.is_finite() || y.abs() >= largest {
        return x.powf(y);
    }
    let (mut whole, mut fraction) = (y.abs().trunc(), y.abs().fract());
    if fraction != 0.0 && x < 0.0 {
        return f64::NAN;
    }
    let (mut result, mut exponent) = (1.0_f64, 0_i64);
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        result = (fraction * logarithm(x)).exp();
    }
    let (mut factor, mut factor_exponent) = halved(x);
    let mut left = whole as u64;
    while left != 0 {
        if !(-(1 << 12)..=1 << 12).contains(&factor_exponent) {
            exponent += factor_exponent;
            break;
        }
        if left & 1 == 1 {
            result *= factor;
            exponent += factor_exponent;
        }
        factor *= factor;
        factor_exponent <<= 1;
        if factor < 0.5 {
            factor += factor;
            factor_exponent -= 1;
        }
        left >>= 1;
    }
    if y < 0.0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    let exponent = exponent.clamp(-5_000, 5_000) as i32;
    // In two steps, so that neither power is out of range before the product is.
    result * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2)
}

/// The natural logarithm by the steps that Go's `math.Log` takes.
/// <https://cs.opensource.google/go/go/+/refs/tags/go1.23.0:src/math/log.go>
fn logarithm(x: f64) -> f64 {
    if !x.is_finite() || x <= 0.0 {
        return x.ln();
    }
    let (mut fraction, mut exponent) = halved(x);
    if fraction < std::f64::consts::FRAC_1_SQRT_2 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let (f, k) = (fraction - 1.0, exponent as f64);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = 1.818_357_216_161_805e-1 + s4 * 1.479_819_860_511_658_6e-1;
    let odd = s2 * (6.666_666_666_666_735e-1 + s4 * (2.857_142_874_366_239e-1 + s4 * odd));
    let even = 2.222_219_843_214_978_4e-1 + s4 * 1.531_383_769_920_937_3e-1;
    let even = s4 * (3.999_999_999_940_942e-1 + s4 * even);
    let half = 0.5 * f * f;
    let low = k * 1.908_214_929_270_587_7e-10;
    k * 6.931_471_803_691_238e-1 - ((half - (s * (half + (odd + even)) + low)) - f)
}

/// A number as a fraction from a half up to one, and a power of two.
fn halved(x: f64) -> (f64, i64) {
    if x == 0.0 {
        return (x, 0);
    }
    let (x, shift) = match x.is_normal() {
        true => (x, 0),
        false => (x * 2_f64.powi(52), -52),
    };
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64 - 1022;
    let fraction = f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52));
    (fraction, exponent + shift)
}

fn parseint(arguments: &[Value], call: Call<'_>) -> Outcome {
    let Some(text) = arguments[0].as_str() else {
        return Err("the first argument must be a string".to_owned());
    };
    let base = int_of(&arguments[1])?;
    if !(2..=62).contains(&base) {
        return Err("the base must be between 2 and 62".to_owned());
    }
    let invalid = || format!("\"{text}\" is no number of base {base}");
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return Err(invalid());
    }
    let mut number = Number::from(0);
    for byte in digits.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            // Up to base 36 the case of letters means nothing.
            b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            _ => return Err(invalid()),
        };
        if i64::from(digit) >= base {
            return Err(invalid());
        }
        number = number
            .mul(&Number::from(base))
            .and_then(|number| number.add(&Number::from(i64::from(digit))))
            .ok_or_else(invalid)?;
    }
    let number = if text.starts_with('-') {
        number.neg()
    } else {
        number
    };
    number_value(Some(number), call)
}

fn number_value(number: Option<Number>, call: Call<'_>) -> Outcome {
    match number {
        Some(number) => Ok(Value::new(Data::Number(number), call.site)),
        None => Err("the result is no finite number".to_owned()),
    }
}

fn extreme(
    arguments: &[Value],
    call: Call<'_>,
    is_better: fn(&Number, &Number) -> bool,
) -> Outcome {
    let mut best: Option<Number> = None;
    for argument in arguments {
        let number = number_of(argument)?;
        if best.as_ref().is_none_or(|best| is_better(&number, best)) {
            best = Some(number);
        }
    }
    number_value(best, call)
}

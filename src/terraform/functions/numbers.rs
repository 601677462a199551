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
        number_value(float(x.ln() / base.ln()), c)
    })
    .giving(gives::number),
    row("pow", &[Num, Num], Needs::Known, |a, c| {
        let (x, exponent) = (number_of(&a[0])?.to_f64(), number_of(&a[1])?.to_f64());
        number_value(float(x.powf(exponent)), c)
    })
    .giving(gives::number),
    row("signum", &[Num], Needs::Known, |a, c| {
        Ok(Value::int(int_of(&a[0])?.signum(), c.site))
    })
    .giving(gives::number),
    row("parseint", &[OnlyText, Num], Needs::Known, parseint).giving(gives::number),
];

/// A 64-bit float as Terraform prints it: the shortest decimal that reads back as the same float.
fn float(value: f64) -> Option<Number> {
    value
        .is_finite()
        .then(|| Number::parse(&value.to_string()))
        .flatten()
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

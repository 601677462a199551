//! Functions over numbers.

use super::{Call, Function, MANY, Needs, Outcome, int_of, number_of, row, text_of};
use crate::value::{Data, Number, Value};

pub(super) const TABLE: &[Function] = &[
    row("abs", (1, 1), Needs::Known, |a, c| {
        let number = number_of(&a[0])?;
        number_value(
            Some(if number < Number::from(0) {
                number.neg()
            } else {
                number
            }),
            c,
        )
    }),
    row("ceil", (1, 1), Needs::Known, |a, c| {
        number_value(Some(number_of(&a[0])?.ceil()), c)
    }),
    row("floor", (1, 1), Needs::Known, |a, c| {
        number_value(Some(number_of(&a[0])?.floor()), c)
    }),
    row("max", (1, MANY), Needs::Known, |a, c| {
        extreme(a, c, |x, y| x > y)
    }),
    row("min", (1, MANY), Needs::Known, |a, c| {
        extreme(a, c, |x, y| x < y)
    }),
    // Terraform itself computes these two in 64-bit floats.
    row("log", (2, 2), Needs::Known, |a, c| {
        let (x, base) = (number_of(&a[0])?.to_f64(), number_of(&a[1])?.to_f64());
        number_value(Number::from_f64(x.ln() / base.ln()), c)
    }),
    row("pow", (2, 2), Needs::Known, |a, c| {
        let (x, exponent) = (number_of(&a[0])?.to_f64(), number_of(&a[1])?.to_f64());
        number_value(Number::from_f64(x.powf(exponent)), c)
    }),
    row("signum", (1, 1), Needs::Known, |a, c| {
        let sign = match number_of(&a[0])?.cmp(&Number::from(0)) {
            std::cmp::Ordering::Less => -1,
            std::cmp::Ordering::Equal => 0,
            std::cmp::Ordering::Greater => 1,
        };
        Ok(Value::int(sign, c.site))
    }),
    row("parseint", (2, 2), Needs::Known, |a, c| {
        let base = u32::try_from(int_of(&a[1])?)
            .ok()
            .filter(|base| (2..=36).contains(base));
        let base = base.ok_or_else(|| "onus reads bases 2 to 36".to_owned())?;
        let text = text_of(&a[0])?;
        let number = i64::from_str_radix(&text, base)
            .map_err(|_| format!("\"{text}\" is no number of base {base}"))?;
        Ok(Value::int(number, c.site))
    }),
];

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

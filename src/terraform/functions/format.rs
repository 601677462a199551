//! `format` and `formatlist`: Go's verbs as far as Terraform has them.
//! <https://developer.hashicorp.com/terraform/language/functions/format>

use unicode_segmentation::UnicodeSegmentation;

use super::Takes::{Anything, Text as Str};
use super::strings::segments_of;
use super::{Call, Function, Needs, Outcome, gives, row, sequence, text_of, unknown_like};
use crate::terraform::types::{self, Type};
use crate::value::{Data, ListKind, Number, Reason, Segment, Text, Value};

/// Width and precision that a verb may ask for.
const WIDEST: usize = 1 << 16;

pub(super) const TABLE: &[Function] = &[
    row("format", &[Str], Needs::Nothing, format)
        .giving(gives::text)
        .and_more(Anything),
    row("formatlist", &[Str], Needs::Nothing, formatlist)
        .giving(gives::texts)
        .and_more(Anything),
];

fn formatlist(arguments: &[Value], call: Call<'_>) -> Outcome {
    if let Some(unknown) = untyped(arguments, call) {
        return Ok(unknown);
    }
    if let Some(unknown) = arguments.iter().find(|argument| match &argument.data {
        // One value stands in every text.
        Data::Unknown(unknown) => {
            !call.as_planned
                || unknown.value_type().is_sequence()
                || *unknown.value_type() == Type::Any
        }
        Data::List(list) => {
            list.more().is_some() || (call.as_planned && types::length(argument).is_none())
        }
        _ => false,
    }) {
        return Ok(unknown_like(unknown, call.site));
    }
    let lengths: Vec<usize> = arguments[1..]
        .iter()
        .filter_map(|argument| argument.as_list().map(|list| list.items().len()))
        .collect();
    let Some((&length, others)) = lengths.split_first() else {
        let only = written(arguments, call)?;
        return Ok(sequence(ListKind::List, vec![only], None, call));
    };
    if others.iter().any(|other| *other != length) {
        return Err("the lists differ in length".to_owned());
    }
    let columns: Vec<Option<Vec<Value>>> = arguments
        .iter()
        .map(|argument| argument.as_list().map(|_| argument.elements().collect()))
        .collect();
    let rows = (0..length).map(|index| {
        let row: Vec<Value> = columns
            .iter()
            .zip(arguments)
            .map(|(column, argument)| match column {
                Some(items) => items[index].clone(),
                None => argument.clone(),
            })
            .collect();
        match call.as_planned && !row.iter().all(Value::is_wholly_known) {
            true => Ok(super::results::unknown(
                "format",
                Type::String,
                &row,
                call.site,
            )),
            false => written(&row, call),
        }
    });
    Ok(sequence(
        ListKind::List,
        rows.collect::<Result<_, _>>()?,
        None,
        call,
    ))
}

/// `%[2]-08.3f`, read.
#[derive(Debug, Default)]
struct Verb {
    position: Option<usize>,
    is_left: bool,
    is_plus: bool,
    is_sharp: bool,
    is_spaced: bool,
    is_zero_padded: bool,
    width: usize,
    precision: Option<usize>,
    letter: char,
}

impl Verb {
    /// Reads what follows a `%`, and what is left after it.
    fn read(text: &str) -> Result<(Verb, &str), String> {
        let mut verb = Verb::default();
        let mut rest = text;
        loop {
            match rest.as_bytes().first() {
                Some(b'-') => verb.is_left = true,
                Some(b'+') => verb.is_plus = true,
                Some(b'#') => verb.is_sharp = true,
                Some(b' ') => verb.is_spaced = true,
                Some(b'0') => verb.is_zero_padded = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        let number = |text: &'_ str| -> Result<(Option<usize>, usize), String> {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            match text[..digits].parse::<usize>() {
                Ok(number) if number <= WIDEST => Ok((Some(number), digits)),
                _ if digits == 0 => Ok((None, 0)),
                _ => Err("a width or precision is too large".to_owned()),
            }
        };
        let (width, digits) = number(rest)?;
        verb.width = width.unwrap_or(0);
        rest = &rest[digits..];
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, digits) = number(after)?;
            verb.precision = Some(precision.unwrap_or(0));
            rest = &after[digits..];
        }
        if let Some(after) = rest.strip_prefix('[') {
            let close = after
                .find(']')
                .ok_or_else(|| "`[` is not closed".to_owned())?;
            let position = after[..close].parse::<usize>().ok().filter(|at| *at > 0);
            verb.position = Some(position.ok_or_else(|| "a bad index in brackets".to_owned())?);
            rest = &after[close + 1..];
        }
        let letter = rest
            .chars()
            .next()
            .ok_or_else(|| "a `%` has no verb".to_owned())?;
        verb.letter = letter;
        Ok((verb, &rest[letter.len_utf8()..]))
    }
}

/// A null of no type among what is to be written: Terraform does not look further then.
fn untyped(arguments: &[Value], call: Call<'_>) -> Option<Value> {
    let is_untyped = |argument: &Value| matches!(argument.data, Data::Null(None));
    let reason = || Reason::Depends("a null of no type".into());
    let any = arguments.iter().any(is_untyped);
    any.then(|| Value::unknown(reason(), call.site))
}

fn format(arguments: &[Value], call: Call<'_>) -> Outcome {
    match untyped(arguments, call) {
        Some(unknown) => Ok(unknown),
        None => written(arguments, call),
    }
}

fn written(arguments: &[Value], call: Call<'_>) -> Outcome {
    let Some(pattern) = arguments[0].as_str().map(str::to_owned) else {
        return Ok(unknown_like(&arguments[0], call.site));
    };
    let mut segments: Vec<Segment> = Vec::new();
    let mut literal = String::new();
    let mut rest = pattern.as_str();
    let mut next = 1;
    let mut used = 0;
    while let Some(at) = rest.find('%') {
        literal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            literal.push('%');
            rest = after;
            continue;
        }
        let (verb, after) = Verb::read(rest)?;
        rest = after;
        if !"vtbdoxXeEfgGsq".contains(verb.letter) {
            return Err(format!("`%{}` is no verb of format", verb.letter));
        }
        let position = verb.position.unwrap_or(next);
        next = position + 1;
        used = used.max(position);
        let value = arguments
            .get(position)
            .ok_or_else(|| format!("there is no argument for `%{}`", verb.letter))?;
        if value.is_wholly_known() {
            literal.push_str(&formatted(value, &verb)?);
        } else {
            segments.push(Segment::Literal(types::normal(&literal).into()));
            literal.clear();
            let is_plain = verb.width == 0 && verb.precision.is_none() && !verb.is_sharp;
            match &value.data {
                Data::Text(_) | Data::Unknown(_)
                    if is_plain && matches!(verb.letter, 's' | 'v') =>
                {
                    segments.extend(segments_of(value, call.site)?);
                }
                _ => segments.extend(
                    unknown_like(value, call.site)
                        .as_unknown()
                        .cloned()
                        .map(Segment::Hole),
                ),
            }
        }
        if literal.len() > super::LONGEST_TEXT {
            return Ok(super::too_long(call.site));
        }
    }
    if used + 1 < arguments.len() {
        return Err(format!(
            "{} argument(s) too many",
            arguments.len() - 1 - used
        ));
    }
    literal.push_str(rest);
    segments.push(Segment::Literal(types::normal(&literal).into()));
    Ok(Value::new(
        Data::Text(Text::from_segments(segments)),
        call.site,
    ))
}

fn formatted(value: &Value, verb: &Verb) -> Result<String, String> {
    let number = || super::number_of(value);
    let whole = || {
        let number = number()?;
        match number.is_integer() {
            true => Ok(number.to_string()),
            false => Err(format!("`%{}` needs a whole number", verb.letter)),
        }
    };
    let (body, is_number) = match verb.letter {
        'v' => match &value.data {
            Data::Null(_) => ("null".to_owned(), false),
            Data::List(_) | Data::Object(_) => (super::encoding::json_text(value), false),
            _ if verb.is_sharp => (super::encoding::json_text(value), false),
            Data::Number(number) => (general(number, None, 6), true),
            _ => (text_of(value)?, false),
        },
        't' => {
            let truth =
                types::to_bool(value).ok_or_else(|| "`%t` needs true or false".to_owned())?;
            // Terraform ignores the width here.
            return Ok(truth.to_string());
        }
        's' | 'q' => {
            let text = text_of(value)?;
            let text = match verb.precision {
                Some(most) => text.graphemes(true).take(most).collect(),
                None => text,
            };
            match verb.letter {
                's' => (text, false),
                _ => (
                    super::encoding::json_text(&Value::text(text, value.span())),
                    false,
                ),
            }
        }
        'd' => (whole()?, true),
        'b' => (in_base(&whole()?, 2, verb)?, true),
        'o' => (in_base(&whole()?, 8, verb)?, true),
        'x' => (in_base(&whole()?, 16, verb)?, true),
        'X' => (in_base(&whole()?, 16, verb)?.to_uppercase(), true),
        'e' => (scientific(&number()?, verb.precision.or(Some(6))), true),
        'E' => (
            scientific(&number()?, verb.precision.or(Some(6))).to_uppercase(),
            true,
        ),
        'f' => (fixed(&number()?, verb.precision.or(Some(6))), true),
        'g' => (general(&number()?, verb.precision, 6), true),
        'G' => (general(&number()?, verb.precision, 6).to_uppercase(), true),
        other => return Err(format!("`%{other}` is no verb of format")),
    };
    let body = match () {
        // `%v` knows no signs.
        () if verb.letter == 'v' => body,
        () if is_number && verb.is_plus && !body.starts_with('-') => format!("+{body}"),
        () if is_number && verb.is_spaced && !body.starts_with('-') => format!(" {body}"),
        () => body,
    };
    let missing = verb.width.saturating_sub(body.graphemes(true).count());
    Ok(if verb.is_left {
        body + &" ".repeat(missing)
    } else if verb.is_zero_padded {
        let (sign, digits) = match body.strip_prefix(['-', '+', ' ']) {
            Some(digits) if is_number => (&body[..1], digits),
            _ => ("", body.as_str()),
        };
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        " ".repeat(missing) + &body
    })
}

fn in_base(decimal: &str, base: u32, verb: &Verb) -> Result<String, String> {
    let number: i128 = decimal
        .parse()
        .map_err(|_| "the number is too large for this verb".to_owned())?;
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    let (prefix, digits) = match base {
        2 => ("0b", format!("{size:b}")),
        8 => ("0", format!("{size:o}")),
        _ => ("0x", format!("{size:x}")),
    };
    let prefix = if verb.is_sharp { prefix } else { "" };
    Ok(format!("{sign}{prefix}{digits}"))
}

/// A number as sign, significant digits and the place of the point after the first `point` digits.
struct Decimal {
    sign: &'static str,
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// The fewest digits that tell the number from others; with `is_exact`, all it has.
    fn of(number: &Number, is_exact: bool) -> Decimal {
        let text = match is_exact {
            true => number.to_exact(),
            false => number.to_string(),
        };
        let (sign, text) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text.as_str()),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = all.iter().take_while(|digit| **digit == b'0').count();
        let mut digits = all[zeros..].to_vec();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = match digits.is_empty() {
            true => 1,
            false => whole.len() as i64 - zeros as i64,
        };
        Decimal {
            sign,
            digits,
            point,
        }
    }

    /// Keeps this many digits, half to even as Go rounds exact decimals.
    fn rounded(mut self, keep: i64) -> Decimal {
        let Ok(keep) = usize::try_from(keep) else {
            self.digits.clear();
            return self;
        };
        if keep >= self.digits.len() {
            return self;
        }
        let dropped = &self.digits[keep..];
        let is_half = dropped[0] == b'5' && dropped[1..].iter().all(|digit| *digit == b'0');
        let is_odd = keep > 0 && self.digits[keep - 1] % 2 == 1;
        let rounds_up = dropped[0] > b'5' || (dropped[0] == b'5' && (!is_half || is_odd));
        self.digits.truncate(keep);
        if rounds_up {
            let mut at = keep;
            loop {
                if at == 0 {
                    self.digits.insert(0, b'1');
                    self.digits.truncate(keep.max(1));
                    self.point += 1;
                    break;
                }
                at -= 1;
                if self.digits[at] == b'9' {
                    self.digits[at] = b'0';
                } else {
                    self.digits[at] += 1;
                    break;
                }
            }
        }
        self
    }

    fn digit(&self, at: i64) -> char {
        let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at));
        digit.map_or('0', |digit| *digit as char)
    }
}

fn fixed(number: &Number, places: Option<usize>) -> String {
    let decimal = Decimal::of(number, places.is_some());
    let fraction = decimal.digits.len() as i64 - decimal.point;
    let places = places.unwrap_or(usize::try_from(fraction).unwrap_or(0));
    let keep = decimal.point + places as i64;
    let decimal = decimal.rounded(keep);
    let mut text = decimal.sign.to_owned();
    match decimal.point {
        point if point > 0 => text.extend((0..point).map(|at| decimal.digit(at))),
        _ => text.push('0'),
    }
    if places > 0 {
        text.push('.');
        text.extend((0..places as i64).map(|at| decimal.digit(decimal.point + at)));
    }
    text
}

fn scientific(number: &Number, places: Option<usize>) -> String {
    let decimal = Decimal::of(number, places.is_some());
    let decimal = match places {
        Some(places) => decimal.rounded(places as i64 + 1),
        None => decimal,
    };
    let places = places.unwrap_or_else(|| decimal.digits.len().saturating_sub(1));
    let mut text = format!("{}{}", decimal.sign, decimal.digit(0));
    if places > 0 {
        text.push('.');
        text.extend((1..=places as i64).map(|at| decimal.digit(at)));
    }
    let exponent = if decimal.digits.is_empty() {
        0
    } else {
        decimal.point - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{text}e{sign}{:02}", exponent.abs())
}

/// `%g`: exponents below -4 or from `largest` on are written as such; with a precision, that decides.
fn general(number: &Number, precision: Option<usize>, largest: i64) -> String {
    let decimal = Decimal::of(number, precision.is_some());
    let decimal = match precision {
        Some(precision) => decimal.rounded(precision.max(1) as i64),
        None => decimal,
    };
    let digits = decimal.digits.len() as i64;
    let exponent = decimal.point - 1;
    let limit = match precision {
        Some(precision) => {
            let precision = precision.max(1) as i64;
            if precision > digits && digits >= decimal.point {
                digits
            } else {
                precision
            }
        }
        None => largest,
    };
    if !decimal.digits.is_empty() && (exponent < -4 || exponent >= limit) {
        let rounded = precision.map(|_| digits.max(1) as usize - 1);
        return scientific(number, rounded);
    }
    match precision {
        Some(_) => fixed(number, Some((digits - decimal.point).max(0) as usize)),
        None => fixed(number, None),
    }
}

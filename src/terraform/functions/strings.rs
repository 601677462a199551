//! Functions over strings.

use unicode_segmentation::UnicodeSegmentation;

use super::{Call, Function, MANY, Needs, Outcome, int_of, list_of, row, text_of, unknown_like};
use crate::terraform::types;
use crate::value::{Certainty, Data, Members, Segment, Text, Value};

/// Compiled size that a regular expression may have.
const LARGEST_PATTERN: usize = 1 << 20;
/// Bytes that a result may have.
const LONGEST: usize = 16 << 20;

pub(super) const TABLE: &[Function] = &[
    row("chomp", (1, 1), Needs::Known, |a, c| {
        text(text_of(&a[0])?.trim_end_matches(['\n', '\r']), c)
    }),
    row("endswith", (2, 2), Needs::Shape, |a, c| {
        affix(a, c, Text::ends_with)
    }),
    row("startswith", (2, 2), Needs::Shape, |a, c| {
        affix(a, c, Text::starts_with)
    }),
    row("strcontains", (2, 2), Needs::Known, |a, c| {
        Ok(Value::bool(
            text_of(&a[0])?.contains(&text_of(&a[1])?),
            c.site,
        ))
    }),
    row("format", (1, MANY), Needs::Nothing, format),
    row("formatlist", (1, MANY), Needs::Known, formatlist),
    row("indent", (2, 2), Needs::Known, |a, c| {
        let spaces =
            usize::try_from(int_of(&a[0])?).map_err(|_| "the number is negative".to_owned())?;
        let indented = format!("\n{}", " ".repeat(spaces.min(1 << 16)));
        text(&text_of(&a[1])?.replace('\n', &indented), c)
    }),
    row("join", (2, MANY), Needs::Shape, join),
    row("lower", (1, 1), Needs::Nothing, |a, c| {
        each_literal(&a[0], c, str::to_lowercase)
    }),
    row("upper", (1, 1), Needs::Nothing, |a, c| {
        each_literal(&a[0], c, str::to_uppercase)
    }),
    row("title", (1, 1), Needs::Known, |a, c| {
        let mut titled = String::new();
        let mut starts = true;
        for c in text_of(&a[0])?.chars() {
            if starts {
                titled.extend(c.to_uppercase())
            } else {
                titled.push(c)
            }
            starts = !(c.is_alphanumeric() || c == '_' || c == '\'');
        }
        text(&titled, c)
    }),
    row("regex", (2, 2), Needs::Known, |a, c| {
        let pattern = pattern(&text_of(&a[0])?)?;
        let subject = text_of(&a[1])?;
        let found = pattern
            .captures(&subject)
            .ok_or_else(|| "the pattern does not match".to_owned())?;
        Ok(captured(&pattern, &found, c))
    }),
    row("regexall", (2, 2), Needs::Known, |a, c| {
        let pattern = pattern(&text_of(&a[0])?)?;
        let subject = text_of(&a[1])?;
        let all = pattern
            .captures_iter(&subject)
            .map(|found| captured(&pattern, &found, c))
            .collect();
        Ok(Value::list(all, c.site))
    }),
    row("replace", (3, 3), Needs::Known, replace),
    row("split", (2, 2), Needs::Nothing, split),
    row("strrev", (1, 1), Needs::Known, |a, c| {
        text(
            &text_of(&a[0])?.graphemes(true).rev().collect::<String>(),
            c,
        )
    }),
    row("substr", (3, 3), Needs::Known, substr),
    row("trim", (2, 2), Needs::Known, |a, c| {
        let set: Vec<char> = text_of(&a[1])?.chars().collect();
        text(text_of(&a[0])?.trim_matches(set.as_slice()), c)
    }),
    row("trimprefix", (2, 2), Needs::Known, |a, c| {
        let (subject, prefix) = (text_of(&a[0])?, text_of(&a[1])?);
        text(subject.strip_prefix(&prefix).unwrap_or(&subject), c)
    }),
    row("trimsuffix", (2, 2), Needs::Known, |a, c| {
        let (subject, suffix) = (text_of(&a[0])?, text_of(&a[1])?);
        text(subject.strip_suffix(&suffix).unwrap_or(&subject), c)
    }),
    row("trimspace", (1, 1), Needs::Known, |a, c| {
        text(text_of(&a[0])?.trim(), c)
    }),
];

fn text(text: &str, call: Call<'_>) -> Outcome {
    Ok(Value::text(text, call.site))
}

fn affix(arguments: &[Value], call: Call<'_>, test: fn(&Text, &str) -> Certainty) -> Outcome {
    let subject = types::to_text(&arguments[0])?;
    if !arguments[1].is_wholly_known() {
        return Ok(unknown_like(&arguments[1], call.site));
    }
    Ok(match test(&subject, &text_of(&arguments[1])?) {
        Certainty::Yes => Value::bool(true, call.site),
        Certainty::No => Value::bool(false, call.site),
        Certainty::Unsure => unknown_like(&arguments[0], call.site),
    })
}

/// A change of case leaves holes holes.
fn each_literal(value: &Value, call: Call<'_>, change: fn(&str) -> String) -> Outcome {
    if value.as_unknown().is_some() || value.has_choices() {
        return Ok(unknown_like(value, call.site));
    }
    let subject = types::to_text(value)?;
    let parts = subject.segments();
    let segments = parts.iter().map(|segment| match segment {
        Segment::Literal(text) => Segment::Literal(change(text).into()),
        Segment::Hole(hole) => Segment::Hole(hole.clone()),
    });
    Ok(Value::new(
        Data::Text(Text::from_segments(segments.collect())),
        call.site,
    ))
}

/// The parts of a value in a string; a hole if it is not known.
fn segments_of(value: &Value, site: crate::source::Span) -> Result<Vec<Segment>, String> {
    match &value.data {
        Data::Unknown(unknown) => Ok(vec![Segment::Hole(unknown.clone())]),
        Data::Choice(_) => Ok(unknown_like(value, site)
            .as_unknown()
            .cloned()
            .map(Segment::Hole)
            .into_iter()
            .collect()),
        _ => Ok(types::to_text(value)?.segments().into_owned()),
    }
}

fn join(arguments: &[Value], call: Call<'_>) -> Outcome {
    let separator = types::to_text(&arguments[0])?;
    let mut segments = Vec::new();
    let mut is_first = true;
    for list in &arguments[1..] {
        for item in list_of(list)? {
            if !std::mem::take(&mut is_first) {
                segments.extend(separator.segments().into_owned());
            }
            segments.extend(segments_of(&item, call.site)?);
        }
        if let Some(why) = list.as_list().and_then(crate::value::List::more) {
            segments.push(Segment::Hole(why.clone()));
        }
    }
    Ok(Value::new(
        Data::Text(Text::from_segments(segments)),
        call.site,
    ))
}

fn split(arguments: &[Value], call: Call<'_>) -> Outcome {
    if !arguments.iter().all(Value::is_wholly_known) {
        let unknown = arguments
            .iter()
            .find(|argument| !argument.is_wholly_known())
            .unwrap_or(&arguments[1]);
        return Ok(unknown_like(unknown, call.site));
    }
    let (separator, subject) = (text_of(&arguments[0])?, text_of(&arguments[1])?);
    let parts: Vec<Value> = if subject.is_empty() {
        vec![Value::text("", call.site)]
    } else if separator.is_empty() {
        subject
            .chars()
            .map(|c| Value::text(c.to_string(), call.site))
            .collect()
    } else {
        subject
            .split(&separator)
            .map(|part| Value::text(part, call.site))
            .collect()
    };
    Ok(Value::list(parts, call.site))
}

/// RE2 as Go and Rust have it.
fn pattern(text: &str) -> Result<regex::Regex, String> {
    let text = text.replace("\\z", "\\z");
    regex::RegexBuilder::new(&text)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|error| format!("the pattern is not valid: {error}"))
}

fn captured(pattern: &regex::Regex, found: &regex::Captures<'_>, call: Call<'_>) -> Value {
    let group = |index: usize| match found.get(index) {
        Some(group) => Value::text(group.as_str(), call.site),
        None => Value::null(call.site),
    };
    let names: Vec<(usize, &str)> = pattern
        .capture_names()
        .enumerate()
        .filter_map(|(index, name)| Some((index, name?)))
        .collect();
    if !names.is_empty() {
        let members: Members = names
            .into_iter()
            .map(|(index, name)| (name.into(), group(index).into()))
            .collect();
        return Value::object(members, call.site);
    }
    match pattern.captures_len() {
        1 => group(0),
        groups => Value::list((1..groups).map(group).collect(), call.site),
    }
}

fn replace(arguments: &[Value], call: Call<'_>) -> Outcome {
    let (subject, wanted, with) = (
        text_of(&arguments[0])?,
        text_of(&arguments[1])?,
        text_of(&arguments[2])?,
    );
    let is_pattern = wanted.len() > 1 && wanted.starts_with('/') && wanted.ends_with('/');
    let result = if is_pattern {
        pattern(&wanted[1..wanted.len() - 1])?
            .replace_all(&subject, with.as_str())
            .into_owned()
    } else {
        subject.replace(&wanted, &with)
    };
    if result.len() > LONGEST {
        return Err("the text grows beyond 16 MiB".to_owned());
    }
    text(&result, call)
}

fn substr(arguments: &[Value], call: Call<'_>) -> Outcome {
    let subject = text_of(&arguments[0])?;
    let characters: Vec<&str> = subject.graphemes(true).collect();
    let (offset, length) = (int_of(&arguments[1])?, int_of(&arguments[2])?);
    let count = characters.len() as i64;
    let start = if offset < 0 {
        (count + offset).max(0)
    } else {
        offset.min(count)
    };
    let end = if length < 0 {
        count
    } else {
        (start + length).min(count)
    };
    let part = characters
        .get(start as usize..end.max(start) as usize)
        .unwrap_or(&[]);
    text(&part.concat(), call)
}

fn formatlist(arguments: &[Value], call: Call<'_>) -> Outcome {
    let length = arguments[1..]
        .iter()
        .filter_map(|argument| argument.as_list().map(|l| l.items().len()))
        .max();
    let Some(length) = length else {
        return Ok(Value::list(vec![format(arguments, call)?], call.site));
    };
    let mut rows = Vec::new();
    for index in 0..length {
        let mut row = vec![arguments[0].clone()];
        for argument in &arguments[1..] {
            row.push(match argument.as_list() {
                Some(list) => list
                    .items()
                    .get(index)
                    .cloned()
                    .ok_or_else(|| "the lists differ in length".to_owned())?,
                None => argument.clone(),
            });
        }
        rows.push(format(&row, call)?);
    }
    Ok(Value::list(rows, call.site))
}

/// Go's format verbs as far as Terraform has them. <https://developer.hashicorp.com/terraform/language/functions/format>
fn format(arguments: &[Value], call: Call<'_>) -> Outcome {
    if !arguments[0].is_wholly_known() {
        return Ok(unknown_like(&arguments[0], call.site));
    }
    let spec = text_of(&arguments[0])?;
    let mut segments: Vec<Segment> = Vec::new();
    let mut literal = String::new();
    let mut rest = spec.as_str();
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
        let verb_at = rest
            .find(|c: char| c.is_ascii_alphabetic())
            .ok_or_else(|| "a `%` has no verb".to_owned())?;
        let (flags, verb) = (&rest[..verb_at], rest.as_bytes()[verb_at]);
        rest = &rest[verb_at + 1..];
        let (flags, position) = match (flags.find('['), flags.find(']')) {
            (Some(open), Some(close)) if open < close => {
                let position = flags[open + 1..close]
                    .parse::<usize>()
                    .map_err(|_| "a bad index".to_owned())?;
                (
                    format!("{}{}", &flags[..open], &flags[close + 1..]),
                    position,
                )
            }
            _ => (flags.to_owned(), next),
        };
        next = position + 1;
        used = used.max(position);
        let value = arguments
            .get(position)
            .ok_or_else(|| format!("there is no argument for `%{}`", verb as char))?;
        segments.push(Segment::Literal(std::mem::take(&mut literal).into()));
        if !value.is_wholly_known() {
            match verb {
                b's' | b'v' | b'd' if flags.is_empty() => {
                    segments.extend(segments_of(value, call.site)?)
                }
                _ => segments.extend(
                    unknown_like(value, call.site)
                        .as_unknown()
                        .cloned()
                        .map(Segment::Hole),
                ),
            }
            continue;
        }
        literal.push_str(&formatted(value, &flags, verb)?);
        if literal.len() > LONGEST {
            return Err("the text grows beyond 16 MiB".to_owned());
        }
    }
    if used + 1 < arguments.len() {
        return Err(format!(
            "{} argument(s) too many",
            arguments.len() - 1 - used
        ));
    }
    literal.push_str(rest);
    segments.push(Segment::Literal(literal.into()));
    Ok(Value::new(
        Data::Text(Text::from_segments(segments)),
        call.site,
    ))
}

fn formatted(value: &Value, flags: &str, verb: u8) -> Result<String, String> {
    let precision = flags
        .split_once('.')
        .and_then(|(_, digits)| digits.parse::<usize>().ok());
    let head = flags.split('.').next().unwrap_or("");
    let width = head
        .trim_start_matches(['-', '+', ' ', '#', '0'])
        .parse::<usize>()
        .unwrap_or(0)
        .min(1 << 16);
    let is_left = head.contains('-');
    let is_zero_padded = head
        .trim_start_matches(['+', ' ', '#', '-'])
        .starts_with('0');
    let number = || super::number_of(value);
    let body = match verb {
        b's' => text_of(value)?,
        b'q' => super::encoding::json_text(&Value::text(text_of(value)?, value.span())),
        b'v' if matches!(value.data, Data::List(_) | Data::Object(_)) => {
            super::encoding::json_text(value)
        }
        b'v' if value.is_null() => "null".to_owned(),
        b'v' if head.contains('#') => super::encoding::json_text(value),
        b'v' => text_of(value)?,
        b't' => types::to_bool(value)
            .ok_or_else(|| "`%t` needs true or false".to_owned())?
            .to_string(),
        b'd' => {
            let number = number()?;
            let whole = if number < crate::value::Number::from(0) {
                number.ceil()
            } else {
                number.floor()
            };
            whole.to_string()
        }
        b'b' => format!("{:b}", int_of(value)?),
        b'o' => format!("{:o}", int_of(value)?),
        b'x' => match value.as_str() {
            Some(text) if types::to_number(value).is_none() => {
                text.bytes().map(|b| format!("{b:02x}")).collect()
            }
            _ => format!("{:x}", int_of(value)?),
        },
        b'X' => format!("{:X}", int_of(value)?),
        b'e' => format!("{:.*e}", precision.unwrap_or(6), number()?.to_f64()),
        b'f' => format!("{:.*}", precision.unwrap_or(6).min(200), number()?.to_f64()),
        b'g' => number()?.to_string(),
        other => return Err(format!("`%{}` is no verb of format", other as char)),
    };
    let body = match (verb, precision) {
        (b's', Some(most)) => body.graphemes(true).take(most).collect(),
        _ => body,
    };
    let is_number = matches!(verb, b'd' | b'b' | b'o' | b'x' | b'X' | b'e' | b'f' | b'g');
    let body = if head.contains('+') && is_number && !body.starts_with('-') {
        format!("+{body}")
    } else {
        body
    };
    let missing = width.saturating_sub(body.graphemes(true).count());
    Ok(if is_left {
        body + &" ".repeat(missing)
    } else if is_zero_padded && is_number {
        let (sign, digits) = match body.strip_prefix(['-', '+']) {
            Some(digits) => (&body[..1], digits),
            None => ("", body.as_str()),
        };
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        " ".repeat(missing) + &body
    })
}

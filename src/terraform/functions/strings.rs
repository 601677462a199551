//! Functions over strings.

use unicode_segmentation::UnicodeSegmentation;

use super::Takes::{Number, Text as Str, Texts};
use super::{
    Call, Function, Needs, Outcome, gives, int_of, list_of, row, text, text_of, texts, unknown_like,
};
use crate::terraform::types;
use crate::value::{Certainty, Data, Segment, Text, Value};

pub(super) const TABLE: &[Function] = &[
    row("chomp", &[Str], Needs::Known, |a, c| {
        text(text_of(&a[0])?.trim_end_matches(['\n', '\r']), c)
    })
    .giving(gives::text),
    row("endswith", &[Str, Str], Needs::Nothing, |a, c| {
        affix(a, c, Text::ends_with)
    })
    .giving(gives::truth),
    row("startswith", &[Str, Str], Needs::Nothing, |a, c| {
        affix(a, c, Text::starts_with)
    })
    .giving(gives::truth),
    row("strcontains", &[Str, Str], Needs::Nothing, contains).giving(gives::truth),
    row("indent", &[Number, Str], Needs::Known, |a, c| {
        let spaces =
            usize::try_from(int_of(&a[0])?).map_err(|_| "the number is negative".to_owned())?;
        let indented = format!("\n{}", " ".repeat(spaces.min(1 << 16)));
        let subject = text_of(&a[1])?;
        let lines = subject.matches('\n').count();
        if lines.saturating_mul(indented.len()) > super::LONGEST_TEXT {
            return Ok(super::too_long(c.site));
        }
        text(&subject.replace('\n', &indented), c)
    })
    .giving(gives::text),
    row("join", &[Str], Needs::Shape, join)
        .giving(gives::text)
        .and_more(Texts),
    row("lower", &[Str], Needs::Nothing, |a, c| {
        each_literal(&a[0], c, lower)
    })
    .giving(gives::text),
    row("upper", &[Str], Needs::Nothing, |a, c| {
        each_literal(&a[0], c, upper)
    })
    .giving(gives::text),
    row("title", &[Str], Needs::Known, |a, c| {
        text(&title(&text_of(&a[0])?), c)
    })
    .giving(gives::text),
    row("split", &[Str, Str], Needs::Known, |a, c| {
        let (separator, subject) = (text_of(&a[0])?, text_of(&a[1])?);
        if separator.is_empty() && !subject.is_empty() {
            let characters: Vec<String> = subject.chars().map(String::from).collect();
            return Ok(texts(characters.iter().map(String::as_str), c));
        }
        if separator.is_empty() {
            return Ok(texts([""], c));
        }
        Ok(texts(subject.split(&separator), c))
    })
    .giving(gives::texts),
    row("strrev", &[Str], Needs::Known, |a, c| {
        text(
            &text_of(&a[0])?.graphemes(true).rev().collect::<String>(),
            c,
        )
    })
    .giving(gives::text),
    row("substr", &[Str, Number, Number], Needs::Known, substr).giving(gives::text),
    row("trim", &[Str, Str], Needs::Known, |a, c| {
        let set: Vec<char> = text_of(&a[1])?.chars().collect();
        text(text_of(&a[0])?.trim_matches(set.as_slice()), c)
    })
    .giving(gives::text),
    row("trimprefix", &[Str, Str], Needs::Known, |a, c| {
        let (subject, prefix) = (text_of(&a[0])?, text_of(&a[1])?);
        text(subject.strip_prefix(&prefix).unwrap_or(&subject), c)
    })
    .giving(gives::text),
    row("trimsuffix", &[Str, Str], Needs::Known, |a, c| {
        let (subject, suffix) = (text_of(&a[0])?, text_of(&a[1])?);
        text(subject.strip_suffix(&suffix).unwrap_or(&subject), c)
    })
    .giving(gives::text),
    row("trimspace", &[Str], Needs::Known, |a, c| {
        text(text_of(&a[0])?.trim(), c)
    })
    .giving(gives::text),
];

fn affix(arguments: &[Value], call: Call<'_>, test: fn(&Text, &str) -> Certainty) -> Outcome {
    let Some(wanted) = arguments[1].as_str() else {
        return Ok(unknown_like(&arguments[1], call.site));
    };
    let truth = match arguments[0].as_text() {
        Some(subject) => test(subject, wanted),
        None if wanted.is_empty() => Certainty::Yes,
        None => Certainty::Unsure,
    };
    Ok(match truth {
        Certainty::Yes => Value::bool(true, call.site),
        Certainty::No => Value::bool(false, call.site),
        Certainty::Unsure => unknown_like(&arguments[0], call.site),
    })
}

fn contains(arguments: &[Value], call: Call<'_>) -> Outcome {
    let Some(wanted) = arguments[1].as_str() else {
        return Ok(unknown_like(&arguments[1], call.site));
    };
    let Some(subject) = arguments[0].as_text() else {
        return Ok(match wanted.is_empty() {
            true => Value::bool(true, call.site),
            false => unknown_like(&arguments[0], call.site),
        });
    };
    let is_found = subject
        .segments()
        .iter()
        .any(|segment| matches!(segment, Segment::Literal(text) if text.contains(wanted)));
    Ok(match is_found || wanted.is_empty() {
        true => Value::bool(true, call.site),
        false if subject.has_holes() => unknown_like(&arguments[0], call.site),
        false => Value::bool(false, call.site),
    })
}

/// A change of case leaves holes holes.
fn each_literal(value: &Value, call: Call<'_>, change: fn(&str) -> String) -> Outcome {
    let Some(subject) = value.as_text() else {
        return Ok(unknown_like(value, call.site));
    };
    let parts = subject.segments();
    let segments = parts.iter().map(|segment| match segment {
        Segment::Literal(text) => Segment::Literal(types::normal(&change(text)).into()),
        Segment::Hole(hole) => Segment::Hole(hole.clone()),
    });
    Ok(Value::new(
        Data::Text(Text::from_segments(segments.collect())),
        call.site,
    ))
}

/// Go maps each character to one character; what would become several stays as it is (`ß`).
fn upper(text: &str) -> String {
    let simple = |c: char| {
        let mut mapped = c.to_uppercase();
        match (mapped.next(), mapped.next()) {
            (Some(only), None) => only,
            _ => c,
        }
    };
    text.chars().map(simple).collect()
}

fn lower(text: &str) -> String {
    // `İ` is the one character whose lower case is several in Rust and one in Go.
    text.chars()
        .map(|c| c.to_lowercase().next().unwrap_or(c))
        .collect()
}

/// Go's `strings.Title`: letters that follow no letter, digit or underscore.
fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut starts = true;
    for c in text.chars() {
        match c {
            _ if !starts => titled.push(c),
            'Ǆ' | 'ǅ' | 'ǆ' => titled.push('ǅ'),
            'Ǉ' | 'ǈ' | 'ǉ' => titled.push('ǈ'),
            'Ǌ' | 'ǋ' | 'ǌ' => titled.push('ǋ'),
            'Ǳ' | 'ǲ' | 'ǳ' => titled.push('ǲ'),
            _ => titled.push_str(&upper(c.encode_utf8(&mut [0; 4]))),
        }
        starts = match c {
            _ if c.is_alphanumeric() || c == '_' => false,
            _ if c.is_ascii() => true,
            _ => c.is_whitespace(),
        };
    }
    titled
}

/// The parts of a value in a string; a hole if it is not known.
pub(super) fn segments_of(
    value: &Value,
    site: crate::source::Span,
) -> Result<Vec<Segment>, String> {
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
    if arguments.len() < 2 {
        return Err("it takes a separator and lists".to_owned());
    }
    let mut segments = Vec::new();
    let mut is_first = true;
    let mut length = 0;
    for list in &arguments[1..] {
        for item in list_of(list)? {
            if item.is_null() {
                return Err("an element is null".to_owned());
            }
            if !std::mem::take(&mut is_first) {
                segments.extend(separator.segments().into_owned());
            }
            segments.extend(segments_of(&item, call.site)?);
            length += 1;
        }
        if let Some(why) = list.as_list().and_then(crate::value::List::more) {
            segments.push(Segment::Hole(why.clone()));
        }
    }
    if length * separator.as_str().map_or(0, str::len) > super::LONGEST_TEXT {
        return Ok(super::too_long(call.site));
    }
    Ok(Value::new(
        Data::Text(Text::from_segments(segments)),
        call.site,
    ))
}

fn substr(arguments: &[Value], call: Call<'_>) -> Outcome {
    let subject = text_of(&arguments[0])?;
    let characters: Vec<&str> = subject.graphemes(true).collect();
    let (offset, length) = (int_of(&arguments[1])?, int_of(&arguments[2])?);
    let count = characters.len() as i64;
    let start = if offset < 0 {
        count.saturating_add(offset).max(0)
    } else {
        offset.min(count)
    };
    // From the end, no length is any length: Terraform stops at the end of a character that it never asks for.
    let end = if length < 0 || (length == 0 && offset < 0) {
        count
    } else {
        start.saturating_add(length).min(count)
    };
    let part = characters
        .get(start as usize..end.max(start) as usize)
        .unwrap_or(&[]);
    text(&part.concat(), call)
}

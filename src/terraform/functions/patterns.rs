//! Functions over regular expressions. Terraform's are RE2 as Go has it; the differences to Rust's syntax are translated.
//! <https://developer.hashicorp.com/terraform/language/functions/regex>

use std::sync::Arc;

use super::Takes::Text as Str;
use super::{Call, Function, Needs, Outcome, gives, row, sequence, text, text_of};
use crate::terraform::types::{self, Attribute, Type};
use crate::value::{ListKind, Members, Value};

/// Compiled size that a regular expression may have.
const LARGEST_PATTERN: usize = 4 << 20;
/// Times that `{n}` may repeat something, as in RE2.
const MOST_REPEATS: u32 = 1_000;
/// Matches that `regexall` may find.
const MOST_MATCHES: usize = 100_000;

pub(super) const TABLE: &[Function] = &[
    row("regex", &[Str, Str], Needs::Known, |a, c| {
        let pattern = pattern(&text_of(&a[0])?)?;
        let subject = text_of(&a[1])?;
        let found = pattern
            .captures(&subject)
            .ok_or_else(|| "the pattern does not match".to_owned())?;
        captured(&pattern, &found, c)
    }),
    row("regexall", &[Str, Str], Needs::Known, |a, c| {
        let pattern = pattern(&text_of(&a[0])?)?;
        let subject = text_of(&a[1])?;
        let all = pattern
            .captures_iter(&subject)
            .take(MOST_MATCHES)
            .map(|found| captured(&pattern, &found, c))
            .collect::<Result<_, _>>()?;
        Ok(sequence(ListKind::List, all, None, c))
    }),
    row("replace", &[Str, Str, Str], Needs::Known, replace).giving(gives::text),
];

/// Names between `[:` and `:]`.
const CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The type of what a pattern finds: the text, or the texts of its groups in a list or by their names.
pub(super) fn type_of_match(of: &Value) -> Result<Type, String> {
    let pattern = pattern(&text_of(of)?)?;
    let groups: Vec<Option<&str>> = pattern.capture_names().skip(1).collect();
    if groups.is_empty() {
        return Ok(Type::String);
    }
    let names: Vec<&str> = groups.iter().flatten().copied().collect();
    if names.is_empty() {
        return Ok(Type::Tuple(vec![Type::String; groups.len()]));
    }
    let attribute = |name: &&str| (Arc::from(*name), Attribute::required(Type::String));
    Ok(Type::Object(names.iter().map(attribute).collect()))
}

fn pattern(text: &str) -> Result<regex::Regex, String> {
    let invalid = |why: &dyn std::fmt::Display| {
        let why = why.to_string();
        let last = why.lines().last().unwrap_or("").trim().to_owned();
        format!(
            "the pattern is not valid: {}",
            last.trim_start_matches("error: ")
        )
    };
    if repeats_too_often(text) {
        return Err("the pattern is not valid: more than 1,000 repetitions".to_owned());
    }
    regex::RegexBuilder::new(&translated(text)?)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|error| invalid(&error))
}

/// An RE2 pattern in Rust's syntax: `\d`, `\w`, `\s` and `\b` mean ASCII, `\Q…\E` quotes, `{` may stand for itself,
/// inside brackets only `]`, `\`, `^`, `-` and `[:name:]` are special.
fn translated(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut in_class = false;
    let mut ends_class_item = false;
    let mut is_repeated = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let repeats = match c {
            '*' | '+' | '?' if !in_class => Some(1),
            '{' if !in_class => repetition(rest),
            _ => None,
        };
        if let Some(length) = repeats {
            if is_repeated {
                return Err("the pattern is not valid: a repetition is repeated".to_owned());
            }
            let is_lazy = rest[length..].starts_with('?');
            let length = length + usize::from(is_lazy);
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            is_repeated = true;
            continue;
        }
        is_repeated = false;
        match c {
            '\\' => {
                let Some(escaped) = after.chars().next() else {
                    return Err("the pattern is not valid: it ends with a backslash".to_owned());
                };
                rest = &after[escaped.len_utf8()..];
                match escaped {
                    'd' => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
                    'D' => out.push_str("[^0-9]"),
                    'w' => out.push_str(if in_class {
                        "0-9A-Za-z_"
                    } else {
                        "[0-9A-Za-z_]"
                    }),
                    'W' => out.push_str("[^0-9A-Za-z_]"),
                    's' => out.push_str(if in_class {
                        r"\t\n\f\r "
                    } else {
                        r"[\t\n\f\r ]"
                    }),
                    'S' => out.push_str(r"[^\t\n\f\r ]"),
                    'b' if !in_class => out.push_str(r"(?-u:\b)"),
                    'C' => {
                        return Err("the pattern is not valid: `\\C` is not supported".to_owned());
                    }
                    'Q' if !in_class => {
                        let end = rest.find("\\E");
                        out.push_str(&regex::escape(&rest[..end.unwrap_or(rest.len())]));
                        rest = end.map_or("", |at| &rest[at + 2..]);
                    }
                    'E' => {}
                    '0'..='7' => {
                        let digits: String = rest
                            .chars()
                            .take(2)
                            .take_while(|c| ('0'..='7').contains(c))
                            .collect();
                        if escaped != '0' && digits.len() < 2 {
                            return Err(
                                "the pattern is not valid: there are no back-references".to_owned()
                            );
                        }
                        rest = &rest[digits.len()..];
                        let code = u32::from_str_radix(&format!("{escaped}{digits}"), 8);
                        out.push_str(&format!(r"\x{{{:x}}}", code.unwrap_or(0)));
                    }
                    c if c.is_ascii_punctuation() => out.push_str(&regex::escape(&c.to_string())),
                    'p' | 'P' if rest.starts_with('{') => {
                        let end = rest.find('}').map_or(rest.len(), |at| at + 1);
                        out.extend(['\\', escaped]);
                        out.push_str(&rest[..end]);
                        rest = &rest[end..];
                    }
                    'x' if rest.starts_with('{') => {
                        let end = rest.find('}').map_or(rest.len(), |at| at + 1);
                        out.push_str("\\x");
                        out.push_str(&rest[..end]);
                        rest = &rest[end..];
                    }
                    c @ ('a' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' | 'p' | 'P') => {
                        out.extend(['\\', c])
                    }
                    c @ ('A' | 'B' | 'z') if !in_class => out.extend(['\\', c]),
                    c => {
                        return Err(format!(
                            "the pattern is not valid: there is no escape `\\{c}`"
                        ));
                    }
                }
                ends_class_item = matches!(escaped, 'd' | 'w' | 's' | 'D' | 'W' | 'S' | 'p' | 'P');
                continue;
            }
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                rest = after;
                if let Some(negated) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = negated;
                }
                if let Some(literal) = rest.strip_prefix(']') {
                    out.push_str(r"\]");
                    rest = literal;
                }
                ends_class_item = false;
                continue;
            }
            '[' => match after.find(":]").filter(|_| after.starts_with(':')) {
                Some(end) => {
                    let name = after[1..].get(..end.saturating_sub(1)).unwrap_or("");
                    if !CLASSES.contains(&name.trim_start_matches('^')) {
                        return Err(format!(
                            "the pattern is not valid: there is no class `[:{name}:]`"
                        ));
                    }
                    out.push_str(&rest[..end + 3]);
                    rest = &rest[end + 3..];
                    ends_class_item = true;
                    continue;
                }
                None => out.push_str(r"\["),
            },
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            '-' if in_class && (ends_class_item || after.starts_with('-')) => out.push_str(r"\-"),
            '{' if !in_class => out.push_str(r"\{"),
            '(' if !in_class && after.starts_with('?') => {
                let flags = &after[1..after.find([':', ')', '<', '\'']).unwrap_or(after.len())];
                let is_name =
                    matches!(flags, "P" | "") && after[1 + flags.len()..].starts_with('<');
                if !is_name && !flags.chars().all(|c| "imsU-".contains(c)) {
                    return Err(format!("the pattern is not valid: `(?{flags}` is unknown"));
                }
                out.push_str("(?");
                rest = &after[1..];
                ends_class_item = false;
                continue;
            }
            c => out.push(c),
        }
        ends_class_item = false;
        rest = after;
    }
    Ok(out)
}

/// The length of a `{n}`, `{n,}` or `{n,m}` at the start of a text.
fn repetition(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let inner = text.get(1..end)?;
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(least) || !(most.is_empty() || is_number(most)) {
        return None;
    }
    Some(end + 1)
}

/// RE2 refuses more than a thousand repetitions.
fn repeats_too_often(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        repetition(&text[at..]).is_some_and(|length| {
            text[at + 1..at + length - 1]
                .split(',')
                .any(|number| number.parse::<u32>().is_ok_and(|n| n > MOST_REPEATS))
        })
    })
}

fn captured(
    pattern: &regex::Regex,
    found: &regex::Captures<'_>,
    call: Call<'_>,
) -> Result<Value, String> {
    let group = |index: usize| match found.get(index) {
        Some(group) => Value::text(types::normal(group.as_str()).into_owned(), call.site),
        None => Value::null(call.site),
    };
    let names: Vec<Option<&str>> = pattern.capture_names().skip(1).collect();
    if names.is_empty() {
        return Ok(group(0));
    }
    if names.iter().all(Option::is_none) {
        return Ok(Value::list(
            (1..=names.len()).map(group).collect(),
            call.site,
        ));
    }
    let mut members = Members::default();
    for (index, name) in names.into_iter().enumerate() {
        let name = name.ok_or_else(|| {
            "the pattern is not valid: some groups have names and some have none".to_owned()
        })?;
        members.insert(name.into(), group(index + 1).into());
    }
    Ok(Value::object(members, call.site))
}

fn replace(arguments: &[Value], call: Call<'_>) -> Outcome {
    let (subject, wanted, with) = (
        text_of(&arguments[0])?,
        text_of(&arguments[1])?,
        text_of(&arguments[2])?,
    );
    let is_pattern = wanted.len() > 1 && wanted.starts_with('/') && wanted.ends_with('/');
    if !is_pattern {
        let times = match wanted.is_empty() {
            true => subject.chars().count() + 1,
            false => subject.matches(&wanted).count(),
        };
        if times.saturating_mul(with.len()) > super::LONGEST_TEXT {
            return Ok(super::too_long(call.site));
        }
        return text(&subject.replace(&wanted, &with), call);
    }
    let pattern = pattern(&wanted[1..wanted.len() - 1])?;
    let mut result = String::new();
    let mut last = 0;
    for found in pattern.captures_iter(&subject) {
        let Some(whole) = found.get(0) else { continue };
        result.push_str(&subject[last..whole.start()]);
        found.expand(&with, &mut result);
        last = whole.end();
        if result.len() > super::LONGEST_TEXT {
            return Ok(super::too_long(call.site));
        }
    }
    result.push_str(&subject[last..]);
    text(&result, call)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first match, or that there is none, or that the pattern is refused. As Terraform 1.11.4 has it.
    fn check(text: &str, subject: &str, expected: Result<Option<&str>, ()>) {
        let found = pattern(text)
            .map(|pattern| pattern.find(subject).map(|found| found.as_str().to_owned()))
            .map_err(drop);
        assert_eq!(
            found.as_ref().map(Option::as_deref).map_err(drop),
            expected.as_ref().map(|found| *found).map_err(drop),
            "{text} in {subject}"
        );
    }

    #[test]
    fn patterns_mean_what_re2_means() {
        check(r"\Qa.b\E", "axb a.b", Ok(Some("a.b")));
        check(r"\d", "\u{663}", Ok(None));
        check(r"\w+", "é", Ok(None));
        check(r"\s", "\u{a0}", Ok(None));
        check(r"\101", "A", Ok(Some("A")));
        check(r"[\d-z]+", "1-z", Ok(Some("1-z")));
        check("[a&&b]+", "&a", Ok(Some("&a")));
        check("[[a]", "[", Ok(Some("[")));
        check("[]a]+", "]a", Ok(Some("]a")));
        check("[[:alpha:]]+", "é1a", Ok(Some("a")));
        check("{a}", "{a}", Ok(Some("{a}")));
        check(r"\p{Greek}\x{3b2}", "αβ", Ok(Some("αβ")));
        check(r"\/\-\_\<", "/-_<", Ok(Some("/-_<")));
        check("a{2,3}", "aaaa", Ok(Some("aaa")));
        check("(?=a)", "a", Err(()));
        check(r"\1", "a", Err(()));
        check("a{1001}", "a", Err(()));
        check("[", "a", Err(()));
        check("[[::]]", "a", Err(()));
        check("[[:^alpha:]]", "a1", Ok(Some("1")));
        check("a**", "a", Err(()));
        check("a*?", "aa", Ok(Some("")));
        check("a{2}{3}", "a", Err(()));
        check(r"\u0041", "A", Err(()));
        check("(?x) a", "a", Err(()));
        check("(?i-s:A)(?P<n>.)(?<m>.)", "abc", Ok(Some("abc")));
    }
}

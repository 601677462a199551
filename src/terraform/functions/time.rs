//! Functions over timestamps.

use jiff::civil::{Date, DateTime, Time};

use super::Takes::Text as Str;
use super::{Call, Function, Needs, Outcome, gives, row, text, text_of};
use crate::value::Value;

const NANOSECONDS: i128 = 1_000_000_000;

pub(super) const TABLE: &[Function] = &[
    row("formatdate", &[Str, Str], Needs::Known, formatdate).giving(gives::text),
    row("timeadd", &[Str, Str], Needs::Known, |a, c| {
        let (at, more) = (
            Timestamp::read(&text_of(&a[0])?)?,
            duration(&text_of(&a[1])?)?,
        );
        let total = at.nanoseconds + more;
        text(&at.moved(total)?.shown(), c)
    })
    .giving(gives::text),
    row("timecmp", &[Str, Str], Needs::Known, |a, c| {
        let (a, b) = (
            Timestamp::read(&lenient(text_of(&a[0])?))?,
            Timestamp::read(&lenient(text_of(&a[1])?))?,
        );
        Ok(Value::int(a.instant().cmp(&b.instant()) as i64, c.site))
    })
    .giving(gives::number),
];

/// A local time with its offset from UTC.
#[derive(Clone, Copy, Debug)]
struct Timestamp {
    at: DateTime,
    /// Nanoseconds from 1970 in local time.
    nanoseconds: i128,
    /// Minutes that local time is ahead of UTC.
    offset: i64,
}

impl Timestamp {
    /// Reads RFC 3339, which is stricter than what date libraries read.
    fn read(text: &str) -> Result<Timestamp, String> {
        let invalid = || format!("\"{text}\" is no RFC 3339 timestamp");
        let bytes = text.as_bytes();
        let number = |from: usize, length: usize| -> Option<i64> {
            let digits = text.get(from..from + length)?;
            digits
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        let is_formed = separators
            .iter()
            .all(|(at, byte)| bytes.get(*at) == Some(byte));
        if !is_formed {
            return Err(invalid());
        }
        let part = |from, length| number(from, length).ok_or_else(invalid);
        let date = Date::new(part(0, 4)? as i16, part(5, 2)? as i8, part(8, 2)? as i8);
        let mut end = 19;
        let mut fraction = 0;
        if bytes.get(19) == Some(&b'.') {
            let digits = text[20..].bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(invalid());
            }
            let shown: String = format!("{:0<9}", &text[20..20 + digits])
                .chars()
                .take(9)
                .collect();
            fraction = shown.parse::<i32>().map_err(|_| invalid())?;
            end = 20 + digits;
        }
        let time = Time::new(
            part(11, 2)? as i8,
            part(14, 2)? as i8,
            part(17, 2)? as i8,
            fraction,
        );
        let at = match (date, time) {
            (Ok(date), Ok(time)) => date.to_datetime(time),
            _ => return Err(invalid()),
        };
        let offset = match &text[end..] {
            "Z" => 0,
            zone if zone.len() == 6 && zone.as_bytes()[3] == b':' => {
                let (hours, minutes) = (part(end + 1, 2)?, part(end + 4, 2)?);
                if hours > 23 || minutes > 59 {
                    return Err(invalid());
                }
                let minutes = hours * 60 + minutes;
                match zone.as_bytes()[0] {
                    b'+' => minutes,
                    b'-' => -minutes,
                    _ => return Err(invalid()),
                }
            }
            _ => return Err(invalid()),
        };
        Ok(Timestamp {
            at,
            nanoseconds: nanoseconds(at),
            offset,
        })
    }

    fn instant(&self) -> i128 {
        self.nanoseconds - i128::from(self.offset) * 60 * NANOSECONDS
    }

    fn moved(&self, nanoseconds: i128) -> Result<Timestamp, String> {
        let epoch = Date::constant(1970, 1, 1).to_datetime(Time::midnight());
        let seconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS));
        let rest = nanoseconds.rem_euclid(NANOSECONDS) as i64;
        let at = seconds
            .ok()
            .and_then(|seconds| {
                epoch
                    .checked_add(jiff::SignedDuration::from_secs(seconds))
                    .ok()
            })
            .and_then(|at| at.checked_add(jiff::SignedDuration::from_nanos(rest)).ok())
            .ok_or_else(|| "the time is out of range".to_owned())?;
        Ok(Timestamp {
            at,
            nanoseconds,
            ..*self
        })
    }

    /// RFC 3339 without fractions of a second.
    fn shown(&self) -> String {
        let (date, time) = (self.at.date(), self.at.time());
        format!(
            "{}{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}",
            if date.year() < 0 { "-" } else { "" },
            date.year().unsigned_abs(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
            if self.offset == 0 {
                "Z".to_owned()
            } else {
                self.zone(":")
            },
        )
    }

    fn zone(&self, between: &str) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs();
        format!("{sign}{:02}{between}{:02}", minutes / 60, minutes % 60)
    }
}

/// What Go's own parser, which `timecmp` uses, reads beside RFC 3339: hours of one digit, a comma before the fraction.
fn lenient(mut text: String) -> String {
    if text.as_bytes().get(12) == Some(&b':') && text.is_char_boundary(11) {
        text.insert(11, '0');
    }
    if text.as_bytes().get(19) == Some(&b',') {
        text.replace_range(19..20, ".");
    }
    text
}

/// Nanoseconds from 1970 of a local time.
fn nanoseconds(at: DateTime) -> i128 {
    let epoch = Date::constant(1970, 1, 1).to_datetime(Time::midnight());
    at.duration_since(epoch).as_nanos()
}

/// Go's durations: `1h30m`, `-1.5h`, `100ms`.
fn duration(text: &str) -> Result<i128, String> {
    let invalid = || format!("\"{text}\" is no duration");
    let (sign, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) if text.starts_with('-') => (-1, rest),
        Some(rest) => (1, rest),
        None => (1, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'.')
            .count();
        let (number, after) = rest.split_at(length);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if number.is_empty() || number == "." || fraction.contains('.') || number.len() > 30 {
            return Err(invalid());
        }
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let unit: i128 = match &after[..end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => NANOSECONDS,
            "m" => 60 * NANOSECONDS,
            "h" => 3_600 * NANOSECONDS,
            _ => return Err(invalid()),
        };
        let whole: i128 = match whole {
            "" => 0,
            digits => digits.parse().map_err(|_| invalid())?,
        };
        let mut part = whole.checked_mul(unit).ok_or_else(invalid)?;
        let mut scale = unit;
        for digit in fraction.bytes() {
            scale /= 10;
            part += i128::from(digit - b'0') * scale;
        }
        total = total.checked_add(part).ok_or_else(invalid)?;
        rest = &after[end..];
    }
    // Go's durations are 64 bits of nanoseconds.
    i64::try_from(total).map_err(|_| invalid())?;
    Ok(sign * total)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// <https://developer.hashicorp.com/terraform/language/functions/formatdate>
fn formatdate(arguments: &[Value], call: Call<'_>) -> Outcome {
    let pattern = text_of(&arguments[0])?;
    let stamp = Timestamp::read(&text_of(&arguments[1])?)?;
    let mut result = String::new();
    let mut rest = pattern.as_str();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            rest = quoted(&rest[1..], &mut result)?;
            continue;
        }
        if !first.is_ascii_alphabetic() {
            result.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let length = rest.chars().take_while(|c| *c == first).count();
        result.push_str(&piece(&rest[..length], &stamp)?);
        rest = &rest[length..];
    }
    text(&result, call)
}

/// Copies up to the closing quote; two quotes stand for one.
fn quoted<'t>(text: &'t str, into: &mut String) -> Result<&'t str, String> {
    let mut rest = text;
    loop {
        let end = rest
            .find('\'')
            .ok_or_else(|| "a quote is not closed".to_owned())?;
        into.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                into.push('\'');
                rest = after;
            }
            None => return Ok(rest),
        }
    }
}

fn piece(verb: &str, stamp: &Timestamp) -> Result<String, String> {
    let (date, time) = (stamp.at.date(), stamp.at.time());
    let month = MONTHS[(date.month() as usize).saturating_sub(1) % 12];
    let day = DAYS[date.weekday().to_monday_zero_offset() as usize % 7];
    let hour12 = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let is_afternoon = time.hour() >= 12;
    Ok(match verb {
        "YY" => format!("{:02}", date.year() % 100),
        "YYYY" => format!("{:04}", date.year()),
        "M" => date.month().to_string(),
        "MM" => format!("{:02}", date.month()),
        "MMM" => month[..3].to_owned(),
        "MMMM" => month.to_owned(),
        "D" => date.day().to_string(),
        "DD" => format!("{:02}", date.day()),
        "EEE" => day[..3].to_owned(),
        "EEEE" => day.to_owned(),
        "h" => time.hour().to_string(),
        "hh" => format!("{:02}", time.hour()),
        "H" => hour12.to_string(),
        "HH" => format!("{hour12:02}"),
        "AA" => if is_afternoon { "PM" } else { "AM" }.to_owned(),
        "aa" => if is_afternoon { "pm" } else { "am" }.to_owned(),
        "m" => time.minute().to_string(),
        "mm" => format!("{:02}", time.minute()),
        "s" => time.second().to_string(),
        "ss" => format!("{:02}", time.second()),
        "Z" if stamp.offset == 0 => "Z".to_owned(),
        "ZZZ" if stamp.offset == 0 => "UTC".to_owned(),
        "Z" | "ZZZZZ" => stamp.zone(":"),
        "ZZZ" | "ZZZZ" => stamp.zone(""),
        other => return Err(format!("`{other}` is no part of a date format")),
    })
}

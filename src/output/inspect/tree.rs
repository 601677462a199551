//! Values as trees: a value in, one part for each thing in it out, with its name in both languages and its place.

use std::sync::Arc;

use super::Json;
use super::member;
use crate::declared::Declared;
use crate::model::vocabulary::Entry;
use crate::source::{Columns, SourceMap, Span};
use crate::value::{Data, Guard, ObjectKind, Segment, Unknown, Value};

/// Something in a document: a value with its name and what is in it.
pub(super) struct Part {
    /// What it is called where it is: a member's name, `[0]`, `if Stage is "prod"`.
    pub name: String,
    /// What the language of the source calls it, where that cannot be guessed.
    pub native: Option<String>,
    /// The value.
    pub value: Value,
    /// Where it is written.
    pub place: Span,
    /// Members, elements, or what it is under conditions.
    pub below: Vec<Part>,
    /// When it is this, for a part of a choice.
    pub condition: Option<String>,
}

/// How parts are named.
pub(super) struct Naming<'n> {
    /// Says conditions in the words of the template.
    pub words: &'n Declared,
    /// The vocabulary's entry by which names are translated.
    pub entry: Option<&'n Entry>,
}

impl Part {
    /// A value and all that is in it. `path` are the canonical names that lead to it.
    pub fn of(name: &str, value: Value, key: Span, path: &[&str], naming: &Naming<'_>) -> Part {
        let place = place(&value, key);
        let mut below = Vec::new();
        if !value.is_sensitive {
            match &value.data {
                Data::List(list) if list.items().iter().any(is_written) => {
                    for (index, item) in value.elements().enumerate() {
                        let name = format!("[{index}]");
                        below.push(Part::of(&name, item, Span::NONE, path, naming));
                    }
                }
                Data::Object(object) => {
                    for (name, item) in value.entries() {
                        if item.is_null() {
                            continue;
                        }
                        let key = object.members().get(name).map_or(Span::NONE, |m| m.key);
                        let mut longer = path.to_vec();
                        longer.push(name);
                        let mut part = Part::of(name, item, key, &longer, naming);
                        part.native = naming.native(&longer);
                        below.push(part);
                    }
                }
                Data::Choice(alternatives) => {
                    for alternative in alternatives.iter() {
                        let seen = value.seen(&alternative.value);
                        let condition = naming.condition(&alternative.guard);
                        let name = format!("if {condition}");
                        let mut part = Part::of(&name, seen, Span::NONE, path, naming);
                        part.condition = Some(condition);
                        below.push(part);
                    }
                }
                _ => {}
            }
        }
        Part {
            name: name.to_owned(),
            native: None,
            value,
            place,
            below,
            condition: None,
        }
    }

    /// Why there may be more in it than is shown.
    fn more(&self) -> Option<&Arc<Unknown>> {
        match &self.value.data {
            Data::List(list) => list.more(),
            Data::Object(object) => object.more(),
            _ => None,
        }
    }

    /// The lines of text that show it, indented.
    pub fn lines(&self, sources: &SourceMap, indent: usize, into: &mut Vec<Line>) {
        self.lines_below("", sources, indent, into);
    }

    /// What has the place of the thing that it is in need not say so again.
    fn lines_below(&self, above: &str, sources: &SourceMap, indent: usize, into: &mut Vec<Line>) {
        let name = match (&self.native, &self.condition) {
            (Some(native), _) => format!("{} ({native})", self.name),
            _ => self.name.clone(),
        };
        let place = self.places(sources);
        let inline = self.inline(&place, sources);
        let shown = match &inline {
            Some(items) => format!(": {items}"),
            None if self.below.is_empty() => format!(": {}", shown(&self.value)),
            None => ":".to_owned(),
        };
        let is_said = place == above;
        into.push(Line {
            text: format!("{:indent$}{name}{shown}", ""),
            place: if is_said {
                String::new()
            } else {
                place.clone()
            },
        });
        if inline.is_some() {
            return;
        }
        for part in &self.below {
            part.lines_below(&place, sources, indent + 2, into);
        }
        if let (Some(why), false) = (self.more(), self.value.is_sensitive) {
            into.push(Line {
                text: format!(
                    "{:width$}more, perhaps: {}",
                    "",
                    why.reason,
                    width = indent + 2
                ),
                place: String::new(),
            });
        }
    }

    /// A list of a few plain values that are all written at one place, on one line.
    fn inline(&self, place: &str, sources: &SourceMap) -> Option<String> {
        self.value.as_list()?;
        let is_plain = |part: &Part| {
            let is_scalar = matches!(
                &part.value.data,
                Data::Bool(_) | Data::Number(_) | Data::Text(_)
            );
            is_scalar && part.value.is_wholly_known() && part.places(sources) == place
        };
        if self.below.is_empty() || self.more().is_some() || !self.below.iter().all(is_plain) {
            return None;
        }
        let items: Vec<String> = self.below.iter().map(|part| shown(&part.value)).collect();
        let text = format!("[{}]", items.join(", "));
        (text.chars().count() <= LONGEST).then_some(text)
    }

    /// Where it is written, and the way that it came.
    pub fn places(&self, sources: &SourceMap) -> String {
        if self.value.origin.is_default {
            return "default".to_owned();
        }
        places(&self.value, self.place, sources)
    }

    /// As JSON: what it is worth, what of it is not known, where it is written.
    pub fn json(&self, sources: &SourceMap) -> Json {
        let mut members = Vec::new();
        if let Some(native) = &self.native {
            members.push(member("native", Json::text(native)));
        }
        if self.value.is_sensitive {
            members.push(member("redacted", Json::bool(true)));
        } else {
            self.push_worth(sources, &mut members);
        }
        if let (Some(why), false) = (self.more(), self.value.is_sensitive) {
            members.push(member("more", reason(why)));
        }
        if self.value.origin.is_default {
            members.push(member("default", Json::bool(true)));
        } else {
            if let Some(place) = position(self.place, sources) {
                members.push(member("place", place));
            }
            let trail = self.value.origin.trail.iter();
            let trail: Vec<Json> = trail
                .filter_map(|(span, step)| {
                    let mut place = position(span, sources)?;
                    if let Json::Object(members) = &mut place {
                        members.push(member("step", Json::text(&step.describe())));
                    }
                    Some(place)
                })
                .collect();
            if !trail.is_empty() {
                members.push(member("trail", Json::List(trail)));
            }
        }
        Json::Object(members)
    }

    fn push_worth(&self, sources: &SourceMap, members: &mut Vec<(Arc<str>, Json)>) {
        let parts = || self.below.iter();
        match &self.value.data {
            Data::Null(_) => members.push(member("value", Json::null())),
            Data::Bool(truth) => members.push(member("value", Json::bool(*truth))),
            Data::Number(number) => {
                members.push(member("value", Json::Raw(number.to_string())));
            }
            Data::Text(text) => match text.as_str() {
                Some(text) => members.push(member("value", Json::text(text))),
                None => {
                    // A null stands for each hole.
                    let segments = text.segments();
                    let shown = segments.iter().map(|segment| match segment {
                        Segment::Literal(text) => Json::text(text),
                        Segment::Hole(_) => Json::null(),
                    });
                    members.push(member("text", Json::List(shown.collect())));
                    let why = segments.iter().filter_map(|segment| match segment {
                        Segment::Literal(_) => None,
                        Segment::Hole(why) => Some(reason(why)),
                    });
                    members.push(member("holes", Json::List(why.collect())));
                }
            },
            Data::List(_) => {
                let items = parts().map(|part| part.json(sources)).collect();
                members.push(member("items", Json::List(items)));
            }
            Data::Object(_) => {
                let all = parts().map(|part| (part.name.as_str().into(), part.json(sources)));
                members.push(member("members", Json::Object(all.collect())));
            }
            Data::Unknown(unknown) => {
                members.push(member("unknown", reason(unknown)));
                if !unknown.allowed.is_empty() {
                    let allowed = unknown.allowed.iter().map(scalar).collect();
                    members.push(member("allowed", Json::List(allowed)));
                }
            }
            Data::Choice(_) => {
                let choices = parts().map(|part| {
                    let mut choice = part.json(sources);
                    if let (Json::Object(members), Some(when)) = (&mut choice, &part.condition) {
                        members.insert(0, member("when", Json::text(when)));
                    }
                    choice
                });
                members.push(member("choices", Json::List(choices.collect())));
            }
        }
    }
}

impl Naming<'_> {
    fn condition(&self, guard: &Guard) -> String {
        self.words.in_words(guard)
    }

    /// The last step of a path in the words of Terraform, unless it is the same word in its usual spelling.
    fn native(&self, path: &[&str]) -> Option<String> {
        let entry = self.entry?;
        let (last, above) = path.split_last()?;
        let whole = entry.native_path(path)?;
        let before = if above.is_empty() {
            Vec::new()
        } else {
            entry.native_path(above)?
        };
        let own = match whole.strip_prefix(before.as_slice()) {
            Some(own) => own.join("."),
            None => whole.join("."),
        };
        (!own.is_empty() && own != snake_case(last)).then_some(own)
    }
}

/// A line of a tree: what is there, and where it is written.
pub(in crate::output) struct Line {
    /// Indented.
    pub text: String,
    /// Nothing if nobody wrote it.
    pub place: String,
}

/// Columns that are kept free for what is left of places.
const WIDEST_TEXT: usize = 64;

/// Lines with their places below each other.
pub(in crate::output) fn aligned(lines: &[Line]) -> String {
    let width = |line: &Line| line.text.chars().count();
    let widest = lines
        .iter()
        .filter(|line| !line.place.is_empty())
        .map(width)
        .filter(|width| *width <= WIDEST_TEXT)
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        text.push_str(&line.text);
        if !line.place.is_empty() {
            let gap = widest.saturating_sub(width(line)) + 2;
            text.extend(std::iter::repeat_n(' ', gap));
            text.push_str(&line.place);
        }
        text.push('\n');
    }
    text
}

/// `file:line`
pub(in crate::output) fn line_of(span: Span, sources: &SourceMap) -> Option<String> {
    let file = sources.get(span.source)?;
    Some(format!("{}:{}", file.path, file.line(span.start)))
}

/// Where a value is written, and the way that it came: `main.tf:4 ← variables.tf:2 default of `x``.
pub(in crate::output) fn places(value: &Value, place: Span, sources: &SourceMap) -> String {
    let mut text = line_of(place, sources).unwrap_or_default();
    for (span, step) in value.origin.trail.iter() {
        if let Some(line) = line_of(span, sources) {
            text.push_str(&format!(" ← {line} {}", step.describe()));
        }
    }
    text
}

fn position(span: Span, sources: &SourceMap) -> Option<Json> {
    let file = sources.get(span.source)?;
    let at = file.position(span.start, Columns::Characters);
    Some(Json::Object(vec![
        member("file", Json::text(&file.path)),
        member("line", Json::number(at.line)),
        member("column", Json::number(at.column)),
    ]))
}

/// The position of a span as members of an object; empty if nobody wrote it.
pub(super) fn position_or_null(span: Span, sources: &SourceMap) -> Json {
    position(span, sources).unwrap_or_else(Json::null)
}

/// Why something is not known: a word for machines and a sentence for people.
pub(super) fn reason(unknown: &Unknown) -> Json {
    Json::Object(vec![
        member("code", Json::text(unknown.reason.code())),
        member("text", Json::text(&unknown.reason.to_string())),
    ])
}

fn scalar(value: &Value) -> Json {
    if value.is_sensitive {
        return Json::null();
    }
    match &value.data {
        Data::Bool(truth) => Json::bool(*truth),
        Data::Number(number) => Json::Raw(number.to_string()),
        Data::Text(text) => text.as_str().map_or_else(Json::null, Json::text),
        _ => Json::null(),
    }
}

/// Characters of a text that are shown.
const LONGEST: usize = 100;

/// What a value is worth, on one line; what is in lists and objects stands below them.
pub(in crate::output) fn shown(value: &Value) -> String {
    if value.is_sensitive {
        return "(hidden)".to_owned();
    }
    match &value.data {
        Data::Null(_) => "not set".to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => {
            let mut quoted = quoted(&text.to_string());
            let mut why: Vec<String> = Vec::new();
            for segment in text.segments().iter() {
                if let Segment::Hole(unknown) = segment
                    && !why.contains(&unknown.reason.to_string())
                {
                    why.push(unknown.reason.to_string());
                }
            }
            if !why.is_empty() {
                quoted.push_str(&format!(" (?: {})", why.join("; ")));
            }
            quoted
        }
        Data::List(_) => "[]".to_owned(),
        Data::Object(_) => "{}".to_owned(),
        Data::Unknown(unknown) if unknown.allowed.is_empty() => format!("? ({})", unknown.reason),
        Data::Unknown(unknown) => {
            let allowed: Vec<String> = unknown.allowed.iter().map(shown).collect();
            format!("? one of {} ({})", allowed.join(", "), unknown.reason)
        }
        Data::Choice(_) => String::new(),
    }
}

/// A text between quotes, on one line, cut if it is long.
fn quoted(text: &str) -> String {
    let mut characters = text.char_indices();
    let cut = match characters.nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    serde_json::Value::from(cut).to_string()
}

fn is_written(value: &Value) -> bool {
    !value.is_null()
}

/// The narrowest written place that says where a value is.
fn place(value: &Value, key: Span) -> Span {
    let is_block = value
        .as_object()
        .is_some_and(|object| object.kind() == ObjectKind::Block);
    let is_container = matches!(value.data, Data::Object(_) | Data::List(_));
    if is_container && !is_block && key.is_written() && value.origin.trail.is_empty() {
        return key;
    }
    value.span()
}

/// `EndpointPublicAccess` as `endpoint_public_access`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        let after_small = index > 0 && !characters[index - 1].is_uppercase();
        let before_small = characters
            .get(index + 1)
            .is_some_and(|next| next.is_lowercase());
        if character.is_uppercase() && index > 0 && (after_small || before_small) {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::Language;
    use crate::value::{Member, Members, Reason, Text};

    fn check(value: Value, expected: &str) {
        let words = Declared::new(Language::Terraform, ".");
        let naming = Naming {
            words: &words,
            entry: None,
        };
        let mut lines = Vec::new();
        let part = Part::of("A", value, Span::NONE, &[], &naming);
        part.lines(&SourceMap::new(), 0, &mut lines);
        assert_eq!(aligned(&lines).trim_end(), expected);
    }

    #[test]
    fn names_in_usual_spelling_need_not_be_said() {
        for (name, expected) in [
            ("EndpointPublicAccess", "endpoint_public_access"),
            ("CidrIpv6", "cidr_ipv6"),
            ("VPCConfig", "vpc_config"),
            ("name", "name"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn values_are_shown_with_what_is_not_known() {
        let why = Arc::new(Unknown::because(Reason::NoValue("var.a".into())));
        let text = Text::from_segments(vec![
            Segment::Literal("arn:".into()),
            Segment::Hole(why.clone()),
        ]);
        check(Value::text("a\nb", Span::NONE), r#"A: "a\nb""#);
        check(
            Value::new(Data::Text(text), Span::NONE),
            "A: \"arn:?\" (?: `var.a` has no value)",
        );
        check(
            Value::new(Data::Unknown(why), Span::NONE),
            "A: ? (`var.a` has no value)",
        );
        check(Value::list(Vec::new(), Span::NONE), "A: []");
        let two = || Value::int(2, Span::NONE);
        check(Value::list(vec![two(), two()], Span::NONE), "A: [2, 2]");
        let nested = Value::list(vec![two()], Span::NONE);
        check(Value::list(vec![nested], Span::NONE), "A:\n  [0]: [2]");
        let hidden = Value::text("secret", Span::NONE).sensitive_if(true);
        check(
            Value::list(vec![Value::int(1, Span::NONE), hidden.clone()], Span::NONE),
            "A: [1, (hidden)]",
        );
        check(hidden, "A: (hidden)");
    }

    #[test]
    fn what_hidden_objects_hold_is_hidden_too() {
        let members = Members::from_iter([(
            Arc::from("password"),
            Member::from(Value::text("secret", Span::NONE)),
        )]);
        check(
            Value::object(members, Span::NONE).sensitive_if(true),
            "A: (hidden)",
        );
    }
}

//! The clause language: the `when`, `check` and `fix.edit` blocks of a rule file in, spanned clauses and mistakes out.
//!
//! ```text
//! check        = clause { clause }
//! when         = alternatives { alternatives }
//! clause       = alternatives [ "unless" alternatives ] [ severity ] [ message ]
//! alternatives = test { "or" test }
//! test         = [ "some" | "no" ] query [ [ "not" ] operator operand ] | "count" query order ( integer | singular )
//! edit         = step { step }
//! ```
//! Line breaks mean nothing to the grammar; after a mistake reading goes on behind the next blank line.

use std::sync::Arc;

use regex::Regex;

use super::Severity;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::jsonpath::{self, Query};
use crate::source::Span;
use crate::value::Value;

/// Characters that a message may have.
const LONGEST_MESSAGE: usize = 160;

/// Something that must hold.
#[derive(Clone, Debug)]
pub struct Clause {
    /// One of these must hold.
    pub tests: Vec<Test>,
    /// Or else one of these: exceptions, which never give the place of a finding.
    pub unless: Vec<Test>,
    /// How bad it is if it does not; none: as bad as the rule says.
    pub severity: Option<Severity>,
    /// What to say then; none: the rule's title.
    pub message: Option<Message>,
    /// The whole clause.
    pub span: Span,
}

/// Tests of which one must hold, in a `when` block.
#[derive(Clone, Debug)]
pub struct Group {
    /// The tests.
    pub tests: Vec<Test>,
    /// All of them.
    pub span: Span,
}

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// Of which selected nodes it must be true.
    pub quantifier: Quantifier,
    /// What it looks at.
    pub query: Located,
    /// What it asks; none: whether something is there.
    pub comparison: Option<Comparison>,
    /// The whole test.
    pub span: Span,
}

/// Of which of the selected nodes something must be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// Of every one.
    Every,
    /// Of at least one.
    Some,
    /// Of none.
    No,
    /// Their number is what is compared.
    Count,
}

/// A query and where it is written.
#[derive(Clone, Debug)]
pub struct Located {
    /// The query.
    pub query: Query,
    /// Its place.
    pub span: Span,
}

/// An operator and what stands behind it.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Whether `not` stands before the operator.
    pub is_negated: bool,
    /// The operator.
    pub operator: Operator,
    /// What stands behind it.
    pub operand: Operand,
    /// The operand's place.
    pub span: Span,
}

/// Operators of clauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `matches`
    Matches,
    /// `within`
    Within,
}

impl Operator {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
            Operator::In => "in",
            Operator::Matches => "matches",
            Operator::Within => "within",
        }
    }

    /// Whether it asks for an order.
    pub fn is_order(self) -> bool {
        matches!(
            self,
            Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual
        )
    }

    /// The operator that holds exactly when this one does not, if there is one.
    pub fn opposite(self) -> Option<Operator> {
        Some(match self {
            Operator::Equal => Operator::NotEqual,
            Operator::NotEqual => Operator::Equal,
            Operator::Less => Operator::GreaterEqual,
            Operator::LessEqual => Operator::Greater,
            Operator::Greater => Operator::LessEqual,
            Operator::GreaterEqual => Operator::Less,
            _ => return None,
        })
    }
}

/// What stands behind an operator.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A constant: text, number, truth or a list of them.
    Constant(Value),
    /// A pattern.
    Pattern(Regex),
    /// What this query, which selects at most one node, selects.
    Query(Located),
}

/// A message with holes.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its parts in order.
    pub parts: Vec<Part>,
    /// Its place.
    pub span: Span,
}

/// A part of a message.
#[derive(Clone, Debug)]
pub enum Part {
    /// As written.
    Text(String),
    /// Filled for each finding.
    Hole(Hole, Span),
}

/// What a hole is filled with.
#[derive(Clone, Debug)]
pub enum Hole {
    /// The address of the resource.
    Resource,
    /// The address of the resource that the offender is written in.
    Owner,
    /// The path of the offender in the words of its language.
    Path,
    /// The offender, or a member of it.
    Value(Vec<Arc<str>>),
    /// The object that the offender sits in, or a member of it.
    Parent(Vec<Arc<str>>),
    /// What a query selects.
    Query(Query),
}

/// A step of a fix.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// The whole step.
    pub span: Span,
}

/// What a step of a fix does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Gives the target this value.
    Set(NewValue),
    /// Adds this to the list that the target is.
    Append(NewValue),
    /// Takes the target away.
    Remove,
}

/// What a step of a fix is done to.
#[derive(Clone, Debug)]
pub enum Target {
    /// The offender, or a member of it.
    Offender(Vec<Arc<str>>),
    /// Whatever a query selects.
    Query(Located),
}

/// A value that a fix writes.
#[derive(Clone, Debug)]
pub enum NewValue {
    /// A constant, as JSON.
    Constant(serde_json::Value),
    /// What this query selects.
    Query(Located),
}

/// Reads a `check` block.
pub fn check(block: &Value) -> (Vec<Clause>, Vec<Diagnostic>) {
    read(block, Reader::clause)
}

/// Reads a `when` block.
pub fn when(block: &Value) -> (Vec<Group>, Vec<Diagnostic>) {
    read(block, Reader::group)
}

/// Reads a `fix.edit` block.
pub fn edit(block: &Value) -> (Vec<Step>, Vec<Diagnostic>) {
    read(block, Reader::step)
}

/// Reads a block of clause language, one thing after the other.
#[allow(
    clippy::result_large_err,
    reason = "mistakes are rare, and there is one for a clause"
)]
fn read<'a, T>(
    block: &'a Value,
    one: fn(&mut Reader<'a>) -> Result<T, Diagnostic>,
) -> (Vec<T>, Vec<Diagnostic>) {
    let Some(text) = block.as_str() else {
        let diagnostic =
            Diagnostic::error("syntax", block.span(), "a block of text is expected here")
                .hint("write `|` behind the key and the clauses indented below it");
        return (Vec::new(), vec![diagnostic]);
    };
    let mut reader = Reader {
        block,
        text,
        at: 0,
        diagnostics: Vec::new(),
    };
    let mut read = Vec::new();
    loop {
        reader.skip();
        if reader.rest().is_empty() {
            break;
        }
        let start = reader.at;
        match one(&mut reader) {
            Ok(thing) => read.push(thing),
            Err(diagnostic) => {
                reader.diagnostics.push(diagnostic);
                reader.recover(start);
            }
        }
    }
    if read.is_empty() && reader.diagnostics.is_empty() {
        let diagnostic =
            Diagnostic::error("syntax", block.span(), "there is nothing in this block")
                .hint("write at least one clause, as in `$.Encrypted == true`");
        reader.diagnostics.push(diagnostic);
    }
    (read, reader.diagnostics)
}

struct Reader<'a> {
    block: &'a Value,
    text: &'a str,
    at: usize,
    diagnostics: Vec<Diagnostic>,
}

type Read<T> = Result<T, Diagnostic>;

#[allow(
    clippy::result_large_err,
    reason = "mistakes are rare, and there is one for a clause"
)]
impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Where bytes of the block are in the rule file.
    fn span(&self, start: usize, end: usize) -> Span {
        let whole = self.block.span();
        let located = self
            .block
            .as_text()
            .and_then(|text| text.locate(start, end));
        match located {
            Some(span) => span,
            // A plain one-line scalar has no pieces; its bytes are those of the file.
            None if (whole.end - whole.start) as usize == self.text.len() => Span::new(
                whole.source,
                whole.start as usize + start,
                whole.start as usize + end,
            ),
            None => whole,
        }
    }

    fn from(&self, start: usize) -> Span {
        self.span(start, self.text[..self.at].trim_end().len().max(start))
    }

    fn refuse(&self, code: &'static str, start: usize, message: impl Into<String>) -> Diagnostic {
        // The rest of the word that stands there.
        let word = self.text[start..]
            .find(|c: char| c.is_whitespace())
            .unwrap_or(self.text.len() - start);
        let end = start + word.max(1).min(self.text.len() - start);
        Diagnostic::error(code, self.span(start, end), message)
    }

    /// Skips blanks and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// Goes behind the next blank line.
    fn recover(&mut self, start: usize) {
        let from = self.at.max(start);
        let mut at = from;
        for line in self.text[from..].split_inclusive('\n') {
            at += line.len();
            if line.trim().is_empty() && at > from + line.len() {
                break;
            }
        }
        self.at = at.max(start + 1).min(self.text.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// The word that stands here, without taking it.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        &rest[..end]
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_here = self.word() == word;
        if is_here {
            self.at += word.len();
            self.skip();
        }
        is_here
    }

    fn clause(&mut self) -> Read<Clause> {
        let start = self.at;
        let tests = self.alternatives()?;
        let unless = if self.take_word("unless") {
            self.alternatives()?
        } else {
            Vec::new()
        };
        let severity = self.severity()?;
        let message = if self.rest().starts_with("<<") {
            Some(self.message()?)
        } else {
            None
        };
        let span = self.from(start);
        self.skip();
        Ok(Clause {
            tests,
            unless,
            severity,
            message,
            span,
        })
    }

    fn group(&mut self) -> Read<Group> {
        let start = self.at;
        let tests = self.alternatives()?;
        let span = self.from(start);
        let is_more = self.rest().starts_with("<<")
            || self.word() == "unless"
            || Severity::parse(self.word()).is_some();
        if is_more {
            return Err(self
                .refuse(
                    "V21",
                    self.at,
                    "`when` takes tests only: no message, severity or `unless`",
                )
                .hint("what does not concern a resource is left out by a further test"));
        }
        Ok(Group { tests, span })
    }

    fn alternatives(&mut self) -> Read<Vec<Test>> {
        let mut tests = vec![self.test()?];
        while self.take_word("or") {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn severity(&mut self) -> Read<Option<Severity>> {
        let word = self.word();
        if let Some(severity) = Severity::parse(word) {
            self.at += word.len();
            self.skip();
            return Ok(Some(severity));
        }
        let is_start = matches!(word, "" | "some" | "no" | "count");
        if is_start {
            return Ok(None);
        }
        if matches!(word, "and" | "AND") {
            return Err(self
                .refuse("syntax", self.at, "clauses are not joined by a word")
                .hint("write the second one as a clause of its own: all of them must hold"));
        }
        if matches!(word, "when" | "if" | "else") {
            return Err(self
                .refuse("syntax", self.at, format!("`{word}` is not a word of clauses"))
                .hint("exceptions follow `unless`; what concerns a whole rule stands in its `when` block"));
        }
        let hint = did_you_mean(
            word,
            ["or", "unless", "not", "in", "matches", "within"]
                .into_iter()
                .chain(Severity::ALL.map(Severity::as_str)),
        );
        Err(Diagnostic {
            hint: hint.or(Some(
                "a clause ends with a severity and a `<< message >>`, both optional".to_owned(),
            )),
            ..self.refuse(
                "V38",
                self.at,
                format!("`{word}` is no severity: those are critical, high, medium, low and info"),
            )
        })
    }

    fn test(&mut self) -> Read<Test> {
        let start = self.at;
        let quantifier = match self.word() {
            "some" => Quantifier::Some,
            "no" => Quantifier::No,
            "count" => Quantifier::Count,
            _ => Quantifier::Every,
        };
        if quantifier != Quantifier::Every {
            self.at += self.word().len();
            self.skip();
        }
        let query = self.query()?;
        self.skip();
        let comparison = self.comparison(quantifier, start)?;
        let span = self.from(start);
        self.skip();
        if comparison.is_none() {
            let text = &query.query.text;
            match quantifier {
                Quantifier::Every => {
                    return Err(Diagnostic::error(
                        "V04",
                        query.span,
                        format!("`{text}` alone says nothing"),
                    )
                    .hint(format!("compare it, or say `some {text}` or `no {text}`")));
                }
                Quantifier::Count => {
                    return Err(Diagnostic::error(
                        "V19",
                        query.span,
                        "`count` needs a comparison with a number",
                    )
                    .hint(format!("as in `count {text} >= 2`")));
                }
                Quantifier::Some | Quantifier::No => {}
            }
        }
        Ok(Test {
            quantifier,
            query,
            comparison,
            span,
        })
    }

    fn comparison(&mut self, quantifier: Quantifier, start: usize) -> Read<Option<Comparison>> {
        let at = self.at;
        let is_negated = self.take_word("not");
        let Some(operator) = self.operator() else {
            if is_negated {
                return Err(self
                    .refuse(
                        "V07",
                        at,
                        "`not` stands before `in`, `matches` and `within` only",
                    )
                    .hint("turn the operator round, or say `no` before the query"));
            }
            if self.rest().starts_with('=') {
                return Err(self
                    .refuse("syntax", self.at, "`=` is not an operator of clauses")
                    .hint("write `==`"));
            }
            return Ok(None);
        };
        if let (true, Some(opposite)) = (is_negated, operator.opposite()) {
            return Err(self
                .refuse(
                    "V07",
                    at,
                    "`not` stands before `in`, `matches` and `within` only",
                )
                .hint(format!("write `{}`", opposite.as_str())));
        }
        self.at += operator.as_str().len();
        self.skip();
        let operand_at = self.at;
        let operand = self.operand(operator)?;
        let span = self.from(operand_at);
        if quantifier == Quantifier::Count {
            let is_number = match &operand {
                Operand::Constant(value) => value.as_int().is_some(),
                Operand::Query(_) => true,
                Operand::Pattern(_) => false,
            };
            if !is_number
                || matches!(
                    operator,
                    Operator::In | Operator::Matches | Operator::Within
                )
            {
                return Err(Diagnostic::error(
                    "V19",
                    self.from(start),
                    "`count` needs a comparison with a number",
                )
                .hint("as in `count $.Subnets[*] >= 2`"));
            }
        }
        Ok(Some(Comparison {
            is_negated,
            operator,
            operand,
            span,
        }))
    }

    fn operator(&self) -> Option<Operator> {
        let rest = self.rest();
        if rest.starts_with("<<") {
            return None;
        }
        for operator in [
            Operator::Equal,
            Operator::NotEqual,
            Operator::LessEqual,
            Operator::GreaterEqual,
            Operator::Less,
            Operator::Greater,
        ] {
            if rest.starts_with(operator.as_str()) {
                return Some(operator);
            }
        }
        match self.word() {
            "in" => Some(Operator::In),
            "matches" => Some(Operator::Matches),
            "within" => Some(Operator::Within),
            _ => None,
        }
    }

    fn operand(&mut self, operator: Operator) -> Read<Operand> {
        let rest = self.rest();
        let start = self.at;
        let wants = match operator {
            Operator::Matches => "a pattern between slashes, as in `/^arn:/`",
            Operator::In | Operator::Within => "a list, or a query that names one",
            _ => "a text in double quotes, a number, `true`, `false`, a list or a query",
        };
        if rest.starts_with('$') {
            let query = self.query()?;
            if !query.query.is_singular() {
                let hint = if matches!(operator, Operator::In | Operator::Within) {
                    "name the list itself, without `[*]`"
                } else {
                    "name one value"
                };
                return Err(Diagnostic::error(
                    "V17",
                    query.span,
                    format!(
                        "an operand is one value, but `{}` can select many",
                        query.query.text
                    ),
                )
                .hint(hint));
            }
            if operator == Operator::Matches {
                return Err(
                    Diagnostic::error("syntax", query.span, "`matches` takes a pattern")
                        .hint(format!("write {wants}")),
                );
            }
            return Ok(Operand::Query(query));
        }
        if rest.starts_with('/') {
            let pattern = self.pattern()?;
            if operator != Operator::Matches {
                return Err(self
                    .refuse(
                        "syntax",
                        start,
                        format!("a pattern cannot stand behind `{}`", operator.as_str()),
                    )
                    .hint("patterns are asked for with `matches`"));
            }
            return Ok(Operand::Pattern(pattern));
        }
        let json = self.json(wants)?;
        let is_list = json.is_array();
        let has_null = json.is_null()
            || json
                .as_array()
                .is_some_and(|items| items.iter().any(serde_json::Value::is_null));
        if has_null {
            return Err(self
                .refuse("V18", start, "null does not occur in rules")
                .hint("what is null counts as not written: ask `no $.X`"));
        }
        let fits = match operator {
            Operator::Matches => false,
            Operator::In => is_list,
            Operator::Within => is_list || json.is_string(),
            _ => !json.is_object(),
        };
        if !fits {
            return Err(self
                .refuse(
                    "syntax",
                    start,
                    format!("this cannot stand behind `{}`", operator.as_str()),
                )
                .hint(format!("write {wants}")));
        }
        Ok(Operand::Constant(Value::from_json(&json)))
    }

    /// A query: up to the next blank outside of brackets.
    fn query(&mut self) -> Read<Located> {
        let start = self.at;
        if !self.rest().starts_with('$') {
            let found = self.word();
            let message = if self.rest().is_empty() {
                "a query is expected, but the block ends".to_owned()
            } else if self.rest().starts_with('@') {
                "`@` stands in filters and fixes only".to_owned()
            } else {
                format!(
                    "a query is expected here{}",
                    if found.is_empty() {
                        String::new()
                    } else {
                        format!(", not `{found}`")
                    }
                )
            };
            let start = start.min(self.text.len().saturating_sub(1));
            return Err(self
                .refuse("syntax", start, message)
                .hint("queries begin with `$`, as in `$.Encrypted`"));
        }
        self.at += query_length(self.rest());
        let text = &self.text[start..self.at];
        match Query::parse(text) {
            Ok(query) => Ok(Located {
                query,
                span: self.span(start, self.at),
            }),
            Err(error) => {
                let code = match &error.message {
                    message if message.starts_with("`match` is") => "V14",
                    message if message.starts_with("the pattern") => "V15",
                    _ => "syntax",
                };
                let (from, to) = (
                    start + error.range.0,
                    start + error.range.1.max(error.range.0 + 1),
                );
                let span = self.span(from, to.min(self.text.len()));
                let hint = error.hint.unwrap_or_else(|| match code {
                    "V14" => "say `search`, with `^` and `$` in the pattern if all of it is meant",
                    "V15" => "patterns are those of Rust's `regex`: no look-around, no back references",
                    _ => "queries are those of RFC 9535, without blanks outside of brackets",
                }.to_owned());
                Err(Diagnostic::error(code, span, error.message).hint(hint))
            }
        }
    }

    /// A pattern between slashes.
    fn pattern(&mut self) -> Read<Regex> {
        let start = self.at;
        let mut escaped = false;
        let mut end = None;
        for (index, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                '/' if !escaped => {
                    end = Some(index);
                    break;
                }
                _ => escaped = c == '\\' && !escaped,
            }
        }
        let Some(end) = end else {
            return Err(self
                .refuse("V15", start, "the pattern has no end")
                .hint("close it with `/` on the same line; a slash inside is written `\\/`"));
        };
        let text = self.rest()[1..end].replace("\\/", "/");
        self.at += end + 1;
        Regex::new(&text).map_err(|error| {
            let reason = error.to_string();
            let last = reason
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            Diagnostic::error(
                "V15",
                self.span(start, self.at),
                format!("the pattern is not valid: {last}"),
            )
            .hint("patterns are those of Rust's `regex`: no look-around, no back references")
        })
    }

    /// A JSON value; comments are allowed between its parts.
    fn json(&mut self, wants: &str) -> Read<serde_json::Value> {
        let start = self.at;
        let (length, text) = json_text(self.rest());
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match parsed {
            Ok(value) => {
                self.at += length;
                Ok(value)
            }
            Err(_) if self.rest().is_empty() => Err(self
                .refuse(
                    "syntax",
                    self.text[..start].trim_end().len().saturating_sub(1),
                    "the block ends where a value is expected",
                )
                .hint(format!("write {wants}"))),
            Err(_) => {
                let shown: String = self
                    .rest()
                    .chars()
                    .take_while(|c| !c.is_whitespace())
                    .take(40)
                    .collect();
                let hint = if shown.starts_with('\'') {
                    "texts stand in double quotes".to_owned()
                } else {
                    format!("write {wants}")
                };
                Err(self
                    .refuse("syntax", start, format!("`{shown}` is no value"))
                    .hint(hint))
            }
        }
    }

    fn message(&mut self) -> Read<Message> {
        let start = self.at;
        let Some(end) = self.rest().find(">>") else {
            return Err(self
                .refuse("V23", start, "the message has no end")
                .hint("close it with `>>`"));
        };
        let inner = start + 2..start + end;
        self.at = start + end + 2;
        let span = self.span(start, self.at);
        let text = &self.text[inner.clone()];
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if folded.is_empty() {
            return Err(Diagnostic::error("V23", span, "the message is empty")
                .hint("say what is wrong, or leave the message away: then the title is shown"));
        }
        if folded.chars().count() > LONGEST_MESSAGE {
            self.diagnostics.push(
                Diagnostic::error("V23", span, "the message is longer than 160 characters")
                    .hint("say what is wrong in one line; the rest belongs in `why`"),
            );
        }
        if folded.ends_with('.') {
            self.diagnostics.push(
                Diagnostic::error("V23", span, "the message ends with a full stop")
                    .hint("leave it away"),
            );
        }
        let parts = self.parts(text, inner.start)?;
        Ok(Message { parts, span })
    }

    fn parts(&self, text: &str, offset: usize) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                literal.push(c);
                at += 2;
            } else if c == '{' {
                let length = hole_length(rest);
                let span = self.span(offset + at, offset + at + length);
                let inner = rest[1..length].trim_end_matches('}').trim();
                let hole = self.hole(inner, span)?;
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                parts.push(Part::Hole(hole, span));
                at += length;
            } else {
                // White space folds to one blank.
                if c.is_whitespace() {
                    if !literal.ends_with(' ') {
                        literal.push(' ');
                    }
                } else {
                    literal.push(c);
                }
                at += c.len_utf8();
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        if let Some(Part::Text(first)) = parts.first_mut() {
            *first = first.trim_start().to_owned();
        }
        if let Some(Part::Text(last)) = parts.last_mut() {
            *last = last.trim_end().to_owned();
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(parts)
    }

    fn hole(&self, inner: &str, span: Span) -> Read<Hole> {
        if inner.starts_with('$') {
            return match Query::parse(inner) {
                Ok(query) if query.is_singular() => Ok(Hole::Query(query)),
                Ok(_) => Err(Diagnostic::error(
                    "V17",
                    span,
                    format!("a hole shows one value, but `{inner}` can select many"),
                )
                .hint("name one value, or a member of `{value}`")),
                Err(error) => Err(Diagnostic {
                    hint: error.hint,
                    ..Diagnostic::error("V22", span, format!("in this hole {}", error.message))
                }),
            };
        }
        let mut words = inner.split('.');
        let first = words.next().unwrap_or_default();
        let names: Vec<Arc<str>> = words.map(Into::into).collect();
        let is_plain = names.is_empty();
        let names_are_words = names.iter().all(|name| !name.is_empty());
        match first {
            "resource" if is_plain => Ok(Hole::Resource),
            "owner" if is_plain => Ok(Hole::Owner),
            "path" if is_plain => Ok(Hole::Path),
            "value" if names_are_words => Ok(Hole::Value(names)),
            "parent" if names_are_words => Ok(Hole::Parent(names)),
            _ => {
                let hint = did_you_mean(first, ["resource", "value", "parent", "owner", "path"])
                    .unwrap_or_else(|| "to show a brace, write it twice".to_owned());
                Err(Diagnostic::error(
                    "V22",
                    span,
                    format!("hole `{{{inner}}}` is neither resource, value, parent, owner, path nor a query"),
                )
                .hint(hint))
            }
        }
    }

    fn step(&mut self) -> Read<Step> {
        let start = self.at;
        let word = self.word();
        if !matches!(word, "set" | "append" | "remove") {
            return Err(self
                .refuse(
                    "syntax",
                    start,
                    "a step of a fix begins with `set`, `append` or `remove`",
                )
                .hint("as in `set @ = true`"));
        }
        self.at += word.len();
        self.skip();
        let target = self.target()?;
        self.skip();
        let action = if word == "remove" {
            Action::Remove
        } else {
            if !self.rest().starts_with('=') || self.rest().starts_with("==") {
                let at = self.at.min(self.text.len().saturating_sub(1));
                return Err(self
                    .refuse(
                        "syntax",
                        at,
                        format!("`=` and a value are expected behind the target of `{word}`"),
                    )
                    .hint(format!("as in `{word} @ = true`")));
            }
            self.at += 1;
            self.skip();
            let value = if self.rest().starts_with('$') {
                NewValue::Query(self.query()?)
            } else {
                NewValue::Constant(self.json("a JSON value or a query")?)
            };
            match word {
                "set" => Action::Set(value),
                _ => Action::Append(value),
            }
        };
        let span = self.from(start);
        self.skip();
        Ok(Step {
            action,
            target,
            span,
        })
    }

    fn target(&mut self) -> Read<Target> {
        let Some(rest) = self.rest().strip_prefix('@') else {
            return Ok(Target::Query(self.query()?));
        };
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(rest.len());
        let names = &rest[..length];
        let start = self.at;
        self.at += 1 + length;
        let names: Vec<Arc<str>> = names.split('.').skip(1).map(Into::into).collect();
        if names.iter().any(|name| name.is_empty()) {
            return Err(self
                .refuse("syntax", start, "a name is missing in this target")
                .hint("as in `@.Ebs.Encrypted`"));
        }
        Ok(Target::Offender(names))
    }
}

/// The bytes of a query at the start of a text: up to the first blank outside of brackets and quotes.
fn query_length(text: &str) -> usize {
    let mut depth = 0usize;
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        if let Some(open) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == open => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            '\'' | '"' if depth > 0 => quote = Some(c),
            _ if c.is_whitespace() && depth == 0 => return index,
            _ => {}
        }
    }
    // Something is not closed: the first line, so that the place of the mistake is not the whole block.
    if depth > 0 || quote.is_some() {
        return text.find('\n').unwrap_or(text.len());
    }
    text.len()
}

/// The bytes of a hole, braces included; the rest of the text if it has no end.
fn hole_length(text: &str) -> usize {
    let mut depth = 0usize;
    for (index, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '}' if depth == 0 => return index + 1,
            _ => {}
        }
    }
    text.find('}').map_or(text.len(), |at| at + 1)
}

/// The bytes of a JSON value at the start of a text, and its text without comments.
fn json_text(text: &str) -> (usize, String) {
    let mut depth = 0usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut in_comment = false;
    let mut kept = String::new();
    for (index, c) in text.char_indices() {
        if in_comment {
            in_comment = c != '\n';
            continue;
        }
        if in_text {
            kept.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    in_text = false;
                    if depth == 0 {
                        return (index + 1, kept);
                    }
                }
                _ => {}
            }
            continue;
        }
        match c {
            '"' => in_text = true,
            '#' if depth > 0 => {
                in_comment = true;
                continue;
            }
            '[' | '{' => depth += 1,
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    kept.push(c);
                    return (index + 1, kept);
                }
            }
            _ if c.is_whitespace() && depth == 0 => return (index, kept),
            _ => {}
        }
        kept.push(c);
    }
    (text.len(), kept)
}

impl Test {
    /// Whether it is decided without looking at nodes: nothing is selected, and that satisfies it.
    pub fn is_satisfied_by_nothing(&self) -> bool {
        matches!(self.quantifier, Quantifier::Every | Quantifier::No)
            && !self.query.query.is_singular()
    }

    /// All queries in it, its own first.
    pub fn queries(&self) -> impl Iterator<Item = &Located> {
        let operand = match &self.comparison {
            Some(Comparison {
                operand: Operand::Query(query),
                ..
            }) => Some(query),
            _ => None,
        };
        std::iter::once(&self.query).chain(operand)
    }
}

impl Clause {
    /// Its tests, exceptions included.
    pub fn all_tests(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().chain(&self.unless)
    }
}

/// The names at the end of a query, behind what selects.
pub(super) fn tail(query: &Query) -> &[jsonpath::Segment] {
    &query.segments[query.selecting..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    /// Reads `text` as the `check` block of a file; mistakes are shown with the text that they point to.
    fn mistakes(key: &str, text: &str) -> Vec<String> {
        let sources = SourceMap::new();
        let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
        let file = sources.add("rule.yaml", &format!("title: x\n{key}: |\n{indented}"));
        let (value, _) = crate::yaml::parse(&file);
        let block = value.expect("yaml").member(key).expect("a block");
        let found = match key {
            "check" => check(&block).1,
            "when" => when(&block).1,
            _ => edit(&block).1,
        };
        found
            .iter()
            .map(|d| {
                let place = file.slice(d.span.expect("a place"));
                assert!(d.hint.is_some(), "{} has no remedy", d.message);
                format!("{} {place}", d.code)
            })
            .collect()
    }

    fn clauses(text: &str) -> Vec<Clause> {
        let (clauses, mistakes) = check(&Value::text(text, Span::NONE));
        assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
        clauses
    }

    #[test]
    fn a_block_is_clauses_with_alternatives_exceptions_severities_and_messages() {
        let clauses = clauses(
            "# first\n$.A.B != \"x y\"\n  or no $.L[?@.k == 'a b' && (@.n > 1)]\n  unless count $.L[*] >= 2 or some $.M\n\
             medium << {resource} is\n   {parent.Name} {{x}} {$.A['b c']} >>\n\n\
             $.N in [1, # one\n 2,\n true] $.P not matches /a\\/b #/ low $.Q within $.options.ranges $.R == \"<< no >>\"",
        );
        assert_eq!(clauses.len(), 5);
        let first = &clauses[0];
        assert_eq!((first.tests.len(), first.unless.len()), (2, 2));
        assert_eq!(first.severity, Some(Severity::Medium));
        let parts = &first.message.as_ref().expect("a message").parts;
        assert!(
            matches!(&parts[1], Part::Text(text) if text == " is "),
            "{parts:?}"
        );
        assert!(matches!(&parts[2], Part::Hole(Hole::Parent(names), _) if &*names[0] == "Name"));
        assert!(matches!(&parts[3], Part::Text(text) if text == " {x} "));
        assert!(matches!(&parts[4], Part::Hole(Hole::Query(_), _)));
        assert_eq!(clauses[2].severity, Some(Severity::Low));
        let pattern = clauses[2].tests[0].comparison.as_ref().expect("compared");
        assert!(pattern.is_negated);
        assert!(matches!(&pattern.operand, Operand::Pattern(p) if p.as_str() == "a/b #"));
    }

    #[test]
    fn places_are_those_of_the_rule_file() {
        let sources = SourceMap::new();
        let file = sources.add(
            "r.yaml",
            "check: |\n  $.A == true\n    or $.B == 1\n\n  some $.C\n",
        );
        let (value, _) = crate::yaml::parse(&file);
        let (clauses, _) = check(&value.expect("yaml").member("check").expect("check"));
        assert_eq!(file.slice(clauses[0].span), "$.A == true\n    or $.B == 1");
        assert_eq!(file.slice(clauses[0].tests[1].query.span), "$.B");
        assert_eq!(file.slice(clauses[1].span), "some $.C");
    }

    #[test]
    fn mistakes_are_placed_and_say_the_remedy() {
        for (key, text, expected) in [
            ("check", "$.A", &["V04 $.A"][..]),
            ("check", "$.A not == 1", &["V07 not"]),
            ("check", "$.A = 1", &["syntax ="]),
            ("check", "$.A in $.B[*]", &["V17 $.B[*]"]),
            ("check", "$.A == null", &["V18 null"]),
            ("check", "$.A in [1, null]", &["V18 [1,"]),
            ("check", "count $.A[*]", &["V19 $.A[*]"]),
            (
                "check",
                "count $.A[*] == \"x\"",
                &["V19 count $.A[*] == \"x\""],
            ),
            ("when", "$.A == 1 unless $.B == 2", &["V21 unless"]),
            ("when", "$.A == 1\n<< x >>", &["V21 <<"]),
            ("check", "$.A == 1 << {vlaue} >>", &["V22 {vlaue}"]),
            ("check", "$.A == 1 << x", &["V23 <<"]),
            ("check", "$.A == 1 << x. >>", &["V23 << x. >>"]),
            ("check", "$.A == 1 urgent << x >>", &["V38 urgent"]),
            ("check", "$.A matches /(/", &["V15 /(/"]),
            ("check", "$.A matches /a\n", &["V15 /a"]),
            (
                "check",
                "no $.A[?match(@.x, 'y')]",
                &["V14 $.A[?match(@.x, 'y')]"],
            ),
            ("check", "$.a-b == 1", &["syntax -"]),
            ("check", "$.A == 'x'", &["syntax 'x'"]),
            ("check", "$.A and $.B", &["V04 $.A"]),
            ("check", "$.A == 1 and $.B == 2", &["syntax and"]),
            ("check", "A == 1", &["syntax A"]),
            ("check", "$.A ==", &["syntax ="]),
            // Reading goes on behind the next blank line.
            ("check", "$.A\n\n$.B == 1\n\n$.C", &["V04 $.A", "V04 $.C"]),
            ("edit", "put @ = 1", &["syntax put"]),
            ("edit", "set @ 1", &["syntax 1"]),
            ("edit", "set @. = 1", &["syntax @."]),
        ] {
            assert_eq!(mistakes(key, text), expected, "{text}");
        }
    }

    #[test]
    fn fixes_set_append_and_remove() {
        let text =
            "set @.Ebs.Encrypted = true\nappend $.L = { \"a\": [1, 2] }\nremove @ set $.X = $.Y";
        let (steps, mistakes) = edit(&Value::text(text, Span::NONE));
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert!(matches!(&steps[0].target, Target::Offender(names) if names.len() == 2));
        assert!(
            matches!(&steps[1].action, Action::Append(NewValue::Constant(json)) if json["a"][1] == 2)
        );
        assert!(matches!(&steps[2].action, Action::Remove));
        assert!(matches!(&steps[3].action, Action::Set(NewValue::Query(_))));
    }

    #[test]
    fn no_text_makes_the_reader_fail() {
        for text in [
            "",
            "<<",
            "<<>>",
            "$",
            "$.",
            "$[",
            "$.A == [",
            "$.A == \"",
            "no",
            "count",
            "$.é == \"ü\" << é",
            "or",
            "# only",
            "$.A matches /",
            "$.A << { >>",
            "$.A == 1 << {$.x[ >>",
            "\u{feff}$",
            "set",
            "remove",
            "append @",
            "set @=",
        ] {
            let block = Value::text(text, Span::NONE);
            let _ = (check(&block), when(&block), edit(&block));
        }
    }
}

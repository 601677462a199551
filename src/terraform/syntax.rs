//! HCL text in, our own spanned tree out. The only file that names `hcl_edit`.
//!
//! hcl-edit (the card's hcl-rs family) gives spans for everything, but stops at the first error, refuses some valid
//! Terraform, dedents heredocs in another order than Terraform, and its tree is nearly twenty times the size of the
//! source. So its tree is lowered at once and dropped; a file it refuses is cut into top-level items, of which only the
//! broken ones are lost; and three things it refuses though Terraform does not are mended in a copy of the same length
//! (all offsets stay true) before giving up:
//! * an object with a duplicate key (Terraform: the last wins): the later key is renamed; names are always read from
//!   the original text, so nobody sees the stand-in;
//! * a line break after `?` or `:` inside a `{ for … }`: it becomes a blank;
//! * a byte order mark: cut off when the file was added to the source map.

use std::ops::Range;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr as hcl;
use hcl_edit::structure as body;
use hcl_edit::template as tpl;
use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, SourceId, Span};
use crate::value::Number;

/// A body: attributes and blocks in order of writing.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// `name = expression`.
    pub attributes: Vec<Attribute>,
    /// Nested blocks.
    pub blocks: Vec<Block>,
}

/// `name = expression`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Arc<str>,
    /// Where the name is.
    pub name_span: Span,
    /// The expression.
    pub value: Expression,
}

/// `keyword "label" … { body }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// The keyword.
    pub keyword: Arc<str>,
    /// Labels with their places.
    pub labels: Vec<(Arc<str>, Span)>,
    /// Keyword and labels, without the brace.
    pub header: Span,
    /// The whole block.
    pub span: Span,
    /// What is between the braces.
    pub body: Body,
}

impl Body {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| &*attribute.name == name)
    }

    /// The blocks with this keyword.
    pub fn blocks_named<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks
            .iter()
            .filter(move |block| &*block.keyword == keyword)
    }
}

impl Block {
    /// The label at this position; empty if there is none.
    pub fn label(&self, position: usize) -> Arc<str> {
        self.labels
            .get(position)
            .map_or_else(|| "".into(), |(label, _)| label.clone())
    }
}

/// An expression and where it is written.
#[derive(Clone, Debug)]
pub struct Expression {
    /// What it is.
    pub kind: Expr,
    /// Where it is.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Clone, Debug)]
pub enum Expr {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number; none if its text is beyond what numbers can be.
    Number(Option<Number>),
    /// A string without interpolation, and whether its bytes are those between the quotes (no escapes).
    Text(Arc<str>, bool),
    /// A quoted string or heredoc with interpolations, or any heredoc.
    Template(Box<Template>),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{ k = v }`
    Object(Vec<ObjectItem>),
    /// A name that starts a reference, or stands alone.
    Name(Arc<str>),
    /// `base.name[index][*]`
    Traversal(Box<Expression>, Vec<Operator>),
    /// `name(arguments...)`
    Call(Box<Call>),
    /// `!a`, `-a`
    Unary(Unary, Box<Expression>),
    /// `a + b`
    Binary(Box<Expression>, Binary, Box<Expression>),
    /// `c ? a : b`
    Conditional(Box<[Expression; 3]>),
    /// `[for …]`, `{for …}`
    For(Box<For>),
    /// Something that could not be lowered; a diagnostic says why.
    Broken(&'static str),
}

/// One `key = value` of an object expression.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// The key.
    pub key: ObjectKey,
    /// Where the key is.
    pub key_span: Span,
    /// The value.
    pub value: Expression,
}

/// A key of an object expression.
#[derive(Clone, Debug)]
pub enum ObjectKey {
    /// A bare word or literal string.
    Name(Arc<str>),
    /// Computed: `(expression)` or a template.
    Computed(Expression),
}

/// A step of a traversal, with the place where it ends.
#[derive(Clone, Debug)]
pub struct Operator {
    /// What it does.
    pub kind: Access,
    /// Where it is.
    pub span: Span,
}

/// What a traversal step does.
#[derive(Clone, Debug)]
pub enum Access {
    /// `.name`
    Attribute(Arc<str>),
    /// `[index]`
    Index(Expression),
    /// `.0`
    LegacyIndex(u64),
    /// `.*`
    AttributeSplat,
    /// `[*]`
    FullSplat,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name, `core::` cut off, other namespaces kept.
    pub name: Arc<str>,
    /// The arguments.
    pub arguments: Vec<Expression>,
    /// Whether the last argument is spread (`...`).
    pub expands_last: bool,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
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
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// A `for` expression.
#[derive(Clone, Debug)]
pub struct For {
    /// Name bound to the key or index.
    pub key_name: Option<Arc<str>>,
    /// Name bound to the value.
    pub value_name: Arc<str>,
    /// What is iterated over.
    pub collection: Expression,
    /// The key of each result entry: makes the result an object.
    pub key: Option<Expression>,
    /// The value of each result.
    pub value: Expression,
    /// Whether equal keys are grouped (`...`).
    pub is_grouping: bool,
    /// The filter.
    pub condition: Option<Expression>,
}

/// A string with interpolations and directives.
#[derive(Clone, Debug)]
pub struct Template {
    /// The parts in order.
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Clone, Debug)]
pub enum Part {
    /// Characters: the text, where it is written, and whether its bytes are those of the span.
    Literal(Arc<str>, Span, bool),
    /// `${expression}`
    Interpolation(Expression),
    /// `%{ if c }…%{ else }…%{ endif }`
    If(Box<Expression>, Vec<Part>, Vec<Part>),
    /// `%{ for k, v in c }…%{ endfor }`
    For(Box<TemplateFor>, Vec<Part>),
}

/// The head of a template's `for`.
#[derive(Clone, Debug)]
pub struct TemplateFor {
    /// Name bound to the key or index.
    pub key_name: Option<Arc<str>>,
    /// Name bound to the value.
    pub value_name: Arc<str>,
    /// What is iterated over.
    pub collection: Expression,
}

/// Tries at mending one item before it is given up.
const MOST_REPAIRS: usize = 64;

/// Reads a `.tf` or `.tfvars` file. What cannot be read is left out and named.
pub fn parse(file: &SourceFile) -> (Body, Vec<Diagnostic>) {
    let lower = Lower {
        source: file.id,
        text: &file.text,
        base: 0,
        place: None,
    };
    let normalised = without_lone_returns(&file.text);
    if let Ok(parsed) = hcl_edit::parser::parse_body(&normalised) {
        let body = lower.body(&parsed);
        let mut diagnostics = Vec::new();
        redefinitions(&body.blocks, &mut diagnostics);
        return (body, diagnostics);
    }
    let mut all = Body::default();
    let mut diagnostics = Vec::new();
    for item in items(&file.text) {
        let text = &normalised[item.clone()];
        let lower = Lower {
            base: item.start,
            ..lower
        };
        match parse_item(text) {
            Ok(parsed) => {
                let part = lower.body(&parsed);
                all.attributes.extend(part.attributes);
                all.blocks.extend(part.blocks);
            }
            Err(error) => diagnostics.push(syntax_error(file, item.start, text, &error)),
        }
    }
    redefinitions(&all.blocks, &mut diagnostics);
    (all, diagnostics)
}

/// Says which attributes of blocks are written twice, which Terraform refuses. (Those outside of blocks belong to variable
/// files, those of `locals` to the module: their readers say it.)
fn redefinitions(blocks: &[Block], diagnostics: &mut Vec<Diagnostic>) {
    for block in blocks.iter().filter(|block| &*block.keyword != "locals") {
        let mut first: FxHashMap<&str, Span> = FxHashMap::default();
        for attribute in &block.body.attributes {
            if let Some(earlier) = first.get(&*attribute.name) {
                diagnostics.push(
                    Diagnostic::error(
                        "duplicate",
                        attribute.name_span,
                        format!("`{}` is written twice in this block", attribute.name),
                    )
                    .label(*earlier, "first written here")
                    .hint("Terraform refuses this; the first is taken here, remove one"),
                );
            } else {
                first.insert(&attribute.name, attribute.name_span);
            }
        }
        redefinitions(&block.body.blocks, diagnostics);
    }
}

/// Reads the text of a template file or string that starts at byte `base` of a file.
///
/// # Errors
/// A diagnostic that points at the fault.
pub fn parse_template(file: &SourceFile) -> Result<Template, Box<Diagnostic>> {
    let lower = Lower {
        source: file.id,
        text: &file.text,
        base: 0,
        place: None,
    };
    match hcl_edit::parser::parse_template(&file.text) {
        Ok(parsed) => Ok(lower.template(&parsed, Literals::Raw)),
        Err(error) => Err(Box::new(syntax_error(file, 0, &file.text, &error))),
    }
}

/// Reads a template that was made from something written at `place` (a string of JSON, an argument of a function): all
/// its parts have that place.
///
/// # Errors
/// What is wrong with it.
pub fn parse_template_at(text: &str, place: Span) -> Result<Template, String> {
    let lower = Lower {
        source: place.source,
        text,
        base: 0,
        place: Some(place),
    };
    match hcl_edit::parser::parse_template(text) {
        Ok(parsed) => Ok(lower.template(&parsed, Literals::Raw)),
        Err(error) => Err(error.message().trim().replace('\n', "; ")),
    }
}

/// Reads an expression that was made from something written at `place`: a type in JSON syntax, a variable given as text.
///
/// # Errors
/// What is wrong with it.
pub fn parse_expression_at(text: &str, place: Span) -> Result<Expression, String> {
    let lower = Lower {
        source: place.source,
        text,
        base: 0,
        place: Some(place),
    };
    match hcl_edit::parser::parse_expr(text) {
        Ok(parsed) => Ok(lower.expression(&parsed)),
        Err(error) => Err(error.message().trim().replace('\n', "; ")),
    }
}

/// hcl-edit takes CR only before LF; Terraform treats a lone CR as white space. Same length, so offsets hold.
fn without_lone_returns(text: &str) -> std::borrow::Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_lone =
        |(index, byte): (usize, &u8)| *byte == b'\r' && bytes.get(index + 1) != Some(&b'\n');
    if !bytes.iter().enumerate().any(is_lone) {
        return text.into();
    }
    let mut mended = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        mended.push(if c == '\r' && characters.peek() != Some(&'\n') {
            ' '
        } else {
            c
        });
    }
    mended.into()
}

fn syntax_error(
    file: &SourceFile,
    base: usize,
    text: &str,
    error: &hcl_edit::parser::Error,
) -> Diagnostic {
    let offset = base + error.location().offset().min(text.len());
    let end = file.text[offset.min(file.text.len())..]
        .chars()
        .next()
        .map_or(offset, |c| offset + c.len_utf8());
    let message = error.message().trim().replace('\n', "; ");
    let is_limit = message.contains("chained")
        || message.contains("nesting")
        || message.contains("recursion")
        || message.contains("depth");
    let line = file.line(base as u32);
    let diagnostic = Diagnostic::error(
        if is_limit { "limit" } else { "syntax" },
        Span::new(file.id, offset, end),
        if is_limit {
            "expression is nested too deeply for onus to read".to_owned()
        } else {
            format!("cannot read this: {message}")
        },
    );
    let hint = if is_limit {
        "onus reads up to 64 nested brackets and 128 operators in a chain; split the expression with locals".to_owned()
    } else {
        format!(
            "only the item that starts at line {line} was left out; `terraform fmt` shows the fault too"
        )
    };
    diagnostic.hint(hint).incomplete()
}

/// Parses one top-level item, mending what hcl-edit refuses though Terraform accepts it.
fn parse_item(text: &str) -> Result<body::Body, hcl_edit::parser::Error> {
    let error = match hcl_edit::parser::parse_body(text) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    let mut mended = with_small_exponents(&with_joined_conditionals(text));
    let mut last = match hcl_edit::parser::parse_body(&mended) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    for attempt in 0..MOST_REPAIRS {
        let Some(renamed) = with_key_renamed(&mended, last.location().offset(), attempt) else {
            break;
        };
        mended = renamed;
        match hcl_edit::parser::parse_body(&mended) {
            Ok(parsed) => return Ok(parsed),
            Err(error) => last = error,
        }
    }
    // The first message speaks of the text as it was written.
    let _ = last;
    Err(error)
}

/// The text with line breaks that follow a `?` or `:` at a line's end turned into blanks.
fn with_joined_conditionals(text: &str) -> String {
    let code = code_mask(text);
    let mut bytes = text.as_bytes().to_vec();
    let mut last_code = b' ';
    for index in 0..bytes.len() {
        let byte = bytes[index];
        if !code[index] {
            continue;
        }
        if matches!(byte, b'\n' | b'\r') && matches!(last_code, b'?' | b':') {
            bytes[index] = b' ';
        } else if !byte.is_ascii_whitespace() {
            last_code = byte;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The text with the digits of exponents of three digits and more turned into zeros: hcl-edit's numbers end at 1e308.
/// Numbers are always read from the original text.
fn with_small_exponents(text: &str) -> String {
    let code = code_mask(text);
    let mut bytes = text.as_bytes().to_vec();
    for at in 1..bytes.len() {
        let is_exponent =
            code[at] && matches!(bytes[at], b'e' | b'E') && bytes[at - 1].is_ascii_digit();
        if !is_exponent {
            continue;
        }
        let digits = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let length = bytes[digits.min(bytes.len())..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if length > 2 {
            bytes[digits..digits + length].fill(b'0');
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The text with the object key nearest to `offset` replaced by another of the same length, or none if there is no key.
fn with_key_renamed(text: &str, offset: usize, attempt: usize) -> Option<String> {
    let offset = offset.min(text.len());
    let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at);
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
    // The error points just behind the entry or at its key, depending on the form; look at the line's key first, then
    // at the line before.
    let candidates = [
        (offset, line_end),
        (line_start, line_end),
        (
            text[..line_start.saturating_sub(1)]
                .rfind('\n')
                .map_or(0, |at| at + 1),
            line_start,
        ),
    ];
    for (from, to) in candidates {
        let Some(segment) = text.get(from..to) else {
            continue;
        };
        let Some(sign) = segment.find(['=', ':']) else {
            continue;
        };
        let key = segment[..sign].trim_end().trim_end_matches('"');
        let start = key.rfind(|c| !is_key(c)).map_or(0, |at| {
            at + key[at..].chars().next().map_or(1, char::len_utf8)
        });
        let name = &key[start..];
        if name.is_empty() {
            continue;
        }
        // A name of the same length that no other try has used: the attempt's number in letters, padded.
        let mut stand_in: Vec<u8> = vec![b'q'; name.len()];
        let mut rest = attempt + 1;
        for slot in stand_in.iter_mut().rev() {
            *slot = b"zyxwvjkqZYXWVJKQ"[rest % 16];
            rest /= 16;
        }
        let mut renamed = text.to_owned();
        let at = from + start;
        renamed.replace_range(at..at + name.len(), std::str::from_utf8(&stand_in).ok()?);
        return Some(renamed);
    }
    None
}

/// Which bytes are code: not in a string, heredoc or comment.
fn code_mask(text: &str) -> Vec<bool> {
    let mut mask = vec![true; text.len()];
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
    };
    while scan.at < text.len() {
        let start = scan.at;
        if scan.skip_opaque() {
            mask[start..scan.at].fill(false);
        } else {
            scan.at += 1;
        }
    }
    mask
}

/// Byte ranges of the top-level items: an attribute or block each, with the comments before it.
fn items(text: &str) -> Vec<Range<usize>> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut found = Vec::new();
    let (mut start, mut depth, mut has_code) = (0, 0usize, false);
    while scan.at < text.len() {
        if scan.skip_opaque() {
            // A comment alone is no item; a string belongs to one.
            continue;
        }
        let byte = scan.bytes[scan.at];
        scan.at += 1;
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'\n' if depth == 0 => {
                if has_code {
                    found.push(start..scan.at);
                }
                (start, has_code) = (scan.at, false);
                continue;
            }
            // A keyword at the start of a line that opens a block ends an item whose brackets were never closed.
            _ if depth > 0
                && is_line_start(scan.bytes, scan.at - 1)
                && opens_top_level(&text[scan.at - 1..]) =>
            {
                found.push(start..scan.at - 1);
                (start, depth) = (scan.at - 1, 0);
            }
            _ => {}
        }
        has_code |= !byte.is_ascii_whitespace();
    }
    if has_code {
        found.push(start..text.len());
    }
    found
}

fn is_line_start(bytes: &[u8], at: usize) -> bool {
    at == 0 || bytes[at - 1] == b'\n'
}

/// Whether a line without indentation begins like a top-level block of Terraform.
fn opens_top_level(text: &str) -> bool {
    [
        "resource \"",
        "data \"",
        "module \"",
        "variable \"",
        "output \"",
        "provider \"",
        "locals {",
        "terraform {",
    ]
    .iter()
    .any(|opening| text.starts_with(opening))
}

/// A scanner that knows just enough of HCL to skip what is not code.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// Skips a comment, string or heredoc that starts here; whether there was one. Always ends at a character boundary,
    /// since every delimiter is ASCII.
    fn skip_opaque(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        match rest {
            [b'#', ..] | [b'/', b'/', ..] => {
                self.at += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                true
            }
            [b'/', b'*', ..] => {
                let end = rest.windows(2).skip(2).position(|w| w == b"*/");
                self.at += end.map_or(rest.len(), |at| at + 4);
                true
            }
            [b'"', ..] => {
                self.skip_string();
                true
            }
            [b'<', b'<', ..] => self.skip_heredoc(),
            _ => false,
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        // Depths of braces inside `${ }`; a string inside an interpolation is skipped by recursion of this scan.
        let mut interpolations: Vec<usize> = Vec::new();
        while self.at < self.bytes.len() {
            match (self.bytes[self.at], interpolations.last_mut()) {
                (b'\\', None) => self.at += 2,
                (b'"', None) => {
                    self.at += 1;
                    return;
                }
                (b'$' | b'%', None) if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    let is_escaped = self.at > 0
                        && self.bytes[self.at - 1] == self.bytes[self.at]
                        && self
                            .bytes
                            .get(self.at.wrapping_sub(2))
                            .is_none_or(|b| *b != self.bytes[self.at]);
                    if !is_escaped {
                        interpolations.push(0);
                    }
                    self.at += 2;
                }
                (b'"', Some(_)) => {
                    let mut inner = Scan {
                        bytes: self.bytes,
                        at: self.at,
                    };
                    inner.skip_string_flat();
                    self.at = inner.at;
                }
                (b'{', Some(depth)) => {
                    *depth += 1;
                    self.at += 1;
                }
                (b'}', Some(0)) => {
                    interpolations.pop();
                    self.at += 1;
                }
                (b'}', Some(depth)) => {
                    *depth -= 1;
                    self.at += 1;
                }
                (b'\n', None) => return,
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// A string inside an interpolation; its own interpolations are skipped by counting braces only.
    fn skip_string_flat(&mut self) {
        self.at += 1;
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' => self.at += 1,
                b'"' if depth == 0 => break,
                b'$' if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' if depth > 0 => depth -= 1,
                b'\n' => return,
                _ => {}
            }
            self.at += 1;
        }
        self.at = (self.at + 1).min(self.bytes.len());
    }

    fn skip_heredoc(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let mut head = 2;
        if rest.get(2) == Some(&b'-') {
            head = 3;
        }
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-' || *b >= 0x80;
        let length = rest[head.min(rest.len())..]
            .iter()
            .take_while(|b| is_word(b))
            .count();
        let line_end = rest.iter().position(|&b| b == b'\n');
        let Some(line_end) = line_end.filter(|_| length > 0) else {
            return false;
        };
        let word = &rest[head..head + length];
        let mut at = line_end + 1;
        while at < rest.len() {
            let end = rest[at..]
                .iter()
                .position(|&b| b == b'\n')
                .map_or(rest.len(), |n| at + n);
            if rest[at..end].trim_ascii() == word {
                self.at += end;
                return true;
            }
            at = end + 1;
        }
        self.at = self.bytes.len();
        true
    }
}

/// How the characters of a template are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Literals {
    /// Between quotes: backslash escapes, already resolved by the parser.
    Quoted,
    /// Between quotes, inside a directive: the parser leaves the escapes as they are.
    QuotedInside,
    /// In a heredoc or file: only `$${` and `%%{` are escapes.
    Raw,
    /// In a `<<-` heredoc: as `Raw`, and the common indentation is removed.
    Flush,
}

#[derive(Clone, Copy)]
struct Lower<'a> {
    source: SourceId,
    text: &'a str,
    /// Where in the text the parsed part starts.
    base: usize,
    /// The one place of everything, for text that is not a file.
    place: Option<Span>,
}

impl Lower<'_> {
    fn span(&self, range: Option<Range<usize>>) -> Span {
        match (self.place, range) {
            (Some(place), _) => place,
            (None, Some(range)) => {
                Span::new(self.source, self.base + range.start, self.base + range.end)
            }
            (None, None) => Span::NONE,
        }
    }

    /// The original text of a parsed part.
    fn raw(&self, range: Option<Range<usize>>) -> Option<&str> {
        let range = range?;
        self.text
            .get(self.base + range.start..self.base + range.end)
    }

    /// Names are read from the original text: the parsed one may be a stand-in.
    fn written(&self, range: Option<Range<usize>>, parsed: &str) -> Arc<str> {
        let written = self
            .raw(range)
            .filter(|text| text.len() == parsed.len())
            .unwrap_or(parsed);
        super::types::normal(written).as_ref().into()
    }

    fn body(&self, parsed: &body::Body) -> Body {
        let mut lowered = Body::default();
        for structure in parsed {
            match structure {
                body::Structure::Attribute(attribute) => lowered.attributes.push(Attribute {
                    name: self.written(attribute.key.span(), attribute.key.as_str()),
                    name_span: self.span(attribute.key.span()),
                    value: self.expression(&attribute.value),
                }),
                body::Structure::Block(block) => lowered.blocks.push(self.block(block)),
            }
        }
        lowered
    }

    fn block(&self, block: &body::Block) -> Block {
        let labels: Vec<(Arc<str>, Span)> = block
            .labels
            .iter()
            .map(|label| {
                let span = match label {
                    body::BlockLabel::Ident(ident) => ident.span(),
                    body::BlockLabel::String(text) => text.span(),
                };
                (label.as_str().into(), self.span(span))
            })
            .collect();
        let keyword = self.span(block.ident.span());
        let header = labels.last().map_or(keyword, |(_, last)| keyword.to(*last));
        Block {
            keyword: block.ident.as_str().into(),
            labels,
            header,
            span: self.span(block.span()),
            body: self.body(&block.body),
        }
    }

    fn expression(&self, parsed: &hcl::Expression) -> Expression {
        let span = self.span(parsed.span());
        let kind = match parsed {
            hcl::Expression::Null(_) => Expr::Null,
            hcl::Expression::Bool(truth) => Expr::Bool(*truth.value()),
            // The parser's numbers are machine floats; the text is exact.
            hcl::Expression::Number(number) => {
                let exact = self
                    .raw(parsed.span())
                    .map(str::trim)
                    .and_then(Number::parse);
                Expr::Number(exact.or_else(|| Number::parse(&number.value().to_string())))
            }
            hcl::Expression::String(text) => {
                let value = text.value();
                let value = super::types::normal(value);
                let quoted = self.raw(parsed.span());
                let inside = quoted.and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
                let is_exact = inside == Some(&*value) && self.place.is_none();
                Expr::Text(value.as_ref().into(), is_exact)
            }
            hcl::Expression::Array(array) => {
                Expr::List(array.iter().map(|item| self.expression(item)).collect())
            }
            hcl::Expression::Object(object) => Expr::Object(
                object
                    .iter()
                    .map(|(key, value)| self.object_item(key, value))
                    .collect(),
            ),
            hcl::Expression::StringTemplate(template) => {
                Expr::Template(Box::new(self.template(template, Literals::Quoted)))
            }
            hcl::Expression::HeredocTemplate(heredoc) => {
                let is_flush = self
                    .raw(parsed.span())
                    .is_some_and(|text| text.starts_with("<<-"));
                let literals = if is_flush {
                    Literals::Flush
                } else {
                    Literals::Raw
                };
                Expr::Template(Box::new(self.template(&heredoc.template, literals)))
            }
            hcl::Expression::Parenthesis(inner) => {
                return Expression {
                    span,
                    ..self.expression(inner.inner())
                };
            }
            hcl::Expression::Variable(name) => Expr::Name(name.as_str().into()),
            hcl::Expression::Conditional(conditional) => Expr::Conditional(Box::new([
                self.expression(&conditional.cond_expr),
                self.expression(&conditional.true_expr),
                self.expression(&conditional.false_expr),
            ])),
            hcl::Expression::FuncCall(call) => Expr::Call(Box::new(self.call(call))),
            hcl::Expression::Traversal(traversal) => Expr::Traversal(
                Box::new(self.expression(&traversal.expr)),
                traversal
                    .operators
                    .iter()
                    .map(|operator| self.operator(operator))
                    .collect(),
            ),
            hcl::Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    hcl::UnaryOperator::Not => Unary::Not,
                    hcl::UnaryOperator::Neg => Unary::Negate,
                };
                Expr::Unary(operator, Box::new(self.expression(&operation.expr)))
            }
            hcl::Expression::BinaryOp(operation) => Expr::Binary(
                Box::new(self.expression(&operation.lhs_expr)),
                binary(*operation.operator.value()),
                Box::new(self.expression(&operation.rhs_expr)),
            ),
            hcl::Expression::ForExpr(parsed) => Expr::For(Box::new(For {
                key_name: parsed
                    .intro
                    .key_var
                    .as_ref()
                    .map(|name| name.as_str().into()),
                value_name: parsed.intro.value_var.as_str().into(),
                collection: self.expression(&parsed.intro.collection_expr),
                key: parsed.key_expr.as_ref().map(|key| self.expression(key)),
                value: self.expression(&parsed.value_expr),
                is_grouping: parsed.grouping,
                condition: parsed
                    .cond
                    .as_ref()
                    .map(|condition| self.expression(&condition.expr)),
            })),
        };
        Expression { kind, span }
    }

    fn object_item(&self, key: &hcl::ObjectKey, value: &hcl::ObjectValue) -> ObjectItem {
        let (key, key_span) = match key {
            hcl::ObjectKey::Ident(name) => (
                ObjectKey::Name(self.written(name.span(), name.as_str())),
                self.span(name.span()),
            ),
            hcl::ObjectKey::Expression(expression) => {
                let span = self.span(expression.span());
                match expression {
                    hcl::Expression::String(text) => {
                        let inside = text
                            .span()
                            .map(|range| range.start + 1..range.end.saturating_sub(1));
                        (ObjectKey::Name(self.written(inside, text.value())), span)
                    }
                    // A bare word is a name; only parentheses make it a reference.
                    hcl::Expression::Variable(name) => (
                        ObjectKey::Name(self.written(name.span(), name.as_str())),
                        span,
                    ),
                    // So are words that mean a value elsewhere.
                    hcl::Expression::Null(_) | hcl::Expression::Bool(_) => {
                        let word = self.raw(expression.span()).unwrap_or("").trim();
                        (ObjectKey::Name(word.into()), span)
                    }
                    expression => (ObjectKey::Computed(self.expression(expression)), span),
                }
            }
        };
        ObjectItem {
            key,
            key_span,
            value: self.expression(value.expr()),
        }
    }

    fn call(&self, call: &hcl::FuncCall) -> Call {
        let mut name: String = call
            .name
            .namespace
            .iter()
            .map(|part| format!("{}::", part.as_str()))
            .collect();
        name.push_str(call.name.name.as_str());
        Call {
            name: name.strip_prefix("core::").unwrap_or(&name).into(),
            arguments: call
                .args
                .iter()
                .map(|argument| self.expression(argument))
                .collect(),
            expands_last: call.args.expand_final(),
        }
    }

    fn operator(&self, operator: &hcl_edit::Decorated<hcl::TraversalOperator>) -> Operator {
        let span = self.span(operator.span());
        let kind = match operator.value() {
            hcl::TraversalOperator::GetAttr(name) => Access::Attribute(name.as_str().into()),
            hcl::TraversalOperator::Index(index) => Access::Index(self.expression(index)),
            hcl::TraversalOperator::LegacyIndex(index) => Access::LegacyIndex(*index.value()),
            hcl::TraversalOperator::AttrSplat(_) => Access::AttributeSplat,
            hcl::TraversalOperator::FullSplat(_) => Access::FullSplat,
        };
        Operator { kind, span }
    }

    /// Lowers a template through a flat list of tokens, because trimming (`~`) and removing indentation look at
    /// neighbours whatever their nesting: first the trims, then the common indentation of the lines that are left, as
    /// HCL does it (hclsyntax/parser_template.go).
    fn template(&self, parsed: &tpl::Template, literals: Literals) -> Template {
        let mut tokens = Vec::new();
        self.tokens(parsed, literals, &mut tokens);
        trim(&mut tokens);
        if literals == Literals::Flush {
            flush(&mut tokens);
        }
        let mut rest = tokens.into_iter();
        Template {
            parts: assemble(&mut rest).0,
        }
    }

    fn tokens(&self, parsed: &tpl::Template, literals: Literals, tokens: &mut Vec<Token>) {
        let inside = match literals {
            Literals::Quoted => Literals::QuotedInside,
            other => other,
        };
        for element in parsed {
            match element {
                tpl::Element::Literal(text) => self.literal(text, literals, tokens),
                tpl::Element::Interpolation(interpolation) => tokens.push(Token {
                    kind: TokenKind::Interpolation(self.expression(&interpolation.expr)),
                    strip: interpolation.strip,
                }),
                tpl::Element::Directive(directive) => match &**directive {
                    tpl::Directive::If(directive) => {
                        let condition = self.expression(&directive.if_expr.cond_expr);
                        tokens.push(Token {
                            kind: TokenKind::If(condition),
                            strip: directive.if_expr.strip,
                        });
                        self.tokens(&directive.if_expr.template, inside, tokens);
                        if let Some(other) = &directive.else_expr {
                            tokens.push(Token {
                                kind: TokenKind::Else,
                                strip: other.strip,
                            });
                            self.tokens(&other.template, inside, tokens);
                        }
                        tokens.push(Token {
                            kind: TokenKind::End,
                            strip: directive.endif_expr.strip,
                        });
                    }
                    tpl::Directive::For(directive) => {
                        let head = &directive.for_expr;
                        let head_lowered = TemplateFor {
                            key_name: head.key_var.as_ref().map(|name| name.as_str().into()),
                            value_name: head.value_var.as_str().into(),
                            collection: self.expression(&head.collection_expr),
                        };
                        tokens.push(Token {
                            kind: TokenKind::For(Box::new(head_lowered)),
                            strip: head.strip,
                        });
                        self.tokens(&head.template, inside, tokens);
                        tokens.push(Token {
                            kind: TokenKind::End,
                            strip: directive.endfor_expr.strip,
                        });
                    }
                },
            }
        }
    }

    fn literal(
        &self,
        parsed: &hcl_edit::Spanned<String>,
        literals: Literals,
        tokens: &mut Vec<Token>,
    ) {
        let span = self.span(parsed.span());
        let raw = self.raw(parsed.span());
        let plain = |text: Arc<str>, span: Span, is_exact: bool| Token {
            kind: TokenKind::Literal(text, span, is_exact),
            strip: tpl::Strip::None,
        };
        if literals == Literals::Quoted {
            let is_exact = raw == Some(parsed.as_str()) && self.place.is_none();
            tokens.push(plain(parsed.as_str().into(), span, is_exact));
            return;
        }
        if literals == Literals::QuotedInside {
            let written = raw.unwrap_or(parsed.as_str());
            let text = unescaped(written);
            let is_exact = text == written && self.place.is_none();
            tokens.push(plain(text.as_str().into(), span, is_exact));
            return;
        }
        // Heredoc text is read from the source, since the parser's copy is dedented already. One token per line.
        let Some(raw) = raw else {
            tokens.push(plain(parsed.as_str().into(), span, false));
            return;
        };
        let mut at = span.start as usize;
        for line in raw.split_inclusive('\n') {
            let line_span = self
                .place
                .unwrap_or_else(|| Span::new(self.source, at, at + line.len()));
            at += line.len();
            if self.place.is_some()
                || line.contains("$${")
                || line.contains("%%{")
                || line.ends_with("\r\n")
            {
                let text = line.replace("$${", "${").replace("%%{", "%{");
                tokens.push(plain(text.as_str().into(), line_span, false));
            } else {
                tokens.push(plain(line.into(), line_span, true));
            }
        }
    }
}

/// Text between quotes without its escapes; what is no escape stays.
fn unescaped(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find(['\\', '$', '%']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (found, length) = if rest.starts_with("$${") || rest.starts_with("%%{") {
            (rest.chars().next(), 2)
        } else if let Some(escaped) = rest.strip_prefix('\\') {
            let coded = |digits: usize| {
                let code = escaped.get(1..=digits)?;
                char::from_u32(u32::from_str_radix(code, 16).ok()?)
            };
            match escaped.chars().next() {
                Some('n') => (Some('\n'), 2),
                Some('r') => (Some('\r'), 2),
                Some('t') => (Some('\t'), 2),
                Some(same @ ('"' | '\\')) => (Some(same), 2),
                Some('u') => (coded(4), 6),
                Some('U') => (coded(8), 10),
                _ => (None, 1),
            }
        } else {
            (None, 1)
        };
        match found {
            Some(character) => {
                text.push(character);
                rest = &rest[length..];
            }
            None => {
                text.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

fn binary(operator: hcl::BinaryOperator) -> Binary {
    use hcl::BinaryOperator as Op;
    match operator {
        Op::Eq => Binary::Equal,
        Op::NotEq => Binary::NotEqual,
        Op::LessEq => Binary::LessEqual,
        Op::GreaterEq => Binary::GreaterEqual,
        Op::Less => Binary::Less,
        Op::Greater => Binary::Greater,
        Op::Plus => Binary::Add,
        Op::Minus => Binary::Subtract,
        Op::Mul => Binary::Multiply,
        Op::Div => Binary::Divide,
        Op::Mod => Binary::Modulo,
        Op::And => Binary::And,
        Op::Or => Binary::Or,
    }
}

struct Token {
    kind: TokenKind,
    strip: tpl::Strip,
}

enum TokenKind {
    Literal(Arc<str>, Span, bool),
    Interpolation(Expression),
    If(Expression),
    Else,
    For(Box<TemplateFor>),
    End,
}

/// `~` trims white space of the literal token next to it, and of no other.
fn trim(tokens: &mut [Token]) {
    for index in 0..tokens.len() {
        let strip = tokens[index].strip;
        if strip.strip_start()
            && let Some(before) = index.checked_sub(1)
        {
            cut(&mut tokens[before], |text| (0, text.trim_end().len()));
        }
        if strip.strip_end()
            && let Some(after) = tokens.get_mut(index + 1)
        {
            cut(after, |text| {
                (text.len() - text.trim_start().len(), text.len())
            });
        }
    }
}

/// Removes the least indentation of all lines that begin with a literal.
fn flush(tokens: &mut [Token]) {
    let mut least = usize::MAX;
    let mut starts_line = true;
    let mut indented = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if starts_line {
            starts_line = false;
            match &token.kind {
                TokenKind::Literal(text, ..) => {
                    let spaces = text.chars().take_while(|c| c.is_whitespace()).count();
                    let is_blank = text.trim_start().is_empty() && text.ends_with('\n');
                    if !is_blank {
                        least = least.min(spaces);
                        indented.push(index);
                    }
                }
                _ => least = 0,
            }
        }
        if let TokenKind::Literal(text, ..) = &token.kind
            && text.ends_with('\n')
        {
            starts_line = true;
        }
    }
    for index in indented {
        cut(&mut tokens[index], |text| {
            let bytes = text.chars().take(least).map(char::len_utf8).sum();
            (bytes, text.len())
        });
    }
}

/// Keeps a byte range of a literal token; other tokens are left alone.
fn cut(token: &mut Token, keep: impl Fn(&str) -> (usize, usize)) {
    if let TokenKind::Literal(text, span, is_exact) = &mut token.kind {
        let (from, to) = keep(text);
        if *is_exact {
            let start = span.start as usize;
            *span = Span::new(span.source, start + from, start + to.max(from));
        }
        *text = text.get(from..to).unwrap_or("").into();
    }
}

/// Builds the tree up to the next `else` or end; whether it was an `else`.
fn assemble(tokens: &mut std::vec::IntoIter<Token>) -> (Vec<Part>, bool) {
    let mut parts = Vec::new();
    while let Some(token) = tokens.next() {
        match token.kind {
            TokenKind::Literal(text, span, is_exact) => {
                parts.push(Part::Literal(text, span, is_exact))
            }
            TokenKind::Interpolation(expression) => parts.push(Part::Interpolation(expression)),
            TokenKind::If(condition) => {
                let (then, has_else) = assemble(tokens);
                let other = if has_else {
                    assemble(tokens).0
                } else {
                    Vec::new()
                };
                parts.push(Part::If(Box::new(condition), then, other));
            }
            TokenKind::For(head) => parts.push(Part::For(head, assemble(tokens).0)),
            TokenKind::Else => return (parts, true),
            TokenKind::End => return (parts, false),
        }
    }
    (parts, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn read(text: &str) -> (Body, Vec<String>) {
        let sources = SourceMap::new();
        let file = sources.add("main.tf", text);
        let (body, diagnostics) = parse(&file);
        let messages = diagnostics
            .iter()
            .map(|d| format!("{} {}", sources.describe(d.span.expect("place")), d.code))
            .collect();
        (body, messages)
    }

    #[test]
    fn an_argument_written_twice_in_a_block_is_said() {
        for (text, expected) in [
            (
                "r {\n  a = 1\n  b = 2\n  a = 3\n}\n",
                &["main.tf:4:3 duplicate"][..],
            ),
            (
                "r {\n  s {\n    a = 1\n    a = 1\n  }\n}\n",
                &["main.tf:4:5 duplicate"],
            ),
            ("r {\n  s { a = 1 }\n  s { a = 1 }\n  a = 1\n}\n", &[]),
        ] {
            let (_, messages) = read(text);
            assert_eq!(messages, expected, "{text}");
        }
    }

    #[test]
    fn what_terraform_accepts_is_read() {
        for text in [
            "\u{feff}a = 1\n",
            "a = 1\r\nb = 2\r\n",
            "a = { for k in [1] : k => true ?\n  1 :\n  2 }\n",
            "a = {\n  x = 1\n  x = 2\n}\n",
            "a = { \"x\" = 1, \"y\" = 3, \"x\" = 2 }\n",
            "a = {\n  x = 1\n  y = { z = 1 }\n  x = 2\n  x = 3\n}\n",
            "a = <<EOT\nx \"${b}\" }\nEOT\n",
            "",
        ] {
            let (_, messages) = read(text);
            assert_eq!(messages, Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn duplicate_keys_keep_their_names() {
        let (body, _) = read("locals {\n  a = {\n    x = 1\n    x = 2\n  }\n}\n");
        let Expr::Object(items) = &body.blocks[0].body.attributes[0].value.kind else {
            panic!("no object")
        };
        let names: Vec<_> = items
            .iter()
            .map(|item| match &item.key {
                ObjectKey::Name(name) => name.to_string(),
                ObjectKey::Computed(_) => "computed".to_owned(),
            })
            .collect();
        assert_eq!(names, ["x", "x"]);
    }

    #[test]
    fn a_broken_block_costs_one_block() {
        let (body, messages) = read(
            "locals {\n  a = 1\n}\n\nresource \"x\" \"y\" {\n  b = = 2\n}\n\nlocals {\n  c = 3\n}\n",
        );
        assert_eq!(body.blocks.len(), 2);
        assert_eq!(messages, ["main.tf:6:7 syntax"]);
    }

    #[test]
    fn a_block_that_is_never_closed_costs_itself() {
        let (body, messages) =
            read("resource \"x\" \"y\" {\n  b = 2\n\nresource \"x\" \"z\" {\n  c = 3\n}\n");
        assert_eq!(body.blocks.len(), 1);
        assert_eq!(messages.len(), 1);
    }

    fn shown(parts: &[Part]) -> String {
        parts
            .iter()
            .map(|part| match part {
                Part::Literal(text, ..) => text.to_string(),
                Part::Interpolation(_) => "${}".to_owned(),
                Part::If(_, then, other) => format!("[if {}|{}]", shown(then), shown(other)),
                Part::For(_, body) => format!("[for {}]", shown(body)),
            })
            .collect()
    }

    fn template(text: &str) -> String {
        let (body, messages) = read(&format!("a = {text}\n"));
        assert_eq!(messages, Vec::<String>::new());
        match &body.attributes[0].value.kind {
            Expr::Template(template) => shown(&template.parts),
            other => panic!("no template: {other:?}"),
        }
    }

    #[test]
    fn heredocs_are_dedented_as_terraform_does() {
        for (text, expected) in [
            ("<<-EOT\n    a\n      b\n    EOT", "a\n  b\n"),
            ("<<EOT\n  a $${b}\nEOT", "  a ${b}\n"),
            (
                "<<-EOT\n    %{ for a in [1] ~}\n    v${a}\n    %{ endfor ~}\n    end\n    EOT",
                "[for     v${}\n]    end\n",
            ),
            ("<<-EOT\n    a\n\n    b\n  EOT", "a\n\nb\n"),
        ] {
            assert_eq!(template(text), expected, "{text}");
        }
        assert_eq!(template("\"a ${~ x ~}  b\""), "a${}b");
    }
}

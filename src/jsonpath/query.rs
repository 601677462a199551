//! Query text in, our own query out.

use std::sync::Arc;

use jsonpath_rust::parser::model as parsed;
use regex::Regex;

/// A query, ready to run.
#[derive(Clone, Debug)]
pub struct Query {
    /// As written.
    pub text: Arc<str>,
    /// The steps after `$`.
    pub segments: Vec<Segment>,
    /// How many of them select; the rest (plain names and positions) is expected on each selected node.
    pub selecting: usize,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Whether it looks at all depths (`..`).
    pub is_descendant: bool,
    /// What it picks.
    pub selectors: Vec<Selector>,
}

/// What a step picks from a node.
#[derive(Clone, Debug)]
pub enum Selector {
    /// `.name`
    Name(Arc<str>),
    /// `[*]`
    Wildcard,
    /// `[n]`
    Index(i64),
    /// `[a:b:c]`
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// `[?…]`
    Filter(Filter),
}

/// A filter expression.
#[derive(Clone, Debug)]
pub enum Filter {
    /// One holds.
    Or(Vec<Filter>),
    /// All hold.
    And(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// Something is selected.
    Exists(Relative),
    /// Two values compare.
    Compare(Comparable, Operator, Comparable),
    /// `in(value, list)`
    In(Comparable, Comparable),
    /// `search(value, pattern)`
    Search(Comparable, Regex),
}

/// How two values are compared.
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
}

/// A query inside a filter.
#[derive(Clone, Debug)]
pub struct Relative {
    /// Whether it starts at the whole document rather than at the element.
    pub is_absolute: bool,
    /// Its steps.
    pub segments: Vec<Segment>,
}

/// A side of a comparison.
#[derive(Clone, Debug)]
pub enum Comparable {
    /// A constant.
    Literal(crate::value::Value),
    /// What a query that selects at most one node selects.
    Query(Relative),
    /// `length(…)`
    Length(Box<Comparable>),
    /// `count(…)`
    Count(Relative),
}

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// A short sentence.
    pub message: String,
    /// Bytes of the query text.
    pub range: (usize, usize),
    /// What to do.
    pub hint: Option<String>,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// What is wrong, where in the text, and what to do about it.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        let whole = (0, text.len());
        let refuse = |message: String, hint: Option<&str>| QueryError {
            message,
            range: whole,
            hint: hint.map(str::to_owned),
        };
        let parsed = jsonpath_rust::parser::parse_json_path(text).map_err(|error| match error {
            jsonpath_rust::parser::errors::JsonPathError::PestError(error) => {
                let start = match error.location {
                    pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
                };
                let start = start.min(text.len().saturating_sub(1));
                let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
                let hint = if text[..start].rsplit(['.', '[']).next().is_some_and(|_| text[start..].starts_with('-')) {
                    Some("names with other characters than letters, digits and `_` are written ['like-this']".to_owned())
                } else {
                    None
                };
                QueryError { message: "the query is not valid from here on".to_owned(), range: (start, end), hint }
            }
            other => refuse(format!("the query is not valid: {other}"), None),
        })?;
        let segments = segments(&parsed.segments).map_err(|message| refuse(message, None))?;
        let selecting = segments
            .iter()
            .rposition(Segment::is_multiple)
            .map_or(0, |at| at + 1);
        Ok(Query {
            text: text.into(),
            segments,
            selecting,
        })
    }

    /// Whether it selects at most one node.
    pub fn is_singular(&self) -> bool {
        self.selecting == 0
    }

    /// The names that it begins with, up to the first step that is no name.
    pub fn leading_names(&self) -> Vec<&str> {
        let names = self
            .segments
            .iter()
            .map_while(|segment| match segment.selectors.as_slice() {
                [Selector::Name(name)] if !segment.is_descendant => Some(&**name),
                _ => None,
            });
        names.collect()
    }
}

impl Segment {
    fn is_multiple(&self) -> bool {
        self.is_descendant
            || self.selectors.len() > 1
            || !matches!(
                self.selectors.first(),
                Some(Selector::Name(_) | Selector::Index(_))
            )
    }
}

fn segments(parsed: &[parsed::Segment]) -> Result<Vec<Segment>, String> {
    parsed.iter().map(segment).collect()
}

fn segment(parsed: &parsed::Segment) -> Result<Segment, String> {
    match parsed {
        parsed::Segment::Descendant(inner) => Ok(Segment {
            is_descendant: true,
            ..segment(inner)?
        }),
        parsed::Segment::Selector(one) => Ok(Segment {
            is_descendant: false,
            selectors: vec![selector(one)?],
        }),
        parsed::Segment::Selectors(many) => {
            let selectors: Result<_, _> = many.iter().map(selector).collect();
            Ok(Segment {
                is_descendant: false,
                selectors: selectors?,
            })
        }
    }
}

fn selector(parsed: &parsed::Selector) -> Result<Selector, String> {
    Ok(match parsed {
        parsed::Selector::Name(name) => Selector::Name(unquoted(name)),
        parsed::Selector::Wildcard => Selector::Wildcard,
        parsed::Selector::Index(index) => Selector::Index(*index),
        parsed::Selector::Slice(start, end, step) => Selector::Slice(*start, *end, *step),
        parsed::Selector::Filter(inner) => Selector::Filter(filter(inner)?),
    })
}

/// The crate keeps the quotes of quoted names.
fn unquoted(name: &str) -> Arc<str> {
    let name = name.trim();
    for quote in ['\'', '"'] {
        if let Some(inner) = name
            .strip_prefix(quote)
            .and_then(|name| name.strip_suffix(quote))
        {
            return unescaped(inner).into();
        }
    }
    name.into()
}

/// String escapes of RFC 9535, which are JSON's and `\'`.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let json = format!(
        "\"{}\"",
        text.replace("\\'", "'")
            .replace('"', "\\\"")
            .replace("\\\\\"", "\\\"")
    );
    serde_json::from_str(&json).unwrap_or_else(|_| text.to_owned())
}

fn filter(parsed: &parsed::Filter) -> Result<Filter, String> {
    let all = |parts: &[parsed::Filter]| parts.iter().map(filter).collect::<Result<Vec<_>, _>>();
    Ok(match parsed {
        parsed::Filter::Or(parts) => Filter::Or(all(parts)?),
        parsed::Filter::And(parts) => Filter::And(all(parts)?),
        parsed::Filter::Atom(parsed::FilterAtom::Filter { expr, not }) => {
            negated(filter(expr)?, *not)
        }
        parsed::Filter::Atom(parsed::FilterAtom::Test { expr, not }) => negated(test(expr)?, *not),
        parsed::Filter::Atom(parsed::FilterAtom::Comparison(comparison)) => {
            use parsed::Comparison as C;
            let (a, operator, b) = match &**comparison {
                C::Eq(a, b) => (a, Operator::Equal, b),
                C::Ne(a, b) => (a, Operator::NotEqual, b),
                C::Gt(a, b) => (a, Operator::Greater, b),
                C::Gte(a, b) => (a, Operator::GreaterEqual, b),
                C::Lt(a, b) => (a, Operator::Less, b),
                C::Lte(a, b) => (a, Operator::LessEqual, b),
            };
            Filter::Compare(comparable(a)?, operator, comparable(b)?)
        }
    })
}

fn negated(filter: Filter, is_negated: bool) -> Filter {
    if is_negated {
        Filter::Not(Box::new(filter))
    } else {
        filter
    }
}

fn test(parsed: &parsed::Test) -> Result<Filter, String> {
    Ok(match parsed {
        parsed::Test::RelQuery(steps) => Filter::Exists(Relative {
            is_absolute: false,
            segments: segments(steps)?,
        }),
        parsed::Test::AbsQuery(query) => Filter::Exists(Relative {
            is_absolute: true,
            segments: segments(&query.segments)?,
        }),
        parsed::Test::Function(function) => match &**function {
            parsed::TestFunction::Custom(name, arguments) => {
                match (name.to_string().as_str(), arguments.as_slice()) {
                    ("in", [value, list]) => Filter::In(argument(value)?, argument(list)?),
                    (name, _) => {
                        return Err(format!(
                            "there is no function `{name}`; onus has in, search, length, count"
                        ));
                    }
                }
            }
            parsed::TestFunction::Search(value, pattern) => {
                let parsed::FnArg::Literal(parsed::Literal::String(pattern)) = pattern else {
                    return Err("`search` takes a pattern in quotes".to_owned());
                };
                let pattern = unquoted(pattern);
                let compiled = Regex::new(&pattern)
                    .map_err(|error| format!("the pattern is not valid: {error}"))?;
                Filter::Search(argument(value)?, compiled)
            }
            parsed::TestFunction::Match(..) => {
                return Err("`match` is anchored and so means something else than `matches`; use `search(@.x, \"^…$\")`".to_owned());
            }
            _ => return Err("this function gives a value; compare it with something".to_owned()),
        },
    })
}

fn argument(parsed: &parsed::FnArg) -> Result<Comparable, String> {
    match parsed {
        parsed::FnArg::Literal(value) => Ok(Comparable::Literal(literal(value))),
        parsed::FnArg::Test(inner) => match &**inner {
            parsed::Test::RelQuery(steps) => Ok(Comparable::Query(Relative {
                is_absolute: false,
                segments: segments(steps)?,
            })),
            parsed::Test::AbsQuery(query) => Ok(Comparable::Query(Relative {
                is_absolute: true,
                segments: segments(&query.segments)?,
            })),
            parsed::Test::Function(function) => comparable_function(function),
        },
        parsed::FnArg::Filter(_) => Err("a query or constant is expected as argument".to_owned()),
    }
}

fn comparable(parsed: &parsed::Comparable) -> Result<Comparable, String> {
    Ok(match parsed {
        parsed::Comparable::Literal(value) => Comparable::Literal(literal(value)),
        parsed::Comparable::SingularQuery(query) => {
            let (is_absolute, steps) = match query {
                parsed::SingularQuery::Current(steps) => (false, steps),
                parsed::SingularQuery::Root(steps) => (true, steps),
            };
            let segments = steps.iter().map(|step| Segment {
                is_descendant: false,
                selectors: vec![match step {
                    parsed::SingularQuerySegment::Index(index) => Selector::Index(*index),
                    parsed::SingularQuerySegment::Name(name) => Selector::Name(unquoted(name)),
                }],
            });
            Comparable::Query(Relative {
                is_absolute,
                segments: segments.collect(),
            })
        }
        parsed::Comparable::Function(function) => comparable_function(function)?,
    })
}

fn comparable_function(function: &parsed::TestFunction) -> Result<Comparable, String> {
    match function {
        parsed::TestFunction::Length(inner) => Ok(Comparable::Length(Box::new(argument(inner)?))),
        parsed::TestFunction::Value(inner) => argument(inner),
        parsed::TestFunction::Count(inner) => match argument(inner)? {
            Comparable::Query(query) => Ok(Comparable::Count(query)),
            _ => Err("`count` takes a query".to_owned()),
        },
        _ => Err("this function is true or false; it cannot be compared".to_owned()),
    }
}

fn literal(parsed: &parsed::Literal) -> crate::value::Value {
    use crate::value::{Data, Number, Value};
    let data = match parsed {
        parsed::Literal::Int(number) => Data::Number((*number).into()),
        parsed::Literal::Float(number) => {
            Number::from_f64(*number).map_or(Data::Null(None), Data::Number)
        }
        parsed::Literal::String(text) => Data::Text(unquoted(text).to_string().into()),
        parsed::Literal::Bool(truth) => Data::Bool(*truth),
        parsed::Literal::Null => Data::Null(None),
    };
    Value::new(data, crate::source::Span::NONE)
}

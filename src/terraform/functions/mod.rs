//! Terraform's functions: a name and values in, a value out.
//!
//! One table of rows. A function states how it treats what is not known: most need all of their arguments known and are
//! unknown otherwise (`Needs::Known`); those that only arrange collections work on what is there (`Needs::Shape`).

mod collections;
mod encoding;
mod files;
mod format;
mod network;
mod numbers;
mod patterns;
mod strings;
mod terraform;
mod time;
mod yaml;

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::types::{self, Type};

use crate::source::{Files, Span};
use crate::value::{Data, List, ListKind, Reason, Step, Unknown, Value};

/// What a function call may look at besides its arguments.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The call expression.
    pub site: Span,
    /// The files, for `file`, `fileexists`, `fileset`, ….
    pub files: &'a dyn Files,
    /// Folder (as `Files` knows it) that relative paths in calls are relative to: the root module's.
    pub folder: &'a str,
    /// Resolved folder outside of which nothing is read, where paths resolve to absolute ones.
    pub outermost: Option<&'a str>,
    /// `path.cwd`, where it is known.
    pub working_folder: Option<&'a str>,
}

/// Bytes that a string made by a function may have.
const LONGEST_TEXT: usize = 16 << 20;

/// What a function makes of its arguments.
type Outcome = Result<Value, String>;

/// How a function treats arguments that are not wholly known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Everything must be known, else the result is not.
    Known,
    /// No argument may itself be unknown; what is inside may.
    Shape,
    /// It decides for itself.
    Nothing,
}

/// What a parameter takes. Arguments are converted as Terraform converts them in a call; null is refused but for
/// [`Takes::Anything`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// A string.
    Text,
    /// A number.
    Number,
    /// A list of any one type.
    List,
    /// A set of any one type.
    Set,
    /// A list of strings.
    Texts,
    /// A list of truth values.
    Truths,
    /// A map of lists of strings.
    TextsByName,
    /// Anything but null, as it is.
    Some,
    /// Anything, as it is.
    Anything,
}

impl Takes {
    fn wanted(self) -> Option<Type> {
        Some(match self {
            Takes::Text => Type::String,
            Takes::Number => Type::Number,
            Takes::List => Type::List(Box::new(Type::Any)),
            Takes::Set => Type::Set(Box::new(Type::Any)),
            Takes::Texts => Type::List(Box::new(Type::String)),
            Takes::Truths => Type::List(Box::new(Type::Bool)),
            Takes::TextsByName => Type::Map(Box::new(Type::List(Box::new(Type::String)))),
            Takes::Some | Takes::Anything => return None,
        })
    }
}

struct Function {
    name: &'static str,
    /// Its parameters in order.
    takes: &'static [Takes],
    /// Further arguments, any number.
    rest: Option<Takes>,
    needs: Needs,
    /// Whether a sensitive part of an argument makes just that part of the result sensitive; else all of it is.
    keeps_marks: bool,
    run: fn(&[Value], Call<'_>) -> Outcome,
}

/// Shorthand for a row of a table.
const fn row(
    name: &'static str,
    takes: &'static [Takes],
    needs: Needs,
    run: fn(&[Value], Call<'_>) -> Outcome,
) -> Function {
    Function {
        name,
        takes,
        rest: None,
        needs,
        keeps_marks: false,
        run,
    }
}

impl Function {
    /// Takes any number of further arguments.
    const fn and_more(mut self, takes: Takes) -> Function {
        self.rest = Some(takes);
        self
    }

    /// Passes sensitive parts on as they are.
    const fn marking_parts(mut self) -> Function {
        self.keeps_marks = true;
        self
    }
}

/// Functions whose results differ by nature.
const IMPURE: &[&str] = &["timestamp", "plantimestamp", "uuid", "bcrypt"];
/// Functions that onus does not compute: their result depends on private keys or on bytes of Go's compressor.
const UNCOMPUTED: &[&str] = &["rsadecrypt", "base64gzip"];

fn tables() -> impl Iterator<Item = &'static Function> {
    collections::TABLE
        .iter()
        .chain(strings::TABLE)
        .chain(encoding::TABLE)
        .chain(numbers::TABLE)
        .chain(network::TABLE)
        .chain(files::TABLE)
        .chain(time::TABLE)
        .chain(format::TABLE)
        .chain(patterns::TABLE)
        .chain(yaml::TABLE)
        .chain(terraform::TABLE)
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    tables()
        .map(|function| function.name)
        .chain(IMPURE.iter().copied())
        .chain(UNCOMPUTED.iter().copied())
        .chain(["try", "can", "templatefile", "templatestring"])
}

fn by_name(name: &str) -> Option<&'static Function> {
    static INDEX: OnceLock<FxHashMap<&'static str, &'static Function>> = OnceLock::new();
    let index = INDEX.get_or_init(|| tables().map(|function| (function.name, function)).collect());
    index.get(name).copied()
}

/// Calls the function `name`. Choices may remain inside collections for functions that only arrange them. None: there is
/// no such function.
///
/// # Errors
/// A sentence for the user when the arguments do not fit, as Terraform would refuse them.
pub fn call(name: &str, arguments: &[Value], call: Call<'_>) -> Option<Result<Value, String>> {
    let Some(function) = by_name(name) else {
        let reason = match name {
            name if IMPURE.contains(&name) => Reason::Impure(name.into()),
            name if UNCOMPUTED.contains(&name) => Reason::Function(name.into()),
            _ => return None,
        };
        return Some(Ok(Value::unknown(reason, call.site)));
    };
    Some(function.apply(arguments, call))
}

impl Function {
    fn apply(&self, arguments: &[Value], call: Call<'_>) -> Outcome {
        let least = self.takes.len();
        if arguments.len() < least || (self.rest.is_none() && arguments.len() > least) {
            let or_more = if self.rest.is_some() { " or more" } else { "" };
            return Err(format!(
                "it takes {least}{or_more} argument(s) and is given {}",
                arguments.len()
            ));
        }
        let takes = |at: usize| self.takes.get(at).copied().or(self.rest);
        let mut converted: Vec<Value> = Vec::with_capacity(arguments.len());
        for (at, argument) in arguments.iter().enumerate() {
            let takes = takes(at).unwrap_or(Takes::Anything);
            if argument.is_null() && takes != Takes::Anything {
                return Err(format!("argument {} is null", at + 1));
            }
            converted.push(match takes.wanted() {
                Some(of) => types::convert(argument, &of, call.site)?,
                None => argument.clone(),
            });
        }
        let blocking = converted.iter().find(|argument| match self.needs {
            Needs::Known => !argument.is_wholly_known(),
            Needs::Shape => argument.as_unknown().is_some(),
            Needs::Nothing => false,
        });
        let is_sensitive = match self.keeps_marks {
            true => converted.iter().any(|argument| argument.is_sensitive),
            false => converted.iter().any(Value::has_sensitive),
        };
        let value = match blocking {
            Some(unknown) => unknown_like(unknown, call.site),
            None => (self.run)(&converted, call)?,
        };
        let is_cleared = matches!(self.name, "nonsensitive" | "issensitive");
        Ok(value.sensitive_if(is_sensitive && !is_cleared))
    }
}

/// JSON text with members in the order in which they stand, indented if `indent` says by how much.
pub(super) fn json_in_order(value: &Value, indent: Option<usize>) -> crate::value::Text {
    encoding::json_in_order(value, indent)
}

/// Unknown for the reason for which an argument is.
fn unknown_like(argument: &Value, site: Span) -> Value {
    Value::new(
        Data::Unknown(Arc::new(Unknown::because(reason_of(argument)))),
        site,
    )
}

/// The first reason for which something in a value is not known.
fn reason_of(value: &Value) -> Reason {
    match &value.data {
        Data::Unknown(unknown) => unknown.reason.clone(),
        Data::Text(text) => text
            .holes()
            .next()
            .map_or(Reason::Instances, |hole| hole.reason.clone()),
        Data::List(list) => match list.more() {
            Some(why) => why.reason.clone(),
            None => inside(list.items().iter()),
        },
        Data::Object(object) => match object.more() {
            Some(why) => why.reason.clone(),
            None => inside(object.members().values().map(|member| &member.value)),
        },
        _ => Reason::Depends("a value that conditions decide".into()),
    }
}

fn inside<'v>(mut values: impl Iterator<Item = &'v Value>) -> Reason {
    let first = values.find(|value| !value.is_wholly_known());
    first.map_or_else(|| Reason::Depends("something unknown".into()), reason_of)
}

/// An argument or element that a function passes on: seen at the call, unless it is written inside it.
fn passed(value: Value, call: Call<'_>) -> Value {
    if call.site.contains(value.span()) || !call.site.is_written() {
        value
    } else if value.span().is_written() {
        value.read_at(call.site, Step::Written)
    } else {
        value.moved_to(call.site)
    }
}

fn text_of(value: &Value) -> Result<String, String> {
    let text = types::to_text(value)?;
    text.as_str()
        .map(str::to_owned)
        .ok_or_else(|| "the string is not known".to_owned())
}

fn number_of(value: &Value) -> Result<crate::value::Number, String> {
    types::to_number(value)
        .ok_or_else(|| format!("a number is needed, but this is {}", types::noun(value)))
}

fn int_of(value: &Value) -> Result<i64, String> {
    number_of(value)?
        .as_i64()
        .ok_or_else(|| "a whole number is needed".to_owned())
}

fn list_of(value: &Value) -> Result<Vec<Value>, String> {
    match &value.data {
        Data::List(_) => Ok(value.elements().collect()),
        _ => Err(format!(
            "a list is needed, but this is {}",
            types::noun(value)
        )),
    }
}

/// A sequence made by a call.
fn sequence(
    kind: ListKind,
    items: Vec<Value>,
    more: Option<Arc<Unknown>>,
    call: Call<'_>,
) -> Value {
    let list = match more {
        Some(why) => List::open(kind, items, why),
        None => List::new(kind, items),
    };
    Value::new(Data::List(list), call.site)
}

/// What a string is that would be longer than onus follows.
fn too_long(site: Span) -> Value {
    Value::unknown(Reason::Limit("length of one text"), site)
}

/// A string made by a call, in Unicode's composed form as all of Terraform's strings.
fn text(text: &str, call: Call<'_>) -> Outcome {
    Ok(Value::text(types::normal(text).into_owned(), call.site))
}

/// A list of strings made by a call.
fn texts<'t>(items: impl IntoIterator<Item = &'t str>, call: Call<'_>) -> Value {
    let items = items
        .into_iter()
        .map(|item| Value::text(types::normal(item).into_owned(), call.site));
    sequence(ListKind::List, items.collect(), None, call)
}

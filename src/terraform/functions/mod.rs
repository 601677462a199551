//! Terraform's functions: a name and values in, a value out.
//!
//! One table of rows. A function states how it treats what is not known: most need all of their arguments known and are
//! unknown otherwise ([`Needs::Known`]); those that only arrange collections work on what is there ([`Needs::Shape`]).

mod collections;
mod encoding;
mod files;
mod network;
mod numbers;
mod strings;

use std::sync::Arc;

use crate::source::{Files, Span};
use crate::value::{Data, Reason, Step, Unknown, Value};

/// What a function call may look at besides its arguments.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The call expression.
    pub site: Span,
    /// The files, for `file`, `fileexists`, `fileset`, ….
    pub files: &'a dyn Files,
    /// Folder (as `Files` knows it) that relative paths in calls are relative to: the root module's.
    pub folder: &'a str,
}

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

struct Function {
    name: &'static str,
    /// Fewest and most arguments.
    arity: (usize, usize),
    needs: Needs,
    run: fn(&[Value], Call<'_>) -> Outcome,
}

const MANY: usize = usize::MAX;

/// Shorthand for a row of a table.
const fn row(
    name: &'static str,
    arity: (usize, usize),
    needs: Needs,
    run: fn(&[Value], Call<'_>) -> Outcome,
) -> Function {
    Function {
        name,
        arity,
        needs,
        run,
    }
}

/// Functions whose results differ by nature, or are decided elsewhere.
const IMPURE: &[&str] = &["timestamp", "plantimestamp", "uuid", "bcrypt"];
/// Functions that onus does not compute: their result depends on keys or on bytes of Go's compressor.
const UNCOMPUTED: &[&str] = &[
    "rsadecrypt",
    "base64gzip",
    "pathexpand",
    "formatdate",
    "csvdecode",
];

fn tables() -> impl Iterator<Item = &'static Function> {
    collections::TABLE
        .iter()
        .chain(strings::TABLE)
        .chain(encoding::TABLE)
        .chain(numbers::TABLE)
        .chain(network::TABLE)
        .chain(files::TABLE)
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    tables()
        .map(|function| function.name)
        .chain(IMPURE.iter().copied())
        .chain(UNCOMPUTED.iter().copied())
        .chain(["try", "can", "templatefile", "templatestring"])
}

/// Calls the function `name`. Choices may remain inside collections for functions that only arrange them. None: there is
/// no such function.
///
/// # Errors
/// A sentence for the user when the arguments do not fit, as Terraform would refuse them.
pub fn call(name: &str, arguments: &[Value], call: Call<'_>) -> Option<Result<Value, String>> {
    if IMPURE.contains(&name) {
        return Some(Ok(Value::unknown(Reason::Impure(name.into()), call.site)));
    }
    if UNCOMPUTED.contains(&name) {
        return Some(Ok(Value::unknown(Reason::Function(name.into()), call.site)));
    }
    let function = tables().find(|function| function.name == name)?;
    let (least, most) = function.arity;
    if arguments.len() < least || arguments.len() > most {
        let wanted = if least == most {
            least.to_string()
        } else {
            format!("{least} or more")
        };
        return Some(Err(format!(
            "it takes {wanted} argument(s) and is given {}",
            arguments.len()
        )));
    }
    let blocking = arguments.iter().find(|argument| match function.needs {
        Needs::Known => !argument.is_wholly_known(),
        Needs::Shape => argument.as_unknown().is_some(),
        Needs::Nothing => false,
    });
    let is_sensitive = arguments.iter().any(|argument| argument.is_sensitive);
    let result = match blocking {
        Some(unknown) => Ok(unknown_like(unknown, call.site)),
        None => (function.run)(arguments, call),
    };
    let is_cleared = name == "nonsensitive";
    Some(result.map(|value| {
        if is_cleared {
            value
        } else {
            value.sensitive_if(is_sensitive)
        }
    }))
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
    let text = super::types::to_text(value)?;
    text.as_str()
        .map(str::to_owned)
        .ok_or_else(|| "the string is not known".to_owned())
}

fn number_of(value: &Value) -> Result<crate::value::Number, String> {
    super::types::to_number(value).ok_or_else(|| {
        format!(
            "a number is needed, but this is {}",
            super::types::noun(value)
        )
    })
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
            super::types::noun(value)
        )),
    }
}

//! Terraform's functions: a name and values in, a value out.
//!
//! One table of rows. A function states how it treats what is not known: most need all of their arguments known and are
//! unknown otherwise (`Needs::Known`); those that only arrange collections work on what is there (`Needs::Shape`).

pub(super) mod aws;
mod collections;
mod encoding;
mod files;
mod format;
mod network;
mod numbers;
mod patterns;
mod results;
mod strings;
mod terraform;
mod time;
mod yaml;

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::foreseen;
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
    /// Whether the result is to be what Terraform plans, not all that is known of it.
    pub as_planned: bool,
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
    /// A list, set or tuple, as it is.
    Sequence,
    /// A list or tuple, as it is: what has an order.
    Ordered,
    /// A list or tuple, or null.
    OrderedOrNull,
    /// A map or object, as it is.
    Keyed,
    /// A map or object, or null.
    KeyedOrNull,
    /// A string, collection, tuple or object, as it is.
    Measured,
    /// A string; a number is not converted.
    OnlyText,
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
            _ => return None,
        })
    }

    fn may_be_null(self) -> bool {
        matches!(
            self,
            Takes::Anything | Takes::KeyedOrNull | Takes::OrderedOrNull
        )
    }

    /// What is wrong with an argument of a type, also where its value is not known.
    fn refuses(self, of: &Type) -> Option<&'static str> {
        let is_keyed = matches!(of, Type::Map(_) | Type::Object(_));
        let is_ordered = matches!(of, Type::List(_) | Type::Tuple(_));
        let (fits, needed) = match self {
            Takes::Sequence => (of.is_sequence(), "a list, set or tuple"),
            Takes::Ordered | Takes::OrderedOrNull => (is_ordered, "a list or tuple"),
            Takes::Keyed | Takes::KeyedOrNull => (is_keyed, "a map or object"),
            Takes::Measured => (
                is_keyed || of.is_sequence() || *of == Type::String,
                "a string, a collection or an object",
            ),
            Takes::OnlyText => (*of == Type::String, "a string"),
            _ => return None,
        };
        (!fits && *of != Type::Any).then_some(needed)
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
    /// The type of its result where that is not known; none where it depends on more than types. A result that has one is
    /// never null.
    gives: fn(&[Value]) -> Option<Type>,
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
        gives: |_| None,
        run,
    }
}

impl Function {
    /// Takes any number of further arguments.
    const fn and_more(mut self, takes: Takes) -> Function {
        self.rest = Some(takes);
        self
    }

    /// Gives results of a type, which is also that of results that are not known.
    const fn giving(mut self, gives: fn(&[Value]) -> Option<Type>) -> Function {
        self.gives = gives;
        self
    }

    /// Passes sensitive parts on as they are.
    const fn marking_parts(mut self) -> Function {
        self.keeps_marks = true;
        self
    }
}

/// Functions whose results differ by nature, and those that onus does not compute: their result depends on private keys
/// or on bytes of Go's compressor.
const OPEN: &[Function] = &[
    row("timestamp", &[], Needs::Nothing, |_, c| {
        impure("timestamp", c)
    })
    .giving(gives::text),
    row("plantimestamp", &[], Needs::Nothing, |_, c| {
        impure("plantimestamp", c)
    })
    .giving(gives::text),
    row("uuid", &[], Needs::Nothing, |_, c| impure("uuid", c)).giving(gives::text),
    row("bcrypt", &[Takes::Text], Needs::Nothing, |_, c| {
        impure("bcrypt", c)
    })
    .and_more(Takes::Number)
    .giving(gives::text),
    row(
        "rsadecrypt",
        &[Takes::Text, Takes::Text],
        Needs::Nothing,
        |_, c| uncomputed("rsadecrypt", c),
    )
    .giving(gives::text),
    row("base64gzip", &[Takes::Text], Needs::Nothing, |_, c| {
        uncomputed("base64gzip", c)
    })
    .giving(gives::text),
];

fn impure(name: &str, call: Call<'_>) -> Outcome {
    Ok(Value::unknown(Reason::Impure(name.into()), call.site))
}

fn uncomputed(name: &str, call: Call<'_>) -> Outcome {
    Ok(Value::unknown(Reason::Function(name.into()), call.site))
}

/// Types of results.
mod gives {
    use super::{Type, Value, types};

    fn list(of: Type) -> Type {
        Type::List(Box::new(of))
    }

    pub(super) fn text(_: &[Value]) -> Option<Type> {
        Some(Type::String)
    }

    pub(super) fn number(_: &[Value]) -> Option<Type> {
        Some(Type::Number)
    }

    pub(super) fn truth(_: &[Value]) -> Option<Type> {
        Some(Type::Bool)
    }

    pub(super) fn texts(_: &[Value]) -> Option<Type> {
        Some(list(Type::String))
    }

    pub(super) fn numbers(_: &[Value]) -> Option<Type> {
        Some(list(Type::Number))
    }

    pub(super) fn set_of_texts(_: &[Value]) -> Option<Type> {
        Some(Type::Set(Box::new(Type::String)))
    }

    pub(super) fn texts_by_name(_: &[Value]) -> Option<Type> {
        Some(Type::Map(Box::new(list(Type::String))))
    }

    /// That of the first argument, if it is a list or set.
    pub(super) fn same(arguments: &[Value]) -> Option<Type> {
        match types::type_of(arguments.first()?) {
            of @ (Type::List(_) | Type::Set(_)) => Some(of),
            _ => None,
        }
    }

    /// A list of what the first argument is a list or set of.
    pub(super) fn listed(arguments: &[Value]) -> Option<Type> {
        match types::type_of(arguments.first()?) {
            Type::List(of) | Type::Set(of) => Some(Type::List(of)),
            _ => None,
        }
    }

    /// Lists of the first argument's type.
    pub(super) fn chunks(arguments: &[Value]) -> Option<Type> {
        same(arguments).map(list)
    }

    /// The type that all arguments have.
    pub(super) fn alike(arguments: &[Value]) -> Option<Type> {
        let first = types::type_of(arguments.first()?);
        let is_alike = arguments.iter().all(|a| types::type_of(a) == first);
        (is_alike && first.is_collection()).then_some(first)
    }

    /// The type that all arguments can be converted to.
    pub(super) fn unified(arguments: &[Value]) -> Option<Type> {
        let all: Vec<Type> = arguments.iter().map(types::type_of).collect();
        types::unify(&all).filter(|of| *of != Type::Any)
    }

    /// The keys of a map.
    pub(super) fn keys(arguments: &[Value]) -> Option<Type> {
        match types::type_of(arguments.first()?) {
            Type::Map(_) => Some(list(Type::String)),
            _ => None,
        }
    }

    /// The elements of a map.
    pub(super) fn values(arguments: &[Value]) -> Option<Type> {
        match types::type_of(arguments.first()?) {
            Type::Map(of) => Some(Type::List(of)),
            _ => None,
        }
    }

    /// A map of what the second argument is a list of.
    pub(super) fn zipped(arguments: &[Value]) -> Option<Type> {
        match types::type_of(arguments.get(1)?) {
            Type::List(of) => Some(Type::Map(of)),
            _ => None,
        }
    }
}

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
        .chain(aws::TABLE)
        .chain(OPEN)
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    tables()
        .map(|function| function.name)
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
    by_name(name).map(|function| function.apply(arguments, call))
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
            if argument.is_null() && !takes.may_be_null() {
                return Err(format!("argument {} is null", at + 1));
            }
            if !argument.is_null()
                && !matches!(argument.data, Data::Choice(_))
                && !results::is_unseen(self.name, arguments)
                && let Some(needed) = takes.refuses(&types::type_of(argument))
            {
                return Err(format!(
                    "{needed} is needed, but this is {}",
                    types::noun(argument)
                ));
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
            _ if call.as_planned => self.planned(&converted, call)?,
            Some(unknown) => unknown_like(unknown, call.site),
            None => results::typed((self.run)(&converted, call)?, self.name, &converted),
        };
        let value = match &value.data {
            Data::Unknown(unknown) if unknown.of.is_none() && !call.as_planned => {
                match (self.gives)(&converted) {
                    Some(of) => {
                        let typed = Unknown {
                            of: Some(Arc::new(of)),
                            is_never_null: true,
                            ..(**unknown).clone()
                        };
                        Value {
                            data: Data::Unknown(Arc::new(typed)),
                            ..value
                        }
                    }
                    None => value,
                }
            }
            _ => value,
        };
        let is_cleared = matches!(self.name, "nonsensitive" | "issensitive");
        Ok(value.sensitive_if(is_sensitive && !is_cleared))
    }
}

impl Function {
    /// What Terraform says of the result when it plans.
    fn planned(&self, arguments: &[Value], call: Call<'_>) -> Outcome {
        let name = self.name;
        if results::is_open(name, arguments) {
            return Ok(results::unknown(name, Type::Any, arguments, call.site));
        }
        let is_unknown = |argument: &Value| argument.as_unknown().is_some();
        if results::needs_known(name) && arguments.iter().any(is_unknown) {
            let of = results::type_of(name, arguments)?;
            return Ok(results::unknown(name, of, arguments, call.site));
        }
        if !arguments.iter().all(Value::is_wholly_known) {
            results::type_of(name, arguments)?;
        }
        if let Some(outcome) = results::planned(name, arguments, call) {
            return outcome;
        }
        let needs_all = self.needs == Needs::Known;
        if needs_all && !arguments.iter().all(Value::is_wholly_known) {
            let of = results::type_of(name, arguments)?;
            return Ok(results::unknown(name, of, arguments, call.site));
        }
        let value = results::typed((self.run)(arguments, call)?, name, arguments);
        if value.is_wholly_known() {
            return Ok(value);
        }
        let seen = foreseen::wholly_planned(value.clone());
        match (value.as_unknown(), seen.as_unknown()) {
            // Terraform knows the type of what it does not know.
            (None, Some(_)) | (Some(_), _) if !matches!(name, "sensitive" | "nonsensitive") => {
                match results::type_of(name, arguments) {
                    Ok(of) if of != Type::Any => Ok(foreseen::as_unknown(&seen, of)),
                    _ => Ok(seen),
                }
            }
            _ => Ok(seen),
        }
    }
}

/// JSON text with members in the order in which they stand, indented if `indent` says by how much.
pub(super) fn json_in_order(value: &Value, indent: Option<usize>) -> crate::value::Text {
    encoding::json_in_order(value, indent)
}

/// JSON text of a known value, its names sorted.
pub(super) fn json_sorted(value: &Value) -> String {
    encoding::json_text(value)
}

/// The SHA-1 of a text, as digits.
pub(super) fn sha1(text: &str) -> String {
    encoding::digits::<sha1::Sha1>(text)
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

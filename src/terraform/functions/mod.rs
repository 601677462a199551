//! Terraform's functions: a name and values in, a value out.

use crate::source::{Files, Span};
use crate::value::Value;

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

/// Calls the function `name`. Arguments are settled: no choice is left in them, but they may be or hold unknowns. None:
/// there is no such function.
///
/// # Errors
/// A sentence for the user when the arguments do not fit, as Terraform would refuse them.
pub fn call(name: &str, arguments: &[Value], call: Call<'_>) -> Option<Result<Value, String>> {
    let _ = (name, arguments, call);
    None
}

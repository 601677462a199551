//! YAML or JSON text in, values with byte spans out.

pub mod json;

use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;
use crate::value::Value;

/// Reads one YAML (or JSON) document. A tag such as `!Ref x` becomes `{Ref: x}`, other `!Name x` `{Fn::Name: x}`.
/// Broken text gives what was read before the fault, and a diagnostic.
pub fn parse(file: &SourceFile) -> (Option<Value>, Vec<Diagnostic>) {
    let _ = file;
    (None, Vec::new())
}

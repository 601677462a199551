//! What the evaluator makes of one stack: [`Declared`] in, one JSON document out. No rules are involved.
//!
//! Values are written as `terraform show -json` writes them: what is unknown is left out of objects and `null` in lists,
//! and stands in a mirror of the same shape. Sensitive values are never printed: `"redacted": true` says that one was
//! left out.

pub mod document;
pub mod overview;
pub(super) mod tree;

use std::io::{self, Write};
use std::sync::Arc;

use crate::declared::{Declared, DeclaredResource, Language};
use crate::diagnostic::{Diagnostic, Level};
use crate::source::{Columns, SourceMap, Span};
use crate::value::{Certainty, Data, Guard, List, Member, Object, ObjectKind, Type, Value, World};

/// How to write the document.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Print sensitive values too. For comparing evaluators; never the default.
    pub show_sensitive: bool,
}

/// JSON whose numbers keep all their digits, which `serde_json::Number` does not without a feature that changes how
/// every other part of the program reads numbers.
enum Json {
    /// Text that is JSON already.
    Raw(String),
    List(Vec<Json>),
    Object(Vec<(Arc<str>, Json)>),
}

impl Json {
    fn text(text: &str) -> Json {
        Json::Raw(serde_json::Value::from(text).to_string())
    }

    fn bool(truth: bool) -> Json {
        Json::Raw(truth.to_string())
    }

    fn number(number: usize) -> Json {
        Json::Raw(number.to_string())
    }

    fn null() -> Json {
        Json::Raw("null".to_owned())
    }

    fn write(&self, out: &mut dyn Write, indent: usize) -> io::Result<()> {
        let line =
            |out: &mut dyn Write, indent: usize| write!(out, "\n{:width$}", "", width = indent);
        match self {
            Json::Raw(text) => out.write_all(text.as_bytes()),
            Json::List(items) if items.is_empty() => out.write_all(b"[]"),
            Json::Object(members) if members.is_empty() => out.write_all(b"{}"),
            Json::List(items) => {
                out.write_all(b"[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.write_all(b",")?;
                    }
                    line(out, indent + 1)?;
                    item.write(out, indent + 1)?;
                }
                line(out, indent)?;
                out.write_all(b"]")
            }
            Json::Object(members) => {
                out.write_all(b"{")?;
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        out.write_all(b",")?;
                    }
                    line(out, indent + 1)?;
                    write!(out, "{}: ", serde_json::Value::from(&**name))?;
                    member.write(out, indent + 1)?;
                }
                line(out, indent)?;
                out.write_all(b"}")
            }
        }
    }
}

fn member(name: &str, value: Json) -> (Arc<str>, Json) {
    (name.into(), value)
}

/// A value as it is printed.
struct Shown {
    /// Absent when it is wholly unknown.
    value: Option<Json>,
    /// The mirror of what is unknown; absent when everything is known.
    unknown: Option<Json>,
    /// The mirror of what is sensitive.
    sensitive: Option<Json>,
    redacted: bool,
}

/// Writes the document.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    declared: &Declared,
    sources: &SourceMap,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let inspection = Inspection {
        declared,
        sources,
        options,
        world: default_world(declared),
    };
    Json::Object(inspection.document()).write(out, 0)?;
    out.write_all(b"\n")
}

/// Whether a diagnostic says that the evaluation is faulty.
pub fn has_errors(declared: &Declared) -> bool {
    declared
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.level == Level::Error)
}

/// What atoms are shown to.
type Visit<'v> = &'v mut dyn FnMut(&crate::value::Atom);

/// The world in which every atom has its default answer; atoms without one stay open.
fn default_world(declared: &Declared) -> World {
    let mut world = declared.world();
    let mut choose = |atoms_of: &dyn Fn(Visit<'_>)| {
        let mut atoms = Vec::new();
        atoms_of(&mut |atom| atoms.push(atom.clone()));
        for atom in atoms {
            if let Some(truth) = atom.by_default()
                && let Some(decided) = world.with(&atom, truth)
            {
                world = decided;
            }
        }
    };
    for resource in &declared.resources {
        choose(&|visit| resource.exists.atoms(visit));
        choose(&|visit| resource.body.atoms(visit));
    }
    for output in &declared.outputs {
        choose(&|visit| output.exists.atoms(visit));
        choose(&|visit| output.value.atoms(visit));
    }
    for condition in &declared.conditions {
        choose(&|visit| condition.guard.atoms(visit));
    }
    world
}

struct Inspection<'a> {
    declared: &'a Declared,
    sources: &'a SourceMap,
    options: Options,
    world: World,
}

impl Inspection<'_> {
    fn document(&self) -> Vec<(Arc<str>, Json)> {
        let declared = self.declared;
        let mut document = Vec::new();
        if declared.language == Language::CloudFormation {
            let parameters = declared.inputs.iter().map(|input| {
                let mut shown = self.value_members(&input.value);
                if let Some(unknown) = input.value.as_unknown()
                    && !unknown.allowed.is_empty()
                {
                    let allowed = unknown.allowed.iter();
                    let allowed = allowed.filter_map(|value| self.show(value, false).value);
                    shown.push(member("allowed", Json::List(allowed.collect())));
                }
                (input.name.clone(), Json::Object(shown))
            });
            document.push(member("parameters", Json::Object(parameters.collect())));
            let conditions = declared
                .conditions
                .iter()
                .map(|condition| (condition.name.clone(), self.truth(&condition.guard)));
            document.push(member("conditions", Json::Object(conditions.collect())));
        }
        let mut outputs: Vec<_> = declared.outputs.iter().collect();
        outputs.sort_by(|a, b| a.name.cmp(&b.name));
        let outputs = outputs.into_iter().map(|output| {
            let exists = self.world.truth(&output.exists);
            let value = self.decided(&output.value, &self.world);
            let mut members = match exists {
                Certainty::No => Vec::new(),
                _ => self.value_members(&value),
            };
            if declared.language == Language::CloudFormation {
                members.push(member("exists", three_valued(exists)));
                if !output.exists.is_always() {
                    let words = self.declared.in_words(&output.exists);
                    members.push(member("condition", Json::text(&words)));
                }
                if !exists.is_no() {
                    self.push_choices(&value, &mut members);
                }
            } else {
                members.push(member("sensitive", Json::bool(output.is_sensitive)));
                if let Some(of) = &output.of {
                    members.push(member("type", type_in_words(of)));
                }
            }
            (output.name.clone(), Json::Object(members))
        });
        document.push(member("outputs", Json::Object(outputs.collect())));
        // Provider configurations are declared for rules; Terraform does not count them among resources.
        let is_provider = |kind: &str| kind.starts_with("provider.");
        let mut resources: Vec<_> = declared
            .resources
            .iter()
            .filter(|resource| !is_provider(&resource.native_kind))
            .collect();
        resources.extend(declared.absent.iter());
        resources.sort_by(|a, b| a.address.cmp(&b.address));
        let resources = resources
            .into_iter()
            .map(|resource| self.resource(resource));
        document.push(member("resources", Json::List(resources.collect())));
        let diagnostics = declared.diagnostics.iter();
        let diagnostics = diagnostics.map(|diagnostic| self.diagnostic(diagnostic));
        document.push(member("diagnostics", Json::List(diagnostics.collect())));
        document
    }

    fn truth(&self, guard: &Guard) -> Json {
        three_valued(self.world.truth(guard))
    }

    /// A value with what `world` decides decided; in templates, what is removed then is not there.
    fn decided(&self, value: &Value, world: &World) -> Value {
        if self.declared.language == Language::Terraform || !value.has_choices() {
            return value.clone();
        }
        present(&value.in_world(world))
    }

    fn value_members(&self, value: &Value) -> Vec<(Arc<str>, Json)> {
        let shown = self.show(value, false);
        let mut members = Vec::new();
        if let Some(value) = shown.value {
            members.push(member("value", value));
        }
        if let Some(unknown) = shown.unknown {
            members.push(member("unknown", unknown));
        }
        if shown.redacted {
            members.push(member("redacted", Json::bool(true)));
        }
        members
    }

    fn resource(&self, resource: &DeclaredResource) -> Json {
        let exists = self.world.truth(&resource.exists);
        let mut members = vec![member("address", Json::text(&resource.address))];
        match self.declared.language {
            Language::Terraform => {
                let (mode, kind) = match resource.native_kind.strip_prefix("data.") {
                    Some(kind) => ("data", kind),
                    None => ("managed", &*resource.native_kind),
                };
                members.push(member("mode", Json::text(mode)));
                members.push(member("type", Json::text(kind)));
                let (name, index) = name_and_index(resource);
                members.push(member("name", Json::text(name)));
                match index {
                    Some(Index::Number(number)) => {
                        members.push(member("index", Json::Raw(number.to_owned())));
                    }
                    Some(Index::Key(quoted)) => {
                        members.push(member("index", Json::text(&unquoted(quoted))));
                    }
                    None => {}
                }
                if !resource.module.is_empty() {
                    members.push(member("module", Json::text(&resource.module)));
                }
            }
            Language::CloudFormation => {
                members.push(member("type", Json::text(&resource.native_kind)));
                members.push(member("exists", three_valued(exists)));
            }
        }
        let body = self.decided(&resource.body, &self.world);
        let shown = if exists.is_no() {
            None
        } else {
            Some(self.show(&body, true))
        };
        let empty = || Json::Object(Vec::new());
        let (value, unknown, sensitive) = match shown {
            Some(shown) => (shown.value, shown.unknown, shown.sensitive),
            None => (None, None, None),
        };
        members.push(member("values", value.unwrap_or_else(empty)));
        members.push(member("unknown", unknown.unwrap_or_else(empty)));
        if let Some(sensitive) = sensitive {
            members.push(member("sensitive", sensitive));
        }
        if resource.is_symbolic {
            members.push(member("symbolic", Json::bool(true)));
        }
        if exists.is_unsure() {
            let word = match self.declared.language {
                Language::Terraform => ("absent_if", (!resource.exists.clone()).to_string()),
                Language::CloudFormation => ("when", self.declared.in_words(&resource.exists)),
            };
            members.push(member(word.0, Json::text(&word.1)));
        }
        if self.declared.language == Language::CloudFormation && !exists.is_no() {
            self.push_choices(&body, &mut members);
        }
        self.push_place(resource.block, &mut members);
        Json::Object(members)
    }

    fn push_place(&self, span: Span, members: &mut Vec<(Arc<str>, Json)>) {
        let Some(file) = self.sources.get(span.source) else {
            return;
        };
        let root = match self.declared.language {
            Language::Terraform => &*self.declared.root,
            Language::CloudFormation => self
                .declared
                .root
                .rsplit_once('/')
                .map_or(".", |(folder, _)| folder),
        };
        members.push(member("file", Json::text(&relative(root, &file.path))));
        let position = |offset: u32| {
            let at = file.position(offset, Columns::Characters);
            Json::Object(vec![
                member("line", Json::number(at.line)),
                member("column", Json::number(at.column)),
            ])
        };
        let range = vec![
            member("start", position(span.start)),
            member("end", position(span.end)),
        ];
        members.push(member("range", Json::Object(range)));
    }

    fn diagnostic(&self, diagnostic: &Diagnostic) -> Json {
        let severity = match diagnostic.level {
            Level::Error => "error",
            Level::Warning | Level::Note => "warning",
        };
        let mut members = vec![
            member("severity", Json::text(severity)),
            member("code", Json::text(diagnostic.code)),
            member("message", Json::text(&diagnostic.message)),
        ];
        if let Some(hint) = &diagnostic.hint {
            members.push(member("hint", Json::text(hint)));
        }
        match (diagnostic.span, &diagnostic.path) {
            (Some(span), _) => self.push_place(span, &mut members),
            (None, Some(path)) => members.push(member("file", Json::text(path))),
            (None, None) => {}
        }
        Json::Object(members)
    }

    /// Every place that a condition still decides, as JSON pointer, condition and value.
    fn push_choices(&self, value: &Value, members: &mut Vec<(Arc<str>, Json)>) {
        let mut choices = Vec::new();
        let around = (Guard::Always, self.world.clone());
        self.collect_choices(value, &around, &mut String::new(), &mut choices);
        if !choices.is_empty() {
            members.push(member("choices", Json::List(choices)));
        }
    }

    /// The same within a branch: `around` is its condition and the world in which it is taken.
    fn collect_choices(
        &self,
        value: &Value,
        around: &(Guard, World),
        path: &mut String,
        into: &mut Vec<Json>,
    ) {
        if !value.has_choices() {
            return;
        }
        let below = |step: &str, part: &Value, path: &mut String, into: &mut Vec<Json>| {
            let length = path.len();
            path.push('/');
            path.push_str(&step.replace('~', "~0").replace('/', "~1"));
            self.collect_choices(part, around, path, into);
            path.truncate(length);
        };
        match &value.data {
            Data::List(list) => {
                for (index, item) in list.items().iter().enumerate() {
                    below(&index.to_string(), item, path, into);
                }
            }
            Data::Object(object) => {
                for (name, part) in object.members() {
                    below(name, &part.value, path, into);
                }
            }
            Data::Choice(alternatives) => {
                let (guard, world) = around;
                for alternative in alternatives.iter() {
                    let Some(world) = world.assuming(&alternative.guard) else {
                        continue;
                    };
                    let around = (guard.clone().and(alternative.guard.clone()), world);
                    let value = self.decided(&alternative.value, &around.1);
                    let words = self.declared.in_words(&around.0);
                    let mut choice = vec![
                        member("path", Json::text(path)),
                        member("when", Json::text(&words)),
                    ];
                    if value.is_null() {
                        choice.push(member("absent", Json::bool(true)));
                    } else {
                        choice.extend(self.value_members(&value));
                    }
                    into.push(Json::Object(choice));
                    self.collect_choices(&value, &around, path, into);
                }
            }
            _ => {}
        }
    }

    /// `is_body`: null members are as if not written.
    fn show(&self, value: &Value, is_body: bool) -> Shown {
        if value.is_sensitive && !self.options.show_sensitive {
            return Shown {
                value: None,
                unknown: value.as_unknown().map(|_| Json::bool(true)),
                sensitive: Some(Json::bool(true)),
                redacted: true,
            };
        }
        let known = |json: Json| Shown {
            value: Some(json),
            unknown: None,
            sensitive: value.is_sensitive.then(|| Json::bool(true)),
            redacted: false,
        };
        let unknown = || Shown {
            value: None,
            unknown: Some(Json::bool(true)),
            sensitive: value.is_sensitive.then(|| Json::bool(true)),
            redacted: false,
        };
        match &value.data {
            Data::Null(_) => known(Json::null()),
            Data::Bool(truth) => known(Json::bool(*truth)),
            Data::Number(number) => known(Json::Raw(number.to_planned())),
            Data::Text(text) => match text.as_str() {
                Some(text) => known(Json::text(text)),
                None => unknown(),
            },
            Data::Unknown(_) => unknown(),
            Data::Choice(_) => {
                let settled = value.settle(&self.world);
                match settled.as_slice() {
                    [only] => self.show(only, is_body),
                    _ => unknown(),
                }
            }
            Data::List(list) => {
                if list.more().is_some() && list.items().is_empty() {
                    return unknown();
                }
                let is_block_list = list.items().iter().any(is_block);
                let parts: Vec<Shown> = list
                    .items()
                    .iter()
                    .filter(|item| !(is_block_list && item.is_null()))
                    .map(|item| self.show(item, is_block_list))
                    .collect();
                // A collection of unknown length is unknown as a whole; rules still see its known elements. Blocks are
                // printed, since an unknown number of blocks says nothing of those that are written.
                let is_open = list.more().is_some();
                if is_open && !is_block_list {
                    return unknown();
                }
                let some_unknown = parts.iter().any(|part| part.unknown.is_some());
                let some_sensitive = parts.iter().any(|part| part.sensitive.is_some());
                let redacted = parts.iter().any(|part| part.redacted);
                let mut values = Vec::with_capacity(parts.len());
                let mut unknowns = Vec::with_capacity(parts.len());
                let mut sensitives = Vec::with_capacity(parts.len());
                for part in parts {
                    values.push(part.value.unwrap_or_else(Json::null));
                    unknowns.push(part.unknown.unwrap_or_else(|| Json::bool(false)));
                    sensitives.push(part.sensitive.unwrap_or_else(|| Json::bool(false)));
                }
                Shown {
                    value: Some(Json::List(values)),
                    unknown: if is_open {
                        Some(Json::bool(true))
                    } else {
                        some_unknown.then_some(Json::List(unknowns))
                    },
                    sensitive: some_sensitive.then_some(Json::List(sensitives)),
                    redacted,
                }
            }
            Data::Object(object) => {
                if object.more().is_some() && object.kind() != ObjectKind::Block {
                    return unknown();
                }
                let is_body = is_body || object.kind() == ObjectKind::Block;
                let (mut values, mut unknowns, mut sensitives) =
                    (Vec::new(), Vec::new(), Vec::new());
                let mut redacted = false;
                for (name, part) in object.members() {
                    let shown = self.show(&part.value, false);
                    let is_left_out =
                        is_body && matches!(&shown.value, Some(Json::Raw(text)) if text == "null");
                    if is_left_out {
                        continue;
                    }
                    redacted |= shown.redacted;
                    if let Some(value) = shown.value {
                        values.push((name.clone(), value));
                    }
                    if let Some(unknown) = shown.unknown {
                        unknowns.push((name.clone(), unknown));
                    }
                    if let Some(sensitive) = shown.sensitive {
                        sensitives.push((name.clone(), sensitive));
                    }
                }
                Shown {
                    value: Some(Json::Object(values)),
                    unknown: (!unknowns.is_empty()).then_some(Json::Object(unknowns)),
                    sensitive: (!sensitives.is_empty()).then_some(Json::Object(sensitives)),
                    redacted,
                }
            }
        }
    }
}

/// A value without the parts that are null.
fn present(value: &Value) -> Value {
    let data = match &value.data {
        Data::List(list) => {
            let items = list.items().iter().filter(|item| !item.is_null());
            let items = items.map(present).collect();
            Data::List(match list.more() {
                Some(why) => List::open(list.kind(), items, why.clone()),
                None => List::new(list.kind(), items),
            })
        }
        Data::Object(object) => {
            let members = object.members().iter();
            let members = members.filter(|(_, part)| !part.value.is_null());
            let members = members.map(|(name, part)| {
                let value = present(&part.value);
                (name.clone(), Member { value, ..*part })
            });
            let members = members.collect();
            Data::Object(match object.more() {
                Some(why) => Object::open(object.kind(), members, why.clone()),
                None => Object::new(object.kind(), members),
            })
        }
        _ => return value.clone(),
    };
    Value {
        data,
        ..value.clone()
    }
}

/// A type as Terraform writes it in JSON.
fn type_in_words(of: &Type) -> Json {
    let pair = |kind: &str, of: Json| Json::List(vec![Json::text(kind), of]);
    match of {
        Type::Any => Json::text("dynamic"),
        Type::Bool | Type::Number | Type::String => Json::text(&of.describe()),
        Type::List(of) => pair("list", type_in_words(of)),
        Type::Set(of) => pair("set", type_in_words(of)),
        Type::Map(of) => pair("map", type_in_words(of)),
        Type::Tuple(items) => pair(
            "tuple",
            Json::List(items.iter().map(type_in_words).collect()),
        ),
        Type::Object(attributes) => {
            let mut members: Vec<(Arc<str>, Json)> = attributes
                .iter()
                .map(|(name, attribute)| (name.clone(), type_in_words(&attribute.of)))
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            pair("object", Json::Object(members))
        }
    }
}

fn is_block(value: &Value) -> bool {
    match &value.data {
        Data::Object(object) => object.kind() == ObjectKind::Block,
        Data::Choice(alternatives) => alternatives.iter().any(|a| is_block(&a.value)),
        _ => false,
    }
}

fn three_valued(certainty: Certainty) -> Json {
    match certainty {
        Certainty::Yes => Json::bool(true),
        Certainty::No => Json::bool(false),
        Certainty::Unsure => Json::null(),
    }
}

enum Index<'a> {
    Number(&'a str),
    Key(&'a str),
}

/// The resource's own name and its index, from its address.
fn name_and_index(resource: &DeclaredResource) -> (&str, Option<Index<'_>>) {
    let address = &*resource.address;
    let local = address
        .strip_prefix(&*resource.module)
        .unwrap_or(address)
        .trim_start_matches('.');
    let name = local
        .strip_prefix(&*resource.native_kind)
        .unwrap_or(local)
        .trim_start_matches('.');
    let Some((name, index)) = name.split_once('[') else {
        return (name, None);
    };
    let index = index.strip_suffix(']').unwrap_or(index);
    let index = match index {
        "*" => None,
        quoted if quoted.starts_with('"') => Some(Index::Key(quoted)),
        number => Some(Index::Number(number)),
    };
    (name, index)
}

/// An HCL string literal's text. Addresses use the escapes that JSON has too.
fn unquoted(quoted: &str) -> String {
    serde_json::from_str(quoted)
        .unwrap_or_else(|_| quoted.trim_matches('"').to_owned())
        .replace("$${", "${")
        .replace("%%{", "%{")
}

/// A path seen from a folder.
fn relative(folder: &str, path: &str) -> String {
    if folder == "." || folder.is_empty() {
        return path.to_owned();
    }
    let from: Vec<&str> = folder.split('/').collect();
    let to: Vec<&str> = path.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if from[..shared.min(from.len())].is_empty() && path.starts_with('/') != folder.starts_with('/')
    {
        return path.to_owned();
    }
    let up = std::iter::repeat_n("..", from.len() - shared);
    up.chain(to[shared..].iter().copied())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_root() {
        assert_eq!(relative("a/b", "a/b/main.tf"), "main.tf");
        assert_eq!(relative("a/b", "a/c/main.tf"), "../c/main.tf");
        assert_eq!(relative(".", "x/main.tf"), "x/main.tf");
        assert_eq!(relative("/r/a", "/r/a/m.tf"), "m.tf");
    }
}

//! Plans: `terraform show -json` of a plan file in; values that go before what the code alone tells out.
//! <https://developer.hashicorp.com/terraform/internals/json-format>

mod configuration;
mod join;

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Level as Loss;
use crate::source::{Files, SourceId, SourceMap, Span};
use crate::value::{
    Data, List, ListKind, Member, Members, Object, ObjectKind, Reason, Unknown, Value,
};
use crate::yaml::json::{self, Bytes, JsonError, Level};

/// The format that is known; others of the same major version only add to it.
const MAJOR: &str = "1";

/// Modules within modules of the state that are read.
const DEEPEST_MODULE: usize = 64;

/// What a plan says.
pub(super) struct Plan {
    /// Variables of the root.
    pub variables: Vec<(Arc<str>, Value)>,
    /// Resource instances that are there after the plan is applied, and data sources that were read.
    instances: Vec<Instance>,
    /// Addresses of `instances`.
    addresses: FxHashSet<Arc<str>>,
    /// The code as the plan holds it: its references.
    configuration: Option<Value>,
}

/// One resource instance of a plan.
struct Instance {
    address: Arc<str>,
    kind: Arc<str>,
    /// Its attributes, unknown ones among them.
    body: Value,
    /// Where its address is written.
    header: Span,
    /// All that the plan says of it.
    block: Span,
}

/// Where the parts of one resource instance are.
#[derive(Default)]
struct Parts {
    block: Bytes,
    address: Option<Bytes>,
    mode: Option<Bytes>,
    kind: Option<Bytes>,
    values: Option<Bytes>,
    unknown: Option<Bytes>,
    sensitive: Option<Bytes>,
}

impl Plan {
    /// Reads a plan. What is no plan gives none and a diagnostic.
    pub(super) fn read(
        files: &dyn Files,
        sources: &SourceMap,
        path: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Plan> {
        let refuse = |why: String, hint: &str| {
            Diagnostic::new(Loss::Error, "invalid_plan", why)
                .in_file(path)
                .hint(hint)
                .incomplete()
        };
        const MAKE: &str = "write one with `terraform plan -out plan.bin && terraform show -json plan.bin > plan.json`";
        let bytes = match files.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                diagnostics.push(refuse(format!("the plan cannot be read: {why}"), MAKE));
                return None;
            }
        };
        if bytes.starts_with(b"PK") {
            let why = "this is a plan in Terraform's own format, not JSON".to_owned();
            let hint = format!("turn it into JSON: `terraform show -json {path} > plan.json`");
            diagnostics.push(refuse(why, &hint));
            return None;
        }
        let Ok(text) = String::from_utf8(bytes) else {
            diagnostics.push(refuse("the plan is not UTF-8 text".to_owned(), MAKE));
            return None;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let broken = |error: &JsonError| {
            let line = text
                .bytes()
                .take(error.span.start as usize)
                .filter(|b| *b == b'\n')
                .count();
            let why = format!(
                "this is not valid JSON, line {}: {}",
                line + 1,
                error.message
            );
            refuse(why, MAKE)
        };
        let (members, rest) = match json::level(text, 0, SourceId::NONE) {
            Ok((Level::Object(members), all)) => (members, text[all.end..].trim_start()),
            Ok(_) => {
                diagnostics.push(refuse("this is not a plan".to_owned(), MAKE));
                return None;
            }
            Err(error) => {
                diagnostics.push(broken(&error));
                return None;
            }
        };
        let part = |name: &str| {
            let found = members.iter().find(|(known, _)| known == name);
            found.map(|(_, bytes)| bytes.clone())
        };
        let (Some(changes), true) = (
            part("resource_changes").or_else(|| part("planned_values")),
            rest.is_empty(),
        ) else {
            let is_state = part("lineage").is_some() || part("values").is_some();
            let why = match (is_state, rest.is_empty()) {
                (true, _) => "this is a state, not a plan",
                (false, false) => "this is not one JSON document",
                (false, true) => "this is not a plan: it has no `resource_changes`",
            };
            diagnostics.push(refuse(why.to_owned(), MAKE));
            return None;
        };
        let version = part("format_version").map(|bytes| text[bytes].trim_matches('"').to_owned());
        if let Some(version) = version
            && version.split('.').next() != Some(MAJOR)
        {
            diagnostics.push(
                Diagnostic::new(
                    Loss::Warning,
                    "newer_plan",
                    format!("the plan has format {version}; onus knows {MAJOR}.x"),
                )
                .in_file(path)
                .hint("values may be missing or misread"),
            );
        }
        if part("errored").is_some_and(|bytes| &text[bytes] == "true") {
            diagnostics.push(
                Diagnostic::new(
                    Loss::Warning,
                    "errored_plan",
                    "Terraform could not finish this plan: resources are missing from it",
                )
                .in_file(path)
                .hint("mend what `terraform plan` complains about and plan again")
                .incomplete(),
            );
        }
        let mut found = Vec::new();
        let state = part("prior_state");
        let collect = || {
            if part("resource_changes").is_some() {
                changed(text, changes.start, &mut found)?;
            }
            if let Some(state) = state {
                looked_up(text, state.start, &mut found)?;
            }
            Ok(())
        };
        if let Err(error) = collect() {
            diagnostics.push(broken(&error));
            return None;
        }
        let read = read_all(
            text,
            sources,
            path,
            &found,
            part("variables"),
            part("configuration"),
        );
        read.map_err(|error| diagnostics.push(broken(&error))).ok()
    }
}

/// Where the members of an object are; none of anything else.
fn members(text: &str, at: usize) -> Result<Vec<(String, Bytes)>, JsonError> {
    Ok(match json::level(text, at, SourceId::NONE)?.0 {
        Level::Object(members) => members,
        _ => Vec::new(),
    })
}

fn elements(text: &str, at: usize) -> Result<Vec<Bytes>, JsonError> {
    Ok(match json::level(text, at, SourceId::NONE)?.0 {
        Level::List(items) => items,
        _ => Vec::new(),
    })
}

/// The instances in `resource_changes` that are there afterwards.
fn changed(text: &str, at: usize, found: &mut Vec<Parts>) -> Result<(), JsonError> {
    for element in elements(text, at)? {
        let mut parts = Parts {
            block: element.clone(),
            ..Parts::default()
        };
        let mut is_old = false;
        for (name, bytes) in members(text, element.start)? {
            match name.as_str() {
                "address" => parts.address = Some(bytes),
                "mode" => parts.mode = Some(bytes),
                "type" => parts.kind = Some(bytes),
                // An object of this address that is replaced by another.
                "deposed" => is_old = true,
                "change" => {
                    for (name, bytes) in members(text, bytes.start)? {
                        match name.as_str() {
                            "after" => parts.values = Some(bytes),
                            "after_unknown" => parts.unknown = Some(bytes),
                            "after_sensitive" => parts.sensitive = Some(bytes),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        let is_there = parts
            .values
            .as_ref()
            .is_some_and(|values| text[values.clone()].starts_with('{'));
        if is_there && !is_old {
            found.push(parts);
        }
    }
    Ok(())
}

/// The data sources in `prior_state`.
fn looked_up(text: &str, at: usize, found: &mut Vec<Parts>) -> Result<(), JsonError> {
    let Some(values) = named(text, at, "values")? else {
        return Ok(());
    };
    let Some(root) = named(text, values.start, "root_module")? else {
        return Ok(());
    };
    let mut open = vec![(root, 0)];
    while let Some((module, depth)) = open.pop() {
        for (name, bytes) in members(text, module.start)? {
            match name.as_str() {
                "resources" => {
                    for element in elements(text, bytes.start)? {
                        let mut parts = Parts {
                            block: element.clone(),
                            ..Parts::default()
                        };
                        for (name, bytes) in members(text, element.start)? {
                            match name.as_str() {
                                "address" => parts.address = Some(bytes),
                                "mode" => parts.mode = Some(bytes),
                                "type" => parts.kind = Some(bytes),
                                "values" => parts.values = Some(bytes),
                                "sensitive_values" => parts.sensitive = Some(bytes),
                                _ => {}
                            }
                        }
                        let mode = parts.mode.clone();
                        if mode.is_some_and(|mode| &text[mode] == "\"data\"") {
                            found.push(parts);
                        }
                    }
                }
                "child_modules" if depth < DEEPEST_MODULE => {
                    for child in elements(text, bytes.start)? {
                        open.push((child, depth + 1));
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn named(text: &str, at: usize, name: &str) -> Result<Option<Bytes>, JsonError> {
    let found = members(text, at)?
        .into_iter()
        .find(|(known, _)| known == name);
    Ok(found.map(|(_, bytes)| bytes))
}

/// Reads the values of what was found. The text that everything later points into shows only what may be seen of them:
/// Terraform writes sensitive values into plans in plain text.
fn read_all(
    text: &str,
    sources: &SourceMap,
    path: &str,
    found: &[Parts],
    variables: Option<Bytes>,
    configuration: Option<Bytes>,
) -> Result<Plan, JsonError> {
    let configuration = match configuration {
        Some(bytes) => Some(json::value_at(text, bytes.start, SourceId::NONE)?),
        None => None,
    };
    let is_sensitive = |name: &str| {
        configuration
            .as_ref()
            .and_then(|value| {
                value
                    .member("root_module")?
                    .member("variables")?
                    .member(name)
            })
            .and_then(|variable| variable.member("sensitive")?.as_bool())
            .unwrap_or(false)
    };
    let mut given = Vec::new();
    if let Some(bytes) = variables {
        for (name, bytes) in members(text, bytes.start)? {
            if let Some(bytes) = named(text, bytes.start, "value")? {
                given.push((name, bytes));
            }
        }
    }
    let mut shown = Shown::new(text);
    for (name, bytes) in &given {
        if !is_sensitive(name) {
            shown.show(bytes.clone());
        }
    }
    for parts in found {
        for bytes in [&parts.address, &parts.values].into_iter().flatten() {
            shown.show(bytes.clone());
        }
        let (Some(values), Some(sensitive)) = (&parts.values, &parts.sensitive) else {
            continue;
        };
        if text[sensitive.clone()].contains("true") {
            let values = json::value_at(text, values.start, SourceId::NONE)?;
            let sensitive = json::value_at(text, sensitive.start, SourceId::NONE)?;
            shown.hide(&values, &sensitive);
        }
    }
    let file = sources.add(path, &shown.text());
    let mut plan = Plan {
        variables: Vec::new(),
        instances: Vec::new(),
        addresses: FxHashSet::default(),
        configuration: None,
    };
    for (name, bytes) in given {
        let value = json::value_at(text, bytes.start, file.id)?.sensitive_if(is_sensitive(&name));
        plan.variables.push((name.into(), value));
    }
    plan.configuration = configuration;
    let string = |bytes: &Option<Bytes>| match bytes {
        Some(bytes) => json::value_at(text, bytes.start, SourceId::NONE).map(|value| {
            let text = value.as_str().map(Arc::<str>::from);
            text.unwrap_or_default()
        }),
        None => Ok("".into()),
    };
    let read = |bytes: &Option<Bytes>| match bytes {
        Some(bytes) => json::value_at(text, bytes.start, file.id).map(Some),
        None => Ok(None),
    };
    for parts in found {
        let (Some(address), Some(values)) = (string(&parts.address).ok(), read(&parts.values)?)
        else {
            continue;
        };
        if address.is_empty() || !plan.addresses.insert(address.clone()) {
            continue;
        }
        let kind = string(&parts.kind)?;
        let is_data = string(&parts.mode)?.as_ref() == "data";
        let unknown = read(&parts.unknown)?;
        let sensitive = read(&parts.sensitive)?;
        let place = |bytes: &Bytes| Span::new(file.id, bytes.start, bytes.end);
        let header = parts.address.as_ref().map_or(Span::NONE, place);
        plan.instances.push(Instance {
            kind: match is_data {
                true => format!("data.{kind}").into(),
                false => kind,
            },
            body: native(&values, unknown.as_ref(), sensitive.as_ref(), &address, ""),
            address,
            header,
            block: place(&parts.block),
        });
    }
    Ok(plan)
}

/// The text of a plan as far as it may be seen, at its own offsets.
struct Shown<'a> {
    text: &'a str,
    bytes: Vec<u8>,
}

impl<'a> Shown<'a> {
    fn new(text: &'a str) -> Shown<'a> {
        let blank = |byte: u8| match byte {
            b'\n' | b'\r' => byte,
            _ => b' ',
        };
        Shown {
            text,
            bytes: text.bytes().map(blank).collect(),
        }
    }

    fn show(&mut self, range: Bytes) {
        if let Some(target) = self.bytes.get_mut(range.clone()) {
            target.copy_from_slice(&self.text.as_bytes()[range]);
        }
    }

    /// Hides again what is marked in a mirror of the same shape.
    fn hide(&mut self, value: &Value, marks: &Value) {
        match (&value.data, &marks.data) {
            (_, Data::Bool(true)) => {
                let span = value.span();
                let range = span.start as usize..span.end as usize;
                for byte in self.bytes.get_mut(range).into_iter().flatten() {
                    if !matches!(byte, b'\n' | b'\r') {
                        *byte = b'*';
                    }
                }
            }
            (Data::Object(object), Data::Object(marks)) => {
                for (name, member) in object.members() {
                    if let Some(marks) = marks.get(name) {
                        self.hide(&member.value, marks);
                    }
                }
            }
            (Data::List(list), Data::List(marks)) => {
                for (item, marks) in list.items().iter().zip(marks.items()) {
                    self.hide(item, marks);
                }
            }
            _ => {}
        }
    }

    fn text(self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// A value of the plan in the shape in which code declares it: nested blocks are lists of blocks.
fn native(
    value: &Value,
    unknown: Option<&Value>,
    sensitive: Option<&Value>,
    address: &Arc<str>,
    path: &str,
) -> Value {
    let is_marked = |marks: Option<&Value>| marks.and_then(Value::as_bool) == Some(true);
    if is_marked(unknown) {
        let why = Unknown::because(Reason::Computed(address.clone(), path.into()));
        let value = Value::new(Data::Unknown(Arc::new(why)), value.span());
        return value.sensitive_if(is_marked(sensitive));
    }
    let part = |marks: Option<&'_ Value>, name: &str| -> Option<Value> {
        marks?.as_object()?.get(name).cloned()
    };
    let joined = |name: &str| match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    };
    let data = match &value.data {
        Data::Object(object) => {
            let mut members = Members::default();
            let own = object.members().iter();
            let own = own.map(|(name, member)| (name, member.key, &member.value));
            let null = Value::null(value.span());
            // Unknown attributes are absent from the values.
            let absent = unknown
                .and_then(Value::as_object)
                .into_iter()
                .flat_map(|unknown| unknown.members())
                .filter(|(name, _)| object.get(name).is_none())
                .map(|(name, _)| (name, Span::NONE, &null));
            for (name, key, member) in own.chain(absent) {
                let (unknown, sensitive) = (part(unknown, name), part(sensitive, name));
                let path = joined(name);
                let value = native(member, unknown.as_ref(), sensitive.as_ref(), address, &path);
                members.insert(name.clone(), Member { key, value });
            }
            let kind = if path.is_empty() {
                ObjectKind::Block
            } else {
                ObjectKind::Map
            };
            Data::Object(Object::new(kind, members))
        }
        Data::List(list) => {
            let at = |marks: Option<&Value>, index: usize| -> Option<Value> {
                marks?.as_list()?.items().get(index).cloned()
            };
            let items = list.items().iter().enumerate().map(|(index, item)| {
                let (unknown, sensitive) = (at(unknown, index), at(sensitive, index));
                let path = format!("{path}[{index}]");
                let item = native(item, unknown.as_ref(), sensitive.as_ref(), address, &path);
                match &item.data {
                    Data::Object(object) => Value {
                        data: Data::Object(Object::new(
                            ObjectKind::Block,
                            object.members().clone(),
                        )),
                        ..item
                    },
                    _ => item,
                }
            });
            Data::List(List::new(ListKind::List, items.collect()))
        }
        data => data.clone(),
    };
    Value {
        data,
        origin: value.origin.clone(),
        is_sensitive: value.is_sensitive || is_marked(sensitive),
    }
}

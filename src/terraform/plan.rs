//! Plans: `terraform show -json` of a plan file in; values that go before what the code alone tells out.
//! <https://developer.hashicorp.com/terraform/internals/json-format>

mod configuration;
mod join;

use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashSet};

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
    /// Resource instances that are there after the plan is applied, and data sources that were read: where they are. They
    /// are read one by one when they are needed, for there may be tens of thousands.
    instances: Vec<Located>,
    /// Addresses of `instances`.
    addresses: FxHashSet<Arc<str>>,
    /// The code as the plan holds it: its references.
    configuration: Option<Value>,
    /// All of it.
    text: String,
    /// What may be seen of it.
    file: SourceId,
    /// Texts of sensitive values.
    secrets: FxHashSet<Arc<str>>,
    path: String,
}

/// A resource instance that was not read yet.
struct Located {
    address: Arc<str>,
    kind: Arc<str>,
    parts: Parts,
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

/// How one comes to a plan that can be read.
const MAKE: &str =
    "write one with `terraform plan -out plan.bin && terraform show -json plan.bin > plan.json`";

fn refused(path: &str, why: String, hint: &str) -> Diagnostic {
    Diagnostic::new(Loss::Error, "invalid_plan", why)
        .in_file(path)
        .hint(hint)
        .incomplete()
}

fn broken(path: &str, text: &str, error: &JsonError) -> Diagnostic {
    let before = text.bytes().take(error.span.start as usize);
    let line = before.filter(|byte| *byte == b'\n').count() + 1;
    let why = format!("this is not valid JSON, line {line}: {}", error.message);
    refused(path, why, MAKE)
}

impl Plan {
    /// Reads a plan. What is no plan gives none and a diagnostic.
    pub(super) fn read(
        files: &dyn Files,
        sources: &SourceMap,
        path: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Plan> {
        let refuse = |why: String, hint: &str| refused(path, why, hint);
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
        let owned = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let text = owned.as_str();
        let broken = |error: &JsonError| broken(path, text, error);
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
            found,
            part("variables"),
            part("configuration"),
        );
        match read {
            Ok(plan) => Some(Plan {
                text: owned,
                ..plan
            }),
            Err(error) => {
                diagnostics.push(broken(&error));
                None
            }
        }
    }

    /// Reads one instance.
    fn instance(&self, located: &Located) -> Result<Instance, JsonError> {
        let Located {
            address,
            kind,
            parts,
        } = located;
        let read = |bytes: &Option<Bytes>| match bytes {
            Some(bytes) => json::value_at(&self.text, bytes.start, self.file).map(Some),
            None => Ok(None),
        };
        let values = read(&parts.values)?.unwrap_or_else(|| Value::null(Span::NONE));
        let unknown = read(&parts.unknown)?;
        let sensitive = read(&parts.sensitive)?;
        let place = |bytes: &Bytes| Span::new(self.file, bytes.start, bytes.end);
        let native = Native {
            address,
            secrets: &self.secrets,
        };
        Ok(Instance {
            body: native.of(&values, unknown.as_ref(), sensitive.as_ref(), ""),
            kind: kind.clone(),
            address: address.clone(),
            header: parts.address.as_ref().map_or(Span::NONE, place),
            block: place(&parts.block),
        })
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

/// Reads what was found but for the values of resources. The text that everything later points into shows only what may be seen of them:
/// Terraform writes sensitive values into plans in plain text.
fn read_all(
    text: &str,
    sources: &SourceMap,
    path: &str,
    found: Vec<Parts>,
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
    let mut secrets = Secrets {
        source: text,
        texts: FxHashSet::default(),
        written: FxHashSet::default(),
    };
    for (name, bytes) in &given {
        if is_sensitive(name) {
            secrets.add(&json::value_at(text, bytes.start, SourceId::NONE)?);
        } else {
            shown.show(bytes.clone());
        }
    }
    for parts in &found {
        for bytes in [&parts.address, &parts.values].into_iter().flatten() {
            shown.show(bytes.clone());
        }
        let (Some(values), Some(sensitive)) = (&parts.values, &parts.sensitive) else {
            continue;
        };
        if text[sensitive.clone()].contains("true") {
            let values = json::value_at(text, values.start, SourceId::NONE)?;
            let sensitive = json::value_at(text, sensitive.start, SourceId::NONE)?;
            shown.hide(&values, &sensitive, &mut secrets);
        }
    }
    shown.hide_copies(&secrets);
    let file = sources.add_owned(path, shown.text());
    let mut plan = Plan {
        variables: Vec::new(),
        instances: Vec::with_capacity(found.len()),
        addresses: FxHashSet::default(),
        configuration: None,
        text: String::new(),
        file: file.id,
        secrets: secrets.texts,
        path: path.to_owned(),
    };
    for (name, bytes) in given {
        let value = json::value_at(text, bytes.start, file.id)?.sensitive_if(is_sensitive(&name));
        plan.variables.push((name.into(), value));
    }
    plan.configuration = configuration;
    let mut kinds: FxHashSet<Arc<str>> = FxHashSet::default();
    let string = |bytes: &Option<Bytes>| match bytes {
        Some(bytes) => json::value_at(text, bytes.start, SourceId::NONE)
            .map(|value| value.as_str().unwrap_or_default().to_owned()),
        None => Ok(String::new()),
    };
    for parts in found {
        let address: Arc<str> = string(&parts.address)?.into();
        let is_usable = !address.is_empty() && parts.values.is_some();
        if !is_usable || !plan.addresses.insert(address.clone()) {
            continue;
        }
        let kind = match (string(&parts.mode)?.as_str(), string(&parts.kind)?) {
            ("data", kind) => format!("data.{kind}"),
            (_, kind) => kind,
        };
        let kind = kinds.get(kind.as_str()).cloned().unwrap_or_else(|| {
            let kind: Arc<str> = kind.into();
            kinds.insert(kind.clone());
            kind
        });
        plan.instances.push(Located {
            address,
            kind,
            parts,
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

    /// Hides again what is marked in a mirror of the same shape. Marked texts are added to `secrets`.
    fn hide(&mut self, value: &Value, marks: &Value, secrets: &mut Secrets<'_>) {
        match (&value.data, &marks.data) {
            (data, Data::Bool(true)) => {
                // A set is marked as a whole for a part of one of its elements.
                if matches!(data, Data::Text(_)) {
                    secrets.add(value);
                }
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
                        self.hide(&member.value, marks, secrets);
                    }
                }
            }
            (Data::List(list), Data::List(marks)) => {
                for (item, marks) in list.items().iter().zip(marks.items()) {
                    self.hide(item, marks, secrets);
                }
            }
            _ => {}
        }
    }

    /// Hides what reads like a secret: providers give copies of what they are given, and do not mark them.
    fn hide_copies(&mut self, secrets: &Secrets<'_>) {
        if secrets.written.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(found) = self.bytes[at..].iter().position(|byte| *byte == b'"') {
            let start = at + found;
            let mut end = start + 1;
            while let Some(byte) = self.bytes.get(end).filter(|byte| **byte != b'"') {
                end += if *byte == b'\\' { 2 } else { 1 };
            }
            let end = (end + 1).min(self.bytes.len());
            let written = self.text.get(start..end);
            if written.is_some_and(|written| secrets.written.contains(written)) {
                self.bytes[start..end].fill(b'*');
            }
            at = end;
        }
    }

    fn text(self) -> String {
        match String::from_utf8(self.bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

/// Shorter texts are words that anything may say.
const SHORTEST_SECRET: usize = 6;

/// Texts of sensitive values.
struct Secrets<'a> {
    source: &'a str,
    texts: FxHashSet<Arc<str>>,
    /// As they are written, with quotes and escapes.
    written: FxHashSet<&'a str>,
}

impl Secrets<'_> {
    /// Adds the texts in a value of the source.
    fn add(&mut self, value: &Value) {
        if let Some(text) = value.as_str().filter(|text| text.len() >= SHORTEST_SECRET) {
            let span = value.span();
            let written = self.source.get(span.start as usize..span.end as usize);
            self.written.extend(written);
            self.texts.insert(text.into());
        }
        for element in value.elements() {
            self.add(&element);
        }
        for (_, member) in value.entries() {
            self.add(&member);
        }
    }
}

/// Values of a resource in the shape in which code declares them: nested blocks are lists of blocks.
struct Native<'a> {
    address: &'a Arc<str>,
    secrets: &'a FxHashSet<Arc<str>>,
}

impl Native<'_> {
    fn of(
        &self,
        value: &Value,
        unknown: Option<&Value>,
        sensitive: Option<&Value>,
        path: &str,
    ) -> Value {
        let is_marked = |marks: Option<&Value>| marks.and_then(Value::as_bool) == Some(true);
        if is_marked(unknown) {
            let why = Unknown::because(Reason::Computed(self.address.clone(), path.into()));
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
                let room = object.members().len()
                    + unknown
                        .and_then(Value::as_object)
                        .map_or(0, |unknown| unknown.members().len());
                let mut members = Members::with_capacity_and_hasher(room, FxBuildHasher);
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
                    let value = self.of(member, unknown.as_ref(), sensitive.as_ref(), &path);
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
                    let item = self.of(item, unknown.as_ref(), sensitive.as_ref(), &path);
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
            is_sensitive: value.is_sensitive
                || is_marked(sensitive)
                || value
                    .as_str()
                    .is_some_and(|text| self.secrets.contains(text)),
        }
    }
}

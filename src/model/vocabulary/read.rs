//! Reading `_resources.yaml`: text in, entries and diagnostics out.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{
    By, Condition, Defaults, Encoding, Entry, LinkRule, NativeAttribute, NativePath, Properties,
    Property, Role, Row, Spelling, Through, ThroughStep, Type, Vocabulary,
};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::Kind;
use crate::source::{SourceFile, Span};
use crate::value::{Data, Member, Value};
use crate::yaml;

/// Shapes inside shapes.
const DEEPEST_SHAPE: usize = 12;

/// The keys of a file besides kinds.
pub const FILE_KEYS: [&str; 2] = ["groups", "shapes"];
/// The keys of a kind.
pub const ENTRY_KEYS: [&str; 11] = [
    "terraform",
    "properties",
    "attributes",
    "defaults",
    "decode",
    "native",
    "also",
    "parts",
    "links",
    "views",
    "name",
];
/// The keys of a spelling.
pub const SPELLING_KEYS: [&str; 5] = ["owner", "where", "each", "properties", "native"];
/// The keys of a property besides its members.
pub const DIRECTIVES: [&str; 12] = [
    "at", "each", "spread", "where", "value", "type", "default", "empty", "decode", "keys",
    "values", "shape",
];
/// The keys of a link.
pub const LINK_KEYS: [&str; 5] = ["to", "through", "by", "inverse", "anywhere"];

impl Vocabulary {
    /// Reads vocabulary files. What is wrong in them is left out and said.
    pub fn read<'a>(
        files: impl IntoIterator<Item = &'a SourceFile>,
    ) -> (Vocabulary, Vec<Diagnostic>) {
        let mut reader = Reader::default();
        for file in files {
            let (value, diagnostics) = yaml::parse(file);
            reader.diagnostics.extend(diagnostics);
            if let Some(value) = value {
                reader.file(&value);
            }
        }
        (
            Vocabulary::of(reader.entries, reader.groups),
            reader.diagnostics,
        )
    }
}

#[derive(Default)]
struct Reader {
    entries: IndexMap<Kind, Arc<Entry>, FxBuildHasher>,
    groups: IndexMap<Arc<str>, Vec<Kind>, FxBuildHasher>,
    shapes: IndexMap<Arc<str>, Value, FxBuildHasher>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn say(&mut self, span: Span, message: impl Into<String>, hint: Option<String>) {
        self.diagnostics.push(Diagnostic {
            hint,
            ..Diagnostic::error("invalid_vocabulary", span, message)
        });
    }

    fn unknown_word(&mut self, span: Span, what: &str, word: &str, known: &[&str]) {
        let hint = did_you_mean(word, known.iter().copied())
            .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
        self.say(span, format!("`{word}` is no {what}"), Some(hint));
    }

    /// Members of a mapping; other values are said to be wrong.
    fn members(&mut self, value: &Value, what: &str) -> Vec<(Arc<str>, Member)> {
        match &value.data {
            Data::Object(object) => object
                .members()
                .iter()
                .map(|(name, member)| (name.clone(), member.clone()))
                .collect(),
            Data::Null(_) => Vec::new(),
            _ => {
                self.say(value.span(), format!("{what} must be a mapping"), None);
                Vec::new()
            }
        }
    }

    fn word(&mut self, value: &Value, what: &str) -> Option<Arc<str>> {
        match value.as_str() {
            Some(word) => Some(word.into()),
            None => {
                self.say(value.span(), format!("{what} must be a word"), None);
                None
            }
        }
    }

    /// One word or a list of them.
    fn words(&mut self, value: &Value, what: &str) -> Vec<(Arc<str>, Span)> {
        let items: Vec<Value> = match &value.data {
            Data::List(_) => value.elements().collect(),
            _ => vec![value.clone()],
        };
        items
            .iter()
            .filter_map(|item| Some((self.word(item, what)?, item.span())))
            .collect()
    }

    fn file(&mut self, value: &Value) {
        self.shapes.clear();
        let members = self.members(value, "a vocabulary file");
        for (name, member) in &members {
            match &**name {
                "groups" => {
                    for (name, member) in self.members(&member.value, "`groups`") {
                        let kinds = self.words(&member.value, "a kind");
                        let kinds = kinds.into_iter().map(|(kind, _)| kind).collect();
                        self.groups.insert(name, kinds);
                    }
                }
                "shapes" => {
                    for (name, member) in self.members(&member.value, "`shapes`") {
                        self.shapes.insert(name, member.value);
                    }
                }
                _ => {}
            }
        }
        for (name, member) in members {
            if FILE_KEYS.contains(&&*name) {
                continue;
            }
            let is_native = !name.contains("::");
            if is_native && !is_native_type(&name) {
                let hint = did_you_mean(&name, FILE_KEYS).or_else(|| {
                    Some("kinds are written as in `AWS::EC2::Instance` or `aws_ami`".to_owned())
                });
                self.say(member.key, format!("`{name}` is no kind"), hint);
                continue;
            }
            let entry = self.entry(&name, &member);
            if let Some(first) = self.entries.get(&name) {
                let (span, first) = (member.key, first.span);
                self.diagnostics.push(
                    Diagnostic::error(
                        "invalid_vocabulary",
                        span,
                        format!("{name} is described twice; this one counts"),
                    )
                    .label(first, "first described here"),
                );
            }
            self.entries.insert(name, Arc::new(entry));
        }
    }

    fn entry(&mut self, kind: &Arc<str>, member: &Member) -> Entry {
        let mut entry = Entry {
            kind: kind.clone(),
            span: member.key,
            properties: Arc::default(),
            native: Vec::new(),
            spellings: Vec::new(),
            links: IndexMap::default(),
            views: IndexMap::default(),
            name: None,
        };
        let members = self.members(&member.value, "a kind");
        let section = |wanted: &str| {
            let found = members.iter().find(|(name, _)| &**name == wanted);
            found.map(|(_, member)| member.value.clone())
        };
        if let Some(value) = section("properties") {
            entry.properties = Arc::new(self.properties(&value, 0));
        }
        if let Some(value) = section("attributes") {
            let mut properties = self.attributes(&value);
            for (name, member) in self.optional(section("defaults"), "`defaults`") {
                match described(&mut properties, &name) {
                    Some(row) => {
                        row.default = Defaults {
                            terraform: Some(member.value),
                            cloudformation: None,
                        };
                    }
                    None => self.say(member.key, format!("`{name}` is not described"), None),
                }
            }
            for (name, member) in self.optional(section("decode"), "`decode`") {
                let encoding = self.encoding(&member.value);
                match described(&mut properties, &name) {
                    Some(row) => row.decode = encoding,
                    None => self.say(member.key, format!("`{name}` is not described"), None),
                }
            }
            entry.properties = Arc::new(properties);
            entry.spellings.push(Spelling {
                native_kind: kind.clone(),
                role: Role::Own,
                filter: Vec::new(),
                each: None,
                properties: entry.properties.clone(),
            });
        }
        let mut name = None;
        for (key, member) in members {
            let value = &member.value;
            match &*key {
                "properties" | "attributes" | "defaults" | "decode" => {}
                "terraform" => {
                    for (native_kind, _) in self.words(value, "a Terraform type") {
                        entry.spellings.push(Spelling {
                            native_kind,
                            role: Role::Own,
                            filter: Vec::new(),
                            each: None,
                            properties: entry.properties.clone(),
                        });
                    }
                }
                "native" => entry.native = self.native(value),
                "also" => self.spellings(value, false, &mut entry.spellings),
                "parts" => self.spellings(value, true, &mut entry.spellings),
                "links" => {
                    for (name, member) in self.members(value, "`links`") {
                        if let Some(rule) = self.link(&member) {
                            entry.links.insert(name, rule);
                        }
                    }
                }
                "views" => {
                    for (name, member) in self.members(value, "`views`") {
                        let Some(path) = self.word(&member.value, "a view") else {
                            continue;
                        };
                        match path.strip_prefix('$') {
                            Some(rest) => {
                                let steps = rest.split('.').filter(|step| !step.is_empty());
                                entry.views.insert(name, steps.map(Into::into).collect());
                            }
                            None => self.say(
                                member.value.span(),
                                "a view is a path from `$`",
                                Some("as in `$.Spec.Template.Spec`".to_owned()),
                            ),
                        }
                    }
                }
                "name" => name = self.word(value, "`name`"),
                _ => self.unknown_word(member.key, "word of a kind", &key, &ENTRY_KEYS),
            }
        }
        entry.name = name.or_else(|| usual_name(kind, &entry.properties));
        entry
    }

    fn native(&mut self, value: &Value) -> Vec<NativeAttribute> {
        let mut attributes = Vec::new();
        for (name, member) in self.members(value, "`native`") {
            let mut attribute = NativeAttribute {
                path: name.split('.').map(Into::into).collect(),
                kind: None,
                default: None,
            };
            for (key, member) in self.members(&member.value, "a native attribute") {
                match &*key {
                    "type" => attribute.kind = self.kind(&member.value),
                    "default" => attribute.default = Some(member.value),
                    _ => self.unknown_word(member.key, "directive", &key, &["type", "default"]),
                }
            }
            attributes.push(attribute);
        }
        attributes
    }

    fn spellings(&mut self, value: &Value, is_part: bool, into: &mut Vec<Spelling>) {
        for (native_kind, member) in self.members(value, "spellings") {
            let spellings: Vec<Value> = match &member.value.data {
                Data::List(_) => member.value.elements().collect(),
                _ => vec![member.value.clone()],
            };
            for value in spellings {
                let mut spelling = Spelling {
                    native_kind: native_kind.clone(),
                    role: Role::Also,
                    filter: Vec::new(),
                    each: None,
                    properties: Arc::default(),
                };
                let mut owner = Vec::new();
                for (key, member) in self.members(&value, "a spelling") {
                    match &*key {
                        "owner" => owner = self.owner(&member.value),
                        "where" => spelling.filter = self.conditions(&member.value),
                        "each" => spelling.each = self.path(&member.value),
                        "properties" => {
                            spelling.properties = Arc::new(self.properties(&member.value, 0));
                        }
                        "native" => {}
                        _ => {
                            self.unknown_word(member.key, "word here", &key, &SPELLING_KEYS);
                        }
                    }
                }
                if is_part {
                    if owner.is_empty() {
                        self.say(
                            member.key,
                            "a part must say who its owner is",
                            Some("add `owner:` with the attribute that refers to it".to_owned()),
                        );
                        continue;
                    }
                    spelling.role = Role::Part(owner);
                } else if !owner.is_empty() {
                    self.say(member.key, "only parts have an owner", None);
                }
                into.push(spelling);
            }
        }
    }

    fn owner(&mut self, value: &Value) -> Vec<(Option<Arc<str>>, NativePath)> {
        match &value.data {
            Data::Object(_) => {
                let members = self.members(value, "`owner`");
                members
                    .into_iter()
                    .filter_map(|(name, member)| Some((Some(name), self.path(&member.value)?)))
                    .collect()
            }
            _ => self
                .path(value)
                .map(|path| (None, path))
                .into_iter()
                .collect(),
        }
    }

    fn conditions(&mut self, value: &Value) -> Vec<Condition> {
        let members = self.members(value, "`where`");
        members
            .into_iter()
            .filter_map(|(name, member)| {
                let path = native_path(&name);
                let equals: Arc<str> = match &member.value.data {
                    Data::Text(text) => text.as_str()?.into(),
                    Data::Bool(truth) => truth.to_string().into(),
                    Data::Number(number) => number.to_string().into(),
                    _ => {
                        self.say(
                            member.value.span(),
                            "this must be a literal or `present`",
                            None,
                        );
                        return None;
                    }
                };
                let equals = (&*equals != "present").then_some(equals);
                Some(Condition { path, equals })
            })
            .collect()
    }

    fn path(&mut self, value: &Value) -> Option<NativePath> {
        self.word(value, "a path").map(|text| native_path(&text))
    }

    /// One path or several, of which the first that is written counts.
    fn paths(&mut self, value: &Value) -> Vec<NativePath> {
        self.words(value, "a path")
            .iter()
            .flat_map(|(text, _)| text.split('|').map(native_path).collect::<Vec<_>>())
            .collect()
    }

    fn kind(&mut self, value: &Value) -> Option<Type> {
        let word = self.word(value, "a type")?;
        let known = Type::WORDS.iter().find(|(known, _)| **known == *word);
        if known.is_none() {
            let words: Vec<&str> = Type::WORDS.iter().map(|(word, _)| *word).collect();
            self.unknown_word(value.span(), "type", &word, &words);
        }
        known.map(|(_, kind)| *kind)
    }

    fn properties(&mut self, value: &Value, depth: usize) -> Properties {
        let mut properties = Properties::default();
        for (name, member) in self.members(value, "`properties`") {
            if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
                self.unknown_word(
                    member.key,
                    "property: those start with a capital",
                    &name,
                    &[],
                );
                continue;
            }
            let property = self.property(&member, depth);
            properties.insert(name, property);
        }
        properties
    }

    fn property(&mut self, member: &Member, depth: usize) -> Property {
        let rows = match &member.value.data {
            Data::List(_) => member
                .value
                .elements()
                .map(|row| self.row(&row, depth))
                .collect(),
            _ => vec![self.row(&member.value, depth)],
        };
        Property::new(rows, member.key)
    }

    fn row(&mut self, value: &Value, depth: usize) -> Row {
        let mut row = Row::default();
        if matches!(value.data, Data::Text(_)) {
            row.at = self.paths(value);
            return row;
        }
        let mut own = Properties::default();
        for (key, member) in self.members(value, "a property") {
            let value = &member.value;
            if key.starts_with(|c: char| c.is_ascii_uppercase()) {
                let property = self.property(&member, depth);
                own.insert(key, property);
                continue;
            }
            match &*key {
                "at" => row.at = self.paths(value),
                "each" => row.each = self.path(value),
                "spread" => row.spread = self.path(value),
                "where" => row.filter = self.conditions(value),
                "value" => row.value = Some(value.clone()),
                "type" => row.kind = self.kind(value),
                "default" => row.default = defaults(value),
                "empty" => match self.word(value, "`empty`").as_deref() {
                    Some("default") => row.is_default_when_empty = true,
                    Some("keep") => row.keeps_empty = true,
                    Some(word) => {
                        self.unknown_word(
                            value.span(),
                            "treatment of empty values",
                            word,
                            &["default", "keep"],
                        );
                    }
                    None => {}
                },
                "decode" => row.decode = self.encoding(value),
                "keys" => match self.word(value, "`keys`").as_deref() {
                    Some("pascal") => row.is_pascal = true,
                    Some(word) => {
                        self.unknown_word(value.span(), "spelling of keys", word, &["pascal"])
                    }
                    None => {}
                },
                "values" => {
                    for (name, member) in self.members(value, "`values`") {
                        row.values.push((name, member.value));
                    }
                }
                "shape" => {
                    if let Some(name) = self.word(value, "a shape") {
                        row.members = self.shape(&name, value.span(), depth + 1);
                    }
                }
                _ => self.unknown_word(member.key, "directive", &key, &DIRECTIVES),
            }
        }
        row.members.extend(own);
        row
    }

    fn encoding(&mut self, value: &Value) -> Option<Encoding> {
        const WORDS: [&str; 4] = ["json", "yaml", "base64", "text"];
        match &*self.word(value, "`decode`")? {
            "json" => Some(Encoding::Json),
            "yaml" => Some(Encoding::Yaml),
            "base64" | "text" => Some(Encoding::Text),
            word => {
                self.unknown_word(value.span(), "encoding", word, &WORDS);
                None
            }
        }
    }

    fn optional(&mut self, value: Option<Value>, what: &str) -> Vec<(Arc<str>, Member)> {
        value.map_or_else(Vec::new, |value| self.members(&value, what))
    }

    /// The attributes of a type that keeps its native words: a word for a type, `[word]` for a list, `{…}` for a block,
    /// `[{…}]` for one that may be repeated.
    fn attributes(&mut self, value: &Value) -> Properties {
        let mut properties = Properties::default();
        for (name, member) in self.members(value, "attributes") {
            let path = native_path(&name);
            let value = &member.value;
            let row = match &value.data {
                Data::List(list) => {
                    let inner = list
                        .items()
                        .first()
                        .filter(|item| item.as_object().is_some());
                    let members = inner.map(|inner| self.attributes(inner));
                    Row {
                        each: members.is_some().then(|| path.clone()),
                        at: if members.is_some() {
                            Vec::new()
                        } else {
                            vec![path]
                        },
                        kind: Some(Type::List),
                        members: members.unwrap_or_default(),
                        ..Row::default()
                    }
                }
                Data::Object(_) => Row {
                    at: vec![path],
                    kind: Some(Type::Object),
                    members: self.attributes(value),
                    ..Row::default()
                },
                _ => Row {
                    at: vec![path],
                    kind: self.kind(value),
                    ..Row::default()
                },
            };
            properties.insert(name, Property::new(vec![row], member.key));
        }
        properties
    }

    fn shape(&mut self, name: &str, span: Span, depth: usize) -> Properties {
        let Some(shape) = self.shapes.get(name).cloned() else {
            let hint = did_you_mean(name, self.shapes.keys().map(|known| &**known));
            self.say(
                span,
                format!("no shape is called `{name}` in this file"),
                hint,
            );
            return Properties::default();
        };
        if depth > DEEPEST_SHAPE {
            self.say(span, format!("shape `{name}` is inside itself"), None);
            return Properties::default();
        }
        self.properties(&shape, depth)
    }

    fn link(&mut self, member: &Member) -> Option<LinkRule> {
        let mut rule = LinkRule {
            span: member.key,
            to: Vec::new(),
            through: Vec::new(),
            by: Vec::new(),
            inverse: None,
            is_anywhere: false,
        };
        for (key, member) in self.members(&member.value, "a link") {
            let value = &member.value;
            match &*key {
                "to" => {
                    rule.to = self
                        .words(value, "a kind")
                        .into_iter()
                        .map(|(w, _)| w)
                        .collect()
                }
                "through" => {
                    for (text, span) in self.words(value, "a path") {
                        match through(&text, span) {
                            Some(through) => rule.through.push(through),
                            None => self.say(
                                span,
                                format!("`{text}` is no path"),
                                Some(
                                    "as in `Containers.Image` or `Options[Name=Role].Value`"
                                        .to_owned(),
                                ),
                            ),
                        }
                    }
                }
                "by" => {
                    for (word, _) in self.words(value, "`by`") {
                        rule.by.push(match &*word {
                            "id" => By::Id,
                            "arn" => By::Arn,
                            "name" => By::Name,
                            "image" => By::Image,
                            word if word.starts_with(|c: char| c.is_ascii_uppercase()) => {
                                By::Property(word.into())
                            }
                            _ => By::Other,
                        });
                    }
                }
                "inverse" => rule.inverse = self.word(value, "`inverse`"),
                "anywhere" => rule.is_anywhere = value.as_bool() == Some(true),
                _ => self.unknown_word(member.key, "word of a link", &key, &LINK_KEYS),
            }
        }
        if rule.to.is_empty() || (rule.through.is_empty() && !rule.is_anywhere) {
            self.say(
                member.key,
                "a link needs `to`, and `through` or `anywhere: true`",
                None,
            );
            return None;
        }
        Some(rule)
    }
}

/// `aws_ami`, `data.aws_ami`
fn is_native_type(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let own = name.strip_prefix("data.");
    (own.is_some() || name.contains('_')) && own.unwrap_or(name).chars().all(is_word)
}

/// The row at a dotted path of attributes.
fn described<'a>(properties: &'a mut Properties, path: &str) -> Option<&'a mut Row> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let row = properties.get_mut(first)?.rows.first_mut()?;
    match rest {
        Some(rest) => described(&mut row.members, rest),
        None => Some(row),
    }
}

/// `default: x`, or `default: { terraform: x, cloudformation: y }`.
fn defaults(value: &Value) -> Defaults {
    if let Some(object) = value.as_object()
        && !object.members().is_empty()
        && object
            .members()
            .keys()
            .all(|key| matches!(&**key, "terraform" | "cloudformation"))
    {
        return Defaults {
            terraform: object.get("terraform").cloned(),
            cloudformation: object.get("cloudformation").cloned(),
        };
    }
    Defaults {
        terraform: Some(value.clone()),
        cloudformation: Some(value.clone()),
    }
}

fn native_path(text: &str) -> NativePath {
    let mut rest = text.trim();
    let mut up = 0;
    while let Some(after) = rest.strip_prefix("../") {
        up += 1;
        rest = after;
    }
    let is_key = rest == ".key";
    let steps = if is_key {
        Vec::new()
    } else {
        let names = rest.split('.').filter(|name| !name.is_empty());
        names.map(Into::into).collect()
    };
    NativePath { up, is_key, steps }
}

/// `A.B`, `A[Name=x].B`
fn through(text: &str, span: Span) -> Option<Through> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() {
            return None;
        }
        rest = &rest[end..];
        let mut only = None;
        if let Some(inside) = rest.strip_prefix('[') {
            let (filter, after) = inside.split_once(']')?;
            let (member, equals) = filter.split_once('=')?;
            only = Some((member.into(), equals.into()));
            rest = after;
        }
        rest = match rest.strip_prefix('.') {
            Some("") => return None,
            Some(after) => after,
            None if rest.is_empty() => rest,
            None => return None,
        };
        steps.push(ThroughStep {
            name: name.into(),
            only,
        });
    }
    (!steps.is_empty()).then_some(Through { span, steps })
}

/// The property that names a resource, where the vocabulary does not say: the one that Terraform calls `name`, else
/// `Name`, else `RoleName` of a role.
fn usual_name(kind: &str, properties: &Properties) -> Option<Arc<str>> {
    let is_name = |property: &Property| {
        property.rows.len() == 1
            && property
                .schema()
                .at
                .iter()
                .any(|path| path.up == 0 && path.steps.len() == 1 && &*path.steps[0] == "name")
    };
    let last = kind.rsplit("::").next().unwrap_or(kind);
    let own = format!("{last}Name");
    let named = properties.iter().find(|(_, property)| is_name(property));
    named
        .or_else(|| properties.get_key_value("Name"))
        .or_else(|| properties.get_key_value(own.as_str()))
        .map(|(name, _)| name.clone())
}

impl Vocabulary {
    /// Reads one chunk of a built-in file, which tests have found free of mistakes.
    pub(super) fn read_chunk(path: &str, text: &str) -> Vocabulary {
        let sources = crate::source::SourceMap::new();
        let file = sources.add(path, text);
        Vocabulary::read([&*file]).0
    }
}

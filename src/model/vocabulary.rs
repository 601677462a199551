//! The vocabulary: `_resources.yaml` texts in; kinds, their properties, defaults and links out.
//!
//! Upper-case keys of those files are properties in CloudFormation's words, which are the canonical ones; lower-case keys
//! are directives that say how Terraform spells them and what AWS assumes when they are absent. The grammar is in
//! `rulesets/VOCABULARY.md`.

mod builtin;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Kind;
use crate::declared::Language;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;
use crate::value::Value;

pub use read::{DIRECTIVES, ENTRY_KEYS, FILE_KEYS, LINK_KEYS, SPELLING_KEYS};

/// The kinds that rules may speak of, and how both languages spell them.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    entries: IndexMap<Kind, Arc<Entry>, FxBuildHasher>,
    groups: IndexMap<Arc<str>, Vec<Kind>, FxBuildHasher>,
    spelled: FxHashMap<Arc<str>, Vec<(Arc<Entry>, usize)>>,
    inverse: FxHashMap<Kind, Vec<Inverse>>,
}

/// What is said of one kind.
#[derive(Debug)]
pub struct Entry {
    /// Its canonical name.
    pub kind: Kind,
    /// Where its name is written.
    pub span: Span,
    /// Its properties.
    pub properties: Arc<Properties>,
    /// Attributes that only Terraform can say: dotted name, type and default.
    pub native: Vec<NativeAttribute>,
    /// How Terraform spells it: its own types first, then others that make it too, then those that fill a part of it.
    pub spellings: Vec<Spelling>,
    /// Its links by name.
    pub links: IndexMap<Arc<str>, LinkRule, FxBuildHasher>,
    /// Second names for parts of its document: the names from the root.
    pub views: IndexMap<Arc<str>, Vec<Arc<str>>, FxBuildHasher>,
    /// The property by which others name it, where it has one.
    pub name: Option<Arc<str>>,
}

/// Properties by name.
pub type Properties = IndexMap<Arc<str>, Property, FxBuildHasher>;

/// One property.
#[derive(Clone, Debug)]
pub struct Property {
    /// How it is read: usually one row; several are read one after another into one list.
    pub rows: Vec<Row>,
    /// Where its name is written.
    pub span: Span,
    /// What all rows say together, when there are several.
    merged: Option<Box<Row>>,
}

/// How a property, or some elements of it, are read, and what may be in it.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Where Terraform keeps it: the first of these that is written. Empty if Terraform cannot say it, or if it only
    /// groups what Terraform keeps flat.
    pub at: Vec<NativePath>,
    /// One element for each block, list element or map entry there.
    pub each: Option<NativePath>,
    /// One element around it for each value there.
    pub spread: Option<NativePath>,
    /// Only where this holds.
    pub filter: Vec<Condition>,
    /// A constant.
    pub value: Option<Value>,
    /// Its type, where it is said.
    pub kind: Option<Type>,
    /// What it is when absent.
    pub default: Defaults,
    /// Whether an empty list counts as absent.
    pub is_default_when_empty: bool,
    /// Whether an empty string counts as written in Terraform.
    pub keeps_empty: bool,
    /// What text in it encodes.
    pub decode: Option<Encoding>,
    /// Whether its members are to be spelled with a capital, down to maps.
    pub is_pascal: bool,
    /// Native literals and what they are canonically.
    pub values: Vec<(Arc<str>, Value)>,
    /// What is in it.
    pub members: Properties,
}

impl Row {
    /// Whether it is a scalar without a type of its own: text.
    pub fn is_plain(&self) -> bool {
        self.kind.is_none()
            && !self.at.is_empty()
            && self.members.is_empty()
            && self.decode.is_none()
            && self.values.is_empty()
            && self.each.is_none()
    }
}

/// A path in native words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativePath {
    /// How many enclosing blocks to go out first (`../id`: 1).
    pub up: usize,
    /// Whether the key of the map entry is meant.
    pub is_key: bool,
    /// The attributes, outermost first; none for the thing itself.
    pub steps: Vec<Arc<str>>,
}

/// A condition on a native attribute.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The attribute.
    pub path: NativePath,
    /// What its value must be, as text; none if it must only be written.
    pub equals: Option<Arc<str>>,
}

/// Types of properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// A string.
    String,
    /// A word in capitals, whatever the case it is written in.
    Upper,
    /// A word in small letters, whatever the case it is written in.
    Lower,
    /// A list; one value is a list of one.
    List,
    /// A list whose order means nothing.
    Set,
    /// An object whose keys are the user's.
    Map,
    /// An object.
    Object,
    /// An object whose keys are the user's, seen as a list of `Key` and `Value`.
    Entries,
}

impl Type {
    /// The words of the files.
    pub const WORDS: [(&'static str, Type); 11] = [
        ("bool", Type::Bool),
        ("int", Type::Int),
        ("number", Type::Number),
        ("string", Type::String),
        ("upper", Type::Upper),
        ("lower", Type::Lower),
        ("list", Type::List),
        ("set", Type::Set),
        ("map", Type::Map),
        ("object", Type::Object),
        ("entries", Type::Entries),
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        let named = Type::WORDS.iter().find(|(_, kind)| *kind == self);
        named.map_or("object", |(word, _)| word)
    }

    /// Whether its values are single: no list, no object.
    pub fn is_scalar(self) -> bool {
        !matches!(
            self,
            Type::List | Type::Set | Type::Map | Type::Object | Type::Entries
        )
    }
}

/// What text may encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON.
    Json,
    /// YAML, and so JSON too.
    Yaml,
    /// Text in base64, or plain text.
    Text,
}

/// Values of what is absent, by language.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// In Terraform.
    pub terraform: Option<Value>,
    /// In CloudFormation.
    pub cloudformation: Option<Value>,
}

impl Defaults {
    /// The default in a language.
    pub fn of(&self, language: Language) -> Option<&Value> {
        match language {
            Language::Terraform => self.terraform.as_ref(),
            Language::CloudFormation => self.cloudformation.as_ref(),
        }
    }
}

/// An attribute without canonical name.
#[derive(Clone, Debug)]
pub struct NativeAttribute {
    /// The attributes that lead to it.
    pub path: Vec<Arc<str>>,
    /// Its type.
    pub kind: Option<Type>,
    /// What it is when absent.
    pub default: Option<Value>,
}

/// How one Terraform type spells a kind.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// The Terraform type.
    pub native_kind: Arc<str>,
    /// What it does.
    pub role: Role,
    /// Only where this holds.
    pub filter: Vec<Condition>,
    /// One resource for each of these.
    pub each: Option<NativePath>,
    /// How it spells the properties.
    pub properties: Arc<Properties>,
}

/// What a Terraform type does for a kind.
#[derive(Clone, Debug)]
pub enum Role {
    /// It is this kind.
    Own,
    /// It (or a block in it) makes one too.
    Also,
    /// It fills a part of one: the native attributes that say of which, each with the canonical property that it must
    /// equal (none: it refers to the owner or names it).
    Part(Vec<(Option<Arc<str>>, NativePath)>),
}

/// A link from one kind to others.
#[derive(Clone, Debug)]
pub struct LinkRule {
    /// Where its name is written.
    pub span: Span,
    /// The kinds it leads to, groups expanded once the vocabulary is complete.
    pub to: Vec<Kind>,
    /// The canonical paths whose values name the targets.
    pub through: Vec<Through>,
    /// What a literal there is.
    pub by: Vec<By>,
    /// The way back, on the targets.
    pub inverse: Option<Arc<str>>,
    /// Leads to every resource of the kinds in the stack.
    pub is_anywhere: bool,
}

/// A canonical path of a link: names, through lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// Where it is written.
    pub span: Span,
    /// The names, outermost first.
    pub steps: Vec<ThroughStep>,
}

/// A name on the way of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThroughStep {
    /// The name.
    pub name: Arc<str>,
    /// A member and the value that it must have in those list elements through which the way goes.
    pub only: Option<(Arc<str>, Arc<str>)>,
}

/// What a literal says of the resource it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// An id that AWS gave: never of a resource that the code creates.
    Id,
    /// Its ARN.
    Arn,
    /// Its name.
    Name,
    /// A container image, which names its repository.
    Image,
    /// Something else that only AWS gives (a URL, an address).
    Other,
    /// The value of this property.
    Property(Arc<str>),
}

/// A way back along a link.
#[derive(Clone, Debug)]
pub struct Inverse {
    /// Its name.
    pub name: Arc<str>,
    /// The kind whose link it is.
    pub from: Kind,
}

impl Vocabulary {
    /// Every built-in kind.
    pub fn builtin() -> Arc<Vocabulary> {
        builtin::all()
    }

    /// The built-in kinds that these native types (or canonical kinds) concern. Only their texts are parsed.
    pub fn builtin_for<'a>(types: impl IntoIterator<Item = &'a str>) -> Arc<Vocabulary> {
        builtin::concerning(types)
    }

    /// The built-in groups of kinds.
    pub fn builtin_groups() -> &'static IndexMap<Arc<str>, Vec<Kind>, FxBuildHasher> {
        builtin::groups()
    }

    /// This vocabulary and another; where both describe a kind, the other counts.
    #[must_use]
    pub fn and(&self, other: &Vocabulary) -> Vocabulary {
        let mut groups = self.groups.clone();
        groups.extend(other.groups.iter().map(|(n, k)| (n.clone(), k.clone())));
        let mut entries = self.entries.clone();
        entries.extend(other.entries.iter().map(|(k, e)| (k.clone(), e.clone())));
        Vocabulary::of(entries, groups)
    }

    fn of(
        entries: IndexMap<Kind, Arc<Entry>, FxBuildHasher>,
        groups: IndexMap<Arc<str>, Vec<Kind>, FxBuildHasher>,
    ) -> Vocabulary {
        let mut vocabulary = Vocabulary {
            entries,
            groups,
            spelled: FxHashMap::default(),
            inverse: FxHashMap::default(),
        };
        for entry in vocabulary.entries.values() {
            for (index, spelling) in entry.spellings.iter().enumerate() {
                vocabulary
                    .spelled
                    .entry(spelling.native_kind.clone())
                    .or_default()
                    .push((entry.clone(), index));
            }
            for rule in entry.links.values() {
                let Some(name) = &rule.inverse else { continue };
                for kind in rule.to.iter().flat_map(|kind| {
                    let group = vocabulary.groups.get(kind);
                    group.map_or(std::slice::from_ref(kind), Vec::as_slice)
                }) {
                    let inverses = vocabulary.inverse.entry(kind.clone()).or_default();
                    if !inverses
                        .iter()
                        .any(|i| i.name == *name && i.from == entry.kind)
                    {
                        inverses.push(Inverse {
                            name: name.clone(),
                            from: entry.kind.clone(),
                        });
                    }
                }
            }
        }
        vocabulary
    }

    /// What is said of a kind.
    pub fn entry(&self, kind: &str) -> Option<&Arc<Entry>> {
        self.entries.get(kind)
    }

    /// All kinds that are described, in order of the files.
    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.values()
    }

    /// Groups of kinds by name.
    pub fn groups(&self) -> impl Iterator<Item = (&Arc<str>, &[Kind])> {
        self.groups.iter().map(|(name, kinds)| (name, &kinds[..]))
    }

    /// The kinds of a group, or the kind itself.
    pub fn expand(&self, name: &str) -> Vec<Kind> {
        match self.groups.get(name) {
            Some(kinds) => kinds.clone(),
            None => vec![name.into()],
        }
    }

    /// How a Terraform type is used: the kinds with the number of the spelling.
    pub fn spelled(&self, native_kind: &str) -> &[(Arc<Entry>, usize)] {
        self.spelled.get(native_kind).map_or(&[], Vec::as_slice)
    }

    /// The inverse links of a kind.
    pub fn inverse(&self, kind: &str) -> &[Inverse] {
        self.inverse.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The kinds that a link of this name leads to from a kind, along it or back.
    pub fn link_targets(&self, kind: &str, name: &str) -> Option<Vec<Kind>> {
        if name == "referrers" {
            return Some(Vec::new());
        }
        let forward = self.entry(kind).and_then(|entry| entry.links.get(name));
        if let Some(rule) = forward {
            return Some(rule.to.iter().flat_map(|kind| self.expand(kind)).collect());
        }
        let back: Vec<Kind> = self
            .inverse(kind)
            .iter()
            .filter(|inverse| &*inverse.name == name)
            .map(|inverse| inverse.from.clone())
            .collect();
        (!back.is_empty()).then_some(back)
    }

    /// The names of all links of a kind, forward, inverse and built in.
    pub fn link_names(&self, kind: &str) -> Vec<Arc<str>> {
        let forward = self.entry(kind).into_iter().flat_map(|e| e.links.keys());
        let back = self.inverse(kind).iter().map(|inverse| &inverse.name);
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in forward.chain(back) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names.push("referrers".into());
        names
    }

    /// Links and groups that lead nowhere, ways of links that do not exist: mistakes that only the whole shows.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let say = |span, message: String, hint: Option<String>| Diagnostic {
            hint,
            ..Diagnostic::error("invalid_vocabulary", span, message)
        };
        let kinds = || self.entries.keys().map(|kind| &**kind);
        for (name, members) in &self.groups {
            for kind in members
                .iter()
                .filter(|kind| !self.entries.contains_key(*kind))
            {
                found.push(say(
                    Span::NONE,
                    format!("group `{name}` has `{kind}`, which is not described"),
                    did_you_mean(kind, kinds()),
                ));
            }
        }
        for entry in self.entries.values() {
            for (name, rule) in &entry.links {
                for kind in rule.to.iter().flat_map(|kind| self.expand(kind)) {
                    if !self.entries.contains_key(&kind) {
                        found.push(say(
                            rule.span,
                            format!(
                                "link `{name}` of {} leads to `{kind}`, which is not described",
                                entry.kind
                            ),
                            did_you_mean(&kind, kinds()),
                        ));
                    }
                    let hides = rule.inverse.as_ref().is_some_and(|back| {
                        self.entry(&kind)
                            .is_some_and(|target| target.links.contains_key(back))
                    });
                    if hides {
                        found.push(say(
                            rule.span,
                            format!("the inverse of link `{name}` of {} has the name of a link of {kind}", entry.kind),
                            None,
                        ));
                    }
                }
                for through in &rule.through {
                    if let Some(missing) = entry.missing_step(through) {
                        found.push(say(
                            through.span,
                            format!("link `{name}` of {} goes through `{missing}`, which is not described", entry.kind),
                            None,
                        ));
                    }
                }
            }
            for (name, path) in &entry.views {
                let mut at = Some(&*entry.properties);
                for step in path {
                    match at.and_then(|members| members.get(step)) {
                        Some(property) => at = Some(&property.schema().members),
                        None => {
                            found.push(say(
                                entry.span,
                                format!("view `{name}` of {} goes through `{step}`, which is not described", entry.kind),
                                None,
                            ));
                            break;
                        }
                    }
                }
            }
            if let Some(name) = entry
                .name
                .as_ref()
                .filter(|name| !entry.properties.contains_key(*name))
            {
                found.push(say(
                    entry.span,
                    format!("`{name}`, the name of {}, is not described", entry.kind),
                    None,
                ));
            }
        }
        found
    }
}

impl Entry {
    /// The property at the end of names from the root (through lists), if all are described. Inside members that the
    /// vocabulary does not list further, none.
    pub fn property(&self, names: &[&str]) -> Option<&Property> {
        let (first, rest) = names.split_first()?;
        let mut property = self.properties.get(*first)?;
        for name in rest {
            property = property.schema().members.get(*name)?;
        }
        Some(property)
    }

    fn missing_step(&self, through: &Through) -> Option<Arc<str>> {
        let mut members = &*self.properties;
        for ThroughStep { name, only } in &through.steps {
            // Below what is not listed further, anything may be.
            if members.is_empty() {
                return None;
            }
            let Some(property) = members.get(name) else {
                return Some(name.clone());
            };
            members = &property.schema().members;
            if let Some((member, _)) = only
                && !members.contains_key(member)
            {
                return Some(member.clone());
            }
        }
        None
    }

    /// A canonical path in Terraform's words, as far as it is a plain renaming: `ResourcesVpcConfig.EndpointPublicAccess`
    /// is `vpc_config.endpoint_public_access`.
    pub fn native_path(&self, names: &[&str]) -> Option<Vec<Arc<str>>> {
        let mut path: Vec<Arc<str>> = Vec::new();
        let mut members = &*self.properties;
        for name in names {
            let row = members.get(*name)?.schema();
            let step = row.each.as_ref().or(row.spread.as_ref()).or(row.at.first());
            match step {
                Some(step) if step.is_key => return None,
                Some(step) => {
                    path.truncate(path.len().saturating_sub(step.up));
                    path.extend(step.steps.iter().cloned());
                }
                // A grouping: its members are kept flat.
                None if !row.members.is_empty() && row.decode.is_none() => {}
                None => return None,
            }
            members = &row.members;
        }
        Some(path)
    }
}

impl Property {
    fn new(rows: Vec<Row>, span: Span) -> Property {
        let merged = (rows.len() != 1).then(|| Box::new(Row::together(&rows)));
        Property { rows, span, merged }
    }

    /// What may be in it, all rows together.
    pub fn schema(&self) -> &Row {
        match (&self.merged, self.rows.first()) {
            (Some(merged), _) => merged,
            (None, Some(row)) => row,
            // One row exactly, or `merged` is there.
            (None, None) => &EMPTY_ROW,
        }
    }

    /// Whether it is a list as far as the vocabulary says.
    pub fn is_list(&self) -> bool {
        let row = self.schema();
        matches!(row.kind, Some(Type::List | Type::Set | Type::Entries))
            || self.rows.len() > 1
            || self.rows.iter().any(|row| row.each.is_some())
    }

    /// Whether Terraform can say it.
    pub fn is_in_terraform(&self) -> bool {
        self.rows.iter().any(Row::is_in_terraform)
    }
}

static EMPTY_ROW: std::sync::LazyLock<Row> = std::sync::LazyLock::new(Row::default);

impl Row {
    fn is_in_terraform(&self) -> bool {
        !self.at.is_empty()
            || self.each.is_some()
            || self.spread.is_some()
            || self.value.is_some()
            || self.members.values().any(Property::is_in_terraform)
    }

    /// The constants that entries of this row have.
    pub fn constants(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.members
            .iter()
            .filter_map(|(name, property)| Some((name, property.rows.first()?.value.as_ref()?)))
    }

    fn has_constants(&self) -> bool {
        self.constants().next().is_some()
    }

    /// What several rows of one list say of its elements. Defaults of entries that are told by a constant are theirs alone.
    fn together(rows: &[Row]) -> Row {
        let is_set = !rows.is_empty() && rows.iter().all(|row| row.kind == Some(Type::Set));
        let mut all = Row {
            kind: Some(if is_set { Type::Set } else { Type::List }),
            ..Row::default()
        };
        for row in rows {
            all.decode = all.decode.or(row.decode);
            all.is_pascal |= row.is_pascal;
            let is_told = row.has_constants();
            for (name, property) in &row.members {
                let schema = property.schema();
                let schema = if is_told {
                    Row {
                        default: Defaults::default(),
                        value: None,
                        ..schema.clone()
                    }
                } else {
                    schema.clone()
                };
                match all.members.get_mut(name) {
                    None => {
                        let property = Property::new(vec![schema], property.span);
                        all.members.insert(name.clone(), property);
                    }
                    Some(known) => {
                        let joined = known.schema().joined(&schema);
                        *known = Property::new(vec![joined], known.span);
                    }
                }
            }
        }
        all
    }

    /// Two descriptions of one thing; this one counts where both speak.
    fn joined(&self, other: &Row) -> Row {
        let mut row = self.clone();
        row.kind = row.kind.or(other.kind);
        row.decode = row.decode.or(other.decode);
        row.default.terraform = row
            .default
            .terraform
            .or_else(|| other.default.terraform.clone());
        row.default.cloudformation = row
            .default
            .cloudformation
            .or_else(|| other.default.cloudformation.clone());
        for (name, property) in &other.members {
            match row.members.get_mut(name) {
                None => {
                    row.members.insert(name.clone(), property.clone());
                }
                Some(known) => {
                    let joined = known.schema().joined(property.schema());
                    *known = Property::new(vec![joined], known.span);
                }
            }
        }
        row
    }
}

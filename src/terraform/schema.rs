//! What the AWS provider says of the arguments of its types, out of a table that is unpacked where it is asked.
//!
//! The table (`schema/aws.txt`, of version 5.100.0) also holds what the provider plans for what is not set. It is kept
//! packed in sections of a few types each, so that looking one up costs a fraction of a millisecond, once.

use std::io::Read;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::normal::Change;
use super::syntax::{Access, Operator};
use super::types::{self, Type};
use crate::source::Span;
use crate::value::{ListKind, Value};

include!(concat!(env!("OUT_DIR"), "/schema.rs"));

/// What the lines of resources start with that are made with the older framework.
const LEGACY: &str = "resource";

/// The resource that is built into Terraform, and its arguments and attributes in the words of the table.
/// <https://developer.hashicorp.com/terraform/language/resources/terraform-data>
pub(super) const BUILT_IN: &str = "terraform_data";
const BUILT_IN_ARGUMENTS: &str = "id=cs input=od output=cd triggers_replace=od";

/// What a type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// `resource "aws_x"`
    Resource,
    /// `data "aws_x"`
    Data,
}

impl What {
    /// What its lines in the table start with.
    fn words(self) -> &'static [&'static str] {
        match self {
            What::Resource => &[LEGACY, "framework"],
            What::Data => &["data"],
        }
    }
}

/// What a block may hold.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Arguments and attributes by name.
    pub attributes: IndexMap<Arc<str>, Attribute, FxBuildHasher>,
    /// Nested blocks by keyword.
    pub blocks: IndexMap<Arc<str>, Nested, FxBuildHasher>,
    /// Whether the resource is made with the older framework for providers, which cannot tell what is empty from what is
    /// not set, nor keep collections of which a part is not known.
    pub is_legacy: bool,
    /// The type of the object that it is, made when it is asked for.
    value_type: OnceLock<Arc<Type>>,
}

/// An argument, or an attribute that the provider computes.
#[derive(Debug)]
pub(super) struct Attribute {
    /// Its type.
    pub of: Type,
    /// Who sets it.
    pub mode: Mode,
    /// What becomes of a text that it is set to.
    pub change: Option<Change>,
    /// Whether it is marked as sensitive.
    pub is_sensitive: bool,
    /// What it is where it is not set.
    pub unset: Unset,
}

/// Who sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The configuration.
    Required,
    /// The configuration, if it likes.
    Optional,
    /// The provider.
    Computed,
    /// The configuration, else the provider.
    Either,
}

/// What an attribute that is not set is planned to be.
#[derive(Debug)]
pub(super) enum Unset {
    /// Nothing.
    Null,
    /// Decided when it is applied.
    Unknown,
    /// A default.
    Default(Value),
}

/// A nested block.
#[derive(Debug)]
pub(super) struct Nested {
    /// How several stand together.
    pub nesting: Nesting,
    /// How many there must be.
    pub least: usize,
    /// How many there may be.
    pub most: Option<usize>,
    /// What it may hold.
    pub body: Arc<Body>,
    /// Whether the provider decides what there is where none is written.
    pub is_computed: bool,
}

/// How nested blocks of one keyword stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nesting {
    /// In order.
    List,
    /// Without order, each once.
    Set,
    /// One, not in a list.
    Single,
}

impl Body {
    /// The type of the object that a block is.
    pub(super) fn value_type(&self) -> &Arc<Type> {
        self.value_type.get_or_init(|| {
            let attributes = self.attributes.iter();
            let attributes = attributes.map(|(name, one)| (name, one.of.of_values()));
            let blocks = self.blocks.iter();
            let blocks = blocks.map(|(name, nested)| (name, nested.value_type()));
            let all = attributes.chain(blocks);
            let required =
                |(name, of): (&Arc<str>, _)| (name.clone(), types::Attribute::required(of));
            Arc::new(Type::Object(all.map(required).collect()))
        })
    }
}

impl Nested {
    /// The type of all blocks of the keyword together.
    pub(super) fn value_type(&self) -> Type {
        let of = (**self.body.value_type()).clone();
        match self.list_kind() {
            Some(ListKind::Set) => Type::Set(Box::new(of)),
            Some(_) => Type::List(Box::new(of)),
            None => of,
        }
    }

    /// What several stand in; none for what stands alone.
    pub(super) fn list_kind(&self) -> Option<ListKind> {
        match self.nesting {
            Nesting::List => Some(ListKind::List),
            Nesting::Set => Some(ListKind::Set),
            Nesting::Single => None,
        }
    }
}

impl Body {
    /// What is wrong with steps into a block, whatever its values: Terraform looks at them before it evaluates.
    pub(super) fn fault_in(&self, steps: &[Operator]) -> Option<String> {
        let Some((
            Operator {
                kind: Access::Attribute(name),
                ..
            },
            rest,
        )) = steps.split_first()
        else {
            return None;
        };
        if self.attributes.contains_key(name) {
            return None;
        }
        let Some(nested) = self.blocks.get(name) else {
            return Some(format!("there is no attribute `{name}` here"));
        };
        match (nested.nesting, rest.first().map(|step| &step.kind)) {
            (Nesting::Single, _) => nested.body.fault_in(rest),
            (_, Some(Access::FullSplat)) => nested.body.fault_in(&rest[1..]),
            (Nesting::Set, Some(Access::Index(_) | Access::LegacyIndex(_))) => Some(format!(
                "the blocks `{name}` are a set, whose elements cannot be indexed"
            )),
            (_, Some(Access::Index(_) | Access::LegacyIndex(_))) => {
                nested.body.fault_in(&rest[1..])
            }
            (_, Some(Access::Attribute(_))) => Some(format!(
                "there may be several blocks `{name}`: say which one, as in `{name}[0]`"
            )),
            _ => None,
        }
    }
}

impl Attribute {
    /// Whether it may be written as blocks, as attributes that are collections of objects may.
    /// <https://developer.hashicorp.com/terraform/language/attr-as-blocks>
    pub(super) fn as_blocks(&self) -> Option<&Type> {
        match &self.of {
            Type::List(of) | Type::Set(of) if matches!(**of, Type::Object(_)) => Some(of),
            _ => None,
        }
    }
}

/// What a type may hold; none for types that the table does not know.
pub(super) fn of(what: What, kind: &str) -> Option<Arc<Body>> {
    if kind == BUILT_IN && what == What::Resource {
        static READ: OnceLock<Option<Arc<Body>>> = OnceLock::new();
        let read = || Reading::of("").body(BUILT_IN_ARGUMENTS).map(Arc::new);
        return READ.get_or_init(read).clone();
    }
    if !kind.starts_with("aws_") {
        return None;
    }
    static SECTIONS_READ: [OnceLock<Section>; SECTIONS.len()] =
        [const { OnceLock::new() }; SECTIONS.len()];
    let after = SECTIONS.partition_point(|(first, ..)| *first <= kind);
    let index = after.checked_sub(1)?;
    let (_, start, end) = SECTIONS[index];
    SECTIONS_READ[index]
        .get_or_init(|| Section::unpack(PACKED.get(start..end).unwrap_or_default()))
        .body(what, kind)
}

/// The version that the table is of.
const VERSION: Version = [5, 100, 0];

/// Major, minor and patch version.
pub(super) type Version = [u64; 3];

/// What operators of constraints are made of, and blanks.
const OPERATORS: [char; 6] = ['=', '!', '<', '>', '~', ' '];

/// Whether a configuration means the version of the table, or another one of the same major version: the one that is
/// locked, or one that meets all constraints where they rule the next major version out. Without any, it is taken for
/// granted.
pub(super) fn is_meant(locked: Option<&str>, constraints: &[Arc<str>]) -> bool {
    if let Some(locked) = locked.and_then(version) {
        return locked[0] == VERSION[0];
    }
    let all_met = |found| {
        constraints
            .iter()
            .all(|constraint| meets(found, constraint))
    };
    let named = constraints
        .iter()
        .flat_map(|constraint| constraint.split(','));
    let named = named.filter_map(|part| version(part.trim_start_matches(OPERATORS)));
    let mut candidates = named
        .filter(|named| named[0] == VERSION[0])
        .chain([VERSION]);
    candidates.any(all_met) && (constraints.is_empty() || !all_met([VERSION[0] + 1, 0, 0]))
}

fn version(text: &str) -> Option<Version> {
    let mut parts = text.trim().trim_start_matches('v').split(['.', '-', '+']);
    let mut part = || parts.next().map_or(Some(0), |part| part.parse().ok());
    Some([part()?, part()?, part()?])
}

/// Whether a version meets a constraint.
/// <https://developer.hashicorp.com/terraform/language/expressions/version-constraints>
pub(super) fn meets(found: Version, constraint: &str) -> bool {
    constraint.split(',').all(|part| {
        let part = part.trim();
        let text = part.trim_start_matches(OPERATORS);
        let Some(wanted) = version(text) else {
            return true;
        };
        match part[..part.len() - text.len()].trim() {
            "!=" => found != wanted,
            "<" => found < wanted,
            "<=" => found <= wanted,
            ">" => found > wanted,
            ">=" => found >= wanted,
            "~>" => {
                // All but the last part that is written stay.
                let fixed = text.matches('.').count().min(2);
                found >= wanted && found[..fixed] == wanted[..fixed]
            }
            _ => found == wanted,
        }
    })
}

/// Some types that stand next to each other.
struct Section {
    text: String,
    read: Mutex<Bodies>,
}

/// What was read of a section.
type Bodies = FxHashMap<(What, String), Option<Arc<Body>>>;

impl Section {
    fn unpack(packed: &[u8]) -> Section {
        let mut text = String::new();
        // What was packed when the program was built can be unpacked.
        let unpacked = flate2::read::DeflateDecoder::new(packed).read_to_string(&mut text);
        if unpacked.is_err() {
            text.clear();
        }
        Section {
            text,
            read: Mutex::default(),
        }
    }

    fn body(&self, what: What, kind: &str) -> Option<Arc<Body>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (what, kind.to_owned());
        if let Some(known) = read.get(&key) {
            return known.clone();
        }
        let body = what.words().iter().find_map(|word| {
            let wanted = format!("{word} {kind} ");
            let line = self
                .text
                .lines()
                .find_map(|line| line.strip_prefix(&wanted))?;
            let mut body = Reading::of(&self.text).body(line)?;
            body.is_legacy = *word == LEGACY;
            Some(Arc::new(body))
        });
        read.insert(key, body.clone());
        body
    }
}

/// One type being read, with what it shares with others of its section.
struct Reading<'t> {
    shared: FxHashMap<&'t str, &'t str>,
    bodies: FxHashMap<&'t str, Arc<Body>>,
}

impl<'t> Reading<'t> {
    fn of(text: &'t str) -> Reading<'t> {
        let numbered = text.lines().filter_map(|line| line.split_once(' '));
        Reading {
            shared: numbered
                .filter(|(number, _)| number.starts_with(|c: char| c.is_ascii_digit()))
                .collect(),
            bodies: FxHashMap::default(),
        }
    }

    fn body(&mut self, line: &'t str) -> Option<Body> {
        let mut body = Body::default();
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let at = word.find(['=', ':'])?;
            let (name, rest) = (&word[..at], &word[at + 1..]);
            if word.as_bytes()[at] == b'=' {
                body.attributes.insert(name.into(), self.attribute(rest)?);
            } else {
                body.blocks.insert(name.into(), self.nested(rest)?);
            }
        }
        Some(body)
    }

    fn attribute(&mut self, text: &'t str) -> Option<Attribute> {
        let letter = text.chars().next()?;
        let mode = match letter.to_ascii_lowercase() {
            'r' => Mode::Required,
            'o' => Mode::Optional,
            'c' => Mode::Computed,
            _ => Mode::Either,
        };
        let (of, rest) = self.kind(&text[1..])?;
        let (change, rest) = match rest
            .strip_prefix('^')
            .and_then(|rest| rest.split_at_checked(1))
        {
            Some((letter, rest)) => (letter.chars().next().and_then(Change::named), rest),
            None => (None, rest),
        };
        let unset = match (rest.strip_prefix('~'), mode) {
            (Some("?"), _) | (None, Mode::Computed | Mode::Either) => Unset::Unknown,
            (None, _) | (Some("null"), _) => Unset::Null,
            (Some(default), _) => {
                let default = literal(default)?;
                Unset::Default(types::convert(&default, &of, Span::NONE).unwrap_or(default))
            }
        };
        Some(Attribute {
            of,
            mode,
            change,
            is_sensitive: letter.is_ascii_uppercase(),
            unset,
        })
    }

    fn nested(&mut self, text: &'t str) -> Option<Nested> {
        let (shape, rest) = text.split_once('#')?;
        let (number, is_computed) = match rest.strip_suffix("~?") {
            Some(number) => (number, true),
            None => (rest, false),
        };
        let (least, most) = shape.get(1..)?.split_once('-')?;
        let body = match self.bodies.get(number) {
            Some(known) => known.clone(),
            None => {
                let line = *self.shared.get(number)?;
                let body = Arc::new(self.body(line)?);
                self.bodies.insert(number, body.clone());
                body
            }
        };
        Some(Nested {
            nesting: match shape.as_bytes()[0] {
                b'l' => Nesting::List,
                b's' => Nesting::Set,
                _ => Nesting::Single,
            },
            least: least.parse().unwrap_or(0),
            most: most.parse().ok(),
            body,
            is_computed,
        })
    }

    /// A type, and what stands behind it.
    fn kind(&self, text: &'t str) -> Option<(Type, &'t str)> {
        let rest = text.get(1..)?;
        let part = |of: fn(Box<Type>) -> Type| {
            let (inner, rest) = self.kind(rest)?;
            Some((of(Box::new(inner)), rest))
        };
        match text.as_bytes()[0] {
            b's' => Some((Type::String, rest)),
            b'n' => Some((Type::Number, rest)),
            b'b' => Some((Type::Bool, rest)),
            b'L' => part(Type::List),
            b'S' => part(Type::Set),
            b'M' => part(Type::Map),
            b'#' => {
                let end = rest.find(|c: char| !c.is_ascii_digit());
                let (number, rest) = rest.split_at(end.unwrap_or(rest.len()));
                let (of, _) = self.kind(self.shared.get(number)?)?;
                Some((of, rest))
            }
            b'{' => self.object(rest),
            _ => Some((Type::Any, rest)),
        }
    }

    fn object(&self, mut rest: &'t str) -> Option<(Type, &'t str)> {
        let mut attributes = IndexMap::default();
        loop {
            if let Some(rest) = rest.strip_prefix('}') {
                return Some((Type::Object(attributes), rest));
            }
            let (name, after) = rest.split_once(':')?;
            let (of, after) = self.kind(after)?;
            let (default, after) = match after.strip_prefix('~') {
                Some(default) => {
                    let end = default.find([',', '}'])?;
                    (literal(&default[..end]), &default[end..])
                }
                None => (None, after),
            };
            let attribute = types::Attribute {
                of,
                is_optional: true,
                default,
            };
            attributes.insert(name.into(), attribute);
            rest = after.strip_prefix(',').unwrap_or(after);
        }
    }
}

/// A default as the table spells it: JSON, with `%20` for what divides words.
fn literal(text: &str) -> Option<Value> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        plain.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    let json = serde_json::from_slice(&plain).ok()?;
    Some(Value::from_json(&json))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: &str) -> Arc<Body> {
        of(What::Resource, kind).expect("the table knows it")
    }

    #[test]
    fn every_type_of_the_table_can_be_read() {
        let mut count = 0;
        for (index, (first, start, end)) in SECTIONS.iter().enumerate() {
            let section = Section::unpack(&PACKED[*start..*end]);
            for line in section.text.lines() {
                let mut words = line.split(' ');
                let (what, name) = (words.next(), words.next().unwrap_or_default());
                let what = match what {
                    Some("resource" | "framework") => What::Resource,
                    Some("data") => What::Data,
                    _ => continue,
                };
                assert!(*first <= name, "{first} {name}");
                let next = SECTIONS.get(index + 1);
                assert!(next.is_none_or(|(next, ..)| name < *next), "{name}");
                let body = of(what, name);
                assert!(body.is_some(), "{what:?} {name}");
                count += 1;
            }
        }
        assert!(count > 2_000, "{count}");
    }

    #[test]
    fn constraints_tell_whether_the_table_is_of_the_version_that_is_meant() {
        for (locked, constraints, expected) in [
            (None, &[][..], true),
            (None, &["~> 5.0"], true),
            (None, &["~> 5.30", ">= 4.0"], true),
            (None, &[">= 5.0, < 6.0"], true),
            (None, &["5.100.0"], true),
            (None, &["= 5.0.0"], true),
            (None, &[">= 4.0"], false),
            (None, &["~> 4.0"], false),
            (None, &["~> 5.0.1"], true),
            (None, &["5.1.0", "5.2.0"], false),
            (None, &["~> 6.0"], false),
            (Some("5.31.0"), &[">= 4.0"], true),
            (Some("6.2.0"), &[">= 4.0"], false),
        ] {
            let constraints: Vec<Arc<str>> = constraints.iter().map(|c| Arc::from(*c)).collect();
            assert_eq!(
                is_meant(locked, &constraints),
                expected,
                "{locked:?} {constraints:?}"
            );
        }
    }

    #[test]
    fn attributes_have_types_modes_and_what_they_are_unset() {
        let group = resource("aws_security_group");
        let description = &group.attributes["description"];
        assert_eq!(description.mode, Mode::Optional);
        assert!(
            matches!(&description.unset, Unset::Default(text) if text.as_str() == Some("Managed by Terraform"))
        );
        assert_eq!(group.attributes["arn"].mode, Mode::Computed);
        let Some(Type::Object(rule)) = group.attributes["ingress"].as_blocks() else {
            panic!("a set of objects");
        };
        assert_eq!(rule["from_port"].of, Type::Number);
        assert!(
            rule["self"]
                .default
                .as_ref()
                .is_some_and(|d| d.as_bool() == Some(false))
        );
        assert!(resource("aws_db_instance").attributes["password"].is_sensitive);
    }

    #[test]
    fn blocks_have_numbers_and_bodies() {
        let cluster = resource("aws_eks_cluster");
        let network = &cluster.blocks["vpc_config"];
        assert_eq!(
            (network.nesting, network.least, network.most),
            (Nesting::List, 1, Some(1))
        );
        assert!(!network.is_computed);
        assert_eq!(network.body.attributes["subnet_ids"].mode, Mode::Required);
        assert!(cluster.blocks["kubernetes_network_config"].is_computed);
        assert_eq!(cluster.blocks["timeouts"].nesting, Nesting::Single);
        assert!(of(What::Resource, "aws_nothing").is_none());
        assert!(of(What::Data, "aws_iam_policy_document").is_some());
    }
}

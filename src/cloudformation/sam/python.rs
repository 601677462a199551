//! Values as the transform's own language writes them down: what it makes ids of.
//!
//! The transform names deployments, versions and layers after a digest of a definition's text, and keeps the text as
//! Python 2.7 printed dictionaries: in the order of their hash tables. So dictionaries are kept here with their tables.
//! <https://github.com/aws/serverless-application-model/blob/develop/samtranslator/utils/py27hash_fix.py>

use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use sha1::{Digest, Sha1};

use crate::source::Span;
use crate::value::{Data, Member, Number, Value};

/// A part of a definition.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Map(Map),
    List(Vec<Node>, Span),
    /// Anything else, and whether it is of the template: its texts are printed with a `u`.
    Leaf(Value, bool),
    /// A number with a point, which CloudFormation keeps as it is written.
    Float(Value),
}

/// A dictionary.
#[derive(Clone, Debug)]
pub(super) struct Map {
    entries: IndexMap<Arc<str>, Entry, FxBuildHasher>,
    /// Its hash table; a dictionary of today's kind has none, and keeps the order in which it was written.
    table: Option<Table>,
    pub(super) place: Span,
}

#[derive(Clone, Debug)]
struct Entry {
    key: Span,
    is_of_template: bool,
    node: Node,
}

impl Node {
    /// A value of the template.
    pub(super) fn of_template(value: &Value) -> Node {
        Node::from_value(value, true)
    }

    /// A value that the transform makes itself.
    pub(super) fn made(value: &Value) -> Node {
        Node::from_value(value, false)
    }

    fn from_value(value: &Value, is_of_template: bool) -> Node {
        match &value.data {
            Data::Object(object) if object.more().is_none() => {
                let mut map = match is_of_template {
                    true => Map::new(value.span()),
                    false => Map::plain(value.span()),
                };
                for (name, member) in object.members() {
                    let node = Node::from_value(&value.seen(&member.value), is_of_template);
                    map.put(name.clone(), member.key, is_of_template, node);
                }
                Node::Map(map)
            }
            Data::List(list) if list.more().is_none() => {
                let items = value.elements();
                let items = items.map(|item| Node::from_value(&item, is_of_template));
                Node::List(items.collect(), value.span())
            }
            _ => Node::Leaf(value.clone(), is_of_template),
        }
    }

    /// This with the numbers that have a point told from texts.
    pub(super) fn with_floats(&self, is_plain: &dyn Fn(Span) -> bool) -> Node {
        self.with(&|part| {
            let Node::Leaf(value, true) = part else {
                return None;
            };
            let (whole, rest) = value.as_str()?.split_once('.')?;
            let is_number =
                |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let is_float = is_number(whole.strip_prefix('-').unwrap_or(whole)) && is_number(rest);
            (is_float && is_plain(value.span())).then(|| Node::Float(value.clone()))
        })
    }

    /// A text that the transform makes itself.
    pub(super) fn text(text: &str, place: Span) -> Node {
        Node::Leaf(Value::text(text, place), false)
    }

    /// A text that is made of one of the template.
    pub(super) fn template_text(text: &str, place: Span) -> Node {
        Node::Leaf(Value::text(text, place), true)
    }

    /// The value that it stands for.
    pub(super) fn value(&self) -> Value {
        match self {
            Node::Map(map) => map.value(),
            Node::List(items, place) => {
                Value::list(items.iter().map(Node::value).collect(), *place)
            }
            Node::Leaf(value, _) | Node::Float(value) => value.clone(),
        }
    }

    pub(super) fn place(&self) -> Span {
        match self {
            Node::Map(map) => map.place,
            Node::List(_, place) => *place,
            Node::Leaf(value, _) | Node::Float(value) => value.span(),
        }
    }

    pub(super) fn as_map(&self) -> Option<&Map> {
        match self {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Node::Leaf(value, _) => value.as_str(),
            _ => None,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Node::Leaf(value, _) => value.as_bool(),
            _ => None,
        }
    }

    /// What stands in it, if it is a list.
    pub(super) fn items(&self) -> &[Node] {
        match self {
            Node::List(items, _) => items,
            _ => &[],
        }
    }

    /// Whether Python takes it for true.
    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Node::Map(map) => !map.entries.is_empty(),
            Node::List(items, _) => !items.is_empty(),
            Node::Leaf(value, _) => is_truthy(value),
            Node::Float(value) => value
                .as_str()
                .is_some_and(|text| text.contains(|c| matches!(c, '1'..='9'))),
        }
    }

    /// Whether texts of it are of the template.
    pub(super) fn is_of_template(&self) -> bool {
        matches!(self, Node::Leaf(_, true))
    }

    /// A copy all the way down, whose tables are filled anew.
    pub(super) fn copied(&self) -> Node {
        match self {
            Node::Map(map) => Node::Map(map.copied()),
            Node::List(items, place) => {
                Node::List(items.iter().map(Node::copied).collect(), *place)
            }
            leaf => leaf.clone(),
        }
    }

    /// This with each part replaced by what `replace` makes of it, where it makes something.
    pub(super) fn with(&self, replace: &dyn Fn(&Node) -> Option<Node>) -> Node {
        if let Some(replaced) = replace(self) {
            return replaced;
        }
        match self {
            Node::Map(map) => {
                let mut map = map.clone();
                for entry in map.entries.values_mut() {
                    entry.node = entry.node.with(replace);
                }
                Node::Map(map)
            }
            Node::List(items, place) => Node::List(
                items.iter().map(|item| item.with(replace)).collect(),
                *place,
            ),
            leaf => leaf.clone(),
        }
    }

    /// Global properties under a resource's own.
    pub(super) fn merged(global: &Node, own: &Node) -> Node {
        match (global, own) {
            (Node::Map(under), Node::Map(over)) if !under.is_function() && !over.is_function() => {
                let mut all = under.merged_copy();
                for name in over.names() {
                    let Some(entry) = over.entries.get(&name) else {
                        continue;
                    };
                    let node = match under.get(&name) {
                        Some(known) => Node::merged(known, &entry.node),
                        None => entry.node.clone(),
                    };
                    all.put(name, entry.key, entry.is_of_template, node);
                }
                all.place = over.place;
                Node::Map(all)
            }
            (Node::List(under, _), Node::List(over, place)) => {
                Node::List(under.iter().chain(over).cloned().collect(), *place)
            }
            _ => own.clone(),
        }
    }

    /// As `str` prints it; none if something in it is not known.
    pub(super) fn printed(&self) -> Option<String> {
        let mut out = String::new();
        self.print(&mut out)?;
        Some(out)
    }

    fn print(&self, out: &mut String) -> Option<()> {
        match self {
            Node::Map(map) => {
                out.push('{');
                for (index, name) in map.names().iter().enumerate() {
                    let entry = map.entries.get(name)?;
                    if index > 0 {
                        out.push_str(", ");
                    }
                    print_text(name, entry.is_of_template, out);
                    out.push_str(": ");
                    entry.node.print(out)?;
                }
                out.push('}');
            }
            Node::List(items, _) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.print(out)?;
                }
                out.push(']');
            }
            Node::Float(value) => out.push_str(&printed_float(value.as_str()?.parse().ok()?)),
            Node::Leaf(value, is_of_template) => match &value.data {
                Data::Null(_) => out.push_str("None"),
                Data::Bool(truth) => out.push_str(if *truth { "True" } else { "False" }),
                Data::Number(number) => out.push_str(&printed_number(number)),
                Data::Text(text) => print_text(text.as_str()?, *is_of_template, out),
                _ => return None,
            },
        }
        Some(())
    }

    /// As `json.dumps` writes it, in the order of the tables; none if something in it is not known.
    pub(super) fn as_json(&self) -> Option<String> {
        let mut out = String::new();
        match self {
            Node::Map(map) => {
                out.push('{');
                for (index, name) in map.names().iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    write_json_text(name, &mut out);
                    out.push_str(": ");
                    out.push_str(&map.get(name)?.as_json()?);
                }
                out.push('}');
            }
            Node::List(items, _) => {
                let items: Option<Vec<String>> = items.iter().map(Node::as_json).collect();
                write!(out, "[{}]", items?.join(", ")).ok()?;
            }
            Node::Float(_) => out = self.printed()?,
            Node::Leaf(value, _) => write_json(value, &Layout::COMPACT, 0, &mut out)?,
        }
        Some(out)
    }
}

impl Map {
    /// A dictionary that is printed in the order of its table.
    pub(super) fn new(place: Span) -> Map {
        Map {
            table: Some(Table::default()),
            ..Map::plain(place)
        }
    }

    /// A dictionary that is printed in the order in which it was written.
    pub(super) fn plain(place: Span) -> Map {
        Map {
            entries: IndexMap::default(),
            table: None,
            place,
        }
    }

    fn put(&mut self, name: Arc<str>, key: Span, is_of_template: bool, node: Node) {
        if let Some(table) = &mut self.table {
            table.add(&name);
        }
        match self.entries.get_mut(&name) {
            // The key stays the one that it was.
            Some(entry) => entry.node = node,
            None => {
                let entry = Entry {
                    key,
                    is_of_template,
                    node,
                };
                self.entries.insert(name, entry);
            }
        }
    }

    /// Sets what the transform itself names.
    pub(super) fn set(&mut self, name: &str, node: Node) {
        self.put(name.into(), self.place, false, node);
    }

    /// Sets what the template names.
    pub(super) fn set_of_template(&mut self, name: &str, key: Span, node: Node) {
        self.put(name.into(), key, true, node);
    }

    /// Sets it with a text that the transform makes.
    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, Node::text(text, self.place));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries.get(name).map(|entry| &entry.node)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.entries.get_mut(name).map(|entry| &mut entry.node)
    }

    /// What Python's `get` gives where the caller asks whether it is true.
    pub(super) fn truthy(&self, name: &str) -> Option<&Node> {
        self.get(name).filter(|node| node.is_truthy())
    }

    pub(super) fn map(&self, name: &str) -> Option<&Map> {
        self.get(name)?.as_map()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The place of a name, and whether it is of the template.
    pub(super) fn key(&self, name: &str) -> (Span, bool) {
        let entry = self.entries.get(name);
        entry.map_or((self.place, false), |entry| {
            (entry.key, entry.is_of_template)
        })
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Node> {
        if let Some(table) = &mut self.table {
            table.remove(name);
        }
        self.entries.shift_remove(name).map(|entry| entry.node)
    }

    /// The member, made empty if it is not there.
    pub(super) fn or_map(&mut self, name: &str, key: Span, is_of_template: bool) -> &mut Node {
        if !self.has(name) {
            self.put(name.into(), key, is_of_template, Node::Map(Map::new(key)));
        }
        let index = self.entries.get_index_of(name).unwrap_or_default();
        &mut self.entries[index].node
    }

    /// The names in the order in which they are printed.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        match &self.table {
            Some(table) => table.names(),
            None => self.entries.keys().cloned().collect(),
        }
    }

    /// Adds all of another, as `update` does.
    pub(super) fn update(&mut self, other: &Map) {
        if let Some(table) = &mut self.table {
            table.merge(&other.names());
        }
        for name in other.names() {
            if let Some(entry) = other.entries.get(&name) {
                let (key, is_of_template) = (entry.key, entry.is_of_template);
                self.put(name, key, is_of_template, entry.node.clone());
            }
        }
    }

    fn copied(&self) -> Map {
        let table = self.table.as_ref().map(|_| {
            let mut table = Table::default();
            for name in self.names() {
                table.add(&name);
            }
            table
        });
        let entries = self.entries.iter().map(|(name, entry)| {
            let node = entry.node.copied();
            (name.clone(), Entry { node, ..*entry })
        });
        Map {
            entries: entries.collect(),
            table,
            place: self.place,
        }
    }

    /// A copy of the dictionary alone, as its `copy` makes it.
    fn merged_copy(&self) -> Map {
        let table = self.table.as_ref().map(|_| {
            let mut table = Table::default();
            table.merge(&self.names());
            table
        });
        Map {
            entries: self.entries.clone(),
            table,
            place: self.place,
        }
    }

    fn is_function(&self) -> bool {
        let mut names = self.entries.keys();
        let is_one = |name: &Arc<str>| is_function_name(name);
        self.entries.len() == 1 && names.all(is_one)
    }

    pub(super) fn value(&self) -> Value {
        let members = self.entries.iter().map(|(name, entry)| {
            let value = entry.node.value();
            let key = entry.key;
            (name.clone(), Member { key, value })
        });
        Value::object(members.collect(), self.place)
    }
}

/// Whether a mapping of this one name is a function to the transform.
pub(super) fn is_function_name(name: &str) -> bool {
    name == "Ref" || name == "Condition" || name.starts_with("Fn::")
}

/// Whether Python takes a value for true.
pub(super) fn is_truthy(value: &Value) -> bool {
    match &value.data {
        Data::Null(_) => false,
        Data::Bool(truth) => *truth,
        Data::Number(number) => number.as_i64() != Some(0),
        Data::Text(text) => text.as_str() != Some(""),
        Data::List(list) => !list.items().is_empty() || list.more().is_some(),
        Data::Object(object) => !object.members().is_empty() || object.more().is_some(),
        Data::Unknown(_) | Data::Choice(_) => true,
    }
}

fn printed_number(number: &Number) -> String {
    match number.as_i64() {
        Some(whole) => whole.to_string(),
        None => printed_float(number.to_f64()),
    }
}

/// As Python prints floats; those of templates are neither huge nor tiny.
fn printed_float(float: f64) -> String {
    let text = float.to_string();
    match text.contains(['.', 'e', 'n']) {
        true => text,
        false => format!("{text}.0"),
    }
}

/// A text between the quotes that Python chooses.
fn print_text(text: &str, is_of_template: bool, out: &mut String) {
    if is_of_template {
        out.push('u');
    }
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for c in text.chars() {
        let code = u32::from(c);
        // Infallible: a string is written to.
        let _ = match c {
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            c if c == quote => write!(out, "\\{c}"),
            _ if code < 0x20 || code == 0x7f => write!(out, "\\x{code:02x}"),
            c if c.is_ascii() || !is_of_template => out.write_char(c),
            _ if code < 0x100 => write!(out, "\\x{code:02x}"),
            _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
    }
    out.push(quote);
}

/// How JSON is laid out.
pub(super) struct Layout {
    comma: &'static str,
    colon: &'static str,
    indent: usize,
    is_sorted: bool,
}

impl Layout {
    /// As ids are made of it.
    pub(super) const DIGEST: Layout = Layout {
        comma: ",",
        colon: ":",
        indent: 0,
        is_sorted: true,
    };
    /// As the definitions of state machines are written.
    pub(super) const INDENTED: Layout = Layout {
        comma: ",",
        colon: ": ",
        indent: 4,
        is_sorted: true,
    };
    const COMPACT: Layout = Layout {
        comma: ", ",
        colon: ": ",
        indent: 0,
        is_sorted: false,
    };
}

/// A value as `json.dumps` writes it; none if something in it is not known.
pub(super) fn json(value: &Value, layout: &Layout) -> Option<String> {
    let mut out = String::new();
    write_json(value, layout, 0, &mut out)?;
    Some(out)
}

fn write_json(value: &Value, layout: &Layout, depth: usize, out: &mut String) -> Option<()> {
    let new_line = |depth: usize, out: &mut String| {
        if layout.indent > 0 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', layout.indent * depth));
        }
    };
    match &value.data {
        Data::Null(_) => out.push_str("null"),
        Data::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Data::Number(number) => out.push_str(&printed_number(number)),
        Data::Text(text) => write_json_text(text.as_str()?, out),
        Data::List(list) if list.more().is_none() => {
            out.push('[');
            for (index, item) in list.items().iter().enumerate() {
                if index > 0 {
                    out.push_str(layout.comma);
                }
                new_line(depth + 1, out);
                write_json(item, layout, depth + 1, out)?;
            }
            if !list.items().is_empty() {
                new_line(depth, out);
            }
            out.push(']');
        }
        Data::Object(object) if object.more().is_none() => {
            let mut members: Vec<(&Arc<str>, &Member)> = object.members().iter().collect();
            if layout.is_sorted {
                members.sort_by_key(|(name, _)| *name);
            }
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push_str(layout.comma);
                }
                new_line(depth + 1, out);
                write_json_text(name, out);
                out.push_str(layout.colon);
                write_json(&member.value, layout, depth + 1, out)?;
            }
            if !members.is_empty() {
                new_line(depth, out);
            }
            out.push('}');
        }
        _ => return None,
    }
    Some(())
}

fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// The whole digest of a text, in hexadecimal.
pub(super) fn digest(text: &str) -> String {
    let mut out = String::new();
    for byte in Sha1::digest(text.as_bytes()) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// What is put behind an id that is made of a text: nothing for no text.
pub(super) fn suffix(text: &str) -> String {
    match text {
        "" => String::new(),
        text => digest(text)[..10].to_owned(),
    }
}

/// What is put behind an id that is made of a value: the digest of a text itself, or of its JSON.
pub(super) fn suffix_of(value: &Value) -> Option<String> {
    match value.as_str() {
        Some(text) => Some(suffix(text)),
        None if !is_truthy(value) => Some(String::new()),
        None => Some(suffix(&json(value, &Layout::DIGEST)?)),
    }
}

/// The hash table of a dictionary of Python 2.7.
/// <https://github.com/python/cpython/blob/v2.7.18/Objects/dictobject.c>
#[derive(Clone, Debug)]
struct Table {
    slots: Vec<Slot>,
    /// Names in it, and slots that are or were taken.
    used: usize,
    filled: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Slot {
    Free,
    Removed,
    Taken(Arc<str>),
}

impl Default for Table {
    fn default() -> Table {
        Table::of_size(8)
    }
}

impl Table {
    fn of_size(size: usize) -> Table {
        Table {
            slots: vec![Slot::Free; size],
            used: 0,
            filled: 0,
        }
    }

    /// Where a name is, or would be put.
    fn slot(&self, name: &str) -> usize {
        let mask = self.slots.len() - 1;
        let hash = hash(name);
        let mut walker = hash;
        let mut perturb = hash;
        let mut removed = None;
        let mut at = usize::try_from(hash & mask as u64).unwrap_or_default();
        walker &= mask as u64;
        loop {
            match &self.slots[at] {
                Slot::Free => return removed.unwrap_or(at),
                Slot::Taken(known) if **known == *name => return at,
                Slot::Removed => removed = removed.or(Some(at)),
                Slot::Taken(_) => {}
            }
            walker = (walker << 2)
                .wrapping_add(walker)
                .wrapping_add(perturb)
                .wrapping_add(1);
            at = usize::try_from(walker & mask as u64).unwrap_or_default();
            perturb >>= 5;
        }
    }

    fn add(&mut self, name: &Arc<str>) {
        let at = self.slot(name);
        let is_new = !matches!(self.slots[at], Slot::Taken(_));
        if self.slots[at] == Slot::Free {
            self.filled += 1;
        }
        if is_new {
            self.used += 1;
            self.slots[at] = Slot::Taken(name.clone());
        }
        if is_new && self.filled * 3 >= self.slots.len() * 2 {
            let factor = if self.used > 50_000 { 2 } else { 4 };
            self.resize(self.used * factor);
        }
    }

    fn remove(&mut self, name: &str) {
        let at = self.slot(name);
        if matches!(self.slots[at], Slot::Taken(_)) {
            self.slots[at] = Slot::Removed;
            self.used -= 1;
        }
    }

    fn merge(&mut self, names: &[Arc<str>]) {
        if names.is_empty() {
            return;
        }
        if (self.filled + names.len()) * 3 >= self.slots.len() * 2 {
            self.resize((self.used + names.len()) * 2);
        }
        for name in names {
            self.add(name);
        }
    }

    fn resize(&mut self, least: usize) {
        let mut size = 8;
        while size <= least {
            size <<= 1;
        }
        let names = self.names();
        *self = Table::of_size(size);
        for name in &names {
            self.add(name);
        }
    }

    fn names(&self) -> Vec<Arc<str>> {
        let taken = self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(name) => Some(name.clone()),
            _ => None,
        });
        taken.collect()
    }
}

/// The hash of a text in Python 2.7.
fn hash(text: &str) -> u64 {
    let mut characters = text.chars().map(u64::from).peekable();
    let Some(first) = characters.peek() else {
        return 0;
    };
    let mut hash = *first << 7;
    let mut length = 0;
    for character in characters {
        hash = hash.wrapping_mul(1_000_003) ^ character;
        length += 1;
    }
    hash ^ length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_are_printed_in_the_order_of_their_tables() {
        let mut map = Map::new(Span::NONE);
        for name in ["swagger", "info", "paths", "securityDefinitions", "it's"] {
            map.set_text(name, name);
        }
        let printed = Node::Map(map).printed().expect("known");
        assert_eq!(
            printed,
            "{'info': 'info', 'paths': 'paths', 'swagger': 'swagger', \"it's\": \"it's\", 'securityDefinitions': 'securityDefinitions'}"
        );
    }
}

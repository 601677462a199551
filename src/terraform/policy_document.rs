//! `data "aws_iam_policy_document"`: its blocks in, the policy as a structured value and as JSON out.
//!
//! The structure is kept behind the text, so that a policy with unknown parts is still a policy, and every action and
//! resource keeps its place. Shape after the provider (internal/service/iam/policy_document_data_source.go semantics as
//! documented): one element stands alone, several make a list, empty ones are left out, `&{x}` is a policy variable.
//! <https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/data-sources/iam_policy_document>

use std::sync::Arc;

use crate::source::Span;
use crate::value::{
    Alternative, Data, List, ListKind, Member, Members, Object, ObjectKind, Reason, Segment, Text,
    Unknown, Value,
};

/// The type of the data source.
pub(super) const KIND: &str = "aws_iam_policy_document";

/// Members of a statement in the order in which the provider writes them.
const ORDER: &[&str] = &[
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
];

/// Adds `json` and `minified_json` to the arguments of a policy document. What is wrong with it is given to `say`.
pub(super) fn complete(members: &mut Members, place: Span, say: &mut dyn FnMut(String)) {
    let policy = policy(members, place, say);
    for (name, indent) in [("json", Some(2)), ("minified_json", None)] {
        let text = super::functions::json_in_order(&policy, indent);
        let text = Text::build(
            text.segments().into_owned(),
            Some(policy.clone()),
            Vec::new(),
        );
        if let (Some(known), true) = (text.as_str(), indent.is_some()) {
            let mut sum = flate2::Crc::new();
            sum.update(known.as_bytes());
            let id = Value::text(sum.sum().to_string(), place);
            members.insert("id".into(), id.into());
        }
        members.insert(name.into(), Value::new(Data::Text(text), place).into());
    }
}

fn get(members: &Members, name: &str) -> Option<Value> {
    members
        .get(name)
        .map(|member| member.value.clone())
        .filter(|value| !value.is_null())
}

fn policy(members: &Members, place: Span, say: &mut dyn FnMut(String)) -> Value {
    let mut document = Document::default();
    let sources = get(members, "source_policy_documents").or_else(|| get(members, "source_json"));
    document.merge_documents(sources, true, say);
    let version = get(members, "version").unwrap_or_else(|| Value::text("2012-10-17", place));
    document.take_version(version);
    document.id = get(members, "policy_id").or(document.id.take());
    if let Some(own) = get(members, "statement") {
        let mut sids: Vec<String> = Vec::new();
        for block in own.elements() {
            let statement = each(&block, &statement);
            if let Some(sid) = sid_of(&statement) {
                if sids.contains(&sid) {
                    say(format!("two statements have the Sid \"{sid}\""));
                }
                sids.push(sid);
            }
            document.put(statement);
        }
        let more = own.as_list().and_then(List::more).or(own.as_unknown());
        if let Some(why) = more {
            document.more.get_or_insert_with(|| why.clone());
        }
    }
    let overrides =
        get(members, "override_policy_documents").or_else(|| get(members, "override_json"));
    document.merge_documents(overrides, false, say);

    let mut policy = Members::default();
    let version = document
        .version
        .unwrap_or_else(|| Value::text("2012-10-17", place));
    policy.insert("Version".into(), version.into());
    if let Some(id) = document.id {
        policy.insert("Id".into(), id.into());
    }
    if document.list.is_empty() && document.more.is_none() {
        return Value::object(policy, place);
    }
    let list = match document.more {
        Some(why) => List::open(ListKind::Tuple, document.list, why),
        None => List::new(ListKind::Tuple, document.list),
    };
    policy.insert(
        "Statement".into(),
        Value::new(Data::List(list), place).into(),
    );
    Value::object(policy, place)
}

fn sid_of(statement: &Value) -> Option<String> {
    let sid = statement.member("Sid")?;
    sid.as_str()
        .filter(|sid| !sid.is_empty())
        .map(str::to_owned)
}

#[derive(Default)]
struct Document {
    version: Option<Value>,
    id: Option<Value>,
    list: Vec<Value>,
    more: Option<Arc<Unknown>>,
}

impl Document {
    /// The latest version of all documents counts.
    fn take_version(&mut self, version: Value) {
        let is_later = match &self.version {
            Some(known) => version.as_str() > known.as_str(),
            None => true,
        };
        if is_later {
            self.version = Some(version);
        }
    }

    /// Adds a statement; one with the same non-empty Sid is replaced in place.
    fn put(&mut self, statement: Value) {
        let same = sid_of(&statement).and_then(|wanted| {
            self.list
                .iter()
                .position(|known| sid_of(known).as_ref() == Some(&wanted))
        });
        match same {
            Some(at) => self.list[at] = statement,
            None => self.list.push(statement),
        }
    }

    fn merge_documents(
        &mut self,
        documents: Option<Value>,
        are_sources: bool,
        say: &mut dyn FnMut(String),
    ) {
        let Some(documents) = documents else { return };
        let texts: Vec<Value> = match &documents.data {
            Data::List(list) => {
                if let Some(why) = list.more() {
                    self.more.get_or_insert_with(|| why.clone());
                }
                documents.elements().collect()
            }
            _ => vec![documents],
        };
        let mut sids: Vec<String> = Vec::new();
        for text in texts {
            let encoded = match &text.data {
                Data::Text(encoded) if encoded.as_str() == Some("") => continue,
                Data::Text(encoded) => encoded,
                Data::Null(_) => continue,
                Data::Unknown(why) => {
                    self.more.get_or_insert_with(|| why.clone());
                    continue;
                }
                _ => {
                    self.unknown();
                    continue;
                }
            };
            let document = match crate::yaml::json::decode(encoded, text.span()) {
                Ok(document) => document,
                Err(error) => {
                    if encoded.as_str().is_some() {
                        say(format!("a policy document is not JSON: {}", error.message));
                    }
                    self.unknown();
                    continue;
                }
            };
            if let Some(version) = document.member("Version") {
                self.take_version(version);
            }
            self.id = document
                .member("Id")
                .filter(|id| id.as_str() != Some(""))
                .or(self.id.take());
            let statements = match document.member("Statement") {
                Some(statements) => statements,
                None => continue,
            };
            match &statements.data {
                Data::List(list) => {
                    if let Some(why) = list.more() {
                        self.more.get_or_insert_with(|| why.clone());
                    }
                    for item in statements.elements() {
                        if let Some(sid) = sid_of(&item).filter(|_| are_sources) {
                            if sids.contains(&sid) {
                                say(format!("two source documents have the Sid \"{sid}\""));
                            }
                            sids.push(sid);
                        }
                        self.put(each(&item, &ordered));
                    }
                }
                Data::Object(_) => self.put(ordered(&statements)),
                Data::Unknown(why) => {
                    self.more.get_or_insert_with(|| why.clone());
                }
                _ => self.unknown(),
            }
        }
    }

    fn unknown(&mut self) {
        let why = || {
            Arc::new(Unknown::because(Reason::Depends(
                "a policy document that is not known".into(),
            )))
        };
        self.more.get_or_insert_with(why);
    }
}

/// A statement of another document as the provider writes it again.
fn ordered(statement: &Value) -> Value {
    let Some(object) = statement.as_object() else {
        return statement.clone();
    };
    let mut members = Members::default();
    for name in ORDER {
        let Some(member) = object.members().get(*name) else {
            continue;
        };
        let value = statement.seen(&member.value);
        if value.is_null() || (*name == "Sid" && value.as_str() == Some("")) {
            continue;
        }
        let value = match *name {
            "Principal" | "NotPrincipal" => by_name(&value, &|value| value.clone()),
            "Condition" => by_name(&value, &|test| by_name(test, &condition_values)),
            _ => value,
        };
        members.insert(
            (*name).into(),
            Member {
                key: member.key,
                value,
            },
        );
    }
    let data = match object.more() {
        Some(why) => Object::open(ObjectKind::Object, members, why.clone()),
        None => Object::new(ObjectKind::Object, members),
    };
    Value {
        data: Data::Object(data),
        ..statement.clone()
    }
}

/// An object with its members sorted by name and changed.
fn by_name(value: &Value, change: &dyn Fn(&Value) -> Value) -> Value {
    let Some(object) = value.as_object() else {
        return value.clone();
    };
    let mut members: Vec<(Arc<str>, Member)> = object
        .members()
        .iter()
        .map(|(name, member)| {
            let value = change(&value.seen(&member.value));
            (name.clone(), Member { value, ..*member })
        })
        .collect();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    let members = members.into_iter().collect();
    let data = match object.more() {
        Some(why) => Object::open(object.kind(), members, why.clone()),
        None => Object::new(object.kind(), members),
    };
    Value {
        data: Data::Object(data),
        ..value.clone()
    }
}

/// Values of a condition are strings; one stands alone.
fn condition_values(value: &Value) -> Value {
    match &value.data {
        Data::Bool(_) | Data::Number(_) => match super::types::to_text(value) {
            Ok(text) => Value {
                data: Data::Text(text),
                ..value.clone()
            },
            Err(_) => value.clone(),
        },
        Data::List(list) if list.items().len() == 1 && list.more().is_none() => value
            .elements()
            .next()
            .map_or_else(|| value.clone(), |only| condition_values(&only)),
        _ => value.clone(),
    }
}

/// Applies a function to a value or to each of its alternatives.
fn each(value: &Value, function: &dyn Fn(&Value) -> Value) -> Value {
    match &value.data {
        Data::Choice(alternatives) => {
            let alternatives = alternatives.iter().map(|a| Alternative {
                guard: a.guard.clone(),
                value: each(&value.seen(&a.value), function),
            });
            Value::new(Data::Choice(alternatives.collect()), value.span())
        }
        _ => function(value),
    }
}

/// A `statement` block as a policy statement.
fn statement(block: &Value) -> Value {
    if block.as_object().is_none() {
        return block.clone();
    }
    let place = block.span();
    let mut members = Members::default();
    let mut add = |name: &str, value: Value| {
        members.insert(name.into(), value.into());
    };
    let written = |name: &str| block.member(name).filter(|value| !value.is_null());
    if let Some(sid) = written("sid").filter(|sid| sid.as_str() != Some("")) {
        add("Sid", sid);
    }
    add(
        "Effect",
        written("effect").unwrap_or_else(|| Value::text("Allow", place)),
    );
    for (argument, name) in [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        if let Some(value) = written(argument)
            && value
                .as_list()
                .is_none_or(|list| !list.items().is_empty() || list.more().is_some())
        {
            add(name, alone(&descending(&value)));
        }
    }
    for (argument, name) in [
        ("principals", "Principal"),
        ("not_principals", "NotPrincipal"),
    ] {
        if let Some(value) = written(argument).and_then(|blocks| principals(&blocks)) {
            add(name, value);
        }
    }
    if let Some(value) = written("condition").and_then(|blocks| conditions(&blocks)) {
        add("Condition", value);
    }
    Value::object(members, place)
}

/// Actions, resources and identifiers are sets, which the provider writes in descending order.
fn descending(value: &Value) -> Value {
    let Some(list) = value.as_list() else {
        return value.clone();
    };
    let mut items: Vec<Value> = value.elements().collect();
    if items.iter().any(|item| item.as_str().is_none()) {
        return value.clone();
    }
    items.sort_by(|a, b| b.as_str().cmp(&a.as_str()));
    items.dedup_by(|a, b| a.as_str() == b.as_str());
    let list = match list.more() {
        Some(why) => List::open(ListKind::Tuple, items, why.clone()),
        None => List::new(ListKind::Tuple, items),
    };
    Value {
        data: Data::List(list),
        ..value.clone()
    }
}

/// A list of one known element stands for that element; `&{` becomes `${`.
fn alone(value: &Value) -> Value {
    match value.as_list() {
        Some(list) if list.items().len() == 1 && list.more().is_none() => value
            .elements()
            .next()
            .map_or_else(|| value.clone(), |only| variables(&only)),
        Some(list) => {
            let items = value.elements().map(|item| variables(&item)).collect();
            let list = match list.more() {
                Some(why) => List::open(ListKind::Tuple, items, why.clone()),
                None => List::new(ListKind::Tuple, items),
            };
            Value {
                data: Data::List(list),
                ..value.clone()
            }
        }
        None => value.clone(),
    }
}

fn variables(value: &Value) -> Value {
    match value.as_text() {
        Some(text) if text.flattened('?').contains("&{") => {
            let parts = text.segments();
            let segments = parts.iter().map(|segment| match segment {
                Segment::Literal(text) => Segment::Literal(text.replace("&{", "${").into()),
                hole => hole.clone(),
            });
            Value {
                data: Data::Text(Text::from_segments(segments.collect())),
                ..value.clone()
            }
        }
        _ => value.clone(),
    }
}

fn principals(blocks: &Value) -> Option<Value> {
    let place = blocks.span();
    if blocks.as_list().is_none() {
        return Some(blocks.clone());
    }
    let mut by_type = Members::default();
    for block in blocks.elements() {
        if block.as_object().is_none() {
            return Some(Value::unknown(
                Reason::Depends("a principal that conditions decide".into()),
                place,
            ));
        }
        let identifiers = block
            .member("identifiers")
            .map_or_else(|| Value::list(Vec::new(), place), |ids| descending(&ids));
        let Some(kind) = block
            .member("type")
            .and_then(|kind| kind.as_str().map(Arc::<str>::from))
        else {
            return Some(Value::unknown(
                Reason::Depends("the type of a principal".into()),
                place,
            ));
        };
        let is_star = &*kind == "*" && identifiers.elements().any(|id| id.as_str() == Some("*"));
        if is_star {
            return identifiers.elements().next();
        }
        let value = match by_type.get(&kind) {
            Some(earlier) => joined(&earlier.value, &alone(&identifiers)),
            None => alone(&identifiers),
        };
        by_type.insert(kind, Member::from(value));
    }
    by_type.sort_keys();
    let why = blocks.as_list().and_then(List::more);
    if by_type.is_empty() && why.is_none() {
        return None;
    }
    let object = match why {
        Some(why) => Object::open(ObjectKind::Object, by_type, why.clone()),
        None => Object::new(ObjectKind::Object, by_type),
    };
    Some(Value::new(Data::Object(object), place))
}

/// Two values, single or lists, as one list.
fn joined(first: &Value, second: &Value) -> Value {
    let items_of = |value: &Value| match value.as_list() {
        Some(_) => value.elements().collect(),
        None => vec![value.clone()],
    };
    let mut items = items_of(first);
    items.extend(items_of(second));
    Value::list(items, first.span())
}

fn conditions(blocks: &Value) -> Option<Value> {
    let place = blocks.span();
    if blocks.as_list().is_none() {
        return Some(blocks.clone());
    }
    let mut tests: Vec<(Arc<str>, Members, Span)> = Vec::new();
    for block in blocks.elements() {
        let name = |member: &str| {
            block
                .member(member)
                .and_then(|value| value.as_str().map(Arc::<str>::from))
        };
        let (Some(test), Some(variable)) = (name("test"), name("variable")) else {
            return Some(Value::unknown(
                Reason::Depends("a condition that is not known".into()),
                place,
            ));
        };
        let values = block
            .member("values")
            .map_or_else(|| Value::list(Vec::new(), place), |values| alone(&values));
        let at = match tests.iter().position(|(known, ..)| *known == test) {
            Some(at) => at,
            None => {
                tests.push((test, Members::default(), block.span()));
                tests.len() - 1
            }
        };
        let values = match tests[at].1.get(&variable) {
            Some(earlier) => joined(&earlier.value, &values),
            None => values,
        };
        tests[at].1.insert(variable, values.into());
    }
    if tests.is_empty() && blocks.as_list().is_none_or(|list| list.more().is_none()) {
        return None;
    }
    tests.sort_by(|a, b| a.0.cmp(&b.0));
    let members = tests.into_iter().map(|(test, mut keys, span)| {
        keys.sort_keys();
        (test, Value::object(keys, span).into())
    });
    let object = match blocks.as_list().and_then(List::more) {
        Some(why) => Object::open(ObjectKind::Object, members.collect(), why.clone()),
        None => Object::new(ObjectKind::Object, members.collect()),
    };
    Some(Value::new(Data::Object(object), place))
}

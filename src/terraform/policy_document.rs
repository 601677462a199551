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

/// Adds `json` and `minified_json` to the arguments of a policy document.
pub(super) fn complete(members: &mut Members, place: Span) {
    let policy = policy(members, place);
    for name in ["json", "minified_json"] {
        members.insert(name.into(), encoded(&policy, place).into());
    }
}

/// A structured value as the text that encodes it.
fn encoded(value: &Value, place: Span) -> Value {
    let call = super::functions::Call {
        site: place,
        files: &crate::source::MemoryFiles::default(),
        folder: "",
    };
    match super::functions::call("jsonencode", std::slice::from_ref(value), call) {
        Some(Ok(text)) => text,
        _ => {
            let why = Arc::new(Unknown::because(Reason::Depends(
                "a part of the policy".into(),
            )));
            let text = Text::build(vec![Segment::Hole(why)], Some(value.clone()), Vec::new());
            Value::new(Data::Text(text), place)
        }
    }
}

fn get(members: &Members, name: &str) -> Option<Value> {
    members
        .get(name)
        .map(|member| member.value.clone())
        .filter(|value| !value.is_null())
}

fn policy(members: &Members, place: Span) -> Value {
    let mut statements = Statements::default();
    let sources = get(members, "source_policy_documents").or_else(|| get(members, "source_json"));
    statements.merge_documents(sources, place);
    if let Some(own) = get(members, "statement") {
        for block in own.elements() {
            statements.put(each(&block, &statement));
        }
        if let Some(why) = own.as_list().and_then(List::more) {
            statements.more.get_or_insert_with(|| why.clone());
        }
        if let Some(why) = own.as_unknown() {
            statements.more.get_or_insert_with(|| why.clone());
        }
    }
    let overrides =
        get(members, "override_policy_documents").or_else(|| get(members, "override_json"));
    statements.merge_documents(overrides, place);

    let mut policy = Members::default();
    let version = get(members, "version").unwrap_or_else(|| Value::text("2012-10-17", place));
    policy.insert("Version".into(), version.into());
    if let Some(id) = get(members, "policy_id") {
        policy.insert("Id".into(), id.into());
    }
    let list = match statements.more {
        Some(why) => List::open(ListKind::Tuple, statements.list, why),
        None => List::new(ListKind::Tuple, statements.list),
    };
    policy.insert(
        "Statement".into(),
        Value::new(Data::List(list), place).into(),
    );
    Value::object(policy, place)
}

#[derive(Default)]
struct Statements {
    list: Vec<Value>,
    more: Option<Arc<Unknown>>,
}

impl Statements {
    /// Adds a statement; one with the same non-empty Sid is replaced in place.
    fn put(&mut self, statement: Value) {
        let sid = |value: &Value| {
            value
                .member("Sid")
                .and_then(|sid| sid.as_str().map(str::to_owned))
        };
        let same = sid(&statement)
            .filter(|sid| !sid.is_empty())
            .and_then(|wanted| {
                self.list
                    .iter()
                    .position(|known| sid(known).as_deref() == Some(&wanted))
            });
        match same {
            Some(at) => self.list[at] = statement,
            None => self.list.push(statement),
        }
    }

    fn merge_documents(&mut self, documents: Option<Value>, place: Span) {
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
        for text in texts {
            match &text.data {
                Data::Text(encoded) if encoded.as_str() == Some("") => {}
                Data::Text(encoded) => match crate::yaml::json::decode(encoded, text.span()) {
                    Ok(document) => {
                        let statement = document.member("Statement");
                        match statement.as_ref().map(|statement| &statement.data) {
                            Some(Data::List(list)) => {
                                if let Some(why) = list.more() {
                                    self.more.get_or_insert_with(|| why.clone());
                                }
                                for item in statement.iter().flat_map(Value::elements) {
                                    self.put(item);
                                }
                            }
                            Some(Data::Object(_)) => statement
                                .into_iter()
                                .for_each(|statement| self.put(statement)),
                            Some(_) => self.unknown(place),
                            None => {}
                        }
                    }
                    Err(_) => self.unknown(place),
                },
                Data::Null => {}
                Data::Unknown(why) => {
                    self.more.get_or_insert_with(|| why.clone());
                }
                _ => self.unknown(place),
            }
        }
    }

    fn unknown(&mut self, _place: Span) {
        let why = || {
            Arc::new(Unknown::because(Reason::Depends(
                "a policy document that is not known".into(),
            )))
        };
        self.more.get_or_insert_with(why);
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
            add(name, alone(&value));
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
            .unwrap_or_else(|| Value::list(Vec::new(), place));
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
            Some(earlier) => joined(&earlier.value, &identifiers),
            None => alone(&identifiers),
        };
        by_type.insert(kind, Member::from(value));
    }
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
    let members = tests
        .into_iter()
        .map(|(test, keys, span)| (test, Value::object(keys, span).into()));
    let object = match blocks.as_list().and_then(List::more) {
        Some(why) => Object::open(ObjectKind::Object, members.collect(), why.clone()),
        None => Object::new(ObjectKind::Object, members.collect()),
    };
    Some(Value::new(Data::Object(object), place))
}

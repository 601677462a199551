use std::rc::Rc;

use super::*;
use crate::source::Span;
use crate::value::{Certainty, Data, List, ListKind, Reason, Unknown, Value, World};

struct Plain(Value);

impl<'d> Branch<'d> for Plain {
    fn member(&self, _name: &str, _world: &World) -> Found<'d> {
        Found::Nothing
    }

    fn value(&self) -> Option<&Value> {
        Some(&self.0)
    }
}

fn root(value: Value) -> Node<'static> {
    Node::root(Rc::new(Plain(value)), 0, Span::NONE)
}

fn shown(value: &Value) -> serde_json::Value {
    match &value.data {
        Data::Bool(truth) => (*truth).into(),
        Data::Number(number) => number
            .to_string()
            .parse::<f64>()
            .map_or(serde_json::Value::Null, Into::into),
        Data::Text(text) => text.to_string().into(),
        Data::List(_) => value.elements().map(|item| shown(&item)).collect(),
        Data::Object(_) => serde_json::Value::Object(
            value
                .entries()
                .map(|(name, value)| (name.to_string(), shown(&value)))
                .collect(),
        ),
        _ => serde_json::Value::Null,
    }
}

fn floats(json: &serde_json::Value) -> serde_json::Value {
    shown(&Value::from_json(json))
}

/// On known documents our walk and the crate's own agree.
#[test]
fn known_documents_are_walked_as_the_crate_walks_them() {
    let document = serde_json::json!({
        "a": [{"n": 1, "s": "x", "l": [1, 2]}, {"n": 22, "s": "yx"}, {"s": "z", "o": {"n": 5}}, 7],
        "b": {"c": {"d": [true, false]}, "e": "text"},
    });
    for query in [
        "$.a[*].n",
        "$.a[0].l[1]",
        "$.a[-1]",
        "$.a[1:3].s",
        "$.a[?@.n > 1].s",
        "$.a[?@.n <= 22 && @.s == 'x']",
        "$.a[?!@.n].s",
        "$.a[?@.o.n == 5 || @.n == 1].s",
        "$.a[?length(@.s) == 2].n",
        "$.a[?search(@.s, 'x$')].n",
        "$.b['c','e']",
        "$.b.c.d[?@ == true]",
        "$..n",
        "$.b.*",
        "$.a[?@.l[0] == 1].n",
        "$.a[?count(@.l[*]) == 2].n",
        "$.nothing.at.all",
        "$.a[?@.n != 1].s",
    ] {
        let parsed = Query::parse(query).expect(query);
        let world = World::new();
        let node = root(Value::from_json(&document));
        let mut ours: Vec<serde_json::Value> = Vec::new();
        for selected in select(&parsed, &node, &world).nodes {
            for found in expect(&parsed, &selected, &world)
                .alternatives
                .into_iter()
                .flatten()
            {
                ours.push(shown(found.value().expect("a value")));
            }
        }
        let theirs: Vec<serde_json::Value> = jsonpath_rust::JsonPath::query(&document, query)
            .expect(query)
            .into_iter()
            .map(floats)
            .collect();
        assert_eq!(ours, theirs, "{query}");
    }
}

#[test]
fn faults_in_queries_are_placed() {
    for (query, range) in [
        ("$.a[", (3, 4)),
        ("$.a-b", (3, 4)),
        ("$.a[?match(@.x, 'y')]", (0, 21)),
        ("x", (0, 1)),
    ] {
        let error = Query::parse(query).expect_err(query);
        assert_eq!(error.range, range, "{query}: {}", error.message);
    }
}

#[test]
fn membership_is_asked_with_in() {
    let document = serde_json::json!({"l": [{"k": "a"}, {"k": "b"}], "known": ["b", "c"]});
    let query = Query::parse("$.l[?in(@.k, $.known)].k").expect("valid");
    let node = root(Value::from_json(&document));
    let selection = select(&query, &node, &World::new());
    assert_eq!(selection.nodes.len(), 1);
}

#[test]
fn what_is_unknown_is_possible_and_what_may_be_more_is_open() {
    let unknown = || std::sync::Arc::new(Unknown::because(Reason::Instances));
    let item = Value::new(Data::Unknown(unknown()), Span::NONE);
    let list = List::open(
        ListKind::Tuple,
        vec![Value::text("a", Span::NONE), item],
        unknown(),
    );
    let value = Value::object(
        [("l".into(), Value::new(Data::List(list), Span::NONE).into())]
            .into_iter()
            .collect(),
        Span::NONE,
    );
    let query = Query::parse("$.l[?@ == 'a']").expect("valid");
    let selection = select(&query, &root(value), &World::new());
    let certainties: Vec<Certainty> = selection.nodes.iter().map(|node| node.certainty).collect();
    assert_eq!(certainties, [Certainty::Yes, Certainty::Unsure]);
    assert!(selection.open.is_some());
}

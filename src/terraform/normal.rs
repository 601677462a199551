//! Texts as they are written in, as the AWS provider keeps them out: documents in one order, names in lower case.

use crate::source::Span;
use crate::value::{Data, List, ListKind, Member, Members, Object, ObjectKind, Text, Value};
use crate::yaml::json;

use super::functions;

/// What the provider makes of a text before it plans it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A document of JSON with sorted names.
    Document,
    /// The same, the version of the policy language first.
    Policy,
    /// The same as a document, but with `<`, `>` and `&` as they are.
    Pattern,
    /// Definitions of containers, sorted by name and without what is null.
    Containers,
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// The protocol of a rule of a security group.
    Protocol,
    /// Without the dot at its end.
    Undotted,
    /// A domain name: in lower case and without the dot at its end.
    Domain,
    /// Its SHA-1.
    Hash,
    /// Without blanks around it.
    Trimmed,
    /// Nothing: it is passed on and not kept.
    Dropped,
}

impl Change {
    /// As the table names it.
    pub(super) fn named(letter: char) -> Option<Change> {
        Some(match letter {
            'j' => Change::Document,
            'v' => Change::Policy,
            'e' => Change::Pattern,
            'c' => Change::Containers,
            'l' => Change::Lower,
            'u' => Change::Upper,
            'p' => Change::Protocol,
            'd' => Change::Undotted,
            'n' => Change::Domain,
            'h' => Change::Hash,
            's' => Change::Trimmed,
            'w' => Change::Dropped,
            _ => return None,
        })
    }

    /// What becomes of a text; what is no document stays as it is.
    pub(super) fn of(self, text: &str) -> Option<String> {
        let document = || json::decode(&Text::new(text), Span::NONE).ok();
        Some(match self {
            Change::Document => functions::json_sorted(&document()?),
            Change::Policy => policy(&document()?)?,
            Change::Pattern => unescaped(&functions::json_sorted(&document()?)),
            Change::Containers => functions::json_sorted(&containers(&document()?)?),
            Change::Lower => text.to_lowercase(),
            Change::Upper => text.to_uppercase(),
            Change::Protocol => protocol(text),
            Change::Undotted => text.strip_suffix('.').unwrap_or(text).to_owned(),
            Change::Domain => text.strip_suffix('.').unwrap_or(text).to_lowercase(),
            Change::Hash if text.is_empty() => return None,
            Change::Hash => functions::sha1(text),
            Change::Trimmed => text.trim().to_owned(),
            Change::Dropped => return None,
        })
    }
}

/// Protocols with names go by them.
pub(super) fn protocol(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    }
    .to_owned()
}

/// <https://github.com/hashicorp/terraform-provider-aws/issues/11801>: IAM once minded the order.
fn policy(document: &Value) -> Option<String> {
    let object = document.as_object()?;
    let mut members = object.members().clone();
    let Some(version) = members.shift_remove("Version") else {
        return Some(functions::json_sorted(document));
    };
    let rest = functions::json_sorted(&Value::object(members, Span::NONE));
    let version = functions::json_sorted(&version.value);
    let comma = if rest == "{}" { "" } else { "," };
    Some(format!("{{\"Version\":{version}{comma}{}", &rest[1..]))
}

fn unescaped(json: &str) -> String {
    let pairs = [("\\u003c", "<"), ("\\u003e", ">"), ("\\u0026", "&")];
    let replace = |text: String, (from, to): (&str, &str)| text.replace(from, to);
    pairs.into_iter().fold(json.to_owned(), replace)
}

fn containers(document: &Value) -> Option<Value> {
    let list = document.as_list()?;
    let mut definitions: Vec<Value> = list.items().iter().map(container).collect::<Option<_>>()?;
    let by_name = |value: &Value| {
        value
            .member("name")
            .and_then(|n| n.as_str().map(str::to_owned))
    };
    definitions.sort_by_key(by_name);
    Some(Value::list(definitions, Span::NONE))
}

fn container(definition: &Value) -> Option<Value> {
    let mut members = without_null(definition).as_object()?.members().clone();
    // Names of members are read in any case.
    members = members
        .into_iter()
        .map(|(name, member)| {
            let mut letters = name.chars();
            let first = letters.next().map(|c| c.to_ascii_lowercase());
            let name: String = first.into_iter().chain(letters).collect();
            (name.into(), member)
        })
        .collect();
    // A share of no units is as good as none.
    if members.get("cpu").and_then(|cpu| cpu.value.as_int()) == Some(0) {
        members.shift_remove("cpu");
    }
    for name in ["environment", "secrets"] {
        if let Some(member) = members.get_mut(name)
            && let Some(list) = member.value.as_list()
        {
            let mut items = list.items().to_vec();
            items.sort_by_key(|item| {
                item.member("name")
                    .and_then(|n| n.as_str().map(str::to_owned))
            });
            member.value = Value::list(items, Span::NONE);
        }
    }
    Some(Value::object(members, Span::NONE))
}

fn without_null(value: &Value) -> Value {
    let data = match &value.data {
        Data::Object(object) => {
            let kept = object
                .members()
                .iter()
                .filter(|(_, member)| !member.value.is_null());
            let members: Members = kept
                .map(|(name, member)| (name.clone(), Member::from(without_null(&member.value))))
                .collect();
            Data::Object(Object::new(ObjectKind::Object, members))
        }
        Data::List(list) => Data::List(List::new(
            ListKind::Tuple,
            list.items().iter().map(without_null).collect(),
        )),
        data => data.clone(),
    };
    Value::new(data, value.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Observed on version 5.100.0.
    #[test]
    fn texts_are_kept_as_the_provider_keeps_them() {
        let policy = r#"{"Version":"2012-10-17","Statement":[ {"Sid":"","Resource":["b","a"]} ],"A":"<x&>" }"#;
        for (change, text, expected) in [
            (
                Change::Document,
                policy,
                Some(
                    r#"{"A":"\u003cx\u0026\u003e","Statement":[{"Resource":["b","a"],"Sid":""}],"Version":"2012-10-17"}"#,
                ),
            ),
            (
                Change::Policy,
                policy,
                Some(
                    r#"{"Version":"2012-10-17","A":"\u003cx\u0026\u003e","Statement":[{"Resource":["b","a"],"Sid":""}]}"#,
                ),
            ),
            (
                Change::Pattern,
                policy,
                Some(
                    r#"{"A":"<x&>","Statement":[{"Resource":["b","a"],"Sid":""}],"Version":"2012-10-17"}"#,
                ),
            ),
            (
                Change::Containers,
                r#"[{"name":"b","image":"x","cpu":10,"environment":[{"name":"Z","value":"1"},{"name":"A","value":"2"}],"mountPoints":[],"memory":null},{"Name":"a","image":"y","cpu":0}]"#,
                Some(
                    r#"[{"image":"y","name":"a"},{"cpu":10,"environment":[{"name":"A","value":"2"},{"name":"Z","value":"1"}],"image":"x","mountPoints":[],"name":"b"}]"#,
                ),
            ),
            (Change::Document, "no document", None),
            (Change::Lower, "Mixed.Case", Some("mixed.case")),
            (Change::Domain, "Mixed.Case.", Some("mixed.case")),
            (
                Change::Hash,
                "hello",
                Some("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
            ),
            (Change::Trimmed, " x\n", Some("x")),
        ] {
            assert_eq!(change.of(text).as_deref(), expected, "{change:?} {text}");
        }
    }
}

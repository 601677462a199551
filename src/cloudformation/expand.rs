//! What CloudFormation does before it evaluates: loops (`Fn::ForEach`) are run and local files (`AWS::Include`) read in.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html>

use std::sync::Arc;

use super::Template;
use super::parameters::scalar_text;
use super::recognise::local;
use crate::diagnostic::Diagnostic;
use crate::source::files::join;
use crate::value::{Data, List, Member, Members, Object, Value};

/// Members that all loops of one template make at most.
const MOST_MADE: usize = 10_000;
/// Loops and values within each other.
const DEEPEST: usize = 250;

/// The names of the loops around a place, with what each stands for.
type Bindings = Vec<(Arc<str>, String)>;

/// What stands in names for an element that is not known.
pub(super) const ANY: &str = "*";

impl Template<'_> {
    /// The members of a section with loops run and files read in.
    pub(super) fn expanded(&self, members: &Members) -> Members {
        if !self.has_parts_to_expand {
            return members.clone();
        }
        self.expand_members(members, &mut Vec::new(), 0)
    }

    fn expand_members(&self, members: &Members, bindings: &mut Bindings, depth: usize) -> Members {
        let mut all = Members::default();
        if depth > DEEPEST {
            return all;
        }
        for (name, member) in members {
            if name.starts_with("Fn::ForEach") {
                self.run_loop(name, member, bindings, depth, &mut all);
            } else if &**name == "Fn::Transform"
                && let Some(included) = self.included(&member.value, bindings, depth)
            {
                for (name, member) in included {
                    all.entry(name).or_insert(member);
                }
            } else {
                let member = Member {
                    key: member.key,
                    value: self.expand(&member.value, bindings, depth + 1),
                };
                all.insert(replaced(name, bindings).into(), member);
            }
        }
        all
    }

    /// `Fn::ForEach::Name: [Identifier, [element…], {key: body}]`.
    fn run_loop(
        &self,
        name: &str,
        written: &Member,
        bindings: &mut Bindings,
        depth: usize,
        all: &mut Members,
    ) {
        let arguments: Vec<Value> = written.value.elements().collect();
        let parts = match arguments.as_slice() {
            [identifier, collection, body] => (identifier.as_str(), collection, body.as_object()),
            _ => (None, &written.value, None),
        };
        let (Some(identifier), collection, Some(body)) = parts else {
            self.invalid(
                written.key,
                format!("`{name}` takes a name, a list and a mapping"),
                None,
            );
            return;
        };
        let elements = self.loop_elements(collection, bindings, depth);
        if elements.is_none() {
            // Not known how often: one stands for all.
            self.symbolic.borrow_mut().insert(identifier.into());
        }
        let elements = elements.unwrap_or_else(|| vec![ANY.to_owned()]);
        for element in elements {
            if self.made.get() > MOST_MADE {
                self.say(
                    Diagnostic::error(
                        "limit",
                        written.key,
                        "the loops of this template make more than 10,000 parts",
                    )
                    .hint("the rest is not analysed")
                    .incomplete(),
                );
                return;
            }
            bindings.push((identifier.into(), element));
            for (name, member) in self.expand_members(body.members(), bindings, depth + 1) {
                self.made.set(self.made.get() + 1);
                if let Some(first) = all.insert(name.clone(), member) {
                    self.say(
                        Diagnostic::error(
                            "duplicate_key",
                            written.key,
                            format!("this loop makes `{name}` twice"),
                        )
                        .label(first.key, "made from this")
                        .hint("use the loop's variable in the name"),
                    );
                }
            }
            bindings.pop();
        }
    }

    /// The texts that a loop runs over; none if they are not all known.
    fn loop_elements(
        &self,
        collection: &Value,
        bindings: &mut Bindings,
        depth: usize,
    ) -> Option<Vec<String>> {
        let list = self.evaluate(&self.expand(collection, bindings, depth + 1));
        let known = list.as_list().filter(|list| list.more().is_none())?;
        let mut texts = Vec::with_capacity(known.items().len());
        for item in list.elements() {
            // A list in the list (a `Ref` to a list parameter) is taken in.
            match &item.data {
                Data::List(_) => {
                    for inner in item.elements() {
                        texts.push(scalar_text(&inner)?);
                    }
                }
                _ => texts.push(scalar_text(&item)?),
            }
        }
        Some(texts)
    }

    fn expand(&self, value: &Value, bindings: &mut Bindings, depth: usize) -> Value {
        if depth > DEEPEST {
            return value.clone();
        }
        let data = match &value.data {
            Data::Text(text) => match text.as_str() {
                Some(known) if !bindings.is_empty() && known.contains('{') => {
                    let after = replaced(known, bindings);
                    if after == known {
                        return value.clone();
                    }
                    Data::Text(after.into())
                }
                _ => return value.clone(),
            },
            Data::List(list) => {
                let items = list.items().iter();
                let items = items.map(|item| self.expand(item, bindings, depth + 1));
                Data::List(List::new(list.kind(), items.collect()))
            }
            Data::Object(object) => {
                if object.members().len() == 1
                    && let Some(name) = object.get("Ref").and_then(Value::as_str)
                    && let Some((_, element)) = bindings
                        .iter()
                        .rev()
                        .find(|(known, element)| **known == *name && element != ANY)
                {
                    return Value::text(element.as_str(), value.span());
                }
                let members = self.expand_members(object.members(), bindings, depth);
                Data::Object(Object::new(object.kind(), members))
            }
            _ => return value.clone(),
        };
        Value {
            data,
            origin: value.origin.clone(),
            is_sensitive: value.is_sensitive,
        }
    }

    /// The members of the local file that an `AWS::Include` names.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html>
    pub(super) fn included(
        &self,
        transform: &Value,
        bindings: &mut Bindings,
        depth: usize,
    ) -> Option<Members> {
        let name = transform.member("Name")?;
        if name.as_str() != Some("AWS::Include") {
            return None;
        }
        let location = transform.member("Parameters")?.member("Location")?;
        let location = self.evaluate(&self.expand(&location, bindings, depth + 1));
        let path = self.local_path(location.as_str()?)?;
        if self.context.files.kind(&path).is_none() {
            self.say(
                Diagnostic::warning(
                    "missing_file",
                    location.span(),
                    format!("`{path}` is not there"),
                )
                .hint("what it holds is not analysed"),
            );
            return None;
        }
        let included = self.context.parsed(&path)?;
        let object = included.as_object()?;
        Some(self.expand_members(object.members(), bindings, depth + 1))
    }

    /// A location as a path on this machine, if it is one.
    pub(super) fn local_path(&self, location: &str) -> Option<String> {
        let path = local(location)?;
        let folder = self.path.rsplit_once('/');
        Some(match folder {
            Some(("", _)) => join("/", path),
            Some((folder, _)) => join(folder, path),
            None => join(".", path),
        })
    }
}

/// A text with the variables of loops replaced: `${Name}` by the element, `&{Name}` by its letters and digits.
fn replaced(text: &str, bindings: &Bindings) -> String {
    let mut text = text.to_owned();
    for (name, element) in bindings.iter().rev() {
        let plain = format!("${{{name}}}");
        if text.contains(&plain) {
            text = text.replace(&plain, element);
        }
        let letters = format!("&{{{name}}}");
        if text.contains(&letters) {
            let kept: String = element
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || element == ANY)
                .collect();
            text = text.replace(&letters, &kept);
        }
    }
    text
}

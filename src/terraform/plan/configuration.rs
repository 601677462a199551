//! The code as a plan holds it: an expression's references in, the resources that they lead to out.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::value::{Unknown, Value};

/// References that are followed through variables and outputs.
const LONGEST_CHAIN: usize = 32;

/// An address in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// Names and keys of the module calls: `("door", "[\"a\"]")`.
    pub modules: Vec<(String, String)>,
    /// `aws_x.y` or `data.aws_x.y`.
    pub name: String,
    /// `["k"]`, `[0]` or nothing.
    pub key: String,
    /// An attribute behind it.
    pub attribute: String,
}

impl Address {
    pub(super) fn parse(text: &str) -> Address {
        let mut address = Address::default();
        let mut steps = steps(text).into_iter().peekable();
        while steps.peek().is_some_and(|step| step == "module") {
            steps.next();
            let call = steps.next().unwrap_or_default();
            let (name, key) = keyed(&call);
            address.modules.push((name.to_owned(), key.to_owned()));
        }
        let mut name = steps.next().unwrap_or_default();
        if name == "data" {
            name = format!("data.{}", steps.next().unwrap_or_default());
        }
        if let Some(last) = steps.next() {
            let (last, key) = keyed(&last);
            name = format!("{name}.{last}");
            key.clone_into(&mut address.key);
        }
        address.name = name;
        address.attribute = steps.collect::<Vec<_>>().join(".");
        address
    }

    /// The module instance.
    pub(super) fn module(&self) -> String {
        prefix(&self.modules)
    }

    /// Without keys: what all instances of the block share.
    pub(super) fn block(&self) -> String {
        let names = self.modules.iter().map(|(name, _)| name.as_str());
        let mut parts: Vec<&str> = names.flat_map(|name| ["module", name]).collect();
        parts.push(&self.name);
        parts.join(".")
    }
}

/// The address of a module instance.
pub(super) fn prefix(modules: &[(String, String)]) -> String {
    let calls = modules
        .iter()
        .map(|(name, key)| format!("module.{name}{key}"));
    calls.collect::<Vec<_>>().join(".")
}

/// An address at its points, those in keys left out.
fn steps(text: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for c in text.chars() {
        match c {
            '.' if !is_quoted => {
                steps.push(String::new());
                continue;
            }
            '"' if !is_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        if let Some(step) = steps.last_mut() {
            step.push(c);
        }
    }
    steps
}

fn keyed(step: &str) -> (&str, &str) {
    step.split_at(step.find('[').unwrap_or(step.len()))
}

/// The configuration section, and the instances that the plan has.
pub(super) struct Configuration<'a> {
    pub root: Option<Value>,
    pub addresses: &'a FxHashSet<Arc<str>>,
    /// The blocks of each module by address, indexed when the module is first asked for.
    pub blocks: RefCell<FxHashMap<String, FxHashMap<Arc<str>, Value>>>,
}

impl Configuration<'_> {
    /// What is written in the block of a resource.
    pub(super) fn expressions(&self, address: &Address) -> Option<Value> {
        let names = address.modules.iter().map(|(name, _)| name.as_str());
        let module = names.collect::<Vec<_>>().join(".");
        if let Some(blocks) = self.blocks.borrow().get(&module) {
            return blocks.get(address.name.as_str()).cloned();
        }
        let mut blocks: FxHashMap<Arc<str>, Value> = FxHashMap::default();
        if let Some(resources) = self
            .module(&address.modules)
            .and_then(|module| module.member("resources"))
        {
            for block in resources.elements() {
                let own = block.member("address");
                if let (Some(own), Some(expressions)) = (
                    own.as_ref().and_then(Value::as_str),
                    block.member("expressions"),
                ) {
                    blocks.entry(own.into()).or_insert(expressions);
                }
            }
        }
        let found = blocks.get(address.name.as_str()).cloned();
        self.blocks.borrow_mut().insert(module, blocks);
        found
    }

    fn module(&self, modules: &[(String, String)]) -> Option<Value> {
        let mut module = self.root.as_ref()?.member("root_module")?;
        for (name, _) in modules {
            module = module
                .member("module_calls")?
                .member(name)?
                .member("module")?;
        }
        Some(module)
    }

    /// The attributes of resources that an expression in the block at `from` refers to.
    pub(super) fn targets(&self, expression: &Value, from: &Address) -> Vec<Unknown> {
        let mut targets = Vec::new();
        self.follow(expression, from, LONGEST_CHAIN, &mut targets);
        targets
    }

    fn follow(&self, expression: &Value, from: &Address, left: usize, into: &mut Vec<Unknown>) {
        let (Some(references), Some(left)) = (expression.member("references"), left.checked_sub(1))
        else {
            return;
        };
        for reference in references.elements() {
            let Some(text) = reference.as_str() else {
                continue;
            };
            if let Some(name) = text.strip_prefix("var.") {
                let name = name.split(['.', '[']).next().unwrap_or_default();
                self.follow_argument(name, from, left, into);
                continue;
            }
            let target = Address::parse(text);
            if let Some((call, key)) = target.modules.first() {
                // `module.c.out`: the output is read as a name.
                let output = target.name.split('.').next().unwrap_or_default();
                let mut modules = from.modules.clone();
                modules.push((call.clone(), key.clone()));
                let found = self.module(&modules).and_then(|module| {
                    module
                        .member("outputs")?
                        .member(output)?
                        .member("expression")
                });
                if let Some(expression) = found {
                    let inner = Address {
                        modules,
                        key: from.key.clone(),
                        ..Address::default()
                    };
                    self.follow(&expression, &inner, left, into);
                }
                continue;
            }
            let first = text.split(['.', '[']).next().unwrap_or_default();
            let is_resource = !matches!(
                first,
                "local" | "each" | "count" | "self" | "path" | "terraform" | "module"
            );
            if is_resource && !target.attribute.is_empty() {
                let address = self.instance(&target, from);
                let found = Unknown::attribute(address, target.attribute.into());
                if !into.iter().any(|known| known.reference == found.reference) {
                    into.push(found);
                }
            }
        }
    }

    /// A variable of the module that `from` is in: the argument of its call.
    fn follow_argument(&self, name: &str, from: &Address, left: usize, into: &mut Vec<Unknown>) {
        let Some(((call, key), outer)) = from.modules.split_last() else {
            return;
        };
        let argument = self.module(outer).and_then(|module| {
            let call = module.member("module_calls")?.member(call)?;
            call.member("expressions")?.member(name)
        });
        if let Some(argument) = argument {
            let caller = Address {
                modules: outer.to_vec(),
                key: key.clone(),
                ..Address::default()
            };
            self.follow(&argument, &caller, left, into);
        }
    }

    /// The instance that a reference without key means: the only one, or the one under the key of the referring block.
    fn instance(&self, target: &Address, from: &Address) -> Arc<str> {
        let module = from.module();
        let base = match module.as_str() {
            "" => target.name.clone(),
            module => format!("{module}.{}", target.name),
        };
        let exact = format!("{base}{}", target.key);
        if self.addresses.contains(exact.as_str()) {
            return exact.into();
        }
        let alike = format!("{base}{}", from.key);
        if self.addresses.contains(alike.as_str()) {
            return alike.into();
        }
        format!("{base}[*]").into()
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_fall_apart_at_points_outside_of_keys() {
        for (text, module, block, key, attribute) in [
            ("aws_x.y", "", "aws_x.y", "", ""),
            ("aws_x.y[0].id", "", "aws_x.y", "[0]", "id"),
            ("data.aws_x.y.a.b", "", "data.aws_x.y", "", "a.b"),
            (
                "module.a[\"x.y\\\"]\"].module.b.aws_x.y[\"k.l\"]",
                "module.a[\"x.y\\\"]\"].module.b",
                "module.a.module.b.aws_x.y",
                "[\"k.l\"]",
                "",
            ),
        ] {
            let address = Address::parse(text);
            let found = (
                address.module(),
                address.block(),
                address.key,
                address.attribute,
            );
            let expected = (module.into(), block.into(), key.into(), attribute.into());
            assert_eq!(found, expected, "{text}");
        }
    }
}

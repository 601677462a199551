//! Joining a plan with the code by address: the plan's values at the places and with the references of the code.

use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::configuration::{Address, Configuration, prefix};
use super::{Instance, Plan, broken};
use crate::declared::{Declared, DeclaredResource};
use crate::source::Span;
use crate::value::{
    Data, Guard, List, ListKind, Member, Members, Object, ObjectKind, Origin, Reason, Reference,
    Step, Trail, Unknown, Value,
};
use crate::yaml::json;

/// Instances of the code by address, and those that stand for several by what they share.
struct Known {
    exact: FxHashMap<Arc<str>, usize>,
    symbolic: FxHashMap<String, Vec<usize>>,
}

/// Calls of modules by address, and the first of those that one block makes.
struct Calls {
    exact: FxHashMap<Arc<str>, usize>,
    first: FxHashMap<String, usize>,
}

impl Calls {
    fn of(declared: &Declared) -> Calls {
        let mut calls = Calls {
            exact: FxHashMap::default(),
            first: FxHashMap::default(),
        };
        for (index, call) in declared.modules.iter().enumerate() {
            calls.exact.insert(call.address.clone(), index);
            let block = Address::parse(&call.address).block();
            calls.first.entry(block).or_insert(index);
        }
        calls
    }

    /// The innermost call around an instance that is in the code.
    fn around(&self, address: &Address) -> Option<usize> {
        (1..=address.modules.len()).rev().find_map(|depth| {
            let modules = &address.modules[..depth];
            let exact = self.exact.get(prefix(modules).as_str());
            exact
                .or_else(|| {
                    let call = Address {
                        modules: modules.to_vec(),
                        ..Address::default()
                    };
                    self.first.get(&call.block())
                })
                .copied()
        })
    }
}

impl Plan {
    /// Replaces what the code tells of each resource instance by what the plan says of it. Instances that the plan does
    /// not have are left out.
    pub(in crate::terraform) fn join(&self, declared: &mut Declared) {
        let mut known = Known {
            exact: FxHashMap::default(),
            symbolic: FxHashMap::default(),
        };
        for (index, resource) in declared.resources.iter().enumerate() {
            if resource.is_symbolic || resource.address.contains("[*]") {
                let block = Address::parse(&resource.address).block();
                known.symbolic.entry(block).or_default().push(index);
            } else {
                known.exact.insert(resource.address.clone(), index);
            }
        }
        let configuration = Configuration {
            root: self.configuration.clone(),
            addresses: &self.addresses,
            blocks: std::cell::RefCell::default(),
        };
        let calls = Calls::of(declared);
        let mut joined: Vec<(usize, DeclaredResource)> = Vec::with_capacity(self.instances.len());
        let last = declared.resources.len();
        for located in &self.instances {
            let instance = match self.instance(located) {
                Ok(instance) => instance,
                Err(error) => {
                    let diagnostic = broken(&self.path, &self.text, &error);
                    declared.diagnostics.push(diagnostic);
                    continue;
                }
            };
            let instance = &instance;
            let address = Address::parse(&instance.address);
            let (order, resource) = match known.find(instance, &address, &declared.resources) {
                Some(index) => {
                    let source = &mut declared.resources[index];
                    let joined = configuration.beside(instance, &address, source);
                    if !source.is_symbolic && source.address == instance.address {
                        // Addresses are those of one instance each: nobody else needs this.
                        source.body = Value::null(source.header);
                    }
                    (index, joined)
                }
                None => (
                    last,
                    configuration.alone(instance, &address, declared, &calls),
                ),
            };
            joined.push((order, resource));
        }
        // Providers, look-ups that the plan does not show: as they were.
        for (index, resource) in declared.resources.drain(..).enumerate() {
            let is_kept = resource.native_kind.starts_with("provider.")
                || (resource.native_kind.starts_with("data.")
                    && !self.addresses.contains(&resource.address));
            if is_kept {
                joined.push((index, resource));
            }
        }
        joined.sort_by_key(|(order, _)| *order);
        declared.resources = joined.into_iter().map(|(_, resource)| resource).collect();
    }
}

impl Known {
    fn find(
        &self,
        instance: &Instance,
        address: &Address,
        resources: &[DeclaredResource],
    ) -> Option<usize> {
        if let Some(index) = self.exact.get(&instance.address) {
            return Some(*index);
        }
        let candidates = self.symbolic.get(&address.block())?;
        candidates.iter().copied().find(|index| {
            let stands_for = |general: &str, own: &str| general == "[*]" || general == own;
            let general = Address::parse(&resources[*index].address);
            let keys = general.modules.iter().zip(&address.modules);
            let mut keys = keys.map(|((_, general), (_, own))| (general, own));
            keys.all(|(general, own)| stands_for(general, own))
                && stands_for(&general.key, &address.key)
        })
    }
}

impl Configuration<'_> {
    /// An instance whose block is in the code.
    fn beside(
        &self,
        instance: &Instance,
        address: &Address,
        source: &DeclaredResource,
    ) -> DeclaredResource {
        let source_body = if source.address == instance.address {
            source.body.clone()
        } else {
            self.named(&source.body, address)
        };
        DeclaredResource {
            address: instance.address.clone(),
            module: address.module().into(),
            body: merged(&source_body, &instance.body, false),
            exists: Guard::Always,
            is_symbolic: false,
            ..source.clone()
        }
    }

    /// An instance whose block is not in the code. Its place is the call of its module, if that is; else in the plan.
    fn alone(
        &self,
        instance: &Instance,
        address: &Address,
        declared: &Declared,
        calls: &Calls,
    ) -> DeclaredResource {
        let call = calls.around(address).map(|index| &declared.modules[index]);
        let site = call.map(|call| call.header);
        let expressions = self.expressions(address);
        let mut members = Members::default();
        for (name, member) in instance
            .body
            .as_object()
            .into_iter()
            .flat_map(Object::members)
        {
            let expression = expressions.as_ref().and_then(|all| all.member(name));
            if expression.is_none() && is_nothing(&member.value) {
                continue;
            }
            let value = match &expression {
                Some(expression) => self.referring(&member.value, name, expression, address),
                None => member.value.clone(),
            };
            let value = match site {
                Some(site) => planned_at(&Origin::at(site), &value),
                None => value,
            };
            let key = site.map_or(member.key, |_| Span::NONE);
            members.insert(name.clone(), Member { key, value });
        }
        let header = site.unwrap_or(instance.header);
        DeclaredResource {
            address: instance.address.clone(),
            native_kind: instance.kind.clone(),
            module: address.module().into(),
            body: Value::new(
                Data::Object(Object::new(ObjectKind::Block, members)),
                header,
            ),
            header,
            block: call.map_or(instance.block, |call| call.block),
            exists: Guard::Always,
            is_symbolic: false,
        }
    }

    /// Unknown values with what their expressions refer to.
    fn referring(&self, value: &Value, name: &str, expression: &Value, from: &Address) -> Value {
        let is_leaf = expression.member("references").is_some();
        match &value.data {
            Data::Unknown(_) if is_leaf => {
                let mut targets = self.targets(expression, from);
                let is_plural = name.ends_with("ids") || name.ends_with("arns");
                let is_identity = |target: &Unknown| target.is_never_null;
                let data = match targets.len() {
                    0 => return value.clone(),
                    1 if !is_plural => Data::Unknown(Arc::new(targets.remove(0))),
                    _ if targets.iter().all(is_identity) && (is_plural || name.ends_with('s')) => {
                        let why = Arc::new(Unknown::because(Reason::Instances));
                        let items = targets.into_iter().map(|target| {
                            Value::new(Data::Unknown(Arc::new(target)), value.span())
                        });
                        Data::List(List::open(ListKind::List, items.collect(), why))
                    }
                    _ => return value.clone(),
                };
                Value {
                    data,
                    ..value.clone()
                }
            }
            // The name of something that is there already says less than what it names.
            Data::Text(_) if is_leaf => {
                let targets = self.targets(expression, from);
                match targets.as_slice() {
                    [target] if target.is_never_null => Value {
                        data: Data::Unknown(Arc::new(target.clone())),
                        ..value.clone()
                    },
                    _ => value.clone(),
                }
            }
            Data::Object(object) => {
                let mut members = Members::default();
                for (name, member) in object.members() {
                    let inner = if is_leaf {
                        Some(expression.clone())
                    } else {
                        expression.member(name)
                    };
                    let value = match (&inner, &member.value.data) {
                        (Some(inner), data) if !is_leaf || matches!(data, Data::Unknown(_)) => {
                            self.referring(&member.value, name, inner, from)
                        }
                        _ => member.value.clone(),
                    };
                    let is_written = inner.is_some() || !is_nothing(&value);
                    if is_written {
                        members.insert(name.clone(), Member { value, ..*member });
                    }
                }
                Value {
                    data: Data::Object(Object::new(object.kind(), members)),
                    ..value.clone()
                }
            }
            Data::List(list) => {
                let items = list.items().iter().enumerate().map(|(index, item)| {
                    let inner = match expression.as_list() {
                        Some(list) => list.items().get(index).cloned(),
                        None => Some(expression.clone()),
                    };
                    match inner {
                        Some(inner) => self.referring(item, name, &inner, from),
                        None => item.clone(),
                    }
                });
                Value {
                    data: Data::List(List::new(list.kind(), items.collect())),
                    ..value.clone()
                }
            }
            _ => value.clone(),
        }
    }

    /// What stands for several instances, told for one of them: references to all of a block in the same module lead to
    /// the one of the same module instance, and of the same key where there is one.
    fn named(&self, value: &Value, own: &Address) -> Value {
        let unknown = |unknown: &Arc<Unknown>| -> Option<Arc<Unknown>> {
            let reference = unknown.reference.as_ref()?;
            if !reference.address.contains("[*]") {
                return None;
            }
            let mut target = Address::parse(&reference.address);
            for (general, own) in target.modules.iter_mut().zip(&own.modules) {
                if general.0 != own.0 {
                    break;
                }
                if general.1 == "[*]" {
                    general.1.clone_from(&own.1);
                }
            }
            let module = target.module();
            let name = match module.as_str() {
                "" => target.name.clone(),
                module => format!("{module}.{}", target.name),
            };
            let alike = format!("{name}{}", own.key);
            let address = if target.key == "[*]" && self.addresses.contains(alike.as_str()) {
                alike
            } else {
                format!("{name}{}", target.key)
            };
            let reference = Reference {
                address: address.into(),
                attribute: reference.attribute.clone(),
            };
            Some(Arc::new(Unknown {
                reference: Some(reference),
                ..(**unknown).clone()
            }))
        };
        let data = match &value.data {
            Data::Unknown(why) => match unknown(why) {
                Some(why) => Data::Unknown(why),
                None => return value.clone(),
            },
            Data::Object(object) => {
                let members = object.members().iter().map(|(name, member)| {
                    let value = self.named(&member.value, own);
                    (name.clone(), Member { value, ..*member })
                });
                let members = members.collect();
                Data::Object(match object.more() {
                    Some(why) => Object::open(object.kind(), members, why.clone()),
                    None => Object::new(object.kind(), members),
                })
            }
            Data::List(list) => {
                let items = list.items().iter().map(|item| self.named(item, own));
                let items = items.collect();
                Data::List(match list.more() {
                    Some(why) => List::open(list.kind(), items, why.clone()),
                    None => List::new(list.kind(), items),
                })
            }
            Data::Choice(alternatives) => Data::Choice(
                alternatives
                    .iter()
                    .map(|alternative| crate::value::Alternative {
                        guard: alternative.guard.clone(),
                        value: self.named(&alternative.value, own),
                    })
                    .collect(),
            ),
            _ => return value.clone(),
        };
        Value {
            data,
            ..value.clone()
        }
    }
}

/// Null, no block, or unknown: what a plan says of attributes that nobody wrote.
fn is_nothing(value: &Value) -> bool {
    match &value.data {
        Data::Null(_) | Data::Unknown(_) => true,
        Data::List(list) => list.items().is_empty(),
        Data::Object(object) => object.members().is_empty(),
        _ => false,
    }
}

/// A value of the plan at the place of what the code says instead.
fn planned_at(source: &Origin, planned: &Value) -> Value {
    Value {
        data: planned.data.clone(),
        origin: source.followed_by(planned.span(), Step::Planned),
        is_sensitive: planned.is_sensitive,
    }
}

/// The value of the plan, as far as the code does not say the same or more.
///
/// A set of blocks is marked as a whole as soon as a part of one is sensitive. There, what the code tells keeps its own
/// marks, and what only the plan tells is sensitive (`is_within`).
fn merged(source: &Value, planned: &Value, is_within: bool) -> Value {
    let is_of_blocks = match &source.data {
        Data::List(list) => list.items().iter().any(is_block),
        _ => is_block(source),
    };
    let is_within = is_within || (planned.is_sensitive && is_of_blocks);
    let is_sensitive = source.is_sensitive || (planned.is_sensitive && !is_of_blocks);
    let planned = &planned.clone().sensitive_if(is_within);
    let value = match (&source.data, &planned.data) {
        (_, Data::Unknown(_)) => source.clone(),
        (Data::Choice(alternatives), _) => {
            let fitting = alternatives
                .iter()
                .find(|alternative| likeness(&alternative.value, planned).is_some());
            match fitting {
                // What it is marked with is decided inside.
                Some(alternative) => {
                    return merged(&source.seen(&alternative.value), planned, is_within);
                }
                None => planned_at(&source.origin, planned),
            }
        }
        (Data::Object(own), Data::Object(theirs)) => Value {
            data: Data::Object(merged_object(source, own, theirs, is_within)),
            ..source.clone()
        },
        (Data::List(own), Data::List(theirs)) => Value {
            data: Data::List(merged_list(source, own, theirs, is_within)),
            ..source.clone()
        },
        // Arguments that are only written come back as null.
        (_, Data::Null(_)) if source.is_wholly_known() => source.clone(),
        _ if says_more(source, planned) => source.clone(),
        _ => planned_at(&source.origin, planned),
    };
    value.sensitive_if(is_sensitive)
}

/// Whether the code tells the same, or which resource is meant where the plan tells only its name.
fn says_more(source: &Value, planned: &Value) -> bool {
    match (&source.data, &planned.data) {
        (Data::Unknown(unknown), _) => {
            matches!(unknown.reason, Reason::Computed(..))
                && unknown.reference.as_ref().is_some_and(|reference| {
                    let attribute = &*reference.attribute;
                    attribute.ends_with("id") || attribute.ends_with("arn") || attribute == "name"
                })
        }
        (Data::Text(own), Data::Text(theirs)) => match (own.as_str(), theirs.as_str()) {
            (Some(own), Some(theirs)) if own == theirs => true,
            (Some(_), Some(_)) => {
                let decoded = |text| json::decode(text, Span::NONE).ok();
                match (decoded(own), decoded(theirs)) {
                    (Some(own), Some(theirs)) => own.is_same(&theirs),
                    _ => false,
                }
            }
            _ => own
                .holes()
                .all(|hole| matches!(hole.reason, Reason::Computed(..))),
        },
        _ => same_scalar(source, planned) == Some(true),
    }
}

/// Whether two known scalars are the same, whatever their types; none if one is no known scalar.
fn same_scalar(a: &Value, b: &Value) -> Option<bool> {
    let text = |value: &Value| match &value.data {
        Data::Null(_) => Some("null".to_owned()),
        Data::Bool(truth) => Some(truth.to_string()),
        Data::Number(number) => Some(number.to_string()),
        Data::Text(text) => text.as_str().map(str::to_owned),
        _ => None,
    };
    Some(text(a)? == text(b)?)
}

/// A block, whenever it is there.
fn is_block(value: &Value) -> bool {
    match &value.data {
        Data::Object(object) => object.kind() == ObjectKind::Block,
        Data::Choice(alternatives) => alternatives
            .iter()
            .any(|alternative| is_block(&alternative.value)),
        _ => false,
    }
}

fn with_room(count: usize) -> Members {
    Members::with_capacity_and_hasher(count, FxBuildHasher)
}

fn merged_object(source: &Value, own: &Object, theirs: &Object, is_within: bool) -> Object {
    let is_block = own.kind() == ObjectKind::Block;
    let mut members = with_room(own.members().len() + 2);
    for (name, member) in own.members() {
        let value = match theirs.get(name) {
            Some(planned) => merged(&member.value, planned, is_within),
            // Arguments that Terraform does not keep.
            None if is_block => member.value.clone(),
            None => continue,
        };
        members.insert(name.clone(), Member { value, ..*member });
    }
    for (name, member) in theirs.members() {
        if own.get(name).is_some() || (is_block && is_nothing(&member.value)) {
            continue;
        }
        let origin = if is_block {
            // Nobody wrote it: a default of the provider, or what is there already.
            Origin {
                trail: Trail::through(member.value.span(), Step::Planned, Trail::default()),
                ..Origin::default_in(source.span())
            }
        } else {
            source
                .origin
                .followed_by(member.value.span(), Step::Planned)
        };
        let value = Value {
            data: member.value.data.clone(),
            origin,
            is_sensitive: member.value.is_sensitive || is_within,
        };
        let key = Span::NONE;
        members.insert(name.clone(), Member { key, value });
    }
    Object::new(own.kind(), members)
}

/// Lists element by element; sets come in another order, so each element of the plan takes the most alike of the code.
fn merged_list(source: &Value, own: &List, theirs: &List, is_within: bool) -> List {
    let mut left: Vec<usize> = (0..own.items().len()).collect();
    let most_alike = |among: &[usize], planned: &Value| -> Option<usize> {
        let scored = among.iter().filter_map(|index| {
            let likeness = likeness(&own.items()[*index], planned)?;
            Some((likeness, std::cmp::Reverse(*index)))
        });
        scored.max().map(|(_, index)| index.0)
    };
    let every: Vec<usize> = left.clone();
    let items = theirs.items().iter().map(|planned| {
        let index = most_alike(&left, planned).or_else(|| most_alike(&every, planned));
        match index {
            Some(index) => {
                left.retain(|other| *other != index);
                merged(&own.items()[index], planned, is_within)
            }
            None => planned_at(&source.origin, planned).sensitive_if(is_within),
        }
    });
    List::new(own.kind(), items.collect())
}

/// How many scalars a value of the code and one of the plan have in common; none if they differ in one.
fn likeness(source: &Value, planned: &Value) -> Option<usize> {
    match (&source.data, &planned.data) {
        (Data::Choice(alternatives), _) => alternatives
            .iter()
            .filter_map(|alternative| likeness(&alternative.value, planned))
            .max(),
        (Data::Unknown(_), _) | (_, Data::Unknown(_)) => Some(0),
        (Data::Object(own), Data::Object(theirs)) => {
            let mut alike = 0;
            for (name, member) in own.members() {
                if let Some(planned) = theirs.get(name) {
                    alike += likeness(&member.value, planned)?;
                }
            }
            Some(alike)
        }
        (Data::List(own), Data::List(theirs)) => {
            let pairs = own.items().iter().zip(theirs.items());
            Some(
                pairs
                    .filter_map(|(own, planned)| likeness(own, planned))
                    .sum(),
            )
        }
        _ => match same_scalar(source, planned) {
            Some(true) => Some(1),
            Some(false) => None,
            None => Some(0),
        },
    }
}

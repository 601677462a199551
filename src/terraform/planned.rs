//! A resource as expressions see it: its arguments and its type in, any of its attributes out.
//!
//! What is not set is what the provider plans for it: nothing, a default, or unknown until it is applied. What is set is
//! what the provider makes of it.

use std::sync::Arc;

use super::evaluate::part_of;
use super::normal::Change;
use super::schema::{self, Attribute, Body, Mode, Nested, Nesting, Unset};
use super::types::{self, Type};
use crate::source::Span;
use crate::value::{
    Alternative, Attributes, Data, List, ListKind, Member, Members, Object, ObjectKind, Reason,
    Text, Unknown, Value,
};

/// How to look at a resource instance.
pub(super) struct View<'v> {
    /// Its type.
    pub schema: &'v Body,
    /// The name of its type.
    pub kind: &'v str,
    /// What stands for all of it that is not known.
    pub unknown: &'v Unknown,
    /// Whether it is looked up: what is not set may then be found.
    pub is_data: bool,
    /// Whether it is looked up, but only when what it depends on is known.
    pub is_put_off: bool,
    /// Whether only what is written counts, in the order in which it is written.
    pub only_written: bool,
    /// Where it is declared.
    pub place: Span,
}

/// Attributes that only some types of load balancers have; of others they are null, whatever is written. Observed on
/// version 5.100.0.
const OF_LOAD_BALANCERS: &[(&str, &[&str])] = &[
    ("client_keep_alive", &["application"]),
    ("desync_mitigation_mode", &["application"]),
    ("dns_record_client_routing_policy", &["network"]),
    ("drop_invalid_header_fields", &["application"]),
    ("enable_cross_zone_load_balancing", &["network", "gateway"]),
    ("enable_http2", &["application"]),
    (
        "enable_tls_version_and_cipher_suite_headers",
        &["application"],
    ),
    ("enable_waf_fail_open", &["application"]),
    ("enable_xff_client_port", &["application"]),
    ("enable_zonal_shift", &["application", "network"]),
    ("idle_timeout", &["application"]),
    ("preserve_host_header", &["application"]),
    ("xff_header_processing_mode", &["application"]),
];

impl View<'_> {
    /// One attribute or the nested blocks of one keyword; none if the type has no such thing.
    pub(super) fn attribute(&self, members: &Members, name: &str) -> Option<Value> {
        self.part(self.schema, members, name, name, false)
    }

    /// All of it.
    pub(super) fn object(&self, members: &Members) -> Members {
        let mut all = self.members(self.schema, members, "", false);
        // Where the provider has no default tags, those of the resource are all.
        if self.only_written
            && let Some(value) = self.attribute(members, "tags_all")
            && members
                .get("tags")
                .is_some_and(|tags| !tags.value.is_null())
        {
            all.insert("tags_all".into(), value.into());
        }
        all
    }

    fn members(&self, body: &Body, members: &Members, path: &str, in_set: bool) -> Members {
        let part = |name: &Arc<str>| {
            let value = self.part(body, members, name, &format!("{path}{name}"), in_set)?;
            let key = members.get(name).map_or(Span::NONE, |member| member.key);
            Some((name.clone(), Member { key, value }))
        };
        if self.only_written {
            let as_written = |(name, member): (&Arc<str>, &Member)| match member.value.is_null() {
                true => (name.clone(), member.clone()),
                false => part(name).unwrap_or_else(|| (name.clone(), member.clone())),
            };
            return members.iter().map(as_written).collect();
        }
        let names = body.attributes.keys().chain(body.blocks.keys());
        names.filter_map(part).collect()
    }

    fn part(
        &self,
        body: &Body,
        members: &Members,
        name: &str,
        path: &str,
        in_set: bool,
    ) -> Option<Value> {
        let written = members.get(name).map(|member| &member.value);
        let written = match (written, path) {
            (None, "tags_all") => members.get("tags").map(|tags| &tags.value),
            _ => written,
        };
        if self.kind == schema::BUILT_IN && path == "output" {
            // It puts out what is put in.
            let input = members.get("input").map(|member| &member.value);
            return Some(match input.filter(|input| !input.is_null()) {
                Some(input) => self.decided(path, types::type_of(input)),
                None => Value::null(self.place),
            });
        }
        let written = written.filter(|value| !value.is_null());
        if let Some(attribute) = body.attributes.get(name) {
            let special = self
                .of_load_balancer(members, path, written.is_some())
                .or_else(|| self.of_certificate(members, path));
            if let Some(value) = special {
                return Some(value);
            }
            let value = match written {
                Some(value) => {
                    let value = self.completed(value, &attribute.of);
                    self.settled(value, attribute, path, in_set)
                }
                None => self.unset(attribute, path),
            };
            let is_sensitive = attribute.is_sensitive && !self.only_written;
            return Some(value.sensitive_if(is_sensitive));
        }
        let nested = body.blocks.get(name)?;
        Some(match written {
            Some(blocks) => self.blocks(nested, blocks, path, in_set),
            None if nested.is_computed => self.decided(path, nested.value_type()),
            None => {
                let of = nested.body.value_type().clone();
                match nested.list_kind() {
                    Some(kind) => {
                        let none = List::typed(kind, of, Vec::new());
                        Value::new(Data::List(none), self.place)
                    }
                    None => Value::null_of(of, self.place),
                }
            }
        })
    }

    /// What depends on the type of a load balancer.
    fn of_load_balancer(&self, members: &Members, path: &str, is_set: bool) -> Option<Value> {
        if !matches!(self.kind, "aws_lb" | "aws_alb") {
            return None;
        }
        // Logs that are not enabled go nowhere.
        if let "access_logs[0].bucket" | "connection_logs[0].bucket" = path {
            let enabled = members.get("enabled");
            let is_enabled = enabled.is_some_and(|enabled| {
                enabled.value.as_bool() == Some(true) || !enabled.value.is_wholly_known()
            });
            return (!is_enabled).then(|| Value::text("", self.place));
        }
        let (_, types) = OF_LOAD_BALANCERS.iter().find(|(name, _)| *name == path)?;
        let written = members.get("load_balancer_type");
        let written = match written.filter(|member| !member.value.is_null()) {
            Some(member) => member.value.as_str()?,
            None => "application",
        };
        match (types.contains(&written), path) {
            (false, _) => Some(self.nothing(&self.schema.attributes[path])),
            (true, "dns_record_client_routing_policy") if !is_set => {
                Some(Value::text("any_availability_zone", self.place))
            }
            (true, "enable_cross_zone_load_balancing") if !is_set => {
                Some(Value::bool(false, self.place))
            }
            _ => None,
        }
    }

    /// The names that a certificate is for, and what proves that they are its owner's: the provider lists them when it
    /// plans, and `for_each` over them works. Observed on version 5.100.0.
    fn of_certificate(&self, members: &Members, path: &str) -> Option<Value> {
        let is_wanted = matches!(
            path,
            "subject_alternative_names" | "domain_validation_options"
        );
        if self.kind != "aws_acm_certificate" || !is_wanted {
            return None;
        }
        let written = |name: &str| members.get(name).map(|member| &member.value);
        let domain = written("domain_name").filter(|domain| domain.as_str().is_some())?;
        let others = written("subject_alternative_names");
        let mut names: Vec<Value> = others.into_iter().flat_map(Value::elements).collect();
        names.retain(|name| name.as_str().is_some());
        names.push(domain.clone());
        let mut items = types::set_of(names);
        let of = self.schema.attributes[path].of.element()?.of_values();
        if path == "domain_validation_options" {
            written("validation_method").filter(|method| method.as_str() == Some("DNS"))?;
            let Type::Object(attributes) = &of else {
                return None;
            };
            let option = |name: &Value| {
                let members = attributes.iter().map(|(attribute, one)| {
                    let value = match &**attribute {
                        "domain_name" => name.clone(),
                        _ => self.decided(&format!("{path}.{attribute}"), one.of.clone()),
                    };
                    (attribute.clone(), value.into())
                });
                Value::object(members.collect(), self.place)
            };
            items = items.iter().map(option).collect();
        }
        let list = List::typed(ListKind::Set, Arc::new(of), items);
        Some(Value::new(Data::List(list), self.place))
    }

    /// What the provider decides.
    fn decided(&self, path: &str, of: Type) -> Value {
        let mut part = part_of(self.unknown, Some(path));
        Arc::make_mut(&mut part).of = (of != Type::Any).then(|| Arc::new(of));
        Value::new(Data::Unknown(part), self.place)
    }

    fn nothing(&self, attribute: &Attribute) -> Value {
        Value::null_of(Arc::new(attribute.of.of_values()), self.place)
    }

    fn unset(&self, attribute: &Attribute, path: &str) -> Value {
        match &attribute.unset {
            Unset::Null if self.is_data && attribute.mode == Mode::Optional => {
                self.decided(path, attribute.of.of_values())
            }
            Unset::Null => self.nothing(attribute),
            Unset::Unknown => self.decided(path, attribute.of.of_values()),
            Unset::Default(_) if self.is_put_off => self.nothing(attribute),
            Unset::Default(value) => value.clone().moved_to(self.place),
        }
    }

    /// What the provider makes of a value.
    fn settled(&self, value: Value, attribute: &Attribute, path: &str, in_set: bool) -> Value {
        match &value.data {
            Data::Choice(alternatives) => {
                let settle = |part: &Alternative| Alternative {
                    guard: part.guard.clone(),
                    value: self.settled(part.value.clone(), attribute, path, in_set),
                };
                let alternatives = alternatives.iter().map(settle).collect();
                Value {
                    data: Data::Choice(alternatives),
                    ..value
                }
            }
            Data::Text(text) => match (attribute.change, text.as_str()) {
                (Some(Change::Dropped), _) => self.nothing(attribute),
                (_, Some("")) if self.schema.is_legacy && attribute.mode == Mode::Either => {
                    self.decided(path, Type::String)
                }
                (Some(change), Some(known)) => match change.of(known) {
                    Some(changed) => Value {
                        data: Data::Text(Text::new(changed)),
                        ..value
                    },
                    None => value,
                },
                _ => value,
            },
            // Tags are known together or not at all, whatever the framework.
            _ if !self.schema.is_legacy && path == "tags_all" => whole(value, &attribute.of),
            _ if !self.schema.is_legacy => value,
            Data::List(list) if list.items().is_empty() && list.more().is_none() => {
                match (&attribute.of, attribute.mode) {
                    (Type::Set(of), Mode::Either) if of.is_scalar() && !in_set => {
                        self.decided(path, attribute.of.clone())
                    }
                    (Type::Set(of), _) if of.is_scalar() && !in_set => self.nothing(attribute),
                    _ => value,
                }
            }
            Data::Object(object) if object.members().is_empty() && object.more().is_none() => {
                match (&attribute.of, attribute.mode) {
                    (Type::Map(_), Mode::Either) => self.decided(path, attribute.of.clone()),
                    (Type::Map(_), _) => self.nothing(attribute),
                    _ => value,
                }
            }
            _ => whole(value, &attribute.of),
        }
    }

    fn blocks(&self, nested: &Nested, blocks: &Value, path: &str, in_set: bool) -> Value {
        let Data::List(list) = &blocks.data else {
            return blocks.clone();
        };
        let in_set = in_set || nested.nesting == Nesting::Set;
        let items: Vec<Value> = blocks
            .elements()
            .enumerate()
            .map(|(index, block)| match nested.nesting {
                Nesting::Single => self.block(nested, &block, path, in_set),
                _ => self.block(nested, &block, &format!("{path}[{index}]"), in_set),
            })
            .collect();
        match nested.nesting {
            _ if self.only_written => relisted(blocks, list, ListKind::List, items),
            Nesting::Single => items.into_iter().next().unwrap_or_else(|| blocks.clone()),
            Nesting::List => relisted(blocks, list, ListKind::List, items),
            Nesting::Set => relisted(blocks, list, ListKind::Set, types::set_of(items)),
        }
    }

    fn block(&self, nested: &Nested, block: &Value, path: &str, in_set: bool) -> Value {
        let data = match &block.data {
            Data::Object(object) => {
                let path = format!("{path}.");
                let members = self.members(&nested.body, object.members(), &path, in_set);
                Data::Object(Object::new(self.object_kind(object), members))
            }
            // Whether there is such a block depends on conditions.
            Data::Choice(alternatives) => {
                let alternatives = alternatives.iter().map(|part| Alternative {
                    guard: part.guard.clone(),
                    value: self.block(nested, &part.value, path, in_set),
                });
                Data::Choice(alternatives.collect())
            }
            data => data.clone(),
        };
        Value {
            data,
            ..block.clone()
        }
    }

    fn object_kind(&self, object: &Object) -> ObjectKind {
        match self.only_written {
            true => object.kind(),
            false => ObjectKind::Object,
        }
    }

    /// The value of an argument with all that its type has: objects that were written as blocks may lack attributes.
    fn completed(&self, value: &Value, of: &Type) -> Value {
        let (kind, attributes) = match of {
            Type::List(of) => (ListKind::List, &**of),
            Type::Set(of) => (ListKind::Set, &**of),
            _ => return value.clone(),
        };
        let (Type::Object(attributes), Data::List(list)) = (attributes, &value.data) else {
            return value.clone();
        };
        let items = value
            .elements()
            .map(|item| self.complete(&item, attributes));
        match kind {
            _ if self.only_written => relisted(value, list, list.kind(), items.collect()),
            ListKind::Set => relisted(value, list, kind, types::set_of(items.collect())),
            _ => relisted(value, list, kind, items.collect()),
        }
    }

    fn complete(&self, item: &Value, attributes: &Attributes) -> Value {
        let data = match &item.data {
            Data::Object(object) => {
                // The rules of a security group.
                let is_rule = attributes.contains_key("self");
                let members = attributes.iter().filter_map(|(name, attribute)| {
                    let written = object.members().get(name);
                    if self.only_written && written.is_none() {
                        return None;
                    }
                    let written = written.filter(|member| !member.value.is_null());
                    let key = written.map_or(Span::NONE, |member| member.key);
                    let value = match (written, &attribute.default) {
                        (Some(member), _) => {
                            let value = self.completed(&item.seen(&member.value), &attribute.of);
                            match value.as_str() {
                                Some(text) if is_rule && &**name == "protocol" => Value {
                                    data: Data::Text(Text::new(super::normal::protocol(text))),
                                    ..value
                                },
                                _ if self.schema.is_legacy => whole(value, &attribute.of),
                                _ => value,
                            }
                        }
                        (None, Some(default)) => default.clone().moved_to(item.span()),
                        (None, None) => {
                            Value::null_of(Arc::new(attribute.of.of_values()), item.span())
                        }
                    };
                    Some((name.clone(), Member { key, value }))
                });
                let members = members.collect();
                Data::Object(Object::new(self.object_kind(object), members))
            }
            Data::Choice(alternatives) => {
                let alternatives = alternatives.iter().map(|part| Alternative {
                    guard: part.guard.clone(),
                    value: self.complete(&part.value, attributes),
                });
                Data::Choice(alternatives.collect())
            }
            data => data.clone(),
        };
        Value {
            data,
            ..item.clone()
        }
    }
}

/// A collection as the older framework plans it: not known at all as soon as a part of it is not.
fn whole(value: Value, of: &Type) -> Value {
    if !of.element().is_some_and(Type::is_scalar) {
        return value;
    }
    let parts: Vec<&Value> = match &value.data {
        Data::List(list) => list.items().iter().collect(),
        Data::Object(object) => {
            let members = object.members().values();
            members.map(|member| &member.value).collect()
        }
        _ => return value,
    };
    let more = match &value.data {
        Data::List(list) => list.more(),
        Data::Object(object) => object.more(),
        _ => None,
    };
    let why = parts.iter().find_map(|part| match &part.data {
        Data::Unknown(unknown) => Some(unknown.reason.clone()),
        Data::Text(text) => text.holes().next().map(|hole| hole.reason.clone()),
        _ => None,
    });
    let why: Option<Reason> = why.or(more.map(|why| why.reason.clone()));
    match why {
        Some(reason) => Value {
            data: Data::Unknown(Arc::new(Unknown::of_type(reason, of.clone()))),
            ..value
        },
        None => value,
    }
}

fn relisted(value: &Value, list: &List, kind: ListKind, items: Vec<Value>) -> Value {
    let list = match list.more() {
        Some(why) => List::open(kind, items, why.clone()),
        None => List::new(kind, items),
    };
    Value {
        data: Data::List(list),
        ..value.clone()
    }
}

//! Normalising: what a front end declared and a vocabulary in; resources in canonical words, with links, out.
//!
//! First Terraform's attributes are renamed, then satellites fill their owners, then both languages go the same way:
//! text is decoded, types are settled, defaults filled in, links followed.

use std::sync::Arc;

use indexmap::IndexMap;

use super::links::{self, Index, Named, Resolved};
use super::settle::{complete, default_value, guarded, settled, typed};
use super::vocabulary::{
    By, Condition, Entry, NativePath, Properties, Property, Role, Row, Spelling, Vocabulary,
};
use super::{Kind, Model, Resource, ResourceId};
use crate::declared::{Declared, DeclaredOutput, DeclaredResource, Language};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::value::{
    Alternative, Atom, Data, Guard, List, ListKind, Member, Members, Object, ObjectKind, Reason,
    Subject, Unknown, Value,
};

/// What a stack declares, in canonical words.
pub fn normalize(declared: Declared, vocabulary: Arc<Vocabulary>) -> (Model, Vec<Diagnostic>) {
    let Declared {
        language,
        root,
        resources,
        outputs,
        inputs,
        modules,
        conditions,
        constraint,
        constructs,
        ..
    } = declared;
    let mut run = Run {
        vocabulary,
        language,
        drafts: Vec::with_capacity(resources.len()),
        parts: Vec::new(),
        diagnostics: Vec::new(),
    };
    match language {
        Language::Terraform => {
            let resources: Vec<Arc<DeclaredResource>> =
                resources.into_iter().map(Arc::new).collect();
            for resource in &resources {
                run.terraform(resource);
            }
        }
        Language::CloudFormation => {
            for resource in resources {
                let kind: Kind = resource.native_kind.clone();
                let entry = run.vocabulary.entry(&kind).cloned();
                let properties = resource.body.clone();
                run.drafts.push(Draft {
                    kind,
                    entry,
                    properties,
                    holder: resource.address.clone(),
                    address: resource.address.clone(),
                    exists: resource.exists.clone(),
                    is_symbolic: resource.is_symbolic,
                    resource: Arc::new(resource),
                });
            }
        }
    }
    for input in &inputs {
        let address = match language {
            Language::Terraform => format!("var.{}", input.name),
            Language::CloudFormation => input.name.to_string(),
        };
        let members = [
            ("Name", Value::text(input.name.clone(), input.header)),
            ("Value", input.value.clone()),
            (
                "Sensitive",
                Value::bool(input.value.is_sensitive, input.header),
            ),
        ];
        run.drafts.push(code_draft(
            "Code::Input",
            address,
            members,
            input.header,
            &Guard::Always,
        ));
    }
    for output in &outputs {
        let address = format!("output.{}", output.name);
        let is_sensitive = output.is_sensitive || output.value.is_sensitive;
        let members = [
            ("Name", Value::text(output.name.clone(), output.header)),
            ("Value", output.value.clone()),
            ("Sensitive", Value::bool(is_sensitive, output.header)),
        ];
        run.drafts.push(code_draft(
            "Code::Output",
            address,
            members,
            output.header,
            &output.exists,
        ));
    }
    for module in modules {
        let members = [
            ("Name", Some(Value::text(module.name, module.header))),
            ("Source", module.source),
            ("Version", module.version),
        ];
        let members = members.into_iter().filter_map(|(name, value)| {
            let key = module.header;
            Some((name.into(), Member { key, value: value? }))
        });
        let body = block(members.collect(), module.header);
        run.drafts.push(Draft {
            kind: "Code::Module".into(),
            entry: None,
            properties: body.clone(),
            holder: module.address.clone(),
            address: module.address.clone(),
            exists: module.exists.clone(),
            is_symbolic: false,
            resource: Arc::new(DeclaredResource {
                address: module.address,
                native_kind: "module".into(),
                module: module.module,
                body,
                header: module.header,
                block: module.block,
                exists: module.exists,
                is_symbolic: false,
            }),
        });
    }
    let index = run.index();
    run.attach(&index);
    let (mut model, diagnostics) = run.finish(root, outputs, index);
    model.conditions = conditions;
    model.constraint = constraint;
    model.constructs = constructs;
    (model, diagnostics)
}

/// A resource on its way.
struct Draft {
    kind: Kind,
    entry: Option<Arc<Entry>>,
    /// Canonical, not yet completed.
    properties: Value,
    /// Address of the declared resource.
    holder: Arc<str>,
    address: Arc<str>,
    exists: Guard,
    is_symbolic: bool,
    resource: Arc<DeclaredResource>,
}

/// A satellite: what it fills of which kind.
#[derive(Clone)]
struct Part {
    entry: Arc<Entry>,
    spelling: usize,
    resource: Arc<DeclaredResource>,
}

struct Run {
    vocabulary: Arc<Vocabulary>,
    language: Language,
    drafts: Vec<Draft>,
    parts: Vec<Part>,
    diagnostics: Vec<Diagnostic>,
}

/// An input or output as a resource of its own, so that rules can speak of it.
fn code_draft<const N: usize>(
    kind: &str,
    address: String,
    members: [(&str, Value); N],
    header: Span,
    exists: &Guard,
) -> Draft {
    let address: Arc<str> = address.into();
    let members = members
        .into_iter()
        .map(|(name, value)| (name.into(), Member { key: header, value }));
    let body = block(members.collect(), header);
    Draft {
        kind: kind.into(),
        entry: None,
        properties: body.clone(),
        holder: address.clone(),
        address: address.clone(),
        exists: exists.clone(),
        is_symbolic: false,
        resource: Arc::new(DeclaredResource {
            address,
            native_kind: kind.into(),
            module: "".into(),
            body,
            header,
            block: header,
            exists: exists.clone(),
            is_symbolic: false,
        }),
    }
}

/// A resource in its native words.
fn native_draft(resource: &Arc<DeclaredResource>) -> Draft {
    Draft {
        kind: resource.native_kind.clone(),
        entry: None,
        properties: resource.body.clone(),
        holder: resource.address.clone(),
        address: resource.address.clone(),
        exists: resource.exists.clone(),
        is_symbolic: resource.is_symbolic,
        resource: resource.clone(),
    }
}

/// The resource with the tags that it gets as its own: the provider's default tags under those it says itself.
fn with_all_tags(resource: &DeclaredResource) -> Option<DeclaredResource> {
    let object = resource.body.as_object()?;
    let all = object.members().get("tags_all")?.clone();
    let mut members = object.members().clone();
    members.insert("tags".into(), all);
    let body = Value {
        data: Data::Object(Object::new(object.kind(), members)),
        ..resource.body.clone()
    };
    Some(DeclaredResource {
        body,
        ..resource.clone()
    })
}

fn block(members: Members, header: Span) -> Value {
    Value::new(
        Data::Object(Object::new(ObjectKind::Block, members)),
        header,
    )
}

impl Run {
    fn terraform(&mut self, resource: &Arc<DeclaredResource>) {
        let vocabulary = self.vocabulary.clone();
        let mut is_made = false;
        let tagged = with_all_tags(resource);
        let tagged = tagged.as_ref().unwrap_or(resource);
        for (entry, number) in vocabulary.spelled(&resource.native_kind) {
            let spelling = &entry.spellings[*number];
            if matches!(spelling.role, Role::Part(_)) {
                self.parts.push(Part {
                    entry: entry.clone(),
                    spelling: *number,
                    resource: resource.clone(),
                });
                continue;
            }
            if entry.kind == resource.native_kind {
                // A type that keeps its words: nothing is renamed, and what is not described is kept.
                is_made = true;
                self.drafts.push(Draft {
                    entry: Some(entry.clone()),
                    ..native_draft(resource)
                });
                continue;
            }
            for made in made_by(spelling, tagged) {
                let exists = resource.exists.clone().and(made.guard);
                if exists == Guard::Never {
                    continue;
                }
                is_made = true;
                self.drafts.push(Draft {
                    kind: entry.kind.clone(),
                    entry: Some(entry.clone()),
                    properties: made.properties,
                    holder: resource.address.clone(),
                    address: made.address,
                    exists,
                    is_symbolic: resource.is_symbolic || made.is_symbolic,
                    resource: resource.clone(),
                });
            }
        }
        if !is_made {
            self.drafts.push(native_draft(resource));
        }
    }

    fn index(&self) -> Index {
        let named = self.drafts.iter().map(|draft| {
            let name = draft.entry.as_ref().and_then(|entry| entry.name.as_ref());
            Named {
                kind: draft.kind.clone(),
                holder: draft.holder.clone(),
                address: draft.address.clone(),
                name: name.and_then(|name| draft.properties.member(name)),
                stands_for: (&*draft.kind == links::ALIAS)
                    .then(|| draft.properties.member("TargetKeyId"))
                    .flatten(),
            }
        });
        Index::new(named.collect())
    }

    /// Lets satellites fill their owners.
    fn attach(&mut self, index: &Index) {
        let parts = std::mem::take(&mut self.parts);
        let mut by_values: IndexMap<String, IndexMap<String, Vec<u32>>> = IndexMap::new();
        let mut anybodys: IndexMap<(Kind, usize), Part> = IndexMap::new();
        let inside = self.drafts.len();
        for part in parts {
            let spelling = &part.entry.spellings[part.spelling];
            let Role::Part(owner) = &spelling.role else {
                continue;
            };
            let root = Place::of(&part.resource);
            let filter = condition(&spelling.filter, &root);
            if filter == Guard::Never {
                continue;
            }
            let exists = part.resource.exists.clone().and(filter);
            let owners = match owner.as_slice() {
                [(None, path)] => self.owners_named(&part, path, &root, index),
                _ => self.owners_equal(&part, owner, &root, &mut by_values),
            };
            for found in owners {
                match found {
                    Owner::Is(id, guard) => {
                        let draft = &self.drafts[id as usize];
                        // A condition that both share is none.
                        let own = if exists == draft.exists {
                            Guard::Always
                        } else {
                            exists.clone()
                        };
                        let is_unsure = part.resource.is_symbolic && !draft.is_symbolic;
                        self.fill(id, &part, own.and(guard), is_unsure);
                    }
                    Owner::MayBe(id) => self.fill(id, &part, Guard::Always, true),
                    // Once for each kind and spelling: what one leaves open, others cannot open further.
                    Owner::Any => {
                        let key = (part.entry.kind.clone(), part.spelling);
                        anybodys.entry(key).or_insert_with(|| part.clone());
                    }
                    Owner::Outside(guard) => {
                        let members = map_members(&spelling.properties, &root);
                        let why = Arc::new(Unknown::because(Reason::Outside));
                        let object = Object::open(ObjectKind::Block, members, why);
                        self.drafts.push(Draft {
                            kind: part.entry.kind.clone(),
                            entry: Some(part.entry.clone()),
                            properties: Value::new(Data::Object(object), part.resource.header),
                            holder: part.resource.address.clone(),
                            address: part.resource.address.clone(),
                            exists: exists.clone().and(guard),
                            is_symbolic: part.resource.is_symbolic,
                            resource: part.resource.clone(),
                        });
                    }
                }
            }
        }
        for part in anybodys.values() {
            for id in 0..inside {
                if self.drafts[id].kind == part.entry.kind {
                    self.fill(id as u32, part, Guard::Always, true);
                }
            }
        }
    }

    fn owners_named(
        &self,
        part: &Part,
        path: &NativePath,
        root: &Place<'_>,
        index: &Index,
    ) -> Vec<Owner> {
        let Some((_, value)) = lookup(path, root) else {
            return Vec::new();
        };
        let mut owners = Vec::new();
        let kinds = [part.entry.kind.clone()];
        links::leaves(&value, &[], &Guard::Always, &mut |guard, leaf| {
            let resolved = index.resolve(leaf, &kinds, &[By::Name, By::Arn, By::Id]);
            owners.extend(self.owners_of(resolved, guard));
        });
        owners
    }

    fn owners_of(&self, resolved: Resolved, guard: &Guard) -> Vec<Owner> {
        let is_outside = resolved.outside.is_some();
        let mut owners: Vec<Owner> = resolved
            .targets
            .into_iter()
            .map(|(id, is_possible)| {
                if is_possible {
                    Owner::MayBe(id)
                } else {
                    Owner::Is(id, guard.clone())
                }
            })
            .collect();
        owners.extend(resolved.may_be.into_iter().map(Owner::MayBe));
        if resolved.any.is_some() {
            owners.push(Owner::Any);
        }
        let is_told = |owner: &Owner| matches!(owner, Owner::Is(..));
        if is_outside || !owners.iter().any(is_told) {
            owners.push(Owner::Outside(guard.clone()));
        }
        owners
    }

    /// The owners whose properties equal what the satellite says.
    fn owners_equal(
        &self,
        part: &Part,
        owner: &[(Option<Arc<str>>, NativePath)],
        root: &Place<'_>,
        known: &mut IndexMap<String, IndexMap<String, Vec<u32>>>,
    ) -> Vec<Owner> {
        let kind = &part.entry.kind;
        let names: Vec<&Arc<str>> = owner.iter().filter_map(|(name, _)| name.as_ref()).collect();
        let join = |identities: Option<Vec<String>>| identities.map(|all| all.join("\u{0}"));
        let key = format!("{kind} {names:?}");
        let table = known.entry(key).or_insert_with(|| {
            let mut table: IndexMap<String, Vec<u32>> = IndexMap::new();
            for (id, draft) in self.drafts.iter().enumerate() {
                if draft.kind != *kind {
                    continue;
                }
                let identities = names
                    .iter()
                    .map(|name| links::identity(&draft.properties.member(name)?));
                if let Some(identity) = join(identities.collect()) {
                    table.entry(identity).or_default().push(id as u32);
                }
            }
            table
        });
        let wanted = owner
            .iter()
            .map(|(_, path)| links::identity(&lookup(path, root)?.1));
        let found = join(wanted.collect()).and_then(|wanted| table.get(&wanted).cloned());
        match found {
            Some(ids) => ids
                .into_iter()
                .map(|id| Owner::Is(id, Guard::Always))
                .collect(),
            None => vec![Owner::Outside(Guard::Always)],
        }
    }

    /// Writes what a satellite says into its owner. Where it is not sure to be its owner, that becomes unknown instead.
    fn fill(&mut self, id: u32, part: &Part, guard: Guard, is_unsure: bool) {
        let spelling = &part.entry.spellings[part.spelling];
        let members = map_members(&spelling.properties, &Place::of(&part.resource));
        let draft = &mut self.drafts[id as usize];
        let Data::Object(object) = &draft.properties.data else {
            return;
        };
        let why = || {
            Arc::new(Unknown::because(Reason::Depends(
                part.resource.address.clone(),
            )))
        };
        let mut all = object.members().clone();
        for (name, member) in members {
            let known = all.get(&name).map(|known| known.value.clone());
            let known = known.filter(|known| !known.is_null());
            let key = all.get(&name).map_or(member.key, |known| known.key);
            let is_list = member.value.as_list().is_some()
                || part
                    .entry
                    .properties
                    .get(&name)
                    .is_some_and(Property::is_list);
            let value = if is_list {
                let mut rows = Rows::default();
                if let Some(known) = &known {
                    rows.add(known, &Guard::Always);
                }
                if is_unsure {
                    rows.more.get_or_insert_with(why);
                } else {
                    rows.add(&member.value, &guard);
                }
                let site = known.as_ref().map_or(member.value.span(), Value::span);
                rows.into_list(site)
            } else if is_unsure {
                known.unwrap_or_else(|| Value::new(Data::Unknown(why()), member.value.span()))
            } else {
                if guard.is_always()
                    && let Some(known) = &known
                    && !matches!(known.data, Data::Choice(_))
                {
                    let message = format!(
                        "`{}` and `{}` both set `{name}`; the former counts here",
                        draft.address, part.resource.address
                    );
                    self.diagnostics.push(
                        Diagnostic::warning("set_twice", part.resource.header, message)
                            .label(known.span(), "also set here")
                            .hint("keep one of them: they overwrite each other at each apply"),
                    );
                    continue;
                }
                let otherwise = known.unwrap_or_else(|| Value::null(member.value.span()));
                guarded(&guard, member.value, otherwise)
            };
            all.insert(name, Member { key, value });
        }
        let kind = object.kind();
        let object = match object.more() {
            Some(why) => Object::open(kind, all, why.clone()),
            None => Object::new(kind, all),
        };
        draft.properties.data = Data::Object(object);
    }

    fn finish(
        mut self,
        root: Arc<str>,
        outputs: Vec<DeclaredOutput>,
        index: Index,
    ) -> (Model, Vec<Diagnostic>) {
        // Owners outside the code were added after the index was made; nobody refers to them.
        let drafts = std::mem::take(&mut self.drafts);
        let mut resources = Vec::with_capacity(drafts.len());
        for (position, draft) in drafts.into_iter().enumerate() {
            let properties = match &draft.entry {
                Some(entry) => complete(
                    draft.properties,
                    &entry.properties,
                    self.language,
                    &mut self.diagnostics,
                ),
                None => draft.properties,
            };
            let native = match &draft.entry {
                Some(entry) if self.language == Language::Terraform => {
                    native_completed(entry, &draft.resource.body)
                }
                _ => draft.resource.body.clone(),
            };
            resources.push(Resource {
                id: ResourceId(position as u32),
                address: draft.address,
                kind: draft.kind,
                native_kind: draft.resource.native_kind.clone(),
                language: self.language,
                module: draft.resource.module.clone(),
                properties,
                native,
                header: draft.resource.header,
                block: draft.resource.block,
                exists: draft.exists,
                is_symbolic: draft.is_symbolic,
                links: IndexMap::default(),
            });
        }
        links::connect(&mut resources, &self.vocabulary, &index);
        let model = Model::new(self.language, root, self.vocabulary, outputs, resources);
        (model, self.diagnostics)
    }
}

/// Whose satellite something is.
enum Owner {
    /// This one's, under a condition.
    Is(u32, Guard),
    /// Perhaps this one's.
    MayBe(u32),
    /// Perhaps that of any resource of the kind.
    Any,
    /// That of something outside the code, or it cannot be told.
    Outside(Guard),
}

/// One resource that a spelling makes.
struct Made {
    properties: Value,
    address: Arc<str>,
    guard: Guard,
    is_symbolic: bool,
}

fn made_by(spelling: &Spelling, resource: &DeclaredResource) -> Vec<Made> {
    let root = Place::of(resource);
    let filter = condition(&spelling.filter, &root);
    if filter == Guard::Never {
        return Vec::new();
    }
    let mut made = Vec::new();
    let Some(each) = &spelling.each else {
        expand(
            &spelling.properties,
            &root,
            false,
            &mut |guard, members, more| {
                made.push(Made {
                    properties: shaped(members, root.value),
                    address: resource.address.clone(),
                    guard: filter.clone().and(guard),
                    is_symbolic: more.is_some(),
                });
            },
        );
        return made;
    };
    let Some((_, value)) = lookup(each, &root) else {
        return Vec::new();
    };
    let name = each.steps.join(".");
    let mut position = 0;
    let mut rows = Rows::default();
    rows.add(&value, &Guard::Always);
    for item in &rows.items {
        let alternatives = alternatives_of(item);
        for (guard, item) in alternatives {
            if item.is_null() {
                continue;
            }
            let place = root.inside(&item, None);
            expand(
                &spelling.properties,
                &place,
                false,
                &mut |own, members, more| {
                    made.push(Made {
                        properties: shaped(members, &item),
                        address: format!("{}.{name}[{position}]", resource.address).into(),
                        guard: filter.clone().and(guard.clone()).and(own),
                        is_symbolic: more.is_some(),
                    });
                },
            );
        }
        position += 1;
    }
    if let Some(why) = rows.more {
        let item = Value::new(Data::Unknown(why), value.span());
        let place = root.inside(&item, None);
        let members = map_members(&spelling.properties, &place);
        made.push(Made {
            properties: shaped(members, &item),
            address: format!("{}.{name}[*]", resource.address).into(),
            guard: filter,
            is_symbolic: true,
        });
    }
    made
}

/// Members that were mapped from a native value, as an object that stands where that does.
fn shaped(members: Members, from: &Value) -> Value {
    let (kind, more) = match &from.data {
        Data::Object(object) => (ObjectKind::Block, object.more().cloned()),
        Data::Unknown(unknown) => (ObjectKind::Block, Some(unknown.clone())),
        _ => (ObjectKind::Block, None),
    };
    let object = match more {
        Some(why) => Object::open(kind, members, why),
        None => Object::new(kind, members),
    };
    Value {
        data: Data::Object(object),
        origin: from.origin.clone(),
        is_sensitive: from.is_sensitive,
    }
}

fn alternatives_of(value: &Value) -> Vec<(Guard, Value)> {
    match &value.data {
        Data::Choice(alternatives) => alternatives
            .iter()
            .map(|a| (a.guard.clone(), value.seen(&a.value)))
            .collect(),
        _ => vec![(Guard::Always, value.clone())],
    }
}

/// Where in a native body a property is read.
struct Place<'a> {
    value: &'a Value,
    key: Option<&'a Value>,
    outer: Option<&'a Place<'a>>,
    address: &'a Arc<str>,
}

impl<'a> Place<'a> {
    fn of(resource: &'a DeclaredResource) -> Place<'a> {
        Place {
            value: &resource.body,
            key: None,
            outer: None,
            address: &resource.address,
        }
    }

    fn inside(&'a self, value: &'a Value, key: Option<&'a Value>) -> Place<'a> {
        Place {
            value,
            key,
            outer: Some(self),
            address: self.address,
        }
    }
}

/// What stands at a path, and where its name is written; none if nothing is written there.
fn lookup(path: &NativePath, place: &Place<'_>) -> Option<(Span, Value)> {
    let mut at = place;
    for _ in 0..path.up {
        at = at.outer?;
    }
    if path.is_key {
        return at.key.map(|key| (Span::NONE, key.clone()));
    }
    let Some((first, rest)) = path.steps.split_first() else {
        return Some((Span::NONE, at.value.clone()));
    };
    let is_written = at
        .value
        .as_object()
        .is_some_and(|object| object.get(first).is_some_and(|value| !value.is_null()));
    if at.outer.is_none() && rest.is_empty() && matches!(&**first, "id" | "arn") && !is_written {
        let unknown = Unknown::attribute(at.address.clone(), first.clone());
        let value = Value::new(Data::Unknown(Arc::new(unknown)), at.value.span());
        return Some((Span::NONE, value));
    }
    let key = at
        .value
        .as_object()
        .and_then(|object| object.members().get(first))
        .map_or(Span::NONE, |member| member.key);
    let value = walk(at.value, &path.steps)?;
    Some((if rest.is_empty() { key } else { Span::NONE }, value))
}

fn walk(value: &Value, steps: &[Arc<str>]) -> Option<Value> {
    let Some((first, rest)) = steps.split_first() else {
        return (!value.is_null()).then(|| value.clone());
    };
    match &value.data {
        Data::Object(object) => match object.get(first) {
            Some(member) => walk(&value.seen(member), rest),
            None => object.more().map(|why| part_of(why, value)),
        },
        Data::List(_) => walk(&first_of(value)?, steps),
        Data::Choice(_) => each_alternative(value, &mut |value| walk(value, steps)),
        Data::Unknown(why) => Some(part_of(why, value)),
        _ => None,
    }
}

/// Some part of something unknown.
fn part_of(why: &Arc<Unknown>, around: &Value) -> Value {
    let part = Unknown::because(why.reason.clone());
    Value {
        data: Data::Unknown(Arc::new(part)),
        origin: around.origin.clone(),
        is_sensitive: around.is_sensitive,
    }
}

/// The only (or first) block of a list; where it exists under a condition, the next one otherwise.
pub(super) fn first_of(list: &Value) -> Option<Value> {
    let open = || {
        let why = list.as_list()?.more()?;
        Some(part_of(why, list))
    };
    let mut first: Option<Value> = None;
    for item in list.elements() {
        first = match first {
            None => Some(item),
            Some(known) => Some(otherwise(known, item)),
        };
        if first.as_ref().is_some_and(|first| !may_be_null(first)) {
            return first;
        }
    }
    match (first, open()) {
        (Some(known), Some(open)) => Some(otherwise(known, open)),
        (known, open) => known.or(open),
    }
}

fn may_be_null(value: &Value) -> bool {
    match &value.data {
        Data::Null(_) => true,
        Data::Choice(alternatives) => alternatives.iter().any(|a| a.value.is_null()),
        _ => false,
    }
}

/// A value, or another where it is null.
fn otherwise(value: Value, next: Value) -> Value {
    match &value.data {
        Data::Null(_) => next,
        Data::Choice(alternatives) => {
            let span = value.span();
            let alternatives = alternatives.iter().map(|alternative| Alternative {
                guard: alternative.guard.clone(),
                value: if alternative.value.is_null() {
                    next.clone()
                } else {
                    value.seen(&alternative.value)
                },
            });
            Value::choice(alternatives.collect(), span)
        }
        _ => value,
    }
}

/// Maps each of the values that something may be; nothing where the result is none.
pub(super) fn each_alternative(
    value: &Value,
    map: &mut dyn FnMut(&Value) -> Option<Value>,
) -> Option<Value> {
    let Data::Choice(alternatives) = &value.data else {
        return map(value);
    };
    let mut is_written = false;
    let mapped = alternatives.iter().map(|alternative| {
        let seen = value.seen(&alternative.value);
        let mapped = map(&seen);
        is_written |= mapped.is_some();
        Alternative {
            guard: alternative.guard.clone(),
            value: mapped.unwrap_or_else(|| Value::null(seen.span())),
        }
    });
    let mapped: Vec<Alternative> = mapped.collect();
    is_written.then(|| Value::choice(mapped, value.span()))
}

/// Elements of one list that come from several places.
#[derive(Default)]
struct Rows {
    items: Vec<Value>,
    more: Option<Arc<Unknown>>,
}

impl Rows {
    /// Adds the elements of a value as far as they exist under a condition.
    fn add(&mut self, value: &Value, guard: &Guard) {
        match &value.data {
            Data::Null(_) => {}
            Data::List(list) => {
                for item in value.elements() {
                    let null = Value::null(item.span());
                    let item = guarded(guard, item, null);
                    if !item.is_null() {
                        self.items.push(item);
                    }
                }
                if let Some(why) = list.more() {
                    Unknown::keep(&mut self.more, why);
                }
            }
            // The id or ARN of something is one text; any other unknown value may be a list.
            Data::Unknown(why) if !(why.is_never_null && why.reference.is_some()) => {
                Unknown::keep(&mut self.more, why);
            }
            Data::Choice(alternatives) => {
                for alternative in alternatives.iter() {
                    let guard = guard.clone().and(alternative.guard.clone());
                    self.add(&value.seen(&alternative.value), &guard);
                }
            }
            _ => {
                let null = Value::null(value.span());
                let item = guarded(guard, value.clone(), null);
                if !item.is_null() {
                    self.items.push(item);
                }
            }
        }
    }

    fn into_list(self, site: Span) -> Value {
        let list = match self.more {
            Some(why) => List::open(ListKind::Tuple, self.items, why),
            None => List::new(ListKind::Tuple, self.items),
        };
        Value::new(Data::List(list), site)
    }
}

fn map_members(properties: &Properties, place: &Place<'_>) -> Members {
    let mut members = Members::default();
    for (name, property) in properties {
        if let Some(member) = map_property(property, place) {
            members.insert(name.clone(), member);
        }
    }
    members
}

fn map_property(property: &Property, place: &Place<'_>) -> Option<Member> {
    if let [row] = property.rows.as_slice() {
        return map_row(row, place);
    }
    let mut rows = Rows::default();
    let mut is_written = false;
    for row in &property.rows {
        if let Some(list) = elements(row, place) {
            is_written = true;
            rows.add(&list, &Guard::Always);
        }
    }
    is_written.then(|| rows.into_list(place.value.span()).into())
}

fn map_row(row: &Row, place: &Place<'_>) -> Option<Member> {
    let filter = condition(&row.filter, place);
    if filter == Guard::Never {
        return None;
    }
    let mut member = if let Some(constant) = &row.value {
        // Where it stands follows from the attribute that its entry was made from.
        Member::from(Value {
            origin: crate::value::Origin::at(place.value.span()),
            ..constant.clone()
        })
    } else if let Some(path) = &row.each {
        let key = lookup(path, place).map_or(Span::NONE, |(key, _)| key);
        let value = elements(row, place)?;
        Member { key, value }
    } else if !row.at.is_empty() {
        let mut found: Option<(Span, Value)> = None;
        for path in &row.at {
            let Some((key, value)) = lookup(path, place) else {
                continue;
            };
            let is_itself = path.steps.is_empty();
            let mapped =
                each_alternative(&value, &mut |value| map_here(row, value, place, is_itself));
            let Some(mapped) = mapped else { continue };
            found = Some(match found {
                None => (key, mapped),
                Some((key, known)) => (key, otherwise(known, mapped)),
            });
            if found.as_ref().is_some_and(|(_, value)| !may_be_null(value)) {
                break;
            }
        }
        let (key, value) = found?;
        Member { key, value }
    } else if row.spread.is_none() && !row.members.is_empty() {
        let members = map_members(&row.members, place);
        if members.is_empty() {
            return None;
        }
        Member::from(block(members, place.value.span()))
    } else {
        return None;
    };
    if !filter.is_always() {
        let null = Value::null(member.value.span());
        member.value = guarded(&filter, member.value, null);
    }
    Some(member)
}

/// A native value that is no choice, canonically.
fn map_here(row: &Row, value: &Value, place: &Place<'_>, is_itself: bool) -> Option<Value> {
    match &value.data {
        Data::Null(_) => return None,
        Data::Unknown(_) if row.members.is_empty() && row.decode.is_none() => {
            return settled(value.clone(), row);
        }
        Data::Unknown(_) => return Some(value.clone()),
        Data::Text(text) => {
            let is_empty = text.as_str() == Some("");
            if is_empty && !row.keeps_empty && !is_itself {
                return None;
            }
        }
        _ => {}
    }
    if !row.members.is_empty() && row.decode.is_none() && !row.is_pascal {
        let inside = match &value.data {
            Data::List(list) if list.items().is_empty() && list.more().is_none() => return None,
            Data::List(_) => first_of(value)?,
            _ => value.clone(),
        };
        return each_alternative(&inside, &mut |inside| match &inside.data {
            Data::Null(_) => None,
            Data::Unknown(_) => Some(inside.clone()),
            Data::Object(_) if is_itself => {
                let members = map_members(&row.members, place);
                (!members.is_empty()).then(|| shaped(members, inside))
            }
            _ => {
                let members = map_members(&row.members, &place.inside(inside, None));
                Some(shaped(members, inside))
            }
        });
    }
    let mut value = value.clone();
    let wants_one = row.kind.is_some_and(|kind| kind.is_scalar());
    if wants_one && value.as_list().is_some() {
        // One value where Terraform keeps a set.
        let first = first_of(&value)?;
        return each_alternative(&first, &mut |first| map_here(row, first, place, true));
    }
    if !row.values.is_empty()
        && let Some(word) = settled_word(&value)
        && let Some((_, canonical)) = row.values.iter().find(|(native, _)| **native == *word)
    {
        value.data = canonical.data.clone();
    }
    settled(value, row)
}

/// A scalar as the text that the vocabulary compares with.
fn settled_word(value: &Value) -> Option<String> {
    match &value.data {
        Data::Text(text) => text.as_str().map(str::to_owned),
        Data::Bool(truth) => Some(truth.to_string()),
        Data::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The elements that a row makes: a list, several lists under conditions, or something unknown.
fn elements(row: &Row, place: &Place<'_>) -> Option<Value> {
    let filter_here = |place: &Place<'_>| condition(&row.filter, place);
    let Some(path) = &row.each else {
        let filter = filter_here(place);
        if filter == Guard::Never {
            return None;
        }
        if row.members.is_empty() && !row.at.is_empty() {
            return map_row(row, place).map(|member| member.value);
        }
        let mut rows = Rows::default();
        expand(&row.members, place, true, &mut |guard, members, more| {
            let item = shaped(members, place.value);
            let null = Value::null(item.span());
            rows.items
                .push(guarded(&filter.clone().and(guard), item, null));
            if let Some(why) = more {
                Unknown::keep(&mut rows.more, &why);
            }
        });
        let is_written = !rows.items.is_empty() || rows.more.is_some();
        return is_written.then(|| rows.into_list(place.value.span()));
    };
    let (_, source) = lookup(path, place)?;
    each_alternative(&source, &mut |source| {
        let (entries, more) = match &source.data {
            Data::Null(_) => return None,
            Data::Unknown(_) => return Some(source.clone()),
            Data::List(list) => {
                let items = source.elements().map(|item| (None, item)).collect();
                (items, list.more().cloned())
            }
            Data::Object(object) if uses_key(&row.members) => {
                let entries: Vec<(Option<Value>, Value)> = object
                    .members()
                    .iter()
                    .map(|(name, member)| {
                        let at = if member.key.is_written() {
                            member.key
                        } else {
                            source.span()
                        };
                        (
                            Some(Value::text(name.clone(), at)),
                            source.seen(&member.value),
                        )
                    })
                    .collect();
                (entries, object.more().cloned())
            }
            _ => (vec![(None, source.clone())], None),
        };
        let mut rows = Rows {
            items: Vec::with_capacity(entries.len()),
            more,
        };
        for (key, item) in &entries {
            for (guard, item) in alternatives_of(item) {
                if item.is_null() {
                    continue;
                }
                if matches!(item.data, Data::Unknown(_)) && !reads_itself(&row.members) {
                    let null = Value::null(item.span());
                    rows.items.push(guarded(&guard, item, null));
                    continue;
                }
                let inner = place.inside(&item, key.as_ref());
                let filter = filter_here(&inner);
                if filter == Guard::Never {
                    continue;
                }
                let guard = guard.and(filter);
                if row.members.is_empty() {
                    let null = Value::null(item.span());
                    rows.items.push(guarded(&guard, item.clone(), null));
                    continue;
                }
                expand(&row.members, &inner, false, &mut |own, members, more| {
                    let item = shaped(members, &item);
                    let null = Value::null(item.span());
                    rows.items
                        .push(guarded(&guard.clone().and(own), item, null));
                    if let Some(why) = more {
                        Unknown::keep(&mut rows.more, &why);
                    }
                });
            }
        }
        let kind = source.as_list().map_or(ListKind::Tuple, List::kind);
        let list = match rows.more {
            Some(why) => List::open(kind, rows.items, why),
            None => List::new(kind, rows.items),
        };
        Some(Value {
            data: Data::List(list),
            ..source.clone()
        })
    })
}

fn uses_key(members: &Properties) -> bool {
    members.values().any(|property| {
        property
            .rows
            .iter()
            .any(|row| row.at.iter().any(|path| path.is_key))
    })
}

/// Whether some member is the element itself (`"."`).
fn reads_itself(members: &Properties) -> bool {
    members.values().any(|property| {
        property.rows.iter().any(|row| {
            row.at
                .iter()
                .any(|path| path.up == 0 && (path.is_key || path.steps.is_empty()))
        })
    })
}

/// Maps members, once for each value that is spread. `is_optional`: makes nothing if only constants come of it.
fn expand(
    properties: &Properties,
    place: &Place<'_>,
    is_optional: bool,
    make: &mut dyn FnMut(Guard, Members, Option<Arc<Unknown>>),
) {
    let spread = |property: &Property| property.rows.first().and_then(|row| row.spread.clone());
    let spreads: Vec<(&Arc<str>, NativePath, &Property)> = properties
        .iter()
        .filter_map(|(name, property)| Some((name, spread(property)?, property)))
        .collect();
    let members = map_members(properties, place);
    if spreads.is_empty() {
        let is_filled = !is_optional
            || members.iter().any(|(name, _)| {
                properties
                    .get(name)
                    .is_some_and(|property| property.schema().value.is_none())
            });
        if is_filled {
            make(Guard::Always, members, None);
        }
        return;
    }
    for (name, path, property) in spreads {
        let Some((key, value)) = lookup(&path, place) else {
            continue;
        };
        let mut rows = Rows::default();
        rows.add(&value, &Guard::Always);
        let mut with = |guard: Guard, value: Value, more: Option<Arc<Unknown>>| {
            let mut members = members.clone();
            let value = match settled(value, property.schema()) {
                Some(value) => value,
                None => return,
            };
            members.insert(name.clone(), Member { key, value });
            make(guard, members, more);
        };
        let more = rows.more.clone();
        for item in rows.items {
            for (guard, item) in alternatives_of(&item) {
                let is_empty = item.as_str() == Some("");
                if !item.is_null() && !is_empty {
                    with(guard, item, None);
                }
            }
        }
        if let Some(why) = more {
            // At least one more, as far as anybody can tell: it exists if the list is not empty.
            let subject = why.subject.clone().unwrap_or_else(|| {
                let name = format!("{}.{}", place.address, path.steps.join("."));
                Arc::new(Subject::opaque("", name))
            });
            let subject = Subject::opaque(
                subject.scope.clone(),
                format!("{} has elements", subject.name),
            );
            let guard = Guard::Is(Atom {
                subject: Arc::new(subject),
                equals: None,
            });
            let value = Value {
                data: Data::Unknown(Arc::new(Unknown::because(why.reason.clone()))),
                ..value.clone()
            };
            let rest = Unknown {
                is_more_alike: true,
                ..Unknown::because(why.reason.clone())
            };
            with(guard, value, Some(Arc::new(rest)));
        }
    }
}

/// When native attributes have the values that a vocabulary asks for.
fn condition(conditions: &[Condition], place: &Place<'_>) -> Guard {
    conditions.iter().fold(Guard::Always, |all, condition| {
        if all == Guard::Never {
            return all;
        }
        let value = lookup(&condition.path, place).map(|(_, value)| value);
        let Some(value) = value else {
            return Guard::Never;
        };
        let holds = alternatives_of(&value)
            .into_iter()
            .map(|(guard, value)| guard.and(meets(&value, condition, place)))
            .fold(Guard::Never, Guard::or);
        all.and(holds)
    })
}

fn meets(value: &Value, condition: &Condition, place: &Place<'_>) -> Guard {
    let decided = |truth: bool| if truth { Guard::Always } else { Guard::Never };
    let opaque = |word: &str| {
        let name = format!(
            "{}.{} {word}",
            place.address,
            condition.path.steps.join(".")
        );
        Guard::Is(Atom {
            subject: Arc::new(Subject::opaque("", name)),
            equals: None,
        })
    };
    match (&value.data, &condition.equals) {
        (Data::Null(_), _) => Guard::Never,
        (Data::Unknown(unknown), None) => {
            if unknown.is_never_null || unknown.reference.is_some() {
                Guard::Always
            } else {
                opaque("is set")
            }
        }
        (Data::List(list), None) => decided(!list.items().is_empty() || list.more().is_some()),
        (Data::Text(text), None) => decided(text.as_str() != Some("")),
        (_, None) => Guard::Always,
        (Data::Unknown(unknown), Some(wanted)) => match (&unknown.truth, &**wanted) {
            (Some(guard), "true") => guard.clone(),
            (Some(guard), "false") => !guard.clone(),
            _ => opaque(&format!("is {wanted}")),
        },
        (Data::Text(text), Some(wanted)) => match text.equals(wanted) {
            crate::value::Certainty::Yes => Guard::Always,
            crate::value::Certainty::No => Guard::Never,
            crate::value::Certainty::Unsure => opaque(&format!("is {wanted}")),
        },
        (_, Some(wanted)) => decided(settled_word(value).is_some_and(|word| word == **wanted)),
    }
}

/// Types and defaults of attributes that only Terraform can say.
fn native_completed(entry: &Entry, body: &Value) -> Value {
    if entry.native.is_empty() {
        return body.clone();
    }
    let Data::Object(object) = &body.data else {
        return body.clone();
    };
    let mut members = object.members().clone();
    for attribute in &entry.native {
        let [name] = attribute.path.as_slice() else {
            continue;
        };
        let written = members
            .get(name)
            .filter(|member| !member.value.is_null())
            .cloned();
        let member = match (written, &attribute.default) {
            (Some(member), _) => {
                let value = match attribute.kind {
                    Some(kind) if kind.is_scalar() => typed(member.value, kind),
                    _ => member.value,
                };
                Member { value, ..member }
            }
            (None, Some(default)) if object.more().is_none() => {
                Member::from(default_value(default, body.span()))
            }
            (None, _) => continue,
        };
        members.insert(name.clone(), member);
    }
    let object = match object.more() {
        Some(why) => Object::open(object.kind(), members, why.clone()),
        None => Object::new(object.kind(), members),
    };
    Value {
        data: Data::Object(object),
        ..body.clone()
    }
}

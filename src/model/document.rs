//! What `$` means for one resource: its properties, and around them `facts links views options meta native`.

use std::rc::Rc;
use std::sync::Arc;

use super::{Derive, Link, LinkTarget, Links, Model, Resource, ResourceId};
use crate::declared::Language;
use crate::jsonpath::{Branch, Found, Node, Target};
use crate::source::Span;
use crate::value::{Certainty, Data, Member, Members, Reason, Unknown, Value, World};

/// The members of a document that are no properties.
pub const RESERVED: [&str; 6] = ["facts", "links", "views", "options", "meta", "native"];

/// What documents are read from.
pub struct Context<'d> {
    /// The resources.
    pub model: &'d Model,
    /// What computes facts.
    pub derive: &'d dyn Derive,
    /// The options of the rule: an object.
    pub options: &'d Value,
}

/// The root node of a resource's document.
pub fn root<'d>(context: &'d Context<'d>, resource: ResourceId) -> Node<'d> {
    let header = context.model.resource(resource).header;
    let branch = Rc::new(Document { context, resource });
    Node::root(branch, resource.0, header)
}

/// A resource's document.
struct Document<'d> {
    context: &'d Context<'d>,
    resource: ResourceId,
}

impl<'d> Document<'d> {
    fn resource(&self) -> &'d Resource {
        self.context.model.resource(self.resource)
    }

    fn section(&self, section: Section) -> Found<'d> {
        Found::Branch(Rc::new(SectionOf {
            context: self.context,
            resource: self.resource,
            section,
        }))
    }
}

impl<'d> Branch<'d> for Document<'d> {
    fn member(&self, name: &str, _: &World) -> Found<'d> {
        match name {
            "facts" => Found::Branch(Rc::new(FactsOf {
                context: self.context,
                resource: self.resource,
                group: String::new(),
            })),
            "links" => self.section(Section::Links),
            "views" => self.section(Section::Views),
            "options" => Found::Value(self.context.options.clone(), Span::NONE),
            "meta" => Found::Value(meta(self.resource()), Span::NONE),
            "native" => Found::Value(self.resource().native.clone(), Span::NONE),
            _ => Found::Nothing,
        }
    }

    fn value(&self) -> Option<&Value> {
        Some(&self.resource().properties)
    }
}

/// The reserved members that are computed on demand.
#[derive(Clone, Copy)]
enum Section {
    Links,
    Views,
}

struct SectionOf<'d> {
    context: &'d Context<'d>,
    resource: ResourceId,
    section: Section,
}

impl<'d> Branch<'d> for SectionOf<'d> {
    fn member(&self, name: &str, world: &World) -> Found<'d> {
        let model = self.context.model;
        let resource = model.resource(self.resource);
        match self.section {
            Section::Links => match links(model, resource, name) {
                Some(links) => {
                    let targets = links
                        .targets
                        .iter()
                        .filter_map(|link| target(self.context, resource, link, world));
                    Found::Targets(targets.collect(), links.more.clone())
                }
                None => Found::Nothing,
            },
            Section::Views => {
                let entry = model.vocabulary.entry(&resource.kind);
                match entry.and_then(|entry| entry.views.get(name)) {
                    Some(path) => Found::Alias(path.clone()),
                    None => Found::Nothing,
                }
            }
        }
    }

    fn value(&self) -> Option<&Value> {
        match self.section {
            // An alias starts at the properties.
            Section::Views => Some(&self.context.model.resource(self.resource).properties),
            _ => None,
        }
    }
}

/// The facts below a name.
struct FactsOf<'d> {
    context: &'d Context<'d>,
    resource: ResourceId,
    /// With a point at its end; empty for all.
    group: String,
}

impl<'d> Branch<'d> for FactsOf<'d> {
    fn member(&self, name: &str, world: &World) -> Found<'d> {
        let name = format!("{}{name}", self.group);
        let derive = self.context.derive;
        if derive.is_group(&name) {
            return Found::Branch(Rc::new(FactsOf {
                context: self.context,
                resource: self.resource,
                group: format!("{name}."),
            }));
        }
        match derive.fact(self.context.model, self.resource, &name, world) {
            Some(value) => Found::Value(value, Span::NONE),
            None => Found::Nothing,
        }
    }

    fn value(&self) -> Option<&Value> {
        None
    }
}

/// The links of a name; none if its kind has no such link.
fn links(model: &Model, resource: &Resource, name: &str) -> Option<Links> {
    if let Some(links) = resource.links.get(name) {
        return Some(links.clone());
    }
    let rule = model
        .vocabulary
        .entry(&resource.kind)
        .and_then(|entry| entry.links.get(name));
    match rule {
        Some(rule) if rule.is_anywhere => {
            let targets = rule
                .to
                .iter()
                .flat_map(|kind| model.vocabulary.expand(kind))
                .flat_map(|kind| model.of_kind(&kind).to_vec())
                .map(|id| Link {
                    target: LinkTarget::Resource(id),
                    via: Value::null(resource.header),
                    guard: crate::value::Guard::Always,
                    is_possible: model.resource(id).is_symbolic,
                });
            Some(Links {
                targets: targets.collect(),
                more: None,
            })
        }
        Some(_) => Some(Links::default()),
        None => {
            let is_known = name == "referrers"
                || model
                    .vocabulary
                    .inverse(&resource.kind)
                    .iter()
                    .any(|inverse| &*inverse.name == name);
            is_known.then(Links::default)
        }
    }
}

fn target<'d>(
    context: &'d Context<'d>,
    from: &Resource,
    link: &Link,
    world: &World,
) -> Option<Target<'d>> {
    let possible = if link.is_possible {
        Certainty::Unsure
    } else {
        Certainty::Yes
    };
    let certainty = possible.and(world.truth(&link.guard));
    match &link.target {
        LinkTarget::Resource(id) => {
            let resource = context.model.resource(*id);
            let certainty = certainty.and(world.truth(&resource.exists));
            (!certainty.is_no()).then(|| Target {
                branch: Rc::new(Document {
                    context,
                    resource: *id,
                }),
                certainty,
                owner: id.0,
                place: resource.header,
            })
        }
        LinkTarget::Ghost(kind) => (!certainty.is_no()).then(|| {
            let site = if link.via.span().is_written() {
                link.via.span()
            } else {
                from.header
            };
            Target {
                branch: Rc::new(Ghost {
                    unknown: Value::unknown(Reason::Outside, site),
                    options: context.options,
                    kind: kind.clone(),
                }),
                certainty,
                owner: from.id.0,
                place: site,
            }
        }),
    }
}

/// A resource outside the code: everything about it is unknown.
struct Ghost<'d> {
    unknown: Value,
    options: &'d Value,
    kind: Arc<str>,
}

impl<'d> Branch<'d> for Ghost<'d> {
    fn member(&self, name: &str, _: &World) -> Found<'d> {
        match name {
            "options" => Found::Value(self.options.clone(), Span::NONE),
            "links" => Found::Branch(Rc::new(GhostLinks)),
            "meta" => {
                let members = Members::from_iter([(
                    "kind".into(),
                    Member::from(Value::text(self.kind.clone(), Span::NONE)),
                )]);
                let why = Arc::new(Unknown::because(Reason::Outside));
                let object =
                    crate::value::Object::open(crate::value::ObjectKind::Object, members, why);
                Found::Value(
                    Value::new(Data::Object(object), self.unknown.span()),
                    Span::NONE,
                )
            }
            "facts" | "views" | "native" => Found::Value(self.unknown.clone(), Span::NONE),
            _ => Found::Nothing,
        }
    }

    fn value(&self) -> Option<&Value> {
        Some(&self.unknown)
    }
}

/// The links of a resource outside the code lead anywhere.
struct GhostLinks;

impl<'d> Branch<'d> for GhostLinks {
    fn member(&self, _: &str, _: &World) -> Found<'d> {
        let why = Arc::new(Unknown::because(Reason::Outside));
        Found::Targets(Vec::new(), Some(why))
    }

    fn value(&self) -> Option<&Value> {
        None
    }
}

/// `$.meta`
fn meta(resource: &Resource) -> Value {
    let text = |text: &Arc<str>| Value::text(text.clone(), Span::NONE);
    let language = match resource.language {
        Language::Terraform => "terraform",
        Language::CloudFormation => "cloudformation",
    };
    let members = [
        ("language", Value::text(language, Span::NONE)),
        ("kind", text(&resource.kind)),
        ("native_kind", text(&resource.native_kind)),
        ("address", text(&resource.address)),
        ("module", text(&resource.module)),
        (
            "conditional",
            Value::bool(!resource.exists.is_always(), Span::NONE),
        ),
    ];
    let members = members
        .into_iter()
        .map(|(name, value)| (name.into(), Member::from(value)));
    Value::object(members.collect(), resource.header)
}

//! Resources as rules see them, and what queries select in them: a model and the facts over it in, text or JSON out.

use std::io::{self, Write};
use std::rc::Rc;

use super::Json;
use super::member;
use super::tree::{self, Line, Naming, Part};
use crate::declared::{Declared, Language};
use crate::diagnostic::did_you_mean;
use crate::jsonpath::{self, Item, Key, Missing, Node, Query, Target, Trace};
use crate::model::document::{self, Context};
use crate::model::{Derive, LinkTarget, Model, Resource, ResourceId};
use crate::source::{SourceMap, Span};
use crate::value::{Certainty, Data, Value, World};

/// What is looked into.
#[derive(Clone, Copy)]
pub struct Subject<'s> {
    /// The resources.
    pub model: &'s Model,
    /// What computes facts.
    pub derive: &'s dyn Derive,
    /// The names of the facts of a kind, dotted.
    pub facts: &'s dyn Fn(&str) -> Vec<&'static str>,
    /// What `$.options` shows: an object.
    pub options: &'s Value,
    /// The conditions that the source has names for.
    pub words: &'s Declared,
    /// The text.
    pub sources: &'s SourceMap,
}

/// The resources that an address means: those at it, else all instances of the block that it names.
pub fn at_address(model: &Model, address: &str) -> Vec<ResourceId> {
    let exact = model.at_address(address);
    if !exact.is_empty() {
        return exact.to_vec();
    }
    let is_instance = |resource: &&Resource| {
        resource.address.strip_prefix(address).is_some_and(|rest| {
            rest.starts_with('[') && rest.ends_with(']') && !rest.contains("].")
        })
    };
    let instances = model.resources().iter().filter(is_instance);
    instances.map(|resource| resource.id).collect()
}

/// Writes resources as rules see them.
///
/// # Errors
/// Those of `out`.
pub fn write(subject: &Subject<'_>, ids: &[ResourceId], out: &mut dyn Write) -> io::Result<()> {
    for (index, id) in ids.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let resource = subject.model.resource(*id);
        write!(out, "{}", subject.heading(resource))?;
        let mut lines = Vec::new();
        for part in subject.properties(resource) {
            part.lines(subject.sources, 2, &mut lines);
        }
        subject.section("properties", &lines, out)?;
        subject.section("links", &subject.link_lines(resource), out)?;
        let mut lines = Vec::new();
        for part in subject.computed(resource) {
            part.lines(subject.sources, 2, &mut lines);
        }
        subject.section("facts", &lines, out)?;
    }
    Ok(())
}

/// Writes what a query selects in resources.
///
/// # Errors
/// Those of `out`.
pub fn write_selected(
    subject: &Subject<'_>,
    ids: &[ResourceId],
    query: &Query,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (index, id) in ids.iter().enumerate() {
        let resource = subject.model.resource(*id);
        if ids.len() > 1 {
            let gap = if index > 0 { "\n" } else { "" };
            write!(out, "{gap}{}", subject.heading(resource))?;
        }
        let selected = subject.selected(*id, query);
        let mut lines = Vec::new();
        for node in &selected.nodes {
            let possibly = if node.is_certain { "" } else { "perhaps " };
            match &node.what {
                What::Part(part) => {
                    let first = lines.len();
                    part.lines(subject.sources, 0, &mut lines);
                    if let Some(line) = lines.get_mut(first) {
                        line.text.insert_str(0, possibly);
                    }
                }
                What::Resource(text, place) => lines.push(Line {
                    text: format!("{possibly}{text}"),
                    place: tree::line_of(*place, subject.sources).unwrap_or_default(),
                }),
                What::Group(names) => lines.push(Line {
                    text: format!("{possibly}{}: {}", node.path, names),
                    place: String::new(),
                }),
                What::Missing { above, hint } => {
                    let hint = hint.as_ref().map(|hint| format!(" ({hint})"));
                    let hint = hint.unwrap_or_default();
                    lines.push(Line {
                        text: format!("{possibly}{}: not set{hint}", node.path),
                        place: tree::line_of(*above, subject.sources).unwrap_or_default(),
                    });
                }
            }
        }
        write!(out, "{}", tree::aligned(&lines))?;
        if selected.nodes.is_empty() && selected.more.is_none() {
            writeln!(out, "nothing")?;
        }
        if let Some(more) = &selected.more {
            let what = if selected.nodes.is_empty() {
                "nothing that is known, but there may be something"
            } else {
                "there may be more"
            };
            writeln!(out, "{what}: {more}")?;
        }
    }
    Ok(())
}

/// Writes resources as rules see them, as JSON:
///
/// ```jsonc
/// { "resources": [ {
///     "address": "aws_eks_cluster.main", "kind": "AWS::EKS::Cluster", "native_kind": "aws_eks_cluster",
///     "language": "terraform", "module": "",
///     "place": { "file": "main.tf", "line": 3, "column": 1 },
///     "when": "Stage is \"prod\"",              // only if it exists under a condition
///     "symbolic": true,                         // only if it stands for an unknown number of instances
///     "properties": { "Name": NODE, … },
///     "links": { "role": { "targets": [ { "address": "aws_iam_role.a", "certain": true, "via": PLACE } ],
///                          "more": REASON } },  // a target outside of the code has "outside": KIND for an address
///     "facts": { "eks.version": NODE, … } } ] }
/// ```
///
/// A NODE has one of `value` (a scalar), `text` (the known parts of a text, null for each hole, with `holes` saying
/// why), `items`, `members`, `choices` (nodes with `when`), `unknown` (a REASON, perhaps with `allowed`) and
/// `redacted`; besides `place`, `trail` (places with a `step`), `default` if AWS supplies it, `native` if the source
/// calls it otherwise, `more` (a REASON) if there may be more in it. A REASON is `{ "code", "text" }`.
///
/// # Errors
/// Those of `out`.
pub fn write_json(
    subject: &Subject<'_>,
    ids: &[ResourceId],
    out: &mut dyn Write,
) -> io::Result<()> {
    let resources = ids.iter().map(|id| {
        let resource = subject.model.resource(*id);
        let mut members = subject.head_members(resource);
        let named = |parts: Vec<Part>| {
            let all = parts
                .iter()
                .map(|part| (part.name.as_str().into(), part.json(subject.sources)));
            Json::Object(all.collect())
        };
        members.push(member("properties", named(subject.properties(resource))));
        members.push(member("links", subject.link_members(resource)));
        members.push(member("facts", named(subject.computed(resource))));
        Json::Object(members)
    });
    let document = vec![member("resources", Json::List(resources.collect()))];
    Json::Object(document).write(out, 0)?;
    writeln!(out)
}

/// Writes what a query selects, as JSON: `{ "query", "resources": [ { "address", "kind", …, "nodes": [ … ], "more" } ] }`.
/// A node is as [`write_json`] has it, with `path`, `certain`, and for a resource its `address` or `outside` (a kind);
/// `"missing": true` says that nothing stands where the query's last names lead, and `place` is then of what is above.
///
/// # Errors
/// Those of `out`.
pub fn write_selected_json(
    subject: &Subject<'_>,
    ids: &[ResourceId],
    query: &Query,
    out: &mut dyn Write,
) -> io::Result<()> {
    let resources = ids.iter().map(|id| {
        let selected = subject.selected(*id, query);
        let nodes = selected.nodes.iter().map(|node| {
            let mut members = vec![
                member("path", Json::text(&node.path)),
                member("certain", Json::bool(node.is_certain)),
            ];
            match &node.what {
                What::Part(part) => {
                    if let Json::Object(more) = part.json(subject.sources) {
                        members.extend(more);
                    }
                }
                What::Resource(address, place) => {
                    let (name, text) = match address.strip_prefix(OUTSIDE) {
                        Some(kind) => ("outside", kind),
                        None => ("address", address.as_str()),
                    };
                    members.push(member(name, Json::text(text)));
                    let place = tree::position_or_null(*place, subject.sources);
                    members.push(member("place", place));
                }
                What::Group(_) => members.push(member("group", Json::bool(true))),
                What::Missing { above, hint } => {
                    members.push(member("missing", Json::bool(true)));
                    if let Some(hint) = hint {
                        members.push(member("hint", Json::text(hint)));
                    }
                    let place = tree::position_or_null(*above, subject.sources);
                    members.push(member("place", place));
                }
            }
            Json::Object(members)
        });
        let mut members = subject.head_members(subject.model.resource(*id));
        members.push(member("nodes", Json::List(nodes.collect())));
        if let Some(more) = &selected.more {
            members.push(member("more", Json::text(more)));
        }
        Json::Object(members)
    });
    let document = vec![
        member("query", Json::text(&query.text)),
        member("resources", Json::List(resources.collect())),
    ];
    Json::Object(document).write(out, 0)?;
    writeln!(out)
}

/// What a query selected.
struct Selected {
    nodes: Vec<Chosen>,
    more: Option<String>,
}

/// A node.
struct Chosen {
    path: String,
    is_certain: bool,
    what: What,
}

enum What {
    Part(Part),
    /// A resource, or one outside the code, and its place.
    Resource(String, Span),
    /// Names that stand below.
    Group(String),
    /// Nothing, below something at this place; and if no such thing can be there, what may be meant.
    Missing {
        above: Span,
        hint: Option<String>,
    },
}

/// The link that every mention makes.
const REFERRERS: &str = "referrers";

/// How resources are said that the code does not have.
const OUTSIDE: &str = "outside of the code: ";

impl Subject<'_> {
    fn heading(&self, resource: &Resource) -> String {
        let kind = if *resource.kind == *resource.native_kind {
            resource.kind.to_string()
        } else {
            format!("{} ({})", resource.kind, resource.native_kind)
        };
        let place = tree::line_of(resource.header, self.sources).unwrap_or_default();
        let mut text = format!("{}  {kind}  {place}\n", resource.address);
        if !resource.exists.is_always() {
            let when = self.words.in_words(&resource.exists);
            text.push_str(&format!("exists only if {when}\n"));
        }
        if resource.is_symbolic {
            text.push_str("stands for an unknown number of instances\n");
        }
        text
    }

    fn head_members(&self, resource: &Resource) -> Vec<(std::sync::Arc<str>, Json)> {
        let mut members = vec![
            member("address", Json::text(&resource.address)),
            member("kind", Json::text(&resource.kind)),
            member("native_kind", Json::text(&resource.native_kind)),
            member("language", Json::text(&resource.language.to_string())),
            member("module", Json::text(&resource.module)),
            member(
                "place",
                tree::position_or_null(resource.header, self.sources),
            ),
        ];
        if !resource.exists.is_always() {
            let when = self.words.in_words(&resource.exists);
            members.push(member("when", Json::text(&when)));
        }
        if resource.is_symbolic {
            members.push(member("symbolic", Json::bool(true)));
        }
        members
    }

    /// The world in which a resource exists and nothing else is decided.
    fn world_of(&self, resource: &Resource) -> World {
        let world = self.model.world();
        world.assuming(&resource.exists).unwrap_or(world)
    }

    fn section(&self, title: &str, lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        write!(out, "{title}\n{}", tree::aligned(lines))
    }

    fn naming<'n>(&'n self, resource: &Resource) -> Naming<'n> {
        let entry = match resource.language {
            Language::Terraform => self.model.vocabulary.entry(&resource.kind),
            Language::CloudFormation => None,
        };
        Naming {
            words: self.words,
            entry: entry.map(|entry| &**entry),
        }
    }

    /// The properties, canonical.
    fn properties(&self, resource: &Resource) -> Vec<Part> {
        let naming = self.naming(resource);
        // What cannot be where the resource exists is not shown.
        let properties = resource.properties.in_world(&self.world_of(resource));
        Part::of("", properties, Span::NONE, &[], &naming).below
    }

    /// The facts, under their dotted names.
    fn computed(&self, resource: &Resource) -> Vec<Part> {
        let world = self.world_of(resource);
        let naming = Naming {
            words: self.words,
            entry: None,
        };
        (self.facts)(&resource.kind)
            .into_iter()
            .filter_map(|name| {
                let value = self.derive.fact(self.model, resource.id, name, &world)?;
                (!value.is_null()).then(|| Part::of(name, value, Span::NONE, &[], &naming))
            })
            .collect()
    }

    fn link_lines(&self, resource: &Resource) -> Vec<Line> {
        let mut lines = Vec::new();
        let named: Vec<&LinkTarget> = resource
            .links
            .iter()
            .filter(|(name, _)| &***name != REFERRERS)
            .flat_map(|(_, links)| links.targets.iter().map(|link| &link.target))
            .collect();
        for (name, links) in &resource.links {
            for link in &links.targets {
                // Everything that links here refers here.
                if &**name == REFERRERS && named.contains(&&link.target) {
                    continue;
                }
                let mut text = format!("  {name}: {}", self.target(&link.target));
                if link.is_possible {
                    text.push_str(", perhaps");
                }
                if !link.guard.is_always() {
                    text.push_str(&format!(", if {}", self.words.in_words(&link.guard)));
                }
                let place = tree::line_of(link.via.span(), self.sources);
                lines.push(Line {
                    text,
                    place: place.unwrap_or_default(),
                });
            }
            if let Some(why) = &links.more {
                let word = if links.targets.is_empty() {
                    "perhaps some"
                } else {
                    "perhaps more"
                };
                lines.push(Line {
                    text: format!("  {name}: {word} ({})", why.reason),
                    place: String::new(),
                });
            }
        }
        lines
    }

    fn link_members(&self, resource: &Resource) -> Json {
        let links = resource.links.iter().map(|(name, links)| {
            let targets = links.targets.iter().map(|link| {
                let mut members = match &link.target {
                    LinkTarget::Resource(id) => {
                        let address = &self.model.resource(*id).address;
                        vec![member("address", Json::text(address))]
                    }
                    LinkTarget::Ghost(kind) => vec![member("outside", Json::text(kind))],
                };
                members.push(member("certain", Json::bool(!link.is_possible)));
                if !link.guard.is_always() {
                    let when = self.words.in_words(&link.guard);
                    members.push(member("when", Json::text(&when)));
                }
                let via = tree::position_or_null(link.via.span(), self.sources);
                members.push(member("via", via));
                Json::Object(members)
            });
            let mut members = vec![member("targets", Json::List(targets.collect()))];
            if let Some(why) = &links.more {
                members.push(member("more", tree::reason(why)));
            }
            (name.clone(), Json::Object(members))
        });
        Json::Object(links.collect())
    }

    fn target(&self, target: &LinkTarget) -> String {
        match target {
            LinkTarget::Resource(id) => self.model.resource(*id).address.to_string(),
            LinkTarget::Ghost(kind) => format!("{OUTSIDE}{kind}"),
        }
    }

    /// What a query selects in a resource's document, in the world in which only the resource's existence is given.
    fn selected(&self, id: ResourceId, query: &Query) -> Selected {
        let context = Context {
            model: self.model,
            derive: self.derive,
            options: self.options,
        };
        let resource = self.model.resource(id);
        let world = self.world_of(resource);
        let root = document::root(&context, id);
        let selection = jsonpath::select(query, &root, &world);
        let mut nodes = Vec::new();
        for node in &selection.nodes {
            for found in jsonpath::expect(query, node, &world).alternatives {
                match found {
                    Ok(found) => self.choose(&found, id, &world, &mut nodes),
                    Err(missing) => {
                        let mut path = self.path(&missing.above, id);
                        if missing.above.key == Key::Root && missing.above.owner == id.0 {
                            path.clear();
                        }
                        for name in &missing.rest {
                            push_name(&mut path, name);
                        }
                        nodes.push(Chosen {
                            path,
                            is_certain: node.certainty.is_yes(),
                            what: What::Missing {
                                above: missing.above.place,
                                hint: self.unknown_name(&missing),
                            },
                        });
                    }
                }
            }
        }
        let more = selection.open.map(|trace| match &trace.value {
            Some(value) => match why(value) {
                Some(why) => why,
                None => "it depends on something that is not known".to_owned(),
            },
            None => "resources outside of this code may belong to it".to_owned(),
        });
        Selected { nodes, more }
    }

    /// What to say of a name that no property has.
    fn unknown_name(&self, missing: &Missing) -> Option<String> {
        let owner = self.model.resources().get(missing.above.owner as usize)?;
        let entry = self.model.vocabulary.entry(&owner.kind)?;
        let keys = missing.above.keys();
        let above: Vec<&str> = keys
            .iter()
            .filter_map(|key| match key {
                Key::Name(name) => Some(&**name),
                _ => None,
            })
            .collect();
        let is_reserved = |name: &&str| document::RESERVED.contains(name);
        let wanted = missing.rest.first().filter(|name| !name.starts_with('['))?;
        if above.first().is_some_and(is_reserved) {
            return None;
        }
        let known = match above.is_empty() {
            true => &entry.properties,
            false => &entry.property(&above)?.schema().members,
        };
        if known.is_empty() || known.contains_key(wanted) {
            return None;
        }
        let names = known.keys().map(|name| &**name);
        let names = names.chain(document::RESERVED.into_iter().filter(|_| above.is_empty()));
        let hint = did_you_mean(wanted, names);
        Some(hint.unwrap_or_else(|| format!("nothing is called `{wanted}` there")))
    }

    fn choose(&self, node: &Node<'_>, id: ResourceId, world: &World, into: &mut Vec<Chosen>) {
        let path = self.path(&node.trace, id);
        let is_certain = node.certainty.is_yes();
        let of = |what: What| Chosen {
            path: path.clone(),
            is_certain,
            what,
        };
        match &node.item {
            Item::Value(value) => {
                let owner = self.model.resources().get(node.trace.owner as usize);
                let keys = node.trace.keys();
                let names: Vec<&str> = keys
                    .iter()
                    .filter_map(|key| match key {
                        Key::Name(name) => Some(&**name),
                        _ => None,
                    })
                    .collect();
                let is_property = names
                    .first()
                    .is_some_and(|name| !document::RESERVED.contains(name));
                let naming = match owner.filter(|_| is_property) {
                    Some(owner) => self.naming(owner),
                    None => Naming {
                        words: self.words,
                        entry: None,
                    },
                };
                let value = value.in_world(world);
                let mut part = Part::of(&path, value, Span::NONE, &names, &naming);
                part.place = node.trace.place;
                into.push(of(What::Part(part)));
            }
            Item::Targets(targets) => {
                for target in &targets.0 {
                    let mut chosen = of(self.resource_at(target));
                    chosen.is_certain &= target.certainty.is_yes();
                    into.push(chosen);
                }
            }
            Item::Branch(branch) => {
                if node.trace.key == Key::Root {
                    let target = Target {
                        branch: Rc::clone(branch),
                        certainty: Certainty::Yes,
                        owner: node.trace.owner,
                        place: node.trace.place,
                    };
                    into.push(of(self.resource_at(&target)));
                    return;
                }
                let kind = &self.model.resource(id).kind;
                let names = match path.as_str() {
                    "facts" => (self.facts)(kind).join(", "),
                    "links" => {
                        let names = self.model.vocabulary.link_names(kind);
                        names.join(", ")
                    }
                    "views" => {
                        let entry = self.model.vocabulary.entry(kind);
                        let names: Vec<&str> = entry
                            .iter()
                            .flat_map(|entry| entry.views.keys().map(|name| &**name))
                            .collect();
                        names.join(", ")
                    }
                    _ => {
                        let group = path.strip_prefix("facts.").unwrap_or(&path);
                        let names = (self.facts)(kind).into_iter();
                        let below =
                            names.filter_map(|name| name.strip_prefix(group)?.strip_prefix('.'));
                        below.collect::<Vec<_>>().join(", ")
                    }
                };
                into.push(of(What::Group(names)));
            }
        }
    }

    fn resource_at(&self, target: &Target<'_>) -> What {
        let is_outside = target
            .branch
            .value()
            .is_some_and(|value| matches!(value.data, Data::Unknown(_)));
        if is_outside {
            let kind = match target.branch.member("meta", &World::new()) {
                jsonpath::Found::Value(meta, _) => meta.member("kind"),
                _ => None,
            };
            let kind = kind.and_then(|kind| kind.as_str().map(str::to_owned));
            return What::Resource(
                format!("{OUTSIDE}{}", kind.unwrap_or_default()),
                target.place,
            );
        }
        let owner = self.model.resources().get(target.owner as usize);
        let address = owner.map(|owner| owner.address.to_string());
        What::Resource(address.unwrap_or_default(), target.place)
    }

    /// The path of a node; below another resource than the one that was asked, behind its address.
    fn path(&self, trace: &Trace, id: ResourceId) -> String {
        let mut path = String::new();
        for key in trace.keys() {
            match key {
                Key::Root => {}
                Key::Index(index) => path.push_str(&format!("[{index}]")),
                Key::Name(name) => push_name(&mut path, name),
            }
        }
        match self.model.resources().get(trace.owner as usize) {
            Some(owner) if owner.id != id => format!("{} {path}", owner.address),
            _ if path.is_empty() => "$".to_owned(),
            _ => path,
        }
    }
}

fn push_name(path: &mut String, name: &str) {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if name.starts_with('[') {
        path.push_str(name);
    } else if is_plain {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    } else {
        path.push_str(&format!("['{name}']"));
    }
}

/// Why something in a value is not known.
fn why(value: &Value) -> Option<String> {
    let unknown = match &value.data {
        Data::Unknown(unknown) => unknown,
        Data::List(list) => list.more()?,
        Data::Object(object) => object.more()?,
        _ => return None,
    };
    Some(unknown.reason.to_string())
}

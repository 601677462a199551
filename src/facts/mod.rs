//! Facts: what needs an `if`, computed once in Rust and read by rules as plain fields.
//!
//! A fact is an ordinary value whose members carry the origins of what they were computed from, so a finding on a fact
//! points at source. Three laws hold for all of them: a member that cannot be decided is unknown, never false, and a list
//! that may be longer is open; no fact is called like a reserved member or a property; a fact says nothing of severity.
//!
//! **Names.** A fact's name is its path below `$.facts`, dotted: the fact `network.ingress` stands at
//! `$.facts.network.ingress`. Its first word may be shared by several facts (`network.ingress`, `network.egress`); asked
//! for that word alone, [`Facts`] gives an object of all facts under it. Documents ask for the longest name
//! ([`Derive::is_group`] tells): a fact that is not asked for meets no conditions, and so makes no worlds.
//!
//! **Worlds.** A fact is computed in a world: whatever a condition decides is asked through [`World::truth`], which notes
//! what is still open, so that the caller can split. What stays undecided is shown as such: an element of a list that
//! exists only under a condition is a choice between the element and null.

mod ami;
mod attributes;
mod beanstalk;
mod cases;
mod containers;
mod eks;
mod iam;
mod images;
mod network;
mod shape;
mod zones;

use std::cell::RefCell;
use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::model::{Derive, Model, Resource, ResourceId};
use crate::source::Span;
use crate::value::{Atom, Certainty, Guard, Member, Members, Value, World};

pub use shape::{Field, Shape};

/// A fact: its name, the kinds it is about, what it looks like, and the function that computes it.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// The path below `$.facts`, dotted.
    pub name: &'static str,
    /// What it says, in a few words.
    pub about: &'static str,
    /// The canonical kinds it applies to.
    pub kinds: &'static [&'static str],
    /// Names and types of its members.
    pub shape: &'static Shape,
    /// Computes it; null if there is nothing to say. Whatever a condition decides is asked through the world.
    compute: fn(&Scope<'_>) -> Value,
}

/// What a fact is computed from.
struct Scope<'a> {
    /// All resources.
    model: &'a Model,
    /// The one that the fact is about.
    resource: &'a Resource,
    /// What is taken to hold.
    world: &'a World,
    /// The day for which calendars are read.
    today: Date,
}

impl Scope<'_> {
    /// The same for another resource.
    fn about(&self, id: ResourceId) -> Scope<'_> {
        Scope {
            model: self.model,
            resource: self.model.resource(id),
            world: self.world,
            today: self.today,
        }
    }

    /// The place of what nobody wrote in particular.
    fn place(&self) -> Span {
        self.resource.header
    }
}

/// All facts.
pub const FACTS: &[Fact] = &[
    Fact {
        name: "network.ingress",
        about: "what may come in: its own rules, those of resources that add to it, those that AWS adds",
        kinds: network::INGRESS_KINDS,
        shape: &network::RULES,
        compute: network::ingress,
    },
    Fact {
        name: "network.egress",
        about: "what may go out; without a rule AWS lets everything out",
        kinds: network::EGRESS_KINDS,
        shape: &network::RULES,
        compute: network::egress,
    },
    Fact {
        name: "network.public",
        about: "of a subnet, whether it is routed to an internet gateway; of what starts in subnets, whether it also gets a public address",
        kinds: network::ON_NETWORKS,
        shape: &network::PUBLIC,
        compute: network::public,
    },
    Fact {
        name: "network.acl",
        about: "what each packet that the network ACL concerns meets, in the order of its entries",
        kinds: network::ACL_KINDS,
        shape: &network::ACL,
        compute: network::acl,
    },
    Fact {
        name: "network.routes",
        about: "where packets go",
        kinds: network::ROUTED,
        shape: &network::ROUTES,
        compute: network::routes,
    },
    Fact {
        name: "network.has_nat",
        about: "whether a NAT gateway stands in the network, as far as the code shows",
        kinds: network::NETWORKS,
        shape: &network::HAS_NAT,
        compute: network::has_nat,
    },
    Fact {
        name: "network.prefix_list",
        about: "what the prefix list names",
        kinds: network::LISTS,
        shape: &network::PREFIX_LIST,
        compute: network::prefix_list_fact,
    },
    Fact {
        name: "iam.statements",
        about: "all that is written in the code for an identity, or in a policy",
        kinds: iam::IDENTITIES,
        shape: &iam::STATEMENTS,
        compute: iam::statements,
    },
    Fact {
        name: "iam.trust",
        about: "who may become the role",
        kinds: iam::ROLES,
        shape: &iam::TRUST,
        compute: iam::trust,
    },
    Fact {
        name: "iam.attached",
        about: "managed policies by what they are called, those outside the code too",
        kinds: iam::HOLDERS,
        shape: &iam::ATTACHED,
        compute: iam::attached,
    },
    Fact {
        name: "iam.admin",
        about: "whether it can do everything, by what is written or attached",
        kinds: iam::HOLDERS,
        shape: &iam::ADMIN,
        compute: iam::admin,
    },
    Fact {
        name: "policy",
        about: "the resource's own policy: who may do what to it",
        kinds: iam::POLICY_HOLDERS,
        shape: &iam::POLICY,
        compute: iam::policy,
    },
    Fact {
        name: "settings",
        about: "option settings by namespace and name, the one that counts, defaults included",
        kinds: beanstalk::KINDS,
        shape: &beanstalk::SETTINGS,
        compute: beanstalk::settings,
    },
    Fact {
        name: "ssh_source",
        about: "who may try SSH; absent where no restriction is set",
        kinds: beanstalk::KINDS,
        shape: &beanstalk::SSH_SOURCE,
        compute: beanstalk::ssh_source,
    },
    Fact {
        name: "platform",
        about: "the platform it runs on",
        kinds: beanstalk::KINDS,
        shape: &beanstalk::PLATFORM,
        compute: beanstalk::platform,
    },
    Fact {
        name: "eks.version",
        about: "the Kubernetes version and how long it is supported",
        kinds: eks::KINDS,
        shape: &eks::VERSION,
        compute: eks::version,
    },
    Fact {
        name: "eks.public_access",
        about: "from where the Kubernetes API is reached",
        kinds: eks::CLUSTERS,
        shape: &eks::PUBLIC_ACCESS,
        compute: eks::public_access,
    },
    Fact {
        name: "images",
        about: "the container images that it names",
        kinds: images::KINDS,
        shape: &images::IMAGES,
        compute: images::images,
    },
    Fact {
        name: "mounts",
        about: "volumes that containers mount, both sides joined",
        kinds: containers::KINDS,
        shape: &containers::MOUNTS,
        compute: containers::mounts,
    },
    Fact {
        name: "ami",
        about: "the image that it starts from, as far as a name or the path of a parameter tells",
        kinds: ami::KINDS,
        shape: &ami::AMI,
        compute: ami::ami,
    },
    Fact {
        name: "attributes",
        about: "attributes of load balancers and target groups by key",
        kinds: attributes::KINDS,
        shape: &attributes::ATTRIBUTES,
        compute: attributes::attributes,
    },
    Fact {
        name: "zones",
        about: "the distinct availability zones that it is in",
        kinds: zones::KINDS,
        shape: &zones::ZONES,
        compute: zones::zones,
    },
];

/// The rows of a table in tab-separated columns, comments left out.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').collect())
}

/// What stands at a path of names below `$.facts` of a kind.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Facts with longer names.
    Group,
    /// A fact or a member of one.
    Value(&'static Shape),
}

/// What stands at a path of names below `$.facts` of a kind: for `vet`.
///
/// # Errors
/// The names that are known where the first unknown one stands, and the position of that one.
pub fn at(kind: &str, path: &[&str]) -> Result<Place, (usize, Vec<&'static str>)> {
    let facts: Vec<&Fact> = of_kind(kind).collect();
    for (depth, _) in path.iter().enumerate() {
        let name = path[..=depth].join(".");
        if let Some(fact) = facts.iter().find(|fact| fact.name == name) {
            let mut shape = fact.shape;
            for (index, member) in path.iter().enumerate().skip(depth + 1) {
                shape = shape.member(member).ok_or_else(|| (index, shape.names()))?;
            }
            return Ok(Place::Value(shape));
        }
        if !facts.iter().any(|fact| is_under(fact.name, &name)) {
            let before = path[..depth].join(".");
            let mut known: Vec<&'static str> = Vec::new();
            for fact in &facts {
                let rest = match before.is_empty() {
                    true => fact.name,
                    false => match fact.name.strip_prefix(&before) {
                        Some(rest) if rest.starts_with('.') => &rest[1..],
                        _ => continue,
                    },
                };
                let word = rest.split('.').next().unwrap_or(rest);
                if !known.contains(&word) {
                    known.push(word);
                }
            }
            return Err((depth, known));
        }
    }
    Ok(Place::Group)
}

/// The facts of a kind.
pub fn of_kind(kind: &str) -> impl Iterator<Item = &'static Fact> {
    FACTS.iter().filter(move |fact| fact.kinds.contains(&kind))
}

fn is_under(name: &str, group: &str) -> bool {
    name.strip_prefix(group)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Computes facts on demand and remembers them. Make one for each model: what is remembered belongs to the model last
/// asked about.
pub struct Facts {
    today: Date,
    memory: RefCell<Memory>,
}

/// What was computed for one model.
#[derive(Default)]
struct Memory {
    model: usize,
    known: FxHashMap<(&'static str, ResourceId), Vec<Remembered>>,
}

/// A fact in one partial assignment of the atoms that it met.
struct Remembered {
    answers: Vec<(Atom, bool)>,
    value: Value,
    undecided: Arc<[Atom]>,
}

impl Facts {
    /// Facts as of a day: calendars of versions and platforms are read for it.
    pub fn new(today: Date) -> Facts {
        Facts {
            today,
            memory: RefCell::default(),
        }
    }

    /// One fact, remembered by the answers to those atoms that it met: worlds that differ in other atoms share it.
    fn one(&self, fact: &'static Fact, model: &Model, id: ResourceId, world: &World) -> Value {
        let mut answers: Vec<(Atom, bool)> = Vec::new();
        loop {
            let (value, undecided) = self.computed(fact, model, id, &answers);
            let decided = undecided.iter().find_map(|atom| {
                let truth = match world.truth(&Guard::Is(atom.clone())) {
                    Certainty::Yes => true,
                    Certainty::No => false,
                    Certainty::Unsure => return None,
                };
                Some((atom.clone(), truth))
            });
            match decided {
                Some(answer) => answers.push(answer),
                None => {
                    world.meet(&undecided);
                    return value;
                }
            }
        }
    }

    fn computed(
        &self,
        fact: &'static Fact,
        model: &Model,
        id: ResourceId,
        answers: &[(Atom, bool)],
    ) -> (Value, Arc<[Atom]>) {
        {
            let mut memory = self.memory.borrow_mut();
            let address = std::ptr::from_ref(model) as usize;
            if memory.model != address {
                *memory = Memory {
                    model: address,
                    ..Memory::default()
                };
            }
            let known = memory.known.get(&(fact.name, id));
            let same = known
                .into_iter()
                .flatten()
                .find(|known| known.answers == answers);
            if let Some(known) = same {
                return (known.value.clone(), known.undecided.clone());
            }
        }
        let mut world = model.world();
        for (atom, truth) in answers {
            // An answer never contradicts: it was taken from a world in which all of them hold.
            world = world.with(atom, *truth).unwrap_or(world);
        }
        let scope = Scope {
            model,
            resource: model.resource(id),
            world: &world,
            today: self.today,
        };
        let value = (fact.compute)(&scope);
        let undecided: Arc<[Atom]> = world.take_met().into();
        let mut memory = self.memory.borrow_mut();
        memory
            .known
            .entry((fact.name, id))
            .or_default()
            .push(Remembered {
                answers: answers.to_vec(),
                value: value.clone(),
                undecided: undecided.clone(),
            });
        (value, undecided)
    }
}

impl Derive for Facts {
    fn fact(
        &self,
        model: &Model,
        resource: ResourceId,
        name: &str,
        world: &World,
    ) -> Option<Value> {
        let kind = &*model.resource(resource).kind;
        if let Some(fact) = of_kind(kind).find(|fact| fact.name == name) {
            return Some(self.one(fact, model, resource, world));
        }
        let mut members = Members::default();
        for fact in of_kind(kind).filter(|fact| is_under(fact.name, name)) {
            let rest = &fact.name[name.len() + 1..];
            let value = self.one(fact, model, resource, world);
            if !value.is_null() {
                members.insert(rest.into(), Member::from(value));
            }
        }
        (!members.is_empty()).then(|| Value::object(members, model.resource(resource).header))
    }

    fn is_group(&self, name: &str) -> bool {
        FACTS.iter().any(|fact| is_under(fact.name, name))
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

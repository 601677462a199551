//! Network ACLs: their entries in order, with those that an earlier one leaves nothing to decide.

use std::sync::Arc;

use super::addresses::Addresses;
use super::ports::{LAST, Protocol};
use super::{Family, Peer, Port, addresses_of, between, port, protocol};
use crate::facts::cases::{self, Record};
use crate::facts::{Field, Scope, Shape};
use crate::model::{LinkTarget, Model};
use crate::value::{Certainty, Data, Guard, Origin, Reason, Unknown, Value};

/// The ACL that every network has; it keeps Terraform's words.
const DEFAULT_ACL: &str = "aws_default_network_acl";
const ENTRY: &str = "AWS::EC2::NetworkAclEntry";

/// Kinds that hold entries of network ACLs.
pub(in crate::facts) const KINDS: &[&str] = &["AWS::EC2::NetworkAcl", DEFAULT_ACL, ENTRY];

/// `network.acl[*]`: of an entry that stands alone, that entry among all of its ACL.
pub(in crate::facts) const ACL: Shape = Shape::List(&Shape::Object(&[
    Field::new(
        "source",
        Shape::Source,
        "the CIDR as written (of egress: the destination)",
    ),
    Field::new("number", Shape::Number, "its place in the order"),
    Field::new("direction", Shape::Text, "ingress, egress"),
    Field::new("allow", Shape::Bool, "whether it allows"),
    Field::new(
        "protocol",
        Shape::Text,
        "tcp, udp, icmp, icmpv6, all, or a number",
    ),
    Field::new(
        "from_port",
        Shape::Number,
        "first port; 0 where the protocol has no ports",
    ),
    Field::new(
        "to_port",
        Shape::Number,
        "last port; 65535 where the protocol has no ports",
    ),
    Field::new(
        "reach",
        Shape::Text,
        "world, near_world, broad, scoped, private",
    ),
    Field::maybe(
        "shadowed_by",
        Shape::Number,
        "the number of an earlier entry that decides everything this one is about",
    ),
    Field::new(
        "duplicate",
        Shape::Bool,
        "whether another entry of the direction has its number",
    ),
]));

/// One entry.
struct Entry {
    guard: Guard,
    /// The resource it is written as; none for blocks.
    id: Option<u32>,
    source: Value,
    peer: Peer,
    number: Port,
    allow: Certainty,
    egress: Certainty,
    protocol: Result<Protocol, Arc<Unknown>>,
    from: Port,
    to: Port,
}

/// The entries of an ACL, and why there may be more.
#[derive(Default)]
struct Entries {
    all: Vec<Entry>,
    more: Option<Arc<Unknown>>,
}

/// `network.acl`
pub(in crate::facts) fn acl(scope: &Scope<'_>) -> Value {
    let resource = scope.resource;
    let origin = Origin::at(scope.place());
    let is_entry = &*resource.kind == ENTRY;
    let mut entries = Entries::default();
    if is_entry {
        let owner = resource.links.get("network_acl");
        let owner = owner.and_then(|links| links.targets.first());
        match owner.map(|link| &link.target) {
            Some(LinkTarget::Resource(id)) => entries.collect(&scope.about(*id)),
            // Its neighbours are not known.
            _ => {
                entries.more = Some(Arc::new(Unknown::because(Reason::Outside)));
                for body in cases::cases(&resource.properties, scope.world) {
                    entries.read(&body.value, &body.guard, Some(resource.id.0), scope.model);
                }
            }
        }
    } else {
        entries.collect(scope);
    }
    let shown = entries
        .all
        .iter()
        .filter(|entry| !is_entry || entry.id == Some(resource.id.0))
        .map(|entry| cases::under(&entry.guard, entries.show(entry)));
    let shown = shown.collect();
    let more = if is_entry { None } else { entries.more };
    cases::list(shown, more, &origin)
}

impl Entries {
    fn collect(&mut self, scope: &Scope<'_>) {
        let resource = scope.resource;
        if &*resource.kind == DEFAULT_ACL {
            for (block, is_egress) in [("ingress", false), ("egress", true)] {
                let blocks = cases::member(&resource.properties, block);
                let blocks = cases::elements(&blocks, scope.world);
                if let Some(why) = blocks.more {
                    self.more.get_or_insert(why);
                }
                for item in blocks.items {
                    self.read_block(&item.value, &item.guard, is_egress, scope.model);
                }
            }
        }
        let Some(links) = resource.links.get("entries") else {
            return;
        };
        if let Some(why) = &links.more {
            self.more.get_or_insert_with(|| why.clone());
        }
        for link in &links.targets {
            let LinkTarget::Resource(id) = link.target else {
                continue;
            };
            let entry = scope.model.resource(id);
            let exists = entry.exists.clone().and(link.guard.clone());
            let guard = match scope.world.truth(&exists) {
                Certainty::No => continue,
                Certainty::Yes => Guard::Always,
                Certainty::Unsure => exists,
            };
            if link.is_possible {
                self.more
                    .get_or_insert_with(|| Arc::new(Unknown::because(Reason::Instances)));
                continue;
            }
            for body in cases::cases(&entry.properties, scope.world) {
                let guard = guard.clone().and(body.guard);
                self.read(&body.value, &guard, Some(id.0), scope.model);
            }
        }
    }

    /// An entry in canonical words.
    fn read(&mut self, body: &Value, guard: &Guard, id: Option<u32>, model: &Model) {
        let range = cases::member(body, "PortRange");
        self.add(
            guard,
            id,
            model,
            &Words {
                v4: cases::member(body, "CidrBlock"),
                v6: cases::member(body, "Ipv6CidrBlock"),
                number: cases::member(body, "RuleNumber"),
                action: cases::member(body, "RuleAction"),
                protocol: cases::member(body, "Protocol"),
                from: cases::member(&range, "From"),
                to: cases::member(&range, "To"),
                egress: match cases::member(body, "Egress").data {
                    Data::Bool(truth) => truth.into(),
                    Data::Null(_) => Certainty::No,
                    _ => Certainty::Unsure,
                },
            },
        );
    }

    /// An entry of the default ACL, in Terraform's words.
    fn read_block(&mut self, body: &Value, guard: &Guard, is_egress: bool, model: &Model) {
        self.add(
            guard,
            None,
            model,
            &Words {
                v4: cases::member(body, "cidr_block"),
                v6: cases::member(body, "ipv6_cidr_block"),
                number: cases::member(body, "rule_no"),
                action: cases::member(body, "action"),
                protocol: cases::member(body, "protocol"),
                from: cases::member(body, "from_port"),
                to: cases::member(body, "to_port"),
                egress: is_egress.into(),
            },
        );
    }

    fn add(&mut self, guard: &Guard, id: Option<u32>, model: &Model, words: &Words) {
        let protocol = protocol(&words.protocol);
        let has_ports = !matches!(&protocol, Ok(protocol) if !protocol.has_ports());
        let bound = |value: &Value, otherwise: i64| {
            if has_ports {
                port(value, otherwise)
            } else {
                Ok(otherwise)
            }
        };
        let number = match &words.number.data {
            Data::Null(_) => Err(Arc::new(Unknown::because(Reason::Depends(
                "the number of an entry".into(),
            )))),
            _ => port(&words.number, 0),
        };
        let allow = match words.action.as_text() {
            Some(text) => text.as_str().map_or(Certainty::Unsure, |text| {
                text.eq_ignore_ascii_case("allow").into()
            }),
            None => Certainty::Unsure,
        };
        for (source, family) in [(&words.v4, Family::V4), (&words.v6, Family::V6)] {
            if source.is_null() || source.as_str() == Some("") {
                continue;
            }
            self.all.push(Entry {
                guard: guard.clone(),
                id,
                source: source.clone(),
                peer: addresses_of(source, family, model),
                number: number.clone(),
                allow,
                egress: words.egress,
                protocol: protocol.clone(),
                from: bound(&words.from, 0),
                to: bound(&words.to, LAST),
            });
        }
    }

    fn show(&self, entry: &Entry) -> Value {
        let at = &entry.source.origin;
        let known = |port: &Port| match port {
            Ok(number) => cases::number(*number, at),
            Err(why) => cases::unknown(why, at),
        };
        let direction = match entry.egress {
            Certainty::Yes => cases::text("egress", at),
            Certainty::No => cases::text("ingress", at),
            Certainty::Unsure => cases::depends("the direction of an entry", at),
        };
        let reach = match &entry.peer {
            Peer::Known(set) => cases::text(set.reach().word(), at),
            Peer::Between(least, most, why) => between(*least, *most, why, at),
            Peer::Group => Value::null(at.span()),
        };
        let protocol = match &entry.protocol {
            Ok(protocol) => cases::text(&protocol.word(), at),
            Err(why) => cases::unknown(why, at),
        };
        let others = || {
            self.all
                .iter()
                .filter(|other| !std::ptr::eq(*other, entry))
                .map(|other| (other, other.is_beside(entry)))
                .filter(|(_, beside)| !beside.is_no())
        };
        let open = if self.more.is_some() {
            Certainty::Unsure
        } else {
            Certainty::No
        };
        let duplicate = others()
            .map(|(other, beside)| {
                // One rule may name an IPv4 and an IPv6 block.
                if other.id.is_some() && other.id == entry.id {
                    return Certainty::No;
                }
                beside.and(match (&other.number, &entry.number) {
                    (Ok(a), Ok(b)) => (a == b).into(),
                    _ => Certainty::Unsure,
                })
            })
            .fold(open, Certainty::or);
        let mut shadow: Option<i64> = None;
        let mut is_doubtful = self.more.is_some();
        for (other, beside) in others() {
            match beside.and(other.decides(entry)) {
                Certainty::Yes => {
                    let number = other.number.as_ref().ok().copied();
                    shadow = match (shadow, number) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                }
                Certainty::Unsure => is_doubtful = true,
                Certainty::No => {}
            }
        }
        let shadowed = match shadow {
            Some(number) => cases::number(number, at),
            None if is_doubtful => cases::depends("the other entries of the ACL", at),
            None => Value::null(at.span()),
        };
        Record::new()
            .put("source", entry.source.clone())
            .put("number", known(&entry.number))
            .put("direction", direction)
            .put("allow", cases::truth(entry.allow, None, at))
            .put("protocol", protocol)
            .put("from_port", known(&entry.from))
            .put("to_port", known(&entry.to))
            .put("reach", reach)
            .put("shadowed_by", shadowed)
            .put("duplicate", cases::truth(duplicate, self.more.as_ref(), at))
            .done(at)
    }
}

/// What an entry says, in either language's words.
struct Words {
    v4: Value,
    v6: Value,
    number: Value,
    action: Value,
    protocol: Value,
    from: Value,
    to: Value,
    egress: Certainty,
}

impl Entry {
    /// Whether it exists where the other does, for the same direction.
    fn is_beside(&self, other: &Entry) -> Certainty {
        let direction = match (self.egress, other.egress) {
            (Certainty::Unsure, _) | (_, Certainty::Unsure) => Certainty::Unsure,
            (a, b) => (a == b).into(),
        };
        let exists = if self.guard.is_always() || self.guard == other.guard {
            Certainty::Yes
        } else {
            Certainty::Unsure
        };
        direction.and(exists)
    }

    /// Whether it comes first and leaves nothing of the other to decide.
    fn decides(&self, other: &Entry) -> Certainty {
        let is_first = match (&self.number, &other.number) {
            (Ok(mine), Ok(theirs)) => (mine < theirs).into(),
            _ => Certainty::Unsure,
        };
        let protocol = match (&self.protocol, &other.protocol) {
            (Ok(mine), Ok(theirs)) => mine.covers(*theirs).into(),
            (Ok(Protocol::All), Err(_)) => Certainty::Yes,
            _ => Certainty::Unsure,
        };
        let ports = match (&self.from, &self.to, &other.from, &other.to) {
            (Ok(from), Ok(to), Ok(start), Ok(end)) => (from <= start && end <= to).into(),
            (Ok(0), Ok(LAST), _, _) => Certainty::Yes,
            _ => Certainty::Unsure,
        };
        let addresses = match (&self.peer, &other.peer) {
            (Peer::Known(mine), Peer::Known(theirs)) => theirs.is_within(mine).into(),
            (Peer::Known(mine), _) if is_everything(mine) => Certainty::Yes,
            _ => Certainty::Unsure,
        };
        is_first.and(protocol).and(ports).and(addresses)
    }
}

/// Whether a set is a whole family.
fn is_everything(set: &Addresses) -> bool {
    ["0.0.0.0/0", "::/0"]
        .iter()
        .filter_map(|text| Addresses::parse(text))
        .any(|all| all.is_within(set))
}

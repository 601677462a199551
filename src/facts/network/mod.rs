//! Network facts: what security groups admit, one entry for each source, whatever form the rule is written in.

mod acl;
mod addresses;
mod ports;
mod public;
mod routes;

use std::sync::Arc;

use super::cases::{self, Case, Record};
use super::{Field, Scope, Shape};
use crate::declared::Language;
use crate::model::{Link, LinkTarget, Model, Resource};
use crate::value::{
    Atom, Certainty, Data, Guard, Number, Origin, Reason, Segment, Subject, Unknown, Value, World,
};
use addresses::{Addresses, Reach};
use ports::{LAST, Protocol};

pub(super) use acl::{ACL, KINDS as ACL_KINDS, acl};
pub(super) use public::{KINDS as ON_NETWORKS, PUBLIC, public};
pub(super) use routes::{
    HAS_NAT, KINDS as ROUTED, LISTS, NETWORKS, PREFIX_LIST, ROUTES, has_nat,
    prefix_list as prefix_list_fact, routes,
};

/// The group that every network has; it keeps Terraform's words.
const DEFAULT_GROUP: &str = "aws_default_security_group";

/// Kinds that hold security group rules.
const GROUP: &str = "AWS::EC2::SecurityGroup";

/// Kinds that admit traffic. A rule that is a resource of its own is asked too: its group may be outside the code.
pub(super) const INGRESS_KINDS: &[&str] = &[GROUP, DEFAULT_GROUP, "AWS::EC2::SecurityGroupIngress"];

/// Kinds that let traffic out.
pub(super) const EGRESS_KINDS: &[&str] = &[GROUP, DEFAULT_GROUP, "AWS::EC2::SecurityGroupEgress"];

/// `network.ingress`, `network.egress`.
pub(super) const RULES: Shape = Shape::List(&Shape::Object(&[
    Field::new(
        "source",
        Shape::Source,
        "the CIDR, group or prefix list as written (of egress: the destination)",
    ),
    Field::new("source_kind", Shape::Text, "cidr, group, self, prefix_list"),
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
    Field::new("width", Shape::Number, "how many ports"),
    Field::new(
        "ports",
        Shape::Text,
        "for messages: port 22, ports 20 to 25, all ports",
    ),
    Field::new(
        "reach",
        Shape::Text,
        "world, near_world, broad, scoped, private, group: of this source alone",
    ),
    Field::new(
        "from_world",
        Shape::Bool,
        "whether it is, or together with other rules of the group makes up, the internet",
    ),
    Field::new(
        "fraction",
        Shape::Number,
        "part of the public IPv4 or IPv6 addresses",
    ),
    Field::new(
        "classes",
        Shape::List(&Shape::Text),
        "what usually listens on these ports: admin, database, file, kubelet, web, mail, amplifier, internal",
    ),
    Field::maybe("description", Shape::Source, "the description of the rule"),
    Field::new(
        "inline",
        Shape::Bool,
        "whether the rule is written in the group",
    ),
]));

/// What a direction is called.
struct Direction {
    /// The group's own list.
    list: &'static str,
    /// The same in Terraform's words.
    block: &'static str,
    /// The link to rules that are resources of their own.
    link: &'static str,
    prefix_list: &'static str,
    groups: &'static [&'static str],
}

const INGRESS: Direction = Direction {
    list: "SecurityGroupIngress",
    block: "ingress",
    link: "ingress_rules",
    prefix_list: "SourcePrefixListId",
    groups: &["SourceSecurityGroupId", "SourceSecurityGroupName"],
};

const EGRESS: Direction = Direction {
    list: "SecurityGroupEgress",
    block: "egress",
    link: "egress_rules",
    prefix_list: "DestinationPrefixListId",
    groups: &["DestinationSecurityGroupId"],
};

/// `network.ingress`
pub(super) fn ingress(scope: &Scope<'_>) -> Value {
    entries(scope, &INGRESS)
}

/// `network.egress`
pub(super) fn egress(scope: &Scope<'_>) -> Value {
    entries(scope, &EGRESS)
}

/// Whether addresses are the internet, as far as CIDR values tell: unsure where one of them may be.
pub(super) fn is_world<'v>(values: impl Iterator<Item = &'v Value>, model: &Model) -> Certainty {
    let mut all = Addresses::default();
    let mut answer = Certainty::No;
    for value in values {
        // Single addresses are taken where CIDRs are: conditions on `aws:SourceIp`.
        match addresses_of(value, Family::Either, model) {
            Peer::Known(set) => all = all.union(&set),
            Peer::Between(Reach::World, ..) => return Certainty::Yes,
            Peer::Between(_, Reach::World, _)
                if value.as_str().is_none_or(|text| text.contains('/')) =>
            {
                answer = Certainty::Unsure;
            }
            _ => {}
        }
    }
    answer.or((all.reach() == Reach::World).into())
}

/// How much of the internet CIDR values make up together: a word, or unknown.
pub(super) fn reach(
    values: &[Value],
    more: Option<&Arc<Unknown>>,
    model: &Model,
    at: &Origin,
) -> Value {
    let mut all = Addresses::default();
    let mut widest = Reach::Private;
    let mut why = more.cloned();
    for value in values {
        match addresses_of(value, Family::Either, model) {
            Peer::Known(set) => all = all.union(&set),
            Peer::Between(Reach::World, ..) => return cases::text(Reach::World.word(), at),
            Peer::Between(_, most, unknown) => {
                widest = widest.max(most);
                why.get_or_insert(unknown);
            }
            Peer::Group => {}
        }
    }
    let least = all.reach();
    if more.is_some() {
        widest = Reach::World;
    }
    match why {
        // Parts below the world may make it up together with the rest.
        Some(why) if least < Reach::World && widest > Reach::Private => {
            let most = if least >= Reach::Broad && widest >= Reach::Broad {
                Reach::World
            } else {
                widest.max(least)
            };
            between(least, most, &why, at)
        }
        _ => cases::text(least.word(), at),
    }
}

/// One source of one rule.
struct Rule {
    /// What the world leaves open about its existence.
    guard: Guard,
    source: Value,
    kind: &'static str,
    peer: Peer,
    protocol: Result<Protocol, Arc<Unknown>>,
    protocol_origin: Origin,
    /// First and last port with their places; unknown where one of them is.
    from: Result<i64, Arc<Unknown>>,
    from_origin: Origin,
    to: Result<i64, Arc<Unknown>>,
    to_origin: Origin,
    description: Value,
    is_inline: bool,
}

/// Who is meant by a source.
#[derive(Clone)]
enum Peer {
    /// Members of a security group.
    Group,
    /// These addresses.
    Known(Addresses),
    /// Addresses that are not known, but hold at least and at most so much of the internet.
    Between(Reach, Reach, Arc<Unknown>),
}

impl Rule {
    fn ports(&self) -> Option<(i64, i64)> {
        match (&self.from, &self.to) {
            (Ok(from), Ok(to)) => Some((*from, *to)),
            _ => None,
        }
    }

    /// Whether everything that `protocol` and ports of `other` admit is admitted by this rule, sources aside.
    fn covers(&self, protocol: Protocol, ports: (i64, i64)) -> Certainty {
        let same_protocol = match &self.protocol {
            Ok(mine) => mine.covers(protocol).into(),
            Err(_) => Certainty::Unsure,
        };
        let same_ports = match self.ports() {
            Some((from, to)) => (from <= ports.0 && ports.1 <= to).into(),
            None => Certainty::Unsure,
        };
        let exists = if self.guard.is_always() {
            Certainty::Yes
        } else {
            Certainty::Unsure
        };
        same_protocol.and(same_ports).and(exists)
    }
}

/// All rules of one direction.
struct Rules {
    all: Vec<Rule>,
    more: Option<Arc<Unknown>>,
}

fn entries(scope: &Scope<'_>, direction: &Direction) -> Value {
    let rules = rules(scope, direction);
    let mut items = Vec::new();
    for rule in &rules.all {
        for ((from, to), from_world) in pieces(rule, &rules) {
            items.push(cases::under(
                &rule.guard,
                entry(rule, from, to, from_world, &rules),
            ));
        }
    }
    cases::list(items, rules.more, &Origin::at(scope.place()))
}

fn entry(rule: &Rule, from: Port, to: Port, from_world: Certainty, rules: &Rules) -> Value {
    let at = &rule.source.origin;
    let mut entry = Record::new();
    let kind = cases::text(rule.kind, at);
    entry
        .put("source", rule.source.clone())
        .put("source_kind", kind);
    let protocol = match &rule.protocol {
        Ok(protocol) => cases::text(&protocol.word(), &rule.protocol_origin),
        Err(why) => cases::unknown(why, &rule.protocol_origin),
    };
    entry.put("protocol", protocol);
    let port = |port: &Port, origin: &Origin| match port {
        Ok(port) => cases::number(*port, origin),
        Err(why) => cases::unknown(why, origin),
    };
    entry
        .put("from_port", port(&from, &rule.from_origin))
        .put("to_port", port(&to, &rule.to_origin));
    let (width, classes) = match (&from, &to, &rule.protocol) {
        (Ok(from), Ok(to), Ok(protocol)) => {
            let names = ports::classes(*protocol, *from, *to);
            let names = names.iter().map(|name| cases::text(name, at)).collect();
            let width = (to - from + 1).max(0);
            (cases::number(width, at), cases::list(names, None, at))
        }
        (Err(why), ..) | (_, Err(why), _) => (cases::unknown(why, at), cases::unknown(why, at)),
        (Ok(from), Ok(to), Err(why)) => (
            cases::number((to - from + 1).max(0), at),
            cases::unknown(why, at),
        ),
    };
    entry.put("width", width);
    let ports = match (&from, &to) {
        (Ok(from), Ok(to)) if from == to => cases::text(&format!("port {from}"), at),
        (Ok(0), Ok(LAST)) => cases::text("all ports", at),
        (Ok(from), Ok(to)) => cases::text(&format!("ports {from} to {to}"), at),
        (Err(why), _) | (_, Err(why)) => cases::unknown(why, at),
    };
    entry.put("ports", ports);
    let (reach, fraction) = match &rule.peer {
        Peer::Group => (cases::text("group", at), cases::number(0, at)),
        Peer::Known(set) => (
            cases::text(set.reach().word(), at),
            fraction(set.fraction(), at),
        ),
        Peer::Between(least, most, why) => (
            between(*least, *most, why, at),
            if *most == Reach::Private {
                cases::number(0, at)
            } else {
                cases::unknown(why, at)
            },
        ),
    };
    let why = match &rule.peer {
        Peer::Between(_, _, why) => Some(why),
        _ => rules
            .all
            .iter()
            .find_map(|other| match &other.peer {
                Peer::Between(_, _, why) => Some(why),
                _ => None,
            })
            .or(rules.more.as_ref()),
    };
    entry
        .put("reach", reach)
        .put("from_world", cases::truth(from_world, why, at))
        .put("fraction", fraction)
        .put("classes", classes)
        .put("description", rule.description.clone())
        .put("inline", cases::truth(rule.is_inline.into(), None, at))
        .done(at)
}

/// A fraction to six digits, which is as many as anybody reads.
fn fraction(fraction: f64, origin: &Origin) -> Value {
    let digits = Number::parse(&format!("{fraction:.6}")).unwrap_or_else(|| 0.into());
    cases::made(Data::Number(digits), origin)
}

/// A reach that is known within bounds only.
fn between(least: Reach, most: Reach, why: &Arc<Unknown>, origin: &Origin) -> Value {
    let all = [
        Reach::Private,
        Reach::Scoped,
        Reach::Broad,
        Reach::NearWorld,
        Reach::World,
    ];
    let possible = all.into_iter().filter(|r| least <= *r && *r <= most);
    let mut allowed: Vec<Value> = possible
        .map(|reach| cases::text(reach.word(), origin))
        .collect();
    if allowed.len() == 1
        && let Some(only) = allowed.pop()
    {
        return only;
    }
    let unknown = Unknown {
        allowed,
        is_never_null: true,
        ..Unknown::because(why.reason.clone())
    };
    cases::made(Data::Unknown(Arc::new(unknown)), origin)
}

type Port = Result<i64, Arc<Unknown>>;

/// The parts of a rule's ports on which its share in opening the group to the internet differs; nearly always one.
///
/// Two halves of the internet on overlapping ranges make the internet on the overlap only, and a rule that asks for a
/// port must be answered for that port.
fn pieces(rule: &Rule, rules: &Rules) -> Vec<((Port, Port), Certainty)> {
    let whole = (rule.from.clone(), rule.to.clone());
    let is_part = matches!(&rule.peer, Peer::Known(set)
        if matches!(set.reach(), Reach::Broad | Reach::NearWorld));
    let (true, Ok(protocol), Some((from, to))) = (is_part, &rule.protocol, rule.ports()) else {
        let ports = rule.ports().unwrap_or((0, LAST));
        let protocol = rule.protocol.clone().unwrap_or(Protocol::All);
        return vec![(whole, from_world(rule, protocol, ports, rules))];
    };
    let mut starts = vec![from];
    for other in &rules.all {
        if let Some((start, end)) = other.ports() {
            starts.extend(
                [start, end + 1]
                    .into_iter()
                    .filter(|at| from < *at && *at <= to),
            );
        }
    }
    starts.sort_unstable();
    starts.dedup();
    let mut found: Vec<((i64, i64), Certainty)> = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(to, |next| next - 1);
        let truth = from_world(rule, *protocol, (*start, end), rules);
        match found.last_mut() {
            Some((ports, same)) if *same == truth => ports.1 = end,
            _ => found.push(((*start, end), truth)),
        }
    }
    found
        .into_iter()
        .map(|((from, to), truth)| ((Ok(from), Ok(to)), truth))
        .collect()
}

/// Whether a rule opens these ports to the internet, alone or with others. Sources smaller than [`Reach::Broad`] never
/// count as parts of it, and smaller ones only where the larger ones do not suffice.
fn from_world(rule: &Rule, protocol: Protocol, ports: (i64, i64), rules: &Rules) -> Certainty {
    let nothing = Addresses::default();
    let (set, reach) = match &rule.peer {
        Peer::Group => return Certainty::No,
        Peer::Between(Reach::World, ..) => return Certainty::Yes,
        Peer::Between(_, Reach::World, _) => return Certainty::Unsure,
        Peer::Between(_, most, _) => (&nothing, *most),
        Peer::Known(set) => (set, set.reach()),
    };
    match reach {
        Reach::World => return Certainty::Yes,
        Reach::Private | Reach::Scoped => return Certainty::No,
        Reach::Broad | Reach::NearWorld => {}
    }
    let is_known = matches!(&rule.peer, Peer::Known(_));
    let mut is_unknown = rules.more.is_some();
    let mut others: Vec<(&Addresses, Reach, Certainty)> = vec![(set, reach, Certainty::Yes)];
    for other in &rules.all {
        let covers = other.covers(protocol, ports);
        match &other.peer {
            _ if covers.is_no() || std::ptr::eq(other, rule) => {}
            Peer::Known(set) if !is_known => is_unknown |= set.reach() >= Reach::Broad,
            Peer::Known(set) => others.push((set, set.reach(), covers)),
            Peer::Between(_, most, _) if *most >= Reach::Broad => is_unknown = true,
            _ => {}
        }
    }
    for least in [Reach::NearWorld, Reach::Broad] {
        let is_world = |needs: Certainty| {
            let parts = others
                .iter()
                .filter(|(_, reach, covers)| {
                    *reach >= least && *reach < Reach::World && *covers >= needs
                })
                .fold(Addresses::default(), |all, (set, ..)| all.union(set));
            parts.reach() == Reach::World
        };
        if is_world(Certainty::Yes) {
            return (reach >= least).into();
        }
        if reach >= least && is_world(Certainty::Unsure) {
            return Certainty::Unsure;
        }
    }
    if is_unknown {
        Certainty::Unsure
    } else {
        Certainty::No
    }
}

fn rules(scope: &Scope<'_>, direction: &Direction) -> Rules {
    let mut rules = Rules {
        all: Vec::new(),
        more: None,
    };
    let group = scope.resource;
    if &*group.kind != GROUP && &*group.kind != DEFAULT_GROUP {
        for body in cases::cases(&group.properties, scope.world) {
            rules.read(scope, direction, &body.value, &body.guard, false);
        }
        return rules;
    }
    let name = if &*group.kind == DEFAULT_GROUP {
        direction.block
    } else {
        direction.list
    };
    let written = cases::member(&group.properties, name);
    if written.is_null() && std::ptr::eq(direction, &EGRESS) && adds_egress(group) {
        rules.all.push(default_egress(scope));
    }
    let bodies = cases::elements(&written, scope.world);
    // Of what is like a known rule, that rule's unknown source tells all there is to tell.
    rules.more = bodies.more.filter(|why| !why.is_more_alike);
    for body in bodies.items {
        rules.read(scope, direction, &body.value, &body.guard, true);
    }
    rules.linked(scope, direction);
    rules
}

/// Whether AWS's own rule, which admits everything, stays: CloudFormation keeps it unless egress rules are written in the
/// group; Terraform removes it. <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-ec2-security-group.html>
fn adds_egress(group: &Resource) -> bool {
    group.language == Language::CloudFormation
}

fn default_egress(scope: &Scope<'_>) -> Rule {
    let origin = Origin::default_in(scope.place());
    let everything = Addresses::parse("0.0.0.0/0").unwrap_or_default();
    Rule {
        guard: Guard::Always,
        source: cases::text("0.0.0.0/0", &origin),
        kind: "cidr",
        peer: Peer::Known(everything),
        protocol: Ok(Protocol::All),
        protocol_origin: origin.clone(),
        from: Ok(0),
        from_origin: origin.clone(),
        to: Ok(LAST),
        to_origin: origin,
        description: Value::null(scope.place()),
        is_inline: true,
    }
}

impl Rules {
    /// Rules that are resources of their own.
    fn linked(&mut self, scope: &Scope<'_>, direction: &Direction) {
        let Some(links) = scope.resource.links.get(direction.link) else {
            return;
        };
        if let Some(why) = &links.more {
            self.more.get_or_insert_with(|| why.clone());
        }
        for link in &links.targets {
            let LinkTarget::Resource(id) = link.target else {
                continue;
            };
            let rule = scope.model.resource(id);
            let exists = rule.exists.clone().and(link.guard.clone());
            let guard = match scope.world.truth(&exists) {
                Certainty::No => continue,
                Certainty::Yes => Guard::Always,
                Certainty::Unsure => exists,
            };
            let is_this = |forward: &Link| {
                forward.target == LinkTarget::Resource(scope.resource.id) && !forward.is_possible
            };
            let groups = rule.links.get("group");
            let guard = if !link.is_possible {
                guard
            } else if rule.is_symbolic && groups.is_some_and(|l| l.targets.iter().any(is_this)) {
                // However many there are, all are rules of this group, and alike.
                guard.and(has_instances(rule))
            } else {
                let why = link.via.as_unknown().cloned();
                let why = why.unwrap_or_else(|| Arc::new(Unknown::because(Reason::Outside)));
                self.more.get_or_insert(why);
                continue;
            };
            for body in cases::cases(&rule.properties, scope.world) {
                let guard = guard.clone().and(body.guard);
                self.read(scope, direction, &body.value, &guard, false);
            }
        }
    }

    /// The sources of one rule.
    fn read(
        &mut self,
        scope: &Scope<'_>,
        direction: &Direction,
        body: &Value,
        guard: &Guard,
        is_inline: bool,
    ) {
        if body.as_object().is_none() {
            if let Some(why) = body.as_unknown() {
                self.more.get_or_insert_with(|| why.clone());
            }
            return;
        }
        let is_native = is_inline && &*scope.resource.kind == DEFAULT_GROUP;
        let frame = Frame::read(body, is_native);
        let mut add = |kind: &'static str, source: Value, peer: Peer| {
            self.all
                .push(frame.rule(guard, kind, source, peer, is_inline));
        };
        let words: Words = if is_native {
            NATIVE
        } else {
            Words {
                v4: "CidrIp",
                v6: "CidrIpv6",
                prefix_lists: direction.prefix_list,
                groups: direction.groups,
            }
        };
        for (name, family) in [(words.v4, Family::V4), (words.v6, Family::V6)] {
            for value in sources(body, &[name], scope.world) {
                let peer = addresses_of(&value, family, scope.model);
                add("cidr", value, peer);
            }
        }
        for value in sources(body, &[words.prefix_lists], scope.world) {
            let peer = prefix_list(&value, scope);
            add("prefix_list", value, peer);
        }
        for value in sources(body, words.groups, scope.world) {
            let is_own = value
                .as_unknown()
                .and_then(|unknown| unknown.reference.as_ref())
                .is_some_and(|reference| reference.address == scope.resource.address);
            add(if is_own { "self" } else { "group" }, value, Peer::Group);
        }
        if is_native {
            let own = cases::member(body, "self").in_world(scope.world);
            match &own.data {
                Data::Bool(true) => add("self", own, Peer::Group),
                Data::Bool(false) | Data::Null(_) => {}
                _ => {
                    let why = Arc::new(Unknown::because(Reason::Depends("`self`".into())));
                    self.more.get_or_insert(why);
                }
            }
        }
    }
}

/// Whether a resource that stands for an unknown number of instances stands for any.
fn has_instances(resource: &Resource) -> Guard {
    let name = format!("{} has instances", resource.address);
    Guard::Is(Atom {
        subject: Arc::new(Subject::opaque("", name)),
        equals: None,
    })
}

/// What the sources of a rule are called.
#[derive(Clone, Copy)]
struct Words {
    v4: &'static str,
    v6: &'static str,
    prefix_lists: &'static str,
    groups: &'static [&'static str],
}

/// In Terraform's words.
const NATIVE: Words = Words {
    v4: "cidr_blocks",
    v6: "ipv6_cidr_blocks",
    prefix_lists: "prefix_list_ids",
    groups: &["security_groups"],
};

/// The values written under these names, lists taken apart. An unknown list is one unknown value.
fn sources(body: &Value, names: &[&str], world: &World) -> Vec<Value> {
    let mut found = Vec::new();
    for name in names {
        let value = cases::member(body, name);
        let elements = cases::elements(&value, world);
        let written = |value: &Value| value.as_str() != Some("");
        found.extend(
            elements
                .items
                .into_iter()
                .map(|Case { value, .. }| value)
                .filter(written),
        );
        if let Some(why) = elements.more {
            let is_whole = value.as_unknown().is_some();
            found.push(if is_whole {
                value
            } else {
                cases::unknown(&why, &value.origin)
            });
        }
    }
    found
}

/// What the sources of one rule have in common.
struct Frame {
    protocol: Result<Protocol, Arc<Unknown>>,
    protocol_origin: Origin,
    from: (Port, Origin),
    to: (Port, Origin),
    description: Value,
}

impl Frame {
    fn read(body: &Value, is_native: bool) -> Frame {
        let member = |canonical: &'static str, native: &'static str| {
            cases::member(body, if is_native { native } else { canonical })
        };
        let written = member("IpProtocol", "protocol");
        let protocol = protocol(&written);
        let port = |value: Value, otherwise: i64| {
            let origin = origin_or(&value, &body.origin);
            match &protocol {
                Ok(protocol) if !protocol.has_ports() => (Ok(otherwise), origin),
                _ => (port(&value, otherwise), origin),
            }
        };
        let from = port(member("FromPort", "from_port"), 0);
        let to = port(member("ToPort", "to_port"), LAST);
        let description = member("Description", "description");
        let description = if description.as_str() == Some("") {
            Value::null(description.span())
        } else {
            description
        };
        Frame {
            protocol_origin: origin_or(&written, &body.origin),
            protocol,
            from,
            to,
            description,
        }
    }

    fn rule(
        &self,
        guard: &Guard,
        kind: &'static str,
        source: Value,
        peer: Peer,
        is_inline: bool,
    ) -> Rule {
        Rule {
            guard: guard.clone(),
            source,
            kind,
            peer,
            protocol: self.protocol.clone(),
            protocol_origin: self.protocol_origin.clone(),
            from: self.from.0.clone(),
            from_origin: self.from.1.clone(),
            to: self.to.0.clone(),
            to_origin: self.to.1.clone(),
            description: self.description.clone(),
            is_inline,
        }
    }
}

fn origin_or(value: &Value, otherwise: &Origin) -> Origin {
    if value.span().is_written() {
        value.origin.clone()
    } else {
        otherwise.clone()
    }
}

fn protocol(value: &Value) -> Result<Protocol, Arc<Unknown>> {
    let text = match &value.data {
        Data::Text(text) => text.as_str().map(str::to_owned),
        Data::Number(number) => Some(number.to_string()),
        Data::Unknown(why) => return Err(why.clone()),
        _ => None,
    };
    text.as_deref()
        .and_then(Protocol::parse)
        .ok_or_else(|| Arc::new(Unknown::because(Reason::Depends("the protocol".into()))))
}

/// A port. Absent, or -1, it stands for the end of the range.
fn port(value: &Value, otherwise: i64) -> Port {
    let number = match &value.data {
        Data::Null(_) => Some(otherwise),
        Data::Number(number) => number.as_i64(),
        Data::Text(text) => text.as_str().and_then(|text| text.trim().parse().ok()),
        Data::Unknown(why) => return Err(why.clone()),
        _ => None,
    };
    match number {
        Some(-1) => Ok(otherwise),
        Some(number) => Ok(number),
        None => Err(Arc::new(Unknown::because(Reason::Depends(
            "a port that is not known".into(),
        )))),
    }
}

/// Which addresses a CIDR value names.
fn addresses_of(value: &Value, family: Family, model: &Model) -> Peer {
    match &value.data {
        Data::Text(text) => match text.as_str() {
            Some(known) => match Addresses::parse(known) {
                Some(set) if is_own_network(&set, model) => own_network(),
                Some(set) => Peer::Known(set),
                None => undecided(Reason::Depends("an address range that is none".into())),
            },
            None => partly_known(&text.segments(), family),
        },
        Data::Unknown(why) => unknown_addresses(why, family, model),
        _ => undecided(Reason::Depends("an address range that is none".into())),
    }
}

fn undecided(reason: Reason) -> Peer {
    Peer::Between(
        Reach::Private,
        Reach::World,
        Arc::new(Unknown::because(reason)),
    )
}

/// A network of the code itself counts as private even where it uses public addresses.
fn own_network() -> Peer {
    let why = Arc::new(Unknown::because(Reason::Depends(
        "the network's range".into(),
    )));
    Peer::Between(Reach::Private, Reach::Private, why)
}

fn is_own_network(set: &Addresses, model: &Model) -> bool {
    if set.reach() != Reach::Scoped {
        return false;
    }
    model.of_kind("AWS::EC2::VPC").iter().any(|id| {
        let block = cases::member(&model.resource(*id).properties, "CidrBlock");
        block
            .as_str()
            .and_then(Addresses::parse)
            .is_some_and(|network| set.is_within(&network))
    })
}

fn unknown_addresses(why: &Arc<Unknown>, family: Family, model: &Model) -> Peer {
    if let Some(reference) = &why.reference {
        let attribute = reference.attribute.to_ascii_lowercase().replace('_', "");
        let is_network = |resource: &Resource| {
            let kind = resource.native_kind.to_ascii_lowercase();
            kind.ends_with("vpc") || kind.ends_with("subnet")
        };
        let is_block = attribute.contains("cidrblock");
        let mut at = model.at_address(&reference.address).iter();
        if is_block && at.any(|id| is_network(model.resource(*id))) {
            return own_network();
        }
    }
    if why.allowed.is_empty() {
        return Peer::Between(Reach::Private, Reach::World, why.clone());
    }
    let reaches = why
        .allowed
        .iter()
        .map(|allowed| match addresses_of(allowed, family, model) {
            Peer::Known(set) => (set.reach(), set.reach()),
            Peer::Between(least, most, _) => (least, most),
            Peer::Group => (Reach::Private, Reach::Private),
        });
    let (least, most) = reaches
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        .unwrap_or((Reach::Private, Reach::World));
    Peer::Between(least, most, why.clone())
}

/// Which addresses a property takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    Either,
}

/// A CIDR with holes: its prefix length bounds it, and so do the octets before the first hole.
fn partly_known(segments: &[Segment], family: Family) -> Peer {
    let why = segments.iter().find_map(|segment| match segment {
        Segment::Hole(why) => Some(why.clone()),
        Segment::Literal(_) => None,
    });
    let why = why.unwrap_or_else(|| Arc::new(Unknown::because(Reason::Outside)));
    let literal = |segment: Option<&Segment>| match segment {
        Some(Segment::Literal(text)) => text.clone(),
        _ => "".into(),
    };
    let (first, last) = (literal(segments.first()), literal(segments.last()));
    let length: Option<u8> = last
        .rsplit_once('/')
        .and_then(|(_, length)| length.parse().ok());
    let Some(length) = length else {
        return Peer::Between(Reach::Private, Reach::World, why);
    };
    if length == 0 {
        return Peer::Between(Reach::World, Reach::World, why);
    }
    // The widest that a block of this size can be: one that is public as a whole, or as nearly as there are any.
    let widest = |family: Family| {
        let block = match family {
            Family::V6 => format!("{}/{length}", if length < 4 { "2000::" } else { "2600::" }),
            _ => format!(
                "{}/{length}",
                if length < 2 { "0.0.0.0" } else { "64.0.0.0" }
            ),
        };
        Addresses::parse(&block).map_or(Reach::Scoped, |set| set.reach())
    };
    let mut most = match family {
        Family::V4 | Family::V6 => widest(family),
        Family::Either => widest(Family::V4).max(widest(Family::V6)),
    };
    let octets: Vec<&str> = first.split('.').collect();
    let whole = octets.len().saturating_sub(1).min(3);
    if whole > 0 && usize::from(length) >= whole * 8 {
        let address = format!("{}{}", octets[..whole].join("."), ".0".repeat(4 - whole));
        if let Some(around) = Addresses::parse(&format!("{address}/{}", whole * 8)) {
            most = most.min(around.reach());
        }
    }
    Peer::Between(Reach::Private, most, why)
}

/// The addresses of a prefix list of the code; of one that AWS manages: a known part of the internet.
fn prefix_list(value: &Value, scope: &Scope<'_>) -> Peer {
    let Some(why) = value.as_unknown() else {
        return undecided(Reason::Outside);
    };
    let Some(reference) = &why.reference else {
        return Peer::Between(Reach::Private, Reach::World, why.clone());
    };
    for id in scope.model.at_address(&reference.address) {
        let list = scope.model.resource(*id);
        if &*list.kind == "AWS::EC2::PrefixList" {
            return entries_of(list, scope, why);
        }
        let name = cases::member(&list.native, "name");
        // <https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>
        if name
            .as_text()
            .is_some_and(|name| name.starts_with("com.amazonaws.").is_yes())
        {
            return Peer::Between(Reach::Scoped, Reach::Scoped, why.clone());
        }
    }
    Peer::Between(Reach::Private, Reach::World, why.clone())
}

fn entries_of(list: &Resource, scope: &Scope<'_>, why: &Arc<Unknown>) -> Peer {
    let entries = cases::elements(&cases::member(&list.properties, "Entries"), scope.world);
    let mut set = Addresses::default();
    let mut most = if entries.more.is_some() {
        Reach::World
    } else {
        Reach::Private
    };
    for entry in &entries.items {
        let cidr = cases::member(&entry.value, "Cidr");
        match addresses_of(&cidr, Family::Either, scope.model) {
            Peer::Known(part) if entry.guard.is_always() => set = set.union(&part),
            Peer::Known(part) => most = most.max(set.union(&part).reach()),
            Peer::Between(_, reach, _) => most = most.max(reach),
            Peer::Group => {}
        }
    }
    let least = set.reach();
    if most <= least || least == Reach::World {
        return Peer::Known(set);
    }
    Peer::Between(least, most, why.clone())
}

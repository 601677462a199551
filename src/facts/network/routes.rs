//! Routes: where route tables send what, and prefix lists as wholes.

use super::addresses::Reach;
use super::{Family, Peer, addresses_of, between, entries_of};
use crate::facts::cases::{self, Record};
use crate::facts::{Field, Scope, Shape};
use crate::model::{LinkTarget, ResourceId};
use crate::value::{Certainty, Data, Guard, Origin, Reason, Unknown, Value};

const TABLE: &str = "AWS::EC2::RouteTable";
const ROUTE: &str = "AWS::EC2::Route";

/// Kinds that have routes.
pub(in crate::facts) const KINDS: &[&str] = &[TABLE, ROUTE];

/// Kinds that have a prefix list's entries.
pub(in crate::facts) const LISTS: &[&str] = &["AWS::EC2::PrefixList"];

/// Kinds that may have NAT.
pub(in crate::facts) const NETWORKS: &[&str] = &["AWS::EC2::VPC"];

/// `network.routes[*]`: of a route, that one.
pub(in crate::facts) const ROUTES: Shape = Shape::List(&Shape::Object(&[
    Field::new(
        "destination",
        Shape::Source,
        "the CIDR or prefix list as written",
    ),
    Field::new(
        "reach",
        Shape::Text,
        "world, near_world, broad, scoped, private: of the destination",
    ),
    Field::new(
        "target",
        Shape::Text,
        "internet_gateway, nat, egress_only, peering, instance, transit, other",
    ),
    Field::new(
        "subnets",
        Shape::List(&Shape::Text),
        "addresses of the subnets that use the table",
    ),
]));

/// `network.prefix_list`
pub(in crate::facts) const PREFIX_LIST: Shape = Shape::Object(&[Field::new(
    "reach",
    Shape::Text,
    "world, near_world, broad, scoped, private: of all entries together",
)]);

/// `network.has_nat`
pub(in crate::facts) const HAS_NAT: Shape = Shape::Bool;

/// Properties that name a target, and the word for it.
const TARGETS: &[(&str, &str)] = &[
    ("NatGatewayId", "nat"),
    ("EgressOnlyInternetGatewayId", "egress_only"),
    ("VpcPeeringConnectionId", "peering"),
    ("TransitGatewayId", "transit"),
    ("InstanceId", "instance"),
    ("NetworkInterfaceId", "instance"),
    ("CarrierGatewayId", "other"),
    ("LocalGatewayId", "other"),
    ("VpcEndpointId", "other"),
    ("CoreNetworkArn", "other"),
];

/// `network.routes`
pub(in crate::facts) fn routes(scope: &Scope<'_>) -> Value {
    let origin = Origin::at(scope.place());
    if &*scope.resource.kind == ROUTE {
        let table = scope.resource.links.get("route_table");
        let table = table.and_then(|links| links.targets.first());
        let subnets = match table.map(|link| &link.target) {
            Some(LinkTarget::Resource(id)) => subnets(&scope.about(*id)),
            _ => {
                let why = Unknown::because(Reason::Outside);
                cases::list(Vec::new(), Some(why.into()), &origin)
            }
        };
        return cases::list(entries(scope, &subnets), None, &origin);
    }
    let subnets = subnets(scope);
    let links = scope.resource.links.get("routes");
    let mut items = Vec::new();
    let mut more = links.and_then(|links| links.more.clone());
    for (id, guard, is_possible) in there(scope, "routes") {
        if is_possible {
            more.get_or_insert_with(|| Unknown::because(Reason::Instances).into());
            continue;
        }
        let entries = entries(&scope.about(id), &subnets);
        items.extend(entries.into_iter().map(|entry| cases::under(&guard, entry)));
    }
    cases::list(items, more, &origin)
}

/// The addresses of the subnets that use a table.
fn subnets(scope: &Scope<'_>) -> Value {
    let links = scope.resource.links.get("subnet_associations");
    let mut more = links.and_then(|links| links.more.clone());
    let mut items = Vec::new();
    for (association, guard, is_possible) in there(scope, "subnet_associations") {
        if is_possible {
            more.get_or_insert_with(|| Unknown::because(Reason::Instances).into());
            continue;
        }
        for (subnet, further, _) in there(&scope.about(association), "subnet") {
            let subnet = scope.model.resource(subnet);
            let address = cases::text(&subnet.address, &Origin::at(subnet.header));
            items.push(cases::under(&guard.clone().and(further), address));
        }
    }
    cases::list(items, more, &Origin::at(scope.place()))
}

/// One route as entries: for each of its destinations.
fn entries(scope: &Scope<'_>, subnets: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    for body in cases::cases(&scope.resource.properties, scope.world) {
        let target = target(scope, &body.value);
        for (name, family) in [
            ("DestinationCidrBlock", Some(Family::V4)),
            ("DestinationIpv6CidrBlock", Some(Family::V6)),
            ("DestinationPrefixListId", None),
        ] {
            let destination = cases::member(&body.value, name);
            if destination.is_null() || destination.as_str() == Some("") {
                continue;
            }
            let peer = match family {
                Some(family) => addresses_of(&destination, family, scope.model),
                None => super::prefix_list(&destination, scope),
            };
            let at = destination.origin.clone();
            let reach = reach(&peer, &at);
            let entry = Record::new()
                .put("destination", destination)
                .put("reach", reach)
                .put("target", target.clone())
                .put("subnets", subnets.clone())
                .done(&at);
            found.push(cases::under(&body.guard, entry));
        }
    }
    found
}

fn reach(peer: &Peer, at: &Origin) -> Value {
    match peer {
        Peer::Known(set) => cases::text(set.reach().word(), at),
        Peer::Between(least, most, why) => between(*least, *most, why, at),
        Peer::Group => cases::text(Reach::Private.word(), at),
    }
}

/// What a route leads to.
fn target(scope: &Scope<'_>, body: &Value) -> Value {
    for (name, word) in TARGETS {
        let value = cases::member(body, name);
        let is_written = match &value.data {
            Data::Null(_) => false,
            Data::Text(text) => text.as_str() != Some(""),
            _ => true,
        };
        if is_written {
            return cases::text(word, &value.origin);
        }
    }
    let gateway = cases::member(body, "GatewayId");
    match super::public::is_internet_gateway(scope, &gateway) {
        Certainty::Yes => cases::text("internet_gateway", &gateway.origin),
        Certainty::No => cases::text("other", &gateway.origin),
        Certainty::Unsure => cases::depends("the target of a route", &gateway.origin),
    }
}

/// `network.prefix_list`
pub(in crate::facts) fn prefix_list(scope: &Scope<'_>) -> Value {
    let origin = Origin::at(scope.place());
    let why = Unknown::because(Reason::Depends("the entries of the list".into())).into();
    let peer = entries_of(scope.resource, scope, &why);
    Record::new()
        .put("reach", reach(&peer, &origin))
        .done(&origin)
}

/// `network.has_nat`: whether a NAT gateway stands in the network, as far as the code shows.
pub(in crate::facts) fn has_nat(scope: &Scope<'_>) -> Value {
    let origin = Origin::at(scope.place());
    let mut answer = Certainty::No;
    let links = ["nat_gateways", "subnets"].map(|name| scope.resource.links.get(name));
    if links
        .into_iter()
        .flatten()
        .any(|links| links.more.is_some())
    {
        answer = Certainty::Unsure;
    }
    let mut count = |scope: &Scope<'_>, within: &Guard| {
        for (_, guard, is_possible) in there(scope, "nat_gateways") {
            let is_sure = within.is_always() && guard.is_always() && !is_possible;
            answer = answer.or(if is_sure {
                Certainty::Yes
            } else {
                Certainty::Unsure
            });
        }
        let more = scope.resource.links.get("nat_gateways");
        if more.is_some_and(|links| links.more.is_some()) {
            answer = answer.or(Certainty::Unsure);
        }
    };
    count(scope, &Guard::Always);
    for (subnet, guard, is_possible) in there(scope, "subnets") {
        let guard = if is_possible { Guard::Never } else { guard };
        count(&scope.about(subnet), &guard);
    }
    cases::truth(answer, None, &origin)
}

/// The resources that a link means, with what the world leaves open, and whether only possibly.
fn there(scope: &Scope<'_>, link: &str) -> Vec<(ResourceId, Guard, bool)> {
    let links = scope.resource.links.get(link);
    let mut found = Vec::new();
    for link in links.into_iter().flat_map(|links| &links.targets) {
        let LinkTarget::Resource(id) = link.target else {
            continue;
        };
        let exists = scope.model.resource(id).exists.clone();
        let exists = exists.and(link.guard.clone());
        match scope.world.truth(&exists) {
            Certainty::No => {}
            Certainty::Yes => found.push((id, Guard::Always, link.is_possible)),
            Certainty::Unsure => found.push((id, exists, link.is_possible)),
        }
    }
    found
}

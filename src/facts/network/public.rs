//! Whether something is on the internet: a public address, and a route to an internet gateway.

use std::sync::Arc;

use super::addresses::{Addresses, Reach};
use super::{Family, Peer, addresses_of};
use crate::facts::cases;
use crate::facts::{Scope, Shape};
use crate::model::{LinkTarget, Links};
use crate::value::{Certainty, Data, Guard, Origin, Reason, Unknown, Value};

const SUBNET: &str = "AWS::EC2::Subnet";
const DEFAULT_SUBNET: &str = "aws_default_subnet";
const INSTANCE: &str = "AWS::EC2::Instance";
const SERVICE: &str = "AWS::ECS::Service";
const NODE_GROUP: &str = "AWS::EKS::Nodegroup";

/// Kinds that are on a network.
pub(in crate::facts) const KINDS: &[&str] =
    &[SUBNET, DEFAULT_SUBNET, INSTANCE, SERVICE, NODE_GROUP];

/// `network.public`: of a subnet, whether it is routed to an internet gateway, which is what AWS calls a public subnet; of
/// what starts in subnets, whether it also gets a public address there.
pub(in crate::facts) const PUBLIC: Shape = Shape::Bool;

/// `network.public`
pub(in crate::facts) fn public(scope: &Scope<'_>) -> Value {
    let answer = match &*scope.resource.kind {
        DEFAULT_SUBNET => Certainty::Yes,
        SUBNET => is_routed(scope),
        INSTANCE => instance(scope),
        SERVICE => service(scope),
        _ => {
            let starts_public = |scope: &Scope<'_>| gives_addresses(scope).and(is_routed(scope));
            any(scope, "subnets", &starts_public, Certainty::Unsure)
        }
    };
    let outside = Arc::new(Unknown::because(Reason::Depends(
        "subnets, routes or addresses outside the code".into(),
    )));
    cases::truth(answer, Some(&outside), &Origin::at(scope.place()))
}

/// Whether a subnet is routed to an internet gateway: by its own route table, else by the main one of its network.
fn is_routed(scope: &Scope<'_>) -> Certainty {
    let associations = scope.resource.links.get("route_table_associations");
    if associations.is_some_and(|links| !links.targets.is_empty() || links.more.is_some()) {
        let through = |scope: &Scope<'_>| any(scope, "route_table", &leads_out, Certainty::Unsure);
        return any(
            scope,
            "route_table_associations",
            &through,
            Certainty::Unsure,
        );
    }
    if !scope.resource.links.contains_key("vpc") {
        return Certainty::Unsure;
    }
    any(scope, "vpc", &main_leads_out, Certainty::Unsure)
}

/// Whether the main route table of a network leads to an internet gateway. One that nobody touches does not.
fn main_leads_out(scope: &Scope<'_>) -> Certainty {
    let through = |scope: &Scope<'_>| any(scope, "route_table", &leads_out, Certainty::Unsure);
    let mut answer = any(scope, "main_route_tables", &through, Certainty::Unsure);
    let network = &scope.resource.address;
    let means_main = |value: &Value| {
        let unknown = value.as_unknown();
        let reference = unknown.and_then(|unknown| unknown.reference.as_ref());
        reference.is_some_and(|reference| {
            reference.address == *network && reference.attribute.contains("route_table")
        })
    };
    for id in scope.model.of_kind("AWS::EC2::RouteTable") {
        let table = scope.model.resource(*id);
        let adopted = cases::member(&table.native, "default_route_table_id");
        if means_main(&adopted) {
            answer = answer.or(leads_out(&scope.about(*id)));
        }
    }
    for id in scope.model.of_kind("AWS::EC2::Route") {
        let route = scope.model.resource(*id);
        if means_main(&cases::member(&route.properties, "RouteTableId")) {
            answer = answer.or(is_way_out(&scope.about(*id)));
        }
    }
    answer
}

/// Whether a route table has a route of everything to an internet gateway.
fn leads_out(scope: &Scope<'_>) -> Certainty {
    any(scope, "routes", &is_way_out, Certainty::Unsure)
}

/// Whether a route sends the internet to an internet gateway.
fn is_way_out(scope: &Scope<'_>) -> Certainty {
    let resource = scope.resource;
    let gateway = cases::member(&resource.properties, "GatewayId").in_world(scope.world);
    let is_gateway = is_internet_gateway(scope, &gateway);
    let to_world = [
        ("DestinationCidrBlock", Family::V4),
        ("DestinationIpv6CidrBlock", Family::V6),
    ]
    .into_iter()
    .map(|(name, family)| {
        let destination = cases::member(&resource.properties, name).in_world(scope.world);
        if destination.is_null() {
            return Certainty::No;
        }
        match addresses_of(&destination, family, scope.model) {
            Peer::Known(set) => covers_much(&set).into(),
            Peer::Between(_, most, _) if most < Reach::NearWorld => Certainty::No,
            _ => Certainty::Unsure,
        }
    })
    .fold(Certainty::No, Certainty::or);
    is_gateway.and(to_world)
}

/// Whether the gateway of a route is an internet gateway.
pub(super) fn is_internet_gateway(scope: &Scope<'_>, gateway: &Value) -> Certainty {
    let resource = scope.resource;
    match &gateway.data {
        Data::Null(_) => Certainty::No,
        Data::Text(text) => text.starts_with("igw-"),
        _ => {
            let links = resource.links.get("internet_gateway");
            let leads_to_one = links.is_some_and(|links| {
                links
                    .targets
                    .iter()
                    .any(|link| matches!(link.target, LinkTarget::Resource(_)) && !link.is_possible)
            });
            let reference = gateway.as_unknown().and_then(|why| why.reference.as_ref());
            // Something of the code that is no internet gateway: a VPN gateway, an endpoint.
            let is_other = reference.is_some_and(|reference| {
                let found = scope.model.at_address(&reference.address);
                let is_gateway = |kind: &str| kind == "AWS::EC2::InternetGateway";
                !found.is_empty()
                    && !found
                        .iter()
                        .any(|id| is_gateway(&scope.model.resource(*id).kind))
                    && !reference.address.contains("data.")
            });
            match (leads_to_one, is_other) {
                (true, _) => Certainty::Yes,
                (false, true) => Certainty::No,
                (false, false) => Certainty::Unsure,
            }
        }
    }
}

/// Whether a destination is the internet, or one of the halves that people split it into.
fn covers_much(set: &Addresses) -> bool {
    set.fraction() > 0.4
}

/// Whether what starts in a subnet gets a public address unless it says otherwise.
fn gives_addresses(scope: &Scope<'_>) -> Certainty {
    flag(
        &cases::member(&scope.resource.properties, "MapPublicIpOnLaunch"),
        scope,
    )
    .or(flag(
        &cases::member(&scope.resource.properties, "AssignIpv6AddressOnCreation"),
        scope,
    ))
}

fn flag(value: &Value, scope: &Scope<'_>) -> Certainty {
    match &value.in_world(scope.world).data {
        Data::Bool(truth) => (*truth).into(),
        Data::Null(_) => Certainty::No,
        _ => Certainty::Unsure,
    }
}

fn instance(scope: &Scope<'_>) -> Certainty {
    let yes = |_: &Scope<'_>| Certainty::Yes;
    let elastic = any(scope, "elastic_ips", &yes, Certainty::Unsure).or(any(
        scope,
        "elastic_ip_associations",
        &yes,
        Certainty::Unsure,
    ));
    let interfaces = cases::member(&scope.resource.properties, "NetworkInterfaces");
    let interfaces = cases::elements(&interfaces, scope.world);
    let written: Vec<Value> = interfaces
        .items
        .iter()
        .map(|item| cases::member(&item.value, "AssociatePublicIpAddress"))
        .filter(|value| !value.is_null())
        .collect();
    let is_somewhere = scope.resource.links.get("subnet");
    let has_subnet = is_somewhere.is_some_and(|links| !links.targets.is_empty());
    let given = match written.as_slice() {
        _ if interfaces.more.is_some() => Certainty::Unsure,
        [] if has_subnet => any(scope, "subnet", &gives_addresses, Certainty::Unsure),
        // Interfaces of their own, or the default network of the account.
        [] => Certainty::Unsure,
        values => values
            .iter()
            .map(|value| flag(value, scope))
            .fold(Certainty::No, Certainty::or),
    };
    let routed = if has_subnet {
        any(scope, "subnet", &is_routed, Certainty::Unsure)
    } else {
        Certainty::Unsure
    };
    elastic.or(given).and(routed)
}

fn service(scope: &Scope<'_>) -> Certainty {
    let network = cases::member(&scope.resource.properties, "NetworkConfiguration");
    let network = cases::member(&network, "AwsvpcConfiguration");
    let assigned = cases::member(&network, "AssignPublicIp").in_world(scope.world);
    let assigned = match &assigned.data {
        Data::Text(text) => text.equals("ENABLED"),
        Data::Null(_) => Certainty::No,
        _ => Certainty::Unsure,
    };
    assigned.and(any(scope, "subnets", &is_routed, Certainty::Unsure))
}

/// Whether a claim holds of a target of a link; `outside` for targets that are not in the code.
fn any(
    scope: &Scope<'_>,
    link: &str,
    claim: &dyn Fn(&Scope<'_>) -> Certainty,
    outside: Certainty,
) -> Certainty {
    let Some(links) = scope.resource.links.get(link) else {
        return Certainty::No;
    };
    let Links { targets, more } = links;
    let mut answer = if more.is_some() {
        Certainty::Unsure
    } else {
        Certainty::No
    };
    for link in targets {
        let meant = if link.is_possible {
            Certainty::Unsure
        } else {
            Certainty::Yes
        };
        let (claimed, exists) = match &link.target {
            LinkTarget::Resource(id) => (
                claim(&scope.about(*id)),
                scope.model.resource(*id).exists.clone(),
            ),
            LinkTarget::Ghost(_) => (outside, Guard::Always),
        };
        let there = scope.world.truth(&exists.and(link.guard.clone()));
        answer = answer.or(claimed.and(meant).and(there));
    }
    answer
}

//! Availability zones: those that a resource names, and those of the subnets it is in.

use std::sync::Arc;

use super::cases::{self, Case};
use super::{Scope, Shape};
use crate::model::LinkTarget;
use crate::value::{Certainty, Data, Guard, Origin, Reason, Unknown, Value};

/// Kinds that are in subnets or name zones.
pub(super) const KINDS: &[&str] = &[
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::EC2::EC2Fleet",
    "AWS::EC2::SpotFleet",
    "AWS::EC2::TransitGatewayVpcAttachment",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::ECS::Service",
    "AWS::ECS::TaskSet",
    "AWS::EKS::Cluster",
    "AWS::EKS::FargateProfile",
    "AWS::EKS::Nodegroup",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
];

/// `zones[*]`: distinct ones; of a VPC those of its subnets in the code.
pub(super) const ZONES: Shape = Shape::List(&Shape::Text);

/// What only a deployment knows: all zones of its region.
const ALL_ZONES: &str = "availability zones";

/// Every region has at least three: <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>.
/// `Fn::GetAZs` leaves out those without default subnet, so one less is counted on.
const LEAST_ZONES: usize = 2;

/// `zones`
pub(super) fn zones(scope: &Scope<'_>) -> Value {
    let named = cases::member(&scope.resource.properties, "AvailabilityZones");
    let named = cases::elements(&named, scope.world);
    let mut more = named.more;
    let mut found: Vec<Case> = named.items;
    if let Some(why) = &more
        && matches!(&why.reason, Reason::Environment(what) if &**what == ALL_ZONES)
    {
        found.extend((0..LEAST_ZONES).map(|position| Case {
            guard: Guard::Always,
            value: Value::unknown(
                Reason::Environment(format!("{ALL_ZONES}[{position}]").into()),
                scope.place(),
            ),
        }));
    }
    if let Some(links) = scope.resource.links.get("subnets") {
        if let Some(why) = &links.more {
            more.get_or_insert_with(|| why.clone());
        }
        for link in &links.targets {
            let LinkTarget::Resource(id) = link.target else {
                let outside = cases::depends("a subnet outside the code", &link.via.origin);
                more = more.or_else(|| outside.as_unknown().cloned());
                continue;
            };
            let subnet = scope.model.resource(id);
            let exists = subnet.exists.clone().and(link.guard.clone());
            let guard = match scope.world.truth(&exists) {
                Certainty::No => continue,
                Certainty::Yes if !link.is_possible => Guard::Always,
                _ if link.is_possible => {
                    let doubt = cases::depends("a subnet that may be meant", &link.via.origin);
                    more = more.or_else(|| doubt.as_unknown().cloned());
                    continue;
                }
                _ => exists,
            };
            let zone = ["AvailabilityZone", "AvailabilityZoneId"]
                .iter()
                .map(|name| cases::member(&subnet.properties, name))
                .find(|zone| !zone.is_null());
            match zone {
                Some(zone) => found.extend(cases::cases(&zone, scope.world).into_iter().map(
                    |case| Case {
                        guard: guard.clone().and(case.guard),
                        value: case.value,
                    },
                )),
                None => {
                    let chosen =
                        cases::depends("a zone that AWS chooses", &Origin::at(subnet.header));
                    more = more.or_else(|| chosen.as_unknown().cloned());
                }
            }
        }
    }
    let mut items: Vec<Value> = Vec::new();
    let mut seen: Vec<Case> = Vec::new();
    for zone in found {
        let same = seen.iter().map(|other| {
            let same = same(&other.value, &zone.value, scope);
            if other.guard.is_always() {
                same
            } else {
                same.and(Certainty::Unsure)
            }
        });
        match same.fold(Certainty::No, Certainty::or) {
            Certainty::Yes => continue,
            // It may be one that is there already, or another one.
            Certainty::Unsure => {
                let doubt = match zone.value.as_unknown() {
                    Some(why) => Some(why.clone()),
                    None => cases::depends("which zones are the same", &zone.value.origin)
                        .as_unknown()
                        .cloned(),
                };
                more = more.or(doubt);
            }
            Certainty::No => {
                items.push(cases::under(&zone.guard, some(&zone.value)));
                seen.push(zone);
            }
        }
    }
    cases::list(items, more, &Origin::at(scope.place()))
}

/// Whether two zones are one. Two elements of one list of zones are two zones.
fn same(a: &Value, b: &Value, scope: &Scope<'_>) -> Certainty {
    let element = |value: &Value| {
        let unknown = value.as_unknown()?;
        let (address, element) = match (&unknown.reference, &unknown.reason) {
            (Some(reference), _) => (reference.address.clone(), &reference.attribute),
            (None, Reason::Environment(zone)) => (zone.split('[').next()?.into(), zone),
            _ => return None,
        };
        let (list, index) = element.strip_suffix(']')?.rsplit_once('[')?;
        let index: usize = index.parse().ok()?;
        Some((address, list.to_owned(), index))
    };
    if let (Some(a), Some(b)) = (element(a), element(b))
        && (&a.0, &a.1) == (&b.0, &b.1)
    {
        return (a.2 == b.2).into();
    }
    // Some elements of one list, which of them is not known.
    let is_some_element = |value: &Value| {
        let unknown = value.as_unknown();
        let reference = unknown.and_then(|unknown| unknown.reference.as_ref());
        reference.is_some_and(|reference| reference.attribute.ends_with('s'))
    };
    if is_some_element(a) && is_some_element(b) {
        return Certainty::Unsure;
    }
    crate::jsonpath::equals(a, b, scope.world)
}

/// A zone that is not known is one all the same: what is somewhere is not nowhere.
fn some(zone: &Value) -> Value {
    match zone.as_unknown() {
        Some(unknown) if !unknown.is_never_null => Value {
            data: Data::Unknown(Arc::new(Unknown {
                is_never_null: true,
                ..(**unknown).clone()
            })),
            ..zone.clone()
        },
        _ => zone.clone(),
    }
}

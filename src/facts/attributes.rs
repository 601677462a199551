//! Attributes of load balancers and target groups: the list of keys and values as an object with typed members.

use super::cases::{self, Case};
use super::{Scope, Shape};
use crate::value::{Data, Member, Members, Object, ObjectKind, Origin, Value};

/// Kinds that have attributes, and the property that lists them.
const HOMES: &[(&str, &str)] = &[
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "LoadBalancerAttributes",
    ),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "TargetGroupAttributes",
    ),
];

/// Kinds that have attributes.
pub(super) const KINDS: &[&str] = &[HOMES[0].0, HOMES[1].0];

/// `attributes`: `$.facts.attributes['deletion_protection.enabled']`
pub(super) const ATTRIBUTES: Shape = Shape::Map(&Shape::Source);

/// `attributes`; the vocabulary has filled in the defaults.
pub(super) fn attributes(scope: &Scope<'_>) -> Value {
    let kind = &*scope.resource.kind;
    let Some((_, property)) = HOMES.iter().find(|(home, _)| *home == kind) else {
        return Value::null(scope.place());
    };
    let written = cases::member(&scope.resource.properties, property);
    let elements = cases::elements(&written, scope.world);
    let mut more = elements.more;
    let mut members = Members::default();
    for Case { guard, value } in elements.items {
        let (key, setting) = (cases::member(&value, "Key"), cases::member(&value, "Value"));
        if let Some(why) = value.as_unknown().or_else(|| key.as_unknown()) {
            more.get_or_insert_with(|| why.clone());
            continue;
        }
        let Some(key) = key.as_str() else { continue };
        if setting.is_null() {
            continue;
        }
        let earlier = members.get(key).map(|member: &Member| member.value.clone());
        let setting = cases::otherwise(&guard, cases::typed(&setting), earlier);
        members.insert(key.into(), setting.into());
    }
    let object = match more {
        Some(why) => Object::open(ObjectKind::Object, members, why),
        None => Object::new(ObjectKind::Object, members),
    };
    cases::made(Data::Object(object), &Origin::at(scope.place()))
}

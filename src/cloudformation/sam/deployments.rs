//! Functions whose traffic is moved to new versions bit by bit: `DeploymentPreference` in, what CodeDeploy needs out.

use std::sync::Arc;

use super::policies::assumed_by;
use super::python::is_truthy;
use super::{
    Expansion, Given, Properties, Source, any_condition, attribute, branches, choice, is_function,
    is_nothing, list, object, reference, sub, tag_list, text,
};
use crate::source::Span;
use crate::value::{Data, Member, Members, Value};

const APPLICATION: &str = "ServerlessDeploymentApplication";
const ROLE: &str = "CodeDeployServiceRole";

/// Ways of moving traffic that have short names.
const KNOWN: &[&str] = &[
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes",
    "Linear10PercentEvery10Minutes",
    "AllAtOnce",
];

/// How a function is deployed.
pub(super) struct Deployment {
    function: Arc<str>,
    place: Span,
    position: usize,
    is_enabled: bool,
    preference: Value,
    condition: Option<Value>,
    tags: Option<Value>,
}

/// Notes how a function is deployed.
pub(super) fn note(source: &Source<'_>, expansion: &mut Expansion) {
    let Some(preference) = source.truthy("DeploymentPreference") else {
        return;
    };
    let looked_up = |name: &str| {
        let value = preference.value.member(name)?;
        let value = source.given.resolved(&value);
        Some(match value.member("Fn::FindInMap") {
            Some(_) => (source.given.evaluate)(&value),
            None => value,
        })
    };
    let enabled = looked_up("Enabled").filter(|flag| !flag.is_null());
    let is_enabled = enabled
        .is_none_or(|flag| is_truthy(&flag) && !matches!(flag.as_str(), Some("false" | "False")));
    let is_passed = looked_up("PassthroughCondition")
        .is_some_and(|flag| is_truthy(&flag) && !matches!(flag.as_str(), Some("false" | "False")));
    let mut members = preference
        .value
        .as_object()
        .map(|object| object.members().clone())
        .unwrap_or_default();
    if let Some(kind) = looked_up("Type") {
        members.insert("Type".into(), kind.into());
    }
    let tags = source.get("Tags").filter(|_| source.is("PropagateTags"));
    expansion.deployments.push(Deployment {
        function: source.name.clone(),
        place: preference.key,
        position: expansion.position,
        is_enabled,
        preference: Value::object(members, preference.value.span()),
        condition: source.condition().filter(|_| is_enabled && is_passed),
        tags: tags.filter(|tags| is_enabled && is_truthy(tags)),
    });
}

/// Adds what all deployments need.
pub(super) fn finish(given: &Given<'_>, expansion: &mut Expansion) {
    let all = std::mem::take(&mut expansion.deployments);
    let Some(first) = all.iter().find(|deployment| deployment.is_enabled) else {
        return;
    };
    let place = first.place;
    let mut conditions: Vec<Value> = Vec::new();
    for condition in all
        .iter()
        .filter_map(|deployment| deployment.condition.as_ref())
    {
        if !conditions.iter().any(|known| known.is_same(condition)) {
            conditions.push(condition.clone());
        }
    }
    let enabled = || all.iter().filter(|deployment| deployment.is_enabled);
    let condition = enabled()
        .all(|deployment| deployment.condition.is_some())
        .then(|| {
            any_condition(
                "ServerlessCodeDeployCondition",
                conditions,
                place,
                expansion,
            )
        });
    let mut tags = Members::default();
    for own in enabled().filter_map(|deployment| deployment.tags.as_ref()) {
        tags.extend(
            own.as_object()
                .into_iter()
                .flat_map(|own| own.members().clone()),
        );
    }
    let tags = (!tags.is_empty()).then(|| tag_list(&Value::object(tags, place)));
    let nothing = Value::object(Members::default(), place);
    let source = Source {
        name: APPLICATION.into(),
        key: place,
        resource: &nothing,
        properties: nothing.clone(),
        given,
    };
    let mut properties = Properties::default();
    properties.set("ComputePlatform", place, text("Lambda", place));
    if let Some(tags) = &tags {
        properties.set("Tags", place, tags.clone());
    }
    let kind = "AWS::CodeDeploy::Application";
    let id = APPLICATION.to_owned();
    expansion.add_if(id, kind, place, &source, properties, condition.clone());
    let has_role = |deployment: &Deployment| {
        deployment
            .preference
            .member("Role")
            .is_some_and(|role| is_truthy(&role))
    };
    if !enabled().all(has_role) {
        let mut properties = Properties::default();
        let trust = assumed_by("codedeploy.amazonaws.com", place);
        properties.set("AssumeRolePolicyDocument", place, trust);
        let partition = given.partition();
        let policy = match partition {
            "aws-iso" | "aws-iso-b" => "AWSCodeDeployRoleForLambdaLimited",
            _ => "AWSCodeDeployRoleForLambda",
        };
        let policy = format!("arn:{partition}:iam::aws:policy/service-role/{policy}");
        let managed = list(vec![text(policy, place)], place);
        properties.set("ManagedPolicyArns", place, managed);
        if let Some(tags) = tags {
            properties.set("Tags", place, tags);
        }
        let kind = "AWS::IAM::Role";
        expansion.add_if(ROLE.to_owned(), kind, place, &source, properties, condition);
    }
    for deployment in enabled() {
        expansion.position = deployment.position;
        group(deployment, &source, expansion);
    }
}

fn group(deployment: &Deployment, source: &Source<'_>, expansion: &mut Expansion) {
    let place = deployment.place;
    let part = |name: &str| deployment.preference.member(name).filter(is_truthy);
    let mut properties = Properties::default();
    if let Some(alarms) = part("Alarms").filter(|alarms| !is_nothing(alarms)) {
        let configured = match branches(&alarms) {
            Some((condition, then, other)) => {
                choice(condition, watched(&then), watched(&other), alarms.span())
            }
            None => watched(&alarms),
        };
        properties.set("AlarmConfiguration", alarms.span(), configured);
    }
    properties.set("ApplicationName", place, reference(APPLICATION, place));
    let events = [
        "DEPLOYMENT_FAILURE",
        "DEPLOYMENT_STOP_ON_ALARM",
        "DEPLOYMENT_STOP_ON_REQUEST",
    ];
    let events = events.into_iter().map(|event| text(event, place)).collect();
    let rollback = object(
        vec![
            ("Enabled", Value::bool(true, place)),
            ("Events", list(events, place)),
        ],
        place,
    );
    properties.set("AutoRollbackConfiguration", place, rollback);
    if let Some(kind) = part("Type") {
        properties.set("DeploymentConfigName", kind.span(), config_name(&kind, ""));
    }
    let style = object(
        vec![
            ("DeploymentType", text("BLUE_GREEN", place)),
            ("DeploymentOption", text("WITH_TRAFFIC_CONTROL", place)),
        ],
        place,
    );
    properties.set("DeploymentStyle", place, style);
    let role = part("Role").unwrap_or_else(|| attribute(ROLE, "Arn", place));
    properties.set("ServiceRoleArn", role.span(), role);
    if let Some(triggers) = part("TriggerConfigurations") {
        properties.set("TriggerConfigurations", triggers.span(), triggers);
    }
    if let Some(tags) = &deployment.tags {
        properties.set("Tags", tags.span(), tag_list(tags));
    }
    let id = format!("{}DeploymentGroup", deployment.function);
    let kind = "AWS::CodeDeploy::DeploymentGroup";
    let condition = deployment.condition.clone();
    expansion.add_if(id, kind, place, source, properties, condition);
}

fn watched(alarms: &Value) -> Value {
    let place = alarms.span();
    let all: Vec<Value> = alarms.elements().collect();
    if all.first().is_none_or(is_nothing) {
        return object(Vec::new(), place);
    }
    let all = all
        .into_iter()
        .map(|alarm| object(vec![("Name", alarm)], place))
        .collect();
    object(
        vec![
            ("Enabled", Value::bool(true, place)),
            ("Alarms", list(all, place)),
        ],
        place,
    )
}

/// A way of moving traffic by its whole name.
fn config_name(kind: &Value, within: &str) -> Value {
    let place = kind.span();
    if let Data::List(_) = &kind.data {
        return list(
            kind.elements().map(|part| config_name(&part, "")).collect(),
            place,
        );
    }
    if is_function(kind)
        && let Some(object) = kind.as_object()
    {
        let members = object.members().iter().map(|(name, member)| {
            let value = config_name(&kind.seen(&member.value), name);
            let key = member.key;
            (name.clone(), Member { key, value })
        });
        return Value::object(members.collect(), place);
    }
    if !kind.as_str().is_some_and(|name| KNOWN.contains(&name)) {
        return kind.clone();
    }
    let pattern = "CodeDeployDefault.Lambda${ConfigName}";
    let whole = sub(pattern, vec![("ConfigName", kind.clone())], place);
    match within {
        "Fn::Sub" => whole.member("Fn::Sub").unwrap_or(whole),
        _ => whole,
    }
}

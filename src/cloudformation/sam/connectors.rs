//! Connectors: two resources and what one may do with the other in, the policy that allows it out.
//!
//! `connectors.json` is derived from aws-sam-translator's `profiles.json` (Apache-2.0): for each pair of types where the
//! policy is put (`at`), and what `Read` and `Write` stand for.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-connector.html>

use std::sync::{Arc, LazyLock};

use super::policies::{document, put_in};
use super::{Expansion, Properties, Source, attribute, list, object, packaged, reference};
use crate::source::Span;
use crate::value::{Data, Members, Value};

static PROFILES: LazyLock<serde_json::Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("connectors.json")).unwrap_or_default());

/// A resource at one end of a connector.
struct End {
    kind: String,
    parameters: Vec<(&'static str, Value)>,
    arn: Option<Value>,
    role: Value,
    /// The queue itself, for queue policies.
    reference: Option<Value>,
}

/// Carries out a connector; tells whether it is of a kind that is known.
pub(super) fn connector(source: &Source<'_>, expansion: &mut Expansion) -> bool {
    let permissions: Vec<String> = source
        .get("Permissions")
        .iter()
        .flat_map(Value::elements)
        .filter_map(|permission| Some(permission.as_str()?.to_owned()))
        .collect();
    let (Some(from), Some(destination)) = (source.get("Source"), source.get("Destination")) else {
        return false;
    };
    let Some(from) = End::of(&from, expansion) else {
        return false;
    };
    let destinations: Vec<(String, Value)> = match &destination.data {
        Data::List(_) => destination
            .elements()
            .enumerate()
            .map(|(index, one)| (format!("Destination{index}"), one))
            .collect(),
        _ => vec![(String::new(), destination)],
    };
    let mut is_known = true;
    for (suffix, destination) in destinations {
        is_known &= End::of(&destination, expansion)
            .is_some_and(|to| connect(&suffix, &from, &to, &permissions, source, expansion));
    }
    is_known
}

fn connect(
    number: &str,
    from: &End,
    to: &End,
    permissions: &[String],
    source: &Source<'_>,
    expansion: &mut Expansion,
) -> bool {
    let key = source.key;
    let id = &source.name;
    let profile = PROFILES.get(&from.kind);
    let Some(profile) = profile.and_then(|all| all.get(&to.kind)) else {
        return false;
    };
    let place = source
        .member("Permissions")
        .map_or(key, |member| member.key);
    let mut parameters = Members::default();
    for (end, prefix) in [(from, "Source"), (to, "Destination")] {
        for (name, value) in &end.parameters {
            parameters.insert(format!("{prefix}{name}").into(), value.clone().into());
        }
        if let Some(arn) = &end.arn {
            parameters.insert(format!("{prefix}Arn").into(), arn.clone().into());
        }
    }
    let parameters = Value::object(parameters, place);
    let asked = ["Read", "Write"].into_iter().filter(|category| {
        let is_asked = permissions.iter().any(|asked| asked == category);
        is_asked && profile.get(category).is_some()
    });
    let at = profile.get("at").and_then(serde_json::Value::as_str);
    let unknown = || packaged("the end of the connector", key);
    if at == Some("permission") {
        for category in asked {
            let written = put_in(&profile[category], &parameters, place);
            let mut properties = Properties::default();
            for (name, value) in written.entries() {
                properties.set(name, place, value.clone());
            }
            let function = to.arn.clone().unwrap_or_else(unknown);
            properties.set("FunctionName", key, function);
            let id = format!("{id}{category}LambdaPermission{number}");
            expansion.add(id, "AWS::Lambda::Permission", key, source, properties);
        }
        return true;
    }
    let statements = asked.flat_map(|category| profile[category].as_array().into_iter().flatten());
    let statements = statements.map(|statement| put_in(statement, &parameters, place));
    let policy = document(statements.collect(), place);
    let mut properties = Properties::default();
    properties.set("PolicyDocument", place, policy);
    let mut add = |suffix: &str, kind: &str, name: &str, target: Value| {
        properties.set(name, key, list(vec![target], key));
        let properties = std::mem::take(&mut properties);
        expansion.add(
            format!("{id}{suffix}{number}"),
            kind,
            key,
            source,
            properties,
        );
    };
    match at {
        Some("source") => add(
            "Policy",
            "AWS::IAM::ManagedPolicy",
            "Roles",
            from.role.clone(),
        ),
        Some("destination") => add(
            "Policy",
            "AWS::IAM::ManagedPolicy",
            "Roles",
            to.role.clone(),
        ),
        Some("queue") => {
            let queue = to.reference.clone().unwrap_or_else(unknown);
            add("QueuePolicy", "AWS::SQS::QueuePolicy", "Queues", queue);
        }
        Some("topic") => {
            let topic = to.arn.clone().unwrap_or_else(unknown);
            add("TopicPolicy", "AWS::SNS::TopicPolicy", "Topics", topic);
        }
        _ => return false,
    }
    true
}

impl End {
    /// What `Source` or `Destination` means: a resource of the template, or one that is described.
    fn of(written: &Value, expansion: &Expansion) -> Option<End> {
        let place = written.span();
        let id = written.member("Id");
        let id = id.as_ref().and_then(Value::as_str);
        let resource = id.and_then(|id| expansion.resources.get(id));
        let kind = match resource {
            Some(resource) => resource.value.member("Type")?,
            None => written.member("Type")?,
        };
        let kind = canonical(kind.as_str()?);
        let arn = match id {
            Some(id) if is_arn_its_reference(&kind) => Some(reference(id, place)),
            Some(id) => Some(attribute(id, "Arn", place)),
            None => written.member("Arn"),
        };
        let mut parameters = Vec::new();
        let mut put = |name, value: Option<Value>| {
            parameters.extend(value.map(|value| (name, value)));
        };
        let own = match (id, &*kind) {
            (Some(id), "AWS::AppSync::GraphQLApi") => Some(attribute(id, "ApiId", place)),
            (Some(id), _) => Some(reference(id, place)),
            (None, _) => written.member("ResourceId"),
        };
        put("ResourceId", own);
        let name = match (id, &*kind) {
            (Some(id), "AWS::StepFunctions::StateMachine") => Some(attribute(id, "Name", place)),
            _ => written.member("Name"),
        };
        put("Name", name);
        let qualifier = written.member("Qualifier");
        put(
            "Qualifier",
            qualifier.or_else(|| Some(Value::text("*", place))),
        );
        let role = match resource {
            Some(resource) => role_of(&kind, &resource.value, place),
            None => written.member("RoleName"),
        };
        let reference = match id {
            Some(id) => Some(reference(id, place)),
            None => written.member("QueueUrl"),
        };
        Some(End {
            kind,
            parameters,
            arn,
            role: role.unwrap_or_else(|| packaged("the role of the connector's end", place)),
            reference,
        })
    }
}

/// The type that a serverless resource becomes.
fn canonical(kind: &str) -> String {
    match kind {
        "AWS::Serverless::Function" => "AWS::Lambda::Function",
        "AWS::Serverless::StateMachine" => "AWS::StepFunctions::StateMachine",
        "AWS::Serverless::SimpleTable" => "AWS::DynamoDB::Table",
        "AWS::Serverless::Api" => "AWS::ApiGateway::RestApi",
        "AWS::Serverless::HttpApi" => "AWS::ApiGatewayV2::Api",
        kind => kind,
    }
    .to_owned()
}

fn is_arn_its_reference(kind: &str) -> bool {
    matches!(kind, "AWS::SNS::Topic" | "AWS::StepFunctions::StateMachine")
}

/// The name of a resource's role, if that is in the template.
fn role_of(kind: &str, resource: &Value, place: Span) -> Option<Value> {
    let property = match kind {
        "AWS::Lambda::Function" => "Role",
        "AWS::AppSync::DataSource" => "ServiceRoleArn",
        _ => "RoleArn",
    };
    let role = resource.member("Properties")?.member(property)?;
    let got = role.member("Fn::GetAtt")?;
    let name: Arc<str> = match got.as_str() {
        Some(text) => text.split('.').next()?.into(),
        None => got.elements().next()?.as_str()?.into(),
    };
    Some(reference(&name, place))
}

/// The connectors that stand at their source: `Connectors: {Name: {Properties: {Destination, Permissions}}}`.
pub(super) fn embedded(name: &str, resource: &Value, place: Span) -> Vec<(String, Span, Value)> {
    let connectors = resource.member("Connectors");
    let connectors = connectors.iter().flat_map(Value::entries);
    let own = |properties: &Value| {
        let mut members = properties.as_object()?.members().clone();
        let id = object(vec![("Id", Value::text(name, place))], place);
        members.insert("Source".into(), id.into());
        Some(Value::object(members, properties.span()))
    };
    connectors
        .filter_map(|(own_name, connector)| {
            let properties = own(&connector.member("Properties")?)?;
            let id = format!("{name}{own_name}");
            Some((id, properties.span(), properties))
        })
        .collect()
}

//! Connectors: two resources and what one may do with the other in, the policy that allows it out.
//!
//! `connectors.json` is derived from aws-sam-translator's `profiles.json` (Apache-2.0): for each pair of types where the
//! policy is put (`at`), and what `Read` and `Write` stand for (`allows`).
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-connector.html>

use std::sync::LazyLock;

use super::policies::{document, put_in};
use super::{Expansion, Properties, Source, attribute, id_in, list, packaged, reference};
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
    let written = from;
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
        let from = End::of(&written, &destination, expansion);
        let to = End::of(&destination, &written, expansion);
        is_known &= from.zip(to).is_some_and(|(from, to)| {
            connect(&suffix, &from, &to, &permissions, source, expansion)
        });
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
    // What is asked for, in the profile's order.
    let asked = profile.get("allows").and_then(serde_json::Value::as_array);
    let asked = asked.into_iter().flatten().filter_map(|part| {
        let category = part.get(0)?.as_str()?;
        let is_asked = permissions.iter().any(|asked| asked == category);
        is_asked.then_some((category, part.get(1)?))
    });
    let at = profile.get("at").and_then(serde_json::Value::as_str);
    let unknown = || packaged("the end of the connector", key);
    if at == Some("permission") {
        for (category, part) in asked {
            let written = put_in(part, &parameters, place);
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
    let statements = asked.flat_map(|(_, part)| part.as_array().into_iter().flatten());
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
    /// The other end tells which of a rule's roles is meant.
    fn of(written: &Value, other: &Value, expansion: &Expansion) -> Option<End> {
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
            Some(resource) => role_of(&kind, &resource.value, other, place),
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
fn role_of(kind: &str, resource: &Value, other: &Value, place: Span) -> Option<Value> {
    let properties = resource.member("Properties")?;
    let role = match kind {
        "AWS::Lambda::Function" => properties.member("Role")?,
        "AWS::AppSync::DataSource" => properties.member("ServiceRoleArn")?,
        "AWS::Events::Rule" => {
            let (id, arn) = (other.member("Id"), other.member("Arn"));
            let targets = properties.member("Targets")?;
            let target = targets.elements().find(|target| {
                let target = target.member("Arn");
                target.is_some_and(|target| {
                    let is_named = id_in(&target)
                        .is_some_and(|named| id.as_ref().and_then(Value::as_str) == Some(&*named));
                    is_named || arn.as_ref().is_some_and(|arn| arn.is_same(&target))
                })
            });
            target?.member("RoleArn")?
        }
        _ => properties.member("RoleArn")?,
    };
    Some(reference(&id_in(&role)?, place))
}

/// The connectors that stand at their source: `Connectors: {Name: {Properties: {Destination, Permissions}}}`, each with
/// what it is, its id, and its properties with the source put in.
pub(super) fn embedded(name: &str, resource: &Value, place: Span) -> Vec<(String, Value, Value)> {
    let connectors = resource.member("Connectors");
    let connectors = connectors.iter().flat_map(Value::entries);
    let own = |properties: &Value| {
        let mut members = properties.as_object()?.members().clone();
        let mut from = Members::from_iter([("Id".into(), Value::text(name, place).into())]);
        if let Some(more) = members.shift_remove("SourceReference") {
            let more = more.value.as_object().map(|more| more.members().clone());
            from.extend(more.unwrap_or_default());
        }
        members.insert("Source".into(), Value::object(from, place).into());
        Some(Value::object(members, properties.span()))
    };
    connectors
        .filter_map(|(own_name, connector)| {
            let properties = own(&connector.member("Properties")?)?;
            let id = format!("{name}{own_name}");
            Some((id, connector, properties))
        })
        .collect()
}

//! Event sources of serverless functions and state machines.

use super::policies::{allow, document, trust};
use super::{
    Expansion, ImplicitApi, Properties, Source, attribute, list, object, reference, sub, text,
};
use crate::source::Span;
use crate::value::{Data, Member, Value};

/// One event of a resource.
struct Event {
    name: String,
    key: Span,
    kind: String,
    properties: Value,
}

impl Event {
    fn member(&self, name: &str) -> Option<Member> {
        let member = self.properties.as_object()?.members().get(name)?;
        Some(Member {
            key: member.key,
            value: self.properties.seen(&member.value),
        })
    }

    fn get(&self, name: &str) -> Option<Value> {
        self.member(name).map(|member| member.value)
    }

    fn take(&self, properties: &mut Properties, from: &str, to: &str) {
        if let Some(member) = self.member(from) {
            properties.0.insert(to.into(), member);
        }
    }
}

fn events(source: &Source<'_>) -> Vec<Event> {
    let Some(events) = source.get("Events") else {
        return Vec::new();
    };
    let Some(object) = events.as_object() else {
        return Vec::new();
    };
    let members = object.members().iter();
    members
        .map(|(name, member)| Event {
            name: name.to_string(),
            key: member.key,
            kind: member
                .value
                .member("Type")
                .and_then(|kind| kind.as_str().map(str::to_owned))
                .unwrap_or_default(),
            properties: member
                .value
                .member("Properties")
                .unwrap_or_else(|| object_without_members(member.key)),
        })
        .collect()
}

fn object_without_members(place: Span) -> Value {
    object(Vec::new(), place)
}

/// The property that names the source of each kind of event that Lambda polls.
fn polled(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "SQS" => "Queue",
        "Kinesis" | "DynamoDB" | "MSK" => "Stream",
        "MQ" => "Broker",
        "DocumentDB" => "Cluster",
        "SelfManagedKafka" => "",
        _ => return None,
    })
}

/// Managed policies that a function's role needs to read its sources.
pub(super) fn managed_policies(source: &Source<'_>) -> Vec<(&'static str, Span)> {
    let mut all: Vec<(&'static str, Span)> = Vec::new();
    for event in events(source) {
        let policy = match event.kind.as_str() {
            "SQS" => "service-role/AWSLambdaSQSQueueExecutionRole",
            "SNS" if event.get("SqsSubscription").is_some_and(is_true) => {
                "service-role/AWSLambdaSQSQueueExecutionRole"
            }
            "Kinesis" => "service-role/AWSLambdaKinesisExecutionRole",
            "DynamoDB" => "service-role/AWSLambdaDynamoDBExecutionRole",
            "MSK" => "service-role/AWSLambdaMSKExecutionRole",
            _ => continue,
        };
        if !all.iter().any(|(known, _)| *known == policy) {
            all.push((policy, event.key));
        }
    }
    all
}

/// Policies that a function's role needs to read its sources, where no managed one does.
pub(super) fn inline_policies(source: &Source<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    for event in events(source) {
        let key = event.key;
        let network = [
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ];
        let mut statements = Vec::new();
        match event.kind.as_str() {
            "MQ" => {
                if let Some(broker) = event.get("Broker") {
                    statements.push(allow(&["mq:DescribeBroker"], broker, key));
                }
                statements.push(allow(&network, text("*", key), key));
            }
            "SelfManagedKafka" => statements.push(allow(&network, text("*", key), key)),
            _ => continue,
        }
        let accesses = event.get("SourceAccessConfigurations");
        for access in accesses.iter().flat_map(Value::elements) {
            if let Some(uri) = access.member("URI")
                && access
                    .member("Type")
                    .is_some_and(|kind| kind.as_str().is_some_and(|kind| kind.ends_with("AUTH")))
            {
                let place = uri.span();
                statements.push(allow(&["secretsmanager:GetSecretValue"], uri, place));
            }
        }
        all.push(document(statements, key));
    }
    all
}

fn is_true(value: Value) -> bool {
    match &value.data {
        Data::Bool(truth) => *truth,
        Data::Object(_) => true,
        _ => value.as_str() == Some("true"),
    }
}

pub(super) fn of_function(
    source: &Source<'_>,
    target: &Value,
    arn: &Value,
    expansion: &mut Expansion,
) {
    for event in events(source) {
        let id = format!("{}{}", source.name, event.name);
        let key = event.key;
        let permission = |principal: &str, from: Option<(&str, Value)>| {
            let mut properties = Properties::default();
            properties.set("Action", key, text("lambda:InvokeFunction", key));
            properties.set("FunctionName", key, target.clone());
            properties.set("Principal", key, text(principal, key));
            if let Some((name, value)) = from {
                properties.set(name, key, value);
            }
            properties
        };
        let kind = "AWS::Lambda::Permission";
        match event.kind.as_str() {
            polled_kind if polled(polled_kind).is_some() => {
                let named = polled(polled_kind).unwrap_or_default();
                let mut properties = Properties::default();
                properties.set("FunctionName", key, target.clone());
                for (name, value) in event.properties.entries() {
                    let key = event.member(name).map_or(key, |member| member.key);
                    let name = if **name == *named {
                        "EventSourceArn"
                    } else {
                        name
                    };
                    properties.set(name, key, value);
                }
                let kind = "AWS::Lambda::EventSourceMapping";
                expansion.add(id, kind, key, source, properties);
            }
            "Api" | "HttpApi" => {
                let is_http = event.kind == "HttpApi";
                let named = if is_http { "ApiId" } else { "RestApiId" };
                let (api, stage) = match event.get(named) {
                    Some(api) => {
                        // A plain name is meant as a reference.
                        let api = match api.as_str() {
                            Some(name) => reference(name, api.span()),
                            None => api,
                        };
                        let stage = api.member("Ref");
                        let stage = stage.as_ref().and_then(Value::as_str);
                        let stage = stage.and_then(|name| expansion.stages.get(name));
                        (api, stage.map_or("AllStages", String::as_str).to_owned())
                    }
                    None => {
                        let implicit = ImplicitApi {
                            is_http,
                            place: key,
                        };
                        if !expansion
                            .implicit_apis
                            .iter()
                            .any(|api| api.is_http == is_http)
                        {
                            expansion.implicit_apis.push(implicit);
                        }
                        let name = if is_http {
                            "ServerlessHttpApi"
                        } else {
                            "ServerlessRestApi"
                        };
                        (reference(name, key), "Prod".to_owned())
                    }
                };
                let (method, path) = (event.get("Method"), event.get("Path"));
                let words = |value: &Option<Value>| {
                    value
                        .as_ref()
                        .and_then(|value| value.as_str().map(str::to_owned))
                };
                let method = match words(&method).unwrap_or_default().to_uppercase().as_str() {
                    "" | "ANY" | "X-AMAZON-APIGATEWAY-ANY-METHOD" => "*".to_owned(),
                    method => method.to_owned(),
                };
                let route = match words(&path) {
                    Some(path) => format!("/{method}{}", with_stars(&path)),
                    None => "/*".to_owned(),
                };
                let pattern = format!(
                    "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/*{route}"
                );
                let arn = sub(&pattern, vec![("__ApiId__", api)], key);
                let suffix = if is_http { String::new() } else { stage };
                let properties = permission("apigateway.amazonaws.com", Some(("SourceArn", arn)));
                expansion.add(
                    format!("{id}Permission{suffix}"),
                    kind,
                    key,
                    source,
                    properties,
                );
            }
            "S3" => {
                let from = reference("AWS::AccountId", key);
                let properties = permission("s3.amazonaws.com", Some(("SourceAccount", from)));
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "SNS" => subscribe(source, &event, &id, target, arn, expansion, &permission),
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                let rule = rule(&event, &id, arn.clone(), None);
                expansion.add(id.clone(), "AWS::Events::Rule", key, source, rule);
                let from = attribute(&id, "Arn", key);
                let properties = permission("events.amazonaws.com", Some(("SourceArn", from)));
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "ScheduleV2" => schedule(source, &event, &id, arn, "lambda:InvokeFunction", expansion),
            "CloudWatchLogs" => {
                let mut properties = Properties::default();
                event.take(&mut properties, "LogGroupName", "LogGroupName");
                event.take(&mut properties, "FilterPattern", "FilterPattern");
                properties.set("DestinationArn", key, arn.clone());
                let filter = "AWS::Logs::SubscriptionFilter";
                expansion.add(id.clone(), filter, key, source, properties);
                let group = event.get("LogGroupName");
                let group = group.unwrap_or_else(|| text("*", key));
                let from = sub(
                    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*",
                    vec![("__LogGroupName__", group)],
                    key,
                );
                let service = "logs.amazonaws.com";
                let properties = permission(service, Some(("SourceArn", from)));
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "IoTRule" => {
                let lambda = object(vec![("FunctionArn", arn.clone())], key);
                let action = object(vec![("Lambda", lambda)], key);
                let mut payload = vec![
                    ("Actions", list(vec![action], key)),
                    ("RuleDisabled", Value::bool(false, key)),
                ];
                for name in ["Sql", "AwsIotSqlVersion"] {
                    if let Some(value) = event.get(name) {
                        payload.push((name, value));
                    }
                }
                let mut properties = Properties::default();
                properties.set("TopicRulePayload", key, object(payload, key));
                expansion.add(id.clone(), "AWS::IoT::TopicRule", key, source, properties);
                let from = sub(
                    "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}",
                    vec![("RuleName", reference(&id, key))],
                    key,
                );
                let properties = permission("iot.amazonaws.com", Some(("SourceArn", from)));
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "AlexaSkill" => {
                let mut properties = permission("alexa-appkit.amazon.com", None);
                event.take(&mut properties, "SkillId", "EventSourceToken");
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "Cognito" => {
                let pool = event.get("UserPool").and_then(|pool| {
                    let name = pool.member("Ref")?;
                    name.as_str().map(|name| attribute(name, "Arn", key))
                });
                let service = "cognito-idp.amazonaws.com";
                let properties = permission(service, pool.map(|pool| ("SourceArn", pool)));
                // One permission for all triggers of a function.
                let id = format!("{}CognitoPermission", source.name);
                expansion.add(id, kind, key, source, properties);
            }
            _ => {}
        }
    }
}

/// A path with its variables as stars, as in the ARN of a method.
fn with_stars(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

fn rule(event: &Event, id: &str, arn: Value, role: Option<Value>) -> Properties {
    let key = event.key;
    let mut properties = Properties::default();
    for (from, to) in [
        ("Schedule", "ScheduleExpression"),
        ("Pattern", "EventPattern"),
        ("EventBusName", "EventBusName"),
        ("Name", "Name"),
        ("RuleName", "Name"),
        ("Description", "Description"),
        ("State", "State"),
    ] {
        event.take(&mut properties, from, to);
    }
    if let Some(enabled) = event.member("Enabled")
        && let Some(enabled_now) = enabled.value.as_bool()
    {
        let state = if enabled_now { "ENABLED" } else { "DISABLED" };
        properties.set("State", enabled.key, text(state, enabled.value.span()));
    }
    let mut target = vec![("Arn", arn), ("Id", text(format!("{id}LambdaTarget"), key))];
    for name in ["Input", "InputPath", "InputTransformer", "RetryPolicy"] {
        if let Some(value) = event.get(name) {
            target.push((name, value));
        }
    }
    if let Some(queue) = event
        .get("DeadLetterConfig")
        .and_then(|config| config.member("Arn"))
    {
        let place = queue.span();
        target.push(("DeadLetterConfig", object(vec![("Arn", queue)], place)));
    }
    if let Some(role) = role {
        target.push(("RoleArn", role));
    }
    properties.set("Targets", key, list(vec![object(target, key)], key));
    properties
}

/// A schedule of EventBridge Scheduler, with the role by which it calls.
fn schedule(
    source: &Source<'_>,
    event: &Event,
    id: &str,
    arn: &Value,
    action: &str,
    expansion: &mut Expansion,
) {
    let key = event.key;
    let mut properties = Properties::default();
    for name in [
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "GroupName",
        "KmsKeyArn",
        "State",
        "StartDate",
        "EndDate",
        "Description",
        "FlexibleTimeWindow",
        "Name",
    ] {
        event.take(&mut properties, name, name);
    }
    let role = event.get("RoleArn");
    let role_id = format!("{id}Role");
    let role_arn = role
        .clone()
        .unwrap_or_else(|| attribute(&role_id, "Arn", key));
    let mut target = vec![("Arn", arn.clone()), ("RoleArn", role_arn)];
    for name in ["Input", "RetryPolicy"] {
        if let Some(value) = event.get(name) {
            target.push((name, value));
        }
    }
    properties.set("Target", key, object(target, key));
    expansion.add(
        id.to_owned(),
        "AWS::Scheduler::Schedule",
        key,
        source,
        properties,
    );
    if role.is_none() {
        let properties = caller("scheduler.amazonaws.com", &role_id, action, arn, event);
        expansion.add(role_id, "AWS::IAM::Role", key, source, properties);
    }
}

/// The properties of a role by which a service calls the resource.
fn caller(service: &str, id: &str, action: &str, arn: &Value, event: &Event) -> Properties {
    let key = event.key;
    let mut properties = Properties::default();
    properties.set("AssumeRolePolicyDocument", key, trust(service, key));
    let document = document(vec![allow(&[action], arn.clone(), key)], key);
    let name = text(format!("{id}Policy"), key);
    let policy = object(
        vec![("PolicyName", name), ("PolicyDocument", document)],
        key,
    );
    properties.set("Policies", key, list(vec![policy], key));
    event.take(
        &mut properties,
        "PermissionsBoundary",
        "PermissionsBoundary",
    );
    properties
}

/// Makes the permission of a service to call the function: who, and the property that limits from where.
type Permission<'p> = &'p dyn Fn(&str, Option<(&str, Value)>) -> Properties;

fn subscribe(
    source: &Source<'_>,
    event: &Event,
    id: &str,
    target: &Value,
    arn: &Value,
    expansion: &mut Expansion,
    permission: Permission<'_>,
) {
    let key = event.key;
    let topic = event.get("Topic");
    let mut properties = Properties::default();
    for name in [
        "FilterPolicy",
        "FilterPolicyScope",
        "Region",
        "RedrivePolicy",
    ] {
        event.take(&mut properties, name, name);
    }
    event.take(&mut properties, "Topic", "TopicArn");
    let is_queued = event.get("SqsSubscription").is_some_and(is_true);
    if !is_queued {
        properties.set("Protocol", key, text("lambda", key));
        properties.set("Endpoint", key, arn.clone());
        expansion.add(
            id.to_owned(),
            "AWS::SNS::Subscription",
            key,
            source,
            properties,
        );
        let from = topic.map(|topic| ("SourceArn", topic));
        let properties = permission("sns.amazonaws.com", from);
        let id = format!("{id}Permission");
        expansion.add(id, "AWS::Lambda::Permission", key, source, properties);
        return;
    }
    // Between topic and function stands a queue, the user's or one of its own.
    let own = event.get("SqsSubscription");
    let own = own.as_ref().filter(|own| own.as_object().is_some());
    let queue = format!("{id}Queue");
    let given = own.and_then(|own| own.member("QueueArn"));
    let (queue_arn, queue_url) = match given {
        // Its policy is the user's business.
        Some(arn) => (arn, None),
        None => {
            let kind = "AWS::SQS::Queue";
            expansion.add(queue.clone(), kind, key, source, Properties::default());
            (attribute(&queue, "Arn", key), Some(reference(&queue, key)))
        }
    };
    properties.set("Protocol", key, text("sqs", key));
    properties.set("Endpoint", key, queue_arn.clone());
    expansion.add(
        id.to_owned(),
        "AWS::SNS::Subscription",
        key,
        source,
        properties,
    );
    let mut mapping = Properties::default();
    mapping.set("FunctionName", key, target.clone());
    mapping.set("EventSourceArn", key, queue_arn.clone());
    for name in ["BatchSize", "Enabled"] {
        if let Some(value) = own.and_then(|own| own.member(name)) {
            mapping.set(name, key, value);
        }
    }
    let mapping_id = format!("{id}EventSourceMapping");
    let kind = "AWS::Lambda::EventSourceMapping";
    expansion.add(mapping_id, kind, key, source, mapping);
    if let (Some(topic), Some(url)) = (topic, queue_url) {
        let from = object(vec![("aws:SourceArn", topic)], key);
        let condition = object(vec![("ArnEquals", from)], key);
        let statement = object(
            vec![
                ("Effect", text("Allow", key)),
                ("Action", text("sqs:SendMessage", key)),
                ("Principal", text("*", key)),
                ("Resource", queue_arn),
                ("Condition", condition),
            ],
            key,
        );
        let mut policy = Properties::default();
        policy.set("PolicyDocument", key, document(vec![statement], key));
        policy.set("Queues", key, list(vec![url], key));
        let policy_id = format!("{id}QueuePolicy");
        expansion.add(policy_id, "AWS::SQS::QueuePolicy", key, source, policy);
    }
}

pub(super) fn of_state_machine(source: &Source<'_>, expansion: &mut Expansion) {
    for event in events(source) {
        let id = format!("{}{}", source.name, event.name);
        let key = event.key;
        let arn = reference(&source.name, key);
        let role_id = format!("{id}Role");
        match event.kind.as_str() {
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                let own = event.get("RoleArn");
                let role = own
                    .clone()
                    .unwrap_or_else(|| attribute(&role_id, "Arn", key));
                let rule = rule(&event, &id, arn.clone(), Some(role));
                expansion.add(id, "AWS::Events::Rule", key, source, rule);
                if own.is_none() {
                    let service = "events.amazonaws.com";
                    let action = "states:StartExecution";
                    let properties = caller(service, &role_id, action, &arn, &event);
                    expansion.add(role_id, "AWS::IAM::Role", key, source, properties);
                }
            }
            "ScheduleV2" => {
                schedule(
                    source,
                    &event,
                    &id,
                    &arn,
                    "states:StartExecution",
                    expansion,
                );
            }
            "Api" => {
                if event.get("RestApiId").is_none() {
                    let implicit = ImplicitApi {
                        is_http: false,
                        place: key,
                    };
                    if !expansion.implicit_apis.iter().any(|api| !api.is_http) {
                        expansion.implicit_apis.push(implicit);
                    }
                }
                let service = "apigateway.amazonaws.com";
                let properties = caller(service, &role_id, "states:StartExecution", &arn, &event);
                expansion.add(role_id, "AWS::IAM::Role", key, source, properties);
            }
            _ => {}
        }
    }
}

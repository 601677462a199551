//! Event sources of serverless functions and state machines.

use std::sync::Arc;

use super::apis::{self, Call};
use super::definition::{self, api_arn};
use super::functions::{Target, sending};
use super::policies::{allow, assumed_by, document, named, statement_document};
use super::python::{Node, is_truthy, suffix};
use super::{
    Expansion, Properties, Source, attribute, choice, is_function, list, object, reference, sub,
    tag_list, text,
};
use crate::source::Span;
use crate::value::{Data, Member, Value};

/// One event of a resource.
pub(super) struct Event {
    pub(super) name: Arc<str>,
    pub(super) key: Span,
    pub(super) kind: String,
    pub(super) properties: Value,
}

impl Event {
    fn member(&self, name: &str) -> Option<Member> {
        let member = self.properties.as_object()?.members().get(name)?;
        let value = self.properties.seen(&member.value);
        let key = member.key;
        (!value.is_null()).then_some(Member { key, value })
    }

    pub(super) fn get(&self, name: &str) -> Option<Value> {
        self.member(name).map(|member| member.value)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str().map(str::to_owned)
    }

    fn truthy(&self, name: &str) -> Option<Value> {
        self.get(name).filter(is_truthy)
    }

    fn take(&self, properties: &mut Properties, from: &str, to: &str) {
        if let Some(member) = self.member(from) {
            properties.0.insert(to.into(), member);
        }
    }

    /// The path and method of an event of an API, as the template has them or as they are taken for.
    pub(super) fn route(&self) -> Option<(Node, Node)> {
        let part = |name: &str| self.truthy(name).map(|value| Node::of_template(&value));
        match (part("Path"), part("Method")) {
            (Some(path), Some(method)) => Some((path, method)),
            (None, None) if self.kind == "HttpApi" => Some((
                Node::text("$default", self.key),
                Node::text("x-amazon-apigateway-any-method", self.key),
            )),
            _ => None,
        }
    }

    /// The API that it is of: as it is written, and the id of that.
    pub(super) fn api(&self) -> (Value, Option<String>) {
        let (property, implicit) = match self.kind.as_str() {
            "HttpApi" => ("ApiId", apis::IMPLICIT_HTTP),
            _ => ("RestApiId", apis::IMPLICIT_REST),
        };
        let written = match self.get(property) {
            Some(written) => written,
            None => reference(implicit, self.key),
        };
        let id = match written.member("Ref") {
            Some(id) => id.as_str().map(str::to_owned),
            None => written.as_str().map(str::to_owned),
        };
        (written, id)
    }
}

/// The events of a resource in the template's order.
pub(super) fn events(source: &Source<'_>) -> Vec<Event> {
    let Some(events) = source.get("Events") else {
        return Vec::new();
    };
    let Some(object) = events.as_object() else {
        return Vec::new();
    };
    let members = object.members().iter();
    members
        .map(|(name, member)| Event {
            name: name.clone(),
            key: member.key,
            kind: member
                .value
                .member("Type")
                .and_then(|kind| kind.as_str().map(str::to_owned))
                .unwrap_or_default(),
            properties: member
                .value
                .member("Properties")
                .filter(|properties| properties.as_object().is_some())
                .map_or_else(
                    || self::object(Vec::new(), member.key),
                    |properties| with_route(source, properties),
                ),
        })
        .collect()
}

/// The properties of an event with its path and method as texts: loops leave them as functions of what is known.
fn with_route(source: &Source<'_>, properties: Value) -> Value {
    let is_made = |name: &str| {
        properties
            .member(name)
            .is_some_and(|part| is_function(&part))
    };
    if !is_made("Path") && !is_made("Method") {
        return properties;
    }
    let mut members = properties
        .as_object()
        .map(|object| object.members().clone())
        .unwrap_or_default();
    for name in ["Path", "Method"] {
        if let Some(member) = members
            .get_mut(name)
            .filter(|member| is_function(&member.value))
        {
            let known = (source.given.evaluate)(&member.value);
            if let Some(known) = known.as_str() {
                member.value = text(known, member.value.span());
            }
        }
    }
    Value::object(members, properties.span())
}

/// The events of a function in the order in which they are carried out: by path, else by name.
fn sorted(source: &Source<'_>) -> Vec<Event> {
    let mut all = events(source);
    all.sort_by_cached_key(|event| match event.route() {
        Some((path, _)) if matches!(event.kind.as_str(), "Api" | "HttpApi") => {
            path.as_str().unwrap_or_default().to_owned()
        }
        _ => event.text("Path").unwrap_or_else(|| event.name.to_string()),
    });
    all
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

/// What events add to the role of their function.
#[derive(Default)]
pub(super) struct Parts {
    /// Managed policies.
    pub(super) managed: Vec<(&'static str, Span)>,
    /// Policies of its own.
    pub(super) inline: Vec<Value>,
}

/// What a function's role needs to read its sources.
pub(super) fn role_parts(source: &Source<'_>) -> Parts {
    let mut parts = Parts::default();
    for event in sorted(source) {
        let managed = match event.kind.as_str() {
            "SQS" => "service-role/AWSLambdaSQSQueueExecutionRole",
            "SNS" if event.truthy("SqsSubscription").is_some() => {
                "service-role/AWSLambdaSQSQueueExecutionRole"
            }
            "Kinesis" => "service-role/AWSLambdaKinesisExecutionRole",
            "DynamoDB" => "service-role/AWSLambdaDynamoDBExecutionRole",
            "MSK" => "service-role/AWSLambdaMSKExecutionRole",
            _ => "",
        };
        if !managed.is_empty() {
            parts.managed.push((managed, event.key));
        }
        parts.inline.extend(reading(source, &event));
        if polled(&event.kind).is_some()
            && let Some(failure) = failure_of(&event)
            && let Some(kind) = failure.member("Type")
            && let Some(to) = failure.member("Destination")
        {
            let id = format!("{}{}", source.name, event.name);
            let kind = kind.as_str().unwrap_or_default();
            let kind = if kind == "S3Bucket" { "" } else { kind };
            parts.inline.extend(sending(kind, &to, &id, failure.span()));
        }
    }
    parts
}

fn failure_of(event: &Event) -> Option<Value> {
    event.truthy("DestinationConfig")?.member("OnFailure")
}

/// Network interfaces that Lambda makes to reach a source.
const NETWORK: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

/// The policy that a function's role needs to read a source, where no managed one does.
fn reading(source: &Source<'_>, event: &Event) -> Option<Value> {
    let key = event.key;
    let listed = |action: &str, resource: Value| {
        let place = resource.span();
        object(
            vec![
                ("Action", list(vec![text(action, place)], place)),
                ("Effect", text("Allow", place)),
                ("Resource", resource),
            ],
            place,
        )
    };
    let secret = |uri: Value| listed("secretsmanager:GetSecretValue", uri);
    let accesses: Vec<(String, Option<Value>)> = event
        .get("SourceAccessConfigurations")
        .iter()
        .flat_map(Value::elements)
        .map(|access| {
            let kind = access.member("Type");
            let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
            (kind.to_owned(), access.member("URI").filter(is_truthy))
        })
        .collect();
    let last = |wanted: &dyn Fn(&str) -> bool| {
        let found = accesses.iter().rev().find(|(kind, _)| wanted(kind));
        found.and_then(|(_, uri)| uri.clone())
    };
    let basic = || last(&|kind| kind == "BASIC_AUTH").unwrap_or_else(|| Value::null(key));
    let decrypting = |is_listed: bool| {
        let id = event.text("SecretsManagerKmsKeyId")?;
        let arn =
            format!("arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:key/{id}");
        let arn = sub(&arn, Vec::new(), key);
        Some(match is_listed {
            true => listed("kms:Decrypt", arn),
            false => allow(&["kms:Decrypt"], arn, key),
        })
    };
    let of_account = |pattern: &str| {
        let arn =
            format!("arn:${{AWS::Partition}}:rds:${{AWS::Region}}:${{AWS::AccountId}}:{pattern}:*");
        sub(&arn, Vec::new(), key)
    };
    match event.kind.as_str() {
        "MQ" => {
            let broker = event.get("Broker")?;
            let mut statements = vec![secret(basic()), listed("mq:DescribeBroker", broker)];
            statements.extend(decrypting(false));
            let name = match event.truthy("DynamicPolicyName") {
                Some(_) => format!("{}{}AMQPolicy", source.name, event.name),
                None => "SamAutoGeneratedAMQPolicy".to_owned(),
            };
            Some(named(&name, statement_document(statements, key)))
        }
        "DocumentDB" => {
            let mut statements = vec![
                secret(basic()),
                listed("rds:DescribeDBClusterParameters", of_account("cluster-pg")),
                listed("rds:DescribeDBSubnetGroups", of_account("subgrp")),
                listed("rds:DescribeDBClusters", event.get("Cluster")?),
                allow(&NETWORK, text("*", key), key),
            ];
            statements.extend(decrypting(true));
            let name = "SamAutoGeneratedDocumentDBPolicy";
            Some(named(name, statement_document(statements, key)))
        }
        "MSK" => {
            let mut statements = registry(source, event);
            for (kind, uri) in accesses {
                if kind == "CLIENT_CERTIFICATE_TLS_AUTH" {
                    statements.extend(uri.map(secret));
                }
            }
            let name = "MSKExecutionRolePolicy";
            let document = (!statements.is_empty()).then(|| statement_document(statements, key));
            document.map(|document| named(name, document))
        }
        "SelfManagedKafka" => {
            let is_login = |kind: &str| {
                kind.ends_with("_AUTH") && !matches!(kind, "IAM_AUTH" | "IAM_OAUTHBEARER_AUTH")
            };
            let mut statements: Vec<Value> = last(&is_login).into_iter().map(secret).collect();
            statements.extend(last(&|kind| kind == "SERVER_ROOT_CA_CERTIFICATE").map(secret));
            let has = |wanted: &str| accesses.iter().any(|(kind, _)| kind == wanted);
            if has("VPC_SUBNET") && has("VPC_SECURITY_GROUP") {
                statements.push(allow(&NETWORK, text("*", key), key));
            }
            statements.extend(decrypting(true));
            statements.extend(registry(source, event));
            let name = "SelfManagedKafkaExecutionRolePolicy";
            let document = (!statements.is_empty()).then(|| document(statements, key));
            document.map(|document| named(name, document))
        }
        _ => None,
    }
}

/// Statements that let a function read a registry of schemas.
fn registry(source: &Source<'_>, event: &Event) -> Vec<Value> {
    let Some(config) = event.truthy("SchemaRegistryConfig") else {
        return Vec::new();
    };
    let listed = |action: &str, resource: Value| {
        let place = resource.span();
        let action = list(vec![text(action, place)], place);
        object(
            vec![
                ("Action", action),
                ("Effect", text("Allow", place)),
                ("Resource", resource),
            ],
            place,
        )
    };
    let accesses = config.member("AccessConfigs");
    let uris = accesses
        .iter()
        .flat_map(Value::elements)
        .filter_map(|access| access.member("URI"));
    let mut statements: Vec<Value> = uris
        .map(|uri| listed("secretsmanager:GetSecretValue", uri))
        .collect();
    let Some(uri) = config.member("SchemaRegistryURI") else {
        return statements;
    };
    let resolved = source.given.resolved(&uri);
    let pattern = resolved.member("Fn::Sub");
    let pattern = pattern.as_ref().unwrap_or(&resolved);
    let name = pattern.as_str().filter(|arn| arn.starts_with("arn"));
    // A part in braces has no colons of its own but those of pseudo parameters.
    let name = name.map(|arn| arn.split(':').collect::<Vec<&str>>());
    let name = name.and_then(|parts| parts.get(5)?.strip_prefix("registry/"));
    if let Some(name) = name {
        let place = uri.span();
        let schemas = format!(
            "arn:${{AWS::Partition}}:glue:${{AWS::Region}}:${{AWS::AccountId}}:schema/{name}/*"
        );
        let schemas = list(vec![sub(&schemas, Vec::new(), place)], place);
        statements.push(listed("glue:GetRegistry", uri.clone()));
        statements.push(listed("glue:GetSchemaVersion", schemas));
    }
    statements
}

pub(super) fn of_function(source: &Source<'_>, target: &Target, expansion: &mut Expansion) {
    let partition = source.given.partition();
    for event in sorted(source) {
        let id = format!("{}{}", source.name, event.name);
        let key = event.key;
        let arn = &target.arn;
        let permission = |principal: &str, from: Vec<(&str, Value)>| {
            let mut properties = Properties::default();
            properties.set("Action", key, text("lambda:InvokeFunction", key));
            properties.set("FunctionName", key, target.name.clone());
            properties.set("Principal", key, text(principal, key));
            for (name, value) in from {
                properties.set(name, key, value);
            }
            properties
        };
        let kind = "AWS::Lambda::Permission";
        let of_account = |service: &str, rest: &str, name: &str, value: Value| {
            let pattern =
                format!("arn:{partition}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}");
            sub(&pattern, vec![(name, value)], key)
        };
        match event.kind.as_str() {
            polled_kind if polled(polled_kind).is_some() => {
                let properties = mapping(&event, target);
                let kind = "AWS::Lambda::EventSourceMapping";
                expansion.add(id, kind, key, source, properties);
            }
            "Api" => {
                let (written, api) = event.api();
                let Some((path, method)) = event.route() else {
                    continue;
                };
                let stage = apis::stage_in_permission(api.as_deref(), &written, expansion);
                let route = route_arn(&path, &method, false);
                let from = api_arn(partition, written, &format!("${{__Stage__}}{route}"), key);
                let from = with_stage(from, key);
                let properties = permission("apigateway.amazonaws.com", vec![("SourceArn", from)]);
                let id = suffixed(
                    &format!("{id}Permission"),
                    stage.as_str().unwrap_or_default(),
                );
                expansion.add(id, kind, key, source, properties);
                let call = Call {
                    event: &event,
                    path,
                    method,
                    target,
                };
                apis::add_function(source, &call, api.as_deref(), &stage, expansion);
            }
            "HttpApi" => {
                let (written, api) = event.api();
                let Some((path, method)) = event.route() else {
                    continue;
                };
                let call = Call {
                    event: &event,
                    path,
                    method,
                    target,
                };
                if apis::is_permitted(&call, api.as_deref(), expansion) {
                    let route = route_arn(&call.path, &call.method, true);
                    let partition = "${AWS::Partition}";
                    let rest = format!("${{__Stage__}}{route}");
                    let from = with_stage(api_arn(partition, written, &rest, key), key);
                    let service = "apigateway.amazonaws.com";
                    let properties = permission(service, vec![("SourceArn", from)]);
                    expansion.add(format!("{id}Permission"), kind, key, source, properties);
                }
                let stage = Node::text("", key);
                apis::add_function(source, &call, api.as_deref(), &stage, expansion);
            }
            "S3" => {
                let from = reference("AWS::AccountId", key);
                let properties = permission("s3.amazonaws.com", vec![("SourceAccount", from)]);
                let permission = format!("{id}Permission");
                expansion.add(permission.clone(), kind, key, source, properties);
                notify(source, &event, &permission, arn, expansion);
            }
            "SNS" => {
                let add = subscribe(source, &event, &id, target, expansion);
                if add {
                    let topic = event.get("Topic").map(|topic| ("SourceArn", topic));
                    let from = topic.into_iter().collect();
                    let properties = permission("sns.amazonaws.com", from);
                    expansion.add(format!("{id}Permission"), kind, key, source, properties);
                }
            }
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                let target_id = target_id(&event, &id, "LambdaTarget");
                rule(source, &event, &id, arn, target_id, None, expansion);
                let from = attribute(&id, "Arn", key);
                let service = "events.amazonaws.com";
                let properties = permission(service, vec![("SourceArn", from)]);
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "ScheduleV2" => schedule(source, &event, &id, arn, true, expansion),
            "CloudWatchLogs" => {
                let mut properties = Properties::default();
                event.take(&mut properties, "LogGroupName", "LogGroupName");
                event.take(&mut properties, "FilterPattern", "FilterPattern");
                properties.set("DestinationArn", key, arn.clone());
                let filter = "AWS::Logs::SubscriptionFilter";
                expansion.add(id.clone(), filter, key, source, properties);
                let group = event.get("LogGroupName");
                let group = group.unwrap_or_else(|| text("*", key));
                let rest = "log-group:${__LogGroupName__}:*";
                let from = of_account("logs", rest, "__LogGroupName__", group);
                let service = "logs.amazonaws.com";
                let properties = permission(service, vec![("SourceArn", from)]);
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
                let rule = reference(&id, key);
                let from = of_account("iot", "rule/${RuleName}", "RuleName", rule);
                let account = sub("${AWS::AccountId}", Vec::new(), key);
                let limits = vec![("SourceArn", from), ("SourceAccount", account)];
                let properties = permission("iot.amazonaws.com", limits);
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "AlexaSkill" => {
                let mut properties = permission("alexa-appkit.amazon.com", Vec::new());
                event.take(&mut properties, "SkillId", "EventSourceToken");
                expansion.add(format!("{id}Permission"), kind, key, source, properties);
            }
            "Cognito" => {
                let pool = event.get("UserPool").and_then(|pool| {
                    let name = pool.member("Ref")?;
                    name.as_str().map(str::to_owned)
                });
                let Some(pool) = pool else { continue };
                let from = attribute(&pool, "Arn", key);
                let service = "cognito-idp.amazonaws.com";
                let properties = permission(service, vec![("SourceArn", from)]);
                // One permission for all triggers of a function.
                let owner = match target.arn.member("Ref") {
                    Some(alias) => alias.as_str().unwrap_or_default().to_owned(),
                    None => target.function.clone(),
                };
                let id = format!("{owner}CognitoPermission");
                expansion.add(id, kind, key, source, properties);
                let triggers = event.get("Trigger");
                let triggers = triggers.map(|one| match one.data {
                    Data::List(_) => one.elements().collect(),
                    _ => vec![one],
                });
                expansion.change(&pool, "LambdaConfig", &mut |known| {
                    let known = known.and_then(Value::as_object);
                    let mut members = known.map(|known| known.members().clone());
                    let members = members.get_or_insert_default();
                    for trigger in triggers.iter().flatten() {
                        if let Some(name) = trigger.as_str() {
                            let value = arn.clone();
                            members.insert(name.into(), Member { key, value });
                        }
                    }
                    Value::object(std::mem::take(members), key)
                });
            }
            _ => {}
        }
    }
}

/// An id with a text behind it, as it is or as a digest.
fn suffixed(id: &str, text: &str) -> String {
    match !text.is_empty() && text.chars().all(char::is_alphanumeric) {
        true => format!("{id}{text}"),
        false => format!("{id}{}", suffix(text)),
    }
}

/// The method and path of a route as its ARN has them.
fn route_arn(path: &Node, method: &Node, is_http: bool) -> String {
    let method = method.as_str().unwrap_or_default().to_lowercase();
    let is_any = method == "any" || is_http && method == "x-amazon-apigateway-any-method";
    let path = path.as_str().unwrap_or_default();
    // API Gateway takes a slash at the end away.
    let path = match path.strip_suffix('/') {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    };
    let path = if is_http && path == "$default" {
        ""
    } else {
        path
    };
    let path = definition::with_stars(path, is_http);
    if is_http && is_any && method == "any" && path == "/$default" {
        return path;
    }
    let method = if is_any {
        "*".to_owned()
    } else {
        method.to_uppercase()
    };
    format!("/{method}{path}")
}

/// All stages of an API, in its ARN.
fn with_stage(arn: Value, place: Span) -> Value {
    let Some(argument) = arn.member("Fn::Sub") else {
        return arn;
    };
    let mut parts: Vec<Value> = argument.elements().collect();
    if let Some(variables) = parts.get_mut(1)
        && let Some(object) = variables.as_object()
    {
        let mut members = object.members().clone();
        members.insert("__Stage__".into(), text("*", place).into());
        *variables = Value::object(members, place);
    }
    object(vec![("Fn::Sub", list(parts, place))], place)
}

/// The mapping of a source that Lambda polls.
fn mapping(event: &Event, target: &Target) -> Properties {
    let key = event.key;
    let mut properties = Properties::default();
    properties.set("FunctionName", key, target.name.clone());
    if let Some(named) = polled(&event.kind) {
        event.take(&mut properties, named, "EventSourceArn");
    }
    for name in [
        "StartingPosition",
        "StartingPositionTimestamp",
        "BatchSize",
        "Enabled",
        "MaximumBatchingWindowInSeconds",
        "MaximumRetryAttempts",
        "BisectBatchOnFunctionError",
        "MaximumRecordAgeInSeconds",
        "ParallelizationFactor",
        "Topics",
        "Queues",
        "SourceAccessConfigurations",
        "TumblingWindowInSeconds",
        "FunctionResponseTypes",
        "FilterCriteria",
        "KmsKeyArn",
        "ScalingConfig",
        "ProvisionedPollerConfig",
        "MetricsConfig",
        "LoggingConfig",
    ] {
        event.take(&mut properties, name, name);
    }
    if let Some(servers) = event.truthy("KafkaBootstrapServers") {
        let place = servers.span();
        let endpoints = object(vec![("KafkaBootstrapServers", servers)], place);
        let source = object(vec![("Endpoints", endpoints)], place);
        properties.set("SelfManagedEventSource", place, source);
    }
    let config = match event.kind.as_str() {
        "MSK" => "AmazonManagedKafkaEventSourceConfig",
        _ => "SelfManagedKafkaEventSourceConfig",
    };
    let parts: Vec<(&str, Value)> = ["ConsumerGroupId", "SchemaRegistryConfig"]
        .into_iter()
        .filter_map(|name| Some((name, event.truthy(name)?)))
        .collect();
    if !parts.is_empty() && matches!(event.kind.as_str(), "MSK" | "SelfManagedKafka") {
        properties.set(config, key, object(parts, key));
    }
    if let Some(destinations) = event.truthy("DestinationConfig")
        && let Some(object) = destinations.as_object()
    {
        let place = destinations.span();
        let mut members = object.members().clone();
        if let Some(failure) = members.get_mut("OnFailure")
            && let Some(own) = failure.value.as_object()
        {
            let mut own = own.members().clone();
            own.shift_remove("Type");
            failure.value = Value::object(own, failure.value.span());
        }
        let destinations = Value::object(members, place);
        properties.set("DestinationConfig", place, destinations);
    }
    if event.kind == "DocumentDB" {
        let parts: Vec<(&str, Value)> = ["DatabaseName", "CollectionName", "FullDocument"]
            .into_iter()
            .filter_map(|name| Some((name, event.truthy(name)?)))
            .collect();
        properties.set("DocumentDBEventSourceConfig", key, object(parts, key));
    }
    properties
}

/// Tells a bucket of the template to call a function.
fn notify(
    source: &Source<'_>,
    event: &Event,
    permission: &str,
    arn: &Value,
    expansion: &mut Expansion,
) {
    let key = event.key;
    let bucket = event.get("Bucket").and_then(|bucket| bucket.member("Ref"));
    let Some(bucket) = bucket.as_ref().and_then(Value::as_str) else {
        return;
    };
    let kinds = event.get("Events").map(|one| match one.data {
        Data::List(_) => one.elements().collect(),
        _ => vec![one],
    });
    let condition = source.condition();
    let mappings: Vec<Value> = kinds
        .unwrap_or_default()
        .into_iter()
        .map(|kind| {
            let mut parts = vec![("Event", kind), ("Function", arn.clone())];
            parts.extend(event.get("Filter").map(|filter| ("Filter", filter)));
            let one = object(parts, key);
            match &condition {
                Some(condition) => {
                    let nothing = reference("AWS::NoValue", key);
                    choice(condition.clone(), one, nothing, key)
                }
                None => one,
            }
        })
        .collect();
    if let Some(condition) = condition {
        // What depends on a condition cannot be said otherwise.
        let then = reference(permission, key);
        let other = text("no dependency", key);
        let value = choice(condition, then, other, key);
        let name = format!("sam:ConditionalDependsOn:{permission}");
        let tag = tag_list(&object(vec![(name.as_str(), value)], key));
        expansion.change(bucket, "Tags", &mut |known| {
            let known = known.into_iter().flat_map(Value::elements);
            list(known.chain(tag.elements()).collect(), key)
        });
    }
    expansion.change(bucket, "NotificationConfiguration", &mut |known| {
        let object = known.and_then(Value::as_object);
        let mut members = object
            .map(|known| known.members().clone())
            .unwrap_or_default();
        let known = members.get("LambdaConfigurations");
        let mut all: Vec<Value> = known.iter().flat_map(|one| one.value.elements()).collect();
        for one in &mappings {
            if !all.iter().any(|known| known.is_same(one)) {
                all.push(one.clone());
            }
        }
        let value = list(all, key);
        members.insert("LambdaConfigurations".into(), Member { key, value });
        Value::object(members, key)
    });
}

fn target_id(event: &Event, id: &str, suffix: &str) -> Value {
    let own = event.get("Target").and_then(|target| target.member("Id"));
    own.unwrap_or_else(|| {
        let room = 64 - suffix.len();
        let start: String = id.chars().take(room).collect();
        text(format!("{start}{suffix}"), event.key)
    })
}

/// A rule of EventBridge, with the queue for what it cannot deliver.
fn rule(
    source: &Source<'_>,
    event: &Event,
    id: &str,
    arn: &Value,
    target_id: Value,
    role: Option<Value>,
    expansion: &mut Expansion,
) {
    let key = event.key;
    let is_schedule = event.kind == "Schedule";
    let mut properties = Properties::default();
    let names: &[(&str, &str)] = match is_schedule {
        true => &[
            ("Schedule", "ScheduleExpression"),
            ("Name", "Name"),
            ("Description", "Description"),
        ],
        false => &[
            ("Pattern", "EventPattern"),
            ("EventBusName", "EventBusName"),
            ("RuleName", "Name"),
        ],
    };
    for (from, to) in names {
        event.take(&mut properties, from, to);
    }
    if let Some(state) = event.truthy("State") {
        properties.set("State", key, state);
    }
    if let Some(enabled) = event.member("Enabled") {
        let state = if is_truthy(&enabled.value) {
            "ENABLED"
        } else {
            "DISABLED"
        };
        properties.set("State", enabled.key, text(state, enabled.value.span()));
    }
    let mut target = vec![("Arn", arn.clone()), ("Id", target_id)];
    let names: &[&str] = match is_schedule {
        true => &["Input", "RetryPolicy"],
        false => &["Input", "InputPath", "InputTransformer", "RetryPolicy"],
    };
    for name in names {
        if let Some(value) = event.get(name) {
            target.push((name, value));
        }
    }
    target.extend(role.map(|role| ("RoleArn", role)));
    if let Some(config) = event.get("DeadLetterConfig") {
        let place = config.span();
        let queue = match config.member("Arn").filter(|arn| !arn.is_null()) {
            Some(own) => own,
            None => {
                let queue = config.member("QueueLogicalId");
                let queue = queue.as_ref().and_then(Value::as_str);
                let queue = queue.map_or_else(|| format!("{id}Queue"), str::to_owned);
                let from = attribute(id, "Arn", place);
                let service = object(
                    vec![("Service", text("events.amazonaws.com", place))],
                    place,
                );
                queue_for(source, &queue, id, service, from, place, None, expansion)
            }
        };
        target.push(("DeadLetterConfig", object(vec![("Arn", queue)], place)));
    }
    let target = list(vec![object(target, key)], key);
    properties.set("Targets", key, target);
    let kind = "AWS::Events::Rule";
    expansion.add(id.to_owned(), kind, key, source, properties);
}

/// A queue with the policy that lets something send to it; its ARN.
#[allow(clippy::too_many_arguments)]
fn queue_for(
    source: &Source<'_>,
    queue: &str,
    owner: &str,
    principal: Value,
    from: Value,
    place: Span,
    is_fifo: Option<Value>,
    expansion: &mut Expansion,
) -> Value {
    let mut properties = Properties::default();
    if let Some(fifo) = is_fifo {
        properties.set("FifoQueue", place, fifo);
    }
    let kind = "AWS::SQS::Queue";
    expansion.add(queue.to_owned(), kind, place, source, properties);
    let arn = attribute(queue, "Arn", place);
    let url = reference(queue, place);
    let id = format!("{owner}QueuePolicy");
    queue_policy(
        source,
        id,
        url,
        arn.clone(),
        principal,
        from,
        place,
        expansion,
    );
    arn
}

#[allow(clippy::too_many_arguments)]
fn queue_policy(
    source: &Source<'_>,
    id: String,
    url: Value,
    arn: Value,
    principal: Value,
    from: Value,
    place: Span,
    expansion: &mut Expansion,
) {
    let from = object(vec![("aws:SourceArn", from)], place);
    let condition = object(vec![("ArnEquals", from)], place);
    let statement = object(
        vec![
            ("Action", text("sqs:SendMessage", place)),
            ("Effect", text("Allow", place)),
            ("Principal", principal),
            ("Resource", arn),
            ("Condition", condition),
        ],
        place,
    );
    let mut policy = Properties::default();
    let document = document(vec![statement], place);
    policy.set("PolicyDocument", place, document);
    policy.set("Queues", place, list(vec![url], place));
    expansion.add(id, "AWS::SQS::QueuePolicy", place, source, policy);
}

/// A schedule of EventBridge Scheduler, with the role by which it calls.
fn schedule(
    source: &Source<'_>,
    event: &Event,
    id: &str,
    arn: &Value,
    is_function: bool,
    expansion: &mut Expansion,
) {
    let key = event.key;
    let mut properties = Properties::default();
    for name in [
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "GroupName",
        "KmsKeyArn",
        "StartDate",
        "EndDate",
        "Description",
    ] {
        event.take(&mut properties, name, name);
    }
    if let Some(state) = event.truthy("State") {
        properties.set("State", key, state);
    }
    if event.truthy("OmitName").is_none() {
        let name = event.truthy("Name").unwrap_or_else(|| text(id, key));
        properties.set("Name", name.span(), name);
    }
    let window = event.truthy("FlexibleTimeWindow");
    let window = window.unwrap_or_else(|| object(vec![("Mode", text("OFF", key))], key));
    properties.set("FlexibleTimeWindow", key, window);
    let queue = event.get("DeadLetterConfig").map(|config| {
        let place = config.span();
        config
            .member("Arn")
            .filter(|arn| !arn.is_null())
            .unwrap_or_else(|| {
                let queue = config.member("QueueLogicalId");
                let queue = queue.as_ref().and_then(Value::as_str);
                let queue = queue.map_or_else(|| format!("{id}Queue"), str::to_owned);
                let nothing = Properties::default();
                let kind = "AWS::SQS::Queue";
                expansion.add(queue.clone(), kind, place, source, nothing);
                attribute(&queue, "Arn", place)
            })
    });
    let role_id = format!("{id}Role");
    let role = event.truthy("RoleArn");
    let role_arn = match &role {
        Some(role) => role.clone(),
        None => attribute(&role_id, "Arn", key),
    };
    let mut target = vec![("Arn", arn.clone()), ("RoleArn", role_arn)];
    for name in ["Input", "RetryPolicy"] {
        if let Some(value) = event.get(name) {
            target.push((name, value));
        }
    }
    if let Some(queue) = &queue {
        let config = object(vec![("Arn", queue.clone())], queue.span());
        target.push(("DeadLetterConfig", config));
    }
    properties.set("Target", key, object(target, key));
    let kind = "AWS::Scheduler::Schedule";
    expansion.add(id.to_owned(), kind, key, source, properties);
    if role.is_some() {
        return;
    }
    let (action, name) = match is_function {
        true => ("lambda:InvokeFunction", format!("{id}LambdaPolicy")),
        false => ("states:StartExecution", format!("{id}StartExecutionPolicy")),
    };
    let may = statement_document(vec![allow(&[action], arn.clone(), key)], key);
    let mut policies = vec![named(&name, may)];
    policies.extend(queue.and_then(|queue| sending("SQS", &queue, id, key)));
    let mut properties = Properties::default();
    let trust = assumed_by("scheduler.amazonaws.com", key);
    properties.set("AssumeRolePolicyDocument", key, trust);
    properties.set("Policies", key, list(policies, key));
    if let Some(boundary) = event.truthy("PermissionsBoundary") {
        properties.set("PermissionsBoundary", boundary.span(), boundary);
    }
    expansion.add(role_id, "AWS::IAM::Role", key, source, properties);
}

/// Subscribes a function, or a queue before it, to a topic. Whether the topic itself calls the function.
fn subscribe(
    source: &Source<'_>,
    event: &Event,
    id: &str,
    target: &Target,
    expansion: &mut Expansion,
) -> bool {
    let key = event.key;
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
    let kind = "AWS::SNS::Subscription";
    let Some(own) = event.truthy("SqsSubscription") else {
        properties.set("Protocol", key, text("lambda", key));
        properties.set("Endpoint", key, target.arn.clone());
        expansion.add(id.to_owned(), kind, key, source, properties);
        return true;
    };
    // Between topic and function stands a queue, the user's or one of its own.
    let topic = event.get("Topic").unwrap_or_else(|| text("*", key));
    let everybody = text("*", key);
    let arn = match own.as_object() {
        None => {
            let fifo = topic_is_fifo(source, &topic, expansion);
            let queue = format!("{id}Queue");
            queue_for(source, &queue, id, everybody, topic, key, fifo, expansion)
        }
        Some(_) => {
            let arn = own.member("QueueArn").unwrap_or_else(|| Value::null(key));
            let url = own.member("QueueUrl").unwrap_or_else(|| Value::null(key));
            let policy = own.member("QueuePolicyLogicalId");
            let policy = policy.as_ref().and_then(Value::as_str);
            let policy = policy.map_or_else(|| format!("{id}QueuePolicy"), str::to_owned);
            let queue = arn.clone();
            queue_policy(source, policy, url, queue, everybody, topic, key, expansion);
            arn
        }
    };
    properties.set("Protocol", key, text("sqs", key));
    properties.set("Endpoint", key, arn.clone());
    expansion.add(id.to_owned(), kind, key, source, properties);
    let mut mapping = Properties::default();
    mapping.set("FunctionName", key, target.name.clone());
    mapping.set("EventSourceArn", key, arn);
    let size = own.member("BatchSize").filter(is_truthy);
    let size = size.unwrap_or_else(|| Value::int(10, key));
    mapping.set("BatchSize", size.span(), size);
    mapping.set("Enabled", key, Value::bool(true, key));
    let mapping_id = format!("{id}EventSourceMapping");
    let kind = "AWS::Lambda::EventSourceMapping";
    expansion.add(mapping_id, kind, key, source, mapping);
    false
}

/// `FifoTopic` of a topic of the template, if it is set.
fn topic_is_fifo(source: &Source<'_>, topic: &Value, expansion: &Expansion) -> Option<Value> {
    let id = super::id_in(topic)?;
    let topic = &expansion.resources.get(&id)?.value;
    let fifo = topic.member("Properties")?.member("FifoTopic")?;
    let fifo = source.given.resolved(&fifo);
    is_truthy(&fifo).then_some(fifo)
}

/// The properties of a role by which a service starts a state machine.
fn starter(source: &Source<'_>, service: &str, id: &str, arn: &Value, key: Span) -> Properties {
    let mut properties = Properties::default();
    properties.set("AssumeRolePolicyDocument", key, assumed_by(service, key));
    let may = allow(&["states:StartExecution"], arn.clone(), key);
    let policy = named(
        &format!("{id}StartExecutionPolicy"),
        statement_document(vec![may], key),
    );
    properties.set("Policies", key, list(vec![policy], key));
    if let Some(boundary) = source.truthy("PermissionsBoundary") {
        properties.set("PermissionsBoundary", boundary.key, boundary.value);
    }
    properties
}

pub(super) fn of_state_machine(source: &Source<'_>, target: &str, expansion: &mut Expansion) {
    for event in events(source) {
        let id = format!("{}{}", source.name, event.name);
        let key = event.key;
        let arn = reference(target, key);
        let role_id = format!("{id}Role");
        match event.kind.as_str() {
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                let own = event.get("RoleArn").filter(|_| event.kind == "Schedule");
                let role = match &own {
                    Some(role) => role.clone(),
                    None => attribute(&role_id, "Arn", key),
                };
                let target_id = target_id(&event, &id, "StepFunctionsTarget");
                rule(source, &event, &id, &arn, target_id, Some(role), expansion);
                if own.is_none() {
                    let service = "events.amazonaws.com";
                    let properties = starter(source, service, &role_id, &arn, key);
                    expansion.add(role_id, "AWS::IAM::Role", key, source, properties);
                }
            }
            "ScheduleV2" => schedule(source, &event, &id, &arn, false, expansion),
            "Api" => {
                let service = "apigateway.amazonaws.com";
                let properties = starter(source, service, &role_id, &arn, key);
                let kind = "AWS::IAM::Role";
                expansion.add(role_id.clone(), kind, key, source, properties);
                let Some((path, method)) = event.route() else {
                    continue;
                };
                let (_, api) = event.api();
                let role = attribute(&role_id, "Arn", key);
                let parts = (path, method);
                apis::add_state_machine(
                    source,
                    &event,
                    parts,
                    api.as_deref(),
                    target,
                    role,
                    expansion,
                );
            }
            _ => {}
        }
    }
}

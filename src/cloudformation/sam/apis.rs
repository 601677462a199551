//! Serverless APIs, tables and applications.

use super::{
    Expansion, ImplicitApi, Properties, Resolve, Source, in_id, list, object, packaged, reference,
    tags, text,
};
use crate::source::Span;
use crate::value::{Members, Value};

pub(super) fn rest(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    for (from, to) in [
        ("Name", "Name"),
        ("Description", "Description"),
        ("BinaryMediaTypes", "BinaryMediaTypes"),
        ("MinimumCompressionSize", "MinimumCompressionSize"),
        ("ApiKeySourceType", "ApiKeySourceType"),
        ("DisableExecuteApiEndpoint", "DisableExecuteApiEndpoint"),
        ("Mode", "Mode"),
        ("FailOnWarnings", "FailOnWarnings"),
        ("SecurityPolicy", "SecurityPolicy"),
    ] {
        properties.take(source, from, to);
    }
    body(source, &mut properties);
    if let Some(endpoint) = source.member("EndpointConfiguration") {
        let place = endpoint.value.span();
        // A word, or a mapping with one.
        let configuration = match endpoint.value.member("Type") {
            Some(kind) => {
                let mut parts = vec![("Types", list(vec![kind], place))];
                for (from, to) in [
                    ("VPCEndpointIds", "VpcEndpointIds"),
                    ("IpAddressType", "IpAddressType"),
                ] {
                    if let Some(value) = endpoint.value.member(from) {
                        parts.push((to, value));
                    }
                }
                object(parts, place)
            }
            None => object(vec![("Types", list(vec![endpoint.value], place))], place),
        };
        properties.set("EndpointConfiguration", endpoint.key, configuration);
    }
    if let Some(policy) = source
        .get("Auth")
        .and_then(|auth| auth.member("ResourcePolicy"))
    {
        let place = policy.span();
        let document = match policy.member("CustomStatements") {
            Some(statements) => {
                let statements = match statements.as_list() {
                    Some(_) => statements,
                    None => list(vec![statements], place),
                };
                super::policies::document(statements.elements().collect(), place)
            }
            None => packaged("the API's resource policy", place),
        };
        properties.set("Policy", place, document);
    }
    properties.set("Tags", key, tags(source, "apigateway:createdBy"));
    expansion.add(
        name.to_owned(),
        "AWS::ApiGateway::RestApi",
        key,
        source,
        properties,
    );
    authorizers(source, true, expansion);

    let deployment = format!("{name}Deployment");
    let mut properties = Properties::default();
    properties.set("RestApiId", key, reference(name, key));
    let kind = "AWS::ApiGateway::Deployment";
    expansion.add(deployment.clone(), kind, key, source, properties);
    // A stage that is named by a function is called `Stage`.
    let stage = source.text("StageName").unwrap_or_default();
    let stage_id = format!("{name}{}Stage", in_id(&stage));
    let mut properties = Properties::default();
    properties.set("RestApiId", key, reference(name, key));
    properties.set("DeploymentId", key, reference(&deployment, key));
    for (from, to) in [
        ("StageName", "StageName"),
        ("AccessLogSetting", "AccessLogSetting"),
        ("CacheClusterEnabled", "CacheClusterEnabled"),
        ("CacheClusterSize", "CacheClusterSize"),
        ("CanarySetting", "CanarySetting"),
        ("MethodSettings", "MethodSettings"),
        ("TracingEnabled", "TracingEnabled"),
        ("Variables", "Variables"),
    ] {
        properties.take(source, from, to);
    }
    properties.set("Tags", key, tags(source, "apigateway:createdBy"));
    expansion.add(
        stage_id.clone(),
        "AWS::ApiGateway::Stage",
        key,
        source,
        properties,
    );
    for (what, id) in [("Stage", stage_id), ("Deployment", deployment)] {
        expansion
            .aliases
            .insert(format!("{name}.{what}").into(), id.into());
    }
}

/// What lets an API ask the functions that authorize its callers. The two kinds of API differ in what they do by default:
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-lambdatokenauthorizer.html>,
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-lambdaauthorizer.html>
fn authorizers(source: &Source<'_>, is_default: bool, expansion: &mut Expansion) {
    let auth = source.get("Auth");
    let authorizers = auth.and_then(|auth| auth.member("Authorizers"));
    for (name, authorizer) in authorizers.iter().flat_map(Value::entries) {
        let Some(function) = authorizer.member("FunctionArn") else {
            continue;
        };
        let flag = |name: &str| {
            let flag = authorizer
                .member(name)
                .and_then(|flag| (source.resolve)(&flag));
            flag.map(|flag| flag == "true")
        };
        let is_wanted = if is_default {
            flag("DisableFunctionDefaultPermissions") != Some(true)
        } else {
            flag("EnableFunctionDefaultPermissions") == Some(true)
        };
        if !is_wanted {
            continue;
        }
        let place = function.span();
        let mut properties = Properties::default();
        properties.set("Action", place, text("lambda:InvokeFunction", place));
        properties.set("FunctionName", place, function);
        properties.set("Principal", place, text("apigateway.amazonaws.com", place));
        let arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/authorizers/*";
        let api = reference(&source.name, place);
        properties.set(
            "SourceArn",
            place,
            super::sub(arn, vec![("Api", api)], place),
        );
        let id = format!("{}{}AuthorizerPermission", source.name, in_id(name));
        expansion.add(id, "AWS::Lambda::Permission", place, source, properties);
    }
}

/// The API's definition: written, in S3, or made of the functions' events.
fn body(source: &Source<'_>, properties: &mut Properties) {
    if let Some(body) = source.member("DefinitionBody") {
        properties.0.insert("Body".into(), body);
    } else if let Some(uri) = source.member("DefinitionUri") {
        let place = uri.value.span();
        let parts: Vec<(&str, Value)> = ["Bucket", "Key", "Version"]
            .into_iter()
            .filter_map(|part| Some((part, uri.value.member(part)?)))
            .collect();
        let location = if parts.is_empty() {
            packaged("the packaged definition", place)
        } else {
            object(parts, place)
        };
        properties.set("BodyS3Location", uri.key, location);
    } else {
        let made = packaged("what the functions' events define", source.key);
        properties.set("Body", source.key, made);
    }
}

pub(super) fn http(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    body(source, &mut properties);
    for (from, to) in [
        ("Name", "Name"),
        ("Description", "Description"),
        ("DisableExecuteApiEndpoint", "DisableExecuteApiEndpoint"),
        ("FailOnWarnings", "FailOnWarnings"),
        ("CorsConfiguration", "CorsConfiguration"),
    ] {
        properties.take(source, from, to);
    }
    expansion.add(
        name.to_owned(),
        "AWS::ApiGatewayV2::Api",
        key,
        source,
        properties,
    );
    authorizers(source, false, expansion);
    let stage = source.text("StageName").map(|stage| in_id(&stage));
    let stage_id = match (source.get("StageName"), stage.as_deref()) {
        (None, _) | (_, Some("default")) => format!("{name}ApiGatewayDefaultStage"),
        (Some(_), stage) => format!("{name}{}Stage", stage.unwrap_or_default()),
    };
    let mut properties = Properties::default();
    properties.set("ApiId", key, reference(name, key));
    match source.member("StageName") {
        Some(stage) => properties.set("StageName", stage.key, stage.value),
        None => properties.set("StageName", key, text("$default", key)),
    }
    properties.set("AutoDeploy", key, Value::bool(true, key));
    for (from, to) in [
        ("AccessLogSettings", "AccessLogSettings"),
        ("DefaultRouteSettings", "DefaultRouteSettings"),
        ("RouteSettings", "RouteSettings"),
        ("StageVariables", "StageVariables"),
    ] {
        properties.take(source, from, to);
    }
    let kind = "AWS::ApiGatewayV2::Stage";
    expansion.add(stage_id.clone(), kind, key, source, properties);
    expansion
        .aliases
        .insert(format!("{name}.Stage").into(), stage_id.into());
}

/// The API that is made when an event names none.
pub(super) fn implicit(
    api: ImplicitApi,
    globals: Option<&Value>,
    resolve: Resolve<'_>,
    expansion: &mut Expansion,
) {
    let (name, section) = if api.is_http {
        ("ServerlessHttpApi", "HttpApi")
    } else {
        ("ServerlessRestApi", "Api")
    };
    if expansion.resources.contains_key(name) {
        return;
    }
    let nothing = Value::object(Members::default(), api.place);
    let own = if api.is_http {
        nothing.clone()
    } else {
        object(vec![("StageName", text("Prod", api.place))], api.place)
    };
    let global = globals.and_then(|globals| globals.member(section));
    let properties = match &global {
        Some(global) => super::merged(global, &own),
        None => own,
    };
    let source = Source {
        name: name.into(),
        key: api.place,
        resource: &nothing,
        properties,
        resolve,
    };
    if api.is_http {
        http(&source, expansion);
    } else {
        rest(&source, expansion);
    }
}

pub(super) fn table(source: &Source<'_>, expansion: &mut Expansion) {
    let key = source.key;
    let primary = source.member("PrimaryKey");
    let place = primary.as_ref().map_or(key, |member| member.key);
    let part = |name: &str| {
        primary
            .as_ref()
            .and_then(|primary| primary.value.member(name))
    };
    let name = part("Name").unwrap_or_else(|| text("id", place));
    let kind = match part("Type") {
        Some(kind) => match kind.as_str() {
            Some("String") => text("S", kind.span()),
            Some("Number") => text("N", kind.span()),
            Some("Binary") => text("B", kind.span()),
            _ => kind,
        },
        None => text("S", place),
    };
    let mut properties = Properties::default();
    let definition = object(
        vec![("AttributeName", name.clone()), ("AttributeType", kind)],
        place,
    );
    properties.set("AttributeDefinitions", place, list(vec![definition], place));
    let schema = object(
        vec![("AttributeName", name), ("KeyType", text("HASH", place))],
        place,
    );
    properties.set("KeySchema", place, list(vec![schema], place));
    match source.member("ProvisionedThroughput") {
        Some(throughput) => {
            properties.set("ProvisionedThroughput", throughput.key, throughput.value);
        }
        None => properties.set("BillingMode", key, text("PAY_PER_REQUEST", key)),
    }
    properties.take_all(
        source,
        &[
            "TableName",
            "SSESpecification",
            "PointInTimeRecoverySpecification",
        ],
    );
    if source.get("Tags").is_some() {
        properties.set("Tags", place_of(source, "Tags"), own_tags(source));
    }
    let id = source.name.to_string();
    expansion.add(id, "AWS::DynamoDB::Table", key, source, properties);
}

fn place_of(source: &Source<'_>, name: &str) -> Span {
    source.member(name).map_or(source.key, |member| member.key)
}

fn own_tags(source: &Source<'_>) -> Value {
    let written = source.get("Tags");
    let tags = written
        .iter()
        .flat_map(Value::entries)
        .map(|(name, value)| {
            let place = value.span();
            object(
                vec![("Key", text(name.clone(), place)), ("Value", value)],
                place,
            )
        });
    list(tags.collect(), place_of(source, "Tags"))
}

/// A nested stack under another name.
pub(super) fn application(source: &Source<'_>, expansion: &mut Expansion) {
    let mut properties = Properties::default();
    properties.take(source, "Location", "TemplateURL");
    properties.take_all(
        source,
        &["Parameters", "NotificationARNs", "TimeoutInMinutes"],
    );
    if source.get("Tags").is_some() {
        properties.set("Tags", place_of(source, "Tags"), own_tags(source));
    }
    let id = source.name.to_string();
    expansion.add(
        id,
        "AWS::CloudFormation::Stack",
        source.key,
        source,
        properties,
    );
}

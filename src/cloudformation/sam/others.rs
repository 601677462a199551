//! Serverless tables, applications, WebSocket APIs and capacity providers.

use super::policies::assumed_by;
use super::python::is_truthy;
use super::{
    Expansion, Properties, Source, attribute, domains, list, object, reference, sub, tag_list, text,
};
use crate::source::Span;
use crate::value::{Member, Value};

pub(super) fn table(source: &Source<'_>, expansion: &mut Expansion) {
    let key = source.key;
    let primary = source.truthy("PrimaryKey");
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
    match source.truthy("ProvisionedThroughput") {
        Some(throughput) => {
            properties.set("ProvisionedThroughput", throughput.key, throughput.value);
        }
        None => properties.set("BillingMode", key, text("PAY_PER_REQUEST", key)),
    }
    properties.take_truthy(
        source,
        &[
            "TableName",
            "SSESpecification",
            "PointInTimeRecoverySpecification",
        ],
    );
    if let Some(tags) = source.truthy("Tags") {
        properties.set("Tags", tags.key, tag_list(&tags.value));
    }
    let id = source.name.to_string();
    expansion.add(id, "AWS::DynamoDB::Table", key, source, properties);
}

/// A nested stack under another name: a template beside this one, or an application of the repository.
pub(super) fn application(source: &Source<'_>, expansion: &mut Expansion) {
    let key = source.key;
    let mut properties = Properties::default();
    properties.take_all(
        source,
        &["Parameters", "NotificationARNs", "TimeoutInMinutes"],
    );
    let location = source.member("Location");
    let place = location.as_ref().map_or(key, |location| location.key);
    let tag = |name: &str, value: Value| {
        object(
            vec![("Key", text(name, value.span())), ("Value", value)],
            place,
        )
    };
    let mut tags = vec![tag("lambda:createdBy", text("SAM", place))];
    let part = |name: &str| {
        let location = location.as_ref()?;
        location.value.member(name).filter(|value| !value.is_null())
    };
    let application = part("ApplicationId");
    match (&application, &location) {
        (Some(id), _) => {
            let id = source.given.resolved(id);
            tags.push(tag("serverlessrepo:applicationId", id));
            let version = part("SemanticVersion").map(|version| source.given.resolved(&version));
            tags.extend(version.map(|version| tag("serverlessrepo:semanticVersion", version)));
            let template = super::packaged("the application's template", place);
            properties.set("TemplateURL", place, template);
        }
        (None, Some(location)) => {
            properties.set("TemplateURL", location.key, location.value.clone());
        }
        (None, None) => {}
    }
    let own = source.member("Tags");
    tags.extend(own.iter().flat_map(|own| {
        let list = tag_list(&own.value);
        list.elements().collect::<Vec<Value>>()
    }));
    properties.set("Tags", own.map_or(key, |own| own.key), list(tags, key));
    let id = source.name.to_string();
    let kind = "AWS::CloudFormation::Stack";
    expansion.add(id, kind, key, source, properties);
}

pub(super) fn web_socket(source: &Source<'_>, expansion: &mut Expansion) {
    const MARK: &str = "websocketapi:createdBy";
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    properties.take_all(
        source,
        &[
            "ApiKeySelectionExpression",
            "Description",
            "DisableExecuteApiEndpoint",
            "DisableSchemaValidation",
            "IpAddressType",
            "RouteSelectionExpression",
        ],
    );
    let own_name = source.get("Name").unwrap_or_else(|| text(name, key));
    properties.set("Name", own_name.span(), own_name);
    let own = source.truthy("Tags");
    let marked = |own: Option<&Member>| {
        let own = own.and_then(|own| own.value.as_object());
        let mut members = own.map(|own| own.members().clone()).unwrap_or_default();
        members.insert(MARK.into(), text("SAM", key).into());
        Value::object(members, key)
    };
    let tags = marked(own.as_ref());
    properties.set(
        "Tags",
        own.as_ref().map_or(key, |own| own.key),
        tags.clone(),
    );
    properties.set("ProtocolType", key, text("WEBSOCKET", key));
    let kind = "AWS::ApiGatewayV2::Api";
    expansion.add(name.to_owned(), kind, key, source, properties);
    let passed = Some(&tags).filter(|_| source.is("PropagateTags"));
    let domain = source.resolved("Domain");
    if let Some(domain) = domain.filter(|domain| domain.as_object().is_some()) {
        domains::of_http(source, &domain, MARK, passed, expansion);
    }
    let stage = source
        .get("StageName")
        .unwrap_or_else(|| text("default", key));
    let auth = source.truthy("Auth");
    let routes = source.get("Routes");
    for (route, settings) in routes.iter().flat_map(Value::entries) {
        add_route(source, route, &settings, &stage, auth.as_ref(), expansion);
    }
    let stage_id = match stage.as_str() {
        Some("default") => format!("{name}DefaultStage"),
        stage => format!("{name}{}Stage", stage.unwrap_or_default()),
    };
    let mut properties = Properties::default();
    properties.set("ApiId", key, reference(name, key));
    properties.set("StageName", stage.span(), stage);
    properties.take_all(
        source,
        &[
            "StageVariables",
            "AccessLogSettings",
            "DefaultRouteSettings",
            "RouteSettings",
        ],
    );
    let tags = passed.cloned().unwrap_or_else(|| marked(None));
    properties.set("Tags", key, tags);
    properties.set("AutoDeploy", key, Value::bool(true, key));
    let kind = "AWS::ApiGatewayV2::Stage";
    expansion.add(stage_id.clone(), kind, key, source, properties);
    expansion.alias(name, "Stage", &stage_id);
}

/// A route of a WebSocket API, with what it calls and the permission to.
fn add_route(
    source: &Source<'_>,
    route: &str,
    settings: &Value,
    stage: &Value,
    auth: Option<&Member>,
    expansion: &mut Expansion,
) {
    let name = &*source.name;
    let place = settings.span();
    let part = |name: &str| settings.member(name).filter(|value| !value.is_null());
    let clean = route.trim_start_matches('$').to_lowercase();
    let mut letters = clean.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    let base = format!("{name}{}{}", first.unwrap_or_default(), letters.as_str());
    let mut properties = Properties::default();
    properties.set("RouteKey", place, text(route, place));
    properties.set("ApiId", place, reference(name, place));
    for name in [
        "ApiKeyRequired",
        "ModelSelectionExpression",
        "OperationName",
        "RequestModels",
        "RequestParameters",
        "RouteResponseSelectionExpression",
    ] {
        if let Some(value) = part(name) {
            properties.set(name, value.span(), value);
        }
    }
    let integration = format!("{base}Integration");
    let target = vec![text("integrations", place), reference(&integration, place)];
    let target = list(vec![text("/", place), list(target, place)], place);
    properties.set("Target", place, object(vec![("Fn::Join", target)], place));
    if route == "$connect"
        && let Some(auth) = auth
    {
        authorize(source, auth, &mut properties, expansion);
    }
    let kind = "AWS::ApiGatewayV2::Route";
    expansion.add(format!("{base}Route"), kind, place, source, properties);

    let function = part("FunctionArn").unwrap_or_else(|| Value::null(place));
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations";
    let mut properties = Properties::default();
    properties.set("ApiId", place, reference(name, place));
    properties.set("IntegrationType", place, text("AWS_PROXY", place));
    let uri = sub(uri, vec![("FunctionArn", function.clone())], place);
    properties.set("IntegrationUri", place, uri);
    if let Some(timeout) = part("IntegrationTimeout") {
        properties.set("TimeoutInMillis", timeout.span(), timeout);
    }
    let kind = "AWS::ApiGatewayV2::Integration";
    expansion.add(integration, kind, place, source, properties);

    let api = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{name}.ApiId}}"
    );
    let from = match stage.as_str() {
        Some(stage) => sub(&format!("{api}/{stage}/{route}"), Vec::new(), place),
        None => {
            let pattern = format!("{api}/${{__StageName__}}/{route}");
            sub(&pattern, vec![("__StageName__", stage.clone())], place)
        }
    };
    let id = format!("{base}Permission");
    permit(source, id, function, from, place, expansion);
}

fn permit(
    source: &Source<'_>,
    id: String,
    function: Value,
    from: Value,
    place: Span,
    expansion: &mut Expansion,
) {
    let mut properties = Properties::default();
    properties.set("Action", place, text("lambda:InvokeFunction", place));
    properties.set("FunctionName", place, function);
    properties.set("Principal", place, text("apigateway.amazonaws.com", place));
    properties.set("SourceArn", place, from);
    expansion.add(id, "AWS::Lambda::Permission", place, source, properties);
}

/// Who may connect to a WebSocket API.
fn authorize(
    source: &Source<'_>,
    auth: &Member,
    route: &mut Properties,
    expansion: &mut Expansion,
) {
    let name = &*source.name;
    let place = auth.key;
    let part = |name: &str| auth.value.member(name).filter(is_truthy);
    let kind = part("AuthType");
    let kind = kind.as_ref().and_then(Value::as_str).unwrap_or("NONE");
    route.set("AuthorizationType", place, text(kind, place));
    let Some(function) = part("AuthArn").filter(|_| kind == "CUSTOM") else {
        return;
    };
    let id = format!("{name}ConnectAuthorizer");
    route.set("AuthorizerId", place, reference(&id, place));
    let mut properties = Properties::default();
    properties.set("ApiId", place, reference(name, place));
    if let Some(role) = part("InvokeRole") {
        properties.set("AuthorizerCredentialsArn", role.span(), role);
    }
    properties.set("AuthorizerType", place, text("REQUEST", place));
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${AuthArn}/invocations";
    let uri = sub(uri, vec![("AuthArn", function.clone())], place);
    properties.set("AuthorizerUri", place, uri);
    if let Some(identity) = part("IdentitySource") {
        properties.set("IdentitySource", identity.span(), identity);
    }
    let own = part("Name").unwrap_or_else(|| text(id.as_str(), place));
    properties.set("Name", own.span(), own);
    let kind = "AWS::ApiGatewayV2::Authorizer";
    expansion.add(id, kind, place, source, properties);
    if part("InvokeRole").is_none() {
        let api = reference(name, place);
        let from = super::definition::api_arn("${AWS::Partition}", api, "authorizers/*", place);
        let id = format!("{name}AuthorizerPermission");
        permit(source, id, function, from, place, expansion);
    }
}

pub(super) fn capacity_provider(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let marked = |own: Option<Member>| {
        let own = own.as_ref().and_then(|own| own.value.as_object());
        let mut members = own.map(|own| own.members().clone()).unwrap_or_default();
        members.insert("lambda:createdBy".into(), text("SAM", key).into());
        tag_list(&Value::object(members, key))
    };
    let mut properties = Properties::default();
    properties.take_truthy(source, &["CapacityProviderName", "KmsKeyArn"]);
    let chosen = |member: &Member, names: &[(&str, &str)]| {
        let parts = names.iter().filter_map(|(from, to)| {
            let value = member.value.member(from).filter(|value| !value.is_null())?;
            Some((*to, value))
        });
        object(parts.collect(), member.value.span())
    };
    if let Some(network) = source.truthy("VpcConfig") {
        let names = [
            ("SubnetIds", "SubnetIds"),
            ("SecurityGroupIds", "SecurityGroupIds"),
        ];
        properties.set("VpcConfig", network.key, chosen(&network, &names));
    }
    let operator = source.truthy("OperatorRole");
    let role_id = format!("{name}OperatorRole");
    let role = match &operator {
        Some(role) => role.value.clone(),
        None => attribute(&role_id, "Arn", key),
    };
    let permissions = object(vec![("CapacityProviderOperatorRoleArn", role)], key);
    properties.set("PermissionsConfig", key, permissions);
    properties.set("Tags", key, marked(source.truthy("Tags")));
    if let Some(needs) = source.truthy("InstanceRequirements") {
        let names = [
            ("Architectures", "Architectures"),
            ("AllowedTypes", "AllowedInstanceTypes"),
            ("ExcludedTypes", "ExcludedInstanceTypes"),
        ];
        properties.set("InstanceRequirements", needs.key, chosen(&needs, &names));
    }
    if let Some(scaling) = source.truthy("ScalingConfig") {
        let place = scaling.value.span();
        let part = |name: &str| scaling.value.member(name).filter(|value| !value.is_null());
        let mut parts = Vec::new();
        parts.extend(part("MaxVCpuCount").map(|count| ("MaxVCpuCount", count)));
        match part("AverageCPUUtilization") {
            Some(wanted) => {
                let metric = "LambdaCapacityProviderAverageCPUUtilization";
                let policy = object(
                    vec![
                        ("PredefinedMetricType", text(metric, place)),
                        ("TargetValue", wanted),
                    ],
                    place,
                );
                parts.push(("ScalingMode", text("Manual", place)));
                parts.push(("ScalingPolicies", list(vec![policy], place)));
            }
            None => parts.push(("ScalingMode", text("Auto", place))),
        }
        let scaling_config = object(parts, place);
        properties.set("CapacityProviderScalingConfig", scaling.key, scaling_config);
    }
    if let Some(logging) = source.truthy("LoggingConfig") {
        let place = logging.value.span();
        let telemetry = object(vec![("LoggingConfig", logging.value)], place);
        properties.set("TelemetryConfig", logging.key, telemetry);
    }
    if let Some(tags) = source.truthy("ManagedResourceTags") {
        let place = tags.value.span();
        let parts = match tags.value.member("Tags") {
            Some(own) => vec![
                ("Mode", text("Explicit", place)),
                ("ExplicitTags", tag_list(&own)),
            ],
            None => Vec::new(),
        };
        properties.set("PropagateTags", tags.key, object(parts, place));
    }
    let since = expansion.resources.len();
    let kind = "AWS::Lambda::CapacityProvider";
    expansion.add(name.to_owned(), kind, key, source, properties);
    if operator.is_none() {
        let mut properties = Properties::default();
        let trust = assumed_by("lambda.amazonaws.com", key);
        properties.set("AssumeRolePolicyDocument", key, trust);
        let partition = source.given.partition();
        let policy = format!("arn:{partition}:iam::aws:policy/AWSLambdaManagedEC2ResourceOperator");
        let managed = list(vec![text(policy, key)], key);
        properties.set("ManagedPolicyArns", key, managed);
        properties.set("Tags", key, marked(None));
        expansion.add(role_id, "AWS::IAM::Role", key, source, properties);
    }
    expansion.propagate_tags(source, since);
}

//! Serverless functions, state machines and layers.

use super::policies::{Role, allow, assumed_by, statement_document};
use super::python::{Layout, is_truthy, json, suffix, suffix_of};
use super::{
    Expansion, Properties, Source, attribute, branches, choice, deployments, events, is_function,
    is_nothing, list, location, object, policies, reference, tags, text,
};
use crate::source::Span;
use crate::value::{Data, Member, Members, Segment, Text, Value};

/// Properties that `AWS::Lambda::Function` has under the same name.
const SAME: &[&str] = &[
    "Handler",
    "Runtime",
    "Description",
    "MemorySize",
    "Timeout",
    "Environment",
    "VpcConfig",
    "KmsKeyArn",
    "ReservedConcurrentExecutions",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "CodeSigningConfigArn",
    "Architectures",
    "EphemeralStorage",
    "SnapStart",
    "RuntimeManagementConfig",
    "LoggingConfig",
    "RecursiveLoop",
    "PackageType",
    "TenancyConfig",
    "DurableConfig",
    "PublishToLatestPublished",
    "Role",
];

/// A function, or the alias under which it is published: how it is named and what its ARN is.
pub(super) struct Target {
    pub(super) function: String,
    pub(super) name: Value,
    pub(super) arn: Value,
}

pub(super) fn function(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let since = expansion.resources.len();
    let mut properties = Properties::default();
    properties.take_truthy(source, &["FunctionName", "FunctionScalingConfig"]);
    properties.take_all(source, SAME);
    if let Some((place, code)) = code(source) {
        properties.set("Code", place, code);
    }
    if let Some(mode) = tracing(source) {
        let place = mode.value.span();
        let config = object(vec![("Mode", mode.value)], place);
        properties.set("TracingConfig", mode.key, config);
    }
    if let Some(queue) = source.member("DeadLetterQueue")
        && let Some(target) = queue.value.member("TargetArn")
    {
        let place = queue.value.span();
        let config = object(vec![("TargetArn", target)], place);
        properties.set("DeadLetterConfig", queue.key, config);
    }
    if let Some(provider) = source.truthy("CapacityProviderConfig") {
        let place = provider.value.span();
        let parts = [
            ("Arn", "CapacityProviderArn"),
            (
                "PerExecutionEnvironmentMaxConcurrency",
                "PerExecutionEnvironmentMaxConcurrency",
            ),
            (
                "ExecutionEnvironmentMemoryGiBPerVCpu",
                "ExecutionEnvironmentMemoryGiBPerVCpu",
            ),
        ];
        let parts = parts
            .into_iter()
            .filter_map(|(from, to)| Some((to, provider.value.member(from)?)));
        let config = object(parts.collect(), place);
        let name = "LambdaManagedInstancesCapacityProviderConfig";
        let config = object(vec![(name, config)], place);
        properties.set("CapacityProviderConfig", provider.key, config);
    }
    properties.set("Tags", key, tags(source, "lambda:createdBy"));
    if source.get("AutoPublishAlias").is_some()
        && let Some(digest) = source.resolved("AutoPublishCodeSha256")
    {
        describe(source, &digest, &mut properties);
    }

    let alias = published(source, &properties, expansion);
    let (role_condition, role) = match source.member("Role") {
        Some(own) => match chosen_role(source, &own, expansion) {
            Some((role, condition)) => (Some(condition), role),
            None => (None, own.value),
        },
        None => {
            let role = attribute(&format!("{name}Role"), "Arn", key);
            (Some(source.condition()), role)
        }
    };
    let place = source.member("Role").map_or(key, |own| own.key);
    properties.set("Role", place, role);
    let kind = "AWS::Lambda::Function";
    expansion.add(name.to_owned(), kind, key, source, properties);
    // The function stands before what is made for it.
    let last = expansion.resources.len() - 1;
    expansion.resources.move_index(last, since);
    url(source, expansion, alias.as_deref());
    deployments::note(source, expansion);
    let destinations = invocations(source, alias.as_deref(), expansion);
    if let Some(condition) = role_condition {
        add_role(source, destinations, condition, expansion);
    }
    let target = match &alias {
        Some(alias) => Target {
            function: name.to_owned(),
            name: reference(alias, key),
            arn: reference(alias, key),
        },
        None => Target {
            function: name.to_owned(),
            name: reference(name, key),
            arn: attribute(name, "Arn", key),
        },
    };
    events::of_function(source, &target, expansion);
    expansion.propagate_tags(source, since);
}

/// The mode of tracing, if it is on.
fn tracing(source: &Source<'_>) -> Option<Member> {
    let mode = source.truthy("Tracing")?;
    let resolved = source.given.resolved(&mode.value);
    (resolved.as_str() != Some("Disabled")).then_some(mode)
}

/// Where the code is, with the place of what says so.
fn code(source: &Source<'_>) -> Option<(Span, Value)> {
    let is_image = source.text("PackageType").as_deref() == Some("Image");
    if is_image && let Some(image) = source.member("ImageUri") {
        let place = image.value.span();
        return Some((image.key, object(vec![("ImageUri", image.value)], place)));
    }
    let (key, code) = if let Some(inline) = source.member("InlineCode") {
        let place = inline.value.span();
        (inline.key, object(vec![("ZipFile", inline.value)], place))
    } else if let Some(uri) = source.member("CodeUri") {
        (uri.key, object_in_bucket(&uri.value, "the packaged code"))
    } else {
        let image = source.member("ImageUri")?;
        let place = image.value.span();
        (image.key, object(vec![("ImageUri", image.value)], place))
    };
    let mut code = source.given.resolved(&code);
    if let Some(object) = code.as_object()
        && let Some(encryption) = source.truthy("SourceKMSKeyArn")
    {
        let mut members = object.members().clone();
        members.insert("SourceKMSKeyArn".into(), encryption);
        code = Value::object(members, code.span());
    }
    Some((key, code))
}

/// An object of S3 as the serverless resources name it, as Lambda names it.
fn object_in_bucket(uri: &Value, what: &str) -> Value {
    let code = location(uri, ["S3Bucket", "S3Key", "S3ObjectVersion"], what);
    let (Some(mode), Some(object)) = (uri.member("StorageMode"), code.as_object()) else {
        return code;
    };
    let mut members = object.members().clone();
    members.insert("S3ObjectStorageMode".into(), mode.into());
    Value::object(members, code.span())
}

/// Puts the digest of the code behind the description, so that a new version is published.
fn describe(source: &Source<'_>, digest: &Value, properties: &mut Properties) {
    let place = digest.span();
    let known = source.truthy("Description");
    let resolved = known
        .as_ref()
        .map(|known| source.given.resolved(&known.value));
    let described = match (&known, resolved.as_ref().map(Value::as_str)) {
        (None, _) => digest.clone(),
        (Some(_), Some(Some(known))) => {
            let digest = digest.as_str().unwrap_or_default();
            text(format!("{known} {digest}"), place)
        }
        (Some(known), _) => {
            let parts = list(vec![known.value.clone(), digest.clone()], place);
            let argument = list(vec![text(" ", place), parts], place);
            object(vec![("Fn::Join", argument)], place)
        }
    };
    let key = known.map_or(place, |known| known.key);
    properties.set("Description", key, described);
}

/// The alias of a function that publishes one.
fn published(
    source: &Source<'_>,
    function: &Properties,
    expansion: &mut Expansion,
) -> Option<String> {
    let alias = source.truthy("AutoPublishAlias")?;
    let alias_name = source.text("AutoPublishAlias")?;
    let name = &*source.name;
    let place = alias.key;
    let suffix = version_suffix(source, function, expansion);
    let version = format!("{name}Version{}", suffix.unwrap_or_default());
    let mut properties = Properties::default();
    properties.set("FunctionName", place, reference(name, place));
    properties.take(source, "VersionDescription", "Description");
    if source.get("CapacityProviderConfig").is_some() {
        properties.take(source, "FunctionScalingConfig", "FunctionScalingConfig");
    }
    let kind = "AWS::Lambda::Version";
    expansion.add(version.clone(), kind, place, source, properties);
    let in_id = alias_name.replace('-', "D").replace('_', "U");
    let id = format!("{name}Alias{in_id}");
    let mut properties = Properties::default();
    properties.set("FunctionName", place, reference(name, place));
    let number = attribute(&version, "Version", place);
    properties.set("FunctionVersion", place, number);
    let named = text(alias_name, alias.value.span());
    properties.set("Name", place, named);
    properties.take_truthy(source, &["ProvisionedConcurrencyConfig"]);
    expansion.add(id.clone(), "AWS::Lambda::Alias", place, source, properties);
    expansion.alias(name, "Version", &version);
    expansion.alias(name, "Alias", &id);
    Some(id)
}

/// What a version's id is made of: the code, and what else makes a version new.
fn version_suffix(
    source: &Source<'_>,
    function: &Properties,
    expansion: &Expansion,
) -> Option<String> {
    if let Some(digest) = source.text("AutoPublishCodeSha256") {
        return Some(digest.chars().take(10).collect());
    }
    if source
        .get("AutoPublishAliasAllProperties")
        .is_some_and(|all| is_truthy(&all))
    {
        let mut members = function.0.clone();
        for layer in source.get("Layers").iter().flat_map(Value::elements) {
            if let Some(id) = super::id_in(&layer)
                && let Some(layer) = expansion.publishing_layers.get(&id)
            {
                members.insert(id, layer.clone().into());
            }
        }
        return suffix_of(&Value::object(members, source.key));
    }
    let code = function.0.get("Code")?;
    let mut members = code.value.as_object()?.members().clone();
    let environment = source.truthy("Environment");
    let environment = environment.iter().flat_map(|one| one.value.entries());
    for (name, value) in environment {
        members.insert(name.clone(), value.into());
    }
    if let Some(size) = source.truthy("MemorySize") {
        members.insert("MemorySize".into(), size);
    }
    if let Some(start) = source.truthy("SnapStart")
        && let Some(when) = start.value.member("ApplyOn")
        && when.as_str() != Some("None")
    {
        members.insert("SnapStart".into(), start);
    }
    suffix_of(&Value::object(members, source.key))
}

/// The role of a function whose `Role` is chosen by a condition and is nothing in one case: then it gets its own.
fn chosen_role(
    source: &Source<'_>,
    own: &Member,
    expansion: &mut Expansion,
) -> Option<(Value, Option<Value>)> {
    let (condition, then, other) = branches(&own.value)?;
    let place = own.value.span();
    let made = attribute(&format!("{}Role", source.name), "Arn", source.key);
    match (is_nothing(&then), is_nothing(&other)) {
        (true, true) => Some((made, source.condition())),
        (true, false) => {
            let role = choice(condition.clone(), made, other, place);
            Some((role, Some(condition)))
        }
        (false, true) => {
            let role = choice(condition.clone(), then, made, place);
            let name = condition.as_str()?;
            let negated = negated(&format!("NOT{name}"), condition.clone(), expansion);
            Some((role, Some(negated)))
        }
        (false, false) => None,
    }
}

/// Adds a condition that holds when another does not.
fn negated(name: &str, condition: Value, expansion: &mut Expansion) -> Value {
    let place = condition.span();
    let not = list(vec![object(vec![("Condition", condition)], place)], place);
    let value = object(vec![("Fn::Not", not)], place);
    let member = Member { key: place, value };
    expansion.conditions.insert(name.into(), member);
    text(name, place)
}

fn add_role(
    source: &Source<'_>,
    destinations: Vec<Value>,
    condition: Option<Value>,
    expansion: &mut Expansion,
) {
    let key = source.key;
    let mut managed = vec![match source.get("DurableConfig") {
        Some(config) if is_truthy(&config) => {
            ("service-role/AWSLambdaBasicDurableExecutionRolePolicy", key)
        }
        _ => ("service-role/AWSLambdaBasicExecutionRole", key),
    }];
    if let Some(tracing) = tracing(source) {
        managed.push((policies::tracing(source), tracing.key));
    }
    if let Some(vpc) = source.truthy("VpcConfig") {
        managed.push(("service-role/AWSLambdaVPCAccessExecutionRole", vpc.key));
    }
    let mut inline = Vec::new();
    if let Some(queue) = source.member("DeadLetterQueue")
        && let (Some(kind), Some(target)) =
            (queue.value.member("Type"), queue.value.member("TargetArn"))
    {
        let action = match kind.as_str() {
            Some("SNS") => "sns:Publish",
            _ => "sqs:SendMessage",
        };
        let place = queue.key;
        let document = policies::document(vec![allow(&[action], target, place)], place);
        inline.push(policies::named("DeadLetterQueuePolicy", document));
    }
    inline.extend(destinations);
    let asked = Role {
        trust: assumed_by("lambda.amazonaws.com", key),
        managed,
        inline,
        mark: "lambda:createdBy",
        condition,
        later: events::role_parts(source),
    };
    policies::role(source, asked, expansion);
}

/// A function URL; without authorization everybody may call it.
fn url(source: &Source<'_>, expansion: &mut Expansion, alias: Option<&str>) {
    let Some(config) = source.truthy("FunctionUrlConfig") else {
        return;
    };
    let name = &*source.name;
    let key = config.key;
    let target = reference(alias.unwrap_or(name), key);
    let mut properties = Properties::default();
    properties.set("TargetFunctionArn", key, target.clone());
    if let Some(object) = config.value.as_object() {
        for property in ["AuthType", "Cors", "InvokeMode"] {
            if let Some(member) = object.members().get(property) {
                properties.0.insert(property.into(), member.clone());
            }
        }
    }
    let kind = "AWS::Lambda::Url";
    expansion.add(format!("{name}Url"), kind, key, source, properties);
    let kind = config
        .value
        .as_object()
        .and_then(|object| object.members().get("AuthType"));
    let Some(kind) = kind.filter(|kind| kind.value.as_str() == Some("NONE")) else {
        return;
    };
    let place = kind.value.span();
    let permission = |action: &str, limit: (&str, Value)| {
        let mut properties = Properties::default();
        properties.set("Action", place, text(action, place));
        properties.set("FunctionName", place, target.clone());
        properties.set("Principal", place, text("*", place));
        properties.set(limit.0, place, limit.1);
        properties
    };
    let by_url = Value::bool(true, place);
    for (suffix, properties) in [
        (
            "UrlPublicPermissions",
            permission(
                "lambda:InvokeFunctionUrl",
                ("FunctionUrlAuthType", kind.value.clone()),
            ),
        ),
        (
            "URLInvokeAllowPublicAccess",
            permission("lambda:InvokeFunction", ("InvokedViaFunctionUrl", by_url)),
        ),
    ] {
        let id = format!("{name}{suffix}");
        let permission = "AWS::Lambda::Permission";
        expansion.add(id, permission, kind.key, source, properties);
    }
}

/// What becomes of events that were handed over: `EventInvokeConfig`. The policies that its destinations need.
fn invocations(source: &Source<'_>, alias: Option<&str>, expansion: &mut Expansion) -> Vec<Value> {
    let Some(config) = source.truthy("EventInvokeConfig") else {
        return Vec::new();
    };
    let name = &*source.name;
    let key = config.key;
    let id = format!("{name}EventInvokeConfig");
    let given = source.given.resolved(&config.value);
    let mut policies = Vec::new();
    let mut destinations = Members::default();
    let written = given.member("DestinationConfig");
    for what in ["OnSuccess", "OnFailure"] {
        let Some(destination) = written.as_ref().and_then(|written| written.member(what)) else {
            continue;
        };
        let place = destination.span();
        let kind = destination.member("Type");
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
        let own = destination
            .member("Destination")
            .filter(|own| !own.is_null());
        let (arn, made) = destination_of(source, own.as_ref(), kind, &id, what, place, expansion);
        let Some(arn) = arn else { continue };
        policies.extend(sending(kind, &arn, &made, place));
        let value = object(vec![("Destination", arn)], place);
        destinations.insert(what.into(), Member { key: place, value });
    }
    let mut properties = Properties::default();
    properties.set("FunctionName", key, reference(name, key));
    let qualifier = match alias {
        Some(_) => source.text("AutoPublishAlias").unwrap_or_default(),
        None => "$LATEST".to_owned(),
    };
    properties.set("Qualifier", key, text(qualifier, key));
    let destinations = Value::object(destinations, key);
    properties.set("DestinationConfig", key, destinations);
    for part in ["MaximumEventAgeInSeconds", "MaximumRetryAttempts"] {
        if let Some(value) = given.member(part).filter(|value| !value.is_null()) {
            properties.set(part, value.span(), value);
        }
    }
    let kind = "AWS::Lambda::EventInvokeConfig";
    expansion.add(id, kind, key, source, properties);
    policies
}

/// The ARN of a destination, and the id that its own queue or topic has or would have.
fn destination_of(
    source: &Source<'_>,
    own: Option<&Value>,
    kind: &str,
    config: &str,
    what: &str,
    place: Span,
    expansion: &mut Expansion,
) -> (Option<Value>, String) {
    let id = format!("{config}{what}");
    let choice_of = own
        .and_then(branches)
        .filter(|(_, then, other)| is_nothing(then) != is_nothing(other));
    if own.is_some() && choice_of.is_none() {
        return (own.cloned(), id);
    }
    let (suffix, resource, alias) = match kind {
        "SQS" => ("Queue", "AWS::SQS::Queue", "DestinationQueue"),
        "SNS" => ("Topic", "AWS::SNS::Topic", "DestinationTopic"),
        _ => return (own.cloned(), id),
    };
    let made_id = format!("{id}{suffix}");
    let made = match kind {
        "SQS" => attribute(&made_id, "Arn", place),
        _ => reference(&made_id, place),
    };
    let mut condition = source.condition();
    let arn = match choice_of {
        None => made,
        Some((tested, then, other)) => {
            let (tested, other) = if is_nothing(&then) {
                (tested, other)
            } else {
                let name = format!("NOT{}", tested.as_str().unwrap_or_default());
                let name = format!("{name}{}", suffix_text(config));
                (negated(&name, tested, expansion), then)
            };
            condition = Some(match condition {
                None => tested.clone(),
                Some(own) => {
                    let names = [own.clone(), tested.clone()];
                    let name: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                    let name = format!("{}{}", name.join("AND"), suffix_text(&source.name));
                    let parts = names
                        .into_iter()
                        .map(|name| {
                            let one = object(vec![("Condition", name)], place);
                            object(vec![("Condition", one)], place)
                        })
                        .collect();
                    let value = object(vec![("Fn::And", list(parts, place))], place);
                    let member = Member { key: place, value };
                    expansion.conditions.insert(name.as_str().into(), member);
                    text(name, place)
                }
            });
            choice(tested, made, other, place)
        }
    };
    let nothing = Properties::default();
    expansion.add_if(made_id.clone(), resource, place, source, nothing, condition);
    expansion.alias(&source.name, alias, &made_id);
    (Some(arn), id)
}

fn suffix_text(text: &str) -> String {
    suffix(text)
}

/// The policy that lets a role send to a destination of this kind.
pub(super) fn sending(kind: &str, arn: &Value, id: &str, place: Span) -> Option<Value> {
    let (action, name) = match kind {
        "SQS" => ("sqs:SendMessage", "SQSPolicy"),
        "SNS" => ("sns:publish", "SNSPolicy"),
        "EventBridge" => ("events:PutEvents", "EventBridgePolicy"),
        "Lambda" => ("lambda:InvokeFunction", "LambdaPolicy"),
        "S3Bucket" | "S3" => {
            let parts = list(vec![arn.clone(), text("*", place)], place);
            let all = list(vec![text("/", place), parts], place);
            let all = object(vec![("Fn::Join", all)], place);
            let statements = vec![
                allow(&["s3:PutObject"], all, place),
                allow(&["s3:ListBucket"], arn.clone(), place),
            ];
            let document = statement_document(statements, place);
            return Some(policies::named(&format!("{id}S3Policy"), document));
        }
        _ => return None,
    };
    let document = statement_document(vec![allow(&[action], arn.clone(), place)], place);
    Some(policies::named(&format!("{id}{name}"), document))
}

pub(super) fn state_machine(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let since = expansion.resources.len();
    let mut properties = Properties::default();
    properties.take_truthy(source, &["DefinitionSubstitutions"]);
    if let Some(definition) = source.truthy("Definition") {
        define(&definition, &mut properties);
    } else if let Some(uri) = source.truthy("DefinitionUri") {
        let parts = ["Bucket", "Key", "Version"];
        let location = location(&uri.value, parts, "the packaged definition");
        properties.set("DefinitionS3Location", uri.key, location);
    }
    for (from, to) in [
        ("Logging", "LoggingConfiguration"),
        ("Tracing", "TracingConfiguration"),
        ("Name", "StateMachineName"),
        ("Type", "StateMachineType"),
    ] {
        properties.take(source, from, to);
    }
    let own_role = source.truthy("Role");
    match &own_role {
        Some(role) => properties.set("RoleArn", role.key, role.value.clone()),
        None => {
            let role = attribute(&format!("{name}Role"), "Arn", key);
            properties.set("RoleArn", key, role);
        }
    }
    properties.set("Tags", key, tags(source, "stateMachine:createdBy"));
    let kind = "AWS::StepFunctions::StateMachine";
    expansion.add(name.to_owned(), kind, key, source, properties);
    if own_role.is_none() {
        let mut managed = Vec::new();
        if let Some(tracing) = source.member("Tracing")
            && tracing.value.member("Enabled").and_then(|on| on.as_bool()) == Some(true)
        {
            managed.push((policies::tracing(source), tracing.key));
        }
        let asked = Role {
            trust: assumed_by("states.amazonaws.com", key),
            managed: Vec::new(),
            inline: Vec::new(),
            mark: "stateMachine:createdBy",
            condition: source.condition(),
            later: events::Parts {
                managed,
                inline: Vec::new(),
            },
        };
        policies::role(source, asked, expansion);
    }
    let alias = shifted(source, expansion);
    let target = match alias.filter(|_| source.is("UseAliasAsEventTarget")) {
        Some(alias) => alias,
        None => name.to_owned(),
    };
    events::of_state_machine(source, &target, expansion);
    expansion.propagate_tags(source, since);
}

/// The version and the alias of a state machine, to which traffic is shifted; the alias's id.
fn shifted(source: &Source<'_>, expansion: &mut Expansion) -> Option<String> {
    let alias = source.truthy("AutoPublishAlias");
    let preference = source.truthy("DeploymentPreference");
    let place = alias.as_ref().or(preference.as_ref())?.key;
    let name = &*source.name;
    let version = format!("{name}Version");
    let mut properties = Properties::default();
    properties.set("StateMachineArn", place, reference(name, place));
    let revision = attribute(name, "StateMachineRevisionId", place);
    properties.set("StateMachineRevisionId", place, revision);
    let kind = "AWS::StepFunctions::StateMachineVersion";
    expansion.add(version.clone(), kind, place, source, properties);
    let alias_name = source.text("AutoPublishAlias").unwrap_or_default();
    let id = format!("{name}Alias{alias_name}");
    let mut properties = Properties::default();
    properties.take(source, "AutoPublishAlias", "Name");
    let mut members = match preference.as_ref().map(|member| &member.value) {
        Some(preference) => preference
            .as_object()
            .map(|object| object.members().clone())
            .unwrap_or_default(),
        None => Members::from_iter([("Type".into(), text("ALL_AT_ONCE", place).into())]),
    };
    let arn = reference(&version, place);
    members.insert("StateMachineVersionArn".into(), arn.into());
    let preference = Value::object(members, place);
    properties.set("DeploymentPreference", place, preference);
    let kind = "AWS::StepFunctions::StateMachineAlias";
    expansion.add(id.clone(), kind, place, source, properties);
    Some(id)
}

/// The text of a definition. Functions in it stand beside it, as what is put in when the machine is made.
fn define(definition: &Member, properties: &mut Properties) {
    let mut substitutions = Members::default();
    let mut counter = 0;
    let written = outlined(&definition.value, &mut counter, &mut substitutions);
    let place = definition.value.span();
    let text = match json(&written, &Layout::INDENTED) {
        Some(text) => {
            let segments = vec![Segment::Literal(text.into())];
            let text = Text::build(segments, Some(written), Vec::new());
            Value::new(Data::Text(text), place)
        }
        None => object(vec![("Fn::ToJsonString", definition.value.clone())], place),
    };
    properties.set("DefinitionString", definition.key, text);
    if substitutions.is_empty() {
        return;
    }
    let known = properties.0.get("DefinitionSubstitutions");
    let mut all = known
        .and_then(|known| known.value.as_object())
        .map(|known| known.members().clone())
        .unwrap_or_default();
    all.extend(substitutions);
    let all = Value::object(all, place);
    properties.set("DefinitionSubstitutions", definition.key, all);
}

/// A definition with a mark in place of each function, in the order of names.
fn outlined(value: &Value, counter: &mut usize, found: &mut Members) -> Value {
    let place = value.span();
    let mut part = |part: &Value, found: &mut Members| {
        let is_dynamic = part
            .as_str()
            .is_some_and(|text| text.contains("{{resolve:"));
        if !is_function(part) && !is_dynamic {
            return outlined(part, counter, found);
        }
        *counter += 1;
        let name = format!("definition_substitution_{counter}");
        found.insert(name.as_str().into(), part.clone().into());
        text(format!("${{{name}}}"), part.span())
    };
    match &value.data {
        Data::Object(object) => {
            let mut members = object.members().clone();
            let mut names: Vec<_> = members.keys().cloned().collect();
            names.sort();
            for name in names {
                if let Some(member) = members.get_mut(&name) {
                    member.value = part(&value.seen(&member.value), found);
                }
            }
            Value::object(members, place)
        }
        Data::List(_) => {
            let items = value.elements().map(|item| part(&item, found));
            list(items.collect(), place)
        }
        _ => value.clone(),
    }
}

pub(super) fn layer(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let mut properties = Properties::default();
    if let Some(uri) = source.member("ContentUri") {
        let content = object_in_bucket(&uri.value, "the packaged layer");
        properties.set("Content", uri.key, content);
    }
    for part in ["LayerName", "LicenseInfo", "Description"] {
        if let Some(member) = source.member(part) {
            let value = source.given.resolved(&member.value);
            properties.set(part, member.key, value);
        }
    }
    if !properties.0.contains_key("LayerName") {
        properties.set("LayerName", source.key, text(name, source.key));
    }
    properties.take_all(source, &["CompatibleRuntimes", "CompatibleArchitectures"]);
    let id = format!("{name}{}", layer_suffix(source).unwrap_or_default());
    expansion.aliases.insert(name.into(), id.as_str().into());
    let kind = "AWS::Lambda::LayerVersion";
    expansion.add(id, kind, source.key, source, properties);
}

/// What a layer's id is made of: all that is written of it but what becomes of it when it is deleted.
fn layer_suffix(source: &Source<'_>) -> Option<String> {
    let place = source.key;
    let mut written = Members::default();
    for part in [
        "LayerName",
        "Description",
        "ContentUri",
        "CompatibleArchitectures",
        "CompatibleRuntimes",
        "LicenseInfo",
        "RetentionPolicy",
        "PublishLambdaVersion",
    ] {
        if let Some(member) = source.member(part) {
            let is_resolved = matches!(
                part,
                "LayerName" | "LicenseInfo" | "Description" | "RetentionPolicy"
            );
            let value = match is_resolved {
                true => source.given.resolved(&member.value),
                false => member.value,
            };
            written.insert(part.into(), value.into());
        }
    }
    let mut resource = vec![
        ("Type", text("AWS::Serverless::LayerVersion", place)),
        ("Properties", Value::object(written, place)),
    ];
    for part in ["Condition", "UpdatePolicy", "DependsOn"] {
        resource.extend(source.resource.member(part).map(|value| (part, value)));
    }
    let whole = object(vec![(&*source.name, object(resource, place))], place);
    suffix_of(&whole)
}

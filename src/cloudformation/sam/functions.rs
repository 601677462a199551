//! Serverless functions, state machines and layers.

use super::policies::{Role, allow, document, role};
use super::{
    Expansion, Properties, Source, attribute, events, object, packaged, reference, tags, text,
};
use crate::source::Span;
use crate::value::Value;

/// Properties that `AWS::Lambda::Function` has under the same name.
const SAME: &[&str] = &[
    "FunctionName",
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
];

pub(super) fn function(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    properties.take_all(source, SAME);
    if let Some((place, code)) = code(source) {
        properties.set("Code", place, code);
    }
    if source.get("ImageUri").is_some() && source.get("PackageType").is_none() {
        properties.set("PackageType", key, text("Image", key));
    }
    if let Some(mode) = source.member("Tracing") {
        let place = mode.value.span();
        properties.set(
            "TracingConfig",
            mode.key,
            object(vec![("Mode", mode.value)], place),
        );
    }
    if let Some(queue) = source.member("DeadLetterQueue")
        && let Some(target) = queue.value.member("TargetArn")
    {
        let place = queue.value.span();
        properties.set(
            "DeadLetterConfig",
            queue.key,
            object(vec![("TargetArn", target)], place),
        );
    }
    match source.member("Role") {
        Some(own) => properties.set("Role", own.key, own.value),
        None => properties.set("Role", key, attribute(&format!("{name}Role"), "Arn", key)),
    }
    properties.set("Tags", key, tags(source, "lambda:createdBy"));
    expansion.add(
        name.to_owned(),
        "AWS::Lambda::Function",
        key,
        source,
        properties,
    );

    let alias = published(source, expansion);
    if source.get("Role").is_none() {
        add_role(source, expansion);
    }
    url(source, expansion, alias.as_deref());
    let target = match &alias {
        Some(alias) => reference(alias, key),
        None => reference(name, key),
    };
    let arn = match &alias {
        Some(alias) => reference(alias, key),
        None => attribute(name, "Arn", key),
    };
    events::of_function(source, &target, &arn, expansion);
}

/// Where the code is, with the place of what says so.
fn code(source: &Source<'_>) -> Option<(Span, Value)> {
    if let Some(inline) = source.member("InlineCode") {
        let place = inline.value.span();
        return Some((inline.key, object(vec![("ZipFile", inline.value)], place)));
    }
    if let Some(image) = source.member("ImageUri") {
        let place = image.value.span();
        return Some((image.key, object(vec![("ImageUri", image.value)], place)));
    }
    let uri = source.member("CodeUri")?;
    Some((uri.key, object_in_bucket(&uri.value, "the packaged code")))
}

/// An object of S3 as the serverless resources name it, as Lambda names it.
fn object_in_bucket(uri: &Value, what: &str) -> Value {
    let place = uri.span();
    if let Some((bucket, key)) = uri
        .as_str()
        .and_then(|uri| uri.strip_prefix("s3://"))
        .and_then(|path| path.split_once('/'))
    {
        return object(
            vec![
                ("S3Bucket", text(bucket, place)),
                ("S3Key", text(key, place)),
            ],
            place,
        );
    }
    let parts = [
        ("Bucket", "S3Bucket"),
        ("Key", "S3Key"),
        ("Version", "S3ObjectVersion"),
    ];
    let parts: Vec<(&str, Value)> = parts
        .into_iter()
        .filter_map(|(from, to)| Some((to, uri.member(from)?)))
        .collect();
    if parts.is_empty() {
        packaged(what, place)
    } else {
        object(parts, place)
    }
}

/// The alias of a function that publishes one.
fn published(source: &Source<'_>, expansion: &mut Expansion) -> Option<String> {
    let alias = source.member("AutoPublishAlias")?;
    let alias_name = source.text("AutoPublishAlias")?;
    let name = &*source.name;
    let place = alias.key;
    let version = format!("{name}Version");
    let mut properties = Properties::default();
    properties.set("FunctionName", place, reference(name, place));
    properties.take(source, "VersionDescription", "Description");
    expansion.add(
        version.clone(),
        "AWS::Lambda::Version",
        place,
        source,
        properties,
    );
    let in_id = alias_name.replace('-', "D").replace('_', "U");
    let id = format!("{name}Alias{in_id}");
    let mut properties = Properties::default();
    properties.set("FunctionName", place, reference(name, place));
    properties.set(
        "FunctionVersion",
        place,
        attribute(&version, "Version", place),
    );
    properties.set("Name", place, alias.value);
    properties.take(
        source,
        "ProvisionedConcurrencyConfig",
        "ProvisionedConcurrencyConfig",
    );
    expansion.add(id.clone(), "AWS::Lambda::Alias", place, source, properties);
    let named = [("Version", version), ("Alias", id.clone())];
    for (what, id) in named {
        expansion
            .aliases
            .insert(format!("{name}.{what}").into(), id.into());
    }
    Some(id)
}

fn add_role(source: &Source<'_>, expansion: &mut Expansion) {
    let key = source.key;
    let mut managed = vec![("service-role/AWSLambdaBasicExecutionRole", key)];
    if let Some(tracing) = source.member("Tracing")
        && tracing.value.as_str() != Some("PassThrough")
        && tracing.value.as_str() != Some("Disabled")
    {
        managed.push(("AWSXrayWriteOnlyAccess", tracing.key));
    }
    if let Some(vpc) = source.member("VpcConfig") {
        managed.push(("service-role/AWSLambdaVPCAccessExecutionRole", vpc.key));
    }
    managed.extend(events::managed_policies(source));
    let mut inline = events::inline_policies(source);
    if let Some(queue) = source.member("DeadLetterQueue")
        && let (Some(kind), Some(target)) =
            (queue.value.member("Type"), queue.value.member("TargetArn"))
    {
        let action = match kind.as_str() {
            Some("SNS") => "sns:Publish",
            _ => "sqs:SendMessage",
        };
        let statement = allow(&[action], target, queue.key);
        inline.push(document(vec![statement], queue.key));
    }
    let asked = Role {
        service: "lambda.amazonaws.com",
        managed,
        inline,
        mark: "lambda:createdBy",
    };
    role(source, asked, expansion);
}

/// A function URL; without authorization everybody may call it.
fn url(source: &Source<'_>, expansion: &mut Expansion, alias: Option<&str>) {
    let Some(config) = source.member("FunctionUrlConfig") else {
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
    expansion.add(
        format!("{name}Url"),
        "AWS::Lambda::Url",
        key,
        source,
        properties,
    );
    let kind = config
        .value
        .as_object()
        .and_then(|object| object.members().get("AuthType"));
    if let Some(kind) = kind.filter(|kind| kind.value.as_str() == Some("NONE")) {
        let place = kind.value.span();
        let mut properties = Properties::default();
        properties.set("Action", place, text("lambda:InvokeFunctionUrl", place));
        properties.set("FunctionName", place, target);
        properties.set("FunctionUrlAuthType", place, kind.value.clone());
        properties.set("Principal", place, text("*", place));
        let id = format!("{name}UrlPublicPermissions");
        expansion.add(id, "AWS::Lambda::Permission", kind.key, source, properties);
    }
}

pub(super) fn state_machine(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    if let Some(definition) = source.member("Definition") {
        let place = definition.value.span();
        let text = object(vec![("Fn::ToJsonString", definition.value)], place);
        properties.set("DefinitionString", definition.key, text);
    }
    if let Some(uri) = source.member("DefinitionUri") {
        let parts: Vec<(&str, Value)> = ["Bucket", "Key", "Version"]
            .into_iter()
            .filter_map(|part| Some((part, uri.value.member(part)?)))
            .collect();
        let place = uri.value.span();
        let location = if parts.is_empty() {
            packaged("the packaged definition", place)
        } else {
            object(parts, place)
        };
        properties.set("DefinitionS3Location", uri.key, location);
    }
    for (from, to) in [
        ("DefinitionSubstitutions", "DefinitionSubstitutions"),
        ("Logging", "LoggingConfiguration"),
        ("Tracing", "TracingConfiguration"),
        ("Name", "StateMachineName"),
        ("Type", "StateMachineType"),
        ("EncryptionConfiguration", "EncryptionConfiguration"),
        ("Role", "RoleArn"),
    ] {
        properties.take(source, from, to);
    }
    if source.get("Role").is_none() {
        properties.set(
            "RoleArn",
            key,
            attribute(&format!("{name}Role"), "Arn", key),
        );
    }
    properties.set("Tags", key, tags(source, "stateMachine:createdBy"));
    let kind = "AWS::StepFunctions::StateMachine";
    expansion.add(name.to_owned(), kind, key, source, properties);
    if source.get("Role").is_none() {
        let mut managed = Vec::new();
        if let Some(tracing) = source.member("Tracing") {
            managed.push(("AWSXRayDaemonWriteAccess", tracing.key));
        }
        let asked = Role {
            service: "states.amazonaws.com",
            managed,
            inline: Vec::new(),
            mark: "stateMachine:createdBy",
        };
        role(source, asked, expansion);
    }
    events::of_state_machine(source, expansion);
}

pub(super) fn layer(source: &Source<'_>, expansion: &mut Expansion) {
    let mut properties = Properties::default();
    if let Some(uri) = source.member("ContentUri") {
        let content = object_in_bucket(&uri.value, "the packaged layer");
        properties.set("Content", uri.key, content);
    }
    properties.take_all(
        source,
        &[
            "LayerName",
            "Description",
            "CompatibleRuntimes",
            "CompatibleArchitectures",
        ],
    );
    properties.take(source, "LicenseInfo", "LicenseInfo");
    let id = source.name.to_string();
    expansion.add(
        id,
        "AWS::Lambda::LayerVersion",
        source.key,
        source,
        properties,
    );
}

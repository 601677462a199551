//! Serverless GraphQL APIs: what AppSync needs for them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::policies::assumed_by;
use super::python::is_truthy;
use super::{
    Expansion, Properties, Source, attribute, connectors, list, object, reference, sub, tag_list,
    text,
};
use crate::source::Span;
use crate::value::Value;

/// What a resolver without code runs.
const PASSING_ON: &str = "
export function request(ctx) {
    return {};
}

export function response(ctx) {
    return ctx.prev.result;
}
";

/// Expands an API of AppSync.
pub(super) fn graph(source: &Source<'_>, expansion: &mut Expansion) {
    let name = &*source.name;
    let key = source.key;
    let mut properties = Properties::default();
    let own_name = source.truthy("Name").map(|own| own.value);
    properties.set("Name", key, own_name.unwrap_or_else(|| text(name, key)));
    properties.take_truthy(
        source,
        &[
            "Visibility",
            "OwnerContact",
            "IntrospectionConfig",
            "QueryDepthLimit",
            "ResolverCountLimit",
        ],
    );
    properties.take(source, "XrayEnabled", "XrayEnabled");
    let callers = authenticate(source, &mut properties);
    let own = source.truthy("Tags");
    let mut tags = own
        .as_ref()
        .and_then(|own| own.value.as_object())
        .map(|own| own.members().clone())
        .unwrap_or_default();
    tags.insert("graphqlapi:createdBy".into(), text("SAM", key).into());
    properties.set("Tags", key, tag_list(&Value::object(tags, key)));
    let is_logged = log(source, &mut properties);
    let kind = "AWS::AppSync::GraphQLApi";
    expansion.add(name.to_owned(), kind, key, source, properties);
    if is_logged {
        let mut properties = Properties::default();
        let trust = assumed_by("appsync.amazonaws.com", key);
        properties.set("AssumeRolePolicyDocument", key, trust);
        let policy =
            "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs";
        let managed = list(vec![sub(policy, Vec::new(), key)], key);
        properties.set("ManagedPolicyArns", key, managed);
        let id = format!("{name}CloudWatchRole");
        expansion.add(id, "AWS::IAM::Role", key, source, properties);
    }
    let api = attribute(name, "ApiId", key);
    let mut properties = Properties::default();
    properties.set("ApiId", key, api.clone());
    properties.take(source, "SchemaInline", "Definition");
    properties.take(source, "SchemaUri", "DefinitionS3Location");
    let kind = "AWS::AppSync::GraphQLSchema";
    expansion.add(format!("{name}Schema"), kind, key, source, properties);
    for (index, function) in callers.into_iter().enumerate() {
        let id = format!("{name}ToLambdaAuthConnector{}", index + 1);
        let place = function.span();
        let from = object(
            vec![
                ("Type", text("AWS::AppSync::GraphQLApi", place)),
                ("Arn", reference(name, place)),
                ("ResourceId", api.clone()),
            ],
            place,
        );
        connect(
            source,
            id,
            from,
            "AWS::Lambda::Function",
            function,
            &["Write"],
            expansion,
        );
    }
    let nested = |name: &str| source.get(name);
    for (id, settings) in nested("ApiKeys").iter().flat_map(Value::entries) {
        let place = settings.span();
        let mut properties = Properties::default();
        properties.set("ApiId", place, api.clone());
        take(
            &settings,
            &[
                ("ApiKeyId", "ApiKeyId"),
                ("Description", "Description"),
                ("ExpiresOn", "Expires"),
            ],
            &mut properties,
        );
        let kind = "AWS::AppSync::ApiKey";
        expansion.add(format!("{name}{id}"), kind, place, source, properties);
    }
    if let Some(cache) = source.truthy("Cache") {
        let mut properties = Properties::default();
        properties.set("ApiId", cache.key, api.clone());
        let same = |name: &'static str| (name, name);
        let names = [
            same("ApiCachingBehavior"),
            same("Type"),
            same("Ttl"),
            same("AtRestEncryptionEnabled"),
            same("TransitEncryptionEnabled"),
        ];
        take(&cache.value, &names, &mut properties);
        let kind = "AWS::AppSync::ApiCache";
        expansion.add(
            format!("{name}ApiCache"),
            kind,
            cache.key,
            source,
            properties,
        );
    }
    let sources = add_sources(source, &api, expansion);
    if let Some(domain) = source.truthy("DomainName") {
        let place = domain.key;
        let mut properties = Properties::default();
        let same = |name: &'static str| (name, name);
        let names = [
            same("CertificateArn"),
            same("DomainName"),
            same("Description"),
        ];
        take(&domain.value, &names, &mut properties);
        let id = format!("{name}DomainName");
        let kind = "AWS::AppSync::DomainName";
        expansion.add(id.clone(), kind, place, source, properties);
        let mut properties = Properties::default();
        properties.set("ApiId", place, api.clone());
        properties.set("DomainName", place, reference(&id, place));
        let kind = "AWS::AppSync::DomainNameApiAssociation";
        let id = format!("{name}DomainNameApiAssociation");
        expansion.add(id, kind, place, source, properties);
    }
    let functions = add_functions(source, &api, &sources, expansion);
    add_resolvers(source, &api, &functions, expansion);
}

fn take(from: &Value, names: &[(&str, &str)], properties: &mut Properties) {
    for (name, to) in names {
        if let Some(value) = from.member(name).filter(|value| !value.is_null()) {
            properties.set(to, value.span(), value);
        }
    }
}

/// Who may call the API; the functions that decide it.
fn authenticate(source: &Source<'_>, properties: &mut Properties) -> Vec<Value> {
    let mut functions = Vec::new();
    let Some(auth) = source.truthy("Auth") else {
        return functions;
    };
    let mut config = |auth: &Value, is_default: bool| {
        let kind = auth.member("Type")?;
        let (from, to) = match kind.as_str()? {
            "AWS_LAMBDA" => ("LambdaAuthorizer", "LambdaAuthorizerConfig"),
            "OPENID_CONNECT" => ("OpenIDConnect", "OpenIDConnectConfig"),
            "AMAZON_COGNITO_USER_POOLS" => ("UserPool", "UserPoolConfig"),
            _ => return None,
        };
        let settings = auth.member(from)?;
        let mut members = settings.as_object()?.members().clone();
        if from == "UserPool" && !is_default {
            members.shift_remove("DefaultAction");
        }
        if let Some(function) = members
            .get("AuthorizerUri")
            .filter(|_| from == "LambdaAuthorizer")
        {
            functions.push(function.value.clone());
        }
        Some((to, Value::object(members, settings.span())))
    };
    take(&auth.value, &[("Type", "AuthenticationType")], properties);
    if let Some((name, settings)) = config(&auth.value, true) {
        properties.set(name, settings.span(), settings);
    }
    let additional = auth.value.member("Additional").filter(is_truthy);
    if let Some(additional) = additional {
        let all = additional.elements().map(|one| {
            let mut parts = Vec::new();
            parts.extend(one.member("Type").map(|kind| ("AuthenticationType", kind)));
            parts.extend(config(&one, false));
            object(parts, one.span())
        });
        let all = list(all.collect(), additional.span());
        properties.set("AdditionalAuthenticationProviders", additional.span(), all);
    }
    functions
}

/// Where the API logs; whether it needs a role of its own for it.
fn log(source: &Source<'_>, properties: &mut Properties) -> bool {
    let key = source.key;
    let written = source.member("Logging");
    if written.as_ref().and_then(|written| written.value.as_bool()) == Some(false) {
        return false;
    }
    let settings = written.as_ref().map(|written| &written.value);
    let settings = settings.filter(|settings| settings.as_object().is_some());
    let part = |name: &str| settings?.member(name).filter(is_truthy);
    let mut parts = Vec::new();
    parts.extend(part("ExcludeVerboseContent").map(|flag| ("ExcludeVerboseContent", flag)));
    let level = part("FieldLogLevel").unwrap_or_else(|| text("ALL", key));
    parts.push(("FieldLogLevel", level));
    let own = part("CloudWatchLogsRoleArn");
    let is_needed = own.is_none();
    let role = format!("{}CloudWatchRole", source.name);
    let role = own.unwrap_or_else(|| attribute(&role, "Arn", key));
    parts.push(("CloudWatchLogsRoleArn", role));
    let place = written.map_or(key, |written| written.key);
    properties.set("LogConfig", place, object(parts, place));
    is_needed
}

/// Lets one end do something with another.
fn connect(
    source: &Source<'_>,
    id: String,
    from: Value,
    kind: &str,
    to: Value,
    permissions: &[&str],
    expansion: &mut Expansion,
) {
    let place = to.span();
    let to = object(vec![("Type", text(kind, place)), ("Arn", to)], place);
    let permissions = permissions.iter().map(|one| text(*one, place)).collect();
    let properties = object(
        vec![
            ("Source", from),
            ("Destination", to),
            ("Permissions", list(permissions, place)),
        ],
        place,
    );
    let connector = Source {
        name: id.into(),
        key: place,
        resource: source.resource,
        properties,
        given: source.given,
    };
    connectors::connector(&connector, expansion);
}

/// Adds the data sources; what they are called by their names in the template.
fn add_sources(
    source: &Source<'_>,
    api: &Value,
    expansion: &mut Expansion,
) -> FxHashMap<Arc<str>, Value> {
    let mut names = FxHashMap::default();
    let name = &*source.name;
    let all = source.get("DataSources");
    for (service, kind) in [("DynamoDb", "DynamoDB"), ("Lambda", "Lambda")] {
        let of_service = all.as_ref().and_then(|all| all.member(service));
        for (own, settings) in of_service.iter().flat_map(Value::entries) {
            let place = settings.span();
            let part = |name: &str| settings.member(name).filter(is_truthy);
            let id = format!("{name}{own}{kind}DataSource");
            let mut properties = Properties::default();
            let named = part("Name").unwrap_or_else(|| text(own.clone(), place));
            properties.set("Name", place, named);
            properties.set("ApiId", place, api.clone());
            take(
                &settings,
                &[("Description", "Description")],
                &mut properties,
            );
            let role_id = format!("{id}Role");
            let role = part("ServiceRoleArn");
            let has_role = role.is_some();
            let role = role.unwrap_or_else(|| attribute(&role_id, "Arn", place));
            properties.set("ServiceRoleArn", place, role);
            let region = part("Region").unwrap_or_else(|| reference("AWS::Region", place));
            let (target, target_kind, suffix, permissions);
            if service == "DynamoDb" {
                properties.set("Type", place, text("AMAZON_DYNAMODB", place));
                let mut config = vec![("AwsRegion", region.clone())];
                for part_name in ["TableName", "UseCallerCredentials", "Versioned"] {
                    config.extend(part(part_name).map(|value| (part_name, value)));
                }
                config.extend(part("DeltaSync").map(|sync| ("DeltaSyncConfig", sync)));
                properties.set("DynamoDBConfig", place, object(config, place));
                target = part("TableArn").unwrap_or_else(|| {
                    let table = part("TableName").unwrap_or_else(|| Value::null(place));
                    let pattern = "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}";
                    let variables = vec![("__TableName__", table), ("__Region__", region)];
                    sub(pattern, variables, place)
                });
                target_kind = "AWS::DynamoDB::Table";
                suffix = "ToTableConnector";
                let asked = part("Permissions").map(|asked| {
                    let asked = asked.elements();
                    asked
                        .filter_map(|one| one.as_str().map(str::to_owned))
                        .collect::<Vec<String>>()
                });
                permissions = asked.unwrap_or_else(|| vec!["Read".into(), "Write".into()]);
            } else {
                properties.set("Type", place, text("AWS_LAMBDA", place));
                target = part("FunctionArn").unwrap_or_else(|| Value::null(place));
                let config = object(vec![("LambdaFunctionArn", target.clone())], place);
                properties.set("LambdaConfig", place, config);
                target_kind = "AWS::Lambda::Function";
                suffix = "ToLambdaConnector";
                permissions = vec!["Write".to_owned()];
            }
            let source_kind = "AWS::AppSync::DataSource";
            expansion.add(id.clone(), source_kind, place, source, properties);
            names.insert(own.clone(), attribute(&id, "Name", place));
            if has_role {
                continue;
            }
            let mut properties = Properties::default();
            let trust = assumed_by("appsync.amazonaws.com", place);
            properties.set("AssumeRolePolicyDocument", place, trust);
            let role_kind = "AWS::IAM::Role";
            expansion.add(role_id.clone(), role_kind, place, source, properties);
            let from = object(
                vec![
                    ("Type", text(source_kind, place)),
                    ("Arn", attribute(&id, "DataSourceArn", place)),
                    ("RoleName", reference(&role_id, place)),
                ],
                place,
            );
            let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
            let id = format!("{id}{suffix}");
            connect(
                source,
                id,
                from,
                target_kind,
                target,
                &permissions,
                expansion,
            );
        }
    }
    names
}

fn set_code(settings: &Value, properties: &mut Properties) -> bool {
    let code = settings.member("InlineCode").filter(is_truthy);
    let uri = settings.member("CodeUri").filter(is_truthy);
    let is_written = code.is_some() || uri.is_some();
    match (code, uri) {
        (Some(code), _) => properties.set("Code", code.span(), code),
        (None, Some(uri)) => properties.set("CodeS3Location", uri.span(), uri),
        (None, None) => {}
    }
    if let Some(runtime) = settings.member("Runtime").filter(|_| is_written) {
        let place = runtime.span();
        let mut parts = Vec::new();
        parts.extend(runtime.member("Name").map(|name| ("Name", name)));
        parts.extend(
            runtime
                .member("Version")
                .map(|version| ("RuntimeVersion", version)),
        );
        properties.set("Runtime", place, object(parts, place));
    }
    is_written
}

/// Adds the functions; their ids by their names in the template.
fn add_functions(
    source: &Source<'_>,
    api: &Value,
    sources: &FxHashMap<Arc<str>, Value>,
    expansion: &mut Expansion,
) -> FxHashMap<Arc<str>, Value> {
    let mut ids = FxHashMap::default();
    let mut nothing: Option<Span> = None;
    let all = source.get("Functions");
    let none = format!("{}NoneDataSource", source.name);
    for (own, settings) in all.iter().flat_map(Value::entries) {
        let place = settings.span();
        if let Some(id) = settings.member("Id").filter(is_truthy) {
            ids.insert(own.clone(), id);
            continue;
        }
        let id = format!("{}{own}", source.name);
        let mut properties = Properties::default();
        properties.set("ApiId", place, api.clone());
        let named = settings.member("Name").filter(is_truthy);
        let named = named.unwrap_or_else(|| text(own.clone(), place));
        properties.set("Name", place, named);
        set_code(&settings, &mut properties);
        if let Some(from) = settings.member("DataSource") {
            let from = match from.as_str() {
                Some(written) if written.eq_ignore_ascii_case("none") => {
                    nothing.get_or_insert(place);
                    attribute(&none, "Name", place)
                }
                Some(written) => sources.get(written).cloned().unwrap_or(from),
                None => from,
            };
            properties.set("DataSourceName", place, from);
        }
        let same = |name: &'static str| (name, name);
        let names = [
            same("MaxBatchSize"),
            same("Description"),
            ("Sync", "SyncConfig"),
        ];
        take(&settings, &names, &mut properties);
        ids.insert(own.clone(), attribute(&id, "FunctionId", place));
        let kind = "AWS::AppSync::FunctionConfiguration";
        expansion.add(id, kind, place, source, properties);
    }
    if let Some(place) = nothing {
        let mut properties = Properties::default();
        properties.set("ApiId", place, api.clone());
        properties.set("Name", place, text(none.as_str(), place));
        properties.set("Type", place, text("NONE", place));
        let kind = "AWS::AppSync::DataSource";
        expansion.add(none, kind, place, source, properties);
    }
    ids
}

fn add_resolvers(
    source: &Source<'_>,
    api: &Value,
    functions: &FxHashMap<Arc<str>, Value>,
    expansion: &mut Expansion,
) {
    let all = source.get("Resolvers");
    for (of_type, fields) in all.iter().flat_map(Value::entries) {
        for (own, settings) in fields.entries() {
            let place = settings.span();
            let mut properties = Properties::default();
            if !set_code(&settings, &mut properties) {
                properties.set("Code", place, text(PASSING_ON, place));
                let runtime = object(
                    vec![
                        ("Name", text("APPSYNC_JS", place)),
                        ("RuntimeVersion", text("1.0.0", place)),
                    ],
                    place,
                );
                properties.set("Runtime", place, runtime);
            }
            properties.set("ApiId", place, api.clone());
            let field = settings.member("FieldName").filter(is_truthy);
            let field = field.unwrap_or_else(|| text(own.clone(), place));
            properties.set("FieldName", place, field);
            properties.set("TypeName", place, text(of_type.clone(), place));
            properties.set("Kind", place, text("PIPELINE", place));
            let steps = settings.member("Pipeline");
            let steps = steps.iter().flat_map(Value::elements).map(|step| {
                let known = step.as_str().and_then(|step| functions.get(step));
                known.cloned().unwrap_or(step)
            });
            let steps = list(steps.collect(), place);
            let pipeline = object(vec![("Functions", steps)], place);
            properties.set("PipelineConfig", place, pipeline);
            let names = [
                ("Caching", "CachingConfig"),
                ("MaxBatchSize", "MaxBatchSize"),
            ];
            take(&settings, &names, &mut properties);
            let kind = "AWS::AppSync::Resolver";
            let id = format!("{}{of_type}{own}", source.name);
            expansion.add(id, kind, place, source, properties);
        }
    }
}

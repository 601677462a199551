//! Terraform's JSON syntax in, the same tree as for HCL out.
//!
//! Every string is a template; a string that is one interpolation keeps its type; keys of objects are templates too.
//! <https://developer.hashicorp.com/terraform/language/syntax/json>

use std::sync::Arc;

use super::syntax::{self, Attribute, Block, Body, Expr, Expression, ObjectItem, ObjectKey, Part};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};
use crate::value::{Data, Member, Value};
use crate::yaml::json;

/// Labels of the blocks whose bodies have a meaning of their own; other nested objects stay expressions.
const TOP_LEVEL: &[(&str, usize)] = &[
    ("resource", 2),
    ("data", 2),
    ("module", 1),
    ("variable", 1),
    ("output", 1),
    ("provider", 1),
    ("locals", 0),
    ("terraform", 0),
];

/// Blocks that every resource may have.
const META_BLOCKS: &[&str] = &["lifecycle", "provisioner", "connection"];

/// Attributes of AWS resources that are maps or objects. An object under any other name is a nested block, which JSON
/// writes in the same way. From the schema of version 5.100.0 of the provider.
const MAPS: &[&str] = &[
    "additional_encryption_context",
    "additional_version_weights",
    "advanced_options",
    "airflow_configuration_options",
    "allocation_resource_tags",
    "ami_tags",
    "arguments",
    "athena_properties",
    "attribute_mapping",
    "authentication_request_extra_params",
    "backup_options",
    "client_metadata",
    "client_properties",
    "column_to_json_key_mappings",
    "command_line_arguments",
    "connector_configuration",
    "container_environment_variables",
    "credentials_map",
    "custom_properties",
    "default_arguments",
    "default_run_properties",
    "driver_opts",
    "dynamic_parameters",
    "encryption_context_equals",
    "encryption_context_subset",
    "entity_overrides",
    "environment_variables",
    "event_configurations",
    "expression_attribute_names",
    "extra_params",
    "final_backup_tags",
    "global_settings",
    "group_weights",
    "header_parameters",
    "hyperparameters",
    "incident_tags",
    "input_paths",
    "instance_tags",
    "job_tags",
    "label_set",
    "labels",
    "locale_specification",
    "log_destination",
    "maintenance_configuration",
    "mappings",
    "non_overridable_arguments",
    "parameter_overrides",
    "ports",
    "principal_tags",
    "profile_properties",
    "property_map",
    "provider_details",
    "query_string_parameters",
    "recovery_point_tags",
    "regional_parameters",
    "request_models",
    "request_parameters",
    "request_templates",
    "requests",
    "required_claims",
    "resource_type_management_preference",
    "resource_type_opt_in_preference",
    "response_models",
    "response_templates",
    "restore_metadata_overrides",
    "runtime_environment_secrets",
    "runtime_environment_variables",
    "session_attributes",
    "skewed_column_value_location_maps",
    "stage_variable_overrides",
    "stage_variables",
    "staging_area_tags",
    "supported_login_providers",
    "table_configurations",
    "tag_map",
    "tags",
    "tags_all",
    "tags_to_add",
    "target_tags",
    "task_properties",
    "test_bot_alias_tags",
    "token_signing_public_keys",
    "token_url_custom_properties",
    "triggers",
    "validation_data",
    "values_importance_map",
    "variable_tags",
    "variables",
    "video_codec_options",
    "volume_tags",
    "weights",
];
/// Names that are maps in most resources, and the resources in which they are blocks.
const MAPS_BUT_IN: &[(&str, &[&str])] = &[
    (
        "attributes",
        &[
            "aws_globalaccelerator_accelerator",
            "aws_globalaccelerator_custom_routing_accelerator",
        ],
    ),
    ("context", &["aws_iam_principal_policy_simulation"]),
    (
        "dimensions",
        &["aws_appautoscaling_policy", "aws_autoscaling_policy"],
    ),
    (
        "metadata",
        &[
            "aws_appmesh_route",
            "aws_batch_job_definition",
            "aws_bedrockagent_prompt",
        ],
    ),
    (
        "parameters",
        &[
            "aws_bedrockagent_agent_action_group",
            "aws_controltower_control",
            "aws_dax_parameter_group",
            "aws_dlm_lifecycle_policy",
            "aws_glue_ml_transform",
            "aws_kinesis_firehose_delivery_stream",
            "aws_quicksight_analysis",
            "aws_quicksight_dashboard",
            "aws_quicksight_data_source",
            "aws_redshiftdata_statement",
            "aws_resourcegroups_group",
        ],
    ),
    (
        "properties",
        &[
            "aws_iot_billing_group",
            "aws_iot_thing_group",
            "aws_iot_thing_type",
        ],
    ),
    (
        "resource_tags",
        &[
            "aws_inspector2_filter",
            "aws_rbin_rule",
            "aws_securityhub_automation_rule",
            "aws_securityhub_insight",
        ],
    ),
    ("response_parameters", &["aws_apigatewayv2_integration"]),
    ("roles", &["aws_auditmanager_assessment"]),
];
/// Names that are blocks in most resources, and the resources in which they are maps.
const BLOCKS_BUT_IN: &[(&str, &[&str])] = &[
    ("configuration", &["aws_codepipeline"]),
    ("connection_properties", &["aws_glue_connection"]),
    (
        "encryption_configuration",
        &["aws_s3tables_table", "aws_s3tables_table_bucket"],
    ),
    ("endpoints", &["aws_lambda_event_source_mapping"]),
    (
        "environment",
        &[
            "aws_lightsail_container_service_deployment_version",
            "aws_sagemaker_data_quality_job_definition",
            "aws_sagemaker_model",
        ],
    ),
    ("limits", &["aws_batch_job_definition"]),
    ("options", &["aws_ecs_service"]),
    ("permissions", &["aws_ssm_document"]),
];

/// Whether objects under a name are nested blocks, in what stands below these keywords and labels.
fn is_block(keyword: &str, kind: Option<&str>, name: &str) -> bool {
    let of = |table: &'static [(&str, &[&str])]| {
        let row = table.iter().find(|(listed, _)| *listed == name);
        row.map(|(_, kinds)| kind.is_some_and(|kind| kinds.contains(&kind)))
    };
    match keyword {
        "resource" | "data" if META_BLOCKS.contains(&name) => true,
        "resource" | "data" | "provider" => {
            kind.is_some_and(|kind| kind == "aws" || kind.starts_with("aws_"))
                && of(MAPS_BUT_IN)
                    .or_else(|| of(BLOCKS_BUT_IN).map(|is_map| !is_map))
                    .unwrap_or_else(|| !MAPS.contains(&name))
        }
        "variable" => name == "validation",
        "output" => name == "precondition",
        _ => false,
    }
}

/// Reads a `.tf.json` file.
pub(super) fn parse(file: &SourceFile) -> (Body, Vec<Diagnostic>) {
    let (root, mut diagnostics) = json::parse(file);
    let mut body = Body::default();
    // The root may be an array of objects, too.
    let parts: Vec<Value> = match &root {
        Some(root) if root.as_list().is_some() => root.elements().collect(),
        Some(root) => vec![root.clone()],
        None => Vec::new(),
    };
    for (keyword, value) in parts.iter().flat_map(|part| part.entries()) {
        if &**keyword == "//" {
            continue;
        }
        match TOP_LEVEL.iter().find(|(name, _)| name == &&**keyword) {
            Some((_, labels)) => blocks(
                keyword,
                *labels,
                &value,
                &mut Vec::new(),
                &mut body,
                &mut diagnostics,
            ),
            None => body.attributes.push(Attribute {
                name: keyword.clone(),
                name_span: value.span(),
                value: expression(&value, &mut diagnostics),
            }),
        }
    }
    (body, diagnostics)
}

fn blocks(
    keyword: &Arc<str>,
    labels: usize,
    value: &Value,
    named: &mut Vec<(Arc<str>, Span)>,
    body: &mut Body,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match &value.data {
        Data::List(list) => {
            for item in list.items() {
                blocks(keyword, labels, item, named, body, diagnostics);
            }
        }
        Data::Object(object) if named.len() < labels => {
            for (name, member) in object.members() {
                if &**name == "//" {
                    continue;
                }
                named.push((name.clone(), member.key));
                blocks(keyword, labels, &member.value, named, body, diagnostics);
                named.pop();
            }
        }
        Data::Object(object) => {
            let mut inner = Body::default();
            let kind = named.first().map(|(label, _)| label.clone());
            let of = (&**keyword, kind.as_deref());
            for (name, member) in object.members() {
                match &**name {
                    "//" => {}
                    "dynamic" => dynamic(of, &member.value, &mut inner, diagnostics),
                    _ if is_block(of.0, of.1, name) && holds_objects(&member.value) => {
                        nested(of, name, member, &mut inner, diagnostics);
                    }
                    // What describes a variable is taken as it is written: `${` means nothing there.
                    "default" | "type" | "description" if &**keyword == "variable" => {
                        inner.attributes.push(Attribute {
                            name: name.clone(),
                            name_span: member.key,
                            value: literal(&member.value),
                        });
                    }
                    _ => inner.attributes.push(Attribute {
                        name: name.clone(),
                        name_span: member.key,
                        value: expression(&member.value, diagnostics),
                    }),
                }
            }
            let header = named.last().map_or(value.span(), |(_, span)| *span);
            body.blocks.push(Block {
                keyword: keyword.clone(),
                labels: named.clone(),
                header,
                span: value.span(),
                body: inner,
            });
        }
        _ => diagnostics.push(
            Diagnostic::error(
                "syntax",
                value.span(),
                format!("`{keyword}` must be an object here"),
            )
            .hint("see Terraform's JSON configuration syntax"),
        ),
    }
}

/// Whether a value can be read as blocks: an object, or a list of nothing else.
fn holds_objects(value: &Value) -> bool {
    match &value.data {
        Data::Object(_) => true,
        Data::List(list) => {
            !list.items().is_empty() && list.items().iter().all(|one| one.as_object().is_some())
        }
        _ => false,
    }
}

/// Nested blocks of one keyword: one object, or a list of them.
fn nested(
    of: (&str, Option<&str>),
    name: &Arc<str>,
    member: &Member,
    body: &mut Body,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let is_list = member.value.as_list().is_some();
    let parts: Vec<Value> = match &member.value.data {
        Data::List(list) => list.items().to_vec(),
        _ => vec![member.value.clone()],
    };
    for part in parts {
        body.blocks.push(Block {
            keyword: name.clone(),
            labels: Vec::new(),
            header: if is_list { part.span() } else { member.key },
            span: part.span(),
            body: inside(of, &part, diagnostics),
        });
    }
}

/// What is in a nested block.
fn inside(of: (&str, Option<&str>), value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Body {
    let mut body = Body::default();
    for (name, member) in value.as_object().into_iter().flat_map(|o| o.members()) {
        match &**name {
            "//" => {}
            "dynamic" => dynamic(of, &member.value, &mut body, diagnostics),
            _ if is_block(of.0, of.1, name) && holds_objects(&member.value) => {
                nested(of, name, member, &mut body, diagnostics);
            }
            _ => body.attributes.push(Attribute {
                name: name.clone(),
                name_span: member.key,
                value: expression(&member.value, diagnostics),
            }),
        }
    }
    body
}

/// `"dynamic": {"name": {"for_each": …, "content": {…}}}`
fn dynamic(
    of: (&str, Option<&str>),
    value: &Value,
    body: &mut Body,
    diagnostics: &mut Vec<Diagnostic>,
) {
    // The same as a list of such objects.
    let all: Vec<Value> = match &value.data {
        Data::List(list) => list.items().to_vec(),
        _ => vec![value.clone()],
    };
    for (name, inner) in all.iter().flat_map(|value| value.entries()) {
        let entries: Vec<Value> = match &inner.data {
            Data::List(list) => list.items().to_vec(),
            _ => vec![inner.clone()],
        };
        for entry in entries {
            let mut block = Body::default();
            for (key, part) in entry.entries() {
                if &**key == "content" {
                    let contents: Vec<Value> = match &part.data {
                        Data::List(list) => list.items().to_vec(),
                        _ => vec![part.clone()],
                    };
                    for content in contents {
                        block.blocks.push(Block {
                            keyword: key.clone(),
                            labels: Vec::new(),
                            header: content.span(),
                            span: content.span(),
                            body: inside(of, &content, diagnostics),
                        });
                    }
                } else {
                    block.attributes.push(Attribute {
                        name: key.clone(),
                        name_span: part.span(),
                        value: expression(&part, diagnostics),
                    });
                }
            }
            body.blocks.push(Block {
                keyword: "dynamic".into(),
                labels: vec![(name.clone(), entry.span())],
                header: entry.span(),
                span: entry.span(),
                body: block,
            });
        }
    }
}

/// A value whose strings are no templates.
fn literal(value: &Value) -> Expression {
    let kind = match &value.data {
        Data::Bool(truth) => Expr::Bool(*truth),
        Data::Number(number) => Expr::Number(Some(number.clone())),
        Data::Text(text) => Expr::Text(
            super::types::normal(&text.to_string()).into_owned().into(),
            false,
        ),
        Data::List(list) => Expr::List(list.items().iter().map(literal).collect()),
        Data::Object(object) => {
            let items = object.members().iter().map(|(name, member)| ObjectItem {
                key: ObjectKey::Name(name.clone()),
                key_span: member.key,
                value: literal(&member.value),
            });
            Expr::Object(items.collect())
        }
        _ => Expr::Null,
    };
    Expression {
        kind,
        span: value.span(),
    }
}

fn expression(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Expression {
    let span = value.span();
    let kind = match &value.data {
        Data::Bool(truth) => Expr::Bool(*truth),
        Data::Number(number) => Expr::Number(Some(number.clone())),
        Data::Text(text) => return string(&text.to_string(), span, diagnostics),
        Data::List(list) => Expr::List(
            list.items()
                .iter()
                .map(|item| expression(item, diagnostics))
                .collect(),
        ),
        Data::Object(object) => {
            let items = object
                .members()
                .iter()
                .filter(|(name, _)| &***name != "//")
                .map(|(name, member)| {
                    let key = match string(name, member.key, diagnostics) {
                        Expression {
                            kind: Expr::Text(text, _),
                            ..
                        } => ObjectKey::Name(text),
                        computed => ObjectKey::Computed(computed),
                    };
                    ObjectItem {
                        key,
                        key_span: member.key,
                        value: expression(&member.value, diagnostics),
                    }
                });
            Expr::Object(items.collect())
        }
        _ => Expr::Null,
    };
    Expression { kind, span }
}

/// A string of the file as a template. Places inside it are those of the whole string, since escapes may stand
/// before them.
fn string(text: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> Expression {
    let is_template = text.contains("${") || text.contains("%{");
    if !is_template {
        return Expression {
            kind: Expr::Text(super::types::normal(text).into_owned().into(), false),
            span,
        };
    }
    match syntax::parse_template_at(text, span) {
        Ok(mut template) => {
            if let [Part::Interpolation(_)] = template.parts.as_slice()
                && let Some(Part::Interpolation(expression)) = template.parts.pop()
            {
                return expression;
            }
            Expression {
                kind: Expr::Template(Box::new(template)),
                span,
            }
        }
        Err(error) => {
            let message = format!("cannot read this template: {error}");
            let hint = "`$${` stands for a literal `${`";
            diagnostics.push(
                Diagnostic::error("syntax", span, message)
                    .hint(hint)
                    .incomplete(),
            );
            Expression {
                kind: Expr::Broken("the template cannot be read"),
                span,
            }
        }
    }
}

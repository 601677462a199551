//! Elastic Beanstalk source bundles: configuration files in, an environment and the resources beside it out.
//!
//! What a bundle says is not all there is: the environment that it is deployed to may have settings of its own, and those
//! win. So the environment is open: what is not written in the bundle is unknown.
//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options.html#configuration-options-precedence>

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{Context, Template};
use crate::declared::{Declared, DeclaredResource};
use crate::diagnostic::Diagnostic;
use crate::project::{CLI_FOLDER, EXTENSIONS, MANIFEST};
use crate::source::files::join;
use crate::source::{EntryKind, Span};
use crate::value::{Data, List, Member, Members, Object, ObjectKind, Reason, Unknown, Value};
use crate::yaml;

const ENVIRONMENT: &str = "AWS::ElasticBeanstalk::Environment";
const TEMPLATE: &str = "AWS::ElasticBeanstalk::ConfigurationTemplate";

/// Where options without a namespace belong.
/// <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-optionsettings.html>
const OWN_NAMESPACE: &str = "aws:elasticbeanstalk:application:environment";

/// Where `Fn::GetOptionSetting` looks for an option where it names no namespace.
/// <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-functions.html>
const CUSTOM_NAMESPACE: &str = "aws:elasticbeanstalk:customoption";

/// The saved configuration that `eb create` takes where none is named.
const DEFAULT: &str = "default.cfg.yml";

/// What the resources are that Elastic Beanstalk makes of itself, which a bundle may change without naming their types.
/// <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/customize-containers-format-resources-eb.html>
const MADE: &[(&str, &str)] = &[
    (
        "AWSEBAutoScalingGroup",
        "AWS::AutoScaling::AutoScalingGroup",
    ),
    (
        "AWSEBAutoScalingLaunchConfiguration",
        "AWS::AutoScaling::LaunchConfiguration",
    ),
    ("AWSEBEC2LaunchTemplate", "AWS::EC2::LaunchTemplate"),
    (
        "AWSEBLoadBalancer",
        "AWS::ElasticLoadBalancing::LoadBalancer",
    ),
    ("AWSEBLoadBalancerSecurityGroup", "AWS::EC2::SecurityGroup"),
    ("AWSEBRDSDatabase", "AWS::RDS::DBInstance"),
    ("AWSEBSecurityGroup", "AWS::EC2::SecurityGroup"),
    (
        "AWSEBV2LoadBalancer",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
    ),
    (
        "AWSEBV2LoadBalancerListener",
        "AWS::ElasticLoadBalancingV2::Listener",
    ),
    (
        "AWSEBV2LoadBalancerTargetGroup",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    ),
    ("AWSEBWorkerQueue", "AWS::SQS::Queue"),
];

/// What decides what a bundle leaves open.
const OUTSIDE: &str = "settings of the environment outside the source bundle";

/// The sections of a template that configuration files may have.
const SECTIONS: [&str; 4] = ["Mappings", "Conditions", "Resources", "Outputs"];

/// Properties of an environment that are being put together.
#[derive(Default)]
struct Configuration {
    /// Options by namespace, name and resource; the last one that is read counts.
    options: IndexMap<(String, String, String), Value, FxBuildHasher>,
    /// Other properties.
    properties: Members,
    /// What names it, and the whole.
    place: Option<(Span, Span)>,
}

/// Evaluates the bundle of an application's folder; `stack` is its path as a stack.
pub(super) fn declare(
    context: &Context<'_>,
    application: &str,
    stack: &Arc<str>,
    declared: &mut Declared,
) {
    let mut environment = Configuration::default();
    let mut sections: FxHashMap<&str, Members> = FxHashMap::default();
    let extensions = join(application, EXTENSIONS);
    for path in files(context, &extensions, ".config") {
        let Some(root) = mapping(context, &path) else {
            continue;
        };
        for section in SECTIONS {
            if let Some(more) = root.member(section).filter(|m| m.as_object().is_some()) {
                join_in(sections.entry(section).or_default(), &more);
            }
        }
        environment.read_extension(context, &root);
    }
    let manifest = join(application, MANIFEST);
    if context.files.kind(&manifest) == Some(EntryKind::File)
        && let Some(root) = mapping(context, &manifest)
    {
        environment.read_saved(context, &root);
    }
    let saved = join(&join(application, CLI_FOLDER), "saved_configs");
    let mut templates = Vec::new();
    for path in files(context, &saved, ".cfg.yml") {
        let Some(root) = mapping(context, &path) else {
            continue;
        };
        let name = path.rsplit('/').next().unwrap_or(&path);
        if name == DEFAULT {
            environment.read_saved(context, &root);
        } else {
            let mut template = Configuration::default();
            template.read_saved(context, &root);
            templates.push((format!("{CLI_FOLDER}/saved_configs/{name}"), template));
        }
    }

    for members in sections.values_mut() {
        for member in members.values_mut() {
            member.value = environment.put_in(&member.value);
        }
    }
    let mut resources = sections.remove("Resources").unwrap_or_default();
    for (name, member) in &mut resources {
        let known = MADE.iter().find(|(made, _)| *made == &**name);
        if let (Some((_, kind)), Some(object)) = (known, member.value.as_object())
            && object.get("Type").is_none()
        {
            let mut members = object.members().clone();
            members.insert("Type".into(), Value::text(*kind, member.key).into());
            member.value = Value::object(members, member.value.span());
        }
    }
    let name = stack.rsplit('/').next().unwrap_or(stack).to_owned();
    let own = std::iter::once((name, ENVIRONMENT, environment)).chain(
        templates
            .into_iter()
            .map(|(name, template)| (name, TEMPLATE, template)),
    );
    let mut made: Vec<Arc<str>> = Vec::new();
    for (name, kind, configuration) in own {
        if let Some(member) = configuration.resource(kind) {
            let name: Arc<str> = name.into();
            made.push(name.clone());
            resources.insert(name, member);
        }
    }
    sections.insert("Resources", resources);
    let sections = sections
        .into_iter()
        .map(|(name, members)| (name.into(), Value::object(members, Span::NONE).into()));
    let root = Value::object(sections.collect(), Span::NONE);
    let given = FxHashMap::default();
    let chain = vec![stack.to_string()];
    let template = Template::new(context, &root, stack.clone(), "".into(), given, chain);
    if let Some(mut template) = template {
        // What Elastic Beanstalk adds may be referred to.
        template.has_macros = true;
        template.declare(declared);
    }
    for resource in &mut declared.resources {
        if made.contains(&resource.address) || resource.address.starts_with("AWSEB") {
            open(resource);
        }
    }
}

/// The files of a folder with this ending, in the order in which Elastic Beanstalk reads them.
fn files(context: &Context<'_>, folder: &str, ending: &str) -> Vec<String> {
    let entries = context.files.list(folder).unwrap_or_default();
    let is_part = |name: &str| name.ends_with(ending) && !name.starts_with('.');
    entries
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::File && is_part(&entry.name))
        .map(|entry| join(folder, &entry.name))
        .collect()
}

fn mapping(context: &Context<'_>, path: &str) -> Option<Value> {
    let root = context.parsed(path)?;
    if root.as_object().is_some() {
        return Some(root);
    }
    invalid(context, root.span(), "a configuration file is a mapping");
    None
}

fn invalid(context: &Context<'_>, place: Span, message: &str) {
    context.say(
        Diagnostic::error("invalid_template", place, message)
            .hint("this part is left out")
            .incomplete(),
    );
}

/// Adds members: mappings are joined, of anything else the last counts.
fn join_in(members: &mut Members, more: &Value) {
    let Some(object) = more.as_object() else {
        return;
    };
    for (name, member) in object.members() {
        let value = match members.get(name) {
            Some(Member { value: earlier, .. })
                if earlier.as_object().is_some() && member.value.as_object().is_some() =>
            {
                let mut joined = earlier
                    .as_object()
                    .map(|object| object.members().clone())
                    .unwrap_or_default();
                join_in(&mut joined, &member.value);
                Value::object(joined, earlier.span())
            }
            _ => member.value.clone(),
        };
        let key = member.key;
        members.insert(name.clone(), Member { key, value });
    }
}

/// What the bundle leaves open is decided where the environment is made.
fn open(resource: &mut DeclaredResource) {
    let why = Arc::new(Unknown::because(Reason::Depends(OUTSIDE.into())));
    let Some(object) = resource.body.as_object() else {
        return;
    };
    let mut members = object.members().clone();
    if let Some(options) = members.get_mut("OptionSettings")
        && let Some(list) = options.value.as_list()
    {
        options.value.data =
            Data::List(List::open(list.kind(), list.items().to_vec(), why.clone()));
    }
    resource.body.data = Data::Object(Object::open(ObjectKind::Block, members, why));
}

impl Configuration {
    /// `option_settings` of a file in `.ebextensions`, in either form.
    fn read_extension(&mut self, context: &Context<'_>, root: &Value) {
        let Some(member) = root
            .as_object()
            .and_then(|object| object.members().get("option_settings"))
        else {
            return;
        };
        let settings = &member.value;
        match &settings.data {
            Data::Null(_) => return,
            Data::Object(_) => self.read_namespaces(context, settings),
            Data::List(_) => {
                for setting in settings.elements() {
                    let part = |name: &str| setting.member(name).filter(|part| !part.is_null());
                    let text = |name: &str| part(name).and_then(|p| Some(p.as_str()?.to_owned()));
                    let (Some(option), Some(value)) = (text("option_name"), part("value")) else {
                        invalid(
                            context,
                            setting.span(),
                            "a setting has an `option_name` and a `value`",
                        );
                        continue;
                    };
                    let namespace = text("namespace");
                    let namespace = namespace.unwrap_or_else(|| OWN_NAMESPACE.to_owned());
                    let resource = text("resource_name").unwrap_or_default();
                    self.set((namespace, option, resource), value);
                }
            }
            _ => {
                let wants = "`option_settings` is a mapping of namespaces or a list of settings";
                invalid(context, settings.span(), wants);
                return;
            }
        }
        let whole = member.key.to(settings.span());
        self.place.get_or_insert((member.key, whole));
    }

    /// A saved configuration or a manifest.
    fn read_saved(&mut self, context: &Context<'_>, root: &Value) {
        let Some(object) = root.as_object() else {
            return;
        };
        if let Some(first) = object.members().values().next() {
            self.place.get_or_insert((first.key, root.span()));
        }
        let mut take = |name: &str, member: Option<&Member>| {
            if let Some(member) = member.filter(|member| !member.value.is_null()) {
                self.properties.insert(name.into(), member.clone());
            }
        };
        let members = object.members();
        take("SolutionStackName", members.get("SolutionStack"));
        take("CNAMEPrefix", members.get("CName"));
        take("EnvironmentName", members.get("EnvironmentName"));
        take("Tier", members.get("EnvironmentTier"));
        let platform = members.get("Platform").map(|member| &member.value);
        let platform = platform.and_then(Value::as_object);
        take(
            "PlatformArn",
            platform.and_then(|platform| platform.members().get("PlatformArn")),
        );
        if let Some(member) = members.get("OptionSettings") {
            self.read_namespaces(context, &member.value);
        }
    }

    /// Options by namespace. A resource's name may stand before the namespace: `Name.aws:autoscaling:scheduledaction`.
    fn read_namespaces(&mut self, context: &Context<'_>, settings: &Value) {
        for (written, options) in settings.entries() {
            if options.is_null() {
                continue;
            }
            if options.as_object().is_none() {
                invalid(
                    context,
                    options.span(),
                    "a namespace is a mapping of options",
                );
                continue;
            }
            let (resource, namespace) = match written.split_once(".aws:") {
                Some((resource, rest)) => (resource.to_owned(), format!("aws:{rest}")),
                None => (String::new(), written.to_string()),
            };
            for (option, value) in options.entries() {
                if !value.is_null() {
                    let key = (namespace.clone(), option.to_string(), resource.clone());
                    self.set(key, value);
                }
            }
        }
    }

    /// A value with the options that it asks for put in: `Fn::GetOptionSetting`. What the bundle does not set may be set
    /// where the environment is made, so that the function's own default is no more than a guess.
    fn put_in(&self, value: &Value) -> Value {
        let place = value.span();
        match &value.data {
            Data::Object(object) => {
                if let Some(asked) = object.get("Fn::GetOptionSetting") {
                    let part = |name: &str| {
                        let part = asked.member(name);
                        part.and_then(|part| Some(part.as_str()?.to_owned()))
                    };
                    let namespace =
                        part("Namespace").unwrap_or_else(|| CUSTOM_NAMESPACE.to_owned());
                    let option = part("OptionName").unwrap_or_default();
                    let known = self.options.get(&(namespace, option, String::new()));
                    return known
                        .cloned()
                        .unwrap_or_else(|| Value::unknown(Reason::Depends(OUTSIDE.into()), place));
                }
                let members = object.members().iter().map(|(name, member)| {
                    let value = self.put_in(&value.seen(&member.value));
                    let key = member.key;
                    (name.clone(), Member { key, value })
                });
                Value::object(members.collect(), place)
            }
            Data::List(_) => {
                let items = value.elements().map(|item| self.put_in(&item));
                Value::list(items.collect(), place)
            }
            _ => value.clone(),
        }
    }

    fn set(&mut self, key: (String, String, String), value: Value) {
        // A later one takes the place of an earlier one in the order too.
        self.options.shift_remove(&key);
        self.options.insert(key, with_functions(value));
    }

    /// The resource that it makes; none if nothing is set.
    fn resource(self, kind: &str) -> Option<Member> {
        let (key, whole) = self.place?;
        let mut settings = Vec::with_capacity(self.options.len());
        for ((namespace, option, resource), value) in self.options {
            let place = value.span();
            let mut members = Members::default();
            let mut put = |name: &str, value: Value| {
                members.insert(name.into(), Member { key: place, value });
            };
            put("Namespace", Value::text(namespace, place));
            put("OptionName", Value::text(option, place));
            if !resource.is_empty() {
                put("ResourceName", Value::text(resource, place));
            }
            put("Value", value);
            settings.push(Value::object(members, place));
        }
        let mut properties = self.properties;
        properties.insert(
            "OptionSettings".into(),
            Member {
                key,
                value: Value::list(settings, key),
            },
        );
        let mut members = Members::default();
        members.insert("Type".into(), Value::text(kind, key).into());
        members.insert("Properties".into(), Value::object(properties, key).into());
        let value = Value::object(members, whole);
        Some(Member { key, value })
    }
}

/// A value with the functions between backticks made into functions: `` `{"Ref": "Topic"}` ``.
/// <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-functions.html>
fn with_functions(value: Value) -> Value {
    let Some(text) = value.as_str().filter(|text| text.contains("`{")) else {
        return value;
    };
    let place = value.span();
    let inner = text.trim().strip_prefix('`');
    let inner = inner.and_then(|text| text.strip_suffix('`'));
    match inner.map(|inner| yaml::decode(inner, place)) {
        Some(Ok(Some(function))) => function,
        _ => Value::unknown(Reason::Depends("functions within the text".into()), place),
    }
}

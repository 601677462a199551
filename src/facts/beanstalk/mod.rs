//! Elastic Beanstalk: option settings by namespace and name with documented defaults, and the platform they run on.

mod platform;

use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::cases::{self, Case, Record};
use super::{Field, Scope, Shape, network};
use crate::model::{LinkTarget, Resource};
use crate::value::{
    Alternative, Certainty, Data, Member, Members, Object, ObjectKind, Origin, Reason, Segment,
    Text, Unknown, Value,
};

pub(super) use platform::{PLATFORM, platform};

/// Kinds that have option settings.
pub(super) const KINDS: &[&str] = &[ENVIRONMENT, TEMPLATE];

const ENVIRONMENT: &str = "AWS::ElasticBeanstalk::Environment";
const TEMPLATE: &str = "AWS::ElasticBeanstalk::ConfigurationTemplate";

/// `settings`: `$.facts.settings['aws:ec2:vpc'].ELBScheme`. What a template outside the code, or an environment that is
/// not known, may supply is unknown where it is absent.
pub(super) const SETTINGS: Shape = Shape::Map(&Shape::Map(&Shape::Source));

/// Namespaces whose values are the application's own and stay texts.
const UNTYPED: &[&str] = &[
    "aws:elasticbeanstalk:application:environment",
    "aws:elasticbeanstalk:application:environmentsecrets",
];

/// A documented default.
struct Default {
    namespace: &'static str,
    option: &'static str,
    value: &'static str,
    when: &'static str,
}

static DEFAULTS: LazyLock<Vec<Default>> = LazyLock::new(|| {
    super::rows(include_str!("options.tsv"))
        .filter_map(|row| {
            Some(Default {
                namespace: row.first()?,
                option: row.get(1)?,
                value: row.get(2)?,
                when: row.get(3)?,
            })
        })
        .collect()
});

/// Settings by namespace and option.
#[derive(std::default::Default)]
struct Settings {
    namespaces: IndexMap<Arc<str>, Namespace, FxBuildHasher>,
    /// Why there may be settings of any namespace.
    more: Option<Arc<Unknown>>,
}

#[derive(std::default::Default)]
struct Namespace {
    options: IndexMap<Arc<str>, Value, FxBuildHasher>,
    /// Why there may be further settings of this namespace.
    more: Option<Arc<Unknown>>,
}

/// `settings`
pub(super) fn settings(scope: &Scope<'_>) -> Value {
    let mut settings = Settings::of(scope);
    if settings.more.is_none() {
        settings.fill(scope);
    }
    settings.show(scope)
}

impl Settings {
    /// Everything that is written: of the saved configuration first, then of the environment, which wins.
    /// <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options.html#configuration-options-precedence>
    fn of(scope: &Scope<'_>) -> Settings {
        let mut settings = Settings::default();
        let resource = scope.resource;
        if &*resource.kind == TEMPLATE {
            settings.doubt("the environment that the saved configuration comes from or goes to");
        } else {
            settings.template(scope);
        }
        settings.read(resource, scope);
        settings
    }

    fn template(&mut self, scope: &Scope<'_>) {
        let name = cases::member(&scope.resource.properties, "TemplateName");
        let written = cases::possible(&name, scope.world);
        if written.iter().all(|case| case.value.as_str() == Some("")) {
            return;
        }
        let Some(template) = saved_configuration(scope) else {
            self.doubt("a saved configuration outside the code");
            return;
        };
        let source = |name: &str| !cases::member(&template.properties, name).is_null();
        if source("EnvironmentId") || source("SourceConfiguration") {
            self.doubt("what the saved configuration was made from");
        }
        self.read(template, scope);
    }

    fn doubt(&mut self, what: &str) {
        self.more
            .get_or_insert_with(|| Arc::new(Unknown::because(Reason::Depends(what.into()))));
    }

    fn read(&mut self, resource: &Resource, scope: &Scope<'_>) {
        let written = cases::member(&resource.properties, "OptionSettings");
        let elements = cases::elements(&written, scope.world);
        if let Some(why) = elements.more {
            self.more.get_or_insert(why);
        }
        for Case { guard, value } in elements.items {
            let (namespace, option) = (
                cases::member(&value, "Namespace"),
                cases::member(&value, "OptionName"),
            );
            let why = |value: &Value| match &value.data {
                Data::Unknown(why) => Some(why.clone()),
                Data::Text(text) => text.holes().next().cloned(),
                _ => None,
            };
            if let Some(why) = why(&value).or_else(|| why(&namespace)) {
                self.more.get_or_insert(why);
                continue;
            }
            let Some(name) = namespace.as_str() else {
                continue;
            };
            let entry = self.namespaces.entry(name.into()).or_default();
            if let Some(why) = why(&option) {
                entry.more.get_or_insert(why);
                continue;
            }
            let Some(option) = option.as_str() else {
                continue;
            };
            let setting = cases::member(&value, "Value");
            if setting.is_null() {
                continue;
            }
            let setting = if UNTYPED.contains(&name) {
                setting
            } else {
                cases::typed(&setting)
            };
            let earlier = entry.options.get(option).cloned();
            let setting = cases::otherwise(&guard, setting, earlier);
            entry.options.insert(option.into(), setting);
        }
    }

    /// Adds what Elastic Beanstalk assumes where nothing is set.
    fn fill(&mut self, scope: &Scope<'_>) {
        let origin = Origin::default_in(scope.place());
        let is_balanced = self.is_balanced(scope);
        let is_al2023 = platform::is_al2023(scope);
        for default in DEFAULTS.iter() {
            let holds = match default.when {
                "balanced" => is_balanced,
                "al2023" => is_al2023,
                "other" => !is_al2023,
                _ => Certainty::Yes,
            };
            let value = match holds {
                Certainty::Yes => cases::typed(&cases::text(default.value, &origin)),
                Certainty::No => continue,
                Certainty::Unsure => {
                    cases::depends("the platform or the kind of environment", &origin)
                }
            };
            let meant: Vec<Arc<str>> = match default.namespace.split_once('<') {
                None => vec![default.namespace.into()],
                Some((prefix, _)) => self
                    .namespaces
                    .keys()
                    .filter(|name| {
                        let rest = name.strip_prefix(prefix);
                        rest.is_some_and(|rest| !rest.is_empty() && rest != "default")
                    })
                    .cloned()
                    .collect(),
            };
            for namespace in meant {
                let entry = self.namespaces.entry(namespace).or_default();
                if entry.more.is_some() {
                    continue;
                }
                let option = Arc::<str>::from(default.option);
                match entry.options.get_mut(&option) {
                    None => {
                        entry.options.insert(option, value.clone());
                    }
                    Some(set) if is_absent_somewhere(set) => *set = or_default(set, &value),
                    Some(_) => {}
                }
            }
        }
    }

    /// Whether the environment has a load balancer.
    fn is_balanced(&self, scope: &Scope<'_>) -> Certainty {
        let namespace = self.namespaces.get("aws:elasticbeanstalk:environment");
        if namespace.is_some_and(|namespace| namespace.more.is_some()) {
            return Certainty::Unsure;
        }
        let Some(kind) = namespace.and_then(|namespace| namespace.options.get("EnvironmentType"))
        else {
            return Certainty::Yes;
        };
        let cases = cases::cases(kind, scope.world);
        let mut answers = cases.iter().map(|case| match case.value.as_text() {
            Some(text) => !text.equals("SingleInstance"),
            None => Certainty::Unsure,
        });
        let first = answers.next().unwrap_or(Certainty::Yes);
        if answers.all(|answer| answer == first) {
            first
        } else {
            Certainty::Unsure
        }
    }

    fn show(self, scope: &Scope<'_>) -> Value {
        let origin = Origin::at(scope.place());
        let mut all = Members::default();
        let object = |members: Members, more: Option<Arc<Unknown>>| match more {
            Some(why) => Object::open(ObjectKind::Object, members, why),
            None => Object::new(ObjectKind::Object, members),
        };
        for (name, namespace) in self.namespaces {
            let members = namespace
                .options
                .into_iter()
                .map(|(option, value)| (option, Member::from(value)));
            let more = namespace.more.or_else(|| self.more.clone());
            let value = cases::made(Data::Object(object(members.collect(), more)), &origin);
            all.insert(name, value.into());
        }
        cases::made(Data::Object(object(all, self.more)), &origin)
    }
}

/// The saved configuration that an environment is made from, if it is in the code.
fn saved_configuration<'a>(scope: &Scope<'a>) -> Option<&'a Resource> {
    let links = scope.resource.links.get("template")?;
    let [link] = links.targets.as_slice() else {
        return None;
    };
    match link.target {
        LinkTarget::Resource(id) if !link.is_possible => Some(scope.model.resource(id)),
        _ => None,
    }
}

fn is_absent_somewhere(value: &Value) -> bool {
    match &value.data {
        Data::Choice(alternatives) => alternatives.iter().any(|a| is_absent_somewhere(&a.value)),
        data => matches!(data, Data::Null(_)),
    }
}

/// The default in place of null.
fn or_default(value: &Value, default: &Value) -> Value {
    match &value.data {
        Data::Null(_) => default.clone(),
        Data::Choice(alternatives) => {
            let filled = alternatives.iter().map(|alternative| Alternative {
                guard: alternative.guard.clone(),
                value: or_default(&value.seen(&alternative.value), default),
            });
            Value::choice(filled.collect(), value.span())
        }
        _ => value.clone(),
    }
}

/// `ssh_source`: who may try SSH, taken apart; absent where no restriction is set.
pub(super) const SSH_SOURCE: Shape = Shape::Object(&[
    Field::new(
        "source",
        Shape::Text,
        "the CIDR or group at the end of SSHSourceRestriction",
    ),
    Field::new(
        "reach",
        Shape::Text,
        "world, near_world, broad, scoped, private, group",
    ),
    Field::new("from_port", Shape::Number, "first port"),
    Field::new("to_port", Shape::Number, "last port"),
]);

/// `ssh_source`: `tcp, 22, 22, 203.0.113.0/24`.
/// <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html#command-options-general-autoscalinglaunchconfiguration>
pub(super) fn ssh_source(scope: &Scope<'_>) -> Value {
    let settings = Settings::of(scope).show(scope);
    let launch = cases::member(&settings, "aws:autoscaling:launchconfiguration");
    let written = cases::member(&launch, "SSHSourceRestriction").in_world(scope.world);
    let at = &written.origin;
    let text = match &written.data {
        Data::Null(_) => return written,
        Data::Text(text) if text.as_str() == Some("") => return Value::null(written.span()),
        Data::Text(text) => text,
        Data::Unknown(why) => return cases::unknown(why, at),
        _ => return cases::depends("who may try SSH", at),
    };
    let parts = fields(text);
    let [_, from, to, source] = parts.as_slice() else {
        return cases::depends("who may try SSH", at);
    };
    let port = |part: &Text| match part.as_str().and_then(|part| part.trim().parse().ok()) {
        Some(port) => cases::number(port, at),
        None => cases::depends("a port that is not known", at),
    };
    let source = cases::made(Data::Text(source.clone()), at);
    let is_group = source
        .as_text()
        .is_some_and(|text| !text.has_holes() && !text.flattened('?').contains('/'));
    let reach = if is_group {
        cases::text("group", at)
    } else {
        network::reach(std::slice::from_ref(&source), None, scope.model, at)
    };
    Record::new()
        .put("source", source)
        .put("reach", reach)
        .put("from_port", port(from))
        .put("to_port", port(to))
        .done(at)
}

/// The parts of a text between commas, blanks around them left out, holes kept.
fn fields(text: &Text) -> Vec<Text> {
    let mut all: Vec<Vec<Segment>> = vec![Vec::new()];
    for segment in text.segments().iter() {
        match segment {
            Segment::Literal(text) => {
                for (index, part) in text.split(',').enumerate() {
                    if index > 0 {
                        all.push(Vec::new());
                    }
                    if let Some(last) = all.last_mut() {
                        last.push(Segment::Literal(part.trim().into()));
                    }
                }
            }
            hole => {
                if let Some(last) = all.last_mut() {
                    last.push(hole.clone());
                }
            }
        }
    }
    all.into_iter().map(Text::from_segments).collect()
}

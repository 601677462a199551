//! Images of machines: the family that their names tell, until when it is supported, whether it asks for IMDSv2.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use super::cases::{self, Case, Record};
use super::{Field, Scope, Shape};
use crate::model::LinkTarget;
use crate::source::Span;
use crate::value::{Certainty, Data, Origin, Reason, Segment, Step, Text, Trail, Unknown, Value};

/// Kinds that start from an image.
pub(super) const KINDS: &[&str] = &[
    "AWS::EC2::Instance",
    "AWS::EC2::LaunchTemplate",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::EKS::Nodegroup",
];

/// `ami`; absent where no image is named.
pub(super) const AMI: Shape = Shape::Object(&[
    Field::new("value", Shape::Source, "the image as written"),
    Field::maybe(
        "family",
        Shape::Text,
        "amazon-linux-2, ubuntu-20.04, …, where a name or parameter path tells",
    ),
    Field::maybe("made_for", Shape::Text, "ecs or eks"),
    Field::maybe(
        "end_of_support",
        Shape::Text,
        "the family's last day of support",
    ),
    Field::maybe(
        "ended",
        Shape::Bool,
        "whether that is past; absent where nothing tells the family",
    ),
    Field::new(
        "imdsv2",
        Shape::Bool,
        "whether the code names an image whose instances ask for IMDSv2",
    ),
]);

/// A row of the table.
struct Family {
    name: &'static str,
    made_for: &'static str,
    last_day: Option<Date>,
    imdsv2: Certainty,
    pattern: Regex,
}

static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    super::rows(include_str!("families.tsv"))
        .filter_map(|row| {
            let [name, made_for, last_day, imdsv2, pattern] = row.as_slice() else {
                return None;
            };
            Some(Family {
                name,
                made_for,
                last_day: last_day.parse().ok(),
                imdsv2: match *imdsv2 {
                    "yes" => Certainty::Yes,
                    "no" => Certainty::No,
                    _ => Certainty::Unsure,
                },
                pattern: Regex::new(pattern).ok()?,
            })
        })
        .collect()
});

/// What the code says of an image.
#[derive(Default)]
struct Evidence {
    /// Names, patterns of names, paths of parameters: it is one of these. With the places where they are written.
    names: Vec<(Text, Span, Option<Step>)>,
    /// Whether it is registered as one that asks for IMDSv2.
    is_registered: bool,
    /// Whether people outside of AWS may have made it.
    is_of_others: bool,
}

/// `ami`
pub(super) fn ami(scope: &Scope<'_>) -> Value {
    let properties = &scope.resource.properties;
    let image = match &*scope.resource.kind {
        "AWS::EC2::LaunchTemplate" => {
            cases::member(&cases::member(properties, "LaunchTemplateData"), "ImageId")
        }
        "AWS::EKS::Nodegroup" => cases::member(properties, "AmiType"),
        _ => cases::member(properties, "ImageId"),
    };
    if image.in_world(scope.world).is_null() {
        return of_node_groups(scope);
    }
    let mut fact = Value::null(scope.place());
    for Case { guard, value } in cases::cases(&image, scope.world) {
        fact = cases::otherwise(&guard, described(&value, scope), Some(fact));
    }
    fact
}

/// Node groups choose the image of a template that names none:
/// <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>
fn of_node_groups(scope: &Scope<'_>) -> Value {
    let nothing = Value::null(scope.place());
    let Some(links) = scope.resource.links.get("eks_node_groups") else {
        return nothing;
    };
    let group = links.targets.iter().find_map(|link| match link.target {
        LinkTarget::Resource(id) => Some(scope.model.resource(id)),
        LinkTarget::Ghost(_) => None,
    });
    let Some(group) = group else {
        return nothing;
    };
    let image = cases::member(&group.properties, "AmiType").in_world(scope.world);
    match &image.data {
        Data::Text(_) => described(&image, scope),
        // Amazon Linux 2023 since Kubernetes 1.30.
        _ => {
            let at = Origin::at(group.header);
            let chosen = cases::depends("the image that EKS chooses", &at);
            Record::new()
                .put("value", chosen.clone())
                .put("imdsv2", chosen)
                .done(&at)
        }
    }
}

fn described(image: &Value, scope: &Scope<'_>) -> Value {
    let evidence = Evidence::of(image, scope, 0);
    let found = evidence.families();
    // The first name stands for all where they agree.
    let place = evidence.names.first().and_then(|(_, place, step)| {
        let step = step.clone()?;
        place.is_written().then_some((*place, step))
    });
    let at = match place {
        Some((place, step)) => Origin {
            trail: longer(&image.origin.trail, place, step),
            ..image.origin.clone()
        },
        None => image.origin.clone(),
    };
    let mut record = Record::new();
    record.put("value", image.clone());
    let imdsv2 = if evidence.is_registered {
        Certainty::Yes
    } else {
        let asks = match found.split_first() {
            None => Certainty::No,
            Some((first, rest)) if rest.iter().all(|other| other.imdsv2 == first.imdsv2) => {
                first.imdsv2
            }
            Some(_) => Certainty::Unsure,
        };
        match evidence.is_of_others {
            true => asks.and(Certainty::Unsure),
            false => asks,
        }
    };
    match found.split_first() {
        None => {}
        Some((first, rest)) => {
            let is_same = |other: &Guess| other.family.map(key) == first.family.map(key);
            match first.family.filter(|_| rest.iter().all(is_same)) {
                Some(family) => {
                    record.put("family", cases::text(family.name, &at));
                    if !family.made_for.is_empty() {
                        record.put("made_for", cases::text(family.made_for, &at));
                    }
                    if let Some(last_day) = family.last_day {
                        record.put("end_of_support", cases::text(&last_day.to_string(), &at));
                    }
                    let ended = family.last_day.is_some_and(|day| day < scope.today);
                    record.put("ended", cases::truth(ended.into(), None, &at));
                }
                None if found
                    .iter()
                    .any(|guess| guess.family.is_some() || guess.is_open) =>
                {
                    let doubt = cases::depends("which of several images it is", &at);
                    for name in ["family", "ended"] {
                        record.put(name, doubt.clone());
                    }
                }
                None => {}
            }
        }
    }
    record.put("imdsv2", cases::truth(imdsv2, None, &at));
    record.done(&at)
}

fn key(family: &Family) -> (&str, &str) {
    (family.name, family.made_for)
}

/// A trail with one more place at its end.
fn longer(trail: &Trail, place: Span, step: Step) -> Trail {
    let nodes: Vec<(Span, &Step)> = trail.iter().collect();
    let mut longer = Trail::through(place, step, Trail::default());
    for (place, step) in nodes.into_iter().rev() {
        longer = Trail::through(place, step.clone(), longer);
    }
    longer
}

/// What one name tells.
struct Guess {
    family: Option<&'static Family>,
    /// Whether the parts of it that are not known may name one.
    is_open: bool,
    imdsv2: Certainty,
}

impl Guess {
    /// A family whose pattern is found, or none, and those whose patterns what is not known may make.
    fn new(found: Option<&'static Family>, open: &[&Family]) -> Guess {
        let told = found.map_or(Certainty::No, |family| family.imdsv2);
        let is_told = open.iter().all(|other| other.imdsv2 == told);
        Guess {
            family: found.filter(|family| open.iter().all(|other| other.name == family.name)),
            is_open: !open.is_empty(),
            imdsv2: if is_told { told } else { Certainty::Unsure },
        }
    }
}

impl Evidence {
    fn of(image: &Value, scope: &Scope<'_>, depth: usize) -> Evidence {
        let mut evidence = Evidence::default();
        match &image.data {
            Data::Text(text) => evidence.names.push((text.clone(), Span::NONE, None)),
            Data::Unknown(unknown) => evidence.read_unknown(unknown, scope, depth),
            _ => {}
        }
        evidence
    }

    fn read_unknown(&mut self, unknown: &Unknown, scope: &Scope<'_>, depth: usize) {
        if let Reason::Import(path) = &unknown.reason {
            let default = unknown.subject.as_ref();
            let place = default.map_or(Span::NONE, |subject| subject.default_at);
            let step = default.map(|subject| Step::Default(subject.name.clone()));
            self.names.push((Text::new(path.clone()), place, step));
            return;
        }
        let address = match (&unknown.reference, &unknown.reason) {
            (Some(reference), _) => &reference.address,
            (None, Reason::Data(address) | Reason::Computed(address, _)) => address,
            _ => return,
        };
        let Some(id) = scope.model.at_address(address).first() else {
            return;
        };
        let resource = scope.model.resource(*id);
        let native = &resource.native;
        let step = Step::Attribute(resource.address.clone());
        match &*resource.native_kind {
            "data.aws_ssm_parameter" => self.name(&cases::member(native, "name"), &step, scope),
            "data.aws_ami" | "data.aws_ami_ids" => {
                self.name(&cases::member(native, "name_regex"), &step, scope);
                for filter in cases::elements(&cases::member(native, "filter"), scope.world).items {
                    let name = cases::member(&filter.value, "name");
                    if name.as_str() == Some("name") {
                        let values = cases::member(&filter.value, "values");
                        for value in cases::elements(&values, scope.world).items {
                            self.name(&value.value, &step, scope);
                        }
                    }
                }
                let owners = cases::elements(&cases::member(native, "owners"), scope.world);
                let is_of_aws = |owner: &Case| {
                    // Of Amazon Linux, of the images for ECS and EKS.
                    const ACCOUNTS: [&str; 4] =
                        ["amazon", "137112412989", "591542846629", "602401143452"];
                    owner.value.as_str().is_some_and(|o| ACCOUNTS.contains(&o))
                };
                self.is_of_others = !owners.items.is_empty() && !owners.items.iter().any(is_of_aws);
            }
            "aws_ami" => {
                let support = cases::member(native, "imds_support").in_world(scope.world);
                self.is_registered = support.as_str() == Some("v2.0");
            }
            "aws_ami_copy" if depth < 3 => {
                let source = cases::member(native, "source_ami_id").in_world(scope.world);
                *self = Evidence::of(&source, scope, depth + 1);
            }
            _ => {}
        }
    }

    fn name(&mut self, name: &Value, step: &Step, scope: &Scope<'_>) {
        for case in cases::cases(name, scope.world) {
            if let Data::Text(text) = &case.value.data {
                let place = case.value.origin.trail.source();
                let place = place.map_or(case.value.span(), |(place, _)| place);
                self.names.push((text.clone(), place, Some(step.clone())));
            }
        }
    }

    /// What each name tells. None of what names nothing: an id.
    fn families(&self) -> Vec<Guess> {
        let is_told = |text: &&Text| {
            let mut segments = text.segments().into_owned().into_iter();
            segments.any(|segment| matches!(segment, Segment::Literal(text) if !text.is_empty()))
        };
        let names = self.names.iter().map(|(text, ..)| text).filter(is_told);
        let guesses = names.map(|text| {
            let mut open: Vec<&Family> = Vec::new();
            for family in FAMILIES.iter() {
                match text.matches(&family.pattern) {
                    Certainty::Yes => return Guess::new(Some(family), &open),
                    Certainty::Unsure => open.push(family),
                    Certainty::No => {}
                }
            }
            Guess::new(None, &open)
        });
        guesses.collect()
    }
}

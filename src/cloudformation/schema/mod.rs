//! Resource types as CloudFormation knows them: the name of a type in, what its properties take and which attributes it
//! has out. The tables are embedded by build.rs and inflated a service at a time, when a template asks for it.

use std::io::Read as _;
use std::sync::{Arc, OnceLock};

use flate2::read::DeflateDecoder;

use crate::value::{Alternative, Data, List, Member, Members, Number, Object, Unknown, Value};

include!(concat!(env!("OUT_DIR"), "/resource_types.rs"));

static BLOCKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/resource_types.bin"));

/// The lines of one service's block.
struct Service {
    /// Members with their types: `Name:s Tags:[3`.
    shapes: Vec<&'static str>,
    /// Types with the number of their shape and their attributes: `Role 7 Arn RoleId`; sorted.
    kinds: Vec<&'static str>,
}

/// A resource type.
#[derive(Clone, Copy)]
pub(super) struct ResourceType {
    service: &'static Service,
    shape: &'static str,
    attributes: &'static str,
}

/// What a property takes.
#[derive(Clone, Copy)]
struct Shape {
    service: &'static Service,
    /// As the table writes it: `s`, `[3`.
    code: &'static str,
}

/// The type of this name; none if it is none of CloudFormation's own, or a newer one than the table.
pub(super) fn resource_type(name: &str) -> Option<ResourceType> {
    let (service, kind) = name.rsplit_once("::")?;
    let service = service_of(service)?;
    let first = |line: &'static str| line.split_once(' ').unwrap_or((line, ""));
    let found = service
        .kinds
        .binary_search_by(|line| first(line).0.cmp(kind));
    let (_, rest) = first(service.kinds[found.ok()?]);
    let (shape, attributes) = first(rest);
    Some(ResourceType {
        service,
        shape,
        attributes,
    })
}

fn service_of(name: &str) -> Option<&'static Service> {
    static READ: OnceLock<Vec<OnceLock<Option<Service>>>> = OnceLock::new();
    let at = SERVICES.binary_search_by(|(known, ..)| (*known).cmp(name));
    let at = at.ok()?;
    let read = READ.get_or_init(|| SERVICES.iter().map(|_| OnceLock::new()).collect());
    let (_, start, end) = SERVICES[at];
    read[at].get_or_init(|| inflated(start, end)).as_ref()
}

fn inflated(start: usize, end: usize) -> Option<Service> {
    let mut text = String::new();
    let mut block = DeflateDecoder::new(BLOCKS.get(start..end)?);
    block.read_to_string(&mut text).ok()?;
    // It lives as long as the program, as it would if it were embedded as it is.
    let (shapes, kinds) = text.leak().split_once("\n\n")?;
    Some(Service {
        shapes: shapes.split('\n').collect(),
        kinds: kinds.split('\n').collect(),
    })
}

impl ResourceType {
    /// The properties of such a resource with their scalars as the schema says: a port given as text is a number, a tag
    /// given as a number is text. Only what can be converted exactly is; properties that the schema does not know stay.
    pub(super) fn converted(self, properties: Value) -> Value {
        self.shape().converted(&properties).unwrap_or(properties)
    }

    fn shape(self) -> Shape {
        Shape {
            service: self.service,
            code: self.shape,
        }
    }

    /// Whether `Fn::GetAtt` gives this attribute.
    pub(super) fn has_attribute(self, name: &str) -> bool {
        let is_like = |known: &str| {
            let mut parts = known.split('.').zip(name.split('.'));
            known.split('.').count() == name.split('.').count()
                && parts.all(|(known, part)| known == "*" || known == part)
        };
        match self.attributes {
            "**" => true,
            "*" => {
                let mut parts = name.split('.');
                parts.try_fold(self.shape(), Shape::member).is_some()
            }
            _ => self.attributes().any(is_like),
        }
    }

    /// The attributes that `Fn::GetAtt` gives; `*` in them stands for any name.
    pub(super) fn attributes(self) -> impl Iterator<Item = &'static str> {
        let names = match self.attributes {
            "*" => self.shape().members(),
            listed => listed,
        };
        let names = names.split(' ').filter_map(|name| name.split(':').next());
        names.filter(|name| !matches!(*name, "" | "**"))
    }
}

impl Shape {
    /// `Name:s Tags:[3`; nothing if it is no object.
    fn members(self) -> &'static str {
        let number = self.code.parse::<usize>();
        let members = number.map(|number| self.service.shapes.get(number));
        members.ok().flatten().copied().unwrap_or_default()
    }

    fn member(self, name: &str) -> Option<Shape> {
        if self.code == "a" {
            return Some(self);
        }
        let members = self.members().split(' ');
        let mut members = members.filter_map(|member| member.split_once(':'));
        let (_, code) = members.find(|(known, _)| *known == name)?;
        Some(Shape { code, ..self })
    }

    /// What a list or map holds.
    fn element(self, bracket: char) -> Option<Shape> {
        let code = self.code.strip_prefix(bracket)?;
        Some(Shape { code, ..self })
    }

    /// The value as this shape says; none if it stays as it is.
    fn converted(self, value: &Value) -> Option<Value> {
        if self.code == "a" {
            return None;
        }
        let data = match &value.data {
            Data::Null(_) => return None,
            Data::Text(text) => self.scalar_of(text.as_str()?)?,
            Data::Number(number) if self.code == "s" => Data::Text(number.to_string().into()),
            Data::Bool(truth) if self.code == "s" => Data::Text(truth.to_string().into()),
            Data::Number(_) | Data::Bool(_) => return None,
            Data::List(list) => {
                let element = self.element('[')?;
                let items = all_converted(list.items(), |item| element.converted(item))?;
                Data::List(match list.more() {
                    Some(more) => List::open(list.kind(), items, more.clone()),
                    None => List::new(list.kind(), items),
                })
            }
            Data::Object(object) => {
                let mut members: Option<Members> = None;
                for (name, member) in object.members() {
                    let shape = self.element('{').or_else(|| self.member(name));
                    if let Some(value) = shape.and_then(|shape| shape.converted(&member.value)) {
                        let members = members.get_or_insert_with(|| object.members().clone());
                        let key = member.key;
                        members.insert(name.clone(), Member { key, value });
                    }
                }
                Data::Object(match object.more() {
                    Some(more) => Object::open(object.kind(), members?, more.clone()),
                    None => Object::new(object.kind(), members?),
                })
            }
            Data::Choice(alternatives) => {
                let converted = all_converted(alternatives, |alternative| {
                    Some(Alternative {
                        value: self.converted(&alternative.value)?,
                        ..alternative.clone()
                    })
                });
                Data::Choice(converted?.into())
            }
            Data::Unknown(unknown) => {
                let allowed = all_converted(&unknown.allowed, |value| self.converted(value))?;
                Data::Unknown(Arc::new(Unknown {
                    allowed,
                    ..(**unknown).clone()
                }))
            }
        };
        Some(Value {
            data,
            ..value.clone()
        })
    }

    /// A text as a number or truth value, if that is what is taken and the text is nothing else.
    fn scalar_of(self, text: &str) -> Option<Data> {
        match self.code {
            "b" if text.eq_ignore_ascii_case("true") => Some(Data::Bool(true)),
            "b" if text.eq_ignore_ascii_case("false") => Some(Data::Bool(false)),
            "i" | "n" => {
                let number = Number::parse(text)?;
                let digits = text.trim_start_matches('-').as_bytes();
                let is_exact = match self.code {
                    "i" => number.to_string() == text,
                    // `1.10` is 1.1, but `01` may be a name.
                    _ => !matches!(digits, [b'0', b'0'..=b'9', ..]),
                };
                is_exact.then_some(Data::Number(number))
            }
            _ => None,
        }
    }
}

/// All of these, some of them converted; none if all stay.
fn all_converted<T: Clone>(all: &[T], convert: impl Fn(&T) -> Option<T>) -> Option<Vec<T>> {
    let mut result: Option<Vec<T>> = None;
    for (at, one) in all.iter().enumerate() {
        if let Some(converted) = convert(one) {
            result.get_or_insert_with(|| all.to_vec())[at] = converted;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceMap, Span};
    use crate::value::{Reason, Unknown};

    fn read(text: &str) -> Value {
        let file = SourceMap::new().add("a.yaml", text);
        crate::yaml::parse(&file).0.expect("valid YAML")
    }

    #[test]
    fn every_service_can_be_read_and_its_types_point_to_shapes() {
        for (name, ..) in SERVICES {
            let service = service_of(name).expect("a block that can be inflated");
            for kind in &service.kinds {
                let kind = kind.split(' ').next().unwrap_or_default();
                let found = resource_type(&format!("{name}::{kind}")).expect("sorted types");
                let shape: usize = found.shape.parse().expect("a number");
                assert!(shape < service.shapes.len(), "{name}::{kind}");
            }
        }
        for name in [
            "",
            "AWS",
            "AWS::EC2",
            "AWS::EC2::Nothing",
            "Custom::X",
            "AWS::None::Such",
        ] {
            assert!(resource_type(name).is_none(), "{name}");
        }
    }

    #[test]
    fn attributes_are_those_of_the_schema() {
        for (kind, attribute, expected) in [
            ("AWS::IAM::Role", "Arn", true),
            ("AWS::IAM::Role", "Path", false),
            ("AWS::IAM::Role", "arn", false),
            ("AWS::RDS::DBInstance", "Endpoint.Address", true),
            ("AWS::RDS::DBInstance", "Endpoint", true),
            ("AWS::RDS::DBInstance", "Endpoint.Nothing", false),
            ("AWS::RDS::DBCluster", "Endpoint.Port", true),
            ("AWS::SQS::Queue", "QueueName", true),
            ("AWS::SQS::Queue", "RedrivePolicy.maxReceiveCount", true),
            ("AWS::SQS::Queue", "Nothing", false),
            ("AWS::Lightsail::Domain", "DomainEntries.3.Id", true),
            ("AWS::CloudFormation::Stack", "Outputs.Any", true),
            ("AWS::CloudFormation::Stack", "Outputs", false),
            ("AWS::CloudFormation::Stack", "Any", false),
            ("AWS::CloudFormation::CustomResource", "what.ever", true),
        ] {
            let found = resource_type(kind).expect("a known type");
            assert_eq!(
                found.has_attribute(attribute),
                expected,
                "{kind}.{attribute}"
            );
        }
    }

    #[test]
    fn scalars_become_what_the_schema_says_if_they_can_be_nothing_else() {
        for (kind, written, expected) in [
            (
                "AWS::EC2::SecurityGroup",
                "{GroupDescription: 5, SecurityGroupIngress: [{FromPort: '22', ToPort: 22, CidrIp: true}]}",
                "{GroupDescription: '5', SecurityGroupIngress: [{FromPort: 22, ToPort: 22, CidrIp: 'true'}]}",
            ),
            (
                "AWS::EC2::SecurityGroup",
                "{SecurityGroupIngress: [{FromPort: ' 22', ToPort: '022'}, {FromPort: 22.5, ToPort: '22.0'}, {FromPort: '-1'}]}",
                "{SecurityGroupIngress: [{FromPort: ' 22', ToPort: '022'}, {FromPort: 22.5, ToPort: '22.0'}, {FromPort: -1}]}",
            ),
            (
                "AWS::RDS::DBInstance",
                "{StorageEncrypted: 'true', MultiAZ: 'False', PubliclyAccessible: 'yes', EngineVersion: 8.1, AllocatedStorage: 20}",
                "{StorageEncrypted: true, MultiAZ: false, PubliclyAccessible: 'yes', EngineVersion: '8.1', AllocatedStorage: '20'}",
            ),
            // Names that the schema does not know, and what it takes as it is.
            (
                "AWS::IAM::Role",
                "{New: '1', MaxSessionDuration: '3600', AssumeRolePolicyDocument: {Version: '1', Sid: 1}}",
                "{New: '1', MaxSessionDuration: 3600, AssumeRolePolicyDocument: {Version: '1', Sid: 1}}",
            ),
            // Maps, numbers with fractions.
            (
                "AWS::Lambda::Function",
                "{Environment: {Variables: {A: 1, B: true, C: 'x'}}, Timeout: '3'}",
                "{Environment: {Variables: {A: '1', B: 'true', C: 'x'}}, Timeout: 3}",
            ),
            (
                "AWS::CloudWatch::Alarm",
                "{Threshold: '1.50', Period: '60', ActionsEnabled: 'TRUE'}",
                "{Threshold: 1.5, Period: 60, ActionsEnabled: true}",
            ),
        ] {
            let converted = resource_type(kind)
                .expect("a known type")
                .converted(read(written));
            assert!(
                converted.is_same(&read(expected)),
                "{kind} {written}: {converted:?}"
            );
        }
    }

    #[test]
    fn alternatives_and_the_values_that_something_may_have_are_converted_too() {
        let place = Span::NONE;
        let unknown = Unknown {
            allowed: vec![Value::text("22", place), Value::text("x", place)],
            ..Unknown::because(Reason::Outside)
        };
        let member = |value| {
            let member = Member { key: place, value };
            Value::object([("FromPort".into(), member)].into_iter().collect(), place)
        };
        let ingress = resource_type("AWS::EC2::SecurityGroupIngress").expect("a known type");
        let value = member(Value::new(Data::Unknown(Arc::new(unknown)), place));
        let converted = ingress
            .converted(value)
            .member("FromPort")
            .expect("a member");
        let allowed = &converted.as_unknown().expect("unknown").allowed;
        assert_eq!(allowed[0].as_int(), Some(22));
        assert_eq!(allowed[1].as_str(), Some("x"));
    }
}

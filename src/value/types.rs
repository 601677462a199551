//! Terraform's types as data: what a value is known to be even where it is not known itself.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::Value;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Anything: the type is not known, as that of a plain `null`.
    Any,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// Elements of one type.
    List(Box<Type>),
    /// Distinct elements of one type.
    Set(Box<Type>),
    /// Values of one type under any keys.
    Map(Box<Type>),
    /// Elements of these types.
    Tuple(Vec<Type>),
    /// These attributes.
    Object(Attributes),
}

/// Attributes of an object type by name.
pub type Attributes = IndexMap<Arc<str>, Attribute, FxBuildHasher>;

/// An attribute of an object type.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its type.
    pub of: Type,
    /// Whether it may be missing.
    pub is_optional: bool,
    /// What it then is.
    pub default: Option<Value>,
}

impl Attribute {
    /// An attribute that every object of the type has.
    pub fn required(of: Type) -> Attribute {
        Attribute {
            of,
            is_optional: false,
            default: None,
        }
    }
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Attribute) -> bool {
        self.of == other.of && self.is_optional == other.is_optional
    }
}

impl Type {
    /// As Terraform spells it, for messages.
    pub fn describe(&self) -> String {
        match self {
            Type::Any => "any".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Number => "number".to_owned(),
            Type::String => "string".to_owned(),
            Type::List(of) => format!("list({})", of.describe()),
            Type::Set(of) => format!("set({})", of.describe()),
            Type::Map(of) => format!("map({})", of.describe()),
            Type::Tuple(_) => "tuple".to_owned(),
            Type::Object(_) => "object".to_owned(),
        }
    }

    /// Whether it is a primitive type.
    pub fn is_scalar(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    /// Whether it is a list, set or map: as many elements of one type as there are.
    pub fn is_collection(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_) | Type::Map(_))
    }

    /// Whether it is a list, set or tuple.
    pub fn is_sequence(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_) | Type::Tuple(_))
    }

    /// The type of the elements of a list, set or map.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(of) | Type::Set(of) | Type::Map(of) => Some(of),
            _ => None,
        }
    }

    /// Whether nothing in it is left open.
    pub fn is_concrete(&self) -> bool {
        match self {
            Type::Any => false,
            Type::Bool | Type::Number | Type::String => true,
            Type::List(of) | Type::Set(of) | Type::Map(of) => of.is_concrete(),
            Type::Tuple(types) => types.iter().all(Type::is_concrete),
            Type::Object(attributes) => attributes.values().all(|a| a.of.is_concrete()),
        }
    }

    /// The type that values declared with this one have: no attribute is optional in a value.
    #[must_use]
    pub fn of_values(&self) -> Type {
        let inside = |of: &Type| Box::new(of.of_values());
        match self {
            Type::Any | Type::Bool | Type::Number | Type::String => self.clone(),
            Type::List(of) => Type::List(inside(of)),
            Type::Set(of) => Type::Set(inside(of)),
            Type::Map(of) => Type::Map(inside(of)),
            Type::Tuple(types) => Type::Tuple(types.iter().map(Type::of_values).collect()),
            Type::Object(attributes) => {
                let attributes = attributes.iter();
                let required =
                    |attribute: &Attribute| Attribute::required(attribute.of.of_values());
                Type::Object(
                    attributes
                        .map(|(name, a)| (name.clone(), required(a)))
                        .collect(),
                )
            }
        }
    }
}

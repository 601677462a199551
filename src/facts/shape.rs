//! What facts look like: names and types of their members, for `vet` and for documentation.

/// The form of a fact or of a part of one.
#[derive(Debug)]
pub enum Shape {
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A value of the source itself, with its place.
    Source,
    /// A list of such members.
    List(&'static Shape),
    /// An object with these members.
    Object(&'static [Field]),
    /// An object with any names, whose members all look like this.
    Map(&'static Shape),
}

/// A member of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it looks like.
    pub shape: Shape,
    /// Whether it is always there; else it may be absent.
    pub is_always: bool,
    /// What it says, in a few words.
    pub about: &'static str,
}

impl Field {
    /// A member that is always there.
    pub(super) const fn new(name: &'static str, shape: Shape, about: &'static str) -> Field {
        Field {
            name,
            shape,
            is_always: true,
            about,
        }
    }

    /// A member that may be absent.
    pub(super) const fn maybe(name: &'static str, shape: Shape, about: &'static str) -> Field {
        Field {
            name,
            shape,
            is_always: false,
            about,
        }
    }
}

impl Shape {
    /// The form of a member, or of an element's member for a list.
    pub fn member(&'static self, name: &str) -> Option<&'static Shape> {
        match self {
            Shape::Object(fields) => fields
                .iter()
                .find(|field| field.name == name)
                .map(|field| &field.shape),
            Shape::Map(shape) => Some(shape),
            _ => None,
        }
    }

    /// The form of an element of a list.
    pub fn element(&'static self) -> Option<&'static Shape> {
        match self {
            Shape::List(shape) => Some(shape),
            _ => None,
        }
    }

    /// The names of the members of an object.
    pub fn names(&'static self) -> Vec<&'static str> {
        match self {
            Shape::Object(fields) => fields.iter().map(|field| field.name).collect(),
            _ => Vec::new(),
        }
    }
}

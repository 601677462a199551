//! Values that cannot be known before deployment, each with the reason somebody can act on.

use std::fmt;
use std::sync::Arc;

use super::{Bytes, Guard, Number, Subject, Type, Value};

/// A value that is not known, and why.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Why it is not known.
    pub reason: Reason,
    /// The attribute of another resource that it stands for. References are what links are made of.
    pub reference: Option<Reference>,
    /// The native type of the resource that the reference leads to, where its address does not tell.
    pub kind: Option<Arc<str>>,
    /// What conditions call it, so that two questions about it agree: set for inputs without value and look-ups.
    pub subject: Option<Arc<Subject>>,
    /// For an unknown truth: the formula that decides it.
    pub truth: Option<Guard>,
    /// The values it may have, where that is a known small set (`AllowedValues`).
    pub allowed: Vec<Value>,
    /// Whether it is known not to be null: computed ids and template parameters are.
    pub is_never_null: bool,
    /// Its type, where that is known. As the reason why a collection may hold more: the type of the collection.
    pub of: Option<Arc<Type>>,
    /// What its type alone does not say.
    pub range: Range,
    /// As the reason why a list may hold more: the rest is like a known element whose unknown part stands for it too.
    pub is_more_alike: bool,
    /// Of a text: the bytes that it may be made of, where an input's type or pattern limits them.
    pub bytes: Option<Bytes>,
}

/// What is known of a value beside its type, as Terraform refines it: enough to decide some comparisons.
/// <https://github.com/zclconf/go-cty/blob/v1.16.0/docs/refinements.md>
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Range {
    /// Nothing.
    #[default]
    Any,
    /// What a string starts with.
    Prefix(Arc<str>),
    /// What a number is between. Each bound says whether the number may be the bound itself.
    Between(Option<(Number, bool)>, Option<(Number, bool)>),
    /// How many elements a list, set or map has, at least and at most.
    Length(usize, usize),
}

/// Why a value is not known. [`fmt::Display`] gives a sentence part for people; [`Reason::code`] a word for counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An input of this name (`var.x`, parameter `X`) has no value and no default.
    NoValue(Arc<str>),
    /// An attribute that the provider decides when it creates the resource: address and attribute.
    Computed(Arc<str>, Arc<str>),
    /// An attribute of a data source, which is read at plan time: address.
    Data(Arc<str>),
    /// A module whose source is not on this machine: its source.
    ModuleNotFetched(Arc<str>),
    /// A value of another stack or of the account (`Fn::ImportValue`, SSM and secret parameters): what is imported.
    Import(Arc<str>),
    /// A pseudo parameter or provider setting that only a deployment knows (`AWS::AccountId`, `terraform.workspace`).
    Environment(Arc<str>),
    /// A function that onus does not compute: its name.
    Function(Arc<str>),
    /// A function whose result differs at each run by nature (`timestamp`, `uuid`): its name.
    Impure(Arc<str>),
    /// Instances of a block whose `count` or `for_each` is not known.
    Instances,
    /// The expression is wrong or refers to something that is not there; a diagnostic says more.
    Invalid(Arc<str>),
    /// A limit of onus was hit: which.
    Limit(&'static str),
    /// Part of a value that depends on something unknown in a way that is not followed: on what.
    Depends(Arc<str>),
    /// A file that could not be read: its path.
    File(Arc<str>),
    /// A resource outside the code, of which nothing is known.
    Outside,
}

impl Reason {
    /// A stable word for counting reasons.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::NoValue(_) => "no_value",
            Reason::Computed(..) => "computed",
            Reason::Data(_) => "data_source",
            Reason::ModuleNotFetched(_) => "module_not_fetched",
            Reason::Import(_) => "import",
            Reason::Environment(_) => "environment",
            Reason::Function(_) => "unsupported_function",
            Reason::Impure(_) => "impure_function",
            Reason::Instances => "unknown_instances",
            Reason::Invalid(_) => "invalid",
            Reason::Limit(_) => "limit",
            Reason::Depends(_) => "depends",
            Reason::File(_) => "file",
            Reason::Outside => "outside",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoValue(name) => write!(f, "`{name}` has no value"),
            Reason::Computed(address, attribute) => {
                write!(f, "`{address}.{attribute}` is known after apply")
            }
            Reason::Data(address) => write!(f, "`{address}` is read at plan time"),
            Reason::ModuleNotFetched(source) => {
                write!(f, "module `{source}` is not fetched: run `terraform init`")
            }
            Reason::Import(what) => write!(f, "`{what}` comes from outside this code"),
            Reason::Environment(what) => write!(f, "`{what}` depends on the deployment"),
            Reason::Function(name) => write!(f, "function `{name}` is not computed by onus"),
            Reason::Impure(name) => write!(f, "`{name}()` differs at each run"),
            Reason::Instances => f.write_str("the number of instances is not known"),
            Reason::Invalid(why) => write!(f, "the expression is not valid: {why}"),
            Reason::Limit(which) => write!(f, "limit hit: {which}"),
            Reason::Depends(what) => write!(f, "depends on {what}"),
            Reason::File(path) => write!(f, "file `{path}` cannot be read"),
            Reason::Outside => f.write_str("the resource is not part of this code"),
        }
    }
}

/// An attribute of a resource that stands behind an unknown value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Address of the resource (instance): `module.a.aws_x.y[0]`, `aws_x.y[*]` for all of them, or a logical id.
    pub address: Arc<str>,
    /// Native attribute path: `id`, `vpc_config[0].cluster_security_group_id`, `Ref`, `Arn`.
    pub attribute: Arc<str>,
}

impl Unknown {
    /// Unknown for this reason and nothing more said of it.
    pub fn because(reason: Reason) -> Unknown {
        Unknown {
            reason,
            reference: None,
            kind: None,
            subject: None,
            truth: None,
            allowed: Vec::new(),
            is_never_null: false,
            of: None,
            range: Range::Any,
            is_more_alike: false,
            bytes: None,
        }
    }

    /// A value of a type that is not known for this reason.
    pub fn of_type(reason: Reason, of: Type) -> Unknown {
        Unknown {
            of: (of != Type::Any).then(|| Arc::new(of)),
            ..Unknown::because(reason)
        }
    }

    /// Its type; anything if that is not known.
    pub fn value_type(&self) -> &Type {
        self.of.as_deref().unwrap_or(&Type::Any)
    }

    /// Keeps one of several reasons why a list may hold more: the first of those that leave most open.
    pub fn keep(kept: &mut Option<Arc<Unknown>>, why: &Arc<Unknown>) {
        let is_wider = |kept: &Arc<Unknown>| kept.is_more_alike && !why.is_more_alike;
        if kept.as_ref().is_none_or(is_wider) {
            *kept = Some(why.clone());
        }
    }

    /// Stands for an attribute of a resource in the code, known after it is created; never null if it identifies it.
    pub fn attribute(address: Arc<str>, attribute: Arc<str>) -> Unknown {
        let is_never_null = matches!(&*attribute, "id" | "arn" | "Ref" | "Arn");
        Unknown {
            reference: Some(Reference {
                address: address.clone(),
                attribute: attribute.clone(),
            }),
            is_never_null,
            ..Unknown::because(Reason::Computed(address, attribute))
        }
    }
}

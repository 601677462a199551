//! The model: resources of both languages in one vocabulary, with links between them. Immutable once built.

pub mod document;
mod links;
mod normalize;
mod settle;
pub mod vocabulary;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::declared::{Construct, DeclaredCondition, DeclaredOutput, Language};
use crate::source::Span;
use crate::value::{Guard, Reason, Unknown, Value, World};

pub use normalize::normalize;
pub use vocabulary::Vocabulary;

/// Names one resource of a [`Model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(pub u32);

/// A canonical kind, `AWS::EKS::Cluster`; a type without entry in the vocabulary keeps its native name.
pub type Kind = Arc<str>;

/// A resource in canonical words.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its name in the model.
    pub id: ResourceId,
    /// Address as its user writes it.
    pub address: Arc<str>,
    /// Canonical kind.
    pub kind: Kind,
    /// Native type.
    pub native_kind: Arc<str>,
    /// Language it is written in.
    pub language: Language,
    /// Address of its module instance, empty in the root.
    pub module: Arc<str>,
    /// Canonical properties: an object. Defaults are in it, with origins that say so.
    pub properties: Value,
    /// Native arguments as declared.
    pub native: Value,
    /// What names it, one line.
    pub header: Span,
    /// The whole block.
    pub block: Span,
    /// When it exists.
    pub exists: Guard,
    /// Whether it stands for an unknown number of instances.
    pub is_symbolic: bool,
    /// Links by name, forward and inverse.
    pub links: IndexMap<Arc<str>, Links, FxBuildHasher>,
}

impl Resource {
    /// Whether its stack makes it: look-ups, inputs, outputs, modules and providers are none of the resources people count.
    pub fn is_managed(&self) -> bool {
        !self.native_kind.starts_with("data.") && !self.kind.starts_with("Code::")
    }

    /// Whether it is a part of something outside the code: an attachment to a role that is made elsewhere.
    pub fn is_part_of_outside(&self) -> bool {
        let object = self.properties.as_object();
        let more = object.and_then(|object| object.more());
        more.is_some_and(|why| why.reason == Reason::Outside)
    }
}

/// The targets of one link of one resource.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// The targets, in order of the values that name them.
    pub targets: Vec<Link>,
    /// Why there may be more (a list that is not wholly known, an inverse link some of whose sources are unresolved).
    pub more: Option<Arc<Unknown>>,
}

/// One target of a link.
#[derive(Clone, Debug)]
pub struct Link {
    /// What is meant.
    pub target: LinkTarget,
    /// The value that refers to it (forward) or by which it refers here (inverse).
    pub via: Value,
    /// When the link holds, beyond the existence of both ends.
    pub guard: Guard,
    /// Whether the target is only possibly meant (the value is unknown but may be this).
    pub is_possible: bool,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// A resource of the model.
    Resource(ResourceId),
    /// A resource of this kind outside the code, of which everything is unknown.
    Ghost(Kind),
}

/// All resources of one stack.
#[derive(Clone, Debug)]
pub struct Model {
    /// The language of the stack.
    pub language: Language,
    /// Folder of the root module, or path of the template.
    pub root: Arc<str>,
    /// The words.
    pub vocabulary: Arc<Vocabulary>,
    /// Outputs of the root.
    pub outputs: Vec<DeclaredOutput>,
    /// Named conditions of the template.
    pub conditions: Vec<DeclaredCondition>,
    /// What holds in every deployment.
    pub constraint: Guard,
    /// Constructs of CDK that made resources, by address.
    pub constructs: BTreeMap<Arc<str>, Construct>,
    resources: Vec<Resource>,
    by_kind: FxHashMap<Kind, Vec<ResourceId>>,
    by_address: FxHashMap<Arc<str>, Vec<ResourceId>>,
}

impl Model {
    /// A model of these resources, whose ids must be their positions.
    pub fn new(
        language: Language,
        root: Arc<str>,
        vocabulary: Arc<Vocabulary>,
        outputs: Vec<DeclaredOutput>,
        resources: Vec<Resource>,
    ) -> Model {
        let mut by_kind: FxHashMap<Kind, Vec<ResourceId>> = FxHashMap::default();
        let mut by_address: FxHashMap<Arc<str>, Vec<ResourceId>> = FxHashMap::default();
        for resource in &resources {
            by_kind
                .entry(resource.kind.clone())
                .or_default()
                .push(resource.id);
            by_address
                .entry(resource.address.clone())
                .or_default()
                .push(resource.id);
        }
        Model {
            language,
            root,
            vocabulary,
            outputs,
            conditions: Vec::new(),
            constraint: Guard::Always,
            constructs: BTreeMap::new(),
            resources,
            by_kind,
            by_address,
        }
    }

    /// The world of which nothing is known but what holds in every deployment: all others start from it.
    pub fn world(&self) -> World {
        World::of_all(&self.constraint)
    }

    /// All resources, in order.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// A resource of this model.
    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0 as usize]
    }

    /// The resources of a kind, in order.
    pub fn of_kind(&self, kind: &str) -> &[ResourceId] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The resources at an address: usually one; several where one block makes several canonical resources.
    pub fn at_address(&self, address: &str) -> &[ResourceId] {
        self.by_address.get(address).map_or(&[], Vec::as_slice)
    }
}

/// Computes facts on demand; implemented above the model, so that documents can show facts without knowing them.
pub trait Derive {
    /// The fact `name` of a resource in a world (undecided atoms it depends on are noted there as met); none if no such
    /// fact exists for its kind.
    fn fact(&self, model: &Model, resource: ResourceId, name: &str, world: &World)
    -> Option<Value>;

    /// Whether several facts stand below this name (`network` of `network.ingress`): documents then ask for the longer
    /// names, so that only what is read is computed.
    fn is_group(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

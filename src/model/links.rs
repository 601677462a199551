//! Links: references and names in values in, targets both ways out.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::vocabulary::{By, Through, ThroughStep, Vocabulary};
use super::{Kind, Link, LinkTarget, Resource, ResourceId};
use crate::value::{
    Certainty, Data, Guard, HOLE, Reason, Reference, Segment, Step, Text, Unknown, Value,
};

/// Candidates with partly unknown names that one partly unknown value is compared with.
const MOST_CANDIDATES: usize = 200;

/// The kind that names keys, and the kind that it names: where a key is wanted, its alias is followed.
pub(super) const ALIAS: &str = "AWS::KMS::Alias";
const KEY: &str = "AWS::KMS::Key";

/// What the index keeps of a resource.
pub(super) struct Named {
    pub kind: Kind,
    /// Address of the declared resource.
    pub holder: Arc<str>,
    pub address: Arc<str>,
    /// The value that names it.
    pub name: Option<Value>,
    /// The value that says what it is another name of.
    pub stands_for: Option<Value>,
}

/// Resources by what values say of them. Numbers are positions.
pub(super) struct Index {
    kinds: Vec<Kind>,
    by_address: FxHashMap<Arc<str>, Vec<u32>>,
    /// Instances by their address without the last index.
    by_base: FxHashMap<Arc<str>, Vec<u32>>,
    by_name: FxHashMap<Kind, FxHashMap<String, Vec<u32>>>,
    /// What aliases are other names of.
    aliases: FxHashMap<u32, Value>,
    /// Those whose name is written but not known.
    unnamed: FxHashMap<Kind, Vec<(u32, Value)>>,
}

/// What a value that should name a resource leads to.
#[derive(Default)]
pub(super) struct Resolved {
    /// Resources; whether each is only possibly meant.
    pub targets: Vec<(u32, bool)>,
    /// Something outside the code is meant, or (true) possibly meant.
    pub outside: Option<bool>,
    /// Resources that may be meant, but so little is known that they are no targets: links back to them are open.
    pub may_be: Vec<u32>,
    /// Any resource of the kind may be meant.
    pub any: Option<Arc<Unknown>>,
}

impl Index {
    pub(super) fn new(resources: Vec<Named>) -> Index {
        let mut index = Index {
            kinds: Vec::with_capacity(resources.len()),
            by_address: FxHashMap::default(),
            by_base: FxHashMap::default(),
            by_name: FxHashMap::default(),
            aliases: FxHashMap::default(),
            unnamed: FxHashMap::default(),
        };
        for (id, resource) in resources.into_iter().enumerate() {
            let id = id as u32;
            if let Some(base) = base_of(&resource.holder) {
                index.by_base.entry(base.into()).or_default().push(id);
            }
            if resource.address != resource.holder {
                index
                    .by_address
                    .entry(resource.address)
                    .or_default()
                    .push(id);
            }
            index
                .by_address
                .entry(resource.holder)
                .or_default()
                .push(id);
            if let Some(value) = resource.stands_for {
                index.aliases.insert(id, value);
            }
            if let Some(name) = resource.name {
                let mut names = Vec::new();
                leaves(&name, &[], &Guard::Always, &mut |_, leaf| {
                    names.push(leaf.clone());
                });
                for name in names {
                    if let Some(identity) = identity(&name) {
                        let known = index.by_name.entry(resource.kind.clone()).or_default();
                        known.entry(identity).or_default().push(id);
                    }
                    if name.as_str().is_none() {
                        let unnamed = index.unnamed.entry(resource.kind.clone()).or_default();
                        unnamed.push((id, name));
                    }
                }
            }
            index.kinds.push(resource.kind);
        }
        index
    }

    /// The resources of some of these kinds at an address, and whether each is only possibly meant.
    fn at(&self, address: &str, kinds: &[Kind]) -> Vec<(u32, bool)> {
        let of_kind = |ids: &Vec<u32>| -> Vec<u32> {
            let ids = ids.iter().copied();
            ids.filter(|id| kinds.contains(&self.kinds[*id as usize]))
                .collect()
        };
        let found = self.by_address.get(address).map(of_kind);
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            // Several resources made by one block are all meant.
            return found.into_iter().map(|id| (id, false)).collect();
        }
        let base = address.strip_suffix("[*]").unwrap_or(address);
        let all = self.by_base.get(base).map(of_kind).unwrap_or_default();
        let all = match (all.is_empty(), self.by_address.get(base)) {
            (true, Some(single)) => of_kind(single),
            _ => all,
        };
        let is_possible = all.len() > 1;
        all.into_iter().map(|id| (id, is_possible)).collect()
    }

    fn along_trail(&self, value: &Value, kinds: &[Kind]) -> Vec<(u32, bool)> {
        for (_, step) in value.origin.trail.iter() {
            if let Step::Attribute(address) = step {
                let found = self.at(address, kinds);
                if !found.is_empty() {
                    return found;
                }
            }
        }
        Vec::new()
    }

    fn by_identity(&self, identity: &str, kinds: &[Kind]) -> Vec<(u32, bool)> {
        let found: Vec<u32> = kinds
            .iter()
            .filter_map(|kind| self.by_name.get(kind)?.get(identity))
            .flatten()
            .copied()
            .collect();
        let is_possible = found.len() > 1;
        found.into_iter().map(|id| (id, is_possible)).collect()
    }

    /// Which of these kinds' resources a value (no choice) means.
    pub(super) fn resolve(&self, value: &Value, kinds: &[Kind], by: &[By]) -> Resolved {
        if let Some(stands_for) = self.stands_for(value, kinds) {
            return self.resolve_plain(stands_for, kinds, by);
        }
        self.resolve_plain(value, kinds, by)
    }

    /// What an alias that a value means is another name of.
    fn stands_for(&self, value: &Value, kinds: &[Kind]) -> Option<&Value> {
        if self.aliases.is_empty() || !kinds.iter().any(|kind| &**kind == KEY) {
            return None;
        }
        let alias: [Kind; 1] = [ALIAS.into()];
        let by = [By::Name, By::Arn];
        let resolved = self.resolve_plain(value, &alias, &by);
        let [(id, false)] = resolved.targets.as_slice() else {
            return None;
        };
        self.aliases.get(id)
    }

    fn resolve_plain(&self, value: &Value, kinds: &[Kind], by: &[By]) -> Resolved {
        let mut resolved = Resolved::default();
        let is_named = by.contains(&By::Name) || by.contains(&By::Arn);
        match &value.data {
            Data::Unknown(unknown) => {
                if let Some(reference) = &unknown.reference {
                    resolved.targets = self.at(&reference.address, kinds);
                }
                if resolved.targets.is_empty() {
                    resolved.targets = self.along_trail(value, kinds);
                }
                if resolved.targets.is_empty()
                    && is_named
                    && let Some(identity) = identity(value)
                {
                    resolved.targets = self.by_identity(&identity, kinds);
                }
                if !resolved.targets.is_empty() {
                    return resolved;
                }
                if let Some(reference) = &unknown.reference
                    && self.is_another(reference)
                {
                    return resolved;
                }
                let is_sure = unknown.is_never_null || unknown.reference.is_some();
                resolved.outside = Some(!is_sure);
                match &unknown.reason {
                    // What is read, imported or made elsewhere was there before this code.
                    Reason::Data(_)
                    | Reason::Import(_)
                    | Reason::ModuleNotFetched(_)
                    | Reason::Environment(_)
                    | Reason::Outside => {}
                    Reason::Computed(..) if unknown.reference.is_some() => {}
                    _ => resolved.any = Some(unknown.clone()),
                }
            }
            Data::Text(text) => {
                for hole in text.holes() {
                    if let Some(reference) = &hole.reference {
                        for found in self.at(&reference.address, kinds) {
                            if !resolved.targets.contains(&found) {
                                resolved.targets.push(found);
                            }
                        }
                    }
                }
                if resolved.targets.is_empty() {
                    resolved.targets = self.along_trail(value, kinds);
                }
                if !resolved.targets.is_empty() {
                    return resolved;
                }
                let is_of_another = match text.segments().first() {
                    Some(Segment::Hole(hole)) => {
                        let reference = hole.reference.as_ref();
                        reference.is_some_and(|reference| self.is_another(reference))
                    }
                    _ => false,
                };
                if is_of_another {
                    return resolved;
                }
                if by.contains(&By::Image) {
                    return self.by_image(text, kinds);
                }
                if !is_named {
                    let may_be = kinds.iter().any(|kind| may_identify(text, kind));
                    resolved.outside = may_be.then_some(false);
                    return resolved;
                }
                resolved.outside = Some(false);
                if let Some(identity) = identity(value) {
                    resolved.targets = self.by_identity(&identity, kinds);
                }
                if resolved.targets.is_empty() {
                    resolved.targets = self.by_tail(text, kinds);
                }
                if !resolved.targets.is_empty() {
                    resolved.outside = None;
                    return resolved;
                }
                self.by_possible_name(text, kinds, &mut resolved);
            }
            _ => {}
        }
        resolved
    }

    /// The repository of a container image; nothing where it is not in a private registry of AWS.
    fn by_image(&self, text: &Text, kinds: &[Kind]) -> Resolved {
        let mut resolved = Resolved::default();
        let flat = text.flattened(HOLE);
        if !flat.contains(".dkr.ecr.") {
            resolved.outside = flat.starts_with(HOLE).then_some(true);
            return resolved;
        }
        let name = flat.split_once('/').map_or("", |(_, rest)| rest);
        let name = name.split([':', '@']).next().unwrap_or_default();
        resolved.targets = self.by_identity(name, kinds);
        if resolved.targets.is_empty() {
            resolved.outside = Some(false);
        }
        resolved
    }

    /// Whether a reference stands for a resource of the code as a whole; asked where none of the wanted kind was found.
    fn is_another(&self, reference: &Reference) -> bool {
        let is_whole = matches!(
            &*reference.attribute,
            "id" | "arn" | "name" | "Ref" | "Arn" | "Name"
        );
        let is_alias = || {
            let ids = self.by_address.get(&reference.address);
            ids.is_some_and(|ids| ids.iter().any(|id| self.aliases.contains_key(id)))
        };
        is_whole
            && !is_alias()
            && !reference.address.starts_with("data.")
            && !reference.address.contains(".data.")
            && (self.by_address.contains_key(&reference.address)
                || self.by_base.contains_key(&reference.address))
    }

    /// The resource whose name ends an ARN (or stands before its version): `arn:aws:iam::1:role/path/name`.
    fn by_tail(&self, text: &Text, kinds: &[Kind]) -> Vec<(u32, bool)> {
        let segments = text.segments();
        let tail: Arc<str> = match segments.last() {
            Some(Segment::Literal(tail)) => tail.clone(),
            _ => return Vec::new(),
        };
        let is_whole = segments.len() == 1;
        let is_arn = match segments.first() {
            Some(Segment::Literal(head)) => head.starts_with("arn:"),
            _ => true,
        };
        if !is_arn && is_whole {
            // `family:revision`
            let name = tail.split(':').next().unwrap_or_default();
            return if name.len() < tail.len() {
                self.by_identity(name, kinds)
            } else {
                Vec::new()
            };
        }
        let mut parts: Vec<&str> = tail.split([':', '/']).collect();
        if !is_whole {
            // The first piece may be cut by the hole before it.
            parts.remove(0);
        }
        while let Some(last) = parts.pop() {
            if matches!(last, "*" | "") {
                continue;
            }
            let found = self.by_identity(last, kinds);
            let word = parts.last().copied().unwrap_or_default();
            let found: Vec<(u32, bool)> = found
                .into_iter()
                .filter(|(id, _)| fits(word, &self.kinds[*id as usize]))
                .collect();
            if !found.is_empty() {
                return found;
            }
            // A revision or version may follow the name.
            if !last.bytes().all(|b| b.is_ascii_digit()) {
                break;
            }
        }
        Vec::new()
    }

    fn by_possible_name(&self, text: &Text, kinds: &[Kind], resolved: &mut Resolved) {
        for kind in kinds {
            let unnamed = self.unnamed.get(kind).map_or(&[][..], Vec::as_slice);
            if unnamed.len() > MOST_CANDIDATES {
                resolved.any = Some(Arc::new(Unknown::because(Reason::Limit(
                    "resources with unknown names",
                ))));
                return;
            }
            for (id, name) in unnamed {
                let may_be = match &name.data {
                    Data::Text(name) => name.equals_text(text),
                    _ => Certainty::Unsure,
                };
                if !may_be.is_no() && !resolved.may_be.contains(id) {
                    resolved.may_be.push(*id);
                }
            }
            if text.has_holes()
                && let Some(known) = self.by_name.get(kind)
            {
                let fitting = known
                    .iter()
                    .take(MOST_CANDIDATES)
                    .filter(|(name, _)| !text.equals(name).is_no());
                for id in fitting.flat_map(|(_, ids)| ids) {
                    if !resolved.may_be.contains(id) {
                        resolved.may_be.push(*id);
                    }
                }
            }
        }
        if !resolved.may_be.is_empty() {
            resolved.outside = Some(true);
        }
    }
}

/// How ids of some kinds begin.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
const PREFIXES: [(&str, &str); 22] = [
    ("acl-", "AWS::EC2::NetworkAcl"),
    ("ami-", "aws_ami"),
    ("eigw-", "AWS::EC2::EgressOnlyInternetGateway"),
    ("eipalloc-", "AWS::EC2::EIP"),
    ("eni-", "AWS::EC2::NetworkInterface"),
    ("fs-", "AWS::EFS::FileSystem"),
    ("fsap-", "AWS::EFS::AccessPoint"),
    ("i-", "AWS::EC2::Instance"),
    ("igw-", "AWS::EC2::InternetGateway"),
    ("lt-", "AWS::EC2::LaunchTemplate"),
    ("nat-", "AWS::EC2::NatGateway"),
    ("pcx-", "AWS::EC2::VPCPeeringConnection"),
    ("pl-", "AWS::EC2::PrefixList"),
    ("rtb-", "AWS::EC2::RouteTable"),
    ("sg-", "AWS::EC2::SecurityGroup"),
    ("snap-", "aws_ebs_snapshot"),
    ("subnet-", "AWS::EC2::Subnet"),
    ("tgw-", "AWS::EC2::TransitGateway"),
    ("vol-", "AWS::EC2::Volume"),
    ("vpc-", "AWS::EC2::VPC"),
    ("vpce-", "AWS::EC2::VPCEndpoint"),
    ("vpce-svc-", "AWS::EC2::VPCEndpointService"),
];

/// Whether a literal can be an id of a kind: of one whose ids begin with something known it must begin so, too.
fn may_identify(text: &Text, kind: &str) -> bool {
    let prefix = PREFIXES.iter().find(|(_, known)| *known == kind);
    prefix.is_none_or(|(prefix, _)| !text.starts_with(prefix).is_no())
}

/// Whether the word before the name in an ARN (`role`, `task-definition`) may stand for a kind.
fn fits(word: &str, kind: &str) -> bool {
    let flat: String = word
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    let known = ["role", "user", "group", "policy", "instanceprofile"];
    if !known.contains(&&*flat) {
        return true;
    }
    let last = kind.rsplit("::").next().unwrap_or(kind).to_lowercase();
    last.ends_with(&flat) || flat.ends_with(&last)
}

/// `aws_x.y` of `aws_x.y[0]`.
fn base_of(address: &str) -> Option<&str> {
    let open = address.strip_suffix(']')?.rfind('[')?;
    // A key may hold brackets; cut at the bracket that opens the last index.
    let start = match address[..open].rfind("[\"") {
        Some(quote) if address.ends_with("\"]") => quote,
        _ => open,
    };
    Some(&address[..start])
}

/// What tells whether two values are the same though parts of them are not known: the text, with inputs and references
/// by name. None where something in it has no name.
pub(super) fn identity(value: &Value) -> Option<String> {
    match &value.data {
        Data::Text(text) => match text.as_str() {
            Some(known) => Some(known.to_owned()),
            None => {
                let segments = text.segments();
                let parts = segments.iter().map(|segment| match segment {
                    Segment::Literal(text) => Some(text.to_string()),
                    Segment::Hole(unknown) => unknown_identity(unknown),
                });
                parts
                    .collect::<Option<Vec<String>>>()
                    .map(|parts| parts.concat())
            }
        },
        Data::Number(number) => Some(number.to_string()),
        Data::Unknown(unknown) => unknown_identity(unknown),
        _ => None,
    }
}

fn unknown_identity(unknown: &Unknown) -> Option<String> {
    if let Some(Reference { address, attribute }) = &unknown.reference {
        return (!address.ends_with("[*]")).then(|| format!("\u{1}{address}\u{1}{attribute}\u{1}"));
    }
    let subject = unknown.subject.as_ref()?;
    Some(format!("\u{2}{}\u{2}{}\u{2}", subject.scope, subject.name))
}

/// The values at the end of a path through objects, lists and choices, with the conditions under which they stand there.
pub(super) fn leaves(
    value: &Value,
    steps: &[ThroughStep],
    guard: &Guard,
    visit: &mut dyn FnMut(&Guard, &Value),
) {
    match &value.data {
        Data::Choice(alternatives) => {
            for alternative in alternatives.iter() {
                let guard = guard.clone().and(alternative.guard.clone());
                leaves(&value.seen(&alternative.value), steps, &guard, visit);
            }
        }
        Data::List(list) => {
            for item in value.elements() {
                leaves(&item, steps, guard, visit);
            }
            if let Some(why) = list.more() {
                visit(guard, &unknown_at(why, value));
            }
        }
        Data::Null(_) => {}
        Data::Unknown(why) if !steps.is_empty() => visit(guard, &unknown_at(why, value)),
        Data::Object(object) => {
            let Some((ThroughStep { name, only }, rest)) = steps.split_first() else {
                return;
            };
            match (object.get(name), object.more()) {
                (Some(member), _) => {
                    let member = value.seen(member);
                    match only {
                        Some((key, wanted)) => {
                            leaves_of(&member, (key, wanted), rest, guard, visit);
                        }
                        None => leaves(&member, rest, guard, visit),
                    }
                }
                (None, Some(why)) => visit(guard, &unknown_at(why, value)),
                (None, None) => {}
            }
        }
        _ if steps.is_empty() => visit(guard, value),
        _ => {}
    }
}

/// Leaves of those elements of which a member has a value.
fn leaves_of(
    value: &Value,
    (key, wanted): (&Arc<str>, &Arc<str>),
    rest: &[ThroughStep],
    guard: &Guard,
    visit: &mut dyn FnMut(&Guard, &Value),
) {
    match &value.data {
        Data::Choice(alternatives) => {
            for alternative in alternatives.iter() {
                let guard = guard.clone().and(alternative.guard.clone());
                let value = value.seen(&alternative.value);
                leaves_of(&value, (key, wanted), rest, &guard, visit);
            }
        }
        Data::List(list) => {
            for item in value.elements() {
                leaves_of(&item, (key, wanted), rest, guard, visit);
            }
            if let Some(why) = list.more() {
                visit(guard, &unknown_at(why, value));
            }
        }
        Data::Object(object) => {
            let is_it = object
                .get(key)
                .and_then(Value::as_text)
                .is_some_and(|text| text.equals(wanted).is_yes());
            if is_it {
                leaves(value, rest, guard, visit);
            }
        }
        Data::Unknown(why) => visit(guard, &unknown_at(why, value)),
        _ => {}
    }
}

/// Something unknown where more may stand.
fn unknown_at(why: &Arc<Unknown>, around: &Value) -> Value {
    Value {
        data: Data::Unknown(Arc::new(Unknown {
            is_never_null: false,
            reference: why.reference.clone(),
            ..Unknown::because(why.reason.clone())
        })),
        origin: around.origin.clone(),
        is_sensitive: around.is_sensitive,
    }
}

/// Finds the links of all resources, both ways.
pub(super) fn connect(resources: &mut [Resource], vocabulary: &Vocabulary, index: &Index) {
    let mut found: Vec<Found> = Vec::new();
    // Inverse links that may have more: of all resources of a kind, or of one.
    let mut open_kinds: FxHashMap<(Kind, Arc<str>), Arc<Unknown>> = FxHashMap::default();
    let mut open_ones: FxHashMap<(u32, Arc<str>), Arc<Unknown>> = FxHashMap::default();
    for resource in resources.iter() {
        let Some(entry) = vocabulary.entry(&resource.kind) else {
            continue;
        };
        for (name, rule) in &entry.links {
            let kinds: Vec<Kind> = rule
                .to
                .iter()
                .flat_map(|kind| vocabulary.expand(kind))
                .collect();
            let Some(first) = kinds.first() else { continue };
            // A lookup is met by reference only: what is written out leads to none outside the code.
            let are_lookups = kinds.iter().all(|kind| kind.starts_with("data."));
            for through in &rule.through {
                let Through { steps, .. } = through;
                leaves(
                    &resource.properties,
                    steps,
                    &Guard::Always,
                    &mut |guard, leaf| {
                        let resolved = index.resolve(leaf, &kinds, &rule.by);
                        let mut add = |target: LinkTarget, is_possible: bool| {
                            found.push(Found {
                                from: resource.id,
                                name: name.clone(),
                                inverse: rule.inverse.clone(),
                                link: Link {
                                    target,
                                    via: leaf.clone(),
                                    guard: guard.clone(),
                                    is_possible,
                                },
                            });
                        };
                        for (id, is_possible) in &resolved.targets {
                            add(LinkTarget::Resource(ResourceId(*id)), *is_possible);
                        }
                        if let Some(is_possible) = resolved.outside
                            && !(are_lookups && leaf.as_str().is_some())
                        {
                            add(LinkTarget::Ghost(first.clone()), is_possible);
                        }
                        let Some(inverse) = &rule.inverse else { return };
                        let why = || match &leaf.data {
                            Data::Unknown(unknown) => unknown.clone(),
                            _ => Arc::new(Unknown::because(Reason::Depends(
                                resource.address.clone(),
                            ))),
                        };
                        for id in &resolved.may_be {
                            open_ones.entry((*id, inverse.clone())).or_insert_with(why);
                        }
                        if let Some(why) = &resolved.any {
                            for kind in &kinds {
                                open_kinds
                                    .entry((kind.clone(), inverse.clone()))
                                    .or_insert_with(|| why.clone());
                            }
                        }
                    },
                );
            }
        }
    }
    let symbolic: Vec<bool> = resources.iter().map(|r| r.is_symbolic).collect();
    for Found {
        from,
        name,
        inverse,
        link,
    } in found
    {
        if let (LinkTarget::Resource(target), Some(inverse)) = (&link.target, inverse) {
            let back = Link {
                target: LinkTarget::Resource(from),
                is_possible: link.is_possible || symbolic[from.0 as usize],
                ..link.clone()
            };
            let links = &mut resources[target.0 as usize].links;
            links.entry(inverse).or_default().targets.push(back);
        }
        let links = &mut resources[from.0 as usize].links;
        let links = links.entry(name).or_default();
        let is_new = !links.targets.iter().rev().take(64).any(|known| {
            known.target == link.target
                && known.guard == link.guard
                && matches!(link.target, LinkTarget::Resource(_))
        });
        if is_new {
            links.targets.push(link);
        }
    }
    if !open_kinds.is_empty() {
        for resource in resources.iter_mut() {
            for inverse in vocabulary.inverse(&resource.kind) {
                if let Some(why) = open_kinds.get(&(resource.kind.clone(), inverse.name.clone())) {
                    let links = resource.links.entry(inverse.name.clone()).or_default();
                    links.more.get_or_insert_with(|| why.clone());
                }
            }
        }
    }
    for ((id, inverse), why) in open_ones {
        let links = resources[id as usize].links.entry(inverse).or_default();
        links.more.get_or_insert(why);
    }
    refer(resources, index);
}

struct Found {
    from: ResourceId,
    name: Arc<str>,
    inverse: Option<Arc<str>>,
    link: Link,
}

/// The built-in link back from everything that is mentioned.
fn refer(resources: &mut [Resource], index: &Index) {
    let mut found: Vec<(u32, Link)> = Vec::new();
    let mut seen: FxHashSet<u32> = FxHashSet::default();
    for resource in resources.iter() {
        seen.clear();
        mentions(&resource.native, &mut |address, value| {
            let ids = index.by_address.get(address).or_else(|| {
                let base = address.strip_suffix("[*]").unwrap_or(address);
                index
                    .by_base
                    .get(base)
                    .or_else(|| index.by_address.get(base))
            });
            for id in ids.into_iter().flatten() {
                if *id != resource.id.0 && seen.insert(*id) {
                    found.push((
                        *id,
                        Link {
                            target: LinkTarget::Resource(resource.id),
                            via: value.clone(),
                            guard: Guard::Always,
                            is_possible: resource.is_symbolic,
                        },
                    ));
                }
            }
        });
    }
    let name: Arc<str> = "referrers".into();
    for (id, link) in found {
        let links = &mut resources[id as usize].links;
        links.entry(name.clone()).or_default().targets.push(link);
    }
}

/// Every address of a resource that a value mentions, anywhere in it.
fn mentions(value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    for (_, step) in value.origin.trail.iter() {
        if let Step::Attribute(address) = step {
            visit(address, value);
        }
    }
    let mut refers = |unknown: &Unknown| {
        if let Some(reference) = &unknown.reference {
            visit(&reference.address, value);
        }
    };
    match &value.data {
        Data::Unknown(unknown) => refers(unknown),
        Data::Text(text) => {
            text.holes().for_each(|hole| refers(hole));
            if let Some(inner) = text.encodes() {
                mentions(inner, visit);
            }
        }
        Data::List(list) => {
            if let Some(why) = list.more() {
                refers(why);
            }
            list.items().iter().for_each(|item| mentions(item, visit));
        }
        Data::Object(object) => {
            if let Some(why) = object.more() {
                refers(why);
            }
            for member in object.members().values() {
                mentions(&member.value, visit);
            }
        }
        Data::Choice(alternatives) => {
            for alternative in alternatives.iter() {
                mentions(&alternative.value, visit);
            }
        }
        _ => {}
    }
}

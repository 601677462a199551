//! Principals of trust and resource policies: who is meant, from which account, through which issuer.

use std::sync::Arc;

use super::condition::{Conditions, Test};
use super::pattern;
use super::statement::{Statement, member};
use crate::facts::Scope;
use crate::facts::cases::{self, Elements, Record};
use crate::value::{Certainty, Data, HOLE, Reason, Segment, Text, Unknown, Value};

/// The principals of one statement.
pub(super) struct Principals {
    /// Whether `NotPrincipal` names whom it is not about.
    is_except: bool,
    all: Vec<Principal>,
    /// Why there may be more.
    more: Option<Arc<Unknown>>,
    written: Value,
}

/// One principal.
struct Principal {
    kind: Arc<str>,
    id: Value,
}

/// Keys that bind whoever asks to somebody, to something of an account, or to a network.
const BINDING: &[&str] = &[
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:userid",
    "aws:username",
    "aws:federatedprovider",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "kms:calleraccount",
    "kms:grantisforawsresource",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "elasticfilesystem:accessedviamounttarget",
    "elasticfilesystem:accesspointarn",
];

/// Stands for the issuer of a cluster of the code, which only a deployment knows.
const CLUSTER: &str = "oidc.eks.cluster";

/// Keys that tie a service to a resource, account or organisation on whose behalf it asks.
const SOURCE_GUARDS: &[&str] = &[
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
];

impl Principals {
    pub(super) fn read(statement: &Statement, scope: &Scope<'_>) -> Principals {
        let plain = member(&statement.body, "Principal");
        let not = member(&statement.body, "NotPrincipal");
        let (written, is_except) = match (&plain.data, &not.data) {
            (Data::Null(_), Data::Null(_) | Data::Unknown(_)) => (plain, false),
            (Data::Null(_), _) => (not, true),
            _ => (plain, false),
        };
        let mut principals = Principals {
            is_except,
            all: Vec::new(),
            more: None,
            written: written.clone(),
        };
        match &written.data {
            Data::Object(object) => {
                principals.more = object.more().cloned();
                for (kind, ids) in written.entries() {
                    principals.add(kind.clone(), &ids, scope);
                }
            }
            // A star alone, or (as IAM also takes it) in a list.
            Data::Text(_) | Data::List(_) => principals.add("*".into(), &written, scope),
            Data::Unknown(why) => principals.more = Some(why.clone()),
            _ => {}
        }
        principals
    }

    fn add(&mut self, kind: Arc<str>, ids: &Value, scope: &Scope<'_>) {
        let Elements { items, more } = cases::elements(ids, scope.world);
        self.all.extend(items.into_iter().map(|item| Principal {
            kind: kind.clone(),
            id: item.value,
        }));
        if let Some(why) = more {
            self.more.get_or_insert(why);
        }
    }

    /// Whether every AWS account is among them.
    pub(super) fn anybody(&self) -> Certainty {
        if self.is_except {
            return Certainty::Yes;
        }
        let open = if self.more.is_some() {
            Certainty::Unsure
        } else {
            Certainty::No
        };
        self.all
            .iter()
            .filter(|principal| matches!(&*principal.kind, "*" | "AWS"))
            .map(|principal| pattern::answers(&principal.id, &is_anybody))
            .fold(open, Certainty::or)
    }

    /// Adds what a statement with principals says besides the rest.
    pub(super) fn show(&self, statement: &Statement, scope: &Scope<'_>, record: &mut Record) {
        let at = if self.written.is_null() {
            &statement.body.origin
        } else {
            &self.written.origin
        };
        let conditions = &statement.conditions;
        let why = self
            .more
            .as_ref()
            .or(conditions.more.as_ref())
            .or_else(|| self.all.iter().find_map(|one| one.id.as_unknown()));
        let anybody = self.anybody();
        let bound = narrowing(conditions, scope, &|key| {
            BINDING.contains(&key) || key.starts_with("aws:principaltag/")
        });
        let narrow_by: Vec<Value> = conditions
            .tests
            .iter()
            .filter(|test| !conditions.narrows(test, scope).is_no())
            .map(|test| cases::text(&test.key, at))
            .collect();
        let allows = match statement.effect.as_text() {
            Some(effect) => effect.equals("Allow"),
            None => Certainty::Unsure,
        };
        let list = self.all.iter().map(|one| one.show(scope));
        record
            .put(
                "principals",
                cases::list(list.collect(), self.more.clone(), at),
            )
            .put(
                "not_principal",
                cases::truth(self.is_except.into(), None, at),
            )
            .put("anybody", cases::truth(anybody, why, at))
            .put(
                "public",
                cases::truth(allows.and(anybody).and(!bound), why, at),
            )
            .put(
                "narrow_by",
                cases::list(narrow_by, conditions.more.clone(), at),
            );
    }

    /// Adds what only matters of a trust policy.
    pub(super) fn show_trust(&self, statement: &Statement, scope: &Scope<'_>, record: &mut Record) {
        let at = &statement.body.origin;
        let conditions = &statement.conditions;
        let issuers: Vec<Option<String>> = self
            .all
            .iter()
            .filter(|one| &*one.kind == "Federated")
            .map(|one| one.issuer_host(scope))
            .collect();
        // A condition on the claims of another issuer never meets a request of this one.
        let of_issuer = |key: &str, claim: &str| {
            key.strip_suffix(claim).is_some_and(|issuer| {
                issuer == "saml"
                    || issuers.is_empty()
                    || issuers.iter().any(|host| match host {
                        Some(host) if host == CLUSTER => issuer.starts_with("oidc.eks."),
                        Some(host) => host == issuer,
                        None => true,
                    })
            })
        };
        let why = conditions.more.as_ref();
        let has = |claim: &str| narrowing(conditions, scope, &|key| of_issuer(key, claim));
        let guarded = narrowing(conditions, scope, &|key| SOURCE_GUARDS.contains(&key));
        record
            .put("has_subject", cases::truth(has(":sub"), why, at))
            .put("has_audience", cases::truth(has(":aud"), why, at))
            .put("source_guard", cases::truth(guarded, why, at));
        let subjects = conditions.tests.iter().filter(|test| {
            of_issuer(&test.key, ":sub") && !conditions.narrows(test, scope).is_no()
        });
        let scopes: Vec<Option<Subject>> = subjects.flat_map(Subject::of).collect();
        let widest = scopes.iter().copied().collect::<Option<Vec<Subject>>>();
        match widest.map(|all| all.into_iter().max()) {
            Some(Some(widest)) => {
                record.put("subject_scope", cases::text(widest.word(), at));
            }
            None => {
                record.put(
                    "subject_scope",
                    cases::depends("a subject that is not known", at),
                );
            }
            Some(None) => {}
        }
    }
}

/// Whether a condition on one of these keys narrows.
fn narrowing(
    conditions: &Conditions,
    scope: &Scope<'_>,
    is_meant: &dyn Fn(&str) -> bool,
) -> Certainty {
    let open = if conditions.more.is_some() {
        Certainty::Unsure
    } else {
        Certainty::No
    };
    conditions
        .tests
        .iter()
        .filter(|test| is_meant(&test.key))
        .map(|test| conditions.narrows(test, scope))
        .fold(open, Certainty::or)
}

/// How much of an issuer's subjects a condition admits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// One.
    Exact,
    /// Those of one owner or namespace.
    Namespace,
    /// Those of several owners or namespaces.
    Any,
}

impl Subject {
    fn word(self) -> &'static str {
        match self {
            Subject::Exact => "exact",
            Subject::Namespace => "namespace",
            Subject::Any => "any",
        }
    }

    /// Of each value of a test; none inside where it is not known.
    fn of(test: &Test) -> Vec<Option<Subject>> {
        let is_pattern = test.is_pattern();
        let mut found: Vec<Option<Subject>> = test
            .values
            .items
            .iter()
            .map(|item| match item.value.as_text() {
                // Whatever is not known of it, it is compared letter by letter.
                _ if !is_pattern => Some(Subject::Exact),
                Some(text) => Some(Subject::of_pattern(&text.flattened(HOLE))),
                None => None,
            })
            .collect();
        if test.values.more.is_some() {
            found.push(None);
        }
        found
    }

    /// `repo:acme/app:ref:…`, `system:serviceaccount:namespace:name`: the owner is what stands between the kind of
    /// subject and the next separator.
    fn of_pattern(subject: &str) -> Subject {
        let is_open = |text: &str| text.contains(['*', '?']);
        if !is_open(subject) {
            return Subject::Exact;
        }
        let rest = match subject.strip_prefix("system:serviceaccount:") {
            Some(rest) => rest,
            None => match subject.split_once(':') {
                Some((kind, rest)) if !is_open(kind) => rest,
                _ => return Subject::Any,
            },
        };
        match rest.split_once(['/', ':']) {
            Some((owner, _)) if !is_open(owner) => Subject::Namespace,
            _ => Subject::Any,
        }
    }
}

/// Whether an AWS principal means every account. In ARNs of principals, IAM takes stars for the whole only; one for the
/// account is refused for most policies, and wide open where it is not.
fn is_anybody(id: &str) -> bool {
    let is_star = !id.is_empty() && id.chars().all(|c| c == '*');
    is_star
        || id.strip_prefix("arn:").is_some_and(|rest| {
            rest.split(':')
                .nth(3)
                .is_some_and(|account| account.contains('*'))
        })
}

impl Principal {
    fn show(&self, scope: &Scope<'_>) -> Value {
        let at = &self.id.origin;
        let mut record = Record::new();
        record
            .put("type", cases::text(&self.kind, at))
            .put("id", self.id.clone());
        match &*self.kind {
            "AWS" | "*" => {
                let (account, own) = self.account(scope);
                record.put("account", account).put("own", own);
            }
            "Federated" => {
                let issuer = match self.issuer(scope) {
                    Some(issuer) => cases::text(issuer, at),
                    None => cases::depends("an issuer that is not known", at),
                };
                record.put("issuer", issuer);
            }
            _ => {}
        }
        if &*self.kind != "Federated" {
            record.put("issuer", cases::text("none", at));
        }
        record.done(at)
    }

    /// The account, and whether it is the one deployed to: yes where the code says so, absent where an account is written
    /// out, since only its owner knows whose that is.
    fn account(&self, scope: &Scope<'_>) -> (Value, Value) {
        let at = &self.id.origin;
        let absent = || Value::null(at.span());
        let own = || cases::truth(Certainty::Yes, None, at);
        match &self.id.data {
            Data::Text(text) => match text.as_str() {
                Some(id) => {
                    let is_number = id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
                    let account = if is_number {
                        Some(id)
                    } else {
                        id.strip_prefix("arn:")
                            .and_then(|rest| rest.split(':').nth(3))
                    };
                    match account.filter(|account| !account.is_empty()) {
                        Some(account) => (cases::text(account, at), absent()),
                        None => (absent(), absent()),
                    }
                }
                None => {
                    let account = account_segments(text);
                    match account.as_slice() {
                        [Segment::Literal(account)] => (cases::text(account, at), absent()),
                        [Segment::Hole(why)] if is_own_account(why) => {
                            (cases::unknown(why, at), own())
                        }
                        [Segment::Hole(why)] => (cases::unknown(why, at), cases::unknown(why, at)),
                        _ => (
                            cases::depends("an account that is not known", at),
                            cases::depends("an account that is not known", at),
                        ),
                    }
                }
            },
            // A role, a user or an account id of the code itself.
            Data::Unknown(why) if is_own_account(why) => (cases::unknown(why, at), own()),
            Data::Unknown(why) => {
                let is_here = why.reference.as_ref().is_some_and(|reference| {
                    let mut resources = scope.model.at_address(&reference.address).iter();
                    resources.any(|id| {
                        let kind = &scope.model.resource(*id).native_kind;
                        !kind.starts_with("data.")
                    })
                });
                let whose = if is_here {
                    own()
                } else {
                    cases::unknown(why, at)
                };
                (cases::unknown(why, at), whose)
            }
            _ => (absent(), absent()),
        }
    }

    /// What kind of issuer a federated principal is; none if that is not known.
    fn issuer(&self, scope: &Scope<'_>) -> Option<&'static str> {
        let host = self.issuer_host(scope)?;
        let is_eks = host.starts_with("oidc.eks.");
        Some(match host.as_str() {
            _ if is_eks => "eks",
            "token.actions.githubusercontent.com" => "github",
            host if host == "gitlab.com" || host.starts_with("gitlab.") => "gitlab",
            _ => "other",
        })
    }

    /// The issuer without scheme as condition keys name it, in lower case; none if it is not known.
    fn issuer_host(&self, scope: &Scope<'_>) -> Option<String> {
        let host = match &self.id.data {
            Data::Text(text) => issuer_of_text(text)?,
            Data::Unknown(why) => {
                let reference = why.reference.as_ref()?;
                let ids = scope.model.at_address(&reference.address);
                let provider = scope.model.resource(*ids.first()?);
                match &*provider.kind {
                    "AWS::IAM::OIDCProvider" => {
                        let url = cases::member(&provider.properties, "Url");
                        issuer_of_url(&url)?
                    }
                    "AWS::IAM::SAMLProvider" | "aws_iam_saml_provider" => "saml".to_owned(),
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(host.to_ascii_lowercase())
    }
}

/// The segments of a text between the fourth and the fifth colon of an ARN.
fn account_segments(text: &Text) -> Vec<Segment> {
    let mut colons = 0;
    let mut found = Vec::new();
    for segment in text.segments().iter() {
        match segment {
            Segment::Literal(text) => {
                let mut part = String::new();
                for c in text.chars() {
                    if c == ':' {
                        colons += 1;
                    } else if colons == 4 {
                        part.push(c);
                    }
                }
                if !part.is_empty() {
                    found.push(Segment::Literal(part.into()));
                }
            }
            hole if colons == 4 => found.push(hole.clone()),
            _ => {}
        }
    }
    found
}

/// Whether an unknown is the account deployed to.
fn is_own_account(unknown: &Unknown) -> bool {
    let is_pseudo =
        matches!(&unknown.reason, Reason::Environment(what) if what.ends_with("AccountId"));
    is_pseudo
        || unknown.reference.as_ref().is_some_and(|reference| {
            reference.address.contains("data.aws_caller_identity.")
                && matches!(&*reference.attribute, "account_id" | "id")
        })
}

/// The issuer in the ARN of a provider, or a service's own name.
fn issuer_of_text(text: &Text) -> Option<String> {
    let flat = text.flattened(HOLE);
    if let Some((_, issuer)) = flat.split_once(":oidc-provider/") {
        return (!issuer.contains(HOLE) || issuer.starts_with("oidc.eks."))
            .then(|| issuer.to_owned());
    }
    if flat.contains(":saml-provider/") {
        return Some("saml".to_owned());
    }
    text.as_str().map(str::to_owned)
}

/// The issuer of a provider's URL; for the identity of a cluster of the code, a word for that.
fn issuer_of_url(url: &Value) -> Option<String> {
    match &url.data {
        Data::Text(text) => {
            let flat = text.as_str()?;
            let host = flat.strip_prefix("https://").unwrap_or(flat);
            Some(host.trim_end_matches('/').to_owned())
        }
        Data::Unknown(why) => {
            let reference = why.reference.as_ref()?;
            let attribute = reference.attribute.to_ascii_lowercase();
            attribute.contains("issuer").then(|| CLUSTER.to_owned())
        }
        _ => None,
    }
}

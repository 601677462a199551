//! Policy documents in all the forms in which they are written in, statements in one form out.

use std::sync::Arc;

use super::condition::Conditions;
use super::coverage;
use super::pattern;
use crate::facts::Scope;
use crate::facts::cases::{self, Case, Elements, Record};
use crate::value::{Certainty, Data, Guard, Reason, Segment, Text, Unknown, Value};
use crate::yaml;

/// The statements of documents, and why there may be more.
#[derive(Default)]
pub(super) struct Statements {
    pub(super) all: Vec<Statement>,
    pub(super) more: Option<Arc<Unknown>>,
}

/// One statement.
pub(super) struct Statement {
    /// What the world leaves open about its existence.
    pub(super) guard: Guard,
    /// The statement as written.
    pub(super) body: Value,
    pub(super) effect: Value,
    pub(super) actions: Chosen,
    pub(super) resources: Chosen,
    pub(super) conditions: Conditions,
}

/// What `Action` and `NotAction`, or `Resource` and `NotResource`, say.
pub(super) struct Chosen {
    /// Whether everything but the named is meant: yes, no, or the statement is not wholly known.
    pub(super) is_except: Certainty,
    /// The named patterns.
    pub(super) named: Elements,
    /// The value that says it; null if nothing does.
    pub(super) written: Value,
}

impl Statements {
    /// Adds the statements of a document: an object, or JSON in a string.
    pub(super) fn read(&mut self, document: &Value, guard: &Guard, scope: &Scope<'_>) {
        for case in cases::possible(document, scope.world) {
            let guard = guard.clone().and(case.guard);
            match &case.value.data {
                Data::Text(text) if text.as_str() == Some("") => {}
                Data::Text(text) => match yaml::json::decode(text, case.value.span()) {
                    Ok(decoded) => {
                        let decoded = case.value.seen(&decoded);
                        if decoded.as_text().is_none() {
                            self.read(&decoded, &guard, scope);
                        } else {
                            self.doubt("a policy that is not JSON");
                        }
                    }
                    Err(_) => self.doubt("a policy that is not JSON"),
                },
                Data::Object(_) => self.document(&case.value, &guard, scope),
                Data::Unknown(why) => {
                    self.more.get_or_insert_with(|| why.clone());
                }
                _ => self.doubt("a policy of another form"),
            }
        }
    }

    fn document(&mut self, document: &Value, guard: &Guard, scope: &Scope<'_>) {
        let written = member(document, "Statement");
        let statements = cases::elements(&written, scope.world);
        if let Some(why) = statements.more {
            self.more.get_or_insert(why);
        }
        for Case { guard: open, value } in statements.items {
            match &value.data {
                Data::Object(_) => {
                    self.all
                        .push(Statement::read(value, guard.clone().and(open), scope))
                }
                Data::Unknown(why) => {
                    self.more.get_or_insert_with(|| why.clone());
                }
                _ => self.doubt("a statement of another form"),
            }
        }
    }

    fn doubt(&mut self, what: &str) {
        self.more
            .get_or_insert_with(|| Arc::new(Unknown::because(Reason::Depends(what.into()))));
    }
}

/// A member by its name in any case, as IAM reads element names.
pub(super) fn member(value: &Value, name: &str) -> Value {
    let written = value
        .entries()
        .find(|(written, _)| written.eq_ignore_ascii_case(name));
    match written {
        Some((_, value)) => value,
        None => cases::member(value, name),
    }
}

impl Chosen {
    fn read(body: &Value, name: &str, except: &str, scope: &Scope<'_>) -> Chosen {
        let (plain, not) = (member(body, name), member(body, except));
        let (written, is_except) = match (&plain.data, &not.data) {
            (Data::Null(_), Data::Null(_)) => (plain, Certainty::No),
            (Data::Null(_), Data::Unknown(_)) => (not, Certainty::Unsure),
            (Data::Null(_), _) => (not, Certainty::Yes),
            (Data::Unknown(_), Data::Unknown(_)) => (plain, Certainty::Unsure),
            (Data::Unknown(_), Data::Null(_)) | (_, _) => (plain, Certainty::No),
        };
        Chosen {
            is_except,
            named: cases::elements(&written, scope.world),
            written,
        }
    }

    /// Whether one of the patterns, or what is not excepted by them, answers a question that asks for everything.
    pub(super) fn is_everything(&self, question: &dyn Fn(&str) -> bool) -> Certainty {
        let unknown = if self.named.more.is_some() {
            Certainty::Unsure
        } else {
            Certainty::No
        };
        match self.is_except {
            Certainty::No => self
                .named
                .items
                .iter()
                .map(|item| {
                    let holds = if item.guard.is_always() {
                        Certainty::Yes
                    } else {
                        Certainty::Unsure
                    };
                    pattern::answers(&item.value, question).and(holds)
                })
                .fold(unknown, Certainty::or),
            // Excepting something leaves less than everything; an empty exception is refused by IAM.
            Certainty::Yes => Certainty::No,
            Certainty::Unsure => Certainty::Unsure,
        }
    }

    /// Why it is not wholly known.
    pub(super) fn why(&self) -> Option<&Arc<Unknown>> {
        let unknown = |item: &Case| item.value.as_unknown().is_some();
        self.named.more.as_ref().or_else(|| {
            let item = self.named.items.iter().find(|item| unknown(item))?;
            item.value.as_unknown()
        })
    }

    fn list(&self, is_except: bool, show: &dyn Fn(&Value) -> Value) -> Value {
        let origin = &self.written.origin;
        match self.is_except {
            Certainty::Unsure => match self.why() {
                Some(why) => cases::list(Vec::new(), Some(why.clone()), origin),
                None => cases::depends("a statement that is not wholly known", origin),
            },
            except if except.is_yes() == is_except => {
                let items = self
                    .named
                    .items
                    .iter()
                    .map(|item| cases::under(&item.guard, show(&item.value)));
                cases::list(items.collect(), self.named.more.clone(), origin)
            }
            _ => cases::list(Vec::new(), None, origin),
        }
    }
}

impl Statement {
    fn read(body: Value, guard: Guard, scope: &Scope<'_>) -> Statement {
        let effect = member(&body, "Effect");
        Statement {
            guard,
            effect,
            actions: Chosen::read(&body, "Action", "NotAction", scope),
            resources: Chosen::read(&body, "Resource", "NotResource", scope),
            conditions: Conditions::read(&member(&body, "Condition"), scope),
            body,
        }
    }

    /// The members that statements of all policies share.
    pub(super) fn record(&self, scope: &Scope<'_>) -> Record {
        let at = &self.body.origin;
        let (actions, resources) = (&self.actions, &self.resources);
        let as_written = |value: &Value| value.clone();
        let of = |chosen: &Chosen, question: &dyn Fn(&str) -> bool| {
            let origin = if chosen.written.is_null() {
                at
            } else {
                &chosen.written.origin
            };
            cases::truth(chosen.is_everything(question), chosen.why(), origin)
        };
        let except = |chosen: &Chosen| cases::truth(chosen.is_except, chosen.why(), at);
        let mut full: Vec<Value> = Vec::new();
        if actions.is_except.is_no() {
            for item in &actions.named.items {
                if let Some(service) = item.value.as_str().and_then(pattern::full_service)
                    && !full.iter().any(|known| known.as_str() == Some(&service))
                {
                    full.push(cases::under(
                        &item.guard,
                        cases::text(&service, &item.value.origin),
                    ));
                }
            }
        }
        let open_services = if actions.is_except.is_no() {
            actions.why().cloned()
        } else {
            None
        };
        let whole = coverage::whole_services(self, &full);
        let (covers, exfiltrates) = coverage::show(self);
        let (keys, tests) = self.conditions.show(at);
        let conditional = self.conditions.narrow(scope);
        let mut record = Record::new();
        record
            .put("effect", self.effect.clone())
            .put("actions", actions.list(false, &lower))
            .put("except_actions", actions.list(true, &lower))
            .put("resources", resources.list(false, &as_written))
            .put("except_resources", resources.list(true, &as_written))
            .put("every_action", of(actions, &pattern::is_every_action))
            .put("every_resource", of(resources, &pattern::is_every_resource))
            .put("every_role", of(resources, &pattern::is_every_role))
            .put("not_action", except(actions))
            .put("not_resource", except(resources))
            .put(
                "services_whole",
                cases::list(whole, open_services.clone(), at),
            )
            .put("services_full", cases::list(full, open_services, at))
            .put("covers", covers)
            .put("exfiltrates", exfiltrates)
            .put(
                "conditional",
                cases::truth(conditional, self.conditions.more.as_ref(), at),
            )
            .put("condition_keys", keys)
            .put("conditions", tests)
            .put("sid", member(&self.body, "Sid"));
        record
    }
}

/// A text in lower case, holes kept.
fn lower(value: &Value) -> Value {
    let Some(text) = value.as_text() else {
        return value.clone();
    };
    let segments = text.segments();
    let segments = segments.iter().map(|segment| match segment {
        Segment::Literal(text) => Segment::Literal(text.to_ascii_lowercase().into()),
        hole => hole.clone(),
    });
    Value {
        data: Data::Text(Text::from_segments(segments.collect())),
        ..value.clone()
    }
}

//! Conditions as formulas over atoms, and worlds: partial assignments of those atoms.

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Certainty;

/// Something undecided that conditions ask about: a template parameter, a variable without value, an opaque condition.
/// Two subjects are the same when scope and name are.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What the user calls it: `Env`, `var.create`, `IsProd`.
    pub name: Arc<str>,
    /// Where the name means something: a module instance's address, or empty for the root and for templates.
    pub scope: Arc<str>,
    /// The value it has unless somebody says otherwise. None: there is no default case.
    pub default: Option<Arc<str>>,
    /// All values it may have (`AllowedValues`); empty when that is not restricted. `true`/`false` for opaque conditions is implied.
    pub allowed: Vec<Arc<str>>,
}

impl PartialEq for Subject {
    fn eq(&self, other: &Subject) -> bool {
        self.name == other.name && self.scope == other.scope
    }
}

impl Eq for Subject {}

impl Hash for Subject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.scope.hash(state);
    }
}

impl Subject {
    /// A subject that is simply true or false, without default.
    pub fn opaque(scope: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Subject {
        Subject {
            name: name.into(),
            scope: scope.into(),
            default: None,
            allowed: Vec::new(),
        }
    }
}

/// One yes-or-no question about a subject: is it true, or does it equal this text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Atom {
    /// What is asked about.
    pub subject: Arc<Subject>,
    /// The text it is compared with; none asks whether the subject is true.
    pub equals: Option<Arc<str>>,
}

impl Atom {
    /// The answer in the default case.
    pub fn by_default(&self) -> Option<bool> {
        let default = self.subject.default.as_deref()?;
        Some(match &self.equals {
            Some(text) => **text == *default,
            None => default == "true",
        })
    }
}

/// A condition under which something holds or exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Unconditional.
    Always,
    /// Impossible.
    Never,
    /// The atom's answer is yes.
    Is(Atom),
    /// The condition does not hold.
    Not(Arc<Guard>),
    /// All hold.
    All(Arc<[Guard]>),
    /// At least one holds.
    Any(Arc<[Guard]>),
}

impl Guard {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Guard) -> Guard {
        match (self, other) {
            (Guard::Never, _) | (_, Guard::Never) => Guard::Never,
            (Guard::Always, g) | (g, Guard::Always) => g,
            (a, b) if a == b => a,
            (Guard::Not(a), b) | (b, Guard::Not(a)) if *a == b => Guard::Never,
            (a, b) => Guard::All([a, b].into()),
        }
    }

    /// At least one holds.
    #[must_use]
    pub fn or(self, other: Guard) -> Guard {
        match (self, other) {
            (Guard::Always, _) | (_, Guard::Always) => Guard::Always,
            (Guard::Never, g) | (g, Guard::Never) => g,
            (a, b) if a == b => a,
            (Guard::Not(a), b) | (b, Guard::Not(a)) if *a == b => Guard::Always,
            (a, b) => Guard::Any([a, b].into()),
        }
    }

    /// Whether it holds in every world as far as its form tells.
    pub fn is_always(&self) -> bool {
        matches!(self, Guard::Always)
    }

    /// Calls `visit` with every atom, in order of writing.
    pub fn atoms(&self, visit: &mut dyn FnMut(&Atom)) {
        match self {
            Guard::Always | Guard::Never => {}
            Guard::Is(atom) => visit(atom),
            Guard::Not(guard) => guard.atoms(visit),
            Guard::All(guards) | Guard::Any(guards) => {
                for guard in guards.iter() {
                    guard.atoms(visit);
                }
            }
        }
    }
}

impl std::ops::Not for Guard {
    type Output = Guard;

    fn not(self) -> Guard {
        match self {
            Guard::Always => Guard::Never,
            Guard::Never => Guard::Always,
            Guard::Not(guard) => (*guard).clone(),
            guard => Guard::Not(Arc::new(guard)),
        }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.equals {
            Some(text) => write!(f, "{} is \"{text}\"", self.subject.name),
            None => write!(f, "{} is true", self.subject.name),
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, guards: &[Guard], word: &str| {
            for (index, guard) in guards.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match guard {
                    Guard::All(_) | Guard::Any(_) => write!(f, "({guard})")?,
                    _ => write!(f, "{guard}")?,
                }
            }
            Ok(())
        };
        match self {
            Guard::Always => f.write_str("always"),
            Guard::Never => f.write_str("never"),
            Guard::Is(atom) => write!(f, "{atom}"),
            Guard::Not(guard) => match &**guard {
                Guard::Is(Atom {
                    subject,
                    equals: Some(text),
                }) => {
                    write!(f, "{} is not \"{text}\"", subject.name)
                }
                Guard::Is(Atom {
                    subject,
                    equals: None,
                }) => write!(f, "{} is false", subject.name),
                guard => write!(f, "not ({guard})"),
            },
            Guard::All(guards) => list(f, guards, "and"),
            Guard::Any(guards) => list(f, guards, "or"),
        }
    }
}

/// A choice for some atoms, and a note of which undecided atoms were asked about since it was made.
#[derive(Clone, Debug, Default)]
pub struct World {
    assumed: Vec<(Atom, bool)>,
    /// Formulas that hold here though no single atom decides them (`a or b`).
    given: Vec<Guard>,
    met: RefCell<Vec<Atom>>,
}

impl World {
    /// The world in which nothing is chosen.
    pub fn new() -> World {
        World::default()
    }

    /// What is chosen, in order of choosing.
    pub fn assumed(&self) -> &[(Atom, bool)] {
        &self.assumed
    }

    /// Whether a condition holds here. Undecided atoms are noted as met.
    pub fn truth(&self, guard: &Guard) -> Certainty {
        match guard {
            Guard::Always => Certainty::Yes,
            Guard::Never => Certainty::No,
            Guard::Is(atom) => match self.answer(atom) {
                Some(truth) => truth.into(),
                None => {
                    let mut met = self.met.borrow_mut();
                    if !met.contains(atom) {
                        met.push(atom.clone());
                    }
                    Certainty::Unsure
                }
            },
            Guard::Not(guard) => !self.truth(guard),
            Guard::All(guards) => guards
                .iter()
                .map(|guard| self.truth(guard))
                .fold(Certainty::Yes, Certainty::and),
            Guard::Any(guards) => guards
                .iter()
                .map(|guard| self.truth(guard))
                .fold(Certainty::No, Certainty::or),
        }
    }

    /// The answer to an atom that follows from what is chosen.
    fn answer(&self, atom: &Atom) -> Option<bool> {
        if let Some((_, truth)) = self.assumed.iter().find(|(known, _)| known == atom) {
            return Some(*truth);
        }
        let text = atom.equals.as_ref()?;
        let allowed = &atom.subject.allowed;
        if !allowed.is_empty() && !allowed.contains(text) {
            return Some(false);
        }
        let mut excluded = 0;
        for (known, truth) in &self.assumed {
            if known.subject == atom.subject && known.equals.is_some() {
                if *truth {
                    return Some(false);
                }
                if known.equals.as_ref().is_some_and(|t| allowed.contains(t)) {
                    excluded += 1;
                }
            }
        }
        (!allowed.is_empty() && excluded + 1 == allowed.len()).then_some(true)
    }

    /// This world with one more choice; none if it contradicts an earlier one.
    #[must_use]
    pub fn with(&self, atom: &Atom, truth: bool) -> Option<World> {
        if let Some(known) = self.answer(atom) {
            return (known == truth).then(|| self.clone());
        }
        let mut world = World {
            assumed: self.assumed.clone(),
            given: self.given.clone(),
            met: RefCell::default(),
        };
        world.assumed.push((atom.clone(), truth));
        let holds = world
            .given
            .iter()
            .all(|guard| !world.quietly(guard).is_no());
        holds.then_some(world)
    }

    /// This world with a condition taken to hold; none if it cannot.
    #[must_use]
    pub fn assuming(&self, guard: &Guard) -> Option<World> {
        match guard {
            Guard::Always => Some(self.clone()),
            Guard::Never => None,
            Guard::Is(atom) => self.with(atom, true),
            Guard::Not(inner) => match &**inner {
                Guard::Is(atom) => self.with(atom, false),
                Guard::Any(guards) => guards
                    .iter()
                    .try_fold(self.clone(), |world, guard| world.assuming(&!guard.clone())),
                _ => self.given(guard),
            },
            Guard::All(guards) => guards
                .iter()
                .try_fold(self.clone(), |world, guard| world.assuming(guard)),
            Guard::Any(_) => self.given(guard),
        }
    }

    fn given(&self, guard: &Guard) -> Option<World> {
        match self.quietly(guard) {
            Certainty::No => None,
            Certainty::Yes => Some(self.clone()),
            Certainty::Unsure => {
                let mut world = self.clone();
                world.given.push(guard.clone());
                Some(world)
            }
        }
    }

    /// The truth of a condition, without noting what was met.
    fn quietly(&self, guard: &Guard) -> Certainty {
        let before = self.met.borrow().clone();
        let truth = self.truth(guard);
        *self.met.borrow_mut() = before;
        truth
    }

    /// The undecided atoms met so far, in order; the note is emptied.
    pub fn take_met(&self) -> Vec<Atom> {
        std::mem::take(&mut self.met.borrow_mut())
    }

    /// Notes atoms as met, as a memoised computation must when its result is used again.
    pub fn meet(&self, atoms: &[Atom]) {
        let mut met = self.met.borrow_mut();
        for atom in atoms {
            if !met.contains(atom) && self.answer(atom).is_none() {
                met.push(atom.clone());
            }
        }
    }

    /// Whether this is (part of) the default case: yes when every chosen atom has its default answer, no when one has
    /// not, unsure when one has no default.
    pub fn is_default_case(&self) -> Certainty {
        self.assumed
            .iter()
            .map(|(atom, truth)| match atom.by_default() {
                Some(default) => Certainty::from(default == *truth),
                None => Certainty::Unsure,
            })
            .fold(Certainty::Yes, Certainty::and)
    }

    /// The choices as one condition.
    pub fn guard(&self) -> Guard {
        self.assumed
            .iter()
            .map(|(atom, truth)| {
                let guard = Guard::Is(atom.clone());
                if *truth { guard } else { !guard }
            })
            .chain(self.given.iter().cloned())
            .fold(Guard::Always, Guard::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(equals: &str) -> Atom {
        Atom {
            subject: Arc::new(Subject {
                name: "Env".into(),
                scope: "".into(),
                default: Some("dev".into()),
                allowed: ["dev", "test", "prod"].map(Into::into).to_vec(),
            }),
            equals: Some(equals.into()),
        }
    }

    #[test]
    fn a_parameter_has_one_value() {
        let world = World::new().with(&env("prod"), true).expect("possible");
        assert_eq!(world.truth(&Guard::Is(env("dev"))), Certainty::No);
        assert!(world.with(&env("dev"), true).is_none());
        assert_eq!(world.is_default_case(), Certainty::No);
    }

    #[test]
    fn the_last_allowed_value_remains() {
        let world = World::new()
            .with(&env("prod"), false)
            .and_then(|w| w.with(&env("test"), false))
            .expect("possible");
        assert_eq!(world.truth(&Guard::Is(env("dev"))), Certainty::Yes);
        assert_eq!(world.truth(&Guard::Is(env("other"))), Certainty::No);
        assert_eq!(world.is_default_case(), Certainty::Yes);
    }

    #[test]
    fn undecided_atoms_are_noted_once() {
        let world = World::new();
        let guard = Guard::Is(env("prod")).or(!Guard::Is(env("prod")).and(Guard::Is(env("test"))));
        assert_eq!(world.truth(&guard), Certainty::Unsure);
        assert_eq!(world.take_met(), [env("prod"), env("test")]);
        assert!(world.take_met().is_empty());
    }

    #[test]
    fn a_disjunction_excludes_the_world_where_neither_holds() {
        let either = Guard::Is(env("prod")).or(Guard::Is(env("test")));
        let world = World::new().assuming(&either).expect("possible");
        let world = world.with(&env("prod"), false).expect("possible");
        assert!(world.with(&env("test"), false).is_none());
    }

    #[test]
    fn guards_read_as_sentences() {
        let guard = (!Guard::Is(env("prod"))).and(Guard::Is(Atom {
            subject: Arc::new(Subject::opaque("", "var.on")),
            equals: None,
        }));
        assert_eq!(guard.to_string(), "Env is not \"prod\" and var.on is true");
    }
}

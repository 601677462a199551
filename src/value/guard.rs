//! Conditions as formulas over atoms, and worlds: partial assignments of those atoms.

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Certainty;
use crate::source::Span;

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
    /// Where that is written; [`Span::NONE`] if it is not.
    pub default_at: Span,
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
            default_at: Span::NONE,
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
            (a, b) => join(
                a,
                b,
                |guard| match guard {
                    Guard::All(guards) => Some(guards),
                    _ => None,
                },
                Guard::All,
                Guard::Never,
            ),
        }
    }

    /// At least one holds.
    #[must_use]
    pub fn or(self, other: Guard) -> Guard {
        match (self, other) {
            (Guard::Always, _) | (_, Guard::Always) => Guard::Always,
            (Guard::Never, g) | (g, Guard::Never) => g,
            (a, b) => join(
                a,
                b,
                |guard| match guard {
                    Guard::Any(guards) => Some(guards),
                    _ => None,
                },
                Guard::Any,
                Guard::Always,
            ),
        }
    }

    /// Whether it holds in every world as far as its form tells.
    pub fn is_always(&self) -> bool {
        matches!(self, Guard::Always)
    }

    /// Whether one is plainly the negation of the other.
    fn is_opposite(&self, other: &Guard) -> bool {
        match (self, other) {
            (Guard::Not(inner), guard) | (guard, Guard::Not(inner)) => **inner == *guard,
            _ => false,
        }
    }

    /// Whether it holds in some world.
    pub fn is_possible(&self) -> bool {
        World::new().assuming(self).is_some()
    }

    /// How many parts its written form has, counted hardly further than `most`: shared parts count each time, as everything
    /// that walks a formula walks them.
    pub fn size(&self, most: usize) -> usize {
        match self {
            Guard::Always | Guard::Never | Guard::Is(_) => 1,
            Guard::Not(guard) => 1 + guard.size(most),
            Guard::All(guards) | Guard::Any(guards) => {
                let mut size = 1;
                for guard in guards.iter() {
                    if size >= most {
                        break;
                    }
                    size += guard.size(most - size);
                }
                size
            }
        }
    }

    /// The same condition in a form whose size depends on what it says, not on how it is written: for conditions that
    /// build on each other many times over. None if even that is large.
    pub fn compact(&self) -> Option<Guard> {
        let mut diagram = Diagram::default();
        let root = diagram.read(self)?;
        Some(diagram.write(root, &mut FxHashMap::default()))
    }

    /// Calls `visit` with every atom, in order of writing; what is shared in memory is visited once.
    pub fn atoms(&self, visit: &mut dyn FnMut(&Atom)) {
        let mut seen = (self.size(LARGE) >= LARGE).then(FxHashSet::default);
        self.visit_atoms(visit, &mut seen);
    }

    fn visit_atoms(
        &self,
        visit: &mut dyn FnMut(&Atom),
        seen: &mut Option<FxHashSet<*const Guard>>,
    ) {
        if let (Some(seen), Some(shared)) = (seen.as_mut(), self.shared())
            && !seen.insert(shared)
        {
            return;
        }
        match self {
            Guard::Always | Guard::Never => {}
            Guard::Is(atom) => visit(atom),
            Guard::Not(guard) => guard.visit_atoms(visit, seen),
            Guard::All(guards) | Guard::Any(guards) => {
                for guard in guards.iter() {
                    guard.visit_atoms(visit, seen);
                }
            }
        }
    }

    /// Where its parts are in memory, if it has any: the same place, the same parts.
    fn shared(&self) -> Option<*const Guard> {
        match self {
            Guard::Not(inner) => Some(Arc::as_ptr(inner)),
            Guard::All(guards) | Guard::Any(guards) => Some(guards.as_ptr()),
            _ => None,
        }
    }

    /// How many parts it has in memory, those that are shared counted once.
    pub fn distinct(&self) -> usize {
        fn count(guard: &Guard, seen: &mut FxHashSet<*const Guard>) -> usize {
            if guard.shared().is_some_and(|shared| !seen.insert(shared)) {
                return 0;
            }
            1 + match guard {
                Guard::Not(guard) => count(guard, seen),
                Guard::All(guards) | Guard::Any(guards) => {
                    guards.iter().map(|guard| count(guard, seen)).sum()
                }
                _ => 0,
            }
        }
        count(self, &mut FxHashSet::default())
    }
}

/// Parts from which on it is worth remembering what was found for each: conditions that build on each other share parts,
/// and walking them one by one would double the work at every step.
const LARGE: usize = 200;

/// Operands more than these are not compared with each other.
const MOST_COMPARED: usize = 64;

/// Two conditions joined by *and* or *or*: operands of the same joint are taken in, said once, and an operand beside its
/// opposite decides.
fn join(
    a: Guard,
    b: Guard,
    operands: fn(&Guard) -> Option<&Arc<[Guard]>>,
    joint: fn(Arc<[Guard]>) -> Guard,
    contradiction: Guard,
) -> Guard {
    let mut all: Vec<Guard> = Vec::new();
    for side in [a, b] {
        let parts = match operands(&side) {
            Some(parts) => parts.clone(),
            None => [side].into(),
        };
        for part in parts.iter() {
            if all.len() < MOST_COMPARED {
                if all.contains(part) {
                    continue;
                }
                if all.iter().any(|known| known.is_opposite(part)) {
                    return contradiction;
                }
            }
            all.push(part.clone());
        }
    }
    match all.len() {
        1 => all.swap_remove(0),
        _ => joint(all.into()),
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

/// Conditions of more parts are not spelled out.
const LONGEST_SENTENCE: usize = 100;

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.size(LONGEST_SENTENCE) >= LONGEST_SENTENCE {
            let mut names: Vec<Arc<str>> = Vec::new();
            self.atoms(&mut |atom| {
                if !names.contains(&atom.subject.name) {
                    names.push(atom.subject.name.clone());
                }
            });
            return write!(f, "an intricate condition on {} holds", names.join(", "));
        }
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

    /// The world in which nothing is chosen but what holds everywhere. What cannot hold says nothing.
    pub fn of_all(constraint: &Guard) -> World {
        World::new().assuming(constraint).unwrap_or_default()
    }

    /// What is chosen, in order of choosing.
    pub fn assumed(&self) -> &[(Atom, bool)] {
        &self.assumed
    }

    /// Whether a condition holds here. What follows from the choices made is found, not only what they name. If it
    /// cannot be told, the undecided atoms that it depends on are noted as met.
    pub fn truth(&self, guard: &Guard) -> Certainty {
        let truth = self.exactly(guard);
        if truth.is_unsure() {
            let mut met = self.met.borrow_mut();
            let mut reading = Reading::new(&self.assumed);
            reading.undecided(guard, &mut FxHashSet::default(), &mut |atom| {
                if !met.contains(atom) {
                    met.push(atom.clone());
                }
            });
        }
        truth
    }

    fn exactly(&self, guard: &Guard) -> Certainty {
        let truth = evaluate(&self.assumed, guard);
        let is_simple = |guard: &Guard| match guard {
            Guard::Is(_) => true,
            Guard::Not(inner) => matches!(**inner, Guard::Is(_)),
            _ => false,
        };
        if !truth.is_unsure() || (self.given.is_empty() && is_simple(guard)) {
            return truth;
        }
        let with = |guard: Guard| {
            let mut formulas = self.concerning(&guard);
            formulas.push(guard);
            is_satisfiable(&self.assumed, &formulas)
        };
        if !with(guard.clone()) {
            Certainty::No
        } else if !with(!guard.clone()) {
            Certainty::Yes
        } else {
            Certainty::Unsure
        }
    }

    /// The given formulas that could contradict `guard`: those that ask about its subjects, or about subjects that such
    /// formulas ask about. The others hold together already.
    fn concerning(&self, guard: &Guard) -> Vec<Guard> {
        if self.given.is_empty() {
            return Vec::new();
        }
        let subjects_of = |guard: &Guard| {
            let mut subjects: Vec<Arc<Subject>> = Vec::new();
            guard.atoms(&mut |atom| subjects.push(atom.subject.clone()));
            subjects
        };
        let mut reached: FxHashSet<Arc<Subject>> = subjects_of(guard).into_iter().collect();
        let mut others: Vec<(&Guard, Vec<Arc<Subject>>)> = self
            .given
            .iter()
            .map(|formula| (formula, subjects_of(formula)))
            .collect();
        let mut concerned = Vec::new();
        loop {
            let before = others.len();
            others.retain(|(formula, subjects)| {
                if !subjects.iter().any(|subject| reached.contains(subject)) {
                    return true;
                }
                reached.extend(subjects.iter().cloned());
                concerned.push((*formula).clone());
                false
            });
            if others.len() == before {
                return concerned;
            }
        }
    }

    /// This world with one more choice; none if it contradicts what is chosen or given.
    #[must_use]
    pub fn with(&self, atom: &Atom, truth: bool) -> Option<World> {
        if let Some(known) = answer(&self.assumed, atom) {
            return (known == truth).then(|| self.clone());
        }
        let mut world = World {
            assumed: self.assumed.clone(),
            given: self.given.clone(),
            met: RefCell::default(),
        };
        let concerned = world.concerning(&Guard::Is(atom.clone()));
        world.assumed.push((atom.clone(), truth));
        is_satisfiable(&world.assumed, &concerned).then_some(world)
    }

    /// This world with a condition taken to hold; none if it cannot.
    #[must_use]
    pub fn assuming(&self, guard: &Guard) -> Option<World> {
        match guard {
            Guard::Always => Some(self.clone()),
            Guard::Never => None,
            Guard::Is(atom) => self.with(atom, true),
            Guard::All(guards) => guards
                .iter()
                .try_fold(self.clone(), |world, guard| world.assuming(guard)),
            Guard::Any(guards) => self.one_of(guard, guards.iter().cloned()),
            Guard::Not(inner) => match &**inner {
                Guard::Always => None,
                Guard::Never => Some(self.clone()),
                Guard::Is(atom) => self.with(atom, false),
                Guard::Not(guard) => self.assuming(guard),
                Guard::Any(guards) => guards
                    .iter()
                    .try_fold(self.clone(), |world, guard| world.assuming(&!guard.clone())),
                Guard::All(guards) => self.one_of(guard, guards.iter().map(|guard| !guard.clone())),
            },
        }
    }

    /// This world with a condition that holds when one of `guards` does. If only one of them can, that one holds.
    fn one_of(&self, whole: &Guard, guards: impl Iterator<Item = Guard>) -> Option<World> {
        let mut possible: Vec<Guard> = Vec::new();
        for guard in guards {
            match evaluate(&self.assumed, &guard) {
                Certainty::Yes => return Some(self.clone()),
                Certainty::Unsure => possible.push(guard),
                Certainty::No => {}
            }
        }
        match possible.as_slice() {
            [] => None,
            [only] => self.assuming(only),
            _ => {
                let mut formulas = self.concerning(whole);
                formulas.push(whole.clone());
                is_satisfiable(&self.assumed, &formulas).then(|| {
                    let mut world = self.clone();
                    if !world.given.contains(whole) {
                        world.given.push(whole.clone());
                    }
                    world
                })
            }
        }
    }

    /// The undecided atoms met so far, in order; the note is emptied.
    pub fn take_met(&self) -> Vec<Atom> {
        std::mem::take(&mut self.met.borrow_mut())
    }

    /// Notes atoms as met, as a memoised computation must when its result is used again.
    pub fn meet(&self, atoms: &[Atom]) {
        let mut met = self.met.borrow_mut();
        for atom in atoms {
            if !met.contains(atom) && answer(&self.assumed, atom).is_none() {
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

/// Decisions that a condition may need at most to be made compact.
const MOST_DECISIONS: usize = 50_000;

/// A reduced ordered decision diagram: what a condition says, decided atom by atom.
#[derive(Default)]
struct Diagram {
    atoms: Vec<Atom>,
    /// Atom, and what remains to be decided when its answer is no and yes. The first two stand for *never* and *always*.
    decisions: Vec<(usize, usize, usize)>,
    known: FxHashMap<(usize, usize, usize), usize>,
    joined: FxHashMap<(bool, usize, usize), usize>,
    /// What was made of parts that are shared in memory, and of their negations.
    read: FxHashMap<(*const Guard, bool), usize>,
}

const NEVER: usize = 0;
const ALWAYS: usize = 1;

impl Diagram {
    fn decision(&mut self, atom: usize, no: usize, yes: usize) -> Option<usize> {
        if no == yes {
            return Some(no);
        }
        if self.decisions.is_empty() {
            self.decisions = vec![(usize::MAX, NEVER, NEVER), (usize::MAX, ALWAYS, ALWAYS)];
        }
        if let Some(known) = self.known.get(&(atom, no, yes)) {
            return Some(*known);
        }
        if self.decisions.len() > MOST_DECISIONS {
            return None;
        }
        self.decisions.push((atom, no, yes));
        let made = self.decisions.len() - 1;
        self.known.insert((atom, no, yes), made);
        Some(made)
    }

    /// Parts that are shared in memory are read once.
    fn read(&mut self, guard: &Guard) -> Option<usize> {
        let shared = guard
            .shared()
            .map(|shared| (shared, matches!(guard, Guard::Not(_))));
        if let Some(known) = shared.and_then(|shared| self.read.get(&shared)) {
            return Some(*known);
        }
        let read = match guard {
            Guard::Never => NEVER,
            Guard::Always => ALWAYS,
            Guard::Is(atom) => {
                let known = self.atoms.iter().position(|known| known == atom);
                let index = known.unwrap_or_else(|| {
                    self.atoms.push(atom.clone());
                    self.atoms.len() - 1
                });
                self.decision(index, NEVER, ALWAYS)?
            }
            Guard::Not(inner) => {
                let inner = self.read(inner)?;
                self.opposite(inner)?
            }
            Guard::All(guards) | Guard::Any(guards) => {
                let is_all = matches!(guard, Guard::All(_));
                let mut all = if is_all { ALWAYS } else { NEVER };
                for guard in guards.iter() {
                    let next = self.read(guard)?;
                    all = self.join(is_all, all, next)?;
                }
                all
            }
        };
        if let Some(shared) = shared {
            self.read.insert(shared, read);
        }
        Some(read)
    }

    fn opposite(&mut self, of: usize) -> Option<usize> {
        // `not x` is `if x then never else always`; joined with nothing it is found by walking once.
        let mut made: FxHashMap<usize, usize> = FxHashMap::default();
        made.insert(NEVER, ALWAYS);
        made.insert(ALWAYS, NEVER);
        let mut waiting = vec![of];
        while let Some(&at) = waiting.last() {
            if made.contains_key(&at) {
                waiting.pop();
                continue;
            }
            let (atom, no, yes) = self.decisions[at];
            match (made.get(&no).copied(), made.get(&yes).copied()) {
                (Some(no), Some(yes)) => {
                    let decision = self.decision(atom, no, yes)?;
                    made.insert(at, decision);
                }
                (no_made, yes_made) => {
                    waiting.extend(no_made.is_none().then_some(no));
                    waiting.extend(yes_made.is_none().then_some(yes));
                }
            }
        }
        made.get(&of).copied()
    }

    fn join(&mut self, is_all: bool, a: usize, b: usize) -> Option<usize> {
        let (decides, neutral) = if is_all {
            (NEVER, ALWAYS)
        } else {
            (ALWAYS, NEVER)
        };
        if a == decides || b == decides {
            return Some(decides);
        }
        if a == neutral || a == b {
            return Some(b);
        }
        if b == neutral {
            return Some(a);
        }
        let key = (is_all, a.min(b), a.max(b));
        if let Some(known) = self.joined.get(&key) {
            return Some(*known);
        }
        let ((atom_a, no_a, yes_a), (atom_b, no_b, yes_b)) = (self.decisions[a], self.decisions[b]);
        let atom = atom_a.min(atom_b);
        let (no_a, yes_a) = if atom_a == atom {
            (no_a, yes_a)
        } else {
            (a, a)
        };
        let (no_b, yes_b) = if atom_b == atom {
            (no_b, yes_b)
        } else {
            (b, b)
        };
        let no = self.join(is_all, no_a, no_b)?;
        let yes = self.join(is_all, yes_a, yes_b)?;
        let joined = self.decision(atom, no, yes)?;
        self.joined.insert(key, joined);
        Some(joined)
    }

    fn write(&self, at: usize, written: &mut FxHashMap<usize, Guard>) -> Guard {
        match at {
            NEVER => return Guard::Never,
            ALWAYS => return Guard::Always,
            _ => {}
        }
        if let Some(known) = written.get(&at) {
            return known.clone();
        }
        let (atom, no, yes) = self.decisions[at];
        let asked = Guard::Is(self.atoms[atom].clone());
        let (no, yes) = (self.write(no, written), self.write(yes, written));
        let guard = match (&no, &yes) {
            (Guard::Never, _) => asked.and(yes),
            (Guard::Always, _) => (!asked).or(yes),
            (_, Guard::Always) => asked.or(no),
            (_, Guard::Never) => (!asked).and(no),
            _ => asked.clone().and(yes).or((!asked).and(no)),
        };
        written.insert(at, guard.clone());
        guard
    }
}

/// The answer to an atom that follows from what is chosen: a subject has one text, and of the texts it may have the
/// last one that is not excluded.
fn answer(assumed: &[(Atom, bool)], atom: &Atom) -> Option<bool> {
    answer_of(assumed.iter(), atom)
}

/// The same, of those choices that may be about its subject.
fn answer_of<'c>(
    assumed: impl Iterator<Item = &'c (Atom, bool)> + Clone,
    atom: &Atom,
) -> Option<bool> {
    if let Some((_, truth)) = assumed.clone().find(|(known, _)| known == atom) {
        return Some(*truth);
    }
    // Being true is being the text `true`.
    let text = atom.equals.as_deref().unwrap_or(TRUE);
    let allowed = &atom.subject.allowed;
    if !allowed.is_empty() && !allowed.iter().any(|known| **known == *text) {
        return Some(false);
    }
    let mut excluded = 0;
    for (known, truth) in assumed {
        if known.subject != atom.subject {
            continue;
        }
        let other = known.equals.as_deref().unwrap_or(TRUE);
        match (*truth, other == text) {
            (_, true) => return Some(*truth),
            (true, false) => return Some(false),
            (false, false) => {
                if allowed.iter().any(|known| **known == *other) {
                    excluded += 1;
                }
            }
        }
    }
    (!allowed.is_empty() && excluded + 1 == allowed.len()).then_some(true)
}

const TRUE: &str = "true";

/// From so many choices on they are looked up by what they are about.
const MANY_CHOICES: usize = 16;

/// Whether conditions hold under some choices, as far as their parts tell one by one.
struct Reading<'w> {
    assumed: &'w [(Atom, bool)],
    /// Where the choices about each subject are, if they are many.
    by_subject: FxHashMap<&'w Subject, Vec<usize>>,
    /// How many atoms were asked for.
    asked: usize,
    /// What was found for the parts of large conditions.
    found: FxHashMap<*const Guard, Certainty>,
}

impl<'w> Reading<'w> {
    fn new(assumed: &'w [(Atom, bool)]) -> Reading<'w> {
        let mut by_subject: FxHashMap<&Subject, Vec<usize>> = FxHashMap::default();
        if assumed.len() > MANY_CHOICES {
            for (index, (atom, _)) in assumed.iter().enumerate() {
                by_subject.entry(&atom.subject).or_default().push(index);
            }
        }
        Reading {
            assumed,
            by_subject,
            asked: 0,
            found: FxHashMap::default(),
        }
    }

    fn answer(&mut self, atom: &Atom) -> Option<bool> {
        self.asked += 1;
        if self.assumed.len() <= MANY_CHOICES {
            return answer(self.assumed, atom);
        }
        let own = self.by_subject.get(&*atom.subject);
        let own = own.map_or(&[][..], Vec::as_slice);
        answer_of(own.iter().map(|index| &self.assumed[*index]), atom)
    }

    fn truth(&mut self, guard: &Guard) -> Certainty {
        let is_large = guard.size(LARGE) >= LARGE;
        self.read(guard, is_large)
    }

    fn read(&mut self, guard: &Guard, is_large: bool) -> Certainty {
        let shared = guard.shared().filter(|_| is_large);
        if let Some(known) = shared.and_then(|shared| self.found.get(&shared)) {
            return match guard {
                Guard::Not(_) => !*known,
                _ => *known,
            };
        }
        let truth = match guard {
            Guard::Always => Certainty::Yes,
            Guard::Never => Certainty::No,
            Guard::Is(atom) => self.answer(atom).map_or(Certainty::Unsure, Certainty::from),
            Guard::Not(inner) => self.read(inner, is_large),
            Guard::All(guards) => {
                let mut truth = Certainty::Yes;
                for guard in guards.iter() {
                    truth = truth.and(self.read(guard, is_large));
                    if truth.is_no() {
                        break;
                    }
                }
                truth
            }
            Guard::Any(guards) => {
                let mut truth = Certainty::No;
                for guard in guards.iter() {
                    truth = truth.or(self.read(guard, is_large));
                    if truth.is_yes() {
                        break;
                    }
                }
                truth
            }
        };
        if let Some(shared) = shared {
            self.found.insert(shared, truth);
        }
        match guard {
            Guard::Not(_) => !truth,
            _ => truth,
        }
    }

    /// The first atom of a condition that is not decided, in a part that is not.
    fn first_open<'g>(&mut self, guard: &'g Guard) -> Option<&'g Atom> {
        match guard {
            Guard::Always | Guard::Never => None,
            Guard::Is(atom) => self.answer(atom).is_none().then_some(atom),
            Guard::Not(inner) => self.first_open(inner),
            Guard::All(guards) | Guard::Any(guards) => {
                // An undecided part has an undecided atom.
                let open = guards.iter().find(|guard| self.truth(guard).is_unsure())?;
                self.first_open(open)
            }
        }
    }

    /// The atoms of those parts of a condition that are not decided.
    fn undecided(
        &mut self,
        guard: &Guard,
        seen: &mut FxHashSet<*const Guard>,
        visit: &mut dyn FnMut(&Atom),
    ) {
        match guard {
            Guard::Always | Guard::Never => {}
            Guard::Is(atom) => {
                if self.answer(atom).is_none() {
                    visit(atom);
                }
            }
            Guard::Not(inner) => self.undecided(inner, seen, visit),
            Guard::All(guards) | Guard::Any(guards) => {
                if !seen.insert(guards.as_ptr()) {
                    return;
                }
                for guard in guards.iter() {
                    if self.truth(guard).is_unsure() {
                        self.undecided(guard, seen, visit);
                    }
                }
            }
        }
    }
}

fn evaluate(assumed: &[(Atom, bool)], guard: &Guard) -> Certainty {
    Reading::new(assumed).truth(guard)
}

/// Steps after which a search for a contradiction is given up. Formulas of templates take a few dozen.
const MOST_STEPS: usize = 5_000;

/// Atoms that are read in one step; reading more counts as more steps.
const ATOMS_OF_A_STEP: usize = 16;

/// Whether all of `formulas` can hold together with what is chosen: a search over the atoms that they leave open
/// (Davis–Putnam, with [`answer`] as the theory). Given up, the answer is yes: no contradiction was found.
fn is_satisfiable(assumed: &[(Atom, bool)], formulas: &[Guard]) -> bool {
    fn search(assumed: &mut Vec<(Atom, bool)>, formulas: &[Guard], steps: &mut usize) -> bool {
        let mut reading = Reading::new(assumed);
        let mut open: Option<&Guard> = None;
        for formula in formulas {
            match reading.truth(formula) {
                Certainty::No => return false,
                Certainty::Unsure => open = open.or(Some(formula)),
                Certainty::Yes => {}
            }
        }
        let open = open.and_then(|guard| reading.first_open(guard));
        *steps += 1 + reading.asked / ATOMS_OF_A_STEP;
        let Some(atom) = open else {
            return true;
        };
        if *steps > MOST_STEPS {
            return true;
        }
        let atom = atom.clone();
        [true, false].into_iter().any(|truth| {
            assumed.push((atom.clone(), truth));
            let found = search(assumed, formulas, steps);
            assumed.pop();
            found
        })
    }
    match formulas {
        [] => true,
        _ => search(&mut assumed.to_vec(), formulas, &mut 0),
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
                default_at: Span::NONE,
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
        let guard =
            Guard::Is(env("prod")).or((!Guard::Is(env("prod"))).and(Guard::Is(env("test"))));
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

    /// A subject without default or allowed values that is simply true or false.
    fn flag(name: &str) -> Guard {
        Guard::Is(Atom {
            subject: Arc::new(Subject::opaque("", name)),
            equals: None,
        })
    }

    #[test]
    fn contradictions_are_found_across_formulas() {
        let (a, b, c) = (flag("a"), flag("b"), flag("c"));
        let exactly_one = (a.clone().or(b.clone())).and(!a.clone().and(b.clone()));
        for (guard, expected) in [
            (exactly_one.clone(), true),
            (exactly_one.clone().and(a.clone()).and(b.clone()), false),
            (exactly_one.clone().and((!a.clone()).and(!b.clone())), false),
            (
                (a.clone().or(b.clone()))
                    .and(a.clone().or(!b.clone()))
                    .and((!a.clone()).or(c.clone()))
                    .and((!a.clone()).or(!c.clone())),
                false,
            ),
            (Guard::Is(env("prod")).and(Guard::Is(env("test"))), false),
            (
                !(Guard::Is(env("prod"))
                    .or(Guard::Is(env("test")))
                    .or(Guard::Is(env("dev")))),
                false,
            ),
        ] {
            assert_eq!(guard.is_possible(), expected, "{guard}");
        }
    }

    #[test]
    fn what_follows_is_known_though_no_choice_names_it() {
        let (a, b) = (flag("a"), flag("b"));
        let world = World::new()
            .assuming(&a.clone().or(b.clone()))
            .and_then(|world| world.assuming(&a.clone().or(!b.clone())))
            .expect("possible");
        assert_eq!(world.truth(&a), Certainty::Yes);
        assert!(world.take_met().is_empty());
        assert_eq!(World::new().truth(&a.clone().or(!a)), Certainty::Yes);
    }

    #[test]
    fn being_true_is_being_the_text_true() {
        let text = |text: &str| {
            Guard::Is(Atom {
                subject: Arc::new(Subject::opaque("", "a")),
                equals: Some(text.into()),
            })
        };
        let world = World::new().assuming(&flag("a")).expect("possible");
        assert_eq!(world.truth(&text("true")), Certainty::Yes);
        assert_eq!(world.truth(&text("false")), Certainty::No);
        let world = World::new().assuming(&text("no")).expect("possible");
        assert_eq!(world.truth(&flag("a")), Certainty::No);
    }

    #[test]
    fn joints_of_one_sort_are_one() {
        let guard = flag("a").and(flag("b").and(flag("c"))).and(flag("a"));
        assert_eq!(guard.to_string(), "a is true and b is true and c is true");
        assert_eq!(guard.and(!flag("b")), Guard::Never);
        assert_eq!(flag("a").or(flag("b")).or(!flag("a")), Guard::Always);
    }

    #[test]
    fn many_independent_conditions_stay_cheap() {
        let many = (0..200)
            .map(|n| flag(&format!("a{n}")).or(flag(&format!("b{n}"))))
            .fold(Guard::Always, Guard::and);
        assert!(many.is_possible());
        let world = World::new().assuming(&many).expect("possible");
        assert_eq!(world.truth(&flag("a7")), Certainty::Unsure);
    }

    #[test]
    fn conditions_that_build_on_each_other_are_made_compact() {
        // Each asks for the one before twice: the written form doubles at every step.
        let (a, b) = (flag("a"), flag("b"));
        let mut guard = a.clone();
        for _ in 0..40 {
            guard = (guard.clone().and(b.clone())).or((!guard).and(!b.clone()));
        }
        assert!(guard.size(1_000) >= 1_000);
        assert!(guard.distinct() < 300);
        let compact = guard.compact().expect("small");
        assert!(compact.size(20) < 20, "{compact}");
        let world = World::new().assuming(&a).and_then(|w| w.assuming(&b));
        let world = world.expect("possible");
        assert_eq!(world.truth(&compact), Certainty::Yes);
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

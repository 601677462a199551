//! The truth of tests on one document in one world: nodes, certain and possible, and a quantifier in; a certainty and
//! what is to blame for it out.

use std::rc::Rc;
use std::sync::Arc;

use super::clause::{self, Clause, Comparison, Group, Quantifier, Test};
use super::truth::{self, agreed};
use crate::jsonpath::{self, Key, Missing, Node, Query, Selection, Trace};
use crate::source::Span;
use crate::value::{Certainty, Data, ObjectKind, Unknown, Value, World};

/// Something that a test fails on.
#[derive(Clone)]
pub(super) struct Fault {
    /// How it was reached: the thing itself, or the deepest thing above it that is there.
    pub trace: Rc<Trace>,
    /// The names below that are missing.
    pub rest: Vec<Arc<str>>,
    /// Its value; none if it is missing or more than a value.
    pub value: Option<Value>,
    /// Where it is, if that is not where its trace says.
    pub elsewhere: Option<Span>,
}

impl Fault {
    /// Where it is.
    pub fn place(&self) -> Span {
        self.elsewhere.unwrap_or(self.trace.place)
    }

    fn at(node: &Node<'_>) -> Fault {
        Fault {
            trace: node.trace.clone(),
            rest: Vec::new(),
            value: match &node.item {
                jsonpath::Item::Value(value) => Some(value.clone()),
                _ => None,
            },
            elsewhere: None,
        }
    }

    fn missing(missing: &Missing) -> Fault {
        Fault {
            trace: missing.above.clone(),
            rest: missing.rest.clone(),
            value: None,
            elsewhere: None,
        }
    }

    fn of(found: &Result<Node<'_>, Missing>) -> Fault {
        match found {
            Ok(node) => Fault::at(node),
            Err(missing) => Fault::missing(missing),
        }
    }

    /// Whether it is a whole resource.
    pub fn is_resource(&self) -> bool {
        self.rest.is_empty() && self.trace.key == Key::Root
    }

    /// Whether somebody wrote it, rather than that it is missing or a default.
    pub fn is_written(&self) -> bool {
        self.is_resource()
            || self
                .value
                .as_ref()
                .is_some_and(|value| !value.origin.is_default && value.span().is_written())
    }
}

/// What a test, or several, came to.
pub(super) struct Judged {
    /// Whether it holds.
    pub truth: Certainty,
    /// What it fails on, when it does not certainly hold.
    pub faults: Vec<Fault>,
}

/// A selected node: whether it is there, whether what the tail leads to is as asked, and what that is.
type Asked<'d> = (Certainty, Certainty, Vec<Result<Node<'d>, Missing>>);

/// A document in a world.
pub(super) struct Case<'d, 'w> {
    /// The root of the document.
    pub root: Node<'d>,
    /// What is taken to hold.
    pub world: &'w World,
}

impl<'d> Case<'d, '_> {
    /// Whether every group of a `when` block has a test that holds.
    pub fn concerns(&self, groups: &[Group]) -> Certainty {
        groups
            .iter()
            .map(|group| self.any(&group.tests))
            .fold(Certainty::Yes, Certainty::and)
    }

    /// Whether a clause holds.
    pub fn holds(&self, clause: &Clause) -> Certainty {
        let truth = self.any(&clause.tests);
        if truth.is_yes() || clause.unless.is_empty() {
            return truth;
        }
        truth.or(self.any(&clause.unless))
    }

    /// Whether one of the tests holds.
    pub fn any(&self, tests: &[Test]) -> Certainty {
        let mut truth = Certainty::No;
        for test in tests {
            truth = truth.or(self.judge(test, None).truth);
            if truth.is_yes() {
                break;
            }
        }
        truth
    }

    /// Whether a test holds, and what it fails on if not.
    pub fn blame(&self, test: &Test) -> Judged {
        let mut faults = Vec::new();
        let truth = self.judge(test, Some(&mut faults)).truth;
        Judged { truth, faults }
    }

    fn judge(&self, test: &Test, blame: Option<&mut Vec<Fault>>) -> Judged {
        let query = &test.query.query;
        let selection = jsonpath::select(query, &self.root, self.world);
        let operands = test
            .comparison
            .as_ref()
            .map(|comparison| self.operands(comparison))
            .unwrap_or_default();
        let is_open = selection.open.is_some();
        let open = if is_open {
            Certainty::Unsure
        } else {
            Certainty::No
        };
        if test.quantifier == Quantifier::Count {
            let truth = self.counted(&selection, test, &operands);
            if let Some(faults) = blame
                && !truth.is_yes()
            {
                self.blame_container(query, &selection, truth, faults);
            }
            return Judged {
                truth,
                faults: Vec::new(),
            };
        }
        let nodes = self.asked(&selection, test, &operands);
        let truth = match test.quantifier {
            Quantifier::Every => nodes
                .iter()
                .map(|(there, truth, _)| (!*there).or(*truth))
                .fold(Certainty::Yes, Certainty::and)
                .and(!open),
            _ => {
                let some = nodes
                    .iter()
                    .map(|(there, truth, _)| (*there).and(*truth))
                    .fold(Certainty::No, Certainty::or)
                    .or(open);
                if test.quantifier == Quantifier::No {
                    !some
                } else {
                    some
                }
            }
        };
        let Some(faults) = blame.filter(|_| !truth.is_yes()) else {
            return Judged {
                truth,
                faults: Vec::new(),
            };
        };
        match test.quantifier {
            Quantifier::Every => {
                for (there, own, found) in &nodes {
                    if (!*there).or(*own) == truth {
                        faults.extend(
                            found
                                .iter()
                                .filter(|found| {
                                    self.one(found, test.comparison.as_ref(), &operands) <= truth
                                })
                                .map(Fault::of),
                        );
                    }
                }
                self.blame_open(&selection, truth, faults);
            }
            Quantifier::No => {
                for (node, (there, own, found)) in selection.nodes.iter().zip(&nodes) {
                    if !(*there).and(*own) == truth {
                        if query.is_singular() {
                            faults.extend(found.iter().map(Fault::of));
                        } else {
                            faults.push(Fault::at(node));
                        }
                    }
                }
                self.blame_open(&selection, truth, faults);
            }
            _ => match nodes.as_slice() {
                [(_, _, found)] if !clause::tail(query).is_empty() && !is_open => {
                    faults.extend(found.iter().map(Fault::of));
                }
                _ => self.blame_container(query, &selection, truth, faults),
            },
        }
        if faults.is_empty() {
            self.blame_container(query, &selection, truth, faults);
        }
        Judged {
            truth,
            faults: Vec::new(),
        }
    }

    /// What the tail leads to from each node, and how it compares.
    fn asked(
        &self,
        selection: &Selection<'d>,
        test: &Test,
        operands: &[Option<Value>],
    ) -> Vec<Asked<'d>> {
        // The number of nodes is compared, not what they are.
        let comparison = match test.quantifier {
            Quantifier::Count => None,
            _ => test.comparison.as_ref(),
        };
        selection
            .nodes
            .iter()
            .map(|node| {
                let found = jsonpath::expect(&test.query.query, node, self.world).alternatives;
                let truth = agreed(found.iter().map(|found| {
                    let truth = self.one(found, comparison, operands);
                    match found {
                        // Another element may stand at this position.
                        Ok(candidate)
                            if candidate.certainty < node.certainty
                                && candidate.value().is_some_and(|v| v.as_unknown().is_none()) =>
                        {
                            Certainty::Unsure
                        }
                        _ => truth,
                    }
                }));
                (node.certainty, truth, found)
            })
            .collect()
    }

    /// All that a test looks at: each thing with whether it is there and whether it is as asked; and whether there may
    /// be more.
    pub fn looked_at(&self, test: &Test) -> (Vec<(Fault, Certainty, Certainty)>, bool) {
        let selection = jsonpath::select(&test.query.query, &self.root, self.world);
        let operands = test
            .comparison
            .as_ref()
            .map(|comparison| self.operands(comparison))
            .unwrap_or_default();
        let asked = self.asked(&selection, test, &operands);
        let things = asked.iter().flat_map(|(there, truth, found)| {
            found.iter().map(|found| (Fault::of(found), *there, *truth))
        });
        (things.collect(), selection.open.is_some())
    }

    /// How what stands at the end of a tail compares with an operand; without one, whether it is there.
    fn one(
        &self,
        found: &Result<Node<'d>, Missing>,
        comparison: Option<&Comparison>,
        operands: &[Option<Value>],
    ) -> Certainty {
        let Some(comparison) = comparison else {
            return match found {
                Ok(node) => jsonpath::exists(node, self.world),
                Err(_) => Certainty::No,
            };
        };
        let value = match found {
            Ok(node) => match node.value() {
                Some(value) => Some(value),
                // A list of links has no value to compare.
                None => return Certainty::Unsure,
            },
            Err(_) => None,
        };
        let against = |operand: &truth::Operand<'_>| {
            truth::compare(value, comparison.operator, operand, self.world)
        };
        let truth = match &comparison.operand {
            clause::Operand::Constant(constant) => against(&truth::Operand::Value(constant)),
            clause::Operand::Pattern(pattern) => against(&truth::Operand::Pattern(pattern)),
            clause::Operand::Query(_) => agreed(operands.iter().map(|operand| match operand {
                Some(operand) => against(&truth::Operand::Value(operand)),
                None => against(&truth::Operand::Missing),
            })),
        };
        if comparison.is_negated { !truth } else { truth }
    }

    /// The values that the query behind an operator may give.
    fn operands(&self, comparison: &Comparison) -> Vec<Option<Value>> {
        match &comparison.operand {
            clause::Operand::Query(query) => jsonpath::expect(&query.query, &self.root, self.world)
                .alternatives
                .into_iter()
                .map(|found| found.ok().and_then(|node| node.value().cloned()))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// How the number of nodes compares: an interval from those that are certainly there to those that may be.
    fn counted(
        &self,
        selection: &Selection<'d>,
        test: &Test,
        operands: &[Option<Value>],
    ) -> Certainty {
        let Some(comparison) = &test.comparison else {
            return Certainty::Unsure;
        };
        let (mut least, mut most) = (0i64, 0i64);
        for node in &selection.nodes {
            let found = jsonpath::expect(&test.query.query, node, self.world).alternatives;
            let there = node
                .certainty
                .and(agreed(found.iter().map(|found| self.one(found, None, &[]))));
            least += i64::from(there.is_yes());
            most += i64::from(!there.is_no());
        }
        if selection.open.is_some() {
            most = i64::MAX;
        }
        let against = |limit: Option<i64>| {
            let Some(limit) = limit else {
                return Certainty::Unsure;
            };
            let decided = |yes: bool, no: bool| match (yes, no) {
                (true, _) => Certainty::Yes,
                (_, true) => Certainty::No,
                _ => Certainty::Unsure,
            };
            let equal = decided(
                least == limit && most == limit,
                limit < least || limit > most,
            );
            match comparison.operator {
                clause::Operator::Equal => equal,
                clause::Operator::NotEqual => !equal,
                clause::Operator::Less => decided(most < limit, least >= limit),
                clause::Operator::LessEqual => decided(most <= limit, least > limit),
                clause::Operator::Greater => decided(least > limit, most <= limit),
                clause::Operator::GreaterEqual => decided(least >= limit, most < limit),
                _ => Certainty::Unsure,
            }
        };
        match &comparison.operand {
            clause::Operand::Constant(value) => against(value.as_int()),
            _ => agreed(
                operands
                    .iter()
                    .map(|value| against(value.as_ref().and_then(Value::as_int))),
            ),
        }
    }

    /// The unknown thing that may hold more, if that is why it cannot be told.
    fn blame_open(&self, selection: &Selection<'d>, truth: Certainty, faults: &mut Vec<Fault>) {
        // What is there already says enough.
        if let (true, true, Some(trace)) = (truth.is_unsure(), faults.is_empty(), &selection.open) {
            faults.push(Fault {
                trace: trace.clone(),
                rest: Vec::new(),
                value: trace.value.clone(),
                elsewhere: None,
            });
        }
    }

    /// The deepest thing that is there along the names that a query begins with; if something unknown stopped the
    /// search, that.
    fn blame_container(
        &self,
        query: &Query,
        selection: &Selection<'d>,
        truth: Certainty,
        faults: &mut Vec<Fault>,
    ) {
        if truth.is_unsure()
            && selection.open.as_ref().is_some_and(|trace| {
                trace
                    .value
                    .as_ref()
                    .is_some_and(|v| v.as_unknown().is_some())
            })
        {
            self.blame_open(selection, truth, faults);
            return;
        }
        let names = query.leading_names().len();
        let prefix = Query {
            text: query.text.clone(),
            segments: query.segments[..names].to_vec(),
            selecting: 0,
        };
        let found = jsonpath::expect(&prefix, &self.root, self.world);
        faults.extend(found.alternatives.iter().map(Fault::of).map(|fault| {
            // Repeated blocks are no list that anybody wrote: what they lack is lacking around them.
            let is_blocks = fault.value.as_ref().is_some_and(|value| {
                let first = value.as_list().and_then(|list| list.items().first());
                first.is_some_and(|first| {
                    let is_block = first
                        .as_object()
                        .is_some_and(|first| first.kind() == ObjectKind::Block);
                    is_block && first.origin.trail.is_empty() && first.span() == value.span()
                })
            });
            let around = fault.trace.parent.as_ref().map(|parent| parent.place);
            Fault {
                elsewhere: around.filter(|_| is_blocks),
                ..fault
            }
        }));
    }

    /// What is not known of what tests look at, in people's words.
    pub fn reasons<'t>(&self, tests: impl IntoIterator<Item = &'t Test>) -> Vec<String> {
        let mut reasons = Vec::new();
        for test in tests {
            if !self.judge(test, None).truth.is_unsure() {
                continue;
            }
            let query = &test.query.query;
            let selection = jsonpath::select(query, &self.root, self.world);
            for node in &selection.nodes {
                if !node.certainty.is_yes() {
                    match node.value() {
                        Some(value) => unknown_in(value, &mut reasons),
                        None => add(&mut reasons, "it depends on a condition".to_owned()),
                    }
                }
                for found in jsonpath::expect(query, node, self.world)
                    .alternatives
                    .iter()
                    .flatten()
                {
                    match found.value() {
                        Some(value) => unknown_in(value, &mut reasons),
                        None => add(&mut reasons, "a linked resource is not known".to_owned()),
                    }
                }
            }
            if let Some(trace) = &selection.open {
                match &trace.value {
                    Some(value) => unknown_in(value, &mut reasons),
                    None => add(
                        &mut reasons,
                        "there may be resources outside this code that belong to it".to_owned(),
                    ),
                }
            }
            if let Some(comparison) = &test.comparison {
                for operand in self.operands(comparison).iter().flatten() {
                    unknown_in(operand, &mut reasons);
                }
            }
        }
        reasons
    }

    /// What a query that selects at most one node selects.
    pub fn value(&self, query: &Query) -> Option<Value> {
        jsonpath::expect(query, &self.root, self.world)
            .alternatives
            .into_iter()
            .find_map(|found| found.ok()?.value().cloned())
    }
}

/// Reasons that are shown.
const MOST_REASONS: usize = 3;

fn add(reasons: &mut Vec<String>, reason: String) {
    if reasons.len() < MOST_REASONS && !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

/// Why parts of a value are not known.
fn unknown_in(value: &Value, reasons: &mut Vec<String>) {
    if value.is_wholly_known() || reasons.len() >= MOST_REASONS {
        return;
    }
    let mut say = |unknown: &Arc<Unknown>| add(reasons, unknown.reason.to_string());
    match &value.data {
        Data::Unknown(unknown) => say(unknown),
        Data::Text(text) => text.holes().for_each(say),
        Data::List(list) => {
            if let Some(why) = list.more() {
                say(why);
            }
            list.items()
                .iter()
                .for_each(|item| unknown_in(item, reasons));
        }
        Data::Object(object) => {
            if let Some(why) = object.more() {
                say(why);
            }
            object
                .members()
                .values()
                .for_each(|member| unknown_in(&member.value, reasons));
        }
        Data::Choice(alternatives) => {
            add(
                reasons,
                "it depends on more conditions than are told apart".to_owned(),
            );
            alternatives
                .iter()
                .for_each(|alternative| unknown_in(&alternative.value, reasons));
        }
        _ => {}
    }
}

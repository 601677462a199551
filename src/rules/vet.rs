//! Mistakes of rule authors, found before any input: rules and the vocabulary in, what is wrong with the rules out. The
//! numbers of the messages are those of `rulesets/README.md`.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::clause::{
    Action, Clause, Comparison, Hole, Located, Operand, Operator, Part, Quantifier, Target, Test,
};
use super::{Rule, RuleSet, truth};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::facts;
use crate::jsonpath::{
    Comparable, Filter, Operator as FilterOperator, Query, Relative, Segment, Selector,
};
use crate::model::document::RESERVED;
use crate::model::vocabulary::{Defaults, Entry, Property, Row, Type};
use crate::model::{Kind, Vocabulary};
use crate::source::{SourceFile, SourceMap, Span};
use crate::value::{Certainty, Data, Reason, Segment as TextSegment, Text, Unknown, Value, World};

/// Members of `$.meta`.
const META: [&str; 6] = [
    "language",
    "kind",
    "native_kind",
    "address",
    "module",
    "conditional",
];

/// What is wrong with rules, one by one and together. Their files are looked up in `sources`.
pub fn vet(rules: &RuleSet, vocabulary: &Vocabulary, sources: &SourceMap) -> Vec<Diagnostic> {
    let all: Vec<Arc<Rule>> = rules.names().filter_map(|name| rules.named(name)).collect();
    let mut found = Vec::new();
    for rule in &all {
        if let Some(file) = sources.get(rule.info.file.source) {
            found.extend(one(rule, &file, vocabulary));
        }
    }
    found.extend(together(&all, rules, sources));
    found
}

/// What is wrong with a rule by itself.
pub fn one(rule: &Rule, file: &SourceFile, vocabulary: &Vocabulary) -> Vec<Diagnostic> {
    let mut vetting = Vetting {
        rule,
        file,
        vocabulary,
        found: Vec::new(),
    };
    vetting.kinds();
    for group in &rule.when {
        for test in &group.tests {
            vetting.test(test, true);
        }
    }
    for clause in &rule.check {
        vetting.clause(clause);
    }
    vetting.reach();
    vetting.options();
    vetting.fix();
    // What several kinds or tests complain of is said once.
    let mut said: FxHashSet<(&'static str, Option<Span>, String)> = FxHashSet::default();
    vetting
        .found
        .retain(|d| said.insert((d.code, d.span, d.message.clone())));
    vetting.found
}

/// What is wrong with rules taken together.
fn together(all: &[Arc<Rule>], rules: &RuleSet, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let by_name: FxHashMap<&str, &Arc<Rule>> =
        all.iter().map(|rule| (&*rule.info.name, rule)).collect();
    for rule in all {
        for (name, span) in &rule.yields_to {
            let Some(other) = by_name.get(&**name) else {
                let hint = did_you_mean(name, by_name.keys().copied())
                    .unwrap_or_else(|| "name a rule by its file stem".to_owned());
                found.push(
                    Diagnostic::error("V27", *span, format!("there is no rule called `{name}`"))
                        .hint(hint),
                );
                continue;
            };
            if !other
                .info
                .kinds
                .iter()
                .any(|kind| rule.info.kinds.contains(kind))
            {
                found.push(
                    Diagnostic::error(
                        "V27",
                        *span,
                        format!("`{name}` concerns none of the kinds that this rule concerns"),
                    )
                    .hint("leave it away"),
                );
            }
            if leads_back(&by_name, name, &rule.info.name) {
                found.push(
                    Diagnostic::error(
                        "V27",
                        *span,
                        format!("`{name}` yields to this rule in turn"),
                    )
                    .hint("one of them has to speak"),
                );
            }
        }
    }
    let texts: Vec<Arc<SourceFile>> = all
        .iter()
        .filter_map(|rule| sources.get(rule.info.file.source))
        .collect();
    let mut names: FxHashMap<Arc<str>, Span> = FxHashMap::default();
    for option in rules.shared_options() {
        if let Some(first) = names.insert(option.name.clone(), option.span) {
            found.push(
                Diagnostic::error(
                    "V25",
                    option.span,
                    format!("option `{}` is declared twice", option.name),
                )
                .label(first, "first declared here")
                .hint("declare it once, in the folder above both"),
            );
        }
        let is_used = texts.iter().any(|file| mentions(&file.text, &option.name));
        if !is_used {
            found.push(
                Diagnostic::error(
                    "V25",
                    option.span,
                    format!("option `{}` is never used", option.name),
                )
                .hint("remove it"),
            );
        }
    }
    found
}

/// Whether the chain of rules that `name` yields to comes to `target`.
fn leads_back(by_name: &FxHashMap<&str, &Arc<Rule>>, name: &str, target: &str) -> bool {
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut waiting: Vec<&str> = vec![name];
    while let Some(name) = waiting.pop() {
        if name == target {
            return true;
        }
        if seen.insert(name)
            && let Some(rule) = by_name.get(name)
        {
            waiting.extend(rule.yields_to.iter().map(|(name, _)| &**name));
        }
    }
    false
}

/// Whether a text names an option.
fn mentions(text: &str, option: &str) -> bool {
    let wanted = format!("$.options.{option}");
    text.match_indices(&wanted).any(|(at, found)| {
        !text[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

/// What is known of the form of what a query leads to.
#[derive(Clone)]
enum Form<'v> {
    /// A resource of one of these kinds.
    Resource(Vec<Kind>),
    /// What a property holds.
    Property(&'v Property),
    /// An element of what it holds, or a member without elements.
    Element(&'v Row),
    /// What is under `$.facts` of a kind, the names so far.
    Facts(Vec<Kind>, Vec<Arc<str>>),
    /// A fact or a part of one.
    Fact(&'static facts::Shape),
    /// `$.links`
    Links(Vec<Kind>),
    /// The targets of a link.
    Targets(Vec<Kind>),
    /// `$.views`
    Views(Vec<Kind>),
    /// `$.options`
    Options,
    /// An option.
    Option,
    /// `$.meta`
    Meta,
    /// A text of `$.meta`.
    Word,
    /// Nothing is known.
    Any,
}

/// A type, as far as comparing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Bool,
    Number,
    Text,
    Upper,
    Lower,
    List,
}

impl Sort {
    fn as_str(self) -> &'static str {
        match self {
            Sort::Bool => "true or false",
            Sort::Number => "a number",
            Sort::Text => "a text",
            Sort::Upper => "a text in capitals",
            Sort::Lower => "a text in small letters",
            Sort::List => "a list",
        }
    }

    /// Whether a value of this type can equal a constant.
    fn can_equal(self, constant: &Value) -> bool {
        match (self, &constant.data) {
            (Sort::Bool, Data::Bool(_))
            | (Sort::Number, Data::Number(_))
            | (Sort::Text, Data::Text(_)) => true,
            (Sort::Upper, Data::Text(text)) => text
                .as_str()
                .is_some_and(|text| text == text.to_uppercase()),
            (Sort::Lower, Data::Text(text)) => text
                .as_str()
                .is_some_and(|text| text == text.to_lowercase()),
            (Sort::List, Data::List(_)) => true,
            _ => false,
        }
    }
}

impl Form<'_> {
    /// Whether a pattern may meet texts with holes here and could be put otherwise: what is decoded from one text is a
    /// script, in which a line may stand anywhere.
    fn may_have_holes(&self) -> bool {
        match self {
            Form::Property(property) => property.schema().decode.is_none(),
            Form::Element(row) => row.decode.is_none(),
            Form::Option | Form::Options | Form::Word | Form::Meta => false,
            _ => true,
        }
    }

    /// Whether it is a list whose order means nothing.
    fn is_set(&self) -> bool {
        matches!(self, Form::Property(property) if property.schema().kind == Some(Type::Set))
    }

    fn sort(&self) -> Option<Sort> {
        let of_row = |row: &Row| {
            Some(match row.kind? {
                Type::Bool => Sort::Bool,
                Type::Int | Type::Number => Sort::Number,
                Type::String => Sort::Text,
                Type::Upper => Sort::Upper,
                Type::Lower => Sort::Lower,
                _ => return None,
            })
        };
        match self {
            Form::Property(property) if property.is_list() => Some(Sort::List),
            Form::Property(property) => of_row(property.schema()),
            Form::Element(row) => of_row(row),
            Form::Fact(shape) => match shape {
                facts::Shape::Bool => Some(Sort::Bool),
                facts::Shape::Number => Some(Sort::Number),
                facts::Shape::Text => Some(Sort::Text),
                facts::Shape::List(_) => Some(Sort::List),
                _ => None,
            },
            Form::Word => Some(Sort::Text),
            _ => None,
        }
    }
}

/// Why a query leads nowhere.
struct Lost {
    code: &'static str,
    message: String,
    hint: Option<String>,
}

struct Vetting<'v> {
    rule: &'v Rule,
    file: &'v SourceFile,
    vocabulary: &'v Vocabulary,
    found: Vec<Diagnostic>,
}

impl<'v> Vetting<'v> {
    fn refuse(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.found
            .push(Diagnostic::error(code, span, message).hint(hint));
    }

    fn warn(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.found
            .push(Diagnostic::warning(code, span, message).hint(hint));
    }

    fn kinds(&mut self) {
        for (name, span) in &self.rule.applies_to {
            for kind in self.vocabulary.expand(name) {
                if self.vocabulary.entry(&kind).is_none() {
                    let known = self
                        .vocabulary
                        .entries()
                        .map(|entry| &*entry.kind)
                        .chain(self.vocabulary.groups().map(|(name, _)| &**name));
                    let hint = did_you_mean(name, known)
                        .unwrap_or_else(|| "describe it in a `_resources.yaml`".to_owned());
                    self.refuse(
                        "V28",
                        *span,
                        format!("kind `{kind}` is not described"),
                        hint,
                    );
                }
            }
        }
    }

    fn clause(&mut self, clause: &Clause) {
        for test in &clause.tests {
            self.test(test, false);
        }
        for test in &clause.unless {
            self.test(test, true);
        }
        for (test, position) in clause.all_tests().zip(0..) {
            let Some(Comparison {
                is_negated: false,
                operator: Operator::In,
                operand: Operand::Query(list),
                ..
            }) = &test.comparison
            else {
                continue;
            };
            let is_empty = match list.query.leading_names().as_slice() {
                ["options", name] => {
                    let option = self.rule.options.member(name);
                    option.is_some_and(|value| {
                        value.as_list().is_some_and(|list| list.items().is_empty())
                    })
                }
                _ => false,
            };
            let has_shape = clause.all_tests().zip(0..).any(|(other, at)| {
                at != position && other.query.query.text == test.query.query.text
            });
            if is_empty && !has_shape {
                self.refuse(
                    "V26",
                    list.span,
                    format!("`in {}` is no for unknown values where that list is empty, as it is by default", list.query.text),
                    format!("test the shape first: `{} not matches /…/ unless …`", test.query.query.text),
                );
            }
        }
        if let Some(message) = &clause.message {
            for part in &message.parts {
                if let Part::Hole(hole, span) = part {
                    self.hole(hole, *span, clause);
                }
            }
        }
    }

    fn hole(&mut self, hole: &Hole, span: Span, clause: &Clause) {
        match hole {
            Hole::Query(query) => {
                self.walk(query, span, false);
            }
            Hole::Value(names) if !names.is_empty() => {
                let [test] = clause.tests.as_slice() else {
                    return;
                };
                let query = &test.query.query;
                let is_element = test.quantifier == Quantifier::No && !query.is_singular();
                let segments = if is_element {
                    &query.segments[..query.selecting]
                } else {
                    &query.segments[..]
                };
                let names: Vec<Segment> = names
                    .iter()
                    .map(|name| Segment {
                        is_descendant: false,
                        selectors: vec![Selector::Name(name.clone())],
                    })
                    .collect();
                let is_lost = self.rule.info.kinds.iter().all(|kind| {
                    let form = self.follow(segments, Form::Resource(vec![kind.clone()]));
                    form.is_ok_and(|form| self.follow(&names, form).is_err())
                });
                if is_lost && !self.rule.info.kinds.is_empty() {
                    self.refuse(
                        "V22",
                        span,
                        "what this hole shows cannot be there",
                        "name a member of the value",
                    );
                }
            }
            _ => {}
        }
    }

    /// `is_exception`: in `when` or after `unless`, where what is true of nothing excuses.
    fn test(&mut self, test: &Test, is_exception: bool) {
        let query = &test.query.query;
        let text = query.text.clone();
        let span = test.query.span;
        // An exception by a link excuses no resource of a kind that has no such link, which is what it says.
        let is_partial = is_exception
            && test.quantifier == Quantifier::Some
            && query.leading_names().first() == Some(&"links");
        let forms = self.walk(query, span, is_partial);
        self.filters(query, span);
        let is_negative = test
            .comparison
            .as_ref()
            .is_some_and(|c| c.is_negated || c.operator == Operator::NotEqual);
        if test.quantifier == Quantifier::No && is_negative {
            let plain = test
                .comparison
                .as_ref()
                .map_or("==".to_owned(), |comparison| match comparison.operator {
                    Operator::NotEqual => "==".to_owned(),
                    operator => operator.as_str().to_owned(),
                });
            self.refuse(
                "V06",
                test.span,
                "this denies twice",
                format!("say it plainly: `{text} {plain} …`"),
            );
        }
        if is_exception && test.quantifier == Quantifier::Every && !query.is_singular() {
            self.refuse(
                "V05",
                span,
                format!("`{text}` may select nothing and would then be true"),
                "after `unless` and in `when`, say `some` or `no`",
            );
        }
        let ends_in_filter = query
            .segments
            .last()
            .is_some_and(|segment| matches!(segment.selectors.as_slice(), [Selector::Filter(_)]));
        if is_exception
            && test.quantifier == Quantifier::No
            && ends_in_filter
            && test.comparison.is_none()
        {
            let above = text.rfind("[?").map_or(&*text, |at| &text[..at]).to_owned();
            self.warn(
                "V05b",
                test.span,
                format!("`no {text}` is also true when there is no `{above}` at all"),
                format!("add a clause with `unless some {above}[*]`"),
            );
        }
        if query.segments.iter().any(|segment| segment.is_descendant) {
            self.warn(
                "V39",
                span,
                "`..` selects too much to be read",
                "name the path",
            );
        }
        if query.leading_names() == ["meta", "language"] {
            self.warn(
                "V40",
                span,
                "this asks for the language",
                "a default for each language in the vocabulary may do",
            );
        }
        if test.comparison.is_none()
            && test.quantifier != Quantifier::Count
            && self.always_exists(query)
        {
            self.refuse(
                "V08",
                span,
                format!("`{text}` always exists, so this asks nothing"),
                "compare it with a value: what is not written has its default",
            );
        }
        let Some(comparison) = &test.comparison else {
            return;
        };
        if let Operand::Query(operand) = &comparison.operand {
            self.walk(&operand.query, operand.span, false);
        }
        if test.quantifier != Quantifier::Count {
            self.compared(&text, span, &forms, comparison);
        }
    }

    /// Whether a comparison can be true at all.
    fn compared(&mut self, text: &str, span: Span, forms: &[Form<'v>], comparison: &Comparison) {
        let sorts: Vec<Sort> = forms.iter().filter_map(Form::sort).collect();
        let is_known = !sorts.is_empty() && sorts.len() == forms.len();
        if let Operand::Pattern(pattern) = &comparison.operand
            && matches_everything(pattern)
        {
            self.refuse(
                "V15",
                comparison.span,
                "the pattern can match the empty string, and so everything",
                "leave the `*` or `?` away, or anchor it",
            );
        }
        if let Operand::Pattern(pattern) = &comparison.operand
            && (forms.is_empty() || forms.iter().any(Form::may_have_holes))
        {
            self.undecided(pattern, comparison.span, r"\/");
        }
        if comparison.operator.is_order() {
            let is_text = |sort: &Sort| matches!(sort, Sort::Text | Sort::Upper | Sort::Lower);
            let against_text = matches!(&comparison.operand, Operand::Constant(value) if value.as_text().is_some());
            if against_text || (is_known && sorts.iter().all(is_text)) {
                self.refuse(
                    "V10",
                    span,
                    format!(
                        "`{}` compares numbers, but `{text}` is a text",
                        comparison.operator.as_str()
                    ),
                    "use a fact for versions and dates",
                );
                return;
            }
        }
        let Operand::Constant(constant) = &comparison.operand else {
            return;
        };
        if !is_known {
            return;
        }
        let constants: Vec<Value> = match comparison.operator {
            Operator::In => constant.elements().collect(),
            operator
                if operator.is_order()
                    || matches!(operator, Operator::Equal | Operator::NotEqual) =>
            {
                vec![constant.clone()]
            }
            _ => return,
        };
        for constant in constants {
            if sorts.iter().all(|sort| !sort.can_equal(&constant)) {
                let shown = super::message::shown(&constant);
                self.refuse(
                    "V09",
                    comparison.span,
                    format!(
                        "`{text}` is {} and can never equal {shown}",
                        sorts[0].as_str()
                    ),
                    "write a value of its type",
                );
            }
        }
    }

    /// Patterns that strings with holes neither satisfy nor fail. `slash`: how the place spells one.
    fn undecided(&mut self, pattern: &regex::Regex, span: Span, slash: &str) {
        if let Some(run) = undecided_run(pattern) {
            self.warn(
                "V16",
                span,
                format!(
                    "`{}` excludes characters that an unknown part of the text may hold, so this is mostly unsure",
                    run.class
                ),
                format!("ask for the end alone: `{}$`", run.tail.replace('/', slash)),
            );
        }
    }

    /// Whether every name on the way has a default in both languages.
    fn always_exists(&self, query: &Query) -> bool {
        let names = query.leading_names();
        if names.is_empty() || names.len() != query.segments.len() || RESERVED.contains(&names[0]) {
            return false;
        }
        let kinds = &self.rule.info.kinds;
        !kinds.is_empty()
            && kinds.iter().all(|kind| {
                let Some(entry) = self.vocabulary.entry(kind) else {
                    return false;
                };
                (1..=names.len()).all(|length| {
                    entry.property(&names[..length]).is_some_and(|property| {
                        let default = &property.schema().default;
                        default.terraform.is_some() && default.cloudformation.is_some()
                    })
                })
            })
    }

    /// Follows a query from the root of each kind of the rule. Forms are those of the kinds that have it.
    fn walk(&mut self, query: &Query, span: Span, is_partial: bool) -> Vec<Form<'v>> {
        let mut forms = Vec::new();
        let mut lost: Vec<(Kind, Lost)> = Vec::new();
        for kind in &self.rule.info.kinds {
            if self.vocabulary.entry(kind).is_none() {
                continue;
            }
            match self.follow(&query.segments, Form::Resource(vec![kind.clone()])) {
                Ok(form) => forms.push(form),
                Err(why) => lost.push((kind.clone(), why)),
            }
        }
        let Some((_, first)) = lost.first() else {
            return forms;
        };
        let first = lost
            .iter()
            .map(|(_, why)| why)
            .find(|why| why.code == "V20")
            .unwrap_or(first);
        if forms.is_empty() || first.code == "V20" {
            let (code, message, hint) = (first.code, first.message.clone(), first.hint.clone());
            let hint =
                hint.unwrap_or_else(|| "look at `onus inspect` for what there is".to_owned());
            self.refuse(code, span, message, hint);
        } else if !is_partial {
            let kinds: Vec<&str> = lost.iter().map(|(kind, _)| &**kind).collect();
            let message = format!(
                "this uses `{}`, which is not there in {}",
                query.text,
                kinds.join(" and ")
            );
            self.refuse(
                "V29",
                span,
                message,
                "use a view, a group of kinds, or two rules",
            );
        }
        forms
    }

    fn follow(&self, segments: &[Segment], from: Form<'v>) -> Result<Form<'v>, Lost> {
        let mut at = from;
        for segment in segments {
            if segment.is_descendant {
                return Ok(Form::Any);
            }
            let mut next = None;
            for selector in &segment.selectors {
                let form = match selector {
                    Selector::Name(name) => self.member(&at, name)?,
                    Selector::Index(_) | Selector::Slice(..) if at.is_set() => {
                        return Err(Lost {
                            code: "V20",
                            message: "a position in a set says nothing".to_owned(),
                            hint: Some("say which one with a filter, `[?…]`".to_owned()),
                        });
                    }
                    _ => self.element(&at)?,
                };
                next = Some(form);
            }
            at = next.unwrap_or(Form::Any);
        }
        Ok(at)
    }

    fn element(&self, form: &Form<'v>) -> Result<Form<'v>, Lost> {
        Ok(match form {
            Form::Property(property) if property.is_list() => Form::Element(property.schema()),
            Form::Targets(kinds) => Form::Resource(kinds.clone()),
            Form::Fact(facts::Shape::List(inner) | facts::Shape::Map(inner)) => Form::Fact(inner),
            _ => Form::Any,
        })
    }

    fn member(&self, form: &Form<'v>, name: &Arc<str>) -> Result<Form<'v>, Lost> {
        let wants_elements = |what: &str| Lost {
            code: "V02",
            message: format!("`{what}` is a list, so it has no member `{name}`"),
            hint: Some(format!("say `{what}[*].{name}`")),
        };
        match form {
            Form::Resource(kinds) => self.of_resource(kinds, name),
            Form::Property(property) if property.is_list() => Err(wants_elements("…")),
            Form::Property(property) => in_row(property.schema(), name),
            Form::Element(row) => in_row(row, name),
            Form::Facts(kinds, path) => self.fact(kinds, path, name),
            Form::Fact(shape) => match shape {
                facts::Shape::List(_) => Err(wants_elements("…")),
                facts::Shape::Object(fields) => match shape.member(name) {
                    Some(member) => Ok(Form::Fact(member)),
                    None => {
                        let names = fields.iter().map(|field| field.name);
                        Err(unknown_name("V03", "this fact has no member", name, names))
                    }
                },
                facts::Shape::Map(inner) => Ok(Form::Fact(inner)),
                _ => Ok(Form::Any),
            },
            Form::Links(kinds) => {
                let mut targets: Vec<Kind> = Vec::new();
                let mut is_link = false;
                for kind in kinds {
                    if let Some(found) = self.vocabulary.link_targets(kind, name) {
                        is_link = true;
                        targets.extend(found);
                    }
                }
                if is_link {
                    return Ok(if targets.is_empty() {
                        Form::Any
                    } else {
                        Form::Targets(targets)
                    });
                }
                let known: Vec<Arc<str>> = kinds
                    .iter()
                    .flat_map(|kind| self.vocabulary.link_names(kind))
                    .collect();
                Err(unknown_name(
                    "V03",
                    "there is no link",
                    name,
                    known.iter().map(|name| &**name),
                ))
            }
            Form::Targets(_) => Err(wants_elements("$.links.…")),
            Form::Views(kinds) => {
                for entry in kinds.iter().filter_map(|kind| self.vocabulary.entry(kind)) {
                    if let Some(path) = entry.views.get(name) {
                        let names: Vec<&str> = path.iter().map(|name| &**name).collect();
                        return Ok(match entry.property(&names) {
                            Some(property) => Form::Property(property),
                            None => Form::Resource(vec![entry.kind.clone()]),
                        });
                    }
                }
                let known: Vec<&str> = kinds
                    .iter()
                    .filter_map(|kind| self.vocabulary.entry(kind))
                    .flat_map(|entry| entry.views.keys().map(|name| &**name))
                    .collect();
                Err(unknown_name("V03", "there is no view", name, known))
            }
            Form::Options => match self.rule.options.member(name) {
                Some(_) => Ok(Form::Option),
                None => {
                    let known: Vec<Arc<str>> = self
                        .rule
                        .options
                        .entries()
                        .map(|(name, _)| name.clone())
                        .collect();
                    Err(unknown_name(
                        "V03",
                        "there is no option",
                        name,
                        known.iter().map(|name| &**name),
                    ))
                }
            },
            Form::Meta if META.contains(&&**name) => Ok(if &**name == "conditional" {
                Form::Any
            } else {
                Form::Word
            }),
            Form::Meta => Err(unknown_name("V03", "`$.meta` has no", name, META)),
            Form::Option | Form::Word | Form::Any => Ok(Form::Any),
        }
    }

    fn of_resource(&self, kinds: &[Kind], name: &Arc<str>) -> Result<Form<'v>, Lost> {
        match &**name {
            "facts" => return Ok(Form::Facts(kinds.to_vec(), Vec::new())),
            "links" => return Ok(Form::Links(kinds.to_vec())),
            "views" => return Ok(Form::Views(kinds.to_vec())),
            "options" => return Ok(Form::Options),
            "meta" => return Ok(Form::Meta),
            "native" => return Ok(Form::Any),
            _ => {}
        }
        let entries: Vec<&'v Arc<Entry>> = kinds
            .iter()
            .filter_map(|kind| self.vocabulary.entry(kind))
            .collect();
        // Of kinds that nobody describes anything may be said; of code that is no resource little is described.
        if entries.len() < kinds.len() || kinds.iter().any(|kind| kind.starts_with("Code::")) {
            return Ok(Form::Any);
        }
        for entry in &entries {
            if let Some(property) = entry.properties.get(name) {
                return Ok(Form::Property(property));
            }
        }
        let native = |entry: &&Arc<Entry>| {
            entry.properties.is_empty() && entry.native.is_empty()
                || entry
                    .native
                    .iter()
                    .any(|attribute| attribute.path.first().is_some_and(|first| first == name))
        };
        if entries.iter().any(native) {
            return Ok(Form::Any);
        }
        let known = entries.iter().flat_map(|entry| {
            entry.properties.keys().map(|name| &**name).chain(
                entry
                    .native
                    .iter()
                    .filter_map(|a| a.path.first().map(|name| &**name)),
            )
        });
        let what = format!("{} has no property", kinds.join(" or "));
        Err(unknown_name("V01", &what, name, known))
    }

    fn fact(&self, kinds: &[Kind], path: &[Arc<str>], name: &Arc<str>) -> Result<Form<'v>, Lost> {
        let mut longer: Vec<Arc<str>> = path.to_vec();
        longer.push(name.clone());
        let names: Vec<&str> = longer.iter().map(|name| &**name).collect();
        let mut known: Vec<&'static str> = Vec::new();
        for kind in kinds {
            match facts::at(kind, &names) {
                Ok(facts::Place::Group) => return Ok(Form::Facts(kinds.to_vec(), longer)),
                Ok(facts::Place::Value(shape)) => return Ok(Form::Fact(shape)),
                Err((_, names)) => known.extend(names),
            }
        }
        known.sort_unstable();
        known.dedup();
        let what = format!("{} has no fact", kinds.join(" or "));
        Err(unknown_name("V03", &what, &names.join("."), known))
    }

    /// Looks into the filters of a query.
    fn filters(&mut self, query: &Query, span: Span) {
        for kind in self.rule.info.kinds.clone() {
            if self.vocabulary.entry(&kind).is_none() {
                continue;
            }
            let root = Form::Resource(vec![kind]);
            for (index, segment) in query.segments.iter().enumerate() {
                for selector in &segment.selectors {
                    if let Selector::Filter(filter) = selector
                        && let Ok(form) = self.follow(&query.segments[..index], root.clone())
                        && let Ok(element) = self.element(&form)
                    {
                        self.filter(filter, &element, &root, span, &[]);
                    }
                }
            }
        }
    }

    /// `given`: the relative queries that hold beside this part of the filter.
    fn filter(
        &mut self,
        filter: &Filter,
        element: &Form<'v>,
        root: &Form<'v>,
        span: Span,
        given: &[String],
    ) {
        match filter {
            Filter::Or(parts) => {
                for part in parts {
                    self.filter(part, element, root, span, given);
                }
            }
            Filter::And(parts) => {
                let mut given = given.to_vec();
                given.extend(parts.iter().filter_map(known_by));
                for part in parts {
                    self.filter(part, element, root, span, &given);
                }
            }
            // That a truth is not written can only be asked so.
            Filter::Not(inner) => match &**inner {
                Filter::Exists(query) => {
                    self.relative(query, element, root, span);
                }
                inner => self.filter(inner, element, root, span, given),
            },
            Filter::Exists(query) => {
                if let Some(form) = self.relative(query, element, root, span)
                    && form.sort() == Some(Sort::Bool)
                {
                    let text = shown(query);
                    self.refuse(
                        "V11",
                        span,
                        format!(
                            "`{text}` in a filter asks whether it is there, not whether it is true"
                        ),
                        format!("write `{text} == true`"),
                    );
                }
            }
            Filter::Compare(a, operator, b) => {
                let left = self.side(a, element, root, span);
                let right = self.side(b, element, root, span);
                self.filter_compared(a, *operator, b, (left, right), span, given);
            }
            Filter::In(value, list) => {
                self.side(value, element, root, span);
                self.side(list, element, root, span);
            }
            Filter::Search(value, pattern) => {
                let form = self.side(value, element, root, span);
                if form.as_ref().is_none_or(Form::may_have_holes) {
                    self.undecided(pattern, span, "/");
                }
                if matches_everything(pattern) {
                    self.refuse(
                        "V15",
                        span,
                        "the pattern can match the empty string, and so everything",
                        "leave the `*` or `?` away, or anchor it",
                    );
                }
            }
        }
    }

    fn filter_compared(
        &mut self,
        a: &Comparable,
        operator: FilterOperator,
        b: &Comparable,
        forms: (Option<Form<'v>>, Option<Form<'v>>),
        span: Span,
        given: &[String],
    ) {
        let null =
            |side: &Comparable| matches!(side, Comparable::Literal(value) if value.is_null());
        if null(a) || null(b) {
            self.refuse(
                "V18",
                span,
                "null does not occur in rules",
                "what is null counts as not written: ask `!@.x`",
            );
            return;
        }
        let ordered = !matches!(operator, FilterOperator::Equal | FilterOperator::NotEqual);
        for (side, other, form) in [(a, b, &forms.0), (b, a, &forms.1)] {
            let (Comparable::Query(query), Some(sort)) = (side, form.as_ref().and_then(Form::sort))
            else {
                continue;
            };
            if let Comparable::Literal(value) = other {
                if ordered && value.as_text().is_some() {
                    self.refuse(
                        "V10",
                        span,
                        format!("`{}` is compared with a text by order", shown(query)),
                        "use a fact for versions and dates",
                    );
                } else if !sort.can_equal(value) {
                    self.refuse(
                        "V09",
                        span,
                        format!(
                            "`{}` is {} and can never equal {}",
                            shown(query),
                            sort.as_str(),
                            super::message::shown(value)
                        ),
                        "write a value of its type",
                    );
                }
            }
        }
        if let (FilterOperator::Equal, Comparable::Query(x), Comparable::Query(y)) =
            (operator, a, b)
            && !x.is_absolute
            && !y.is_absolute
            && !given.contains(&shown(x))
            && !given.contains(&shown(y))
        {
            self.refuse(
                "V13",
                span,
                format!(
                    "`{} == {}` also holds when both are absent",
                    shown(x),
                    shown(y)
                ),
                format!("test `{} &&` first", shown(x)),
            );
        }
        if let (FilterOperator::NotEqual, Comparable::Query(query), Comparable::Literal(_)) =
            (operator, a, b)
            && !query.is_absolute
            && query.segments.len() > 1
        {
            let above = Relative {
                is_absolute: false,
                segments: query.segments[..query.segments.len() - 1].to_vec(),
            };
            let text = shown(&above);
            let is_given = given
                .iter()
                .any(|known| *known == text || known.starts_with(&format!("{text}.")));
            let is_reserved = matches!(above.segments[0].selectors.as_slice(), [Selector::Name(name)] if RESERVED.contains(&&**name));
            if !is_given && !is_reserved {
                self.refuse(
                    "V12",
                    span,
                    format!(
                        "`{} != …` is also true when `{text}` is absent",
                        shown(query)
                    ),
                    format!("select it first, or test `{text} &&`"),
                );
            }
        }
    }

    fn side(
        &mut self,
        side: &Comparable,
        element: &Form<'v>,
        root: &Form<'v>,
        span: Span,
    ) -> Option<Form<'v>> {
        match side {
            Comparable::Query(query) => self.relative(query, element, root, span),
            Comparable::Count(query) => {
                self.relative(query, element, root, span);
                None
            }
            Comparable::Length(inner) => {
                self.side(inner, element, root, span);
                None
            }
            Comparable::Literal(_) => None,
        }
    }

    fn relative(
        &mut self,
        query: &Relative,
        element: &Form<'v>,
        root: &Form<'v>,
        span: Span,
    ) -> Option<Form<'v>> {
        let from = if query.is_absolute { root } else { element };
        for (index, segment) in query.segments.iter().enumerate() {
            for selector in &segment.selectors {
                if let Selector::Filter(filter) = selector
                    && let Ok(form) = self.follow(&query.segments[..index], from.clone())
                    && let Ok(inner) = self.element(&form)
                {
                    self.filter(filter, &inner, root, span, &[]);
                }
            }
        }
        match self.follow(&query.segments, from.clone()) {
            Ok(form) => Some(form),
            Err(lost) => {
                let hint = lost
                    .hint
                    .unwrap_or_else(|| "look at `onus inspect` for what there is".to_owned());
                self.refuse(
                    lost.code,
                    span,
                    format!("in `{}`: {}", shown(query), lost.message),
                    hint,
                );
                None
            }
        }
    }

    /// Clauses that never speak, because an earlier one does whenever they would.
    fn reach(&mut self) {
        let texts: Vec<FxHashSet<String>> = self
            .rule
            .check
            .iter()
            .map(|clause| {
                clause
                    .all_tests()
                    .map(|test| {
                        self.file
                            .slice(test.span)
                            .split_whitespace()
                            .collect::<Vec<_>>()
                            .join(" ")
                    })
                    .collect()
            })
            .collect();
        let firsts: Vec<Option<String>> = self
            .rule
            .check
            .iter()
            .map(|clause| {
                clause
                    .tests
                    .first()
                    .map(|test| test.query.query.text.to_string())
            })
            .collect();
        for later in 1..texts.len() {
            for earlier in 0..later {
                if texts[earlier].is_subset(&texts[later]) && firsts[earlier] == firsts[later] {
                    let line = self.file.line(self.rule.check[earlier].span.start);
                    self.refuse(
                        "V24",
                        self.rule.check[later].span,
                        format!("this clause is never reached: the one in line {line} fails whenever it does"),
                        "give the earlier one an exception, or put the severe one first",
                    );
                    break;
                }
            }
        }
    }

    fn options(&mut self) {
        let text: &str = &self.file.text;
        let mut names: FxHashSet<&str> = FxHashSet::default();
        let unused: Vec<(Span, Arc<str>)> = self
            .rule
            .declared
            .iter()
            .filter(|option| !mentions(text, &option.name))
            .map(|option| (option.span, option.name.clone()))
            .collect();
        for (span, name) in unused {
            self.refuse(
                "V25",
                span,
                format!("option `{name}` is never used"),
                "remove it",
            );
        }
        let twice: Vec<(Span, Arc<str>)> = self
            .rule
            .declared
            .iter()
            .filter(|option| !names.insert(&option.name))
            .map(|option| (option.span, option.name.clone()))
            .collect();
        for (span, name) in twice {
            self.refuse(
                "V25",
                span,
                format!("option `{name}` is declared twice"),
                "remove one of them",
            );
        }
    }

    fn fix(&mut self) {
        let Some(fix) = &self.rule.fix else { return };
        let is_fact = |located: &Located| located.query.leading_names().first() == Some(&"facts");
        let all_facts = self
            .rule
            .check
            .iter()
            .all(|clause| clause.tests.iter().all(|test| is_fact(&test.query)));
        for step in &fix.steps {
            match &step.target {
                Target::Query(located) => {
                    self.walk(&located.query, located.span, false);
                    if is_fact(located) {
                        self.refuse(
                            "V30",
                            located.span,
                            "a fact cannot be written",
                            "name the property that it is computed from",
                        );
                    }
                }
                Target::Offender(_) if all_facts => {
                    self.refuse(
                        "V30",
                        step.span,
                        "the offender is a fact, which cannot be written",
                        "name the property that it is computed from",
                    );
                }
                Target::Offender(_) => {}
            }
            if matches!(step.action, Action::Remove)
                && let Some(clause) = self.required(&step.target)
            {
                let line = self.file.line(clause.span.start);
                self.refuse(
                    "V31",
                    step.span,
                    format!("this would take away what the clause in line {line} requires"),
                    "set it to a value that satisfies all clauses",
                );
            }
        }
    }

    /// The clause that fails once what a fix removes is gone.
    fn required(&self, target: &Target) -> Option<&'v Clause> {
        let rule = self.rule;
        let names = |query: &Query| -> Option<Vec<Arc<str>>> {
            query
                .segments
                .iter()
                .map(|segment| match segment.selectors.as_slice() {
                    [Selector::Name(name)] if !segment.is_descendant => Some(name.clone()),
                    _ => None,
                })
                .collect()
        };
        let tests = || rule.check.iter().flat_map(|clause| &clause.tests);
        // What offends against `some` is not there, so there is nothing to remove; a rule of nothing else has no offender.
        let is_there = |test: &&Test| test.quantifier != Quantifier::Some;
        let removed: Vec<Vec<Arc<str>>> = match target {
            Target::Query(located) => names(&located.query).into_iter().collect(),
            Target::Offender(members) => {
                let any_there = tests().any(|test| is_there(&test));
                tests()
                    .filter(|test| is_there(test) || !any_there)
                    .filter_map(|test| names(&test.query.query))
                    .map(|mut path| {
                        path.extend(members.iter().cloned());
                        path
                    })
                    .collect()
            }
        };
        rule.check.iter().find(|clause| {
            let [test] = clause.tests.as_slice() else {
                return false;
            };
            let is_excused = clause.unless.iter().any(|exception| {
                exception.quantifier == Quantifier::No
                    && exception.query.query.text == test.query.query.text
            });
            !is_excused
                && self.fails_without(test)
                && names(&test.query.query)
                    .is_some_and(|path| removed.iter().any(|removed| path.starts_with(removed)))
        })
    }

    /// Whether a test of one value fails, in some language, where nothing is written there.
    fn fails_without(&self, test: &Test) -> bool {
        let names = test.query.query.leading_names();
        let fails = |value: Option<&Value>| match (&test.quantifier, &test.comparison) {
            (Quantifier::Some, None) => value.is_none(),
            (Quantifier::Every | Quantifier::Some, Some(comparison)) => {
                let operand = match &comparison.operand {
                    Operand::Constant(constant) => truth::Operand::Value(constant),
                    Operand::Pattern(pattern) => truth::Operand::Pattern(pattern),
                    Operand::Query(_) if value.is_some() => return false,
                    Operand::Query(_) => truth::Operand::Missing,
                };
                let holds = truth::compare(value, comparison.operator, &operand, &World::default());
                let holds = if comparison.is_negated { !holds } else { holds };
                holds == Certainty::No
            }
            _ => false,
        };
        self.rule.info.kinds.iter().any(|kind| {
            let Some(entry) = self.vocabulary.entry(kind) else {
                return false;
            };
            let properties: Option<Vec<&Property>> = (1..=names.len())
                .map(|length| entry.property(&names[..length]))
                .collect();
            let Some(properties) = properties else {
                return false;
            };
            // A default holds where what is around it exists.
            let assumed = |of: fn(&Defaults) -> Option<&Value>| {
                let defaults = properties
                    .iter()
                    .map(|property| of(&property.schema().default));
                defaults.collect::<Option<Vec<_>>>()?.pop()
            };
            let is_in_terraform = properties.iter().all(|property| property.is_in_terraform());
            (is_in_terraform && fails(assumed(|default| default.terraform.as_ref())))
                || fails(assumed(|default| default.cloudformation.as_ref()))
        })
    }
}

fn in_row<'v>(row: &'v Row, name: &Arc<str>) -> Result<Form<'v>, Lost> {
    // Below what is not listed further, anything may be.
    if row.members.is_empty() {
        if row.kind.is_some_and(Type::is_scalar) && row.decode.is_none() {
            return Err(Lost {
                code: "V01",
                message: format!("`{name}` is asked of what has no members"),
                hint: None,
            });
        }
        return Ok(Form::Any);
    }
    match row.members.get(name) {
        Some(property) => Ok(Form::Property(property)),
        None if matches!(row.kind, Some(Type::Entries)) => Ok(Form::Any),
        None => Err(unknown_name(
            "V01",
            "there is no property",
            name,
            row.members.keys().map(|name| &**name),
        )),
    }
}

fn unknown_name<'k>(
    code: &'static str,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Lost {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    let hint = did_you_mean(name, known.iter().copied()).or_else(|| {
        (!known.is_empty() && known.len() <= 12)
            .then(|| format!("known here: {}", known.join(", ")))
    });
    Lost {
        code,
        message: format!("{what} `{name}`"),
        hint,
    }
}

/// The relative query that is there if a part of a filter holds.
fn known_by(filter: &Filter) -> Option<String> {
    match filter {
        Filter::Exists(query) if !query.is_absolute => Some(shown(query)),
        // What equals or is ordered to a constant is there.
        Filter::Compare(Comparable::Query(query), operator, Comparable::Literal(_))
            if !query.is_absolute && *operator != FilterOperator::NotEqual =>
        {
            Some(shown(query))
        }
        Filter::Search(Comparable::Query(query), _) if !query.is_absolute => Some(shown(query)),
        _ => None,
    }
}

/// A relative query as text, as far as it is names.
fn shown(query: &Relative) -> String {
    let mut text = String::from(if query.is_absolute { "$" } else { "@" });
    for segment in &query.segments {
        match segment.selectors.as_slice() {
            [Selector::Name(name)] => {
                text.push('.');
                text.push_str(name);
            }
            [Selector::Index(index)] => text.push_str(&format!("[{index}]")),
            [Selector::Wildcard] => text.push_str("[*]"),
            _ => text.push_str("[…]"),
        }
    }
    text
}

/// Whether a pattern finds itself in the empty string and in others that nobody thought of.
fn matches_everything(pattern: &regex::Regex) -> bool {
    pattern.is_match("") && pattern.is_match("\u{f8ff}\u{f8ff}")
}

/// A part of a pattern that repeats characters of a class.
#[derive(Debug, PartialEq, Eq)]
struct Run<'p> {
    /// The class: `[^:]`, `.`
    class: &'p str,
    /// What the pattern asks for after it, in the same alternative.
    tail: &'p str,
}

/// A run of characters that the holes of a string may or may not hold, with more to come after it, in a pattern that
/// leaves its end open: a hole where the run is makes no match sure, and one anywhere makes no mismatch sure.
fn undecided_run(pattern: &regex::Regex) -> Option<Run<'_>> {
    let hole = TextSegment::Hole(Arc::new(Unknown::because(Reason::Outside)));
    let ended = Text::from_segments(vec![hole, TextSegment::Literal("~".into())]);
    if ended.matches(pattern) == Certainty::No {
        return None;
    }
    let text = pattern.as_str();
    // `(?i)` at the beginning is about every part.
    let flags = text
        .strip_prefix("(?")
        .and_then(|rest| rest.split_once(')'))
        .filter(|(flags, _)| flags.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .map_or("", |(flags, _)| &text[..flags.len() + 3]);
    let matches = |part: &str, text: &str| {
        regex::Regex::new(&format!("{flags}^(?:{part})$")).is_ok_and(|part| part.is_match(text))
    };
    runs(text, flags.len()).into_iter().find(|run| {
        let printable = (b' '..=b'~').chain([b'\n']);
        let admits = |byte: u8| matches(run.class, &char::from(byte).to_string());
        // `[0-9]` and `\s` are not what holes hold, unless they hold just that.
        (admits(b'x') || admits(b'X'))
            && printable.into_iter().any(|byte| !admits(byte))
            && regex::Regex::new(run.tail).is_ok()
            && !run.tail.ends_with('$')
            && !matches(run.tail, "")
    })
}

/// The repeated classes of a pattern without upper bound, but those that begin an open alternative and may be empty.
fn runs(pattern: &str, from: usize) -> Vec<Run<'_>> {
    let mut found = Vec::new();
    let mut begin = from;
    let mut at = from;
    while let Some(atom) = atom(&pattern[at..]) {
        let start = at;
        at += atom.len();
        if matches!(atom, "(" | "|") {
            if let Some(rest) = pattern[at..].strip_prefix('?') {
                at += 1 + rest.find([':', '>', ')']).map_or(0, |end| end + 1);
            }
            begin = at;
            continue;
        }
        let is_class = atom.starts_with('[') || matches!(atom, "." | "\\w" | "\\W" | "\\S" | "\\D");
        let after = &pattern[at..];
        let (repeat, is_optional) = if after.starts_with('*') {
            (1, true)
        } else if after.starts_with('+') {
            (1, false)
        } else {
            let bounds = after
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'));
            match bounds.and_then(|(bounds, _)| Some((bounds, bounds.strip_suffix(',')?))) {
                Some((bounds, least)) => (bounds.len() + 2, least == "0"),
                None => continue,
            }
        };
        let is_at_begin = start == begin;
        at += repeat;
        if pattern[at..].starts_with('?') {
            at += 1;
        }
        if is_class && !(is_at_begin && is_optional) {
            found.push(Run {
                class: atom,
                tail: alternative(&pattern[at..]),
            });
        }
    }
    found
}

/// A pattern up to where its alternative or group ends.
fn alternative(pattern: &str) -> &str {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(atom) = atom(&pattern[at..]) {
        match atom {
            "(" => depth += 1,
            ")" | "|" if depth == 0 => break,
            ")" => depth -= 1,
            _ => {}
        }
        at += atom.len();
    }
    &pattern[..at]
}

/// The first character, escape or class of a pattern; none at its end.
fn atom(pattern: &str) -> Option<&str> {
    let mut characters = pattern.char_indices();
    let (_, first) = characters.next()?;
    let end = match first {
        '\\' => characters.next().map_or(1, |(at, c)| at + c.len_utf8()),
        '[' => {
            let mut depth = 0_usize;
            let mut at = 0;
            loop {
                let rest = &pattern[at..];
                let next = rest.chars().next()?;
                at += next.len_utf8();
                match next {
                    '\\' => at += pattern[at..].chars().next()?.len_utf8(),
                    '[' => {
                        depth += 1;
                        at += usize::from(pattern[at..].starts_with('^'));
                        at += usize::from(pattern[at..].starts_with(']'));
                    }
                    ']' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break at;
                }
            }
        }
        other => other.len_utf8(),
    };
    Some(&pattern[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "\
groups:
  Both: [AWS::X::A, AWS::X::B]

AWS::X::A:
  terraform: aws_x_a
  views: { inner: $.Box }
  properties:
    Name: name
    Groups: { at: groups, type: set }
    Routes:
      - { each: route, type: set, To: to }
      - { each: way, type: set, To: to }
    Script: { at: script, decode: text }
    Kept: { at: kept, type: bool, default: true }
    Live: { at: live, type: bool }
    Size: { at: size, type: int }
    Mode: { at: mode, type: upper, default: FAST }
    Version: { at: version, type: string }
    Items:
      each: item
      Kind: { at: kind, type: string }
      Open: { at: open, type: bool }
      Limits:
        at: limits
        Memory: { at: memory, type: int }
    Box:
      at: box
      Locked: { at: locked, type: bool }
  links:
    other: { to: AWS::X::B, through: [Name], by: name, inverse: others }

AWS::X::B:
  terraform: aws_x_b
  properties:
    Name: name
    Only: only
";

    /// The codes of what is wrong with a rule of this body, each with the text that it points to.
    fn vetted(bodies: &[(&str, &str)], options: Option<&str>) -> Vec<String> {
        let sources = SourceMap::new();
        let words = sources.add("pack/_resources.yaml", WORDS);
        let (vocabulary, mistakes) = Vocabulary::read([&*words]);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let mut files: Vec<Arc<SourceFile>> = bodies
            .iter()
            .map(|(name, body)| {
                let mut text = "title: T\nseverity: high\nwhy: W\nremedy: R\n".to_owned();
                if !body.contains("applies_to:") {
                    text.push_str("applies_to: [AWS::X::A]\n");
                }
                sources.add(&format!("pack/{name}.yaml"), &format!("{text}{body}"))
            })
            .collect();
        if let Some(options) = options {
            files.push(sources.add("pack/_options.yaml", options));
        }
        let (rules, mut found) = RuleSet::read(&files, &vocabulary);
        found.extend(vet(&rules, &vocabulary, &sources));
        found
            .iter()
            .map(|diagnostic| {
                assert!(
                    diagnostic.hint.is_some(),
                    "no remedy: {}",
                    diagnostic.message
                );
                let span = diagnostic.span.expect("a place");
                let file = sources.get(span.source).expect("a file");
                let text = file
                    .slice(span)
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ");
                format!("{} {text}", diagnostic.code)
            })
            .collect()
    }

    fn check(clause: &str, expected: &[&str]) {
        let indented: String = clause.lines().map(|line| format!("  {line}\n")).collect();
        let found = vetted(&[("a-rule", &format!("check: |\n{indented}"))], None);
        assert_eq!(found, expected, "{clause}");
    }

    #[test]
    fn what_is_right_is_accepted() {
        for clause in [
            "$.Live == true\n<< {resource} {value} {parent.Name} {$.Name} >>",
            "$.Items[*].Kind not in [\"a\"]",
            "no $.Items[?@.Kind == 'a' && @.Open == true] << {value.Kind} >>",
            "$.Items[?@.Limits].Limits.Memory > 5",
            "no $.Items[?@.Limits && @.Limits.Memory != 5]",
            "some $.links.other[*]\n  unless some $.links.other[?@.Only == 'x']",
            "$.views.inner.Locked == true",
            "$.Mode == \"SLOW\"",
            "no $.Items[?!@.Open]",
            "$.meta.kind == \"x\"",
            "count $.Items[*] >= 2",
            "$.Items[0].Kind == \"a\"",
            "$.Groups[*] != \"a\"",
            "no $.Routes[?@.To == 'a']",
            "$.Name not matches /:role.Admin$/",
            "$.Name not matches /^arn:[^:]*:role.Admin$/",
            "$.Name not matches /^arn:.*/",
            "$.Name not matches /^a[^:]*b$|^c/",
            "$.Name not matches /.*Admin/",
            "$.Name not matches /^a[0-9]+b/",
            "$.Name not matches /a[.]b[*]c/",
            "$.Script not matches /curl [^\\n]*sh/",
        ] {
            check(clause, &[]);
        }
    }

    #[test]
    fn each_mistake_is_found() {
        for (clause, expected) in [
            ("$.Liv == true", &["V01 $.Liv"][..]),
            ("$.Items[*].Knd == \"a\"", &["V01 $.Items[*].Knd"]),
            ("no $.Items[?@.Knd == 'a']", &["V01 $.Items[?@.Knd == 'a']"]),
            ("$.Items.Kind == \"a\"", &["V02 $.Items.Kind"]),
            ("some $.links.nobody[*]", &["V03 $.links.nobody[*]"]),
            (
                "$.views.outer.Locked == true",
                &["V03 $.views.outer.Locked"],
            ),
            ("$.Name in $.options.names", &["V03 $.options.names"]),
            ("$.facts.nothing == true", &["V03 $.facts.nothing"]),
            ("$.meta.colour == \"x\"", &["V03 $.meta.colour"]),
            (
                "$.Live == true unless $.Items[*].Kind == \"a\"",
                &["V05 $.Items[*].Kind"],
            ),
            (
                "$.Live == true unless no $.Items[?@.Kind == 'a']",
                &["V05b no $.Items[?@.Kind == 'a']"],
            ),
            (
                "no $.Items[*].Kind != \"a\"",
                &["V06 no $.Items[*].Kind != \"a\""],
            ),
            (
                "no $.Items[*].Kind not in [\"a\"]",
                &["V06 no $.Items[*].Kind not in [\"a\"]"],
            ),
            ("some $.Mode", &["V08 $.Mode"]),
            ("$.Live == \"true\"", &["V09 \"true\""]),
            ("$.Size in [1, \"2\"]", &["V09 [1, \"2\"]"]),
            ("$.Mode != \"slow\"", &["V09 \"slow\""]),
            (
                "no $.Items[?@.Open == 'yes']",
                &["V09 $.Items[?@.Open == 'yes']"],
            ),
            ("$.Version < 3", &["V10 $.Version"]),
            ("$.Size < \"3\"", &["V10 $.Size"]),
            ("no $.Items[?@.Open]", &["V11 $.Items[?@.Open]"]),
            (
                "no $.Items[?@.Limits.Memory != 5]",
                &["V12 $.Items[?@.Limits.Memory != 5]"],
            ),
            (
                "no $.Items[?@.Kind == @.Name]",
                &[
                    "V01 $.Items[?@.Kind == @.Name]",
                    "V13 $.Items[?@.Kind == @.Name]",
                ],
            ),
            ("$.Name matches /a*/", &["V15 /a*/"]),
            (
                "no $.Items[?search(@.Kind, 'a*')]",
                &["V15 $.Items[?search(@.Kind, 'a*')]"],
            ),
            (
                "$.Name not matches /^arn:[^:]*:role.Admin/",
                &["V16 /^arn:[^:]*:role.Admin/"],
            ),
            ("$.Name matches /a.+b|c/", &["V16 /a.+b|c/"]),
            (
                "no $.Items[?search(@.Kind, '^a[a-z-]*/b')]",
                &["V16 $.Items[?search(@.Kind, '^a[a-z-]*/b')]"],
            ),
            ("$.Groups[0] == \"a\"", &["V20 $.Groups[0]"]),
            ("$.Routes[-1].To != \"a\"", &["V20 $.Routes[-1].To"]),
            (
                "no $.Items[?$.Groups[0] == 'a']",
                &["V20 $.Items[?$.Groups[0] == 'a']"],
            ),
            (
                "no $.Items[?@.Kind == null]",
                &["V18 $.Items[?@.Kind == null]"],
            ),
            (
                "$.Live == true << {value.x} >>\n\n$.Items[*].Kind == \"a\" << {value.x} >>",
                &["V22 {value.x}", "V22 {value.x}"],
            ),
            (
                "no $.Items[?@.Kind == 'a'] << {value.Knd} >>",
                &["V22 {value.Knd}"],
            ),
            ("$.Live == true << {$.Liv} >>", &["V01 {$.Liv}"]),
            (
                "$.Live == true\n\n$.Live == true unless some $.Name",
                &["V24 $.Live == true unless some $.Name"],
            ),
            ("$..Kind == \"a\"", &["V39 $..Kind"]),
            (
                "$.Live == true unless $.meta.language == \"terraform\"",
                &["V40 $.meta.language"],
            ),
        ] {
            check(clause, expected);
        }
    }

    #[test]
    fn kinds_must_be_described_and_have_what_is_asked() {
        for (body, expected) in [
            (
                "applies_to: [AWS::X::C]\ncheck: |\n  some $.Name\n",
                &["V28 AWS::X::C"][..],
            ),
            (
                "applies_to: [Both]\ncheck: |\n  $.Only == \"x\"\n",
                &["V29 $.Only"],
            ),
            ("applies_to: [Both]\ncheck: |\n  some $.Name\n", &[]),
            (
                "applies_to: [Both]\ncheck: |\n  some $.Name unless some $.links.other[*]\n",
                &[],
            ),
            (
                "applies_to: [Both]\ncheck: |\n  some $.links.other[*]\n",
                &["V29 $.links.other[*]"],
            ),
        ] {
            assert_eq!(vetted(&[("a-rule", body)], None), expected, "{body}");
        }
    }

    #[test]
    fn options_are_declared_once_and_used() {
        let names = "names: { type: list, default: [] }\n";
        for (body, options, expected) in [
            (
                "check: |\n  $.Name not in $.options.names\n",
                Some(names),
                &[][..],
            ),
            (
                "check: |\n  $.Name in $.options.names\n",
                Some(names),
                &["V26 $.options.names"],
            ),
            (
                "check: |\n  $.Name not matches /x/ unless $.Name in $.options.names\n",
                Some(names),
                &[],
            ),
            ("check: |\n  some $.Name\n", Some(names), &["V25 names"]),
            (
                "options:\n  n: { type: int, default: 1 }\ncheck: |\n  some $.Name\n",
                None,
                &["V25 n"],
            ),
            (
                "options:\n  n: { type: int, default: x }\ncheck: |\n  $.Size == $.options.n\n",
                None,
                &["V25 x", "V03 $.options.n"],
            ),
        ] {
            assert_eq!(vetted(&[("a-rule", body)], options), expected, "{body}");
        }
    }

    #[test]
    fn rules_yield_to_others_that_exist_and_speak() {
        let yields = |to: &str| format!("yields_to: [{to}]\ncheck: |\n  $.Live == true\n");
        assert_eq!(vetted(&[("a", &yields("b"))], None), ["V27 b"]);
        assert_eq!(
            vetted(&[("a", &yields("b")), ("b", &yields("a"))], None),
            ["V27 b", "V27 a"]
        );
        let other = "applies_to: [AWS::X::B]\ncheck: |\n  some $.Name\n";
        assert_eq!(
            vetted(&[("a", &yields("b")), ("b", other)], None),
            ["V27 b"]
        );
    }

    #[test]
    fn fixes_write_what_can_be_written() {
        let fix = |check: &str, edit: &str| {
            format!("check: |\n  {check}\nfix:\n  safety: safe\n  edit: |\n    {edit}\n")
        };
        for (check, edit, expected) in [
            ("$.Live == true", "set @ = true", &[][..]),
            ("$.Live == true", "set $.Liv = true", &["V01 $.Liv"]),
            (
                "$.Live == true",
                "set $.facts.live = true",
                &["V03 $.facts.live", "V30 $.facts.live"],
            ),
            ("some $.Name", "remove @", &["V31 remove @"]),
            (
                "$.Mode != \"SLOW\"\n\n  $.Mode == \"QUICK\" unless some $.Name",
                "remove @",
                &["V31 remove @"],
            ),
            (
                "$.Name != \"a\"\n\n  $.Name matches /b/",
                "remove $.Name",
                &["V31 remove $.Name"],
            ),
            (
                "no $.Box\n\n  $.Box.Locked == true",
                "remove @",
                &["V31 remove @"],
            ),
            ("no $.Name\n\n  some $.Box.Locked", "remove @", &[]),
            (
                "$.Name != \"a\"\n\n  some $.Name unless no $.Name",
                "remove @",
                &[],
            ),
            ("$.Kept == true", "remove @", &[]),
            ("$.Kept == false", "remove @", &["V31 remove @"]),
            ("$.Name not in [\"a\"]", "remove @", &[]),
        ] {
            assert_eq!(
                vetted(&[("a-rule", &fix(check, edit))], None),
                expected,
                "{check}: {edit}"
            );
        }
    }
}

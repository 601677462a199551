//! Rule files: YAML envelopes with clause blocks in, rules and what is wrong with them out.

use std::sync::Arc;

use super::clause::{self, Clause, Group, Step};
use super::{Confidence, RuleInfo, Severity};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::model::{Kind, Vocabulary};
use crate::source::{SourceFile, Span};
use crate::value::{Data, Member, Members, Value};

/// The keys of a rule file.
pub const KEYS: [&str; 20] = [
    "title",
    "severity",
    "confidence",
    "category",
    "profile",
    "topic",
    "responsibilities",
    "rationale",
    "applies_to",
    "aliases",
    "controls",
    "options",
    "when",
    "check",
    "yields_to",
    "why",
    "remedy",
    "fix",
    "links",
    "samples",
];

/// A rule, ready to be applied.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What its file says besides its clauses.
    pub info: Arc<RuleInfo>,
    /// Which resources are concerned; each group must hold.
    pub when: Vec<Group>,
    /// What must hold.
    pub check: Vec<Clause>,
    /// Rules that say the same better: silent where one of them has a finding.
    pub yields_to: Vec<(Arc<str>, Span)>,
    /// How to mend it.
    pub fix: Option<Fix>,
    /// The options that it declares itself.
    pub declared: Vec<OptionDeclaration>,
    /// What `$.options` shows.
    pub options: Value,
    /// A severity from settings, for all of its clauses.
    pub fixed_severity: Option<Severity>,
    /// The kinds and groups as written.
    pub applies_to: Vec<(Arc<str>, Span)>,
    /// The whole envelope.
    pub envelope: Value,
}

/// How to mend what a rule finds.
#[derive(Clone, Debug)]
pub struct Fix {
    /// Whether it changes nothing that somebody may rely on.
    pub is_safe: bool,
    /// What to do.
    pub steps: Vec<Step>,
    /// Its place.
    pub span: Span,
}

/// A constant or setting that rules read under `$.options`.
#[derive(Clone, Debug)]
pub struct OptionDeclaration {
    /// Its name.
    pub name: Arc<str>,
    /// What it holds.
    pub kind: OptionType,
    /// What it is unless somebody sets it.
    pub default: Value,
    /// What it is for.
    pub about: String,
    /// Where its name is written.
    pub span: Span,
}

/// What an option holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionType {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A text.
    String,
    /// A list of texts or numbers.
    List,
    /// A list of address blocks.
    Cidrs,
}

impl OptionType {
    /// The words for them.
    pub const WORDS: [(&'static str, OptionType); 5] = [
        ("bool", OptionType::Bool),
        ("int", OptionType::Int),
        ("string", OptionType::String),
        ("list", OptionType::List),
        ("cidrs", OptionType::Cidrs),
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        let word = OptionType::WORDS.iter().find(|(_, kind)| *kind == self);
        word.map_or("list", |(word, _)| word)
    }

    /// Whether a value is of this type.
    pub fn fits(self, value: &Value) -> bool {
        let is_block = |value: &Value| {
            value.as_str().is_some_and(|text| {
                text.parse::<ipnet::IpNet>().is_ok() || text.parse::<std::net::IpAddr>().is_ok()
            })
        };
        match (self, &value.data) {
            (OptionType::Bool, Data::Bool(_)) | (OptionType::String, Data::Text(_)) => true,
            (OptionType::Int, Data::Number(number)) => number.is_integer(),
            (OptionType::List, Data::List(list)) => list
                .items()
                .iter()
                .all(|item| matches!(item.data, Data::Bool(_) | Data::Number(_) | Data::Text(_))),
            (OptionType::Cidrs, Data::List(list)) => list.items().iter().all(is_block),
            _ => false,
        }
    }
}

/// What stands around a rule file.
#[derive(Clone, Copy)]
pub struct Surroundings<'s> {
    /// The words that rules may use.
    pub vocabulary: &'s Vocabulary,
    /// Options declared in `_options.yaml` of the folders above, nearest last.
    pub options: &'s [OptionDeclaration],
}

/// The name of a rule: the stem of its file.
pub fn name_of(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".yaml")
        .or_else(|| file.strip_suffix(".yml"))
        .unwrap_or(file)
}

/// Whether a rule can be called so: lower-case words joined by `-`.
pub fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.split('-').all(is_word) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The folder of a file: the service of a built-in rule.
pub fn folder_of(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    parts.next();
    parts.next().unwrap_or("")
}

/// Reads a rule file. A rule whose clauses are not all understood is none, for it would say something else.
pub fn rule(file: &SourceFile, around: &Surroundings<'_>) -> (Option<Rule>, Vec<Diagnostic>) {
    let (value, diagnostics) = crate::yaml::parse(file);
    let whole = Span::new(file.id, 0, file.text.len());
    envelope(file, value, whole, around, diagnostics, None)
}

/// Reads a built-in rule: tests have found it free of mistakes, and its samples (from `end` on) are not looked at.
pub(super) fn builtin(
    file: &SourceFile,
    end: usize,
    languages: &[&'static str],
    kinds: Vec<Kind>,
    options: &[OptionDeclaration],
) -> Option<Rule> {
    let (value, diagnostics) = crate::yaml::parse_beginning(file, end);
    let whole = Span::new(file.id, 0, file.text.len());
    let vocabulary = Vocabulary::default();
    let around = Surroundings {
        vocabulary: &vocabulary,
        options,
    };
    let known = Some((languages.to_vec(), kinds));
    envelope(file, value, whole, &around, diagnostics, known).0
}

fn envelope(
    file: &SourceFile,
    value: Option<Value>,
    whole: Span,
    around: &Surroundings<'_>,
    diagnostics: Vec<Diagnostic>,
    known: Option<(Vec<&'static str>, Vec<Kind>)>,
) -> (Option<Rule>, Vec<Diagnostic>) {
    let mut reader = Reader { file, diagnostics };
    let Some(value) = value else {
        if reader.diagnostics.is_empty() {
            reader.refuse(
                "syntax",
                whole,
                "this rule file is empty",
                "copy a rule that is like it",
            );
        }
        return (None, reader.diagnostics);
    };
    let rule = reader.rule(value, whole, around, known);
    (rule, reader.diagnostics)
}

/// Reads an `_options.yaml`.
pub fn options(file: &SourceFile) -> (Vec<OptionDeclaration>, Vec<Diagnostic>) {
    let (value, diagnostics) = crate::yaml::parse(file);
    let mut reader = Reader { file, diagnostics };
    let declared = match value {
        Some(value) => reader.options(&value),
        None => Vec::new(),
    };
    (declared, reader.diagnostics)
}

/// What `$.options` shows: declared names with their defaults, later declarations over earlier ones.
pub fn shown<'o>(declared: impl IntoIterator<Item = &'o OptionDeclaration>) -> Value {
    let members: Members = declared
        .into_iter()
        .map(|option| {
            let member = Member {
                key: option.span,
                value: option.default.clone(),
            };
            (option.name.clone(), member)
        })
        .collect();
    Value::object(members, Span::NONE)
}

struct Reader<'f> {
    file: &'f SourceFile,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn refuse(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.diagnostics
            .push(Diagnostic::error(code, span, message).hint(hint));
    }

    fn rule(
        &mut self,
        value: Value,
        whole: Span,
        around: &Surroundings<'_>,
        known: Option<(Vec<&'static str>, Vec<Kind>)>,
    ) -> Option<Rule> {
        let Some(object) = value.as_object() else {
            self.refuse(
                "syntax",
                value.span(),
                "a rule file is a mapping",
                "begin with `title:`",
            );
            return None;
        };
        for (key, member) in object.members() {
            if !KEYS.contains(&&**key) {
                let hint = did_you_mean(key, KEYS)
                    .unwrap_or_else(|| format!("known here: {}", KEYS.join(", ")));
                self.refuse(
                    "V36",
                    member.key,
                    format!("`{key}` is not known here"),
                    hint,
                );
            }
        }
        let path = self.file.path.clone();
        let name: Arc<str> = name_of(&path).into();
        self.name(&name, whole);
        let title = self.line(&value, "title", whole, true);
        let severity = self.severity(&value, whole);
        let confidence = self.one_of(
            &value,
            "confidence",
            &[
                ("high", Confidence::High),
                ("medium", Confidence::Medium),
                ("low", Confidence::Low),
            ],
            Confidence::High,
        );
        let category = match self.line(&value, "category", whole, false) {
            category if category.is_empty() => folder_of(&path).to_owned(),
            category => category,
        };
        let profile = self.one_of(
            &value,
            "profile",
            &[("recommended", "recommended"), ("all", "all")],
            "recommended",
        );
        let applies_to = self.words(&value, "applies_to");
        if applies_to.is_empty() {
            self.refuse(
                "syntax",
                whole_of(&value, "applies_to", whole),
                "a rule says which kinds it applies to",
                "as in `applies_to: [AWS::EKS::Cluster]`",
            );
        }
        let (languages, kinds) = known.unwrap_or_else(|| {
            let mut kinds: Vec<Kind> = Vec::new();
            for kind in applies_to
                .iter()
                .flat_map(|(name, _)| around.vocabulary.expand(name))
            {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            (languages(&kinds, around.vocabulary), kinds)
        });
        let aliases = self.map(&value, "aliases");
        let controls = self.map(&value, "controls");
        let declared = match value.member("options") {
            Some(options) => self.options(&options),
            None => Vec::new(),
        };
        let before = self.errors();
        let when = match value.member("when") {
            Some(block) => self.block(clause::when(&block)),
            None => Vec::new(),
        };
        let check = match value.member("check") {
            Some(block) => self.block(clause::check(&block)),
            None => {
                self.refuse(
                    "syntax",
                    whole,
                    "a rule has a `check`",
                    "say there what must hold",
                );
                Vec::new()
            }
        };
        let is_understood = self.errors() == before && !check.is_empty();
        let languages = match asked_language(&when) {
            Some(only) => languages
                .into_iter()
                .filter(|known| *known == only)
                .collect(),
            None => languages,
        };
        let fix = value.member("fix").and_then(|fix| self.fix(&fix));
        let why = self.line(&value, "why", whole, true);
        let remedy = self.line(&value, "remedy", whole, true);
        let of = |words: Vec<(Arc<str>, Span)>| -> Vec<String> {
            words.iter().map(|(word, _)| word.to_string()).collect()
        };
        let yields_to = self.words(&value, "yields_to");
        let links = of(self.words(&value, "links"));
        for (index, link) in links.iter().enumerate() {
            if !link.starts_with("https://") && !link.starts_with("http://") {
                let span = value
                    .member("links")
                    .and_then(|links| links.elements().nth(index))
                    .map_or(whole, |link| link.span());
                self.refuse(
                    "syntax",
                    span,
                    "a link is an address",
                    "as in `https://docs.aws.amazon.com/…`",
                );
            }
        }
        let info = RuleInfo {
            name,
            title,
            severity,
            confidence,
            category,
            kinds,
            aliases,
            controls,
            languages,
            why,
            remedy,
            links,
            file: whole,
            profile: profile.to_owned(),
            topic: self.line(&value, "topic", whole, false),
            responsibilities: of(self.words(&value, "responsibilities")),
            rationale: self.line(&value, "rationale", whole, false),
        };
        if !is_understood {
            return None;
        }
        let options = shown(around.options.iter().chain(&declared));
        Some(Rule {
            info: Arc::new(info),
            when,
            check,
            yields_to,
            fix,
            declared,
            options,
            fixed_severity: None,
            applies_to,
            envelope: value,
        })
    }

    fn errors(&self) -> usize {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.level == Level::Error)
            .count()
    }

    fn name(&mut self, name: &str, whole: Span) {
        if !is_name(name) {
            let place = Span::new(whole.source, 0, self.file.line_text(1).len());
            self.refuse(
                "V37",
                place,
                format!("`{name}` is no name of a rule"),
                "name the file by the fault, in lower-case words joined by `-`",
            );
        }
    }

    fn block<T>(&mut self, (read, mut diagnostics): (Vec<T>, Vec<Diagnostic>)) -> Vec<T> {
        self.diagnostics.append(&mut diagnostics);
        read
    }

    /// Text, on one line.
    fn line(&mut self, value: &Value, key: &str, whole: Span, is_needed: bool) -> String {
        match value.member(key) {
            None if is_needed => {
                self.refuse(
                    "syntax",
                    whole,
                    format!("a rule has a `{key}`"),
                    "every rule explains itself",
                );
                String::new()
            }
            None => String::new(),
            Some(text) => match text.as_str() {
                Some(text) => text.trim().to_owned(),
                None => {
                    self.refuse(
                        "syntax",
                        text.span(),
                        format!("`{key}` is a text"),
                        "put it in quotes",
                    );
                    String::new()
                }
            },
        }
    }

    fn severity(&mut self, value: &Value, whole: Span) -> Severity {
        let Some(written) = value.member("severity") else {
            self.refuse(
                "syntax",
                whole,
                "a rule has a `severity`",
                "say how bad it is: critical, high, medium, low or info",
            );
            return Severity::Medium;
        };
        written
            .as_str()
            .and_then(Severity::parse)
            .unwrap_or_else(|| {
                self.refuse(
                    "V38",
                    written.span(),
                    "this is no severity",
                    "say critical, high, medium, low or info",
                );
                Severity::Medium
            })
    }

    fn one_of<T: Copy>(&mut self, value: &Value, key: &str, words: &[(&str, T)], default: T) -> T {
        let Some(written) = value.member(key) else {
            return default;
        };
        let found = words
            .iter()
            .find(|(word, _)| written.as_str() == Some(word));
        match found {
            Some((_, meant)) => *meant,
            None => {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.refuse(
                    "syntax",
                    written.span(),
                    format!("`{key}` is something else"),
                    format!("say one of {}", known.join(", ")),
                );
                default
            }
        }
    }

    /// A list of words; one word is a list of one.
    fn words(&mut self, value: &Value, key: &str) -> Vec<(Arc<str>, Span)> {
        let Some(list) = value.member(key) else {
            return Vec::new();
        };
        let items: Vec<Value> = match list.as_list() {
            Some(_) => list.elements().collect(),
            None => vec![list],
        };
        let mut words = Vec::new();
        for item in items {
            match self.scalar(&item) {
                Some(text) => words.push((text.into(), item.span())),
                None => self.refuse(
                    "syntax",
                    item.span(),
                    format!("`{key}` is a list of texts"),
                    "put each in quotes",
                ),
            }
        }
        words
    }

    /// Text or number as it is written.
    fn scalar(&self, value: &Value) -> Option<String> {
        match &value.data {
            Data::Text(text) => text.as_str().map(str::to_owned),
            // `5.10` is a control, not a number.
            Data::Number(number) => match self.file.slice(value.span()) {
                "" => Some(number.to_string()),
                written => Some(written.to_owned()),
            },
            _ => None,
        }
    }

    /// A map of lists of words.
    fn map(&mut self, value: &Value, key: &str) -> Vec<(String, Vec<String>)> {
        let Some(map) = value.member(key) else {
            return Vec::new();
        };
        let Some(object) = map.as_object() else {
            self.refuse(
                "syntax",
                map.span(),
                format!("`{key}` maps names to lists"),
                format!("as in `{key}: {{ name: [id] }}`"),
            );
            return Vec::new();
        };
        let names: Vec<Arc<str>> = object.members().keys().cloned().collect();
        names
            .iter()
            .map(|name| {
                let ids = self.words(&map, name);
                (
                    name.to_string(),
                    ids.iter().map(|(id, _)| id.to_string()).collect(),
                )
            })
            .collect()
    }

    fn options(&mut self, value: &Value) -> Vec<OptionDeclaration> {
        let Some(object) = value.as_object() else {
            if !value.is_null() {
                self.refuse(
                    "syntax",
                    value.span(),
                    "options are a mapping",
                    "as in `minimum_days: { type: int, default: 90, about: … }`",
                );
            }
            return Vec::new();
        };
        let mut declared: Vec<OptionDeclaration> = Vec::new();
        for (name, member) in object.members() {
            let said = &member.value;
            let Some(keys) = said.as_object() else {
                self.refuse(
                    "syntax",
                    said.span(),
                    format!("option `{name}` needs a type and a default"),
                    "as in `{ type: int, default: 90, about: … }`",
                );
                continue;
            };
            for (key, inner) in keys.members() {
                if !["type", "default", "about"].contains(&&**key) {
                    let hint = did_you_mean(key, ["type", "default", "about"])
                        .unwrap_or_else(|| "known here: type, default, about".to_owned());
                    self.refuse("V36", inner.key, format!("`{key}` is not known here"), hint);
                }
            }
            let word = keys.get("type").and_then(Value::as_str).unwrap_or_default();
            let Some((_, kind)) = OptionType::WORDS.iter().find(|(known, _)| *known == word) else {
                let span = keys.get("type").map_or(said.span(), Value::span);
                self.refuse(
                    "V25",
                    span,
                    format!("option `{name}` has no such type"),
                    "types are bool, int, string, list and cidrs",
                );
                continue;
            };
            let Some(default) = keys.get("default") else {
                self.refuse(
                    "V25",
                    member.key,
                    format!("option `{name}` has no default"),
                    "an empty list or text will do",
                );
                continue;
            };
            if !kind.fits(default) {
                self.refuse(
                    "V25",
                    default.span(),
                    format!("the default of option `{name}` does not fit its type"),
                    format!("give it a value of type {}", kind.as_str()),
                );
                continue;
            }
            declared.push(OptionDeclaration {
                name: name.clone(),
                kind: *kind,
                default: default.clone(),
                about: keys
                    .get("about")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                span: member.key,
            });
        }
        declared
    }

    fn fix(&mut self, value: &Value) -> Option<Fix> {
        let object = value.as_object()?;
        for (key, member) in object.members() {
            if !["safety", "edit"].contains(&&**key) {
                let hint = did_you_mean(key, ["safety", "edit"])
                    .unwrap_or_else(|| "known here: safety, edit".to_owned());
                self.refuse(
                    "V36",
                    member.key,
                    format!("`{key}` is not known here"),
                    hint,
                );
            }
        }
        let is_safe = match object.get("safety").and_then(Value::as_str) {
            Some("safe") => true,
            Some("unsafe") => false,
            _ => {
                let span = object.get("safety").map_or(value.span(), Value::span);
                self.refuse(
                    "syntax",
                    span,
                    "a fix says whether it is safe",
                    "say `safety: safe` or `safety: unsafe`",
                );
                false
            }
        };
        let Some(block) = value.member("edit") else {
            self.refuse(
                "syntax",
                value.span(),
                "a fix has an `edit`",
                "as in `set @ = true`",
            );
            return None;
        };
        let steps = self.block(clause::edit(&block));
        Some(Fix {
            is_safe,
            steps,
            span: value.span(),
        })
    }
}

/// The only language that a `when` block lets pass, if it asks for one.
fn asked_language(when: &[Group]) -> Option<&str> {
    when.iter().find_map(|group| {
        let [test] = group.tests.as_slice() else {
            return None;
        };
        let comparison = test.comparison.as_ref()?;
        match (&comparison.operand, comparison.operator) {
            (clause::Operand::Constant(word), clause::Operator::Equal)
                if test.query.query.leading_names() == ["meta", "language"] =>
            {
                word.as_str()
            }
            _ => None,
        }
    })
}

fn whole_of(value: &Value, key: &str, whole: Span) -> Span {
    value
        .as_object()
        .and_then(|object| object.members().get(key))
        .map_or(whole, |member| member.key)
}

/// The languages in which some of the kinds can be written.
fn languages(kinds: &[Kind], vocabulary: &Vocabulary) -> Vec<&'static str> {
    let mut languages = Vec::new();
    let is_native = |kind: &Kind| kind.contains('_') && !kind.contains("::");
    if kinds.iter().any(|kind| {
        is_native(kind)
            || vocabulary
                .entry(kind)
                .is_some_and(|entry| !entry.spellings.is_empty())
    }) {
        languages.push("terraform");
    }
    if kinds.iter().any(|kind| kind.starts_with("AWS::")) {
        languages.push("cloudformation");
    }
    languages
}

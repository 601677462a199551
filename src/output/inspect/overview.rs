//! What there is in a stack, and what of it is not known: models in, a list of resources and counts out.

use std::io::{self, Write};
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::Json;
use super::member;
use super::tree;
use crate::declared::{Declared, Language};
use crate::model::Model;
use crate::output::counted;
use crate::source::SourceMap;
use crate::value::{Data, Reason, Segment, Text, Unknown, Value};

/// A reason's code, how often it was met, and what it was about how often.
type Ranked<'k> = (&'static str, usize, Vec<(&'k str, usize)>);

/// How much of what is written is known.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Values that are known.
    known: usize,
    /// Texts of which a part is known.
    partly: usize,
    /// Values of which nothing is known.
    unknown: usize,
    /// Why: by code, by what is unknown, how often.
    reasons: IndexMap<&'static str, IndexMap<String, usize, FxBuildHasher>, FxBuildHasher>,
}

/// Columns of a list up to which longer entries widen all.
const WIDEST: usize = 56;
/// Things named for each reason in an overview, and in a histogram.
const FEW: usize = 3;
const MANY: usize = 10;

impl Knowledge {
    /// Counts the values that are written in resources (in their native words, defaults left out).
    pub fn add(&mut self, model: &Model) {
        // One block may make several resources.
        let mut counted: FxHashSet<&Arc<str>> = FxHashSet::default();
        for resource in model.resources() {
            let is_code = resource.kind.starts_with("Code::");
            if !is_code && counted.insert(&resource.address) {
                self.count(&resource.native);
            }
        }
    }

    fn count(&mut self, value: &Value) {
        match &value.data {
            Data::Null(_) => {}
            Data::Bool(_) | Data::Number(_) => self.known += 1,
            Data::Text(text) => match hole(text) {
                Some(why) => {
                    self.partly += 1;
                    self.note(&why);
                }
                None => self.known += 1,
            },
            Data::List(list) => {
                list.items().iter().for_each(|item| self.count(item));
                if let Some(why) = list.more() {
                    self.unknown += 1;
                    self.note(why);
                }
            }
            Data::Object(object) => {
                let members = object.members().values();
                members.for_each(|member| self.count(&member.value));
                if let Some(why) = object.more() {
                    self.unknown += 1;
                    self.note(why);
                }
            }
            Data::Unknown(why) => {
                self.unknown += 1;
                self.note(why);
            }
            Data::Choice(alternatives) => {
                // One value, known as far as all that it may be is.
                let values = || {
                    alternatives
                        .iter()
                        .map(|alternative| &alternative.value.data)
                };
                let unknown = values().find_map(|data| match data {
                    Data::Unknown(why) => Some(why.clone()),
                    _ => None,
                });
                let hole = values().find_map(|data| match data {
                    Data::Text(text) => hole(text),
                    _ => None,
                });
                match (unknown, hole) {
                    (Some(why), _) => {
                        self.unknown += 1;
                        self.note(&why);
                    }
                    (None, Some(why)) => {
                        self.partly += 1;
                        self.note(&why);
                    }
                    (None, None) => self.known += 1,
                }
            }
        }
    }

    fn note(&mut self, why: &Unknown) {
        let about = self.reasons.entry(why.reason.code()).or_default();
        *about.entry(subject(&why.reason)).or_default() += 1;
    }

    fn all(&self) -> usize {
        self.known + self.partly + self.unknown
    }

    /// Reasons, the most frequent first, each with what it is about, the most frequent first.
    fn ranked(&self) -> Vec<Ranked<'_>> {
        let mut reasons: Vec<_> = self
            .reasons
            .iter()
            .map(|(code, about)| {
                let mut about: Vec<(&str, usize)> = about
                    .iter()
                    .map(|(text, count)| (text.as_str(), *count))
                    .collect();
                about.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
                (*code, about.iter().map(|(_, count)| count).sum(), about)
            })
            .collect();
        reasons.sort_by(|a: &Ranked<'_>, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        reasons
    }

    fn sentence(&self) -> String {
        let all = self.all();
        if all == 0 {
            return "no values".to_owned();
        }
        let mut text = format!(
            "{} of {} known ({})",
            self.known,
            counted(all, "value"),
            percent(self.known, all)
        );
        if self.partly > 0 {
            text.push_str(&format!(", {} in part", self.partly));
        }
        text
    }

    fn histogram(&self, most: usize, out: &mut dyn Write) -> io::Result<()> {
        let ranked = self.ranked();
        if !ranked.is_empty() {
            writeln!(out, "not known:")?;
        }
        let digits = ranked
            .first()
            .map_or(1, |(_, count, _)| count.to_string().len());
        for (code, count, about) in &ranked {
            writeln!(out, "  {count:>digits$}  {}", words(code))?;
            for (text, count) in about.iter().take(most).filter(|(text, _)| !text.is_empty()) {
                let times = if *count > 1 {
                    format!("  {count}×")
                } else {
                    String::new()
                };
                writeln!(out, "  {:digits$}    {text}{times}", "")?;
            }
            if about.len() > most {
                writeln!(out, "  {:digits$}    … {} more", "", about.len() - most)?;
            }
        }
        Ok(())
    }
}

/// The first part of a text that is not known.
fn hole(text: &Text) -> Option<Arc<Unknown>> {
    text.segments().iter().find_map(|segment| match segment {
        Segment::Hole(why) => Some(why.clone()),
        Segment::Literal(_) => None,
    })
}

fn percent(part: usize, all: usize) -> String {
    // Never rounded up to all or down to nothing.
    let share = part as f64 * 100.0 / all.max(1) as f64;
    let rounded = if part < all {
        share.round().min(99.0)
    } else {
        100.0
    };
    let rounded = if part > 0 { rounded.max(1.0) } else { 0.0 };
    format!("{rounded} %")
}

/// What a reason is about: what is counted together.
fn subject(reason: &Reason) -> String {
    match reason {
        Reason::NoValue(name)
        | Reason::Data(name)
        | Reason::ModuleNotFetched(name)
        | Reason::Import(name)
        | Reason::Environment(name)
        | Reason::Function(name)
        | Reason::Impure(name)
        | Reason::Invalid(name)
        | Reason::Depends(name)
        | Reason::File(name) => name.to_string(),
        Reason::Computed(address, attribute) => format!("{address}.{attribute}"),
        Reason::Limit(which) => (*which).to_owned(),
        Reason::Instances | Reason::Outside => String::new(),
    }
}

/// What a reason's code means.
fn words(code: &str) -> &str {
    match code {
        "no_value" => "inputs without value: give them with --var, --var-file or --parameters",
        "computed" => "known after apply (links between resources are followed all the same)",
        "data_source" => "read from AWS at plan time",
        "module_not_fetched" => "modules that are not here: run `terraform init`",
        "import" => "from other stacks or the account",
        "environment" => "decided by the deployment",
        "unsupported_function" => "functions that onus does not compute",
        "impure_function" => "different at each run",
        "unknown_instances" => "of blocks whose number is not known",
        "invalid" => "expressions that are not valid",
        "limit" => "limits of onus",
        "depends" => "dependent on something unknown",
        "file" => "files that cannot be read",
        "outside" => "resources outside of this code",
        other => other,
    }
}

/// Writes what there is in a stack.
///
/// # Errors
/// Those of `out`.
pub fn write(
    model: &Model,
    words: &Declared,
    sources: &SourceMap,
    out: &mut dyn Write,
) -> io::Result<()> {
    let listed: Vec<_> = model
        .resources()
        .iter()
        .filter(|resource| !resource.kind.starts_with("Code::"))
        .collect();
    let managed = listed.iter().filter(|resource| resource.is_managed());
    let managed = managed.count();
    let lookups = listed.len() - managed;
    let what = match model.language {
        Language::Terraform => "Terraform root module",
        Language::CloudFormation => "template",
    };
    write!(
        out,
        "{what} {}: {}",
        model.root,
        counted(managed, "resource")
    )?;
    if lookups > 0 {
        write!(out, ", {}", counted(lookups, "look-up"))?;
    }
    writeln!(out)?;
    if !listed.is_empty() {
        writeln!(out)?;
    }
    let kinds: Vec<String> = listed
        .iter()
        .map(|resource| {
            let mut kind = resource.kind.to_string();
            if !resource.exists.is_always() {
                kind.push_str(&format!(", if {}", words.in_words(&resource.exists)));
            }
            if resource.is_symbolic {
                kind.push_str(", any number");
            }
            kind
        })
        .collect();
    let widest = |texts: &mut dyn Iterator<Item = usize>| {
        texts.filter(|width| *width <= WIDEST).max().unwrap_or(0)
    };
    let address = widest(&mut listed.iter().map(|r| r.address.chars().count()));
    let kind = widest(&mut kinds.iter().map(|kind| kind.chars().count()));
    for (resource, said) in listed.iter().zip(&kinds) {
        let place = tree::line_of(resource.header, sources).unwrap_or_default();
        writeln!(out, "{:address$}  {said:kind$}  {place}", resource.address)?;
    }
    let mut knowledge = Knowledge::default();
    knowledge.add(model);
    writeln!(out, "\n{}", knowledge.sentence())?;
    knowledge.histogram(FEW, out)
}

/// Writes how much is known in stacks, and why the rest is not.
///
/// # Errors
/// Those of `out`.
pub fn write_unknowns(knowledge: &Knowledge, stacks: usize, out: &mut dyn Write) -> io::Result<()> {
    if stacks != 1 {
        write!(out, "{}: ", counted(stacks, "stack"))?;
    }
    writeln!(out, "{}", knowledge.sentence())?;
    knowledge.histogram(MANY, out)
}

/// Writes the same as JSON:
/// `{ "stacks", "values": { "all", "known", "partly", "unknown" }, "reasons": [ { "code", "count", "about": [ { "text", "count" } ] } ] }`.
///
/// # Errors
/// Those of `out`.
pub fn write_unknowns_json(
    knowledge: &Knowledge,
    stacks: &[&str],
    out: &mut dyn Write,
) -> io::Result<()> {
    let reasons = knowledge.ranked().into_iter().map(|(code, count, about)| {
        let about = about.into_iter().filter(|(text, _)| !text.is_empty());
        let about = about.map(|(text, count)| {
            Json::Object(vec![
                member("text", Json::text(text)),
                member("count", Json::number(count)),
            ])
        });
        Json::Object(vec![
            member("code", Json::text(code)),
            member("count", Json::number(count)),
            member("about", Json::List(about.collect())),
        ])
    });
    let values = vec![
        member("all", Json::number(knowledge.all())),
        member("known", Json::number(knowledge.known)),
        member("partly", Json::number(knowledge.partly)),
        member("unknown", Json::number(knowledge.unknown)),
    ];
    let stacks = stacks.iter().map(|path| Json::text(path)).collect();
    let document = vec![
        member("stacks", Json::List(stacks)),
        member("values", Json::Object(values)),
        member("reasons", Json::List(reasons.collect())),
    ];
    Json::Object(document).write(out, 0)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_never_rounded_to_all_or_nothing() {
        for (part, all, expected) in [
            (0, 7, "0 %"),
            (1, 1000, "1 %"),
            (1, 3, "33 %"),
            (999, 1000, "99 %"),
            (7, 7, "100 %"),
        ] {
            assert_eq!(percent(part, all), expected);
        }
    }
}

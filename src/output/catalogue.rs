//! The list of rules: what their files say in, text, JSON or Markdown out.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::counted;
use crate::rules::{Confidence, RuleInfo};

/// A rule and whether settings have switched it off.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// What its file says.
    pub rule: &'a RuleInfo,
    /// Whether it is switched off.
    pub is_off: bool,
}

/// Writes one line for each rule.
///
/// # Errors
/// Those of `out`.
pub fn write(rules: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
    let widest = rules.iter().map(|entry| entry.rule.name.chars().count());
    let widest = widest.max().unwrap_or(0);
    for entry in rules {
        let rule = entry.rule;
        let note = match (entry.is_off, rule.profile.as_str()) {
            (true, _) => "  (switched off)",
            (false, "recommended") => "",
            (false, _) => "  (profile all)",
        };
        let severity = rule.severity.as_str();
        writeln!(
            out,
            "{severity:8}  {:widest$}  {}{note}",
            rule.name, rule.title
        )?;
    }
    writeln!(out, "{}", counted(rules.len(), "rule"))
}

/// Writes all that is known of the rules, as a JSON list of objects: `name`, `title`, `severity`, `confidence`,
/// `profile`, `category`, `kinds`, `languages`, `aliases`, `controls` (both: lists of ids by whose they are), `enabled`.
///
/// # Errors
/// Those of `out`.
pub fn write_json(rules: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
    let table = |table: &[(String, Vec<String>)]| {
        let members = table.iter().map(|(whose, ids)| (whose.clone(), json!(ids)));
        Value::Object(members.collect::<Map<_, _>>())
    };
    let all: Vec<Value> = rules
        .iter()
        .map(|entry| {
            let rule = entry.rule;
            let kinds: Vec<&str> = rule.kinds.iter().map(|kind| &**kind).collect();
            json!({
                "name": &*rule.name,
                "title": rule.title,
                "severity": rule.severity.as_str(),
                "confidence": match rule.confidence {
                    Confidence::Low => "low",
                    Confidence::Medium => "medium",
                    Confidence::High => "high",
                },
                "profile": rule.profile,
                "category": rule.category,
                "kinds": kinds,
                "languages": rule.languages,
                "aliases": table(&rule.aliases),
                "controls": table(&rule.controls),
                "enabled": !entry.is_off,
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

/// Writes a table for each category.
///
/// # Errors
/// Those of `out`.
pub fn write_markdown(rules: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut category = None;
    for entry in rules {
        let rule = entry.rule;
        if category != Some(&rule.category) {
            if category.is_some() {
                writeln!(out)?;
            }
            writeln!(out, "## {}\n", rule.category)?;
            writeln!(out, "| rule | severity | fault | elsewhere |")?;
            writeln!(out, "|---|---|---|---|")?;
            category = Some(&rule.category);
        }
        let elsewhere: Vec<&str> = rule
            .aliases
            .iter()
            .flat_map(|(_, ids)| ids.iter().map(String::as_str))
            .collect();
        let cell = |text: &str| text.replace('|', "\\|");
        writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            rule.name,
            rule.severity,
            cell(&rule.title),
            cell(&elsewhere.join(", "))
        )?;
    }
    Ok(())
}

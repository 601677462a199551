//! The built-in rules: each is free of mistakes, and says on its own samples what the marks there say.

use std::sync::Arc;

use onus::declared::{Declared, Language};
use onus::model::Vocabulary;
use onus::project::{Inputs, Stack};
use onus::rules::{RuleSet, builtin_files, samples, vet};
use onus::source::{Files, SourceFile, SourceMap};

fn load(files: &dyn Files, sources: &SourceMap, language: Language, path: &str) -> Declared {
    let stack = Stack {
        language,
        path: path.into(),
    };
    onus::load(files, sources, &stack, &Inputs::default())
}

fn shown(sources: &SourceMap, diagnostics: &[onus::diagnostic::Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let place = sources.describe(diagnostic.span.unwrap_or(onus::source::Span::NONE));
            let hint = diagnostic.hint.clone().unwrap_or_default();
            format!(
                "{place}: {} {} [{hint}]",
                diagnostic.code, diagnostic.message
            )
        })
        .collect()
}

fn everything(sources: &SourceMap) -> (Arc<Vocabulary>, RuleSet, Vec<String>) {
    let vocabulary = Vocabulary::builtin();
    let files: Vec<Arc<SourceFile>> = builtin_files()
        .map(|(path, text)| sources.add(path, text))
        .collect();
    let (rules, diagnostics) = RuleSet::read(&files, &vocabulary);
    let said = shown(sources, &diagnostics);
    (vocabulary, rules, said)
}

/// `ONUS_RULE=name` narrows it to one rule.
#[test]
fn samples_land_on_their_marks() {
    let sources = SourceMap::new();
    let (vocabulary, rules, mut said) = everything(&sources);
    let names: Vec<String> = rules.names().map(str::to_owned).collect();
    let only = std::env::var("ONUS_RULE").ok();
    for name in names {
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let rule = rules.named(&name).expect("a rule of the set");
        said.extend(shown(
            &sources,
            &samples::run(&rule, &rules, &vocabulary, &load),
        ));
    }
    assert!(
        said.is_empty(),
        "{} mistakes\n{}",
        said.len(),
        said.join("\n")
    );
}

#[test]
fn every_rule_vets_clean() {
    let sources = SourceMap::new();
    let (vocabulary, rules, mut said) = everything(&sources);
    let found = vet::vet(&rules, &vocabulary, &sources);
    let rejected: Vec<_> = found
        .into_iter()
        .filter(|diagnostic| diagnostic.level == onus::diagnostic::Level::Error)
        .collect();
    said.extend(shown(&sources, &rejected));
    assert!(
        said.is_empty(),
        "{} mistakes\n{}",
        said.len(),
        said.join("\n")
    );
}

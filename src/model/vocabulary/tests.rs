use super::*;
use crate::source::SourceMap;

fn all() -> (Vocabulary, Vec<String>) {
    let sources = SourceMap::new();
    let files: Vec<_> = builtin::files()
        .iter()
        .map(|(path, text)| sources.add(path, text))
        .collect();
    let (vocabulary, mut diagnostics) = Vocabulary::read(files.iter().map(|file| &**file));
    diagnostics.extend(vocabulary.check());
    let shown = diagnostics.iter().map(|diagnostic| {
        let place = sources.describe(diagnostic.span.unwrap_or(Span::NONE));
        let hint = diagnostic.hint.clone().unwrap_or_default();
        format!("{place}: {} {hint}", diagnostic.message)
    });
    (vocabulary, shown.collect())
}

#[test]
fn the_built_in_vocabulary_is_free_of_mistakes() {
    let (vocabulary, mistakes) = all();
    assert!(mistakes.is_empty(), "\n{}", mistakes.join("\n"));
    assert!(vocabulary.entries().count() > 0);
}

#[test]
fn every_type_finds_its_kinds_in_the_index() {
    let (whole, _) = all();
    for entry in whole.entries() {
        for name in entry
            .spellings
            .iter()
            .map(|spelling| &spelling.native_kind)
            .chain([&entry.kind])
        {
            let part = Vocabulary::builtin_for([&**name]);
            assert!(
                part.entry(&entry.kind).is_some(),
                "{name} does not lead to {}",
                entry.kind
            );
        }
    }
}

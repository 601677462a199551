use super::*;
use crate::model::Vocabulary;
use crate::source::SourceMap;

#[test]
fn the_built_in_index_agrees_with_the_files() {
    let sources = SourceMap::new();
    let indexed = RuleSet::builtin(&sources);
    let files: Vec<_> = builtin_files()
        .map(|(path, text)| sources.add(path, text))
        .collect();
    let (read, mistakes) = RuleSet::read(&files, &Vocabulary::builtin());
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert!(indexed.names().eq(read.names()));
    for (indexed, read) in indexed.infos().iter().zip(read.infos()) {
        assert_eq!(indexed.kinds, read.kinds, "{}", read.name);
        assert_eq!(indexed.languages, read.languages, "{}", read.name);
        assert_eq!(indexed.title, read.title);
    }
}

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

/// The mistakes in a vocabulary text, each with the text of its place.
fn mistakes(text: &str) -> Vec<String> {
    let sources = SourceMap::new();
    let file = sources.add("_resources.yaml", text);
    let (vocabulary, mut diagnostics) = Vocabulary::read([&*file]);
    diagnostics.extend(vocabulary.check());
    let shown = diagnostics.iter().map(|diagnostic| {
        let place = file.slice(diagnostic.span.unwrap_or(Span::NONE));
        let hint = diagnostic.hint.clone().unwrap_or_default();
        format!("{place}: {}; {hint}", diagnostic.message)
    });
    shown.collect()
}

#[test]
fn mistakes_are_said_at_their_place() {
    for (text, expected) in [
        (
            "AWS::X::Y: { properties: { A: { att: a } } }",
            "att: `att` is no directive; did you mean `at`?",
        ),
        (
            "AWS::X::Y: { propertys: {} }",
            "propertys: `propertys` is no word of a kind; did you mean `properties`?",
        ),
        (
            "AWS::X::Y: { properties: { A: { at: a, type: boolean } } }",
            "boolean: `boolean` is no type; did you mean `bool`?",
        ),
        (
            "AWS::X::Y: { properties: { A: { at: a, decode: jsn } } }",
            "jsn: `jsn` is no encoding; did you mean `json`?",
        ),
        (
            "AWS::X::Y: { properties: { A: { shape: Pod } } }\nshapes: { Pods: { B: b } }",
            "Pod: no shape is called `Pod` in this file; did you mean `Pods`?",
        ),
        (
            "AWS::X::Y: { properties: { A: a }, links: { b: { to: AWS::X::Z, through: [A] } } }\nAWS::X::ZZ: {}",
            "b: link `b` of AWS::X::Y leads to `AWS::X::Z`, which is not described; did you mean `AWS::X::ZZ`?",
        ),
        (
            "AWS::X::Y: { properties: { A: a }, links: { b: { to: AWS::X::Y, through: [B] } } }",
            "B: link `b` of AWS::X::Y goes through `B`, which is not described; ",
        ),
        (
            "AWS::X::Y: { parts: { aws_z: { properties: { A: a } } } }",
            "aws_z: a part must say who its owner is; add `owner:` with the attribute that refers to it",
        ),
        (
            "AWS::X::Y: { views: { v: Spec } }",
            "Spec: a view is a path from `$`; as in `$.Spec.Template.Spec`",
        ),
        (
            "shape: {}",
            "shape: `shape` is no kind; did you mean `shapes`?",
        ),
        (
            "aws_x: { attributes: { a: string }, defaults: { b: 1 } }",
            "b: `b` is not described; ",
        ),
    ] {
        assert_eq!(mistakes(text), [expected], "{text}");
    }
}

#[test]
fn shapes_inside_themselves_end() {
    let said = mistakes(
        "AWS::X::Y: { properties: { A: { shape: S } } }\nshapes: { S: { B: { shape: S } } }",
    );
    assert_eq!(said, ["S: shape `S` is inside itself; "]);
}

#[test]
fn plain_paths_are_said_in_native_words() {
    let vocabulary = Vocabulary::builtin();
    for (kind, path, expected) in [
        (
            "AWS::EKS::Cluster",
            "ResourcesVpcConfig.EndpointPublicAccess",
            Some("vpc_config.endpoint_public_access"),
        ),
        (
            "AWS::ECS::Service",
            "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp",
            Some("network_configuration.assign_public_ip"),
        ),
        (
            "AWS::EC2::LaunchTemplate",
            "LaunchTemplateData.MetadataOptions.HttpTokens",
            Some("metadata_options.http_tokens"),
        ),
        ("AWS::KMS::Key", "Origin", None),
    ] {
        let names: Vec<&str> = path.split('.').collect();
        let entry = vocabulary.entry(kind).expect("it is described");
        let native = entry.native_path(&names).map(|path| path.join("."));
        assert_eq!(native.as_deref(), expected, "{path}");
    }
}

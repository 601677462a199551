//! Documentation that follows from code: what is generated is fresh, schemas know what the loaders know, and what texts
//! name is there.
//!
//! `ONUS_BLESS=1 cargo test --test docs` writes the generated parts anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use onus::facts::{FACTS, Field, Shape};
use onus::model::vocabulary::{self, Type};
use onus::project::settings;
use onus::rules::load::{self, OptionDeclaration, OptionType};
use onus::rules::{Rule, RuleSet, Severity, samples};
use onus::source::SourceMap;
use onus::value::{Data, Value};
use serde_json::{Value as Json, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Holds a file to what it should be, or makes it so.
fn renew(path: &str, wanted: &str) {
    let is = read(path);
    if is == wanted {
        return;
    }
    if std::env::var_os("ONUS_BLESS").is_some() {
        fs::write(root().join(path), wanted).expect("the file can be written");
        return;
    }
    let line = is.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    let line = line.unwrap_or_else(|| is.lines().count().min(wanted.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(nothing)").to_owned();
    panic!(
        "{path} is stale from line {}:\n  is      {}\n  should  {}\nrenew it: ONUS_BLESS=1 cargo test --test docs",
        line + 1,
        at(&is),
        at(wanted),
    );
}

/// A text with what stands between two markers replaced.
fn between(text: &str, name: &str, generated: &str) -> String {
    const END: &str = "<!-- end of generated -->";
    let begin = format!("<!-- generated: {name} -->\n");
    let (before, rest) = text.split_once(&begin).expect("the first marker");
    let (_, after) = rest.split_once(END).expect("the second marker");
    format!("{before}{begin}\n{generated}\n{END}{after}")
}

/// All built-in rules, in order.
fn rules() -> (RuleSet, Vec<std::sync::Arc<Rule>>) {
    let sources = SourceMap::new();
    let set = RuleSet::builtin(&sources);
    let names: Vec<String> = set.names().map(str::to_owned).collect();
    let rules = names
        .iter()
        .map(|name| set.named(name).expect("a rule of the set"))
        .collect();
    (set, rules)
}

fn json_of(value: &Value) -> Json {
    match &value.data {
        Data::Bool(truth) => json!(truth),
        Data::Number(number) => serde_json::from_str(&number.to_string()).expect("a JSON number"),
        Data::Text(text) => json!(text.to_string()),
        Data::List(_) => value.elements().map(|item| json_of(&item)).collect(),
        Data::Object(_) => {
            let members = value.entries();
            let members = members.map(|(name, value)| (name.to_string(), json_of(&value)));
            Json::Object(members.collect())
        }
        _ => Json::Null,
    }
}

/// What a text of YAML says, as JSON.
fn parsed(path: &str, text: &str) -> Json {
    let sources = SourceMap::new();
    let (value, diagnostics) = onus::yaml::parse(&sources.add(path, text));
    assert!(diagnostics.is_empty(), "{path}: {diagnostics:?}");
    value.as_ref().map_or(Json::Null, json_of)
}

fn word(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "true or false",
        Shape::Number => "number",
        Shape::Text => "text",
        Shape::Source => "as written",
        Shape::List(_) => "list",
        Shape::Object(_) => "object",
        Shape::Map(_) => "map",
    }
}

/// The rows of a fact's members, each with its path from the fact.
fn members(shape: &'static Shape, path: &str, about: &str, into: &mut String) {
    match shape {
        Shape::List(inner) => members(inner, &format!("{path}[*]"), about, into),
        Shape::Map(inner) => members(inner, &format!("{path}['…']"), about, into),
        Shape::Object(fields) => {
            if !about.is_empty() {
                let _ = writeln!(into, "| `{path}` | object | {about} |");
            }
            for Field {
                name,
                shape,
                is_always,
                about,
            } in *fields
            {
                let sign = if *is_always { "" } else { "?" };
                members(shape, &format!("{path}.{name}{sign}"), about, into);
            }
        }
        _ => {
            let _ = writeln!(into, "| `{path}` | {} | {about} |", word(shape));
        }
    }
}

fn facts() -> String {
    let mut text = String::new();
    for fact in FACTS {
        let kinds: Vec<String> = fact.kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let _ = writeln!(
            text,
            "### `{}`\n\n{}. Of {}.\n\n| member | | |\n|---|---|---|",
            fact.name,
            capitalised(fact.about),
            kinds.join(", ")
        );
        let last = fact.name.rsplit('.').next().unwrap_or(fact.name);
        members(fact.shape, last, "", &mut text);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase());
    first.into_iter().flatten().chain(characters).collect()
}

/// The severities that the clauses of a rule give, worst first.
fn severities(rule: &Rule) -> String {
    let mut all: Vec<Severity> = rule
        .check
        .iter()
        .map(|clause| clause.severity.unwrap_or(rule.info.severity))
        .collect();
    all.sort_unstable();
    all.dedup();
    let words: Vec<&str> = all.iter().rev().map(|severity| severity.as_str()).collect();
    words.join(", ")
}

fn table_of_rules() -> String {
    let (_, mut rules) = rules();
    rules.sort_by(|a, b| {
        let key = |rule: &Rule| (rule.info.category.clone(), rule.info.name.clone());
        key(a).cmp(&key(b))
    });
    let mut text = String::new();
    for service in rules.chunk_by(|a, b| a.info.category == b.info.category) {
        let name = &service[0].info.category;
        let _ = writeln!(
            text,
            "### {name}\n\n| rule | severity | | languages | elsewhere |\n|---|---|---|---|---|"
        );
        for rule in service {
            let info = &rule.info;
            let elsewhere: Vec<String> = info
                .aliases
                .iter()
                .map(|(tool, ids)| format!("{tool} {}", ids.join(" ")))
                .collect();
            let profile = if info.profile == "all" {
                " (profile `all`)"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "| [{name}](aws/{service}/{name}.yaml) | {} | {}{profile} | {} | {} |",
                severities(rule),
                info.title.replace('|', "\\|"),
                info.languages.join(", "),
                elsewhere.join(", "),
                name = info.name,
                service = info.category,
            );
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[test]
fn facts_and_rules_are_listed() {
    let path = "rulesets/README.md";
    let text = between(&read(path), "facts", &facts());
    renew(path, &between(&text, "rules", &table_of_rules()));
}

/// What a user may set an option to.
fn option_schema(option: &OptionDeclaration) -> Json {
    let kind = match option.kind {
        OptionType::Bool => "boolean",
        OptionType::Int => "integer",
        OptionType::String => "string",
        OptionType::List | OptionType::Cidrs => "array",
    };
    json!({ "description": option.about, "type": kind, "default": json_of(&option.default) })
}

/// Options by the names that settings may use for them.
fn options_schema<'o>(options: impl Iterator<Item = &'o OptionDeclaration>) -> Json {
    let mut properties = serde_json::Map::new();
    for option in options {
        properties.insert(option.name.to_string(), option_schema(option));
        if matches!(option.kind, OptionType::List | OptionType::Cidrs) {
            let about = format!("{}: added to the default.", option.about);
            properties.insert(
                format!("{}+", option.name),
                json!({ "description": about, "type": "array" }),
            );
        }
    }
    json!({ "properties": properties })
}

/// Completion for the names of rules and options.
#[test]
fn the_schema_of_settings_knows_rules_and_options() {
    const COMMENT: &str = "From here on generated from the rule files; ONUS_BLESS=1 cargo test --test docs renews it.";
    let path = "rulesets/settings.schema.json";
    let text = read(path);
    let (before, _) = text
        .split_once("    \"builtin_options\": {")
        .expect("the generated part");
    let (set, rules) = rules();
    let declared = set.options();
    let mut options = options_schema(declared.iter());
    options["$comment"] = json!(COMMENT);
    let rules: serde_json::Map<String, Json> = rules
        .iter()
        .map(|rule| {
            let mut said = json!({ "description": rule.info.title });
            if !rule.declared.is_empty() {
                let options = options_schema(rule.declared.iter());
                said["properties"] = json!({ "options": options });
            }
            (rule.info.name.to_string(), said)
        })
        .collect();
    let rules = json!({ "properties": rules });
    let shown = |value: &Json| {
        let text = serde_json::to_string_pretty(value).expect("JSON");
        text.replace('\n', "\n    ")
    };
    let wanted = format!(
        "{before}    \"builtin_options\": {},\n    \"builtin_rules\": {}\n  }}\n}}\n",
        shown(&options),
        shown(&rules)
    );
    renew(path, &wanted);
}

fn schema(name: &str) -> Json {
    serde_json::from_str(&read(&format!("rulesets/{name}.schema.json"))).expect(name)
}

fn validator(name: &str) -> jsonschema::Validator {
    jsonschema::draft7::new(&schema(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the package") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

#[test]
fn every_built_in_file_has_the_form_of_its_schema() {
    let [rule, resources, options] = ["rule", "resources", "options"].map(validator);
    let mut paths = Vec::new();
    files(&root().join("rulesets/aws"), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    assert!(paths.len() > 100, "{} files", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.strip_prefix(root()).expect("below the root");
        let name = name.to_str().expect("a plain name");
        let value = parsed(name, &fs::read_to_string(&path).expect("a text"));
        let schema = match load::name_of(name) {
            "_resources" => &resources,
            "_options" => &options,
            _ => &rule,
        };
        for error in schema.iter_errors(&value) {
            wrong.push(format!("{name}{}: {error}", error.instance_path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_is_refused() {
    const RULE: &str = "title: t\nseverity: high\napplies_to: [AWS::EKS::Cluster]\ncheck: some $.X\nwhy: w\nremedy: r\n";
    const KIND: &str = "AWS::EKS::Cluster:\n  terraform: aws_eks_cluster\n";
    assert!(validator("rule").is_valid(&parsed("rule.yaml", RULE)));
    assert!(validator("resources").is_valid(&parsed("_resources.yaml", KIND)));
    assert!(
        validator("settings").is_valid(&parsed("onus.yaml", "rules: { x: { enabled: true } }"))
    );
    for (name, text) in [
        ("rule", RULE.replace("title: t", "title: A fault.")),
        ("rule", RULE.replace("high", "severe")),
        ("rule", RULE.replace("why: w\n", "")),
        ("rule", format!("{RULE}remdy: r\n")),
        ("rule", format!("{RULE}links: [eks.html]\n")),
        ("rule", format!("{RULE}fix: {{ safety: safe }}\n")),
        (
            "rule",
            format!("{RULE}options: {{ days: {{ type: int, default: many }} }}\n"),
        ),
        (
            "rule",
            format!("{RULE}samples: {{ bad: [{{ terraform: a, cloudformation: b }}] }}\n"),
        ),
        (
            "resources",
            format!("{KIND}  propertys: {{ Name: name }}\n"),
        ),
        (
            "resources",
            format!("{KIND}  properties: {{ name: name }}\n"),
        ),
        (
            "resources",
            format!("{KIND}  properties: {{ Name: {{ at: name, typ: bool }} }}\n"),
        ),
        (
            "resources",
            format!("{KIND}  properties: {{ On: {{ at: on, type: boolean }} }}\n"),
        ),
        (
            "resources",
            format!("{KIND}  links: {{ role: {{ to: AWS::IAM::Role }} }}\n"),
        ),
        (
            "resources",
            "cluster: { terraform: aws_eks_cluster }\n".to_owned(),
        ),
        ("options", "days: { type: days, default: 90 }".to_owned()),
        (
            "options",
            "ranges: { type: cidrs, default: [office] }".to_owned(),
        ),
        ("options", "days: { type: int }".to_owned()),
        ("settings", "pakcs: [aws]".to_owned()),
        ("settings", "profile: strict".to_owned()),
        ("settings", "rules: { x: { severity: hihg } }".to_owned()),
        ("settings", "rules: { x: { enabled: maybe } }".to_owned()),
    ] {
        let value = parsed("wrong.yaml", &text);
        assert!(!validator(name).is_valid(&value), "{name} accepts\n{text}");
    }
}

#[test]
fn schemas_know_the_keys_that_the_loaders_know() {
    let [rule, resources, options, settings] =
        ["rule", "resources", "options", "settings"].map(schema);
    let severities = Severity::ALL.map(Severity::as_str);
    let option_types = OptionType::WORDS.map(|(word, _)| word);
    let types = Type::WORDS.map(|(word, _)| word);
    let cases: [(&Json, &str, &[&str]); 15] = [
        (&rule, "/properties", &load::KEYS),
        (&rule, "/definitions/sample/properties", &samples::KEYS),
        (&rule, "/definitions/severity/enum", &severities),
        (
            &rule,
            "/definitions/option/properties/type/enum",
            &option_types,
        ),
        (
            &options,
            "/definitions/option/properties/type/enum",
            &option_types,
        ),
        (&resources, "/properties", &vocabulary::FILE_KEYS),
        (
            &resources,
            "/definitions/kind/properties",
            &vocabulary::ENTRY_KEYS,
        ),
        (
            &resources,
            "/definitions/spelling/properties",
            &vocabulary::SPELLING_KEYS,
        ),
        (
            &resources,
            "/definitions/row/anyOf/1/properties",
            &vocabulary::DIRECTIVES,
        ),
        (
            &resources,
            "/definitions/link/properties",
            &vocabulary::LINK_KEYS,
        ),
        (&resources, "/definitions/type/enum", &types),
        (&settings, "/properties", &settings::KEYS),
        (
            &settings,
            "/definitions/rule/properties",
            &settings::RULE_KEYS,
        ),
        (
            &settings,
            "/definitions/environment/properties",
            &settings::ENVIRONMENT_KEYS,
        ),
        (
            &settings,
            "/definitions/rule/properties/severity/enum",
            &severities,
        ),
    ];
    for (schema, place, known) in cases {
        let title = &schema["title"];
        let found: BTreeSet<&str> = match schema.pointer(place) {
            Some(Json::Object(members)) => members.keys().map(String::as_str).collect(),
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
            _ => panic!("{title} has no {place}"),
        };
        let known: BTreeSet<&str> = known.iter().copied().collect();
        assert_eq!(found, known, "{title} {place}");
    }
    // Editors load one file: what both need stands in both.
    for name in ["options", "option", "cidr"] {
        assert_eq!(
            rule["definitions"][name], options["definitions"][name],
            "{name}"
        );
    }
}

/// The codes of mistakes in rules, as sources and the guide name them.
#[test]
fn the_guide_lists_the_codes_of_mistakes() {
    fn codes(text: &str, sign: &str) -> BTreeSet<String> {
        let after = text
            .match_indices(sign)
            .map(|(at, _)| &text[at + sign.len()..]);
        after
            .filter_map(|rest| {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric())?;
                let is_code = rest[..length].len() >= 2
                    && rest[..length].starts_with(|c: char| c.is_ascii_digit());
                is_code.then(|| format!("V{}", &rest[..length]))
            })
            .collect()
    }
    let mut paths = Vec::new();
    files(&root().join("src/rules"), &mut paths);
    let mut raised = BTreeSet::new();
    for path in paths {
        if path.file_name().is_some_and(|name| name != "tests.rs") {
            let text = fs::read_to_string(path).expect("a text");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            raised.extend(codes(code, "\"V"));
        }
    }
    let guide = read("rulesets/README.md");
    let (_, table) = guide.split_once("## What is refused").expect("the table");
    let (table, _) = table.split_once("\n## ").expect("its end");
    assert!(raised.len() > 20, "{raised:?}");
    assert_eq!(codes(table, "V"), raised);
}

#[test]
fn the_guides_name_every_key() {
    let guide = read("rulesets/README.md");
    for key in load::KEYS {
        assert!(
            guide.contains(&format!("`{key}`")),
            "rulesets/README.md: {key}"
        );
    }
    let guide = read("rulesets/VOCABULARY.md");
    let keys = vocabulary::ENTRY_KEYS.iter().chain(&vocabulary::DIRECTIVES);
    for key in keys
        .chain(&vocabulary::LINK_KEYS)
        .chain(&vocabulary::FILE_KEYS)
    {
        let is_there = guide
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .any(|word| word == *key);
        assert!(is_there, "rulesets/VOCABULARY.md: {key}");
    }
}

/// Files and folders that texts for people name.
#[test]
fn what_texts_point_at_is_there() {
    let mut missing = Vec::new();
    for path in [
        "README.md",
        "CONTRIBUTING.md",
        "THIRD_PARTY.md",
        "rulesets/README.md",
    ] {
        let text = read(path);
        let folder = root().join(path);
        let folder = folder.parent().expect("a folder");
        let (prose, _) = text.split_once("<!-- generated").unwrap_or((&text, ""));
        // Links, from where the text stands.
        for (at, _) in prose.match_indices("](") {
            let target = &prose[at + 2..];
            let target = &target[..target.find(')').expect("the end of a link")];
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                missing.push(format!("{path}: {target}"));
            }
        }
        // Paths in code, from the root.
        for word in prose.split('`').skip(1).step_by(2) {
            let is_path = [
                "src/",
                "tests/",
                "rulesets/",
                "samples/",
                "benches/",
                "action/",
            ]
            .iter()
            .any(|start| word.starts_with(start));
            let is_pattern = word.contains(['<', '*', '…', ' ']);
            if is_path && !is_pattern && !root().join(word).exists() {
                missing.push(format!("{path}: {word}"));
            }
        }
    }
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
}

/// The settings that README shows are settings that work.
#[test]
fn the_settings_in_the_readme_are_valid() {
    let readme = read("README.md");
    let example = |start: &str| {
        let (_, shown) = readme
            .split_once(&format!("```yaml\n{start}"))
            .expect("an example");
        let (shown, _) = shown.split_once("```").expect("its end");
        format!("{start}{shown}")
    };
    let shown = example("profile:") + &example("environments:");
    let value = parsed("onus.yaml", &shown);
    let errors: Vec<String> = validator("settings")
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let (set, _) = rules();
    let names: BTreeSet<&str> = set.names().collect();
    let options = set.options();
    let is_option = |name: &str| {
        let name = name.trim_end_matches('+');
        options.iter().any(|option| &*option.name == name)
    };
    let members = |value: &Json| -> Vec<(String, Json)> {
        let object = value.as_object().cloned().unwrap_or_default();
        object.into_iter().collect()
    };
    for (name, _) in members(&value["options"]) {
        assert!(is_option(&name), "no option {name}");
    }
    let said = members(&value["rules"]);
    assert!(!said.is_empty());
    for (name, said) in said {
        assert!(names.contains(name.as_str()), "no rule {name}");
        for (name, _) in members(&said["options"]) {
            assert!(is_option(&name), "no option {name}");
        }
    }
}

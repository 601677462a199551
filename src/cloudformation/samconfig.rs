//! The text of a samconfig.toml in, the parameters that it overrides out.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html>

use std::ops::Range;

/// The names, values and places of the overrides for `sam deploy`: those of the environment `default`, else of the first
/// one there is. What is given for all commands comes first, so that the last one counts.
pub(super) fn overrides(text: &str) -> Vec<(String, String, Range<usize>)> {
    let settings = settings(text);
    let environment_of = |table: &str| table.split('.').next().unwrap_or_default().to_owned();
    let has_default = settings
        .iter()
        .any(|(table, ..)| environment_of(table) == "default");
    let environment = match (has_default, settings.first()) {
        (false, Some((table, ..))) => environment_of(table),
        _ => "default".to_owned(),
    };
    let mut found = Vec::new();
    for command in ["global", "deploy"] {
        let wanted = format!("{environment}.{command}.parameters");
        for (_, words, place) in settings.iter().filter(|(table, ..)| *table == wanted) {
            let pairs = words.iter().flat_map(|words| pairs(words));
            found.extend(pairs.map(|(name, value)| (name, value, place.clone())));
        }
    }
    found
}

/// `A=x B="y z"`, or `ParameterKey=A,ParameterValue=x`, as names and values.
fn pairs(written: &str) -> Vec<(String, String)> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        let word = words.last_mut();
        match (quote, character, word) {
            (_, '\\', Some(word)) => word.extend(characters.next()),
            (None, '"' | '\'', _) => quote = Some(character),
            (Some(open), _, _) if open == character => quote = None,
            (None, _, _) if character.is_whitespace() => words.push(String::new()),
            (_, _, Some(word)) => word.push(character),
            (_, _, None) => {}
        }
    }
    let pair = |word: &String| {
        let (name, value) = match word.strip_prefix("ParameterKey=") {
            Some(rest) => rest.split_once(",ParameterValue=")?,
            None => word.split_once('=')?,
        };
        Some((name.to_owned(), value.to_owned()))
    };
    words.iter().filter_map(pair).collect()
}

/// The settings `parameter_overrides` with their tables: as much of TOML as they take.
fn settings(text: &str) -> Vec<(String, Vec<String>, Range<usize>)> {
    let mut found = Vec::new();
    let mut table = String::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let content = line.trim_start();
        let start = at + line.len() - content.len();
        at += line.len();
        if let Some(header) = content.strip_prefix('[') {
            let header = header.trim_start_matches('[');
            let name = header.split(']').next().unwrap_or_default();
            table = name.replace([' ', '"'], "");
        } else if let Some((key, value)) = content.split_once('=')
            && !key.contains('#')
        {
            let from = start + content.len() - value.len();
            let (texts, end) = value_at(text, from);
            if key.trim().trim_matches('"') == "parameter_overrides" {
                found.push((table.clone(), texts, from..end));
            }
            // Strings and lists may hold several lines.
            let is_longer = end > at;
            let rest = text.get(end..).unwrap_or_default();
            if is_longer {
                at = end + rest.find('\n').map_or(rest.len(), |length| length + 1);
            }
        }
    }
    found
}

/// The strings of a value that begins at a byte, and where it ends.
fn value_at(text: &str, start: usize) -> (Vec<String>, usize) {
    let mut texts = Vec::new();
    let mut at = start;
    let mut is_list = false;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match rest.as_bytes()[0] {
            b'[' if !is_list => is_list = true,
            b']' => return (texts, at + 1),
            b'#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            b'"' | b'\'' => {
                let (string, length) = string(rest);
                texts.push(string);
                at += length;
                if is_list {
                    continue;
                }
                return (texts, at);
            }
            b'\n' if !is_list => return (texts, at),
            _ => {}
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    (texts, at)
}

/// The string that a text begins with, and how long it is written.
fn string(text: &str) -> (String, usize) {
    let quote = text.get(..1).unwrap_or_default();
    let long = quote.repeat(3);
    let delimiter = if text.starts_with(&long) {
        &*long
    } else {
        quote
    };
    let mut string = String::new();
    let mut at = delimiter.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(delimiter) {
            return (string, at + delimiter.len());
        }
        let mut characters = rest.chars();
        let next = characters.next();
        let escaped = characters.next();
        match (next, escaped) {
            (Some('\\'), Some(escaped)) if quote == "\"" => {
                match escaped {
                    'n' => string.push('\n'),
                    't' => string.push('\t'),
                    other => string.push(other),
                }
                at += 1 + escaped.len_utf8();
            }
            (Some(character), _) => {
                string.push(character);
                at += character.len_utf8();
            }
            (None, _) => break,
        }
    }
    (string, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_found_in_every_form() {
        for (text, expected) in [
            (
                "version = 0.1\n[default.deploy.parameters]\nstack_name = \"s # x\"\nparameter_overrides = \"A=\\\"x y\\\" B=y,z\" # c\n",
                "A=x y;B=y,z",
            ),
            (
                "[default.global.parameters]\nparameter_overrides = [\n  \"A=x\", # c ]\n  'B=y=z',\n]\n[default.deploy.parameters]\nparameter_overrides = \"A=w\"",
                "A=x;B=y=z;A=w",
            ),
            (
                "[prod.deploy.parameters]\nparameter_overrides = \"\"\"\nParameterKey=A,ParameterValue=x,y\nB=z\n\"\"\"\n",
                "A=x,y;B=z",
            ),
            (
                "[dev.deploy.parameters]\nparameter_overrides = \"A=1\"\n[default.deploy.parameters]\nparameter_overrides = 'A=2 C='\n[default.build.parameters]\nparameter_overrides = 'A=3'\n",
                "A=2;C=",
            ),
            (
                "# parameter_overrides = \"A=1\"\n[default.deploy.parameters]\nconfirm = true\n",
                "",
            ),
            (
                "[default.deploy.parameters]\nparameter_overrides = \"A=1",
                "A=1",
            ),
            ("parameter_overrides = [\"A\\", ""),
        ] {
            let found = overrides(text);
            let found = found
                .iter()
                .map(|(name, value, _)| format!("{name}={value}"));
            assert_eq!(found.collect::<Vec<_>>().join(";"), expected, "{text}");
        }
    }
}

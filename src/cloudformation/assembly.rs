//! Cloud assemblies of CDK: where in the code the constructs of a template were made, as the assembly beside it says.
//! <https://docs.aws.amazon.com/cdk/v2/guide/deploy-synth-templates.html>

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use crate::source::Files;
use crate::source::files::join;

/// The lines of code that made constructs, by the constructs' paths (`/Stack/Bucket/Resource`); none outside assemblies.
pub(super) fn code(files: &dyn Files, template: &str) -> FxHashMap<String, Arc<str>> {
    let (folder, name) = template.rsplit_once('/').unwrap_or(("", template));
    let Some(stem) = name.strip_suffix(".template.json") else {
        return FxHashMap::default();
    };
    let read = |name: &str| -> Option<Json> {
        let bytes = files.read(&join(folder, name)).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let metadata = read(&format!("{stem}.metadata.json"))
        .or_else(|| of_manifest(read("manifest.json")?, name));
    let Some(Json::Object(metadata)) = metadata else {
        return FxHashMap::default();
    };
    let known = metadata
        .into_iter()
        .filter_map(|(path, entries)| Some((path, line_of(entries.as_array()?)?)));
    known.collect()
}

/// What the manifest of older versions says of the constructs of a template.
fn of_manifest(mut manifest: Json, template: &str) -> Option<Json> {
    let artifacts = manifest.get_mut("artifacts")?.as_object_mut()?;
    let mut artifacts = artifacts.values_mut();
    let own = artifacts.find(|artifact| artifact["properties"]["templateFile"] == template)?;
    Some(own.get_mut("metadata")?.take())
}

/// The line among the entries of a construct: the first frame of the stack that is the user's own code.
fn line_of(entries: &[Json]) -> Option<Arc<str>> {
    let frames = entries.iter().flat_map(|entry| {
        let is_stack = entry["type"] == "aws:cdk:creationStack";
        let frames = if is_stack {
            &entry["data"]
        } else {
            &entry["trace"]
        };
        frames.as_array().into_iter().flatten()
    });
    frames.filter_map(Json::as_str).find_map(|frame| {
        // `new Stack (/app/lib/stack.ts:12:5)`, or without the name.
        let place = frame.rsplit_once('(').map_or(frame, |(_, place)| place);
        let place = place.trim().trim_start_matches("at ").trim_end_matches(')');
        let mut parts = place.rsplitn(3, ':');
        let is_number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
        let is_line = is_number(parts.next()) && is_number(parts.next());
        let file = parts.next()?;
        let is_own = !file.contains("node_modules") && !file.starts_with("node:");
        (is_line && is_own).then(|| place.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryFiles;

    #[test]
    fn the_first_frame_of_the_users_own_code_made_a_construct() {
        let old = r#"{"artifacts": {"A": {"properties": {"templateFile": "A.template.json"}, "metadata": {
            "/A/B/Resource": [{"type": "aws:cdk:logicalId", "data": "B", "trace": [
                "new Bucket (/app/node_modules/aws-cdk-lib/b.js:1:2)",
                "new A (/app/lib/a.ts:12:5)",
                "Object.<anonymous> (/app/bin/app.ts:3:1)",
                "node:internal/modules/cjs/loader:1105:14"]}]}}}}"#;
        let new = r#"{"/C/D": [{"type": "aws:cdk:logicalId", "data": "D"}, {"type": "aws:cdk:creationStack", "data": [
            "...new D in aws-cdk-lib...", "at /app/c.js:7:3"]}], "/C/E": [{"type": "aws:cdk:logicalId", "data": "E"}]}"#;
        let files = MemoryFiles::new([
            ("cdk.out/manifest.json", old),
            ("cdk.out/C.metadata.json", new),
        ]);
        let shown = |template: &str| {
            let mut all: Vec<String> = code(&files, template)
                .into_iter()
                .map(|(path, line)| format!("{path} {line}"))
                .collect();
            all.sort();
            all
        };
        assert_eq!(
            shown("cdk.out/A.template.json"),
            ["/A/B/Resource /app/lib/a.ts:12:5"]
        );
        assert_eq!(shown("cdk.out/C.template.json"), ["/C/D /app/c.js:7:3"]);
        assert_eq!(shown("cdk.out/other.yaml"), [""; 0]);
    }
}

//! Which files are templates: told by their text, before anything is parsed.

use crate::source::Span;
use crate::value::Value;
use crate::yaml;

/// Whether a text may be a template: cheap, and generous with broken ones so that their faults are reported.
///
/// A template has a mapping `Resources` at its top, in which something has a type of the form `AWS::Service::Kind`.
/// Neither manifests of Kubernetes (`resources:` in small letters), workflows, OpenAPI documents, package files nor the
/// files around templates (parameter files, resource schemas) have both.
pub fn is_template(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.trim_start();
    let is_json = first.starts_with('{');
    if first.starts_with('[') {
        return false;
    }
    let has_section = |name: &str| {
        if is_json {
            is_top_member(text, name)
        } else {
            is_top_key(text, name)
        }
    };
    if !has_section("Resources") {
        // One that lost its resources, or has only them left out, is still said to be one.
        return has_section("AWSTemplateFormatVersion");
    }
    has_section("AWSTemplateFormatVersion") || has_section("Transform") || has_type(text)
}

/// The local templates that a template's stacks name (`TemplateURL: ./net.yaml`), as paths relative to its folder: those
/// are analysed with it, under the parameters that it passes. What is computed or remote is not among them.
pub fn nested_templates(text: &str) -> Vec<String> {
    // Only few templates nest others; those are read once more.
    if !text.contains("TemplateURL") && !text.contains("AWS::Serverless::Application") {
        return Vec::new();
    }
    let Ok(Some(root)) = yaml::decode(text, Span::NONE) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let resources = root.member("Resources");
    for (_, resource) in resources.iter().flat_map(Value::entries) {
        let kind = resource.member("Type");
        let property = match kind.as_ref().and_then(Value::as_str) {
            Some("AWS::CloudFormation::Stack") => "TemplateURL",
            Some("AWS::Serverless::Application") => "Location",
            _ => continue,
        };
        let properties = resource.member("Properties");
        let location = asset(&resource)
            .or_else(|| properties.and_then(|properties| properties.member(property)));
        let path = location.as_ref().and_then(Value::as_str).and_then(local);
        if let Some(path) = path
            && !found.iter().any(|known| known == path)
        {
            found.push(path.to_owned());
        }
    }
    found
}

/// The local file that CDK uploads as a stack's template, beside the template that names it.
/// <https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cx-api/README.md>
pub(super) fn asset(resource: &Value) -> Option<Value> {
    let metadata = resource.member("Metadata")?;
    let property = metadata.member("aws:asset:property")?;
    (property.as_str() == Some("TemplateURL")).then(|| metadata.member("aws:asset:path"))?
}

/// A location as a path on this machine, if it is one: `aws cloudformation package` uploads such files.
pub(super) fn local(location: &str) -> Option<&str> {
    let is_remote = location.contains("://") || location.starts_with("arn:");
    let path = location.strip_prefix("file://").unwrap_or(location);
    ((!is_remote || path != location) && !path.is_empty()).then_some(path)
}

/// Whether a line starts with this key at the margin: where the first line of the document starts.
fn is_top_key(text: &str, name: &str) -> bool {
    let is_content = |line: &&str| {
        let line = line.trim();
        !(line.is_empty() || line.starts_with(['#', '%']) || line.starts_with("---"))
    };
    let first = text.lines().find(is_content).unwrap_or_default();
    let margin = &first[..first.len() - first.trim_start().len()];
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].trim_end_matches(['"', '\'']);
        let before = before.strip_suffix(margin).unwrap_or("x");
        let starts_line = before.is_empty() || before.ends_with(['\n', '\r']);
        let after = text[at + name.len()..].trim_start_matches(['"', '\'']);
        starts_line && after.trim_start_matches([' ', '\t']).starts_with(':')
    })
}

/// Whether a JSON object has a member of this name at its top: braces are counted, strings skipped. Where that fails the
/// text is broken, and the name alone decides.
fn is_top_member(text: &str, name: &str) -> bool {
    if !text.contains(name) {
        return false;
    }
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if depth == 1
                    && bytes.get(start..at) == Some(name.as_bytes())
                    && text
                        .get(at + 1..)
                        .is_some_and(|rest| rest.trim_start().starts_with(':'))
                {
                    return true;
                }
            }
            // Flow YAML: `{Resources: {…}}`.
            byte if depth == 1
                && byte == name.as_bytes()[0]
                && text.get(at..).is_some_and(|rest| rest.starts_with(name))
                && text[at + name.len()..].trim_start().starts_with(':') =>
            {
                return true;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// Whether something has a type of the form `AWS::Service::Kind`.
fn has_type(text: &str) -> bool {
    text.match_indices("Type").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return false;
        }
        let rest = text[at + "Type".len()..].trim_start_matches(['"', '\'', ' ', '\t']);
        let Some(value) = rest.strip_prefix(':') else {
            return false;
        };
        let value = value.trim_start_matches(['"', '\'', ' ', '\t', '\n', '\r']);
        let word = value
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
            .next()
            .unwrap_or_default();
        word.contains("::") && word.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_from_what_looks_like_them() {
        for (text, expected) in [
            ("Resources:\n  A:\n    Type: AWS::S3::Bucket\n", true),
            (
                "# c\r\nResources:\r\n  A:\r\n    Type: 'AWS::S3::Bucket'\r\n",
                true,
            ),
            (
                "{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}",
                true,
            ),
            ("{Resources: {A: {Type: AWS::S3::Bucket}}}", true),
            (
                "{\"Resources\": {\"A\": {\"Type\": \"Custom::Thing\"}}}",
                true,
            ),
            (
                "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n",
                true,
            ),
            (
                "Transform: AWS::Serverless-2016-10-31\nResources:\n  A: {}\n",
                true,
            ),
            (
                "\"Resources\":\n  A:\n    Type: AWS::S3::Bucket\n  broken",
                true,
            ),
            (
                "---\n\n  # c\n  Parameters: {}\n  Resources:\n    A:\n      Type: AWS::S3::Bucket\n",
                true,
            ),
            // A Kubernetes manifest, a Compose file, a workflow, an Ansible play.
            (
                "kind: Deployment\nspec:\n  resources:\n    limits: {}\n",
                false,
            ),
            ("services:\n  web:\n    image: x\n", false),
            (
                "on: push\njobs:\n  a:\n    steps:\n      - run: cat Resources Type\n",
                false,
            ),
            (
                "- hosts: all\n  tasks:\n    - cloudformation:\n        template_body: 'Resources: Type: AWS::S3::Bucket'\n",
                false,
            ),
            // A template inside something else, a resource schema, a parameter file, a cdk manifest.
            (
                "data:\n  template: |\n    Resources:\n      A:\n        Type: AWS::S3::Bucket\n",
                false,
            ),
            (
                "{\"a\": {\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}}",
                false,
            ),
            (
                "{\"typeName\": \"AWS::S3::Bucket\", \"properties\": {\"Resources\": {\"type\": \"object\"}}}",
                false,
            ),
            (
                "[{\"ParameterKey\": \"Resources\", \"ParameterValue\": \"Type: AWS::X::Y\"}]",
                false,
            ),
            ("{\"Parameters\": {\"Type\": \"AWS::S3::Bucket\"}}", false),
            (
                "{\"version\": \"20.0.0\", \"artifacts\": {\"Tree\": {\"type\": \"cdk:tree\"}}}",
                false,
            ),
            ("", false),
        ] {
            assert_eq!(is_template(text), expected, "{text}");
        }
    }

    #[test]
    fn local_templates_are_found() {
        let text = "
Resources:
  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./a.yaml, Parameters: {}}}
  B:
    Type: AWS::CloudFormation::Stack
    Properties:
      # TemplateURL: commented.yaml
      TemplateURL: 'b/b.yaml'
  C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: file://c.json}}
  D: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Sub '${Bucket}/d.yaml'}}
  E: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://s3.amazonaws.com/b/e.yaml}}
  F: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./a.yaml}}
  G: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateURL: g.yaml}}
  H: {Type: AWS::Serverless::Application, Properties: {Location: h.yaml}}
";
        assert_eq!(
            nested_templates(text),
            ["./a.yaml", "b/b.yaml", "c.json", "h.yaml"]
        );
        let json = "{\n\t\"Resources\": {\"A\": {\"Type\": \"AWS::CloudFormation::Stack\", \"Properties\": {\"TemplateURL\": \"a\"}}}}";
        assert_eq!(nested_templates(json), ["a"]);
        let cdk = "
Resources:
  A:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: {'Fn::Join': ['', [https://s3., {Ref: 'AWS::Region'}]]}}
    Metadata: {'aws:asset:path': A.nested.template.json, 'aws:asset:property': TemplateURL}
";
        assert_eq!(nested_templates(cdk), ["A.nested.template.json"]);
        assert!(nested_templates("TemplateURL: [").is_empty());
    }
}

//! Declared: what a front end hands over, in native words. The one waist that both languages pass through.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::value::{Guard, Type, Value, World};

/// The language something is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Terraform and OpenTofu.
    Terraform,
    /// CloudFormation templates, JSON or YAML.
    CloudFormation,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Language::Terraform => "terraform",
            Language::CloudFormation => "cloudformation",
        })
    }
}

/// Everything one stack (a Terraform root module with all that it calls, or one template) declares. Loading never
/// fails: broken input gives fewer resources and more diagnostics.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The language.
    pub language: Language,
    /// Folder of the root module, or path of the template.
    pub root: Arc<str>,
    /// Resource instances, in order of address parts as their language orders them; deterministic.
    pub resources: Vec<DeclaredResource>,
    /// Resources of a template whose conditions certainly do not hold: without bodies, and part of no model.
    pub absent: Vec<DeclaredResource>,
    /// Outputs of the root.
    pub outputs: Vec<DeclaredOutput>,
    /// Input variables of the root, or the template's parameters.
    pub inputs: Vec<DeclaredInput>,
    /// Instances of module calls at all depths, also of modules that are not on this machine; none in templates.
    pub modules: Vec<DeclaredModule>,
    /// The template's named conditions; none in Terraform.
    pub conditions: Vec<DeclaredCondition>,
    /// What holds in every deployment: what a template's `Rules` demand of its parameters.
    pub constraint: Guard,
    /// Constructs of CDK that made resources, by address.
    pub constructs: BTreeMap<Arc<str>, Construct>,
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Declared {
    /// Nothing declared yet.
    pub fn new(language: Language, root: impl Into<Arc<str>>) -> Declared {
        Declared {
            language,
            root: root.into(),
            resources: Vec::new(),
            absent: Vec::new(),
            outputs: Vec::new(),
            inputs: Vec::new(),
            modules: Vec::new(),
            conditions: Vec::new(),
            constraint: Guard::Always,
            constructs: BTreeMap::new(),
            diagnostics: Vec::new(),
        }
    }

    /// The world of which nothing is known but what holds in every deployment.
    pub fn world(&self) -> World {
        World::of_all(&self.constraint)
    }

    /// A condition in the words of the template: `IsProd and not InEurope`. What no named condition says is said as it is.
    pub fn in_words(&self, guard: &Guard) -> String {
        let named = |guard: &Guard| {
            let known = self.conditions.iter().find(|known| known.guard == *guard);
            known.map(|known| known.name.to_string())
        };
        if let Some(name) = named(guard) {
            return name;
        }
        if let Some(name) = named(&!guard.clone()) {
            return format!("not {name}");
        }
        let (parts, word) = match guard {
            Guard::All(parts) => (parts, " and "),
            Guard::Any(parts) => (parts, " or "),
            Guard::Not(inner) => {
                let words = self.in_words(inner);
                let is_joint = matches!(**inner, Guard::All(_) | Guard::Any(_));
                return match (words == inner.to_string(), is_joint) {
                    (true, _) => guard.to_string(),
                    (false, true) => format!("not ({words})"),
                    (false, false) => format!("not {words}"),
                };
            }
            _ => return guard.to_string(),
        };
        // Joints are flat: a named condition may be some of the parts.
        let mut left: Vec<&Guard> = parts.iter().collect();
        let mut words = Vec::new();
        for condition in &self.conditions {
            let own = match (&condition.guard, guard) {
                (Guard::All(own), Guard::All(_)) | (Guard::Any(own), Guard::Any(_)) => own,
                _ => continue,
            };
            if own.iter().all(|part| left.contains(&part)) {
                left.retain(|part| !own.contains(part));
                words.push(condition.name.to_string());
            }
        }
        for part in left {
            let said = self.in_words(part);
            let is_joint = matches!(part, Guard::All(_) | Guard::Any(_)) && named(part).is_none();
            words.push(if is_joint { format!("({said})") } else { said });
        }
        words.join(word)
    }
}

/// A construct of CDK that made a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Construct {
    /// Its path: `Stack/Bucket/Resource`.
    pub path: Arc<str>,
    /// The file, line and column of the code that made it, as the assembly gives them, if it does.
    pub code: Option<Arc<str>>,
}

/// One resource instance.
#[derive(Clone, Debug)]
pub struct DeclaredResource {
    /// As the user would write it: `module.a["k"].aws_x.y[0]`, a logical id; `aws_x.y[*]` if it stands for an unknown
    /// number of instances.
    pub address: Arc<str>,
    /// Native type: `aws_instance`, `data.aws_ami` for look-ups, `AWS::EC2::Instance`.
    pub native_kind: Arc<str>,
    /// Address of the module instance; empty in the root and in templates.
    pub module: Arc<str>,
    /// The arguments or properties: an object. In Terraform, nested blocks are lists of objects (kind `Block`) whatever
    /// their number, in source order, `dynamic` ones expanded; meta-arguments (`count`, `lifecycle`, …) are left out.
    pub body: Value,
    /// What names the resource: `resource "a" "b"` without the brace, or the logical id. One line.
    pub header: Span,
    /// The whole block.
    pub block: Span,
    /// When it exists. Resources that certainly do not exist are not declared.
    pub exists: Guard,
    /// Whether it stands for an unknown number of instances.
    pub is_symbolic: bool,
}

/// An output value.
#[derive(Clone, Debug)]
pub struct DeclaredOutput {
    /// Its name.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
    /// What names it.
    pub header: Span,
    /// When it exists.
    pub exists: Guard,
    /// Whether its block says that it is sensitive.
    pub is_sensitive: bool,
    /// Its type, where the language has types of values.
    pub of: Option<Type>,
}

/// An input variable of a root module, or a template parameter.
#[derive(Clone, Debug)]
pub struct DeclaredInput {
    /// Its name.
    pub name: Arc<str>,
    /// Its value: given, default, or unknown.
    pub value: Value,
    /// What names it.
    pub header: Span,
}

/// One instance of a module call.
#[derive(Clone, Debug)]
pub struct DeclaredModule {
    /// Name of the call: `b`.
    pub name: Arc<str>,
    /// Address of the instance: `module.a["k"].module.b`.
    pub address: Arc<str>,
    /// Address of the module instance that calls it, empty in the root.
    pub module: Arc<str>,
    /// The `source` argument, if it is a literal.
    pub source: Option<Value>,
    /// The `version` argument, if it is a literal.
    pub version: Option<Value>,
    /// What names the call. One line.
    pub header: Span,
    /// The whole block.
    pub block: Span,
    /// When it exists.
    pub exists: Guard,
}

/// A named condition of a template.
#[derive(Clone, Debug)]
pub struct DeclaredCondition {
    /// Its name.
    pub name: Arc<str>,
    /// Its formula.
    pub guard: Guard,
    /// What names it.
    pub header: Span,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Atom, Subject};

    #[test]
    fn conditions_are_said_in_the_words_of_the_template() {
        let flag = |name: &str| {
            Guard::Is(Atom {
                subject: Arc::new(Subject::opaque("", name)),
                equals: Some("x".into()),
            })
        };
        let mut declared = Declared::new(Language::CloudFormation, "t");
        for (name, guard) in [
            ("A", flag("a")),
            ("Both", flag("b").and(flag("c"))),
            ("D", !flag("d")),
        ] {
            declared.conditions.push(DeclaredCondition {
                name: name.into(),
                guard,
                header: Span::NONE,
            });
        }
        for (guard, expected) in [
            (flag("a"), "A"),
            (!flag("a"), "not A"),
            (flag("d"), "not D"),
            (flag("a").and(flag("b")).and(flag("c")), "Both and A"),
            (!(flag("b").and(flag("c"))), "not Both"),
            (
                (!flag("a")).and(flag("d").or(flag("e"))),
                "not A and (not D or e is \"x\")",
            ),
            (flag("e"), "e is \"x\""),
            (!(flag("e").or(flag("a"))), "not (e is \"x\" or A)"),
        ] {
            assert_eq!(declared.in_words(&guard), expected);
        }
    }
}

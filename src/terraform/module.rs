//! The files of one folder in, one module out: its blocks by name, overrides merged.

use std::sync::{Arc, Mutex, OnceLock};

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::declarations;
use super::syntax::{self, Attribute, Block, Body, Expr};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::source::files::join;
use crate::source::{EntryKind, Files, SourceMap, Span};

type Named<T> = IndexMap<Arc<str>, T, FxBuildHasher>;

/// The declarations of one folder.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// The folder, as `Files` knows it.
    pub folder: Arc<str>,
    /// The same with links resolved.
    pub resolved: Arc<str>,
    /// `variable` blocks.
    pub variables: Named<Arc<Block>>,
    /// Local values.
    pub locals: Named<Arc<Attribute>>,
    /// `output` blocks.
    pub outputs: Named<Arc<Block>>,
    /// `resource` blocks as `type.name`, `data` blocks as `data.type.name`.
    pub resources: Named<Arc<Block>>,
    /// `module` blocks.
    pub calls: Named<Arc<Block>>,
    /// Versions of the AWS provider that it asks for: `~> 5.0`.
    pub provider_versions: Vec<Arc<str>>,
    /// `provider` blocks as `name` or `name.alias`.
    pub providers: Named<Arc<Block>>,
    /// `check` blocks; the data sources in them are among the resources, too.
    pub checks: Named<Arc<Block>>,
    /// `moved`, `removed` and `import` blocks.
    pub statements: Vec<Block>,
    /// Versions of Terraform that it asks for.
    pub required_versions: Vec<(Arc<str>, Span)>,
    /// Whether all files could be read: what could not be may declare what seems not to be declared.
    pub is_whole: bool,
}

/// Modules that were read, by folder: what is evaluated several times is parsed once.
#[derive(Debug, Default)]
pub struct Modules(Mutex<FxHashMap<Arc<str>, Slot>>);

type Slot = Arc<OnceLock<(Arc<Module>, Vec<Diagnostic>)>>;

impl Modules {
    /// The module in a folder, and what is wrong with its files.
    pub(super) fn get(
        &self,
        files: &dyn Files,
        sources: &SourceMap,
        folder: &str,
    ) -> (Arc<Module>, Vec<Diagnostic>) {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(|e| e.into_inner());
            slots.entry(folder.into()).or_default().clone()
        };
        let read = slot.get_or_init(|| {
            let mut diagnostics = Vec::new();
            let module = load(files, sources, folder, &mut diagnostics);
            (Arc::new(module), diagnostics)
        });
        read.clone()
    }
}

/// Reads a folder. Diagnostics for files that cannot be read or parsed; the rest of the module is there all the same.
fn load(
    files: &dyn Files,
    sources: &SourceMap,
    folder: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Module {
    let mut module = Module {
        folder: folder.into(),
        resolved: files.resolve(folder).into(),
        ..Module::default()
    };
    let entries = match files.list(folder) {
        Ok(entries) => entries,
        Err(error) => {
            diagnostics.push(
                Diagnostic::new(
                    Level::Error,
                    "unreadable_file",
                    format!("cannot list this folder: {error}"),
                )
                .in_file(folder)
                .hint("check that it exists and that you may read it")
                .incomplete(),
            );
            return module;
        }
    };
    let names: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::File)
        .map(|entry| entry.name.as_str())
        .filter(|name| is_loaded(name))
        .collect();
    // OpenTofu: `x.tofu` hides `x.tf`.
    let is_hidden = |name: &str| {
        let tofu = name.strip_suffix(".tf").map(|stem| format!("{stem}.tofu"));
        let tofu_json = name
            .strip_suffix(".tf.json")
            .map(|stem| format!("{stem}.tofu.json"));
        tofu.or(tofu_json)
            .is_some_and(|other| names.contains(&other.as_str()))
    };
    let (overrides, plain): (Vec<&str>, Vec<&str>) = names
        .iter()
        .copied()
        .filter(|name| !is_hidden(name))
        .partition(|name| is_override(name));
    for (name, is_override) in plain
        .into_iter()
        .map(|n| (n, false))
        .chain(overrides.into_iter().map(|n| (n, true)))
    {
        let path = join(folder, name);
        if let Some(body) = read(files, sources, &path, diagnostics) {
            module.add(body, is_override, diagnostics);
        }
    }
    module.is_whole = diagnostics.iter().all(|said| said.level != Level::Error);
    declarations::check(&module, diagnostics);
    module
}

/// Reads one file of either syntax.
pub(super) fn read(
    files: &dyn Files,
    sources: &SourceMap,
    path: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Body> {
    let unreadable = |why: String, hint: &str| {
        Diagnostic::new(
            Level::Error,
            "unreadable_file",
            format!("cannot read this file: {why}"),
        )
        .in_file(path)
        .hint(hint.to_owned())
        .incomplete()
    };
    let text = match files.read(path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            diagnostics.push(unreadable(
                "it is not UTF-8 text".to_owned(),
                "Terraform files are UTF-8; convert it",
            ));
            return None;
        }
        Err(error) => {
            diagnostics.push(unreadable(
                error.to_string(),
                "check that it exists and that you may read it",
            ));
            return None;
        }
    };
    let file = sources.add(path, &text);
    let (body, mut found) = if path.ends_with(".json") {
        super::json_syntax::parse(&file)
    } else {
        syntax::parse(&file)
    };
    diagnostics.append(&mut found);
    Some(body)
}

/// Whether Terraform loads a file of this name.
pub(super) fn is_loaded(name: &str) -> bool {
    let is_ignored = name.starts_with('.') || name.ends_with('~');
    !is_ignored
        && [".tf", ".tf.json", ".tofu", ".tofu.json"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

fn is_override(name: &str) -> bool {
    let stem = [".tf.json", ".tofu.json", ".tf", ".tofu"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending));
    stem.is_some_and(|stem| stem == "override" || stem.ends_with("_override"))
}

/// The blocks that may stand at the top of a file.
const KNOWN_BLOCKS: [&str; 17] = [
    "action",
    "check",
    "data",
    "ephemeral",
    "import",
    "language",
    "list",
    "locals",
    "module",
    "moved",
    "output",
    "provider",
    "removed",
    "resource",
    "run",
    "terraform",
    "variable",
];

impl Module {
    fn add(&mut self, body: Body, is_override: bool, diagnostics: &mut Vec<Diagnostic>) {
        for block in body.blocks {
            let (named, name, needed) = match &*block.keyword {
                "variable" => (&mut self.variables, block.label(0), 1),
                "output" => (&mut self.outputs, block.label(0), 1),
                "module" => (&mut self.calls, block.label(0), 1),
                "resource" => {
                    let name = format!("{}.{}", block.label(0), block.label(1));
                    (&mut self.resources, name.into(), 2)
                }
                "data" => {
                    let name = format!("data.{}.{}", block.label(0), block.label(1));
                    (&mut self.resources, name.into(), 2)
                }
                "provider" => {
                    let alias = match block.body.attribute("alias").map(|a| &a.value.kind) {
                        Some(Expr::Text(alias, _)) => format!(".{alias}"),
                        _ => String::new(),
                    };
                    let name = format!("{}{alias}", block.label(0));
                    (&mut self.providers, name.into(), 1)
                }
                "locals" => {
                    self.add_locals(block.body, is_override, diagnostics);
                    continue;
                }
                "terraform" => {
                    self.provider_versions.extend(provider_version(&block.body));
                    if let Some(required) = block.body.attribute("required_version")
                        && let Expr::Text(version, _) = &required.value.kind
                    {
                        let required = (version.clone(), required.value.span);
                        if is_override {
                            self.required_versions.clear();
                        }
                        self.required_versions.push(required);
                    }
                    continue;
                }
                "check" => {
                    // A check's look-up is a data source of the module.
                    let blocks = block.body.blocks_named("data").cloned().collect();
                    let body = Body {
                        attributes: Vec::new(),
                        blocks,
                    };
                    self.add(body, is_override, diagnostics);
                    (&mut self.checks, block.label(0), 1)
                }
                "moved" | "removed" | "import" => {
                    self.statements.push(block);
                    continue;
                }
                _ => {
                    if !KNOWN_BLOCKS.contains(&&*block.keyword) {
                        let mut diagnostic = Diagnostic::error(
                            "syntax",
                            block.header,
                            format!("there are no blocks called `{}`", block.keyword),
                        );
                        diagnostic.hint = did_you_mean(&block.keyword, KNOWN_BLOCKS);
                        diagnostics.push(diagnostic);
                    }
                    continue;
                }
            };
            if block.labels.len() != needed {
                diagnostics.push(
                    Diagnostic::error(
                        "syntax",
                        block.header,
                        format!(
                            "`{}` needs {needed} label(s) and has {}",
                            block.keyword,
                            block.labels.len()
                        ),
                    )
                    .hint("name it, as in `resource \"aws_instance\" \"web\" {`"),
                );
                if block.labels.len() < needed {
                    continue;
                }
            }
            match named.get_mut(&name) {
                Some(base) if is_override => *base = Arc::new(overridden(base, block)),
                Some(first) => diagnostics.push(
                    Diagnostic::error(
                        "duplicate",
                        block.header,
                        format!("`{name}` is declared twice"),
                    )
                    .label(first.header, "first declared here")
                    .hint("only the first is analysed; rename or remove one"),
                ),
                None if is_override => {
                    diagnostics.push(nothing_to_override(block.header, &format!("`{name}`")))
                }
                None => {
                    named.insert(name, Arc::new(block));
                }
            }
        }
    }

    fn add_locals(&mut self, body: Body, is_override: bool, diagnostics: &mut Vec<Diagnostic>) {
        declarations::no_blocks(&body, diagnostics);
        for attribute in body.attributes {
            if let Some(first) = self.locals.get(&attribute.name)
                && !is_override
            {
                diagnostics.push(
                    Diagnostic::error(
                        "duplicate",
                        attribute.name_span,
                        format!("local `{}` is declared twice", attribute.name),
                    )
                    .label(first.name_span, "first declared here")
                    .hint("only the first is analysed; rename or remove one"),
                );
                continue;
            }
            if is_override && !self.locals.contains_key(&attribute.name) {
                let name = format!("local `{}`", attribute.name);
                diagnostics.push(nothing_to_override(attribute.name_span, &name));
                continue;
            }
            self.locals
                .insert(attribute.name.clone(), Arc::new(attribute));
        }
    }
}

/// The version of the AWS provider that a `terraform` block asks for.
fn provider_version(body: &Body) -> Option<Arc<str>> {
    let is_named = |item: &&syntax::ObjectItem, wanted: &str| match &item.key {
        syntax::ObjectKey::Name(name) => **name == *wanted,
        syntax::ObjectKey::Computed(key) => {
            matches!(&key.kind, Expr::Text(name, _) if **name == *wanted)
        }
    };
    let member = |of: &Expr, wanted: &str| match of {
        Expr::Object(items) => {
            let item = items.iter().find(|item| is_named(item, wanted))?;
            Some(item.value.kind.clone())
        }
        _ => None,
    };
    let block = body.blocks_named("required_providers").next();
    let aws = match block {
        Some(block) => block.body.attribute("aws")?.value.kind.clone(),
        // In JSON it is an object.
        None => member(&body.attribute("required_providers")?.value.kind, "aws")?,
    };
    match (member(&aws, "version"), aws) {
        (Some(Expr::Text(version, _)), _) => Some(version),
        // Before 0.13 the version stood alone.
        (None, Expr::Text(version, _)) => Some(version),
        _ => None,
    }
}

fn nothing_to_override(place: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        "missing_base",
        place,
        format!("{name} is declared in override files only"),
    )
    .hint("an override file changes what other files declare; move this to one of them")
}

/// A block with an override merged in: arguments one by one, nested blocks of a type all together (a `dynamic` block
/// counts as the type that it makes). <https://developer.hashicorp.com/terraform/language/files/override>
fn overridden(base: &Block, over: Block) -> Block {
    let kind = |block: &Block| {
        if &*block.keyword == "dynamic" {
            block.label(0)
        } else {
            block.keyword.clone()
        }
    };
    let mut merged = base.clone();
    let mut over = over;
    // `lifecycle` alone is merged argument by argument.
    over.body.blocks.retain(|block| {
        let own = merged
            .body
            .blocks
            .iter_mut()
            .find(|own| &*own.keyword == "lifecycle" && &*block.keyword == "lifecycle");
        match own {
            Some(own) => {
                *own = overridden(own, block.clone());
                false
            }
            None => true,
        }
    });
    let replaced: Vec<Arc<str>> = over.body.blocks.iter().map(kind).collect();
    merged
        .body
        .blocks
        .retain(|block| !replaced.contains(&kind(block)));
    merged.body.blocks.extend(over.body.blocks);
    for attribute in over.body.attributes {
        match merged
            .body
            .attributes
            .iter_mut()
            .find(|a| a.name == attribute.name)
        {
            Some(slot) => *slot = attribute,
            None => merged.body.attributes.push(attribute),
        }
    }
    merged
}

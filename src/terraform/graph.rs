//! The graph of a root module: variables, locals, outputs, resources and module calls, each evaluated once, when it is
//! first needed. Modules are not nodes: two modules may feed each other as long as no single value needs itself.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::{Place, Shape};
use super::evaluate::{Evaluated, Fault, depends, iterated, sequence};
use super::module::{Module, Modules};
use super::planned::View;
use super::schema::{self, What};
use super::syntax::{Access, Block, Body, Expression, Operator};
use super::types::{self, Type};
use super::{policy_document, variables};
use crate::declared::{Declared, DeclaredInput, DeclaredModule, DeclaredOutput, DeclaredResource};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::project::{Given, Inputs};
use crate::source::files::{is_below, join, normalise};
use crate::source::{Files, SourceMap, Span};
use crate::value::{
    Alternative, Atom, Data, Guard, List, ListKind, Member, Members, Object, ObjectKind, Reason,
    Reference, Step, Subject, Unknown, Value, World,
};

/// Instances of one block.
const MOST_INSTANCES: usize = 10_000;
/// Instances of all blocks of a root module.
const MOST_RESOURCES: usize = 50_000;
/// Module instances in a root module: calls of calls multiply.
const MOST_MODULES: usize = 10_000;
/// Modules within modules.
const DEEPEST_MODULE: usize = 64;

/// Arguments that say how a resource is managed, not what it is.
const META_ARGUMENTS: &[&str] = &["count", "for_each", "provider", "depends_on"];
const META_BLOCKS: &[&str] = &["lifecycle", "provisioner", "connection"];

/// Schemas of types that were asked for.
type Schemas = FxHashMap<(What, Arc<str>), Option<Arc<schema::Body>>>;

/// Module instance and name of a provider configuration.
type ProviderKey = (Arc<str>, Arc<str>);

/// The state of one evaluation.
pub(super) struct Evaluator<'a> {
    pub files: &'a dyn Files,
    pub sources: &'a SourceMap,
    /// Folder of the root module.
    pub root: Arc<str>,
    pub inputs: &'a Inputs,
    /// What `terraform.workspace` is.
    workspace: String,
    /// Resolved folder outside of which functions read nothing; none where paths do not resolve to absolute ones.
    pub outermost: Option<String>,
    /// Variables of the root as a plan has them.
    pub planned: &'a [(Arc<str>, Value)],
    pub given: variables::Given,
    pub depth: Cell<usize>,
    pub steps: Cell<u64>,
    /// Steps before the value that is being computed, those of other values that it needs left out.
    pub started: Cell<u64>,
    /// Templates from files that are being evaluated.
    pub templates: Cell<usize>,
    quiet: Cell<usize>,
    partial: Cell<usize>,
    instances: Cell<usize>,
    children: Cell<usize>,
    /// Schemas of types.
    schemas: RefCell<Schemas>,
    /// The version of the AWS provider that the lock file of the root names.
    locked: Option<String>,
    /// Whether the schema is that of the provider that is meant, by folder of the module.
    is_exact: RefCell<FxHashMap<Arc<str>, bool>>,
    /// Default tags by module instance and provider.
    provider_tags: RefCell<FxHashMap<ProviderKey, Option<Value>>>,
    parsed: &'a Modules,
    /// Those of them whose faults were said.
    modules: RefCell<FxHashMap<Arc<str>, Arc<Module>>>,
    /// Folders of installed modules by dotted call path.
    installed: HashMap<String, String>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    said: RefCell<FxHashSet<(Span, String)>>,
    /// Folders of modules whose references were looked at.
    looked_at: RefCell<FxHashSet<Arc<str>>>,
}

/// The workspace: given, or selected in the folder of the root module, or the one there always is.
/// <https://developer.hashicorp.com/terraform/cli/workspaces>
fn workspace(files: &dyn Files, root: &str, inputs: &Inputs) -> String {
    let selected = || {
        let bytes = files.read(&join(root, ".terraform/environment")).ok()?;
        let name = String::from_utf8(bytes).ok()?.trim().to_owned();
        (!name.is_empty()).then_some(name)
    };
    let given = inputs.workspace.clone().or_else(|| inputs.selected.clone());
    given
        .or_else(selected)
        .unwrap_or_else(|| "default".to_owned())
}

/// The folder that bounds what functions read: the one given, the work tree around the root module, or its folder.
fn outermost(files: &dyn Files, root: &str, inputs: &Inputs) -> Option<String> {
    let folder = files.resolve(root);
    if !folder.starts_with('/') {
        return None;
    }
    let given = inputs.outermost.clone();
    if let Some(given) = given.filter(|given| is_below(given, &folder)) {
        return Some(given);
    }
    let mut around = folder.as_str();
    loop {
        if files.kind(&join(around, ".git")).is_some() {
            return Some(around.to_owned());
        }
        match around.rsplit_once('/') {
            Some((parent, _)) if !parent.is_empty() => around = parent,
            _ => return Some(folder),
        }
    }
}

/// One instance of a module: the root, or one that a call makes.
pub(super) struct Instance {
    pub(super) module: Arc<Module>,
    /// `module.a["k"]`; empty for the root.
    address: Arc<str>,
    /// `a.b` as in `modules.json`.
    path: String,
    level: usize,
    exists: Guard,
    call: Option<CallSite>,
    nodes: RefCell<FxHashMap<Node, State>>,
    expansions: RefCell<FxHashMap<Arc<str>, Option<Rc<Expansion>>>>,
}

struct CallSite {
    parent: Rc<Instance>,
    block: Arc<Block>,
    item: Each,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Node {
    Variable(Arc<str>),
    Local(Arc<str>),
    Output(Arc<str>),
}

#[derive(Clone)]
enum State {
    Busy,
    Done(Value, Step),
}

/// The place that asks for all instances, and for which attribute of them.
type Asked = (Span, Option<Arc<str>>);

/// What `count` or `for_each` makes of a block.
struct Expansion {
    form: Form,
    items: Vec<Item>,
    /// All instances, or one attribute of all, by the place that asks: each of many instances of the asking block shares
    /// it.
    collected: RefCell<FxHashMap<Asked, Value>>,
}

impl Expansion {
    fn new(form: Form, items: Vec<Item>) -> Expansion {
        Expansion {
            form,
            items,
            collected: RefCell::default(),
        }
    }

    /// What is made once for a place.
    fn shared(
        &self,
        place: Span,
        attribute: Option<&Arc<str>>,
        make: impl FnOnce() -> Value,
    ) -> Value {
        let key = (place, attribute.cloned());
        if let Some(known) = self.collected.borrow().get(&key) {
            return known.clone();
        }
        let made = make();
        self.collected.borrow_mut().insert(key, made.clone());
        made
    }
}

enum Form {
    Single,
    Count,
    ForEach,
    /// The number of instances is not known; one item stands for all.
    Symbolic,
}

pub(super) struct Item {
    /// `[0]`, `["k"]`, `[*]` or empty.
    key: String,
    pub(super) each: Each,
    /// When this instance exists, its module instance given.
    guard: Guard,
    pub(super) address: Arc<str>,
    body: OnceCell<Value>,
    busy: Cell<bool>,
    /// For module calls: the instance.
    child: OnceCell<Option<Rc<Instance>>>,
}

/// `count.index`, `each.key` and `each.value`.
#[derive(Clone, Default)]
pub(super) struct Each {
    index: Option<Value>,
    entry: Option<(Value, Value)>,
    key: Arc<str>,
}

/// What names mean where an expression stands.
pub(super) struct Scope<'s> {
    instance: &'s Rc<Instance>,
    each: Option<&'s Each>,
    names: &'s [(Arc<str>, Value)],
    outer: Option<&'s Scope<'s>>,
    /// Only the bound names exist: inside template files.
    is_sealed: bool,
    span: Span,
}

impl<'s> Scope<'s> {
    /// This scope with more names.
    pub(super) fn with(&'s self, names: &'s [(Arc<str>, Value)]) -> Scope<'s> {
        Scope {
            names,
            outer: Some(self),
            ..*self
        }
    }

    /// Only these names.
    pub(super) fn only(&'s self, names: &'s [(Arc<str>, Value)]) -> Scope<'s> {
        Scope {
            names,
            outer: None,
            is_sealed: true,
            ..*self
        }
    }

    /// The block or argument that is being evaluated.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// What tells this place from another instance of the same text.
    pub(super) fn key(&self) -> String {
        let item = self.each.map_or("", |each| &each.key);
        format!("{}{item}", self.instance.address)
    }

    fn bound(&self, name: &str) -> Option<&Value> {
        let mut scope = self;
        loop {
            if let Some((_, value)) = scope.names.iter().find(|(bound, _)| **bound == *name) {
                return Some(value);
            }
            scope = scope.outer?;
        }
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        files: &'a dyn Files,
        sources: &'a SourceMap,
        root: &str,
        inputs: &'a Inputs,
        planned: &'a [(Arc<str>, Value)],
        parsed: &'a Modules,
    ) -> Evaluator<'a> {
        let mut diagnostics = Vec::new();
        let installed = installed_modules(files, root, &mut diagnostics);
        Evaluator {
            files,
            sources,
            root: root.into(),
            inputs,
            workspace: workspace(files, root, inputs),
            outermost: outermost(files, root, inputs),
            planned,
            given: variables::Given::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
            started: Cell::new(0),
            templates: Cell::new(0),
            quiet: Cell::new(0),
            partial: Cell::new(0),
            instances: Cell::new(0),
            children: Cell::new(0),
            schemas: RefCell::default(),
            locked: locked_version(files, root),
            is_exact: RefCell::default(),
            provider_tags: RefCell::default(),
            parsed,
            modules: RefCell::default(),
            installed,
            diagnostics: RefCell::new(diagnostics),
            said: RefCell::default(),
            looked_at: RefCell::default(),
        }
    }

    /// Evaluates everything that the root module declares.
    pub(super) fn run(mut self, declared: &mut Declared) {
        let module = self.module(&self.root.clone());
        let mut found = Vec::new();
        self.given = variables::Given::read(
            self.files,
            self.sources,
            &self.root,
            self.inputs,
            // Without code, a plan stands alone.
            self.planned
                .iter()
                .filter(|(name, _)| module.variables.contains_key(name))
                .cloned(),
            &mut found,
        );
        self.diagnostics.borrow_mut().append(&mut found);
        for (name, given) in self.given.undeclared(&module) {
            self.say(
                Diagnostic::warning(
                    "undeclared_variable",
                    given,
                    format!("no variable `{name}` is declared"),
                )
                .hint("remove the value, or declare the variable"),
            );
        }
        // Where many modules are looked at, a value may be meant for another one.
        for given in &self.inputs.given {
            if let Given::Value(name, _) = given
                && self.is_refusing()
                && !module.variables.contains_key(name.as_str())
            {
                let message = format!("`--var {name}=…` sets no variable of the root module");
                self.say(
                    Diagnostic::new(Level::Error, "undeclared_variable", message)
                        .hint("remove it, or declare the variable"),
                );
            }
        }
        let root = Rc::new(Instance {
            module,
            address: "".into(),
            path: String::new(),
            level: 0,
            exists: Guard::Always,
            call: None,
            nodes: RefCell::default(),
            expansions: RefCell::default(),
        });
        self.declare(&root, declared);
        for (name, block) in &root.module.outputs {
            let value = self.output(&root, name, block);
            let wrong = match &value {
                value if types::is_ephemeral(value) => Some("an ephemeral value"),
                value if types::is_infinite(value) => Some("an infinite number"),
                // Modules that are called may pass them on.
                value
                    if self.inputs.working_folder.is_some()
                        && value.has_sensitive()
                        && !is_marked_sensitive(block) =>
                {
                    Some("sensitive without saying so")
                }
                _ => None,
            };
            if let Some(wrong) = wrong {
                self.say_fault(Fault::new(
                    block.header,
                    format!("output `{name}` cannot be {wrong}"),
                ));
            }
            declared.outputs.push(DeclaredOutput {
                name: name.clone(),
                of: self.inputs.as_planned.then(|| {
                    if value.is_null() {
                        Type::Any
                    } else {
                        types::type_of(&value)
                    }
                }),
                value,
                header: block.header,
                exists: Guard::Always,
                is_sensitive: is_marked_sensitive(block),
            });
        }
        for (name, block) in &root.module.variables {
            declared.inputs.push(DeclaredInput {
                name: name.clone(),
                value: match self.variable(&root, name, block.header) {
                    Ok((value, _)) => value,
                    Err(fault) => {
                        Value::unknown(Reason::Invalid(fault.message.into()), block.header)
                    }
                },
                header: block.header,
            });
        }
        declared
            .diagnostics
            .append(&mut self.diagnostics.borrow_mut());
    }

    fn declare(&self, instance: &Rc<Instance>, declared: &mut Declared) {
        self.check_uses(instance);
        self.check_values(instance);
        if self.is_refusing() {
            self.refuse(instance);
        }
        for (name, block) in &instance.module.providers {
            let scope = self.scope(instance, None, block.header);
            let data = Data::Object(Object::new(
                ObjectKind::Block,
                self.body(&block.body, &scope, Place::unknown(block.header, true)),
            ));
            declared.resources.push(DeclaredResource {
                address: address_in(instance, &format!("provider.{name}")).into(),
                native_kind: format!("provider.{}", block.label(0)).into(),
                module: instance.address.clone(),
                body: Value::new(data, block.header),
                header: block.header,
                block: block.span,
                exists: instance.exists.clone(),
                is_symbolic: false,
            });
        }
        for (name, block) in &instance.module.resources {
            let expansion = self.expansion(instance, name, block);
            if expansion.items.is_empty() {
                self.check_names(instance, block);
            }
            for item in &expansion.items {
                let exists = instance.exists.clone().and(item.guard.clone());
                if World::new().assuming(&exists).is_none() {
                    continue;
                }
                let native = name.rsplit_once('.').map_or(&**name, |(kind, _)| kind);
                declared.resources.push(DeclaredResource {
                    address: item.address.clone(),
                    native_kind: native.into(),
                    module: instance.address.clone(),
                    body: match self.inputs.as_planned {
                        true => self.planned_body(instance, block, item),
                        false => self.body_of(instance, block, item),
                    },
                    header: block.header,
                    block: block.span,
                    exists,
                    is_symbolic: matches!(expansion.form, Form::Symbolic),
                });
            }
        }
        for (name, block) in &instance.module.calls {
            let expansion = self.expansion(instance, &format!("module.{name}").into(), block);
            for item in &expansion.items {
                declared.modules.push(DeclaredModule {
                    name: name.clone(),
                    address: item.address.clone(),
                    module: instance.address.clone(),
                    source: literal(block, "source"),
                    version: literal(block, "version"),
                    header: block.header,
                    block: block.span,
                    exists: instance.exists.clone().and(item.guard.clone()),
                });
                if let Some(child) = self.child(instance, name, block, item) {
                    self.declare(&child, declared);
                }
            }
        }
        self.check_conditions(instance);
    }

    /// Whether a module is looked at for the first time.
    pub(super) fn first_seen(&self, module: &Module) -> bool {
        self.looked_at.borrow_mut().insert(module.folder.clone())
    }

    /// Runs something for each instance of a block that surely exists.
    pub(super) fn each_item(
        &self,
        instance: &Rc<Instance>,
        name: &Arc<str>,
        block: &Arc<Block>,
        run: &mut dyn FnMut(&Item),
    ) {
        let expansion = self.expansion(instance, name, block);
        let items = expansion.items.iter();
        items.filter(|item| item.guard.is_always()).for_each(run);
    }

    // ---- saying ----

    /// Notes a diagnostic once, unless errors are nobody's concern just now.
    pub(super) fn say(&self, diagnostic: Diagnostic) {
        if self.quiet.get() > 0 {
            return;
        }
        let key = (
            diagnostic.span.unwrap_or(Span::NONE),
            diagnostic.message.clone(),
        );
        if self.said.borrow_mut().insert(key) {
            self.diagnostics.borrow_mut().push(diagnostic);
        }
    }

    pub(super) fn say_fault(&self, fault: Fault) {
        let mut diagnostic = Diagnostic::error("invalid_expression", fault.span, fault.message);
        diagnostic.hint = fault.hint;
        self.say(diagnostic);
    }

    /// Notes that a limit was hit.
    pub(super) fn limit(&self, span: Span, limit: &'static str) {
        self.say(
            Diagnostic::error("limit", span, format!("limit of onus hit: {limit}"))
                .hint("what depends on it is treated as unknown; split the configuration to have it analysed")
                .incomplete(),
        );
    }

    /// Runs something whose errors nobody needs to hear of.
    pub(super) fn quietly<T>(&self, run: impl FnOnce() -> T) -> T {
        self.quiet.set(self.quiet.get() + 1);
        let result = run();
        self.quiet.set(self.quiet.get() - 1);
        result
    }

    /// Runs something that may be an error in some worlds only.
    pub(super) fn partially<T>(&self, run: impl FnOnce() -> T) -> T {
        self.partial.set(self.partial.get() + 1);
        let result = run();
        self.partial.set(self.partial.get() - 1);
        result
    }

    /// Runs something whose result is kept for all who ask, whoever asks first: its errors are said, and worlds in which
    /// it is one are left out.
    fn apart<T>(&self, run: impl FnOnce() -> T) -> T {
        let (quiet, partial) = (self.quiet.replace(0), self.partial.replace(0));
        let before = self.steps.get();
        let started = self.started.replace(before);
        let result = run();
        self.started.set(started + (self.steps.get() - before));
        self.quiet.set(quiet);
        self.partial.set(partial);
        result
    }

    /// The value, or unknown and a diagnostic.
    pub(super) fn settle(&self, evaluated: Evaluated, span: Span) -> Value {
        match evaluated {
            // Worlds in which the expression is an error are worlds that are never deployed.
            Ok(Value {
                data: Data::Choice(alternatives),
                ..
            }) if alternatives.len() == 1 => alternatives[0].value.clone(),
            Ok(value) => value,
            Err(fault) => {
                let reason = Reason::Invalid(fault.message.as_str().into());
                self.say_fault(fault);
                Value::unknown(reason, span)
            }
        }
    }

    // ---- modules ----

    /// What a call at a place may look at.
    pub(super) fn function_call(&self, site: Span) -> super::functions::Call<'_> {
        super::functions::Call {
            site,
            files: self.files,
            folder: &self.root,
            outermost: self.outermost.as_deref(),
            working_folder: self.inputs.working_folder.as_deref(),
            as_planned: self.inputs.as_planned,
        }
    }

    fn module(&self, folder: &str) -> Arc<Module> {
        if let Some(module) = self.modules.borrow().get(folder) {
            return module.clone();
        }
        let (module, found) = self.parsed.get(self.files, self.sources, folder);
        for diagnostic in found {
            // Faults that evaluating finds again are said once.
            if let Some(span) = diagnostic.span {
                let key = (span, diagnostic.message.clone());
                self.said.borrow_mut().insert(key);
            }
            self.diagnostics.borrow_mut().push(diagnostic);
        }
        self.modules
            .borrow_mut()
            .insert(folder.into(), module.clone());
        module
    }

    /// The module instance behind one item of a call; none if its source is not here.
    fn child(
        &self,
        parent: &Rc<Instance>,
        name: &Arc<str>,
        block: &Arc<Block>,
        item: &Item,
    ) -> Option<Rc<Instance>> {
        item.child
            .get_or_init(|| {
                let path = if parent.path.is_empty() {
                    name.to_string()
                } else {
                    format!("{}.{name}", parent.path)
                };
                let folder = self.source_folder(parent, &path, block)?;
                if self.is_cyclic(parent, &folder) || parent.level >= DEEPEST_MODULE {
                    self.say(
                        Diagnostic::error(
                            "module_cycle",
                            block.header,
                            format!("module `{name}` contains itself"),
                        )
                        .hint("a module cannot call itself, directly or through others"),
                    );
                    return None;
                }
                self.children.set(self.children.get() + 1);
                if self.children.get() > MOST_MODULES {
                    self.limit(block.header, "10,000 module instances in one root module");
                    return None;
                }
                let module = self.module(&folder);
                self.check_arguments(&module, name, block);
                self.check_missing(&module, name, block);
                Some(Rc::new(Instance {
                    module,
                    address: item.address.clone(),
                    path,
                    level: parent.level + 1,
                    exists: parent.exists.clone().and(item.guard.clone()),
                    call: Some(CallSite {
                        parent: parent.clone(),
                        block: block.clone(),
                        item: item.each.clone(),
                    }),
                    nodes: RefCell::default(),
                    expansions: RefCell::default(),
                }))
            })
            .clone()
    }

    fn is_cyclic(&self, parent: &Rc<Instance>, folder: &str) -> bool {
        // Through links one folder has many names.
        let folder = self.files.resolve(folder);
        let mut at = Some(parent);
        while let Some(instance) = at {
            if *instance.module.resolved == *folder {
                return true;
            }
            at = instance.call.as_ref().map(|call| &call.parent);
        }
        false
    }

    /// Folder of a called module; none (and a note) if it is not on this machine.
    fn source_folder(&self, parent: &Rc<Instance>, path: &str, block: &Block) -> Option<String> {
        let source = source_of(block);
        if source.is_none() {
            let place = block.body.attribute("source");
            let place = place.map_or(block.header, |attribute| attribute.value.span);
            self.say(
                Diagnostic::error("module_missing", place, "`source` must be plain text").hint(
                    "it is read before anything is evaluated; what the module gives is unknown",
                ),
            );
            return None;
        }
        let source = source.as_deref().unwrap_or("");
        if source.starts_with("./") || source.starts_with("../") {
            let folder = join(&parent.module.folder, source);
            if self.files.kind(&folder) == Some(crate::source::EntryKind::Directory) {
                return Some(folder);
            }
            self.say(
                Diagnostic::error(
                    "module_missing",
                    block.header,
                    format!("module folder `{folder}` is not there"),
                )
                .hint("check `source`; what the module gives is unknown"),
            );
            return None;
        }
        if let Some(folder) = self.installed.get(path) {
            let folder = join(&self.root, folder);
            if self.files.kind(&folder) == Some(crate::source::EntryKind::Directory) {
                return Some(folder);
            }
        }
        let mut diagnostic = Diagnostic::new(
            Level::Note,
            "module_not_fetched",
            format!("module `{source}` is not on this machine: what it makes is not analysed"),
        );
        diagnostic = diagnostic
            .at(block.header)
            .hint("run `terraform init` (or `terraform get`) first");
        self.say(diagnostic);
        None
    }

    fn check_arguments(&self, module: &Module, name: &str, block: &Block) {
        const META: &[&str] = &[
            "source",
            "version",
            "providers",
            "count",
            "for_each",
            "depends_on",
        ];
        for attribute in &block.body.attributes {
            if !META.contains(&&*attribute.name) && !module.variables.contains_key(&attribute.name)
            {
                let known = module.variables.keys().map(|known| &**known);
                let message = format!("module `{name}` has no variable `{}`", attribute.name);
                let mut diagnostic =
                    Diagnostic::error("undeclared_variable", attribute.name_span, message);
                diagnostic.hint = did_you_mean(&attribute.name, known);
                self.say(diagnostic);
            }
        }
    }

    /// Whether all that Terraform refuses is said: where one root module is asked for, its values given. Modules that are
    /// found in folders are called by others, with values that are not seen.
    fn is_refusing(&self) -> bool {
        self.inputs.working_folder.is_some()
    }

    /// Variables without default that a call does not set.
    fn check_missing(&self, module: &Module, name: &str, block: &Block) {
        for (variable, declared) in &module.variables {
            let is_needed = declared.body.attribute("default").is_none()
                && block.body.attribute(variable).is_none();
            if is_needed {
                self.say(
                    Diagnostic::error(
                        "missing_argument",
                        block.header,
                        format!("module `{name}` needs a value for `{variable}`"),
                    )
                    .label(declared.header, "declared here, without default"),
                );
            }
        }
    }

    // ---- references ----

    /// The longest head of a traversal that names something: its value, and how many steps it took.
    pub(super) fn reference(
        &self,
        name: &str,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<(Value, usize), Fault> {
        if let Some(value) = scope.bound(name) {
            return Ok((super::evaluate::through(value.clone(), span), 0));
        }
        if scope.is_sealed {
            return Err(Fault::new(
                span,
                format!("`{name}` is not known here: a template knows only what it is given"),
            ));
        }
        let second = operators.first().and_then(|operator| match &operator.kind {
            Access::Attribute(name) => Some(name),
            _ => None,
        });
        let instance = scope.instance;
        let incomplete = || {
            Fault::new(
                span,
                format!("`{name}` needs a name after it, as in `{name}.x`"),
            )
        };
        match name {
            "var" => {
                let second = second.ok_or_else(incomplete)?;
                let (value, step) = self.variable(instance, second, span)?;
                Ok((value.read_at(span, step), 1))
            }
            "local" => {
                let second = second.ok_or_else(incomplete)?;
                let value = self.local(instance, second, span)?;
                Ok((value.read_at(span, Step::Local(second.clone())), 1))
            }
            "each" | "count" => {
                let second = second.ok_or_else(incomplete)?;
                let each = scope.each;
                let value = match (name, &**second) {
                    ("count", "index") => each.and_then(|each| each.index.clone()),
                    ("each", "key") => {
                        each.and_then(|each| each.entry.as_ref().map(|(key, _)| key.clone()))
                    }
                    ("each", "value") => {
                        each.and_then(|each| each.entry.as_ref().map(|(_, value)| value.clone()))
                    }
                    _ => None,
                };
                match value {
                    Some(value) => Ok((value.read_at(span, Step::Each), 1)),
                    None => Err(
                        Fault::new(span, format!("`{name}.{second}` means nothing here")).hint(
                            Some("it needs `count` or `for_each` on the block".to_owned()),
                        ),
                    ),
                }
            }
            "path" => {
                let second = second.ok_or_else(incomplete)?;
                let text = match (&**second, &self.inputs.working_folder) {
                    ("module", _) => relative(&self.root, &instance.module.folder),
                    ("root", _) => ".".to_owned(),
                    ("cwd", Some(folder)) => folder.clone(),
                    _ => {
                        return Ok((
                            Value::unknown(
                                Reason::Environment(format!("path.{second}").into()),
                                span,
                            ),
                            1,
                        ));
                    }
                };
                Ok((Value::text(text, span), 1))
            }
            "terraform" | "tofu" => Ok((Value::text(self.workspace.as_str(), span), 1)),
            // What an ephemeral resource gives exists while Terraform runs, and only then.
            "ephemeral" => {
                let used = operators.len().min(2);
                Ok((
                    Value::unknown(Reason::Depends(types::EPHEMERAL.into()), span),
                    used,
                ))
            }
            "self" => Ok((Value::unknown(Reason::Depends("`self`".into()), span), 0)),
            "module" => {
                self.module_reference(second.ok_or_else(incomplete)?, operators, span, scope)
            }
            "resource" => {
                let kind = second.ok_or_else(incomplete)?;
                match operators.get(1).map(|operator| &operator.kind) {
                    Some(Access::Attribute(label)) => self.resource_reference(
                        &format!("{kind}.{label}"),
                        2,
                        operators,
                        span,
                        scope,
                    ),
                    _ => Err(incomplete()),
                }
            }
            "data" => {
                let kind = second.ok_or_else(incomplete)?;
                match operators.get(1).map(|operator| &operator.kind) {
                    Some(Access::Attribute(label)) => self.resource_reference(
                        &format!("data.{kind}.{label}"),
                        2,
                        operators,
                        span,
                        scope,
                    ),
                    _ => Err(incomplete()),
                }
            }
            _ => match second {
                Some(label) => {
                    self.resource_reference(&format!("{name}.{label}"), 1, operators, span, scope)
                }
                None => Err(
                    Fault::new(span, format!("`{name}` is not known here")).hint(Some(
                        "references start with `var.`, `local.`, `module.`, `data.` or a type"
                            .to_owned(),
                    )),
                ),
            },
        }
    }

    fn resource_reference(
        &self,
        key: &str,
        used: usize,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<(Value, usize), Fault> {
        let instance = scope.instance;
        let Some((key, block)) = instance.module.resources.get_key_value(key) else {
            let known = instance.module.resources.keys().map(|known| &**known);
            return Err(
                Fault::new(span, format!("no `{key}` is declared in this module"))
                    .hint(did_you_mean(key, known)),
            );
        };
        let expansion = self.expansion(instance, key, block);
        let index = self.index_after(operators.get(used), scope)?;
        if index.is_some() && matches!(expansion.form, Form::Single) {
            return Err(Fault::new(
                span,
                format!("`{key}` has neither `count` nor `for_each`, so it has no instances to choose from"),
            )
            .hint(Some("remove the index".to_owned())));
        }
        let attribute = |position: usize| match operators.get(position).map(|o| &o.kind) {
            Some(Access::Attribute(name)) => Some(name),
            _ => None,
        };
        // One attribute is looked for alone: making all of them for each reference would cost too much.
        let check = |steps: &[Operator]| {
            let schema = self.schema_of(block);
            let schema = schema.filter(|_| self.is_exact(&instance.module, block));
            if let Some(wrong) = schema.and_then(|schema| schema.fault_in(steps)) {
                self.apart(|| self.say_fault(Fault::new(span, wrong)));
            }
        };
        let read = |item: &Item, position: usize| match attribute(position) {
            Some(name) => {
                check(&operators[position..]);
                let value = self.attribute_of(instance, block, item, name, span)?;
                Ok((value, position + 1))
            }
            None => Ok((self.object_of(instance, block, item), position)),
        };
        if let (Some(index), Form::Count | Form::ForEach) = (&index, &expansion.form)
            && let Some(item) = expansion.item(index)
        {
            let (value, used) = read(item, used + 1)?;
            return Ok((self.existing(value, item, span), used));
        }
        let is_splat = matches!(
            operators.get(used).map(|o| &o.kind),
            Some(Access::FullSplat | Access::AttributeSplat)
        );
        if let (true, Some(name), Form::Count) = (is_splat, attribute(used + 1), &expansion.form)
            && operators.len() == used + 2
        {
            let list = expansion.shared(span, Some(name), || {
                self.apart(|| {
                    self.collected(&expansion, span, &|item| {
                        self.settle(self.attribute_of(instance, block, item, name, span), span)
                    })
                })
            });
            return Ok((list, used + 2));
        }
        let value = match &expansion.form {
            Form::Single => match expansion.items.first() {
                Some(item) => return read(item, used),
                None => Value::null(span),
            },
            Form::Symbolic => {
                let base = format!("{}[*]", address_in(instance, key));
                let unknown = Unknown {
                    reason: Reason::Instances,
                    ..Unknown::attribute(base.into(), "".into())
                };
                Value::new(Data::Unknown(Arc::new(unknown)), span)
            }
            Form::Count | Form::ForEach => expansion.shared(span, None, || {
                self.apart(|| {
                    self.collected(&expansion, span, &|item| {
                        self.object_of(instance, block, item)
                    })
                })
            }),
        };
        Ok((value, used))
    }

    /// `[i]` behind a reference, if its value is known.
    fn index_after(
        &self,
        operator: Option<&Operator>,
        scope: &Scope<'_>,
    ) -> Result<Option<Value>, Fault> {
        match operator.map(|operator| &operator.kind) {
            Some(Access::Index(expression)) => {
                let index = self.evaluate(expression, scope)?;
                Ok((index.is_wholly_known()).then_some(index))
            }
            Some(Access::LegacyIndex(index)) => Ok(Some(Value::int(*index as i64, scope.span))),
            _ => Ok(None),
        }
    }

    /// An instance that exists under a condition: where it does not, reading it is an error.
    fn existing(&self, value: Value, item: &Item, span: Span) -> Value {
        if item.guard.is_always() || self.partial.get() == 0 {
            return value;
        }
        Value::new(
            Data::Choice(
                [Alternative {
                    guard: item.guard.clone(),
                    value,
                }]
                .into(),
            ),
            span,
        )
    }

    /// All instances as a tuple or object; conditional ones make alternatives.
    fn collected(&self, expansion: &Expansion, span: Span, read: &dyn Fn(&Item) -> Value) -> Value {
        let is_list = matches!(expansion.form, Form::Count);
        let build = |items: &[&Item]| {
            if is_list {
                let items = items.iter().map(|item| read(item)).collect();
                return Value::new(Data::List(List::new(ListKind::Tuple, items)), span);
            }
            let members: Members = items
                .iter()
                .map(|item| {
                    let key = item
                        .each
                        .entry
                        .as_ref()
                        .and_then(|(key, _)| key.as_str().map(Arc::from));
                    (
                        key.unwrap_or_else(|| item.key.as_str().into()),
                        Member::from(read(item)),
                    )
                })
                .collect();
            Value::new(Data::Object(Object::new(ObjectKind::Object, members)), span)
        };
        let all: Vec<&Item> = expansion.items.iter().collect();
        let guards: Vec<&Guard> = all
            .iter()
            .map(|item| &item.guard)
            .filter(|guard| !guard.is_always())
            .collect();
        let Some(&first) = guards.first() else {
            return build(&all);
        };
        if guards.iter().any(|guard| *guard != first) {
            // Different conditions: each combination would be an alternative. The collection is open instead.
            let why = Arc::new(Unknown::because(Reason::Instances));
            let certain: Vec<&Item> = all
                .iter()
                .copied()
                .filter(|item| item.guard.is_always())
                .collect();
            let built = build(&certain);
            let data = match &built.data {
                Data::Object(object) => {
                    Data::Object(Object::open(object.kind(), object.members().clone(), why))
                }
                Data::List(list) => Data::List(List::open(list.kind(), list.items().to_vec(), why)),
                data => data.clone(),
            };
            return Value::new(data, span);
        }
        let certain: Vec<&Item> = all
            .iter()
            .copied()
            .filter(|item| item.guard.is_always())
            .collect();
        Value::choice(
            vec![
                Alternative {
                    guard: first.clone(),
                    value: build(&all),
                },
                Alternative {
                    guard: !first.clone(),
                    value: build(&certain),
                },
            ],
            span,
        )
    }

    fn module_reference(
        &self,
        name: &Arc<str>,
        operators: &[Operator],
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<(Value, usize), Fault> {
        let instance = scope.instance;
        let Some(block) = instance.module.calls.get(name) else {
            let known = instance.module.calls.keys().map(|known| &**known);
            return Err(
                Fault::new(span, format!("no module `{name}` is called here"))
                    .hint(did_you_mean(name, known)),
            );
        };
        let expansion = self.expansion(instance, &format!("module.{name}").into(), block);
        let not_fetched = || {
            let source = source_of(block).unwrap_or_default();
            let subject = Subject::opaque(instance.address.clone(), format!("module.{name}"));
            let unknown = Unknown {
                subject: Some(Arc::new(subject)),
                ..Unknown::because(Reason::ModuleNotFetched(source.into()))
            };
            Value::new(Data::Unknown(Arc::new(unknown)), span)
        };
        let output = |position: usize| match operators.get(position).map(|operator| &operator.kind)
        {
            Some(Access::Attribute(output)) => Some(output),
            _ => None,
        };
        let read = |item: &Item, wanted: Option<&Arc<str>>| -> Evaluated {
            let Some(child) = self.child(instance, name, block, item) else {
                let unknown = not_fetched();
                return match wanted {
                    Some(wanted) => super::evaluate::attribute(&unknown, wanted, span),
                    None => Ok(unknown),
                };
            };
            match wanted {
                Some(wanted) => match child.module.outputs.get(wanted) {
                    Some(block) => Ok(self
                        .output(&child, wanted, block)
                        .read_at(span, Step::Output(wanted.clone()))),
                    None => {
                        let known = child.module.outputs.keys().map(|known| &**known);
                        Err(
                            Fault::new(span, format!("module `{name}` has no output `{wanted}`"))
                                .hint(did_you_mean(wanted, known)),
                        )
                    }
                },
                None => {
                    let members = child.module.outputs.iter().map(|(wanted, block)| {
                        let value = self.output(&child, wanted, block);
                        (
                            wanted.clone(),
                            value.read_at(span, Step::Output(wanted.clone())).into(),
                        )
                    });
                    Ok(Value::object(members.collect(), span))
                }
            }
        };
        match &expansion.form {
            Form::Single => match (expansion.items.first(), output(1)) {
                (Some(item), Some(wanted)) => Ok((read(item, Some(wanted))?, 2)),
                (Some(item), None) => Ok((read(item, None)?, 1)),
                (None, _) => Ok((Value::null(span), 1)),
            },
            Form::Symbolic => Ok((not_fetched(), 1)),
            Form::Count | Form::ForEach => {
                if let Some(index) = self.index_after(operators.get(1), scope)?
                    && let Some(item) = expansion.item(&index)
                {
                    let (value, used) = match output(2) {
                        Some(wanted) => (read(item, Some(wanted))?, 3),
                        None => (read(item, None)?, 2),
                    };
                    return Ok((self.existing(value, item, span), used));
                }
                // `module.a[*].x` needs one output of each instance, not all of all.
                let is_splat = matches!(
                    operators.get(1).map(|o| &o.kind),
                    Some(Access::FullSplat | Access::AttributeSplat)
                );
                if let (true, Some(wanted), Form::Count) = (is_splat, output(2), &expansion.form) {
                    let read = |item: &Item| self.settle(read(item, Some(wanted)), span);
                    let list = self.collected(&expansion, span, &read);
                    if operators.len() == 3 {
                        return Ok((list, 3));
                    }
                }
                let read = |item: &Item| self.settle(read(item, None), span);
                Ok((self.collected(&expansion, span, &read), 1))
            }
        }
    }

    // ---- nodes ----

    fn node(
        &self,
        instance: &Rc<Instance>,
        node: Node,
        span: Span,
        compute: impl FnOnce() -> (Value, Step),
    ) -> Result<(Value, Step), Fault> {
        match instance.nodes.borrow().get(&node) {
            Some(State::Done(value, step)) => return Ok((value.clone(), step.clone())),
            Some(State::Busy) => return Err(Fault::new(span, "this value depends on itself")),
            None => {}
        }
        instance
            .nodes
            .borrow_mut()
            .insert(node.clone(), State::Busy);
        let (value, step) = self.apart(compute);
        instance
            .nodes
            .borrow_mut()
            .insert(node, State::Done(value.clone(), step.clone()));
        Ok((value, step))
    }

    pub(super) fn variable(
        &self,
        instance: &Rc<Instance>,
        name: &Arc<str>,
        span: Span,
    ) -> Result<(Value, Step), Fault> {
        let Some(block) = instance.module.variables.get(name) else {
            let known = instance.module.variables.keys().map(|known| &**known);
            return Err(
                Fault::new(span, format!("no variable `{name}` is declared"))
                    .hint(did_you_mean(name, known)),
            );
        };
        self.node(instance, Node::Variable(name.clone()), span, || {
            self.variable_value(instance, name, block)
        })
    }

    fn variable_value(
        &self,
        instance: &Rc<Instance>,
        name: &Arc<str>,
        block: &Block,
    ) -> (Value, Step) {
        let body = &block.body;
        let declared = body.attribute("type").map_or(Ok(Type::Any), |attribute| {
            let scope = self.scope(instance, None, block.header);
            types::parse(&attribute.value, &mut |default| {
                self.evaluate(default, &scope).map_err(|f| f.message)
            })
        });
        let declared = declared.unwrap_or_else(|why| {
            let span = body
                .attribute("type")
                .map_or(block.header, |attribute| attribute.value.span);
            self.say(
                Diagnostic::error("invalid_type", span, why)
                    .hint("as in `list(string)` or `object({ a = string })`"),
            );
            Type::Any
        });
        let flag = |name: &str| match body.attribute(name).map(|attribute| &attribute.value.kind) {
            Some(super::syntax::Expr::Bool(truth)) => Some(*truth),
            _ => None,
        };
        let is_sensitive = flag("sensitive").unwrap_or(false);
        let is_nullable = flag("nullable").unwrap_or(true);
        let default = || {
            body.attribute("default").map(|attribute| {
                let scope = self.scope(instance, None, block.header);
                let value = self.settle(
                    self.evaluate(&attribute.value, &scope),
                    attribute.value.span,
                );
                (value, Step::Default(name.clone()))
            })
        };
        let from_outside = match &instance.call {
            Some(call) => call.block.body.attribute(name).map(|attribute| {
                let scope = self.scope(&call.parent, Some(&call.item), call.block.header);
                let value = self.settle(
                    self.evaluate(&attribute.value, &scope),
                    attribute.value.span,
                );
                (value, Step::Argument(name.clone()))
            }),
            None => self
                .given_value(instance, name, block, &declared)
                .map(|value| {
                    let value = value.unwrap_or_else(|diagnostic| {
                        self.say(diagnostic);
                        Value::unknown(
                            Reason::Invalid(format!("the value given for `{name}`").into()),
                            block.header,
                        )
                    });
                    (value, Step::Given(name.clone()))
                }),
        };
        let from_outside = from_outside.filter(|(value, _)| is_nullable || !value.is_null());
        let Some((value, step)) = from_outside.or_else(default) else {
            if instance.call.is_none() {
                let level = match self.is_refusing() {
                    true => Level::Error,
                    false => Level::Note,
                };
                self.say(
                    Diagnostic::new(
                        level,
                        "missing_variable",
                        format!("variable `{name}` has no value: what depends on it is unknown"),
                    )
                    .at(block.header)
                    .hint(format!(
                        "give it one with `--var {name}=…` or a variable file"
                    )),
                );
            }
            let subject = Subject::opaque(instance.address.clone(), format!("var.{name}"));
            let unknown = Unknown {
                subject: Some(Arc::new(subject)),
                is_never_null: !is_nullable,
                ..Unknown::of_type(
                    Reason::NoValue(format!("var.{name}").into()),
                    declared.of_values(),
                )
            };
            let value = Value::new(Data::Unknown(Arc::new(unknown)), block.header)
                .sensitive_if(is_sensitive);
            return (value, Step::Written);
        };
        let completed = types::with_defaults(&value, &declared);
        let value = match types::convert(&completed, &declared, value.span()) {
            Ok(value) => value,
            Err(why) => {
                self.say(
                    Diagnostic::error(
                        "invalid_value",
                        value.span(),
                        format!("this does not fit variable `{name}`: {why}"),
                    )
                    .label(block.header, "declared here"),
                );
                Value::unknown(Reason::Invalid(why.into()), value.span())
            }
        };
        // It is a value only while Terraform runs: nothing that is planned may hold it.
        let value = match flag("ephemeral") {
            Some(true) => Value::unknown(Reason::Depends(types::EPHEMERAL.into()), value.span()),
            _ => value,
        };
        (value.sensitive_if(is_sensitive), step)
    }

    /// What is given from outside for a root variable.
    fn given_value(
        &self,
        root: &Rc<Instance>,
        name: &str,
        block: &Block,
        declared: &Type,
    ) -> Option<Result<Value, Diagnostic>> {
        let declared = block.body.attribute("type").map(|_| declared);
        let scope = self.scope(root, None, block.header);
        self.given.value(name, declared, &|expression| {
            self.evaluate(expression, &scope.only(&[]))
                .map_err(|fault| (fault.message, fault.span))
        })
    }

    pub(super) fn local(&self, instance: &Rc<Instance>, name: &Arc<str>, span: Span) -> Evaluated {
        let Some(attribute) = instance.module.locals.get(name).cloned() else {
            let known = instance.module.locals.keys().map(|known| &**known);
            return Err(Fault::new(span, format!("no local `{name}` is declared"))
                .hint(did_you_mean(name, known)));
        };
        let computed = self.node(instance, Node::Local(name.clone()), span, || {
            let scope = self.scope(instance, None, attribute.name_span);
            let value = self.settle(
                self.evaluate(&attribute.value, &scope),
                attribute.value.span,
            );
            (value, Step::Local(name.clone()))
        });
        computed.map(|(value, _)| value)
    }

    pub(super) fn output(&self, instance: &Rc<Instance>, name: &Arc<str>, block: &Block) -> Value {
        let Some(attribute) = block.body.attribute("value") else {
            return Value::null(block.header);
        };
        let span = attribute.value.span;
        let computed = self.node(instance, Node::Output(name.clone()), span, || {
            let scope = self.scope(instance, None, block.header);
            let value = self.settle(self.evaluate(&attribute.value, &scope), span);
            // Terraform 1.11 does not mark what other modules read (observed).
            let is_marked =
                is_marked_sensitive(block) && !(self.inputs.as_planned && instance.call.is_some());
            (value.sensitive_if(is_marked), Step::Output(name.clone()))
        });
        self.settle(computed.map(|(value, _)| value), span)
    }

    pub(super) fn scope<'s>(
        &self,
        instance: &'s Rc<Instance>,
        each: Option<&'s Each>,
        span: Span,
    ) -> Scope<'s> {
        Scope {
            instance,
            each,
            names: &[],
            outer: None,
            is_sealed: false,
            span,
        }
    }

    // ---- expansion ----

    fn expansion(
        &self,
        instance: &Rc<Instance>,
        key: &Arc<str>,
        block: &Arc<Block>,
    ) -> Rc<Expansion> {
        if let Some(state) = instance.expansions.borrow().get(key) {
            return match state {
                Some(expansion) => expansion.clone(),
                None => {
                    self.say_fault(Fault::new(
                        block.header,
                        format!("the number of `{key}` depends on itself"),
                    ));
                    Rc::new(self.symbolic(instance, key))
                }
            };
        }
        instance.expansions.borrow_mut().insert(key.clone(), None);
        let mut expansion = self.apart(|| self.expand(instance, key, block));
        let total = self.instances.get() + expansion.items.len();
        self.instances.set(total);
        if total > MOST_RESOURCES {
            self.limit(block.header, "50,000 instances in one root module");
            expansion = self.symbolic(instance, key);
        }
        let expansion = Rc::new(expansion);
        instance
            .expansions
            .borrow_mut()
            .insert(key.clone(), Some(expansion.clone()));
        expansion
    }

    fn expand(&self, instance: &Rc<Instance>, key: &Arc<str>, block: &Block) -> Expansion {
        let scope = self.scope(instance, None, block.header);
        if let (Some(_), Some(attribute)) = (
            block.body.attribute("count"),
            block.body.attribute("for_each"),
        ) {
            self.say_fault(Fault::new(
                attribute.name_span,
                "a block has either `count` or `for_each`, not both",
            ));
        }
        if let Some(attribute) = block.body.attribute("count") {
            let count = self.settle(
                self.evaluate(&attribute.value, &scope),
                attribute.value.span,
            );
            return self.count(instance, key, &count, &attribute.value, &scope);
        }
        if let Some(attribute) = block.body.attribute("for_each") {
            let collection = self.settle(
                self.evaluate(&attribute.value, &scope),
                attribute.value.span,
            );
            return self.for_each(instance, key, &collection, &attribute.value);
        }
        let item = self.item(instance, key, String::new(), Each::default(), Guard::Always);
        Expansion::new(Form::Single, vec![item])
    }

    fn count(
        &self,
        instance: &Rc<Instance>,
        key: &Arc<str>,
        count: &Value,
        expression: &Expression,
        scope: &Scope<'_>,
    ) -> Expansion {
        self.check_countable(count, expression.span);
        // A count that conditions decide: instance i exists where the count is above i.
        let mut counts: Vec<(Guard, usize)> = Vec::new();
        let alternatives = match &count.data {
            Data::Choice(alternatives) => alternatives
                .iter()
                .map(|a| (a.guard.clone(), a.value.clone()))
                .collect(),
            _ => vec![(Guard::Always, count.clone())],
        };
        for (guard, value) in alternatives {
            let number = match &value.data {
                // `count = var.create` is a frequent slip that Terraform refuses; read it as meant.
                Data::Bool(truth) => {
                    self.say_fault(
                        Fault::new(expression.span, "`count` is true or false, not a number")
                            .hint(Some("write `… ? 1 : 0`".to_owned())),
                    );
                    Some(i64::from(*truth))
                }
                _ => types::to_number(&value).and_then(|number| number.as_i64()),
            };
            match number {
                Some(number) if number < 0 => {
                    self.say_fault(Fault::new(expression.span, "`count` is negative"));
                    counts.push((guard, 0));
                }
                Some(number) => match usize::try_from(number)
                    .ok()
                    .filter(|n| *n <= MOST_INSTANCES)
                {
                    Some(number) => counts.push((guard, number)),
                    None => {
                        self.limit(expression.span, "10,000 instances of one block");
                        return self.symbolic(instance, key);
                    }
                },
                None => {
                    if value.is_null() || value.is_wholly_known() {
                        self.say_fault(Fault::new(expression.span, "`count` is no whole number"));
                    }
                    return self.symbolic(instance, key);
                }
            }
        }
        let _ = scope;
        let most = counts.iter().map(|(_, number)| *number).max().unwrap_or(0);
        let items = (0..most).map(|index| {
            let guard = counts
                .iter()
                .filter(|(_, number)| *number > index)
                .map(|(guard, _)| guard.clone())
                .fold(Guard::Never, Guard::or);
            let each = Each {
                index: Some(Value::int(index as i64, expression.span)),
                ..Each::default()
            };
            self.item(instance, key, format!("[{index}]"), each, simplified(guard))
        });
        Expansion::new(Form::Count, items.collect())
    }

    fn for_each(
        &self,
        instance: &Rc<Instance>,
        key: &Arc<str>,
        collection: &Value,
        expression: &Expression,
    ) -> Expansion {
        let alternatives: Vec<(Guard, Value)> = match &collection.data {
            Data::Choice(alternatives) => alternatives
                .iter()
                .map(|a| (a.guard.clone(), collection.seen(&a.value)))
                .collect(),
            _ => vec![(Guard::Always, collection.clone())],
        };
        self.check_countable(collection, expression.span);
        if collection.is_sensitive {
            self.say_fault(
                Fault::new(
                    expression.span,
                    "`for_each` is sensitive: its keys would show in addresses",
                )
                .hint(Some("use `nonsensitive(…)` for the keys".to_owned())),
            );
        }
        // Key, condition, and the value under each condition.
        let mut entries: Vec<(Arc<str>, Value, Vec<Alternative>)> = Vec::new();
        let mut is_open = false;
        for (guard, value) in &alternatives {
            let Some((pairs, more)) = iterated(value) else {
                if value.is_wholly_known() {
                    self.say_fault(Fault::new(
                        expression.span,
                        "`for_each` takes a map or a set of strings",
                    ));
                }
                is_open = true;
                continue;
            };
            is_open |= more.is_some();
            // An empty list may be the known arm of a conditional whose other arm makes it a set.
            let is_list = |list: &List| {
                let is_literal = matches!(expression.kind, super::syntax::Expr::List(_));
                list.kind() != ListKind::Set
                    && (is_literal || (alternatives.len() == 1 && !list.items().is_empty()))
            };
            if value.as_list().is_some_and(is_list) {
                self.say_fault(
                    Fault::new(
                        expression.span,
                        "`for_each` takes a map or a set of strings, not a list",
                    )
                    .hint(Some("wrap it in `toset(…)`".to_owned())),
                );
            }
            let is_set_of_others = value
                .as_list()
                .is_some_and(|list| list.kind() == ListKind::Set);
            for (name, value) in pairs {
                let is_set = value.as_list().is_none()
                    && alternatives.iter().any(|(_, v)| v.as_list().is_some());
                let name = if is_set && name.as_str().is_none() {
                    value.clone()
                } else {
                    name
                };
                let Some(text) = name.as_str().map(Arc::<str>::from) else {
                    if name.is_wholly_known() && is_set_of_others {
                        self.say_fault(Fault::new(
                            expression.span,
                            "`for_each` takes a set of strings, and this is a set of something else",
                        ));
                    }
                    is_open = true;
                    continue;
                };
                let alternative = Alternative {
                    guard: guard.clone(),
                    value,
                };
                match entries.iter_mut().find(|(known, ..)| *known == text) {
                    Some((_, _, values)) if !guard.is_always() => values.push(alternative),
                    Some(_) => {}
                    None => entries.push((text, name, vec![alternative])),
                }
                if entries.len() > MOST_INSTANCES {
                    self.limit(expression.span, "10,000 instances of one block");
                    return self.symbolic(instance, key);
                }
            }
        }
        if is_open && entries.is_empty() {
            return self.symbolic(instance, key);
        }
        let mut items: Vec<Item> = entries
            .into_iter()
            .map(|(text, name, values)| {
                let guard = values
                    .iter()
                    .map(|a| a.guard.clone())
                    .fold(Guard::Never, Guard::or);
                let value = match <[Alternative; 1]>::try_from(values) {
                    Ok([only]) => only.value,
                    Err(values) => Value::choice(values, expression.span),
                };
                let spelled = format!("[{}]", quoted(&text));
                let each = Each {
                    entry: Some((name, value)),
                    key: spelled.as_str().into(),
                    index: None,
                };
                self.item(instance, key, spelled, each, simplified(guard))
            })
            .collect();
        if is_open {
            items.extend(self.symbolic(instance, key).items);
        }
        Expansion::new(Form::ForEach, items)
    }

    /// Terraform refuses numbers and keys of instances that only a deployment can tell.
    fn check_countable(&self, value: &Value, span: Span) {
        let unknown = match &value.data {
            Data::Unknown(unknown) => Some(unknown),
            Data::List(list) => list
                .items()
                .iter()
                .find_map(Value::as_unknown)
                .or(list.more()),
            Data::Object(object) => object.more(),
            _ => None,
        };
        let on = match unknown.map(|unknown| &unknown.reason) {
            Some(Reason::Computed(address, attribute)) => format!("`{address}.{attribute}`"),
            Some(Reason::Depends(what)) if self.is_refusing() => what.to_string(),
            _ => return,
        };
        self.say(
            Diagnostic::error(
                "unknown_instances",
                span,
                format!("how many instances there are depends on {on}, which is known after apply"),
            )
            .hint("Terraform refuses this; let it depend on what is written"),
        );
    }

    /// One item that stands for an unknown number of instances.
    fn symbolic(&self, instance: &Rc<Instance>, key: &Arc<str>) -> Expansion {
        let unknown = || Value::unknown(Reason::Instances, Span::NONE);
        let each = Each {
            index: Some(unknown()),
            entry: Some((unknown(), unknown())),
            key: "[*]".into(),
        };
        let item = self.item(instance, key, "[*]".to_owned(), each, Guard::Always);
        Expansion::new(Form::Symbolic, vec![item])
    }

    fn item(
        &self,
        instance: &Rc<Instance>,
        name: &str,
        key: String,
        each: Each,
        guard: Guard,
    ) -> Item {
        let each = Each {
            key: if each.key.is_empty() {
                key.as_str().into()
            } else {
                each.key.clone()
            },
            ..each
        };
        Item {
            address: format!("{}{key}", address_in(instance, name)).into(),
            key,
            each,
            guard,
            body: OnceCell::new(),
            busy: Cell::new(false),
            child: OnceCell::new(),
        }
    }

    // ---- bodies ----

    /// The schema of a resource or data source, if it is known.
    fn schema_of(&self, block: &Block) -> Option<Arc<schema::Body>> {
        let what = match &*block.keyword {
            "data" => What::Data,
            _ => What::Resource,
        };
        let kind = block.label(0);
        let mut schemas = self.schemas.borrow_mut();
        let known = schemas.entry((what, kind));
        let read = |key: &(What, Arc<str>)| schema::of(key.0, &key.1);
        known.or_insert_with_key(read).clone()
    }

    /// Whether the schema of a resource is that of the provider that a module means.
    fn is_exact(&self, module: &Module, block: &Block) -> bool {
        if &*block.label(0) == schema::BUILT_IN {
            return true;
        }
        if let Some(known) = self.is_exact.borrow().get(&module.folder) {
            return *known;
        }
        let root = self.module(&self.root.clone());
        let mut constraints = module.provider_versions.clone();
        constraints.extend(root.provider_versions.iter().cloned());
        let is_exact = schema::is_meant(self.locked.as_deref(), &constraints);
        let folder = module.folder.clone();
        self.is_exact.borrow_mut().insert(folder, is_exact);
        is_exact
    }

    /// What stands for all of a resource instance that is not known.
    fn undecided(&self, block: &Block, item: &Item) -> Unknown {
        let is_data = &*block.keyword == "data";
        let reference = Reference {
            address: item.address.clone(),
            attribute: "".into(),
        };
        Unknown {
            reference: Some(reference),
            subject: is_data.then(|| Arc::new(Subject::opaque("", item.address.clone()))),
            ..Unknown::because(if is_data {
                Reason::Data(item.address.clone())
            } else {
                Reason::Computed(item.address.clone(), "".into())
            })
        }
    }

    /// Says what is wrong with the names in a block of which there are no instances.
    fn check_names(&self, instance: &Instance, block: &Block) {
        if let Some(schema) = self.schema_of(block) {
            let place = Place {
                shape: Shape::Body(&schema),
                is_exact: self.is_exact(&instance.module, block),
                is_top: true,
                header: block.header,
            };
            let is_meta =
                |name: &str| META_ARGUMENTS.contains(&name) || META_BLOCKS.contains(&name);
            place.check_names(&block.body, &is_meta, &mut |wrong| self.say(wrong));
        } else {
            self.check_type(instance, block);
        }
    }

    /// Says that there is no such type, where the version of the provider is settled.
    fn check_type(&self, instance: &Instance, block: &Block) {
        let kind = block.label(0);
        let is_settled = self.locked.is_some()
            || !instance.module.provider_versions.is_empty()
            || !self.module(&self.root.clone()).provider_versions.is_empty();
        if kind.starts_with("aws_") && is_settled && self.is_exact(&instance.module, block) {
            let message = format!("the AWS provider has no {} `{kind}`", block.keyword);
            self.say(Diagnostic::error("unknown_type", block.header, message));
        }
    }

    fn view<'v>(
        &self,
        schema: &'v schema::Body,
        kind: &'v str,
        unknown: &'v Unknown,
        block: &Block,
        members: &Members,
    ) -> View<'v> {
        // A document that is made of what is known has been read; what depends on something unknown will not be read
        // before it is known.
        let is_read = members
            .get("json")
            .is_some_and(|json| kind == policy_document::KIND && json.value.as_str().is_some());
        let is_known = members
            .values()
            .all(|member| member.value.is_wholly_known());
        let is_data = &*block.keyword == "data";
        View {
            schema,
            kind,
            unknown,
            is_data: is_data && is_known && !is_read,
            is_put_off: is_data && !is_known,
            only_written: false,
            place: block.header,
        }
    }

    /// The arguments of a resource instance as a plan shows them.
    fn planned_body(&self, instance: &Rc<Instance>, block: &Arc<Block>, item: &Item) -> Value {
        let body = self.body_of(instance, block, item);
        let (Some(schema), Some(object)) = (self.schema_of(block), body.as_object()) else {
            return body;
        };
        let unknown = self.undecided(block, item);
        let kind = block.label(0);
        let view = View {
            only_written: true,
            ..self.view(&schema, &kind, &unknown, block, object.members())
        };
        let members = view.object(object.members());
        Value {
            data: Data::Object(Object::new(object.kind(), members)),
            ..body
        }
    }

    /// One attribute of a resource instance.
    fn attribute_of(
        &self,
        instance: &Rc<Instance>,
        block: &Arc<Block>,
        item: &Item,
        name: &Arc<str>,
        span: Span,
    ) -> Evaluated {
        let Some(schema) = self.schema_of(block) else {
            return super::evaluate::attribute(&self.object_of(instance, block, item), name, span);
        };
        let body = self.body_of(instance, block, item);
        let Data::Object(object) = &body.data else {
            return super::evaluate::attribute(&body, name, span);
        };
        let unknown = self.undecided(block, item);
        let kind = block.label(0);
        let view = self.view(&schema, &kind, &unknown, block, object.members());
        match view.attribute(object.members(), name) {
            Some(value)
                if value
                    .as_unknown()
                    .is_some_and(|unknown| unknown.reference.is_some()) =>
            {
                Ok(value.moved_to(span))
            }
            Some(value) => Ok(value.read_at(span, Step::Attribute(item.address.clone()))),
            None if self.is_exact(&instance.module, block) => {
                let names = schema.attributes.keys().chain(schema.blocks.keys());
                let message = format!("`{}` has no attribute `{name}`", block.label(0));
                let hint = did_you_mean(name, names.map(|name| &**name));
                Err(Fault::new(span, message).hint(hint))
            }
            None => {
                let part = super::evaluate::part_of(&unknown, Some(name));
                Ok(Value::new(Data::Unknown(part), span))
            }
        }
    }

    /// A resource instance as expressions see it: its arguments, and every other attribute as it is planned; without a
    /// schema, unknown until it is created.
    pub(super) fn object_of(
        &self,
        instance: &Rc<Instance>,
        block: &Arc<Block>,
        item: &Item,
    ) -> Value {
        let body = self.body_of(instance, block, item);
        let Data::Object(object) = &body.data else {
            return body;
        };
        let unknown = self.undecided(block, item);
        if let Some(schema) = self.schema_of(block) {
            let kind = block.label(0);
            let view = self.view(&schema, &kind, &unknown, block, object.members());
            return Value::object(view.object(object.members()), block.header);
        }
        let members = object.members().clone();
        let object = Object::open(ObjectKind::Block, members, Arc::new(unknown));
        Value {
            data: Data::Object(object),
            ..body
        }
    }

    fn body_of(&self, instance: &Rc<Instance>, block: &Arc<Block>, item: &Item) -> Value {
        if let Some(body) = item.body.get() {
            return body.clone();
        }
        if item.busy.replace(true) {
            self.say_fault(Fault::new(
                block.header,
                format!("`{}` depends on itself", item.address),
            ));
            return Value::unknown(Reason::Invalid("it depends on itself".into()), block.header);
        }
        let scope = self.scope(instance, Some(&item.each), block.header);
        let schema = self.schema_of(block);
        let place = match &schema {
            Some(schema) => Place {
                shape: Shape::Body(schema),
                is_exact: self.is_exact(&instance.module, block),
                is_top: true,
                header: block.header,
            },
            None => {
                self.check_type(instance, block);
                Place::unknown(block.header, true)
            }
        };
        let mut members = self.apart(|| self.body(&block.body, &scope, place));
        if &*block.keyword == "resource"
            && let Some(schema) = &schema
            && schema.attributes.contains_key("tags_all")
        {
            self.add_all_tags(instance, block, &mut members);
        }
        for (name, member) in &members {
            // Arguments that are only written may take what is not kept.
            // https://developer.hashicorp.com/terraform/language/resources/ephemeral/write-only
            if types::is_ephemeral(&member.value) && !name.ends_with("_wo") {
                let message = format!("`{name}` is kept, so it cannot take an ephemeral value");
                self.say_fault(Fault::new(member.value.span(), message));
            }
        }
        if &*block.keyword == "data" && &*block.label(0) == policy_document::KIND {
            policy_document::complete(&mut members, block.header, &mut |why| {
                self.say_fault(Fault::new(block.header, why));
            });
        }
        if &*block.keyword == "data" {
            self.look_up_arn(instance, block, &mut members);
            let found = match &*block.label(0) {
                "template_file" => Some(("rendered", self.rendered(&members, &scope))),
                "local_file" => Some(("content", self.content_of(&members, block.header))),
                _ => None,
            };
            if let Some((name, Some(value))) = found {
                members.insert(name.into(), value.into());
            }
        }
        let data = Data::Object(Object::new(ObjectKind::Block, members));
        let value = Value::new(data, block.header);
        item.busy.set(false);
        item.body.get_or_init(|| value).clone()
    }

    /// What the provider finds in an ARN, or in its own configuration.
    fn look_up_arn(&self, instance: &Rc<Instance>, block: &Block, members: &mut Members) {
        match &*block.label(0) {
            "aws_arn" => {
                let arn = members.get("arn").and_then(|arn| arn.value.as_str());
                let found =
                    arn.and_then(|arn| super::functions::aws::attributes(arn, block.header));
                members.extend(found.unwrap_or_default());
            }
            "aws_default_tags" => {
                let named = self.provider_of(block);
                if let Some(tags) = self.default_tags(instance, &named) {
                    members.insert("tags".into(), tags.into());
                }
            }
            _ => {}
        }
    }

    /// The name of the provider configuration of a block.
    fn provider_of(&self, block: &Block) -> String {
        match block.body.attribute("provider") {
            Some(attribute) => self.written(attribute.value.span),
            None => "aws".to_owned(),
        }
    }

    /// What `data "template_file"` renders: its template with its variables, which are strings.
    /// <https://registry.terraform.io/providers/hashicorp/template/latest/docs/data-sources/file>
    fn rendered(&self, members: &Members, scope: &Scope<'_>) -> Option<Value> {
        let template = &members.get("template")?.value;
        let place = template.span();
        let parsed = super::syntax::parse_template_at(template.as_str()?, place);
        let names = match members.get("vars") {
            Some(vars) => vars.value.clone(),
            None => Value::object(Members::default(), place),
        };
        let strings = Type::Map(Box::new(Type::String));
        let rendered = parsed
            .map_err(|why| Fault::new(place, format!("cannot read the template: {why}")))
            .and_then(|parsed| {
                let names = types::convert(&names, &strings, place)
                    .map_err(|why| Fault::new(names.span(), why))?;
                self.apart(|| self.foreign_template(&parsed.parts, &names, place, scope))
            });
        Some(self.settle(rendered, place))
    }

    /// What `data "local_file"` reads.
    fn content_of(&self, members: &Members, place: Span) -> Option<Value> {
        let path = &members.get("filename")?.value;
        let call = self.function_call(place);
        // A file that is not there yet may be made by a resource.
        super::functions::call("file", std::slice::from_ref(path), call)?.ok()
    }

    /// `tags_all`: the default tags of the provider with those of the resource over them.
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/resource-tagging>
    fn add_all_tags(&self, instance: &Rc<Instance>, block: &Block, members: &mut Members) {
        if members.contains_key("tags_all") {
            return;
        }
        let named = self.provider_of(block);
        let own = members.get("tags").filter(|tags| !tags.value.is_null());
        let Some(default) = self.default_tags(instance, &named) else {
            return;
        };
        let mut all = vec![default];
        all.extend(own.map(|tags| tags.value.clone()));
        let call = self.function_call(block.header);
        if let Some(Ok(value)) = super::functions::call("merge", &all, call) {
            let key = own.map_or(Span::NONE, |tags| tags.key);
            members.insert("tags_all".into(), Member { key, value });
        }
    }

    /// The default tags of a provider as a module instance knows it: configured there, passed in, or inherited.
    fn default_tags(&self, instance: &Rc<Instance>, name: &str) -> Option<Value> {
        if let Some(block) = instance.module.providers.get(name) {
            let key = (instance.address.clone(), name.into());
            if let Some(known) = self.provider_tags.borrow().get(&key) {
                return known.clone();
            }
            let tags = block
                .body
                .blocks_named("default_tags")
                .next()
                .and_then(|defaults| defaults.body.attribute("tags"))
                .map(|attribute| {
                    let scope = self.scope(instance, None, block.header);
                    let strings = Type::Map(Box::new(Type::String));
                    let span = attribute.value.span;
                    let evaluate = || {
                        let tags = self.evaluate(&attribute.value, &scope)?;
                        types::convert(&tags, &strings, span).map_err(|why| Fault::new(span, why))
                    };
                    self.settle(self.apart(evaluate), span)
                });
            self.provider_tags.borrow_mut().insert(key, tags.clone());
            return tags;
        }
        let call = instance.call.as_ref()?;
        let passed = call.block.body.attribute("providers");
        let items = match passed.map(|attribute| &attribute.value.kind) {
            Some(super::syntax::Expr::Object(items)) => items.as_slice(),
            _ => &[],
        };
        let item = items
            .iter()
            .find(|item| self.written(item.key_span) == name);
        match item {
            Some(item) => self.default_tags(&call.parent, &self.written(item.value.span)),
            // Without alias, a provider is inherited.
            None if !name.contains('.') => self.default_tags(&call.parent, name),
            None => None,
        }
    }

    /// The text of a place, for names that are no values.
    fn written(&self, span: Span) -> String {
        let file = self.sources.get(span.source);
        file.map_or_else(String::new, |file| {
            file.slice(span).trim().trim_matches('"').to_owned()
        })
    }

    fn body(&self, body: &Body, scope: &Scope<'_>, place: Place<'_>) -> Members {
        let mut members = Members::default();
        for attribute in &body.attributes {
            if place.is_top && META_ARGUMENTS.contains(&&*attribute.name) {
                continue;
            }
            self.started.set(self.steps.get());
            let value = self.settle(self.evaluate(&attribute.value, scope), attribute.value.span);
            let value = place.argument(attribute, value, &mut |wrong| self.say(wrong));
            members.insert(
                attribute.name.clone(),
                Member {
                    key: attribute.name_span,
                    value,
                },
            );
        }
        let mut groups: indexmap::IndexMap<Arc<str>, Blocks, rustc_hash::FxBuildHasher> =
            indexmap::IndexMap::default();
        for block in &body.blocks {
            if place.is_top && META_BLOCKS.contains(&&*block.keyword) {
                continue;
            }
            let is_dynamic = &*block.keyword == "dynamic";
            let keyword = match is_dynamic {
                true => block.label(0),
                false => block.keyword.clone(),
            };
            let inner = place.inner(&keyword, block.header);
            let group = groups.entry(keyword).or_default();
            group.header.get_or_insert(block.header);
            if is_dynamic {
                self.dynamic(block, scope, group, inner);
            } else {
                group
                    .items
                    .push(self.block_value(&block.body, scope, inner));
            }
        }
        for (keyword, group) in groups {
            let key = group.header.unwrap_or(Span::NONE);
            let value = sequence(ListKind::List, group.items, group.more, key);
            let value = place.blocks(&keyword, value, &mut |wrong| self.say(wrong));
            members.insert(keyword, Member { key, value });
        }
        place.check_complete(&members, &mut |wrong| self.say(wrong));
        members
    }

    fn block_value(&self, body: &Body, scope: &Scope<'_>, place: Place<'_>) -> Value {
        let members = self.body(body, scope, place);
        Value::new(
            Data::Object(Object::new(ObjectKind::Block, members)),
            place.header,
        )
    }

    /// A `dynamic` block: one block for each element; for an unknown collection one block that exists if it is not empty.
    fn dynamic(&self, block: &Block, scope: &Scope<'_>, group: &mut Blocks, place: Place<'_>) {
        let Some(for_each) = block.body.attribute("for_each") else {
            self.say_fault(Fault::new(
                block.header,
                "a `dynamic` block needs `for_each`",
            ));
            return;
        };
        let Some(content) = block.body.blocks_named("content").next() else {
            self.say_fault(Fault::new(
                block.header,
                "a `dynamic` block needs `content`",
            ));
            return;
        };
        let iterator = match block
            .body
            .attribute("iterator")
            .map(|attribute| &attribute.value.kind)
        {
            Some(super::syntax::Expr::Name(name)) => name.clone(),
            _ => block.label(0),
        };
        let collection = self.settle(self.evaluate(&for_each.value, scope), for_each.value.span);
        let alternatives: Vec<(Guard, Value)> = match &collection.data {
            Data::Choice(alternatives) => alternatives
                .iter()
                .map(|a| (a.guard.clone(), collection.seen(&a.value)))
                .collect(),
            _ => vec![(Guard::Always, collection)],
        };
        let make = |key: Value, value: Value| {
            let members: Members = [
                ("key".into(), Member::from(key)),
                ("value".into(), Member::from(value)),
            ]
            .into_iter()
            .collect();
            let names = [(
                iterator.clone(),
                Value::object(members, for_each.value.span),
            )];
            let place = Place {
                header: content.header,
                ..place
            };
            self.block_value(&content.body, &scope.with(&names), place)
        };
        for (guard, collection) in alternatives {
            let under = |block: Value| {
                if guard.is_always() {
                    return block;
                }
                let span = block.span();
                let absent = Alternative {
                    guard: !guard.clone(),
                    value: Value::null(span),
                };
                Value::choice(
                    vec![
                        Alternative {
                            guard: guard.clone(),
                            value: block,
                        },
                        absent,
                    ],
                    span,
                )
            };
            match iterated(&collection) {
                Some((entries, more)) => {
                    group.items.extend(
                        entries
                            .into_iter()
                            .map(|(key, value)| under(make(key, value))),
                    );
                    if let Some(why) = more {
                        group
                            .items
                            .push(self.possible_block(&why, for_each, scope, &make));
                        group.more = Some(why);
                    }
                }
                None if collection.is_null() => {
                    self.say_fault(Fault::new(
                        for_each.value.span,
                        "`for_each` is null; say `[]` for no block",
                    ));
                }
                None if collection.is_wholly_known() => {
                    self.say_fault(Fault::new(
                        for_each.value.span,
                        "`for_each` is no collection",
                    ));
                }
                None => {
                    let why = depends(&collection, "a collection that is not known");
                    let subject = collection
                        .as_unknown()
                        .and_then(|unknown| unknown.subject.clone());
                    let why = Arc::new(Unknown {
                        subject,
                        ..(*why).clone()
                    });
                    group
                        .items
                        .push(self.possible_block(&why, for_each, scope, &make));
                    group.more = Some(why);
                }
            }
        }
    }

    /// The block that an unknown collection makes if it is not empty.
    fn possible_block(
        &self,
        why: &Arc<Unknown>,
        for_each: &super::syntax::Attribute,
        scope: &Scope<'_>,
        make: &dyn Fn(Value, Value) -> Value,
    ) -> Value {
        let span = for_each.value.span;
        let element = || Value::new(Data::Unknown(super::evaluate::part_of(why, None)), span);
        let block = make(element(), element());
        let subject = match &why.subject {
            Some(subject) => subject.clone(),
            None => self.opaque(&for_each.value, scope),
        };
        let name = format!("{} has elements", subject.name);
        let subject = Arc::new(Subject::opaque(subject.scope.clone(), name));
        let guard = Guard::Is(Atom {
            subject,
            equals: None,
        });
        let place = block.span();
        let absent = Alternative {
            guard: !guard.clone(),
            value: Value::null(place),
        };
        Value::choice(
            vec![
                Alternative {
                    guard,
                    value: block,
                },
                absent,
            ],
            place,
        )
    }
}

/// The nested blocks of one type.
#[derive(Default)]
struct Blocks {
    header: Option<Span>,
    items: Vec<Value>,
    more: Option<Arc<Unknown>>,
}

impl Expansion {
    fn item(&self, index: &Value) -> Option<&Item> {
        let key = match &self.form {
            Form::Count => {
                let number = types::to_number(index).and_then(|number| number.as_i64())?;
                format!("[{number}]")
            }
            _ => format!("[{}]", quoted(index.as_str()?)),
        };
        self.items.iter().find(|item| item.key == key)
    }
}

/// A guard that holds in every world is no guard.
fn simplified(guard: Guard) -> Guard {
    if World::new().assuming(&!guard.clone()).is_none() {
        Guard::Always
    } else {
        guard
    }
}

fn address_in(instance: &Instance, name: &str) -> String {
    if instance.address.is_empty() {
        name.to_owned()
    } else {
        format!("{}.{name}", instance.address)
    }
}

/// A string as HCL spells it.
fn quoted(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len() + 2);
    spelled.push('"');
    for c in text.chars() {
        match c {
            '"' => spelled.push_str("\\\""),
            '\\' => spelled.push_str("\\\\"),
            '\n' => spelled.push_str("\\n"),
            '\r' => spelled.push_str("\\r"),
            '\t' => spelled.push_str("\\t"),
            c => spelled.push(c),
        }
    }
    spelled.push('"');
    spelled.replace("${", "$${").replace("%{", "%%{")
}

/// An argument of a call that must be a literal, if it is one.
fn literal(block: &Block, name: &str) -> Option<Value> {
    let argument = block.body.attribute(name)?;
    match &argument.value.kind {
        super::syntax::Expr::Text(text, _) => {
            Some(Value::text(text.to_string(), argument.value.span))
        }
        _ => None,
    }
}

/// The literal `source` of a call.
fn source_of(block: &Block) -> Option<String> {
    match &block.body.attribute("source")?.value.kind {
        super::syntax::Expr::Text(text, _) => Some(text.to_string()),
        _ => None,
    }
}

/// `folder` as seen from `root`.
fn relative(root: &str, folder: &str) -> String {
    let (root, folder) = (normalise(root), normalise(folder));
    if root == folder {
        return ".".to_owned();
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(str::to_owned)
            .collect()
    };
    let (from, to) = (parts(&root), parts(&folder));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut path: Vec<String> = vec!["..".to_owned(); from.len() - shared];
    path.extend(to[shared..].iter().cloned());
    path.join("/")
}

/// The version of the AWS provider in the lock file of a root module.
/// <https://developer.hashicorp.com/terraform/language/files/dependency-lock>
fn locked_version(files: &dyn Files, root: &str) -> Option<String> {
    let path = join(root, ".terraform.lock.hcl");
    files.kind(&path)?;
    let text = String::from_utf8(files.read(&path).ok()?).ok()?;
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("provider ") && line.contains("/hashicorp/aws\""))?;
    let version = lines.find_map(|line| line.strip_prefix("version"))?;
    Some(version.trim_matches([' ', '=', '"']).to_owned())
}

/// Folders of installed modules by call path, from `.terraform/modules/modules.json`.
fn installed_modules(
    files: &dyn Files,
    root: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> HashMap<String, String> {
    let path = join(root, ".terraform/modules/modules.json");
    if files.kind(&path) != Some(crate::source::EntryKind::File) {
        return HashMap::new();
    }
    let manifest: Option<serde_json::Value> = files
        .read(&path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(manifest) = manifest else {
        diagnostics.push(
            Diagnostic::new(
                Level::Warning,
                "unreadable_file",
                "cannot read the list of installed modules",
            )
            .in_file(path)
            .hint("run `terraform init` again"),
        );
        return HashMap::new();
    };
    let modules = manifest
        .get("Modules")
        .and_then(serde_json::Value::as_array);
    let text = |entry: &serde_json::Value, name: &str| {
        entry.get(name).and_then(|v| v.as_str()).map(str::to_owned)
    };
    modules
        .into_iter()
        .flatten()
        .filter_map(|entry| Some((text(entry, "Key")?, text(entry, "Dir")?)))
        .collect()
}

/// Whether an output says `sensitive = true`.
fn is_marked_sensitive(block: &Block) -> bool {
    block
        .body
        .attribute("sensitive")
        .is_some_and(|attribute| matches!(attribute.value.kind, super::syntax::Expr::Bool(true)))
}

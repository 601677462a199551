//! CloudFormation: a template in, [`Declared`] out.

mod assembly;
mod bundle;
mod conditions;
mod expand;
mod exports;
mod given;
mod intrinsics;
mod nested;
mod parameters;
mod recognise;
mod sam;
mod samconfig;
mod schema;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::declared::{
    Construct, Declared, DeclaredCondition, DeclaredInput, DeclaredOutput, DeclaredResource,
    Language,
};
use crate::diagnostic::{Diagnostic, Level, did_you_mean};
use crate::project::{self, Export, Inputs, Recognition, Stack};
use crate::source::{EntryKind, Files, SourceMap, Span};
use crate::value::{Atom, Data, Guard, Member, Members, Origin, Reason, Subject, Value};

use nested::Nested;
use parameters::{Given, Taking, Uses};

pub use exports::exports;
pub use recognise::{is_template, nested_templates};

/// How templates are told from other files.
pub const RECOGNITION: Recognition = Recognition {
    is_template,
    nested_templates,
};

/// Stack of the thread that evaluates: values within values are followed by recursion, up to a fixed depth.
const STACK_BYTES: usize = 64 << 20;

/// Longer files are no templates: CloudFormation takes one megabyte
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>); the rest is room for
/// comments.
const LONGEST: usize = 4 << 20;

/// Evaluates a template with the nested stacks whose templates are here, or a source bundle.
pub fn load(files: &dyn Files, sources: &SourceMap, stack: &Stack, inputs: &Inputs) -> Declared {
    on_large_stack(|| {
        let context = Context::new(files, sources, inputs);
        let mut declared = Declared::new(Language::CloudFormation, stack.path.clone());
        let application = project::application_of(&stack.path);
        if let Some(application) = application.filter(|_| is_bundle(files, &stack.path)) {
            bundle::declare(&context, application, &stack.path, &mut declared);
        } else if let Some(template) = context.root_template(stack) {
            if context.mentions(&stack.path, &["aws:cdk:path"]) {
                *context.code.borrow_mut() = assembly::code(files, &stack.path);
            }
            template.declare(&mut declared);
        }
        declared.constructs = context.constructs.into_inner();
        declared.diagnostics = context.diagnostics.into_inner();
        declared
    })
}

/// A folder is a bundle, and so is a manifest; a template may have a manifest's name.
fn is_bundle(files: &dyn Files, path: &str) -> bool {
    files.kind(path) == Some(EntryKind::Directory)
        || files
            .read(path)
            .is_ok_and(|bytes| !is_template(&String::from_utf8_lossy(&bytes)))
}

/// Evaluates on a thread with room for deep recursion.
fn on_large_stack<T: Send>(evaluate: impl Fn() -> T + Send + Sync) -> T {
    std::thread::scope(|threads| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(threads, &evaluate);
        match thread.map(|thread| thread.join()) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            // No thread can be had: evaluate here.
            Err(_) => evaluate(),
        }
    })
}

/// What all templates of one stack share.
struct Context<'a> {
    files: &'a dyn Files,
    sources: &'a SourceMap,
    inputs: &'a Inputs,
    /// What was read of each file; none if it could not be.
    parsed: RefCell<FxHashMap<String, Option<Value>>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    said: RefCell<FxHashSet<(Span, String)>>,
    /// Constructs of CDK by the addresses of what they made.
    constructs: RefCell<BTreeMap<Arc<str>, Construct>>,
    /// The code that made them, by their paths, as an assembly says.
    code: RefCell<FxHashMap<String, Arc<str>>>,
    /// What its templates export to other stacks; filled in the first pass only.
    exports: RefCell<Vec<Export>>,
}

impl<'a> Context<'a> {
    fn new(files: &'a dyn Files, sources: &'a SourceMap, inputs: &'a Inputs) -> Context<'a> {
        Context {
            files,
            sources,
            inputs,
            parsed: RefCell::default(),
            diagnostics: RefCell::default(),
            said: RefCell::default(),
            constructs: RefCell::default(),
            code: RefCell::default(),
            exports: RefCell::default(),
        }
    }

    /// The template of a stack with what is given for it.
    fn root_template(&self, stack: &Stack) -> Option<Template<'_>> {
        let root = self.parsed(&stack.path)?;
        let given = given::given(self);
        let chain = vec![stack.path.to_string()];
        Template::new(self, &root, stack.path.clone(), "".into(), given, chain)
    }

    /// What a YAML or JSON file holds. What is wrong with it is said once.
    fn parsed(&self, path: &str) -> Option<Value> {
        if let Some(known) = self.parsed.borrow().get(path) {
            return known.clone();
        }
        let value = self.read(path);
        self.parsed
            .borrow_mut()
            .insert(path.to_owned(), value.clone());
        value
    }

    fn read(&self, path: &str) -> Option<Value> {
        let unreadable = |why: String, hint: &str| {
            let message = format!("cannot read this file: {why}");
            let diagnostic = Diagnostic::new(Level::Error, "unreadable_file", message);
            self.say(diagnostic.in_file(path).hint(hint.to_owned()).incomplete());
        };
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let hint = "check that it exists and that you may read it";
                unreadable(error.to_string(), hint);
                return None;
            }
        };
        if bytes.len() > LONGEST {
            let hint = "CloudFormation takes templates of up to one megabyte";
            unreadable("it is larger than four megabytes".to_owned(), hint);
            return None;
        }
        let Ok(text) = String::from_utf8(bytes) else {
            let hint = "templates are UTF-8; convert it";
            unreadable("it is not UTF-8 text".to_owned(), hint);
            return None;
        };
        let file = self.sources.add(path, &text);
        let (value, diagnostics) = crate::yaml::parse(&file);
        let is_silent = value.is_none() && diagnostics.is_empty();
        for diagnostic in diagnostics {
            self.say(diagnostic);
        }
        if is_silent {
            let diagnostic = Diagnostic::new(Level::Warning, "empty_file", "this file is empty");
            self.say(diagnostic.in_file(path).hint("nothing is analysed"));
        }
        value
    }

    /// Whether one of these words stands in a file.
    fn mentions(&self, path: &str, words: &[&str]) -> bool {
        let file = self.sources.by_path(path);
        file.is_none_or(|file| words.iter().any(|word| file.text.contains(word)))
    }

    /// Notes a diagnostic once.
    fn say(&self, diagnostic: Diagnostic) {
        let key = (
            diagnostic.span.unwrap_or(Span::NONE),
            diagnostic.message.clone(),
        );
        if self.said.borrow_mut().insert(key) {
            self.diagnostics.borrow_mut().push(diagnostic);
        }
    }
}

/// The state of one template's evaluation.
struct Template<'a> {
    context: &'a Context<'a>,
    /// Its file.
    path: Arc<str>,
    /// Address of the stack resource that it is the template of; empty for the root.
    scope: Arc<str>,
    /// Files of the stacks around it, and its own.
    chain: Vec<String>,
    given: FxHashMap<Arc<str>, Given>,
    parameters: Members,
    mappings: Members,
    conditions: Members,
    resources: Members,
    outputs: Members,
    /// Whether loops or files to read in may stand in it.
    has_parts_to_expand: bool,
    /// Whether macros may make what is not written.
    has_macros: bool,
    /// What parameters are taken for.
    taking: Cell<Taking>,
    /// What `Ref` of each parameter is, however it is taken; made once.
    values: RefCell<FxHashMap<(Arc<str>, Taking), Value>>,
    /// What conditions ask that is no plain comparison of a parameter, with the parameters that it is about.
    questions: RefCell<Vec<(Atom, Vec<Arc<str>>)>>,
    subjects: RefCell<FxHashMap<Arc<str>, Arc<Subject>>>,
    /// The formula of each condition; none while it is being made.
    guards: RefCell<FxHashMap<Arc<str>, Option<Guard>>>,
    /// What `Rules` demand.
    constraint: Guard,
    uses: Uses,
    /// The texts that tell the worlds of each parameter apart.
    compared: FxHashMap<Arc<str>, Vec<Arc<str>>>,
    /// What the default of a parameter answers to the questions about it.
    answers: FxHashMap<Arc<str>, Guard>,
    nested: RefCell<FxHashMap<Arc<str>, Option<Rc<Nested>>>>,
    /// What `Function.Alias` and the like mean: ids that the serverless transform made.
    made_aliases: FxHashMap<Arc<str>, Arc<str>>,
    /// Variables of loops whose collections are not known.
    symbolic: RefCell<FxHashSet<Arc<str>>>,
    /// Parts that loops have made.
    made: Cell<usize>,
    depth: Cell<usize>,
}

impl<'a> Template<'a> {
    /// Reads the sections. None if it is no template at all, which is said.
    fn new(
        context: &'a Context<'a>,
        root: &Value,
        path: Arc<str>,
        scope: Arc<str>,
        given: FxHashMap<Arc<str>, Given>,
        chain: Vec<String>,
    ) -> Option<Template<'a>> {
        let Some(object) = root.as_object() else {
            context.say(
                Diagnostic::error(
                    "invalid_template",
                    root.span(),
                    "a template is a mapping at the top",
                )
                .hint("sections such as `Resources:` start at the left margin")
                .incomplete(),
            );
            return None;
        };
        let mut template = Template {
            context,
            path,
            scope,
            chain,
            given,
            parameters: Members::default(),
            mappings: Members::default(),
            conditions: Members::default(),
            resources: Members::default(),
            outputs: Members::default(),
            has_parts_to_expand: true,
            has_macros: false,
            taking: Cell::new(Taking::Alternatives),
            values: RefCell::default(),
            subjects: RefCell::default(),
            guards: RefCell::default(),
            constraint: Guard::Always,
            uses: Uses::default(),
            questions: RefCell::default(),
            compared: FxHashMap::default(),
            answers: FxHashMap::default(),
            nested: RefCell::default(),
            made_aliases: FxHashMap::default(),
            symbolic: RefCell::default(),
            made: Cell::new(0),
            depth: Cell::new(0),
        };
        // Most templates have neither loops nor included files, and are not copied to look for them.
        template.has_parts_to_expand =
            context.mentions(&template.path, &["Fn::ForEach", "Transform"]);
        let mut members = object.members().clone();
        template.parameters = template.section(&members, "Parameters");
        template.transforms(&mut members);
        template.parameters = template.section(&members, "Parameters");
        template.mappings = template.expanded(&template.section(&members, "Mappings"));
        for name in ["Conditions", "Resources", "Outputs"] {
            let section = template.expanded(&template.section(&members, name));
            match name {
                "Conditions" => template.conditions = section,
                "Resources" => template.resources = section,
                _ => template.outputs = section,
            }
        }
        if all_transforms(&members)
            .iter()
            .any(|name| name == sam::NAME)
        {
            let globals = members.get("Globals").map(|member| &member.value);
            // The transform knows the values of parameters, and runs before functions do.
            let given = sam::Given {
                parameter: &|name| template.transform_value(name),
                evaluate: &|value| template.evaluate(value),
                is_plain: &|place| {
                    let file = context.sources.get(place.source);
                    file.is_some_and(|file| !file.slice(place).starts_with(['"', '\'']))
                },
                region: context.inputs.region.as_deref(),
            };
            let expansion = sam::expand(&template.resources, globals, &given);
            template.resources = expansion.resources;
            template.made_aliases = expansion.aliases;
            template.conditions.extend(expansion.conditions);
            for (place, kind) in expansion.left {
                template.say(
                    Diagnostic::warning("not_analysed", place, format!("`{kind}` is not expanded"))
                        .hint("the resources that it makes are not analysed"),
                );
            }
        }
        for section in [&template.resources, &template.outputs] {
            for (name, member) in section {
                if name.starts_with("Fn::") {
                    let message = format!("`{name}` is not carried out here");
                    template.say(
                        Diagnostic::warning("not_analysed", member.key, message)
                            .hint("what it makes is not analysed"),
                    );
                    template.has_macros = true;
                }
            }
        }
        template.find_modules();
        template
            .resources
            .retain(|name, _| !name.starts_with("Fn::"));
        template.outputs.retain(|name, _| !name.starts_with("Fn::"));
        // Loops and files were found with parameters as they are without conditions.
        template.values.borrow_mut().clear();
        template.guards.borrow_mut().clear();
        template.questions.borrow_mut().clear();
        template.subjects.borrow_mut().clear();
        template.check_declarations();
        let rules = template.section(&members, "Rules");
        template.uses = template.find_uses(&rules);
        template.constraint = template.assertions(&rules);
        (template.compared, template.answers) = template.told_apart();
        Some(template)
    }

    /// Says what CloudFormation would refuse in parameters and mappings, asked for or not.
    fn check_declarations(&self) {
        let invalid = |place: Span, message: String, hint: &str| {
            self.say(Diagnostic::error("invalid_template", place, message).hint(hint));
        };
        for (name, member) in &self.parameters {
            let value = &member.value;
            if value.as_object().is_none() {
                let message = format!("parameter `{name}` must be a mapping");
                invalid(value.span(), message, "give it a `Type`");
                continue;
            }
            let kind = value.member("Type");
            if kind.as_ref().is_none_or(|kind| kind.as_str().is_none()) {
                let message = format!("parameter `{name}` has no `Type`");
                invalid(member.key, message, "it is taken for a `String`");
            }
            if let Some(allowed) = value.member("AllowedValues")
                && allowed.as_list().is_none()
            {
                let message = format!("`AllowedValues` of parameter `{name}` must be a list");
                invalid(allowed.span(), message, "they are not looked at");
            }
            if let (Some("Number"), Some(default)) = (
                kind.as_ref().and_then(Value::as_str),
                value.member("Default"),
            ) && parameters::scalar_text(&default).is_none_or(|text| {
                let number: Result<f64, _> = text.trim().parse();
                number.is_err()
            }) {
                let message = format!("the default of parameter `{name}` is no number");
                invalid(
                    default.span(),
                    message,
                    "a `Number` has a number for default",
                );
            }
        }
        for (name, member) in &self.mappings {
            let levels = member.value.as_object().map(|object| object.members());
            let is_fine = levels.is_some_and(|levels| {
                let mut inner = levels.values();
                inner.all(|inner| inner.value.as_object().is_some())
            });
            if !is_fine && !name.starts_with("Fn::") {
                let message = format!("mapping `{name}` must be a mapping of mappings");
                invalid(member.value.span(), message, "nothing can be found in it");
            }
        }
    }

    fn section(&self, members: &Members, name: &str) -> Members {
        match members.get(name) {
            None => Members::default(),
            Some(member) => match &member.value.data {
                Data::Object(object) => object.members().clone(),
                Data::Null(_) => Members::default(),
                _ => {
                    let message = format!("`{name}` must be a mapping of names");
                    self.say(
                        Diagnostic::error("invalid_template", member.key, message)
                            .hint("this section is left out")
                            .incomplete(),
                    );
                    Members::default()
                }
            },
        }
    }

    /// What the template's `Transform` asks for: files are read in; macros are AWS's to run, and said to be missing.
    fn transforms(&mut self, members: &mut Members) {
        let mut all: Vec<Value> = Vec::new();
        if let Some(transform) = members.get("Transform") {
            match &transform.value.data {
                Data::List(_) => all.extend(transform.value.elements()),
                _ => all.push(transform.value.clone()),
            }
        }
        if let Some(transform) = members.get("Fn::Transform") {
            all.push(transform.value.clone());
        }
        for transform in &all {
            if let Some(included) = self.included(transform, &mut Vec::new(), 0) {
                for (name, member) in included {
                    self.take_in(members, name, member);
                }
                continue;
            }
            let name = transform.member("Name");
            let name = name.as_ref().unwrap_or(transform).as_str().unwrap_or("");
            // Neither adds a resource that a template could be wrong about.
            let is_harmless = name == sam::NAME
                || name.starts_with("AWS::LanguageExtensions")
                || name.starts_with("AWS::CodeDeployBlueGreen")
                || name.starts_with("AWS::SecretsManager");
            if name.is_empty() {
                self.say(
                    Diagnostic::error(
                        "invalid_template",
                        transform.span(),
                        "a transform is the name of one, or a mapping with `Name`",
                    )
                    .hint("it is left out"),
                );
                continue;
            }
            if is_harmless {
                continue;
            }
            self.has_macros = true;
            self.say(
                Diagnostic::warning(
                    "not_analysed",
                    transform.span(),
                    format!("transform `{name}` is not carried out"),
                )
                .hint("resources that it makes are not analysed; those written here are"),
            );
        }
    }

    /// Modules make resources whose names start with theirs: registered ones
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/modules.html>), and the local ones of the command
    /// line and of Rain, which are put in before the template is deployed.
    fn find_modules(&mut self) {
        let mut modules: Vec<Arc<str>> = Vec::new();
        for (name, member) in &self.resources {
            let kind = member.value.member("Type");
            let is_module = match kind.as_ref().map(|kind| (kind, kind.as_str())) {
                Some((_, Some(kind))) => kind.ends_with("::MODULE"),
                Some((kind, None)) => kind.as_object().is_some_and(|kind| {
                    let mut names = kind.members().keys();
                    names.any(|name| name.ends_with("Rain::Module"))
                }),
                None => member.value.member("Source").is_some(),
            };
            if is_module {
                self.say(
                    Diagnostic::warning(
                        "not_analysed",
                        member.key,
                        format!("module `{name}` is not put in"),
                    )
                    .hint("analyse the packaged template too: `aws cloudformation package`, `rain pkg`"),
                );
                modules.push(name.clone());
            }
        }
        if !modules.is_empty() {
            self.has_macros = true;
            self.resources.retain(|name, _| !modules.contains(name));
        }
    }

    /// Adds a section (or its members) of an included file.
    fn take_in(&self, members: &mut Members, name: Arc<str>, member: Member) {
        let Some(present) = members.get_mut(&name) else {
            members.insert(name, member);
            return;
        };
        if let (Some(own), Some(more)) = (present.value.as_object(), member.value.as_object()) {
            let mut all = own.members().clone();
            for (name, member) in more.members() {
                all.entry(name.clone()).or_insert_with(|| member.clone());
            }
            present.value = Value::object(all, present.value.span());
        }
    }

    fn declare(self, declared: &mut Declared) {
        (declared.resources, declared.absent) = self.declared_resources();
        declared.constraint = self.demands();
        for (name, member) in &self.outputs {
            let exists = self.existence(&member.value);
            let value = self.output_value(member);
            if self.can_be(&exists) {
                declared.outputs.push(DeclaredOutput {
                    name: name.clone(),
                    value,
                    header: member.key,
                    exists,
                    is_sensitive: false,
                    of: None,
                });
            }
        }
        for (name, member) in &self.parameters {
            declared.inputs.push(DeclaredInput {
                name: name.clone(),
                value: self.input(name),
                header: member.key,
            });
        }
        for (name, member) in &self.conditions {
            declared.conditions.push(DeclaredCondition {
                name: name.clone(),
                guard: self.condition(name, member.key),
                header: member.key,
            });
        }
    }

    /// The resources that may exist, those of nested stacks after the stack; and those that certainly do not.
    fn declared_resources(&self) -> (Vec<DeclaredResource>, Vec<DeclaredResource>) {
        let (mut present, mut absent) = (Vec::with_capacity(self.resources.len()), Vec::new());
        for (name, member) in &self.resources {
            let Some(resource) = self.resource(name, member.key, &member.value) else {
                continue;
            };
            if !self.can_be(&resource.exists) {
                absent.push(DeclaredResource {
                    exists: Guard::Never,
                    ..resource
                });
                continue;
            }
            present.push(resource);
            if let Some(nested) = self.nested(name) {
                present.extend(nested.resources.iter().cloned());
            }
        }
        (present, absent)
    }

    fn output_value(&self, member: &Member) -> Value {
        let written = member.value.as_object();
        match written.and_then(|object| object.members().get("Value")) {
            Some(value) => self.evaluate(&value.value),
            None => Value::null(member.key),
        }
    }

    fn resource(&self, name: &Arc<str>, key: Span, value: &Value) -> Option<DeclaredResource> {
        let invalid = |place: Span, message: String| {
            self.say(
                Diagnostic::error("invalid_template", place, message)
                    .hint("this resource is left out; give it `Type: AWS::Service::Kind`")
                    .incomplete(),
            );
        };
        let Some(object) = value.as_object() else {
            invalid(key, format!("resource `{name}` must be a mapping"));
            return None;
        };
        let Some(kind) = object.get("Type").and_then(Value::as_str) else {
            invalid(key, format!("resource `{name}` has no `Type`"));
            return None;
        };
        let exists = self.existence(value);
        let properties = match object.members().get("Properties") {
            // What certainly does not exist is not looked at.
            _ if !self.can_be(&exists) => Value::object(Members::default(), key),
            None => Value::object(Members::default(), key),
            Some(member) => {
                let evaluated = self.evaluate(&member.value);
                let evaluated = match schema::resource_type(kind) {
                    Some(resource_type) => resource_type.converted(evaluated),
                    None => evaluated,
                };
                match &evaluated.data {
                    Data::Object(_) => Value {
                        origin: Origin::at(key),
                        ..evaluated
                    },
                    Data::Null(_) => Value::object(Members::default(), key),
                    Data::Unknown(_) | Data::Choice(_) => evaluated,
                    _ => {
                        invalid(
                            member.key,
                            format!("`Properties` of `{name}` must be a mapping"),
                        );
                        return None;
                    }
                }
            }
        };
        let address = self.address(name);
        // <https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html>
        let metadata = value.member("Metadata");
        let construct = metadata.and_then(|metadata| metadata.member("aws:cdk:path"));
        if let Some(path) = construct.as_ref().and_then(Value::as_str) {
            let mut constructs = self.context.constructs.borrow_mut();
            let code = self.context.code.borrow().get(&format!("/{path}")).cloned();
            let path = path.into();
            constructs.insert(address.clone(), Construct { path, code });
        }
        Some(DeclaredResource {
            address,
            native_kind: kind.into(),
            module: self.scope.clone(),
            body: properties,
            header: key,
            block: key.to(value.span()),
            exists,
            is_symbolic: name.contains(expand::ANY),
        })
    }

    /// The condition of a resource or output.
    fn existence(&self, value: &Value) -> Guard {
        let Some(condition) = value
            .as_object()
            .and_then(|object| object.members().get("Condition"))
        else {
            return Guard::Always;
        };
        match condition.value.as_str() {
            Some(name) => self.condition(name, condition.value.span()),
            None => {
                let hint = "it is taken to hold".to_owned();
                let message = "`Condition` takes the name of a condition";
                self.invalid(condition.value.span(), message, Some(hint));
                Guard::Always
            }
        }
    }

    fn say(&self, diagnostic: Diagnostic) {
        self.context.say(diagnostic);
    }

    /// An error in an expression: unknown, and said.
    fn invalid(&self, place: Span, message: impl Into<String>, hint: Option<String>) -> Value {
        let message = message.into();
        let reason = Reason::Invalid(message.as_str().into());
        let mut diagnostic = Diagnostic::error("invalid_expression", place, message);
        diagnostic.hint = hint;
        self.say(diagnostic);
        Value::unknown(reason, place)
    }

    /// What is meant by a name that nothing has.
    fn suggestion(&self, name: &str) -> Option<String> {
        did_you_mean(
            name,
            self.parameters
                .keys()
                .chain(self.resources.keys())
                .map(|known| &**known),
        )
    }
}

/// The names of a template's transforms.
fn all_transforms(members: &Members) -> Vec<String> {
    let Some(transform) = members.get("Transform") else {
        return Vec::new();
    };
    let name = |value: &Value| value.as_str().map(str::to_owned);
    match &transform.value.data {
        Data::List(_) => transform
            .value
            .elements()
            .filter_map(|v| name(&v))
            .collect(),
        _ => name(&transform.value).into_iter().collect(),
    }
}

//! What the blocks of Terraform's own may hold, and what is wrong with those of a module: without evaluating anything.

use std::sync::Arc;

use super::module::Module;
use super::references::{self, Use};
use super::syntax::{Access, Block, Body, Expr, Expression, Operator};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Span;

/// What a block of Terraform's own may hold.
struct Shape {
    arguments: &'static [&'static str],
    required: &'static [&'static str],
    blocks: &'static [&'static str],
}

/// Arguments that variables cannot be named after: calls of modules have them.
/// <https://developer.hashicorp.com/terraform/language/block/variable>
const RESERVED: &[&str] = &[
    "source",
    "version",
    "providers",
    "count",
    "for_each",
    "lifecycle",
    "depends_on",
    "locals",
];

/// By keyword, versions after 1.11 and OpenTofu's included.
fn shape(keyword: &str) -> Option<Shape> {
    let shape = |arguments, required, blocks| {
        Some(Shape {
            arguments,
            required,
            blocks,
        })
    };
    match keyword {
        "variable" => shape(
            &[
                "type",
                "default",
                "description",
                "sensitive",
                "nullable",
                "ephemeral",
                "deprecated",
                "const",
            ],
            &[],
            &["validation"],
        ),
        "output" => shape(
            &[
                "value",
                "description",
                "sensitive",
                "ephemeral",
                "depends_on",
                "deprecated",
                "type",
            ],
            &["value"],
            &["precondition"],
        ),
        "validation" | "precondition" | "postcondition" | "assert" => shape(
            &["condition", "error_message"],
            &["condition", "error_message"],
            &[],
        ),
        "lifecycle" => shape(
            &[
                "create_before_destroy",
                "prevent_destroy",
                "ignore_changes",
                "replace_triggered_by",
                "enabled",
                "destroy",
            ],
            &[],
            &["precondition", "postcondition", "action_trigger"],
        ),
        "moved" => shape(&["from", "to"], &["from", "to"], &[]),
        _ => None,
    }
}

/// Says what is wrong with the blocks of a module.
pub(super) fn check(module: &Module, diagnostics: &mut Vec<Diagnostic>) {
    let mut say = |diagnostic| diagnostics.push(diagnostic);
    for (name, block) in &module.variables {
        if RESERVED.contains(&&**name) {
            let message = format!("a variable cannot be called `{name}`");
            say(Diagnostic::error("reserved_name", block.header, message)
                .hint("calls of modules have an argument of this name; choose another one"));
        }
        named(name, block, &mut say);
        shaped(block, &mut say);
        if let Some(default) = block.body.attribute("default") {
            constant(&default.value, &mut say);
            let nullable = block.body.attribute("nullable").map(|one| &one.value.kind);
            if matches!(default.value.kind, Expr::Null)
                && matches!(nullable, Some(Expr::Bool(false)))
            {
                let message = format!("`{name}` cannot be null, though its default is");
                say(
                    Diagnostic::error("invalid_value", default.value.span, message)
                        .hint("give another default, or none"),
                );
            }
        }
        for validation in block.body.blocks_named("validation") {
            shaped(validation, &mut say);
            tests(validation, &format!("var.{name}"), &mut say, &|used| {
                is_variable(used, name)
            });
        }
    }
    for (name, block) in &module.outputs {
        named(name, block, &mut say);
        shaped(block, &mut say);
        for condition in block.body.blocks_named("precondition") {
            shaped(condition, &mut say);
            tests_something(condition, &mut say);
        }
    }
    for block in module.resources.values() {
        for position in 0..2 {
            named(&block.label(position), block, &mut say);
        }
        for lifecycle in block.body.blocks_named("lifecycle") {
            shaped(lifecycle, &mut say);
            for keyword in ["precondition", "postcondition"] {
                for condition in lifecycle.body.blocks_named(keyword) {
                    shaped(condition, &mut say);
                    tests_something(condition, &mut say);
                }
            }
        }
    }
    for (name, block) in &module.calls {
        named(name, block, &mut say);
        if block.body.attribute("source").is_none() {
            let message = format!("module `{name}` has no `source`");
            say(Diagnostic::error("missing_argument", block.header, message)
                .hint("say where the module is: `source = \"./folder\"`"));
        }
        let source = block.body.attribute("source").map(|one| &one.value.kind);
        let is_local = matches!(source, Some(Expr::Text(path, _)) if path.starts_with('.'));
        if let (true, Some(version)) = (is_local, block.body.attribute("version")) {
            let message = format!("module `{name}` is a folder, which has no versions");
            say(
                Diagnostic::error("unsupported_argument", version.name_span, message)
                    .hint("remove `version`: only modules of a registry have it"),
            );
        }
    }
    for check in module.checks.values() {
        let mut asserts = check.body.blocks_named("assert").peekable();
        if asserts.peek().is_none() {
            let message = format!("check `{}` asserts nothing", check.label(0));
            say(Diagnostic::error("missing_block", check.header, message)
                .hint("add an `assert` block, or remove the check"));
        }
        for assert in asserts {
            shaped(assert, &mut say);
            tests_something(assert, &mut say);
        }
    }
    for statement in &module.statements {
        shaped(statement, &mut say);
        stated(module, statement, &mut say);
    }
}

/// Names start with a letter or an underscore; digits and dashes may follow.
/// <https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers>
fn named(name: &str, block: &Block, say: &mut dyn FnMut(Diagnostic)) {
    let is_start = |c: char| c.is_alphabetic() || c == '_';
    let is_name = name.starts_with(is_start)
        && name
            .chars()
            .all(|c| is_start(c) || c.is_numeric() || c == '-');
    if !is_name {
        let message = format!("`{name}` is not a name");
        say(Diagnostic::error("invalid_name", block.header, message)
            .hint("names start with a letter or `_` and go on with letters, digits, `_` and `-`"));
    }
}

/// Whether a block holds what it must and nothing that it cannot.
fn shaped(block: &Block, say: &mut dyn FnMut(Diagnostic)) {
    let Some(shape) = shape(&block.keyword) else {
        return;
    };
    let keyword = &block.keyword;
    for attribute in &block.body.attributes {
        // In JSON, blocks look like arguments.
        let name = &&*attribute.name;
        if !shape.arguments.contains(name) && !shape.blocks.contains(name) {
            let message = format!("`{keyword}` has no argument `{}`", attribute.name);
            let mut diagnostic =
                Diagnostic::error("unsupported_argument", attribute.name_span, message);
            diagnostic.hint = did_you_mean(&attribute.name, shape.arguments.iter().copied());
            say(diagnostic);
        }
    }
    for inner in &block.body.blocks {
        if !shape.blocks.contains(&&*inner.keyword) && &*inner.keyword != "dynamic" {
            let message = format!("`{keyword}` has no blocks `{}`", inner.keyword);
            let mut diagnostic = Diagnostic::error("unsupported_block", inner.header, message);
            diagnostic.hint = did_you_mean(&inner.keyword, shape.blocks.iter().copied());
            say(diagnostic);
        }
    }
    for name in shape.required {
        if block.body.attribute(name).is_none() {
            let message = format!("`{keyword}` needs `{name}`");
            say(Diagnostic::error("missing_argument", block.header, message));
        }
    }
}

/// A value that must be written out.
fn constant(expression: &Expression, say: &mut dyn FnMut(Diagnostic)) {
    references::of(expression, &mut |used, span| {
        let what = match used {
            Use::Name(..) => "refer to anything",
            Use::Function => "call functions",
        };
        say(Diagnostic::error(
            "invalid_expression",
            span,
            format!("a default cannot {what}"),
        )
        .hint("write the value itself, or use a local value"));
    });
}

/// A condition that looks at nothing tests nothing.
fn tests_something(block: &Block, say: &mut dyn FnMut(Diagnostic)) {
    tests(block, "anything of the configuration", say, &|used| {
        matches!(used, Use::Name(..))
    });
}

fn tests(
    block: &Block,
    wanted: &str,
    say: &mut dyn FnMut(Diagnostic),
    is_wanted: &dyn Fn(&Use<'_>) -> bool,
) {
    let Some(condition) = block.body.attribute("condition") else {
        return;
    };
    let mut is_found = false;
    references::of(&condition.value, &mut |used, _| {
        is_found |= is_wanted(&used);
    });
    if !is_found {
        let message = format!("this condition does not look at {wanted}");
        say(
            Diagnostic::error("invalid_condition", condition.value.span, message)
                .hint("Terraform refuses conditions that cannot test anything"),
        );
    }
}

fn is_variable(used: &Use<'_>, wanted: &str) -> bool {
    let Use::Name(name, operators) = used else {
        return false;
    };
    let first = operators.first().map(|operator| &operator.kind);
    &***name == "var" && matches!(first, Some(Access::Attribute(name)) if **name == *wanted)
}

/// `moved`, `removed` and `import` speak of resources that are gone, or are there.
/// <https://developer.hashicorp.com/terraform/language/block/moved>
fn stated(module: &Module, statement: &Block, say: &mut dyn FnMut(Diagnostic)) {
    let (argument, must_exist) = match &*statement.keyword {
        "moved" | "removed" => ("from", false),
        _ => ("to", true),
    };
    let Some(attribute) = statement.body.attribute(argument) else {
        if &*statement.keyword != "moved" {
            let message = format!("`{}` needs `{argument}`", statement.keyword);
            say(Diagnostic::error(
                "missing_argument",
                statement.header,
                message,
            ));
        }
        return;
    };
    let Some((key, is_whole)) = resource(&attribute.value) else {
        return;
    };
    // `a` may become `a[0]`.
    let to = statement.body.attribute("to");
    let is_indexed = |(_, is_whole): (String, bool)| !is_whole;
    if !must_exist
        && to
            .and_then(|to| resource(&to.value))
            .is_some_and(is_indexed)
    {
        return;
    }
    let found = match key.strip_prefix("module.") {
        Some(name) => module.calls.get(name),
        None => module.resources.get(&*key),
    };
    let message = match found {
        // An instance may move on to another one.
        Some(_) if must_exist || !is_whole => return,
        Some(_) => format!("`{key}` is still declared, though this says that it is gone"),
        None if must_exist => format!("no `{key}` is declared to import into"),
        None => return,
    };
    let mut diagnostic = Diagnostic::error("invalid_statement", attribute.value.span, message);
    if let Some(block) = found {
        diagnostic = diagnostic.label(block.header, "declared here");
    }
    say(diagnostic);
}

/// The resource or module call of the same module that a reference names, and whether it names all instances.
fn resource(expression: &Expression) -> Option<(String, bool)> {
    let Expr::Traversal(base, operators) = &expression.kind else {
        return None;
    };
    let Expr::Name(name) = &base.kind else {
        return None;
    };
    let mut parts: Vec<Arc<str>> = vec![name.clone()];
    let mut is_whole = true;
    for operator in operators {
        match &operator.kind {
            Access::Attribute(name) => parts.push(name.clone()),
            _ => is_whole = false,
        }
    }
    let wanted = if &**name == "data" { 3 } else { 2 };
    (parts.len() == wanted).then(|| (parts.join("."), is_whole))
}

/// Blocks where only values may stand.
pub(super) fn no_blocks(body: &Body, diagnostics: &mut Vec<Diagnostic>) {
    for block in &body.blocks {
        let message = format!("`locals` has no blocks `{}`", block.keyword);
        diagnostics.push(
            Diagnostic::error("unsupported_block", block.header, message)
                .hint(format!("write `{} = {{ … }}`", block.keyword)),
        );
    }
}

/// Whether a name at the start of a reference means something of Terraform's, not a type of resources.
fn is_root(name: &str) -> bool {
    [
        "var",
        "local",
        "module",
        "data",
        "resource",
        "each",
        "count",
        "self",
        "path",
        "terraform",
        "tofu",
        "ephemeral",
        "action",
        "list",
    ]
    .contains(&name)
}

/// What the block around an expression gives it.
#[derive(Clone, Copy, Default)]
pub(super) struct Around {
    has_count: bool,
    has_for_each: bool,
    has_self: bool,
}

impl Around {
    fn of(block: &Block) -> Around {
        let lifecycle = block.body.blocks_named("lifecycle").next();
        Around {
            has_count: block.body.attribute("count").is_some(),
            has_for_each: block.body.attribute("for_each").is_some(),
            has_self: lifecycle
                .is_some_and(|own| own.body.blocks_named("postcondition").next().is_some()),
        }
    }
}

/// What is wrong with a reference whatever it is worth, in the words that evaluating it finds, and a hint: it is to
/// nothing that the module declares, or to what means nothing there.
pub(super) fn misused(
    module: &Module,
    name: &str,
    operators: &[Operator],
    around: Around,
) -> Option<(String, Option<String>)> {
    let part = |position: usize| match operators.get(position).map(|operator| &operator.kind) {
        Some(Access::Attribute(name)) => Some(&**name),
        _ => None,
    };
    let Some(second) = part(0) else {
        let starts = "references start with `var.`, `local.`, `module.`, `data.` or a type";
        return (!is_root(name)).then(|| {
            let message = format!("`{name}` is not known here");
            (message, Some(starts.to_owned()))
        });
    };
    fn hint<'k>(wanted: &str, known: impl Iterator<Item = &'k Arc<str>>) -> Option<String> {
        did_you_mean(wanted, known.map(|known| &**known))
    }
    let nothing = |needed: &str| {
        let message = format!("`{name}.{second}` means nothing here");
        Some((message, Some(needed.to_owned())))
    };
    let is_counted = "it needs `count` or `for_each` on the block";
    match (name, second) {
        ("var", _) if !module.variables.contains_key(second) => Some((
            format!("no variable `{second}` is declared"),
            hint(second, module.variables.keys()),
        )),
        ("local", _) if !module.locals.contains_key(second) => Some((
            format!("no local `{second}` is declared"),
            hint(second, module.locals.keys()),
        )),
        ("module", _) => match module.calls.get(second) {
            // The instances by key are an object, whose members are asked for like attributes.
            Some(block) if block.body.attribute("count").is_some() => {
                of_all(block, &format!("module.{second}"), part(1))
            }
            Some(_) => None,
            None => Some((
                format!("no module `{second}` is called here"),
                hint(second, module.calls.keys()),
            )),
        },
        ("each", "key" | "value") if around.has_for_each => None,
        ("count", "index") if around.has_count => None,
        ("each" | "count", _) => nothing(is_counted),
        ("self", _) if !around.has_self => nothing("only postconditions and provisioners have it"),
        ("path", "module" | "root" | "cwd") => None,
        ("path", _) => nothing("there are `path.module`, `path.root` and `path.cwd`"),
        ("terraform" | "tofu", "workspace" | "applying") => None,
        ("terraform" | "tofu", _) => nothing("there is `terraform.workspace`"),
        _ => {
            let (key, after) = match name {
                "data" => (format!("data.{second}.{}", part(1)?), part(2)),
                "resource" => (format!("{second}.{}", part(1)?), part(2)),
                _ if is_root(name) => return None,
                _ => (format!("{name}.{second}"), part(1)),
            };
            match module.resources.get(&*key) {
                Some(block) => of_all(block, &key, after),
                None => {
                    let message = format!("no `{key}` is declared in this module");
                    Some((message, hint(&key, module.resources.keys())))
                }
            }
        }
    }
}

/// An attribute is asked of one instance, not of all.
fn of_all(block: &Block, key: &str, after: Option<&str>) -> Option<(String, Option<String>)> {
    let attribute = after?;
    let mut expanding = ["count", "for_each"].into_iter();
    let counted = expanding.find(|name| block.body.attribute(name).is_some())?;
    Some((
        format!("`{attribute}` is asked of `{key}`, which has `{counted}`"),
        Some(format!("say which instance, as in `{key}[…].{attribute}`")),
    ))
}

/// Calls `see` for every reference in the expressions of a module, with what the block around it gives.
pub(super) fn uses<'m>(
    module: &'m Module,
    see: &mut dyn FnMut(&'m str, &'m [Operator], Span, Around),
) {
    type Walk<'w, 'm> = &'w dyn Fn(&mut dyn FnMut(Use<'m>, Span));
    let mut within = |around: Around, walk: Walk<'_, 'm>| {
        walk(&mut |used, span| {
            if let Use::Name(name, operators) = used {
                see(name, operators, span, around);
            }
        });
    };
    let none = Around::default();
    for local in module.locals.values() {
        within(none, &|see| references::of(&local.value, see));
    }
    for variable in module.variables.values() {
        for validation in variable.body.blocks_named("validation") {
            within(none, &|see| references::of_body(&validation.body, see));
        }
    }
    for block in module.outputs.values().chain(module.checks.values()) {
        within(none, &|see| references::of_body(&block.body, see));
    }
    let blocks = module.resources.values().chain(module.calls.values());
    for block in blocks.chain(module.providers.values()) {
        within(Around::of(block), &|see| {
            references::of_body(&block.body, see)
        });
        // What makes the instances does not know them.
        for name in ["count", "for_each"] {
            if let Some(attribute) = block.body.attribute(name) {
                within(none, &|see| references::of(&attribute.value, see));
            }
        }
    }
}

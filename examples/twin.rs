use onus::declared::Language;
use onus::model::{Model, Vocabulary, normalize};
use onus::project::{Inputs, Stack};
use onus::source::{MemoryFiles, SourceMap};
use onus::value::{Data, Value};
use onus::{cloudformation, terraform};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
fn model(path: &str) -> Model {
    let mut files: Vec<(String, String)> = vec![];
    fn walk(p: &Path, out: &mut Vec<(String, String)>) {
        if p.is_dir() {
            for e in std::fs::read_dir(p).unwrap() {
                walk(&e.unwrap().path(), out)
            }
        } else if let Ok(t) = std::fs::read_to_string(p) {
            out.push((p.to_string_lossy().into_owned(), t));
        }
    }
    walk(Path::new(path), &mut files);
    let memory = MemoryFiles::new(files.iter().map(|(a, b)| (a.as_str(), b.as_str())));
    let sources = SourceMap::new();
    let language = if Path::new(path).is_dir() {
        Language::Terraform
    } else {
        Language::CloudFormation
    };
    let mut inputs = Inputs::default();
    let tfvars = format!("{path}/terraform.tfvars");
    if Path::new(&tfvars).exists() {
        inputs.variable_files.push(tfvars);
    }
    let stack = Stack {
        language,
        path: path.into(),
    };
    let declared = match language {
        Language::Terraform => terraform::load(&memory, &sources, &stack, &inputs),
        _ => cloudformation::load(&memory, &sources, &stack, &inputs),
    };
    for d in &declared.diagnostics {
        println!(
            "DIAG {} {}",
            sources.describe(d.span.unwrap_or(onus::source::Span::NONE)),
            d.message
        );
    }
    let types: Vec<_> = declared
        .resources
        .iter()
        .map(|r| r.native_kind.clone())
        .collect();
    let voc = Vocabulary::builtin_for(types.iter().map(|t| &**t));
    let (m, d) = normalize(declared, voc);
    for d in &d {
        println!(
            "NORM {} {}",
            sources.describe(d.span.unwrap_or(onus::source::Span::NONE)),
            d.message
        );
    }
    m
}
fn paths(v: &Value, at: String, out: &mut BTreeMap<String, BTreeSet<String>>) {
    let t = match &v.data {
        Data::Null => return,
        Data::Bool(_) => "bool",
        Data::Number(_) => "number",
        Data::Text(_) => "text",
        Data::List(_) => "list",
        Data::Object(_) => "object",
        Data::Unknown(_) => "?",
        Data::Choice(a) => {
            for a in a.iter() {
                paths(&a.value, at.clone(), out)
            }
            return;
        }
    };
    out.entry(at.clone()).or_default().insert(t.into());
    match &v.data {
        Data::List(l) => {
            for i in l.items() {
                paths(i, format!("{at}[]"), out)
            }
        }
        Data::Object(o) => {
            for (n, m) in o.members() {
                paths(&m.value, format!("{at}.{n}"), out)
            }
        }
        _ => {}
    }
}
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let (x, y) = (model(&a[0]), model(&a[1]));
    let collect = |m: &Model| {
        let mut k: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for r in m.resources() {
            paths(
                &r.properties,
                String::new(),
                k.entry(r.kind.to_string()).or_default(),
            );
        }
        k
    };
    let (x, y) = (collect(&x), collect(&y));
    for (k, p) in &x {
        let Some(q) = y.get(k) else {
            println!("only tf: {k}");
            continue;
        };
        for (path, t) in p {
            match q.get(path) {
                None => println!("  {k}{path} tf {t:?} only"),
                Some(u) => {
                    let a: BTreeSet<_> = t.iter().filter(|t| *t != "?").collect();
                    let b: BTreeSet<_> = u.iter().filter(|t| *t != "?").collect();
                    if !a.is_empty() && !b.is_empty() && a != b {
                        println!("  {k}{path} tf {t:?} cfn {u:?}")
                    }
                }
            }
        }
        for (path, u) in q {
            if !p.contains_key(path) {
                println!("  {k}{path} cfn {u:?} only")
            }
        }
    }
    for k in y.keys() {
        if !x.contains_key(k) {
            println!("only cfn: {k}")
        }
    }
}

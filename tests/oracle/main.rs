//! The oracle: expressions made at random, evaluated by onus and by the real Terraform, compared; what was recorded,
//! asked again. Needs `terraform` 1.11 on the path. `just oracle` runs it.

mod compare;
mod excuses;
mod expressions;
mod functions;
mod json;
mod random;
mod recheck;
#[path = "../recorded/mod.rs"]
mod recorded;
mod terraform;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::process::ExitCode;

use compare::{Bench, Verdict};
use expressions::Grower;
use random::Random;
use tree::Node;

/// Expressions in one plan.
const BATCH: usize = 500;
/// Smaller forms of one expression that are tried at once.
const TRIED_AT_ONCE: usize = 24;
/// Rounds of making disagreements smaller.
const ROUNDS: usize = 60;

const USAGE: &str = "\
oracle expressions COUNT [SEED] [--record] [--known] [--raw]
                       generated expressions; --record appends what differs to the recordings, --known makes
                       none that is not known before apply, --raw does not make them smaller
oracle ask FILE        expressions of a file, one a line, with what both make of them
oracle record FILE     the same, and those on which both agree are appended to the recordings
oracle configurations FILE [--record]
                       configurations of a file in the form of the recordings; --record appends those that agree
oracle recheck         every recording against the real Terraform";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (flags, words): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.starts_with("--"));
    let outcome = match words.as_slice() {
        ["expressions", count, rest @ ..] => {
            let seed = rest.first().copied().unwrap_or("1").parse();
            match (count.parse(), seed) {
                (Ok(count), Ok(seed)) => generated(count, seed, &flags),
                _ => return usage(),
            }
        }
        ["ask", path] => ask(path, false),
        ["record", path] => ask(path, true),
        ["configurations", path] => recheck::ask(path, &flags),
        ["recheck"] => recheck::all(),
        _ => return usage(),
    };
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    say(USAGE);
    ExitCode::from(2)
}

/// A line for whoever runs this.
fn say(line: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Makes, compares, makes smaller, prints. Gives the number of disagreements.
fn generated(count: usize, seed: u64, flags: &[&str]) -> std::io::Result<usize> {
    let mut bench = Bench::new(&format!("expressions-{seed}"))?;
    let mut random = Random::new(seed);
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    let mut excused: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shown: BTreeSet<String> = BTreeSet::new();
    let mut recordings = String::new();
    let is_known = flags.contains(&"--known");
    let mut done = 0;
    while done < count {
        let size = BATCH.min(count - done);
        let nodes: Vec<Node> = (0..size)
            .map(|_| Grower::new(&mut random, is_known).any())
            .collect();
        done += size;
        let verdicts = judged(&mut bench, &nodes)?;
        let mut differing: Vec<(Node, Verdict)> = Vec::new();
        for (node, verdict) in nodes.into_iter().zip(verdicts) {
            let kind = match &verdict.terraform {
                Err(_) => "refused by Terraform",
                Ok(planned) if planned.worth.has_unknown() => "unknown or partly unknown",
                Ok(_) => "known",
            };
            *met.entry(kind).or_default() += 1;
            match verdict.excuse {
                Some(reason) => *excused.entry(reason).or_default() += 1,
                None if !verdict.agrees() => differing.push((node, verdict)),
                None => {}
            }
        }
        say(&format!(
            "{done} expressions, {} of the last {size} differ",
            differing.len()
        ));
        if !flags.contains(&"--raw") {
            make_smaller(&mut bench, &mut differing)?;
        }
        for (node, verdict) in &differing {
            let text = node.written();
            if !shown.insert(text.clone()) {
                continue;
            }
            show(&text, verdict);
            if let Some(text) = recording(&text, &verdict.expected()) {
                recordings.push_str(&text);
            }
        }
    }
    for (what, number) in met.iter().chain(&excused) {
        say(&format!("{number:>7} {what}"));
    }
    say(&format!(
        "{count} expressions from seed {seed}: {} disagreement(s)",
        shown.len()
    ));
    if flags.contains(&"--record") {
        append(&recordings)?;
    }
    Ok(shown.len())
}

/// What both make of expressions. Where `&&` and `||` differ, Terraform is asked again as 1.12 would decide them.
fn judged(bench: &mut Bench, nodes: &[Node]) -> std::io::Result<Vec<Verdict>> {
    let texts: Vec<String> = nodes.iter().map(Node::written).collect();
    let mut verdicts = bench.verdicts(&texts)?;
    for (text, verdict) in texts.iter().zip(&mut verdicts) {
        if !verdict.agrees() {
            verdict.excuse = excuses::excuse(text, verdict);
        }
    }
    let again: Vec<usize> = (0..nodes.len())
        .filter(|at| nodes[*at].is_logical() && !verdicts[*at].agrees())
        .collect();
    if again.is_empty() {
        return Ok(verdicts);
    }
    let texts: Vec<String> = again
        .iter()
        .map(|at| nodes[*at].with_short_circuits())
        .collect();
    for (at, answer) in again.into_iter().zip(bench.terraform(&texts)?) {
        let before = std::mem::replace(&mut verdicts[at].terraform, answer);
        match verdicts[at].agrees() {
            true => verdicts[at].excuse = Some("`&&` and `||` as Terraform 1.12 decides them"),
            false => verdicts[at].terraform = before,
        }
    }
    Ok(verdicts)
}

/// Replaces each expression by the smallest found that shows the same kind of disagreement.
fn make_smaller(bench: &mut Bench, differing: &mut [(Node, Verdict)]) -> std::io::Result<()> {
    let mut candidates: Vec<Vec<Node>> = differing.iter().map(|(node, _)| node.smaller()).collect();
    for _ in 0..ROUNDS {
        let mut tried: Vec<(usize, Node)> = Vec::new();
        for (at, candidates) in candidates.iter_mut().enumerate() {
            let some = candidates.drain(..candidates.len().min(TRIED_AT_ONCE));
            tried.extend(some.map(|node| (at, node)));
        }
        if tried.is_empty() {
            break;
        }
        let nodes: Vec<Node> = tried.iter().map(|(_, node)| node.clone()).collect();
        let mut verdicts = Vec::new();
        for nodes in nodes.chunks(2 * BATCH) {
            verdicts.extend(judged(bench, nodes)?);
        }
        let mut is_replaced = BTreeSet::new();
        for ((at, node), verdict) in tried.into_iter().zip(verdicts) {
            let is_same = verdict.class() == differing[at].1.class() && verdict.excuse.is_none();
            if is_same && is_replaced.insert(at) {
                candidates[at] = node.smaller();
                differing[at] = (node, verdict);
            }
        }
    }
    Ok(())
}

fn show(text: &str, verdict: &Verdict) {
    say(&format!(
        "{text}\n=> {}\n     onus: {}{}{}",
        verdict.expected(),
        verdict.onus,
        verdict
            .said
            .as_ref()
            .map_or_else(String::new, |said| format!(" ({said})")),
        match &verdict.terraform {
            Ok(planned) => format!("\n     type: {}", compare::described(&planned.of)),
            Err(why) => format!("\n     Terraform: {}", why.replace('\n', " ")),
        }
    ));
}

/// How it stands in the recordings; none if they cannot hold it.
fn recording(text: &str, worth: &recorded::Worth) -> Option<String> {
    let is_plain = !text.contains("\n\n") && !text.contains("\n=> ") && !text.contains("abspath");
    is_plain.then(|| format!("{text}\n=> {worth}\n"))
}

/// What both make of expressions that somebody wrote down. `records`: where they agree, and it is not recorded yet, it is.
fn ask(path: &str, records: bool) -> std::io::Result<usize> {
    let text = fs::read_to_string(path)?;
    let nodes: Vec<Node> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| Node::text(line.replace('␤', "\n")))
        .collect();
    let cases = recorded::recorded(recorded::EXPRESSIONS);
    let mut known: BTreeSet<String> = cases.into_iter().map(|(text, _)| text).collect();
    let mut bench = Bench::new("ask")?;
    let mut different = 0;
    let mut recordings = String::new();
    for nodes in nodes.chunks(BATCH) {
        for (node, verdict) in nodes.iter().zip(judged(&mut bench, nodes)?) {
            let text = node.written();
            if !verdict.agrees() && verdict.excuse.is_none() {
                different += 1;
                show(&text, &verdict);
            } else if records
                && verdict.excuse.is_none()
                && known.insert(text.clone())
                // A plan does not tell the kinds of what is known in part; onus does.
                && let Some(text) = recording(&text, &verdict.onus)
            {
                recordings.push_str(&text);
            }
        }
    }
    append(&recordings)?;
    say(&format!("{} expressions, {different} differ", nodes.len()));
    Ok(different)
}

fn append(recordings: &str) -> std::io::Result<()> {
    let path = recorded::folder().join("expressions.txt");
    let mut file = fs::OpenOptions::new().append(true).open(path)?;
    file.write_all(recordings.as_bytes())
}

//! Runs two commands in turn and prints what each takes and the ratio: `ratio RUNS COMMAND… --vs COMMAND…`.
//!
//! Whole processes, one after the other in pairs, so that a machine that is busy for a while is busy for both. Medians.

use std::process::{Command, Stdio};
use std::time::Instant;

/// Seconds that a command takes; none if it cannot be started.
fn seconds(command: &[String]) -> Option<f64> {
    let (program, arguments) = command.split_first()?;
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.ok().map(|_| start.elapsed().as_secs_f64())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

#[allow(clippy::print_stdout, reason = "it is a program")]
fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let runs = arguments
        .first()
        .and_then(|runs| runs.parse::<usize>().ok());
    let (Some(runs), Some(at)) = (
        runs,
        arguments.iter().position(|argument| argument == "--vs"),
    ) else {
        println!("usage: ratio RUNS COMMAND… --vs COMMAND…");
        return;
    };
    let (first, second) = (&arguments[1..at], &arguments[at + 1..]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        match (seconds(first), seconds(second)) {
            (Some(a), Some(b)) => {
                ours.push(a);
                theirs.push(b);
            }
            _ => {
                println!("a command cannot be started");
                return;
            }
        }
    }
    let ratios = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
    println!(
        "{:.3} s beside {:.3} s: {:.2} times (medians of {runs} pairs)",
        median(ours),
        median(theirs),
        median(ratios)
    );
}

//! Which steps a check has: what each runs, for how long at most, and who reads its words. What
//! costs little and says most comes first; the sanitizer, which is slow, last.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bundle::{Bundle, Missing};
use super::child::{self, End, Output};
use super::found::{self, Found};

/// A step of the check.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// Seconds that its commands may take together.
    pub(super) limit_s: u64,
    /// What it runs, or why it cannot.
    commands: fn(&Bundle) -> Result<Vec<Command>, Missing>,
    /// What the words of its commands mean.
    read: fn(&Bundle, &[Output]) -> Found,
}

/// Every step, in its order.
pub(super) fn all() -> Vec<Step> {
    vec![
        Step { name: "machine", limit_s: 15, commands: machine, read: found::machine },
        Step { name: "conformance", limit_s: 120, commands: conformance, read: found::conformance },
        Step { name: "products", limit_s: 40, commands: products, read: found::products },
        Step { name: "twice", limit_s: 60, commands: twice, read: found::twice },
        Step { name: "kernels", limit_s: 230, commands: kernels, read: found::kernels },
        Step { name: "step", limit_s: 120, commands: step, read: found::step },
        Step { name: "self-play", limit_s: 90, commands: self_play, read: found::self_play },
        Step { name: "memcheck", limit_s: 120, commands: memcheck, read: found::sanitizer },
        Step { name: "racecheck", limit_s: 120, commands: racecheck, read: found::sanitizer },
    ]
}

fn machine(_: &Bundle) -> Result<Vec<Command>, Missing> {
    let mut ask = Command::new("nvidia-smi");
    ask.arg(format!("--query-gpu={}", found::FACTS.join(",")));
    ask.arg("--format=csv,noheader,nounits");
    Ok(vec![ask])
}

/// The kernels against their oracles, twice each, and beside the emulation's bits.
fn conformance(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    let mut run = bundle.conformance(&[]);
    if let Ok(bits) = bundle.needs("emulated-bits.tsv") {
        run.arg("--bits").arg(bits);
    }
    Ok(vec![run])
}

/// Rows of products over any number of rows and any tile.
fn products(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    Ok(vec![bundle.lab(&["bench", "kernels", "--bits", "--device", "cuda", "--json"])])
}

/// The same training steps twice, from nothing, in two processes; and with graphs.
fn twice(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    let words = ["bench", "step", "--device", "cuda", "--steps", "4", "--json"];
    let mut by_graphs = bundle.lab(&words);
    by_graphs.arg("--graphs");
    Ok(vec![bundle.lab(&words), bundle.lab(&words), by_graphs])
}

fn kernels(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    let mut bench = bundle.lab(&["bench", "kernels", "--device", "cuda", "--json", "--python"]);
    bench.arg(&bundle.python);
    Ok(vec![bench])
}

/// Twenty timed steps of a model of 0.5 B parameters, after one that warms up; then five with
/// graphs.
fn step(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    let words = ["bench", "step", "--device", "cuda", "--shape", "qwen2.5-0.5b", "--json"];
    let (mut bench, mut by_graphs) = (bundle.lab(&words), bundle.lab(&words));
    bench.args(["--steps", "21"]);
    by_graphs.args(["--steps", "6", "--graphs"]);
    Ok(vec![bench, by_graphs])
}

/// The whole loop on the seed model, sandbox included.
fn self_play(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    let (families, config) = (bundle.needs("plugins")?, bundle.needs("tiny.toml")?);
    let mut train = bundle.command(bundle.needs("quaero")?);
    train.arg("--plugins-dir").arg(families);
    train.arg("train").arg(config).args(["--device", "cuda", "--steps", "3"]);
    train.args(["--set", "eval.suite=none", "--run"]).arg(bundle.run_folder());
    Ok(vec![train])
}

fn memcheck(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    sanitized(bundle, "memcheck")
}

fn racecheck(bundle: &Bundle) -> Result<Vec<Command>, Missing> {
    sanitized(bundle, "racecheck")
}

/// Where compute-sanitizer may lie: on the PATH, or where the toolkit puts it.
const SANITIZERS: &[&str] = &[
    "compute-sanitizer",
    "/usr/local/cuda/bin/compute-sanitizer",
    "/usr/local/cuda/compute-sanitizer/compute-sanitizer",
];

/// The small tests under a tool of compute-sanitizer, in one process: it watches one.
fn sanitized(bundle: &Bundle, tool: &str) -> Result<Vec<Command>, Missing> {
    let starts = |path: &&&str| {
        let output = child::run(Command::new(path).arg("--version"), Duration::from_secs(10));
        output.is_ok_and(|output| output.end == End::Well)
    };
    let Some(sanitizer) = SANITIZERS.iter().find(starts) else {
        let what = "compute-sanitizer is not on this machine".to_owned();
        return Err(Missing { what, told: vec![format!("tried {}", SANITIZERS.join(", "))] });
    };
    let tests = bundle.conformance(&["--one-process", "--small"]);
    let mut run = bundle.command(sanitizer);
    run.args(["--tool", tool, "--print-limit", "8"]);
    run.args(["--error-exitcode", "9"]).arg(tests.get_program());
    run.args(tests.get_args().map(OsString::from));
    Ok(vec![run])
}

/// Runs a step for at most `limit`: a row of the record, without its name and its time.
#[expect(clippy::disallowed_methods, reason = "the limit is one of time")]
pub(super) fn run(step: &Step, bundle: &Bundle, limit: Duration) -> Value {
    let row = |outcome: &str, summary: String, told: &[String], found: Value| {
        let mut row = json!({"outcome": outcome, "summary": summary});
        if !told.is_empty() {
            row["told"] = json!(told);
        }
        if !found.is_null() {
            row["found"] = found;
        }
        row
    };
    if limit < Duration::from_secs(2) {
        return row("skipped", "no time was left".to_owned(), &[], Value::Null);
    }
    let mut commands = match (step.commands)(bundle) {
        Ok(commands) => commands,
        Err(missing) => return row("skipped", missing.what, &missing.told, Value::Null),
    };
    let (start, mut outputs) = (Instant::now(), Vec::new());
    for command in &mut commands {
        let left = limit.saturating_sub(start.elapsed());
        match child::run(command, left) {
            Ok(output) => outputs.push(output),
            Err(error) => {
                let program = Path::new(command.get_program()).display().to_string();
                return row("failed", format!("cannot run {program}: {error}"), &[], Value::Null);
            }
        }
        if outputs.last().is_some_and(|output| output.end != End::Well) {
            break;
        }
    }
    let last = outputs.last().cloned();
    let late = last.as_ref().is_some_and(|output| output.end == End::Late);
    let Found { found, summary, wrong, mut told } = (step.read)(bundle, &outputs);
    if late {
        let summary = format!("stopped at its limit of {} s; {summary}", limit.as_secs());
        return row("late", summary, &told, found);
    }
    let bad_end = last.as_ref().and_then(|output| match &output.end {
        End::Badly(how) => Some(how.clone()),
        _ => None,
    });
    if wrong || bad_end.is_some() {
        told.extend(last.map_or(Vec::new(), |output| output.last_words(6)));
    }
    match (wrong, bad_end) {
        (true, _) => row("wrong", summary, &told, found),
        (false, Some(how)) => row("failed", format!("{how}; {summary}"), &told, found),
        (false, None) => row("ok", summary, &[], found),
    }
}

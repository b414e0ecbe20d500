//! Which steps a check has: what each runs, for how long at most, and who reads its words. What
//! costs little and says most comes first; the sanitizer, which is slow, last.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use super::child::{self, End, Said};
use super::found::{self, Found};
use crate::args::GpuCheck;

/// A step of the check.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// Seconds that its commands may take together.
    pub(super) limit_s: u64,
    /// What it runs, or why it cannot.
    commands: fn(&Place) -> Result<Vec<Command>, Lack>,
    /// What the words of its commands mean.
    read: fn(&Place, &[Said]) -> Found,
}

/// What a step would need and this machine has not. It is told, and is no failure.
pub(super) struct Lack {
    what: String,
    told: Vec<String>,
}

/// Where the check finds what it runs.
pub(super) struct Place {
    /// This program; what it was bundled with lies beside it.
    own: PathBuf,
    python: PathBuf,
    /// Where a step may write.
    scratch: tempfile::TempDir,
}

impl Place {
    pub(super) fn new(args: &GpuCheck) -> anyhow::Result<Self> {
        Ok(Self {
            own: std::env::current_exe().context("cannot tell where this program lies")?,
            python: match &args.python {
                // Steps run in a folder of their own, so a path must not depend on this one.
                Some(path) if path.components().count() > 1 => std::path::absolute(path)?,
                Some(name) => name.clone(),
                None => PathBuf::from("python3"),
            },
            scratch: tempfile::tempdir().context("cannot make a temporary folder")?,
        })
    }

    /// The commit that the bundle was made of, where one was recorded.
    pub(super) fn commit(&self) -> Value {
        let text = std::fs::read_to_string(self.beside("commit")).unwrap_or_default();
        let text = text.trim();
        if text.is_empty() { Value::Null } else { json!(text) }
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.own.with_file_name(name)
    }

    fn needs(&self, name: &str) -> Result<PathBuf, Lack> {
        let path = self.beside(name);
        if path.exists() {
            return Ok(path);
        }
        let what = format!("there is no `{name}` beside this program");
        let told = vec!["remedy: cargo xtask gpu-check --bundle DIR, and run it there".to_owned()];
        Err(Lack { what, told })
    }

    /// This program with `words`.
    fn quaero(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.own);
        command.current_dir(self.scratch.path()).args(words);
        command
    }

    fn trials(&self, words: &[&str]) -> Result<Command, Lack> {
        let mut command = Command::new(self.needs("kernel-tests")?);
        command.current_dir(self.scratch.path());
        command.args(["run", "--device", "cuda"]).args(words);
        command.arg("--cache").arg(self.scratch.path().join("simt"));
        Ok(command)
    }

    /// Where self-play's run lies.
    pub(super) fn run_folder(&self) -> PathBuf {
        self.scratch.path().join("run")
    }
}

/// Every step, in its order.
pub(super) fn all() -> Vec<Step> {
    vec![
        Step { name: "machine", limit_s: 15, commands: machine, read: found::machine },
        Step { name: "trials", limit_s: 120, commands: trials, read: found::trials },
        Step { name: "products", limit_s: 40, commands: products, read: found::products },
        Step { name: "twice", limit_s: 60, commands: twice, read: found::twice },
        Step { name: "kernels", limit_s: 230, commands: kernels, read: found::kernels },
        Step { name: "step", limit_s: 120, commands: step, read: found::step },
        Step { name: "self-play", limit_s: 90, commands: self_play, read: found::self_play },
        Step { name: "memcheck", limit_s: 120, commands: memcheck, read: found::sanitizer },
        Step { name: "racecheck", limit_s: 120, commands: racecheck, read: found::sanitizer },
    ]
}

fn machine(_: &Place) -> Result<Vec<Command>, Lack> {
    let mut ask = Command::new("nvidia-smi");
    ask.arg(format!("--query-gpu={}", found::FACTS.join(",")));
    ask.arg("--format=csv,noheader,nounits");
    Ok(vec![ask])
}

/// The kernels against their oracles, twice each, and beside the emulation's bits.
fn trials(place: &Place) -> Result<Vec<Command>, Lack> {
    let mut run = place.trials(&[])?;
    if let Ok(bits) = place.needs("emulated-bits.tsv") {
        run.arg("--bits").arg(bits);
    }
    Ok(vec![run])
}

/// Rows of products over any number of rows and any tile.
fn products(place: &Place) -> Result<Vec<Command>, Lack> {
    Ok(vec![place.quaero(&["bench", "kernels", "--bits", "--device", "cuda", "--json"])])
}

/// The same training steps twice, from nothing, in two processes; and with graphs.
fn twice(place: &Place) -> Result<Vec<Command>, Lack> {
    let words = ["bench", "step", "--device", "cuda", "--steps", "4", "--json"];
    let mut by_graphs = place.quaero(&words);
    by_graphs.arg("--graphs");
    Ok(vec![place.quaero(&words), place.quaero(&words), by_graphs])
}

fn kernels(place: &Place) -> Result<Vec<Command>, Lack> {
    let mut bench = place.quaero(&["bench", "kernels", "--device", "cuda", "--json", "--python"]);
    bench.arg(&place.python);
    Ok(vec![bench])
}

/// Twenty timed steps of a model of 0.5 B parameters, after one that warms up; then five with
/// graphs.
fn step(place: &Place) -> Result<Vec<Command>, Lack> {
    let words = ["bench", "step", "--device", "cuda", "--shape", "qwen2.5-0.5b", "--json"];
    let (mut bench, mut by_graphs) = (place.quaero(&words), place.quaero(&words));
    bench.args(["--steps", "21"]);
    by_graphs.args(["--steps", "6", "--graphs"]);
    Ok(vec![bench, by_graphs])
}

/// The whole loop on the seed model, sandbox included.
fn self_play(place: &Place) -> Result<Vec<Command>, Lack> {
    let (families, config) = (place.needs("plugins")?, place.needs("tiny.toml")?);
    let mut train = Command::new(&place.own);
    train.current_dir(place.scratch.path()).arg("--plugins-dir").arg(families);
    train.arg("train").arg(config).args(["--device", "cuda", "--steps", "3"]);
    train.args(["--set", "eval.suite=none", "--run"]).arg(place.run_folder());
    Ok(vec![train])
}

fn memcheck(place: &Place) -> Result<Vec<Command>, Lack> {
    sanitized(place, "memcheck")
}

fn racecheck(place: &Place) -> Result<Vec<Command>, Lack> {
    sanitized(place, "racecheck")
}

/// Where compute-sanitizer may lie: on the PATH, or where the toolkit puts it.
const SANITIZERS: &[&str] = &[
    "compute-sanitizer",
    "/usr/local/cuda/bin/compute-sanitizer",
    "/usr/local/cuda/compute-sanitizer/compute-sanitizer",
];

/// The small trials under a tool of compute-sanitizer, in one process: it watches one.
fn sanitized(place: &Place, tool: &str) -> Result<Vec<Command>, Lack> {
    let starts = |path: &&&str| {
        let said = child::run(Command::new(path).arg("--version"), Duration::from_secs(10));
        said.is_ok_and(|said| said.end == End::Well)
    };
    let Some(sanitizer) = SANITIZERS.iter().find(starts) else {
        let what = "compute-sanitizer is not on this machine".to_owned();
        return Err(Lack { what, told: vec![format!("tried {}", SANITIZERS.join(", "))] });
    };
    let trials = place.trials(&["--alone", "--small"])?;
    let mut run = Command::new(sanitizer);
    run.current_dir(place.scratch.path()).args(["--tool", tool, "--print-limit", "8"]);
    run.args(["--error-exitcode", "9"]).arg(trials.get_program());
    run.args(trials.get_args().map(OsString::from));
    Ok(vec![run])
}

/// Runs a step for at most `limit`: a row of the record, without its name and its time.
#[expect(clippy::disallowed_methods, reason = "the limit is one of time")]
pub(super) fn run(step: &Step, place: &Place, limit: Duration) -> Value {
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
    let mut commands = match (step.commands)(place) {
        Ok(commands) => commands,
        Err(lack) => return row("skipped", lack.what, &lack.told, Value::Null),
    };
    let (start, mut all_said) = (Instant::now(), Vec::new());
    for command in &mut commands {
        let left = limit.saturating_sub(start.elapsed());
        match child::run(command, left) {
            Ok(said) => all_said.push(said),
            Err(error) => {
                let program = Path::new(command.get_program()).display().to_string();
                return row("failed", format!("cannot run {program}: {error}"), &[], Value::Null);
            }
        }
        if all_said.last().is_some_and(|said| said.end != End::Well) {
            break;
        }
    }
    let last = all_said.last().cloned();
    let late = last.as_ref().is_some_and(|said| said.end == End::Late);
    let Found { found, summary, wrong, mut told } = (step.read)(place, &all_said);
    if late {
        let summary = format!("stopped at its limit of {} s; {summary}", limit.as_secs());
        return row("late", summary, &told, found);
    }
    let bad_end = last.as_ref().and_then(|said| match &said.end {
        End::Badly(how) => Some(how.clone()),
        _ => None,
    });
    if wrong || bad_end.is_some() {
        told.extend(last.map_or(Vec::new(), |said| said.last_words(6)));
    }
    match (wrong, bad_end) {
        (true, _) => row("wrong", summary, &told, found),
        (false, Some(how)) => row("failed", format!("{how}; {summary}"), &told, found),
        (false, None) => row("ok", summary, &[], found),
    }
}

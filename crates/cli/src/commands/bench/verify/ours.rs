//! Our side: the interpreter that ships with this program, and for a step the whole way through the
//! python family.

use std::io::BufRead;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use quaero_runtime::{Answer, Host, Interpreter, InterpreterOptions, Job, Outcome};
use quaero_terminal::print;
use quaero_types::Status;
use serde_json::{Value, json};

use super::work;
use crate::world;

/// Answers commands until the input ends.
pub(super) fn serve(plugins: &Path, workers: usize) -> anyhow::Result<()> {
    let options = InterpreterOptions {
        workers,
        remembered_max: 0,
        process: world::program(),
        ..InterpreterOptions::default()
    };
    let progress = Arc::new(|words: &str| print::note(words));
    let cache = plugins.join(".cache");
    let interpreter = Interpreter::open(options, Some(&cache), &(progress as _))?;
    let jobs = work::jobs()?;
    // The native code is in memory by now, once for all instances.
    let before = resident_bytes()?;
    let answers: Vec<Value> = interpreter.run(&jobs).iter().map(shown).collect();
    say(&json!({"ready": "quaero", "answers": answers}));
    let mut host = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, n) = line.split_once(' ').context("a command and a number")?;
        let n: usize = n.parse()?;
        let reply = match command {
            "rate" => timed(Some(&interpreter), || {
                // Equal jobs of one call would run once.
                (0..n).for_each(|_| drop(interpreter.run(&jobs)));
                Ok(json!({"n": n * jobs.len()}))
            })?,
            "latency" => timed(Some(&interpreter), || Ok(latencies(&interpreter, &jobs, n)))?,
            "memory" => {
                (0..n.div_ceil(jobs.len())).for_each(|_| drop(interpreter.run(&jobs)));
                json!({"bytes": resident_bytes()?.saturating_sub(before), "instances": workers})
            }
            _ => {
                let host = match &mut host {
                    Some(host) => &*host,
                    none => none.insert(world::host(&quaero_config::load(None, &[])?, plugins)?),
                };
                step(host, n)?
            }
        };
        say(&reply);
    }
    Ok(())
}

/// Seconds that a new process takes to open all families from native code on disk.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(super) fn cold_start(plugins: &Path) -> anyhow::Result<f64> {
    let list = || -> anyhow::Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        let done = command.arg("--plugins-dir").arg(plugins).args(["plugin", "list"]).output()?;
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        anyhow::ensure!(done.status.success(), "the families do not load: {words}");
        Ok(())
    };
    list()?; // compiles what has not been compiled yet
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        list()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Judges a step's answers. Making them is not part of it: they come from the policy.
fn step(host: &Host, round: usize) -> anyhow::Result<Value> {
    let (attempts, gold) = work::step(round)?;
    timed(host.interpreter(), || {
        let verdicts = quaero_verify::attempts(host, &gold, &attempts);
        if let Some(fault) = verdicts.iter().find(|verdict| verdict.status == Status::Fault) {
            anyhow::bail!("an answer was not judged: {}", fault.reason);
        }
        let right = verdicts.iter().filter(|verdict| verdict.status == Status::Ok).count();
        Ok(json!({"n": verdicts.len(), "right": right}))
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn latencies(interpreter: &Interpreter, jobs: &[Job], n: usize) -> Value {
    let one = |job: &Job| {
        let start = Instant::now();
        drop(interpreter.run(std::slice::from_ref(job)));
        start.elapsed().as_secs_f64()
    };
    let seconds: Vec<f64> = (0..n).flat_map(|_| jobs).map(one).collect();
    json!({"n": seconds.len(), "latencies": seconds})
}

/// What `work` says, with the wall and CPU time it took, here and in processes of the interpreter.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(
    interpreter: Option<&Interpreter>,
    work: impl FnOnce() -> anyhow::Result<Value>,
) -> anyhow::Result<Value> {
    let elsewhere_ms = || interpreter.map_or(0, |interpreter| interpreter.stats().elsewhere_ms);
    let now = || quaero_runtime::process_cpu_time() + Duration::from_millis(elsewhere_ms());
    let (start, cpu) = (Instant::now(), now());
    let mut reply = work()?;
    let spent = now() - cpu;
    reply["wall"] = start.elapsed().as_secs_f64().into();
    reply["cpu"] = spent.as_secs_f64().into();
    Ok(reply)
}

/// A program's answers, as every side shows them: canonical values, or the exception's class.
fn shown(outcome: &Outcome) -> Value {
    let Outcome::Done(answers) = outcome else { return format!("{outcome:?}").into() };
    let answer = |answer: &Answer| match answer {
        Answer::Value(text) => text.clone(),
        Answer::Raised { class, .. } => class.clone(),
        other => format!("{other:?}"),
    };
    answers.iter().map(answer).collect()
}

/// Memory that is this process's and its children's own, not a file's.
fn resident_bytes() -> anyhow::Result<u64> {
    let mut bytes = resident_bytes_of("self")?;
    for thread in std::fs::read_dir("/proc/self/task")? {
        // Each thread has the children that it started.
        let children = std::fs::read_to_string(thread?.path().join("children"))?;
        for child in children.split_whitespace() {
            bytes += resident_bytes_of(child)?;
        }
    }
    Ok(bytes)
}

fn resident_bytes_of(process: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no RssAnon")?;
    Ok(1024 * kib.parse::<u64>()?)
}

fn say(reply: &Value) {
    print::line(&reply.to_string());
}

//! The interpreter of native tests: real CPython in a subprocess, for trusted cases.

use std::cell::Cell;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use quaero_sdk::{Answer, Interpreter, Job, Outcome};
use serde_json::{Value as Json, json};

/// CPython, counting how often it was called and how many jobs it was given.
#[derive(Default)]
pub(super) struct CPython {
    pub(super) n_calls: Cell<usize>,
    pub(super) n_jobs: Cell<usize>,
}

/// Whether there is a `python3`; without one the tests that need it say so, counted as `SKIP`.
pub(super) fn is_there(test: &str) -> bool {
    if python().is_none() {
        let _ = writeln!(std::io::stderr(), "SKIP {test}: no python3 on this machine");
    }
    python().is_some()
}

/// The executable itself, asked once: what `PATH` holds may be a slow script in front of it.
fn python() -> Option<&'static str> {
    static PYTHON: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        let show = ["-c", "import sys; print(sys.executable)"];
        let output = Command::new("python3").args(show).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !path.is_empty()).then_some(path)
    };
    PYTHON.get_or_init(ask).as_deref()
}

impl Interpreter for CPython {
    fn run(&self, jobs: &[Job]) -> Vec<Outcome> {
        self.n_calls.set(self.n_calls.get() + 1);
        self.n_jobs.set(self.n_jobs.get() + jobs.len());
        let request: Json = jobs
            .iter()
            .map(|job| {
                json!({
                    "program": job.program, "entry": job.entry, "calls": job.calls,
                    "runs": job.runs, "value_bytes_max": job.value_bytes_max,
                    "deadline_ms": job.deadline_ms,
                })
            })
            .collect();
        let mut child = Command::new(python().expect("tests ask first"))
            .args(["-I", "-S", "-c", include_str!("harness.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut stdin = child.stdin.take().expect("its stdin is a pipe");
        stdin.write_all(request.to_string().as_bytes()).expect("the harness reads its jobs");
        drop(stdin);
        let output = child.wait_with_output().expect("the harness ends");
        let reply: Json = serde_json::from_slice(&output.stdout).expect("the harness writes JSON");
        reply.as_array().expect("a list").iter().map(outcome).collect()
    }
}

fn only(json: &Json) -> (&str, &Json) {
    let (name, value) = json.as_object().and_then(|o| o.iter().next()).expect("one field");
    (name, value)
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn outcome(json: &Json) -> Outcome {
    let (name, value) = only(json);
    match name {
        "done" => Outcome::Done(value.as_array().expect("a list").iter().map(answer).collect()),
        "syntax" => Outcome::Syntax(text(value)),
        "load_raised" => Outcome::LoadRaised((text(&value[0]), text(&value[1]))),
        "timeout" => Outcome::Timeout,
        "crashed" => Outcome::Crashed(text(value)),
        other => panic!("an outcome called {other}"),
    }
}

fn answer(json: &Json) -> Answer {
    let (name, value) = only(json);
    match name {
        "value" => Answer::Value(text(value)),
        "raised" => Answer::Raised((text(&value[0]), text(&value[1]))),
        "bad_arguments" => Answer::BadArguments(text(value)),
        "not_plain" => Answer::NotPlain(text(value)),
        "too_large" => Answer::TooLarge,
        "nondeterministic" => Answer::Nondeterministic,
        other => panic!("an answer called {other}"),
    }
}

//! Plays written cases against the module.
//!
//! A case is `{name, program, calls, expect, …}`; `expect` is one text for the job's outcome or a
//! list with one text a call. A text is the beginning of what must come; `|` parts alternatives;
//! a final `$` demands the whole.

use crate::closed::{Host, with_stack};
use crate::protocol::{Job, Outcome};
use serde::Deserialize;
use std::sync::Arc;
use wasmtime::{Result, format_err};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// One case.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub program: String,
    #[serde(default = "entry")]
    pub entry: String,
    pub calls: Vec<String>,
    #[serde(default = "runs")]
    pub runs: u32,
    #[serde(default = "value_max")]
    pub value_max: u32,
    #[serde(default = "deadline_ms")]
    pub deadline_ms: u64,
    pub expect: Expect,
}

/// What must come.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Expect {
    Outcome(String),
    Answers(Vec<String>),
}

fn entry() -> String {
    "f".into()
}

fn runs() -> u32 {
    2
}

fn value_max() -> u32 {
    65_536
}

fn deadline_ms() -> u64 {
    2000
}

impl Case {
    /// The job of the case.
    pub fn job(&self) -> Job {
        Job {
            program: self.program.clone(),
            entry: self.entry.clone(),
            calls: self.calls.clone(),
            runs: self.runs,
            value_max: self.value_max,
            deadline_ms: self.deadline_ms,
            memory: 256 << 20,
        }
    }
}

/// Reads a file of cases.
///
/// # Errors
/// The file cannot be read or is no list of cases.
pub fn read(path: &str) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path)?;
    let file: File = toml::from_str(&text).map_err(|e| format_err!("{path}: {e}"))?;
    Ok(file.case)
}

fn fits(expect: &str, found: &str) -> bool {
    expect.split('|').any(|e| match e.strip_suffix('$') {
        Some(whole) => found == whole,
        None => found.starts_with(e),
    })
}

fn accepts(expect: &Expect, found: &Outcome) -> bool {
    match (expect, found) {
        (Expect::Outcome(e), Outcome::Ended(f)) => fits(e, f),
        // Alternatives may name an outcome of the job or the answer of its only call.
        (Expect::Outcome(e), Outcome::Done(f)) => f.len() == 1 && fits(e, &f[0]),
        (Expect::Answers(e), Outcome::Done(f)) => {
            e.len() == f.len() && e.iter().zip(f).all(|(e, f)| fits(e, f))
        }
        (Expect::Answers(_), Outcome::Ended(_)) => false,
    }
}

/// Plays all cases of `files`.
///
/// # Errors
/// A case failed, or a file is broken.
pub fn run(module: &str, files: &[&str]) -> Result<()> {
    let host = Arc::new(Host::new(module)?);
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        for case in read(file)? {
            let (job, host) = (case.job(), Arc::clone(&host));
            let found = with_stack(move || host.run(&job));
            if accepts(&case.expect, &found) {
                passed += 1;
            } else {
                failed += 1;
                println!("FAILED {file}: {}: {found:?}", case.name);
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 { Err(format_err!("{failed} cases failed")) } else { Ok(()) }
}

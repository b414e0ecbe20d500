//! PyTorch at the same shapes, in a process of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use quaero_terminal::print;
use serde_json::{Value, json};

use crate::args::BenchKernels;

const SCRIPT: &str = include_str!("../../../baselines/torch_kernels.py");

/// What the baseline said, or why there is none.
pub(super) fn torch(args: &BenchKernels, rows: &[Value]) -> Value {
    if args.no_torch {
        return json!({"missing": "--no-torch"});
    }
    match run(args, rows) {
        Ok(said) => said,
        Err(error) => json!({"missing": format!("{error:#}")}),
    }
}

fn run(args: &BenchKernels, rows: &[Value]) -> anyhow::Result<Value> {
    let python = args.python.clone().unwrap_or_else(|| PathBuf::from("python3"));
    let folder = tempfile::tempdir()?;
    let (script, list) = (folder.path().join("torch_kernels.py"), folder.path().join("cases.json"));
    std::fs::write(&script, SCRIPT)?;
    let mut cases: Vec<Value> = Vec::new();
    for row in rows {
        let case = json!({"name": row["case"], "op": row["op"], "dims": row["dims"],
                          "bytes": row["bytes"]});
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    std::fs::write(&list, serde_json::to_string(&cases)?)?;
    print::note("timing PyTorch");
    let output = Command::new(&python)
        .args([&script, &list])
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot run {} (name one with --python)", python.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = text.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok());
    said.with_context(|| {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().last().unwrap_or("no message").to_owned();
        format!("{}: {last} (name a Python that has torch with --python)", python.display())
    })
}

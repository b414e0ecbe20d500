//! Without a GPU: the tests on the emulated device, and under AddressSanitizer for a kernel of the
//! user's own. No time is measured: the emulation's says nothing of a GPU's.

use std::process::Command;

use anyhow::Context;
use quaero_bench::table;
use quaero_kernels::{Device, Sanitizer, SimtOptions};
use serde_json::{Value, json};

use super::subject::Subject;
use crate::args::BenchKernels;
use crate::conformance::sanitizer;
use crate::place::cache;

/// Runs the tests, twice each: in order with late copies, and shuffled with early ones.
pub(super) fn check(args: &BenchKernels, subject: &Subject) -> anyhow::Result<Value> {
    let (tests, wrong) = tests(subject, Sanitizer::None)?;
    let mut notes = vec!["time: not measured, there is no GPU here".to_owned()];
    let mut sanitizer = Value::Null;
    if subject.variant.is_some() && wrong == 0 {
        sanitizer = json!(under_address_sanitizer(args)?);
    }
    let resources = resources(subject);
    if resources.is_empty() {
        notes.push(
            "registers and shared memory: not known, this binary holds no cubins; \
             remedy: `cargo xtask cubins`, then build again"
                .to_owned(),
        );
    } else if subject.variant.is_some() {
        notes.push("registers and shared memory are those of the built-in kernel".to_owned());
    }
    let cases: Vec<Value> = quaero_bench::all()
        .iter()
        .filter(|case| subject.has_case(case))
        .map(|case| table::row(case, "built-in", &Ok(None)))
        .collect();
    notes.push(format!("rooflines: {}", rooflines(&cases)));
    let mut all = json!({"tests": tests, "sanitizer": sanitizer, "resources": resources,
                         "notes": notes});
    if args.json.json {
        all["cases"] = json!(cases);
    }
    Ok(all)
}

/// What each case moves and computes at the least, where one kernel was asked for.
fn rooflines(cases: &[Value]) -> String {
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap_or(0.0);
    let words = |row: &Value| {
        let (bytes, flops) = (number(row, "bytes") / 1e6, number(row, "flops") / 1e9);
        let name = row["case"].as_str().unwrap_or_default();
        if flops > 0.0 {
            format!("{name} {bytes:.1} MB, {flops:.0} GFLOP")
        } else {
            format!("{name} {bytes:.1} MB")
        }
    };
    if cases.len() > 12 {
        return format!("{} cases (--json lists them)", cases.len());
    }
    cases.iter().map(words).collect::<Vec<_>>().join("; ")
}

/// What the compiler said of the subject's kernels.
fn resources(subject: &Subject) -> Vec<Value> {
    let all = table::resources();
    let list = all["kernels"].as_array().cloned().unwrap_or_default();
    list.into_iter().filter(|row| subject.has_file(row["file"].as_str().unwrap_or(""))).collect()
}

/// Every test with what came of it, and how many are wrong.
pub(super) fn tests(
    subject: &Subject,
    sanitizer: Sanitizer,
) -> anyhow::Result<(Vec<Value>, usize)> {
    let options =
        SimtOptions { overlay: subject.overlay(), sanitizer, ..SimtOptions::new(cache()) };
    let shuffled = SimtOptions { seed: 7, late_copies: false, ..options.clone() };
    let devices = [Device::simt(options)?, Device::simt(shuffled)?];
    Ok(judge(subject, &devices))
}

/// The subject's tests on `devices`, whose bits must agree.
pub(super) fn judge(subject: &Subject, devices: &[Device]) -> (Vec<Value>, usize) {
    let mut rows = Vec::new();
    for test in subject.tests() {
        rows.push(match quaero_conformance::run(&test, devices) {
            Ok(errors) => json!({"test": test.name, "errors": errors}),
            Err(how) => json!({"test": test.name, "wrong": how}),
        });
        // A kernel that does not compile says the same of every test.
        if rows.last().is_some_and(|row| {
            row["wrong"].as_str().is_some_and(|how| how.contains("does not compile"))
        }) {
            break;
        }
    }
    let wrong = rows.iter().filter(|row| row["wrong"].is_string()).count();
    (rows, wrong)
}

/// This program again, with the sanitizer's runtime loaded before anything else.
fn under_address_sanitizer(args: &BenchKernels) -> anyhow::Result<String> {
    let library = match sanitizer::runtime("libasan.so") {
        Ok(library) => library,
        Err(error) => return Ok(format!("not run: {error:#}")),
    };
    let mut again = Command::new(std::env::current_exe()?);
    again.args(["bench", "kernels", "--device", "simt", "--sanitized"]);
    again.args(args.name.iter());
    again.arg("--variant").args(args.variant.iter());
    again.env("LD_PRELOAD", library).env("ASAN_OPTIONS", "detect_leaks=0:exitcode=9");
    let done = again.output().context("cannot start this program again under AddressSanitizer")?;
    if done.status.success() {
        return Ok("nothing found".to_owned());
    }
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    let told: Vec<&str> = told.lines().filter(|line| says(line)).take(4).map(str::trim).collect();
    anyhow::bail!("AddressSanitizer: {}", told.join(" · "))
}

/// Whether a line of a report says what went wrong and where.
fn says(line: &str) -> bool {
    let line = line.trim();
    ["ERROR: AddressSanitizer", "runtime error", "error: "].iter().any(|x| line.contains(x))
        || line.starts_with("#0")
        || line.starts_with("#1")
}

/// What [`under_address_sanitizer`] starts.
pub(super) fn sanitized(subject: &Subject) -> anyhow::Result<()> {
    let (rows, wrong) = tests(subject, Sanitizer::Address)?;
    let first = rows.iter().find_map(|row| row["wrong"].as_str());
    anyhow::ensure!(wrong == 0, "{}", first.unwrap_or("a test is wrong"));
    Ok(())
}

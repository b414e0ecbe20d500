//! `cargo xtask test`: every test there is, in parts, the cheap ones first.
//!
//! The host tests come last and the summary of the other parts stands before them, so that the
//! output closes with the test runner's own count.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::say::{duration, say};
use crate::shell::{self, cargo, command};
use crate::{exit, kernels, prepare, python, tidy};

/// One part: its name, and what it does.
type Part = (&'static str, fn() -> Result<Outcome>);

/// How a part that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Skipped,
}

const QUICK: &[Part] = &[
    ("tools", || prepare::tools().map(passed)),
    ("tidy", || tidy::rules().map(passed)),
    ("formats", || formats().map(passed)),
    ("task families", || prepare::plugins().map(passed)),
    ("build host tests", || build_host_tests().map(passed)),
];

const FULL: &[Part] = &[
    ("tools", || prepare::tools().map(passed)),
    ("tidy", || tidy::rules().map(passed)),
    ("formats", || formats().map(passed)),
    ("oracle fixtures", oracle_fixtures),
    ("task families", || prepare::plugins().map(passed)),
    ("lints of the families", || family_lints().map(passed)),
    ("tests of the families", || family_tests().map(passed)),
    ("lints", || host_lints().map(passed)),
    ("documentation tests", || documentation_tests().map(passed)),
    ("kernels under sanitizers", || kernels::under_sanitizers().map(passed)),
    ("build host tests", || build_host_tests().map(passed)),
];

/// Runs the suite.
///
/// # Errors
/// The first part that failed, by name.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode> {
    let parts = match options {
        [] => FULL,
        ["--quick"] => QUICK,
        [option, ..] => {
            say(&format!("error: `test` knows `--quick` alone, got `{option}`"));
            return Ok(ExitCode::from(exit::USAGE_ERROR));
        }
    };
    let mut rows = Vec::new();
    for (name, part) in parts {
        say(&format!("── {name}"));
        let (outcome, seconds) = shell::timed(part);
        let outcome = outcome.with_context(|| format!("part `{name}` failed"))?;
        rows.push((*name, outcome, seconds));
    }
    say(&summary(&rows));
    host_tests().context("part `host tests` failed")?;
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask tidy`: the rules, formats and lints.
///
/// # Errors
/// When a rule, a format or a lint is broken.
pub(crate) fn tidy(options: &[&str]) -> Result<ExitCode> {
    if let [option, ..] = options {
        say(&format!("error: `tidy` takes no arguments, got `{option}`"));
        return Ok(ExitCode::from(exit::USAGE_ERROR));
    }
    tidy::rules()?;
    formats()?;
    host_lints()?;
    family_lints()?;
    say("tidy: no findings");
    Ok(ExitCode::SUCCESS)
}

fn passed((): ()) -> Outcome {
    Outcome::Passed
}

/// The table of what ran, how it ended and how long it took.
fn summary(rows: &[(&str, Outcome, f64)]) -> String {
    let skipped = rows.iter().filter(|(_, outcome, _)| *outcome == Outcome::Skipped).count();
    let mut text = String::from("── so far\n");
    for (name, outcome, seconds) in rows {
        let outcome = match outcome {
            Outcome::Passed => "passed",
            Outcome::Skipped => "SKIPPED",
        };
        text.push_str(&format!("   {name:<24} {outcome:<10} {:>12}\n", duration(*seconds)));
    }
    let total: f64 = rows.iter().map(|(_, _, seconds)| seconds).sum();
    let count = format!("{skipped} skipped");
    text.push_str(&format!("   {:<24} {count:<10} {:>12}\n", "in all", duration(total)));
    text.push_str("── host tests");
    text
}

/// A laptop without a network goes on without the fixtures that must be fetched; CI does not.
fn oracle_fixtures() -> Result<Outcome> {
    match python::fixtures() {
        Ok(()) => Ok(Outcome::Passed),
        Err(error) if error.downcast_ref::<shell::Stopped>().is_some_and(|end| end.by_user()) => {
            Err(error)
        }
        Err(error) if shell::ci() => Err(error),
        Err(error) => {
            say(&format!("SKIP oracle fixtures: {error:#}"));
            Ok(Outcome::Skipped)
        }
    }
}

/// `cargo fmt --check` of both workspaces.
fn formats() -> Result<()> {
    let remedy = "remedy: cargo fmt --all (and the same in plugins/)";
    shell::run("cargo fmt --check", &mut cargo("fmt --all --check")).context(remedy)?;
    shell::run("cargo fmt --check in plugins/", &mut in_plugins("fmt --all --check"))
        .context(remedy)
}

/// Clippy over the host workspace, warnings denied.
fn host_lints() -> Result<()> {
    let words = "clippy --quiet --workspace --release --all-targets -- -D warnings";
    shell::run("cargo clippy", &mut cargo(words))
}

/// Clippy over the plugin workspace, warnings denied.
fn family_lints() -> Result<()> {
    let words = "clippy --quiet --workspace --release --all-targets -- -D warnings";
    shell::run("cargo clippy in plugins/", &mut in_plugins(words))
}

fn family_tests() -> Result<()> {
    let words = "test --quiet --release --workspace";
    shell::run("cargo test in plugins/", &mut in_plugins(words))
}

fn documentation_tests() -> Result<()> {
    shell::run("cargo test --doc", &mut cargo("test --quiet --doc --release --workspace"))
}

fn build_host_tests() -> Result<()> {
    let words = if has_nextest() {
        "nextest run --release --workspace --no-run"
    } else {
        "test --release --workspace --lib --bins --tests --no-run"
    };
    shell::run("building the host tests", &mut cargo(words))
}

fn host_tests() -> Result<()> {
    let words = if has_nextest() {
        "nextest run --release --workspace --no-fail-fast"
    } else {
        "test --release --workspace --lib --bins --tests --no-fail-fast"
    };
    shell::run("the host tests", &mut cargo(words))
}

fn has_nextest() -> bool {
    shell::succeeds(&mut cargo("nextest --version"))
}

fn in_plugins(words: &str) -> std::process::Command {
    let mut command = command("cargo");
    command.current_dir(shell::root().join("plugins")).args(words.split_whitespace());
    command
}

#[cfg(test)]
mod tests;

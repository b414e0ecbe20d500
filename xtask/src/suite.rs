//! `cargo xtask test`: every test there is, in parts, the cheap ones first. `--quick` leaves out
//! what takes minutes: integration tests, lints, sanitizers, and whatever needs Python.
//!
//! The host tests come last and the summary of the other parts stands before them, so that the
//! output closes with the test runner's own count.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::prepare::{self, Families};
use crate::say::{duration, say};
use crate::shell::{self, cargo};
use crate::{checks, exit, kernels, python, tidy};

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
    ("formats", || checks::formats().map(passed)),
    ("task families", || prepare::plugins(Families::All).map(passed)),
    ("build unit tests", || Tests::UNIT.build().map(passed)),
];

const FULL: &[Part] = &[
    ("tools", || prepare::tools().map(passed)),
    ("tidy", || tidy::rules().map(passed)),
    ("formats", || checks::formats().map(passed)),
    ("oracle fixtures", oracle_fixtures),
    ("task families", || prepare::plugins(Families::All).map(passed)),
    ("lints of the families", || checks::family_lints().map(passed)),
    ("tests of the families", || family_tests().map(passed)),
    ("lints", || checks::host_lints().map(passed)),
    ("documentation tests", || documentation_tests().map(passed)),
    ("kernels under sanitizers", || kernels::under_sanitizers().map(passed)),
    ("build host tests", || Tests::ALL.build().map(passed)),
];

/// Tests of the host workspace that are built and run together.
struct Tests {
    name: &'static str,
    /// What cargo is told of them.
    targets: &'static str,
}

/// Runs the suite.
///
/// # Errors
/// The first part that failed, by name.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode> {
    let (parts, tests) = match options {
        [] => (FULL, Tests::ALL),
        ["--quick"] => (QUICK, Tests::UNIT),
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
    say(&summary(&rows, tests.name));
    tests.run().with_context(|| format!("part `{}` failed", tests.name))?;
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
    checks::formats()?;
    checks::host_lints()?;
    checks::family_lints()?;
    say("tidy: no findings");
    Ok(ExitCode::SUCCESS)
}

fn passed((): ()) -> Outcome {
    Outcome::Passed
}

/// The table of what ran, how it ended and how long it took.
fn summary(rows: &[(&str, Outcome, f64)], next: &str) -> String {
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
    text.push_str(&format!("── {next}"));
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

fn family_tests() -> Result<()> {
    let words = "test --quiet --release --workspace";
    shell::run("cargo test in plugins/", &mut checks::in_plugins(words))
}

fn documentation_tests() -> Result<()> {
    shell::run("cargo test --doc", &mut cargo("test --quiet --doc --release --workspace"))
}

impl Tests {
    const ALL: Self = Self { name: "host tests", targets: "--lib --bins --tests" };
    const UNIT: Self = Self { name: "unit tests", targets: "--lib --bins" };

    fn build(&self) -> Result<()> {
        self.cargo("--no-run")
    }

    fn run(&self) -> Result<()> {
        self.cargo("--no-fail-fast")
    }

    fn cargo(&self, option: &str) -> Result<()> {
        let runner = if has_nextest() { "nextest run" } else { "test" };
        let words = format!("{runner} --release --workspace {} {option}", self.targets);
        shell::run(self.name, &mut cargo(&words))
    }
}

fn has_nextest() -> bool {
    shell::succeeds(&mut cargo("nextest --version"))
}

#[cfg(test)]
mod tests;

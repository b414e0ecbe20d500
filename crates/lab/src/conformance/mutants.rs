//! Planted bugs, each in a process of its own: it may hang or crash.

use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use quaero_conformance::mutants::{MUTANTS, Mutant};
use quaero_terminal::{UsageError, print};

use super::in_process::each;
use super::sanitizer;
use crate::args::{Cache, Run};

/// Exit code: a planted bug was caught.
const CAUGHT: u8 = 3;
/// Exit code: a planted bug says nothing of the tests, for it does not compile, say.
const UNFAIR: u8 = 4;
/// Seconds after which a planted bug counts as a hang.
const SECONDS_MAX: u32 = 300;
/// Share of the bugs that must be caught.
const SHARE_MIN: f64 = 0.9;

/// How a bug in a process of its own ended.
enum End {
    Caught(String),
    Missed,
    Unfair(String),
}

/// Plants every bug, or bug `only`.
pub(super) fn all(only: Option<usize>, cache: &Cache) -> anyhow::Result<ExitCode> {
    if only.is_some_and(|n| n >= MUTANTS.len()) {
        let words = format!("planted bugs have the numbers 0 to {}", MUTANTS.len() - 1);
        return Err(UsageError(words).into());
    }
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    each(None, || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = MUTANTS.get(n) else { break };
            if only.is_some_and(|only| only != n) {
                continue;
            }
            let caught = told(n, mutant, cache);
            rows.lock().unwrap_or_else(PoisonError::into_inner).push(caught);
        }
    });
    let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    let n_caught = rows.iter().filter(|&&caught| caught).count();
    let share = n_caught as f64 / rows.len().max(1) as f64;
    let percent = 100.0 * share;
    print::line(&format!("{n_caught} of {} planted bugs caught ({percent:.0} %)", rows.len()));
    Ok(if share >= SHARE_MIN { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plants bug `n` and prints what came of it: plain, and where that misses it under
/// ThreadSanitizer. Whether it was caught.
fn told(n: usize, mutant: &Mutant, cache: &Cache) -> bool {
    let mut end = alone(n, cache, &[]);
    if matches!(end, End::Missed) {
        end = alone(n, cache, &["--sanitizer", "thread", "--small"]);
    }
    let caught = matches!(end, End::Caught(_));
    let (word, how) = match end {
        End::Caught(how) => ("caught", how),
        End::Missed => ("MISSED", String::new()),
        End::Unfair(how) => ("UNFAIR", how),
    };
    let how: String = how.chars().take(120).collect();
    print::line(&format!("{n:>2} {word} {:<20} {:<52} {how}", mutant.file, mutant.what));
    caught
}

/// Plants bug `n` in this process; the exit code says what came of it.
pub(super) fn one(n: usize, run: &Run) -> ExitCode {
    let hunt = || -> anyhow::Result<ExitCode> {
        if let Some(code) = sanitizer::preloaded(run)? {
            return Ok(code);
        }
        let mutant = MUTANTS.get(n).context("there is no such bug")?;
        let found = mutant.hunt(&run.options()?, run.small)?;
        Ok(found.map_or(ExitCode::SUCCESS, |how| {
            print::line(how.lines().next().unwrap_or_default());
            ExitCode::from(CAUGHT)
        }))
    };
    hunt().unwrap_or_else(|error| {
        print::error(&error);
        ExitCode::from(UNFAIR)
    })
}

/// Hunts bug `n` in a process of its own.
fn alone(n: usize, cache: &Cache, options: &[&str]) -> End {
    match ended(n, cache, options) {
        Ok((Some(0), _)) => End::Missed,
        Ok((Some(code), how)) if [2, i32::from(UNFAIR)].contains(&code) => End::Unfair(how),
        Ok((_, how)) => {
            let race = how.lines().find(|line| line.contains("WARNING: ThreadSanitizer"));
            End::Caught(race.or(how.lines().next()).unwrap_or("crashes").to_owned())
        }
        Err(error) => End::Unfair(error.to_string()),
    }
}

/// The exit code of a process that plants bug `n`, and what it said; no code at its limit.
fn ended(n: usize, cache: &Cache, options: &[&str]) -> std::io::Result<(Option<i32>, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["conformance", "mutant", &n.to_string(), "--cache"])
        .arg(cache.dir.join("mutants"))
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    for _ in 0..SECONDS_MAX * 5 {
        if child.try_wait()?.is_some() {
            let output = child.wait_with_output()?;
            let words = [output.stdout, output.stderr].concat();
            return Ok((output.status.code(), String::from_utf8_lossy(&words).into_owned()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    child.kill()?;
    child.wait()?;
    Ok((None, "hangs".to_owned()))
}

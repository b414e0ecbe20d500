//! `quaero-lab gpu-check`: all that only a GPU can show, in one command and under ten minutes.
//!
//! It starts this program and, for self-play, `quaero` beside it, each step in a process of its own
//! and under a limit of time: one that fails, hangs or loses the device is recorded, and the next
//! goes on. The record (JSON) and the page drawn from it are written anew after every step, so that
//! a check that is cut short leaves what it found.
//!
//! # Layout
//! `bundle` what a step runs → `child` a process under a limit → `found` what its output means →
//! `steps` which steps there are → this file, which walks them.

mod bundle;
mod child;
mod found;
mod steps;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use quaero_kernels::{CudaOptions, Device};
use quaero_terminal::{UsageError, print};
use serde_json::{Value, json};

use self::bundle::Bundle;
use self::steps::Step;
use crate::args::GpuCheck;

/// Of the record's fields; raised when one changes its meaning.
const SCHEMA: u64 = 2;

pub(crate) fn run(args: &GpuCheck) -> anyhow::Result<()> {
    if let Some(path) = &args.draw {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the record {}", path.display()))?;
        let record: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no record of a GPU check", path.display()))?;
        let schema = &record["schema"];
        anyhow::ensure!(
            schema == SCHEMA,
            "{} has schema {schema}, this program draws {SCHEMA}; use the program of its commit",
            path.display()
        );
        print::line(quaero_bench::report::page(&record).trim_end());
        return Ok(());
    }
    let steps = wanted(args)?;
    // Also the one line that says what is missing where there is no GPU.
    let device = Device::cuda(CudaOptions::new(std::env::temp_dir().join("quaero-kernels")))?;
    let (name, facts) = (device.name(), quaero_bench::table::facts(&device));
    drop(device);
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let bundle = Bundle::new(args)?;
    let date = date(seconds_since_1970());
    let stem = free_stem(&args.out, &short_name(&name), &date)?;
    let mut record = json!({
        "schema": SCHEMA, "date": date, "commit": bundle.commit(), "device": name, "facts": facts,
        "seconds": 0.0, "steps": [],
    });
    walk(args, &bundle, &steps, &mut record, &stem)?;
    let bad: Vec<String> = record["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| !["ok", "skipped"].iter().any(|fine| row["outcome"] == *fine))
        .map(|row| format!("{} ({})", text(&row["step"]), text(&row["outcome"])))
        .collect();
    let page = stem.with_extension("md");
    print::line(&page.display().to_string());
    anyhow::ensure!(
        bad.is_empty(),
        "{} of {} steps did not end well: {}; {} tells more",
        bad.len(),
        steps.len(),
        bad.join(", "),
        page.display()
    );
    Ok(())
}

/// The steps that were asked for, in their order.
fn wanted(args: &GpuCheck) -> anyhow::Result<Vec<Step>> {
    let all = steps::all();
    for name in args.only.iter().chain(&args.skip) {
        if !all.iter().any(|step| step.name == name) {
            let names: Vec<&str> = all.iter().map(|step| step.name).collect();
            return Err(
                UsageError(format!("no step `{name}`; there are: {}", names.join(", "))).into()
            );
        }
    }
    let asked = |step: &Step| args.only.is_empty() || args.only.iter().any(|x| x == step.name);
    let kept = |step: &Step| !args.skip.iter().any(|x| x == step.name);
    Ok(all.into_iter().filter(|step| asked(step) && kept(step)).collect())
}

/// Runs the steps and writes record and page after each.
#[expect(clippy::disallowed_methods, reason = "steps run under limits of time")]
fn walk(
    args: &GpuCheck,
    bundle: &Bundle,
    steps: &[Step],
    record: &mut Value,
    stem: &Path,
) -> anyhow::Result<()> {
    let start = Instant::now();
    let whole = Duration::from_secs(args.seconds);
    for step in steps {
        let left = whole.saturating_sub(start.elapsed());
        let limit = left.min(Duration::from_secs(step.limit_s));
        let began = start.elapsed().as_secs_f64();
        let mut row = steps::run(step, bundle, limit);
        let now = start.elapsed().as_secs_f64();
        row["step"] = json!(step.name);
        row["seconds"] = json!(round(now - began));
        row["limit_s"] = json!(limit.as_secs());
        print::note(&format!(
            "{:<10} {:<8} {:>6.1} s  {}",
            step.name,
            text(&row["outcome"]),
            now - began,
            text(&row["summary"])
        ));
        record["seconds"] = json!(round(now));
        if let Some(rows) = record["steps"].as_array_mut() {
            rows.push(row);
        }
        write(stem, record)?;
    }
    Ok(())
}

fn round(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn write(stem: &Path, record: &Value) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(record)? + "\n";
    for (end, content) in [("json", json), ("md", quaero_bench::report::page(record))] {
        let path = stem.with_extension(end);
        std::fs::write(&path, content).with_context(|| {
            format!("cannot write {}; name a folder with --out", path.display())
        })?;
    }
    Ok(())
}

/// `gpu-h100-2026-11-26` in `folder`, numbered where that is taken: a recorded check stays.
fn free_stem(folder: &Path, name: &str, date: &str) -> anyhow::Result<PathBuf> {
    let stems = (1..).map(|n| match n {
        1 => folder.join(format!("gpu-{name}-{date}")),
        n => folder.join(format!("gpu-{name}-{date}-{n}")),
    });
    let free = |stem: &PathBuf| ["md", "json"].iter().all(|end| !stem.with_extension(end).exists());
    stems.take(1000).find(free).context("a thousand checks of this day lie there already")
}

/// `h100` of `NVIDIA H100 80GB HBM3`: the first word with a digit, up to a hyphen.
fn short_name(name: &str) -> String {
    let word = name
        .split_whitespace()
        .find(|word| word.contains(|c: char| c.is_ascii_digit()))
        .unwrap_or("unknown");
    let short = word.split('-').next().unwrap_or(word).to_lowercase();
    short.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The day in UTC as year-month-day. Howard Hinnant's `civil_from_days`: years begin in March, so
/// that leap days come last.
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests;

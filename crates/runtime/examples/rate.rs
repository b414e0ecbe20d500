//! Programs a second: `cargo run --release -p quaero-runtime --example rate -- [ROUNDS]
//! [WORKERS]`. Runs the twenty programs of `fixtures/prog20.json`, each call twice (the
//! determinism check) and each job in a fresh instance, and prints the median round.
//! `fixtures/rate_native.py` is the baseline without isolation; run them in turn on a quiet
//! machine.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures time and prints it"
)]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use quaero_runtime::{Interpreter, InterpreterOptions, Job};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let n_rounds: usize = args.next().map_or(Ok(15), |n| n.parse())?;
    let workers: usize = args.next().map_or(Ok(1), |n| n.parse())?;
    let jobs = jobs()?;
    let options =
        InterpreterOptions { workers, remembered_max: 0, ..InterpreterOptions::default() };
    let cache = std::env::temp_dir().join("quaero-rate");
    let start = Instant::now();
    let progress = Arc::new(|line: &str| println!("{line}"));
    let interpreter = Interpreter::open(options, Some(&cache), &(progress as _))?;
    println!("opened in {:.3} s", start.elapsed().as_secs_f64());

    let batch: Vec<Job> = jobs.iter().cycle().take(5 * jobs.len()).cloned().collect();
    let mut rates = Vec::new();
    for round in 0..=n_rounds {
        let start = Instant::now();
        // Equal jobs of one call would run once.
        for jobs in batch.chunks(jobs.len()) {
            std::hint::black_box(interpreter.run(jobs));
        }
        // The first round warms up.
        if round > 0 {
            rates.push(batch.len() as f64 / start.elapsed().as_secs_f64());
        }
    }
    rates.sort_by(f64::total_cmp);
    let (low, median, high) = (rates[0], rates[rates.len() / 2], rates[rates.len() - 1]);
    println!("{median:.0} programs/s ({low:.0} to {high:.0}) on {workers} workers");
    println!("{:?}", interpreter.stats());
    Ok(())
}

fn jobs() -> Result<Vec<Job>> {
    let programs: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/prog20.json"))?;
    let text = |value: &serde_json::Value| -> Result<String> {
        Ok(value.as_str().ok_or("a text")?.to_owned())
    };
    programs
        .as_array()
        .ok_or("a list")?
        .iter()
        .map(|program| {
            let calls = program["inputs"].as_array().ok_or("a list")?;
            Ok(Job {
                program: text(&program["code"])?,
                entry: text(&program["entry"])?,
                calls: calls.iter().map(text).collect::<Result<_>>()?,
                runs: 2,
                value_bytes_max: 1 << 20,
                deadline_ms: 10_000,
            })
        })
        .collect()
}

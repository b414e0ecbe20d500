//! Modules beside each other: a fresh instance for each program.

use crate::cases::{Case, read};
use crate::closed::{Host, with_stack};
use std::time::Instant;
use wasmtime::Result;

/// Runs all programs `rounds` times on one thread in each module by turns, and prints the rate by
/// each program's best time: what disturbs a machine only ever adds.
///
/// # Errors
/// A module or the file cannot be read.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub fn bench(programs: &str, rounds: usize, modules: &[&str]) -> Result<()> {
    let hosts = modules.iter().map(|path| Host::new(path)).collect::<Result<Vec<_>>>()?;
    let names: Vec<String> = modules.iter().map(ToString::to_string).collect();
    let cases = read(programs)?;
    with_stack(move || {
        let jobs: Vec<_> = cases.iter().map(Case::job).collect();
        let mut best = vec![vec![f64::INFINITY; jobs.len()]; hosts.len()];
        let mut faults = vec![0.0; hosts.len()];
        for round in 0..=rounds {
            for (i, host) in hosts.iter().enumerate() {
                let before = page_faults()?;
                for (job, best) in jobs.iter().zip(&mut best[i]) {
                    let start = Instant::now();
                    host.run(job);
                    *best = best.min(start.elapsed().as_secs_f64());
                }
                if round > 0 {
                    faults[i] += page_faults()? - before;
                }
            }
        }
        for ((name, best), faults) in names.iter().zip(&best).zip(faults) {
            let (n, seconds) = (best.len() as f64, best.iter().sum::<f64>());
            println!(
                "{name}: {:.0} programs/s ({:.3} ms each), {:.1} page faults each",
                n / seconds,
                1e3 * seconds / n,
                faults / (n * rounds as f64)
            );
        }
        Ok(())
    })
}

fn page_faults() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/stat")?;
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    Ok(behind_name.split_whitespace().nth(7).unwrap_or_default().parse()?)
}

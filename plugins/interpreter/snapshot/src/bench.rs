//! Programs a second, a fresh instance each.

use crate::cases::{Case, read};
use crate::closed::{Host, with_stack};
use std::time::Instant;
use wasmtime::Result;

/// Runs all programs `rounds` times on one thread and prints the rate.
///
/// # Errors
/// The module or the file cannot be read.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub fn bench(module: &str, programs: &str, rounds: usize) -> Result<()> {
    let host = Host::new(module)?;
    let cases = read(programs)?;
    with_stack(move || {
        let jobs: Vec<_> = cases.iter().map(Case::job).collect();
        for job in &jobs {
            host.run(job);
        }
        let (start, busy, faults) = (Instant::now(), cpu_seconds()?, page_faults()?);
        for _ in 0..rounds {
            for job in &jobs {
                host.run(job);
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let n = (rounds * jobs.len()) as f64;
        let busy = cpu_seconds()? - busy;
        println!(
            "{:.1} programs/s, {:.3} ms each; CPU {:.3} ms, {:.0} page faults each",
            n / seconds,
            1e3 * seconds / n,
            1e3 * busy / n,
            (page_faults()? - faults) / n
        );
        Ok(())
    })
}

/// What this thread has had of a core, which a busy machine changes less than the wall clock.
fn cpu_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds * 1e-9)
}

fn page_faults() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/stat")?;
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    Ok(behind_name.split_whitespace().nth(7).unwrap_or_default().parse()?)
}

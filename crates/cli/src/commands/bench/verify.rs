//! `quaero bench verify`: programs a second and core, each in a fresh interpreter and evaluated
//! twice, beside two baselines that run in turn with us on the same core: pyeryx (full isolation)
//! and a pool of processes in the manner of Absolute Zero's executor (none). Then a training step's
//! work, k answers to each task, on all cores.
//!
//! Every side is a process of its own, ours too, that takes commands and reports its wall and CPU
//! time. What each says of the programs must agree.
//!
//! # Layout
//! `work` what is run → `ours` our side → `side` a process that is asked → `baselines` where the
//! baselines come from → `report` the tables.

mod baselines;
mod ours;
mod report;
mod side;
mod work;

use std::path::Path;

use anyhow::Context;
use quaero_terminal::print;

use crate::args::BenchVerify;
use side::{Side, Spawn};

/// Times that a round runs all programs.
const REPEATS: usize = 5;

/// Measures, or serves as our side when the words say so.
pub(crate) fn run(plugins: &Path, args: &BenchVerify) -> anyhow::Result<()> {
    if let Some(workers) = args.side {
        return ours::serve(plugins, workers);
    }
    let folder = tempfile::tempdir()?;
    work::write(folder.path())?;
    let baselines = baselines::find(args, folder.path())?;
    let ours = |workers: usize, cores| {
        let mut command = std::process::Command::new(std::env::current_exe()?);
        command.arg("--plugins-dir").arg(plugins).args(["bench", "verify"]);
        command.arg(format!("--side={workers}"));
        Side::start("quaero", command, cores)
    };
    let cold = ours::cold_start(plugins)?;

    let mut sides = vec![ours(1, Spawn::OneCore)?];
    let mut missing = Vec::new();
    for baseline in &baselines {
        match baseline.start(folder.path(), 1, Spawn::OneCore) {
            Ok(side) => sides.push(side),
            Err(error) => missing.push(format!("no {}: {error:#}", baseline.name)),
        }
    }
    let answers = sides[0].answers.clone();
    for side in &sides[1..] {
        anyhow::ensure!(side.answers == answers, "{} gives other answers", side.name);
    }
    let mut rates = report::Rates::new(&sides);
    for round in 0..=args.rounds.max(1) {
        for (idx, side) in sides.iter_mut().enumerate() {
            let reply = side.ask(&format!("rate {REPEATS}"))?;
            // The first round warms up.
            if round > 0 {
                rates.add(idx, &reply)?;
            }
        }
    }
    for (idx, side) in sides.iter_mut().enumerate() {
        rates.latencies(idx, &side.ask(&format!("latency {REPEATS}"))?)?;
    }
    let memory = sides[0].ask("memory 1000")?;
    drop(sides);

    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut steps = vec![("quaero, all cores", "step", ours(n_cores, Spawn::AllCores)?)];
    for baseline in baselines.iter().filter(|baseline| baseline.judges_steps) {
        let all = baseline.start(folder.path(), n_cores, Spawn::AllCores);
        let one = baseline.start(folder.path(), 1, Spawn::AllCores);
        // That it cannot start has been said above.
        if let (Ok(all), Ok(one)) = (all, one) {
            steps.push(("Absolute Zero's way: one worker, one by one", "azr", one));
            steps.push(("process pool, all cores, one batch", "step", all));
        }
    }
    let mut work = report::Steps::default();
    for round in 0..=args.rounds.max(1) {
        for (name, command, side) in &mut steps {
            let reply = side.ask(&format!("{command} {}", round + 1))?;
            if round > 0 {
                work.add(name, &reply).with_context(|| format!("the step of {name}"))?;
            }
        }
    }
    report::print(args, &rates, &work, &report::Extras { cold, memory });
    missing.iter().for_each(|line| print::note(line));
    Ok(())
}

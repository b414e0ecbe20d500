//! Cross-play: each kept checkpoint's policy answers tasks that the run asked itself in each
//! period between checkpoints. Whether difficulty grows as the model does is read off the matrix.
//!
//! Plays through the same `play` and `verify` as training and evaluation do. A cell depends on
//! nothing but its policy's weights, its period's tasks and the run's seed, so a run that went on
//! has the same cells as before, and some more.

mod matrix;
mod reading;

use std::path::Path;
use std::sync::Arc;

use quaero_engine::Engine;
use quaero_evals::{SuiteTask, answer};
use quaero_play::Player;
use quaero_policy::Policy;
use quaero_pool::{Pool, Stored};
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_update::Learner;

use crate::checkpoint::{Checkpoint, checkpoints};
use crate::{Error, Observer, Options};
use matrix::Period;
pub use matrix::{CrossPlay, Matrix};

/// How much is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cross {
    /// Tasks of each kind and period, those with the smallest ids.
    pub tasks_per_kind: usize,
    /// Answers a task and policy.
    pub samples: usize,
}

/// Lets the checkpoints of the run in `folder` answer each other's tasks. `policy` is of the run's
/// model and stands where it is to be computed; the checkpoints' weights are put into it.
///
/// # Errors
/// When fewer than two checkpoints are kept, one does not read, experience is missing, nothing was
/// proposed in a period, or something fails at runtime.
pub fn crossplay(
    folder: &Path,
    options: &Options,
    cross: Cross,
    mut policy: Policy,
    host: &Host,
    observer: &mut dyn Observer,
) -> Result<CrossPlay, Error> {
    let kept = checkpoints(folder)?;
    if kept.len() < 2 {
        return Err(Error::FewCheckpoints { path: folder.display().to_string(), n: kept.len() });
    }
    let periods = periods(folder, options, cross, &kept)?;
    let mut matrix = {
        let steps = kept.iter().map(|checkpoint| checkpoint.step).collect();
        CrossPlay::new(cross.samples, steps, &periods)
    };
    let (mut learner, mut engine) =
        (Learner::new(&options.update, &policy.model)?, Engine::new(options.engine));
    let key = Key::new(options.seed).named("crossplay");
    for (row, checkpoint) in kept.iter().enumerate() {
        let (nth, n) = (row + 1, kept.len());
        observer.phase(&format!("policy of step {} ({nth} of {n})", checkpoint.step));
        policy = checkpoint.restore(policy, &mut learner)?;
        for (column, period) in periods.iter().enumerate() {
            // The same randomness in every row: equal policies have equal rows.
            let player = &mut Player {
                policy: &policy,
                engine: &mut engine,
                host,
                limits: options.solve.limits,
                on_tokens: &mut |_| (),
            };
            let rates = answer(player, &period.tasks, cross.samples, key)?;
            matrix.set(row, column, &period.tasks, &rates);
        }
    }
    matrix.reading = reading::words(&matrix);
    Ok(matrix)
}

/// The steps up to each checkpoint, from the one before on. Seeding is step 0.
fn spans(kept: &[u64]) -> Vec<[u64; 2]> {
    let first = kept.first().map(|&to| [0, to]);
    first.into_iter().chain(kept.windows(2).map(|pair| [pair[0] + 1, pair[1]])).collect()
}

/// The periods with their tasks. Seeding may have proposed nothing: then it is no period.
fn periods(
    folder: &Path,
    options: &Options,
    cross: Cross,
    kept: &[Checkpoint],
) -> Result<Vec<Period>, Error> {
    let path = folder.join("experience.db");
    if !path.is_file() {
        return Err(Error::NoExperience { path: path.display().to_string() });
    }
    let pool = Pool::open(&path, options.pool)?;
    let steps: Vec<u64> = kept.iter().map(|checkpoint| checkpoint.step).collect();
    let mut periods = Vec::new();
    for [from, to] in spans(&steps) {
        let mut tasks = Vec::new();
        for (kind, _) in &options.mix {
            let stored = pool.proposed(kind, from, to, cross.tasks_per_kind)?;
            tasks.extend(stored.into_iter().map(|Stored { task, secret }| SuiteTask {
                task: Arc::new(task),
                secret,
                line: 0,
            }));
        }
        match (tasks.is_empty(), to) {
            (false, _) => periods.push(Period { steps: [from, to], tasks }),
            (true, 0) => {}
            (true, _) => return Err(Error::EmptyPeriod { from, to }),
        }
    }
    Ok(periods)
}

#[cfg(test)]
mod tests;

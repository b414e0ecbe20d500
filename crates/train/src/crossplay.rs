//! Cross-play: each kept checkpoint's policy answers tasks that the run asked itself in each
//! period between checkpoints. Whether difficulty grows as the model does is read off the matrix.
//!
//! Plays through the same `solve` and `verify` as training and evaluation do. A cell depends on
//! nothing but its policy's weights, its period's tasks and the run's seed, so a run that went on
//! has the same cells as before, and some more.

mod reading;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use quaero_engine::Engine;
use quaero_evals::{Interval, Rates, SuiteTask, answer};
use quaero_policy::Policy;
use quaero_pool::{Pool, Stored};
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_types::Kind;
use quaero_update::Learner;
use serde::Serialize;

use crate::{Checkpoint, Error, Observer, Options, checkpoints};

/// How much is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cross {
    /// Tasks of each kind and period, those with the smallest ids.
    pub tasks_per_kind: usize,
    /// Answers a task and policy.
    pub samples: usize,
}

/// Rows are policies, columns periods; a cell without a judged task is `None`.
pub type Matrix = Vec<Vec<Option<f64>>>;

/// The file `crossplay.json`. Its maps are by kind; `all` is all kinds together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossPlay {
    format: u32,
    /// Answers a task and policy.
    pub samples: usize,
    /// The step of each policy, ascending.
    pub policies: Vec<u64>,
    /// First and last step of each period. A step asks with the policy of the step before.
    pub periods: Vec<[u64; 2]>,
    /// Tasks of each period.
    pub n_tasks: BTreeMap<String, Vec<usize>>,
    /// Mean over the tasks of the share of answers that solved them.
    pub solve_rate: BTreeMap<String, Matrix>,
    /// Lower end of its 95 % interval over tasks.
    pub low: BTreeMap<String, Matrix>,
    /// Upper end.
    pub high: BTreeMap<String, Matrix>,
    /// What the matrix says, in words.
    pub reading: Vec<String>,
}

const FORMAT: u32 = 1;
const FILE: &str = "crossplay.json";
/// The name of all kinds together.
const ALL: &str = "all";

/// The tasks of a period.
struct Period {
    steps: [u64; 2],
    tasks: Vec<SuiteTask>,
}

/// Lets the checkpoints of the run in `folder` answer each other's tasks. `policy` is of the run's
/// model and stands where it is to be computed; the checkpoints' weights are put into it.
///
/// # Errors
/// When fewer than two checkpoints are kept, one does not read, experience is missing, nothing was
/// proposed in a period, or the world fails.
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
    let mut matrix = CrossPlay::new(cross, &kept, &periods);
    let (mut learner, mut engine) =
        (Learner::new(&options.update, &policy.model)?, Engine::new(options.engine));
    let key = Key::new(options.seed).named("crossplay");
    for (row, checkpoint) in kept.iter().enumerate() {
        let (nth, n) = (row + 1, kept.len());
        observer.phase(&format!("policy of step {} ({nth} of {n})", checkpoint.step));
        policy = checkpoint.restore(policy, &mut learner)?;
        for (column, period) in periods.iter().enumerate() {
            // The same randomness in every row: equal policies have equal rows.
            let (limits, tasks) = (&options.solve.limits, &period.tasks);
            let rates = answer(&policy, &mut engine, host, tasks, cross.samples, limits, key)?;
            matrix.set(row, column, tasks, &rates);
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

/// Where the tasks of `kind` (of any, for `None`) stand.
fn of_kind(tasks: &[SuiteTask], kind: Option<&Kind>) -> Vec<usize> {
    let is_of = |idx: &usize| kind.is_none_or(|kind| tasks[*idx].task.kind == *kind);
    (0..tasks.len()).filter(is_of).collect()
}

impl CrossPlay {
    /// An empty matrix of the kinds that are there.
    fn new(cross: Cross, kept: &[Checkpoint], periods: &[Period]) -> Self {
        let mut n_tasks: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (column, period) in periods.iter().enumerate() {
            for one in &period.tasks {
                for name in [one.task.kind.to_string(), ALL.to_owned()] {
                    n_tasks.entry(name).or_insert_with(|| vec![0; periods.len()])[column] += 1;
                }
            }
        }
        let empty = || {
            let cells = vec![vec![None; periods.len()]; kept.len()];
            n_tasks.keys().map(|name| (name.clone(), cells.clone())).collect()
        };
        Self {
            format: FORMAT,
            samples: cross.samples,
            policies: kept.iter().map(|checkpoint| checkpoint.step).collect(),
            periods: periods.iter().map(|period| period.steps).collect(),
            solve_rate: empty(),
            low: empty(),
            high: empty(),
            n_tasks,
            reading: Vec::new(),
        }
    }

    fn set(&mut self, row: usize, column: usize, tasks: &[SuiteTask], rates: &Rates) {
        let names: Vec<String> = self.n_tasks.keys().cloned().collect();
        for name in names {
            let kind: Option<Kind> = name.parse().ok().filter(|_| name != ALL);
            let indices = of_kind(tasks, kind.as_ref());
            if let Some(score) = rates.score(name.clone(), &indices) {
                let Interval { mean, low, high } = score.interval;
                for (matrix, value) in
                    [(&mut self.solve_rate, mean), (&mut self.low, low), (&mut self.high, high)]
                {
                    if let Some(matrix) = matrix.get_mut(&name) {
                        matrix[row][column] = Some(value);
                    }
                }
            }
        }
    }

    /// The cell of `kind` at `row` and `column`; `None` if there is none or nothing was judged.
    #[must_use]
    pub fn cell(&self, kind: &str, row: usize, column: usize) -> Option<Interval> {
        let of = |matrix: &BTreeMap<String, Matrix>| *matrix.get(kind)?.get(row)?.get(column)?;
        Some(Interval { mean: of(&self.solve_rate)?, low: of(&self.low)?, high: of(&self.high)? })
    }

    /// Writes `crossplay.json` into the run's folder, in place of an older one.
    ///
    /// # Errors
    /// When there is no space or the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let text = self.to_json() + "\n";
        quaero_weights::write_atomic(&folder.join(FILE), text.len() as u64, &mut |out| {
            out.write_all(text.as_bytes())
        })?;
        Ok(())
    }

    /// The file's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

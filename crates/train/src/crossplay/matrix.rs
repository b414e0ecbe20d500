//! The matrix of cross-play: policies by periods, as `crossplay.json` has it.

use std::collections::BTreeMap;
use std::path::Path;

use quaero_evals::{Interval, Rates, SuiteTask};
use quaero_types::Kind;
use serde::Serialize;

use crate::Error;

/// Rows are policies, columns periods; a cell without a judged task is `None`.
pub type Matrix = Vec<Vec<Option<f64>>>;

/// The file `crossplay.json`. Its maps are by kind; `all` is all kinds together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossPlay {
    pub(super) format: u32,
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

pub(super) const FORMAT: u32 = 1;
const FILE: &str = "crossplay.json";
/// The name of all kinds together.
pub(super) const ALL: &str = "all";

/// The tasks of a period.
pub(super) struct Period {
    pub(super) steps: [u64; 2],
    pub(super) tasks: Vec<SuiteTask>,
}

/// Where the tasks of `kind` (of any, for `None`) stand.
fn of_kind(tasks: &[SuiteTask], kind: Option<&Kind>) -> Vec<usize> {
    let is_of = |idx: &usize| kind.is_none_or(|kind| tasks[*idx].task.kind == *kind);
    (0..tasks.len()).filter(is_of).collect()
}

impl CrossPlay {
    /// An empty matrix of the kinds that are there.
    pub(super) fn new(samples: usize, policies: Vec<u64>, periods: &[Period]) -> Self {
        let mut n_tasks: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (column, period) in periods.iter().enumerate() {
            for one in &period.tasks {
                for name in [one.task.kind.to_string(), ALL.to_owned()] {
                    n_tasks.entry(name).or_insert_with(|| vec![0; periods.len()])[column] += 1;
                }
            }
        }
        let empty = || {
            let cells = vec![vec![None; periods.len()]; policies.len()];
            n_tasks.keys().map(|name| (name.clone(), cells.clone())).collect()
        };
        Self {
            format: FORMAT,
            samples,
            periods: periods.iter().map(|period| period.steps).collect(),
            solve_rate: empty(),
            low: empty(),
            high: empty(),
            policies,
            n_tasks,
            reading: Vec::new(),
        }
    }

    pub(super) fn set(&mut self, row: usize, column: usize, tasks: &[SuiteTask], rates: &Rates) {
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

//! Plays tasks and counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaero_play::{Player, solve};
use quaero_rng::Key;
use quaero_types::{Status, Task};
use quaero_verify::{Gold, attempts};
use serde::Serialize;

use crate::{Error, Interval, Suite, SuiteTask, clustered, wilson};

/// The score of a suite, or of one part of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// `suite`, `suite.kind` or `probe/level`.
    pub name: String,
    /// Mean score and its 95 % interval.
    #[serde(flatten)]
    pub interval: Interval,
    /// Tasks judged.
    pub n_tasks: usize,
    /// Tasks that could not be judged: prompt too long or the judge failed.
    pub n_unjudged: usize,
}

/// How a policy did on each of some tasks, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates(Vec<(f64, u64)>);

impl Rates {
    /// From the sum of scores and the number of answers judged, task by task.
    #[cfg(test)]
    pub(crate) fn of(sums: &[(f64, u64)]) -> Self {
        Self(sums.to_vec())
    }

    /// Mean score of the task at `idx`; `None` if no answer to it was judged.
    ///
    /// # Panics
    /// If there is no such task.
    #[must_use]
    pub fn rate(&self, idx: usize) -> Option<f64> {
        let (sum, n) = self.0[idx];
        (n > 0).then(|| sum / n as f64)
    }

    /// The score of the tasks at `indices` under `name`; `None` if none of them was judged.
    ///
    /// # Panics
    /// If there is no task at one of them.
    #[must_use]
    pub fn score(&self, name: String, indices: &[usize]) -> Option<Score> {
        let judged: Vec<(f64, u64)> =
            indices.iter().map(|&idx| self.0[idx]).filter(|(_, n)| *n > 0).collect();
        if judged.is_empty() {
            return None;
        }
        let binary = judged.iter().all(|&(sum, n)| n == 1 && (sum == 0.0 || sum == 1.0));
        let interval = if binary {
            let right = judged.iter().filter(|(sum, _)| *sum == 1.0).count();
            wilson(right as u64, judged.len() as u64)
        } else {
            clustered(&judged.iter().map(|&(sum, n)| sum / n as f64).collect::<Vec<_>>())
        };
        let n_unjudged = indices.len() - judged.len();
        Some(Score { name, interval, n_tasks: judged.len(), n_unjudged })
    }

    /// The scores of `suite`, whose tasks these are: one per kind, in order of kind, then the
    /// whole. Empty when nothing could be judged.
    #[must_use]
    pub fn scores(&self, suite: &Suite) -> Vec<Score> {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (idx, one) in suite.tasks.iter().enumerate() {
            groups.entry(format!("{}.{}", suite.name, one.task.kind.name)).or_default().push(idx);
        }
        let whole = (suite.name.clone(), (0..suite.tasks.len()).collect());
        let scores = groups.into_iter().chain([whole]);
        scores.filter_map(|(name, indices)| self.score(name, &indices)).collect()
    }
}

/// Lets `player` answer every task `n_samples` times and judges the answers.
///
/// # Errors
/// When a kind has no family or the engine fails.
pub fn answer(
    player: &mut Player<'_>,
    tasks: &[SuiteTask],
    n_samples: usize,
    key: Key,
) -> Result<Rates, Error> {
    let mut gold = Gold::default();
    tasks.iter().for_each(|one| gold.insert(one.task.id, one.secret.clone()));
    let tasks: Vec<Arc<Task>> = tasks.iter().map(|one| one.task.clone()).collect();
    let (written, _) = solve(player, &tasks, n_samples, key)?;
    let verdicts = attempts(player.host, &gold, &written);
    let mut sums = vec![(0.0_f64, 0_u64); tasks.len()];
    for (attempt, verdict) in written.iter().zip(&verdicts) {
        if verdict.status != Status::Fault {
            sums[attempt.group_idx].0 += f64::from(verdict.score);
            sums[attempt.group_idx].1 += 1;
        }
    }
    Ok(Rates(sums))
}

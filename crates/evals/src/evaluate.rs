//! Plays a suite and counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaero_engine::Engine;
use quaero_policy::{Limits, Policy};
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_solve::solve;
use quaero_types::{Status, Task};
use quaero_verify::{Gold, attempts};
use serde::Serialize;

use crate::{Error, Interval, Suite, clustered, wilson};

/// The score of a suite, or of one kind within it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// `suite` or `suite.kind`.
    pub name: String,
    /// Mean score and its 95 % interval.
    #[serde(flatten)]
    pub interval: Interval,
    /// Tasks judged.
    pub n_tasks: usize,
    /// Tasks that could not be judged: prompt too long or the judge failed.
    pub n_unjudged: usize,
}

/// Answers every task of `suite` `n_samples` times and scores the answers: one score per kind, in
/// order of kind, then the whole. Empty when nothing could be judged.
///
/// # Errors
/// When a kind has no family or the engine fails.
pub fn evaluate(
    policy: &Policy,
    engine: &mut Engine,
    host: &Host,
    suite: &Suite,
    n_samples: usize,
    limits: &Limits,
    key: Key,
) -> Result<Vec<Score>, Error> {
    let mut gold = Gold::default();
    let tasks: Vec<Arc<Task>> = suite.tasks.iter().map(|task| task.task.clone()).collect();
    suite.tasks.iter().for_each(|task| gold.insert(task.task.id, task.secret.clone()));
    let written = solve(policy, engine, host, &tasks, n_samples, limits, key, &mut |_| ())?.written;
    let verdicts = attempts(host, &gold, &written);
    let mut sums = vec![(0.0_f64, 0_u64); tasks.len()];
    for (attempt, verdict) in written.iter().zip(&verdicts) {
        if verdict.status != Status::Fault {
            sums[attempt.group_idx].0 += f64::from(verdict.score);
            sums[attempt.group_idx].1 += 1;
        }
    }
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (idx, task) in tasks.iter().enumerate() {
        groups.entry(format!("{}.{}", suite.name, task.kind.name)).or_default().push(idx);
    }
    let whole = (suite.name.clone(), (0..tasks.len()).collect());
    let scores = groups.into_iter().chain([whole]);
    Ok(scores.filter_map(|(name, indices)| score(name, &indices, &sums)).collect())
}

fn score(name: String, indices: &[usize], sums: &[(f64, u64)]) -> Option<Score> {
    let judged: Vec<(f64, u64)> =
        indices.iter().map(|&idx| sums[idx]).filter(|(_, n)| *n > 0).collect();
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

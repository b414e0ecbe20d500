//! Task-relative REINFORCE++ (Absolute Zero, arXiv 2505.03335, equation 8): one baseline a
//! task-role, A = (R − μ) / √(σ² + ε).
//!
//! The released code whitens over response tokens, so long responses weigh more in μ and σ²; the
//! paper's formula reads as one value a sequence. Both are here. A set of one row has advantage 0.

use serde::{Deserialize, Serialize};

use super::per_set;
use crate::Row;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Each response token is one observation, as in AZR's code.
    Token,
    /// Each sequence is one observation.
    Sequence,
}

pub(super) fn advantages(rows: &[Row], level: Level, eps: f64) -> Vec<f32> {
    whiten(rows, |row| row.task_role.clone(), level, eps)
}

/// Whitens the rewards of each set of rows that share a key.
pub(super) fn whiten<K: Ord>(
    rows: &[Row],
    key: impl Fn(&Row) -> K,
    level: Level,
    eps: f64,
) -> Vec<f32> {
    let weight = |row: &Row| match level {
        Level::Token => row.n_tokens as f64,
        Level::Sequence => 1.0,
    };
    per_set(rows, key, weight, |set| {
        let (mean, scale) = (set.mean(), (set.variance() + eps).sqrt());
        Box::new(move |reward| (reward - mean) / scale)
    })
}

//! Advantages from rewards. One estimator a file; each gets the rows of one batch and gives one
//! number a row, which all tokens of the sequence share (γ = 1, so every token's return is the
//! sequence's reward).
//!
//! All sums are taken in f64 of differences to the set's first reward, so a set of equal rewards
//! gives exactly 0 and a constant added to all rewards changes nothing but rounding.

mod grpo;
mod reinforce;
mod reinforce_plus_plus;
mod rloo;
mod trr_plus_plus;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use reinforce::Baseline;
pub use trr_plus_plus::Level;

use crate::Row;

/// How rewards become advantages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Estimator {
    /// Whitening within each task-role: AZR's task-relative REINFORCE++.
    TrrPlusPlus {
        /// Whether tokens or sequences are counted.
        level: Level,
        /// Added to the variance.
        eps: f64,
    },
    /// Mean (and deviation) within each group.
    Grpo {
        /// Whether to divide by the deviation (off: Dr. GRPO).
        divide_by_std: bool,
        /// Added to the deviation.
        eps: f64,
    },
    /// Mean of the group's other rows.
    Rloo,
    /// Whitening over the whole batch.
    ReinforcePlusPlus {
        /// Whether tokens or sequences are counted.
        level: Level,
        /// Added to the variance.
        eps: f64,
    },
    /// The reward itself, or less the batch's mean.
    Reinforce {
        /// What is subtracted.
        baseline: Baseline,
    },
}

/// The advantage of each row, in the rows' order.
///
/// # Panics
/// If a reward is not finite or a row has no tokens.
#[must_use]
pub fn advantages(rows: &[Row], estimator: &Estimator) -> Vec<f32> {
    for (row_idx, row) in rows.iter().enumerate() {
        assert!(row.reward.is_finite(), "reward of row {row_idx} is {}", row.reward);
        assert!(row.n_tokens > 0, "row {row_idx} has no tokens");
    }
    match estimator {
        Estimator::TrrPlusPlus { level, eps } => trr_plus_plus::advantages(rows, *level, *eps),
        Estimator::Grpo { divide_by_std, eps } => grpo::advantages(rows, *divide_by_std, *eps),
        Estimator::Rloo => rloo::advantages(rows),
        Estimator::ReinforcePlusPlus { level, eps } => {
            reinforce_plus_plus::advantages(rows, *level, *eps)
        }
        Estimator::Reinforce { baseline } => reinforce::advantages(rows, *baseline),
    }
}

/// Applies `credit` to each set of rows that share a key: it gets the set's members as
/// (reward − first reward, weight) in an order fixed by their values, and returns their credit.
fn per_set<K: Ord>(
    rows: &[Row],
    key: impl Fn(&Row) -> K,
    weight: impl Fn(&Row) -> f64,
    credit: impl Fn(&Set) -> Box<dyn Fn(f64) -> f64>,
) -> Vec<f32> {
    let mut sets: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (row_idx, row) in rows.iter().enumerate() {
        sets.entry(key(row)).or_default().push(row_idx);
    }
    let mut out = vec![0.0; rows.len()];
    for members in sets.values() {
        let mut values: Vec<(f64, f64)> = members
            .iter()
            .map(|&row_idx| (f64::from(rows[row_idx].reward), weight(&rows[row_idx])))
            .collect();
        // Sorted, so that the sums do not depend on the rows' order to the last bit.
        values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let first = values[0].0;
        let set = Set { values: values.iter().map(|&(r, w)| (r - first, w)).collect() };
        let of = credit(&set);
        for &row_idx in members {
            out[row_idx] = of(f64::from(rows[row_idx].reward) - first) as f32;
        }
    }
    out
}

/// The members of one set: reward less the set's smallest, and weight.
struct Set {
    values: Vec<(f64, f64)>,
}

impl Set {
    /// Number of members.
    fn len(&self) -> usize {
        self.values.len()
    }

    /// Weighted mean.
    fn mean(&self) -> f64 {
        let (sum, total) = self.values.iter().fold((0.0, 0.0), |(s, t), (r, w)| (s + r * w, t + w));
        sum / total
    }

    /// Weighted variance, unbiased with weights as counts; 0 where the counts sum to 1.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        let (sum, total) = self
            .values
            .iter()
            .fold((0.0, 0.0), |(s, t), (r, w)| (s + w * (r - mean).powi(2), t + w));
        if total > 1.0 { sum / (total - 1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests;

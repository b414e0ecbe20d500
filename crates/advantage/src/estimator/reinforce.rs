//! Williams' REINFORCE: the reward itself, or less the mean reward of the batch.

use serde::{Deserialize, Serialize};

use super::per_set;
use crate::Row;

/// What is subtracted from the reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// Nothing.
    None,
    /// The mean over all sequences of the batch.
    Batch,
}

pub(super) fn advantages(rows: &[Row], baseline: Baseline) -> Vec<f32> {
    match baseline {
        Baseline::None => rows.iter().map(|row| row.reward).collect(),
        Baseline::Batch => per_set(
            rows,
            |_| (),
            |_| 1.0,
            |set| {
                let mean = set.mean();
                Box::new(move |reward| reward - mean)
            },
        ),
    }
}

//! Group-relative advantages (DeepSeekMath, arXiv 2402.03300): A = (R − mean) / (std + ε) with the
//! unbiased deviation, or R − mean alone (Dr. GRPO, arXiv 2503.20783).
//!
//! A group of one row knows nothing of how good its reward is and has advantage 0; veRL would
//! give it its reward instead. A proposer's prompts are asked once each: its rows need a common
//! group.

use super::per_set;
use crate::Row;

pub(super) fn advantages(rows: &[Row], divide_by_std: bool, eps: f64) -> Vec<f32> {
    per_set(
        rows,
        |row| (row.task_role.clone(), row.group),
        |_| 1.0,
        |set| {
            let mean = set.mean();
            let scale = if divide_by_std { set.variance().sqrt() + eps } else { 1.0 };
            Box::new(move |reward| (reward - mean) / scale)
        },
    )
}

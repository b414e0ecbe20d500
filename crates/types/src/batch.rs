//! What is learned from: rows of tokens with advantages.

use crate::{TaskRole, Trace};

/// One sequence with its credit.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which role wrote it.
    pub task_role: TaskRole,
    /// Rows that answer the same prompt share a group.
    pub group: u64,
    /// What was written, with the sampler's log-probs.
    pub trace: Trace,
    /// The whole reward of the sequence.
    pub reward: f32,
    /// The advantage of each of its tokens (sequence-level estimators give all tokens one value).
    pub advantage: f32,
    /// Share of the row in the loss before aggregation (task-role weights and so on); 1 is plain.
    pub weight: f32,
}

/// All rows of one update.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The rows, in a fixed order.
    pub rows: Vec<Row>,
}

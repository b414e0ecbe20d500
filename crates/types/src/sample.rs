//! What the policy wrote.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Kind, Opening, Task, TaskId};

/// Why generation stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model wrote its end-of-sequence token (which is the last of `tokens`).
    Stop,
    /// It reached the length limit.
    Length,
}

/// One generated sequence with the log-probs of the policy that wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Prompt tokens, shared by a group.
    pub prompt: Arc<[u32]>,
    /// Generated tokens, end-of-sequence included.
    pub tokens: Vec<u32>,
    /// Natural-log probability of each generated token under the untruncated law at the sampling
    /// temperature; as long as `tokens`.
    pub logp: Vec<f32>,
    /// The sampling temperature.
    pub temperature: f32,
    /// `tokens` as text, without the end-of-sequence token.
    pub text: String,
    /// Why it stopped.
    pub finish: Finish,
}

/// A proposer's completion, before verification.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The kind it was asked for.
    pub kind: Kind,
    /// How the episode opened.
    pub opening: Opening,
    /// The references shown, for lineage.
    pub parents: Vec<TaskId>,
    /// What was written.
    pub sample: Sample,
}

/// A solver's completion, before verification.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The task answered.
    pub task: Arc<Task>,
    /// Index of the task among this step's tasks: attempts that share it form a group.
    pub group_idx: usize,
    /// The seed that opened the episode.
    pub seed: u64,
    /// What was written.
    pub sample: Sample,
}

//! What the policy wrote.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Kind, Opening, PolicyVersion, Task, TaskId};

/// Why generation stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model wrote its end-of-sequence token (the last one written).
    Stop,
    /// It reached the length limit.
    Length,
}

/// What a policy wrote in an episode, with what it was shown before and between.
///
/// Who learns from it is handed the written tokens only: what was shown has no log-prob here.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The weights that wrote it.
    pub version: PolicyVersion,
    /// All tokens in order, shown and written.
    pub tokens: Vec<u32>,
    /// Where the policy wrote: ascending ranges of `tokens`, end-of-sequence tokens included. An
    /// episode of one turn has one, which ends with `tokens`.
    pub written: Vec<Range<usize>>,
    /// Natural-log probability of each written token under the untruncated distribution at the
    /// sampling temperature.
    pub logp: Vec<f32>,
    /// The sampling temperature.
    pub temperature: f32,
    /// What was written last as text, without the end-of-sequence token.
    pub text: String,
    /// Why it stopped.
    pub finish: Finish,
}

impl Trace {
    /// `completion` written after `prompt` in one turn. Version 0, temperature 1, no text, and
    /// stopped of its own accord, unless the caller says otherwise.
    #[must_use]
    pub fn one_turn(prompt: &[u32], completion: &[u32], logp: Vec<f32>) -> Self {
        let tokens = [prompt, completion].concat();
        let written = std::iter::once(prompt.len()..tokens.len()).collect();
        let (version, text) = (PolicyVersion(0), String::new());
        Self { version, tokens, written, logp, temperature: 1.0, text, finish: Finish::Stop }
    }

    /// What it was shown before it wrote first.
    #[must_use]
    pub fn prompt(&self) -> &[u32] {
        &self.tokens[..self.written.first().map_or(self.tokens.len(), |range| range.start)]
    }

    /// Tokens written.
    #[must_use]
    pub fn n_written(&self) -> usize {
        self.written.iter().map(ExactSizeIterator::len).sum()
    }
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
    pub trace: Trace,
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
    pub trace: Trace,
}

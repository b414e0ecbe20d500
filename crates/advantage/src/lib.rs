//! Credit: from verdicts to rewards, from rewards to advantages.
//!
//! Serves the `advantage` step. Knows no tensors, no files, no clock and no randomness: plain
//! numbers in, plain numbers out, the same for any order of rows. A fault earns no reward at all:
//! it is `None` and its row never reaches an estimator.
//!
//! # Layout
//! `solve_rate` how often a task was solved → `reward` the reward tables of both roles
//! (`reward/worth` a worth that the configuration says, `reward/progress`, `reward/powerplay` what
//! is worth something only over time, `terms` what a task measures besides) → `groups` groups of
//! equal rewards → `overlong` what length takes off → `estimator` advantages, one file each.

mod estimator;
mod groups;
mod overlong;
mod reward;
mod solve_rate;
mod terms;

pub use estimator::{Baseline, Estimator, Level, advantages};
pub use groups::EqualGroups;
pub use overlong::overlong_punishment;
pub use reward::powerplay::PowerPlay;
pub use reward::progress::{LearningProgress, Reevaluation, mean_change};
pub use reward::worth::Worth;
pub use reward::{Learnability, ProposerRewards, RewardTable, Signal, SolverRewards};
pub use solve_rate::SolveRate;
pub use terms::{Combine, Term, Terms};

use quaero_types::TaskRole;
use serde::{Deserialize, Serialize};

/// One sequence with its reward, as the estimators see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Who wrote it: a role at a kind of task.
    pub task_role: TaskRole,
    /// Rows of one task-role that share this number answer the same prompt.
    pub group: u64,
    /// Length of the response.
    pub n_tokens: usize,
    /// Reward of the whole sequence.
    pub reward: f32,
}

/// How credit is assigned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What a verdict is worth.
    pub rewards: RewardTable,
    /// How rewards become advantages.
    pub estimator: Estimator,
    /// Groups whose rewards are all equal leave the batch before anything is estimated (DAPO's
    /// dynamic sampling).
    pub drop_equal_groups: bool,
    /// Truncated responses leave the batch once advantages are estimated: they count in the
    /// baselines and teach nothing themselves (DAPO's overlong filtering).
    pub drop_truncated: bool,
    /// Tokens before the length limit over which [`overlong_punishment`] grows; 0: none.
    pub overlong_buffer: usize,
}

impl Options {
    /// Absolute Zero as its paper and released scripts have it (arXiv 2505.03335), with the release
    /// choice for tasks of no learnability, and token-level TRR++.
    #[must_use]
    pub fn azr() -> Self {
        Self {
            rewards: RewardTable::azr_release(),
            estimator: Estimator::TrrPlusPlus { level: Level::Token, eps: 1e-8 },
            drop_equal_groups: false,
            drop_truncated: false,
            overlong_buffer: 0,
        }
    }
}

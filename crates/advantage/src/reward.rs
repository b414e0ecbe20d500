//! Reward tables (Absolute Zero, arXiv 2505.03335, equations 4 to 6). Every number is an option.

pub(crate) mod powerplay;
pub(crate) mod progress;
pub(crate) mod worth;

use quaero_types::{Judged, Status, Task, Verdict};
use serde::{Deserialize, Serialize};

use crate::{LearningProgress, PowerPlay, SolveRate, Terms, Worth};

/// What a verdict is worth to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardTable {
    /// The solver.
    pub solver: SolverRewards,
    /// The proposer.
    pub proposer: ProposerRewards,
}

/// Rewards of the solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolverRewards {
    /// The answer cannot be read, or the format around it was broken.
    pub malformed: f32,
    /// Readable and wrong, too slow or crashed.
    pub wrong: f32,
    /// Right.
    pub right: f32,
    /// Whether a wrong answer with a score above 0 earns `right × score` (AZR's `accuracy` for
    /// induction) instead of `wrong`.
    pub graded: bool,
}

/// Rewards of the proposer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposerRewards {
    /// No task came of it.
    pub rejected: f32,
    /// A task came of it and the format around it was broken.
    pub malformed: f32,
    /// A task of worth 0. AZR's paper gives 0 (equation 4), its code −0.5.
    pub unlearnable: f32,
    /// What the worth of a task is taken from.
    pub signal: Signal,
    /// What a task's measures add to a worth above 0.
    pub terms: Terms,
}

/// What the worth of a valid task is taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Its solve rate in the step that wrote it.
    Rate(Learnability),
    /// The same, by an expression of the configuration.
    Expression(Worth),
    /// How the policy's success on tasks like it has changed.
    LearningProgress(LearningProgress),
    /// Whether the update that it was trained in made it solvable. Known one step late.
    PowerPlay(PowerPlay),
}

/// What the solve rate r̄ of a task says of its use. The rate at which a policy is paid most tells
/// what it will ask: 1 − r̄ draws it to tasks that are nearly never solved, the others to one half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learnability {
    /// 1 − r̄, and 0 for a task that was never solved: AZR's equation 4.
    OneMinus,
    /// 1 − r̄ throughout (AZR's option `inverse`).
    Inverse,
    /// 1 − 2·|r̄ − ½|, the form of R-Zero (arXiv 2508.05004): there of the majority's share, here
    /// of the verified solve rate.
    Uncertainty,
    /// exp(−(r̄(1 − r̄) − ¼)² / 0.02), a bell around the largest variance: SPICE
    /// (arXiv 2510.24684).
    Variance,
    /// 1 for a task that is solved sometimes and not always, else 0: SQLM
    /// (Self-Questioning Language Models).
    Band,
    /// 1 − 1.8·r̄, and −0.8 for a task that is never or always solved: Self-play SWE-RL
    /// (arXiv 2512.18552), there with 1 + α and α = 0.8. Affine in [`Self::OneMinus`], so under a
    /// normalised advantage only the distance to an invalid proposal differs.
    Ssr,
    /// 1 for every valid task, whatever its solve rate: the ablation of Self-play SWE-RL
    /// (arXiv 2512.18552).
    Validity,
}

impl Learnability {
    /// Learnability of a task that was attempted with `rate`; `None` if every judge failed.
    #[must_use]
    pub fn of_rate(self, rate: &SolveRate) -> Option<f64> {
        rate.mean().map(|mean| self.of(mean))
    }

    /// Learnability at the mean solve rate `rate`.
    ///
    /// # Panics
    /// If `rate` lies outside 0..=1.
    #[must_use]
    pub fn of(self, rate: f64) -> f64 {
        assert!((0.0..=1.0).contains(&rate), "a solve rate lies in 0..=1, got {rate}");
        match self {
            Self::OneMinus if rate == 0.0 => 0.0,
            Self::OneMinus | Self::Inverse => 1.0 - rate,
            Self::Uncertainty => 1.0 - 2.0 * (rate - 0.5).abs(),
            Self::Variance => (-(rate * (1.0 - rate) - 0.25).powi(2) / 0.02).exp(),
            Self::Band => f64::from(u8::from(0.0 < rate && rate < 1.0)),
            Self::Ssr => 1.8 * Self::OneMinus.of(rate) - 0.8,
            Self::Validity => 1.0,
        }
    }
}

impl RewardTable {
    /// The numbers of AZR's released code.
    #[must_use]
    pub fn azr_release() -> Self {
        Self {
            solver: SolverRewards { malformed: -1.0, wrong: -0.5, right: 1.0, graded: false },
            proposer: ProposerRewards {
                rejected: -1.0,
                malformed: -1.0,
                unlearnable: -0.5,
                signal: Signal::Rate(Learnability::OneMinus),
                terms: Terms::none(),
            },
        }
    }

    /// The numbers of AZR's paper: a task that is never or always solved earns 0.
    #[must_use]
    pub fn azr_paper() -> Self {
        let mut table = Self::azr_release();
        table.proposer.unlearnable = 0.0;
        table
    }
}

impl SolverRewards {
    /// The reward of an answer; `None` if the judge failed.
    #[must_use]
    pub fn reward(&self, verdict: &Verdict) -> Option<f32> {
        let malformed = !verdict.format;
        match verdict.status {
            Status::Fault => None,
            Status::Unparsable => Some(self.malformed),
            Status::Ok | Status::Wrong | Status::Timeout | Status::Crashed if malformed => {
                Some(self.malformed)
            }
            Status::Ok => Some(self.right),
            Status::Wrong if self.graded && verdict.score > 0.0 => Some(self.right * verdict.score),
            Status::Wrong | Status::Timeout | Status::Crashed => Some(self.wrong),
        }
    }
}

impl ProposerRewards {
    /// The reward of a proposal whose task is worth `worth` by the signal; `None` if the judge
    /// failed on the proposal, or nothing can be said of its worth.
    #[must_use]
    pub fn reward(&self, judged: &Judged, worth: Option<f64>) -> Option<f32> {
        match judged {
            Judged::Fault(_) => None,
            Judged::Rejected(_) => Some(self.rejected),
            Judged::Task(_, proposed) if !proposed.format => Some(self.malformed),
            Judged::Task(task, _) => worth.map(|worth| self.of_task(task, worth)),
        }
    }

    /// The reward of a well-formed task worth `worth` by the signal.
    #[must_use]
    pub fn of_task(&self, task: &Task, worth: f64) -> f32 {
        if worth == 0.0 {
            return self.unlearnable;
        }
        if worth < 0.0 {
            return worth as f32;
        }
        self.terms.applied(worth as f32, &|name| task.metrics.get(name).copied())
    }
}

#[cfg(test)]
mod tests;

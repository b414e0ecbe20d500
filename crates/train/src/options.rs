//! What a run needs to know. Values come from `config`; there are no defaults here.

use quaero_policy::Limits;
use quaero_types::Kind;

/// All of a run's options.
#[derive(Clone, Debug)]
pub struct Options {
    /// Root of all randomness.
    pub seed: u64,
    /// Updates.
    pub steps: u64,
    /// Kinds in play and the proposals asked of each in a step.
    pub mix: Vec<(Kind, usize)>,
    /// The phase before the first update.
    pub seeding: Seeding,
    /// The propose step.
    pub propose: Propose,
    /// The solve step.
    pub solve: Solve,
    /// Old tasks attempted again; `None` where the proposer's reward needs none.
    pub reevaluation: Option<ReevaluationOptions>,
    /// The buffers.
    pub pool: quaero_pool::Options,
    /// What outcomes are worth, and how rewards become advantages.
    pub advantage: quaero_advantage::Options,
    /// Share of proposer rows in the loss.
    pub proposer_weight: f32,
    /// Share of solver rows in the loss.
    pub solver_weight: f32,
    /// The update step: loss, optimiser, micro-batches.
    pub update: quaero_update::Options,
    /// The generation engine.
    pub engine: quaero_engine::Options,
    /// Held-out evaluation, if any.
    pub eval: Option<Eval>,
    /// Checkpoints.
    pub checkpoint: CheckpointOptions,
    /// Steps between writings of the run's page; 0 for none.
    pub report_every: u64,
}

/// Filling the buffers before the first update.
#[derive(Clone, Copy, Debug)]
pub struct Seeding {
    /// Tasks wanted per kind.
    pub tasks_per_kind: usize,
    /// Batches of proposals after which filling gives up.
    pub rounds_max: usize,
}

/// The propose step.
#[derive(Clone, Copy, Debug)]
pub struct Propose {
    /// Whether the proposer is trained; without it no tasks are proposed after seeding.
    pub train: bool,
    /// References in a prompt.
    pub references: usize,
    /// How references are drawn.
    pub order: quaero_pool::Order,
    /// Bounds and sampling parameters.
    pub limits: Limits,
}

/// The solve step.
#[derive(Clone, Copy, Debug)]
pub struct Solve {
    /// Tasks answered per kind and step.
    pub tasks_per_kind: usize,
    /// Attempts a task.
    pub samples: usize,
    /// Whether the attempts that estimate learnability train the solver.
    pub keep_estimates: bool,
    /// Bounds and sampling parameters.
    pub limits: Limits,
}

/// Old tasks attempted again, for rewards of what changes over time. They get as many attempts as
/// the solve step gives, and train nobody.
#[derive(Clone, Debug)]
pub struct ReevaluationOptions {
    /// Tasks of a kind attempted again in a step.
    pub tasks_per_kind: usize,
    /// Steps after which a grading is too old to be compared with.
    pub steps_max: u64,
    /// Comparisons that are remembered of a kind.
    pub window: usize,
    /// What says how near two tasks of a kind are: `length` (bytes of the public half), or the name
    /// of a measure that the family reports; a task that lacks it lies at 0.
    pub measure: String,
}

/// Held-out evaluation.
#[derive(Clone, Debug)]
pub struct Eval {
    /// Steps between evaluations; the first and the last step always evaluate.
    pub every: u64,
    /// Sampled answers a task.
    pub samples: usize,
    /// The tasks, answered with the solver's sampling parameters.
    pub suite: quaero_evals::Suite,
    /// The same tasks under the name of their greedy score.
    pub greedy_suite: quaero_evals::Suite,
    /// How the probe set is graded before the first step; 0 samples for none.
    pub grading: quaero_evals::Grading,
    /// Hold-out keys of all tasks of the suite: the pool refuses them.
    pub held_out: Vec<String>,
}

/// Checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointOptions {
    /// Steps between checkpoints; the first and the last step always write one.
    pub every: u64,
    /// How many of the newest are kept.
    pub keep: usize,
    /// Steps between checkpoints that are kept for good, beside the newest; 0 for none. One is
    /// written at such a step whatever `every` says.
    pub keep_every: u64,
}

impl CheckpointOptions {
    /// Whether a checkpoint is written after `step`, which is not the last.
    #[must_use]
    pub fn due(&self, step: u64) -> bool {
        step.is_multiple_of(self.every) || self.stays(step)
    }

    /// Whether the checkpoint of `step` is kept for good.
    #[must_use]
    pub fn stays(&self, step: u64) -> bool {
        self.keep_every > 0 && step.is_multiple_of(self.keep_every)
    }
}

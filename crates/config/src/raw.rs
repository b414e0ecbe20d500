//! The configuration as typed. Every key stands in `configs/base.toml`, so nothing has a default
//! here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "base.toml documents every key where people read it")]
pub struct Raw {
    pub run: Run,
    pub model: Model,
    pub plugins: Plugins,
    pub interpreter: Interpreter,
    pub families: BTreeMap<String, BTreeMap<String, toml::Value>>,
    pub mix: BTreeMap<String, i64>,
    pub seeding: Seeding,
    pub propose: Propose,
    pub solve: Solve,
    pub pool: Pool,
    pub reward: Reward,
    pub advantage: Advantage,
    pub objective: Objective,
    pub optim: Optim,
    pub update: Update,
    pub engine: Engine,
    pub eval: Eval,
    pub checkpoint: Checkpoint,
    pub report: Report,
}

macro_rules! table {
    ($name:ident { $($key:ident: $type:ty),* $(,)? }) => {
        #[derive(Clone, Debug, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        #[doc = concat!("The table `", stringify!($name), "` of base.toml.")]
        #[allow(missing_docs, reason = "base.toml documents every key where people read it")]
        pub struct $name { $(pub $key: $type),* }
    };
}

table!(Run { seed: u64, steps: u64, device: String });
table!(Model { path: String });
table!(Plugins { paths: Vec<String>, grants: BTreeMap<String, BTreeSet<String>> });
table!(Interpreter { memory_mib: u64, cache_entries: usize, processes: bool });
table!(Seeding { tasks_per_kind: usize, rounds_max: usize });
table!(Propose {
    train: bool,
    references: usize,
    recency: bool,
    prompt_tokens_max: usize,
    completion_tokens_max: usize,
    temperature: f32,
    top_p: f32,
    top_k: usize,
    min_p: f32,
});
table!(Solve {
    tasks_per_kind: usize,
    samples: usize,
    keep_estimates: bool,
    prompt_tokens_max: usize,
    completion_tokens_max: usize,
    temperature: f32,
    top_p: f32,
    top_k: usize,
    min_p: f32,
});
table!(Pool { capacity_per_kind: usize });
table!(Reward {
    proposer: String,
    solver_graded: bool,
    solver_right: f32,
    solver_wrong: f32,
    solver_malformed: f32,
    proposer_rejected: f32,
    proposer_malformed: f32,
    proposer_unlearnable: f32,
    terms: Vec<Term>,
    terms_combine: String,
    reevaluated_tasks: usize,
    progress_measure: String,
    progress_neighbours: usize,
    progress_window: usize,
    progress_steps: u64,
    powerplay_solved: f64,
    powerplay_drop_max: f64,
    powerplay_cost: f64,
});
table!(Term { measure: String, coef: f32, max: f32 });
table!(Advantage {
    estimator: String,
    level: String,
    proposer_weight: f32,
    solver_weight: f32,
    drop_equal_groups: bool,
    drop_truncated: bool,
    overlong_buffer_tokens: usize,
});
table!(Objective {
    clip_low: f32,
    clip_high: f32,
    dual_clip: f32,
    tis_cap: f32,
    kl_estimator: String,
    kl_coef: f32,
    aggregation: String,
    entropy_coef: f32,
    negative_weight: f32,
});
table!(Optim {
    state_precision: String,
    lr: f32,
    warmup_steps: u64,
    betas: [f32; 2],
    eps: f32,
    weight_decay: f32,
    grad_norm_max: f32,
});
table!(Update { epochs: usize, minibatches: usize, micro_batch_tokens: usize, recompute: bool });
table!(Engine { batch_max: usize, page_tokens: usize, cache_mib: usize, graphs: bool });
table!(Eval {
    suite: String,
    every: u64,
    limit_per_kind: usize,
    samples: usize,
    level_samples: usize,
    level_tasks_per_kind: usize,
});
table!(Checkpoint { every: u64, keep: usize, keep_every: u64 });
table!(Report { every: u64 });

//! What either role is asked. The keys of both roles' randomness are made here and nowhere else.

use std::sync::Arc;

use quaero_policy::GenerateRequest;
use quaero_rng::Key;
use quaero_types::{Attempt, Kind, Opening, Pair, Proposal, Role, Task, TaskId, Trace};

use crate::Request;

/// A proposal to be written: a kind and the tasks to show.
#[derive(Clone, Debug)]
pub struct ProposeRequest {
    kind: Kind,
    references: References,
    key: Key,
}

/// A task to be answered some times.
#[derive(Clone, Debug)]
pub struct SolveRequest {
    task: Arc<Task>,
    group_idx: usize,
    n_samples: usize,
    key: Key,
}

/// Tasks for a proposer to see, with their ids for lineage.
pub type References = Vec<(TaskId, Pair)>;

impl ProposeRequest {
    /// One proposal of each kind in `asked`, which shows the references beside it.
    #[must_use]
    pub fn each(asked: Vec<(Kind, References)>, key: Key) -> Vec<Self> {
        let request = |((kind, references), idx)| Self { kind, references, key: key.with(idx) };
        asked.into_iter().zip(0..).map(request).collect()
    }
}

impl SolveRequest {
    /// All of `tasks`, each to be answered `n_samples` times. An attempt's `group_idx` is its
    /// task's index in `tasks`.
    #[must_use]
    pub fn each(tasks: &[Arc<Task>], n_samples: usize, key: Key) -> Vec<Self> {
        let request = |(group_idx, task): (usize, &Arc<Task>)| Self {
            task: Arc::clone(task),
            group_idx,
            n_samples,
            key: key.with(task.id.low64()).with(group_idx as u64),
        };
        tasks.iter().enumerate().map(request).collect()
    }
}

/// The tokens' randomness of an episode whose own is `key`.
fn generate(text: String, n_samples: usize, key: Key) -> GenerateRequest {
    GenerateRequest { text, n_samples, key: key.named("tokens") }
}

impl Request for ProposeRequest {
    type Made = Proposal;

    fn opening(&self) -> Opening {
        Opening {
            kind: self.kind.clone(),
            role: Role::Propose,
            seed: self.key.seed(),
            public: String::new(),
            references: self.references.iter().map(|(_, pair)| pair.clone()).collect(),
        }
    }

    fn generate(&self, text: String) -> GenerateRequest {
        generate(text, 1, self.key)
    }

    fn made(&self, opening: &Opening, trace: Trace) -> Proposal {
        let parents = self.references.iter().map(|(id, _)| *id).collect();
        Proposal { kind: self.kind.clone(), opening: opening.clone(), parents, trace }
    }
}

impl Request for SolveRequest {
    type Made = Attempt;

    fn opening(&self) -> Opening {
        Opening {
            kind: self.task.kind.clone(),
            role: Role::Solve,
            seed: self.key.seed(),
            public: self.task.public.clone(),
            references: Vec::new(),
        }
    }

    fn generate(&self, text: String) -> GenerateRequest {
        generate(text, self.n_samples, self.key)
    }

    fn made(&self, opening: &Opening, trace: Trace) -> Attempt {
        let task = Arc::clone(&self.task);
        Attempt { task, group_idx: self.group_idx, seed: opening.seed, trace }
    }
}

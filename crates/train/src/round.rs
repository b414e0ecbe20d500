//! What the policy was asked and wrote in a step, on its way to verdicts.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaero_advantage::SolveRate;
use quaero_play::Work;
use quaero_pool::Stored;
use quaero_rng::Key;
use quaero_types::{Attempt, Judged, Proposal, Task, TaskId, Verdict};
use quaero_verify::Gold;

/// What a round of attempts is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To tell how hard a task is, and to train the solver.
    Both,
    /// To tell how hard a task is.
    Estimate,
    /// To train the solver.
    Practice,
    /// To compare with how an old task was solved before.
    Reevaluation,
}

/// Tasks that are attempted for one purpose: asked, then attempted, then judged.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) purpose: Purpose,
    pub(crate) tasks: Vec<Arc<Task>>,
    pub(crate) n_samples: usize,
    pub(crate) key: Key,
    /// `group_idx` of each is an index into `tasks`.
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) verdicts: Vec<Verdict>,
}

/// All that is played in a step. Each part of the step adds its own.
#[derive(Debug, Default)]
pub(crate) struct Played {
    pub(crate) proposals: Vec<Proposal>,
    pub(crate) judged: Vec<Judged>,
    /// The tasks that became of proposals.
    pub(crate) fresh: Vec<Stored>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) gold: Gold,
    pub(crate) work: Work,
}

impl Round {
    pub(crate) fn new(purpose: Purpose, tasks: Vec<Arc<Task>>, n_samples: usize, key: Key) -> Self {
        Self { purpose, tasks, n_samples, key, attempts: Vec::new(), verdicts: Vec::new() }
    }

    /// Attempts with their verdicts.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (&Attempt, &Verdict)> {
        self.attempts.iter().zip(&self.verdicts)
    }
}

impl Played {
    /// The public halves of `stored`, whose gold answers are kept for the judges.
    pub(crate) fn with_gold(&mut self, stored: Vec<Stored>) -> Vec<Arc<Task>> {
        let keep = |Stored { task, secret }| {
            self.gold.insert(task.id, secret);
            Arc::new(task)
        };
        stored.into_iter().map(keep).collect()
    }

    /// The rounds that tell how hard a task is.
    pub(crate) fn estimates(&self) -> impl Iterator<Item = &Round> {
        self.of(&[Purpose::Both, Purpose::Estimate])
    }

    /// The rounds that train the solver.
    pub(crate) fn training(&self) -> impl Iterator<Item = &Round> {
        self.of(&[Purpose::Both, Purpose::Practice])
    }

    /// Old tasks, compared with before.
    pub(crate) fn reevaluations(&self) -> impl Iterator<Item = &Round> {
        self.of(&[Purpose::Reevaluation])
    }

    fn of<'a>(&'a self, purposes: &'static [Purpose]) -> impl Iterator<Item = &'a Round> {
        self.rounds.iter().filter(|round| purposes.contains(&round.purpose))
    }
}

/// How often each task of `rounds` was solved.
pub(crate) fn rates<'a>(rounds: impl Iterator<Item = &'a Round>) -> BTreeMap<TaskId, SolveRate> {
    let mut rates: BTreeMap<TaskId, SolveRate> = BTreeMap::new();
    for (attempt, verdict) in rounds.flat_map(Round::judged) {
        rates.entry(attempt.task.id).or_default().add(verdict);
    }
    rates
}

#[cfg(test)]
mod tests;

//! Old tasks attempted again, for rewards of what changes over time.
//!
//! They take the way of every other task (solve, then verify), train nobody and cost
//! `tasks_per_kind × samples` attempts a kind and step. What they were graded before stands in the
//! pool, so a run that resumes remembers what the one that was killed knew.

use std::collections::{BTreeMap, BTreeSet};

use quaero_advantage::{ProposerRewards, Reevaluation, Signal};
use quaero_pool::{Reevaluated, Stored};
use quaero_types::{Kind, Task, TaskId};

use crate::deferred::{DeferredProposal, DeferredReward};
use crate::round::Played;
use crate::world::{Pool, World};
use crate::{Error, ReevaluationOptions};

/// What changed since earlier steps. Empty for rewards of the solve rate alone.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Old tasks evaluated again in this step, by kind.
    pub(crate) old: BTreeMap<Kind, Vec<Reevaluation>>,
    /// Newest comparisons by kind, those of this step included.
    pub(crate) window: BTreeMap<Kind, Vec<Reevaluation>>,
    /// The rewards that are due.
    pub(crate) due: Vec<DeferredReward>,
}

impl Compared {
    /// All old tasks evaluated again in this step.
    pub(crate) fn archive(&self) -> Vec<Reevaluation> {
        self.old.values().flatten().copied().collect()
    }

    /// What the proposals of the step before earn, now that it is known.
    pub(crate) fn due_rewards(&self, proposer: &ProposerRewards) -> Vec<Option<f32>> {
        let Signal::PowerPlay(gate) = proposer.signal else { return Vec::new() };
        let archive = self.archive();
        self.due.iter().map(|one| one.reward(proposer, gate, &archive)).collect()
    }
}

/// The tasks to attempt again: those of the step before that may have become solvable, and old ones
/// of each kind.
pub(crate) fn draw(world: &World<'_>, pool: &Pool, step: u64) -> Result<Vec<Stored>, Error> {
    let Some(options) = &world.options.reevaluation else { return Ok(Vec::new()) };
    let mut drawn = Vec::new();
    for id in pool.pending.iter().filter_map(DeferredProposal::unsolved) {
        drawn.extend(pool.store.get(id)?);
    }
    let pending: BTreeSet<TaskId> =
        pool.pending.iter().filter_map(DeferredProposal::task).collect();
    let since = step.saturating_sub(options.steps_max);
    for (kind, _) in &world.options.mix {
        let key = world.key(step).named("retest").named(&kind.to_string());
        let old = pool.store.graded(kind, since, options.tasks_per_kind + pending.len(), key)?;
        let old = old.into_iter().filter(|one| !pending.contains(&one.task.id));
        drawn.extend(old.take(options.tasks_per_kind));
    }
    Ok(drawn)
}

/// Keeps how the step's tasks were graded, compares with how they were before, and takes the
/// pending rewards that are due.
pub(crate) fn compare(
    world: &World<'_>,
    pool: &mut Pool,
    options: &ReevaluationOptions,
    played: &Played,
    step: u64,
) -> Result<Compared, Error> {
    let rates = crate::round::rates(played.estimates().chain(played.reevaluations()));
    for (id, rate) in rates.iter().filter(|(_, rate)| rate.n_judged > 0) {
        pool.store.record_grading(*id, rate.n_judged, rate.score_sum)?;
    }
    let mut compared = Compared::default();
    let pending = std::mem::take(&mut pool.pending);
    let ids: BTreeSet<TaskId> = pending.iter().filter_map(DeferredProposal::task).collect();
    let of = |one: &Reevaluated| {
        let at = position(options, &one.task);
        Reevaluation { at, before: one.before, now: one.now }
    };
    for (kind, _) in &world.options.mix {
        let old = pool.store.reevaluated(kind, step, u64::MAX, usize::MAX)?;
        let old = old.iter().filter(|one| !ids.contains(&one.task.id));
        compared.old.insert(kind.clone(), old.map(of).collect());
        let window = pool.store.reevaluated(kind, 0, options.steps_max, options.window)?;
        compared.window.insert(kind.clone(), window.iter().map(of).collect());
    }
    let again: BTreeMap<TaskId, &Task> =
        played.reevaluations().flat_map(|round| &round.tasks).map(|t| (t.id, &**t)).collect();
    let now = |id: TaskId| Some(((*again.get(&id)?).clone(), rates.get(&id)?.mean()?));
    let due = |proposal: DeferredProposal| DeferredReward {
        now: proposal.unsolved().and_then(now),
        proposal,
    };
    compared.due = pending.into_iter().map(due).collect();
    Ok(compared)
}

/// Where a task lies among those of its kind.
pub(crate) fn position(options: &ReevaluationOptions, task: &Task) -> f64 {
    match options.measure.as_str() {
        "length" => task.public.len() as f64,
        measure => task.metrics.get(measure).copied().unwrap_or_default(),
    }
}

//! Old tasks answered again, for rewards of what changes over time.
//!
//! They take the way of every other task (solve, then verify), train nobody and cost
//! `tasks_per_kind × samples` attempts a kind and step. What they were graded before stands in the
//! pool, so a run that goes on remembers what the one that was killed knew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quaero_advantage::{Regraded, SolveRate};
use quaero_pool::{Again, Stored};
use quaero_types::{Kind, Task, TaskId};

use crate::credit::Played;
use crate::deferred::DeferredProposal;
use crate::run::Run;
use crate::{Error, Retests};

/// What a step knows of the steps before it. Empty for rewards of the solve rate alone.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Old tasks graded again in this step, by kind.
    pub(crate) old: BTreeMap<Kind, Vec<Regraded>>,
    /// Newest comparisons by kind, those of this step included.
    pub(crate) window: BTreeMap<Kind, Vec<Regraded>>,
    /// The proposals of the step before with what became of their tasks.
    pub(crate) late: Vec<Late>,
}

/// A proposal of the step before.
#[derive(Debug)]
pub(crate) struct Late {
    pub(crate) held: DeferredProposal,
    /// Its task and its solve rate after the update, where it was answered again.
    pub(crate) now: Option<(Arc<Task>, f64)>,
}

impl Memory {
    /// All old tasks graded again in this step.
    pub(crate) fn archive(&self) -> Vec<Regraded> {
        self.old.values().flatten().copied().collect()
    }
}

/// The tasks to answer again: those of the step before that may have become solvable, and old ones
/// of each kind.
pub(crate) fn draw(run: &Run<'_>, step: u64) -> Result<Vec<Stored>, Error> {
    let Some(options) = &run.options.retests else { return Ok(Vec::new()) };
    let mut drawn = Vec::new();
    for id in run.held.iter().filter_map(DeferredProposal::unsolved) {
        drawn.extend(run.pool.get(id)?);
    }
    let held: BTreeSet<TaskId> = run.held.iter().filter_map(DeferredProposal::task).collect();
    let since = step.saturating_sub(options.steps_max);
    for (kind, _) in &run.options.mix {
        let key = run.key(step).named("retest").named(&kind.to_string());
        let old = run.pool.graded(kind, since, options.tasks_per_kind + held.len(), key)?;
        let old = old.into_iter().filter(|one| !held.contains(&one.task.id));
        drawn.extend(old.take(options.tasks_per_kind));
    }
    Ok(drawn)
}

/// Keeps how the step's tasks were graded, and compares with how they were before.
pub(crate) fn recall(run: &mut Run<'_>, played: &Played, step: u64) -> Result<Memory, Error> {
    let Some(options) = &run.options.retests else { return Ok(Memory::default()) };
    let mut rates: BTreeMap<TaskId, SolveRate> = BTreeMap::new();
    for graded in [&played.estimates, &played.retests] {
        for (attempt, verdict) in graded.attempts.iter().zip(&graded.verdicts) {
            rates.entry(attempt.task.id).or_default().add(verdict);
        }
    }
    for (id, rate) in rates.iter().filter(|(_, rate)| rate.n_judged > 0) {
        run.pool.record_grading(*id, rate.n_judged, rate.score_sum)?;
    }
    let mut memory = Memory::default();
    let held = std::mem::take(&mut run.held);
    let ids: BTreeSet<TaskId> = held.iter().filter_map(DeferredProposal::task).collect();
    for (kind, _) in &run.options.mix {
        let old = run.pool.graded_again(kind, step, u64::MAX, usize::MAX)?;
        let old = old.iter().filter(|again| !ids.contains(&again.task.id));
        memory.old.insert(kind.clone(), old.map(|again| regraded(options, again)).collect());
        let window = run.pool.graded_again(kind, 0, options.steps_max, options.window)?;
        let window = window.iter().map(|again| regraded(options, again)).collect();
        memory.window.insert(kind.clone(), window);
    }
    let again: BTreeMap<TaskId, &Arc<Task>> =
        played.retests.tasks.iter().map(|task| (task.id, task)).collect();
    let now = |id: TaskId| Some((Arc::clone(again.get(&id)?), rates.get(&id)?.mean()?));
    let late = |held: DeferredProposal| Late { now: held.unsolved().and_then(now), held };
    memory.late = held.into_iter().map(late).collect();
    Ok(memory)
}

/// Where a task lies among those of its kind.
pub(crate) fn position(options: &Retests, task: &Task) -> f64 {
    match options.measure.as_str() {
        "length" => task.public.len() as f64,
        measure => task.metrics.get(measure).copied().unwrap_or_default(),
    }
}

fn regraded(options: &Retests, again: &Again) -> Regraded {
    Regraded { at: position(options, &again.task), before: again.before, now: again.now }
}

//! From verdicts to a batch: rewards and advantages of every row that has something to teach.

use quaero_advantage::{EqualGroups, Row as CreditRow, Signal, advantages, overlong_punishment};
use quaero_types::{Batch, Finish, Judged, Kind, Role, Row, Task, TaskRole, Trace};

use crate::deferred::{self, DeferredProposal, is_deferred};
use crate::round::Round;
use crate::settle::Graded;
use crate::{Options, ReevaluationOptions, reevaluate};

/// What credit was given.
#[derive(Debug)]
pub(crate) struct Credit {
    /// The rows to learn from.
    pub(crate) batch: Batch,
    /// Worth of each proposal's task by the signal; `None` where nothing can be said.
    pub(crate) worths: Vec<Option<f64>>,
    /// Reward of each proposal; `None` where nothing can be said, or not yet.
    pub(crate) proposals: Vec<Option<f32>>,
    /// Rewards that were due, of proposals of the step before.
    pub(crate) due: Vec<Option<f32>>,
    /// This step's proposals, where they have to wait.
    pub(crate) pending: Vec<DeferredProposal>,
    /// Reward of each training attempt; `None` where the judge failed.
    pub(crate) attempts: Vec<Option<f32>>,
    /// Share of groups whose outcomes are all equal; `None` where no group has two rows.
    pub(crate) equal_groups: Option<f64>,
}

/// Rewards every proposal and attempt and turns rewards into advantages.
pub(crate) fn credit(options: &Options, graded: &Graded) -> Credit {
    let (proposer, solver) =
        (&options.advantage.rewards.proposer, &options.advantage.rewards.solver);
    let worths = worths(&proposer.signal, options.reevaluation.as_ref(), graded);
    let judged = graded.played.judged.iter().zip(&worths);
    let mut proposals: Vec<_> = judged.map(|(one, worth)| proposer.reward(one, *worth)).collect();
    let mut due = graded.compared.due_rewards(proposer);
    let training = || graded.played.training().flat_map(Round::judged);
    let mut attempts: Vec<_> = training().map(|(_, verdict)| solver.reward(verdict)).collect();

    let mut rows = Vec::new();
    let posed = || graded.played.proposals.iter().map(|one| (&one.kind, &one.trace));
    let late = || graded.compared.due.iter().map(|one| (&one.proposal.kind, &one.proposal.trace));
    if options.propose.train {
        // Proposers of one kind are asked the same but for their references: one group.
        let weight = options.proposer_weight;
        let row = |((kind, trace), reward): ((&Kind, &Trace), &Option<f32>)| {
            row(TaskRole::new(Role::Propose, kind), 0, trace, *reward, weight)
        };
        if is_deferred(options) {
            rows.extend(late().zip(&due).filter_map(row));
        } else {
            rows.extend(posed().zip(&proposals).filter_map(row));
        }
    }
    for ((attempt, _), reward) in training().zip(&attempts) {
        let task_role = TaskRole::new(Role::Solve, &attempt.task.kind);
        let group = attempt.group_idx as u64;
        rows.extend(row(task_role, group, &attempt.trace, *reward, options.solver_weight));
    }
    let punishment = punishment(options);
    let equal_groups = estimate(&options.advantage, &punishment, &mut rows);
    let punish = |role, trace: &Trace, reward: &mut Option<f32>| {
        *reward = reward.map(|reward| reward + punishment(role, trace));
    };
    posed().zip(&mut proposals).for_each(|((_, t), reward)| punish(Role::Propose, t, reward));
    late().zip(&mut due).for_each(|((_, t), reward)| punish(Role::Propose, t, reward));
    training().zip(&mut attempts).for_each(|((a, _), r)| punish(Role::Solve, &a.trace, r));
    let pending = deferred::pending(options, &graded.played, &graded.rates);
    Credit { batch: Batch { rows }, worths, proposals, due, pending, attempts, equal_groups }
}

/// Fills in advantages and leaves out the rows that are not to teach. Returns the share of groups
/// whose outcomes are all equal; `None` where no group has two rows.
fn estimate(
    options: &quaero_advantage::Options,
    punishment: &dyn Fn(Role, &Trace) -> f32,
    rows: &mut Vec<Row>,
) -> Option<f64> {
    // By outcome: two right answers stay equal where their lengths are not.
    let equal = EqualGroups::of(&plain(rows));
    if options.drop_equal_groups {
        let mut of_row = equal.rows.iter();
        rows.retain(|_| of_row.next() == Some(&false));
    }
    for row in rows.iter_mut() {
        row.reward += punishment(row.task_role.role, &row.trace);
    }
    let found = advantages(&plain(rows), &options.estimator);
    rows.iter_mut().zip(found).for_each(|(row, advantage)| row.advantage = advantage);
    if options.drop_truncated {
        rows.retain(|row| row.trace.finish != Finish::Length);
    }
    equal.share()
}

/// What the length of a response takes off its reward.
fn punishment(options: &Options) -> impl Fn(Role, &Trace) -> f32 + '_ {
    move |role, trace| {
        let limits = match role {
            Role::Propose => options.propose.limits,
            Role::Solve => options.solve.limits,
        };
        let buffer = options.advantage.overlong_buffer;
        overlong_punishment(trace.n_written(), limits.completion_tokens_max, buffer)
    }
}

/// What each proposal's task is worth by the signal, in this step.
fn worths(
    signal: &Signal,
    reevaluation: Option<&ReevaluationOptions>,
    graded: &Graded,
) -> Vec<Option<f64>> {
    let worth = |task: &Task| match signal {
        Signal::Rate(learnability) => learnability.of_rate(graded.rates.get(&task.id)?),
        Signal::Expression(worth) => worth.of(graded.rates.get(&task.id)?),
        Signal::LearningProgress(progress) => {
            let at = reevaluate::position(reevaluation?, task);
            progress.of(at, graded.compared.window.get(&task.kind)?)
        }
        Signal::PowerPlay(_) => None,
    };
    let of_judged = |judged: &Judged| match judged {
        Judged::Task(task, _) => worth(task),
        Judged::Rejected(_) | Judged::Fault(_) => None,
    };
    graded.played.judged.iter().map(of_judged).collect()
}

fn row(
    task_role: TaskRole,
    group: u64,
    trace: &Trace,
    reward: Option<f32>,
    weight: f32,
) -> Option<Row> {
    let (reward, trace) = (reward?, trace.clone());
    Some(Row { task_role, group, trace, reward, advantage: 0.0, weight })
}

/// The rows as the estimators see them.
fn plain(rows: &[Row]) -> Vec<CreditRow> {
    let plain = |row: &Row| CreditRow {
        task_role: row.task_role.clone(),
        group: row.group,
        n_tokens: row.trace.n_written(),
        reward: row.reward,
    };
    rows.iter().map(plain).collect()
}

#[cfg(test)]
mod tests;

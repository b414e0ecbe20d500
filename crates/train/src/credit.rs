//! From verdicts to a batch: rewards and advantages of every row that has something to teach.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaero_advantage::{EqualGroups, Row as CreditRow, SolveRate, advantages, overlong_punishment};
use quaero_types::{
    Attempt, Batch, Finish, Judged, Kind, Proposal, Role, Row, Sample, Task, TaskId, TaskRole,
    Verdict,
};

use crate::Options;

/// Tasks with judged attempts.
#[derive(Debug, Default)]
pub(crate) struct Graded {
    pub(crate) tasks: Vec<Arc<Task>>,
    /// `group_idx` of each is an index into `tasks`.
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) verdicts: Vec<Verdict>,
}

/// All that was played in a step.
#[derive(Debug, Default)]
pub(crate) struct Played {
    pub(crate) proposals: Vec<Proposal>,
    pub(crate) judged: Vec<Judged>,
    /// The attempts that tell how hard a task is.
    pub(crate) estimates: Graded,
    /// The attempts that train the solver, where these are not the estimates themselves.
    pub(crate) practice: Option<Graded>,
}

impl Played {
    /// The attempts that train the solver.
    pub(crate) fn training(&self) -> &Graded {
        self.practice.as_ref().unwrap_or(&self.estimates)
    }
}

/// What credit was given.
#[derive(Debug)]
pub(crate) struct Credit {
    /// The rows to learn from.
    pub(crate) batch: Batch,
    /// Solve rate of each estimated task, in order.
    pub(crate) rates: Vec<SolveRate>,
    /// Reward of each proposal; `None` where nothing can be said.
    pub(crate) proposals: Vec<Option<f32>>,
    /// Reward of each training attempt; `None` where the judge failed.
    pub(crate) attempts: Vec<Option<f32>>,
    /// Share of groups whose outcomes are all equal; `None` where no group has two rows.
    pub(crate) equal_groups: Option<f64>,
}

/// Rewards every proposal and attempt and turns rewards into advantages.
pub(crate) fn credit(options: &Options, played: &Played) -> Credit {
    let training = played.training();
    let mut rates = vec![SolveRate::default(); played.estimates.tasks.len()];
    for (attempt, verdict) in played.estimates.attempts.iter().zip(&played.estimates.verdicts) {
        rates[attempt.group_idx].add(verdict);
    }
    let mut proposals = proposal_rewards(options, played, &rates);
    let solver = &options.advantage.rewards.solver;
    let mut attempts: Vec<Option<f32>> =
        training.verdicts.iter().map(|verdict| solver.reward(verdict)).collect();
    let mut rows = Vec::new();
    if options.propose.train {
        for (proposal, reward) in played.proposals.iter().zip(&proposals) {
            // Proposers of one kind are asked the same but for their references: one group.
            let seat = seat(Role::Propose, &proposal.kind);
            rows.extend(row(seat, 0, &proposal.sample, *reward, options.proposer_weight));
        }
    }
    for (attempt, reward) in training.attempts.iter().zip(&attempts) {
        let seat = seat(Role::Solve, &attempt.task.kind);
        let group = attempt.group_idx as u64;
        rows.extend(row(seat, group, &attempt.sample, *reward, options.solver_weight));
    }
    let punishment = punishment(options);
    let equal_groups = estimate(&options.advantage, &punishment, &mut rows);
    for (proposal, reward) in played.proposals.iter().zip(&mut proposals) {
        *reward = reward.map(|reward| reward + punishment(Role::Propose, &proposal.sample));
    }
    for (attempt, reward) in training.attempts.iter().zip(&mut attempts) {
        *reward = reward.map(|reward| reward + punishment(Role::Solve, &attempt.sample));
    }
    Credit { batch: Batch { rows }, rates, proposals, attempts, equal_groups }
}

/// Fills in advantages and leaves out the rows that are not to teach. Returns the share of groups
/// whose outcomes are all equal; `None` where no group has two rows.
fn estimate(
    options: &quaero_advantage::Options,
    punishment: &dyn Fn(Role, &Sample) -> f32,
    rows: &mut Vec<Row>,
) -> Option<f64> {
    // By outcome: two right answers stay equal where their lengths are not.
    let equal = EqualGroups::of(&plain(rows));
    if options.drop_equal_groups {
        let mut of_row = equal.rows.iter();
        rows.retain(|_| of_row.next() == Some(&false));
    }
    for row in rows.iter_mut() {
        row.reward += punishment(row.task_role.role, &row.sample);
    }
    let found = advantages(&plain(rows), &options.estimator);
    rows.iter_mut().zip(found).for_each(|(row, advantage)| row.advantage = advantage);
    if options.drop_truncated {
        rows.retain(|row| row.sample.finish != Finish::Length);
    }
    equal.share()
}

/// What the length of a response takes off its reward.
fn punishment(options: &Options) -> impl Fn(Role, &Sample) -> f32 + '_ {
    move |role, sample| {
        let limits = match role {
            Role::Propose => options.propose.limits,
            Role::Solve => options.solve.limits,
        };
        let buffer = options.advantage.overlong_buffer;
        overlong_punishment(sample.tokens.len(), limits.completion_tokens_max, buffer)
    }
}

fn proposal_rewards(options: &Options, played: &Played, rates: &[SolveRate]) -> Vec<Option<f32>> {
    let ids = played.estimates.tasks.iter().map(|task| task.id);
    let by_task: BTreeMap<TaskId, SolveRate> = ids.zip(rates.iter().copied()).collect();
    let reward = |judged: &Judged| {
        let rate = match judged {
            Judged::Task(task, _) => by_task.get(&task.id).copied().unwrap_or_default(),
            Judged::Rejected(_) | Judged::Fault(_) => SolveRate::default(),
        };
        options.advantage.rewards.proposer.reward(judged, &rate)
    };
    played.judged.iter().map(reward).collect()
}

/// The seat `role` at `kind`.
pub(crate) fn seat(role: Role, kind: &Kind) -> TaskRole {
    TaskRole { role, kind: kind.clone() }
}

fn row(
    task_role: TaskRole,
    group: u64,
    sample: &Sample,
    reward: Option<f32>,
    weight: f32,
) -> Option<Row> {
    let reward = reward?;
    Some(Row { task_role, group, sample: sample.clone(), reward, advantage: 0.0, weight })
}

/// The rows as the estimators see them.
fn plain(rows: &[Row]) -> Vec<CreditRow> {
    rows.iter()
        .map(|row| CreditRow {
            task_role: row.task_role.clone(),
            group: row.group,
            n_tokens: row.sample.tokens.len(),
            reward: row.reward,
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! From verdicts to a batch: rewards and advantages of every row that has something to teach.

use std::collections::BTreeMap;
use std::sync::Arc;

use quaero_advantage::{
    EqualGroups, ProposerRewards, Row as CreditRow, Signal, SolveRate, advantages,
    overlong_punishment,
};
use quaero_types::{
    Attempt, Batch, Finish, Judged, Kind, Proposal, Role, Row, Sample, Task, TaskId, TaskRole,
    Verdict,
};

use crate::held::{Held, Wait};
use crate::retest::{self, Late, Memory};
use crate::{Options, Retests};

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
    /// Attempts at old tasks, to be compared with how they were solved before.
    pub(crate) retests: Graded,
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
    /// Worth of each proposal's task by the signal; `None` where nothing can be said.
    pub(crate) worths: Vec<Option<f64>>,
    /// Reward of each proposal; `None` where nothing can be said, or not yet.
    pub(crate) proposals: Vec<Option<f32>>,
    /// Reward of each proposal of the step before that waited.
    pub(crate) late: Vec<Option<f32>>,
    /// This step's proposals, where they have to wait.
    pub(crate) held: Vec<Held>,
    /// Reward of each training attempt; `None` where the judge failed.
    pub(crate) attempts: Vec<Option<f32>>,
    /// Share of groups whose outcomes are all equal; `None` where no group has two rows.
    pub(crate) equal_groups: Option<f64>,
}

/// Rewards every proposal and attempt and turns rewards into advantages.
pub(crate) fn credit(options: &Options, played: &Played, memory: &Memory) -> Credit {
    let training = played.training();
    let mut rates = vec![SolveRate::default(); played.estimates.tasks.len()];
    for (attempt, verdict) in played.estimates.attempts.iter().zip(&played.estimates.verdicts) {
        rates[attempt.group_idx].add(verdict);
    }
    let proposer = &options.advantage.rewards.proposer;
    let worths = worths(proposer.signal, options.retests.as_ref(), played, &rates, memory);
    let mut proposals: Vec<Option<f32>> = played
        .judged
        .iter()
        .zip(&worths)
        .map(|(one, worth)| proposer.reward(one, *worth))
        .collect();
    let held = if is_late(options) { held(played, &rates) } else { Vec::new() };
    let mut late = late_rewards(proposer, memory);
    let solver = &options.advantage.rewards.solver;
    let mut attempts: Vec<Option<f32>> =
        training.verdicts.iter().map(|verdict| solver.reward(verdict)).collect();
    let mut rows = Vec::new();
    if options.propose.train {
        for (kind, sample, reward) in asked(options, played, &proposals, memory, &late) {
            // Proposers of one kind are asked the same but for their references: one group.
            let seat = seat(Role::Propose, kind);
            rows.extend(row(seat, 0, sample, reward, options.proposer_weight));
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
    for (one, reward) in memory.late.iter().zip(&mut late) {
        *reward = reward.map(|reward| reward + punishment(Role::Propose, &one.held.sample));
    }
    for (attempt, reward) in training.attempts.iter().zip(&mut attempts) {
        *reward = reward.map(|reward| reward + punishment(Role::Solve, &attempt.sample));
    }
    Credit { batch: Batch { rows }, rates, worths, proposals, late, held, attempts, equal_groups }
}

/// What the proposer learns from: its proposals of this step, or those of the step before where
/// the signal comes one step late.
fn asked<'a>(
    options: &Options,
    played: &'a Played,
    proposals: &[Option<f32>],
    memory: &'a Memory,
    late: &[Option<f32>],
) -> Vec<(&'a Kind, &'a Sample, Option<f32>)> {
    if is_late(options) {
        let late = memory.late.iter().zip(late);
        late.map(|(one, reward)| (&one.held.kind, &one.held.sample, *reward)).collect()
    } else {
        let now = played.proposals.iter().zip(proposals);
        now.map(|(proposal, reward)| (&proposal.kind, &proposal.sample, *reward)).collect()
    }
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

/// What each proposal's task is worth by the signal, in this step.
fn worths(
    signal: Signal,
    retests: Option<&Retests>,
    played: &Played,
    rates: &[SolveRate],
    memory: &Memory,
) -> Vec<Option<f64>> {
    let by_task = by_task(played, rates);
    let worth = |task: &Task| match signal {
        Signal::Rate(learnability) => learnability.of_rate(by_task.get(&task.id)?),
        Signal::LearningProgress(progress) => {
            let at = retest::position(retests?, task);
            progress.of(at, memory.window.get(&task.kind)?)
        }
        Signal::PowerPlay(_) => None,
    };
    let of_judged = |judged: &Judged| match judged {
        Judged::Task(task, _) => worth(task),
        Judged::Rejected(_) | Judged::Fault(_) => None,
    };
    played.judged.iter().map(of_judged).collect()
}

/// Whether a proposal's reward is known one step late.
pub(crate) fn is_late(options: &Options) -> bool {
    matches!(options.advantage.rewards.proposer.signal, Signal::PowerPlay(_))
}

/// This step's proposals, to wait for what becomes of their tasks.
fn held(played: &Played, rates: &[SolveRate]) -> Vec<Held> {
    let by_task = by_task(played, rates);
    let rate = |judged: &Judged| match judged {
        Judged::Task(task, _) => by_task.get(&task.id)?.mean(),
        Judged::Rejected(_) | Judged::Fault(_) => None,
    };
    let proposals = played.proposals.iter().zip(&played.judged);
    proposals.filter_map(|(proposal, judged)| Held::of(proposal, judged, rate(judged))).collect()
}

/// What the proposals of the step before earn, now that it is known.
fn late_rewards(proposer: &ProposerRewards, memory: &Memory) -> Vec<Option<f32>> {
    let Signal::PowerPlay(gate) = proposer.signal else { return Vec::new() };
    let archive = memory.archive();
    let reward = |late: &Late| match late.held.wait {
        Wait::Rejected => Some(proposer.rejected),
        Wait::Malformed => Some(proposer.malformed),
        Wait::Solved(_) => Some(proposer.unlearnable),
        Wait::Unsolved(_) => late.now.as_ref().map(|(task, now)| {
            let n_tokens = late.held.sample.tokens.len();
            proposer.of_task(task, gate.of(0.0, *now, n_tokens, &archive))
        }),
    };
    memory.late.iter().map(reward).collect()
}

fn by_task(played: &Played, rates: &[SolveRate]) -> BTreeMap<TaskId, SolveRate> {
    let ids = played.estimates.tasks.iter().map(|task| task.id);
    ids.zip(rates.iter().copied()).collect()
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

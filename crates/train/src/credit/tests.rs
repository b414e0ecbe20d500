//! Which rows are left, and what their lengths cost them.

use std::collections::BTreeMap;

use quaero_advantage::{
    Estimator, LearningProgress, Options, PowerPlay, Reevaluation, RewardTable,
};
use quaero_types::{Origin, Proposed, Secret, TaskId};

use super::*;
use crate::deferred::{DeferredReward, Wait};
use crate::reevaluate::Compared;
use crate::round::Played;

/// A solver's row: group, reward, tokens, whether it was cut off.
fn answer(group: u64, reward: f32, n_tokens: usize, cut: bool) -> Row {
    let trace = Trace {
        finish: if cut { Finish::Length } else { Finish::Stop },
        ..Trace::one_turn(&[1, 2], &vec![3; n_tokens], vec![-1.0; n_tokens])
    };
    let task_role = TaskRole::new(Role::Solve, &Kind::new("python", "deduction"));
    Row { task_role, group, trace, reward, advantage: 0.0, weight: 1.0 }
}

fn options() -> Options {
    let estimator = Estimator::Grpo { divide_by_std: false, eps: 0.0 };
    Options { estimator, ..Options::azr() }
}

/// Group 0 mixed, group 1 all right, group 2 mixed with one that was cut off.
fn batch() -> Vec<Row> {
    vec![
        answer(0, 1.0, 4, false),
        answer(0, -1.0, 4, false),
        answer(1, 1.0, 4, false),
        answer(1, 1.0, 9, false),
        answer(2, 1.0, 4, false),
        answer(2, -1.0, 10, true),
    ]
}

#[track_caller]
fn check(options: &Options, buffer: usize, groups: &[u64], advantages: &[f32]) {
    let mut rows = batch();
    let off = |_: Role, trace: &Trace| overlong_punishment(trace.n_written(), 10, buffer);
    let share = estimate(options, &off, &mut rows);
    assert_eq!(share, Some(1.0 / 3.0), "counted whether they leave or not");
    assert_eq!(rows.iter().map(|row| row.group).collect::<Vec<_>>(), groups);
    assert_eq!(rows.iter().map(|row| row.advantage).collect::<Vec<_>>(), advantages);
}

#[test]
fn rows_leave_as_the_options_say() {
    let all = [0, 0, 1, 1, 2, 2];
    check(&options(), 0, &all, &[1.0, -1.0, 0.0, 0.0, 1.0, -1.0]);
    let equal = Options { drop_equal_groups: true, ..options() };
    check(&equal, 0, &[0, 0, 2, 2], &[1.0, -1.0, 1.0, -1.0]);
    let cut = Options { drop_truncated: true, ..options() };
    // The row that was cut off stays in its group's baseline.
    check(&cut, 0, &[0, 0, 1, 1, 2], &[1.0, -1.0, 0.0, 0.0, 1.0]);
    let both = Options { drop_equal_groups: true, drop_truncated: true, ..options() };
    check(&both, 0, &[0, 0, 2], &[1.0, -1.0, 1.0]);
}

#[test]
fn length_counts_in_the_reward_and_not_in_the_outcome() {
    // Nine tokens of ten lie half way through a buffer of two; ten are at its end.
    check(&options(), 2, &[0, 0, 1, 1, 2, 2], &[1.0, -1.0, 0.25, -0.25, 1.5, -1.5]);
    let equal = Options { drop_equal_groups: true, ..options() };
    check(&equal, 2, &[0, 0, 2, 2], &[1.0, -1.0, 1.5, -1.5]);
}

#[test]
fn nothing_may_be_left() {
    let mut rows = vec![answer(0, 1.0, 4, false), answer(0, 1.0, 4, false)];
    let options = Options { drop_equal_groups: true, ..options() };
    assert_eq!(estimate(&options, &|_, _| 0.0, &mut rows), Some(1.0));
    assert!(rows.is_empty());
    assert_eq!(estimate(&options, &|_, _| 0.0, &mut rows), None);
}

/// A task whose public half has `length` bytes.
fn task(name: &str, length: usize) -> Task {
    let kind = Kind::new("python", "deduction");
    Task {
        id: TaskId::of(&kind, name),
        kind,
        public: "x".repeat(length),
        parents: Vec::new(),
        origin: Origin::Seed,
        metrics: BTreeMap::new(),
    }
}

fn proposed(task: &Task) -> Judged {
    let proposed = Proposed {
        public: task.public.clone(),
        secret: Secret::new("{}"),
        key: String::new(),
        holdout_key: String::new(),
        format: true,
        metrics: Vec::new(),
    };
    Judged::Task(task.clone(), proposed)
}

fn reevaluation() -> ReevaluationOptions {
    ReevaluationOptions { tasks_per_kind: 1, steps_max: 9, window: 9, measure: "length".to_owned() }
}

fn moved(at: f64, before: f64, now: f64) -> Reevaluation {
    Reevaluation { at, before, now }
}

/// Rewards of tasks of these lengths by learning progress.
fn by_progress(window: &[Reevaluation], lengths: &[usize]) -> Vec<Option<f32>> {
    let mut proposer = RewardTable::azr_paper().proposer;
    proposer.signal = Signal::LearningProgress(LearningProgress { neighbours: 2 });
    let judged: Vec<Judged> =
        lengths.iter().map(|&length| proposed(&task(&length.to_string(), length))).collect();
    let window = BTreeMap::from([(Kind::new("python", "deduction"), window.to_vec())]);
    let graded = Graded {
        played: Played { judged, ..Played::default() },
        compared: Compared { window, ..Compared::default() },
        ..Graded::default()
    };
    let worths = worths(&proposer.signal, Some(&reevaluation()), &graded);
    graded
        .played
        .judged
        .iter()
        .zip(worths)
        .map(|(one, worth)| proposer.reward(one, worth))
        .collect()
}

#[test]
fn progress_pays_for_what_lies_where_rates_move() {
    let short = [moved(10.0, 0.25, 0.75), moved(12.0, 0.5, 0.75)];
    let long = [moved(50.0, 0.5, 0.5), moved(60.0, 1.0, 0.75)];
    let window = [short, long].concat();
    let expect = [Some(0.375), Some(0.375), Some(0.125), Some(0.125)];
    assert_eq!(by_progress(&window, &[8, 12, 52, 90]), expect);
    assert_eq!(by_progress(&[], &[8, 12]), [None, None], "no history, no reward");
    // All alike: the group compares nothing and teaches nothing.
    let alike = by_progress(&short, &[8, 12, 52]);
    let mut rows: Vec<Row> =
        alike.iter().map(|reward| answer(0, reward.unwrap(), 4, false)).collect();
    estimate(&Options::azr(), &|_, _| 0.0, &mut rows);
    assert!(rows.iter().all(|row| row.reward == 0.375 && row.advantage == 0.0));
}

#[test]
fn powerplay_pays_one_step_late() {
    let mut proposer = RewardTable::azr_release().proposer;
    proposer.signal = Signal::PowerPlay(PowerPlay { solved: 0.5, drop_max: 0.125, cost: 0.0 });
    let id = TaskId::of(&Kind::new("python", "deduction"), "t");
    let due = |wait, now: Option<f64>| DeferredReward {
        proposal: DeferredProposal {
            kind: Kind::new("python", "deduction"),
            trace: answer(0, 0.0, 4, false).trace,
            wait,
        },
        now: now.map(|now| (task("t", 5), now)),
    };
    let rewards = |archive: &[Reevaluation]| {
        let old = BTreeMap::from([(Kind::new("python", "abduction"), archive.to_vec())]);
        let due = vec![
            due(Wait::Rejected, None),
            due(Wait::Malformed, None),
            due(Wait::Solved(id), None),
            due(Wait::Unsolved(id), Some(0.25)),
            due(Wait::Unsolved(id), Some(0.5)),
            due(Wait::Unsolved(id), None),
        ];
        let compared = Compared { old, due, ..Compared::default() };
        compared.due_rewards(&proposer)
    };
    let closed = [Some(-1.0), Some(-1.0), Some(-0.5), Some(-0.5), Some(-0.5), None];
    let mut open = closed;
    open[4] = Some(1.0);
    assert_eq!(rewards(&[]), open);
    assert_eq!(rewards(&[moved(0.0, 0.5, 0.375)]), open);
    assert_eq!(rewards(&[moved(0.0, 0.5, 0.25)]), closed, "something old was lost");
}

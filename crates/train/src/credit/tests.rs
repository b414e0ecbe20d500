//! Which rows are left, and what their lengths cost them.

use quaero_advantage::{Estimator, Options};

use super::*;

/// A solver's row: group, reward, tokens, whether it was cut off.
fn answer(group: u64, reward: f32, n_tokens: usize, cut: bool) -> Row {
    let sample = Sample {
        prompt: Arc::from([1, 2].as_slice()),
        tokens: vec![3; n_tokens],
        logp: vec![-1.0; n_tokens],
        temperature: 1.0,
        text: String::new(),
        finish: if cut { Finish::Length } else { Finish::Stop },
    };
    let task_role = seat(Role::Solve, &Kind::new("python", "deduction"));
    Row { task_role, group, sample, reward, advantage: 0.0, weight: 1.0 }
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
    let off = |_: Role, sample: &Sample| overlong_punishment(sample.tokens.len(), 10, buffer);
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

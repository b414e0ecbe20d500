//! What a cross-play matrix says, in words.

use quaero_evals::{Interval, difference};
use quaero_report::percent;

use super::matrix::{ALL, CrossPlay};

/// Sentences about all kinds together; fewer where cells are missing.
pub(super) fn words(matrix: &CrossPlay) -> Vec<String> {
    let last_row = matrix.policies.len().saturating_sub(1);
    let mut words = Vec::new();
    let first = match matrix.policies.first() {
        Some(0) => "It has practised none of these, so this is their difficulty.",
        _ => "It has practised the first ones.",
    };
    words.extend(across(matrix, 0, first));
    let last = "It has practised all of these, the older ones for longer: a fall may be practice \
                and not difficulty.";
    words.extend(across(matrix, last_row, last));
    words.extend(down(matrix));
    words.extend(when_asked(matrix));
    words
}

/// One policy on the first and on the last period's tasks.
fn across(matrix: &CrossPlay, row: usize, practised: &str) -> Option<String> {
    let last = matrix.periods.len().checked_sub(1).filter(|&last| last > 0)?;
    let (old, new) = (matrix.cell(ALL, row, 0)?, matrix.cell(ALL, row, last)?);
    let change = difference(old, new);
    let verdict = match change {
        Interval { high, .. } if high < 0.0 => "it solves fewer of the later ones",
        Interval { low, .. } if low > 0.0 => "it solves more of the later ones",
        _ => "no clear difference",
    };
    Some(format!(
        "The policy of step {} solves {} of the tasks of {} and {} of those of {}: {}, {verdict}. \
         {practised}",
        matrix.policies[row],
        percent(old.mean),
        steps(matrix.periods[0]),
        percent(new.mean),
        steps(matrix.periods[last]),
        points(change),
    ))
}

/// The first policy and the last one before it on the last period's tasks, which neither has
/// practised.
fn down(matrix: &CrossPlay) -> Option<String> {
    let column = matrix.periods.len().checked_sub(1)?;
    let [from, _] = matrix.periods[column];
    let row = matrix.policies.iter().rposition(|&step| step < from).filter(|&row| row > 0)?;
    let (first, last) = (matrix.cell(ALL, 0, column)?, matrix.cell(ALL, row, column)?);
    let change = difference(first, last);
    let verdict = match change {
        Interval { low, .. } if low > 0.0 => "the model grew",
        Interval { high, .. } if high < 0.0 => "the model got worse",
        _ => "no clear difference",
    };
    Some(format!(
        "Of the tasks of {}, new to both, the policy of step {} solves {}, that of step {} {}: {}, \
         {verdict}.",
        steps(matrix.periods[column]),
        matrix.policies[0],
        percent(first.mean),
        matrix.policies[row],
        percent(last.mean),
        points(change),
    ))
}

/// Each policy on the tasks that came next: asked by its like, and not practised yet.
fn when_asked(matrix: &CrossPlay) -> Option<String> {
    let mut rates = Vec::new();
    for (row, &step) in matrix.policies.iter().enumerate() {
        let next = matrix.periods.iter().position(|&[from, _]| from == step + 1);
        if let Some(column) = next {
            let rate = percent(matrix.cell(ALL, row, column)?.mean);
            rates.push(format!("{rate} at {}", steps(matrix.periods[column])));
        }
    }
    (rates.len() > 1).then(|| {
        format!(
            "Tasks when they are asked, by the policy just before them: {}. Difficulty keeps pace \
             with the model where this stays level, and lags behind it where this rises.",
            rates.join(", ")
        )
    })
}

fn points(change: Interval) -> String {
    let Interval { mean, low, high } = change;
    let (mean, low, high) = (100.0 * mean, 100.0 * low, 100.0 * high);
    format!("{mean:+.1} points [{low:+.1}, {high:+.1}]")
}

fn steps([from, to]: [u64; 2]) -> String {
    match (from, to) {
        (0, 0) => "seeding".to_owned(),
        (from, to) if from == to => format!("step {from}"),
        (from, to) => format!("steps {from}–{to}"),
    }
}

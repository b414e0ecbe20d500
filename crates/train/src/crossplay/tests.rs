//! Periods and words by hand; what plays is tested by the binary (crates/cli/tests/crossplay.rs).

use std::collections::BTreeMap;

use super::matrix::{ALL, FORMAT};
use super::*;

#[test]
fn periods_lie_between_checkpoints() {
    assert_eq!(spans(&[0, 10, 25]), [[0, 0], [1, 10], [11, 25]]);
    assert_eq!(spans(&[20, 40]), [[0, 20], [21, 40]]);
    assert_eq!(spans(&[]), [[0; 2]; 0]);
}

/// A matrix of all kinds together whose intervals reach 0.05 to both sides.
fn matrix(policies: &[u64], rates: &[&[f64]]) -> CrossPlay {
    let with = |by: f64| {
        let row = |row: &&[f64]| row.iter().map(|rate| Some(rate + by)).collect();
        BTreeMap::from([(ALL.to_owned(), rates.iter().map(row).collect())])
    };
    CrossPlay {
        format: FORMAT,
        samples: 4,
        policies: policies.to_vec(),
        periods: spans(policies),
        n_tasks: BTreeMap::new(),
        solve_rate: with(0.0),
        low: with(-0.05),
        high: with(0.05),
        reading: Vec::new(),
    }
}

#[track_caller]
fn check(words: &[String], parts: &[&[&str]]) {
    assert_eq!(words.len(), parts.len(), "{words:#?}");
    for (words, parts) in words.iter().zip(parts) {
        for part in *parts {
            assert!(words.contains(part), "{part:?} is not in {words:?}");
        }
    }
}

#[test]
fn harder_tasks_and_a_better_model_are_told_apart() {
    // The interval of a difference reaches 0.05 √2 = 0.0707 to both sides.
    let grows = matrix(&[0, 10, 20], &[&[0.6, 0.5, 0.4], &[0.7, 0.6, 0.5], &[0.8, 0.7, 0.6]]);
    check(
        &reading::words(&grows),
        &[
            &[
                "The policy of step 0 solves 60.0 % of the tasks of seeding and 40.0 % of those of steps",
                "-20.0 points [-27.1, -12.9], it solves fewer of the later ones",
                "none of these, so",
            ],
            &["step 20 solves 80.0 %", "fewer of the later ones", "the older ones for longer"],
            &[
                "Of the tasks of steps 11–20, new to both",
                "40.0 %, that of step 10 50.0 %: +10.0",
                "the model grew",
            ],
            &["50.0 % at steps 1–10, 50.0 % at steps 11–20"],
        ],
    );
    let stays = matrix(&[5, 6], &[&[0.5, 0.56], &[0.44, 0.4]]);
    check(
        &reading::words(&stays),
        &[
            &["+6.0 points [-1.1, +13.1], no clear difference", "practised the first ones"],
            &["of those of step 6: -4.0 points", "no clear difference"],
        ],
    );
    let falls = matrix(&[0, 10, 20], &[&[0.5, 0.5, 0.5], &[0.4, 0.4, 0.3], &[0.5, 0.5, 0.5]]);
    let words = reading::words(&falls);
    assert!(
        words[2].contains("30.0 %: -20.0 points") && words[2].contains("got worse"),
        "{words:?}"
    );
}

#[test]
fn what_was_not_judged_is_not_spoken_of() {
    let mut gap = matrix(&[0, 10], &[&[0.5, 0.5], &[0.5, 0.5]]);
    gap.low.get_mut(ALL).unwrap()[0][1] = None;
    check(&reading::words(&gap), &[&["The policy of step 10", "no clear difference"]]);
    assert_eq!(reading::words(&matrix(&[], &[])), [""; 0]);
    assert_eq!(gap.cell("python/deduction", 0, 0), None);
}

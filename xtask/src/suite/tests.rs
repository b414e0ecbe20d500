//! The summary that people read.

use expect_test::expect;

use super::{FULL, Outcome, QUICK, summary};

#[test]
fn summary_counts_and_adds() {
    let rows = [("tidy", Outcome::Passed, 0.42), ("oracle fixtures", Outcome::Skipped, 130.0)];
    expect![[r#"
        ── so far
           tidy                     passed            0.4 s
           oracle fixtures          SKIPPED      2 min 10 s
           in all                   1 skipped    2 min 10 s
        ── host tests"#]]
    .assert_eq(&summary(&rows, "host tests"));
}

#[test]
fn quick_is_a_part_of_full_in_the_same_order() {
    let names = |parts: &[super::Part]| parts.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let quick = names(QUICK);
    let full = names(FULL);
    let (last, quick) = quick.split_last().unwrap();
    let kept: Vec<_> = full.iter().filter(|name| quick.contains(name)).copied().collect();
    assert_eq!((kept.as_slice(), *last), (quick, "build unit tests"));
}

//! Durations as people read them.

use super::duration;

#[track_caller]
fn check(seconds: f64, expected: &str) {
    assert_eq!(duration(seconds), expected);
}

#[test]
fn durations() {
    check(0.0, "0.0 s");
    check(9.94, "9.9 s");
    check(75.2, "75 s");
    check(119.4, "119 s");
    check(119.6, "2 min 00 s");
    check(725.0, "12 min 05 s");
}

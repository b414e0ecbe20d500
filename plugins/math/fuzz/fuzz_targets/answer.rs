//! The reader and the comparison of answers: no input panics, hangs or breaks the laws of equality.
//!
//! The bytes are two texts with a zero byte between them, the gold and the answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quaero_math_judge::{Rules, grade, judge};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (gold, answer) = text.split_once('\0').unwrap_or((&text, "1"));
    let rules = Rules::default();
    let _ = grade(gold, answer, &rules);
    let there = judge(gold, answer, &rules).truth;
    let back = judge(answer, gold, &rules).truth;
    assert_eq!(there.is_equal(), back.is_equal(), "{gold:?} | {answer:?}");
    if !gold.trim().is_empty() && gold.len() < 20_000 {
        assert!(judge(gold, gold, &rules).truth.is_equal(), "{gold:?}");
    }
});

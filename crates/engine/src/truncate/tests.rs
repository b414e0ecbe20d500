//! Against a sampler that sorts.

use proptest::prelude::*;

use super::{exp, threshold};
use crate::request::Sampling;

/// The survivors by sorting, in f64: top-k, then top-p of what is left, then min-p; a token that
/// ties with the last survivor survives.
fn by_sorting(logits: &[f32], sampling: &Sampling) -> Vec<bool> {
    let mut sorted = logits.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let p = |logit: f32| (f64::from(logit - sorted[0]) / f64::from(sampling.temperature)).exp();
    let mut lowest = f32::NEG_INFINITY;
    if sampling.top_k > 0 {
        lowest = sorted[sampling.top_k.min(sorted.len()) - 1];
    }
    if sampling.top_p < 1.0 {
        let left: Vec<f32> = sorted.iter().copied().filter(|&l| l >= lowest).collect();
        let total: f64 = left.iter().map(|&l| p(l)).sum();
        let mut sum = 0.0;
        for logit in left {
            lowest = logit;
            sum += p(logit);
            if sum >= f64::from(sampling.top_p) * total {
                break;
            }
        }
    }
    logits.iter().map(|&l| l >= lowest && p(l) >= f64::from(sampling.min_p)).collect()
}

fn survivors(logits: &[f32], sampling: &Sampling) -> Vec<bool> {
    let lowest = threshold(logits, sampling, &mut Vec::new());
    logits.iter().map(|&logit| logit >= lowest).collect()
}

#[track_caller]
fn check(logits: &[f32], (top_k, top_p, min_p): (usize, f32, f32), expected: &[u32]) {
    let sampling = Sampling { temperature: 1.0, top_k, top_p, min_p };
    let got: Vec<u32> = survivors(logits, &sampling).into_iter().map(u32::from).collect();
    assert_eq!(got, expected);
}

#[test]
fn by_hand() {
    let half = |n: i32| -(n as f32) * std::f32::consts::LN_2;
    // Probabilities 1/2, 1/4, 1/8, 1/8.
    let weights = [half(2), half(1), half(3), half(3)];
    check(&weights, (0, 1.0, 0.0), &[1, 1, 1, 1]);
    check(&weights, (1, 1.0, 0.0), &[0, 1, 0, 0]);
    check(&weights, (2, 1.0, 0.0), &[1, 1, 0, 0]);
    check(&weights, (3, 1.0, 0.0), &[1, 1, 1, 1]); // the third and the fourth tie
    check(&weights, (9, 1.0, 0.0), &[1, 1, 1, 1]);
    check(&weights, (0, 0.49, 0.0), &[0, 1, 0, 0]);
    check(&weights, (0, 0.51, 0.0), &[1, 1, 0, 0]);
    check(&weights, (0, 0.76, 0.0), &[1, 1, 1, 1]);
    check(&weights, (2, 0.6, 0.0), &[0, 1, 0, 0]); // of the two that top-k leaves, 2/3 and 1/3
    check(&weights, (0, 1.0, 0.4), &[1, 1, 0, 0]);
    check(&weights, (0, 1.0, 0.6), &[0, 1, 0, 0]);
    check(&[0.0, -0.0, -1.0], (1, 1.0, 0.0), &[1, 1, 0]);
    check(&[7.0], (1, 0.1, 0.9), &[1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn survivors_are_those_of_the_sorting_sampler(
        // Half-integers tie often.
        logits in prop::collection::vec(
            prop_oneof![
                (-12_i32..12).prop_map(|n| n as f32 / 2.0),
                -30.0_f32..30.0,
            ],
            1..200,
        ),
        top_k in prop_oneof![Just(0_usize), 1_usize..220],
        top_p in prop_oneof![Just(1.0_f32), 0.001_f32..0.9999],
        min_p in prop_oneof![Just(0.0_f32), 0.0_f32..0.99],
        temperature in 0.2_f32..3.0,
    ) {
        let sampling = Sampling { temperature, top_k, top_p, min_p };
        let got = survivors(&logits, &sampling);
        prop_assert_eq!(&got, &by_sorting(&logits, &sampling));
        prop_assert!(got.contains(&true));
    }

    #[test]
    fn exp_is_close_to_the_f64_function(x in -700.0_f64..0.0) {
        prop_assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12);
    }
}

//! Frequencies against probabilities, and what a draw must not depend on.

use quaero_rng::Key;

use super::{Draw, draw, top};
use crate::request::Sampling;

fn logits(n: usize, spread: f32) -> Vec<f32> {
    let mut stream = Key::new(5).stream();
    (0..n).map(|_| stream.normal() * spread).collect()
}

/// Exact probabilities of the survivors, in f64.
fn probabilities(logits: &[f32], sampling: &Sampling, survives: impl Fn(f32) -> bool) -> Vec<f64> {
    let p = logits.iter().map(|&logit| match survives(logit) {
        true => (f64::from(logit) / f64::from(sampling.temperature)).exp(),
        false => 0.0,
    });
    let p: Vec<f64> = p.collect();
    let sum: f64 = p.iter().sum();
    p.into_iter().map(|p| p / sum).collect()
}

/// Chi-square over many draws against exact probabilities; log-probabilities on the way.
#[track_caller]
fn check_frequencies(n_tokens: usize, spread: f32, sampling: Sampling) {
    let n_draws = 200_000_u32;
    let logits = logits(n_tokens, spread);
    let lowest = match sampling.truncates() {
        true => crate::truncate::threshold(&logits, &sampling, &mut Vec::new()),
        false => f32::NEG_INFINITY,
    };
    let whole = probabilities(&logits, &sampling, |_| true);
    let cut = probabilities(&logits, &sampling, |logit| logit >= lowest);
    let mut counts = vec![0_u32; n_tokens];
    // Half of the draws under many keys, half at many positions of one key.
    for i in 0..n_draws {
        let (key, position) = if i % 2 == 0 {
            (Key::new(11).with(u64::from(i)), 3)
        } else {
            (Key::new(12), u64::from(i))
        };
        let Draw { token, logp } = draw(&logits, &sampling, key, position);
        let token = token as usize;
        counts[token] += 1;
        if i < 2000 {
            assert!((f64::from(logp) - whole[token].ln()).abs() < 1e-4);
        }
    }
    let (mut chi2, mut n_bins, mut rare) = (0.0, 0_i32, (0.0, 0.0));
    for (&count, &p) in counts.iter().zip(&cut) {
        let expected = p * f64::from(n_draws);
        if expected == 0.0 {
            assert_eq!(count, 0, "a token that was cut off was drawn");
        } else if expected < 10.0 {
            rare = (rare.0 + f64::from(count), rare.1 + expected);
        } else {
            chi2 += (f64::from(count) - expected).powi(2) / expected;
            n_bins += 1;
        }
    }
    if rare.1 > 5.0 {
        chi2 += (rare.0 - rare.1).powi(2) / rare.1;
        n_bins += 1;
    }
    // Mean k, variance 2k: five standard deviations above (the seeds are fixed).
    let freedom = f64::from(n_bins - 1);
    let bound = freedom + 5.0 * (2.0 * freedom).sqrt();
    assert!(chi2 < bound, "chi-square {chi2:.1} over {freedom} degrees of freedom");
}

#[test]
fn frequencies_are_probabilities() {
    check_frequencies(150, 1.5, Sampling::plain(1.0));
    check_frequencies(37, 4.0, Sampling::plain(0.7));
    let cut = Sampling { temperature: 1.3, top_k: 40, top_p: 0.9, min_p: 0.02 };
    check_frequencies(150, 1.5, cut);
}

#[test]
fn greedy_is_the_lowest_of_the_most_probable() {
    let row = [0.5, 2.0, -1.0, 2.0];
    let got = draw(&row, &Sampling::greedy(), Key::new(1), 0);
    assert_eq!(got.token, 1);
    let p = 2_f64.exp() / row.iter().map(|&x| f64::from(x).exp()).sum::<f64>();
    assert!((f64::from(got.logp) - p.ln()).abs() < 1e-6);
    assert_eq!(top(&row), (1, 2.0));
}

#[test]
fn passing_over_hopeless_tokens_changes_nothing() {
    // The same draws by looking at every token.
    let row = logits(67, 9.0);
    for position in 0..3000 {
        let key = Key::new(77);
        let scores = row.iter().enumerate().map(|(token, &logit)| {
            let word = quaero_rng::block(key, position, token as u64 / 4)[token % 4];
            logit / 0.8 - quaero_ops::math::ln(-quaero_ops::math::ln(quaero_rng::open01(word)))
        });
        let scores: Vec<f32> = scores.collect();
        let expected = top(&scores).0 as u32;
        assert_eq!(draw(&row, &Sampling::plain(0.8), key, position).token, expected);
    }
}

#[test]
fn truncation_that_cuts_nothing_changes_no_bit() {
    let row = logits(100, 2.0);
    let wide = Sampling { temperature: 1.0, top_k: 100, top_p: 1.0, min_p: 0.0 };
    for position in 0..200 {
        let plain = draw(&row, &Sampling::plain(1.0), Key::new(3), position);
        assert_eq!(draw(&row, &wide, Key::new(3), position), plain);
    }
}

#[test]
fn rows_that_are_not_finite_give_no_finite_log_probability() {
    let cut = Sampling { temperature: 1.0, top_k: 2, top_p: 0.5, min_p: 0.1 };
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for sampling in [Sampling::plain(1.0), Sampling::greedy(), cut] {
            for at in 0..3 {
                let mut row = [1.0, 2.0, 3.0];
                row[at] = bad;
                let got = draw(&row, &sampling, Key::new(1), 0);
                assert!(!got.logp.is_finite(), "{row:?} {sampling:?} {got:?}");
            }
        }
    }
}

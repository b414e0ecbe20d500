//! The policy loss against autograd, finite differences and closed forms.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::{Aggregation, Share, scales};

#[derive(Clone, Debug, Deserialize)]
struct Sequence {
    logp: Vec<f32>,
    logp_old: Vec<f32>,
    logp_trainer: Vec<f32>,
    logp_ref: Vec<f32>,
    entropy: Vec<f32>,
    advantage: f32,
    weight: f32,
    group: u64,
    task_role: u64,
}

#[derive(Deserialize)]
struct Case {
    options: Options,
    /// Whether the trainer's log-probs before its first step are the policy's own.
    first_step: bool,
    loss: f64,
    dlogp: Vec<f64>,
    dentropy: Vec<f64>,
}

#[derive(Deserialize)]
struct Fixture {
    rows: Vec<Sequence>,
    cases: Vec<Case>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../tests/fixtures/policy.json")).unwrap()
}

fn borrow(sequences: &[Sequence], aggregation: Aggregation, first_step: bool) -> Vec<Row<'_>> {
    let shares: Vec<Share> = sequences
        .iter()
        .map(|s| {
            let (n_tokens, group, task_role) = (s.logp.len(), s.group, s.task_role);
            Share { n_tokens, group, task_role, weight: s.weight }
        })
        .collect();
    sequences
        .iter()
        .zip(scales(&shares, aggregation))
        .map(|(s, scale)| Row {
            logp: &s.logp,
            logp_old: &s.logp_old,
            logp_trainer: (!first_step).then_some(&s.logp_trainer),
            logp_ref: Some(&s.logp_ref),
            entropy: &s.entropy,
            advantage: s.advantage,
            scale,
        })
        .collect()
}

fn run(sequences: &[Sequence], options: &Options) -> Grad {
    policy_loss(&borrow(sequences, options.aggregation, false), options)
}

fn run_case(sequences: &[Sequence], case: &Case) -> Grad {
    policy_loss(&borrow(sequences, case.options.aggregation, case.first_step), &case.options)
}

#[track_caller]
fn check_close(what: &str, got: &[f32], expect: &[f64], options: &Options) {
    assert_eq!(got.len(), expect.len());
    for (t, (&got, &expect)) in got.iter().zip(expect).enumerate() {
        let gap = (f64::from(got) - expect).abs();
        assert!(
            gap <= 1e-6 * expect.abs() + 1e-9,
            "{what} of token {t}: got {got}, autograd {expect}, {options:?}"
        );
    }
}

#[test]
fn autograd_agrees() {
    let Fixture { rows, cases } = fixture();
    assert_eq!(cases.len(), 160);
    for case in cases {
        let got = run_case(&rows, &case);
        let gap = (got.loss - case.loss).abs();
        assert!(gap <= 1e-6 * case.loss.abs(), "loss {} for {:?}", got.loss, case.options);
        check_close("dlogp", &got.dlogp, &case.dlogp, &case.options);
        check_close("dentropy", &got.dentropy, &case.dentropy, &case.options);
    }
}

/// Central differences of the loss itself, on tokens that stand off the kinks.
#[test]
fn finite_differences_agree() {
    let Fixture { rows: plain, cases } = fixture();
    for case in cases.iter().step_by(3) {
        let mut rows = plain.clone();
        let weighted = case.options.tis_cap.is_some();
        if case.first_step && weighted {
            // What the loss takes as a constant has to stay one.
            rows.iter_mut().for_each(|row| row.logp_trainer = row.logp.clone());
        }
        let loss = |rows: &[Sequence]| {
            let first_step = case.first_step && !weighted;
            policy_loss(&borrow(rows, case.options.aggregation, first_step), &case.options).loss
        };
        let grad = run_case(&rows, case);
        let mut flat_idx = 0;
        for row_idx in 0..rows.len() {
            for t in 0..rows[row_idx].logp.len() {
                let mut moved = rows.clone();
                let h = 1.0 / 4096.0;
                moved[row_idx].logp[t] = rows[row_idx].logp[t] + h;
                let up = loss(&moved);
                let above = moved[row_idx].logp[t];
                moved[row_idx].logp[t] = rows[row_idx].logp[t] - h;
                let down = loss(&moved);
                let step = f64::from(above) - f64::from(moved[row_idx].logp[t]);
                let slope = (up - down) / step;
                let got = f64::from(grad.dlogp[flat_idx]);
                assert!(
                    (got - slope).abs() <= 1e-4 * slope.abs() + 1e-6,
                    "row {row_idx} token {t}: got {got}, slope {slope}, {:?}",
                    case.options
                );
                flat_idx += 1;
            }
        }
    }
}

#[test]
fn on_policy_it_is_plain_reinforce() {
    let Fixture { mut rows, .. } = fixture();
    for row in &mut rows {
        row.logp_old = row.logp.clone();
        row.logp_trainer = row.logp.clone();
    }
    let options = Options { entropy_coef: 0.0, ..Options::azr() };
    let got = run(&rows, &options);
    let expect: Vec<f64> = borrow(&rows, options.aggregation, false)
        .iter()
        .flat_map(|row| {
            let value = -f64::from(row.advantage) * f64::from(row.scale);
            std::iter::repeat_n(value, row.logp.len())
        })
        .collect();
    check_close("dlogp", &got.dlogp, &expect, &options);
    assert_eq!(got.stats.logp_gap_max, 0.0);
    assert_eq!(got.stats.ratio_mean(), Some(1.0));
    assert_eq!(got.stats.clip_fraction(), Some(0.0));
}

#[test]
fn stats_of_one_token() {
    #[track_caller]
    fn check(gap: f32, advantage: f32, clipped: bool, loss: f64) {
        let (logp, logp_old, entropy) = ([gap - 1.0], [-1.0], [0.5]);
        let rows = [Row {
            logp: &logp,
            logp_old: &logp_old,
            logp_trainer: None,
            logp_ref: None,
            entropy: &entropy,
            advantage,
            scale: 1.0,
        }];
        let options =
            Options { dual_clip: Some(3.0), entropy_coef: 0.0, clip_high: 0.28, ..Options::azr() };
        let got = policy_loss(&rows, &options);
        assert_eq!(got.stats.n_clipped, usize::from(clipped));
        assert_eq!(got.dlogp[0] == 0.0, clipped);
        assert!((got.loss - loss).abs() < 1e-6, "{}", got.loss);
        assert!((got.stats.logp_gap_max - f64::from(gap.abs())).abs() < 1e-6);
        assert_eq!(got.stats.entropy_mean(), Some(0.5));
        assert_eq!(got.stats.kl_mean(), None);
    }
    check(1.0, 1.0, true, -1.28);
    check(-1.0, 1.0, false, -(-1.0_f64).exp());
    check(-1.0, -1.0, true, 0.8);
    check(1.0, -1.0, false, 1.0_f64.exp());
    check(2.0, -1.0, true, 3.0);
    check(30.0, 1.0, true, -1.28);
}

/// Sampler and trainer disagree by a factor of e and of 1/e; the cap cuts the first.
#[test]
fn the_first_step_weighs_by_trainer_over_sampler() {
    let (logp, logp_old, entropy) = ([-1.0, -2.0], [-2.0, -1.0], [0.0; 2]);
    let row = |logp_trainer| Row {
        logp: &logp,
        logp_old: &logp_old,
        logp_trainer,
        logp_ref: None,
        entropy: &entropy,
        advantage: -0.5,
        scale: 1.0,
    };
    let options = Options { tis_cap: Some(2.0), entropy_coef: 0.0, ..Options::azr() };
    let got = policy_loss(&[row(None)], &options);
    let low = (-1.0_f64).exp();
    check_close("dlogp", &got.dlogp, &[1.0, 0.5 * low], &options);
    assert_eq!(got, policy_loss(&[row(Some(&logp))], &options), "the same said twice");
    assert_eq!(got.stats.ratio_mean(), Some(1.0));
    assert_eq!(got.stats.tis_capped(), Some(0.5));
    assert!((got.stats.tis_mean().unwrap() - (1.0 + 0.5 * low)).abs() < 1e-12);
    assert_eq!(got.stats.logp_gap_max, 1.0, "the gap is that to the sampler");
    let off = policy_loss(&[row(None)], &Options { tis_cap: None, ..options });
    assert_eq!((off.stats.tis_mean(), off.stats.n_clipped), (None, 1));
}

/// Two steps on, the policy has moved away from the trainer's first log-probs, and those away from
/// the sampler's: the clip looks at the first distance, the weight at the second.
#[test]
fn later_steps_are_clipped_by_how_far_the_trainer_moved() {
    let (logp, trainer, logp_old, entropy) = ([-0.5], [-1.0], [-1.5], [0.0]);
    let row = Row {
        logp: &logp,
        logp_old: &logp_old,
        logp_trainer: Some(&trainer),
        logp_ref: None,
        entropy: &entropy,
        advantage: -1.0,
        scale: 1.0,
    };
    let options = Options { entropy_coef: 0.0, ..Options::azr() };
    let (plain, e) = (policy_loss(&[row], &options), 0.5_f64.exp());
    assert!((plain.loss - e).abs() < 1e-12 && plain.stats.ratio_mean() == Some(e));
    assert_eq!(plain.stats.logp_gap_max, 0.5, "between engine and trainer, before any step");
    let weighted = policy_loss(&[row], &Options { tis_cap: Some(9.0), ..options });
    assert!((weighted.loss - e * e).abs() < 1e-12, "{}", weighted.loss);
}

#[test]
fn a_log_ratio_beyond_the_bound_is_cut() {
    let (logp, logp_old, entropy) = ([-1.0], [-31.0], [0.5]);
    let row = Row {
        logp: &logp,
        logp_old: &logp_old,
        logp_trainer: None,
        logp_ref: None,
        entropy: &entropy,
        advantage: -1.0,
        scale: 1.0,
    };
    let got = policy_loss(&[row], &Options { entropy_coef: 0.0, ..Options::azr() });
    assert_eq!((got.loss, got.dlogp[0]), (20.0_f64.exp(), 0.0));
}

#[test]
fn a_broken_number_is_seen_in_the_loss() {
    let Fixture { rows, .. } = fixture();
    for break_it in [
        |s: &mut Sequence| s.logp[0] = f32::NAN,
        |s: &mut Sequence| s.logp_old[0] = f32::NAN,
        |s: &mut Sequence| s.advantage = f32::NAN,
    ] {
        let mut rows = rows.clone();
        break_it(&mut rows[0]);
        for tis_cap in [None, Some(2.0)] {
            let options = Options { tis_cap, ..Options::azr() };
            let got = policy_loss(&borrow(&rows, options.aggregation, true), &options);
            assert!(got.loss.is_nan() && got.dlogp[0].is_nan(), "{got:?}");
        }
    }
}

#[test]
fn no_rows_no_loss() {
    let got = policy_loss(&[], &Options::azr());
    assert_eq!((got.loss, got.stats.ratio_mean()), (0.0, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn micro_batches_add_up(cut in 0_usize..=6, which in 0_usize..160) {
        let Fixture { rows, cases } = fixture();
        let Case { options, first_step, .. } = &cases[which];
        let all = borrow(&rows, options.aggregation, *first_step);
        let whole = policy_loss(&all, options);
        let (mut a, b) = (policy_loss(&all[..cut], options), policy_loss(&all[cut..], options));
        a.dlogp.extend(&b.dlogp);
        a.dentropy.extend(&b.dentropy);
        a.stats.merge(&b.stats);
        prop_assert_eq!(&a.dlogp, &whole.dlogp);
        prop_assert_eq!(&a.dentropy, &whole.dentropy);
        prop_assert!((a.loss + b.loss - whole.loss).abs() < 1e-12 * whole.loss.abs().max(1.0));
        prop_assert_eq!(a.stats.n_clipped, whole.stats.n_clipped);
        prop_assert_eq!(a.stats.logp_gap_max, whole.stats.logp_gap_max);
        let gap = a.stats.ratio_sum - whole.stats.ratio_sum;
        prop_assert!(gap.abs() < 1e-12 * whole.stats.ratio_sum);
        prop_assert_eq!(a.stats.n_tis_capped, whole.stats.n_tis_capped);
        prop_assert_eq!(a.stats.n_reference, whole.stats.n_reference);
    }

    #[test]
    fn the_gradient_is_linear_in_the_scale(factor in 0.1_f32..8.0, which in 0_usize..160) {
        let Fixture { rows, cases } = fixture();
        let options = &cases[which].options;
        let plain = run(&rows, options);
        let scaled: Vec<Sequence> = rows
            .iter()
            .map(|s| Sequence { weight: s.weight * factor, ..s.clone() })
            .collect();
        let got = run(&scaled, options);
        for (got, plain) in got.dlogp.iter().zip(&plain.dlogp) {
            prop_assert!((got - factor * plain).abs() <= 1e-5 * got.abs());
        }
    }
}

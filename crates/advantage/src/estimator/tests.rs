//! Estimators against numpy, closed forms and invariances (shift, order, equal rewards).

use proptest::prelude::*;
use quaero_types::{Kind, Role, TaskRole};
use serde_json::Value;

use super::*;

fn row(role: Role, kind: &str, group: u64, n_tokens: usize, reward: f32) -> Row {
    let task_role = TaskRole { role, kind: Kind::new("python", kind) };
    Row { task_role, group, n_tokens, reward }
}

fn solve(group: u64, n_tokens: usize, reward: f32) -> Row {
    row(Role::Solve, "deduction", group, n_tokens, reward)
}

/// All estimators that subtract a baseline.
fn centred() -> Vec<Estimator> {
    vec![
        Estimator::TrrPlusPlus { level: Level::Token, eps: 1e-8 },
        Estimator::TrrPlusPlus { level: Level::Sequence, eps: 1e-8 },
        Estimator::Grpo { divide_by_std: true, eps: 1e-6 },
        Estimator::Grpo { divide_by_std: false, eps: 1e-6 },
        Estimator::Rloo,
        Estimator::Reinforce { baseline: Baseline::Batch },
        Estimator::ReinforcePlusPlus { level: Level::Token, eps: 1e-8 },
        Estimator::ReinforcePlusPlus { level: Level::Sequence, eps: 1e-8 },
    ]
}

#[track_caller]
fn check(estimator: &Estimator, rows: &[Row], expect: &[f64]) {
    let got = advantages(rows, estimator);
    assert_eq!(got.len(), expect.len());
    for (row_idx, (got, expect)) in got.iter().zip(expect).enumerate() {
        assert!(
            (f64::from(*got) - expect).abs() <= 1e-6 * expect.abs().max(1.0),
            "{estimator:?}, row {row_idx}: got {got}, expected {expect}"
        );
    }
}

#[test]
fn numpy_agrees() {
    let fixture: Value =
        serde_json::from_str(include_str!("../../tests/fixtures/advantages.json")).unwrap();
    let rows: Vec<Row> = fixture["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            row(
                if r["role"] == "solve" { Role::Solve } else { Role::Propose },
                r["kind"].as_str().unwrap(),
                r["group"].as_u64().unwrap(),
                r["n_tokens"].as_u64().unwrap() as usize,
                r["reward"].as_f64().unwrap() as f32,
            )
        })
        .collect();
    let expect = |name: &str| -> Vec<f64> {
        fixture[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let names = [
        "trr_token",
        "trr_sequence",
        "grpo",
        "dr_grpo",
        "rloo",
        "reinforce_batch",
        "rpp_token",
        "rpp_sequence",
    ];
    assert_eq!(names.len(), centred().len());
    for (name, estimator) in names.iter().zip(centred()) {
        check(&estimator, &rows, &expect(name));
    }
    check(&Estimator::Reinforce { baseline: Baseline::None }, &rows, &expect("reinforce"));
}

#[test]
fn closed_forms() {
    let rows = [solve(0, 3, 1.0), solve(0, 1, -1.0)];
    // Tokens 1, 1, 1, −1: mean 0.5, unbiased variance 1.
    check(&Estimator::TrrPlusPlus { level: Level::Token, eps: 0.0 }, &rows, &[0.5, -1.5]);
    let half = std::f64::consts::FRAC_1_SQRT_2;
    check(&Estimator::TrrPlusPlus { level: Level::Sequence, eps: 0.0 }, &rows, &[half, -half]);
    check(&Estimator::Rloo, &rows, &[2.0, -2.0]);
    check(&Estimator::Grpo { divide_by_std: false, eps: 0.0 }, &rows, &[1.0, -1.0]);
}

#[test]
fn baselines_stay_within_their_task_role_and_group() {
    let rows = [
        row(Role::Solve, "deduction", 0, 5, 1.0),
        row(Role::Solve, "abduction", 0, 5, -1.0),
        row(Role::Propose, "deduction", 0, 5, 0.5),
        row(Role::Solve, "deduction", 1, 5, 1.0),
    ];
    for estimator in centred() {
        let whole_batch =
            matches!(estimator, Estimator::Reinforce { .. } | Estimator::ReinforcePlusPlus { .. });
        if !whole_batch {
            assert_eq!(advantages(&rows, &estimator), [0.0; 4], "{estimator:?}");
        }
    }
}

#[test]
fn a_single_row_has_advantage_zero() {
    for n_tokens in [1, 2, 1000] {
        for estimator in centred() {
            assert_eq!(advantages(&[solve(0, n_tokens, 0.1)], &estimator), [0.0]);
        }
    }
    assert!(advantages(&[], &Estimator::Rloo).is_empty());
}

prop_compose! {
    fn any_rows()(raw in prop::collection::vec((0_u64..3, 1_usize..200, -8_i32..9, 0_u8..2), 1..40))
        -> Vec<Row>
    {
        raw.into_iter()
            .map(|(group, n_tokens, eighths, role)| {
                let role = if role == 0 { Role::Solve } else { Role::Propose };
                row(role, "induction", group, n_tokens, eighths as f32 / 8.0)
            })
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn equal_rewards_give_exactly_zero(rows in any_rows(), reward in -2.0_f32..2.0) {
        let rows: Vec<Row> = rows.into_iter().map(|r| Row { reward, ..r }).collect();
        for estimator in centred() {
            prop_assert!(advantages(&rows, &estimator).iter().all(|&a| a == 0.0));
        }
    }

    #[test]
    fn a_shift_of_all_rewards_changes_nothing(rows in any_rows(), eighths in -80_i32..80) {
        let shift = eighths as f32 / 8.0;
        let shifted: Vec<Row> =
            rows.iter().map(|r| Row { reward: r.reward + shift, ..r.clone() }).collect();
        for estimator in centred() {
            // Eighths are exact in f32, so even the bits must agree.
            prop_assert_eq!(advantages(&rows, &estimator), advantages(&shifted, &estimator));
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(rows in any_rows(), by in 0_usize..40) {
        let by = by % rows.len();
        let mut turned = rows.clone();
        turned.rotate_left(by);
        turned.reverse();
        for estimator in centred() {
            let mut expect = advantages(&rows, &estimator);
            expect.rotate_left(by);
            expect.reverse();
            prop_assert_eq!(advantages(&turned, &estimator), expect);
        }
    }

    #[test]
    fn credit_sums_to_zero(rows in any_rows()) {
        for estimator in centred() {
            let sum: f64 = advantages(&rows, &estimator)
                .iter()
                .zip(&rows)
                .map(|(&a, r)| match estimator {
                    Estimator::TrrPlusPlus { level: Level::Token, .. }
                    | Estimator::ReinforcePlusPlus { level: Level::Token, .. } => {
                        f64::from(a) * r.n_tokens as f64
                    }
                    _ => f64::from(a),
                })
                .sum();
            prop_assert!(sum.abs() < 1e-2, "{:?}: {}", estimator, sum);
        }
    }
}

//! Reward tables, row by row.

use quaero_types::{Fault, Kind, Origin, Proposed, Rejection, Role, Secret, TaskId, TaskRole};

use super::*;
use crate::{Combine, Estimator, Level, Row, Term, advantages};

fn verdict(status: Status, score: f32, format: bool) -> Verdict {
    Verdict { score, status, reason: String::new(), format }
}

fn task(format: bool) -> Judged {
    let kind = Kind::new("python", "deduction");
    let task = Task {
        id: TaskId::of(&kind, "k"),
        kind,
        public: "{}".into(),
        parents: Vec::new(),
        origin: Origin::Seed,
        metrics: Default::default(),
    };
    let proposed = Proposed {
        public: "{}".into(),
        secret: Secret::new("{}"),
        key: "k".into(),
        holdout_key: "h".into(),
        format,
        metrics: Vec::new(),
    };
    Judged::Task(task, proposed)
}

/// A rate of `n_right` of `n_judged`, after `n_faults` faults.
fn rate(n_right: usize, n_judged: usize, n_faults: usize) -> SolveRate {
    let right = verdict(Status::Ok, 1.0, true);
    let wrong = verdict(Status::Wrong, 0.0, true);
    let fault = verdict(Status::Fault, 0.0, true);
    std::iter::repeat_n(&right, n_right)
        .chain(std::iter::repeat_n(&wrong, n_judged - n_right))
        .chain(std::iter::repeat_n(&fault, n_faults))
        .collect()
}

/// The reward of a proposal by a signal of the solve rate.
fn reward(table: &ProposerRewards, judged: &Judged, rate: &SolveRate) -> Option<f32> {
    let Signal::Rate(learnability) = table.signal else { unreachable!() };
    table.reward(judged, learnability.of_rate(rate))
}

#[test]
fn solver_table() {
    #[track_caller]
    fn check(graded: bool, status: Status, score: f32, format: bool, expect: Option<f32>) {
        let mut table = RewardTable::azr_release().solver;
        table.graded = graded;
        assert_eq!(table.reward(&verdict(status, score, format)), expect);
    }
    check(false, Status::Ok, 1.0, true, Some(1.0));
    check(false, Status::Ok, 1.0, false, Some(-1.0));
    check(false, Status::Wrong, 0.0, true, Some(-0.5));
    check(false, Status::Wrong, 0.0, false, Some(-1.0));
    check(false, Status::Wrong, 0.4, true, Some(-0.5));
    check(true, Status::Wrong, 0.4, true, Some(0.4));
    check(true, Status::Wrong, 0.0, true, Some(-0.5));
    check(true, Status::Ok, 1.0, true, Some(1.0));
    check(false, Status::Timeout, 0.0, true, Some(-0.5));
    check(false, Status::Crashed, 0.0, true, Some(-0.5));
    check(false, Status::Unparsable, 0.0, true, Some(-1.0));
    check(false, Status::Fault, 0.0, true, None);
    check(false, Status::Fault, 0.0, false, None);
}

#[test]
fn proposer_table() {
    #[track_caller]
    fn check(table: &RewardTable, judged: Judged, rate: SolveRate, expect: Option<f32>) {
        assert_eq!(reward(&table.proposer, &judged, &rate), expect);
    }
    let release = RewardTable::azr_release();
    let paper = RewardTable::azr_paper();
    let rejected = Rejection { cause: "parse".into(), detail: String::new() };
    let fault = Fault { cause: "trap".into(), detail: String::new() };
    check(&release, Judged::Rejected(rejected), SolveRate::default(), Some(-1.0));
    check(&release, Judged::Fault(fault), rate(4, 8, 0), None);
    check(&release, task(false), rate(4, 8, 0), Some(-1.0));
    check(&release, task(true), rate(1, 8, 0), Some(0.875));
    check(&release, task(true), rate(7, 8, 0), Some(0.125));
    check(&release, task(true), rate(3, 4, 4), Some(0.25));
    check(&release, task(true), rate(0, 8, 0), Some(-0.5));
    check(&release, task(true), rate(8, 8, 0), Some(-0.5));
    check(&paper, task(true), rate(0, 8, 0), Some(0.0));
    check(&paper, task(true), rate(8, 8, 0), Some(0.0));
    check(&paper, task(true), rate(0, 0, 8), None);
    let mut inverse = release.clone();
    inverse.proposer.signal = Signal::Rate(Learnability::Inverse);
    check(&inverse, task(true), rate(0, 8, 0), Some(1.0));
    check(&inverse, task(true), rate(8, 8, 0), Some(-0.5));
}

#[test]
fn terms_count_where_there_is_something_to_learn() {
    let mut table = RewardTable::azr_release().proposer;
    let term = Term { measure: "complexity".to_owned(), coef: 1.0, max: 0.5 };
    table.terms = Terms { terms: vec![term], combine: Combine::Sum };
    let Judged::Task(mut measured, proposed) = task(true) else { unreachable!() };
    measured.metrics.insert("complexity".to_owned(), 0.25);
    let judged = Judged::Task(measured, proposed);
    assert_eq!(reward(&table, &judged, &rate(1, 8, 0)), Some(1.125));
    assert_eq!(reward(&table, &judged, &rate(8, 8, 0)), Some(-0.5), "nothing to learn");
    assert_eq!(reward(&table, &task(true), &rate(1, 8, 0)), Some(0.875), "not measured");
    assert_eq!(reward(&table, &task(false), &rate(1, 8, 0)), Some(-1.0));
    table.signal = Signal::Rate(Learnability::Ssr);
    assert_eq!(reward(&table, &judged, &rate(8, 8, 0)), Some(-0.8), "as bad as it is");
}

/// Values computed in Python from the formulas of the papers named in [`Learnability`].
#[test]
fn proposer_rewards_by_solve_rate() {
    #[track_caller]
    fn check(learnability: Learnability, expect: [f64; 5]) {
        for (rate, expect) in [0.0, 0.125, 0.5, 0.875, 1.0].into_iter().zip(expect) {
            let got = learnability.of(rate);
            assert!((got - expect).abs() < 1e-6, "{learnability:?} at {rate}: {got}, not {expect}");
        }
    }
    check(Learnability::OneMinus, [0.0, 0.875, 0.5, 0.125, 0.0]);
    check(Learnability::Inverse, [1.0, 0.875, 0.5, 0.125, 0.0]);
    check(Learnability::Uncertainty, [0.0, 0.25, 1.0, 0.25, 0.0]);
    check(Learnability::Variance, [0.043_936_9, 0.372_034_2, 1.0, 0.372_034_2, 0.043_936_9]);
    check(Learnability::Band, [0.0, 1.0, 1.0, 1.0, 0.0]);
    check(Learnability::Ssr, [-0.8, 0.775, 0.1, -0.575, -0.8]);
    check(Learnability::Validity, [1.0; 5]);
}

#[test]
fn ssr_and_azr_rank_valid_proposals_alike() {
    let rows = |learnability| -> Vec<Row> {
        let mut table = RewardTable::azr_paper().proposer;
        table.signal = Signal::Rate(learnability);
        let kind = Kind::new("python", "deduction");
        [0, 1, 3, 4, 7, 8, 2]
            .into_iter()
            .map(|n_right| Row {
                task_role: TaskRole { role: Role::Propose, kind: kind.clone() },
                group: 0,
                n_tokens: 10 + n_right,
                reward: reward(&table, &task(true), &rate(n_right, 8, 0)).unwrap(),
            })
            .collect()
    };
    for estimator in [
        Estimator::TrrPlusPlus { level: Level::Token, eps: 1e-12 },
        Estimator::TrrPlusPlus { level: Level::Sequence, eps: 1e-12 },
        Estimator::Grpo { divide_by_std: true, eps: 1e-12 },
        Estimator::ReinforcePlusPlus { level: Level::Token, eps: 1e-12 },
    ] {
        let azr = advantages(&rows(Learnability::OneMinus), &estimator);
        let ssr = advantages(&rows(Learnability::Ssr), &estimator);
        for (azr, ssr) in azr.iter().zip(&ssr) {
            assert!((azr - ssr).abs() < 1e-6, "{estimator:?}: {azr} and {ssr}");
        }
        assert!(azr.iter().any(|a| a.abs() > 0.5), "the rewards differ");
    }
}

#[test]
fn an_unknown_key_is_refused() {
    let mut text = serde_json::to_value(RewardTable::azr_release()).unwrap();
    assert_eq!(
        serde_json::from_value::<RewardTable>(text.clone()).unwrap(),
        RewardTable::azr_release()
    );
    text["solver"]["rihgt"] = 1.0.into();
    assert!(serde_json::from_value::<RewardTable>(text).is_err());
}

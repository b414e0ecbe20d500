//! Each fault counts once, whatever the round is for.

use std::collections::BTreeMap;

use quaero_types::{Fault, Kind, Origin, Status, Trace};

use super::*;

fn round(purpose: Purpose, statuses: &[Status]) -> Round {
    let kind = Kind::new("python", "deduction");
    let task = Arc::new(Task {
        id: TaskId::of(&kind, "t"),
        kind,
        public: "{}".to_owned(),
        parents: Vec::new(),
        origin: Origin::Seed,
        metrics: BTreeMap::new(),
    });
    let mut round = Round::new(purpose, vec![Arc::clone(&task)], statuses.len(), Key::new(1));
    for &status in statuses {
        let trace = Trace::one_turn(&[1], &[2], vec![0.0]);
        let attempt = Attempt { task: Arc::clone(&task), group_idx: 0, seed: 1, trace };
        round.attempts.push(attempt);
        let reason = String::new();
        round.verdicts.push(Verdict { score: 0.0, status, reason, format: true });
    }
    round
}

/// Issue 20: attempts that both estimate and train were counted as two.
#[test]
fn issue_20_faults_are_counted_once_with_keep_estimates() {
    #[track_caller]
    fn check(rounds: Vec<Round>, n_faults: usize) {
        let work = Work { n_faults: 1, ..Work::default() };
        let fault = Fault { cause: "trap".to_owned(), detail: String::new() };
        let judged = vec![Judged::Fault(fault)];
        let rounds = Played { rounds, work, judged, ..Played::default() };
        assert_eq!(rounds.n_faults(), n_faults, "one did not open, one proposal, the attempts");
        let trained: usize = rounds.training().map(|round| round.attempts.len()).sum();
        assert_eq!(trained, 2);
    }
    let faulty = [Status::Ok, Status::Fault];
    let again = || round(Purpose::Reevaluation, &[Status::Fault]);
    check(vec![round(Purpose::Both, &faulty), again()], 2 + 2);
    let apart = [round(Purpose::Estimate, &faulty), round(Purpose::Practice, &faulty), again()];
    check(Vec::from(apart), 2 + 3);
}

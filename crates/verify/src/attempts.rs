//! Attempts to verdicts.

use std::collections::BTreeMap;

use quaero_runtime::Host;
use quaero_types::{
    Attempt, Episode, Fault, Finish, Opening, Reply, Role, Status, TaskId, Verdict,
};

use crate::Gold;
use crate::proposals::contract;

/// Judges every attempt, in order. Equal answers to one task are judged once.
#[must_use]
pub fn attempts(host: &Host, gold: &Gold, attempts: &[Attempt]) -> Vec<Verdict> {
    let mut first: BTreeMap<(TaskId, &str, bool), Option<usize>> = BTreeMap::new();
    let mut episodes = Vec::new();
    let mut episode_of = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        let cut = attempt.trace.finish == Finish::Length;
        let same = first.entry((attempt.task.id, &attempt.trace.text, cut)).or_insert_with(|| {
            episodes.push(solver_episode(gold, attempt)?);
            Some(episodes.len() - 1)
        });
        episode_of.push(*same);
    }
    let verdicts: Vec<Verdict> = host.step(&episodes).into_iter().map(judge).collect();
    let verdict = |idx: Option<usize>| idx.map_or_else(unjudged, |idx| verdicts[idx].clone());
    episode_of.into_iter().map(verdict).collect()
}

fn solver_episode(gold: &Gold, attempt: &Attempt) -> Option<Episode> {
    Some(Episode {
        opening: Opening {
            kind: attempt.task.kind.clone(),
            role: Role::Solve,
            seed: attempt.seed,
            public: attempt.task.public.clone(),
            references: Vec::new(),
        },
        secret: Some(gold.get(attempt.task.id)?.clone()),
        turns: Vec::new(),
        completion: attempt.trace.text.clone(),
        truncated: attempt.trace.finish == Finish::Length,
    })
}

fn judge(reply: Option<Result<Reply, Fault>>) -> Verdict {
    match reply {
        None => unjudged(),
        Some(Ok(Reply::Verdict(verdict))) => verdict,
        Some(Ok(Reply::Proposed(_) | Reply::Rejected(_))) => {
            fault(&contract("a proposal to a solver"))
        }
        Some(Ok(Reply::Observation(_))) => fault(&contract("a second turn to a solver")),
        Some(Err(failed)) => fault(&failed),
    }
}

fn unjudged() -> Verdict {
    fault(&contract("nothing: its gold answer or its family is gone"))
}

fn fault(fault: &Fault) -> Verdict {
    Verdict {
        score: 0.0,
        status: Status::Fault,
        reason: format!("{}: {}", fault.cause, fault.detail),
        format: true,
    }
}

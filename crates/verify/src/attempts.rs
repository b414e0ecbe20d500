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
    let mut first: BTreeMap<(TaskId, &str, bool), usize> = BTreeMap::new();
    let mut by_family: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut twin = Vec::with_capacity(attempts.len());
    for (idx, attempt) in attempts.iter().enumerate() {
        let cut = attempt.trace.finish == Finish::Length;
        let same = *first.entry((attempt.task.id, &attempt.trace.text, cut)).or_insert(idx);
        if same == idx {
            by_family.entry(&attempt.task.kind.family).or_default().push(idx);
        }
        twin.push(same);
    }
    let mut verdicts: BTreeMap<usize, Verdict> = BTreeMap::new();
    for (name, indices) in by_family {
        let Some(family) = host.family(name) else { continue };
        let (indices, episodes): (Vec<usize>, Vec<Episode>) = indices
            .into_iter()
            .filter_map(|idx| Some((idx, solver_episode(gold, &attempts[idx])?)))
            .unzip();
        for (idx, reply) in indices.into_iter().zip(family.step(&episodes)) {
            verdicts.insert(idx, judge(reply));
        }
    }
    let unjudged = || fault(&contract("nothing: its gold answer or its family is gone"));
    twin.iter().map(|idx| verdicts.get(idx).cloned().unwrap_or_else(unjudged)).collect()
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

fn judge(reply: Result<Reply, Fault>) -> Verdict {
    match reply {
        Ok(Reply::Verdict(verdict)) => verdict,
        Ok(Reply::Proposed(_) | Reply::Rejected(_)) => fault(&contract("a proposal to a solver")),
        Ok(Reply::Observation(_)) => fault(&contract("a second turn to a solver")),
        Err(failed) => fault(&failed),
    }
}

fn fault(fault: &Fault) -> Verdict {
    Verdict {
        score: 0.0,
        status: Status::Fault,
        reason: format!("{}: {}", fault.cause, fault.detail),
        format: true,
    }
}

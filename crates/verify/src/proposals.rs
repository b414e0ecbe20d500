//! Proposals to tasks.

use quaero_runtime::Host;
use quaero_types::{
    Episode, Fault, Finish, Judged, Kind, Origin, Proposal, Proposed, Reply, Task, TaskId,
};

/// Judges every proposal, in order. What becomes a task was proposed in `step`.
#[must_use]
pub fn proposals(host: &Host, proposals: &[Proposal], step: u64) -> Vec<Judged> {
    let episodes: Vec<Episode> = proposals.iter().map(proposer_episode).collect();
    let replies = host.step(&episodes).into_iter();
    proposals.iter().zip(replies).map(|(proposal, reply)| judge(proposal, reply, step)).collect()
}

/// Mints the task that a family vouches for.
#[must_use]
pub fn mint(kind: &Kind, proposed: &Proposed, parents: Vec<TaskId>, origin: Origin) -> Task {
    Task {
        id: TaskId::of(kind, &proposed.key),
        kind: kind.clone(),
        public: proposed.public.clone(),
        parents,
        origin,
        metrics: proposed.metrics.iter().cloned().collect(),
    }
}

/// Both halves of a proposed task as one JSON object, for a person who asked for it.
#[must_use]
pub fn wire(proposed: &Proposed) -> String {
    // Both halves are JSON already: the runtime has checked them.
    format!("{{\"public\":{},\"secret\":{}}}", proposed.public, proposed.secret.reveal())
}

fn proposer_episode(proposal: &Proposal) -> Episode {
    Episode {
        opening: proposal.opening.clone(),
        secret: None,
        turns: Vec::new(),
        completion: proposal.trace.text.clone(),
        truncated: proposal.trace.finish == Finish::Length,
    }
}

fn judge(proposal: &Proposal, reply: Option<Result<Reply, Fault>>, step: u64) -> Judged {
    match reply {
        None => Judged::Fault(contract("nothing: it is not loaded")),
        Some(Ok(Reply::Proposed(proposed))) => {
            let origin = Origin::Proposed { step, version: proposal.trace.version };
            let task = mint(&proposal.kind, &proposed, proposal.parents.clone(), origin);
            Judged::Task(task, proposed)
        }
        Some(Ok(Reply::Rejected(rejection))) => Judged::Rejected(rejection),
        Some(Ok(Reply::Verdict(_))) => Judged::Fault(contract("a verdict to a proposer")),
        Some(Ok(Reply::Observation(_))) => Judged::Fault(contract("a second turn to a proposer")),
        Some(Err(fault)) => Judged::Fault(fault),
    }
}

pub(crate) fn contract(what: &str) -> Fault {
    Fault { cause: "contract".to_owned(), detail: format!("the family answered {what}") }
}

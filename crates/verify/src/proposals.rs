//! Proposals to tasks.

use quaero_runtime::Host;
use quaero_types::{Episode, Fault, Finish, Judged, Origin, Proposal, Reply};

use crate::mint::mint;

/// Judges every proposal, in order. What becomes a task was proposed in `step`.
#[must_use]
pub fn proposals(host: &Host, proposals: &[Proposal], step: u64) -> Vec<Judged> {
    let episodes: Vec<Episode> = proposals.iter().map(proposer_episode).collect();
    let replies = host.step(&episodes).into_iter();
    proposals.iter().zip(replies).map(|(proposal, reply)| judge(proposal, reply, step)).collect()
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

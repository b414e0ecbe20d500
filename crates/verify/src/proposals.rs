//! Proposals to tasks.

use std::collections::BTreeMap;

use quaero_runtime::Host;
use quaero_types::{
    Episode, Fault, Finish, Judged, Kind, Origin, Proposal, Proposed, Reply, Task, TaskId,
};

/// Judges every proposal, in order. One batch per family, so that its programs run on all cores.
#[must_use]
pub fn proposals(host: &Host, proposals: &[Proposal], origin: Origin) -> Vec<Judged> {
    let mut by_family: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (idx, proposal) in proposals.iter().enumerate() {
        by_family.entry(&proposal.kind.family).or_default().push(idx);
    }
    let mut judged: Vec<Option<Judged>> = vec![None; proposals.len()];
    for (name, indices) in by_family {
        let Some(family) = host.family(name) else {
            let fault = Fault {
                cause: "no_family".to_owned(),
                detail: format!("no loaded family is named {name}"),
            };
            indices.iter().for_each(|&idx| judged[idx] = Some(Judged::Fault(fault.clone())));
            continue;
        };
        let episodes: Vec<Episode> =
            indices.iter().map(|&idx| proposer_episode(&proposals[idx])).collect();
        for (idx, reply) in indices.into_iter().zip(family.step(&episodes)) {
            judged[idx] = Some(judge(&proposals[idx], reply, origin));
        }
    }
    let missing =
        || Judged::Fault(Fault { cause: "contract".to_owned(), detail: "no reply".to_owned() });
    judged.into_iter().map(|one| one.unwrap_or_else(missing)).collect()
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

fn judge(proposal: &Proposal, reply: Result<Reply, Fault>, origin: Origin) -> Judged {
    match reply {
        Ok(Reply::Proposed(proposed)) => {
            let task = mint(&proposal.kind, &proposed, proposal.parents.clone(), origin);
            Judged::Task(task, proposed)
        }
        Ok(Reply::Rejected(rejection)) => Judged::Rejected(rejection),
        Ok(Reply::Verdict(_)) => Judged::Fault(contract("a verdict to a proposer")),
        Ok(Reply::Observation(_)) => Judged::Fault(contract("a second turn to a proposer")),
        Err(fault) => Judged::Fault(fault),
    }
}

pub(crate) fn contract(what: &str) -> Fault {
    Fault { cause: "contract".to_owned(), detail: format!("the family answered {what}") }
}

//! What either role is asked, and what its traces are to the judges. The keys of both roles'
//! randomness are made here and nowhere else.

use std::sync::Arc;

use quaero_rng::Key;
use quaero_types::{Attempt, Kind, Opening, Pair, Proposal, Role, Task, TaskId};

use crate::{Error, Player, Request, Work, play};

/// A proposal to be written.
#[derive(Clone, Debug)]
pub struct ProposeRequest {
    /// What kind of task.
    pub kind: Kind,
    /// Tasks to show, with their ids for lineage.
    pub references: Vec<(TaskId, Pair)>,
}

/// Plays the proposer: one proposal a request, in their order.
///
/// # Errors
/// When a kind has no family or the engine fails.
pub fn propose(
    player: &mut Player<'_>,
    asked: &[ProposeRequest],
    key: Key,
) -> Result<(Vec<Proposal>, Work), Error> {
    let request = |(one, idx): (&ProposeRequest, u64)| {
        let references = one.references.iter().map(|(_, pair)| pair.clone()).collect();
        request(&one.kind, Role::Propose, "", references, 1, key.with(idx))
    };
    let requests: Vec<Request> = asked.iter().zip(0..).map(request).collect();
    let (written, work) = play(player, &requests)?;
    let proposal = |(idx, trace): (usize, _)| Proposal {
        kind: asked[idx].kind.clone(),
        opening: requests[idx].opening.clone(),
        parents: asked[idx].references.iter().map(|(id, _)| *id).collect(),
        trace,
    };
    Ok((written.into_iter().map(proposal).collect(), work))
}

/// Plays the solver: `n_samples` attempts at each task, in their order. `group_idx` of an attempt
/// is its task's index in `tasks`.
///
/// # Errors
/// When a kind has no family or the engine fails.
pub fn solve(
    player: &mut Player<'_>,
    tasks: &[Arc<Task>],
    n_samples: usize,
    key: Key,
) -> Result<(Vec<Attempt>, Work), Error> {
    let request = |(task, idx): (&Arc<Task>, u64)| {
        let key = key.with(task.id.low64()).with(idx);
        request(&task.kind, Role::Solve, &task.public, Vec::new(), n_samples, key)
    };
    let requests: Vec<Request> = tasks.iter().zip(0..).map(request).collect();
    let (written, work) = play(player, &requests)?;
    let attempt = |(group_idx, trace): (usize, _)| Attempt {
        task: Arc::clone(&tasks[group_idx]),
        group_idx,
        seed: requests[group_idx].opening.seed,
        trace,
    };
    Ok((written.into_iter().map(attempt).collect(), work))
}

fn request(
    kind: &Kind,
    role: Role,
    public: &str,
    references: Vec<Pair>,
    n_samples: usize,
    key: Key,
) -> Request {
    let (kind, public) = (kind.clone(), public.to_owned());
    let opening = Opening { kind, role, seed: key.seed(), public, references };
    Request { opening, n_samples, key: key.named("tokens") }
}

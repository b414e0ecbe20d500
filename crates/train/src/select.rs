//! What is asked in a step: of proposers by the mix, with references from the buffers; of solvers
//! the fresh tasks, and old ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use quaero_play::ProposeRequest;
use quaero_pool::{Order, Stored};
use quaero_rng::Key;
use quaero_types::{Kind, Pair, Task, TaskId};

use crate::mix::manifest_kind;
use crate::round::{Played, Purpose, Round};
use crate::world::{Pool, World};
use crate::{Error, reevaluate};

/// This step's proposals; none when the proposer is not trained.
pub(crate) fn proposals(
    world: &World<'_>,
    pool: &Pool,
    step: u64,
) -> Result<Vec<ProposeRequest>, Error> {
    let mut asked = Vec::new();
    if world.options.propose.train {
        let key = world.key(step).named("references");
        for (kind, n) in &world.options.mix {
            asked.extend(of_kind(world, pool, kind, *n, key.named(&kind.to_string()))?);
        }
    }
    Ok(asked)
}

/// `n` proposals of `kind` with what they show; none while the kind's references are missing.
pub(crate) fn of_kind(
    world: &World<'_>,
    pool: &Pool,
    kind: &Kind,
    n: usize,
    key: Key,
) -> Result<Vec<ProposeRequest>, Error> {
    let manifest = manifest_kind(world.host, kind)?;
    let sources: Vec<Kind> = match manifest.references_from.as_slice() {
        [] => vec![kind.clone()],
        names => names.iter().map(|name| Kind::new(&kind.family, name)).collect(),
    };
    let exactly = manifest.references_exactly as usize;
    let options = world.options.propose;
    let k = if exactly > 0 { exactly } else { options.references };
    let mut asked = Vec::with_capacity(n);
    for idx in 0..n {
        let stored = pool.store.references(&sources, k, options.order, key.with(idx as u64))?;
        if stored.len() < exactly {
            return Ok(Vec::new());
        }
        let shown = |Stored { task, secret }| (task.id, Pair { public: task.public, secret });
        let references = stored.into_iter().map(shown).collect();
        asked.push(ProposeRequest { kind: kind.clone(), references });
    }
    Ok(asked)
}

/// The tasks to attempt: the fresh ones, old ones so far as a kind has too few fresh, and those to
/// be compared with how they were solved before.
pub(crate) fn attempts(
    world: &World<'_>,
    pool: &Pool,
    mut played: Played,
    step: u64,
) -> Result<Played, Error> {
    let options = world.options.solve;
    let fresh = std::mem::take(&mut played.fresh);
    let fresh = played.with_gold(fresh);
    let mut all = fresh.clone();
    for (kind, _) in &world.options.mix {
        all.extend(played.with_gold(replayed(world, pool, kind, &fresh, step)?));
    }
    if all.is_empty() {
        return Err(Error::NothingToSolve { step });
    }
    let again = played.with_gold(reevaluate::draw(world, pool, step)?);
    let mut round = |purpose, tasks: Vec<Arc<Task>>, n_samples, name: &str| {
        played.rounds.push(Round::new(purpose, tasks, n_samples, world.key(step).named(name)));
    };
    if options.keep_estimates {
        round(Purpose::Both, all, options.samples, "solve");
    } else {
        round(Purpose::Estimate, fresh, options.samples, "estimate");
        round(Purpose::Practice, all, 1, "solve");
    }
    // The names are part of the run's randomness.
    round(Purpose::Reevaluation, again, options.samples, "retest");
    Ok(played)
}

/// Tasks of the buffer of `kind` that make up for what it lacks of `fresh` ones.
fn replayed(
    world: &World<'_>,
    pool: &Pool,
    kind: &Kind,
    fresh: &[Arc<Task>],
    step: u64,
) -> Result<Vec<Stored>, Error> {
    let n_fresh = fresh.iter().filter(|task| task.kind == *kind).count();
    let missing = world.options.solve.tasks_per_kind.saturating_sub(n_fresh);
    if missing == 0 {
        return Ok(Vec::new());
    }
    let key = world.key(step).named("replay").named(&kind.to_string());
    let except: BTreeSet<TaskId> = fresh.iter().map(|task| task.id).collect();
    // Fresh tasks are in the buffer already: draw enough to leave them out.
    let drawn = pool.store.replay(kind, missing + except.len(), Order::Uniform, key)?;
    Ok(drawn.into_iter().filter(|one| !except.contains(&one.task.id)).take(missing).collect())
}

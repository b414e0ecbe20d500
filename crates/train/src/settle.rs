//! From attempts to verdicts, and to what these say of each task.

use std::collections::BTreeMap;

use quaero_advantage::SolveRate;
use quaero_types::TaskId;

use crate::Error;
use crate::reevaluate::{self, Compared};
use crate::round::{Played, rates};
use crate::world::{Pool, World};

/// All that was played in a step, judged.
#[derive(Debug, Default)]
pub(crate) struct Graded {
    pub(crate) played: Played,
    /// How often each task was solved whose difficulty was estimated.
    pub(crate) rates: BTreeMap<TaskId, SolveRate>,
    /// What changed since earlier steps.
    pub(crate) compared: Compared,
}

/// Judges the attempts and sums up their verdicts.
pub(crate) fn settle(
    world: &World<'_>,
    pool: &mut Pool,
    mut played: Played,
    step: u64,
) -> Result<Graded, Error> {
    for round in &mut played.rounds {
        round.verdicts = quaero_verify::attempts(world.host, &played.gold, &round.attempts);
    }
    let rates = rates(played.estimates());
    let compared = match &world.options.reevaluation {
        Some(options) => reevaluate::compare(world, pool, options, &played, step)?,
        None => Compared::default(),
    };
    Ok(Graded { played, rates, compared })
}

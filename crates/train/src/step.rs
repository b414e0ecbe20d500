//! One step of self-play, as data flows.

use crate::admit::admit;
use crate::credit::credit;
use crate::record::{Meter, Record};
use crate::settle::settle;
use crate::world::{Cast, Pool, World, learn};
use crate::{Error, Observer, select};

/// Plays and learns once; returns who plays next and what happened.
pub(crate) fn step(
    world: &World<'_>,
    mut cast: Cast,
    pool: &mut Pool,
    watch: &mut dyn Observer,
    step: u64,
) -> Result<(Cast, Record), Error> {
    let mut meter = Meter::start(world.host);
    let asked = meter.time("propose", || select::proposals(world, pool, step))?;
    let key = world.key(step).named("propose");
    let posed = meter.time("propose", || cast.propose(world, watch, &asked, key))?;
    let tasks = meter.time("verify", || admit(world, pool, posed, step))?;
    let asked = meter.time("solve", || select::attempts(world, pool, tasks, step))?;
    let tried = meter.time("solve", || cast.solve(world, watch, asked))?;
    let graded = meter.time("verify", || settle(world, pool, tried, step))?;
    let credit = meter.time("advantage", || credit(world.options, &graded));
    let key = world.key(step).named("update");
    let (cast, stats) = meter.time("update", || learn(cast, &credit.batch, key))?;
    Ok((cast, Record { step, meter, graded, credit, stats }))
}

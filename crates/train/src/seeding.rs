//! The phase before the first update: the base model fills the buffers from the family's own seed
//! tasks (AZR: from the identity triplet). Nothing is learned here; it is step 0 of the run.

use quaero_play::Work;
use quaero_types::{Kind, Origin};
use quaero_verify::mint;

use crate::admit::admit;
use crate::mix::manifest_kind;
use crate::world::{Cast, Pool, World};
use crate::{Error, Observer, select};

/// Fills every kind's buffer; kinds that need others' tasks as references come last. AZR starts
/// abduction and deduction from one shared set; here each kind fills its own.
pub(crate) fn fill(
    world: &World<'_>,
    cast: &mut Cast,
    pool: &mut Pool,
    watch: &mut dyn Observer,
) -> Result<Work, Error> {
    let mut kinds: Vec<(Kind, usize)> = world.options.mix.clone();
    kinds.sort_by_key(|(kind, _)| {
        manifest_kind(world.host, kind).map_or(0, |manifest| manifest.references_exactly)
    });
    for (kind, _) in &kinds {
        add_family_seeds(world, pool, kind)?;
    }
    let mut work = Work::default();
    for (kind, n) in kinds {
        let wanted = world.options.seeding.tasks_per_kind;
        for round in 0..world.options.seeding.rounds_max {
            let size = pool.store.size(&kind);
            watch.progress(size.min(wanted) as u64, wanted as u64);
            if size >= wanted {
                break;
            }
            let key = world.key(0).named("seeding").named(&kind.to_string()).with(round as u64);
            let asked = select::of_kind(world, pool, &kind, n, key)?;
            let posed = cast.propose(world, watch, &asked, key.named("propose"))?;
            let tasks = admit(world, pool, posed, 0)?;
            work.add(tasks.work);
        }
    }
    Ok(work)
}

fn add_family_seeds(world: &World<'_>, pool: &mut Pool, kind: &Kind) -> Result<(), Error> {
    let Some(family) = world.host.family(&kind.family) else { return Ok(()) };
    let seeds = family.seeds(&kind.name).map_err(|fault| Error::Family {
        family: kind.family.clone(),
        action: "give its seed tasks",
        why: format!("{}: {}", fault.cause, fault.detail),
    })?;
    for proposed in &seeds {
        // A seed that is held out or given twice is simply not in the buffer.
        let _ = pool.store.add(&mint(kind, proposed, Vec::new(), Origin::Seed), proposed)?;
    }
    Ok(())
}

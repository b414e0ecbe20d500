//! The phase before the first update: the base model fills the buffers from the family's own seed
//! tasks (AZR: from the identity triplet). Nothing is learned here; it is step 0 of the run.

use quaero_policy::Policy;
use quaero_types::{Kind, Origin};
use quaero_verify::mint;

use crate::run::Run;
use crate::{Error, play, select};

/// Fills every kind's buffer; kinds that need others' tasks as references come last. AZR starts
/// abduction and deduction from one shared set; here each kind fills its own.
pub(crate) fn fill(run: &mut Run<'_>, policy: &Policy) -> Result<(), Error> {
    let mut kinds: Vec<(Kind, usize)> = run.options.mix.clone();
    kinds.sort_by_key(|(kind, _)| {
        select::manifest_kind(run.host, kind).map_or(0, |manifest| manifest.references_exactly)
    });
    for (kind, _) in &kinds {
        add_family_seeds(run, kind)?;
    }
    for (kind, n) in kinds {
        let wanted = run.options.seeding.tasks_per_kind;
        for round in 0..run.options.seeding.rounds_max {
            run.observer.progress(run.pool.size(&kind).min(wanted) as u64, wanted as u64);
            if run.pool.size(&kind) >= wanted {
                break;
            }
            let key = run.key(0).named("seeding").named(&kind.to_string()).with(round as u64);
            let commissions = select::of_kind(run, &kind, n, key)?;
            let proposals = play::propose_under(run, policy, commissions, key.named("propose"))?;
            play::verify_proposals(run, policy, proposals, 0)?;
        }
    }
    Ok(())
}

fn add_family_seeds(run: &mut Run<'_>, kind: &Kind) -> Result<(), Error> {
    let Some(family) = run.host.family(&kind.family) else { return Ok(()) };
    let seeds = family.seeds(&kind.name).map_err(|fault| Error::Family {
        family: kind.family.clone(),
        action: "give its seed tasks",
        why: format!("{}: {}", fault.cause, fault.detail),
    })?;
    for proposed in &seeds {
        // A seed that is held out or given twice is simply not in the buffer.
        let _ = run.pool.add(&mint(kind, proposed, Vec::new(), Origin::Seed), proposed)?;
    }
    Ok(())
}

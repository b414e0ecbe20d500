//! From proposals to tasks of the pool.

use quaero_pool::Stored;
use quaero_types::Judged;
use quaero_verify::proposals as judge;

use crate::Error;
use crate::round::Played;
use crate::world::{Pool, World};

/// Judges the proposals and puts the valid ones into the pool. A task that is there already or is
/// held out becomes a rejection.
pub(crate) fn admit(
    world: &World<'_>,
    pool: &mut Pool,
    posed: Played,
    step: u64,
) -> Result<Played, Error> {
    let mut judged = judge(world.host, &posed.proposals, step);
    // Among the tasks before these: none is added yet.
    for one in &mut judged {
        if let Judged::Task(task, proposed) = one {
            let diversity = pool.store.answer_diversity(&task.kind, &proposed.secret)?;
            task.metrics.insert("answer_diversity".to_owned(), diversity);
        }
    }
    let mut fresh = Vec::new();
    for one in &mut judged {
        if let Judged::Task(task, proposed) = one {
            match pool.store.add(task, proposed)? {
                Ok(()) => {
                    fresh.push(Stored { task: task.clone(), secret: proposed.secret.clone() });
                }
                Err(rejection) => *one = Judged::Rejected(rejection),
            }
        }
    }
    Ok(Played { judged, fresh, ..posed })
}

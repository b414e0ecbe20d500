//! The run's probe set: graded by its first weights, kept as `probe.json`, the same ever after.

use std::path::Path;

use quaero_evals::{Grading, Probe};
use quaero_rng::Key;

use crate::world::{Cast, World};
use crate::{Error, Observer};

pub(crate) const FILE: &str = "probe.json";

/// The probe set of the run in `folder`; `None` if none is wanted. `cast` still has the weights
/// that the run began with: a set that is missing is graded by them, so a run that resumes has the
/// one that it would have had from its beginning.
pub(crate) fn of_run(
    folder: &Path,
    world: &World<'_>,
    cast: &mut Cast,
    observer: &mut dyn Observer,
) -> Result<Option<Probe>, Error> {
    let options = world.options;
    let Some(eval) = options.eval.as_ref().filter(|eval| eval.grading.samples > 0) else {
        return Ok(None);
    };
    let path = folder.join(FILE);
    if let Some(probe) = Probe::read(&path, &eval.suite)? {
        return Ok(Some(probe));
    }
    let Grading { samples, tasks_per_kind } = eval.grading;
    let most = match tasks_per_kind {
        0 => "all held-out tasks".to_owned(),
        n => format!("{n} held-out tasks of each kind"),
    };
    observer.phase(&format!("probe set: {most}, graded by {samples} answers each"));
    let key = Key::new(options.seed).named("probe");
    let mut unheard = |_| ();
    let player = &mut cast.player(world, options.solve.limits, &mut unheard);
    let probe = Probe::grade(player, &eval.suite, eval.grading, key)?;
    let text = probe.to_json();
    quaero_weights::write_atomic(&path, text.len() as u64, &mut |out| {
        out.write_all(text.as_bytes())
    })?;
    Ok(Some(probe))
}

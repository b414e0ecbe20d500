//! The run's probe set: graded by its first weights, kept as `probe.json`, the same ever after.

use std::path::Path;

use quaero_engine::Engine;
use quaero_evals::{Grading, Probe};
use quaero_policy::Policy;
use quaero_rng::Key;
use quaero_runtime::Host;

use crate::clock::Stopwatch;
use crate::{Error, Observer, Options};

pub(crate) const FILE: &str = "probe.json";

/// The probe set of the run in `folder` and the seconds that grading it took; `None` if none is
/// wanted. `first` are the weights that the run began with: a set that is missing is graded by
/// them, so a run that goes on has the one that it would have had from its beginning.
pub(crate) fn of_run(
    folder: &Path,
    options: &Options,
    first: &Policy,
    engine: &mut Engine,
    host: &Host,
    observer: &mut dyn Observer,
) -> Result<Option<(Probe, f64)>, Error> {
    let Some(eval) = options.eval.as_ref().filter(|eval| eval.grading.samples > 0) else {
        return Ok(None);
    };
    let path = folder.join(FILE);
    if let Some(probe) = Probe::read(&path, &eval.suite)? {
        return Ok(Some((probe, 0.0)));
    }
    let Grading { samples, tasks_per_kind } = eval.grading;
    let most = match tasks_per_kind {
        0 => "all held-out tasks".to_owned(),
        n => format!("{n} held-out tasks of each kind"),
    };
    observer.phase(&format!("probe set: {most}, graded by {samples} answers each"));
    let watch = Stopwatch::start();
    let key = Key::new(options.seed).named("probe");
    let limits = &options.solve.limits;
    let probe = Probe::grade(first, engine, host, &eval.suite, eval.grading, limits, key)?;
    let text = probe.to_json();
    quaero_weights::write_atomic(&path, text.len() as u64, &mut |out| {
        out.write_all(text.as_bytes())
    })?;
    Ok(Some((probe, watch.seconds())))
}

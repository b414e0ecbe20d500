//! Held-out scores of the policy as it stands.

use quaero_engine::Sampling;
use quaero_evals::{Score, answer};
use quaero_policy::Limits;
use quaero_rng::Key;

use crate::Error;
use crate::world::{Cast, World};

/// The scores after `step`; `None` where none are due.
pub(crate) fn evaluate(
    world: &World<'_>,
    cast: &mut Cast,
    step: u64,
) -> Result<Option<Vec<Score>>, Error> {
    let options = world.options;
    let Some(eval) = &options.eval else { return Ok(None) };
    if !step.is_multiple_of(eval.every) && step != options.steps {
        return Ok(None);
    }
    let (mut scores, mut by_level) = (Vec::new(), Vec::new());
    for (suite, sampling, samples) in [
        (&eval.suite, options.solve.limits.sampling, eval.samples),
        (&eval.greedy_suite, Sampling::greedy(), 1),
    ] {
        let limits = Limits { sampling, ..options.solve.limits };
        let key = Key::new(options.seed).named("eval").with(step);
        let mut unheard = |_| ();
        let player = &mut cast.player(world, limits, &mut unheard);
        let rates = answer(player, &suite.tasks, samples, key)?;
        scores.extend(rates.scores(suite));
        if let Some(probe) = world.probe.as_ref().filter(|_| suite.name == eval.suite.name) {
            by_level = probe.scores(suite, &rates);
        }
    }
    scores.append(&mut by_level);
    Ok(Some(scores))
}

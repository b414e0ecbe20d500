//! What a run consists of, beside its books: what it may read, who can write, what it remembers.

use quaero_engine::Engine;
use quaero_evals::Probe;
use quaero_play::{Player, ProposeRequest, propose, solve};
use quaero_policy::{Limits, Policy};
use quaero_pool::Pool as Store;
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_types::Batch;
use quaero_update::{Learner, Stats};

use crate::deferred::DeferredProposal;
use crate::round::Played;
use crate::{Error, Observer, Options};

/// What is read and never changed.
pub(crate) struct World<'a> {
    pub(crate) host: &'a Host,
    pub(crate) options: &'a Options,
    /// The graded held-out tasks, if any are wanted.
    pub(crate) probe: Option<Probe>,
}

/// Who plays and learns.
pub(crate) struct Cast {
    pub(crate) policy: Policy,
    /// The optimiser, and the frozen weights that a KL penalty measures from.
    pub(crate) learner: Learner,
    pub(crate) engine: Engine,
}

/// What is remembered from step to step.
pub(crate) struct Pool {
    /// Tasks, proposals and attempts.
    pub(crate) store: Store,
    /// Proposals of the last step whose reward is still to come.
    pub(crate) pending: Vec<DeferredProposal>,
}

impl World<'_> {
    /// The root of a step's randomness.
    pub(crate) fn key(&self, step: u64) -> Key {
        Key::new(self.options.seed).named("step").with(step)
    }
}

impl Cast {
    /// The policy as it plays within `limits`.
    pub(crate) fn player<'a>(
        &'a mut self,
        world: &World<'a>,
        limits: Limits,
        on_tokens: &'a mut dyn FnMut(u64),
    ) -> Player<'a> {
        let Self { policy, engine, .. } = self;
        Player { policy, engine, host: world.host, limits, on_tokens }
    }

    /// Writes the proposals that were asked for.
    pub(crate) fn propose(
        &mut self,
        world: &World<'_>,
        watch: &mut dyn Observer,
        asked: &[ProposeRequest],
        key: Key,
    ) -> Result<Played, Error> {
        let mut on_tokens = |n| watch.tokens(n);
        let player = &mut self.player(world, world.options.propose.limits, &mut on_tokens);
        let (proposals, work) = propose(player, asked, key)?;
        Ok(Played { proposals, work, ..Played::default() })
    }

    /// Attempts the tasks of all rounds.
    pub(crate) fn solve(
        &mut self,
        world: &World<'_>,
        watch: &mut dyn Observer,
        mut asked: Played,
    ) -> Result<Played, Error> {
        let mut on_tokens = |n| watch.tokens(n);
        let player = &mut self.player(world, world.options.solve.limits, &mut on_tokens);
        for round in asked.rounds.iter_mut().filter(|round| !round.tasks.is_empty()) {
            let (attempts, work) = solve(player, &round.tasks, round.n_samples, round.key)?;
            round.attempts = attempts;
            asked.work.add(work);
        }
        Ok(asked)
    }
}

/// Learns from `batch`. The weights before are moved in, so that nobody can play them by mistake.
pub(crate) fn learn(cast: Cast, batch: &Batch, key: Key) -> Result<(Cast, Stats), Error> {
    let Cast { policy, mut learner, engine } = cast;
    let (policy, stats) = learner.update(policy, batch, key)?;
    Ok((Cast { policy, learner, engine }, stats))
}

//! One step of self-play, as data flows.

use quaero_policy::Policy;
use quaero_telemetry::Metrics;

use crate::credit::credit;
use crate::run::Run;
use crate::{Error, metrics, play, retest, select};

/// Plays and learns once; returns the next policy and what was measured.
pub(crate) fn step(
    run: &mut Run<'_>,
    policy: Policy,
    step: u64,
) -> Result<(Policy, Metrics), Error> {
    let mut timer = metrics::Timer::default();
    let references = timer.time("propose", || select::commissions(run, step))?;
    let proposals = timer.time("propose", || play::propose(run, &policy, references, step))?;
    let tasks = timer.time("verify", || play::verify_proposals(run, &policy, proposals, step))?;
    let attempts = timer.time("solve", || play::solve(run, &policy, tasks, step))?;
    let played = timer.time("verify", || play::verify_attempts(run, attempts));
    let memory = timer.time("advantage", || retest::recall(run, &played, step))?;
    let credit = timer.time("advantage", || credit(run.options, &played, &memory));
    let key = run.key(step).named("update");
    let update = || run.learner.update(policy, &credit.batch, key);
    let (policy, stats) = timer.time("update", update)?;
    play::record(run, &played, &memory, &credit)?;
    let metrics = metrics::of_step(run, step, &timer, &played, &memory, &credit, &stats)?;
    run.held = credit.held;
    Ok((policy, metrics))
}

//! From commissions to graded attempts, with the pool between.

use std::collections::BTreeSet;
use std::sync::Arc;

use quaero_policy::Policy;
use quaero_pool::Stored;
use quaero_propose::{Commission, propose as propose_step};
use quaero_rng::Key;
use quaero_solve::solve as solve_step;
use quaero_telemetry::Event;
use quaero_types::{Judged, Origin, Proposal, Role, Secret, Task, TaskId};
use quaero_verify::{Gold, attempts as judge_attempts, proposals as judge_proposals};

use crate::Error;
use crate::credit::{Credit, Graded, Played};
use crate::retest::{self, Memory};
use crate::run::Run;

/// The tasks of a step with their gold answers, and what led to them.
pub(crate) struct Tasks {
    proposals: Vec<Proposal>,
    judged: Vec<Judged>,
    fresh: Vec<(Arc<Task>, Secret)>,
}

/// Attempts that wait for their verdicts.
pub(crate) struct Attempts {
    tasks: Tasks,
    gold: Gold,
    estimates: Graded,
    practice: Option<Graded>,
    retests: Graded,
}

/// Lets the policy write what was commissioned.
pub(crate) fn propose(
    run: &mut Run<'_>,
    policy: &Policy,
    commissions: Vec<Commission>,
    step: u64,
) -> Result<Vec<Proposal>, Error> {
    let key = run.key(step).named("propose");
    propose_under(run, policy, commissions, key)
}

/// The same under a key of the caller's.
pub(crate) fn propose_under(
    run: &mut Run<'_>,
    policy: &Policy,
    commissions: Vec<Commission>,
    key: Key,
) -> Result<Vec<Proposal>, Error> {
    let limits = run.options.propose.limits;
    let observer = &mut *run.observer;
    let mut on_tokens = |n| observer.tokens(n);
    let done = propose_step(
        policy,
        &mut run.engine,
        run.host,
        &commissions,
        &limits,
        key,
        &mut on_tokens,
    )?;
    run.count(done.prompts_too_long, done.faults.len());
    Ok(done.written)
}

/// Judges the proposals and puts the valid ones into the pool. A task that is there already or is
/// held out becomes a rejection.
pub(crate) fn verify_proposals(
    run: &mut Run<'_>,
    policy: &Policy,
    proposals: Vec<Proposal>,
    step: u64,
) -> Result<Tasks, Error> {
    let origin = Origin::Proposed { step, version: policy.version };
    let mut judged = judge_proposals(run.host, &proposals, origin);
    // Among the tasks before these: none is added yet.
    for one in &mut judged {
        if let Judged::Task(task, proposed) = one {
            let diversity = run.pool.answer_diversity(&task.kind, &proposed.secret)?;
            task.metrics.insert("answer_diversity".to_owned(), diversity);
        }
    }
    let mut fresh = Vec::new();
    for one in &mut judged {
        if let Judged::Task(task, proposed) = one {
            match run.pool.add(task, proposed)? {
                Ok(()) => fresh.push((Arc::new(task.clone()), proposed.secret.clone())),
                Err(rejection) => *one = Judged::Rejected(rejection),
            }
        }
    }
    Ok(Tasks { proposals, judged, fresh })
}

/// Answers the fresh tasks, old ones so far as a kind has too few fresh, and those to be compared
/// with how they were solved before.
pub(crate) fn solve(
    run: &mut Run<'_>,
    policy: &Policy,
    tasks: Tasks,
    step: u64,
) -> Result<Attempts, Error> {
    let options = run.options.solve;
    let mut gold = Gold::default();
    tasks.fresh.iter().for_each(|(task, secret)| gold.insert(task.id, secret.clone()));
    let fresh: Vec<Arc<Task>> = tasks.fresh.iter().map(|(task, _)| task.clone()).collect();
    let fresh_ids: BTreeSet<TaskId> = fresh.iter().map(|task| task.id).collect();
    let mut all = fresh.clone();
    for (kind, _) in &run.options.mix {
        let n_fresh = fresh.iter().filter(|task| task.kind == *kind).count();
        let missing = options.tasks_per_kind.saturating_sub(n_fresh);
        for stored in replay(run, kind, missing, &fresh_ids, step)? {
            gold.insert(stored.task.id, stored.secret);
            all.push(Arc::new(stored.task));
        }
    }
    if all.is_empty() {
        return Err(Error::NothingToSolve { step });
    }
    let (estimates, practice) = if options.keep_estimates {
        (answer(run, policy, all, options.samples, step, "solve")?, None)
    } else {
        let estimates = answer(run, policy, fresh, options.samples, step, "estimate")?;
        (estimates, Some(answer(run, policy, all, 1, step, "solve")?))
    };
    let mut again = Vec::new();
    for stored in retest::draw(run, step)? {
        gold.insert(stored.task.id, stored.secret);
        again.push(Arc::new(stored.task));
    }
    let retests = match again.is_empty() {
        true => Graded::default(),
        false => answer(run, policy, again, options.samples, step, "retest")?,
    };
    Ok(Attempts { tasks, gold, estimates, practice, retests })
}

/// Judges the attempts.
pub(crate) fn verify_attempts(run: &Run<'_>, attempts: Attempts) -> Played {
    let Attempts { tasks, gold, mut estimates, mut practice, mut retests } = attempts;
    let all = [Some(&mut estimates), practice.as_mut(), Some(&mut retests)];
    for graded in all.into_iter().flatten() {
        graded.verdicts = judge_attempts(run.host, &gold, &graded.attempts);
    }
    Played { proposals: tasks.proposals, judged: tasks.judged, estimates, practice, retests }
}

/// Writes the step into the pool and the event log.
pub(crate) fn record(
    run: &mut Run<'_>,
    played: &Played,
    memory: &Memory,
    credit: &Credit,
) -> Result<(), Error> {
    record_proposals(run, played, credit)?;
    record_late(run, memory, credit);
    record_attempts(run, played.training(), &credit.attempts)?;
    record_attempts(run, &played.retests, &vec![None; played.retests.attempts.len()])
}

fn record_proposals(run: &mut Run<'_>, played: &Played, credit: &Credit) -> Result<(), Error> {
    let step = run.step;
    for (idx, (proposal, judged)) in played.proposals.iter().zip(&played.judged).enumerate() {
        let reward = credit.proposals[idx];
        run.pool.record_proposal(proposal, judged, reward)?;
        let (event, task_id, reason) = match judged {
            Judged::Task(task, _) => ("proposal.accepted", Some(task.id.to_string()), None),
            Judged::Rejected(why) => ("proposal.rejected", None, Some(why.cause.clone())),
            Judged::Fault(why) => ("proposal.fault", None, Some(why.detail.clone())),
        };
        let event = Event {
            event,
            step,
            role: Some(Role::Propose.to_string()),
            kind: Some(proposal.kind.to_string()),
            task_id,
            attempt_idx: Some(idx),
            reason,
            reward,
            n_tokens_in: Some(proposal.sample.prompt.len()),
            n_tokens_out: Some(proposal.sample.tokens.len()),
            ..Event::default()
        };
        run.events.push(&event.to_json());
    }
    Ok(())
}

/// Tells what the proposals of the step before earned.
fn record_late(run: &mut Run<'_>, memory: &Memory, credit: &Credit) {
    for (late, &reward) in memory.late.iter().zip(&credit.late) {
        let event = Event {
            event: "proposal.rewarded",
            step: run.step,
            role: Some(Role::Propose.to_string()),
            kind: Some(late.held.kind.to_string()),
            task_id: late.held.task().map(|id| id.to_string()),
            reward,
            ..Event::default()
        };
        run.events.push(&event.to_json());
    }
}

fn record_attempts(
    run: &mut Run<'_>,
    graded: &Graded,
    rewards: &[Option<f32>],
) -> Result<(), Error> {
    let step = run.step;
    let mut sample_idx = vec![0; graded.tasks.len()];
    for ((attempt, verdict), &reward) in graded.attempts.iter().zip(&graded.verdicts).zip(rewards) {
        let nth = &mut sample_idx[attempt.group_idx];
        run.pool.record_attempt(attempt, *nth, verdict, reward)?;
        let event = Event {
            event: "attempt.judged",
            step,
            role: Some(Role::Solve.to_string()),
            kind: Some(attempt.task.kind.to_string()),
            task_id: Some(attempt.task.id.to_string()),
            group_idx: Some(attempt.group_idx),
            attempt_idx: Some(*nth),
            verdict: Some(verdict.status.name().to_owned()),
            reason: (!verdict.reason.is_empty()).then(|| verdict.reason.clone()),
            reward,
            n_tokens_in: Some(attempt.sample.prompt.len()),
            n_tokens_out: Some(attempt.sample.tokens.len()),
            ..Event::default()
        };
        run.events.push(&event.to_json());
        *nth += 1;
    }
    Ok(())
}

fn replay(
    run: &Run<'_>,
    kind: &quaero_types::Kind,
    n: usize,
    except: &BTreeSet<TaskId>,
    step: u64,
) -> Result<Vec<Stored>, Error> {
    if n == 0 {
        return Ok(Vec::new());
    }
    let key = run.key(step).named("replay").named(&kind.to_string());
    // Fresh tasks are in the buffer already: draw enough to leave them out.
    let drawn = run.pool.replay(kind, n + except.len(), quaero_pool::Order::Uniform, key)?;
    Ok(drawn.into_iter().filter(|one| !except.contains(&one.task.id)).take(n).collect())
}

fn answer(
    run: &mut Run<'_>,
    policy: &Policy,
    tasks: Vec<Arc<Task>>,
    n_samples: usize,
    step: u64,
    name: &str,
) -> Result<Graded, Error> {
    let (limits, key) = (run.options.solve.limits, run.key(step).named(name));
    let observer = &mut *run.observer;
    let mut on_tokens = |n| observer.tokens(n);
    let engine = &mut run.engine;
    let done =
        solve_step(policy, engine, run.host, &tasks, n_samples, &limits, key, &mut on_tokens)?;
    run.count(done.prompts_too_long, done.faults.len());
    Ok(Graded { tasks, attempts: done.written, verdicts: Vec::new() })
}

//! What happened in a step, for the books: the step itself writes nothing.

use std::collections::BTreeMap;

use quaero_engine::Refusal;
use quaero_runtime::{Family, Host, Usage};
use quaero_telemetry::Event;
use quaero_types::{Attempt, Judged, Role, Status, Verdict};
use quaero_update::Stats;

use crate::Error;
use crate::clock::Stopwatch;
use crate::credit::Credit;
use crate::round::Played;
use crate::settle::Graded;
use crate::world::Pool;

/// A step that was taken.
pub(crate) struct Record {
    pub(crate) step: u64,
    pub(crate) meter: Meter,
    pub(crate) graded: Graded,
    pub(crate) credit: Credit,
    pub(crate) stats: Stats,
}

/// What a step costs: seconds by part, and what the families were at when it began.
pub(crate) struct Meter {
    pub(crate) seconds: BTreeMap<&'static str, f64>,
    /// Programs that had been run.
    pub(crate) jobs: u64,
    /// What each family had cost, by its name.
    pub(crate) usage: BTreeMap<String, Usage>,
}

impl Meter {
    pub(crate) fn start(host: &Host) -> Self {
        let seen = |family: &Family| (family.manifest().name.clone(), family.usage());
        let usage = host.families().map(seen).collect();
        Self { seconds: BTreeMap::new(), jobs: host.stats().jobs, usage }
    }

    /// Does `work` and adds its time to `part`.
    pub(crate) fn time<T>(&mut self, part: &'static str, work: impl FnOnce() -> T) -> T {
        let watch = Stopwatch::start();
        let done = work();
        *self.seconds.entry(part).or_default() += watch.seconds();
        done
    }
}

impl Pool {
    /// Keeps what was written and earned, and the proposals whose reward is still to come.
    pub(crate) fn record(&mut self, record: &Record) -> Result<(), Error> {
        let Record { graded, credit, .. } = record;
        let judged = graded.played.proposals.iter().zip(&graded.played.judged);
        for ((proposal, judged), &reward) in judged.zip(&credit.proposals) {
            self.store.record_proposal(proposal, judged, reward)?;
        }
        for (due, &reward) in graded.compared.due.iter().zip(&credit.due) {
            if let Some((id, reward)) = due.proposal.task().zip(reward) {
                self.store.record_reward(id, reward)?;
            }
        }
        for (attempt, sample_idx, verdict, reward) in record.attempts() {
            self.store.record_attempt(attempt, sample_idx, verdict, reward)?;
        }
        self.pending.clone_from(&credit.pending);
        Ok(())
    }
}

impl Played {
    /// What could not be judged, each once: proposals, attempts, and episodes that did not open.
    pub(crate) fn n_faults(&self) -> usize {
        let verdicts = self.rounds.iter().flat_map(|round| &round.verdicts);
        let attempts = verdicts.filter(|verdict| verdict.status == Status::Fault).count();
        let proposals = self.judged.iter().filter(|one| matches!(one, Judged::Fault(_))).count();
        self.work.n_faults + attempts + proposals
    }

    /// Prompts that the engine refused for another reason than their length: something is set up
    /// wrong.
    pub(crate) fn refused(&self) -> impl Iterator<Item = &Refusal> {
        self.work.refusals.iter().filter(|why| !matches!(why, Refusal::TooLong { .. }))
    }
}

impl Record {
    /// Attempts that trained, then those at old tasks: each with its number among those at its
    /// task, its verdict and its reward.
    fn attempts(&self) -> impl Iterator<Item = (&Attempt, usize, &Verdict, Option<f32>)> {
        let played = &self.graded.played;
        let rewards = self.credit.attempts.iter().copied().chain(std::iter::repeat(None));
        let rounds = played.training().chain(played.reevaluations());
        let numbered = rounds.flat_map(|round| {
            let mut seen = vec![0; round.tasks.len()];
            round.judged().map(move |(attempt, verdict)| {
                seen[attempt.group_idx] += 1;
                (attempt, seen[attempt.group_idx] - 1, verdict)
            })
        });
        numbered
            .zip(rewards)
            .map(|((attempt, idx, verdict), reward)| (attempt, idx, verdict, reward))
    }

    /// The step's lines of the event log.
    pub(crate) fn events(&self) -> Vec<String> {
        let Graded { played, compared, .. } = &self.graded;
        let judged = played.proposals.iter().zip(&played.judged).zip(&self.credit.proposals);
        let proposed = judged.enumerate().map(|(idx, ((proposal, judged), &reward))| {
            let (event, task_id, reason) = match judged {
                Judged::Task(task, _) => ("proposal.accepted", Some(task.id.to_string()), None),
                Judged::Rejected(why) => ("proposal.rejected", None, Some(why.cause.clone())),
                Judged::Fault(why) => ("proposal.fault", None, Some(why.detail.clone())),
            };
            Event {
                event,
                step: self.step,
                role: Some(Role::Propose.to_string()),
                kind: Some(proposal.kind.to_string()),
                task_id,
                attempt_idx: Some(idx),
                reason,
                reward,
                n_tokens_in: Some(proposal.trace.prompt().len()),
                n_tokens_out: Some(proposal.trace.n_written()),
                ..Event::default()
            }
        });
        let due = compared.due.iter().zip(&self.credit.due).map(|(due, &reward)| Event {
            event: "proposal.rewarded",
            step: self.step,
            role: Some(Role::Propose.to_string()),
            kind: Some(due.proposal.kind.to_string()),
            task_id: due.proposal.task().map(|id| id.to_string()),
            reward,
            ..Event::default()
        });
        let attempted = self.attempts().map(|(attempt, sample_idx, verdict, reward)| Event {
            event: "attempt.judged",
            step: self.step,
            role: Some(Role::Solve.to_string()),
            kind: Some(attempt.task.kind.to_string()),
            task_id: Some(attempt.task.id.to_string()),
            group_idx: Some(attempt.group_idx),
            attempt_idx: Some(sample_idx),
            verdict: Some(verdict.status.name().to_owned()),
            reason: (!verdict.reason.is_empty()).then(|| verdict.reason.clone()),
            reward,
            n_tokens_in: Some(attempt.trace.prompt().len()),
            n_tokens_out: Some(attempt.trace.n_written()),
            ..Event::default()
        });
        proposed.chain(due).chain(attempted).map(|event| event.to_json()).collect()
    }
}

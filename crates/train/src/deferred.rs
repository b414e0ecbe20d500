//! Proposals whose reward is known one step late: they wait, with all that learning from them
//! needs, until their tasks were answered again by the updated policy.
//!
//! What waits goes into the checkpoint as `deferred.json`. Log-probs stand there by their bits, so
//! that a run that goes on learns from the very same numbers.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use quaero_advantage::{PowerPlay, ProposerRewards, Reevaluation, Signal, SolveRate};
use quaero_types::{Finish, Judged, Kind, PolicyVersion, Proposal, Task, TaskId, Trace};
use serde::{Deserialize, Serialize};

use crate::error::fail;
use crate::round::Played;
use crate::{Error, Options};

const FILE: &str = "deferred.json";
/// The file of checkpoints that were written before traces.
const OLD_FILE: &str = "held.json";

/// A proposal that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeferredProposal {
    pub(crate) kind: Kind,
    pub(crate) trace: Trace,
    pub(crate) wait: Wait,
}

/// What a proposal waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wait {
    /// Its turn: it became no task.
    Rejected,
    /// Its turn: it became a task, and the format around that was broken.
    Malformed,
    /// Its turn: its task was solved before the update already.
    Solved(TaskId),
    /// Its task to be answered again, which was not solved.
    Unsolved(TaskId),
}

impl DeferredProposal {
    /// A proposal of this step whose task was solved at `rate`. `None` if the judge failed on the
    /// proposal or on every attempt: nothing can be said of it.
    pub(crate) fn of(proposal: &Proposal, judged: &Judged, rate: Option<f64>) -> Option<Self> {
        let wait = match judged {
            Judged::Fault(_) => return None,
            Judged::Rejected(_) => Wait::Rejected,
            Judged::Task(_, proposed) if !proposed.format => Wait::Malformed,
            Judged::Task(task, _) if rate? == 0.0 => Wait::Unsolved(task.id),
            Judged::Task(task, _) => Wait::Solved(task.id),
        };
        Some(Self { kind: proposal.kind.clone(), trace: proposal.trace.clone(), wait })
    }

    /// Its task, if it has one.
    pub(crate) fn task(&self) -> Option<TaskId> {
        match self.wait {
            Wait::Rejected | Wait::Malformed => None,
            Wait::Unsolved(id) | Wait::Solved(id) => Some(id),
        }
    }

    /// Its task, if that was not solved.
    pub(crate) fn unsolved(&self) -> Option<TaskId> {
        match self.wait {
            Wait::Unsolved(id) => Some(id),
            Wait::Rejected | Wait::Malformed | Wait::Solved(_) => None,
        }
    }
}

/// A proposal of the step before, whose reward is due.
#[derive(Debug)]
pub(crate) struct DeferredReward {
    pub(crate) proposal: DeferredProposal,
    /// Its task and its solve rate after the update, where that was attempted again.
    pub(crate) now: Option<(Task, f64)>,
}

impl DeferredReward {
    /// The reward, where `gate` says what the task is worth and `archive` what became of old ones;
    /// `None` if nothing is known of its task.
    pub(crate) fn reward(
        &self,
        proposer: &ProposerRewards,
        gate: PowerPlay,
        archive: &[Reevaluation],
    ) -> Option<f32> {
        match self.proposal.wait {
            Wait::Rejected => Some(proposer.rejected),
            Wait::Malformed => Some(proposer.malformed),
            Wait::Solved(_) => Some(proposer.unlearnable),
            Wait::Unsolved(_) => self.now.as_ref().map(|(task, now)| {
                let n_tokens = self.proposal.trace.n_written();
                proposer.of_task(task, gate.of(0.0, *now, n_tokens, archive))
            }),
        }
    }
}

/// This step's proposals, to wait for what becomes of their tasks; none where rewards come at once.
pub(crate) fn pending(
    options: &Options,
    played: &Played,
    rates: &BTreeMap<TaskId, SolveRate>,
) -> Vec<DeferredProposal> {
    if !is_deferred(options) {
        return Vec::new();
    }
    let rate = |judged: &Judged| match judged {
        Judged::Task(task, _) => rates.get(&task.id).and_then(SolveRate::mean),
        Judged::Rejected(_) | Judged::Fault(_) => None,
    };
    let proposals = played.proposals.iter().zip(&played.judged);
    proposals.filter_map(|(one, judged)| DeferredProposal::of(one, judged, rate(judged))).collect()
}

/// Whether a proposal's reward is known one step late.
pub(crate) fn is_deferred(options: &Options) -> bool {
    matches!(options.advantage.rewards.proposer.signal, Signal::PowerPlay(_))
}

/// One of `deferred.json`. In `held.json`, its form before traces, `prompt` stands apart and
/// `tokens` are those that were written in the one turn.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    kind: Kind,
    wait: Wait,
    #[serde(default)]
    version: PolicyVersion,
    #[serde(default, skip_serializing)]
    prompt: Vec<u32>,
    tokens: Vec<u32>,
    #[serde(default)]
    written: Vec<Range<usize>>,
    /// Bits of each log-prob.
    logp_bits: Vec<u32>,
    temperature_bits: u32,
    text: String,
    finish: Finish,
}

impl Stored {
    fn of(proposal: &DeferredProposal) -> Self {
        let trace = &proposal.trace;
        Self {
            kind: proposal.kind.clone(),
            wait: proposal.wait,
            version: trace.version,
            prompt: Vec::new(),
            tokens: trace.tokens.clone(),
            written: trace.written.clone(),
            logp_bits: trace.logp.iter().map(|logp| logp.to_bits()).collect(),
            temperature_bits: trace.temperature.to_bits(),
            text: trace.text.clone(),
            finish: trace.finish,
        }
    }

    fn restored(self) -> DeferredProposal {
        let logp = self.logp_bits.into_iter().map(f32::from_bits).collect();
        let trace = Trace::one_turn(&self.prompt, &self.tokens, logp);
        let trace = Trace {
            version: self.version,
            written: if self.written.is_empty() { trace.written } else { self.written },
            temperature: f32::from_bits(self.temperature_bits),
            text: self.text,
            finish: self.finish,
            ..trace
        };
        DeferredProposal { kind: self.kind, trace, wait: self.wait }
    }
}

/// Writes what waits into `folder`; nothing where nothing does.
pub(crate) fn save(pending: &[DeferredProposal], folder: &Path) -> Result<(), Error> {
    if pending.is_empty() {
        return Ok(());
    }
    let path = folder.join(FILE);
    let stored: Vec<Stored> = pending.iter().map(Stored::of).collect();
    std::fs::write(&path, serde_json::to_vec(&stored).unwrap_or_default())
        .map_err(fail("write", &path))
}

/// What waited when the checkpoint in `folder` was written.
pub(crate) fn load(folder: &Path) -> Result<Vec<DeferredProposal>, Error> {
    let Some(name) = [FILE, OLD_FILE].into_iter().find(|name| folder.join(name).exists()) else {
        return Ok(Vec::new());
    };
    let path = folder.join(name);
    let json = std::fs::read(&path).map_err(fail("read", &path))?;
    let stored: Vec<Stored> = serde_json::from_slice(&json).map_err(|why| Error::Damaged {
        path: folder.display().to_string(),
        why: format!("{name}: {why}"),
    })?;
    Ok(stored.into_iter().map(Stored::restored).collect())
}

#[cfg(test)]
mod tests;

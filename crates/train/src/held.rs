//! Proposals whose reward is known one step late: they wait, with all that learning from them
//! needs, until their tasks were answered again by the updated policy.
//!
//! What waits goes into the checkpoint as `held.json`. Log-probs stand there by their bits, so that
//! a run that goes on learns from the very same numbers.

use std::path::Path;
use std::sync::Arc;

use quaero_types::{Finish, Judged, Kind, Proposal, Sample, TaskId};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::fail;

/// The file in a checkpoint's folder.
pub(crate) const FILE: &str = "held.json";

/// A proposal that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) kind: Kind,
    pub(crate) sample: Sample,
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

impl Held {
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
        Some(Self { kind: proposal.kind.clone(), sample: proposal.sample.clone(), wait })
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

/// One of `held.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    kind: Kind,
    wait: Wait,
    prompt: Vec<u32>,
    tokens: Vec<u32>,
    /// Bits of each log-prob.
    logp_bits: Vec<u32>,
    temperature_bits: u32,
    text: String,
    finish: Finish,
}

/// Writes what waits into `folder`; nothing where nothing does.
pub(crate) fn save(held: &[Held], folder: &Path) -> Result<(), Error> {
    if held.is_empty() {
        return Ok(());
    }
    let kept = |held: &Held| Kept {
        kind: held.kind.clone(),
        wait: held.wait,
        prompt: held.sample.prompt.to_vec(),
        tokens: held.sample.tokens.clone(),
        logp_bits: held.sample.logp.iter().map(|logp| logp.to_bits()).collect(),
        temperature_bits: held.sample.temperature.to_bits(),
        text: held.sample.text.clone(),
        finish: held.sample.finish,
    };
    let path = folder.join(FILE);
    let json = serde_json::to_vec(&held.iter().map(kept).collect::<Vec<_>>()).unwrap_or_default();
    std::fs::write(&path, json).map_err(fail("write", &path))
}

/// What waited when the checkpoint in `folder` was written.
pub(crate) fn load(folder: &Path) -> Result<Vec<Held>, Error> {
    let path = folder.join(FILE);
    let json = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(fail("read", &path))?,
    };
    let kept: Vec<Kept> = serde_json::from_slice(&json).map_err(|why| Error::Damaged {
        path: folder.display().to_string(),
        why: format!("{FILE}: {why}"),
    })?;
    let held = |kept: Kept| Held {
        kind: kept.kind,
        wait: kept.wait,
        sample: Sample {
            prompt: Arc::from(kept.prompt),
            tokens: kept.tokens,
            logp: kept.logp_bits.into_iter().map(f32::from_bits).collect(),
            temperature: f32::from_bits(kept.temperature_bits),
            text: kept.text,
            finish: kept.finish,
        },
    };
    Ok(kept.into_iter().map(held).collect())
}

#[cfg(test)]
mod tests;

//! Saving a run and going on from it.
//!
//! A checkpoint is a folder that other software loads as a model (`model.safetensors` in bf16,
//! `config.json`, `tokenizer.json`) plus what only the trainer needs: `trainer.safetensors` with
//! the f32 weights and the optimiser's moments, `deferred.json` where proposals wait for their
//! reward, and `state.json`, which lists the other files with size and digest. It is written under
//! a temporary name, made durable and renamed, so that a folder named `step-…` was whole once; what
//! became of it since, `whole` finds out.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use quaero_policy::Policy;
use quaero_types::PolicyVersion;
use quaero_update::Learner;
use serde::{Deserialize, Serialize};

use crate::deferred::{self, DeferredProposal};
use crate::error::fail;
use crate::{CheckpointOptions, Error};

mod whole;

pub use whole::newest;
pub(crate) use whole::newest_whole;
use whole::{Stamp, stamps};

/// A complete checkpoint on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its folder.
    pub folder: PathBuf,
    /// The step it was written after.
    pub step: u64,
}

/// `state.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    format: u32,
    step: u64,
    policy_version: u64,
    optimizer_steps: u64,
    /// The other files by name; format 1 has none.
    #[serde(default)]
    files: BTreeMap<String, Stamp>,
}

/// What `state.json` has in every version.
#[derive(Debug, Deserialize)]
struct Versioned {
    format: u32,
}

const FORMAT: u32 = 2;
/// The oldest format that is read.
const FORMAT_MIN: u32 = 1;
const TRAINER_FILE: &str = "trainer.safetensors";
const STATE_FILE: &str = "state.json";

/// All checkpoints of the run in `folder`, oldest first, by their names.
///
/// # Errors
/// When the folder cannot be listed.
pub fn checkpoints(folder: &Path) -> Result<Vec<Checkpoint>, Error> {
    let folder = &folder.join("checkpoints");
    let fail = fail("list", folder);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(&fail)?;
        let name = entry.file_name();
        let step = name.to_str().and_then(|name| name.strip_prefix("step-")?.parse().ok());
        if let Some(step) = step {
            found.push(Checkpoint { folder: entry.path(), step });
        }
    }
    found.sort_by_key(|checkpoint| checkpoint.step);
    Ok(found)
}

impl Checkpoint {
    /// Writes a checkpoint of the run in `run_folder` and removes those that `options` does not
    /// keep. Returns its folder.
    ///
    /// # Errors
    /// When there is no space or a file cannot be written; older checkpoints stand, and nothing is
    /// left of this one.
    pub(crate) fn write(
        run_folder: &Path,
        step: u64,
        policy: &Policy,
        learner: &Learner,
        pending: &[DeferredProposal],
        options: CheckpointOptions,
    ) -> Result<PathBuf, Error> {
        let folder = run_folder.join("checkpoints");
        let done = folder.join(format!("step-{step:06}"));
        if done.is_dir() {
            return Ok(done);
        }
        let temporary = folder.join(format!(".step-{step:06}.tmp"));
        remove(&temporary)?;
        let written = Self::fill(&temporary, step, policy, learner, pending);
        if written.is_err() {
            // The first error is the one to tell; half a checkpoint only takes up space.
            let _ = remove(&temporary);
        }
        written?;
        std::fs::rename(&temporary, &done).map_err(fail("rename", &temporary))?;
        sync(&folder)?;
        let whole = checkpoints(run_folder)?;
        let old = &whole[..whole.len().saturating_sub(options.keep)];
        for old in old.iter().filter(|old| !options.stays(old.step)) {
            remove(&old.folder)?;
        }
        Ok(done)
    }

    /// Writes all files of a checkpoint into the new folder `folder`.
    fn fill(
        folder: &Path,
        step: u64,
        policy: &Policy,
        learner: &Learner,
        pending: &[DeferredProposal],
    ) -> Result<(), Error> {
        std::fs::create_dir_all(folder).map_err(fail("make", folder))?;
        policy.save(folder)?;
        learner.save(&policy.model, &folder.join(TRAINER_FILE))?;
        deferred::save(pending, folder)?;
        let state = State {
            format: FORMAT,
            step,
            policy_version: policy.version.0,
            optimizer_steps: learner.n_steps(),
            files: stamps(folder)?,
        };
        let path = folder.join(STATE_FILE);
        let json = serde_json::to_string_pretty(&state).unwrap_or_default();
        std::fs::write(&path, json).map_err(fail("write", &path))?;
        make_durable(folder)
    }

    /// Puts the checkpoint's weights into `policy` and its moments into `learner`.
    ///
    /// # Errors
    /// When a file is missing or damaged, of another version, or belongs to another model.
    pub fn restore(&self, mut policy: Policy, learner: &mut Learner) -> Result<Policy, Error> {
        let state = self.state()?;
        let path = self.folder.join(TRAINER_FILE);
        learner.restore(&mut policy.model, &path, state.optimizer_steps)?;
        policy.version = PolicyVersion(state.policy_version);
        Ok(policy)
    }

    /// What `state.json` says.
    fn state(&self) -> Result<State, Error> {
        let path = self.folder.join(STATE_FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| self.unread(&path, error))?;
        if let Ok(Versioned { format }) = serde_json::from_str(&text)
            && !(FORMAT_MIN..=FORMAT).contains(&format)
        {
            let path = self.folder.display().to_string();
            return Err(Error::Version { path, found: format, expected: FORMAT });
        }
        let state: State = serde_json::from_str(&text)
            .map_err(|error| self.damaged(format!("{STATE_FILE}: {error}")))?;
        if state.step != self.step {
            return Err(self.damaged(format!("{STATE_FILE} says step {}", state.step)));
        }
        Ok(state)
    }
}

fn remove(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(fail("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|file| file.sync_all()).map_err(fail("sync", path))
}

/// Waits until every file of `folder`, and the folder, are on the disk.
fn make_durable(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(fail("list", folder))? {
        sync(&entry.map_err(fail("list", folder))?.path())?;
    }
    sync(folder)
}

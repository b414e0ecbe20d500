//! Which checkpoints are whole: every file that `state.json` lists is there, with its size and, asked
//! thoroughly, its digest. Checkpoints of format 1 list nothing: there the files must at least read
//! as what they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use quaero_weights::Weights;
use serde::{Deserialize, Serialize};

use super::{Checkpoint, TRAINER_FILE, checkpoints, remove};
use crate::Error;
use crate::error::fail;

/// How a file was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stamp {
    bytes: u64,
    blake3: String,
}

/// Every file in `folder` by its name.
pub(super) fn stamps(folder: &Path) -> Result<BTreeMap<String, Stamp>, Error> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(fail("list", folder))? {
        let entry = entry.map_err(fail("list", folder))?;
        if !entry.path().is_file() {
            continue;
        }
        let stamp = stamp(&entry.path()).map_err(fail("read", &entry.path()))?;
        found.insert(entry.file_name().to_string_lossy().into_owned(), stamp);
    }
    Ok(found)
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(Stamp { bytes, blake3: hasher.finalize().to_hex().to_string() })
}

/// The newest checkpoint of the run in `folder` whose files are all there in their full size; `None`
/// if there is no checkpoint.
///
/// # Errors
/// When the folder cannot be listed, the newest was written by a newer build, or there are
/// checkpoints and none of them is whole.
pub fn newest(folder: &Path) -> Result<Option<Checkpoint>, Error> {
    Ok(search(folder, false)?.0)
}

/// As [`newest`], and the files have the digests that they were written with. Damaged checkpoints
/// that are newer are put aside as `step-….damaged`, so that the run may write them again, and told
/// to `warn`.
pub(crate) fn newest_whole(
    folder: &Path,
    warn: &mut dyn FnMut(&str),
) -> Result<Option<Checkpoint>, Error> {
    let (found, damaged) = search(folder, true)?;
    let Some(whole) = found else { return Ok(None) };
    for (one, why) in damaged {
        let aside = one.folder.with_extension("damaged");
        remove(&aside)?;
        std::fs::rename(&one.folder, &aside).map_err(fail("rename", &one.folder))?;
        warn(&format!(
            "checkpoint {} is damaged ({why}): kept as {}; going on from step {} instead",
            one.folder.display(),
            aside.file_name().unwrap_or_default().display(),
            whole.step
        ));
    }
    Ok(Some(whole))
}

/// The newest whole checkpoint, and the damaged ones that are newer.
fn search(
    folder: &Path,
    thorough: bool,
) -> Result<(Option<Checkpoint>, Vec<(Checkpoint, String)>), Error> {
    let mut damaged = Vec::new();
    for one in checkpoints(folder)?.into_iter().rev() {
        match one.check(thorough) {
            Ok(()) => return Ok((Some(one), damaged)),
            Err(Error::Damaged { why, .. }) => damaged.push((one, why)),
            Err(error) => return Err(error),
        }
    }
    if damaged.is_empty() {
        return Ok((None, damaged));
    }
    let why = damaged.iter().map(|(one, why)| format!("step {}: {why}", one.step));
    let why = why.collect::<Vec<_>>().join("; ");
    Err(Error::NoneWhole { path: folder.display().to_string(), why })
}

impl Checkpoint {
    pub(super) fn damaged(&self, why: String) -> Error {
        Error::Damaged { path: self.folder.display().to_string(), why }
    }

    /// A file of the checkpoint does not read: it is damaged, unless we may not look.
    pub(super) fn unread(&self, path: &Path, error: io::Error) -> Error {
        let name = path.file_name().unwrap_or_default().display();
        match error.kind() {
            ErrorKind::PermissionDenied => fail("read", path)(error),
            ErrorKind::NotFound => self.damaged(format!("{name} is missing")),
            _ => self.damaged(format!("{name}: {error}")),
        }
    }

    /// Whether all files are there in their full size and, if `thorough`, as they were written.
    fn check(&self, thorough: bool) -> Result<(), Error> {
        let state = self.state()?;
        for (name, written) in &state.files {
            let path = self.folder.join(name);
            let found = std::fs::metadata(&path).map_err(|error| self.unread(&path, error))?;
            if found.len() != written.bytes {
                let (found, written) = (found.len(), written.bytes);
                return Err(self.damaged(format!("{name} has {found} bytes, not {written}")));
            }
        }
        if state.files.is_empty() {
            return self.check_unlisted();
        }
        for (name, written) in state.files.iter().filter(|_| thorough) {
            let path = self.folder.join(name);
            if stamp(&path).map_err(|error| self.unread(&path, error))? != *written {
                return Err(self.damaged(format!("{name} was changed: it has another digest")));
            }
        }
        Ok(())
    }

    /// A checkpoint of format 1: its files read as what they are.
    fn check_unlisted(&self) -> Result<(), Error> {
        for path in [self.folder.clone(), self.folder.join(TRAINER_FILE)] {
            Weights::open(&path).map_err(|error| self.damaged(error.to_string()))?;
        }
        for name in ["config.json", "generation_config.json", "tokenizer.json"] {
            let path = self.folder.join(name);
            let text = std::fs::read(&path).map_err(|error| self.unread(&path, error))?;
            serde_json::from_slice::<serde::de::IgnoredAny>(&text)
                .map_err(|error| self.damaged(format!("{name}: {error}")))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! A run's folder before its first checkpoint.

use std::io::ErrorKind;
use std::path::Path;

use crate::Error;
use crate::error::fail;

/// What a run has written before its first checkpoint: worthless without one.
const FRESH: [&str; 6] = [
    "experience.db",
    "experience.db-wal",
    "experience.db-shm",
    "metrics.jsonl",
    "reference.safetensors",
    crate::probe::FILE,
];

/// Makes the folder of a new run with its configuration. A run that was killed before its first
/// checkpoint is begun again when `resume` is set.
pub(crate) fn make(folder: &Path, config: &str, resume: bool) -> Result<(), Error> {
    let path = folder.join("config.toml");
    match (path.exists(), resume) {
        (true, false) => return Err(Error::Exists { path: folder.display().to_string() }),
        (false, true) => return Err(Error::NoCheckpoint { path: folder.display().to_string() }),
        (true, true) => clear(folder)?,
        (false, false) => {}
    }
    let logs = folder.join("logs");
    std::fs::create_dir_all(&logs).map_err(fail("make", &logs))?;
    write(&path, config)
}

/// Keeps the configuration that a run goes on with.
pub(crate) fn keep(folder: &Path, config: &str) -> Result<(), Error> {
    let path = folder.join("config.toml");
    if std::fs::read_to_string(&path).is_ok_and(|kept| kept == config) {
        return Ok(());
    }
    write(&path, config)
}

fn write(path: &Path, config: &str) -> Result<(), Error> {
    quaero_weights::write_atomic(path, config.len() as u64, &mut |out| {
        out.write_all(config.as_bytes())
    })?;
    Ok(())
}

fn clear(folder: &Path) -> Result<(), Error> {
    let logs = folder.join("logs/events.jsonl");
    for path in FRESH.iter().map(|name| folder.join(name)).chain([logs]) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(fail("remove", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

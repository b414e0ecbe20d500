//! What can go wrong with the file.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The store failed. Nothing of the step in progress is kept; earlier steps are whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No space left.
    #[error("{}: no space left while {doing}; free some and resume with --resume, the steps \
             before are whole", path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// Another process writes to the same file.
    #[error("{}: another process is writing to it while {doing}; is the same run training twice?", 
            path.display())]
    Busy {
        /// The database.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The file is no store of ours, or of another version.
    #[error("{}: schema version {found}, this build reads version {expected}; \
             use the build that wrote it or start a new run", path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Version of this build.
        expected: i64,
    },
    /// A checkpoint is newer than the experience.
    #[error("{}: experience ends at step {}, the checkpoint is of step {wanted}; \
             resume from an older checkpoint", path.display(),
            last.map_or("none".to_string(), |step| step.to_string()))]
    Behind {
        /// The database.
        path: PathBuf,
        /// Last step in the file.
        last: Option<u64>,
        /// Step asked for.
        wanted: u64,
    },
    /// A row does not read back.
    #[error("{}: {what}; the file was changed by something else, restore it or start a new run",
            path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What does not read.
        what: String,
    },
    /// SQLite failed otherwise.
    #[error("{}: {doing}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// SQLite's word.
        source: rusqlite::Error,
    },
}

impl Error {
    /// Names an error of SQLite.
    pub(crate) fn of(path: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path, doing },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path, doing },
            _ => Self::Sqlite { path, doing, source },
        }
    }
}

//! Opening the store for reading, wherever it lies.
//!
//! SQLite reads a file with a write-ahead log through an index that it makes beside it, which fails
//! where nothing can be written: on a mounted backup, in somebody else's folder. There the file is
//! read as one that nobody changes or, if its log holds what the file lacks, as a copy elsewhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

/// An open store.
pub(super) struct Store {
    pub(super) db: Connection,
    /// Where its copy lies, if it is one; removed with it.
    _copy: Option<TempDir>,
}

impl Store {
    /// Opens the file at `path`.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let plain = Self::of(Connection::open_with_flags(path, READ_ONLY)?, None)?;
        match plain.version() {
            Err(error) if cannot_write(&error) => Self::open_unwritable(path),
            Err(error) => Err(error),
            Ok(_) => Ok(plain),
        }
    }

    /// Opens a file beside which nothing can be written.
    fn open_unwritable(path: &Path) -> rusqlite::Result<Self> {
        let log = beside(path, "-wal");
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            let failed = |error: std::io::Error| {
                let words = format!("its log cannot be copied to be read: {error}");
                rusqlite::Error::ToSqlConversionFailure(words.into())
            };
            let folder = tempfile::tempdir().map_err(failed)?;
            let copy = folder.path().join("experience.db");
            std::fs::copy(&log, beside(&copy, "-wal")).map_err(failed)?;
            std::fs::copy(path, &copy).map_err(failed)?;
            // The copy of a file that may not be written may not be written either.
            let db = Connection::open_with_flags(&copy, READ_ONLY)?;
            return Self::of(db, Some(folder));
        }
        let uri = format!("file:{}?immutable=1", escaped(path));
        let flags = READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Self::of(Connection::open_with_flags(uri, flags)?, None)
    }

    fn of(db: Connection, copy: Option<TempDir>) -> rusqlite::Result<Self> {
        db.busy_timeout(Duration::from_secs(1))?;
        Ok(Self { db, _copy: copy })
    }

    /// The version of its schema: the first thing that is read of it.
    pub(super) fn version(&self) -> rusqlite::Result<i64> {
        self.db.query_row("PRAGMA user_version", [], |row| row.get(0))
    }
}

const READ_ONLY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY;

/// Whether SQLite failed because it could not write beside the file.
fn cannot_write(error: &rusqlite::Error) -> bool {
    let codes = [ErrorCode::CannotOpen, ErrorCode::ReadOnly, ErrorCode::PermissionDenied];
    error.sqlite_error_code().is_some_and(|code| codes.contains(&code))
}

/// The file that SQLite keeps beside `path` under its name and `end`.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A path within a URI: bytes that mean something there as `%XX`.
fn escaped(path: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes.map(|b| if plain(b) { (*b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store with three rows, two of which may be in its log alone.
    fn store(folder: &Path, with_log: bool) -> PathBuf {
        let path = folder.join("a run 100%?#.db");
        let db = Connection::open(&path).unwrap();
        let sql = "PRAGMA journal_mode = WAL; CREATE TABLE t (x); PRAGMA user_version = 7;
                   INSERT INTO t VALUES (1); PRAGMA wal_checkpoint(TRUNCATE);
                   INSERT INTO t VALUES (2), (3);";
        db.execute_batch(sql).unwrap();
        if with_log {
            // What a killed process leaves: its log, and no word to the file.
            let aside = folder.join("aside");
            for end in ["", "-wal"] {
                std::fs::copy(beside(&path, end), beside(&aside, end)).unwrap();
            }
            drop(db);
            for end in ["", "-wal"] {
                std::fs::rename(beside(&aside, end), beside(&path, end)).unwrap();
            }
        }
        path
    }

    #[test]
    fn a_store_that_cannot_be_written_beside_is_read_with_its_log() {
        for with_log in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = store(folder.path(), with_log);
            let before: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
            let log = std::fs::metadata(beside(&path, "-wal")).map_or(0, |log| log.len());
            assert_eq!(log > 0, with_log);
            let open = Store::open_unwritable(&path).unwrap();
            assert_eq!(open.version(), Ok(7));
            let n: i64 = open.db.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap();
            assert_eq!(n, 3);
            drop(open);
            let after: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
            assert_eq!(before.len(), after.len(), "nothing is written beside it");
        }
    }
}

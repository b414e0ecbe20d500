//! Opening the file, the transaction of a step, and going back.
//!
//! The journal is a write-ahead log, so readers never wait for the run nor the run for them, and a
//! process killed in the middle of a step leaves the step before. `synchronous = FULL` costs one
//! fsync a step and makes a committed step survive a power cut, as a checkpoint of that step does.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quaero_types::{Kind, PolicyVersion};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::answers::Answers;
use crate::index::{Entry, Index};

/// Version of `schema.sql`, kept in the file's `user_version`.
const SCHEMA_VERSION: i64 = 1;

/// How the store behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Most tasks a kind's buffer holds; the oldest leaves when one more comes (AZR: 16384, where
    /// the oldest stay and the new are lost).
    pub capacity: NonZeroUsize,
}

/// The experience of one run.
#[derive(Debug)]
pub struct Pool {
    pub(crate) path: PathBuf,
    pub(crate) db: Connection,
    pub(crate) options: Options,
    pub(crate) index: Index,
    /// Of the kinds whose answers were asked about.
    pub(crate) answers: BTreeMap<Kind, Answers>,
    /// Contents that must not enter a buffer.
    pub(crate) holdout: BTreeSet<String>,
    /// The step being recorded.
    pub(crate) open: Option<OpenStep>,
    /// Last whole step.
    last_step: Option<u64>,
    /// Next running number of each table.
    pub(crate) next: NextSeq,
}

/// A step being recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenStep {
    pub(crate) step: u64,
    pub(crate) version: PolicyVersion,
}

/// Next running numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NextSeq {
    pub(crate) task: i64,
    pub(crate) proposal: i64,
    pub(crate) attempt: i64,
    pub(crate) grading: i64,
}

impl Pool {
    /// Opens the store at `path`, or makes an empty one.
    ///
    /// # Errors
    /// If the file cannot be opened, is no store, or is one of another version.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let failed = |source| Error::of(path, "opening the experience store", source);
        let db = Connection::open(path).map_err(failed)?;
        Self::prepare(path, &db).map_err(failed)?;
        let version =
            db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).map_err(failed)?;
        let n_objects = db
            .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
            .map_err(failed)?;
        if version == 0 && n_objects == 0 {
            let schema = include_str!("schema.sql");
            let set = format!("BEGIN; {schema} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;");
            db.execute_batch(&set).map_err(failed)?;
        } else if version != SCHEMA_VERSION {
            let (path, found) = (path.to_path_buf(), version);
            return Err(Error::Version { path, found, expected: SCHEMA_VERSION });
        }
        Self::add_gradings(&db).map_err(failed)?;
        Self::add_rewarded_step(&db).map_err(failed)?;
        let mut pool = Self {
            path: path.to_path_buf(),
            db,
            options,
            index: Index::default(),
            answers: BTreeMap::new(),
            holdout: BTreeSet::new(),
            open: None,
            last_step: None,
            next: NextSeq::default(),
        };
        pool.load()?;
        Ok(pool)
    }

    fn prepare(path: &Path, db: &Connection) -> Result<(), rusqlite::Error> {
        db.busy_timeout(Duration::from_secs(1))?;
        db.set_prepared_statement_cache_capacity(32);
        if path != Path::new(":memory:") {
            // A file system that cannot share memory keeps its rollback journal: as safe, slower.
            db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        }
        db.execute_batch("PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;")
    }

    /// Adds the table that an older store does not have; the version stays, for nobody who reads
    /// the others needs to know.
    fn add_gradings(db: &Connection) -> Result<(), rusqlite::Error> {
        let sql = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'gradings'";
        if db.query_row(sql, [], |row| row.get::<_, i64>(0))? > 0 {
            return Ok(());
        }
        db.execute_batch(&format!("BEGIN; {} COMMIT;", include_str!("gradings.sql")))
    }

    /// The same for the column that says when a proposal's reward came, if later.
    fn add_rewarded_step(db: &Connection) -> Result<(), rusqlite::Error> {
        let sql =
            "SELECT COUNT(*) FROM pragma_table_info('proposals') WHERE name = 'rewarded_step'";
        if db.query_row(sql, [], |row| row.get::<_, i64>(0))? > 0 {
            return Ok(());
        }
        db.execute_batch("ALTER TABLE proposals ADD COLUMN rewarded_step INTEGER")
    }

    /// Fills the index from the file; answers are counted again when they are asked about.
    fn load(&mut self) -> Result<(), Error> {
        let (index, last_step, next) = self.read_state()?;
        (self.index, self.last_step, self.next) = (index, last_step, next);
        self.answers.clear();
        Ok(())
    }

    fn read_state(&self) -> Result<(Index, Option<u64>, NextSeq), Error> {
        let failed = |source| self.failed("reading the buffers", source);
        let mut index = Index::default();
        let sql = "SELECT kind, seq, step FROM tasks WHERE evicted_step IS NULL ORDER BY seq";
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let kind: String = row.get(0).map_err(failed)?;
            let kind: Kind = kind.parse().map_err(|what| self.corrupt(what))?;
            let entry =
                Entry { seq: row.get(1).map_err(failed)?, step: row.get(2).map_err(failed)? };
            index.push(&kind, entry);
        }
        let last_step = self
            .db
            .query_row("SELECT MAX(step) FROM steps", [], |row| row.get(0))
            .map_err(failed)?;
        let next = |table: &str| {
            let sql = format!("SELECT COALESCE(MAX(seq), 0) + 1 FROM {table}");
            self.db.query_row(&sql, [], |row| row.get::<_, i64>(0)).map_err(failed)
        };
        let next = NextSeq {
            task: next("tasks")?,
            proposal: next("proposals")?,
            attempt: next("attempts")?,
            grading: next("gradings")?,
        };
        Ok((index, last_step, next))
    }

    /// The last whole step; `None` if there is none.
    #[must_use]
    pub fn last_step(&self) -> Option<u64> {
        self.last_step
    }

    /// Starts recording `step`, played by `version`. Readers see nothing of it before
    /// [`Self::commit`].
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Panics
    /// If a step is being recorded, or `step` is not above the last one.
    pub fn begin(&mut self, step: u64, version: PolicyVersion) -> Result<(), Error> {
        assert!(self.open.is_none(), "step {step} begins while {:?} is open", self.open);
        let last = self.last_step;
        assert!(last.is_none_or(|last| step > last), "step {step} begins after step {last:?}");
        let failed = |source| Error::of(&self.path, "starting a step", source);
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        self.open = Some(OpenStep { step, version });
        let started = self
            .db
            .execute("INSERT INTO steps VALUES (?, ?)", params![step, version.0])
            .map_err(failed)
            .and_then(|_| self.index.kinds().iter().try_for_each(|kind| self.trim(kind)));
        self.or_abort(started)
    }

    /// Makes the step's rows durable, all at once.
    ///
    /// # Errors
    /// If they cannot be written; the step is then taken back.
    ///
    /// # Panics
    /// If no step is being recorded.
    pub fn commit(&mut self) -> Result<(), Error> {
        let open = self.opened();
        let done = self.db.execute_batch("COMMIT");
        let done = done.map_err(|source| self.failed("writing a step", source));
        self.or_abort(done)?;
        self.open = None;
        self.last_step = Some(open.step);
        Ok(())
    }

    /// Takes back the step being recorded, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn abort(&mut self) -> Result<(), Error> {
        if self.open.take().is_some() {
            // SQLite rolls back by itself on some errors (a full disk, say).
            if !self.db.is_autocommit() {
                let done = self.db.execute_batch("ROLLBACK");
                done.map_err(|source| self.failed("taking back a step", source))?;
            }
            self.load()?;
        }
        Ok(())
    }

    /// Removes everything after `step`, so that the run goes on as it did from there.
    ///
    /// # Errors
    /// If the file does not reach `step` (a checkpoint newer than the experience), or cannot be
    /// written; nothing is removed then.
    pub fn rewind(&mut self, step: u64) -> Result<(), Error> {
        self.abort()?;
        if self.last_step.is_none_or(|last| last < step) {
            let (path, last) = (self.path.clone(), self.last_step);
            return Err(Error::Behind { path, last, wanted: step });
        }
        let failed = |source| Error::of(&self.path, "going back to a step", source);
        let tx = self.db.transaction().map_err(failed)?;
        for sql in [
            "DELETE FROM steps WHERE step > ?",
            "DELETE FROM tasks WHERE step > ?",
            "DELETE FROM proposals WHERE step > ?",
            "DELETE FROM attempts WHERE step > ?",
            "DELETE FROM gradings WHERE step > ?",
            "UPDATE tasks SET evicted_step = NULL WHERE evicted_step > ?",
            "UPDATE proposals SET reward = NULL, rewarded_step = NULL WHERE rewarded_step > ?",
        ] {
            tx.execute(sql, [step]).map_err(failed)?;
        }
        tx.commit().map_err(failed)?;
        self.load()
    }

    /// Keeps tasks with these `holdout_key`s out of the buffers from now on. Suites belong to the
    /// configuration, so they are named anew whenever a run starts or resumes.
    pub fn hold_out<S: Into<String>>(&mut self, holdout_keys: impl IntoIterator<Item = S>) {
        self.holdout.extend(holdout_keys.into_iter().map(Into::into));
    }

    /// Bounds the file's size; a step that needs more fails as on a full disk.
    #[cfg(test)]
    pub(crate) fn limit_pages(&mut self, n_pages: u32) -> Result<(), Error> {
        self.db
            .query_row(&format!("PRAGMA max_page_count = {n_pages}"), [], |_| Ok(()))
            .map_err(|source| self.failed("bounding the file", source))
    }

    /// The step being recorded.
    pub(crate) fn opened(&self) -> OpenStep {
        self.open.expect("rows are recorded between begin and commit")
    }

    /// Names an error of SQLite.
    pub(crate) fn failed(&self, doing: &'static str, source: rusqlite::Error) -> Error {
        Error::of(&self.path, doing, source)
    }

    /// Names a row that does not read.
    pub(crate) fn corrupt(&self, what: String) -> Error {
        Error::Corrupt { path: self.path.clone(), what }
    }

    /// Takes the step back if `done` failed, so that index and file never differ.
    pub(crate) fn or_abort<T>(&mut self, done: Result<T, Error>) -> Result<T, Error> {
        if done.is_err() {
            // The first error is the one to tell; a second one would only repeat it.
            let _ = self.abort();
        }
        done
    }
}

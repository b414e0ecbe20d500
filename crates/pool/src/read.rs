//! What steps read: references, tasks to replay, summaries.

use quaero_rng::Key;
use quaero_types::{Kind, Origin, PolicyVersion, Secret, Task, TaskId};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::from_str;

use crate::answers::Answers;
use crate::index::Order;
use crate::{Error, Pool};

/// A task with its gold answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// What a solver may see.
    pub task: Task,
    /// What the judge sees.
    pub secret: Secret,
}

/// A buffer in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Tasks in it.
    pub size: usize,
    /// Distinct contents (programs, problems) among them.
    pub distinct: usize,
    /// Mean number of steps since its tasks were added; `None` if it is empty.
    pub age_mean: Option<f64>,
    /// The same of its oldest task.
    pub age_max: Option<u64>,
}

/// What [`Raw`] reads of a task, and how many columns that is.
pub(crate) const COLUMNS: &str =
    "id, kind, public, secret, origin, proposed_step, policy_version, parents, metrics";
pub(crate) const N_COLUMNS: usize = 9;

impl Pool {
    /// Draws min(`k`, size) tasks without replacement from the buffers of `kinds` taken together,
    /// as references for one proposer's prompt. `key` alone decides which.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn references(
        &self,
        kinds: &[Kind],
        k: usize,
        order: Order,
        key: Key,
    ) -> Result<Vec<Stored>, Error> {
        self.index.draw(kinds, k, order, key).into_iter().map(|seq| self.at(seq)).collect()
    }

    /// Draws min(`k`, size) tasks of `kind` without replacement for a solver to play again.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn replay(
        &self,
        kind: &Kind,
        k: usize,
        order: Order,
        key: Key,
    ) -> Result<Vec<Stored>, Error> {
        self.references(std::slice::from_ref(kind), k, order, key)
    }

    /// The task `id`, in a buffer or evicted.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn get(&self, id: TaskId) -> Result<Option<Stored>, Error> {
        let failed = |source| self.failed("reading a task", source);
        let raw = self
            .db
            .prepare_cached(&format!("SELECT {COLUMNS} FROM tasks WHERE id = ?"))
            .and_then(|mut statement| statement.query_row([id.to_string()], Raw::read).optional())
            .map_err(failed)?;
        raw.map(|raw| self.parse(raw)).transpose()
    }

    /// Tasks of `kind` that the policy wrote in the steps `from` to `to`, in a buffer or evicted:
    /// the `n` with the smallest ids. An id is a hash, so the choice is as good as drawn, and the
    /// same whatever the run does later.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn proposed(
        &self,
        kind: &Kind,
        from: u64,
        to: u64,
        n: usize,
    ) -> Result<Vec<Stored>, Error> {
        let failed = |source| self.failed("reading the tasks of some steps", source);
        let sql = format!(
            "SELECT {COLUMNS} FROM tasks
             WHERE kind = ? AND origin = 'proposed' AND proposed_step BETWEEN ? AND ?
             ORDER BY id LIMIT ?"
        );
        let mut statement = self.db.prepare_cached(&sql).map_err(failed)?;
        let rows = statement
            .query_map(params![kind.to_string(), from, to, n], Raw::read)
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .map_err(failed)?;
        rows.into_iter().map(|raw| self.parse(raw)).collect()
    }

    /// Kinds that have a buffer, in order.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        self.index.kinds()
    }

    /// Tasks in the buffer of `kind`.
    #[must_use]
    pub fn size(&self, kind: &Kind) -> usize {
        self.index.len(kind)
    }

    /// The buffer of `kind` in numbers, as seen from `step`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn summary(&self, kind: &Kind, step: u64) -> Result<Summary, Error> {
        let sql = "SELECT COUNT(DISTINCT holdout_key) FROM tasks
                   WHERE kind = ? AND evicted_step IS NULL";
        let distinct = self
            .db
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_row([kind.to_string()], |row| row.get::<_, usize>(0))
            })
            .map_err(|source| self.failed("summing up a buffer", source))?;
        let ages = || self.index.entries(kind).map(|entry| step.saturating_sub(entry.step));
        let size = self.size(kind);
        let age_mean = (size > 0).then(|| ages().sum::<u64>() as f64 / size as f64);
        Ok(Summary { size, distinct, age_mean, age_max: ages().max() })
    }

    /// 1 less the share of this answer among those of all tasks of `kind` so far, the ones that
    /// have left its buffer included (AZR's answer diversity); 1 where there is none.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn answer_diversity(&mut self, kind: &Kind, answer: &Secret) -> Result<f64, Error> {
        if !self.answers.contains_key(kind) {
            let answers = self.read_answers(kind)?;
            self.answers.insert(kind.clone(), answers);
        }
        Ok(self.answers[kind].diversity(answer.reveal()))
    }

    /// Counts the answers of `kind` in the file.
    pub(crate) fn read_answers(&self, kind: &Kind) -> Result<Answers, Error> {
        let failed = |source| self.failed("counting answers", source);
        let sql = "SELECT secret, COUNT(*) FROM tasks WHERE kind = ? GROUP BY secret";
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query([kind.to_string()]).map_err(failed)?;
        let mut answers = Answers::default();
        while let Some(row) = rows.next().map_err(failed)? {
            let answer: String = row.get(0).map_err(failed)?;
            answers.add(&answer, row.get(1).map_err(failed)?);
        }
        Ok(answers)
    }

    /// The task of row `seq`.
    pub(crate) fn at(&self, seq: i64) -> Result<Stored, Error> {
        let raw = self
            .db
            .prepare_cached(&format!("SELECT {COLUMNS} FROM tasks WHERE seq = ?"))
            .and_then(|mut statement| statement.query_row([seq], Raw::read))
            .map_err(|source| self.failed("reading a task", source))?;
        self.parse(raw)
    }

    /// A row as a task.
    pub(crate) fn parse(&self, raw: Raw) -> Result<Stored, Error> {
        let id = raw.id.clone();
        raw.parse().map_err(|why| self.corrupt(format!("task {id}: {why}")))
    }
}

/// A row of `tasks` as SQLite has it.
pub(crate) struct Raw {
    id: String,
    kind: String,
    public: String,
    secret: String,
    origin: String,
    proposed_step: Option<u64>,
    policy_version: Option<u64>,
    parents: String,
    metrics: String,
}

impl Raw {
    /// Reads [`COLUMNS`].
    pub(crate) fn read(row: &Row) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            public: row.get(2)?,
            secret: row.get(3)?,
            origin: row.get(4)?,
            proposed_step: row.get(5)?,
            policy_version: row.get(6)?,
            parents: row.get(7)?,
            metrics: row.get(8)?,
        })
    }

    fn parse(self) -> Result<Stored, String> {
        let origin = match (self.origin.as_str(), self.proposed_step, self.policy_version) {
            ("seed", ..) => Origin::Seed,
            ("suite", ..) => Origin::Suite,
            ("proposed", Some(step), Some(version)) => {
                Origin::Proposed { step, version: PolicyVersion(version) }
            }
            (other, step, version) => {
                return Err(format!("origin {other:?} with step {step:?}, version {version:?}"));
            }
        };
        let task = Task {
            id: TaskId::try_from(self.id)?,
            kind: self.kind.parse()?,
            public: self.public,
            parents: from_str(&self.parents).map_err(|why| format!("parents: {why}"))?,
            origin,
            metrics: from_str(&self.metrics).map_err(|why| format!("metrics: {why}"))?,
        };
        Ok(Stored { task, secret: Secret::new(self.secret) })
    }
}

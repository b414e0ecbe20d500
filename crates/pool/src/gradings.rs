//! What is remembered of solve rates over time: how a task was graded, and when.

use quaero_rng::Key;
use quaero_types::{Kind, Task, TaskId};
use rusqlite::{Row, params};

use crate::read::{COLUMNS, N_COLUMNS, Raw};
use crate::{Error, Pool, Stored};

/// A task that was graded again.
#[derive(Clone, Debug, PartialEq)]
pub struct Reevaluated {
    /// The task.
    pub task: Task,
    /// Mean score at the grading before.
    pub before: f64,
    /// Mean score at this one.
    pub now: f64,
}

impl Pool {
    /// Keeps that `n_judged` attempts at a task scored `score_sum` together in this step. At most
    /// once a task and step.
    ///
    /// # Errors
    /// If the file cannot be written; the step is then taken back.
    ///
    /// # Panics
    /// If no step is being recorded, or no attempt was judged.
    pub fn record_grading(
        &mut self,
        id: TaskId,
        n_judged: usize,
        score_sum: f64,
    ) -> Result<(), Error> {
        assert!(n_judged > 0, "task {id} was graded by no attempt");
        let step = self.opened().step;
        let done = self
            .db
            .prepare_cached(
                "INSERT INTO gradings (seq, step, task_id, n_judged, score_sum)
                 VALUES (?, ?, ?, ?, ?)",
            )
            .and_then(|mut statement| {
                let seq = self.next.grading;
                statement.execute(params![seq, step, id.to_string(), n_judged, score_sum])
            })
            .map_err(|source| self.failed("recording a grading", source));
        self.or_abort(done)?;
        self.next.grading += 1;
        Ok(())
    }

    /// Draws at most `n` tasks of the buffer of `kind` that were graded before this step, the last
    /// time not before step `since`. `key` alone decides which.
    ///
    /// # Errors
    /// If the file cannot be read.
    ///
    /// # Panics
    /// If no step is being recorded.
    pub fn graded(
        &self,
        kind: &Kind,
        since: u64,
        n: usize,
        key: Key,
    ) -> Result<Vec<Stored>, Error> {
        let failed = |source| self.failed("looking for graded tasks", source);
        let sql = "SELECT seq FROM tasks WHERE kind = ? AND evicted_step IS NULL AND EXISTS
                   (SELECT 1 FROM gradings WHERE task_id = tasks.id AND step >= ? AND step < ?)
                   ORDER BY seq";
        let step = self.opened().step;
        let candidates: Vec<i64> = self
            .db
            .prepare_cached(sql)
            .and_then(|mut statement| {
                let row = params![kind.to_string(), since, step];
                statement.query_map(row, |row| row.get(0))?.collect()
            })
            .map_err(failed)?;
        let drawn = key.stream().sample_indices(candidates.len(), n);
        drawn.into_iter().map(|idx| self.at(candidates[idx])).collect()
    }

    /// The last `n` times that a task of `kind` was graded again, newest first, in step `since` or
    /// later and at most `steps_max` steps after its grading before.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn reevaluated(
        &self,
        kind: &Kind,
        since: u64,
        steps_max: u64,
        n: usize,
    ) -> Result<Vec<Reevaluated>, Error> {
        // From the newest on, so that it stops at the last one asked for.
        let sql = format!(
            "SELECT {COLUMNS}, before.score_sum / before.n_judged, now.score_sum / now.n_judged
             FROM gradings AS now CROSS JOIN tasks ON tasks.id = now.task_id
             JOIN gradings AS before ON before.seq =
               (SELECT MAX(seq) FROM gradings WHERE task_id = now.task_id AND step < now.step)
             WHERE tasks.kind = ? AND now.step - before.step <= ?
               AND now.seq >= (SELECT MIN(seq) FROM gradings WHERE step >= ?)
             ORDER BY now.seq DESC LIMIT ?"
        );
        let failed = |source| self.failed("comparing gradings", source);
        let steps_max = i64::try_from(steps_max).unwrap_or(i64::MAX);
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let rows: Vec<(Raw, f64, f64)> = self
            .db
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                let row = params![kind.to_string(), steps_max, since, n];
                statement.query_map(row, rates)?.collect()
            })
            .map_err(failed)?;
        rows.into_iter()
            .map(|(raw, before, now)| {
                let task = self.parse(raw)?.task;
                Ok(Reevaluated { task, before, now })
            })
            .collect()
    }
}

fn rates(row: &Row) -> rusqlite::Result<(Raw, f64, f64)> {
    Ok((Raw::read(row)?, row.get(N_COLUMNS)?, row.get(N_COLUMNS + 1)?))
}

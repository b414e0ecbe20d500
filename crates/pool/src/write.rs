//! What a step records: tasks, proposals, attempts.

use quaero_types::{
    Attempt, Finish, Judged, Kind, Origin, Proposal, Proposed, Rejection, Task, TaskId, Verdict,
};
use rusqlite::params;

use crate::index::Entry;
use crate::{Error, Pool};

impl Pool {
    /// Adds a task as the newest of its kind's buffer; if that is full, the oldest leaves. A task
    /// that is held out, or that was ever here, is refused with the cause `held_out` or
    /// `duplicate`: both are data, and what they are worth is the caller's matter.
    ///
    /// # Errors
    /// If the file cannot be written; the step is then taken back.
    ///
    /// # Panics
    /// If no step is being recorded.
    pub fn add(
        &mut self,
        task: &Task,
        proposed: &Proposed,
    ) -> Result<Result<(), Rejection>, Error> {
        let done = self.try_add(task, proposed);
        self.or_abort(done)
    }

    fn try_add(
        &mut self,
        task: &Task,
        proposed: &Proposed,
    ) -> Result<Result<(), Rejection>, Error> {
        let open = self.opened();
        let refuse =
            |cause: &str, detail: String| Ok(Err(Rejection { cause: cause.to_string(), detail }));
        if self.holdout.contains(&proposed.holdout_key) {
            return refuse("held_out", "its content belongs to a held-out suite".to_string());
        }
        if self.contains(task.id)? {
            return refuse("duplicate", format!("the same as task {}", task.id));
        }
        let seq = self.next.task;
        self.insert_task(seq, open.step, task, proposed)
            .map_err(|source| self.failed("adding a task", source))?;
        self.next.task += 1;
        self.index.push(&task.kind, Entry { seq, step: open.step });
        if let Some(answers) = self.answers.get_mut(&task.kind) {
            answers.add(proposed.secret.reveal(), 1);
        }
        self.trim(&task.kind)?;
        Ok(Ok(()))
    }

    /// Whether a task was ever in a buffer.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn contains(&self, id: TaskId) -> Result<bool, Error> {
        self.db
            .prepare_cached("SELECT 1 FROM tasks WHERE id = ?")
            .and_then(|mut statement| statement.exists([id.to_string()]))
            .map_err(|source| self.failed("looking for a task", source))
    }

    fn insert_task(
        &self,
        seq: i64,
        step: u64,
        task: &Task,
        proposed: &Proposed,
    ) -> rusqlite::Result<usize> {
        let (origin, proposed_step, version) = match task.origin {
            Origin::Seed => ("seed", None, None),
            Origin::Suite => ("suite", None, None),
            Origin::Proposed { step, version } => ("proposed", Some(step), Some(version.0)),
        };
        // JSON has no other numbers; a metric that was not measured is absent.
        let metrics: serde_json::Map<_, _> = task
            .metrics
            .iter()
            .filter(|(_, value)| value.is_finite())
            .map(|(name, value)| (name.clone(), (*value).into()))
            .collect();
        self.db
            .prepare_cached(
                "INSERT INTO tasks (seq, id, kind, public, secret, key, holdout_key, origin, step,
                 proposed_step, policy_version, parents, metrics)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                seq,
                task.id.to_string(),
                task.kind.to_string(),
                task.public,
                proposed.secret.reveal(),
                proposed.key,
                proposed.holdout_key,
                origin,
                step,
                proposed_step,
                version,
                ids_json(&task.parents),
                serde_json::Value::Object(metrics).to_string(),
            ])
    }

    /// Evicts the oldest of `kind` until the buffer holds no more than it may.
    pub(crate) fn trim(&mut self, kind: &Kind) -> Result<(), Error> {
        let step = self.opened().step;
        while let Some(oldest) = self.index.pop_over(kind, self.options.capacity.get()) {
            self.db
                .prepare_cached("UPDATE tasks SET evicted_step = ? WHERE seq = ?")
                .and_then(|mut statement| statement.execute(params![step, oldest.seq]))
                .map_err(|source| self.failed("evicting a task", source))?;
        }
        Ok(())
    }

    /// Keeps a proposal, whatever came of it.
    ///
    /// # Errors
    /// If the file cannot be written; the step is then taken back.
    ///
    /// # Panics
    /// If no step is being recorded.
    pub fn record_proposal(
        &mut self,
        proposal: &Proposal,
        judged: &Judged,
        reward: Option<f32>,
    ) -> Result<(), Error> {
        let done = self
            .insert_proposal(proposal, judged, reward)
            .map_err(|source| self.failed("recording a proposal", source));
        self.or_abort(done)?;
        self.next.proposal += 1;
        Ok(())
    }

    fn insert_proposal(
        &self,
        proposal: &Proposal,
        judged: &Judged,
        reward: Option<f32>,
    ) -> rusqlite::Result<usize> {
        let open = self.opened();
        let (outcome, task_id, cause, detail, format) = match judged {
            Judged::Task(task, proposed) => {
                ("task", Some(task.id.to_string()), None, None, Some(proposed.format))
            }
            Judged::Rejected(why) => ("rejected", None, Some(&why.cause), Some(&why.detail), None),
            Judged::Fault(why) => ("fault", None, Some(&why.cause), Some(&why.detail), None),
        };
        self.db
            .prepare_cached(
                "INSERT INTO proposals (seq, step, policy_version, kind, outcome, task_id, cause,
                 detail, reward, format, n_tokens, truncated, parents, text)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.next.proposal,
                open.step,
                open.version.0,
                proposal.kind.to_string(),
                outcome,
                task_id,
                cause,
                detail,
                reward,
                format,
                proposal.trace.n_written(),
                proposal.trace.finish == Finish::Length,
                ids_json(&proposal.parents),
                proposal.trace.text,
            ])
    }

    /// Keeps the reward of the proposal that became task `id`, which is known only since this step.
    /// A reward that is there already stays.
    ///
    /// # Errors
    /// If the file cannot be written; the step is then taken back.
    ///
    /// # Panics
    /// If no step is being recorded.
    pub fn record_reward(&mut self, id: TaskId, reward: f32) -> Result<(), Error> {
        let (step, id) = (self.opened().step, id.to_string());
        let done = self
            .db
            .prepare_cached(
                "UPDATE proposals SET reward = ?, rewarded_step = ?
                 WHERE step = (SELECT proposed_step FROM tasks WHERE id = ?) AND task_id = ?
                   AND outcome = 'task' AND reward IS NULL",
            )
            .and_then(|mut statement| statement.execute(params![reward, step, id, id]))
            .map_err(|source| self.failed("recording a reward", source));
        self.or_abort(done).map(|_| ())
    }

    /// Keeps an attempt, the `sample_idx`-th on its task in this step.
    ///
    /// # Errors
    /// If the file cannot be written; the step is then taken back.
    ///
    /// # Panics
    /// If no step is being recorded.
    pub fn record_attempt(
        &mut self,
        attempt: &Attempt,
        sample_idx: usize,
        verdict: &Verdict,
        reward: Option<f32>,
    ) -> Result<(), Error> {
        let done = self
            .insert_attempt(attempt, sample_idx, verdict, reward)
            .map_err(|source| self.failed("recording an attempt", source));
        self.or_abort(done)?;
        self.next.attempt += 1;
        Ok(())
    }

    fn insert_attempt(
        &self,
        attempt: &Attempt,
        sample_idx: usize,
        verdict: &Verdict,
        reward: Option<f32>,
    ) -> rusqlite::Result<usize> {
        let open = self.opened();
        self.db
            .prepare_cached(
                "INSERT INTO attempts (seq, step, policy_version, task_id, sample_idx, status,
                 score, format, reason, reward, n_tokens, truncated, text)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.next.attempt,
                open.step,
                open.version.0,
                attempt.task.id.to_string(),
                sample_idx,
                verdict.status.name(),
                verdict.score,
                verdict.format,
                verdict.reason,
                reward,
                attempt.trace.n_written(),
                attempt.trace.finish == Finish::Length,
                attempt.trace.text,
            ])
    }
}

/// Ids as a JSON array; they are hex and need no escapes.
fn ids_json(ids: &[TaskId]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("[{}]", quoted.join(","))
}

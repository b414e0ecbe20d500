//! What a run writes from step to step: scalars, events, TensorBoard, checkpoints and its page.
//! Nobody else does but the pool, into its own file.

use std::path::{Path, PathBuf};

use quaero_evals::Score;
use quaero_telemetry::{JsonLines, Metrics, TensorBoard};

use crate::checkpoint::Checkpoint;
use crate::clock::wall_seconds;
use crate::gains::Gains;
use crate::record::Record;
use crate::world::{Cast, Pool, World};
use crate::{Error, Observer, report};

/// The writers, and who hears of what is written.
pub(crate) struct Books<'a> {
    pub(crate) observer: &'a mut dyn Observer,
    folder: &'a Path,
    events: JsonLines,
    metrics: JsonLines,
    board: TensorBoard,
    /// The first and the last held-out scores.
    pub(crate) gains: Gains,
}

impl<'a> Books<'a> {
    /// Opens the files of the run in `folder`, which go on after `step`.
    pub(crate) fn open(
        folder: &'a Path,
        step: u64,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, Error> {
        // Opening it takes back the lines of later steps.
        let metrics = JsonLines::open(&folder.join("metrics.jsonl"), step)?;
        Ok(Self {
            observer,
            folder,
            gains: Gains::of_run(folder)?,
            events: JsonLines::open(&folder.join("logs/events.jsonl"), step)?,
            metrics,
            board: TensorBoard::create(folder, wall_seconds())?,
        })
    }

    /// Logs what happened in a step and warns of what should not have.
    pub(crate) fn log(&mut self, record: &Record) {
        record.events().iter().for_each(|event| self.events.push(event));
        let played = &record.graded.played;
        if let Some(why) = played.refused().next() {
            let n = played.refused().count();
            let words = format!("step {}: the engine refused {n} prompts: {why}", record.step);
            self.observer.warning(&words);
        }
    }

    /// Keeps held-out scores among the scalars of `step`.
    pub(crate) fn evaluated(&mut self, step: u64, scores: Vec<Score>, metrics: &mut Metrics) {
        for score in &scores {
            metrics.set(&format!("eval/{}/score", score.name), score.interval.mean);
            metrics.set(&format!("eval/{}/low", score.name), score.interval.low);
            metrics.set(&format!("eval/{}/high", score.name), score.interval.high);
        }
        self.observer.evaluated(step, &scores);
        self.gains.add(scores.into_iter().map(|score| (score.name, score.interval)).collect());
    }

    /// Writes the scalars and the events of `step`, one of `steps`.
    pub(crate) fn close(&mut self, step: u64, steps: u64, metrics: &Metrics) -> Result<(), Error> {
        self.events.commit()?;
        self.metrics.push(&metrics.to_json(step));
        self.metrics.commit()?;
        self.board.write(wall_seconds(), step, metrics)?;
        self.observer.step(step, steps, metrics);
        Ok(())
    }

    /// Writes a checkpoint unless it is there. Returns its folder.
    pub(crate) fn save(
        &mut self,
        world: &World<'_>,
        cast: &Cast,
        pool: &Pool,
        step: u64,
    ) -> Result<PathBuf, Error> {
        let (pending, options) = (&pool.pending, world.options.checkpoint);
        let folder =
            Checkpoint::write(self.folder, step, &cast.policy, &cast.learner, pending, options)?;
        self.observer.checkpoint(&folder);
        Ok(folder)
    }

    /// Writes the run's page; what goes wrong is told and no more.
    pub(crate) fn report(&mut self) {
        if let Err(why) = report::write(self.folder) {
            self.observer.warning(&format!("report.html was not written: {why}"));
        }
    }
}

//! What a run tells whoever watches it.

use std::path::Path;

use quaero_evals::Score;
use quaero_telemetry::Metrics;

/// Hears of a run's progress. All methods do nothing unless overridden.
pub trait Observer {
    /// A phase begins: one line of plain words.
    fn phase(&mut self, _words: &str) {}
    /// Within a phase: `done` of `total` units.
    fn progress(&mut self, _done: u64, _total: u64) {}
    /// Tokens generated so far in the current step.
    fn tokens(&mut self, _n: u64) {}
    /// A held-out evaluation.
    fn evaluated(&mut self, _step: u64, _scores: &[Score]) {}
    /// A step ended.
    fn step(&mut self, _step: u64, _steps: u64, _metrics: &Metrics) {}
    /// Something that does not stop the run went wrong: one line of plain words.
    fn warning(&mut self, _words: &str) {}
    /// A checkpoint was written.
    fn checkpoint(&mut self, _folder: &Path) {}
}

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

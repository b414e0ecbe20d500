//! Held-out suites with confidence intervals.
//!
//! A [`Suite`] is a list of tasks with their gold answers that training never sees: `train`
//! registers its hold-out keys with the pool. Evaluation plays the suite through the same `play`
//! and `verify` that training uses, so a score means what a training solve rate means.
//!
//! # Layout
//! `suite` tasks from JSON lines → `interval` how sure a rate is → `evaluate` scores per kind →
//! `probe` scores by how hard a task was at the start. `published` plays benchmarks as their authors do.

mod suite;

mod interval;

mod evaluate;
mod probe;
pub mod published;

pub use evaluate::{Rates, Score, answer};
pub use interval::{Interval, clustered, difference, wilson};
pub use probe::{Graded, Grading, Level, Probe};
pub use suite::{Suite, SuiteTask};

/// What can fail at runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The suite's file cannot be read.
    #[error("cannot read suite {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The suite's file holds nothing.
    #[error("{path} holds no task: a suite has one JSON object a line")]
    Empty {
        /// The file.
        path: String,
    },
    /// A line of the suite is not a task.
    #[error(
        "suite {suite}, line {line}: {why}; a line is \
         {{\"kind\": \"family/kind\", \"public\": {{…}}, \"secret\": {{…}}}}"
    )]
    Line {
        /// The suite.
        suite: String,
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A line of a benchmark's file is not in its format.
    #[error("{file}, line {line}: {why}")]
    Item {
        /// The file's name.
        file: String,
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody is there to judge a benchmark's answers.
    #[error(
        "there is no {needs} to judge the answers: build the families with `cargo xtask plugin \
         build`"
    )]
    Judge {
        /// What is missing.
        needs: &'static str,
    },
    /// A family does not know what to hold out of a task.
    #[error("suite {suite}, task {task} of {kind}: the family gives no hold-out key: {why}")]
    HoldOut {
        /// The suite.
        suite: String,
        /// 1-based.
        task: usize,
        /// Its kind.
        kind: String,
        /// The family's words.
        why: String,
    },
    /// A probe set does not read.
    #[error(
        "probe set {path} is damaged: {why}; remove it, and the run grades the set again from its \
         first weights, as it did before"
    )]
    Probe {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A prompt or an answer does not pass through the tokenizer.
    #[error(transparent)]
    Tokens(#[from] quaero_tokens::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] quaero_engine::Error),
    /// Generation failed.
    #[error(transparent)]
    Play(#[from] quaero_play::Error),
}

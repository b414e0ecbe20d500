//! Pictures of a run: one self-contained HTML page from the run's folder.
//!
//! The page holds no script and loads nothing, so text that a model wrote can do nothing in it. One
//! run: a chart for each measure with a line for each role and kind. Several runs: a chart for each
//! scalar with a line for each run, and the last values with mean and spread.
//!
//! # Layout
//! `run` the folder, read → `chart` lines as SVG → `page` which charts, and the text around them.

mod chart;
mod page;
mod run;

use std::path::PathBuf;

pub use page::page;
pub use run::Run;

/// What keeps a run from being drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the run does not read.
    #[error("cannot read {}: {source}; is {} a run's folder?", path.display(), folder.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The run's folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of the metrics is damaged, and not because the run was writing it.
    #[error("{}: line {line} is no JSON object with a step; the file was damaged", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Nothing was measured yet.
    #[error("{} holds no step yet: wait for the run's first one", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests;

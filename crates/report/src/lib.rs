//! Pictures of a run: one self-contained HTML page from the run's folder.
//!
//! The page loads nothing. What a model wrote is in it as text: escaped where it stands in HTML, as
//! JSON that cannot end its element where the page's script reads it, and put on the page by that
//! script as text alone. The page's policy lets only that one script run.
//!
//! # Layout
//! `text` what was written, made harmless → `run` curves and configuration, `experience` tasks and
//! attempts, `crossplay` the matrix → `axis`, `chart` lines, `bars` → `plan` which charts,
//! `headline` what they say → `page` one run, `groups`, `side_by_side` several; `page.css`,
//! `page.js`.

mod text;

mod crossplay;
mod experience;
mod run;

mod axis;
mod bars;
mod chart;

mod headline;
mod plan;

mod base64;
mod page;

mod groups;
mod side_by_side;

use std::path::PathBuf;

pub use experience::{Budget, Experience, news};
pub use page::{curves, page, policy, waiting};
pub use run::Run;
pub use side_by_side::side_by_side;
pub use text::percent;

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

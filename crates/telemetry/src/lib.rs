//! The event schema, `metrics.jsonl` and TensorBoard files.
//!
//! Machines read files, people read stderr; this crate writes the files. It reads no clock: times
//! come in as numbers. A value that was not measured is absent, never zero.
//!
//! # Layout
//! `metrics` one step's scalars → `jsonl` append-only lines that can be rewound to a step →
//! `event` what happened, one object a line → `tensorboard` the same scalars for TensorBoard.

mod event;
mod jsonl;
mod metrics;
mod tensorboard;

pub use event::{EVENT_VERSION, Event};
pub use jsonl::JsonLines;
pub use metrics::Metrics;
pub use tensorboard::TensorBoard;

/// A file of the run cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {source}{}", remedy(source))]
pub struct Error {
    /// What was tried: `create`, `append to`, ….
    pub action: &'static str,
    /// The file.
    pub path: String,
    /// Why not.
    pub source: std::io::Error,
}

impl Error {
    fn of(action: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self { action, path: path.display().to_string(), source }
    }
}

/// What a person can do about the commonest causes.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull
        | std::io::ErrorKind::QuotaExceeded
        | std::io::ErrorKind::FileTooLarge => {
            "; free some space, then resume with --resume: nothing before this step is lost"
        }
        std::io::ErrorKind::InvalidData => "; something else changed the file: remove that line",
        std::io::ErrorKind::PermissionDenied => "; choose a folder you may write with --run",
        _ => "",
    }
}

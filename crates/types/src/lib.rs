//! The nouns of self-play, shared by every crate that knows text, tasks or rewards.
//!
//! Knows no tensors, no files and no clock. Model output is data here: it becomes a [`Verdict`] or
//! a [`Rejection`], never an error.
//!
//! # Layout
//! `kind` who plays what → `task` what is asked → `episode` how a family and the host talk →
//! `sample` what the policy wrote → `verdict` how it was judged → `batch` what is learned from.

mod batch;
mod episode;
mod kind;
mod sample;
mod task;
mod verdict;

pub use batch::{Batch, Row};
pub use episode::{Episode, Manifest, ManifestKind, Opening, Pair, Prompt, Proposed, Reply, Turn};
pub use kind::{Kind, PolicyVersion, Role, TaskRole};
pub use sample::{Attempt, Finish, Proposal, Sample};
pub use task::{Origin, Secret, Task, TaskId};
pub use verdict::{Fault, Judged, Rejection, Status, Verdict};

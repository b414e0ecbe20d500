//! The nouns of self-play, shared by every crate that knows text, tasks or rewards.
//!
//! Knows no tensors, no files and no clock. Model output is data here: it becomes a [`Verdict`] or
//! a [`Rejection`], never an error.
//!
//! # Layout
//! `kind` who plays what → `task` what is asked → `episode` how a family and the host talk →
//! `verdict` how it was judged → `judged` what became of a proposal → `trace` what the policy wrote
//! → `batch` what is learned from.

mod batch;
mod episode;
mod judged;
mod kind;
mod task;
mod trace;
mod verdict;

pub use batch::{Batch, Row};
pub use episode::{Episode, Manifest, ManifestKind, Opening, Pair, Prompt, Proposed, Reply, Turn};
pub use judged::Judged;
pub use kind::{Kind, PolicyVersion, Role, TaskRole};
pub use task::{Origin, Secret, Task, TaskId};
pub use trace::{Attempt, Finish, Proposal, Trace};
pub use verdict::{Fault, Rejection, Status, Verdict};

//! What became of a proposal.

use crate::{Fault, Proposed, Rejection, Task};

/// The outcome of a proposal.
#[expect(clippy::large_enum_variant, reason = "short-lived, and most of them are tasks")]
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// A valid task. `Proposed` is kept for its format flag and its secret.
    Task(Task, Proposed),
    /// Not a task.
    Rejected(Rejection),
    /// The judge failed.
    Fault(Fault),
}

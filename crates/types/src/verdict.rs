//! How something was judged. A model's output always ends here; a plugin's failure is a [`Fault`],
//! which is counted and earns neither reward nor penalty.

use serde::{Deserialize, Serialize};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Right.
    Ok,
    /// Readable and wrong.
    Wrong,
    /// No answer could be read.
    Unparsable,
    /// The answer ran past its deadline.
    Timeout,
    /// The answer failed while running (exception, memory, exit).
    Crashed,
    /// The judge failed: neither reward nor penalty.
    Fault,
}

impl Status {
    /// Its name on the wire, in the pool and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wrong => "wrong",
            Self::Unparsable => "unparsable",
            Self::Timeout => "timeout",
            Self::Crashed => "crashed",
            Self::Fault => "fault",
        }
    }
}

/// The judgement of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// In `[0, 1]`; 1 is right.
    pub score: f32,
    /// How it ended.
    pub status: Status,
    /// One line for people.
    pub reason: String,
    /// Whether the completion kept the demanded format around its answer.
    pub format: bool,
}

/// Why a proposal did not become a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Short name, stable: `parse`, `syntax`, `banned_import`, `error`, `timeout`,
    /// `nondeterministic`, `too_large`, `ignores_input`, `held_out`, ….
    pub cause: String,
    /// One line for people.
    pub detail: String,
}

/// A plugin trapped, timed out or broke its contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Short name, stable: `trap`, `timeout`, `memory`, `contract`.
    pub cause: String,
    /// One line for people.
    pub detail: String,
}

//! What the interpreter is asked and what it says: the host-side mirror of `interface interpreter`
//! in `plugins/wit`.

use serde::{Deserialize, Serialize};

/// A program and calls of its entry point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Python source.
    pub program: String,
    /// The function called.
    pub entry: String,
    /// Argument lists as Python source, `1, [2, 3], 'x'`; each the inside of one call.
    pub calls: Vec<String>,
    /// How often each call is evaluated; 2 checks determinism.
    pub runs: u32,
    /// Longest canonical value; more is [`Answer::TooLarge`].
    pub value_bytes_max: u32,
    /// Deadline of the whole job.
    pub deadline_ms: u32,
}

/// How one call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Canonical text of the value.
    Value(String),
    /// It raised.
    Raised {
        /// The exception's class.
        class: String,
        /// Its message, shortened.
        message: String,
    },
    /// The arguments are not the inside of one call.
    BadArguments(String),
    /// The value is not plain data; its type's name.
    NotPlain(String),
    /// The value or its depth is over the limit.
    TooLarge,
    /// Two runs disagreed.
    Nondeterministic,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// One answer a call.
    Done(Vec<Answer>),
    /// The program is not Python: class and message.
    Syntax(String),
    /// The program's top level raised.
    LoadRaised {
        /// The exception's class.
        class: String,
        /// Its message, shortened.
        message: String,
    },
    /// Past its deadline.
    Timeout,
    /// Past its memory.
    Memory,
    /// The instance ended by itself.
    Crashed(String),
    /// Not granted.
    Refused,
}

//! What is asked. A [`Task`] is public by construction: its gold answer is a separate [`Secret`],
//! kept by `verify` and the store, so a solver cannot be handed one by mistake.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Kind, PolicyVersion};

/// Content address of a task: BLAKE3 of its kind and its key, 16 bytes, written in hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId([u8; 16]);

impl TaskId {
    /// The id of the task of `kind` whose content is `key`.
    #[must_use]
    pub fn of(kind: &Kind, key: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind.to_string().as_bytes());
        hasher.update(&[0]);
        hasher.update(key.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }

    /// The first eight bytes as a number: the task's share of a randomness key.
    #[must_use]
    pub fn low64(self) -> u64 {
        let mut low = [0; 8];
        low.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(low)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for TaskId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bad = || format!("expected 32 hex digits, got {text:?}");
        if text.len() != 32 || !text.is_ascii() {
            return Err(bad());
        }
        let mut id = [0; 16];
        for (i, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| bad())?;
        }
        Ok(Self(id))
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.to_string()
    }
}

/// What only the judge may see, as JSON text. Debug output hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(String);

impl Secret {
    /// Seals `json`.
    pub fn new(json: impl Into<String>) -> Self {
        Self(json.into())
    }

    /// The JSON text. Called by `verify`, `runtime` and `pool` alone; `tidy` checks it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a task came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "from")]
pub enum Origin {
    /// The family's own seed tasks (AZR's identity triplet).
    Seed,
    /// Written by the policy.
    Proposed {
        /// The step that proposed it.
        step: u64,
        /// The policy that wrote it.
        version: PolicyVersion,
    },
    /// A fixed suite.
    Suite,
}

/// A task as a solver may see it. Only `verify` mints one from model output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Content address.
    pub id: TaskId,
    /// What kind of task.
    pub kind: Kind,
    /// All that a solver may see, as JSON text.
    pub public: String,
    /// The references that stood in the proposer's prompt.
    pub parents: Vec<TaskId>,
    /// Where it came from.
    pub origin: Origin,
    /// Difficulty and shape metrics by name, as the family measured them.
    pub metrics: BTreeMap<String, f64>,
}

//! Who plays what: roles, kinds of task, and the version of the policy that played.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The two roles of self-play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Writes tasks.
    Propose,
    /// Answers tasks.
    Solve,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Propose => "propose",
            Role::Solve => "solve",
        })
    }
}

/// A kind of task: the family that owns it and its name there. Written `family/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kind {
    /// The family (plugin) that owns the kind.
    pub family: String,
    /// The kind's name within its family.
    pub name: String,
}

impl Kind {
    /// The kind `name` of `family`.
    pub fn new(family: impl Into<String>, name: impl Into<String>) -> Self {
        Self { family: family.into(), name: name.into() }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family, self.name)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((family, name)) if !family.is_empty() && !name.is_empty() => {
                Ok(Self::new(family, name))
            }
            _ => Err(format!("expected family/kind, got {text:?}")),
        }
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.to_string()
    }
}

/// A role at a kind: what AZR calls a task-role. Statistics and baselines are kept per task-role.
/// Written `family/role/name`, as in `python/solve/deduction`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskRole {
    /// The role.
    pub role: Role,
    /// The kind played.
    pub kind: Kind,
}

impl TaskRole {
    /// `role` at `kind`.
    #[must_use]
    pub fn new(role: Role, kind: &Kind) -> Self {
        Self { role, kind: kind.clone() }
    }
}

impl fmt::Display for TaskRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind.family, self.role, self.kind.name)
    }
}

/// How many updates made these weights; 0 is the model the run started from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct PolicyVersion(pub u64);

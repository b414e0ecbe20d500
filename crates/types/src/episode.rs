//! How a family and the host talk: the host-side mirror of `plugins/wit`. Every exchange is an
//! episode (prompt → completion → … → outcome), for the proposer as for the solver.

use serde::{Deserialize, Serialize};

use crate::{Kind, Rejection, Role, Secret, Verdict};

/// A solved example shown to a proposer: both halves of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The public half, JSON text.
    pub public: String,
    /// The secret half.
    pub secret: Secret,
}

/// What opens an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// What is played.
    pub kind: Kind,
    /// Who plays.
    pub role: Role,
    /// Randomness for the family (which hidden cases, say); the same seed gives the same episode.
    pub seed: u64,
    /// The task's public half for a solver; empty for a proposer.
    pub public: String,
    /// Reference tasks for a proposer; empty for a solver.
    pub references: Vec<Pair>,
}

/// What the policy is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The whole prompt; the completion goes on right after its last character.
    pub text: String,
}

/// One earlier exchange of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What the policy wrote.
    pub completion: String,
    /// What the family answered.
    pub observation: String,
}

/// An episode with the completion that the family is to judge next.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// How it opened.
    pub opening: Opening,
    /// The gold answer, for a solver's episode.
    pub secret: Option<Secret>,
    /// Earlier exchanges, oldest first.
    pub turns: Vec<Turn>,
    /// What the policy wrote last.
    pub completion: String,
    /// Whether it was cut at the length limit.
    pub truncated: bool,
}

/// A task as a family proposes it to the host, before `verify` mints it.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    /// Public half, JSON text.
    pub public: String,
    /// Secret half.
    pub secret: Secret,
    /// Canonical content: equal keys are the same task.
    pub key: String,
    /// Canonical content of what must not leak from held-out suites (the program, the problem).
    pub holdout_key: String,
    /// Whether the completion kept the demanded format around its blocks.
    pub format: bool,
    /// Difficulty and shape metrics.
    pub metrics: Vec<(String, f64)>,
}

/// What a family says to a completion.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The episode goes on: shown to the policy, which writes again.
    Observation(String),
    /// A proposer's episode ended in a task.
    Proposed(Proposed),
    /// A proposer's episode ended without one.
    Rejected(Rejection),
    /// A solver's episode ended.
    Verdict(Verdict),
}

/// One kind in a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestKind {
    /// Name within the family.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// The kinds whose tasks serve as references to this kind's proposer (AZR: induction is
    /// proposed from programs of the deduction and abduction buffers).
    pub references_from: Vec<String>,
    /// How many references the proposer must have (induction: 1; others: 0 = the config's K).
    pub references_exactly: u32,
}

/// What a family says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Family name, as in `python`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// SPDX licence expression.
    pub license: String,
    /// One line for people.
    pub summary: String,
    /// Kinds of task it plays.
    pub kinds: Vec<ManifestKind>,
    /// Capabilities it asks for: `interpreter`, `judge`.
    pub capabilities: Vec<String>,
}

//! The `math` family: free-form answers against a gold answer, and Absolute Zero's deduction,
//! abduction and induction over exact arithmetic.
//!
//! `answer` is judged by the crate `quaero-math-judge`; the self-play kinds by an expression
//! language of their own, which this family runs itself: it asks for no capability. Everything is
//! exact, bounded and deterministic. Keeps no state between calls.
//!
//! # Layout
//! `options` → `task` the wire → `prompt` what is asked → `reading` what was written → `propose`
//! and `solve` the self-play judgements, `answer` the free-form one; `language` programs and their
//! values; `seeds` and `cases` come with the family.

mod answer;
mod cases;
mod language;
mod options;
mod prompt;
mod propose;
mod reading;
mod seeds;
mod solve;
mod task;

use quaero_sdk::{Episode, Family, Interpreter, Manifest, Opening, Proposed, Reply, Role};

use options::Options;
use task::Kind;

/// The family under its options.
#[derive(Clone, Debug)]
pub struct Math {
    options: Options,
}

quaero_sdk::export!(Math);

impl Family for Math {
    fn configure(options: &str) -> Result<Self, String> {
        let options = Options::parse(options).map_err(|error| format!("math: {error}"))?;
        Ok(Self { options })
    }

    fn manifest(&self) -> Manifest {
        let summary = |kind| match kind {
            Kind::Answer => "a problem is given, its answer is asked in any form",
            Kind::Deduction => "a function and its arguments are given, the value is asked",
            Kind::Abduction => "a function and its value are given, arguments are asked",
            Kind::Induction => "arguments and values are given, the function is asked",
        };
        let kind = |kind: Kind| quaero_sdk::Kind {
            name: kind.name().to_owned(),
            summary: summary(kind).to_owned(),
            references_from: match kind {
                Kind::Induction => vec!["deduction".to_owned(), "abduction".to_owned()],
                other => vec![other.name().to_owned()],
            },
            references_exactly: u32::from(kind == Kind::Induction),
        };
        Manifest {
            name: "math".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            license: "MIT OR Apache-2.0".to_owned(),
            summary: "free-form mathematical answers, and self-play over exact arithmetic"
                .to_owned(),
            kinds: Kind::ALL.map(kind).to_vec(),
            capabilities: Vec::new(),
            golden: quaero_sdk::golden_cases(&cases::FILES, &self.options.azr, false),
        }
    }

    fn seeds(&self, kind: &str) -> Vec<Proposed> {
        Kind::parse(kind).map_or_else(|_| Vec::new(), |kind| seeds::seeds(&self.options, kind))
    }

    fn holdout(&self, kind: &str, public: &str, secret: &str) -> Result<String, String> {
        task::holdout_key(Kind::parse(kind)?, public, secret)
    }

    fn open(&self, opening: &Opening) -> Result<String, String> {
        prompt::prompt(&self.options, opening)
    }

    fn step(&self, _interpreter: &dyn Interpreter, episodes: &[Episode]) -> Vec<Reply> {
        let reply = |episode: &Episode| {
            let kind = Kind::parse(&episode.opening.kind);
            match (kind, episode.opening.role) {
                (Err(why), _) => Reply::Fault(why),
                (Ok(kind), Role::Propose) => propose::judge(&self.options, kind, episode),
                (Ok(Kind::Answer), Role::Solve) => answer::judge(&self.options, episode),
                (Ok(kind), Role::Solve) => solve::judge(&self.options, kind, episode),
            }
        };
        episodes.iter().map(reply).collect()
    }
}

#[cfg(test)]
mod tests;

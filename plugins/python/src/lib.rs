//! The `python` family: Absolute Zero's deduction, abduction and induction (arXiv 2505.03335), and
//! the error prediction of its code.
//!
//! A task is a program `f`, an input and the output. The family writes the prompts, reads the
//! completions, validates what is proposed and judges what is answered. It runs no Python itself:
//! programs go to the host's interpreter, one call a batch, and come back as values that are
//! compared here. Keeps no state between calls.
//!
//! # Layout
//! `options` → `task` the wire → `prompt` what is asked → `reading` what was written → `propose`
//! and `solve` the judgements, `error` those of error prediction → `plan` their one call of the
//! interpreter; `source` looks at programs as tokens, `measure` at their trees, `perturb` varies
//! inputs, `composite` says what a proposal has to build on; `seeds` and `cases` come with the
//! family.

mod cases;
mod composite;
mod error;
mod measure;
mod options;
mod perturb;
mod plan;
mod prompt;
mod propose;
mod reading;
mod seeds;
mod solve;
mod source;
mod task;

use quaero_sdk::{Episode, Family, Interpreter, Manifest, Opening, Proposed, Reply, Role};

use options::Options;
use plan::Plan;
use task::Kind;

/// The family under its options.
#[derive(Clone, Debug)]
pub struct Python {
    options: Options,
}

quaero_sdk::export!(Python);

impl Family for Python {
    fn configure(options: &str) -> Result<Self, String> {
        let options = Options::parse(options).map_err(|error| format!("python: {error}"))?;
        Ok(Self { options })
    }

    fn manifest(&self) -> Manifest {
        let summary = |kind| match kind {
            Kind::Deduction => "program and input are given, the output is asked",
            Kind::Abduction => "program and output are given, an input is asked",
            Kind::Induction => "inputs and outputs are given, the program is asked",
            Kind::Error => "program and input are given, the name of the exception is asked",
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
            name: "python".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            license: "MIT OR Apache-2.0".to_owned(),
            summary: "Absolute Zero's kinds of task over Python programs".to_owned(),
            kinds: Kind::ALL.map(kind).to_vec(),
            capabilities: vec!["interpreter".to_owned()],
            golden: quaero_sdk::golden_cases(&cases::FILES, &self.options.azr, false),
        }
    }

    fn seeds(&self, kind: &str) -> Vec<Proposed> {
        Kind::parse(kind).map_or_else(|_| Vec::new(), |kind| seeds::seeds(&self.options, kind))
    }

    fn holdout(&self, kind: &str, public: &str, secret: &str) -> Result<String, String> {
        Kind::parse(kind)?;
        task::holdout_key(public, secret)
    }

    fn open(&self, opening: &Opening) -> Result<String, String> {
        prompt::prompt(&self.options, opening)
    }

    fn step(&self, interpreter: &dyn Interpreter, episodes: &[Episode]) -> Vec<Reply> {
        let plan =
            |episode: &Episode| match (Kind::parse(&episode.opening.kind), episode.opening.role) {
                (Err(why), _) => Plan::Now(Reply::Fault(why)),
                (Ok(kind), Role::Propose) => propose::plan(&self.options, kind, episode),
                (Ok(kind), Role::Solve) => solve::plan(&self.options, kind, episode),
            };
        plan::carry_out(interpreter, episodes.iter().map(plan).collect())
    }
}

#[cfg(test)]
mod tests;

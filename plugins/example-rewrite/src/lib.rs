//! The `rewrite` family: a word changes by rules until none fits. The example that
//! `plugins/README.md` works through.
//!
//! A rule `ab>c` turns `ab` into `c`. The first rule that fits is applied at its leftmost place,
//! again and again. In `reduce` the solver says what a word becomes; in `reach` it finds a word
//! that becomes what is shown. A proposer writes rules and a word. Nothing here runs foreign code,
//! so the family asks for no capability.
//!
//! # Layout
//! `options` → `system` rules at work → `task` the wire and the prompts → `judge` proposals and
//! answers → `seeds` and `golden`, which come with the family.

mod golden;
mod judge;
mod options;
mod seeds;
mod system;
mod task;

use quaero_sdk::{Episode, Family, Kind, Manifest, Opening, Proposed, Reply, Role};

use options::Options;
use task::Task;

/// The family under its options.
#[derive(Clone, Debug)]
pub struct Rewrite {
    options: Options,
}

quaero_sdk::export!(Rewrite);

impl Family for Rewrite {
    fn configure(options: &str) -> Result<Self, String> {
        let options = Options::parse(options).map_err(|error| format!("rewrite: {error}"))?;
        Ok(Self { options })
    }

    fn manifest(&self) -> Manifest {
        let kind = |name: &str, summary: &str| Kind {
            name: name.to_owned(),
            summary: summary.to_owned(),
            // Tasks of either kind are rules and a word, and serve the proposer of both.
            references_from: vec!["reduce".to_owned(), "reach".to_owned()],
            references_exactly: 0,
        };
        Manifest {
            name: "rewrite".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            license: "MIT OR Apache-2.0".to_owned(),
            summary: "Words that change by rules".to_owned(),
            kinds: vec![
                kind("reduce", "rules and a word are given, what it becomes is asked"),
                kind("reach", "rules and a result are given, a word that becomes it is asked"),
            ],
            capabilities: Vec::new(),
            golden: golden::cases(&self.options),
        }
    }

    fn seeds(&self, kind: &str) -> Vec<Proposed> {
        if is_kind(kind).is_err() {
            return Vec::new();
        }
        seeds::tasks(&self.options).iter().map(|task| task.proposed(kind, true)).collect()
    }

    fn holdout(&self, kind: &str, public: &str, secret: &str) -> Result<String, String> {
        is_kind(kind)?;
        Ok(Task::read(public, secret, &self.options)?.key())
    }

    fn open(&self, opening: &Opening) -> Result<String, String> {
        is_kind(&opening.kind)?;
        match opening.role {
            Role::Propose => task::ask_for_a_task(opening, &self.options),
            Role::Solve => task::ask_for_an_answer(opening, &self.options),
        }
    }

    fn reply(&self, episode: &Episode) -> Reply {
        if let Err(why) = is_kind(&episode.opening.kind) {
            return Reply::Fault(why);
        }
        match episode.opening.role {
            Role::Propose => judge::proposal(episode, &self.options),
            Role::Solve => judge::answer(episode, &self.options),
        }
    }
}

/// Whether the family plays `kind`.
fn is_kind(kind: &str) -> Result<(), String> {
    match kind {
        "reduce" | "reach" => Ok(()),
        other => Err(format!("no kind {other:?} in the family rewrite; it has reduce, reach")),
    }
}

#[cfg(test)]
mod tests;

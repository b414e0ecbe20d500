//! The held-out suite: tasks over programs that priming never shows, in the form of the wire.

use std::collections::BTreeSet;

use quaero_rng::Key;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::language::{Exercise, Generator, LANGUAGE_VERSION, canonical};

/// Programs of each kind.
pub const N_PER_KIND: usize = 400;

/// The seed under which held-out programs are drawn.
const HELD_OUT_SEED: u64 = 777;

/// Pairs shown and hidden in an induction task.
const N_SHOWN: usize = 3;
const N_HIDDEN: usize = 3;

/// One task of a suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// As in `python/deduction`.
    pub kind: String,
    /// What a solver may see.
    pub public: Value,
    /// What only the judge sees.
    pub secret: Value,
}

/// The kinds, in the order of the suite.
pub const KINDS: [&str; 3] = ["deduction", "abduction", "induction"];

/// The programs of the suite: kind after kind, all different up to names.
#[must_use]
pub fn programs() -> Vec<Exercise> {
    let key = Key::new(HELD_OUT_SEED).named("held out").with(u64::from(LANGUAGE_VERSION));
    let generator = Generator::new(key);
    let mut seen = BTreeSet::new();
    (0..)
        .map(|idx| generator.exercise(idx, N_SHOWN + N_HIDDEN))
        .filter(|exercise| exercise.cases.len() == N_SHOWN + N_HIDDEN)
        .filter(|exercise| seen.insert(canonical(&exercise.program)))
        .take(N_PER_KIND * KINDS.len())
        .collect()
}

/// The canonical texts that priming must not show.
#[must_use]
pub fn excluded() -> BTreeSet<String> {
    programs().iter().map(|exercise| canonical(&exercise.program)).collect()
}

/// The suite, drawn afresh.
#[must_use]
pub fn draw() -> Vec<Record> {
    programs()
        .chunks(N_PER_KIND)
        .zip(KINDS)
        .flat_map(|(exercises, kind)| exercises.iter().map(move |it| record(kind, it)))
        .collect()
}

fn record(kind: &str, exercise: &Exercise) -> Record {
    let Exercise { program, cases } = exercise;
    let (input, output) = (&cases[0].input, &cases[0].output);
    let (public, secret) = match kind {
        "deduction" => (json!({"program": program, "input": input}), json!({"output": output})),
        "abduction" => (json!({"program": program, "output": output}), json!({"input": input})),
        _ => {
            let pairs: Vec<Value> =
                cases.iter().map(|case| json!([case.input, case.output])).collect();
            let (shown, hidden) = pairs.split_at(N_SHOWN);
            (
                json!({"message": "", "examples": shown}),
                json!({"program": program, "hidden": hidden}),
            )
        }
    };
    Record { kind: format!("python/{kind}"), public, secret }
}

/// The suite as JSON lines.
#[must_use]
pub fn to_jsonl(records: &[Record]) -> String {
    records.iter().map(|record| json!(record).to_string() + "\n").collect()
}

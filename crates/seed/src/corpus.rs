//! What the model is primed on: rows of tokens with a loss weight each.
//!
//! A solver's row is a test-time episode that goes on: after the answer and its end-of-sequence
//! token come further questions about the same program, each in the same fences. The first question
//! stands exactly as at test time; the others make answers the greater part of the tokens.
//! Row `r` of batch `b` is a pure function of the key.

use std::collections::BTreeSet;

use quaero_rng::{Key, Stream};

use serde::Serialize;

use crate::language::{Case, Exercise, Generator, canonical};
use crate::prompt;
use crate::vocabulary::{EOS, Vocabulary};

/// Loss weight of each part of a row.
mod weight {
    /// An output that follows from the program.
    pub(super) const OUTPUT: f32 = 1.0;
    /// An input that gives the output; many would.
    pub(super) const INPUT: f32 = 0.6;
    /// A program that explains examples.
    pub(super) const INDUCED: f32 = 0.7;
    /// A program and its input, proposed.
    pub(super) const PROPOSED: f32 = 0.5;
    /// Inputs proposed for a program: nearly pure chance.
    pub(super) const PROPOSED_INPUTS: f32 = 0.3;
    /// A program that is given.
    pub(super) const GIVEN: f32 = 0.05;
}

/// Questions about one program in a row.
const N_CASES: usize = 6;

/// One training sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The tokens.
    pub tokens: Vec<u32>,
    /// The weight of predicting each; that of the first is never used.
    pub weights: Vec<f32>,
}

/// Shares of the kinds of rows, relative to their sum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mix {
    /// Proposals of deduction, abduction and induction tasks.
    pub propose: [usize; 3],
    /// Solving deduction, abduction and induction tasks.
    pub solve: [usize; 3],
}

/// Draws rows.
#[derive(Debug)]
pub struct Corpus {
    vocabulary: Vocabulary,
    excluded: BTreeSet<String>,
}

impl Corpus {
    /// Rows over programs whose canonical text is not in `excluded`.
    #[must_use]
    pub fn new(excluded: BTreeSet<String>) -> Self {
        Self { vocabulary: Vocabulary::new(), excluded }
    }

    /// The rows of one batch.
    #[must_use]
    pub fn batch(&self, key: Key, mix: &Mix, n_rows: usize) -> Vec<Row> {
        (0..n_rows as u64).map(|row| self.row(key.with(row), mix)).collect()
    }

    /// The row of `key`.
    #[must_use]
    pub fn row(&self, key: Key, mix: &Mix) -> Row {
        let mut rng = key.named("kind").stream();
        let mut writer = Writer { vocabulary: &self.vocabulary, row: Row::default() };
        let shares: Vec<usize> = mix.propose.iter().chain(&mix.solve).copied().collect();
        let mut at = rng.below(shares.iter().sum());
        let kind = shares.iter().position(|share| {
            let hit = at < *share;
            at = at.saturating_sub(*share);
            hit
        });
        let exercise = self.exercise(key.named("exercise"), N_CASES);
        match kind {
            Some(0) => self.propose(&mut writer, "deduction", &exercise, key, &mut rng),
            Some(1) => self.propose(&mut writer, "abduction", &exercise, key, &mut rng),
            Some(2) => propose_inputs(&mut writer, &exercise),
            Some(3) => solve_deduction(&mut writer, &exercise),
            Some(4) => solve_abduction(&mut writer, &exercise),
            _ => solve_induction(&mut writer, &exercise, &mut rng),
        }
        writer.row
    }

    /// An exercise that is not held out.
    fn exercise(&self, key: Key, n_cases: usize) -> Exercise {
        let generator = Generator::new(key);
        (0..)
            .map(|idx| generator.exercise(idx, n_cases))
            .find(|exercise| !self.excluded.contains(&canonical(&exercise.program)))
            .expect("an endless range ends only by a find")
    }

    fn propose(
        &self,
        writer: &mut Writer<'_>,
        kind: &str,
        exercise: &Exercise,
        key: Key,
        rng: &mut Stream,
    ) {
        // None, one or two references.
        let n_references = [0, 0, 1, 2][rng.below(4)];
        for idx in 0..n_references {
            let shown = self.exercise(key.named("reference").with(idx), 1);
            let case = &shown.cases[0];
            let whole = prompt::reference(&shown.program, case);
            // The output of a reference follows from what stands before it.
            let tail = format!("{}\n```\n", case.output);
            writer.put(whole.strip_suffix(tail.as_str()).unwrap_or(&whole), weight::GIVEN);
            writer.put(&tail, weight::OUTPUT);
        }
        writer.put(&prompt::propose(kind), 0.0);
        let input = &exercise.cases[0].input;
        let text = format!("{}{}{input}{}", exercise.program, prompt::NEXT_INPUT, prompt::END);
        writer.put(&text, weight::PROPOSED);
        writer.end(weight::PROPOSED);
    }
}

fn propose_inputs(writer: &mut Writer<'_>, exercise: &Exercise) {
    writer.put(&prompt::propose_induction(&exercise.program), weight::GIVEN);
    let inputs: Vec<&str> = exercise.cases.iter().map(|case| case.input.as_str()).collect();
    writer.put(&(inputs.join(prompt::NEXT_INPUT) + prompt::END), weight::PROPOSED_INPUTS);
    writer.end(weight::PROPOSED_INPUTS);
}

fn solve_deduction(writer: &mut Writer<'_>, exercise: &Exercise) {
    for (i, Case { input, output }) in exercise.cases.iter().enumerate() {
        if i == 0 {
            writer.put(&prompt::solve_deduction(&exercise.program, input), weight::GIVEN);
        } else {
            writer.put(&format!("```input\n{input}\n```\n```output\n"), 0.0);
        }
        writer.put(&format!("{output}{}", prompt::END), weight::OUTPUT);
        writer.end(weight::OUTPUT);
    }
}

fn solve_abduction(writer: &mut Writer<'_>, exercise: &Exercise) {
    for (i, Case { input, output }) in exercise.cases.iter().enumerate() {
        if i == 0 {
            writer.put(&prompt::solve_abduction(&exercise.program, output), weight::GIVEN);
        } else {
            writer.put(&format!("```output\n{output}\n```\n```input\n"), 0.0);
        }
        writer.put(&format!("{input}{}", prompt::END), weight::INPUT);
        writer.end(weight::INPUT);
    }
}

fn solve_induction(writer: &mut Writer<'_>, exercise: &Exercise, rng: &mut Stream) {
    let n_shown = [3, 3, 3, 4, 5, 6][rng.below(6)].min(exercise.cases.len());
    writer.put(&prompt::solve_induction(&exercise.cases[..n_shown]), 0.0);
    writer.put(&format!("{}{}", exercise.program, prompt::END), weight::INDUCED);
    writer.end(weight::INDUCED);
}

/// Builds a row.
struct Writer<'a> {
    vocabulary: &'a Vocabulary,
    row: Row,
}

impl Writer<'_> {
    fn put(&mut self, text: &str, weight: f32) {
        let ids = self.vocabulary.encode(text);
        self.row.weights.resize(self.row.weights.len() + ids.len(), weight);
        self.row.tokens.extend(ids);
    }

    fn end(&mut self, weight: f32) {
        self.row.tokens.push(self.vocabulary.id(EOS));
        self.row.weights.push(weight);
    }
}

#[cfg(test)]
pub(crate) mod tests;

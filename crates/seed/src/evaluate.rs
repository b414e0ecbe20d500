//! How good the model is, judged by this crate's own evaluator: solve rates on held-out programs,
//! and what its proposals are worth. Self-play judges by CPython in the sandbox instead.

use std::collections::BTreeSet;

use quaero_model::Model;
use quaero_rng::Key;
use serde::Serialize;

use crate::language::{Case, Exercise, Value, canonical, parse_inputs, parse_program};
use crate::prompt;
use crate::sample::{Request, sample};
use crate::suite::{N_PER_KIND, programs};
use crate::vocabulary::{EOS, Vocabulary};

const N_NEW_MAX: usize = 128;
const N_SHOWN: usize = 3;

/// Shares of what was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Held-out tasks of each kind that these rates are over, and proposals.
    pub n: usize,
    /// Solved greedily: deduction, abduction, induction.
    pub greedy: [f32; 3],
    /// Solved at temperature 1: deduction, abduction, induction.
    pub sampled: [f32; 3],
    /// Proposals of deduction tasks at temperature 1 that are valid and depend on their input.
    pub valid: f32,
    /// Different programs up to names, among all of them.
    pub distinct: f32,
    /// The same of abduction tasks.
    pub valid_abduction: f32,
    /// Induction proposals at temperature 1 with six different inputs on which the program runs.
    pub valid_inputs: f32,
}

/// Rates over `n` held-out programs of each kind.
#[must_use]
pub fn evaluate(model: &Model, n: usize, key: Key) -> Rates {
    let exercises = programs();
    let of = |kind: usize| {
        let start = kind * N_PER_KIND;
        &exercises[start..start + n.min(N_PER_KIND)]
    };
    let asker = Asker { model, vocabulary: Vocabulary::new(), key };
    let solve = |temperature: f32| {
        [
            asker.share(of(0), temperature, deduction, |it, answer| answer == it.cases[0].output),
            asker.share(of(1), temperature, abduction, |it, answer| {
                outputs(&it.program, answer).as_deref() == Some(it.cases[0].output.as_str())
            }),
            asker.share(of(2), temperature, induction, |it, answer| {
                let same = |case: &Case| {
                    outputs(answer, &case.input).as_deref() == Some(case.output.as_str())
                };
                it.cases[N_SHOWN..].iter().all(same)
            }),
        ]
    };
    let mut seen = BTreeSet::new();
    let valid = asker.share(
        of(0),
        1.0,
        |_| prompt::propose("deduction"),
        |_, answer| {
            let proposal = proposal(answer);
            seen.extend(proposal.as_deref().map(canonical));
            proposal.is_some()
        },
    );
    let valid_abduction = asker.share(
        of(1),
        1.0,
        |_| prompt::propose("abduction"),
        |_, answer| proposal(answer).is_some(),
    );
    let valid_inputs = asker.share(
        of(2),
        1.0,
        |it| prompt::propose_induction(&it.program),
        |it, answer| six_inputs(&it.program, answer),
    );
    let n = of(0).len();
    let distinct = seen.len() as f32 / n as f32;
    let (greedy, sampled) = (solve(0.0), solve(1.0));
    Rates { n, greedy, sampled, valid, distinct, valid_abduction, valid_inputs }
}

fn deduction(it: &Exercise) -> String {
    prompt::solve_deduction(&it.program, &it.cases[0].input)
}

fn abduction(it: &Exercise) -> String {
    prompt::solve_abduction(&it.program, &it.cases[0].output)
}

fn induction(it: &Exercise) -> String {
    prompt::solve_induction(&it.cases[..N_SHOWN])
}

/// Asks a model and counts.
struct Asker<'a> {
    model: &'a Model,
    vocabulary: Vocabulary,
    key: Key,
}

impl Asker<'_> {
    fn share(
        &self,
        exercises: &[Exercise],
        temperature: f32,
        prompt: impl Fn(&Exercise) -> String,
        mut judge: impl FnMut(&Exercise, &str) -> bool,
    ) -> f32 {
        let requests: Vec<Request> = exercises
            .iter()
            .enumerate()
            .map(|(i, it)| {
                let prompt = prompt(it);
                let key = self.key.named(&prompt).with(i as u64);
                Request { prompt: self.vocabulary.encode(&prompt), key }
            })
            .collect();
        let eos = self.vocabulary.id(EOS);
        let completions = sample(self.model, &requests, N_NEW_MAX, temperature, eos);
        let n_right = exercises
            .iter()
            .zip(completions)
            .filter(|(it, completion)| {
                let text = completion.as_ref().map(|ids| self.vocabulary.decode(ids));
                let answer = text.as_deref().and_then(|text| text.strip_suffix(prompt::END));
                answer.is_some_and(|answer| judge(it, answer))
            })
            .count();
        n_right as f32 / exercises.len() as f32
    }
}

/// `repr(f(input))` of a program's text.
fn outputs(program: &str, input: &str) -> Option<String> {
    let inputs = parse_inputs(input)?;
    Some(parse_program(program)?.run(&inputs)?.to_string())
}

/// The program of a proposal that runs on its input and whose output varies with the input.
fn proposal(answer: &str) -> Option<String> {
    let (text, input) = answer.split_once(prompt::NEXT_INPUT)?;
    let program = parse_program(text)?;
    let inputs = parse_inputs(input)?;
    let output = program.run(&inputs)?;
    let mut rng = Key::new(0).named(answer).stream();
    let varies = (0..8).any(|_| {
        let other: Vec<Value> = inputs.iter().map(|value| redraw(value, &mut rng)).collect();
        program.run(&other).is_some_and(|changed| changed != output)
    });
    varies.then(|| text.to_owned())
}

/// Another value of the same type.
fn redraw(value: &Value, rng: &mut quaero_rng::Stream) -> Value {
    match value {
        Value::Int(_) | Value::Bool(_) => Value::Int(rng.below(10) as i64),
        Value::Str(_) => {
            let letters = rng.sample_indices(26, 3).into_iter();
            Value::Str(letters.map(|c| char::from(b'a' + c as u8)).collect())
        }
        Value::List(_) => {
            let digits = rng.sample_indices(10, 3).into_iter();
            Value::List(digits.map(|d| Value::Int(d as i64)).collect())
        }
    }
}

/// Whether an induction proposal is six different inputs on which the program runs.
fn six_inputs(program: &str, answer: &str) -> bool {
    let inputs: Vec<&str> = answer.split(prompt::NEXT_INPUT).collect();
    let distinct: BTreeSet<&str> = inputs.iter().copied().collect();
    let all_run = inputs.iter().all(|input| outputs(program, input).is_some());
    inputs.len() == 6 && distinct.len() == 6 && all_run
}

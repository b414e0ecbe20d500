//! Tasks on the wire: the JSON halves of each kind.
//!
//! Knows the fields by name and nothing of how they are judged.

pub(crate) use quaero_sdk::{Example, Half, Reference};
use quaero_sdk::{Metric, Proposed};
use serde_json::{Value as Json, json};

use crate::language::{Program, Value, arguments, print_arguments};

/// A kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A problem in words, and a gold answer.
    Answer,
    /// Function and arguments are given, the value is asked.
    Deduction,
    /// Function and value are given, arguments are asked.
    Abduction,
    /// Arguments and values are given, the function is asked.
    Induction,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Kind; 4] =
        [Kind::Answer, Kind::Deduction, Kind::Abduction, Kind::Induction];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Answer => "answer",
            Kind::Deduction => "deduction",
            Kind::Abduction => "abduction",
            Kind::Induction => "induction",
        }
    }

    /// The kind of that name (`math/deduction` will do as well).
    ///
    /// # Errors
    /// Names the kinds there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let short = name.strip_prefix("math/").unwrap_or(name);
        Kind::ALL.into_iter().find(|kind| kind.name() == short).ok_or_else(|| {
            format!(
                "no kind {name:?} in the family math; it has answer, deduction, abduction, \
                 induction"
            )
        })
    }
}

/// A program run once: what a deduction or abduction task is made of.
pub(crate) struct Played<'a> {
    pub(crate) program: &'a Program,
    /// The arguments in canonical form.
    pub(crate) input: String,
    pub(crate) output: Value,
    pub(crate) n_steps: u64,
}

/// A deduction or abduction task.
pub(crate) fn of_program(kind: Kind, played: &Played<'_>, format: bool) -> Proposed {
    let (program, output) = (played.program.to_string(), played.output.to_string());
    let input = &played.input;
    let (public, secret) = match kind {
        Kind::Abduction => (json!({"program": program, "output": output}), json!({"input": input})),
        _ => (json!({"program": program, "input": input}), json!({"output": output})),
    };
    Proposed {
        public: public.to_string(),
        secret: secret.to_string(),
        key: format!("{program}\n# {input}"),
        holdout_key: program,
        format,
        metrics: metrics(played),
    }
}

/// An induction task: the first `n_shown` examples are shown, the rest hidden.
pub(crate) fn of_examples(
    played: &[Played<'_>],
    message: &str,
    n_shown: usize,
    format: bool,
) -> Proposed {
    let wire = |part: &[Played<'_>]| -> Json {
        part.iter().map(|p| json!([p.input, p.output.to_string()])).collect()
    };
    let (shown, hidden) = played.split_at(n_shown.min(played.len()));
    let program = played[0].program.to_string();
    let mut inputs: Vec<&str> = played.iter().map(|p| p.input.as_str()).collect();
    inputs.sort_unstable();
    Proposed {
        public: json!({"message": message, "examples": wire(shown)}).to_string(),
        secret: json!({"program": program, "hidden": wire(hidden)}).to_string(),
        key: format!("{program}\n# {}", inputs.join("\n# ")),
        holdout_key: program,
        format,
        metrics: metrics(&played[0]),
    }
}

/// What must not leak from a held-out task of `kind`: its problem, or its program wherever it
/// stands.
///
/// # Errors
/// If neither half holds one that can be read.
pub(crate) fn holdout_key(kind: Kind, public: &str, secret: &str) -> Result<String, String> {
    let (public, secret) = (Half::parse(public, "public")?, Half::parse(secret, "secret")?);
    if kind == Kind::Answer {
        return Ok(public.text("problem")?.to_owned());
    }
    let program = public.text("program").or_else(|_| secret.text("program"))?;
    let program = Program::parse(program).map_err(|why| format!("the task's program: {why}"))?;
    Ok(program.to_string())
}

/// What makes two deduction or abduction tasks the same, from their texts; `None` where one cannot
/// be read.
pub(crate) fn key(program: &str, input: &str) -> Option<String> {
    let program = Program::parse(program).ok()?;
    let input = arguments(input).ok()?;
    Some(format!("{program}\n# {}", print_arguments(&input)))
}

/// How hard a task looks: the program's shape, its work, and the size of what goes in and out.
fn metrics(played: &Played<'_>) -> Vec<Metric> {
    let shape = played.program.body.shape();
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() as f64;
    let output = played.output.to_string();
    let is = |holds: bool| f64::from(u8::from(holds));
    let (integer, fraction) = match &played.output {
        Value::Number(x) => (x.is_integer(), !x.is_integer()),
        Value::Poly(_) => (false, false),
    };
    let named = [
        ("n_operations", shape.n_operations as f64),
        ("n_calls", shape.n_calls as f64),
        ("n_folds", shape.n_folds as f64),
        ("n_branches", shape.n_branches as f64),
        ("depth", shape.depth as f64),
        ("n_parameters", played.program.parameters.len() as f64),
        ("n_steps", played.n_steps as f64),
        ("input_digits", digits(&played.input)),
        ("output_digits", digits(&output)),
        ("output_integer", is(integer)),
        ("output_fraction", is(fraction)),
        ("output_polynomial", is(!integer && !fraction)),
    ];
    named.map(|(name, value)| Metric { name: name.to_owned(), value }).to_vec()
}

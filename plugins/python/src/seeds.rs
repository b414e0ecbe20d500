//! The tasks a run starts from: the identity function, AZR's zero triplet.

use quaero_sdk::{Proposed, Value};

use crate::error::NO_ERROR;
use crate::options::{Options, Style};
use crate::task::{self, Example, Kind};

const IDENTITY: &str = "def f(a):\n    return a";

/// Inputs of mixed types for the induction seed.
const MIXED: [&str; 6] = ["3", "'ab'", "[1, 2]", "(4, 'x')", "{'k': 5}", "True"];

/// The seed tasks of `kind`.
pub(crate) fn seeds(options: &Options, kind: Kind) -> Vec<Proposed> {
    // Identity: what goes in as a literal comes out.
    let example = |input: &str| {
        let value = Value::parse(input, usize::MAX).expect("seed inputs are literals");
        (Example { input: input.to_owned(), output: value.to_string() }, value)
    };
    let azr = options.azr.style == Style::Azr;
    if kind == Kind::Induction {
        let message = if azr { "Gives back what it is given." } else { "" };
        let examples = MIXED.map(example);
        let n_shown = options.azr.n_shown.min(MIXED.len() / 2);
        return vec![task::of_examples(IDENTITY, message, &examples, n_shown, true)];
    }
    let (example, value) = example(if azr { "'Hello world'" } else { "'ab'" });
    if kind == Kind::Error {
        return vec![task::of_error(IDENTITY, &example.input, NO_ERROR, true)];
    }
    vec![task::of_program(kind, IDENTITY, &example.input, &value, true)]
}

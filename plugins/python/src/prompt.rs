//! The prompt of each role and kind, in the style of the options.
//!
//! Sees public halves only, and whole tasks as references; never the secret of the task it asks.

mod azr;
mod compact;

use quaero_sdk::{Opening, Role};

use crate::composite::Given;
use crate::options::{Options, Style};
use crate::task::{Example, Half, Kind, Reference};

/// What a prompt asks for.
enum Ask {
    /// A program and an input.
    ProposeProgram { kind: Kind, references: Vec<(String, Example)>, given: Given },
    /// Inputs for a program.
    ProposeInputs { program: String, n_inputs: usize },
    /// The output.
    Deduction { program: String, input: String },
    /// An input.
    Abduction { program: String, output: String },
    /// The name of the exception.
    Error { program: String, input: String },
    /// The program.
    Induction { message: String, examples: Vec<Example> },
}

/// The prompt that opens an episode.
///
/// # Errors
/// If the task or a reference cannot be read, or a reference is missing.
pub(crate) fn prompt(options: &Options, opening: &Opening) -> Result<String, String> {
    let ask = ask(options, opening)?;
    Ok(match options.style {
        Style::Compact => compact::write(&ask),
        Style::Azr => azr::write(&ask, options),
    })
}

fn ask(options: &Options, opening: &Opening) -> Result<Ask, String> {
    let kind = Kind::parse(&opening.kind)?;
    if opening.role == Role::Propose {
        let pairs = &opening.references;
        if kind == Kind::Induction {
            let program = Reference::only_program(pairs)?;
            return Ok(Ask::ProposeInputs { program, n_inputs: options.n_inputs });
        }
        let given = Given::of(options, kind, opening);
        let references = Reference::with_examples(pairs)?;
        return Ok(Ask::ProposeProgram { kind, references, given });
    }
    let public = Half::parse(&opening.public, "public")?;
    let text = |field: &str| public.text(field).map(str::to_owned);
    Ok(match kind {
        Kind::Deduction => Ask::Deduction { program: text("program")?, input: text("input")? },
        Kind::Error => Ask::Error { program: text("program")?, input: text("input")? },
        Kind::Abduction => Ask::Abduction { program: text("program")?, output: text("output")? },
        Kind::Induction => Ask::Induction {
            // Suites without a message leave it out.
            message: text("message").unwrap_or_default(),
            examples: public.examples("examples")?,
        },
    })
}

#[cfg(test)]
mod tests;

//! What a prompt asks, and the compact style of asking it.
//!
//! Sees public halves only, and whole tasks as references; never the secret of the task it asks.

use std::fmt::Write;

use crate::{Example, Half, Opening, Reference, Role, fenced};

/// What a prompt asks for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// A program and an input.
    ProposeProgram {
        /// Programs to differ from, with an example each.
        references: Vec<(String, Example)>,
    },
    /// Inputs for a program.
    ProposeInputs {
        /// The program.
        program: String,
        /// How many.
        n_inputs: usize,
    },
    /// What a program gives for an input.
    Output {
        /// The program.
        program: String,
        /// The input.
        input: String,
    },
    /// An input for which a program gives an output.
    Input {
        /// The program.
        program: String,
        /// The output.
        output: String,
    },
    /// The program.
    Program {
        /// What its proposer says of it.
        message: String,
        /// Inputs with their outputs.
        examples: Vec<Example>,
    },
}

impl Ask {
    /// What an opening of `kind` asks: `induction`, `abduction`, or any other whose answer is an
    /// output.
    ///
    /// # Errors
    /// If the task or a reference cannot be read, or a reference is missing.
    pub fn of(kind: &str, opening: &Opening, n_inputs: usize) -> Result<Self, String> {
        if opening.role == Role::Propose {
            let pairs = &opening.references;
            return Ok(match kind {
                "induction" => {
                    Self::ProposeInputs { program: Reference::only_program(pairs)?, n_inputs }
                }
                _ => Self::ProposeProgram { references: Reference::with_examples(pairs)? },
            });
        }
        let public = Half::parse(&opening.public, "public")?;
        let text = |field: &str| public.text(field).map(str::to_owned);
        Ok(match kind {
            "abduction" => Self::Input { program: text("program")?, output: text("output")? },
            "induction" => Self::Program {
                // Suites without a message leave it out.
                message: text("message").unwrap_or_default(),
                examples: public.examples("examples")?,
            },
            _ => Self::Output { program: text("program")?, input: text("input")? },
        })
    }

    /// The compact style: one mark and fenced blocks, ending with the opening fence of the answer.
    /// Programs stand in fences of `language`.
    ///
    /// The embedded seed model is primed on these very characters: a change here is a change of
    /// model.
    #[must_use]
    pub fn compact(&self, kind: &str, language: &str) -> String {
        let example = |e: &Example| fenced("input", &e.input) + &fenced("output", &e.output);
        match self {
            Self::ProposeProgram { references } => {
                let shown: String = references
                    .iter()
                    .map(|(program, shown)| fenced(language, program) + &example(shown))
                    .collect();
                format!("{shown}<|propose-{kind}|>```{language}\n")
            }
            Self::ProposeInputs { program, .. } => {
                format!("<|propose-{kind}|>{}```input\n", fenced(language, program))
            }
            Self::Output { program, input } => {
                let (program, input) = (fenced(language, program), fenced("input", input));
                format!("<|solve-{kind}|>{program}{input}```output\n")
            }
            Self::Input { program, output } => {
                let (program, output) = (fenced(language, program), fenced("output", output));
                format!("<|solve-{kind}|>{program}{output}```input\n")
            }
            Self::Program { message, examples } => {
                let shown: String = examples.iter().map(example).collect();
                let message =
                    if message.is_empty() { String::new() } else { fenced("message", message) };
                format!("<|solve-{kind}|>{shown}{message}```{language}\n")
            }
        }
    }
}

/// `task` inside R1's preamble, with an open thought.
#[must_use]
pub fn conversation(task: &str) -> String {
    format!("{PREAMBLE}\nUser: {}\nAssistant: <think>", task.trim_end())
}

const PREAMBLE: &str = "A conversation between User and Assistant. The User asks a question and \
the Assistant solves it. The Assistant first reasons in its mind and then gives the User the \
answer. The reasoning stands within <think> </think> and the answer within <answer> </answer> \
tags, like this: \
<think> reasoning here </think> <answer> answer here </answer>.";

/// References as a prompt in words shows them: each in numbered tags of that name.
#[must_use]
pub fn snippets(tag: &str, language: &str, references: &[(String, Example)]) -> String {
    let mut text = String::new();
    for (idx, (program, example)) in references.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "<{tag}_{idx}>\n{}{}{}</{tag}_{idx}>\n",
            fenced(language, program),
            fenced("input", &example.input),
            fenced("output", &example.output)
        );
    }
    text
}

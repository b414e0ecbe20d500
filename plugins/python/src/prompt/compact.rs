//! The compact style: one mark and fenced blocks, ending with the opening fence of the answer.
//!
//! The embedded seed model is primed on these very characters: a change here is a change of model.
//! It knows nothing of error prediction.

use quaero_sdk::fenced;

use super::Ask;

pub(super) fn write(ask: &Ask) -> String {
    match ask {
        Ask::ProposeProgram { kind, references, .. } => {
            let shown: String = references
                .iter()
                .map(|(program, example)| {
                    fenced("python", program)
                        + &fenced("input", &example.input)
                        + &fenced("output", &example.output)
                })
                .collect();
            format!("{shown}<|propose-{}|>```python\n", kind.name())
        }
        Ask::ProposeInputs { program, .. } => {
            format!("<|propose-induction|>{}```input\n", fenced("python", program))
        }
        Ask::Deduction { program, input } => {
            let (program, input) = (fenced("python", program), fenced("input", input));
            format!("<|solve-deduction|>{program}{input}```output\n")
        }
        Ask::Error { program, input } => {
            let (program, input) = (fenced("python", program), fenced("input", input));
            format!("<|solve-error|>{program}{input}```output\n")
        }
        Ask::Abduction { program, output } => {
            let (program, output) = (fenced("python", program), fenced("output", output));
            format!("<|solve-abduction|>{program}{output}```input\n")
        }
        Ask::Induction { message, examples } => {
            let shown: String = examples
                .iter()
                .map(|e| fenced("input", &e.input) + &fenced("output", &e.output))
                .collect();
            let message =
                if message.is_empty() { String::new() } else { fenced("message", message) };
            format!("<|solve-induction|>{shown}{message}```python\n")
        }
    }
}

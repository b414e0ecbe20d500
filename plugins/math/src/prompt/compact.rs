//! The compact style: one mark and fenced blocks, ending with the opening fence of the answer. A
//! problem in words ends with a line that asks for a box.

use quaero_sdk::fenced;

use super::Ask;
use crate::task::Example;

pub(super) fn write(ask: &Ask) -> String {
    let example = |e: &Example| fenced("input", &e.input) + &fenced("output", &e.output);
    match ask {
        Ask::ProposeProgram { kind, references } => {
            let shown: String = references
                .iter()
                .map(|(program, shown)| fenced("math", program) + &example(shown))
                .collect();
            format!("{shown}<|propose-{}|>```math\n", kind.name())
        }
        Ask::ProposeInputs { program, .. } => {
            format!("<|propose-induction|>{}```input\n", fenced("math", program))
        }
        Ask::Answer { problem } => {
            format!("{problem}\nPut the final answer into \\boxed{{}}.\n")
        }
        Ask::Deduction { program, input } => {
            let (program, input) = (fenced("math", program), fenced("input", input));
            format!("<|solve-deduction|>{program}{input}```output\n")
        }
        Ask::Abduction { program, output } => {
            let (program, output) = (fenced("math", program), fenced("output", output));
            format!("<|solve-abduction|>{program}{output}```input\n")
        }
        Ask::Induction { message, examples } => {
            let shown: String = examples.iter().map(example).collect();
            let message =
                if message.is_empty() { String::new() } else { fenced("message", message) };
            format!("<|solve-induction|>{shown}{message}```math\n")
        }
    }
}

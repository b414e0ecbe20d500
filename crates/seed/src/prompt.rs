//! The `python` family's prompts in its compact style, as the seed model is primed on them. The
//! family owns the form; a test of the whole compares the two to the character.

use crate::language::Case;

/// A block with its fences.
fn block(language: &str, text: &str) -> String {
    format!("```{language}\n{text}\n```\n")
}

/// Up to where the output stands.
#[must_use]
pub fn solve_deduction(program: &str, input: &str) -> String {
    format!("<|solve-deduction|>{}{}```output\n", block("python", program), block("input", input))
}

/// Up to where the input stands.
#[must_use]
pub fn solve_abduction(program: &str, output: &str) -> String {
    format!("<|solve-abduction|>{}{}```input\n", block("python", program), block("output", output))
}

/// Up to where the program stands.
#[must_use]
pub fn solve_induction(examples: &[Case]) -> String {
    let pairs: String = examples
        .iter()
        .map(|case| block("input", &case.input) + &block("output", &case.output))
        .collect();
    format!("<|solve-induction|>{pairs}```python\n")
}

/// A reference before a proposer's mark.
#[must_use]
pub fn reference(program: &str, case: &Case) -> String {
    block("python", program) + &block("input", &case.input) + &block("output", &case.output)
}

/// What opens a proposal of deduction or abduction, after the references.
#[must_use]
pub fn propose(kind: &str) -> String {
    format!("<|propose-{kind}|>```python\n")
}

/// Up to where the first input stands.
#[must_use]
pub fn propose_induction(program: &str) -> String {
    format!("<|propose-induction|>{}```input\n", block("python", program))
}

/// Between the inputs of an induction proposal, and between the program and the input of others.
pub const NEXT_INPUT: &str = "\n```\n```input\n";

/// Ends every completion, before the end-of-sequence token.
pub const END: &str = "\n```";

//! The style of Absolute Zero (arXiv 2505.03335), in our own words: what its published prompts ask
//! for, inside the think/answer preamble of R1.
//!
//! Left out: the framing as an IQ test for a test subject.

use std::fmt::Write;

use quaero_sdk::{Ask, Opening, conversation, fenced, snippets};

use crate::composite::Given;
use crate::error::NO_ERROR;
use crate::options::Options;
use crate::task::{Example, Kind};

pub(super) fn write(kind: Kind, ask: &Ask, options: &Options, opening: &Opening) -> String {
    conversation(&match ask {
        Ask::ProposeProgram { references } => {
            let given = Given::of(options, kind, opening);
            propose_program(kind, references, options) + &build_on(&given)
        }
        Ask::ProposeInputs { program, n_inputs } => propose_inputs(program, *n_inputs),
        Ask::Output { program, input } if kind == Kind::Error => error(program, input),
        Ask::Output { program, input } => deduction(program, input),
        Ask::Input { program, output } => abduction(program, output),
        Ask::Program { message, examples } => induction(message, examples),
    })
}

const PROGRAM_RULES: &str = "\
- The entry function is named `f`; it takes at least one parameter and returns a value.
- It is deterministic: the same arguments give the same value every time.
- No randomness, dates or clocks, no reading of input, no files, network or printing, no state \
kept outside of it.
- It ends within 10 seconds on a common computer.
- All imports and classes stand at the top, before `f`.
";

fn propose_program(kind: Kind, references: &[(String, Example)], options: &Options) -> String {
    let (goal, asked) = match kind {
        Kind::Abduction => (
            "Another solver will see the program and the output that it gives for your input, and \
             must find an input that gives this output. Make finding one a matter of reasoning \
             backwards through several steps.",
            "find an input from the output",
        ),
        Kind::Error => (
            "Another solver will see the program and your input, and must say the type of the \
             exception that the call raises, or that it raises none, without running it. The \
             program may raise an exception, also of a class of its own, or may not; it compiles \
             and its definitions run. Make this a matter of following the state of the program \
             through several steps.",
            "foresee the exception",
        ),
        _ => (
            "Another solver will see the program and your input, and must say what the program \
             returns without running it. Make this a matter of following the state of the program \
             through several steps.",
            "foresee the output",
        ),
    };
    let mut text = format!(
        "## Task: write a new Python program and one test input, so that it is hard to {asked}.\n\
         {goal}\n\n### The program\n{PROGRAM_RULES}"
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "- These words may not be imported or used as modules: {}.",
        options.banned_imports.join(", ")
    );
    if kind == Kind::Error && !options.error_banned_keywords.is_empty() {
        let words = options.error_banned_keywords.join(", ");
        let _ = writeln!(text, "- These keywords may not stand in the program: {words}.");
    }
    text.push_str(
        "- It is unlike the reference snippets below: another idea, operations, data.\n\n\
         ### The input\n\
         - Exactly one test input: the arguments of one call of `f`, separated by commas.\n\
         - Plain Python literals; strings stand in quotes.\n\n\
         ### How to answer\n\
         First plan: which idea, which steps, why it is hard. Then write the program in one \
         ```python block and the input in one ```input block, like this:\n\
         ```python\ndef f(name: str, info: dict):\n    # steps\n    return result\n```\n\
         ```input\n'John', {'age': 20, 'city': 'New York'}\n```\n\n\
         The answer is graded on whether it runs, how hard it is, and how original it is.\n",
    );
    if !references.is_empty() {
        text.push_str("\n### Reference snippets\n");
    }
    text + &snippets("snippet", "python", references)
}

/// What a composite program is made of.
fn build_on(given: &Given) -> String {
    let names = given.names().join(", ");
    if names.is_empty() {
        return String::new();
    }
    format!(
        "\n### The program builds on these functions: {names}\n\
         `f` calls every one of them and does more with them than hand on. They stand before your \
         program: do not write them again, and use their names for calls alone. First reason \
         about what they do.\n{}",
        fenced("python", &given.text())
    )
}

fn propose_inputs(program: &str, n_inputs: usize) -> String {
    format!(
        "## Task: write {n_inputs} inputs for this program and a message about it, so that it is \
         hard to find the program from them.\n\
         Another solver will see some of the inputs with what the program returns for them, and \
         your message, and must write a program that does the same on all inputs.\n\n\
         ### The program\n{}\n\
         ### The inputs\n\
         - {n_inputs} inputs, each in an ```input block of its own: the arguments of one call of \
         `f`, separated by commas; strings stand in quotes.\n\
         - They differ from each other and cover what the program can be given, so that together \
         they pin down what it does.\n\n\
         ### The message\n\
         - One ```message block. It may be a hint or read like a coding question.\n\
         - It does not hold the code, and does not make the task trivial: hard, but solvable.\n\n\
         ### How to answer\n\
         First reason about the program, then write the blocks, like this:\n\
         ```input\n'John', {{'age': 20, 'city': 'New York'}}\n```\n\
         ```input\n'Sammy', {{'age': 37, 'city': 'Los Angeles'}}\n```\n\
         ```message\n<the message>\n```\n",
        fenced("python", &format!("{program}\n\n# It is called as f(<input>)"))
    )
}

fn deduction(program: &str, input: &str) -> String {
    format!(
        "## Task: say what this Python program returns for this input.\n\
         Think step by step about what happens when `f` is called with it. Write the returned \
         value as a Python literal in an ```output block; strings stand in quotes.\n\n\
         {}{}\n\
         The answer looks like this:\n```output\n{{'age': 20, 'city': 'New York'}}\n```\n",
        fenced("python", program),
        fenced("input", input)
    )
}

fn abduction(program: &str, output: &str) -> String {
    format!(
        "## Task: find an input for which this Python program returns this output.\n\
         Think step by step backwards from the output. There may be several such inputs; any will \
         do. Write the arguments of the call, separated by commas, as Python literals in an \
         ```input block; strings stand in quotes.\n\n\
         {}{}\n\
         The answer looks like this:\n```input\n'John', {{'age': 20, 'city': 'New York'}}\n```\n",
        fenced("python", program),
        fenced("output", output)
    )
}

fn error(program: &str, input: &str) -> String {
    format!(
        "## Task: say which exception this Python program raises for this input.\n\
         Think step by step about what happens when `f` is called with it. Write the name of the \
         exception's class in an ```output block, or {NO_ERROR} if none is raised.\n\n\
         {}{}\n\
         The answer looks like this:\n```output\nValueError\n```\n",
        fenced("python", program),
        fenced("input", input)
    )
}

fn induction(message: &str, examples: &[Example]) -> String {
    let mut text = format!(
        "## Task: write the Python program that gives these outputs for these inputs.\n\
         It will be tested on hidden pairs of inputs and outputs as well, so find what it does \
         rather than listing the pairs.\n\n### The program\n{PROGRAM_RULES}\n### The pairs\n"
    );
    for (idx, example) in examples.iter().enumerate() {
        let _ = write!(
            text,
            "<input_{idx}>\n{}</input_{idx}>\n<output_{idx}>\n{}</output_{idx}>\n",
            fenced("input", &example.input),
            fenced("output", &example.output)
        );
    }
    if !message.is_empty() {
        let _ = write!(text, "\n### The message\n{}", fenced("message", message));
    }
    text.push_str(
        "\nThe answer looks like this:\n```python\ndef f(a):\n    # steps\n    \
         return result\n```\n",
    );
    text
}

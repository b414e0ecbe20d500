//! Instructions in words inside R1's think/answer preamble, for the kinds of Absolute Zero (arXiv
//! 2505.03335) over the expression language.

use quaero_sdk::{Ask, Example, conversation, fenced, snippets};

use crate::task::Kind;

/// A problem in words.
pub(super) fn answer(problem: &str) -> String {
    conversation(&format!(
        "{problem}\n\nReason step by step. Put the final answer into \\boxed{{}} within the answer \
         tags."
    ))
}

pub(super) fn write(kind: Kind, ask: &Ask) -> String {
    conversation(&match ask {
        Ask::ProposeProgram { references } => propose_program(kind, references),
        Ask::ProposeInputs { program, n_inputs } => propose_inputs(program, *n_inputs),
        Ask::Output { program, input } => format!(
            "## Task: say what this function gives for this input.\n{LANGUAGE}\n{}{}\n\
             Write the value in an ```output block: a whole number, a fraction in lowest terms, or \
             a polynomial in t written out as a sum.\n",
            fenced("math", program),
            fenced("input", input)
        ),
        Ask::Input { program, output } => format!(
            "## Task: find an input for which this function gives this value.\n{LANGUAGE}\n{}{}\n\
             Any input that works is right. Write its arguments, separated by commas, in an \
             ```input block.\n",
            fenced("math", program),
            fenced("output", output)
        ),
        Ask::Program { message, examples } => induction(message, examples),
    })
}

const LANGUAGE: &str = "\
The function is one expression over exact rational numbers. It has the operators + - * / ^, // \
(the quotient rounded down), % (its remainder) and ! (factorial); the functions gcd, lcm, binom, \
factorial, abs, min, max, floor, ceil, num, den, powmod(a, b, m), inv(a, m), fib, digits; \
sum(i, a, b, body) and prod(i, a, b, body); if(a < b, then, else); and polynomials in the variable \
t with diff(p), at(p, v), deg(p), coef(p, k).\n";

fn propose_program(kind: Kind, references: &[(String, Example)]) -> String {
    let goal = match kind {
        Kind::Abduction => {
            "Another solver will see the function and its value, and must find an input that gives \
             the value. Make that a matter of reasoning backwards through several steps."
        }
        _ => {
            "Another solver will see the function and your input, and must compute the value by \
             hand. Make that a matter of several exact steps, not of long arithmetic."
        }
    };
    let text = format!(
        "## Task: write a new function and one input for it.\n{goal}\n\n{LANGUAGE}\n\
         - The function has one to three parameters and uses each; its value depends on them.\n\
         - It is unlike the references below: another idea, other operations.\n\
         - The input is one number a parameter, separated by commas.\n\n\
         First plan, then write the function in one ```math block and the input in one ```input \
         block, like this:\n\
         ```math\nf(x, y) = gcd(x, y) + x % 7\n```\n```input\n12, 18\n```\n"
    );
    text + &snippets("reference", "math", references)
}

fn propose_inputs(program: &str, n_inputs: usize) -> String {
    format!(
        "## Task: write {n_inputs} inputs for this function and a message about it, so that it is \
         hard to find the function from them.\n\
         Another solver will see some of the inputs with their values, and your message, and must \
         write a function that agrees on all inputs.\n{LANGUAGE}\n{}\n\
         - {n_inputs} different inputs, each in an ```input block of its own: one number a \
         parameter, separated by commas.\n\
         - One ```message block with a hint that does not give the function away.\n",
        fenced("math", program)
    )
}

fn induction(message: &str, examples: &[Example]) -> String {
    let mut text = format!(
        "## Task: find the function that gives these values.\n{LANGUAGE}\n\
         It will be tried on other inputs as well.\n\n"
    );
    for example in examples {
        text.push_str(&fenced("input", &example.input));
        text.push_str(&fenced("output", &example.output));
    }
    if !message.is_empty() {
        text.push_str(&fenced("message", message));
    }
    text.push_str("\nWrite the function in a ```math block, like `f(x, y) = x^2 + y`.\n");
    text
}

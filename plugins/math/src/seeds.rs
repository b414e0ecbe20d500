//! The tasks that a run starts from: a few of each domain, small enough to be played by hand.

use quaero_sdk::Proposed;
use serde_json::json;

use crate::language::{Program, arguments, print_arguments, run};
use crate::options::Options;
use crate::task::{self, Kind, Played};

/// Functions with inputs: integers, rationals, modular arithmetic, combinatorics, polynomials.
const PROGRAMS: [(&str, &[&str; 6]); 10] = [
    ("x * x + 1", &["3", "0", "-2", "5", "10", "7"]),
    ("3 * x - 4", &["2", "0", "-1", "9", "11", "5"]),
    ("x / 2 + 1 / 3", &["1", "2", "3", "1/2", "-4", "6"]),
    ("x % 7", &["23", "5", "50", "6", "14", "100"]),
    ("gcd(x, y)", &["12, 18", "5, 7", "20, 8", "9, 27", "14, 21", "16, 4"]),
    ("x * y - x", &["3, 4", "1, 1", "2, 9", "5, 0", "-1, 6", "7, 2"]),
    ("binom(x, 2)", &["5", "2", "7", "10", "3", "4"]),
    ("x! / 2", &["4", "3", "5", "2", "6", "7"]),
    ("powmod(2, x, 11)", &["5", "3", "8", "10", "13", "4"]),
    ("diff((t + x)^2)", &["3", "1", "-2", "5", "0", "4"]),
];

/// Problems in words with their answers.
const PROBLEMS: [(&str, &str); 8] = [
    ("What is the sum of the whole numbers from 1 to 20?", "210"),
    ("Solve 3x - 7 = 11 for x.", "6"),
    ("Write 0.375 as a fraction in lowest terms.", r"\frac{3}{8}"),
    ("Find all real x with x^2 = 5x.", r"\{0, 5\}"),
    ("Simplify the square root of 72.", r"6\sqrt{2}"),
    ("For which real x is 2x + 3 less than 9? Answer with an interval.", r"(-\infty, 3)"),
    ("In how many ways can 3 of 8 books be chosen?", "56"),
    ("Expand (x - 2)(x + 5).", "x^2 + 3x - 10"),
];

/// The seed tasks of `kind`.
pub(crate) fn seeds(options: &Options, kind: Kind) -> Vec<Proposed> {
    match kind {
        Kind::Answer => PROBLEMS.iter().map(|(problem, answer)| given(problem, answer)).collect(),
        Kind::Induction => PROGRAMS.iter().map(|seed| induction(options, seed)).collect(),
        Kind::Deduction | Kind::Abduction => PROGRAMS
            .iter()
            .map(|(program, inputs)| {
                let program = parsed(program);
                task::of_program(kind, &played(&program, inputs[0]), true)
            })
            .collect(),
    }
}

fn given(problem: &str, answer: &str) -> Proposed {
    Proposed {
        public: json!({"problem": problem}).to_string(),
        secret: json!({"answer": answer}).to_string(),
        key: problem.to_owned(),
        holdout_key: problem.to_owned(),
        format: true,
        metrics: Vec::new(),
    }
}

fn induction(options: &Options, (program, inputs): &(&str, &[&str; 6])) -> Proposed {
    let program = parsed(program);
    let all: Vec<Played<'_>> = inputs.iter().map(|input| played(&program, input)).collect();
    task::of_examples(&all, "", options.azr.n_shown.min(all.len() / 2), true)
}

// The seeds are part of the program: a test plays every one of them.

fn parsed(text: &str) -> Program {
    Program::parse(text).expect("a seed is a program")
}

fn played<'a>(program: &'a Program, input: &str) -> Played<'a> {
    let read = arguments(input).expect("a seed's input is numbers");
    let (output, n_steps) = run(program, &read).expect("a seed has a value");
    Played { program, input: print_arguments(&read), output, n_steps }
}

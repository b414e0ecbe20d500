//! Prints what the language looks like: some programs, and how many of 200,000 draws are new.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

use std::collections::BTreeSet;

use quaero_rng::Key;
use quaero_seed::language::{Generator, canonical};

fn main() {
    let generator = Generator::new(Key::new(1));
    for idx in 0..25 {
        let exercise = generator.exercise(idx, 2);
        println!("{}", exercise.program);
        for case in exercise.cases {
            println!("  f({}) -> {}", case.input, case.output);
        }
    }
    let (mut texts, mut canonicals) = (BTreeSet::new(), BTreeSet::new());
    let (mut n_new, mut n_new_canonical) = (0, 0);
    for idx in 0..200_000 {
        let program = generator.exercise(idx, 1).program;
        n_new_canonical += usize::from(canonicals.insert(canonical(&program)));
        n_new += usize::from(texts.insert(program));
        if (idx + 1) % 20_000 == 0 {
            println!(
                "{} draws: {} distinct ({} up to names); \
                 of the last 20,000 new {n_new} ({n_new_canonical})",
                idx + 1,
                texts.len(),
                canonicals.len(),
            );
            (n_new, n_new_canonical) = (0, 0);
        }
    }
}

//! What a plan of optimiser steps holds, for batches of any make.

use proptest::prelude::*;

use super::*;
use crate::micro::tests::row;

fn passes(epochs: usize, minibatches: usize) -> Passes {
    Passes { epochs, minibatches }
}

/// A batch whose prompts have these many rows.
fn rows(sizes: &[usize]) -> Vec<Row> {
    let of = |(prompt, &n): (usize, &usize)| vec![row(&[prompt as u32, 7], &[1, 2], 1.0); n];
    sizes.iter().enumerate().flat_map(of).collect()
}

#[test]
fn one_step_takes_the_batch_as_it_is() {
    let rows = rows(&[3, 1, 2]);
    let whole: Vec<usize> = (0..6).collect();
    let key = Key::new(1);
    assert_eq!(plan(&rows, passes(1, 1), key), std::slice::from_ref(&whole));
    assert_eq!(plan(&rows, passes(2, 1), key), [whole.clone(), whole]);
    assert!(plan(&[], passes(2, 4), key).is_empty(), "nothing to learn from");
}

#[test]
fn the_key_alone_decides_and_epochs_differ() {
    let rows = rows(&[1; 32]);
    let of = |seed| plan(&rows, passes(2, 4), Key::new(seed));
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    assert_ne!(of(1)[..4], of(1)[4..]);
    assert!(of(1).iter().all(|part| part.len() == 8), "prompts of one row: equal parts");
}

proptest! {
    #[test]
    fn each_epoch_learns_from_each_row_once(
        sizes in proptest::collection::vec(1..9_usize, 1..20),
        (epochs, minibatches) in (1..4_usize, 1..12_usize),
        seed in any::<u64>(),
    ) {
        let rows = rows(&sizes);
        let steps = plan(&rows, passes(epochs, minibatches), Key::new(seed));
        prop_assert_eq!(steps.len(), epochs * minibatches.min(sizes.len()));
        let part = rows.len() as f64 / minibatches.min(sizes.len()) as f64;
        for epoch in steps.chunks(steps.len() / epochs) {
            let mut all: Vec<usize> = epoch.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..rows.len()).collect::<Vec<_>>());
            for step in epoch {
                prop_assert!(!step.is_empty() && step.is_sorted());
                prop_assert!((step.len() as f64) < part + 9.0);
                // Who reads a prompt reads it together.
                for pair in blocks(&rows) {
                    let n = pair.clone().filter(|idx| step.contains(idx)).count();
                    prop_assert!(n == 0 || n == pair.len());
                }
            }
        }
    }
}

//! Which rows each optimiser step of an update learns from.

use std::ops::Range;

use quaero_rng::Key;
use quaero_types::Row;

use crate::micro::goes_on;

/// How often a batch is learned from, and in how many parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passes {
    pub(crate) epochs: usize,
    pub(crate) minibatches: usize,
}

/// The rows of each optimiser step as indices into `rows`, in the rows' order. Every epoch deals
/// each row to one mini-batch: prompts are shuffled under `key`, and each goes with all the rows
/// that read it to the smallest mini-batch so far, so that a prompt is read once an epoch. There
/// are fewer mini-batches where there are fewer prompts; one alone is the batch as it is.
pub(crate) fn plan(rows: &[Row], passes: Passes, key: Key) -> Vec<Vec<usize>> {
    let blocks = blocks(rows);
    let n_parts = passes.minibatches.min(blocks.len());
    let mut steps = Vec::new();
    for epoch in 0..passes.epochs {
        if n_parts == 1 {
            steps.push((0..rows.len()).collect());
            continue;
        }
        let mut order: Vec<&Range<usize>> = blocks.iter().collect();
        key.with(epoch as u64).stream().shuffle(&mut order);
        let mut parts = vec![Vec::new(); n_parts];
        for block in order {
            let shortest = parts.iter_mut().min_by_key(|part| part.len());
            shortest.expect("there are parts where there are prompts").extend(block.clone());
        }
        parts.iter_mut().for_each(|part| part.sort_unstable());
        steps.extend(parts);
    }
    steps
}

/// Neighbouring rows that read one prompt.
fn blocks(rows: &[Row]) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for (idx, row) in rows.iter().enumerate() {
        match blocks.last_mut() {
            Some(block) if goes_on(&rows[idx - 1], row) => block.end = idx + 1,
            _ => blocks.push(idx..idx + 1),
        }
    }
    blocks
}

#[cfg(test)]
mod tests;

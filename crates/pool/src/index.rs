//! The ring buffers in memory: which tasks are in which buffer, oldest first. Contents stay in the
//! database.

use std::collections::{BTreeMap, VecDeque};

use quaero_rng::{Key, Stream};
use quaero_types::Kind;
use serde::{Deserialize, Serialize};

/// How tasks are drawn from a buffer, always without replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Each alike.
    Uniform,
    /// In proportion to the step it was added at, plus one. AZR's paper (appendix D.3) reports that
    /// it may collapse.
    Recent,
}

/// A task in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The task's row.
    pub(crate) seq: i64,
    /// Step that added it.
    pub(crate) step: u64,
}

/// All buffers.
#[derive(Debug, Default)]
pub(crate) struct Index {
    buffers: BTreeMap<Kind, VecDeque<Entry>>,
}

impl Index {
    /// Adds a task as the newest of its kind.
    pub(crate) fn push(&mut self, kind: &Kind, entry: Entry) {
        self.buffers.entry(kind.clone()).or_default().push_back(entry);
    }

    /// Takes the oldest of `kind` if there are more than `capacity`.
    pub(crate) fn pop_over(&mut self, kind: &Kind, capacity: usize) -> Option<Entry> {
        let buffer = self.buffers.get_mut(kind)?;
        if buffer.len() > capacity { buffer.pop_front() } else { None }
    }

    /// Kinds with a buffer.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        self.buffers.keys().cloned().collect()
    }

    /// The tasks of `kind`, oldest first.
    pub(crate) fn entries(&self, kind: &Kind) -> impl Iterator<Item = Entry> + '_ {
        self.buffers.get(kind).into_iter().flatten().copied()
    }

    /// Number of tasks of `kind`.
    pub(crate) fn len(&self, kind: &Kind) -> usize {
        self.buffers.get(kind).map_or(0, VecDeque::len)
    }

    /// Draws min(`k`, size) tasks of the buffers of `kinds` taken together, in random order.
    pub(crate) fn draw(&self, kinds: &[Kind], k: usize, order: Order, key: Key) -> Vec<i64> {
        let entries: Vec<Entry> = kinds.iter().flat_map(|kind| self.entries(kind)).collect();
        let mut stream = key.stream();
        let drawn = match order {
            Order::Uniform => stream.sample_indices(entries.len(), k),
            Order::Recent => {
                let weights: Vec<usize> =
                    entries.iter().map(|entry| entry.step as usize + 1).collect();
                weighted_indices(&mut stream, weights, k)
            }
        };
        drawn.into_iter().map(|i| entries[i].seq).collect()
    }
}

/// `k` distinct indices, each draw in proportion to the weights that are left. In whole numbers, so
/// that every machine draws the same.
fn weighted_indices(stream: &mut Stream, mut weights: Vec<usize>, k: usize) -> Vec<usize> {
    let mut total: usize = weights.iter().sum();
    let mut drawn = Vec::new();
    while drawn.len() < k && total > 0 {
        let mut at = stream.below(total);
        let chosen = weights
            .iter()
            .position(|&weight| {
                let here = at < weight;
                at = at.saturating_sub(weight);
                here
            })
            .expect("the drawn point lies below the sum of weights");
        total -= weights[chosen];
        weights[chosen] = 0;
        drawn.push(chosen);
    }
    drawn
}

#[cfg(test)]
mod tests;

//! Decoding with recorded steps: on a device, a step in which every sequence has one new token is
//! recorded once for each width of the batch and run from then on, so that the host asks for one
//! thing and not for a few hundred.
//!
//! A width holds batches up to its number of rows; what is beyond the batch reads page 0, is kept
//! nowhere and asked of nobody. A row's bits depend on no other row, so the logits are those of
//! [`Model::infer`], bit by bit.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use quaero_ops::Graph;
use quaero_ops::attention::{PageTable, Queries, Query, Slots};
use quaero_ops::embedding::Rows;
use quaero_ops::head::Logits;

use crate::cache::KvCache;
use crate::error::Error;
use crate::infer::{Batch, Inputs, Span};
use crate::model::Model;

/// Inference of a model whose weights do not change meanwhile, against one cache.
#[derive(Debug)]
pub struct Decoder<'m> {
    model: &'m Model,
    cache: &'m mut KvCache,
    /// By width.
    recorded: BTreeMap<usize, Recorded<'m>>,
}

/// A step of one width.
struct Recorded<'m> {
    inputs: Inputs<'m>,
    graph: Graph,
    logits: Logits,
}

impl std::fmt::Debug for Recorded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorded({} rows, {:?})", self.inputs.n_rows, self.graph)
    }
}

/// The width that a batch of `n` sequences is computed in: powers of two, then multiples of 64.
fn width(n: usize) -> usize {
    if n <= 64 { n.next_power_of_two() } else { n.next_multiple_of(64) }
}

/// All widths of batches up to `n` sequences.
pub(crate) fn widths(n: usize) -> impl Iterator<Item = usize> {
    let all = (0..=6).map(|i| 1 << i).chain((2..).map(|i| 64 * i));
    all.take_while(move |&at| at <= width(n))
}

impl<'m> Decoder<'m> {
    /// Nothing is recorded yet.
    #[must_use]
    pub fn new(model: &'m Model, cache: &'m mut KvCache) -> Self {
        Self { model, cache, recorded: BTreeMap::new() }
    }

    /// The cache: its contents may be changed, its pages stay where they are.
    pub fn cache(&mut self) -> &mut KvCache {
        self.cache
    }

    /// As [`Model::infer`] without a recording.
    ///
    /// # Errors
    /// If the device failed; the CPU does not.
    ///
    /// # Panics
    /// As [`Model::infer`].
    pub fn infer(&mut self, spans: &[Span<'_>]) -> Result<Logits, Error> {
        self.model.infer(spans, self.cache)
    }

    /// As [`Model::infer`]; on a device a step of one new token for each sequence is recorded.
    ///
    /// # Errors
    /// If the device failed; the CPU does not.
    ///
    /// # Panics
    /// As [`Model::infer`].
    pub fn decode(&mut self, spans: &[Span<'_>]) -> Result<Logits, Error> {
        let one_each = |span: &Span<'_>| span.tokens.len() == 1 && span.n_logits == 1;
        if self.model.device().is_cpu() || spans.is_empty() || !spans.iter().all(one_each) {
            return self.infer(spans);
        }
        let recorded = match self.recorded.entry(width(spans.len())) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let recorded = Recorded::new(self.model, *entry.key(), self.cache)?;
                entry.insert(recorded)
            }
        };
        recorded.set(Batch::new(spans, self.cache.page_len()))?;
        recorded.graph.run()?;
        Ok(recorded.logits.copy_rows(0..spans.len())?)
    }
}

impl<'m> Recorded<'m> {
    fn new(model: &'m Model, width: usize, cache: &mut KvCache) -> Result<Self, Error> {
        let (device, config, n_pages) = (model.device(), model.config(), cache.n_pages());
        let listed = width * config.max_position_embeddings.div_ceil(cache.page_len());
        let places = (0..width as u32).collect();
        let inputs = Inputs {
            n_rows: width,
            tokens: Rows::new(device, vec![0; width], config.vocab_size)?,
            positions: model.derived()?.positions(&vec![0; width])?,
            slots: Slots::none(device, width, n_pages)?,
            queries: Queries::one_row_each(device, width, listed, n_pages)?,
            wanted: (Rows::new(device, places, width)?, width),
        };
        let (graph, logits) = Graph::record(device, || model.run(&inputs, cache))?;
        Ok(Self { inputs, graph, logits })
    }

    /// The next batch, with idle rows up to the width.
    fn set(&mut self, batch: Batch<'_>) -> Result<(), Error> {
        let Batch { mut tokens, mut positions, writes, mut queries, .. } = batch;
        let width = self.inputs.n_rows;
        tokens.resize(width, 0);
        positions.resize(width, 0);
        let idle = PageTable::alone(&[0]);
        queries.resize(width, Query { start: 0, len: 1, pages: idle });
        self.inputs.tokens.write(&tokens)?;
        self.inputs.positions.write(&positions)?;
        self.inputs.slots.write(&writes, width)?;
        Ok(self.inputs.queries.write(&queries)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_hold_every_batch_and_no_more_than_a_plan_counts() {
        for n in 1..=300 {
            let all: Vec<usize> = widths(n).collect();
            assert!(width(n) >= n && all.last() == Some(&width(n)), "{n}: {all:?}");
            for smaller in 1..=n {
                assert!(all.contains(&width(smaller)), "{smaller} of {n}");
            }
        }
    }
}

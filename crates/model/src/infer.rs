//! Inference: one step over a ragged batch of new tokens against the paged cache.

use quaero_ops::attention::{self, PageTable, Queries, Query, Slots, Write};
use quaero_ops::embedding::{self, Rows};
use quaero_ops::head::Logits;

use crate::cache::KvCache;
use crate::error::Error;
use crate::layer::{Mlp, Qkv};
use crate::model::{LayerPositions, Model};

/// New tokens of one sequence in an inference step: a chunk of prompt or one decoded token.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// How many tokens of the sequence lie in the cache already: the position of `tokens[0]`.
    pub start: usize,
    /// The new tokens, at least one.
    pub tokens: &'a [u32],
    /// The pages of the sequence, enough for `start + tokens.len()` tokens, its prefix at most
    /// `start` tokens.
    pub pages: PageTable<'a>,
    /// For how many of the last tokens logits are wanted (0 up to `tokens.len()`).
    pub n_logits: usize,
}

/// The rows of some spans, end to end.
pub(crate) struct Batch<'a> {
    pub(crate) tokens: Vec<u32>,
    pub(crate) positions: Vec<usize>,
    pub(crate) writes: Vec<Write>,
    pub(crate) queries: Vec<Query<'a>>,
    /// The rows whose logits are wanted.
    wanted: Vec<u32>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(spans: &[Span<'a>], page_len: usize) -> Self {
        let (mut tokens, mut positions) = (Vec::new(), Vec::new());
        let (mut writes, mut wanted) = (Vec::new(), Vec::new());
        for span in spans {
            let end = span.start + span.tokens.len();
            assert!(!span.tokens.is_empty(), "a span needs at least one new token");
            assert!(span.n_logits <= span.tokens.len(), "logits of new tokens only");
            let (n_pages, n_own) =
                (span.pages.own.len(), end.saturating_sub(span.pages.prefix_len));
            let needed = n_own.div_ceil(page_len);
            assert!(
                n_pages >= needed,
                "{n_own} tokens need {needed} pages, the span has {n_pages}"
            );
            for (position, &token) in (span.start..end).zip(span.tokens) {
                let (page, slot) = span.pages.place(position, page_len);
                writes.push(Write { page, slot, row: tokens.len() });
                tokens.push(token);
                positions.push(position);
            }
            wanted.extend((tokens.len() - span.n_logits..tokens.len()).map(|row| row as u32));
        }
        let queries = spans
            .iter()
            .map(|span| Query { start: span.start, len: span.tokens.len(), pages: span.pages })
            .collect();
        Self { tokens, positions, writes, queries, wanted }
    }
}

/// A batch where the model computes.
pub(crate) struct Inputs<'a> {
    pub(crate) n_rows: usize,
    pub(crate) tokens: Rows,
    pub(crate) positions: LayerPositions<'a>,
    pub(crate) slots: Slots,
    pub(crate) queries: Queries<'a>,
    /// The rows whose logits are wanted, and how many.
    pub(crate) wanted: (Rows, usize),
}

impl Model {
    /// Runs the new tokens of all `spans` through the model, writes their keys and values into
    /// `cache`, and gives the logits that were asked for.
    ///
    /// # Errors
    /// If the device failed; the CPU does not.
    ///
    /// # Panics
    /// If a span has no tokens, too few pages or asks for too many logits, a token is not below
    /// the vocabulary size, two spans write to one slot, or the cache is of another model.
    pub fn infer(&self, spans: &[Span<'_>], cache: &mut KvCache) -> Result<Logits, Error> {
        let batch = Batch::new(spans, cache.page_len());
        let (device, n_rows, n_wanted) = (self.device(), batch.tokens.len(), batch.wanted.len());
        let inputs = Inputs {
            n_rows,
            tokens: Rows::new(device, batch.tokens, self.config().vocab_size)?,
            positions: self.derived()?.positions(&batch.positions)?,
            slots: Slots::new(device, batch.writes, cache.n_pages())?,
            queries: Queries::new(device, batch.queries)?,
            wanted: (Rows::new(device, batch.wanted, n_rows)?, n_wanted),
        };
        self.run(&inputs, cache)
    }

    /// [`Self::infer`] of what lies where the model computes.
    pub(crate) fn run(&self, inputs: &Inputs<'_>, cache: &mut KvCache) -> Result<Logits, Error> {
        let Inputs { n_rows, tokens, positions, slots, queries, wanted: (wanted, n_wanted) } =
            inputs;
        let hidden = self.config().hidden_size;
        let mut x = self.buffers.take(n_rows * hidden)?;
        self.embed(tokens, &mut x)?;
        for layer in 0..self.config().n_layers {
            let Qkv { raw, mut qkv } = self.layer_qkv(layer, &x)?;
            let (pages, heads) = (cache.layer_mut(layer), self.layer_heads(layer));
            attention::rotate_and_keep(heads, &mut qkv, positions.of(heads), slots, pages)?;
            let mut attended = self.buffers.take(n_rows * heads.q_width())?;
            attention::forward(heads, &qkv, queries, pages, &mut attended, None)?;
            let Mlp { x_mid, gate_up, raw_outputs, x_out } =
                self.layer_mlp(layer, &x, &attended)?;
            let old = std::mem::replace(&mut x, x_out);
            let spent = [old, qkv, attended, x_mid, gate_up];
            let spent = spent.into_iter().chain(raw).chain(raw_outputs.into_iter().flatten());
            spent.for_each(|activation| self.buffers.give(activation));
        }
        let mut rows = self.buffers.take(n_wanted * hidden)?;
        embedding::gather(&x, hidden, wanted, &mut rows)?;
        let h = self.normed(&rows, self.layout().norm)?;
        let logits = Logits::of(&h, hidden, &self.derived()?.packed.head)?;
        for activation in [x, rows, h] {
            self.buffers.give(activation);
        }
        Ok(logits)
    }
}

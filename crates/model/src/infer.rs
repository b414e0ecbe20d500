//! Inference: one step over a ragged batch of new tokens against the paged cache.

use quaero_ops::attention::{self, PageTable, Queries, Query, Slots, Write};
use quaero_ops::head::Logits;
use quaero_ops::{Activation, embedding};

use crate::cache::KvCache;
use crate::error::Error;
use crate::layer::{Mlp, Qkv};
use crate::model::Model;

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
        let page_len = cache.page_len();
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
            wanted.extend(tokens.len() - span.n_logits..tokens.len());
        }
        let queries: Vec<Query<'_>> = spans
            .iter()
            .map(|span| Query { start: span.start, len: span.tokens.len(), pages: span.pages })
            .collect();
        let (hidden, heads) = (self.config().hidden_size, self.heads());
        let derived = self.derived()?;
        let positions = derived.positions(&positions)?;
        let slots = Slots::new(self.device(), writes, cache.n_pages())?;
        let queries = Queries::new(self.device(), queries)?;
        let mut x = self.buffers.take(tokens.len() * hidden)?;
        embedding::forward(self.tensor(self.layout().embedding), &tokens, &mut x)?;
        for layer in 0..self.config().n_layers {
            let Qkv { raw, mut qkv } = self.layer_qkv(layer, &x)?;
            let pages = cache.layer_mut(layer);
            attention::rotate_and_keep(heads, &mut qkv, &positions, &slots, pages)?;
            let mut attended = self.buffers.take(tokens.len() * heads.q_width())?;
            attention::forward(heads, &qkv, &queries, pages, &mut attended, None)?;
            let Mlp { x_mid, gate_up, x_out } = self.layer_mlp(layer, &x, &attended)?;
            let old = std::mem::replace(&mut x, x_out);
            let spent = [old, qkv, attended, x_mid, gate_up];
            spent.into_iter().chain(raw).for_each(|activation| self.buffers.give(activation));
        }
        self.logits(x, &wanted)
    }

    fn logits(&self, x: Activation, wanted: &[usize]) -> Result<Logits, Error> {
        let hidden = self.config().hidden_size;
        let mut rows = self.buffers.take(wanted.len() * hidden)?;
        embedding::gather(&x, hidden, wanted, &mut rows)?;
        let h = self.normed(&rows, self.layout().norm)?;
        let logits = Logits::of(&h, hidden, &self.derived()?.packed.head)?;
        for activation in [x, rows, h] {
            self.buffers.give(activation);
        }
        Ok(logits)
    }
}

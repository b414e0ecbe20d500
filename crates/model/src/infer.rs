//! Inference: one step over a ragged batch of new tokens against the paged cache.

use quaero_ops::attention::{self, PageTable, Query, Write};
use quaero_ops::{embedding, linear};

use crate::cache::KvCache;
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

/// Logits of the wanted rows, span by span in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    pub(crate) data: Vec<f32>,
    pub(crate) vocab_size: usize,
}

impl Logits {
    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.data.len() / self.vocab_size
    }

    /// Row `i`: one logit for each token of the vocabulary.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.vocab_size..(i + 1) * self.vocab_size]
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.data.chunks_exact(self.vocab_size)
    }
}

impl Model {
    /// Runs the new tokens of all `spans` through the model, writes their keys and values into
    /// `cache`, and gives the logits that were asked for.
    ///
    /// # Panics
    /// If a span has no tokens, too few pages or asks for too many logits, a token is not below
    /// the vocabulary size, two spans write to one slot, or the cache is of another model.
    pub fn infer(&self, spans: &[Span<'_>], cache: &mut KvCache) -> Logits {
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
        let angles = self.angles(&positions);
        let mut x = self.buffers.take(tokens.len() * hidden);
        let table = self.tensor(self.layout().embedding).data();
        embedding::forward(table, hidden, &tokens, &mut x);
        for layer in 0..self.config().n_layers {
            let qkv = self.layer_qkv(layer, &x, &angles);
            let pages = cache.layer_mut(layer);
            pages.write(heads, &qkv.qkv, &writes);
            let mut attended = self.buffers.take(tokens.len() * heads.q_width());
            attention::forward(heads, &qkv.qkv, &queries, pages, &mut attended, &mut []);
            let mlp = self.layer_mlp(layer, &x, &attended);
            let old = std::mem::replace(&mut x, mlp.x_out);
            let raw = qkv.raw.unwrap_or_default();
            for vector in [old, raw, qkv.qkv, attended, mlp.x_mid, mlp.gate_up] {
                self.buffers.give(vector);
            }
        }
        self.logits(x, &wanted)
    }

    fn logits(&self, x: Vec<f32>, wanted: &[usize]) -> Logits {
        let (hidden, vocab_size) = (self.config().hidden_size, self.config().vocab_size);
        let mut rows = self.buffers.take(wanted.len() * hidden);
        for (to, &row) in rows.chunks_exact_mut(hidden).zip(wanted) {
            to.copy_from_slice(&x[row * hidden..(row + 1) * hidden]);
        }
        let h = self.normed(&rows, self.layout().norm);
        let mut data = vec![0.0; wanted.len() * vocab_size];
        linear::forward(&h, &self.packed().head, &[], &mut data);
        for vector in [x, rows, h] {
            self.buffers.give(vector);
        }
        Logits { data, vocab_size }
    }
}

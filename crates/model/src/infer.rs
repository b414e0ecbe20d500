//! Inference: one step over a ragged batch of new tokens against the paged cache.

/// New tokens of one sequence in an inference step: a chunk of prompt or one decoded token.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// How many tokens of the sequence lie in the cache already: the position of `tokens[0]`.
    pub start: usize,
    /// The new tokens, at least one.
    pub tokens: &'a [u32],
    /// The pages of the sequence in order, enough for `start + tokens.len()` tokens. Pages before
    /// the one that holds position `start` may be shared with other spans of the same step.
    pub pages: &'a [u32],
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

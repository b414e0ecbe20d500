//! Whose shapes are timed.

use quaero_shape::Heads;

/// A model, and how much of it is run at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shapes {
    /// How the model is called.
    pub name: &'static str,
    /// Hidden size.
    pub d: usize,
    /// Width of the MLP.
    pub ff: usize,
    /// Attention heads.
    pub heads: Heads,
    /// Vocabulary.
    pub vocab: usize,
    /// Tokens of a sequence in training.
    pub len: usize,
    /// Sequences of a training batch.
    pub n_sequences: usize,
    /// Rows whose logits exist at a time.
    pub chunk: usize,
    /// Sequences that are decoded together.
    pub batch: usize,
    /// Their lengths.
    pub context: usize,
}

const fn heads(n_heads: usize, n_kv_heads: usize, head_dim: usize) -> Heads {
    Heads::new(n_heads, n_kv_heads, head_dim)
}

/// A model of 1.7 B parameters: the one that the headers' rooflines are about.
pub const REFERENCE: Shapes = Shapes {
    name: "1.7b",
    d: 2048,
    ff: 6144,
    heads: heads(16, 8, 128),
    vocab: 151_936,
    len: 4096,
    n_sequences: 4,
    chunk: 2048,
    batch: 256,
    context: 2048,
};

/// Qwen2.5-0.5B.
pub const QWEN: Shapes = Shapes {
    name: "qwen2.5-0.5b",
    d: 896,
    ff: 4864,
    heads: heads(14, 2, 64),
    vocab: 151_936,
    len: 4096,
    n_sequences: 4,
    chunk: 2048,
    batch: 256,
    context: 2048,
};

/// Heads of 32 channels, as small models have.
pub const SMALL_HEADS: Shapes = Shapes {
    name: "heads of 32",
    d: 512,
    ff: 1536,
    heads: heads(16, 8, 32),
    vocab: 1024,
    ..REFERENCE
};

/// Small enough for the emulation: what the tests run.
pub const TINY: Shapes = Shapes {
    name: "tiny",
    d: 64,
    ff: 96,
    heads: heads(4, 2, 32),
    vocab: 97,
    len: 40,
    n_sequences: 2,
    chunk: 16,
    batch: 3,
    context: 70,
};

impl Shapes {
    /// Tokens of a training batch.
    #[must_use]
    pub fn n_tokens(&self) -> usize {
        self.len * self.n_sequences
    }
}

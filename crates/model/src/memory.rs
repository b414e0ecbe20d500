//! What a model takes of memory, counted from its configuration before any of it is taken.
//!
//! For a device these are the bytes that the buffers of `forward`, `backward` and `infer` ask for,
//! phase by phase, so the counts follow that code; a test holds them against an allocator. On the
//! CPU they are an estimate: buffers that were used are kept for the next use, and the products'
//! panels are rounded up.

use quaero_ops::{Place, attention::KvPages, head, norm};

use crate::cache::heads;
use crate::config::Config;
use crate::forward::PAGE_LEN;
use crate::params::{Class, specs};

/// Elements of all tensors.
#[must_use]
pub fn n_elements(config: &Config) -> usize {
    specs(config).iter().map(|spec| spec.shape.n_elements()).sum()
}

/// Bytes of what a model makes of its weights when they are first used: copies in the form of the
/// products, and on a device the rotary angles of its whole context.
#[must_use]
pub fn derived_bytes(config: &Config, place: Place) -> usize {
    match place {
        Place::Cpu => {
            let of = |class| matches!(class, Class::Input | Class::Output | Class::Head);
            let packed = specs(config).into_iter().filter(|spec| of(spec.class));
            let head = config.vocab_size * config.hidden_size;
            let tied = if config.tie_word_embeddings { head } else { 0 };
            4 * (packed.map(|spec| spec.shape.n_elements()).sum::<usize>() + tied)
        }
        Place::Device => 2 * n_elements(config) + angle_bytes(config),
    }
}

/// What [`derived_bytes`] adds where the weights are in bf16 themselves: products that read several
/// weights at once have a copy of them side by side.
#[must_use]
pub fn derived_bytes_lean(config: &Config) -> usize {
    let (q, kv, inner) = (config.q_width(), config.kv_width(), config.intermediate_size);
    let per_input = |bias: bool| config.hidden_size + usize::from(bias);
    let qkv = (q + 2 * kv) * per_input(config.qkv_bias);
    let gate_up = 2 * inner * per_input(config.mlp_bias);
    2 * config.n_layers * (qkv + gate_up) + angle_bytes(config)
}

fn angle_bytes(config: &Config) -> usize {
    4 * config.max_position_embeddings * config.head_dim
}

/// A micro-batch, as far as memory goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainBatch {
    /// Rows, all of them with a target.
    pub n_tokens: usize,
    /// Runs that they consist of, sequences and branches: each has pages of its own.
    pub n_pieces: usize,
    /// Whether the backward pass computes activations again.
    pub recompute: bool,
}

/// Widths of rows and what they take.
struct Rows<'a> {
    config: &'a Config,
    place: Place,
    n: usize,
}

impl Rows<'_> {
    /// Activations of so many channels.
    fn of(&self, width: usize) -> usize {
        self.n * width * self.place.activation_bytes()
    }

    fn hidden(&self) -> usize {
        self.of(self.config.hidden_size)
    }

    fn qkv(&self) -> usize {
        self.of(self.config.q_width() + 2 * self.config.kv_width())
    }

    fn attended(&self) -> usize {
        self.of(self.config.q_width())
    }

    /// One f32 for each query head.
    fn lse(&self) -> usize {
        4 * self.n * self.config.n_heads
    }

    /// Of one layer, all but its input.
    fn inner(&self) -> usize {
        let raw = if self.config.qk_norm() { self.qkv() } else { 0 };
        let gate_up = self.of(2 * self.config.intermediate_size);
        let raw = raw + if self.config.post_norms() { 2 * self.hidden() } else { 0 };
        raw + self.qkv() + self.attended() + self.lse() + self.hidden() + gate_up
    }

    /// What the last product of a layer has beside these.
    fn feed(&self) -> usize {
        self.of(self.config.intermediate_size) + self.hidden()
    }

    /// Tokens, positions and slots.
    fn numbers(&self) -> usize {
        4 * 4 * self.n
    }

    /// A row's norm on the way back: its output again, what it kept and what it sums in.
    fn norm_back(&self) -> usize {
        self.hidden() + norm::scratch_bytes(self.place, self.n, self.config.hidden_size)
    }
}

/// The most bytes that [`crate::Model::forward`] and [`crate::Model::backward`] hold at a time,
/// weights, their gradients and [`derived_bytes`] apart.
#[must_use]
pub fn train_bytes(config: &Config, place: Place, batch: TrainBatch) -> usize {
    let TrainBatch { n_tokens: n, n_pieces, recompute } = batch;
    let rows = Rows { config, place, n };
    let (x, inner) = (rows.hidden(), rows.inner());
    // A piece begins within a page that it has a copy of, and ends within one.
    let n_pages = (n + n_pieces * 2 * (PAGE_LEN - 1)).div_ceil(PAGE_LEN);
    let pages = n_pages * KvPages::page_bytes(place, PAGE_LEN, heads(config));
    let (saved, working) =
        if recompute { (config.n_layers * x, inner) } else { (config.n_layers * (x + inner), 0) };
    let [chunk, chunk_back] = head::chunk_bytes(place, config.vocab_size, n);
    let back_pages = if recompute { pages } else { 0 };
    let mlp = rows.of(config.intermediate_size).max(rows.norm_back());
    let attention = rows.attended() + rows.qkv() + rows.lse();
    let head_groups = n * config.n_heads;
    let qk_norm = if config.qk_norm() {
        rows.qkv() + norm::scratch_bytes(place, head_groups, config.head_dim)
    } else {
        0
    };
    let qkv = rows.qkv() + qk_norm.max(rows.norm_back());
    // The CPU packs the rows that a gradient of weights is made of.
    let panels = match place {
        Place::Cpu => rows.of(config.intermediate_size.max(config.hidden_size)),
        Place::Device => 0,
    };
    let phases = [
        // The last layer forward; the head forward.
        saved + working + rows.feed() + pages,
        saved + 3 * x + chunk + pages,
        // The head backward; the norm before it.
        saved + 2 * x + rows.norm_back() + chunk_back + panels,
        saved + 4 * x + norm::scratch_bytes(place, n, config.hidden_size),
        // The last layer backward: computed again, then its three parts.
        saved + x + back_pages + working + if recompute { rows.feed() } else { 0 },
        saved + x + back_pages + working + mlp + panels,
        saved + x + back_pages + working + attention + panels,
        saved + x + back_pages + working + qkv + panels,
    ];
    phases.into_iter().max().unwrap_or_default() + rows.numbers()
}

/// The most bytes that [`crate::Model::infer`] holds at a time for `n` new tokens of which
/// `n_logits` have logits; logits are counted twice, since a draw may gather them.
#[must_use]
pub fn infer_bytes(config: &Config, place: Place, n: usize, n_logits: usize) -> usize {
    let rows = Rows { config, place, n };
    let layer = rows.hidden() + rows.inner() + rows.feed() - rows.lse();
    let wanted = Rows { config, place, n: n_logits };
    let logits = head::logits_bytes(place, config.vocab_size, n_logits);
    let end = rows.hidden() + 2 * wanted.hidden() + 2 * logits;
    layer.max(end) + rows.numbers()
}

/// The most bytes that a [`crate::Decoder`] on a device keeps for batches up to `batch_max`.
#[must_use]
pub fn recorded_bytes(config: &Config, batch_max: usize) -> usize {
    let of_width = |n| {
        let rows = Rows { config, place: Place::Device, n };
        let logits = head::logits_bytes(Place::Device, config.vocab_size, n);
        let pages = 4 * n * config.max_position_embeddings.div_ceil(PAGE_LEN);
        // Memory is used again for what has the same size, and only so.
        2 * rows.hidden() + rows.inner() + rows.feed() + logits + pages + rows.numbers()
    };
    crate::decode::widths(batch_max).map(of_width).sum()
}

//! One pass over packed sequences, keeping what the gradient needs.

use quaero_ops::attention::{self, KvPages, PageTable, Piece, Query, Write};
use quaero_ops::rope::Angles;
use quaero_ops::{embedding, head, linear};

use crate::model::Model;
use crate::packed::{NO_TARGET, Packed};

/// How a training pass is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForwardOptions {
    /// Keep only the input of each layer and compute the rest again in the backward pass: less
    /// memory for about a third more time. The bits are the same.
    pub recompute: bool,
    /// Divides the logits.
    pub temperature: f32,
}

impl Default for ForwardOptions {
    fn default() -> Self {
        Self { recompute: false, temperature: 1.0 }
    }
}

/// The result of [`Model::forward`], and what [`Model::backward`] needs.
#[derive(Debug)]
pub struct Forward {
    /// For each row the log-probability of its target; 0 where there is none.
    pub logp: Vec<f32>,
    /// For each row the entropy of the predicted distribution, in nats; 0 where there is no target.
    pub entropy: Vec<f32>,
    pub(crate) saved: Saved,
}

/// What the backward pass needs.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) tokens: Vec<u32>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) angles: Angles,
    pub(crate) options: ForwardOptions,
    pub(crate) layers: Vec<SavedLayer>,
    pub(crate) head: SavedHead,
}

/// The rows that have a target.
#[derive(Debug)]
pub(crate) struct SavedHead {
    pub(crate) rows: Vec<usize>,
    pub(crate) targets: Vec<u32>,
    /// The residual stream at those rows.
    pub(crate) x: Vec<f32>,
}

/// Of one layer: its input, and the rest unless it is to be recomputed.
#[derive(Debug)]
pub(crate) struct SavedLayer {
    pub(crate) x: Vec<f32>,
    pub(crate) inner: Option<SavedInner>,
}

/// What a layer computed.
#[derive(Debug)]
pub(crate) struct SavedInner {
    pub(crate) raw: Option<Vec<f32>>,
    pub(crate) qkv: Vec<f32>,
    pub(crate) attended: Vec<f32>,
    pub(crate) lse: Vec<f32>,
    pub(crate) x_mid: Vec<f32>,
    pub(crate) gate_up: Vec<f32>,
}

/// Rows whose logits are held at once: some millions of elements.
pub(crate) fn head_chunk(vocab_size: usize) -> usize {
    ((1 << 21) / vocab_size).clamp(32, 4096)
}

/// Tokens in a page of the pass's own cache.
const PAGE_LEN: usize = 64;

/// The cache of a training pass: each piece has its own consecutive pages.
pub(crate) struct PassCache {
    pages: KvPages,
    /// Of each piece: where it starts, its length, its own pages.
    parts: Vec<(usize, Piece, Vec<u32>)>,
    writes: Vec<Write>,
}

impl PassCache {
    pub(crate) fn new(model: &Model, pieces: &[Piece]) -> Self {
        let (mut parts, mut writes) = (Vec::new(), Vec::new());
        let (mut next, mut row, mut root) = (0_u32, 0, 0);
        for &piece in pieces {
            let pages: Vec<u32> = (next..next + piece.len.div_ceil(PAGE_LEN) as u32).collect();
            next += pages.len() as u32;
            for at in 0..piece.len {
                let page = pages[at / PAGE_LEN];
                writes.push(Write { page, slot: at % PAGE_LEN, row: row + at });
            }
            row += piece.len;
            if !piece.is_branch {
                root = piece.len;
            }
            parts.push((if piece.is_branch { root } else { 0 }, piece, pages));
        }
        let heads = model.heads();
        let pages = KvPages::new(next as usize, PAGE_LEN, heads.n_kv_heads, heads.head_dim);
        Self { pages, parts, writes }
    }

    /// Attention within each sequence.
    fn attend(&mut self, model: &Model, qkv: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let heads = model.heads();
        self.pages.write(heads, qkv, &self.writes);
        let n_rows = self.writes.len();
        let mut attended = model.buffers.take(n_rows * heads.q_width());
        let mut lse = model.buffers.take(n_rows * heads.n_heads);
        let mut root: &[u32] = &[];
        let mut queries = Vec::with_capacity(self.parts.len());
        for (start, piece, own) in &self.parts {
            if !piece.is_branch {
                root = own;
            }
            let prefix = if piece.is_branch { root } else { &[] };
            let pages = PageTable { prefix, prefix_len: *start, own };
            queries.push(Query { start: *start, len: piece.len, pages });
        }
        attention::forward(heads, qkv, &queries, &self.pages, &mut attended, &mut lse);
        (attended, lse)
    }
}

impl Model {
    /// Log-probabilities and entropies of `targets` after each token of `packed`.
    ///
    /// `targets[r]` is what row r predicts, as a rule the next token of its sequence
    /// ([`Packed::next_tokens`]), or [`NO_TARGET`].
    ///
    /// # Panics
    /// If the lengths differ, or a token or target is not below the vocabulary size.
    #[must_use]
    pub fn forward(&self, packed: &Packed, targets: &[u32], options: &ForwardOptions) -> Forward {
        assert_eq!(packed.tokens.len(), targets.len(), "one target (or NO_TARGET) for each token");
        let vocab_size = self.config().vocab_size;
        if let Some(target) = targets.iter().find(|&&t| t != NO_TARGET && t as usize >= vocab_size)
        {
            panic!("target {target} is not below the vocabulary size {vocab_size}");
        }
        let n_rows = packed.tokens.len();
        let hidden = self.config().hidden_size;
        let positions: Vec<usize> = packed
            .pieces
            .iter()
            .zip(packed.prefix_lens())
            .flat_map(|(piece, first)| first..first + piece.len)
            .collect();
        let angles = self.angles(&positions);
        let mut cache = PassCache::new(self, &packed.pieces);
        let mut x = self.buffers.take(n_rows * hidden);
        let table = self.tensor(self.layout().embedding).data();
        embedding::forward(table, hidden, &packed.tokens, &mut x);
        let mut layers = Vec::with_capacity(self.config().n_layers);
        for layer in 0..self.config().n_layers {
            let (inner, x_out) = self.layer_forward(layer, &x, &angles, &mut cache);
            let inner = if options.recompute {
                inner.give(self);
                None
            } else {
                Some(inner)
            };
            layers.push(SavedLayer { x: std::mem::replace(&mut x, x_out), inner });
        }
        let (head, logp, entropy) = self.head_forward(&x, targets, options.temperature);
        self.buffers.give(x);
        let (tokens, pieces) = (packed.tokens.clone(), packed.pieces.clone());
        let saved = Saved { tokens, pieces, angles, options: *options, layers, head };
        Forward { logp, entropy, saved }
    }

    /// One layer: what it computed, and the residual stream after it.
    pub(crate) fn layer_forward(
        &self,
        layer: usize,
        x: &[f32],
        angles: &Angles,
        cache: &mut PassCache,
    ) -> (SavedInner, Vec<f32>) {
        let qkv = self.layer_qkv(layer, x, angles);
        let (attended, lse) = cache.attend(self, &qkv.qkv);
        let mlp = self.layer_mlp(layer, x, &attended);
        let (raw, qkv) = (qkv.raw, qkv.qkv);
        let (x_mid, gate_up) = (mlp.x_mid, mlp.gate_up);
        (SavedInner { raw, qkv, attended, lse, x_mid, gate_up }, mlp.x_out)
    }

    fn head_forward(
        &self,
        x: &[f32],
        targets: &[u32],
        temperature: f32,
    ) -> (SavedHead, Vec<f32>, Vec<f32>) {
        let (hidden, v) = (self.config().hidden_size, self.config().vocab_size);
        let rows: Vec<usize> = (0..targets.len()).filter(|&r| targets[r] != NO_TARGET).collect();
        let targets_of: Vec<u32> = rows.iter().map(|&row| targets[row]).collect();
        let mut x_rows = self.buffers.take(rows.len() * hidden);
        for (to, &row) in x_rows.chunks_exact_mut(hidden).zip(&rows) {
            to.copy_from_slice(&x[row * hidden..(row + 1) * hidden]);
        }
        let h = self.normed(&x_rows, self.layout().norm);
        let (mut logp, mut entropy) = (vec![0.0; targets.len()], vec![0.0; targets.len()]);
        let chunk = head_chunk(v);
        for (first, h) in h.chunks(chunk * hidden).enumerate().map(|(i, h)| (i * chunk, h)) {
            let range = first..first + h.len() / hidden;
            let targets = &targets_of[range.clone()];
            let mut logits = self.buffers.take(range.len() * v);
            linear::forward(h, &self.packed().head, &[], &mut logits);
            let (mut logp_rows, mut entropy_rows) =
                (vec![0.0; range.len()], vec![0.0; range.len()]);
            let out = (&mut logp_rows[..], &mut entropy_rows[..]);
            head::forward(&logits, v, temperature, targets, out);
            self.buffers.give(logits);
            for ((&row, x), y) in rows[range].iter().zip(logp_rows).zip(entropy_rows) {
                (logp[row], entropy[row]) = (x, y);
            }
        }
        self.buffers.give(h);
        (SavedHead { rows, targets: targets_of, x: x_rows }, logp, entropy)
    }
}

impl SavedInner {
    /// Gives the memory back.
    pub(crate) fn give(self, model: &Model) {
        let Self { raw, qkv, attended, lse, x_mid, gate_up } = self;
        for vector in [raw.unwrap_or_default(), qkv, attended, lse, x_mid, gate_up] {
            model.buffers.give(vector);
        }
    }
}

//! One pass over packed sequences, keeping what the gradient needs.

use quaero_ops::attention::{self, KvPages, PageTable, Piece, Queries, Query, Slot, Slots, Write};
use quaero_ops::embedding::{self, Rows};
use quaero_ops::head::Head;
use quaero_ops::{Activation, Floats, mlp};

use crate::error::Error;
use crate::layer::{Mlp, Qkv};
use crate::model::{LayerPositions, Model};
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
    pub(crate) positions: Vec<usize>,
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
    pub(crate) x: Activation,
}

/// Of one layer: its input, and the rest unless it is to be recomputed.
#[derive(Debug)]
pub(crate) struct SavedLayer {
    pub(crate) x: Activation,
    pub(crate) inner: Option<SavedInner>,
}

/// What a layer computed.
#[derive(Debug)]
pub(crate) struct SavedInner {
    pub(crate) raw: Option<Activation>,
    pub(crate) qkv: Activation,
    pub(crate) attended: Activation,
    pub(crate) lse: Floats,
    pub(crate) x_mid: Activation,
    pub(crate) gate_up: Activation,
    pub(crate) raw_outputs: Option<[Activation; 2]>,
}

/// Tokens in a page of the pass's own cache.
pub(crate) const PAGE_LEN: usize = 64;

/// What all layers of a pass share, and the cache that each uses in turn: each piece has its own
/// consecutive pages.
pub(crate) struct Pass<'a> {
    positions: LayerPositions<'a>,
    slots: Slots,
    queries: Queries<'a>,
    /// Slots of a root's last page that its branches need a copy of.
    copies: Vec<(Slot, Slot)>,
    pages: KvPages,
}

/// The pages of a pass's pieces: for each where it starts, its length and its own pages.
pub(crate) struct PassPages(Vec<Part>);

struct Part {
    start: usize,
    piece: Piece,
    own: Vec<u32>,
    /// How much of what it goes on from is shared; the rest is copied into its own pages.
    n_shared: usize,
}

impl PassPages {
    pub(crate) fn new(model: &Model, pieces: &[Piece]) -> Self {
        let (mut parts, mut next, mut root) = (Vec::new(), 0_u32, 0);
        for &piece in pieces {
            let start = if piece.is_branch { root } else { 0 };
            let n_shared = KvPages::shared_len(model.device(), start);
            let n_pages = (start - n_shared + piece.len).div_ceil(PAGE_LEN) as u32;
            let own = (next..next + n_pages).collect();
            next += n_pages;
            if !piece.is_branch {
                root = piece.len;
            }
            parts.push(Part { start, piece, own, n_shared });
        }
        Self(parts)
    }

    /// Each part with the pages of what it goes on from.
    fn tables(&self) -> impl Iterator<Item = (&Part, PageTable<'_>, &[u32])> {
        self.0.iter().scan(&[][..], |root, part| {
            if !part.piece.is_branch {
                *root = &part.own;
            }
            let prefix = if part.piece.is_branch { *root } else { &[][..] };
            Some((part, PageTable { prefix, prefix_len: part.n_shared, own: &part.own }, *root))
        })
    }
}

impl<'a> Pass<'a> {
    pub(crate) fn new(
        model: &'a Model,
        positions: &[usize],
        pages: &'a PassPages,
    ) -> Result<Self, Error> {
        let (device, heads) = (model.device(), model.heads());
        let n_pages = pages.0.iter().map(|part| part.own.len()).sum();
        let (mut writes, mut queries, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        for (part, table, root) in pages.tables() {
            for position in part.start..part.start + part.piece.len {
                let (page, slot) = table.place(position, PAGE_LEN);
                writes.push(Write { page, slot, row: writes.len() });
            }
            if part.piece.len > 0 {
                copies.extend((part.n_shared..part.start).map(|position| {
                    let place = position % PAGE_LEN;
                    let from = Slot { page: root[position / PAGE_LEN], place };
                    (from, Slot { page: part.own[0], place })
                }));
            }
            queries.push(Query { start: part.start, len: part.piece.len, pages: table });
        }
        Ok(Self {
            positions: model.derived()?.positions(positions)?,
            slots: Slots::new(device, writes, n_pages)?,
            queries: Queries::new(device, queries)?,
            copies,
            pages: KvPages::new(device, n_pages, PAGE_LEN, heads)?,
        })
    }

    /// Rotates q and k in place; attention within each sequence.
    fn attend(
        &mut self,
        model: &Model,
        layer: usize,
        qkv: &mut Activation,
    ) -> Result<(Activation, Floats), Error> {
        let heads = model.layer_heads(layer);
        let Self { positions, slots, queries, copies, pages } = self;
        attention::rotate_and_keep(heads, qkv, positions.of(heads), slots, pages)?;
        if !copies.is_empty() {
            pages.copy_slots(copies)?;
        }
        let n_rows = qkv.len() / heads.width();
        let mut attended = model.buffers.take(n_rows * heads.q_width())?;
        let mut lse = model.buffers.floats(n_rows * heads.n_heads)?;
        attention::forward(heads, qkv, queries, pages, &mut attended, Some(&mut lse))?;
        Ok((attended, lse))
    }
}

impl Model {
    /// Log-probabilities and entropies of `targets` after each token of `packed`.
    ///
    /// `targets[r]` is what row r predicts, as a rule the next token of its sequence
    /// ([`Packed::next_tokens`]), or [`NO_TARGET`].
    ///
    /// # Errors
    /// If the device failed; the CPU does not.
    ///
    /// # Panics
    /// If the lengths differ, or a token or target is not below the vocabulary size.
    pub fn forward(
        &self,
        packed: &Packed,
        targets: &[u32],
        options: &ForwardOptions,
    ) -> Result<Forward, Error> {
        assert_eq!(packed.tokens.len(), targets.len(), "one target (or NO_TARGET) for each token");
        let vocab_size = self.config().vocab_size;
        if let Some(target) = targets.iter().find(|&&t| t != NO_TARGET && t as usize >= vocab_size)
        {
            panic!("target {target} is not below the vocabulary size {vocab_size}");
        }
        let positions: Vec<usize> = packed
            .pieces
            .iter()
            .zip(packed.prefix_lens())
            .flat_map(|(piece, first)| first..first + piece.len)
            .collect();
        let pages = PassPages::new(self, &packed.pieces);
        let mut pass = Pass::new(self, &positions, &pages)?;
        let mut x = self.buffers.take(packed.tokens.len() * self.config().hidden_size)?;
        let rows = Rows::new(self.device(), packed.tokens.clone(), vocab_size)?;
        self.embed(&rows, &mut x)?;
        let mut layers = Vec::with_capacity(self.config().n_layers);
        for layer in 0..self.config().n_layers {
            let (inner, x_out) = self.layer_forward(layer, &x, &mut pass)?;
            let inner = if options.recompute {
                inner.give(self);
                None
            } else {
                Some(inner)
            };
            layers.push(SavedLayer { x: std::mem::replace(&mut x, x_out), inner });
        }
        let (head, logp, entropy) = self.head_forward(&x, targets, options.temperature)?;
        self.buffers.give(x);
        let (tokens, pieces) = (packed.tokens.clone(), packed.pieces.clone());
        let saved = Saved { tokens, pieces, positions, options: *options, layers, head };
        Ok(Forward { logp, entropy, saved })
    }

    /// One layer: what it computed, and the residual stream after it.
    pub(crate) fn layer_forward(
        &self,
        layer: usize,
        x: &Activation,
        pass: &mut Pass<'_>,
    ) -> Result<(SavedInner, Activation), Error> {
        let Qkv { raw, mut qkv } = self.layer_qkv(layer, x)?;
        let (attended, lse) = pass.attend(self, layer, &mut qkv)?;
        let Mlp { x_mid, gate_up, raw_outputs, x_out } = self.layer_mlp(layer, x, &attended)?;
        Ok((SavedInner { raw, qkv, attended, lse, x_mid, gate_up, raw_outputs }, x_out))
    }

    /// The residual stream before the first layer.
    pub(crate) fn embed(&self, tokens: &Rows, x: &mut Activation) -> Result<(), Error> {
        embedding::forward(self.tensor(self.layout().embedding), tokens, x)?;
        if let Some(scale) = self.config().embedding_scale() {
            mlp::scale(x, scale);
        }
        Ok(())
    }

    /// The head as the products of a pass want it.
    pub(crate) fn head(&self, temperature: f32) -> Result<Head<'_>, Error> {
        let weight = self.tensor(self.layout().head);
        Ok(Head { weight, packed: &self.derived()?.packed.head, temperature })
    }

    fn head_forward(
        &self,
        x: &Activation,
        targets: &[u32],
        temperature: f32,
    ) -> Result<(SavedHead, Vec<f32>, Vec<f32>), Error> {
        let hidden = self.config().hidden_size;
        let rows: Vec<usize> = (0..targets.len()).filter(|&r| targets[r] != NO_TARGET).collect();
        let targets_of: Vec<u32> = rows.iter().map(|&row| targets[row]).collect();
        let mut x_rows = self.buffers.take(rows.len() * hidden)?;
        let places = rows.iter().map(|&row| row as u32).collect();
        let places = Rows::new(self.device(), places, targets.len())?;
        embedding::gather(x, hidden, &places, &mut x_rows)?;
        let h = self.normed(&x_rows, self.layout().norm)?;
        let (logp, entropy) = self.head(temperature)?.forward(&self.buffers, &h, &targets_of)?;
        self.buffers.give(h);
        let spread = |of: Vec<f32>| {
            let mut all = vec![0.0; targets.len()];
            rows.iter().zip(of).for_each(|(&row, value)| all[row] = value);
            all
        };
        let (logp, entropy) = (spread(logp), spread(entropy));
        Ok((SavedHead { rows, targets: targets_of, x: x_rows }, logp, entropy))
    }
}

impl SavedInner {
    /// Gives the memory back.
    pub(crate) fn give(self, model: &Model) {
        let Self { raw, qkv, attended, lse, x_mid, gate_up, raw_outputs } = self;
        raw.into_iter()
            .chain(raw_outputs.into_iter().flatten())
            .chain([qkv, attended, x_mid, gate_up])
            .for_each(|activation| model.buffers.give(activation));
        model.buffers.give_floats(lse);
    }
}

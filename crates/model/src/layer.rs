//! One decoder layer forward, in the two halves around attention. Training and inference share
//! them.

use quaero_ops::norm::{Groups, Norm};
use quaero_ops::{Activation, linear, mlp};

use crate::error::Error;
use crate::model::Model;

/// q, k and v of some rows, not yet rotated.
pub(crate) struct Qkv {
    /// Before the norm of heads; only where there is one.
    pub(crate) raw: Option<Activation>,
    /// As attention is to see them.
    pub(crate) qkv: Activation,
}

/// What the second half of a layer computes.
pub(crate) struct Mlp {
    /// The residual stream between attention and the feed-forward block.
    pub(crate) x_mid: Activation,
    /// The inner activations before the gate.
    pub(crate) gate_up: Activation,
    /// The outputs of attention and of the feed-forward block before their norms, if they have any.
    pub(crate) raw_outputs: Option<[Activation; 2]>,
    /// The residual stream after the layer.
    pub(crate) x_out: Activation,
}

impl Model {
    /// The norms of query heads and of key heads in a row of q, k and v, by the tensors at
    /// `weights`.
    pub(crate) fn head_norms(&self, weights: [usize; 2]) -> Result<[Norm<'_>; 2], Error> {
        let heads = self.heads();
        let width = heads.width();
        let groups = [
            Groups { width, first: 0, count: heads.n_heads },
            Groups { width, first: heads.q_width(), count: heads.n_kv_heads },
        ];
        Ok([self.norm_of(weights[0], groups[0])?, self.norm_of(weights[1], groups[1])?])
    }

    /// RMSNorm of whole rows by the tensor at `weight`.
    pub(crate) fn normed(&self, x: &Activation, weight: usize) -> Result<Activation, Error> {
        let mut h = self.buffers.take(x.len())?;
        self.norm(weight)?.forward(x, &mut h)?;
        Ok(h)
    }

    /// The first half: norm, q, k, v, norm of heads.
    pub(crate) fn layer_qkv(&self, layer: usize, x: &Activation) -> Result<Qkv, Error> {
        let at = &self.layout().layers[layer];
        let n_rows = x.len() / self.config().hidden_size;
        let h = self.normed(x, at.input_norm)?;
        let mut qkv = self.buffers.take(n_rows * self.heads().width())?;
        linear::forward(&h, &self.derived()?.packed.layers[layer].qkv, &mut qkv)?;
        self.buffers.give(h);
        let mut raw = None;
        if let Some(weights) = at.qk_norm {
            let mut normed = self.buffers.take(qkv.len())?;
            normed.copy_from(&qkv)?;
            for norm in self.head_norms(weights)? {
                norm.forward(&qkv, &mut normed)?;
            }
            raw = Some(std::mem::replace(&mut qkv, normed));
        }
        Ok(Qkv { raw, qkv })
    }

    /// What a block adds to the residual stream: `out`, or its norm by the tensor at `weight`. Then
    /// `out` itself comes back too.
    fn post_norm(
        &self,
        weight: Option<usize>,
        out: Activation,
    ) -> Result<(Activation, Option<Activation>), Error> {
        match weight {
            None => Ok((out, None)),
            Some(weight) => Ok((self.normed(&out, weight)?, Some(out))),
        }
    }

    /// The second half: output projection, residual, norm, gated block, residual.
    pub(crate) fn layer_mlp(
        &self,
        layer: usize,
        x: &Activation,
        attended: &Activation,
    ) -> Result<Mlp, Error> {
        let at = &self.layout().layers[layer];
        let packed = &self.derived()?.packed.layers[layer];
        let (hidden, inner) = (self.config().hidden_size, self.config().intermediate_size);
        let n_rows = x.len() / hidden;
        let mut x_mid = self.buffers.take(x.len())?;
        linear::forward(attended, &packed.o, &mut x_mid)?;
        let (mut x_mid, raw_attention) = self.post_norm(at.post_norms.map(|it| it[0]), x_mid)?;
        let mut h = self.buffers.take(x.len())?;
        self.norm(at.mlp_norm)?.add_forward(&mut x_mid, x, &mut h)?;
        let mut gate_up = self.buffers.take(n_rows * 2 * inner)?;
        linear::forward(&h, &packed.gate_up, &mut gate_up)?;
        self.buffers.give(h);
        let mut a = self.buffers.take(n_rows * inner)?;
        mlp::glu(self.config().gate(), &gate_up, inner, &mut a)?;
        let mut x_out = self.buffers.take(x.len())?;
        linear::forward(&a, &packed.down, &mut x_out)?;
        self.buffers.give(a);
        let (mut x_out, raw_block) = self.post_norm(at.post_norms.map(|it| it[1]), x_out)?;
        mlp::add(&mut x_out, &x_mid)?;
        let raw_outputs = raw_attention.zip(raw_block).map(<[_; 2]>::from);
        Ok(Mlp { x_mid, gate_up, raw_outputs, x_out })
    }
}

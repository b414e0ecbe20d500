//! One decoder layer forward, in the two halves around attention. Training and inference share
//! them.

use quaero_ops::norm::Groups;
use quaero_ops::rope::Angles;
use quaero_ops::{linear, mlp, norm, rope};

use crate::model::Model;

/// q, k and v of some rows.
pub(crate) struct Qkv {
    /// Before the norm of heads; only where there is one.
    pub(crate) raw: Option<Vec<f32>>,
    /// As attention sees them.
    pub(crate) qkv: Vec<f32>,
}

/// What the second half of a layer computes.
pub(crate) struct Mlp {
    /// The residual stream between attention and the feed-forward block.
    pub(crate) x_mid: Vec<f32>,
    /// The inner activations before SwiGLU.
    pub(crate) gate_up: Vec<f32>,
    /// The residual stream after the layer.
    pub(crate) x_out: Vec<f32>,
}

impl Model {
    /// The groups of query heads and of key heads in a row of q, k and v.
    pub(crate) fn head_groups(&self) -> [Groups; 2] {
        let heads = self.heads();
        let width = heads.width();
        [
            Groups { width, first: 0, count: heads.n_heads },
            Groups { width, first: heads.q_width(), count: heads.n_kv_heads },
        ]
    }

    /// Query and key heads end to end: what rotates.
    pub(crate) fn rotated(&self) -> Groups {
        let heads = self.heads();
        Groups { width: heads.width(), first: 0, count: heads.n_heads + heads.n_kv_heads }
    }

    /// RMSNorm of whole rows by the tensor at `weight`.
    pub(crate) fn normed(&self, x: &[f32], weight: usize) -> Vec<f32> {
        let groups = Groups::whole(self.config().hidden_size);
        let mut h = self.buffers.take(x.len());
        norm::forward(x, self.tensor(weight).data(), self.config().rms_norm_eps, groups, &mut h);
        h
    }

    /// The first half: norm, q, k, v, norm of heads, rotation.
    pub(crate) fn layer_qkv(&self, layer: usize, x: &[f32], angles: &Angles) -> Qkv {
        let at = &self.layout().layers[layer];
        let n_rows = x.len() / self.config().hidden_size;
        let h = self.normed(x, at.input_norm);
        let mut qkv = self.buffers.take(n_rows * self.heads().width());
        let biases = at.qkv_bias.map(|bias| self.tensors(bias));
        let biases = biases.as_ref().map_or(&[][..], |biases| &biases[..]);
        linear::forward(&h, &self.packed().layers[layer].qkv, biases, &mut qkv);
        self.buffers.give(h);
        let mut raw = None;
        if let Some(weights) = at.qk_norm {
            let mut normed = self.buffers.take(qkv.len());
            normed.copy_from_slice(&qkv);
            for (groups, weight) in self.head_groups().into_iter().zip(self.tensors(weights)) {
                let eps = self.config().rms_norm_eps;
                norm::forward(&qkv, weight.data(), eps, groups, &mut normed);
            }
            raw = Some(std::mem::replace(&mut qkv, normed));
        }
        rope::forward(&mut qkv, self.rotated(), angles);
        Qkv { raw, qkv }
    }

    /// The second half: output projection, residual, norm, SwiGLU, residual.
    pub(crate) fn layer_mlp(&self, layer: usize, x: &[f32], attended: &[f32]) -> Mlp {
        let at = &self.layout().layers[layer];
        let packed = &self.packed().layers[layer];
        let (hidden, inner) = (self.config().hidden_size, self.config().intermediate_size);
        let n_rows = x.len() / hidden;
        let mut x_mid = self.buffers.take(x.len());
        let bias = at.o_bias.map(|bias| self.tensors([bias]));
        let bias = bias.as_ref().map_or(&[][..], |bias| &bias[..]);
        linear::forward(attended, &packed.o, bias, &mut x_mid);
        mlp::add(&mut x_mid, x);
        let h = self.normed(&x_mid, at.mlp_norm);
        let mut gate_up = self.buffers.take(n_rows * 2 * inner);
        let biases = at.gate_up_bias.map(|bias| self.tensors(bias));
        let biases = biases.as_ref().map_or(&[][..], |biases| &biases[..]);
        linear::forward(&h, &packed.gate_up, biases, &mut gate_up);
        self.buffers.give(h);
        let mut a = self.buffers.take(n_rows * inner);
        mlp::swiglu(&gate_up, inner, &mut a);
        let mut x_out = self.buffers.take(x.len());
        let bias = at.down_bias.map(|bias| self.tensors([bias]));
        let bias = bias.as_ref().map_or(&[][..], |bias| &bias[..]);
        linear::forward(&a, &packed.down, bias, &mut x_out);
        self.buffers.give(a);
        mlp::add(&mut x_out, &x_mid);
        Mlp { x_mid, gate_up, x_out }
    }
}

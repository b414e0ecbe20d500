//! The gradient of a pass.

use quaero_ops::attention::{self, Grad, Piece};
use quaero_ops::linear::{self, Scratch};
use quaero_ops::norm::{self, Groups};
use quaero_ops::{Tensor, embedding, head, mlp, rope};

use crate::forward::{Forward, PassCache, Saved, SavedHead, SavedInner, head_chunk};
use crate::model::Model;
use crate::params::Params;

impl Model {
    /// Adds to `grads` the gradient of Σ dlogp[r] · logp[r] + dentropy[r] · entropy[r] by the
    /// weights. Rows without a target do not count. `self` must be the model that ran `forward`.
    ///
    /// # Panics
    /// If the lengths differ or `grads` are of another model.
    pub fn backward(&self, forward: Forward, dlogp: &[f32], dentropy: &[f32], grads: &mut Params) {
        let Saved { tokens, pieces, angles, options, layers, head } = forward.saved;
        assert_eq!(tokens.len(), dlogp.len(), "one dlogp for each row");
        assert_eq!(tokens.len(), dentropy.len(), "one dentropy for each row");
        assert_eq!(self.params().names(), grads.names(), "gradients of another model");
        let mut scratch = Scratch::new();
        let n = tokens.len() * self.config().hidden_size;
        let mut dx = self.buffers.zeros(n);
        let temperature = options.temperature;
        self.head_backward(&head, temperature, (dlogp, dentropy), &mut dx, &mut scratch, grads);
        self.buffers.give(head.x);
        let mut cache = options.recompute.then(|| PassCache::new(self, &pieces));
        for (layer, saved) in layers.into_iter().enumerate().rev() {
            let mut inner = saved.inner.unwrap_or_else(|| {
                let cache = cache.as_mut().expect("made when the inner values were dropped");
                let (inner, x_out) = self.layer_forward(layer, &saved.x, &angles, cache);
                self.buffers.give(x_out);
                inner
            });
            let mut back = LayerBackward { model: self, layer, scratch: &mut scratch, grads };
            back.mlp(&mut inner, &mut dx);
            let mut dqkv = back.attention(&inner, &pieces, &dx);
            rope::backward(&mut dqkv, self.rotated(), &angles);
            back.qkv(&inner, &saved.x, dqkv, &mut dx);
            inner.give(self);
            self.buffers.give(saved.x);
        }
        let at = self.layout().embedding;
        let table = grads.tensors_mut()[at].data_mut();
        embedding::backward(table, self.config().hidden_size, &tokens, &dx);
        self.buffers.give(dx);
    }

    /// Writes the gradient of the residual stream into the rows of `dx` that have a target.
    fn head_backward(
        &self,
        saved: &SavedHead,
        temperature: f32,
        (dlogp, dentropy): (&[f32], &[f32]),
        dx: &mut [f32],
        scratch: &mut Scratch,
        grads: &mut Params,
    ) {
        let (hidden, v) = (self.config().hidden_size, self.config().vocab_size);
        let layout = self.layout();
        let h = self.normed(&saved.x, layout.norm);
        let mut dh = self.buffers.take(h.len());
        let pick = |x: &[f32]| -> Vec<f32> { saved.rows.iter().map(|&row| x[row]).collect() };
        let (dlogp, dentropy) = (pick(dlogp), pick(dentropy));
        let chunk = head_chunk(v);
        for first in (0..saved.rows.len()).step_by(chunk) {
            let rows = first..saved.rows.len().min(first + chunk);
            let h = &h[rows.start * hidden..rows.end * hidden];
            let dh = &mut dh[rows.start * hidden..rows.end * hidden];
            let mut logits = self.buffers.take(rows.len() * v);
            linear::forward(h, &self.packed().head, &[], &mut logits);
            let by = (&dlogp[rows.clone()], &dentropy[rows.clone()]);
            head::backward(&mut logits, v, temperature, &saved.targets[rows], by);
            linear::backward_input(&logits, &[self.tensor(layout.head)], scratch, dh);
            let dw = &mut grads.tensors_mut()[layout.head];
            linear::backward_weights(h, &logits, scratch, &mut [dw]);
            self.buffers.give(logits);
        }
        self.buffers.give(h);
        let mut dx_rows = self.buffers.take(dh.len());
        self.norm_backward(&saved.x, layout.norm, &dh, &mut dx_rows, false, grads);
        for (&row, from) in saved.rows.iter().zip(dx_rows.chunks_exact(hidden)) {
            dx[row * hidden..(row + 1) * hidden].copy_from_slice(from);
        }
        self.buffers.give(dh);
        self.buffers.give(dx_rows);
    }

    /// The gradient of [`Model::normed`].
    fn norm_backward(
        &self,
        x: &[f32],
        weight: usize,
        dy: &[f32],
        dx: &mut [f32],
        accumulate: bool,
        grads: &mut Params,
    ) {
        let groups = Groups::whole(self.config().hidden_size);
        let op = (x, self.tensor(weight).data(), self.config().rms_norm_eps);
        let dw = grads.tensors_mut()[weight].data_mut();
        norm::backward(op, groups, dy, dx, accumulate, dw);
    }
}

/// Distinct tensors of `grads`.
fn pick<const N: usize>(grads: &mut Params, at: [usize; N]) -> [&mut Tensor; N] {
    grads.tensors_mut().get_disjoint_mut(at).expect("the layout names distinct tensors")
}

/// The backward pass of one layer.
struct LayerBackward<'a> {
    model: &'a Model,
    layer: usize,
    scratch: &'a mut Scratch,
    grads: &'a mut Params,
}

impl LayerBackward<'_> {
    /// Through the feed-forward block: `dx` goes from the layer's output to the residual stream
    /// after attention. Overwrites `saved.gate_up` with its gradient.
    fn mlp(&mut self, saved: &mut SavedInner, dx: &mut [f32]) {
        let model = self.model;
        let at = &model.layout().layers[self.layer];
        let inner = model.config().intermediate_size;
        let mut a = model.buffers.take(saved.gate_up.len() / 2);
        mlp::swiglu(&saved.gate_up, inner, &mut a);
        linear::backward_weights(&a, dx, self.scratch, &mut pick(self.grads, [at.down]));
        if let Some(bias) = at.down_bias {
            let n = model.config().hidden_size;
            linear::backward_biases(dx, n, &mut pick(self.grads, [bias]));
        }
        let mut da = a;
        linear::backward_input(dx, &[model.tensor(at.down)], self.scratch, &mut da);
        mlp::swiglu_backward(&mut saved.gate_up, inner, &da);
        let d_gate_up = &saved.gate_up;
        model.buffers.give(da);
        let h = model.normed(&saved.x_mid, at.mlp_norm);
        linear::backward_weights(&h, d_gate_up, self.scratch, &mut pick(self.grads, at.gate_up));
        if let Some(bias) = at.gate_up_bias {
            linear::backward_biases(d_gate_up, 2 * inner, &mut pick(self.grads, bias));
        }
        let mut dh = h;
        linear::backward_input(d_gate_up, &model.tensors(at.gate_up), self.scratch, &mut dh);
        model.norm_backward(&saved.x_mid, at.mlp_norm, &dh, dx, true, self.grads);
        model.buffers.give(dh);
    }

    /// Through the output projection and attention: the gradient of the rotated q, k, v.
    fn attention(&mut self, saved: &SavedInner, pieces: &[Piece], dx: &[f32]) -> Vec<f32> {
        let model = self.model;
        let at = &model.layout().layers[self.layer];
        let SavedInner { qkv, attended, lse, raw: _, x_mid: _, gate_up: _ } = saved;
        linear::backward_weights(attended, dx, self.scratch, &mut pick(self.grads, [at.o]));
        if let Some(bias) = at.o_bias {
            let n = model.config().hidden_size;
            linear::backward_biases(dx, n, &mut pick(self.grads, [bias]));
        }
        let mut dout = model.buffers.take(attended.len());
        linear::backward_input(dx, &[model.tensor(at.o)], self.scratch, &mut dout);
        let mut dqkv = model.buffers.take(qkv.len());
        let grad = Grad { qkv, out: attended, lse, dout: &dout };
        attention::backward(model.heads(), grad, pieces, &mut dqkv);
        model.buffers.give(dout);
        dqkv
    }

    /// Through the norm of heads, the projections and the first norm.
    fn qkv(&mut self, saved: &SavedInner, x: &[f32], dqkv: Vec<f32>, dx: &mut [f32]) {
        let model = self.model;
        let at = &model.layout().layers[self.layer];
        let mut dqkv = dqkv;
        if let (Some(weights), Some(raw)) = (at.qk_norm, &saved.raw) {
            let dy = dqkv.clone();
            for (groups, weight) in model.head_groups().into_iter().zip(weights) {
                let op = (&raw[..], model.tensor(weight).data(), model.config().rms_norm_eps);
                let dw = self.grads.tensors_mut()[weight].data_mut();
                norm::backward(op, groups, &dy, &mut dqkv, false, dw);
            }
        }
        if let Some(bias) = at.qkv_bias {
            linear::backward_biases(&dqkv, model.heads().width(), &mut pick(self.grads, bias));
        }
        let h = model.normed(x, at.input_norm);
        linear::backward_weights(&h, &dqkv, self.scratch, &mut pick(self.grads, at.qkv));
        let mut dh = h;
        linear::backward_input(&dqkv, &model.tensors(at.qkv), self.scratch, &mut dh);
        model.buffers.give(dqkv);
        model.norm_backward(x, at.input_norm, &dh, dx, true, self.grads);
        model.buffers.give(dh);
    }
}

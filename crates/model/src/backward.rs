//! The gradient of a pass.

use quaero_ops::attention::{self, Grad, Pieces};
use quaero_ops::linear::{self, Scratch};
use quaero_ops::{Activation, Tensor, embedding, mlp};

use crate::error::Error;
use crate::forward::{Forward, Pass, PassPages, Saved, SavedHead, SavedInner};
use crate::model::{Model, PackedLayer};
use crate::params::Params;

impl Model {
    /// Adds to `grads` the gradient of Σ dlogp[r] · logp[r] + dentropy[r] · entropy[r] by the
    /// weights. Rows without a target do not count. `self` must be the model that ran `forward`.
    ///
    /// # Errors
    /// If the device failed; the CPU does not.
    ///
    /// # Panics
    /// If the lengths differ or `grads` are of another model.
    pub fn backward(
        &self,
        forward: Forward,
        dlogp: &[f32],
        dentropy: &[f32],
        grads: &mut Params,
    ) -> Result<(), Error> {
        let Saved { tokens, pieces, positions, options, layers, head } = forward.saved;
        assert_eq!(tokens.len(), dlogp.len(), "one dlogp for each row");
        assert_eq!(tokens.len(), dentropy.len(), "one dentropy for each row");
        assert_eq!(self.params().names(), grads.names(), "gradients of another model");
        let mut scratch = Scratch::new();
        let temperature = options.temperature;
        let n_rows = tokens.len();
        let mut dx =
            self.head_backward(head, n_rows, temperature, (dlogp, dentropy), &mut scratch, grads)?;
        // Angles serve the way back as they did the way there.
        let angles = self.derived()?.positions(&positions)?;
        let runs = Pieces::new(self.device(), &pieces)?;
        let pages = PassPages::new(self, &pieces);
        let mut pass =
            if options.recompute { Some(Pass::new(self, &positions, &pages)?) } else { None };
        for (layer, saved) in layers.into_iter().enumerate().rev() {
            let mut inner = match saved.inner {
                Some(inner) => inner,
                None => {
                    let pass = pass.as_mut().expect("made when the inner values were dropped");
                    let (inner, x_out) = self.layer_forward(layer, &saved.x, pass)?;
                    self.buffers.give(x_out);
                    inner
                }
            };
            let packed = &self.derived()?.packed.layers[layer];
            let mut back =
                LayerBackward { model: self, packed, layer, scratch: &mut scratch, grads };
            back.mlp(&mut inner, &mut dx)?;
            let mut dqkv = back.attention(&inner, &runs, &dx)?;
            let heads = self.layer_heads(layer);
            attention::rotate_back(heads, &mut dqkv, angles.of(heads))?;
            back.qkv(&inner, &saved.x, dqkv, &mut dx)?;
            inner.give(self);
            self.buffers.give(saved.x);
        }
        if let Some(scale) = self.config().embedding_scale() {
            mlp::scale(&mut dx, scale);
        }
        let table = &mut grads.tensors_mut()[self.layout().embedding];
        embedding::backward(table, &tokens, &dx)?;
        self.buffers.give(dx);
        Ok(())
    }

    /// The gradient of the residual stream: that of the rows that have a target, 0 in the others.
    fn head_backward(
        &self,
        saved: SavedHead,
        n_rows: usize,
        temperature: f32,
        (dlogp, dentropy): (&[f32], &[f32]),
        scratch: &mut Scratch,
        grads: &mut Params,
    ) -> Result<Activation, Error> {
        let hidden = self.config().hidden_size;
        let layout = self.layout();
        let SavedHead { rows, targets, x } = saved;
        let mut h = self.buffers.take(x.len())?;
        let kept = self.norm(layout.norm)?.forward(&x, &mut h)?;
        let mut dh = self.buffers.take(h.len())?;
        let pick = |x: &[f32]| -> Vec<f32> { rows.iter().map(|&row| x[row]).collect() };
        let (dlogp, dentropy) = (pick(dlogp), pick(dentropy));
        self.head(temperature)?.backward(
            (&self.buffers, scratch),
            (&h, &targets),
            (&dlogp, &dentropy),
            &mut dh,
            &mut grads.tensors_mut()[layout.head],
        )?;
        self.buffers.give(h);
        let mut dx_rows = self.buffers.take(dh.len())?;
        let dw = &mut grads.tensors_mut()[layout.norm];
        self.norm(layout.norm)?.backward((&x, &kept), &dh, (&mut dx_rows, false), dw)?;
        let mut dx = self.buffers.take(n_rows * hidden)?;
        embedding::scatter(&dx_rows, hidden, &rows, &mut dx)?;
        for activation in [x, dh, dx_rows] {
            self.buffers.give(activation);
        }
        Ok(dx)
    }
}

/// Distinct tensors of `grads`.
fn pick<const N: usize>(grads: &mut Params, at: [usize; N]) -> [&mut Tensor; N] {
    grads.tensors_mut().get_disjoint_mut(at).expect("the layout names distinct tensors")
}

/// The backward pass of one layer.
struct LayerBackward<'a> {
    model: &'a Model,
    packed: &'a PackedLayer,
    layer: usize,
    scratch: &'a mut Scratch,
    grads: &'a mut Params,
}

impl LayerBackward<'_> {
    /// Through the feed-forward block: `dx` goes from the layer's output to the residual stream
    /// after attention. Overwrites `saved.gate_up` with its gradient.
    fn mlp(&mut self, saved: &mut SavedInner, dx: &mut Activation) -> Result<(), Error> {
        let model = self.model;
        let at = &model.layout().layers[self.layer];
        let inner = model.config().intermediate_size;
        let mut a = model.buffers.take(saved.gate_up.len() / 2)?;
        mlp::glu(model.config().gate(), &saved.gate_up, inner, &mut a)?;
        let raw = saved.raw_outputs.as_ref().map(|raw| &raw[1]);
        let own = self.post_norm(at.post_norms.map(|it| it[1]), raw, dx)?;
        let dy = own.as_ref().unwrap_or(dx);
        linear::backward_weights(&a, dy, self.scratch, &mut pick(self.grads, [at.down]))?;
        if let Some(bias) = at.down_bias {
            let n = model.config().hidden_size;
            linear::backward_biases(dy, n, &mut pick(self.grads, [bias]))?;
        }
        let mut da = a;
        let down = (&[model.tensor(at.down)][..], &self.packed.down);
        linear::backward_input(dy, down, self.scratch, &mut da)?;
        own.into_iter().for_each(|own| model.buffers.give(own));
        mlp::glu_backward(model.config().gate(), &mut saved.gate_up, inner, &da)?;
        let d_gate_up = &saved.gate_up;
        model.buffers.give(da);
        let norm = model.norm(at.mlp_norm)?;
        let mut h = model.buffers.take(saved.x_mid.len())?;
        let kept = norm.forward(&saved.x_mid, &mut h)?;
        linear::backward_weights(&h, d_gate_up, self.scratch, &mut pick(self.grads, at.gate_up))?;
        if let Some(bias) = at.gate_up_bias {
            linear::backward_biases(d_gate_up, 2 * inner, &mut pick(self.grads, bias))?;
        }
        let mut dh = h;
        let gate_up = (&model.tensors(at.gate_up)[..], &self.packed.gate_up);
        linear::backward_input(d_gate_up, gate_up, self.scratch, &mut dh)?;
        let dw = &mut self.grads.tensors_mut()[at.mlp_norm];
        norm.backward((&saved.x_mid, &kept), &dh, (dx, true), dw)?;
        model.buffers.give(dh);
        Ok(())
    }

    /// Through the norm of a block's output, if it has one: the gradient of that output.
    fn post_norm(
        &mut self,
        weight: Option<usize>,
        raw: Option<&Activation>,
        dx: &Activation,
    ) -> Result<Option<Activation>, Error> {
        let (Some(weight), Some(raw)) = (weight, raw) else { return Ok(None) };
        let (norm, buffers) = (self.model.norm(weight)?, &self.model.buffers);
        let mut normed = buffers.take(raw.len())?;
        let kept = norm.forward(raw, &mut normed)?;
        let mut own = normed;
        let dw = &mut self.grads.tensors_mut()[weight];
        norm.backward((raw, &kept), dx, (&mut own, false), dw)?;
        Ok(Some(own))
    }

    /// Through the output projection and attention: the gradient of the rotated q, k, v.
    fn attention(
        &mut self,
        saved: &SavedInner,
        pieces: &Pieces<'_>,
        dx: &Activation,
    ) -> Result<Activation, Error> {
        let model = self.model;
        let at = &model.layout().layers[self.layer];
        let SavedInner { qkv, attended, lse, raw_outputs, raw: _, x_mid: _, gate_up: _ } = saved;
        let raw = raw_outputs.as_ref().map(|raw| &raw[0]);
        let own = self.post_norm(at.post_norms.map(|it| it[0]), raw, dx)?;
        let dx = own.as_ref().unwrap_or(dx);
        linear::backward_weights(attended, dx, self.scratch, &mut pick(self.grads, [at.o]))?;
        if let Some(bias) = at.o_bias {
            let n = model.config().hidden_size;
            linear::backward_biases(dx, n, &mut pick(self.grads, [bias]))?;
        }
        let mut dout = model.buffers.take(attended.len())?;
        let o = (&[model.tensor(at.o)][..], &self.packed.o);
        linear::backward_input(dx, o, self.scratch, &mut dout)?;
        let mut dqkv = model.buffers.take(qkv.len())?;
        let grad = Grad { qkv, out: attended, lse, dout: &dout };
        attention::backward(model.layer_heads(self.layer), grad, pieces, &mut dqkv)?;
        model.buffers.give(dout);
        own.into_iter().for_each(|own| model.buffers.give(own));
        Ok(dqkv)
    }

    /// Through the norm of heads, the projections and the first norm.
    fn qkv(
        &mut self,
        saved: &SavedInner,
        x: &Activation,
        dqkv: Activation,
        dx: &mut Activation,
    ) -> Result<(), Error> {
        let model = self.model;
        let at = &model.layout().layers[self.layer];
        let mut dqkv = dqkv;
        if let (Some(weights), Some(raw)) = (at.qk_norm, &saved.raw) {
            for (norm, weight) in model.head_norms(weights)?.into_iter().zip(weights) {
                // What the norm keeps is computed again, like the other norms' outputs.
                let mut normed = model.buffers.take(raw.len())?;
                let kept = norm.forward(raw, &mut normed)?;
                model.buffers.give(normed);
                let dw = &mut self.grads.tensors_mut()[weight];
                norm.backward_in_place((raw, &kept), &mut dqkv, dw)?;
            }
        }
        if let Some(bias) = at.qkv_bias {
            let bias = &mut pick(self.grads, bias);
            linear::backward_biases(&dqkv, model.heads().width(), bias)?;
        }
        let norm = model.norm(at.input_norm)?;
        let mut h = model.buffers.take(x.len())?;
        let kept = norm.forward(x, &mut h)?;
        linear::backward_weights(&h, &dqkv, self.scratch, &mut pick(self.grads, at.qkv))?;
        let mut dh = h;
        let qkv = (&model.tensors(at.qkv)[..], &self.packed.qkv);
        linear::backward_input(&dqkv, qkv, self.scratch, &mut dh)?;
        model.buffers.give(dqkv);
        let dw = &mut self.grads.tensors_mut()[at.input_norm];
        norm.backward((x, &kept), &dh, (dx, true), dw)?;
        model.buffers.give(dh);
        Ok(())
    }
}

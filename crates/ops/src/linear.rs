//! Linear layers: y = x Wᵀ + b, W stored `[out, in]` as Hugging Face does.
//!
//! Several weights that read the same input (q, k and v; gate and up) are one product: their
//! outputs lie side by side in y.

use quaero_cpu::gemm::{Lhs, Panels, gemm, rows};
use quaero_cpu::mlp;

use crate::Tensor;

/// Weights packed for the forward product.
#[derive(Clone, Debug)]
pub struct Packed(Panels);

impl Packed {
    /// Packs `weights` [out_i, in].
    ///
    /// # Panics
    /// If the weights differ in `in`.
    #[must_use]
    pub fn new(weights: &[&Tensor]) -> Self {
        let mut panels = Panels::new();
        panels.pack_transposed(&parts(weights), weights[0].row_len());
        Self(panels)
    }

    /// Σ out_i, the width of y.
    #[must_use]
    pub fn n_out(&self) -> usize {
        self.0.n()
    }
}

fn parts<'a>(weights: &[&'a Tensor]) -> Vec<&'a [f32]> {
    assert!(
        weights.iter().all(|weight| weight.row_len() == weights[0].row_len()),
        "linear: stacked weights must read the same input"
    );
    weights.iter().map(|weight| weight.data()).collect()
}

/// y = x Wᵀ + b. `biases` are as many as the weights were, or none.
///
/// # Shapes
/// x [R, in], y [R, Σ out_i], biases [out_i].
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(x: &[f32], weights: &Packed, biases: &[&Tensor], y: &mut [f32]) {
    let (n_in, n_out) = (weights.0.k(), weights.0.n());
    assert_eq!(x.len() / n_in, y.len() / n_out, "linear: rows of x and y");
    gemm(Lhs::Rows { data: x, stride: n_in }, &weights.0, rows(y, n_out), false);
    let mut first = 0;
    for bias in biases {
        mlp::add_bias(y, n_out, first, bias.data());
        first += bias.data().len();
    }
}

/// dx = dy W.
///
/// # Shapes
/// dy [R, Σ out_i], weights [out_i, in], dx [R, in].
///
/// # Panics
/// If the shapes do not fit.
pub fn backward_input(dy: &[f32], weights: &[&Tensor], scratch: &mut Panels, dx: &mut [f32]) {
    let n_in = weights[0].row_len();
    scratch.pack_rows(&parts(weights), n_in);
    let n_out = scratch.k();
    assert_eq!(dy.len() / n_out, dx.len() / n_in, "linear: rows of dy and dx");
    gemm(Lhs::Rows { data: dy, stride: n_out }, scratch, rows(dx, n_in), false);
}

/// dW += dyᵀ x.
///
/// # Shapes
/// x [R, in], dy [R, Σ out_i], dweights [out_i, in].
///
/// # Panics
/// If the shapes do not fit.
pub fn backward_weights(x: &[f32], dy: &[f32], scratch: &mut Panels, dweights: &mut [&mut Tensor]) {
    let n_in = dweights[0].row_len();
    scratch.pack_rows(&[x], n_in);
    let c: Vec<&mut [f32]> =
        dweights.iter_mut().flat_map(|weight| weight.data_mut().chunks_exact_mut(n_in)).collect();
    assert_eq!(x.len() / n_in, dy.len() / c.len(), "linear: rows of x and dy");
    gemm(Lhs::Columns { data: dy, stride: c.len() }, scratch, c, true);
}

/// db_i += Σ over rows of dy's columns.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward_biases(dy: &[f32], n_out: usize, dbiases: &mut [&mut Tensor]) {
    let mut first = 0;
    for bias in dbiases {
        mlp::bias_backward(dy, n_out, first, bias.data_mut());
        first += bias.data().len();
    }
}

/// Memory for packed operands of the backward products.
pub type Scratch = Panels;

#[cfg(test)]
mod tests {
    use quaero_testkit::{check_close, dot, numeric_gradient, random, wide};

    use super::*;

    const ROWS: usize = 9;
    const IN: usize = 6;

    /// x Wᵀ + b for W [5 + 2, 6], b [7], as one product in f64.
    fn oracle(x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
        let row = |x: &[f64]| -> Vec<f64> {
            w.chunks_exact(IN).zip(b).map(|(w, b)| dot(x, w) + b).collect()
        };
        x.chunks_exact(IN).flat_map(row).collect()
    }

    fn tensor<const N: usize>(shape: [usize; N], data: &[f32]) -> Tensor {
        Tensor::new(shape, data.to_vec()).unwrap()
    }

    #[test]
    fn stacked_weights_agree_with_f64_forward_and_backward() {
        let (x, dy) = (random(1, ROWS * IN), random(2, ROWS * 7));
        let (w, b) = (random(3, 7 * IN), random(4, 7));
        let (dw, db) = (random(5, 7 * IN), random(6, 7));
        let weights = |w: &[f32]| [tensor([5, IN], &w[..5 * IN]), tensor([2, IN], &w[5 * IN..])];
        let biases = |b: &[f32]| [tensor([5], &b[..5]), tensor([2], &b[5..])];
        let ([w0, w1], [b0, b1]) = (weights(&w), biases(&b));
        let (xs, ws, bs, dys) = (wide(&x), wide(&w), wide(&b), wide(&dy));

        let mut y = vec![f32::NAN; ROWS * 7];
        forward(&x, &Packed::new(&[&w0, &w1]), &[&b0, &b1], &mut y);
        check_close("y", &y, &oracle(&xs, &ws, &bs), 1e-6);

        let mut scratch = Scratch::new();
        let mut dx = vec![f32::NAN; x.len()];
        backward_input(&dy, &[&w0, &w1], &mut scratch, &mut dx);
        let want = numeric_gradient(&xs, |x| dot(&oracle(x, &ws, &bs), &dys));
        check_close("dx", &dx, &want, 1e-6);

        // Weights and biases add to what is there.
        let [mut dw0, mut dw1] = weights(&dw);
        backward_weights(&x, &dy, &mut scratch, &mut [&mut dw0, &mut dw1]);
        let loss = |w: &[f64]| dot(&oracle(&xs, w, &bs), &dys) + dot(w, &wide(&dw));
        let got = [dw0.data(), dw1.data()].concat();
        check_close("dw", &got, &numeric_gradient(&ws, loss), 1e-6);

        let [mut db0, mut db1] = biases(&db);
        backward_biases(&dy, 7, &mut [&mut db0, &mut db1]);
        let loss = |b: &[f64]| dot(&oracle(&xs, &ws, b), &dys) + dot(b, &wide(&db));
        let got = [db0.data(), db1.data()].concat();
        check_close("db", &got, &numeric_gradient(&bs, loss), 1e-6);
    }
}

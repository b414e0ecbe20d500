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

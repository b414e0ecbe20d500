//! The global gradient norm.

use quaero_ops::{Tensor, adam};

/// √(Σ over all elements of g²): f64 sums over blocks of a fixed size, added in order.
#[must_use]
pub fn grad_norm<'a>(grads: impl IntoIterator<Item = &'a Tensor>) -> f64 {
    grads.into_iter().map(|grad| adam::sum_of_squares(grad.data())).sum::<f64>().sqrt()
}

/// The norm of `grads`, and the factor (at most 1) that brings it down to `max_norm`. Hand the
/// factor to [`crate::AdamW::step`], which applies it without another pass over the gradients.
#[must_use]
pub fn clip_grad_norm<'a>(
    grads: impl IntoIterator<Item = &'a Tensor>,
    max_norm: f64,
) -> (f64, f32) {
    let norm = grad_norm(grads);
    // PyTorch's rule, with its 1e-6.
    (norm, (max_norm / (norm + 1e-6)).min(1.0) as f32)
}

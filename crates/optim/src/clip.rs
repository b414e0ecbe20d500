//! The global gradient norm.

use quaero_ops::{Error, Tensor, adam};

/// √(Σ over all elements of g²): f64 sums over blocks of a fixed size, added in order.
///
/// # Errors
/// If the device failed; the CPU does not.
pub fn grad_norm(grads: &[Tensor]) -> Result<f64, Error> {
    Ok(adam::sum_of_squares(grads)?.sqrt())
}

/// The norm of `grads`, and the factor (at most 1) that brings it down to `max_norm`. Hand the
/// factor to [`crate::AdamW::step`], which applies it without another pass over the gradients.
///
/// # Errors
/// If the device failed; the CPU does not.
pub fn clip_grad_norm(grads: &[Tensor], max_norm: f64) -> Result<(f64, f32), Error> {
    let norm = grad_norm(grads)?;
    // PyTorch's rule, with its 1e-6.
    Ok((norm, (max_norm / (norm + 1e-6)).min(1.0) as f32))
}

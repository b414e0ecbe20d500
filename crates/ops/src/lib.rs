//! Tensor operations, forward and backward, over the backends.
//!
//! The seam between models and devices: today every operation runs on the CPU (`quaero-cpu`), and
//! no backend type shows in a signature. Operations come in pairs, forward and backward. Weights
//! and gradients are [`Tensor`]s; activations are slices of rows out of [`Buffers`], so that a
//! training step allocates nothing it used before.
//!
//! # Layout
//! - [`Tensor`]: contiguous f32 with a shape; [`Buffers`]: recycled activations
//! - [`linear`]: y = x Wᵀ + b for one or several stacked weights
//! - [`norm`], [`rope`], [`attention`], [`mlp`], [`embedding`], [`head`], [`adam`]: op pairs of the
//!   CPU backend as they are

mod buffers;
pub mod linear;
mod tensor;

pub use buffers::Buffers;
pub use quaero_cpu::{adam, attention, embedding, head, math, mlp, norm, rope};
pub use tensor::Tensor;

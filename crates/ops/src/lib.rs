//! Tensor operations, forward and backward, on the CPU or on a device.
//!
//! The seam between models and machines: a model calls these operations, and where its weights lie
//! decides who computes. `quaero-cpu` works in f32; a device (`quaero-kernels`: a GPU, or the
//! emulation of one) holds activations in bf16 and sums in f32. No backend type shows in a
//! signature, and nothing is generic over one. Operations come in pairs, forward and backward.
//!
//! A call may fail on a device alone (memory, driver); the CPU's operations do not.
//!
//! # Layout
//! - [`Device`]: where to compute → [`Tensor`]: weights and gradients, f32 → [`Activation`],
//!   [`Floats`]: rows in between, out of [`Buffers`]
//! - [`linear`], [`norm`], [`mlp`], [`embedding`]: row by row → [`attention`]: positions, pages,
//!   queries and their gradient → [`head`]: logits, log-probabilities → [`sample`]: tokens drawn on
//!   a device → [`adam`]: one step of the optimiser
//! - [`Graph`]: work of a device, recorded once and run many times

mod activation;
mod buffers;
mod device;
mod graph;
mod tensor;

pub mod adam;
pub mod attention;
pub mod embedding;
pub mod head;
pub mod linear;
pub mod mlp;
pub mod norm;
pub mod sample;

pub use activation::{Activation, Floats};
pub use buffers::Buffers;
pub use device::{Device, Kind, Place, Products};
pub use graph::Graph;
pub use quaero_cpu::math;
pub use quaero_kernels::{Error, InUse};
pub use tensor::Tensor;

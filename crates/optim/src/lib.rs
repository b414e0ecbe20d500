//! AdamW, gradient clipping and learning-rate schedules.
//!
//! Serves `update` and `seed`. Knows tensors by name and shape, nothing of models or losses.
//!
//! # Layout
//! - [`AdamW`]: the optimiser with its moments, in f32 or 8 bits; state goes out and in as named
//!   tensors
//! - [`clip_grad_norm`]: the global norm in a fixed order, and what to multiply by
//! - [`Schedule`]: the learning rate of a step

mod adamw;
mod clip;
mod schedule;

pub use adamw::{AdamW, AdamWOptions, Error, State, StatePrecision};
pub use clip::{clip_grad_norm, grad_norm};
pub use quaero_ops::adam::LEAN_BLOCK;
pub use schedule::{Decay, Schedule};

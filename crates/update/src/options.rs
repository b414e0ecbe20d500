//! How to learn from a batch, and what is told of it.

use quaero_optim::{AdamWOptions, Schedule};

/// How to learn from a batch.
#[derive(Clone, Debug)]
pub struct Options {
    /// The loss.
    pub objective: quaero_objective::Options,
    /// The optimiser.
    pub adamw: AdamWOptions,
    /// The learning rate over optimiser steps.
    pub schedule: Schedule,
    /// The gradient's global norm is cut to this.
    pub grad_norm_max: f64,
    /// Times that a batch is learned from.
    pub epochs: usize,
    /// Parts of a batch that get an optimiser step each, in every epoch.
    pub minibatches: usize,
    /// Tokens in a micro-batch.
    pub micro_batch_tokens: usize,
    /// Recompute activations in the backward pass: less memory, a third more work.
    pub recompute: bool,
}

/// What an update did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Optimiser steps taken: none of a batch without rows.
    pub n_steps: usize,
    /// The loss, a mean over optimiser steps.
    pub loss: f64,
    /// The gradient's global norm before clipping, a mean over optimiser steps.
    pub grad_norm: f64,
    /// The learning rate of the last optimiser step.
    pub lr: f64,
    /// Tokens that were learned from with their prompts, once for each time.
    pub n_tokens: u64,
    /// Sums over the tokens that were learned from, once for each time.
    pub tokens: quaero_objective::Stats,
}

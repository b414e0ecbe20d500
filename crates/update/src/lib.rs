//! The update step: one optimiser step on a batch, or several on its mini-batches.
//!
//! Takes the policy by value and returns the next one. Rows become packed micro-batches; each goes
//! forward, through the loss, and back; gradients add up in a fixed order; one AdamW step follows.
//! Knows no tasks and no rewards: an advantage per row is all it sees of them.
//!
//! # Layout
//! `options` how to learn → `minibatch` the rows of each optimiser step → `micro` rows to
//! micro-batches → `learner` the steps → `state` what a learner keeps; `reference` the file of the
//! frozen policy that a KL penalty measures from.

mod learner;
mod micro;
mod minibatch;
mod options;
mod reference;
mod state;

pub use learner::Learner;
pub use options::{Options, Stats};
pub use reference::{load_reference, save_reference};

/// Why no step was taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The device failed.
    #[error(transparent)]
    Model(#[from] quaero_model::Error),
    /// The optimiser's memory does not fit, or its device failed.
    #[error(transparent)]
    Optim(#[from] quaero_optim::Error),
    /// The gradient's device failed.
    #[error(transparent)]
    Device(#[from] quaero_ops::Error),
    /// A file of weights and moments cannot be read or written.
    #[error(transparent)]
    Weights(#[from] quaero_weights::Error),
    /// The optimiser's memory does not read.
    #[error(
        "the moments do not read; was the run begun with another optim.state_precision? {source}"
    )]
    Moments {
        /// Why not.
        source: quaero_weights::Error,
    },
    /// The loss or the gradient is not a number.
    #[error(
        "{what} is {got} at update {version}: the run has diverged; resume from an earlier \
         checkpoint with a lower optim.lr or a lower optim.grad_norm_max"
    )]
    NotFinite {
        /// `the loss` or `the gradient norm`.
        what: &'static str,
        /// Its value.
        got: f64,
        /// Updates behind the policy.
        version: u64,
    },
}

//! The update step: one optimiser step on a batch.

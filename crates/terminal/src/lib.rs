//! What the binaries `quaero` and `quaero-lab` share: arguments, results on stdout, messages on
//! stderr. Knows no command.
//!
//! Serves the command lines: a device is named alike everywhere, and an error reads alike.
//!
//! # Layout
//! [`args`] arguments that several commands take → [`print`] the one place that writes to the
//! terminal → [`exit`] the exit codes → [`UsageError`]

pub mod args;
pub mod exit;
pub mod print;

pub use exit::{DONE, INTERRUPTED, RUNTIME_FAILURE, USAGE_ERROR};

/// What was typed cannot be done as typed: [`USAGE_ERROR`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

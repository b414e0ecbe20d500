//! What the binaries `quaero` and `quaero-lab` share: arguments, results on stdout, messages on
//! stderr. Knows no command.
//!
//! Serves the command lines: a device is named alike everywhere, and an error reads alike.
//!
//! # Layout
//! [`args`] arguments that several commands take → [`print`] the one place that writes to the
//! terminal → [`UsageError`] and the exit codes

pub mod args;
pub mod print;

/// What was typed cannot be done as typed: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Exit code of a runtime failure: file, device, plugin.
pub const RUNTIME_FAILURE: u8 = 1;
/// Exit code of a usage error; `clap` ends with the same.
pub const USAGE_ERROR: u8 = 2;
/// Exit code of a command that was interrupted; what was done is safe.
pub const INTERRUPTED: u8 = 130;

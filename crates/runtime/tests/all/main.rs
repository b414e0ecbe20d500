//! The runtime against guests that mean harm: core modules written in WAT, a component built for
//! the purpose (`plugins/hostile`), Python programs, and a collection of hostile inputs of every layer.
#![expect(clippy::unwrap_used, reason = "the lint knows test functions, not their helpers")]

mod families;
mod found;
mod hostile;
mod modules;
mod programs;

use std::path::PathBuf;
use std::sync::Arc;

use quaero_runtime::Progress;

/// Compiled code outlives a test run, so that only the first one compiles.
fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("native")
}

/// Programs run on threads.
fn process() -> Option<PathBuf> {
    None
}

fn silent() -> Progress {
    Arc::new(|_: &str| {})
}

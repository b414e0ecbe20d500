//! The wasmtime host: finds, compiles, caches and runs task families, and the Python interpreter
//! that families hand untrusted programs to. Serves both *verify* steps of a training step.
//!
//! Knows no task family by name, no rewards and no tensors. Whatever a guest does (trap, loop,
//! grow, lie about lengths) comes back as data: a [`Fault`](quaero_types::Fault) or an
//! [`Outcome`]; an [`Error`] means a runtime failure (file, cache folder, unloadable plugin).
//!
//! The judge (a family) and the judged (a program) are always two instances: a family never runs
//! foreign code, it sends [`Job`]s to the [`Interpreter`], which runs each in a fresh instance.
//!
//! # Layout
//! `options` what the user chose → `host` the door → `family` components of `plugins/wit` →
//! `interpreter` CPython as a core module → `compiled` native code on disk → `trusted` the one
//! unsafe step → `ticker` deadlines → `room` memory → `threads` stacks and cores → `names` what was
//! meant.

mod compiled;
mod error;
mod family;
mod host;
mod interpreter;
mod names;
mod options;
mod room;
mod threads;
mod ticker;
mod trusted;

pub use error::Error;
pub use family::{Family, Golden, Usage};
pub use host::{Host, Refused};
pub use interpreter::{Answer, Interpreter, Job, Outcome, SERVE, Stats, serve_programs};
pub use names::nearest;
pub use options::{Embedded, InterpreterOptions, Limits, Options, Progress};
pub use threads::process_cpu_time;

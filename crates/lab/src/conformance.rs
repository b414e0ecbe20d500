//! `quaero-lab conformance`: tests of kernels on the emulated device or a GPU, under sanitizers,
//! and with bugs planted. Results go to stdout, a line each.
//!
//! # Layout
//! `sanitizer` loads its runtime → `in_process` runs tests → `gpu` each file's in a process of its
//! own → `mutants` each planted bug in one.

mod gpu;
mod in_process;
mod mutants;
pub(crate) mod sanitizer;

use std::process::ExitCode;

use quaero_kernels::{SOURCES, digest};
use quaero_terminal::{UsageError, print};

use crate::args::Conformance;

pub(crate) fn run(command: &Conformance) -> anyhow::Result<ExitCode> {
    match command {
        Conformance::Run(run) if run.gpu && !run.one_process => gpu::run(run),
        Conformance::Run(run) => in_process::tests(run),
        Conformance::Bits(cache) => in_process::bits(cache),
        Conformance::Mutants { only, cache } => mutants::all(*only, cache),
        Conformance::Mutant { n, run } => Ok(mutants::one(*n, run)),
        Conformance::Digest { file } => {
            let text = |name: &str| SOURCES.iter().find(|(path, _)| *path == name).map(|(_, t)| *t);
            if text(file).is_none() {
                return Err(UsageError(format!("there is no kernel file `{file}`")).into());
            }
            print::line(&digest(file, text, &[]));
            Ok(ExitCode::SUCCESS)
        }
    }
}

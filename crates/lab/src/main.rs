//! The binary `quaero-lab`: is a kernel right, how fast is it, and what does a GPU say of all that?
//!
//! The trainer does not need it and does not build it. `cargo xtask kernels`, `mutants-kernels`,
//! `gpu-check` and `bench kernels|step|rollout|update` run it. Knows no tasks and no sandbox: the
//! self-play of a GPU check is a run of the binary `quaero` beside it.
//!
//! # Layout
//! `args` what may be typed → `place` models, devices and caches → `conformance` tests of kernels
//! and planted bugs → `bench` speed, beside PyTorch's → `gpu_check` all of it in ten minutes

mod args;
mod bench;
mod conformance;
mod gpu_check;
mod place;

use std::process::ExitCode;

use clap::Parser;
use quaero_terminal::{RUNTIME_FAILURE, USAGE_ERROR, UsageError, print};

use args::{Bench, Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse(); // exits with 2 on a usage error
    run(&cli.command).unwrap_or_else(|error| {
        print::error(&error);
        let usage = error.chain().any(|cause| cause.is::<UsageError>());
        ExitCode::from(if usage { USAGE_ERROR } else { RUNTIME_FAILURE })
    })
}

fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Conformance(command) => return conformance::run(command),
        Command::Bench(Bench::Kernels(args)) => bench::kernels::run(args)?,
        Command::Bench(Bench::Step(args)) => bench::step::run(args)?,
        Command::Bench(Bench::Rollout(args)) => bench::throughput::rollout(args)?,
        Command::Bench(Bench::Update(args)) => bench::throughput::update(args)?,
        Command::GpuCheck(args) => gpu_check::run(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

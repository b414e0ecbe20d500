//! The binary `quaero`: words in, exit code out.
//!
//! Reads arguments, builds options through `config`, calls the roof, shows progress on stderr and
//! results on stdout. Exit codes: 0 done · 1 the world failed · 2 the words were wrong · 130
//! interrupted, nothing lost.
//!
//! # Layout
//! `args` what may be typed → `commands` one file each → `world` loading shared by commands →
//! `progress` what a person watches → `print` the one place that writes to stdout.

mod args;
mod commands;
mod print;
mod progress;
mod world;

use std::process::ExitCode;

use clap::Parser;

use args::{Bench, Cli, Command, ModelCommand};

/// How a command ends when nothing failed.
enum Done {
    /// All of it was done.
    Whole,
    /// Interrupted; what was done is safe.
    Interrupted,
}

fn main() -> ExitCode {
    let cli = Cli::parse(); // exits with 2 on wrong words
    log_to_stderr();
    if matches!(cli.command, Command::ServePrograms) {
        return quaero_runtime::serve_programs();
    }
    match run(&cli) {
        Ok(Done::Whole) => ExitCode::SUCCESS,
        Ok(Done::Interrupted) => ExitCode::from(130),
        Err(error) => {
            print::error(&error);
            let words = error
                .chain()
                .any(|cause| cause.is::<quaero_config::Error>() || cause.is::<world::WrongWords>());
            ExitCode::from(if words { 2 } else { 1 })
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Done> {
    let plugins = cli.plugins_dir.as_path();
    match &cli.command {
        Command::Train(args) => return commands::train::run(plugins, args),
        Command::Bench(Bench::Rollout(args)) => commands::bench::rollout(args)?,
        Command::Bench(Bench::Update(args)) => commands::bench::update(args)?,
        Command::Bench(Bench::Step(args)) => commands::bench::step::run(plugins, args)?,
        Command::Plugin(args) => commands::plugin::run(plugins, args)?,
        Command::Bench(Bench::Verify(args)) => commands::bench::verify::run(plugins, args)?,
        Command::Bench(Bench::Gate(args)) => commands::bench::gate::run(plugins, args)?,
        Command::Bench(Bench::Kernels(args)) => commands::bench::kernels::run(args)?,
        Command::Model(ModelCommand::Check { dir, json }) => {
            commands::model::check(dir, json.json)?
        }
        Command::Eval(args) => commands::eval::run(plugins, args)?,
        Command::Crossplay(args) => commands::crossplay::run(plugins, args)?,
        Command::Report(args) => commands::report::run(args)?,
        Command::GpuCheck(args) => commands::gpu::run(args)?,
        Command::Doctor(args) => commands::doctor::run(plugins, args.json)?,
        Command::SeedModel(args) => commands::seed::run(args)?,
        Command::ServePrograms => unreachable!("it has ended in `main`"),
    }
    Ok(Done::Whole)
}

/// Warnings of any crate on stderr; `RUST_LOG` chooses otherwise.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
        .from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

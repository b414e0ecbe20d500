//! The binary `quaero`: words in, exit code out.
//!
//! Reads arguments, builds options through `config`, calls the roof, shows progress on stderr and
//! results on stdout.
//!
//! # Layout
//! `args` what may be typed → `commands` one file each → `world` loading shared by commands →
//! `progress` what a person watches → `catalog` models that can be fetched.

mod args;
mod catalog;
mod commands;
mod progress;
mod world;

use std::process::ExitCode;

use clap::Parser;
use quaero_terminal::{RUNTIME_FAILURE, USAGE_ERROR, UsageError, print};

use args::{Bench, Cli, Command, ModelCommand};

fn main() -> ExitCode {
    let cli = Cli::parse(); // exits with USAGE_ERROR on wrong arguments
    log_to_stderr();
    if matches!(cli.command, Command::ServePrograms) {
        return quaero_runtime::serve_programs();
    }
    run(&cli).unwrap_or_else(|error| {
        print::error(&error);
        let usage = error
            .chain()
            .any(|cause| cause.is::<quaero_config::Error>() || cause.is::<UsageError>());
        ExitCode::from(if usage { USAGE_ERROR } else { RUNTIME_FAILURE })
    })
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let plugins = cli.plugins_dir.as_path();
    match &cli.command {
        Command::Train(args) => return commands::train::run(plugins, args),
        Command::Plugin(args) => commands::plugin::run(plugins, args)?,
        Command::Bench(Bench::Verify(args)) => commands::bench::verify::run(plugins, args)?,
        Command::Bench(Bench::Gate(args)) => commands::bench::gate::run(plugins, args)?,
        Command::Model(ModelCommand::Check { dir, json }) => {
            commands::model::check(dir, json.json)?
        }
        Command::Model(ModelCommand::List(args)) => commands::model::list(args.json)?,
        Command::Model(ModelCommand::Fetch(args)) => commands::model::fetch(args)?,
        Command::Model(ModelCommand::Export(args)) => commands::model::export::run(args)?,
        Command::Eval(args) => commands::eval::run(plugins, args)?,
        Command::Crossplay(args) => commands::crossplay::run(plugins, args)?,
        Command::Report(args) => commands::report::run(args)?,
        Command::Doctor(args) => commands::doctor::run(plugins, args.json)?,
        Command::SeedModel(args) => commands::seed::run(plugins, args)?,
        Command::ServePrograms => unreachable!("it has ended in `main`"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Warnings of any crate on stderr; `RUST_LOG` chooses otherwise.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
        .from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

//! A process that runs programs for another one, and does nothing else: the other half of
//! `process`. It keeps no deadline; whoever started it ends it with the program that it runs.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, Signal};

use super::frames::{self, Opened, Reply, Setup};
use super::instance::{self, Cell, Deadline};
use super::spent::micros;
use super::{EMBEDDED, Job, interpreter_of, unpack};
use crate::{Error, threads};

/// The one argument with which [`InterpreterOptions::process`](crate::InterpreterOptions) is
/// started.
pub const SERVE: &str = "serve-programs";

/// Runs the programs that come in at standard input until it ends; for a process that was started
/// by an [`Interpreter`](crate::Interpreter) with [`SERVE`] alone.
#[must_use]
pub fn serve_programs() -> ExitCode {
    // Whatever way the other process ends, an endless program must not outlive it.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    // The memory of foreign programs is of no use on disk.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(Resource::Core, none);
    let served = threads::builder("quaero-program").spawn(serve).map(std::thread::JoinHandle::join);
    match served {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "a process for programs ends");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    let Some(setup) = frames::receive::<Setup>(&mut from)? else { return Ok(()) };
    let cell = match open(setup) {
        Ok(cell) => cell,
        Err(error) => return frames::send(&mut to, &Opened::Failed(error.to_string())),
    };
    frames::send(&mut to, &Opened::Ready { cpu_us: micros(threads::process_cpu_time()) })?;
    while let Some(job) = frames::receive::<Job>(&mut from)? {
        let (outcome, spent) = cell.run(&job);
        let cpu_us = micros(threads::process_cpu_time());
        let memory_bytes_max = spent.memory_bytes_max;
        frames::send(&mut to, &Reply { outcome, memory_bytes_max, cpu_us })?;
    }
    Ok(())
}

fn open(setup: Setup) -> Result<Cell, Error> {
    let (options, cache) = setup.options();
    let engine = instance::engine(1, &options, Deadline::Outside)?;
    let silent = Arc::new(|_: &str| {});
    let module =
        interpreter_of(&engine, EMBEDDED, || unpack(EMBEDDED), Some(&cache), &(silent as _))?;
    Cell::new(&engine, &module, options, Deadline::Outside)
}

//! A sanitizer's runtime must be in a process before anything else: this program again, with it
//! loaded.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::args::{Run, Sanitizer};

/// This program again with the sanitizer's runtime, if it must be loaded first: how that ended.
pub(super) fn preloaded(run: &Run) -> anyhow::Result<Option<ExitCode>> {
    let (library, variable, settings) = match run.sanitizer {
        None => return Ok(None),
        _ if run.loaded => return Ok(None),
        Some(Sanitizer::Address) => ("libasan.so", "ASAN_OPTIONS", "detect_leaks=0:exitcode=9"),
        Some(Sanitizer::Thread) => ("libtsan.so", "TSAN_OPTIONS", "exitcode=9:halt_on_error=1"),
    };
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args().skip(1))
        .arg("--loaded")
        .env("LD_PRELOAD", runtime(library)?)
        .env(variable, settings)
        .status()
        .context("cannot start this program again")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(9);
    Ok(Some(ExitCode::from(code)))
}

/// Where the C++ compiler keeps a library of its own.
pub(crate) fn runtime(library: &str) -> anyhow::Result<PathBuf> {
    let answer = Command::new("c++").arg(format!("-print-file-name={library}")).output();
    let answer = answer.context("cannot start `c++`; remedy: apt install g++")?;
    Ok(PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()))
}

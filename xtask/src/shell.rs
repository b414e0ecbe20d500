//! Runs programs, from the root of the repository, and times them.
//!
//! The one place of xtask that reads the clock or the environment.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::exit;

/// A program that ended other than well, with what it was for.
#[derive(Debug)]
pub(crate) struct Stopped {
    what: String,
    status: ExitStatus,
}

impl Stopped {
    /// The code that xtask ends with: an interrupt stays one, the rest is a runtime failure.
    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(if self.by_user() { exit::INTERRUPTED } else { exit::RUNTIME_FAILURE })
    }

    /// Whether Ctrl-C ended it: by the signal itself, or by an exit code that says so.
    pub(crate) fn by_user(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt;
            const SIGINT: i32 = 2;
            if self.status.signal() == Some(SIGINT) {
                return true;
            }
        }
        self.status.code() == Some(i32::from(exit::INTERRUPTED))
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.by_user() {
            write!(f, "{}: interrupted", self.what)
        } else {
            write!(f, "{} failed ({}); see its output above", self.what, self.status)
        }
    }
}

impl std::error::Error for Stopped {}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// A command that runs in the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// `cargo` with `arguments` given as one line of words.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = command("cargo");
    command.args(arguments.split_whitespace());
    command
}

/// Runs `command` with the terminal as its own; `what` names it in an error.
///
/// # Errors
/// When it cannot start, or ends other than with 0 ([`Stopped`]).
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("{what}: cannot start `{program}`; is it on the PATH?"))?;
    if status.success() {
        return Ok(());
    }
    Err(anyhow!(Stopped { what: what.to_owned(), status }))
}

/// Runs `command` and returns what it wrote to stdout.
///
/// # Errors
/// When it cannot start or ends other than with 0; its stderr goes into the message.
pub(crate) fn output(what: &str, command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{what}: cannot start `{program}`; is it on the PATH?"))?;
    if !done.status.success() {
        bail!("{what} failed ({}): {}", done.status, String::from_utf8_lossy(&done.stderr).trim());
    }
    String::from_utf8(done.stdout).with_context(|| format!("{what}: its output is not UTF-8"))
}

/// Whether `command` starts and ends well; says nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What `cargo metadata --no-deps` says of the workspace of `manifest`.
///
/// # Errors
/// When cargo fails, or its answer is not JSON.
pub(crate) fn metadata(manifest: &str) -> Result<Value> {
    let mut command = cargo("metadata --no-deps --format-version 1 --manifest-path");
    let text = output("cargo metadata", command.arg(root().join(manifest)))?;
    serde_json::from_str(&text).context("cargo metadata: not JSON")
}

/// Where cargo builds the workspace of `metadata` (`CARGO_TARGET_DIR` counts).
///
/// # Errors
/// When the metadata does not say.
pub(crate) fn target_directory(metadata: &Value) -> Result<PathBuf> {
    let path = metadata["target_directory"].as_str();
    path.map(PathBuf::from).context("cargo metadata names no target_directory")
}

/// Whether this is CI: what may be skipped on a laptop must pass there.
pub(crate) fn ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Runs `work`; returns its result and the seconds it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    #[expect(clippy::disallowed_methods, reason = "people want to know how long a part took")]
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

#[cfg(test)]
#[cfg(unix)]
mod tests;

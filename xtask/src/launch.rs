//! Hands a command over to the binary `quaero` or `quaero-lab`, built first if it has to be.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::prepare::{self, Families, Program};
use crate::say::say;

/// Prepares what any command needs, then becomes `quaero --plugins-dir DIR WORDS…`.
///
/// The terminal, stdin and stdout are the binary's own, Ctrl-C reaches it, and its exit code is
/// ours.
///
/// # Errors
/// When something cannot be built, or the binary cannot start.
pub(crate) fn binary(words: &[String]) -> Result<ExitCode> {
    if let Err(missing) = prepare::tools().and_then(|()| prepare::plugins(Families::Runs)) {
        // `doctor` reports it with everything else that is missing.
        if words.first().map(String::as_str) != Some("doctor") {
            return Err(missing);
        }
        say(&format!("task families are not built: {missing:#}"));
    }
    let executable = prepare::binary(Program::Trainer)?;
    let mut command = Command::new(&executable);
    command.arg("--plugins-dir").arg(prepare::plugins_dir()).args(words);
    become_program(&executable, command)
}

/// Becomes `quaero-lab WORDS…`.
///
/// # Errors
/// When it cannot be built, or does not start.
pub(crate) fn lab(words: &[String]) -> Result<ExitCode> {
    let executable = prepare::binary(Program::Lab)?;
    let mut command = Command::new(&executable);
    command.args(words);
    become_program(&executable, command)
}

/// Replaces this process, so that nothing stands between the terminal and the program.
#[cfg(unix)]
fn become_program(executable: &Path, mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).with_context(|| format!("cannot start {}", executable.display()))
}

/// Waits for the program, which shares the console and so gets Ctrl-C itself.
#[cfg(not(unix))]
fn become_program(executable: &Path, mut command: Command) -> Result<ExitCode> {
    let status =
        command.status().with_context(|| format!("cannot start {}", executable.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(crate::exit::RUNTIME_FAILURE)))
}

//! The binary as it is typed: what it says, on which stream, with which exit code. The families of
//! the repository must be built (`cargo xtask plugin build`).
#![expect(clippy::unwrap_used, reason = "the lint knows test functions, not their helpers")]

mod crossplay;
mod dashboard;
mod data;
mod plugins;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
#[path = "../../../runtime/tests/all/programs.rs"]
mod programs;
mod resume;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use quaero_runtime::Progress;

/// Compiled code outlives a test run, so that only the first one compiles.
fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("native")
}

/// Programs run in processes of the binary.
fn process() -> Option<PathBuf> {
    Some(env!("CARGO_BIN_EXE_quaero").into())
}

fn silent() -> Progress {
    Arc::new(|_: &str| {})
}

/// The folder of the built families.
fn families() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins");
    assert!(folder.join("rewrite.wasm").is_file(), "first: cargo xtask plugin build");
    folder
}

/// `quaero` over the families of the repository.
fn quaero() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quaero"));
    command.arg("--plugins-dir").arg(families());
    command
}

fn run(words: &[&str], input: &str) -> Output {
    let mut command = quaero();
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The words end with `code`, and say `wanted` on stdout or stderr.
#[track_caller]
fn check(words: &[&str], input: &str, code: i32, wanted: &[&str]) -> String {
    let output = run(words, input);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
    for word in wanted {
        assert!(said.contains(word), "{words:?} does not say {word:?}: {said}");
    }
    text(&output.stdout).to_owned()
}

//! Formats and lints of both workspaces: what cargo checks without running anything.

use anyhow::{Context, Result};

use crate::shell::{self, cargo, command};

/// `cargo fmt --check` of both workspaces.
///
/// # Errors
/// When a file is not formatted.
pub(crate) fn formats() -> Result<()> {
    let remedy = "remedy: cargo fmt --all (and the same in plugins/)";
    shell::run("cargo fmt --check", &mut cargo("fmt --all --check")).context(remedy)?;
    shell::run("cargo fmt --check in plugins/", &mut in_plugins("fmt --all --check"))
        .context(remedy)
}

/// Clippy over the host workspace, warnings denied.
///
/// # Errors
/// When clippy has something to say.
pub(crate) fn host_lints() -> Result<()> {
    let words = "clippy --quiet --workspace --release --all-targets -- -D warnings";
    shell::run("cargo clippy", &mut cargo(words))
}

/// Clippy over the plugin workspace, warnings denied.
///
/// # Errors
/// When clippy has something to say.
pub(crate) fn family_lints() -> Result<()> {
    let words = "clippy --quiet --workspace --release --all-targets -- -D warnings";
    shell::run("cargo clippy in plugins/", &mut in_plugins(words))
}

/// `cargo` with `words`, in the plugin workspace.
pub(crate) fn in_plugins(words: &str) -> std::process::Command {
    let mut command = command("cargo");
    command.current_dir(shell::root().join("plugins")).args(words.split_whitespace());
    command
}

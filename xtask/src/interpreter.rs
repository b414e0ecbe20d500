//! `cargo xtask interpreter`: makes the Python interpreter again from its distribution's sources
//! and shows whether it is the one in the repository, byte for byte.
//!
//! The recipe is `plugins/interpreter/build.sh`; this command knows where its result lies and what
//! to compare it with.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::say::say;
use crate::shell::{self, command};

/// The artefact, from the root.
const ARTEFACT: &str = "plugins/interpreter/interpreter.wasm.xz";

/// Runs the command.
///
/// # Errors
/// When the recipe fails, or the result is another module than the artefact.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode> {
    let (install, folder) = match options {
        [] => (false, PathBuf::from("target/interpreter")),
        ["--install"] => (true, PathBuf::from("target/interpreter")),
        ["--in", folder] => (false, PathBuf::from(folder)),
        ["--in", folder, "--install"] => (true, PathBuf::from(folder)),
        _ => {
            say("error: `interpreter` takes [--in FOLDER] [--install]");
            return Ok(ExitCode::from(crate::exit::USAGE_ERROR));
        }
    };
    let folder = std::path::absolute(shell::root().join(folder))?;
    say("making the interpreter from Debian's sources (20 minutes on two cores, once)");
    let mut build = command("plugins/interpreter/build.sh");
    shell::run("plugins/interpreter/build.sh", build.arg(&folder))?;
    let (made, kept) = (folder.join("interpreter.wasm.xz"), shell::root().join(ARTEFACT));
    let (new, old) = (unpacked(&made)?, unpacked(&kept)?);
    match differing(&new, &old) {
        0 => say(&format!("{ARTEFACT} is what its sources make: {} bytes, all equal", new.len())),
        n if install => {
            std::fs::copy(&made, &kept).with_context(|| format!("cannot write {ARTEFACT}"))?;
            say(&format!("{ARTEFACT} replaced; the old one differed in {n} bytes"));
        }
        n => {
            ensure!(
                n == 0,
                "the sources make another module than {ARTEFACT}: {n} of {} bytes differ.\n\
                 remedy: other sources or tools explain it, or a folder where an older recipe \
                 ran (README.md there); `cargo xtask interpreter --install` replaces the artefact",
                new.len().max(old.len())
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The module in `path`: how it was packed does not matter.
fn unpacked(path: &Path) -> Result<Vec<u8>> {
    let done = command("xz")
        .args(["--decompress", "--stdout"])
        .arg(path)
        .output()
        .context("cannot start `xz`; apt install xz-utils")?;
    let words = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{} does not unpack: {}", path.display(), words.trim());
    Ok(done.stdout)
}

/// How many bytes of two modules differ; what one has more counts.
fn differing(a: &[u8], b: &[u8]) -> usize {
    let both = a.iter().zip(b).filter(|(a, b)| a != b).count();
    both + a.len().abs_diff(b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &[u8], b: &[u8], expected: usize) {
        assert_eq!(differing(a, b), expected);
        assert_eq!(differing(b, a), expected);
    }

    #[test]
    fn bytes_that_differ_are_counted() {
        check(b"", b"", 0);
        check(b"abc", b"abc", 0);
        check(b"abc", b"axc", 1);
        check(b"abc", b"ab", 1);
        check(b"abc", b"xy", 3);
    }
}

//! The private Python of the oracle fixtures, in `target/venv`. Tests alone need it: training,
//! benches and everything a user runs do without.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::say::say;
use crate::shell::{self, command};

/// What the fixture scripts import; pinned, so that fixtures do not move by themselves.
const PACKAGES: &[&str] = &["numpy==2.4.6", "gguf==0.19.0", "safetensors==0.8.0"];
/// Scripts that fetch what is too big for the repository. Each is idempotent.
const FETCHES: &[&str] = &["tests/scripts/smollm2_fetch.py"];
const ATTEMPTS: u32 = 4;

/// Makes the environment if it is missing and runs every fetch script.
///
/// # Errors
/// When Python is missing, or a registry does not answer after several attempts.
pub(crate) fn fixtures() -> Result<()> {
    let python = environment()?;
    for script in FETCHES {
        attempt(script, || shell::run(script, command(&python).arg(script)))?;
    }
    Ok(())
}

/// The interpreter of `target/venv`, with [`PACKAGES`] installed.
fn environment() -> Result<PathBuf> {
    environment_of("venv", PACKAGES, "the oracle fixtures (30 MB, once)")
}

/// The interpreter of `target/<name>`, with `packages` installed; `purpose` is said to people.
///
/// # Errors
/// When Python is missing, or the registry does not answer after several attempts.
pub(crate) fn environment_of(name: &str, packages: &[&str], purpose: &str) -> Result<PathBuf> {
    let folder = shell::root().join("target").join(name);
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = folder.join("packages.txt");
    let wanted = packages.join("\n");
    if python.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|has| has == wanted) {
        return Ok(python);
    }
    say(&format!("making a private Python in target/{name} for {purpose}"));
    let system = if cfg!(windows) { "python" } else { "python3" };
    let mut make = command(system);
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    shell::run("python3 -m venv", &mut make)
        .context("remedy: apt install python3 python3-venv (or your system's Python 3.11+)")?;
    attempt("pip install", || {
        let mut install = command(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        shell::run("pip install", install.args(packages))
    })?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}

/// Runs `work` until it succeeds, up to [`ATTEMPTS`] times, with longer and longer pauses.
fn attempt(what: &str, mut work: impl FnMut() -> Result<()>) -> Result<()> {
    for n in 1..ATTEMPTS {
        let Err(error) = work() else {
            return Ok(());
        };
        if error.downcast_ref::<shell::Stopped>().is_some_and(shell::Stopped::by_user) {
            return Err(error);
        }
        let pause = 5 * u64::from(n);
        say(&format!("{what}: attempt {n} of {ATTEMPTS} failed: {error:#}; again in {pause} s"));
        std::thread::sleep(Duration::from_secs(pause));
    }
    work().with_context(|| format!("{what}: failed {ATTEMPTS} times; is a network there?"))
}

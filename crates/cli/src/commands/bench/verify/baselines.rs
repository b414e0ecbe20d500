//! The baselines: their sources are part of this program, their packages come from PyPI into a
//! private folder when they are asked for. Without them the benchmark shows our figures alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use quaero_terminal::print;

use super::side::{Side, Spawn};
use crate::args::BenchVerify;

/// What to install, pinned: a baseline must not change between two runs.
const PACKAGES: [&str; 2] = ["pebble==5.2.3", "pyeryx==0.11.0"];

/// A baseline that may be there.
pub(super) struct Baseline {
    pub(super) name: &'static str,
    /// It can judge a step's answers.
    pub(super) judges_steps: bool,
    source: &'static str,
    python: PathBuf,
}

/// The baselines, in the table's order. Installs their packages if `args` say so.
pub(super) fn find(args: &BenchVerify, folder: &Path) -> anyhow::Result<Vec<Baseline>> {
    let system = args.python.clone().unwrap_or_else(|| PathBuf::from("python3"));
    let python = if args.install_baselines { install(&system)? } else { system };
    let eryx = args.python_eryx.clone().unwrap_or_else(|| python.clone());
    let baselines = vec![
        Baseline {
            name: "pyeryx, fresh sandbox",
            judges_steps: false,
            source: "verify_eryx.py",
            python: eryx,
        },
        Baseline {
            name: "process pool (no isolation)",
            judges_steps: true,
            source: "verify_pool.py",
            python,
        },
    ];
    std::fs::write(
        folder.join("verify_eryx.py"),
        include_str!("../../../../baselines/verify_eryx.py"),
    )?;
    std::fs::write(
        folder.join("verify_pool.py"),
        include_str!("../../../../baselines/verify_pool.py"),
    )?;
    Ok(baselines)
}

impl Baseline {
    /// Starts it with the work that lies in `folder`.
    pub(super) fn start(
        &self,
        folder: &Path,
        workers: usize,
        cores: Spawn,
    ) -> anyhow::Result<Side> {
        let mut command = Command::new(&self.python);
        command.arg(folder.join(self.source)).arg(folder.join("programs.json"));
        command.arg(folder.join("step.json")).arg(workers.to_string());
        Side::start(self.name, command, cores).context(
            "install the baselines with --install-baselines, or name a Python that has them with \
             --python (pyeryx wants 3.12 or later)",
        )
    }
}

/// A private Python with the baselines' packages, in `target/verify-baselines`.
fn install(system: &Path) -> anyhow::Result<PathBuf> {
    let folder = PathBuf::from("target/verify-baselines");
    let python = folder.join("bin/python");
    let run = |command: &mut Command| -> anyhow::Result<bool> {
        let done = command
            .output()
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        Ok(done.status.success())
    };
    if !python.is_file() {
        print::note("making a private Python for the baselines in target/verify-baselines (once)");
        let made = run(Command::new(system).args(["-m", "venv"]).arg(&folder))?;
        anyhow::ensure!(
            made,
            "{} -m venv fails; on Debian: apt install python3-venv",
            system.display()
        );
    }
    for package in PACKAGES {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--only-binary=:all:", package]);
        if !run(&mut pip)? {
            print::note(&format!("{package} cannot be installed here"));
        }
    }
    // As an absolute path, but not through the link to the system's Python.
    Ok(std::path::absolute(python)?)
}

//! Where a check finds what it runs: this program, and what was bundled with it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use serde_json::{Value, json};

use crate::args::GpuCheck;

/// What a step needs and this machine does not have. It is reported, and is no failure.
pub(super) struct Missing {
    pub(super) what: String,
    pub(super) told: Vec<String>,
}

/// Where the check finds what it runs.
pub(super) struct Bundle {
    /// This program; what it was bundled with lies beside it.
    own: PathBuf,
    pub(super) python: PathBuf,
    /// Where a step may write.
    scratch: tempfile::TempDir,
}

impl Bundle {
    pub(super) fn new(args: &GpuCheck) -> anyhow::Result<Self> {
        Ok(Self {
            own: std::env::current_exe().context("cannot tell where this program lies")?,
            python: match &args.python {
                // Steps run in a folder of their own, so a path must not depend on this one.
                Some(path) if path.components().count() > 1 => std::path::absolute(path)?,
                Some(name) => name.clone(),
                None => PathBuf::from("python3"),
            },
            scratch: tempfile::tempdir().context("cannot make a temporary folder")?,
        })
    }

    /// The commit that the bundle was made of, where one was recorded.
    pub(super) fn commit(&self) -> Value {
        let text = std::fs::read_to_string(self.beside("commit")).unwrap_or_default();
        let text = text.trim();
        if text.is_empty() { Value::Null } else { json!(text) }
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.own.with_file_name(name)
    }

    pub(super) fn needs(&self, name: &str) -> Result<PathBuf, Missing> {
        let path = self.beside(name);
        if path.exists() {
            return Ok(path);
        }
        let what = format!("there is no `{name}` beside this program");
        let told = vec!["remedy: cargo xtask gpu-check --bundle DIR, and run it there".to_owned()];
        Err(Missing { what, told })
    }

    /// `program`, started in a folder that it may write to.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.scratch.path());
        command
    }

    /// This program with `words`.
    pub(super) fn lab(&self, words: &[&str]) -> Command {
        let mut command = self.command(&self.own);
        command.args(words);
        command
    }

    /// The conformance tests on the GPU, with `words`.
    pub(super) fn conformance(&self, words: &[&str]) -> Command {
        let mut command = self.lab(&["conformance", "run", "--gpu"]);
        command.args(words).arg("--cache").arg(self.scratch.path().join("simt"));
        command
    }

    /// Where self-play's run lies.
    pub(super) fn run_folder(&self) -> PathBuf {
        self.scratch.path().join("run")
    }
}

//! A process that measures itself when it is asked: one command a line, one JSON object back. It
//! first says that it is ready and what the programs come to.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;
use serde_json::Value;

/// Which cores a side may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spawn {
    /// One and the same for all sides, where `taskset` is at hand.
    OneCore,
    AllCores,
}

/// A side, ready to be asked.
pub(super) struct Side {
    pub(super) name: String,
    /// What it says of the programs, one list of answers a program.
    pub(super) answers: Value,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Side {
    /// Starts `command` and waits until it is ready.
    pub(super) fn start(name: &str, command: Command, cores: Spawn) -> anyhow::Result<Self> {
        let mut command = if cores == Spawn::OneCore { pinned(command) } else { command };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let input = child.stdin.take().context("its input is no pipe")?;
        let output = BufReader::new(child.stdout.take().context("its output is no pipe")?);
        let mut side = Self { name: name.to_owned(), answers: Value::Null, child, input, output };
        let ready = side.read()?;
        side.answers = ready["answers"].clone();
        Ok(side)
    }

    /// Sends one command and reads the reply.
    pub(super) fn ask(&mut self, command: &str) -> anyhow::Result<Value> {
        writeln!(self.input, "{command}").with_context(|| format!("{} is gone", self.name))?;
        self.read()
    }

    fn read(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() {
            let mut words = String::new();
            if let Some(errors) = self.child.stderr.take() {
                std::io::Read::read_to_string(&mut BufReader::new(errors), &mut words)?;
            }
            let last = words.trim_end().lines().last().unwrap_or("no message");
            anyhow::bail!("{} ended: {last}", self.name);
        }
        serde_json::from_str(&line).with_context(|| format!("{} said {line:?}", self.name))
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // A side ends at the end of its input; one that hangs is ended here.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// `command` on the last core, the one that other work visits least.
fn pinned(command: Command) -> Command {
    let found = Command::new("taskset").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        return command;
    }
    let last = std::thread::available_parallelism().map_or(0, |n| n.get() - 1);
    let mut wrapped = Command::new("taskset");
    wrapped.arg("-c").arg(last.to_string()).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        value.map(|value| wrapped.env(key, value));
    }
    wrapped
}

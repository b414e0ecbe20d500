//! Tests on a GPU, each kernel file's in a process of its own: a kernel that reads where it must
//! not takes the device from its whole process.

use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use quaero_terminal::print;

use super::in_process::{BITS, each};
use crate::args::Run;

#[derive(Default)]
struct Counts {
    ok: usize,
    wrong: usize,
    same: usize,
    outputs: usize,
}

pub(super) fn run(run: &Run) -> anyhow::Result<ExitCode> {
    run.devices()?;
    let mut files: Vec<&str> = quaero_conformance::all().iter().map(|test| test.file).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|file| run.file.as_ref().is_none_or(|wanted| wanted == file));
    let (next, counts) = (AtomicUsize::new(0), Mutex::new(Counts::default()));
    each(None, || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let output = of_file(file).unwrap_or_else(|error| format!("WRONG {file}: {error}\n"));
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            for line in output.lines().filter(|line| !line.contains(" tests, ")) {
                print::line(line);
                counts.add(line);
            }
        }
    });
    let counts = counts.into_inner().unwrap_or_else(PoisonError::into_inner);
    print::line(&format!("{} tests, {} wrong", counts.ok + counts.wrong, counts.wrong));
    if counts.outputs > 0 {
        let Counts { same, outputs, .. } = counts;
        print::line(&format!("{same} of {outputs} outputs have the emulation's bits"));
    }
    Ok(if counts.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Counts {
    fn add(&mut self, line: &str) {
        self.ok += usize::from(line.starts_with("ok "));
        self.wrong += usize::from(line.starts_with("WRONG "));
        if let Some((_, bits)) = line.split_once(BITS)
            && let Some((same, of)) = bits.split_once('/')
        {
            self.same += same.parse::<usize>().unwrap_or(0);
            self.outputs += of.parse::<usize>().unwrap_or(0);
        }
    }
}

/// What this program says of one file's tests, in another process.
fn of_file(file: &str) -> std::io::Result<String> {
    let mut child = Command::new(std::env::current_exe()?);
    child.args(std::env::args().skip(1)).args(["--one-process", "--file", file]);
    let done = child.output()?;
    let mut output = String::from_utf8_lossy(&done.stdout).into_owned();
    if !output.contains(" tests, ") {
        let last = String::from_utf8_lossy(&done.stderr).lines().last().unwrap_or("").to_owned();
        output.push_str(&format!("WRONG {file:<48} {} {last}\n", done.status));
    }
    Ok(output)
}

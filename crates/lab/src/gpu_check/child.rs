//! A process under a limit of time. Its words go through files, so that it never waits for a
//! reader; at the limit it ends with all that it started.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often the process is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// What a process wrote, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) end: End,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With 0.
    Well,
    /// With another code, or by a signal.
    Badly(String),
    /// By us, at its limit.
    Late,
}

impl Output {
    /// The last lines of stderr that say something.
    pub(super) fn last_words(&self, n: usize) -> Vec<String> {
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        let from = lines.len().saturating_sub(n);
        lines[from..].iter().map(|line| line.chars().take(300).collect()).collect()
    }
}

/// Runs `command` for at most `limit`.
///
/// # Errors
/// If it does not start, or its words cannot be kept.
#[expect(clippy::disallowed_methods, reason = "the limit is one of time")]
pub(super) fn run(command: &mut Command, limit: Duration) -> std::io::Result<Output> {
    let (out, err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?);
    own_group(command);
    let mut child = command.spawn()?;
    let start = Instant::now();
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break if status.success() { End::Well } else { End::Badly(status.to_string()) };
        }
        if start.elapsed() >= limit {
            kill(&mut child)?;
            break End::Late;
        }
        std::thread::sleep(PAUSE);
    };
    Ok(Output { stdout: all_of(out)?, stderr: all_of(err)?, end })
}

fn all_of(mut file: File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What the process starts in turn belongs to it, and ends with it.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Ends the process and its group.
fn kill(child: &mut Child) -> std::io::Result<()> {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // Of a group that has ended there is nothing to end.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    child.kill()?;
    child.wait().map(|_| ())
}

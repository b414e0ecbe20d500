//! One process that runs programs for this one, and its deadline: it is ended with a program that
//! takes too long, and another one takes its place. What becomes of it (killed, crashed, broken
//! words) is an [`Outcome`] of the program that it ran, after one more try in a new process.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::de::DeserializeOwned;

use super::frames::{self, Opened, Reply, Setup};
use super::instance::WALL_FACTOR;
use super::{Job, Outcome, SERVE, Spent};
use crate::{Error, InterpreterOptions};

/// How long a new process may take until it is ready: it reads native code, or makes it.
const START: Duration = Duration::from_secs(120);
/// Time that is not worth a look at the clock.
const TICK: Duration = Duration::from_millis(10);
/// Read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A process that runs one program after the other.
pub(super) struct Process {
    program: PathBuf,
    options: InterpreterOptions,
    cache: PathBuf,
    running: Option<Running>,
}

struct Running {
    child: Child,
    jobs: ChildStdin,
    replies: ChildStdout,
    /// CPU time that it has said to have had.
    cpu: Duration,
}

/// Why there is no reply.
enum Lost {
    /// It took too long, and this CPU time.
    Late(Duration),
    /// The process ended or spoke nonsense.
    Ended(String),
}

impl Process {
    /// A process of `program`, started when there is a job for it.
    pub(super) fn new(program: PathBuf, options: InterpreterOptions, cache: PathBuf) -> Self {
        Self { program, options, cache, running: None }
    }

    /// Starts it, and waits until it takes jobs.
    ///
    /// # Errors
    /// If it does not start or cannot run programs.
    pub(super) fn start(&mut self) -> Result<(), Error> {
        self.running = Some(self.launch()?);
        Ok(())
    }

    /// Runs `job`, and tells what it took.
    pub(super) fn run(&mut self, job: &Job) -> (Outcome, Spent) {
        let mut why = String::new();
        for _ in 0..2 {
            let mut running = match self.running.take().map_or_else(|| self.launch(), Ok) {
                Ok(running) => running,
                Err(error) => {
                    tracing::error!(%error, "a program was not run");
                    return (Outcome::Refused, Spent::default());
                }
            };
            let before = running.cpu;
            let deadline = Duration::from_millis(self.options.deadline_ms(job).into());
            let (outcome, cpu, memory_bytes_max) = match running.ask(job, deadline) {
                Ok(reply) => {
                    running.cpu = Duration::from_micros(reply.cpu_us).max(before);
                    let cpu = running.cpu - before;
                    self.running = Some(running);
                    (reply.outcome, cpu, reply.memory_bytes_max)
                }
                Err(Lost::Late(cpu)) => (Outcome::Timeout, cpu, 0),
                Err(Lost::Ended(how)) => {
                    tracing::warn!(how, "a process that runs programs ended; starting another");
                    why = how;
                    continue;
                }
            };
            let timeouts = u64::from(outcome == Outcome::Timeout);
            return (outcome, Spent { programs: 1, timeouts, cpu, memory_bytes_max });
        }
        (Outcome::Crashed(why), Spent { programs: 1, ..Spent::default() })
    }

    fn launch(&self) -> Result<Running, Error> {
        let failed = |how: String| Error::Engine {
            detail: format!("{} does not run programs: {how}", self.program.display()),
        };
        let mut child = Command::new(&self.program)
            .arg(SERVE)
            .env_clear()
            .current_dir("/")
            // An interrupt from the keyboard is for the one who started it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let (jobs, replies) = (child.stdin.take(), child.stdout.take());
        let (Some(jobs), Some(replies)) = (jobs, replies) else { unreachable!("both are piped") };
        let mut running = Running { child, jobs, replies, cpu: Duration::ZERO };
        let setup = Setup::new(&self.options, self.cache.clone());
        let opened = frames::send(&mut running.jobs, &setup)
            .map_err(|error| Lost::Ended(error.to_string()))
            .and_then(|()| running.hear(START));
        match opened {
            Ok(Opened::Ready { cpu_us }) => {
                running.cpu = Duration::from_micros(cpu_us);
                Ok(running)
            }
            Ok(Opened::Failed(why)) => Err(failed(why)),
            Err(Lost::Late(_)) => Err(failed(format!("not ready after {} s", START.as_secs()))),
            Err(Lost::Ended(how)) => Err(failed(how)),
        }
    }
}

impl Running {
    fn ask(&mut self, job: &Job, deadline: Duration) -> Result<Reply, Lost> {
        if let Err(error) = frames::send(&mut self.jobs, job) {
            return Err(self.ended(&error));
        }
        self.hear(deadline)
    }

    /// The next frame, if the process says it before it has had `deadline` of CPU time, and before
    /// [`WALL_FACTOR`] times that by the clock.
    #[expect(clippy::disallowed_methods, reason = "the deadline is one of time")]
    fn hear<T: DeserializeOwned>(&mut self, deadline: Duration) -> Result<T, Lost> {
        let start = Instant::now();
        let mut bytes = Vec::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut patience = deadline;
        loop {
            let waited = start.elapsed();
            if waited >= WALL_FACTOR * deadline {
                return Err(Lost::Late(self.used(waited)));
            }
            if !self.speaks(patience.max(TICK)).map_err(|error| self.ended(&error))? {
                let used = self.used(start.elapsed());
                if used >= deadline {
                    return Err(Lost::Late(used));
                }
                patience = deadline - used;
                continue;
            }
            match self.replies.read(&mut chunk) {
                Ok(0) => return Err(self.ended(&io::ErrorKind::UnexpectedEof.into())),
                Ok(n) => bytes.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.ended(&error)),
            }
            match frames::parse(&bytes) {
                Ok(None) => {}
                Ok(Some(value)) => return Ok(value),
                Err(error) => return Err(self.ended(&error)),
            }
        }
    }

    /// Whether there is something to read within `time`.
    fn speaks(&self, time: Duration) -> io::Result<bool> {
        let time = Timespec::try_from(time).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.replies, PollFlags::IN)], Some(&time)) {
            Ok(n) => Ok(n > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// CPU time since its last word; all of `waited` where the system does not say.
    fn used(&self, waited: Duration) -> Duration {
        cpu_of(self.child.id()).map_or(waited, |now| now.saturating_sub(self.cpu).min(waited))
    }

    /// How the process ended, which said nothing more but `error`.
    fn ended(&mut self, error: &io::Error) -> Lost {
        // It may still be there, if what it said was nonsense.
        let _ = self.child.kill();
        Lost::Ended(match self.child.wait() {
            Ok(status) => format!("the sandbox's process ended: {status} ({error})"),
            Err(other) => format!("the sandbox's process ended: {error}, {other}"),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of the process `id` and all its threads, as `proc(5)` has it: fields 14 and 15 of
/// `stat`, the second and third after the name that may hold anything.
fn cpu_of(id: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()? + ticks()?;
    Some(Duration::from_micros(ticks * 1_000_000 / rustix::param::clock_ticks_per_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_cpu_time_is_that_of_the_clock() {
        let mut x = 1_u64;
        while crate::process_cpu_time() < Duration::from_millis(100) {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        let (told, clock) = (cpu_of(std::process::id()).unwrap(), crate::process_cpu_time());
        assert!(told <= clock + TICK && told + 5 * TICK >= clock.min(Duration::from_secs(1)));
        assert_eq!(cpu_of(u32::MAX), None);
    }

    #[test]
    fn what_is_no_interpreter_is_told_apart() {
        let start = |program: &str| {
            Process::new(program.into(), InterpreterOptions::default(), "/nowhere".into())
                .start()
                .err()
                .unwrap()
                .to_string()
        };
        assert!(start("/nonexistent").contains("/nonexistent does not run programs"));
        assert!(start("/bin/false").contains("ended"));
        // It says back what it hears.
        assert!(start("/bin/cat").contains("ended"));
    }

    /// A process that says to be ready, hears one program, and then does as `script` says.
    fn scripted(script: &str) -> (tempfile::TempDir, Process) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        let ready = r#"{"Ready":{"cpu_us":0}}"#;
        let hear = "dd bs=64k count=1 of=/dev/null 2>/dev/null";
        let say = format!("printf '\\{:o}\\0\\0\\0{ready}'", ready.len());
        let text = format!("#!/bin/sh\n{hear}\n{say}\n{hear}\n{script}\n");
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
        let options = InterpreterOptions::default();
        let mut process = Process::new(program, options, folder.path().to_owned());
        process.start().unwrap();
        (folder, process)
    }

    fn job(deadline_ms: u32) -> Job {
        let (program, entry, calls) = ("def f(): return 1".into(), "f".into(), vec![String::new()]);
        Job { program, entry, calls, runs: 1, value_bytes_max: 10, deadline_ms }
    }

    #[test]
    fn a_process_that_ends_with_every_program_is_a_crash() {
        let (_folder, mut process) = scripted("exit 7");
        let (outcome, spent) = process.run(&job(1000));
        let Outcome::Crashed(why) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("exit status: 7"), "{why}");
        assert_eq!((spent.programs, spent.timeouts), (1, 0));
    }

    #[test]
    fn nonsense_is_a_crash() {
        for words in [r"printf '\4\0\0\0null'", r"printf '\377\377\377\377'; cat"] {
            let (_folder, mut process) = scripted(words);
            assert!(matches!(process.run(&job(5000)).0, Outcome::Crashed(_)), "{words}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the deadline is one of time")]
    fn deadlines_are_of_cpu_time_and_far_away_of_the_clock() {
        let start = Instant::now();
        let (_folder, mut process) = scripted("while :; do :; done");
        let (outcome, spent) = process.run(&job(200));
        assert_eq!(outcome, Outcome::Timeout);
        assert!(spent.cpu >= Duration::from_millis(200), "{spent:?}");
        // It waits for input that never comes, and uses no time at all.
        let (_folder, mut process) = scripted("while read line; do :; done");
        assert_eq!(process.run(&job(100)).0, Outcome::Timeout);
        assert!(start.elapsed() >= Duration::from_millis(200 + 1000));
        assert_eq!(process.run(&job(50)).0, Outcome::Timeout, "and another takes its place");
    }
}

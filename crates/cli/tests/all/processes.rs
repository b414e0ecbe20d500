//! Python programs in processes of their own: all that `crates/runtime` shows of threads, and that
//! neither an end of such a process nor one of ours leaves anything behind.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use quaero_runtime::{Answer, Interpreter, InterpreterOptions, Job, Outcome};

use crate::programs::children;
use crate::{cache, process, quaero, silent};

fn kill(process: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -9 {process}")]).status().unwrap();
    assert!(status.success());
}

/// Waits until `seen` is there, for at most ten seconds.
#[track_caller]
fn wait<T>(mut seen: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(value) = seen() {
            return value;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not within ten seconds");
}

fn gone(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    status.map_or(true, |status| status.contains("State:\tZ"))
}

#[test]
fn a_killed_process_is_replaced_and_its_program_run_again() {
    let options = InterpreterOptions {
        workers: 1,
        remembered_max: 0,
        process: process(),
        ..InterpreterOptions::default()
    };
    let interpreter = Interpreter::open(options, Some(&cache()), &silent()).unwrap();
    let us = std::process::id();
    let [first] = children(us)[..] else { panic!("one worker, one process") };
    let job = Job {
        program: "def f(n):\n for i in range(n): pass\n return n".into(),
        entry: "f".into(),
        calls: vec!["20000000".into()],
        runs: 1,
        value_bytes_max: 100,
        deadline_ms: 30_000,
    };
    let outcomes = std::thread::scope(|scope| {
        let run = scope.spawn(|| interpreter.run(std::slice::from_ref(&job)));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!run.is_finished(), "the program is too short for this test");
        kill(first);
        run.join().unwrap()
    });
    assert_eq!(outcomes, [Outcome::Done(vec![Answer::Value("20000000".into())])]);
    let [second] = children(us)[..] else { panic!("one worker, one process") };
    assert_ne!(first, second);
    drop(interpreter);
    assert!(children(us).is_empty());
}

/// An endless program has no deadline of its own: it must end with whoever was to keep it.
#[test]
fn an_endless_program_ends_with_its_host() {
    let mut host = quaero()
        .args(["plugin", "grade", "python", "--kind", "abduction"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let line = serde_json::json!({
        "task": {
            "public": {"program": "def f(a):\n    while a: pass\n    return 9", "output": "9"},
            "secret": {"input": "0"},
        },
        "completion": "```input\n3\n```",
    });
    writeln!(host.stdin.take().unwrap(), "{line}").unwrap();
    let program = wait(|| {
        let all = children(host.id());
        all.into_iter().find(|&child| cpu_ticks(child) >= 50)
    });
    kill(host.id());
    host.wait().unwrap();
    wait(|| gone(program).then_some(()));
}

/// CPU time in hundredths of a second.
fn cpu_ticks(process: u32) -> u64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return 0 };
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().nth(11).unwrap().parse().unwrap()
}

#[test]
fn a_process_without_work_ends_well() {
    let quaero = env!("CARGO_BIN_EXE_quaero");
    let ended = Command::new(quaero).arg("serve-programs").stdin(Stdio::null()).status().unwrap();
    assert!(ended.success());
    let help = Command::new(quaero).arg("--help").output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("serve-programs"));
}

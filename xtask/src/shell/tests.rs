//! How programs end, and what is made of it.

use super::{Stopped, command, output, run};

/// Runs `script`; returns the message of its end and whether Ctrl-C counts as its cause.
#[track_caller]
fn check(script: &str, message: &str, by_user: bool) {
    let error = run("part", command("sh").args(["-c", script])).unwrap_err();
    // Context is what callers add, and must not hide what happened.
    let error = error.context("outer");
    let stopped = error.downcast_ref::<Stopped>().unwrap();
    assert_eq!(stopped.to_string(), message);
    assert_eq!(stopped.by_user(), by_user);
}

#[test]
fn endings() {
    run("part", command("sh").args(["-c", "exit 0"])).unwrap();
    check("exit 3", "part failed (exit status: 3); see its output above", false);
    check("exit 130", "part: interrupted", true);
    check("kill -INT $$", "part: interrupted", true);
    check("kill -KILL $$", "part failed (signal: 9 (SIGKILL)); see its output above", false);
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = run("part", &mut command("quaero-no-such-program")).unwrap_err();
    assert!(error.to_string().contains("`quaero-no-such-program`"), "{error}");
}

#[test]
fn output_or_the_words_on_stderr() {
    let text = output("part", command("sh").args(["-c", "echo one; echo two >&2"])).unwrap();
    assert_eq!(text, "one\n");
    let error = output("part", command("sh").args(["-c", "echo why >&2; exit 1"])).unwrap_err();
    assert!(error.to_string().contains("why"), "{error}");
}

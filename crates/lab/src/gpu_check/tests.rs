//! The limits of a process, what words mean, names and days. That a whole check runs is shown on a
//! GPU; here, that it refuses without one (in the tests of `xtask`'s bundle, by hand).

use std::process::Command;
use std::time::{Duration, Instant};

use super::bundle::Bundle;
use super::child::{self, End, Output};
use super::found;
use super::steps;
use super::{date, free_stem, short_name, wanted};
use crate::args::GpuCheck;

fn said(stdout: &str) -> Output {
    Output { stdout: stdout.to_owned(), stderr: String::new(), end: End::Well }
}

fn bundle() -> Bundle {
    Bundle::new(&GpuCheck::of(&[])).unwrap()
}

#[test]
fn days_are_those_of_the_calendar() {
    let check = |days: u64, expected: &str| assert_eq!(date(days * 86_400 + 86_399), expected);
    check(0, "1970-01-01");
    check(58, "1970-02-28");
    check(59, "1970-03-01");
    check(11_016, "2000-02-29");
    check(11_017, "2000-03-01");
    check(19_723, "2024-01-01");
    check(20_783, "2026-11-26");
    check(47_540, "2100-02-28");
    check(47_541, "2100-03-01");
}

#[test]
fn names_of_cards_are_short() {
    let check = |name: &str, expected: &str| assert_eq!(short_name(name), expected);
    check("NVIDIA H100 80GB HBM3", "h100");
    check("NVIDIA A100-SXM4-40GB", "a100");
    check("NVIDIA GeForce RTX 4090", "4090");
    check("../../x1/y", "x1y");
    check("", "unknown");
}

#[test]
fn a_recorded_check_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let stem = |_| free_stem(folder.path(), "h100", "2026-11-26").unwrap();
    let first = stem(());
    assert!(first.ends_with("gpu-h100-2026-11-26"));
    std::fs::write(first.with_extension("json"), "{}").unwrap();
    assert!(stem(()).ends_with("gpu-h100-2026-11-26-2"));
}

#[test]
fn steps_are_chosen_by_name() {
    let names = |words: &[&str]| -> Vec<&str> {
        wanted(&GpuCheck::of(words)).unwrap().iter().map(|step| step.name).collect()
    };
    assert_eq!(names(&["--only", "step", "--only", "conformance"]), ["conformance", "step"]);
    assert!(!names(&["--skip", "kernels"]).contains(&"kernels"));
    let error = wanted(&GpuCheck::of(&["--only", "kernel"])).err().unwrap();
    assert!(error.to_string().contains("there are: machine, conformance"), "{error}");
}

/// All steps at their limits would take longer than a check may; the most telling come first.
#[test]
fn a_check_stays_below_ten_minutes() {
    assert!(GpuCheck::of(&[]).seconds < 600);
    let before_the_sanitizer: u64 = steps::all()
        .iter()
        .take_while(|step| step.name != "memcheck")
        .map(|step| step.limit_s)
        .sum();
    assert!(before_the_sanitizer < 700, "{before_the_sanitizer} s");
}

#[cfg(unix)]
#[test]
fn a_process_ends_at_its_limit_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let mut shell = Command::new("sh");
    let words = format!("echo begun; (sleep 1; touch {}) & sleep 60", mark.display());
    shell.args(["-c", &words]);
    #[expect(clippy::disallowed_methods, reason = "the limit is one of time")]
    let start = Instant::now();
    let said = child::run(&mut shell, Duration::from_millis(300)).unwrap();
    assert!(start.elapsed() < Duration::from_secs(20), "it waited for the process");
    assert_eq!((said.end, said.stdout.as_str()), (End::Late, "begun\n"));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!mark.exists(), "what the process had started outlived it");
}

#[cfg(unix)]
#[test]
fn a_process_is_heard_and_its_end_told() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "seq 100000; echo why >&2; exit 3"]);
    let said = child::run(&mut shell, Duration::from_secs(60)).unwrap();
    assert_eq!(said.stdout.lines().count(), 100_000);
    assert_eq!(said.last_words(3), ["why"]);
    assert!(matches!(said.end, End::Badly(how) if how.contains('3')));
    assert!(child::run(&mut Command::new("/nonexistent"), Duration::from_secs(1)).is_err());
}

#[test]
fn tests_are_counted() {
    let text = "ok    rms_norm_fwd 1 row      y 1.1e-3, rstd 0.0e0; bits 2/2\n\
                ok    attention_fwd ragged    out 1.9e-3; bits 1/2\n\
                WRONG gemm 1                  `c`: off by 3\n\
                3 tests, 1 wrong\n";
    let got = found::conformance(&bundle(), &[said(text)]);
    assert!(got.wrong);
    assert_eq!(got.summary, "3 tests, 1 wrong; 3 of 4 outputs have the emulation's bits");
    assert_eq!(got.found["other_bits"].as_array().unwrap().len(), 1);
    assert!(got.told[0].contains("off by 3"));
    assert!(!found::conformance(&bundle(), &[said("ok    a  y 1.0e-3\n1 tests, 0 wrong\n")]).wrong);
}

#[test]
fn two_runs_must_agree_by_bits() {
    let run = |digest: &str, gap: &str| {
        said(&format!("{{\"digest\": \"{digest}\", \"loss\": [1.5], \"logp_gap_max\": {gap}}}"))
    };
    let wrong = |runs: [Output; 3]| found::twice(&bundle(), &runs).wrong;
    assert!(!wrong([run("ab", "0.0"), run("ab", "0.0"), run("ab", "0.0")]));
    assert!(wrong([run("ab", "0.0"), run("ac", "0.0"), run("ab", "0.0")]));
    assert!(wrong([run("ab", "0.0"), run("ab", "0.0"), run("ac", "0.0")]), "graphs");
    assert!(wrong([run("ab", "1e-7"), run("ab", "0.0"), run("ab", "0.0")]));
    let got = found::twice(&bundle(), &[run("ab", "0.0"), run("ab", "0.0")]);
    assert!(got.wrong && got.summary.contains("with graphs: no result"), "{}", got.summary);
    assert!(found::twice(&bundle(), &[said("")]).found.is_null());
}

#[test]
fn the_sanitizer_has_the_last_word() {
    let tests = "ok    a  y 1.0e-3\n1 tests, 0 wrong\n";
    let wrong = |line: &str| found::sanitizer(&bundle(), &[said(&format!("{tests}{line}"))]).wrong;
    assert!(!wrong("========= ERROR SUMMARY: 0 errors\n"));
    assert!(wrong("========= ERROR SUMMARY: 10 errors\n"));
    assert!(!wrong("========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)\n"));
    assert!(wrong("========= RACECHECK SUMMARY: 2 hazards displayed (2 errors, 0 warnings)\n"));
}

#[test]
fn self_play_tells_of_its_last_step() {
    let rows = "{\"step\": 1, \"policy/logp_gap_max\": 0.0}\n\
                {\"step\": 2, \"policy/logp_gap_max\": 0.0, \"policy/loss\": 0.5, \"other\": 1}\n";
    let got = found::last_step(rows);
    assert!(!got.wrong);
    assert_eq!(got.found["scalars"]["policy/loss"], 0.5);
    assert!(got.found["scalars"]["other"].is_null());
    assert!(found::last_step(&rows.replacen("0.0", "0.5", 1)).wrong);
    assert!(found::last_step("").found.is_null());
}

/// A step whose program is not there is recorded, and the check goes on.
#[test]
fn what_is_missing_is_told_and_is_no_failure() {
    let all = steps::all();
    let step = all.iter().find(|step| step.name == "self-play").unwrap();
    let row = steps::run(step, &bundle(), Duration::from_secs(30));
    assert_eq!(row["outcome"], "skipped", "{row}");
    assert!(row["told"][0].as_str().unwrap().contains("--bundle"));
    let row = steps::run(step, &bundle(), Duration::from_secs(1));
    assert_eq!(row["summary"], "no time was left");
}

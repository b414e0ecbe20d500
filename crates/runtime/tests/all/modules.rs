//! Core modules that speak the interpreter's protocol badly, and compiled code that was damaged.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use quaero_runtime::{Answer, Error, Interpreter, InterpreterOptions, Job, Outcome, Progress};

use crate::silent;

fn options() -> InterpreterOptions {
    InterpreterOptions { workers: 2, memory_bytes_max: 4 << 20, ..InterpreterOptions::default() }
}

fn job(n_calls: usize) -> Job {
    Job {
        program: "pass".into(),
        entry: "f".into(),
        calls: vec!["1".into(); n_calls],
        runs: 1,
        value_bytes_max: 100,
        deadline_ms: 100,
    }
}

/// A module whose `run` is `body`; `data` lies at 8.
fn module(body: &str, data: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read"
                (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 8) "{data}")
            (func (export "galloc") (param i32) (result i32) (i32.const 4096))
            (func $f (export "run") (param i32 i32) (result i64) {body}))"#
    );
    wat::parse_str(text).unwrap()
}

fn open(wasm: &[u8]) -> Result<Interpreter, Error> {
    Interpreter::of_module(wasm, options(), None, &silent())
}

#[track_caller]
fn check(body: &str, data: &str, n_calls: usize, expected: Outcome) {
    let interpreter = open(&module(body, data)).unwrap();
    let outcomes = interpreter.run(&[job(n_calls), job(n_calls)]);
    assert_eq!(outcomes, [expected.clone(), expected]);
}

fn crashed(text: &str) -> Outcome {
    Outcome::Crashed(text.into())
}

/// `run` that replies with `len` bytes from 8.
fn reply(len: usize) -> String {
    format!("(i64.const {})", 8_u64 << 32 | len as u64)
}

#[test]
fn ends_of_an_instance_are_outcomes() {
    check("unreachable", "", 0, crashed("wasm trap: wasm `unreachable` instruction executed"));
    check("(loop $l (br $l)) (i64.const 0)", "", 0, Outcome::Timeout);
    check(
        "(call $f (i32.const 0) (i32.const 0))",
        "",
        0,
        crashed("wasm trap: call stack exhausted"),
    );
    check("(call $exit (i32.const 7)) unreachable", "", 0, crashed("exit 7"));
    check("(i64.load (i32.const -1))", "", 0, crashed("wasm trap: out of bounds memory access"));
    // Asks for ever more until it is refused, then gives up.
    let grow =
        "(loop $l (br_if $l (i32.ge_s (memory.grow (i32.const 8)) (i32.const 0)))) unreachable";
    check(grow, "", 0, Outcome::Memory);
}

#[test]
fn replies_are_not_believed() {
    check("(i64.const 0)", "", 0, crashed("no reply"));
    let beyond = format!("(i64.const {})", 65_530_u64 << 32 | 100);
    check(&beyond, "", 0, crashed("reply outside of memory"));
    check("(i64.const -1)", "", 0, crashed("reply outside of memory"));
    check(&reply(5), "\\00\\00\\00\\00\\00", 0, Outcome::Done(vec![]));
    check(&reply(5), "\\00\\00\\00\\00\\00", 1, crashed("its reply does not parse"));
    check(&reply(6), "\\00\\01\\00\\00\\00\\04", 1, Outcome::Done(vec![Answer::TooLarge]));
    check(&reply(5), "\\00\\ff\\ff\\ff\\ff", 1, crashed("its reply does not parse"));
    check(&reply(9), "\\01\\ff\\ff\\ff\\7fabcd", 0, crashed("its reply does not parse"));
    check(&reply(9), "\\01\\04\\00\\00\\00abcd", 0, Outcome::Syntax("abcd".into()));
}

#[test]
fn the_world_is_closed() {
    // `fd_read` answers 8, which `proc_exit` then tells.
    let read = "(call $exit (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)))
                unreachable";
    check(read, "", 0, crashed("exit 8"));
    // The list at 8 holds one piece: 4 bytes from 16. Then a list that lies outside of memory.
    let write = "(drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 40)))
                 (call $exit (i32.load (i32.const 40))) unreachable";
    check(write, "\\10\\00\\00\\00\\04\\00\\00\\00help", 0, crashed("exit 4: help"));
    let wild = "(call $exit (call $write (i32.const 2) (i32.const -9) (i32.const -1)
                                         (i32.const 40))) unreachable";
    check(wild, "", 0, crashed("exit 8"));
    let vast = "\\10\\00\\00\\00\\ff\\ff\\ff\\ff";
    let last = "(drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 40)))
                (i64.const 0)";
    let interpreter = open(&module(last, vast)).unwrap();
    let outcome = interpreter.run(&[job(0)]).remove(0);
    assert!(matches!(&outcome, Outcome::Crashed(text) if text.len() < 2000), "{outcome:?}");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let refusal = |wasm: &[u8]| open(wasm).err().expect("refused").to_string();
    let foreign = wat::parse_str(r#"(module (import "env" "spy" (func)))"#).unwrap();
    assert!(refusal(&foreign).contains("env.spy"), "{}", refusal(&foreign));
    let odd = r#"(module (import "wasi_snapshot_preview1" "odd" (func (result f64))))"#;
    let odd = wat::parse_str(odd).unwrap();
    assert!(refusal(&odd).contains("odd"), "{}", refusal(&odd));
    let empty = wat::parse_str("(module)").unwrap();
    assert!(refusal(&empty).contains("`memory`"), "{}", refusal(&empty));
    let whole = module("(i64.const 0)", "");
    for len in [0, 3, 8, whole.len() / 2, whole.len() - 1] {
        let text = refusal(&whole[..len]);
        assert!(text.contains("interpreter") && text.contains("rebuild"), "{text}");
    }
    let vast = wat::parse_str(
        r#"(module (memory (export "memory") 200)
            (func (export "galloc") (param i32) (result i32) (i32.const 0))
            (func (export "run") (param i32 i32) (result i64) (i64.const 0)))"#,
    );
    let text = refusal(&vast.unwrap());
    assert!(text.contains("memory"), "{text}");
}

#[test]
fn damaged_native_code_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("native");
    let wasm = module(&reply(5), "\\00\\00\\00\\00\\00");
    let compiled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&compiled);
    let progress: Progress = Arc::new(move |_| _ = count.fetch_add(1, Ordering::Relaxed));
    let run = || {
        let interpreter =
            Interpreter::of_module(&wasm, options(), Some(&cache), &progress).unwrap();
        assert_eq!(interpreter.run(&[job(0)]), [Outcome::Done(vec![])]);
        compiled.swap(0, Ordering::Relaxed)
    };
    assert_eq!(run(), 1, "compiled");
    assert_eq!(run(), 0, "found");
    let entry = || std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(entry()).unwrap();
    for tenth in 0..=10 {
        let mut bytes = whole.clone();
        let at = (whole.len() - 1) * tenth / 10;
        bytes[at] ^= 0x20;
        std::fs::write(entry(), &bytes).unwrap();
        assert_eq!(run(), 1, "damaged at {at}");
        assert!(std::fs::read(entry()).unwrap() == whole, "written anew");
        std::fs::write(entry(), &whole[..at]).unwrap();
        assert_eq!(run(), 1, "cut at {at}");
    }
    assert_eq!(run(), 0, "whole again");
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1, "nothing left lying about");
}

#[test]
fn a_cache_folder_must_be_private_and_writable() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let wasm = module(&reply(5), "");
    let open = |path: &std::path::Path| {
        Interpreter::of_module(&wasm, options(), Some(path), &silent()).map(drop)
    };
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o777)).unwrap();
    let text = open(&shared).unwrap_err().to_string();
    assert!(text.contains("chmod 700"), "{text}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let text = open(&file.join("below")).unwrap_err().to_string();
    assert!(text.contains("plugins.cache"), "{text}");
    let made = folder.path().join("made");
    open(&made).unwrap();
    assert_eq!(std::fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn equal_jobs_run_once_and_are_remembered() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let progress: Progress = Arc::new(move |line| lines.lock().unwrap().push(line.to_owned()));
    let wasm = module(&reply(5), "\\00\\00\\00\\00\\00");
    let interpreter = Interpreter::of_module(&wasm, options(), None, &progress).unwrap();
    assert_eq!(told.lock().unwrap().len(), 1, "{told:?}");
    let other = Job { program: "other".into(), ..job(0) };
    let jobs = [job(0), other, job(0), job(0)];
    assert_eq!(interpreter.run(&jobs), vec![Outcome::Done(vec![]); 4]);
    let stats = interpreter.stats();
    assert_eq!((stats.jobs, stats.hits, stats.instances), (4, 2, 2));
    let _ = interpreter.run(&jobs);
    let stats = interpreter.stats();
    assert_eq!((stats.jobs, stats.hits, stats.instances), (8, 6, 2));

    let endless = open(&module("(loop $l (br $l)) (i64.const 0)", "")).unwrap();
    assert_eq!(endless.run(&[job(0)]), [Outcome::Timeout]);
    assert_eq!(endless.run(&[job(0)]), [Outcome::Timeout]);
    let stats = endless.stats();
    assert_eq!((stats.hits, stats.instances, stats.timeouts), (0, 2, 2), "time is not remembered");
    assert!(stats.busy_ms >= 150, "{stats:?}");
}

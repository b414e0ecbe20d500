//! Data as they come: marks before a text, golds that are numbers, files that are empty or no text,
//! and streams of lines.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{check, quaero, text};

const GRADE: [&str; 5] = ["plugin", "grade", "math", "--kind", "answer"];

/// A line for `plugin grade math`.
fn line(gold: &Value, completion: &str) -> String {
    json!({"task": {"public": {"problem": "p"}, "secret": {"answer": gold}},
           "completion": completion})
    .to_string()
}

/// What `plugin grade math` makes of bytes.
#[track_caller]
fn grade(input: &[u8], more: &[&str], code: i32) -> Vec<Value> {
    let mut child = piped(&[&GRADE[..], more].concat());
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // What is not read holds back what is written.
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn piped(words: &[&str]) -> Child {
    let mut command = quaero();
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn statuses(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["status"].as_str().unwrap_or("error")).collect()
}

pub(crate) fn tiny() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/ci/tiny.toml");
    path.display().to_string()
}

/// `eval` of the seed model on a file with these bytes.
#[track_caller]
fn eval(data: &[u8], code: i32, wanted: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.jsonl");
    std::fs::write(&path, data).unwrap();
    let (path, config) = (path.display().to_string(), tiny());
    let words = ["eval", "--model", "seed", "--suite", "mine", "--data", &path];
    check(&[&words[..], &["--config", &config, "--device", "cpu"]].concat(), "", code, wanted)
}

fn deduction(output: &Value) -> String {
    let public = json!({"program": "def f(a):\n    return a + 1", "input": "1"});
    let task = json!({"kind": "python/deduction", "public": public, "secret": {"output": output}});
    task.to_string() + "\n"
}

#[test]
fn a_byte_order_mark_before_data_and_stdin_is_passed_over() {
    let text = format!("\u{feff}{}\r\n", line(&json!("42"), "\\boxed{42}"));
    assert_eq!(statuses(&grade(text.repeat(2).as_bytes(), &[], 0)), ["ok", "ok"]);
    let text = format!("\u{feff}{}", deduction(&json!("2")));
    eval(text.as_bytes(), 0, &["mine.deduction"]);
}

#[test]
fn an_integer_gold_is_taken_and_another_is_named_by_line_and_field() {
    let lines = [json!(42), json!(-7.5)].map(|gold| line(&gold, &format!("\\boxed{{{gold}}}")));
    assert_eq!(statuses(&grade(lines.join("\n").as_bytes(), &[], 0)), ["ok", "ok"]);
    eval(deduction(&json!(2)).as_bytes(), 0, &["mine.deduction"]);
    let bad = format!("{}\n{}\n", deduction(&json!("2")), deduction(&json!(["2"])));
    eval(bad.as_bytes(), 1, &["suite mine, line 3: ", "no text `output`"]);
    let words = GRADE.map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let bad = line(&json!([42]), "\\boxed{42}");
    check(&words, &format!("\n{bad}\n"), 2, &["line 2: ", "no text `answer`", "\"fault\""]);
}

#[test]
fn an_empty_data_file_is_an_error() {
    for data in ["", "\n\n", "\u{feff}"] {
        eval(data.as_bytes(), 1, &["holds no task"]);
    }
    assert!(grade(b"", &[], 0).is_empty(), "a stream may be empty");
}

#[test]
fn a_line_of_bad_utf_8_is_answered_and_the_others_are_judged() {
    let good = line(&json!("42"), "\\boxed{42}");
    let bad = good.replace("boxed", "bo\u{1}ed").into_bytes();
    let bad: Vec<u8> = bad.into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
    let input = [good.as_bytes(), b"\n", &bad, b"\n{\"task\": 1}\n", good.as_bytes()].concat();
    let lines = grade(&input, &[], 2);
    assert_eq!(statuses(&lines), ["ok", "error", "error", "ok"]);
    assert!(lines[1]["error"].as_str().unwrap().starts_with("line 2: it is not UTF-8"));
    assert_eq!(lines[2]["line"], json!(3));
}

#[test]
fn a_long_stream_is_answered_in_order_and_a_line_gets_its_id_again() {
    let gold = |n: usize| {
        json!({"id": n, "task": {"public": {"problem": "p"},
        "secret": {"answer": "42"}}, "completion": format!("\\boxed{{{}}}", 42 + n % 2)})
    };
    let input: String = (0..3000).map(|n| format!("{}\n", gold(n))).collect();
    let one = grade(input.as_bytes(), &["--jobs", "1"], 0);
    assert_eq!(one, grade(input.as_bytes(), &["--jobs", "3"], 0));
    for (n, line) in one.iter().enumerate() {
        assert_eq!(line["id"], json!(n));
        assert_eq!(line["status"], json!(if n % 2 == 0 { "ok" } else { "wrong" }));
    }
    let propose = ["plugin", "propose", "rewrite", "--kind", "reach"];
    let lines = "{\"id\": \"a\", \"completion\": \"\"}\n";
    let out = check(&propose, lines, 0, &[]);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert!(answer["rejected"].is_string() && answer["id"] == json!("a"), "{out}");
}

#[test]
fn each_line_is_answered_before_the_next_is_sent() {
    let mut child = piped(&GRADE);
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for (completion, status) in [("\\boxed{42}", "ok"), ("\\boxed{41}", "wrong")] {
        writeln!(input, "{}", line(&json!("42"), completion)).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.contains(&format!("{status:?}")), "{answer}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

/// Feeds lines until the pipe is closed; gives back how many went in.
fn feed(child: &mut Child, n: usize) -> usize {
    let mut input = child.stdin.take().unwrap();
    let line = format!("{}\n", line(&json!("42"), "\\boxed{42}"));
    (0..n).take_while(|_| input.write_all(line.as_bytes()).is_ok()).count()
}

#[test]
fn a_closed_pipe_ends_grading_quietly() {
    let mut child = piped(&GRADE);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let watched = std::thread::spawn(move || {
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        first
    });
    let fed = feed(&mut child, usize::MAX);
    assert!(watched.join().unwrap().contains("ok") && fed > 0);
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), text(&stderr)), (Some(0), ""));
}

#[test]
fn a_reader_that_waits_holds_the_writer_back() {
    let mut child = piped(&GRADE);
    let output = child.stdout.take().unwrap();
    let (done, fed) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send((feed(&mut child, 20_000), child)));
    // Nobody reads: what goes in is what the pipes and the queue hold, and no more.
    assert!(fed.recv_timeout(Duration::from_secs(3)).is_err(), "all of it was taken");
    let n_lines = BufReader::new(output).lines().map_while(Result::ok).count();
    let (n_fed, mut child) = fed.recv().unwrap();
    assert_eq!((n_lines, n_fed), (20_000, 20_000));
    assert!(child.wait().unwrap().success());
}

#[test]
fn answers_that_cannot_be_written_are_an_error() {
    if !Path::new("/dev/full").exists() {
        eprintln!("SKIP: no /dev/full here");
        return;
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = quaero();
    command.args(GRADE).stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    feed(&mut child, 1);
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains("cannot write to standard output: No space left"), "{said}");
    assert_eq!(output.status.code(), Some(1));
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let stdin = std::fs::File::open(folder).unwrap();
    let unread = Command::new(env!("CARGO_BIN_EXE_quaero"))
        .arg("--plugins-dir")
        .arg(crate::families())
        .args(GRADE)
        .stdin(stdin)
        .output()
        .unwrap();
    assert_eq!(unread.status.code(), Some(1), "{}", text(&unread.stderr));
}

#[test]
fn the_schema_names_what_is_written() {
    for (word, version) in [("grade", "plugin-grade:1"), ("propose", "plugin-propose:1")] {
        let out = check(&["plugin", word, "--schema"], "", 0, &[]);
        let schema: Value = serde_json::from_str(&out).unwrap();
        assert!(schema["$id"].as_str().unwrap().ends_with(version));
        let input = &schema["$defs"]["input"]["properties"];
        for field in ["id", "completion", "truncated", "seed"] {
            assert!(input[field].is_object(), "{word}: {field}");
        }
    }
    let schema: Value =
        serde_json::from_str(&check(&["plugin", "grade", "--schema"], "", 0, &[])).unwrap();
    let known = &schema["$defs"]["verdict"]["properties"];
    let input = [line(&json!("42"), "\\boxed{42}"), line(&json!("42"), ""), "{}".to_owned()];
    for answer in grade(input.join("\n").as_bytes(), &[], 2) {
        let of =
            if answer["error"].is_null() { known } else { &schema["$defs"]["error"]["properties"] };
        assert!(answer.as_object().unwrap().keys().all(|field| of[field].is_object()), "{answer}");
        let status = &answer["status"];
        let named = known["status"]["enum"].as_array().unwrap().contains(status);
        assert!(named || status.is_null(), "{answer}");
    }
    check(&["plugin", "grade"], "", 2, &["<FAMILY>", "--kind"]);
}

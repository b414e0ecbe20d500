//! `quaero plugin …`.

use std::path::Path;
use std::process::Command;

use crate::{check, families, text};

const TASK: &str =
    r#"{"task": {"public": {"rules": "ab>b", "word": "aab"}, "secret": {"result": "b"}}"#;

#[test]
fn what_is_meant_is_named() {
    let grade = ["plugin", "grade", "rewrit", "--kind", "reduce"];
    check(&grade, "", 2, &["no family is called `rewrit`: do you mean `rewrite`?"]);
    let grade = ["plugin", "grade", "rewrite", "--kind", "reduse"];
    check(&grade, "", 2, &["do you mean `reduce`?", "reduce, reach"]);
    let set = ["plugin", "list", "--set", "plugin.paths=[]"];
    check(&set, "", 2, &["(from --set)", "did you mean `plugins.paths`?"]);
    let option = ["plugin", "try", "rewrite", "--set", "families.rewrite.n_leters=2"];
    check(&option, "", 1, &["unknown option `n_leters`", "`n_letters`"]);
}

#[test]
fn lines_are_graded_as_they_stand_and_bad_ones_are_named() {
    let grade = ["plugin", "grade", "rewrite", "--kind", "reduce"];
    let right = format!("{TASK}, \"completion\": \"b\\n```\"}}\n");
    let wrong = format!("{TASK}, \"completion\": \"a\\n```\"}}\n");
    let out = check(&grade, &format!("{right}\n{wrong}"), 0, &[]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert_eq!(lines[0], r#"{"score":1.0,"status":"ok","reason":""}"#);
    assert_eq!(lines[1], r#"{"score":0.0,"status":"wrong","reason":""}"#);
    let out = check(&grade, &format!("{right}{{\n{wrong}"), 2, &["line 2: ", "\"completion\""]);
    assert_eq!(out.lines().count(), 3, "the others are judged: {out}");
    let plain = [&grade[..], &["--format", "plain"]].concat();
    assert!(check(&plain, &right, 0, &[]).contains("\"ok\""));
    let azr = [&grade[..], &["--format", "azr"]].concat();
    check(&azr, &right, 1, &["unknown option `format`"]);
    let propose = ["plugin", "propose", "rewrite", "--kind", "reach"];
    let lines = "{\"completion\": \"ab>b\\naab\\n```\"}\n{\"completion\": \"ab>b\\nb\"}\n";
    let out = check(&propose, lines, 0, &[r#""rejected":"trivial""#]);
    let task = r#"{"task":{"public":{"rules":"ab>b","result":"b"},"secret":{"word":"aab"}}}"#;
    assert_eq!(out.lines().next(), Some(task));
}

#[test]
fn a_task_is_played_by_hand() {
    let words = ["plugin", "try", "rewrite", "--kind", "reduce"];
    let wanted = ["<|solve-deduction|>```input\n", "unparsable · score 0", "the task: {"];
    check(&words, "zzz\n```\n", 0, &wanted);
    let words = ["plugin", "try", "rewrite", "--propose"];
    let wanted = ["<|propose-deduction|>```input\n", "a task: {\"public\"", "n_steps 2"];
    check(&words, "ab>b\naab\n```\n", 0, &wanted);
}

#[test]
fn a_file_that_does_not_load_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lame.wasm"), "no wasm").unwrap();
    let paths = format!("plugins.paths=[{:?}]", folder.path().display().to_string());
    let words = ["plugin", "list", "--set", &paths];
    let wanted = ["rewrite", "MIT OR Apache-2.0", "reduce, reach", "python", "interpreter"];
    check(&words, "", 0, &wanted);
    check(&words, "", 0, &["lame.wasm does not load", "not a WebAssembly component"]);
    let out = check(&[&words[..], &["--json"]].concat(), "", 0, &[]);
    let all: serde_json::Value = serde_json::from_str(&out).unwrap();
    let named = |name: &str| all.as_array().unwrap().iter().find(|one| one["name"] == name);
    assert_eq!(named("python").unwrap()["granted"], serde_json::json!(["interpreter"]));
    assert_eq!(named("rewrite").unwrap()["digest"].as_str().unwrap().len(), 16);
}

#[test]
fn the_example_keeps_the_contract() {
    let file = families().join("rewrite.wasm").display().to_string();
    let words = ["plugin", "check", &file, "--fuzz", "40"];
    check(&words, "", 0, &["16 of 16 claims hold", "7 accept, 9 reject"]);
    check(&["plugin", "check", "nowhere.wasm"], "", 1, &["nowhere.wasm"]);
}

/// A new family in `lang` is built, checked, and trained on for twenty steps; `false` where it cannot
/// be built on this machine, which is told.
fn from_template(lang: &str) -> bool {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("template-{lang}"));
    let (plugins, folder) = (home.join("plugins"), home.join("mirrors"));
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&plugins).unwrap();
    std::fs::copy(families().join("python.wasm"), plugins.join("python.wasm")).unwrap();
    let quaero = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quaero"));
        command.current_dir(&home).env("CARGO_TARGET_DIR", home.join("built"));
        command.args(["--plugins-dir", "plugins"]).args(words).output().unwrap()
    };
    let made = quaero(&["plugin", "new", "mirrors", "--lang", lang]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let built = quaero(&["plugin", "build", "mirrors"]);
    if !built.status.success() {
        let words = text(&built.stderr);
        let lacks = ["target may not be installed", "can't find crate for `std`", "pip install"];
        assert!(lacks.iter().any(|lack| words.contains(lack)), "{words}");
        eprintln!("SKIP: a family in {lang} cannot be built here: {words}");
        return false;
    }
    let checked = quaero(&["plugin", "check", "mirrors/mirrors.wasm", "--fuzz", "40"]);
    assert!(text(&checked.stdout).contains("16 of 16 claims hold"), "{}", text(&checked.stdout));
    std::fs::remove_dir_all(home.join("run")).ok();
    let steps = ["train", "mirrors/train.toml", "--steps", "20", "--run", "run"];
    let trained = quaero(&[&steps[..], &["--set", "mix.mirrors/mirror=4"]].concat());
    assert!(trained.status.success(), "{}", text(&trained.stderr));
    let metrics = std::fs::read_to_string(home.join("run/metrics.jsonl")).unwrap();
    let rewards: Vec<f64> = metrics
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|row| row["mirrors/solve/mirror/reward"].as_f64())
        .collect();
    assert_eq!(rewards.len(), 20, "{metrics}");
    // It knows such tasks, and learns what it lacks.
    let best = rewards[10..].iter().copied().fold(f64::MIN, f64::max);
    assert!(rewards[0] > 0.0 && best > rewards[0], "{rewards:?}");
    true
}

#[test]
fn a_new_family_in_rust_is_built_checked_and_trained_on() {
    from_template("rust");
}

#[test]
fn a_new_family_in_python_is_built_checked_and_trained_on() {
    from_template("python");
}

//! `quaero crossplay` on runs of `configs/ci/tiny.toml`: the matrix, the same again, after a run that
//! was stopped and went on, on the page; and what keeps it from being made.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::check;

const PLAY: [&str; 4] = ["--tasks", "3", "--samples", "2"];

fn tiny() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/ci/tiny.toml");
    path.display().to_string()
}

fn train(run: &Path, steps: &str, more: &[&str]) {
    let run = run.display().to_string();
    check(&[&["train", "--run", &run, "--steps", steps], more].concat(), "", 0, &[]);
}

fn crossplay(run: &Path, code: i32, wanted: &[&str]) -> String {
    let run = run.display().to_string();
    let words = [&["crossplay", &run, "--device", "cpu"], &PLAY[..]].concat();
    check(&words, "", code, wanted)
}

fn read(run: &Path) -> String {
    std::fs::read_to_string(run.join("crossplay.json")).unwrap()
}

/// The steps whose checkpoints a run keeps.
fn kept(run: &Path) -> Vec<u64> {
    let names = std::fs::read_dir(run.join("checkpoints")).unwrap();
    let step = |name: String| name.strip_prefix("step-").unwrap().parse().unwrap();
    let mut steps: Vec<u64> =
        names.map(|entry| step(entry.unwrap().file_name().into_string().unwrap())).collect();
    steps.sort_unstable();
    steps
}

#[test]
fn checkpoints_answer_each_others_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let (config, keys) = (tiny(), ["checkpoint.keep_every=2", "checkpoint.keep=1"]);
    let keep = ["--set", keys[0], "--set", keys[1], "--set", "checkpoint.every=1"];
    train(&at("whole"), "5", &[&[config.as_str()], &keep[..]].concat());
    assert_eq!(kept(&at("whole")), [0, 2, 4, 5], "every second one, and the newest");

    let said = crossplay(&at("whole"), 0, &["policy of step 4 (3 of 4)", "A row: where it falls"]);
    let header: Vec<&str> =
        said.lines().next().unwrap().split("  ").filter(|w| !w.is_empty()).map(str::trim).collect();
    assert_eq!(header, ["all", "seeding", "steps 1–2", "steps 3–4", "step 5"]);
    let matrix: Value = serde_json::from_str(&read(&at("whole"))).unwrap();
    assert_eq!(matrix["policies"], json!([0, 2, 4, 5]));
    assert_eq!(matrix["periods"], json!([[0, 0], [1, 2], [3, 4], [5, 5]]));
    for (kind, rates) in matrix["solve_rate"].as_object().unwrap() {
        for (row, rates) in rates.as_array().unwrap().iter().enumerate() {
            for (column, rate) in rates.as_array().unwrap().iter().enumerate() {
                let n = matrix["n_tasks"][kind][column].as_u64().unwrap();
                assert!(n <= if kind == "all" { 9 } else { 3 }, "{n} tasks of {kind}");
                let of = |name: &str| matrix[name][kind][row][column].as_f64();
                assert_eq!(rate.is_null(), n == 0, "{kind}, {row}, {column}");
                if let (Some(rate), Some(low), Some(high)) = (rate.as_f64(), of("low"), of("high"))
                {
                    assert!((0.0..=rate).contains(&low) && (rate..=1.0).contains(&high));
                    // So many right of so many answers, unless a task was not judged.
                    let right = rate * (2 * n) as f64;
                    assert!((right - right.round()).abs() < 1e-9, "{rate} of {n}");
                }
            }
        }
    }
    assert_eq!(matrix["reading"].as_array().unwrap().len(), 4);

    // Again: the same to the byte. So after a run that was stopped on the way.
    let first = read(&at("whole"));
    crossplay(&at("whole"), 0, &[]);
    assert_eq!(read(&at("whole")), first);
    train(&at("stopped"), "3", &[&[config.as_str()], &keep[..]].concat());
    train(&at("stopped"), "5", &["--resume"]);
    assert_eq!(kept(&at("stopped")), [0, 2, 4, 5]);
    crossplay(&at("stopped"), 0, &[]);
    assert_eq!(read(&at("stopped")), first);

    // The page shows what was found.
    let (run, page) = (at("whole").display().to_string(), at("page.html"));
    check(&["report", &run, "--out", &page.display().to_string()], "", 0, &[]);
    let page = std::fs::read_to_string(page).unwrap();
    let n_kinds = matrix["solve_rate"].as_object().unwrap().len();
    assert_eq!(page.matches("class=\"cell\"").count(), n_kinds * 16);
    assert!(page.contains("Tasks when they are asked") && page.contains("id=\"probe\""));

    broken(&at("whole"));
}

/// The run is damaged in one way after another; each is named.
fn broken(run: &Path) {
    let rename = |from: &str, to: &str| std::fs::rename(run.join(from), run.join(to)).unwrap();
    let state = run.join("checkpoints/step-000002/state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    std::fs::write(&state, text.replace("\"format\": 2", "\"format\": 9, \"more\": 1")).unwrap();
    crossplay(run, 1, &["step-000002 has format 9, this build reads up to 2"]);
    std::fs::write(&state, text).unwrap();

    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    std::fs::write(run.join("config.toml"), format!("{config}\n[later]\nkey = 1\n")).unwrap();
    crossplay(run, 2, &["later.key"]);
    std::fs::write(run.join("config.toml"), config).unwrap();

    rename("experience.db", "kept.db");
    crossplay(run, 1, &["experience.db is missing"]);
    rename("kept.db", "experience.db");

    for step in [2, 4, 5] {
        std::fs::remove_dir_all(run.join(format!("checkpoints/step-{step:06}"))).unwrap();
    }
    crossplay(run, 1, &["at least two", "keeps 1", "checkpoint.keep_every"]);
    std::fs::remove_dir_all(run.join("checkpoints")).unwrap();
    crossplay(run, 1, &["keeps 0"]);
    crossplay(&run.join("nowhere"), 1, &["it holds no config.toml"]);
}

#[test]
fn a_run_that_asks_nothing_has_an_empty_period() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let (config, keep) = (tiny(), ["--set", "checkpoint.keep_every=1"]);
    let set = ["--set", "propose.train=false", "--set", "eval.suite=none"];
    train(&run, "1", &[&[config.as_str()], &keep[..], &set[..]].concat());
    assert!(!run.join("probe.json").exists(), "no evaluation, no probe set");
    crossplay(&run, 1, &["no task was proposed in steps 1 to 1", "propose.train = false"]);
}

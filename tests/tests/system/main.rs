//! The loop on the embedded seed model with `configs/ci/tiny.toml`: what a run promises to whoever
//! stops it, kills it or repeats it. Needs the built families (`cargo xtask plugin build`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod books;
mod memory;
mod seed;
mod simt;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quaero_dashboard::Dashboard;
use quaero_evals::{Grading, Suite};
use quaero_policy::Policy;
use quaero_runtime::Host;
use quaero_telemetry::Metrics;
use quaero_train::{Control, End, Eval, Observer, Options, Setup, train};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

struct World {
    host: Host,
    options: Options,
    config: String,
    policy: Policy,
}

fn world() -> World {
    world_with(&[])
}

fn world_with(sets: &[&str]) -> World {
    let config = root().join("configs/ci/tiny.toml");
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let resolved = quaero_config::load(Some(&config), &sets).unwrap();
    let plugins = root().join("target/plugins");
    assert!(plugins.join("python.wasm").is_file(), "first: cargo xtask plugin build");
    let cache = Some(root().join("target/plugins/.cache"));
    let host = Host::open(resolved.runtime(plugins, cache, Arc::new(|_| ())).unwrap()).unwrap();
    let records = quaero_seed::suite();
    let mut whole = Suite::parse("heldout", &quaero_seed::suite::to_jsonl(&records)).unwrap();
    whole.hold_out(&host).unwrap();
    let suite = whole.limited(resolved.raw.eval.limit_per_kind);
    let greedy_suite = Suite { name: "heldout_greedy".to_owned(), ..suite.clone() };
    let every = resolved.raw.eval.every;
    let held_out = whole.held_out;
    let raw = &resolved.raw.eval;
    let grading = Grading { samples: raw.level_samples, tasks_per_kind: raw.level_tasks_per_kind };
    let eval = Eval { every, samples: 1, suite, greedy_suite, grading, held_out };
    let folder = tempfile::tempdir().unwrap();
    quaero_seed::unpack(folder.path()).unwrap();
    let policy = Policy::load(folder.path()).unwrap();
    let options = resolved.train(Some(eval)).unwrap();
    World { host, options, config: resolved.text, policy }
}

/// Stops the run after a step.
struct StopAfter<'a>(u64, &'a Control);

impl Observer for StopAfter<'_> {
    fn step(&mut self, step: u64, _steps: u64, _metrics: &Metrics) {
        if step >= self.0 {
            self.1.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl World {
    fn run(&self, folder: &Path, resume: bool, stop_after: u64) -> End {
        self.try_run(folder, resume, stop_after).unwrap()
    }

    fn try_run(
        &self,
        folder: &Path,
        resume: bool,
        stop_after: u64,
    ) -> Result<End, quaero_train::Error> {
        let control = Control::default();
        let setup = Setup { folder, config: &self.config, resume };
        let mut observer = StopAfter(stop_after, &control);
        let policy = self.policy.clone();
        train(&setup, &self.options, policy, &self.host, &control, &mut observer)
    }
}

/// The run's scalars without those that measure time.
fn scalars(folder: &Path) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let text = std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let parse = |line: &str| {
        let mut row: serde_json::Map<_, _> = serde_json::from_str(line).unwrap();
        row.retain(|key, _| !key.starts_with("time/") && !key.starts_with("perf/"));
        row
    };
    text.lines().map(parse).collect()
}

fn weights(folder: &Path, step: u64) -> Vec<u8> {
    let file = format!("checkpoints/step-{step:06}/trainer.safetensors");
    std::fs::read(folder.join(file)).unwrap()
}

#[track_caller]
fn check_same(a: &Path, b: &Path, step: u64) {
    let (left, right) = (scalars(a), scalars(b));
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
    assert!(weights(a, step) == weights(b, step), "the weights differ");
}

#[test]
fn same_seed_same_run_and_a_killed_one_goes_on_as_if_it_had_not_been() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let whole = world.run(&at("whole"), false, u64::MAX);
    assert!(whole.whole && whole.step == 3);
    world.run(&at("again"), false, u64::MAX);
    check_same(&at("whole"), &at("again"), 3);

    // Killed: the newest checkpoint is older than pool, metrics and events; one was being written.
    for (name, step) in [("first", 1), ("second", 2)] {
        let stopped = world.run(&at(name), false, step);
        assert!(!stopped.whole && stopped.step == step);
        let checkpoints = at(name).join("checkpoints");
        let newest = format!("step-{step:06}");
        std::fs::rename(checkpoints.join(&newest), checkpoints.join(format!(".{newest}.tmp")))
            .unwrap();
        world.run(&at(name), true, u64::MAX);
        check_same(&at("whole"), &at(name), 3);
    }

    // Killed before the first checkpoint: begun again.
    std::fs::create_dir_all(at("early")).unwrap();
    std::fs::write(at("early").join("config.toml"), &world.config).unwrap();
    std::fs::write(at("early").join("metrics.jsonl"), "{\"step\":0}\n").unwrap();
    world.run(&at("early"), true, u64::MAX);
    check_same(&at("whole"), &at("early"), 3);
}

#[test]
fn a_run_that_goes_on_measures_from_the_same_first_weights() {
    let terms =
        ["objective.kl_coef=0.1", "objective.tis_cap=2", "advantage.overlong_buffer_tokens=16"];
    let world = world_with(&[&terms[..], &["advantage.drop_truncated=true"]].concat());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    world.run(&at("whole"), false, u64::MAX);
    world.run(&at("stopped"), false, 1);
    world.run(&at("stopped"), true, u64::MAX);
    check_same(&at("whole"), &at("stopped"), 3);
    let rows = scalars(&at("whole"));
    let kl: Vec<f64> = rows[1..].iter().map(|row| row["policy/kl"].as_f64().unwrap()).collect();
    assert_eq!(kl[0], 0.0, "the first step is at the first weights");
    assert!(kl[1] > 0.0 && kl[2] > kl[1], "{kl:?}");
    assert_eq!(rows[3]["policy/tis_weight"], 1.0, "one engine samples and learns");
    assert!((0.0..=1.0).contains(&rows[3]["policy/equal_groups"].as_f64().unwrap()));

    std::fs::remove_file(at("stopped").join("reference.safetensors")).unwrap();
    let error = world.try_run(&at("stopped"), true, u64::MAX).unwrap_err().to_string();
    assert!(error.contains("reference.safetensors") && error.contains("kl_coef"), "{error}");
}

/// The scalars of the levels by step.
fn levels(folder: &Path) -> Vec<(u64, String, f64)> {
    let rows = scalars(folder);
    let of_row = |row: &serde_json::Map<String, serde_json::Value>| {
        let step = row["step"].as_u64().unwrap();
        let of_level = |(key, value): (&String, &serde_json::Value)| {
            let level = key.strip_prefix("eval/probe/")?.strip_suffix("/score")?;
            Some((step, level.to_owned(), value.as_f64().unwrap()))
        };
        row.iter().filter_map(of_level).collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_row).collect()
}

#[test]
fn a_probe_set_is_graded_once_by_the_first_weights() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let read = |name: &str| std::fs::read_to_string(at(name).join("probe.json"));
    world.run(&at("whole"), false, u64::MAX);
    let probe: serde_json::Value = serde_json::from_str(&read("whole").unwrap()).unwrap();
    assert_eq!((&probe["samples"], &probe["suite"]), (&2.into(), &"heldout".into()));
    assert_eq!(probe["tasks"].as_object().unwrap().len(), 3 * 6);
    let measured = levels(&at("whole"));
    let steps: BTreeSet<u64> = measured.iter().map(|one| one.0).collect();
    assert_eq!(steps, [0, 3].into(), "with each evaluation");
    assert!(measured.iter().all(|(_, _, score)| (0.0..=1.0).contains(score)), "{measured:?}");

    // Lost on the way, it is graded again by the same weights; damaged, it is named.
    world.run(&at("lost"), false, 1);
    std::fs::remove_file(at("lost").join("probe.json")).unwrap();
    world.run(&at("lost"), true, 2);
    assert_eq!(read("lost").unwrap(), read("whole").unwrap());
    let text = read("whole").unwrap();
    std::fs::write(at("lost").join("probe.json"), &text[..text.len() / 2]).unwrap();
    let error = world.try_run(&at("lost"), true, u64::MAX).unwrap_err().to_string();
    assert!(error.contains("probe.json is damaged") && error.contains("remove it"), "{error}");

    // What stands there is what a run that goes on reports by.
    let all_easy = text.replace("\"hard\"", "\"easy\"").replace("\"middle\"", "\"easy\"");
    let rates = ["0.0", "0.5"].map(|rate| format!("\"rate\": {rate}"));
    let all_easy = rates.iter().fold(all_easy, |text, rate| text.replace(rate, "\"rate\": 1.0"));
    std::fs::write(at("lost").join("probe.json"), all_easy).unwrap();
    world.run(&at("lost"), true, u64::MAX);
    check_same_but_levels(&at("whole"), &at("lost"), 3);
    let last = levels(&at("lost")).into_iter().filter(|(step, ..)| *step == 3);
    assert_eq!(last.map(|(_, level, _)| level).collect::<Vec<_>>(), ["easy"]);

    // Off: no file, no scalars, the same run otherwise.
    let world = world_with(&["eval.level_samples=0"]);
    world.run(&at("off"), false, u64::MAX);
    assert!(read("off").is_err() && levels(&at("off")).is_empty());
    check_same_but_levels(&at("whole"), &at("off"), 3);
}

/// As [`check_same`], but for the levels of the probe set.
#[track_caller]
fn check_same_but_levels(a: &Path, b: &Path, step: u64) {
    let rest = |folder: &Path| {
        let mut rows = scalars(folder);
        rows.iter_mut().for_each(|row| row.retain(|key, _| !key.starts_with("eval/probe/")));
        rows
    };
    assert_eq!(rest(a), rest(b));
    assert!(weights(a, step) == weights(b, step), "the weights differ");
}

/// Runs with a reward that remembers, whole and killed after each step; gives the whole one's rows.
fn over_time(reward: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let reward = format!("reward.proposer={reward}");
    let world =
        world_with(&[&reward, "reward.reevaluated_tasks=3", "eval.every=9", "report.every=0"]);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    world.run(&at("whole"), false, u64::MAX);
    for (name, step) in [("first", 1), ("second", 2)] {
        world.run(&at(name), false, step + 1);
        // The step after the checkpoint was on its way: pool, metrics and events know of it.
        let newest = at(name).join(format!("checkpoints/step-{:06}", step + 1));
        std::fs::remove_dir_all(newest).unwrap();
        world.run(&at(name), true, u64::MAX);
        check_same(&at("whole"), &at(name), 3);
    }
    scalars(&at("whole"))
}

fn number(row: &serde_json::Map<String, serde_json::Value>, key: &str) -> Option<f64> {
    row.get(key).map(|value| value.as_f64().unwrap())
}

#[test]
fn learning_progress_trains_and_remembers_what_it_saw() {
    let rows = over_time("learning_progress");
    let (progress, change) =
        ("python/propose/deduction/progress", "python/solve/deduction/reevaluation_change");
    // Nothing was graded before the first step, so it tells of no progress.
    assert_eq!((number(&rows[1], progress), number(&rows[1], change)), (None, None));
    for row in &rows[2..] {
        assert!((0.0..=1.0).contains(&number(row, progress).unwrap()), "{row:?}");
        assert!((-1.0..=1.0).contains(&number(row, change).unwrap()), "{row:?}");
        assert_eq!(row["policy/logp_gap_max"], 0, "same-step rewards");
    }
}

#[test]
fn powerplay_trains_one_step_late() {
    let rows = over_time("powerplay");
    let reward = "python/propose/deduction/reward";
    assert_eq!(number(&rows[1], reward), None, "nothing is known of the first proposals yet");
    assert_eq!(rows[1]["policy/logp_gap_max"], 0);
    for row in &rows[2..] {
        assert!(number(row, reward).unwrap() <= 1.0, "{row:?}");
        // The proposals that teach were sampled one update ago.
        assert!(number(row, "policy/logp_gap_max").unwrap() > 0.0, "{row:?}");
    }
    // In the third step there are tasks that were graded and do not wait themselves.
    let drop = number(&rows[3], "policy/archive_drop");
    assert!(drop.is_some_and(|drop| drop.abs() <= 1.0), "{drop:?}");
    let unsolved = rows.iter().any(|row| row.keys().any(|key| key.ends_with("/newly_solved")));
    assert!(unsolved, "no task of any kind went unsolved in the whole run");
}

#[test]
fn a_step_measures_what_it_promises() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    world.run(folder.path(), false, u64::MAX);
    let last = scalars(folder.path()).pop().unwrap();
    for key in [
        "policy/loss",
        "policy/entropy",
        "policy/grad_norm",
        "tokens/completion",
        "python/propose/deduction/valid_rate",
        "python/solve/abduction/solve_rate",
        "python/solve/deduction/reward_std",
        "pool/python/deduction/size",
        "eval/heldout/score",
        "eval/heldout_greedy/low",
    ] {
        assert!(last.contains_key(key), "{key} is missing from {last:?}");
    }
    // One engine: the trainer's log-probs are the sampler's, to the bit.
    assert_eq!(last["policy/logp_gap_max"], 0);
    assert_eq!(last["faults"], 0);
    for file in ["config.json", "tokenizer.json", "model.safetensors", "state.json"] {
        assert!(folder.path().join("checkpoints/step-000003").join(file).is_file(), "{file}");
    }
}

/// AZR proposes with the weights of the step before. Here the weights move in every step, and each
/// row was sampled by the very weights that learn from it: their log-probs agree to the bit.
#[test]
fn one_step_lag() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    world.run(folder.path(), false, u64::MAX);
    assert!(weights(folder.path(), 2) != weights(folder.path(), 3), "an update changes weights");
    let rows = scalars(folder.path());
    let steps: Vec<_> = rows.iter().filter(|row| row.contains_key("policy/loss")).collect();
    assert_eq!(steps.len(), 3);
    for (before, row) in (0_u64..).zip(steps) {
        assert_eq!(row["policy/logp_gap_max"], 0);
        assert_eq!(row["policy_version"], before + 1, "{row:?}");
    }
}

/// What a run warned of.
#[derive(Default)]
struct Warnings(Vec<String>);

impl Observer for Warnings {
    fn warning(&mut self, words: &str) {
        self.0.push(words.to_owned());
    }
}

#[test]
fn a_run_writes_its_page_and_goes_on_without_one() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str| {
        let at = folder.path().join(name);
        let setup = Setup { folder: &at, config: &world.config, resume: false };
        let (mut warnings, control) = (Warnings::default(), Control::default());
        let policy = world.policy.clone();
        let end = train(&setup, &world.options, policy, &world.host, &control, &mut warnings);
        assert!(end.unwrap().whole);
        warnings.0
    };
    assert_eq!(run("whole"), [""; 0]);
    let page = std::fs::read_to_string(folder.path().join("whole/report.html")).unwrap();
    assert!(page.contains("3 steps") && page.contains("\"step\":3,\"scalars\""));
    assert!(page.contains("def f(") && page.contains("python/deduction, rejected"));
    // A folder in the page's place keeps it from being written, as a full disk would.
    std::fs::create_dir_all(folder.path().join("blocked/report.html/x")).unwrap();
    let warnings = run("blocked");
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].starts_with("report.html was not written: "), "{warnings:?}");
    assert!(folder.path().join("blocked/checkpoints/step-000003/state.json").is_file());
}

/// Tells a dashboard of each step, as the command does.
struct Shown(Dashboard);

impl Observer for Shown {
    fn step(&mut self, step: u64, _steps: u64, _metrics: &Metrics) {
        self.0.step(step);
    }
}

#[test]
fn whoever_looks_on_changes_nothing() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    world.run(&at("alone"), false, u64::MAX);

    let watched = at("watched");
    let dashboard = Dashboard::start(&watched, "127.0.0.1:0".parse().unwrap(), None).unwrap();
    let address = dashboard.address();
    let ask = move |path: &str| {
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").ok()?;
        Some(stream)
    };
    // One client asks without end, one waits for steps and reads none.
    let never_reads = ask("/events").unwrap();
    let asks = std::thread::spawn(move || {
        let (mut n_pages, mut last) = (0, String::new());
        while let Some(mut stream) = ask("/") {
            let mut page = String::new();
            // A server that ends closes what it has not answered: that is no page.
            if stream.read_to_string(&mut page).is_ok() && !page.is_empty() {
                (n_pages, last) = (n_pages + 1, page);
            }
        }
        (n_pages, last)
    });
    let setup = Setup { folder: &watched, config: &world.config, resume: false };
    let (control, policy) = (Control::default(), world.policy.clone());
    let mut shown = Shown(dashboard);
    let end = train(&setup, &world.options, policy, &world.host, &control, &mut shown).unwrap();
    assert!(end.whole);
    drop(shown);
    drop(never_reads);
    let (n_pages, last) = asks.join().unwrap();
    assert!(n_pages > 3 && last.contains("data-live"), "{n_pages}");
    check_same(&at("alone"), &watched, 3);
}

#[test]
fn a_folder_that_holds_a_run_is_not_overwritten() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), "").unwrap();
    let setup = Setup { folder: folder.path(), config: "", resume: false };
    let mut observer = quaero_train::Silent;
    let (policy, control) = (world.policy.clone(), Control::default());
    let error = train(&setup, &world.options, policy, &world.host, &control, &mut observer);
    assert!(error.unwrap_err().to_string().contains("--resume"));
    let empty = tempfile::tempdir().unwrap();
    let setup = Setup { folder: empty.path(), config: "", resume: true };
    let policy = world.policy.clone();
    let error = train(&setup, &world.options, policy, &world.host, &control, &mut observer);
    assert!(error.unwrap_err().to_string().contains("no complete checkpoint"));
}

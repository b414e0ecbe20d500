//! Training on the emulated GPU beside training on the CPU: the same tasks, the same loss curve.
//!
//! Both runs go on from one step 0, so their buffers hold the same tasks; the proposer rests, so
//! they stay the same, and every step asks both the same questions. The CPU computes in f32. The
//! device keeps weights of products, activations and their gradients in bf16 (8 bits of
//! significand: each rounding is off by up to 2⁻⁹ = 0.2 %) and sums, logits, weights and moments of
//! the optimiser in f32. The bounds below are for rows that both sampled alike.

use quaero_ops::{Device, Kind, Products};
use quaero_train::Plan;
use serde_json::Value;

use super::*;

const STEPS: u64 = 5;
/// By how much the entropy and the gradient's norm may be off in the first step, relatively; in each
/// later one by as much more. A logit of about 8 is off by some roundings, 8 · 2⁻⁹ = 0.016 each, and
/// the entropy of a token that is nearly sure goes by the exponential of a difference of logits: 2.5
/// roundings are 4 %. Each update moves the weights apart: AdamW's first steps are a learning rate
/// long whatever the gradient, so one that is 0 but for rounding may move a weight the other way.
const BOUNDS: [(&str, f64); 2] = [("policy/entropy", 0.04), ("policy/grad_norm", 0.04)];
/// The loss holds the entropy, else it would be rewards alone and no number of the model's.
const ENTROPY_COEF: f64 = 0.5;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Of each step: the tasks that were asked, and for each attempt its verdict, the answer where it was
/// wrong, and its length.
fn attempts(folder: &Path) -> Vec<Vec<(String, String)>> {
    let text = std::fs::read_to_string(folder.join("logs/events.jsonl")).unwrap();
    let mut steps = vec![Vec::new(); STEPS as usize];
    for event in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if event["event"] == "attempt.judged" {
            let step = event["step"].as_u64().unwrap() as usize - 1;
            let how = ["verdict", "reason", "n_tokens_out"].map(|key| event[key].to_string());
            let how = how.concat();
            steps[step].push((event["task_id"].to_string(), how));
        }
    }
    steps
}

/// Short answers to few deductions, without evaluation: what emulation can do in seconds. The loss
/// has a gradient even where all rewards are alike.
fn small_world(more: &[&str]) -> World {
    let coef = format!("objective.entropy_coef={ENTROPY_COEF}");
    let shared = [
        "propose.train=false",
        "mix.\"python/abduction\"=0",
        "mix.\"python/induction\"=0",
        "solve.tasks_per_kind=2",
        "solve.samples=2",
        "solve.prompt_tokens_max=64",
        "solve.completion_tokens_max=6",
        "update.micro_batch_tokens=256",
        "engine.cache_mib=1",
        "report.every=0",
        &coef,
    ];
    let mut world = world_with(&[&shared, more].concat());
    world.options.eval = None;
    world
}

#[test]
fn five_steps_on_the_emulated_gpu_follow_the_cpu() {
    let mut world = small_world(&["run.steps=5", "advantage.level=sequence", "checkpoint.every=5"]);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    world.run(&at("cpu"), false, 0);
    copy(&at("cpu"), &at("simt"));
    world.run(&at("cpu"), true, u64::MAX);
    let device = Device::open(Kind::Simt(Products::Portable), &root().join("target")).unwrap();
    world.policy.model = world.policy.model.clone().to(&device).unwrap();
    world.run(&at("simt"), true, u64::MAX);

    let (cpu, simt) = (attempts(&at("cpu")), attempts(&at("simt")));
    let (want, got) = (scalars(&at("cpu")), scalars(&at("simt")));
    assert_eq!((want.len(), got.len()), (STEPS as usize + 1, STEPS as usize + 1));
    let mut n_alike = 0;
    for step in 0..STEPS as usize {
        let asked = |rows: &[(String, String)]| -> Vec<String> {
            rows.iter().map(|(task, _)| task.clone()).collect()
        };
        assert_eq!(asked(&cpu[step]), asked(&simt[step]), "both are asked the same");
        let (want, got) = (&want[step + 1], &got[step + 1]);
        assert_eq!(got["policy/logp_gap_max"], 0, "sampler and trainer differ in step {step}");
        if cpu[step] != simt[step] {
            continue;
        }
        n_alike += 1;
        let both = |key: &str| (want[key].as_f64().unwrap(), got[key].as_f64().unwrap());
        for (key, bound) in BOUNDS {
            let (want, got) = both(key);
            let off = (got - want).abs() / want.abs();
            let bound = bound * (step + 1) as f64;
            assert!(off < bound, "step {step}, {key}: {got}, the CPU has {want}");
        }
        // Rewards are the same, so the loss differs by its share of the entropy and no more.
        let (of_loss, of_entropy) = (both("policy/loss"), both("policy/entropy"));
        let rest = of_loss.1 - of_loss.0 + ENTROPY_COEF * (of_entropy.1 - of_entropy.0);
        assert!(rest.abs() < 1e-5, "step {step}: losses {of_loss:?}, entropies {of_entropy:?}");
    }
    assert!(n_alike >= 3, "in {n_alike} of {STEPS} steps both answered alike");
    check_plan(&world, &device);
}

#[test]
fn the_lean_optimiser_trains_and_goes_on_from_its_checkpoint() {
    let mut world = small_world(&[
        "run.steps=2",
        "optim.state_precision=8bit",
        "seeding.tasks_per_kind=2",
        "seeding.rounds_max=1",
        "checkpoint.every=1",
    ]);
    let device = Device::open(Kind::Simt(Products::Portable), &root().join("target")).unwrap();
    world.policy.model = world.policy.model.clone().to(&device).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    world.run(&at("whole"), false, u64::MAX);
    // As if it had been killed in its second step.
    copy(&at("whole"), &at("resumed"));
    std::fs::remove_dir_all(at("resumed").join("checkpoints/step-000002")).unwrap();
    world.run(&at("resumed"), true, u64::MAX);
    check_same(&at("whole"), &at("resumed"), 2);
    let rows = scalars(&at("resumed"));
    assert_eq!(rows.len(), 3);
    for row in &rows[1..] {
        assert_eq!(row["policy/logp_gap_max"], 0);
        assert!(row["policy/grad_norm"].as_f64().unwrap() > 0.0);
    }
    assert_ne!(weights(&at("resumed"), 1), weights(&at("resumed"), 2));
}

/// The run's memory is what was planned before it, pages that pieces fill badly apart.
fn check_plan(world: &World, device: &Device) {
    let config = world.policy.model.config();
    let plan = Plan::of(config, device.place(), &world.options);
    let most = device.in_use().unwrap().bytes_max;
    // The test holds a copy of the weights beside the run's own.
    let copy = 4 * quaero_model::memory::n_elements(config);
    assert!(most - copy <= plan.bytes(), "{most} bytes were taken\n{plan}");
    assert!(plan.bytes() < (most - copy) * 5 / 4, "{most} bytes were taken\n{plan}");
}

//! The plan of a run's memory: what it counts, and what it says where a run does not fit.

use quaero_model::{Config, Place};
use quaero_train::Plan;

use super::*;

/// Qwen2.5-0.5B.
fn config() -> Config {
    let json = serde_json::json!({
        "model_type": "qwen2", "vocab_size": 151_936, "hidden_size": 896,
        "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14,
        "num_key_value_heads": 2, "max_position_embeddings": 32_768, "tie_word_embeddings": true,
    });
    Config::from_json(&json).unwrap()
}

fn options(sets: &[&str]) -> Options {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    quaero_config::load(None, &sets).unwrap().train(None).unwrap()
}

fn bytes(plan: &Plan, what: &str) -> usize {
    plan.kept.iter().find(|(name, _)| *name == what).unwrap().1
}

#[test]
fn the_plan_counts_what_is_known_of_a_published_model() {
    let plan = Plan::of(&config(), Place::Device, &options(&[]));
    // 494,032,768 parameters, as its card says; f32 weights, gradients and two moments.
    let n = 494_032_768;
    assert_eq!(bytes(&plan, "weights"), 4 * n);
    assert_eq!(bytes(&plan, "moments of the optimiser"), 8 * n);
    // bf16 copies, and a cosine and a sine for each pair of channels and position.
    assert_eq!(bytes(&plan, "weights as products read them"), 2 * n + 32_768 * 64 * 4);
    let cache = bytes(&plan, "key-value cache");
    assert!((2047 << 20..=2048 << 20).contains(&cache), "{cache}");
    let with_reference = Plan::of(&config(), Place::Device, &options(&["objective.kl_coef=0.1"]));
    assert_eq!(with_reference.bytes() - plan.bytes(), 6 * n + 32_768 * 64 * 4);
    // The lean optimiser: 2 bytes a weight, 2 for its moments and 8 a block of 256.
    let lean = Plan::of(&config(), Place::Device, &options(&["optim.state_precision=8bit"]));
    assert_eq!(bytes(&lean, "weights"), 2 * n);
    assert_eq!(bytes(&lean, "moments of the optimiser"), 2 * n + 8 * n.div_ceil(256));
    // Micro-batches whose activations are kept take more, and so do longer ones.
    let at = |sets: &[&str]| Plan::of(&config(), Place::Device, &options(sets)).bytes();
    assert!(at(&["update.recompute=false"]) > at(&[]));
    assert!(at(&["update.micro_batch_tokens=32768"]) > at(&[]));
}

/// What is advised, and that it fits when it is done.
#[track_caller]
fn check_advice(sets: &[&str], free: usize, expected: &[&str]) {
    let config = config();
    let error = Plan::check(&config, Place::Device, &options(sets), free).unwrap_err();
    let keys: Vec<&str> = error.advice.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, expected, "{error}");
    let text = error.to_string();
    let mut changed: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    for (key, value) in &error.advice {
        assert!(text.contains(&format!("{key} = {value}")), "{text}");
        changed.push(format!("{key}={value}"));
    }
    let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
    let plan = Plan::check(&config, Place::Device, &options(&changed), free);
    assert_eq!(plan.is_ok(), !expected.is_empty(), "{text}");
}

#[test]
fn a_run_that_does_not_fit_is_told_what_to_change() {
    let need = Plan::of(&config(), Place::Device, &options(&[])).bytes();
    assert!(Plan::check(&config(), Place::Device, &options(&[]), need).is_ok());
    let shorter = ["propose.completion_tokens_max=1024", "propose.prompt_tokens_max=1024"];
    let short =
        [&shorter[..], &["solve.completion_tokens_max=1024", "solve.prompt_tokens_max=1024"]]
            .concat();
    // Shorter micro-batches suffice.
    let need = Plan::of(&config(), Place::Device, &options(&short)).bytes();
    check_advice(&short, need - (1 << 20), &["update.micro_batch_tokens"]);
    // Rows are as long as a micro-batch may be, so the cache must give.
    let need = Plan::of(&config(), Place::Device, &options(&[])).bytes();
    check_advice(&[], need - (512 << 20), &["engine.cache_mib"]);
    // Everything at once, and then nothing helps.
    let kept = [&short[..], &["update.recompute=false"]].concat();
    let least = 18 * 494_032_768 + (1 << 30);
    let error = Plan::check(&config(), Place::Device, &options(&kept), least + (1 << 30));
    assert!(error.is_err_and(|error| error.advice.len() > 1 || error.advice.is_empty()));
    check_advice(&[], 8 * 494_032_768, &[]);
}

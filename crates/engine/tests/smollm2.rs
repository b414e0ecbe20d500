//! A real model against another implementation: SmolLM2-135M's greedy continuations are those of
//! transformers, token for token (`tests/fixtures/smollm2`).
//!
//! The folder is that of `quaero model fetch smollm2-135m` (`cargo xtask test` runs it); without it
//! the test prints a counted SKIP.

use std::path::PathBuf;
use std::sync::Arc;

use quaero_engine::{Engine, Options, Request, Sampling};
use quaero_model::Model;
use quaero_rng::Key;
use quaero_tokens::Tokenizer;
use serde_json::Value;

const FIXTURE: &str = include_str!("../../../tests/fixtures/smollm2/greedy.json");

/// The model folder: `QUAERO_SMOLLM2`, or where `cargo xtask test` puts it.
#[expect(clippy::disallowed_methods, reason = "a test may be told where its fixture lies")]
fn folder() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/models/smollm2-135m");
    std::env::var("QUAERO_SMOLLM2").map_or_else(|_| PathBuf::from(default), PathBuf::from)
}

fn tokens(case: &Value, field: &str) -> Arc<[u32]> {
    let tokens = case[field].as_array().expect("a list of tokens");
    tokens.iter().map(|token| token.as_u64().expect("a token") as u32).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "a skipped oracle is told and counted")]
fn greedy_continuations_are_those_of_transformers() {
    let folder = folder();
    if !folder.join("model.safetensors").exists() {
        println!(
            "SKIP smollm2: {} is missing; run `model fetch smollm2-135m` with QUAERO_MODELS=target/models",
            folder.display()
        );
        return;
    }
    let cases: Vec<Value> = serde_json::from_str(FIXTURE).expect("the fixture is JSON");
    let tokenizer = Tokenizer::from_folder(&folder).expect("a tokenizer");
    let model = Model::load(&folder).expect("a model");
    tokenizer.check_vocab(model.config().vocab_size).expect("they belong together");
    let requests: Vec<Request> = cases
        .iter()
        .map(|case| {
            let text = case["text"].as_str().expect("a text");
            let prompt: Arc<[u32]> = tokenizer.encode(text).expect("encodes").into();
            assert_eq!(prompt, tokens(case, "prompt"), "{text}");
            let sampling = Sampling::greedy();
            Request { prompt, n_samples: 1, new_tokens_max: 64, sampling, key: Key::new(0) }
        })
        .collect();
    let mut engine =
        Engine::new(Options { batch_max: 8, page_tokens: 64, cache_mib: 512, graphs: false });
    // No end of sequence: transformers was told to go on, too.
    let outputs = engine.generate(&model, &[], &requests, &mut |_| ()).expect("generates");
    for (case, output) in cases.iter().zip(outputs) {
        assert_eq!(output.tokens[..], tokens(case, "tokens")[..], "{}", case["text"]);
        let text = tokenizer.decode(&output.tokens).expect("decodes");
        // transformers was told to leave special tokens out; we cut ends and padding alone.
        let plain = text.replace("<|im_start|>", "");
        assert_eq!(plain, case["continuation"].as_str().expect("a text"));
        let theirs = case["logp"].as_array().expect("a list of log-probabilities");
        for (ours, theirs) in output.logp.iter().zip(theirs) {
            let theirs = theirs.as_f64().expect("a log-probability");
            assert!((f64::from(*ours) - theirs).abs() < 1e-3, "{ours} is not {theirs}");
        }
    }
}

//! Model and engine on the emulated device: near the CPU's numbers, and no gap between sampler and
//! trainer by a single bit.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use quaero_engine::{Engine, Options, Request, Sampling};
use quaero_model::memory::{self, TrainBatch};
use quaero_model::{Architecture, Config, Device, ForwardOptions, Model, Packed, Place};
use quaero_ops::{Kind, Products};
use quaero_rng::Key;

const VOCAB: usize = 101;

fn open(products: Products) -> Device {
    Device::open(Kind::Simt(products), Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap()
}

/// Norms of heads, biases and grouped queries, so that every operation has its turn.
fn model(architecture: Architecture, tied: bool, head_dim: usize) -> Model {
    let config = Config {
        architecture,
        vocab_size: VOCAB,
        hidden_size: 64,
        intermediate_size: 88,
        n_layers: 2,
        n_heads: 2,
        n_kv_heads: 1,
        head_dim,
        max_position_embeddings: 256,
        rms_norm_eps: 1e-6,
        rope_theta: 1e4,
        rope_scaling: None,
        sliding: None,
        query_pre_attn_scalar: None,
        kept: Default::default(),
        tie_word_embeddings: tied,
        qkv_bias: architecture == Architecture::Qwen2,
        o_bias: false,
        mlp_bias: false,
    };
    let mut model = Model::random(config, Key::new(4)).unwrap();
    let mut stream = Key::new(8).stream();
    for tensor in model.params_mut().tensors_mut() {
        let matrix = tensor.shape().n_axes() == 2;
        let change = |x: &mut f32| *x = if matrix { *x * 6.0 } else { *x + 0.1 * stream.normal() };
        // What a device keeps in bf16 is bf16 on the CPU as well, so that products alone differ.
        let round = |x: &mut f32| *x = half::bf16::from_f32(*x).to_f32();
        tensor.data_mut().iter_mut().for_each(change);
        tensor.data_mut().iter_mut().for_each(round);
    }
    model
}

fn tokens(n: usize, salt: usize) -> Vec<u32> {
    (0..n).map(|i| ((i * 7919 + salt * 31 + 3) % VOCAB) as u32).collect()
}

/// Whole sequences and branches, some longer than a page.
fn batch() -> Packed {
    let mut packed = Packed::new([tokens(70, 1)]);
    packed.push(&tokens(66, 2));
    packed.push_branch(&tokens(5, 3));
    packed.push_branch(&tokens(67, 4));
    packed
}

/// ‖a − b‖ / ‖b‖.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let square = |x: f64| x * x;
    let off: f64 = a.iter().zip(b).map(|(a, b)| square(f64::from(a - b))).sum();
    let size: f64 = b.iter().map(|&b| square(f64::from(b))).sum();
    (off / size.max(1e-30)).sqrt()
}

#[test]
fn a_pass_on_the_device_is_near_the_one_on_the_cpu() {
    let [portable, warpgroups, library] =
        [Products::Portable, Products::Warpgroups, Products::Library].map(open);
    for (architecture, tied, head_dim, device) in [
        (Architecture::Llama, true, 32, &portable),
        (Architecture::Qwen2, false, 32, &portable),
        (Architecture::Qwen3, true, 32, &portable),
        (Architecture::Qwen2, false, 64, &warpgroups),
        (Architecture::Qwen3, true, 32, &library),
    ] {
        let cpu = model(architecture, tied, head_dim);
        let packed = batch();
        let targets = packed.next_tokens();
        let by: Vec<f32> = (0..targets.len()).map(|i| (i % 7) as f32 - 3.0).collect();
        let run = |model: &Model, recompute| {
            let options = ForwardOptions { recompute, temperature: 0.9 };
            let forward = model.forward(&packed, &targets, &options).unwrap();
            let (logp, entropy) = (forward.logp.clone(), forward.entropy.clone());
            let mut grads = model.params().zeros_like().unwrap();
            model.backward(forward, &by, &vec![0.3; by.len()], &mut grads).unwrap();
            (logp, entropy, grads.to(&Device::cpu()).unwrap())
        };
        let want = run(&cpu, false);
        let there = cpu.to(device).unwrap();
        let got = run(&there, false);
        assert!(
            distance(&got.0, &want.0) < 0.01,
            "{architecture:?}: {}",
            distance(&got.0, &want.0)
        );
        assert!(distance(&got.1, &want.1) < 0.01, "{architecture:?}: entropies");
        for ((name, got), (_, want)) in got.2.iter().zip(want.2.iter()) {
            let off = distance(got.data(), want.data());
            assert!(off < 0.05, "{architecture:?}: the gradient of {name} is off by {off:.4}");
        }
        let again = run(&there, true);
        assert!(again.0 == got.0 && again.2 == got.2, "{architecture:?}: recomputed, other bits");
    }
}

/// Bytes at a time beside what was held before, counted by the device's allocator.
fn peak(device: &Device, work: impl FnOnce()) -> usize {
    device.forget_peak();
    let before = device.in_use().unwrap().bytes;
    work();
    device.in_use().unwrap().bytes_max - before
}

#[track_caller]
fn check_memory(what: &str, planned: usize, measured: usize) {
    let over = planned as f64 / measured as f64;
    // Never less than is taken; what is more are pages of keys, which pieces seldom waste in full.
    assert!((1.0..1.15).contains(&over), "{what}: planned {planned}, measured {measured}");
}

#[test]
fn memory_is_what_was_planned() {
    let device = open(Products::Portable);
    for (architecture, tied) in [(Architecture::Qwen2, false), (Architecture::Qwen3, true)] {
        let cpu = model(architecture, tied, 32);
        let config = cpu.config().clone();
        let n_elements = memory::n_elements(&config);
        let mut held = None;
        let weights = peak(&device, || held = Some(cpu.clone().to(&device).unwrap()));
        let model = held.unwrap();
        assert_eq!(weights, 4 * n_elements, "weights");
        let mut grads = None;
        let bytes = peak(&device, || grads = Some(model.params().zeros_like().unwrap()));
        assert_eq!(bytes, 4 * n_elements, "gradients");
        let mut grads = grads.unwrap();
        // Runs that fill their pages badly, as the plan supposes.
        let mut packed = Packed::new([tokens(65, 1)]);
        (0..5).for_each(|i| packed.push_branch(&tokens(2 + i, i)));
        (0..4).for_each(|i| packed.push(&tokens(66, i)));
        let targets: Vec<u32> = packed.tokens.clone();
        let n_tokens = targets.len();
        let mut derived = memory::derived_bytes(&config, Place::Device);
        for recompute in [false, true] {
            let options = ForwardOptions { recompute, temperature: 1.0 };
            let measured = peak(&device, || {
                let forward = model.forward(&packed, &targets, &options).unwrap();
                let by = vec![0.1; n_tokens];
                model.backward(forward, &by, &by, &mut grads).unwrap();
            });
            let batch = TrainBatch { n_tokens, n_pieces: packed.pieces.len(), recompute };
            let planned = memory::train_bytes(&config, Place::Device, batch);
            let what = format!("{architecture:?}, recompute {recompute}");
            check_memory(&what, planned + derived, measured);
            // What is made of the weights is kept from the first pass on.
            derived = 0;
        }
        check_inference(&model);
    }
}

/// A step of generation with `n` prompts, and one that decodes.
fn check_inference(model: &Model) {
    let options = Options { batch_max: 3, page_tokens: 64, cache_mib: 1, graphs: false };
    let (place, config) = (model.device().place(), model.config());
    let mut engine = Engine::new(options);
    let sampling = Sampling::plain(1.0);
    let request = |n_samples, n: usize| Request {
        prompt: Arc::from(tokens(n, 1)),
        n_samples,
        new_tokens_max: 3,
        sampling,
        key: Key::new(1),
    };
    let requests = [request(1, 200), request(1, 180), request(1, 220)];
    let measured = peak(model.device(), || {
        engine.generate(model, &[], &requests, &mut |_| ()).unwrap();
    });
    let cache = options.cache_bytes(place, config);
    let step = memory::infer_bytes(config, place, 600, 6);
    check_memory("generation", cache + step, measured);
    assert!(options.step_bytes(place, config) >= step, "a full cache of prompts takes more");
    // Three sequences decode in the width of four, later of two and one.
    let mut engine = Engine::new(Options { graphs: true, ..options });
    let unequal = [1, 2, 3].map(|new_tokens_max| Request { new_tokens_max, ..request(1, 3) });
    let measured = peak(model.device(), || {
        engine.generate(model, &[], &unequal, &mut |_| ()).unwrap();
    });
    let planned = cache + memory::recorded_bytes(config, 3);
    check_memory("recorded steps", planned + memory::infer_bytes(config, place, 9, 3), measured);
}

#[test]
fn the_engine_and_the_trainer_agree_by_bits() {
    agree_by_bits(&model(Architecture::Qwen3, true, 32).to(&open(Products::Portable)).unwrap());
}

/// Prompts, decoding and the update take wgmma alike, or tiles of one size would differ.
#[test]
fn the_engine_and_the_trainer_agree_by_bits_with_warpgroups() {
    let device = open(Products::Warpgroups);
    assert!(device.name().contains("warpgroups"), "{}", device.name());
    agree_by_bits(&model(Architecture::Qwen3, true, 64).to(&device).unwrap());
}

#[track_caller]
fn agree_by_bits(model: &Model) {
    let request = |n: usize, n_samples, temperature| Request {
        prompt: Arc::from(tokens(n, n)),
        n_samples,
        new_tokens_max: 6,
        sampling: Sampling::plain(temperature),
        key: Key::new(n as u64),
    };
    // Prompts below, at and above a page; a batch too small for all, so that samples enter late.
    let requests = [request(3, 2, 1.0), request(64, 2, 1.0), request(70, 3, 0.7)];
    let options = Options { batch_max: 4, page_tokens: 64, cache_mib: 4, graphs: false };
    let outputs = Engine::new(options).generate(model, &[1], &requests, &mut |_| ()).unwrap();
    assert_eq!(outputs.len(), 7);
    let mut by_graphs = Engine::new(Options { graphs: true, ..options });
    let recorded = by_graphs.generate(model, &[1], &requests, &mut |_| ()).unwrap();
    assert_eq!(recorded, outputs, "recorded steps, other bits");
    for output in &outputs {
        let prompt = &requests[output.request_idx].prompt;
        let (last, prefix) = prompt.split_last().unwrap();
        // As the update packs it: the prompt once, its last token and the completion as a branch.
        let mut packed = Packed::new([prefix]);
        let n = output.tokens.len();
        packed.push_branch(&[&[*last], &output.tokens[..n - 1]].concat());
        let mut targets = vec![quaero_model::NO_TARGET; prefix.len()];
        targets.extend_from_slice(&output.tokens);
        let temperature = requests[output.request_idx].sampling.temperature;
        let options = ForwardOptions { recompute: false, temperature };
        let forward = model.forward(&packed, &targets, &options).unwrap();
        let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&forward.logp[prefix.len()..]), bits(&output.logp), "{output:?}");
    }
}

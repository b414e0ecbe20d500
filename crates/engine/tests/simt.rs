//! Model and engine on the emulated device: near the CPU's numbers, and no gap between sampler and
//! trainer by a single bit.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use quaero_engine::{Engine, Options, Request, Sampling};
use quaero_model::{Architecture, Config, Device, ForwardOptions, Model, Packed};
use quaero_ops::Kind;
use quaero_rng::Key;

const VOCAB: usize = 101;

fn open(kind: Kind) -> Device {
    Device::open(kind, Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap()
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
    let (portable, warpgroups) = (open(Kind::Simt), open(Kind::SimtWgmma));
    for (architecture, tied, head_dim, device) in [
        (Architecture::Llama, true, 32, &portable),
        (Architecture::Qwen2, false, 32, &portable),
        (Architecture::Qwen3, true, 32, &portable),
        (Architecture::Qwen2, false, 64, &warpgroups),
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

#[test]
fn the_engine_and_the_trainer_agree_by_bits() {
    agree_by_bits(&model(Architecture::Qwen3, true, 32).to(&open(Kind::Simt)).unwrap());
}

/// Prompts, decoding and the update take wgmma alike, or tiles of one size would differ.
#[test]
fn the_engine_and_the_trainer_agree_by_bits_with_warpgroups() {
    let device = open(Kind::SimtWgmma);
    assert!(device.name().contains("warpgroups"), "{}", device.name());
    agree_by_bits(&model(Architecture::Qwen3, true, 64).to(&device).unwrap());
}

#[track_caller]
fn agree_by_bits(model: &Model) {
    let request = |n: usize, n_samples, temperature| Request {
        prompt: Arc::from(tokens(n, n)),
        n_samples,
        max_new: 6,
        sampling: Sampling::plain(temperature),
        key: Key::new(n as u64),
    };
    // Prompts below, at and above a page; a batch too small for all, so that samples enter late.
    let requests = [request(3, 2, 1.0), request(64, 2, 1.0), request(70, 3, 0.7)];
    let mut engine = Engine::new(Options { max_batch: 4, page_tokens: 64, cache_mib: 4 });
    let outputs = engine.generate(model, &[1], &requests, &mut |_| ()).unwrap();
    assert_eq!(outputs.len(), 7);
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

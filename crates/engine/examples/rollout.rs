//! Throughput of rollouts on a model of the seed's size: prompts of 40 to 80 tokens, 8 samples
//! each, 20 to 60 new tokens, 512 sequences. The baseline is
//! `crates/lab/baselines/torch_rollout.py`.
//!
//! usage: `cargo run --release -p quaero-engine --example rollout [THREADS [HIDDEN [BATCH]]]`

use std::time::Instant;

use quaero_engine::{Engine, Options, Request, Sampling};
use quaero_model::{Architecture, Config, Model};
use quaero_rng::Key;

/// The lengths that the baseline takes too: spread evenly, in a scrambled order.
fn length(i: usize, lo: usize, hi: usize, salt: usize) -> usize {
    lo + ((i * 7919 + salt) % 1009) * (hi - lo + 1) / 1009
}

/// Seconds of processor time that this process has used, all threads together.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn config(hidden: usize) -> Config {
    Config {
        architecture: Architecture::Llama,
        vocab_size: 180,
        hidden_size: hidden,
        intermediate_size: hidden * 8 / 3,
        n_layers: 6,
        n_heads: 4,
        n_kv_heads: 4,
        head_dim: hidden / 4,
        max_position_embeddings: 512,
        rms_norm_eps: 1e-6,
        rope_theta: 1e4,
        rope_scaling: None,
        sliding: None,
        query_pre_attn_scalar: None,
        kept: Default::default(),
        tie_word_embeddings: true,
        qkv_bias: false,
        o_bias: false,
        mlp_bias: false,
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#[expect(clippy::print_stdout, reason = "its result is what it prints")]
fn main() {
    let mut words = std::env::args().skip(1).map(|word| word.parse().expect("a number"));
    let n_threads = words.next().unwrap_or(1);
    let hidden = words.next().unwrap_or(192);
    let batch_max = words.next().unwrap_or(256);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
    let model = Model::random(config(hidden), Key::new(1)).expect("a sound configuration");
    let requests: Vec<Request> = (0..64)
        .map(|group| {
            let mut stream = Key::new(group as u64).stream();
            let n_prompt = length(group, 40, 80, 0);
            let drawn = (8 * group..8 * (group + 1)).map(|i| length(i, 20, 60, 17));
            Request {
                prompt: (0..n_prompt).map(|_| stream.below(180) as u32).collect(),
                n_samples: 8,
                new_tokens_max: drawn.sum::<usize>() / 8,
                sampling: Sampling::plain(1.0),
                key: Key::new(2).with(group as u64),
            }
        })
        .collect();
    let mut engine =
        Engine::new(Options { batch_max, page_tokens: 32, cache_mib: 2048, graphs: false });
    pool.expect("threads").install(|| {
        for _ in 0..4 {
            let (start, cpu) = (Instant::now(), cpu_seconds());
            engine.generate(&model, &[], &requests, &mut |_| ()).expect("generates");
            let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
            let n = engine.stats().completion_tokens as f64;
            println!(
                "{{\"bench\": \"rollout\", \"threads\": {n_threads}, \"hidden\": {hidden}, \
                 \"new_tokens\": {n}, \"seconds\": {wall:.3}, \"cpu_seconds\": {cpu:.2}, \
                 \"new_tokens_per_s\": {:.0}, \"new_tokens_per_cpu_s\": {:.0}}} {:?}",
                n / wall,
                n / cpu,
                engine.stats()
            );
        }
    });
}

//! Prints tokens per CPU-second (all threads' user time, so that a busy machine does not change it
//! much) of training and decoding for a small model on random tokens:
//! `cargo run --release -p quaero-model --example throughput [hidden] [layers] [seq_len]`.
#![expect(clippy::print_stdout, reason = "a measurement for people")]

use quaero_model::{Architecture, Config, ForwardOptions, KvCache, Model, Packed, PageTable, Span};
use quaero_rng::Key;

fn main() {
    let arg = |i: usize, default: usize| {
        std::env::args().nth(i).map_or(default, |arg| arg.parse().expect("a number"))
    };
    let (hidden, n_layers, seq_len) = (arg(1, 128), arg(2, 6), arg(3, 128));
    let config = Config {
        architecture: Architecture::Llama,
        vocab_size: 170,
        hidden_size: hidden,
        intermediate_size: hidden * 8 / 3 / 16 * 16,
        n_layers,
        n_heads: hidden / 32,
        n_kv_heads: hidden / 32,
        head_dim: 32,
        max_position_embeddings: 1024,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        rope_scaling: None,
        sliding: None,
        query_pre_attn_scalar: None,
        kept: Default::default(),
        tie_word_embeddings: true,
        qkv_bias: false,
        o_bias: false,
        mlp_bias: false,
    };
    let model = Model::random(config, Key::new(1)).expect("a valid configuration");
    println!(
        "{} parameters, {} threads, sequences of {seq_len}",
        model.params().n_elements(),
        rayon::current_num_threads()
    );
    train(&model, seq_len);
    decode(&model, seq_len);
}

/// User time of this process so far (Linux; in steps of 10 ms).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux's /proc");
    let ticks = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(11));
    ticks.and_then(|ticks| ticks.parse::<f64>().ok()).expect("field 14 of /proc/self/stat") / 100.0
}

fn train(model: &Model, seq_len: usize) {
    let n_rows = 4096 / seq_len * seq_len;
    let tokens: Vec<u32> = (0..n_rows as u32).map(|i| i * 7919 % 170).collect();
    let packed = Packed::new(tokens.chunks(seq_len));
    let targets = packed.next_tokens();
    let mut grads = model.params().zeros_like().expect("the CPU computes");
    for recompute in [false, true] {
        let options = ForwardOptions { recompute, temperature: 1.0 };
        let (mut best_forward, mut best) = (f64::MAX, f64::MAX);
        for _ in 0..6 {
            let start = cpu_seconds();
            let forward = model.forward(&packed, &targets, &options).expect("the CPU computes");
            best_forward = best_forward.min(cpu_seconds() - start);
            let dlogp = vec![-1.0 / n_rows as f32; n_rows];
            model
                .backward(forward, &dlogp, &vec![0.0; n_rows], &mut grads)
                .expect("the CPU computes");
            best = best.min(cpu_seconds() - start);
        }
        println!(
            "training, recompute {recompute}: {:.0} tokens/CPU-s (forward alone {:.0})",
            n_rows as f64 / best,
            n_rows as f64 / best_forward
        );
    }
}

fn decode(model: &Model, seq_len: usize) {
    const BATCH: usize = 256;
    let page_len = 64;
    let n_pages = seq_len.div_ceil(page_len);
    let mut cache = KvCache::new(model.device(), model.config(), BATCH * n_pages, page_len)
        .expect("the CPU computes");
    let lists: Vec<Vec<u32>> =
        (0..BATCH).map(|i| ((i * n_pages) as u32..((i + 1) * n_pages) as u32).collect()).collect();
    let start = cpu_seconds();
    for position in 0..seq_len {
        let token = [(position * 31 % 170) as u32];
        let spans: Vec<Span<'_>> = lists
            .iter()
            .map(|pages| {
                let pages = PageTable::alone(pages);
                Span { start: position, tokens: &token, pages, n_logits: 1 }
            })
            .collect();
        let logits = model.infer(&spans, &mut cache).expect("the CPU computes");
        assert_eq!(logits.n_rows(), BATCH);
    }
    let seconds = cpu_seconds() - start;
    println!("decoding, batch {BATCH}: {:.0} tokens/CPU-s", (BATCH * seq_len) as f64 / seconds);
}

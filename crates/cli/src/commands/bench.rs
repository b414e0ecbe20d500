//! `quaero bench rollout|update`: our speed on a model's shape, PyTorch's beside it where a
//! Python with torch is at hand. Both do the same work on the same cores in turn, round by round.
//! `bench step`, `bench verify`, `bench gate` and `bench kernels` are of their own kinds.

pub(crate) mod gate;
pub(crate) mod kernels;
pub(crate) mod step;
pub(crate) mod verify;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use quaero_engine::{Engine, Request, Sampling};
use quaero_model::{ForwardOptions, Model, Packed};
use quaero_optim::{AdamW, AdamWOptions, Memory, clip_grad_norm};
use quaero_rng::Key;
use serde_json::{Value, json};

use crate::args::BenchArgs;
use crate::{print, world};

/// The peers' sources, written out when they are to run.
const PEERS: [(&str, &str); 3] = [
    ("torch_model.py", include_str!("../../peers/torch_model.py")),
    ("torch_rollout.py", include_str!("../../peers/torch_rollout.py")),
    ("torch_update.py", include_str!("../../peers/torch_update.py")),
];
const GROUPS: usize = 64;
const SAMPLES: usize = 8;
const ROWS: usize = 32;
const ROW_TOKENS: usize = 128;

pub(crate) fn rollout(args: &BenchArgs) -> anyhow::Result<()> {
    let model = world::policy(&args.model)?.model;
    let requests = requests(model.config().vocab_size);
    let options =
        quaero_engine::Options { max_batch: 128, page_tokens: 32, cache_mib: 2048, graphs: false };
    let mut engine = Engine::new(options);
    run(args, "rollout", "new tokens", &model, || {
        engine.generate(&model, &[], &requests, &mut |_| ())?;
        Ok(engine.stats().completion_tokens)
    })
}

pub(crate) fn update(args: &BenchArgs) -> anyhow::Result<()> {
    let mut model = world::policy(&args.model)?.model;
    let mut stream = Key::new(3).stream();
    let vocab = model.config().vocab_size;
    let rows: Vec<Vec<u32>> =
        (0..ROWS).map(|_| (0..ROW_TOKENS).map(|_| stream.below(vocab) as u32).collect()).collect();
    let packed = Packed::new(&rows);
    let (targets, n) = (packed.next_tokens(), packed.tokens.len());
    let dlogp: Vec<f32> = (0..n).map(|_| stream.normal() / n as f32).collect();
    let adamw = AdamWOptions {
        betas: (0.9, 0.95),
        eps: 1e-8,
        weight_decay: 0.0,
        decay_vectors: false,
        memory: Memory::Full,
    };
    let mut adamw = AdamW::new(adamw, model.params().tensors())?;
    let mut grads = model.params().zeros_like()?;
    let shape = model.clone();
    run(args, "update", "tokens", &shape, || {
        grads.set_zero()?;
        let options = ForwardOptions { recompute: false, temperature: 1.0 };
        let forward = model.forward(&packed, &targets, &options)?;
        model.backward(forward, &dlogp, &vec![0.0; n], &mut grads)?;
        let (_, scale) = clip_grad_norm(grads.tensors(), 1.0)?;
        adamw.step(model.params_mut().tensors_mut(), grads.tensors(), 1e-4, scale)?;
        Ok(n as u64)
    })
}

/// The lengths that the peer takes too: spread evenly, in a scrambled order.
fn length(i: usize, low: usize, high: usize, salt: usize) -> usize {
    low + ((i * 7919 + salt) % 1009) * (high - low + 1) / 1009
}

/// Prompts of 40 to 80 tokens, each continued by 8 samples of 20 to 60 tokens. The trained model
/// could stop early; it is given no end of sequence, so that the work is the peer's.
fn requests(vocab: usize) -> Vec<Request> {
    (0..GROUPS)
        .map(|group| {
            let mut stream = Key::new(group as u64).stream();
            let n = length(group, 40, 80, 0);
            let prompt: Arc<[u32]> = (0..n).map(|_| stream.below(vocab) as u32).collect();
            let lengths = (0..SAMPLES).map(|i| length(group * SAMPLES + i, 20, 60, 17));
            let max_new = lengths.sum::<usize>() / SAMPLES;
            let (sampling, key) = (Sampling::plain(1.0), Key::new(2).with(group as u64));
            Request { prompt, n_samples: SAMPLES, max_new, sampling, key }
        })
        .collect()
}

/// Runs ours and the peer in turn and prints the best of each.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn run(
    args: &BenchArgs,
    name: &str,
    unit: &str,
    model: &Model,
    mut work: impl FnMut() -> anyhow::Result<u64> + Send,
) -> anyhow::Result<()> {
    let threads = args.threads.unwrap_or_else(rayon::current_num_threads);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .context("cannot start threads")?;
    let mut timed = || {
        let start = Instant::now();
        let n = pool.install(&mut work)?;
        anyhow::Ok(n as f64 / start.elapsed().as_secs_f64())
    };
    timed()?; // warm-up: buffers are taken, pages touched
    let (mut ours, mut peer, mut why) = (0.0_f64, None::<f64>, None);
    for _ in 0..args.rounds.max(1) {
        ours = ours.max(timed()?);
        match torch(args, name, threads, model) {
            Ok(rate) => peer = Some(peer.unwrap_or(0.0).max(rate)),
            Err(error) => why = Some(format!("{error:#}")),
        }
    }
    report(args, name, unit, threads, ours, peer, why)
}

fn report(
    args: &BenchArgs,
    name: &str,
    unit: &str,
    threads: usize,
    ours: f64,
    peer: Option<f64>,
    why: Option<String>,
) -> anyhow::Result<()> {
    if args.json.json {
        let ratio = peer.map(|peer| ours / peer);
        let all = json!({"bench": name, "unit": format!("{unit}/s"), "threads": threads,
                         "quaero": ours, "torch": peer, "ratio": ratio, "torch_missing": why});
        print::line(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let show = |x: Option<f64>, digits| x.map_or("–".to_owned(), |x| format!("{x:.digits$}"));
    let row = vec![
        name.to_owned(),
        threads.to_string(),
        show(Some(ours), 0),
        show(peer, 0),
        show(peer.map(|peer| ours / peer), 2),
    ];
    let header = ["bench", "threads", &format!("quaero {unit}/s"), "PyTorch", "ratio"];
    print::table(&header, &[row]);
    if let Some(why) = why {
        print::note(&format!("no peer: {why}"));
    }
    Ok(())
}

/// The peer's rate, from a fresh process.
fn torch(args: &BenchArgs, name: &str, threads: usize, model: &Model) -> anyhow::Result<f64> {
    let python = args.python.clone().unwrap_or_else(|| PathBuf::from("python3"));
    let folder = tempfile::tempdir()?;
    for (file, text) in PEERS {
        std::fs::write(folder.path().join(file), text)?;
    }
    let config = model.config();
    let mut command = Command::new(&python);
    command.arg(folder.path().join(format!("torch_{name}.py")));
    for (option, value) in [
        ("threads", threads),
        ("layers", config.n_layers),
        ("hidden", config.hidden_size),
        ("heads", config.n_heads),
        ("kv-heads", config.n_kv_heads),
        ("ff", config.intermediate_size),
        ("vocab", config.vocab_size),
    ] {
        command.arg(format!("--{option}={value}"));
    }
    let output = command
        .output()
        .with_context(|| format!("cannot run {} (name one with --python)", python.display()))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().last().unwrap_or("no message").to_owned();
        anyhow::bail!("{}: {last} (name a Python that has torch with --python)", python.display());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let value: Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
    let key = if name == "rollout" { "new_tokens_per_s" } else { "tokens_per_s" };
    value[key].as_f64().with_context(|| format!("the peer printed no {key}"))
}

//! `quaero-lab bench step`: the numeric work of self-play on a random model of a real shape. Each
//! step generates completions and learns from them; tasks and sandbox are left out.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use quaero_engine::{Engine, Request, Sampling};
use quaero_model::{Architecture, Config, Model};
use quaero_objective::Options as Objective;
use quaero_optim::{AdamWOptions, Schedule, StatePrecision};
use quaero_policy::Policy;
use quaero_rng::Key;
use quaero_terminal::print;
use quaero_types::{Batch, Finish, Kind, PolicyVersion, Role, Row, TaskRole, Trace};
use quaero_update::{Learner, Options, Stats};
use serde_json::json;

use crate::args::{BenchStep, Shape};
use crate::place;

/// Tokens a page of the cache holds on the CPU; a device has its own.
const PAGE_TOKENS: usize = 64;

/// What one step took and did.
struct Measured {
    rollout_s: f64,
    update_s: f64,
    n_generated: u64,
    stats: Stats,
}

pub(crate) fn run(args: &BenchStep) -> anyhow::Result<()> {
    let device = place::device(args.device)?;
    let free_at_start = device.free_bytes();
    let config = config(args);
    let model = Model::random(config.clone(), Key::new(1))?;
    let n_params = model.params().n_elements();
    // Nothing is encoded: the tokenizer only completes the policy.
    let tokenizer = place::policy(Path::new(place::SEED))?.tokenizer;
    let mut policy = Policy { version: PolicyVersion(0), model: model.to(&device)?, tokenizer };
    let mut learner = Learner::new(&learning(args), &policy.model)?;
    let mut engine = Engine::new(options(args, &policy.model));
    let (mut steps, mut free_least) = (Vec::new(), free_at_start);
    for step in 0..args.steps.max(2) {
        let (next, measured) = advance(args, step as u64, policy, &mut engine, &mut learner)?;
        policy = next;
        free_least = free_least.min(device.free_bytes());
        print::note(&format!(
            "step {step}: rollout {:.2} s, update {:.2} s, loss {:.4}, log-prob gap at most {:e}",
            measured.rollout_s,
            measured.update_s,
            measured.stats.loss,
            measured.stats.tokens.logp_gap_max
        ));
        steps.push(measured);
    }
    let used = free_at_start.zip(free_least).map(|(start, least)| start.saturating_sub(least));
    let digest = digest(&policy.model)?;
    report(args, &device.name(), n_params, &steps[1..], used, &digest);
    Ok(())
}

/// Equal for weights of equal bits, and all but surely other for others (FNV-1a over their words).
fn digest(model: &Model) -> anyhow::Result<String> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for tensor in model.params().tensors() {
        for value in tensor.values()?.iter() {
            hash = (hash ^ u64::from(value.to_bits())).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}

fn config(args: &BenchStep) -> Config {
    let longest = args.prompt_tokens + args.completion_tokens;
    let base = Config {
        architecture: Architecture::Qwen2,
        vocab_size: 151_936,
        hidden_size: 896,
        intermediate_size: 4864,
        n_layers: 24,
        n_heads: 14,
        n_kv_heads: 2,
        head_dim: 64,
        max_position_embeddings: longest.next_multiple_of(64),
        rms_norm_eps: 1e-6,
        rope_theta: 1e6,
        rope_scaling: None,
        sliding: None,
        query_pre_attn_scalar: None,
        kept: Default::default(),
        tie_word_embeddings: true,
        qkv_bias: true,
        o_bias: false,
        mlp_bias: false,
    };
    match args.shape {
        Shape::Qwen25Half => base,
        Shape::Toy => Config {
            vocab_size: 512,
            hidden_size: 128,
            intermediate_size: 336,
            n_layers: 2,
            n_heads: 4,
            n_kv_heads: 2,
            head_dim: 32,
            ..base
        },
        Shape::Qwen3Small => Config {
            architecture: Architecture::Qwen3,
            hidden_size: 1024,
            intermediate_size: 3072,
            n_layers: 28,
            n_heads: 16,
            n_kv_heads: 8,
            head_dim: 128,
            qkv_bias: false,
            ..base
        },
        Shape::Qwen25 => Config {
            hidden_size: 1536,
            intermediate_size: 8960,
            n_layers: 28,
            n_heads: 12,
            n_kv_heads: 2,
            head_dim: 128,
            ..base
        },
    }
}

fn learning(args: &BenchStep) -> Options {
    Options {
        objective: Objective::azr(),
        adamw: AdamWOptions {
            betas: (0.9, 0.999),
            eps: 1e-8,
            weight_decay: 0.01,
            decay_vectors: false,
            state_precision: StatePrecision::F32,
        },
        schedule: Schedule::constant(1e-6),
        grad_norm_max: 1.0,
        epochs: 1,
        minibatches: 1,
        micro_batch_tokens: args.micro_batch_tokens,
        recompute: false,
    }
}

/// Room for the whole batch at once, page edges included.
fn options(args: &BenchStep, model: &Model) -> quaero_engine::Options {
    let n = args.prompts * args.samples;
    let device = model.device();
    let page_len = quaero_model::KvCache::page_len_near(device.place(), PAGE_TOKENS);
    let pages = args.prompts * (args.prompt_tokens / page_len + 1)
        + n * (args.completion_tokens / page_len + 2);
    let bytes = pages * quaero_model::KvCache::page_bytes(device.place(), model.config(), page_len);
    quaero_engine::Options {
        batch_max: n,
        page_tokens: PAGE_TOKENS,
        cache_mib: bytes.div_ceil(1 << 20),
        graphs: args.graphs,
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn advance(
    args: &BenchStep,
    step: u64,
    policy: Policy,
    engine: &mut Engine,
    learner: &mut Learner,
) -> anyhow::Result<(Policy, Measured)> {
    let start = Instant::now();
    let requests = requests(args, step, policy.model.config().vocab_size);
    let outputs = engine.generate(&policy.model, &[], &requests, &mut |_| ())?;
    let rollout_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut stream = Key::new(7).with(step).stream();
    let rows = outputs.into_iter().map(|output| Row {
        task_role: TaskRole { role: Role::Solve, kind: Kind::new("random", "tokens") },
        group: output.request_idx as u64,
        trace: Trace {
            finish: Finish::Length,
            ..Trace::one_turn(&requests[output.request_idx].prompt, &output.tokens, output.logp)
        },
        reward: 0.0,
        advantage: stream.normal(),
        weight: 1.0,
    });
    let batch = Batch { rows: rows.collect() };
    let (policy, stats) = learner.update(policy, &batch, Key::new(7).with(step))?;
    policy.model.device().synchronize()?;
    let update_s = start.elapsed().as_secs_f64();
    let n_generated = engine.stats().completion_tokens;
    Ok((policy, Measured { rollout_s, update_s, n_generated, stats }))
}

fn requests(args: &BenchStep, step: u64, vocab_size: usize) -> Vec<Request> {
    (0..args.prompts as u64)
        .map(|i| {
            let mut stream = Key::new(2).with(step).with(i).stream();
            let mut token = |_| stream.below(vocab_size) as u32;
            Request {
                prompt: (0..args.prompt_tokens).map(&mut token).collect::<Arc<[u32]>>(),
                n_samples: args.samples,
                new_tokens_max: args.completion_tokens,
                sampling: Sampling::plain(1.0),
                key: Key::new(3).with(step).with(i),
            }
        })
        .collect()
}

fn report(
    args: &BenchStep,
    device: &str,
    n_params: usize,
    steps: &[Measured],
    used: Option<usize>,
    digest: &str,
) {
    let mean = |of: fn(&Measured) -> f64| steps.iter().map(of).sum::<f64>() / steps.len() as f64;
    let (rollout_s, update_s) = (mean(|step| step.rollout_s), mean(|step| step.update_s));
    let rollout = mean(|step| step.n_generated as f64) / rollout_s;
    let n_learned = mean(|step| step.stats.n_tokens as f64);
    let update = n_learned / update_s;
    // 6 N a token, attention not counted (Kaplan et al., 2001.08361); generation costs 2 N.
    let update_tflops = 6.0 * n_params as f64 * update / 1e12;
    let gap = steps.iter().map(|step| step.stats.tokens.logp_gap_max).fold(0.0, f64::max);
    let step_s = rollout_s + update_s;
    if args.json.json {
        let all = json!({
            "bench": "step", "device": device, "parameters": n_params, "steps": steps.len(),
            "prompts": args.prompts, "samples": args.samples,
            "prompt_tokens": args.prompt_tokens, "completion_tokens": args.completion_tokens,
            "rollout_tok_s": rollout, "update_tok_s": update, "update_tflops": update_tflops,
            "rollout_s": rollout_s, "update_s": update_s, "step_s": step_s,
            "logp_gap_max": gap, "memory_bytes": used, "digest": digest,
            "loss": steps.iter().map(|step| step.stats.loss).collect::<Vec<_>>(),
        });
        print::line(&all.to_string());
        return;
    }
    let rows = [
        ("device", device.to_owned()),
        ("parameters", n_params.to_string()),
        ("generated tok/s", format!("{rollout:.0}")),
        ("learned tok/s", format!("{update:.0}")),
        ("update TFLOP/s (6 N a token)", format!("{update_tflops:.2}")),
        ("step s", format!("{step_s:.3}")),
        ("log-prob gap, at most", format!("{gap:e}")),
        ("device memory GiB", used.map_or("–".to_owned(), |n| format!("{:.2}", n as f64 / GIB))),
    ];
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    print::table(&["", ""], &rows);
}

const GIB: f64 = (1_u64 << 30) as f64;

//! The model against transformers, and its two passes against each other.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::path::PathBuf;

use quaero_model::{
    Config, Device, ForwardOptions, KvCache, LogSoftmax, Model, NO_TARGET, Packed, PageTable,
    Params, Span,
};
use quaero_ops::Tensor;
use quaero_rng::Key;
use quaero_shape::DType;
use quaero_testkit::check_close;
use quaero_weights::Named;
use safetensors::SafeTensors;

const CASES: [&str; 10] = [
    "llama_tied",
    "llama3_rope_biases",
    "qwen2",
    "qwen3",
    "llama_linear",
    "llama_stored_head",
    "qwen2_yarn",
    "qwen2_rope_scaling",
    "qwen3_yarn_sliding",
    "gemma3",
];
const TEMPERATURE: f32 = 0.7;

fn folder(case: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", case].iter().collect()
}

/// What transformers computed.
struct Expected(Vec<u8>);

impl Expected {
    fn of(case: &str) -> Self {
        Self(std::fs::read(folder(case).join("expected.safetensors")).unwrap())
    }

    fn f32s(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let data = file.tensor(name).unwrap().data().to_vec();
        data.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    }

    fn f64s(&self, name: &str) -> Vec<f64> {
        quaero_testkit::wide(&self.f32s(name))
    }

    fn i64s(&self, name: &str) -> Vec<i64> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let data = file.tensor(name).unwrap().data().to_vec();
        data.as_chunks::<8>().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect()
    }

    /// Sequences and targets.
    fn batch(&self) -> (Packed, Vec<u32>) {
        let tokens: Vec<u32> = self.i64s("tokens").iter().map(|&t| t as u32).collect();
        let mut rest = &tokens[..];
        let packed = Packed::new(self.i64s("lengths").iter().map(|&len| {
            let (sequence, tail) = rest.split_at(len as usize);
            rest = tail;
            sequence.to_vec()
        }));
        let target = |t: i64| u32::try_from(t).unwrap_or(NO_TARGET);
        (packed, self.i64s("targets").into_iter().map(target).collect())
    }
}

fn options(recompute: bool) -> ForwardOptions {
    ForwardOptions { recompute, temperature: TEMPERATURE }
}

fn gradients(case: &str, recompute: bool) -> (Model, Params) {
    let model = Model::load(folder(case)).unwrap();
    let expected = Expected::of(case);
    let (packed, targets) = expected.batch();
    let forward = model.forward(&packed, &targets, &options(recompute)).unwrap();
    let mut grads = model.params().zeros_like().unwrap();
    model
        .backward(forward, &expected.f32s("dlogp"), &expected.f32s("dentropy"), &mut grads)
        .unwrap();
    (model, grads)
}

#[test]
fn logp_and_entropy_agree_with_transformers() {
    for case in CASES {
        let model = Model::load(folder(case)).unwrap();
        let expected = Expected::of(case);
        let (packed, targets) = expected.batch();
        let forward = model.forward(&packed, &targets, &options(false)).unwrap();
        check_close(case, &forward.logp, &expected.f64s("logp"), 1e-5);
        check_close(case, &forward.entropy, &expected.f64s("entropy"), 1e-5);
    }
}

#[test]
fn gradients_agree_with_transformers() {
    for case in CASES {
        let expected = Expected::of(case);
        let (_, grads) = gradients(case, false);
        for (name, grad) in grads.iter() {
            let want = expected.f64s(&format!("grad.{name}"));
            check_close(&format!("{case}, {name}"), grad.data(), &want, 1e-4);
        }
    }
}

/// Bits of every tensor.
fn bits(params: &Params) -> Vec<u32> {
    params.tensors().iter().flat_map(|t| t.data()).map(|x| x.to_bits()).collect()
}

#[test]
fn recompute_gives_same_gradients() {
    for case in CASES {
        assert!(bits(&gradients(case, false).1) == bits(&gradients(case, true).1), "{case}");
    }
}

#[test]
fn threads_do_not_change_bits() {
    for case in CASES {
        let with = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| bits(&gradients(case, false).1))
        };
        assert!(with(1) == with(3), "{case}");
    }
}

/// Forward's log-probabilities of each sequence alone and among others.
#[test]
fn batch_does_not_change_bits() {
    for case in CASES {
        let model = Model::load(folder(case)).unwrap();
        let (packed, targets) = Expected::of(case).batch();
        let all = model.forward(&packed, &targets, &options(false)).unwrap();
        for range in packed.ranges() {
            let alone = Packed::new([&packed.tokens[range.clone()]]);
            let one = model.forward(&alone, &targets[range.clone()], &options(false)).unwrap();
            assert_eq!(one.logp, all.logp[range.clone()], "{case}");
            assert_eq!(one.entropy, all.entropy[range], "{case}");
        }
    }
}

/// Logits of all rows, the sequences cut into steps of `chunk` tokens that run side by side, each
/// sequence starting `stagger` steps after the one before, on pages handed out crosswise.
fn paged_logits(model: &Model, packed: &Packed, chunk: usize, stagger: usize) -> Vec<Vec<f32>> {
    const PAGE: usize = 32;
    let sequences: Vec<&[u32]> = packed.ranges().map(|range| &packed.tokens[range]).collect();
    let n_pages = 4;
    let mut cache =
        KvCache::new(&Device::cpu(), model.config(), n_pages * sequences.len(), PAGE).unwrap();
    let lists: Vec<Vec<u32>> = (0..sequences.len())
        .map(|i| (0..n_pages).map(|p| (p * sequences.len() + i) as u32).rev().collect())
        .collect();
    let mut logits = vec![Vec::new(); sequences.len()];
    for step in 0.. {
        let mut spans = Vec::new();
        let mut owners = Vec::new();
        let mut pending = false;
        for (i, tokens) in sequences.iter().enumerate() {
            let start = step.max(i * stagger) * chunk - i * stagger * chunk;
            pending |= start < tokens.len();
            if step >= i * stagger && start < tokens.len() {
                let tokens = &tokens[start..tokens.len().min(start + chunk)];
                let pages = PageTable::alone(&lists[i]);
                spans.push(Span { start, tokens, pages, n_logits: tokens.len() });
                owners.extend(std::iter::repeat_n(i, tokens.len()));
            }
        }
        if !pending {
            break;
        }
        let step_logits = model.infer(&spans, &mut cache).unwrap();
        for (row, owner) in step_logits.rows().zip(owners) {
            logits[owner].extend_from_slice(row);
        }
    }
    logits
}

#[test]
fn logits_agree_with_transformers() {
    for case in CASES {
        let model = Model::load(folder(case)).unwrap();
        let expected = Expected::of(case);
        let logits = paged_logits(&model, &expected.batch().0, 1000, 0).concat();
        check_close(case, &logits, &expected.f64s("logits"), 1e-5);
    }
}

#[test]
fn paged_decode_equals_recompute_bit_for_bit() {
    for case in CASES {
        let model = Model::load(folder(case)).unwrap();
        let (packed, targets) = Expected::of(case).batch();
        let forward = model.forward(&packed, &targets, &options(false)).unwrap();
        for (chunk, stagger) in [(1, 0), (1, 3), (7, 1), (1000, 0)] {
            let logits = paged_logits(&model, &packed, chunk, stagger).concat();
            let rows = logits.chunks_exact(model.config().vocab_size);
            for (row, logits) in rows.enumerate().filter(|(row, _)| targets[*row] != NO_TARGET) {
                let softmax = LogSoftmax::of(logits, TEMPERATURE);
                let logp = softmax.logp(logits[targets[row] as usize]);
                assert_eq!(logp.to_bits(), forward.logp[row].to_bits(), "{case}, row {row}");
                assert_eq!(softmax.entropy().to_bits(), forward.entropy[row].to_bits(), "{case}");
            }
        }
    }
}

/// Two sequences share the pages of their prefix, whose last page is not full.
#[test]
fn shared_prefix_pages_give_the_same_bits() {
    for name in ["qwen3", "gemma3"] {
        shared_prefix(&Model::load(folder(name)).unwrap());
    }
}

fn shared_prefix(model: &Model) {
    let prefix: Vec<u32> = (0..40).collect();
    let mut cache = KvCache::new(&Device::cpu(), model.config(), 4, 32).unwrap();
    fn span<'a>(start: usize, tokens: &'a [u32], pages: PageTable<'a>) -> Span<'a> {
        Span { start, tokens, pages, n_logits: 1 }
    }
    let _ = model.infer(&[span(0, &prefix, PageTable::alone(&[0, 1]))], &mut cache).unwrap();
    let table = |own| PageTable { prefix: &[0, 1], prefix_len: 40, own };
    let spans = [span(40, &[5], table(&[2])), span(40, &[9], table(&[3]))];
    let shared = model.infer(&spans, &mut cache).unwrap();
    for (row, token) in [(0, 5), (1, 9)] {
        let alone: Vec<u32> = prefix.iter().copied().chain([token]).collect();
        let mut cache = KvCache::new(&Device::cpu(), model.config(), 2, 32).unwrap();
        let logits =
            model.infer(&[span(0, &alone, PageTable::alone(&[0, 1]))], &mut cache).unwrap();
        assert_eq!(logits.row(0), shared.row(row));
    }
}

/// Branches of a shared beginning are whole sequences: the same bits forward, and the same
/// gradient up to the order of sums.
#[test]
fn branches_are_the_sequences_that_they_abbreviate() {
    for name in ["llama_tied", "qwen2", "qwen3", "qwen3_yarn_sliding", "gemma3"] {
        let model = Model::load(folder(name)).unwrap();
        let vocab = model.config().vocab_size as u32;
        let token = |i: usize| (i as u32 * 7919 + 3) % vocab;
        let prefix: Vec<u32> = (0..45).map(token).collect();
        let tails = [1, 30, 70].map(|n| (0..n).map(|i| token(i + 100 * n)).collect::<Vec<_>>());
        for n_prefix in [0, 1, 32, 45] {
            let prefix = &prefix[..n_prefix];
            let mut shared = Packed::new([&[1, 2, 3][..]]);
            shared.push(prefix);
            let mut whole = Packed::new([&[1, 2, 3][..]]);
            for tail in &tails {
                shared.push_branch(tail);
                whole.push(&[prefix, tail].concat());
            }
            // Only what stands behind the prefix is predicted.
            let mut targets = whole.next_tokens();
            for range in whole.ranges().skip(1) {
                targets[range.start..range.start + n_prefix].fill(NO_TARGET);
            }
            let mut shared_targets = shared.next_tokens();
            shared_targets[3..3 + n_prefix].fill(NO_TARGET);
            for recompute in [false, true] {
                let options = ForwardOptions { recompute, temperature: TEMPERATURE };
                let run = |packed: &Packed, targets: &[u32]| {
                    let forward = model.forward(packed, targets, &options).unwrap();
                    let rows = targets.iter().enumerate().filter(|(_, t)| **t != NO_TARGET);
                    let logp: Vec<u32> = rows.map(|(row, _)| forward.logp[row].to_bits()).collect();
                    let mut grads = model.params().zeros_like().unwrap();
                    let by = |t: &u32| if *t == NO_TARGET { 0.0 } else { 0.1 + *t as f32 * 0.01 };
                    let dlogp: Vec<f32> = targets.iter().map(by).collect();
                    model.backward(forward, &dlogp, &vec![0.1; dlogp.len()], &mut grads).unwrap();
                    (logp, grads)
                };
                let (logp, grads) = run(&shared, &shared_targets);
                let (want_logp, want) = run(&whole, &targets);
                assert!(logp == want_logp, "{name}, prefix {n_prefix}: bits of logp");
                for (name, want) in want.iter() {
                    let got = grads.get(name).unwrap().data();
                    let scale = want.data().iter().fold(0.0_f32, |a, x| a.max(x.abs()));
                    for (got, want) in got.iter().zip(want.data()) {
                        assert!((got - want).abs() <= 1e-4 * scale, "{name}: {got}, {want}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_saved_model_is_the_model() {
    let config = Config::from_json_file(&folder("qwen3").join("config.json")).unwrap();
    let model = Model::random(config, Key::new(8)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    model.save(dir.path(), DType::F32).unwrap();
    let loaded = Model::load(dir.path()).unwrap();
    assert_eq!((loaded.config(), loaded.params()), (model.config(), model.params()));
    model.save(dir.path(), DType::BF16).unwrap();
    let rounded = Model::load(dir.path()).unwrap();
    rounded.save(dir.path(), DType::BF16).unwrap();
    assert_eq!(Model::load(dir.path()).unwrap().params(), rounded.params());
}

/// The message for a folder whose configuration has `field` = `value`.
#[track_caller]
fn check_error(case: &str, field: &str, value: serde_json::Value, expected: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(folder(case).join("config.json")).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json[field] = value;
    std::fs::write(dir.path().join("config.json"), json.to_string()).unwrap();
    let weights = folder(case).join("model.safetensors");
    std::fs::copy(weights, dir.path().join("model.safetensors")).unwrap();
    let error = Model::load(dir.path()).unwrap_err().to_string();
    assert!(expected.iter().all(|part| error.contains(part)), "{error}");
}

#[test]
fn load_errors_name_the_tensor_and_both_shapes() {
    check_error("qwen2", "vocab_size", 60.into(), &["embed_tokens.weight", "[60, 28]", "[53, 28]"]);
    check_error("llama_tied", "num_hidden_layers", 3.into(), &["model.layers.2"]);
    check_error("llama_tied", "num_hidden_layers", 1.into(), &["model.layers.1"]);
    check_error("llama_tied", "model_type", "mamba".into(), &["mamba", "not supported"]);
}

/// Issue 21: a stored head beside a tied configuration was dropped in silence.
#[test]
fn tied_matrices_are_one_only_if_they_are_alike() {
    let load = |case: &str| Model::load(folder(case)).unwrap();
    let stored = load("llama_stored_head");
    assert!(
        !stored.config().tie_word_embeddings && stored.params().get("lm_head.weight").is_some()
    );
    // A head that repeats the embedding is no second matrix; a head alone serves as both.
    let tied = load("llama_tied");
    let embedding = tied.params().get("model.embed_tokens.weight").unwrap();
    for with_embedding in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let config = folder("llama_tied").join("config.json");
        std::fs::copy(config, dir.path().join("config.json")).unwrap();
        let named =
            |name, tensor: &'_ Tensor| (name, tensor.shape().clone(), tensor.data().to_vec());
        let all = tied.params().iter().map(|(name, tensor)| named(name, tensor));
        let mut all: Vec<_> = all
            .filter(|(name, _, _)| with_embedding || *name != "model.embed_tokens.weight")
            .collect();
        all.push(named("lm_head.weight", embedding));
        let tensors: Vec<_> = all
            .iter()
            .map(|(name, shape, values)| Named { name, shape: shape.clone(), values })
            .collect();
        quaero_weights::write(dir.path().join("model.safetensors"), &tensors, DType::F32).unwrap();
        let again = Model::load(dir.path()).unwrap();
        assert_eq!((again.config(), again.params()), (tied.config(), tied.params()));
    }
}

/// Issue 21: NaN weights passed `model check`.
#[test]
fn weights_that_are_no_numbers_are_refused() {
    let mut model = Model::load(folder("qwen3")).unwrap();
    let name = "model.layers.1.mlp.up_proj.weight";
    model.params_mut().get_mut(name).unwrap().data_mut()[3] = f32::NAN;
    model.params_mut().get_mut(name).unwrap().data_mut()[5] = f32::INFINITY;
    let dir = tempfile::tempdir().unwrap();
    model.save(dir.path(), DType::BF16).unwrap();
    let error = Model::load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("`model.layers.1.mlp.up_proj.weight` has 2 of 960 values"), "{error}");
}

#[test]
fn random_weights_follow_the_scheme() {
    let config = Config::from_json_file(&folder("llama_tied").join("config.json")).unwrap();
    let init = quaero_model::Init::zero_outputs(&config);
    let model = Model::random_with(config.clone(), init, Key::new(1)).unwrap();
    let std = |name: &str| {
        let data = model.params().get(name).unwrap().data();
        (data.iter().map(|x| x * x).sum::<f32>() / data.len() as f32).sqrt()
    };
    let layer = |name: &str| std(&format!("model.layers.1.{name}.weight"));
    assert_eq!((layer("self_attn.o_proj"), layer("mlp.down_proj")), (0.0, 0.0));
    assert!((layer("mlp.gate_proj") - 1.0 / 6.0).abs() < 0.01);
    assert_eq!(layer("input_layernorm"), 1.0);
    let again = Model::random_with(config, init, Key::new(1)).unwrap();
    assert_eq!(again.params(), model.params());
    let names = model.params().names();
    assert_eq!(names[1], "model.layers.0.self_attn.q_proj.weight");
    assert_eq!(model.params().n_elements(), again.params().n_elements());
}

/// Empty sequences and rows without targets take no part.
#[test]
fn nothing_in_gives_nothing_out() {
    let model = Model::load(folder("qwen3")).unwrap();
    let mut grads = model.params().zeros_like().unwrap();
    for sequences in [&[&[][..], &[3, 4, 5], &[]][..], &[&[]], &[]] {
        let packed = Packed::new(sequences);
        let n = packed.tokens.len();
        let forward = model.forward(&packed, &vec![NO_TARGET; n], &options(false)).unwrap();
        assert_eq!((forward.logp.clone(), forward.entropy.clone()), (vec![0.0; n], vec![0.0; n]));
        model.backward(forward, &vec![1.0; n], &vec![1.0; n], &mut grads).unwrap();
    }
    assert!(grads.tensors().iter().all(|grad| grad.data().iter().all(|&x| x == 0.0)));
    let mut cache = KvCache::new(&Device::cpu(), model.config(), 1, 32).unwrap();
    let logits = model.infer(&[], &mut cache).unwrap();
    assert_eq!(logits.n_rows(), 0);
}

//! The engine against a sampler that knows no batch, no cache and no sharing, and against itself
//! under other circumstances.

use std::sync::Arc;

use proptest::prelude::*;
use quaero_model::{Architecture, Config, ForwardOptions, KvCache, Model, Packed, PageTable, Span};
use quaero_rng::Key;

use super::{Engine, Options};
use crate::{Error, Finish, Output, Progress, Refusal, Request, Sampling, draw};

const EOS: [u32; 2] = [3, 7];
const CONTEXT: usize = 160;

fn model() -> Model {
    let config = Config {
        architecture: Architecture::Llama,
        vocab_size: 53,
        hidden_size: 32,
        intermediate_size: 48,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: 2,
        head_dim: 8,
        max_position_embeddings: CONTEXT,
        rms_norm_eps: 1e-5,
        rope_theta: 1e4,
        rope_scaling: None,
        sliding: None,
        query_pre_attn_scalar: None,
        kept: Default::default(),
        tie_word_embeddings: true,
        qkv_bias: false,
        o_bias: false,
        mlp_bias: false,
    };
    let mut model = Model::random(config, Key::new(4)).expect("a sound configuration");
    // A sharper distribution than random weights give, so that every layer shows in what is drawn.
    for tensor in model.params_mut().tensors_mut() {
        if tensor.shape().n_axes() == 2 {
            tensor.data_mut().iter_mut().for_each(|x| *x *= 3.0);
        }
    }
    model
}

fn engine(batch_max: usize) -> Engine {
    Engine::new(Options { batch_max, page_tokens: 32, cache_mib: 8, graphs: false })
}

fn request(
    n_prompt: usize,
    n_samples: usize,
    new_tokens_max: usize,
    sampling: Sampling,
) -> Request {
    let mut stream = Key::new(n_prompt as u64).stream();
    let prompt: Arc<[u32]> = (0..n_prompt).map(|_| stream.below(53) as u32).collect();
    Request { prompt, n_samples, new_tokens_max, sampling, key: Key::new(9).with(n_prompt as u64) }
}

fn requests() -> Vec<Request> {
    let plain = Sampling::plain(1.0);
    let cut = Sampling { temperature: 0.8, top_k: 20, top_p: 0.9, min_p: 0.01 };
    vec![
        request(5, 3, 20, plain),
        request(32, 4, 40, cut), // a full page and nothing more
        request(33, 2, 40, plain),
        request(31, 5, 3, plain),
        request(1, 1, 40, Sampling::greedy()),
        request(70, 8, 30, Sampling::plain(1.4)),
        request(64, 1, 1, plain),
        request(12, 0, 10, plain),
        request(12, 2, 0, plain),
        request(150, 2, 40, plain), // cut by the context
    ]
}

fn run(engine: &mut Engine, model: &Model, requests: &[Request]) -> Vec<Output> {
    engine.generate(model, &EOS, requests, &mut |_| ()).expect("generates")
}

/// One sample alone: the whole sequence is read anew for every token.
fn reference(model: &Model, request: &Request, sample_idx: usize) -> (Vec<u32>, Finish) {
    let limit = request.new_tokens_max.min(CONTEXT - request.prompt.len());
    let mut sequence = request.prompt.to_vec();
    while sequence.len() < request.prompt.len() + limit {
        let mut cache = KvCache::new(model.device(), model.config(), 8, 32).unwrap();
        let pages = PageTable::alone(&[5, 1, 4, 0, 2]);
        let span = Span { start: 0, tokens: &sequence, pages, n_logits: 1 };
        let logits = model.infer(&[span], &mut cache).unwrap();
        let key = request.key.with(sample_idx as u64);
        let drawn = draw(logits.row(0), &request.sampling, key, sequence.len() as u64);
        sequence.push(drawn.token);
        if EOS.contains(&drawn.token) {
            return (sequence.split_off(request.prompt.len()), Finish::Stop);
        }
    }
    (sequence.split_off(request.prompt.len()), Finish::Length)
}

#[test]
fn shared_prompts_are_single_requests_with_the_same_keys() {
    let (model, requests) = (model(), requests());
    let mut engine = engine(16);
    let outputs = run(&mut engine, &model, &requests);
    let mut outputs_left = outputs.iter();
    let mut n_stopped = 0;
    for (request_idx, request) in requests.iter().enumerate() {
        for sample_idx in 0..request.n_samples {
            let output = outputs_left.next().expect("one for each sample, in order");
            assert_eq!((output.request_idx, output.sample_idx), (request_idx, sample_idx));
            let (tokens, finish) = reference(&model, request, sample_idx);
            assert_eq!((&output.tokens, output.finish), (&tokens, finish), "{request_idx}");
            n_stopped += usize::from(finish == Finish::Stop);
        }
    }
    assert!(outputs_left.next().is_none());
    assert!(n_stopped > 3 && n_stopped < 24, "both ends occur: {n_stopped}");
    assert!(outputs[0].tokens != outputs[1].tokens, "samples differ");
}

#[test]
fn log_probabilities_are_the_bits_of_forward() {
    let (model, requests) = (model(), requests());
    for output in run(&mut engine(7), &model, &requests) {
        let request = &requests[output.request_idx];
        let n_prompt = request.prompt.len();
        let whole = [&request.prompt[..], &output.tokens].concat();
        let packed = Packed::new([&whole[..n_prompt], &whole[..]]);
        let greedy = request.sampling.temperature == 0.0;
        let temperature = if greedy { 1.0 } else { request.sampling.temperature };
        let options = ForwardOptions { recompute: true, temperature };
        let forward = model.forward(&packed, &packed.next_tokens(), &options).unwrap();
        let rows = &forward.logp[2 * n_prompt - 1..][..output.tokens.len()];
        let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&output.logp), bits(rows), "the gap is exactly 0");
    }
}

#[test]
fn nothing_around_a_sample_changes_it() {
    let (model, requests) = (model(), requests());
    let expected = run(&mut engine(64), &model, &requests);
    for batch_max in [1, 2, 5, 33] {
        for (prefill_tokens, page_tokens, cache_mib) in [(512, 32, 1), (1, 64, 8), (37, 40, 2)] {
            let mut engine =
                Engine::new(Options { batch_max, page_tokens, cache_mib, graphs: false });
            engine.prefill_tokens = Some(prefill_tokens);
            assert_eq!(run(&mut engine, &model, &requests), expected, "{batch_max}");
            // The pages now hold what was left there.
            assert_eq!(run(&mut engine, &model, &requests), expected, "{batch_max} again");
        }
    }
    for n_threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
        let got = pool.expect("threads").install(|| run(&mut engine(64), &model, &requests));
        assert_eq!(got, expected, "{n_threads} threads");
    }
    for (request_idx, request) in requests.iter().enumerate() {
        let alone = run(&mut engine(3), &model, std::slice::from_ref(request));
        let among = expected.iter().filter(|output| output.request_idx == request_idx);
        for (alone, among) in alone.into_iter().zip(among) {
            assert_eq!(Output { request_idx, ..alone }, *among);
        }
    }
}

#[test]
fn over_long_prompt_is_rejected_not_crashed() {
    let model = model();
    let good = request(20, 2, 10, Sampling::plain(1.0));
    let expected = run(&mut engine(4), &model, std::slice::from_ref(&good));
    let plain = Sampling::plain(1.0);
    let odd = Request { prompt: [1, 53].into(), ..good.clone() };
    let bad = |sampling: Sampling| Request { sampling, n_samples: 1, ..good.clone() };
    let requests = [
        request(CONTEXT, 2, 10, plain),
        good.clone(),
        request(CONTEXT - 1, 1, 10, plain),
        request(5000, 1, 10, plain),
        request(0, 1, 10, plain),
        odd,
        bad(Sampling::plain(-1.0)),
        bad(Sampling::plain(f32::NAN)),
        bad(Sampling { top_p: 0.0, ..plain }),
        bad(Sampling { min_p: 1.0, ..plain }),
    ];
    let mut engine = engine(4);
    let outputs = run(&mut engine, &model, &requests);
    let too_long = |tokens| Finish::Refused(Refusal::TooLong { tokens, tokens_max: CONTEXT - 1 });
    let field = |field| Finish::Refused(Refusal::Sampling { field });
    let unknown = Finish::Refused(Refusal::UnknownToken { token: 53, vocab_size: 53 });
    let finishes: Vec<Finish> = outputs.iter().map(|output| output.finish).collect();
    assert_eq!(finishes[..2], [too_long(CONTEXT); 2]);
    assert_eq!(outputs[2].tokens, expected[0].tokens);
    assert_eq!(outputs[3].logp, expected[1].logp);
    assert_eq!(outputs[4].tokens.len(), 1, "there is room for one token");
    assert_eq!(finishes[5..7], [too_long(5000), Finish::Refused(Refusal::EmptyPrompt)]);
    assert_eq!(finishes[7..9], [unknown; 2]);
    let fields = [field("temperature"), field("temperature"), field("top_p"), field("min_p")];
    assert_eq!(finishes[9..], fields);
    assert!(outputs[5..].iter().all(|output| output.tokens.is_empty()));
    assert_eq!(engine.stats().n_refused, 10);
}

#[test]
fn what_never_fits_the_cache_is_refused_and_the_rest_is_served() {
    let model = model();
    let page_tokens = 32 * 120;
    let mut small = Engine::new(Options { batch_max: 8, page_tokens, cache_mib: 4, graphs: false });
    let page_bytes = KvCache::page_bytes(model.device().place(), model.config(), page_tokens);
    let n_pages = (4 << 20) / page_bytes;
    assert_eq!(n_pages, 1, "one page of {page_bytes} bytes");
    let plain = Sampling::plain(1.0);
    // New tokens that are read again need a page beside the prompt's.
    let outputs = run(&mut small, &model, &[request(9, 2, 5, plain), request(9, 1, 1, plain)]);
    let needs = Refusal::NeedsCache { tokens: 2 * page_tokens, tokens_max: page_tokens };
    assert_eq!(outputs[0].finish, Finish::Refused(needs));
    assert_eq!(outputs[2].tokens, reference(&model, &request(9, 1, 1, plain), 0).0);

    let mut none = Engine::new(Options { batch_max: 8, page_tokens, cache_mib: 0, graphs: false });
    let error = none.generate(&model, &EOS, &[], &mut |_| ()).expect_err("no memory");
    assert!(matches!(error, Error::CacheTooSmall { cache_mib: 0, .. }), "{error}");
    let mut empty = Engine::new(Options { batch_max: 0, page_tokens, cache_mib: 8, graphs: false });
    let error = empty.generate(&model, &EOS, &[], &mut |_| ()).expect_err("no batch");
    assert!(matches!(error, Error::EmptyBatch));
}

#[test]
fn weights_that_have_diverged_are_an_error() {
    let mut model = model();
    model.params_mut().tensors_mut()[0].data_mut()[40] = f32::NAN;
    let requests = [request(5, 1, 5, Sampling::plain(1.0))];
    let error = engine(4).generate(&model, &EOS, &requests, &mut |_| ()).expect_err("NaN");
    let expected = Error::NotFinite { request_idx: 0, sample_idx: 0, position: 5 };
    assert_eq!(error.to_string(), expected.to_string());
}

#[test]
fn work_is_counted_and_told() {
    let (model, requests) = (model(), requests());
    let mut engine = engine(6);
    let mut told: Vec<Progress> = Vec::new();
    let outputs =
        engine.generate(&model, &EOS, &requests, &mut |p| told.push(p)).expect("generates");
    let stats = engine.stats();
    let n_tokens: usize = outputs.iter().map(|output| output.tokens.len()).sum();
    assert_eq!(stats.completion_tokens, n_tokens as u64);
    // Every prompt that was read, once; the one for no samples and the one for no tokens were not.
    let n_read = 5 + 32 + 33 + 31 + 1 + 70 + 64 + 150;
    assert_eq!(stats.prompt_tokens, n_read);
    let saved = 2 * 5 + 3 * 32 + 33 + 4 * 31 + 7 * 70 + 150;
    assert_eq!((stats.prefix_tokens_saved, stats.n_refused), (saved, 0));
    assert_eq!(told.len() as u64, stats.n_steps);
    assert!(told.windows(2).all(|w| w[0].completion_tokens <= w[1].completion_tokens));
    let last = Progress { n_finished: 28, n_samples: 28, completion_tokens: n_tokens as u64 };
    assert_eq!(told.last(), Some(&last));
    assert!(run(&mut engine, &model, &[]).is_empty());
    assert_eq!(engine.stats().completion_tokens, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any mix of requests in any engine gives what each sample gives alone.
    #[test]
    fn any_mix_is_its_samples(
        shapes in prop::collection::vec((1_usize..100, 0_usize..5, 0_usize..24, 0_usize..3), 1..6),
        batch_max in 1_usize..9,
        prefill_tokens in 1_usize..80,
        cache_mib in 1_usize..3,
    ) {
        let model = model();
        let samplings = [
            Sampling::plain(1.0),
            Sampling::greedy(),
            Sampling { temperature: 1.5, top_k: 9, top_p: 0.8, min_p: 0.0 },
        ];
        let requests: Vec<Request> = shapes
            .iter()
            .map(|&(n_prompt, n, new_tokens_max, i)| request(n_prompt, n, new_tokens_max, samplings[i]))
            .collect();
        let mut engine = Engine::new(Options { batch_max, page_tokens: 32, cache_mib, graphs: false });
        engine.prefill_tokens = Some(prefill_tokens);
        for output in run(&mut engine, &model, &requests) {
            let expected = reference(&model, &requests[output.request_idx], output.sample_idx);
            prop_assert_eq!((output.tokens, output.finish), expected);
        }
    }
}

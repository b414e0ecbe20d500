//! A plain batched sampler, enough to watch priming; self-play uses the engine.

use quaero_model::{KvCache, LogSoftmax, Model, PageTable, Span};
use quaero_rng::{Key, open01};

use crate::prime::ON_CPU;

/// Sequences generated together.
const BATCH: usize = 128;
const PAGE_LEN: usize = 64;

/// What to sample.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) prompt: Vec<u32>,
    pub(crate) key: Key,
}

/// Completions of `requests` up to and without `eos`; nothing for one that did not end within
/// `n_new_max` tokens. Temperature 0 takes the likeliest token.
pub(crate) fn sample(
    model: &Model,
    requests: &[Request],
    n_new_max: usize,
    temperature: f32,
    eos: u32,
) -> Vec<Option<Vec<u32>>> {
    requests
        .chunks(BATCH)
        .flat_map(|batch| sample_batch(model, batch, n_new_max, temperature, eos))
        .collect()
}

/// One sequence on its way.
struct Live<'a> {
    at: usize,
    request: &'a Request,
    written: Vec<u32>,
    pages: Vec<u32>,
}

fn sample_batch(
    model: &Model,
    batch: &[Request],
    n_new_max: usize,
    temperature: f32,
    eos: u32,
) -> Vec<Option<Vec<u32>>> {
    let len_max = batch.iter().map(|it| it.prompt.len()).max().unwrap_or(0) + n_new_max;
    let n_pages = len_max.div_ceil(PAGE_LEN);
    let cache = KvCache::new(model.device(), model.config(), batch.len() * n_pages, PAGE_LEN);
    let mut cache = cache.expect(ON_CPU);
    let pages_of = |at: usize| (0..n_pages).map(|page| (at * n_pages + page) as u32).collect();
    let mut live: Vec<Live<'_>> = batch
        .iter()
        .enumerate()
        .map(|(at, request)| Live { at, request, written: Vec::new(), pages: pages_of(at) })
        .collect();
    let mut done = vec![None; batch.len()];
    while !live.is_empty() {
        let spans: Vec<Span<'_>> = live
            .iter()
            .map(|it| {
                let n = it.written.len();
                let (start, tokens) = match n.checked_sub(1) {
                    None => (0, it.request.prompt.as_slice()),
                    Some(last) => (it.request.prompt.len() + last, &it.written[last..]),
                };
                Span { start, tokens, pages: PageTable::alone(&it.pages), n_logits: 1 }
            })
            .collect();
        let logits = model.infer(&spans, &mut cache).expect(ON_CPU);
        for (it, row) in live.iter_mut().zip(logits.rows()) {
            let word = quaero_rng::block(it.request.key, it.written.len() as u64, 0)[0];
            it.written.push(draw(row, temperature, open01(word)));
        }
        live.retain_mut(|it| {
            let ended = it.written.last() == Some(&eos);
            if ended {
                it.written.pop();
                done[it.at] = Some(std::mem::take(&mut it.written));
            }
            !ended && it.written.len() < n_new_max
        });
    }
    done
}

/// The token at quantile `u` of the distribution, or the likeliest at temperature 0.
fn draw(logits: &[f32], temperature: f32, u: f32) -> u32 {
    if temperature == 0.0 {
        let best = (0..logits.len()).reduce(|a, b| if logits[b] > logits[a] { b } else { a });
        return best.unwrap_or(0) as u32;
    }
    let law = LogSoftmax::of(logits, temperature);
    let mut left = f64::from(u);
    for (token, logit) in logits.iter().enumerate() {
        left -= f64::from(law.logp(*logit)).exp();
        if left <= 0.0 {
            return token as u32;
        }
    }
    logits.len() as u32 - 1
}

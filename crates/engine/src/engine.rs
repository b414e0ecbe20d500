//! The loop of steps.

use std::collections::VecDeque;

use quaero_model::{Config, Decoder, KvCache, Model, memory};
use quaero_ops::{Place, sample};
use rayon::prelude::*;

use crate::Error;
use crate::request::{Finish, Output, Progress, Refusal, Request, Stats};
use crate::sample::{Draw, Scratch};
use crate::schedule::{Job, Schedule, Turn, pages_needed};

/// Tokens of prompts that a step reads beside the running sequences: on the CPU as many as stay in
/// its caches, on a device enough to fill it.
const PREFILL_TOKENS: [usize; 2] = [512, 8192];

/// How large the engine may grow. No result depends on it, except that a request which does not
/// fit into the cache even alone is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The most sequences in a step.
    pub batch_max: usize,
    /// Tokens in a page of the cache, as near as the device allows
    /// ([`KvCache::page_len_near`]).
    pub page_tokens: usize,
    /// Memory of the cache in MiB.
    pub cache_mib: usize,
    /// On a device: record the steps that decode, and run what was recorded ([`Decoder`]).
    pub graphs: bool,
}

impl Options {
    /// Tokens and bytes of a page of the cache.
    #[must_use]
    pub fn page(&self, place: Place, config: &Config) -> (usize, usize) {
        let page_len = KvCache::page_len_near(place, self.page_tokens);
        (page_len, KvCache::page_bytes(place, config, page_len))
    }

    /// Bytes of the cache: whole pages.
    #[must_use]
    pub fn cache_bytes(&self, place: Place, config: &Config) -> usize {
        let (_, page_bytes) = self.page(place, config);
        (self.cache_mib << 20) / page_bytes * page_bytes
    }

    /// Bytes that a step of generation takes beside weights and cache, at most: a full batch, the
    /// prompts that enter with it, and their logits twice (those of one request wait for all of its
    /// samples).
    #[must_use]
    pub fn step_bytes(&self, place: Place, config: &Config) -> usize {
        let (page_len, page_bytes) = self.page(place, config);
        let n_cached = (self.cache_mib << 20) / page_bytes * page_len;
        let n_prompt = PREFILL_TOKENS[usize::from(place == Place::Device)].min(n_cached);
        let step =
            memory::infer_bytes(config, place, n_prompt + self.batch_max, 2 * self.batch_max);
        let recorded = match place {
            Place::Device if self.graphs => memory::recorded_bytes(config, self.batch_max),
            _ => 0,
        };
        step + recorded
    }
}

/// Generates. Keeps the memory of its cache from call to call, and nothing else.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    /// Set by tests: no result depends on it.
    prefill_tokens: Option<usize>,
    cache: Option<(Config, KvCache)>,
    stats: Stats,
}

impl Engine {
    /// An engine; its memory is taken at the first call.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, prefill_tokens: None, cache: None, stats: Stats::default() }
    }

    /// What the last call has done.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Continues every prompt. A sample ends with a token of `eos`, at its request's
    /// `new_tokens_max`, or at the end of the model's context. `on_progress` hears of every step.
    ///
    /// One output for each sample, sorted by request and sample. A request that cannot be served
    /// gives outputs that end with [`Finish::Refused`].
    ///
    /// # Errors
    /// If the cache does not hold a single page, the batch is empty by its options, the model's
    /// logits are not finite, or its device failed.
    pub fn generate(
        &mut self,
        model: &Model,
        eos: &[u32],
        requests: &[Request],
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Output>, Error> {
        if self.options.batch_max == 0 {
            return Err(Error::EmptyBatch);
        }
        self.stats = Stats::default();
        let usual = PREFILL_TOKENS[usize::from(!model.device().is_cpu())];
        let prefill_tokens = self.prefill_tokens.unwrap_or(usual);
        let batch_max = self.options.batch_max;
        let cache = prepare(&mut self.cache, &self.options, model)?;
        let stats = &mut self.stats;
        let (jobs, mut outputs) = sort_out(requests, model.config(), cache);
        stats.n_refused =
            outputs.iter().filter(|o| matches!(o.finish, Finish::Refused(_))).count() as u64;
        let n_samples = requests.iter().map(|request| request.n_samples).sum();
        for Job { request, .. } in &jobs {
            stats.prefix_tokens_saved += (request.prompt.len() * (request.n_samples - 1)) as u64;
        }
        let mut schedule = Schedule::new(jobs, cache, batch_max, prefill_tokens);
        let mut decoder = Decoder::new(model, cache);
        while !schedule.is_done() {
            schedule.admit();
            let spans = schedule.plan();
            let logits = match (spans.is_empty(), self.options.graphs) {
                (true, _) => None,
                (false, true) => Some(decoder.decode(&spans)?),
                (false, false) => Some(decoder.infer(&spans)?),
            };
            let (mut turns, n_read) = schedule.turns(logits.as_ref())?;
            assert!(n_read + turns.len() > 0, "a step reads or draws something");
            draw_all(&mut turns, eos)?;
            if let Some((request_idx, sample_idx, position)) =
                turns.iter().find_map(|turn| turn.sequence.fault())
            {
                return Err(Error::NotFinite { request_idx, sample_idx, position });
            }
            stats.n_steps += 1;
            stats.prompt_tokens += n_read as u64;
            stats.completion_tokens += turns.len() as u64;
            schedule.settle(decoder.cache(), |output| outputs.push(output))?;
            on_progress(Progress {
                n_finished: outputs.len(),
                n_samples,
                completion_tokens: stats.completion_tokens,
            });
        }
        assert!(schedule.all_pages_free(), "a sequence left and kept a page");
        outputs.sort_unstable_by_key(|output| (output.request_idx, output.sample_idx));
        Ok(outputs)
    }
}

/// The cache, made anew if it is not there or was for a model of another form.
fn prepare<'c>(
    slot: &'c mut Option<(Config, KvCache)>,
    options: &Options,
    model: &Model,
) -> Result<&'c mut KvCache, Error> {
    let cache_mib = options.cache_mib;
    let (config, device) = (model.config(), model.device());
    if slot.as_ref().is_some_and(|(of, cache)| of != config || cache.device() != device) {
        *slot = None;
    }
    let (page_len, page_bytes) = options.page(device.place(), config);
    let n_pages = (cache_mib << 20) / page_bytes;
    if n_pages == 0 {
        return Err(Error::CacheTooSmall { cache_mib, page_tokens: page_len, page_bytes });
    }
    if let Some((_, cache)) = slot {
        return Ok(cache);
    }
    let cache = KvCache::new(device, config, n_pages, page_len)?;
    Ok(&mut slot.insert((config.clone(), cache)).1)
}

/// Draws the next token of every turn, where the logits lie.
fn draw_all(turns: &mut [Turn<'_>], eos: &[u32]) -> Result<(), Error> {
    if turns.iter().all(|turn| turn.logits.is_host()) {
        turns.par_iter_mut().with_min_len(8).for_each_init(Scratch::default, |scratch, turn| {
            let drawn = turn.sequence.draw(turn.logits.row(turn.row), scratch);
            turn.sequence.push(drawn, eos);
        });
        return Ok(());
    }
    let draws: Vec<_> = turns.iter().map(Turn::on_device).collect();
    let drawn = sample::draw(&draws).map_err(quaero_model::Error::from)?;
    for (turn, sample::Drawn { token, logp }) in turns.iter_mut().zip(drawn) {
        turn.sequence.push(Draw { token, logp }, eos);
    }
    Ok(())
}

/// The requests that are to be served, and the outputs of all others.
fn sort_out<'a>(
    requests: &'a [Request],
    config: &Config,
    cache: &KvCache,
) -> (VecDeque<Job<'a>>, Vec<Output>) {
    let (mut jobs, mut outputs) = (VecDeque::new(), Vec::new());
    let (page_len, n_pages) = (cache.page_len(), cache.n_pages());
    let needed = |request: &Request, limit| pages_needed(cache.device(), request, limit, page_len);
    let room = config.max_position_embeddings;
    for (request_idx, request) in requests.iter().enumerate() {
        let limit = request.new_tokens_max.min(room.saturating_sub(request.prompt.len()));
        let too_wide = limit > 0 && needed(request, limit) > n_pages;
        let finish = match request.refusal(config.vocab_size, room) {
            Some(refusal) => Finish::Refused(refusal),
            None if too_wide => Finish::Refused(Refusal::NeedsCache {
                tokens: needed(request, limit) * page_len,
                tokens_max: n_pages * page_len,
            }),
            None => Finish::Length,
        };
        if finish == Finish::Length && limit > 0 {
            if request.n_samples > 0 {
                jobs.push_back(Job { request_idx, request, limit });
            }
            continue;
        }
        outputs.extend((0..request.n_samples).map(|sample_idx| Output {
            request_idx,
            sample_idx,
            tokens: Vec::new(),
            logp: Vec::new(),
            finish,
        }));
    }
    (jobs, outputs)
}

#[cfg(test)]
mod tests;

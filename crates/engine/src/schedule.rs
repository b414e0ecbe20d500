//! Who is in the batch.
//!
//! Samples enter in the order of requests, each with all the pages it may ever need, so a sequence
//! that has entered can always go on. The prompt of a request is read once; its samples share its
//! pages and write on in their own. (Where a device shares full pages alone, what stands in the
//! prompt's last page is copied to each sample before it reads its first own token.)

use std::collections::VecDeque;
use std::sync::Arc;

use quaero_model::{Device, KvCache, Logits, PageTable, Span};
use quaero_ops::sample;
use quaero_rng::Key;

use crate::Error;
use crate::pages::Pages;
use crate::request::{Finish, Output, Request, Sampling};
use crate::sample::{Draw, Scratch, draw_with};

/// A sample on its way.
#[derive(Debug)]
pub(crate) struct Sequence {
    sampling: Sampling,
    key: Key,
    n_prompt: usize,
    /// The most new tokens.
    limit: usize,
    /// The pages of the prompt, shared with the other samples.
    prefix: Arc<[u32]>,
    /// How many tokens of the prompt are read from them.
    n_shared: usize,
    /// Pages for the rest of the prompt and `limit` − 1 new tokens (the last one is never read
    /// again).
    own: Vec<u32>,
    output: Output,
}

impl Sequence {
    /// The position of the next token.
    fn position(&self) -> usize {
        self.n_prompt + self.output.tokens.len()
    }

    /// The next token from its row of logits.
    pub(crate) fn draw(&self, logits: &[f32], scratch: &mut Scratch) -> Draw {
        draw_with(logits, &self.sampling, self.key, self.position() as u64, scratch)
    }

    /// Takes the next token up.
    pub(crate) fn push(&mut self, drawn: Draw, eos: &[u32]) {
        let Draw { token, logp } = drawn;
        self.output.tokens.push(token);
        self.output.logp.push(logp);
        if eos.contains(&token) {
            self.output.finish = Finish::Stop;
        }
    }

    fn is_finished(&self) -> bool {
        self.output.finish == Finish::Stop || self.output.tokens.len() == self.limit
    }

    /// The position of the last token, if its log-probability is not a number.
    pub(crate) fn fault(&self) -> Option<(usize, usize, usize)> {
        let logp = self.output.logp.last()?;
        let position = self.n_prompt + self.output.tokens.len() - 1;
        let place = (self.output.request_idx, self.output.sample_idx, position);
        (!logp.is_finite()).then_some(place)
    }

    /// The last token, to be read in the next step.
    fn span(&self) -> Span<'_> {
        let n = self.output.tokens.len();
        Span {
            start: self.n_prompt + n - 1,
            tokens: &self.output.tokens[n - 1..],
            pages: self.pages(),
            n_logits: 1,
        }
    }

    fn pages(&self) -> PageTable<'_> {
        PageTable { prefix: &self.prefix, prefix_len: self.n_shared, own: &self.own }
    }
}

/// A sequence that can draw a token, and its row of logits.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) sequence: &'a mut Sequence,
    pub(crate) logits: &'a Logits,
    pub(crate) row: usize,
}

impl Turn<'_> {
    /// The draw, for a device.
    pub(crate) fn on_device(&self) -> sample::Draw<'_> {
        let Sampling { temperature, top_k, top_p, min_p } = self.sequence.sampling;
        sample::Draw {
            logits: self.logits,
            row: self.row,
            sampling: sample::Sampling { temperature, top_k, top_p, min_p },
            key: self.sequence.key.seed(),
            position: self.sequence.position() as u64,
        }
    }
}

/// A request whose samples have not all begun.
#[derive(Debug)]
struct Group<'a> {
    request: &'a Request,
    request_idx: usize,
    /// The most new tokens of a sample.
    limit: usize,
    /// The pages of the prompt.
    pages: Arc<[u32]>,
    /// How much of the prompt has been read.
    n_read: usize,
    /// How much of it the running step reads.
    n_reading: usize,
    /// The logits after the prompt, once it has been read.
    first_row: Option<Logits>,
    /// Samples that have entered the batch.
    n_entered: usize,
    /// Those of them that have not drawn their first token.
    waiting: Vec<Sequence>,
}

/// Pages that `n_tokens` tokens fill.
pub(crate) fn n_pages_for(n_tokens: usize, page_len: usize) -> usize {
    n_tokens.div_ceil(page_len)
}

/// The pages of its own that a sample of `request` needs at most.
fn own_pages(device: &Device, request: &Request, limit: usize, page_len: usize) -> usize {
    let n_prompt = request.prompt.len();
    n_pages_for(n_prompt - KvCache::shared_len(device, n_prompt) + limit - 1, page_len)
}

/// The pages that a sample of `request` needs at most, the prompt's among them.
pub(crate) fn pages_needed(
    device: &Device,
    request: &Request,
    limit: usize,
    page_len: usize,
) -> usize {
    n_pages_for(request.prompt.len(), page_len) + own_pages(device, request, limit, page_len)
}

/// A request that is to be served, and the most new tokens that a sample of it may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) request_idx: usize,
    pub(crate) request: &'a Request,
    pub(crate) limit: usize,
}

/// The batch and those who wait for it.
#[derive(Debug)]
pub(crate) struct Schedule<'a> {
    jobs: VecDeque<Job<'a>>,
    groups: VecDeque<Group<'a>>,
    running: Vec<Sequence>,
    /// Sequences that have entered and not ended.
    n_inside: usize,
    pages: Pages,
    device: Device,
    page_len: usize,
    batch_max: usize,
    prefill_tokens: usize,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(
        jobs: VecDeque<Job<'a>>,
        cache: &KvCache,
        batch_max: usize,
        prefill_tokens: usize,
    ) -> Self {
        Self {
            jobs,
            groups: VecDeque::new(),
            running: Vec::new(),
            n_inside: 0,
            pages: Pages::new(cache.n_pages()),
            device: cache.device().clone(),
            page_len: cache.page_len(),
            batch_max,
            prefill_tokens,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.jobs.is_empty() && self.groups.is_empty() && self.running.is_empty()
    }

    /// Lets samples enter, in order, while there are places and pages.
    pub(crate) fn admit(&mut self) {
        while self.n_inside < self.batch_max {
            let open = self.groups.back().is_some_and(|g| g.n_entered < g.request.n_samples);
            let entered = if open { self.admit_sample() } else { self.admit_group() };
            if !entered {
                break;
            }
        }
    }

    /// The next request, if its prompt and one sample have pages.
    fn admit_group(&mut self) -> bool {
        let Some(&Job { request_idx, request, limit }) = self.jobs.front() else { return false };
        if self.pages.n_free() < pages_needed(&self.device, request, limit, self.page_len) {
            return false;
        }
        let mut pages = Vec::new();
        let n_pages = n_pages_for(request.prompt.len(), self.page_len);
        assert!(self.pages.take(n_pages, &mut pages), "there are as many, as was just checked");
        self.jobs.pop_front();
        self.groups.push_back(Group {
            request,
            request_idx,
            limit,
            pages: pages.into(),
            n_read: 0,
            n_reading: 0,
            first_row: None,
            n_entered: 0,
            waiting: Vec::new(),
        });
        true
    }

    /// The next sample of the last group, if there are pages for it.
    fn admit_sample(&mut self) -> bool {
        let Some(group) = self.groups.back_mut() else { return false };
        let mut own = Vec::new();
        let n_own = own_pages(&self.device, group.request, group.limit, self.page_len);
        if !self.pages.take(n_own, &mut own) {
            return false;
        }
        self.pages.share(&group.pages);
        let sample_idx = group.n_entered;
        let capacity = group.limit.min(64);
        group.waiting.push(Sequence {
            sampling: group.request.sampling,
            key: group.request.key.with(sample_idx as u64),
            n_prompt: group.request.prompt.len(),
            n_shared: KvCache::shared_len(&self.device, group.request.prompt.len()),
            limit: group.limit,
            prefix: group.pages.clone(),
            own,
            output: Output {
                request_idx: group.request_idx,
                sample_idx,
                tokens: Vec::with_capacity(capacity),
                logp: Vec::with_capacity(capacity),
                finish: Finish::Length,
            },
        });
        group.n_entered += 1;
        self.n_inside += 1;
        true
    }

    /// What the next step reads: a token of every running sequence, then pieces of prompts.
    pub(crate) fn plan(&mut self) -> Vec<Span<'_>> {
        let mut budget = self.prefill_tokens;
        for group in &mut self.groups {
            group.n_reading = budget.min(group.request.prompt.len() - group.n_read);
            budget -= group.n_reading;
        }
        let reading = self.groups.iter().filter(|group| group.n_reading > 0).map(|group| {
            let end = group.n_read + group.n_reading;
            Span {
                start: group.n_read,
                tokens: &group.request.prompt[group.n_read..end],
                pages: PageTable::alone(&group.pages),
                n_logits: usize::from(end == group.request.prompt.len()),
            }
        });
        self.running.iter().map(Sequence::span).chain(reading).collect()
    }

    /// Takes the logits that the planned step gave, and pairs each sequence that can draw a token
    /// with its row. Returns how many tokens of prompts were read.
    pub(crate) fn turns<'b>(
        &'b mut self,
        logits: Option<&'b Logits>,
    ) -> Result<(Vec<Turn<'b>>, usize), Error> {
        let (mut turns, mut next, mut n_read) = (Vec::new(), 0, 0);
        if let Some(logits) = logits {
            let running = self.running.iter_mut().zip(0..);
            turns.extend(running.map(|(sequence, row)| Turn { sequence, logits, row }));
            next = turns.len();
        }
        for group in &mut self.groups {
            n_read += group.n_reading;
            group.n_read += std::mem::take(&mut group.n_reading);
            let read = group.n_read == group.request.prompt.len();
            if let (true, None, Some(logits)) = (read, &group.first_row, logits) {
                let row = logits.copy_rows(next..next + 1).map_err(quaero_model::Error::from)?;
                group.first_row = Some(row);
                next += 1;
            }
            if let Some(logits) = &group.first_row {
                let waiting = group.waiting.iter_mut();
                turns.extend(waiting.map(|sequence| Turn { sequence, logits, row: 0 }));
            }
        }
        Ok((turns, n_read))
    }

    /// After the draws: those that end leave, those that drew their first token run.
    pub(crate) fn settle(
        &mut self,
        cache: &mut KvCache,
        mut leave: impl FnMut(Output),
    ) -> Result<(), Error> {
        for group in self.groups.iter_mut().filter(|group| group.first_row.is_some()) {
            let n_prompt = group.request.prompt.len();
            let rest = KvCache::shared_len(&self.device, n_prompt)..n_prompt;
            if !rest.is_empty() {
                let to: Vec<PageTable<'_>> = group.waiting.iter().map(Sequence::pages).collect();
                cache.copy(rest, PageTable::alone(&group.pages), &to)?;
            }
            self.running.append(&mut group.waiting);
        }
        let pages = &mut self.pages;
        self.groups.retain(|group| {
            let open = group.n_entered < group.request.n_samples || group.first_row.is_none();
            if !open {
                pages.release(&group.pages);
            }
            open
        });
        for sequence in self.running.extract_if(.., |sequence| sequence.is_finished()) {
            self.pages.release(&sequence.prefix);
            self.pages.release(&sequence.own);
            self.n_inside -= 1;
            leave(sequence.output);
        }
        Ok(())
    }

    /// Whether every page is free again.
    pub(crate) fn all_pages_free(&self) -> bool {
        self.pages.n_free() == self.pages.n_pages()
    }
}

//! Prompts to texts, ended where the benchmark says. Text is written in rounds, each as long as all
//! before it: what has a stop string in it is not gone on with, so an answer that has ended costs at
//! most as much again.

use std::sync::Arc;

use quaero_engine::{Engine, Finish, Request, Sampling};
use quaero_policy::Policy;
use quaero_rng::Key;

use super::{Benchmark, Item};
use crate::Error;

/// Tokens of the first round.
const ROUND: usize = 64;

/// How answers are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingParams {
    /// Answers to an item.
    pub samples: usize,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Most tokens of an answer.
    pub tokens_max: usize,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Up to its stop string, which does not belong to it.
    pub text: String,
    /// Tokens written, those behind its end included.
    pub n_tokens: usize,
    /// Whether it was cut at a limit.
    pub truncated: bool,
}

/// An answer that is being written.
struct Draft {
    item_idx: usize,
    sample_idx: usize,
    tokens: Vec<u32>,
}

/// Answers to every item, in order; none to an item whose prompt is longer than the model's context.
/// `key` and an item's name alone decide what is drawn for it. `on_tokens` hears how many tokens were
/// written so far.
///
/// # Errors
/// When the engine fails.
pub fn write(
    benchmark: Benchmark,
    policy: &Policy,
    engine: &mut Engine,
    items: &[Item],
    params: &SamplingParams,
    key: Key,
    on_tokens: &mut dyn FnMut(u64),
) -> Result<Vec<Vec<Text>>, Error> {
    let tokenizer = &policy.tokenizer;
    let texts: Vec<&str> = items.iter().map(|item| item.prompt.as_str()).collect();
    let prompts = tokenizer.encode_batch(&texts)?;
    let context = policy.model.config().max_position_embeddings;
    let mut done = vec![vec![Text::default(); params.samples]; items.len()];
    let mut drafts = Vec::new();
    for (item_idx, prompt) in prompts.iter().enumerate() {
        if prompt.is_empty() || prompt.len() >= context {
            done[item_idx].clear();
            continue;
        }
        let draft = |sample_idx| Draft { item_idx, sample_idx, tokens: Vec::new() };
        drafts.extend((0..params.samples).map(draft));
    }
    let mut n_tokens = 0;
    while !drafts.is_empty() {
        let room = |draft: &Draft| {
            let left = context - prompts[draft.item_idx].len();
            params.tokens_max.min(left) - draft.tokens.len()
        };
        let request = |draft: &Draft| Request {
            prompt: Arc::from([&prompts[draft.item_idx][..], &draft.tokens].concat()),
            n_samples: 1,
            new_tokens_max: room(draft).min(ROUND.max(draft.tokens.len())),
            sampling: params.sampling,
            key: key
                .named(&items[draft.item_idx].id)
                .with(draft.sample_idx as u64)
                .with(draft.tokens.len() as u64),
        };
        let requests: Vec<Request> = drafts.iter().map(request).collect();
        let outputs =
            engine.generate(&policy.model, tokenizer.eos(), &requests, &mut |progress| {
                on_tokens(n_tokens + progress.completion_tokens);
            })?;
        n_tokens += engine.stats().completion_tokens;
        let mut open = Vec::new();
        for mut output in outputs {
            let mut draft = std::mem::replace(
                &mut drafts[output.request_idx],
                Draft { item_idx: 0, sample_idx: 0, tokens: Vec::new() },
            );
            let stopped = output.finish == Finish::Stop;
            draft.tokens.append(&mut output.tokens);
            let written = tokenizer.decode(&draft.tokens)?;
            let end = end(&written, benchmark.stops());
            let full = room(&draft) == 0 || matches!(output.finish, Finish::Refused(_));
            if end.is_none() && !stopped && !full {
                open.push(draft);
                continue;
            }
            done[draft.item_idx][draft.sample_idx] = Text {
                text: written[..end.unwrap_or(written.len())].to_owned(),
                n_tokens: draft.tokens.len(),
                truncated: end.is_none() && !stopped,
            };
        }
        drafts = open;
    }
    Ok(done)
}

/// Where the first stop string begins.
fn end(text: &str, stops: &[&str]) -> Option<usize> {
    stops.iter().filter_map(|stop| text.find(stop)).min()
}

//! Prompts in, samples out.

use std::sync::Arc;

use quaero_engine::{Engine, Finish as EngineFinish, Request, Sampling};
use quaero_rng::Key;
use quaero_types::{Finish, Sample};

use crate::{Error, Policy};

/// One prompt to be completed `n_samples` times.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The prompt.
    pub text: String,
    /// Independent completions of it.
    pub n_samples: usize,
    /// Randomness of its completions.
    pub key: Key,
}

/// Bounds and law of a completion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Longer prompts are not completed.
    pub prompt_tokens_max: usize,
    /// Completions are cut here.
    pub completion_tokens_max: usize,
    /// The sampling law.
    pub sampling: Sampling,
}

/// What came of a prompt.
#[derive(Clone, Debug)]
pub enum Written {
    /// `n_samples` completions in order.
    Samples(Vec<Sample>),
    /// The prompt has this many tokens, which is over the limit; nothing was generated.
    PromptTooLong(usize),
}

impl Policy {
    /// Completes every prompt; results are in the order of `asks`. `on_tokens` hears how many
    /// tokens have been generated so far.
    ///
    /// # Errors
    /// When the engine lacks memory for a single sequence.
    pub fn write(
        &self,
        engine: &mut Engine,
        asks: &[Ask],
        limits: &Limits,
        on_tokens: &mut dyn FnMut(u64),
    ) -> Result<Vec<Written>, Error> {
        let texts: Vec<&str> = asks.iter().map(|ask| ask.text.as_str()).collect();
        let prompts: Vec<Arc<[u32]>> =
            self.tokenizer.encode_prompts(&texts)?.into_iter().map(Arc::from).collect();
        let context = self.model.config().max_position_embeddings;
        let fits = |prompt: &[u32]| {
            prompt.len() <= limits.prompt_tokens_max && prompt.len() < context && !prompt.is_empty()
        };
        let (mut requests, mut owners) = (Vec::new(), Vec::new());
        for (ask_idx, (ask, prompt)) in asks.iter().zip(&prompts).enumerate() {
            if fits(prompt) {
                owners.push(ask_idx);
                requests.push(Request {
                    prompt: prompt.clone(),
                    n_samples: ask.n_samples,
                    max_new: limits.completion_tokens_max.min(context - prompt.len()),
                    sampling: limits.sampling,
                    key: ask.key,
                });
            }
        }
        let eos = self.tokenizer.eos();
        let outputs = engine
            .generate(&self.model, eos, &requests, &mut |p| on_tokens(p.completion_tokens))?;
        let mut written: Vec<Written> =
            prompts.iter().map(|prompt| Written::PromptTooLong(prompt.len())).collect();
        for &ask_idx in &owners {
            written[ask_idx] = Written::Samples(Vec::new());
        }
        let bodies: Vec<&[u32]> = outputs
            .iter()
            .map(|output| match output.finish {
                EngineFinish::Stop => &output.tokens[..output.tokens.len() - 1],
                _ => &output.tokens[..],
            })
            .collect();
        let texts = self.tokenizer.decode_batch(&bodies)?;
        for (output, text) in outputs.into_iter().zip(texts) {
            let ask_idx = owners[output.request_idx];
            let finish = match output.finish {
                EngineFinish::Stop => Finish::Stop,
                EngineFinish::Length => Finish::Length,
                EngineFinish::Refused(_) => {
                    written[ask_idx] = Written::PromptTooLong(prompts[ask_idx].len());
                    continue;
                }
            };
            if let Written::Samples(samples) = &mut written[ask_idx] {
                samples.push(Sample {
                    prompt: prompts[ask_idx].clone(),
                    tokens: output.tokens,
                    logp: output.logp,
                    temperature: limits.sampling.temperature,
                    text,
                    finish,
                });
            }
        }
        Ok(written)
    }
}

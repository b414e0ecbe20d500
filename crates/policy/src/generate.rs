//! Prompts in, traces out.

use std::sync::Arc;

use quaero_engine::{Engine, Finish as EngineFinish, Refusal, Request, Sampling};
use quaero_rng::Key;
use quaero_types::{Finish, Trace};

use crate::{Error, Policy};

/// One prompt to be completed `n_samples` times.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
    /// The prompt.
    pub text: String,
    /// Independent completions of it.
    pub n_samples: usize,
    /// Randomness of its completions.
    pub key: Key,
}

/// Bounds of a completion and how its tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Longer prompts are not completed.
    pub prompt_tokens_max: usize,
    /// Completions are cut here.
    pub completion_tokens_max: usize,
    /// The sampling parameters.
    pub sampling: Sampling,
}

/// `n_samples` traces of a prompt in order, or why nothing was generated.
pub type Completion = Result<Vec<Trace>, Refusal>;

impl Policy {
    /// Completes every prompt; results are in the order of `asked`. `on_tokens` hears how many
    /// tokens have been generated so far.
    ///
    /// # Errors
    /// When the engine has too little memory for a single sequence.
    pub fn generate(
        &self,
        engine: &mut Engine,
        asked: &[GenerateRequest],
        limits: &Limits,
        on_tokens: &mut dyn FnMut(u64),
    ) -> Result<Vec<Completion>, Error> {
        let texts: Vec<&str> = asked.iter().map(|one| one.text.as_str()).collect();
        let prompts: Vec<Arc<[u32]>> =
            self.tokenizer.encode_prompts(&texts)?.into_iter().map(Arc::from).collect();
        let context = self.model.config().max_position_embeddings;
        let mut completions: Vec<Completion> =
            prompts.iter().map(|prompt| admit(prompt, limits, context)).collect();
        let (mut requests, mut owners) = (Vec::new(), Vec::new());
        for (idx, (one, prompt)) in asked.iter().zip(&prompts).enumerate() {
            if completions[idx].is_ok() {
                owners.push(idx);
                requests.push(Request {
                    prompt: prompt.clone(),
                    n_samples: one.n_samples,
                    new_tokens_max: limits.completion_tokens_max.min(context - prompt.len()),
                    sampling: limits.sampling,
                    key: one.key,
                });
            }
        }
        let eos = self.tokenizer.eos();
        let outputs = engine
            .generate(&self.model, eos, &requests, &mut |p| on_tokens(p.completion_tokens))?;
        let bodies: Vec<&[u32]> = outputs
            .iter()
            .map(|output| match output.finish {
                EngineFinish::Stop => &output.tokens[..output.tokens.len() - 1],
                _ => &output.tokens[..],
            })
            .collect();
        let texts = self.tokenizer.decode_batch(&bodies)?;
        for (output, text) in outputs.into_iter().zip(texts) {
            let idx = owners[output.request_idx];
            let finish = match output.finish {
                EngineFinish::Stop => Finish::Stop,
                EngineFinish::Length => Finish::Length,
                EngineFinish::Refused(refusal) => {
                    completions[idx] = Err(refusal);
                    continue;
                }
            };
            if let Ok(traces) = &mut completions[idx] {
                let (version, temperature) = (self.version, limits.sampling.temperature);
                let trace = Trace::one_turn(&prompts[idx], &output.tokens, output.logp);
                traces.push(Trace { version, temperature, text, finish, ..trace });
            }
        }
        Ok(completions)
    }
}

/// No traces yet, or why a prompt is not given to the engine.
fn admit(prompt: &[u32], limits: &Limits, context: usize) -> Completion {
    let (tokens, tokens_max) = (prompt.len(), limits.prompt_tokens_max.min(context - 1));
    match tokens {
        0 => Err(Refusal::EmptyPrompt),
        _ if tokens > tokens_max => Err(Refusal::TooLong { tokens, tokens_max }),
        _ => Ok(Vec::new()),
    }
}

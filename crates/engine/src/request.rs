//! What is asked of the engine and what it gives back.

use std::sync::Arc;

use quaero_rng::Key;

/// The distribution that a token is drawn from, given logits: temperature first, then the survivors
/// of top-k, of top-p among them, and of min-p.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Logits are divided by it; 0 takes the most probable token.
    pub temperature: f32,
    /// Only the `top_k` most probable tokens survive (with all that tie with the last); 0 = off.
    pub top_k: usize,
    /// Only the most probable tokens survive that make up this much probability (with all that
    /// tie with the last); 1 = off.
    pub top_p: f32,
    /// Only tokens at least this probable, relative to the most probable one, survive; 0 = off.
    pub min_p: f32,
}

impl Sampling {
    /// The whole distribution at a temperature.
    #[must_use]
    pub fn plain(temperature: f32) -> Self {
        Self { temperature, top_k: 0, top_p: 1.0, min_p: 0.0 }
    }

    /// The most probable token at every position.
    #[must_use]
    pub fn greedy() -> Self {
        Self::plain(0.0)
    }

    /// Whether any token is cut off.
    #[must_use]
    pub fn truncates(&self) -> bool {
        self.top_k > 0 || self.top_p < 1.0 || self.min_p > 0.0
    }

    /// The first field that is out of range, if one is.
    fn wrong_field(&self) -> Option<&'static str> {
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            Some("temperature")
        } else if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            Some("top_p")
        } else if !(0.0..1.0).contains(&self.min_p) {
            Some("min_p")
        } else {
            None
        }
    }
}

/// A prompt to be continued `n_samples` times.
#[derive(Clone, Debug)]
pub struct Request {
    /// The tokens to continue, at least one.
    pub prompt: Arc<[u32]>,
    /// How many independent continuations.
    pub n_samples: usize,
    /// The most tokens of one continuation, the end of sequence included.
    pub new_tokens_max: usize,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// The randomness of its samples: sample `i` draws under `key.with(i)`.
    pub key: Key,
}

impl Request {
    /// Why this request cannot be served by a model of `vocab_size` tokens in `room` positions.
    pub(crate) fn refusal(&self, vocab_size: usize, room: usize) -> Option<Refusal> {
        if self.prompt.is_empty() {
            return Some(Refusal::EmptyPrompt);
        }
        if self.prompt.len() >= room {
            return Some(Refusal::TooLong { tokens: self.prompt.len(), tokens_max: room - 1 });
        }
        if let Some(&token) = self.prompt.iter().find(|&&token| token as usize >= vocab_size) {
            return Some(Refusal::UnknownToken { token, vocab_size });
        }
        self.sampling.wrong_field().map(|field| Refusal::Sampling { field })
    }
}

/// One continuation.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Whose continuation: the place in the list of requests.
    pub request_idx: usize,
    /// Which of its samples.
    pub sample_idx: usize,
    /// The new tokens; if it finished by [`Finish::Stop`], the last one is the end of sequence.
    pub tokens: Vec<u32>,
    /// For each, the log-probability under the whole distribution at the sampling temperature (at
    /// temperature 1 if that is 0): the bits of `Model::forward`.
    pub logp: Vec<f32>,
    /// Why it ends.
    pub finish: Finish,
}

/// Why a continuation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model wrote an end of sequence.
    Stop,
    /// It reached `new_tokens_max` or the end of the context.
    Length,
    /// It never began.
    Refused(Refusal),
}

/// Why a request cannot be served. The requests around it are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no token to continue from.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// The prompt leaves no room in the model's context or in the cache.
    #[error("the prompt has {tokens} tokens, at most {tokens_max} leave room for an answer")]
    TooLong {
        /// Its tokens.
        tokens: usize,
        /// The most that leave room for one more.
        tokens_max: usize,
    },
    /// Prompt and longest continuation need more of the cache than there is.
    #[error(
        "a prompt and its longest answer take {tokens} positions, the key-value cache holds \
         {tokens_max}: raise engine.cache_mib or lower completion_tokens_max"
    )]
    NeedsCache {
        /// Positions that they need.
        tokens: usize,
        /// Positions that the cache holds.
        tokens_max: usize,
    },
    /// The prompt has a token that the model does not embed.
    #[error(
        "the prompt has token {token}, the model embeds {vocab_size}: the tokenizer is another \
         model's"
    )]
    UnknownToken {
        /// The token.
        token: u32,
        /// Rows of the embedding.
        vocab_size: usize,
    },
    /// A sampling parameter is out of range.
    #[error("the sampling parameter {field} is out of range")]
    Sampling {
        /// Its name.
        field: &'static str,
    },
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Continuations that have ended.
    pub n_finished: usize,
    /// All continuations of the call.
    pub n_samples: usize,
    /// Tokens generated so far.
    pub completion_tokens: u64,
}

/// What a call has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Prompt tokens that were computed.
    pub prompt_tokens: u64,
    /// Prompt tokens that were not, because samples of a request share them.
    pub prefix_tokens_saved: u64,
    /// Tokens generated.
    pub completion_tokens: u64,
    /// Steps of the model.
    pub n_steps: u64,
    /// Continuations that were refused.
    pub n_refused: u64,
}

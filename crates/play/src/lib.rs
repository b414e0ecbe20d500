//! Plays episodes: the family opens them, the policy writes. Both roles take this way.
//!
//! Requests in, traces out, still unread: it judges nothing, keeps nothing and knows no rewards. A
//! gold answer is out of reach by construction: no opening carries one.
//!
//! # Layout
//! `lib` the verb → `roles` what either role is asked, and what its traces are to the judges.

mod roles;

use quaero_engine::{Engine, Refusal};
use quaero_policy::{GenerateRequest, Limits, Policy};
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_types::{Kind, Opening, Trace};

pub use roles::{ProposeRequest, propose, solve};

/// What stops the verb.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Generation failed.
    #[error(transparent)]
    Policy(#[from] quaero_policy::Error),
    /// A kind has no family.
    #[error("no loaded family plays {0}: `quaero plugin list` shows what is loaded")]
    UnknownKind(Kind),
}

/// Who writes, and within which bounds.
pub struct Player<'a> {
    /// The weights.
    pub policy: &'a Policy,
    /// What generates with them.
    pub engine: &'a mut Engine,
    /// The families that open episodes.
    pub host: &'a Host,
    /// Bounds of a completion and how it is sampled.
    pub limits: Limits,
    /// Hears how many tokens have been generated so far.
    pub on_tokens: &'a mut dyn FnMut(u64),
}

/// What playing took, and what could not be played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Tokens of the prompts.
    pub prompt_tokens: u64,
    /// Tokens generated.
    pub completion_tokens: u64,
    /// Episodes that a family failed to open.
    pub n_faults: usize,
    /// Why the others were not given to the policy.
    pub refusals: Vec<Refusal>,
}

impl Work {
    /// Adds what another round took.
    pub fn add(&mut self, other: Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
        self.n_faults += other.n_faults;
        self.refusals.extend(other.refusals);
    }
}

/// An episode to be opened, and its prompt to be completed `n_samples` times.
#[derive(Clone, Debug)]
pub struct Request {
    /// How it opens.
    pub opening: Opening,
    /// Completions.
    pub n_samples: usize,
    /// Randomness of their tokens.
    pub key: Key,
}

/// Opens the episodes, all of a family in one call, and lets the policy write. Traces come with the
/// index of their request and in that order; what cannot be played is counted and has none.
///
/// # Errors
/// When a kind has no family or the engine fails.
pub fn play(
    player: &mut Player<'_>,
    requests: &[Request],
) -> Result<(Vec<(usize, Trace)>, Work), Error> {
    let openings: Vec<&Opening> = requests.iter().map(|request| &request.opening).collect();
    let mut work = Work::default();
    let (mut asked, mut opened) = (Vec::new(), Vec::new());
    for (idx, prompt) in player.host.open_episodes(&openings).into_iter().enumerate() {
        let Request { opening, n_samples, key } = &requests[idx];
        match prompt {
            Some(Ok(prompt)) => {
                let (text, n_samples, key) = (prompt.text, *n_samples, *key);
                asked.push(GenerateRequest { text, n_samples, key });
                opened.push(idx);
            }
            Some(Err(_)) => work.n_faults += 1,
            None => return Err(Error::UnknownKind(opening.kind.clone())),
        }
    }
    let Player { policy, engine, limits, on_tokens, .. } = player;
    let completions = policy.generate(engine, &asked, limits, *on_tokens)?;
    let stats = engine.stats();
    work.prompt_tokens = stats.prompt_tokens;
    work.completion_tokens = stats.completion_tokens;
    let mut written = Vec::new();
    for (idx, completion) in opened.into_iter().zip(completions) {
        match completion {
            Ok(traces) => written.extend(traces.into_iter().map(|trace| (idx, trace))),
            Err(why) => work.refusals.push(why),
        }
    }
    Ok((written, work))
}

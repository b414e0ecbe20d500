//! Plays episodes: the family opens them, the policy writes. Both roles take this way.
//!
//! Requests in, [`Proposal`]s or [`Attempt`]s out, still unread: it judges nothing, keeps nothing
//! and knows no rewards. A gold answer is out of reach by construction: a [`Task`] carries none.
//!
//! # Layout
//! `lib` the verb → `request` what either role is asked, and the randomness that is its own.

mod request;

use quaero_engine::{Engine, Refusal};
use quaero_policy::{GenerateRequest, Limits, Policy};
use quaero_runtime::Host;
use quaero_types::{Kind, Opening, Trace};

pub use request::{ProposeRequest, References, SolveRequest};

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

    /// Prompts without room for an answer.
    #[must_use]
    pub fn n_too_long(&self) -> usize {
        self.refusals.iter().filter(|why| matches!(why, Refusal::TooLong { .. })).count()
    }

    /// Refusals for any other reason: something is set up wrong.
    pub fn refused(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.iter().filter(|why| !matches!(why, Refusal::TooLong { .. }))
    }
}

/// What a role is asked.
pub trait Request {
    /// What comes of a trace.
    type Made;

    /// How its episode opens.
    fn opening(&self) -> Opening;
    /// Its prompt's completions.
    fn generate(&self, text: String) -> GenerateRequest;
    /// What `trace`, written in the episode that began with `opening`, is to whoever judges it.
    fn made(&self, opening: &Opening, trace: Trace) -> Self::Made;
}

/// Opens an episode a request, all of a family in one call, and lets the policy write. What was
/// made comes in the order of the requests; one that cannot be played is counted and left out.
///
/// # Errors
/// When a kind has no family or the engine fails.
pub fn play<R: Request>(
    player: &mut Player<'_>,
    requests: &[R],
) -> Result<(Vec<R::Made>, Work), Error> {
    let openings: Vec<Opening> = requests.iter().map(Request::opening).collect();
    let mut work = Work::default();
    let (mut asked, mut opened) = (Vec::new(), Vec::new());
    for (idx, prompt) in player.host.open_episodes(&openings).into_iter().enumerate() {
        match prompt {
            Some(Ok(prompt)) => {
                asked.push(requests[idx].generate(prompt.text));
                opened.push(idx);
            }
            Some(Err(_)) => work.n_faults += 1,
            None => return Err(Error::UnknownKind(openings[idx].kind.clone())),
        }
    }
    let Player { policy, engine, limits, on_tokens, .. } = player;
    let completions = policy.generate(engine, &asked, limits, *on_tokens)?;
    let stats = engine.stats();
    work.prompt_tokens = stats.prompt_tokens;
    work.completion_tokens = stats.completion_tokens;
    let mut made = Vec::new();
    for (idx, completion) in opened.into_iter().zip(completions) {
        match completion {
            Ok(traces) => {
                let traces = traces.into_iter();
                made.extend(traces.map(|trace| requests[idx].made(&openings[idx], trace)));
            }
            Err(why) => work.refusals.push(why),
        }
    }
    Ok((made, work))
}

//! Generation: paged KV cache, continuous batching, prefix sharing, sampling. Tokens in, tokens and
//! their log-probabilities out.
//!
//! Serves `play`, through `policy`. Knows no text, no tasks and no rewards.
//!
//! The tokens of a sample depend on the weights, the prompt, the sampling parameters, the request's
//! key and the sample's number, and on nothing else: not on the requests around it, the size of the
//! batch, the memory or the number of threads. Its log-probabilities are the bits that
//! `Model::forward` gives for the same tokens.
//!
//! # Layout
//! - `request`: what is asked for ([`Request`], [`Sampling`]) and what comes back ([`Output`])
//! - `engine`: [`Engine::generate`], the loop of steps
//! - `schedule`: who is in the batch, and whose prompt is read next
//! - `pages`: which pages of the cache are free, and who shares the others
//! - `sample`: one token from one row of logits; `truncate`: who survives top-k, top-p and min-p

mod engine;
mod error;
mod pages;
mod request;
mod sample;
mod schedule;
mod truncate;

pub use engine::{Engine, Options};
pub use error::Error;
pub use request::{Finish, Output, Progress, Refusal, Request, Sampling, Stats};
pub use sample::{Draw, draw};

//! One token from one row of logits.
//!
//! Gumbel-max: the token with the largest logit / T + g, where g = −ln(−ln u) and u comes from
//! Philox at (key, position, token). The draw is a function of these alone, needs no running sum,
//! and truncation only removes candidates. Ties go to the lowest token.

use pulp::{Arch, Simd, WithSimd};
use quaero_model::LogSoftmax;
use quaero_ops::math::ln;
use quaero_rng::{Key, block, open01};

use crate::request::Sampling;
use crate::truncate;

/// A drawn token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Draw {
    /// The token.
    pub token: u32,
    /// Its log-probability under the whole distribution at the sampling temperature (1 if that is
    /// 0).
    pub logp: f32,
}

/// Memory that draws reuse.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    masses: Vec<u64>,
}

/// Draws the token of `position` under `key` from one row of logits. A row with an infinity or NaN
/// in it gives log-probabilities that are NaN.
///
/// # Panics
/// If the row is empty.
#[must_use]
pub fn draw(logits: &[f32], sampling: &Sampling, key: Key, position: u64) -> Draw {
    draw_with(logits, sampling, key, position, &mut Scratch::default())
}

pub(crate) fn draw_with(
    logits: &[f32],
    sampling: &Sampling,
    key: Key,
    position: u64,
    scratch: &mut Scratch,
) -> Draw {
    assert!(!logits.is_empty(), "there is no token to draw");
    // Without a branch in the loop, so that it runs at the speed of memory.
    if logits.iter().fold(false, |odd, logit| odd | !logit.is_finite()) {
        return Draw { token: 0, logp: f32::NAN };
    }
    let (top, _) = top(logits);
    if sampling.temperature == 0.0 {
        let logp = LogSoftmax::of(logits, 1.0).logp(logits[top]);
        return Draw { token: top as u32, logp };
    }
    let whole = LogSoftmax::of(logits, sampling.temperature);
    let temperature = sampling.temperature;
    let among = |lowest: f32| {
        Arch::new().dispatch(GumbelMax { logits, lowest, top, temperature, key, position })
    };
    if !sampling.truncates() {
        let token = among(f32::NEG_INFINITY);
        let logp = whole.logp(logits[token]);
        return Draw { token: token as u32, logp };
    }
    let lowest = truncate::threshold(logits, sampling, &mut scratch.masses);
    let token = among(lowest);
    Draw { token: token as u32, logp: whole.logp(logits[token]) }
}

/// The lowest token with the largest logit.
fn top(logits: &[f32]) -> (usize, f32) {
    let mut top = (0, logits[0]);
    for (token, &logit) in logits.iter().enumerate() {
        if logit > top.1 {
            top = (token, logit);
        }
    }
    top
}

/// Above every g: u is at most 1 − 2^-24, so g is at most ln 2^24 = 16.64.
const GUMBEL_MAX: f32 = 16.7;

/// g from a random word.
#[inline(always)]
fn gumbel(word: u32) -> f32 {
    -ln(-ln(open01(word)))
}

/// Gumbel-max over the tokens at or above `lowest`: [`pulp`] compiles it for the machine's own
/// instructions, without which a fused multiply-add is a function call.
///
/// `top`, the most probable token, is looked at first; a token that even the largest g would not
/// lift above the best so far is passed over without computing its g, which changes nothing.
struct GumbelMax<'a> {
    logits: &'a [f32],
    lowest: f32,
    top: usize,
    temperature: f32,
    key: Key,
    position: u64,
}

impl WithSimd for GumbelMax<'_> {
    /// The token with the largest logit / T + g.
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        let Self { logits, lowest, top, temperature, key, position } = self;
        let top_word = block(key, position, top as u64 / 4)[top % 4];
        let mut best = (top, logits[top] / temperature + gumbel(top_word));
        for (lane, group) in logits.chunks(4).enumerate() {
            let mut hopeful = false;
            for &logit in group {
                hopeful |= logit >= lowest && logit / temperature + GUMBEL_MAX >= best.1;
            }
            if !hopeful {
                continue;
            }
            let words = block(key, position, lane as u64);
            for (i, (&logit, word)) in group.iter().zip(words).enumerate() {
                let token = lane * 4 + i;
                let score = logit / temperature + gumbel(word);
                if logit >= lowest && (score > best.1 || (score == best.1 && token < best.0)) {
                    best = (token, score);
                }
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests;

//! Log-probability and entropy of a token under softmax(logits / temperature), and their gradient.

use rayon::prelude::*;

use crate::lanes;
use crate::math::{exp, ln};
use crate::parallel::vectorized;

/// What is needed of a row of logits to give the log-probability of any token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSoftmax {
    temperature: f32,
    max: f32,
    ln_sum: f32,
    entropy: f32,
}

impl LogSoftmax {
    /// Of one row of logits, divided by `temperature`.
    ///
    /// With z = logits / T and m = max z: s = Σ exp(z − m), log p = (z − m) − ln s,
    /// H = ln s − Σ exp(z − m) (z − m) / s. The sums go into 16 lanes ([`lanes`]).
    ///
    /// # Panics
    /// If `temperature` is not above 0.
    #[must_use]
    pub fn of(logits: &[f32], temperature: f32) -> Self {
        assert!(temperature > 0.0, "log-probabilities need a temperature above 0");
        let mut softmax = Self { temperature, max: 0.0, ln_sum: 0.0, entropy: 0.0 };
        vectorized(
            #[inline(always)]
            || softmax = stats(logits, temperature),
        );
        softmax
    }

    /// The log-probability of a token from its logit.
    #[must_use]
    pub fn logp(&self, logit: f32) -> f32 {
        (logit / self.temperature - self.max) - self.ln_sum
    }

    /// −Σ p log p, in nats.
    #[must_use]
    pub fn entropy(&self) -> f32 {
        self.entropy
    }
}

#[inline(always)]
fn stats(logits: &[f32], temperature: f32) -> LogSoftmax {
    let max = lanes::max(logits) / temperature;
    let mut sums = [0.0_f32; lanes::LANES];
    let mut weighted = [0.0_f32; lanes::LANES];
    let (chunks, tail) = logits.as_chunks::<{ lanes::LANES }>();
    for chunk in chunks {
        for l in 0..lanes::LANES {
            let z = chunk[l] / temperature - max;
            let e = exp(z);
            sums[l] += e;
            weighted[l] += if e > 0.0 { e * z } else { 0.0 };
        }
    }
    for (l, &logit) in tail.iter().enumerate() {
        let z = logit / temperature - max;
        let e = exp(z);
        sums[l] += e;
        weighted[l] += if e > 0.0 { e * z } else { 0.0 };
    }
    let sum = lanes::tree(sums);
    let ln_sum = ln(sum);
    LogSoftmax { temperature, max, ln_sum, entropy: ln_sum - lanes::tree(weighted) / sum }
}

/// Log-probabilities of `targets` and entropies of the rows of `logits` [R, V].
///
/// # Panics
/// If a target is not below V or the shapes do not fit.
pub fn forward(
    logits: &[f32],
    v: usize,
    temperature: f32,
    targets: &[u32],
    (logp, entropy): (&mut [f32], &mut [f32]),
) {
    assert_eq!(logits.len(), targets.len() * v, "head: one row of logits for each target");
    let rows = logits.par_chunks_exact(v).zip(targets);
    rows.zip(logp.par_iter_mut().zip(entropy)).with_min_len(32).for_each(
        |((logits, &target), (logp, entropy))| {
            let softmax = LogSoftmax::of(logits, temperature);
            *logp = softmax.logp(logits[target as usize]);
            *entropy = softmax.entropy();
        },
    );
}

/// Overwrites `logits` [R, V] with the gradient of Σ dlogp · logp + dentropy · H:
/// (dlogp (1[j = target] − p_j) − dentropy p_j (log p_j + H)) / T.
///
/// # Panics
/// If a target is not below V or the shapes do not fit.
pub fn backward(
    logits: &mut [f32],
    v: usize,
    temperature: f32,
    targets: &[u32],
    (dlogp, dentropy): (&[f32], &[f32]),
) {
    assert_eq!(logits.len(), targets.len() * v, "head: one row of logits for each target");
    let rows = logits.par_chunks_exact_mut(v).zip(targets);
    rows.zip(dlogp.par_iter().zip(dentropy)).with_min_len(32).for_each(
        |((logits, &target), (&dlogp, &dentropy))| {
            vectorized(
                #[inline(always)]
                || {
                    let softmax = stats(logits, temperature);
                    for x in logits.iter_mut() {
                        let log_p = (*x / temperature - softmax.max) - softmax.ln_sum;
                        let p = exp(log_p);
                        let spread = if p > 0.0 { p * (log_p + softmax.entropy) } else { 0.0 };
                        *x = (-dlogp * p - dentropy * spread) / temperature;
                    }
                    logits[target as usize] += dlogp / temperature;
                },
            );
        },
    );
}

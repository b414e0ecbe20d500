//! The clipped policy-gradient loss (PPO, arXiv 1707.06347, equation 7) with the asymmetric clip of
//! DAPO, dual clip, truncated importance sampling, entropy bonus and a KL penalty.
//!
//! Per token, with r = π / old and A the row's advantage:
//! `w·max(−A·r, −A·clip(r, 1 − low, 1 + high)) − c_H·H + c_KL·KL`; for A < 0 the maximum is at most
//! `dual_clip · |A|`. `old` is the trainer's own π before its first step on the batch; where the
//! batch gets one step and w is 1, the sampler's. w is 1, and with `tis_cap` the weight of module
//! `tis`. Log-ratios are kept within ±20, so that nothing overflows; beyond, the gradient is 0.
//! Advantages and weights are constants.
//!
//! Left out: correction for top-p, top-k and min-p (the sampler's log-probs are those of the whole
//! distribution) and sequence-level ratios.

use crate::{Kl, LOG_RATIO_MAX, Options, Stats, tis};

/// One sequence of a micro-batch. All slices are as long as the response.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// log π of each token under the policy being trained.
    pub logp: &'a [f32],
    /// The same under the policy that sampled it.
    pub logp_old: &'a [f32],
    /// The same as the trainer computed it before its first step on the batch, which the ratio is
    /// then taken to. Absent: the batch gets this step alone, and `logp` is that number.
    pub logp_trainer: Option<&'a [f32]>,
    /// The same under the reference policy; needed if `Options::kl` is set.
    pub logp_ref: Option<&'a [f32]>,
    /// Entropy of π at each token.
    pub entropy: &'a [f32],
    /// Advantage of the row's tokens.
    pub advantage: f32,
    /// The row's factor, from [`crate::scales`].
    pub scale: f32,
}

/// Loss and gradient of a micro-batch; per-token values stand row after row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grad {
    /// The micro-batch's part of the loss.
    pub loss: f64,
    /// dL / d log π.
    pub dlogp: Vec<f32>,
    /// dL / d entropy.
    pub dentropy: Vec<f32>,
    /// What to log.
    pub stats: Stats,
}

/// Loss and gradient of `rows`. A non-finite input gives a non-finite loss; the caller checks it.
///
/// # Panics
/// If a row's slices differ in length, or `Options::kl` is set and a row has no reference.
#[must_use]
pub fn policy_loss(rows: &[Row], options: &Options) -> Grad {
    let n_tokens = rows.iter().map(|row| row.logp.len()).sum();
    let mut out = Grad {
        dlogp: Vec::with_capacity(n_tokens),
        dentropy: Vec::with_capacity(n_tokens),
        ..Grad::default()
    };
    for (row_idx, row) in rows.iter().enumerate() {
        check_lengths(row_idx, row, options);
        let mut row_loss = 0.0;
        for t in 0..row.logp.len() {
            let (loss, dlogp) = token(row, t, options, &mut out.stats);
            row_loss += loss;
            out.dlogp.push((f64::from(row.scale) * dlogp) as f32);
            out.dentropy.push(-row.scale * options.entropy_coef);
        }
        out.loss += f64::from(row.scale) * row_loss;
    }
    out
}

fn check_lengths(row_idx: usize, row: &Row, options: &Options) {
    let n = row.logp.len();
    let (n_old, n_entropy) = (row.logp_old.len(), row.entropy.len());
    let others = [row.logp_trainer, row.logp_ref].map(|logp| logp.map(<[f32]>::len));
    assert!(
        n_old == n && n_entropy == n && others.iter().flatten().all(|&len| len == n),
        "row {row_idx}: {n} logp, {n_old} logp_old, {n_entropy} entropies, {:?} logp_trainer, \
         {:?} logp_ref",
        others[0],
        others[1]
    );
    assert!(
        options.kl.is_none() || row.logp_ref.is_some(),
        "row {row_idx}: a KL penalty needs the reference's log-probs"
    );
}

/// Loss of one token and its derivative by log π.
fn token(row: &Row, t: usize, options: &Options, stats: &mut Stats) -> (f64, f64) {
    let (logp, sampler) = (f64::from(row.logp[t]), f64::from(row.logp_old[t]));
    let trainer = row.logp_trainer.map(|trainer| f64::from(trainer[t]));
    let first = trainer.unwrap_or(logp);
    let (mut old, mut weight) = (trainer.unwrap_or(sampler), 1.0);
    if let Some(cap) = options.tis_cap {
        old = first;
        let (of_token, capped) = tis::weight(first, sampler, f64::from(cap));
        weight = of_token;
        stats.tis_sum += weight;
        stats.n_tis += 1;
        stats.n_tis_capped += usize::from(capped);
    }
    let gap = (first - sampler).abs();
    let entropy = f64::from(row.entropy[t]);
    let surrogate = surrogate(logp - old, f64::from(row.advantage), options);
    let mut loss = weight * surrogate.loss - f64::from(options.entropy_coef) * entropy;
    let mut dlogp = weight * surrogate.dlogp;
    if let (Some(Kl { estimator, coef }), Some(logp_ref)) = (options.kl, row.logp_ref) {
        let (kl, dkl) = estimator.of(f64::from(logp_ref[t]) - logp);
        loss += f64::from(coef) * kl;
        dlogp += f64::from(coef) * dkl;
        stats.kl_sum += kl;
        stats.n_reference += 1;
    }
    stats.n_tokens += 1;
    stats.n_clipped += usize::from(surrogate.clipped);
    stats.ratio_sum += surrogate.ratio;
    stats.logp_gap_sum += gap;
    stats.logp_gap_max = stats.logp_gap_max.max(gap);
    stats.entropy_sum += entropy;
    (loss, dlogp)
}

/// The clipped surrogate of one token.
struct Surrogate {
    loss: f64,
    dlogp: f64,
    ratio: f64,
    clipped: bool,
}

fn surrogate(gap: f64, advantage: f64, options: &Options) -> Surrogate {
    let ratio = gap.clamp(-LOG_RATIO_MAX, LOG_RATIO_MAX).exp();
    let weight = if advantage < 0.0 { f64::from(options.negative_weight) } else { 1.0 };
    let advantage = weight * advantage;
    let (low, high) = (1.0 - f64::from(options.clip_low), 1.0 + f64::from(options.clip_high));
    let plain = -advantage * ratio;
    let bound = -advantage * ratio.clamp(low, high);
    // Written so that a NaN stays one: it is not below anything, hence not clipped.
    let mut clipped = plain < bound;
    let mut loss = if clipped { bound } else { plain };
    if let Some(factor) = options.dual_clip {
        let most = -advantage * f64::from(factor);
        if advantage < 0.0 && loss > most {
            (clipped, loss) = (true, most);
        }
    }
    let constant = clipped || gap.abs() > LOG_RATIO_MAX;
    Surrogate { loss, dlogp: if constant { 0.0 } else { plain }, ratio, clipped }
}

#[cfg(test)]
mod tests;

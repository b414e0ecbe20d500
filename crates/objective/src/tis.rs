//! Truncated importance sampling: what a token counts when sampler and trainer disagree.
//!
//! The engine that samples and the trainer that learns compute one policy with other roundings, so
//! the tokens were drawn from a distribution slightly off the trainer's. Each token's surrogate is
//! multiplied by min(π_trainer / π_sampler, cap), a constant for the gradient, and its ratio is
//! taken to π_trainer: the trainer's own log-probability before its first step on the batch.
//! (Yao et al., 2025, fengyao.notion.site/off-policy-rl; Ionides, 2008, for the truncation.)
//! Entropy bonus and KL penalty are not weighted.

use crate::LOG_RATIO_MAX;

/// The weight of a token, and whether the cap cut it. A NaN stays one.
pub(crate) fn weight(logp_trainer: f64, logp_sampler: f64, cap: f64) -> (f64, bool) {
    let gap = logp_trainer - logp_sampler;
    let ratio = gap.clamp(-LOG_RATIO_MAX, LOG_RATIO_MAX).exp();
    if ratio > cap { (cap, true) } else { (ratio, false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_ratios_up_to_the_cap() {
        assert_eq!(weight(-1.0, -1.0, 2.0), (1.0, false));
        assert_eq!(weight(-1.0, -2.0, 2.0), (2.0, true));
        assert_eq!(weight(-2.0, -1.0, 2.0), ((-1.0_f64).exp(), false));
        assert_eq!(weight(-90.0, -1.0, 2.0), ((-20.0_f64).exp(), false), "never 0");
        assert!(weight(f64::NAN, -1.0, 2.0).0.is_nan());
    }
}

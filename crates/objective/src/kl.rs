//! Distance to a reference policy, from one sample a token.

use serde::{Deserialize, Serialize};

use crate::LOG_RATIO_MAX;

/// A penalty on the distance to a reference policy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kl {
    /// Which estimate of KL(π ‖ reference).
    pub estimator: KlEstimator,
    /// Its factor in the loss.
    pub coef: f32,
}

/// Schulman's estimates of KL(π ‖ ref) from one sample, with d = log ref − log π
/// (joschu.net/blog/kl-approx.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KlEstimator {
    /// −d. Its gradient has mean zero on policy: for logging, hardly for training.
    K1,
    /// d² / 2.
    K2,
    /// exp(d) − d − 1.
    K3,
}

impl KlEstimator {
    /// The estimate with d = log ref − log π, and its derivative by log π.
    pub(crate) fn of(self, d: f64) -> (f64, f64) {
        match self {
            Self::K1 => (-d, 1.0),
            Self::K2 => (0.5 * d * d, -d),
            Self::K3 => {
                let bounded = d.clamp(-LOG_RATIO_MAX, LOG_RATIO_MAX);
                let slope = if bounded == d { 1.0 - d.exp() } else { 0.0 };
                (bounded.exp() - bounded - 1.0, slope)
            }
        }
    }
}

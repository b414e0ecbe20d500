//! Policy losses and their gradient with respect to each token's log-probability and entropy.
//!
//! Serves the `update` step and is the oracle of the fused kernel. Knows no tensors, no files, no
//! clock and no roles: slices of f32 in, numbers out, arithmetic in f64 between. A batch may be cut
//! into micro-batches: [`scales`] fixes every row's share over the whole batch first, after which
//! losses, gradients and [`Stats`] of its parts add up to those of the whole.
//!
//! # Layout
//! `aggregation` each row's share → `policy` loss and gradient of one micro-batch → `stats` what to
//! log.

mod aggregation;
mod policy;
mod stats;

pub use aggregation::{Aggregation, Share, scales};
pub use policy::{Grad, Row, policy_loss};
pub use stats::Stats;

use serde::{Deserialize, Serialize};

/// What is minimised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The ratio is clipped below 1 − this.
    pub clip_low: f32,
    /// The ratio is clipped above 1 + this.
    pub clip_high: f32,
    /// For negative advantages the loss is at most this times |A| (dual clip, arXiv 1912.09729);
    /// above 1. Absent: off.
    #[serde(default)]
    pub dual_clip: Option<f32>,
    /// How tokens are averaged.
    pub aggregation: Aggregation,
    /// Entropy is rewarded with this factor.
    pub entropy_coef: f32,
    /// Distance to a reference policy. Absent: off.
    #[serde(default)]
    pub kl: Option<Kl>,
    /// Negative advantages are multiplied by this; 1 leaves them as they are.
    pub negative_weight: f32,
}

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

impl Options {
    /// Absolute Zero's paper (arXiv 2505.03335): PPO's clip at 0.2 and equal task-roles.
    #[must_use]
    pub fn azr() -> Self {
        Self {
            clip_low: 0.2,
            clip_high: 0.2,
            dual_clip: None,
            aggregation: Aggregation::PartMean,
            entropy_coef: 0.001,
            kl: None,
            negative_weight: 1.0,
        }
    }
}

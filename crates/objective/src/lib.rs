//! Policy losses and their gradient with respect to each token's log-probability and entropy.
//!
//! Serves the `update` step and is the oracle of the fused kernel. Knows no tensors, no files, no
//! clock and no roles: slices of f32 in, numbers out, arithmetic in f64 between. A batch may be cut
//! into micro-batches: [`scales`] fixes every row's share over the whole batch first, after which
//! losses, gradients and [`Stats`] of its parts add up to those of the whole.
//!
//! # Layout
//! `aggregation` each row's share → `policy` loss and gradient of one micro-batch (`tis` what a
//! token counts where sampler and trainer disagree, `kl` the distance to a reference) → `stats`
//! what to log.

mod aggregation;
mod kl;
mod policy;
mod stats;
mod tis;

pub use aggregation::{Aggregation, Share, scales};
pub use kl::{Kl, KlEstimator};
pub use policy::{Grad, Row, policy_loss};
pub use stats::Stats;

use serde::{Deserialize, Serialize};

/// Bound on |log-ratio|; veRL has the same.
const LOG_RATIO_MAX: f64 = 20.0;

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
    /// Truncated importance sampling: each token's surrogate is weighted by π_trainer / π_sampler
    /// up to this. Absent: off.
    #[serde(default)]
    pub tis_cap: Option<f32>,
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

impl Options {
    /// Absolute Zero's paper (arXiv 2505.03335): PPO's clip at 0.2 and equal task-roles.
    #[must_use]
    pub fn azr() -> Self {
        Self {
            clip_low: 0.2,
            clip_high: 0.2,
            dual_clip: None,
            tis_cap: None,
            aggregation: Aggregation::TaskRoleMean,
            entropy_coef: 0.001,
            kl: None,
            negative_weight: 1.0,
        }
    }
}

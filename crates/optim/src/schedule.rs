//! Learning rates over the steps of a run.

use serde::{Deserialize, Serialize};

/// How the learning rate falls at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// Not at all.
    Constant,
    /// In a straight line.
    Linear,
    /// Along half a cosine.
    Cosine,
}

/// Linear warm-up, a plateau, then decay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The learning rate of the plateau.
    pub lr: f64,
    /// Steps over which it rises to `lr`.
    pub warmup_steps: u64,
    /// Steps in all; only decay looks at it.
    pub total_steps: u64,
    /// The step at which decay begins.
    pub decay_from: u64,
    /// How it falls.
    pub decay: Decay,
    /// What it falls to at `total_steps`, as a share of `lr`.
    pub final_share: f64,
}

impl Schedule {
    /// The same rate at every step.
    #[must_use]
    pub fn constant(lr: f64) -> Self {
        let (warmup_steps, total_steps, decay_from) = (0, 0, 0);
        Self { lr, warmup_steps, total_steps, decay_from, decay: Decay::Constant, final_share: 1.0 }
    }

    /// The learning rate of step `step`, counted from 0.
    #[must_use]
    pub fn lr_at(&self, step: u64) -> f64 {
        if step < self.warmup_steps {
            return self.lr * (step + 1) as f64 / self.warmup_steps as f64;
        }
        let span = self.total_steps.saturating_sub(self.decay_from).max(1);
        let progress = (step.saturating_sub(self.decay_from) as f64 / span as f64).min(1.0);
        let left = match self.decay {
            Decay::Constant => return self.lr,
            Decay::Linear => 1.0 - progress,
            Decay::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        };
        self.lr * (self.final_share + (1.0 - self.final_share) * left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(decay: Decay, expected: &[(u64, f64)]) {
        let schedule = Schedule {
            lr: 2.0,
            warmup_steps: 4,
            total_steps: 20,
            decay_from: 10,
            decay,
            final_share: 0.1,
        };
        for &(step, lr) in expected {
            let got = schedule.lr_at(step);
            assert!((got - lr).abs() < 1e-12, "{decay:?} at {step}: {got}, expected {lr}");
        }
    }

    #[test]
    fn rates_rise_stay_and_fall() {
        check(Decay::Constant, &[(0, 0.5), (3, 2.0), (4, 2.0), (1000, 2.0)]);
        check(Decay::Linear, &[(1, 1.0), (10, 2.0), (15, 1.1), (20, 0.2), (99, 0.2)]);
        check(Decay::Cosine, &[(2, 1.5), (10, 2.0), (15, 1.1), (20, 0.2), (99, 0.2)]);
        assert_eq!(Schedule::constant(3.0).lr_at(7), 3.0);
    }
}

//! PowerPlay's gate (Schmidhuber, arXiv 1112.5309): a task is worth something when the update made
//! the policy able to do it and nothing old was lost.
//!
//! r = 1[p_old = 0] · 1[p_new ≥ τ] · 1[drop ≤ δ] / (1 + c·cost), where p_old and p_new are the
//! task's solve rates before and after the update that it was trained in, drop is how much a
//! sample of old tasks fell, and cost is the proposal's length in tokens.
//!
//! PowerPlay searches for the cheapest pair of a task and a change of the solver such that the new
//! solver does all tasks so far and the old one fails at the new one; its first experiments (arXiv
//! 1210.8385) grew a repertoire of pattern classifications for a small network and measured no
//! language model. Here the optimiser makes the change, rates of a few attempts stand for "does",
//! and a sample stands for all old tasks. Left out: compression of old solutions as a task, and
//! undoing an update that forgets. With G attempts, p_old = 0 and p_new ≥ 1/G happen by luck alone
//! with probability (1 − p)^G·(1 − (1 − p)^G), at most ¼; a higher τ makes luck rare.

use serde::{Deserialize, Serialize};

use super::progress::{Reevaluation, mean_change};

/// How the gate is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerPlay {
    /// τ: the solve rate from which a task counts as solved.
    pub solved: f64,
    /// δ: how far the mean solve rate of the old tasks may fall.
    pub drop_max: f64,
    /// c: what a token of the proposal costs.
    pub cost: f64,
}

impl PowerPlay {
    /// Whether the update made a task solvable: never solved before, at τ or above now.
    #[must_use]
    pub fn newly_solved(&self, before: f64, now: f64) -> bool {
        before == 0.0 && now >= self.solved
    }

    /// Whether the old tasks were kept; so they are where there are none.
    #[must_use]
    pub fn kept(&self, archive: &[Reevaluation]) -> bool {
        mean_change(archive).is_none_or(|change| -change <= self.drop_max)
    }

    /// The worth, in 0..=1, of a task written in `n_tokens` whose solve rate went from `before` to
    /// `now`, while the old tasks of `archive` were graded again.
    #[must_use]
    pub fn of(&self, before: f64, now: f64, n_tokens: usize, archive: &[Reevaluation]) -> f64 {
        if self.newly_solved(before, now) && self.kept(archive) {
            1.0 / (1.0 + self.cost * n_tokens as f64)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GATE: PowerPlay = PowerPlay { solved: 0.5, drop_max: 0.125, cost: 0.0 };

    fn archive(changes: &[(f64, f64)]) -> Vec<Reevaluation> {
        changes.iter().map(|&(before, now)| Reevaluation { at: 0.0, before, now }).collect()
    }

    #[test]
    fn by_hand() {
        #[track_caller]
        fn check(gate: PowerPlay, before: f64, now: f64, old: &[(f64, f64)], expect: f64) {
            assert_eq!(gate.of(before, now, 50, &archive(old)), expect);
        }
        check(GATE, 0.0, 0.5, &[], 1.0);
        check(GATE, 0.0, 1.0, &[(0.5, 0.5)], 1.0);
        check(GATE, 0.0, 0.375, &[], 0.0);
        check(GATE, 0.125, 1.0, &[], 0.0);
        check(GATE, 0.0, 0.0, &[], 0.0);
        // The mean of the old tasks may fall by an eighth and no further.
        check(GATE, 0.0, 1.0, &[(0.5, 0.25), (0.5, 0.5)], 1.0);
        check(GATE, 0.0, 1.0, &[(0.5, 0.25), (0.5, 0.375)], 0.0);
        check(GATE, 0.0, 1.0, &[(1.0, 0.0), (0.0, 1.0)], 1.0);
        check(PowerPlay { cost: 0.02, ..GATE }, 0.0, 1.0, &[], 0.5);
        check(PowerPlay { cost: 0.02, ..GATE }, 0.0, 0.25, &[], 0.0);
    }

    fn eighths() -> impl Strategy<Value = f64> {
        (0..=8_u32).prop_map(|n| f64::from(n) / 8.0)
    }

    proptest! {
        #[test]
        fn within_bounds_and_in_any_order(
            (before, now) in (eighths(), eighths()),
            mut old in proptest::collection::vec((eighths(), eighths()), 0..20),
            n_tokens in 0..1000_usize,
            cost in 0.0..1.0_f64,
        ) {
            let gate = PowerPlay { cost, ..GATE };
            let got = gate.of(before, now, n_tokens, &archive(&old));
            prop_assert!((0.0..=1.0).contains(&got));
            prop_assert!(got == 0.0 || (before == 0.0 && now >= 0.5));
            old.reverse();
            let turned = gate.of(before, now, n_tokens, &archive(&old));
            prop_assert_eq!(got.to_bits(), turned.to_bits());
            prop_assert!(gate.of(before, now, n_tokens + 1, &archive(&old)) <= got);
        }
    }
}

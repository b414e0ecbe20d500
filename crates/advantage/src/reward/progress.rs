//! Absolute learning progress: a task is worth how much the policy's success on tasks like it has
//! changed.
//!
//! r = |mean over the tasks nearest to it of (p_new − p_old)|, where p_old is the solve rate of an
//! old task at one grading and p_new that of the same task at its next. The form of ALP-GMM
//! (Portelas et al., arXiv 1910.07224), which takes the nearest earlier task, over a region as in
//! RIAC (Baranes and Oudeyer 2013): ALP-GMM's learners mastered more of a continuous space of
//! walking tracks than under random ones; neither measured language models. A change for the worse
//! counts alike: what is being forgotten is worth practice.
//!
//! The mean comes before the absolute value. |p_new − p_old| of a single task of G attempts is
//! mostly noise, of deviation √(2p(1 − p)/G), and pays tasks of p = ½ for being undecided; over n
//! tasks the noise falls by √n. Left out: ALP-GMM's mixture of Gaussians (here the nearest in one
//! measure, by kind) and its share of random tasks (the sampler's temperature explores).

use serde::{Deserialize, Serialize};

/// A task that was evaluated twice, with updates between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reevaluation {
    /// Where it lies among the tasks of its kind: any measure of its difficulty.
    pub at: f64,
    /// Mean score at the earlier grading, in 0..=1.
    pub before: f64,
    /// Mean score now, in 0..=1.
    pub now: f64,
}

impl Reevaluation {
    /// p_new − p_old.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.now - self.before
    }
}

/// Mean change of `tasks`; `None` if there is none. Their order does not matter to the last bit.
#[must_use]
pub fn mean_change(tasks: &[Reevaluation]) -> Option<f64> {
    let mut changes: Vec<f64> = tasks.iter().map(Reevaluation::change).collect();
    changes.sort_by(f64::total_cmp);
    (!changes.is_empty()).then(|| changes.iter().sum::<f64>() / changes.len() as f64)
}

/// How absolute learning progress is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningProgress {
    /// Tasks that make up the neighbourhood of one; those as near as the last of them count too.
    pub neighbours: usize,
}

impl LearningProgress {
    /// Absolute learning progress in 0..=1 around `at`, from the tasks of the same kind that were
    /// graded again; `None` if there is none: nothing is known, which is not 0.
    #[must_use]
    pub fn of(&self, at: f64, history: &[Reevaluation]) -> Option<f64> {
        let distance = |task: &Reevaluation| (task.at - at).abs();
        let mut distances: Vec<f64> = history.iter().map(distance).collect();
        distances.sort_by(f64::total_cmp);
        let farthest = *distances.get(self.neighbours.min(distances.len()).checked_sub(1)?)?;
        let near = |task: &&Reevaluation| distance(task) <= farthest;
        let near: Vec<Reevaluation> = history.iter().filter(near).copied().collect();
        mean_change(&near).map(f64::abs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task((at, before, now): (f64, f64, f64)) -> Reevaluation {
        Reevaluation { at, before, now }
    }

    #[track_caller]
    fn check(neighbours: usize, at: f64, history: &[(f64, f64, f64)], expect: Option<f64>) {
        let history: Vec<Reevaluation> = history.iter().copied().map(task).collect();
        assert_eq!(LearningProgress { neighbours }.of(at, &history), expect);
    }

    #[test]
    fn by_hand() {
        check(4, 1.0, &[], None);
        check(4, 1.0, &[(9.0, 0.25, 1.0)], Some(0.75));
        // Forgetting counts as learning does, and both at once cancel: no direction, no progress.
        check(4, 1.0, &[(1.0, 1.0, 0.5)], Some(0.5));
        check(4, 1.0, &[(1.0, 0.0, 0.5), (1.0, 0.75, 0.25)], Some(0.0));
        // Mastered or hopeless: nothing moves.
        check(4, 1.0, &[(1.0, 1.0, 1.0), (1.0, 0.0, 0.0)], Some(0.0));
        let history = [(1.0, 0.0, 0.5), (2.0, 0.25, 0.5), (8.0, 0.5, 0.5), (9.0, 1.0, 0.5)];
        check(2, 1.0, &history, Some(0.375));
        check(2, 9.0, &history, Some(0.25));
        check(1, 8.4, &history, Some(0.0));
        // Two are the third nearest to 5: both count.
        check(3, 5.0, &[(4.0, 0.0, 0.5), (6.0, 0.0, 0.5), (2.0, 0.0, 1.0), (8.0, 0.5, 0.5)], {
            Some((0.5 + 0.5 + 1.0 + 0.0) / 4.0)
        });
    }

    fn history() -> impl Strategy<Value = Vec<Reevaluation>> {
        let eighths = || (0..=8_u32).prop_map(|n| f64::from(n) / 8.0);
        let task = ((0..6_u32).prop_map(f64::from), eighths(), eighths()).prop_map(task);
        proptest::collection::vec(task, 0..40)
    }

    proptest! {
        #[test]
        fn within_bounds_and_in_any_order(
            history in history(),
            shuffled in any::<proptest::sample::Index>(),
            neighbours in 1..50_usize,
            at in 0.0..6.0_f64,
        ) {
            let progress = LearningProgress { neighbours };
            let got = progress.of(at, &history);
            prop_assert_eq!(got.is_none(), history.is_empty());
            prop_assert!(got.is_none_or(|x| (0.0..=1.0).contains(&x)));
            let mut turned = history.clone();
            turned.rotate_left(if history.is_empty() { 0 } else { shuffled.index(history.len()) });
            turned.reverse();
            prop_assert_eq!(got.map(f64::to_bits), progress.of(at, &turned).map(f64::to_bits));
        }

        #[test]
        fn learning_and_forgetting_are_worth_the_same(history in history(), at in 0.0..6.0_f64) {
            let back = |task: &Reevaluation| {
                let (before, now) = (task.now, task.before);
                Reevaluation { before, now, ..*task }
            };
            let back: Vec<Reevaluation> = history.iter().map(back).collect();
            let progress = LearningProgress { neighbours: 5 };
            let (a, b) = (progress.of(at, &history), progress.of(at, &back));
            prop_assert!(a.zip(b).is_none_or(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
        }

        #[test]
        fn a_policy_that_stands_still_earns_nothing(history in history(), at in 0.0..6.0_f64) {
            let still = |task: &Reevaluation| Reevaluation { now: task.before, ..*task };
            let still: Vec<Reevaluation> = history.iter().map(still).collect();
            let got = LearningProgress { neighbours: 5 }.of(at, &still);
            prop_assert!(got.is_none_or(|x| x == 0.0));
        }
    }
}

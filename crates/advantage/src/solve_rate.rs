//! How often a task was solved. Faults are counted and left out of every rate.

use quaero_types::{Status, Verdict};

/// Verdicts on one task, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SolveRate {
    /// Attempts that were judged.
    pub n_judged: usize,
    /// Of these, the right ones.
    pub n_right: usize,
    /// Sum of the judged attempts' scores; equals `n_right` where scores are 0 or 1.
    pub score_sum: f64,
    /// Attempts whose judge failed.
    pub n_faults: usize,
}

impl SolveRate {
    /// Counts one verdict.
    pub fn add(&mut self, verdict: &Verdict) {
        if verdict.status == Status::Fault {
            self.n_faults += 1;
            return;
        }
        self.n_judged += 1;
        self.n_right += usize::from(verdict.status == Status::Ok);
        self.score_sum += f64::from(verdict.score);
    }

    /// Mean score over the judged attempts; `None` if there is none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.n_judged > 0).then(|| self.score_sum / self.n_judged as f64)
    }
}

impl<'a> FromIterator<&'a Verdict> for SolveRate {
    fn from_iter<I: IntoIterator<Item = &'a Verdict>>(verdicts: I) -> Self {
        let mut rate = Self::default();
        verdicts.into_iter().for_each(|verdict| rate.add(verdict));
        rate
    }
}

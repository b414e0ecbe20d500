//! A worth that the configuration says: an expression over how often a task was solved.

use quaero_expression::{Error, Expression, Names, Type};
use serde::{Deserialize, Serialize};

use crate::SolveRate;

/// What a valid task is worth, as in `1 - 2 * abs(s - 0.5)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Worth(Expression);

impl Worth {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn new(source: &str) -> Result<Self, Error> {
        Expression::new(source, Type::Number, &Self::names()).map(Self)
    }

    /// The names that it may use.
    #[must_use]
    pub fn names() -> Names {
        let mut names = Names::new();
        names.number("s", "solve rate of the task");
        names.number("n", "attempts that it was judged by");
        names
    }

    /// The worth of a task that was attempted with `rate`; `None` if every judge failed, or the
    /// result is no finite number.
    #[must_use]
    pub fn of(&self, rate: &SolveRate) -> Option<f64> {
        self.0.number(&[Some(rate.mean()?), Some(rate.n_judged as f64)])
    }
}

impl TryFrom<String> for Worth {
    type Error = Error;

    fn try_from(source: String) -> Result<Self, Error> {
        Self::new(&source)
    }
}

impl From<Worth> for String {
    fn from(worth: Worth) -> Self {
        worth.0.source().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Learnability;

    #[track_caller]
    fn check(preset: Learnability, source: &str) {
        let worth = Worth::new(source).unwrap();
        for n_solved in 0..=8 {
            let rate =
                SolveRate { n_judged: 8, score_sum: f64::from(n_solved), ..SolveRate::default() };
            assert_eq!(worth.of(&rate), preset.of_rate(&rate), "{source} at {n_solved} of 8");
        }
        assert_eq!(worth.of(&SolveRate::default()), None, "nobody judged it");
    }

    #[test]
    fn each_preset_can_be_said_as_an_expression() {
        check(Learnability::OneMinus, "s > 0 ? 1 - s : 0");
        check(Learnability::Inverse, "1 - s");
        check(Learnability::Uncertainty, "1 - 2 * abs(s - 0.5)");
        check(Learnability::Variance, "exp(-pow(s * (1 - s) - 0.25, 2) / 0.02)");
        check(Learnability::Band, "s > 0 && s < 1 ? 1 : 0");
        check(Learnability::Ssr, "s > 0 ? 1.8 * (1 - s) - 0.8 : -0.8");
        check(Learnability::Validity, "1");
    }

    #[test]
    fn the_number_of_attempts_has_a_name() {
        let worth = Worth::new("n >= 4 ? s : 1 / 0").unwrap();
        let of =
            |n_judged| worth.of(&SolveRate { n_judged, score_sum: 1.0, ..SolveRate::default() });
        assert_eq!([of(4), of(2)], [Some(0.25), None]);
    }
}

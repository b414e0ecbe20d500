//! Terms beside learnability in a proposer's reward: what its task measures, each up to a bound
//! (Absolute Zero, arXiv 2505.03335, appendix D; its code's `intrinsic` rewards). The paper found
//! no significant gain from any of them, and the sum the most stable way to combine them.
//!
//! Knows measures by name only: what a family reports of a task, and what a run counts of it.

use serde::{Deserialize, Serialize};

/// A measure of a task and what it is worth: min(coef · measure, max).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The measure's name.
    pub measure: String,
    /// Its factor.
    pub coef: f32,
    /// The most that the term is worth.
    pub max: f32,
}

/// How learnability and terms become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// learnability + Σ terms.
    Sum,
    /// learnability · Π terms.
    Multiply,
    /// learnability + Π terms.
    SumMultiply,
    /// learnability · Σ terms.
    MultiplySum,
}

/// The terms of a proposer's reward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Which.
    pub terms: Vec<Term>,
    /// How they are combined.
    pub combine: Combine,
}

impl Terms {
    /// No terms: learnability alone.
    #[must_use]
    pub fn none() -> Self {
        Self { terms: Vec::new(), combine: Combine::Sum }
    }

    /// The reward of a task of this learnability. A task that was not measured so (another kind
    /// has other measures) has no such term; one without any is worth its learnability.
    #[must_use]
    pub fn applied(&self, learnability: f32, measure: &dyn Fn(&str) -> Option<f64>) -> f32 {
        let value = |term: &Term| {
            let value = f64::from(term.coef) * measure(&term.measure)?;
            Some(value.min(f64::from(term.max)))
        };
        let values: Vec<f64> = self.terms.iter().filter_map(value).collect();
        if values.is_empty() {
            return learnability;
        }
        let (sum, product) = (values.iter().sum::<f64>(), values.iter().product::<f64>());
        let learnability = f64::from(learnability);
        (match self.combine {
            Combine::Sum => learnability + sum,
            Combine::Multiply => learnability * product,
            Combine::SumMultiply => learnability + product,
            Combine::MultiplySum => learnability * sum,
        }) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(combine: Combine) -> Terms {
        let term = |measure: &str, coef, max| Term { measure: measure.to_owned(), coef, max };
        Terms {
            terms: vec![
                term("complexity", 1.0, 0.5),
                term("halstead", 0.5, 1.0),
                term("absent", 1.0, 1.0),
            ],
            combine,
        }
    }

    fn measured(name: &str) -> Option<f64> {
        match name {
            "complexity" => Some(0.8),
            "halstead" => Some(0.5),
            _ => None,
        }
    }

    /// Components min(1·0.8, 0.5) = 0.5 and min(0.5·0.5, 1) = 0.25 beside a learnability of 0.75.
    #[test]
    fn components_are_bounded_and_combined() {
        #[track_caller]
        fn check(combine: Combine, expect: f32) {
            assert_eq!(terms(combine).applied(0.75, &measured), expect);
        }
        check(Combine::Sum, 1.5);
        check(Combine::Multiply, 0.09375);
        check(Combine::SumMultiply, 0.875);
        check(Combine::MultiplySum, 0.5625);
    }

    #[test]
    fn a_task_without_measures_is_worth_its_learnability() {
        assert_eq!(terms(Combine::Multiply).applied(0.25, &|_| None), 0.25);
        assert_eq!(Terms::none().applied(0.25, &measured), 0.25);
    }
}

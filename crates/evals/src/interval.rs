//! How sure a rate is: 95 % intervals.

use std::fmt::{Display, Formatter};

use serde::Serialize;

/// A rate with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Display for Interval {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let [mean, low, high] = [self.mean, self.low, self.high].map(|share| 100.0 * share);
        write!(f, "{mean:.1} % [{low:.1}, {high:.1}]")
    }
}

const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval for `right` of `n` independent trials (Wilson, JASA 1927).
///
/// # Panics
/// If `n` is 0 or less than `right`.
#[must_use]
pub fn wilson(right: u64, n: u64) -> Interval {
    assert!(n > 0 && right <= n, "wilson({right}, {n}) has no value");
    let (x, n) = (right as f64, n as f64);
    let mean = x / n;
    let centre = (mean + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (mean * (1.0 - mean) / n + Z * Z / (4.0 * n * n)).sqrt();
    Interval { mean, low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// Normal interval over task means, for several samples a task: samples of one task are not
/// independent, tasks are. One task alone gives the widest interval there is.
///
/// # Panics
/// If `means` is empty.
#[must_use]
pub fn clustered(means: &[f64]) -> Interval {
    assert!(!means.is_empty(), "clustered of no task has no value");
    let n = means.len() as f64;
    let mean = means.iter().sum::<f64>() / n;
    if means.len() < 2 {
        return Interval { mean, low: 0.0, high: 1.0 };
    }
    let variance = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = Z * (variance / n).sqrt();
    Interval { mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0) }
}

/// The interval of `b` − `a` for independent rates, from their own intervals (Newcombe, "Interval
/// estimation for the difference between independent proportions", Statistics in Medicine 1998,
/// method 10). Rates over the same tasks depend on each other: there it is on the safe side.
#[must_use]
pub fn difference(a: Interval, b: Interval) -> Interval {
    let mean = b.mean - a.mean;
    let low = mean - (b.mean - b.low).hypot(a.high - a.mean);
    let high = mean + (b.high - b.mean).hypot(a.mean - a.low);
    Interval { mean, low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(got: Interval, low: f64, high: f64) {
        assert!((got.low - low).abs() < 5e-5 && (got.high - high).abs() < 5e-5, "{got:?}");
    }

    /// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine
    /// 1998, table I, method 3 (score).
    #[test]
    fn wilson_gives_newcombes_published_table() {
        check(wilson(81, 263), 0.2553, 0.3662);
        check(wilson(15, 148), 0.0624, 0.1605);
        check(wilson(0, 20), 0.0, 0.1611);
        check(wilson(1, 29), 0.0061, 0.1718);
    }

    /// Newcombe's paper on differences, table II, columns a to c of method 10.
    #[test]
    fn difference_gives_newcombes_published_table() {
        check(difference(wilson(48, 80), wilson(56, 70)), 0.0524, 0.3339);
        check(difference(wilson(3, 10), wilson(9, 10)), 0.1705, 0.8090);
        check(difference(wilson(2, 7), wilson(6, 7)), 0.0582, 0.8062);
    }

    #[test]
    fn clustered_narrows_with_tasks_and_not_with_copies_of_a_sample() {
        let few = clustered(&[0.0, 1.0, 0.5, 0.5]);
        let many = clustered(&[0.0, 1.0, 0.5, 0.5].repeat(16));
        assert!(many.high - many.low < (few.high - few.low) / 3.5);
        assert_eq!(clustered(&[0.25]), Interval { mean: 0.25, low: 0.0, high: 1.0 });
    }
}

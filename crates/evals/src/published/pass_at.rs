//! The unbiased estimate of pass@k.

/// The chance that one of `k` answers drawn from `n`, of which `right` are right, is right:
/// 1 − C(n − right, k) / C(n, k) (Chen et al., "Evaluating Large Language Models Trained on Code",
/// 2021, equation 1), as the product that does not overflow.
///
/// # Panics
/// If `k` is 0 or above `n`, or `right` is above `n`.
#[must_use]
pub fn pass_at(k: usize, n: usize, right: usize) -> f64 {
    assert!(k > 0 && k <= n && right <= n, "pass@{k} of {right} right among {n} has no value");
    if n - right < k {
        return 1.0;
    }
    1.0 - (n - right + 1..=n).map(|i| 1.0 - k as f64 / i as f64).product::<f64>()
}

//! Oracles in f64, error budgets and numeric gradients for tests.
//!
//! A development dependency: knows no crate of the workspace, so that every crate may use it.
//! Oracles are written from the formulas, naively, in f64.
//!
//! # Layout
//! - [`check_close`], [`relative_error`]: error of a whole vector by its norm
//! - [`numeric_gradient`], [`random`]: for gradient checks
//! - [`attention`], [`rms_norm`], [`log_softmax`], [`swiglu`]: oracles
//! - [`kernels`]: oracles of the GPU's kernels, and their budget E2

pub mod kernels;

/// ‖got − want‖ / ‖want‖ (the norm of `got` itself if `want` is zero).
///
/// # Panics
/// If the lengths differ.
#[must_use]
pub fn relative_error(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len(), "vectors of unequal lengths");
    let square = |x: f64| x * x;
    let error: f64 = got.iter().zip(want).map(|(&g, &w)| square(f64::from(g) - w)).sum();
    let size: f64 = want.iter().copied().map(square).sum();
    if size > 0.0 { (error / size).sqrt() } else { error.sqrt() }
}

/// Checks that the relative error of `got` is at most `budget`.
///
/// # Panics
/// If it is not.
#[track_caller]
pub fn check_close(what: &str, got: &[f32], want: &[f64], budget: f64) {
    let error = relative_error(got, want);
    assert!(error <= budget, "{what}: relative error {error:.2e}, allowed {budget:.0e}");
}

/// Central differences of `f` by each element of `x`, in f64.
pub fn numeric_gradient(x: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let mut x = x.to_vec();
    (0..x.len())
        .map(|i| {
            let old = x[i];
            x[i] = old + STEP;
            let above = f(&x);
            x[i] = old - STEP;
            let below = f(&x);
            x[i] = old;
            (above - below) / (2.0 * STEP)
        })
        .collect()
}

/// `n` numbers in (−1, 1) from a small generator of its own.
#[must_use]
pub fn random(seed: u64, n: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..16).for_each(|_| _ = next());
    (0..n).map(|_| next()).collect()
}

/// f64 copies.
#[must_use]
pub fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().copied().map(f64::from).collect()
}

/// Σ x y.
#[must_use]
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// Causal grouped-query attention of one sequence, of each query to the latest `window` keys if
/// there is one: `qkv` [T, (H + 2K)·D] → [T, H·D].
#[must_use]
pub fn attention(
    qkv: &[f64],
    (n_heads, n_kv_heads, d): (usize, usize, usize),
    window: Option<usize>,
) -> Vec<f64> {
    let width = (n_heads + 2 * n_kv_heads) * d;
    let t = qkv.len() / width;
    let mut out = vec![0.0; t * n_heads * d];
    for row in 0..t {
        for head in 0..n_heads {
            let kv = head / (n_heads / n_kv_heads);
            let at = |row: usize, head: usize| &qkv[row * width + head * d..][..d];
            let first = window.map_or(0, |window| (row + 1).saturating_sub(window));
            let scores: Vec<f64> = (first..=row)
                .map(|j| dot(at(row, head), at(j, n_heads + kv)) / (d as f64).sqrt())
                .collect();
            let p: Vec<f64> = log_softmax(&scores).into_iter().map(f64::exp).collect();
            for (j, p) in (first..).zip(&p) {
                let v = at(j, n_heads + n_kv_heads + kv);
                for (o, v) in out[(row * n_heads + head) * d..][..d].iter_mut().zip(v) {
                    *o += p * v;
                }
            }
        }
    }
    out
}

/// x / √(mean(x²) + eps) · w.
#[must_use]
pub fn rms_norm(x: &[f64], w: &[f64], eps: f64) -> Vec<f64> {
    let rstd = 1.0 / (dot(x, x) / x.len() as f64 + eps).sqrt();
    x.iter().zip(w).map(|(x, w)| x * rstd * w).collect()
}

/// x − ln Σ e^x.
#[must_use]
pub fn log_softmax(x: &[f64]) -> Vec<f64> {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = x.iter().map(|x| (x - max).exp()).sum();
    x.iter().map(|x| x - max - sum.ln()).collect()
}

/// silu(gate) · up of a row `[gate | up]`.
#[must_use]
pub fn swiglu(gate_up: &[f64]) -> Vec<f64> {
    let (gate, up) = gate_up.split_at(gate_up.len() / 2);
    gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect()
}

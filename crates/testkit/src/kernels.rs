//! Oracles of the kernels, written from the formulas, for any [`Real`]: f64 is the truth, and
//! [`Naive`] is what a plain implementation in the kernel's own types would give.
//!
//! Budget E2: `err(kernel, f64) ≤ 2 · err(naive, f64) + 2 ulp · max|f64|`, for the largest error
//! and, with half an ulp, for the error of the whole vector by its norm.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number that an oracle computes with.
pub trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The nearest number.
    fn of(x: f64) -> Self;
    /// As f64.
    fn wide(self) -> f64;
    /// What is left of it once stored in the kernel's type for activations.
    #[must_use]
    fn stored(self) -> Self;
    /// e^x.
    #[must_use]
    fn exp(self) -> Self {
        Self::of(self.wide().exp())
    }
    /// ln x.
    #[must_use]
    fn ln(self) -> Self {
        Self::of(self.wide().ln())
    }
    /// √x.
    #[must_use]
    fn sqrt(self) -> Self {
        Self::of(self.wide().sqrt())
    }
}

impl Real for f64 {
    fn of(x: f64) -> Self {
        x
    }
    fn wide(self) -> f64 {
        self
    }
    fn stored(self) -> Self {
        self
    }
}

/// f32 arithmetic, bf16 storage.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Naive(pub f32);

impl Real for Naive {
    fn of(x: f64) -> Self {
        Self(x as f32)
    }
    fn wide(self) -> f64 {
        f64::from(self.0)
    }
    fn stored(self) -> Self {
        Self(round_to_bf16(self.0))
    }
}

macro_rules! operator {
    ($($name:ident $method:ident $op:tt),*) => {$(
        impl $name for Naive {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Self(self.0 $op other.0)
            }
        }
    )*};
}
operator!(Add add +, Sub sub -, Mul mul *, Div div /);

impl Neg for Naive {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// The nearest bf16, ties to even.
#[must_use]
pub fn round_to_bf16(x: f32) -> f32 {
    if !x.is_finite() {
        return x;
    }
    let bits = x.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// How a kernel stores an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As f32: 24 bits.
    F32,
    /// As bf16: 8 bits.
    Bf16,
    /// Nothing may differ.
    Exact,
}

impl Stored {
    /// The distance of neighbours at `x`.
    #[must_use]
    pub fn ulp(self, x: f64) -> f64 {
        let bits = match self {
            Self::F32 => 23,
            Self::Bf16 => 7,
            Self::Exact => return 0.0,
        };
        if x == 0.0 { 0.0 } else { 2_f64.powi(x.abs().log2().floor() as i32 - bits) }
    }
}

/// What is wrong with `got` by budget E2, if something is.
///
/// # Errors
/// The error and what was allowed.
pub fn e2(stored: Stored, got: &[f32], want: &[f64], naive: &[f64]) -> Result<f64, String> {
    if got.len() != want.len() || naive.len() != want.len() {
        return Err(format!("{} values, {} expected", got.len(), want.len()));
    }
    let (mut worst, mut worst_naive, mut at) = (0.0_f64, 0.0_f64, 0);
    let (mut sum, mut sum_naive, mut size, mut top) = (0.0, 0.0, 0.0, 0.0_f64);
    for (i, ((&got, &want), &naive)) in got.iter().zip(want).zip(naive).enumerate() {
        let error = (f64::from(got) - want).abs();
        if error.is_nan() {
            return Err(format!("element {i} is {got}, expected {want}"));
        }
        if error > worst {
            (worst, at) = (error, i);
        }
        worst_naive = worst_naive.max((naive - want).abs());
        sum += error * error;
        sum_naive += (naive - want).powi(2);
        size += want * want;
        top = top.max(want.abs());
    }
    let allowed = 2.0 * worst_naive + 2.0 * stored.ulp(top);
    if worst > allowed {
        return Err(format!(
            "element {at} is {}, expected {}: off by {worst:.2e}, allowed {allowed:.2e}",
            got[at], want[at]
        ));
    }
    let typical = (size / want.len().max(1) as f64).sqrt();
    let allowed = 2.0 * sum_naive.sqrt() + 0.5 * stored.ulp(typical) * (want.len() as f64).sqrt();
    if sum.sqrt() > allowed {
        let off = sum.sqrt();
        return Err(format!("the whole is off by {off:.2e} in its norm, allowed {allowed:.2e}"));
    }
    Ok(if size > 0.0 { (sum / size).sqrt() } else { sum.sqrt() })
}

/// As another kind of number.
#[must_use]
pub fn of<R: Real>(x: &[f32]) -> Vec<R> {
    x.iter().map(|&x| R::of(f64::from(x))).collect()
}

/// As f64.
#[must_use]
pub fn widened<R: Real>(x: &[R]) -> Vec<f64> {
    x.iter().map(|x| x.wide()).collect()
}

fn sum<R: Real>(terms: impl Iterator<Item = R>) -> R {
    terms.fold(R::of(0.0), |sum, x| sum + x)
}

fn dot<R: Real>(x: &[R], y: &[R]) -> R {
    sum(x.iter().zip(y).map(|(&x, &y)| x * y))
}

/// 1 / √(mean(x²) + eps) of one group.
#[must_use]
pub fn rstd<R: Real>(x: &[R], eps: f64) -> R {
    R::of(1.0) / (dot(x, x) / R::of(x.len() as f64) + R::of(eps)).sqrt()
}

/// RMSNorm of one group.
#[must_use]
pub fn rms_norm<R: Real>(x: &[R], w: &[R], eps: f64) -> Vec<R> {
    let rstd = rstd(x, eps);
    x.iter().zip(w).map(|(&x, &w)| (x * rstd * w).stored()).collect()
}

/// The gradient of RMSNorm of one group by x, not yet stored; adds that by w to `dw`.
#[must_use]
pub fn rms_norm_bwd<R: Real>(x: &[R], w: &[R], eps: f64, dy: &[R], dw: &mut [R]) -> Vec<R> {
    let rstd = rstd(x, eps);
    let products = x.iter().zip(w).zip(dy).map(|((&x, &w), &dy)| dy * w * x);
    let mean = sum(products) / R::of(x.len() as f64);
    for ((dw, &x), &dy) in dw.iter_mut().zip(x).zip(dy) {
        *dw = *dw + dy * x * rstd;
    }
    let dx = x.iter().zip(w).zip(dy);
    dx.map(|((&x, &w), &dy)| rstd * (dy * w - x * rstd * rstd * mean)).collect()
}

/// Rotates a head by its angles, pairs half a head apart.
#[must_use]
pub fn rope<R: Real>(x: &[R], cos: &[R], sin: &[R]) -> Vec<R> {
    let (u, v) = x.split_at(x.len() / 2);
    let angles = || cos.iter().zip(sin);
    let first = u.iter().zip(v).zip(angles());
    let second = u.iter().zip(v).zip(angles());
    first
        .map(|((&u, &v), (&c, &s))| (u * c - v * s).stored())
        .chain(second.map(|((&u, &v), (&c, &s))| (v * c + u * s).stored()))
        .collect()
}

fn sigmoid<R: Real>(x: R) -> R {
    R::of(1.0) / (R::of(1.0) + (-x).exp())
}

/// silu(gate) · up of a row `[gate | up]`.
#[must_use]
pub fn swiglu<R: Real>(gate_up: &[R]) -> Vec<R> {
    let (gate, up) = gate_up.split_at(gate_up.len() / 2);
    gate.iter().zip(up).map(|(&g, &u)| (g * sigmoid(g) * u).stored()).collect()
}

/// Its gradient by the row.
#[must_use]
pub fn swiglu_bwd<R: Real>(gate_up: &[R], dy: &[R]) -> Vec<R> {
    let (gate, up) = gate_up.split_at(gate_up.len() / 2);
    let slope = |g: R| sigmoid(g) * (R::of(1.0) + g * (R::of(1.0) - sigmoid(g)));
    let dgate = gate.iter().zip(up).zip(dy).map(|((&g, &u), &dy)| (dy * u * slope(g)).stored());
    let dup = gate.iter().zip(dy).map(|(&g, &dy)| (dy * g * sigmoid(g)).stored());
    dgate.chain(dup).collect()
}

/// Query heads, key heads and channels of a head.
pub type Heads = (usize, usize, usize);

/// Causal attention of one sequence and what its gradient needs.
#[derive(Clone, Debug)]
pub struct Attention<R> {
    /// [T, H·D]
    pub out: Vec<R>,
    /// [T, H], not rounded to storage.
    pub lse: Vec<R>,
    /// Weights of each row and head.
    pub weights: Vec<Vec<R>>,
}

/// Causal grouped-query attention: `qkv` [T, (H + 2K)·D].
#[must_use]
pub fn attention<R: Real>(qkv: &[R], (h, k, d): Heads) -> Attention<R> {
    let width = (h + 2 * k) * d;
    let at = |row: usize, head: usize| &qkv[row * width + head * d..][..d];
    let scale = R::of(1.0 / (d as f64).sqrt());
    let mut result = Attention { out: vec![], lse: vec![], weights: vec![] };
    for row in 0..qkv.len() / width {
        for head in 0..h {
            let kv = head / (h / k);
            let scores: Vec<R> =
                (0..=row).map(|j| dot(at(row, head), at(j, h + kv)) * scale).collect();
            let max = scores.iter().fold(scores[0], |m, &s| if s > m { s } else { m });
            let e: Vec<R> = scores.iter().map(|&s| (s - max).exp()).collect();
            let total = sum(e.iter().copied());
            result.lse.push(max + total.ln());
            for c in 0..d {
                let terms = e.iter().enumerate().map(|(j, e)| e.stored() * at(j, h + k + kv)[c]);
                result.out.push((sum(terms) / total).stored());
            }
            result.weights.push(e.into_iter().map(|e| e / total).collect());
        }
    }
    result
}

/// The gradient of [`attention`] by `qkv`.
#[must_use]
pub fn attention_bwd<R: Real>(qkv: &[R], heads: Heads, dout: &[R]) -> Vec<R> {
    let (h, k, d) = heads;
    let width = (h + 2 * k) * d;
    let Attention { out, weights, .. } = attention(qkv, heads);
    let scale = R::of(1.0 / (d as f64).sqrt());
    let mut dqkv = vec![R::of(0.0); qkv.len()];
    for row in 0..qkv.len() / width {
        for head in 0..h {
            let kv = head / (h / k);
            let place = |row: usize, head: usize| row * width + head * d;
            let mine = (row * h + head) * d..(row * h + head + 1) * d;
            let (dout, out) = (&dout[mine.clone()], &out[mine]);
            let delta = dot(dout, out);
            for (j, &p) in weights[row * h + head].iter().enumerate() {
                let dp = dot(dout, &qkv[place(j, h + k + kv)..][..d]);
                let ds = (p * (dp - delta) * scale).stored();
                for (c, &dout) in dout.iter().enumerate() {
                    let (q, key) = (place(row, head) + c, place(j, h + kv) + c);
                    let value = place(j, h + k + kv) + c;
                    dqkv[q] = dqkv[q] + ds * qkv[key];
                    dqkv[key] = dqkv[key] + ds * qkv[q];
                    dqkv[value] = dqkv[value] + p.stored() * dout;
                }
            }
        }
    }
    dqkv.into_iter().map(R::stored).collect()
}

/// Σ_k a(m, k) b(k, n), not yet stored.
#[must_use]
pub fn matmul<R: Real>(
    (m, n, k): (usize, usize, usize),
    a: impl Fn(usize, usize) -> R,
    b: impl Fn(usize, usize) -> R,
) -> Vec<R> {
    let element = |i: usize| sum((0..k).map(|j| a(i / n, j) * b(j, i % n)));
    (0..m * n).map(element).collect()
}

/// log p of each token of a row of logits, and the entropy.
#[must_use]
pub fn head<R: Real>(logits: &[R], temperature: f64) -> (Vec<R>, R) {
    let z: Vec<R> = logits.iter().map(|&x| x / R::of(temperature)).collect();
    let max = z.iter().fold(z[0], |m, &z| if z > m { z } else { m });
    let ln_sum = sum(z.iter().map(|&z| (z - max).exp())).ln();
    let log_p: Vec<R> = z.iter().map(|&z| (z - max) - ln_sum).collect();
    let entropy = -sum(log_p.iter().map(|&log_p| log_p.exp() * log_p));
    (log_p, entropy)
}

/// The gradient of dlogp · log p[target] + dentropy · H by a row of logits.
#[must_use]
pub fn head_bwd<R: Real>(
    logits: &[R],
    temperature: f64,
    target: usize,
    (dlogp, dentropy): (R, R),
) -> Vec<R> {
    let (log_p, entropy) = head(logits, temperature);
    let by = |(j, &log_p): (usize, &R)| {
        let p = log_p.exp();
        let hit = if j == target { dlogp } else { R::of(0.0) };
        ((hit - dlogp * p - dentropy * p * (log_p + entropy)) / R::of(temperature)).stored()
    };
    log_p.iter().enumerate().map(by).collect()
}

/// One element of a step of AdamW with bias corrections inside: (w, m, v).
#[must_use]
pub fn adamw<R: Real>(
    (w, m, v): (R, R, R),
    g: R,
    (b1, b2): (f64, f64),
    [step_size, inv_sqrt_correction, eps, keep]: [f64; 4],
) -> (R, R, R) {
    let m = R::of(b1) * m + (R::of(1.0) - R::of(b1)) * g;
    let v = R::of(b2) * v + (R::of(1.0) - R::of(b2)) * (g * g);
    let root = v.sqrt() * R::of(inv_sqrt_correction) + R::of(eps);
    (R::of(keep) * w - R::of(step_size) * (m / root), m, v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check_close, numeric_gradient, random, wide};

    fn narrow(x: &[f64]) -> Vec<f32> {
        x.iter().map(|&x| x as f32).collect()
    }

    /// The oracles of gradients agree with finite differences of those of values.
    #[test]
    fn gradients_are_slopes() {
        let (x, w, dy) = (wide(&random(1, 24)), wide(&random(2, 24)), wide(&random(3, 24)));
        let mut dw = vec![0.0; 24];
        let dx = rms_norm_bwd(&x, &w, 1e-5, &dy, &mut dw);
        let by_x = numeric_gradient(&x, |x| dot(&rms_norm(x, &w, 1e-5), &dy));
        let by_w = numeric_gradient(&w, |w| dot(&rms_norm(&x, w, 1e-5), &dy));
        check_close("norm dx", &narrow(&dx), &by_x, 1e-6);
        check_close("norm dw", &narrow(&dw), &by_w, 1e-6);

        let dgate_up = swiglu_bwd(&x, &dy[..12]);
        let by_x = numeric_gradient(&x, |x| dot(&swiglu(x), &dy[..12]));
        check_close("swiglu", &narrow(&dgate_up), &by_x, 1e-6);

        let heads = (4, 2, 4);
        let (qkv, dout) = (wide(&random(4, 5 * 32)), wide(&random(5, 5 * 16)));
        let dqkv = attention_bwd(&qkv, heads, &dout);
        let by_qkv = numeric_gradient(&qkv, |qkv| dot(&attention(qkv, heads).out, &dout));
        check_close("attention", &narrow(&dqkv), &by_qkv, 1e-6);

        let loss = |x: &[f64]| {
            let (log_p, entropy) = head(x, 0.7);
            0.3 * log_p[7] - 0.2 * entropy
        };
        let dlogits = head_bwd(&x, 0.7, 7, (0.3, -0.2));
        check_close("head", &narrow(&dlogits), &numeric_gradient(&x, loss), 1e-6);
    }

    #[test]
    fn the_budget_tells_right_from_wrong() {
        let want = [1.0, -2.0, 3.0];
        let naive = [1.0, -2.01, 3.0];
        assert!(e2(Stored::Bf16, &[1.0, -2.0, 3.02], &want, &naive).is_ok());
        assert!(e2(Stored::Bf16, &[1.0, -2.0, 3.2], &want, &naive).is_err());
        assert!(e2(Stored::Bf16, &[1.0, f32::NAN, 3.0], &want, &naive).is_err());
        assert!(e2(Stored::Exact, &[1.0, -2.0, 3.0], &want, &want).is_ok());
        assert!(e2(Stored::Exact, &[1.0, -2.0, 3.000_000_2], &want, &want).is_err());
        assert!((Stored::Bf16.ulp(1.5) - 2_f64.powi(-7)).abs() < 1e-12);
        assert_eq!(round_to_bf16(1.0 + 1.0 / 256.0).to_bits(), 0x3f80_0000);
    }
}

//! One step of AdamW (Loshchilov & Hutter, 1711.05101), elementwise.

use quaero_shape::AdamWStep;
use rayon::prelude::*;

use crate::parallel::vectorized;

/// m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← keep·w − step_size·m / (√v·correction + eps), with g
/// = `grad_scale` (clipping) · `grad`.
///
/// # Panics
/// If the lengths differ.
pub fn step(
    step: AdamWStep,
    w: &mut [f32],
    (grad, grad_scale): (&[f32], f32),
    m: &mut [f32],
    v: &mut [f32],
) {
    const BLOCK: usize = 16 * 1024;
    assert!(w.len() == grad.len() && m.len() == w.len() && v.len() == w.len(), "adam: lengths");
    let parts = w.par_chunks_mut(BLOCK).zip(grad.par_chunks(BLOCK));
    parts.zip(m.par_chunks_mut(BLOCK).zip(v.par_chunks_mut(BLOCK))).for_each(
        |((w, grad), (m, v))| {
            vectorized(
                #[inline(always)]
                || {
                    let (b1, b2) = step.betas;
                    for (((w, &g), m), v) in
                        w.iter_mut().zip(grad).zip(m.iter_mut()).zip(v.iter_mut())
                    {
                        let g = g * grad_scale;
                        *m = b1 * *m + (1.0 - b1) * g;
                        *v = b2 * *v + (1.0 - b2) * (g * g);
                        let root = v.sqrt() * step.inv_sqrt_correction + step.eps;
                        *w = step.keep * *w - step.step_size * (*m / root);
                    }
                },
            );
        },
    );
}

/// Σ x², in f64 over blocks of a fixed size, added in order.
#[must_use]
pub fn sum_of_squares(x: &[f32]) -> f64 {
    let parts: Vec<f64> = x
        .par_chunks(4096)
        .map(|block| {
            let mut lanes = [0.0_f64; 16];
            for (i, &x) in block.iter().enumerate() {
                lanes[i % 16] += f64::from(x) * f64::from(x);
            }
            lanes.iter().sum()
        })
        .collect();
    parts.iter().sum()
}

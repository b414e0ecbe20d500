//! RMSNorm (Zhang & Sennrich, 1910.07467): y = x · rstd · w, rstd = 1 / √(mean(x²) + eps).
//!
//! Works on `groups` of `C` channels inside rows of any stride, so that one function serves the
//! residual stream (one group a row) and query or key heads (one group a head).

use quaero_shape::Groups;
use rayon::prelude::*;

use crate::lanes;
use crate::parallel::{ROWS_PER_TASK, for_row_blocks, vectorized};

/// y = RMSNorm(x) in the groups of each row; other channels of `y` are left alone.
///
/// # Shapes
/// x, y [R, width]; w [C].
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(x: &[f32], w: &[f32], eps: f32, groups: Groups, y: &mut [f32]) {
    let Groups { width, first, count } = groups;
    let c = w.len();
    assert!(x.len() == y.len() && first + count * c <= width, "norm: groups do not fit the rows");
    for_row_blocks(y, width, |row, y| {
        let x = &x[row * width..row * width + y.len()];
        vectorized(
            #[inline(always)]
            || {
                for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
                    let range = first..first + count * c;
                    let groups = x[range.clone()].chunks_exact(c);
                    for (x, y) in groups.zip(y[range].chunks_exact_mut(c)) {
                        let rstd = rstd(x, eps);
                        for ((y, &x), &w) in y.iter_mut().zip(x).zip(w) {
                            *y = x * rstd * w;
                        }
                    }
                }
            },
        );
    });
}

#[inline(always)]
fn rstd(x: &[f32], eps: f32) -> f32 {
    1.0 / (lanes::dot(x, x) / x.len() as f32 + eps).sqrt()
}

/// dx (+)= rstd · (dy·w − x · rstd² · mean(dy·w·x)) and dw += Σ over rows of dy · x · rstd.
///
/// `dx` may hold the gradient that reaches x by other ways; with `accumulate` it is added to. In
/// groups only; other channels of `dx` are left alone. `dw` is summed over blocks of rows of a
/// fixed size, in order.
///
/// # Shapes
/// x, dy, dx [R, width]; w, dw [C].
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(
    (x, w, eps): (&[f32], &[f32], f32),
    groups: Groups,
    dy: &[f32],
    dx: &mut [f32],
    accumulate: bool,
    dw: &mut [f32],
) {
    let Groups { width, first, count } = groups;
    let c = w.len();
    assert!(x.len() == dx.len() && dy.len() == dx.len(), "norm: x, dy and dx must be alike");
    assert!(first + count * c <= width && dw.len() == c, "norm: groups do not fit the rows");
    let block = ROWS_PER_TASK * width;
    let partials: Vec<Vec<f32>> = dx
        .par_chunks_mut(block)
        .zip(x.par_chunks(block).zip(dy.par_chunks(block)))
        .map(|(dx, (x, dy))| {
            let mut dw = vec![0.0; c];
            vectorized(
                #[inline(always)]
                || {
                    let range = first..first + count * c;
                    for row in (0..x.len()).step_by(width) {
                        let at = row + range.start..row + range.end;
                        let x = x[at.clone()].chunks_exact(c);
                        let dy = dy[at.clone()].chunks_exact(c);
                        for ((x, dy), dx) in x.zip(dy).zip(dx[at].chunks_exact_mut(c)) {
                            backward_group((x, w, eps), dy, dx, accumulate, &mut dw);
                        }
                    }
                },
            );
            dw
        })
        .collect();
    for partial in partials {
        for (dw, partial) in dw.iter_mut().zip(partial) {
            *dw += partial;
        }
    }
}

#[inline(always)]
fn backward_group(
    (x, w, eps): (&[f32], &[f32], f32),
    dy: &[f32],
    dx: &mut [f32],
    accumulate: bool,
    dw: &mut [f32],
) {
    let rstd = rstd(x, eps);
    let mean = lanes::dot3(dy, w, x) / x.len() as f32;
    let shift = mean * rstd * rstd;
    let n = x.len();
    let (dy, w, dx, dw) = (&dy[..n], &w[..n], &mut dx[..n], &mut dw[..n]);
    for i in 0..n {
        let grad = rstd * (dy[i] * w[i] - x[i] * shift);
        dx[i] = if accumulate { dx[i] + grad } else { grad };
        dw[i] += dy[i] * x[i] * rstd;
    }
}

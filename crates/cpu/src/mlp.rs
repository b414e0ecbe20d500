//! Elementwise parts of a block: SwiGLU and GeGLU (Shazeer, 2002.05202), residual addition, bias.

use rayon::prelude::*;

use crate::math::sigmoid;
use crate::parallel::{ROWS_PER_TASK, for_row_blocks, vectorized};

/// The activation of a gated block: g · sigmoid(u(g)) with u(g) = g for silu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// g · sigmoid(g).
    Silu,
    /// gelu by its tanh approximation (Hendrycks & Gimpel, 1606.08415): ½ (1 + tanh z) is
    /// sigmoid(2z), so u(g) = 2 √(2/π) (g + 0.044715 g³).
    GeluTanh,
}

/// 2 √(2/π)
const TWO_ROOT_2_PI: f32 = 1.595_769_2;
const CUBE: f32 = 0.044_715;

#[inline(always)]
fn gelu_argument(g: f32) -> f32 {
    TWO_ROOT_2_PI * (CUBE * g * g).mul_add(g, g)
}

#[inline(always)]
fn gelu_slope(g: f32) -> f32 {
    TWO_ROOT_2_PI * (3.0 * CUBE * g).mul_add(g, 1.0)
}

/// y = gate(g) · up.
///
/// # Shapes
/// gate_up [R, 2F], g first; y [R, F].
///
/// # Panics
/// If the shapes do not fit.
pub fn glu(gate: Gate, gate_up: &[f32], f: usize, y: &mut [f32]) {
    match gate {
        Gate::Silu => forward(gate_up, f, y, |g| g),
        Gate::GeluTanh => forward(gate_up, f, y, gelu_argument),
    }
}

fn forward(gate_up: &[f32], f: usize, y: &mut [f32], u: impl Fn(f32) -> f32 + Copy + Sync) {
    assert_eq!(gate_up.len(), 2 * y.len(), "glu: gate_up is twice as wide as y");
    for_row_blocks(y, f, |row, y| {
        let gate_up = &gate_up[2 * row * f..2 * (row * f + y.len())];
        vectorized(
            #[inline(always)]
            || {
                for (gate_up, y) in gate_up.chunks_exact(2 * f).zip(y.chunks_exact_mut(f)) {
                    let (gate, up) = gate_up.split_at(f);
                    for ((y, &g), &up) in y.iter_mut().zip(gate).zip(up) {
                        *y = g * sigmoid(u(g)) * up;
                    }
                }
            },
        );
    });
}

/// The gradient of [`glu`]: overwrites `gate_up` with its own gradient.
///
/// # Shapes
/// gate_up [R, 2F], dy [R, F].
///
/// # Panics
/// If the shapes do not fit.
pub fn glu_backward(gate: Gate, gate_up: &mut [f32], f: usize, dy: &[f32]) {
    match gate {
        Gate::Silu => backward(gate_up, f, dy, |g| g, |_| 1.0),
        Gate::GeluTanh => backward(gate_up, f, dy, gelu_argument, gelu_slope),
    }
}

fn backward(
    gate_up: &mut [f32],
    f: usize,
    dy: &[f32],
    u: impl Fn(f32) -> f32 + Copy + Sync,
    du: impl Fn(f32) -> f32 + Copy + Sync,
) {
    assert_eq!(gate_up.len(), 2 * dy.len(), "glu: gate_up is twice as wide as dy");
    for_row_blocks(gate_up, 2 * f, |row, gate_up| {
        let dy = &dy[row * f..row * f + gate_up.len() / 2];
        vectorized(
            #[inline(always)]
            || {
                for (gate_up, dy) in gate_up.chunks_exact_mut(2 * f).zip(dy.chunks_exact(f)) {
                    let (gate, up) = gate_up.split_at_mut(f);
                    for ((g, up), &dy) in gate.iter_mut().zip(up).zip(dy) {
                        let s = sigmoid(u(*g));
                        let activated = *g * s;
                        let slope = s * (1.0 + *g * (1.0 - s) * du(*g));
                        *g = dy * *up * slope;
                        *up = dy * activated;
                    }
                }
            },
        );
    });
}

/// x *= factor.
pub fn scale(x: &mut [f32], factor: f32) {
    for_row_blocks(x, 256, |_, x| x.iter_mut().for_each(|x| *x *= factor));
}

/// x += y.
///
/// # Panics
/// If the lengths differ.
pub fn add(x: &mut [f32], y: &[f32]) {
    assert_eq!(x.len(), y.len(), "add of unequal lengths");
    for_row_blocks(x, 256, |row, x| {
        let y = &y[row * 256..row * 256 + x.len()];
        for (x, y) in x.iter_mut().zip(y) {
            *x += y;
        }
    });
}

/// Adds `bias` to the columns from `first` on of every row of x [R, width].
///
/// # Panics
/// If the columns do not fit.
pub fn add_bias(x: &mut [f32], width: usize, first: usize, bias: &[f32]) {
    assert!(first + bias.len() <= width, "bias: columns do not fit the rows");
    for_row_blocks(x, width, |_, x| {
        for row in x.chunks_exact_mut(width) {
            for (x, b) in row[first..first + bias.len()].iter_mut().zip(bias) {
                *x += b;
            }
        }
    });
}

/// dbias += Σ over rows of dx's columns from `first` on, over blocks of rows in order.
///
/// # Panics
/// If the columns do not fit.
pub fn bias_backward(dx: &[f32], width: usize, first: usize, dbias: &mut [f32]) {
    assert!(first + dbias.len() <= width, "bias: columns do not fit the rows");
    let n = dbias.len();
    let partials: Vec<Vec<f32>> = dx
        .par_chunks(ROWS_PER_TASK * width)
        .map(|rows| {
            let mut sum = vec![0.0; n];
            for row in rows.chunks_exact(width) {
                for (sum, x) in sum.iter_mut().zip(&row[first..first + n]) {
                    *sum += x;
                }
            }
            sum
        })
        .collect();
    for partial in partials {
        for (dbias, partial) in dbias.iter_mut().zip(partial) {
            *dbias += partial;
        }
    }
}

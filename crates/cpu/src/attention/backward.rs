//! The gradient of attention, probabilities recomputed from the saved log-sum-exp (as in
//! FlashAttention, Dao et al., 2205.14135).
//!
//! With P = exp(S − lse), dP = dO Vᵀ, δ = Σ_d dO·O: dS = P (dP − δ), dV = Pᵀ dO, dQ = dS K,
//! dK = dSᵀ Q. Query blocks ascend, so every sum has one order.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::Heads;
use crate::gemm::{Lhs, PANEL, Panels, max_rows, tile_rows};
use crate::lanes;
use crate::math::exp;

/// Query rows of a block.
const BLOCK: usize = 36;

/// What the forward pass left and what came back to its output.
#[derive(Clone, Copy, Debug)]
pub struct Grad<'a> {
    /// [R, (H + 2K)·D], as the forward pass saw it
    pub qkv: &'a [f32],
    /// [R, H·D], its output
    pub out: &'a [f32],
    /// [R, H]
    pub lse: &'a [f32],
    /// [R, H·D], the gradient of the output
    pub dout: &'a [f32],
}

/// Overwrites `dqkv` [R, (H + 2K)·D] with the gradient. `lens` are the lengths of the sequences,
/// which lie end to end and start at position 0.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(heads: Heads, grad: Grad<'_>, lens: &[usize], dqkv: &mut [f32]) {
    let n_rows: usize = lens.iter().sum();
    assert_eq!(grad.qkv.len(), n_rows * heads.width(), "attention: rows of q, k, v");
    assert_eq!(dqkv.len(), grad.qkv.len(), "attention: rows of the gradient of q, k, v");
    assert_eq!(grad.dout.len(), n_rows * heads.q_width(), "attention: rows of the gradient");
    let (mut rest, mut row) = (dqkv, 0);
    let mut tasks = Vec::new();
    for &len in lens {
        let (rows, tail) = std::mem::take(&mut rest).split_at_mut(len * heads.width());
        rest = tail;
        tasks.push((grad.rows(heads, row..row + len), rows));
        row += len;
    }
    tasks.into_par_iter().for_each(|(grad, dqkv)| {
        let parts: Vec<Part> = (0..heads.n_kv_heads)
            .into_par_iter()
            .map(|head| Arch::new().dispatch(HeadTask { heads, grad, head }))
            .collect();
        let d = heads.head_dim;
        let group = heads.group() * d;
        for (row, dqkv) in dqkv.chunks_exact_mut(heads.width()).enumerate() {
            for (head, part) in parts.iter().enumerate() {
                let mut put = |first: usize, from: &[f32]| {
                    let n = from.len();
                    dqkv[first..first + n].copy_from_slice(from);
                };
                put(head * group, &part.dq[row * group..(row + 1) * group]);
                put(heads.key(head), &part.dk[row * d..(row + 1) * d]);
                put(heads.value(head), &part.dv[row * d..(row + 1) * d]);
            }
        }
    });
}

impl<'a> Grad<'a> {
    fn rows(self, heads: Heads, rows: std::ops::Range<usize>) -> Self {
        let cut = |x: &'a [f32], width: usize| &x[rows.start * width..rows.end * width];
        Self {
            qkv: cut(self.qkv, heads.width()),
            out: cut(self.out, heads.q_width()),
            lse: cut(self.lse, heads.n_heads),
            dout: cut(self.dout, heads.q_width()),
        }
    }
}

/// The gradients of one key head and of the query heads that share it.
struct Part {
    /// [T, G·D]
    dq: Vec<f32>,
    /// [T, D]
    dk: Vec<f32>,
    /// [T, D]
    dv: Vec<f32>,
}

struct HeadTask<'a> {
    heads: Heads,
    grad: Grad<'a>,
    head: usize,
}

/// `d` channels from `first` on of every row, times `scale`.
#[inline(always)]
fn gather(x: &[f32], width: usize, first: usize, d: usize, scale: f32) -> Vec<f32> {
    let mut out = vec![0.0; x.len() / width * d];
    for (to, row) in out.chunks_exact_mut(d).zip(x.chunks_exact(width)) {
        for (to, &x) in to.iter_mut().zip(&row[first..first + d]) {
            *to = x * scale;
        }
    }
    out
}

impl WithSimd for HeadTask<'_> {
    type Output = Part;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Part {
        let Self { heads, grad, head } = self;
        let (d, width, q_width) = (heads.head_dim, heads.width(), heads.q_width());
        let (group, scale) = (heads.group(), heads.scale());
        let t = grad.qkv.len() / width;
        let k = gather(grad.qkv, width, heads.key(head), d, 1.0);
        let v = gather(grad.qkv, width, heads.value(head), d, 1.0);
        let [mut k_t, mut v_t, mut k_rows] = [Panels::new(), Panels::new(), Panels::new()];
        let [mut q_rows, mut do_rows] = [Panels::new(), Panels::new()];
        k_t.pack_transposed(&[&k], d);
        v_t.pack_transposed(&[&v], d);
        k_rows.pack_rows(&[&k], d);
        let mut part =
            Part { dq: vec![0.0; t * group * d], dk: vec![0.0; t * d], dv: vec![0.0; t * d] };
        let stride = t.next_multiple_of(PANEL);
        let [mut p, mut ds] = [vec![0.0_f32; BLOCK * stride], vec![0.0_f32; BLOCK * stride]];
        for g in 0..group {
            let at = head * group + g;
            let q = gather(grad.qkv, width, at * d, d, scale);
            let dout = gather(grad.dout, q_width, at * d, d, 1.0);
            q_rows.pack_rows(&[&q], d);
            do_rows.pack_rows(&[&dout], d);
            for first in (0..t).step_by(BLOCK) {
                let end = t.min(first + BLOCK);
                let keys = end.next_multiple_of(PANEL);
                let (q, dout) = (&q[first * d..end * d], &dout[first * d..end * d]);
                product(simd, by_rows(q, d), &k_t, 0..d, split(&mut p, keys, end - first), false);
                product(
                    simd,
                    by_rows(dout, d),
                    &v_t,
                    0..d,
                    split(&mut ds, keys, end - first),
                    false,
                );
                for row in first..end {
                    let local = (row - first) * keys..(row - first + 1) * keys;
                    let (p, ds) = (&mut p[local.clone()], &mut ds[local]);
                    let o = &grad.out[row * q_width + at * d..][..d];
                    let delta = lanes::dot(o, &dout[(row - first) * d..][..d]);
                    let lse = grad.lse[row * heads.n_heads + at];
                    let seen = row + 1;
                    for (p, ds) in p[..seen].iter_mut().zip(&mut ds[..seen]) {
                        *p = exp(*p - lse);
                        *ds = *p * (*ds - delta);
                    }
                    p[seen..].fill(0.0);
                    ds[seen..].fill(0.0);
                }
                let dv = split(&mut part.dv, d, end);
                let p_t = Lhs::Columns { data: &p, stride: keys };
                product(simd, p_t, &do_rows, first..end, dv, true);
                let dk = split(&mut part.dk, d, end);
                let ds_t = Lhs::Columns { data: &ds, stride: keys };
                product(simd, ds_t, &q_rows, first..end, dk, true);
                let dq = part.dq[first * group * d..end * group * d].chunks_exact_mut(group * d);
                let dq = dq.map(|row| &mut row[g * d..(g + 1) * d]).collect();
                product(simd, by_rows(&ds, keys), &k_rows, 0..end, dq, false);
            }
        }
        for dq in &mut part.dq {
            *dq *= scale;
        }
        part
    }
}

#[inline(always)]
fn by_rows(data: &[f32], stride: usize) -> Lhs<'_> {
    Lhs::Rows { data, stride }
}

/// The first `n` rows of `c`, `width` wide.
#[inline(always)]
fn split(c: &mut [f32], width: usize, n: usize) -> Vec<&mut [f32]> {
    c.chunks_exact_mut(width).take(n).collect()
}

/// c (+)= A B[range of k], on this thread.
#[inline(always)]
fn product<S: Simd>(
    simd: S,
    a: Lhs<'_>,
    b: &Panels,
    k: std::ops::Range<usize>,
    mut c: Vec<&mut [f32]>,
    accumulate: bool,
) {
    let n = c.first().map_or(0, |row| row.len()).min(b.n());
    for first in (0..c.len()).step_by(max_rows::<S>()) {
        let end = c.len().min(first + max_rows::<S>());
        for (panel, from) in (0..n).step_by(PANEL).enumerate() {
            let at = panel * b.k();
            let b = &b.data()[(at + k.start) * PANEL..(at + k.end) * PANEL];
            let columns = from..n.min(from + PANEL);
            tile_rows(simd, a.from(first, 0), b, &mut c[first..end], columns, accumulate);
        }
    }
}

//! Causal grouped-query attention over sequences of any lengths, forward and backward.
//!
//! Keys and values live in pages ([`KvPages`]). Training, prompts and decoding call the same
//! [`forward`], so a row's bits are the same in all three. For one query row and head:
//! - score_j = fma chain over d of (q_d · D^-½) k_jd, keys in any order;
//! - m = max score; e_j = exp(score_j − m); s = Σ e_j in 16 lanes (lane = j mod 16);
//! - o_d = (fma chain over j ascending of e_j v_jd) · (1/s).
//!
//! Keys are stored in panels of 32 ([D][32]), values in panels of 32 channels ([page][32]), which
//! is the right operand of [`crate::gemm`]'s micro-kernel.

mod backward;
mod pages;
mod single;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::gemm::{Lhs, PANEL, max_rows, tile_rows};
use crate::lanes;
use crate::math::{exp, ln};

pub use backward::{Grad, backward};
pub use pages::{KvPages, Write};

/// The heads in a row of q, k and v: `[H·D | K·D | K·D]`.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// `H`, query heads.
    pub n_heads: usize,
    /// `K`, key and value heads; divides `H`.
    pub n_kv_heads: usize,
    /// `D`.
    pub head_dim: usize,
}

impl Heads {
    /// Channels of all query heads.
    #[must_use]
    pub fn q_width(&self) -> usize {
        self.n_heads * self.head_dim
    }

    /// Channels of q, k and v together.
    #[must_use]
    pub fn width(&self) -> usize {
        (self.n_heads + 2 * self.n_kv_heads) * self.head_dim
    }

    /// Query heads that share a key head.
    #[must_use]
    pub fn group(&self) -> usize {
        self.n_heads / self.n_kv_heads
    }

    /// What scores are multiplied by.
    #[must_use]
    pub fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }

    /// The first channel of key head `head` in a row.
    fn key(&self, head: usize) -> usize {
        self.q_width() + head * self.head_dim
    }

    /// The first channel of value head `head` in a row.
    fn value(&self, head: usize) -> usize {
        self.q_width() + (self.n_kv_heads + head) * self.head_dim
    }
}

/// Consecutive query rows of one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The position of the first row in its sequence.
    pub start: usize,
    /// The number of rows.
    pub len: usize,
    /// The sequence's pages; the keys up to the last row's own are written.
    pub pages: &'a [u32],
}

/// Positions that one task computes.
const POSITIONS: usize = 48;

/// out = softmax(q kᵀ · D^-½, causal) v for the rows of `queries`, which lie end to end in `qkv`.
///
/// `lse`, if wanted, receives m + ln s of every row and head, for the backward pass.
///
/// # Shapes
/// qkv [R, (H + 2K)·D], out [R, H·D], lse [R, H] or empty.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(
    heads: Heads,
    qkv: &[f32],
    queries: &[Query<'_>],
    cache: &KvPages,
    out: &mut [f32],
    lse: &mut [f32],
) {
    let n_rows: usize = queries.iter().map(|query| query.len).sum();
    assert_eq!(qkv.len(), n_rows * heads.width(), "attention: rows of q, k, v");
    assert_eq!(out.len(), n_rows * heads.q_width(), "attention: rows of the output");
    assert!(lse.is_empty() || lse.len() == n_rows * heads.n_heads, "attention: rows of lse");
    let (mut qkv, mut out, mut lse) = (qkv, out, lse);
    let lse_width = if lse.is_empty() { 0 } else { heads.n_heads };
    let mut tasks = Vec::new();
    for query in queries {
        for first in (0..query.len).step_by(POSITIONS) {
            let n = POSITIONS.min(query.len - first);
            let (rows, rest) = qkv.split_at(n * heads.width());
            qkv = rest;
            let (out_rows, rest) = std::mem::take(&mut out).split_at_mut(n * heads.q_width());
            out = rest;
            let (lse_rows, rest) = std::mem::take(&mut lse).split_at_mut(n * lse_width);
            lse = rest;
            let (start, pages) = (query.start + first, query.pages);
            tasks.push(Task {
                heads,
                qkv: rows,
                start,
                pages,
                cache,
                out: out_rows,
                lse: lse_rows,
            });
        }
    }
    tasks.into_par_iter().for_each(|task| Arch::new().dispatch(task));
}

/// Some rows of one sequence, all heads.
struct Task<'a> {
    heads: Heads,
    qkv: &'a [f32],
    start: usize,
    pages: &'a [u32],
    cache: &'a KvPages,
    out: &'a mut [f32],
    lse: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (d, width) = (self.heads.head_dim, self.heads.width());
        let n = self.qkv.len() / width;
        if n == 1 && self.heads.group() < 4 && self.lse.is_empty() {
            let place = single::Place { start: self.start, pages: self.pages, cache: self.cache };
            return single::row(simd, self.heads, self.qkv, place, self.out);
        }
        let n_keys = (self.start + n).next_multiple_of(PANEL);
        let n_rows = max_rows::<S>();
        let mut scratch = vec![0.0_f32; n_rows * (2 * d + n_keys)];
        let (q, rest) = scratch.split_at_mut(n_rows * d);
        let (o, scores) = rest.split_at_mut(n_rows * d);
        let group = self.heads.group();
        for head in 0..self.heads.n_kv_heads {
            // A row is a position and one of the heads that share the key head.
            let total = n * group;
            for first in (0..total).step_by(n_rows) {
                let rows = first..total.min(first + n_rows);
                for (row, q) in rows.clone().zip(q.chunks_exact_mut(d)) {
                    let from = row / group * width + (head * group + row % group) * d;
                    for (q, &x) in q.iter_mut().zip(&self.qkv[from..from + d]) {
                        *q = x * self.heads.scale();
                    }
                }
                self.tile(simd, head, rows, q, scores, o);
            }
        }
    }
}

impl Task<'_> {
    /// The output of up to one register tile of rows.
    #[inline(always)]
    fn tile<S: Simd>(
        &mut self,
        simd: S,
        head: usize,
        rows: std::ops::Range<usize>,
        q: &[f32],
        scores: &mut [f32],
        o: &mut [f32],
    ) {
        let (d, group) = (self.heads.head_dim, self.heads.group());
        let limit = self.start + (rows.end - 1) / group + 1;
        let stride = limit.next_multiple_of(PANEL);
        let mut s_rows: Vec<&mut [f32]> =
            scores.chunks_exact_mut(stride).take(rows.len()).collect();
        let lhs = Lhs::Rows { data: q, stride: d };
        for first in (0..limit).step_by(PANEL) {
            let keys = self.cache.keys(self.pages, head, first);
            tile_rows(simd, lhs, keys, &mut s_rows, first..first + PANEL, false);
        }
        let mut inv_sum = [0.0_f32; 12];
        for ((row, s), inv_sum) in rows.clone().zip(&mut s_rows).zip(&mut inv_sum) {
            let position = row / group;
            let (seen, unseen) = s.split_at_mut(self.start + position + 1);
            let max = lanes::max(seen);
            for x in seen.iter_mut() {
                *x = exp(*x - max);
            }
            unseen.fill(0.0);
            let sum = lanes::sum(seen, |x| x);
            *inv_sum = 1.0 / sum;
            if !self.lse.is_empty() {
                let at = position * self.heads.n_heads + head * group + row % group;
                self.lse[at] = max + ln(sum);
            }
        }
        let mut o_rows: Vec<&mut [f32]> = o.chunks_exact_mut(d).take(rows.len()).collect();
        let page_len = self.cache.page_len();
        for first in (0..limit).step_by(page_len) {
            let lhs = Lhs::Rows { data: &scores[first..], stride };
            for c in (0..d).step_by(PANEL) {
                let n = page_len.min(limit - first);
                let values = self.cache.values(self.pages, head, first, c, n);
                tile_rows(simd, lhs, values, &mut o_rows, c..d.min(c + PANEL), first > 0);
            }
        }
        let q_width = self.heads.q_width();
        for ((row, o), inv_sum) in rows.zip(o_rows).zip(inv_sum) {
            let to = row / group * q_width + (head * group + row % group) * d;
            for (to, &o) in self.out[to..to + d].iter_mut().zip(o.iter()) {
                // Adding 0 turns −0 into +0: terms of masked keys may do so, or be absent.
                *to = o * inv_sum + 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests;

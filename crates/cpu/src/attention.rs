//! Causal grouped-query attention over sequences of any lengths, forward and backward.
//!
//! Keys and values live in pages ([`KvPages`]). Training, prompts and decoding call the same
//! [`forward`], so a row's bits are the same in all three. For one query row and head:
//! - score_j = fma chain over d of (q_d · scale) k_jd, keys in any order; of a sliding window only
//!   the keys in it take part;
//! - m = max score; e_j = exp(score_j − m); s = Σ e_j in 16 lanes (lane = j mod 16);
//! - o_d = (fma chain over j ascending of e_j v_jd) · (1/s).
//!
//! Keys are stored in panels of 32 ([D][32]), values in panels of 32 channels ([page][32]), which
//! is the right operand of [`crate::gemm`]'s micro-kernel.

mod backward;
mod pages;

use pulp::{Arch, Simd, WithSimd};
use quaero_shape::Heads;
use rayon::prelude::*;

use crate::gemm::{Lhs, PANEL, max_rows, tile_rows};
use crate::lanes;
use crate::math::{exp, ln};

pub use backward::{Grad, Piece, backward};
pub use pages::{KvPages, Write};

/// The pages of a sequence. Its first tokens may lie in pages that it shares with others; its own
/// pages go on from there, whether the last shared page is full or not.
#[derive(Clone, Copy, Debug)]
pub struct PageTable<'a> {
    /// Shared pages, in order.
    pub prefix: &'a [u32],
    /// How many of the sequence's tokens lie in them.
    pub prefix_len: usize,
    /// The sequence's own pages, in order.
    pub own: &'a [u32],
}

impl<'a> PageTable<'a> {
    /// A sequence that shares nothing.
    #[must_use]
    pub fn alone(pages: &'a [u32]) -> Self {
        Self { prefix: &[], prefix_len: 0, own: pages }
    }

    /// Page and slot of the token at `position`.
    ///
    /// # Panics
    /// If the table has no page for it.
    #[must_use]
    pub fn place(&self, position: usize, page_len: usize) -> (u32, usize) {
        let (pages, at) = match position.checked_sub(self.prefix_len) {
            None => (self.prefix, position),
            Some(at) => (self.own, at),
        };
        (pages[at / page_len], at % page_len)
    }

    /// Whether the prefixes are one and the same.
    fn shares_prefix(&self, other: &Self) -> bool {
        self.prefix_len == other.prefix_len && self.prefix == other.prefix
    }
}

/// Consecutive query rows of one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The position of the first row in its sequence, at or behind the prefix.
    pub start: usize,
    /// The number of rows.
    pub len: usize,
    /// The sequence's pages; the keys up to the last row's own are written.
    pub pages: PageTable<'a>,
}

/// Positions that one task computes.
const POSITIONS: usize = 48;

/// out = softmax(q kᵀ · scale, causal) v for the rows of `queries`, which lie end to end in `qkv`.
/// Neighbours that share a prefix read it together.
///
/// `lse`, if wanted, receives m + ln s of every row and head, for the backward pass.
///
/// # Shapes
/// qkv [R, (H + 2K)·D], out [R, H·D], lse [R, H] or empty.
///
/// # Panics
/// If the shapes do not fit, or a query starts within its prefix.
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
    assert!(queries.iter().all(|query| query.start >= query.pages.prefix_len), "query in prefix");
    let (mut qkv, mut out, mut lse) = (qkv, out, lse);
    let lse_width = if lse.is_empty() { 0 } else { heads.n_heads };
    let mut tasks = Vec::new();
    for parts in cut(queries) {
        let n: usize = parts.iter().map(|part| part.len).sum();
        let (rows, rest) = qkv.split_at(n * heads.width());
        qkv = rest;
        let (out_rows, rest) = std::mem::take(&mut out).split_at_mut(n * heads.q_width());
        out = rest;
        let (lse_rows, rest) = std::mem::take(&mut lse).split_at_mut(n * lse_width);
        lse = rest;
        tasks.push(Task { heads, qkv: rows, parts, cache, out: out_rows, lse: lse_rows });
    }
    tasks.into_par_iter().for_each_init(Vec::new, |scratch, task| {
        Arch::new().dispatch(Run { task, scratch });
    });
}

/// Cuts queries into runs of up to [`POSITIONS`] rows with one prefix.
fn cut<'a>(queries: &[Query<'a>]) -> Vec<Vec<Query<'a>>> {
    let mut runs: Vec<Vec<Query<'a>>> = Vec::new();
    let mut room = 0;
    for query in queries {
        let mut first = 0;
        while first < query.len {
            let shared = |run: &&mut Vec<Query<'a>>| {
                query.pages.prefix_len > 0 && run[0].pages.shares_prefix(&query.pages)
            };
            let open = runs.last_mut().filter(shared).filter(|_| room > 0);
            let run = match open {
                Some(run) => run,
                None => {
                    room = POSITIONS;
                    runs.push(Vec::new());
                    runs.last_mut().expect("one was pushed")
                }
            };
            let len = room.min(query.len - first);
            run.push(Query { start: query.start + first, len, pages: query.pages });
            room -= len;
            first += len;
        }
    }
    runs
}

/// Some rows, all heads. Their sequences share a prefix (possibly none).
struct Task<'a> {
    heads: Heads,
    qkv: &'a [f32],
    parts: Vec<Query<'a>>,
    cache: &'a KvPages,
    out: &'a mut [f32],
    lse: &'a mut [f32],
}

/// A task and memory for it.
struct Run<'a, 'b> {
    task: Task<'a>,
    scratch: &'b mut Vec<f32>,
}

impl WithSimd for Run<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mut task, scratch } = self;
        let Heads { n_kv_heads, head_dim: d, .. } = task.heads;
        let (width, group) = (task.heads.width(), task.heads.group());
        let n = task.qkv.len() / width;
        let n_keys_max = task.parts.iter().map(|part| part.stride(part.len)).max().unwrap_or(0);
        let n_rows = max_rows::<S>();
        scratch.resize(scratch.len().max(n_rows * (2 * d + n_keys_max)), 0.0);
        let (q, rest) = scratch.split_at_mut(n_rows * d);
        let (o, scores) = rest.split_at_mut(n_rows * d);
        for head in 0..n_kv_heads {
            // A row is a position and one of the heads that share the key head.
            let total = n * group;
            for first in (0..total).step_by(n_rows) {
                let rows = first..total.min(first + n_rows);
                for (row, q) in rows.clone().zip(q.chunks_exact_mut(d)) {
                    let from = row / group * width + (head * group + row % group) * d;
                    for (q, &x) in q.iter_mut().zip(&task.qkv[from..from + d]) {
                        *q = x * task.heads.scale();
                    }
                }
                task.tile(simd, head, rows, Tile { q, scores, o });
            }
        }
    }
}

impl Query<'_> {
    /// The keys of the first `n` rows, padded to whole panels behind the prefix.
    #[inline(always)]
    fn stride(&self, n: usize) -> usize {
        let prefix = self.pages.prefix_len;
        prefix + (self.start + n - prefix).next_multiple_of(PANEL)
    }
}

/// Up to a register tile of rows of one head.
struct Tile<'a> {
    /// [rows][D], scaled
    q: &'a [f32],
    /// [rows][stride]
    scores: &'a mut [f32],
    /// [rows][D]
    o: &'a mut [f32],
}

/// Rows of a tile that belong to one query.
struct Stretch<'a> {
    /// Counted within the tile.
    rows: std::ops::Range<usize>,
    /// The position of the first of them.
    position: usize,
    /// Keys that the last of them sees in the sequence's own pages.
    n_own: usize,
    own: &'a [u32],
}

impl<'a> Task<'a> {
    /// The stretches of the rows `rows`.
    #[inline(always)]
    fn stretches(&self, rows: &std::ops::Range<usize>) -> Vec<Stretch<'a>> {
        let group = self.heads.group();
        let (mut stretches, mut first) = (Vec::with_capacity(12), 0);
        for part in &self.parts {
            let own_rows = first * group..(first + part.len) * group;
            let (from, to) = (own_rows.start.max(rows.start), own_rows.end.min(rows.end));
            if from < to {
                stretches.push(Stretch {
                    rows: from - rows.start..to - rows.start,
                    position: part.start + (from - own_rows.start) / group,
                    n_own: part.start + (to - 1 - own_rows.start) / group + 1
                        - part.pages.prefix_len,
                    own: part.pages.own,
                });
            }
            first += part.len;
        }
        stretches
    }

    /// The output of up to one register tile of rows.
    #[inline(always)]
    fn tile<S: Simd>(
        &mut self,
        simd: S,
        head: usize,
        rows: std::ops::Range<usize>,
        tile: Tile<'_>,
    ) {
        let Tile { q, scores, o } = tile;
        let (d, group, cache) = (self.heads.head_dim, self.heads.group(), self.cache);
        let PageTable { prefix, prefix_len, own: _ } = self.parts[0].pages;
        let stretches = self.stretches(&rows);
        let n_own_max = stretches.iter().map(|it| it.n_own).max().unwrap_or(0);
        let stride = prefix_len + n_own_max.next_multiple_of(PANEL);
        let mut s_rows: Vec<&mut [f32]> =
            scores.chunks_exact_mut(stride).take(rows.len()).collect();
        let q_rows = |first: usize| Lhs::Rows { data: &q[first * d..], stride: d };
        // The last panel of the prefix may reach over its end; own keys then overwrite that.
        for first in (0..prefix_len).step_by(PANEL) {
            let keys = cache.keys(prefix, head, first);
            tile_rows(simd, q_rows(0), keys, &mut s_rows, first..first + PANEL, false);
        }
        for it in &stretches {
            for first in (0..it.n_own).step_by(PANEL) {
                let (keys, at) = (cache.keys(it.own, head, first), prefix_len + first);
                let n = PANEL.min((it.n_own - first).next_multiple_of(PANEL / 2));
                let s_rows = &mut s_rows[it.rows.clone()];
                tile_rows(simd, q_rows(it.rows.start), keys, s_rows, at..at + n, false);
            }
        }
        let mut inv_sum = [0.0_f32; 12];
        for it in &stretches {
            for row in it.rows.clone() {
                let position =
                    it.position + (rows.start + row) / group - (rows.start + it.rows.start) / group;
                let seen = self.heads.first_seen(position)..position + 1;
                let (max, sum) = exponentials(s_rows[row], seen);
                inv_sum[row] = 1.0 / sum;
                if !self.lse.is_empty() {
                    let row = rows.start + row;
                    let at = row / group * self.heads.n_heads + head * group + row % group;
                    self.lse[at] = max + ln(sum);
                }
            }
        }
        let mut o_rows: Vec<&mut [f32]> = o.chunks_exact_mut(d).take(rows.len()).collect();
        let page_len = cache.page_len();
        for first in (0..prefix_len).step_by(page_len) {
            let lhs = Lhs::Rows { data: &scores[first..], stride };
            let n = page_len.min(prefix_len - first);
            for c in (0..d).step_by(PANEL) {
                let values = cache.values(prefix, head, first, c, n);
                tile_rows(simd, lhs, values, &mut o_rows, c..d.min(c + PANEL), first > 0);
            }
        }
        for it in &stretches {
            for first in (0..it.n_own).step_by(page_len) {
                let data = &scores[it.rows.start * stride + prefix_len + first..];
                let (lhs, n) = (Lhs::Rows { data, stride }, page_len.min(it.n_own - first));
                let keep = prefix_len + first > 0;
                for c in (0..d).step_by(PANEL) {
                    let values = cache.values(it.own, head, first, c, n);
                    let o_rows = &mut o_rows[it.rows.clone()];
                    tile_rows(simd, lhs, values, o_rows, c..d.min(c + PANEL), keep);
                }
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

/// Overwrites a row of scores with exp(x − max) where `seen` and 0 elsewhere; gives max and sum.
#[inline(always)]
fn exponentials(scores: &mut [f32], seen: std::ops::Range<usize>) -> (f32, f32) {
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    let seen = &mut scores[seen];
    let max = lanes::max(seen);
    for x in seen.iter_mut() {
        *x = exp(*x - max);
    }
    (max, lanes::sum(seen, |x| x))
}

#[cfg(test)]
mod tests;

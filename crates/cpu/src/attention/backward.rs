//! The gradient of attention, probabilities recomputed from the saved log-sum-exp (as in
//! FlashAttention, Dao et al., 2205.14135).
//!
//! With P = exp(S − lse), dP = dO Vᵀ, δ = Σ_d dO·O: dS = P (dP − δ), dV = Pᵀ dO, dQ = dS K,
//! dK = dSᵀ Q. Query blocks ascend, so every sum has one order.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use quaero_shape::Heads;
use rayon::prelude::*;

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

/// A run of rows: a sequence from its start, or a branch that goes on from the last run that was
/// none. A branch's rows see the keys of that run and their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Rows.
    pub len: usize,
    /// Whether it is a branch.
    pub is_branch: bool,
}

/// Overwrites `dqkv` [R, (H + 2K)·D] with the gradient. The rows of `pieces` lie end to end.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(heads: Heads, grad: Grad<'_>, pieces: &[Piece], dqkv: &mut [f32]) {
    let n_rows: usize = pieces.iter().map(|piece| piece.len).sum();
    assert_eq!(grad.qkv.len(), n_rows * heads.width(), "attention: rows of q, k, v");
    assert_eq!(dqkv.len(), grad.qkv.len(), "attention: rows of the gradient of q, k, v");
    assert_eq!(grad.dout.len(), n_rows * heads.q_width(), "attention: rows of the gradient");
    let (mut rest, mut row) = (dqkv, 0);
    let mut tasks = Vec::new();
    for tree in pieces.chunk_by(|_, next| next.is_branch) {
        let len: usize = tree.iter().map(|piece| piece.len).sum();
        let (rows, tail) = std::mem::take(&mut rest).split_at_mut(len * heads.width());
        rest = tail;
        tasks.push((grad.rows(heads, row..row + len), tree, rows));
        row += len;
    }
    tasks.into_par_iter().for_each(|(grad, tree, dqkv)| {
        let parts: Vec<Part> = (0..heads.n_kv_heads)
            .into_par_iter()
            .map(|head| Arch::new().dispatch(HeadTask { heads, grad, tree, head }))
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
    fn rows(self, heads: Heads, rows: Range<usize>) -> Self {
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
    /// A sequence and its branches.
    tree: &'a [Piece],
    head: usize,
}

/// The keys and values of a piece.
struct Keys {
    /// The rows of the piece in its tree.
    rows: Range<usize>,
    /// [D][T]
    k_t: Panels,
    /// [D][T]
    v_t: Panels,
    /// [T][D]
    k_rows: Panels,
}

/// The queries of a piece under one head.
struct Queries<'a> {
    /// The query head.
    head: usize,
    /// The piece's first row in its tree.
    start: usize,
    is_branch: bool,
    /// Rows of the tree's first piece.
    root: usize,
    /// [T, D], scaled
    q: &'a [f32],
    /// [T, D]
    dout: &'a [f32],
    q_rows: &'a Panels,
    do_rows: &'a Panels,
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
        let Self { heads, grad, tree, head } = self;
        let (d, width, q_width) = (heads.head_dim, heads.width(), heads.q_width());
        let (group, scale) = (heads.group(), heads.scale());
        let t = grad.qkv.len() / width;
        let k = gather(grad.qkv, width, heads.key(head), d, 1.0);
        let v = gather(grad.qkv, width, heads.value(head), d, 1.0);
        let mut end = 0;
        let keys: Vec<Keys> = tree
            .iter()
            .map(|piece| {
                let rows = end..end + piece.len;
                end = rows.end;
                let [mut k_t, mut v_t, mut k_rows] = [Panels::new(), Panels::new(), Panels::new()];
                let (k, v) = (&k[rows.start * d..end * d], &v[rows.start * d..end * d]);
                k_t.pack_transposed(&[k], d);
                v_t.pack_transposed(&[v], d);
                k_rows.pack_rows(&[k], d);
                Keys { rows, k_t, v_t, k_rows }
            })
            .collect();
        let mut part =
            Part { dq: vec![0.0; t * group * d], dk: vec![0.0; t * d], dv: vec![0.0; t * d] };
        let stride = tree.iter().map(|it| it.len).max().unwrap_or(0).next_multiple_of(PANEL);
        let mut square = Square {
            heads,
            grad,
            p: vec![0.0_f32; BLOCK * stride],
            ds: vec![0.0_f32; BLOCK * stride],
        };
        let [mut q_rows, mut do_rows] = [Panels::new(), Panels::new()];
        for g in 0..group {
            let at = head * group + g;
            let q = gather(grad.qkv, width, at * d, d, scale);
            let dout = gather(grad.dout, q_width, at * d, d, 1.0);
            for (idx, own) in keys.iter().enumerate() {
                let rows = own.rows.clone();
                let (q, dout) = (&q[rows.start * d..rows.end * d], &dout[rows.start * d..]);
                let dout = &dout[..rows.len() * d];
                q_rows.pack_rows(&[q], d);
                do_rows.pack_rows(&[dout], d);
                let (start, is_branch) = (rows.start, idx > 0);
                let (q_rows, do_rows) = (&q_rows, &do_rows);
                let root = keys[0].rows.len();
                let queries =
                    Queries { head: at, start, is_branch, root, q, dout, q_rows, do_rows };
                for first in (0..rows.len()).step_by(BLOCK) {
                    let block = first..rows.len().min(first + BLOCK);
                    if is_branch && !keys[0].rows.is_empty() {
                        square.add(simd, &queries, block.clone(), &keys[0], false, &mut part);
                    }
                    square.add(simd, &queries, block, own, true, &mut part);
                }
            }
        }
        for dq in &mut part.dq {
            *dq *= scale;
        }
        part
    }
}

/// P and dS of a block of queries against the keys of a piece.
struct Square<'a> {
    heads: Heads,
    grad: Grad<'a>,
    p: Vec<f32>,
    ds: Vec<f32>,
}

impl Square<'_> {
    /// Adds what the queries `block` of a piece give to the gradients of `keys`, and what these
    /// give to theirs. Of its own keys a query sees those up to its own place.
    #[inline(always)]
    fn add<S: Simd>(
        &mut self,
        simd: S,
        queries: &Queries<'_>,
        block: Range<usize>,
        keys: &Keys,
        is_own: bool,
        part: &mut Part,
    ) {
        let Self { heads, grad, p, ds } = self;
        let Queries { head, start, is_branch, root, .. } = *queries;
        let (d, q_width, group) = (heads.head_dim, heads.q_width(), heads.group());
        let n_keys = if is_own { block.end } else { keys.rows.len() };
        let stride = n_keys.next_multiple_of(PANEL);
        let (q, dout) = (
            &queries.q[block.start * d..block.end * d],
            &queries.dout[block.start * d..block.end * d],
        );
        let n = block.len();
        product(simd, by_rows(q, d), &keys.k_t, 0..d, split(p, stride, n), false);
        product(simd, by_rows(dout, d), &keys.v_t, 0..d, split(ds, stride, n), false);
        for (local, dout) in dout.chunks_exact(d).enumerate() {
            let (p, ds) = (&mut p[local * stride..][..stride], &mut ds[local * stride..][..stride]);
            let row = start + block.start + local;
            let delta = lanes::dot(&grad.out[row * q_width + head * d..][..d], dout);
            let lse = grad.lse[row * heads.n_heads + head];
            let end = if is_own { block.start + local + 1 } else { n_keys };
            // A branch goes on behind the first piece of its tree; keys count from their own piece.
            let before = if is_branch { root } else { 0 };
            let first = heads.first_seen(before + block.start + local);
            let first = if is_own { first.saturating_sub(before) } else { first.min(end) };
            for (p, ds) in p[first..end].iter_mut().zip(&mut ds[first..end]) {
                *p = exp(*p - lse);
                *ds = *p * (*ds - delta);
            }
            for unseen in [&mut *p, ds] {
                unseen[..first].fill(0.0);
                unseen[end..].fill(0.0);
            }
        }
        let from = keys.rows.start * d;
        let dv = split(&mut part.dv[from..], d, n_keys);
        let p_t = Lhs::Columns { data: p, stride };
        product(simd, p_t, queries.do_rows, block.clone(), dv, true);
        let dk = split(&mut part.dk[from..], d, n_keys);
        let ds_t = Lhs::Columns { data: ds, stride };
        product(simd, ds_t, queries.q_rows, block.clone(), dk, true);
        let width = group * d;
        let dq = &mut part.dq[(start + block.start) * width..(start + block.end) * width];
        let g = head % group;
        let dq = dq.chunks_exact_mut(width).map(|row| &mut row[g * d..(g + 1) * d]).collect();
        // A branch has met the keys before its own first.
        let keep = is_own && is_branch;
        product(simd, by_rows(ds, stride), &keys.k_rows, 0..n_keys, dq, keep);
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
    k: Range<usize>,
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

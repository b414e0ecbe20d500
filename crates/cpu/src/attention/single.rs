//! One query row, as in decoding: all its heads, several chains of sums side by side.
//!
//! The chains are those of [`super::forward`]'s tiles, so the bits are the same. A lone row has but
//! two vectors in a panel, too few to hide the latency of a fused multiply-add; so up to four
//! panels of keys, or of values of any heads, are worked on at once.

use pulp::Simd;

use super::{Heads, KvPages};
use crate::gemm::{PANEL, load, store};
use crate::lanes;
use crate::math::exp;

/// The position of the row, and where its sequence's keys and values lie.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) start: usize,
    pub(super) pages: &'a [u32],
    pub(super) cache: &'a KvPages,
}

/// Attention of one row of q, k, v.
#[inline(always)]
pub(super) fn row<S: Simd>(simd: S, heads: Heads, qkv: &[f32], place: Place<'_>, out: &mut [f32]) {
    let (d, n_heads) = (heads.head_dim, heads.n_heads);
    let limit = place.start + 1;
    let stride = limit.next_multiple_of(PANEL);
    let d_padded = d.next_multiple_of(PANEL);
    let mut scratch = vec![0.0_f32; d + n_heads * (1 + stride + d_padded)];
    let (q, rest) = scratch.split_at_mut(d);
    let (inv_sums, rest) = rest.split_at_mut(n_heads);
    let (scores, o) = rest.split_at_mut(n_heads * stride);
    let width = 2 * S::F32_LANES;
    for (head, s) in scores.chunks_exact_mut(stride).enumerate() {
        for (q, &x) in q.iter_mut().zip(&qkv[head * d..(head + 1) * d]) {
            *q = x * heads.scale();
        }
        let kv_head = head / heads.group();
        let mut at = 0;
        while at < stride {
            let left = &mut s[at..];
            at += width
                * match left.len() / width {
                    4.. => keys::<S, 4>(simd, q, kv_head, at, place, left),
                    3 => keys::<S, 3>(simd, q, kv_head, at, place, left),
                    2 => keys::<S, 2>(simd, q, kv_head, at, place, left),
                    _ => keys::<S, 1>(simd, q, kv_head, at, place, left),
                };
        }
        let seen = &mut s[..limit];
        let max = lanes::max(seen);
        for x in seen.iter_mut() {
            *x = exp(*x - max);
        }
        inv_sums[head] = 1.0 / lanes::sum(seen, |x| x);
    }
    let scores = Scores { data: scores, stride, group: heads.group(), d_padded };
    let mut at = 0;
    while at < o.len() {
        let left = &mut o[at..];
        at += width
            * match left.len() / width {
                4.. => values::<S, 4>(simd, scores, at, place, left),
                3 => values::<S, 3>(simd, scores, at, place, left),
                2 => values::<S, 2>(simd, scores, at, place, left),
                _ => values::<S, 1>(simd, scores, at, place, left),
            };
    }
    let rows = out.chunks_exact_mut(d).zip(o.chunks_exact(d_padded)).zip(inv_sums.iter());
    for ((to, o), &inv_sum) in rows {
        for (to, &o) in to.iter_mut().zip(o) {
            // As in a tile: adding 0 turns −0 into +0.
            *to = o * inv_sum + 0.0;
        }
    }
}

/// The scores of the keys from `first` on, `U` times two vectors of them. Returns `U`.
#[inline(always)]
fn keys<S: Simd, const U: usize>(
    simd: S,
    q: &[f32],
    kv_head: usize,
    first: usize,
    place: Place<'_>,
    s: &mut [f32],
) -> usize {
    let width = 2 * S::F32_LANES;
    let offs: [usize; U] = std::array::from_fn(|i| (first + i * width) % PANEL);
    let panels: [&[[f32; PANEL]]; U] = std::array::from_fn(|i| {
        let from = (first + i * width) / PANEL * PANEL;
        &place.cache.keys(place.pages, kv_head, from).as_chunks().0[..q.len()]
    });
    let mut acc = [[simd.splat_f32s(0.0); 2]; U];
    for (c, &q) in q.iter().enumerate() {
        let q = simd.splat_f32s(q);
        for i in 0..U {
            let k = load(simd, &panels[i][c][offs[i]..][..width]);
            acc[i][0] = simd.mul_add_f32s(q, k[0], acc[i][0]);
            acc[i][1] = simd.mul_add_f32s(q, k[1], acc[i][1]);
        }
    }
    for i in 0..U {
        store::<S>(&mut s[i * width..][..width], acc[i]);
    }
    U
}

/// e of every head, `stride` apart.
#[derive(Clone, Copy)]
struct Scores<'a> {
    data: &'a [f32],
    stride: usize,
    group: usize,
    d_padded: usize,
}

/// Σ e v for the output channels from `first` on (counted over all heads, each padded to whole
/// panels), `U` times two vectors of them. Returns `U`.
#[inline(always)]
fn values<S: Simd, const U: usize>(
    simd: S,
    scores: Scores<'_>,
    first: usize,
    place: Place<'_>,
    o: &mut [f32],
) -> usize {
    let width = 2 * S::F32_LANES;
    let (limit, page_len) = (place.start + 1, place.cache.page_len());
    let heads: [usize; U] = std::array::from_fn(|i| (first + i * width) / scores.d_padded);
    let channels: [usize; U] = std::array::from_fn(|i| (first + i * width) % scores.d_padded);
    let mut acc = [[simd.splat_f32s(0.0); 2]; U];
    for begin in (0..limit).step_by(page_len) {
        let n = page_len.min(limit - begin);
        let e: [&[f32]; U] =
            std::array::from_fn(|i| &scores.data[heads[i] * scores.stride + begin..][..n]);
        let panels: [&[[f32; PANEL]]; U] = std::array::from_fn(|i| {
            let kv_head = heads[i] / scores.group;
            &place.cache.values(place.pages, kv_head, begin, channels[i], n).as_chunks().0[..n]
        });
        for j in 0..n {
            for i in 0..U {
                let e = simd.splat_f32s(e[i][j]);
                let v = load(simd, &panels[i][j][channels[i] % PANEL..][..width]);
                acc[i][0] = simd.mul_add_f32s(e, v[0], acc[i][0]);
                acc[i][1] = simd.mul_add_f32s(e, v[1], acc[i][1]);
            }
        }
    }
    for i in 0..U {
        store::<S>(&mut o[i * width..][..width], acc[i]);
    }
    U
}

#[cfg(test)]
mod tests {
    use quaero_testkit::random;

    use crate::attention::{Heads, KvPages, Query, Write, forward};

    /// Every row of a sequence alone gives the bits that it has among the others.
    #[test]
    fn a_row_alone_is_the_row_of_a_tile() {
        for (n_heads, n_kv_heads, head_dim) in [(1, 1, 8), (4, 4, 32), (6, 2, 48), (3, 3, 34)] {
            let heads = Heads { n_heads, n_kv_heads, head_dim };
            for (len, page_len) in [(150, 32), (67, 64)] {
                let qkv = random(5, len * heads.width());
                let pages: Vec<u32> = (0..len.div_ceil(page_len) as u32).rev().collect();
                let mut cache = KvPages::new(pages.len(), page_len, n_kv_heads, head_dim);
                let place = |row: usize| (pages[row / page_len], row % page_len);
                let writes: Vec<Write> = (0..len)
                    .map(|row| Write { page: place(row).0, slot: place(row).1, row })
                    .collect();
                cache.write(heads, &qkv, &writes);
                let run = |queries: &[Query<'_>]| {
                    let mut out = vec![f32::NAN; len * heads.q_width()];
                    forward(heads, &qkv, queries, &cache, &mut out, &mut []);
                    out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
                };
                let among = run(&[Query { start: 0, len, pages: &pages }]);
                let alone: Vec<Query<'_>> =
                    (0..len).map(|start| Query { start, len: 1, pages: &pages }).collect();
                assert!(run(&alone) == among, "{heads:?}, {len} tokens, pages of {page_len}");
            }
        }
    }
}

//! Tests of the module above.

use quaero_testkit::{attention as oracle, check_close, numeric_gradient, random, wide};

use super::*;

const PAGE: usize = 64;

fn heads((n_heads, n_kv_heads, head_dim): (usize, usize, usize)) -> Heads {
    Heads { n_heads, n_kv_heads, head_dim }
}

/// Output and log-sum-exp of sequences of the lengths `lens`, end to end in `qkv`.
fn run(heads: Heads, qkv: &[f32], lens: &[usize]) -> (Vec<f32>, Vec<f32>) {
    let n_rows: usize = lens.iter().sum();
    let n_pages = lens.iter().map(|len| len.div_ceil(PAGE)).sum();
    let mut cache = KvPages::new(n_pages, PAGE, heads.n_kv_heads, heads.head_dim);
    let (mut lists, mut writes, mut row) = (Vec::new(), Vec::new(), 0);
    let mut free = (0..n_pages as u32).rev();
    for &len in lens {
        let pages: Vec<u32> = free.by_ref().take(len.div_ceil(PAGE)).collect();
        for position in 0..len {
            let (page, slot) = (pages[position / PAGE], position % PAGE);
            writes.push(Write { page, slot, row: row + position });
        }
        row += len;
        lists.push(pages);
    }
    cache.write(heads, qkv, &writes);
    let queries: Vec<Query<'_>> =
        lens.iter().zip(&lists).map(|(&len, pages)| Query { start: 0, len, pages }).collect();
    let mut out = vec![0.0; n_rows * heads.q_width()];
    let mut lse = vec![0.0; n_rows * heads.n_heads];
    forward(heads, qkv, &queries, &cache, &mut out, &mut lse);
    (out, lse)
}

const SHAPES: [(usize, usize, usize); 4] = [(1, 1, 8), (4, 4, 32), (6, 2, 20), (7, 1, 34)];

#[test]
fn forward_agrees_with_f64() {
    for shape in SHAPES {
        let heads = heads(shape);
        let lens = [1, 70, 33, 130];
        let qkv = random(7, lens.iter().sum::<usize>() * heads.width());
        let (out, _) = run(heads, &qkv, &lens);
        let mut row = 0;
        for len in lens {
            let want = oracle(&wide(&qkv[row * heads.width()..][..len * heads.width()]), shape);
            let got = &out[row * heads.q_width()..][..len * heads.q_width()];
            check_close(&format!("{shape:?}, length {len}"), got, &want, 2e-6);
            row += len;
        }
    }
}

#[test]
fn backward_agrees_with_central_differences() {
    for shape in [(1, 1, 4), (4, 2, 6), (3, 1, 2)] {
        let heads = heads(shape);
        let lens = [3, 38];
        let n_rows: usize = lens.iter().sum();
        let qkv = random(3, n_rows * heads.width());
        let dout = random(4, n_rows * heads.q_width());
        let (out, lse) = run(heads, &qkv, &lens);
        let mut dqkv = vec![f32::NAN; qkv.len()];
        let grad = Grad { qkv: &qkv, out: &out, lse: &lse, dout: &dout };
        backward(heads, grad, &lens, &mut dqkv);
        let mut row = 0;
        for len in lens {
            let rows = row * heads.width()..(row + len) * heads.width();
            let dout = wide(&dout[row * heads.q_width()..][..len * heads.q_width()]);
            let loss = |x: &[f64]| quaero_testkit::dot(&oracle(x, shape), &dout);
            let want = numeric_gradient(&wide(&qkv[rows.clone()]), loss);
            check_close(&format!("{shape:?}, length {len}"), &dqkv[rows], &want, 1e-5);
            row += len;
        }
    }
}

/// The last row of a sequence alone, as in decoding, on every instruction set.
#[test]
#[cfg(target_arch = "x86_64")]
fn instruction_sets_agree() {
    let heads = heads((6, 2, 20));
    let len = 77;
    let qkv = random(9, len * heads.width());
    let (want, _) = run(heads, &qkv, &[len]);
    let mut cache = KvPages::new(2, PAGE, heads.n_kv_heads, heads.head_dim);
    let writes: Vec<Write> =
        (0..len).map(|row| Write { page: (row / PAGE) as u32, slot: row % PAGE, row }).collect();
    cache.write(heads, &qkv, &writes);
    let mut archs = vec![Arch::Scalar];
    archs.extend(pulp::x86::V3::try_new().map(Arch::V3));
    archs.extend(pulp::x86::V4::try_new().map(Arch::V4));
    for arch in archs {
        let start = len - 1;
        let qkv = &qkv[start * heads.width()..];
        let mut out = vec![0.0; heads.q_width()];
        let (cache, pages) = (&cache, &[0, 1][..]);
        arch.dispatch(Task { heads, qkv, start, pages, cache, out: &mut out, lse: &mut [] });
        assert_eq!(out, want[start * heads.q_width()..], "{arch:?}");
    }
}

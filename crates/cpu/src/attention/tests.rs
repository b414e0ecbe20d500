//! Tests of the module above.

use quaero_testkit::{attention as oracle, check_close, numeric_gradient, random, wide};

use super::*;

const PAGE: usize = 64;

fn heads((n_heads, n_kv_heads, head_dim): (usize, usize, usize)) -> Heads {
    Heads::new(n_heads, n_kv_heads, head_dim)
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
    let queries: Vec<Query<'_>> = lens
        .iter()
        .zip(&lists)
        .map(|(&len, pages)| Query { start: 0, len, pages: PageTable::alone(pages) })
        .collect();
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
            let qkv = wide(&qkv[row * heads.width()..][..len * heads.width()]);
            let want = oracle(&qkv, shape, None);
            let got = &out[row * heads.q_width()..][..len * heads.q_width()];
            check_close(&format!("{shape:?}, length {len}"), got, &want, 2e-6);
            row += len;
        }
    }
}

#[test]
fn a_window_hides_what_lies_before_it() {
    for (shape, window) in [((4, 4, 32), 1), ((6, 2, 20), 7), ((7, 1, 34), 64), ((1, 1, 8), 500)] {
        let heads = Heads { window: Some(window), ..heads(shape) };
        let qkv = random(9, 130 * heads.width());
        let want = oracle(&wide(&qkv), shape, Some(window));
        check_close(&format!("{shape:?}, {window}"), &run(heads, &qkv, &[130]).0, &want, 2e-6);
    }
}

#[test]
fn backward_agrees_with_central_differences() {
    for (shape, window) in [
        ((1, 1, 4), None),
        ((4, 2, 6), None),
        ((3, 1, 2), None),
        ((1, 1, 4), Some(1)),
        ((4, 2, 6), Some(5)),
        ((3, 1, 2), Some(37)),
    ] {
        let heads = Heads { window, ..heads(shape) };
        let lens = [3, 38];
        let n_rows: usize = lens.iter().sum();
        let qkv = random(3, n_rows * heads.width());
        let dout = random(4, n_rows * heads.q_width());
        let (out, lse) = run(heads, &qkv, &lens);
        let mut dqkv = vec![f32::NAN; qkv.len()];
        let grad = Grad { qkv: &qkv, out: &out, lse: &lse, dout: &dout };
        let pieces = lens.map(|len| Piece { len, is_branch: false });
        backward(heads, grad, &pieces, &mut dqkv);
        let mut row = 0;
        for len in lens {
            let rows = row * heads.width()..(row + len) * heads.width();
            let dout = wide(&dout[row * heads.q_width()..][..len * heads.q_width()]);
            let loss = |x: &[f64]| quaero_testkit::dot(&oracle(x, shape, window), &dout);
            let want = numeric_gradient(&wide(&qkv[rows.clone()]), loss);
            check_close(&format!("{shape:?}, {window:?}, length {len}"), &dqkv[rows], &want, 1e-5);
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
        let parts = vec![Query { start, len: 1, pages: PageTable::alone(&[0, 1]) }];
        let cache = &cache;
        let task = Task { heads, qkv, parts, cache, out: &mut out, lse: &mut [] };
        arch.dispatch(Run { task, scratch: &mut Vec::new() });
        assert_eq!(out, want[start * heads.q_width()..], "{arch:?}");
    }
}

/// Every row of a sequence alone, or behind a prefix that others share, gives the bits that it has
/// among the others.
#[test]
fn a_row_alone_is_the_row_of_a_tile() {
    for (n_heads, n_kv_heads, head_dim) in
        [(1, 1, 8), (4, 4, 32), (4, 2, 32), (6, 2, 48), (3, 3, 34)]
    {
        for (len, page_len, prefix_len, window) in [
            (150_usize, 32, 45_usize, None),
            (67, 64, 64, None),
            (67, 64, 1, None),
            (150, 32, 45, Some(40)),
            (67, 64, 64, Some(1)),
            (67, 64, 1, Some(33)),
        ] {
            let heads = Heads { window, ..Heads::new(n_heads, n_kv_heads, head_dim) };
            let qkv = random(5, len * heads.width());
            let pages: Vec<u32> = (0..len.div_ceil(page_len) as u32).rev().collect();
            // Three sequences that go on alike from one prefix.
            let n_prefix = prefix_len.div_ceil(page_len) as u32;
            let n_own = (len - prefix_len).div_ceil(page_len) as u32;
            let prefix: Vec<u32> = (10..10 + n_prefix).collect();
            let owns: Vec<Vec<u32>> =
                (0..3).map(|i| (20 + i * n_own..20 + (i + 1) * n_own).collect()).collect();
            let mut tables = vec![PageTable::alone(&pages)];
            tables.extend(owns.iter().map(|own| PageTable { prefix: &prefix, prefix_len, own }));
            let mut cache = KvPages::new(40, page_len, n_kv_heads, head_dim);
            for (i, table) in tables.iter().enumerate() {
                let first = if i < 2 { 0 } else { prefix_len };
                let writes: Vec<Write> = (first..len)
                    .map(|row| {
                        let (page, slot) = table.place(row, page_len);
                        Write { page, slot, row }
                    })
                    .collect();
                cache.write(heads, &qkv, &writes);
            }
            let run = |queries: &[Query<'_>]| {
                let rows = queries.iter().flat_map(|q| q.start..q.start + q.len);
                let rows: Vec<f32> = rows
                    .flat_map(|row| qkv[row * heads.width()..(row + 1) * heads.width()].to_vec())
                    .collect();
                let mut out = vec![f32::NAN; rows.len() / heads.width() * heads.q_width()];
                forward(heads, &rows, queries, &cache, &mut out, &mut []);
                out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let what = format!("{heads:?}, {len} tokens, pages of {page_len}, {prefix_len} shared");
            let among = run(&[Query { start: 0, len, pages: tables[0] }]);
            let alone: Vec<Query<'_>> =
                (0..len).map(|start| Query { start, len: 1, pages: tables[0] }).collect();
            assert!(run(&alone) == among, "{what}");
            for start in prefix_len..len {
                let together: Vec<Query<'_>> =
                    tables[1..].iter().map(|&pages| Query { start, len: 1, pages }).collect();
                let want = &among[start * heads.q_width()..(start + 1) * heads.q_width()];
                assert!(run(&together) == want.repeat(3), "{what}, row {start}");
            }
            let whole: Vec<Query<'_>> = tables[1..]
                .iter()
                .map(|&pages| Query { start: prefix_len, len: len - prefix_len, pages })
                .collect();
            let want = &among[prefix_len * heads.q_width()..];
            assert!(run(&whole) == want.repeat(3), "{what}: branches");
        }
    }
}

//! The product against its definition, bit for bit, over shapes and thread counts.

use quaero_rng::Key;

use super::*;

fn random(key: Key, n: usize) -> Vec<f32> {
    let mut stream = key.stream();
    (0..n).map(|_| stream.normal()).collect()
}

/// C = A B by the definition: k ascending, one `mul_add` at a time.
fn reference(a: &[f32], b: &[f32], c: &[f32], (m, k, n): (usize, usize, usize)) -> Vec<f32> {
    let mut c = c.to_vec();
    for i in 0..m {
        for kk in 0..k {
            for j in 0..n {
                c[i * n + j] = a[i * k + kk].mul_add(b[kk * n + j], c[i * n + j]);
            }
        }
    }
    c
}

fn transposed(a: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|j| (0..rows).map(move |i| a[i * columns + j])).collect()
}

/// Computes with `n_threads` threads and compares the bits with the definition, for A by rows and
/// by columns, B from rows and from its transpose, overwriting and accumulating.
#[track_caller]
fn check(shape: (usize, usize, usize), n_threads: usize) {
    let (m, k, n) = shape;
    let key = Key::new(5);
    let (a, b) = (random(key.with(0), m * k), random(key.with(1), k * n));
    let old = random(key.with(2), m * n);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    let (a_t, b_t) = (transposed(&a, m, k), transposed(&b, k, n));
    let (mut from_rows, mut from_transposed) = (Panels::new(), Panels::new());
    from_rows.pack_rows(&[&b[..k / 2 * n], &b[k / 2 * n..]], n);
    from_transposed.pack_transposed(&[&b_t[..n / 2 * k], &b_t[n / 2 * k..]], k);
    for accumulate in [false, true] {
        let start = if accumulate { old.clone() } else { vec![0.0; m * n] };
        let want = reference(&a, &b, &start, shape);
        let by_rows = Lhs::Rows { data: &a, stride: k };
        let by_columns = Lhs::Columns { data: &a_t, stride: m };
        for (lhs, panels) in [(by_rows, &from_rows), (by_columns, &from_transposed)] {
            let mut c = old.clone();
            pool.install(|| gemm(lhs, panels, rows(&mut c, n), accumulate));
            assert!(
                c.iter().zip(&want).all(|(x, y)| x.to_bits() == y.to_bits()),
                "bits differ at {shape:?}, {n_threads} threads, accumulate {accumulate}, {lhs:.0?}"
            );
        }
    }
}

#[test]
fn every_shape_and_thread_count_gives_the_bits_of_the_definition() {
    for m in [1, 2, 3, 7, 12, 13, 64, 257] {
        for (k, n) in [(1, 1), (16, 33), (128, 96), (67, 31), (600, 130)] {
            for n_threads in [1, 3] {
                check((m, k, n), n_threads);
            }
        }
    }
}

/// Rows of a product do not depend on which other rows are computed.
#[test]
fn rows_do_not_depend_on_their_number() {
    let (m, k, n) = (257, 130, 70);
    let (a, b) = (random(Key::new(1), m * k), random(Key::new(2), k * n));
    let mut panels = Panels::new();
    panels.pack_rows(&[&b], n);
    let product = |m: usize| {
        let mut c = vec![0.0; m * n];
        gemm(Lhs::Rows { data: &a, stride: k }, &panels, rows(&mut c, n), false);
        c
    };
    let all = product(m);
    for m in [1, 2, 3, 7, 64] {
        assert_eq!(product(m), all[..m * n]);
    }
}

/// The same bits on every instruction set this machine has.
#[test]
#[cfg(target_arch = "x86_64")]
fn instruction_sets_agree() {
    let (m, k, n) = (13, 45, 70);
    let (a, b) = (random(Key::new(1), m * k), random(Key::new(2), k * n));
    let mut panels = Panels::new();
    panels.pack_rows(&[&b], n);
    let want = reference(&a, &b, &vec![0.0; m * n], (m, k, n));
    let mut archs = vec![Arch::Scalar];
    archs.extend(pulp::x86::V3::try_new().map(Arch::V3));
    archs.extend(pulp::x86::V4::try_new().map(Arch::V4));
    for arch in archs {
        let mut c = vec![0.0; m * n];
        let mut c_rows = rows(&mut c, n);
        let a = Lhs::Rows { data: &a, stride: k };
        arch.dispatch(Block { a, row: 0, b: &panels, panel: 0, c: &mut c_rows, accumulate: false });
        assert_eq!(c, want, "{arch:?}");
    }
}

//! How work reaches the CPU: cut into tasks for rayon, compiled for the instruction set at hand.
//! No result depends on either.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Rows of a matrix that one task of a row-wise kernel takes.
pub const ROWS_PER_TASK: usize = 96;

/// Runs `f(first_row, rows)` over blocks of rows of `data`, `width` elements a row.
pub(crate) fn for_row_blocks(
    data: &mut [f32],
    width: usize,
    f: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    if data.len() <= ROWS_PER_TASK * width || rayon::current_num_threads() == 1 {
        for (i, rows) in data.chunks_mut(ROWS_PER_TASK * width).enumerate() {
            f(i * ROWS_PER_TASK, rows);
        }
        return;
    }
    data.par_chunks_mut(ROWS_PER_TASK * width)
        .enumerate()
        .for_each(|(i, rows)| f(i * ROWS_PER_TASK, rows));
}

/// Runs `f` compiled for the best instruction set of this CPU. `f` must be `#[inline(always)]`.
///
/// A closure given to `Arch::dispatch` itself goes through `FnOnce`, whose shim is not inlined if
/// the body is large, and then runs without the wide instructions.
#[inline(always)]
pub(crate) fn vectorized<F: FnMut()>(f: F) {
    struct Run<F>(F);
    impl<F: FnMut()> WithSimd for Run<F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _simd: S) {
            (self.0)();
        }
    }
    Arch::new().dispatch(Run(f));
}

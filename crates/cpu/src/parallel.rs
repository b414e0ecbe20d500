//! How work is cut into tasks for rayon. No result depends on the cut.

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

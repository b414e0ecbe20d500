//! Matrix products: one chain of fused multiply-adds per output element, k ascending.
//!
//! C[i, j] (+)= Σ_k A[i, k] B[k, j], started from 0 or from the old C[i, j]. B comes in panels of
//! [`PANEL`] columns ([`Panels`]), A by rows or transposed ([`Lhs`]). The micro-kernel holds a tile
//! of up to 12 rows by two vectors in registers and loads it from and stores it to C between
//! blocks of k, which leaves the chain as it is: f32 in memory is f32 in a register.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Columns of a panel of B.
pub const PANEL: usize = 32;

/// Elements of k for which a panel of B stays in the first- or second-level cache.
const K_BLOCK: usize = 512;

/// Elements of B that a group of panels may have, so that it stays in the second-level cache.
const GROUP: usize = 64 * 1024;

/// Multiply-adds below which a product is not worth a second thread.
const PARALLEL_FROM: usize = 1 << 18;

/// The left operand A [m, k].
#[derive(Clone, Copy, Debug)]
pub enum Lhs<'a> {
    /// A[i, k] = data[i · stride + k].
    Rows {
        /// The elements.
        data: &'a [f32],
        /// From one row to the next.
        stride: usize,
    },
    /// A[i, k] = data[k · stride + i]: a matrix stored transposed.
    Columns {
        /// The elements.
        data: &'a [f32],
        /// From one k to the next.
        stride: usize,
    },
}

/// The right operand B [k, n] in column panels: `[n / 32 rounded up][k][32]`, padded with zeros.
#[derive(Clone, Debug, Default)]
pub struct Panels {
    data: Vec<f32>,
    k: usize,
    n: usize,
}

impl Panels {
    /// An empty operand, to be filled again and again.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rows of B: the length of the sums.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k
    }

    /// Columns of B, and of the product.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// The panels' elements.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    fn reset(&mut self, k: usize, n: usize) {
        (self.k, self.n) = (k, n);
        let len = n.div_ceil(PANEL) * k * PANEL;
        if self.data.len() != len || !n.is_multiple_of(PANEL) {
            self.data.clear();
            self.data.resize(len, 0.0);
        }
    }

    /// B = the matrices `parts` [k_i, n], one above the other. All are contiguous row-major.
    ///
    /// # Panics
    /// If a part is not a whole number of rows.
    pub fn pack_rows(&mut self, parts: &[&[f32]], n: usize) {
        let k = parts.iter().map(|part| part.len() / n).sum();
        self.reset(k, n);
        let fill = |(panel_idx, panel): (usize, &mut [f32])| {
            let column = panel_idx * PANEL;
            let width = PANEL.min(n - column);
            let rows = parts.iter().flat_map(|part| part.chunks_exact(n));
            for (to, from) in panel.chunks_exact_mut(PANEL).zip(rows) {
                to[..width].copy_from_slice(&from[column..column + width]);
            }
        };
        assert!(parts.iter().all(|part| part.len().is_multiple_of(n)), "parts have n columns");
        for_panels(&mut self.data, k, fill);
    }

    /// B = the transpose of the matrices `parts` [n_i, k] stacked: the form of a weight `[out, in]`
    /// in y = x Wᵀ. All are contiguous row-major.
    ///
    /// # Panics
    /// If a part is not a whole number of rows.
    pub fn pack_transposed(&mut self, parts: &[&[f32]], k: usize) {
        assert!(parts.iter().all(|part| part.len().is_multiple_of(k)), "parts have k columns");
        let rows: Vec<&[f32]> = parts.iter().flat_map(|part| part.chunks_exact(k)).collect();
        self.reset(k, rows.len());
        for_panels(&mut self.data, k, |(panel_idx, panel)| {
            let first = panel_idx * PANEL;
            transpose_into(&rows[first..rows.len().min(first + PANEL)], panel);
        });
    }
}

/// Runs `fill(panel_idx, panel)` for every panel, on several threads if they are large.
fn for_panels(data: &mut [f32], k: usize, fill: impl Fn((usize, &mut [f32])) + Sync + Send) {
    if data.len() < PARALLEL_FROM / 2 {
        data.chunks_exact_mut((k * PANEL).max(1)).enumerate().for_each(fill);
    } else {
        data.par_chunks_exact_mut((k * PANEL).max(1)).enumerate().for_each(fill);
    }
}

/// Writes up to 32 `rows` as columns of `panel` [k][32].
fn transpose_into(rows: &[&[f32]], panel: &mut [f32]) {
    const BLOCK: usize = 16;
    let (panel, _) = panel.as_chunks_mut::<PANEL>();
    for (block_idx, block) in panel.chunks_mut(BLOCK).enumerate() {
        let from = block_idx * BLOCK;
        for (column, row) in rows.iter().enumerate() {
            for (to, &x) in block.iter_mut().zip(&row[from..]) {
                to[column] = x;
            }
        }
    }
}

/// C (+)= A B on all threads. `c` holds the rows of C, each as long as B has columns; `accumulate`
/// keeps what is in C, else it is overwritten.
///
/// # Panics
/// If an operand is too short for `c` and `b`.
pub fn gemm(a: Lhs<'_>, b: &Panels, c: Vec<&mut [f32]>, accumulate: bool) {
    let (m, k) = (c.len(), b.k);
    assert!(c.iter().all(|row| row.len() == b.n), "C's rows must have B's {} columns", b.n);
    let n_threads = rayon::current_num_threads();
    let mut c = c;
    if n_threads == 1 || m * k * b.n < PARALLEL_FROM {
        gemm_block(a, 0, b, 0, &mut c, accumulate);
        return;
    }
    // Enough tasks to even out the load, none smaller than a few register tiles.
    let n_tasks = (m * k * b.n / PARALLEL_FROM).clamp(1, 4 * n_threads);
    let rows_per_task = m.div_ceil(n_tasks).next_multiple_of(12).max(48);
    let row_tasks = m.div_ceil(rows_per_task);
    let panels = b.n.div_ceil(PANEL);
    let panels_per_task = panels.div_ceil(n_tasks.div_ceil(row_tasks)).max(1);
    let mut tasks: Vec<(usize, usize, Vec<&mut [f32]>)> = Vec::new();
    for (block_idx, block) in c.chunks_mut(rows_per_task).enumerate() {
        let first = tasks.len();
        for panel in (0..panels).step_by(panels_per_task) {
            tasks.push((block_idx * rows_per_task, panel, Vec::with_capacity(block.len())));
        }
        for row in block {
            let pieces = row.chunks_mut(panels_per_task * PANEL);
            for (task, piece) in tasks[first..].iter_mut().zip(pieces) {
                task.2.push(piece);
            }
        }
    }
    tasks.into_par_iter().for_each(|(row, panel, mut rows)| {
        gemm_block(a, row, b, panel, &mut rows, accumulate);
    });
}

/// `c` as rows of `n` elements.
#[must_use]
pub fn rows(c: &mut [f32], n: usize) -> Vec<&mut [f32]> {
    c.chunks_exact_mut(n.max(1)).collect()
}

/// One task: the rows from `row` on and the panels from `panel` on that `c` covers.
fn gemm_block(
    a: Lhs<'_>,
    row: usize,
    b: &Panels,
    panel: usize,
    c: &mut [&mut [f32]],
    accumulate: bool,
) {
    if b.k == 0 && !accumulate {
        c.iter_mut().for_each(|row| row.fill(0.0));
    }
    Arch::new().dispatch(Block { a, row, b, panel, c, accumulate });
}

struct Block<'a, 'b, 'c> {
    a: Lhs<'a>,
    row: usize,
    b: &'a Panels,
    panel: usize,
    c: &'b mut [&'c mut [f32]],
    accumulate: bool,
}

impl WithSimd for Block<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, row, b, panel, c, accumulate } = self;
        let Some(n) = c.first().map(|row| row.len()) else { return };
        let n_panels = n.div_ceil(PANEL);
        for k0 in (0..b.k).step_by(K_BLOCK) {
            let k = K_BLOCK.min(b.k - k0);
            let group = (GROUP / (k * PANEL)).max(1);
            for panel0 in (0..n_panels).step_by(group) {
                for i in (0..c.len()).step_by(max_rows::<S>()) {
                    for p in panel0..n_panels.min(panel0 + group) {
                        let at = ((panel + p) * b.k + k0) * PANEL;
                        let b_panel = &b.data[at..at + k * PANEL];
                        let columns = p * PANEL..n.min((p + 1) * PANEL);
                        let rows = c.len().min(i + max_rows::<S>());
                        let a = a.from(row + i, k0);
                        let keep = accumulate || k0 > 0;
                        tile_rows(simd, a, b_panel, &mut c[i..rows], columns, keep);
                    }
                }
            }
        }
    }
}

impl Lhs<'_> {
    /// The same matrix without its first `row` rows and `k` columns.
    #[inline(always)]
    #[must_use]
    pub fn from(self, row: usize, k: usize) -> Self {
        match self {
            Self::Rows { data, stride } => Self::Rows { data: &data[row * stride + k..], stride },
            Self::Columns { data, stride } => {
                Self::Columns { data: &data[k * stride + row..], stride }
            }
        }
    }
}

/// Rows of a register tile: 12 × 2 of 32 AVX-512 registers, 6 × 2 of 16 AVX ones.
#[inline(always)]
pub(crate) const fn max_rows<S: Simd>() -> usize {
    if S::F32_LANES >= 16 { 12 } else { 6 }
}

/// `c[..][columns] (+)= A B` for up to [`max_rows`] rows and one panel of B ([k][32]).
///
/// Not inlined: the micro-kernels are compiled once for each instruction set.
#[inline(always)]
pub(crate) fn tile_rows<S: Simd>(
    simd: S,
    a: Lhs<'_>,
    b: &[f32],
    c: &mut [&mut [f32]],
    columns: std::ops::Range<usize>,
    accumulate: bool,
) {
    let (b, _) = b.as_chunks::<PANEL>();
    simd.vectorize(Tile { a, b, c, columns, accumulate });
}

struct Tile<'a, 'b, 'c> {
    a: Lhs<'a>,
    b: &'a [[f32; PANEL]],
    c: &'b mut [&'c mut [f32]],
    columns: std::ops::Range<usize>,
    accumulate: bool,
}

impl WithSimd for Tile<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, b, c, columns, accumulate } = self;
        let width = 2 * S::F32_LANES;
        for off in (0..columns.len()).step_by(width) {
            let from = columns.start + off;
            let columns = from..columns.end.min(from + width);
            let mut row = 0;
            while row < c.len() {
                macro_rules! tile {
                    ($rows:literal, $vectors:literal) => {{
                        let part = Tile {
                            a: a.from(row, 0),
                            b,
                            c: &mut c[row..row + $rows],
                            columns: columns.clone(),
                            accumulate,
                        };
                        tile::<S, $rows, $vectors>(simd, part, off);
                        row += $rows;
                    }};
                }
                // Half a panel where no more is wanted: few rows are bound by reading B.
                let half = columns.len() <= S::F32_LANES;
                match c.len() - row {
                    12.. if S::F32_LANES >= 16 => tile!(12, 2),
                    8.. if S::F32_LANES >= 16 => tile!(8, 2),
                    6.. => tile!(6, 2),
                    4.. if half => tile!(4, 1),
                    4.. => tile!(4, 2),
                    3 if half => tile!(3, 1),
                    3 => tile!(3, 2),
                    2 if half => tile!(2, 1),
                    2 => tile!(2, 2),
                    _ if half => tile!(1, 1),
                    _ => tile!(1, 2),
                }
            }
        }
    }
}

/// The micro-kernel: `R` rows by `V` vectors. Every loop over the accumulators has a constant
/// length and no branch, so that they stay in registers.
#[inline(always)]
fn tile<S: Simd, const R: usize, const V: usize>(simd: S, part: Tile<'_, '_, '_>, off: usize) {
    let Tile { a, b, c, columns, accumulate } = part;
    let width = V * S::F32_LANES;
    let c: &mut [&mut [f32]; R] = c.first_chunk_mut().expect("the caller takes R rows");
    if columns.len() < width {
        // The last panel: through a buffer of whole vectors.
        let mut edge = [[0.0_f32; PANEL]; R];
        let n = columns.len();
        if accumulate {
            for i in 0..R {
                edge[i][..n].copy_from_slice(&c[i][columns.clone()]);
            }
        }
        let acc: [_; R] = std::array::from_fn(|i| load::<S, V>(&edge[i][..width]));
        let acc = chain(simd, a, b, off, acc);
        for i in 0..R {
            store::<S, V>(&mut edge[i][..width], acc[i]);
        }
        for i in 0..R {
            c[i][columns.clone()].copy_from_slice(&edge[i][..n]);
        }
        return;
    }
    let acc = if accumulate {
        std::array::from_fn(|i| load::<S, V>(&c[i][columns.start..][..width]))
    } else {
        [[simd.splat_f32s(0.0); V]; R]
    };
    let acc = chain(simd, a, b, off, acc);
    for i in 0..R {
        store::<S, V>(&mut c[i][columns.start..][..width], acc[i]);
    }
}

#[inline(always)]
fn load<S: Simd, const V: usize>(from: &[f32]) -> [S::f32s; V] {
    let (v, _) = S::as_simd_f32s(from);
    *v.first_chunk().expect("the caller gives V vectors")
}

#[inline(always)]
fn store<S: Simd, const V: usize>(to: &mut [f32], acc: [S::f32s; V]) {
    let (v, _) = S::as_mut_simd_f32s(to);
    v[..V].copy_from_slice(&acc);
}

/// acc + A B, k ascending.
#[inline(always)]
fn chain<S: Simd, const R: usize, const V: usize>(
    simd: S,
    a: Lhs<'_>,
    b: &[[f32; PANEL]],
    off: usize,
    mut acc: [[S::f32s; V]; R],
) -> [[S::f32s; V]; R] {
    let width = V * S::F32_LANES;
    match a {
        Lhs::Rows { data, stride } => {
            let rows: [&[f32]; R] = std::array::from_fn(|i| &data[i * stride..][..b.len()]);
            for (k, b) in b.iter().enumerate() {
                let b: [_; V] = load::<S, V>(&b[off..off + width]);
                for i in 0..R {
                    let x = simd.splat_f32s(rows[i][k]);
                    for v in 0..V {
                        acc[i][v] = simd.mul_add_f32s(x, b[v], acc[i][v]);
                    }
                }
            }
        }
        Lhs::Columns { data, stride } => {
            for (k, b) in b.iter().enumerate() {
                let b: [_; V] = load::<S, V>(&b[off..off + width]);
                let x = &data[k * stride..][..R];
                for i in 0..R {
                    let x = simd.splat_f32s(x[i]);
                    for v in 0..V {
                        acc[i][v] = simd.mul_add_f32s(x, b[v], acc[i][v]);
                    }
                }
            }
        }
    }
    acc
}

#[cfg(test)]
mod tests;

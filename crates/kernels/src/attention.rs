//! Causal grouped-query attention over sequences of any lengths.
//!
//! Training, prompts and decoding read keys and values from pages, in blocks of 64, ascending, so
//! a row's bits are the same in all three. Decoding has a kernel of its own with the same bits.

use half::bf16;
use quaero_shape::Heads;

use crate::call::Call;
use crate::gemm::Matrix;
use crate::rope::{KvPages, PAGE_LEN, rows};
use crate::{Buffer, Device, Error, View, ViewMut};

/// Consecutive query rows of one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The position of the first row in its sequence.
    pub start: usize,
    /// The number of rows, at least one.
    pub len: usize,
    /// The sequence's pages; the keys up to the last row's own are written.
    pub pages: &'a [u32],
}

/// Queries on the device; their rows lie end to end.
#[derive(Debug)]
pub struct Queries {
    table: Buffer<i32>,
    page_list: Buffer<i32>,
    n_queries: usize,
    n_rows: usize,
    len_max: usize,
    /// All pages are below this.
    bound: usize,
}

/// Queries as kernels read them, checked.
struct Lists {
    /// First row, rows, first position, where its pages begin; one line a query.
    table: Vec<i32>,
    page_list: Vec<i32>,
    n_rows: usize,
    len_max: usize,
    bound: usize,
}

impl Lists {
    fn of(queries: &[Query<'_>]) -> Self {
        let (mut table, mut page_list) = (Vec::new(), Vec::new());
        let (mut n_rows, mut len_max, mut bound) = (0, 0, 0);
        for query in queries {
            let Query { start, len, pages } = *query;
            let needed = (start + len).div_ceil(PAGE_LEN);
            assert!(len > 0, "attention: a query without rows");
            assert!(
                pages.len() >= needed,
                "attention: {len} rows from position {start} need {needed} pages, got {}",
                pages.len()
            );
            let row = [n_rows, len, start, page_list.len()];
            table.extend(row.map(|x| i32::try_from(x).expect("fewer than 2^31 rows and pages")));
            for &page in &pages[..needed] {
                page_list.push(i32::try_from(page).expect("fewer than 2^31 pages"));
                bound = bound.max(page as usize + 1);
            }
            n_rows += len;
            len_max = len_max.max(len);
        }
        Self { table, page_list, n_rows, len_max, bound }
    }
}

impl Queries {
    /// Checks and uploads.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If a query has no rows, or too few pages for its last row.
    pub fn new(device: &Device, queries: &[Query<'_>]) -> Result<Self, Error> {
        let Lists { table, page_list, n_rows, len_max, bound } = Lists::of(queries);
        Ok(Self {
            table: device.upload(&table)?,
            page_list: device.upload(&page_list)?,
            n_queries: queries.len(),
            n_rows,
            len_max,
            bound,
        })
    }

    /// Room for `n` queries of one row each, whose pages are below `bound`, `n_listed` of them in
    /// all. Until [`Self::write`] they read page 0.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If there are fewer than `n` pages to list, or none.
    pub fn one_row_each(
        device: &Device,
        n: usize,
        n_listed: usize,
        bound: usize,
    ) -> Result<Self, Error> {
        assert!(n_listed >= n && bound > 0, "attention: {n} queries in {n_listed} listed pages");
        let first = vec![Query { start: 0, len: 1, pages: &[0] }; n];
        let Lists { table, .. } = Lists::of(&first);
        let (table, page_list) = (device.upload(&table)?, device.zeros(n_listed)?);
        Ok(Self { table, page_list, n_queries: n, n_rows: n, len_max: 1, bound })
    }

    /// Other queries of one row each, as many as there are.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If they are not as many or have other lengths, have too few pages or one that is not below
    /// the bound, or list more pages than there is room for.
    pub fn write(&mut self, queries: &[Query<'_>]) -> Result<(), Error> {
        let Lists { table, page_list, n_rows, len_max, bound } = Lists::of(queries);
        assert!(
            queries.len() == self.n_queries && n_rows == self.n_rows && len_max == self.len_max,
            "attention: {} queries of {n_rows} rows in place of {} of {}",
            queries.len(),
            self.n_queries,
            self.n_rows
        );
        assert!(bound <= self.bound, "attention: pages below {bound}, not {}", self.bound);
        self.table.view_mut().write(&table)?;
        self.page_list.slice_mut(0..page_list.len()).write(&page_list)
    }

    /// Rows of all queries.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }
}

/// out = softmax(q kᵀ · D^-½, causal) v, and lse = ln Σ e^score for the backward pass.
///
/// # Shapes
/// qkv [R, (H + 2K)·D] (q is read), out [R, H·D], lse [R, H].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(
    qkv: View<'_, bf16>,
    queries: &Queries,
    pages: &KvPages,
    out: ViewMut<'_, bf16>,
    lse: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let heads = pages.heads();
    if by_warpgroups(qkv.device(), heads) {
        return launch_warpgroups(qkv, queries, pages, out, lse);
    }
    let kernel = format!("attention_fwd_d{}", heads.head_dim);
    let tiles = (queries.len_max * heads.group()).div_ceil(64);
    let call = Call::new(qkv.device(), &kernel)
        .grid([tiles, heads.n_kv_heads, queries.n_queries])
        .smem(10 * 64 * heads.head_dim);
    launch_forward(call, qkv, queries, pages, out, lse)
}

/// [`forward`] for queries of one row each, the same bits.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, a query has several rows, or more than 16 heads share a key head.
pub fn decode(
    qkv: View<'_, bf16>,
    queries: &Queries,
    pages: &KvPages,
    out: ViewMut<'_, bf16>,
    lse: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let heads = pages.heads();
    assert!(queries.len_max <= 1, "decode: a query of {} rows", queries.len_max);
    assert!(heads.group() <= 16, "decode: {} heads share a key head, at most 16", heads.group());
    let d = heads.head_dim;
    // The same function of a row as in `forward`, or the bits might differ.
    if by_warpgroups(qkv.device(), heads) {
        return launch_warpgroups(qkv, queries, pages, out, lse);
    }
    let kernel = format!("attention_decode_d{d}");
    let call = Call::new(qkv.device(), &kernel)
        .grid([heads.n_kv_heads, queries.n_queries, 1])
        .smem(8 * 64 * d + 32 * d + 16 * 64 * 4);
    launch_forward(call, qkv, queries, pages, out, lse)
}

/// Whether the kernels for warpgroups compute it: they know heads of 64 and 128 channels.
fn by_warpgroups(device: &Device, heads: Heads) -> bool {
    device.uses_warpgroups() && heads.head_dim >= 64
}

/// Wide tiles for whole sequences, narrow ones where a key head's rows fill no more: the same bits.
fn launch_warpgroups(
    qkv: View<'_, bf16>,
    queries: &Queries,
    pages: &KvPages,
    mut out: ViewMut<'_, bf16>,
    mut lse: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let heads = pages.heads();
    let d = heads.head_dim;
    let n_tile_rows = queries.len_max * heads.group();
    let narrow = n_tile_rows <= 64;
    let (rows, threads, n_stages) = if narrow { (64, 160, 4) } else { (128, 384, 3) };
    let kernel = format!("attention_wgmma_d{d}{}", if narrow { "_narrow" } else { "" });
    check(qkv, queries, pages, out.len(), lse.len());
    let matrix = |data| Matrix::new(data, d);
    let call = Call::new(qkv.device(), &kernel)
        .grid([n_tile_rows.div_ceil(rows), heads.n_kv_heads, queries.n_queries])
        .threads(threads)
        .smem(n_stages * (256 * d + 32) + 16)
        .write(&mut out)
        .write(&mut lse)
        .read(qkv)
        .tiles(&matrix(pages.keys.view()), PAGE_LEN)
        .tiles(&matrix(pages.values.view()), PAGE_LEN);
    // SAFETY: `check` is the header's Shapes and Layout; `Queries` checked its pages.
    unsafe { with_queries(call, queries, heads).launch() }
}

fn launch_forward(
    call: Call<'_>,
    qkv: View<'_, bf16>,
    queries: &Queries,
    pages: &KvPages,
    mut out: ViewMut<'_, bf16>,
    mut lse: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let heads = pages.heads();
    check(qkv, queries, pages, out.len(), lse.len());
    let call = call.threads(128).write(&mut out).write(&mut lse).read(qkv);
    let call = call.read(pages.keys.view()).read(pages.values.view());
    // SAFETY: `check` is the header's Shapes and Layout; `Queries` checked its pages.
    unsafe { with_queries(call, queries, heads).launch() }
}

/// The arguments that every forward kernel has last.
fn with_queries<'a>(call: Call<'a>, queries: &'a Queries, heads: Heads) -> Call<'a> {
    call.read(queries.table.view())
        .read(queries.page_list.view())
        .int(heads.n_heads)
        .int(heads.n_kv_heads)
        .float(heads.scale() * std::f32::consts::LOG2_E)
}

fn check(qkv: View<'_, bf16>, queries: &Queries, pages: &KvPages, n_out: usize, n_lse: usize) {
    let heads = pages.heads();
    let n_rows = rows(qkv.len(), heads);
    assert!(
        queries.n_rows == n_rows && queries.bound <= pages.n_pages(),
        "attention: {n_rows} rows and {} pages, queries of {} rows in pages below {}",
        pages.n_pages(),
        queries.n_rows,
        queries.bound
    );
    assert_eq!(n_out, n_rows * heads.q_width(), "attention: rows of the output");
    assert_eq!(n_lse, n_rows * heads.n_heads, "attention: rows of lse");
}

/// What the forward pass had and gave.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    /// Rotated q and k, and v [R, (H + 2K)·D].
    pub qkv: View<'a, bf16>,
    /// Its output [R, H·D].
    pub out: View<'a, bf16>,
    /// Its logarithms of sums [R, H].
    pub lse: View<'a, f32>,
    /// How a row is parted.
    pub heads: Heads,
}

/// A run of packed rows, for the gradient: a sequence from its start, or a branch that goes on from
/// the last run that was none. A branch's rows see the keys of that run and their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Rows.
    pub len: usize,
    /// Whether it is a branch.
    pub is_branch: bool,
}

/// Pieces on the device; their rows lie end to end.
#[derive(Debug)]
pub struct Pieces {
    table: Buffer<i32>,
    n_pieces: usize,
    n_rows: usize,
    len_max: usize,
}

impl Pieces {
    /// Uploads.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If the first piece is a branch.
    pub fn new(device: &Device, pieces: &[Piece]) -> Result<Self, Error> {
        let mut rows: Vec<[usize; 5]> = Vec::new();
        let (mut n_rows, mut root) = (0, None::<usize>);
        for &Piece { len, is_branch } in pieces {
            let mut row = [n_rows, len, n_rows, 0, 0];
            if is_branch {
                let root: &mut [usize; 5] = &mut rows[root.expect("a branch has a root")];
                root[4] += len;
                (row[2], row[3]) = (root[0], root[1]);
            } else {
                root = Some(rows.len());
            }
            rows.push(row);
            n_rows += len;
        }
        let table: Vec<i32> = rows
            .as_flattened()
            .iter()
            .map(|&x| i32::try_from(x).expect("fewer than 2^31 rows"))
            .collect();
        let len_max = pieces.iter().map(|piece| piece.len).max().unwrap_or(0);
        Ok(Self { table: device.upload(&table)?, n_pieces: pieces.len(), n_rows, len_max })
    }
}

/// The gradient: overwrites `dqkv` [R, (H + 2K)·D]; `delta` is scratch [R, H].
///
/// # Errors
/// If a launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(
    forward: Forward<'_>,
    pieces: &Pieces,
    dout: View<'_, bf16>,
    mut dqkv: ViewMut<'_, bf16>,
    mut delta: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let Forward { qkv, out, lse, heads } = forward;
    let n_rows = rows(qkv.len(), heads);
    assert_eq!(pieces.n_rows, n_rows, "attention backward: rows of the pieces");
    assert!(
        out.len() == n_rows * heads.q_width() && dout.len() == out.len(),
        "attention backward: out {}, dout {}",
        out.len(),
        dout.len()
    );
    assert!(
        lse.len() == n_rows * heads.n_heads && delta.len() == lse.len() && dqkv.len() == qkv.len(),
        "attention backward: lse {}, delta {}, dqkv {}",
        lse.len(),
        delta.len(),
        dqkv.len()
    );
    let d = heads.head_dim;
    let device = qkv.device();
    let call = Call::new(device, "attention_bwd_delta").threads(128);
    let call = call.grid([lse.len().div_ceil(4), 1, 1]).write(&mut delta).read(out).read(dout);
    // SAFETY: the assertions are the header's Shapes and Layout.
    unsafe { call.int(lse.len()).int(d).launch()? };
    let blocks = pieces.len_max.div_ceil(64);
    let parts = [("dkdv", heads.n_kv_heads, 8 * 64 * d + 512), ("dq", heads.n_heads, 8 * 64 * d)];
    for (part, n_heads, smem) in parts {
        let kernel = format!("attention_bwd_{part}_d{d}");
        let call = Call::new(device, &kernel).threads(128).smem(smem);
        let call = call.grid([blocks, n_heads, pieces.n_pieces]).write(&mut dqkv);
        let call = call.read(qkv).read(dout).read(lse).read(delta.as_view());
        let call = call.read(pieces.table.view()).int(heads.n_heads).int(heads.n_kv_heads);
        // SAFETY: as above; the two kernels write different channels of dqkv.
        unsafe { call.float(heads.scale()).launch()? };
    }
    Ok(())
}

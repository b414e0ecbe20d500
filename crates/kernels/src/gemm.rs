//! Matrix products on tensor cores: bf16 in, f32 sums, k ascending, never split.
//!
//! An element's bits depend on its row, its column and k alone: not on the tile, nor on how many
//! rows or columns there are.

use half::bf16;

use crate::call::Call;
use crate::library;
use crate::{Device, Element, Error, View, ViewMut};

pub use crate::matrix::{Layout, Matrix, MatrixMut};

/// The tile that a block computes. The bits do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// 128 by 128; by 256 in kernels for warpgroups.
    Wide,
    /// 128 by 128.
    Middle,
    /// 64 by 64: more blocks for small products.
    Narrow,
}

/// Blocks that a big GPU runs at once, at one a multiprocessor.
const MULTIPROCESSORS: usize = 132;

impl Tile {
    /// The wide one where it gives a big GPU's multiprocessors two blocks each.
    #[must_use]
    pub fn for_product(m: usize, n: usize) -> Self {
        let wide = m.div_ceil(128) * n.div_ceil(128) >= 2 * MULTIPROCESSORS;
        if wide { Self::Wide } else { Self::Narrow }
    }

    /// The widest that gives each of a big GPU's multiprocessors a block and computes few columns
    /// beyond the edge.
    #[must_use]
    pub fn for_warpgroups(m: usize, n: usize) -> Self {
        let blocks = |columns: usize| m.div_ceil(128) * n.div_ceil(columns);
        let waste = n.next_multiple_of(256) - n;
        if blocks(256) >= MULTIPROCESSORS && waste * 10 <= n {
            Self::Wide
        } else if blocks(128) >= MULTIPROCESSORS {
            Self::Middle
        } else {
            Self::Narrow
        }
    }

    /// Rows and columns.
    fn extents(self, warpgroups: bool) -> (usize, usize) {
        match self {
            Self::Wide if warpgroups => (128, 256),
            Self::Wide | Self::Middle => (128, 128),
            Self::Narrow => (64, 64),
        }
    }

    /// Behind the name of a kernel.
    fn suffix(self, warpgroups: bool) -> &'static str {
        match self {
            Self::Middle if warpgroups => "_middle",
            Self::Wide | Self::Middle => "",
            Self::Narrow => "_narrow",
        }
    }
}

/// Extents and checks of one product.
struct Product {
    m: usize,
    n: usize,
    k: usize,
    layout: Layout,
    tile: Tile,
}

impl Product {
    fn of(
        layout: Layout,
        (a, b): (&Matrix<'_, bf16>, &Matrix<'_, bf16>),
        tile: Option<Tile>,
    ) -> Self {
        let (m, k) = if layout == Layout::Tn { (a.columns, a.rows) } else { (a.rows, a.columns) };
        let (n, k_b) = if layout == Layout::Nt { (b.rows, b.columns) } else { (b.columns, b.rows) };
        assert_eq!(k, k_b, "gemm {layout:?}: k of a and b");
        let warpgroups = a.data.device().uses_warpgroups();
        let chosen = if warpgroups { Tile::for_warpgroups } else { Tile::for_product };
        Self { m, n, k, layout, tile: tile.unwrap_or_else(|| chosen(m, n)) }
    }

    fn check(
        self,
        a: &Matrix<'_, bf16>,
        b: &Matrix<'_, bf16>,
        c: (usize, usize, usize, usize),
    ) -> Self {
        let (rows, columns, stride, len) = c;
        let Self { m, n, k, .. } = self;
        assert!(
            rows == m && columns == n && k > 0,
            "gemm: [{m}, {n}, k {k}] into a matrix of [{rows}, {columns}]"
        );
        for (name, rows, columns, stride, len) in [
            ("a", a.rows, a.columns, a.stride, a.data.len()),
            ("b", b.rows, b.columns, b.stride, b.data.len()),
            ("c", rows, columns, stride, len),
        ] {
            let end = rows.saturating_sub(1) * stride + if rows > 0 { columns } else { 0 };
            assert!(
                columns <= stride && end <= len,
                "gemm: {name} [{rows}, {columns}] with stride {stride} in {len} elements"
            );
            assert!(
                name == "c" || stride.is_multiple_of(8),
                "gemm: the stride {stride} of {name} is not a multiple of 8"
            );
        }
        self
    }

    /// The call of kernel `name` (`nt_bf16`) with its operands; C and what follows are left.
    fn call<'a, T: Element>(
        &self,
        (device, kernel): (&'a Device, &'a str),
        (a, b): (&Matrix<'_, bf16>, &Matrix<'_, bf16>),
        c: &mut ViewMut<'_, T>,
    ) -> Call<'a> {
        let warpgroups = device.uses_warpgroups();
        let (rows, columns) = self.tile.extents(warpgroups);
        let (n_rows, n_columns) = (self.m.div_ceil(rows), self.n.div_ceil(columns));
        let call = Call::new(device, kernel);
        if !warpgroups {
            let smem = 3 * 2 * rows * 32 * 2;
            let call = call.grid([n_columns, n_rows, 1]).threads(rows * 2).smem(smem);
            return call.write(c).read(a.data).read(b.data);
        }
        let n_stages = if self.tile == Tile::Middle { 3 } else { 4 };
        // Where rows run along m or n, a box is 64 of them by 64 of k.
        let a_rows = if self.layout == Layout::Tn { 64 } else { rows };
        let b_rows = if self.layout == Layout::Nt { columns } else { 64 };
        call.grid([n_rows * n_columns, 1, 1])
            .threads(rows * 2 + 32)
            .smem(n_stages * ((rows + columns) * 128 + 16))
            .write(c)
            .tiles(a, a_rows)
            .tiles(b, b_rows)
    }

    /// The strides that the kernel is told: those of A and B lie in their maps otherwise.
    fn strides<'a>(&self, call: Call<'a>, warpgroups: bool, strides: [usize; 3]) -> Call<'a> {
        let [a, b, c] = strides;
        let call = call.int(self.m).int(self.n).int(self.k);
        if warpgroups { call.int(c) } else { call.int(a).int(b).int(c) }
    }
}

/// C = A B + bias, rounded to bf16; `layout` is [`Layout::Nt`] or [`Layout::Nn`].
///
/// # Shapes
/// As the layout says; bias [N].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or a stride of A or B is not a multiple of 8.
pub fn into_bf16(
    layout: Layout,
    a: Matrix<'_, bf16>,
    b: Matrix<'_, bf16>,
    bias: Option<View<'_, bf16>>,
    mut c: MatrixMut<'_, bf16>,
    tile: Option<Tile>,
) -> Result<(), Error> {
    assert!(layout != Layout::Tn, "gemm: no kernel computes Aᵀ B into bf16; gradients are f32");
    let product = Product::of(layout, (&a, &b), tile);
    let product = product.check(&a, &b, (c.rows, c.columns, c.stride, c.data.len()));
    assert!(bias.is_none_or(|bias| bias.len() == product.n), "gemm: a bias for each column");
    let device = a.data.device();
    // The forward pass takes Bᵀ alone.
    if device.uses_library() && layout == Layout::Nn && bias.is_none() {
        let extents = (product.m, product.n, product.k);
        return library::product(device, (layout, extents), (&a, &b), (&c.data, c.stride), false);
    }
    let kernel = kernel_name(layout, "bf16", product.tile, device.uses_warpgroups());
    let call = product.call((device, &kernel), (&a, &b), &mut c.data).maybe(bias);
    let strides = [a.stride, b.stride, c.stride];
    // SAFETY: `check` is the header's Shapes and Layout.
    unsafe { product.strides(call, device.uses_warpgroups(), strides).launch() }
}

/// C (+)= A B in f32; `layout` is [`Layout::Nt`] or [`Layout::Tn`].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or a stride of A or B is not a multiple of 8.
pub fn into_f32(
    layout: Layout,
    a: Matrix<'_, bf16>,
    b: Matrix<'_, bf16>,
    accumulate: bool,
    mut c: MatrixMut<'_, f32>,
    tile: Option<Tile>,
) -> Result<(), Error> {
    assert!(layout != Layout::Nn, "gemm: no kernel computes A B into f32; activations are bf16");
    let product = Product::of(layout, (&a, &b), tile);
    let product = product.check(&a, &b, (c.rows, c.columns, c.stride, c.data.len()));
    let device = a.data.device();
    if device.uses_library() && layout == Layout::Tn {
        let (extents, to) = ((product.m, product.n, product.k), (&c.data, c.stride));
        return library::product(device, (layout, extents), (&a, &b), to, accumulate);
    }
    let kernel = kernel_name(layout, "f32", product.tile, device.uses_warpgroups());
    let call = product.call((device, &kernel), (&a, &b), &mut c.data);
    let strides = [a.stride, b.stride, c.stride];
    let call = product.strides(call, device.uses_warpgroups(), strides).flag(accumulate);
    // SAFETY: `check` is the header's Shapes and Layout.
    unsafe { call.launch() }
}

/// The kernel of a product whose result is `kind`, `bf16` or `f32`.
#[must_use]
pub fn kernel_name(layout: Layout, kind: &str, tile: Tile, warpgroups: bool) -> String {
    let family = if warpgroups { "gemm_wgmma" } else { "gemm" };
    format!("{family}_{}_{kind}{}", layout.name(), tile.suffix(warpgroups))
}

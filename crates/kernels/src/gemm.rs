//! Matrix products on tensor cores: bf16 in, f32 sums, k ascending, never split.
//!
//! An element's bits depend on its row, its column and k alone: not on the tile, nor on how many
//! rows or columns there are.

use half::bf16;

use crate::call::Call;
use crate::{Element, Error, View, ViewMut};

/// A row-major matrix to read.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T: Element> {
    /// Its elements.
    pub data: View<'a, T>,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Elements from one row to the next.
    pub stride: usize,
}

impl<'a, T: Element> Matrix<'a, T> {
    /// A contiguous matrix.
    ///
    /// # Panics
    /// If `data` is not `columns` wide.
    #[must_use]
    pub fn new(data: View<'a, T>, columns: usize) -> Self {
        assert!(data.len().is_multiple_of(columns), "{} elements by {columns}", data.len());
        Self { data, rows: data.len() / columns, columns, stride: columns }
    }
}

/// A row-major matrix to write.
#[derive(Debug)]
pub struct MatrixMut<'a, T: Element> {
    /// Its elements.
    pub data: ViewMut<'a, T>,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Elements from one row to the next.
    pub stride: usize,
}

impl<'a, T: Element> MatrixMut<'a, T> {
    /// A contiguous matrix.
    ///
    /// # Panics
    /// If `data` is not `columns` wide.
    #[must_use]
    pub fn new(data: ViewMut<'a, T>, columns: usize) -> Self {
        assert!(data.len().is_multiple_of(columns), "{} elements by {columns}", data.len());
        Self { rows: data.len() / columns, data, columns, stride: columns }
    }
}

/// The tile that a block computes. The bits do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// 128 by 128.
    Wide,
    /// 64 by 64: more blocks for small products.
    Narrow,
}

impl Tile {
    /// The wide one where it gives a big GPU's multiprocessors two blocks each.
    #[must_use]
    pub fn for_product(m: usize, n: usize) -> Self {
        if m.div_ceil(128) * n.div_ceil(128) >= 264 { Self::Wide } else { Self::Narrow }
    }

    fn extent(self) -> usize {
        match self {
            Self::Wide => 128,
            Self::Narrow => 64,
        }
    }
}

/// Extents and checks of one product.
struct Product {
    m: usize,
    n: usize,
    k: usize,
    tile: Tile,
}

impl Product {
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

    fn call<'a>(&self, device: &'a crate::Device, kernel: &'a str) -> Call<'a> {
        let extent = self.tile.extent();
        Call::new(device, kernel)
            .grid([self.n.div_ceil(extent), self.m.div_ceil(extent), 1])
            .threads(extent * 2)
            .smem(3 * 2 * extent * 32 * 2)
    }
}

/// Which operands are stored transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// C = A Bᵀ: A [M, K], B [N, K], as weights lie.
    Nt,
    /// C = A B: A [M, K], B [K, N].
    Nn,
    /// C = Aᵀ B: A [K, M], B [K, N].
    Tn,
}

impl Layout {
    fn product(self, a: &Matrix<'_, bf16>, b: &Matrix<'_, bf16>, tile: Option<Tile>) -> Product {
        let (m, k) = if self == Self::Tn { (a.columns, a.rows) } else { (a.rows, a.columns) };
        let (n, k_b) = if self == Self::Nt { (b.rows, b.columns) } else { (b.columns, b.rows) };
        assert_eq!(k, k_b, "gemm {self:?}: k of a and b");
        let tile = tile.unwrap_or_else(|| Tile::for_product(m, n));
        Product { m, n, k, tile }
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
    let kernel = match layout {
        Layout::Nt => "gemm_nt_bf16",
        Layout::Nn => "gemm_nn_bf16",
        Layout::Tn => panic!("gemm: no kernel computes Aᵀ B into bf16; gradients are f32"),
    };
    let product = layout.product(&a, &b, tile);
    let product = product.check(&a, &b, (c.rows, c.columns, c.stride, c.data.len()));
    assert!(bias.is_none_or(|bias| bias.len() == product.n), "gemm: a bias for each column");
    let kernel = name(kernel, product.tile);
    let call = product.call(a.data.device(), &kernel);
    let call = call.write(&mut c.data).read(a.data).read(b.data).maybe(bias);
    let call = call.int(product.m).int(product.n).int(product.k);
    // SAFETY: `check` is the header's Shapes and Layout.
    unsafe { call.int(a.stride).int(b.stride).int(c.stride).launch() }
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
    let kernel = match layout {
        Layout::Nt => "gemm_nt_f32",
        Layout::Tn => "gemm_tn_f32",
        Layout::Nn => panic!("gemm: no kernel computes A B into f32; activations are bf16"),
    };
    let product = layout.product(&a, &b, tile);
    let product = product.check(&a, &b, (c.rows, c.columns, c.stride, c.data.len()));
    let kernel = name(kernel, product.tile);
    let call = product.call(a.data.device(), &kernel);
    let call = call.write(&mut c.data).read(a.data).read(b.data);
    let call = call.int(product.m).int(product.n).int(product.k);
    let call = call.int(a.stride).int(b.stride).int(c.stride).flag(accumulate);
    // SAFETY: `check` is the header's Shapes and Layout.
    unsafe { call.launch() }
}

fn name(kernel: &str, tile: Tile) -> String {
    match tile {
        Tile::Wide => kernel.to_owned(),
        Tile::Narrow => format!("{kernel}_narrow"),
    }
}

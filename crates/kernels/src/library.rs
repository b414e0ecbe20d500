//! Products by the vendor's library, cuBLASLt, for gradients: what they are asked of it.
//!
//! The library stores matrices by columns. A row-major matrix is its own transpose there, so
//! C = A B is asked for as Cᵀ = Bᵀ Aᵀ: the operands change places and nothing is moved.
//!
//! It chooses an algorithm by the shape of a product, of those that sum a result's k in one piece
//! (no split that is reduced afterwards). The same shapes give the same bits on one GPU with one
//! version of the library; a row's bits may depend on how many rows there are, which is why the
//! forward pass never takes it.

use half::bf16;

use crate::matrix::{Layout, Matrix};
use crate::step::{Columns, Product, Step};
use crate::{Device, Element, Error, ViewMut};

/// A row-major matrix, which is its transpose by columns.
fn columns(matrix: &Matrix<'_, bf16>) -> Columns {
    let (rows, columns) = (matrix.columns, matrix.rows);
    Columns { address: matrix.data.address(), rows, columns, stride: matrix.stride }
}

/// Asks `device` for C (+)= A B of extents `(m, n, k)`, which the caller has checked.
pub(crate) fn product<T: Element>(
    device: &Device,
    (layout, (m, n, k)): (Layout, (usize, usize, usize)),
    (a, b): (&Matrix<'_, bf16>, &Matrix<'_, bf16>),
    (c, stride): (&ViewMut<'_, T>, usize),
    accumulate: bool,
) -> Result<(), Error> {
    if m == 0 || n == 0 {
        return Ok(());
    }
    let product = Product {
        x: (columns(b), layout == Layout::Nt),
        y: (columns(a), layout == Layout::Tn),
        d: Columns { address: c.address(), rows: n, columns: m, stride },
        k,
        wide: size_of::<T>() == 4,
        accumulate,
    };
    // SAFETY: the three are live views, checked against these extents and strides; C is exclusive.
    unsafe { device.stream.run(Step::Product(product)) }
}

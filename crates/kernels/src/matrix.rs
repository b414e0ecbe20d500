//! Matrices, and how the operands of a product lie.

use crate::{Element, View, ViewMut};

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
    /// As kernels call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nt => "nt",
            Self::Nn => "nn",
            Self::Tn => "tn",
        }
    }
}

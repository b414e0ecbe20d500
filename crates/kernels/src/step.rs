//! One thing for a device to do, as plain data: what a launcher makes, a graph keeps and a backend
//! does.

use std::sync::Arc;

use crate::Kernel;
use crate::tensor_map::TensorMap;

/// One thing for a device to do.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A kernel. Its arguments are what the header of its file asks for.
    Launch { kernel: Arc<Kernel>, launch: Launch },
    /// A product by the vendor's library. Its matrices lie in live memory, D apart from the others.
    Product(Product),
    /// Bytes from one stretch to another; they do not overlap.
    Copy { from: u64, to: u64, n_bytes: usize },
    /// Zeros.
    Zero { at: u64, n_bytes: usize },
}

/// A launch, ready for a backend.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) grid: [u32; 3],
    pub(crate) threads: u32,
    /// Bytes of dynamic shared memory.
    pub(crate) smem: u32,
    pub(crate) args: Vec<Arg>,
}

/// An argument of a launch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg {
    /// Its bits; narrower ones in the low bytes.
    Bits(u64),
    /// A matrix that TMA loads from.
    Map(TensorMap),
}

/// A matrix by columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) address: u64,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Elements from one column to the next.
    pub(crate) stride: usize,
}

/// D = op(X) op(Y), or D + that, by columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// X, and whether op transposes it.
    pub(crate) x: (Columns, bool),
    pub(crate) y: (Columns, bool),
    pub(crate) d: Columns,
    /// The length of the sums.
    pub(crate) k: usize,
    /// D in f32; else in bf16.
    pub(crate) wide: bool,
    pub(crate) accumulate: bool,
}

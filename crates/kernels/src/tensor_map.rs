//! What TMA is told of a matrix: where it lies, and the boxes that it is loaded in.
//!
//! bf16, rows of a box 128 bytes long in shared memory, swizzled, zeros beyond the matrix's edges.
//! The driver packs this into 128 bytes of its own; the emulation has a plain layout
//! (`TensorMap` of simt/block.h), and both are held to the driver's rules here.

/// Columns of a box: a row of 128 bytes, which is what the swizzle turns within.
pub(crate) const BOX_COLUMNS: usize = 64;
/// What the emulation knows a map by.
const MAGIC: u64 = 0x7061_6d72_6f73_6e74;

/// A matrix for TMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TensorMap {
    pub(crate) address: u64,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    /// Elements from one row to the next.
    pub(crate) stride: usize,
    pub(crate) box_rows: usize,
}

/// 128 bytes, aligned as the driver and the emulation want a map.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed(pub(crate) [u64; 16]);

impl TensorMap {
    /// A map of `rows` by `columns` elements of bf16 in the `len` that lie at `address`.
    ///
    /// # Panics
    /// If it is not what TMA takes: whole multiples of 16 bytes between rows, boxes of at most
    /// 256 rows.
    pub(crate) fn new(
        (address, len): (u64, usize),
        (rows, columns): (usize, usize),
        stride: usize,
        box_rows: usize,
    ) -> Self {
        assert!(address.is_multiple_of(16), "a tensor map: not 16-byte aligned");
        assert!(
            stride.is_multiple_of(8) && columns <= stride && rows.max(columns) < 1 << 32,
            "a tensor map of [{rows}, {columns}] with stride {stride}"
        );
        let end = rows.saturating_sub(1) * stride + if rows > 0 { columns } else { 0 };
        assert!(end <= len, "a tensor map of {end} elements in {len}");
        assert!((1..=256).contains(&box_rows), "a box of {box_rows} rows");
        Self { address, columns, rows, stride, box_rows }
    }

    /// Bytes from one row to the next.
    pub(crate) fn stride_bytes(&self) -> u64 {
        self.stride as u64 * 2
    }

    /// As simt/block.h lays it out.
    pub(crate) fn emulated(&self) -> Packed {
        let mut words = [0; 16];
        words[..7].copy_from_slice(&[
            MAGIC,
            self.address,
            self.columns as u64,
            self.rows as u64,
            self.stride_bytes(),
            BOX_COLUMNS as u64,
            self.box_rows as u64,
        ]);
        Packed(words)
    }
}

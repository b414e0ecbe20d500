//! Rows of logits, as inference gives them.

use std::ops::Range;

use quaero_cpu::gemm::{Lhs, Panels, gemm, rows};
use quaero_kernels::Buffer;
use quaero_kernels::gemm::{self as kernel, Layout, Matrix, MatrixMut};
use quaero_kernels::head::stride;

use crate::activation::{Store, device_mismatch};
use crate::linear::Packed;
use crate::{Activation, Error};

/// Rows of logits, one logit for each token of the vocabulary.
#[derive(Debug)]
pub struct Logits {
    pub(crate) rows: Rows,
    pub(crate) vocab_size: usize,
}

#[derive(Debug)]
pub(crate) enum Rows {
    Host(Vec<f32>),
    /// Rows lie [`stride`] elements apart.
    Device(Buffer<f32>),
}

pub(super) fn host(h: &[f32], c: usize, panels: &Panels, logits: &mut [f32]) {
    gemm(Lhs::Rows { data: h, stride: c }, panels, rows(logits, panels.n()), false);
}

impl Logits {
    /// The logits of the rows of `h` [R, C] under the head `packed` [V, C].
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the two lie on two devices.
    pub fn of(h: &Activation, c: usize, packed: &Packed) -> Result<Self, Error> {
        let vocab_size = packed.n_out();
        let n_rows = h.len() / c;
        let rows = match (&h.0, packed.panels(), packed.matrix()) {
            (Store::Host(h), Some(panels), _) => {
                let mut logits = vec![0.0; n_rows * vocab_size];
                host(h, c, panels, &mut logits);
                Rows::Host(logits)
            }
            (Store::Device(h), _, Some(weight)) => {
                let stride = stride(vocab_size);
                let mut logits = h.device().alloc(n_rows * stride)?;
                let data = logits.view_mut();
                let c = MatrixMut { data, rows: n_rows, columns: vocab_size, stride };
                if n_rows > 0 {
                    let h = Matrix::new(h.view(), weight.columns);
                    kernel::into_f32(Layout::Nt, h, weight, false, c, None)?;
                }
                Rows::Device(logits)
            }
            _ => device_mismatch("logits"),
        };
        Ok(Self { rows, vocab_size })
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        match &self.rows {
            Rows::Host(data) => data.len() / self.vocab_size,
            Rows::Device(data) => data.len() / stride(self.vocab_size),
        }
    }

    /// Tokens of the vocabulary.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// Whether the rows can be read in place: they lie on the CPU.
    #[must_use]
    pub fn is_host(&self) -> bool {
        matches!(self.rows, Rows::Host(_))
    }

    /// Row `i` of logits on the CPU.
    ///
    /// # Panics
    /// If they lie on a device: [`Self::to_host`] brings them.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f32] {
        let Rows::Host(data) = &self.rows else { device_mismatch("a row of logits") };
        &data[i * self.vocab_size..(i + 1) * self.vocab_size]
    }

    /// The rows, in order, of logits on the CPU.
    ///
    /// # Panics
    /// If they lie on a device.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        (0..self.n_rows()).map(|i| self.row(i))
    }

    /// A copy of some rows, where they lie.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn copy_rows(&self, which: Range<usize>) -> Result<Self, Error> {
        let part = |width: usize| which.start * width..which.end * width;
        let rows = match &self.rows {
            Rows::Host(data) => Rows::Host(data[part(self.vocab_size)].to_vec()),
            Rows::Device(data) => {
                let from = data.slice(part(stride(self.vocab_size)));
                let mut rows = data.device().alloc(from.len())?;
                rows.view_mut().copy_from(from)?;
                Rows::Device(rows)
            }
        };
        Ok(Self { rows, vocab_size: self.vocab_size })
    }

    /// The same on the CPU.
    ///
    /// # Errors
    /// If the device failed.
    pub fn to_host(self) -> Result<Self, Error> {
        let Self { rows, vocab_size } = self;
        let rows = match rows {
            Rows::Host(data) => data,
            Rows::Device(data) => {
                let all = data.to_vec()?;
                all.chunks(stride(vocab_size)).flat_map(|row| &row[..vocab_size]).copied().collect()
            }
        };
        Ok(Self { rows: Rows::Host(rows), vocab_size })
    }
}

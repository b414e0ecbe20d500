//! Rows of a table by token; rows picked out and put back.

use quaero_cpu::embedding as cpu;
use quaero_kernels::{Indices, embedding as kernel};

use crate::activation::{Store, device_mismatch};
use crate::tensor::Values;
use crate::{Activation, Device, Error, Tensor};

/// Rows of a table to be read: tokens, or places.
#[derive(Debug)]
pub struct Rows(Numbers);

#[derive(Debug)]
enum Numbers {
    Host(Vec<u32>),
    Device(Indices),
}

impl Rows {
    /// Of a table of `n` rows.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// On a device, if a row is not below `n`.
    pub fn new(device: &Device, rows: Vec<u32>, n: usize) -> Result<Self, Error> {
        Ok(Self(match &device.0 {
            None => Numbers::Host(rows),
            Some(device) => Numbers::Device(device.indices(&signed(&rows), n)?),
        }))
    }

    /// Other rows of the same table, as many.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// On a device, if a row is not one of the table's; if they are not as many.
    pub fn write(&mut self, rows: &[u32]) -> Result<(), Error> {
        match &mut self.0 {
            Numbers::Host(numbers) => {
                numbers.copy_from_slice(rows);
                Ok(())
            }
            Numbers::Device(indices) => indices.write(&signed(rows)),
        }
    }
}

fn signed(rows: &[u32]) -> Vec<i32> {
    rows.iter().map(|&row| row as i32).collect()
}

/// x[r] = table[tokens[r]].
///
/// # Shapes
/// table [V, C], x [R, C].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If a token is not below V or the shapes do not fit.
pub fn forward(table: &Tensor, tokens: &Rows, x: &mut Activation) -> Result<(), Error> {
    let c = table.row_len();
    match (&table.values, &tokens.0, &mut x.0) {
        (Values::Host(table), Numbers::Host(tokens), Store::Host(x)) => {
            cpu::forward(table, c, tokens, x);
            Ok(())
        }
        (Values::Device(table), Numbers::Device(tokens), Store::Device(x)) => {
            kernel::forward(table.rounded()?.view(), c, tokens, x.view_mut())
        }
        _ => device_mismatch("embedding"),
    }
}

/// dtable[tokens[r]] += dx[r].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(dtable: &mut Tensor, tokens: &[u32], dx: &Activation) -> Result<(), Error> {
    let c = dtable.row_len();
    match (&mut dtable.values, &dx.0) {
        (Values::Host(dtable), Store::Host(dx)) => {
            cpu::backward(dtable, c, tokens, dx);
            Ok(())
        }
        (Values::Device(dtable), Store::Device(dx)) => {
            let n_rows = dtable.exact().len() / c;
            let rows = kernel::Rows::new(dx.device(), tokens, n_rows)?;
            kernel::backward(dtable.exact_mut().view_mut(), c, &rows, dx.view())
        }
        _ => device_mismatch("embedding"),
    }
}

/// y[i] = x[rows[i]].
///
/// # Shapes
/// x [.., C], y [rows, C].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If a row is not one of x.
pub fn gather(x: &Activation, c: usize, rows: &Rows, y: &mut Activation) -> Result<(), Error> {
    match (&x.0, &rows.0, &mut y.0) {
        (Store::Host(x), Numbers::Host(rows), Store::Host(y)) => {
            cpu::forward(x, c, rows, y);
            Ok(())
        }
        (Store::Device(x), Numbers::Device(rows), Store::Device(y)) => {
            kernel::forward(x.view(), c, rows, y.view_mut())
        }
        _ => device_mismatch("gather"),
    }
}

/// y[rows[i]] = x[i]; the other rows of y become 0. No row stands twice in `rows`.
///
/// # Shapes
/// x [rows, C], y [.., C].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If a row is not one of y.
pub fn scatter(x: &Activation, c: usize, rows: &[usize], y: &mut Activation) -> Result<(), Error> {
    match (&x.0, &mut y.0) {
        (Store::Host(x), Store::Host(y)) => {
            y.fill(0.0);
            for (&row, from) in rows.iter().zip(x.chunks_exact(c)) {
                y[row * c..(row + 1) * c].copy_from_slice(from);
            }
            Ok(())
        }
        (Store::Device(x), Store::Device(y)) => {
            // A gather by the inverse: -1 gives a row of zeros.
            let mut inverse = vec![-1_i32; y.len() / c];
            for (i, &row) in rows.iter().enumerate() {
                inverse[row] = i as i32;
            }
            let inverse = x.device().indices(&inverse, x.len() / c)?;
            kernel::forward(x.view(), c, &inverse, y.view_mut())
        }
        _ => device_mismatch("scatter"),
    }
}

//! Rows of a table by token; rows picked out and put back.

use quaero_cpu::embedding as cpu;
use quaero_kernels::embedding as kernel;

use crate::activation::{Store, apart};
use crate::tensor::Values;
use crate::{Activation, Error, Tensor};

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
pub fn forward(table: &Tensor, tokens: &[u32], x: &mut Activation) -> Result<(), Error> {
    let c = table.row_len();
    match (&table.values, &mut x.0) {
        (Values::Host(table), Store::Host(x)) => {
            cpu::forward(table, c, tokens, x);
            Ok(())
        }
        (Values::Device(table), Store::Device(x)) => {
            let table = table.rounded()?;
            let tokens: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
            let tokens = x.device().indices(&tokens, table.len() / c)?;
            kernel::forward(table.view(), c, &tokens, x.view_mut())
        }
        _ => apart("embedding"),
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
        _ => apart("embedding"),
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
pub fn gather(x: &Activation, c: usize, rows: &[usize], y: &mut Activation) -> Result<(), Error> {
    match (&x.0, &mut y.0) {
        (Store::Host(x), Store::Host(y)) => {
            for (to, &row) in y.chunks_exact_mut(c).zip(rows) {
                to.copy_from_slice(&x[row * c..(row + 1) * c]);
            }
            Ok(())
        }
        (Store::Device(x), Store::Device(y)) => {
            let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
            let rows = x.device().indices(&rows, x.len() / c)?;
            kernel::forward(x.view(), c, &rows, y.view_mut())
        }
        _ => apart("gather"),
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
        _ => apart("scatter"),
    }
}

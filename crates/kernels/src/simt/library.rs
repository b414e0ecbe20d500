//! The vendor's products, emulated: by their definition, on matrices by columns.

use half::bf16;

use crate::step::{Columns, Product};

/// Element (i, j) of op(m), by its place in memory.
fn place(m: Columns, transposed: bool, i: usize, j: usize) -> usize {
    if transposed { i * m.stride + j } else { j * m.stride + i }
}

/// Computes `product`, sums in order.
///
/// # Safety
/// Its matrices lie in live memory of the host, and D apart from the others.
pub(super) unsafe fn run(product: &Product) {
    let &Product { x: (x, x_turned), y: (y, y_turned), d, k, wide, accumulate } = product;
    let read = |m: Columns, at: usize| {
        // SAFETY: the caller vouches for the matrix, and `place` stays inside it.
        let value = unsafe { (m.address as *const bf16).wrapping_add(at).read() };
        value.to_f32()
    };
    for j in 0..d.columns {
        for i in 0..d.rows {
            let sum = (0..k).fold(0.0_f32, |sum, k| {
                let (a, b) = (place(x, x_turned, i, k), place(y, y_turned, k, j));
                read(x, a).mul_add(read(y, b), sum)
            });
            let at = place(d, false, i, j);
            if wide {
                let to = (d.address as *mut f32).wrapping_add(at);
                // SAFETY: as above.
                let before = if accumulate { unsafe { to.read() } } else { 0.0 };
                // SAFETY: as above.
                unsafe { to.write(before + sum) };
            } else {
                let to = (d.address as *mut bf16).wrapping_add(at);
                // SAFETY: as above.
                unsafe { to.write(bf16::from_f32(sum)) };
            }
        }
    }
}

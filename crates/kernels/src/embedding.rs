//! Rows of a table by token.

use half::bf16;

use crate::call::{Call, row_threads};
use crate::{Device, Error, Indices, View, ViewMut};

/// y[r] = table[tokens[r]]; zeros where the token is −1.
///
/// # Shapes
/// table [V, C], tokens [R] below V or −1, y [R, C].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or C is not a multiple of 8.
pub fn forward(
    table: View<'_, bf16>,
    c: usize,
    tokens: &Indices,
    mut y: ViewMut<'_, bf16>,
) -> Result<(), Error> {
    check(table.len(), c, tokens.bound());
    assert_eq!(y.len(), tokens.len() * c, "embedding: one row of y for each token");
    let call = Call::new(table.device(), "embedding_fwd").grid([tokens.len(), 1, 1]);
    let call = call.threads(row_threads(c)).write(&mut y).read(table).read(tokens.view()).int(c);
    // SAFETY: the assertions are the header's Shapes and Layout; tokens are −1 or below V.
    unsafe { call.launch() }
}

fn check(n_table: usize, c: usize, bound: usize) {
    assert!(
        c > 0 && c.is_multiple_of(8) && bound <= n_table / c,
        "embedding: tokens below {bound}, a table of {n_table} elements, C {c} (a multiple of 8)"
    );
}

/// Rows by token, for the gradient: each token once, with its rows in ascending order.
#[derive(Debug)]
pub struct Rows {
    tokens: Indices,
    starts: Indices,
    order: Indices,
}

impl Rows {
    /// Sorts the rows of a batch.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If a token is not below `vocab_size`.
    pub fn new(device: &Device, tokens: &[u32], vocab_size: usize) -> Result<Self, Error> {
        let mut order: Vec<i32> = (0..tokens.len() as i32).collect();
        order.sort_by_key(|&row| tokens[row as usize]);
        let (mut unique, mut starts) = (Vec::new(), Vec::new());
        for (i, &row) in order.iter().enumerate() {
            let token = tokens[row as usize] as i32;
            if unique.last() != Some(&token) {
                unique.push(token);
                starts.push(i as i32);
            }
        }
        starts.push(order.len() as i32);
        Ok(Self {
            tokens: device.indices(&unique, vocab_size)?,
            starts: device.indices(&starts, order.len() + 1)?,
            order: device.indices(&order, order.len().max(1))?,
        })
    }
}

/// dtable[tokens[r]] += dy[r], rows in order.
///
/// # Shapes
/// dtable [V, C], dy [R, C].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or C is not a multiple of 8.
pub fn backward(
    mut dtable: ViewMut<'_, f32>,
    c: usize,
    rows: &Rows,
    dy: View<'_, bf16>,
) -> Result<(), Error> {
    check(dtable.len(), c, rows.tokens.bound());
    assert_eq!(dy.len(), rows.order.len() * c, "embedding: one row of dy for each token");
    let call = Call::new(dy.device(), "embedding_bwd").grid([rows.tokens.len(), 1, 1]);
    let call = call.threads(row_threads(c)).write(&mut dtable).read(dy).read(rows.tokens.view());
    let call = call.read(rows.starts.view()).read(rows.order.view()).int(c);
    // SAFETY: the assertions are the header's Shapes and Layout; `Rows` sorted each token once.
    unsafe { call.launch() }
}

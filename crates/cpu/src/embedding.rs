//! Rows of a table by token.

use crate::parallel::for_row_blocks;

/// y[r] = table[tokens[r]].
///
/// # Shapes
/// table [V, C], y [R, C].
///
/// # Panics
/// If a token is not below V or the shapes do not fit.
pub fn forward(table: &[f32], c: usize, tokens: &[u32], y: &mut [f32]) {
    assert_eq!(y.len(), tokens.len() * c, "embedding: one row of y for each token");
    let n_rows = table.len() / c;
    if let Some(token) = tokens.iter().find(|&&token| token as usize >= n_rows) {
        panic!("embedding: token {token} is not below the vocabulary size {n_rows}");
    }
    for_row_blocks(y, c, |row, y| {
        for (y, &token) in y.chunks_exact_mut(c).zip(&tokens[row..]) {
            y.copy_from_slice(&table[token as usize * c..(token as usize + 1) * c]);
        }
    });
}

/// dtable[tokens[r]] += dy[r], rows in order.
///
/// # Shapes
/// dtable [V, C], dy [R, C].
///
/// # Panics
/// If a token is not below V or the shapes do not fit.
pub fn backward(dtable: &mut [f32], c: usize, tokens: &[u32], dy: &[f32]) {
    assert_eq!(dy.len(), tokens.len() * c, "embedding: one row of dy for each token");
    for (dy, &token) in dy.chunks_exact(c).zip(tokens) {
        let row = &mut dtable[token as usize * c..(token as usize + 1) * c];
        for (to, dy) in row.iter_mut().zip(dy) {
            *to += dy;
        }
    }
}

//! Rotary position embedding (Su et al., 2104.09864) in Hugging Face's half-split convention: the
//! pair of channel i is channel i + D/2.

use quaero_shape::Groups;

use crate::parallel::{for_row_blocks, vectorized};

/// Cosines and sines for rows of tokens.
#[derive(Clone, Debug, Default)]
pub struct Angles {
    /// [R, D/2]
    pub cos: Vec<f32>,
    /// [R, D/2]
    pub sin: Vec<f32>,
    /// D/2
    pub half: usize,
}

impl Angles {
    /// The angles at `positions` for the inverse frequencies `inv_freq` [D/2], cosines and sines
    /// multiplied by `scale`. As in Hugging Face's code the angle is rounded to f32 before its
    /// cosine is taken.
    #[must_use]
    pub fn at(positions: impl IntoIterator<Item = usize>, inv_freq: &[f32], scale: f32) -> Self {
        let mut angles = Self { half: inv_freq.len(), ..Self::default() };
        for position in positions {
            for &freq in inv_freq {
                let (sin, cos) = f64::from(position as f32 * freq).sin_cos();
                angles.cos.push(cos as f32 * scale);
                angles.sin.push(sin as f32 * scale);
            }
        }
        angles
    }

    /// The rows `rows` of these angles, in that order.
    #[must_use]
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let mut angles = Self { half: self.half, ..Self::default() };
        for row in rows {
            let at = row * self.half..(row + 1) * self.half;
            angles.cos.extend_from_slice(&self.cos[at.clone()]);
            angles.sin.extend_from_slice(&self.sin[at]);
        }
        angles
    }
}

/// Rotates the groups (heads) of each row of `x` [R, width] by its angles.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(x: &mut [f32], groups: Groups, angles: &Angles) {
    rotate(x, groups, angles, 1.0);
}

/// Rotates back: the gradient of [`forward`], in place.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(dx: &mut [f32], groups: Groups, angles: &Angles) {
    rotate(dx, groups, angles, -1.0);
}

fn rotate(x: &mut [f32], groups: Groups, angles: &Angles, sign: f32) {
    let Groups { width, first, count } = groups;
    let half = angles.half;
    assert!(first + count * 2 * half <= width, "rope: heads do not fit the rows");
    assert_eq!(x.len() / width * half, angles.cos.len(), "rope: one row of angles for each row");
    for_row_blocks(x, width, |row, x| {
        vectorized(
            #[inline(always)]
            || {
                for (i, x) in x.chunks_exact_mut(width).enumerate() {
                    let at = (row + i) * half..(row + i + 1) * half;
                    let (cos, sin) = (&angles.cos[at.clone()], &angles.sin[at]);
                    for head in x[first..first + count * 2 * half].chunks_exact_mut(2 * half) {
                        let (a, b) = head.split_at_mut(half);
                        for j in 0..half {
                            let (u, v, c, s) = (a[j], b[j], cos[j], sign * sin[j]);
                            a[j] = u * c - v * s;
                            b[j] = v * c + u * s;
                        }
                    }
                }
            },
        );
    });
}

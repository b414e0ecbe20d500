//! Whether a row of a product has the same bits whatever M and the tile are: what lets a sampler
//! decode with narrow tiles and a trainer take wide ones, without a bit between them.

use half::bf16;
use quaero_kernels::Error;
use quaero_kernels::gemm::{self, Layout, Matrix, MatrixMut, Tile};

use crate::Source;

/// Rows of products whose bits are compared.
const ROWS: &[usize] = &[
    1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 192, 255, 256, 257,
    384, 512, 640, 768, 1000, 1024, 1536, 2048, 3072, 4095, 4096,
];

/// What came of one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Columns.
    pub n: usize,
    /// Depth.
    pub k: usize,
    /// Products that were compared with the largest.
    pub n_compared: usize,
    /// Those with other bits: rows and tile.
    pub different: Vec<String>,
}

/// Products of 1 to `rows_max` rows of A [rows_max, k] with B [n, k], by every tile, compared with
/// the product of all rows.
///
/// # Errors
/// If the device fails.
pub fn rows_of_products(
    source: &Source,
    rows_max: usize,
    (n, k): (usize, usize),
) -> Result<Outcome, Error> {
    let device = source.device();
    let (a, b) = (source.halves(rows_max * k)?, source.halves(n * k)?);
    let product = |m: usize, tile: Option<Tile>| -> Result<Vec<bf16>, Error> {
        let mut c = device.alloc(m * n)?;
        source.poison_halves(c.view_mut())?;
        let (a, b) = (Matrix::new(a.slice(0..m * k), k), Matrix::new(b.view(), k));
        gemm::into_bf16(Layout::Nt, a, b, None, MatrixMut::new(c.view_mut(), n), tile)?;
        c.to_vec()
    };
    let whole = product(rows_max, Some(Tile::Wide))?;
    let mut outcome = Outcome { n, k, n_compared: 0, different: Vec::new() };
    for &m in ROWS.iter().filter(|&&m| m <= rows_max) {
        for tile in [None, Some(Tile::Narrow), Some(Tile::Wide)] {
            let same =
                product(m, tile)?.iter().zip(&whole).all(|(x, y)| x.to_bits() == y.to_bits());
            outcome.n_compared += 1;
            if !same {
                outcome.different.push(format!("M {m}, tile {tile:?}"));
            }
        }
    }
    Ok(outcome)
}

//! Matrix products: a layer forward and backward, the head, decoding; each tile once by name.

use half::bf16;
use quaero_kernels::gemm::{self, Layout, Matrix, MatrixMut, Tile};
use quaero_kernels::{Buffer, Error};

use super::case::{Case, Outputs, Set};
use crate::shapes::Shapes;
use crate::{Source, Work};

/// A product to time.
#[derive(Clone, Copy)]
struct Product {
    op: &'static str,
    layout: Layout,
    /// Into f32, and how: overwritten or added to.
    floats: Option<bool>,
    m: usize,
    n: usize,
    k: usize,
    tile: Option<Tile>,
}

pub(super) fn add(cases: &mut Vec<Case>, s: Shapes) {
    let (t, d, ff, width) = (s.n_tokens(), s.d, s.ff, s.heads.width());
    let nt = |op, m, n, k, tile| Product { op, layout: Layout::Nt, floats: None, m, n, k, tile };
    let (wide, middle, narrow) = (Some(Tile::Wide), Some(Tile::Middle), Some(Tile::Narrow));
    let head = |op, m, tile| Product { floats: Some(false), ..nt(op, m, s.vocab, d, tile) };
    let dx = |op, m, tile| Product { layout: Layout::Nn, ..nt(op, m, d, 2 * ff, tile) };
    let dw = |op, m, k, tile| Product {
        layout: Layout::Tn,
        floats: Some(true),
        ..nt(op, m, d, k, tile)
    };
    for product in [
        nt("gemm_qkv", t, width, d, None),
        nt("gemm_gate_up", t, 2 * ff, d, None),
        nt("gemm_down", t, d, ff, None),
        dx("gemm_dx", t, None),
        dw("gemm_dw", 2 * ff, t, None),
        head("gemm_head", s.chunk, None),
        nt("gemm_decode", s.batch, 2 * ff, d, None),
        nt("gemm_decode_one", 1, 2 * ff, d, None),
        nt("gemm_decode_wide", s.batch, 2 * ff, d, wide),
        nt("gemm_decode_narrow", s.batch, 2 * ff, d, narrow),
        nt("gemm_gate_up_middle", t, 2 * ff, d, middle),
        head("gemm_head_middle", s.chunk, middle),
        head("gemm_head_narrow", s.batch, narrow),
        dx("gemm_dx_narrow", s.batch, narrow),
        dw("gemm_dw_narrow", width, s.chunk, narrow),
    ] {
        cases.push(case(product, &s));
    }
}

fn case(p: Product, s: &Shapes) -> Case {
    let Product { op, layout, floats, m, n, k, tile } = p;
    let kind = if floats.is_some() { "f32" } else { "bf16" };
    let portable = tile.unwrap_or_else(|| Tile::for_product(m, n));
    let kernel = gemm::kernel_name(layout, kind, portable, false);
    let tile_of_warpgroups = tile.unwrap_or_else(|| Tile::for_warpgroups(m, n));
    let of_warpgroups = gemm::kernel_name(layout, kind, tile_of_warpgroups, true);
    let layout_code = [Layout::Nt, Layout::Nn, Layout::Tn].iter().position(|x| *x == layout);
    let dims = [
        ("M", m),
        ("N", n),
        ("K", k),
        ("layout", layout_code.unwrap_or(0)),
        ("f32", usize::from(floats.is_some())),
        ("add", usize::from(floats == Some(true))),
    ];
    // What is added to is read as well.
    let n_bytes = if let Some(add) = floats { 4 + 4 * usize::from(add) } else { 2 };
    let work = Work::product(m, n, k, n_bytes);
    let mut case =
        Case::new((op, s), ("gemm.cu", &[kernel.as_str()]), &dims[..3], work, move |source| {
            set(source, p)
        });
    case.dims = dims.to_vec();
    case.with_warpgroups("gemm_wgmma.cu", of_warpgroups)
}

/// Rows as far apart as products ask for.
fn matrix(
    source: &Source,
    (rows, columns): (usize, usize),
) -> Result<(Buffer<bf16>, usize), Error> {
    let stride = columns.next_multiple_of(8);
    Ok((source.halves(rows * stride)?, stride))
}

fn set(source: &Source, p: Product) -> Result<Set, Error> {
    let Product { layout, floats, m, n, k, tile, .. } = p;
    let of_a = if layout == Layout::Tn { (k, m) } else { (m, k) };
    let of_b = if layout == Layout::Nt { (n, k) } else { (k, n) };
    let (a, lda) = matrix(source, of_a)?;
    let (b, ldb) = matrix(source, of_b)?;
    let stride = n.next_multiple_of(8);
    // A chunk of logits has rows that are further apart than they are wide.
    let len = (m - 1) * stride + n;
    let outputs = match floats {
        None => Outputs::new(source, &[m * n], &[])?,
        Some(false) if stride == n => Outputs::new(source, &[], &[len])?,
        Some(_) => Outputs::default(),
    };
    let kept = outputs.floats.is_empty() && floats.is_some();
    let mut sum = source.floats(if kept { len } else { 8 })?;
    Set::new(outputs, move |to| {
        let a = Matrix { data: a.view(), rows: of_a.0, columns: of_a.1, stride: lda };
        let b = Matrix { data: b.view(), rows: of_b.0, columns: of_b.1, stride: ldb };
        match floats {
            None => {
                let c = MatrixMut::new(to.halves[0].view_mut(), n);
                gemm::into_bf16(layout, a, b, None, c, tile)
            }
            Some(add) => {
                let data = if kept { sum.view_mut() } else { to.floats[0].view_mut() };
                let c = MatrixMut { data, rows: m, columns: n, stride };
                gemm::into_f32(layout, a, b, add, c, tile)
            }
        }
    })
}

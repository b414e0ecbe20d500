//! RMSNorm: y = x · rstd · w, rstd = 1 / √(mean(x²) + eps), over groups of `C` channels in rows.

use half::bf16;
use quaero_shape::Groups;

use crate::call::{Call, row_threads};
use crate::{Error, View, ViewMut};

/// The number of groups in `len` elements of `c` channels a group.
fn n_groups(groups: Groups, what: &str, len: usize, c: usize) -> usize {
    let Groups { width, first, count } = groups;
    assert!(
        c > 0 && c.is_multiple_of(8) && width.is_multiple_of(8) && first.is_multiple_of(8),
        "{what}: {c} channels at {first} of rows of {width}: multiples of 8 are needed"
    );
    assert!(
        count > 0 && first + count * c <= width && len.is_multiple_of(width),
        "{what}: {count} groups of {c} at {first} do not fit rows of {width} ({len} elements)"
    );
    len / width * count
}

/// y = RMSNorm(x) in the groups of each row; other channels of `y` are left alone.
///
/// # Shapes
/// x, y [R, width]; w [C]; rstd [R, count].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or C, width or first are not multiples of 8.
pub fn forward(
    x: View<'_, bf16>,
    w: View<'_, bf16>,
    eps: f32,
    groups: Groups,
    mut y: ViewMut<'_, bf16>,
    rstd: ViewMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!(x.len(), y.len(), "rms_norm: x and y must be alike");
    launch_forward(x, w, eps, groups, &mut y, rstd)
}

/// [`forward`] in place.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// As [`forward`].
pub fn forward_in_place(
    mut x: ViewMut<'_, bf16>,
    w: View<'_, bf16>,
    eps: f32,
    groups: Groups,
    rstd: ViewMut<'_, f32>,
) -> Result<(), Error> {
    launch_forward(x.aliased(), w, eps, groups, &mut x, rstd)
}

fn launch_forward(
    x: View<'_, bf16>,
    w: View<'_, bf16>,
    eps: f32,
    groups: Groups,
    y: &mut ViewMut<'_, bf16>,
    mut rstd: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let c = w.len();
    let n_groups = n_groups(groups, "rms_norm", x.len(), c);
    assert_eq!(rstd.len(), n_groups, "rms_norm: one rstd for each group");
    let call = Call::new(x.device(), "rms_norm_fwd").grid([n_groups, 1, 1]);
    let call = call.threads(row_threads(c)).write(y).write(&mut rstd).read(x).read(w);
    let call = call.int(groups.width).int(groups.first).int(groups.count).int(c).float(eps);
    // SAFETY: the assertions are the header's Shapes and Layout; a group reads x before it writes
    // y, each thread at its own places, so that x may be y.
    unsafe { call.launch() }
}

/// x ← x + r (rounded to bf16), y = RMSNorm(x).
///
/// # Shapes
/// x, r, y [R, C]; w [C]; rstd [R].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or C is not a multiple of 8.
pub fn add_forward(
    mut x: ViewMut<'_, bf16>,
    r: View<'_, bf16>,
    w: View<'_, bf16>,
    eps: f32,
    mut y: ViewMut<'_, bf16>,
    mut rstd: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let c = w.len();
    let n_rows = n_groups(Groups::whole(c), "add_rms_norm", x.len(), c);
    assert!(
        r.len() == x.len() && y.len() == x.len() && rstd.len() == n_rows,
        "add_rms_norm: x {}, r {}, y {}, rstd {}",
        x.len(),
        r.len(),
        y.len(),
        rstd.len()
    );
    let call = Call::new(r.device(), "add_rms_norm_fwd").grid([n_rows, 1, 1]);
    let before = x.aliased();
    let call = call.threads(row_threads(c)).write(&mut y).write(&mut x);
    let call = call.write(&mut rstd).read(before).read(r).read(w);
    // SAFETY: the assertions are the header's Shapes and Layout; h is x, which the header allows.
    unsafe { call.int(c).float(eps).launch() }
}

/// Groups that one block takes.
const GROUPS_PER_BLOCK: usize = 32;

/// f32 elements that [`backward`] needs for `n_groups` groups of `c` channels.
#[must_use]
pub fn scratch_len(n_groups: usize, c: usize) -> usize {
    n_groups.div_ceil(GROUPS_PER_BLOCK) * c
}

/// What the forward pass had.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    /// Its input.
    pub x: View<'a, bf16>,
    /// The scale.
    pub w: View<'a, bf16>,
    /// What it stored.
    pub rstd: View<'a, f32>,
    /// Where the groups lie.
    pub groups: Groups,
}

/// dx (+)= rstd (dy w − x rstd² mean(dy w x)), dw += Σ over groups of dy x rstd.
///
/// # Shapes
/// dy, dx [R, width]; dw [C]; scratch at least [`scratch_len`].
///
/// # Errors
/// If a launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(
    forward: Forward<'_>,
    dy: View<'_, bf16>,
    mut dx: ViewMut<'_, bf16>,
    accumulate: bool,
    dw: ViewMut<'_, f32>,
    scratch: ViewMut<'_, f32>,
) -> Result<(), Error> {
    launch_backward(forward, dy, &mut dx, accumulate, dw, scratch)
}

/// [`backward`] that overwrites the gradient of the output with that of the input.
///
/// # Errors
/// If a launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward_in_place(
    forward: Forward<'_>,
    mut d: ViewMut<'_, bf16>,
    dw: ViewMut<'_, f32>,
    scratch: ViewMut<'_, f32>,
) -> Result<(), Error> {
    launch_backward(forward, d.aliased(), &mut d, false, dw, scratch)
}

fn launch_backward(
    forward: Forward<'_>,
    dy: View<'_, bf16>,
    dx: &mut ViewMut<'_, bf16>,
    accumulate: bool,
    mut dw: ViewMut<'_, f32>,
    scratch: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let Forward { x, w, rstd, groups } = forward;
    let c = w.len();
    let n_groups = n_groups(groups, "rms_norm backward", x.len(), c);
    assert!(
        dy.len() == x.len() && dx.len() == x.len() && rstd.len() == n_groups && dw.len() == c,
        "rms_norm backward: x {}, dy {}, dx {}, rstd {}, dw {}",
        x.len(),
        dy.len(),
        dx.len(),
        rstd.len(),
        dw.len()
    );
    let n_blocks = n_groups.div_ceil(GROUPS_PER_BLOCK);
    let mut partial = scratch.slice(0..scratch_len(n_groups, c));
    let call = Call::new(x.device(), "rms_norm_bwd").grid([n_blocks, 1, 1]);
    let call = call.threads(row_threads(c)).smem(4 * c);
    let call = call.write(dx).write(&mut partial).read(dy).read(x).read(w).read(rstd);
    let call = call.int(n_groups).int(groups.width).int(groups.first).int(groups.count);
    // SAFETY: the assertions are the header's Shapes and Layout; dx may be dy.
    unsafe { call.int(c).flag(accumulate).launch()? };
    column_sum(partial.as_view(), c, dw.reborrow(), true)
}

/// out (+)= Σ over rows of x [R, C], in order.
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn column_sum(
    x: View<'_, f32>,
    c: usize,
    mut out: ViewMut<'_, f32>,
    accumulate: bool,
) -> Result<(), Error> {
    assert!(out.len() == c && x.len().is_multiple_of(c), "column_sum: {} by {c}", x.len());
    let call = Call::new(x.device(), "column_sum_f32").grid([c.div_ceil(256), 1, 1]);
    let call = call.write(&mut out).read(x).int(x.len() / c).int(c).int(c).flag(accumulate);
    // SAFETY: the assertion is the header's Shapes.
    unsafe { call.launch() }
}

/// Rows that a block of the bias gradient sums.
const ROWS_PER_BLOCK: usize = 64;

/// f32 elements that [`bias_backward`] needs.
#[must_use]
pub fn bias_scratch_len(n_rows: usize, c: usize) -> usize {
    n_rows.div_ceil(ROWS_PER_BLOCK) * c
}

/// dbias += Σ over rows of dx's columns from `first` on.
///
/// # Shapes
/// dx [R, width], dbias [C], scratch at least [`bias_scratch_len`].
///
/// # Errors
/// If a launch fails.
///
/// # Panics
/// If the shapes do not fit, or `first` or the width is not a multiple of 8.
pub fn bias_backward(
    dx: View<'_, bf16>,
    (width, first): (usize, usize),
    dbias: ViewMut<'_, f32>,
    scratch: ViewMut<'_, f32>,
) -> Result<(), Error> {
    let c = dbias.len();
    let n_rows = dx.len() / width;
    assert!(
        dx.len().is_multiple_of(width)
            && n_rows > 0
            && first + c <= width
            && width.is_multiple_of(8)
            && first.is_multiple_of(8),
        "bias: {c} columns at {first} of rows of {width} ({} elements)",
        dx.len()
    );
    let mut partial = scratch.slice(0..bias_scratch_len(n_rows, c));
    let columns = dx.slice(first..dx.len());
    let call = Call::new(dx.device(), "column_sum_bf16");
    let call = call.grid([c.div_ceil(256), n_rows.div_ceil(ROWS_PER_BLOCK), 1]);
    let call = call.write(&mut partial).read(columns).int(n_rows).int(c).int(width);
    // SAFETY: the assertion is the header's Shapes.
    unsafe { call.launch()? };
    column_sum(partial.as_view(), c, dbias, true)
}

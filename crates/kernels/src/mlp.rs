//! SwiGLU: y = silu(gate) · up.

use half::bf16;

use crate::call::Call;
use crate::{Error, View, ViewMut};

/// Elements that one block computes.
const PER_BLOCK: usize = 2048;

/// y = silu(gate) · up.
///
/// # Shapes
/// gate_up [R, 2F], gate first; y [R, F].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or F is not a multiple of 8.
pub fn swiglu(gate_up: View<'_, bf16>, f: usize, mut y: ViewMut<'_, bf16>) -> Result<(), Error> {
    check(gate_up.len(), f, y.len());
    let call = Call::new(gate_up.device(), "swiglu_fwd").grid([y.len().div_ceil(PER_BLOCK), 1, 1]);
    let n_rows = y.len() / f;
    let call = call.write(&mut y).read(gate_up).int(n_rows).int(f);
    // SAFETY: `check` is the header's Shapes and Layout.
    unsafe { call.launch() }
}

/// The gradient of [`swiglu`]: overwrites `gate_up` with its own gradient.
///
/// # Shapes
/// gate_up [R, 2F], dy [R, F].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit, or F is not a multiple of 8.
pub fn swiglu_backward(
    mut gate_up: ViewMut<'_, bf16>,
    f: usize,
    dy: View<'_, bf16>,
) -> Result<(), Error> {
    check(gate_up.len(), f, dy.len());
    let before = gate_up.aliased();
    let call = Call::new(dy.device(), "swiglu_bwd").grid([dy.len().div_ceil(PER_BLOCK), 1, 1]);
    let call = call.write(&mut gate_up).read(before).read(dy);
    // SAFETY: `check` is the header's Shapes and Layout, which allows the gradient to overwrite.
    unsafe { call.int(dy.len() / f).int(f).launch() }
}

fn check(n_gate_up: usize, f: usize, n: usize) {
    assert!(
        f > 0 && f.is_multiple_of(8) && n.is_multiple_of(f) && n_gate_up == 2 * n,
        "swiglu: gate_up of {n_gate_up}, y of {n}, F {f} (a multiple of 8)"
    );
}

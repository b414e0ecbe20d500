//! Positions, pages of keys and values, and causal grouped-query attention over them.
//!
//! Where the CPU lets sequences share a page that is partly filled, a device takes keys in whole
//! pages: sequences share full pages alone, and the slots of a page that is not full are copied
//! ([`KvPages::shared_len`], [`KvPages::copy_slots`]).

mod pages;
mod queries;

use quaero_cpu::attention as cpu;
use quaero_cpu::rope as cpu_rope;
use quaero_kernels::{attention as kernel, rope as kernel_rope};

use crate::activation::{Store, device_mismatch};
use crate::{Activation, Error, Floats};

pub use pages::{KvPages, Slot, Slots};
pub use quaero_cpu::attention::{Heads, PageTable, Piece, Query, Write};
pub use queries::{Angles, Pieces, Positions, Queries};

fn heads(of: Heads) -> kernel_rope::Heads {
    let Heads { n_heads, n_kv_heads, head_dim, scale, window } = of;
    let plain = Heads::new(n_heads, n_kv_heads, head_dim);
    assert!(window.is_none() && scale == plain.scale, "kernels attend to all keys, scaled by D^-½");
    kernel_rope::Heads { n_heads, n_kv_heads, head_dim }
}

/// The query and key heads of a row, end to end: what rotates.
fn rotated(of: Heads) -> quaero_cpu::norm::Groups {
    let count = of.n_heads + of.n_kv_heads;
    quaero_cpu::norm::Groups { width: of.width(), first: 0, count }
}

/// Rotates q and k of every row of `qkv` [R, (H + 2K)·D] by its position, in place, and writes k
/// and v into their slots.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit, or two rows go to one slot.
pub fn rotate_and_keep(
    of: Heads,
    qkv: &mut Activation,
    positions: &Positions<'_>,
    slots: &Slots,
    pages: &mut KvPages,
) -> Result<(), Error> {
    match (&mut qkv.0, positions, slots, pages) {
        (Store::Host(qkv), Positions::Host(angles), Slots::Host(writes), KvPages::Host(pages)) => {
            cpu_rope::forward(qkv, rotated(of), angles);
            pages.write(of, qkv, writes);
            Ok(())
        }
        (
            Store::Device(qkv),
            Positions::Device(angles, positions),
            Slots::Device(slots),
            KvPages::Device(pages),
        ) => kernel_rope::forward(qkv.view_mut(), angles, positions, slots, pages),
        _ => device_mismatch("rope"),
    }
}

/// Turns the gradients of q and k back, in place.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn rotate_back(
    of: Heads,
    dqkv: &mut Activation,
    positions: &Positions<'_>,
) -> Result<(), Error> {
    match (&mut dqkv.0, positions) {
        (Store::Host(dqkv), Positions::Host(angles)) => {
            cpu_rope::backward(dqkv, rotated(of), angles);
            Ok(())
        }
        (Store::Device(dqkv), Positions::Device(angles, positions)) => {
            kernel_rope::backward(dqkv.view_mut(), heads(of), angles, positions)
        }
        _ => device_mismatch("rope"),
    }
}

/// out = softmax(q kᵀ · scale, causal) v for the rows of `queries`, which lie end to end in `qkv`;
/// `lse`, if wanted, receives the logarithm of each row's sum, for the backward pass.
///
/// # Shapes
/// qkv [R, (H + 2K)·D], out [R, H·D], lse [R, H].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(
    of: Heads,
    qkv: &Activation,
    queries: &Queries<'_>,
    pages: &KvPages,
    out: &mut Activation,
    lse: Option<&mut Floats>,
) -> Result<(), Error> {
    match (&qkv.0, queries, pages, &mut out.0) {
        (Store::Host(qkv), Queries::Host(queries), KvPages::Host(pages), Store::Host(out)) => {
            let lse: &mut [f32] = match lse {
                None => &mut [],
                Some(Floats(Store::Host(lse))) => lse,
                Some(_) => device_mismatch("attention"),
            };
            cpu::forward(of, qkv, queries, pages, out, lse);
            Ok(())
        }
        (
            Store::Device(qkv),
            Queries::Device { queries, one_row_each },
            KvPages::Device(pages),
            Store::Device(out),
        ) => {
            let mut scratch;
            let lse = match lse {
                None => {
                    scratch = qkv.device().alloc(queries.n_rows() * of.n_heads)?;
                    &mut scratch
                }
                Some(Floats(Store::Device(lse))) => lse,
                Some(_) => device_mismatch("attention"),
            };
            let decodes = *one_row_each && of.group() <= 16;
            let run = if decodes { kernel::decode } else { kernel::forward };
            run(qkv.view(), queries, pages, out.view_mut(), lse.view_mut())
        }
        _ => device_mismatch("attention"),
    }
}

/// What the forward pass left and what came back to its output.
#[derive(Clone, Copy, Debug)]
pub struct Grad<'a> {
    /// [R, (H + 2K)·D], as the forward pass saw it
    pub qkv: &'a Activation,
    /// [R, H·D], its output
    pub out: &'a Activation,
    /// [R, H]
    pub lse: &'a Floats,
    /// [R, H·D], the gradient of the output
    pub dout: &'a Activation,
}

/// Overwrites `dqkv` [R, (H + 2K)·D] with the gradient. The rows of `pieces` lie end to end.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(
    of: Heads,
    grad: Grad<'_>,
    pieces: &Pieces<'_>,
    dqkv: &mut Activation,
) -> Result<(), Error> {
    let Grad { qkv, out, lse, dout } = grad;
    match (&qkv.0, &out.0, &lse.0, &dout.0, pieces, &mut dqkv.0) {
        (
            Store::Host(qkv),
            Store::Host(out),
            Store::Host(lse),
            Store::Host(dout),
            Pieces::Host(pieces),
            Store::Host(dqkv),
        ) => {
            cpu::backward(of, cpu::Grad { qkv, out, lse, dout }, pieces, dqkv);
            Ok(())
        }
        (
            Store::Device(qkv),
            Store::Device(out),
            Store::Device(lse),
            Store::Device(dout),
            Pieces::Device(pieces),
            Store::Device(dqkv),
        ) => {
            let (qkv, out, lse) = (qkv.view(), out.view(), lse.view());
            let forward = kernel::Forward { qkv, out, lse, heads: heads(of) };
            let mut delta = dout.device().alloc(lse.len())?;
            kernel::backward(forward, pieces, dout.view(), dqkv.view_mut(), delta.view_mut())
        }
        _ => device_mismatch("attention"),
    }
}

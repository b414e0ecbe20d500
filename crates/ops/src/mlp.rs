//! Elementwise parts of a block: the gated activation and the residual sum.

use quaero_cpu::mlp as cpu;
use quaero_kernels::{cast, mlp as kernel};

use crate::activation::{Store, device_mismatch};
use crate::{Activation, Error};

pub use quaero_cpu::mlp::Gate;

/// y = gate(g) · up. A device knows silu alone.
///
/// # Shapes
/// gate_up [R, 2F], g first; y [R, F].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn glu(gate: Gate, gate_up: &Activation, f: usize, y: &mut Activation) -> Result<(), Error> {
    match (&gate_up.0, &mut y.0, gate) {
        (Store::Host(gate_up), Store::Host(y), _) => {
            cpu::glu(gate, gate_up, f, y);
            Ok(())
        }
        (Store::Device(gate_up), Store::Device(y), Gate::Silu) => {
            kernel::swiglu(gate_up.view(), f, y.view_mut())
        }
        _ => device_mismatch("glu"),
    }
}

/// The gradient of [`glu`]: overwrites `gate_up` with its own gradient.
///
/// # Shapes
/// gate_up [R, 2F], dy [R, F].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn glu_backward(
    gate: Gate,
    gate_up: &mut Activation,
    f: usize,
    dy: &Activation,
) -> Result<(), Error> {
    match (&mut gate_up.0, &dy.0, gate) {
        (Store::Host(gate_up), Store::Host(dy), _) => {
            cpu::glu_backward(gate, gate_up, f, dy);
            Ok(())
        }
        (Store::Device(gate_up), Store::Device(dy), Gate::Silu) => {
            kernel::swiglu_backward(gate_up.view_mut(), f, dy.view())
        }
        _ => device_mismatch("glu"),
    }
}

/// x *= factor, on the CPU.
///
/// # Panics
/// On a device.
pub fn scale(x: &mut Activation, factor: f32) {
    match &mut x.0 {
        Store::Host(x) => cpu::scale(x, factor),
        Store::Device(_) => device_mismatch("scale"),
    }
}

/// x += y.
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the lengths differ.
pub fn add(x: &mut Activation, y: &Activation) -> Result<(), Error> {
    match (&mut x.0, &y.0) {
        (Store::Host(x), Store::Host(y)) => {
            cpu::add(x, y);
            Ok(())
        }
        (Store::Device(x), Store::Device(y)) => cast::add(y.view(), x.view_mut()),
        _ => device_mismatch("add"),
    }
}

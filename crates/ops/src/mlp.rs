//! Elementwise parts of a block: SwiGLU and the residual sum.

use quaero_cpu::mlp as cpu;
use quaero_kernels::{cast, mlp as kernel};

use crate::activation::{Store, device_mismatch};
use crate::{Activation, Error};

/// y = silu(gate) · up.
///
/// # Shapes
/// gate_up [R, 2F], gate first; y [R, F].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn swiglu(gate_up: &Activation, f: usize, y: &mut Activation) -> Result<(), Error> {
    match (&gate_up.0, &mut y.0) {
        (Store::Host(gate_up), Store::Host(y)) => {
            cpu::swiglu(gate_up, f, y);
            Ok(())
        }
        (Store::Device(gate_up), Store::Device(y)) => {
            kernel::swiglu(gate_up.view(), f, y.view_mut())
        }
        _ => device_mismatch("swiglu"),
    }
}

/// The gradient of [`swiglu`]: overwrites `gate_up` with its own gradient.
///
/// # Shapes
/// gate_up [R, 2F], dy [R, F].
///
/// # Errors
/// If the device failed.
///
/// # Panics
/// If the shapes do not fit.
pub fn swiglu_backward(gate_up: &mut Activation, f: usize, dy: &Activation) -> Result<(), Error> {
    match (&mut gate_up.0, &dy.0) {
        (Store::Host(gate_up), Store::Host(dy)) => {
            cpu::swiglu_backward(gate_up, f, dy);
            Ok(())
        }
        (Store::Device(gate_up), Store::Device(dy)) => {
            kernel::swiglu_backward(gate_up.view_mut(), f, dy.view())
        }
        _ => device_mismatch("swiglu"),
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

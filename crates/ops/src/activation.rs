//! Rows of numbers between operations.

use half::bf16;
use quaero_kernels::{Buffer, Element};

use crate::Error;

/// f32 on the CPU, elements of `T` on a device.
#[derive(Debug)]
pub(crate) enum Store<T: Element> {
    Host(Vec<f32>),
    Device(Buffer<T>),
}

/// Activations or their gradients: f32 on the CPU, bf16 on a device.
#[derive(Debug)]
pub struct Activation(pub(crate) Store<bf16>);

/// Numbers that stay f32 on any device: logarithms of sums, reciprocal norms.
#[derive(Debug)]
pub struct Floats(pub(crate) Store<f32>);

/// Two operands that do not lie on one device: a bug of the caller.
#[cold]
pub(crate) fn device_mismatch(op: &str) -> ! {
    panic!("{op}: operands on two devices")
}

impl Activation {
    /// An activation of `values` on the CPU.
    #[must_use]
    pub fn host(values: Vec<f32>) -> Self {
        Self(Store::Host(values))
    }

    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Store::Host(x) => x.len(),
            Store::Device(x) => x.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies `from` here.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// If the lengths or the devices differ.
    pub fn copy_from(&mut self, from: &Self) -> Result<(), Error> {
        match (&mut self.0, &from.0) {
            (Store::Host(to), Store::Host(from)) => {
                to.copy_from_slice(from);
                Ok(())
            }
            (Store::Device(to), Store::Device(from)) => to.view_mut().copy_from(from.view()),
            _ => device_mismatch("copy"),
        }
    }
}

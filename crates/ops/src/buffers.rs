//! Memory for activations: recycled on the CPU, out of the driver's pool on a device.

use std::sync::{Mutex, PoisonError};

use crate::activation::Store;
use crate::{Activation, Device, Error, Floats};

/// Hands out memory and takes it back, so that pages once touched are used again. (A GPU's driver
/// does the same for what is dropped.)
#[derive(Debug, Default)]
pub struct Buffers {
    device: Device,
    free: Mutex<Vec<Vec<f32>>>,
}

impl Buffers {
    /// Memory of `device`.
    #[must_use]
    pub fn of(device: Device) -> Self {
        Self { device, free: Mutex::default() }
    }

    /// Where it lies.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// `len` elements of arbitrary content.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn take(&self, len: usize) -> Result<Activation, Error> {
        Ok(Activation(match &self.device.0 {
            None => Store::Host(self.vector(len)),
            Some(device) => Store::Device(device.alloc(len)?),
        }))
    }

    /// `len` zeros.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn zeros(&self, len: usize) -> Result<Activation, Error> {
        Ok(Activation(match &self.device.0 {
            None => {
                let mut vector = self.vector(len);
                vector.fill(0.0);
                Store::Host(vector)
            }
            Some(device) => Store::Device(device.zeros(len)?),
        }))
    }

    /// `len` f32 numbers of arbitrary content.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn floats(&self, len: usize) -> Result<Floats, Error> {
        Ok(Floats(match &self.device.0 {
            None => Store::Host(self.vector(len)),
            Some(device) => Store::Device(device.alloc(len)?),
        }))
    }

    /// Takes an activation back.
    pub fn give(&self, activation: Activation) {
        if let Store::Host(vector) = activation.0 {
            self.keep(vector);
        }
    }

    /// Takes numbers back.
    pub fn give_floats(&self, floats: Floats) {
        if let Store::Host(vector) = floats.0 {
            self.keep(vector);
        }
    }

    /// A vector of `len` elements of arbitrary content, on the CPU.
    pub(crate) fn vector(&self, len: usize) -> Vec<f32> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |v: &&Vec<f32>| v.capacity() >= len && v.capacity() <= 2 * len.max(1024);
        let best = free.iter().filter(fits).map(Vec::capacity).min();
        let mut vector = best
            .and_then(|best| free.iter().position(|v| v.capacity() == best))
            .map_or_else(|| Vec::with_capacity(len), |at| free.swap_remove(at));
        drop(free);
        vector.resize(len, 0.0);
        vector
    }

    pub(crate) fn keep(&self, vector: Vec<f32>) {
        if vector.capacity() > 0 {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(vector);
        }
    }
}

/// A clone starts empty: free memory is nobody's state.
impl Clone for Buffers {
    fn clone(&self) -> Self {
        Self::of(self.device.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_and_zeros_are_zero() {
        let buffers = Buffers::default();
        let mut first = buffers.vector(5000);
        first.fill(3.0);
        let address = first.as_ptr();
        buffers.keep(first);
        let Store::Host(second) = buffers.zeros(4000).unwrap().0 else { panic!("on the CPU") };
        assert_eq!(second.as_ptr(), address);
        assert!(second.len() == 4000 && second.iter().all(|&x| x == 0.0));
        let third = buffers.vector(4000);
        assert_ne!(third.as_ptr(), address, "it is in use");
    }
}

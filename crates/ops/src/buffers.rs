//! Recycled memory for activations.

use std::sync::Mutex;

/// Hands out vectors and takes them back, so that pages once touched are used again.
#[derive(Debug, Default)]
pub struct Buffers(Mutex<Vec<Vec<f32>>>);

impl Buffers {
    /// A vector of `len` elements of arbitrary content.
    #[must_use]
    pub fn take(&self, len: usize) -> Vec<f32> {
        let mut free = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fits = |v: &&Vec<f32>| v.capacity() >= len && v.capacity() <= 2 * len.max(1024);
        let best = free.iter().filter(fits).map(Vec::capacity).min();
        let mut vector = best
            .and_then(|best| free.iter().position(|v| v.capacity() == best))
            .map_or_else(|| Vec::with_capacity(len), |at| free.swap_remove(at));
        drop(free);
        vector.resize(len, 0.0);
        vector
    }

    /// A vector of `len` zeros.
    #[must_use]
    pub fn zeros(&self, len: usize) -> Vec<f32> {
        let mut vector = self.take(len);
        vector.fill(0.0);
        vector
    }

    /// Takes a vector back.
    pub fn give(&self, vector: Vec<f32>) {
        if vector.capacity() > 0 {
            let mut free = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            free.push(vector);
        }
    }

    /// Frees everything that is not in use.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }
}

/// A clone starts empty: free memory is nobody's state.
impl Clone for Buffers {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_and_zeros_are_zero() {
        let buffers = Buffers::default();
        let mut first = buffers.take(5000);
        first.fill(3.0);
        let address = first.as_ptr();
        buffers.give(first);
        let second = buffers.zeros(4000);
        assert_eq!(second.as_ptr(), address);
        assert!(second.len() == 4000 && second.iter().all(|&x| x == 0.0));
        let third = buffers.take(4000);
        assert_ne!(third.as_ptr(), address, "it is in use");
    }
}

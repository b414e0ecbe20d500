//! How much a guest may grow, and how much it did: the one limiter of families and programs.

use wasmtime::ResourceLimiter;

/// Table elements that an instance may grow to.
const TABLE_ELEMENTS_MAX: usize = 200_000;

/// The room of one instance.
pub(crate) struct Room {
    /// Linear memory that it may have.
    pub(crate) bytes_max: usize,
    /// Linear memory at its largest.
    pub(crate) bytes: usize,
    /// Growths of memory that were refused.
    pub(crate) n_refused: u64,
}

impl Room {
    /// Room for `bytes_max`.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, n_refused: 0 }
    }
}

impl ResourceLimiter for Room {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= self.bytes_max;
        if granted {
            self.bytes = self.bytes.max(desired);
        } else {
            self.n_refused += 1;
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }
}

//! What programs took, for an operator's eyes: nothing is decided by it.

use std::time::Duration;

/// What some programs took together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Programs that ran; what was remembered did not.
    pub(crate) programs: u64,
    /// Of these, past their deadline.
    pub(crate) timeouts: u64,
    /// CPU time, instances and their cleaning included.
    pub(crate) cpu: Duration,
    /// The largest linear memory of any of them.
    pub(crate) memory_bytes_max: usize,
}

impl Spent {
    /// Adds what others took.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { programs, timeouts, cpu, memory_bytes_max } = other;
        self.programs += programs;
        self.timeouts += timeouts;
        self.cpu += cpu;
        self.memory_bytes_max = self.memory_bytes_max.max(memory_bytes_max);
    }
}

/// Whole microseconds of `time`.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

//! The loop's clocks. Times go to metrics and file names, and to nothing that decides anything.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Measures one stretch of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the loop times its own steps for metrics")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub(crate) fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Seconds since 1970, for TensorBoard.
pub(crate) fn wall_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

//! Work of a device that is recorded once and run many times.

use crate::{Device, Error};

/// Recorded work: see [`quaero_kernels::Graph`].
#[derive(Debug)]
pub struct Graph(quaero_kernels::Graph);

impl Graph {
    /// Records what `work` does on `device` in this thread, and gives what it gave along: its
    /// values are there once the graph has run.
    ///
    /// # Errors
    /// If `work` fails, waits for the device or copies between it and the host.
    ///
    /// # Panics
    /// On the CPU, which computes at once.
    pub fn record<T, E: From<Error>>(
        device: &Device,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<(Self, T), E> {
        let device = device.0.as_ref().expect("the CPU computes at once");
        let (graph, given) = quaero_kernels::Graph::record(device, work)?;
        Ok((Self(graph), given))
    }

    /// Does the recorded work.
    ///
    /// # Errors
    /// If the device failed.
    pub fn run(&self) -> Result<(), Error> {
        self.0.run()
    }
}

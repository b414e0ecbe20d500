//! Work that is written down once and run many times: a CUDA graph on a GPU, a list of launches
//! under emulation.
//!
//! While [`Graph::record`] calls its closure, what the calling thread asks of the device is noted
//! and not done: recording is a state of the device's stream. A graph holds the memory that it
//! uses, so that it may outlive the buffers it was recorded with; running it writes to that memory
//! again.
//!
//! Steps run in the order in which they were asked for. So what a recorded buffer leaves behind
//! when it is dropped is taken by the next allocation of its size in the same recording.

use std::sync::Arc;

use crate::backend::Instance;
use crate::step::Step;
use crate::stream::{Memory, Recorded};
use crate::{Device, Error};

/// Recorded work.
pub struct Graph {
    device: Device,
    steps: Vec<Step>,
    /// The device's form of the steps, where it has one.
    instance: Option<Box<dyn Instance>>,
    /// Dropped after the instance.
    _memory: Vec<Arc<Memory>>,
}

impl Graph {
    /// Records what `work` does on `device` in this thread; gives what `work` gave along. Nothing
    /// of it has been done.
    ///
    /// # Errors
    /// If `work` fails, waits for the device or copies between it and the host, or the driver
    /// refuses the graph.
    ///
    /// # Panics
    /// If the thread is recording already.
    pub fn record<T, E: From<Error>>(
        device: &Device,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<(Self, T), E> {
        let (recorded, given) = device.stream.record(work)?;
        let Recorded { steps, memory } = recorded;
        // SAFETY: the graph holds the memory of its steps, and runs its instance no later.
        let instance = unsafe { device.stream.backend().instantiate(&steps) }?;
        Ok((Self { device: device.clone(), steps, instance, _memory: memory }, given))
    }

    /// Does the recorded work.
    ///
    /// # Errors
    /// If a launch fails.
    pub fn run(&self) -> Result<(), Error> {
        self.device.stream.refuse("a graph")?;
        if let Some(instance) = &self.instance {
            // SAFETY: the graph holds the memory of its steps.
            return unsafe { instance.run() };
        }
        self.steps.iter().try_for_each(|step| {
            // SAFETY: the graph holds the memory of its steps.
            unsafe { self.device.stream.backend().step(step) }
        })
    }

    /// Kernels, copies and fills that it does.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.steps.len()
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Graph({} steps on {})", self.steps.len(), self.device.name())
    }
}

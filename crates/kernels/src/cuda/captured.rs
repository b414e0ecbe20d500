//! A CUDA graph of recorded steps.
//!
//! It is captured from a stream of its own, so that nothing else gets into it, and runs in the
//! device's one stream.

use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaGraph, CudaStream, result, sys};

use super::Cuda;
use super::failure::driver;
use crate::Error;
use crate::backend::Instance;
use crate::step::Step;

/// The driver's graph.
struct Handle(CudaGraph);

// SAFETY: a graph belongs to the context, not to a thread; the driver asks that no two threads use
// it at once, and a lock sees to it.
unsafe impl Send for Handle {}

pub(super) struct Captured {
    graph: Mutex<Handle>,
    /// Where it runs.
    stream: Arc<CudaStream>,
}

impl Cuda {
    /// The graph of `steps`, each after the one before it.
    ///
    /// # Safety
    /// The steps may be done whenever the graph is run.
    pub(super) unsafe fn captured(&self, steps: &[Step]) -> Result<Captured, Error> {
        // Code is loaded before: a capture does not allow it.
        for step in steps {
            if let Step::Launch { kernel, .. } = step {
                self.function(kernel)?;
            }
        }
        let own = self.ctx.new_stream().map_err(driver("a stream"))?;
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        own.begin_capture(mode).map_err(driver("beginning a graph"))?;
        let laid = steps.iter().try_for_each(|step| {
            // SAFETY: handed on to the caller; nothing is done while the stream captures.
            unsafe { self.step_on(&own, step) }
        });
        let graph = own.end_capture(sys::CUgraphInstantiate_flags(0));
        laid?;
        let graph = graph.map_err(driver("making a graph"))?.ok_or_else(|| Error::Driver {
            op: "making a graph".to_owned(),
            message: "the driver gave none".to_owned(),
        })?;
        Ok(Captured { graph: Mutex::new(Handle(graph)), stream: self.stream.clone() })
    }
}

impl Instance for Captured {
    unsafe fn run(&self) -> Result<(), Error> {
        self.stream.context().bind_to_thread().map_err(driver("binding the context"))?;
        let graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        let graph = graph.0.cu_graph_exec();
        // SAFETY: both are live, and the caller vouches for the memory.
        unsafe { result::graph::launch(graph, self.stream.cu_stream()) }
            .map_err(driver("launching a graph"))
    }
}

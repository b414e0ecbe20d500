//! Work that is written down once and run many times: a CUDA graph on a GPU, a list of launches
//! under emulation.
//!
//! While [`Graph::record`] calls its closure, what the calling thread asks of the device is noted
//! and not done. A graph holds the memory that it uses, so that it may outlive the buffers it was
//! recorded with; running it writes to that memory again.
//!
//! Steps run in the order in which they were asked for. So what a recorded buffer leaves behind
//! when it is dropped is taken by the next allocation of its size in the same recording.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::call::Launch;
use crate::device::{Instance, Memory};
use crate::library::Product;
use crate::{Device, Error, Kernel};

/// One thing for a device to do.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A kernel. Its arguments are what the header of its file asks for.
    Launch { kernel: Arc<Kernel>, launch: Launch },
    /// A product by the vendor's library. Its matrices lie in live memory, D apart from the others.
    Product(Product),
    /// Bytes from one stretch to another; they do not overlap.
    Copy { from: u64, to: u64, n_bytes: usize },
    /// Zeros.
    Zero { at: u64, n_bytes: usize },
}

/// What a thread is recording.
struct Recorder {
    device: Device,
    steps: Vec<Step>,
    /// Taken while recording.
    own: Vec<Arc<Memory>>,
    /// Used and taken before, by its place on the heap.
    others: BTreeMap<usize, Arc<Memory>>,
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Puts back what the thread was recording before, also when a closure panics.
struct Restore(Option<Recorder>);

impl Drop for Restore {
    fn drop(&mut self) {
        RECORDER.set(self.0.take());
    }
}

/// Calls `f` with what this thread records of `device`, if it does.
fn recorder<R>(device: &Device, f: impl FnOnce(&mut Recorder) -> R) -> Option<R> {
    RECORDER.with_borrow_mut(|recorder| match recorder {
        Some(recorder) if recorder.device.is(device) => Some(f(recorder)),
        _ => None,
    })
}

/// Memory of a dropped buffer of the recording, of just this size.
pub(crate) fn spare(device: &Device, n_bytes: usize) -> Option<Arc<Memory>> {
    let free =
        |memory: &&Arc<Memory>| memory.n_bytes() == n_bytes && Arc::strong_count(memory) == 1;
    recorder(device, |recorder| recorder.own.iter().find(free).cloned()).flatten()
}

/// Keeps fresh memory for the recording, if there is one.
pub(crate) fn keep(memory: Arc<Memory>) -> Arc<Memory> {
    recorder(memory.device(), |recorder| recorder.own.push(memory.clone()));
    memory
}

/// Says that `what` cannot be recorded, if the thread records `device`.
pub(crate) fn refuse(device: &Device, what: &'static str) -> Result<(), Error> {
    recorder(device, |_| Err(Error::Recording { what })).unwrap_or(Ok(()))
}

/// Keeps memory whose address a step is about to name, if the thread records its device.
pub(crate) fn hold(memory: &Arc<Memory>) {
    recorder(memory.device(), |recorder| {
        if !recorder.own.iter().any(|own| Arc::ptr_eq(own, memory)) {
            let place = Arc::as_ptr(memory) as usize;
            recorder.others.entry(place).or_insert_with(|| memory.clone());
        }
    });
}

/// Does `step`, or notes it.
///
/// # Safety
/// The step may be done as long as the memory lives whose addresses were taken for it.
pub(crate) unsafe fn run(device: &Device, step: Step) -> Result<(), Error> {
    let mut step = Some(step);
    recorder(device, |recorder| recorder.steps.extend(step.take()));
    match step {
        None => Ok(()),
        // SAFETY: the caller's memory lives.
        Some(step) => unsafe { device.backend.step(&step) },
    }
}

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
        let (steps, own, others) = (Vec::new(), Vec::new(), BTreeMap::new());
        let recorder = Recorder { device: device.clone(), steps, own, others };
        let before = RECORDER.replace(Some(recorder));
        assert!(before.is_none(), "a recording within a recording");
        let restore = Restore(before);
        let given = work()?;
        let recorder = RECORDER.take();
        drop(restore);
        let Recorder { device, steps, own, others } = recorder.expect("`record` began one");
        let memory = own.into_iter().chain(others.into_values()).collect();
        // SAFETY: the graph holds the memory of its steps, and runs its instance no later.
        let instance = unsafe { device.backend.instantiate(&steps) }?;
        Ok((Self { device, steps, instance, _memory: memory }, given))
    }

    /// Does the recorded work.
    ///
    /// # Errors
    /// If a launch fails.
    pub fn run(&self) -> Result<(), Error> {
        refuse(&self.device, "a graph")?;
        if let Some(instance) = &self.instance {
            // SAFETY: the graph holds the memory of its steps.
            return unsafe { instance.run() };
        }
        self.steps.iter().try_for_each(|step| {
            // SAFETY: the graph holds the memory of its steps.
            unsafe { self.device.backend.step(step) }
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

/// Calls `work` outside of what the thread records: what is made once and kept is no part of it.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    let restore = Restore(RECORDER.take());
    let done = work();
    drop(restore);
    done
}

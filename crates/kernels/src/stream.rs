//! The stream of a device: what is asked of it is done in order. While a thread records, what it
//! asks for is noted instead, and the memory that the notes name is held.
//!
//! Several threads may use a stream; what one records, the others do not notice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::Error;
use crate::backend::Backend;
use crate::step::Step;

/// The one stream of a device.
pub(crate) struct Stream {
    backend: Box<dyn Backend>,
    /// Of each thread that records.
    recordings: Mutex<Vec<(ThreadId, Recording)>>,
}

/// An allocation, given back when nobody holds it: its buffer, and graphs that use it.
pub(crate) struct Memory {
    stream: Arc<Stream>,
    address: u64,
    n_bytes: usize,
}

impl Memory {
    pub(crate) fn address(&self) -> u64 {
        self.address
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} bytes at {:#x})", self.n_bytes, self.address)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the address came from `alloc` with this size, and whoever uses it holds this.
        unsafe { self.stream.backend.free(self.address, self.n_bytes) };
    }
}

/// What a thread is recording.
#[derive(Default)]
struct Recording {
    steps: Vec<Step>,
    /// Taken while recording.
    own: Vec<Arc<Memory>>,
    /// Used and taken before, by its place on the heap.
    others: BTreeMap<usize, Arc<Memory>>,
}

/// What a thread has recorded.
pub(crate) struct Recorded {
    pub(crate) steps: Vec<Step>,
    /// Every allocation that the steps use.
    pub(crate) memory: Vec<Arc<Memory>>,
}

/// Puts back what the thread was recording before, also when a closure panics.
struct Restore<'a>(&'a Stream, Option<Recording>);

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        let _ended = self.0.replace(self.1.take());
    }
}

impl Stream {
    pub(crate) fn new(backend: Box<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { backend, recordings: Mutex::default() })
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    fn recordings(&self) -> MutexGuard<'_, Vec<(ThreadId, Recording)>> {
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `f` with what this thread records, if it does.
    fn recording<R>(&self, f: impl FnOnce(&mut Recording) -> R) -> Option<R> {
        let id = thread::current().id();
        let mut recordings = self.recordings();
        recordings.iter_mut().find(|(of, _)| *of == id).map(|(_, recording)| f(recording))
    }

    /// Makes `next` what this thread records; gives what it recorded before.
    fn replace(&self, next: Option<Recording>) -> Option<Recording> {
        let id = thread::current().id();
        let mut recordings = self.recordings();
        let at = recordings.iter().position(|(of, _)| *of == id);
        let before = at.map(|at| recordings.swap_remove(at).1);
        recordings.extend(next.map(|next| (id, next)));
        before
    }

    /// Records what `work` asks for in this thread.
    ///
    /// # Panics
    /// If the thread is recording already.
    pub(crate) fn record<T, E>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<(Recorded, T), E> {
        let before = self.replace(Some(Recording::default()));
        let restore = Restore(self, before);
        assert!(restore.1.is_none(), "a recording within a recording");
        let given = work()?;
        let recording = self.replace(None).expect("this thread began one");
        let Recording { steps, own, others } = recording;
        let memory = own.into_iter().chain(others.into_values()).collect();
        Ok((Recorded { steps, memory }, given))
    }

    /// Calls `work` outside of what this thread records.
    pub(crate) fn outside_recording<T>(&self, work: impl FnOnce() -> T) -> T {
        let _restore = Restore(self, self.replace(None));
        work()
    }

    /// Says that `what` cannot be recorded, if this thread records.
    pub(crate) fn refuse(&self, what: &'static str) -> Result<(), Error> {
        self.recording(|_| Err(Error::Recording { what })).unwrap_or(Ok(()))
    }

    /// Memory of arbitrary content; while recording, what a dropped buffer of just this size left
    /// behind.
    pub(crate) fn alloc(self: &Arc<Self>, n_bytes: usize) -> Result<Arc<Memory>, Error> {
        let free =
            |memory: &&Arc<Memory>| memory.n_bytes == n_bytes && Arc::strong_count(memory) == 1;
        let spare = self.recording(|recording| recording.own.iter().find(free).cloned());
        if let Some(spare) = spare.flatten() {
            return Ok(spare);
        }
        let address = self.backend.alloc(n_bytes)?;
        let memory = Arc::new(Memory { stream: self.clone(), address, n_bytes });
        self.recording(|recording| recording.own.push(memory.clone()));
        Ok(memory)
    }

    /// Keeps memory whose address a step is about to name, if this thread records.
    pub(crate) fn hold(&self, memory: &Arc<Memory>) {
        self.recording(|recording| {
            if !recording.own.iter().any(|own| Arc::ptr_eq(own, memory)) {
                let place = Arc::as_ptr(memory) as usize;
                recording.others.entry(place).or_insert_with(|| memory.clone());
            }
        });
    }

    /// Does `step`, or notes it.
    ///
    /// # Safety
    /// The step may be done as long as the memory lives whose addresses were taken for it.
    pub(crate) unsafe fn run(&self, step: Step) -> Result<(), Error> {
        let mut step = Some(step);
        self.recording(|recording| recording.steps.extend(step.take()));
        match step {
            None => Ok(()),
            // SAFETY: the caller's memory lives.
            Some(step) => unsafe { self.backend.step(&step) },
        }
    }

    /// Writes to the device.
    ///
    /// # Safety
    /// `to` up to the length of `bytes` lies in one live allocation.
    pub(crate) unsafe fn upload(&self, to: u64, bytes: &[u8]) -> Result<(), Error> {
        self.refuse("an upload")?;
        // SAFETY: handed on to the caller.
        unsafe { self.backend.upload(to, bytes) }
    }

    /// Reads from the device.
    ///
    /// # Safety
    /// `from` up to the length of `bytes` lies in one live allocation.
    pub(crate) unsafe fn download(&self, from: u64, bytes: &mut [u8]) -> Result<(), Error> {
        self.refuse("a download")?;
        // SAFETY: handed on to the caller.
        unsafe { self.backend.download(from, bytes) }
    }
}

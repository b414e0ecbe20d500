//! What a device does: memory, steps, and what it tells of itself. Two backends: `simt` runs
//! kernels on the CPU, `cuda` on a GPU.
//!
//! Everything goes through one stream, in order; a download waits for what came before it.

use crate::Error;
use crate::step::Step;

/// What a backend does. Addresses are numbers, which `memory` alone uses.
pub(crate) trait Backend: Send + Sync {
    /// The device in words.
    fn name(&self) -> String;

    /// Fresh memory, aligned to 256 bytes. Its content is arbitrary.
    fn alloc(&self, n_bytes: usize) -> Result<u64, Error>;

    /// Bytes that are free now, if the device can say.
    fn free_bytes(&self) -> Option<usize>;

    /// Gives what nobody uses back to other programs.
    fn trim(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Gives memory back.
    ///
    /// # Safety
    /// `address` came from [`Self::alloc`] with `n_bytes`, and is not used again.
    unsafe fn free(&self, address: u64, n_bytes: usize);

    /// Writes to the device.
    ///
    /// # Safety
    /// `to` up to the length of `bytes` lies in one live allocation.
    unsafe fn upload(&self, to: u64, bytes: &[u8]) -> Result<(), Error>;

    /// Reads from the device.
    ///
    /// # Safety
    /// `from` up to the length of `bytes` lies in one live allocation.
    unsafe fn download(&self, from: u64, bytes: &mut [u8]) -> Result<(), Error>;

    /// Launches a kernel, copies or fills.
    ///
    /// # Safety
    /// As [`Step`] says, and the memory of the step is live.
    unsafe fn step(&self, step: &Step) -> Result<(), Error>;

    /// Makes one piece of work of `steps`; `None` if the device has no such form.
    ///
    /// # Safety
    /// The steps may be done whenever the instance is run.
    unsafe fn instantiate(&self, _steps: &[Step]) -> Result<Option<Box<dyn Instance>>, Error> {
        Ok(None)
    }

    /// Waits until everything is done.
    fn synchronize(&self) -> Result<(), Error>;

    /// Whether it runs kernels for warpgroups: wgmma and TMA.
    fn has_warpgroups(&self) -> bool;

    /// Makes the vendor's products ready; emulated ones are.
    fn open_library(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What the hardware is; `None` if there is none.
    fn facts(&self) -> Option<Facts> {
        None
    }

    /// Calls `work` `n` times and returns how long the device took for each, in microseconds;
    /// `None`, without a call, if the device has no clock.
    fn timed(
        &self,
        _n: usize,
        _work: &mut dyn FnMut(usize) -> Result<(), Error>,
    ) -> Result<Option<Vec<f64>>, Error> {
        Ok(None)
    }

    /// What emulated kernels did since the device was opened.
    fn stats(&self) -> Option<SimtStats> {
        None
    }

    /// What is allocated, where the backend counts it.
    fn in_use(&self) -> Option<InUse> {
        None
    }

    /// Counts the peak from now on.
    fn forget_peak(&self) {}
}

/// Steps in the form of a device.
pub(crate) trait Instance: Send + Sync {
    /// Does them all.
    ///
    /// # Safety
    /// The memory that they use is live.
    unsafe fn run(&self) -> Result<(), Error>;
}

/// Bytes that buffers ask for, without what an allocator adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    /// Now.
    pub bytes: usize,
    /// The most at a time.
    pub bytes_max: usize,
}

/// What a GPU is.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The name that its driver gives it.
    pub name: String,
    /// Compute capability.
    pub capability: (i32, i32),
    /// Streaming multiprocessors.
    pub n_multiprocessors: usize,
    /// Bytes of the L2 cache.
    pub l2_bytes: usize,
    /// Bytes of memory.
    pub memory_bytes: usize,
    /// The most bytes of shared memory that a block may ask for.
    pub shared_bytes_max: usize,
    /// The newest CUDA that the driver supports, as 13.0.
    pub cuda: String,
}

/// What emulated kernels did.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SimtStats {
    /// Tensor-core products.
    pub mma: u64,
    /// ldmatrix instructions.
    pub ldmatrix: u64,
    /// Cycles that bank conflicts of ldmatrix would cost.
    pub bank_conflicts: u64,
    /// Bytes of asynchronous copies.
    pub async_bytes: u64,
    /// Collectives of warps.
    pub collectives: u64,
    /// Barriers of blocks.
    pub barriers: u64,
    /// Products of warpgroups.
    pub wgmma: u64,
}

impl SimtStats {
    pub(crate) fn add(&mut self, other: Self) {
        let Self { mma, ldmatrix, bank_conflicts, async_bytes, collectives, barriers, wgmma } =
            other;
        self.mma += mma;
        self.ldmatrix += ldmatrix;
        self.bank_conflicts += bank_conflicts;
        self.async_bytes += async_bytes;
        self.collectives += collectives;
        self.barriers += barriers;
        self.wgmma += wgmma;
    }
}

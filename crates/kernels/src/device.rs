//! A device: memory, and the launch of a kernel. Two backends: `simt` runs kernels on the CPU,
//! `cuda` on a GPU.
//!
//! Everything goes through one stream, in order; a download waits for what came before it.

mod cuda;
mod memory;
mod simt;
mod tensor_map;

use std::fmt;
use std::sync::Arc;

use crate::graph::{self, Step};
use crate::{Error, Registry};
pub use cuda::CudaOptions;
pub(crate) use memory::Memory;
pub use memory::{Buffer, Element, Indices, View, ViewMut};
pub use simt::{Sanitizer, SimtOptions, SimtStats};
pub(crate) use tensor_map::TensorMap;

/// What a backend does. Addresses are numbers; [`memory`] alone makes and uses them.
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

/// A device. Clones are the same device.
#[derive(Clone)]
pub struct Device {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) registry: Arc<Registry>,
    /// Launchers take kernels for warpgroups.
    warpgroups: bool,
    /// Products of gradients are the vendor's.
    library: bool,
}

impl Device {
    /// The emulated device: kernels are compiled by the system's C++ compiler when first used.
    ///
    /// # Errors
    /// If there is no C++ compiler, or the cache cannot be written.
    pub fn simt(options: SimtOptions) -> Result<Self, Error> {
        let registry = Arc::new(Registry::embedded()?);
        let backend = Arc::new(simt::Simt::open(options, registry.clone())?);
        Ok(Self { backend, registry, warpgroups: false, library: false })
    }

    /// A GPU.
    ///
    /// # Errors
    /// If there is no driver, no GPU, or one that the kernels cannot run on; each says what to do.
    pub fn cuda(options: CudaOptions) -> Result<Self, Error> {
        let registry = Arc::new(Registry::embedded()?);
        let backend = Arc::new(cuda::Cuda::open(options)?);
        Ok(Self { backend, registry, warpgroups: false, library: false })
    }

    /// Whether it has what kernels for warpgroups need: the tensor cores and the TMA of compute
    /// capability 9.0, or their emulation.
    #[must_use]
    pub fn has_warpgroups(&self) -> bool {
        self.backend.has_warpgroups()
    }

    /// Whether launchers take kernels for warpgroups where there are two: products and attention.
    #[must_use]
    pub fn uses_warpgroups(&self) -> bool {
        self.warpgroups
    }

    /// The same device with launchers that take kernels for warpgroups. What is allocated through
    /// it keeps the choice, so that all that computes with it chooses alike.
    ///
    /// # Errors
    /// If it has no warpgroups.
    pub fn with_warpgroups(self) -> Result<Self, Error> {
        if self.has_warpgroups() {
            return Ok(Self { warpgroups: true, ..self });
        }
        Err(Error::NoWarpgroups { device: self.name() })
    }

    /// Whether gradients' products are the vendor's.
    #[must_use]
    pub fn uses_library(&self) -> bool {
        self.library
    }

    /// The same device with gradients' products by the vendor's library, cuBLASLt; emulated by
    /// their definition. The forward pass stays with our kernels, where a row's bits depend on no
    /// other row.
    ///
    /// # Errors
    /// If the library is not there or does not open.
    pub fn with_library(self) -> Result<Self, Error> {
        self.backend.open_library()?;
        Ok(Self { library: true, ..self })
    }

    /// The device in words.
    #[must_use]
    pub fn name(&self) -> String {
        let kernels = if self.warpgroups { ", kernels for warpgroups" } else { "" };
        let library = if self.library { ", gradients by cuBLASLt" } else { "" };
        format!("{}{kernels}{library}", self.backend.name())
    }

    /// Bytes that are free now, if the device can say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<usize> {
        self.backend.free_bytes()
    }

    /// Waits until everything is done.
    ///
    /// # Errors
    /// If a kernel failed.
    pub fn synchronize(&self) -> Result<(), Error> {
        graph::refuse(self, "waiting")?;
        self.backend.synchronize()
    }

    /// What the GPU is; `None` when emulated.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        self.backend.facts()
    }

    /// Gives memory that nobody uses back to other programs; it is kept otherwise, to be taken
    /// again quickly.
    ///
    /// # Errors
    /// If a kernel failed.
    pub fn trim(&self) -> Result<(), Error> {
        self.backend.trim()
    }

    /// Calls `work`, which launches and does not wait, `n` times; returns how long the device took
    /// for each, in microseconds by its own clock. `None`, without a call, when emulated: the
    /// emulation's time says nothing of a GPU's.
    ///
    /// # Errors
    /// If `work` fails, or a kernel did.
    pub fn time(
        &self,
        n: usize,
        mut work: impl FnMut(usize) -> Result<(), Error>,
    ) -> Result<Option<Vec<f64>>, Error> {
        self.backend.timed(n, &mut work)
    }

    /// What emulated kernels did since the device was opened; `None` on a GPU.
    #[must_use]
    pub fn stats(&self) -> Option<SimtStats> {
        self.backend.stats()
    }

    /// What buffers take, where the device counts it: emulated ones do.
    #[must_use]
    pub fn in_use(&self) -> Option<InUse> {
        self.backend.in_use()
    }

    /// Counts [`InUse::bytes_max`] from now on.
    pub fn forget_peak(&self) {
        self.backend.forget_peak();
    }

    /// Whether both are the same device.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.backend, &other.backend)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.name())
    }
}

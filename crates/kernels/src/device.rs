//! A device: one stream, the kernels it runs, and which of them launchers take.

use std::fmt;
use std::sync::Arc;

use crate::backend::{Facts, InUse, SimtStats};
use crate::cuda::{Cuda, CudaOptions};
use crate::simt::Simt;
use crate::simt::options::SimtOptions;
use crate::stream::Stream;
use crate::{Error, Registry};

/// A device. Clones are the same device.
#[derive(Clone)]
pub struct Device {
    pub(crate) stream: Arc<Stream>,
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
        let stream = Stream::new(Box::new(Simt::open(options, registry.clone())?));
        Ok(Self { stream, registry, warpgroups: false, library: false })
    }

    /// A GPU.
    ///
    /// # Errors
    /// If there is no driver, no GPU, or one that the kernels cannot run on; each says what to do.
    pub fn cuda(options: CudaOptions) -> Result<Self, Error> {
        let registry = Arc::new(Registry::embedded()?);
        let stream = Stream::new(Box::new(Cuda::open(options)?));
        Ok(Self { stream, registry, warpgroups: false, library: false })
    }

    /// Whether it has what kernels for warpgroups need: the tensor cores and the TMA of compute
    /// capability 9.0, or their emulation.
    #[must_use]
    pub fn has_warpgroups(&self) -> bool {
        self.stream.backend().has_warpgroups()
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
        self.stream.backend().open_library()?;
        Ok(Self { library: true, ..self })
    }

    /// The device in words.
    #[must_use]
    pub fn name(&self) -> String {
        let kernels = if self.warpgroups { ", kernels for warpgroups" } else { "" };
        let library = if self.library { ", gradients by cuBLASLt" } else { "" };
        format!("{}{kernels}{library}", self.stream.backend().name())
    }

    /// Bytes that are free now, if the device can say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<usize> {
        self.stream.backend().free_bytes()
    }

    /// Waits until everything is done.
    ///
    /// # Errors
    /// If a kernel failed.
    pub fn synchronize(&self) -> Result<(), Error> {
        self.stream.refuse("waiting")?;
        self.stream.backend().synchronize()
    }

    /// What the GPU is; `None` when emulated.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        self.stream.backend().facts()
    }

    /// Gives memory that nobody uses back to other programs; it is kept otherwise, to be taken
    /// again quickly.
    ///
    /// # Errors
    /// If a kernel failed.
    pub fn trim(&self) -> Result<(), Error> {
        self.stream.backend().trim()
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
        self.stream.backend().timed(n, &mut work)
    }

    /// What emulated kernels did since the device was opened; `None` on a GPU.
    #[must_use]
    pub fn stats(&self) -> Option<SimtStats> {
        self.stream.backend().stats()
    }

    /// What buffers take, where the device counts it: emulated ones do.
    #[must_use]
    pub fn in_use(&self) -> Option<InUse> {
        self.stream.backend().in_use()
    }

    /// Counts [`InUse::bytes_max`] from now on.
    pub fn forget_peak(&self) {
        self.stream.backend().forget_peak();
    }

    /// Calls `work` outside of what the thread records: what is made once and kept is no part of a
    /// graph.
    pub fn outside_recording<T>(&self, work: impl FnOnce() -> T) -> T {
        self.stream.outside_recording(work)
    }

    /// Whether both are the same device.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.stream, &other.stream)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.name())
    }
}

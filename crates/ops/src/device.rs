//! Where to compute.

use std::path::{Path, PathBuf};

use quaero_kernels::{CudaOptions, SimtOptions};

use crate::Error;

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The GPU where there is one, else the CPU.
    Auto,
    /// The CPU, in f32.
    Cpu,
    /// The first GPU.
    Cuda(Products),
    /// The GPU's kernels, emulated on the CPU: slow, and the proof of them.
    Simt(Products),
}

/// Who computes the products on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// Kernels for every GPU.
    Portable,
    /// Kernels for warpgroups (wgmma, TMA) where there are any.
    Warpgroups,
    /// The vendor's cuBLASLt where gradients are computed, portable kernels elsewhere.
    Library,
}

impl Kind {
    /// By the names that commands and configurations call them.
    pub const ALL: [(&'static str, Self); 8] = [
        ("auto", Self::Auto),
        ("cpu", Self::Cpu),
        ("cuda", Self::Cuda(Products::Portable)),
        ("cuda-wgmma", Self::Cuda(Products::Warpgroups)),
        ("cuda-cublaslt", Self::Cuda(Products::Library)),
        ("simt", Self::Simt(Products::Portable)),
        ("simt-wgmma", Self::Simt(Products::Warpgroups)),
        ("simt-cublaslt", Self::Simt(Products::Library)),
    ];

    /// The kind that is called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = Self::ALL.into_iter().find(|(_, kind)| *kind == self);
        known.map_or("", |(name, _)| name)
    }
}

impl Products {
    /// `device` with these products.
    fn on(self, device: quaero_kernels::Device) -> Result<quaero_kernels::Device, Error> {
        match self {
            Self::Portable => Ok(device),
            Self::Warpgroups => device.with_warpgroups(),
            Self::Library => device.with_library(),
        }
    }
}

/// Where numbers lie, as far as their size goes: what is planned before there is a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the CPU, all in f32.
    Cpu,
    /// On a device: activations, keys, values and the weights of products in bf16.
    Device,
}

impl Place {
    /// Bytes of an element of an activation, and of a key or value in the cache.
    #[must_use]
    pub fn activation_bytes(self) -> usize {
        match self {
            Self::Cpu => 4,
            Self::Device => 2,
        }
    }
}

/// The CPU, or a device that runs kernels. Clones are the same device.
#[derive(Clone, Debug, Default)]
pub struct Device(pub(crate) Option<quaero_kernels::Device>);

impl Device {
    /// The CPU.
    #[must_use]
    pub fn cpu() -> Self {
        Self(None)
    }

    /// A device of `kind`; `cache` keeps kernels that are compiled on this machine.
    ///
    /// # Errors
    /// If there is none, or its kernels do not run. `Auto` takes the CPU then.
    pub fn open(kind: Kind, cache: &Path) -> Result<Self, Error> {
        match kind {
            Kind::Cpu => Ok(Self::cpu()),
            Kind::Auto => Ok(cuda(cache.to_owned(), Products::Portable).unwrap_or_default()),
            Kind::Cuda(products) => cuda(cache.to_owned(), products),
            Kind::Simt(products) => {
                let device = quaero_kernels::Device::simt(SimtOptions::new(cache.join("simt")))?;
                Ok(Self(Some(products.on(device)?)))
            }
        }
    }

    /// Whether this is the CPU.
    #[must_use]
    pub fn is_cpu(&self) -> bool {
        self.0.is_none()
    }

    /// The device in words.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.as_ref().map_or_else(|| "cpu".to_owned(), quaero_kernels::Device::name)
    }

    /// Bytes that are free now, where the device can say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<usize> {
        self.0.as_ref()?.free_bytes()
    }

    /// Waits until everything is done.
    ///
    /// # Errors
    /// If a kernel failed.
    pub fn synchronize(&self) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), quaero_kernels::Device::synchronize)
    }

    /// What sizes depend on.
    #[must_use]
    pub fn place(&self) -> Place {
        if self.is_cpu() { Place::Cpu } else { Place::Device }
    }

    /// What buffers take, where the device counts it: emulated ones do.
    #[must_use]
    pub fn in_use(&self) -> Option<quaero_kernels::InUse> {
        self.0.as_ref()?.in_use()
    }

    /// Counts the peak of [`Self::in_use`] from now on.
    pub fn forget_peak(&self) {
        if let Some(device) = &self.0 {
            device.forget_peak();
        }
    }
}

/// Whether both are the same device.
impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => a.is(b),
            _ => false,
        }
    }
}

/// The first GPU, if it runs a kernel.
fn cuda(cache: PathBuf, products: Products) -> Result<Device, Error> {
    let device = products.on(quaero_kernels::Device::cuda(CudaOptions::new(cache))?)?;
    let (x, mut y) = (device.zeros::<f32>(8)?, device.alloc(8)?);
    quaero_kernels::cast::to_bf16(x.view(), y.view_mut())?;
    device.synchronize()?;
    Ok(Device(Some(device)))
}

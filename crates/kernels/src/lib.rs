//! Compiles, caches and launches `kernels/*.cu`: on a GPU, or emulated on the CPU.
//!
//! Serves `ops`. One kernel has one typed, safe launcher, which checks shapes, alignment, devices
//! and indices and then launches; nothing else may launch. Both devices take the same launchers
//! and the same sources. Knows no models and no tensors with gradients, and reads no environment:
//! folders come with the options.
//!
//! # Unsafe
//! This crate's business is unsafe code: `device` talks to the driver and to compiled code, and
//! each launcher vouches for one kernel. The proof of a launch is always the same: its file's
//! header says what must hold of the arguments, and the launcher has asserted it.
//!
//! # Layout
//! - `sources` the embedded files → `registry` what `kernels.toml` says of them → `device` memory
//!   and launches, with its two backends `simt` and `cuda` → `call` arguments of a launch
//! - [`graph`] launches written down once and run again; `library` products by the vendor's library
//! - launchers, by family: [`norm`], [`rope`], [`mlp`], [`embedding`], [`attention`], [`gemm`],
//!   [`head`], [`sample`], [`adam`], [`cast`]
#![expect(unsafe_code, reason = "device memory and launches; see docs/unsafe.md")]

pub mod adam;
pub mod attention;
mod call;
pub mod cast;
mod device;
pub mod embedding;
mod error;
pub mod gemm;
pub mod graph;
pub mod head;
mod library;
pub mod mlp;
pub mod norm;
mod registry;
pub mod rope;
pub mod sample;
mod sources;

pub use device::{
    Buffer, CudaOptions, Device, Element, Facts, InUse, Indices, Sanitizer, SimtOptions, SimtStats,
    View, ViewMut,
};
pub use error::Error;
pub use graph::Graph;
pub use registry::{Kernel, Registry, signature};
pub use sources::{CUBINS, SOURCES, digest, flattened};

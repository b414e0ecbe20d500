//! Compiles, caches and launches `kernels/*.cu`: on a GPU, or emulated on the CPU.
//!
//! Serves `ops`. One kernel has one typed, safe launcher, which checks shapes, alignment, devices
//! and indices and then launches; nothing else may launch. Both devices take the same launchers
//! and the same sources. Knows no models and no tensors with gradients, and reads no environment:
//! folders come with the options.
//!
//! # Unsafe
//! This crate's business is unsafe code: its backends talk to the driver and to compiled code, and
//! each launcher vouches for one kernel. The proof of a launch is always the same: its file's
//! header says what must hold of the arguments, and the launcher has asserted it.
//!
//! # Layout
//! - `sources` the embedded files → `registry` what `kernels.toml` says of them
//! - `step` one thing to do → `backend` who does it: `simt` or `cuda` → `stream` in order, or
//!   recorded → [`Device`] → `memory`: [`Buffer`] and views → [`Graph`] recorded work
//! - `matrix` operands of products → `call` arguments of a launch → `library` products by the
//!   vendor's library
//! - launchers, by family: [`norm`], [`rope`], [`mlp`], [`embedding`], [`attention`], [`gemm`],
//!   [`head`], [`sample`], [`adam`], [`cast`]
#![expect(unsafe_code, reason = "device memory and launches; see docs/unsafe.md")]

mod error;
mod registry;
mod sources;

mod backend;
mod cuda;
mod device;
mod graph;
mod memory;
mod simt;
mod step;
mod stream;
mod tensor_map;

mod call;
mod library;
mod matrix;

pub mod adam;
pub mod attention;
pub mod cast;
pub mod embedding;
pub mod gemm;
pub mod head;
pub mod mlp;
pub mod norm;
pub mod rope;
pub mod sample;

pub use backend::{Facts, InUse, SimtStats};
pub use cuda::CudaOptions;
pub use device::Device;
pub use error::Error;
pub use graph::Graph;
pub use memory::{Buffer, Element, Indices, View, ViewMut};
pub use registry::{Kernel, Registry, signature};
pub use simt::options::{Sanitizer, SimtOptions};
pub use sources::{CUBINS, SOURCES, digest, flattened};

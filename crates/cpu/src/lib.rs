//! Numeric kernels on the CPU, forward and backward, with batch-invariant bits.
//!
//! Functions on slices and extents; no tensors, no models. Serves `ops`.
//!
//! # Same bits
//! Every result is defined by a formula over f32 with a fixed order of operations, and no function
//! departs from it for speed:
//! - a matrix product is one chain of fused multiply-adds per output element, k ascending
//!   ([`gemm`]); tiling, vector width and threads only choose which elements are computed together;
//! - a sum over channels or keys goes into 16 lanes (lane = index mod 16) that a fixed tree adds
//!   ([`lanes`]);
//! - `exp` and `ln` are our own polynomials ([`math`]).
//!
//! So a row's result depends neither on the rows around it nor on the number of threads, and it is
//! the same on AVX2, AVX-512, NEON and plain scalar machines (fused multiply-add is emulated where
//! the CPU lacks it, exactly and slowly). `pulp` picks the instruction set at run time.
//!
//! The `gemm` crate was measured and runs at the same speed as [`gemm`] (95–110 GFLOP/s on one
//! core of an AVX-512 EPYC at m = 36…4092, k = 128…352), but its order of summation follows cache
//! sizes and shapes, so it is not used.
//!
//! # Layout
//! [`math`], [`lanes`] → [`gemm`] → [`attention`]; [`norm`], [`rope`], [`mlp`], [`embedding`],
//! [`head`], [`adam`] stand alone.

pub mod lanes;
pub mod math;

pub mod gemm;

pub mod adam;
pub mod attention;
pub mod embedding;
pub mod head;
pub mod mlp;
pub mod norm;
pub mod rope;

mod parallel;

pub use parallel::ROWS_PER_TASK;

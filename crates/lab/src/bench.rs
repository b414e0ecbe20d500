//! `quaero-lab bench`: speed, beside PyTorch's where a Python with torch is at hand.

pub(crate) mod kernels;
pub(crate) mod step;
pub(crate) mod throughput;

//! Numeric kernels on the CPU, forward and backward, with batch-invariant bits.

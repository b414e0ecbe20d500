//! Tensor operations, forward and backward, over the backends.

//! Generation: paged KV cache, continuous batching, prefix sharing, sampling.

//! What stops a whole call of the engine. What concerns one request is a [`crate::Refusal`].

/// A reason why nothing could be generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The memory for the cache does not hold one page.
    #[error(
        "the KV cache has {cache_mib} MiB, one page of {page_tokens} tokens needs {page_bytes} \
         bytes; raise engine.cache_mib or lower engine.page_tokens"
    )]
    CacheTooSmall {
        /// The memory that was allowed.
        cache_mib: usize,
        /// Tokens in a page.
        page_tokens: usize,
        /// Bytes of a page.
        page_bytes: usize,
    },
    /// The device failed.
    #[error(transparent)]
    Model(#[from] quaero_model::Error),
    /// No sequence may enter the batch.
    #[error("engine.batch_max is 0; it must be at least 1")]
    EmptyBatch,
    /// The model answers with infinities or NaN.
    #[error(
        "the model's logits are not finite (request {request_idx}, sample {sample_idx}, position \
         {position}); the weights have diverged: go back to a checkpoint and lower optim.lr"
    )]
    NotFinite {
        /// The request.
        request_idx: usize,
        /// Its sample.
        sample_idx: usize,
        /// The position of the token that was to be drawn.
        position: usize,
    },
}

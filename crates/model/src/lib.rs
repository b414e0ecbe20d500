//! Decoder transformers (Llama, Qwen2, Qwen3): forward, backward, recompute.

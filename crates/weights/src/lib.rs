//! Safetensors in and out: sharded, memory-mapped, checked.

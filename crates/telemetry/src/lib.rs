//! The event schema, metrics.jsonl and TensorBoard files.

//! The experience store: tasks, provenance, attempts, sampling.

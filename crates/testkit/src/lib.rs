//! Oracles in f64, error budgets and tiny models for tests.

//! The two verify steps and the gold store.

//! The quaero binary.

//! The propose step: the policy writes tasks.

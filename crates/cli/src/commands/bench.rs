//! `quaero bench`: what the trainer measures of itself; `quaero-lab bench` measures the rest.

pub(crate) mod verify;

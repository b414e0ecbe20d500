//! `quaero bench`: what the trainer measures of itself; `quaero-lab bench` measures the rest.

pub(crate) mod gate;
pub(crate) mod verify;

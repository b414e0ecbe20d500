//! The training loop, its phases, checkpoints and resume.

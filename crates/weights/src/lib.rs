//! Named tensors in safetensors files: one file or shards, in and out, checked.
//!
//! Knows nothing of models: a name is a string and a tensor a run of `f32`. Every tensor is
//! converted to `f32` on its way in, so a file is read by position, tensor by tensor, through a
//! bounded buffer; memory-mapping would save nothing and would turn a file that shrinks under us
//! into a signal instead of an [`Error`]. Needs no unsafe code.
//!
//! # Layout
//! - [`Weights`]: an opened file or folder; [`Weights::read`] gives one tensor.
//! - [`write()`]: named tensors to one file, atomically and byte for byte repeatable.
//! - [`write_atomic`]: the same care for any file.
//! - [`write_each`]: the same, of tensors that are made one after the other.
//! - [`gguf`]: the format of llama.cpp, to read.
//! - [`Error`]: everything that can be wrong with a file, with a remedy.
//!
//! Serves the start of a run (load the policy) and every checkpoint (save it).

mod convert;
mod error;
pub mod gguf;
mod read;
mod write;

pub use error::Error;
pub use read::{INDEX_FILE, SINGLE_FILE, Weights};
pub use write::{Named, write, write_atomic, write_each};

#[cfg(test)]
mod tests;

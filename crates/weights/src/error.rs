//! What can be wrong with a weight file.

use std::io;
use std::path::{Path, PathBuf};

use quaero_shape::ShapeError;

/// A weight file that cannot be used, or one that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at the path.
    #[error("{path}: no such file; give a folder with model.safetensors, or fetch the model first")]
    Missing {
        /// What was looked for.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{path}: {doing}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// Its reason.
        source: io::Error,
    },
    /// The file ends too early or too late.
    #[error(
        "{path}: {what} needs {expected} bytes, the file has {got}; \
         it was cut off or padded: fetch or save it again"
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// The part that does not fit.
        what: &'static str,
        /// Bytes it needs.
        expected: u64,
        /// Bytes there are.
        got: u64,
    },
    /// The header is not a safetensors header.
    #[error("{path}: not a safetensors header: {reason}; fetch or save the file again")]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is not a GGUF file that can be read.
    #[error("{path}: not a GGUF file: {reason}; fetch it again")]
    Gguf {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The shard index is not usable.
    #[error("{path}: not a shard index: {reason}; fetch the folder again")]
    Index {
        /// The index file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor that is needed is not there.
    #[error("{path}: no tensor `{name}`{}; is this the right architecture?", nearest_hint(nearest))]
    MissingTensor {
        /// The file or folder.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The most similar name in the file.
        nearest: Option<String>,
    },
    /// A tensor that nobody asked for is there.
    #[error(
        "{path}: tensor `{name}` belongs to no part of this model{}; \
         is this the right architecture?",
        nearest_hint(nearest)
    )]
    UnexpectedTensor {
        /// The file or folder.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The most similar name that was expected.
        nearest: Option<String>,
    },
    /// A tensor has another shape than the model.
    #[error("{path}: {source}; the config and the weights are of different models")]
    Shape {
        /// The file or folder.
        path: PathBuf,
        /// The tensor's name and both shapes.
        source: ShapeError,
    },
    /// A tensor is stored in a way that is not supported.
    #[error(
        "{path}: tensor `{name}` is stored as {dtype}, expected f32, bf16 or f16; convert the file"
    )]
    DType {
        /// The file or folder.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// How it is stored.
        dtype: String,
    },
    /// The same name twice in what is to be written.
    #[error("{path}: tensor `{name}` is given twice; names must differ")]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// The disk is full (or a quota is).
    #[error("{path}: no space left: {needed} bytes are needed; free some or choose another folder")]
    NoSpace {
        /// The file that was to be written.
        path: PathBuf,
        /// Its size.
        needed: u64,
    },
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!(" (nearest: `{name}`)"))
}

impl Error {
    /// Sorts an operating system's refusal to read into the cases people can act on.
    pub(crate) fn reading(path: &Path, doing: &'static str, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            return Self::Missing { path: path.to_owned() };
        }
        Self::Io { path: path.to_owned(), doing, source }
    }

    /// Sorts an operating system's refusal to write `needed` bytes.
    pub(crate) fn writing(path: &Path, needed: u64, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::NoSpace { path: path.to_owned(), needed }
            }
            _ => Self::Io { path: path.to_owned(), doing: "write", source },
        }
    }
}

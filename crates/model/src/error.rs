//! What can go wrong with a model's files.

use std::fmt::Display;
use std::path::PathBuf;

use quaero_shape::ShapeError;

/// A model that cannot be read or is not one we compute.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {path}: {source}; check that the model folder is complete")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("{path} is not valid JSON: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A field of `config.json` is missing or malformed.
    #[error("config.json: `{field}` must be {expected}, got {got}")]
    Field {
        /// The field.
        field: String,
        /// What it must be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// The configuration asks for mathematics that this crate does not have.
    #[error(
        "config.json: `{field}` = {value} is not supported; supported are llama, qwen2, qwen3 and \
         gemma3_text with full or sliding attention and default, linear, llama3 or yarn rotary \
         scaling"
    )]
    Unsupported {
        /// The field.
        field: String,
        /// Its value.
        value: String,
    },
    /// A field of `config.json` that nobody knows to be harmless.
    #[error(
        "config.json: `{field}` = {value} is unknown; remove it if it does not change what the \
         model computes"
    )]
    UnknownField {
        /// The field.
        field: String,
        /// Its value.
        value: String,
    },
    /// Weights that are no numbers.
    #[error(
        "{path}: tensor `{name}` has {n} of {of} values that are NaN or infinite; \
         it is damaged, or its training diverged: take another checkpoint"
    )]
    NotFinite {
        /// The file or folder.
        path: PathBuf,
        /// The first such tensor.
        name: String,
        /// How many such values it has.
        n: usize,
        /// Out of so many.
        of: usize,
    },
    /// A tensor has another shape than the configuration implies.
    #[error("{0}; the weights do not belong to this config.json")]
    Shape(#[from] ShapeError),
    /// The weight files are missing, malformed, or of another model.
    #[error(transparent)]
    Weights(#[from] quaero_weights::Error),
    /// The configuration could not be written.
    #[error("cannot write {path}: {source}; check the folder's permissions and free space")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] quaero_ops::Error),
    /// A shape that the device's kernels do not compute.
    #[error(
        "{device} cannot compute this model: {what}; remedy: choose --device cpu, which takes any \
         shape"
    )]
    DeviceShape {
        /// The device.
        device: String,
        /// What does not fit.
        what: String,
    },
    /// A tensor that the configuration implies is not there.
    #[error("tensor `{name}` with shape {shape} is missing; the weights do not fit config.json")]
    Missing {
        /// The tensor.
        name: String,
        /// The shape the configuration implies.
        shape: quaero_shape::Shape,
    },
}

impl Error {
    pub(crate) fn field(field: &str, expected: impl Into<String>, got: impl Display) -> Self {
        let (expected, got) = (expected.into(), got.to_string());
        Self::Field { field: field.to_owned(), expected, got }
    }

    pub(crate) fn unsupported(field: &str, value: &serde_json::Value) -> Self {
        Self::Unsupported { field: field.to_owned(), value: value.to_string() }
    }
}

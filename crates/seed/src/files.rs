//! The model's folder: weights, configuration and tokenizer in the form of Hugging Face.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quaero_model::{Config, Model, Params};
use quaero_shape::DType;
use quaero_weights::{Named, Weights};
use serde_json::{Value, json};

use crate::vocabulary::{EOS, PAD, Vocabulary};

/// A folder that cannot be written, or a run whose shape does not fit together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The weights could not be written.
    #[error(transparent)]
    Weights(#[from] quaero_weights::Error),
    /// The shape does not fit together.
    #[error(transparent)]
    Model(#[from] quaero_model::Error),
    /// The optimiser's memory is of another run.
    #[error(transparent)]
    Optimiser(#[from] quaero_optim::Error),
    /// The counters of a run cannot be read.
    #[error("{path} does not hold the counters of a priming run: {source}; remove the folder")]
    Counters {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A file or folder could not be written.
    #[error("cannot write {path}: {source}; check the folder and the space left on its disk")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Files by name, to be written into a folder.
pub(crate) type Written = BTreeMap<&'static str, Vec<u8>>;

/// The text files of the folder of `model`.
#[must_use]
pub(crate) fn texts(model: &Model) -> Written {
    let vocabulary = Vocabulary::new();
    let (eos, pad) = (vocabulary.id(EOS), vocabulary.id(PAD));
    let mut config = model.config().to_json();
    if let Value::Object(fields) = &mut config {
        fields.insert("eos_token_id".into(), json!(eos));
        fields.insert("pad_token_id".into(), json!(pad));
        fields.insert("bos_token_id".into(), Value::Null);
    }
    let generation =
        json!({"eos_token_id": eos, "pad_token_id": pad, "do_sample": true, "temperature": 1.0});
    let pretty = |json: &Value| format!("{json:#}\n").into_bytes();
    Written::from([
        ("config.json", pretty(&config)),
        ("generation_config.json", pretty(&generation)),
        ("tokenizer.json", pretty(&vocabulary.tokenizer_json())),
        ("tokenizer_config.json", pretty(&vocabulary.tokenizer_config_json())),
    ])
}

/// Writes `model` as a folder that transformers, vLLM and this project load.
///
/// # Errors
/// If a file cannot be written.
pub fn write_folder(model: &Model, folder: &Path) -> Result<(), Error> {
    make_folder(folder)?;
    let tensors: Vec<Named<'_>> = model
        .params()
        .iter()
        .map(|(name, tensor)| Named { name, shape: tensor.shape().clone(), values: tensor.data() })
        .collect();
    quaero_weights::write(folder.join("model.safetensors"), &tensors, DType::BF16)?;
    write_all(folder, &texts(model))
}

/// The model in `folder`.
///
/// # Errors
/// If a file is missing or malformed, or a tensor has another shape than the configuration implies.
pub fn load_model(folder: &Path) -> Result<Model, Error> {
    let config = Config::from_json_file(&folder.join("config.json"))?;
    let weights = Weights::open(folder)?;
    let mut params = Params::zeros(&config);
    for (name, tensor) in params.iter_mut() {
        let shape = tensor.shape().clone();
        weights.read_into(name, &shape, tensor.data_mut())?;
    }
    Ok(Model::new(config, params)?)
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder)
        .map_err(|source| Error::Write { path: folder.to_owned(), source })
}

pub(crate) fn write_all(folder: &Path, files: &Written) -> Result<(), Error> {
    for (name, bytes) in files {
        quaero_weights::write_atomic(&folder.join(name), bytes.len() as u64, &mut |out| {
            out.write_all(bytes)
        })?;
    }
    Ok(())
}

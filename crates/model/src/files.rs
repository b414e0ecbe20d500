//! Models as Hugging Face folders: `config.json` and safetensors.

use std::path::Path;

use quaero_ops::Tensor;
use quaero_shape::{DType, Shape};
use quaero_weights::{Named, SINGLE_FILE, Weights};

use crate::config::Config;
use crate::error::Error;
use crate::model::Model;
use crate::params::Params;

/// The head's name; models with tied embeddings sometimes store it all the same.
const HEAD: &str = "lm_head.weight";

const EMBEDDING: &str = "model.embed_tokens.weight";
/// Buffers that old files store although the configuration implies them.
const DERIVED: &str = ".rotary_emb.inv_freq";

/// What the model in folder `dir` computes, as [`Model::load`] finds it.
///
/// # Errors
/// As [`Model::load`], of what is read.
pub fn read_config(dir: impl AsRef<Path>) -> Result<Config, Error> {
    let dir = dir.as_ref();
    let mut config = Config::from_json_file(&dir.join("config.json"))?;
    if config.tie_word_embeddings {
        config.tie_word_embeddings = is_tied(&config, &Weights::open(dir)?)?;
    }
    Ok(config)
}

/// Whether a model whose configuration ties head and embedding has one matrix for both. As in
/// transformers, a stored head that differs from the embedding counts.
fn is_tied(config: &Config, weights: &Weights) -> Result<bool, Error> {
    if !weights.contains(HEAD) || !weights.contains(EMBEDDING) {
        return Ok(true);
    }
    let shape = Shape::from([config.vocab_size, config.hidden_size]);
    Ok(weights.read(HEAD, &shape)? == weights.read(EMBEDDING, &shape)?)
}

impl Model {
    /// Loads the model in folder `dir`: `config.json` and its safetensors, single or sharded.
    ///
    /// # Errors
    /// If a file is missing or malformed, the configuration asks for something we do not compute,
    /// or a tensor is missing, unexpected, of another shape (both shapes are named) or not finite.
    pub fn load(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let dir = dir.as_ref();
        let config = read_config(dir)?;
        let weights = Weights::open(dir)?;
        let mut params = Params::zeros(&config);
        let derived: Vec<&str> = weights.names().filter(|it| it.ends_with(DERIVED)).collect();
        let expected = params.names().iter().map(String::as_str);
        weights.check_names(expected.chain([HEAD]).chain(derived))?;
        for (name, tensor) in params.iter_mut() {
            let shape = tensor.shape().clone();
            // Of tied matrices a file may hold either.
            let head_alone = config.tie_word_embeddings
                && name == EMBEDDING
                && !weights.contains(EMBEDDING)
                && weights.contains(HEAD);
            let stored = if head_alone { HEAD } else { name };
            weights.read_into(stored, &shape, tensor.data_mut())?;
            let n = tensor.data().iter().filter(|x| !x.is_finite()).count();
            if n > 0 {
                let (path, name, of) = (dir.to_owned(), stored.to_owned(), shape.n_elements());
                return Err(Error::NotFinite { path, name, n, of });
            }
        }
        Self::new(config, params)
    }

    /// Saves the model to folder `dir` (made if need be) so that [`Model::load`] and transformers
    /// read it. Weights are rounded to `dtype`; each file is replaced atomically.
    ///
    /// # Errors
    /// If a file cannot be written; an old one of its name then still stands.
    pub fn save(&self, dir: impl AsRef<Path>, dtype: DType) -> Result<(), Error> {
        let dir = dir.as_ref();
        std::fs::create_dir_all(dir)
            .map_err(|source| Error::Write { path: dir.to_owned(), source })?;
        let values = self.params().tensors().iter().map(Tensor::values);
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let tensors: Vec<Named<'_>> = self
            .params()
            .iter()
            .zip(&values)
            .map(|((name, tensor), values)| Named { name, shape: tensor.shape().clone(), values })
            .collect();
        quaero_weights::write(dir.join(SINGLE_FILE), &tensors, dtype)?;
        let mut json = self.config().to_json();
        let name = match dtype {
            DType::F32 => "float32",
            DType::BF16 => "bfloat16",
            DType::F16 => "float16",
        };
        for field in ["dtype", "torch_dtype"] {
            json[field] = name.into();
        }
        let text = format!("{json:#}\n");
        quaero_weights::write_atomic(&dir.join("config.json"), text.len() as u64, &mut |out| {
            out.write_all(text.as_bytes())
        })?;
        Ok(())
    }
}

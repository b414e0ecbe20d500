//! Models as Hugging Face folders: `config.json` and safetensors.

use std::path::Path;

use quaero_ops::Tensor;
use quaero_shape::DType;
use quaero_weights::{Named, SINGLE_FILE, Weights};

use crate::config::Config;
use crate::error::Error;
use crate::model::Model;
use crate::params::Params;

/// The head's name; models with tied embeddings sometimes store it all the same.
const HEAD: &str = "lm_head.weight";

impl Model {
    /// Loads the model in folder `dir`: `config.json` and its safetensors, single or sharded.
    ///
    /// # Errors
    /// If a file is missing or malformed, the configuration asks for something we do not compute,
    /// or a tensor is missing, unexpected or of another shape (both shapes are named).
    pub fn load(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let dir = dir.as_ref();
        let config = Config::from_json_file(&dir.join("config.json"))?;
        let weights = Weights::open(dir)?;
        let mut params = Params::zeros(&config);
        let expected = params.names().iter().map(String::as_str);
        weights.check_names(expected.chain([HEAD]))?;
        for (name, tensor) in params.iter_mut() {
            let shape = tensor.shape().clone();
            weights.read_into(name, &shape, tensor.data_mut())?;
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

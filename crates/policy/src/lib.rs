//! Versioned weights: the value that goes round the loop.
//!
//! A [`Policy`] is a model, its tokenizer and a version; `update` takes it by value and returns the
//! next. It is also the one place where text meets the engine: `play` hands it prompts and gets
//! traces. Knows no tasks and no rewards.
//!
//! # Layout
//! `lib` the value → `generate` prompts in, traces out.

mod generate;

use std::path::Path;
use std::sync::Arc;

use quaero_model::Model;
use quaero_shape::DType;
use quaero_tokens::Tokenizer;
use quaero_types::PolicyVersion;
use quaero_weights::write_atomic;

pub use generate::{Completion, GenerateRequest, Limits};

/// What can fail at runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The weights or their config do not load or save.
    #[error(transparent)]
    Model(#[from] quaero_model::Error),
    /// The tokenizer does not load.
    #[error(transparent)]
    Tokens(#[from] quaero_tokens::Error),
    /// A file does not write.
    #[error(transparent)]
    Weights(#[from] quaero_weights::Error),
    /// The engine cannot generate.
    #[error(transparent)]
    Engine(#[from] quaero_engine::Error),
}

/// Versioned weights with the tokenizer they were trained with.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How many updates made the weights.
    pub version: PolicyVersion,
    /// The weights.
    pub model: Model,
    /// Text to tokens and back.
    pub tokenizer: Arc<Tokenizer>,
}

impl Policy {
    /// Loads version 0 from a Hugging Face folder.
    ///
    /// # Errors
    /// When a file is missing or damaged, or tokenizer and model do not match.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let model = Model::load(folder)?;
        let tokenizer = Arc::new(Tokenizer::from_folder(folder)?);
        tokenizer.check_vocab(model.config().vocab_size)?;
        Ok(Self { version: PolicyVersion(0), model, tokenizer })
    }

    /// Writes a folder that Hugging Face's libraries load: weights in bf16, config, tokenizer with
    /// chat template and special tokens, generation config.
    ///
    /// # Errors
    /// When there is no space or a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        self.model.save(folder, DType::BF16)?;
        let files = self.tokenizer.files();
        let files = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..]));
        for (name, bytes) in files.chain([(quaero_tokens::TOKENIZER_FILE, self.tokenizer.json())]) {
            let path = folder.join(name);
            write_atomic(&path, bytes.len() as u64, &mut |out| out.write_all(bytes))?;
        }
        Ok(())
    }
}
